"""Investigations on Temporal: a workflow that thinks, and activities that look.

The workflow holds the investigation. It takes every step itself, by `brain_step`, which is pure;
reasoner and tools run in activities. What crosses the border between them is in an envelope, so
that every call belongs to the trace of its investigation.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
import uuid
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final, final

from statecharts.model.errors import StatechartError, missing

try:
    from temporalio import activity, workflow
    from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
    from temporalio.common import RetryPolicy
    from temporalio.exceptions import ActivityError, is_cancelled_exception
    from temporalio.plugin import SimplePlugin
    from temporalio.service import RPCError
    from temporalio.worker import Worker, WorkerConfig, WorkflowRunner
    from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner
except ImportError as error:
    raise StatechartError("SC517", "temporal", *missing("it", "temporalio")) from error

from machines.investigation import Investigation, Policy, Scope, Start
from machines.investigation.calls import CallKind
from machines.investigation.findings import Evidence
from machines.investigation.session import protocol
from machines.investigation.vocabulary import (
    Call,
    CallFailed,
    CallResult,
    Cancel,
    Case,
    FailureKind,
    InvestigationEvent,
    RequestUser,
    UserResponse,
)
from machines.investigator.envelope import child, create_trace, parse_trace, unwrap, wrap
from machines.investigator.reasoning.reasoner import Reasoner
from machines.investigator.runtime import (
    AskUser,
    Bounds,
    CallEnded,
    CallStarted,
    Ended,
    EvidenceFound,
    Observer,
    PhaseEntered,
    Tools,
)
from machines.investigator.runtime.carrying import awaited, carry_out, told

WORKFLOW: Final = "Investigator"
"""The name of the workflow."""

CALL: Final = "investigator:call"
"""The name of the activity that makes a call."""

THRESHOLD: Final = 100
"""Steps after which a workflow continues as new."""

_SIGNALS: Final = 1_000  # ids that are remembered
_LEASE: Final = timedelta(seconds=10)
_BEAT_S: Final = 1.0
_LOOK_S: Final = 0.1
_PASSED: Final = ("machines", "statecharts", "attr", "attrs", "cattr", "cattrs", "sqlglot")
_LOST: Final = RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_attempts=0)


# What crosses the border: plain dataclasses, which any converter of Temporal can carry.


@dataclass(frozen=True)
class Commission:
    """The input of a workflow.

    Attributes:
        snapshot: The investigation to continue, started already, as its protocol writes it.
        traceparent: The trace that it belongs to; empty begins one.
        steps: Greatest number of events.
        timeout_s: Time limit of one attempt at a call.
        backoff_s: Pause before the second attempt; it doubles before each further one.
        longest_s: Longest pause.
        at_once: Greatest number of calls side by side.
        threshold: Steps after which the workflow continues as new.
        seen: Ids of signals that were taken.
        answers: Answers of the user that no question has asked for yet.
    """

    snapshot: dict[str, Any]
    traceparent: str = ""
    steps: int = 1_000
    timeout_s: float = 60.0
    backoff_s: float = 0.5
    longest_s: float = 10.0
    at_once: int = 8
    threshold: int = THRESHOLD
    seen: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, investigation: Investigation, bounds: Bounds | None = None, **more: Any
    ) -> Commission:
        """Return the input that continues an investigation, within the limits of a local run."""
        limits = bounds or Bounds()
        return cls(
            protocol().dump_snapshot(investigation.snapshot),
            steps=limits.steps,
            timeout_s=limits.timeout.total_seconds(),
            backoff_s=limits.backoff.total_seconds(),
            longest_s=limits.longest.total_seconds(),
            at_once=limits.at_once,
            **more,
        )

    @property
    def bounds(self) -> Bounds:
        """The limits of the run."""
        return Bounds(
            self.steps,
            timedelta(seconds=self.timeout_s),
            timedelta(seconds=self.backoff_s),
            timedelta(seconds=self.longest_s),
            self.at_once,
        )


@dataclass(frozen=True)
class Response:
    """An answer of the user.

    Attributes:
        signal_id: The name of this signal; the same name is taken once.
        request_id: The id of the question.
        text: The answer.
    """

    signal_id: str
    request_id: str
    text: str


@dataclass(frozen=True)
class Cancellation:
    """The wish to cancel; `signal_id` is its name, and the same name is taken once."""

    signal_id: str
    reason: str = ""


@dataclass(frozen=True)
class Thought:
    """The result of a step of the brain.

    Attributes:
        snapshot: The investigation after it, as its protocol writes it.
        intents: Everything that has to be done now, as the protocol writes effects.
    """

    snapshot: dict[str, Any]
    intents: list[dict[str, Any]]


def commission(
    question: str,
    scope: Scope,
    policy: Policy | None = None,
    bounds: Bounds | None = None,
    **more: Any,
) -> Commission:
    """Return the input of a workflow that investigates a question."""
    investigation = Investigation()
    investigation.ingest(Start(question, scope, policy or Policy()))
    return Commission.of(investigation, bounds, **more)


def brain_step(snapshot: Mapping[str, Any] | None, *events: Mapping[str, Any]) -> Thought:
    """Take events, and say what has to be done next: pure, JSON in and JSON out.

    An event that the chart fails to take makes the investigation fail; after the end, nothing
    happens any more.

    Args:
        snapshot: The investigation before, as its protocol writes it; None for a new one.
        events: The events, in order, as the protocol writes them.

    Raises:
        CodecError: The snapshot or an event cannot be read.

    >>> thought = brain_step(None, {"type": "cancel", "reason": "enough"})
    >>> thought.intents[0]["type"], thought.intents[0]["message"]
    ('error', 'called off: enough')
    """
    investigation = Investigation() if snapshot is None else Investigation.restore(snapshot)
    _think(investigation, [protocol().load_event(_plain(event)) for event in events])
    return Thought(
        protocol().dump_snapshot(investigation.snapshot),
        [protocol().dump_effect(intent) for intent in investigation.intents],
    )


def _plain(event: Any) -> Any:
    """Return a mapping as the dict that a codec reads; anything else is for the codec to refuse."""
    return dict(event) if isinstance(event, Mapping) else event


def _think(investigation: Investigation, events: list[InvestigationEvent]) -> None:
    for event in events:
        if investigation.is_terminal:
            return
        try:
            investigation.ingest(event)
        except StatechartError as error:
            by = getattr(event, "call_id", "run")
            reason = f"{by} cannot be taken: {told(error)}"
            investigation.ingest(Cancel(reason, FailureKind.INTERNAL))


@final
@workflow.defn(name=WORKFLOW)
class InvestigatorWorkflow:
    """An investigation: rounds of calls and questions, as `LocalInvestigator` runs them.

    A round makes all calls under way side by side, and passes their outcomes on in the order of
    the calls: the result is that of a local run, to the byte.
    """

    @workflow.init
    def __init__(self, given: Commission) -> None:
        self._given = given
        self._investigation = Investigation.restore(given.snapshot)
        self._begun = self._investigation.current_step
        self._answers = dict(given.answers)
        self._seen = dict.fromkeys(given.seen)
        self._cancelled: str | None = None
        self._round: asyncio.Task[list[InvestigationEvent]] | None = None
        self._trace = parse_trace(given.traceparent) if given.traceparent else create_trace(_drawn)

    @workflow.run
    async def run(self, given: Commission) -> dict[str, Any]:
        """Run to the end; return the snapshot of the investigation then."""
        del given  # `__init__` has it
        while not self._investigation.is_terminal:
            events = await self._next_round()
            _think(self._investigation, events)
            if self._is_full and not self._investigation.is_terminal:
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(self._rest())
        await workflow.wait_condition(workflow.all_handlers_finished)
        return protocol().dump_snapshot(self._investigation.snapshot)

    @property
    def _is_full(self) -> bool:
        """Whether it is time to continue as new."""
        taken = self._investigation.current_step - self._begun
        return (
            taken >= self._given.threshold or workflow.info().is_continue_as_new_suggested()
        ) and self._cancelled is None

    def _rest(self) -> Commission:
        """Return the input that continues the investigation."""
        return replace(
            self._given,
            snapshot=protocol().dump_snapshot(self._investigation.snapshot),
            traceparent=self._trace.traceparent,
            seen=[*self._seen][-_SIGNALS:],
            answers=self._answers,
        )

    # --- Rounds -----------------------------------------------------------------------------------

    async def _next_round(self) -> list[InvestigationEvent]:
        """Return the events of a round, or the one that cancels the investigation."""
        if self._cancelled is None:
            self._round = asyncio.create_task(self._make_round())
            try:
                await workflow.wait_condition(
                    lambda: (
                        self._cancelled is not None
                        or (self._round is not None and self._round.done())
                    )
                )
            except asyncio.CancelledError:
                self._cancelled = "the workflow was cancelled"
            if self._cancelled is None:
                events, self._round = self._round.result(), None
                return events
            self._round.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self._round
        return [Cancel(self._cancelled or "")]

    async def _make_round(self) -> list[InvestigationEvent]:
        intents = self._investigation.intents
        calls = [one for one in intents if isinstance(one, Call)]
        least = self._investigation.current_step + max(1, len(calls))
        if least > self._given.steps:
            reason = f"it needs more than {self._given.steps} steps"
            return [Cancel(reason, FailureKind.TOO_MANY_STEPS)]
        if calls:
            room = asyncio.Semaphore(self._given.at_once)
            made = [self._make(call, room) for call in calls]
            return [*await asyncio.gather(*made)]
        asked = next((one.request_id for one in intents if isinstance(one, RequestUser)), None)
        if asked is not None:
            await workflow.wait_condition(lambda: asked in self._answers)
            return [UserResponse(asked, self._answers.pop(asked))]
        await workflow.wait_condition(lambda: False)  # nothing to do but to be cancelled
        return []

    async def _make(self, call: Call, room: asyncio.Semaphore) -> CallResult | CallFailed:
        """Make a call, after its pause; what never comes back has failed."""
        pause = self._given.bounds.pause(call.attempt)
        if pause:
            await workflow.sleep(pause)
        async with room:
            span = child(self._trace, _drawn)
            try:
                envelope: dict[str, Any] = await workflow.execute_activity(
                    CALL,
                    wrap(self._said(call), span),
                    start_to_close_timeout=timedelta(seconds=self._given.timeout_s) + _LEASE,
                    heartbeat_timeout=_LEASE,
                    retry_policy=_LOST,
                    summary=f"{call.kind} {call.name} {call.call_id}",
                )
                came = unwrap(envelope)
                if came.trace.trace_id != self._trace.trace_id:
                    return CallFailed(call.call_id, "its answer belongs to another trace")
                event = protocol().load_event(came.payload)
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise asyncio.CancelledError from None
                return CallFailed(call.call_id, told(error.cause or error))
            except StatechartError as error:
                return CallFailed(call.call_id, told(error))
        if not isinstance(event, CallResult | CallFailed) or event.call_id != call.call_id:
            return CallFailed(call.call_id, "its answer is not one to this call")
        return event

    def _said(self, call: Call) -> dict[str, Any]:
        """Return what an activity is told: a tool needs the scope alone, a reasoner everything."""
        investigation = self._investigation
        if call.kind is CallKind.TOOL:
            case = Case(scope=investigation.case.scope)
            snapshot = None
        else:
            case, snapshot = Case(), protocol().dump_snapshot(investigation.snapshot)
        return {
            "call": protocol().dump_effect(call),
            "case": protocol().dump_context(case),
            "snapshot": snapshot,
            "seconds": self._given.timeout_s,
        }

    # --- Doors ------------------------------------------------------------------------------------

    def _is_new(self, signal_id: str) -> bool:
        if signal_id in self._seen:
            return False
        self._seen[signal_id] = None
        while len(self._seen) > _SIGNALS:
            del self._seen[next(iter(self._seen))]
        return True

    @workflow.signal
    def user_response(self, response: Response) -> None:
        """Take an answer of the user; a signal is taken once, and the first answer counts."""
        if self._is_new(response.signal_id):
            self._answers.setdefault(response.request_id, response.text)

    @workflow.signal
    def cancel(self, cancellation: Cancellation) -> None:
        """Cancel the investigation, and the calls under way."""
        if self._is_new(cancellation.signal_id) and self._cancelled is None:
            self._cancelled = cancellation.reason

    @workflow.query
    def get_status(self) -> dict[str, Any]:
        """Return phase, step, and what is to be done now."""
        investigation = self._investigation
        return {
            "phase": investigation.current_phase.value,
            "step": investigation.current_step,
            "terminal": investigation.is_terminal,
            "evidence": len(investigation.evidence),
            "intents": [protocol().dump_effect(intent) for intent in investigation.intents],
            "traceparent": self._trace.traceparent,
        }

    @workflow.query
    def get_snapshot(self) -> dict[str, Any]:
        """Return the investigation, as its protocol writes it."""
        return protocol().dump_snapshot(self._investigation.snapshot)


def _drawn(count: int) -> bytes:
    """Return random bytes that are the same at each replay."""
    return workflow.random().getrandbits(8 * count).to_bytes(count, "big")


@final
class Desk:
    """Makes the calls of investigations, on a worker.

    Args:
        reasoner: The reasoner.
        tools: The tools; without them, no tool is permitted.
        observer: Takes the progress of calls.
    """

    def __init__(
        self, reasoner: Reasoner, tools: Tools | None = None, observer: Observer | None = None
    ) -> None:
        self._reasoner = reasoner
        self._tools = tools
        self._observer = observer or (lambda _: None)

    @activity.defn(name=CALL)
    async def make(self, envelope: dict[str, Any]) -> dict[str, Any]:
        """Make a call; its outcome, or its failure, is in the envelope that comes back."""
        given = unwrap(envelope)
        said = given.payload
        call: Call = protocol().load_effect(said["call"])
        case: Case = protocol().load_context(said["case"])
        evidence: tuple[Evidence, ...] = ()
        if said["snapshot"] is not None:
            investigation = Investigation.restore(said["snapshot"])
            case, evidence = investigation.case, investigation.evidence
        self._observer(CallStarted(call))
        began = time.monotonic()
        beating = asyncio.create_task(_beat())
        try:
            came = await carry_out(
                call, case, evidence, self._reasoner, self._tools, said["seconds"]
            )
        finally:
            beating.cancel()
        took = timedelta(seconds=time.monotonic() - began)
        failure = came.event.reason if isinstance(came.event, CallFailed) else None
        self._observer(CallEnded(call, took, failure))
        return wrap(protocol().dump_event(came.event), child(given.trace))


async def _beat() -> None:
    """Let the server hear of this worker until cancelled."""
    while True:
        activity.heartbeat()
        await asyncio.sleep(_BEAT_S)


class InvestigatorPlugin(SimplePlugin):
    """Lets workers and replayers run investigations.

    Args:
        reasoner: The reasoner; None for a replayer, which makes no calls.
        tools: The tools.
        observer: Takes the progress of calls.
    """

    def __init__(
        self,
        reasoner: Reasoner | None = None,
        tools: Tools | None = None,
        observer: Observer | None = None,
    ) -> None:
        protocol()  # made now: nothing is compiled inside of a workflow
        made = [] if reasoner is None else [Desk(reasoner, tools, observer).make]
        super().__init__(
            "statecharts.InvestigatorPlugin",
            workflows=[InvestigatorWorkflow],
            activities=made,
            workflow_runner=_runner,
        )

    def configure_worker(self, config: WorkerConfig) -> WorkerConfig:
        """Add workflow and activity; a call that is cancelled is told so soon."""
        config["max_heartbeat_throttle_interval"] = timedelta(milliseconds=500)
        config["default_heartbeat_throttle_interval"] = timedelta(milliseconds=500)
        return super().configure_worker(config)


def _runner(runner: WorkflowRunner | None) -> WorkflowRunner:
    found = runner or SandboxedWorkflowRunner()
    if not isinstance(found, SandboxedWorkflowRunner):
        return found
    passed = found.restrictions.with_passthrough_modules(*_PASSED)
    return dataclasses.replace(found, restrictions=passed)


@final
class TemporalInvestigator:
    """Runs an investigation as a workflow, with a worker of its own, and follows it.

    If the task that runs it is cancelled, the workflow is ended; the investigation stays as it was
    last seen.

    Args:
        server: The address of a server of Temporal, or a client.
        given: The input (see `commission`).
        reasoner: The reasoner.
        tools: The tools.
        ask_user: Asks the user; without it, a question stays open, and the run stops there.
        observer: Takes progress.
        id: The id of the workflow, and of its task queue; by default a new one.
    """

    def __init__(
        self,
        server: str | Client,
        given: Commission,
        reasoner: Reasoner,
        tools: Tools | None = None,
        *,
        ask_user: AskUser | None = None,
        observer: Observer | None = None,
        id: str | None = None,
    ) -> None:
        self.id = id or f"investigation-{uuid.uuid4().hex[:12]}"
        self.investigation = Investigation.restore(given.snapshot)
        self._server = server
        self._given = given
        self._plugin = InvestigatorPlugin(reasoner, tools, observer)
        self._ask_user = ask_user
        self._observer = observer
        self._stack = AsyncExitStack()
        self._handle: WorkflowHandle[Any, Any] | None = None
        self._asked: set[str] = set()

    async def run(self) -> Investigation:
        """Run to the end, or to a question that nobody answers; return the investigation."""
        while not self.investigation.is_terminal:
            before = self.investigation.current_step
            await self.step()
            if self.investigation.current_step == before:
                break
        await self._stack.aclose()
        return self.investigation

    async def step(self) -> None:
        """Return when the investigation has gone on, or is asked what nobody answers.

        Raises:
            StatechartError: No server answers (SC517).
        """
        try:
            handle = self._handle or await self._open()
            before = self.investigation.current_step
            while self.investigation.current_step == before and not self._is_open:
                await self._look(handle)
                await asyncio.sleep(_LOOK_S)
        except BaseException:
            await self._stack.aclose()
            raise
        if self.investigation.is_terminal or self._is_open:
            await self._stack.aclose()

    @property
    def _is_open(self) -> bool:
        """Whether a question is open that nobody answers."""
        asks = any(isinstance(one, RequestUser) for one in self.investigation.intents)
        return asks and self._ask_user is None

    async def _open(self) -> WorkflowHandle[Any, Any]:
        client = self._server
        if isinstance(client, str):
            try:
                client = await Client.connect(client)
            except (RuntimeError, ValueError):
                found = f"no server of Temporal answers at {self._server!r}"
                remedy = "Start one: temporal server start-dev"
                raise StatechartError("SC517", "temporal", found, remedy) from None
        worker = Worker(client, task_queue=self.id, plugins=[self._plugin])
        await self._stack.enter_async_context(worker)
        handle = await client.start_workflow(WORKFLOW, self._given, id=self.id, task_queue=self.id)
        self._handle = handle
        self._stack.push_async_callback(self._end)
        return handle

    async def _end(self) -> None:
        """End the workflow, if it goes on."""
        if self._handle is not None and not self.investigation.is_terminal:
            with suppress(RPCError):
                await self._handle.terminate("nobody waits for it any more")

    async def _look(self, handle: WorkflowHandle[Any, Any]) -> None:
        """See how far it has come; ask the user what it asks."""
        if (await handle.describe()).status == WorkflowExecutionStatus.FAILED:
            await handle.result()
        before = self.investigation
        now = Investigation.restore(await handle.query("get_snapshot"))
        self.investigation = now
        _report(before, now, self._observer)
        for intent in now.intents:
            if (
                self._ask_user is not None
                and isinstance(intent, RequestUser)
                and intent.request_id not in self._asked
            ):
                self._asked.add(intent.request_id)
                await _ask(handle.signal, intent, self._ask_user)


async def _ask(
    signal: Callable[[str, Any], Coroutine[Any, Any, None]], asked: RequestUser, ask_user: AskUser
) -> None:
    """Ask the user, and pass the answer on; without an answer, the investigation is cancelled."""
    try:
        text = await awaited(ask_user, asked)
    except Exception as error:  # noqa: BLE001 - whatever it is, there is no answer
        reason = f"the user could not be asked: {told(error)}"
        await signal("cancel", Cancellation(asked.request_id, reason))
        return
    if text is not None:
        await signal("user_response", Response(asked.request_id, asked.request_id, text))


def _report(before: Investigation, now: Investigation, observer: Observer | None) -> None:
    """Tell an observer what has come about between two looks."""
    if observer is None:
        return
    for one in now.evidence[len(before.evidence) :]:
        observer(EvidenceFound(one))
    if now.current_phase is not before.current_phase:
        observer(PhaseEntered(now.current_phase, now.current_step))
    if now.is_terminal and not before.is_terminal:
        observer(Ended(now.intents[0]))  # type: ignore[arg-type]  # the end is a result or a failure
