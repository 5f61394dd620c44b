"""Corpus: the charts whose drawings are scored.

Our own machines, the charts of the tests, and charts made of what real ones are made of: a wizard,
a connection that is tried again, a device with modes, and so on, in sizes that seeds choose.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from attrs import evolve

from diagrams import machine_charts
from statecharts.model.chart import (
    After,
    Always,
    Chart,
    Done,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
)
from tests.test_drawing import charts
from tests.test_drawing.charts import COMPOUND, DEEP, FINAL, PARALLEL, SHALLOW, Builder, named

SEEDS: Final = 10
"""Charts of each template."""
RANDOM: Final = 12
"""Charts at random, of those that the tests draw."""

Dice = random.Random


def corpus() -> dict[str, Chart]:
    """Return the charts by their names: ours, those of the tests, and made ones."""
    found = {chart.name: chart for chart in machine_charts()}
    found |= {name: make() for name, make in charts.CHARTS.items()}
    found |= {f"random_{seed}": charts.at_random(seed) for seed in range(RANDOM)}
    return found | made()


def made() -> dict[str, Chart]:
    """Return the charts made from templates; the same ones each time."""
    return {
        f"{template.__name__}_{seed}": template(f"{template.__name__}_{seed}", Dice(seed))
        for template in TEMPLATES
        for seed in range(SEEDS)
    }


def with_one_more(chart: Chart) -> Chart:
    """Return a chart with one more state, and one arrow to it and one from it.

    It comes last in the first state that has several states in it.
    """
    compound = [n for n in (chart.root, *chart.states) if n.kind is StateKind.COMPOUND]
    parent = max(compound, key=lambda node: min(2, len(_plain(chart, node))))
    plain = _plain(chart, parent)
    first, last = plain[0], plain[-1]
    added = f"{parent.id}.one_more".lstrip(".")
    back = Transition(added, OnEvent(("put_back",)), (first,))
    new = StateNode(added, StateKind.ATOMIC, "one_more", parent.id, (), transitions=(back,))
    onward = Transition(last, OnEvent(("add",)), (added,))

    def edited(node: StateNode) -> StateNode:
        if node.id == parent.id:
            return evolve(node, children=(*node.children, added))
        if node.id == last:
            return evolve(node, transitions=(*node.transitions, onward))
        return node

    within = [i for i, node in enumerate(chart.states) if _is_in(node.id, parent.id)]
    states = [edited(node) for node in chart.states]
    states.insert(within[-1] + 1, new)
    return Chart(chart.name, edited(chart.root), tuple(states), context=chart.context)


def _plain(chart: Chart, parent: StateNode) -> list[str]:
    return [child for child in parent.children if chart[child].kind is StateKind.ATOMIC]


def _is_in(state: str, outer: str) -> bool:
    return not outer or state.startswith(f"{outer}.")


def order(name: str, dice: Dice) -> Chart:
    """An order on its way, with ways out at each stage."""
    b = Builder(name).state("open", COMPOUND).states("cancelled", "held").state("closed", FINAL)
    stages = ["draft", "submitted", "approved", "paid", "packed", "shipped", "delivered", "billed"]
    used = [f"open.{stage}" for stage in stages[: dice.randint(4, 8)]]
    b.states(*used).initial("", "open").initial("open", used[0]).state("open.back", DEEP)
    for one, other in itertools.pairwise(used):
        b.move(one, other, f"{other.rpartition('.')[2]}_now", guard=_maybe(dice, "is_complete"))
    for _ in range(dice.randint(1, 3)):
        late = dice.randrange(1, len(used))
        b.move(used[late], used[dice.randrange(late)], "rework")
    b.move("open", "cancelled", "cancel", guard=named("can_be_cancelled")).move(
        "open", "held", "hold"
    )
    b.move("held", "open.back", "release").move("held", "cancelled", _after(7, "expire"))
    b.move(used[-1], "closed", "close").initial("open.back", used[0])
    return b.chart()


def wizard(name: str, dice: Dice) -> Chart:
    """Pages with next and back, and one way out."""
    b = Builder(name).state("form", COMPOUND).states("abandoned").state("sent", FINAL)
    pages = [f"form.page_{i}" for i in range(1, dice.randint(4, 10))]
    b.states(*pages, "form.review").initial("", "form").initial("form", pages[0])
    for one, other in itertools.pairwise([*pages, "form.review"]):
        b.move(one, other, "next", guard=_maybe(dice, "is_valid")).move(other, one, "back")
    for page in dice.sample(pages, k=min(2, len(pages))):
        b.move("form.review", page, f"edit_{page[-1]}")
    b.move("form", "abandoned", "quit").move("form", "abandoned", _after(30, "idle"))
    b.move("form.review", "sent", "submit").move("abandoned", "form", "resume")
    return b.chart()


def connection(name: str, dice: Dice) -> Chart:
    """A connection that is tried again, with a session inside."""
    b = Builder(name).states("disconnected", "connecting", "backing_off", "failed")
    b.state("connected", COMPOUND).initial("", "disconnected")
    inside = [f"connected.{what}" for what in ("handshake", "idle", "sending", "receiving")]
    b.states(*inside).initial("connected", inside[0]).move(inside[0], inside[1], "accepted")
    b.move(inside[1], inside[2], "send").move(inside[2], inside[1], "sent")
    b.move(inside[1], inside[3], "data_arrived").move(inside[3], inside[1], "consumed")
    for number in range(dice.randint(0, 6)):
        extra = f"connected.{dice.choice(('upgrade', 'probe', 'drain', 'flush'))}_{number}"
        b.states(extra).move(dice.choice(inside), extra, f"begin_{number}")
        b.move(extra, dice.choice(inside), f"end_{number}")
    b.move("disconnected", "connecting", "connect").move("connecting", "connected", "established")
    b.move("connecting", "backing_off", "refused", guard=named("attempts < most"))
    b.move("connecting", "failed", "refused").move("backing_off", "connecting", _after(5, "retry"))
    b.move("connected", "backing_off", "lost").move("connected", "disconnected", "close")
    b.move("failed", "disconnected", "reset").move(inside[2], "failed", "protocol_error")
    return b.chart()


def device(name: str, dice: Dice) -> Chart:
    """A device with modes, each with states of its own, and one state for all errors."""
    b = Builder(name).states("off").state("on", COMPOUND).initial("", "off")
    modes = dice.sample(["standby", "heating", "cooling", "drying", "cleaning", "test"], k=4)
    for mode in modes[: dice.randint(2, 4)]:
        b.state(f"on.{mode}", COMPOUND)
        inside = [f"on.{mode}.{what}" for what in ("start", "run", "hold", "stop")]
        inside = inside[: dice.randint(2, 4)]
        b.states(*inside).initial(f"on.{mode}", inside[0])
        for one, other in itertools.pairwise(inside):
            b.move(one, other, f"to_{other.rpartition('.')[2]}")
        b.move(inside[-1], inside[0], _after(3, "again"))
    there = list(b.nodes["on"]["children"])
    b.initial("on", there[0]).states("on.error").state("on.last", SHALLOW)
    for one, other in itertools.pairwise(there):
        b.move(one, other, f"mode_{other.rpartition('.')[2]}")
        b.move(other, one, "previous")
    for mode in there:
        b.move(mode, "on.error", "fault", guard=named("is_severe"))
    b.move("on.error", "on.last", "recover").initial("on.last", there[0])
    return b.move("off", "on", "power").move("on", "off", "power").chart()


def player(name: str, dice: Dice) -> Chart:
    """Regions beside each other, entered and left together."""
    b = Builder(name).states("idle").state("active", PARALLEL).initial("", "idle")
    for number in range(dice.randint(2, 4)):
        region = f"active.part_{number}"
        b.state(region, COMPOUND)
        inside = [f"{region}.s{i}" for i in range(dice.randint(2, 5))]
        b.states(*inside).initial(region, inside[0])
        for one, other in itertools.pairwise(inside):
            b.move(one, other, f"step_{number}").move(other, one, f"undo_{number}")
        if dice.random() < 0.5:
            b.move(inside[-1], "idle", f"give_up_{number}")
        if dice.random() < 0.4:
            b.move("idle", inside[-1], f"jump_{number}")
    return b.move("idle", "active", "start").move("active", "idle", "stop").chart()


def jobs(name: str, dice: Dice) -> Chart:
    """A job in a queue: claims, retries, time-outs, and several ends."""
    b = Builder(name).states("queued", "claimed", "retrying", "dead").initial("", "queued")
    b.state("working", COMPOUND).state("done", FINAL)
    steps = [f"working.step_{i}" for i in range(dice.randint(2, 12))]
    b.states(*steps).initial("working", steps[0]).state("working.finished", FINAL)
    for one, other in itertools.pairwise([*steps, "working.finished"]):
        b.move(one, other, f"passed_{other[-1]}")
    for step in steps[1:]:
        if dice.random() < 0.4:
            b.move(step, dice.choice(steps[: steps.index(step)]), "redo", guard=named("is_flaky"))
    b.move("queued", "claimed", "claim").move("claimed", "working", "begin")
    b.move("claimed", "queued", _after(60, "lease_over")).move("working", "retrying", "failed")
    b.move("retrying", "queued", _after(10, "wait"), guard=named("attempts < 5"))
    b.move("retrying", "dead", Always()).move("working", "done", Done())
    return b.move("working", "queued", "worker_lost").move("dead", "queued", "revive").chart()


def menu(name: str, dice: Dice) -> Chart:
    """A hub with many states around it."""
    b = Builder(name).states("menu").initial("", "menu")
    for number in range(dice.randint(5, 16)):
        b.states(f"screen_{number}").move("menu", f"screen_{number}", f"open_{number}")
        b.move(f"screen_{number}", "menu", "back")
        if number and dice.random() < 0.25:
            b.move(f"screen_{number}", f"screen_{number - 1}", "related")
    return b.chart()


def approval(name: str, dice: Dice) -> Chart:
    """Levels of approval, each of which can refuse or send back."""
    b = Builder(name).states("draft").initial("", "draft")
    before = "draft"
    for number in range(dice.randint(2, 7)):
        level = f"level_{number}"
        b.state(level, COMPOUND).states(f"{level}.waiting", f"{level}.reviewing")
        b.initial(level, f"{level}.waiting").move(f"{level}.waiting", f"{level}.reviewing", "take")
        b.move(f"{level}.reviewing", f"{level}.waiting", "put_back")
        b.move(before, level, "submit" if before == "draft" else "approve")
        b.move(f"{level}.reviewing", "draft", "send_back", guard=_maybe(dice, "has_remarks"))
        b.move(level, "refused", "refuse")
        before = f"{level}.reviewing"
    b.states("refused").state("approved", FINAL).move(before, "approved", "approve")
    return b.move("refused", "draft", "revise").chart()


def ring(name: str, dice: Dice) -> Chart:
    """A cycle with shortcuts."""
    states = [f"phase_{i}" for i in range(dice.randint(6, 24))]
    b = Builder(name).states(*states).initial("", states[0])
    for one, other in zip(states, [*states[1:], states[0]], strict=True):
        b.move(one, other, "tick")
    for number in range(len(states) // 4):
        b.move(dice.choice(states), dice.choice(states), f"skip_{number}")
    return b.chart()


def game(name: str, dice: Dice) -> Chart:
    """Levels in a play in a session: three deep, with pause and history."""
    b = Builder(name).states("title").state("playing", COMPOUND).states("paused", "over")
    b.initial("", "title").state("playing.resume", DEEP)
    rounds = [f"playing.round_{i}" for i in range(dice.randint(2, 5))]
    for one in rounds:
        b.state(one, COMPOUND).states(f"{one}.ready", f"{one}.fight", f"{one}.won")
        b.initial(one, f"{one}.ready").move(f"{one}.ready", f"{one}.fight", "go")
        b.move(f"{one}.fight", f"{one}.won", "beat").move(f"{one}.fight", "over", "lose")
        if dice.random() < 0.5:
            b.states(f"{one}.bonus").move(f"{one}.won", f"{one}.bonus", "bonus")
            b.move(f"{one}.bonus", f"{one}.ready", "again")
    for one, other in itertools.pairwise(rounds):
        b.move(f"{one}.won", other, "next_round")
    b.initial("playing", rounds[0]).initial("playing.resume", rounds[0])
    b.move("title", "playing", "play").move("playing", "paused", "pause")
    b.move("paused", "playing.resume", "continue").move("paused", "title", "quit")
    return b.move("over", "title", "again").move(f"{rounds[-1]}.won", "over", "finish").chart()


def service(name: str, dice: Dice) -> Chart:
    """A service with much in it: 30 to 60 states, two or three levels."""
    b = Builder(name).states("starting", "stopped").initial("", "starting")
    parts = [f"part_{i}" for i in range(dice.randint(4, 8))]
    inside: list[str] = []
    for part in parts:
        b.state(part, COMPOUND)
        here = [f"{part}.{what}" for what in ("wait", "load", "check", "apply", "report", "clean")]
        here = here[: dice.randint(3, 6)]
        b.states(*here).initial(part, here[0])
        for one, other in itertools.pairwise(here):
            b.move(one, other, f"then_{other.rpartition('.')[2]}")
        if dice.random() < 0.6:
            b.move(here[-1], here[0], "repeat", guard=named("has_more"))
        inside += here
    b.move("starting", parts[0], "started")
    for one, other in itertools.pairwise(parts):
        b.move(one, other, "finished")
    for number in range(dice.randint(2, 5)):
        b.move(dice.choice(inside), dice.choice(parts), f"jump_{number}")
    for part in dice.sample(parts, k=2):
        b.move(part, "stopped", "shut_down")
    return b.move("stopped", "starting", "restart").chart()


TEMPLATES: Final[tuple[Callable[[str, Dice], Chart], ...]] = (
    order,
    wizard,
    connection,
    device,
    player,
    jobs,
    menu,
    approval,
    ring,
    game,
    service,
)


def large(states: int) -> Chart:
    """Return a chart of about so many states, ten in each composite one."""
    return charts.wide_and_deep(states // 10, 9)


def _maybe(dice: Dice, name: str) -> object:
    return named(name) if dice.random() < 0.4 else None


def _after(minutes: int, name: str) -> After:
    return After(timedelta(minutes=minutes), name)
