"""Runs that go on: what is carried out again, and what is not."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from typing import Any, cast

import pytest
from attrs import evolve

from machines.plan.chart import Resume
from machines.plan.vocabulary import NodeEntered, NodeError
from machines.planner import (
    Engine,
    Plan,
    PlanError,
    SideEffects,
    SnapshotPolicy,
    Status,
    Strategy,
    Work,
)
from machines.planner.execution import Execution
from statecharts.runtime import Run
from tests.test_plan.conftest import CONFIG


@pytest.mark.parametrize("strict", [False, True])
def test_nodes_that_are_over_stay_so_beside_a_failure_that_was_tolerated(
    engine: Engine, strict: bool
) -> None:
    """A run goes on as before; a failed node that another one still needs is tried again."""
    done, broken = Counter[str](), {"a.b.y", "a.b.w", "a.b.u"}

    def node(work: Work) -> str:
        done[work.node] += 1
        if work.node in broken:
            raise NodeError("down", work.node)
        return work.node

    plan = Plan("tolerant")
    plan.node("a.b.x", node, tags=["s"])
    plan.node("a.b.y", node, tags=["s", "t"])
    z = plan.node(
        "a.b.z",
        node,
        depends_on=["s"],
        strategy=Strategy.LATEST_SUCCESSFUL,
        side_effects=SideEffects.APPLY,
    )
    plan.node("a.b.w", node, after=[z])
    if strict:
        plan.node("a.b.u", node, after=[z], tags=["t"])
        plan.node("a.b.v", node, depends_on=["t"], strategy=Strategy.LATEST_SUCCESSFUL)
    run = engine.start(plan, config=CONFIG)
    assert {"a.b.y", "a.b.w"} <= {*run.errors}
    for _ in range(2):
        again = engine.resume(run.run, plan)
        assert again.status == Status.FAILED
        assert {one.code for one in again.errors.values()} == {"down"}
    broken.clear()
    assert engine.resume(run.run, plan).status == Status.COMPLETED
    assert done["a.b.y"] == (4 if strict else 1)
    assert (done["a.b.x"], done["a.b.z"], done["a.b.w"]) == (1, 1, 4)


class Held:
    """A plan of one node that waits until it may go on."""

    def __init__(self) -> None:
        self.begun, self.go = threading.Event(), threading.Event()
        self.plan = Plan("held")
        self.plan.node("a.b.c", self.node)

    def node(self, _: Work) -> None:
        self.begun.set()
        assert self.go.wait(5)


def test_a_run_that_was_created_is_taken_up_by_anybody(engine: Engine, tmp_path: Path) -> None:
    """Who creates a run does not carry it out yet."""
    plan = Plan("created")
    plan.node("a.b.c", lambda _: 1)
    run = engine.create(plan)
    with Engine(f"sqlite:///{tmp_path}/plans.db") as other:
        assert other.resume(run, plan).status == Status.COMPLETED


def test_a_run_that_is_carried_out_is_not_taken_up(engine: Engine, tmp_path: Path) -> None:
    """Neither by another process nor by another thread, while the first one lives."""
    held = Held()
    run = engine.create(held.plan, config=CONFIG)
    work = threading.Thread(target=engine.resume, args=(run, held.plan))
    work.start()
    assert held.begun.wait(5)
    other = Engine(f"sqlite:///{tmp_path}/plans.db")
    with other, pytest.raises(PlanError, match=r"SC855.*another process carries it out"):
        other.resume(run, held.plan)
    with pytest.raises(PlanError, match=r"SC855.*another thread carries it out"):
        engine.resume(run, held.plan)
    held.go.set()
    work.join(5)
    assert engine.status(run) == Status.COMPLETED
    assert len([e for e in engine.events(run) if isinstance(e.event, NodeEntered)]) == 1


@pytest.mark.parametrize("state", ["running", "failed"])
def test_of_two_that_take_up_a_run_at_once_one_carries_it_out(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    """Both have seen it idle; the second one to say so is refused."""
    done = Counter[str]()

    def node(work: Work) -> None:
        done["node"] += 1
        if state == "failed" and work.attempt < 2:
            raise NodeError("down", "no answer")

    plan = Plan("raced")
    plan.node("a.b.c", node)
    run = engine.create(plan, config=CONFIG)
    if state == "failed":
        engine.resume(run, plan)
    send = Run.send

    def late(self: Any, event: Any, **more: Any) -> Any:
        if isinstance(event, Resume):
            monkeypatch.undo()
            with Engine(f"sqlite:///{tmp_path}/plans.db") as other:
                other.resume(run, plan)
        return send(self, event, **more)

    monkeypatch.setattr(Run, "send", late)
    before = done["node"]
    with pytest.raises(PlanError, match=r"SC855.*somebody else has been faster"):
        engine.resume(run, plan)
    assert done["node"] == before + 1


def test_an_output_belongs_to_one_node(engine: Engine) -> None:
    """A second node that writes it is refused; the same node writes it anew when it goes on."""
    plan, broken = Plan("outputs"), ["a.b.two"]

    def one(work: Work) -> None:
        work.output("report.md", "old")
        work.output("report.md", "new")

    def two(work: Work) -> None:
        work.output("report.md" if broken else "other.md", "other")

    first = plan.node("a.b.one", one)
    plan.node("a.b.two", two, after=[first])
    run = engine.start(plan, config=CONFIG)
    assert run.errors["a.b.two"].code == "output_taken"
    assert "which a.b.one has" in run.errors["a.b.two"].message
    assert engine.resume(run.run, plan).errors["a.b.two"].code == "output_taken"
    broken.clear()
    assert engine.resume(run.run, plan).status == Status.COMPLETED
    assert engine.output(run.run, "report.md") == "new"


def test_a_checkpoint_spares_what_came_before_it(engine: Engine) -> None:
    """What was kept is not carried out again, nor what only that has waited for."""
    done, broken = Counter[str](), ["a.b.last"]

    def node(work: Work, *_: Any) -> str:
        done[work.node] += 1
        if work.node in broken:
            raise NodeError("down", work.node)
        if work.node == "a.b.first":
            work.context.write("gone", 1)
        if work.node in ("a.b.first", "a.b.keep"):
            work.context.write("k", work.node)
        if work.node == "a.b.keep":
            work.context.delete("gone")
            work.context.delete("began")
        return work.node

    plan, act = Plan("sparse"), cast("Any", node)
    first = plan.node("a.b.first", act)
    shared = plan.node("a.b.shared", act)
    kept = plan.node("a.b.keep", act, first, shared, tags=["keep"])
    plan.node("a.b.last", act, shared, kept, snapshot=SnapshotPolicy.ALWAYS)
    beside = plan.node("a.b.beside", act, first, tags=["keep"])
    plan.node("a.b.join", act, beside, kept, after=["a.b.last"])
    config = evolve(CONFIG, checkpoints=("keep",))
    run = engine.start(plan, config=config, context={"began": 1, "stays": 1})
    assert list(run.errors) == ["a.b.last"]
    for line in engine.ledger(run.run).lines.values():
        assert (line.snapshot is not None) == (line.node in ("a.b.keep", "a.b.beside"))
        if line.snapshot is not None:
            assert engine.artifact(line.snapshot)["after"] == []
    broken.clear()
    assert engine.resume(run.run, plan).status == Status.COMPLETED
    again = {"a.b.shared": 2, "a.b.last": 2}
    assert done == {"a.b.first": 1, "a.b.keep": 1, "a.b.beside": 1, "a.b.join": 1, **again}
    nodes = {one: one for one in done}
    assert engine.context(run.run) == {**nodes, "k": "a.b.keep", "stays": 1}
    straight = engine.start(plan, config=config, context={"began": 1, "stays": 1})
    assert straight.final == engine.result(run.run).final
    assert not engine.difference(run.run, engine.replay(run.run, plan).run)


def test_a_skipped_node_has_written_nothing_when_a_run_goes_on(engine: Engine) -> None:
    """What it found written is not taken for its own: two of them do not contradict each other."""
    plan, broken = Plan("dry"), [1]
    first = plan.node("a.b.first", lambda work: work.context.write("k", 1))
    dry = [
        plan.node(
            f"a.b.dry_{n}", lambda work: work.context.write("k", 2), after=[first], tags=["d"]
        )
        for n in (1, 2)
    ]

    def last(work: Work) -> Any:
        if broken:
            raise NodeError("down", "no answer")
        return work.context.read("k")

    plan.node("a.b.last", last, after=dry)
    run = engine.start(plan, config=evolve(CONFIG, skip_tags=("d",))).run
    broken.clear()
    assert engine.resume(run, plan).status == Status.COMPLETED
    assert engine.context(run)["a.b.last"] == 1


def test_values_are_forgotten_once_all_nodes_after_know_theirs(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long chain does not hold the context of each of its nodes, nor when it goes on."""
    plan, held, before, broken = Plan("chain"), [0], list[Any](), [1]

    def last(_: Work) -> None:
        if broken:
            raise NodeError("down", "no answer")

    for number in range(60):
        before = [plan.node(f"a.b.n_{number}", lambda _: 1, after=before)]
    plan.node("a.b.last", last, after=before)

    def look(self: Execution) -> Any:
        kept = [one.kept.seen for one in self._states if one.kept is not None]
        held[0] = max(held[0], sum(map(len, {id(one): one for one in kept}.values())))
        return let_through(self)

    let_through = Execution._fire
    monkeypatch.setattr(Execution, "_fire", look)
    run = engine.start(plan, config=CONFIG)
    assert 60 <= held[0] < 200
    held[0] = 0
    broken.clear()
    assert engine.resume(run.run, plan).status == Status.COMPLETED
    assert 60 <= held[0] < 200
    assert len(engine.context(run.run)) == 60
