"""Tools that leave the layout to Graphviz: state-machine-cat, python-statemachine, transitions.

Each gets the chart in the nearest form that it has, and writes a graph; one Graphviz, that of
state-machine-cat, lays all of them out, with the sizes of text that it guesses.
`npm install state-machine-cat` in a folder; the variable ``PEERS`` names that folder.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from typing import Any, Final

from benchmarks.contestant import Missing, version_of
from benchmarks.layout import dot_sheet
from benchmarks.layout.peers import Answer, Peer, Work, npm_version, run_node
from statecharts.drawing.model import COMPOSITE, PSEUDO, Box, Picture, Shape, line_text
from statecharts.interop.python_statemachine import to_class

CAT: Final = "state-machine-cat"

_ROOT: Final = "#chart"
_TYPES: Final = {
    Shape.PARALLEL: "parallel",
    Shape.FINAL: "final",
    Shape.INITIAL: "initial",
    Shape.HISTORY: "history",
    Shape.DEEP_HISTORY: "deephistory",
    Shape.FORK: "fork",
}


def _answers(questions: Sequence[dict[str, Any] | None]) -> list[Answer | None]:
    """Return the drawings that graphs become; None for those that there are not."""
    found = iter(run_node("dot.mjs", [one for one in questions if one is not None]))
    return [None if one is None else _answer(next(found)) for one in questions]


def _answer(found: dict[str, Any]) -> Answer | None:
    if "error" in found:
        return None
    size = len(found["svg"].encode())
    return Answer(dot_sheet.read(found["layout"]), size, found["seconds"])


# --- state-machine-cat ----------------------------------------------------------------------------


def machine_of(picture: Picture) -> dict[str, Any]:
    """Return a chart in the JSON of state-machine-cat, each line inside what is around its ends."""
    root = picture.root
    inner: dict[str | None, list[dict[str, Any]]] = {}
    for number, arrow in enumerate(picture.arrows):
        line: dict[str, Any] = {"id": number, "from": arrow.source, "to": arrow.target}
        line = {key: _ROOT if value == "" else value for key, value in line.items()}
        if arrow.label:
            line["label"] = "\n".join(map(line_text, arrow.label))
        other = picture.around(arrow.target)
        home = next((box for box in picture.around(arrow.source) if box in other), None)
        inner.setdefault(home, []).append(line)

    def state(box: Box) -> dict[str, Any]:
        lines = [line_text(line) for line in (*box.data, *box.behaviour)]
        found: dict[str, Any] = {
            "name": box.id or _ROOT,
            "type": _TYPES.get(box.shape, "regular"),
            "label": box.name or picture.name,
            "actions": [{"type": "activity", "body": line} for line in lines],
        }
        return found | ({"statemachine": inside(box)} if box.children else {})

    def inside(box: Box) -> dict[str, Any]:
        states = [state(child) for child in box.children]
        return {"states": states, "transitions": inner.get(box.id, [])}

    if None in inner:  # the chart itself has lines
        return {"states": [state(root)], "transitions": inner[None]}
    return inside(root)


def _draw_cat(works: Sequence[Work]) -> list[Answer | None]:
    return _answers([{"machine": machine_of(work.drawing.picture)} for work in works])


STATE_MACHINE_CAT: Final = Peer(CAT, lambda: npm_version(CAT, CAT), _draw_cat)


# --- Python ---------------------------------------------------------------------------------------


def _drawn(graph: Callable[[Work], str], works: Sequence[Work]) -> list[Answer | None]:
    """Return drawings of what a library writes in DOT; it refuses some charts."""
    questions: list[dict[str, Any] | None] = []
    took = []
    for work in works:
        begun = time.process_time()
        try:
            questions.append({"dot": graph(work)})
        except Exception:  # noqa: BLE001 - whatever a library raises, it does not draw the chart
            questions.append(None)
        took.append(time.process_time() - begun)
    return [
        one and Answer(one.sheet, one.size, one.seconds + seconds)
        for one, seconds in zip(_answers(questions), took, strict=True)
    ]


def _python_version(name: str, *packages: str) -> str | Missing:
    for package in (name, *packages):
        if find_spec(package.removeprefix("python-")) is None:
            return Missing(name, f"{package} is not installed: pip install {package}")
    cat = npm_version(CAT, CAT)  # whose Graphviz it is that is asked
    return Missing(name, cat.reason) if isinstance(cat, Missing) else version_of(name)


def _statemachine_graph(work: Work) -> str:
    from statemachine.contrib.diagram import DotGraphMachine  # noqa: PLC0415 - pydot may lack

    machine: Any = DotGraphMachine
    return str(machine(to_class(work.chart, allow="*"))().to_string())


PYTHON_STATEMACHINE: Final = Peer(
    "python-statemachine",
    lambda: _python_version("python-statemachine", "pydot"),
    lambda works: _drawn(_statemachine_graph, works),
)


def _transitions_graph(work: Work) -> str:
    from transitions.extensions import HierarchicalGraphMachine  # noqa: PLC0415 - it may not be there
    from transitions.extensions.nesting import NestedState  # noqa: PLC0415

    class Dotted(NestedState):
        separator = "."

    class Machine(HierarchicalGraphMachine):
        state_cls = Dotted

    picture = work.drawing.picture
    machine = Machine(
        states=[_state(child, picture) for child in _states(picture.root)],
        transitions=list(_transitions(picture)),
        initial=_initial(picture.root, picture) or _path(_states(picture.root)[0], picture),
        title=picture.name,
        auto_transitions=False,
        graph_engine="graphviz",
    )
    return str(machine.get_graph().source)


def _states(box: Box) -> list[Box]:
    return [child for child in box.children if child.shape not in PSEUDO]


def _state(box: Box, picture: Picture) -> dict[str, Any]:
    children = [_state(child, picture) for child in _states(box)]
    found: dict[str, Any] = {"name": _path(box, picture).rpartition(".")[2]}
    if box.shape is Shape.PARALLEL:
        return found | {"parallel": children}
    if box.shape in COMPOSITE:
        begin = _initial(box, picture).removeprefix(f"{_path(box, picture)}.")
        found |= {"children": children} | ({"initial": begin} if begin else {})
    return found | ({"final": True} if box.shape is Shape.FINAL else {})


def _path(box: Box, picture: Picture) -> str:
    """Return the name of a state from the outermost one on."""
    name = box.id.removeprefix(f"{box.parent}.").replace(".", "_")
    if box.parent is None or box.parent == picture.root.id:
        return name
    return f"{_path(picture.boxes[box.parent], picture)}.{name}"


def _initial(box: Box, picture: Picture) -> str:
    """Return where a state begins; empty where that library has no word for it."""
    dots = {child.id for child in box.children if child.shape is Shape.INITIAL}
    targets = (picture.boxes[one.target] for one in picture.arrows if one.source in dots)
    return next((_path(one, picture) for one in targets if one.shape not in PSEUDO), "")


def _transitions(picture: Picture) -> Iterator[dict[str, str]]:
    """Yield the lines of all arrows: to each target of a fork, to the state of a history."""
    boxes, root = picture.boxes, picture.root
    number = 0

    def ends(box: str) -> Iterator[Box]:
        if boxes[box].shape is Shape.FORK:
            for onward in picture.arrows:
                if onward.source == box:
                    yield from ends(onward.target)
        elif boxes[box].shape in PSEUDO:
            yield boxes[str(boxes[box].parent)]
        else:
            yield boxes[box]

    for arrow in picture.arrows:
        source = boxes[arrow.source]
        if source.shape in PSEUDO:
            continue
        for begin in _states(root) if source is root else [source]:
            for end in ends(arrow.target):
                for line in arrow.label or ((),):
                    number += 1
                    yield {
                        "trigger": f"line_{number}",
                        "source": _path(begin, picture),
                        "dest": _path(begin if end is root else end, picture),
                        "label": line_text(line) or " ",
                    }


TRANSITIONS: Final = Peer(
    "transitions",
    lambda: _python_version("transitions"),
    lambda works: _drawn(_transitions_graph, works),
)
