"""Runs that nodes start: resumed, cancelled, replayed and compared with their own run."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from machines.plan.records import dump_event
from machines.plan.vocabulary import ChildSpawned, NodeError
from machines.planner import Engine, Plan, Status, Work
from tests.test_plan.conftest import CONFIG


class Waiting:
    """A plan that starts a plan that starts a plan, whose node waits until it is told to stop."""

    def __init__(self, engine: Engine) -> None:
        self.begun, self.stopped = threading.Event(), threading.Event()
        self.go = threading.Event()
        self.engine = engine
        engine._transports["wait"] = self
        inner, middle, self.plan = Plan("inner"), Plan("middle"), Plan("outer")
        inner.node("a.b.wait", self.wait)
        middle.node("a.b.spawn", lambda work: work.child(inner, "inner"))
        self.plan.node("a.b.spawn", lambda work: work.child(middle, "middle"))
        self.run = engine.create(self.plan, config=CONFIG)
        self.errors: list[BaseException] = []
        self.work = threading.Thread(target=self.resume)
        self.work.start()
        assert self.begun.wait(5)

    def resume(self) -> None:
        try:
            self.engine.resume(self.run, self.plan)
        except Exception as error:  # noqa: BLE001
            self.errors.append(error)

    def wait(self, work: Work) -> int:
        self.begun.set()
        try:
            while not self.go.is_set():
                work.io.call("wait", {})
        except NodeError:
            self.stopped.set()
            raise
        return 1

    def ask(self, request: Any, stop: threading.Event) -> Any:
        return stop.wait(0.01)

    @property
    def phases(self) -> set[str]:
        return {self.engine.phase(one) for one in self.engine.runs()}


@pytest.mark.parametrize("elsewhere", [False, True])
def test_who_cancels_a_run_cancels_those_that_it_has_started(
    engine: Engine, tmp_path: Path, elsewhere: bool
) -> None:
    """Whoever cancels it: what is at work in them is told, and all of them are cancelled."""
    waiting = Waiting(engine)
    if elsewhere:
        with Engine(f"sqlite:///{tmp_path}/plans.db") as other:
            other.cancel(waiting.run)
    else:
        engine.cancel(waiting.run)
    assert waiting.phases == {"cancelled"}
    waiting.work.join(5)
    assert waiting.stopped.is_set()
    assert (waiting.phases, len(engine.runs())) == ({"cancelled"}, 3)
    assert waiting.errors == []


def test_a_run_that_stops_stops_those_that_it_has_started_and_they_go_on(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are not cancelled, as it is not: resumed, it goes on with them."""
    waiting = Waiting(engine)
    monkeypatch.setattr("machines.planner.execution.Execution._look", full)
    waiting.work.join(5)
    assert waiting.stopped.is_set()
    assert isinstance(waiting.errors[0], sqlite3.OperationalError)
    assert waiting.phases == {"stopped"}
    monkeypatch.undo()
    waiting.go.set()
    assert engine.resume(waiting.run, waiting.plan).status == Status.COMPLETED
    assert (waiting.phases, len(engine.runs())) == ({"completed"}, 3)


def full(*_: Any) -> Any:
    raise sqlite3.OperationalError("database or disk is full")


def test_a_run_that_was_cancelled_alone_is_begun_anew(engine: Engine) -> None:
    """The run that waits for it fails, and can still be completed, and be replayed."""
    inner, outer, left = Plan("inner"), Plan("outer"), [1]

    def node(work: Work) -> str:
        if left:
            left.clear()
            engine.cancel(work.run)
        return work.io.now().isoformat()

    inner.node("a.b.c", node)
    outer.node("a.b.spawn", lambda work: work.child(inner, "x"))
    run = engine.start(outer, config=CONFIG)
    assert run.errors["a.b.spawn"].code == "child_failed"
    assert engine.resume(run.run, outer).status == Status.COMPLETED
    assert not engine.difference(run.run, engine.replay(run.run, outer).run)


def test_a_plan_that_a_node_starts_must_be_the_one_that_it_began(engine: Engine) -> None:
    """Another plan, or input, under one name is refused; so is a plan that has changed."""

    def inner(name: str, node: str, version: str = "1") -> Plan:
        plan = Plan(name, version)
        plan.node(f"a.b.{node}", lambda work: work.io.now().year)
        return plan

    one = inner("one", "c")
    second: list[tuple[Plan, dict[str, int]]] = []

    def spawn(work: Work) -> None:
        work.child(one, "x", {"n": 1})
        for plan, given in second:
            work.child(plan, "x", given)

    outer = Plan("outer")
    outer.node("a.b.spawn", spawn)
    replayed = engine.start(outer, config=CONFIG).run
    for plan, given, words in (
        (inner("two", "c"), {"n": 1}, "SC854.*the operation is two, and was one"),
        (inner("one", "d"), {"n": 1}, "SC854.*a.b.c is gone; a.b.d is new"),
        (inner("one", "c", "2"), {"n": 1}, "SC854.*the version is 2"),
        (one, {"n": 2}, "begun with another input"),
    ):
        second[:] = [(plan, given)]
        for run in (engine.start(outer, config=CONFIG), engine.replay(replayed, outer)):
            assert run.status == Status.FAILED
            with pytest.raises(AssertionError, match=words):
                raise AssertionError(run.errors["a.b.spawn"].message)


def test_a_replay_of_a_node_that_had_started_nothing_says_so(engine: Engine) -> None:
    """The run that is missing is named, as a fact would be."""
    inner, outer, other = Plan("inner"), Plan("outer"), Plan("outer")
    inner.node("a.b.c", lambda _: 1)
    outer.node("a.b.spawn", lambda _: 1)
    other.node("a.b.spawn", lambda work: work.child(inner, "x"))
    run = engine.start(outer, config=CONFIG).run
    error = engine.replay(run, other).errors["a.b.spawn"]
    assert (error.code, error.details) == ("missing_fact", {"child": "a.b.spawn/x"})


def test_a_run_is_told_before_it_is_there(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that whoever cancels the run that starts it finds it in the events of that."""
    inner, outer = Plan("inner"), Plan("outer")
    inner.node("a.b.c", lambda _: 1)
    outer.node("a.b.spawn", lambda work: work.child(inner, "x"))
    create, told = Engine._create, []

    def seen(self: Engine, *given: Any) -> Any:
        if given[4:] and given[4]:
            events = [dump_event(one.event, 0) for one in self.events(given[4])]
            told.append([one["event"] for one in events])
        return create(self, *given)

    monkeypatch.setattr(Engine, "_create", seen)
    run = engine.start(outer, config=CONFIG)
    assert "child_spawned" in told[0]
    (child,) = [e.event for e in engine.events(run.run) if isinstance(e.event, ChildSpawned)]
    assert engine.artifact(child.manifest) == engine.artifact(
        engine._get(child.child).snapshot.context.manifest
    )


def test_what_differs_in_runs_that_nodes_start_is_told(engine: Engine) -> None:
    """Facts, outputs and last contexts, however deep, by the node and its name for the run."""
    inner, middle, outer, said = Plan("inner"), Plan("middle"), Plan("outer"), ["old"]

    def node(work: Work) -> None:
        work.output("out.txt", work.io.record("fact", said[0]).response)

    inner.node("a.b.c", node)
    middle.node("a.b.m", lambda work: work.child(inner, "in") and None)
    outer.node("a.b.o", lambda work: work.child(middle, "mid") and None)
    one, again = engine.start(outer).run, engine.start(outer).run
    assert not engine.difference(one, again)
    said[0] = "new"
    found = engine.difference(one, engine.start(outer).run)
    assert found.facts == ("a.b.o/mid a.b.m/in fact",)
    assert found.outputs == ("a.b.o/mid a.b.m/in out.txt",)
    assert not found.final
    inner.nodes.clear()
    inner.node("a.b.c", lambda work: work.io.record("fact", said[0]).response)
    assert engine.difference(one, engine.start(outer).run).final
