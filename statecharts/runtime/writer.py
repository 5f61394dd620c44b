"""The writer: takes what is to be done to runs, many at once, and commits them together.

Whoever has something to write puts it in line. One thread at a time holds the pen: it takes all
that is in line, works out the drafts, and writes them in one transaction. A lone sender therefore
commits in its own thread; while one commits, others wait in line, and go together next. They do not
wait for the pen itself, which would pass through all their hands: each has a bell of its own.

Runs are kept in memory between commits. Another process may have written meanwhile: every commit
compares the fence of the head, and a draft that misses is worked out again from what is stored.
"""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Generic, Protocol, TypeVar, final

from attrs import define, evolve, field

from statecharts.model.errors import StatechartError
from statecharts.runtime.clock import microseconds
from statecharts.runtime.commit import BETWEEN, Claim, Draft, Live, Program, revived, storable
from statecharts.runtime.errors import (
    BusyError,
    RunExistsError,
    UnknownRunError,
    unknown_chart,
)
from statecharts.store.chain import sealed, summed
from statecharts.store.errors import StoreError, UnstorableError
from statecharts.store.forks import watch
from statecharts.store.port import Store
from statecharts.store.rows import Change, Head, Owed, Run, Status

T = TypeVar("T")

HOPS: Final = 1_000
"""Commits that one sender makes at most for what its event lets runs say to each other."""

PASSING: Final = timedelta(seconds=5)
"""The time after which what a dead process has not passed on to another run is free."""

BATCH: Final = 512
"""Jobs that are written in one transaction at most."""

KEPT: Final = 10_000
"""Runs that are kept in memory at most."""

LINE: Final = 10_000
"""Jobs that may wait in line."""


@final
@define(eq=False)
class Job(Generic[T]):
    """Something to do to one run.

    Attributes:
        run: Its key.
        act: Does it to a draft, and returns the answer.
        program: The chart of a run that may have to be started; None when it must exist.
        alone: Whether it reads the history, and so needs all that comes before it on disk.
        tell: Is told, in the writer's thread, that the job is done.
        bell: Is held by the thread that waits for it, until `ring`.
        wanted: Whether anybody still waits for it; one that nobody waits for is not begun.
        done: Whether its answer is on disk, or its error is known.
        answer: The answer.
        error: The error.
    """

    run: str
    act: Callable[[Draft], T]
    program: Program | None = None
    alone: bool = False
    tell: Callable[[Job[Any]], object] | None = None
    bell: threading.Lock | None = None
    wanted: bool = True
    done: bool = False
    answer: Any = None
    error: BaseException | None = None

    def finish(self) -> None:
        """Say that it is done."""
        self.done = True
        if self.tell is not None:
            self.tell(self)
        self.ring()

    def ring(self) -> None:
        """Let the thread that waits look again; ringing twice is harmless."""
        if self.bell is not None:
            with contextlib.suppress(RuntimeError):
                self.bell.release()


class Carrier(Protocol):
    """Carries over what runs owe to each other (see `statecharts.runtime.between`)."""

    def passed(self, sender: Draft, row: Owed) -> Job[Any]:
        """Return the job of the recipient, after the commit that owes it."""
        ...

    def job(self, sender: Draft, row: Owed) -> Job[Any]:
        """Return the job of the recipient alone."""
        ...

    def settle(self, draft: Draft, row: Owed, outcome: Any) -> None:
        """Note at the sender what came of it."""
        ...


@define(eq=False)
class _Batch:
    """The drafts that are to be written in one transaction.

    Attributes:
        careful: The runs of which each snapshot is looked at, as one of them cannot be written.
        apart: The runs that are written alone, as something went wrong when they were not.
        drafts: The drafts, by the keys of their runs.
        held: The runs with jobs that have to wait for the next transaction.
        together: The runs that have said something to each other; all are written, or none.
        said: How many times one has.
    """

    careful: set[str]
    apart: set[str]
    drafts: dict[str, Draft] = field(factory=dict)
    held: set[str] = field(factory=set)
    together: set[str] = field(factory=set)
    said: int = 0


@final
class Writer:
    """Writes runs to a store.

    Args:
        store: The store.
        programs: The charts, by name.
        listener: Gets the draft of each run that was written, after the commit, in order.
        now: Tells the time.

    Attributes:
        batch: The number of the transaction that is being worked out.
    """

    def __init__(
        self,
        store: Store,
        programs: Mapping[str, Program],
        listener: Callable[[Draft], None] = lambda _: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.now = now
        self.store = store
        self.programs = programs
        self.listener = listener
        self.claim: Claim = lambda *_: None
        self.between: Carrier | None = None
        self._begin()
        watch(self)

    def _begin(self) -> None:
        """Begin with an empty line, and nothing in memory."""
        self.name = uuid.uuid4().hex
        self._said = 0
        self.batch = 0
        self._passing: set[tuple[str, int]] = set()
        self._inner: deque[Job[Any]] = deque()
        self._outer: deque[Job[Any]] = deque()
        self._pen = threading.RLock()
        self._turn = threading.Lock()
        self._writing = 0
        self._kept: OrderedDict[str, Live] = OrderedDict()
        self._token = -1  # no store's: it is asked before anything is done

    def before_fork(self) -> None:
        """Do nothing: what is in line is the business of this process."""

    def after_fork(self, *, child: bool) -> None:
        """Leave to the old process what is in line; its threads are not in the new one."""
        if child:
            self._begin()

    # -- the line ----------------------------------------------------------------------------------

    def put(self, job: Job[T], *, inner: bool = False) -> Job[T]:
        """Put a job in line.

        Args:
            job: The job.
            inner: Whether it comes from the runs' own calls; these go before what others send.

        Raises:
            BusyError: The line is full (SC826).
        """
        if inner:
            self._inner.append(job)
            return job
        if len(self._outer) >= LINE:
            found = f"{LINE:,} events are waiting to be written"
            raise BusyError("SC826", job.run, found, "Send more slowly, or wait and send again")
        self._outer.append(job)
        return job

    def do(self, job: Job[T], *, inner: bool = False) -> T:
        """Do a job, and return its answer once it is on disk.

        What its run then says to other runs has been said by then, but for an endless circle.
        """
        if self._writing == threading.get_ident():  # from inside of a commit
            self.put(job, inner=inner)
            while not job.done:
                self.drain()
        else:
            job.bell = bell = threading.Lock()
            bell.acquire()
            self.put(job, inner=inner)
            while not job.done:
                if self._turn.acquire(blocking=False):
                    self._take_turn(job)
                else:  # who has the turn rings when the job is done, or else when the turn is over
                    bell.acquire()
            said = 0
            while self._passing and not self.idle and said < HOPS:
                with self._turn:
                    self.drain()
                    said += 1 + self._said
                self._give_turn()
        if job.error is not None:
            raise job.error
        answer: T = job.answer
        return answer

    def _take_turn(self, job: Job[Any]) -> None:
        """Write until a job is done; then let one of those that wait have the turn."""
        try:
            while not job.done:
                self.drain()
        finally:
            self._turn.release()
            self._give_turn()

    def _give_turn(self) -> None:
        """Let one of those that wait have the turn."""
        with contextlib.suppress(IndexError):  # nobody waits, or somebody else has taken it
            (self._inner or self._outer)[0].ring()

    # -- from run to run ---------------------------------------------------------------------------

    def _claimed(self, chart: str, row: Owed) -> tuple[str, int] | None:
        if row.name not in BETWEEN:
            return self.claim(chart, row)
        return None if self.between is None else (self.name, microseconds(self.now() + PASSING))

    def _say(self, draft: Draft, batch: _Batch) -> None:
        """Let other runs hear what a run says to them, and what they then say, in one commit."""
        line = deque([draft])
        while line:
            sender = line.popleft()
            for row in sender.outgoing():
                carrier = self.between
                if carrier is None or batch.said >= HOPS or sender.run in batch.apart:
                    sender.say_later(row.number)
                    continue
                job = carrier.job(sender, row)
                if job.run in batch.apart or job.run in batch.held:
                    sender.say_later(row.number)
                    continue
                batch.said += 1
                batch.together.add(sender.run)
                try:
                    recipient = self._draft(job, batch)
                    outcome = job.act(recipient)
                except Exception as error:  # whatever it is, the sender owes it still
                    outcome = error
                else:
                    batch.together.add(job.run)
                    line.append(recipient)
                carrier.settle(sender, row, outcome)
                line.append(sender)

    def _pass_on(self, draft: Draft) -> None:
        """Put in line what a run that was written still owes to other runs, in order."""
        for row in draft.outgoing():
            if row.worker != self.name or self.between is None:
                continue
            self._passing.add((draft.run, row.number))
            self.put(self.between.passed(draft, row), inner=True)

    def passed_on(self, run: str, number: int) -> None:
        """Note that nothing more is under way for what a run owes to another."""
        self._passing.discard((run, number))

    def drain(self) -> bool:
        """Write what is in line, up to `BATCH` jobs; tell whether more is there."""
        with self._pen:
            outer, self._writing = self._writing, threading.get_ident()
            jobs: list[Job[Any]] = []
            while len(jobs) < BATCH and (self._inner or self._outer):
                job = (self._inner or self._outer).popleft()
                if job.wanted:
                    jobs.append(job)
            try:
                self._write(jobs)
            except BaseException as error:  # whatever it is, nobody is to wait for ever
                _fail(jobs, {job.run for job in jobs}, error)
                if not isinstance(error, Exception):
                    raise
            finally:
                self._writing = outer
            return not self.idle

    def _write(self, jobs: list[Job[Any]]) -> None:
        left = jobs
        careful: set[str] = set()
        apart: set[str] = set()
        self._said = 0
        while left:
            self._look()
            self.batch += 1
            batch = _Batch(careful, apart)
            now: list[Job[Any]] = []
            later: list[Job[Any]] = []
            for job in left:
                job.answer = job.error = None
                held = job.run in batch.held
                try:
                    draft = None if held else self._draft(job, batch)
                    if draft is None or (job.alone and draft.dirty):
                        batch.held.add(job.run)
                        later.append(job)
                        continue
                    job.answer = job.act(draft)
                    if self.store.joint:
                        self._say(draft, batch)
                except Exception as error:
                    job.error = error
                now.append(job)
            self._said += batch.said
            left = [*self._commit(now, batch), *later]

    def _draft(self, job: Job[Any], batch: _Batch) -> Draft:
        draft = batch.drafts.get(job.run)
        if draft is None or not draft.exists:
            live = self._live(job.run)
            program = job.program
            if live is not None:
                program = self.program(live.head)
            if program is None:
                raise unknown(job.run)
            careful = job.run in batch.careful
            draft = Draft(program, live, job.run, self._claimed, self._passing, careful=careful)
            if live is not None and live.head.version < program.protocol.version:
                draft.migrate(self.now())
            batch.drafts[job.run] = draft
        return draft

    def _commit(self, jobs: list[Job[Any]], batch: _Batch) -> list[Job[Any]]:
        """Write drafts, and finish their jobs.

        Returns:
            The jobs that have to be done again: somebody else has written their run, or it holds
            what cannot be written, and it has to be seen which of them brought it there.
        """
        stale: set[str] = set()
        made = self._changes(jobs, batch, stale)
        together = sum(1 for draft, _, _ in made if draft.run in batch.together)
        written = self._written([change for _, change, _ in made], together)
        for (draft, _, live), done in zip(made, written, strict=True):
            if done is True:
                self._keep(live)
                self.listener(draft)
                self._pass_on(draft)
                continue
            self._kept.pop(draft.run, None)
            if not isinstance(done, Exception):
                stale.add(draft.run)
            elif draft.run in batch.together and not _of_store(done):
                batch.apart |= batch.together  # then it is seen whose fault it is
                stale |= batch.together
            else:
                _fail(jobs, {draft.run}, done)
        again = []
        for job in jobs:
            if job.run in stale:
                again.append(job)
            elif not job.done:
                job.finish()
        return again

    def _changes(
        self, jobs: list[Job[Any]], batch: _Batch, stale: set[str]
    ) -> list[tuple[Draft, Change, Live]]:
        """Return what is to be written of each draft, first of those that belong together.

        Args:
            jobs: The jobs; those whose drafts cannot be written for good have failed then.
            batch: The drafts.
            stale: Gets the runs whose jobs have to be done again.
        """
        made: list[tuple[Draft, Change, Live]] = []
        dirty = [draft for draft in batch.drafts.values() if draft.dirty]
        for draft in sorted(dirty, key=lambda draft: draft.run not in batch.together):
            try:
                made.append((draft, *draft.change()))
            except StatechartError as error:  # its snapshot holds what JSON cannot carry
                if draft.careful and draft.run not in batch.together:
                    _fail(jobs, {draft.run}, error)
                    continue
                batch.careful.add(draft.run)
                stale.add(draft.run)
        if stale.isdisjoint(batch.together):
            return made
        batch.apart |= batch.together
        stale |= batch.together
        return [one for one in made if one[0].run not in batch.together]

    def _written(self, changes: list[Change], together: int) -> list[bool | Exception]:
        """Write changes; return of each whether it was written, or why it could not be.

        Args:
            changes: The changes.
            together: How many of the first belong together.
        """
        try:
            written = self.store.write(changes, together) if changes else []
        except Exception as error:
            first = together or 1
            if _of_store(error) or len(changes) == first:
                return [error] * len(changes)
            rest = (self._written([change], 0)[0] for change in changes[first:])
            return [*self._written(changes[:first], together), *rest]
        if changes:
            self._token += 1  # what somebody else has written comes on top of that
        return [*written]

    @property
    def idle(self) -> bool:
        """Whether no job is in line."""
        return not self._inner and not self._outer

    @property
    def resting(self) -> bool:
        """Whether no job is in line or being written, and nothing is on its way between runs."""
        return self.idle and not self._writing and not self._passing

    # -- runs in memory ----------------------------------------------------------------------------

    def program(self, head: Head) -> Program:
        """Return the chart of a run.

        Raises:
            RunError: It is not one of the charts here (SC829).
        """
        program = self.programs.get(head.chart)
        if program is None:
            remedy = f"Name {head.chart} when you open the store"
            raise unknown_chart(head.run, f"its chart {head.chart}", self.programs, remedy)
        return program

    def live(self, run: str) -> Live:
        """Return a run as it is now; not to be changed.

        Raises:
            UnknownRunError: There is none of that key (SC822).
        """
        with self._pen:
            self._look()
            live = self._live(run)
        if live is None:
            raise unknown(run)
        return live

    def _look(self) -> None:
        """Forget the runs in memory if somebody else has written."""
        token = self.store.token()
        if token != self._token:
            self._kept.clear()
            self._token = token

    def _live(self, run: str) -> Live | None:
        live = self._kept.get(run)
        if live is None:
            stored = self.store.read(run)
            if stored is None:
                return None
            live = self._revived(stored)
            self._keep(live)
        else:
            self._kept.move_to_end(run)
        return live

    def _revived(self, stored: Run) -> Live:
        program = self.program(stored.head)
        try:
            return revived(program, stored)
        except StatechartError as error:
            if stored.head.version <= program.protocol.version:  # a newer one is for others to read
                self._stick(stored, error)
            raise

    def _stick(self, stored: Run, error: StatechartError) -> None:
        """Mark a run whose snapshot cannot be read as stuck, so that it is seen."""
        head, reason = stored.head, storable(str(error))
        if head.status == Status.STUCK and head.reason == reason:
            return
        if head.status == Status.CANCELLED or (head.status == Status.ENDED and not stored.owed):
            return  # nothing goes on there, but for what an ended run still owes
        marked = evolve(head, status=Status.STUCK, reason=reason, blocked="", epoch=head.epoch + 1)
        self.store.write([Change(sealed(marked), head.fence)])
        self._token += 1

    def _keep(self, live: Live) -> None:
        self._kept[live.head.run] = live
        self._kept.move_to_end(live.head.run)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def prune(self, run: str, before: int) -> int:
        """Forget entries before a number, as far as a checkpoint allows; return the first left."""
        while True:
            head = self.live(run).head
            kept = self.store.checkpoint(run, min(before, head.sequence))
            if kept is None or kept.sequence <= head.cut:
                return head.cut
            first = kept.sequence
            previous = self.store.entries(run, first - 2, 1)[0].link
            gone = [one for one in self.store.checkpoints(run) if one.sequence < first]
            cut = evolve(
                head,
                cut=first,
                cut_link=previous,
                epoch=head.epoch + 1,
                total=summed(head.total, (), gone),
            )
            done = self.store.prune(Change(sealed(cut), head.fence), first)
            with self._pen:
                self._kept.pop(run, None)
            if done:
                return first


def unknown(run: str) -> UnknownRunError:
    """Return the error for a key that no run has."""
    found = "there is no run of that key"
    return UnknownRunError("SC822", run, found, "Start it, or see which there are: list()")


def existing(run: str) -> RunExistsError:
    """Return the error for a key that a run has already."""
    remedy = "Choose another key, or pass exist_ok=True"
    return RunExistsError("SC821", run, "a run of that key exists already", remedy)


def _of_store(error: Exception) -> bool:
    """Tell whether an error is the store's own, and not that of one of the changes."""
    return isinstance(error, StoreError) and not isinstance(error, UnstorableError)


def _fail(jobs: list[Job[Any]], runs: set[str], error: BaseException) -> None:
    for job in jobs:
        if job.run in runs and not job.done:
            job.error = job.error or error
            job.finish()
