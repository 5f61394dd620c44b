"""Runs that go on: what is carried out again, and what is not."""

from __future__ import annotations

from collections import Counter

import pytest

from machines.plan.vocabulary import NodeError
from machines.planner import Engine, Plan, SideEffects, Status, Strategy, Work
from tests.test_plan.conftest import CONFIG


@pytest.mark.parametrize("strict", [False, True])
def test_nodes_that_are_over_stay_so_beside_a_failure_that_was_tolerated(
    engine: Engine, strict: bool
) -> None:
    """A run goes on as it did before, and applies nothing twice; a failed node that another one
    still needs is tried again.
    """
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
