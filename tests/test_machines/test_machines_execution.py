"""Execution: what one node is doing about one story, and the effects it has on the outside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from attrs import frozen

from machines.execution import (
    AgentName,
    Completed,
    Execution,
    ExecutionEvent,
    Executions,
    Exited,
    Failed,
    Heartbeat,
    HitRateLimit,
    NodeKey,
    Pending,
    RateLimited,
    Reset,
    Running,
    SpawnAgent,
    SpawnedSuccessfully,
    SpawnRequested,
    Stopped,
    StoryId,
    WatchAgent,
)
from statecharts import (
    Answer,
    CallFailed,
    CancelInvoke,
    CancelTimer,
    Effect,
    Invoke,
    Machine,
    Snapshot,
    StartTimer,
    State,
    Step,
    TimerFired,
    start,
    step,
)

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
RESUME = NOW + timedelta(minutes=5)

AGENT = AgentName("coder-1")
SPAWN = SpawnRequested(AGENT)
TIMER = "any.rate_limited.resume#1"
SPAWNING = Invoke("any.pending.spawn_agent#1", SpawnAgent(AGENT))
WATCHING = Invoke("any.running.watch_agent#2", WatchAgent(AGENT))

WAYS: dict[str, tuple[ExecutionEvent, ...]] = {
    "idle": (),
    "pending": (SPAWN,),
    "running": (SPAWN, SpawnedSuccessfully()),
    "rate_limited": (SPAWN, SpawnedSuccessfully(), HitRateLimit(RESUME)),
    "completed": (SPAWN, Exited(1)),
}
"""The way to each state."""


def after(*events: ExecutionEvent) -> Snapshot:
    """Return an execution after some events, all of them handled."""
    snapshot = start(Execution, at=NOW).snapshot
    for event in events:
        taken = step(Execution, snapshot, event, at=NOW)
        assert taken.handled
        snapshot = taken.snapshot
    return snapshot


def send(snapshot: Snapshot, event: object) -> Step:
    """Return the step of an event that happens a minute later."""
    return step(Execution, snapshot, event, at=LATER)


def test_execution_happy_path() -> None:
    """An agent is asked for, starts, shows that it is alive, and ends with its exit code."""
    machine = Machine(Execution, at=NOW, on_unhandled="raise")
    assert Execution.any.idle in machine.snapshot

    asked = machine.send(SPAWN)
    assert machine.snapshot[Execution.any.pending] == Pending(AGENT, NOW)
    assert asked.effects == (SPAWNING,)

    started = machine.send(SpawnedSuccessfully(), at=LATER)
    assert machine.snapshot[Execution.any.running] == Running(AGENT, LATER, LATER)
    assert started.effects == (CancelInvoke(SPAWNING.id), WATCHING)

    machine.send(Heartbeat())
    assert Execution.any.running in machine.snapshot

    ended = machine.send(Exited(0), at=RESUME)
    assert ended.effects == (CancelInvoke(WATCHING.id),)
    assert machine.snapshot[Execution.any.completed] == Completed(AGENT, 0, RESUME)


def test_execution_rate_limit_then_resume() -> None:
    """An agent that was refused an answer runs again when it is started before its time."""
    snapshot = after(*WAYS["rate_limited"])
    assert snapshot[Execution.any.rate_limited] == RateLimited(AGENT, RESUME)

    resumed = send(snapshot, SpawnedSuccessfully())

    assert resumed.snapshot[Execution.any.running] == Running(AGENT, LATER, LATER)


@pytest.mark.parametrize("event", [Stopped(), Reset()])
@pytest.mark.parametrize("state", WAYS)
def test_superstate_stops_and_resets_every_state(state: str, event: ExecutionEvent) -> None:
    """Stopped and Reset go to idle from everywhere, and leave nothing behind."""
    before = after(*WAYS[state])
    assert f"any.{state}" in before

    taken = send(before, event)

    assert taken.handled
    assert taken.snapshot.configuration == ("any", "any.idle")
    assert dict(taken.snapshot.data) == {}
    assert dict(taken.snapshot.timers) == {}
    assert dict(taken.snapshot.calls) == {}


def test_execution_stop_from_running_returns_idle_via_superstate() -> None:
    """Stopping a running agent makes the node idle."""
    assert Execution.any.idle in after(*WAYS["running"], Stopped())


def test_execution_stop_from_pending_returns_idle_via_superstate() -> None:
    """Stopping an agent that has not started yet makes the node idle."""
    assert Execution.any.idle in after(*WAYS["pending"], Stopped())


def test_execution_stop_from_rate_limited_returns_idle_via_superstate() -> None:
    """Stopping an agent that waits makes the node idle, and cancels the timer."""
    stopped = send(after(*WAYS["rate_limited"]), Stopped())

    assert Execution.any.idle in stopped.snapshot
    assert stopped.effects == (CancelTimer(TIMER),)


def test_heartbeat_is_noted_in_place() -> None:
    """A heartbeat changes the one field; the state stays, and nothing is asked."""
    before = after(*WAYS["running"])

    beat = send(before, Heartbeat())

    assert beat.handled
    assert beat.snapshot[Execution.any.running] == Running(AGENT, NOW, LATER)
    assert [(one.exited, one.entered) for one in beat.microsteps] == [((), ())]
    assert beat.effects == ()
    assert before[Execution.any.running] == Running(AGENT, NOW, NOW)


@pytest.mark.parametrize("state", ["idle", "pending", "rate_limited", "completed"])
def test_heartbeat_elsewhere_is_unhandled(state: str) -> None:
    """A heartbeat counts while the agent runs; elsewhere the same snapshot comes back."""
    before = after(*WAYS[state])
    assert send(before, Heartbeat())[0] is before


def test_rate_limit_starts_a_timer_that_is_due_when_the_limit_ends() -> None:
    """Hitting a limit asks for a timer, due at the very time that the provider gave."""
    limited = send(after(*WAYS["running"]), HitRateLimit(RESUME))

    assert limited.effects == (CancelInvoke(WATCHING.id), StartTimer(TIMER, RESUME))
    assert dict(limited.snapshot.timers) == {TIMER: RESUME}


def test_rate_limit_ends_by_itself() -> None:
    """The timer goes back to pending, with the same agent, and asks for a new start."""
    before = after(*WAYS["rate_limited"])

    fired = step(Execution, before, TimerFired(TIMER), at=RESUME)

    assert fired.snapshot[Execution.any.pending] == Pending(AGENT, RESUME)
    assert fired.effects == (Invoke("any.pending.spawn_agent#3", SpawnAgent(AGENT)),)
    assert dict(fired.snapshot.timers) == {}


def test_machine_ends_the_rate_limit_as_time_passes() -> None:
    """Advancing a machine past the end of the limit does what the timer would, and not before."""
    machine = Machine(Execution, at=NOW)
    for event in WAYS["rate_limited"]:
        machine.send(event)

    assert machine.advance(timedelta(minutes=4)) == ()
    assert Execution.any.rate_limited in machine.snapshot

    (fired,) = machine.advance(timedelta(minutes=2))

    assert machine.now == NOW + timedelta(minutes=6)
    assert machine.snapshot[Execution.any.pending] == Pending(AGENT, RESUME)
    assert fired.effects == (Invoke("any.pending.spawn_agent#3", SpawnAgent(AGENT)),)


def test_rate_limit_that_is_over_ends_at_once() -> None:
    """A limit that ended in the past is due already: advancing by nothing ends it."""
    machine = Machine(Execution, at=NOW)
    for event in (SPAWN, HitRateLimit(NOW - timedelta(hours=1))):
        machine.send(event)

    machine.advance(timedelta(0))

    assert machine.snapshot[Execution.any.pending] == Pending(AGENT, NOW)


@pytest.mark.parametrize(
    ("event", "state"), [(SpawnedSuccessfully(), "running"), (Exited(137), "completed")]
)
def test_leaving_the_rate_limit_cancels_its_timer(event: ExecutionEvent, state: str) -> None:
    """An agent that starts or ends before its time needs no timer, and says so."""
    left = send(after(*WAYS["rate_limited"]), event)

    assert left.effects[0] == CancelTimer(TIMER)
    assert not any(isinstance(effect, StartTimer) for effect in left.effects)
    assert left.snapshot.configuration == ("any", f"any.{state}")
    assert dict(left.snapshot.timers) == {}


@pytest.mark.parametrize(
    "way",
    [
        (*WAYS["rate_limited"], SpawnedSuccessfully()),
        (*WAYS["rate_limited"], Stopped()),
        (*WAYS["rate_limited"], SpawnedSuccessfully(), HitRateLimit(RESUME)),
    ],
    ids=["running", "idle", "limited again"],
)
def test_stale_timer_is_unhandled(way: tuple[ExecutionEvent, ...]) -> None:
    """A timer that fires after it was cancelled changes nothing, even in a limit hit anew."""
    before = after(*way)

    late = send(before, TimerFired(TIMER))

    assert not late.handled
    assert late.snapshot is before


def test_rate_limit_hit_anew_has_a_timer_of_its_own() -> None:
    """No timer's id is used twice, so that an old timer cannot end a new limit."""
    again = after(*WAYS["rate_limited"], SpawnedSuccessfully(), HitRateLimit(LATER))

    assert dict(again.timers) == {"any.rate_limited.resume#2": LATER}


@pytest.mark.parametrize("exit_code", [0, 1, -9])
@pytest.mark.parametrize("state", ["pending", "running", "rate_limited"])
def test_exit_is_kept_with_its_code(state: str, exit_code: int) -> None:
    """An agent may end in each state that has one, and what it ended with is kept."""
    ended = send(after(*WAYS[state]), Exited(exit_code))

    assert ended.snapshot[Execution.any.completed] == Completed(AGENT, exit_code, LATER)


OURS, THEIRS = NodeKey(bytes(32)), NodeKey(bytes(31) + b"\x01")
STORY, OTHER = StoryId("story-1"), StoryId("story-2")


def test_nodes_hold_different_executions_of_one_story() -> None:
    """Each node has its own execution of each story; they do not affect each other."""
    empty = Executions()
    one, asked = empty.send(OURS, STORY, SPAWN, at=NOW)
    two, _ = one.send(THEIRS, STORY, SpawnRequested(AgentName("coder-2")), at=NOW)
    three, _ = two.send(THEIRS, STORY, SpawnedSuccessfully(), at=LATER)

    assert asked.effects == (SPAWNING,)
    assert three[OURS, STORY][Execution.any.pending].agent == AGENT
    assert three[THEIRS, STORY][Execution.any.running].agent == AgentName("coder-2")
    assert Execution.any.idle in three[OURS, OTHER]
    assert list(three.of_story(STORY)) == [OURS, THEIRS]
    assert three.of_story(OTHER) == {}
    assert Execution.any.idle in empty[OURS, STORY]


def test_executions_keep_nothing_for_an_event_that_nothing_handles() -> None:
    """An unhandled event gives the very same executions back."""
    empty = Executions()

    same, taken = empty.send(OURS, STORY, Heartbeat(), at=NOW)

    assert same is empty
    assert not taken.handled


# Calls: what the states ask for while they are active, and how they are answered.


def called(snapshot: Snapshot) -> str:
    """Return the id of the one call under way."""
    (only,) = snapshot.calls
    return only


def test_pending_asks_for_the_process_and_running_watches_it() -> None:
    """Each of the two states has its own call under way, and the others have no call."""
    under_way = {state: list(after(*way).calls.values()) for state, way in WAYS.items()}

    assert under_way == {
        "idle": [],
        "pending": [SpawnAgent(AGENT)],
        "running": [WatchAgent(AGENT)],
        "rate_limited": [],
        "completed": [],
    }


def test_answers_move_an_execution_from_start_to_end() -> None:
    """Answers alone take an agent from its request to its exit; progress keeps the watch going."""
    machine = Machine(Execution, at=NOW, on_unhandled="raise")
    machine.send(SPAWN)

    started = machine.send(Answer(SPAWNING.id, SpawnedSuccessfully()))
    beat = machine.send(Answer(WATCHING.id, Heartbeat(), last=False), at=LATER)
    ended = machine.send(Answer(WATCHING.id, Exited(3)), at=RESUME)

    assert started.effects == (WATCHING,)  # the answered call needs no cancelling
    assert beat.snapshot[Execution.any.running] == Running(AGENT, NOW, LATER)
    assert dict(beat.snapshot.calls) == {WATCHING.id: WATCHING.call}
    assert ended.snapshot[Execution.any.completed] == Completed(AGENT, 3, RESUME)
    assert ended.effects == ()


@pytest.mark.parametrize("event", [SpawnedSuccessfully(), HitRateLimit(RESUME), Exited(1)])
def test_each_answer_does_what_its_event_does(event: ExecutionEvent) -> None:
    """An answer and its event by itself go to one state; only the event cancels the call."""
    before = after(*WAYS["pending"])

    by_answer, by_itself = send(before, Answer(called(before), event)), send(before, event)

    assert by_answer.snapshot.configuration == by_itself.snapshot.configuration
    assert by_answer.snapshot.data == by_itself.snapshot.data
    assert by_itself.effects == (CancelInvoke(SPAWNING.id), *by_answer.effects)


@pytest.mark.parametrize("state", ["pending", "running"])
@pytest.mark.parametrize("event", [Stopped(), Reset()])
def test_stopping_takes_the_call_back(state: str, event: ExecutionEvent) -> None:
    """Stopped and Reset end the work that is under way, whichever it is."""
    before = after(*WAYS[state])

    taken = send(before, event)

    assert taken.effects == (CancelInvoke(called(before)),)
    assert dict(taken.snapshot.calls) == {}


def test_answer_to_a_stopped_request_does_not_start_the_next() -> None:
    """The first request's answer comes late: the second agent is still pending."""
    first = after(SPAWN)
    second = after(SPAWN, Stopped(), SpawnRequested(AgentName("coder-2")))

    late = send(second, Answer(called(first), SpawnedSuccessfully()))
    right = send(second, Answer(called(second), SpawnedSuccessfully()))

    assert called(first) != called(second)
    assert (late.handled, late.effects) == (False, ())
    assert late.snapshot is second
    assert right.snapshot[Execution.any.running].agent == AgentName("coder-2")


@pytest.mark.parametrize(
    ("way", "stale"),
    [
        ((SPAWN, Stopped(), SPAWN), Answer(SPAWNING.id, Exited(1))),
        ((SPAWN, Reset(), SPAWN), CallFailed(SPAWNING.id, "no node left")),
        ((*WAYS["running"], Stopped(), *WAYS["running"]), Answer(WATCHING.id, Heartbeat())),
        ((*WAYS["rate_limited"], SpawnedSuccessfully()), Answer(WATCHING.id, Exited(0))),
        ((SPAWN, SpawnedSuccessfully()), Answer(SPAWNING.id, HitRateLimit(RESUME))),
        ((SPAWN, Exited(0)), CallFailed(SPAWNING.id)),
    ],
)
def test_stale_answer_changes_nothing(
    way: tuple[ExecutionEvent, ...], stale: Answer | CallFailed
) -> None:
    """An answer to a call that is over is dropped, even where a line takes such an event."""
    machine = Machine(Execution, snapshot=after(*way), on_unhandled="raise", at=NOW)
    before = machine.snapshot

    taken = machine.send(stale)

    assert (taken.handled, taken.effects) == (False, ())
    assert machine.snapshot == before


@pytest.mark.parametrize("state", ["pending", "running"])
def test_failed_call_fails_the_agent(state: str) -> None:
    """A call that is given up goes to failed, with the reason; nothing is left to cancel."""
    before = after(*WAYS[state])

    failed = send(before, CallFailed(called(before), "node unreachable"))

    assert failed.snapshot[Execution.any.failed] == Failed(AGENT, "node unreachable", LATER)
    assert failed.effects == ()


@pytest.mark.parametrize("event", [Stopped(), Reset()])
def test_failed_agent_can_be_requested_again(event: ExecutionEvent) -> None:
    """From failed, as from everywhere, the node goes back to idle, and asks anew."""
    before = after(SPAWN)
    failed = send(before, CallFailed(called(before), "no space")).snapshot

    again = send(send(failed, event).snapshot, SPAWN)

    assert again.effects == (Invoke("any.pending.spawn_agent#2", SpawnAgent(AGENT)),)


def test_heartbeat_leaves_the_watch_alone() -> None:
    """A heartbeat by itself neither ends the watch nor begins another."""
    before = after(*WAYS["running"])
    assert send(before, Heartbeat()).snapshot.calls == before.calls


def test_executions_take_answers_at_one_node() -> None:
    """An answer counts at the node that asked, though another has a call of the same id."""
    executions = Executions()
    for node in (OURS, THEIRS):
        executions, _ = executions.send(node, STORY, SPAWN, at=NOW)

    answered, _ = executions.send(OURS, STORY, Answer(SPAWNING.id, SpawnedSuccessfully()), at=LATER)

    assert Execution.any.running in answered[OURS, STORY]
    assert Execution.any.pending in answered[THEIRS, STORY]


# Side effects both ways: asked for by the chart, and watched from outside.


@frozen
class Log(Effect):
    """Asks for a line in the log."""

    line: str


class LoggedExecution(Execution):
    """An execution that logs: what it inherits stays as it is, its states say more."""

    class any(Execution.any):
        running = State(
            Running,
            entry=lambda m: Log(f"{m.data.agent} runs"),
            exit=lambda m: [Log(f"{m.data.agent} ran"), Log("goodbye")],
        )
        completed = State(Completed, entry=lambda m: Log(f"ended with {m.data.exit_code}"))

        running.to(
            completed,
            on=Stopped,
            make=lambda m: Completed(m.data.agent, -15, m.at),
            emit=lambda m: Log("stopped by hand"),
        )


def test_effects_come_from_exit_transition_and_entry_in_this_order() -> None:
    """Leaving, the transition, and entering each ask for effects; the step holds them in order."""
    machine = Machine(LoggedExecution, at=NOW)
    machine.send(SPAWN)
    started = machine.send(SpawnedSuccessfully())
    stopped = machine.send(Stopped())

    assert started.effects == (CancelInvoke(SPAWNING.id), Log("coder-1 runs"))
    assert stopped.effects == (
        Log("coder-1 ran"),
        Log("goodbye"),
        Log("stopped by hand"),
        Log("ended with -15"),
    )


def test_effects_of_a_subclass_are_not_the_parents() -> None:
    """The execution that the logged one extends logs nothing."""
    stopped = send(after(*WAYS["running"]), Stopped())

    assert stopped.effects == (CancelInvoke(WATCHING.id),)
    assert Execution.any.idle in stopped.snapshot


class EventBus:
    """Passes every step of a machine on to whoever listens: the outside way."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.metrics: dict[str, int] = {}

    def write_down(self, taken: Step) -> None:
        """Note where the machine is."""
        self.log.append(taken.snapshot.configuration[-1])

    def count(self, taken: Step) -> None:
        """Count what was handled and what was not."""
        key = "handled" if taken.handled else "ignored"
        self.metrics[key] = self.metrics.get(key, 0) + 1


def test_observers_outside_see_every_step() -> None:
    """Subscribers are told of each step, in their order, until they end their subscription."""
    bus, machine = EventBus(), Machine(Execution, at=NOW)
    machine.subscribe(bus.write_down)
    stop_counting = machine.subscribe(bus.count)

    for event in (SPAWN, Heartbeat(), SpawnedSuccessfully(), Heartbeat()):
        machine.send(event)
    stop_counting()
    machine.send(Exited(0))

    assert bus.metrics == {"handled": 3, "ignored": 1}
    assert bus.log == [
        "any.pending",
        "any.pending",
        "any.running",
        "any.running",
        "any.completed",
    ]


def test_observers_are_no_part_of_the_machine() -> None:
    """A chart has the same steps with observers as without."""
    watched, alone = Machine(Execution, at=NOW), Machine(Execution, at=NOW)
    watched.subscribe(EventBus().count)

    for event in WAYS["rate_limited"]:
        assert watched.send(event) == alone.send(event)
