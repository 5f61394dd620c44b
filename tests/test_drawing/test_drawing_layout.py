"""Layout: nothing lies on anything else, the same chart always comes out the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from machines.execution import Execution
from machines.pipeline import Pipeline
from statecharts import drawing
from statecharts.drawing import layout
from statecharts.drawing.svg import state_id
from statecharts.model.chart import Chart
from tests.proof import cases, shards
from tests.test_drawing import charts
from tests.test_drawing.overlaps import overlaps, scene, strays, within
from tests.test_drawing.pictures import lay_out_once, picture_of
from tests.work import counted

MACHINES: dict[str, Callable[[], Chart]] = {
    "Pipeline": lambda: Pipeline.chart,
    "Execution": lambda: Execution.chart,
}
LARGE = ("deep_hierarchy", "flat")


@pytest.fixture(autouse=True)
def _lay_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out_once(monkeypatch)


@pytest.mark.sampled(6)
@pytest.mark.parametrize("name", cases([*MACHINES, *charts.CHARTS], LARGE.__contains__))
def test_layout_keeps_labels_off_lines_boxes_and_each_other(name: str) -> None:
    """No label lies on a line, a box or another label, and no line runs through a box."""
    chart = {**MACHINES, **charts.CHARTS}[name]()
    assert overlaps(picture_of(chart)) == []


@pytest.mark.parametrize("seeds", shards(120, 3, sample=1))
def test_layout_keeps_labels_off_everything_in_charts_at_random(seeds: range) -> None:
    """Charts that nobody would draw by hand come out readable, too."""
    for seed in seeds:
        assert overlaps(picture_of(charts.at_random(seed))) == [], seed


def test_overlaps_are_found_where_there_are_any() -> None:
    """The check itself sees a label that is moved onto a state."""
    svg = picture_of(charts.traffic_light())
    red = next(leaf.rect for leaf in scene(svg).leaves if leaf.name == "state-red")
    head, _, tail = svg.partition('<g id="TrafficLight-transition-red:green"')
    x = tail.index('<text x="')
    moved = f'<text x="{red.x + 5}" y="{red.y + 20}"' + tail[tail.index(" font-size", x) :]
    found = overlaps(head + '<g id="TrafficLight-transition-red:green"' + tail[:x] + moved)
    assert "label of transition-red:green lies on state-red" in found


@pytest.mark.sampled(9)
@pytest.mark.parametrize("name", charts.CHARTS)
def test_layout_keeps_states_inside_the_state_around_them(name: str) -> None:
    """A state is drawn inside its parent, and everything inside the picture."""
    chart = charts.CHARTS[name]()
    seen = scene(picture_of(chart))
    rects = {s.name.removeprefix("state-"): s.rect for s in (*seen.leaves, *seen.frames)}
    for node in chart:
        outer = rects.get(node.parent or "")
        if outer is not None and node.id in rects:
            assert within(rects[node.id], outer), node.id


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", [*MACHINES, *charts.CHARTS])
def test_layout_keeps_the_texts_of_a_state_inside_it(name: str) -> None:
    """Names, fields and effects are inside the state, or for a region, inside its parent."""
    chart = {**MACHINES, **charts.CHARTS}[name]()

    def group(state: str) -> str:
        return state_id(chart.name, state).partition("-")[2]

    around = {group(node.id): group(node.parent) for node in chart.states if node.parent}
    assert strays(picture_of(chart), around) == []


def test_texts_outside_their_states_are_found() -> None:
    """The check itself sees a state that is moved away from its name."""
    svg = picture_of(charts.traffic_light())
    red = next(leaf.rect for leaf in scene(svg).leaves if leaf.name == "state-red")
    moved = svg.replace(
        f'class="border" x="{red.x:g}" y', f'class="border" x="{red.x + 30:g}" y', 1
    )
    assert moved != svg
    assert strays(moved, {}) == ["'red' of state-red lies outside"]


def test_parallel_chart_is_drawn_in_regions() -> None:
    """A chart that is itself parallel has its regions side by side, and no initial dot."""
    svg = picture_of(charts.parallel_root())
    assert "stroke-dasharray" in svg
    assert "#initial" not in svg.replace("screen#initial", "").replace("sound#initial", "")


@pytest.mark.sampled(6)
@pytest.mark.parametrize("name", cases(charts.CHARTS, LARGE.__contains__))
def test_layout_is_the_same_every_time(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two renderings of equal charts are equal to the byte, in every text format."""
    monkeypatch.undo()
    make = charts.CHARTS[name]
    for form in ("svg", "dot", "mermaid"):
        assert picture_of(make(), form) == picture_of(make(), form)


@pytest.mark.long
@pytest.mark.parametrize(
    ("chart", "remedy"),
    [
        (charts.wide_and_deep(13, 4), "Draw less of it: depth=1 (--depth 1) shows 13 states."),
        (charts.flat(61), "Draw a part of it: focus=STATE (--focus STATE) shows what"),
    ],
)
def test_chart_that_nobody_reads_says_what_to_draw(
    chart: Chart, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is drawn all the same."""
    monkeypatch.setattr(layout, "_CROWD", 19)
    with pytest.warns(drawing.LayoutWarning, match=r"\[SC710\] .* it has \d\d states") as told:
        svg = drawing.render(chart, faults=())
    assert remedy in str(told[0].message)
    assert svg.count(f'<g id="{chart.name}-state-') == len(chart.states)


@pytest.mark.long
def test_layout_of_a_thousand_states_does_not_hang() -> None:
    """The work for a thousand states grows with them, not with their square."""
    with pytest.warns(drawing.LayoutWarning, match="SC710"):
        svg, calls = counted(lambda: drawing.render(charts.wide_and_deep(50, 20)))
    assert svg.count('<g id="WideAndDeep-state-') >= 1000
    assert calls < 10_000 * 1_000
