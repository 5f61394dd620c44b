"""XState and Stately: machines as JSON, read and written in the forms of version 5 and 4.

The document is a machine's config, as Stately's tools and ``JSON.stringify(machine.config)`` write
it, or its definition, which ``JSON.stringify(machine)`` writes and which says less. An object
around it may hold it under ``machine``, ``config`` or ``definition``. ``docs/from-xstate.md``
says what becomes of each key. Where XState differs from SCXML, a warning says so (SC652).

Version 4 and 5 differ in what a transition does with its own state: in 5 it stays active unless
``reenter`` is true, in 4 it is left unless ``internal`` is true or a target begins with a dot. The
version is passed, or seen from the document (see `version_of`); the other one is tried where the
likelier one refuses it, and where both do, the likelier one says why.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Final

from statecharts.interop.documents import Document
from statecharts.interop.syntax import json
from statecharts.interop.xstate.syntax import (
    FIVE,
    FOUR,
    Notes,
    configured,
    is_definition,
    unwrapped,
    version_of,
    versions_of,
)
from statecharts.interop.xstate.transitions import Delays, Reading
from statecharts.interop.xstate.writer import differences, dumps
from statecharts.model.chart import Chart
from statecharts.model.errors import DefinitionError, StatechartError

__all__ = ["dumps", "load", "loads", "version_of"]

_NONE: Final[Delays] = MappingProxyType({})


def load(path: str | PathLike[str], *, version: int | None = None, delays: Delays = _NONE) -> Chart:
    """Return the chart of a file.

    A machine without an id is named after the file.

    Args:
        path: The file.
        version: The version of XState that it is written for, 4 or 5; None to see it from the file.
        delays: The times of the delays that the machine names.

    Raises:
        DocumentError: The file cannot be read as a machine (SC601 to SC606).
        DefinitionError: The machine has mistakes; all of them are listed, with their lines.
    """
    return _read(Document.read(path), Path(path).stem, version, delays)


def loads(text: str | bytes, *, version: int | None = None, delays: Delays = _NONE) -> Chart:
    """Return the chart of a string (see `load`).

    >>> text = '{"id": "lamp", "initial": "dark", "states": {"dark": {"on": {"FLIP": "lit"}}, '
    >>> lamp = loads(text + '"lit": {"on": {"FLIP": "dark"}, "after": {"1000": "dark"}}}}')
    >>> [transition.targets for transition in lamp.transitions]
    [('lit',), ('dark',), ('dark',)]
    """
    return _read(Document.of(text), "machine", version, delays)


def _read(document: Document, name: str, version: int | None, delays: Delays) -> Chart:
    if version not in (None, FOUR, FIVE):
        found = f"version is {version!r}"
        raise StatechartError("SC606", document.name, found, "Pass 4 or 5, or leave it out")
    held = json.loads(document)
    versions = versions_of(unwrapped(held, Notes(document))) if version is None else (version,)
    refused: list[DefinitionError] = []
    for one in versions:
        notes = Notes(document)
        machine = unwrapped(held, notes)
        if refused:
            found = f"XState {versions[0]} would refuse this machine; it is read as one for XState"
            found = f"{found} {one}"
            notes.add("SC652", found, f"Pass version={one} to say so", machine.line, "the machine")
        if is_definition(machine):
            machine = configured(machine, one, notes)
        chart = Reading(machine, name, one, delays, notes).chart()
        if not notes.refused:
            differences(chart, notes, one)
        try:
            return notes.settle(chart)
        except DefinitionError as error:
            refused.append(error)
    raise refused[0]
