"""The local runtime: carries out what an investigation asks for, in this process."""

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
"""Asks the user; one that blocks is called in a thread. None leaves the question open."""


def _some_time(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Refuse a time that is none."""
    if not isinstance(value, timedelta) or value <= timedelta(0):
        raise ValueError(f"{attribute.name} is a timedelta above zero, not {value!r}")


@frozen
class Bounds:
    """What a local run bears. How often a call is tried is the investigation's own `Policy`.

    Attributes:
        steps: How many events there may be in all, those before a restart included.
        timeout: How long one attempt at a call may take.
        backoff: How long to wait before the second attempt; before each further, twice as long.
        longest: How long to wait at most.
        at_once: How many calls are made side by side.

    >>> [Bounds().pause(attempt).total_seconds() for attempt in (1, 2, 3, 4, 99)]
    [0.0, 0.5, 1.0, 2.0, 10.0]
    """

    steps: int = field(default=1_000, validator=[instance_of(int), ge(1)])
    timeout: timedelta = field(default=timedelta(seconds=60), validator=_some_time)
    backoff: timedelta = field(default=timedelta(seconds=0.5), validator=_some_time)
    longest: timedelta = field(default=timedelta(seconds=10), validator=_some_time)
    at_once: int = field(default=8, validator=[instance_of(int), ge(1)])

    def pause(self, attempt: int) -> timedelta:
        """Return how long to wait before an attempt, counted from 1."""
        if attempt <= 1:
            return timedelta(0)
        # Beyond 2**30 times the first pause, it is the longest in any case.
        doubled = min(attempt - 2, 30)
        seconds = self.backoff.total_seconds() * 2.0**doubled
        return timedelta(seconds=min(seconds, self.longest.total_seconds()))


@frozen
class Raised:
    """Something that was raised in a run, and told in other words: for whoever looks for the cause.

    Attributes:
        by: What raised it: the id of a call or of a question, or ``observer``.
        error: What was raised. Its text may hold data.
    """

    by: str
    error: BaseException


@final
class LocalInvestigator:
    """Runs an investigation, round by round.

    In a round, all calls that are under way are carried out side by side; then what came of them
    goes to the investigation, in the order of the calls. So neither the order in which they come
    back nor a restart between two rounds makes a difference: with the same reasoner, over the same
    database, the result is the same to the byte.

    Nothing that is raised ends a run. It fails the call, is recorded in `errors`, and, once the
    investigation cannot do without that call, becomes the intent `Error`. When the task that runs
    it is cancelled, the calls under way are stopped, and the investigation stays as it was before
    the round: it can be resumed. `cancel` ends it for good.
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
        """Take what an investigation is run with.

        Args:
            reasoner: Who thinks.
            tools: What carries out the calls of tools, a `Toolbox`; without it, none is permitted.
            snapshot: What to go on from; a new investigation, if nothing is given.
            bounds: What the run may take.
            ask_user: Asks the user; without it, a question stays open, and the run stops there.
            observer: Is told of progress. One that raises is not told of anything any more.
            sleep: Waits for some seconds, before a call is tried again.
            clock: Says how many seconds have gone by, for `CallEnded.took`.

        Raises:
            CodecError: The snapshot is none of an investigation.
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
        self._called_off: Cancel | None = None

    # --- Looking ----------------------------------------------------------------------------------

    @property
    def investigation(self) -> Investigation:
        """The investigation, as it was when the last round had ended."""
        return self._investigation

    @property
    def intents(self) -> tuple[Intent, ...]:
        """All that has to be done now; at the end, the result or the failure."""
        return self._investigation.intents

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What was found, in order; of one that failed, too."""
        return self._investigation.evidence

    @property
    def errors(self) -> tuple[Raised, ...]:
        """What was raised in this run, in order, whatever became of it."""
        return tuple(self._errors)

    def dumps(self) -> bytes:
        """Return the snapshot as JSON; a run in another process goes on from it."""
        return self._investigation.dumps()

    # --- Running ----------------------------------------------------------------------------------

    def start(
        self, question: str, scope: Scope | None = None, policy: Policy | None = None
    ) -> tuple[Intent, ...]:
        """Take up a question, within a scope: that of the tools, if none is given.

        Raises:
            StatechartError: It has been started already, or there is no scope (SC516).
        """
        if self._investigation.current_phase is not Phase.INIT:
            raise _misuse("it has been started already", "Go on with `run` or `step`")
        if scope is None:
            if self._tools is None:
                raise _misuse("there is no scope", "Give tools, or `scope=`")
            scope = self._tools.scope
        return self._take(Start(question, scope, policy or Policy()))

    async def step(self) -> tuple[Intent, ...]:
        """Carry out a round of calls, or ask the question that stands; return what is to be done.

        Nothing happens before the start and after the end, and while a question stays open.

        Raises:
            StatechartError: A round is under way already (SC516).
        """
        if self._working:
            raise _misuse("a round is under way", "Await it before you ask for the next")
        self._working = True
        try:
            await self._round()
        finally:
            self._working = False
            called_off, self._called_off = self._called_off, None
            if called_off is not None and not self._investigation.is_terminal:
                self._take(called_off)
        return self.intents

    async def run(self) -> Investigation:
        """Go on to the end, or to a question that nobody answers, and return the investigation."""
        while True:
            before = self._investigation.current_step
            await self.step()
            if self._investigation.is_terminal or self._investigation.current_step == before:
                return self._investigation

    def respond(self, text: str) -> tuple[Intent, ...]:
        """Answer the question that stands, once no call is under way.

        Raises:
            StatechartError: No question stands, or calls are under way (SC516).
        """
        match self.intents:
            case (RequestUser(request_id),) if not self._working:
                return self._take(UserResponse(request_id, text))
            case _:
                raise _misuse("no question waits for an answer", "Await `step` or `run` first")

    def cancel(self, reason: str = "") -> None:
        """Call the investigation off: now, or once the round that is under way has stopped.

        To be called in the thread of the run. After the end, nothing happens.
        """
        if self._working:
            self._called_off = Cancel(reason)
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
                events = await self._unless_called_off(self._together(calls))
            else:
                events = await self._unless_called_off(self._ask(questions[0]))
        if not self._investigation.is_terminal:
            self._take(*events)

    async def _unless_called_off(
        self, work: Coroutine[Any, Any, list[InvestigationEvent]]
    ) -> list[InvestigationEvent]:
        """Return what work comes to, or the one event that says that it was called off."""
        self._task = task = asyncio.create_task(work)
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait({task})
            raise
        finally:
            self._task = None
        return [self._called_off] if self._called_off is not None else task.result()

    async def _together(self, calls: list[Call]) -> list[InvestigationEvent]:
        """Carry out calls side by side; return what came of them in their order."""
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
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to this call
            came = Return(CallFailed(call.call_id, told(error)), error)
        took = timedelta(seconds=self._clock() - began)
        if came.error is not None:
            self._errors.append(Raised(call.call_id, came.error))
        failure = came.event.reason if isinstance(came.event, CallFailed) else None
        self._tell(CallEnded(call, took, failure))
        return came.event

    async def _ask(self, request: RequestUser) -> list[InvestigationEvent]:
        """Ask the user; return the answer, or nothing if there is none."""
        if self._ask_user is None:
            return []
        self._tell(UserAsked(request))
        try:
            text: object = await awaited(self._ask_user, request)
        except Exception as error:  # noqa: BLE001 - whatever it is, there will be no answer
            self._errors.append(Raised(request.request_id, error))
            reason = f"the user could not be asked: {told(error)}"
            return [Cancel(reason, FailureKind.NO_ANSWER)]
        if text is None:
            return []
        if not isinstance(text, str):
            reason = f"the user's answer is a {type(text).__name__}, and not a text"
            return [Cancel(reason, FailureKind.NO_ANSWER)]
        return [UserResponse(request.request_id, text)]

    # --- Telling ----------------------------------------------------------------------------------

    def _take(self, *events: InvestigationEvent) -> tuple[Intent, ...]:
        """Hand events to the investigation, all of them, and only then tell of it."""
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
        """Hand on an event; one that the chart stumbles over has failed."""
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
        except Exception as error:  # noqa: BLE001 - who watches does not decide
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

    What it came to is the last of its `intents`: `Finish`, `Error`, or, if ``ask_user`` was not
    given or left it open, `RequestUser`. See `LocalInvestigator` for the arguments.
    """
    investigator = LocalInvestigator(
        reasoner, tools, bounds=bounds, ask_user=ask_user, observer=observer
    )
    investigator.start(question, scope, policy)
    return await investigator.run()


def _misuse(found: str, remedy: str) -> StatechartError:
    return StatechartError("SC516", "investigation", found, remedy)
