"""Files: chart files of any format, recognised by their extension."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from statecharts.interop.documents import Document
from statecharts.model.chart import Chart
from statecharts.model.suggestions import nearest

_DOORS: Final = {
    ".scxml": ("SCXML", "scxml"),
    ".xml": ("SCXML", "scxml"),
    ".yaml": ("python-statemachine YAML", "python_statemachine"),
    ".yml": ("python-statemachine YAML", "python_statemachine"),
    ".json": ("XState JSON, or python-statemachine JSON", ""),
    ".toml": ("Swarm TOML", "swarm"),
}

_OTHERS: Final = {
    ".db": "a store",
    ".jsonl": "lines of JSON",
    **dict.fromkeys(
        (".dot", ".gv", ".mermaid", ".mmd", ".pdf", ".plantuml", ".png", ".puml", ".svg"),
        "a picture",
    ),
}
"""Descriptions of the library's own files, by extension."""

FORMATS: Final[Mapping[str, str]] = MappingProxyType({e: name for e, (name, _) in _DOORS.items()})
"""The known formats, by extension."""


def load(
    path: str | PathLike[str],
    variables: Mapping[str, str] | None = None,
    xstate_version: int | None = None,
) -> dict[str, Chart]:
    """Return the charts of a file by their names, in document order.

    The extension decides; a ``.json`` file is XState's or python-statemachine's by its content.

    Args:
        path: The file.
        variables: The values of ``${NAME}``, in the format that has variables.
        xstate_version: The version of XState that the file is for; None to see it there.

    Raises:
        DocumentError: No format has that extension, or the file cannot be read.
        DefinitionError: Something is wrong with the chart; it lists all faults.

    >>> load("chart.docx")
    Traceback (most recent call last):
    statecharts.interop.documents.DocumentError: [SC606] chart.docx: …
    """
    extension = Path(path).suffix.lower()
    if extension not in _DOORS:
        near = None
        if extension in _OTHERS:
            found = f"it is {_OTHERS[extension]}, not a chart"
        elif extension:
            found = f"no format has the extension {extension!r}"
            near = nearest(extension, FORMATS)
        else:
            found = "it has no extension"
        remedy = f"Charts are read from {', '.join(FORMATS)}"
        remedy = f"Did you mean {near}? {remedy}" if near else remedy
        raise Document(str(path), "").error("SC606", found, remedy)
    door = _DOORS[extension][1] or _json_door(Document.read(path))
    module = import_module(f"statecharts.interop.{door}")
    if door == "swarm":
        charts: dict[str, Chart] = module.load(path, variables or {})
        return charts
    said = door == "xstate" and xstate_version is not None
    chart: Chart = module.load(path, version=xstate_version) if said else module.load(path)
    return {chart.name: chart}


def _json_door(document: Document) -> str:
    from statecharts.interop.syntax import json  # noqa: PLC0415 - imported when it is needed

    return "python_statemachine" if _is_state_machine(json.loads(document)) else "xstate"


_OF_ROOT: Final = frozenset({"name", "description", "datamodel", "states"})
_OF_STATE_MACHINE: Final = frozenset({"enter", "final", "parallel", "transitions", "donedata"})
_OF_XSTATE: Final = frozenset(
    {"after", "always", "entry", "id", "meta", "on", "onDone", "tags", "target", "type"}
)


def _is_state_machine(held: Any) -> bool:
    """Tell whether a document is python-statemachine's rather than XState's.

    Its root has four keys only, and its states have ``initial: true`` or a list of transitions,
    where those of XState name their initial child and have an object ``on``. A document that could
    be either is XState's.
    """
    if not isinstance(held, dict) or not set(held) <= _OF_ROOT:
        return False
    if "datamodel" in held or "name" in held:
        return True
    waiting = [held.get("states")]
    while waiting:
        states = waiting.pop()
        for state in states.values() if isinstance(states, dict) else ():
            if not isinstance(state, dict):
                continue
            if _OF_XSTATE & set(state) or isinstance(state.get("initial"), str):
                return False
            if _OF_STATE_MACHINE & set(state) or isinstance(state.get("initial"), bool):
                return True
            waiting.append(state.get("states"))
    return False
