"""Marks: the faults of a chart, by the state or line that each is about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import final

from attrs import field, frozen

from statecharts.drawing.model import Line, Role, Run, line_text
from statecharts.model.chart import ROOT, Chart, StateNode, Transition
from statecharts.model.errors import Fault


@final
@frozen
class Marks:
    """The faults of a chart, by state and by line.

    A fault that names neither is about what is declared at its place, or else about the last state
    or line that begins before it in the same file, or else about the chart itself.
    """

    chart: Chart
    faults: tuple[Fault, ...]
    _states: dict[str, list[Fault]] = field(factory=dict, init=False)
    _lines: dict[int, list[Fault]] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        places = _places(self.chart) if any(one.line is None for one in self.faults) else []
        for fault in self.faults:
            line = self.chart.lines.get(fault.line) if fault.line else _declared(fault, places)
            if isinstance(line, Transition):
                self._lines.setdefault(id(line), []).append(fault)
                continue
            state = fault.state if line is None else line.id
            known = state if state is not None and state in self.chart else ROOT
            self._states.setdefault(known, []).append(fault)

    def of_state(self, state: str) -> tuple[Fault, ...]:
        """Return the faults of a state, without those of its lines."""
        return tuple(self._states.get(state, ()))

    def of_line(self, line: Transition) -> tuple[Fault, ...]:
        """Return the faults of a line."""
        return tuple(self._lines.get(id(line), ()))

    def text_of_state(self, state: str) -> str:
        """Return the mark of a state; empty where it has no faults."""
        return codes_text(self.of_state(state))

    def text_of_line(self, line: Transition) -> str:
        """Return the mark of a line; empty where it has no faults."""
        return codes_text(self.of_line(line))


def mark_lines(text: str) -> tuple[Line, ...]:
    """Return a mark as a line of text; no line without one."""
    return ((Run(Role.FAULT, text),),) if text else ()


def marks_among(lines: Iterable[Line]) -> list[str]:
    """Return the marks among lines of text."""
    return [line_text(line) for line in lines if line and line[0].role is Role.FAULT]


def codes_text(faults: Iterable[Fault]) -> str:
    """Return faults as a mark with their codes; empty without faults.

    >>> dead_end = Fault("SC122", "Door", "'open' is not final, and nothing leaves it", "")
    >>> codes_text([dead_end, dead_end])
    '! SC122'
    """
    codes = ", ".join(dict.fromkeys(one.code for one in faults))
    return f"! {codes}" if codes else ""


def count_text(faults: tuple[Fault, ...]) -> str:
    """Return the number of faults, and their codes."""
    codes = ", ".join(sorted({one.code for one in faults}))
    return f"{'1 fault' if len(faults) == 1 else f'{len(faults)} faults'}: {codes}"


_Place = tuple[str, int, StateNode | Transition]


def _places(chart: Chart) -> list[_Place]:
    """Return the places of states and lines, as far as they are known, in document order."""
    parts: list[StateNode | Transition] = []
    for node in chart.nodes.values():
        parts += [node, *node.transitions]
    found = ((_split(part.location), part) for part in parts if part.location is not None)
    return [(*place, part) for place, part in found if place is not None]


def _split(location: str) -> tuple[str, int] | None:
    file, _, line = location.rpartition(":")
    return (file, int(line)) if line.isdecimal() else None


def _declared(fault: Fault, places: list[_Place]) -> StateNode | Transition | None:
    """Return the state or line declared where a fault is; of the state that it names, a line."""
    place = None if fault.location is None else _split(fault.location)
    if place is None:
        return None
    file, line = place
    if fault.state is not None:
        mine = (part for _, _, part in places if getattr(part, "source", None) == fault.state)
        return next((part for part in mine if part.location == fault.location), None)
    before = [one for one in places if one[0] == file and one[1] <= line]
    return max(before, key=lambda one: one[1], default=(file, line, None))[2]
