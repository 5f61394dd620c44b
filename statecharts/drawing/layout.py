"""Layout: from a picture to a drawing, one composite state at a time, innermost first.

Graphviz lays out each composite state, each region and the chart itself as a flat graph of
fixed-size nodes; what it made of a state is one node of that size in the graph around it. So every
border is where its box ends, regions tile, and what is routed inside a state never meets what is
outside it. One graph with nested clusters, which Graphviz knows too, keeps none of these promises.
"""

from __future__ import annotations

from typing import Final, final

from attrs import define, field

from statecharts.drawing.blocks import Block
from statecharts.drawing.box_text import label_texts
from statecharts.drawing.drawing import Drawing, PlacedArrow
from statecharts.drawing.geometry import Path, bounds, joined
from statecharts.drawing.graph import Graph
from statecharts.drawing.model import PSEUDO, Box, Picture, Shape
from statecharts.drawing.plan import HEAD, TAIL, Key, Plan, plan
from statecharts.drawing.sketch import place

EDGE: Final = 24.0
"""Empty space around the whole drawing."""

_ROOMIER: Final = (1.6, 2.4, 3.5)
"""Distances between ranks, in multiples of the usual, to try when arrows do not get past labels."""


def draw(picture: Picture) -> Drawing:
    """Return a picture with a place for everything.

    Raises:
        StatechartError: There is no layout engine (SC703), or it gave up (SC704).
    """
    return _Layout(picture, plan(picture)).draw()


@final
@define
class _Layout:
    picture: Picture
    plan: Plan
    blocks: dict[str, Block] = field(factory=dict)

    def draw(self) -> Drawing:
        for graphs in self._generations():
            self._lay_out([Graph(b, self.plan, self.blocks, self._is_region(b)) for b in graphs])
        root = self.blocks[self.picture.root.id]
        arrows = self._arrows(root)
        # Curves may swing out of the graph that they belong to.
        points = [point for arrow in arrows for point in arrow.path]
        whole = bounds([(0.0, 0.0), (root.width, root.height), *points])
        dx, dy = EDGE - whole.x, EDGE - whole.y
        return Drawing(
            self.picture,
            whole.width + 2 * EDGE,
            whole.height + 2 * EDGE,
            tuple(box.moved(dx, dy) for box in root.boxes),
            tuple(arrow.moved(dx, dy) for arrow in arrows),
        )

    def _lay_out(self, graphs: list[Graph]) -> None:
        placements = place([graph.sketch() for graph in graphs])
        # Once more, now that it is known from where arrows come to crowded borders.
        crowded = [i for i, graph in enumerate(graphs) if graph.is_crowded]
        better = place([graphs[i].sketch(placements[i]) for i in crowded])
        for i, placement in zip(crowded, better, strict=True):
            placements[i] = placement
        for graph, first in zip(graphs, placements, strict=True):
            block, placement = graph.block(first), first
            for spacing in _ROOMIER:
                if not graph.is_tangled:
                    break
                (placement,) = place([graph.sketch(placement)], spacing)
                block = graph.block(placement)
            self.blocks[graph.box.id] = block

    def _generations(self) -> list[list[Box]]:
        """Return the boxes that are graphs of their own, innermost first, by depth."""
        found: list[list[Box]] = []
        level = [self.picture.root]
        while level:
            found.append([b for b in level if b.shape is Shape.COMPOSITE or self._is_region(b)])
            level = [child for box in level for child in box.children]
        return found[::-1]

    def _is_region(self, box: Box) -> bool:
        around = None if box.parent is None else self.picture.boxes[box.parent]
        inner = box.shape not in PSEUDO and box.shape is not Shape.PARALLEL
        return inner and around is not None and around.shape is Shape.PARALLEL

    def _arrows(self, root: Block) -> tuple[PlacedArrow, ...]:
        pieces: dict[Key, list[Path]] = {}
        for key, path in root.pieces:
            pieces.setdefault(key, []).append(path)
        found = []
        for arrow in self.picture.arrows:
            route = root.routes.get(arrow.id)
            middle = () if route is None or not route.path else (route.path,)
            inward = [path[::-1] for path in reversed(pieces.get((arrow.id, HEAD), []))]
            path = joined(*pieces.get((arrow.id, TAIL), []), *middle, *inward)
            label = route.label if route is not None else None
            texts = () if label is None else label_texts(arrow.label, label.x + 2, label.y + 1)
            found.append(PlacedArrow(arrow, path, label, texts))
        return tuple(found)
