"""The engine: starts, resumes, cancels and replays the runs of plans, in one store."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import platform
import subprocess
import threading
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Self, final

from attrs import evolve, frozen

from machines.plan.chart import Cancel, PlanRun, Progress, Resume
from machines.plan.identifiers import ArtifactId, ContextKey, PlanError, RunId
from machines.plan.ledger import Ledger
from machines.plan.records import Envelope, dumped, loaded
from machines.plan.secrets import masked, refuse_secrets
from machines.plan.vocabulary import (
    Category,
    ChildCompleted,
    ChildSpawned,
    ErrorInfo,
    Json,
    Manifest,
    NodeError,
    Provenance,
    RunConfig,
    Status,
)
from machines.planner.arguments import CONFIG, TRANSPORTS, VALUES
from machines.planner.context import as_json
from machines.planner.execution import (
    CANCELLED,
    Execution,
    Journal,
    ReplacedError,
    Replayed,
    Watcher,
    Within,
    wind_up,
)
from machines.planner.io import Transport
from machines.planner.plan import PLAN, Graph, Plan, changes
from machines.planner.sealing import Seal
from machines.planner.transports import Http, Sql, standard
from machines.planner.work import Work
from statecharts import Snapshot
from statecharts.model.arguments import FLAG, FUNCTION, TEXT, check, optional
from statecharts.runtime import Run, Runs
from statecharts.runtime.clock import Clock, SystemClock
from statecharts.runtime.errors import RunError, UnknownRunError
from statecharts.runtime.workers import has_died, worker_name
from statecharts.store.artifacts import canonical

_DIFFER: Final = ("fact", "output", "context")
_MAYBE: Final = optional(FLAG)

LOCKS: Final = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "requirements.txt")
"""The lock files whose hashes a manifest has."""


@final
@frozen
class Result:
    """How a run is.

    Attributes:
        run: The run.
        status: How it is, or ended.
        final: Its last snapshot of the context; None if it did not succeed.
        errors: Why nodes have failed, by node; under the name of the plan, why the run has failed
            whose nodes all came out.
    """

    run: RunId
    status: Status
    final: str | None
    errors: dict[str, ErrorInfo]


@final
@frozen
class Difference:
    """What differs between two runs.

    Attributes:
        facts: The keys of facts that differ, or that only one of them has.
        outputs: The names of outputs for which the same is true.
        final: Whether they, or runs that they have started, end with another context.
        artifacts: For each fact, output and context that differs its kind, its name, and the
            artifacts that hold it in the one run and in the other; None where it is not there.
    """

    facts: tuple[str, ...]
    outputs: tuple[str, ...]
    final: bool
    artifacts: tuple[tuple[str, str, str | None, str | None], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.facts or self.outputs or self.final)


@final
class Engine:
    """The runs of plans, in one store.

    A run goes on only when somebody resumes it: opening the store starts nothing.

    Attributes:
        watch: Is told after each commit what has become of the run.

    Args:
        store: The address of the store, such as ``sqlite:///plans.db``.
        transports: Further transports, by namespace, or others instead of ours.
        secret_key: 64 random bytes, by which secret facts are sealed; never stored.
        watch: Is told after each commit what has become of the run.
        clock: The clock.

    >>> plan = Plan("sums")
    >>> one = plan.node("sums.read.one", lambda work: 1)
    >>> two = plan.node("sums.read.two", lambda work, one: one + 1, one)
    >>> with Engine("memory:") as engine:
    ...     result = engine.start(plan)
    ...     str(result.status), engine.context(result.run)["sums.read.two"]
    ('completed', 2)
    """

    def __init__(
        self,
        store: Any,
        *,
        transports: Mapping[str, Transport] | None = None,
        secret_key: bytes | None = None,
        watch: Watcher = lambda _: None,
        clock: Clock | None = None,
    ) -> None:
        check("Engine", transports=(transports, TRANSPORTS), watch=(watch, FUNCTION))
        self._seal = Seal(secret_key)
        self._clock = clock or SystemClock()
        self._runs = Runs(store, PlanRun, clock=self._clock)
        self._transports = dict(transports or {})
        self.watch = watch
        self._worker = worker_name()
        self._turns = itertools.count(1)
        self._claims: set[str] = set()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the store."""
        self._runs.close()

    # -- runs --------------------------------------------------------------------------------------

    def start(
        self,
        plan: Plan,
        parameters: Mapping[str, Any] | None = None,
        *,
        config: RunConfig | None = None,
        context: Mapping[str, Any] | None = None,
        id: str | None = None,
        source: str = "",
    ) -> Result:
        """Start a run, and carry it out.

        Args:
            plan: The plan.
            parameters: The input of the plan, which JSON can carry; never a secret.
            config: How it is carried out.
            context: The context that it begins with.
            id: The id of the run: a UUID; a random one without it.
            source: Where the plan was found, ``FILE.py:name``.

        Raises:
            ArgumentError: An argument does not fit (SC221).
            PlanFaultsError: The plan has faults (SC852).
            PlanError: The input or the context cannot be JSON, or the context has the key of a
                node's result (SC851); one of them holds a secret (SC853).
            RunExistsError: There is a run of that id (SC821).
        """
        check("start", plan=(plan, PLAN))
        graph = plan.graph()
        return self._taken_up(self._begun(graph, parameters, config, context, id, source), graph)

    def create(
        self,
        plan: Plan,
        parameters: Mapping[str, Any] | None = None,
        *,
        config: RunConfig | None = None,
        context: Mapping[str, Any] | None = None,
        id: str | None = None,
        source: str = "",
        parent: str = "",
    ) -> RunId:
        """Store a run that `resume` will carry out; see `start`."""
        check("start", plan=(plan, PLAN))
        return self._begun(plan.graph(), parameters, config, context, id, source, parent)

    def _begun(
        self,
        graph: Graph,
        parameters: Mapping[str, Any] | None,
        config: RunConfig | None,
        context: Mapping[str, Any] | None,
        id: str | None,
        source: str,
        parent: str = "",
    ) -> RunId:
        """Store a run of a plan, given as its graph."""
        check("start", parameters=(parameters, VALUES), config=(config, CONFIG))
        check("start", context=(context, VALUES), source=(source, TEXT), parent=(parent, TEXT))
        chosen = config or RunConfig()
        if chosen.mode == "replay":
            raise PlanError("SC851", "start", "mode='replay' begins no run", "Call replay")
        given = _written(dict(parameters or {}), "parameters")
        plan = graph.plan
        for key in context or {}:
            if ContextKey(key) in graph.nodes:
                found = f"the context has a value for {key}, the result of that node"
                raise PlanError("SC851", plan.operation, found, "Choose another key")
        said = self._put(graph.described())
        build = _provenance(chosen.environment)
        manifest = Manifest(plan.operation, plan.version, given, chosen, build, said)
        return self._create(manifest, dict(context or {}), id, source, parent)

    def _create(
        self,
        manifest: Manifest,
        context: dict[str, Any],
        id: str | None,
        source: str,
        parent: str = "",
    ) -> RunId:
        run = RunId.new() if id is None else RunId(id)
        said = dumped(manifest)
        refuse_secrets("manifest", said)
        refuse_secrets("source", source)
        begun = _written(context, "context")
        initial = self._put({"after": [], "writes": begun, "deletes": []})
        progress = Progress(self._put(said), initial, source, parent=parent)
        self._runs.start(PlanRun, key=run, context=progress)
        return run

    def resume(self, run: str, plan: Plan) -> Result:
        """Go on with a run, from the last nodes that have come out.

        Args:
            run: The run.
            plan: The plan that it was begun with.

        Raises:
            PlanError: The plan is another one by now (SC854), the run is over, or somebody else
                carries it out (SC855).
        """
        check("resume", plan=(plan, PLAN))
        stored = self._get(run)
        state = _state(stored)
        if state in ("completed", "cancelled"):
            raise PlanError("SC855", run, f"the run is {state}", "Start another one")
        if state == "cancelling":
            return self.cancel(run)
        graph = plan.graph()
        self._same(run, self.manifest(run), graph)
        return self._taken_up(RunId(run), graph)

    def cancel(self, run: str, reason: str = "") -> Result:
        """Give a run up: what is at work is stopped, nothing more is begun.

        Returns:
            How it is; the process that carries it out may have to stop first.

        Raises:
            PlanError: It is over (SC855).
        """
        check("cancel", reason=(reason, TEXT))
        stored = self._get(run)
        state = _state(stored)
        if state in ("completed", "cancelled"):
            raise PlanError("SC855", run, f"the run is {state}", "Nothing is left to be done")
        if state != "cancelling":
            _was_taken(stored, Cancel(masked(reason)))  # it may have ended meanwhile
        self._wind_up(stored)
        return self.result(run)

    def replay(
        self,
        run: str,
        plan: Plan,
        *,
        id: str | None = None,
        missing_fact_retryable: bool | None = None,
    ) -> Result:
        """Carry a run out again, with what it has recorded instead of the outside.

        Args:
            run: The run.
            plan: The plan that it was begun with.
            id: The id of the new run.
            missing_fact_retryable: Whether a missing fact is worth another attempt; as the run's
                configuration says without it.

        Returns:
            How the new run has ended. Facts, outputs and the last context are equal to the byte.

        Raises:
            PlanError: The plan is another one by now (SC854).
        """
        check("replay", plan=(plan, PLAN), missing_fact_retryable=(missing_fact_retryable, _MAYBE))
        stored = self._get(run)
        graph = plan.graph()
        manifest = self.manifest(run)
        self._same(run, manifest, graph)
        retryable = manifest.config.missing_fact_retryable
        if missing_fact_retryable is not None:
            retryable = missing_fact_retryable
        config = evolve(manifest.config, mode="replay", missing_fact_retryable=retryable)
        progress = stored.snapshot.context
        begun = self.artifact(progress.initial)["writes"]
        again = evolve(manifest, config=config, replay_of=run)
        return self._taken_up(self._create(again, begun, id, progress.source), graph)

    # -- what is known of them ---------------------------------------------------------------------

    def runs(self) -> list[RunId]:
        """Return all runs, in the order of their ids."""
        return [RunId(one.key) for one in self._runs.list(chart=PlanRun)]

    def result(self, run: str) -> Result:
        """Return how a run is."""
        return self._result_of(run, self.ledger(run))

    def _result_of(self, run: str, ledger: Ledger) -> Result:
        errors = {
            line.node: line.error
            for line in ledger.lines.values()
            if line.state == "failed" and line.error is not None
        }
        if ledger.error is not None and ledger.started is not None:
            errors[ledger.started.operation] = ledger.error
        return Result(RunId(run), self.status(run), ledger.final, errors)

    def status(self, run: str) -> Status:
        """Return the phase of a run; one that is stopped, or being cancelled, is running."""
        state = _state(self._get(run))
        return Status(state) if state in ("completed", "failed", "cancelled") else Status.RUNNING

    def phase(self, run: str) -> str:
        """Return the state of a run: that of its chart, ``stopped`` and ``cancelling`` included.

        A run that nobody has begun yet is ``waiting``; one whose process is known to have died is
        ``stopped`` as well.
        """
        snapshot = self._get(run).snapshot
        state = _innermost(snapshot)
        if state == "running" and has_died(snapshot.context.worker):
            return "stopped"
        is_new = not (snapshot.context.worker or snapshot.context.count)
        return "waiting" if state == "running" and is_new else state

    def source(self, run: str) -> str:
        """Return where the plan of a run was found, ``FILE.py:name``; empty if nobody said."""
        source: str = self._get(run).snapshot.context.source
        return source

    def parent(self, run: str) -> str:
        """Return the run whose node has started a run, and waits for it; empty if none has."""
        parent: str = self._get(run).snapshot.context.parent
        return parent

    def journal(self, run: str) -> Journal:
        """Return the events of a run: to be read in ranges, and appended."""
        return Journal(self._get(run))

    def events(self, run: str, first: int = 1, last: int | None = None) -> list[Envelope]:
        """Return a range of the events of a run."""
        return self.journal(run).read(first, last)

    def ledger(self, run: str) -> Ledger:
        """Return what the events of a run come to."""
        return Ledger.of(self.events(run))

    def seen(self, run: str) -> Ledger:
        """Return what a run comes to now: nodes at work take until now, or are stopped with it."""
        ledger, phase = self.ledger(run), self.phase(run)
        if phase == "running" and ledger.lines:
            ledger.last = max(ledger.last, round(self._clock.now().timestamp() * 1000))
        elif phase != "cancelling":
            ledger.stop()
        return ledger

    def manifest(self, run: str) -> Manifest:
        """Return what a run was started with."""
        return loaded(self.artifact(self._get(run).snapshot.context.manifest), Manifest)

    def graph(self, run: str) -> Json:
        """Return the nodes and edges of a run, as `Graph.described` gives them."""
        return self.artifact(self.manifest(run).graph)

    def put(self, value: Any) -> str:
        """Keep an artifact; return its name, the SHA-256 of its canonical JSON.

        Raises:
            PlanError: JSON cannot carry it (SC851), or it holds a secret (SC853).
        """
        return self._put(_written(value, "artifact"))

    def exists(self, name: str) -> bool:
        """Return whether there is an artifact of a name.

        Raises:
            PlanError: It is no name of one (SC851).
        """
        return self._runs.store.artifact(bytes.fromhex(ArtifactId(name))) is not None

    def artifact(self, name: str) -> Json:
        """Return what an artifact holds.

        Raises:
            PlanError: The name is none (SC851), or the artifact is missing, or its bytes are
                others by now (SC857).
        """
        name = ArtifactId(name)
        body = self._runs.store.artifact(bytes.fromhex(name))
        if body is None or hashlib.sha256(body).hexdigest() != name:
            what = "is missing" if body is None else "has other bytes than its name says"
            remedy = (
                "Bring the store back from a copy; 'statecharts runs verify' tells what is damaged"
            )
            raise PlanError("SC857", "artifact", f"{name} {what}", remedy)
        return json.loads(body)

    def context(self, run: str) -> dict[str, Json]:
        """Return the context that a run has ended with.

        Raises:
            PlanError: It has not succeeded (SC855).
        """
        final = self.ledger(run).final
        if final is None:
            found = f"the run is {self.phase(run)}"
            raise PlanError("SC855", run, found, "Wait until it is completed, or resume it")
        writes: dict[str, Json] = self.artifact(final)["writes"]
        return writes

    def output(self, run: str, name: str) -> Json:
        """Return an output of a run.

        Raises:
            PlanError: It has none of that name (SC855).
        """
        check("output", name=(name, TEXT))
        outputs = self.ledger(run).outputs
        if name not in outputs:
            known = ", ".join(outputs) or "none"
            raise PlanError("SC855", run, f"it has no output {name!r}", f"It has {known}")
        return self.artifact(outputs[name].artifact)

    def difference(self, one: str, other: str) -> Difference:
        """Return what differs between two runs: facts, outputs and the last context.

        What an attempt has learnt that came to nothing does not count.

        What differs between runs that their nodes have started has the node and its name for the
        run before the key, such as ``a.b.c/orders price/eth``.
        """

        def differing(was: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
            names: Iterable[str] = dict.fromkeys((*was, *now))
            return tuple(name for name in names if was.get(name) != now.get(name))

        first, second = self._said(one), self._said(other)
        found = [differing(was, now) for was, now in zip(first, second, strict=True)]
        artifacts = tuple(
            (kind, name, was.get(name), now.get(name))
            for kind, names, was, now in zip(_DIFFER, found, first, second, strict=True)
            for name in names
        )
        return Difference(found[0], found[1], bool(found[2]), artifacts)

    def _said(
        self, run: str, under: str = ""
    ) -> tuple[dict[str, str | None], dict[str, str | None], dict[str, str | None]]:
        """Return the facts, the outputs, and the last contexts of a run and those in it."""
        ledger = self.ledger(run)
        facts: dict[str, str | None]
        outputs: dict[str, str | None]
        learnt = {key for line in ledger.lines.values() for key in line.learnt}
        facts = {under + key: one.payload for key, one in ledger.facts.items() if key in learnt}
        outputs = {under + name: one.artifact for name, one in ledger.outputs.items()}
        finals = {under: ledger.final}
        for child, place in ledger.places.items():
            if self._has(child) and self.status(child) != Status.CANCELLED:
                inner = self._said(child, f"{under}{place} ")
                facts, outputs, finals = facts | inner[0], outputs | inner[1], finals | inner[2]
        return facts, outputs, finals

    # -- inside ------------------------------------------------------------------------------------

    def _get(self, run: str) -> Run[Any, Any]:
        found = self._runs.get(RunId(run))
        _ = found.status  # raises for a run that is not there
        return found

    def _put(self, value: Json) -> str:
        return self._runs.store.put(canonical(value)).hex()

    def _same(self, run: str, manifest: Manifest, graph: Graph) -> None:
        """Refuse a plan that is another one than a run was begun with."""
        found = changes(self.artifact(manifest.graph), graph.described())
        for word, was, now in (
            ("operation", manifest.operation, graph.plan.operation),
            ("version", manifest.version, graph.plan.version),
        ):
            if was != now:
                found.insert(0, f"the {word} is {now}, and was {was}")
        if found:
            text = f"the plan has changed since the run began: {'; '.join(found)}"
            remedy = "Resume it with the plan of then, or start another run"
            raise PlanError("SC854", run, text, remedy)

    def _taken_up(
        self,
        run: RunId,
        graph: Graph,
        watch: Watcher | None = None,
        outer: threading.Event | None = None,
    ) -> Result:
        """Take a run up, unless somebody else has, and carry it out."""
        with self._claimed(run):
            stored = self._get(run)
            before = stored.snapshot
            worker = before.context.worker
            ours = worker.startswith(self._worker)
            if _innermost(before) == "running" and worker and not (ours or has_died(worker)):
                remedy = "Cancel it, or stop that process"
                raise PlanError("SC855", run, "another process carries it out", remedy)
            name = f"{self._worker}.{next(self._turns)}"  # each turn has its own
            if not _was_taken(stored, Resume(name, worker)):
                remedy = "Inspect it, and resume it again if it is not carried out"
                raise PlanError("SC855", run, "somebody else has been faster", remedy)
            return self._carry_out(stored, graph, watch or self.watch, outer)

    @contextmanager
    def _claimed(self, run: str) -> Generator[None, None, None]:
        """Keep other threads from a run that this engine carries out."""
        with self._lock:
            if run in self._claims:
                remedy = "Wait until it is over, or cancel it"
                raise PlanError("SC855", run, "another thread carries it out", remedy)
            self._claims.add(run)
        try:
            yield
        finally:
            with self._lock:
                self._claims.discard(run)

    def _carry_out(
        self,
        stored: Run[Any, Any],
        graph: Graph,
        watch: Watcher,
        outer: threading.Event | None,
    ) -> Result:
        run = RunId(stored.key)
        manifest = self.manifest(run)
        ledger = self.ledger(run)
        replayed = self._replayed(manifest)
        transports = {} if replayed is not None else standard(manifest.config, self._transports)
        call = self.journal(run).call()
        try:
            Execution(
                stored,
                call,
                graph,
                manifest,
                ledger,
                transports,
                self.artifact,
                self._seal,
                replayed,
                self._child,
                watch,
                self._clock.now,
                outer,
            ).carry_out()
            return self._result_of(run, ledger)
        except ReplacedError as error:
            if _state(stored) not in ("cancelling", "cancelled"):
                if outer is not None and outer.is_set():
                    with suppress(Exception):  # the store may be what has failed
                        stored.fail(call, str(error))
                raise
            self._wind_up(stored)
        except BaseException as error:
            with suppress(Exception):  # the store may be what has failed
                stored.fail(call, masked(f"{type(error).__name__}: {error}"[:1000]))
            raise
        finally:
            given = self._transports.values()
            for transport in transports.values():
                if isinstance(transport, Http | Sql) and transport not in given:
                    transport.close()
        return self.result(run)

    def _replayed(self, manifest: Manifest) -> Replayed | None:
        """Return the run that is replayed; None in a live run."""
        if manifest.replay_of is None:
            return None
        run = manifest.replay_of
        facts = first = self.ledger(run)
        with suppress(UnknownRunError):  # the first may have been removed
            while (before := self.manifest(run).replay_of) is not None:
                run = before
                first = self.ledger(run)
        return Replayed(run, facts, {line.node: line.attempt for line in first.lines.values()})

    def _wind_up(self, stored: Run[Any, Any]) -> None:
        """Record the end of a run that is being cancelled, unless somebody else does.

        The runs that it has started are cancelled first, so that none is forgotten.
        """
        ledger = self.ledger(stored.key)
        for child in ledger.children:
            self._give_up(child)
        with suppress(ReplacedError):
            wind_up(Journal(stored), ledger, self._clock.now())

    def _child(
        self, within: Within, work: Work, plan: Plan, name: str, parameters: Json
    ) -> dict[str, Json]:
        """Carry out another plan for a node."""
        graph = plan.graph()
        place = f"{work.node}/{name}"
        run = self._own_child(within.run, place)
        given = as_json(dict(parameters or {}), f"{work.node} {name}")
        manifest = self._child_manifest(within, run, place, graph, given)
        if manifest.input != given:
            text = f"the run {name} was begun with another input; give each input a name of its own"
            raise NodeError("child_taken", text, category=Category.PARSING_INPUT)
        self._same(run, manifest, graph)
        # Told first: whoever cancels this run finds the other one, or this node goes no further.
        spawned = ChildSpawned(work.node, run, self._put(dumped(manifest)), name)
        work._tell(spawned)  # noqa: SLF001 - for the engine
        if not self._has(run):
            self._create(manifest, {}, run, "", within.run)
        ended = self.result(run)
        if ended.status != Status.COMPLETED:
            ended = self._carried_on(within, run, graph)
        completed = ChildCompleted(work.node, run, ended.status, ended.final)
        work._tell(completed)  # noqa: SLF001 - for the engine
        if ended.status != Status.COMPLETED or ended.final is None:
            first = next((f": {node}: {error}" for node, error in ended.errors.items()), "")
            text = f"the run {run} of {plan.operation} is {ended.status}{first}"
            raise NodeError("child_failed", text, category=Category.UNKNOWN)
        writes: dict[str, Json] = self.artifact(ended.final)["writes"]
        return writes

    def _own_child(self, run: str, place: str) -> RunId:
        """Return the run that a node has started, or will; after one that was cancelled another."""
        child = RunId(run).child(place)
        while self._has(child) and self.status(child) == Status.CANCELLED:
            child = child.child("again")
        return child

    def _child_manifest(
        self, within: Within, run: RunId, place: str, graph: Graph, given: Json
    ) -> Manifest:
        """Return what the run of a node is, or will be, started with.

        Raises:
            NodeError: It is a replay, and the node had none (``missing_fact``).
        """
        if self._has(run):
            return self.manifest(run)
        config, build = within.manifest.config, within.manifest.build
        if within.manifest.replay_of is None:
            plan, said = graph.plan, self._put(graph.described())
            return Manifest(plan.operation, plan.version, given, config, build, said)
        was = self._own_child(within.manifest.replay_of, place)
        if not self._has(was):
            text = f"no run is recorded that was started as {place}"
            retryable = config.missing_fact_retryable
            details = {"child": place}
            raise NodeError(
                "missing_fact", text, category=Category.RPC, retryable=retryable, details=details
            )
        return evolve(self.manifest(was), config=config, replay_of=was)

    def _carried_on(self, within: Within, run: RunId, graph: Graph) -> Result:
        """Carry out the run of a node, as long as its own run goes on."""
        try:
            return self._taken_up(run, graph, lambda _: None, within.stop)
        except ReplacedError:
            if not within.stop.is_set():
                raise
            if self.phase(within.run) in ("cancelling", "cancelled"):
                self._give_up(run)
            raise NodeError(CANCELLED.code, CANCELLED.message) from None

    def _give_up(self, run: str) -> None:
        """Cancel the run of a node, if there is one that goes on."""
        if self._has(run) and self.phase(run) in ("waiting", "running", "stopped", "cancelling"):
            with suppress(PlanError):  # it is over by now
                self.cancel(run, "the run that has started it was cancelled")

    def _has(self, run: str) -> bool:
        with suppress(UnknownRunError):
            self._get(run)
            return True
        return False


def _state(stored: Run[Any, Any]) -> str:
    """Return the innermost state of a run of a plan."""
    return _innermost(stored.snapshot)


def _was_taken(stored: Run[Any, Any], event: Cancel | Resume) -> bool:
    """Send an event to a run, which may have ended meanwhile; return whether it was taken."""
    try:
        return stored.send(event).handled
    except RunError as error:
        if error.code != "SC825":
            raise
        return False


def _innermost(snapshot: Snapshot[Any, Any]) -> str:
    return snapshot.configuration[-1].rpartition(".")[2]


def _written(value: Any, what: str) -> Json:
    """Return what the caller gives as JSON.

    Raises:
        PlanError: JSON cannot carry it (SC851), or it holds a secret (SC853).
    """
    try:
        return as_json(value, what)
    except NodeError as error:
        remedy = "Give texts, numbers, lists, and dicts with texts as keys"
        raise PlanError("SC851", what, error.info.message, remedy) from error


def _provenance(environment: tuple[str, ...]) -> Provenance:
    """Return where a run is started: what makes it reproducible, and nothing secret."""
    commit = None
    with suppress(OSError, subprocess.SubprocessError):
        command = ["git", "rev-parse", "HEAD"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)  # noqa: S603 - fixed words
        commit = done.stdout.strip() or None
    locks = {}
    for name in LOCKS:
        with suppress(OSError):
            locks[name] = hashlib.sha256(Path(name).read_bytes()).hexdigest()
    there = tuple(name for name in environment if name in os.environ)
    machine = f"{platform.system()} {platform.machine()}"
    return Provenance(commit, locks, platform.python_version(), machine, there)
