"""Runs with children that are rolled back, forked, and brought to a new version."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from statecharts import CallFailed, Compound, State, Statechart
from statecharts.runtime import Child, ChildDone, ChildFailed, RunError, Runs, SimulatedClock
from statecharts.store import Store
from tests.test_runtime.test_family import (
    CHARTS,
    Asked,
    Bakery,
    Dough,
    Go,
    Kitchen,
    Leave,
    Oven,
    Player,
    Ring,
    Seen,
    last,
)


class Patient(Statechart[Go | Leave | ChildDone | ChildFailed]):
    """A parent that does something else, too, while it waits for a child of a fixed key."""

    idle = State(initial=True)

    class busy(Compound, invoke={Child: lambda _: Child(Oven, "only", Dough(7))}):
        now = State(initial=True)
        later = State()
        now.to(later, on=Leave)

    fed = State(final=True)
    idle.to(busy, on=Go)
    busy.to(fed, on=ChildDone)
    busy.to(idle, on=(ChildFailed, CallFailed))


@pytest.fixture
def runs(store: Store, clock: SimulatedClock) -> Iterator[Runs]:
    with Runs(store, *CHARTS, Patient, clock=clock) as opened:
        yield opened


# --- Rollback -------------------------------------------------------------------------------------


def test_parent_goes_back_past_the_start_of_its_child(runs: Runs) -> None:
    """The child is cancelled, as when its state is left; another one may be started."""
    run = runs.start(Kitchen, key="k")
    run.send(Go())
    run.rollback(to=0)
    assert (run.configuration, run.children) == (("idle",), ())
    assert (runs.get("k/1").configuration, runs.get("k/1").parent) == (("off",), None)
    run.send(Go())
    (key,) = run.children
    runs.get(key).send(Ring())
    assert (run.configuration, last(run)) == (("fed",), ChildDone({"name": "loaf 7"}))
    assert runs.verify() == []


def test_parent_goes_back_past_the_start_of_many(runs: Runs) -> None:
    """Those of `Each` that go on are cancelled."""
    run = runs.start(Bakery, key="b")
    run.send(Go(3))
    run.rollback(to=0)
    assert {one.configuration for one in runs.list(chart=Oven)} == {("off",)}
    assert runs.verify() == []


def test_parent_that_goes_back_keeps_the_children_of_then(runs: Runs) -> None:
    """A child that was under way then, and is now, goes on; it answers as if nothing had been."""
    run = runs.start(Patient, key="p")
    run.send(Go())
    run.send(Leave())
    run.rollback(to=1)
    assert (run.configuration, run.children) == (("busy", "busy.now"), ("only",))
    assert runs.get("only").configuration == ("baking",)
    run.send(Leave())
    run.rollback()
    assert run.children == ("only",)
    runs.get("only").send(Ring())
    assert (run.configuration, last(run)) == (("fed",), ChildDone({"name": "loaf 7"}))
    assert runs.get("only").parent is None
    assert runs.verify() == []


def test_parent_that_goes_back_keeps_the_answers_of_some(runs: Runs) -> None:
    """What some of many have answered meanwhile counts."""
    run = runs.start(Bakery, key="b")
    run.send(Go(2))
    runs.get("oven-0").send(Ring())
    run.suspend()
    run.resume()
    run.rollback(to=1)
    assert run.children == ("oven-1",)
    runs.get("oven-1").send(Ring())
    told = [outcome.event for outcome in last(run).outcomes]
    assert told == [ChildDone({"name": f"loaf {n}"}) for n in range(2)]
    assert run.configuration == ("sold",)
    assert runs.verify() == []


def test_parent_does_not_go_back_past_a_child_that_has_ended(runs: Runs) -> None:
    """What it has done cannot be undone; nothing is changed then."""
    run = runs.start(Kitchen, key="k")
    run.send(Go())
    runs.get("k/1").send(Ring())
    with pytest.raises(RunError, match=r"\[SC834\].*effect 1 \(Child\).*Go back to a later entry"):
        run.rollback(to=0)
    assert run.configuration == ("fed",)


def test_parent_goes_back_to_where_it_awaited_a_child_that_has_ended(runs: Runs) -> None:
    """Another child is started, under a key of its own."""
    run = runs.start(Kitchen, key="k")
    run.send(Go())
    runs.get("k/1").send(Ring())
    run.rollback(to=1)
    assert (run.configuration, run.children) == (("busy",), ("k/2",))
    runs.get("k/2").send(Ring())
    assert run.configuration == ("fed",)


def test_parent_that_was_cancelled_starts_another_child(runs: Runs) -> None:
    """The one of then was cancelled with it."""
    run = runs.start(Kitchen, key="k")
    run.send(Go())
    run.cancel("no power")
    assert runs.get("k/1").configuration == ("off",)
    run.rollback(to=1)
    (key,) = run.children
    runs.get(key).send(Ring())
    assert (key, run.configuration) == ("k/2", ("fed",))


def test_rollbacks_past_many_children_are_followed(runs: Runs) -> None:
    """What a rollback has made is known to the next one."""
    run = runs.start(Bakery, key="b")
    run.send(Go(3))
    run.rollback(to=0)
    run.send(Go(0))
    run.rollback(to=0)
    assert run.configuration == ("idle",)
    assert runs.verify() == []


def test_sender_does_not_go_back_past_what_was_heard(runs: Runs) -> None:
    """A message that another run has taken is not taken back."""
    run = runs.start(Player, key="a", context=Seen())
    runs.start(Player, key="b", context=Seen())
    run.send(Asked("b", 3))
    with pytest.raises(RunError, match=r"\[SC834\].*effect 1 \(Tell\)"):
        run.rollback()


def test_child_that_goes_back_answers_with_its_second_end(runs: Runs) -> None:
    """Its parent hears of it once: when it ends again, if it had not heard of the first end."""
    run = runs.start(Kitchen, key="k")
    run.send(Go())
    child = runs.get("k/1")
    run.suspend()
    child.send(Ring())
    child.rollback(to=0)
    assert (child.configuration, child.parent) == (("baking",), "k")
    run.resume()
    assert run.configuration == ("busy",)
    child.send(Ring())
    assert (run.configuration, last(run)) == (("fed",), ChildDone({"name": "loaf 7"}))


def test_child_that_goes_back_after_its_answer_goes_on_alone(runs: Runs) -> None:
    """Its parent has heard of it, and does not hear again."""
    run = runs.start(Kitchen, key="k")
    run.send(Go())
    child = runs.get("k/1")
    child.send(Ring())
    child.rollback(to=0)
    child.send(Ring())
    assert (child.configuration, child.parent) == (("done",), None)
    assert [past.kind for past in run.history()] == ["start", "event", "event"]
    assert runs.verify() == []


# --- Fork -----------------------------------------------------------------------------------------


def test_fork_of_a_parent_leaves_its_children_alone(runs: Runs) -> None:
    """The children are the parent's; what the fork waits for is answered by hand."""
    run = runs.start(Bakery, key="b")
    run.send(Go(2))
    fork = runs.fork("b", to="f")
    assert (fork.configuration, fork.children, run.children) == (
        ("busy",),
        (),
        ("oven-0", "oven-1"),
    )
    fork.send(Leave())
    assert runs.get("oven-0").configuration == ("baking",)
    for n in range(2):
        runs.get(f"oven-{n}").send(Ring())
    assert (run.configuration, fork.configuration) == (("sold",), ("idle",))
    assert runs.verify() == []


def test_fork_with_effects_has_children_of_its_own(runs: Runs) -> None:
    """Under keys of their own; a key that the other run has chosen is taken."""
    run = runs.start(Kitchen, key="k")
    run.send(Go())
    fork = runs.fork("k", to="f", effects=True)
    (key,) = fork.children
    assert key.startswith("f/")
    runs.get(key).send(Ring())
    assert (fork.configuration, run.configuration) == (("fed",), ("busy",))
    runs.get("k/1").send(Ring())
    assert run.configuration == ("fed",)
    bakery = runs.start(Bakery, key="b")
    bakery.send(Go(1))
    other = runs.fork("b", to="c", effects=True)
    (outcome,) = last(other).outcomes
    assert outcome.event == ChildFailed("a run of the key 'oven-0' exists already")
    assert bakery.children == ("oven-0",)
    assert runs.verify() == []


def test_fork_of_a_child_has_no_parent(runs: Runs) -> None:
    """Its end is nobody's answer."""
    run = runs.start(Kitchen, key="k")
    run.send(Go())
    fork = runs.fork("k/1", to="f", effects=True)
    fork.send(Ring())
    assert (fork.parent, run.configuration) == (None, ("busy",))
    runs.get("k/1").send(Ring())
    assert run.configuration == ("fed",)
    assert runs.verify() == []
