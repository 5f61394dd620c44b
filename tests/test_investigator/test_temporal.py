"""Investigations on Temporal: the workflow, its border, and its result."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, Worker

from machines.investigation import (
    CallKind,
    Investigation,
    Phase,
    Planned,
    Question,
    Request,
    Scope,
    Start,
)
from machines.investigation.calls import CallId
from machines.investigation.session import protocol
from machines.investigation.vocabulary import CallResult, Error, FailureKind, RequestUser
from machines.investigator.command import investigate
from machines.investigator.command.database import Database, Toolboxes
from machines.investigator.envelope import create_trace, unwrap, wrap
from machines.investigator.reasoning import RuleBasedReasoner
from machines.investigator.runtime import Bounds, run_local
from machines.investigator.temporal import (
    WORKFLOW,
    Cancellation,
    Commission,
    Desk,
    InvestigatorPlugin,
    Response,
    TemporalInvestigator,
    brain_step,
    commission,
)
from statecharts.codec import CodecError
from tests.proof import shards
from tests.temporal import Server
from tests.test_investigation.scripted import SCOPE, Bench, Log, Scripted, looks

RECORDED = Path(__file__).parents[1] / "golden" / "temporal" / "investigations"


def asking() -> Scripted:
    """Return a reasoner that asks the user once, before it plans."""

    def gather(call: Any) -> Any:
        if call.answers:
            return Planned((Request(CallKind.TOOL, "describe", {"table": "orders"}),))
        return Question("Which day?", ("Monday", "Tuesday"))

    return Scripted(gather_context=gather)


# --- Without a server -----------------------------------------------------------------------------


def test_brain_step_is_that_of_an_investigation() -> None:
    """Events one by one, all at once, and by an Investigation come to the same bytes."""
    investigation = Investigation()
    snapshot: Any = None
    events: list[dict[str, Any]] = []
    start = Start("why?", SCOPE)
    for event in (start, CallResult(CallId("call-1"), looks(2))):
        written = protocol().dump_event(event)
        before = json.dumps(snapshot)
        thought = brain_step(snapshot, written)
        assert json.dumps(snapshot) == before  # what it was given stays as it was
        assert brain_step(snapshot, written) == thought
        investigation.ingest(event)
        assert thought.snapshot == protocol().dump_snapshot(investigation.snapshot)
        assert thought.intents == [protocol().dump_effect(one) for one in investigation.intents]
        snapshot = thought.snapshot
        events.append(written)
    assert brain_step(None, *events).snapshot == snapshot


@pytest.mark.parametrize("event", ["x", 5, [1], None, {"type": "nope"}])
def test_brain_step_refuses_what_is_no_event(event: Any) -> None:
    """It says so as the codec does."""
    with pytest.raises(CodecError):
        brain_step(None, event)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("address", ["127.0.0.1:1", ""])
def test_command_tells_that_no_server_answers(address: str, shop: Path, tmp_path: Path) -> None:
    """One line, which says how to start one."""
    given = ["--db", str(shop), "--question", "what is wrong?", "-o", str(tmp_path / "run")]
    done = CliRunner().invoke(investigate, [*given, "--temporal", address])
    assert done.exit_code == 2
    told = done.stderr.strip().splitlines()[-1]
    assert "[SC517]" in told
    assert told.endswith("Start one: temporal server start-dev.")


def test_brain_step_after_the_end_changes_nothing() -> None:
    """A late answer finds an investigation that is over."""
    ended = brain_step(None, {"type": "cancel", "reason": "enough"})
    assert brain_step(ended.snapshot, {"type": "user_response", "request_id": "1", "text": ""}) == (
        ended
    )


def test_a_call_crosses_the_border_in_an_envelope() -> None:
    """The answer comes back in the trace of the question, from a span of its own."""
    from temporalio.testing import ActivityEnvironment

    investigation = Investigation()
    [call] = investigation.ingest(Start("why?", SCOPE))
    sent = create_trace(trace_id="a" * 32, span_id="b" * 16)
    said = {
        "call": protocol().dump_effect(call),
        "case": protocol().dump_context(investigation.case),
        "snapshot": protocol().dump_snapshot(investigation.snapshot),
        "seconds": 5,
    }
    log = Log()
    desk = Desk(Scripted(), Bench(), log)
    answer = unwrap(asyncio.run(ActivityEnvironment().run(desk.make, wrap(said, sent))))
    assert answer.trace.trace_id == sent.trace_id
    assert answer.trace.span_id != sent.span_id
    assert isinstance(protocol().load_event(answer.payload), CallResult)
    assert log.kinds == ["CallStarted", "CallEnded"]


def recorded() -> list[WorkflowHistory]:
    found = []
    for path in sorted(RECORDED.glob("*.json")):
        said = json.loads(path.read_text(encoding="utf-8"))
        found.append(WorkflowHistory.from_json(said["id"], said["history"]))
    return found


async def replay() -> None:
    replayer = Replayer(workflows=[], plugins=[InvestigatorPlugin()])
    for one in recorded():
        await replayer.replay_workflow(one)


@pytest.mark.long
@pytest.mark.parametrize("seeds", shards(16, 4, 1))
def test_recorded_investigations_are_replayed(seeds: range) -> None:
    """What was recorded follows again, in the sandbox, whatever the hash seed."""
    assert len(recorded()) >= 4
    # Threads of the SDK may outlive the interpreter, which then aborts.
    script = (
        "import asyncio, os, tests.test_investigator.test_temporal as t;"
        "asyncio.run(t.replay()); os._exit(0)"
    )
    for seed in seeds:
        environment = os.environ | {"PYTHONHASHSEED": str(seed), "PYTHONPATH": str(Path.cwd())}
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 0, done.stderr


# --- On a server ----------------------------------------------------------------------------------


async def on(server: Server, given: Commission, reasoner: Any, **more: Any) -> Investigation:
    investigator = TemporalInvestigator(await server.connect(), given, reasoner, Bench(), **more)
    return await investigator.run()


@pytest.mark.temporal
@pytest.mark.parametrize("threshold", [100, 2])
def test_the_result_is_that_of_a_local_run_to_the_byte(temporal: Server, threshold: int) -> None:
    """Rounds, order and outcomes are those of a local run, even where it continues as new."""
    log = Log()
    given = commission("why?", SCOPE, threshold=threshold)
    name = f"investigation-{uuid.uuid4().hex}"
    found = asyncio.run(on(temporal, given, Scripted(), observer=log, id=name))
    assert found.dumps() == asyncio.run(run_local("why?", Scripted(), Bench())).dumps()
    assert log.kinds[-1] == "Ended"

    async def runs() -> int:
        client = await temporal.connect()
        handle = client.get_workflow_handle(name)
        described = await handle.describe()
        return int(described.raw_description.workflow_execution_info.history_length)

    assert asyncio.run(runs()) < (200 if threshold == 100 else 40)


@pytest.mark.temporal
def test_a_question_is_answered_by_a_signal_that_counts_once(temporal: Server) -> None:
    """The same signal is taken once, and the first answer to a question counts."""

    async def play() -> tuple[dict[str, Any], dict[str, Any]]:
        client = await temporal.connect()
        name = uuid.uuid4().hex
        plugin = InvestigatorPlugin(asking(), Bench())
        async with Worker(client, task_queue=name, plugins=[plugin]):
            given = commission("why?", SCOPE)
            handle = await client.start_workflow(WORKFLOW, given, id=name, task_queue=name)
            while True:
                status = await handle.query("get_status")
                if status["phase"] == Phase.AWAITING_USER:
                    break
                await asyncio.sleep(0.05)
            [asked] = status["intents"]
            for text in ("Monday", "Tuesday"):
                await handle.signal("user_response", Response("s-1", asked["request_id"], text))
            return status, await handle.result()

    status, snapshot = asyncio.run(play())
    assert status["intents"][0]["prompt"] == "Which day?"
    investigation = Investigation.restore(snapshot)
    assert [answer.text for answer in investigation.case.answers] == ["Monday"]
    local = asyncio.run(run_local("why?", asking(), Bench(), ask_user=lambda _: "Monday"))
    assert investigation.dumps() == local.dumps()


@pytest.mark.temporal
def test_cancel_stops_the_calls_under_way(temporal: Server) -> None:
    """A signal ends the investigation, and its calls; the same signal is taken once."""

    async def play() -> dict[str, Any]:
        began, stopped = asyncio.Event(), asyncio.Event()

        async def gather(_: Any) -> Any:
            began.set()
            try:
                await asyncio.Event().wait()
            finally:
                stopped.set()

        client = await temporal.connect()
        name = uuid.uuid4().hex
        plugin = InvestigatorPlugin(Scripted(gather_context=gather), Bench())
        async with Worker(client, task_queue=name, plugins=[plugin]):
            given = commission("why?", SCOPE)
            handle = await client.start_workflow(WORKFLOW, given, id=name, task_queue=name)
            await began.wait()
            for reason in ("enough", "again"):
                await handle.signal("cancel", Cancellation("c-1", reason))
            found: dict[str, Any] = await handle.result()
            await stopped.wait()
            return found

    found = Investigation.restore(asyncio.run(asyncio.wait_for(play(), 30)))
    assert found.intents == (Error(FailureKind.CANCELLED, "called off: enough"),)


@pytest.mark.temporal
def test_limits_are_those_of_a_local_run(temporal: Server) -> None:
    """Too many steps, and a question that nobody answers, end it as they end a local run."""
    bounds = Bounds(steps=3)
    given = commission("why?", SCOPE, bounds=bounds)
    found = asyncio.run(on(temporal, given, Scripted()))
    local = asyncio.run(run_local("why?", Scripted(), Bench(), bounds=bounds))
    assert found.dumps() == local.dumps()
    waiting = asyncio.run(on(temporal, commission("why?", SCOPE), asking()))
    assert any(isinstance(one, RequestUser) for one in waiting.intents)


@pytest.mark.temporal
def test_command_runs_on_a_server(temporal: Server, shop: Path, tmp_path: Path) -> None:
    """`statecharts investigate --temporal ADDRESS` comes to the result of a local run."""

    def run(name: str, *more: str) -> Any:
        folder = str(tmp_path / name)
        arguments = ["--db", str(shop), "--question", "what is wrong?", "--json", "-o", folder]
        done = CliRunner().invoke(investigate, [*arguments, *more])
        return json.loads(done.stdout)

    there, here = run("there", "--temporal", temporal.address), run("here")
    assert there["verdict"] == here["verdict"]
    assert there["causes"] == here["causes"]


@pytest.mark.temporal
def test_many_investigations_by_the_rules_come_to_the_result_of_a_local_run(
    temporal: Server, shop: Path
) -> None:
    """120 investigations of one worker, over three tables, each to the byte as a local one."""
    tables = ("customers", "order items", "refunds")

    async def play(scopes: list[Scope], tools: Toolboxes) -> list[Investigation]:
        client = await temporal.connect()
        queue = uuid.uuid4().hex
        room = asyncio.Semaphore(40)

        async def one(number: int) -> Investigation:
            given = commission("what is wrong?", scopes[number % len(scopes)])
            async with room:
                handle = await client.start_workflow(
                    WORKFLOW, given, id=f"{queue}-{number}", task_queue=queue
                )
                return Investigation.restore(await handle.result())

        plugin = InvestigatorPlugin(RuleBasedReasoner(), tools)
        async with Worker(client, task_queue=queue, plugins=[plugin]):
            return await asyncio.gather(*map(one, range(120)))

    with Database(shop) as database:
        everything, _ = database.scope(tables)
        scopes = [database.scope((table,))[0] for table in tables]
        with Toolboxes(database, everything, 60) as tools:
            local = [
                asyncio.run(
                    run_local("what is wrong?", RuleBasedReasoner(), tools, scope=scope)
                ).dumps()
                for scope in scopes
            ]
            found = asyncio.run(asyncio.wait_for(play(scopes, tools), 200))
    assert len(set(local)) == len(tables)
    assert [one.dumps() for one in found] == [local[n % len(tables)] for n in range(120)]
