"""Histories of workflows, recorded from a server, and replayed without one.

``python -m tests.test_temporal.recorded`` records them anew: do so when commands of the workflow
change on purpose, which runs under way would not survive.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import uuid
from pathlib import Path
from typing import Any, Final

from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from machines.investigator.temporal import TemporalInvestigator, commission
from statecharts import State, Statechart
from statecharts.temporal import ChartPlugin, TemporalRuntime
from tests.temporal import Server
from tests.test_investigation.scripted import SCOPE, Bench, Scripted
from tests.test_investigator.test_temporal import asking
from tests.test_runtime.orders import Charge, Mail, Ordered
from tests.test_temporal import scripts
from tests.test_temporal.scripts import CHARTS, SCRIPTS, World

FOLDER: Final = Path(__file__).parents[1] / "golden" / "temporal"
"""One file for each run of a workflow: those of a run that continues as new are several."""

PLAYED: Final = (
    scripts.a_call_is_carried_out_and_its_answer_moves_the_run,
    scripts.leaving_the_state_cancels_the_handler,
    scripts.progress_is_an_answer_that_does_not_end_the_call,
    scripts.a_timer_fires_when_it_is_due_and_not_once_its_state_is_left,
    scripts.an_effect_that_fails_for_ever_makes_its_run_stuck_and_no_other,
    scripts.a_suspended_run_lets_events_wait_and_its_calls_pause,
    scripts.history_and_snapshots_of_the_past_are_told,
    scripts.each_cancels_the_rest_once_enough_are_done,
    scripts.a_told_event_is_taken_once_and_a_spawned_run_goes_its_own_way,
)
"""The scripts whose histories are kept: every command of the workflow is in one of them."""


def histories() -> list[WorkflowHistory]:
    """Return what was recorded."""
    found = []
    for path in sorted(FOLDER.glob("*.json")):
        said = json.loads(path.read_text(encoding="utf-8"))
        found.append(WorkflowHistory.from_json(said["id"], said["history"]))
    return found


async def replay(recorded: list[WorkflowHistory], plugin: ChartPlugin) -> None:
    """Replay histories in the sandbox; raise what does not follow."""
    replayer = Replayer(workflows=[], plugins=[plugin])
    for one in recorded:
        await replayer.replay_workflow(one)


async def record() -> None:
    """Play the scripts on a server, and write down what it recorded."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    server = Server()
    try:
        client = await server.connect()
        for script in PLAYED:
            queue = uuid.uuid4().hex[:8]
            world = World(prefix=f"{SCRIPTS.index(script):02}-")
            cap = 1 if script is PLAYED[0] else None  # so that it continues as new
            runtime = TemporalRuntime(
                client, *CHARTS, handlers=world.handlers, queue=queue, cap=cap
            )
            async with runtime as world.runtime:
                await script(world)
                await _close_all(client, queue)
            await _write(client, queue, FOLDER)
        await _investigate(client)
    finally:
        server.close()


async def _close_all(client: Any, queue: str) -> None:
    """Let runs that go on be cancelled, so that all histories have an end."""
    await asyncio.sleep(1)  # until visibility has them
    running = f"TaskQueue = '{queue}' AND ExecutionStatus = 'Running'"
    async for one in client.list_workflows(running):
        handle = client.get_workflow_handle(one.id)
        await handle.cancel()
        await handle.result()
    await asyncio.sleep(1)


async def _investigate(client: Any) -> None:
    """Run some investigations: one at a stretch, one that continues as new, one with a question."""
    (FOLDER / "investigations").mkdir()
    for name, reasoner, threshold in (
        ("straight", Scripted(), 100),
        ("renewed", Scripted(), 2),
        ("asked", asking(), 100),
    ):
        given = commission("why?", SCOPE, threshold=threshold)
        investigator = TemporalInvestigator(
            client, given, reasoner, Bench(), ask_user=lambda _: "Monday", id=name
        )
        await investigator.run()
        await client.get_workflow_handle(name).result()
        await asyncio.sleep(1)
        await _write(client, name, FOLDER / "investigations")


async def _write(client: Any, queue: str, folder: Path) -> None:
    counts: dict[str, int] = {}
    listed = [one async for one in client.list_workflows(f"TaskQueue = '{queue}'")]
    for one in sorted(listed, key=lambda run: run.start_time):
        counts[one.id] = counts.get(one.id, 0) + 1
        handle = client.get_workflow_handle(one.id, run_id=one.run_id)
        history = await handle.fetch_history()
        name = f"{one.id.replace('/', '-')}-{counts[one.id]}.json"
        said = {"id": one.id, "history": history.to_json_dict()}
        text = json.dumps(said, separators=(",", ":"), ensure_ascii=False)
        (folder / name).write_text(text + "\n", encoding="utf-8")


async def refuse() -> None:
    """Print what a replay with the wrong charts says."""
    first = next(one for one in histories() if one.workflow_id.endswith("order-7"))
    for charts in ((impatient(),), (CHARTS[1],)):
        [failure] = await asyncio.gather(
            replay([first], ChartPlugin(*charts)), return_exceptions=True
        )
        print("told:", " ".join(str(failure).split()))


def impatient() -> Any:
    """Return a chart that is called as another one, and asks for something else."""

    class Order(Statechart[Ordered]):
        open = State(initial=True)
        given_up = State(final=True)
        open.to(given_up, on=Ordered)

    return Order


def main() -> None:
    """Record, or with ``replay`` replay what was recorded and say how many histories it was."""
    if sys.argv[1:] == ["refuse"]:
        asyncio.run(refuse())
    elif sys.argv[1:] == ["replay"]:
        recorded = histories()
        asyncio.run(replay(recorded, ChartPlugin(*CHARTS, effects=(Charge, Mail))))
        print(len(recorded))
    else:
        asyncio.run(record())
    sys.stdout.flush()
    os._exit(0)  # threads of the SDK may outlive the interpreter, which then aborts


if __name__ == "__main__":
    main()
