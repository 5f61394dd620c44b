"""Charts by hand for python-statemachine: rows in document order that do nothing by themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import evolve

from statecharts import Chart
from statecharts.model.chart import ROOT, Default, OnEvent, StateNode, Transition
from statecharts.model.hooks import Hook
from tests.oracle.handmade import Row, chart


def plain(*rows: Row, name: str = "Handmade") -> Chart:
    """Return the chart of some rows, which begins in the first; without any actions."""
    subject = chart("", *rows)
    root, *states = [_plain(node) for node in subject.nodes.values()]
    first = Transition(ROOT, Default(), (rows[0].id,))
    return Chart(name, evolve(root, name=name, default=first), tuple(states))


def with_hooks(
    subject: Chart,
    event: str,
    guard: Callable[[Any], Any] | None = None,
    action: Callable[[Any], Any] | None = None,
) -> Chart:
    """Return a chart with a guard and an action on every transition that waits for an event."""

    def hooked(transition: Transition) -> Transition:
        trigger = transition.trigger
        if not isinstance(trigger, OnEvent) or event not in trigger.events:
            return transition
        asked = transition.guard if guard is None else Hook(guard)
        done = transition.emit if action is None else (Hook(action),)
        return evolve(transition, guard=asked, emit=done)

    states = [
        evolve(node, transitions=tuple(map(hooked, node.transitions))) for node in subject.states
    ]
    return evolve(subject, states=tuple(states))


def _plain(node: StateNode) -> StateNode:
    return evolve(
        node,
        entry=(),
        exit=(),
        default=None if node.default is None else evolve(node.default, emit=()),
        transitions=tuple(evolve(transition, emit=()) for transition in node.transitions),
    )
