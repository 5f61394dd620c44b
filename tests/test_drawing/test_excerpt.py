"""Parts of charts: a few levels, a state and what is next to it, names alone."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from machines.investigation.chart import InvestigationChart
from machines.pipeline import Pipeline
from statecharts import StatechartError, render
from statecharts.drawing.excerpt import Excerpt, depth_for
from statecharts.drawing.layout import draw
from statecharts.drawing.model import PSEUDO, Picture
from statecharts.drawing.notation import picture_of
from statecharts.drawing.svg import to_svg
from statecharts.drawing.theme import LIGHT
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


@pytest.mark.parametrize("seeds", shards(2_000, 100, sample=6))
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
    "given", [{"links": 7}, {"transparent": 1}, {"tabindex": "no"}, {"compact": 3}]
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
