"""The oracle's history states: traces that follow from section 3.10 of the recommendation.

Section numbers are those of https://www.w3.org/TR/2015/REC-scxml-20150901/.
"""

from __future__ import annotations

from tests.oracle.handmade import Run, atomic, chart, compound, deep, on, parallel, shallow

REMEMBERING = (
    compound("a", "a.b", on("leave", "out")),
    shallow("a.h", "a.c"),
    deep("a.H", "a.c.y"),
    atomic("a.b", on("deeper", "a.c.y")),
    compound("a.c", "a.c.x"),
    atomic("a.c.x"),
    atomic("a.c.y"),
    atomic("out", on("shallow", "a.h"), on("deep", "a.H")),
)


def test_shallow_history_restores_the_child_only() -> None:
    """Shallow history remembers the child, which is then entered by default (3.10)."""
    run = Run(chart("a", *REMEMBERING)).send("deeper", "leave", "shallow")
    assert run.active == "a a.c a.c.x"
    assert run.told == [
        "exit out",
        "shallow in out",
        "enter a",
        "enter a.c",
        "default of a.c",
        "enter a.c.x",
    ]


def test_deep_history_restores_the_atomic_states() -> None:
    """Deep history remembers the atomic descendants, and no initial content is run (3.10)."""
    run = Run(chart("a", *REMEMBERING)).send("deeper", "leave", "deep")
    assert run.told == ["exit out", "deep in out", "enter a", "enter a.c", "enter a.c.y"]


def test_empty_history_takes_its_default_after_its_parent_is_entered() -> None:
    """Default history content follows the entry of the history's parent (3.10, D)."""
    assert Run(chart("out", *REMEMBERING)).send("deep").told == [
        "exit out",
        "deep in out",
        "enter a",
        "default of a.H",
        "enter a.c",
        "enter a.c.y",
    ]


def test_deep_history_restores_all_regions_of_a_parallel_state() -> None:
    """Deep history of a parallel state remembers every region (3.10)."""
    subject = chart(
        "p",
        parallel("p", on("leave", "out")),
        deep("p.H", "p.x p.y"),
        compound("p.x", "p.x.a"),
        atomic("p.x.a", on("go", "p.x.b")),
        atomic("p.x.b"),
        compound("p.y", "p.y.a"),
        atomic("p.y.a", on("go", "p.y.b")),
        atomic("p.y.b"),
        atomic("out", on("back", "p.H")),
    )
    assert Run(subject).send("go", "leave", "back").active == "p p.x p.x.b p.y p.y.b"


def test_external_transition_to_own_history_returns_to_where_it_was() -> None:
    """History is recorded before it is followed, within one microstep (D, exitStates)."""
    subject = chart(
        "a",
        compound("a", "a.b", on("again", "a.h")),
        shallow("a.h", "a.b"),
        atomic("a.b", on("go", "a.c")),
        atomic("a.c"),
    )
    run = Run(subject).send("go", "again")
    assert run.told == ["exit a.c", "exit a", "again in a", "enter a", "enter a.c"]


def test_initial_transition_may_follow_history() -> None:
    """A compound state whose initial transition targets its history resumes by default (3.6)."""
    subject = chart(
        "a",
        compound("a", "a.h", on("leave", "out")),
        shallow("a.h", "a.b"),
        atomic("a.b", on("go", "a.c")),
        atomic("a.c"),
        atomic("out", on("back", "a")),
    )
    run = Run(subject)
    assert run.told == ["enter a", "default of a", "default of a.h", "enter a.b"]
    assert run.send("go", "leave", "back").active == "a a.c"


def test_deep_history_followed_from_inside_enters_an_active_ancestor_again() -> None:
    """The entry set reaches up to the history's parent, though the exit set does not (D).

    The domain of the transition is ``a.c``, the innermost compound state around source and
    remembered target; addDescendantStatesToEnter nevertheless adds all ancestors below ``a``.
    """
    subject = chart(
        "a",
        compound("a", "a.c", on("leave", "out")),
        deep("a.H", "a.c.x"),
        compound("a.c", "a.c.x"),
        atomic("a.c.x"),
        atomic("a.c.y", on("again", "a.H")),
        atomic("out", on("back", "a.c.y")),
    )
    run = Run(subject).send("leave", "back", "again")
    assert run.told == ["exit a.c.y", "again in a.c.y", "enter a.c", "enter a.c.x"]
