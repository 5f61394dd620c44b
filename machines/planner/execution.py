"""The execution of a run: nodes in threads, and everything that they do recorded in order.

One thread, the scheduler, writes: it takes what the nodes have done, moves each node's chart, and
commits what all of them have to say at once. Only then it begins the nodes that this has made
ready. So each beginning is on disk before it happens, and what is done is done once it is on disk.
"""

from __future__ import annotations

import copy
import hashlib
import heapq
import inspect
import os
import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeAlias, final

from attrs import define, evolve, field, frozen

from machines.plan.chart import (
    CarryOut,
    Enter,
    Fail,
    Finished,
    NodeRun,
    Recorded,
    Resume,
    Skip,
    Succeed,
    WindUp,
)
from machines.plan.identifiers import PlanError
from machines.plan.ledger import Ledger, Line
from machines.plan.records import Envelope, check_event, dump_event, load_event
from machines.plan.secrets import refuse_secrets
from machines.plan.vocabulary import (
    IO_CALLED,
    Category,
    EngineEvent,
    ErrorInfo,
    Json,
    Manifest,
    Meta,
    NodeCompleted,
    NodeEntered,
    NodeError,
    NodeFailed,
    NodeSkipped,
    OperationBoundary,
    RunCompleted,
    RunStarted,
    SideEffects,
    SnapshotPolicy,
    Status,
)
from machines.planner.annotations import elements, misfit, told
from machines.planner.arguments import ARTIFACTS, EVENTS
from machines.planner.context import (
    GONE,
    Context,
    Seen,
    as_json,
    merged,
    read_as,
    visible,
)
from machines.planner.io import Io, Past, Sink, Transport
from machines.planner.places import place_in
from machines.planner.plan import Graph, Many, Plan
from machines.planner.sealing import Seal
from machines.planner.work import Work, error_of
from statecharts import Kernel, Snapshot, StartTimer, TimerFired
from statecharts.model.arguments import COUNT, FLAG, NUMBER, check, optional
from statecharts.runtime import Run
from statecharts.store.artifacts import canonical

_LOOK_S: Final = 0.1
"""How often the scheduler looks whether the run was cancelled while it has nothing to do."""

_TOGETHER: Final = 500
"""The events that a replay commits together."""

_BOUNDARY: Final = "operation_boundary"
CANCELLED: Final = ErrorInfo("cancelled", Category.UNKNOWN, False, "the run was cancelled")  # noqa: FBT003

Watcher: TypeAlias = Callable[[Ledger], None]
"""Is told after each commit what has become of the run."""


class ReplacedError(PlanError):
    """Somebody else carries the run out, or it was cancelled; nothing more is recorded here."""


@final
@frozen
class _Outcome:
    """What came of an attempt.

    Attributes:
        place: The place of the node.
        sink: What it has to say.
        context: What it leaves.
        result: What it returned, as JSON; None if it failed.
        error: Why it failed.
        at: When it was over.
    """

    place: int
    sink: Sink
    context: Context
    at: datetime
    result: Json = None
    error: ErrorInfo | None = None


@final
@frozen
class _Flush:
    """A node waits until what it has to say is on disk."""

    sink: Sink
    done: threading.Event


@final
@frozen
class Replayed:
    """The run that another one replays.

    Attributes:
        run: The run that nodes are told they are in: the first, if that is a replay itself.
        facts: What it has recorded.
        attempts: The attempts that the nodes of the first have come out with.
    """

    run: str
    facts: Ledger
    attempts: Mapping[str, int]


@final
@frozen
class Within:
    """The run that a node starts another one in.

    Attributes:
        run: The run.
        manifest: What it was started with.
        stop: Is set once it does not go on.
    """

    run: str
    manifest: Manifest
    stop: threading.Event


@define
class _Kept:
    """The context after a node that is over.

    Attributes:
        seen: The values, until all nodes after it know theirs.
        snapshot: Its artifact.
    """

    seen: Seen
    snapshot: str


@final
@define(eq=False)
class _State:
    """One node of the run, as the scheduler has it."""

    id: str
    place: int
    meta: Meta
    needs: tuple[int, ...]
    awaits: tuple[int, ...]
    left: int
    chart: Snapshot[Any, Any]
    after: list[int] = field(factory=list)
    uses: int = 0
    offset: int = 0
    kept: _Kept | None = None
    base: str = ""
    seen: Seen = field(factory=dict)

    @property
    def name(self) -> str:
        """The innermost state of its chart."""
        return self.chart.configuration[-1].rpartition(".")[2]


@final
class Journal:
    """The events of a run: read in ranges, and appended where they are expected to follow.

    Args:
        run: The stored run.
    """

    def __init__(self, run: Run[Any, Any]) -> None:
        self._run = run

    @property
    def head(self) -> int:
        """The number of the last event; 0 without any."""
        count: int = self._run.snapshot.context.count
        return count

    def append(
        self,
        expected: int,
        events: list[dict[str, Any]],
        *,
        keep: list[bytes] | None = None,
        finished: bool | None = None,
    ) -> int:
        """Record events, all or none.

        Args:
            expected: The number of the last event that they are to follow.
            events: The events, as `machines.plan.records.dump_event` writes them.
            keep: Artifacts that are kept in the same commit, as canonical JSON.
            finished: Whether the run has succeeded, if these are its last.

        Returns:
            The number of the last of them.

        Raises:
            ReplacedError: The run has other events by now, or is carried out by somebody else
                (SC855).
            ArgumentError: An argument does not fit (SC221).
            PlanError: One is no event (SC857), or holds a secret (SC853).
        """
        check("append", expected=(expected, NUMBER), events=(events, EVENTS))
        check("append", keep=(keep, ARTIFACTS), finished=(finished, optional(FLAG)))
        for number, one in enumerate(events, expected + 1):
            check_event(one, number)
        for body in keep or ():
            refuse_secrets("artifact", body)
        answer: Recorded | Finished = Recorded(expected + 1, tuple(events))
        if finished is not None:
            answer = Finished(expected + 1, tuple(events), finished)
        return self.answer(self.call(), answer, keep or [])

    def call(self) -> str:
        """Return the call that asks for the run to be carried out, or wound up.

        Raises:
            ReplacedError: Nothing asks for it (SC855).
        """
        for id, call in self._run.calls.items():
            if isinstance(call, CarryOut | WindUp):
                return id
        found = f"the run is {self._run.configuration[-1].rpartition('.')[2]}"
        remedy = "Resume it first, if it can be"
        raise ReplacedError("SC855", self._run.key, found, remedy)

    def answer(self, call: str, answer: Recorded | Finished, keep: list[bytes]) -> int:
        """Record the events of an answer to a call; see `append`."""
        taken = self._run.answer(call, answer, last=isinstance(answer, Finished), keep=keep)
        over = taken.configuration[-1] not in ("live.running", "cancelling")
        if not taken.handled or (isinstance(answer, Finished) and not over):
            found = f"event {answer.first} cannot follow: somebody else has written meanwhile"
            raise ReplacedError("SC855", self._run.key, found, "Read the run again")
        return answer.first + len(answer.events) - 1

    def read(self, first: int = 1, last: int | None = None) -> list[Envelope]:
        """Return a range of events, as `Envelope`s in order.

        Args:
            first: The number of the first.
            last: The number of the last; None reads to the end.

        Raises:
            PlanError: Some are missing, because the history was pruned (SC857).
        """
        check("read", first=(first, COUNT), last=(last, optional(NUMBER)))
        found: list[Envelope] = []
        head, count, turn = self.head, 0, 0
        for past in self._run.history():
            said = getattr(past.event, "event", past.event)
            turn += isinstance(said, Resume)
            if not isinstance(said, Recorded | Finished) or said.first != count + 1:
                continue  # an end that did not follow was not taken
            count += len(said.events)
            for number, one in enumerate(said.events, said.first):
                if number >= first and (last is None or number <= last):
                    found.append(load_event(one, number, turn))
        if count < head:
            text = f"of {head} events only {count} are kept: the history was pruned"
            remedy = "Bring the store back from a copy, and do not prune runs of plans"
            raise PlanError("SC857", self._run.key, text, remedy)
        return found


@final
class Execution:
    """Carries out a run, from wherever it is.

    Args:
        run: The stored run.
        call: The call that asks for it.
        graph: The graph of the plan.
        manifest: What it was started with.
        ledger: What is recorded.
        transports: The transports, by namespace.
        load: Returns what an artifact holds.
        seal: Seals and opens what is secret.
        replayed: The run that is replayed; None in a live run.
        child: Carries out another plan for a node.
        watch: Is told after each commit.
        now: Tells the time.
        outer: Is set once the run that waits for this one does not go on.
    """

    def __init__(
        self,
        run: Run[Any, Any],
        call: str,
        graph: Graph,
        manifest: Manifest,
        ledger: Ledger,
        transports: Mapping[str, Transport],
        load: Callable[[str], Json],
        seal: Seal,
        replayed: Replayed | None,
        child: Callable[[Within, Work, Plan, str, Json], dict[str, Json]],
        watch: Watcher,
        now: Callable[[], datetime],
        outer: threading.Event | None = None,
    ) -> None:
        self._run, self._call = run, call
        self._journal = Journal(run)
        self._graph, self._manifest, self._ledger = graph, manifest, ledger
        self._config = manifest.config
        self._is_sparse = manifest.config.checkpoints != "every"
        self._transports, self._load = transports, load
        self._watch, self._now = watch, now
        self._replayed, self._seal = replayed, seal
        self._kernel = Kernel(NodeRun)
        self._stop, self._outer = threading.Event(), outer
        self._child = partial(child, Within(run.key, manifest, self._stop))
        self._messages: queue.SimpleQueue[_Outcome | _Flush] = queue.SimpleQueue()
        self._events: list[dict[str, Any]] = []
        self._bodies: dict[str, bytes] = {}
        self._entered: list[_State] = []
        self._waiting: list[threading.Event] = []
        self._ready: list[int] = []
        self._due: list[tuple[datetime, int, str]] = []
        self._working = 0
        self._failed = False
        self._joins: dict[tuple[str, ...], str] = {}
        self._steps: dict[str, int] = {}
        self._at = now()
        self._process = os.getpid()
        self._taken = {key: fact.node for key, fact in ledger.facts.items()}
        self._named = {name: one.node for name, one in ledger.outputs.items()}
        self._initial = _Kept({}, run.snapshot.context.initial)
        self._again: set[str] = set()
        self._states = self._laid_out()
        self._before = self._ancestors()

    # -- the run as a whole ------------------------------------------------------------------------

    def carry_out(self) -> Status:
        """Carry out what is left; return how it ended.

        Raises:
            ReplacedError: Somebody else has taken over, or cancelled it (SC855).
            StatechartError: What is stored cannot be read, or nothing can be written.
        """
        pool = ThreadPoolExecutor(self._config.at_once, thread_name_prefix="plan")
        interrupted = False
        try:
            self._restore()
            if self._ledger.started is None:
                context = self._run.snapshot.context
                for name in (context.manifest, self._manifest.graph, context.initial):
                    self._bodies[name] = canonical(self._load(name))
                operation = self._graph.plan.operation
                self._say(RunStarted(operation, context.manifest, context.initial))
            while True:
                self._fire()
                self._enter()
                if not (self._working or self._due or self._entered):
                    break
                self._write(pool)
                self._listen()
            return self._end()
        except KeyboardInterrupt:
            interrupted = True  # nobody waits for nodes that do not ask whether to stop
            raise
        finally:
            self._stop.set()
            pool.shutdown(wait=not interrupted, cancel_futures=True)

    def _end(self) -> Status:
        final, error = None, None
        if not self._failed:
            last = [one.kept for one in self._states if not one.after and one.kept is not None]
            try:
                whole = visible(self._merged(last))
                final = self._keep({"after": [], "writes": whole, "deletes": []})
            except NodeError as conflict:
                error, self._failed = conflict.info, True
        status = Status.FAILED if self._failed else Status.COMPLETED
        self._say(RunCompleted(status, final, error))
        self._commit(succeeded=not self._failed)
        return status

    # -- what is there already ---------------------------------------------------------------------

    def _laid_out(self) -> list[_State]:
        places = {id: place for place, id in enumerate(self._graph.order)}
        fresh = self._kernel.start(self._config.retry, at=self._at).snapshot
        states: list[_State] = []
        for place, id in enumerate(self._graph.order):
            needs = tuple(places[one] for one in self._graph.needs[id])
            awaited = (places[one] for one in self._graph.awaits[id])
            awaits = tuple(one for one in awaited if one not in needs)
            meta = self._graph.nodes[id].meta
            left = len(set(needs) | set(awaits))
            states.append(_State(id, place, meta, needs, awaits, left, fresh))
            for other in {*needs, *awaits}:
                states[other].after.append(place)
                states[other].uses += 1
            path = id.rpartition(".")[0]
            self._steps[path] = self._steps.get(path, 0) + 1
        return states

    def _ancestors(self) -> list[int]:
        before = [0] * len(self._states)
        for state in self._states:
            bits = 0
            for other in (*state.needs, *state.awaits):
                bits |= before[other] | 1 << other
            before[state.place] = bits
        return before

    def _restore(self) -> None:
        """Take up what is recorded: nodes that have come out are not carried out again."""
        self._ledger.stop()
        initial = self._load(self._initial.snapshot)["writes"]
        self._initial.seen = {key: (value, -1) for key, value in initial.items()}
        attempts = {} if self._replayed is None else self._replayed.attempts
        lines = self._ledger.lines
        for state in self._states:
            line = lines.get(state.id)
            state.offset = attempts.get(state.id, 0) if line is None else line.attempt + 1
            state.kept = None if line is None else self._stored(state, line)
            if state.kept is not None:
                self._let_go(state)
        over: set[int] = set()
        for state in reversed(self._states):
            line = lines.get(state.id)
            if line is not None and self._was_over(state, line, over):
                over.add(state.place)
        for state in self._states:
            line = lines.get(state.id)
            if line is not None and state.place in over:
                self._come_out(state, line)
            elif line is not None and line.state == "completed":
                self._again.add(state.id)  # with what it has learnt
        for state in self._states:
            if state.name == "waiting" and not state.left:
                heapq.heappush(self._ready, state.place)

    def _come_out(self, state: _State, line: Line) -> None:
        self._move(state, Skip("") if line.state == "skipped" else Enter())
        if line.state == "completed":
            self._move(state, Succeed())
        elif line.state == "failed":
            self._move(state, Fail(evolve(line.error or CANCELLED, retryable=False)))
        self._count_step(state, tell=False)
        for other in state.after:
            self._states[other].left -= 1

    def _stored(self, state: _State, line: Line) -> _Kept | None:
        """Return the context after a node that is over, if it can be known."""
        if line.state == "completed" and line.snapshot is not None:
            stored = self._load(line.snapshot)
            if "by" in stored:
                return _Kept(self._seen(stored), line.snapshot)
            if self._has_base(state):
                self._set_out(state)
                return _Kept(_left(state, stored["writes"], stored["deletes"]), line.snapshot)
        elif line.state == "skipped" and self._has_base(state):
            self._set_out(state)
            return _Kept(state.seen, state.base)
        return None

    def _was_over(self, state: _State, line: Line, over: set[int]) -> bool:
        """Tell whether a node need not be carried out again, those after it being known."""
        if state.kept is not None:
            return True
        waits = [self._states[one] for one in state.after]
        if line.state in ("completed", "skipped"):
            return bool(waits) and all(one.place in over for one in waits)
        return (  # the run has gone on without it, and still can
            line.state == "failed"
            and any(one.place in over for one in waits)
            and all(
                one.place in over or any(map(self._kept, set(one.awaits) - {state.place}))
                for one in waits
            )
        )

    def _seen(self, stored: Json) -> Seen:
        """Return the values of a snapshot that has all of them, and who wrote each."""
        places = {id: place for place, id in enumerate(self._graph.order)}
        values = dict.fromkeys(stored["deletes"], GONE) | stored["writes"]
        return {key: (value, places.get(stored["by"][key], -1)) for key, value in values.items()}

    def _has_base(self, state: _State) -> bool:
        there = [self._states[one].kept is not None for one in state.needs]
        awaited = [self._states[one].kept is not None for one in state.awaits]
        return all(there) and (not awaited or any(awaited))

    # -- one node ----------------------------------------------------------------------------------

    def _move(self, state: _State, event: Any) -> None:
        state.chart = self._kernel.step(state.chart, event, at=self._at).snapshot

    def _set_out(self, state: _State) -> None:
        """Work out the context that a node starts from.

        Raises:
            NodeError: Two nodes before it have written one key (``context_conflict``).
        """
        kept = [self._states[one].kept for one in state.needs]
        awaited = [one for one in map(self._kept, state.awaits) if one is not None]
        found = [one for one in (*kept, *awaited[-1:]) if one is not None] or [self._initial]
        state.seen = self._merged(found)
        state.base = self._joined([one.snapshot for one in found])

    def _let_go(self, state: _State) -> None:
        """Forget the values before a node that knows its own, once nobody else starts from them."""
        for place in (*state.needs, *state.awaits):
            other = self._states[place]
            other.uses -= 1
            if not other.uses and other.kept is not None:
                other.kept.seen = other.seen = {}

    def _merged(self, found: list[_Kept]) -> Seen:
        return merged([one.seen for one in found], self._before, self._graph.order)

    def _kept(self, place: int) -> _Kept | None:
        return self._states[place].kept

    def _joined(self, snapshots: list[str]) -> str:
        """Return the snapshot of what comes after several others."""
        after = tuple(dict.fromkeys(snapshots))
        if len(after) == 1:
            return after[0]
        if after not in self._joins:
            self._joins[after] = self._keep({"after": [*after], "writes": {}, "deletes": []})
        return self._joins[after]

    def _keep(self, value: Json) -> str:
        sink = Sink(lambda: None)
        name = sink.keep(value)
        self._bodies |= sink.bodies
        return name

    def _enter(self) -> None:
        """Begin nodes that are ready, as many as may be at work."""
        while self._ready and not self._failed and self._working < self._config.at_once:
            state = self._states[heapq.heappop(self._ready)]
            skipped = next((tag for tag in self._config.skip_tags if tag in state.meta.tags), None)
            try:
                self._set_out(state)
            except NodeError as error:
                state.base = self._initial.snapshot
                self._move(state, Enter())
                self._begin(state, 0, start=False)
                self._fail(state, error.info, None)
                continue
            self._let_go(state)
            if skipped is not None:
                self._move(state, Skip(skipped))
                state.kept = _Kept(state.seen, state.base)
                self._say(NodeSkipped(state.id, str(skipped), state.base))
                self._is_over(state)
                continue
            self._move(state, Enter())
            self._begin(state, 0)

    def _begin(self, state: _State, attempt: int, *, start: bool = True) -> None:
        path = state.id.rpartition(".")[0]
        if self._ledger.steps.get(path) is None and self._config.records(_BOUNDARY):
            self._say(OperationBoundary(path, "started"))
        self._say(NodeEntered(state.id, state.offset + attempt, state.base))
        if start:
            self._working += 1
            self._entered.append(state)

    def _fire(self) -> None:
        """Begin the attempts whose wait is over."""
        self._at = max(self._at, self._now())
        while self._due and self._due[0][0] <= self._at and not self._failed:
            _, place, timer = heapq.heappop(self._due)
            state = self._states[place]
            self._move(state, TimerFired(timer))
            self._begin(state, state.chart[NodeRun.pending.running].attempt)
        if self._failed:
            self._due.clear()

    def _fail(
        self, state: _State, error: ErrorInfo, snapshot: str | None, when: datetime | None = None
    ) -> None:
        step = self._kernel.step(state.chart, Fail(error), at=self._at)
        state.chart = step.snapshot
        again = state.name == "backing_off"
        self._say(NodeFailed(state.id, error, snapshot, again), when)
        if again:
            for effect in step.effects:
                if isinstance(effect, StartTimer):
                    heapq.heappush(self._due, (effect.due, state.place, effect.id))
            return
        waits = [self._states[one] for one in state.after]
        tolerated = bool(waits) and all(state.place in one.awaits for one in waits)
        if tolerated:
            self._is_over(state)
            for one in waits:  # none of those that it waits for has succeeded
                if one.name == "waiting" and not one.left and not self._has_base(one):
                    self._failed = True
        else:
            self._failed = True

    def _is_over(self, state: _State) -> None:
        """Make ready what has waited for a node."""
        self._count_step(state, tell=True)
        for place in state.after:
            other = self._states[place]
            other.left -= 1
            if other.name == "waiting" and not other.left and self._has_base(other):
                heapq.heappush(self._ready, place)

    def _count_step(self, state: _State, *, tell: bool) -> None:
        path = state.id.rpartition(".")[0]
        self._steps[path] -= 1
        if tell and not self._steps[path] and self._config.records(_BOUNDARY):
            self._say(OperationBoundary(path, "completed"))

    # -- in a thread -------------------------------------------------------------------------------

    def _attempt(self, state: _State) -> None:
        """Carry out an attempt of a node, and tell the scheduler what came of it."""
        sink = Sink(lambda: None)

        def commit() -> None:
            done = threading.Event()
            whole = Sink(lambda: None, [*sink.events], dict(sink.bodies))
            sink.events.clear()
            sink.bodies.clear()
            self._messages.put(_Flush(whole, done))
            while not done.wait(_LOOK_S):
                if self._stop.is_set():  # nobody writes any more
                    raise NodeError(CANCELLED.code, CANCELLED.message)

        sink.commit = commit
        context = Context(visible(state.seen), self._graph.nodes, sink.opened, sink.refuse_late)
        result, info = None, None
        try:
            result = self._carried_out(state, sink, context)
        except BaseException as error:  # noqa: BLE001 - a node may raise anything
            function = self._graph.nodes[state.id].function
            info = error_of(error, sink.opened, place_in(error, function))
        if os.getpid() != self._process:  # a process that the node has forked, and not ended
            os._exit(0 if info is None else 1)
        sink.is_over = True
        said = (state.place, sink, context, self._now(), result, info)
        self._messages.put(_Outcome(*said))

    def _carried_out(self, state: _State, sink: Sink, context: Context) -> Json:
        node = self._graph.nodes[state.id]
        applies = state.meta.side_effects == SideEffects.APPLY
        io = Io(
            state.id,
            self._transports,
            self._past(state, applies=applies),
            sink,
            self._taken,
            self._stop,
            at_once=applies,
            told=self._config.records(IO_CALLED),
        )
        run, attempt = self._run.key, state.offset + state.chart[NodeRun.pending.running].attempt
        if self._replayed is not None:  # what it asks may depend on them
            run, attempt = self._replayed.run, self._replayed.attempts.get(state.id, attempt)
        given = copy.deepcopy(self._manifest.input or {})
        work = Work(
            *(run, state.id, attempt, given, state.meta, context, io),
            *(self._config, sink, self._child, self._named),
        )
        inputs = []
        for source, hint in zip(node.inputs, node.hints, strict=True):
            values = [context.read(one, default=None) for one in source.nodes]
            if isinstance(source, Many):
                inputs.append(_many_as(values, hint, source.nodes))
            else:
                (one,) = values
                what = f"the result of {source.nodes[0]}"
                inputs.append(None if one is None else read_as(one, hint, what))
        result = node.function(work, *inputs)
        if inspect.iscoroutine(result):
            result.close()
            text = f"{state.id} returns a coroutine, which nobody awaits; let it call asyncio.run"
            raise NodeError("wrong_result", text)
        written = as_json(result, f"{state.id} result")
        why = misfit(result, node.declared.returns)
        if why is not None:
            text = f"{state.id} is to return {told(node.declared.returns)}: {why}"
            raise NodeError("wrong_result", text, category=Category.CONTEXT)
        sink.opened.refuse(f"{state.id} result", result)
        return written

    def _past(self, state: _State, *, applies: bool) -> Past:
        """Return the facts that a node need not ask for again."""
        known = self._ledger.facts
        if self._replayed is not None:
            retryable = self._config.missing_fact_retryable
            known = self._replayed.facts.facts
            return Past(known, known, self._load, self._seal, only=True, retryable=retryable)
        line = self._ledger.lines.get(state.id)
        again = line is not None and (applies or state.id in self._again)
        facts = {key: known[key] for key in line.facts} if line is not None and again else {}
        return Past(facts, known, self._load, self._seal)

    # -- what is recorded --------------------------------------------------------------------------

    def _say(self, event: EngineEvent, when: datetime | None = None) -> None:
        at = round((when or self._at).timestamp() * 1000)
        self._events.append(dump_event(event, at))
        self._ledger.take(Envelope(self._ledger.count + 1, at, event, self._ledger.turn))

    def _write(self, pool: ThreadPoolExecutor) -> None:
        """Commit what is to be said, then begin what has been entered.

        A replay touches nothing outside, so it commits less often.
        """
        few = self._replayed is not None and len(self._events) < _TOGETHER and not self._waiting
        if self._events and not few:
            self._commit()
        for waiting in self._waiting:
            waiting.set()
        self._waiting.clear()
        for state in self._entered:
            pool.submit(self._attempt, state)
        self._entered.clear()

    def _commit(self, *, succeeded: bool | None = None) -> None:
        first, events = self._ledger.count - len(self._events) + 1, tuple(self._events)
        answer: Recorded | Finished = Recorded(first, events)
        if succeeded is not None:
            answer = Finished(first, events, succeeded)
        self._journal.answer(self._call, answer, [*self._bodies.values()])
        self._events.clear()
        self._bodies.clear()
        self._watch(self._ledger)

    def _listen(self) -> None:
        """Take what the nodes have done by now; wait for it, if there is nothing else to do."""
        if self._outer is not None and self._outer.is_set():
            self._stop.set()
            found = "the run that waits for it does not go on"
            raise ReplacedError("SC855", self._run.key, found, "Resume that one")
        seconds = _LOOK_S
        if self._due:
            seconds = min(seconds, max(0.0, (self._due[0][0] - self._now()).total_seconds()))
        try:
            self._hear(self._messages.get(timeout=seconds))
        except queue.Empty:
            self._look()
        with suppress(queue.Empty):
            while True:
                self._hear(self._messages.get_nowait())

    def _look(self) -> None:
        """Find out whether somebody has cancelled the run, or taken it over."""
        if self._call not in self._run.calls:
            self._stop.set()
            found = "it was cancelled, or somebody else carries it out"
            raise ReplacedError("SC855", self._run.key, found, "Inspect it")

    def _hear(self, message: _Outcome | _Flush) -> None:
        self._at = max(self._at, self._now())
        for event in message.sink.events:
            self._say(event)
        self._bodies |= message.sink.bodies
        if isinstance(message, _Flush):
            self._waiting.append(message.done)
            return
        self._working -= 1
        state = self._states[message.place]
        context = message.context
        if message.error is not None:
            snapshot = None
            if state.meta.snapshot == SnapshotPolicy.ALWAYS:
                said = (state, context.writes, context.deletes)
                snapshot = self._keep(self._snapshot(*said, whole=self._is_sparse))
            self._fail(state, message.error, snapshot, message.at)
            return
        writes = dict(context.writes)
        if message.result is not None:
            writes[state.id] = message.result
        self._move(state, Succeed())
        keeps = self._config.keeps(state.meta.tags, state.meta.snapshot)
        said = self._snapshot(state, writes, context.deletes, whole=keeps and self._is_sparse)
        snapshot = self._keep(said) if keeps else hashlib.sha256(canonical(said)).hexdigest()
        state.kept = _Kept(_left(state, writes, context.deletes), snapshot)
        self._say(NodeCompleted(state.id, snapshot if keeps else None), message.at)
        self._is_over(state)

    def _snapshot(
        self, state: _State, writes: dict[str, Json], deletes: set[str], *, whole: bool
    ) -> Json:
        """Return the context after a node: what is new in it, or the whole, and who wrote what."""
        if not whole:
            return {"after": [state.base], "writes": writes, "deletes": sorted(deletes)}
        left = _left(state, writes, deletes)
        gone = sorted(key for key, (value, _) in left.items() if value is GONE)
        names = (*self._graph.order, "")  # the last one is that of the place -1
        by = {key: names[place] for key, (_, place) in left.items()}
        return {"after": [], "writes": visible(left), "deletes": gone, "by": by}


def wind_up(journal: Journal, ledger: Ledger, at: datetime) -> None:
    """Record the end of a run that was cancelled, and of the nodes that were at work.

    Raises:
        ReplacedError: Somebody else has recorded it (SC855).
    """
    said: list[EngineEvent] = [
        NodeFailed(line.node, CANCELLED)
        for line in ledger.lines.values()
        if line.state in ("running", "stopped")
    ]
    stamp = round(at.timestamp() * 1000)
    events = [dump_event(one, stamp) for one in (*said, RunCompleted(Status.CANCELLED))]
    journal.append(ledger.count, events, finished=False)


def _many_as(values: list[Json], hint: Any, nodes: tuple[str, ...]) -> Any:
    """Return results by their type, and None for each node that has none."""
    try:
        there = read_as([one for one in values if one is not None], hint, "the list of results")
    except NodeError:
        for node, one, of in zip(nodes, values, elements(hint, len(nodes)), strict=True):
            if one is not None:
                read_as(one, of, f"the result of {node}")
        raise
    if None not in values:
        return there
    left = iter(there)
    return [None if one is None else next(left) for one in values]


def _left(state: _State, writes: dict[str, Json], deletes: Iterable[str]) -> Seen:
    """Return what a node leaves for those after it."""
    seen = dict(state.seen)
    for key in deletes:
        seen[key] = (GONE, state.place)
    for key, value in writes.items():
        seen[key] = (value, state.place)
    return seen
