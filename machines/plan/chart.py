"""The charts of plans: of a run as a whole, and of one node of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeAlias

from attrs import evolve, field, frozen

from machines.plan.vocabulary import ErrorInfo, RetryPolicy
from statecharts import Call, CallFailed, Compound, Moment, Occurred, State, Statechart

# -- a run -----------------------------------------------------------------------------------------


@frozen
class Recorded:
    """Something has happened in a run.

    Attributes:
        first: The number of the first of its events.
        events: The events, as `machines.plan.records` writes them.
    """

    first: int
    events: tuple[dict[str, Any], ...] = field(hash=False)


@frozen
class Finished:
    """The last of what has happened in a run.

    Attributes:
        first: The number of the first of its events.
        events: The events.
        succeeded: Whether all nodes have come out.
    """

    first: int
    events: tuple[dict[str, Any], ...] = field(hash=False)
    succeeded: bool = True


@frozen
class Cancel:
    """A run is given up.

    Attributes:
        reason: Why.
    """

    reason: str = ""


@frozen
class Resume:
    """Somebody goes on with a run.

    Attributes:
        worker: The name of who does.
        seen: The worker that it takes over from; who comes too late has seen another one.
    """

    worker: str
    seen: str


@frozen
class CarryOut(Call[Recorded | Finished]):
    """Asks for the nodes of a run to be carried out; who answers late has been replaced."""


@frozen
class WindUp(Call[Finished]):
    """Asks for the end of what was under way when a run was cancelled."""


@frozen
class Stopped:
    """The data of a run that goes on when somebody resumes it."""

    reason: str
    since: Occurred


@frozen
class Cancelling:
    """The data of a run that is being cancelled."""

    reason: str


@frozen
class Progress:
    """The context of a run; everything else is in its events.

    Attributes:
        manifest: The artifact of its manifest.
        initial: The snapshot of the context that it began with.
        source: Where its plan was found, ``FILE.py:name``; empty if nobody said.
        count: The number of its events.
        worker: Who carries it out, or did last; empty before somebody has.
        parent: The run that waits for it.
    """

    manifest: str
    initial: str
    source: str = ""
    count: int = 0
    worker: str = ""
    parent: str = ""


PlanEvent: TypeAlias = Recorded | Finished | Cancel | Resume
_Run: TypeAlias = Moment[Any, Any, Progress]


def _is_next(moment: _Run) -> bool:
    """Tell whether events follow on those that are recorded."""
    return bool(moment.event.first == moment.context.count + 1)


def _has_succeeded(moment: _Run) -> bool:
    return _is_next(moment) and moment.event.succeeded is True


def _has_failed(moment: _Run) -> bool:
    return _is_next(moment) and not moment.event.succeeded


def _counted(moment: _Run) -> Progress:
    return evolve(moment.context, count=moment.context.count + len(moment.event.events))


def _takes_over(moment: _Run) -> bool:
    return bool(moment.event.seen == moment.context.worker)


def _taken_up(moment: _Run) -> Progress:
    return evolve(moment.context, worker=moment.event.worker)


class PlanRun(Statechart[PlanEvent, Progress]):
    """A run of a plan, from its start to its end.

    Its events are recorded one after the other, each once: those that do not follow on what is
    recorded are not taken. A run that has failed can be resumed.
    """

    class live(Compound, initial=True):
        """Whatever can be cancelled: handled here, once."""

        running = State(initial=True, invoke=CarryOut)
        stopped = State(Stopped)
        failed = State()

        running.stay(on=Recorded, when=_is_next, update=_counted)
        running.to(
            failed,
            on=Finished,
            when=_has_failed,
            update=_counted,
        )
        running.to(stopped, on=CallFailed)
        for _state in (running, stopped, failed):
            _state.to(running, on=Resume, when=_takes_over, update=_taken_up)

    cancelling = State(Cancelling, invoke=WindUp)
    completed = State(final=True)
    cancelled = State(final=True)

    live.running.to(completed, on=Finished, when=_has_succeeded, update=_counted)
    live.to(cancelling, on=Cancel)
    cancelling.to(cancelled, on=Finished, when=_is_next, update=_counted)
    # An end that does not follow has used up its call: the state asks anew.
    live.running.to(live.running, on=Finished)
    cancelling.to(cancelling, on=Finished)
    cancelling.to(cancelling, on=CallFailed)


# -- a node ----------------------------------------------------------------------------------------


@frozen
class Enter:
    """All that the node depends on is there."""


@frozen
class Skip:
    """The node has a tag that the run skips.

    Attributes:
        tag: The tag.
    """

    tag: str


@frozen
class Succeed:
    """The attempt has succeeded."""


@frozen
class Fail:
    """The attempt has failed.

    Attributes:
        error: The error.
    """

    error: ErrorInfo


@frozen
class Attempt:
    """The data of a node at work.

    Attributes:
        attempt: The number of the attempt, from 0.
    """

    attempt: int = 0


@frozen
class Waiting:
    """The data of a node that is attempted again later.

    Attributes:
        attempt: The number of the attempt that has failed.
    """

    attempt: int


NodeEvent: TypeAlias = Enter | Skip | Succeed | Fail | Cancel


def _is_worth_another(moment: Moment[Any, Any, RetryPolicy]) -> bool:
    error: ErrorInfo = moment.event.error
    left = moment.data.attempt + 1 < moment.context.attempts
    return error.retryable and left


def _wait(moment: Moment[Any, Any, RetryPolicy]) -> timedelta:
    return moment.context.wait(moment.data.attempt + 1)


class NodeRun(Statechart[NodeEvent, RetryPolicy]):
    """One node of a run: waits for what it depends on, is attempted, and comes out or fails."""

    class pending(Compound, initial=True):
        """Whatever is not over: given up here, once."""

        waiting = State(initial=True)
        running = State(Attempt)
        backing_off = State(Waiting)

        waiting.to(running, on=Enter)
        running.to(
            backing_off, on=Fail, when=_is_worth_another, make=lambda m: Waiting(m.data.attempt)
        )
        again = backing_off.after(_wait, running, make=lambda m: Attempt(m.data.attempt + 1))

    completed = State(final=True)
    skipped = State(final=True)
    failed = State(final=True)
    cancelled = State(final=True)

    pending.waiting.to(skipped, on=Skip)
    pending.running.to(completed, on=Succeed)
    pending.running.to(failed, on=Fail)
    pending.to(cancelled, on=Cancel)
