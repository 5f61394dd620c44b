"""Random classes of python-statemachine that are only hierarchical, run there and here.

They are written as its documentation writes them: nested class bodies, transitions as attributes,
guards by name and as expressions, callbacks by name, by naming convention and as functions.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from random import Random
from typing import Any

from attrs import define, field
from statemachine import State, StateChart

from statecharts import Chart, Machine, NamedEvent
from statecharts.interop.python_statemachine import attach
from tests.test_interop.psm_charts import EVENTS as NAMES
from tests.test_interop.psm_charts import STEADY, Answers, Trace, random_events

EVENTS = ("go", "stop", "tick", "error_io", "lost")
GUARDS = ("ready", "willing", "able")


@define
class Subject:
    """A class of theirs, and what is noted of it.

    Attributes:
        cls: The class.
        answers: What its guards answer.
        told: What its callbacks have noted.
        order: The names of its states, in document order.
    """

    cls: type[StateChart[Any]]
    answers: Answers
    told: list[str]
    order: tuple[str, ...]


@define(eq=False)
class _Draft:
    name: str
    parent: _Draft | None = None
    final: bool = False
    children: list[_Draft] = field(factory=list)
    state: Any = None


def random_class(seed: int) -> Subject:
    """Return a class of 2 to some 20 states."""
    return _Wiring(Random(f"class {seed}"), seed).subject()


class _Wiring:
    """Draws up one class."""

    def __init__(self, rng: Random, seed: int) -> None:
        self.rng = rng
        self.answers, self.told = Answers(seed), list[str]()
        self.root = _Draft("")
        self.drafts: list[_Draft] = []
        self._fill(self.root, 1, rng.randint(2, 12))
        self.lines: dict[str, Any] = {}
        self.methods: dict[str, Callable[..., Any]] = {}
        self.count = 0
        self.name = f"Random{seed}"

    def subject(self) -> Subject:
        """Return the class."""
        for draft in reversed(self.drafts):
            self._state(draft)
        for draft in self.drafts:
            if not draft.final:
                self._transitions(draft)
        self._conventions()
        body: dict[str, Any] = {draft.name: draft.state for draft in self.root.children}
        body |= self.lines | self.methods | {name: self._guard(name) for name in (*GUARDS, *STEADY)}
        checks = ("disconnected_states", "trap_states", "final_reachability")
        body |= {f"validate_{check}": False for check in checks} | {"__module__": __name__}
        made = types.new_class(self.name, (StateChart,), exec_body=lambda space: space.update(body))
        return Subject(made, self.answers, self.told, tuple(draft.name for draft in self.drafts))

    def _fill(self, parent: _Draft, depth: int, budget: int) -> None:
        count = self.rng.randint(1, min(4, budget))
        shares = [0] * count
        for _ in range(budget - count):
            shares[self.rng.randrange(count)] += 1
        end = self.rng.randint(0, count) if self.rng.random() < (0.4 if depth > 1 else 0.1) else -1
        for number, share in enumerate((*shares, 0)):
            if number == end:
                self._add(_Draft(f"{parent.name or 's'}_end", parent, final=True))
            if number < count:
                child = self._add(_Draft(f"{parent.name or 's'}{number}", parent))
                if share and depth < 5:
                    self._fill(child, depth + 1, share)

    def _add(self, draft: _Draft) -> _Draft:
        self.drafts.append(draft)
        if draft.parent is not None:
            draft.parent.children.append(draft)
        return draft

    def _state(self, draft: _Draft) -> None:
        siblings = [] if draft.parent is None else draft.parent.children
        lasting = [sibling for sibling in siblings if not sibling.final] or siblings
        options: dict[str, Any] = {
            "initial": draft is lasting[len(draft.name) % len(lasting)],
            "enter": self._callbacks("enter"),
            "exit": self._callbacks("leave"),
        }
        if not draft.children:
            draft.state = State(final=draft.final, **options)
            return
        children = {child.name: child.state for child in draft.children}
        draft.state = types.new_class(
            draft.name, (State.Compound,), options, lambda space: space.update(children)
        )

    def _transitions(self, draft: _Draft) -> None:
        rng = self.rng
        later = self.drafts[self._last(draft) + 1 :]
        for _ in range(rng.choice((2, 3, 4, 5))):
            events = rng.sample(EVENTS, rng.choices((1, 2), (6, 1))[0])
            line = self._line(draft, **self._asked((*GUARDS, *STEADY)))
            for event in events:
                self.lines[event] = self.lines[event] | line if event in self.lines else line
        if later and rng.random() < 0.15:
            draft.state.to(
                rng.choice(later).state, on=self._callbacks("take"), **self._asked(STEADY)
            )
        if later and any(child.final for child in draft.children):
            done = draft.state.to(rng.choice(later).state, on=self._callbacks("take"))
            self.lines[f"done_state_{draft.name}"] = done

    def _line(self, draft: _Draft, **asked: Any) -> Any:
        rng, choice = self.rng, self.rng.random()
        inside = [one for one in self.drafts if self._lies(one, draft)]
        options = {**asked, "on": self._callbacks("take")}
        if choice < 0.15:
            return draft.state.to(None, **options)
        if choice < 0.3 and inside:
            return draft.state.to(rng.choice(inside).state, internal=True, **options)
        if choice < 0.4:
            return draft.state.to.itself(**options)
        lasting = [one for one in self.drafts if not one.final or rng.random() < 0.1]
        return draft.state.to(rng.choice(lasting or self.drafts).state, **options)

    def _asked(self, names: tuple[str, ...]) -> dict[str, Any]:
        """Return guards: a name, an expression, a list, a function, `unless`."""
        one, two = self.rng.sample(names, 2)
        answers = self.answers
        steady = names == STEADY

        def coded() -> bool:
            return answers(one)

        choices: list[dict[str, Any]] = [
            *[{"cond": one} if steady else {}] * 8,
            {"cond": one},
            {"unless": one},
            {"cond": f"{one} and not {two}"},
            {"cond": f"{one} or {two}"},
            {"cond": f"!{one} ^ {two}"},
            {"cond": [one, two]},
            {"cond": one, "unless": two},
            {"cond": coded},
        ]
        return self.rng.choice(choices)

    def _callbacks(self, text: str) -> list[Any]:
        return [self._callback(text) for _ in range(self.rng.choices((0, 1, 2), (3, 6, 2))[0])]

    def _callback(self, text: str) -> Any:
        self.count += 1
        name = f"{text}_{self.count}"
        told = self.told
        if self.rng.random() < 0.25:
            return lambda: told.append(name)
        self.methods[name] = self._method(name)
        return name

    def _conventions(self) -> None:
        """Add some methods that are found by their names."""
        names = [f"on_{event}" for event in EVENTS]
        names += [f"on_{verb}_{one.name}" for one in self.drafts for verb in ("enter", "exit")]
        names += ["on_transition", "on_enter_state", "on_exit_state"]
        for name in names:
            if self.rng.random() < 0.25:
                self.methods[name] = self._method(name)

    def _method(self, name: str) -> Callable[..., Any]:
        told = self.told
        if self.rng.random() < 0.3:

            def quote(self: Any, event: str, source: Any, bits: int = -1) -> None:
                told.append(
                    f"{name} {event} {source.id if name.startswith('on_exit') else ''} {bits}"
                )

            return quote

        def note(self: Any) -> None:
            told.append(name)

        return note

    def _guard(self, name: str) -> Callable[..., Any]:
        answers = self.answers
        return lambda self: answers(name)

    def _lies(self, one: _Draft, inside: _Draft) -> bool:
        above = one.parent
        while above is not None and above is not inside:
            above = above.parent
        return above is inside

    def _last(self, draft: _Draft) -> int:
        return max(i for i, one in enumerate(self.drafts) if one is draft or self._lies(one, draft))


def sent(seed: int) -> list[NamedEvent]:
    """Return the events that a class is sent."""
    names = dict[str, str](zip(NAMES, EVENTS, strict=True))
    return [NamedEvent(names[event.name], event.data) for event in random_events(seed)]


def theirs(subject: Subject, seed: int) -> Trace:
    """Return what their machine does."""
    subject.told.clear()
    subject.answers.turn = 0
    machine = subject.cls()

    def turn() -> tuple[tuple[str, ...], tuple[str, ...]]:
        active = {state.id for state in machine.configuration}
        told = tuple(subject.told)
        subject.told.clear()
        return tuple(name for name in subject.order if name in active), told

    trace: Trace = [turn()]
    for event in sent(seed):
        subject.answers.turn += 1
        machine.send(event.name, **event.data)
        trace.append(turn())
    return trace


def ours(subject: Subject, chart: Chart, seed: int) -> Trace:
    """Return what our machine does with the chart that the class has become."""
    subject.told.clear()
    subject.answers.turn = 0
    machine = attach(Machine(chart))

    def turn() -> tuple[tuple[str, ...], tuple[str, ...]]:
        told = tuple(subject.told)
        subject.told.clear()
        return tuple(chart[state].name for state in machine.configuration), told

    trace: Trace = [turn()]
    for event in sent(seed):
        subject.answers.turn += 1
        machine.send(event)
        trace.append(turn())
    return trace
