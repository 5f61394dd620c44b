"""Charts that are hard to draw, made by hand."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from attrs import field, frozen

from statecharts.model.chart import (
    ROOT,
    After,
    Always,
    Chart,
    Default,
    Done,
    Invocation,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
    Trigger,
)
from statecharts.model.effects import Call
from statecharts.model.hooks import Hook


@frozen
class Track:
    """The track that plays."""

    title: str
    position: timedelta
    queue: list[str] = field(factory=list)


@frozen
class Library:
    """A context."""

    owner: str
    opened_at: datetime | None = None


@frozen
class Question(Call[Any]):
    """A call."""

    text: str


def named(name: str) -> Hook:
    """Return a hook of a name."""
    return Hook(print, given=name)


def on(*events: str) -> OnEvent:
    """Return the trigger of named events."""
    return OnEvent(events)


class Builder:
    """Builds a chart from a nested description."""

    def __init__(self, name: str, context: type | None = None) -> None:
        self.name = name
        self.context = context
        self.nodes: dict[str, dict[str, Any]] = {}
        self.state(ROOT, StateKind.COMPOUND, name=name, parent=None)

    def state(self, state: str, kind: StateKind = StateKind.ATOMIC, **known: Any) -> Builder:
        """Add a state below the one that its id names."""
        if state:
            parent, _, name = state.rpartition(".")
            known = {"name": name, "parent": parent} | known
            self.nodes[known["parent"]]["children"].append(state)
        self.nodes[state] = {"id": state, "kind": kind, "children": [], "transitions": []} | known
        return self

    def states(self, *states: str, **known: Any) -> Builder:
        """Add several simple states."""
        for state in states:
            self.state(state, **known)
        return self

    def initial(self, state: str, *targets: str) -> Builder:
        """Give a state its default."""
        self.nodes[state]["default"] = Transition(state, Default(), targets)
        return self

    def move(
        self, source: str, targets: str | tuple[str, ...], trigger: Trigger | str, **known: Any
    ) -> Builder:
        """Add a transition."""
        took = on(trigger) if isinstance(trigger, str) else trigger
        aims = (targets,) if isinstance(targets, str) else targets
        self.nodes[source]["transitions"].append(Transition(source, took, aims, **known))
        return self

    def stay(self, state: str, trigger: Trigger | str, **known: Any) -> Builder:
        """Add an internal transition."""
        return self.move(state, (), trigger, **({"kind": TransitionKind.INTERNAL} | known))

    def chart(self) -> Chart:
        """Return the chart, its states in document order."""
        made = {
            key: StateNode(
                **{
                    **known,
                    "children": tuple(known["children"]),
                    "transitions": tuple(known["transitions"]),
                }
            )
            for key, known in self.nodes.items()
        }

        def below(key: str) -> Iterable[StateNode]:
            for child in made[key].children:
                yield made[child]
                yield from below(child)

        return Chart(self.name, made[ROOT], tuple(below(ROOT)), context=self.context)


COMPOUND, PARALLEL, FINAL = StateKind.COMPOUND, StateKind.PARALLEL, StateKind.FINAL
SHALLOW, DEEP = StateKind.SHALLOW_HISTORY, StateKind.DEEP_HISTORY


def traffic_light() -> Chart:
    """A cycle of delayed transitions."""
    build = Builder("TrafficLight").states("red", "green", "yellow").initial("", "red")
    for source, target, s in (("red", "green", 30), ("green", "yellow", 25), ("yellow", "red", 3)):
        build.move(source, target, After(timedelta(seconds=s), source))
    return build.chart()


def media_player() -> Chart:
    """Three regions, history of both depths, a fork, and arrows across regions."""
    b = Builder("MediaPlayer", Library)
    b.states("off").state("on", PARALLEL, entry=(named("power_up"),), exit=(named("save"),))
    b.state("on.playback", COMPOUND).states("on.playback.stopped")
    b.state("on.playback.playing", data=Track, entry=(named("show_cover"),))
    b.states("on.playback.paused").state("on.playback.back", SHALLOW)
    b.initial("on.playback", "on.playback.stopped").initial(
        "on.playback.back", "on.playback.stopped"
    )
    b.state("on.volume", COMPOUND).states("on.volume.audible", "on.volume.muted")
    b.initial("on.volume", "on.volume.audible")
    b.state("on.screen", COMPOUND).state("on.screen.awake", COMPOUND)
    b.states("on.screen.awake.bright", "on.screen.awake.dim").initial(
        "on.screen.awake", "on.screen.awake.bright"
    )
    b.states("on.screen.asleep").state("on.screen.past", DEEP).initial(
        "on.screen", "on.screen.awake"
    )
    b.initial("on.screen.past", "on.screen.awake.bright")
    b.initial("", "off")
    b.move("off", "on", "power").move("on", "off", "power")
    b.move(
        "off",
        ("on.playback.playing", "on.volume.muted"),
        "resume_quietly",
        guard=named("has_track"),
    )
    b.move("on.playback.stopped", "on.playback.playing", "play(track)")
    b.move("on.playback.playing", "on.playback.paused", "pause").move(
        "on.playback.paused", "on.playback.playing", "play"
    )
    b.move("on.playback.playing", "on.playback.stopped", "stop").move(
        "on.playback.playing", "on.playback.playing", "next", emit=(named("skip"),)
    )
    b.stay("on.playback.playing", "tick", update=named("advance"))
    b.move("on.volume.audible", "on.volume.muted", "mute").move(
        "on.volume.muted", "on.volume.audible", "unmute"
    )
    b.stay("on.volume.audible", on("louder", "softer"))
    b.move("on.screen.awake.bright", "on.screen.awake.dim", After(timedelta(seconds=30), "dim"))
    b.move("on.screen.awake.dim", "on.screen.awake.bright", "touch")
    b.move("on.screen.awake", "on.screen.asleep", After(timedelta(minutes=5), "sleep"))
    b.move("on.screen.asleep", "on.screen.past", "touch")
    b.move("on.playback.playing", "on.screen.awake", "reveal")
    b.stay("on", "volume_key", kind=TransitionKind.FORBIDDEN)
    return b.chart()


def deep_hierarchy(depth: int = 6) -> Chart:
    """States within states, with arrows into and out of the innermost."""
    b = Builder("Deep").states("outside").initial("", "outside")
    path = ""
    for level in range(depth):
        parent, path = path, f"{path}.level{level}".lstrip(".")
        b.state(path, COMPOUND)
        b.states(f"{path}.leaf")
        b.initial(path, f"{path}.leaf")
        if parent:
            b.move(f"{parent}.leaf", path, f"descend{level}")
            b.move(path, f"{parent}.leaf", f"ascend{level}", guard=named("may_leave"))
    b.move("outside", f"{path}.leaf", "dive", emit=(named("record_depth"),))
    b.move(f"{path}.leaf", "outside", "surface")
    b.move("level0", "level0.leaf", "restart")
    b.move("level0.level1", "level0.level1.level2.leaf", "retry", kind=TransitionKind.INTERNAL)
    b.move(f"{path}.leaf", "level0.level1", "bubble")
    b.state("level0.end", FINAL).move("level0.leaf", "level0.end", "finish").move(
        "level0", "outside", Done()
    )
    return b.chart()


def flat(count: int = 60) -> Chart:
    """Many states at one level."""
    b = Builder(f"Flat{count}")
    names = [f"step_{i:02}" for i in range(count)]
    b.states(*names).initial("", names[0])
    for i, name in enumerate(names):
        if i + 1 < count:
            b.move(name, names[i + 1], f"advance_{i}")
        if i % 7 == 3:
            b.move(name, names[max(0, i - 5)], f"rework_{i}", guard=named("needs_work"))
        if i % 11 == 2 and i + 6 < count:
            b.move(name, names[i + 6], f"skip_{i}")
    return b.chart()


def long_labels() -> Chart:
    """Guards and actions as long as people write them."""
    guard = named(
        "data.balance >= event.amount and event.currency == context.currency and not data.frozen"
    )
    b = Builder("Transfers").states("draft", "checked", "refused").initial("", "draft")
    b.move(
        "draft",
        "checked",
        "submit",
        guard=guard,
        emit=(named("reserve_the_amount_on_the_account"), named("notify_the_owner")),
    )
    b.move("draft", "refused", "submit", guard=named("not (" + "x" * 90 + ")"))
    b.move("checked", "draft", "withdraw_the_application_because_of_a_mistake_in_the_beneficiary")
    b.move("checked", "refused", Always(), guard=guard)
    b.move("refused", "draft", After(named("context.retry_policy.next_attempt_at"), "retry"))
    return b.chart()


def self_loops() -> Chart:
    """Self-transitions beside each other, on simple and composite states."""
    b = Builder("Loops").state("work", COMPOUND).states("work.a", "work.b").states("rest")
    b.initial("", "work").initial("work", "work.a")
    for i in range(5):
        b.move("work.a", "work.a", f"again_{i}", guard=named(f"count < {i}"))
    b.move("work.b", "work.b", "retry").move("work", "work", "reset", emit=(named("clear"),))
    b.move("work.a", "work.b", "go").move("work.b", "work.a", "back").move("work", "rest", "enough")
    b.move("rest", "rest", "snore").move("rest", "work", "wake")
    for i in range(4):
        b.stay("work.b", f"note_{i}", update=named("remember"))
    b.stay("work", "ping", emit=(named("pong"),))
    return b.chart()


def hostile() -> Chart:
    """Names that XML, DOT and Mermaid give a meaning to."""
    b = Builder('A<B> & "C" \\n {x|y}', Library)
    b.state("s1", name="<b>\"x\" & 'y'</b>").state("s2", name="état 状態 Ж").state(
        "s3", COMPOUND, name="a|b{c}:d;e"
    )
    b.state("s3.s4", name="%% -->\\l [*]").state("s3.end", FINAL, name="--").initial(
        "", "s1"
    ).initial("s3", "s3.s4")
    b.move("s1", "s2", "a<b>", guard=named('x < 3 & y > "4"'), emit=(named("say('</svg>')"),))
    b.move("s2", "s3", "größer:als; #1", guard=named("λ → ∞")).move("s3.s4", "s3.end", "{end}|[*]")
    b.stay("s1", "note\nnext", emit=(named("line\\nbreak"),))
    return b.chart()


def crossing() -> Chart:
    """A parallel state whose regions are simple, nested and entered one by one."""
    b = Builder("Crossing").states("idle").state("work", PARALLEL)
    b.state("work.left", COMPOUND).states("work.left.one", "work.left.two").initial(
        "work.left", "work.left.one"
    )
    b.state("work.middle").state("work.right", PARALLEL)
    b.state("work.right.up", COMPOUND).states("work.right.up.x").initial(
        "work.right.up", "work.right.up.x"
    )
    b.state("work.right.down", COMPOUND).states("work.right.down.y").initial(
        "work.right.down", "work.right.down.y"
    )
    b.state("work.again", DEEP).state("stop", FINAL, data=Library)
    b.initial("", "idle").initial("work.again", "work.left.two")
    b.move("idle", "work.left.two", "left").move("idle", "work.right.down.y", "right").move(
        "idle", "work.again", "resume"
    )
    b.move("idle", "work.middle", "middle").move("work.middle", "stop", "leave").move(
        "work.left.one", "work.right.up.x", "jump"
    )
    b.move("work.left.one", "work.left.two", "next").move("work.left.two", "work", "restart").move(
        "work", "work.left.one", "rewind"
    )
    b.move("work.right.up.x", "idle", "abort").move("work", "stop", Done())
    return b.chart()


def parallel_root() -> Chart:
    """A chart that is itself parallel, with transitions of its own: charts from files can be."""
    b = Builder("Player")
    b.state("screen", COMPOUND).states("screen.small", "screen.full").initial(
        "screen", "screen.small"
    )
    b.state("sound", COMPOUND).states("sound.on", "sound.muted").initial("sound", "sound.on")
    b.move("screen.small", "screen.full", "grow").move("sound.on", "sound.muted", "mute")
    b.move(ROOT, ("screen.small", "sound.on"), "reset", guard=named("allowed"))
    b.stay(ROOT, "log", emit=(named("write"),))
    b.nodes[ROOT]["kind"] = PARALLEL
    return b.initial(ROOT, "screen", "sound").chart()


CHARTS = {
    "traffic_light": traffic_light,
    "media_player": media_player,
    "deep_hierarchy": deep_hierarchy,
    "flat": flat,
    "long_labels": long_labels,
    "self_loops": self_loops,
    "hostile": hostile,
    "crossing": crossing,
    "parallel_root": parallel_root,
}


def wide_and_deep(groups: int, each: int) -> Chart:
    """Many composite states in a row, each with many states."""
    b = Builder("WideAndDeep").initial("", "g0")
    for g in range(groups):
        inner = [f"g{g}.s{i}" for i in range(each)]
        b.state(f"g{g}", COMPOUND).states(*inner).initial(f"g{g}", inner[0])
        for i, (one, other) in enumerate(itertools.pairwise(inner)):
            b.move(one, other, f"advance_{i}")
        if g:
            b.move(f"g{g - 1}", f"g{g}", "onward").move(inner[3], f"g{g - 1}.s1", "back")
    return b.chart()


def tangle(count: int, each: int) -> Chart:
    """States with lines from each to several others at random."""
    dice = random.Random(count)
    names = [f"s{i}" for i in range(count)]
    b = Builder("Tangle").states(*names).initial("", names[0])
    for name in names:
        for number in range(each):
            b.move(name, dice.choice(names), f"event_{number}")
    return b.chart()


def at_random(seed: int) -> Chart:
    """A chart of nested and parallel states with arrows between any two of them."""
    dice = random.Random(seed)
    b = Builder(f"Random{seed}")
    states: list[str] = []
    _fill(b, dice, ROOT, 0, states)
    pseudo = (FINAL, SHALLOW, DEEP)
    sources = [state for state in states if b.nodes[state]["kind"] not in pseudo]
    for i in range(int(len(states) * dice.uniform(0.6, 1.2))):
        source, target = dice.choice(sources), dice.choice(states)
        guard = named("a guard of some length") if dice.random() < 0.25 else None
        kind = TransitionKind.INTERNAL if dice.random() < 0.1 else TransitionKind.EXTERNAL
        b.move(source, target, f"event_{i}", guard=guard, kind=kind)
    return b.chart()


def _fill(b: Builder, dice: random.Random, parent: str, depth: int, states: list[str]) -> None:
    inside = []
    for i in range(dice.randint(2, 4)):
        state = f"{parent}.{'abcd'[i]}{depth}".lstrip(".")
        chance = dice.random()
        if depth < 3 and chance < 0.3:
            b.state(state, COMPOUND, entry=(named("enter"),) if dice.random() < 0.4 else ())
            _fill(b, dice, state, depth + 1, states)
        elif depth < 2 and chance < 0.42:
            b.state(state, PARALLEL)
            for j in range(dice.randint(2, 3)):
                region = f"{state}.r{j}"
                b.state(region, COMPOUND)
                _fill(b, dice, region, depth + 2, states)
                states.append(region)
        else:
            kind = (
                FINAL
                if chance < 0.5 and i
                else SHALLOW
                if chance < 0.56 and i
                else StateKind.ATOMIC
            )
            b.state(state, kind, data=Track if chance > 0.9 else None)
        inside.append(state)
        states.append(state)
    b.initial(parent, inside[0])


WORDS = (
    "idle", "a b", "a_b", "größer", "状態", "x#initial", "é-1", "retry-1", "<b>&\"'", "s|{}\\n;:",
    "🚦 light", "a" * 70, "waiting_for_the_confirmation_of_the_second_supervisor", "-", "#fork1",
)  # fmt: skip


def anything(seed: int) -> Chart:
    """A chart of 1 to 120 states with whatever a picture can be asked to show.

    Not all of them could run: a picture is drawn of whatever has been read from a file.
    """
    dice = random.Random(f"anything {seed}")
    b = Builder(dice.choice((f"Any{seed}", 'A "chart" <&> ß', "x")), dice.choice((None, Library)))
    size = dice.choice((1, 3, 8, 20, 40, 120))
    composites, states = [ROOT], [ROOT]
    if dice.random() < 0.1:
        b.nodes[ROOT]["kind"] = PARALLEL
    shape = dice.random()
    for number in range(dice.randint(max(1, size // 2), size)):
        parent = composites[-1] if dice.random() < shape * 0.8 else dice.choice(composites)
        word = dice.choice(WORDS) if dice.random() < 0.3 else "s"
        state = f"{parent}.{word.replace('.', '')}{number}".lstrip(".")
        kind = dice.choices(
            (StateKind.ATOMIC, COMPOUND, PARALLEL, FINAL, SHALLOW, DEEP), (10, 4, 3, 1, 1, 1)
        )[0]
        known: dict[str, Any] = {"name": word} if dice.random() < 0.5 else {}
        if kind in (StateKind.ATOMIC, COMPOUND, PARALLEL, FINAL):
            known |= _told(dice)
        b.state(state, kind, **known)
        states.append(state)
        if kind in (COMPOUND, PARALLEL):
            composites.append(state)
    _wire(b, dice, states)
    return b.chart()


def _told(dice: random.Random) -> dict[str, Any]:
    """Return what a state tells, now and then: data, effects, calls."""
    known: dict[str, Any] = {}
    if dice.random() < 0.15:
        known["data"] = Track
    if dice.random() < 0.15:
        known["entry"] = (named("enter"), named(dice.choice(WORDS)))
    if dice.random() < 0.1:
        known["exit"] = (named("leave"),)
    if dice.random() < 0.1:
        known["invoke"] = (Invocation("ask", Question),)
    return known


def _wire(b: Builder, dice: random.Random, states: list[str]) -> None:
    """Add initial states and arrows: a few or many, and now and then those of a hub."""
    for state in states:
        node = b.nodes[state]
        if node["kind"] is COMPOUND and node["children"] and dice.random() < 0.9:
            inside = node["children"] if dice.random() < 0.8 else states[1:]
            count = 1 if dice.random() < 0.9 else 2
            b.initial(state, *dice.choices(inside, k=count))
        if node["kind"] in (SHALLOW, DEEP) and dice.random() < 0.8:
            b.initial(state, dice.choice(states[1:]))

    def arrow(source: str, target: str) -> None:
        targets = (target,) if dice.random() < 0.9 else tuple(dice.choices(states[1:], k=3))
        trigger: Trigger = dice.choice(
            (on(dice.choice(WORDS)), Always(), Done(), on(f"event_{dice.randint(0, 9)}"))
        )
        kind = dice.choice((TransitionKind.EXTERNAL, TransitionKind.INTERNAL))
        guard = named("a guard " * dice.randint(1, 12)) if dice.random() < 0.2 else None
        b.move(source, targets, trigger, kind=kind, guard=guard)

    for _ in range(int(len(states) * dice.choice((0, 0.5, 1, 1, 2, 3)))):
        arrow(dice.choice(states), dice.choice(states))
    if dice.random() < 0.25:
        hub = dice.choice(states)
        for number in range(dice.randint(18, 60)):
            ends = (hub, dice.choice(states)) if number % 2 else (dice.choice(states), hub)
            arrow(*ends)
        arrow(hub, hub)
    for state in states:
        if b.nodes[state]["kind"] not in (SHALLOW, DEEP) and dice.random() < 0.1:
            b.stay(state, f"note_{len(state)}", emit=(named("remember"),))
