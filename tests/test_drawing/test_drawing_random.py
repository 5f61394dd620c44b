"""Any chart has a picture, with all its states and all its arrows."""

from __future__ import annotations

import math
import re
import warnings
import xml.etree.ElementTree as ET

import pytest

from statecharts import Chart, drawing
from statecharts.drawing import LayoutWarning
from statecharts.drawing.dot import quoted
from statecharts.drawing.engine import Engine
from statecharts.drawing.labels import one_line
from statecharts.drawing.layout import draw
from statecharts.drawing.model import Box, Drawing, PlacedArrow, Shape
from statecharts.drawing.notation import picture_of as notation_of
from statecharts.drawing.svg import state_id, to_svg
from statecharts.drawing.theme import LIGHT
from tests.proof import shards
from tests.test_drawing import charts
from tests.test_drawing.overlaps import overlaps
from tests.test_drawing.pictures import picture_of


@pytest.mark.parametrize("seeds", shards(10_000, 200, sample=2))
def test_picture_of_any_chart_shows_its_states_and_arrows(seeds: range) -> None:
    """Every chart is drawn, by the engine or without it: each state, each arrow from end to end."""
    for seed in seeds:
        chart = charts.anything(seed)
        drawn = draw(notation_of(chart), seconds=0.3 if seed % 4 == 3 else 0)
        svg = to_svg(drawn, LIGHT)
        ET.fromstring(svg)
        ids = re.findall(r'\bid="([^"]*)"', svg)
        assert len(ids) == len(set(ids)), seed
        assert {state_id(chart.name, node.id) for node in chart.states} <= set(ids), seed
        assert _detached(drawn) == [], seed
        assert _untold(drawn) == [], seed


def test_picture_of_a_parallel_state_in_a_parallel_state_has_its_arrows() -> None:
    """An arrow out of a region without states begins at the parallel state around the region."""
    b = charts.Builder("One").state("work", charts.PARALLEL).initial("", "work")
    b.state("work.inner", charts.PARALLEL).states("work.inner.left", "work.inner.right")
    b.states("work.other").state("done", charts.FINAL).move("work.inner.left", "done", "stop")
    for seconds in (10, 0):
        drawn = draw(notation_of(b.chart()), seconds)
        inner = next(one.rect for one in drawn.boxes if one.box.id == "work.inner")
        path = next(one.path for one in drawn.arrows if one.arrow.id == "work.inner.left:done")
        assert path[0][1] == pytest.approx(inner.bottom)
        assert inner.x < path[0][0] < inner.centre[0]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("count", [17, 18, 40, 200])
def test_picture_of_a_hub_with_a_loop_is_wide_enough_for_its_arrows(count: int) -> None:
    """A state with many arrows and one to itself has room for all of them."""
    b = charts.Builder("Hub").states("hub", *(f"s{i}" for i in range(count))).initial("", "hub")
    b.move("hub", "hub", "again")
    for i in range(count):
        b.move("hub", f"s{i}", f"go_{i}")
    drawn = draw(notation_of(b.chart()), seconds=10, direction="down")
    hub = next(one.rect for one in drawn.boxes if one.box.id == "hub")
    places = {one.path[0] for one in drawn.arrows if one.arrow.source == "hub"}
    assert len(places) == count + 1
    assert hub.width >= 5 * count


@pytest.mark.long
def test_fork_may_be_drawn_whose_arrow_is_told_in_words() -> None:
    """An arrow too many for the picture is text in its state, with the targets of its fork."""
    svg = _svg(charts.anything(241), seconds=0)
    assert "→ #" not in svg


@pytest.mark.parametrize("seeds", shards(10_000, 250, sample=2))
def test_texts_of_any_chart_are_written(seeds: range) -> None:
    """DOT and Mermaid are written of every chart, with each state once; Graphviz takes them."""
    for seed in seeds:
        chart = charts.anything(seed)
        mermaid, dot = (drawing.render(chart, form, faults=()) for form in ("mermaid", "dot"))
        found = re.findall(r'^ *state "[^"]*" as (s\d+)$', mermaid, re.MULTILINE)
        assert len(found) == len(set(found)) >= len(chart.states)
        assert all(
            f"{quoted(node.id)} [" in dot or quoted(f"cluster_{node.id}") in dot
            for node in chart.states
        )
        if seed % 100 == 0:
            assert Engine(10).lay_out(dot)["name"] == one_line(chart.name)


@pytest.mark.parametrize("seeds", shards(200, 10, sample=2))
def test_grid_keeps_labels_off_everything(seeds: range) -> None:
    """Without the engine, too, no label is on a line or a box, and no line runs through a box."""
    for seed in seeds:
        assert overlaps(_svg(charts.at_random(seed), seconds=0)) == [], seed


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", charts.CHARTS)
def test_grid_keeps_lines_apart(name: str) -> None:
    """In a grid, no two arrows run in the same place, but for those that meet at one point."""
    drawn = draw(notation_of(charts.CHARTS[name]()), seconds=0)
    runs = [
        (placed.arrow.id, min(a, b), max(a, b))
        for placed in drawn.arrows
        for a, b in zip(placed.path[::3], placed.path[3::3], strict=False)
        if math.dist(a, b) > 20
    ]
    for number, (one, a, b) in enumerate(runs):
        for other, c, d in runs[:number]:
            if one == other:
                continue
            for axis in (0, 1):
                across = 1 - axis
                beside = abs(a[axis] - c[axis]) > 0.5 or a[axis] != b[axis] or c[axis] != d[axis]
                apart = min(b[across], d[across]) - max(a[across], c[across]) < 20
                assert beside or apart, (one, other)


def _svg(chart: Chart, seconds: float) -> str:
    with warnings.catch_warnings(action="ignore", category=LayoutWarning):
        return picture_of(chart, seconds=seconds, faults=())


def _detached(drawn: Drawing) -> list[str]:
    """Return the arrows that do not begin or end at their states.

    An arrow at a region ends above or below it, at the border of the parallel state around.
    """
    placed = {one.box.id: one for one in drawn.boxes}

    def border(box: Box) -> Box:
        boxes = drawn.picture.boxes
        around = None if box.parent is None else boxes[box.parent]
        region = around is not None and around.shape is Shape.PARALLEL
        return boxes[around.id] if region and around is not None else box

    def is_at(box: Box, point: tuple[float, float]) -> bool:
        return any(placed[one.id].rect.grown(25).contains(point) for one in (box, border(box)))

    def ends(one: PlacedArrow) -> bool:
        boxes = drawn.picture.boxes
        arrow = one.arrow
        return is_at(boxes[arrow.source], one.path[0]) and is_at(boxes[arrow.target], one.path[-1])

    return [one.arrow.id for one in drawn.arrows if not one.path or not ends(one)]


def _untold(drawn: Drawing) -> list[str]:
    return [one.arrow.id for one in drawn.arrows if one.arrow.label and not one.texts]
