"""Bad input: told at once, or the failure of one node; never the end of a run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from machines.investigator.secrets import Secret
from machines.plan.records import dump_event
from machines.plan.vocabulary import Category, Emitted, Meta
from machines.planner import Engine, NodeError, Plan, PlanError, RetryPolicy, RunConfig, Work
from statecharts.model.errors import StatechartError
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
    (lambda work: work.put(1, kind=["x"]), "refused", "kind=['x']"),  # type: ignore[arg-type]
    (lambda work: work.put(1, kind="plot", meta=5), "refused", "meta=5"),  # type: ignore[arg-type]
    (lambda work: work.emit(5), "refused", "name=5"),  # type: ignore[arg-type]
    (lambda work: work.emit(""), "refused", "name=''"),
    (lambda work: work.emit("x", artifact="zz"), "refused", "'zz' is not an artifact"),
    (lambda work: work.emit("x", {"\ud800": 1}), "context_serialize_failed", "surrogate"),
    (lambda work: work.context.write("k", _cyclic()), "context_serialize_failed", "k cannot be"),
    (lambda work: work.io.call(5, 1), "refused", "namespace=5"),  # type: ignore[arg-type]
]


@pytest.mark.sampled(4)
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
        (lambda: RunConfig(skip_tags="apply"), "skip_tags: 'apply' is not several texts"),
        (lambda: RunConfig(programs="awk"), "programs: 'awk' is not several texts"),
        (lambda: RunConfig(environment="PATH"), "environment: 'PATH' is not several texts"),
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


PLAN: Any = Plan("fine")
NODE = PLAN.node("a.b.c", lambda _: 1)
RUN = "0" * 8 + "-0000-0000-0000-" + "0" * 12

WRONG: list[tuple[Callable[[Any], Any], str]] = [
    (lambda e: e.start("x"), "start: plan='x' does not fit. Pass a Plan"),
    (lambda e: e.start(PLAN, 5), "parameters=5 does not fit"),
    (lambda e: e.start(PLAN, context=5), "context=5 does not fit"),
    (lambda e: e.start(PLAN, context={"Bad Key": 1}), "'Bad Key' is not a context key"),
    (lambda e: e.start(PLAN, config={"at_once": 1}), "Pass a RunConfig"),
    (lambda e: e.start(PLAN, config=RunConfig(mode="replay")), "Call replay"),
    (lambda e: e.start(PLAN, {"x": _cyclic()}), "SC851] parameters: parameters cannot be JSON"),
    (lambda e: e.start(PLAN, {1: 2}), "the key 1 is not a text. Give texts"),
    (lambda e: e.start(PLAN, context={"k": object()}), "SC851] context: context cannot be JSON"),
    (lambda e: e.start(PLAN, source=5), "source=5"),
    (lambda e: e.start(PLAN, id=5), "5 is not a run"),
    (lambda e: e.resume(RUN, "x"), "plan='x'"),
    (lambda e: e.replay(RUN, 5), "plan=5"),
    (lambda e: e.replay(RUN, PLAN, missing_fact_retryable="no"), "Pass True or False, or None"),
    (lambda e: e.cancel(RUN, 5), "reason=5"),
    (lambda e: e.events(e.create(PLAN), "a"), "first='a'"),
    (lambda e: e.events(e.create(PLAN), 1, "a"), "last='a'"),
    (lambda e: e.artifact(5), "5 is not an artifact"),
    (lambda e: e.artifact("zz"), "'zz' is not an artifact"),
    (lambda e: e.output(e.create(PLAN), ["x"]), "name=['x']"),
    (lambda e: type(e)("memory:", transports=5), "transports=5"),
    (lambda e: type(e)("memory:", transports={"x": 5}), "each with a method ask"),
    (lambda _: type(PLAN)("x", 5), "version=5"),
    (lambda _: PLAN.node("a.b.d", 5), "function=5 does not fit"),
    (lambda _: PLAN.node("a.b.d", len, "a.b.c"), "ids go to after="),
    (lambda _: PLAN.node("a.b.d", len, after="a.b.c"), "after='a.b.c'"),
    (lambda _: PLAN.node("a.b.d", len, after=None), "after=None"),
    (lambda _: PLAN.node("a.b.d", len, tags="report"), "'report' is not several"),
    (lambda _: PLAN.node("a.b.d", len, tags=5), "5 is not several texts"),
    (lambda _: PLAN.many(["a.b.c"]), "Pass several nodes"),
    (lambda _: PLAN.many(one for one in ("a.b.c",)), "Pass several nodes"),
    (lambda _: PLAN.many(NODE), "Pass several nodes"),
]


@pytest.mark.sampled(8)
@pytest.mark.parametrize(("wrong", "words"), WRONG)
def test_an_argument_that_cannot_be_meant_is_refused_at_once(
    engine: Engine, wrong: Callable[[Any], Any], words: str
) -> None:
    """The error has a code, names the argument, says what to pass; nothing was stored or added."""
    with pytest.raises(StatechartError, match=r"SC(221|851)") as caught:
        wrong(engine)
    assert words in str(caught.value)
    assert not [one for one in engine.runs() if engine.ledger(one).count]
    assert PLAN.nodes == [NODE]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda io: io.http(5, key="k"), "http: url=5"),
        (lambda io: io.http("http://x", key="k", seconds="x"), "seconds='x'"),
        (
            lambda io: io.http("http://x", key="k", seconds=float("nan")),
            "a number of seconds above",
        ),
        (lambda io: io.http("http://x", key="k", headers=[1]), "headers=[1]"),
        (lambda io: io.http("http://x", key="k", json={1: 2}), "the key 1 is not a text"),
        (lambda io: io.exec("awk", 5, key="k"), "arguments=(5,)"),
        (lambda io: io.exec("awk", key="k", stdin=5), "stdin=5"),
        (lambda io: io.sql("x", "SELECT 1", tables="shop", key="k"), "tables='shop'"),
        (lambda io: io.exec("awk", "a\0b", key="k"), "without NUL"),
        (lambda io: io.file(5, key="k"), "path=5"),
        (lambda io: io.file("a\0b", key="k"), "without NUL"),
        (lambda io: io.record("k", object()), "a.b.c k cannot be JSON: a value is of the class"),
        (lambda io: io.random_bytes(-1), "count=-1"),
        (lambda io: io.record("k", 1, secret="no"), "does not fit. Pass True or False"),
        (lambda io: io.call("file", _cyclic(), key="k"), "what k asks cannot be JSON"),
    ],
)
def test_a_question_that_cannot_be_meant_is_not_asked(
    engine: Engine, act: Callable[[Any], Any], words: str
) -> None:
    """The node fails with what was wrong, not with an error of a library."""
    plan = Plan("asks")
    plan.node("a.b.c", lambda work: act(work.io))
    error = engine.start(plan, config=CONFIG).errors["a.b.c"]
    assert error.code in ("refused", "bad_request", "context_serialize_failed")
    assert words in error.message


def test_a_child_of_something_else_is_refused(engine: Engine) -> None:
    """A child is a plan, with a name, and a dict of parameters."""
    for given, words in (
        (("c1", "x"), "plan='c1'"),
        ((PLAN, 5), "name=5"),
        ((PLAN, "x", 5), "parameters=5"),
    ):
        plan = Plan("parent")
        act: Any = lambda work, given=given: work.child(*given)  # noqa: E731
        plan.node("a.b.c", act)
        error = engine.start(plan, config=CONFIG).errors["a.b.c"]
        assert (error.code, words in error.message) == ("refused", True)


def test_an_input_of_another_type_is_told_with_the_node_it_comes_from(engine: Engine) -> None:
    """The error names whose result does not fit."""

    def takes(_: Work, given: int) -> int:
        return given

    plan = Plan("types")
    gives: Any = plan.node("a.b.gives", lambda _: "text")
    plan.node("a.b.takes", takes, gives)
    error = engine.start(plan, config=CONFIG).errors["a.b.takes"]
    assert error.message == "the result of a.b.gives cannot be read as int: it is str, not int"


NOTE = dump_event(Emitted("a.b.c", "note"), 5)
OUTPUT = {"event": "artifact_written", "node": "a.b.c", "artifact": "x", "kind": "output"}


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("events", "more", "words"),
    [
        ([{"event": "nope"}], {}, "'nope' at 0 is no event of a run"),
        ([{"event": {}}], {}, "{} at 0 is no event of a run"),
        ([{**NOTE, "at": "now"}], {}, "is no event of a run"),
        ([{**NOTE, "more": 1}], {}, "SC857"),
        ([{**NOTE, "node": 5}], {}, "event 2 has node=5, which it cannot have"),
        ([{**NOTE, "payload": {"password": "hunter2"}}], {}, "$.payload.password holds a secret"),
        ([{**NOTE, "payload": float("nan")}], {}, "event 2 cannot be JSON"),
        ([{**NOTE, "payload": {1: 2}}], {}, "event 2 cannot be JSON"),
        ([{**OUTPUT, "meta": {}}], {}, "SC857"),
        ([{**OUTPUT, "meta": 5}], {}, "SC857"),
        ([NOTE, 5], {}, "Pass a list of events"),
        (NOTE, {}, "Pass a list of events"),
        ([NOTE], {"keep": ["x"]}, "Pass a list of artifacts"),
        ([NOTE], {"keep": [b'{"password":"hunter2"}']}, "$.password holds a secret"),
        ([NOTE], {"finished": "no"}, "Pass True or False, or None"),
        ([NOTE], {"expected": "1"}, "expected='1'"),
    ],
)
def test_what_is_no_event_is_not_appended(
    engine: Engine, events: Any, more: dict[str, Any], words: str
) -> None:
    """The journal takes what can be read again, or nothing of it."""
    journal = engine.journal(engine.create(PLAN))
    journal.append(0, [NOTE])
    with pytest.raises(StatechartError, match=r"SC(221|853|857)") as caught:
        journal.append(**{"expected": 1, "events": events, **more})
    assert words in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert [one.event for one in journal.read()] == [Emitted("a.b.c", "note")]


def test_events_of_the_engine_are_no_word_of_a_node() -> None:
    """A node has no way to record that it, or another one, is over."""
    assert not {"tell", "events", "sink"} & {name for name in dir(Work) if name[0] != "_"}
