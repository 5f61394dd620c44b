"""Placement: a legal snapshot of a run that is in given states, for tests to begin from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from statecharts.model.chart import After, Chart, Default, StateNode, Transition
from statecharts.model.errors import StepError
from statecharts.model.fields import build_default, names_of
from statecharts.model.hooks import Hook
from statecharts.model.suggestions import did_you_mean
from statecharts.semantics.configuration import Configuration, state_id
from statecharts.semantics.filling import Recipe
from statecharts.semantics.snapshot import EMPTY, Memory, Moment, Snapshot, check_time, time_needed
from statecharts.semantics.transitions import EntrySet, ends, nothing_remembered
from statecharts.semantics.tree import Edge, Tree


def place(
    first: Any, more: tuple[Any, ...], context: Any, at: Any
) -> tuple[Chart, Snapshot[Any, Any]]:
    """Return the snapshot that `Snapshot.of` promises, and its chart."""
    if isinstance(first, Chart):
        chart, (state, *more_) = first, more or ("",)
    else:
        chart, state, more_ = _chart_of(first), first, list(more)
    check_time(chart.name, at)
    data, pairs = (more_[0], more_[1:]) if more_ else (None, [])
    given: dict[str, Any] = {}
    for named, value in [(state, data), *(_pair(chart, pair) for pair in pairs)]:
        given[_known(chart, named)] = value
    return chart, _Placement(chart, given, _context(chart, context), at).snapshot()


def _chart_of(state: object) -> Chart:
    chart: Chart | None = getattr(getattr(state, "__member__", None), "chart", None)
    if chart is None:
        found = f"{state!r} is not a state of a declared chart"
        remedy = "Pass a state of a Statechart, or a Chart and the id of a state"
        raise StepError("SC218", "Snapshot.of", found, remedy)
    return chart


def _pair(chart: Chart, pair: object) -> tuple[Any, Any]:
    if isinstance(pair, tuple) and len(pair) == 2:  # noqa: PLR2004 - a pair
        return pair
    found = f"{pair!r} is not a pair of a state and its data"
    raise StepError("SC218", chart.name, found, "Pass (state, data), with None for no data")


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
        found = f"context= is {context!r}, and the chart's context is {wanted and wanted.__name__}"
        raise StepError("SC218", chart.name, found, "Pass context=")
    return context


class _Placement:
    """The states of one snapshot being put together."""

    def __init__(
        self, chart: Chart, given: dict[str, Any], context: Any, at: datetime | None
    ) -> None:
        self.chart = chart
        self.given = given
        self.context = context
        self.at = at
        self.tree = Tree.of(chart)

    def snapshot(self) -> Snapshot[Any, Any]:
        tree = self.tree
        targets = tuple(tree.index[state] for state in self.given)
        names = tuple(self.given)
        edge = Edge(-1, Transition("", Default(), names), 0, targets)
        entry = EntrySet(tree, nothing_remembered)
        entry.add(edge)
        if not tree.is_legal(tuple(entry.states)):
            found = f"{', '.join(map(repr, names))} cannot be active together"
            remedy = "Name one state, or one in each region of a parallel state"
            raise self._error(found, remedy)
        states = tuple(entry.states)
        ids = tuple(tree.nodes[state].id for state in states)
        known = tuple(node.id for node in self.chart.states)
        values = tuple(self._data(tree.nodes[state]) for state in states)
        place = Configuration(self.chart.name, ids, known, ends(tree, states))
        slots = len(tree.slots)
        blank = Memory((None,) * slots) if slots else EMPTY
        snapshot: Snapshot[Any, Any] = Snapshot(place, values, self.context, blank, 0)
        return snapshot if place.final else self._under_way(snapshot, blank)

    def _data(self, node: StateNode) -> Any:
        value = self.given.get(node.id)
        if value is None and node.data is not None:
            recipe = Recipe(self.chart.name, node.data, node.id, None, (), self.chart.context)
            value = recipe.builder()(None, (), self.context, self.at)
        if not isinstance(value, node.data or type(None)):
            wanted = "no data" if node.data is None else f"a {node.data.__name__}"
            raise self._error(f"{node.id!r} carries {wanted}, and {value!r} was given", "Pass it")
        return value

    def _under_way(self, snapshot: Snapshot[Any, Any], blank: Memory) -> Snapshot[Any, Any]:
        """Return the snapshot with the timers and calls of its active states."""
        timers: list[tuple[str, datetime]] = []
        calls: list[tuple[str, Any]] = []
        for node in self._active(snapshot):
            data = snapshot.data.get(node.id)
            moment: Moment[Any, Any, Any] = Moment(data, None, self.at, snapshot, ())
            for line in node.transitions:
                if isinstance(line.trigger, After):
                    name = f"{line.trigger.timer}#{len(timers) + 1}"
                    timers.append((name, self._due(line.trigger, moment)))
            for one in node.invoke:
                name = node.call_name(one)
                if one.make is not None:
                    call = one.make.function(moment)
                else:
                    left = [(0, names_of(node.data))]
                    context = self.chart.context
                    recipe = Recipe(self.chart.name, one.call, name, None, left, context, call=True)
                    call = recipe.builder()(None, (data,), self.context, self.at)
                calls.append((f"{name}#{len(calls) + 1}", call))
        counted = (("call", len(calls)), ("timer", len(timers)))
        counters = tuple(pair for pair in counted if pair[1])
        memory = Memory(blank.history, tuple(timers), counters, (), tuple(calls))
        return Snapshot(snapshot._place, snapshot._values, self.context, memory, 0)

    def _active(self, snapshot: Snapshot[Any, Any]) -> Iterable[StateNode]:
        return (self.chart.root, *(self.chart[state] for state in snapshot.configuration))

    def _due(self, trigger: After, moment: Moment[Any, Any, Any]) -> datetime:
        if self.at is None:
            raise time_needed(self.chart.name, f"the timer {trigger.timer!r}")
        delay: Any = trigger.delay
        if isinstance(delay, Hook):
            delay = delay.function(moment)
        due: datetime = self.at + delay if isinstance(delay, timedelta) else delay
        return due

    def _error(self, found: str, remedy: str) -> StepError:
        return StepError("SC218", self.chart.name, found, remedy)
