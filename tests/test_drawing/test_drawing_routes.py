"""Routes: lines are upright and level, apart from each other, and the picture suits a page."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import pytest
from _pytest.mark import ParameterSet
from attrs import evolve

from benchmarks.layout.corpus import made, with_one_more
from benchmarks.layout.scores import (
    Line,
    Sheet,
    close_heads,
    crossings,
    faults,
    flat,
    merged,
    score,
    sheet_of,
    touched,
    turned,
    wiggles,
)
from statecharts import drawing
from statecharts.drawing.geometry import Point, Rect, flattened
from statecharts.drawing.geometry import direction as arrival
from statecharts.drawing.layout import EDGE, draw
from statecharts.drawing.model import Drawing
from statecharts.drawing.notation import picture_of
from statecharts.drawing.repeats import FAR
from statecharts.model.chart import Chart, TransitionKind
from statecharts.model.errors import ArgumentError, StatechartError, UnknownStateError
from tests.test_drawing import charts
from tests.test_drawing.charts import COMPOUND, DEEP, PARALLEL, SHALLOW, Builder

MADE = made()


def drawn(chart: Chart, direction: drawing.Direction = "auto") -> Drawing:
    """Return a chart in its places."""
    return draw(picture_of(chart), direction=direction)


def rect_of(found: Drawing, box: str) -> Rect:
    """Return the place of a state."""
    return next(one.rect for one in found.boxes if one.box.id == box)


def path_of(found: Drawing, arrow: str) -> tuple[Point, ...]:
    """Return the path of an arrow."""
    return next(one.path for one in found.arrows if one.arrow.id == arrow)


def sheet(*lines: tuple[str, list[Point]], label: Rect | None = None) -> Sheet:
    """Return a sheet with two states, and lines from one to the other."""
    leaves = {"a": Rect(0, 0, 100, 40), "b": Rect(0, 200, 100, 40)}
    found = tuple(Line(name, "a", "b", tuple(way), label) for name, way in lines)
    around = {"a": ("",), "b": ("",)}
    return Sheet(300, 300, leaves, {}, frozenset(), {}, {}, (), {}, around, found)


def _is_long(case: tuple[str, str]) -> bool:
    name, direction = case
    short = {"order_1", "device_3", "player_2", "menu_3", "approval_4"}
    return name not in short or (direction == "down" and name != "player_2")


DOWN: list[Point] = [(20, 40), (20, 200)]


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (sheet(("x", DOWN), label=Rect(10, 100, 30, 12)), "the label of x is on the line of x"),
        (sheet(("x", DOWN), label=Rect(10, 20, 30, 12)), "the label of x is on a"),
        (sheet(("x", DOWN), label=Rect(280, 100, 30, 12)), "the label of x is cut"),
        (sheet(("x", [(20, 40), (20, 190)])), "the line of x does not end at the border of b"),
        (sheet(("x", [(20, 40), (60, 220), (20, 200)])), "the line of x runs through b"),
    ],
)
def test_scores_find_hard_faults(seen: Sheet, said: str) -> None:
    """Each kind of hard fault is told, with the things that it is about."""
    assert said in list(faults(seen))
    assert score(seen).badness >= 20


def test_scores_count_what_is_not_nice() -> None:
    """Crossings, lines in one place, heads on heads, flat arrivals, labels at lines are counted."""
    other: list[Point] = [(60, 40), (60, 100), (10, 100), (10, 200)]
    assert len(list(crossings(sheet(("x", DOWN), ("y", other))))) == 1
    beside: list[Point] = [(60, 40), (60, 60), (20.5, 60), (20.5, 150), (60, 150), (60, 200)]
    assert list(merged(sheet(("x", DOWN), ("y", beside)))) == [("x", "y")]
    near: list[Point] = [(60, 40), (60, 100), (26, 100), (26, 200)]
    assert list(close_heads(sheet(("x", DOWN), ("y", near)))) == [("x", "y")]
    assert list(flat(sheet(("x", [(20, 40), (200, 195), (20, 200)])))) == ["x"]
    line = sheet(("x", DOWN), label=Rect(200, 100, 30, 12))
    assert list(touched(line)) == []
    line = evolve(line, lines=(*line.lines, Line("y", "a", "b", ((198, 40), (198, 200)))))
    assert list(touched(line)) == ["x"]
    assert wiggles([(0, 0), (0, 40), (30, 40), (30, 90)]) == 0


def test_scores_count_pairs_that_turn_round() -> None:
    """Two states that change their order are one pair."""
    before = sheet(("x", DOWN))
    upside = {"a": Rect(0, 200, 100, 40), "b": Rect(0, 0, 100, 40)}
    assert turned(before, before) == (0, 1)
    assert turned(before, evolve(before, leaves=upside)) == (1, 1)


def _realistic() -> list[ParameterSet]:
    """Return the charts with their directions; each but the short ones knows its share."""
    found = [*itertools.product(MADE, drawing.DIRECTIONS)]
    shares = [pytest.mark.long(at=number / len(found)) for number in range(len(found))]
    return [
        pytest.param(case, marks=[share] if _is_long(case) else [], id="-".join(case))
        for case, share in zip(found, shares, strict=True)
    ]


@pytest.mark.sampled(11)
@pytest.mark.parametrize("case", _realistic())
def test_lines_of_realistic_charts_keep_apart(case: tuple[str, drawing.Direction]) -> None:
    """No hard fault; ends are apart and upright; no two lines run in one place."""
    name, direction = case
    found = score(sheet_of(drawn(MADE[name], direction)))
    assert found.faults == ()
    assert (found.flat, found.merged) == (0, 0)
    # An arrow from inside and one from outside may meet at a border; so far, in one picture.
    assert found.heads <= (case == ("service_3", "right"))


@pytest.mark.parametrize("name", charts.CHARTS)
@pytest.mark.parametrize("direction", ["down", pytest.param("right", marks=pytest.mark.long)])
def test_lines_are_upright_or_level(name: str, direction: drawing.Direction) -> None:
    """Between its round corners a line runs along an axis, but for one from a state to itself."""
    for one in drawn(charts.CHARTS[name](), direction).arrows:
        if one.arrow.source == one.arrow.target:
            continue
        for (x0, y0), (x1, y1) in itertools.pairwise(one.path[::3]):
            assert min(abs(x1 - x0), abs(y1 - y0)) <= 10.5, one.arrow.id


@pytest.mark.long
def test_line_crosses_a_border_straight() -> None:
    """A line through the borders of several states does not bend at them."""
    found = drawn(charts.deep_hierarchy(4), "down")
    frames = [one.rect for one in found.boxes if one.box.children and one.framed and one.bar]
    crossed = 0
    for one in found.arrows:
        for (x0, _), (x, y), (x1, _) in zip(
            one.path[::3], one.path[3::3], one.path[6::3], strict=False
        ):
            at = [
                r
                for r in frames
                if r.x < x < r.right and min(abs(y - r.y), abs(y - r.bottom)) < 0.1
            ]
            crossed += len(at)
            assert not at or x0 == pytest.approx(x) == pytest.approx(x1), one.arrow.id
    assert crossed > 5


@pytest.mark.parametrize("kind", [TransitionKind.INTERNAL, TransitionKind.EXTERNAL])
def test_arrow_from_a_state_to_its_inside_is_not_in_its_title(kind: TransitionKind) -> None:
    """A local one begins below the title; another one at the border, and comes in below it."""
    b = charts.Builder("Inner").state("a", charts.COMPOUND).states("a.b", "a.c").initial("", "a")
    b.initial("a", "a.b").move("a.b", "a.c", "go").move("a", "a.c", "jump", kind=kind)
    found = drawn(b.chart())
    box = next(one for one in found.boxes if one.box.id == "a")
    path = next(one.path for one in found.arrows if one.arrow.source == "a")
    assert list(faults(sheet_of(found))) == []
    if kind is TransitionKind.INTERNAL:
        assert path[0][1] == pytest.approx(box.rect.y + box.bar)
    else:
        assert path[0][0] == pytest.approx(box.rect.x)
        assert min(x for x, _ in path) < box.rect.x


@pytest.mark.long
def test_final_state_that_is_entered_from_below_has_its_name_beside_it() -> None:
    """An arrow from below gets to the circle, and not to the name."""
    chart = charts.at_random(6)
    found = drawn(chart, "down")
    beside = [one for one in found.boxes if one.rect.height == 22.0 and one.texts]
    assert beside
    assert list(faults(sheet_of(found))) == []


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "make", [lambda: charts.flat(16), lambda: MADE["game_0"], lambda: MADE["menu_9"]]
)
def test_picture_suits_a_page(make: Callable[[], Chart]) -> None:
    """What would be a tower or a ribbon is set in columns or runs the other way."""
    chart = make()
    down, auto = drawn(chart, "down"), drawn(chart)
    assert not 0.5 <= down.width / down.height <= 2
    assert 0.5 <= auto.width / auto.height <= 2


def _regions(count: int, each: int) -> Chart:
    b = Builder("Regions").state("p", charts.PARALLEL).initial("", "p")
    for region in (f"p.r{number}" for number in range(count)):
        b.state(region, COMPOUND).initial(region, f"{region}.s0")
        b.states(*(f"{region}.s{number}" for number in range(each)))
        for number in range(each - 1):
            b.move(f"{region}.s{number}", f"{region}.s{number + 1}", "go")
    return b.chart()


def _compounds(count: int, each: int) -> Chart:
    b = Builder("Compounds").initial("", "c0")
    for outer in range(count):
        b.state(f"c{outer}", COMPOUND).initial(f"c{outer}", f"c{outer}.s0")
        b.states(*(f"c{outer}.s{number}" for number in range(each)))
        for number in range(each - 1):
            b.move(f"c{outer}.s{number}", f"c{outer}.s{number + 1}", "go")
        if outer:
            b.move(f"c{outer - 1}", f"c{outer}", "next")
    return b.chart()


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "chart",
    [
        _regions(10, 2),
        _regions(15, 2),
        _regions(2, 20),
        _compounds(5, 8),
        Builder("Alone").states(*(f"s{number}" for number in range(20))).initial("", "s0").chart(),
    ],
    ids=["regions", "more regions", "long regions", "compounds", "states without arrows"],
)
def test_picture_is_neither_a_tower_nor_a_ribbon(chart: Chart) -> None:
    """Regions stand in rows, long ones in columns, and so do states without arrows."""
    found = drawn(chart)
    assert 0.5 <= found.width / found.height <= 2
    assert list(faults(sheet_of(found))) == []


def test_columns_keep_the_label_of_an_arrow_between_regions() -> None:
    b = Builder("Jump").state("c", COMPOUND).states("c.a", "c.b").initial("", "c")
    b.initial("c", "c.a").move("c.a", "c.b", "next").state("p", charts.PARALLEL)
    for region in ("p.x", "p.y"):
        b.state(region, COMPOUND).states(f"{region}.a", f"{region}.f")
        b.initial(region, f"{region}.a").move(f"{region}.a", f"{region}.f", "end")
    found = drawn(b.move("c", "p", "go").move("p.x.a", "p.y.f", "jump").chart())
    assert rect_of(found, "p").y < rect_of(found, "c").bottom  # it is in another column
    assert [one.arrow.source for one in found.arrows if one.arrow.label and not one.texts] == []
    assert list(faults(sheet_of(found))) == []


def test_columns_join_the_lines_that_are_cut() -> None:
    """Each arrow of a chart in columns runs from its source to its target in one path."""
    found = drawn(charts.flat(20))
    assert list(faults(sheet_of(found))) == []
    tops = [rect_of(found, f"step_{i:02}").y for i in range(20)]
    assert any(two < one for one, two in itertools.pairwise(tops))


def test_lines_between_columns_take_no_detour() -> None:
    """They turn beside the state that they leave, and beside the one that they get to."""
    sheet = sheet_of(drawn(MADE["device_1"]))
    assert score(sheet).detour < 1.6  # 2.2 by the foot of one column and the top of the next


@pytest.mark.long
def test_lines_over_columns_keep_their_labels() -> None:
    """A line to a column that is not the next goes above those between, with its label."""
    b = Builder("Over").initial("", "s0").states(*(f"s{number}" for number in range(18)))
    for number in range(17):
        b.move(f"s{number}", f"s{number + 1}", "go")
    found = drawn(b.move("s0", "s17", "skip").chart())
    assert list(crossings(sheet_of(found))) == []
    top = min(one.rect.y for one in found.boxes if one.box.id in {"s8", "s9"})
    assert min(y for _, y in path_of(found, "s0:s17")) < top
    assert next(one for one in found.arrows if one.arrow.id == "s0:s17").label is not None


def test_columns_end_below_high_labels() -> None:
    """The labels of lines that are cut, however high, are in the column that the lines leave."""
    b = Builder("High").initial("", "s0").states(*(f"s{number}" for number in range(10)))
    for number, event in itertools.product(range(9), range(6)):
        b.move(f"s{number}", f"s{number + 1}", f"go_{event}")
    sheet = sheet_of(drawn(b.chart()))
    assert list(faults(sheet)) == []
    assert list(crossings(sheet)) == []


def test_lines_out_of_columns_only_go_down() -> None:
    """A line that leaves the state around the columns keeps to the column that it begins in."""
    b = Builder("Leaving").state("p", COMPOUND).states("over").initial("", "p")
    b.states(*(f"p.s{number}" for number in range(8))).initial("p", "p.s0")
    for number in range(7):
        b.move(f"p.s{number}", f"p.s{number + 1}", "go")
    for number in (0, 3, 7):
        b.move(f"p.s{number}", "over", "leave")
    found = drawn(b.chart())
    tops = [rect_of(found, f"p.s{number}").y for number in range(8)]
    assert any(two < one for one, two in itertools.pairwise(tops))
    for number in (0, 3, 7):
        heights = [y for _, y in flattened(path_of(found, f"p.s{number}:over"))]
        assert all(two >= one - 0.01 for one, two in itertools.pairwise(heights))


def test_direction_is_that_of_the_arrows() -> None:
    """To the right, a step leads to the right; downwards, down."""
    chart = charts.traffic_light()
    for direction, axis in (("right", 0), ("down", 1)):
        found = drawn(chart, direction)  # type: ignore[arg-type]
        red, green = (rect_of(found, state).centre for state in ("red", "green"))
        assert green[axis] > red[axis] + 40
        path = path_of(found, "red:green")
        assert path[0][axis] < path[-1][axis]


def test_state_alone_has_a_direction() -> None:
    """Inside one state arrows run to the right, around it down."""
    b = Builder("Mixed").state("a", COMPOUND).states("a.b", "a.c", "z")
    b.initial("", "a").initial("a", "a.b").move("a.b", "a.c", "go").move("a", "z", "leave")
    found = draw(picture_of(b.chart()), direction={"": "down", "a": "right"})
    first, second = rect_of(found, "a.b").centre, rect_of(found, "a.c").centre
    assert second[0] > first[0] + 40
    assert rect_of(found, "z").y > rect_of(found, "a").bottom
    assert list(faults(sheet_of(found))) == []


def test_direction_of_texts_is_that_of_the_chart() -> None:
    """DOT, Mermaid and PlantUML are told to run to the right in their own words."""
    chart = charts.traffic_light()
    for form, words in (
        ("dot", "rankdir=LR"),
        ("mermaid", "direction LR"),
        ("plantuml", "left to right direction"),
    ):
        assert words in drawing.render(chart, form, direction="right")  # type: ignore[call-overload]
        assert words not in drawing.render(chart, form)  # type: ignore[call-overload]


def test_direction_that_is_none_is_refused() -> None:
    """A wrong direction and a wrong state are errors, with what would do."""
    chart = charts.traffic_light()
    with pytest.raises(
        ArgumentError, match=r"direction='left' does not fit.*\"down\" or \"right\""
    ):
        drawing.render(chart, direction="left")  # type: ignore[call-overload]
    with pytest.raises(UnknownStateError, match="blue"):
        drawing.render(chart, direction={"blue": "right"})


def test_one_more_state_is_added_for_stability() -> None:
    """The chart that is compared has one state and two arrows more."""
    chart = charts.media_player()
    more = with_one_more(chart)
    assert len(more.states) == len(chart.states) + 1
    assert len(picture_of(more).arrows) == len(picture_of(chart).arrows) + 2


def regions(*moves: tuple[str, str, str], down: int = 0) -> Drawing:
    """Draw a parallel state of three regions with arrows between them, and others that go down."""
    b = charts.Builder("Between").state("p", charts.PARALLEL).initial("", "p")
    for region in "abc":
        b.state(f"p.{region}", charts.COMPOUND).states(f"p.{region}.one")
        b.initial(f"p.{region}", f"p.{region}.one")
    for source, target, event in moves:
        b.move(f"p.{source}.one", f"p.{target}.one", event)
    for number in range(down):
        b.states(f"after_{number}").move("p", f"after_{number}", f"leave_{number}")
    return drawn(b.chart())


def test_lines_between_regions_hang_one_inside_the_other() -> None:
    """They do not cross, and each label is right below its line, or above it."""
    found = regions(("a", "c", "far"), ("b", "c", "near"))
    sheet = sheet_of(found)
    assert list(crossings(sheet)) == []
    assert list(faults(sheet)) == []
    for line in sheet.lines:
        if line.source.endswith(".one") and line.label is not None:
            low = max(y for _, y in line.points)
            assert 0 < line.label.y - low < 6
            xs = [x for x, _ in line.points]
            assert min(xs) < line.label.centre[0] < max(xs)


def test_lines_between_regions_hang_at_the_emptier_side() -> None:
    """Arrows between regions go over the top of a state with many lines below it."""
    sheet = sheet_of(regions(("a", "c", "over"), down=5))
    assert list(faults(sheet)) == []
    assert [one for one, *_ in crossings(sheet)] == ["#initial:p"]  # of which there is one
    line = next(line for line in sheet.lines if line.source == "p.a.one")
    frame = sheet.frames["p"]
    assert min(y for _, y in line.points) < frame.y
    assert max(y for _, y in line.points) < frame.bottom
    assert line.label is not None
    assert line.label.bottom < frame.y


@pytest.mark.sampled(2)
@pytest.mark.parametrize("inside", range(1, 4))
def test_line_from_a_region_is_beside_those_from_inside(inside: int) -> None:
    """A line that begins at a region and lines that cross its border have places of their own."""
    b = charts.Builder("Beside").state("p", charts.PARALLEL).initial("", "p").states("x")
    for region in ("p.a", "p.b"):
        b.state(region, charts.COMPOUND).states(f"{region}.one").initial(region, f"{region}.one")
    b.move("p.a", "x", "leave")
    for number in range(inside):
        b.states(f"to_{number}").move("p.a.one", f"to_{number}", f"jump_{number}")
    found = drawn(b.chart(), "down")
    bottom = rect_of(found, "p").bottom
    sheet = sheet_of(found)
    assert list(merged(sheet)) == []
    paths = [path for one in found.arrows for path in itertools.pairwise(one.path)]
    places = [x for (x, y0), (_, y1) in paths if min(y0, y1) <= bottom < max(y0, y1)]
    assert len({*places}) == len(places) == inside + 1


@pytest.mark.long
@pytest.mark.parametrize("name", ["wizard_0", pytest.param("game_0", marks=pytest.mark.long)])
def test_long_line_has_its_label_at_both_ends(name: str) -> None:
    """The label is said again at an end that is far from it, where it covers nothing."""
    found = drawn(MADE[name])
    texts = [(one, text.rect) for one in found.boxes for text in one.texts]
    leaves = [one.rect for one in found.boxes if not one.box.children]
    points = [point for one in found.arrows for point in flattened(one.path)]
    labels = [one.label for one in found.arrows if one.label is not None]
    repeated = 0
    for one in found.arrows:
        again = one.texts[len(one.arrow.label) :]
        assert [text.line for text in again] == [*one.arrow.label] * (
            len(again) // max(1, len(one.arrow.label))
        )
        for text in again:
            repeated += 1
            assert one.label is not None
            assert math.dist(text.rect.centre, one.label.centre) > FAR / 5
            ends = [math.dist(text.rect.centre, one.path[end]) for end in (0, -1)]
            assert min(ends) < 200
            assert not any(text.rect.overlaps(rect) for rect in (*leaves, *labels))
            assert not any(text.rect.overlaps(rect) for _, rect in texts)
            assert not any(text.rect.contains(point) for point in points)
    assert repeated > 1


@pytest.mark.parametrize("way", ["down", "right"])
def test_head_at_a_history_is_clear_of_the_border(way: drawing.Direction) -> None:
    """The border of a state does not run through the head of an arrow to its history."""
    found = drawn(charts.crossing(), way)
    (path,) = (one.path for one in found.arrows if one.arrow.target == "work.again")
    (x, y), (dx, dy) = path[-1], arrival(path)
    assert rect_of(found, "work").grown(-2).contains((x - 8.5 * dx, y - 8.5 * dy))


@pytest.mark.parametrize("way", ["down", "right"])
def test_state_has_the_same_room_above_and_below_its_data(way: drawing.Direction) -> None:
    """A state that is higher than its text has no empty stripe at its lower edge."""
    b = charts.Builder("Room").state("a", data=charts.Track).states("b").initial("", "a")
    found = drawn(b.move("a", "b", "go").chart(), way)
    placed = next(one for one in found.boxes if one.box.id == "a")
    _, *data = (text.rect for text in placed.texts)
    above, below = data[0].y - placed.rect.y - placed.bar, placed.rect.bottom - data[-1].bottom
    assert abs(above - below) < 4


@pytest.mark.sampled(3)
@pytest.mark.parametrize("way", ["down", "right"])
@pytest.mark.parametrize("make", [charts.traffic_light, charts.crossing])
def test_page_ends_below_what_is_drawn(make: Any, way: drawing.Direction) -> None:
    """A page has the same margin below in each direction, and no empty stripe."""
    found = drawn(make(), way)
    assert found.height - found.low == pytest.approx(EDGE, abs=0.5)


def test_label_far_from_both_ends_is_said_there_and_not_between() -> None:
    """A label is never said three times."""
    names = [f"on.state_{number}" for number in range(8)]
    b = charts.Builder("Long").states("a").state("on", charts.COMPOUND).states(*names, "z")
    for source, target in itertools.pairwise(names):
        b.move(source, target, "go_on_with_it")
    b.initial("", "a").initial("on", names[0])
    b.move("a", "on", "go").move("on", "z", "end").move("a", "z", "skip")
    (line,) = (one for one in drawn(b.chart(), "right").arrows if one.arrow.id == "a:z")
    first, last = (text.rect for text in line.texts)
    assert math.dist(first.centre, line.path[0]) < 200
    assert math.dist(last.centre, line.path[-1]) < 200
    assert line.label is not None
    assert line.label.encloses(first)


def test_short_lines_have_one_label() -> None:
    """Nothing is said twice where one look sees the whole line."""
    found = drawn(charts.traffic_light())
    assert all(len(one.texts) == len(one.arrow.label) for one in found.arrows)


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", ["device_1", "menu_0", "ring_2", "wizard_1", "wizard_7"])
def test_no_lines_cross_where_none_have_to(name: str) -> None:
    """Neither the order of labels nor that of the lines between columns adds a crossing."""
    sheet = sheet_of(drawn(MADE[name]))
    assert list(crossings(sheet)) == []


def test_lines_that_swing_out_of_a_state_hang_one_around_the_other() -> None:
    """Arrows of a state to what is inside it, which exit it, do not cross."""
    b = charts.Builder("Swing").state("p", COMPOUND).states("p.a", "p.b", "p.c")
    b.initial("", "p").initial("p", "p.a")
    for inside in "abc":
        b.move("p", f"p.{inside}", inside)
    sheet = sheet_of(drawn(b.chart(), "down"))
    assert list(crossings(sheet)) == []
    assert list(faults(sheet)) == []


def test_lines_cross_borders_in_an_order_that_suits_both_sides() -> None:
    """In a tangled chart, two states order the lines between them in the same way."""
    b = charts.Builder("Shuffled").initial("", "p0")
    for outer in range(3):
        b.state(f"p{outer}", COMPOUND).states(*(f"p{outer}.s{number}" for number in range(4)))
    for outer, order in enumerate(([3, 2, 1, 0], [1, 3, 0, 2])):
        for number, other in enumerate(order):
            b.move(f"p{outer}.s{number}", f"p{outer + 1}.s{other}", "go")
    sheet = sheet_of(drawn(b.chart(), "down"))
    assert len(list(crossings(sheet))) <= 2  # 4, if each state follows what is inside it


@pytest.mark.long
def test_line_turns_aside_by_two_places_where_it_has_to() -> None:
    """A label beside its line leaves no place straight above; one place aside would be a wiggle."""
    sheet = sheet_of(drawn(charts.at_random(3)))
    assert sum(wiggles(line.points) for line in sheet.lines) == 0


def parallel(*moves: tuple[str, str]) -> Chart:
    """Return a chart with a parallel state that has a history, and some arrows more."""
    b = Builder("Parallel").states("off", "paused").state("on", PARALLEL).initial("", "off")
    for name in ("on.a", "on.b"):
        b.state(name, COMPOUND).states(f"{name}.x", f"{name}.y").initial(name, f"{name}.x")
        b.move(f"{name}.x", f"{name}.y", "next")
    b.state("on.past", DEEP).initial("on.past", "on.a.y")
    for source, target in (("off", "on"), ("on", "paused"), *moves):
        b.move(source, target, f"to_{target}")
    return b.chart()


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("direction", "across"),
    [
        ({"on": "right"}, {"on.a", "on.b"}),
        ({"on.b": "right"}, {"on.b"}),
        ({"": "right", "on": "down"}, set()),
        ("right", {"on.a", "on.b"}),
    ],
)
def test_direction_of_a_state_is_honoured(direction: Any, across: set[str]) -> None:
    """Parallel states with history have a direction of their own, and so have regions."""
    found = draw(picture_of(parallel()), direction=direction)
    rects = {one.box.id: one.rect for one in found.boxes}
    for name in ("on.a", "on.b"):
        (x0, y0), (x1, y1) = rects[f"{name}.x"].centre, rects[f"{name}.y"].centre
        assert (abs(x1 - x0) > abs(y1 - y0)) == (name in across)
    assert not list(faults(sheet_of(found)))


@pytest.mark.parametrize(
    ("direction", "said"),
    [
        (
            {"on.a": "right"},
            r"the arrow 'on\.past' → 'on\.a\.y' crosses the border of 'on\.a', .*'right' to 'on'",
        ),
        ({"off": "right"}, "'off' has no states in it"),
    ],
)
def test_direction_that_a_state_cannot_have_is_refused(direction: Any, said: str) -> None:
    """Arrows that cross its border run as those outside; a state without others runs nowhere."""
    with pytest.raises(StatechartError, match=rf"\[SC708\] picture of Parallel: .*{said}"):
        drawing.render(parallel(), direction=direction)


@pytest.mark.parametrize("part", [{"depth": 1}, {"focus": "off"}])
def test_direction_of_what_a_part_leaves_out_is_refused(part: Any) -> None:
    """It would change nothing."""
    with pytest.raises(StatechartError, match=r"\[SC708\] .*'on\.a' shows no states in this part"):
        drawing.render(parallel(), direction={"on.a": "right"}, **part)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("direction", ["down", "right"])
@pytest.mark.parametrize(("source", "low"), [("off", False), ("paused", True)])
def test_history_of_a_parallel_state_is_where_its_arrows_come_from(
    source: str, direction: Any, low: bool
) -> None:
    """Above the regions, or below them; then its arrows are drawn, and not told in words."""
    found = draw(picture_of(parallel((source, "on.past"))), direction=direction)
    assert f"{source}:on.past" in {one.arrow.id for one in found.arrows}
    rects = {one.box.id: one.rect for one in found.boxes}
    axis = direction == "down"
    assert (rects["on.past"].centre[axis] > rects["on.a"].centre[axis]) == low
    assert not list(faults(sheet_of(found)))


def test_history_states_beside_each_other_keep_apart() -> None:
    """A narrow parallel state becomes wide enough for two."""
    b = Builder("Two").state("on", PARALLEL).initial("", "on").state("on.a", COMPOUND)
    b.state("on.a.x").initial("on.a", "on.a.x").state("on.one", SHALLOW).state("on.two", DEEP)
    b.initial("on.one", "on.a.x").initial("on.two", "on.a.x")
    for direction in ("down", "right"):
        found = draw(picture_of(b.chart()), direction=direction)
        assert not rect_of(found, "on.one").grown(8).overlaps(rect_of(found, "on.two"))
