"""Files: charts in the YAML and JSON of python-statemachine.

The shape is looked at here, with lines, and all that is wrong is told at once; what the words mean,
that library's own reader says. Expressions are names, and nothing is evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Final, cast, final

from statemachine.exceptions import InvalidDefinition
from statemachine.io import model
from statemachine.io.native import native_dict_to_definition

from statecharts.interop.documents import Document
from statecharts.interop.drafts import Draft, assemble, identify
from statecharts.interop.findings import Findings
from statecharts.interop.python_statemachine.contents import Contents
from statecharts.interop.python_statemachine.shapes import DOCUMENT, Shapes
from statecharts.interop.syntax import json as json_syntax
from statecharts.interop.syntax import yaml
from statecharts.interop.syntax.located import Located, plain
from statecharts.model.chart import (
    HISTORY,
    Always,
    Chart,
    Default,
    Done,
    OnEvent,
    StateKind,
    Transition,
    TransitionKind,
    Trigger,
)
from statecharts.model.hooks import Hook
from statecharts.model.suggestions import did_you_mean

_FORMATS: Final[Mapping[str, Callable[[Document], Any]]] = {
    "yaml": yaml.loads,
    "json": json_syntax.loads,
}
_EMPTY: Final = Located()


def load(path: str | PathLike[str]) -> Chart:
    """Return the chart of a file, JSON where it is called ``.json`` and else YAML.

    Where the document gives no name, the chart is called like the file.

    Raises:
        DocumentError: Nothing can be made of the file (SC601 to SC606).
        DefinitionError: The document has faults, or the chart in it; each is told with its line.
    """
    form = "json" if Path(path).suffix.lower() == ".json" else "yaml"
    return _read(Document.read(path), form, Path(path).stem)


def loads(text: str, format: str = "yaml") -> Chart:
    """Return the chart of a text.

    Args:
        text: The text.
        format: ``yaml`` or ``json``.

    Raises:
        DocumentError: Nothing can be made of the text.
        DefinitionError: The document has faults, or the chart in it; each is told with its line.

    >>> lamp = loads('''
    ... states:
    ...   dark:
    ...     transitions:
    ...       - {event: flip, target: lit, on: click}
    ...   lit: {final: true}
    ... ''')
    >>> lamp["dark"].transitions[0].targets, lamp.unbound_actions
    (('lit',), ('click',))
    """
    document = Document.of(text)
    if format not in _FORMATS:
        remedy = did_you_mean(str(format), _FORMATS, "Say 'yaml' or 'json'")
        raise document.error("SC606", f"{format!r} is no format of that library", remedy)
    return _read(document, format, "statechart")


def _read(document: Document, format: str, name: str) -> Chart:
    held = _FORMATS[format](document)
    if not isinstance(held, Located):
        found = "the document is no mapping"
        remedy = "Begin with 'states:', and the states inside it"
        raise document.error("SC606", found, remedy, 1)
    if not isinstance(held.get("states"), dict) or not held["states"]:
        found = "the document has no states"
        near = next((key for key in held if key not in DOCUMENT), "")
        remedy = did_you_mean(near, ("states",), "Put the states into a mapping 'states'")
        raise document.error("SC606", found, remedy, held.at("states"))
    findings = Findings(document)
    Shapes(findings).check(held)
    said = held.get("name")
    named = said if isinstance(said, str) and said else name
    if findings.refused:
        raise findings.refuse(named)
    try:
        definition = native_dict_to_definition(plain(held), source_name=named)
    except (InvalidDefinition, LookupError, TypeError, ValueError, AttributeError) as error:
        findings.add("SC612", f"{error}", "Write it as that library reads it", held.line)
        raise findings.refuse(named) from error
    return findings.settle(_Reading(held, definition, findings).chart(named))


@final
class _Reading:
    """Makes the chart of one document."""

    def __init__(
        self, held: Located, definition: model.StateMachineDefinition, findings: Findings
    ) -> None:
        self.held = held
        self.findings = findings
        self.document = findings.document
        self.root = Draft("", StateKind.COMPOUND, held.line)
        self.said: dict[int, model.State | model.HistoryState] = {}
        self._grow(definition)
        self.initial = definition.initial_states
        identify(self.root, self.document)
        self.drafts = [draft for draft in self.root.walk() if draft is not self.root]
        self.by_id = {draft.id: draft for draft in self.drafts}
        self.ids: dict[str, str] = {draft.name: draft.id for draft in self.drafts}
        self.lines: list[tuple[Draft, Located, tuple[str, ...]]] = []
        self.contents = Contents(findings, self.ids, frozenset(self._events()))

    def chart(self, name: str) -> Chart:
        """Return the chart; it is not checked yet."""
        root = self.root
        root.name = name
        root.doc = self.held.get("description") or ""
        root.entry.extend(self._data())
        if self.initial:
            targets = tuple(self.ids[state] for state in self.initial)
            root.default = Transition("", Default(), targets, location=self._place(root.line))
        for draft in self.drafts:
            self._fill(draft)
        self._slots()
        if self.contents.coded is not None:
            line, element = self.contents.coded
            found = "what it says about a data model is kept as names, and nothing evaluates it"
            remedy = "Bind functions to them: chart.bind(guards={…}, actions={…})"
            self.findings.add("SC651", found, remedy, line, element)
        return assemble(root, self.document)

    # -- the tree ----------------------------------------------------------------------------------

    def _grow(self, definition: model.StateMachineDefinition) -> None:
        whole = model.State("", states=definition.states)
        waiting: list[tuple[Draft, model.State, Located]] = [(self.root, whole, self.held)]
        while waiting:
            parent, above, owner = waiting.pop()
            inner: Located = owner["states"] if above.states else _EMPTY
            for name, state in above.states.items():
                said = inner[name] or Located((), inner.at(name))
                draft = Draft(name, _kind(state), inner.at(name), said)
                self.said[id(draft)] = state
                parent.add(draft)
                waiting.append((draft, state, said))
            self._histories(parent, above, owner)

    def _histories(self, parent: Draft, state: model.State, said: Located) -> None:
        for name, history in state.history.items():
            inner: Located = said["history"]
            deep = history.type == "deep"
            kind = StateKind.DEEP_HISTORY if deep else StateKind.SHALLOW_HISTORY
            own = inner[name] or Located((), inner.at(name))
            draft = Draft(name, kind, inner.at(name), own)
            self.said[id(draft)] = history
            parent.add(draft)

    def _events(self) -> Iterator[str]:
        for state in self.said.values():
            for transition in state.transitions:
                yield from (transition.event or "").split()

    def _data(self) -> Iterator[Hook]:
        data = self.held.get("datamodel")
        if isinstance(data, dict):
            said = cast("Located", data)
            for name, expr in said.items():
                yield self.contents.data({"id": name, "expr": expr}, said.at(name))
        for item in data if isinstance(data, list) else ():
            yield self.contents.data(item, item.line)

    # -- states ------------------------------------------------------------------------------------

    def _fill(self, draft: Draft) -> None:
        said: Located = draft.source
        self.contents.element = draft.id
        draft.entry.extend(self.contents.actions(said, "enter"))
        draft.exit.extend(self.contents.actions(said, "exit"))
        if draft.kind is StateKind.FINAL and said.get("donedata") is not None:
            draft.entry.append(self.contents.donedata(said["donedata"]))
        elif said.get("donedata") is not None:
            found = "only a final state has donedata"
            remedy = "Take it away, or make the state final"
            self.findings.add("SC612", found, remedy, said.at("donedata"), draft.id)
        invoked = said.get("invoke") or []
        for number, item in enumerate(invoked if isinstance(invoked, list) else [invoked], 1):
            begin, end = self.contents.invoke(item, f"{draft.name}.{number}")
            draft.entry.append(begin)
            draft.exit.append(end)
        self._transitions(draft, said)

    def _transitions(self, draft: Draft, said: Located) -> None:
        items = said.get("transitions") or []
        lines: list[tuple[Located, model.Transition]] = list(
            zip(items, self.said[id(draft)].transitions, strict=True)
        )
        if draft.kind in HISTORY:
            draft.default = self._default(draft, lines)
            return
        initial = [line for line in lines if line[1].initial]
        if draft.kind is StateKind.COMPOUND:
            draft.default = self._initial(draft, initial)
        elif initial:
            found = "a state that is not compound has an initial transition"
            remedy = "Take it away, or put states inside"
            self.findings.add("SC612", found, remedy, initial[0][0].line, draft.id)
        for item, line in lines:
            if not line.initial:
                draft.transitions.append(self._line(draft, item, line))

    def _initial(
        self, draft: Draft, lines: list[tuple[Located, model.Transition]]
    ) -> Transition | None:
        """Return what enters the child that a transition leads to, or that is marked, or first."""
        inner = [child for child in draft.children if child.kind not in HISTORY]
        marked = [child for child in inner if cast("model.State", self.said[id(child)]).initial]
        targets = tuple(child.id for child in marked or inner[:1])
        found = self._default(draft, lines[:1])
        if found is None:
            return Transition(draft.id, Default(), targets, location=self._place(draft.line))
        if found.emit and found.targets != targets:
            text = "theirs leaves out what the initial transition does: another child is initial"
            remedy = "Mark the child that it leads to with 'initial: true'"
            self._differs(text, remedy, lines[0][0].line, draft)
        return found

    def _default(
        self, draft: Draft, lines: list[tuple[Located, model.Transition]]
    ) -> Transition | None:
        targets: list[str] = []
        emit: list[Hook] = []
        for item, line in lines:
            targets += self._targets(line.target)
            emit += self.contents.actions(item, "on")
            for key in ("event", "cond", "unless", "before", "after"):
                if item.get(key) is not None:
                    found = f"a default transition has no {key!r}"
                    remedy = "Take it away: it is always taken"
                    self.findings.add("SC612", found, remedy, item.at(key), draft.id)
        if not targets:
            return None
        place = self._place(lines[0][0].line)
        return Transition(draft.id, Default(), tuple(targets), emit=tuple(emit), location=place)

    def _line(self, draft: Draft, item: Located, line: model.Transition) -> Transition:
        targets = self._targets(line.target)
        kind = TransitionKind.INTERNAL if line.internal or not targets else TransitionKind.EXTERNAL
        if line.internal and targets == (draft.id,):
            targets = ()
            found = "theirs enters it again on an internal transition to itself"
            self._differs(found, "Expect it to stay, as is documented", item.line, draft)
        into = [self.by_id[target] for target in targets if target in self.by_id]
        emit = [*self.contents.actions(item, "before"), *self.contents.actions(item, "on")]
        if emit and any(target.kind in HISTORY for target in into):
            found = "theirs does twice what a transition to history does"
            self._differs(found, "Expect it once (SCXML 3.10)", item.line, draft)
        emit += self.contents.actions(item, "after")
        self.lines.append((draft, item, targets))
        return Transition(
            draft.id,
            self._trigger(draft, line),
            targets,
            kind,
            guard=self.contents.guard(item),
            emit=tuple(emit),
            location=self._place(item.line),
        )

    def _slots(self) -> None:
        """Tell where ``before`` and ``after`` stand, where it can be seen."""
        for draft, item, targets in self.lines:
            ends = [self.by_id[target] for target in targets if target in self.by_id]
            if item.get("before") is not None and any(near.exit for near in _near(draft)) and ends:
                found = (
                    "theirs does 'before' before anything is left; here it comes just before 'on'"
                )
                self._differs(found, "Put it into an exit", item.at("before"), draft)
            entered = (near for end in ends for near in _near(end))
            if item.get("after") is not None and any(near.entry for near in entered):
                found = "theirs does 'after' when all is entered; here it comes just after 'on'"
                self._differs(found, "Put it into an enter", item.at("after"), draft)

    def _trigger(self, draft: Draft, line: model.Transition) -> Trigger:
        events = tuple((line.event or "").split())
        if not events:
            return Always()
        return Done() if events == (f"done.state.{draft.name}",) else OnEvent(events)

    def _targets(self, text: str | None) -> tuple[str, ...]:
        return tuple(self.ids.get(name, name) for name in (text or "").split())

    def _place(self, line: int | None) -> str | None:
        return None if line is None else self.document.place(line)

    def _differs(self, found: str, remedy: str, line: int, draft: Draft) -> None:
        self.findings.add("SC652", found, remedy, line, draft.id)


def _near(draft: Draft) -> Iterator[Draft]:
    """Yield a state, all inside it and all around it: what is left or entered with it."""
    yield from draft.walk()
    above = draft.parent
    while above is not None and above.parent is not None:
        yield above
        above = above.parent


def _kind(state: model.State) -> StateKind:
    if state.final:
        return StateKind.FINAL
    if state.parallel:
        return StateKind.PARALLEL
    return StateKind.COMPOUND if state.states else StateKind.ATOMIC
