"""Explaining: which state handled an event, or why none did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from statecharts.model.chart import ROOT, Chart, OnEvent, StateNode, Transition, TransitionKind
from statecharts.model.events import NamedEvent, TimerFired, matches, wire_name
from statecharts.model.labels import ARROW, transition_label
from statecharts.semantics.snapshot import Snapshot, Step


def explanation(chart: Chart, before: Snapshot[Any] | None, event: Any, step: Step[Any]) -> str:
    """Return in a sentence what came of an event.

    Args:
        chart: The chart.
        before: Where the run was; None at the start.
        event: The event; None at the start.
        step: What came of it.

    >>> from machines.pipeline import Accepted, DepsMet, Pipeline
    >>> from statecharts import start, step
    >>> first = start(Pipeline)
    >>> taken = step(Pipeline, first.snapshot, DepsMet())
    >>> explanation(Pipeline.chart, first.snapshot, DepsMet(), taken)
    'active.backlog handles it: DepsMet → active.coding'
    >>> ignored = step(Pipeline, first.snapshot, Accepted())
    >>> explanation(Pipeline.chart, first.snapshot, Accepted(), ignored)
    'no active state has a line for it; done has'
    """
    if before is None:
        return "the start: the initial states are entered"
    if step.fired:
        return "; then ".join(dict.fromkeys(_taken(line) for line in step.fired))
    if isinstance(event, TimerFired):
        if step.handled:
            return (
                "the timer has fired, and nothing came of it: its event, or its guard, is not met"
            )
        return "no such timer runs"
    return _untaken(chart, before, event, handled=step.handled)


def _taken(line: Transition) -> str:
    name = f"{line.source or 'the chart'} handles it"
    label = transition_label(line) or "its default"
    if line.kind is TransitionKind.FORBIDDEN:
        return f"{line.source} swallows it: {label}"
    if not line.targets:
        return f"{name} and stays: {label}"
    return f"{name}: {label} {ARROW} {', '.join(line.targets)}"


def _untaken(chart: Chart, before: Snapshot[Any], event: Any, *, handled: bool) -> str:
    active = (ROOT, *before.configuration)
    asked = [line for state in reversed(active) for line in _lines(chart[state], event)]
    if handled:
        swallowing = [line for line in asked if line.kind is TransitionKind.FORBIDDEN]
        return _taken(swallowing[0]) if swallowing else "it is handled, and nothing is taken"
    if asked:
        refused = [
            f"the guard of {line.source or 'the chart'} does not hold: {transition_label(line)}"
            for line in asked
        ]
        return "; ".join(refused)
    waiting = [node.id for node in chart if any(_lines(node, event))]
    if waiting:
        verb = "has" if len(waiting) == 1 else "have"
        return f"no active state has a line for it; {', '.join(waiting)} {verb}"
    return "no state has a line for it"


def _lines(node: StateNode, event: Any) -> Iterator[Transition]:
    """Yield the transitions of a state that wait for an event."""
    for line in node.transitions:
        if isinstance(line.trigger, OnEvent):
            if any(_waits_for(one, event) for one in line.trigger.events):
                yield line


def _waits_for(awaited: type | str, event: Any) -> bool:
    if isinstance(awaited, str):
        name = event.name if isinstance(event, NamedEvent) else wire_name(type(event))
        return matches(awaited, name)
    return isinstance(event, awaited)
