"""Traps: where python-statemachine silently does something else than a class says, or than SCXML.

What corrupts its tables makes the class no chart. What it merely does otherwise is told, and is not
done here. Sections are those of https://www.w3.org/TR/2015/REC-scxml-20150901/.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from itertools import combinations, pairwise
from typing import Any, Final, final

from statemachine import State

from statecharts.interop.drafts import Draft
from statecharts.interop.findings import Findings
from statecharts.interop.python_statemachine.callbacks import callback_of
from statecharts.interop.python_statemachine.occasions import Slot
from statecharts.interop.python_statemachine.sources import Source
from statecharts.interop.python_statemachine.specs import Specs
from statecharts.interop.python_statemachine.stages import Stage
from statecharts.interop.python_statemachine.writing_hooks import origin_of
from statecharts.interop.python_statemachine.writing_names import machine_names, reserved
from statecharts.model.chart import HISTORY, Always, StateKind
from statecharts.model.hooks import Hook
from statecharts.model.named import Bound, parts

_FREE: Final = frozenset({"effect", "on_effect"})
"""Names that are reserved for classes that we write, and free in those of others."""


@final
class Traps:
    """Looks at one class for what its library makes of it.

    Args:
        cls: The class.
        source: Where it is declared.
        findings: Where what is found is noted.
    """

    def __init__(self, cls: Any, source: Source, findings: Findings) -> None:
        self.cls = cls
        self.source = source
        self.findings = findings

    # -- what makes it no chart --------------------------------------------------------------------

    def sound(self) -> bool:
        """Tell whether the states of the class can be read; note why not."""
        name = self.cls.__name__
        states = getattr(self.cls, "states", None)
        lost = [name for name, value in vars(self.cls).items() if _is_lost(value)]
        for path in lost:
            self._refuse(*_shadowing("parent", "state"), f"{path}.parent")
        if lost:
            return False
        if states is None or isinstance(states, State) or not len(states):
            found = "the class has no states"
            remedy = "Declare states in its body"
            code = "SC612"
            if isinstance(states, State):
                found, remedy, code = _shadowing("states", "machine")
            self.findings.add(code, found, remedy, self.source.line, name)
            return False
        if origin_of(self.cls) is None:
            self._outermost()
            self._inner()
        return not self.findings.refused

    def _outermost(self) -> None:
        for state in self.cls.states:
            if state.id in machine_names() - _FREE:
                self._refuse(*_shadowing(state.id, "machine"), state.id)

    def _inner(self) -> None:
        seen: dict[str, str] = {}
        values: dict[Any, str] = {}
        waiting = [("", state) for state in reversed(list(self.cls.states))]
        while waiting:
            prefix, state = waiting.pop()
            path = f"{prefix}{state.id}"
            if state.id in seen:
                found = f"two states have the id {state.id!r}, this one and {seen[state.id]!r}"
                remedy = "Rename one of them: that library has one table of all ids"
                self._refuse("SC614", found, remedy, path)
            seen.setdefault(state.id, path)
            shadowed = sorted(_shadowed(state))
            for name in shadowed:
                self._refuse(*_shadowing(name, "state"), f"{path}.{name}")
            if not set(shadowed) & {"states", "history", "value", "id"}:
                waiting += [
                    (f"{path}.", child) for child in reversed([*state.states, *state.history])
                ]
            if "value" not in shadowed and state.value != state.id:
                known = values.setdefault(_hashed(state.value), path)
                if known != path:
                    found = f"it has the value {state.value!r}, and so has {known!r}"
                    self._refuse("SC614", found, "Give each state a value of its own", path)

    def _refuse(self, code: str, found: str, remedy: str, path: str) -> None:
        line = self.source.lines.get(path, self.source.line)
        self.findings.add(code, found, remedy, line, f"{self.cls.__name__}.{path}")

    # -- what is done otherwise --------------------------------------------------------------------

    def told(self, drafts: list[Draft], stage: Stage, specs: Specs) -> None:
        """Note what that library does otherwise with a class that has been read."""
        histories = frozenset(draft.id for draft in drafts if draft.kind in HISTORY)
        for draft in drafts:
            self._order(draft)
            self._priority(draft)
            self._history(draft, histories)
        self._flags(stage)
        if specs.open:
            self._open(drafts)
        else:
            self._later(drafts, stage, specs)

    def _order(self, draft: Draft) -> None:
        """Document order, D: enterStates."""
        if draft.kind is not StateKind.PARALLEL:
            return
        inside = [one for one in draft.walk() if one.kind not in HISTORY]
        wrong = [
            (a, b)
            for a, b in pairwise(inside)
            if a.source.document_order >= b.source.document_order
        ]
        for _, late in wrong[:1]:
            found = f"theirs enters and leaves {late.name!r} out of document order"
            self._differs(found, "Expect document order (SCXML 3.13)", draft)

    def _priority(self, draft: Draft) -> None:
        """Priority of regions, D: selectTransitions and removeConflictingTransitions."""
        if draft.kind is not StateKind.PARALLEL:
            return
        leaving = [(region, set(_leaving(region, draft))) for region in draft.children]
        for (one, mine), (other, others) in combinations(leaving, 2):
            both = sorted(mine & others)
            if both:
                found = (
                    f"{one.name!r} and {other.name!r} both leave it on {both[0]!r}; "
                    "theirs prefers whichever was entered first"
                )
                remedy = "Expect the earlier in the document to win (SCXML 3.13)"
                self._differs(found, remedy, draft)
                return

    def _history(self, draft: Draft, histories: frozenset[str]) -> None:
        """Transitions into history, 3.10 and D: enterStates."""
        for transition in draft.transitions:
            into = [target for target in transition.targets if target in histories]
            if into and any(map(_is_content, transition.emit)):
                found = f"theirs does twice what its transition to history {into[0]!r} does"
                self._differs(found, "Expect it once (SCXML 3.10)", draft)

    def _flags(self, stage: Stage) -> None:
        cls, name = self.cls, self.cls.__name__
        if not cls.allow_event_without_transition:
            found = "theirs raises TransitionNotAllowed for an event that nothing handles"
            self._told(found, "Run it as Machine(chart, on_unhandled='raise') to be told", name)
        for event in cls.events:
            if event.delay:
                found = (
                    f"theirs delays the event {event.id!r} by {event.delay:g} ms, whoever sends it"
                )
                self._told(found, "Have its sender wait", f"{name}.{event.id}")
        if stage.catching and not stage.immediate:
            found = "theirs handles error.execution inside the step that failed"
            remedy = "Expect it as an event of its own, or pass immediate=True"
            self._told(found, remedy, name)

    def _open(self, drafts: list[Draft]) -> None:
        for draft in drafts:
            for line in draft.source.transitions:
                if list(line.validators):
                    found = "its validators are guards here, and have to answer"
                    self._differs(found, "Bind functions that return whether it may go on", draft)

    def _later(self, drafts: list[Draft], stage: Stage, specs: Specs) -> None:
        """Actions run once the step is kept; there, they run inside it."""
        name = self.cls.__name__
        if stage.immediate or not specs.callbacks:
            return
        remedy = "Pass immediate=True to from_class if that matters"
        guarded = (line for draft in drafts for line in draft.transitions if _asks(line))
        first = next(guarded, None)
        if first is not None:
            found = (
                f"the guard of an eventless transition of {first.source!r} is asked before the "
                "actions of the step are run; theirs asks it after"
            )
            self._told(found, remedy, name)
        raising = next((c for c in specs.callbacks if any(map(_raises, c.functions))), None)
        if raising is not None:
            found = (
                f"what {raising.name!r} raises is sent once the step is over; "
                "theirs handles it inside the step"
            )
            self._told(found, remedy, name)

    def _differs(self, found: str, remedy: str, draft: Draft) -> None:
        element = f"{self.cls.__name__}.{draft.id}"
        self.findings.add("SC652", found, remedy, draft.line, element)

    def _told(self, found: str, remedy: str, element: str) -> None:
        self.findings.add("SC652", found, remedy, self.source.line, element)


def _shadowing(name: str, owner: str) -> tuple[str, str, str]:
    found = f"a state is called {name!r}, which is something that every {owner} there has"
    remedy = "Rename it: that library would mix the two up"
    return "SC615", found, remedy


def _shadowed(state: State) -> set[str]:
    """Return the names of children that stand in the way of something that a state has."""
    found = {child.id for child in _children(state)}
    found |= {name for name, value in vars(state).items() if _is_child(value, state)}
    return {name for name in found if name in reserved() - _FREE}


def _is_lost(value: Any) -> bool:
    """Tell whether a child has taken the place of what a state lies in."""
    return isinstance(value, State) and _is_child(vars(value).get("parent"), value)


def _is_child(one: Any, state: State) -> bool:
    return isinstance(one, State) and vars(one).get("parent") is state


def _children(state: State) -> Iterable[State]:
    for name in ("states", "history"):
        found = vars(state).get(name)
        if isinstance(found, list):
            yield from found


def _leaving(region: Draft, outer: Draft) -> Iterator[str]:
    """Yield the events on which something in a region leaves the parallel state."""
    for draft in region.walk():
        for line in draft.source.transitions:
            inside = [t for t in line.targets if _lies(t, outer.source)]
            if line.targets and not inside:
                yield from (str(event) for event in line.events)


def _lies(state: State, outer: State) -> bool:
    return any(above is outer for above in state.ancestors())


def _is_content(hook: Hook) -> bool:
    """Tell whether an action stands between leaving and entering, as far as that is known."""
    callback = callback_of(hook)
    return callback is None or callback.slot is Slot.ON


def _asks(line: Any) -> bool:
    """Tell whether a transition is eventless and asks a host."""
    return isinstance(line.trigger, Always) and line.guard is not None and _bound(line.guard)


def _bound(hook: Hook) -> bool:
    return isinstance(hook.function, Bound) or any(map(_bound, parts(hook)))


def _raises(function: Any) -> bool:
    """Tell whether the code of a function mentions ``raise_``."""
    try:
        code = inspect.unwrap(function.code).__code__
    except (AttributeError, ValueError):
        return False
    return "raise_" in code.co_names


def _hashed(value: Any) -> Any:
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value
