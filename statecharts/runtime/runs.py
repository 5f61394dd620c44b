"""Runs, for synchronous code: scripts, web frameworks, tests. Every call blocks.

Nothing is carried out here: effects and timers are the business of a `Runtime` or of
``statecharts runs serve``, in this process or in another.
"""

from __future__ import annotations

import builtins
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, final, overload

from attrs import frozen

from statecharts.codec import Protocol
from statecharts.model.chart import Declaration
from statecharts.model.effects import Call
from statecharts.model.errors import StatechartError
from statecharts.runtime.attempts import DIED
from statecharts.runtime.clock import Clock, SystemClock, moment
from statecharts.runtime.commit import Taken, place_of
from statecharts.runtime.errors import not_entered_so
from statecharts.runtime.history import Past, times
from statecharts.runtime.migration import Outlook
from statecharts.runtime.operations import IDS, Address, Operations, late, seconds_of
from statecharts.semantics.snapshot import Snapshot
from statecharts.store.chain import Damage
from statecharts.store.port import Store
from statecharts.store.rows import OVER, Head, Owed

E = TypeVar("E")
C = TypeVar("C")

POLL = 0.02
"""Seconds between two looks at what other processes have written."""


@frozen
class Outstanding:
    """An effect or a call that is owed to the outside.

    Attributes:
        key: ``run/number``, as its handler gets it.
        name: The name of its class.
        call: The id that `answer` takes; None for an effect that is not a call.
        attempts: The number of attempts that have failed.
        due: The time of the next attempt; past while one is under way.
        handed: Whether its handler has handed it over: it waits for somebody to answer it.
        claimed: The time until which a worker has claimed it; None without a claim. If that worker
            has died, another takes over then.
        reason: The reason of the last failure; empty without one.
    """

    key: str
    name: str
    call: str | None
    attempts: int
    due: datetime
    handed: bool
    claimed: datetime | None
    reason: str


def outstanding(run: str, row: Owed) -> Outstanding:
    """Return what is stored of an effect as it is told."""
    # What a process may have died of is counted before it is tried again, not after.
    counted = 1 if row.held and row.reason == DIED and row.attempts else 0
    return Outstanding(
        f"{run}/{row.number}",
        row.name,
        row.call,
        row.attempts - counted,
        moment(row.due),
        row.handed,
        moment(row.until) if row.held else None,
        row.reason,
    )


class Present(Generic[E, C]):
    """The questions that a run answers; none of them writes.

    Attributes:
        key: Its key.
    """

    def __init__(self, operations: Operations, key: str) -> None:
        self._operations = operations
        self.key = key

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.key!r}>"

    @property
    def snapshot(self) -> Snapshot[E, C]:
        """The present snapshot.

        Raises:
            UnknownRunError: There is no run of this key (SC822).
        """
        return self._operations.live(self.key).snapshot

    @property
    def configuration(self) -> tuple[str, ...]:
        """The ids of the active states; to be had without the chart."""
        return place_of(self._operations.head(self.key).configuration)

    @property
    def protocol(self) -> Protocol[E, C]:
        """The protocol of its chart: reads events from JSON."""
        operations = self._operations
        return operations.writer.program(operations.head(self.key)).protocol

    @property
    def calls(self) -> Mapping[str, Call[Any]]:
        """The calls under way, by the ids that `answer` takes."""
        return self.snapshot.calls

    @property
    def owed(self) -> tuple[Outstanding, ...]:
        """The effects and calls that are owed, with their attempts and the last failure."""
        return tuple(outstanding(self.key, row) for row in self._operations.stored(self.key).owed)

    @property
    def parent(self) -> str | None:
        """The key of the run that waits for this one as its child; None without one."""
        return self._operations.parent(self.key)

    @property
    def children(self) -> tuple[str, ...]:
        """The keys of the runs that this one waits for as its children, in order."""
        return self._operations.children(self.key)

    @property
    def status(self) -> str:
        """``running``, ``suspended``, ``stuck``, ``ended`` or ``cancelled``."""
        return self._operations.head(self.key).status

    @property
    def reason(self) -> str:
        """The reason why it is stuck, suspended or cancelled; else empty."""
        return self._operations.head(self.key).reason

    @property
    def ended(self) -> bool:
        """Whether nothing moves it any more."""
        return self.status in OVER

    def history(self, *, tail: int | None = None) -> list[Past]:
        """Return what has happened, the oldest first.

        Args:
            tail: The number of last entries to return; None returns all that are kept.
        """
        return self._operations.pasts(self.key, tail)

    def points(self, *, tail: int) -> list[tuple[Past, Snapshot[E, C] | None]]:
        """Return the last entries of the history with the snapshot after each, the oldest first.

        It follows the history once, where `at` would for each of them.

        Args:
            tail: The number of entries.
        """
        return self._operations.points(self.key, tail)

    def at(self, sequence: int) -> Snapshot[E, C]:
        """Return the snapshot after an entry of the history.

        Raises:
            RunError: There is no such entry (SC830).
        """
        return self._operations.snapshot_at(self.key, sequence)

    @property
    def artifacts(self) -> tuple[str, ...]:
        """The names of the values that are kept with it."""
        return tuple(name.hex() for name in self._operations.store.artifacts(self.key))

    def artifact(self, name: str) -> Any:
        """Return a value that `attach` has kept."""
        return self._operations.artifact(name)

    def times(self) -> dict[str, timedelta]:
        """Return how long each state has been active, by its id, as far as the history goes."""
        head = self._operations.head(self.key)
        pasts = self._operations.pasts(self.key, None)
        over = head.status in OVER
        return times(pasts, pasts[-1].at if over else self._operations.clock.now())


@final
class Run(Present[E, C]):
    """A run, for synchronous code."""

    def send(self, event: E, *, id: str | None = None, connection: Any = None) -> Taken:
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
            return inner.writer.do(inner.send(self.key, event, id))
        return self._do(self._operations.send(self.key, event, id))

    def answer(
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
        return self._do(self._operations.answer(self.key, call, event, last=last, keep=keep))

    def fail(self, call: str, reason: str = "") -> Taken:
        """Say that a call has failed."""
        return self._do(self._operations.fail(self.key, call, reason))

    def cancel(self, reason: str = "") -> Taken:
        """Cancel it: by its event ``cancel`` if the chart has one, else it ends where it is."""
        return self._do(self._operations.cancel(self.key, reason))

    def suspend(self, reason: str = "") -> Taken:
        """Let events wait, and timers and calls pause."""
        return self._do(self._operations.suspend(self.key, reason))

    def resume(self) -> Taken:
        """Go on: due timers fire, and what waits is taken, in order."""
        return self._do(self._operations.resume(self.key))

    def retry(self) -> Taken:
        """Try again what the run is stuck on."""
        return self._do(self._operations.retry(self.key))

    def skip(self) -> Taken:
        """Give up what the run is stuck on."""
        return self._do(self._operations.skip(self.key))

    def checkpoint(self) -> Taken:
        """Keep the present snapshot, so that its history can be pruned up to here."""
        return self._do(self._operations.checkpoint(self.key))

    def rollback(self, *, to: int | None = None) -> Taken:
        """Take the run back to how it was after an entry of its history.

        Args:
            to: The number of the entry; None goes back by one event.

        Raises:
            RunError: There is no such entry (SC830), or an effect has been begun since then, and
                nobody here can undo it (SC834).
        """
        return self._do(self._operations.rollback(self.key, to))

    def prune(self, *, before: int) -> int:
        """Forget the entries before a number, as far as a checkpoint allows.

        The ids of events that are forgotten are forgotten, too: `send` would take such an id again.

        Returns:
            The number of the first entry that is left.
        """
        return self._operations.prune(self.key, before)

    def remove(self) -> None:
        """Remove the run and its history for good; what it owes is not carried out any more.

        A run that is started under its key begins anew, and so do the keys of its effects.
        """
        self._operations.remove(self.key)

    def attach(self, value: Any) -> str:
        """Keep a JSON value with the run, beside its history.

        Returns:
            Its name: the SHA-256 of its canonical JSON, which `artifact` takes.

        Raises:
            StoreError: It has no canonical form (SC809).
        """
        return self._operations.writer.do(self._operations.attach(self.key, value))

    def wait(self, state: Any = None, *, timeout: timedelta | None = None) -> Snapshot[E, C]:
        """Return once the run is in a state, or over.

        Args:
            state: A state of its chart, or its id; None waits for the end.
            timeout: The longest wait, by the clock of the machine; None waits for ever.

        Raises:
            WaitError: It took too long, or can never come there (SC827).
        """
        goal = self._operations.state_id(self.key, state)
        seconds = seconds_of(self.key, timeout)
        deadline = None if seconds is None else time.monotonic() + seconds
        while not self._operations.arrived(self.key, goal):
            if deadline is not None and time.monotonic() > deadline:
                raise late(self.key, goal, self._operations.live(self.key))
            time.sleep(POLL)
        return self.snapshot

    def _do(self, job: Any) -> Taken:
        taken: Taken = self._operations.writer.do(job)
        return taken


@final
class Runs:
    """The runs of a store, for synchronous code.

    Args:
        store: Its address, such as ``sqlite:///runs.db``.
        charts: The charts of its runs: the classes that declare them, or a `Protocol` for a chart
            with upcasters.
        effects: Classes of effects that the charts emit.
        clock: The clock.
        ids: The number of last entries of a run in which `send` looks for an id.
        prefix: The prefix of the table names.
        create_schema: Whether tables that are missing are made.
    """

    def __init__(
        self,
        store: Address,
        *charts: Any,
        effects: tuple[type, ...] = (),
        clock: Clock | None = None,
        ids: int = IDS,
        prefix: str = "",
        create_schema: bool = True,
    ) -> None:
        self._operations = Operations(
            store,
            charts,
            effects=effects,
            clock=clock or SystemClock(),
            ids=ids,
            options={"prefix": prefix, "create": create_schema},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    if not TYPE_CHECKING:
        __aenter__ = __aexit__ = not_entered_so(
            "Runs are entered by async with, and they are for synchronous code",
            "Write: with Runs(…) as runs. In asynchronous code use Runtime",
        )

    def close(self) -> None:
        """Close the store."""
        self._operations.close()

    @overload
    def start(
        self,
        chart: type[Declaration[E, None]],
        *,
        key: str,
        exist_ok: bool = False,
        connection: Any = None,
    ) -> Run[E, None]: ...
    @overload
    def start(
        self,
        chart: type[Declaration[E, C]],
        *,
        key: str,
        context: C,
        exist_ok: bool = False,
        connection: Any = None,
    ) -> Run[E, C]: ...
    def start(
        self,
        chart: Any,
        *,
        key: str,
        context: Any = None,
        exist_ok: bool = False,
        connection: Any = None,
    ) -> Run[Any, Any]:
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
        operations.writer.do(job)
        return Run(self._operations, key)

    def fork(
        self, key: str, *, to: str, at: int | None = None, effects: bool = False
    ) -> Run[Any, Any]:
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
        self._operations.writer.do(self._operations.fork(key, at, to, effects=effects))
        return Run(self._operations, to)

    @overload
    def get(self, key: str) -> Run[Any, Any]: ...
    @overload
    def get(self, key: str, chart: type[Declaration[E, C]]) -> Run[E, C]: ...
    def get(self, key: str, chart: Any = None) -> Run[Any, Any]:
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
        return Run(self._operations, key)

    def list(
        self,
        *,
        chart: Any = None,
        state: Any = None,
        status: str | None = None,
        stuck: bool = False,
    ) -> Iterator[Run[Any, Any]]:
        """Return runs, in the order of their keys.

        Args:
            chart: Only those of this chart.
            state: Only those that are in this state: a state, or its id.
            status: Only those of this status.
            stuck: Only those that are stuck.

        Raises:
            RunError: A status, a state or a chart that there is not (SC838).
        """
        heads = self._operations.list(chart, state, status, stuck=stuck)
        return (Run(self._operations, head.run) for head in heads)

    def head(self, key: str) -> Head:
        """Return the head of a run: what is stored of it, its snapshot unread."""
        return self._operations.head(key)

    def occupancy(self) -> dict[tuple[str, str], int]:
        """Return how many runs are in each state now, by chart and state; those over left out."""
        return self._operations.occupancy()

    @property
    def store(self) -> Store:
        """The store of the runs."""
        return self._operations.store

    def recover(self) -> builtins.list[tuple[str, StatechartError]]:
        """Read every run that goes on; return those that cannot be read, which are stuck now."""
        return list(self._operations.recover())

    def outlook(self) -> builtins.list[Outlook]:
        """Return what the charts make of each run that is not over; nothing is written."""
        return list(self._operations.outlooks())

    def migrate(self) -> builtins.list[tuple[str, StatechartError | None]]:
        """Bring all runs that go on to the present versions of their charts.

        Without this each run is migrated with its next event.

        Returns:
            The key of each run that was migrated, and None; of one that cannot be, the error.
        """
        return list(self._operations.migrate_all())

    def verify(self) -> builtins.list[Damage]:
        """Return what is damaged in the store."""
        return list(self._operations.verify())

    def next_due(self, now: datetime) -> datetime | None:
        """Return when the next timer or effect falls due, after a time."""
        return self._operations.due_in(now)
