"""The runtime on Temporal: the surface of `statecharts.runtime.Runtime`, for runs on a cluster."""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Generic, NoReturn, Self, TypeVar, final, overload

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
)
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

from statecharts.codec import Protocol
from statecharts.model.arguments import (
    COUNT,
    ENTRY,
    FLAG,
    FUNCTION,
    KEY,
    NUMBER,
    SPAN,
    TEXT,
    WAIT,
    Sort,
    check,
    instance,
    optional,
)
from statecharts.model.chart import Declaration
from statecharts.model.effects import Call
from statecharts.model.errors import StatechartError
from statecharts.model.events import Answer, CallFailed
from statecharts.runtime.attempts import tell
from statecharts.runtime.between import parent_of
from statecharts.runtime.clock import moment
from statecharts.runtime.commit import (
    Draft,
    Happened,
    Live,
    Program,
    Taken,
    children_of,
    place_of,
    revived,
)
from statecharts.runtime.errors import RunError, UnknownRunError, WaitError, not_entered_so
from statecharts.runtime.handlers import Attempted, Handlers, table
from statecharts.runtime.history import Past, times, told
from statecharts.runtime.operations import CHART as CHART_NAME
from statecharts.runtime.operations import (
    check_filters,
    check_key,
    check_sent,
    classes_of,
    has_arrived,
    late,
    seconds_of,
    state_in,
)
from statecharts.runtime.runs import Outstanding, outstanding
from statecharts.runtime.runtime import Observer, Subscriber
from statecharts.runtime.writer import existing, unknown
from statecharts.semantics.snapshot import Snapshot
from statecharts.store.rows import OVER, Entry, Head, Kind, Status
from statecharts.temporal.activities import LOG, Carrier
from statecharts.temporal.converter import client_with_codec, read_entry, read_rows
from statecharts.temporal.errors import not_here, unpacked
from statecharts.temporal.messages import (
    WORKFLOW,
    Answered,
    Beginning,
    Facts,
    Order,
    Sent,
)
from statecharts.temporal.plugin import ChartPlugin
from statecharts.temporal.registry import Charts
from statecharts.temporal.sizes import check_size
from statecharts.temporal.updates import Updates
from statecharts.temporal.workflow import CHART, ORDERS, STATES, STATUS, attributes_of

E = TypeVar("E")
C = TypeVar("C")
T = TypeVar("T")

QUEUE: Final = "statecharts"
"""The task queue of a runtime that names none."""

POLLS: Final = (0.01, 0.5)
"""Seconds between the first two looks at a run that is waited for, and the longest."""

PATIENCE: Final = timedelta(seconds=60)
"""The longest time that a question may take, which a worker has to answer."""


NO_WORKER: Final = "Let a worker run, that of a TemporalRuntime with its charts"
_BROKEN: Final = (
    WorkflowExecutionStatus.TERMINATED,
    WorkflowExecutionStatus.FAILED,
    WorkflowExecutionStatus.TIMED_OUT,
)
"""How workflows end that nobody has told so by a run."""

_LONGEST: Final = 1_000
"""The longest id of a workflow, in bytes."""

_CLIENT: Final = instance(Client, "a client, such as await Client.connect('localhost:7233')")
_NAMES: Final = Sort(
    "names of modules, such as ('shop.prices',)",
    lambda value: not isinstance(value, str | type) and isinstance(value, Iterable),
)
_OPTIONS: Final = optional(instance(Mapping, "a dict of options of temporalio.worker.Worker"))


@final
class TemporalRun(Generic[E, C]):
    """A run on Temporal: the surface of `statecharts.runtime.LiveRun`.

    Questions ask a worker, and so need one that runs.

    Attributes:
        key: Its key, which is the id of its workflow.
    """

    def __init__(self, runtime: TemporalRuntime, key: str) -> None:
        self._runtime = runtime
        self.key = key

    def __repr__(self) -> str:
        return f"<TemporalRun {self.key!r}>"

    # -- questions ---------------------------------------------------------------------------------

    def _live(self) -> tuple[Program, Live]:
        return self._runtime._ask(self._runtime._read(self.key))

    @property
    def snapshot(self) -> Snapshot[E, C]:
        """The present snapshot.

        Raises:
            UnknownRunError: There is no run of this key (SC822).
        """
        return self._live()[1].snapshot

    @property
    def configuration(self) -> tuple[str, ...]:
        """The ids of the active states."""
        return place_of(self._live()[1].head.configuration)

    @property
    def protocol(self) -> Protocol[E, C]:
        """The protocol of its chart: reads events from JSON."""
        return self._live()[0].protocol

    @property
    def calls(self) -> Mapping[str, Call[Any]]:
        """The calls under way, by the ids that `answer` takes."""
        return self.snapshot.calls

    @property
    def owed(self) -> tuple[Outstanding, ...]:
        """The effects and calls that are owed, in the order of their numbers."""
        rows = self._live()[1].owed
        return tuple(outstanding(self.key, rows[number]) for number in sorted(rows))

    @property
    def parent(self) -> str | None:
        """The key of the run that waits for this one as its child; None without one."""
        found = parent_of(self._live()[1].owed.values())
        return None if found is None else str(found[0])

    @property
    def children(self) -> tuple[str, ...]:
        """The keys of the runs that this one waits for as its children, in order."""
        return children_of(self.key, self._live()[1].owed.values())

    @property
    def status(self) -> str:
        """``running``, ``suspended``, ``stuck``, ``ended`` or ``cancelled``.

        A run whose workflow was terminated, or has failed or timed out, counts as cancelled.
        """
        return self._standing()[0]

    @property
    def reason(self) -> str:
        """The reason why it is stuck, suspended or cancelled; else empty."""
        return self._standing()[1]

    def _standing(self) -> tuple[str, str]:
        head = self._live()[1].head
        if head.status not in OVER:
            closed = self._runtime._ask(self._runtime._closed(self.key))
            if closed:
                return Status.CANCELLED.value, closed
        return head.status, head.reason

    @property
    def ended(self) -> bool:
        """Whether nothing moves it any more."""
        return self.status in OVER

    def history(self, *, tail: int | None = None) -> list[Past]:
        """Return what has happened, the oldest first, as far as the workflow keeps it.

        Args:
            tail: The number of last entries to return; None returns all that are kept.
        """
        check("history", tail=(tail, optional(NUMBER)))
        program, _ = self._live()
        return list(told(self._entries(tail), program))

    def _entries(self, tail: int | None = None) -> list[Entry]:
        if tail == 0:
            return []
        found = self._runtime._ask(self._runtime._query(self.key, "history", tail))
        return [read_entry(one) for one in found]

    def points(self, *, tail: int) -> list[tuple[Past, Snapshot[E, C] | None]]:
        """Return the last entries of the history with the snapshot after each, the oldest first.

        A snapshot is None that follows from entries which the workflow does not keep any more.

        Args:
            tail: The number of entries.
        """
        check("points", tail=(tail, NUMBER))
        program, live = self._live()
        entries = self._entries()
        found = _replayed(program, entries)
        found[live.head.sequence] = live.snapshot
        pasts = list(told(entries, program))[-tail:] if tail > 0 else []
        return [(past, found.get(past.sequence)) for past in pasts]

    def at(self, sequence: int) -> Snapshot[E, C]:
        """Return the snapshot after an entry of the history.

        Raises:
            RunError: There is no such entry, or it is not kept any more (SC830).
        """
        check("at", sequence=(sequence, ENTRY))
        found = {past.sequence: snapshot for past, snapshot in self.points(tail=1 << 30)}
        snapshot = found.get(sequence)
        if snapshot is None:
            kept = f"from entry {min(found)} to {max(found)}" if found else "nothing"
            text = f"its workflow keeps {kept}, and entry {sequence} does not follow from that"
            raise RunError("SC830", self.key, text, "Ask for a later one, or raise tail=")
        return snapshot

    def times(self) -> dict[str, timedelta]:
        """Return how long each state has been active, by its id, as far as the history goes."""
        head = self._live()[1].head
        until = moment(head.changed) if head.status in OVER else datetime.now(UTC)
        return times(self.history(), until)

    @property
    def artifacts(self) -> tuple[str, ...]:
        """The names of the values that are kept with it: none, on Temporal."""
        return ()

    def artifact(self, name: str) -> Any:
        """Values are not kept on Temporal (SC841)."""
        del name
        _keep_elsewhere()

    # -- events ------------------------------------------------------------------------------------

    async def send(self, event: E, *, id: str | None = None, connection: Any = None) -> Taken:
        """Send an event; when this returns, Temporal has it.

        Args:
            event: The event.
            id: A name for this request. The same name is taken once: sent again, it gets the
                same answer, and nothing happens.
            connection: No transaction of the caller's can be joined here (SC841).

        Raises:
            StatechartError: It cannot be taken; nothing has changed.
        """
        _check_connection(connection)
        check_sent(self.key, event, id)

        def act(draft: Draft, at: datetime) -> Taken:
            return draft.take(event, at, id)

        def said(program: Program) -> Sent:
            program.kernel._cache.key(event)
            return Sent(program.protocol.dump_message(event), id)

        return await self._runtime._update(self.key, "send", said, act, id)

    async def answer(
        self, call: str, event: E, *, last: bool = True, keep: Iterable[bytes] = ()
    ) -> Taken:
        """Answer a call; `handled` is False when it is not under way any more.

        Args:
            call: The id of the call.
            event: The answer.
            last: Whether the call is over with it.
            keep: Artifacts are not kept on Temporal (SC841).
        """
        check("answer", call=(call, TEXT), last=(last, FLAG))
        if [*keep]:
            _keep_elsewhere()

        def said(program: Program) -> Answered:
            return Answered(call, program.protocol.dump_event(event), last)

        return await self._answer(said, Answer(call, event, last))

    async def fail(self, call: str, reason: str = "") -> Taken:
        """Say that a call has failed."""
        check("fail", call=(call, TEXT), reason=(reason, TEXT))
        return await self._answer(lambda _: Answered(call, reason=reason), CallFailed(call, reason))

    async def _answer(
        self, said: Callable[[Program], Answered], answer: Answer | CallFailed
    ) -> Taken:
        def act(draft: Draft, at: datetime) -> Taken:
            draft.check_call(answer.id)
            return draft.take(answer, at)

        return await self._runtime._update(self.key, "answer", said, act)

    async def cancel(self, reason: str = "") -> Taken:
        """Cancel it: by its event ``cancel`` if the chart has one, else it ends where it is."""
        return await self._order("cancel", reason)

    async def suspend(self, reason: str = "") -> Taken:
        """Let events wait, and timers and calls pause."""
        return await self._order("suspend", reason)

    async def resume(self) -> Taken:
        """Go on: due timers fire, and what waits is taken, in order."""
        return await self._order("resume")

    async def retry(self) -> Taken:
        """Try again what the run is stuck on."""
        return await self._order("retry")

    async def skip(self) -> Taken:
        """Give up what the run is stuck on."""
        return await self._order("skip")

    async def checkpoint(self) -> Taken:
        """Let its workflow continue as new: its history begins again with the present snapshot."""
        return await self._order("renew")

    async def _order(self, verb: str, reason: str = "") -> Taken:
        check(verb, reason=(reason, TEXT))

        def act(draft: Draft, at: datetime) -> Taken:
            if verb in ORDERS:
                ORDERS[verb](draft, reason, at)
            return draft.taken()

        order = Order(verb, reason)
        return await self._runtime._update(self.key, "order", lambda _: order, act)

    async def rollback(self, *, to: int | None = None) -> Taken:
        """A run is not taken back on Temporal (SC841)."""
        del to
        raise not_here("rollback", "Send an event that leads back, or reset the workflow")

    async def prune(self, *, before: int) -> int:
        """Forget nothing: its workflow keeps the last entries alone (SC841)."""
        del before
        raise not_here("prune", "Set tail=, or the retention of the namespace")

    async def remove(self) -> None:
        """Remove the run and its history for good; what it owes is not carried out any more."""
        from temporalio.api.common.v1 import WorkflowExecution  # noqa: PLC0415 - seldom wanted
        from temporalio.api.workflowservice.v1 import (  # noqa: PLC0415
            DeleteWorkflowExecutionRequest,
        )

        client = self._runtime._client
        request = DeleteWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=self.key),
        )

        async def remove() -> None:
            await self._runtime._known(self.key)
            await client.workflow_service.delete_workflow_execution(request)

        await self._runtime._do(remove())

    async def attach(self, value: Any) -> str:
        """Values are not kept on Temporal (SC841)."""
        del value
        _keep_elsewhere()

    async def wait(self, state: Any = None, *, timeout: timedelta | None = None) -> Snapshot[E, C]:  # noqa: ASYNC109 - as `LiveRun.wait`
        """Return once the run is in a state, or over.

        Args:
            state: A state of its chart, or its id; None waits for the end.
            timeout: The longest wait; None waits for ever.

        Raises:
            WaitError: It took too long, or can never come there (SC827).
        """
        runtime, key = self._runtime, self.key
        seconds = seconds_of(key, timeout)
        pause, longest = POLLS
        goal: str | None = None
        live: Live | None = None
        try:
            async with asyncio.timeout(seconds):
                while True:
                    program, now = await runtime._do(runtime._read(key))
                    live, goal = now, None if state is None else state_in(program, key, state)
                    if has_arrived(key, now, goal):
                        return now.snapshot
                    await asyncio.sleep(pause)
                    pause = min(pause * 1.5, longest)
                    if pause == longest:
                        await runtime._do(runtime._check_open(key))
        except TimeoutError as error:
            if isinstance(error, StatechartError):
                raise
            if live is None:
                found = "nobody has answered in time"
                raise WaitError("SC827", key, found, NO_WORKER) from None
            raise late(key, goal, live) from None


@final
class TemporalRuntime:
    """Runs charts on Temporal: the surface of `statecharts.runtime.Runtime`.

    Use it as an asynchronous context manager: inside it, a worker runs that takes the steps of
    runs and carries their effects out. Two lines move a program here::

        client = await Client.connect("localhost:7233")
        async with TemporalRuntime(client, Shop, handlers={Charge: charge}) as runtime: ...

    Args:
        client: A client of Temporal; its payloads are written by our codec here.
        charts: The charts of its runs: the classes that declare them, or a `Protocol` for a chart
            with upcasters.
        handlers: The handlers of effects and calls, as a `Runtime` takes them. They run in the
            loop of the caller.
        effects: Classes of effects that the charts emit and that have no handler here.
        queue: The task queue.
        observe: Gets each step that is taken here, and each attempt of a handler here.
        ids: The number of requests of a run whose ids `send` remembers.
        tail: The number of last entries of its history that a run keeps.
        cap: The entries after which a run continues as new; None leaves it to the server.
        lease: The time after which an effect is carried out again whose worker has died.
        grace: The time that handlers get to finish at the end.
        searched: Whether runs say in search attributes where they are, as `list` needs it. They
            are registered if they are missing.
        worker: Whether to run a worker; without one, others have to.
        passed: Names of further modules that the sandbox takes as they are.
        options: Further options of `temporalio.worker.Worker`.

    Raises:
        HandlerError: A handler does not fit what it is to handle (SC828).
        RunError: Two charts have one name (SC829).
    """

    def __init__(
        self,
        client: Client,
        *charts: Any,
        handlers: Handlers = (),
        effects: Iterable[type] = (),
        queue: str = QUEUE,
        observe: Observer | None = None,
        ids: int = 1_000,
        tail: int = 100,
        cap: int | None = None,
        lease: timedelta = timedelta(seconds=30),
        grace: timedelta = timedelta(seconds=10),
        searched: bool = True,
        worker: bool = True,
        passed: Iterable[str] = (),
        options: Mapping[str, Any] | None = None,
    ) -> None:
        check(
            "temporal",
            client=(client, _CLIENT),
            queue=(queue, KEY),
            observe=(observe, optional(FUNCTION)),
            ids=(ids, NUMBER),
            tail=(tail, NUMBER),
            cap=(cap, optional(COUNT)),
            lease=(lease, SPAN),
            grace=(grace, WAIT),
            searched=(searched, FLAG),
            worker=(worker, FLAG),
            passed=(passed, _NAMES),
            options=(options, _OPTIONS),
        )
        self._table = table(handlers)
        self._charts = Charts.of(charts, (*classes_of(effects), *self._table))
        self._charts.listener = self._listen
        self._passed = tuple(passed)
        self._client = client_with_codec(client, without=ChartPlugin)
        self._queue = queue
        self._facts = Facts(cap, ids, tail, lease.total_seconds(), searched)
        self._grace = grace
        self._works = worker
        self._options = dict(options or {})
        self._observe = observe
        self._updates = Updates()
        self._subscribers: list[Subscriber] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._inner: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._worker: Worker | None = None
        self._carrier: Carrier | None = None

    async def __aenter__(self) -> Self:
        if self._loop is not None:
            found = "the runtime has been entered already"
            raise RunError("SC832", "runtime", found, "Make another one")
        self._loop = asyncio.get_running_loop()
        self._inner = inner = asyncio.new_event_loop()
        # A loop of its own: a run is asked without awaiting, and its worker has to answer.
        self._thread = threading.Thread(
            target=inner.run_forever, daemon=True, name="statecharts-temporal"
        )
        self._thread.start()
        try:
            await self._do(self._open())
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    if not TYPE_CHECKING:
        __enter__ = __exit__ = not_entered_so(
            "a TemporalRuntime is entered by with, and it is for asynchronous code",
            "Write: async with TemporalRuntime(…) as runtime",
        )

    async def _open(self) -> None:
        if self._facts.searched:
            await self._register()
        if not self._works:
            return
        self._carrier = Carrier(self._charts, self._table, self._show_there, self._loop)
        plugin = ChartPlugin(known=self._charts, carrier=self._carrier, passed=self._passed)
        options: dict[str, Any] = {"graceful_shutdown_timeout": self._grace, **self._options}
        self._worker = Worker(self._client, task_queue=self._queue, plugins=[plugin], **options)
        await self._worker.__aenter__()

    async def _register(self) -> None:
        """Let the namespace know our search attributes."""
        keyword, many = (
            IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
            IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
        )
        wanted = {CHART.name: keyword, STATES.name: many, STATUS.name: keyword}
        service, space = self._client.operator_service, self._client.namespace
        try:
            known = await service.list_search_attributes(
                ListSearchAttributesRequest(namespace=space)
            )
            missing = {k: v for k, v in wanted.items() if k not in known.custom_attributes}
            if missing:
                request = AddSearchAttributesRequest(namespace=space, search_attributes=missing)
                await service.add_search_attributes(request)
        except RPCError as error:
            if error.status == RPCStatusCode.ALREADY_EXISTS:
                return
            names = ", ".join(wanted)
            found = f"the search attributes {names} cannot be registered: {error.message}"
            remedy = "Register them by hand, or pass searched=False"
            raise RunError("SC841", self._client.namespace, found, remedy) from error

    async def close(self) -> None:
        """Stop the worker: handlers come to an end for `grace`, others go on with the rest."""
        inner, thread = self._inner, self._thread
        if inner is None or thread is None:
            return
        if self._worker is not None:
            await self._do(self._worker.shutdown())
            self._worker = None
        self._inner = None
        inner.call_soon_threadsafe(inner.stop)
        await asyncio.to_thread(thread.join)
        inner.close()

    # -- asking ------------------------------------------------------------------------------------

    def _submit(self, work: Coroutine[Any, Any, T]) -> Any:
        if self._inner is None:
            work.close()
            found = "the runtime is not running"
            remedy = "Use it inside: async with TemporalRuntime(…) as runtime"
            raise RunError("SC832", "runtime", found, remedy)
        return asyncio.run_coroutine_threadsafe(work, self._inner)

    async def _do(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the loop of the worker."""
        found: T = await asyncio.wrap_future(self._submit(work))
        return found

    def _ask(self, work: Coroutine[Any, Any, T]) -> T:
        """Ask something, and block until it is answered."""
        found: T = self._submit(work).result(PATIENCE.total_seconds())
        return found

    def _handle(self, key: str) -> WorkflowHandle[Any, Any]:
        return self._client.get_workflow_handle(key)

    async def _known(self, key: str) -> Any:
        """Return what Temporal knows of a run; of one that it does not, the error.

        Raises:
            RunError: There is none (SC822), it is no run of a chart, or no server answers (SC841).
        """
        try:
            found = await self._handle(key).describe()
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                raise unknown(key) from None
            raise _silent(key, error.message) from error
        except RuntimeError as error:  # so says a client that connects when it is first used
            raise _silent(key, str(error)) from error
        if found.workflow_type != WORKFLOW:
            text = f"it is a workflow {found.workflow_type}, and no run of a chart"
            raise RunError("SC841", key, text, "Use another key")
        return found

    async def _unanswered(self, key: str, error: RPCError) -> RunError:
        """Return the error of a question that no worker has answered."""
        await self._known(key)
        return RunError("SC841", key, f"nobody has answered: {error.message}", NO_WORKER)

    async def _closed(self, key: str) -> str:
        """Return how a workflow was ended from outside; empty if it was not."""
        status = (await self._known(key)).status
        return f"its workflow is {status.name.lower()}" if status in _BROKEN else ""

    async def _check_open(self, key: str) -> None:
        """Refuse a run whose workflow was ended from outside: nothing moves it any more.

        Raises:
            RunError: It was (SC841).
        """
        closed = await self._closed(key)
        if closed:
            raise RunError("SC841", key, closed, "Look at it on Temporal's pages, or start another")

    async def _query(self, key: str, name: str, *values: Any, kind: Any = None) -> Any:
        try:
            return await self._handle(key).query(name, args=values, result_type=kind)
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                raise unknown(key) from None
            raise await self._unanswered(key, error) from error
        except WorkflowQueryFailedError as error:
            with contextlib.suppress(WorkflowFailureError):
                if (await self._known(key)).status == WorkflowExecutionStatus.FAILED:
                    await self._handle(key).result()
            raise unpacked(error) or error from None

    async def _read(self, key: str) -> tuple[Program, Live]:
        """Return a run as it is now."""
        run = read_rows(await self._query(key, "rows"))
        program = self._charts.find(run.head.chart)
        return program, revived(program, run)

    async def _update(
        self,
        key: str,
        name: str,
        said: Callable[[Program], Any],
        act: Callable[[Draft, datetime], Taken],
        id: str | None = None,
    ) -> Taken:
        """Send an update; to a run that is over, say what a store would say."""
        return await self._do(self._updated(key, name, said, act, id))

    async def _updated(
        self,
        key: str,
        name: str,
        said: Callable[[Program], Any],
        act: Callable[[Draft, datetime], Taken],
        id: str | None,
    ) -> Taken:
        message = said(await self._program(key))
        taken = await self._updates.send(self._client, key, name, message)
        return await self._after_the_end(key, act, id) if taken is None else taken

    async def _program(self, key: str) -> Program:
        """Return the chart of a run."""
        if len(self._charts.programs) == 1:
            [program] = self._charts.programs.values()
            return program
        found = (await self._known(key)).typed_search_attributes.get(CHART)
        return (await self._read(key))[0] if found is None else self._charts.find(found)

    async def _after_the_end(
        self, key: str, act: Callable[[Draft, datetime], Taken], id: str | None
    ) -> Taken:
        if id is not None:
            found: Taken | None = await self._query(key, "taken", id, kind=Taken)
            if found is not None:
                return found
        await self._check_open(key)
        program, live = await self._read(key)
        return act(Draft(program, live, key), datetime.now(UTC))

    # -- runs --------------------------------------------------------------------------------------

    @overload
    async def start(
        self,
        chart: type[Declaration[E, None]],
        *,
        key: str,
        exist_ok: bool = False,
        connection: Any = None,
    ) -> TemporalRun[E, None]: ...
    @overload
    async def start(
        self,
        chart: type[Declaration[E, C]],
        *,
        key: str,
        context: C,
        exist_ok: bool = False,
        connection: Any = None,
    ) -> TemporalRun[E, C]: ...
    async def start(
        self,
        chart: Any,
        *,
        key: str,
        context: Any = None,
        exist_ok: bool = False,
        connection: Any = None,
    ) -> TemporalRun[Any, Any]:
        """Start a run.

        Args:
            chart: One of the charts.
            key: Its key: any text; the id of its workflow.
            context: The context to begin with.
            exist_ok: Whether a run of this chart and key may be there already, and is returned.
            connection: No transaction of the caller's can be joined here (SC841).

        Raises:
            RunExistsError: A run of that key exists (SC821).
        """
        _check_connection(connection)
        program = self._charts.find(chart)
        check_key(key, "start")
        check("start", exist_ok=(exist_ok, FLAG))
        if len(key.encode()) > _LONGEST:
            found = f"the key has {len(key.encode())} bytes; {_LONGEST} is the most for a workflow"
            raise RunError("SC822", "start", found, "Choose a shorter key")
        draft = Draft(program, None, key, careful=True)
        draft.start(context, datetime.now(UTC))  # here a chart says what it cannot start with
        given = draft.snapshot.context
        said = None if given is None else program.protocol.dump_context(given)
        beginning = Beginning(program.name, said, facts=self._facts)
        check_size(key, "the context", beginning)
        await self._do(self._started(beginning, key, exist_ok=exist_ok))
        return TemporalRun(self, key)

    async def _started(self, beginning: Beginning, key: str, *, exist_ok: bool) -> None:
        attributes = attributes_of(beginning.chart) if self._facts.searched else None
        try:
            await self._client.start_workflow(
                WORKFLOW,
                beginning,
                id=key,
                task_queue=self._queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                search_attributes=attributes,
            )
        except WorkflowAlreadyStartedError:
            if not exist_ok or (await self._read(key))[0].name != beginning.chart:
                raise existing(key) from None

    async def fork(
        self, key: str, *, to: str, at: int | None = None, effects: bool = False
    ) -> TemporalRun[Any, Any]:
        """A run is not forked on Temporal (SC841)."""
        del key, to, at, effects
        raise not_here("fork", "Step from `run.snapshot` with a Kernel to see what would happen")

    @overload
    def get(self, key: str) -> TemporalRun[Any, Any]: ...
    @overload
    def get(self, key: str, chart: type[Declaration[E, C]]) -> TemporalRun[E, C]: ...
    def get(self, key: str, chart: Any = None) -> TemporalRun[Any, Any]:
        """Return the run of a key, which need not exist yet.

        Args:
            key: Its key.
            chart: Its chart: a run of another one is refused.

        Raises:
            RunError: The run is one of another chart (SC836).
        """
        check_key(key, "get")
        if chart is not None:
            name = self._charts.find(chart).name
            with contextlib.suppress(UnknownRunError):
                found = self.head(key).chart
                if found != name:
                    text = f"it is a run of {found}, and not of {name}"
                    raise RunError("SC836", key, text, f"Get it as {found}, or look up its key")
        return TemporalRun(self, key)

    def list(
        self,
        *,
        chart: Any = None,
        state: Any = None,
        status: str | None = None,
        stuck: bool = False,
    ) -> Iterator[TemporalRun[Any, Any]]:
        """Return runs, in the order of their keys, as Temporal's visibility has them by now.

        Raises:
            RunError: A status or a state that there is not (SC838).
        """
        name = getattr(getattr(chart, "chart", chart), "name", chart)
        check("list", chart=(name, CHART_NAME))
        if name is not None and name not in self._charts.programs:
            listed = ", ".join(sorted(self._charts.programs))
            remedy = f"The charts here: {listed}"
            raise RunError("SC838", "list", f"no chart here is called {name}", remedy)
        place = check_filters(self._charts.programs, state, status, stuck=stuck)
        self._check_searched()
        wanted = {
            CHART.name: name,
            STATES.name: place,
            STATUS.name: Status.STUCK.value if stuck else status,
        }
        found = self._ask(self._found(wanted))
        return (TemporalRun(self, key) for key in sorted(found))

    async def _found(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Return the executions with some search attributes, by key."""
        said = {"WorkflowType": WORKFLOW, "TaskQueue": self._queue, **wanted}
        if wanted.get(STATUS.name) not in (None, *OVER):
            said["ExecutionStatus"] = "Running"
        parts = [f"`{key}` = '{_quoted(value)}'" for key, value in said.items() if value]
        query = " AND ".join((*parts, "ExecutionStatus != 'ContinuedAsNew'"))
        return {one.id: one async for one in self._client.list_workflows(query)}

    def _check_searched(self) -> None:
        if not self._facts.searched:
            raise not_here("a list of runs without search attributes", "Leave out searched=False")

    def occupancy(self) -> dict[tuple[str, str], int]:
        """Return how many runs are in each state now, by chart and state; those over left out."""
        self._check_searched()
        found: Counter[tuple[str, str]] = Counter()
        for one in self._ask(self._found({"ExecutionStatus": "Running"})).values():
            said = one.typed_search_attributes
            if said.get(STATUS) not in OVER:
                found.update((said.get(CHART), state) for state in said.get(STATES) or ())
        return dict(found)

    @property
    def store(self) -> NoReturn:
        """Temporal keeps the runs: there is no store (SC841)."""
        raise not_here("a store", "Ask the runs, or the client of Temporal")

    def head(self, key: str) -> Head:
        """Return the head of a run: what is stored of it."""
        return self._ask(self._read(key))[1].head

    async def recover(self) -> builtins.list[tuple[str, StatechartError]]:
        """Return nothing: Temporal goes on with every run by itself."""
        return []

    async def outlook(self) -> NoReturn:
        """Ask a replayer instead (SC841)."""
        raise not_here("outlook", "Replay recorded histories with the new charts")

    async def migrate(self) -> builtins.list[tuple[str, StatechartError | None]]:
        """Let all runs that go on continue as new, with the charts of the present workers.

        Returns:
            The key of each run that was told, and None; of one that could not be, the error.
        """
        self._check_searched()
        found: list[tuple[str, StatechartError | None]] = []
        for key in sorted(await self._do(self._found({"ExecutionStatus": "Running"}))):
            try:
                await TemporalRun[Any, Any](self, key).checkpoint()
            except StatechartError as error:
                found.append((key, error))
            else:
                found.append((key, None))
        return found

    async def verify(self) -> NoReturn:
        """Temporal keeps the history, and looks after it (SC841)."""
        raise not_here("verify", "Replay the histories: a replayer finds what does not follow")

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Tell somebody of each step that is taken by this worker, with its cause.

        A step that Temporal lets a worker take again, because another has died, is told again.

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
        """Return when no handler is at work here and no run of the queue waits for one."""
        self._check_searched()
        while self._inner is not None:
            await asyncio.sleep(POLLS[0])
            if self._carrier is not None and self._carrier.at_work:
                continue
            keys = await self._do(self._found({"ExecutionStatus": "Running"}))
            idle = [await self._do(self._query(key, "idle")) for key in keys]
            if all(idle):
                return

    # -- telling -----------------------------------------------------------------------------------

    def _listen(self, happened: Happened) -> None:
        """Hear of a step, in a thread of the worker's."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell, happened)

    def _tell(self, happened: Happened) -> None:
        self._show(happened)
        for subscriber in tuple(self._subscribers):
            tell(subscriber, happened, LOG)

    def _show_there(self, seen: Attempted) -> None:
        self._show(seen)

    def _show(self, seen: Happened | Attempted) -> None:
        if self._observe is not None:
            tell(self._observe, seen, LOG)


def _replayed(program: Program, entries: Iterable[Entry]) -> dict[int, Snapshot[Any, Any]]:
    """Return the snapshots that follow from entries, as long as those are a start and events."""
    found: dict[int, Snapshot[Any, Any]] = {}
    snapshot: Snapshot[Any, Any] | None = None
    protocol = program.protocol
    for entry in entries:
        at = moment(entry.at)
        if entry.kind == Kind.START:
            context = protocol.loads_context(entry.body) if entry.body else None
            snapshot = program.kernel.start(context, at=at).snapshot
        elif entry.kind == Kind.EVENT and snapshot is not None:
            event = protocol.loads_message(entry.body)
            snapshot = program.kernel.step(snapshot, event, at=at).snapshot
        elif entry.kind not in _KEEPING:
            snapshot = None
        if snapshot is not None:
            found[entry.sequence] = snapshot
    return found


_KEEPING: Final = frozenset({Kind.SUSPEND, Kind.RESUME, Kind.CANCEL})
"""The kinds of entries that leave the snapshot as it was."""


def _silent(where: str, reason: str) -> RunError:
    found = f"the server does not answer: {reason}"
    return RunError("SC841", where, found, "See whether it runs, and at which address")


def _quoted(text: object) -> str:
    return str(text).replace("\\", "\\\\").replace("'", "\\'")


def _check_connection(connection: Any) -> None:
    if connection is not None:
        remedy = "Leave it out; the same id= makes a request safe to send again"
        raise not_here("connection=", remedy)


def _keep_elsewhere() -> NoReturn:
    raise not_here("a place for values", "Keep them in a store of your own, and pass their names")
