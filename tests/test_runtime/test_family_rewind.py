"""Runs with children that are rolled back, forked, and brought to a new version."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from attrs import frozen

from statecharts import CallFailed, Compound, State, Statechart
from statecharts.codec import Protocol, Upcaster
from statecharts.runtime import (
    Child,
    ChildDone,
    ChildFailed,
    Each,
    Joined,
    RunError,
    Runs,
    SimulatedClock,
)
from statecharts.store import Store
from tests.test_runtime.test_family import (
    CHARTS,
    Asked,
    Bakery,
    Dough,
    Go,
    Kitchen,
    Leave,
    Loaf,
    Oven,
    Player,
    Ring,
    Seen,
    Wanted,
    last,
    ovens,
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


# --- Migration ------------------------------------------------------------------------------------


@frozen
class Batch:
    number: int
    name: str


def versions() -> tuple[Any, Any, Any, Any]:
    """Return the protocols of a parent and its child, and those of their next version."""
    older_kitchen, older_oven = Kitchen, Oven

    def newer_oven() -> Any:
        class Oven(Statechart[Ring, Batch]):
            """It needs a name now, and has another state."""

            heating = State(initial=True)
            done = State(Loaf, final=True)
            heating.to(done, on=Ring, make=lambda m: Loaf(m.context.name))

        return Oven

    oven = newer_oven()

    def newer_kitchen() -> Any:
        class Kitchen(Statechart[Go | ChildDone | ChildFailed | Leave]):
            """Its busy state has another name."""

            idle = State(initial=True)
            cooking = State(invoke={Child: lambda _: Child(oven, context=Batch(7, "new"))})
            fed = State(final=True)
            hungry = State(final=True)
            idle.to(cooking, on=Go)
            cooking.to(fed, on=ChildDone)
            cooking.to(hungry, on=(ChildFailed, CallFailed))
            cooking.to(idle, on=Leave)

        return Kitchen

    named = Upcaster(
        states={"baking": "heating", "off": "done"},
        context=lambda dough: {**dough, "name": f"old {dough['number']}"},
        events={"cancel": None},
    )
    renamed = Upcaster(states={"busy": "cooking"})
    return (
        Protocol(older_kitchen),
        Protocol(older_oven),
        Protocol(newer_kitchen(), upcasters={1: renamed}),
        Protocol(oven, upcasters={1: named}),
    )


@pytest.mark.parametrize("order", ["parent first", "child first", "when they are moved"])
def test_parents_and_children_live_through_a_change(
    store: Store, clock: SimulatedClock, order: str
) -> None:
    """The answer of a child comes to the state that its parent has now."""
    kitchen, oven, newer_kitchen, newer_oven = versions()
    with Runs(store, kitchen, oven, clock=clock) as runs:
        for key in ("k", "l"):
            runs.start(Kitchen, key=key).send(Go())
    charts = [newer_kitchen, newer_oven]
    if order == "parent first":
        charts = [newer_kitchen, oven]
    elif order == "child first":
        charts = [kitchen, newer_oven]
    if order != "when they are moved":
        with Runs(store, *charts, clock=clock) as runs:
            assert [one.fault for one in runs.outlook()] == [""] * 4
            assert {error for _, error in runs.migrate()} == {None}
            assert runs.verify() == []
    with Runs(store, newer_kitchen, newer_oven, clock=clock) as runs:
        assert [one.fault for one in runs.outlook()] == [""] * 4
        assert runs.recover() == []
        runs.get("k/1").send(Ring())
        run = runs.get("k")
        assert (run.configuration, last(run)) == (("fed",), ChildDone({"name": "old 7"}))
        other = runs.get("l")
        other.send(Leave())
        assert (other.configuration, runs.get("l/1").status) == (("idle",), "cancelled")
        other.send(Go())
        runs.get("l/2").send(Ring())
        assert last(other) == ChildDone({"name": "new"})
        assert runs.verify() == []


def test_many_children_live_through_a_change(store: Store, clock: SimulatedClock) -> None:
    """Those of `Each` too, and the answers that some of them have given before."""
    _, oven, _, newer_oven = versions()

    class Newer:
        """Holds the next version of the bakery."""

        class Bakery(Statechart[Go | Joined | Leave]):
            idle = State(initial=True)
            baking = State(Wanted, invoke={Each: lambda m: ovens(m.data)})
            sold = State(final=True)
            idle.to(baking, on=Go)
            baking.to(sold, on=Joined)
            baking.to(idle, on=(Leave, CallFailed))

    newer = Protocol(Newer.Bakery, upcasters={1: Upcaster(states={"busy": "baking"})})
    with Runs(store, Bakery, oven, clock=clock) as runs:
        runs.start(Bakery, key="b").send(Go(3))
        runs.get("oven-1").send(Ring())
    with Runs(store, newer, newer_oven, clock=clock) as runs:
        assert [one.fault for one in runs.outlook()] == [""] * 3
        assert {error for _, error in runs.migrate()} == {None}
        run = runs.get("b")
        assert run.children == ("oven-0", "oven-2")
        for n in (2, 0):
            runs.get(f"oven-{n}").send(Ring())
        told = [outcome.event.data["name"] for outcome in last(run).outcomes]
        assert (told, run.configuration) == (["old 0", "loaf 1", "old 2"], ("sold",))
        assert runs.verify() == []


def test_child_of_a_state_that_is_dropped_is_cancelled(store: Store, clock: SimulatedClock) -> None:
    """A call that an upcaster drops is taken back, and so is its child."""
    kitchen, oven, *_ = versions()

    class Newer:
        """Holds the next version of the kitchen."""

        class Kitchen(Statechart[Go]):
            idle = State(initial=True)
            busy = State(resting=True)
            idle.to(busy, on=Go)

    newer = Protocol(Newer.Kitchen, upcasters={1: Upcaster(calls={"busy.child": None})})
    with Runs(store, kitchen, oven, clock=clock) as runs:
        runs.start(Kitchen, key="k").send(Go())
    with Runs(store, newer, oven, clock=clock) as runs:
        assert [one.fault for one in runs.outlook()] == ["", ""]
        assert {error for _, error in runs.migrate()} == {None}
        assert runs.get("k").children == ()
        assert (runs.get("k/1").configuration, runs.get("k/1").parent) == (("off",), None)
        assert runs.verify() == []
