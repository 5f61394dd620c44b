"""Steps as JSON: the next snapshot, the effects, and the lines taken on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, final

from statecharts.codec.containers import each, each_of
from statecharts.codec.errors import Misfit, at, shown
from statecharts.codec.events import Effects
from statecharts.codec.records import check_fields, missing_field
from statecharts.codec.scalars import BOOLEAN, load_str
from statecharts.codec.shapes import unwritable, wrong
from statecharts.model.chart import Chart, Transition
from statecharts.model.labels import trigger_text
from statecharts.model.suggestions import did_you_mean
from statecharts.semantics.snapshot import Microstep, Snapshot, Step

_KNOWN: Final = ("snapshot", "effects", "handled", "fired", "microsteps")
MICROSTEP: Final = ("exited", "fired", "entered")


@final
class Steps:
    """Reads and writes the steps of a chart.

    A transition is written by its number among all lines of the chart, from 0 in document order,
    default transitions included. Its description beside it is for people, and finds the line again
    when lines have been added to the chart.

    Args:
        chart: The chart.
        dump_snapshot: Writes its snapshots.
        load_snapshot: Reads them, of whatever version.
        effects: The effects it may give.
        lenient: Whether fields that are not known are dropped instead of refused.
    """

    def __init__(
        self,
        chart: Chart,
        dump_snapshot: Callable[[Any], dict[str, Any]],
        load_snapshot: Callable[[Any], Snapshot[Any, Any]],
        effects: Effects,
        *,
        lenient: bool,
    ) -> None:
        self._chart = chart
        self._dump_snapshot = dump_snapshot
        self._load_snapshot = load_snapshot
        self._effects = effects
        self._lenient = lenient
        lines: list[Transition] = []
        for node in chart.nodes.values():
            lines += () if node.default is None else (node.default,)
            lines += node.transitions
        self._lines = dict(enumerate(lines))
        self._numbers = {id(line): number for number, line in self._lines.items()}

    def dump(self, step: Any) -> dict[str, Any]:
        """Write a step."""
        if not isinstance(step, Step):
            raise unwritable("a step", step)
        return {
            "snapshot": at("snapshot", self._dump_snapshot, step.snapshot),
            "effects": at("effects", each, self._effects.dump, step.effects, step.effects),
            "handled": step.handled,
            "fired": [self._described(line) for line in step.fired],
            "microsteps": [self._dump_microstep(microstep) for microstep in step.microsteps],
        }

    def _dump_microstep(self, microstep: Microstep) -> dict[str, Any]:
        return {
            "exited": list(microstep.exited),
            "fired": [self._number(line) for line in microstep.fired],
            "entered": list(microstep.entered),
        }

    def _described(self, line: Transition) -> dict[str, Any]:
        return {
            "line": self._number(line),
            "source": line.source,
            "trigger": trigger_text(line.trigger),
            "targets": list(line.targets),
        }

    def _number(self, line: Transition) -> int:
        number = self._numbers.get(id(line))
        if number is not None:
            return number
        for number, other in self._lines.items():  # the chart was bound, or declared twice
            if _says(line) == _says(other):
                return number
        found = f"a transition of {line.source!r} is not one of this chart"
        raise Misfit("SC412", found, "Write the step with the protocol of its chart", line)

    def load(self, value: Any) -> Step[Any]:
        """Read a step."""
        if value.__class__ is not dict:
            raise wrong("a step", value)
        check_fields(value, ("snapshot",), _KNOWN, "a step", lenient=self._lenient)
        snapshot = at("snapshot", self._load_snapshot, value["snapshot"])
        handled = at("handled", BOOLEAN.load, value.get("handled"))
        effects = tuple(_each(value, "effects", self._effects.load))
        lines = self._lines
        if "fired" in value:
            described = _each(value, "fired", self._load_described)
            lines = dict(described)
        microsteps = tuple(_each(value, "microsteps", lambda one: self._load_microstep(one, lines)))
        fired = tuple(line for microstep in microsteps for line in microstep.fired)
        return Step(snapshot, effects, fired, handled, microsteps)

    def _load_described(self, value: Any) -> tuple[int, Transition]:
        """Read a line that was taken: the one of that description, by preference of that number."""
        if value.__class__ is not dict:
            raise wrong("an object", value)
        number: Any = value.get("line")
        if number.__class__ is not int or number < 0:
            raise wrong("the number of a line", number).within("line", value)
        near = self._lines.get(number)
        described = {} if near is None else self._described(near)
        if near is not None and described == value:
            return number, near
        said = {**value, "line": None}
        same = [n for n in self._lines.values() if {**self._described(n), "line": None} == said]
        if len(same) == 1:
            return number, same[0]
        if near is not None and (value.keys() == {"line"} or _moves(described) == _moves(value)):
            return number, near  # only its trigger has changed, or how it is described
        found = "the chart has no such line any more"
        raise Misfit("SC414", found, "Read it with the chart that wrote it", value)

    def _load_microstep(self, value: Any, lines: Mapping[int, Transition]) -> Microstep:
        check_fields(value, (), MICROSTEP, "a microstep", lenient=self._lenient)
        return Microstep(
            tuple(_each(value, "exited", self._load_state)),
            tuple(_each(value, "fired", lambda one: _load_line(one, lines))),
            tuple(_each(value, "entered", self._load_state)),
        )

    def _load_state(self, value: Any) -> str:
        state = load_str(value)
        if state not in self._chart:
            known = (node.id for node in self._chart)
            remedy = did_you_mean(state, known, "Name one by its id")
            raise Misfit("SC415", f"there is no state {shown(state)}", remedy, value)
        return state


def _load_line(value: Any, lines: Mapping[int, Transition]) -> Transition:
    if value.__class__ is int and value in lines:
        return lines[value]
    raise wrong("the number of a line that was taken", value)


def _moves(described: dict[str, Any]) -> tuple[Any, Any]:
    return described.get("source"), described.get("targets")


def _says(line: Transition) -> tuple[Any, ...]:
    return line.source, line.trigger, line.targets, line.kind


def _each(value: dict[str, Any], key: str, function: Any) -> list[Any]:
    """Read each item of an array that must be there."""
    if key not in value:
        raise missing_field(key, "a step", value)
    return at(key, each_of, function, value[key])
