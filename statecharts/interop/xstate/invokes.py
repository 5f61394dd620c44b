"""Invocations: what a state starts when it is entered and stops when it is left."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, final

from attrs import frozen

from statecharts.interop.drafts import Draft
from statecharts.interop.syntax.located import Located
from statecharts.interop.xstate.notes import Notes, element
from statecharts.interop.xstate.targets import MACHINE, path_of
from statecharts.model.effects import Invoke

EVENTS: Final = {
    "onDone": "done.invoke.",
    "onError": "error.platform.",
    "onSnapshot": "xstate.snapshot.",
}
"""What the events of an invocation begin with, by the key of the transitions that they take."""

_KNOWN: Final = frozenset({"id", "src", "input", "data", "type", *EVENTS})
_QUIET: Final = frozenset({"description", "meta", "systemId", "key"})


@final
@frozen
class Invoked:
    """One invocation.

    Attributes:
        effect: What starts it.
        source: The object that says it; its transitions are there.
        meta: What the file says about it besides.
        place: How messages call it.
    """

    effect: Invoke
    source: Located
    meta: dict[str, Any]
    place: str


@final
class Invokes:
    """Reads the invocations of one state.

    Args:
        notes: Where what is wrong is noted.
        draft: The state.
        machine: The id of the machine.
        version: 4 or 5.
    """

    def __init__(self, notes: Notes, draft: Draft, machine: str, version: int) -> None:
        self.notes = notes
        self.draft = draft
        self.machine = machine
        self.version = version

    def read(self) -> Iterator[Invoked]:
        """Yield the invocations, in document order; what is wrong is noted."""
        held = self.draft.source.get("invoke")
        line = self.draft.source.at("invoke")
        if held is None:
            return
        for i, one in enumerate(held if isinstance(held, list) else [held]):
            place = f"invoke[{i}]" if isinstance(held, list) else "invoke"
            value = Located({"src": one}, line) if isinstance(one, str) else one
            if not isinstance(value, Located):
                wanted = "the name of a service, or an object with src"
                self.notes.wrong(wanted, one, line, element(self.draft, place))
                continue
            found = self._one(value, i, place)
            if found is not None:
                yield found

    def _one(self, value: Located, i: int, place: str) -> Invoked | None:
        where = element(self.draft, place)
        said = value.get("id")
        if said is not None and (not isinstance(said, str) or not said):
            self.notes.wrong("an id, a text", said, value.at("id"), where)
            return None
        name = said or self._default_id(i)
        data = self._data(value, where)
        source = self._source(value, i, data, where)
        if source is None:
            return None
        meta: dict[str, Any] = {}
        for key, held in value.items():
            if key in _KNOWN:
                continue
            if key not in _QUIET and held not in (None, False):
                found = f"{key!r} of an invocation means nothing to a run; it is kept in its meta"
                remedy = "Have whoever runs the service do it"
                self.notes.add("SC651", found, remedy, value.at(key), where)
            if held is not None:
                meta[key] = self.notes.plain(held, value.at(key), where)
        return Invoked(Invoke(name, source, data), value, meta, place)

    def _default_id(self, i: int) -> str:
        own = self.draft.source.get("id")
        if not isinstance(own, str) or not own:
            own = ".".join([self.machine or MACHINE, *path_of(self.draft)])
        return f"{own}:invocation[{i}]" if self.version == 4 else f"{i}.{own}"  # noqa: PLR2004

    def _data(self, value: Located, where: str) -> dict[str, Any]:
        key = "input" if "input" in value else "data"
        given = self.notes.plain(value.get(key), value.at(key), where)
        if given is None:
            return {}
        return given if isinstance(given, dict) else {key: given}

    def _source(self, value: Located, i: int, data: dict[str, Any], where: str) -> str | None:
        """Return what to start: a name, or the text of a machine; None for neither."""
        source = value.get("src")
        at = value.at("src")
        if isinstance(source, str) and source:
            return source
        if isinstance(source, Located) and isinstance(source.get("type"), str):
            if "states" not in source:
                rest = {key: held for key, held in source.items() if key != "type"}
                data.update(self.notes.plain(rest, at, where) or {})
                return str(source["type"])
        if isinstance(source, Located) and source:
            return json.dumps(self.notes.plain(source, at, where), ensure_ascii=False)
        if source is None:
            name = f"inline:{self.draft.id or MACHINE}#invoke[{i}]"
            found = "the invocation does not say what it starts: a function that JSON cannot hold"
            self.notes.add("SC652", found, f"Start what {name!r} stands for", at, where)
            return name
        self.notes.wrong("the name of a service", source, at, where)
        return None
