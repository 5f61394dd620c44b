"""The local runtime: from the question to the result, round by round."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from machines.investigation import (
    Call,
    Finish,
    Idle,
    Investigation,
    Observed,
    Outcome,
    Phase,
    Planned,
    Policy,
    Proposed,
    Question,
    RequestUser,
    Scope,
    Verdict,
)
from machines.investigator.runtime import (
    Bounds,
    CallDelayed,
    CallEnded,
    Ended,
    EvidenceFound,
    LocalInvestigator,
    PhaseEntered,
    run_local,
)
from machines.investigator.security import GuardedConnection
from machines.investigator.tools import Toolbox
from statecharts.model.errors import StatechartError
from tests.test_investigation.scripted import (
    NOTHING,
    SCOPE,
    Bench,
    Log,
    Naps,
    Scripted,
    end,
    looks,
    phase,
    ready,
)


def test_run_local_goes_from_question_to_result(shop: Path) -> None:
    """With real tools over a real database, the result rests on what they found."""
    with GuardedConnection(shop, SCOPE) as connection:
        investigation = asyncio.run(run_local("why?", Scripted(), Toolbox(connection)))
    ended = end(investigation)
    assert isinstance(ended, Finish)
    assert ended.synthesis.verdict is Verdict.ANOMALY
    assert ended.synthesis.causes[0].evidence == tuple(f"evidence-{n}" for n in range(1, 5))
    counts = investigation.snapshot.data["finished"].evidence[1]
    assert counts.sql == "SELECT day, count(*) AS n FROM orders GROUP BY day"
    assert counts.rows == (("2026-03-01", 1), ("2026-03-02", 2))


def test_run_local_hands_on_its_options() -> None:
    """Scope, policy and bounds count; the observer is told, the user is asked."""
    log, asked = Log(), list[str]()

    def ask(request: RequestUser) -> str:
        asked.append(request.prompt)
        return "UTC"

    def gather(call: Call) -> Outcome:
        return Observed("nothing") if call.answers else Question("Which zone?")

    investigation = asyncio.run(
        run_local(
            "why?",
            Scripted(gather_context=gather, synthesize=NOTHING),
            scope=SCOPE,
            policy=Policy(attempts=1),
            bounds=Bounds(steps=50),
            ask_user=ask,
            observer=log,
        )
    )
    assert isinstance(end(investigation), Finish)
    assert investigation.case.policy == Policy(attempts=1)
    assert asked == ["Which zone?"]
    assert log.kinds[-1] == "Ended"


def test_step_carries_out_one_round() -> None:
    """Each step makes the calls that are under way, and gives those that come next."""
    investigator = LocalInvestigator(Scripted(), Bench())
    assert asyncio.run(investigator.step()) == (Idle(),)
    intents = investigator.start("why?")
    rounds = []
    while not investigator.investigation.is_terminal:
        rounds.append([intent.name for intent in intents if isinstance(intent, Call)])
        intents = asyncio.run(investigator.step())
    assert rounds == [
        ["gather_context"],
        ["describe", "query"],
        ["generate_hypotheses"],
        ["row_counts_by_day", "describe"],
        ["synthesize"],
    ]
    assert intents == (end(investigator),)
    assert asyncio.run(investigator.step()) == intents


def test_run_without_hypotheses_needs_no_test() -> None:
    """When nothing seems wrong there is nothing to test."""
    investigator = ready(
        Scripted(gather_context=Planned(()), generate_hypotheses=Proposed(()), synthesize=NOTHING)
    )
    asyncio.run(investigator.run())
    assert [call.name for call in investigator._reasoner.asked] == [  # type: ignore[attr-defined]
        "gather_context",
        "generate_hypotheses",
        "synthesize",
    ]


def test_reasoner_sees_the_evidence_so_far() -> None:
    """Each call is told of what was found before its round, in order."""
    reasoner = Scripted()
    asyncio.run(ready(reasoner).run())
    assert reasoner.seen == [
        (),
        ("evidence-1", "evidence-2"),
        ("evidence-1", "evidence-2", "evidence-3", "evidence-4"),
    ]


def test_calls_of_a_round_run_side_by_side() -> None:
    """Two tools that wait for each other both come back."""
    barrier = threading.Barrier(2, timeout=60)

    def meet(call: Call) -> Observed:
        barrier.wait()
        return Observed(call.name)

    investigator = ready(Scripted(), Bench(describe=meet, query=meet))
    asyncio.run(investigator.step())
    asyncio.run(investigator.step())
    assert [each.summary for each in investigator.evidence] == ["describe", "query"]


def test_calls_at_once_are_bounded() -> None:
    """No more calls run side by side than the bounds allow."""
    running, most = 0, 0

    async def look(call: Call) -> Observed:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return Observed("")

    def run(at_once: int) -> int:
        nonlocal most
        most = 0
        reasoner = Scripted(gather_context=looks(6), look=look)
        asyncio.run(ready(reasoner, bounds=Bounds(at_once=at_once)).run())
        return most

    assert [run(1), run(3), run(6)] == [1, 3, 6]


def test_result_does_not_depend_on_the_order_of_return() -> None:
    """However the calls of a round overtake each other, the bytes are the same."""

    def run(order: tuple[str, ...]) -> bytes:
        gates = {name: asyncio.Event() for name in order}

        async def look(call: Call) -> Observed:
            name = str(call.arguments["n"])
            place = order.index(name)
            if place:
                await gates[order[place - 1]].wait()
            gates[name].set()
            return Observed(name)

        investigator = ready(Scripted(gather_context=looks(3), look=look))
        asyncio.run(investigator.run())
        return investigator.dumps()

    assert run(("0", "1", "2")) == run(("2", "0", "1")) == run(("2", "1", "0"))


def test_failed_call_is_tried_again_after_a_pause() -> None:
    """The pauses double; the attempt that works is the one that counts."""

    def gather(call: Call) -> Outcome | Exception:
        return ConnectionError("down") if call.attempt < 4 else Observed("up again")

    naps, log = Naps(), Log()
    investigator = LocalInvestigator(
        Scripted(gather_context=gather), Bench(), sleep=naps, observer=log
    )
    investigator.start("why?", policy=Policy(attempts=4))
    asyncio.run(investigator.run())
    assert isinstance(end(investigator), Finish)
    assert naps.taken == [0.5, 1.0, 2.0]
    assert [one.pause for one in log.told if isinstance(one, CallDelayed)] == [
        timedelta(seconds=each) for each in (0.5, 1, 2)
    ]
    assert [raised.by for raised in investigator.errors] == ["call-1", "call-2", "call-3"]
    assert {str(raised.error) for raised in investigator.errors} == {"down"}


def test_observer_is_told_of_progress() -> None:
    """Phases, calls, evidence and the end are told, in the order in which they happen."""
    log = Log()
    ticks = iter(range(100))
    investigator = ready(Scripted(), observer=log, clock=lambda: float(next(ticks)))
    asyncio.run(investigator.step())
    assert log.kinds == ["PhaseEntered", "CallStarted", "CallEnded"]
    asyncio.run(investigator.run())
    phases = [one.phase for one in log.told if isinstance(one, PhaseEntered)]
    assert phases == [
        Phase.GATHERING_CONTEXT,
        Phase.GENERATING_HYPOTHESES,
        Phase.EVALUATING_HYPOTHESES,
        Phase.SYNTHESIZING,
        Phase.FINISHED,
    ]
    found = [one.evidence for one in log.told if isinstance(one, EvidenceFound)]
    assert tuple(found) == investigator.evidence
    assert log.told[-1] == Ended(end(investigator))
    ended = [one for one in log.told if isinstance(one, CallEnded)]
    assert len(ended) == 7
    assert all(one.failure is None and one.took > timedelta(0) for one in ended)


def test_observer_that_raises_is_left_alone() -> None:
    """A display that breaks neither ends the run nor goes unmentioned."""
    told = []

    def broken(progress: object) -> None:
        told.append(progress)
        raise BrokenPipeError("gone")

    investigator = ready(Scripted(), observer=broken)
    asyncio.run(investigator.run())
    assert isinstance(end(investigator), Finish)
    assert len(told) == 1
    assert [(raised.by, str(raised.error)) for raised in investigator.errors] == [
        ("observer", "gone")
    ]


def test_misuse_is_told() -> None:
    """Starting twice, without a scope, or two rounds at once are mistakes of the caller."""
    with pytest.raises(StatechartError) as refused:
        ready(Scripted()).start("why?")
    assert str(refused.value) == (
        "[SC516] investigation: it has started already. Continue with `run` or `step`."
    )
    with pytest.raises(StatechartError, match=r"there is no scope\. Pass tools, or `scope=`"):
        LocalInvestigator(Scripted()).start("why?")
    with pytest.raises(ValueError, match="question of a Start must not be empty"):
        LocalInvestigator(Scripted()).start("", Scope("u", "t"))

    async def twice() -> None:
        investigator = ready(Scripted())
        await asyncio.gather(investigator.step(), investigator.step())

    with pytest.raises(StatechartError, match=r"a round is under way\. Await it"):
        asyncio.run(twice())


def test_bounds_refuse_what_bounds_nothing() -> None:
    """No time, no step and no call at once are refused."""
    wrong: tuple[dict[str, Any], ...] = (
        {"steps": 0},
        {"at_once": 0},
        {"timeout": timedelta(0)},
        {"backoff": 1},
    )
    for each in wrong:
        with pytest.raises(ValueError, match=r"must be >= 1|must be a timedelta above zero, not"):
            Bounds(**each)


def test_run_returns_the_investigation() -> None:
    """What comes back is the investigation that was run."""
    investigator = ready(Scripted())
    assert asyncio.run(investigator.run()) is investigator.investigation
    assert isinstance(investigator.investigation, Investigation)
    assert phase(investigator) is Phase.FINISHED
