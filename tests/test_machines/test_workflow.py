"""Workflows: the chart, the orchestrator over many, templates, and files."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from machines.workflow import (
    Cancel,
    Complete,
    Context,
    Custom,
    Fail,
    Follower,
    Moved,
    Orchestrator,
    Pause,
    Resume,
    Retry,
    Rollback,
    SetContext,
    Start,
    Timeout,
    Workflow,
    WorkflowError,
)
from machines.workflow.files import orchestrate
from machines.workflow.templates import (
    Approved,
    Declined,
    Notes,
    Work,
    Worked,
    approval,
    map_reduce,
    pipeline,
)
from statecharts import Answer, Machine, NamedEvent, Snapshot
from statecharts.model.errors import ArgumentError
from statecharts.runtime import (
    NEVER,
    Happened,
    LiveRun,
    RunError,
    RunExistsError,
    SimulatedClock,
    Task,
    UnknownRunError,
    handle,
)
from statecharts.runtime.delivery import Delivery
from statecharts.store.errors import DamageError, StoreError
from tests.test_runtime.conftest import run_async, until

SECOND = timedelta(seconds=1)
SAMPLES = Path(__file__).parent.parent / "test_interop" / "samples" / "swarm"


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


# --- The chart ------------------------------------------------------------------------------------

STATES = ("idle", "running", "paused", "waiting", "failed", "completed", "cancelled")
EVENTS: dict[str, Any] = {
    "start": Start(),
    "pause": Pause(),
    "resume": Resume(),
    "complete": Complete(),
    "fail": Fail("no"),
    "retry": Retry(),
    "timeout": Timeout(),
    "cancel": Cancel(),
    "custom": Custom("note", {"a": 1}),
    "set": SetContext("k", 1),
}
RULES = {
    "idle": {"start": "running", "cancel": "cancelled", "custom": "idle", "set": "idle"},
    "running": {
        "pause": "paused",
        "complete": "completed",
        "fail": "failed",
        "timeout": "failed",
        "cancel": "cancelled",
        "custom": "running",
        "set": "running",
    },
    "paused": {
        "resume": "running",
        "fail": "failed",
        "timeout": "failed",
        "cancel": "cancelled",
        "custom": "paused",
        "set": "paused",
    },
    "waiting": {
        "retry": "running",
        "fail": "failed",
        "timeout": "failed",
        "cancel": "cancelled",
        "custom": "waiting",
        "set": "waiting",
    },
    "failed": {"retry": "running", "cancel": "cancelled", "custom": "failed", "set": "failed"},
    "completed": {},
    "cancelled": {},
}
WAYS: dict[str, list[Any]] = {
    "idle": [],
    "running": [Start()],
    "paused": [Start(), Pause()],
    "failed": [Start(), Fail("no")],
    "completed": [Start(), Complete()],
    "cancelled": [Cancel()],
}


def machine(context: Context, clock: SimulatedClock, *events: Any) -> Machine[Any, Any]:
    found: Machine[Any, Any] = Machine(Workflow, context, clock=clock.now)
    for event in events:
        found.send(event)
    return found


def place(snapshot: Snapshot[Any, Any]) -> str:
    return snapshot.configuration[-1].rpartition(".")[2]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("event", EVENTS)
def test_each_event_in_each_state(clock: SimulatedClock, state: str, event: str) -> None:
    """Every pair, and what is told of it."""
    if state == "waiting":
        found = machine(Context(attempts=2), clock, Start(), Fail("no"))
    else:
        found = machine(Context(), clock, *WAYS[state])
    assert place(found.snapshot) == state
    step = found.send(EVENTS[event])
    wanted = RULES[state].get(event)
    assert step.handled == (wanted is not None)
    assert place(found.snapshot) == (wanted or state)
    told = [one for one in step.effects if isinstance(one, Moved)]
    assert told == ([] if wanted is None else [Moved(state, wanted, EVENTS[event])])


def test_time_limit_and_attempts(clock: SimulatedClock) -> None:
    """It is begun again by itself, each time after twice the wait, until no attempt is left."""
    context = Context(limit=SECOND * 60, attempts=3, backoff=SECOND * 10)
    found = machine(context, clock, Start())
    seen = []
    for seconds in (59, 1, 9, 1, 60, 19, 1, 60):
        found.advance(SECOND * seconds)
        seen.append(place(found.snapshot))
    assert seen == [
        *("running", "waiting", "waiting", "running"),
        *("waiting", "waiting", "running", "failed"),
    ]
    failed = found.snapshot[Workflow.live.failed]
    assert (failed.attempt, failed.message) == (3, "the time limit is over")
    found.send(Retry())
    assert found.snapshot[Workflow.live.active.running].attempt == 4


def test_paused_work_has_no_time_limit(clock: SimulatedClock) -> None:
    found = machine(Context(limit=SECOND), clock, Start(), Pause())
    found.advance(SECOND * 60)
    assert place(found.snapshot) == "paused"
    found.send(Resume())
    found.advance(SECOND)
    assert place(found.snapshot) == "failed"


@pytest.mark.parametrize(
    "make",
    [
        lambda: Fail(3),  # type: ignore[arg-type]
        lambda: Custom(""),
        lambda: SetContext("", 1),
        lambda: Context(attempts=0),
        lambda: Context(limit=timedelta()),
        lambda: Context(backoff=-SECOND),
    ],
)
def test_values_that_mean_nothing_are_refused(make: Callable[[], Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        make()


# --- Many -----------------------------------------------------------------------------------------


@run_async
async def test_workflows_are_registered_listed_and_unregistered(clock: SimulatedClock) -> None:
    async with Orchestrator(clock=clock) as orchestrator:
        for name in ("b", "a", "c"):
            await orchestrator.register(name)
        await orchestrator.get("b").process(Start())
        await orchestrator.get("c").process(Cancel())
        assert orchestrator.list() == ["a", "b", "c"]
        assert orchestrator.list("running") == ["b"]
        assert orchestrator.active() == ["a", "b"]
        assert [(one.workflow, one.state, one.events) for one in orchestrator.metadata()] == [
            ("a", "idle", 0),
            ("b", "running", 1),
            ("c", "cancelled", 1),
        ]
        with pytest.raises(RunExistsError):
            await orchestrator.register("a")
        assert (await orchestrator.register("a", exist_ok=True)).state == "idle"
        await orchestrator.unregister("a")
        assert orchestrator.list() == ["b", "c"]
        with pytest.raises(UnknownRunError):
            orchestrator.get("a")
        with pytest.raises(UnknownRunError):
            await orchestrator.unregister("a")


@run_async
async def test_event_that_no_state_takes_is_refused(clock: SimulatedClock) -> None:
    async with Orchestrator(clock=clock) as orchestrator:
        one = await orchestrator.register("a")
        with pytest.raises(WorkflowError, match=r"a: nothing in idle handles Pause\. It takes"):
            await one.process(Pause())
        await one.process(Cancel())
        with pytest.raises(RunError, match="SC825"):
            await one.process(Start())
        assert one.metadata.events == 1


@run_async
async def test_context_is_kept_with_the_history(clock: SimulatedClock) -> None:
    async with Orchestrator(clock=clock) as orchestrator:
        one = await orchestrator.register("a", context=Context({"who": "ann"}))
        await one.process(Start())
        clock.advance(SECOND * 5)
        await one.set_context("rows", [1, {"two": None}])
        await one.process(Custom("note", {"x": 1.5}))
        await one.process(Complete())
        assert one.context("rows") == [1, {"two": None}]
        assert one.context("nothing", 7) == 7
        assert one.all_context() == {"who": "ann", "rows": [1, {"two": None}]}
        history = one.history()
        assert [known.context for known in history] == [
            {"who": "ann"},
            {"who": "ann"},
            *[{"who": "ann", "rows": [1, {"two": None}]}] * 3,
        ]
        assert history[1].past.lasted == SECOND * 5
        assert [known.past.event for known in one.history(tail=2)] == [
            Custom("note", {"x": 1.5}),
            Complete(),
        ]


@run_async
async def test_workflow_goes_back(clock: SimulatedClock) -> None:
    """By the event, one at a time; and to any entry. What was told of is told again."""
    async with Orchestrator(clock=clock) as orchestrator:
        one = await orchestrator.register("a")
        await one.process(Start())
        await one.process(Fail("no"))
        await orchestrator.runtime.settle()
        await one.process(Rollback())
        assert one.state == "running"
        await one.process(Rollback())
        assert one.state == "idle"
        await one.process(Start())
        await one.process(Complete())
        await one.rollback(to=5)
        assert one.state == "running"
        assert await orchestrator.recover_all() == {}


@run_async
async def test_history_is_limited(clock: SimulatedClock) -> None:
    async with Orchestrator(clock=clock, history=10) as orchestrator:
        one = await orchestrator.register("a")
        await one.process(Start())
        for number in range(700):
            await one.process(Custom("tick", number))
        assert len(one.history()) == 10
        assert one.history()[-1].past.event == Custom("tick", 699)
        kept = one.run.history()
        assert len(kept) <= 10 + 2 * 256
        assert await orchestrator.recover_all() == {}
    with pytest.raises(ArgumentError, match=r"history=0 .* Pass a whole number from 1 on"):
        Orchestrator(history=0)


@run_async
async def test_what_is_over_is_kept_for_a_while(clock: SimulatedClock) -> None:
    day = timedelta(days=1)
    async with Orchestrator(clock=clock, retention=day * 7) as orchestrator:
        await (await orchestrator.register("old")).process(Cancel())
        await orchestrator.register("open")
        clock.advance(day * 5)
        await (await orchestrator.register("new")).process(Cancel())
        assert await orchestrator.sweep() == []
        clock.advance(day * 3)
        assert await orchestrator.sweep() == ["old"]
        assert orchestrator.list() == ["new", "open"]
    async with Orchestrator(clock=clock) as orchestrator:
        assert await orchestrator.sweep() == []


@run_async
async def test_workflows_are_serialised(clock: SimulatedClock) -> None:
    async with Orchestrator(clock=clock) as orchestrator:
        one = await orchestrator.register("a")
        await one.process(Start())
        await one.set_context("k", "v")
        await orchestrator.runtime.settle()
        lines = one.serialize()
        assert lines == one.serialize()
        with pytest.raises(StoreError, match="SC808"):
            await orchestrator.deserialize(lines)
        history = one.history()
        await one.delete()
        with pytest.raises(DamageError, match="SC804"):
            await orchestrator.deserialize(lines.replace('"at":', '"at":1'))
        again = await orchestrator.deserialize(lines)
        assert again.history() == history
        await again.process(Complete())
        assert again.state == "completed"


@run_async
async def test_workflows_survive_their_process(tmp_path: Path, clock: SimulatedClock) -> None:
    """A hundred of them, in every state; a time limit that was over meanwhile is found over."""
    address = f"sqlite:///{tmp_path / 'flows.db'}"
    async with Orchestrator(address, clock=clock) as orchestrator:
        for number in range(100):
            context = Context({"n": number}, limit=SECOND * 60)
            one = await orchestrator.register(f"w-{number:03}", context=context)
            for event in WAYS[("idle", "running", "paused", "failed", "completed")[number % 5]]:
                await one.process(event)
        await orchestrator.runtime.settle()
        before = {name: orchestrator.get(name).run.snapshot for name in orchestrator.list()}
    async with Orchestrator(address, clock=clock) as orchestrator:
        assert {name: orchestrator.get(name).run.snapshot for name in before} == before
        assert await orchestrator.recover("w-042") == []
        assert await orchestrator.recover_all() == {}
        clock.advance(SECOND * 61)
        await orchestrator.runtime.settle()
        states = [one.state for one in orchestrator.metadata()]
        assert {state: states.count(state) for state in set(states)} == {
            "idle": 20,
            "failed": 40,
            "paused": 20,
            "completed": 20,
        }


@run_async
async def test_damage_is_found_on_recovery(tmp_path: Path, clock: SimulatedClock) -> None:
    path = tmp_path / "flows.db"
    async with Orchestrator(f"sqlite:///{path}", clock=clock) as orchestrator:
        for name in ("a", "b"):
            await (await orchestrator.register(name)).process(Custom("note", 1))
        await orchestrator.runtime.settle()
    db = sqlite3.connect(path)
    db.execute("UPDATE entries SET body = replace(body, 'note', 'vote') WHERE run = 2")
    db.commit()
    db.close()
    async with Orchestrator(f"sqlite:///{path}", clock=clock) as orchestrator:
        assert await orchestrator.recover("a") == []
        assert "does not match its link" in (await orchestrator.recover("b"))[0].what
        assert list(await orchestrator.recover_all()) == ["b"]


# --- Who follows ----------------------------------------------------------------------------------


class Diary(Follower):
    """Writes down what it is told; fails as often as it is told."""

    def __init__(self, failures: int = 0) -> None:
        self.lines: list[str] = []
        self.failures = failures

    async def on_event(self, workflow: str, state: str, event: Any) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("the pen is empty")
        self.lines.append(f"{workflow} {type(event).__name__} in {state}")

    async def on_exit(self, workflow: str, state: str) -> None:
        self.lines.append(f"{workflow} -{state}")

    async def on_transition(self, workflow: str, source: str, target: str, event: Any) -> None:
        self.lines.append(f"{workflow} {source}>{target}")

    async def on_enter(self, workflow: str, state: str) -> None:
        await asyncio.sleep(0)
        self.lines.append(f"{workflow} +{state}")


@run_async
async def test_followers_are_told_in_order(clock: SimulatedClock) -> None:
    diary = Diary()
    async with Orchestrator(clock=clock, follower=diary) as orchestrator:
        one = await orchestrator.register("a")
        await one.process(Start())
        await one.process(Custom("x"))
        await one.process(Complete())
        await orchestrator.runtime.settle()
    assert diary.lines == [
        "a +idle",
        *("a Start in idle", "a -idle", "a idle>running", "a +running"),
        "a Custom in running",
        *("a Complete in running", "a -running", "a running>completed", "a +completed"),
    ]


@run_async
async def test_follower_that_fails_is_told_again(clock: SimulatedClock) -> None:
    diary = Diary(failures=2)
    async with Orchestrator(clock=clock, follower=diary) as orchestrator:
        one = await orchestrator.register("a")
        await one.process(Start())
        for _ in range(4):
            await orchestrator.runtime.settle()
            clock.advance(timedelta(minutes=1))
        await orchestrator.runtime.settle()
    assert diary.lines == [
        "a +idle",
        *("a Start in idle", "a -idle", "a idle>running", "a +running"),
    ]


@run_async
async def test_listeners_see_each_step(clock: SimulatedClock) -> None:
    seen: list[tuple[str, str]] = []

    def listen(workflow: str, happened: Happened) -> None:
        seen.append((workflow, place(happened.step.snapshot)))

    async with Orchestrator(clock=clock) as orchestrator:
        end = orchestrator.subscribe(listen)
        one = await orchestrator.register("a")
        await one.process(Start())
        await until(lambda: len(seen) == 2)
        end()
        await one.process(Pause())
        await asyncio.sleep(0.01)
    assert seen == [("a", "idle"), ("a", "running")]


@run_async
async def test_metrics(clock: SimulatedClock) -> None:
    async with Orchestrator(clock=clock) as orchestrator:
        assert orchestrator.metrics().latency is None
        assert orchestrator.metrics().error_rate == 0
        for name, event in (("a", Complete()), ("b", Fail("no")), ("c", None)):
            one = await orchestrator.register(name)
            clock.advance(SECOND)
            if event is not None:
                await one.process(Start())
                clock.advance(SECOND * 9)
                await one.process(event)
        found = orchestrator.metrics()
        assert found.workflows == {"completed": 1, "failed": 1, "idle": 1}
        assert found.durations == {"a": SECOND * 10}
        assert found.occupancy["live.active.running"] == SECOND * 18
        assert (found.failures, found.begun, found.error_rate) == (1, 2, 0.5)
        assert found.latency is not None


@pytest.mark.long
@run_async
async def test_many_side_by_side(clock: SimulatedClock) -> None:
    async with Orchestrator(clock=clock) as orchestrator:

        async def live(name: str) -> None:
            one = await orchestrator.register(name)
            for event in (Start(), SetContext("n", name), Pause(), Resume(), Complete()):
                await one.process(event)

        await asyncio.gather(*(live(f"w-{number}") for number in range(200)))
        assert orchestrator.metrics().workflows == {"completed": 200}
        assert orchestrator.get("w-7").context("n") == "w-7"


# --- Templates ------------------------------------------------------------------------------------


class Desk:
    """Does the work of templates as it is told."""

    def __init__(self, **wrong: int) -> None:
        self.wrong = wrong
        self.done: list[tuple[str, list[str]]] = []

    async def work(self, call: Work) -> Worked:
        self.done.append((call.step, sorted(call.given)))
        if self.wrong.get(call.step.replace("-", "_"), 0):
            self.wrong[call.step.replace("-", "_")] -= 1
            raise OSError(f"{call.step} is broken")
        return Worked(f"{call.step} done")


def desk(chart: Any, worker: Desk, clock: SimulatedClock) -> Orchestrator:
    handlers = [handle(Work, worker.work, retry=NEVER)]
    return Orchestrator("memory:", chart, handlers=handlers, clock=clock)


@run_async
async def test_pipeline(clock: SimulatedClock) -> None:
    """Each step is given the results of those before; one that fails is begun again by Retry."""
    chart = pipeline("Report", ["fetch", "check", "publish"])
    worker = Desk(check=1)
    async with desk(chart, worker, clock) as orchestrator:
        one = await orchestrator.register("r", chart, Notes({"day": 3}))
        await one.run.wait("live.failed")
        assert one.run.snapshot.context.reason == "OSError: check is broken"
        await one.process(Retry())
        await one.run.wait("completed")
        assert worker.done == [
            ("fetch", ["day"]),
            ("check", ["day", "fetch"]),
            ("check", ["day", "fetch"]),
            ("publish", ["check", "day", "fetch"]),
        ]
        assert one.context("publish") == "publish done"
        assert one.run.snapshot.context.reason == ""


@run_async
async def test_template_is_paused_and_given_up(clock: SimulatedClock) -> None:
    chart = pipeline("Report", ["fetch", "check"], limit=SECOND)
    async with Orchestrator("memory:", chart, clock=clock) as orchestrator:
        one = await orchestrator.register("r", chart, Notes())
        await one.process(Pause())
        assert list(one.run.calls) == []
        await one.process(Resume())
        (call,) = one.run.calls
        await one.run.answer(call, Worked(1))
        assert one.state == "check"
        clock.advance(SECOND)
        await one.run.wait("live.failed")
        assert one.run.snapshot.context.reason == "it took too long"
        await one.process(Retry())
        assert one.state == "check"
        await one.process(Cancel())
        assert (one.state, list(one.run.calls)) == ("cancelled", [])


@run_async
async def test_map_reduce(clock: SimulatedClock) -> None:
    """A part that fails is the only one that Retry begins again."""
    chart = map_reduce("Count", 5)
    worker = Desk(map_3=1)
    async with desk(chart, worker, clock) as orchestrator:
        one = await orchestrator.register("c", chart, Notes())
        await one.run.wait("live.failed")
        await orchestrator.runtime.settle()
        first = len(worker.done)
        await one.process(Retry())
        await one.run.wait("completed")
        again = [step for step, _ in worker.done[first:]]
        assert "map-3" in again
        assert worker.done[-1] == ("reduce", [f"map-{number}" for number in range(1, 6)])
        assert one.context("reduce") == "reduce done"


@pytest.mark.parametrize(
    ("need", "answers", "state"),
    [
        (2, {"ann": True, "bob": True}, "completed"),
        (2, {"ann": True, "bob": False}, "asking"),
        (2, {"ann": True, "bob": False, "cy": True}, "completed"),
        (2, {"ann": False, "bob": False}, "failed"),
        (None, {"ann": False}, "failed"),
        (None, {"ann": True, "bob": True, "cy": True}, "completed"),
        (1, {"ann": False, "bob": False, "cy": False}, "failed"),
    ],
)
def test_approval(need: int | None, answers: dict[str, bool], state: str) -> None:
    """It is over as soon as the answer is clear; whoever has not answered is not asked any more."""
    chart = approval("Buy", ["ann", "bob", "cy"], need=need)
    found: Any = Machine(chart, Notes({"what": "a ship"}))
    asked = {call.who: name for name, call in found.snapshot.calls.items()}
    assert [call.given["what"] for call in found.snapshot.calls.values()] == ["a ship"] * 3
    for who, yes in answers.items():
        found.send(Answer(asked[who], Approved(who) if yes else Declined(who, "too dear")))
    assert place(found.snapshot) in {state, "answered" if state == "asking" else state}
    assert (len(found.snapshot.calls) > 0) == (state == "asking")
    values = found.snapshot.context.values
    assert values.get("approved", []) == [who for who, yes in answers.items() if yes]
    assert values.get("declined", []) == [who for who, yes in answers.items() if not yes]


@run_async
async def test_list_of_a_state_that_no_workflow_has_is_refused() -> None:
    """A misspelt state is no empty list; one that some chart has may be empty."""
    async with Orchestrator() as orchestrator:
        await orchestrator.register("a")
        assert orchestrator.list("idle") == ["a"]
        assert orchestrator.list("running") == []
        with pytest.raises(
            WorkflowError, match=r"SC838\] list: .* 'runing'. Did you mean 'running'"
        ):
            orchestrator.list("runing")


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Orchestrator(handlers=3), "handlers=3 does not fit"),  # type: ignore[arg-type]
        (lambda: orchestrate("a.toml", agents=[]), r"agents=\[\] does not fit. Pass a dict"),  # type: ignore[arg-type]
        (lambda: pipeline("P", []), r"steps=\[\] does not fit\. Pass a list of names"),
        (lambda: pipeline("P", "abc"), "steps='abc' does not fit"),
        (lambda: pipeline("P", [1]), r"steps=\[1\] does not fit"),  # type: ignore[list-item]
        (lambda: pipeline(3, ["a"]), "name=3 does not fit"),  # type: ignore[arg-type]
        (lambda: pipeline("P", ["a"], limit=3), "limit=3 .* a time above 0"),  # type: ignore[arg-type]
        (lambda: pipeline("P", ["a", "a"]), "a name comes twice"),
        (lambda: pipeline("P", ["a b"]), "'a b' among its steps"),
        (lambda: map_reduce("M", 0), "shards=0 does not fit"),
        (lambda: map_reduce("M", "3"), "shards='3' does not fit"),  # type: ignore[arg-type]
        (lambda: approval("A", ["x"], need="1"), "need='1' does not fit"),  # type: ignore[arg-type]
        (lambda: Notes(values=3), "Notes: values=3 does not fit"),  # type: ignore[arg-type]
        (lambda: Context(limit=3), r"Context: limit=3 does not fit\. Pass a time above 0"),  # type: ignore[arg-type]
        (lambda: Context(backoff=timedelta()), "backoff=.* does not fit"),
        (lambda: Context(attempts=True), "attempts=True does not fit"),
        (lambda: Custom(""), "name='' does not fit"),
        (lambda: Orchestrator(follower=Follower), "follower=.* Pass an instance"),  # type: ignore[arg-type]
        (lambda: approval("A", ["x"], need=2), "ask for 1 to 1"),
        (lambda: approval("A", []), r"people=\[\] does not fit"),
    ],
)
def test_template_that_means_nothing_is_refused(make: Callable[[], Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        make()


# --- Files ----------------------------------------------------------------------------------------

FILE = """
[agents.writer]
model = "small"
[agents.reader]
model = "large"

[[workflows]]
name = "story"
[workflows.metadata]
initial_state = "Writing"
max_retries = 2
retry_backoff_seconds = 3
[workflows.guards]
good = "the text is good"

[workflows.states.Open]
[[workflows.states.Open.handlers]]
event = "cancel"
target = "Dropped"

[workflows.states.Writing]
parent = "Open"
agents = ["writer", "reader"]
entry_actions = ["announce"]
timeout_seconds = 60
timeout_target = "Late"
next_on_failure = "Late"
[[workflows.states.Writing.handlers]]
event = "read"
target = "Done"
guards = ["good"]

[workflows.states.Late]
parent = "Open"
[[workflows.states.Late.handlers]]
event = "again"
target = "Writing"

[workflows.states.Done]
terminal = true
agents = ["reader"]
[workflows.states.Dropped]
terminal = true
"""


class Studio:
    """Agents of the file."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.log: list[str] = []

    async def writer(self, data: Mapping[str, Any], task: Task[Any]) -> str:
        self.log.append(f"writer {task.attempt} {data['model']}")
        await asyncio.sleep(0.01)
        if self.failures:
            self.failures -= 1
            raise OSError("no ink")
        return "written"

    async def reader(self, data: Mapping[str, Any], task: Task[Any]) -> NamedEvent:
        self.log.append("reader")
        return NamedEvent("read", {"words": 7})

    def open(self, tmp_path: Path, clock: SimulatedClock, **options: Any) -> Any:
        path = tmp_path / "story.toml"
        path.write_text(FILE)
        return orchestrate(
            path,
            clock=clock,
            agents={"writer": self.writer, "reader": self.reader},
            guards={"good": lambda m: m.event.data["words"] > 5},
            actions={"announce": lambda _: self.log.append("announce")},
            **options,
        )


async def failed(run: LiveRun[Any, Any], attempts: int) -> None:
    """Return once attempts of what a run owes have failed, and that is written."""
    await until(lambda: any(row.attempts == attempts for row in run.owed))


@run_async
async def test_file_runs_with_its_agents_in_turn(tmp_path: Path, clock: SimulatedClock) -> None:
    studio = Studio()
    orchestrator, charts = studio.open(tmp_path, clock)
    async with orchestrator:
        one = await orchestrator.register("s", charts["story"])
        await one.run.wait("Done")
        await orchestrator.runtime.settle()
    assert studio.log == ["announce", "writer 1 small", "reader", "reader"]


@run_async
async def test_file_says_how_often_and_when_to_try_again(
    tmp_path: Path, clock: SimulatedClock
) -> None:
    """Two retries, after 3 and 6 seconds; then the way of failure is taken."""
    studio = Studio(failures=3)
    orchestrator, charts = studio.open(tmp_path, clock)
    async with orchestrator:
        one = await orchestrator.register("s", charts["story"])
        for attempts, early, rest in ((1, 2, 2), (2, 5, 2)):
            await failed(one.run, attempts)
            clock.advance(SECOND * early)
            await asyncio.sleep(0.05)  # long enough to go wrong
            assert "reader" not in studio.log
            assert sum("writer" in line for line in studio.log) == attempts
            clock.advance(SECOND * rest)
        await one.run.wait("Open.Late")
        await one.process(NamedEvent("again"))
        await one.run.wait("Done")


@run_async
async def test_agent_whose_state_was_left_while_it_waited_does_not_begin(
    tmp_path: Path, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does one that has not been stopped yet, as when another process took the event."""
    monkeypatch.setattr(Delivery, "_stop", lambda *_: None)
    studio = Studio(failures=3)
    orchestrator, charts = studio.open(tmp_path, clock)
    async with orchestrator:
        one = await orchestrator.register("s", charts["story"])
        for attempts, seconds in ((1, 4), (2, 7)):
            await failed(one.run, attempts)
            clock.advance(SECOND * seconds)
        await one.run.wait("Open.Late")
        await orchestrator.runtime.settle()
    assert "reader" not in studio.log


@run_async
async def test_file_is_cancelled_and_runs_out_of_time(
    tmp_path: Path, clock: SimulatedClock
) -> None:
    orchestrator, charts = Studio(failures=99).open(tmp_path, clock)
    async with orchestrator:
        one = await orchestrator.register("s", charts["story"])
        two = await orchestrator.register("t", charts["story"])
        await one.run.cancel("not needed")
        assert (one.state, list(one.run.calls)) == ("Dropped", [])
        clock.advance(SECOND * 61)
        await two.run.wait("Open.Late")


def test_file_needs_somebody_for_all_that_it_names(tmp_path: Path) -> None:
    path = tmp_path / "story.toml"
    path.write_text(FILE)

    async def agent(data: Mapping[str, Any], task: Task[Any]) -> str:
        return "written"

    both = {"writer": agent, "reader": agent}
    cases: list[tuple[dict[str, Any], str]] = [
        ({"agents": {**both, "reader": lambda data, task: "x"}}, "the agent reader is <function"),
        ({"agents": {**both, "reader": "x"}}, "the agent reader is 'x'.*async def agent"),
        ({"agents": {"writer": agent}}, "nobody gives the agents reader"),
        ({"agents": both}, "nobody gives the guards good"),
        ({"agents": both, "guards": {"good": lambda _: True}}, "nobody gives the actions announce"),
    ]
    for given, text in cases:
        with pytest.raises(WorkflowError, match=text):
            orchestrate(path, **given)


def test_samples_can_be_orchestrated() -> None:
    async def agent(data: Mapping[str, Any], task: Task[Any]) -> None:
        return None

    names = ("linter", "reviewer", "security")
    orchestrator, charts = orchestrate(
        SAMPLES / "code_review.toml",
        agents=dict.fromkeys(names, agent),
        guards=dict.fromkeys(("enough_votes", "all_green", "small"), lambda _: True),
        actions=dict.fromkeys(("ask_for_review", "remind"), lambda _: None),
    )
    assert list(charts) == ["code_review"]
    assert orchestrator.history == 1_000
