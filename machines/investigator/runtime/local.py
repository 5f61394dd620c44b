"""The local runtime: carries out the intents of an investigation in this process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import timedelta
from typing import Any, TypeAlias, TypeVar, final

from attrs import Attribute, field, frozen
from attrs.validators import ge, instance_of

from machines.investigation.calls import Phase
from machines.investigation.findings import Evidence
from machines.investigation.scope import Scope
from machines.investigation.session import Investigation
from machines.investigation.vocabulary import (
    Call,
    CallFailed,
    CallResult,
    Cancel,
    Case,
    Error,
    FailureKind,
    Finish,
    Intent,
    InvestigationEvent,
    Policy,
    RequestUser,
    Start,
    UserResponse,
)
from machines.investigator.reasoning.reasoner import Reasoner
from machines.investigator.runtime.carrying import Return, Tools, awaited, carry_out, told
from machines.investigator.runtime.progress import (
    CallDelayed,
    CallEnded,
    CallStarted,
    Ended,
    EvidenceFound,
    Observer,
    PhaseEntered,
    Progress,
    UserAsked,
)
from statecharts import Snapshot
from statecharts.model.errors import StatechartError

T = TypeVar("T")

AskUser: TypeAlias = Callable[[RequestUser], Awaitable[str | None] | str | None]
"""A function that asks the user; if it blocks, it runs in a thread. None leaves it open."""


def _some_time(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Refuse a time that is not above zero."""
    if not isinstance(value, timedelta) or value <= timedelta(0):
        raise ValueError(f"{attribute.name} must be a timedelta above zero, not {value!r}")


@frozen
class Bounds:
    """The limits of a local run. The `Policy` of the investigation limits attempts.

    Attributes:
        steps: Greatest number of events, including those before a restart.
        timeout: Time limit of one attempt at a call.
        backoff: Pause before the second attempt; it doubles before each further one.
        longest: Longest pause.
        at_once: Greatest number of calls side by side.

    >>> [Bounds().pause(attempt).total_seconds() for attempt in (1, 2, 3, 4, 99)]
    [0.0, 0.5, 1.0, 2.0, 10.0]
    """

    steps: int = field(default=1_000, validator=[instance_of(int), ge(1)])
    timeout: timedelta = field(default=timedelta(seconds=60), validator=_some_time)
    backoff: timedelta = field(default=timedelta(seconds=0.5), validator=_some_time)
    longest: timedelta = field(default=timedelta(seconds=10), validator=_some_time)
    at_once: int = field(default=8, validator=[instance_of(int), ge(1)])

    def pause(self, attempt: int) -> timedelta:
        """Return the pause before an attempt, counted from 1."""
        if attempt <= 1:
            return timedelta(0)
        # Beyond 2**30 times the first pause, the longest applies in any case.
        doubled = min(attempt - 2, 30)
        seconds = self.backoff.total_seconds() * 2.0**doubled
        return timedelta(seconds=min(seconds, self.longest.total_seconds()))


@frozen
class Raised:
    """An exception in a run, for a person who looks for its cause.

    Attributes:
        by: Its source: the id of a call or of a question, or ``observer``.
        error: The exception. Its text may hold data.
    """

    by: str
    error: BaseException


@final
class LocalInvestigator:
    """Runs an investigation, round by round.

    A round carries out all calls under way side by side, and then passes their outcomes to the
    investigation, in the order of the calls. So neither the order in which they come back nor a
    restart between two rounds makes a difference: with the same reasoner, over the same database,
    the result is the same to the byte.

    No exception ends a run. It fails the call, is recorded in `errors`, and becomes the intent
    `Error` if the investigation needs that call. If the task that runs it is cancelled, the calls
    under way are stopped, and the investigation stays as it was before the round: it can be
    resumed. `cancel` ends it for good.
    """

    def __init__(
        self,
        reasoner: Reasoner,
        tools: Tools | None = None,
        *,
        snapshot: Snapshot[Any, Case] | bytes | str | Mapping[str, Any] | None = None,
        bounds: Bounds | None = None,
        ask_user: AskUser | None = None,
        observer: Observer | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare a run.

        Args:
            reasoner: The reasoner.
            tools: The tools, such as a `Toolbox`; without them, no tool is permitted.
            snapshot: The snapshot to continue from; without one, the investigation is new.
            bounds: The limits of the run.
            ask_user: Asks the user; without it, a question stays open, and the run stops there.
            observer: Takes progress. After an exception it is not called any more.
            sleep: Waits for some seconds, before a call is repeated.
            clock: Returns seconds, for `CallEnded.took`.

        Raises:
            CodecError: The snapshot is not one of an investigation.
            StepError: The snapshot is one of another chart.
        """
        self.bounds = bounds or Bounds()
        self._investigation = (
            Investigation() if snapshot is None else Investigation.restore(snapshot)
        )
        self._reasoner = reasoner
        self._tools = tools
        self._ask_user = ask_user
        self._observer = observer
        self._sleep = sleep
        self._clock = clock
        self._errors: list[Raised] = []
        self._working = False
        self._task: asyncio.Task[Any] | None = None
        self._cancelled: Cancel | None = None

    # --- Looking ----------------------------------------------------------------------------------

    @property
    def investigation(self) -> Investigation:
        """The investigation after the last round."""
        return self._investigation

    @property
    def intents(self) -> tuple[Intent, ...]:
        """Everything that has to be done now; at the end, the result or the failure."""
        return self._investigation.intents

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The evidence, in order; a failed investigation keeps it."""
        return self._investigation.evidence

    @property
    def errors(self) -> tuple[Raised, ...]:
        """The exceptions of this run, in order."""
        return tuple(self._errors)

    def dumps(self) -> bytes:
        """Return the snapshot as JSON, from which another process can continue."""
        return self._investigation.dumps()

    # --- Running ----------------------------------------------------------------------------------

    def start(
        self, question: str, scope: Scope | None = None, policy: Policy | None = None
    ) -> tuple[Intent, ...]:
        """Start with a question, within a scope; by default, that of the tools.

        Raises:
            StatechartError: It has started already, or there is no scope (SC516).
        """
        if self._investigation.current_phase is not Phase.INIT:
            raise _misuse("it has started already", "Continue with `run` or `step`")
        if scope is None:
            if self._tools is None:
                raise _misuse("there is no scope", "Pass tools, or `scope=`")
            scope = self._tools.scope
        return self._take(Start(question, scope, policy or Policy()))

    async def step(self) -> tuple[Intent, ...]:
        """Carry out a round of calls, or ask the open question; return what has to be done next.

        Nothing happens before the start, after the end, and while a question stays open.

        Raises:
            StatechartError: A round is under way already (SC516).
        """
        if self._working:
            raise _misuse("a round is under way", "Await it before the next one")
        self._working = True
        try:
            await self._round()
        finally:
            self._working = False
            cancelled, self._cancelled = self._cancelled, None
            if cancelled is not None and not self._investigation.is_terminal:
                self._take(cancelled)
        return self.intents

    async def run(self) -> Investigation:
        """Run to the end, or to a question that nobody answers; return the investigation."""
        while True:
            before = self._investigation.current_step
            await self.step()
            if self._investigation.is_terminal or self._investigation.current_step == before:
                return self._investigation

    def respond(self, text: str) -> tuple[Intent, ...]:
        """Answer the open question, once no call is under way.

        Raises:
            StatechartError: No question is open, or calls are under way (SC516).
        """
        match self.intents:
            case (RequestUser(request_id),) if not self._working:
                return self._take(UserResponse(request_id, text))
            case _:
                raise _misuse("no question is open", "Await `step` or `run` first")

    def cancel(self, reason: str = "") -> None:
        """Cancel the investigation: now, or once the round under way has stopped.

        Call it in the thread of the run. After the end, nothing happens.
        """
        if self._working:
            self._cancelled = Cancel(reason)
            if self._task is not None:
                self._task.cancel()
        elif not self._investigation.is_terminal:
            self._take(Cancel(reason))

    # --- Rounds -----------------------------------------------------------------------------------

    async def _round(self) -> None:
        asked = self.intents
        calls = [intent for intent in asked if isinstance(intent, Call)]
        questions = [intent for intent in asked if isinstance(intent, RequestUser)]
        events: list[InvestigationEvent] = []
        if calls or questions:
            least = self._investigation.current_step + max(1, len(calls))
            if least > self.bounds.steps:
                reason = f"it needs more than {self.bounds.steps} steps"
                events = [Cancel(reason, FailureKind.TOO_MANY_STEPS)]
            elif calls:
                events = await self._unless_cancelled(self._together(calls))
            else:
                events = await self._unless_cancelled(self._ask(questions[0]))
        if not self._investigation.is_terminal:
            self._take(*events)

    async def _unless_cancelled(
        self, work: Coroutine[Any, Any, list[InvestigationEvent]]
    ) -> list[InvestigationEvent]:
        """Return the events of some work, or the one event that cancels it."""
        self._task = task = asyncio.create_task(work)
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait({task})
            raise
        finally:
            self._task = None
        return [self._cancelled] if self._cancelled is not None else task.result()

    async def _together(self, calls: list[Call]) -> list[InvestigationEvent]:
        """Carry out calls side by side; return their outcomes in the order of the calls."""
        room = asyncio.Semaphore(self.bounds.at_once)
        case, evidence = self._investigation.case, self.evidence
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._make(call, case, evidence, room)) for call in calls]
        return [task.result() for task in tasks]

    async def _make(
        self, call: Call, case: Case, evidence: tuple[Evidence, ...], room: asyncio.Semaphore
    ) -> CallResult | CallFailed:
        began = self._clock()
        try:
            pause = self.bounds.pause(call.attempt)
            if pause:
                self._tell(CallDelayed(call, pause))
                await self._sleep(pause.total_seconds())
            async with room:
                self._tell(CallStarted(call))
                began, seconds = self._clock(), self.bounds.timeout.total_seconds()
                came = await carry_out(call, case, evidence, self._reasoner, self._tools, seconds)
        except Exception as error:  # noqa: BLE001 - whatever it is, it fails this call
            came = Return(CallFailed(call.call_id, told(error)), error)
        took = timedelta(seconds=self._clock() - began)
        if came.error is not None:
            self._errors.append(Raised(call.call_id, came.error))
        failure = came.event.reason if isinstance(came.event, CallFailed) else None
        self._tell(CallEnded(call, took, failure))
        return came.event

    async def _ask(self, request: RequestUser) -> list[InvestigationEvent]:
        """Ask the user; return the answer, if there is one."""
        if self._ask_user is None:
            return []
        self._tell(UserAsked(request))
        try:
            text: object = await awaited(self._ask_user, request)
        except Exception as error:  # noqa: BLE001 - whatever it is, there is no answer
            self._errors.append(Raised(request.request_id, error))
            reason = f"the user could not be asked: {told(error)}"
            return [Cancel(reason, FailureKind.NO_ANSWER)]
        if text is None:
            return []
        if not isinstance(text, str):
            reason = f"the user's answer is a {type(text).__name__}, not a string"
            return [Cancel(reason, FailureKind.NO_ANSWER)]
        return [UserResponse(request.request_id, text)]

    # --- Reporting --------------------------------------------------------------------------------

    def _take(self, *events: InvestigationEvent) -> tuple[Intent, ...]:
        """Pass all events to the investigation, and then report the progress."""
        news: list[Progress] = []
        for event in events:
            before, found = self._investigation.current_phase, len(self.evidence)
            if before.is_terminal:
                break
            self._ingest(event)
            news.extend(map(EvidenceFound, self.evidence[found:]))
            phase = self._investigation.current_phase
            if phase is not before:
                news.append(PhaseEntered(phase, self._investigation.current_step))
        if self._investigation.is_terminal:
            [end] = self.intents
            assert isinstance(end, Finish | Error)  # noqa: S101 - there is no other end
            news.append(Ended(end))
        for one in news:
            self._tell(one)
        return self.intents

    def _ingest(self, event: InvestigationEvent) -> None:
        """Pass on an event; if the chart fails to take it, the investigation fails."""
        try:
            self._investigation.ingest(event)
        except StatechartError as error:
            by = getattr(event, "call_id", "run")
            self._errors.append(Raised(by, error))
            reason = f"{by} cannot be taken: {told(error)}"
            self._investigation.ingest(Cancel(reason, FailureKind.INTERNAL))

    def _tell(self, progress: Progress) -> None:
        if self._observer is None:
            return
        try:
            self._observer(progress)
        except Exception as error:  # noqa: BLE001 - an observer does not decide
            self._errors.append(Raised("observer", error))
            self._observer = None


async def run_local(
    question: str,
    reasoner: Reasoner,
    tools: Tools | None = None,
    *,
    scope: Scope | None = None,
    policy: Policy | None = None,
    bounds: Bounds | None = None,
    ask_user: AskUser | None = None,
    observer: Observer | None = None,
) -> Investigation:
    """Investigate a question, and return the investigation at its end.

    The last of its `intents` is the outcome: `Finish`, `Error`, or `RequestUser`, if ``ask_user``
    was not given or left the question open. See `LocalInvestigator` for the arguments.
    """
    investigator = LocalInvestigator(
        reasoner, tools, bounds=bounds, ask_user=ask_user, observer=observer
    )
    investigator.start(question, scope, policy)
    return await investigator.run()


def _misuse(found: str, remedy: str) -> StatechartError:
    return StatechartError("SC516", "investigation", found, remedy)
