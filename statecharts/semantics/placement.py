"""Placement: a legal snapshot of a run that is in given states, for tests to begin from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from statecharts.model.chart import After, Chart, Default, StateNode, Transition
from statecharts.model.errors import StatechartError, StepError
from statecharts.model.fields import build_default, names_of
from statecharts.model.hooks import Hook
from statecharts.model.suggestions import did_you_mean
from statecharts.model.values import repr_of
from statecharts.semantics.configuration import Configuration, state_id
from statecharts.semantics.filling import Recipe
from statecharts.semantics.snapshot import (
    EMPTY,
    Memory,
    Moment,
    Snapshot,
    check_time,
    count,
    time_needed,
)
from statecharts.semantics.transitions import EntrySet, ends, nothing_remembered
from statecharts.semantics.tree import Edge, Tree


def place(
    first: Any, more: tuple[Any, ...], context: Any, at: Any, event: Any
) -> tuple[Chart, Snapshot[Any, Any]]:
    """Return the snapshot that `Snapshot.of` promises, and its chart."""
    if isinstance(first, Chart):
        chart, (state, *more_) = first, more or ("",)
    else:
        chart, state, more_ = _chart_of(first), first, list(more)
    check_time(chart.name, at)
    data, further = (more_[0], more_[1:]) if more_ else (None, [])
    given: dict[str, Any] = {}
    events: dict[str, Any] = {}
    for named, value, *own in [(state, data), *(_entry(chart, one) for one in further)]:
        name = _known(chart, named)
        if name in given:
            found = f"{name!r} is named twice"
            raise StepError("SC218", chart.name, found, "Name each state once, with its data")
        given[name] = value
        events |= dict.fromkeys([name] if own else [], *own)
    for one in (event, *events.values()):
        if isinstance(one, type | str):
            found = f"the event {one!r} is not an instance"
            raise StepError("SC218", chart.name, found, "Pass an instance of an event class")
    placement = _Placement(chart, given, events, _context(chart, context), at, event)
    return chart, placement.snapshot()


def _chart_of(state: object) -> Chart:
    chart: Chart | None = getattr(getattr(state, "__member__", None), "chart", None)
    if chart is None:
        found = f"{repr_of(state)} is not a state of a declared chart"
        remedy = "Pass a state of a Statechart, or a Chart and the id of a state"
        raise StepError("SC218", "Snapshot.of", found, remedy)
    return chart


def _entry(chart: Chart, entry: object) -> tuple[Any, ...]:
    if isinstance(entry, tuple) and len(entry) in (2, 3):
        return entry
    found = f"{repr_of(entry)} is not a pair of a state and its data"
    remedy = "Pass (state, data), or (state, data, event), with None for no data"
    raise StepError("SC218", chart.name, found, remedy)


def _known(chart: Chart, state: Any) -> str:
    name = state_id(state)
    if name not in chart or not name:
        remedy = did_you_mean(name, [node.id for node in chart.states], "Name one of its states")
        raise StepError("SC218", chart.name, f"there is no state {name!r}", remedy)
    return name


def _context(chart: Chart, context: Any) -> Any:
    wanted = chart.context
    if context is None and wanted is not None:
        default = build_default(wanted)
        context = None if default is None else default()
    if not isinstance(context, wanted or type(None)):
        declared = wanted and wanted.__name__
        found = f"context= is {repr_of(context)}, and the chart's context is {declared}"
        raise StepError("SC218", chart.name, found, "Pass context=")
    return context


class _Placement:
    """The states of one snapshot being put together.

    Args:
        chart: The chart.
        given: Data of the states that are named.
        events: The events that some of these were entered by.
        context: The context of the chart.
        at: The time at which the states were entered.
        event: The event that all others were entered by; None for none.
    """

    def __init__(
        self,
        chart: Chart,
        given: dict[str, Any],
        events: dict[str, Any],
        context: Any,
        at: datetime | None,
        event: Any,
    ) -> None:
        self.chart = chart
        self.given = given
        self.events = events
        self.context = context
        self.at = at
        self.event = event
        self.tree = Tree.of(chart)
        self.counters: tuple[tuple[str, int], ...] = ()

    def snapshot(self) -> Snapshot[Any, Any]:
        tree, chart = self.tree, self.chart
        names = tuple(self.given)
        around = {outer.id for name in names for outer in chart.ancestors(name)}
        # What is around another one is entered with it; as a target it would enter its own default.
        inmost = tuple(name for name in names if name not in around)
        targets = tuple(tree.index[name] for name in inmost)
        edge = Edge(-1, Transition("", Default(), inmost), 0, targets)
        entry = EntrySet(tree, nothing_remembered)
        entry.add(edge)
        if not tree.is_legal(tuple(entry.states)):
            found = f"{', '.join(map(repr, names))} cannot be active together"
            remedy = (
                "Name one state, those around it, and at most one more in each region of a "
                "parallel state"
            )
            raise self._error(found, remedy)
        states = tuple(entry.states)
        ids = tuple(tree.nodes[state].id for state in states)
        known = tuple(node.id for node in chart.states)
        for name in names:  # of a history state, too, which is not entered itself
            if self.given[name] is not None:
                self._check(chart[name], self.given[name])
        values = tuple(self._data(tree.nodes[state]) for state in states)
        place = Configuration(chart.name, ids, known, ends(tree, states))
        slots = len(tree.slots)
        blank = Memory((None,) * slots) if slots else EMPTY
        snapshot: Snapshot[Any, Any] = Snapshot(place, values, self.context, blank, 0)
        return snapshot if place.final else self._under_way(snapshot, blank)

    def _data(self, node: StateNode) -> Any:
        value = self.given.get(node.id)
        if value is None and node.data is not None:
            cls, event = node.data, self._event(node)
            kind, shared = None if event is None else type(event), self.chart.context
            recipe = Recipe(self.chart.name, cls, node.id, kind, (), shared)
            remedy = (
                f"Pass ({node.id!r}, {cls.__name__}(…)), or event= with an event that supplies it"
            )
            return self._built(recipe, event, (), remedy)
        return value

    def _check(self, node: StateNode, value: Any) -> None:
        if not isinstance(value, node.data or type(None)):
            wanted = "no data" if node.data is None else f"a {node.data.__name__}"
            remedy = "Pass None" if node.data is None else f"Pass {node.data.__name__}(…)"
            raise self._error(
                f"{node.id!r} carries {wanted}, and {repr_of(value)} was given", remedy
            )

    def _event(self, node: StateNode) -> Any:
        return self.events.get(node.id, self.event)

    def _built(self, recipe: Recipe, event: Any, data: tuple[Any, ...], remedy: str) -> Any:
        try:
            return recipe.builder()(event, data, self.context, self.at)
        except StepError as error:
            if error.code != "SC211":
                raise
            raise self._error(error.found, remedy) from None

    def _under_way(self, snapshot: Snapshot[Any, Any], blank: Memory) -> Snapshot[Any, Any]:
        """Return the snapshot with the timers and calls of its active states."""
        timers: list[tuple[str, datetime]] = []
        calls: list[tuple[str, Any]] = []
        for node in self._active(snapshot):
            data = snapshot.data.get(node.id)
            for line in node.transitions:
                if isinstance(line.trigger, After):
                    due = self._due(line.trigger, snapshot, node)
                    timers.append((self._numbered("timer", line.trigger.timer), due))
            for one in node.invoke:
                name = node.call_name(one)
                if one.make is not None:
                    call = self._called(one.make, snapshot, node)
                else:
                    event, left = self._event(node), [(0, names_of(node.data))]
                    kind, shared = None if event is None else type(event), self.chart.context
                    recipe = Recipe(self.chart.name, one.call, name, kind, left, shared, call=True)
                    remedy = "Pass event= with an event that supplies it"
                    call = self._built(recipe, event, (data,), remedy)
                if not isinstance(call, one.call):
                    found = f"invoke of {node.id!r} gave {repr_of(call)}"
                    raise self._error(found, f"Return a {one.call.__name__}")
                calls.append((self._numbered("call", name), call))
        memory = Memory(blank.history, tuple(timers), self.counters, (), tuple(calls))
        return Snapshot(snapshot._place, snapshot._values, self.context, memory, 0)

    def _numbered(self, prefix: str, name: str) -> str:
        number, self.counters = count(self.counters, prefix)
        return f"{name}#{number}"

    def _called(self, hook: Hook, snapshot: Snapshot[Any, Any], node: StateNode) -> Any:
        """Return what a callback of a state gives, and keep the ids that it made."""
        event, data = self._event(node), snapshot.data.get(node.id)
        moment: Moment[Any, Any, Any] = Moment(data, event, self.at, snapshot, self.counters)
        try:
            made = hook.function(moment)
        except StatechartError:
            raise
        except Exception as error:
            found = f"a callback of {node.id!r} raised {type(error).__name__}: {error}"
            remedy = "Pass event= with the event that it reads" if event is None else "Correct it"
            raise self._error(found, remedy) from error
        self.counters = moment._counters or ()
        return made

    def _active(self, snapshot: Snapshot[Any, Any]) -> Iterable[StateNode]:
        return (self.chart.root, *(self.chart[state] for state in snapshot.configuration))

    def _due(self, trigger: After, snapshot: Snapshot[Any, Any], node: StateNode) -> datetime:
        if self.at is None:
            raise time_needed(self.chart.name, f"the timer {trigger.timer!r}")
        delay: Any = trigger.delay
        if isinstance(delay, Hook):
            delay = self._called(delay, snapshot, node)
        due: datetime = self.at + delay if isinstance(delay, timedelta) else delay
        return due

    def _error(self, found: str, remedy: str) -> StepError:
        return StepError("SC218", self.chart.name, found, remedy)
