"""The context of a run: what nodes leave for those after them, and for the end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from attrs import evolve

from machines.plan.vocabulary import Category
from machines.planner import Engine, Plan, PlanError, Status, Work
from machines.planner.context import as_json
from tests.test_plan.conftest import CONFIG


def nothing(_: Work) -> None:
    """Do nothing."""


def writes(value: Any) -> Callable[[Work], None]:
    return lambda work: work.context.write("k", value)


def deletes(work: Work) -> None:
    work.context.delete("k")


def reads(work: Work) -> Any:
    return work.context.read("k", default="none")


@pytest.mark.sampled(3)
@pytest.mark.parametrize("after", [["a.b.b", "a.b.c"], ["a.b.c", "a.b.b"]])
@pytest.mark.parametrize(("act", "seen"), [(writes(2), 2), (deletes, "none"), (nothing, 1)])
@pytest.mark.parametrize("context", [{"k": 1}, {"k": 1, "other": 1}])
def test_what_the_run_began_with_comes_before_all_nodes(
    engine: Engine, after: list[str], act: Any, seen: Any, context: dict[str, int]
) -> None:
    """A join sees what a node has made of a first value, whichever of its nodes is named first."""
    plan = Plan("first")
    plan.node("a.b.b", act)
    plan.node("a.b.c", nothing)
    plan.node("a.b.join", reads, after=after)
    run = engine.start(plan, context=context, config=CONFIG)
    assert engine.context(run.run)["a.b.join"] == seen
    assert engine.context(run.run).get("k", "none") == seen


@pytest.mark.sampled(2)
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("act", "seen"), [(writes(2), 2), (deletes, "none")])
@pytest.mark.parametrize("began", [False, True])
def test_the_last_context_does_not_depend_on_the_order_of_declaration(
    engine: Engine, turned: bool, act: Any, seen: Any, began: bool
) -> None:
    """Of the last nodes, the later of those that came after each other counts."""
    plan = Plan("last")
    before = [] if began else [plan.node("a.b.a", writes(1))]
    for name, function in [("c", nothing), ("b", act)][:: -1 if turned else 1]:
        plan.node(f"a.b.{name}", function, after=before)
    run = engine.start(plan, context={"k": 1} if began else None, config=CONFIG)
    assert engine.context(run.run).get("k", "none") == seen


def test_two_last_nodes_that_write_one_key_fail_the_run(engine: Engine) -> None:
    """As where ways join: nobody can tell which of them is right."""
    plan = Plan("torn")
    plan.node("a.b.one", writes(1))
    plan.node("a.b.two", writes(2))
    run = engine.start(plan, config=CONFIG)
    assert (run.status, run.final) == (Status.FAILED, None)
    error = run.errors["torn"]
    assert (error.code, error.category) == ("context_conflict", Category.CONTEXT)
    assert "a.b.one and by a.b.two" in error.message
    assert engine.resume(run.run, plan).errors == run.errors


@pytest.mark.parametrize("skipped", [False, True])
def test_a_node_without_a_result_is_none_as_an_input(engine: Engine, skipped: bool) -> None:
    """Whether it returned nothing or was skipped, and whatever the annotation says."""
    plan = Plan("none")
    made: Any = [plan.node("a.b.zero", lambda _: date(2026, 3, 2))]
    made.append(plan.node("a.b.one", lambda _: 7 if skipped else None, tags=["dry"]))
    made.append(plan.node("a.b.two", lambda _: date(2026, 3, 3)))
    seen: list[Any] = []

    def use(_: Work, one: date, all_: list[date], many: Any) -> None:
        seen.extend([one, all_, many])

    plan.node("a.b.use", use, made[1], plan.many(made), plan.many(made[1:]))
    run = engine.start(plan, config=evolve(CONFIG, skip_tags=("dry",) if skipped else ()))
    assert run.status == Status.COMPLETED, run.errors
    first, last = date(2026, 3, 2), date(2026, 3, 3)
    assert seen == [None, [first, None, last], [None, "2026-03-03"]]
    assert not engine.difference(run.run, engine.replay(run.run, plan).run)


def test_sets_are_written_in_one_order() -> None:
    """A replay in another process has the same bytes, whatever the seed of its hashes."""
    words = [f"word_{number}" for number in range(20)]
    for made in (set, frozenset):
        said = as_json({"x": [made(reversed(words))]}, "it")["x"][0]
        assert said == sorted(words)
    nested = as_json({frozenset({2, 10}), frozenset({3})}, "it")
    assert nested == [[10, 2], [3]]  # in the order of their JSON


def test_what_a_node_does_to_the_parameters_stays_with_it(engine: Engine) -> None:
    """Each attempt gets its own copy."""
    plan = Plan("mine")

    def change(work: Work) -> Any:
        given: Any = work.parameters
        given["l"].append(1)
        given["n"] = 2
        return given

    one = plan.node("a.b.one", change)
    plan.node("a.b.two", lambda work: work.parameters, after=[one])
    run = engine.start(plan, {"l": [], "n": 1}, config=CONFIG)
    assert engine.context(run.run) == {
        "a.b.one": {"l": [1], "n": 2},
        "a.b.two": {"l": [], "n": 1},
    }


def test_the_result_of_a_node_is_not_written_by_others(engine: Engine) -> None:
    """Neither by other nodes, nor by itself, nor by the context that the run begins with."""
    plan = Plan("results")
    one = plan.node("a.b.one", lambda _: 1)
    two = plan.node("a.b.two", lambda work: work.context.write("a.b.one", 2), after=[one])
    plan.node("a.b.own", lambda work: work.context.write("a.b.own", 2))
    plan.node("a.b.three", lambda work: work.context.delete("a.b.one"), after=[one])
    plan.node("a.b.four", lambda work: work.context.write("a.b.other", 2), after=[one])
    run = engine.start(plan, config=evolve(CONFIG, at_once=9))
    assert {node: error.code for node, error in run.errors.items()} == {
        "a.b.own": "context_key_taken",
        "a.b.two": "context_key_taken",
        "a.b.three": "context_key_taken",
    }
    with pytest.raises(PlanError, match=r"SC851.*a value for a.b.two"):
        engine.start(plan, context={two.id: 1})
