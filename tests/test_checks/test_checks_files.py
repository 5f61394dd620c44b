"""Definition checks on what only files can say: defaults that lead nowhere, or in a circle."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from statecharts import Chart, DefinitionError
from statecharts.checks import accept, faults, shown_faults, spare
from statecharts.model.chart import (
    Always,
    Default,
    EventType,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
)
from tests.work import counted


def chart_of(*states: StateNode, initial: str = "a", **known: object) -> Chart:
    """Return a chart of these states; those without a parent are its outermost ones."""
    outermost = tuple(state.id for state in states if state.parent == "")
    default = Transition("", Default(), (initial,))
    root = StateNode("", StateKind.COMPOUND, "Maze", None, outermost, default)
    return Chart("Maze", root, states)


def texts(chart: Chart) -> list[str]:
    return [str(fault) for fault in faults(chart) if fault.structural]


def atomic(state: str, *targets: str) -> StateNode:
    lines = tuple(Transition(state, OnEvent(("go",)), (target,)) for target in targets)
    parent, _, name = state.rpartition(".")
    return StateNode(state, StateKind.ATOMIC, name, parent, transitions=lines)


def compound(state: str, *children: str, initial: str) -> StateNode:
    default = Transition(state, Default(), (initial,))
    return StateNode(state, StateKind.COMPOUND, state, "", children, default)


def history(state: str, default: str) -> StateNode:
    parent, _, name = state.rpartition(".")
    way = Transition(state, Default(), (default,))
    return StateNode(state, StateKind.SHALLOW_HISTORY, name, parent, default=way)


def test_default_that_leads_nowhere_is_a_fault() -> None:
    """An initial state or a history's default that does not exist is told, with the nearest."""
    chart = chart_of(
        compound("a", "a.x", "a.h", initial="a.xx"), atomic("a.x", "a.h"), history("a.h", "a.y")
    )
    first, second = texts(chart)
    assert first == (
        "[SC101] Maze: the initial state of 'a' is 'a.xx', and there is no such state. "
        "Did you mean 'a.x'?"
    )
    assert second == (
        "[SC101] Maze: the default of history 'a.h' is 'a.y', and there is no such state. "
        "Did you mean 'a.x'?"
    )


def test_state_that_is_its_own_initial_state_is_a_fault() -> None:
    """A compound state cannot be entered by entering itself."""
    chart = chart_of(compound("a", "a.x", initial="a"), atomic("a.x", "a.x"))
    assert texts(chart)[0] == (
        "[SC103] Maze: the initial state of 'a' is 'a', which is not inside it. "
        "Choose one of its children."
    )


def test_histories_that_default_to_each_other_are_a_fault() -> None:
    """Defaults that go from history to history and back never arrive."""
    chart = chart_of(
        compound("a", "a.x", "a.h", "a.k", initial="a.x"),
        atomic("a.x", "a.h"),
        history("a.h", "a.k"),
        history("a.k", "a.h"),
    )
    told = (
        "[SC109] Maze: the default of history {!r} comes back to it through history states. "
        "Give one of them another default."
    )
    assert texts(chart) == [told.format("a.h"), told.format("a.k")]


def refused(chart: Chart) -> DefinitionError:
    """Return what a chart is refused with."""
    with pytest.raises(DefinitionError) as caught:
        accept(chart, "*")
    return caught.value


@pytest.mark.long
def test_thousands_of_mistakes_are_told_in_time() -> None:
    """The work for a file in which every target is wrong grows with the file, not its square."""
    states = [atomic(f"s{i}", f"nowhere{i}") for i in range(3_000)]
    chart = chart_of(*states, initial="s0")
    error, calls = counted(lambda: refused(chart))
    assert len(error.faults) == 3_000
    assert calls < 1_000 * 3_000


def test_transition_to_hundreds_of_regions_is_checked_in_time() -> None:
    """Whether many targets fit together is work for each pair of them, and no more."""
    regions = [f"p.r{i}" for i in range(300)]
    states = [StateNode("p", StateKind.PARALLEL, "p", "", tuple(regions))]
    states += [StateNode(region, StateKind.ATOMIC, region[2:], "p") for region in regions]
    go = Transition("a", OnEvent(("go",)), tuple(regions))
    start = StateNode("a", StateKind.ATOMIC, "a", transitions=(go,))
    told, calls = counted(lambda: texts(chart_of(start, *states)))
    assert told == []
    assert calls < 20 * 300**2


def test_targets_in_one_region_cannot_be_entered_together() -> None:
    """Two targets that are no neighbours, and exclude each other, are still found."""
    states = [
        StateNode("p", StateKind.PARALLEL, "p", "", ("p.a", "p.b")),
        StateNode(
            "p.a",
            StateKind.COMPOUND,
            "a",
            "p",
            ("p.a.x", "p.a.y"),
            Transition("p.a", Default(), ("p.a.x",)),
        ),
        atomic("p.a.x"),
        atomic("p.a.y"),
        atomic("p.b"),
    ]
    go = Transition("a", OnEvent(("go",)), ("p.a.y", "p.b", "p.a.x"))
    start = StateNode("a", StateKind.ATOMIC, "a", transitions=(go,))
    (told,) = texts(chart_of(start, *states))
    assert told == (
        "[SC101] Maze: a on go goes to 'p.a.y', 'p.b' and 'p.a.x', which cannot be active "
        "together. Go to one state, or to one in each region of a parallel state."
    )


def test_lines_behind_a_descriptor_are_told() -> None:
    """A line is dead behind one that takes every event, its own name, or a prefix of that."""
    lines = tuple(
        Transition("a", OnEvent((event,)), ("a",)) for event in ("user.login", "user", "user.x.y")
    )
    a = StateNode("a", StateKind.ATOMIC, "a", transitions=(*lines, _on("*"), _on("other")))
    told = [fault.found for fault in faults(chart_of(a)) if fault.code == "SC125"]
    assert told == [
        "a on user.x.y is never taken: an earlier line on it has no guard",
        "a on other is never taken: an earlier line on it has no guard",
    ]


def _on(event: str) -> Transition:
    return Transition("a", OnEvent((event,)), ("a",))


def test_mistake_that_is_made_twice_is_told_twice() -> None:
    """The same wrong name on two lines has the same guess on both."""
    chart = chart_of(atomic("a", "abb"), atomic("abc", "abb"))
    told = texts(chart)
    assert len(told) == 2
    assert all(text.endswith("Did you mean 'abc'?") for text in told)


def test_targets_of_several_lines_are_ordered_once() -> None:
    """Lines with several targets each are checked one after the other."""
    regions = [
        StateNode("p", StateKind.PARALLEL, "p", "", ("p.a", "p.b")),
        atomic("p.a"),
        atomic("p.b"),
    ]
    lines = tuple(Transition("a", OnEvent((e,)), ("p.b", "p.a")) for e in ("go", "come"))
    assert texts(chart_of(StateNode("a", StateKind.ATOMIC, "a", transitions=lines), *regions)) == []


def test_descriptor_of_a_closed_chart_may_be_a_prefix() -> None:
    """In a chart whose events are all known, a descriptor has to match one of them."""
    a = StateNode("a", StateKind.ATOMIC, "a", transitions=(_on("user.*"), _on("usr")))
    chart = evolve(chart_of(a), events=(EventType("user.login"),), closed=True)
    assert texts(chart) == [
        "[SC106] Maze: a on usr: no event of the chart is called 'usr'. Add it to the events."
    ]


def test_eventless_way_that_ends_the_chart_is_no_circle() -> None:
    """Behind a final state of the outermost level nothing follows, however the lines lead."""
    on = Transition("a", Always(), ("end",))
    a = StateNode("a", StateKind.ATOMIC, "a", transitions=(on,))
    assert texts(chart_of(a, StateNode("end", StateKind.FINAL, "end"))) == []


def test_line_on_a_base_class_answers_to_the_events_derived_from_it() -> None:
    """In a chart whose events are all known, a class stands for those derived from it."""

    class Failure: ...

    class Timeout(Failure): ...

    lines = tuple(Transition("a", OnEvent((cls,)), ("a",)) for cls in (Failure, Timeout))
    a = StateNode("a", StateKind.ATOMIC, "a", transitions=lines)
    chart = evolve(chart_of(a), events=(EventType("timeout", Timeout),), closed=True)
    assert texts(chart) == []


def moved(chart: Chart, state: str, **changes: Any) -> Chart:
    """Return a chart in which one state is another."""
    states = [evolve(one, **changes) if one.id == state else one for one in chart.states]
    return evolve(chart, states=tuple(states))


NESTED = chart_of(
    compound("a", "a.x", "a.y", initial="a.x"), atomic("a.x", "a.y"), atomic("a.y", "a.x")
)


@pytest.mark.parametrize(
    ("chart", "told"),
    [
        (
            moved(NESTED, "a.x", parent="a.x"),
            "'a.x' has the parent 'a.x', and so is inside itself. Name the state around it.",
        ),
        (
            moved(NESTED, "a.y", parent=""),
            (
                "'a.y' has the parent '', which does not list it as a child. "
                "Add it to the children of the chart."
            ),
        ),
        (
            moved(NESTED, "a", children=("a.x", "a.y", "a.x")),
            "'a' lists the child 'a.x' twice. Keep one of them.",
        ),
        (
            moved(NESTED, "a.x", transitions=(Transition("a.y", OnEvent(("go",)), ("a.y",)),)),
            "a line of 'a.x' has the source 'a.y'. Give it the source 'a.x'.",
        ),
        (
            evolve(NESTED, states=NESTED.states[::-1]),
            (
                "'a.y' is out of document order. "
                "Put each state after its parent, and what is inside it right after it."
            ),
        ),
        (
            evolve(NESTED, root=evolve(NESTED.root, id="main", parent="main")),
            (
                "the chart itself has the id 'main' and the parent 'main'. "
                "Give it the id '', and the parent None."
            ),
        ),
    ],
)
def test_states_that_form_no_tree_are_a_fault(chart: Chart, told: str) -> None:
    """Parents, children, sources and the order of states must agree."""
    assert f"[SC144] Maze: {told}" in texts(chart)


def test_pictures_show_faults_of_charts_that_were_not_accepted() -> None:
    """A chart made by hand has its structural faults shown; an accepted one none."""
    broken = chart_of(atomic("a", "abb"), atomic("abc"))
    assert [one.code for one in shown_faults(broken)] == ["SC101"]
    assert "SC122" in [one.code for one in faults(broken)]
    sound = chart_of(atomic("a"))
    assert faults(sound)
    assert shown_faults(accept(sound, "*")) == ()
    for versions, shown in (((sound, sound), []), ((sound, broken), ["SC101"])):
        joined = evolve(broken)
        spare(joined, *versions)
        assert [one.code for one in shown_faults(joined)] == shown


def test_states_in_the_wrong_place_are_checked_all_the_same() -> None:
    """One state out of place hides no other fault."""
    chart = moved(moved(NESTED, "a.y", parent="nowhere"), "a.x", transitions=(_to("a.zz"),))
    assert [one.code for one in faults(chart) if one.structural] == ["SC101", "SC144"]


def _to(target: str) -> Transition:
    return Transition("a.x", OnEvent(("go",)), (target,))
