"""Sheets out of Graphviz's JSON, whoever wrote the graph."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from benchmarks.layout.scores import STEP, Line, Sheet
from statecharts.drawing.geometry import Point, Rect, bounds, flattened

PAD: Final = 4.0
"""The margin that Graphviz puts around a graph."""
CLUSTER: Final = "cluster_"

_ALIGNED: Final = {"l": 0.0, "c": 0.5, "r": 1.0}
_SPACE: Final = 0.278  # of the size of its font, in Helvetica

_LABELS: Final = ("_ldraw_", "_tldraw_", "_hldraw_")

Item = Mapping[str, Any]


def read(answer: Item) -> Sheet:
    """Return a graph that is laid out as a sheet.

    A cluster with a border is a frame, named without ``cluster_``. An invisible node stands for the
    frame that it is in. Two edges are one line where the first has no head.
    """
    return _Reader(answer).sheet()


class _Reader:
    def __init__(self, answer: Item) -> None:
        left, low, right, self.top = map(float, answer["bb"].split(","))
        self.left = left
        self.size = right - left + 2 * PAD, self.top - low + 2 * PAD
        self.cuts = answer.get("compound") == "true"  # whether edges are cut off at frames
        self.objects: list[Item] = answer.get("objects", [])
        self.edges: list[Item] = answer.get("edges", [])
        self.frames: dict[str, Rect] = {}
        self.inside: dict[int, tuple[str, ...]] = {}  # the frames around each object
        inner = {n for one in self.objects for n in one.get("subgraphs", ())}
        for number, one in enumerate(self.objects):
            if number not in inner and "pos" not in one:
                self._enter(number, ())
        self.nodes = [one for one in self.objects if "pos" in one]
        self.shapes = {one["_gvid"]: self._outline(one) for one in self.nodes}
        self.names = {one["_gvid"]: self._name(one) for one in self.nodes}

    def _enter(self, number: int, around: tuple[str, ...]) -> None:
        one = self.objects[number]
        self.inside[number] = around
        name = one["name"].removeprefix(CLUSTER)
        rect = self._outline(one) if one["name"].startswith(CLUSTER) else None
        if rect is not None:
            self.frames[name] = rect
            around = (name, *around)
        for node in one.get("nodes", ()):
            if len(around) >= len(self.inside.get(node, ())):
                self.inside[node] = around
        for child in one.get("subgraphs", ()):
            self._enter(child, around)

    def _name(self, one: Item) -> str:
        """Return the name of a node; the frame's if it is invisible."""
        around = self.inside.get(one["_gvid"], ())
        if self.shapes[one["_gvid"]] is None:
            return around[0] if around else str(one["name"])
        return f"{one['name']} dot" if one["name"] in self.frames else str(one["name"])

    def _point(self, x: float, y: float) -> Point:
        return x - self.left + PAD, self.top - y + PAD

    def _outline(self, one: Item) -> Rect | None:
        """Return the rectangle around what is drawn of an object apart from text."""
        found: list[Point] = []
        for op in _visible(one):
            if op["op"] in "pPbB":
                found += [self._point(*point) for point in op["points"]]
            elif op["op"] in "eE":
                x, y, across, down = op["rect"]
                found += [self._point(x - across, y - down), self._point(x + across, y + down)]
        return bounds(found) if found else None

    def _texts(self, one: Item, *keys: str) -> Iterator[Rect]:
        size = 14.0
        for op in itertools.chain.from_iterable(one.get(key, ()) for key in keys):
            if op["op"] == "F":
                size = op["size"]
            elif op["op"] == "T" and op["text"].strip():
                x, y = self._point(*op["pt"])
                width = op["width"]
                x -= width * _ALIGNED[op["align"]]
                text = op["text"]
                before = len(text) - len(text.lstrip())
                after = len(text) - len(text.rstrip())
                space = size * _SPACE
                width -= (before + after) * space
                yield Rect(x + before * space, y - 0.8 * size, width, size)

    def _line(self, one: Item) -> list[Point]:
        paths = []
        for spline in one.get("pos", "").split(";"):  # an edge that got lost has none
            ends: dict[str, Point] = {}
            points: list[Point] = []
            for part in spline.split():
                end, comma, place = part.partition(",")
                if end in ("s", "e") and comma:
                    ends[end] = self._point(*map(float, place.split(",")))
                else:
                    points.append(self._point(*map(float, part.split(","))))
            path = list(flattened(tuple(points), STEP))
            paths.append([*_one(ends.get("s")), *path, *_one(ends.get("e"))])
        return list(itertools.chain.from_iterable(paths))

    def _lines(self) -> Iterator[Line]:
        used: dict[str, int] = {}
        onward = {one["tail"]: one for one in self.edges}
        headless = {one["head"] for one in self.edges if one.get("arrowhead") == "none"}
        for one in self.edges:
            if one["tail"] in headless:
                continue
            points, last = self._line(one), one
            if one.get("arrowhead") == "none" and one["head"] in onward:
                last = onward[one["head"]]
                points += self._line(last)
            source = self._end(one, "tail")
            target = self._end(last, "head")
            name = f"{source}:{target}"
            used[name] = used.get(name, 0) + 1
            texts = [rect for part in (one, last) for rect in self._texts(part, *_LABELS)]
            label = _around(texts)
            number = f" {used[name]}" if used[name] > 1 else ""
            yield Line(f"{name}{number}", source, target, tuple(points), label)

    def _end(self, edge: Item, end: str) -> str:
        """Return the frame that an edge is cut off at, or the node."""
        frame = str(edge.get(f"l{end}", "")).removeprefix(CLUSTER)
        cut = self.cuts and frame in self.frames
        return frame if cut else self.names[edge[end]]

    def sheet(self) -> Sheet:
        leaves, round, around = {}, set(), {}
        texts: list[tuple[str, Rect]] = []
        for number, one in enumerate(self.objects):
            name = one["name"].removeprefix(CLUSTER)
            if "pos" not in one and name in self.frames:
                around[name] = self.inside[number]
                texts += [(name, rect) for rect in self._texts(one, "_ldraw_")]
        for one in self.nodes:
            rect, name = self.shapes[one["_gvid"]], self.names[one["_gvid"]]
            if rect is not None:
                leaves[name] = rect
                around[name] = self.inside.get(one["_gvid"], ())
                if any(op["op"] in "eE" for op in _visible(one)):
                    round.add(name)
        return Sheet(
            *self.size,
            leaves=leaves,
            frames=self.frames,
            round=frozenset(round),
            regions={},
            rooms={},
            texts=tuple(texts),
            bars={},
            around=around,
            lines=tuple(self._lines()),
        )


def _visible(one: Item) -> Iterator[Item]:
    """Yield what is drawn of an object, without what has neither pen nor fill."""
    pen = fill = True
    for op in itertools.chain(one.get("_draw_", ()), one.get("_ldraw_", ())):
        if op["op"] == "c":
            pen = not _clear(op["color"])
        elif op["op"] == "C":
            fill = not _clear(op.get("color", ""))
        elif pen or (fill and op["op"] in "PE"):
            yield op


def _clear(color: str) -> bool:
    return color == "transparent" or (len(color) == 9 and color[7:] in ("00", "01"))


def _around(rects: Iterable[Rect]) -> Rect | None:
    found = [(x, y) for rect in rects for x, y in _corners(rect)]
    return bounds(found) if found else None


def _corners(rect: Rect) -> tuple[Point, Point]:
    return (rect.x, rect.y), (rect.right, rect.bottom)


def _one(point: Point | None) -> list[Point]:
    return [] if point is None else [point]
