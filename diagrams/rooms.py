"""Rooms: a chart of the folders of `statecharts` and their imports.

Each room is a state, each import of one room by another a transition. An arrow that others imply,
as `cli` to `model` is implied by `cli` to `drawing` to `model`, is left out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Final

import statecharts
from statecharts.model.chart import ROOT, Always, Chart, StateKind, StateNode, Transition

CORE: Final = ("machine", "declare", "kernel", "checks", "semantics", "model")
"""The rooms that import only attrs from outside the standard library."""

_PACKAGE: Final = Path(statecharts.__file__).parent


@cache
def chart_of_rooms(package: Path = _PACKAGE) -> Chart:
    """Return the chart of a package's rooms, those above before those below; it is read once.

    Raises:
        graphlib.CycleError: Rooms import one another in a circle.

    >>> Transition("cli", Always(), ("drawing",)) in chart_of_rooms()["cli"].transitions
    True
    """
    imports = reduced(imports_of(package))
    floors: dict[str, int] = {}
    for room in TopologicalSorter(imports).static_order():
        floors[room] = max((floors[other] + 1 for other in imports[room]), default=0)
    order = sorted(imports, key=lambda room: (-floors[room], room))
    ids = {room: f"core.{room}" if room in CORE else room for room in order}
    states = [
        StateNode(
            ids[room],
            StateKind.ATOMIC,
            room,
            parent="core" if room in CORE else ROOT,
            transitions=tuple(
                Transition(ids[room], Always(), (ids[other],))
                for other in order
                if other in imports[room]
            ),
        )
        for room in order
    ]
    inner = [state for state in states if state.parent == "core"]
    outer = [state for state in states if state.parent == ROOT]
    below = tuple(state.id for state in inner)
    core = StateNode("core", StateKind.COMPOUND, "core", children=below)
    top = (*(state.id for state in outer), core.id)
    root = StateNode(ROOT, StateKind.COMPOUND, "Rooms", parent=None, children=top)
    return Chart("Rooms", root, (*outer, core, *inner))


def imports_of(package: Path) -> dict[str, set[str]]:
    """Return the rooms of a package, each with the rooms that its modules import.

    Imports inside functions count, and those that only type checkers see.
    """
    found: dict[str, set[str]] = {}
    for path in sorted(package.rglob("*.py")):
        room = path.relative_to(package).parts[0].removesuffix(".py")
        if not room.startswith("__"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found.setdefault(room, set()).update(_imported(tree, package.name))
    return {room: {other for other in found if other in to} - {room} for room, to in found.items()}


def _imported(tree: ast.Module, package: str) -> Iterator[str]:
    """Return the rooms that a module imports, among other names of the package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{name.name}" for name in node.names]
        else:
            continue
        for name in names:
            top, _, rest = name.partition(".")
            if top == package:
                yield rest.partition(".")[0]


def reduced(imports: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Return the imports that no others imply: the transitive reduction.

    >>> reduced({"cli": {"drawing", "model"}, "drawing": {"model"}, "model": set()})
    {'cli': {'drawing'}, 'drawing': {'model'}, 'model': set()}
    """
    below: dict[str, set[str]] = {}
    for room in TopologicalSorter(imports).static_order():
        below[room] = imports[room].union(*(below[other] for other in imports[room]))
    return {
        room: {other for other in to if not any(other in below[between] for between in to)}
        for room, to in imports.items()
    }
