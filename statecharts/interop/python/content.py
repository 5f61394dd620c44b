"""Content: the classes of events and effects of a written module, its guards and its actions.

Data of a chart becomes code that does the same. What the chart knows by name alone, or has as code
that cannot be imported, becomes a function that raises until somebody writes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final, final

import attrs
from attrs import define, evolve, field, frozen

from statecharts.interop.drafts import free
from statecharts.interop.findings import Losses
from statecharts.interop.python.syntax import (
    STEP,
    WIDTH,
    Imports,
    Names,
    class_name,
    docstring,
    function_name,
    is_importable,
    legible,
    literal,
    quoted,
    span,
)
from statecharts.model.chart import Chart, OnEvent, StateNode, Trigger
from statecharts.model.effects import Action, CancelSend, Effect, Raise, Send, Service
from statecharts.model.events import NamedEvent, wire_name
from statecharts.model.hooks import Hook
from statecharts.model.named import (
    AllOf,
    AnyOf,
    Bound,
    Branch,
    Choose,
    Give,
    Holds,
    In,
    Named,
    NamedDelay,
    Not,
    within,
)
from statecharts.model.nodes import Invocation


@final
@frozen
class Parameter:
    """A parameter by its key in the file, with a name and a type in Python, as text."""

    key: str
    name: str
    type: str
    optional: bool


@final
@frozen
class Parameters:
    """The parameters that several uses of one name have between them, required ones first."""

    fields: tuple[Parameter, ...] = ()

    @classmethod
    def of(cls, uses: Sequence[Mapping[str, Any]], *, optional: bool = False) -> Parameters:
        """Return the parameters of some uses; ``optional`` when further ones may lack them.

        >>> [p.type for p in Parameters.of([{"maxTries": 3, "to": "a"}, {"maxTries": 4}]).fields]
        ['int', 'str | None']
        """
        found: list[Parameter] = []
        for key in dict.fromkeys(key for use in uses for key in use):
            values = [use[key] for use in uses if key in use]
            missing = optional or len(values) < len(uses)
            name = function_name(str(key), "field")
            name = free(f"{name}_" if name == "m" else name, [one.name for one in found])
            found.append(Parameter(key, name, _type([*values, *([None] * missing)]), missing))
        return cls(tuple(sorted(found, key=lambda one: one.optional)))

    def call(self, name: str, data: Mapping[str, Any], *first: str) -> str:
        """Return the call of a class or a function with the values of one use."""
        given = (f"{one.name}={literal(data[one.key])}" for one in self.fields if one.key in data)
        return f"{name}({', '.join([*first, *given])})"


def _type(values: Iterable[Any]) -> str:
    """Return the type that holds all of some values."""
    values = list(values)
    kinds = dict.fromkeys(map(_kind, values))
    if "float" in kinds:
        kinds.pop("int", None)
    lists = [kind for kind in kinds if kind.startswith("list[")]
    if len(lists) > 1:
        members = {_type(value) for value in values if isinstance(value, list) and value}
        inner = members.pop() if len(members) == 1 else "Any"
        kinds = {k: v for k, v in kinds.items() if not k.startswith("list[")}
        kinds[f"list[{inner}]"] = None
    if "None" in kinds:  # comes last
        kinds["None"] = kinds.pop("None")
    return " | ".join(kinds) if kinds else "Any"


def _kind(value: Any) -> str:
    match value:
        case None:
            return "None"
        case bool() | int() | float() | str():
            return type(value).__name__
        case dict():
            return "dict[str, Any]"
        case list() | tuple():
            return f"list[{_type(value)}]"
        case _:
            return "str"


_PLATFORM: Final = ("done.", "error.", "xstate.")
"""The first words of events that a run, a service or a library makes; they have no class."""

_LONGEST: Final = 80  # how long a name may be on the first line of a docstring


@final
@define
class _Word:
    """A class that the module declares for a name of the file, with the values of each use."""

    name: str
    cls: str
    uses: list[Mapping[str, Any]] = field(factory=list)
    parameters: Parameters = field(factory=Parameters)


@final
class Vocabulary:
    """The classes of events and effects of a module of some charts, declared there or imported."""

    def __init__(
        self, charts: Iterable[Chart], names: Names, imports: Imports, losses: Losses
    ) -> None:
        self.names = names
        self.losses = losses
        self.need, self.reference = imports.need, imports.reference
        self.events: dict[str, _Word] = {}
        self.effects: dict[str, _Word] = {}
        self._classes: dict[str, type] = {}
        self._prefixes: set[str] = set()
        for chart in charts:
            self._collect(chart)
        for word in self.effects.values():
            word.parameters = Parameters.of(word.uses)
        for word in self.events.values():
            word.parameters = Parameters.of(word.uses, optional=True)

    def event(self, descriptor: type | str) -> tuple[str, bool]:
        """Return an event of a transition as code, and whether that names a class."""
        if isinstance(descriptor, type):
            return self.reference(descriptor), True
        if not self.has_class(descriptor) or descriptor in self._prefixes:  # of longer names
            return quoted(descriptor), False
        return self.event_class(descriptor), True

    def event_class(self, name: str) -> str:
        """Return the class of an event that has one, as code."""
        cls = self._classes.get(name)
        return self.events[name].cls if cls is None else self.reference(cls)

    def has_class(self, name: str) -> bool:
        """Tell whether a name on the wire has an event class."""
        return name in self._classes or name in self.events

    def effect(self, effect: Effect) -> str:
        """Return an effect as the call that makes it."""
        match effect:
            case Action(name, data):
                word = self.effects[name]
                return word.parameters.call(word.cls, data)
            case Raise(event):
                return f"{self.need('Raise')}({self._instance(event)})"
            case Send(event, delay, identity, target, kind):
                items = [self._instance(event, outside=target is not None)]
                if delay is not None:
                    self.need("timedelta")
                    items.append(f"delay={span(delay)}")
                options = {"id": identity, "target": target, "type": kind}
                items += [f"{k}={literal(v)}" for k, v in options.items() if v is not None]
                return f"{self.need('Send')}({', '.join(items)})"
            case Service(source, data):
                given = f", {literal(dict(data))}" if data else ""
                return f"{self.need('Service')}({literal(source)}{given})"
            case CancelSend(identity):
                return f"{self.need('CancelSend')}({literal(identity)})"
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
                known = wire_name(type(word.cls, (), {})) == word.name
                own = [] if known else [f"__wire_name__ = {quoted(word.name)}"]
                yield self._declaration(word, "", own)

    def effect_classes(self) -> Iterator[list[str]]:
        """Yield the declarations of the effect classes, as lines."""
        for word in self.effects.values():
            yield self._declaration(word, f"({self.need('Effect')})", [])

    def fields(self, parameters: Parameters) -> list[str]:
        """Return parameters as classes and functions declare them."""
        if any("Any" in one.type for one in parameters.fields):
            self.need("Any")
        ends = {True: " = None", False: ""}
        return [f"{one.name}: {one.type}{ends[one.optional]}" for one in parameters.fields]

    def _declaration(self, word: _Word, base: str, own: list[str]) -> list[str]:
        self.need("frozen")
        doc = f"{_quoted(word.name)}."
        if len(doc) > _LONGEST:  # a name stays in one piece
            doc = f"As the file has it:\n{doc}"
        fields = [*own, *self.fields(word.parameters)]
        head = ["@frozen", f"class {word.cls}{base}:", *docstring(doc, STEP)]
        return [*head, *([""] if fields else []), *(f"    {line}" for line in fields)]

    def _collect(self, chart: Chart) -> None:
        for event in chart.events:
            if event.cls is not None and is_importable(event.cls):
                self._classes[event.name] = event.cls
                continue
            if event.cls is not None:
                found = f"the event {event.cls.__name__} cannot be imported"
                self.losses.add("SC671", found, "Declare it in a module")
            self._new_event(event.name)
        for transition in chart.transitions:
            for descriptor in transition.events:
                if isinstance(descriptor, str):
                    self._new_event(descriptor)
        for node in chart.nodes.values():
            for hook in within(*node.hooks):
                self._collect_hook(hook)

    def _collect_hook(self, hook: Hook) -> None:
        function = reference(hook)
        if getattr(function, "brings", ()):
            found = f"what {hook.name} brings to the completion of its parent is not written"
            self.losses.add("SC673", found, "Give the final state data of its own")
        match function:
            case Give(Action(name, data)):
                if name not in self.effects:
                    wanted = class_name(legible(name), "Effect")
                    self.effects[name] = _Word(name, self.names.take(wanted, f"{wanted}Effect"))
                self.effects[name].uses.append(data)
            case Give(Raise(NamedEvent(name, data)) | Send(NamedEvent(name, data), target=None)):
                self._new_event(name, data)
            case _:
                pass

    def _new_event(self, name: str, data: Mapping[str, Any] | None = None) -> None:
        """Note an event; give it a class if one can have its name."""
        self._prefixes.update(list(prefixes(name))[:-1])
        if name not in self.events:
            if "*" in name or f"{name}.".startswith(_PLATFORM) or name in self._classes:
                return
            wanted = class_name(name, "Event")
            self.events[name] = _Word(name, self.names.take(wanted, f"{wanted}Event"))
        if data:
            self.events[name].uses.append(data)

    def _instance(self, event: Any, *, outside: bool = False) -> str:
        """Return an event as the call that makes it."""
        if not isinstance(event, NamedEvent):
            return self._built(event)
        if event.name in self.events and not (outside and event.data):
            word = self.events[event.name]
            return word.parameters.call(word.cls, event.data)
        data = f", {literal(event.data)}" if event.data else ""
        return f"{self.need('NamedEvent')}({literal(event.name)}{data})"

    def _built(self, value: Any) -> str:
        cls = type(value)
        if not attrs.has(cls) or not is_importable(cls):
            found = f"{value!r} cannot be written as code"
            self.losses.add("SC672", found, "Declare its class in a module")
            return repr(value)
        fields = (one for one in attrs.fields(cls) if one.init)
        items = (f"{one.alias}={literal(getattr(value, one.name))}" for one in fields)
        return f"{self.reference(cls)}({', '.join(items)})"


def prefixes(name: str) -> Iterator[str]:
    """Yield the names that a descriptor may have to match a name: its dotted prefixes.

    >>> list(prefixes("error.timeout"))
    ['error', 'error.timeout']
    """
    yield from accumulate(name.split("."), "{}.{}".format)


@final
@frozen
class Place:
    """The place of a hook: the name for its function, and what the moment there has.

    Attributes:
        events: The events that it may be called on; None when that is not known.
        indent: How far in its line may begin; a lambda has to fit on that.
    """

    name: str
    data: type | None
    events: tuple[type | str, ...] | None = None
    indent: int = 0

    @classmethod
    def of(cls, node: StateNode, role: str, trigger: Trigger | None = None) -> Place:
        """Return the place of a hook of a state, or of one of its transitions."""
        events = trigger.events if isinstance(trigger, OnEvent) else None
        return cls(role, node.data, events, STEP * (node.id.count(".") + 2))

    def fits(self, text: str) -> bool:
        """Tell whether a text fits on a line there."""
        return self.indent + len(text) <= WIDTH


@final
@frozen
class _Test:
    """A guard as an expression over the moment ``m``, with its outermost ``and`` or ``or``."""

    text: str
    operator: str = ""
    opposite: _Test | None = None

    @property
    def grouped(self) -> str:
        return f"({self.text})" if self.operator else self.text

    def negated(self) -> _Test:
        if self.text in ("True", "False"):
            return _Test(str(self.text == "False"))
        return self.opposite or _Test(f"not {self.grouped}", opposite=self)


@final
@define(eq=False)
class Functions:
    """The functions of a module, in the order in which they are first needed."""

    vocabulary: Vocabulary
    names: Names
    imports: Imports
    losses: Losses
    guards: list[list[str]] = field(factory=list)
    actions: list[list[str]] = field(factory=list)
    states: Mapping[str, str] = field(factory=dict)
    """The states of the present chart as code, by the ids that hooks name."""
    known: set[str] = field(factory=set)
    """The states that are declared already; type checkers know only them."""
    _early: bool = False
    _named: dict[str, tuple[str, Parameters]] = field(factory=dict)
    _stubs: dict[int | str, str] = field(factory=dict)

    def expect(self, uses: Iterable[tuple[Named, Place]]) -> None:
        """Declare the guards that are known by name, each with all that is known of its uses."""
        known: dict[str, list[tuple[Named, Place]]] = {}
        for use in uses:
            known.setdefault(use[0].name, []).append(use)
        for name, several in known.items():
            parameters = Parameters.of([guard.data for guard, _ in several])
            called = self.names.take(function_name(legible(name), "guard"))
            self._named[name] = (called, parameters)
            every = [place.events for _, place in several]
            events = dict.fromkeys(event for use in every for event in use or ())
            data = {place.data for _, place in several}
            shared = data.pop() if len(data) == 1 else None
            place = Place(called, shared, None if None in every else tuple(events))
            items = [self._moment(place, "m"), *self.vocabulary.fields(parameters)]
            if parameters.fields:
                items.insert(1, "*")
            docs = dict.fromkeys(guard.doc for guard, _ in several if guard.doc)
            doc = "\n\n".join([f"Tell whether {_quoted(name)} holds.", *docs])
            head = f"def {called}({', '.join(items)}) -> bool:"
            self.guards.append([head, *docstring(doc, STEP), _unwritten("guard")])

    def guard(self, hook: Hook, place: Place) -> str:
        """Return what ``when=`` takes for a guard."""
        self._early = False
        text = self._condition(hook, place).text
        if text.removesuffix("(m)").isidentifier() and text.endswith("(m)"):
            return text.removesuffix("(m)")
        written = f"lambda {_parameter(text, '_')}: {text}"
        if place.fits(f"when={written},") and not self._early:
            return written
        asked, doc = f"may_{place.name}", f"Tell whether {_quoted(hook.name)} holds"
        body = [f"    return {text}"]
        return self._function(evolve(place, name=asked), "bool", doc, body)

    def action(self, hooks: tuple[Hook, ...], place: Place) -> str:
        """Return what ``entry=``, ``exit=`` and ``emit=`` take for some actions."""
        given = [reference(hook) for hook in hooks]
        effects = [one.effect for one in given if isinstance(one, Give)]
        if len(effects) == len(hooks):
            made = ", ".join(map(self.vocabulary.effect, effects))
            written = f"lambda _: {made}" if len(effects) == 1 else f"lambda _: ({made})"
            if place.fits(f"entry={written},"):
                return written
        elif len(hooks) == 1 and not isinstance(given[0], Choose):
            return self._code(hooks[0], place, "Effect | Iterable[Effect] | None")
        body = [line for hook in hooks for line in self._statements(hook, place, STEP)]
        result = f"{self.imports.need('Iterator')}[{self.imports.need('Effect')}]"
        done = "; ".join(hook.name for hook in hooks)
        return self._function(place, result, f"Do {_quoted(done)}", body)

    def call(self, call: Invocation, place: Place) -> str:
        """Return what ``invoke=`` takes for a call: the function that makes it, if it has one."""
        if call.make is None:
            return "None"
        given, result = reference(call.make), self.imports.reference(call.call)
        if not isinstance(given, Give):
            return self._code(call.make, place, result)
        made = self.vocabulary.effect(given.effect)
        if place.fits(f"invoke={{{quoted(call.name)}: lambda _: {made}}},"):
            return f"lambda _: {made}"
        return self._function(place, result, f"Call {_quoted(call.name)}", [f"    return {made}"])

    def maker(self, hook: Hook, place: Place, verb: str, result: type | None) -> str:
        """Return what ``make=`` and ``update=`` take."""
        shown = self.imports.need("Any") if result is None else self.imports.reference(result)
        return self._code(hook, evolve(place, name=f"{verb}_{place.name}"), shown)

    def delay(self, hook: Hook, place: Place) -> str:
        """Return what ``after`` takes for a delay that a function gives."""
        return self._code(Hook(reference(hook), hook.given), place, self.imports.need("timedelta"))

    def _condition(self, hook: Hook, place: Place) -> _Test:
        match reference(hook):
            case Named(name, data):
                called, parameters = self._named[name]
                return _Test(parameters.call(called, data, "m"))
            case In(state):
                self._early = self._early or state not in self.known
                shown = self.states.get(state, quoted(state))
                outside = _Test(f"{shown} not in m", opposite=_Test(f"{shown} in m"))
                return _Test(f"{shown} in m", opposite=outside)
            case Holds(value):
                return _Test(str(value))
            case Not(guard):
                return self._condition(guard, place).negated()
            case AllOf(guards):
                return self._joined("and", guards, place)
            case AnyOf(guards):
                return self._joined("or", guards, place)
            case _:
                return _Test(f"{self._code(hook, place, 'bool')}(m)")

    def _joined(self, operator: str, guards: tuple[Hook, ...], place: Place) -> _Test:
        """Join guards; those that change nothing are left out."""
        neutral = str(operator == "and")
        tests: list[_Test] = []
        for guard in guards:
            test = self._condition(guard, place)
            if test.text == str(operator == "or"):
                return test
            if test.text != neutral:
                tests.append(test)
        if len(tests) < 2:  # noqa: PLR2004 - nothing to join
            return tests[0] if tests else _Test(neutral)
        texts = (test.text if test.operator == operator else test.grouped for test in tests)
        return _Test(f" {operator} ".join(texts), operator)

    def _statements(self, hook: Hook, place: Place, indent: int) -> list[str]:
        space = " " * indent
        match reference(hook):
            case Give(effect):
                return [f"{space}yield {self.vocabulary.effect(effect)}"]
            case Choose(branches):
                return self._branches(branches, place, indent)
            case _:
                name = self._code(hook, place, "Effect | Iterable[Effect] | None")
                return [f"{space}yield from {self.imports.need('effects_of')}({name}(m))"]

    def _branches(self, branches: tuple[Branch, ...], place: Place, indent: int) -> list[str]:
        space, inner = " " * indent, indent + STEP
        lines: list[str] = []
        for branch in branches:
            test = "True" if branch.guard is None else self._condition(branch.guard, place).text
            if test == "False":
                continue
            head = f"{'elif' if lines else 'if'} {test}:"
            lines.append(f"{space}else:" if lines and test == "True" else space + head)
            body = [s for hook in branch.actions for s in self._statements(hook, place, inner)]
            lines += body or [f"{space}    pass"]
            if test == "True":
                break
        return lines or [f"{space}yield from ()"]

    def _code(self, hook: Hook, place: Place, result: str) -> str:
        """Return the name of a function: an imported one, or one that is still to be written."""
        function = hook.function
        if is_importable(function):
            return self.imports.reference(function)
        key = function.name if isinstance(function, NamedDelay) else id(function)
        if key not in self._stubs:
            if not isinstance(function, Named | NamedDelay):
                found = f"the code of {hook.name!r} is not written, for it cannot be imported"
                self.losses.add("SC672", found, "Make it a function of a module")
            for word in ("Effect", "Iterable"):
                if word in result:
                    self.imports.need(word)
            own = hook.name if hook.name.isidentifier() and hook.name != "lambda" else place.name
            place, shown = evolve(place, name=function_name(own, "code")), _quoted(hook.name)
            doc = f"Tell whether {shown} holds" if result == "bool" else f"Give {shown}"
            self._stubs[key] = self._function(place, result, doc, [_unwritten("function")], "m")
        return self._stubs[key]

    def _function(
        self, place: Place, result: str, doc: str, body: list[str], unused: str = "_m"
    ) -> str:
        """Declare a function of a moment, which may be unused; return its name."""
        name = self.names.take(place.name)
        used = "m" if any(_parameter(line, "") for line in body) else unused
        head = f"def {name}({self._moment(place, used)}) -> {result}:"
        home = self.guards if result == "bool" else self.actions
        home.append([head, *docstring(doc, STEP), *body])
        return name

    def _moment(self, place: Place, name: str) -> str:
        moment, unknown = self.imports.need("Moment"), self.imports.need("Any")
        data = unknown if place.data is None else self.imports.reference(place.data)
        event = unknown if place.events is None else self.vocabulary.annotation(place.events)
        return f"{name}: {moment}[{data}, {event}]"


def reference(hook: Hook) -> Any:
    """Return the function of a hook; for a name that is bound to a function, the name."""
    function = hook.function
    return function.reference if isinstance(function, Bound) else function


def _parameter(code: str, unused: str) -> str:
    """Return the name of the parameter of some code: ``m`` where it uses the moment."""
    return "m" if any(use in code for use in ("(m)", "(m, ", " in m")) else unused


def _unwritten(what: str) -> str:
    return f'    raise NotImplementedError("write this {what}")'


def _quoted(text: str) -> str:
    """Return text of the file on one line, in the quotes of docstrings."""
    return f"``{' '.join(text.split())}``"
