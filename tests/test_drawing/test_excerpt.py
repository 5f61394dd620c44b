"""Parts of charts: a few levels, a state and what is next to it, names alone."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from machines.investigation.chart import InvestigationChart
from machines.pipeline import Pipeline
from statecharts import StatechartError, render
from statecharts.drawing.excerpt import Excerpt, depth_for, folded
from statecharts.drawing.layout import draw
from statecharts.drawing.model import PSEUDO, Picture, line_text
from statecharts.drawing.notation import picture_of
from statecharts.drawing.overlay import Counts, Kind, Mark, Overlay, coverage
from statecharts.drawing.svg import to_svg
from statecharts.drawing.theme import LIGHT
from statecharts.model.chart import Chart
from statecharts.model.errors import UnknownStateError
from tests.proof import shards
from tests.test_drawing import charts


def states(picture: Picture) -> set[str]:
    return {
        box.id
        for box in picture.boxes.values()
        if box.is_state and box.shape not in PSEUDO and box.parent is not None
    }


def whole(chart: Any) -> Picture:
    return picture_of(chart.chart)


@pytest.mark.parametrize("seeds", shards(2_000, 100, sample=3))
def test_part_of_any_chart_is_a_picture_of_its_own(seeds: range) -> None:
    """Each arrow has its ends, each state is shown or counted, and all of it can be drawn."""
    for seed in seeds:
        picture = picture_of(charts.anything(seed))
        known = sorted(states(picture))
        focus = known[seed % len(known)] if known else None
        for excerpt in (
            Excerpt(depth=1 + seed % 2),
            Excerpt(focus=focus),
            Excerpt(depth=1, focus=focus, compact=True),
        ):
            part = excerpt.of(picture)
            assert len(states(part)) + part.left_out == len(known), (seed, excerpt)
            ends = {end for arrow in part.arrows for end in (arrow.source, arrow.target)}
            assert ends <= part.boxes.keys(), (seed, excerpt)
            ids = [arrow.id for arrow in part.arrows]
            assert len(ids) == len(set(ids)), (seed, excerpt)
            assert excerpt.focus in (None, *states(part)), seed
            ET.fromstring(to_svg(draw(part, 0), LIGHT))


@pytest.mark.long
def test_depth_folds_what_is_deeper() -> None:
    """A folded state tells how many are inside, and has the arrows of these, once."""
    part = Excerpt(depth=1).of(whole(Pipeline))
    assert states(part) == {"active", "done", "archived"}
    arrows = {(arrow.source, arrow.target) for arrow in part.arrows}
    assert arrows >= {("active", "done"), ("active", "archived"), ("archived", "active")}
    assert len(arrows) == len(part.arrows)
    svg = render(Pipeline, depth=1)
    assert "… 4 states inside" in svg
    assert "Statechart Pipeline with 3 states; 4 more are left out." in svg
    assert render(Pipeline, depth=9) == render(Pipeline)


def test_what_is_active_inside_shows_at_the_state_around_it() -> None:
    """An overlay says as much as the picture can show."""
    svg = render(Pipeline, depth=1, highlight=["active.merge"])
    (active,) = re.findall(r'<g id="Pipeline-state-active"[^>]*>', svg)
    assert re.search(r'class="[^"]*\bactive\b', active)


def test_focus_shows_what_is_next_to_a_state() -> None:
    """Its own arrows, those of the states around it, and where they go."""
    part = Excerpt(focus="active.merge").of(whole(Pipeline))
    assert states(part) == {
        "active", "active.coding", "active.qa", "active.merge", "done", "archived",
    }  # fmt: skip
    arrows = {(arrow.source, arrow.target) for arrow in part.arrows}
    assert ("active", "archived") in arrows  # also taken in merge
    assert ("archived", "active") in arrows  # and so it may come to merge
    assert ("done", "archived") not in arrows
    assert ("active.coding", "active.qa") not in arrows
    inside = Excerpt(depth=1, focus="active").of(whole(InvestigationChart))
    assert "active.working" in states(inside)
    assert "active.working.synthesizing" not in states(inside)


def test_focus_counts_the_arrows_that_it_leaves_out() -> None:
    """A state that is shown with some of its arrows says how many more it has."""
    b = charts.Builder("Ways").states("a", "b", "c", "d").state("e", charts.FINAL).initial("", "a")
    b.move("a", "b", "go").move("b", "c", "on").move("b", "b", "again").move("b", "e", "stop")
    b.move("a", "e", "end").move("c", "d", "far")
    boxes = Excerpt(focus="a").of(picture_of(b.chart())).boxes
    told = {
        box.id: [line_text(line) for line in box.behaviour]
        for box in boxes.values()
        if box.behaviour
    }
    assert told == {
        "": ["… and 2 states more", "… and 1 arrow more"],
        "b": ["… and 3 arrows more"],
        "e": ["… and 1 arrow more"],
    }


def test_compact_shows_names_alone() -> None:
    """No data, no behaviour; of arrows their events, or what there is instead."""
    part = Excerpt(compact=True).of(whole(InvestigationChart))
    assert all(box.data == box.behaviour == () for box in part.boxes.values())
    text = render(InvestigationChart, "mermaid", compact=True)
    assert "CallResult<br/>CallFailed<br/>Cancel" in text
    assert "CallResult(" not in text
    assert "[all_in]" in text  # it has no event


def test_a_large_chart_says_what_to_fold() -> None:
    """The depth that shows no more than fits."""
    b = charts.Builder("Large")
    tops = [f"s{i}" for i in range(40)]
    b.states(*tops).initial("", "s0")
    for top in tops:
        inner = [f"{top}.t{i}" for i in range(25)]
        b.states(*inner).initial(top, inner[0])
    chart = b.chart()
    assert len(states(picture_of(chart))) == 1040
    assert depth_for(picture_of(chart)) == (1, 40)
    told = str(draw(picture_of(chart), seconds=0.001).fault)
    assert "depth=1 (--depth 1) shows 40 states" in told
    assert depth_for(picture_of(chart), most=20) is None


@pytest.mark.parametrize("depth", [0, -1, True, 1.5, "1"])
def test_a_depth_that_is_none_is_refused(depth: Any) -> None:
    """It says what to give."""
    with pytest.raises(
        StatechartError, match=r"SC221.*depth=.* does not fit\. Pass a whole number from 1 on"
    ):
        render(Pipeline, depth=depth)


@pytest.mark.parametrize("focus", ["", "active.merg", 7, ["active"]])
def test_a_state_that_is_not_there_is_refused(focus: Any) -> None:
    """It names the nearest one."""
    with pytest.raises(UnknownStateError, match="SC207"):
        render(Pipeline, focus=focus)


def test_a_state_may_be_named_as_it_is_declared() -> None:
    """As everywhere, `Chart.state` stands for its id."""
    assert render(Pipeline, "mermaid", focus=Pipeline.active.merge) == render(
        Pipeline, "mermaid", focus="active.merge"
    )


@pytest.mark.parametrize(
    "given",
    [
        {"transparent": 1},
        {"tabindex": "no"},
        {"compact": 3},
        {"strict": 1},
        {"faults": 3},
        {"faults": "SC101"},
        *({"seconds": odd} for odd in ("x", None, math.nan, -1)),
        *({"links": odd} for odd in (7, "{x}", "javascript:alert({line})", " Java\nScript:0")),
    ],
)
def test_arguments_of_another_kind_are_refused(given: dict[str, Any]) -> None:
    """They would else fail inside, or be taken for yes."""
    with pytest.raises(StatechartError, match=r"SC221.*does not fit"):
        render(Pipeline, **given)


@pytest.mark.parametrize("theme", ["drak", 3, ["dark"]])
def test_theme_that_is_none_is_refused(theme: Any) -> None:
    """It says which there are."""
    with pytest.raises(StatechartError, match=r"SC702.*Use one of auto, light|Did you mean 'dark'"):
        render(Pipeline, theme=theme)


def nested() -> Chart:
    """Return a chart with a line that has no arrow, in a state within another."""
    b = charts.Builder("Nested").state("on", charts.COMPOUND).states("on.a", "on.b", "off")
    b.initial("", "on").initial("on", "on.a").stay("on.a", "tick").move("on.a", "on.b", "go")
    return b.move("on", "off", "stop").stay("", "tick").chart()


@pytest.mark.parametrize(
    ("thing", "options", "state"),
    [
        ("on.a:tick", {"compact": True}, "on.a"),
        ("on.a:tick", {"depth": 1}, "on"),
        ("on.a:go->on.b", {"depth": 1}, "on"),
        ("on.b", {"depth": 1}, "on"),
        (":tick", {"compact": True}, ""),
    ],
)
@pytest.mark.parametrize("kind", [Kind.FIRED, Kind.PENDING, Kind.ADDED, Kind.CHANGED])
def test_state_has_the_marks_of_what_is_left_out_in_it(
    thing: str, options: Any, state: str, kind: Kind
) -> None:
    """The state that is shown carries the marks of what was taken, is waiting or has changed."""
    marked = {thing: (Mark(kind),)}
    overlay = Overlay(lines=marked) if ":" in thing else Overlay(marked)
    (mark,) = folded_marks(overlay, **options)[state]
    assert mark.kind is (Kind.CHANGED if kind is Kind.ADDED else kind)
    assert mark.told == f"{thing}: {kind.value}"


@pytest.mark.parametrize("form", ["svg", "dot", "mermaid", "plantuml"])
def test_marks_of_what_is_left_out_reach_every_format(form: Any) -> None:
    overlay = Overlay(lines={"on.a:tick": (Mark(Kind.FIRED),)})
    ways: list[dict[str, Any]] = [{"compact": True}, {"depth": 1}]
    for options in ways:
        picture = render(nested(), form, overlay=overlay, **options)
        assert picture != render(nested(), form, **options)


@pytest.mark.parametrize("form", ["svg", "dot", "mermaid", "plantuml"])
def test_state_that_was_left_is_not_filled_as_if_it_were_active(form: Any) -> None:
    """A line that was taken in a folded state marks its border; only what is active is filled."""
    taken = Overlay(lines={"on.a:tick": (Mark(Kind.FIRED),)})
    fill = LIGHT.tones[Kind.ACTIVE].state
    left = render(nested(), form, overlay=taken, depth=1, theme="light")
    inside = render(nested(), form, overlay=taken, depth=1, theme="light", highlight=["on.a"])
    assert (fill in left, fill in inside) == (False, True)
    assert LIGHT.tones[Kind.FIRED].line.lstrip("#") in left


def test_badge_tells_which_of_several_states_it_is_about() -> None:
    """A note from a state that is left out begins with its name, and the whole is in the title."""
    overlay = Overlay({"on.a": (Mark(Kind.PENDING, "1 call", "It calls"),)})
    svg = render(nested(), overlay=overlay, depth=1)
    assert ">a: 1 call<" in svg
    assert "on.a: It calls</title>" in svg


def test_counts_that_are_left_out_are_told_and_change_no_colour() -> None:
    """A state has the colour of its own count; those of its lines are in its title."""
    chart = nested()
    counts = Counts({node.id: 1 for node in chart}, {"on.a:tick": 9})
    svg = render(chart, overlay=coverage(chart, counts), compact=True)
    (kinds,) = re.findall(r'<g id="Nested-state-on.a" class="([^"]*)"', svg)
    assert kinds == "state heat4"
    assert "entered 1 ×\non.a:tick: taken 9 ×</title>" in svg
    assert ">9 ×<" not in svg
    alone = render(chart, overlay=coverage(chart, Counts({}, {"on.a:tick": 9})), compact=True)
    assert ">9 ×<" in alone
    around = folded_marks(coverage(chart, Counts({"on": 0, "on.a": 2, "on.b": 3})), depth=1)["on"]
    assert [mark.kind for mark in around] == [Kind.UNUSED, Kind("heat0"), Kind("heat4")]


def test_states_that_came_tell_nothing_of_what_came_with_them() -> None:
    """All that is in a new state is new; and what is faded inside says nothing about a state."""
    chart, added = nested(), (Mark(Kind.ADDED),)
    overlay = Overlay({"on": added, "on.a": added}, {"on.a:tick": added})
    assert folded_marks(overlay, depth=1)["on"] == added
    faded = Overlay(lines=dict.fromkeys(chart.lines, (Mark(Kind.DISABLED),)))
    assert not folded_marks(faded, compact=True)


def folded_marks(overlay: Overlay, **options: Any) -> dict[str, tuple[Mark, ...]]:
    """Return the marks of the states in a part of the picture."""
    picture = picture_of(nested())
    marks = folded(overlay, picture, Excerpt(**options).of(picture)).states
    return {state: found for state, found in marks.items() if found}
