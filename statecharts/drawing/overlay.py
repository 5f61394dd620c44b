"""Overlays: what a picture emphasises, for whatever reason.

    drawing.render(chart, highlight=snapshot)                     # what is active, and waited for
    drawing.render(chart, overlay=last_step(chart, step))         # what was taken just now
    drawing.render(chart, overlay=heat(chart, {"active.qa": 41})) # how often, or how long

An `Overlay` gives marks to states, lines and calls. A mark is a kind, which a theme gives a look
and the writers turn into a class; a short note beside the thing; and a sentence for those who ask,
or cannot see. An overlay moves nothing, so that pictures of one chart match each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final, NamedTuple, Protocol, TypeVar, final

from attrs import field, frozen

from statecharts.checks.places import line_ids
from statecharts.model.arguments import AMOUNT, TEXT, WAIT, Sort, check, instance, valid
from statecharts.model.chart import (
    HISTORY,
    ROOT,
    After,
    Chart,
    Declaration,
    Transition,
    as_chart,
    unknown_state,
)
from statecharts.model.durations import duration_text
from statecharts.model.errors import StatechartError
from statecharts.model.events import NamedEvent, matches_kind
from statecharts.model.labels import transition_label
from statecharts.model.suggestions import did_you_mean
from statecharts.model.values import repr_of
from statecharts.semantics.configuration import StateName, state_id
from statecharts.semantics.snapshot import Snapshot, Step

T = TypeVar("T")

Source = Chart | type[Declaration[Any, Any]]
"""A chart, or the class that declares it."""

SNAPSHOT: Final = instance(Snapshot, "a snapshot, such as machine.snapshot")
STEP: Final = instance(Step, "a step, such as machine.send(event) returns")
STEPS: Final = Sort(
    "steps, such as [machine.send(event)]",
    lambda value: isinstance(value, Iterable) and not isinstance(value, type | Step),
)
EVENTS: Final = Sort("events, such as (Go(),)", STEPS.fits)
DURATIONS: Final = Sort(
    "times that are not negative by the ids of states, such as {'open': timedelta(hours=1)}",
    lambda value: isinstance(value, Mapping) and all(map(WAIT.fits, value.values())),
)
_MOST: Final = 10**15
"""The number that is shown to the last digit, and above all counts."""
NUMBERS: Final = Sort(
    f"numbers by ids, each from 0 to {_MOST:g}, such as {{'open': 3}}",
    lambda value: isinstance(value, Mapping) and all(map(_is_count, value.values())),
)
_ACTIVE: Final = "a snapshot, a machine, or states, such as Door.shut or ['shut']"

HEATS: Final = 5
"""The number of steps from cold to hot."""


class HasConfiguration(Protocol):
    """An object with active states: a snapshot, or a machine."""

    @property
    def configuration(self) -> tuple[str, ...]:
        """Ids of the active states."""
        ...


class Kind(Enum):
    """The kinds of marks; of several on one thing, the first in this order decides its colours."""

    ACTIVE = "active"
    FIRED = "fired"
    PENDING = "pending"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    HEAT4 = "heat4"
    HEAT3 = "heat3"
    HEAT2 = "heat2"
    HEAT1 = "heat1"
    HEAT0 = "heat0"
    UNUSED = "unused"
    DISABLED = "disabled"


HEATED: Final = frozenset(Kind(f"heat{number}") for number in range(HEATS))
"""The kinds of what was counted."""
QUIET: Final = frozenset({Kind.DISABLED, Kind.UNUSED})
"""The kinds of what is there and does not count now."""


@final
@frozen
class Mark:
    """One reason to emphasise a thing.

    Attributes:
        kind: The kind.
        note: A few characters to write beside it.
        told: A sentence for its tooltip, and for the description of the picture.
    """

    kind: Kind = field(validator=valid(instance(Kind, "a kind, such as Kind.ADDED")))
    note: str = field(default="", validator=valid(TEXT))
    told: str = field(default="", validator=valid(TEXT))


Marked = Mapping[str, tuple[Mark, ...]]


def _are_marks(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(one, Mark) for one in value)


_MARKS: Final = Sort("marks in a tuple, such as (Mark(Kind.ADDED),)", _are_marks)
_MARKED: Final = Sort(
    "tuples of marks by ids, such as {'open': (Mark(Kind.ADDED),)}",
    lambda value: isinstance(value, Mapping) and all(map(_are_marks, value.values())),
)


@final
@frozen
class Overlay:
    """The marks of a picture; ``one | other`` has those of both.

    Attributes:
        states: Marks by the ids of states; those of `ROOT` are the chart's own.
        lines: Marks by the ids of lines (`Chart.lines`).
        calls: Marks by the names of calls (`StateNode.call_name`).
        legend: What the kinds mean, in the order in which the legend shows them.

    Raises:
        ArgumentError: It is given something else (SC221).
    """

    states: Marked = field(factory=dict, validator=valid(_MARKED))
    lines: Marked = field(factory=dict, validator=valid(_MARKED))
    calls: Marked = field(factory=dict, validator=valid(_MARKED))
    legend: tuple[Mark, ...] = field(default=(), validator=valid(_MARKS))

    def __or__(self, other: Overlay) -> Overlay:
        if not isinstance(other, Overlay):
            return NotImplemented
        return Overlay(
            _both(self.states, other.states),
            _both(self.lines, other.lines),
            _both(self.calls, other.calls),
            tuple(dict.fromkeys((*self.legend, *other.legend))),
        )

    @property
    def marks(self) -> Iterator[Mark]:
        """Every mark."""
        for marked in (self.states, self.lines, self.calls):
            for marks in marked.values():
                yield from marks

    def of_lines(self, lines: Iterable[str]) -> list[Mark]:
        """Return the marks of lines, by their ids."""
        return [mark for line in lines for mark in self.lines.get(line, ())]

    def of_arrow(self, lines: Iterable[str]) -> tuple[Mark, ...]:
        """Return the marks of an arrow's lines; it is faded or unused only if all of them are."""
        each = [self.lines.get(line, ()) for line in lines]
        found = [mark for marks in each for mark in marks]
        loud = [mark for mark in found if mark.kind not in QUIET]
        return tuple(loud or (found if all(each) else ()))

    @property
    def active(self) -> tuple[str, ...]:
        """The ids of the states that are marked as active."""
        found = self.states.items()
        return tuple(s for s, marks in found if any(one.kind is Kind.ACTIVE for one in marks))


PLAIN: Final = Overlay()
"""The overlay without marks."""


def _both(one: Marked, other: Marked) -> Marked:
    return {key: (*one.get(key, ()), *other.get(key, ())) for key in {**one, **other}}


def named_state(chart: Chart, name: StateName) -> str:
    """Return the id of a state of a chart, which goes by that or as `Door.shut`.

    Raises:
        UnknownStateError: The chart has no such state.
    """
    state = state_id(name)
    if state not in chart or state == ROOT:
        raise unknown_state(chart.name, state, chart.nodes)
    return state


def active(chart: Source, found: HasConfiguration | StateName | Iterable[StateName]) -> Overlay:
    """Return an overlay of what is active: a snapshot, a machine, or one or several states.

    The states around those are active, too. A snapshot, and a machine, also show the timers that
    run, with the times when they are due, the calls under way, and the events that wait.

    Raises:
        UnknownStateError: The chart has no such state.
        ArgumentError: It is none of these (SC221).
    """
    return highlighted(as_chart(chart, "active"), found, "active", "found")


def highlighted(chart: Chart, found: Any, where: str, name: str) -> Overlay:
    """Return an overlay of what is active, as an argument of a function tells it."""
    one = isinstance(found, str) or hasattr(found, "__member__")
    snapshot: Any = None if one else getattr(found, "snapshot", found)
    named: Any = [found] if one else getattr(snapshot, "configuration", snapshot)
    check(where, **{name: (found, Sort(_ACTIVE, lambda _: isinstance(named, Iterable)))})
    states: dict[str, None] = {}
    for state in [named_state(chart, each) for each in named]:
        outer = (node.id for node in reversed(chart.ancestors(state)) if node.id != ROOT)
        states.update(dict.fromkeys((*outer, state)))
    plain = Overlay({state: (Mark(Kind.ACTIVE),) for state in states})
    return plain | _waited_for(chart, snapshot) if isinstance(snapshot, Snapshot) else plain


def _waited_for(chart: Chart, snapshot: Snapshot[Any, Any]) -> Overlay:
    """Return an overlay of timers, calls and deferred events."""
    states: dict[str, tuple[Mark, ...]] = {}
    lines: dict[str, tuple[Mark, ...]] = {}
    for name, line in chart.lines.items():
        if isinstance(line.trigger, After):
            for timer, due in snapshot.timers.items():
                if timer.rpartition("#")[0] == line.trigger.timer:
                    told = f"The timer {timer} is due at {due.isoformat()}"
                    lines[name] = (Mark(Kind.PENDING, f"due {_clock(due)}", told),)
    calls: dict[str, tuple[Mark, ...]] = {}
    holders: Counter[str] = Counter()
    for call, effect in snapshot.calls.items():
        name = call.rpartition("#")[0]
        calls[name] = (Mark(Kind.PENDING, "", f"The call {call} is under way: {repr_of(effect)}"),)
        holders.update(n.id for n in chart for one in n.invoke if n.call_name(one) == name)
    for state, count in holders.items():
        note = "1 call" if count == 1 else f"{count} calls"
        states[state] = (Mark(Kind.PENDING, note),)
    if snapshot.waiting:
        names = ", ".join(_event_name(event) for event in snapshot.waiting)
        states[ROOT] = (
            Mark(Kind.PENDING, f"{len(snapshot.waiting)} waiting", f"Waiting: {names}"),
        )
    return Overlay(states, lines, calls)


def _clock(due: datetime) -> str:
    return f"{due:%Y-%m-%d %H:%M:%S}" if due.second else f"{due:%Y-%m-%d %H:%M}"


def _event_name(event: Any) -> str:
    # An event of a class may have a field called ``name``, which is not its name.
    return event.name if isinstance(event, NamedEvent) else type(event).__name__


def last_step(chart: Source, step: Step[Any, Any]) -> Overlay:
    """Return an overlay of a step: the lines that it took, and the configuration that it reached.

    >>> from datetime import UTC
    >>> from machines.pipeline import DepsMet, Pipeline
    >>> from statecharts import Machine
    >>> machine = Machine(Pipeline, at=datetime(2026, 1, 31, tzinfo=UTC))
    >>> list(last_step(Pipeline.chart, machine.send(DepsMet())).lines)
    ['active.backlog:deps_met->active.coding']
    """
    chart = as_chart(chart, "last_step")
    check("last_step", step=(step, STEP))
    names = dict.fromkeys(line_id(chart, line) for line in step.fired)
    fired = {name: (Mark(Kind.FIRED, "", "Just taken"),) for name in names if name is not None}
    return active(chart, step.snapshot) | Overlay(lines=fired)


def line_id(chart: Chart, line: Transition) -> str | None:
    """Return the id of a line among those of a chart; None for a default transition.

    Where the line is of another chart, which was bound, pickled or declared once more, it is the
    one that says the same.
    """
    found = line_ids(chart).get(id(line))
    if found is not None:
        return found
    equal = [name for name, one in chart.lines.items() if one.id == line.id]
    same = (name for name in equal if says(chart.lines[name]) == says(line))
    return next(same, equal[0] if equal else None)


def says(line: Transition) -> tuple[object, ...]:
    """Return what people see of a line, besides where it goes."""
    return (transition_label(line), line.kind, None if line.make is None else line.make.name)


def _by_id(values: Mapping[Any, Any]) -> Mapping[str, Any]:
    """Return numbers by the ids of states, which may be given as `Door.shut`."""
    given: object = values
    if not isinstance(given, Mapping):
        return values  # which is refused
    return {state_id(name): value for name, value in values.items()}


def _counts(values: Mapping[Any, int]) -> Mapping[str, int]:
    return _by_id(values)


@final
@frozen
class Counts:
    """The numbers of times that states were entered and lines taken.

    Attributes:
        states: Counts by the ids of states, which are given by these or as `Door.shut`.
        lines: Counts by the ids of lines.

    Raises:
        ArgumentError: They are no counts (SC221).
    """

    states: Mapping[str, int] = field(factory=dict, validator=valid(NUMBERS), converter=_counts)
    lines: Mapping[str, int] = field(factory=dict, validator=valid(NUMBERS))


COUNTS: Final = instance(Counts, "counts, such as counted(chart, steps) returns")


def counted(chart: Source, steps: Iterable[Step[Any, Any]]) -> Counts:
    """Return how often steps entered each state and took each line; those never are 0.

    >>> from datetime import UTC
    >>> from machines.pipeline import DepsMet, Pipeline
    >>> from statecharts import Machine, start
    >>> machine = Machine(Pipeline, at=datetime(2026, 1, 31, tzinfo=UTC))
    >>> counts = counted(Pipeline.chart, [machine.send(DepsMet())])
    >>> counts.states["active.coding"], counts.states["done"]
    (1, 0)
    """
    chart = as_chart(chart, "counted")
    check("counted", steps=(steps, STEPS))
    states = {node.id: 0 for node in chart}
    lines = dict.fromkeys(chart.lines, 0)
    for step in steps:
        check("counted", step=(step, STEP))
        for microstep in step.microsteps:
            for state in microstep.entered:
                states[state] = states.get(state, 0) + 1
        for line in step.fired:
            name = line_id(chart, line)
            if name is not None:
                lines[name] += 1
    return Counts(states, lines)


def coverage(chart: Source, counts: Counts) -> Overlay:
    """Return an overlay of counts: hotter where it was more often, dashed where it was never.

    Raises:
        StatechartError: The chart has no such state or line (SC706).
    """
    chart = as_chart(chart, "coverage")
    check("coverage", counts=(counts, COUNTS))
    states = _heat(_counted(_known(chart, "state", counts.states)), "entered", _times)
    lines = _heat(_counted(_known(chart, "line", counts.lines)), "taken", _times)
    legend = (*states.legend, *lines.legend)
    return Overlay(states.marks, lines.marks, legend=legend)


def time_in_state(chart: Source, durations: Mapping[Any, timedelta]) -> Overlay:
    """Return an overlay of how long each state was active; states that are not named never were.

    A state that was only passed has been active for no time: name it with 0.

    Raises:
        StatechartError: The chart has no such state (SC706).
    """
    chart = as_chart(chart, "time_in_state")
    check("time_in_state", durations=(durations, DURATIONS))
    found = _known(chart, "state", _by_id(durations))
    seconds = {state: lasted.total_seconds() for state, lasted in found.items()}
    whole = {node.id: seconds.get(node.id) for node in chart if node.kind not in HISTORY}
    hot = _heat(whole, "active for", _lasting)
    return Overlay(hot.marks, legend=hot.legend)


def refuse_unknown(chart: Chart, overlay: Overlay) -> None:
    """Refuse marks of states and lines that a chart does not have.

    Raises:
        StatechartError: There are some (SC706).
    """
    _known(chart, "state", {state: marks for state, marks in overlay.states.items() if state})
    _known(chart, "line", overlay.lines)


def _known(chart: Chart, what: str, values: Mapping[str, T]) -> Mapping[str, T]:
    """Return numbers by the ids of states or lines, all of which the chart has."""
    known = chart.nodes if what == "state" else chart.lines
    for name in values:
        if name not in known or not name:
            remedy = did_you_mean(name, list(filter(None, known)), f"Name a {what} by its id")
            raise StatechartError("SC706", chart.name, f"there is no {what} {name!r}", remedy)
    return values


def _counted(values: Mapping[str, float]) -> dict[str, float | None]:
    """Return counts, with None for what never was."""
    return {name: value or None for name, value in values.items()}


def _is_count(value: Any) -> bool:
    return bool(AMOUNT.fits(value)) and value <= _MOST


def _times(count: float) -> str:
    return f"{count:.16g} ×"


def _lasting(seconds: float) -> str:
    return duration_text(timedelta(seconds=round(seconds) if seconds >= 1 else seconds))


class _Heat(NamedTuple):
    marks: Marked
    legend: tuple[Mark, ...]


def _heat(values: Mapping[str, float | None], verb: str, text: Callable[[float], str]) -> _Heat:
    """Return numbers as marks, shared out over the kinds of heat; None is what never was."""
    levels = _levels(value for value in values.values() if value is not None)
    never = f"never {verb.split(maxsplit=1)[0]}"
    marked: dict[str, tuple[Mark, ...]] = {}
    for name, value in values.items():
        if value is not None:
            mark = Mark(Kind(f"heat{levels[value]}"), text(value), f"{verb} {text(value)}")
        else:
            mark = Mark(Kind.UNUSED, "", never)
        marked[name] = (mark,)
    legend = [
        Mark(Kind(f"heat{levels[value]}"), f"{verb} {text(value)}")
        for value in dict.fromkeys((min(levels), max(levels)) if levels else ())
    ]
    if None in values.values():
        legend.append(Mark(Kind.UNUSED, never))
    return _Heat(marked, tuple(legend))


def _levels(values: Iterable[float]) -> dict[float, int]:
    """Return the heat of each number: its place among those that there are.

    Ranks, not sizes, so that one number that towers above the rest does not hide them.

    >>> _levels([1, 2, 1000])
    {1: 0, 2: 2, 1000: 4}
    >>> _levels([7, 7])
    {7: 4}
    """
    ranks = sorted(set(values))
    last = len(ranks) - 1
    top = HEATS - 1
    return {value: round(i * top / last) if last else top for i, value in enumerate(ranks)}


def disabled(chart: Source, snapshot: Snapshot[Any, Any], events: Iterable[object] = ()) -> Overlay:
    """Return an overlay that fades the lines that no event takes now.

    These are the lines of states that are not active, those on events that another line answers
    first, and those that some of ``events`` are for, and none selects.

    Args:
        chart: The chart.
        snapshot: The present one.
        events: Events whose guards to ask.
    """
    chart = as_chart(chart, "disabled")
    check("disabled", snapshot=(snapshot, SNAPSHOT), events=(events, EVENTS))
    asked: list[_Asked] = []
    for event in events:
        selected = [line_id(chart, line) for line in snapshot.selected(event)]
        kind = event.name if isinstance(event, NamedEvent) else type(event)
        asked.append((kind, [name for name in selected if name is not None]))
    lines = {}
    for name in chart.lines:
        reason = _refusal(chart, snapshot, name, asked)
        if reason:
            lines[name] = (Mark(Kind.DISABLED, "", f"Not now: {reason}"),)
    legend = (Mark(Kind.DISABLED, "not taken now"),) if lines else ()
    return active(chart, snapshot) | Overlay(lines=lines, legend=legend)


_Asked = tuple[type | str, list[str]]
"""The kind of an event, and the lines that it selects."""


def _refusal(chart: Chart, snapshot: Snapshot[Any, Any], name: str, asked: Iterable[_Asked]) -> str:
    """Return why a line is not taken now; empty if it may be."""
    line = chart.lines[name]
    if snapshot.ended:
        return "the run has ended"
    if line.source != ROOT and line.source not in snapshot.configuration:
        return f"{line.source} is not active"
    if not line.events:
        return ""
    mine = [ids for kind, ids in asked if any(matches_kind(one, kind) for one in line.events)]
    if any(name in ids for ids in mine):
        return ""
    answers = [chart.lines[one] for ids in mine for one in ids] if mine else _sure(chart, line)
    leaves = [
        state
        for state in (ROOT, *snapshot.configuration)
        if (state == line.source or chart.is_descendant(state, line.source))
        and not any(child in snapshot.configuration for child in chart[state].children)
    ]
    first = [_first(chart, leaf, line, answers) for leaf in leaves]
    if all(first):
        return f"{first[0]} answers first"
    return "its guard does not hold" if mine else ""


def _sure(chart: Chart, line: Transition) -> list[Transition]:
    """Return the lines without a guard that take whatever a line takes."""
    return [
        one
        for one in chart.lines.values()
        if one.guard is None
        and all(any(matches_kind(a, event) for a in one.events) for event in line.events)
    ]


def _first(chart: Chart, leaf: str, line: Transition, answers: Iterable[Transition]) -> str | None:
    """Return what is asked before a line, from a leaf outwards, and answers: a state, or a line."""
    found = {id(one) for one in answers}
    for node in (chart[leaf], *chart.ancestors(leaf)):
        for one in node.transitions:
            if one is line:
                return None
            if id(one) in found:
                return node.id if node.id != line.source else transition_label(one)
    return None


def first_kind(marks: Iterable[Mark]) -> Kind | None:
    """Return the kind that decides the colours of a thing; None without marks."""
    found = {mark.kind for mark in marks}
    return next((kind for kind in Kind if kind in found), None)
