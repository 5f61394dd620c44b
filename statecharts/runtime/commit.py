"""The commit: turns an event and a stored run into rows to write.

A `Draft` is pure: it reads no clock and no store. It is given what is stored, takes events and
notes, and says what to write. Each of its methods either does all that it says or raises and does
nothing, so that one bad event among many spoils none of the others.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, Final, TypeVar, final

from attrs import define, evolve, field, frozen

from statecharts.codec import Protocol
from statecharts.kernel import Kernel
from statecharts.kernel.macrostep import CALLS
from statecharts.model.effects import (
    CancelInvoke,
    CancelTimer,
    Effect,
    Invoke,
    Send,
    StartTimer,
)
from statecharts.model.errors import ArgumentError, StatechartError
from statecharts.model.events import OWN, Answer, CallFailed, TimerFired, wire_name
from statecharts.model.family import (
    Child,
    ChildDone,
    ChildFailed,
    Each,
    Joined,
    Outcome,
    Spawn,
    Tell,
)
from statecharts.model.suggestions import did_you_mean
from statecharts.runtime.clock import microseconds, moment
from statecharts.runtime.errors import RunError, StuckError
from statecharts.semantics.snapshot import Snapshot, Step, count
from statecharts.store.chain import link, sealed, summed
from statecharts.store.rows import (
    CHECKPOINT_EVERY,
    OVER,
    PAUSED,
    Change,
    Checkpoint,
    Entry,
    Head,
    Kind,
    Owed,
    Run,
    Status,
    Timer,
    Waiting,
    changed,
)

K = TypeVar("K", int, str)
R = TypeVar("R")

MOST_OWN: Final = 1_000
"""Events that a run may send itself in one commit."""

TELL: Final = "run:tell"
SPAWN: Final = "run:spawn"
CHILD: Final = "run:child"
CANCEL: Final = "run:cancel"
PARENT: Final = "run:parent"
BETWEEN: Final = frozenset({TELL, SPAWN, CHILD, CANCEL, PARENT})
"""The names of what runs owe to each other.

`CHILD` becomes `CANCEL` when the call is taken back. `PARENT` is what a child owes to its parent:
its row is handed over until the child is over.
"""

OUTCOME: Final = "run:outcome:"
"""The beginning of the name of a row that holds the outcome of one of the calls of `Each`."""

UNDO: Final = "undo:"
"""The names of what undoes effects begin so."""

DROPPED: Final = "SC406"
"""The code of the error for an event that an upcaster drops."""

MOST_DUE: Final = 10_000
"""Timers of a run that fire in one commit; what else is due waits for the next one."""

Claim = Callable[[str, Owed], tuple[str, int] | None]
"""Claims a new effect of a chart: returns the worker and the end of the claim, or None."""


@final
@frozen
class Program:
    """A chart that is run: its kernel and its protocol.

    Attributes:
        chart: The class that declares it, or the chart.
        kernel: Takes its steps.
        protocol: Reads and writes its snapshots, events and effects.
    """

    chart: Any
    kernel: Kernel[Any, Any]
    protocol: Protocol[Any, Any]

    @property
    def name(self) -> str:
        """The name of the chart."""
        return self.kernel.chart.name


@final
@frozen
class Taken:
    """The answer to an event that was sent to a run.

    Attributes:
        run: The key of the run.
        sequence: The number of its entry in the history; of one that nothing handled, or that
            waits, the number of the last entry before it.
        at: When it was taken.
        configuration: The active states after it.
        handled: Whether something handled it; one that nothing handles leaves no trace.
        waiting: Whether it waits, because the run is suspended.
    """

    run: str
    sequence: int
    at: datetime
    configuration: tuple[str, ...]
    handled: bool = True
    waiting: bool = False


@final
@frozen
class Happened:
    """One step of a run, as subscribers see it.

    Attributes:
        run: The key of the run.
        sequence: The number of its entry in the history.
        at: When it happened.
        cause: The event; None for the start; `RolledBack` for a rollback.
        step: The step that the kernel took.
        chart: The name of the chart of the run.
    """

    run: str
    sequence: int
    at: datetime
    cause: Any
    step: Step[Any, Any]
    chart: str


@final
@frozen
class RolledBack:
    """The cause of a step that takes a run back.

    Attributes:
        to: The number of the entry that the run is as after again.
    """

    to: int


@final
@frozen
class Made:
    """An effect that a run has made in its history.

    Attributes:
        number: Its number.
        name: The name of its class, or of the class of its call.
        body: The effect, as JSON.
    """

    number: int
    name: str
    body: bytes


@final
@define
class Live:
    """A run in memory: its rows, and the snapshot that they hold.

    Attributes:
        head: Its head, as stored.
        snapshot: Its snapshot.
        owed: Its effects by number.
        calls: The number of each call that is under way, by its id.
        timers: The due times of its timers, by id.
        waiting: Its events that wait, by number.
        attached: The digests of its artifacts; None until somebody attaches one.
    """

    head: Head
    snapshot: Snapshot[Any, Any]
    owed: dict[int, Owed] = field(factory=dict)
    calls: dict[str, int] = field(factory=dict)
    timers: dict[str, int] = field(factory=dict)
    waiting: dict[int, Waiting] = field(factory=dict)
    attached: set[bytes] | None = None


def revived(program: Program, stored: Run) -> Live:
    """Return a stored run in memory.

    Raises:
        CodecError: Its snapshot cannot be read by this chart.
    """
    snapshot = program.kernel.adopt(program.protocol.loads_snapshot(stored.head.snapshot))
    due = {one.id: one.due for one in stored.timers}
    started = [name for name, _ in snapshot.memory.timers if name in due]
    return Live(
        stored.head,
        snapshot,
        {one.number: one for one in stored.owed},
        {one.call: one.number for one in stored.owed if one.call is not None},
        # Timers that are due at the same time fire in the order of their start.
        {name: due.pop(name) for name in started} | due,
        {one.number: one for one in stored.waiting},
    )


@lru_cache(maxsize=4096)
def place_text(configuration: tuple[str, ...]) -> str:
    """Return the text that a configuration is stored as.

    >>> place_text(("active", "active.qa"))
    '["active","active.qa"]'
    """
    return json.dumps(configuration, ensure_ascii=False, separators=(",", ":"))


def place_of(text: str) -> tuple[str, ...]:
    """Return the configuration that a text stands for."""
    return tuple(json.loads(text))


@frozen
class _Prepared:
    """A step with all that is to be written of it."""

    step: Step[Any, Any]
    cause: Any
    body: bytes
    kind: str
    id: str | None
    owed: tuple[Owed, ...]
    counter: int


@final
class Draft:
    """A run on the way to its next commit.

    Args:
        program: Its chart.
        live: The run as stored; None for a run that is to be started.
        run: Its key.
        claim: Claims new effects.
        passing: What is on its way from this process to other runs, by run and number.
        careful: Whether to see of each step that its snapshot can be written, and not only of the
            last one.
    """

    def __init__(
        self,
        program: Program,
        live: Live | None,
        run: str,
        claim: Claim = lambda *_: None,
        passing: Container[tuple[str, int]] = (),
        *,
        careful: bool = False,
    ) -> None:
        self.program = program
        self.run = run
        self._base = live
        self._claim = claim
        self._passing = passing
        self.careful = careful
        self.happened: list[Happened] = []
        self.cancelled: list[int] = []
        self.entries: list[Entry] = []
        self._owed: set[int] = set()
        self._timers: set[str] = set()
        self._waiting: set[int] = set()
        self._artifacts: list[bytes] = []
        self._bodies: list[bytes] = []
        self._attached = None if live is None else live.attached
        self._outgoing: list[int] = []
        self._on_way: set[int] = set()
        self._strays: dict[str, set[int]] | None = None
        self._kept: dict[int, Snapshot[Any, Any]] = {}
        self._unbegun: list[int] = []
        self._copied: tuple[Checkpoint, ...] = ()
        self.stuck = False
        if live is not None:
            self.head = live.head
            self.snapshot = live.snapshot
            self.owed = dict(live.owed)
            self.calls = dict(live.calls)
            self.timers = dict(live.timers)
            self.waiting = dict(live.waiting)

    # -- what it is asked --------------------------------------------------------------------------

    @property
    def exists(self) -> bool:
        """Whether the run is there."""
        return hasattr(self, "head")

    @property
    def dirty(self) -> bool:
        """Whether there is anything to write."""
        rows = self._owed or self._timers or self._waiting or self._artifacts or self._kept
        return self.exists and (
            self._base is None or self.head is not self._base.head or bool(rows)
        )

    def taken(self, *, handled: bool = True, waiting: bool = False) -> Taken:
        """Return the answer to the event that was taken last."""
        at = moment(self.head.changed)
        place = self.snapshot.configuration
        return Taken(self.run, self.head.sequence, at, place, handled, waiting)

    @property
    def fresh(self) -> list[Owed]:
        """The effects whose rows are new, or have changed."""
        return [self.owed[number] for number in sorted(self._owed) if number in self.owed]

    def outgoing(self) -> list[Owed]:
        """Return what is to be said to other runs since this was asked last, in order."""
        self._answer_parent()
        numbers, self._outgoing = dict.fromkeys(self._outgoing), []
        return [self.owed[number] for number in numbers if number in self.owed]

    def say_later(self, number: int) -> None:
        """Put back what is to be said to another run, for when this draft is on disk."""
        self._outgoing.append(number)

    def _say(self, number: int) -> None:
        self._outgoing.append(number)
        self._on_way.add(number)

    def _answer_parent(self) -> None:
        """Owe the answer to the parent, once the run is over."""
        if self.exists and self.head.status in OVER:
            for one in list(self.owed.values()):
                if one.name == PARENT and one.handed:
                    self._owe_to_run(evolve(one, handed=False))

    def is_new(self, number: int) -> bool:
        """Tell whether an effect has been made in this draft."""
        return self._base is None or number > self._base.head.counter

    @property
    def next_timer(self) -> int | None:
        """The due time of the first of the timers that this draft has started; None without one."""
        started = (self.timers[name] for name in self._timers if name in self.timers)
        return min(started, default=None)

    def check_going(self) -> None:
        """Refuse what only a run that goes on can do.

        Raises:
            RunError: It has ended, or was cancelled (SC825).
            StuckError: It is stuck (SC824).
        """
        head = self.head
        if head.status == Status.STUCK:
            raise stuck(head)
        if head.status in OVER:
            how = "was cancelled" if head.status == Status.CANCELLED else "has ended"
            found = f"the run {how} in ({', '.join(self.snapshot.configuration)})"
            raise RunError("SC825", self.run, found, "Start a new run")

    # -- events ------------------------------------------------------------------------------------

    def start(
        self, context: Any, at: datetime, parent: tuple[str, int, str] | None = None
    ) -> Taken:
        """Start the run.

        Args:
            context: The context to begin with.
            at: When it starts.
            parent: The key of its parent, and the number and the id of the call that it answers.

        Raises:
            StatechartError: The chart cannot be started with this context.
        """
        program = self.program
        step = self._asked(partial(program.kernel.start, context, at=at))
        given = step.snapshot.context
        body = b"" if given is None else program.protocol.dumps_context(given)
        first = 0 if parent is None else 1
        steps = self._prepared(step, None, Kind.START.value, None, body, at, first)
        now = microseconds(at)
        place = place_text(step.snapshot.configuration)
        self.head = Head(
            self.run,
            program.name,
            program.protocol.version,
            Status.RUNNING.value,
            "",
            "",
            -1,
            now,
            0,
            now,
            now,
            place,
            b"",
        )
        self.owed, self.calls, self.timers, self.waiting = {}, {}, {}, {}
        if parent is not None:
            self.owed[1] = Owed(1, PARENT, None, json.dumps(parent).encode(), handed=True)
            self._owed.add(1)
        return self._record(steps, at)

    def check_call(self, call: str) -> None:
        """Refuse the id of a call that this run has never made; one that is over is only late.

        Raises:
            RunError: It is such an id (SC835).
        """
        if call in self.calls:
            return
        memory = self.snapshot.memory
        name, _, number = root_of(call).rpartition("#")
        made = dict(memory.counters).get(CALLS, 0)
        chart = self.program.kernel.chart
        known = {node.call_name(one) for node in chart.nodes.values() for one in node.invoke}
        # An earlier version of the chart may have called it otherwise.
        named = name in known or self.head.version > 1
        if named and number.isdecimal() and 1 <= int(number) <= made:
            return
        under_way = list(dict.fromkeys((*self.calls, *(one for one, _ in memory.calls))))
        listed = ", ".join(under_way) or "none"
        remedy = did_you_mean(call, under_way, f"Take one of run.calls; under way now: {listed}")
        raise RunError("SC835", self.run, f"it has never made a call {call!r}", remedy)

    def take(self, event: Any, at: datetime, id: str | None = None) -> Taken:
        """Take an event: first the timers that are due, then the event, then what the run says.

        Raises:
            StatechartError: The event cannot be taken.
        """
        own = isinstance(event, OWN)
        if own and self.head.status in OVER:
            return self.taken(handled=False)  # late
        self.check_going()
        if self.head.status == Status.SUSPENDED:
            return self._put_by(event, at, id)
        self.fire(at)
        if not (own and self.head.status in OVER):
            self.check_going()
        if isinstance(event, Answer | CallFailed) and root_of(event.id) != event.id:
            return self._collect(event, at)
        step = self._stepped(self.snapshot, event, at)
        if not step.handled:
            return self.taken(handled=False)
        body = self.program.protocol.dumps_message(event)
        counter = self.head.counter
        steps = self._prepared(step, event, Kind.EVENT.value, id, body, at, counter)
        return self._record(steps, at)

    def _stepped(self, snapshot: Snapshot[Any, Any], event: Any, at: datetime) -> Step[Any, Any]:
        return self._asked(partial(self.program.kernel.step, snapshot, event, at=at))

    def _asked(self, ask: Callable[[], Step[Any, Any]]) -> Step[Any, Any]:
        """Ask the kernel; what a function of the chart raises past it is a fault of its own.

        A guard that calls ``sys.exit`` would end the process, and the next one that takes over.
        """
        try:
            return ask()
        except (Exception, KeyboardInterrupt):
            raise
        except BaseException as error:
            found = f"a function of the chart {self.program.name} raised {type(error).__name__}"
            remedy = "Let it raise an Exception, or nothing"
            raise RunError("SC202", self.run, found, remedy) from error

    def _collect(self, event: Answer | CallFailed, at: datetime) -> Taken:
        """Take the answer to one of the calls of `Each`; the last that is needed answers them all.

        The answers are rows until then: the snapshot does not grow with each of them.
        """
        number = self.calls.get(event.id)
        root = root_of(event.id)
        whole = next((call for name, call in self.snapshot.memory.calls if name == root), None)
        late = number is None or self.owed[number].name.startswith(OUTCOME)
        if number is None or late or not isinstance(whole, Each):
            return self.taken(handled=False)
        if isinstance(event, CallFailed):
            told = Outcome("failed", None, event.reason)
        elif not event.last:
            return self.taken(handled=False)  # nobody hears the progress of one of many
        else:
            lost = isinstance(event.event, ChildFailed)
            told = Outcome("failed" if lost else "done", event.event)
        done, failed = self._counted(root, told)
        if whole.enough(done, failed):
            outcomes = self._outcomes(root, len(whole.calls))
            outcomes[_place_in(event.id)] = told
            return self.take(Answer(root, whole.joined(tuple(outcomes))), at)
        name = f"{OUTCOME}{told.status}"
        body = self.program.protocol.dumps_event(Joined((told,)))
        self.note(number, name=name, body=body, handed=True, worker=None, until=0)
        return self.taken()

    def _counted(self, root: str, told: Outcome) -> tuple[int, int]:
        """Return how many calls of an `Each` are done, and how many have failed."""
        begin = f"{root}["
        names = [self.owed[n].name for name, n in self.calls.items() if name.startswith(begin)]
        names.append(f"{OUTCOME}{told.status}")
        return names.count(f"{OUTCOME}done"), names.count(f"{OUTCOME}failed")

    def _outcomes(self, root: str, count: int) -> list[Outcome | None]:
        found: list[Outcome | None] = [None] * count
        begin = f"{root}["
        for name, number in self.calls.items():
            if name.startswith(begin) and self.owed[number].name.startswith(OUTCOME):
                told = self.program.protocol.loads_event(self.owed[number].body)
                found[_place_in(name)] = told.outcomes[0]
        return found

    def fire(self, at: datetime) -> None:
        """Fire the timers that are due, in order; a timer that fails makes the run stuck.

        Where nobody was there for long, there may be any number: the rest stays due, so that one
        run does not keep all others waiting.
        """
        now = microseconds(at)
        last, same = self.head.changed, 0
        begun = set(self.timers)  # of these there are so many, but of what they start no end
        for _ in range(MOST_DUE):
            if not self.timers or self.head.status != Status.RUNNING:
                return
            name = min(self.timers, key=self.timers.__getitem__)
            due = self.timers[name]
            if due > now:
                return
            last, same = (due, 0) if due > last else (last, same)
            same += name not in begun
            # It happens when it was due, even if nobody was there to see it; never before what
            # has happened already.
            then = moment(due) if due >= self.head.changed else at
            try:
                if same > MOST_OWN:
                    found = f"{MOST_OWN:,} timers have fired at {then}, and more are due"
                    remedy = "Give the delayed transitions of the circle a delay that takes time"
                    raise RunError("SC823", self.run, found, remedy)
                self._fire(name, then)
            except Exception as error:  # whatever it is, the run alone is out of service
                self.stick(reason_of(error), f"timer {name}")
                return

    def _fire(self, name: str, at: datetime) -> None:
        event = TimerFired(name)
        step = self._stepped(self.snapshot, event, at)
        if not step.handled:  # spent: its line does not hear it any more
            self.snapshot = step.snapshot
            del self.timers[name]
            self._timers.add(name)
            return
        body = self.program.protocol.dumps_message(event)
        counter = self.head.counter
        steps = self._prepared(step, event, Kind.EVENT.value, None, body, at, counter)
        if self.timers.pop(name, None) is not None:
            self._timers.add(name)
        self._record(steps, at)

    def _prepared(
        self,
        step: Step[Any, Any],
        cause: Any,
        kind: str,
        id: str | None,
        body: bytes,
        at: datetime,
        counter: int,
    ) -> list[_Prepared]:
        """Return a step, and those that follow from what the run sends to itself, in order."""
        first, own = self._prepared_alone(step, cause, kind, id, body, counter)
        found = [first]
        line = deque(own)
        while line:
            if len(found) > MOST_OWN:
                text = f"the run has sent itself {MOST_OWN:,} events, and has not come to rest"
                remedy = "Send with a delay, or guard one of the sends so that the circle ends"
                raise RunError("SC823", self.run, text, remedy)
            event = line.popleft()
            step = self._stepped(found[-1].step.snapshot, event, at)
            if not step.handled:
                continue
            body = self.program.protocol.dumps_message(event)
            counter = found[-1].counter
            one, more = self._prepared_alone(step, event, Kind.EVENT.value, None, body, counter)
            found.append(one)
            line += more
        return found

    def _prepared_alone(
        self,
        step: Step[Any, Any],
        cause: Any,
        kind: str,
        id: str | None,
        body: bytes,
        counter: int,
    ) -> tuple[_Prepared, list[Any]]:
        if self.careful:
            self.program.protocol.dumps_snapshot(step.snapshot)
        owed, own = [], []
        muted = self.exists and self.head.muted
        for effect in step.effects:
            if isinstance(effect, Send) and effect.own:
                own.append(effect.event)
            elif not (muted or isinstance(effect, _INNER)):
                rows = self._rows((effect,), counter)
                counter += len(rows)
                owed += rows
                if isinstance(effect, Invoke) and isinstance(effect.call, Each):
                    none = (None,) * len(effect.call.calls)
                    if effect.call.enough(0, 0):
                        own.append(Answer(effect.id, effect.call.joined(none)))
        return _Prepared(step, cause, body, kind, id, tuple(owed), counter), own

    def _rows(self, effects: Iterable[Effect], counter: int) -> list[Owed]:
        """Return the rows of effects, numbered after a counter."""
        return [self._row(one, counter + n) for n, one in enumerate(spread(effects), 1)]

    def _row(self, effect: Effect, number: int) -> Owed:
        if isinstance(effect, Child | Each):
            found = f"{type(effect).__name__} is a call, and was emitted as an effect"
            remedy = f"Declare it on the state that waits for it: invoke={type(effect).__name__}(…)"
            raise ArgumentError("SC221", self.run, found, remedy)
        body = self.program.protocol.dumps_effect(effect)
        call = effect.id if isinstance(effect, Invoke) else None
        return Owed(number, name_of_effect(effect), call, body)

    def _record(self, steps: list[_Prepared], at: datetime) -> Taken:
        """Note a step and those that follow; return the answer to the first. Nothing here fails."""
        first, *rest = steps
        self._note_step(first, at)
        taken = self.taken()
        for one in rest:
            self._note_step(one, at)
        return taken

    def _note_step(self, one: _Prepared, at: datetime) -> None:
        step = one.step
        for effect in step.effects:
            match effect:
                case StartTimer():
                    self.timers[effect.id] = microseconds(effect.due)
                    self._timers.add(effect.id)
                case CancelTimer():
                    if self.timers.pop(effect.id, None) is not None:
                        self._timers.add(effect.id)
                case _:
                    pass
        if self.calls:
            known = {name for name, _ in step.snapshot.memory.calls}
            for call in [name for name in self.calls if root_of(name) not in known]:
                self._end_call(call)
        now = microseconds(at)
        self._owe(one.owed, now)
        self.snapshot = step.snapshot
        status = Status.ENDED.value if step.snapshot.ended else self.head.status
        self._enter(one.kind, at, one.body, one.id, status=status, counter=one.counter)
        name = self.program.name
        self.happened.append(Happened(self.run, self.head.sequence, at, one.cause, step, name))

    def _enter(
        self,
        kind: str,
        at: datetime,
        body: bytes,
        id: str | None = None,
        *,
        keep: bool = False,
        **changes: Any,
    ) -> None:
        """Write an entry, and the head that goes with it.

        Args:
            kind: Its kind.
            at: When it happened.
            body: What it says.
            id: The id that its sender gave.
            keep: Whether to keep the snapshot, as it does not follow from the entry and the
                snapshot before.
            changes: What else changes in the head.
        """
        now = microseconds(at)
        place = place_text(self.snapshot.configuration)
        said = (self.head.sequence + 1, now, kind, id, place, body)
        entry = Entry(*said, link(self.head.link, Entry(*said, b"")))
        self.entries.append(entry)
        self.head = changed(
            self.head,
            sequence=entry.sequence,
            changed=now,
            configuration=place,
            link=entry.link,
            **changes,
        )
        if keep:
            self.keep()

    def _end_call(self, call: str) -> None:
        number = self.calls.pop(call, None)
        if number is None:
            return
        row = self.owed.get(number)
        if row is not None and row.name == CHILD:
            self._owe_to_run(evolve(row, name=CANCEL, call=None, attempts=0, handed=False))
            return
        self._drop(number)
        self.cancelled.append(number)

    def _owe_to_run(self, row: Owed) -> None:
        """Owe something to another run from now on."""
        self.owed[row.number] = row
        self.pass_on(row.number)

    def pass_on(self, number: int) -> None:
        """Claim what is owed to another run, and say it, if this process does so.

        What that one was to hear earlier is said first, if it is not on its way from here.
        """
        row = self.owed[number]
        worker, until = self._claim(self.program.name, row) or (None, 0)
        if worker is not None:
            for one in self._unsaid_before(row):
                self.note(one.number, worker=worker, until=until)
                self._say(one.number)
            self._say(number)
        self.note(number, worker=worker, until=until)

    def _is_unsaid(self, row: Owed) -> bool:
        """Tell whether another run is still to hear something that is not on its way from here."""
        said = row.name not in BETWEEN or row.name in _LAST or row.handed
        return not (said or row.number in self._on_way or (self.run, row.number) in self._passing)

    def _unsaid_before(self, row: Owed) -> list[Owed]:
        """Return what the run that a row is for was to hear earlier."""
        if self._strays is None:
            self._strays = {}
            for one in self.owed.values():
                self._stray(one)
        if not self._strays:
            return []
        numbers = self._strays.get(recipient_of(self.run, row), ())
        earlier = sorted(n for n in numbers if n < row.number or row.name in _LAST)
        rows = [self.owed[n] for n in earlier if n != row.number and n in self.owed]
        return [one for one in rows if self._is_unsaid(one)]

    def _stray(self, row: Owed) -> None:
        """Note what is on its way from here no more, or not yet, once that is asked for."""
        if self._strays is not None and self._is_unsaid(row):
            self._strays.setdefault(recipient_of(self.run, row), set()).add(row.number)

    def _drop(self, number: int) -> None:
        if self.owed.pop(number, None) is not None:
            self._owed.add(number)

    # -- effects -----------------------------------------------------------------------------------

    def settle(self, number: int) -> bool:
        """Note that an effect has been carried out; False when it is not owed any more."""
        row = self.owed.get(number)
        if row is None:
            return False
        if row.call is not None:
            self.calls.pop(row.call, None)
        self._drop(number)
        return True

    def note(self, number: int, **changes: Any) -> bool:
        """Change the row of an effect; False when it is not owed any more."""
        row = self.owed.get(number)
        if row is None:
            return False
        row = self.owed[number] = evolve(row, **changes)
        self._owed.add(number)
        if row.worker is None and row.name in BETWEEN:
            self._on_way.discard(number)
            self._stray(row)
        return True

    # -- the run as a whole ------------------------------------------------------------------------

    def stick(self, reason: str, blocked: str) -> None:
        """Take the run out of service until somebody looks at it."""
        head, self.stuck = self.head, True
        before = head.status if head.status in OVER else head.before
        said = {"reason": storable(reason), "blocked": blocked, "before": before}
        self.head = changed(head, status=Status.STUCK.value, **said)

    def unstick(self, at: datetime) -> None:
        """Try again what the run is stuck on."""
        number, due = self._blocked_effect(), self.head.changed
        self.note(number, attempts=0, due=due, worker=None, until=0)
        self._go_on()
        self._catch_up(at)

    def _blocked_effect(self) -> int:
        """Return the number of the effect that the run is stuck on; 0 for anything else."""
        word, _, what = self.head.blocked.partition(" ")
        return int(what) if word == "effect" else 0

    def _go_on(self) -> None:
        status = Status.ENDED.value if self.snapshot.ended else Status.RUNNING.value
        status = self.head.before or status
        self.head = changed(self.head, status=status, reason="", blocked="", before="")

    def skip(self, at: datetime) -> None:
        """Give up what the run is stuck on: a timer never fires, an effect is not carried out.

        Raises:
            RunError: The run itself cannot be read (SC824).
        """
        blocked = self.head.blocked
        word, _, what = blocked.partition(" ")
        if word == "timer":
            self._forget_timer(what)
        elif word == "effect":
            number = self._blocked_effect()
            row = self.owed.get(number)
            if row is not None and row.call is not None:
                self._forget_call(row.call)
            self.settle(number)
        elif word == "event":
            self._unwait(int(what))
        else:
            raise stuck(self.head)
        self._go_on()
        self._enter(Kind.SKIP.value, at, json.dumps(blocked).encode(), keep=True)
        self._catch_up(at)

    def _forget_timer(self, name: str) -> None:
        memory = self.snapshot.memory
        timers = tuple(timer for timer in memory.timers if timer[0] != name)
        sent = tuple(one for one in memory.sent if one[0] != name)
        self.snapshot = _with_memory(self.snapshot, evolve(memory, timers=timers, sent=sent))
        if self.timers.pop(name, None) is not None:
            self._timers.add(name)

    def _forget_call(self, name: str) -> None:
        memory = self.snapshot.memory
        calls = tuple(call for call in memory.calls if call[0] != root_of(name))
        self.snapshot = _with_memory(self.snapshot, evolve(memory, calls=calls))

    def cancel(self, reason: str, at: datetime) -> None:
        """End the run where it is: its timers and calls are over."""
        if self.head.status in OVER:
            self.check_going()
        for call in list(self.calls):
            self._end_call(call)
        self._timers |= self.timers.keys()
        self.timers.clear()
        self._forget_waiting()
        text, said = json.dumps(reason).encode(), storable(reason)
        cancelled = Status.CANCELLED.value
        self._enter(
            Kind.CANCEL.value, at, text, status=cancelled, reason=said, blocked="", before=""
        )

    def suspend(self, reason: str, at: datetime) -> None:
        """Let events wait, and timers and calls pause, until `resume`."""
        self.check_going()
        if self.head.status != Status.SUSPENDED:
            text, said = json.dumps(reason).encode(), storable(reason)
            self._enter(Kind.SUSPEND.value, at, text, status=Status.SUSPENDED.value, reason=said)

    def resume(self, at: datetime) -> None:
        """Go on: timers that are due fire, and what waits is taken, in order."""
        self.check_going()
        if self.head.status != Status.SUSPENDED:
            return
        self._enter(Kind.RESUME.value, at, b"", status=Status.RUNNING.value, reason="")
        self._catch_up(at)

    def _catch_up(self, at: datetime) -> None:
        """Free what was claimed before the pause, take what waits, fire the timers that are due."""
        for one in self.owed.values():
            if not one.handed:
                self.note(one.number, worker=None, until=0)
        for number in sorted(self.waiting):
            if self.head.status != Status.RUNNING:
                break
            row = self.waiting[number]
            try:
                self.take(self.program.protocol.loads_message(row.body), at, row.id)
            except Exception as error:
                if self.head.status == Status.RUNNING:
                    self.stick(reason_of(error), f"event {number}")
            else:
                self._unwait(number)
        self.fire(at)
        if self.head.status in OVER:
            self._forget_waiting()

    # -- the past ----------------------------------------------------------------------------------

    def rewind(
        self,
        past: Snapshot[Any, Any],
        to: int,
        gone: Sequence[Made],
        undo: Container[str],
        at: datetime,
    ) -> None:
        """Take the run back to an entry of its history.

        Its calls are cancelled, and those that were under way then are made anew. Children that are
        awaited then and now go on; those that were started since then are cancelled. Timers that
        run then run on; those that have fallen due since then fire now.

        Args:
            past: The snapshot after that entry.
            to: The number of the entry.
            gone: The effects that the run has made since then.
            undo: The names of those that can be undone.
            at: When this happens.

        Raises:
            RunError: An effect has been carried out that cannot be undone (SC834).
        """
        begun = [one for one in gone if self._has_begun(one.number)]
        left = {one.number for one in gone}.difference(one.number for one in begun)
        self._unbegun += sorted(n for n in left if self.owed[n].name not in (CHILD, CANCEL))
        kept = _lasting(self.snapshot) & _lasting(past) & {root_of(call) for call in self.calls}
        self._check_undoable(begun, to, undo)
        for call in list(self.calls):
            if root_of(call) not in kept:
                self._end_call(call)
        for one in gone:
            if one.number in self.owed and self.owed[one.number].name != CANCEL:
                self._drop(one.number)
                self.cancelled.append(one.number)
        paused = self.head.status in PAUSED
        status = self.head.status
        if status != Status.SUSPENDED:
            status = Status.ENDED.value if past.ended else Status.RUNNING.value
        if status == Status.RUNNING:
            for row in [one for one in self.owed.values() if one.name == PARENT]:
                # It has not ended after all.
                self.note(row.number, handed=True, attempts=0, worker=None, until=0)
        effects = self._restore(past, kept)
        counter = self.head.counter
        owed = self._rows(effects, counter)
        undone: dict[int, int] = {}
        for one in reversed(begun):
            undone[one.number] = counter + len(owed) + 1
            owed.append(_undoing(one, undone[one.number]))
        said = {
            "to": to,
            "made": [one.name for one in owed],
            "dropped": [one.number for one in gone if one.number not in undone],
            "undone": list(undone.items()),
        }
        if kept:
            said["kept"] = sorted(kept)
        body = json.dumps(said).encode()
        self._owe(owed, microseconds(at))
        self._enter(
            Kind.ROLLBACK.value,
            at,
            body,
            keep=True,
            status=status,
            counter=counter + len(owed),
            reason=self.head.reason if status == Status.SUSPENDED else "",
            blocked="",
            before="",
        )
        step: Step[Any, Any] = Step(self.snapshot, tuple(effects), (), True, ())  # noqa: FBT003
        cause, chart = RolledBack(to), self.program.name
        self.happened.append(Happened(self.run, self.head.sequence, at, cause, step, chart))
        if paused and status == Status.RUNNING:
            self._catch_up(at)
        self.fire(at)

    def _check_undoable(self, begun: Iterable[Made], to: int, undo: Container[str]) -> None:
        """Refuse to go back past an effect that cannot be undone (SC834)."""
        for one in begun:
            if one.name.startswith(UNDO):
                found = f"an effect of before entry {to} has been undone since then ({one.name})"
                remedy = "Go back to an entry before that effect, or to a later one"
                raise RunError("SC834", self.run, found, remedy)
            if one.name in BETWEEN:
                found = (
                    f"the effect {one.number} ({_name_between(one.name)}) comes after entry {to}, "
                    "and another run may have taken it"
                )
                raise RunError("SC834", self.run, found, "Go back to a later entry")
            if one.name not in undo:
                found = (
                    f"the effect {one.number} ({one.name}) comes after entry {to}, has been begun "
                    "or carried out, and nobody here can undo it"
                )
                remedy = f"Pass handle({one.name}, …, undo=…) to a Runtime, and roll back there"
                raise RunError("SC834", self.run, found, remedy)

    def _has_begun(self, number: int) -> bool:
        row = self.owed.get(number)
        if row is not None and row.name in (CHILD, CANCEL):
            return False  # cancelling it undoes it
        return row is None or bool(row.attempts or row.handed or row.worker is not None)

    def _restore(
        self, past: Snapshot[Any, Any], kept: Container[str] = frozenset()
    ) -> list[Invoke]:
        """Take a past snapshot with the counters of today; return its calls, made anew.

        Args:
            past: The snapshot.
            kept: The ids of calls that are not made anew, for they are under way.
        """
        latest = self.snapshot if self.exists else past
        counters = latest.memory.counters
        calls, effects = [], []
        for name, call in past.memory.calls:
            one = Invoke(name, call)
            if name not in kept:
                number, counters = count(counters, CALLS)
                one = Invoke(f"{name.rpartition('#')[0]}#{number}", call)
                effects.append(one)
            calls.append((one.id, call))
        memory = evolve(past.memory, counters=counters, calls=tuple(calls))
        clock = latest._clock + 1
        self.snapshot = Snapshot(past._place, past._values, past._context, memory, clock)
        self._follow_timers()
        return effects

    def _follow_timers(self) -> None:
        """Let the timers be those of the snapshot."""
        due = {name: microseconds(one) for name, one in self.snapshot.memory.timers}
        known = self.timers
        names = due.keys() | known.keys()
        self._timers |= {name for name in names if due.get(name) != known.get(name)}
        self.timers = due

    def _owe(self, rows: Iterable[Owed], now: int) -> None:
        """Owe effects from now on; what can be carried out here is claimed."""
        for one in rows:
            to_run = one.name in BETWEEN  # which is claimed in its turn
            claimed = None if to_run else self._claim(self.program.name, one)
            worker, until = claimed or (None, 0)
            row = evolve(one, due=now, worker=worker, until=until)
            self.owed[row.number] = row
            self._owed.add(row.number)
            if row.call is not None:
                self.calls[row.call] = row.number
            if to_run:
                self._queue(row, now)

    def _queue(self, row: Owed, now: int) -> None:
        """Say something new after what the other run was to hear earlier, or when that is tried."""
        for one in self._unsaid_before(row):
            if one.attempts and one.due > now:
                said = {"attempts": one.attempts, "due": one.due, "worker": None, "until": 0}
                self.note(row.number, **said)
                return
        self.pass_on(row.number)

    def branch(
        self,
        source: Head,
        entries: Iterable[Entry],
        checkpoints: Iterable[Checkpoint],
        past: Snapshot[Any, Any],
        version: int,
        at: datetime,
        *,
        muted: bool,
    ) -> Taken:
        """Start the run as a fork of another one.

        Args:
            source: The head of the other run.
            entries: Its history, up to where the fork begins.
            checkpoints: The checkpoints of that history.
            past: The snapshot after the last of these entries.
            version: The version that these entries are of.
            at: When this happens.
            muted: Whether the effects of the fork are dropped, and its calls left to whoever
                answers them.
        """
        self.entries = [*entries]
        self._copied = tuple(checkpoints)
        last = self.entries[-1]
        status = Status.ENDED.value if past.ended else Status.RUNNING.value
        begun = changed(
            source,
            run=self.run,
            version=self.program.protocol.version,
            status=status,
            reason="",
            blocked="",
            before="",
            sequence=last.sequence,
            epoch=microseconds(at),
            link=last.link,
            muted=int(muted),
            total=bytes(32),
        )
        self.owed, self.calls, self.timers, self.waiting = {}, {}, {}, {}
        if muted:
            effects: list[Invoke] = []
            self.snapshot = past
            self._follow_timers()
        else:
            effects = self._restore(past)
        self.head = begun
        rows = self._rows(effects, begun.counter)
        self._owe(rows, microseconds(at))
        said = {"from": source.run, "at": last.sequence, "made": [one.name for one in rows]}
        counter = begun.counter + len(rows)
        if version < self.head.version:
            self._enter_migration(version, at)
        self._enter(Kind.FORK.value, at, json.dumps(said).encode(), keep=True, counter=counter)
        taken = self.taken()
        self.fire(at)
        return taken

    def migrate(self, at: datetime) -> None:
        """Bring the rows of a run that an older version has stored to the present version.

        The snapshot has been upgraded when it was read.
        """
        protocol = self.program.protocol
        version = self.head.version
        known = {name.rpartition("#")[2]: (name, call) for name, call in self.snapshot.memory.calls}
        for old, number in list(self.calls.items()):
            found = known.get(root_of(old).rpartition("#")[2])
            if found is None:
                self._end_call(old)
                continue
            name, call = found
            if isinstance(call, Each):
                place = _place_in(old)
                found = (f"{name}[{place}]", call.calls[place])
            row = self._row(Invoke(*found), number)
            if self.owed[number].name.startswith(OUTCOME):
                row = evolve(row, name=self.owed[number].name, body=self.owed[number].body)
            del self.calls[old]
            self.calls[found[0]] = number
            self.note(number, name=row.name, call=row.call, body=row.body)
        self._follow_timers()
        for number, one in list(self.waiting.items()):
            try:
                event = protocol.loads_message(one.body, version=version)
            except StatechartError as error:
                if error.code == DROPPED:
                    self._unwait(number)
                continue  # the run is stuck on it when it is taken
            self.waiting[number] = evolve(one, body=protocol.dumps_message(event))
            self._waiting.add(number)
        word, _, what = self.head.blocked.partition(" ")
        blocked = self.head.blocked
        if word == "timer":
            numbers = {name.rpartition("#")[2]: name for name in self.timers}
            blocked = f"timer {numbers.get(what.rpartition('#')[2], what)}"
        self.head = changed(self.head, version=protocol.version, blocked=blocked)
        self._enter_migration(version, at)

    def _enter_migration(self, version: int, at: datetime) -> None:
        """Note that what comes before is of an older version."""
        said = json.dumps({"from": version, "to": self.head.version}).encode()
        self._enter(Kind.MIGRATE.value, at, said, keep=True)

    def _forget_waiting(self) -> None:
        self._waiting |= self.waiting.keys()
        self.waiting.clear()

    def hear(self, event: bytes, id: str, at: datetime) -> None:
        """Take an event that another run has sent.

        One that this run cannot take makes it stuck on that event; one that comes while it is
        stuck waits. Once it is over, nothing reaches it.
        """
        if self.head.status in OVER:
            return
        if self.head.status != Status.STUCK:
            try:
                self.take(self.program.protocol.loads_event(event), at, id)
            except Exception as error:
                if self.head.status != Status.RUNNING:
                    if self.head.status in OVER:
                        return
                else:
                    self.stick(reason_of(error), f"event {self._wait_with(event, at, id)}")
                    return
            else:
                return
        self._wait_with(event, at, id)

    def orphan(self) -> None:
        """Forget the parent: it does not wait any more."""
        for one in list(self.owed.values()):
            if one.name == PARENT:
                self._drop(one.number)

    def _wait_with(self, body: bytes, at: datetime, id: str | None) -> int:
        number = max(self.waiting, default=0) + 1
        self.waiting[number] = Waiting(number, microseconds(at), id, body)
        self._waiting.add(number)
        return number

    def _unwait(self, number: int) -> None:
        del self.waiting[number]
        self._waiting.add(number)

    def _put_by(self, event: Any, at: datetime, id: str | None) -> Taken:
        self._wait_with(self.program.protocol.dumps_message(event), at, id)
        return self.taken(handled=False, waiting=True)

    def keep(self) -> None:
        """Keep the snapshot for the history."""
        self._kept[self.head.sequence] = self.snapshot

    def attach(self, name: bytes, known: Callable[[], Iterable[bytes]], body: bytes = b"") -> None:
        """Note that the run refers to an artifact.

        Args:
            name: Its digest.
            known: Returns the digests of those that the run refers to as stored; asked once.
            body: Its bytes, if they are to be kept in the same commit.
        """
        if self._attached is None:
            self._attached = set(known())
        if name not in self._attached and name not in self._artifacts:
            self._artifacts.append(name)
            if body:
                self._bodies.append(body)

    # -- what to write -----------------------------------------------------------------------------

    def present(self) -> Live:
        """Return the run as it is now, for an engine that keeps it in memory and writes no rows.

        Its head holds the snapshot that it was read with, and no seal.
        """
        self._answer_parent()
        return Live(self.head, self.snapshot, self.owed, self.calls, self.timers, self.waiting)

    def change(self) -> tuple[Change, Live]:
        """Return what to write, and the run as it is once that is written."""
        base = self._base
        self._answer_parent()
        old = Live(self.head, self.snapshot) if base is None else base
        owed, old_owed = _touched(self._owed, self.owed, old.owed)
        due, old_due = _touched(self._timers, self.timers, old.timers)
        waiting, old_waiting = _touched(self._waiting, self.waiting, old.waiting)
        timers = tuple(Timer(*one) for one in due.items())
        more: list[Any] = [*self._artifacts, *owed.values(), *timers, *waiting.values()]
        less: list[Any] = [*old_owed.values(), *old_waiting.values()]
        less += [Timer(*one) for one in old_due.items()]
        head = self.head
        write = self.program.protocol.dumps_snapshot
        kept = base is not None and base.snapshot is self.snapshot
        if base is not None and kept and base.head.version == self.program.protocol.version:
            snapshot = base.head.snapshot
        else:
            snapshot = write(self.snapshot)
        before = 0 if base is None else base.head.sequence
        if head.sequence // CHECKPOINT_EVERY > before // CHECKPOINT_EVERY:
            self.keep()
        checkpoints = (
            *self._copied,
            *(
                Checkpoint(sequence, snapshot if one is self.snapshot else write(one))
                for sequence, one in self._kept.items()
            ),
        )
        more += checkpoints
        head = sealed(
            head,
            version=self.program.protocol.version,
            snapshot=snapshot,
            epoch=head.epoch + (0 if self.entries else 1),
            total=summed(head.total, more, less),
        )
        change = Change(
            head,
            None if base is None else base.head.fence,
            tuple(self.entries),
            tuple(owed.values()),
            tuple(number for number in old_owed if number not in owed),
            tuple(number for number in self._unbegun if number in old_owed),
            timers,
            tuple(name for name in old_due if name not in due),
            tuple(waiting.values()),
            tuple(number for number in old_waiting if number not in waiting),
            checkpoints,
            tuple(self._artifacts),
            tuple(self._bodies),
        )
        if self._attached is not None:  # a run that could not be written is read anew
            self._attached.update(self._artifacts)
        rows = (self.owed, self.calls, self.timers, self.waiting, self._attached)
        live = Live(head, self.snapshot, *rows)
        return change, live


def _undoing(made: Made, number: int) -> Owed:
    """Return the row that an effect is undone by."""
    body = json.dumps({"effect": json.loads(made.body), "of": made.number}).encode()
    return Owed(number, f"{UNDO}{made.name}", None, body)


def effect_of(program: Program, row: Owed) -> tuple[Any, int]:
    """Return the effect that a row owes, or that it undoes, and its number.

    Raises:
        CodecError: The chart has no such effect.
    """
    if not row.name.startswith(UNDO):
        return program.protocol.loads_effect(row.body), row.number
    said = json.loads(row.body)
    return program.protocol.load_effect(said["effect"]), said["of"]


def name_of_effect(effect: Effect) -> str:
    """Return the name that an effect is owed under: that of its class, or of its call's class."""
    said = effect.call if isinstance(effect, Invoke) else effect
    for cls, name in _BETWEEN:
        if isinstance(said, cls):
            return name
    return wire_name(type(said))


_BETWEEN: Final = ((Tell, TELL), (Spawn, SPAWN), (Child, CHILD))


def _lasting(snapshot: Snapshot[Any, Any]) -> set[str]:
    """Return the ids of the calls under way that are children, or many with children among them."""
    return {
        name
        for name, call in snapshot.memory.calls
        if any(isinstance(one, Child) for one in (call.calls if isinstance(call, Each) else [call]))
    }


def _name_between(name: str) -> str:
    """Return the name of the class of what is owed to another run."""
    return next(cls.__name__ for cls, found in _BETWEEN if found == name)


def root_of(call: str) -> str:
    """Return the id of a call; of one of the calls of an `Each`, the id of that.

    >>> root_of("work.each#3[12]"), root_of("work.child#3")
    ('work.each#3', 'work.child#3')
    """
    return call.rpartition("[")[0] if call.endswith("]") else call


def _place_in(call: str) -> int:
    """Return which of the calls of an `Each` an id means."""
    return int(call.rpartition("[")[2][:-1])


def spread(effects: Iterable[Effect]) -> Iterator[Effect]:
    """Yield effects, and instead of an `Each` its calls."""
    for one in effects:
        if isinstance(one, Invoke) and isinstance(one.call, Each):
            calls = one.call.calls
            if not one.call.enough(0, 0):  # else it needs none of them
                for place, call in enumerate(calls):
                    yield Invoke(f"{one.id}[{place}]", call)
        else:
            yield one


def child_key(run: str, row: Owed) -> str:
    """Return the key of the child that a row is for."""
    return str(json.loads(row.body)["call"]["key"]) or f"{run}/{row.number}"


def children_of(run: str, owed: Iterable[Owed]) -> tuple[str, ...]:
    """Return the keys of the children that a run waits for, in order, from what it owes."""
    rows = sorted((one.number, one) for one in owed if one.name == CHILD)
    return tuple(child_key(run, row) for _, row in rows)


def recipient_of(run: str, row: Owed) -> str:
    """Return the key of the run that hears what a row of a run says."""
    said = json.loads(row.body)
    if row.name == PARENT:
        return str(said[0])
    if row.name in (CHILD, CANCEL):
        return child_key(run, row)
    return str(said["run" if row.name == TELL else "key"])


_LAST: Final = (PARENT, CANCEL)
"""Rows that come after all others for the same run, though their numbers are older."""


def answer_of(child: Draft) -> ChildDone | ChildFailed:
    """Return what a child that is over says to its parent."""
    if child.head.status != Status.ENDED:
        return ChildFailed(child.head.reason or "the run was cancelled")
    data = child.program.protocol.dump_snapshot(child.snapshot)["data"]
    return ChildDone(data.get(child.snapshot.configuration[0]))


def owed_outside(step: Step[Any, Any]) -> list[Effect]:
    """Return the effects of a step that are owed to the outside, in order."""
    return [
        one
        for one in spread(step.effects)
        if not isinstance(one, _INNER) and not (isinstance(one, Send) and one.own)
    ]


_INNER: Final = (StartTimer, CancelTimer, CancelInvoke)
"""Effects that are rows of their own, or take rows away."""


def _touched(keys: set[K], rows: dict[K, R], old: dict[K, R]) -> tuple[dict[K, R], dict[K, R]]:
    """Return the rows of some keys, by key: as they are, and as they were."""
    ordered = sorted(keys)
    now = {key: rows[key] for key in ordered if key in rows}
    return now, {key: old[key] for key in ordered if key in old}


def stuck(head: Head) -> StuckError:
    """Return the error that a stuck run answers with."""
    on = f", on {head.blocked}" if head.blocked else ""
    remedy = "Retry it when the cause is gone, or skip it"
    return StuckError("SC824", head.run, f"the run is stuck{on}: {head.reason}", remedy)


def reason_of(error: Exception) -> str:
    """Return why something failed, as a run that is stuck tells it."""
    return str(error) if isinstance(error, StatechartError) else f"{type(error).__name__}: {error}"


def storable(text: str) -> str:
    """Return a text without half characters and zero bytes, which not every store can keep."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def _with_memory(snapshot: Snapshot[Any, Any], memory: Any) -> Snapshot[Any, Any]:
    return Snapshot(snapshot._place, snapshot._values, snapshot._context, memory, snapshot._clock)
