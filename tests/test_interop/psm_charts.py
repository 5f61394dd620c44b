"""Random charts that are only hierarchical, run here and by python-statemachine, event by event.

    python -m tests.test_interop.psm_charts --charts 5000 --classes 5000

The same seed always gives the same chart, the same events and the same answers of the guards.
Neither eventless transitions nor completions nor events of the run's own can go round in a circle.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import sys
import time
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

from attrs import define, evolve, field, frozen

from statecharts import Chart, Effect, Machine, NamedEvent
from statecharts.interop.python_statemachine import to_class
from statecharts.model.chart import (
    ROOT,
    Always,
    Default,
    Done,
    EventType,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
)
from statecharts.model.effects import Action, Raise, Send
from statecharts.model.hooks import Hook
from statecharts.model.named import AllOf, AnyOf, Give, Holds, In, Named, Not

EVENTS = ("go", "stop", "error.io", "error.net.lost", "tick")
"""Their order is that in which one may raise or send another."""

DESCRIPTORS = (*EVENTS, *EVENTS, "error", "error.*", "error.net", "*")
GUARDS = ("ready", "willing", "able", "late")
STEADY = ("firm", "fixed", "settled")
"""Guards of eventless transitions, which always answer the same.

That library asks them again when the next event comes, before it looks at the event.
"""
LENGTH = 12
"""The number of events that a chart is sent."""

Trace = list[tuple[tuple[str, ...], tuple[str, ...]]]
"""After the start and after each event: the configuration, and what has been done."""


@frozen
class Tell:
    """An action in code: says its name."""

    name: str

    def __call__(self, moment: Any) -> Effect:
        """Give the effect."""
        return Action(self.name, {"state": len(moment.chart)} if self.name.endswith("!") else {})


@frozen
class Bit:
    """A guard in code: reads a bit of the event."""

    number: int

    def __call__(self, moment: Any) -> bool:
        """Tell whether the bit is set."""
        given = getattr(moment.event, "data", None) or {}
        return bool(given.get("bits", 0) >> self.number & 1)


@define
class Answers:
    """What guards answer: something else after each event, and the same on both sides."""

    seed: int
    turn: int = 0

    def __call__(self, name: str) -> bool:
        """Answer for the guard of a name."""
        turn = 0 if name in STEADY else self.turn
        return Random(f"{self.seed} {turn} {name}").random() < 0.6


@define
class _Draft:
    id: str
    name: str
    kind: StateKind = StateKind.ATOMIC
    children: list[_Draft] = field(factory=list)

    def walk(self) -> Iterator[_Draft]:
        yield self
        for child in self.children:
            yield from child.walk()


def random_chart(seed: int) -> Chart:
    """Return a chart of compound, atomic and final states, 2 to some 20 of them."""
    rng = Random(f"hierarchy {seed}")
    root = _Draft(ROOT, f"Random{seed}", StateKind.COMPOUND)
    _fill(rng, root, 1, rng.randint(2, 14), twins=rng.random() < 0.25)
    return _Wiring(rng, root).chart()


def _fill(rng: Random, parent: _Draft, depth: int, budget: int, *, twins: bool) -> None:
    count = rng.randint(1, min(4, budget))
    shares = [0] * count
    for _ in range(budget - count):
        shares[rng.randrange(count)] += 1
    prefix = f"{parent.id}.".lstrip(".")
    stem = "s" if twins or not parent.id else f"{parent.name}_"
    for number, share in enumerate(shares):
        child = _Draft(f"{prefix}{stem}{number}", f"{stem}{number}")
        parent.children.append(child)
        if share and depth < 5:
            child.kind = StateKind.COMPOUND
            _fill(rng, child, depth + 1, share, twins=twins)
    if rng.random() < (0.45 if parent.id else 0.1):
        name = "end" if twins or not parent.id else f"{parent.name}_end"
        final = _Draft(f"{prefix}{name}", name, StateKind.FINAL)
        parent.children.insert(rng.randint(0, count), final)


class _Wiring:
    """Draws up what leaves, enters and happens in the states of one tree."""

    def __init__(self, rng: Random, root: _Draft) -> None:
        self.rng, self.root = rng, root
        self.drafts = list(root.walk())
        self.index = {draft.id: i for i, draft in enumerate(self.drafts)}
        self.parents = {c.id: d.id for d in self.drafts for c in d.children}
        self.states = [draft.id for draft in self.drafts if draft.id]
        self.count = 0

    def chart(self) -> Chart:
        nodes = [self._node(draft) for draft in self.drafts]
        events = tuple(map(EventType, EVENTS))
        return Chart(self.root.name, nodes[0], tuple(nodes[1:]), events)

    def _node(self, draft: _Draft) -> StateNode:
        leaves = draft.kind is not StateKind.FINAL and draft.id
        return StateNode(
            draft.id,
            draft.kind,
            draft.name,
            self.parents.get(draft.id),
            tuple(child.id for child in draft.children),
            self._default(draft) if draft.children else None,
            tuple(self._transitions(draft)) if leaves else (),
            entry=self._actions("enter") if draft.id else (),
            exit=self._actions("leave") if draft.id else (),
        )

    def _default(self, draft: _Draft) -> Transition:
        choices = [c.id for c in draft.children if c.kind is not StateKind.FINAL]
        target = self.rng.choice(choices or [draft.children[0].id])
        inside = [s for s in self._inside(draft.id) if s not in {c.id for c in draft.children}]
        deep = bool(inside) and self.rng.random() < 0.15
        emit = self._actions("default") if draft.id and not deep else ()
        targets = (self.rng.choice(inside),) if deep else (target,)
        return Transition(draft.id, Default(), targets, emit=emit)

    def _transitions(self, draft: _Draft) -> Iterator[Transition]:
        later = [s for s in self.states if self.index[s] > self._last(draft)]
        for _ in range(self.rng.choice((1, 2, 3) if draft.children else (1, 2, 3, 4))):
            yield self._on_event(draft)
        if later and self.rng.random() < 0.15:
            guard = self._guard(coded=False) if self.rng.random() < 0.8 else None
            yield self._plain(draft.id, Always(), self.rng.choice(later), guard)
        finishes = any(child.kind is StateKind.FINAL for child in draft.children)
        if finishes and later and self.rng.random() < 0.7:
            yield self._plain(draft.id, Done(), self.rng.choice(later), None)

    def _plain(self, source: str, trigger: Any, target: str, guard: Hook | None) -> Transition:
        actions = self._actions("take")
        return Transition(source, trigger, (target,), guard=guard, emit=actions)

    def _on_event(self, draft: _Draft) -> Transition:
        rng = self.rng
        count = rng.choices((1, 2), (5, 1))[0]
        trigger = OnEvent(tuple(dict.fromkeys(rng.choice(DESCRIPTORS) for _ in range(count))))
        guard = self._guard(coded=True) if rng.random() < 0.45 else None
        line = Transition(draft.id, trigger, guard=guard, emit=self._actions("take"))
        inside, choice = self._inside(draft.id), rng.random()
        if "*" in trigger.events:  # which completions match as well
            later = [s for s in self.states if self.index[s] > self._last(draft)]
            return evolve(line, targets=(rng.choice(later),) if later else ())
        if choice < 0.05:
            return Transition(draft.id, trigger, (), TransitionKind.FORBIDDEN, guard)
        if choice < 0.15:
            return evolve(line, kind=TransitionKind.INTERNAL)
        if choice < 0.3 and inside:
            target = rng.choice(inside)
            return evolve(line, kind=TransitionKind.INTERNAL, targets=(target,))
        lasting = [s for s in self.states if s.rpartition(".")[2] != "end" or rng.random() < 0.1]
        target = draft.id if choice < 0.4 else rng.choice(lasting or self.states)
        line = evolve(line, targets=(target,))
        return evolve(line, emit=(*line.emit, *self._own(trigger)))

    def _own(self, trigger: OnEvent) -> tuple[Hook, ...]:
        """Return an action that raises or sends an event later in order than any that it is for."""
        if not all(event in EVENTS for event in trigger.events) or self.rng.random() < 0.7:
            return ()
        last = max(EVENTS.index(str(event)) for event in trigger.events)
        if EVENTS[last + 1 :]:
            event = NamedEvent(self.rng.choice(EVENTS[last + 1 :]), {"bits": last})
            return (Hook(Give(self.rng.choice((Raise, Send))(event))),)
        return ()

    def _guard(self, *, coded: bool, depth: int = 0) -> Hook:
        rng, choice = self.rng, self.rng.random()
        if choice < 0.5 or depth > 2:
            return Hook(Named(rng.choice(GUARDS if coded else STEADY)))
        if choice < 0.6:
            return Hook(In(rng.choice(self.states)))
        if choice < 0.65:
            return Hook(Holds(rng.random() < 0.7))
        if choice < 0.75 and coded:
            return Hook(Bit(rng.randrange(3)))
        inner = [self._guard(coded=coded, depth=depth + 1) for _ in range(rng.randint(2, 3))]
        if choice < 0.85:
            return Hook(Not(inner[0]))
        return Hook((AllOf if choice < 0.93 else AnyOf)(tuple(inner)))

    def _actions(self, text: str) -> tuple[Hook, ...]:
        return tuple(self._action(text) for _ in range(self.rng.choices((0, 1, 2), (2, 8, 2))[0]))

    def _action(self, text: str) -> Hook:
        self.count += 1
        name = f"{text}_{self.count if self.rng.random() < 0.9 else 0}"
        if self.rng.random() < 0.2:
            return Hook(Tell(name))
        return Hook(Give(Action(name)))

    def _inside(self, state: str) -> list[str]:
        prefix = f"{state}." if state else ""
        return [s for s in self.states if s.startswith(prefix) and s != state]

    def _last(self, draft: _Draft) -> int:
        return max(self.index[inner.id] for inner in draft.walk())


def random_events(seed: int) -> list[NamedEvent]:
    """Return events for a chart."""
    rng = Random(f"events {seed}")
    return [NamedEvent(rng.choice(EVENTS), {"bits": rng.getrandbits(3)}) for _ in range(LENGTH)]


def action_names(chart: Chart) -> list[str]:
    """Return the names that the actions of a chart say."""
    found = [hook.function for node in chart.nodes.values() for hook in node.hooks]
    said = [f.name if isinstance(f, Tell) else getattr(f, "effect", None) for f in found]
    return [
        one.name if isinstance(one, Action) else one
        for one in said
        if isinstance(one, Action | str)
    ]


class Model:
    """The model of a machine of theirs: answers guards, and notes what is done."""

    def __init__(self, answers: Answers, actions: list[str], told: list[str]) -> None:
        for name in (*GUARDS, *STEADY):
            setattr(self, name, lambda name=name: answers(name))
        for name in actions:
            setattr(self, name, lambda name=name: told.append(name))


def ours(chart: Chart, seed: int) -> Trace:
    """Return what our machine does with a chart."""
    answers, told = Answers(seed), list[str]()

    def listen(effects: tuple[Effect, ...]) -> None:
        told.extend(effect.name for effect in effects if isinstance(effect, Action))

    guards = {name: (lambda m, name=name: answers(name)) for name in chart.unbound_guards}
    machine = Machine(chart.bind(guards=guards))
    started: Any = machine.started
    listen(started.effects)
    machine.subscribe(lambda step: listen(step.effects))
    trace: Trace = [(machine.configuration, tuple(told))]
    for event in random_events(seed):
        answers.turn += 1
        told.clear()
        machine.send(event)
        trace.append((machine.configuration, tuple(told)))
    return trace


def theirs(chart: Chart, seed: int) -> Trace:
    """Return what their machine does with the class that we make of a chart."""
    answers, told = Answers(seed), list[str]()
    made: Any = to_class(chart)
    machine = made(model=Model(answers, action_names(chart), told))
    ids = made._origin.ids

    def configuration() -> tuple[str, ...]:
        active = {ids[state.id] for state in machine.configuration}
        return tuple(node.id for node in chart.states if node.id in active)

    trace: Trace = [(configuration(), tuple(told))]
    for event in random_events(seed):
        answers.turn += 1
        told.clear()
        machine.send(event.name, **event.data)
        trace.append((configuration(), tuple(told)))
    return trace


def difference(mine: Trace, other: Trace) -> str | None:
    """Return the first difference between two runs, in words; None when they are the same."""
    for turn, (here, there) in enumerate(zip(mine, other, strict=True)):
        if here != there:
            return f"turn {turn}: ours {here}, theirs {there}"
    return None


def main() -> int:
    """Run many charts on both sides; return how many differ."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--charts", type=int, default=1000)
    parser.add_argument("--classes", type=int, default=0, help="classes of theirs, read by us")
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    begin, counted, failures = time.perf_counter(), Counter[str](), list[str]()
    for seed in range(options.first, options.first + options.charts):
        chart = random_chart(seed)
        mine = ours(chart, seed)
        found = difference(mine, theirs(chart, seed))
        if found:
            failures.append(f"seed {seed}: {found}")
        counted["states"] += len(chart.states)
        counted["events"] += len(mine) - 1
        counted["actions"] += sum(len(told) for _, told in mine)
        counted["moves"] += sum(a[0] != b[0] for a, b in itertools.pairwise(mine))
    print("\n".join(failures[:20]))
    shown = ", ".join(f"{count} {name}" for name, count in counted.items())
    seconds = time.perf_counter() - begin
    print(f"{options.charts} charts ({shown}): {len(failures)} differ; {seconds:.0f} s")
    return min(len(failures) + _classes(options.first, options.classes), 1)


def _classes(first: int, count: int) -> int:
    """Run classes of theirs on both sides; return how many differ."""
    if not count:
        return 0
    door: Any = importlib.import_module("statecharts.interop.python_statemachine")
    classes: Any = importlib.import_module("tests.test_interop.psm_classes")
    failures = list[str]()
    for seed in range(first, first + count):
        subject = classes.random_class(seed)
        there = classes.theirs(subject, seed)
        found = difference(classes.ours(subject, door.from_class(subject.cls), seed), there)
        if found:
            failures.append(f"class {seed}: {found}")
    print("\n".join(failures[:20]))
    print(f"{count} classes: {len(failures)} differ")
    return len(failures)


if __name__ == "__main__":
    sys.exit(main())
