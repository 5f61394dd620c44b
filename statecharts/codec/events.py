"""Events and effects as tagged objects: ``{"type": "gates_passed", "commits_ahead": 2}``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from operator import or_
from typing import Any, Final, final

import attrs

from statecharts.codec.containers import ANY, each_of
from statecharts.codec.errors import Misfit
from statecharts.codec.fields import named_subclasses, subclass_named
from statecharts.codec.records import TAG, Record, tagged, untagged
from statecharts.codec.shapes import Definitions, JsonSchema, Shape, unwritable, wrong
from statecharts.codec.shaping import Shaper
from statecharts.codec.unions import tag_of, unknown_type
from statecharts.model.chart import Chart, OnEvent, StateKind
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
from statecharts.model.family import (
    FAMILY,
    Child,
    ChildDone,
    ChildFailed,
    Each,
    Joined,
    Outcome,
    Spawn,
    Tell,
)

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

RUN: Final = "run:"
"""The prefix of a run's own message where an event of the chart has its name."""

_COMPLETION: Final = "^done[.](state|invoke)[.]"
"""Matches the names of SCXML's completions, which nobody may send from outside."""


def is_completion(name: str) -> bool:
    """Tell whether a name is one that SCXML keeps for completions.

    >>> is_completion("done.state.mill"), is_completion("done")
    (True, False)
    """
    return name.startswith(("done.state.", "done.invoke."))


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
    """The events of a chart, and the other messages that its runs take.

    An instance of a subclass of an event class is an event to the kernel. It is written under its
    own name, and found again among the subclasses that are imported.

    Args:
        chart: The chart.
        shaper: Gives the shapes of their classes.
    """

    def __init__(self, chart: Chart, shaper: Shaper) -> None:
        self._open = takes_names(chart)
        self._shaper = shaper
        self.records: dict[str, Record] = {}
        self.names = [event.name for event in chart.events if event.cls is None]
        for cls in (e.cls for e in chart.events if e.cls is not None and e.cls not in OWN):
            self._add(cls)
        self._classes = {record.cls: name for name, record in self.records.items()}
        self.writes = {r.cls: r.write_tagged for r in self.records.values()}
        self.known = [*self.records, *self.names]
        """The names of the events, in order of declaration."""
        self.shape = Shape(
            *("an event", self._load_answer, self._dump_answer, self.schema),
            *(frozenset({"object"}), (object,), "event"),
        )
        """An event as an answer or a `Send` holds it."""
        self._own: dict[str, Record] = {self._own_name(cls): self._own_record(cls) for cls in OWN}
        done = shaper.record(StateDone, {"data": _brought(chart, shaper)})
        self._kept = {self._own_name(StateDone): done}
        self._said = (*self._own, *self._kept)
        """The names of the messages that only the run itself may send."""

    def _own_name(self, cls: type) -> str:
        """Return the name of a run's own message, lengthened if an event of the chart has it."""
        name = wire_name(cls)
        return f"{RUN}{name}" if name in self.known else name

    def _own_record(self, cls: type) -> Record:
        return self._shaper.record(cls, {"event": self.shape} if cls is Answer else None)

    def _add(self, cls: type) -> None:
        name = wire_name(cls)
        other = self.records.get(name)
        if other is not None and other.cls is not cls:
            found = f"two events have the name {name!r}"
            raise Misfit("SC422", found, "Give their classes different names", cls)
        if name in self.names:
            found = f"{name!r} is an event by name, and that of {cls.__name__} as well"
            raise Misfit("SC422", found, "Rename one of them", cls)
        special = {"outcomes": self._outcomes()} if issubclass(cls, Joined) else None
        self.records[name] = self._shaper.record(cls, special)

    def _outcomes(self) -> Shape:
        record = self._shaper.record(
            Outcome, {"event": _any_json(self._load_told, self._dump_told)}
        )

        return _array_of("outcomes", record.load, record.dump, record.schema)

    def _load_told(self, value: Any, _: Any = None) -> Any:
        """Read an event that another run, or a call of many, has said; None without one."""
        if value is None:
            return None
        if value.__class__ is not dict:
            raise wrong("an event", value)
        name = tag_of(value, self.known)
        if name in self.known:
            return self._load_answer(value)
        told = {wire_name(one): one for one in (ChildDone, ChildFailed)}.get(name)
        if told is not None:
            return self._shaper.record(told).load_tagged(value)
        return NamedEvent(name, _whole(value, ANY.load, untagged(value)))

    def _dump_told(self, value: Any) -> Any:
        return None if value is None else self.dump_any(value)

    def told_shape(self) -> Shape:
        """Return the shape of an event for another run."""
        return _any_json(self._load_told, self.dump_any)

    def load(self, value: Any) -> Any:
        """Read an event; refuse what only the run itself may say."""
        return self._load(value, {}, completions=False)

    def load_message(self, value: Any) -> Any:
        """Read an event, or what answers a run's own timers and calls."""
        return self._load(value, self._own, completions=True)

    def load_kept(self, value: Any) -> Any:
        """Read an event that waits in a snapshot: completions may, timers and answers do not."""
        return self._load(value, self._kept, completions=True)

    def _load_answer(self, value: Any, _: Any = None) -> Any:
        return self._load(value, {}, completions=True)

    def _load(self, value: Any, own: dict[str, Record], *, completions: bool) -> Any:
        if value.__class__ is not dict:
            raise wrong("an event", value, 'Give an object with its "type"')
        name = tag_of(value, self.known)
        record = self.records.get(name) or own.get(name)
        if record is None:
            if name in self._said or (is_completion(name) and not completions):
                found = f"{name!r} is for the run itself to say"
                remedy = "Remove it; a runtime loads answers and timers with load_message"
                if own is self._kept:
                    found, remedy = (
                        f"{name!r} never waits: it is taken or late at once",
                        "Remove it",
                    )
                raise Misfit("SC405", found, remedy, value).within(TAG, value)
            cls = None if name in self.names else subclass_named(name, self._classes)
            if cls is not None:
                record = self._shaper.record(cls)
            elif self._open or name in self.names:
                return NamedEvent(name, _whole(value, ANY.load, untagged(value)))
            else:
                raise unknown_type(value, self.known)
        return record.load_tagged(value)

    def dump(self, value: Any) -> dict[str, Any]:
        """Write an event; refuse what only the run itself may say."""
        return self._dump(value, {}, completions=False)

    def dump_message(self, value: Any) -> dict[str, Any]:
        """Write an event, or what answers a run's own timers and calls."""
        return self._dump(value, self._own, completions=True)

    def dump_kept(self, value: Any) -> dict[str, Any]:
        """Write an event that waits in a snapshot."""
        return self._dump(value, self._kept, completions=True)

    def _dump_answer(self, value: Any) -> dict[str, Any]:
        return self._dump(value, {}, completions=True)

    def _dump(self, value: Any, own: dict[str, Record], *, completions: bool) -> dict[str, Any]:
        cls = value.__class__
        name = self._classes.get(cls)
        if name is not None:
            return self.records[name].dump_tagged(value, name)
        if cls is NamedEvent:
            if self._is_name(value.name, completions=completions):
                return self._dump_named(value)
            found = f"the chart has no event named {value.name!r} that is a NamedEvent"
            raise Misfit("SC421", found, "Use the event's class", value)
        for name, record in own.items():
            if cls is record.cls:
                return record.dump_tagged(value, name)
        if cls in (*OWN, StateDone):
            found = f"a {cls.__name__} is not an event of the chart: the run itself hears it"
            raise Misfit("SC421", found, "Write it with dump_message", value)
        if isinstance(value, tuple(self._classes)):
            return self._dump_subclass(value)
        same = cls.__name__ in {known.__name__ for known in self._classes}
        raise unwritable(f"a {cls.__name__}" if same else "an event of the chart", value)

    def _is_name(self, name: Any, *, completions: bool) -> bool:
        """Tell whether an event may have no more than this name."""
        if name.__class__ is not str or name in self.records or name in self._said:
            return False
        known = name in self.names or self._open
        return known and (completions or not is_completion(name))

    def _dump_subclass(self, value: Any) -> dict[str, Any]:
        cls = value.__class__
        name = wire_name(cls)
        if (
            name in self.known
            or name in self._said
            or subclass_named(name, self._classes) is not cls
        ):
            found = f"{name!r} does not tell {cls.__name__} from other events"
            raise Misfit("SC421", found, "Rename the class, or add it to the events", value)
        return self._shaper.record(cls).dump_tagged(value, name)

    def dump_any(self, value: Any) -> dict[str, Any]:
        """Write an event that may belong to another chart, as a `Send` may hold."""
        if value.__class__ in self._classes:
            return self.dump(value)
        if value.__class__ is NamedEvent:
            return self._dump_named(value)
        try:
            record = self._shaper.record(value.__class__)
        except (Misfit, TypeError, AttributeError):
            raise unwritable("an event", value) from None
        return record.dump_tagged(value, record.name)

    def _dump_named(self, value: NamedEvent) -> dict[str, Any]:
        if value.data.__class__ is not dict:
            raise unwritable("a dict of data", value)
        return tagged(value.name, _whole(value, ANY.dump, value.data))

    def schema(self, definitions: Definitions) -> JsonSchema:
        """Return the schema of any event."""
        return definitions.ref(self, "event", self._choices)  # type: ignore[no-any-return]

    def message_schema(self, definitions: Definitions) -> JsonSchema:
        """Return the schema of an event, or of what answers a run's own timers and calls."""
        return definitions.ref(  # type: ignore[no-any-return]
            (self, "message"), "message", lambda inner: self._with(self._own, inner)
        )

    def kept_schema(self, definitions: Definitions) -> JsonSchema:
        """Return the schema of an event that waits in a snapshot."""
        return definitions.ref(  # type: ignore[no-any-return]
            (self, "kept"), "waiting", lambda inner: self._with(self._kept, inner)
        )

    def _with(self, own: dict[str, Record], definitions: Definitions) -> JsonSchema:
        choices = [record.tagged_schema(definitions, name) for name, record in own.items()]
        if self._open or any(map(is_completion, self.names)):
            choices.append(_named_schema({"type": "string", "pattern": _COMPLETION}))
        return {"anyOf": [self.schema(definitions), *choices]}

    def _choices(self, definitions: Definitions) -> JsonSchema:
        records = dict(self.records)
        for name, cls in named_subclasses(self._classes).items():
            if name not in self.known and name not in self._said:
                records[name] = self._shaper.record(cls)
        choices = [r.tagged_schema(definitions, name) for name, r in records.items()]
        if self._open:
            apart = [{"enum": [*records, *self._said]}, {"pattern": _COMPLETION}]
            choices.append(_named_schema({"type": "string", "not": {"anyOf": apart}}))
        elif self.names:
            names = [name for name in self.names if not is_completion(name)]
            choices.append(_named_schema({"enum": names}))
        return {"anyOf": choices}


def _any_json(load: Any, dump: Any) -> Shape:
    """Return a shape that is any JSON to a schema."""
    return Shape("JSON", load, dump, ANY.schema, ANY.kinds, (object,))


def _whole(value: object, function: Callable[[Any], Any], data: object) -> Any:
    """Call a function with the data of a named event; a mistake is one of the whole event."""
    try:
        return function(data)
    except Misfit as misfit:
        misfit.within(None, value)
        raise


def _brought(chart: Chart, shaper: Shaper) -> Shape:
    """Return the shape of the data of completions: that of final states, or plain JSON."""
    classes = (node.data for node in chart.states if node.kind is StateKind.FINAL)
    found = dict.fromkeys(cls for cls in classes if cls is not None)
    return shaper.of(reduce(or_, found) | None) if found else ANY


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
        shaper.special = self._special
        self._known: dict[str, type] = {wire_name(cls): cls for cls in LIBRARY}
        self._records: dict[type, Record] = {}  # the library's are worked out when they are needed
        for cls in known:
            self._add(cls)
        for cls in FAMILY:
            self._known.setdefault(wire_name(cls), cls)  # a chart may have one of that name

    def _add(self, cls: type) -> Record:
        name = wire_name(cls)
        known = self._known.get(name, cls)
        if known is not cls and known not in FAMILY:
            found = f"two effects have the name {name!r}"
            raise Misfit("SC422", found, "Give their classes different names", cls)
        record = self._record(cls)
        self._known[name] = cls
        return record

    def _record(self, cls: type) -> Record:
        found = self._records.get(cls)
        if found is None:
            found = self._records[cls] = self._shaper.record(cls)
        return found

    def _special(self, cls: Any) -> dict[str, Shape]:
        """Return the shapes of an effect's fields whose annotations do not say all."""
        special: dict[str, Shape] = {}
        if not isinstance(cls, type):
            return special
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
        if cls is Tell:
            special["event"] = self._events.told_shape()
        if issubclass(cls, (Spawn, Child)):
            special["context"] = _any_json(ANY.load, self._dump_context)
        if issubclass(cls, Each):
            special["calls"] = _array_of(
                "calls", self._load_call, self._dump_call, self.call_schema
            )
        return special

    def _dump_context(self, value: Any) -> Any:
        if attrs.has(value.__class__):
            return self._shaper.record(value.__class__).dump(value)
        return ANY.dump(value)

    def load(self, value: Any, _: Any = None) -> Any:
        """Read an effect."""
        if value.__class__ is not dict:
            raise wrong("an effect", value, 'Give an object with its "type"')
        cls = self._known.get(tag_of(value, self._known))
        if cls is None:
            misfit = unknown_type(value, self._known)
            misfit.remedy += "; name classes of your own: Protocol(…, effects=(SendMail,))"
            raise misfit
        return self._record(cls).load_tagged(value)

    def dump(self, value: Any) -> dict[str, Any]:
        """Write an effect."""
        record = self._records.get(value.__class__)
        if record is None:
            if not isinstance(value, Effect):
                raise unwritable("an effect", value)
            try:
                record = self._add(value.__class__)
            except Misfit as misfit:
                misfit.within(None, value)
                raise
        return record.dump_tagged(value, record.name)

    def load_call(self, value: Any, cls: type[Call[Any]]) -> Call[Any]:
        """Read a call of a class, or of a subclass of it that is imported."""
        tag = value.get(TAG) if value.__class__ is dict else None
        if isinstance(tag, str) and tag not in self._known:
            found = subclass_named(tag, (cls,))
            if found is not None:
                self._add(found)
        call = self._load_call(value)
        if isinstance(call, cls):
            return call
        raise wrong(f"an instance of {cls.__name__}", value, "Give the call that was made").within(
            TAG, value
        )

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
        return definitions.ref((self, "call"), "call", self._calls)  # type: ignore[no-any-return]

    def _calls(self, definitions: Definitions) -> JsonSchema:
        calls = {name: cls for name, cls in self._known.items() if issubclass(cls, Call)}
        return {"anyOf": self._schemas(definitions, calls)}

    def schema(self, definitions: Definitions) -> JsonSchema:
        """Return the schema of any effect: those that are known, and others by their tag."""
        other = {"type": "string", "not": {"enum": [*self._known]}}
        return {"anyOf": [*self._schemas(definitions, self._known), _named_schema(other)]}

    def _schemas(self, definitions: Definitions, known: Mapping[str, type]) -> list[JsonSchema]:
        return [self._record(cls).tagged_schema(definitions, name) for name, cls in known.items()]


def _array_of(
    what: str,
    load: Callable[[Any], Any],
    dump: Callable[[Any], Any],
    schema: Callable[[Any], Any],
) -> Shape:
    """Return the shape of a tuple whose members are read and written by functions."""

    def load_all(value: Any, _: Any = None) -> Any:
        if value.__class__ is not list:
            raise wrong(f"an array of {what}", value)
        return tuple(each_of(load, value))

    return Shape(
        *(what, load_all, lambda value: [dump(one) for one in value]),
        lambda inner: {"type": "array", "items": schema(inner)},
        *(frozenset({"array"}), (tuple,)),
    )
