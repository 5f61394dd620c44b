"""Failures in a local run: each becomes a failed call or the intent Error, and none is lost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from machines.investigation import (
    Call,
    CallKind,
    Error,
    FailureKind,
    Finish,
    Investigation,
    InvestigationEvent,
    Observed,
    Outcome,
    Phase,
    Planned,
    Policy,
    Question,
    Request,
    Scope,
    Start,
)
from machines.investigator.runtime import Bounds, CallEnded, LocalInvestigator
from machines.investigator.security import QueryFailedError, SecurityViolation
from statecharts.model.errors import StatechartError
from tests.test_investigation.scripted import (
    SCOPE,
    Bench,
    Log,
    Naps,
    Scripted,
    conclude,
    end,
    looks,
    phase,
    ready,
)

CANARY = "c4n4ry"
UNWRITABLE = (
    "it gave a Observed that JSON cannot carry: [SC421] InvestigationChart at $.outcome.summary:"
    " an instance of int was found where a str is declared."
    " Put a str there, or correct the annotation."
)
SOON = Bounds(timeout=timedelta(milliseconds=1))


def failures(log: Log) -> list[str | None]:
    """Return what was said of each call that came back."""
    return [one.failure for one in log.told if isinstance(one, CallEnded)]


def tool(name: str, **arguments: Any) -> Planned:
    """Return a plan of one tool call."""
    return Planned((Request(CallKind.TOOL, name, arguments),))


@pytest.mark.parametrize(
    ("name", "step"),
    [("generate_hypotheses", Phase.GENERATING_HYPOTHESES), ("synthesize", Phase.SYNTHESIZING)],
)
def test_reasoner_that_raises_fails_the_investigation(name: str, step: Phase) -> None:
    """Where there is nothing to go on with, the run ends in an Error, with no word of the data."""
    error = RuntimeError(CANARY)
    investigator = ready(Scripted(**{name: error}))
    investigation = asyncio.run(investigator.run())
    number = {"generate_hypotheses": 6, "synthesize": 9}[name]
    assert end(investigator) == Error(
        FailureKind.CALL_FAILED,
        f"call-{number} ({name}) failed, tried 3 times: RuntimeError was raised",
    )
    assert investigation.snapshot.data["failed"].phase is step
    assert [raised.error for raised in investigator.errors] == [error] * 3
    assert CANARY not in investigator.dumps().decode()


def test_reasoner_that_raises_while_gathering_is_done_without() -> None:
    """Gathering goes on without what could not be had, unless the policy says otherwise."""
    assert isinstance(_end_of(Scripted(gather_context=OSError())), Finish)
    ended = _end_of(Scripted(gather_context=OSError()), Policy(gather_anyway=False))
    assert isinstance(ended, Error)
    assert ended.message.endswith("tried 3 times: OSError was raised")


def test_errors_of_ours_are_told_in_full() -> None:
    """Their texts keep data out, and say what to do."""
    log = Log()
    error = StatechartError("SC599", "model", "it is not there", "Start it")
    asyncio.run(ready(Scripted(gather_context=error), observer=log).step())
    assert failures(log) == ["[SC599] model: it is not there. Start it."]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"not": "an outcome"}, "it gave a dict, which is not an outcome of a call"),
        (None, "it gave a NoneType, which is not an outcome of a call"),
        (
            Observed(7),  # type: ignore[arg-type]
            UNWRITABLE,
        ),
    ],
)
def test_answer_that_is_no_outcome_is_a_failed_attempt(line: Any, said: str) -> None:
    """What cannot be kept in a snapshot is refused before the investigation sees it."""
    log = Log()
    investigator = ready(Scripted(gather_context=line), observer=log)
    asyncio.run(investigator.run())
    assert failures(log)[:3] == [said] * 3
    assert investigator.dumps()


def test_outcome_that_does_not_fit_its_phase_is_an_error() -> None:
    """It is the chart that refuses it, and the rest of the round is left out."""
    investigator = ready(Scripted(gather_context=looks(2), look=_propose))
    asyncio.run(investigator.run())
    ended = end(investigator)
    assert isinstance(ended, Error)
    assert ended.kind is FailureKind.UNFIT_RESULT
    said = "call-2 (look) gave Concluded; gathering_context takes Observed or Planned or Question"
    assert ended.message == said


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (tool("shell", command="rm"), "[SC511] security.tool: shell is not a tool of the scope."),
        (tool("describe", table="payroll"), "[SC511] security.table: payroll is not a table"),
        (tool("describe", table="orders", x=1), "[SC511] security.argument: describe does not"),
        (tool("query", sql="DROP TABLE orders"), "[SC511] security.statement: drop is not a SEL"),
        (tool("query", sql="SELECT * FROM payroll"), "[SC511] security.table: payroll is not a"),
    ],
)
def test_tool_call_is_checked_before_it_runs(plan: Planned, said: str) -> None:
    """What the scope does not permit never reaches the tools, and is not tried again."""
    log, tools = Log(), Bench()
    investigator = ready(Scripted(gather_context=plan), tools, observer=log)
    asyncio.run(investigator.step())
    asyncio.run(investigator.step())
    told = failures(log)[1]
    assert told is not None
    assert told.startswith(said)
    assert tools.called == []
    assert phase(investigator) is Phase.GENERATING_HYPOTHESES
    assert isinstance(investigator.errors[0].error, SecurityViolation)


def test_tool_call_is_held_to_the_scope_of_the_investigation() -> None:
    """Tools of a wider scope do not widen that of the investigation."""
    tools = Bench(Scope("u", "t", tools=["describe"], tables=["orders", "payroll"]))
    reasoner = Scripted(gather_context=tool("describe", table="payroll"))
    investigator = LocalInvestigator(reasoner, tools)
    investigator.start("why?", SCOPE)
    asyncio.run(investigator.run())
    assert "payroll" not in [*tools.called]
    assert str(investigator.errors[0].error).startswith("[SC511] security.table: payroll")


def test_tool_without_a_toolbox_is_refused() -> None:
    """Deny by default: no tools, no calls."""
    investigator = LocalInvestigator(Scripted(), sleep=Naps())
    investigator.start("why?", SCOPE)
    asyncio.run(investigator.run())
    assert str(investigator.errors[0].error) == (
        "[SC511] security.tool: describe is not a tool of the scope."
        " Call a tool that the scope lists."
    )


@pytest.mark.parametrize(
    ("error", "attempts"),
    [
        (QueryFailedError("SC512", "query", "no such column", "Fix the query"), 1),
        (QueryFailedError("SC512", "query", "interrupted", "Fix the query"), 3),
        (SecurityViolation("time", "query"), 3),
        (SecurityViolation("size", "value"), 1),
        (ValueError("whatever"), 3),
    ],
)
def test_tool_is_called_again_only_if_that_may_help(error: Exception, attempts: int) -> None:
    """What will fail again is not tried again."""

    def fail(call: Call) -> Outcome:
        raise error

    tools = Bench(describe=fail)
    reasoner = Scripted(gather_context=tool("describe", table="orders"))
    investigator = ready(reasoner, tools)
    while phase(investigator) is Phase.GATHERING_CONTEXT:
        asyncio.run(investigator.step())
    assert tools.called == ["describe"] * attempts


def test_call_that_takes_too_long_has_failed() -> None:
    """A reasoner that never answers is left alone, and tried as often as any other."""

    async def never(call: Call) -> Outcome:
        await asyncio.Event().wait()
        raise AssertionError

    investigator = ready(Scripted(gather_context=Observed("x"), generate_hypotheses=never))
    asyncio.run(investigator.step())
    investigator.bounds = SOON
    asyncio.run(investigator.run())
    ended = end(investigator)
    assert isinstance(ended, Error)
    assert ended.message.endswith("failed, tried 3 times: it took longer than 0.001 s")


def test_call_that_does_not_listen_is_left_alone() -> None:
    """A reasoner that swallows its cancellation does not hold up the run."""
    released: list[asyncio.Event] = []

    async def stubborn(call: Call) -> Outcome:
        event = asyncio.Event()
        released.append(event)
        while not event.is_set():
            try:
                await event.wait()
            except asyncio.CancelledError:
                continue
        return Observed("too late")

    async def run() -> LocalInvestigator:
        investigator = ready(Scripted(gather_context=stubborn), bounds=SOON)
        await investigator.step()
        for event in released:
            event.set()
        return investigator

    investigator = asyncio.run(run())
    assert investigator.investigation.case.ledger.settled[0].end.value == "failed"
    assert investigator.evidence == ()


def test_tool_that_takes_too_long_is_stopped() -> None:
    """The tool is told, and what it still brings is dropped."""
    release = threading.Event()

    def wait(call: Call) -> Outcome:
        release.wait(60)
        return Observed("too late")

    class Stoppable(Bench):
        def stop(self, call: Any) -> None:
            super().stop(call)
            release.set()

    tools = Stoppable(describe=wait)
    investigator = ready(Scripted(gather_context=tool("describe", table="orders")), tools)
    asyncio.run(investigator.step())
    investigator.bounds = SOON
    asyncio.run(investigator.step())
    assert tools.stopped == ["describe"]
    assert investigator.evidence == ()


def test_reasoner_that_cancels_itself_has_failed() -> None:
    """A cancellation that nobody asked for belongs to the call."""
    log = Log()

    async def cancel(call: Call) -> Outcome:
        raise asyncio.CancelledError

    asyncio.run(ready(Scripted(gather_context=cancel), observer=log).step())
    assert failures(log) == ["it was cancelled from within"]


def test_reasoner_that_is_no_coroutine_has_failed() -> None:
    """Whatever is wrong with the reasoner, it is told, and not raised."""
    log = Log()

    class Wrong:
        def answer(self, *_: object) -> None: ...

    investigator = LocalInvestigator(Wrong(), Bench(), observer=log, sleep=Naps())  # type: ignore[arg-type]
    investigator.start("why?")
    asyncio.run(investigator.run())
    assert failures(log)[0] == "TypeError was raised"
    assert phase(investigator) is Phase.FAILED


def test_steps_are_bounded() -> None:
    """A reasoner that never comes to an end is stopped, and that is not told as a cancellation."""
    rounds = iter(range(1_000))

    def again(call: Call) -> Outcome:
        next(rounds)
        return Question("and now?")

    investigator = ready(
        Scripted(gather_context=again), bounds=Bounds(steps=20), ask_user=lambda _: "go on"
    )
    investigation = asyncio.run(investigator.run())
    assert end(investigator) == Error(FailureKind.TOO_MANY_STEPS, "it needs more than 20 steps")
    assert investigation.current_step == 21
    assert next(rounds) == 10


def test_steps_are_counted_before_a_round() -> None:
    """A round that would go beyond the bound is not begun."""
    reasoner = Scripted(gather_context=looks(5), look=Observed("x"))
    investigator = ready(reasoner, bounds=Bounds(steps=6))
    asyncio.run(investigator.run())
    assert isinstance(end(investigator), Error)
    assert [call.name for call in reasoner.asked] == ["gather_context"]


def test_sleep_that_raises_fails_the_call() -> None:
    """Even what waits between two attempts may fail."""

    async def broken(seconds: float) -> None:
        raise OSError("clock")

    investigator = ready(Scripted(generate_hypotheses=ValueError()), sleep=broken)
    asyncio.run(investigator.run())
    assert isinstance(end(investigator), Error)
    assert [type(raised.error).__name__ for raised in investigator.errors] == [
        "ValueError",
        "OSError",
        "OSError",
    ]


def test_event_that_the_chart_stumbles_over_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Should the chart itself raise, the investigation ends, and says so."""
    ingest: Callable[[Investigation, InvestigationEvent], Any] = Investigation.ingest

    def stumble(self: Investigation, event: InvestigationEvent) -> Any:
        if type(event).__name__ == "CallResult":
            raise StatechartError("SC201", "chart", "it stumbles")
        return ingest(self, event)

    monkeypatch.setattr(Investigation, "ingest", stumble)
    investigator = ready(Scripted())
    asyncio.run(investigator.run())
    assert end(investigator) == Error(
        FailureKind.INTERNAL, "call-1 cannot be taken: [SC201] chart: it stumbles."
    )
    assert investigator.errors[0].by == "call-1"


def _propose(call: Call) -> Any:
    return conclude(())


def _end_of(reasoner: Scripted, policy: Policy | None = None) -> Any:
    investigator = LocalInvestigator(reasoner, Bench(), sleep=Naps())
    start = Start("why?", SCOPE, policy or Policy())
    investigator.start(start.question, start.scope, start.policy)
    asyncio.run(investigator.run())
    return end(investigator)
