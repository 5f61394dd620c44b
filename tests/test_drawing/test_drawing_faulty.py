"""Pictures of charts with faults: what is wrong is marked, and all of it is drawn."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from attrs import frozen
from rich.console import Console

from statecharts import (
    Chart,
    Compound,
    DefinitionError,
    History,
    State,
    Statechart,
    StatechartError,
    render,
)
from statecharts.checks import as_tree, faults
from statecharts.cli.showing import chart_tree
from statecharts.codec import Protocol
from statecharts.drawing.marks import Marks
from statecharts.drawing.theme import THEMES
from statecharts.interop import python, scxml, xstate
from statecharts.model.chart import OnEvent, StateKind, StateNode, Transition
from statecharts.model.errors import Fault
from tests.proof import shards
from tests.test_checks.broken_charts import broken_chart


@frozen
class Go: ...


@frozen
class Stop: ...


def refused() -> DefinitionError:
    """Return the error of a chart with faults of every sort of place."""
    with pytest.raises(DefinitionError) as caught:

        class Door(Statechart[Go | Stop]):
            shut = State(initial=True)
            open = State()
            done = State(final=True)

            class room(Compound):
                one = State(initial=True)
                past = History()
                one.to("nowhere", on=Go)  # type: ignore[arg-type]

            shut.to("opne", on=Go)  # type: ignore[arg-type]
            shut.to(open, on=Go)
            open.to(room, on=Go)
            open.stay(on=Go)
            open.to(room.past, on=Stop)
            done.to(shut, on=Go)

    return caught.value


def groups(svg: str, kind: str) -> dict[str, ET.Element]:
    """Return the groups of states or transitions of an SVG, by their ids' last part."""
    space = "{http://www.w3.org/2000/svg}"
    root = ET.fromstring(svg)
    found = [one for one in root.iter(f"{space}g") if kind in one.get("class", "").split()]
    return {one.findtext(f"{space}title", "").partition("\n")[0]: one for one in found}


def test_svg_tells_faults_in_tooltips() -> None:
    """A faulty state or arrow is of the class ``faulty``; its tooltip has code and message."""
    svg = render(refused())
    faulty = groups(svg, "faulty")

    assert set(faulty) == {
        "open",
        "room.past",
        "opne: There is no such state.",
        "nowhere: There is no such state.",
        "shut → opne: Go; ! SC101",
        "shut → open: Go; ! SC125",
        "room.one → nowhere: Go; ! SC101",
        "done → shut: Go; ! SC107",
    }
    told = "".join(faulty["room.past"].itertext())
    assert "[SC109] Door: history 'room.past' has no default. Pass default=" in told


def test_svg_counts_the_faults_below_the_picture() -> None:
    """A line below says how many there are; the description says it as well."""
    error = refused()
    svg = render(error)
    codes = ", ".join(sorted({one.code for one in error.faults}))
    assert svg.count(f"{len(error.faults)} faults: {codes}") == 2


@pytest.mark.sampled(3)
@pytest.mark.parametrize("theme", THEMES)
def test_faults_have_a_colour_of_the_theme(theme: str) -> None:
    """Each theme has a colour for faults, and a mark that needs none."""
    svg = render(refused(), theme=theme)
    assert svg.count(THEMES[theme].fault) > 10
    assert "! SC101" in svg


def test_text_formats_mark_faults_with_their_codes() -> None:
    """Mermaid and DOT show the codes, and tell the faults in comments."""
    error = refused()
    mermaid, dot = render(error, "mermaid"), render(error, "dot")
    for fault in error.faults:
        assert f"%% {fault}" in mermaid
        assert f"// fault {fault}" in dot
    assert re.search(r"s\d+ --> s\d+ : Go<br/>! SC101", mermaid)
    assert "classDef faulty stroke:#bb0d29" in mermaid
    assert 'label="Go\\l! SC101\\l", color="#bb0d29"' in dot
    assert 'xlabel="! SC109"' in dot


def test_strict_refuses_a_chart_with_faults() -> None:
    """With `strict`, a faulty chart raises its error instead of being drawn."""
    with pytest.raises(DefinitionError, match="SC101"):
        render(refused(), strict=True)


def test_error_without_a_definition_is_raised_again() -> None:
    """Without a chart there is nothing to draw: the error is raised again."""
    error = DefinitionError("Door", [Fault("SC112", "Door", "x", "y")])
    with pytest.raises(DefinitionError) as caught:
        render(error)
    assert caught.value is error


@pytest.mark.parametrize("dump", [render, python.dumps, scxml.dumps, xstate.dumps, Protocol])
@pytest.mark.parametrize("thing", [3, int, "Door", None, [1] * 100])
def test_readers_of_charts_say_what_they_take(dump: Any, thing: object) -> None:
    """Anything but a chart is refused by name, not by an attribute that it lacks."""
    shown = "an instance of list" if isinstance(thing, list) else repr(thing)
    remedy = "Pass a Chart, or a class derived from Statechart."
    with pytest.raises(StatechartError, match=r"\[SC213\] .*") as caught:
        dump(thing)
    assert str(caught.value).endswith(f": {shown} has no chart. {remedy}")


def lamp(**more: Any) -> Chart:
    """Return a chart made by hand: its root has no initial child."""
    states = (StateNode("on", StateKind.ATOMIC, "on", **more),)
    return Chart("Lamp", StateNode("", StateKind.COMPOUND, "Lamp", None, ("on",)), states)


def test_chart_that_was_never_checked_shows_its_structural_faults() -> None:
    """A dead end may be meant in a chart made by hand; a chart without a beginning is not."""
    assert render(lamp(), "mermaid").startswith('---\ntitle: "! 1 fault: SC103"\n---\n')
    assert '"! 2 faults: SC103, SC122"' in render(lamp(), "mermaid", faults=faults(lamp()))
    assert "fault" not in render(lamp(), "mermaid", faults=())


def test_chart_that_was_accepted_shows_no_faults() -> None:
    """Faults that a chart allows are warnings, and not marked."""

    class Lamp(Statechart, allow="SC122"):
        on = State(initial=True)

    assert [one.code for one in Lamp.chart.warnings] == ["SC122"]
    assert "! SC" not in render(Lamp)


def test_faults_without_a_state_are_placed_by_their_line() -> None:
    """A fault with only a place is marked at the last state or line that begins before it."""
    go = Transition("on", OnEvent(("go",)), ("on",), location="lamp.scxml:7")
    chart = lamp(location="lamp.scxml:5", transitions=(go,))
    told = [Fault("SC612", "lamp", "x", "y", f"{file}:{line}") for file, line in PLACES]
    marks = Marks(chart, tuple(told))
    assert [one.location for one in marks.of_state("on")] == ["lamp.scxml:5", "lamp.scxml:6"]
    assert [one.location for one in marks.of_line(go)] == ["lamp.scxml:7", "lamp.scxml:9"]
    assert [one.location for one in marks.of_state("")] == ["lamp.scxml:2", "other.scxml:6"]


PLACES = [("lamp.scxml", line) for line in (2, 5, 6, 7, 9)] + [("other.scxml", 6)]


def shown(chart: Chart, found: tuple[Fault, ...]) -> str:
    """Return a chart as `show` prints it."""
    out = io.StringIO()
    Console(file=out, width=10_000).print(chart_tree(chart, found))
    return out.getvalue()


@pytest.mark.parametrize("tree", [False, True], ids=["standing", "fallen"])
@pytest.mark.parametrize("seeds", shards(5_000, 500, sample=10))
def test_charts_broken_in_any_way_are_shown(seeds: range, tree: bool) -> None:
    """Each state is there, each fault is marked, in the tree and in the texts of pictures."""
    for seed in seeds:
        chart = broken_chart(seed, tree=tree)
        found = faults(chart)
        marks = Marks(as_tree(chart), found)
        for text in (
            shown(chart, found),
            render(chart, "mermaid", faults=found),
            render(chart, "dot", faults=found),
        ):
            for fault in found:
                assert fault.code in text, seed
        told = shown(chart, found)
        for node in as_tree(chart):
            mark = marks.text_of_state(node.id)
            assert mark in told, seed


@pytest.mark.parametrize("seeds", shards(2_000, 100, sample=2))
def test_charts_broken_in_any_way_are_drawn(seeds: range) -> None:
    """Every chart whose states form a tree has a picture, with the code of each fault."""
    for seed in seeds:
        chart = broken_chart(seed)
        found = faults(chart)
        svg = render(chart, faults=found)
        ET.fromstring(svg)
        assert all(fault.code in svg for fault in found), seed
