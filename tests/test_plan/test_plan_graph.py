"""Plans: what depends on what, and all faults at once."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from machines.planner import (
    Plan,
    PlanError,
    PlanFaultsError,
    SideEffects,
    SnapshotPolicy,
    Strategy,
    Work,
)
from machines.planner.plan import changes


def nothing(work: Work) -> None:
    """Do nothing."""


def test_all_faults_of_a_plan_are_told_at_once() -> None:
    """Duplicate, missing, cycle with its members, dangling tag, wrong function: one error."""
    plan = Plan("faulty")
    plan.node("a.b.one", nothing, after=["a.b.three"])
    plan.node("a.b.two", nothing, after=["a.b.one"])
    plan.node("a.b.three", nothing, after=["a.b.two"])
    plan.node("a.b.two", nothing, depends_on=["nobody"])
    plan.node("a.b.four", nothing, after=["a.b.gone"])
    two: Any = lambda work, value: value  # noqa: E731
    plan.node("a.b.five", two)
    with pytest.raises(PlanFaultsError, match=r"\[SC852\] faulty: 5 faults: ") as caught:
        plan.graph()
    faults = {one.kind: one for one in caught.value.faults}
    assert set(faults) == {
        "duplicate_node",
        "missing_node",
        "circular_dependency",
        "dangling_tag",
        "wrong_function",
    }
    assert set(faults["circular_dependency"].cycle) == {"a.b.one", "a.b.two", "a.b.three"}
    assert faults["dangling_tag"].node == "a.b.two"
    assert "a.b.gone" in faults["missing_node"].found
    assert "does not take the work alone" in faults["wrong_function"].found
    assert pickle.loads(pickle.dumps(caught.value)).faults == caught.value.faults


def test_an_empty_plan_is_refused() -> None:
    """A plan without nodes is a fault."""
    assert [one.kind for one in Plan("empty").validate()] == ["empty_plan"]


def test_a_node_that_waits_for_itself_is_a_cycle_of_one() -> None:
    """The smallest cycle is found, too."""
    plan = Plan("own")
    plan.node("a.b.c", nothing, after=["a.b.c"])
    (fault,) = plan.validate()
    assert (fault.kind, fault.cycle) == ("circular_dependency", ("a.b.c",))


def test_the_members_of_a_cycle_are_told_in_order_and_those_outside_are_not() -> None:
    """What leads to a cycle, or comes after it, is no member."""
    plan = Plan("round")
    plan.node("a.b.before", nothing)
    plan.node("a.b.one", nothing, after=["a.b.before", "a.b.two"])
    plan.node("a.b.two", nothing, after=["a.b.one"])
    plan.node("a.b.after", nothing, after=["a.b.two"])
    (fault,) = plan.validate()
    assert sorted(fault.cycle) == ["a.b.one", "a.b.two"]


def test_a_coroutine_function_is_refused() -> None:
    """Nodes run in threads; a coroutine would never be awaited."""

    async def later(work: Work) -> None:
        pass

    plan = Plan("later")
    plan.node("a.b.c", later)
    assert [one.kind for one in plan.validate()] == ["wrong_function"]


def test_wrong_ids_and_tags_are_refused_where_they_are_given() -> None:
    """An id or tag that breaks its rule never gets into a plan."""
    plan = Plan("ids")
    for wrong in ({"id": "a.b"}, {"id": "a.b.c", "tags": ["Big"]}, {"id": "a.b.c", "after": ["x"]}):
        with pytest.raises(PlanError, match="SC851"):
            plan.node(**{"function": nothing, **wrong})  # type: ignore[call-overload]
    assert plan.nodes == []


def test_the_order_is_that_of_the_plan_as_far_as_edges_allow() -> None:
    """Nodes come after what they need, and else as they were declared."""
    plan = Plan("order")
    plan.node("a.b.z", nothing, after=["a.b.y"])
    plan.node("a.b.x", nothing)
    plan.node("a.b.y", nothing)
    plan.node("a.b.w", nothing)
    assert plan.graph().order == ("a.b.x", "a.b.y", "a.b.z", "a.b.w")


@pytest.mark.parametrize(
    ("strategy", "needs", "awaits"),
    [
        (Strategy.LATEST, ("a.b.two",), ()),
        (Strategy.EARLIEST, ("a.b.one",), ()),
        (Strategy.LATEST_SUCCESSFUL, (), ("a.b.one", "a.b.two")),
    ],
)
def test_tags_mean_the_nodes_that_the_strategy_says(
    strategy: Strategy, needs: tuple[str, ...], awaits: tuple[str, ...]
) -> None:
    """A dependency by tag is an edge from the last, the first, or all of those before."""
    plan = Plan("tags")
    for name in ("one", "two"):
        plan.node(f"a.b.{name}", nothing, tags=["fetch_data"])
    plan.node("a.b.c", nothing, depends_on=["fetch_data"], strategy=strategy)
    plan.node("a.b.three", nothing, tags=["fetch_data"])
    graph = plan.graph()
    assert (graph.needs["a.b.c"], graph.awaits["a.b.c"]) == (needs, awaits)


def test_a_cycle_through_a_tag_is_found() -> None:
    """Edges by tags count in cycles as all others."""
    plan = Plan("tagged")
    plan.node("a.b.one", nothing, tags=["x"], after=["a.b.two"])
    plan.node("a.b.two", nothing, depends_on=["x"])
    assert [one.kind for one in plan.validate()] == ["circular_dependency"]


def test_changes_of_a_plan_are_told_in_words() -> None:
    """Nodes that are gone, new, or another are named, with what is another about them."""

    def graph(*nodes: tuple[str, list[str]]) -> Any:
        plan = Plan("plan")
        for id, tags in nodes:
            plan.node(id, nothing, tags=tags)
        return plan.graph().described()

    was, now = graph(("a.b.a", []), ("a.b.b", [])), graph(("a.b.b", ["x"]), ("a.b.c", []))
    assert changes(was, now) == ["a.b.a is gone", "a.b.c is new", "a.b.b is another: tags"]
    assert changes(was, was) == []


def test_long_chains_and_wide_fans_are_laid_out_quickly() -> None:
    """A chain of 2,000 nodes needs no deep recursion."""
    plan = Plan("chain")
    before: list[Any] = []
    for number in range(2_000):
        before = [plan.node(f"a.b.n_{number}", nothing, after=before)]
    assert len(plan.graph().order) == 2_000


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"inputs": "turned"}, "a.b.use is another: inputs"),
        ({"inputs": "many"}, "a.b.use is another: inputs"),
        ({"inputs": "none"}, "a.b.use is another: inputs"),
        ({"idempotency": "key-1"}, "a.b.use is another: idempotency"),
        ({"snapshot": SnapshotPolicy.ALWAYS}, "a.b.use is another: snapshot"),
        ({"strategy": Strategy.LATEST_SUCCESSFUL}, "a.b.use is another: strategy"),
        ({"depends_on": []}, "a.b.use is another: depends_on"),
        ({"side_effects": SideEffects.APPLY}, "a.b.use is another: side_effects"),
    ],
)
def test_whatever_a_run_depends_on_is_a_change_of_its_plan(change: Any, said: str) -> None:
    """Which results a node gets, and how, and all that the plan says of it."""

    def graph(inputs: str = "two", **meta: Any) -> Any:
        plan = Plan("plan")
        one, two = (plan.node(f"a.b.{name}", nothing, tags=["t"]) for name in ("one", "two"))
        given: dict[str, tuple[Any, ...]] = {
            "two": (one, two),
            "turned": (two, one),
            "many": (plan.many([one, two]),),
            "none": (),
        }
        meta = {"depends_on": ["t"], "strategy": Strategy.LATEST, **meta}
        any_: Any = lambda work, *_: None  # noqa: E731
        plan.node("a.b.use", any_, *given[inputs], after=["a.b.one", "a.b.two"], **meta)
        return plan.graph().described()

    assert changes(graph(), graph()) == []
    assert any(one.startswith(said) for one in changes(graph(), graph(**change)))
