"""Bad input: told at once, or the failure of one node; never the end of a run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from machines.investigator.secrets import Secret
from machines.plan.vocabulary import Category, Meta
from machines.planner import Engine, NodeError, Plan, PlanError, RetryPolicy, RunConfig, Work
from tests.test_plan.conftest import CONFIG


class _MuteError(NodeError):
    """An error of a node that says nothing of itself."""

    def __init__(self) -> None:
        pass

    def __str__(self) -> str:
        raise ZeroDivisionError


class _StrangeError(Exception):
    def __str__(self) -> str:
        raise ZeroDivisionError


def _raise(error: BaseException) -> None:
    raise error


def _cyclic() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


BAD: list[tuple[Callable[[Work], Any], str, str]] = [
    (lambda _: _raise(NodeError("busy", "w", details={1: 2})), "busy", "w (without its details: "),
    (lambda _: _raise(NodeError("busy", "w", details=float("nan"))), "busy", "nan is not finite"),
    (lambda _: _raise(NodeError("busy", "w", details={"k": Secret("abc")})), "busy", "$.k holds"),
    (lambda _: _raise(NodeError("busy", "half \ud800")), "busy", "half \\ud800"),
    (lambda _: _raise(NodeError("busy", 5)), "refused", "message=5"),  # type: ignore[arg-type]
    (
        lambda _: _raise(NodeError("busy", "w", retryable=[])),  # type: ignore[arg-type]
        "refused",
        "retryable=[] does not fit",
    ),
    (lambda _: _raise(_MuteError()), "unhandled", "_MuteError"),
    (lambda _: _raise(_StrangeError()), "unhandled", "_StrangeError"),
    (lambda work: work.output({1}, 1), "refused", "name={1} does not fit"),  # type: ignore[arg-type]
    (lambda work: work.output(["x"], 1), "refused", "name=['x']"),  # type: ignore[arg-type]
    (lambda work: work.output("x", 1, media={1}), "refused", "media={1}"),  # type: ignore[arg-type]
    (lambda work: work.output("\ud800", 1), "refused", "UTF-8"),
    (lambda work: work.emit(5), "refused", "name=5"),  # type: ignore[arg-type]
    (lambda work: work.emit(""), "refused", "name=''"),
    (lambda work: work.emit("x", artifact="zz"), "refused", "'zz' is not an artifact"),
    (lambda work: work.emit("x", {"\ud800": 1}), "context_serialize_failed", "surrogate"),
    (lambda work: work.context.write("k", _cyclic()), "context_serialize_failed", "k cannot be"),
    (lambda work: work.io.call(5, 1), "refused", "namespace=5"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("act", "code", "words"), BAD)
def test_a_bad_value_fails_its_node_alone(
    engine: Engine, act: Callable[[Work], Any], code: str, words: str
) -> None:
    """What the others did is kept, and the error says what was wrong."""
    plan = Plan("bad")
    plan.node("a.b.good", lambda work: work.io.record("good", 1).response)
    plan.node("a.b.bad", act, after=["a.b.good"])
    run = engine.start(plan, config=RunConfig(retry=CONFIG.retry, profile="verbose"))
    assert str(run.status) == "failed"
    assert [*run.errors] == ["a.b.bad"]
    assert run.errors["a.b.bad"].code == code
    assert words in run.errors["a.b.bad"].message
    assert engine.ledger(run.run).lines["a.b.good"].state == "completed"
    assert engine.phase(run.run) == "failed"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: RetryPolicy(attempts=0), "attempts=0"),
        (lambda: RetryPolicy(attempts=True), "attempts=True"),
        (lambda: RetryPolicy(delay=5), "delay=5 does not fit. Pass a time"),  # type: ignore[arg-type]
        (lambda: RetryPolicy(delay=timedelta.max), "delay="),
        (lambda: RetryPolicy(delay=timedelta(minutes=5)), "longer than most=0:01:00"),
        (lambda: RetryPolicy(most=timedelta(-5)), "most="),
        (lambda: RetryPolicy(backoff="zz"), "Pass one of fixed, exponential"),  # type: ignore[arg-type]
        (lambda: RunConfig(mode="foo"), "mode='foo'"),  # type: ignore[arg-type]
        (lambda: RunConfig(retry=5), "retry=5"),  # type: ignore[arg-type]
        (lambda: RunConfig(profile=5), "profile=5"),  # type: ignore[arg-type]
        (lambda: RunConfig(profile="loud"), "Use one of minimal, normal, verbose"),  # type: ignore[arg-type]
        (lambda: RunConfig(profile=(5,)), "(5,) is not several texts"),  # type: ignore[arg-type]
        (lambda: RunConfig(checkpoints=5), "checkpoints=5"),  # type: ignore[arg-type]
        (lambda: RunConfig(checkpoints=("No Tag",)), "is not a tag"),
        (lambda: RunConfig(at_once="x"), "at_once='x'"),  # type: ignore[arg-type]
        (lambda: RunConfig(at_once=0), "Pass a whole number from 1 on"),
        (lambda: RunConfig(missing_fact_retryable="no"), "Pass True or False"),  # type: ignore[arg-type]
        (lambda: RunConfig(skip_tags="apply"), "'apply' is not several texts"),
        (lambda: RunConfig(programs="awk"), "'awk' is not several texts"),
        (lambda: RunConfig(environment="PATH"), "'PATH' is not several texts"),
        (lambda: RunConfig(environment=5), "5 is not several texts"),  # type: ignore[arg-type]
        (lambda: RunConfig(programs=("\ud800",)), "is not several texts"),
        (lambda: Meta(tags="report"), "'report' is not several texts"),
        (lambda: Meta(idempotency=5), "idempotency=5"),  # type: ignore[arg-type]
        (lambda: Meta(strategy="bogus"), "Use one of latest, earliest, latest_successful"),
        (lambda: Meta(side_effects="x"), "Use one of pure, read_only_io, apply_side_effect"),
        (lambda: Meta(snapshot="x"), "Use one of never, on_success, always"),
        (lambda: Category("x"), "Category: 'x' is not known. Use one of parsing_input,"),
        (lambda: NodeError("x", "y", category="z"), "'z' is not known"),  # type: ignore[arg-type]
    ],
)
def test_a_configuration_that_cannot_be_meant_is_refused_when_it_is_made(
    wrong: Any, words: str
) -> None:
    """Each field names what was given, and what fits."""
    with pytest.raises(PlanError, match="SC851") as caught:
        wrong()
    assert words in str(caught.value)


def test_several_names_may_come_in_a_list() -> None:
    """A list is as good as a tuple, and is kept as one."""
    config = RunConfig(programs=["awk"], profile=["note"], checkpoints=["report"])  # type: ignore[arg-type]
    assert (config.programs, config.profile, config.checkpoints) == (
        ("awk",),
        ("note",),
        ("report",),
    )
