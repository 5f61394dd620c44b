"""The runtime: runs charts, for asynchronous code, and carries out what they ask for."""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeVar, final, overload

from statecharts.model.arguments import FUNCTION, SPAN, WAIT, check, optional
from statecharts.model.chart import Declaration
from statecharts.model.errors import StatechartError
from statecharts.model.events import wire_name
from statecharts.runtime.attempts import tell
from statecharts.runtime.between import LOG
from statecharts.runtime.clock import Clock, SystemClock
from statecharts.runtime.commit import Draft, Happened, Taken
from statecharts.runtime.delivery import LEASE, POLL, Delivery
from statecharts.runtime.errors import RunError, not_entered_so
from statecharts.runtime.handlers import Attempted, Handlers, table
from statecharts.runtime.migration import Outlook
from statecharts.runtime.operations import IDS, Address, Operations, classes_of, late, seconds_of
from statecharts.runtime.runs import Present
from statecharts.runtime.writer import Job
from statecharts.semantics.snapshot import Snapshot
from statecharts.store.chain import Damage
from statecharts.store.port import Store
from statecharts.store.rows import Head

E = TypeVar("E")
C = TypeVar("C")
T = TypeVar("T")

Observer = Callable[[Happened | Attempted], None]
"""Gets each step of each run after the commit, and each attempt of a handler when it is over."""

Subscriber = Callable[[Happened], None]
"""Gets each step of each run, after the commit."""


@final
class LiveRun(Present[E, C]):
    """A run, for asynchronous code."""

    def __init__(self, runtime: Runtime, key: str) -> None:
        super().__init__(runtime._operations, key)
        self._runtime = runtime

    async def send(self, event: E, *, id: str | None = None, connection: Any = None) -> Taken:
        """Send an event; when this returns, it is on disk.

        Args:
            event: The event.
            id: A name for this request. The same name is taken once: sent again, it gets the
                same answer, and nothing happens.
            connection: A connection of SQLAlchemy to the same database, in a transaction of the
                caller: the event is taken if and when that is committed.

        Raises:
            StatechartError: It cannot be taken; nothing has changed.
        """
        if connection is not None:
            inner = self._operations.within(connection, self.key)
            job = inner.send(self.key, event, id)
            return await asyncio.to_thread(inner.writer.do, job)
        return await self._do(self._operations.send(self.key, event, id))

    async def answer(
        self, call: str, event: E, *, last: bool = True, keep: Iterable[bytes] = ()
    ) -> Taken:
        """Answer a call; `handled` is False when it is not under way any more.

        Args:
            call: The id of the call.
            event: The answer.
            last: Whether it ends the call.
            keep: Artifacts that are kept with the run in the same commit, if the answer is
                handled: canonical JSON, which `artifact` finds by the SHA-256 of its bytes.
        """
        return await self._do(self._operations.answer(self.key, call, event, last=last, keep=keep))

    async def fail(self, call: str, reason: str = "") -> Taken:
        """Say that a call has failed."""
        return await self._do(self._operations.fail(self.key, call, reason))

    async def cancel(self, reason: str = "") -> Taken:
        """Cancel it: by its event ``cancel`` if the chart has one, else it ends where it is."""
        return await self._do(self._operations.cancel(self.key, reason))

    async def suspend(self, reason: str = "") -> Taken:
        """Let events wait, and timers and calls pause."""
        return await self._do(self._operations.suspend(self.key, reason))

    async def resume(self) -> Taken:
        """Go on: due timers fire, and what waits is taken, in order."""
        return await self._do(self._operations.resume(self.key))

    async def retry(self) -> Taken:
        """Try again what the run is stuck on."""
        return await self._do(self._operations.retry(self.key))

    async def skip(self) -> Taken:
        """Give up what the run is stuck on."""
        return await self._do(self._operations.skip(self.key))

    async def checkpoint(self) -> Taken:
        """Keep the present snapshot, so that its history can be pruned up to here."""
        return await self._do(self._operations.checkpoint(self.key))

    async def rollback(self, *, to: int | None = None) -> Taken:
        """Take the run back to how it was after an entry of its history.

        Args:
            to: The number of the entry; None goes back by one event.

        Raises:
            RunError: There is no such entry (SC830), or an effect has been begun since then, and
                its handler has no ``undo=`` (SC834).
        """
        return await self._do(self._operations.rollback(self.key, to))

    async def prune(self, *, before: int) -> int:
        """Forget the entries before a number, as far as a checkpoint allows.

        The ids of events that are forgotten are forgotten, too: `send` would take such an id again.

        Returns:
            The number of the first entry that is left.
        """
        return await asyncio.to_thread(self._operations.prune, self.key, before)

    async def remove(self) -> None:
        """Remove the run and its history for good; what it owes is not carried out any more.

        A run that is started under its key begins anew, and so do the keys of its effects.
        """
        await asyncio.to_thread(self._operations.remove, self.key)
        self._runtime._forget(self.key)

    async def attach(self, value: Any) -> str:
        """Keep a JSON value with the run, beside its history.

        Returns:
            Its name: the SHA-256 of its canonical JSON, which `artifact` takes.

        Raises:
            StoreError: It has no canonical form (SC809).
        """
        job = await asyncio.to_thread(self._operations.attach, self.key, value)
        return await self._runtime._submit(job)

    async def wait(self, state: Any = None, *, timeout: timedelta | None = None) -> Snapshot[E, C]:  # noqa: ASYNC109 - as `Run.wait`
        """Return once the run is in a state, or over.

        Args:
            state: A state of its chart, or its id; None waits for the end.
            timeout: The longest wait, by the clock of the machine; None waits for ever.

        Raises:
            WaitError: It took too long, or can never come there (SC827).
        """
        goal = self._operations.state_id(self.key, state)
        seconds = seconds_of(self.key, timeout)
        try:
            async with asyncio.timeout(seconds):
                while not self._operations.arrived(self.key, goal):
                    await self._runtime._changed(self.key)
        except TimeoutError as error:
            if isinstance(error, StatechartError):
                raise
            raise late(self.key, goal, self._operations.live(self.key)) from None
        return self.snapshot

    async def _do(self, job: Job[Taken]) -> Taken:
        return await self._runtime._submit(job)


@final
class Runtime:
    """Runs charts on a store: keeps their runs, carries out their effects, fires their timers.

    Use it as an asynchronous context manager: on entry it goes on with what is stored, on exit it
    lets handlers come to an end for `grace`, and gives the rest back.

    Args:
        store: Its address, such as ``sqlite:///runs.db``; ``memory:`` for tests.
        charts: The charts of its runs: the classes that declare them, or a `Protocol` for a chart
            with upcasters.
        handlers: The handlers of effects and calls: a dict of classes and functions, or a list of
            what `handle` returns. A call without a handler waits until somebody says
            ``run.answer``; an effect without one stays owed, for another process.
        effects: Classes of effects that the charts emit and that have no handler here.
        clock: The clock.
        observe: Gets each step that is written here, and each attempt of a handler here, for
            metrics and logs (see `statecharts.runtime.telemetry`).
        ids: The number of last entries of a run in which `send` looks for an id.
        lease: The time for which a claim on an effect holds once its process has died.
        grace: The time that handlers get to finish at the end.
        prefix: The prefix of the table names.
        create_schema: Whether tables that are missing are made.

    Raises:
        HandlerError: A handler does not fit what it is to handle (SC828).
        ArgumentError: An argument is of the wrong kind (SC221).
        StoreError: The store cannot be opened.
    """

    def __init__(
        self,
        store: Address,
        *charts: Any,
        handlers: Handlers = (),
        effects: Iterable[type] = (),
        clock: Clock | None = None,
        observe: Observer | None = None,
        ids: int = IDS,
        lease: timedelta = LEASE,
        grace: timedelta = timedelta(seconds=10),
        prefix: str = "",
        create_schema: bool = True,
    ) -> None:
        check(
            "runtime",
            lease=(lease, SPAN),
            grace=(grace, WAIT),
            observe=(observe, optional(FUNCTION)),
        )
        self._handlers = table(handlers)
        self._lease, self._grace = lease, grace
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = os.getpid()
        self._delivery: Delivery | None = None
        self._waiters: dict[str, set[asyncio.Future[None]]] = {}
        self._observe = observe
        self._subscribers: list[Subscriber] = []
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="statecharts-writer")
        self._scheduled = False
        self._news: deque[Callable[[], None]] = deque()
        self._told = False
        self._operations = Operations(
            store,
            charts,
            effects=(*classes_of(effects), *self._handlers),
            clock=clock or SystemClock(),
            listener=self._listen,
            ids=ids,
            options={"prefix": prefix, "create": create_schema},
        )
        self._operations.undo = frozenset(
            wire_name(effect) for effect, one in self._handlers.items() if one.undo is not None
        )

    async def __aenter__(self) -> Self:
        if self._loop is not None:
            found = "the runtime has been entered already"
            raise RunError("SC832", "runtime", found, "Make another one")
        self._loop, self._process = asyncio.get_running_loop(), os.getpid()
        self._delivery = Delivery(
            self._operations, self._handlers, self._submit_inner, self._lease, self._show
        )
        try:
            await self.recover()
        except BaseException:
            await self.close()
            raise
        self._operations.writer.claim = self._delivery.claim
        self._delivery.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    if not TYPE_CHECKING:
        __enter__ = __exit__ = not_entered_so(
            "a Runtime is entered by with, and it is for asynchronous code",
            "Write: async with Runtime(…) as runtime. In synchronous code use Runs",
        )

    async def close(self) -> None:
        """Stop: let handlers come to an end for `grace`, give the rest back, close the store."""
        if self._delivery is not None:
            await self._delivery.close(self._grace)
            self._delivery = None
        # What is still on its way is passed on by the next process.
        self._operations.writer.between = None
        await asyncio.to_thread(self._pool.shutdown)
        self._operations.close()

    # -- writing -----------------------------------------------------------------------------------

    async def _submit(self, job: Job[T], *, inner: bool = False) -> T:
        """Put a job in line, and await its answer."""
        if self._delivery is None or self._process != os.getpid():
            found = "the runtime is not running in this process"
            remedy = "Use it inside: async with Runtime(…) as runtime"
            raise RunError("SC832", "runtime", found, remedy)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        hand_over = partial(_hand_over, future, job)
        if loop is self._loop:
            job.tell = lambda _: self._tell(hand_over)
        else:  # a handler in a thread may have a loop of its own
            job.tell = lambda _: _call_in(loop, hand_over)
        self._operations.writer.put(job, inner=inner)
        if not self._scheduled:
            self._scheduled = True
            self._pool.submit(self._drain)
        try:
            return await future
        finally:
            job.wanted = False

    async def _submit_inner(self, job: Job[Any]) -> Any:
        return await self._submit(job, inner=True)

    def _drain(self) -> None:
        self._scheduled = False
        while self._operations.writer.drain():
            pass

    def _listen(self, draft: Draft) -> None:
        """Take note of a commit, in the writer's thread."""
        self._tell(partial(self._committed, draft))

    def _tell(self, news: Callable[[], None]) -> None:
        """Let the loop hear of something, from the writer's thread; many things at one call."""
        self._news.append(news)
        if not self._told and self._loop is not None and not self._loop.is_closed():
            self._told = True
            self._loop.call_soon_threadsafe(self._hear)

    def _hear(self) -> None:
        self._told = False
        loop = asyncio.get_running_loop()
        while self._news:
            loop.call_soon(self._news.popleft())

    def _committed(self, draft: Draft) -> None:
        if self._delivery is not None:
            self._delivery.committed(draft)
        for waiter in self._waiters.pop(draft.run, ()):
            if not waiter.done():
                waiter.set_result(None)
        for happened in draft.happened:
            self._show(happened)
            for subscriber in tuple(self._subscribers):
                tell(subscriber, happened, LOG)

    def _forget(self, key: str) -> None:
        if self._delivery is not None:
            self._delivery.stop(key)

    def _show(self, seen: Happened | Attempted) -> None:
        if self._observe is not None:
            tell(self._observe, seen, LOG)

    async def _changed(self, key: str) -> None:
        """Return when a run has been written; now and then even without that."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            await asyncio.sleep(POLL)
            return
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiters.setdefault(key, set()).add(waiter)
        try:
            await asyncio.wait({waiter}, timeout=POLL)
        finally:
            found = self._waiters.get(key)
            if found is not None:
                found.discard(waiter)
                if not found:
                    del self._waiters[key]

    # -- runs --------------------------------------------------------------------------------------

    @overload
    async def start(
        self,
        chart: type[Declaration[E, None]],
        *,
        key: str,
        exist_ok: bool = False,
        connection: Any = None,
    ) -> LiveRun[E, None]: ...
    @overload
    async def start(
        self,
        chart: type[Declaration[E, C]],
        *,
        key: str,
        context: C,
        exist_ok: bool = False,
        connection: Any = None,
    ) -> LiveRun[E, C]: ...
    async def start(
        self,
        chart: Any,
        *,
        key: str,
        context: Any = None,
        exist_ok: bool = False,
        connection: Any = None,
    ) -> LiveRun[Any, Any]:
        """Start a run.

        Args:
            chart: One of the charts.
            key: Its key: any text.
            context: The context to begin with.
            exist_ok: Whether a run of this chart and key may be there already, and is returned.
            connection: A connection of SQLAlchemy to the same database, in a transaction of the
                caller: the run is there if and when that is committed.

        Raises:
            RunExistsError: A run of that key exists (SC821).
        """
        operations = self._operations
        if connection is not None:
            operations = operations.within(connection, key)
        job = operations.start(chart, key, context, exist_ok=exist_ok)
        if connection is not None:
            await asyncio.to_thread(operations.writer.do, job)
        else:
            await self._submit(job)
        return LiveRun(self, key)

    async def fork(
        self, key: str, *, to: str, at: int | None = None, effects: bool = False
    ) -> LiveRun[Any, Any]:
        """Start a run with the history of another one, to see what would happen.

        Args:
            key: The key of the other run.
            to: The key of the new run.
            at: The number of the entry to begin from; None begins from the present.
            effects: Whether what the new run asks for is carried out. If not, its effects are
                dropped, and its calls wait for ``answer``.

        Raises:
            RunError: There is no such run or entry, or the new key is taken.
        """
        job = await asyncio.to_thread(self._operations.fork, key, at, to, effects=effects)
        await self._submit(job)
        return LiveRun(self, to)

    @overload
    def get(self, key: str) -> LiveRun[Any, Any]: ...
    @overload
    def get(self, key: str, chart: type[Declaration[E, C]]) -> LiveRun[E, C]: ...
    def get(self, key: str, chart: Any = None) -> LiveRun[Any, Any]:
        """Return the run of a key, which need not exist yet: nothing is looked up.

        Whatever is asked of a run that does not exist raises `UnknownRunError` (SC822), and so does
        `head(key)` at once.

        Args:
            key: Its key.
            chart: Its chart: type checkers then know its events. It costs one read of the store.

        Raises:
            RunError: There is a run of the key, of another chart (SC836), or the chart is not one
                of those here (SC829).
        """
        self._operations.check_chart(key, chart)
        return LiveRun(self, key)

    def list(
        self,
        *,
        chart: Any = None,
        state: Any = None,
        status: str | None = None,
        stuck: bool = False,
    ) -> Iterator[LiveRun[Any, Any]]:
        """Return runs, in the order of their keys (see `Runs.list`)."""
        heads = self._operations.list(chart, state, status, stuck=stuck)
        return (LiveRun(self, head.run) for head in heads)

    def occupancy(self) -> dict[tuple[str, str], int]:
        """Return how many runs are in each state now, by chart and state; those over left out."""
        return self._operations.occupancy()

    @property
    def store(self) -> Store:
        """The store of the runs."""
        return self._operations.store

    def head(self, key: str) -> Head:
        """Return the head of a run: what is stored of it, its snapshot unread."""
        return self._operations.head(key)

    async def recover(self) -> builtins.list[tuple[str, StatechartError]]:
        """Read every run that goes on; return those that cannot be read, which are stuck now."""
        return await asyncio.to_thread(lambda: list(self._operations.recover()))

    async def outlook(self) -> builtins.list[Outlook]:
        """Return what the charts make of each run that is not over; nothing is written."""
        return await asyncio.to_thread(lambda: list(self._operations.outlooks()))

    async def migrate(self) -> builtins.list[tuple[str, StatechartError | None]]:
        """Bring all runs that go on to the present versions (see `Runs.migrate`)."""
        return await asyncio.to_thread(lambda: list(self._operations.migrate_all()))

    async def verify(self) -> builtins.list[Damage]:
        """Return what is damaged in the store."""
        return await asyncio.to_thread(lambda: list(self._operations.verify()))

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Tell somebody of each step that is written here, with its cause.

        Returns:
            A function that ends it.
        """
        check("subscribe", subscriber=(subscriber, FUNCTION))
        self._subscribers.append(subscriber)

        def end() -> None:
            if subscriber in self._subscribers:
                self._subscribers.remove(subscriber)

        return end

    async def settle(self) -> None:
        """Return when no handler is at work and nothing is due: for tests."""
        while (delivery := self._delivery) is not None:
            await asyncio.sleep(0.001)
            if self._rests(delivery):
                await asyncio.sleep(0)  # what has been heard is done by then
                if self._rests(delivery):
                    return

    def _rests(self, delivery: Delivery) -> bool:
        return delivery.idle and self._operations.writer.resting and not self._news


def _call_in(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # it has been closed, and nobody waits there
        loop.call_soon_threadsafe(call)


def _hand_over(future: asyncio.Future[Any], job: Job[Any]) -> None:
    """Give the outcome of a job to who waits for it."""
    if future.done():
        return
    if job.error is not None:
        future.set_exception(job.error)
    else:
        future.set_result(job.answer)
