"""Workflow: a run of any chart. The step is taken here, and what it asks for is done elsewhere.

A run is the same as in a store: it is written by the same `Draft`, so that the order of its
history, the numbers of its effects and the meaning of its calls and timers are the same. What a
store keeps in rows is kept in the workflow, whose history Temporal keeps.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict, deque
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar, final

from attrs import define, evolve
from temporalio import workflow
from temporalio.common import (
    RetryPolicy,
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    FailureError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)

from statecharts.model.errors import StatechartError
from statecharts.model.events import Answer, CallFailed
from statecharts.model.family import ChildDone, ChildFailed
from statecharts.runtime.attempts import done, failed, refused
from statecharts.runtime.between import WAIT, cancel, hear_child, leave_child
from statecharts.runtime.clock import microseconds, moment
from statecharts.runtime.commit import (
    BETWEEN,
    CANCEL,
    CHILD,
    PARENT,
    SPAWN,
    TELL,
    Draft,
    Live,
    Taken,
    answer_of,
    child_key,
    place_of,
    recipient_of,
    revived,
)
from statecharts.runtime.errors import RunError
from statecharts.store.rows import OVER, PAUSED, Entry, Owed, Run, Status, Timer, changed
from statecharts.temporal.converter import read_entry, read_rows, write_entry, write_rows
from statecharts.temporal.errors import packed
from statecharts.temporal.messages import (
    CARRY_OUT,
    LOOK_UP,
    WORKFLOW,
    Answered,
    Beginning,
    Carried,
    Ended,
    Errand,
    Heard,
    Kept,
    Known,
    Order,
    Sent,
)
from statecharts.temporal.registry import charts_of
from statecharts.temporal.sizes import ROOM, check_size, fitting, size_of

T = TypeVar("T")

CHART: Final = SearchAttributeKey.for_keyword("StatechartName")
STATES: Final = SearchAttributeKey.for_keyword_list("StatechartStates")
STATUS: Final = SearchAttributeKey.for_keyword("StatechartStatus")
"""The search attributes of a run: the name of its chart, its active states, its status."""

LONG: Final = timedelta(days=3650)
"""The time that an activity has as far as Temporal knows; the handler's limits are shorter."""

LONGEST_VALUE: Final = 2_000
"""Bytes of a search attribute; a server refuses the whole step above 2,048."""

LONG_HISTORY: Final = 20_000
"""Events of Temporal's after which a run continues as new even while calls are under way."""

_LOST: Final = RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_attempts=0)
"""Tries again what a worker had begun that has died; on failures, a handler's `Retry` decides."""


def _cancel(draft: Draft) -> None:
    cancel(draft, "the workflow was cancelled", workflow.now())


def _suspend(draft: Draft, reason: str, at: datetime) -> None:
    draft.suspend(reason, at)


def _resume(draft: Draft, _: str, at: datetime) -> None:
    draft.resume(at)


def _retry(draft: Draft, _: str, at: datetime) -> None:
    if draft.head.status == Status.STUCK:
        draft.unstick(at)


def _skip(draft: Draft, _: str, at: datetime) -> None:
    if draft.head.status == Status.STUCK:
        draft.skip(at)


ORDERS: Final[dict[str, Callable[[Draft, str, datetime], None]]] = {
    "cancel": cancel,
    "suspend": _suspend,
    "resume": _resume,
    "retry": _retry,
    "skip": _skip,
}
"""What is done with a run as a whole, by its verb: the draft, the reason, the time."""


@define
class _Work:
    """An effect that is being carried out, or that rests until its next attempt is due."""

    row: Owed
    task: asyncio.Task[None]
    rests: bool = False


@final
@workflow.defn(name=WORKFLOW)
class ChartWorkflow:
    """A run of a chart.

    Its id is the key of the run. `send` is an update with an id, `tell` a signal for those who do
    not wait; `snapshot`, `configuration`, `status` and `history` are queries.
    """

    @workflow.init
    def __init__(self, given: Beginning) -> None:
        info = workflow.info()
        self._given = given
        self._key = info.workflow_id
        self._charts = charts_of(info.namespace, info.task_queue)
        self._program = self._charts.find(given.chart)
        self._entries: deque[Entry] = deque(maxlen=given.facts.tail)
        self._seen: OrderedDict[str, tuple[int, int, str]] = OrderedDict()
        self._answers: dict[int, ChildDone | ChildFailed] = {}
        self._alarms: dict[str, tuple[int, asyncio.Task[None]]] = {}
        self._work: dict[int, _Work] = {}
        self._taken = 0
        self._renewed = False
        self._large = False
        self._told: tuple[str, str] | None = None
        self._refused: StatechartError | None = None
        self._fault: BaseException | None = None
        self._live: Live
        if given.kept is None:
            self._start()
        else:
            self._go_on(given.kept)

    # -- the run -----------------------------------------------------------------------------------

    def _start(self) -> None:
        draft = Draft(self._program, None, self._key, careful=True)
        try:
            given = self._given.context
            context = None if given is None else self._program.protocol.load_context(given)
            draft.start(context, workflow.now(), self._given.parent)
        except StatechartError as error:
            self._refused = error
        else:
            self._adopt(draft)

    def _go_on(self, kept: Kept) -> None:
        """Continue a run; one that an older version of the chart has left is migrated."""
        run = read_rows(kept.rows)
        self._live = revived(self._program, run)
        self._entries.extend(map(read_entry, kept.entries))
        self._seen.update((id, (number, at, place)) for id, number, at, place in kept.seen)
        self._answers = {int(n): read_answer(answer) for n, answer in kept.answers.items()}
        status = run.head.status
        self._told = (run.head.configuration, status)
        draft = self._draft()
        if run.head.version != self._program.protocol.version:
            draft.migrate(workflow.now())
        self._adopt(draft)

    def _draft(self) -> Draft:
        return Draft(self._program, self._live, self._key, careful=True)

    def _commit(self, act: Callable[[Draft], T]) -> T:
        """Write what an act does, as a store would; what it did before it failed is done."""
        draft = self._draft()
        try:
            return act(draft)
        finally:
            self._adopt(draft)

    def _adopt(self, draft: Draft) -> None:
        self._live = draft.present()
        self._entries.extend(draft.entries)
        self._taken += len(draft.entries)
        self._large = self._large and not draft.entries
        for entry in draft.entries:
            if entry.id:  # also one that had to wait, and is taken only now
                self._remember(entry.id, entry.sequence, entry.at, entry.configuration)
        listener = self._charts.listener
        if listener is not None and not workflow.unsafe.is_replaying():
            for happened in draft.happened:
                listener(happened)
        self._show()
        self._follow()

    def _show(self) -> None:
        """Say in search attributes where the run is, if that has changed."""
        head = self._live.head
        told = (head.configuration, head.status)
        if self._given.facts.searched and told != self._told:
            self._told = told
            states = shown(self._live.snapshot.configuration)
            workflow.upsert_search_attributes(
                [
                    CHART.value_set(head.chart),
                    STATES.value_set(states),
                    STATUS.value_set(head.status),
                ]
            )

    def _follow(self) -> None:
        """Let timers and work be those of the run: start what is missing, stop what is over."""
        live = self._live
        status = live.head.status
        due = live.timers if status == Status.RUNNING else {}
        for name in [name for name, (at, _) in self._alarms.items() if due.get(name) != at]:
            self._alarms.pop(name)[1].cancel()
        for name, at in due.items():
            if name not in self._alarms:
                self._alarms[name] = (at, self._begin(self._ring(name, at)))
        paused = status in PAUSED
        for number, work in self._work.items():
            # What is said to other runs is said to its end: a child that is being started is not
            # left before it is there.
            if work.row.name not in BETWEEN and (paused or number not in live.owed):
                work.task.cancel()
        if paused:
            return
        for number, row in sorted(live.owed.items()):
            if not row.handed and number not in self._work:
                self._work[number] = _Work(row, self._begin(self._carry_out(row)))
        if self._answers:
            self._hear_children()

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Let nothing fail unseen: what should never happen fails the task of the workflow."""
        if not task.cancelled() and task.exception() is not None:
            self._fault = task.exception()

    async def _ring(self, name: str, due: int) -> None:
        """Fire what is due once a timer is."""
        wait = moment(due) - workflow.now()
        if wait > timedelta():
            await workflow.sleep(wait, summary=name)
        del self._alarms[name]
        at = max(workflow.now(), moment(due))
        self._commit(lambda draft: draft.fire(at))

    # -- effects -----------------------------------------------------------------------------------

    async def _carry_out(self, row: Owed) -> None:
        between = {
            TELL: self._tell,
            SPAWN: self._spawn,
            CHILD: self._raise_child,
            CANCEL: self._leave_child,
            PARENT: self._answer_parent,
        }
        act = between.get(row.name, self._ask)
        written: Callable[[Draft], object]
        try:
            check_size(f"{self._key}/{row.number}", f"the effect {row.name}", row.body.decode())
            if row.name in BETWEEN:
                await self._queue(row)
            written = await act(row)
        except RunError as error:
            reason, now = str(error), workflow.now()
            written = lambda draft: failed(draft, row, row.attempts + 1, reason, None, now)  # noqa: E731
        except asyncio.CancelledError:
            del self._work[row.number]
            self._follow()
            return
        del self._work[row.number]
        self._commit(written)

    async def _ask(self, row: Owed) -> Callable[[Draft], object]:
        """Let a worker carry an effect out; return what writes its outcome."""
        wait = moment(row.due) - workflow.now()
        if row.attempts and wait > timedelta():
            self._work[row.number].rests = True
            await workflow.sleep(wait, summary=f"{row.name} {self._key}/{row.number}")
            self._work[row.number].rests = False
        name = self._live.head.chart
        lease = self._given.facts.lease_s
        said = (row.number, row.name, row.call, row.body.decode())
        errand = Errand(self._key, name, *said, lease, row.attempts)
        try:
            carried = await workflow.execute_activity(
                CARRY_OUT,
                errand,
                result_type=Carried,
                start_to_close_timeout=LONG,
                heartbeat_timeout=timedelta(seconds=lease),
                retry_policy=_LOST,
                summary=f"{row.name} {self._key}/{row.number}",
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise asyncio.CancelledError from None
            cause, attempts = error.cause, row.attempts + 1
            reason, again = str(cause or error), None
            if isinstance(cause, ApplicationError):
                reason, again = cause.message, cause.next_retry_delay
            return lambda draft: failed(draft, row, attempts, reason, again, workflow.now())
        return lambda draft: self._take_carried(draft, row, carried)

    def _take_carried(self, draft: Draft, row: Owed, carried: Carried) -> None:
        if carried.refused:
            refused(draft, row, carried.refused)
            return
        read = self._program.protocol.load_event
        try:
            outcome = None if carried.event is None else read(carried.event)
        except StatechartError as error:
            refused(draft, row, str(error))
        else:
            done(draft, row, outcome, workflow.now())

    # -- other runs --------------------------------------------------------------------------------

    async def _tell(self, row: Owed) -> Callable[[Draft], object]:
        said = json.loads(row.body)
        event = json.dumps(said["event"], ensure_ascii=False)
        heard = Heard("tell", self._key, row.number, event)
        await self._reach(said["run"], heard, patient=True)
        return lambda draft: draft.settle(row.number)

    async def _leave_child(self, row: Owed) -> Callable[[Draft], object]:
        await self._reach(child_key(self._key, row), Heard("leave", self._key, row.number))
        return lambda draft: draft.settle(row.number)

    async def _answer_parent(self, row: Owed) -> Callable[[Draft], object]:
        parent, number, _ = json.loads(row.body)
        answer = write_answer(answer_of(self._draft()))
        try:
            check_size(self._key, "the answer to the parent", answer)
        except RunError as error:
            answer = write_answer(ChildFailed(str(error)))
        await self._reach(parent, Heard("answer", self._key, number, answer))
        return lambda draft: draft.settle(row.number)

    async def _reach(self, key: str, heard: Heard, *, patient: bool = False) -> None:
        """Say something to another run; one that is over hears nothing.

        Args:
            key: The key of the other run.
            heard: What to say.
            patient: Whether to wait for a run that is not there yet.
        """
        tries = 0
        while True:
            try:
                await workflow.get_external_workflow_handle(key).signal("hear", heard)
            except FailureError:
                known = await self._look_up(key)
                if known.over or not (known.exists or patient):
                    return
            else:
                return
            await workflow.sleep(min(WAIT * 2 ** min(tries, 6), timedelta(minutes=1)))
            tries += 1

    async def _queue(self, row: Owed) -> None:
        """Wait until what another run was to hear earlier has been said."""
        own, key = _rank(row), recipient_of(self._key, row)

        def is_first() -> bool:
            return not any(
                _rank(work.row) < own and recipient_of(self._key, work.row) == key
                for work in self._work.values()
                if work.row.name in BETWEEN
            )

        if not is_first():
            await workflow.wait_condition(is_first)

    async def _look_up(self, key: str) -> Known:
        known: Known = await workflow.execute_activity(
            LOOK_UP,
            key,
            result_type=Known,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=_LOST,
        )
        return known

    async def _start_run(
        self, said: dict[str, Any], key: str, parent: tuple[str, int, str] | None
    ) -> bool:
        """Start another run; tell whether there is one already."""
        facts = self._given.facts
        chart = said["chart"]
        try:
            _ = await workflow.start_child_workflow(
                WORKFLOW,
                self._given.child(chart, said.get("context"), parent),
                id=key,
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                cancellation_type=workflow.ChildWorkflowCancellationType.ABANDON,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                memo=memo_of(parent),
                search_attributes=attributes_of(chart) if facts.searched else None,
            )
        except WorkflowAlreadyStartedError:
            return True
        return False

    async def _spawn(self, row: Owed) -> Callable[[Draft], object]:
        said = json.loads(row.body)
        await self._start_run(said, said["key"], None)
        return lambda draft: draft.settle(row.number)

    async def _raise_child(self, row: Owed) -> Callable[[Draft], object]:
        key = child_key(self._key, row)
        parent = (self._key, row.number, str(row.call))
        stranger = False
        if await self._start_run(json.loads(row.body)["call"], key, parent):
            stranger = (await self._look_up(key)).parent != parent[:2]

        def act(draft: Draft) -> None:
            now = draft.owed.get(row.number)
            if now is None or now.name != CHILD:
                return  # it has answered, or is not wanted any more, and will be told
            if stranger:
                failure = ChildFailed(f"a run of the key {key!r} exists already")
                hear_child(draft, row.number, failure, workflow.now())
            else:
                draft.note(row.number, handed=True, worker=None, until=0)

        return act

    def _hear_children(self) -> None:
        """Take the answers of children, as far as the run can hear them now."""
        for number, answer in list(self._answers.items()):
            if self._live.head.status in PAUSED:
                return
            if number in self._answers:
                del self._answers[number]
                self._hear_child(number, answer)

    def _hear_child(self, number: int, answer: ChildDone | ChildFailed) -> None:
        def act(draft: Draft) -> None:
            if not hear_child(draft, number, answer, workflow.now()):
                self._answers[number] = answer  # until the run goes on

        self._commit(act)

    # -- the life of the workflow ------------------------------------------------------------------

    @workflow.run
    async def run(self, given: Beginning) -> Ended:
        """Run until the run is over and owes nothing, or until it continues as new."""
        del given  # `__init__` has it
        if self._refused is not None:
            await self._refuse(self._refused)
        while True:
            try:
                await workflow.wait_condition(
                    lambda: self._over or self._full or self._fault is not None
                )
                if self._fault is not None:
                    raise self._fault
                await workflow.wait_condition(workflow.all_handlers_finished)
            except asyncio.CancelledError:
                if self._live.head.status not in OVER:
                    self._commit(_cancel)
                continue
            if self._over:
                snapshot = self._program.protocol.dump_snapshot(self._live.snapshot)
                place = self._live.snapshot.configuration
                return Ended(self._live.head.status, place, snapshot)
            if self._full:
                follows = self._next()
                self._large = size_of(follows) > ROOM  # it goes on here, and tries it a step later
                if not self._large:
                    workflow.continue_as_new(follows, initial_versioning_behavior=_newest())

    async def _refuse(self, error: StatechartError) -> None:
        """Fail a run that cannot be started; its parent is told."""
        if self._given.parent is not None:
            parent, number, _ = self._given.parent
            answer = write_answer(ChildFailed(str(error)))
            await self._reach(parent, Heard("answer", self._key, number, answer))
        raise packed(error)

    @property
    def _over(self) -> bool:
        """Whether nothing is left to do."""
        idle = not self._work and all(row.handed for row in self._live.owed.values())
        return self._live.head.status in OVER and idle

    @property
    def _full(self) -> bool:
        """Whether it is time to continue as new; calls under way put it off for a while."""
        cap, info = self._given.facts.cap, workflow.info()
        full = self._renewed or (
            info.is_continue_as_new_suggested() if cap is None else self._taken >= cap
        )
        if self._large:
            return False
        if not full or all(work.rests for work in self._work.values()):
            return full
        late = cap is not None and self._taken >= 2 * cap
        return self._renewed or late or info.get_current_history_length() >= LONG_HISTORY

    def _next(self) -> Beginning:
        """Return the input that continues the run, with as much of the past as there is room for.

        The oldest entries of the history are left out first, and then the oldest ids.
        """
        answers = {str(number): write_answer(one) for number, one in self._answers.items()}
        kept = Kept(write_rows(self._rows()), [], [], answers)
        given = self._given
        bare = Beginning(given.chart, None, given.parent, given.facts, kept)
        seen = [(id, *taken) for id, taken in self._seen.items()]
        room = ROOM - size_of(bare)
        seen = fitting(seen, room)
        entries = fitting([write_entry(one) for one in self._entries], room - size_of(seen))
        return evolve(bare, kept=evolve(kept, entries=entries, seen=seen))

    def _rows(self) -> Run:
        """Return the run as a store would keep it."""
        live, protocol = self._live, self._program.protocol
        snapshot = protocol.dumps_snapshot(live.snapshot)
        return Run(
            changed(live.head, snapshot=snapshot, version=protocol.version),
            tuple(live.owed.values()),
            tuple(Timer(*one) for one in live.timers.items()),
            tuple(live.waiting.values()),
        )

    # -- updates -----------------------------------------------------------------------------------

    def _once(self, id: str | None, act: Callable[[Draft], Taken]) -> Taken:
        """Do what a request asks for, unless it has been done; the answer is the same."""
        current = workflow.current_update_info()
        name = id or ("" if current is None else current.id)
        found = self.taken(name)
        if found is not None:
            return found
        if id is not None and self._waits(id):
            return self._draft().taken(handled=False, waiting=True)
        before = self._live.head.sequence
        try:
            taken = self._commit(act)
        except StatechartError as error:
            raise packed(error) from None
        if id is None and taken.handled and taken.sequence > before:
            place = json.dumps(taken.configuration, ensure_ascii=False, separators=(",", ":"))
            self._remember(name, taken.sequence, microseconds(taken.at), place)
        return taken

    def _waits(self, id: str) -> bool:
        """Tell whether an event of this id waits to be taken."""
        return any(one.id == id for one in self._live.waiting.values())

    def _remember(self, name: str, sequence: int, at: int, place: str) -> None:
        self._seen[name] = (sequence, at, place)
        while len(self._seen) > self._given.facts.ids:
            self._seen.popitem(last=False)

    @workflow.update
    def send(self, sent: Sent) -> Taken:
        """Take an event; the same id is taken once."""
        read = self._program.protocol.load_message
        return self._once(
            sent.id, lambda draft: draft.take(read(sent.event), workflow.now(), sent.id)
        )

    @send.validator
    def _check_sent(self, sent: Sent) -> None:
        """Refuse, without a trace, an event that cannot be taken."""
        read = self._program.protocol.load_message
        self._try(sent.id, lambda draft: draft.take(read(sent.event), workflow.now(), sent.id))

    @workflow.update
    def answer(self, answered: Answered) -> Taken:
        """Answer a call, or say that it has failed."""
        return self._once(None, lambda draft: self._take_answer(draft, answered))

    def _take_answer(self, draft: Draft, answered: Answered) -> Taken:
        event = self._answering(answered)
        draft.check_call(event.id)
        return draft.take(event, workflow.now())

    @answer.validator
    def _check_answered(self, answered: Answered) -> None:
        self._try(None, lambda draft: self._take_answer(draft, answered))

    def _answering(self, answered: Answered) -> Answer | CallFailed:
        if answered.event is None:
            return CallFailed(answered.call, answered.reason)
        event = self._program.protocol.load_event(answered.event)
        return Answer(answered.call, event, answered.last)

    def _try(self, name: str | None, act: Callable[[Draft], object]) -> None:
        """Take a step that is not kept, and raise what it raises."""
        if name is not None and name in self._seen:
            return
        if self._refused is not None:
            raise packed(self._refused)
        try:
            act(self._draft())
        except StatechartError as error:
            raise packed(error) from None

    @workflow.update
    def order(self, order: Order) -> Taken:
        """Cancel, suspend, resume, retry, skip or renew the run."""
        if order.verb == "renew":
            self._renewed = True
            return self._draft().taken()
        act = ORDERS[order.verb]

        def whole(draft: Draft) -> Taken:
            act(draft, order.reason, workflow.now())
            return draft.taken()

        return self._once(None, whole)

    @order.validator
    def _check_order(self, order: Order) -> None:
        if order.verb != "renew" and order.verb not in ORDERS:
            known = ", ".join((*ORDERS, "renew"))
            found = f"{order.verb!r} is nothing that is done with a run"
            raise packed(RunError("SC831", self._key, found, f"Pass one of {known}"))
        if order.verb != "renew":
            act = ORDERS[order.verb]
            self._try(None, lambda draft: act(draft, order.reason, workflow.now()))

    # -- signals -----------------------------------------------------------------------------------

    @workflow.signal
    def tell(self, sent: Sent) -> None:
        """Take an event whose sender does not wait.

        One that cannot be taken makes the run stuck on it, as one that another run tells.
        """
        body = json.dumps(sent.event, ensure_ascii=False).encode()
        self._hear(body, sent.id)

    def _hear(self, body: bytes, id: str | None) -> None:
        known = id is not None and (id in self._seen or self._waits(id))
        if self._refused is None and not known:
            self._commit(lambda draft: draft.hear(body, id or "", workflow.now()))

    @workflow.signal
    def hear(self, heard: Heard) -> None:
        """Take what another run says."""
        if heard.word == "tell":
            self._hear(heard.body.encode(), f"{heard.sender}/{heard.number}")
        elif self._refused is not None:
            return
        elif heard.word == "leave":
            sender, number = heard.sender, heard.number
            self._commit(lambda draft: leave_child(draft, sender, number, workflow.now()))
        else:
            self._hear_child(heard.number, read_answer(heard.body))

    # -- queries -----------------------------------------------------------------------------------

    @workflow.query
    def snapshot(self) -> dict[str, Any]:
        """Return the present snapshot, as the protocol writes it."""
        return self._program.protocol.dump_snapshot(self._live.snapshot)

    @workflow.query
    def configuration(self) -> list[str]:
        """Return the active states, in document order."""
        return [*self._live.snapshot.configuration]

    @workflow.query
    def status(self) -> dict[str, str]:
        """Return the status of the run, its reason, and what it is stuck on."""
        head = self._live.head
        return {"status": head.status, "reason": head.reason, "blocked": head.blocked}

    @workflow.query
    def history(self, tail: int | None = None) -> list[dict[str, Any]]:
        """Return the last entries of the history, the oldest first."""
        entries = [*self._entries]
        entries = entries if tail is None else entries[-tail:]
        return fitting([write_entry(one) for one in entries], ROOM)

    @workflow.query
    def rows(self) -> dict[str, Any]:
        """Return the run as a store would keep it: head, effects, timers, waiting events."""
        return write_rows(self._rows())

    @workflow.query
    def taken(self, id: str) -> Taken | None:
        """Return the answer that an id has got; None if it is not remembered."""
        found = self._seen.get(id)
        if found is None:
            return None
        number, at, place = found
        return Taken(self._key, number, moment(at), place_of(place))

    @workflow.query
    def idle(self) -> bool:
        """Return whether nothing is under way."""
        return not self._work


def _newest() -> workflow.ContinueAsNewVersioningBehavior | None:
    """Return how a run that is pinned to a version of the workers moves to the present one."""
    if workflow.info().get_current_deployment_version() is None:
        return None
    return workflow.ContinueAsNewVersioningBehavior.AUTO_UPGRADE


def write_answer(answer: ChildDone | ChildFailed) -> str:
    """Return what a child says to its parent, as JSON."""
    if isinstance(answer, ChildDone):
        return json.dumps({"done": answer.data}, ensure_ascii=False)
    return json.dumps({"failed": answer.reason}, ensure_ascii=False)


def read_answer(body: str) -> ChildDone | ChildFailed:
    """Return what a child says to its parent, from JSON."""
    said = json.loads(body)
    return ChildDone(said["done"]) if "done" in said else ChildFailed(said["failed"])


def _rank(row: Owed) -> tuple[bool, int]:
    """Return when a message is said: in the order of the numbers, but for those of an end."""
    return row.name in (CANCEL, PARENT), row.number


def shown(configuration: tuple[str, ...], most: int = LONGEST_VALUE) -> list[str]:
    """Return the active states that a search attribute has room for, in document order.

    Innermost states come first: the outer ones follow from them.

    >>> shown(("work", "work.a", "work.b"), most=20)
    ['work.a', 'work.b']
    """
    sizes = {state: len(json.dumps(state)) + 1 for state in configuration}
    room = most - 1 - sum(sizes.values())
    if room < 0:
        outer = {state.rpartition(".")[0] for state in configuration}
        by_worth = sorted(configuration, key=lambda one: (one in outer, -one.count(".")))
        while room < 0:
            room += sizes.pop(by_worth.pop())
    return [*sizes]


def memo_of(parent: tuple[str, int, str] | None) -> dict[str, Any] | None:
    """Return the memo of a run: whose child it is."""
    return None if parent is None else {"statecharts:parent": [*parent[:2]]}


def attributes_of(chart: str) -> TypedSearchAttributes:
    """Return the search attributes that a run begins with."""
    return TypedSearchAttributes([SearchAttributePair(CHART, chart)])
