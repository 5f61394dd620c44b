"""Workflow: work that is begun, interrupted, resumed, and that succeeds, fails or is given up."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeAlias

from attrs import evolve

from machines.workflow.vocabulary import (
    Cancel,
    Cancelled,
    Complete,
    Completed,
    Context,
    Custom,
    Fail,
    Failed,
    Idle,
    Moved,
    Pause,
    Paused,
    Resume,
    Retry,
    Running,
    SetContext,
    Start,
    Timeout,
    Waiting,
    WorkflowEvent,
)
from statecharts import Compound, Moment, Raise, State, Statechart, StatechartError, TimerFired

_Moment: TypeAlias = Moment[Any, Any, Context]

TIMED_OUT: Final = "the time limit is over"
"""The message of a workflow that has failed because of its time limit."""

LIVE: Final = {
    "idle": "live.idle",
    "running": "live.active.running",
    "paused": "live.active.paused",
    "waiting": "live.active.waiting",
    "failed": "live.failed",
}
"""The ids of the states of workflows that are not over, by their names."""


def _moved(source: str, target: str) -> Callable[[_Moment], Moved]:
    """Return what tells of a transition from a state to another one."""

    def emit(moment: _Moment) -> Moved:
        event = None if isinstance(moment.event, TimerFired) else moment.event
        return Moved(source, target, event)

    return emit


def _given_up(moment: _Moment) -> Moved:
    """Tell of a workflow that was given up, in whatever state it was."""
    return Moved(next(filter(partial(_was_in, moment), LIVE)), "cancelled", moment.event)


def _was_in(moment: _Moment, name: str) -> bool:
    """Tell whether a state is active, or has been left in this step."""
    try:
        moment[LIVE[name]]
    except StatechartError:
        return False
    return True


def _told(moment: _Moment) -> Moved:
    """Tell of an event that changes no state."""
    here = moment.configuration[-1].rpartition(".")[2]
    return Moved(here, here, moment.event)


def _message(moment: _Moment) -> str:
    return moment.event.message if isinstance(moment.event, Fail) else TIMED_OUT


def _attempt(moment: _Moment) -> int:
    attempt: int = moment.data.attempt
    return attempt


def _tries_again(moment: _Moment) -> bool:
    return _attempt(moment) < moment.context.attempts


class Workflow(Statechart[WorkflowEvent, Context]):
    """One piece of work, from its first day to its last.

    Failing is no end: work that has failed can be begun again. Being done and being given up are.
    """

    class live(Compound, initial=True):
        """Whatever is not over: can be given up, and takes values and custom events."""

        idle = State(Idle, initial=True, entry=lambda _: Moved("", "idle", None))

        class active(Compound):
            """Work that was begun and has not come out: fails wherever it is."""

            running = State(Running, initial=True)
            paused = State(Paused)
            waiting = State(Waiting)

            running.to(paused, on=Pause, emit=_moved("running", "paused"))
            paused.to(running, on=Resume, emit=_moved("paused", "running"))
            again = waiting.after(
                lambda m: m.context.wait(m.data.attempt),
                running,
                make=lambda m: Running(m.data.attempt + 1, m.at),
                emit=_moved("waiting", "running"),
            )
            waiting.to(
                running,
                on=Retry,
                make=lambda m: Running(m.data.attempt + 1, m.at),
                emit=_moved("waiting", "running"),
            )

        failed = State(Failed)

        idle.to(
            active.running,
            on=Start,
            make=lambda m: Running(1, m.at),
            emit=_moved("idle", "running"),
        )
        for _name, _state in (("running", active.running), ("paused", active.paused)):
            _state.to(
                active.waiting,
                on=Fail | Timeout,
                when=_tries_again,
                make=lambda m: Waiting(_attempt(m), _message(m)),
                emit=_moved(_name, "waiting"),
            )
            _state.to(
                failed,
                on=Fail | Timeout,
                make=lambda m: Failed(_attempt(m), _message(m), m.at),
                emit=_moved(_name, "failed"),
            )
        active.waiting.to(
            failed,
            on=Fail | Timeout,
            make=lambda m: Failed(m.data.attempt, _message(m), m.at),
            emit=_moved("waiting", "failed"),
        )
        limit = active.running.after(lambda m: m.context.limit, emit=lambda _: Raise(Timeout()))
        failed.to(
            active.running,
            on=Retry,
            make=lambda m: Running(m.data.attempt + 1, m.at),
            emit=_moved("failed", "running"),
        )

    completed = State(Completed, final=True)
    cancelled = State(Cancelled, final=True)

    live.active.running.to(completed, on=Complete, emit=_moved("running", "completed"))
    live.to(cancelled, on=Cancel, emit=_given_up)
    live.stay(
        on=SetContext,
        update=lambda m: evolve(m.context, values={**m.context.values, m.event.key: m.event.value}),
        emit=_told,
    )
    live.stay(on=Custom, emit=_told)
