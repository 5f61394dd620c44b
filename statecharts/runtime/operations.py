"""The operations on the runs of a store: jobs for the writer, and questions.

`Runs` and `Runtime` are these operations, once for synchronous and once for asynchronous code.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, final

from statecharts.codec import Protocol
from statecharts.kernel import Kernel
from statecharts.model.arguments import (
    ENTRY,
    FLAG,
    NUMBER,
    TEXT,
    TIME,
    Sort,
    check,
    classes,
    instance,
    optional,
    shown,
)
from statecharts.model.chart import as_chart
from statecharts.model.effects import Effect
from statecharts.model.errors import StatechartError
from statecharts.model.events import OWN, Answer, CallFailed
from statecharts.model.suggestions import did_you_mean, nearest
from statecharts.model.values import repr_of
from statecharts.runtime import between, history, rewind
from statecharts.runtime.clock import Clock, microseconds, moment
from statecharts.runtime.commit import Draft, Live, Program, Taken, children_of, place_of
from statecharts.runtime.errors import RunError, WaitError, unknown_chart
from statecharts.runtime.migration import Outlook, outlooks
from statecharts.runtime.writer import Job, Writer, existing, unknown
from statecharts.semantics.snapshot import Snapshot
from statecharts.store import open_store
from statecharts.store.artifacts import canonical
from statecharts.store.chain import Damage, verify
from statecharts.store.errors import StoreError
from statecharts.store.port import Store, entries_of, heads_of
from statecharts.store.rows import OVER, Head, Run, Status

IDS: Final = 10_000
"""The entries of a run among which an id that was sent is remembered."""

Address = str | Path | Store

CLOCK: Final = Sort(
    "a clock, such as SystemClock()",
    lambda value: not isinstance(value, type) and hasattr(value, "now") and hasattr(value, "sleep"),
)
STATE: Final = optional(instance(str, "a state of a chart, or its id"))
CHART: Final = optional(instance(str, "a chart, the class that declares it, or its name"))
EFFECTS: Final = classes(Effect, "a tuple of classes of effects, such as (Mail,)")


@final
class Operations:
    """The operations on the runs of a store.

    Args:
        address: The store (see `statecharts.store.open_store`).
        charts: The charts that are run there: classes, charts, or protocols, for charts with
            upcasters.
        effects: Classes of effects to read, beside the calls of the charts.
        clock: The clock.
        listener: Gets the draft of each run that was written.
        ids: The number of last entries of a run in which `send` looks for an id.
        options: The options of `open_store`.

    Attributes:
        undo: The names of the effects that can be undone here.
    """

    def __init__(
        self,
        address: Address,
        charts: Iterable[Any],
        *,
        effects: Iterable[type] = (),
        clock: Clock,
        listener: Callable[[Draft], None] = lambda _: None,
        ids: int = IDS,
        options: Mapping[str, Any],
    ) -> None:
        known = classes_of(effects)
        check(
            "runs",
            clock=(clock, CLOCK),
            ids=(ids, NUMBER),
            prefix=(options.get("prefix", ""), TEXT),
            create_schema=(options.get("create", True), FLAG),
        )
        self.programs = programs_of(charts, known)
        self.clock = clock
        self.ids = ids
        self.store = open_store(address, **options)
        self._owns = self.store is not address
        self.writer = Writer(self.store, self.programs, listener, self.now)
        self.undo: frozenset[str] = frozenset()
        self.between = between.Between(self.writer, self.now, self._known)
        self.writer.between = self.between

    def close(self) -> None:
        """Close the store, if it was opened here."""
        if self._owns:
            self.store.close()

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return self.clock.now().astimezone(UTC)

    # -- jobs --------------------------------------------------------------------------------------

    def start(self, chart: Any, key: str, context: Any, *, exist_ok: bool) -> Job[Taken]:
        """Start a run."""
        program = self._program_of(chart, "start")
        check_key(key, "start")
        check("start", exist_ok=(exist_ok, FLAG))

        def act(draft: Draft) -> Taken:
            if not draft.exists:
                return draft.start(context, self.now())
            if exist_ok and draft.program is program:
                return draft.taken()
            raise existing(key)

        return Job(key, act, program)

    def _program_of(self, chart: Any, where: str) -> Program:
        name = getattr(getattr(chart, "chart", chart), "name", None)
        program = self.programs.get(str(name))
        if program is not None:
            return program
        if not isinstance(chart, str):
            remedy = "Name it when you open the store"
            if not isinstance(name, str):  # not even a chart
                remedy = "Pass the class that declares the chart"
            raise unknown_chart(where, shown(chart), self.programs, remedy)
        near = chart if chart in self.programs else nearest(chart, self.programs)
        remedy = f"Pass the class itself: {near}" if near else "Pass the class that declares it"
        raise RunError("SC829", where, f"{shown(chart)} is a text, not a chart", remedy)

    def send(self, key: str, event: Any, id: str | None) -> Job[Taken]:
        """Send an event."""
        check_sent(key, event, id)

        def act(draft: Draft) -> Taken:
            known = None if id is None else self._known(draft, id)
            return draft.take(event, self.now(), id) if known is None else known

        return Job(key, act)

    def _known(self, draft: Draft, id: str) -> Taken | None:
        """Return the answer that an id got before, if it is remembered."""
        entry = next((new for new in reversed(draft.entries) if new.id == id), None)
        if entry is None:
            if any(one.id == id for one in draft.waiting.values()):
                return draft.taken(handled=False, waiting=True)
            entry = self.store.taken(draft.run, id, draft.head.sequence - self.ids + 1)
        if entry is None:
            return None
        place = place_of(entry.configuration)
        return Taken(draft.run, entry.sequence, moment(entry.at), place)

    def answer(
        self, key: str, call: str, event: Any, *, last: bool, keep: Iterable[bytes] = ()
    ) -> Job[Taken]:
        """Answer a call; one that is not under way any more gets ``handled=False``."""
        check("answer", call=(call, TEXT), last=(last, FLAG))
        return self._answering(key, Answer(call, event, last), keep)

    def fail(self, key: str, call: str, reason: str) -> Job[Taken]:
        """Say that a call has failed."""
        check("fail", call=(call, TEXT), reason=(reason, TEXT))
        return self._answering(key, CallFailed(call, reason))

    def _answering(
        self, key: str, answer: Answer | CallFailed, keep: Iterable[bytes] = ()
    ) -> Job[Taken]:
        bodies = {hashlib.sha256(body).digest(): body for body in keep}

        def act(draft: Draft) -> Taken:
            draft.check_call(answer.id)
            taken = draft.take(answer, self.now())
            for name, body in bodies.items() if taken.handled else ():
                draft.attach(name, lambda: self.store.artifacts(key), body)
            return taken

        return Job(key, act)

    def fire(self, key: str) -> Job[None]:
        """Fire the timers that are due."""

        def act(draft: Draft) -> None:
            if draft.head.status == Status.RUNNING:
                draft.fire(self.now())

        return Job(key, act)

    def cancel(self, key: str, reason: str) -> Job[Taken]:
        """Cancel a run: by its event ``cancel``, if the chart has one, else where it is."""
        check("cancel", reason=(reason, TEXT))

        def act(draft: Draft) -> Taken:
            between.cancel(draft, reason, self.now())
            return draft.taken()

        return Job(key, act)

    def suspend(self, key: str, reason: str) -> Job[Taken]:
        """Suspend a run."""
        check("suspend", reason=(reason, TEXT))
        return self._whole(key, lambda draft: draft.suspend(reason, self.now()))

    def resume(self, key: str) -> Job[Taken]:
        """Resume a run."""
        return self._whole(key, lambda draft: draft.resume(self.now()))

    def retry(self, key: str) -> Job[Taken]:
        """Try again what a run is stuck on."""

        def act(draft: Draft) -> None:
            if draft.head.status == Status.STUCK:
                draft.unstick(self.now())

        return self._whole(key, act)

    def skip(self, key: str) -> Job[Taken]:
        """Give up what a run is stuck on."""

        def act(draft: Draft) -> None:
            if draft.head.status == Status.STUCK:
                draft.skip(self.now())

        return self._whole(key, act)

    def rollback(self, key: str, to: int | None) -> Job[Taken]:
        """Take a run back to an entry of its history."""
        check("rollback", to=(to, optional(ENTRY)))

        def act(draft: Draft) -> Taken:
            head = draft.head
            entry = rewind.before(self.store, head) if to is None else to
            if entry == head.sequence:
                found = f"entry {to} is its last one"
                raise RunError("SC830", key, found, "Ask for an earlier one")
            past = history.snapshot_at(self.store, head, draft.program, entry)
            gone = rewind.made_since(self.store, head, draft.program, past, entry)
            draft.rewind(past, entry, gone, self.undo, self.now())
            return draft.taken()

        return Job(key, act, alone=True)

    def fork(self, key: str, at: int | None, to: str, *, effects: bool) -> Job[Taken]:
        """Start a run with the history of another one, up to an entry."""
        check_key(key, "fork")
        check_key(to, "fork", "to")
        check("fork", at=(at, optional(ENTRY)), effects=(effects, FLAG))
        head = self.head(key)
        program = self.writer.program(head)
        if head.version < program.protocol.version:
            self.writer.do(self.migrate(key))
            head = self.head(key)
        entry = head.sequence if at is None else at
        past = history.snapshot_at(self.store, head, program, entry)
        entries = rewind.history_until(self.store, head, entry)
        kept = [one for one in self.store.checkpoints(key) if one.sequence <= entry]
        version = history.version_after(self.store, head, program, entry)
        attached = self.store.artifacts(key)

        def act(draft: Draft) -> Taken:
            if draft.exists:
                raise existing(to)
            taken = draft.branch(head, entries, kept, past, version, self.now(), muted=not effects)
            for name in attached:
                draft.attach(name, tuple)
            return taken

        return Job(to, act, program)

    def remove(self, key: str) -> None:
        """Remove a run and its history for good."""
        while not self.store.remove(key, self.head(key).fence):
            pass  # somebody has written it meanwhile

    def parent(self, key: str) -> str | None:
        """Return the key of the run that waits for a run as its child."""
        found = between.parent_of(self.live(key).owed.values())
        return None if found is None else str(found[0])

    def children(self, key: str) -> tuple[str, ...]:
        """Return the keys of the children that a run waits for, in order."""
        return children_of(key, self.live(key).owed.values())

    def migrate(self, key: str) -> Job[bool]:
        """Bring a run to the present version of its chart; tell whether it was of an older one."""

        def act(draft: Draft) -> bool:
            return draft.dirty  # the writer has migrated it, if need be

        return Job(key, act)

    def migrate_all(self) -> Iterator[tuple[str, StatechartError | None]]:
        """Bring all runs that go on to the present versions of their charts.

        Yields:
            The key of each run that was migrated, and None; of one that cannot be, the error.
        """
        for head in heads_of(self.store):
            program = self.programs.get(head.chart)
            if head.status in OVER or program is None:
                continue
            try:
                if head.version != program.protocol.version and self.writer.do(
                    self.migrate(head.run)
                ):
                    yield head.run, None
                self._revive(head)
            except StatechartError as error:
                yield head.run, error

    def outlooks(self) -> Iterator[Outlook]:
        """Yield what the charts make of each run that is not over; nothing is written."""
        return outlooks(self.store, self.programs, self.now())

    @staticmethod
    def _whole(key: str, act: Callable[[Draft], None]) -> Job[Taken]:
        def done(draft: Draft) -> Taken:
            act(draft)
            return draft.taken()

        return Job(key, done)

    def within(self, connection: Any, key: str) -> Operations:
        """Return these operations through somebody's own connection; they write once it commits.

        Args:
            connection: A connection of SQLAlchemy to the database of the store.
            key: The run that it is about.

        Raises:
            StoreError: It is none that the store can write through (SC810).
        """
        within = getattr(self.store, "within", None)
        if within is None:
            found = "a store in memory takes part in nobody's transactions"
            raise StoreError("SC810", key, found, "Use SQLite or Postgres")
        if not hasattr(connection, "exec_driver_sql"):
            found = f"connection= is {type(connection).__name__}, and no connection of SQLAlchemy"
            raise StoreError("SC810", key, found, "Pass one of engine.begin()")
        connection.exec_driver_sql("SELECT 1")  # so that SQLAlchemy knows of the transaction
        inner = copy.copy(self)
        inner.store = within(connection.connection.driver_connection)
        # A writer for this alone: what is not committed is never kept in memory, and effects are
        # claimed by whoever sees them once they are on disk.
        inner.writer = Writer(inner.store, self.programs, now=self.now)
        return inner

    # -- questions ---------------------------------------------------------------------------------

    def check_chart(self, key: str, chart: Any) -> None:
        """Refuse a key that cannot be one, and the key of a run of another chart.

        Raises:
            RunError: The run is one of another chart (SC836), or the chart is not one of those here
                (SC829).
        """
        check_key(key, "get")
        if chart is None:
            return
        name = self._program_of(chart, "get").name
        head = self.store.head(key)
        if head is not None and head.chart != name:
            found = f"it is a run of {head.chart}, and not of {name}"
            raise RunError("SC836", key, found, f"Get it as {head.chart}, or look up its key")

    def live(self, key: str) -> Live:
        """Return a run as it is now."""
        return self.writer.live(key)

    def head(self, key: str) -> Head:
        """Return the head of a run; its snapshot need not be readable."""
        check_key(key, "get")
        head = self.store.head(key)
        if head is None:
            raise unknown(key)
        return head

    def stored(self, key: str) -> Run:
        """Return a run as it is stored; its snapshot need not be readable."""
        run = self.store.read(key)
        if run is None:
            raise unknown(key)
        return run

    def pasts(self, key: str, tail: int | None) -> list[history.Past]:
        """Return the history of a run, or its last entries."""
        check("history", tail=(tail, optional(NUMBER)))
        head = self.head(key)
        program = self.programs.get(head.chart)
        if tail is None:
            return list(history.told(entries_of(self.store, key), program))
        return list(history.told(self.store.tail(key, tail), program))

    def points(self, key: str, tail: int) -> list[tuple[history.Past, Snapshot[Any, Any] | None]]:
        """Return the last entries of a run with the snapshot after each."""
        check("points", tail=(tail, NUMBER))
        head = self.head(key)
        return history.points(self.store, head, self.writer.program(head), tail)

    def snapshot_at(self, key: str, sequence: int) -> Snapshot[Any, Any]:
        """Return the snapshot of a run after an entry."""
        check("at", sequence=(sequence, ENTRY))
        head = self.head(key)
        return history.snapshot_at(self.store, head, self.writer.program(head), sequence)

    def list(self, chart: Any, state: Any, status: str | None, *, stuck: bool) -> Iterator[Head]:
        """Return the heads of runs, in the order of their keys.

        Raises:
            RunError: A status, a state or a chart that there is not (SC838).
        """
        wanted = check_filters(self.programs, state, status, stuck=stuck)
        name = self._chart_named(chart)
        return self._listed(name, wanted, Status.STUCK if stuck else status)

    def _chart_named(self, chart: Any) -> str | None:
        """Return the name of a chart; refuse one that is not among those here, nor in the store."""
        name = None if chart is None else getattr(getattr(chart, "chart", chart), "name", chart)
        check("list", chart=(name, CHART))
        if name is not None and name not in self.programs and not self.store.heads(name, limit=1):
            listed = ", ".join(sorted(self.programs)) or "none"
            remedy = did_you_mean(name, sorted(self.programs), f"The charts here: {listed}")
            found = f"no chart here is called {name}, and no run has such a chart"
            raise RunError("SC838", "list", found, remedy)
        found_name: str | None = name
        return found_name

    def _listed(self, name: str | None, wanted: str | None, status: str | None) -> Iterator[Head]:
        for head in heads_of(self.store, name, status):
            if wanted is None or wanted in place_of(head.configuration):
                yield head

    def occupancy(self) -> dict[tuple[str, str], int]:
        """Return how many runs that are not over are in each state, by chart and state."""
        found: Counter[tuple[str, str]] = Counter()
        for status in set(Status) - OVER:
            for head in heads_of(self.store, None, status):
                found.update((head.chart, state) for state in place_of(head.configuration))
        return dict(found)

    def verify(self) -> Iterator[Damage]:
        """Yield what is damaged in the store."""
        yield from self.store.check()
        for head in heads_of(self.store):
            yield from verify(self.store, head.run)

    def recover(self) -> Iterator[tuple[str, StatechartError]]:
        """Read every run that goes on; mark those that cannot be read as stuck, and yield them.

        A run that could not be read, and now can, goes on.
        """
        for name in self.programs:
            for status in (Status.RUNNING, Status.SUSPENDED, Status.STUCK):
                for head in self.list(name, None, status, stuck=False):
                    try:
                        self.live(head.run)
                    except StatechartError as error:
                        yield head.run, error
                        continue
                    self._revive(head)

    def _revive(self, head: Head) -> None:
        """Let a run go on that was stuck because it could not be read, and now can."""
        if head.status == Status.STUCK and not head.blocked:
            self.writer.do(self.retry(head.run))

    def attach(self, key: str, value: Any) -> Job[str]:
        """Keep a value with a run."""
        name = self.store.put(canonical(value))

        def act(draft: Draft) -> str:
            draft.attach(name, lambda: self.store.artifacts(key))
            return name.hex()

        return Job(key, act)

    def artifact(self, name: str) -> Any:
        """Return a value that is kept."""
        check("artifact", name=(name, TEXT))
        try:
            body = self.store.artifact(bytes.fromhex(name))
        except ValueError:
            body = None
        if body is None:
            remedy = "Pass what attach returned"
            raise RunError("SC833", name, "no artifact of that name is kept", remedy)
        return json.loads(body)

    def checkpoint(self, key: str) -> Job[Taken]:
        """Keep the present snapshot of a run for its history."""

        def act(draft: Draft) -> None:
            kept = self.store.checkpoint(key, draft.head.sequence)
            if kept is None or kept.sequence != draft.head.sequence:
                draft.keep()

        return self._whole(key, act)

    def prune(self, key: str, before: int) -> int:
        """Forget the entries of a run before a number, as far as a checkpoint allows.

        Returns:
            The number of the first entry that is left.
        """
        check("prune", before=(before, ENTRY))
        return self.writer.prune(key, before)

    def arrived(self, key: str, state: str | None) -> bool:
        """Return whether a run is in a state; without one, whether it is over.

        Raises:
            RunError: It cannot come there any more: it is over, or stuck (SC825, SC824).
        """
        return has_arrived(key, self.live(key), state)

    def state_id(self, key: str, state: Any) -> str | None:
        """Return the id of a state that is waited for; None waits for the end."""
        if state is None:
            return None
        return state_in(self.writer.program(self.head(key)), key, state)

    def due_in(self, now: datetime) -> datetime | None:
        """Return when the next timer or effect falls due."""
        check("next_due", now=(now, TIME))
        due = self.store.next(microseconds(now), self.programs)
        return None if due is None else moment(due)


def classes_of(effects: Any) -> tuple[type, ...]:
    """Return the classes of effects that were given, which may be an iterator.

    Raises:
        ArgumentError: They are none (SC221).
    """
    given: Any = effects
    if isinstance(effects, Iterable) and not isinstance(effects, type):
        given = tuple(effects)
    check("runs", effects=(given, EFFECTS))
    found: tuple[type, ...] = given
    return found


def check_filters(
    programs: Mapping[str, Program], state: Any, status: str | None, *, stuck: bool
) -> str | None:
    """Refuse filters of a list of runs that none can pass; return the id of the state.

    Raises:
        RunError: A status or a state that there is not (SC838).
    """
    check("list", stuck=(stuck, FLAG))
    if status is not None and status not in set(Status):
        remedy = did_you_mean(
            str(status), [one.value for one in Status], f"Pass one of {', '.join(Status)}"
        )
        raise RunError("SC838", "list", f"status={repr_of(status)} is no status of a run", remedy)
    if stuck and status not in (None, Status.STUCK):
        found = f"stuck=True asks for status='stuck', and not for {repr_of(status)}"
        raise RunError("SC838", "list", found, "Pass one of the two")
    wanted = getattr(state, "id", state)
    check("list", state=(wanted, STATE))
    known = {name for one in programs.values() for name in one.kernel.chart.nodes}
    if wanted is not None and known and wanted not in known:
        remedy = did_you_mean(wanted, sorted(known), "Pass a state, or its id")
        raise RunError("SC838", "list", f"no chart here has a state {repr_of(wanted)}", remedy)
    found_id: str | None = wanted
    return found_id


def check_sent(key: str, event: Any, id: object) -> None:
    """Refuse what nobody can send, and what cannot be the id of a request.

    Raises:
        RunError: The event comes from the run itself, or the id is no text (SC831).
    """
    if isinstance(event, OWN):
        found = f"{type(event).__name__} comes from the run's own timers and calls"
        remedy = "Answer a call by answer(call, event)"
        raise RunError("SC831", key, found, remedy)
    if id is not None and not _is_text(id):
        raise RunError("SC831", key, f"id={id!r} is no id", "Give a text")


def has_arrived(key: str, live: Live, state: str | None) -> bool:
    """Return whether a run is in a state; without one, whether it is over.

    Raises:
        WaitError: It cannot come there any more: it is over, or stuck (SC827, SC824).
    """
    status = live.head.status
    if state is not None and state in live.snapshot.configuration:
        return True
    if status == Status.STUCK:
        raise WaitError("SC824", key, f"the run is stuck: {live.head.reason}", "Retry it")
    if state is None:
        return status in OVER
    if status in OVER:
        place = ", ".join(live.snapshot.configuration)
        found = f"the run is over in ({place}), and will never be in {state}"
        raise WaitError("SC827", key, found, "Wait for another state")
    return False


def state_in(program: Program, key: str, state: Any) -> str:
    """Return the id of a state of a chart.

    Raises:
        RunError: The chart has no such state (SC827).
    """
    chart = program.kernel.chart
    name = state if isinstance(state, str) else getattr(state, "id", None)
    if isinstance(name, str) and name in chart.nodes:
        return name
    remedy = "Pass a state of its chart, or its id"
    if isinstance(name, str):
        remedy = did_you_mean(name, [node.id for node in chart], remedy)
    raise RunError("SC827", key, f"the chart {chart.name} has no state {shown(state)}", remedy)


def check_key(key: object, where: str, name: str = "key") -> None:
    """Refuse what cannot be the key of a run.

    Args:
        key: What was given.
        where: The function that it was given to.
        name: The name of the argument.

    Raises:
        RunError: It is no text, or an empty one (SC822).
    """
    if not isinstance(key, str) or not key or not _is_text(key):
        # Whoever has the run itself, and not its key, is told where the key is.
        known = isinstance(getattr(key, "key", None), str) and not isinstance(key, type)
        remedy = "Give its key: run.key" if known else "Give a text that is not empty"
        raise RunError("SC822", where, f"{name}={shown(key)} is no key", remedy)


def seconds_of(key: str, timeout: object) -> float | None:
    """Return how long to wait.

    Raises:
        RunError: It is no time (SC827).
    """
    if timeout is None:
        return None
    if not isinstance(timeout, timedelta):
        remedy = "Pass timeout=timedelta(seconds=1), or the like"
        raise RunError("SC827", key, f"timeout={repr_of(timeout)} is no timedelta", remedy)
    return timeout.total_seconds()


def late(key: str, state: str | None, live: Live) -> WaitError:
    """Return the error of a wait that took too long."""
    goal = "over" if state is None else f"in {state}"
    place = ", ".join(live.snapshot.configuration)
    found = f"the run was not {goal} in time; it is in ({place})"
    return WaitError("SC827", key, found, "Wait longer, or look at its history")


def _is_text(text: object) -> bool:
    """Return whether something is a text that a store can hold: UTF-8 has no half characters."""
    return isinstance(text, str) and text.encode("utf-8", "replace").decode() == text


def programs_of(charts: Iterable[Any], effects: tuple[type, ...]) -> dict[str, Program]:
    """Return charts with their kernels and protocols, by their names.

    Raises:
        RunError: Two of them have one name (SC829).
    """
    programs: dict[str, Program] = {}
    for chart in charts:
        program = program_of(chart, effects)
        if program.name in programs:
            found = f"two charts are called {program.name}"
            raise RunError("SC829", "charts", found, "Rename one of them")
        programs[program.name] = program
    return programs


def program_of(chart: Any, effects: tuple[type, ...]) -> Program:
    """Return a chart with its kernel and its protocol."""
    as_chart(chart, "runs")
    if isinstance(chart, Protocol):
        return Program(chart.chart, Kernel(chart.chart), chart)
    return Program(chart, Kernel(chart), Protocol(chart, effects=_readable(chart, effects)))


def _readable(chart: Any, effects: tuple[type, ...]) -> tuple[type, ...]:
    """Return the classes that a protocol has to be told of: not the calls, which it knows."""
    known = {
        call.call for node in getattr(chart, "chart", chart).nodes.values() for call in node.invoke
    }
    return tuple(one for one in effects if one not in known)
