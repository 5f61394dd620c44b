"""Overlays: what is active, taken, waited for, counted, different or disabled, and films of it."""

from __future__ import annotations

import math
import pickle
import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from attrs import evolve, frozen

from diagrams import machine_charts
from machines.pipeline import (
    Accepted,
    Block,
    DepsMet,
    GatesFailed,
    GatesStarted,
    Pipeline,
)
from statecharts import (
    Call,
    CallFailed,
    Compound,
    Machine,
    NamedEvent,
    Snapshot,
    State,
    Statechart,
    Step,
    drawing,
    start,
    step,
)
from statecharts.drawing import LayoutWarning
from statecharts.drawing.difference import difference
from statecharts.drawing.geometry import Rect, flattened
from statecharts.drawing.labels import LABEL_WIDTH
from statecharts.drawing.layout import draw
from statecharts.drawing.model import HISTORY_LETTERS
from statecharts.drawing.notation import picture_of as picture_of_chart
from statecharts.drawing.overlay import (
    Counts,
    Kind,
    Mark,
    Overlay,
    active,
    counted,
    coverage,
    disabled,
    last_step,
    time_in_state,
)
from statecharts.drawing.svg import describe, to_svg
from statecharts.drawing.theme import LIGHT
from statecharts.interop import scxml
from statecharts.model.chart import Chart, Default, StateKind, Transition
from statecharts.model.errors import ArgumentError, StatechartError
from tests.proof import cases
from tests.test_drawing import charts
from tests.test_drawing.pictures import picture_of
from tests.test_drawing.test_drawing_svg import classes, group, parsed, text_in

SVG = "{http://www.w3.org/2000/svg}"
NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
CHART = Pipeline.chart
DEPS_MET = "active.backlog:deps_met->active.coding"


@frozen
class Asked:
    """An answer."""


@frozen
class Ask(Call[Asked]):
    """A call."""

    question: str = "why"


class Waiting(Statechart[Asked]):
    """Waits for an answer, and for a time."""

    asking = State(initial=True, invoke=Ask)
    late = State(final=True)
    told = State(final=True)

    asking.to(told, on=Asked)
    asking.to(late, on=CallFailed)
    patience = asking.after(timedelta(minutes=5), late)


@frozen
class Named:
    """An event with a field that is called as names of events are."""

    name: str


class Deferring(Statechart, allow=("SC138",)):
    """Keeps events for later."""

    busy = State(initial=True)
    free = State(final=True)

    busy.defer(on=(Named, "go.away"))
    busy.after(timedelta(minutes=5), free)


def marked(svg: str, kind: str) -> set[str]:
    """Return the ids of the groups that have a kind as class, without the name of the chart."""
    found = parsed(svg).iter(f"{SVG}g")
    named = [g.get("id", "") for g in found if kind in g.get("class", "").split()]
    return {name.partition("-")[2] for name in named if name}


def machine() -> Machine:
    """Return a machine at rest in its first state."""
    return Machine(Pipeline, at=NOW)


def test_highlight_of_a_snapshot_shows_what_it_waits_for() -> None:
    """Timers have the time when they are due, calls their state, both a sentence in the text."""
    snapshot = start(Waiting, at=NOW).snapshot
    svg = picture_of(Waiting, highlight=snapshot)

    assert marked(svg, "pending") == {"state-asking", "transition-asking:late"}
    assert sorted(text_in(group(svg, "badges"))) == ["1 call", "due 2026-01-31 12:05"]
    told = parsed(svg).findtext(f"{SVG}desc") or ""
    assert "The timer asking.patience#1 is due at 2026-01-31T12:05:00+00:00." in told
    assert "The call asking.ask#1 is under way: Ask(question='why')." in told
    assert picture_of(Waiting, highlight=Machine(Waiting, at=NOW)) == svg


def test_waiting_events_are_told_by_their_names() -> None:
    """A field that is called ``name`` is not the name of an event."""
    snapshot = start(Deferring, at=NOW).snapshot
    for event in (Named("Ada"), NamedEvent("go.away")):
        snapshot = step(Deferring, snapshot, event, at=NOW).snapshot
    assert "Waiting: Named, go.away." in picture_of(Deferring, highlight=snapshot)


@pytest.mark.long
def test_last_step_marks_its_lines_and_no_others() -> None:
    """Of several lines on one arrow, only the one that was taken is marked in the label."""
    one = machine()
    one.send(DepsMet())
    svg = picture_of(CHART, overlay=last_step(CHART, one.send(Block("keys"))))

    assert marked(svg, "fired") == {"transition-active:archived"}
    assert marked(svg, "active") == {"state-archived"}
    label = group(svg, "transition-active:archived").iter(f"{SVG}tspan")
    assert [span.text for span in label if span.get("class") == "fired"] == ["Block(reason)"]


@pytest.mark.long
def test_coverage_is_hotter_the_oftener_and_tells_what_never_was() -> None:
    """Counts are badges; heat follows their order; what is 0 is marked as unused."""
    one = machine()
    events = (DepsMet(), GatesStarted(), GatesFailed("lint"), GatesStarted())
    counts = counted(CHART, [one.send(event) for event in events])
    assert (counts.states["active.coding"], counts.states["active.qa"]) == (2, 2)
    svg = picture_of(CHART, overlay=coverage(CHART, counts))

    assert marked(svg, "heat0") == {
        "transition-active.backlog:active.coding",
        "transition-active.qa:active.coding",
    }
    assert "transition-active.coding:active.qa" in marked(svg, "heat4")
    assert "state-done" in marked(svg, "unused")
    assert sorted(text_in(group(svg, "badges"))) == ["1 ×", "1 ×", "2 ×", "2 ×", "2 ×"]
    assert text_in(group(svg, "legend")) == [
        "entered 2 ×", "never entered", "taken 1 ×", "taken 2 ×", "never taken",
    ]  # fmt: skip


def test_coverage_refuses_what_the_chart_does_not_have() -> None:
    """A misspelt state or line is an error that names the nearest."""
    with pytest.raises(StatechartError, match=r"\[SC706\].*state 'don'.*'done'"):
        coverage(CHART, Counts({"don": 1}))
    with pytest.raises(StatechartError, match=r"\[SC706\].*no line 'x'"):
        coverage(CHART, Counts(lines={"x": 1}))
    mark = (Mark(Kind.ADDED),)
    with pytest.raises(StatechartError, match=r"\[SC706\].*state 'don'.*'done'"):
        picture_of(CHART, overlay=Overlay({"don": mark}))
    with pytest.raises(StatechartError, match=r"\[SC706\].*no line 'x'"):
        picture_of(CHART, overlay=Overlay({"": mark}, {"x": mark}))


@pytest.mark.long
def test_time_in_state_is_told_in_units_of_people() -> None:
    """Durations are badges; states that are not named were never active."""
    lasted = {"active": timedelta(hours=3), "active.qa": timedelta(seconds=90.4)}
    svg = picture_of(CHART, overlay=time_in_state(CHART, lasted))

    assert sorted(text_in(group(svg, "badges"))) == ["1 min 30 s", "3 h"]
    assert "state-active.qa" in marked(svg, "heat0")
    assert "state-done" in marked(svg, "unused")
    passed = time_in_state(CHART, lasted | {"done": timedelta()}).states["done"]
    assert [(mark.kind, mark.told) for mark in passed] == [(Kind("heat0"), "active for 0 s")]


@pytest.mark.long
def test_disabled_fades_what_no_event_takes_now() -> None:
    """Lines of other states, refused ones, and those whose event is answered inside are faded."""
    one = machine()
    now = disabled(CHART, one.snapshot)
    assert DEPS_MET not in now.lines
    assert now.lines["done:accepted->archived"][0].told == "Not now: done is not active"
    assert not any(line.startswith("active:") for line in now.lines)

    one.send(Block("keys"))
    one.send(Accepted())
    svg = picture_of(CHART, overlay=disabled(CHART, one.snapshot))
    assert "transition-active.qa:active.merge" in marked(svg, "disabled")
    assert "transition-archived:active" not in marked(svg, "disabled")


def test_disabled_asks_guards_for_events_that_are_given() -> None:
    """A guard that refuses an event fades its line; an inner line hides that of a superstate."""

    @frozen
    class Go:
        hard: bool = False

    @frozen
    class Stop:
        pass

    class Guarded(Statechart[Go | Stop]):
        class outer(Compound, initial=True):
            inner = State(initial=True)
            stopped = State()
            inner.to(stopped, on=Stop)
            stopped.to(inner, on=Go)

        end = State(final=True)
        outer.to(end, on=Go, when=lambda m: m.event.hard)
        outer.to(end, on=Stop)

    snapshot = start(Guarded).snapshot
    soft = disabled(Guarded.chart, snapshot, [Go()]).lines
    assert soft["outer:go->end"][0].told == "Not now: its guard does not hold"
    assert soft["outer:stop->end"][0].told == "Not now: outer.inner answers first"
    assert "outer:go->end" not in disabled(Guarded.chart, snapshot, [Go(hard=True)]).lines


def lines_off(text: str, *events: object) -> dict[str, str]:
    """Return the faded lines of a chart from SCXML at its start, and why they are."""
    chart = scxml.loads(f'<scxml name="d">{text}</scxml>')
    asked = chart.unbound_guards
    chart = chart.bind(guards={one: lambda m, one=one: one == "yes" for one in asked})
    faded = disabled(chart, start(chart, at=NOW).snapshot, events).lines
    return {name: found[0].told.removeprefix("Not now: ") for name, found in faded.items()}


WAYS = (
    '<state id="a"><transition event="go.on" cond="no" target="b"/><transition event="go"'
    ' cond="yes" target="c"/><transition event="go.on" cond="yes" target="d"/>'
    '<transition event="halt" target="b"/></state><state id="b"/><state id="c"/><state id="d"/>'
)


def test_disabled_fades_lines_that_an_event_does_not_select() -> None:
    """An event that comes without a class selects one of several lines; the others are faded."""
    go = NamedEvent("go.on")
    faded = {
        "a:go.on->b": "its guard does not hold",
        "a:go.on->d": "go [yes] answers first",
    }
    assert lines_off(WAYS, go) == faded
    assert lines_off(WAYS, go, NamedEvent("halt")) == faded
    assert lines_off(WAYS) == {}


def test_disabled_fades_no_line_that_one_of_the_events_takes() -> None:
    """Of two events of a class, one that the guard lets by is enough."""

    @frozen
    class Go:
        n: int = 0

    class Split(Statechart[Go]):
        a = State(initial=True)
        b = State(final=True)
        c = State(final=True)
        a.to(b, on=Go, when=lambda m: m.event.n > 0)
        a.to(c, on=Go, when=lambda m: m.event.n <= 0)

    snapshot = start(Split).snapshot
    assert set(disabled(Split, snapshot, [Go(0)]).lines) == {"a:go->b"}
    assert set(disabled(Split, snapshot, [Go(1)]).lines) == {"a:go->c"}
    assert not disabled(Split, snapshot, [Go(0), Go(1)]).lines
    ended = disabled(Split, step(Split, snapshot, Go(1)).snapshot).lines
    assert {found[0].told for found in ended.values()} == {"Not now: the run has ended"}


@pytest.mark.parametrize(
    ("event", "faded"), [("*", True), ("error", True), ("error.*", True), ("error.a", False)]
)
def test_disabled_knows_what_a_descriptor_covers(event: str, *, faded: bool) -> None:
    """A line inside on a prefix answers the events of the line around it."""
    inside = f'<state id="a"><transition event="{event}" target="c"/></state><state id="c"/>'
    text = f'<state id="p"><transition event="error.*" target="b"/>{inside}</state><state id="b"/>'
    assert lines_off(text) == ({"p:error.*->b": "p.a answers first"} if faded else {})


def test_lines_of_a_bound_chart_are_those_of_the_chart_without_functions() -> None:
    """Of lines with one id, a step names the one that was taken, whichever chart is drawn."""
    ways = WAYS.replace('target="c"', 'target="b"').replace(".on", "")
    chart = scxml.loads(f'<scxml name="d">{ways}</scxml>')
    bound = chart.bind(guards={"yes": lambda m: True, "no": lambda m: False})
    taken = Machine(bound, at=NOW).send(NamedEvent("go"))
    for one in (taken, pickle.loads(pickle.dumps(taken))):
        assert list(last_step(chart, one).lines) == ["a:go->b~2"]
        assert counted(chart, [one]).lines["a:go->b~2"] == 1


def test_counts_are_shown_to_the_last_digit() -> None:
    shown = coverage(CHART, Counts({"done": 12345678, "active": 3, "archived": 10**15})).states
    assert [found[0].note for found in shown.values()] == [
        "12345678 ×", "3 ×", "1000000000000000 ×",
    ]  # fmt: skip


def door(**changes: bool) -> charts.Builder:
    """Return a door, which some changes have been made to."""
    b = charts.Builder("Door").states("shut").state("open", entry=(charts.named("ring"),))
    b.initial("", "shut").move("shut", "open", "push").move("open", "shut", "pull")
    if changes.get("lock"):
        b.states("locked").move("shut", "locked", "lock").move("locked", "shut", "unlock")
    return b


def test_difference_marks_what_came_and_what_went() -> None:
    """States and lines of either version alone are marked, and both are in the picture."""
    old, new = door().chart(), door(lock=True).chart()
    both, marks = difference(old, new)
    assert both == new
    assert {s: [m.kind for m in found] for s, found in marks.states.items()} == {
        "locked": [Kind.ADDED]
    }
    svg = picture_of(both, overlay=marks, faults=())
    assert marked(svg, "added") == {
        "state-locked", "transition-shut:locked", "transition-locked:shut",
    }  # fmt: skip
    back, gone = difference(new, old)
    svg = picture_of(back, overlay=gone, faults=())
    assert marked(svg, "removed") == {
        "state-locked", "transition-shut:locked", "transition-locked:shut",
    }  # fmt: skip
    assert text_in(group(svg, "legend")) == ["removed"]
    assert 'text-decoration="line-through"' in svg


def test_difference_tells_what_changed() -> None:
    """A guard, a hook, a kind or a field that changed is told in words."""
    b = charts.Builder("Door").states("shut").state("open", charts.FINAL, data=charts.Track)
    b.initial("", "open").move("shut", "open", "push", guard=charts.named("strong"))
    _, marks = difference(door().chart(), b.chart())
    assert marks.states[""][0].told == "Changed: its initial state was shut"
    assert marks.states["open"][0].told == (
        "Changed: atomic is now final; data title: new → str; data position: new → timedelta; "
        "data queue: new → list[str]; entry: ring → nothing"
    )
    assert marks.lines["shut:push->open"][0].told == "Changed; it was: push"
    assert marks.lines["open:pull->shut"][0].kind is Kind.REMOVED


def test_difference_of_a_line_with_another_target_shows_both_ways() -> None:
    """A named line that goes elsewhere is one that came and one that went."""
    old = charts.Builder("Turn").states("a", "b", "c").initial("", "a")
    new = charts.Builder("Turn").states("a", "b", "c").initial("", "a")
    both, marks = difference(
        old.move("a", "b", "go", name="go").chart(), new.move("a", "c", "go", name="go").chart()
    )
    kinds = {both.line(name).targets: found[0].kind for name, found in marks.lines.items()}
    assert kinds == {("c",): Kind.ADDED, ("b",): Kind.REMOVED}


def inner(state: str, kind: StateKind, *children: str) -> charts.Builder:
    """Return a chart whose state may have states inside."""
    b = charts.Builder("Inner").states("a").state(state, kind).initial("", "a")
    b.states(*(f"{state}.{child}" for child in children)).move("a", state, "go")
    return b.initial(state, *(f"{state}.{child}" for child in children[:1])) if children else b


@pytest.mark.parametrize("kind", [StateKind.ATOMIC, StateKind.FINAL])
def test_difference_has_no_fault_that_neither_chart_has(kind: StateKind) -> None:
    """States that are gone are shown in a state that can have none now, and it has no fault."""
    old = inner("b", charts.COMPOUND, "q").move("b", "a", "back").chart()
    both, marks = difference(old, inner("b", kind).chart())
    told = f"Changed: compound is now {kind.value}; its initial state was b.q"
    assert marks.states["b"][0].told == told
    svg = picture_of(both, overlay=marks)
    assert "SC1" not in svg
    assert marked(svg, "removed") == {"state-b.q", "transition-b:a"}


@frozen
class Owned:
    """A context."""

    owner: str = ""


@frozen
class Counted:
    """A context with another field."""

    count: int = 0


@frozen
class Renamed:
    """A context with the same field as the first."""

    owner: str = ""


@pytest.mark.parametrize(
    ("context", "told"),
    [
        (Counted, "context owner: str → gone; context count: new → int"),
        (Renamed, "context: Owned → Renamed"),
        (None, "context owner: str → gone"),
        (Owned, None),
    ],
)
def test_difference_tells_of_the_context(context: type | None, told: str | None) -> None:
    """Fields of the context, or its class, are told at the chart itself."""
    old, new = charts.Builder("C", Owned), charts.Builder("C", context)
    both, marks = difference(old.states("a").chart(), new.states("a").chart())
    assert [one.told for one in marks.states.get("", ())] == ([f"Changed: {told}"] if told else [])
    assert (str(told) in describe(picture_of_chart(both), marks)) is (told is not None)


def guarded(*guards: str, other: str = "") -> Chart:
    """Return a chart with lines on one event, by their guards."""
    b = charts.Builder("Ways").states("a", "b", "c").initial("", "a")
    for guard in guards:
        target, _, name = guard.rpartition(" ")
        b.move("a", target or "b", "go", guard=charts.named(name))
    return (b.move("a", "c", other) if other else b).chart()


def test_difference_tells_which_line_is_asked_first() -> None:
    """Lines on one event that changed places are marked; those on different ones are not."""
    _, marks = difference(guarded("b x", "c y"), guarded("c y", "b x"))
    assert {name: found[0].told for name, found in marks.lines.items()} == {
        "a:go->c": "Changed; now asked before go [x] → b",
        "a:go->b": "Changed; now asked after go [y] → c",
    }
    first = charts.Builder("T").states("a", "b").initial("", "a")
    other = charts.Builder("T").states("a", "b").initial("", "a")
    first.move("a", "b", "go").move("a", "b", "halt")
    _, marks = difference(first.chart(), other.move("a", "b", "halt").move("a", "b", "go").chart())
    assert not marks.lines


def test_difference_matches_lines_that_say_the_same() -> None:
    """Of lines with equal ids, the one that came or went is marked, wherever it was."""
    one, two = guarded("x"), guarded("y", "x")
    assert {k: v[0].told for k, v in difference(one, two)[1].lines.items()} == {"a:go->b": "Added"}
    both, marks = difference(two, one)
    assert {k: v[0].told for k, v in marks.lines.items()} == {"a:go->b~2": "Removed"}
    assert both.line("a:go->b~2").guard == charts.named("y")
    changed = difference(guarded("x", "y"), guarded("x", "z"))[1].lines
    assert {k: v[0].told for k, v in changed.items()} == {"a:go->b~2": "Changed; it was: go [y]"}


def test_difference_tells_what_entering_does() -> None:
    """An action on an initial transition is part of what a chart says."""
    old, new = door().chart(), door().chart()
    default = Transition("", Default(), ("shut",), emit=(charts.named("greet"),))
    old = evolve(old, root=evolve(old.root, default=default))
    _, marks = difference(old, new)
    assert marks.states[""][0].told == "Changed: on its initial transition: / greet → nothing"


@pytest.mark.long
def test_overlays_change_no_place() -> None:
    """Pictures with and without marks fit onto each other: badges lie above, and move nothing."""

    def places(svg: str) -> list[str]:
        return re.findall(r' (?:x|y|d|cx|cy)="[^"]*"', svg.partition('class="badges"')[0])

    one = machine()
    marks = coverage(CHART, counted(CHART, [one.send(DepsMet())]))
    assert places(picture_of(CHART)) == places(picture_of(CHART, overlay=marks))


@pytest.mark.long
def test_badges_keep_clear_of_each_other() -> None:
    """A badge goes where it covers no other badge, in charts that are hard to draw, too."""
    for make in charts.CHARTS.values():
        chart = make()
        counts = Counts({node.id: 7 for node in chart}, dict.fromkeys(chart.lines, 12345))
        svg = picture_of(chart, overlay=coverage(chart, counts), faults=())
        rects = [r for g in badges(svg) for r in g.iter(f"{SVG}rect")]
        boxes = [[float(r.get(k, "0")) for k in ("x", "y", "width", "height")] for r in rects]
        covering = 0
        for number, (x, y, w, h) in enumerate(boxes):
            for a, b, c, d in boxes[:number]:
                covering += x < a + c and a < x + w and y < b + d and b < y + h
        assert covering <= len(boxes) // 8, chart.name


def six() -> Chart:
    """Return two states with six lines on one arrow, and a history."""
    b = charts.Builder("Six").states("a").state("b", StateKind.COMPOUND).states("b.c", "b.d")
    b.state("b.h", StateKind.DEEP_HISTORY).initial("b.h", "b.d").initial("b", "b.c")
    b.initial("", "a").move("a", "b.h", "back").move("b.c", "b.d", "on")
    for number in range(6):
        b.move("a", "b", f"e{number}")
    return b.chart()


@pytest.mark.sampled(3)
@pytest.mark.parametrize("depth", [None, 1])
@pytest.mark.parametrize(
    "make",
    cases([six, *charts.CHARTS.values()], long=lambda make: make not in (six, charts.self_loops)),
)
def test_badges_lie_inside_the_page(make: Any, depth: int | None) -> None:
    """However much they say, and whatever they are about; they leave the H of histories free."""
    chart = make()
    lines = {line: 1000 * number for number, line in enumerate(chart.lines, 1)}
    told = coverage(chart, Counts({node.id: 12345678 for node in chart}, lines))
    deep = next(node.id for node in reversed(list(chart)) if node.kind is StateKind.ATOMIC)
    due = tuple(Mark(Kind.PENDING, f"due 2026-01-31 12:0{number}") for number in range(5))
    told |= Overlay(states={deep: due})
    svg = drawing.render(chart, overlay=told, depth=depth, faults=())
    width, height = map(float, svg.split('viewBox="0 0 ')[1].split('"')[0].split())
    letters = [
        [float(text.get(key, "0")) for key in ("x", "y")]
        for text in parsed(svg).iter(f"{SVG}text")
        if text.text in HISTORY_LETTERS.values()
    ]
    found = badges(svg)
    assert found
    for one in found:
        ((x, y, w, h),) = (
            [float(r.get(key, "0")) for key in ("x", "y", "width", "height")]
            for r in one.iter(f"{SVG}rect")
        )
        assert min(x, y) >= 0, text_in(one)
        assert x + w <= width, text_in(one)
        assert y + h <= height, text_in(one)
        assert not [1 for a, b in letters if x < a < x + w and y < b - 4 < y + h], text_in(one)
        assert max(map(len, text_in(one))) < 60


def badges(svg: str) -> list[ET.Element]:
    """Return the groups of badges."""
    return [g for g in parsed(svg).iter(f"{SVG}g") if g.get("class", "").startswith("badge ")]


@pytest.mark.long
def test_overlays_of_several_kinds_are_joined() -> None:
    """What is active may be counted as well; the first kind decides the colour."""
    one = machine()
    both = last_step(CHART, one.send(DepsMet())) | coverage(CHART, Counts({"active.coding": 3}))
    svg = picture_of(CHART, overlay=both)
    assert {"active", "heat4"} < set(classes(svg)["state-active.coding"])
    assert "3 ×" in text_in(group(svg, "badges"))


def test_overlays_reach_every_format() -> None:
    """DOT and Mermaid show the marks that their languages have room for."""
    one = machine()
    marks = last_step(CHART, one.send(DepsMet()))
    assert "penwidth=2.75]" in picture_of(CHART, "dot", overlay=marks)
    assert "classDef active" in picture_of(CHART, "mermaid", overlay=marks)


@pytest.mark.parametrize("format", ["dot", "plantuml"])
def test_arrow_is_dashed_only_if_all_of_its_lines_were_never_taken(format: Any) -> None:
    """Of two lines on one arrow one has never been taken: the arrow is as the other one."""
    (lines,) = {
        arrow.lines for arrow in picture_of_chart(Waiting.chart).arrows if arrow.target == "late"
    }
    one, other = lines

    def arrow(taken: dict[str, int]) -> str:
        text = picture_of(Waiting, format, overlay=coverage(Waiting, Counts(lines=taken)))
        (found,) = re.findall(r".* -.*> .*(?:CallFailed|failed).*", text)
        return str(found)

    assert "dashed" in arrow({one: 0, other: 0})
    assert "dashed" not in arrow({one: 0, other: 2})
    assert "dashed" not in arrow({one: 0})


@pytest.mark.long
def test_legend_tells_all_colours() -> None:
    """Where a legend is needed, it also says what is active, taken and waited for."""
    snapshot = start(Waiting, at=NOW).snapshot
    both = active(Waiting, snapshot) | time_in_state(Waiting, {"asking": timedelta(hours=1)})
    told = text_in(group(picture_of(Waiting, overlay=both), "legend"))
    assert told == ["active", "waited for", "active for 1 h", "never active"]
    one = machine()
    both = last_step(Pipeline, one.send(DepsMet())) | coverage(Pipeline, Counts({"done": 1}))
    assert text_in(group(picture_of(CHART, overlay=both), "legend"))[:2] == ["active", "just taken"]
    assert 'class="legend"' not in picture_of(Waiting, highlight=snapshot)


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "make",
    cases(
        [Waiting, *charts.CHARTS.values()],
        long=lambda make: make in (charts.deep_hierarchy, charts.flat),
    ),
)
def test_badges_leave_arrowheads_free(make: Any) -> None:
    """An arrow shows where it leads, whatever is told of it: heads are covered least of all."""
    chart = getattr(make, "chart", None) or make()
    counts = Counts({node.id: 7 for node in chart}, dict.fromkeys(chart.lines, 12345))
    svg = picture_of(chart, overlay=coverage(chart, counts), faults=())
    rects = [r for g in badges(svg) for r in g.iter(f"{SVG}rect")]
    boxes = [[float(r.get(k, "0")) for k in ("x", "y", "width", "height")] for r in rects]
    tips = [
        tuple(map(float, found))
        for found in re.findall(r'class="head" d="M\S+ \S+?L(\S+) (\S+?)L', svg)
    ]
    assert tips
    covered = sum(x < a < x + w and y < b < y + h for a, b in tips for x, y, w, h in boxes)
    assert covered == 0


@pytest.mark.long
@pytest.mark.parametrize("chart", cases(machine_charts(), long=lambda chart: chart is not CHART))
def test_badges_leave_lines_labels_titles_and_borders_free(chart: Chart) -> None:
    """A badge comes near no text, covers no other line or border, and is at the top of its state.

    The badge of a line from a state to itself may cover the border of that state.
    """
    counts = Counts({node.id: 7 for node in chart}, dict.fromkeys(chart.lines, 12345))
    drawn = draw(picture_of_chart(chart))
    texts = [text.rect for box in drawn.boxes for text in box.texts]
    texts += [text.rect for arrow in drawn.arrows for text in arrow.texts]
    lines = {one.arrow.id: [*flattened(one.path, 1.0)] for one in drawn.arrows}
    around = {one.arrow.source for one in drawn.arrows if one.arrow.source == one.arrow.target}
    svg = to_svg(drawn, LIGHT, coverage(chart, counts))
    assert len(badges(svg)) > len(counts.states)
    for group_of in badges(svg):
        (found,) = group_of.iter(f"{SVG}rect")
        rect = Rect(*(float(found.get(key, "0")) for key in ("x", "y", "width", "height")))
        assert not any(map(rect.grown(1.5).overlaps, texts))
        covered = [name for name, points in lines.items() if any(map(rect.contains, points))]
        assert len(covered) <= ("12345 ×" in text_in(group_of)), covered
        cut = [one for one in drawn.boxes if one.framed and rect.overlaps(one.rect)]
        cut = [one for one in cut if not one.rect.encloses(rect) and one.box.id not in around]
        assert not (covered and cut)
        if "7 ×" in text_in(group_of):
            assert all(abs(rect.centre[1] - one.rect.y) < 1 for one in cut)


def steps() -> list[tuple[str, object]]:
    """Return a way through the pipeline."""
    one = machine()
    return [(type(e).__name__, one.send(e)) for e in (DepsMet(), GatesStarted(), Accepted())]


@pytest.mark.long
def test_film_shows_each_frame_in_its_time() -> None:
    """What differs is written once for each look, and shown in the frames that have it."""
    svg = drawing.render_film(Pipeline, steps())  # type: ignore[arg-type]
    assert isinstance(svg, str)
    root = parsed(svg)
    shown = {
        "".join(text.itertext()): g.get("visibility", "visible")
        for g in root.iter(f"{SVG}g")
        for text in g.findall(f"{SVG}g[@class='caption']/{SVG}text")
    }
    assert shown == {
        "1. DepsMet → active.coding": "hidden",
        "2. GatesStarted → active.qa": "hidden",
        "3. Accepted unhandled": "visible",
    }
    assert "@media (prefers-reduced-motion:no-preference){" in svg
    assert "<script" not in svg
    ids = re.findall(r'\bid="([^"]*)"', svg)
    assert len(ids) == len(set(ids))
    rule = re.search(r"@keyframes film-\w+-f0\{(.*?)\}\}", svg)
    assert rule is not None
    assert rule[1].count("visibility:visible") >= 1
    assert len(svg) < 2 * len(picture_of(CHART))


@pytest.mark.sampled(2)
@pytest.mark.parametrize("strip", [False, True])
def test_films_of_one_chart_share_no_rules(strip: bool) -> None:
    """Two films on a page move apart, and each is described by its own words."""
    found = [
        re.findall(
            r'film-\w+(?:-\w+)?|"[^"]*-desc-[^"]*"',
            str(drawing.render_film(Pipeline, told, strip=strip)),  # type: ignore[arg-type]
        )
        for told in (steps()[:2], steps())
    ]
    assert found[0]
    assert not set(found[0]) & set(found[1])


@frozen
class Go:
    """An event."""


class Passing(Statechart[Go | Asked]):
    """Passes states, notes what it is told, and ends."""

    begun = State(initial=True)
    basket = State()
    paid = State()
    shipped = State(final=True)

    begun.always(basket)
    basket.stay(on=Asked)
    basket.to(paid, on=Go)
    paid.always(shipped)


def captions(svg: object) -> list[str]:
    """Return the captions of a film, each as the lines that it is broken into."""
    groups = [g for g in parsed(str(svg)).iter(f"{SVG}g") if g.get("class") == "caption"]
    return [text for group_of in groups for text in text_in(group_of)]


def test_film_captions_tell_the_way_and_the_end() -> None:
    """A caption has the event, each state on the way, and whether the run has ended."""
    one = Machine(Passing)
    told = captions(
        drawing.render_film(
            Passing,
            [start(Passing), one.send(Asked()), ("go", one.send(Go())), ("go", one.send(Go()))],
            strip=True,
        )
    )
    assert told == [
        "1. start → begun → basket",
        "2. Asked → stays",
        "3. go → paid → shipped (ended)",
        "4. go unhandled (ended)",
    ]


def test_film_breaks_captions_that_are_wider_than_a_picture() -> None:
    """A long way makes no frame wider than two labels side by side."""
    film = drawing.render_film(Passing, [("word " * 90, start(Passing))])
    assert len(captions(film)) > 1
    assert float(parsed(str(film)).get("width") or "inf") < 2 * LABEL_WIDTH


@pytest.mark.long
def test_film_as_a_strip_has_a_picture_for_each_step() -> None:
    """The frames of a strip share what is the same, and each has its caption."""
    svg = drawing.render_film(Pipeline, steps(), strip=True)  # type: ignore[arg-type]
    assert isinstance(svg, str)
    frames = [g for g in parsed(svg).iter(f"{SVG}g") if g.get("class") == "frame"]
    assert [text_in(frame)[-1] for frame in frames] == [
        "1. DepsMet → active.coding", "2. GatesStarted → active.qa", "3. Accepted unhandled",
    ]  # fmt: skip
    ids = re.findall(r'\bid="([^"]*)"', svg)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'<use href="#([^"]*)"', svg)) <= set(ids)
    png = drawing.render_film(Pipeline, steps(), "png", strip=True)  # type: ignore[arg-type]
    assert isinstance(png, bytes)


@pytest.mark.parametrize(
    "options",
    [{"depth": 1}, {"focus": "active.coding", "compact": True, "direction": "right"}],
)
def test_film_shows_the_part_that_is_asked_for(options: Any) -> None:
    """A film has the states and the places of the picture with the same options."""

    def places(svg: Any) -> set[str]:
        found = r'<rect class="(?:ground|border)" x="([^"]*)" y="([^"]*)"'
        return set(re.findall(found, svg))

    film = drawing.render_film(Pipeline, steps(), **options)  # type: ignore[arg-type]
    assert places(film) == places(drawing.render(Pipeline, **options))


def test_film_shows_at_a_state_what_is_left_out_in_it() -> None:
    """A line that is taken inside of a folded state marks that state."""
    svg = drawing.render_film(Pipeline, steps(), depth=1)  # type: ignore[arg-type]
    assert re.search(r'<g (?:id="Pipeline-state-active" )?class="state active fired"', str(svg))


def test_film_warns_of_a_simple_layout_as_a_picture_does() -> None:
    with pytest.warns(LayoutWarning, match="SC704") as told:
        drawing.render_film(Pipeline, steps(), seconds=0.000001)  # type: ignore[arg-type]
    assert told[0].filename == __file__


ODD: tuple[Any, ...] = (math.nan, math.inf, -3, True, 10**5000)
SNAPSHOT, STEP = "Pass a snapshot, such as", "Pass a step, such as machine.send"


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: active(CHART, Snapshot), "active: found=.* Pass a snapshot, a machine, or st"),  # type: ignore[arg-type]
        (lambda: active(CHART, 3), "active: found=3"),  # type: ignore[arg-type]
        (lambda: picture_of(CHART, highlight=Snapshot), "render: highlight="),
        (lambda: picture_of(CHART, overlay=Snapshot), "render: overlay=.* Pass an overlay"),
        (lambda: Overlay({"done": "x"}), "Overlay: states=.* Pass tuples of marks by ids"),  # type: ignore[dict-item]
        (lambda: Overlay(legend=("x",)), "Overlay: legend=.* Pass marks in a tuple"),  # type: ignore[arg-type]
        (lambda: Mark("added"), "Mark: kind='added' does not fit. Pass a kind"),  # type: ignore[arg-type]
        (lambda: last_step(CHART, Step), f"last_step: step=.* {STEP}"),  # type: ignore[arg-type]
        (lambda: last_step(CHART, machine().snapshot), f"last_step: step=.* {STEP}"),  # type: ignore[arg-type]
        (lambda: counted(CHART, machine().send(DepsMet())), "counted: steps=.* Pass steps"),
        (lambda: counted(CHART, [Step]), f"counted: step=.* {STEP}"),  # type: ignore[list-item]
        (lambda: coverage(CHART, {"done": 1}), "coverage: counts=.* Pass counts"),  # type: ignore[arg-type]
        (lambda: Counts(3), "Counts: states=3 does not fit"),  # type: ignore[arg-type]
        (lambda: Counts({"done": "1"}), "Counts: states=.* Pass numbers by ids"),  # type: ignore[dict-item]
        *(
            (partial(Counts, lines={"x": odd}), "Counts: lines=.* each from 0 to 1e.15")
            for odd in ODD
        ),
        (
            lambda: time_in_state(CHART, {"done": timedelta(seconds=-3)}),
            "time_in_state: durations=.* Pass times that are not negative",
        ),
        (lambda: time_in_state(CHART, {"done": 3}), "time_in_state: durations=.* Pass times"),  # type: ignore[dict-item]
        (lambda: disabled(CHART, Snapshot), f"disabled: snapshot=.* {SNAPSHOT}"),  # type: ignore[arg-type]
        (lambda: disabled(CHART, machine().snapshot, DepsMet), "disabled: events=.* Pass events"),  # type: ignore[arg-type]
        (lambda: drawing.render_film(CHART, Step), "render_film: steps=.* Pass steps"),  # type: ignore[arg-type]
        (lambda: drawing.render_film(CHART, [Step]), "render_film: steps=.* each alone or"),  # type: ignore[list-item]
    ],
)
def test_overlay_of_something_else_is_refused(make: Any, text: str) -> None:
    with pytest.raises(ArgumentError, match=text):
        make()


def test_overlays_take_the_class_that_declares_a_chart() -> None:
    counts = Counts({"done": 1})
    assert coverage(Pipeline, counts) == coverage(CHART, counts)
    assert difference(Pipeline, Pipeline)[0] == CHART
    with pytest.raises(StatechartError, match="SC213"):
        active(3, ())  # type: ignore[arg-type]


@pytest.mark.parametrize("format", ["png", "pdf"])
def test_film_moves_only_in_svg(format: Any) -> None:
    """PNG and PDF cannot move, so they need strip=True."""
    with pytest.raises(
        StatechartError, match=r"\[SC701\] render_film: nothing moves in .*strip=True"
    ):
        drawing.render_film(Pipeline, steps(), format)  # type: ignore[arg-type]


@pytest.mark.long
def test_states_go_by_their_ids_or_as_they_are_declared() -> None:
    """Wherever a picture takes a state, it takes `Door.shut` as well as its id."""
    merge, whole, hour = Pipeline.active.merge, Pipeline.active, timedelta(hours=1)
    assert active(CHART, merge) == active(CHART, "active.merge")
    assert active(CHART, [merge, "done"]) == active(CHART, ["active.merge", "done"])
    assert Counts({merge: 3}) == Counts({"active.merge": 3})
    assert time_in_state(CHART, {merge: hour}) == time_in_state(CHART, {"active.merge": hour})
    drawn = [
        drawing.render(CHART, focus=one, depth=1, direction={"": "right", one: "right"})
        for one in (whole, "active")
    ]
    assert drawn[0] == drawn[1]
    with pytest.raises(
        StatechartError, match=r"\[SC207\] Pipeline: there is no state 'active\.mrge'"
    ):
        active(CHART, "active.mrge")


def test_film_needs_steps() -> None:
    """A film of nothing is an error that says what to pass."""
    with pytest.raises(StatechartError, match=r"\[SC707\] Pipeline: there are no steps"):
        drawing.render_film(Pipeline, [])


@pytest.mark.long
def test_notebooks_show_charts_machines_and_snapshots() -> None:
    """A notebook shows a picture: of the chart alone, or with what is active."""
    one = machine()
    assert CHART._repr_svg_() == picture_of(CHART)
    assert one._repr_svg_() == one.snapshot._repr_svg_()
    assert one._repr_svg_() == picture_of(CHART, highlight=one.snapshot)
    assert pickle.loads(pickle.dumps(one.snapshot))._repr_svg_() is None
