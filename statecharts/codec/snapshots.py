"""Snapshots as JSON: the whole state of a run, with which it continues in any process."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final, final

from statecharts.codec.containers import each
from statecharts.codec.errors import Misfit, shown
from statecharts.codec.events import Effects, Events
from statecharts.codec.parts import Parts
from statecharts.codec.places import Places
from statecharts.codec.records import Family, missing_field, unknown_field
from statecharts.codec.scalars import load_int, load_str
from statecharts.codec.shapes import unwritable, wrong
from statecharts.codec.shaping import Shaper
from statecharts.codec.times import dump_datetime, load_datetime
from statecharts.model.chart import After, Chart
from statecharts.model.effects import Call
from statecharts.model.fields import build_default
from statecharts.model.suggestions import did_you_mean
from statecharts.semantics.configuration import Configuration
from statecharts.semantics.snapshot import Memory, Remembered, Snapshot

PROTOCOL: Final = 2
"""The protocol that is written; `Upcasters` turns snapshots of protocol 1 into this one."""

REQUIRED: Final = ("protocol", "chart", "version", "parts", "configuration")
OPTIONAL: Final = (
    *("data", "context", "history", "timers", "calls", "sent", "waiting", "clock", "counters"),
)
_NEEDED: Final = frozenset(REQUIRED)
_KNOWN: Final = frozenset((*REQUIRED, *OPTIONAL))
TIMER: Final = ("id", "due")
CALL: Final = ("id", "call")
SENT: Final = ("timer", "id", "event")
_MEMORY: Final[tuple[tuple[str, Any], ...]] = (
    ("history", {}),
    ("timers", []),
    ("counters", {}),
    ("sent", []),
    ("calls", []),
    ("waiting", []),
)
_EMPTY: Final = [empty for _, empty in _MEMORY]


@final
class Snapshots:
    """Reads and writes the snapshots of a chart.

    Args:
        chart: The chart.
        version: The version of its snapshots.
        places: Its configurations.
        events: Its events, which may wait in a snapshot.
        effects: Its effects, among them the calls that may be under way.
        shaper: Gives the shapes of data and context.
        lenient: Whether fields that are not known are dropped instead of refused.
    """

    def __init__(
        self,
        chart: Chart,
        version: int,
        places: Places,
        events: Events,
        effects: Effects,
        shaper: Shaper,
        *,
        lenient: bool,
    ) -> None:
        self.chart = chart
        self._version = version
        self._places = places
        self._events = events
        self._effects = effects
        self._parts = Parts(chart)
        self._timers = timer_sources(chart)
        self._calls = {
            node.call_name(call): (node.id, call.call)
            for node in chart.nodes.values()
            for call in node.invoke
        }
        self._lenient = lenient
        self.records: dict[str, Family] = {}
        for node in chart.states:
            if node.data is not None:
                self.records[node.id] = _placed(shaper, node.data, "data", node.id)
        self.context: Family | None = None
        if chart.context is not None:
            self.context = _placed(shaper, chart.context, "context")
        self._blank = Memory((None,) * len(places.histories))
        self._head = {
            "protocol": PROTOCOL,
            "chart": chart.name,
            "version": version,
        }

    # -- writing -----------------------------------------------------------------------------------

    def dump(self, snapshot: Any) -> dict[str, Any]:
        """Write a snapshot."""
        if not isinstance(snapshot, Snapshot):
            raise unwritable("a snapshot", snapshot)
        if snapshot._place.chart != self.chart.name:  # noqa: SLF001
            found = f"the snapshot is one of {snapshot._place.chart}"  # noqa: SLF001
            raise Misfit("SC412", found, "Write it with the protocol of that chart", snapshot)
        memory = snapshot.memory
        context = snapshot.context
        return {
            **self._head,
            "parts": self._parts.of(snapshot),
            "configuration": list(snapshot.configuration),
            "data": self._dump_data(snapshot.data.items(), "data"),
            "context": None if context is None else self._dump_context(context),
            "history": self._dump_history(memory) if memory.history else {},
            "timers": _dumped("timers", _dump_timer, memory.timers),
            "calls": _dumped("calls", self._dump_call, memory.calls),
            "sent": _dumped("sent", self._dump_sent, memory.sent),
            "waiting": _dumped("waiting", self._events.dump_kept, memory.waiting),
            "clock": snapshot.clock,
            "counters": dict(memory.counters),
        }

    def _dump_data(self, data: Iterable[tuple[str, Any]], *outer: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for state, value in data:
            record = self.records.get(state)
            try:
                if record is None:
                    remedy = "Write it with the protocol of its own chart"
                    raise Misfit("SC412", f"{state!r} carries no data in this chart", remedy, value)
                found[state] = record.dump(value)
            except Misfit as misfit:
                _under(misfit, *outer, state)
                raise
        return found

    def _dump_context(self, context: Any) -> Any:
        try:
            if self.context is None:
                raise unwritable("no context", context)
            return self.context.dump(context)
        except Misfit as misfit:
            _under(misfit, "context")
            raise

    def _dump_history(self, memory: Memory) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for (state, _), one in zip(self._places.histories.items(), memory.history, strict=True):
            if one is not None:
                pairs = zip(one.ids, one.values, strict=True)
                data = [(inner, value) for inner, value in pairs if value is not None]
                found[state] = {
                    "configuration": list(one.ids),
                    "data": self._dump_data(data, "history", state, "data"),
                }
        return found

    def _dump_call(self, one: tuple[str, Any]) -> dict[str, Any]:
        name, call = one
        return {"id": name, "call": _at(("call",), self._effects.dump, call)}

    def _dump_sent(self, one: tuple[str, str, Any]) -> dict[str, Any]:
        timer, name, event = one
        return {"timer": timer, "id": name, "event": _at(("event",), self._events.dump_kept, event)}

    # -- reading -----------------------------------------------------------------------------------

    def load(self, value: Any, *, vouched: bool = False) -> Snapshot[Any, Any]:
        """Read a snapshot of the present version.

        Args:
            value: What the parser of JSON gives.
            vouched: Whether an upcaster vouches for it, so that its parts say nothing.
        """
        if value.__class__ is not dict:
            raise wrong("a snapshot", value)
        self._check_head(value, vouched=vouched)
        place = _at(("configuration",), self._places.place, value["configuration"])
        values = self._load_data(value.get("data", {}), place.ids, ("data",))
        context = self._load_context(value)
        clock = _at(("clock",), _load_count, value.get("clock", 0))
        return Snapshot(place, values, context, self._load_memory(value, place), clock)

    def _load_memory(self, value: dict[str, Any], place: Configuration) -> Memory:
        given = [value.get(key, empty) for key, empty in _MEMORY]
        if given == _EMPTY:
            return self._blank
        history, timers, counters, sent, calls, waiting = given
        running = _at(("timers",), self._load_timers, timers)
        delayed = _at(("sent",), self._load_sent, sent, running)
        _at(("timers",), self._check_timers, running, delayed, place)
        return Memory(
            _at(("history",), self._load_history, history),
            running,
            _at(("counters",), _load_counters, counters),
            delayed,
            _at(("calls",), self._load_calls, calls, place),
            _at(("waiting",), self._load_waiting, waiting),
        )

    def _check_head(self, value: dict[str, Any], *, vouched: bool) -> None:
        keys = value.keys()
        if not keys >= _NEEDED:
            key = next(key for key in REQUIRED if key not in keys)
            raise incomplete(key, value)
        if not self._lenient and not keys <= _KNOWN:
            key = next(key for key in keys if key not in _KNOWN)
            raise unknown_field(key, (*REQUIRED, *OPTIONAL), "a snapshot", value)
        if value["chart"] != self.chart.name or value["chart"].__class__ is not str:
            found = f"the snapshot is one of {shown(value['chart'])}"
            remedy = f"Read it with the protocol of that chart; this is {self.chart.name}"
            raise _under(Misfit("SC412", found, remedy), "chart")
        if not vouched:
            self._parts.check(value, self._version)

    def _load_data(
        self, value: Any, ids: tuple[str, ...], outer: tuple[str, ...]
    ) -> tuple[Any, ...]:
        if value.__class__ is not dict:
            raise _under(wrong("an object", value), *outer)
        values: list[Any] = []
        taken = 0
        state = ""
        try:
            for state in ids:
                record = self.records.get(state)
                if record is None:
                    values.append(None)
                else:
                    if state not in value:
                        found = f"{state!r} is active, and its data is missing"
                        remedy = f"Give the fields of {record.cls.__name__}"
                        raise Misfit("SC416", found, remedy, value)
                    values.append(record.load(value[state]))
                    taken += 1
        except Misfit as misfit:
            _under(misfit, *outer, state)
            raise
        if taken != len(value):
            raise _under(self._superfluous(value, ids), *outer)
        return tuple(values)

    def _superfluous(self, value: dict[str, Any], ids: tuple[str, ...]) -> Misfit:
        carrying = [state for state in ids if state in self.records]
        state = next(key for key in value if key not in carrying)
        if state in ids:
            found = f"{state!r} carries no data"
        elif state in self.chart:
            found = f"{state!r} is not active, so it has no data"
        else:
            found = f"there is no state {shown(state)}, so it has no data"
        return Misfit("SC416", found, "Remove it", value).within(state, value)

    def _load_context(self, value: dict[str, Any]) -> Any:
        given = value.get("context")
        if self.context is None:
            if given is not None:
                found = "the chart has no context"
                raise _under(Misfit("SC416", found, "Give null, or leave it out"), "context")
            return None
        if "context" not in value:
            default = build_default(self.context.cls)
            if default is not None:
                return default()
            found = f"the chart's context is a {self.context.cls.__name__}, and it is missing"
            raise _under(Misfit("SC403", found, "Give its fields"), "context")
        return _at(("context",), self.context.load, given)

    def _load_history(self, value: Any) -> tuple[Remembered | None, ...]:
        histories = self._places.histories
        if value.__class__ is not dict:
            raise wrong("an object", value)
        found: list[Remembered | None] = [None] * len(histories)
        for state, inner in value.items():
            slot = histories.get(state)
            if slot is None:
                remedy = f"The history states: {', '.join(histories) or 'there are none'}"
                text = f"{shown(state)} is not a history state"
                raise Misfit("SC416", text, remedy, value).within(state, value)
            try:
                found[slot] = self._load_remembered(state, inner)
            except Misfit as misfit:
                misfit.within(state, value)
                raise
        return tuple(found)

    def _load_remembered(self, history: str, value: Any) -> Remembered:
        fields = self._checked(value, ("configuration",), ("data",), "what history remembers")
        remember = self._places.remembered
        ids = _at(("configuration",), remember, history, fields["configuration"])
        return Remembered(ids, self._load_data(fields.get("data", {}), ids, ("data",)))

    def _load_timers(self, value: Any) -> tuple[tuple[str, Any], ...]:
        found: dict[str, Any] = {}
        for number, inner in enumerate(_array(value)):
            fields = _at((number,), self._checked, inner, TIMER, (), "a timer")
            timer = _at((number, "id"), load_str, fields["id"])
            if timer in found:
                text = f"the timer {shown(timer)} runs twice"
                raise _under(Misfit("SC416", text, "Give each timer once"), number, "id")
            found[timer] = _at((number, "due"), load_datetime, fields["due"])
        return tuple(found.items())

    def _check_timers(
        self,
        timers: tuple[tuple[str, Any], ...],
        sent: tuple[tuple[str, str, Any], ...],
        place: Configuration,
    ) -> None:
        """Refuse a timer that no line of an active state has started: it would never be taken."""
        delayed = {timer for timer, _, _ in sent}
        for number, (timer, _) in enumerate(timers):
            if timer not in delayed:
                known = self._timers
                misfit = _unheld("timer", timer, known, known.get(_name(timer)), place, "line")
                if misfit is not None:
                    raise _under(misfit, number, "id")

    def _load_calls(self, value: Any, place: Configuration) -> tuple[tuple[str, Any], ...]:
        found: dict[str, Any] = {}
        for number, inner in enumerate(_array(value)):
            fields = _at((number,), self._checked, inner, CALL, (), "a call under way")
            name = _at((number, "id"), load_str, fields["id"])
            if name in found:
                text = f"the call {shown(name)} is under way twice"
                raise _under(Misfit("SC416", text, "Give each call once"), number, "id")
            state, cls = self._calls.get(_name(name), (None, Call))
            misfit = _unheld("call", name, self._calls, state, place, "state")
            if misfit is not None:
                raise _under(misfit, number, "id")
            found[name] = _at((number, "call"), self._effects.load_call, fields["call"], cls)
        return tuple(found.items())

    def _load_waiting(self, value: Any) -> tuple[Any, ...]:
        return tuple(each(self._events.load_kept, _array(value), value))

    def idle(self, snapshot: Snapshot[Any, Any]) -> tuple[str, ...]:
        """Return the timers of active states that do not run, by their names."""
        if snapshot.ended:
            return ()
        running = set(map(_name, snapshot.timers))
        return tuple(
            timer
            for timer, source in self._timers.items()
            if timer not in running and (not source or source in snapshot.configuration)
        )

    def _load_sent(
        self, value: Any, timers: tuple[tuple[str, Any], ...]
    ) -> tuple[tuple[str, str, Any], ...]:
        found: list[tuple[str, str, Any]] = []
        waiting = {timer for timer, _ in timers}
        for number, inner in enumerate(_array(value)):
            fields = _at((number,), self._checked, inner, SENT, (), "an event that waits")
            timer = _at((number, "timer"), load_str, fields["timer"])
            if timer not in waiting:
                text = f"the event waits for {shown(timer)}, and no such timer runs"
                remedy = "Give the timer among the timers, each event its own"
                raise _under(Misfit("SC416", text, remedy), number, "timer")
            waiting.remove(timer)
            name = _at((number, "id"), load_str, fields["id"])
            event = _at((number, "event"), self._events.load_kept, fields["event"])
            found.append((timer, name, event))
        return tuple(found)

    def _checked(
        self, value: Any, required: tuple[str, ...], optional: tuple[str, ...], what: str
    ) -> dict[str, Any]:
        """Return an object that has the fields that it must have, and no others."""
        if value.__class__ is not dict:
            raise wrong("an object", value)
        for key in required:
            if key not in value:
                raise missing_field(key, what, value)
        for key in () if self._lenient else value:
            if key not in (*required, *optional):
                raise unknown_field(key, (*required, *optional), what, value)
        return value


def timer_sources(chart: Chart) -> dict[str, str]:
    """Return the state of each timer of a chart, by the timer's name; "" is the chart itself."""
    return {
        line.trigger.timer: line.source
        for line in chart.transitions
        if isinstance(line.trigger, After)
    }


def incomplete(key: str, value: Any) -> Misfit:
    """Return the mistake of a snapshot without a field that every snapshot has."""
    remedy = "Give a whole snapshot, as dump_snapshot writes it"
    return missing_field(key, "a snapshot", value, remedy)


def _placed(shaper: Shaper, cls: type, *keys: str) -> Family:
    try:
        return Family(shaper.record(cls), shaper.record)
    except Misfit as misfit:
        _under(misfit, *keys)
        raise


def _name(identity: str) -> str:
    """Return the name of a timer or a call out of the id of one run of it."""
    return identity.rpartition("#")[0]


def _unheld(
    kind: str, identity: str, known: Iterable[str], state: str | None, place: Configuration, by: str
) -> Misfit | None:
    """Return the mistake of a timer or call that no active state has; it would stay for ever.

    Args:
        kind: What it is.
        identity: Its id.
        known: The names of all that the chart has.
        state: The state that has it; "" is the chart itself, None no state at all.
        place: The active states.
        by: What declares it.
    """
    name = _name(identity)
    if state is None:
        found = f"no {by} of the chart has the {kind} {shown(identity)}"
        listed = f"The {kind}s: {', '.join(known) or 'there are none'}"
        near = did_you_mean(name, known, f"{listed}.")
        remedy = f"{near} Rename it with Upcaster({kind}s={{{name!r}: …}}), or drop it with None"
        return Misfit("SC416", found, remedy)
    if state == "" or state in place.ids:
        return None
    found = f"the {kind} {shown(identity)} is one of {state!r}, which is not active"
    return Misfit("SC416", found, f"Drop it with Upcaster({kind}s={{{name!r}: None}})")


def _under(misfit: Misfit, *keys: str | int) -> Misfit:
    """Note that a mistake is under keys, outermost first."""
    for key in reversed(keys):
        misfit.within(key, None)
    return misfit


def _at(keys: tuple[str | int, ...], function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function; a mistake in it is under keys."""
    try:
        return function(*arguments)
    except Misfit as misfit:
        _under(misfit, *keys)
        raise


def _dumped(key: str, dump: Callable[[Any], Any], values: tuple[Any, ...]) -> list[Any]:
    """Write each of some values; a mistake in one is under the key and its number."""
    return _at((key,), each, dump, values, values) if values else []


def _dump_timer(one: tuple[str, datetime]) -> dict[str, Any]:
    timer, due = one
    return {"id": timer, "due": _at(("due",), dump_datetime, due)}


def _array(value: Any) -> list[Any]:
    if value.__class__ is not list:
        raise wrong("an array", value)
    return value


def _load_count(value: Any) -> int:
    count = load_int(value)
    if count < 0:
        raise wrong("an integer of 0 or more", value)
    return count


def _load_counters(value: Any) -> tuple[tuple[str, int], ...]:
    if value.__class__ is not dict:
        raise wrong("an object", value)
    for prefix, number in value.items():
        _at((prefix,), load_str, prefix)
        _at((prefix,), _load_count, number)
    return tuple(sorted(value.items()))
