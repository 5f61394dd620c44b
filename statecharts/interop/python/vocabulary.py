"""Vocabulary: the classes that a written module declares or imports, and what it calls them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Any, Final, final

import attrs
from attrs import define, field

from statecharts.interop.findings import Losses
from statecharts.interop.python.classes import is_importable
from statecharts.interop.python.fields import Parameters
from statecharts.interop.python.imports import Imports
from statecharts.interop.python.layout import (
    Brackets,
    Labelled,
    Piece,
    docstring,
    literal,
    quoted,
)
from statecharts.interop.python.names import Names, bears, class_name, legible
from statecharts.interop.python.spans import span
from statecharts.model.chart import Chart, EventType, OnEvent
from statecharts.model.effects import (
    Action,
    CancelInvoke,
    CancelSend,
    Effect,
    Invoke,
    Raise,
    Send,
)
from statecharts.model.events import NamedEvent
from statecharts.model.hooks import Hook
from statecharts.model.named import Bound, Give, parts

PLATFORM: Final = ("done.", "error.", "xstate.")
"""How the events begin that a run, a service or a library makes; there is no class for them."""

_LONGEST: Final = 80
"""How long a name may be on the first line of a docstring."""


@final
@define
class Word:
    """A class that the module declares for a name of the file.

    Attributes:
        name: The name in the file.
        cls: The name of the class.
        uses: The parameters that each use of it has.
        parameters: Its fields.
    """

    name: str
    cls: str
    uses: list[Mapping[str, Any]] = field(factory=list)
    parameters: Parameters = field(factory=Parameters)


@final
class Vocabulary:
    """The classes of one module.

    Args:
        charts: The charts that the module declares.
        names: The names of the module.
        imports: Its imports.
        losses: Where losses go.
    """

    def __init__(
        self, charts: Iterable[Chart], names: Names, imports: Imports, losses: Losses
    ) -> None:
        self.names = names
        self.losses = losses
        self.imports = imports
        self.need, self.reference = imports.need, imports.reference
        self.events: dict[str, Word] = {}
        self.effects: dict[str, Word] = {}
        self._classes: dict[str, type] = {}
        self._prefixes: set[str] = set()
        self._collect(tuple(charts))

    def event(self, descriptor: type | str) -> tuple[str, bool]:
        """Return an event of a line as code, and whether that names a class."""
        if isinstance(descriptor, type):
            return self.reference(descriptor), True
        cls = self._class(descriptor)
        if cls is None or descriptor in self._prefixes:  # it means the longer names as well
            return quoted(descriptor), False
        return cls, True

    def class_of(self, event: EventType) -> str | None:
        """Return the class of an event, as code; None when it has none."""
        return self._class(event.name)

    def has_class(self, name: str) -> bool:
        """Tell whether a name on the wire has an event class."""
        return name in self._classes or name in self.events

    def effect(self, effect: Effect) -> Piece:
        """Return an effect as the call that makes it."""
        match effect:
            case Action(name, data):
                word = self.effects[name]
                return Brackets(f"{word.cls}(", word.parameters.arguments(data))
            case Raise(event):
                return Brackets(f"{self.need('Raise')}(", (self._instance(event),))
            case Send(event, delay, identity, target, kind):
                named = {"id": identity, "target": target, "type": kind}
                items: list[Piece] = [self._instance(event, outside=target is not None)]
                if delay is not None:
                    self.need("timedelta")
                    items.append(Labelled("delay=", span(delay)))
                items += [Labelled(f"{k}=", literal(v)) for k, v in named.items() if v is not None]
                return Brackets(f"{self.need('Send')}(", tuple(items))
            case Invoke(identity, source, data):
                items = [literal(identity), Labelled("source=", literal(source))]
                items += [Labelled("data=", literal(dict(data)))] if data else []
                return Brackets(f"{self.need('Invoke')}(", tuple(items))
            case CancelSend(identity) | CancelInvoke(identity):
                name = self.need(type(effect).__name__)
                return Brackets(f"{name}(", (literal(identity),))
            case _:
                return self._built(effect)

    def annotation(self, descriptors: Iterable[type | str]) -> str:
        """Return the type of the event in a moment: the union of the classes, or `Any`."""
        named = [self.event(one) for one in dict.fromkeys(descriptors)]
        if not named or len(named) > 3 or not all(is_class for _, is_class in named):  # noqa: PLR2004 - more say no more
            return self.need("Any")
        return " | ".join(name for name, _ in named)

    def event_classes(self) -> Iterator[list[str]]:
        """Yield the declarations of the event classes, as lines."""
        for word in self.events.values():
            if word.name not in self._classes:
                given = f"__wire_name__ = {quoted(word.name)}"
                own = [] if bears(word.cls, word.name) else [given]
                yield self._declaration(word, "", own)

    def effect_classes(self) -> Iterator[list[str]]:
        """Yield the declarations of the effect classes, as lines."""
        for word in self.effects.values():
            yield self._declaration(word, f"({self.need('Effect')})", [])

    def _declaration(self, word: Word, base: str, own: list[str]) -> list[str]:
        self.need("frozen")
        if word.parameters.wants_any:
            self.need("Any")
        said = _one_line(f"``{word.name}``.")
        if len(said) > _LONGEST:  # a name is not broken
            said = f"As the file has it:\n{said}"
        doc = docstring(said, 4)
        fields = [*own, *(one.text for one in word.parameters.fields)]
        head = ["@frozen", f"class {word.cls}{base}:", *doc]
        return [*head, *([""] if fields else []), *(f"    {line}" for line in fields)]

    def _collect(self, charts: tuple[Chart, ...]) -> None:
        for chart in charts:
            for event in chart.events:
                self._collect_event(event)
            for transition in chart.transitions:
                if isinstance(transition.trigger, OnEvent):
                    for descriptor in transition.trigger.events:
                        if isinstance(descriptor, str):
                            self._new_event(descriptor)
            for node in chart.nodes.values():
                for hook in node.hooks:
                    self._collect_hook(hook)
        for word in self.effects.values():
            word.parameters = Parameters.of(word.uses)
        for word in self.events.values():
            word.parameters = Parameters.of(word.uses, optional=True)

    def _collect_event(self, event: EventType) -> None:
        if event.cls is not None and is_importable(event.cls):
            self._classes[event.name] = event.cls
            return
        if event.cls is not None:
            found = f"the event {event.cls.__name__} cannot be imported"
            self.losses.add("SC671", found, "Declare it in a module")
        self._new_event(event.name)

    def _collect_hook(self, hook: Hook) -> None:
        function = hook.function
        if isinstance(function, Bound):
            function = function.reference
        if getattr(function, "brings", ()):
            found = f"what {hook.name} brings to the completion of its parent is not written"
            self.losses.add("SC673", found, "Give the final state data of its own")
        match function:
            case Give(Action(name, data)):
                if name not in self.effects:
                    wanted = class_name(legible(name), "Effect")
                    self.effects[name] = Word(name, self.names.take(wanted, f"{wanted}Effect"))
                self.effects[name].uses.append(data)
            case Give(Raise(NamedEvent(name, data))):
                self._new_event(name, data)
            case Give(Send(NamedEvent(name, data), _, _, None, _)):
                self._new_event(name, data)
            case _:
                for part in parts(hook):
                    self._collect_hook(part)

    def _new_event(self, name: str, data: Mapping[str, Any] | None = None) -> None:
        """Note an event; give it a class if one can bear its name."""
        self._prefixes.update(list(prefixes(name))[:-1])
        if name not in self.events:
            wanted = class_name(name, "Event")
            plain = (
                "*" not in name
                and not f"{name}.".startswith(PLATFORM)
                and name not in self._classes
            )
            if not plain:
                return
            self.events[name] = Word(name, self.names.take(wanted, f"{wanted}Event"))
        if data:
            self.events[name].uses.append(data)

    def _class(self, name: str) -> str | None:
        if name in self._classes:
            return self.reference(self._classes[name])
        return self.events[name].cls if name in self.events else None

    def _instance(self, event: Any, *, outside: bool = False) -> Piece:
        """Return an event as the call that makes it."""
        if not isinstance(event, NamedEvent):
            return self._built(event)
        if event.name in self.events and not (outside and event.data):
            word = self.events[event.name]
            return Brackets(f"{word.cls}(", word.parameters.arguments(event.data))
        data = (literal(event.data),) if event.data else ()
        return Brackets(f"{self.need('NamedEvent')}(", (literal(event.name), *data))

    def _built(self, value: Any) -> Piece:
        """Return an instance of an attrs class as the call that makes it."""
        cls = type(value)
        if not attrs.has(cls) or not is_importable(cls):
            found = f"{value!r} cannot be written as code"
            self.losses.add("SC672", found, "Declare its class in a module")
            return repr(value)
        items = tuple(
            Labelled(f"{one.alias}=", literal(getattr(value, one.name)))
            for one in attrs.fields(cls)
            if one.init
        )
        return Brackets(f"{self.reference(cls)}(", items)


def prefixes(name: str) -> Iterator[str]:
    """Yield the names that a descriptor may have to match a name: its dotted prefixes.

    >>> list(prefixes("error.timeout"))
    ['error', 'error.timeout']
    """
    yield from accumulate(name.split("."), "{}.{}".format)


def _one_line(text: str) -> str:
    return " ".join(text.split())
