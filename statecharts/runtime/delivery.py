"""Delivery: carries out what runs owe to the outside, and fires their timers.

It takes only effects that it has claimed. A new effect is claimed in the commit that owes it, by
the runtime that will carry it out; what nobody has claimed, or whose claim is over because its
process has died, is claimed from the store. A claim is renewed for as long as its handler runs.

What a process had claimed that has died may be what it died of: before it is begun again, the
attempt is counted on disk. If that process dies as well, the attempt has failed, and the next one
comes after a wait, and with no other such beside it.

An effect is acknowledged by the commit that its outcome makes: the answer to a call, or the removal
of the row. Whatever dies before that commit is done again, under the same key.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any, Final, TypeVar, final

from attrs import define

from statecharts.model.errors import StatechartError
from statecharts.model.events import wire_name
from statecharts.runtime.attempts import (
    DIED,
    attempt_once,
    done,
    failed,
    given_of,
    is_stopped,
    judge,
    judge_death,
)
from statecharts.runtime.between import LOG
from statecharts.runtime.clock import microseconds
from statecharts.runtime.commit import BETWEEN, UNDO, Draft, Program, storable
from statecharts.runtime.handlers import Attempted, Handler, Task
from statecharts.runtime.operations import Operations
from statecharts.runtime.workers import has_died, worker_name
from statecharts.runtime.writer import Job
from statecharts.store.rows import LONGEST_CLAIM, PAUSED, Head, Owed

T = TypeVar("T")

LEASE: Final = timedelta(seconds=30)
"""The time for which a claim holds without being renewed."""

POLL: Final = 0.05
"""Seconds between two looks at what other processes have written."""

ROUND: Final = 1.0
"""Seconds between two looks at whether other workers are alive."""

MOST: Final = 1_000
"""Messages between runs that one process takes over at once."""

IN_LINE: Final = 4
"""Effects that are claimed for each that a handler may carry out at once; the others are next."""

ENDING: Final = 5.0
"""Seconds that a handler has to end in once it is cancelled, after its grace."""

_EVER: Final = 1 << 62

Key = tuple[str, int]
"""The key of a run and the number of an effect."""


@define(eq=False)
class _Attempt:
    """A handler at work."""

    work: asyncio.Task[None]
    task: Task[Any] | None = None
    """The task that was passed to its handler; None until the handler is called."""
    answering: bool = False
    again: bool = False


@final
class Delivery:
    """Carries out the effects of the runs of a store, in an event loop.

    Args:
        operations: The runs.
        handlers: The handlers, by class of effects.
        submit: Puts a job in line, and returns its answer once it is on disk.
        lease: The time for which a claim holds.
        observe: Gets each attempt when it is over.
    """

    def __init__(
        self,
        operations: Operations,
        handlers: dict[type, Handler],
        submit: Callable[[Job[Any]], Awaitable[Any]],
        lease: timedelta = LEASE,
        observe: Callable[[Attempted], None] = lambda _: None,
    ) -> None:
        self.worker = worker_name()
        self._operations = operations
        self._store = operations.store
        self._submit = submit
        self._observe = observe
        self._lease = min(lease, timedelta(microseconds=LONGEST_CLAIM))
        self._handlers = {wire_name(cls): handler for cls, handler in handlers.items()}
        self._handlers |= {
            f"{UNDO}{name}": handler.undo
            for name, handler in self._handlers.items()
            if handler.undo is not None
        }
        self._names = frozenset(
            (chart, name) for chart in operations.programs for name in (*self._handlers, *BETWEEN)
        )
        self._gates = {
            name: asyncio.Semaphore(handler.at_once) for name, handler in self._handlers.items()
        }
        self._alone = asyncio.Semaphore(1)
        self._room = {name: IN_LINE * one.at_once for name, one in self._handlers.items()}
        self._working: Counter[str] = Counter()
        self._claimed: Counter[str] = Counter()
        self._batch = 0
        self._behind: set[str] = set()
        """The kinds of effects of which there may be more in the store than there is room for."""
        self._attempts: dict[Key, _Attempt] = {}
        self._woken = asyncio.Event()
        self._closing = False
        self._planned = 0
        self._busy = False
        self._loops: list[asyncio.Task[None]] = []
        self._loop = asyncio.get_running_loop()

    # -- what the writer asks and tells, in its thread ---------------------------------------------

    def claim(self, chart: str, row: Owed) -> tuple[str, int] | None:
        """Claim a new effect, if this process can carry it out now."""
        name = row.name
        if self._closing or (chart, name) not in self._names:
            return None
        batch = self._operations.writer.batch
        if batch != self._batch:  # what the last one claimed is at work by now, or was never owed
            self._batch = batch
            self._claimed.clear()
        if name in self._behind or self._working[name] + self._claimed[name] >= self._room[name]:
            self._behind.add(name)  # others have waited for longer
            return None
        self._claimed[name] += 1
        return self.worker, self._until()

    def _until(self) -> int:
        return microseconds(self._operations.now() + self._lease)

    # -- in the loop -------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to deliver."""
        self._loops = [
            asyncio.create_task(self._deliver()),
            asyncio.create_task(self._watch()),
            asyncio.create_task(self._renew()),
            asyncio.create_task(self._bury()),
        ]

    def committed(self, draft: Draft) -> None:
        """Take note of a commit: what is not owed any more is cancelled, what is new is begun."""
        run, status = draft.run, draft.head.status
        if draft.stuck:
            LOG.error("%s: stuck on %s: %s", run, draft.head.blocked, draft.head.reason)
        for number in draft.cancelled:
            self._stop((run, number))
        if status in PAUSED:
            self.stop(run)
        due = draft.next_timer
        wake = due is not None and due < self._planned
        for row in draft.fresh:
            if not row.held:
                wake = wake or self._has_room(row.name)
            elif row.worker == self.worker and draft.is_new(row.number):
                self._begin(run, row)
        if wake:
            self._woken.set()

    def stop(self, run: str) -> None:
        """Stop what is at work for a run that is paused, or was removed."""
        for key in [key for key in self._attempts if key[0] == run]:
            self._stop(key)

    def _stop(self, key: Key) -> None:
        attempt = self._attempts.get(key)
        if attempt is not None and not attempt.answering:
            if attempt.task is not None:
                attempt.task.cancel()
            attempt.work.cancel()

    def _begin(self, run: str, row: Owed, *, lost: bool = False) -> None:
        """Carry out an effect, or do so once the attempt at it that is under way is over.

        Args:
            run: The key of the run.
            row: The effect.
            lost: Whether somebody had claimed it before, and has died.
        """
        key = (run, row.number)
        if self._closing:
            return
        if key in self._attempts:  # an attempt from before a pause comes to its end first
            self._attempts[key].again = True
            return
        # A context of its own: a handler must not see what the sender of an event has set.
        doing = self._carry_out(run, row, lost=lost)
        work = self._loop.create_task(doing, context=contextvars.Context())
        self._attempts[key] = _Attempt(work)
        self._working[row.name] += 1
        work.add_done_callback(lambda _: self._finished(key, row.name))

    def _has_room(self, name: str) -> bool:
        """Tell whether more effects of a kind could be carried out soon."""
        return self._working[name] <= self._room.get(name, MOST) // IN_LINE

    def _finished(self, key: Key, name: str) -> None:
        self._working[name] -= 1
        attempt = self._attempts.pop(key)
        if attempt.again and not self._closing:  # it may be owed still: let it be claimed anew
            work = self._loop.create_task(self._give_back(*key))
            self._attempts[key] = _Attempt(work, answering=True)
            work.add_done_callback(lambda _: self._free(key))
        elif name in self._behind and self._has_room(name):
            self._woken.set()

    def _free(self, key: Key) -> None:
        del self._attempts[key]
        self._woken.set()

    async def _deliver(self) -> None:
        """Fire what is due and claim what is free, for ever."""
        while not self._closing:
            self._woken.clear()
            self._busy, self._planned = True, _EVER
            try:
                until = await self._once()
            except Exception as error:  # whatever it is, it is tried again
                LOG.warning("nothing can be claimed: %s", error)
                until = self._operations.now() + timedelta(seconds=1)  # the store may be back then
            finally:
                self._busy = False
            self._planned = microseconds(until)
            await self._operations.clock.sleep(until, self._woken)

    async def _once(self) -> Any:
        now = self._operations.now()
        at = microseconds(now)
        programs = self._operations.programs
        due = await asyncio.to_thread(self._store.due, at, programs, MOST)
        if due:
            runs = dict.fromkeys(run for run, _ in due)
            jobs = [self._submit(self._operations.fire(run)) for run in runs]
            ends = await asyncio.gather(*jobs, return_exceptions=True)
            if all(isinstance(end, BaseException) for end in ends):
                return now + timedelta(seconds=1)  # the store may be back then
            self._woken.set()
        for room, names in self._rooms().items():
            pairs = [(chart, name) for chart in programs for name in names]
            free = await asyncio.to_thread(
                self._store.claim, self.worker, at, self._until(), pairs, room
            )
            for run, row, lost in free:
                if row.name in BETWEEN:
                    with contextlib.suppress(StatechartError):  # tried again once the claim is over
                        await self._submit(self._operations.between.take_over(run, row))
                else:
                    self._begin(run, row, lost=lost)
            if len(free) == room:
                self._behind.update(names)
                self._woken.set()
            else:
                self._behind.difference_update(names)
        later = await asyncio.to_thread(self._operations.due_in, now)
        return now + timedelta(days=1) if later is None else later

    def _rooms(self) -> dict[int, list[str]]:
        """Return the kinds of effects that there is room for, by how many of each."""
        rooms: dict[int, list[str]] = {}
        if self._operations.programs:
            for name, most in self._room.items():
                if self._has_room(name):
                    rooms.setdefault(most - self._working[name], []).append(name)
            rooms.setdefault(MOST, []).extend(BETWEEN)
        return rooms

    async def _watch(self) -> None:
        """Look whether other processes have written, and stop what they have taken back."""
        token = self._store.token()
        while not self._closing:
            await asyncio.sleep(POLL)
            with contextlib.suppress(Exception):  # it is tried again
                found = await asyncio.to_thread(self._store.token)
                if found != token:
                    token = found
                    self._woken.set()
                    at_work = [key for key, one in self._attempts.items() if one.task is not None]
                    await self._stop_but(partial(self._store.held, self.worker), at_work)

    async def _bury(self) -> None:
        """Give back what workers had claimed that have died on this machine."""
        while not self._closing:
            with contextlib.suppress(Exception):  # it is tried again
                count = await asyncio.to_thread(self._store.forsake, has_died)
                if count:
                    effects = "1 effect is" if count == 1 else f"{count} effects are"
                    LOG.warning("%s taken over from workers that have died", effects)
                    self._woken.set()
            await asyncio.sleep(ROUND)

    async def _renew(self) -> None:
        """Keep the claims whose handlers are at work; stop those that somebody else has."""
        while not self._closing:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            with contextlib.suppress(Exception):  # it is tried again
                renew = partial(self._store.renew, self.worker, self._until())
                await self._stop_but(renew, list(self._attempts))

    async def _stop_but(self, keep: Callable[[list[Key]], set[Key]], held: list[Key]) -> None:
        """Stop attempts, but for those that the store keeps for this worker."""
        if held:
            kept = await asyncio.to_thread(keep, held)
            for key in held:
                if key not in kept:
                    self._stop(key)

    # -- one effect --------------------------------------------------------------------------------

    async def _carry_out(self, run: str, row: Owed, *, lost: bool) -> None:
        handler = self._handlers[row.name]
        act: Callable[[Draft], None]
        counted = row.reason == DIED
        alone = self._alone if counted and row.attempts > 1 else contextlib.nullcontext()
        try:
            async with alone, self._gates[row.name]:
                try:
                    live = self._operations.writer.live(run)
                    head = live.head
                    program = self._operations.writer.program(head)
                except StatechartError as error:  # no attempt yet; it is claimed again
                    LOG.warning("%s/%d %s: not tried: %s", run, row.number, row.name, error)
                    return
                if row.number not in live.owed or head.status in PAUSED:
                    return  # it was taken back, or pauses, while this waited for its turn
                if lost and counted:
                    await self._record(head, row, self._death(program, run, row, handler))
                    return
                if (lost or counted) and not await self._count(head, row):
                    return
                began, clock = self._operations.now(), self._loop.time()
                failed: BaseException | None = None
                again: timedelta | None = None
                try:
                    outcome = await self._attempt(handler, program, run, row)
                except (Exception, asyncio.CancelledError) as error:
                    if is_stopped(error):
                        raise
                    failed = error
                    act, again = self._failure(program, run, row, handler, error)
                else:
                    act = partial(self._done, row=row, outcome=outcome)
                took = timedelta(seconds=self._loop.time() - clock)
                key, attempt = f"{run}/{row.number}", row.attempts + 1
                said = (run, program.name, key, row.name, attempt, began, took, failed, again)
                self._observe(Attempted(*said))
        except asyncio.CancelledError:
            if self._closing:
                await asyncio.shield(self._give_back(run, row.number))
            raise
        await self._record(head, row, act)

    async def _count(self, head: Head, row: Owed) -> bool:
        """Count an attempt before it is made, for if its process dies; tell whether to make it."""

        def count(draft: Draft) -> bool:
            said = {"attempts": row.attempts + 1, "reason": DIED}
            return draft.note(row.number, **said, worker=self.worker, until=self._until())

        try:
            return bool(await self._submit(Job(head.run, _if_same(head, count))))
        except StatechartError as error:  # the claim runs out, and it is tried again
            LOG.warning("%s/%d %s: not tried: %s", head.run, row.number, row.name, error)
            return False

    async def _attempt(self, handler: Handler, program: Program, run: str, row: Owed) -> Any:
        given, number = given_of(program, row)
        key = f"{run}/{number}"
        task: Task[Any] = Task(key, run, row.call, row.attempts + 1, self, self._loop)
        attempt = self._attempts.get((run, row.number))
        if attempt is not None:
            attempt.task = task
        return await attempt_once(handler, given, task)

    async def _record(self, head: Head, row: Owed, act: Callable[[Draft], None]) -> None:
        run = head.run
        attempt = self._attempts.get((run, row.number))
        if attempt is not None:
            attempt.answering = True
        try:
            await asyncio.shield(self._submit(Job(run, _if_same(head, act))))
        except Exception as error:  # the claim runs out, and it is tried again
            LOG.warning("%s/%d %s: outcome not written: %s", run, row.number, row.name, error)

    def _failure(
        self, program: Program, run: str, row: Owed, handler: Handler, error: BaseException
    ) -> tuple[Callable[[Draft], None], timedelta | None]:
        """Log a failed attempt; return what writes it, and the wait until the next one, if any."""
        failures = row.attempts + 1
        attempt = (f"{run}/{row.number}", row.name, failures)
        reason, wait = judge(
            error, handler, lambda: given_of(program, row)[0], attempt, storable, LOG
        )
        return partial(self._failed, row=row, failures=failures, reason=reason, wait=wait), wait

    def _death(
        self, program: Program, run: str, row: Owed, handler: Handler
    ) -> Callable[[Draft], None]:
        """Log an attempt that has ended with its process; return what writes it."""
        key, effect = f"{run}/{row.number}", lambda: given_of(program, row)[0]
        reason, wait = judge_death(handler, effect, key, row, LOG)
        return partial(self._failed, row=row, failures=row.attempts, reason=reason, wait=wait)

    def _done(self, draft: Draft, row: Owed, outcome: Any) -> None:
        done(draft, row, outcome, self._operations.now())

    def _failed(
        self, draft: Draft, row: Owed, failures: int, reason: str, wait: timedelta | None
    ) -> None:
        failed(draft, row, failures, reason, wait, self._operations.now())

    def report(self, task: Task[Any], event: Any) -> None:
        """Take an answer that does not end the call; from any thread but the loop's."""
        if task.call is None:
            found = "only calls are answered"
            raise StatechartError("SC828", task.key, found, "Derive the effect from Call")
        job = self._operations.answer(task.run, task.call, event, last=False)
        self._operations.writer.do(job, inner=True)

    async def _give_back(self, run: str, number: int) -> None:
        attempt = self._attempts.get((run, number))
        begun = attempt is None or attempt.answering or attempt.task is not None
        release = partial(self._store.release, self.worker, [(run, number)], begun=begun)
        with contextlib.suppress(StatechartError):
            await asyncio.to_thread(release)

    # -- the end -----------------------------------------------------------------------------------

    @property
    def idle(self) -> bool:
        """Whether no handler is at work, and nothing is due."""
        return not self._attempts and not self._busy and not self._woken.is_set()

    async def close(self, grace: timedelta) -> None:
        """Stop: take nothing new, give handlers some time, and give the rest back."""
        self._closing = True
        self._woken.set()
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        works = {attempt.work: key for key, attempt in self._attempts.items()}
        if works:
            await asyncio.wait(works, timeout=grace.total_seconds())
        left = [work for work in works if not work.done()]
        for work in left:
            work.cancel()
        if left:
            _, left_over = await asyncio.wait(left, timeout=ENDING)
            for work in left_over:
                run, number = works[work]
                LOG.warning("%s/%d: its handler goes on though it was cancelled", run, number)
                await self._give_back(run, number)


def _if_same(head: Head, act: Callable[[Draft], T]) -> Callable[[Draft], T | None]:
    """Return what acts on a run, unless that was removed and started anew in the meantime."""
    return lambda draft: act(draft) if draft.head.began == head.began else None
