"""Between: what runs owe to each other, and the jobs that carry it over.

A joint store takes it in the sender's own commit. Elsewhere, and for what is too much for one
commit, it takes two more: one of the recipient, and after it one of the sender, which owes nothing
any more. Whoever dies in between does the first again; it has the key of the effect as its id, and
so happens once.

What one run says to another is heard in the order in which it was said, whoever carries it: what is
unsaid of it goes first, and what comes after a failure waits with it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final, final

from statecharts.model.errors import StatechartError
from statecharts.model.events import Answer, NamedEvent
from statecharts.model.family import ChildDone, ChildFailed
from statecharts.model.suggestions import did_you_mean
from statecharts.runtime.clock import microseconds
from statecharts.runtime.commit import (
    CANCEL,
    CHILD,
    PARENT,
    SPAWN,
    TELL,
    Draft,
    Program,
    Taken,
    answer_of,
    child_key,
    reason_of,
    storable,
)
from statecharts.runtime.errors import unknown_chart
from statecharts.runtime.writer import Job, Writer
from statecharts.store.rows import OVER, PAUSED, Owed, Status

if TYPE_CHECKING:
    from datetime import datetime

LOG: Final = logging.getLogger("statecharts.runtime")
"""Tells of what a run owes to another one and cannot get there, of each attempt of a handler that
has failed, and of each run that is stuck."""

WAIT: Final = timedelta(seconds=1)
"""The wait after the first vain attempt to reach a run; it doubles, up to a minute."""


@final
class Between:
    """Carries what runs owe to each other from one to the other.

    Args:
        writer: Writes them.
        now: Tells the time.
        known: Returns the answer that an id got before from a run, if it is remembered.
    """

    def __init__(
        self,
        writer: Writer,
        now: Callable[[], datetime],
        known: Callable[[Draft, str], Taken | None],
    ) -> None:
        self._writer = writer
        self._now = now
        self._known = known
        self._lanes: dict[tuple[str, str], dict[int, Exception | None]] = {}

    def passed(self, sender: Draft, row: Owed) -> Job[Any]:
        """Return the job of the recipient of what a run owes, after the commit that owes it.

        When it is done, the sender owes nothing any more. If it fails, so does what comes after it
        on the same way: nothing overtakes it.
        """
        job = self.job(sender, row)
        act, lane = job.act, self._lanes.setdefault((sender.run, job.run), {})
        lane[row.number] = next((one for one in lane.values() if one is not None), None)

        def after(draft: Draft) -> Any:
            failed = lane.get(row.number)
            if failed is not None:
                raise failed
            return act(draft)

        job.act = after
        job.tell = partial(self._done, sender.run, row)
        return job

    def job(self, sender: Draft, row: Owed) -> Job[Any]:
        """Return the job of the recipient of what a run owes; `settle` takes its answer."""
        try:
            return self._job(sender, row)
        except Exception as error:  # whatever it is, the row waits, and is seen
            return Job(sender.run, partial(_raise, error))

    def _job(self, sender: Draft, row: Owed) -> Job[Any]:
        said, run = json.loads(row.body), sender.run
        if row.name == TELL:
            alone = self._writer.store.joint and sender.is_new(row.number)
            return self._telling(said, f"{run}/{row.number}", again=not alone)
        if row.name == SPAWN:
            return self._starting(said, said["key"], None)
        if row.name == CHILD:
            parent = (run, row.number, str(row.call))
            return self._starting(said["call"], child_key(run, row), parent)
        if row.name == CANCEL:
            return self._ending(child_key(run, row), run, row.number)
        parent, number, _ = said  # the call may have another name by now
        return self._answering(sender, parent, number)

    def _telling(self, said: dict[str, Any], key: str, *, again: bool) -> Job[None]:
        """Return the job that tells a run an event.

        Args:
            said: What is to be told.
            key: The key of the effect.
            again: Whether another process may have told the run already.
        """
        body = json.dumps(said["event"], ensure_ascii=False).encode()

        def act(draft: Draft) -> None:
            if not again or self._known(draft, key) is None:
                draft.hear(body, key, self._now())

        return Job(said["run"], act)

    def _starting(
        self, said: dict[str, Any], key: str, parent: tuple[str, int, str] | None
    ) -> Job[Any]:
        """Return the job that starts a run; it returns why it could not."""
        program = self._writer.programs.get(said["chart"])
        if program is None:
            name, known = said["chart"], self._writer.programs
            remedy = did_you_mean(name, known, "Name it when you open the store")
            raise unknown_chart(key, f"the chart {name}", known, remedy)

        def act(draft: Draft) -> str | None:
            if not draft.exists:
                try:
                    given = said.get("context")
                    context = None if given is None else program.protocol.load_context(given)
                    draft.start(context, self._now(), parent)
                except StatechartError as error:
                    return str(error)
                return None
            if parent is None or parent_of(draft.owed.values()) == list(parent):
                return None
            return f"a run of the key {key!r} exists already"

        return Job(key, act, program)

    def _ending(self, key: str, run: str, number: int) -> Job[Any]:
        """Return the job that cancels a child whose parent does not wait for it any more."""
        return Job(key, lambda draft: leave_child(draft, run, number, self._now()))

    def _answering(self, child: Draft, parent: str, number: int) -> Job[Any]:
        """Return the job that answers the call that a child was."""
        answer = answer_of(child)

        def act(draft: Draft) -> bool:
            return hear_child(draft, number, answer, self._now())

        return Job(parent, act)

    def _done(self, run: str, row: Owed, passed: Job[Any]) -> None:
        """Write at the sender what came of it, when the recipient is on disk."""
        outcome = passed.answer if passed.error is None else passed.error
        way = run, passed.run
        lane = self._lanes.get(way, {})
        if isinstance(outcome, Exception):
            lane.update(dict.fromkeys(lane, outcome))

        def over(_: Job[Any]) -> None:
            lane.pop(row.number, None)
            if not lane:
                self._lanes.pop(way, None)
            self._writer.passed_on(run, row.number)

        job = Job(run, lambda draft: self.settle(draft, row, outcome))
        job.tell = over
        self._writer.put(job, inner=True)

    def settle(self, draft: Draft, row: Owed, outcome: Any) -> None:
        """Note at the sender what came of what it said: an answer, or an error."""
        now = draft.owed.get(row.number)
        if now is None:
            return
        code = getattr(outcome, "code", None)
        if row.name == CANCEL and code == "SC822":
            outcome = None  # the child was never started, or has been removed
        if row.name == PARENT and code == "SC822":
            outcome = True  # its parent has been removed
        if now.name != row.name:
            if row.name == CHILD:  # taken back meanwhile: what was started is to be cancelled
                draft.note(row.number, worker=None, until=0)
            return
        if isinstance(outcome, Exception) or outcome is False:
            wait = min(WAIT * 2 ** min(now.attempts, 6), timedelta(minutes=1))
            due = microseconds(self._now() + wait)
            reason = storable(str(outcome)) if isinstance(outcome, Exception) else ""
            if reason and reason != now.reason:  # it may wait for long: said once, and kept
                LOG.warning("%s/%d waits: %s", draft.run, row.number, reason)
            failed = {"attempts": now.attempts + 1, "due": due, "reason": reason}
            draft.note(row.number, **failed, worker=None, until=0)
        elif row.name != CHILD:
            if row.name == SPAWN and isinstance(outcome, str):  # nobody waits, and nobody is told
                LOG.error("%s/%d: a run was not started: %s", draft.run, row.number, outcome)
            draft.settle(row.number)
        elif isinstance(outcome, str):
            if not hear_child(draft, row.number, ChildFailed(outcome), self._now()):
                draft.note(row.number, worker=None, until=0)
        else:
            draft.note(row.number, handed=True, reason="", worker=None, until=0)

    def take_over(self, run: str, row: Owed) -> Job[Any]:
        """Return the job that passes something on again, whose process has died."""

        def act(draft: Draft) -> None:
            if row.number in draft.owed:
                draft.pass_on(row.number)

        return Job(run, act)


def _raise(error: Exception, _: Draft) -> None:
    raise error


def hear_child(draft: Draft, number: int, answer: ChildDone | ChildFailed, at: datetime) -> bool:
    """Answer the call that a child was; tell whether the parent has taken it, or never will."""
    row = draft.owed.get(number)
    if row is None or row.name != CHILD:
        return True  # late
    if draft.head.status in PAUSED:
        return False
    try:
        # The call of the row: a migration may have renamed the one that the child knows.
        draft.take(Answer(str(row.call), answer), at)
    except Exception as error:
        if draft.head.status == Status.RUNNING:
            draft.stick(reason_of(error), f"effect {number}")
        return False
    return True


def leave_child(draft: Draft, parent: str, number: int, at: datetime) -> None:
    """Cancel a child whose parent does not wait for it any more.

    Args:
        draft: The child; a run that is not the child of this call stays as it is.
        parent: The key of the parent.
        number: The number of the call.
        at: When this happens.
    """
    found = parent_of(draft.owed.values())
    if found is None or found[:2] != [parent, number]:
        return
    draft.orphan()
    if draft.head.status not in OVER:
        cancel(draft, "its parent does not wait for it any more", at)


def parent_of(owed: Any) -> list[Any] | None:
    """Return the parent that owed rows tell: its key, and the number and the id of the call."""
    for row in owed:
        if row.name == PARENT:
            found: list[Any] = json.loads(row.body)
            return found
    return None


def cancel(draft: Draft, reason: str, at: datetime) -> None:
    """Cancel a run: by its event ``cancel``, if the chart has one, else where it is."""
    event = _cancel_event(draft.program)
    if event is None or draft.head.status != Status.RUNNING or not draft.take(event, at).handled:
        draft.cancel(reason, at)


def _cancel_event(program: Program) -> Any:
    for event in program.kernel.chart.events:
        if event.name == "cancel":
            try:
                return NamedEvent("cancel") if event.cls is None else event.cls()
            except TypeError:
                return None
    return None
