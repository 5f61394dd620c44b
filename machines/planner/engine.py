"""The engine: starts, resumes, cancels and replays the runs of plans, in one store."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from contextlib import suppress
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
from machines.planner.execution import Execution, Journal, ReplacedError, Watcher, wind_up
from machines.planner.io import Transport
from machines.planner.plan import PLAN, Graph, Plan, changes
from machines.planner.sealing import Seal
from machines.planner.transports import Http, Sql, standard
from machines.planner.work import Work
from statecharts.model.arguments import FLAG, FUNCTION, TEXT, check, optional
from statecharts.runtime import Run, Runs
from statecharts.runtime.clock import Clock, SystemClock
from statecharts.runtime.workers import has_died, worker_name
from statecharts.store.artifacts import canonical

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
        errors: Why nodes have failed, by node.
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
        final: Whether they end with another context.
    """

    facts: tuple[str, ...]
    outputs: tuple[str, ...]
    final: bool

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
            PlanError: The input or the context cannot be JSON (SC851), or holds a secret (SC853).
            RunExistsError: There is a run of that id (SC821).
        """
        check("start", plan=(plan, PLAN))
        run = self.create(plan, parameters, config=config, context=context, id=id, source=source)
        return self._carry_out(run, plan.graph())

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
        check("start", plan=(plan, PLAN), parameters=(parameters, VALUES), config=(config, CONFIG))
        check("start", context=(context, VALUES), source=(source, TEXT), parent=(parent, TEXT))
        chosen = config or RunConfig()
        if chosen.mode == "replay":
            raise PlanError("SC851", "start", "mode='replay' begins no run", "Call replay")
        for key in context or {}:
            ContextKey(key)
        given = _written(dict(parameters or {}), "parameters")
        graph = self._put(plan.graph().described())
        build = _provenance(chosen.environment)
        manifest = Manifest(plan.operation, plan.version, given, chosen, build, graph)
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
        progress = Progress(self._put(said), initial, source, worker=self._worker, parent=parent)
        self._runs.start(PlanRun, key=run, context=progress)
        return run

    def resume(self, run: str, plan: Plan) -> Result:
        """Go on with a run, from the last nodes that have come out.

        Args:
            run: The run.
            plan: The plan that it was begun with.

        Raises:
            PlanError: The plan is another one by now (SC854), the run is over, or its process is
                alive (SC855).
        """
        check("resume", plan=(plan, PLAN))
        stored = self._get(run)
        state = _state(stored)
        if state in ("completed", "cancelled"):
            raise PlanError("SC855", run, f"the run is {state}", "Start another one")
        if state == "cancelling":
            return self.cancel(run)
        graph = plan.graph()
        self._check(stored, graph)
        worker = stored.snapshot.context.worker
        if state == "running" and worker != self._worker and not has_died(worker):
            remedy = "Cancel it, or stop that process"
            raise PlanError("SC855", run, "another process carries it out", remedy)
        stored.send(Resume(self._worker))
        return self._carry_out(RunId(run), graph)

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
            stored.send(Cancel(masked(reason)))
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
        self._check(stored, graph)
        manifest = self.manifest(run)
        retryable = manifest.config.missing_fact_retryable
        if missing_fact_retryable is not None:
            retryable = missing_fact_retryable
        config = evolve(manifest.config, mode="replay", missing_fact_retryable=retryable)
        progress = stored.snapshot.context
        begun = self.artifact(progress.initial)["writes"]
        again = evolve(manifest, config=config, replay_of=run)
        return self._carry_out(self._create(again, begun, id, progress.source), graph)

    # -- what is known of them ---------------------------------------------------------------------

    def runs(self) -> list[RunId]:
        """Return all runs, in the order of their ids."""
        return [RunId(one.key) for one in self._runs.list(chart=PlanRun)]

    def result(self, run: str) -> Result:
        """Return how a run is."""
        return self._result(run, self.ledger(run))

    def _result(self, run: str, ledger: Ledger) -> Result:
        errors = {
            line.node: line.error
            for line in ledger.lines.values()
            if line.state == "failed" and line.error is not None
        }
        return Result(RunId(run), self.status(run), ledger.final, errors)

    def status(self, run: str) -> Status:
        """Return the phase of a run; one that is stopped, or being cancelled, is running."""
        state = _state(self._get(run))
        return Status(state) if state in ("completed", "failed", "cancelled") else Status.RUNNING

    def phase(self, run: str) -> str:
        """Return the state of a run: that of its chart, ``stopped`` and ``cancelling`` included."""
        return _state(self._get(run))

    def source(self, run: str) -> str:
        """Return where the plan of a run was found, ``FILE.py:name``; empty if nobody said."""
        source: str = self._get(run).snapshot.context.source
        return source

    def journal(self, run: str) -> Journal:
        """Return the events of a run: to be read in ranges, and appended."""
        return Journal(self._get(run))

    def events(self, run: str, first: int = 1, last: int | None = None) -> list[Envelope]:
        """Return a range of the events of a run."""
        return self.journal(run).read(first, last)

    def ledger(self, run: str) -> Ledger:
        """Return what the events of a run come to."""
        return Ledger.of(self.events(run))

    def manifest(self, run: str) -> Manifest:
        """Return what a run was started with."""
        return loaded(self.artifact(self._get(run).snapshot.context.manifest), Manifest)

    def graph(self, run: str) -> Json:
        """Return the nodes and edges of a run, as `Graph.described` gives them."""
        return self.artifact(self.manifest(run).graph)

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
        """Return what differs between two runs: facts, outputs and the last context."""
        first, second = self.ledger(one), self.ledger(other)

        def differing(was: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
            names: Iterable[str] = dict.fromkeys((*was, *now))
            return tuple(name for name in names if was.get(name) != now.get(name))

        facts = [
            {key: fact.payload for key, fact in each.facts.items()} for each in (first, second)
        ]
        outputs = [
            {name: written.artifact for name, written in each.outputs.items()}
            for each in (first, second)
        ]
        return Difference(differing(*facts), differing(*outputs), first.final != second.final)

    # -- inside ------------------------------------------------------------------------------------

    def _get(self, run: str) -> Run[Any, Any]:
        found = self._runs.get(RunId(run))
        _ = found.status  # raises for a run that is not there
        return found

    def _put(self, value: Json) -> str:
        return self._runs.store.put(canonical(value)).hex()

    def _check(self, stored: Run[Any, Any], graph: Graph) -> None:
        manifest = self.manifest(stored.key)
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
            raise PlanError("SC854", stored.key, text, remedy)

    def _carry_out(self, run: RunId, graph: Graph, watch: Watcher | None = None) -> Result:
        stored = self._get(run)
        manifest = self.manifest(run)
        ledger = self.ledger(run)
        facts = None if manifest.replay_of is None else self.ledger(manifest.replay_of)
        transports = {} if facts is not None else standard(manifest.config, self._transports)
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
                facts,
                self._child,
                watch or self.watch,
                self._clock.now,
            ).carry_out()
            return self._result(run, ledger)
        except ReplacedError:
            if _state(stored) not in ("cancelling", "cancelled"):
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

    def _wind_up(self, stored: Run[Any, Any]) -> None:
        """Record the end of a run that is being cancelled, unless somebody else does."""
        with suppress(ReplacedError):
            wind_up(Journal(stored), self.ledger(stored.key), self._clock.now())

    def _child(self, work: Work, plan: Plan, name: str, parameters: Json) -> dict[str, Json]:
        """Carry out another plan for a node."""
        run = RunId(work.run).child(f"{work.node}/{name}")
        manifest = self.manifest(work.run)
        if run not in self.runs():
            if manifest.replay_of is None:
                self.create(plan, parameters, config=manifest.config, id=run, parent=work.run)
            else:
                was = RunId(manifest.replay_of).child(f"{work.node}/{name}")
                before = self.manifest(was)
                again = evolve(before, config=manifest.config, replay_of=was)
                self._create(again, {}, run, "", work.run)
        progress = self._get(run).snapshot.context
        work._tell(ChildSpawned(work.node, run, progress.manifest))  # noqa: SLF001 - for the engine
        ended = self.status(run)
        if ended != Status.COMPLETED:
            if self.ledger(run).count:
                self._get(run).send(Resume(self._worker))
            ended = self._carry_out(run, plan.graph(), lambda _: None).status
        final = self.ledger(run).final
        work._tell(ChildCompleted(work.node, run, ended, final))  # noqa: SLF001 - for the engine
        if ended != Status.COMPLETED:
            text = f"the run {run} of {plan.operation} is {ended}"
            raise NodeError("child_failed", text, category=Category.UNKNOWN)
        return self.context(run)


def _state(stored: Run[Any, Any]) -> str:
    """Return the innermost state of a run of a plan."""
    return stored.configuration[-1].rpartition(".")[2]


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
