"""Snapshots as JSON: the whole state of a run, with which it continues in any process."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from operator import itemgetter
from typing import Any, Final, final

from attrs import frozen

from statecharts.codec.containers import each, each_of
from statecharts.codec.errors import Misfit, at, shown
from statecharts.codec.events import Effects, Events
from statecharts.codec.parts import CALL as CALL_PART
from statecharts.codec.parts import CONTEXT, EVENT, STATE, Parts, name_of
from statecharts.codec.places import KEPT, Places
from statecharts.codec.records import TAG, Family, check_fields, missing_field
from statecharts.codec.scalars import load_int, load_str
from statecharts.codec.shapes import unwritable, wrong
from statecharts.codec.shaping import Shaper
from statecharts.codec.texts import quoted, text_of
from statecharts.codec.times import dump_datetime, load_datetime
from statecharts.kernel.macrostep import CALLS, TIMERS
from statecharts.model.chart import After, Chart
from statecharts.model.effects import Call
from statecharts.model.events import wire_name
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
_NUMBER: Final = re.compile(r"[1-9][0-9]*")
_DIGITS: Final = 18
"""The number of digits that an id may end in; no run counts that far."""

_ONCE: Final = "Give each {} once"
_EMPTY: Final = [empty for _, empty in _MEMORY]


@final
@frozen(eq=False)
class _Layout:
    """The data, hashes and texts of a set of states that are active, or remembered, together.

    Attributes:
        families: For each state its id, and the class of its data, if it has any.
        parts: The hashes of those classes, and of the context's.
        blank: The values of the states, where none carries data.
        writes: Index, text of the id, and class of data of each state that carries any, by id.
        text: The text of the ids.
        parts_text: The text of the hashes.
    """

    families: tuple[tuple[str, Family | None], ...]
    parts: dict[str, str]
    blank: tuple[None, ...] | None
    writes: tuple[tuple[int, str, Family], ...]
    text: str
    parts_text: str


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
        self._head = {"protocol": PROTOCOL, "chart": chart.name, "version": version}
        texts = {key: text_of(value).replace("%", "%%") for key, value in self._head.items()}
        inside = ",".join(f'"{key}":{texts.get(key, "%s")}' for key in sorted(_KNOWN))
        self._template = f"{{{inside}}}"
        self._blank = Memory((None,) * len(places.histories))
        self._layouts: dict[tuple[str, ...], _Layout] = {}

    def _layout(self, ids: tuple[str, ...]) -> _Layout:
        found = self._layouts.get(ids)
        if found is None:
            if len(self._layouts) >= KEPT:
                self._layouts.clear()
            families = tuple((state, self.records.get(state)) for state in ids)
            carries = any(family is not None for _, family in families)
            blank = None if carries else (None,) * len(ids)
            parts = self._parts.of((*map(STATE.__add__, ids), CONTEXT))
            writes = tuple(
                (number, quoted(state), self.records[state])
                for number, state in sorted(enumerate(ids), key=itemgetter(1))
                if state in self.records
            )
            texts = text_of(ids), text_of(parts)
            found = self._layouts[ids] = _Layout(families, parts, blank, writes, *texts)
        return found

    # -- writing -----------------------------------------------------------------------------------

    def dump(self, snapshot: Any) -> dict[str, Any]:
        """Write a snapshot."""
        if not isinstance(snapshot, Snapshot):
            raise unwritable("a snapshot", snapshot)
        place, values = snapshot._place, snapshot._values  # noqa: SLF001
        if place.chart != self.chart.name:
            found = f"the snapshot is one of {place.chart}"
            raise Misfit("SC412", found, "Write it with the protocol of that chart", snapshot)
        memory, context = snapshot.memory, snapshot.context
        layout, history, timers = self._layout(place.ids), memory.history, memory.timers
        return {
            **self._head,
            "parts": {**self._parts_of(layout, memory)},
            "configuration": list(place.ids),
            "data": {} if layout.blank == values else at("data", self._dump_data, layout, values),
            "context": None if context is None else at("context", self._dump_context, context),
            "history": at("history", self._dump_history, history) if any(history) else {},
            "timers": at("timers", each, _dump_timer, timers, timers) if timers else [],
            **self._dump_memory(memory),
            "clock": snapshot.clock,
            "counters": dict(memory.counters),
        }

    def write(self, snapshot: Snapshot[Any, Any]) -> str:
        """Write the text of a snapshot at once; when this fails, `dump` says why."""
        place, memory = snapshot._place, snapshot.memory  # noqa: SLF001
        if place.chart != self.chart.name:
            raise ValueError
        layout, context = self._layout(place.ids), snapshot.context
        parts, kept = self._parts_of(layout, memory), self._dump_memory(memory)
        timers = [f'{{"due":"{dump_datetime(d)}","id":{quoted(t)}}}' for t, d in memory.timers]
        counters = [f"{quoted(prefix)}:{number}" for prefix, number in sorted(memory.counters)]
        owner: Any = self.context
        return self._template % (
            _text(kept["calls"]),
            snapshot.clock,
            layout.text,
            "null" if context is None else owner.write(context),
            f"{{{','.join(counters)}}}",
            self._data_text(layout, snapshot._values),  # noqa: SLF001
            self._history_text(memory.history) if any(memory.history) else "{}",
            layout.parts_text if parts is layout.parts else text_of(parts),
            _text(kept["sent"]),
            f"[{','.join(timers)}]",
            _text(kept["waiting"]),
        )

    def _data_text(self, layout: _Layout, values: tuple[Any, ...]) -> str:
        carried = [one for one in layout.writes if values[one[0]] is not None]
        if len(carried) + values.count(None) < len(values):
            raise ValueError
        return f"{{{','.join([f'{state}:{f.write(values[n])}' for n, state, f in carried])}}}"

    def _history_text(self, history: tuple[Remembered | None, ...]) -> str:
        found = []
        for state, one in sorted(zip(self._places.histories, history, strict=True)):
            if one is not None:
                layout = self._layout(one.ids)
                data = self._data_text(layout, one.values)
                found.append(f'{quoted(state)}:{{"configuration":{layout.text},"data":{data}}}')
        return f"{{{','.join(found)}}}"

    def _dump_memory(self, memory: Memory) -> dict[str, list[Any]]:
        """Write calls, delayed events and waiting events, which most snapshots lack."""
        found: dict[str, list[Any]] = {"calls": [], "sent": [], "waiting": []}
        if memory.calls:
            found["calls"] = at("calls", each, self._dump_call, memory.calls, memory.calls)
        if memory.sent:
            found["sent"] = at("sent", each, self._dump_sent, memory.sent, memory.sent)
        if memory.waiting:
            dump, waiting = self._events.dump_kept, memory.waiting
            found["waiting"] = at("waiting", each, dump, waiting, waiting)
        return found

    def _parts_of(self, layout: _Layout, memory: Memory) -> dict[str, str]:
        found = layout.parts
        for one in memory.history:
            if one is not None:
                found = found | self._layout(one.ids).parts
        if memory.calls or memory.sent or memory.waiting:
            found = found | self._parts.of(_mentioned(memory))
        return found

    def _dump_data(self, layout: _Layout, values: tuple[Any, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for (state, family), value in zip(layout.families, values, strict=True):
            if value is not None:
                if family is None:
                    text = f"{state!r} carries no data in this chart"
                    remedy = "Write it with the protocol of its own chart"
                    raise Misfit("SC412", text, remedy).within(state, values)
                found[state] = at(state, family.dump, value)
        return found

    def _dump_context(self, context: Any) -> Any:
        if self.context is None:
            raise unwritable("no context", context)
        return self.context.dump(context)

    def _dump_history(self, history: tuple[Remembered | None, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for state, one in zip(self._places.histories, history, strict=True):
            if one is not None:
                layout = self._layout(one.ids)
                data = at(state, at, "data", self._dump_data, layout, one.values)
                found[state] = {"configuration": list(one.ids), "data": data}
        return found

    def _dump_call(self, one: tuple[str, Any]) -> dict[str, Any]:
        name, call = one
        return {"id": name, "call": at("call", self._effects.dump, call)}

    def _dump_sent(self, one: tuple[str, str, Any]) -> dict[str, Any]:
        timer, name, event = one
        return {"timer": timer, "id": name, "event": at("event", self._events.dump_kept, event)}

    # -- reading -----------------------------------------------------------------------------------

    def load(self, value: Any, *, vouched: bool = False) -> Snapshot[Any, Any]:
        """Read a snapshot of the present version.

        Args:
            value: What the parser of JSON gives.
            vouched: Whether an upcaster vouches for it, so that its parts say nothing.
        """
        if value.__class__ is not dict:
            raise wrong("a snapshot", value)
        if value.keys() != _KNOWN:
            for key in REQUIRED:
                if key not in value:
                    raise incomplete(key, value)
            self._check(value, REQUIRED, "a snapshot", OPTIONAL)
        self._check_head(value, vouched=vouched)
        place = at("configuration", self._places.place, value["configuration"])
        values = at("data", self._load_data, value.get("data", {}), self._layout(place.ids))
        context = at("context", self._load_context, value)
        clock = at("clock", _load_count, value.get("clock", 0))
        given = [value.get(key, empty) for key, empty in _MEMORY]
        memory = self._blank if given == _EMPTY else self._load_memory(given, place)
        return Snapshot(place, values, context, memory, clock)

    def _load_memory(self, given: list[Any], place: Configuration) -> Memory:
        history, timers, counters, sent, calls, waiting = given
        counted = at("counters", _load_counters, counters)
        made = dict(counted)
        running = at("timers", self._load_timers, timers)
        delayed = at("sent", self._load_sent, sent, running) if sent != [] else ()
        at("sent", _check_ended, place, sent, "event")
        at("timers", self._check_timers, running, delayed, place, made.get(TIMERS, 0))
        remembered = at("history", self._load_history, history)
        under_way = at("calls", self._load_calls, calls, place, made.get(CALLS, 0))
        waits = tuple(at("waiting", each_of, self._events.load_kept, waiting))
        at("waiting", _check_ended, place, waiting)
        return Memory(remembered, running, counted, delayed, under_way, waits)

    def _check_head(self, value: dict[str, Any], *, vouched: bool) -> None:
        if value["chart"] != self.chart.name or value["chart"].__class__ is not str:
            found = f"the snapshot is one of {shown(value['chart'])}"
            remedy = f"Read it with the protocol of that chart; this is {self.chart.name}"
            raise Misfit("SC412", found, remedy).within("chart", value)
        if vouched:
            return
        if value["parts"] != self._expected(value):
            self._parts.check(value, self._version)

    def _expected(self, value: dict[str, Any]) -> dict[str, str] | None:
        """Return the parts of a snapshot that mentions nothing but states it has met before."""
        if value.keys() != _KNOWN or value["calls"] or value["sent"] or value["waiting"]:
            return None
        try:
            found = self._layouts[tuple(value["configuration"])].parts
            for one in value["history"].values():
                found = found | self._layouts[tuple(one["configuration"])].parts
        except (AttributeError, KeyError, TypeError):
            return None
        return found

    def _load_data(self, value: Any, layout: _Layout) -> tuple[Any, ...]:
        if value.__class__ is not dict:
            raise wrong("an object", value)
        if not value and layout.blank is not None:
            return layout.blank
        values: list[Any] = []
        for state, family in layout.families:
            if family is not None and state not in value:
                found = f"{state!r} is active, and its data is missing"
                remedy = f"Give the fields of {family.cls.__name__}"
                raise Misfit("SC416", found, remedy).within(state, value)
            values.append(None if family is None else at(state, family.load, value[state]))
        if len(layout.writes) != len(value):
            raise self._superfluous(value, layout)
        return tuple(values)

    def _superfluous(self, value: dict[str, Any], layout: _Layout) -> Misfit:
        families = dict(layout.families)
        state = next(key for key in value if families.get(key) is None)
        if state in families:
            found = f"{state!r} carries no data"
        elif state in self.chart:
            found = f"{state!r} is not active, so it has no data"
        else:
            found = f"there is no state {shown(state)}, so it has no data"
        remedy = "Remove it"
        if state not in self.chart:
            remedy = did_you_mean(state, (node.id for node in self.chart), remedy)
        return Misfit("SC416", found, remedy, value).within(state, value)

    def _load_context(self, value: dict[str, Any]) -> Any:
        given = value.get("context")
        if self.context is None:
            if given is not None:
                raise Misfit("SC416", "the chart has no context", "Give null, or leave it out")
            return None
        if "context" not in value:
            default = build_default(self.context.cls)
            if default is not None:
                return default()
            found = f"the chart's context is a {self.context.cls.__name__}, and it is missing"
            raise Misfit("SC403", found, "Give its fields")
        return self.context.load(given)

    def _load_history(self, value: Any) -> tuple[Remembered | None, ...]:
        histories = self._places.histories
        if value.__class__ is not dict:
            raise wrong("an object", value)
        if not value:
            return self._blank.history
        found: list[Remembered | None] = [None] * len(histories)
        for state, inner in value.items():
            slot = histories.get(state)
            if slot is None:
                remedy = f"The history states: {', '.join(histories) or 'there are none'}"
                text = f"{shown(state)} is not a history state"
                raise Misfit("SC416", text, remedy).within(state, value)
            found[slot] = at(state, self._load_remembered, state, inner)
        return tuple(found)

    def _load_remembered(self, history: str, value: Any) -> Remembered:
        self._check(value, ("configuration",), "what history remembers", ("data",))
        ids = at("configuration", self._places.remembered, history, value["configuration"])
        data = at("data", self._load_data, value.get("data", {}), self._layout(ids))
        return Remembered(ids, data)

    def _load_timers(self, value: Any) -> tuple[tuple[str, Any], ...]:
        found: dict[str, Any] = {}

        def load(inner: Any) -> None:
            self._check(inner, TIMER, "a timer")
            timer = at("id", load_str, inner["id"])
            if timer in found:
                text = f"the timer {shown(timer)} runs twice"
                raise Misfit("SC416", text, _ONCE.format("timer")).within("id", inner)
            found[timer] = at("due", load_datetime, inner["due"])

        each_of(load, value)
        return tuple(found.items())

    def _check_timers(
        self,
        timers: tuple[tuple[str, Any], ...],
        sent: tuple[tuple[str, str, Any], ...],
        place: Configuration,
        made: int,
    ) -> None:
        """Refuse a timer that no line of an active state has started: it would never be taken."""
        delayed, known = {timer for timer, _, _ in sent}, self._timers
        taken: set[str] = set()
        for number, (timer, _) in enumerate(timers):
            misfit, name = None, name_of(timer)
            if timer not in delayed:
                misfit = _unheld("timer", timer, known, known.get(name), place, "line")
                if misfit is None and name in taken:
                    misfit = Misfit(
                        "SC416", f"the timer {name!r} runs twice", _ONCE.format("timer")
                    )
                taken.add(name)
            misfit = misfit or _unnumbered("timer", timer, made, taken)
            if misfit is not None:
                raise _under(misfit, number, "id")

    def _load_calls(
        self, value: Any, place: Configuration, made: int
    ) -> tuple[tuple[str, Any], ...]:
        found: dict[str, Any] = {}
        taken: set[str] = set()

        def load(inner: Any) -> None:
            self._check(inner, CALL, "a call under way")
            name = at("id", load_str, inner["id"])
            state, cls = self._calls.get(name_of(name), (None, Call))
            misfit = _unheld("call", name, self._calls, state, place, "state")
            if misfit is None and name_of(name) in taken:
                call = shown(name) if name in found else repr(name_of(name))
                text = f"the call {call} is under way twice"
                misfit = Misfit("SC416", text, _ONCE.format("call"))
            taken.add(name_of(name))
            misfit = misfit or _unnumbered("call", name, made, taken)
            if misfit is not None:
                raise misfit.within("id", inner)
            found[name] = at("call", self._effects.load_call, inner["call"], cls)

        each_of(load, value)
        return tuple(found.items())

    def idle(self, snapshot: Snapshot[Any, Any]) -> tuple[str, ...]:
        """Return the timers of active states that do not run, by their names."""
        if snapshot.ended:
            return ()
        running = set(map(name_of, snapshot.timers))
        return tuple(
            timer
            for timer, source in self._timers.items()
            if timer not in running and (not source or source in snapshot.configuration)
        )

    def _load_sent(
        self, value: Any, timers: tuple[tuple[str, Any], ...]
    ) -> tuple[tuple[str, str, Any], ...]:
        waiting = {timer for timer, _ in timers}

        def load(inner: Any) -> tuple[str, str, Any]:
            self._check(inner, SENT, "an event that waits")
            timer = at("timer", load_str, inner["timer"])
            if timer not in waiting:
                text = f"the event waits for {shown(timer)}, and no such timer runs"
                remedy = "Give the timer among the timers, each event its own"
                raise Misfit("SC416", text, remedy).within("timer", inner)
            waiting.remove(timer)
            name = at("id", load_str, inner["id"])
            return timer, name, at("event", self._events.load_kept, inner["event"])

        return tuple(each_of(load, value))

    def _check(
        self, value: Any, required: tuple[str, ...], what: str, optional: tuple[str, ...] = ()
    ) -> None:
        check_fields(value, required, (*required, *optional), what, lenient=self._lenient)


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
    name = name_of(identity)
    if state is None:
        found = f"no {by} of the chart has the {kind} {shown(identity)}"
        listed = f"The {kind}s: {', '.join(known) or 'there are none'}"
        near = did_you_mean(name, known, f"{listed}.")
        remedy = f"{near} Rename it with Upcaster({kind}s={{{name!r}: …}}), or drop it with None"
        return Misfit("SC416", found, remedy)
    if place.final:
        found = (
            f"the run has ended in ({', '.join(place.ids)}), and has the {kind} {shown(identity)}"
        )
    elif state == "" or state in place.ids:
        return None
    else:
        found = f"the {kind} {shown(identity)} is one of {state!r}, which is not active"
    return Misfit("SC416", found, f"Drop it with Upcaster({kind}s={{{name!r}: None}})")


def _unnumbered(kind: str, identity: str, made: int, taken: set[str]) -> Misfit | None:
    """Return the mistake of a timer or call whose id ends in a number that no run has given it.

    Args:
        kind: What it is.
        identity: Its id.
        made: How many of its kind have been started.
        taken: What the numbers of others are; its own is added.
    """
    _, mark, number = identity.rpartition("#")
    if not mark or not _NUMBER.fullmatch(number):
        found = f"the id {shown(identity)} does not end in the number of its {kind}"
        return Misfit("SC416", found, f"Give it as the run has made it: {name_of(identity)}#1")
    if len(number) > _DIGITS or int(number) > made:
        found = f"{shown(identity)} is beyond the {made} {kind}s that have been started"
        return Misfit("SC416", found, "Give the counters as the run has written them")
    if mark + number in taken:
        found = f"another {kind} than {shown(identity)} has the number {number}"
        return Misfit("SC416", found, f"Give each {kind} a number of its own")
    taken.add(mark + number)
    return None


def _check_ended(place: Configuration, events: list[Any], *keys: str) -> None:
    """Refuse an event that waits where nothing is taken any more."""
    if place.final and events:
        event = events[0]
        for key in keys:
            event = event[key]
        found = f"the run has ended in ({', '.join(place.ids)}), and {shown(event[TAG])} waits"
        remedy = f"Drop it with Upcaster(events={{{event[TAG]!r}: None}})"
        raise _under(Misfit("SC416", found, remedy), 0, *keys)


def _under(misfit: Misfit, *keys: str | int) -> Misfit:
    """Note that a mistake is under keys, outermost first."""
    for key in reversed(keys):
        misfit.within(key, None)
    return misfit


def _text(value: Any) -> str:
    return text_of(value) if value else repr(value)  # an empty list is the same text


def _mentioned(memory: Memory) -> Iterator[str]:
    """Yield the parts that calls and events mention."""
    yield from (f"{CALL_PART}{name_of(call)}" for call, _ in memory.calls)
    for event in (*memory.waiting, *(sent for _, _, sent in memory.sent)):
        yield f"{EVENT}{wire_name(type(event))}"


def _dump_timer(one: tuple[str, datetime]) -> dict[str, Any]:
    timer, due = one
    try:
        return {"id": timer, "due": dump_datetime(due)}
    except Misfit as misfit:
        misfit.within("due", one)
        raise


def _load_count(value: Any) -> int:
    count = load_int(value)
    if count < 0:
        raise wrong("an integer of 0 or more", value)
    return count


def _load_counters(value: Any) -> tuple[tuple[str, int], ...]:
    if value.__class__ is not dict:
        raise wrong("an object", value)
    for prefix, number in value.items():
        at(prefix, load_str, prefix)
        at(prefix, _load_count, number)
    return tuple(sorted(value.items()))
