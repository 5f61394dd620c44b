"""Replays: what a node is told there, and what of two runs is compared."""

from __future__ import annotations

from typing import Any

from machines.plan.vocabulary import NodeError
from machines.planner import Engine, Plan, Status, Work
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
