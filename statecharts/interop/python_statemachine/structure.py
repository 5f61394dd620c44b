"""Structure: the states of a file or a class as the states of a chart.

The shape of a file is checked first, and all faults of it are reported at once, with lines. A class
is read through its public attributes. Whatever corrupts that library's tables is refused; behaviour
that differs from its documentation or from SCXML is a warning. Sections are those of
https://www.w3.org/TR/2015/REC-scxml-20150901/; "D" is its Appendix D.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations, pairwise
from os import PathLike
from pathlib import Path
from typing import Any, Final, cast, final

from statemachine import HistoryState, State, StateChart
from statemachine.utils import humanize_id

from statecharts.interop.documents import Document, DocumentError
from statecharts.interop.drafts import Draft, assemble, identify
from statecharts.interop.findings import Findings
from statecharts.interop.grammar import several
from statecharts.interop.python_statemachine.content import ClassContent, FileContent
from statecharts.interop.python_statemachine.hosts import Slot, Spot, Stage, callback_of, give_host
from statecharts.interop.python_statemachine.syntax import (
    DOCUMENT,
    Source,
    check,
    is_set,
    sound,
)
from statecharts.interop.python_statemachine.transitions import ClassTransitions, FileTransitions
from statecharts.interop.python_statemachine.writer import origin_of
from statecharts.interop.syntax import json as json_syntax
from statecharts.interop.syntax import yaml
from statecharts.interop.syntax.located import JSON, YAML, Located, Words
from statecharts.model.chart import HISTORY, Always, Chart, Default, StateKind, Transition
from statecharts.model.hooks import Hook
from statecharts.model.named import Bound, within
from statecharts.model.suggestions import did_you_mean

_FORMATS: Final[Mapping[str, tuple[Callable[[Document], Any], Words]]] = {
    "yaml": (yaml.loads, YAML),
    "json": (json_syntax.loads, JSON),
}


def load(path: str | PathLike[str]) -> Chart:
    """Return the chart of a file: JSON where the extension is ``.json``, else YAML.

    A chart without a name in the document is named after the file.

    Raises:
        DocumentError: Nothing can be made of the file (SC601 to SC607).
        DefinitionError: The document has faults, or the chart in it; it lists them with lines.
    """
    form = "json" if Path(path).suffix.lower() == ".json" else "yaml"
    return _read(Document.read(path), form, Path(path).stem)


def loads(text: str, format: str = "yaml") -> Chart:
    """Return the chart of a text in a format, ``yaml`` or ``json`` (see `load`).

    >>> lamp = loads("states: {dark: {transitions: [{event: flip, target: lit}]}, lit: {}}")
    >>> lamp["dark"].transitions[0].targets
    ('lit',)
    """
    document = Document.of(text)
    if format not in _FORMATS:
        remedy = did_you_mean(format, _FORMATS, "Say 'yaml' or 'json'")
        raise document.error("SC606", f"that library has no format {format!r}", remedy)
    return _read(document, format, "statechart")


def _read(document: Document, format: str, name: str) -> Chart:
    read, words = _FORMATS[format]
    held = read(document)
    if not isinstance(held, Located):
        found = words.told("the document is not {object}")
        raise document.error("SC606", found, "Begin with 'states:', and the states inside it", 1)
    if not isinstance(held.get("states"), dict) or not held["states"]:
        near = next((key for key in held if key not in DOCUMENT), "")
        otherwise = words.told("Put the states into {object} 'states'")
        remedy = did_you_mean(near, ("states",), otherwise)
        raise document.error("SC606", "the document has no states", remedy, held.at("states"))
    findings = Findings(document, words)
    check(held, findings)
    said = held.get("name")
    named = said if isinstance(said, str) and said else name
    if findings.refused:
        raise findings.refuse(named)
    return findings.settle(_FileReading(held, findings).chart(named))


@final
class _FileReading:
    def __init__(self, held: Located, findings: Findings) -> None:
        self.held = held
        self.findings = findings
        self.document = findings.document
        self.root = Draft("", StateKind.COMPOUND, held.line, held)
        self._grow()
        drafts = identify(self.root, self.document)
        self.drafts = [draft for draft in drafts.values() if draft is not self.root]
        ids: dict[str, str] = {draft.name: draft.id for draft in self.drafts}
        self.content = FileContent(findings, ids, frozenset(self._events()))
        self.transitions = FileTransitions(findings, drafts, self.content)

    def chart(self, name: str) -> Chart:
        """Return the chart; it is not checked yet."""
        root, content = self.root, self.content
        root.name = name
        root.doc = self.held.get("description") or ""
        root.entry.extend(self._data())
        root.default = self.transitions.initial(root, [])
        for draft in self.drafts:
            self._fill(draft)
        self.transitions.tell_order()
        if content.coded is not None:
            found = "content that needs a data model is kept as names, and never evaluated"
            remedy = "Bind functions to them: chart.bind(guards={…}, actions={…})"
            self.findings.add("SC651", found, remedy, *content.coded)
        return assemble(root, self.findings)

    def _grow(self) -> None:
        waiting = [self.root]
        while waiting:
            parent = waiting.pop()
            for key in ("states", "history"):
                held = parent.source.get(key) or Located()
                for name in held:
                    said = held[name] or Located((), held.at(name))
                    kind = _kind_in_file(said, key)
                    waiting.append(parent.add(Draft(name, kind, held.at(name), said)))

    def _events(self) -> Iterator[str]:
        for draft in self.drafts:
            for item in draft.source.get("transitions") or []:
                yield from (item.get("event") or "").split()

    def _data(self) -> Iterator[Hook]:
        data = self.held.get("datamodel")
        if isinstance(data, Located):
            for name, expr in data.items():
                yield self.content.data({"id": name, "expr": expr}, data.at(name))
        for item in data if isinstance(data, list) else ():
            yield self.content.data(item, item.line)

    def _fill(self, draft: Draft) -> None:
        said, content = cast("Located", draft.source), self.content
        content.element = draft.id
        draft.entry.extend(content.actions(said, "enter"))
        draft.exit.extend(content.actions(said, "exit"))
        if draft.kind is StateKind.FINAL and said.get("donedata") is not None:
            draft.entry.append(content.donedata(said["donedata"]))
        elif said.get("donedata") is not None:
            remedy = "Remove it, or make the state final"
            found = "only a final state has donedata"
            content.refuse("SC612", found, remedy, said.at("donedata"))
        for item in several(said.get("invoke")):
            id, service = item.get("id") or "invoke", content.service(item)
            draft.call(id, service, self.findings, item.line)
        self.transitions.read(draft)


def _kind_in_file(said: Located, key: str) -> StateKind:
    if key == "history":
        deep = said.get("type") == "deep"
        return StateKind.DEEP_HISTORY if deep else StateKind.SHALLOW_HISTORY
    if is_set(said.get("final")):
        return StateKind.FINAL
    if is_set(said.get("parallel")):
        return StateKind.PARALLEL
    return StateKind.COMPOUND if said.get("states") else StateKind.ATOMIC


def from_class(
    cls: type[StateChart[Any]],
    *,
    host: Any = None,
    listeners: tuple[object, ...] = (),
    immediate: bool = False,
    **options: Any,
) -> Chart:
    """Return the chart that a class of python-statemachine declares.

    ``attach(Machine(from_class(cls)))`` runs it. Guards and actions call the methods that the class
    names, and fill their parameters as that library does. Events are sent by name, their payload by
    field: ``machine.send(NamedEvent("pay", {"amount": 4}))``. The value of ``"*"`` in a payload
    arrives as positional arguments.

    Guards are asked inside the step. An action is an effect of its name, whose methods `attach` has
    called once the step is over; with ``immediate=True`` they are called inside the step, as there,
    where guards see what they change, and a step that fails cannot undo what they did.

    Args:
        cls: The class.
        host: The object whose methods are called. By default an instance of the class, made without
            starting its engine; an instance of it, which `unstarted` makes; any other object is the
            model of such an instance, and its attributes are found as well. False leaves names
            open, for `Chart.bind`.
        listeners: Objects whose attributes are found as well, behind those of the class.
        immediate: Whether actions run inside the step.
        options: The arguments of the constructor of the class.

    Raises:
        DocumentError: It is not a class of python-statemachine (SC606).
        DefinitionError: The class, or the chart in it, has faults; it lists them all.

    >>> from statecharts import Machine, NamedEvent
    >>> from statecharts.interop.python_statemachine import attach
    >>> class Door(StateChart):
    ...     shut, open = State(initial=True), State(final=True)
    ...     push = shut.to(open, on="creak")
    ...     def creak(self, force=1):
    ...         print("cre", "e" * force, "k", sep="")
    >>> attach(Machine(from_class(Door))).send(NamedEvent("push", {"force": 3})).handled
    creeeek
    True
    """
    given: object = cls
    if not (isinstance(given, type) and issubclass(given, StateChart)):
        kind = given if isinstance(given, type) else type(given)
        what = "" if kind is given else "an instance of "
        found = f"{what}{kind.__name__} was given, not a class of python-statemachine"
        remedy = "Pass a class that inherits from StateChart or StateMachine"
        remedy = f"Pass {kind.__name__} itself" if issubclass(kind, StateChart) else remedy
        if isinstance(getattr(given, "chart", None), Chart):
            remedy = "It is a chart of this library already: use its attribute chart"
        raise DocumentError("SC606", "from_class", found, remedy)
    source, name = Source.of(cls), cls.__name__
    findings, stage = Findings(source.document), Stage(cls)
    stage.immediate = immediate
    if not sound(cls, source, findings, written=origin_of(cls) is not None):
        raise findings.refuse(name)
    if host is not False:
        try:
            own = give_host(stage, host, listeners, options)
        except TypeError as error:
            found = f"an instance of the class cannot be made: {error}"
            remedy = "Pass what its constructor takes: from_class(cls, name=value), or a host"
            findings.add("SC612", found, remedy, source.line, name)
            raise findings.refuse(name) from error
        if not own:
            found = "the host runs an engine of its own, which takes what the host sends"
            remedy = "Make it with python_statemachine.unstarted(cls, …)"
            findings.add("SC652", found, remedy, source.line, name)
    stage.chart = _ClassReading(stage, source, findings, open_=host is False).chart()
    return findings.settle(stage.chart)


@final
class _ClassReading:
    def __init__(self, stage: Stage, source: Source, findings: Findings, *, open_: bool) -> None:
        cls = self.cls = stage.cls
        self.stage, self.source, self.findings = stage, source, findings
        self.origin = origin_of(cls)
        self.root = Draft(cls.__name__, StateKind.COMPOUND, source.line)
        self.root.doc = inspect.cleandoc(vars(cls).get("__doc__") or "")
        self._grow()
        identify(self.root, source.document)
        self.drafts = [draft for draft in self.root.walk() if draft is not self.root]
        stage.ids = {draft.source.id: draft.id for draft in self.drafts}
        stage.sources = {draft.id: draft.source for draft in self.drafts}
        self.content = ClassContent(stage, findings, open_=open_)
        self.transitions = ClassTransitions(stage, source, self.content, self.origin)

    def chart(self) -> Chart:
        """Return the chart; it is not checked yet."""
        self.stage.prepare = self.content.prepare()
        self.root.default = self._start()
        for draft in self.drafts:
            self._fill(draft)
        lines = (line for draft in self.drafts for line in draft.source.transitions)
        heard = {event.id for line in lines for event in line.events}
        waits = heard & {"error.execution", "error", "error.*", "*"}
        self.stage.catching = self.cls.catch_errors_as_events and bool(waits)
        if self.origin is None:
            _tell_differences(self.drafts, self.stage, self.content)
            self.content.at(self.source.line, self.cls.__name__)
            _tell_flags(self.stage, self.content)
            if self.content.callbacks and not self.stage.immediate:
                _tell_timing(self.drafts, self.content)
        return assemble(self.root, self.findings)

    def _grow(self) -> None:
        waiting = [(self.root, "", list(self.cls.states))]
        while waiting:
            parent, prefix, states = waiting.pop()
            for state in self._ordered(states):
                path = f"{prefix}{state.id}"
                draft = Draft(self._name(state), _class_kind(state), self.source.lines.get(path))
                draft.source, draft.meta = state, _notes(state)
                parent.add(draft)
                waiting.append((draft, f"{path}.", [*state.states, *state.history]))
        if self.origin is not None:
            self.root.kind = self.origin.chart.root.kind

    def _ordered(self, states: list[State]) -> list[State]:
        """Return siblings in document order, which is that of their definition."""
        if self.origin is None:
            return states
        numbers = self.origin.numbers
        return sorted(states, key=lambda state: numbers.get(state.id, len(numbers)))

    def _name(self, state: State) -> str:
        if self.origin is not None and state.id in self.origin.ids:
            return self.origin.chart[self.origin.ids[state.id]].name
        return state.id

    def _start(self) -> Transition | None:
        """Return what enters the chart."""
        if self.root.kind is StateKind.PARALLEL:
            return None
        values = self.cls.start_configuration_values
        first = [self.cls.states_map[value] for value in values if value in self.cls.states_map]
        if not first and self.cls.initial_state is not None:
            first = [self.cls.initial_state]
        targets = tuple(self.stage.ids[state.id] for state in first)
        return Transition("", Default(), targets) if targets else None

    def _fill(self, draft: Draft) -> None:
        state, content = cast("State", draft.source), self.content
        spot = Spot(self.stage, draft.id)
        content.at(draft.line, f"{self.cls.__name__}.{draft.id}")
        if draft.kind in HISTORY:
            draft.default = self.transitions.memory(draft)
            return
        draft.entry.extend(content.actions(state.enter, Slot.ENTER, spot))
        leaving = list(state.exit)
        if draft.kind is StateKind.FINAL and draft.parent is self.root:
            leaving = [spec for spec in leaving if not spec.is_convention]  # it is never left
        draft.exit.extend(content.actions(leaving, Slot.EXIT, spot))
        content.services(draft, state)
        if draft.kind is StateKind.COMPOUND:
            draft.default = self.transitions.initial(draft)
        self.transitions.read(draft)


def _class_kind(state: State) -> StateKind:
    if state.is_history:
        deep = cast("HistoryState", state).type.is_deep
        return StateKind.DEEP_HISTORY if deep else StateKind.SHALLOW_HISTORY
    if state.final:
        return StateKind.FINAL
    if state.parallel:
        return StateKind.PARALLEL
    return StateKind.COMPOUND if state.states else StateKind.ATOMIC


def _notes(state: State) -> dict[str, Any]:
    """Return what a class says of a state that no run depends on."""
    found: dict[str, Any] = {}
    if str(state.name) != humanize_id(state.id):
        found["name"] = str(state.name)
    value = state.value
    if value != state.id or not isinstance(value, str):
        found["value"] = value if isinstance(value, str | int | float | bool) else repr(value)
    return found


def _tell_differences(drafts: list[Draft], stage: Stage, content: ClassContent) -> None:
    histories = frozenset(draft.id for draft in drafts if draft.kind in HISTORY)
    for draft in drafts:
        content.at(draft.line, f"{stage.cls.__name__}.{draft.id}")
        if draft.kind is StateKind.PARALLEL:
            _tell_order(draft, content)
            _tell_priority(draft, content)
        for transition in draft.transitions:
            into = [target for target in transition.targets if target in histories]
            if into and any(map(_is_content, transition.emit)):
                found = f"that library runs the actions of its transition to {into[0]!r} twice"
                content.differs(found, "Expect them once (SCXML 3.10)")
        if content.open and any(list(line.validators) for line in draft.source.transitions):
            found = "its validators are guards here, and have to answer"
            content.differs(found, "Bind functions that return whether it may go on")


def _tell_order(draft: Draft, content: ClassContent) -> None:
    """Document order, D: enterStates."""
    inside = [one for one in draft.walk() if one.kind not in HISTORY]
    for early, late in pairwise(inside):
        if early.source.document_order >= late.source.document_order:
            found = f"that library enters and leaves {late.name!r} out of document order"
            content.differs(found, "Expect document order (SCXML 3.13)")
            return


def _tell_priority(draft: Draft, content: ClassContent) -> None:
    """Priority of regions, D: selectTransitions and removeConflictingTransitions."""
    leaving = [(region, set(_leaving(region, draft))) for region in draft.children]
    for (one, mine), (other, others) in combinations(leaving, 2):
        both = sorted(mine & others)
        if both:
            found = f"{one.name!r} and {other.name!r} both leave it on {both[0]!r}; "
            found += "that library prefers the one entered first"
            content.differs(found, "Expect the earlier in the document to win (SCXML 3.13)")
            return


def _tell_flags(stage: Stage, content: ClassContent) -> None:
    """Tell what the flags of a class, and the delays of its events, change."""
    if not stage.cls.allow_event_without_transition:
        found = "that library raises TransitionNotAllowed for an event that nothing handles"
        content.differs(found, "Run it as Machine(chart, on_unhandled='raise') to be told")
    if stage.catching and not stage.immediate:
        found = "that library handles error.execution inside the step that failed"
        content.differs(found, "Expect it as an event of its own, or pass immediate=True")
    for event in stage.cls.events:
        if event.delay:
            found = f"that library delays the event {event.id!r} by {event.delay:g} ms, always"
            content.differs(found, "Have its sender wait")


def _tell_timing(drafts: list[Draft], content: ClassContent) -> None:
    """Actions run once the step is over; there, they run inside it."""
    remedy = "Pass immediate=True to from_class if that matters"
    asking = next((draft for draft in drafts if any(map(_asks, draft.transitions))), None)
    if asking is not None:
        found = f"the guard of an eventless transition of {asking.id!r} is asked before the "
        found += "actions of the step are run; that library asks it after"
        content.differs(found, remedy)
    raising = (one for one in content.callbacks if any(map(_raises, one.functions)))
    for callback in list(raising)[:1]:
        found = f"what {callback.name!r} raises is sent once the step is over; "
        content.differs(f"{found}that library handles it inside the step", remedy)


def _leaving(region: Draft, outer: Draft) -> Iterator[str]:
    """Yield the events on which something in a region leaves the parallel state."""
    for draft in region.walk():
        for line in draft.source.transitions:
            inside = (above is outer.source for t in line.targets for above in t.ancestors())
            if line.targets and not any(inside):
                yield from (str(event) for event in line.events)


def _is_content(hook: Hook) -> bool:
    """Tell whether an action comes between exits and entries, as far as that is known."""
    callback = callback_of(hook)
    return callback is None or callback.slot is Slot.ON


def _asks(line: Transition) -> bool:
    """Tell whether a transition is eventless and asks a host."""
    asked = () if line.guard is None else within(line.guard)
    bound = any(isinstance(guard.function, Bound) for guard in asked)
    return isinstance(line.trigger, Always) and bound


def _raises(function: Any) -> bool:
    """Tell whether the code of a function mentions ``raise_``."""
    try:
        code = inspect.unwrap(function.code).__code__
    except (AttributeError, ValueError):
        return False
    return "raise_" in code.co_names
