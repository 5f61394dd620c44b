"""Reader: a machine's JSON, made a chart."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, final

from statecharts.interop.documents import Document
from statecharts.interop.drafts import Draft, assemble, identify
from statecharts.interop.syntax import json as json_syntax
from statecharts.interop.syntax.located import Located, unplaced
from statecharts.interop.xstate.definitions import configured, is_definition
from statecharts.interop.xstate.differences import differences
from statecharts.interop.xstate.finals import settle_finals
from statecharts.interop.xstate.lines import Lines
from statecharts.interop.xstate.notes import Notes, element
from statecharts.interop.xstate.structure import documented, named, planted, unwrapped
from statecharts.interop.xstate.targets import Targets
from statecharts.interop.xstate.transitions import Transitions
from statecharts.interop.xstate.versions import version_of
from statecharts.model.chart import HISTORY, Chart, Default, StateKind, Transition
from statecharts.model.errors import StatechartError
from statecharts.model.hooks import Hook

Delays = Mapping[str, timedelta]

VERSIONS: Final = (None, 4, 5)


def read(document: Document, name: str, version: int | None, delays: Delays) -> Chart:
    """Return the chart of a document.

    Args:
        document: The document.
        name: What the chart is called when the machine has no id.
        version: 4, 5, or None to see it from the document.
        delays: How long the delays are that the machine names.

    Raises:
        DocumentError: Nothing can be made of the document.
        DefinitionError: Something is wrong with the machine; all of it is told.
    """
    if version not in VERSIONS:
        found = f"version is {version!r}"
        raise StatechartError("SC606", document.name, found, "Say 4 or 5, or leave it out")
    notes = Notes(document)
    machine = unwrapped(json_syntax.loads(document), notes)
    version = version or version_of(machine)
    if is_definition(machine):
        machine = configured(machine, version, notes)
    chart = Reading(machine, name, version, delays, notes).chart()
    if not notes.findings.refused:
        differences(chart, notes, version)
    return notes.findings.settle(chart)


def read_again(machine: dict[str, Any]) -> Chart:
    """Return the chart of a machine that has been written just now; it is not checked.

    Raises:
        DocumentError: It is too deep to be read.
    """
    notes = Notes(Document.of(""))
    held = unwrapped(unplaced(machine), notes)
    return Reading(held, "machine", version_of(held), {}, notes).chart()


@final
class Reading:
    """A machine being read."""

    def __init__(
        self, machine: Located, name: str, version: int, delays: Delays, notes: Notes
    ) -> None:
        self.notes = notes
        self.version = version
        self.delays = delays
        self.root = planted(machine, name, notes)
        self.drafts = identify(self.root, notes.document)
        said = machine.get("delimiter")
        delimiter = said if isinstance(said, str) and said and version == 4 else "."  # noqa: PLR2004
        self.targets = Targets(self.root, named(self.root, notes), version, delimiter)

    def chart(self) -> Chart:
        """Fill in what happens, and return the chart; it is not checked yet."""
        readers = {i: self._reader(draft) for i, draft in self.drafts.items()}
        for i, draft in self.drafts.items():
            documented(draft, self.notes)
            if draft.kind not in HISTORY:
                self._initial(draft, readers[i])
        for i, draft in self.drafts.items():
            if draft.kind in HISTORY:
                self._history(draft, readers[i])
        for i, draft in self.drafts.items():
            Lines(draft, readers[i], self.delays).fill()
        settle_finals(self.root, self.notes)
        return assemble(self.root, self.notes.document)

    def _reader(self, draft: Draft) -> Transitions:
        return Transitions(self.notes, self.targets, draft, self.version)

    def _initial(self, draft: Draft, reader: Transitions) -> None:
        source: Located = draft.source
        said, at = source.get("initial"), source.at("initial")
        if draft.kind is not StateKind.COMPOUND:
            if said is not None:
                found = f"the initial state of a state that is {draft.kind.value} means nothing"
                self.notes.add("SC651", found, "Take it out", at, element(draft, "initial"))
                draft.meta["initial"] = self.notes.plain(said, at, element(draft, "initial"))
            return
        if not draft.children:
            return
        value = said if isinstance(said, Located) else Located({"target": said}, at)
        child = self._initial_child(draft, value)
        if child is None:
            return
        emit = reader.actions.read(value.get("actions"), value.at("actions"), "initial")
        notes = {k: v for k, v in value.items() if k not in ("target", "actions")}
        if notes:
            draft.meta["initial"] = self.notes.plain(notes, at, element(draft, "initial"))
        location = self.notes.document.place(at)
        draft.default = Transition(
            draft.id, Default(), (child.id,), emit=tuple(emit), location=location
        )

    def _initial_child(self, draft: Draft, value: Located) -> Draft | None:
        target, at, where = value.get("target"), value.at("target"), element(draft, "initial")
        names = [child.name for child in draft.children]
        if target is None:
            found = "nothing says which of the states inside it is initial"
            remedy = f'Write "initial": "{names[0]}", or another of them'
            self.notes.add("SC612", found, remedy, at, element(draft))
            draft.default = Transition(draft.id, Default(), (draft.children[0].id,))
            return None
        if isinstance(target, list) and len(target) == 1:
            target = target[0]
        child = None
        if isinstance(target, str):
            child = self.targets.children(draft).get(target)
            if child is None and target[:1] in ("#", self.targets.delimiter[:1]):
                child = self.targets.find(draft, target)
        if child is None or child.parent is not draft:
            text = f"the initial state {target!r} is none of those inside"
            if not isinstance(target, str):
                text = "the initial state is no name"
            otherwise = f"Name one of those inside, {names[0]!r} for one"
            remedy = self.notes.suggestions.remedy(str(target)[:200], names, otherwise)
            self.notes.add("SC101", text, remedy, at, where)
            draft.default = Transition(draft.id, Default(), (draft.children[0].id,))
            return None
        return child

    def _history(self, draft: Draft, reader: Transitions) -> None:
        parent = draft.parent
        if parent is None:  # noted already
            return
        said, at = draft.source.get("target"), draft.source.at("target")
        states = reader.states(said, at, "target")
        emit: tuple[Hook, ...] = ()
        if states:
            ids = tuple(state.id for state in states)
        elif parent.kind is StateKind.PARALLEL:
            ids = tuple(c.id for c in parent.children if c.kind not in HISTORY)
        elif parent.default is not None:
            ids, emit = parent.default.targets, parent.default.emit
        else:
            return
        location = self.notes.document.place(at)
        draft.default = Transition(draft.id, Default(), ids, emit=emit, location=location)
