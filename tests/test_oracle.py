"""The oracle itself: traces that follow from the text of the SCXML recommendation.

Section numbers are those of https://www.w3.org/TR/2015/REC-scxml-20150901/.
"""

from __future__ import annotations

import pytest

from statecharts.model.events import NamedEvent
from tests.oracle.appendix_d import EndlessMacrostepError
from tests.oracle.handmade import (
    Run,
    always,
    atomic,
    chart,
    compound,
    done,
    final_state,
    on,
    parallel,
)
from tests.oracle.records import Outcome
from tests.oracle.vocabulary import E4, E5

REGIONS = chart(
    "p",
    parallel("p"),
    compound("p.x", "p.x.a"),
    atomic("p.x.a", on("go", "p.x.b")),
    atomic("p.x.b"),
    compound("p.y", "p.y.a"),
    atomic("p.y.a", on("go", "p.y.b")),
    atomic("p.y.b"),
)


def test_start_enters_ancestors_first_and_regions_in_document_order() -> None:
    """Entry order is document order, and initial content follows its state's entry (3.13, D)."""
    assert Run(REGIONS).told == [
        "enter p",
        "enter p.x",
        "default of p.x",
        "enter p.x.a",
        "enter p.y",
        "default of p.y",
        "enter p.y.a",
    ]


def test_lock_step_exits_in_reverse_then_acts_then_enters() -> None:
    """Two regions leave in reverse document order, act in order, then enter (D, microstep)."""
    run = Run(REGIONS).send("go")
    assert run.told == [
        "exit p.y.a",
        "exit p.x.a",
        "go in p.x.a",
        "go in p.y.a",
        "enter p.x.b",
        "enter p.y.b",
    ]
    assert run.active == "p p.x p.x.b p.y p.y.b"


def test_an_event_that_nothing_selects_changes_nothing() -> None:
    """An event without an enabled transition gives an empty macrostep (D, macrostep)."""
    run = Run(REGIONS)
    before = run.last.configuration
    assert run.send("unknown").last == Outcome(before, None, (), handled=False)


def test_conflict_is_won_by_the_descendant() -> None:
    """Of two conflicting transitions the one deeper in the same branch is taken (3.13).

    The second region selects the parallel state's own transition; the first region's source is a
    descendant of the parallel state, so it preempts.
    """
    subject = chart(
        "p",
        parallel("p", on("go", "q")),
        atomic("p.x"),
        compound("p.y", "p.y.a"),
        atomic("p.y.a", on("go", "p.y.b")),
        atomic("p.y.b"),
        atomic("q"),
    )
    run = Run(subject).send("go")
    assert run.told == ["exit p.y.a", "go in p.y.a", "enter p.y.b"]
    assert run.active == "p p.x p.y p.y.b"


def test_conflict_of_unrelated_sources_is_won_by_document_order() -> None:
    """Of two transitions that both leave the parallel state the earlier one is taken (3.13)."""
    subject = chart(
        "p",
        parallel("p"),
        atomic("p.x", on("go", "q")),
        atomic("p.y", on("go", "r")),
        atomic("q"),
        atomic("r"),
    )
    run = Run(subject).send("go")
    assert run.told == ["exit p.y", "exit p.x", "exit p", "go in p.x", "enter q"]


def test_targetless_transitions_never_conflict() -> None:
    """A transition without targets has an empty exit set and runs beside any other (D)."""
    subject = chart(
        "p",
        parallel("p"),
        atomic("p.x", on("go")),
        atomic("p.y", on("go", "q")),
        atomic("q"),
    )
    told = Run(subject).send("go").told
    assert told == ["exit p.y", "exit p.x", "exit p", "go in p.x", "go in p.y", "enter q"]


def test_first_enabled_transition_in_document_order_is_taken() -> None:
    """Within a state document order decides among those whose guards hold (3.13)."""
    subject = chart(
        "a",
        atomic("a", on("go", "b").when(lambda m: "b" in m), on("go", "c"), on("go", "b")),
        atomic("b"),
        atomic("c"),
    )
    assert Run(subject).send("go").active == "c"


def test_forbidden_transition_hides_the_ancestors() -> None:
    """A targetless transition without content is selected, and so handles the event (3.13)."""
    subject = chart(
        "a",
        compound("a", "a.b", on("go", "c")),
        atomic("a.b", on("go").forbidden()),
        atomic("c"),
    )
    run = Run(subject).send("go")
    assert (run.active, run.told, run.last.handled) == ("a a.b", [], True)


NESTED = (
    compound("a", "a.b", on("in", "a.c").internal(), on("out", "a.c"), on("self", "a")),
    atomic("a.b"),
    atomic("a.c"),
)


def test_external_transition_to_a_child_leaves_its_source() -> None:
    """The domain of an external transition is a proper ancestor of its source (3.5, D)."""
    assert Run(chart("a", *NESTED)).send("out").told == [
        "exit a.b",
        "exit a",
        "out in a",
        "enter a",
        "enter a.c",
    ]


def test_internal_transition_to_a_child_keeps_its_source() -> None:
    """The domain of an internal transition inside a compound source is the source (3.5, D)."""
    assert Run(chart("a", *NESTED)).send("in").told == ["exit a.b", "in in a", "enter a.c"]


def test_self_transition_enters_by_default_again() -> None:
    """A self transition leaves and enters its source, initial content included (D)."""
    assert Run(chart("a", *NESTED)).send("in", "self").told == [
        "exit a.c",
        "exit a",
        "self in a",
        "enter a",
        "default of a",
        "enter a.b",
    ]


def test_internal_transition_of_a_parallel_state_acts_as_external() -> None:
    """Only a compound source stays active under an internal transition (3.5)."""
    subject = chart(
        "p",
        parallel("p", on("go", "p.x.b").internal()),
        compound("p.x", "p.x.a"),
        atomic("p.x.a"),
        atomic("p.x.b"),
        atomic("p.y"),
    )
    assert Run(subject).send("go").told == [
        "exit p.y",
        "exit p.x.a",
        "exit p.x",
        "exit p",
        "go in p",
        "enter p",
        "enter p.x",
        "enter p.x.b",
        "enter p.y",
    ]


def test_transition_between_regions_enters_the_parallel_state_again() -> None:
    """A parallel state is no domain: crossing regions leaves it and enters it (D, findLCCA)."""
    subject = chart(
        "p",
        parallel("p"),
        compound("p.x", "p.x.a"),
        atomic("p.x.a", on("cross", "p.y.b")),
        compound("p.y", "p.y.a"),
        atomic("p.y.a"),
        atomic("p.y.b"),
    )
    run = Run(subject).send("cross")
    assert run.told[:5] == ["exit p.y.a", "exit p.y", "exit p.x.a", "exit p.x", "exit p"]
    assert run.active == "p p.x p.x.a p.y p.y.b"


def test_several_targets_enter_several_regions() -> None:
    """Targets in different regions are entered together, the other regions by default (3.11)."""
    subject = chart(
        "q",
        parallel("p"),
        compound("p.x", "p.x.a"),
        atomic("p.x.a"),
        atomic("p.x.b"),
        compound("p.y", "p.y.a"),
        atomic("p.y.a"),
        atomic("p.y.b"),
        compound("p.z", "p.z.a"),
        atomic("p.z.a"),
        atomic("q", on("go", "p.y.b", "p.x.b")),
    )
    assert Run(subject).send("go").told == [
        "exit q",
        "go in q",
        "enter p",
        "enter p.x",
        "enter p.x.b",
        "enter p.y",
        "enter p.y.b",
        "enter p.z",
        "default of p.z",
        "enter p.z.a",
    ]


FINISHING = chart(
    "p",
    parallel("p", done("end")),
    compound("p.x", "p.x.a", done()),
    atomic("p.x.a", on("x", "p.x.f")),
    final_state("p.x.f"),
    compound("p.y", "p.y.a", done()),
    atomic("p.y.a", on("y", "p.y.f")),
    final_state("p.y.f"),
    atomic("end"),
)


def test_parallel_state_is_done_when_all_regions_are() -> None:
    """The last region to finish raises its own completion event, then the parallel's (3.4, D)."""
    run = Run(FINISHING).send("y")
    assert run.told == ["exit p.y.a", "y in p.y.a", "enter p.y.f", "done in p.y"]
    assert run.send("x").told == [
        "exit p.x.a",
        "x in p.x.a",
        "enter p.x.f",
        "done in p.x",
        "exit p.y.f",
        "exit p.y",
        "exit p.x.f",
        "exit p.x",
        "exit p",
        "done in p",
        "enter end",
    ]


def test_eventless_transitions_go_before_internal_events() -> None:
    """An internal event waits until no eventless transition is enabled (D, mainEventLoop)."""
    subject = chart(
        "a",
        compound("a", "a.f", always("b").when(lambda m: "a.f" in m), done("c")),
        final_state("a.f"),
        atomic("b"),
        atomic("c"),
    )
    assert Run(subject).active == "b"


def test_outermost_final_state_stops_the_run() -> None:
    """After an outermost final state nothing is processed, and the configuration stays (D)."""
    subject = chart("a", atomic("a", on("go", "f")), final_state("f"))
    run = Run(subject).send("go")
    assert run.told == ["exit a", "go in a", "enter f"]
    assert not run.interpreter.running
    assert run.send("go").last == Outcome(("f",), None, (), handled=False)


def test_endless_macrostep_is_an_error() -> None:
    """A macrostep that does not come to rest is given up after a bound."""
    subject = chart("a", atomic("a", always("b")), atomic("b", always("a")))
    with pytest.raises(EndlessMacrostepError, match="more than 1000 microsteps"):
        Run(subject)


@pytest.mark.parametrize(
    ("descriptor", "event", "taken"),
    [
        ("a", NamedEvent("a.b"), True),
        ("a.*", NamedEvent("a"), True),
        ("a", NamedEvent("ab"), False),
        ("*", E4(), True),
        ("e4", E4(), True),
        (E4, E5(), True),
        (E5, E4(), False),
    ],
)
def test_events_match_by_descriptor_or_class(
    descriptor: str | type, event: object, taken: bool
) -> None:
    """Descriptors match dotted prefixes of the name, classes match their instances (3.12.1)."""
    subject = chart("a", atomic("a", on(descriptor, "b")), atomic("b"))
    assert Run(subject).send(event).last.handled is taken
