"""Events and effects as tagged objects: ``{"type": "gates_passed", "commits_ahead": 2}``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, final

from statecharts.codec.containers import ANY
from statecharts.codec.errors import Misfit
from statecharts.codec.records import TAG, Record, tagged, untagged
from statecharts.codec.shapes import Definitions, JsonSchema, Shape, unwritable, wrong
from statecharts.codec.shaping import Shaper
from statecharts.codec.unions import tag_of, unknown_type
from statecharts.model.chart import Chart, OnEvent
from statecharts.model.effects import (
    Action,
    Call,
    CancelInvoke,
    CancelSend,
    CancelTimer,
    Effect,
    Invoke,
    Raise,
    Send,
    Service,
    StartTimer,
)
from statecharts.model.events import OWN, Answer, NamedEvent, StateDone, wire_name

LIBRARY: Final = (
    StartTimer,
    CancelTimer,
    Send,
    Raise,
    CancelSend,
    Action,
    Service,
    Invoke,
    CancelInvoke,
)
"""The effects that the library itself has."""


def takes_names(chart: Chart) -> bool:
    """Tell whether a chart takes events of which it knows no more than the name.

    Charts from files do; in one whose events are classes, a name that is not known is a mistake.
    """
    if chart.closed:
        return False
    if all(event.cls is None for event in chart.events):
        return True
    return any(event.cls is None for event in chart.events) or any(
        isinstance(event, str)
        for transition in chart.transitions
        if isinstance(transition.trigger, OnEvent)
        for event in transition.trigger.events
    )


@final
class Events:
    """The events of a chart.

    Args:
        chart: The chart.
        shaper: Gives the shapes of their classes.
    """

    def __init__(self, chart: Chart, shaper: Shaper) -> None:
        self._open = takes_names(chart)
        self._shaper = shaper
        self.records: dict[str, Record] = {}
        self.names = [event.name for event in chart.events if event.cls is None]
        for cls in (e.cls for e in chart.events if e.cls is not None):
            self._add(cls)
        self._classes = {record.cls: name for name, record in self.records.items()}
        self.own: dict[str, Record] = {}
        """What answers a run's own timers and calls, by name; these names are never events."""
        self.shape = Shape(
            "an event", self.load, self.dump, self.schema, frozenset({"object"}), (object,), "event"
        )
        self._add_own()

    def _add_own(self) -> None:
        """Add what answers a run's timers and calls."""
        for cls in OWN:
            name = wire_name(cls)
            if name in self.records or name in self.names:
                found = f"an event is called {name!r}, as what a run says to itself is"
                raise Misfit("SC422", found, "Give it another name", cls)
            special = {"event": self.shape} if cls is Answer else None
            self.own[name] = self._shaper.record(cls, special)

    def _add(self, cls: type) -> None:
        name = wire_name(cls)
        other = self.records.get(name)
        if other is not None and other.cls is not cls:
            found = f"two events are called {name!r}"
            raise Misfit("SC422", found, "Give their classes different names", cls)
        if name in self.names:
            found = f"{name!r} is an event by name, and that of {cls.__name__} as well"
            raise Misfit("SC422", found, "Give one of them another name", cls)
        self.records[name] = self._shaper.record(cls)

    @property
    def known(self) -> list[str]:
        """The names of the events, in order of declaration."""
        return [*self.records, *self.names]

    def load(self, value: Any, _: Any = None) -> Any:
        """Read an event."""
        if value.__class__ is not dict:
            raise wrong("an event", value, 'Give an object with its "type"')
        name = tag_of(value, self.known)
        record = self.records.get(name)
        try:
            if record is not None:
                return record.load(untagged(value))
            if name in self.names or (self._open and name not in self.own):
                return NamedEvent(name, ANY.load(untagged(value)))
        except Misfit as misfit:
            raise misfit.within(None, value) from None
        if name in self.own or name == wire_name(StateDone):
            found = f"{name!r} is what a run says to itself, not an event"
            remedy = "Load it with load_message, which takes answers and timers, or leave it out"
            raise Misfit("SC405", found, remedy, value).within(TAG, value)
        raise unknown_type(value, self.known)

    def load_message(self, value: Any) -> Any:
        """Read an event, or what answers a run's own timers and calls."""
        name = value.get(TAG) if value.__class__ is dict else None
        record = self.own.get(name) if isinstance(name, str) else None
        if record is None:
            return self.load(value)
        try:
            return record.load(untagged(value))
        except Misfit as misfit:
            raise misfit.within(None, value) from None

    def dump_message(self, value: Any) -> dict[str, Any]:
        """Write an event, or what answers a run's own timers and calls."""
        for name, record in self.own.items():
            if value.__class__ is record.cls:
                return tagged(name, record.dump(value))
        return self.dump(value)

    def message_schema(self, definitions: Definitions) -> JsonSchema:
        """Return the schema of an event, or of what answers a run's own timers and calls."""
        own = [record.tagged_schema(definitions, name) for name, record in self.own.items()]
        return {"anyOf": [self.schema(definitions), *own]}

    def dump(self, value: Any) -> dict[str, Any]:
        """Write an event."""
        name = self._classes.get(value.__class__)
        if name is not None:
            return tagged(name, self.records[name].dump(value))
        if value.__class__ is NamedEvent:
            name = value.name
            if name.__class__ is str and name not in self.records:
                if self._open or name in self.names:
                    return self._dump_named(value)
            found = f"the chart has no event that is called {name!r} and is a NamedEvent"
            raise Misfit("SC421", found, "Use the event's class", value)
        raise unwritable("an event of the chart", value)

    def dump_any(self, value: Any) -> dict[str, Any]:
        """Write an event that may be one of somebody else's, as a `Send` may hold."""
        if value.__class__ in self._classes:
            return self.dump(value)
        if value.__class__ is NamedEvent:
            return self._dump_named(value)
        try:
            record = self._shaper.record(value.__class__)
        except (Misfit, TypeError, AttributeError):
            raise unwritable("an event", value) from None
        return tagged(record.name, record.dump(value))

    def _dump_named(self, value: NamedEvent) -> dict[str, Any]:
        if value.data.__class__ is not dict:
            raise unwritable("a dict of data", value)
        try:
            return tagged(value.name, ANY.dump(value.data))
        except Misfit as misfit:
            raise misfit.within(None, value) from None

    def schema(self, definitions: Definitions) -> JsonSchema:
        """Return the schema of any event."""
        return definitions.ref(self, "event", self._choices)  # type: ignore[no-any-return]

    def _choices(self, definitions: Definitions) -> JsonSchema:
        choices = [r.tagged_schema(definitions, name) for name, r in self.records.items()]
        if self._open:
            taken = [*self.records, *self.own]
            named: JsonSchema = {"type": "string", "not": {"enum": taken}}
            choices.append(_named_schema(named))
        elif self.names:
            choices.append(_named_schema({"enum": self.names}))
        return {"anyOf": choices}


def _named_schema(name: JsonSchema) -> JsonSchema:
    return {"type": "object", "properties": {TAG: name}, "required": [TAG]}


@final
class Effects:
    """The effects that a chart may give.

    Any effect can be written. Those can be read that were named beforehand, the library's own, and
    those that have been written before.

    Args:
        known: Classes of effects.
        events: The events that effects may hold.
        shaper: Gives the shapes of their classes.
    """

    def __init__(self, known: Iterable[type], events: Events, shaper: Shaper) -> None:
        self._events = events
        self._shaper = shaper
        self._records: dict[str, Record] = {}
        self._classes: dict[type, Record] = {}
        for cls in (*LIBRARY, *known):
            self._add(cls)

    def _add(self, cls: type) -> Record:
        name = wire_name(cls)
        if name in self._records and self._records[name].cls is not cls:
            found = f"two effects are called {name!r}"
            raise Misfit("SC422", found, "Give their classes different names", cls)
        special: dict[str, Shape | None] = {}
        if cls is Invoke:
            special["call"] = Shape(
                "a call",
                self._load_call,
                self._dump_call,
                self.call_schema,
                frozenset({"object"}),
                (Call,),
                "call",
            )
        if cls in (Send, Raise):
            event = self._events.shape
            special["event"] = Shape(
                event.text,
                event.load,
                self._events.dump_any,
                lambda _definitions: {"type": "object", "required": [TAG]},
                event.kinds,
                event.classes,
            )
        record = self._classes[cls] = self._records[name] = self._shaper.record(cls, special)
        return record

    def load(self, value: Any, _: Any = None) -> Any:
        """Read an effect."""
        if value.__class__ is not dict:
            raise wrong("an effect", value, 'Give an object with its "type"')
        record = self._records.get(tag_of(value, self._records))
        if record is None:
            misfit = unknown_type(value, self._records)
            misfit.remedy += "; name classes of your own: Protocol(…, effects=(SendMail,))"
            raise misfit
        try:
            return record.load(untagged(value))
        except Misfit as misfit:
            raise misfit.within(None, value) from None

    def dump(self, value: Any) -> dict[str, Any]:
        """Write an effect."""
        record = self._classes.get(value.__class__)
        if record is None:
            if not isinstance(value, Effect):
                raise unwritable("an effect", value)
            try:
                record = self._add(value.__class__)
            except Misfit as misfit:
                raise misfit.within(None, value) from None
        return tagged(record.name, record.dump(value))

    def load_call(self, value: Any) -> Call[Any]:
        """Read a call."""
        return self._load_call(value)

    def _load_call(self, value: Any, _: Any = None) -> Call[Any]:
        call = self.load(value)
        if isinstance(call, Call):
            return call
        raise wrong("a call", value)

    def _dump_call(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, Call):
            raise unwritable("a call", value)
        return self.dump(value)

    def call_schema(self, definitions: Definitions) -> JsonSchema:
        """Return the schema of any call that can be read."""
        return definitions.ref(self, "call", self._calls)  # type: ignore[no-any-return]

    def _calls(self, definitions: Definitions) -> JsonSchema:
        calls = {n: r for n, r in self._records.items() if issubclass(r.cls, Call)}
        return {"anyOf": [r.tagged_schema(definitions, name) for name, r in calls.items()]}

    def schema(self, definitions: Definitions) -> JsonSchema:
        """Return the schema of any effect: those that are known, and others by their tag."""
        choices = [r.tagged_schema(definitions, name) for name, r in self._records.items()]
        other = {"type": "string", "not": {"enum": [*self._records]}}
        return {"anyOf": [*choices, _named_schema(other)]}
