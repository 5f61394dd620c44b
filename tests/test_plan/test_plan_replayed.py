"""Replays: what a node is told there, and what of two runs is compared."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from machines.plan.vocabulary import IO_CALLED, NodeError
from machines.planner import Engine, Plan, PlanError, Status, Work
from tests.test_plan.conftest import CONFIG


class Echo:
    """A transport that answers with the request."""

    def ask(self, request: Any, stop: object) -> Any:
        return request


def test_a_replay_tells_nodes_the_run_and_the_attempt_of_then(engine: Engine) -> None:
    """What they ask and write with these is the same; in replays of replays, and children, too."""
    engine._transports["echo"] = Echo()
    inner, outer, left = Plan("inner"), Plan("outer"), [1, 1, 1]

    def node(work: Work) -> str:
        if left:
            left.pop()
            raise NodeError("busy", "later", retryable=len(left) != 1)
        said = f"{work.run} {work.attempt}"
        answer: str = work.io.call("echo", [said], key=f"{work.node}/echo").response[0]
        work.output(f"{work.node}.txt", said)
        return answer

    inner.node("a.b.inner", node)
    outer.node("a.b.outer", node)
    outer.node("a.b.child", lambda work: work.child(inner, "x"), after=["a.b.outer"])
    run = engine.start(outer, config=CONFIG)
    assert run.status == Status.FAILED
    assert engine.resume(run.run, outer).status == Status.COMPLETED
    assert engine.context(run.run)["a.b.outer"] == f"{run.run} 3"
    first = engine.replay(run.run, outer)
    second = engine.replay(first.run, outer)
    for again in (first, second):
        assert again.status == Status.COMPLETED, again.errors
        assert not engine.difference(run.run, again.run)
        assert engine.output(again.run, "a.b.outer.txt") == f"{run.run} 3"
    engine._runs.get(run.run).remove()
    third = engine.replay(second.run, outer)
    assert third.errors == {}
    assert engine.context(third.run)["a.b.outer"] == f"{run.run} 3"


def test_a_missing_fact_says_for_programs_what_is_missing(engine: Engine) -> None:
    """The key and the node are in the details of the error."""
    plan, other = Plan("plan"), Plan("plan")
    plan.node("a.b.c", lambda _: 1)
    other.node("a.b.c", lambda work: work.io.record("price/eth", 1).response)
    error = engine.replay(engine.start(plan).run, other).errors["a.b.c"]
    assert (error.code, error.details) == ("missing_fact", {"key": "price/eth", "node": "a.b.c"})


def test_a_fact_is_found_by_its_key_whichever_node_has_recorded_it(engine: Engine) -> None:
    """Those of nodes before it, of attempts before, and of its own; in a replay, too."""
    plan, left = Plan("found"), [1]
    one = plan.node("a.b.one", lambda work: work.io.record("one", 1).payload)

    def two(work: Work, _: str | None) -> Any:
        before = work.io.recorded("two")
        work.io.record("two", 2)
        if left:
            left.pop()
            raise NodeError("busy", "later", retryable=True)
        return [work.io.recorded(key) for key in ("one", "two", "none")], before

    plan.node("a.b.two", two, one)
    run = engine.start(plan, config=CONFIG)
    facts = {key: fact.payload for key, fact in engine.ledger(run.run).facts.items()}
    said = [[facts["one"], facts["two"], None], facts["two"]]
    assert engine.context(run.run)["a.b.two"] == said
    assert engine.context(engine.replay(run.run, plan).run)["a.b.two"] == said


def test_questions_are_told_where_their_name_is_asked_for(engine: Engine) -> None:
    """A profile of names may name them, too."""
    plan = Plan("told")
    plan.node("a.b.c", lambda work: work.io.call("echo", 1, key="k").response)
    engine._transports["echo"] = Echo()
    profiles: tuple[Any, ...] = ("verbose", (IO_CALLED,), ("note",), "normal")
    for profile, count in zip(profiles, (1, 1, 0, 0), strict=True):
        run = engine.start(plan, config=evolve(CONFIG, profile=profile)).run
        assert len(engine.ledger(run).emitted) == count


def test_a_node_keeps_an_artifact_and_names_it(engine: Engine) -> None:
    """It is there under its name and a kind of its own; those of the engine are not taken."""
    plan = Plan("kept")

    def node(work: Work) -> str:
        name = work.put({"x": [1]}, kind="plot", meta={"size": 1})
        assert work.put({"x": [1]}, kind="data") == name
        work.emit("drawn", 1, artifact=name)
        return name

    plan.node("a.b.c", node)
    run = engine.start(plan, config=CONFIG)
    name = engine.context(run.run)["a.b.c"]
    assert engine.artifact(name) == {"x": [1]}
    assert engine.exists(name)
    assert not engine.exists("0" * 64)
    assert engine.put({"x": [1]}) == name
    with pytest.raises(PlanError, match="SC851"):
        engine.exists("x")
    with pytest.raises(PlanError, match="SC853"):
        engine.put({"password": "hunter2"})
    ledger = engine.ledger(run.run)
    assert ledger.emitted[0].artifact == name
    written, other = ledger.lines["a.b.c"].artifacts
    assert (other.kind, other.artifact, other.meta) == ("data", name, {})
    assert (written.kind, written.artifact, written.meta) == ("plot", name, {"size": 1})
    assert not engine.difference(run.run, engine.replay(run.run, plan).run)
    for kind in ("output", "Big Plot"):
        wrong = Plan("wrong")
        wrong.node("a.b.c", lambda work: work.put(1, kind=work.parameters["kind"]))
        assert "SC851" in engine.start(wrong, {"kind": kind}, config=CONFIG).errors["a.b.c"].message
