"""Stops of a local run: questions, cancellation, and going on in another process."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from machines.investigation import (
    Call,
    Error,
    FailureKind,
    Finish,
    Observed,
    Outcome,
    Phase,
    Question,
    RequestUser,
)
from machines.investigator.runtime import LocalInvestigator, UserAsked
from machines.investigator.security import GuardedConnection
from machines.investigator.tools import Toolbox
from statecharts.codec import CodecError
from statecharts.model.errors import StatechartError
from tests.test_investigation.scripted import (
    PLAN,
    SCOPE,
    Bench,
    Log,
    Scripted,
    end,
    looks,
    phase,
    ready,
)


def asking(call: Call) -> Outcome:
    """Ask once; then plan."""
    return PLAN if call.answers else Question("Which time zone?", ("UTC", "local"))


# Questions.


def test_user_is_asked_and_the_answer_handed_on() -> None:
    """The call that asked is made again, with the answer."""
    reasoner, log = Scripted(gather_context=asking), Log()
    investigator = ready(reasoner, observer=log, ask_user=lambda request: request.choices[1])
    asyncio.run(investigator.run())
    assert isinstance(end(investigator), Finish)
    assert [answer.text for answer in reasoner.asked[1].answers] == ["local"]
    assert [one.request.prompt for one in log.told if isinstance(one, UserAsked)] == [
        "Which time zone?"
    ]


def test_user_is_asked_by_a_coroutine_or_in_a_thread() -> None:
    """Both kinds of callback will do; one that blocks does not block the loop."""
    threads = list[threading.Thread]()

    async def later(request: RequestUser) -> str:
        await asyncio.sleep(0)
        return "UTC"

    class Window:
        async def __call__(self, request: RequestUser) -> str:
            return "UTC"

    def blocking(request: RequestUser) -> str:
        threads.append(threading.current_thread())
        return "UTC"

    for ask in (later, Window(), blocking):
        investigator = ready(Scripted(gather_context=asking), ask_user=ask)
        asyncio.run(investigator.run())
        assert investigator.investigation.case.answers[0].text == "UTC"
    [thread] = threads
    assert thread is not threading.main_thread()
    assert thread.daemon


@pytest.mark.parametrize("ask", [None, lambda _: None])
def test_question_that_nobody_answers_stays_open(ask: Any) -> None:
    """The run stops there, and goes on when somebody responds."""
    investigator = ready(Scripted(gather_context=asking), ask_user=ask)
    asyncio.run(investigator.run())
    assert phase(investigator) is Phase.AWAITING_USER
    [request] = investigator.intents
    assert isinstance(request, RequestUser)
    resumed = ready(Scripted(gather_context=asking), snapshot=investigator.dumps())
    resumed.respond("UTC")
    with pytest.raises(StatechartError, match="no question is open"):
        resumed.respond("UTC")
    asyncio.run(resumed.run())
    assert isinstance(end(resumed), Finish)


def test_questions_are_asked_one_after_the_other() -> None:
    """What comes in beside a question is kept, another question included."""

    def look(call: Call) -> Outcome:
        n = str(call.arguments["n"])
        return Observed(n) if call.answers or n == "1" else Question(f"about {n}?")

    asked = list[str]()

    def ask(request: RequestUser) -> str:
        asked.append(request.prompt)
        return "yes"

    investigator = ready(Scripted(gather_context=looks(3), look=look), ask_user=ask)
    asyncio.run(investigator.run())
    assert asked == ["about 0?", "about 2?"]
    assert {each.summary for each in investigator.evidence[:3]} == {"0", "1", "2"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (EOFError("no more"), "the user could not be asked: EOFError was raised"),
        (StopIteration(), "the user could not be asked: RuntimeError was raised"),
        (7, "the user's answer is a int, not a string"),
    ],
)
def test_user_who_cannot_be_asked_ends_it(given: Any, said: str) -> None:
    """The investigation fails, says why, and does not call it a cancellation."""

    def ask(request: RequestUser) -> Any:
        if isinstance(given, Exception):
            raise given
        return given

    investigator = ready(Scripted(gather_context=asking), ask_user=ask)
    asyncio.run(investigator.run())
    assert end(investigator) == Error(FailureKind.NO_ANSWER, said)


# Cancellation.


def test_cancel_between_rounds_ends_it() -> None:
    """It has failed at once, and nothing changes that any more."""
    investigator = ready(Scripted())
    investigator.cancel("enough")
    assert end(investigator) == Error(FailureKind.CANCELLED, "called off: enough")
    investigator.cancel("again")
    asyncio.run(investigator.run())
    assert end(investigator) == Error(FailureKind.CANCELLED, "called off: enough")


def test_cancel_stops_the_calls_under_way() -> None:
    """Reasoner and tools are stopped, and then the investigation has failed."""
    begun, release = threading.Event(), threading.Event()

    class Waiting(Bench):
        def stop(self, call: Any) -> None:
            super().stop(call)
            release.set()

    def wait(call: Call) -> Outcome:
        begun.set()
        release.wait(60)
        return Observed("too late")

    tools = Waiting(describe=wait)

    async def run() -> LocalInvestigator:
        investigator = ready(Scripted(), tools)
        await investigator.step()
        running = asyncio.create_task(investigator.run())
        await asyncio.get_running_loop().run_in_executor(None, begun.wait)
        investigator.cancel("enough")
        await running
        return investigator

    investigator = asyncio.run(run())
    assert end(investigator) == Error(FailureKind.CANCELLED, "called off: enough")
    assert "describe" in tools.stopped


@pytest.mark.parametrize("moment", ["CallStarted", "CallEnded", "EvidenceFound", "PhaseEntered"])
def test_cancel_from_an_observer_counts(moment: str) -> None:
    """Whenever the observer calls it off, it is called off."""

    def watch(progress: object) -> None:
        if type(progress).__name__ == moment:
            investigator.cancel(moment)

    investigator = LocalInvestigator(Scripted(), Bench(), observer=watch)
    investigator.start("why?")
    asyncio.run(investigator.run())
    assert end(investigator) == Error(FailureKind.CANCELLED, f"called off: {moment}")
    assert investigator.errors == ()


def test_cancel_after_the_end_changes_nothing() -> None:
    """An observer that calls off what has just ended comes too late."""

    def watch(progress: object) -> None:
        if type(progress).__name__ == "Ended":
            investigator.cancel("too late")

    investigator = LocalInvestigator(Scripted(), Bench(), observer=watch)
    investigator.start("why?")
    asyncio.run(investigator.run())
    assert isinstance(end(investigator), Finish)


def test_cancelled_task_leaves_an_investigation_that_goes_on() -> None:
    """Ctrl-C undoes the round that was under way; the rest is as if nothing had happened."""

    async def run() -> LocalInvestigator:
        begun = asyncio.Event()

        async def never(call: Call) -> Outcome:
            begun.set()
            await asyncio.Event().wait()
            raise AssertionError

        investigator = ready(Scripted(generate_hypotheses=never))
        running = asyncio.create_task(investigator.run())
        await begun.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        return investigator

    investigator = asyncio.run(run())
    assert phase(investigator) is Phase.GENERATING_HYPOTHESES
    resumed = ready(Scripted(), snapshot=investigator.dumps())
    asyncio.run(resumed.run())
    whole = ready(Scripted())
    asyncio.run(whole.run())
    assert resumed.dumps() == whole.dumps()


# Going on.


def _until(cut: int, path: Path) -> bytes:
    with GuardedConnection(path, SCOPE) as connection:
        investigator = ready(Scripted(gather_context=asking), Toolbox(connection))
        for _ in range(cut):
            asyncio.run(investigator.step())
            if phase(investigator) is Phase.AWAITING_USER:
                investigator.respond("UTC")
        return investigator.dumps()


def go_on(snapshot: str, path: str) -> str:
    """Go on from a snapshot to the end, and return the last one."""
    with GuardedConnection(path, SCOPE) as connection:
        investigator = LocalInvestigator(
            Scripted(gather_context=asking),
            Toolbox(connection),
            snapshot=snapshot,
            ask_user=lambda _: "UTC",
        )
        asyncio.run(investigator.run())
        return investigator.dumps().decode()


@pytest.mark.sampled(7)
@pytest.mark.parametrize("cut", range(7))
def test_restored_run_comes_to_the_same_result(cut: int, shop: Path) -> None:
    """Cut after any round, a run goes on to the same bytes."""
    assert go_on(_until(cut, shop).decode(), str(shop)) == _until(9, shop).decode()


def test_restored_run_comes_to_the_same_result_in_another_process(shop: Path) -> None:
    """So it does where hashes are salted otherwise."""
    script = (
        "import sys\n"
        "from tests.test_investigator.test_runtime_stops import go_on\n"
        "print(go_on(sys.argv[1], sys.argv[2]))"
    )
    command = [sys.executable, "-c", script, _until(2, shop).decode(), str(shop)]
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    ran = subprocess.run(command, capture_output=True, check=True, text=True, env=environment)
    assert ran.stdout.strip() == _until(9, shop).decode()


def test_snapshot_in_an_observer_is_one_of_a_whole_round() -> None:
    """Whenever an observer takes a snapshot, a run can go on from it to the same result."""
    taken = set[bytes]()
    investigators = list[LocalInvestigator]()

    def watch(progress: object) -> None:
        if investigators:
            taken.add(investigators[0].dumps())

    investigators.append(ready(Scripted(gather_context=looks(3), look=Observed("x"))))
    investigators[0]._observer = watch
    asyncio.run(investigators[0].run())
    assert len(taken) == 6
    for snapshot in taken:
        again = ready(Scripted(gather_context=looks(3), look=Observed("x")), snapshot=snapshot)
        asyncio.run(again.run())
        assert again.dumps() == investigators[0].dumps()


def test_snapshot_of_something_else_is_refused() -> None:
    """What is no snapshot of an investigation does not begin."""
    with pytest.raises(CodecError, match="SC4"):
        LocalInvestigator(Scripted(), snapshot=b"{}")


def test_evidence_is_known_while_the_user_is_asked() -> None:
    """Restored before an answer, a run still knows what was found."""

    def look(call: Call) -> Outcome:
        return Observed("found") if call.arguments["n"] == "0" else Question("and?")

    investigator = ready(Scripted(gather_context=looks(2), look=look))
    asyncio.run(investigator.run())
    resumed = LocalInvestigator(Scripted(), snapshot=investigator.dumps())
    assert [each.summary for each in resumed.evidence] == ["found"]
    investigator.cancel()
    assert [each.summary for each in investigator.evidence] == ["found"]
