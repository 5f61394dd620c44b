"""The orchestrator: many workflows in one store, begun, moved, looked at and recovered."""

from __future__ import annotations

import asyncio
import builtins
import contextlib
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, Self, final

from attrs import frozen

from machines.workflow.chart import Workflow
from machines.workflow.following import Follower, following
from machines.workflow.vocabulary import Context, Rollback, SetContext
from statecharts.model.arguments import (
    COUNT,
    FUNCTION,
    NUMBER,
    SPAN,
    WAIT,
    check,
    instance,
    optional,
)
from statecharts.model.chart import as_chart
from statecharts.model.errors import StatechartError
from statecharts.model.suggestions import did_you_mean
from statecharts.runtime import (
    Attempted,
    Happened,
    LiveRun,
    Past,
    RunError,
    Runtime,
    Taken,
)
from statecharts.runtime.clock import Clock, SystemClock, moment
from statecharts.runtime.commit import place_of
from statecharts.runtime.handlers import Handlers, table
from statecharts.runtime.history import times
from statecharts.store.chain import Damage, verify
from statecharts.store.rows import CHECKPOINT_EVERY, OVER
from statecharts.store.transfer import exported, imported

HISTORY: Final = 1_000
"""The entries of a workflow's history that are shown unless told otherwise."""


FOLLOWER: Final = instance(Follower, "an instance of a class derived from Follower")


@final
@frozen
class Metadata:
    """A summary of a workflow.

    Attributes:
        workflow: Its id.
        chart: The name of its chart.
        state: The name of its innermost active state.
        status: ``running``, ``suspended``, ``stuck``, ``ended`` or ``cancelled``.
        created: When it was registered.
        updated: When it last changed.
        events: How many events it has taken.
    """

    workflow: str
    chart: str
    state: str
    status: str
    created: datetime
    updated: datetime
    events: int


@final
@frozen
class Transition:
    """One entry of the history of a workflow.

    Attributes:
        past: The entry.
        context: What the workflow knew after it.
    """

    past: Past
    context: Any


@final
@frozen
class Metrics:
    """Figures over all workflows of a store.

    Attributes:
        workflows: How many are in each state, by its name.
        occupancy: The time that all of them have spent in each state, by its id.
        durations: How long each workflow that is over has taken, by its id.
        failures: How many have failed, of those that were begun.
        begun: How many were begun.
        latency: The longest and the mean time that an event has taken here, with its commit, since
            the orchestrator was opened; None before the first.
    """

    workflows: dict[str, int]
    occupancy: dict[str, timedelta]
    durations: dict[str, timedelta]
    failures: int
    begun: int
    latency: tuple[timedelta, timedelta] | None

    @property
    def error_rate(self) -> float:
        """The part of the workflows that were begun which have failed: 0 to 1."""
        return self.failures / self.begun if self.begun else 0.0


class WorkflowError(RunError):
    """A workflow cannot do what was asked; nothing has changed."""


@final
class Stored:
    """One workflow of an orchestrator."""

    def __init__(self, orchestrator: Orchestrator, run: LiveRun[Any, Any]) -> None:
        self._orchestrator = orchestrator
        self.run = run

    @property
    def id(self) -> str:
        """Its id: the key of its run."""
        return self.run.key

    @property
    def state(self) -> str:
        """The name of its innermost active state."""
        return self.run.configuration[-1].rpartition(".")[2]

    async def process(self, event: Any, *, id: str | None = None) -> Taken:
        """Take an event; `Rollback` takes the workflow back by one event.

        Args:
            event: The event.
            id: A name for this request; the same name is taken once.

        Raises:
            WorkflowError: Nothing in the present state handles the event.
            RunError: The workflow is over or stuck, or cannot be rolled back.
        """
        begun = self._orchestrator.now()
        if isinstance(event, Rollback):
            return await self.run.rollback()
        taken = await self.run.send(event, id=id)
        self._orchestrator.timed(self._orchestrator.now() - begun)
        if not taken.handled and not taken.waiting:
            enabled: tuple[type | str, ...] = self.run.snapshot.enabled
            known = ", ".join(getattr(one, "__name__", str(one)) for one in enabled)
            found = f"nothing in {self.state} handles {type(event).__name__}"
            raise WorkflowError("SC822", self.id, found, f"It takes {known}")
        return taken

    # -- context -----------------------------------------------------------------------------------

    async def set_context(self, key: str, value: Any) -> None:
        """Set a value of the context, which JSON can carry."""
        await self.process(SetContext(key, value))

    def context(self, key: str, default: Any = None) -> Any:
        """Return a value of the context."""
        return self.all_context().get(key, default)

    def all_context(self) -> dict[str, Any]:
        """Return the values of the context."""
        return dict(_known(self.run.snapshot) or {})

    # -- history -----------------------------------------------------------------------------------

    def history(self, tail: int | None = None) -> builtins.list[Transition]:
        """Return what has happened, the oldest first, with what the workflow knew then.

        Args:
            tail: The number of last entries; never more than the limit of the orchestrator.
        """
        check("history", tail=(tail, optional(NUMBER)))
        limit = self._orchestrator.history
        points = self.run.points(tail=limit if tail is None else min(tail, limit))
        return [Transition(past, _known(snapshot)) for past, snapshot in points]

    async def rollback(self, to: int | None = None) -> Taken:
        """Take the workflow back to how it was after an entry; without one, by one event."""
        return await self.run.rollback(to=to)

    # -- as a whole --------------------------------------------------------------------------------

    @property
    def metadata(self) -> Metadata:
        """A summary of it."""
        return self._orchestrator.metadata_of(self.id)

    def serialize(self) -> str:
        """Return it with its history as lines of JSON; equal workflows give equal lines."""
        return "\n".join(exported(self._orchestrator.store, [self.id]))

    async def delete(self) -> None:
        """Remove it with its history."""
        await self.run.remove()


def _known(snapshot: Any) -> Any:
    """Return the values of the context of a workflow; None for a chart without any."""
    return getattr(getattr(snapshot, "context", None), "values", None)


Listener = Callable[[str, Happened], None]
"""Is told the id of a workflow, and the step that it has taken."""


@final
class Orchestrator:
    """Many workflows in one store.

    Use it as an asynchronous context manager: on entry all workflows go on where they were.

    Args:
        store: The address of the store, such as ``sqlite:///workflows.db``.
        charts: Further charts that are workflows, beside `Workflow`.
        follower: Is told of each workflow's life, durably.
        handlers: The handlers of what the charts ask for.
        history: The number of entries of a workflow's history that are kept and shown; up to
            256 more may be kept.
        retention: How long a workflow is kept that is over; None keeps it.
        clock: The clock.
        grace: The time that handlers get to finish at the end.

    Raises:
        ArgumentError: An argument is of the wrong kind (SC221).
    """

    def __init__(
        self,
        store: Any = "memory:",
        *charts: Any,
        follower: Follower | None = None,
        handlers: Handlers = (),
        history: int = HISTORY,
        retention: timedelta | None = None,
        clock: Clock | None = None,
        grace: timedelta = timedelta(seconds=10),
    ) -> None:
        check(
            "orchestrator",
            history=(history, COUNT),
            retention=(retention, optional(SPAN)),
            follower=(follower, optional(FOLLOWER)),
            grace=(grace, WAIT),
        )
        self.history = history
        self._retention = retention
        self._clock = clock or SystemClock()
        self._latency = (timedelta(), timedelta(), 0)
        self._listeners: list[Listener] = []
        self._pruning: set[asyncio.Task[None]] = set()
        known = (Workflow, *charts)
        nodes = [node for one in known for node in as_chart(one, "orchestrator") if node.id]
        self._states = sorted({node.id.rpartition(".")[2] for node in nodes})
        self.runtime = Runtime(
            store,
            *known,
            handlers=[*table(handlers).values(), following(follower or Follower())],
            clock=self._clock,
            observe=self._observe,
            grace=grace,
        )

    async def __aenter__(self) -> Self:
        await self.runtime.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*self._pruning)
        await self.runtime.close()

    @property
    def store(self) -> Any:
        """The store of the workflows."""
        return self.runtime.store

    def now(self) -> datetime:
        """Return the time."""
        return self._clock.now()

    # -- many --------------------------------------------------------------------------------------

    async def register(
        self, workflow: str, chart: Any = Workflow, context: Any = None, *, exist_ok: bool = False
    ) -> Stored:
        """Begin a workflow.

        Args:
            workflow: Its id: any text.
            chart: Its chart.
            context: What it knows from the beginning; a plain `Workflow` knows nothing.
            exist_ok: Whether a workflow of this id and chart may be there already.

        Raises:
            RunExistsError: A workflow of this id is there already (SC821).
        """
        given: Any = Context() if context is None and chart is Workflow else context
        run = await self.runtime.start(chart, key=workflow, context=given, exist_ok=exist_ok)
        return Stored(self, run)

    def get(self, workflow: str) -> Stored:
        """Return a workflow.

        Raises:
            UnknownRunError: There is none of this id (SC822).
        """
        run = self.runtime.get(workflow)
        _ = run.status
        return Stored(self, run)

    def list(self, state: str | None = None) -> builtins.list[str]:
        """Return the ids of all workflows, in their order; or of those in a state, by its name.

        Raises:
            WorkflowError: Neither a chart here nor a workflow has such a state (SC838).
        """
        found = [one.workflow for one in self.metadata() if state in (None, one.state)]
        if not found and state is not None and state not in self._states:
            remedy = did_you_mean(
                str(state), self._states, f"Pass one of {', '.join(self._states)}"
            )
            raise WorkflowError("SC838", "list", f"no chart here has a state {state!r}", remedy)
        return found

    def active(self) -> builtins.list[str]:
        """Return the ids of the workflows that are not over."""
        return [one.workflow for one in self.metadata() if one.status not in OVER]

    async def unregister(self, workflow: str) -> None:
        """Remove a workflow with its history.

        Raises:
            UnknownRunError: There is none of this id (SC822).
        """
        await self.get(workflow).delete()

    def metadata(self) -> builtins.list[Metadata]:
        """Return the metadata of all workflows, in the order of their ids."""
        return [self.metadata_of(run.key) for run in self.runtime.list()]

    def metadata_of(self, workflow: str) -> Metadata:
        """Return the metadata of one workflow."""
        head = self.runtime.head(workflow)
        state = place_of(head.configuration)[-1].rpartition(".")[2]
        times = moment(head.began), moment(head.changed)
        return Metadata(workflow, head.chart, state, head.status, *times, head.sequence)

    async def deserialize(self, lines: str) -> Stored:
        """Bring a workflow back that `Stored.serialize` has written.

        Raises:
            StoreError: The lines are damaged (SC804), or a workflow of its id is there (SC808).
        """
        (workflow,) = imported(self.store, lines.splitlines())
        await self.recover(workflow)
        return self.get(workflow)

    # -- recovery ----------------------------------------------------------------------------------

    async def recover(self, workflow: str) -> builtins.list[Damage]:
        """Let a workflow go on as it was stored; return what is damaged of it."""
        self.get(workflow)
        await self.runtime.recover()
        return await asyncio.to_thread(lambda: list(verify(self.store, workflow)))

    async def recover_all(self) -> dict[str, str]:
        """Let all workflows go on as they were stored; return what is wrong, by their ids."""
        wrong = {run: str(error) for run, error in await self.runtime.recover()}
        return wrong | {one.run: one.what for one in await self.runtime.verify()}

    async def sweep(self) -> builtins.list[str]:
        """Remove the workflows that have been over for longer than the retention."""
        if self._retention is None:
            return []
        before = self.now() - self._retention
        old = [
            one.workflow for one in self.metadata() if one.status in OVER and one.updated < before
        ]
        for workflow in old:
            await self.unregister(workflow)
        return old

    # -- what happens ------------------------------------------------------------------------------

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Tell somebody of each step of each workflow here, after it is on disk.

        Returns:
            A function that ends it.
        """
        check("subscribe", listener=(listener, FUNCTION))
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _observe(self, happened: Happened | Attempted) -> None:
        if isinstance(happened, Attempted):
            return
        for listener in tuple(self._listeners):
            listener(happened.run, happened)
        if happened.sequence > self.history and happened.sequence % CHECKPOINT_EVERY == 0:
            pruning = asyncio.create_task(self._prune(happened.run, happened.sequence))
            self._pruning.add(pruning)
            pruning.add_done_callback(self._pruning.discard)

    async def _prune(self, workflow: str, last: int) -> None:
        """Forget what is older than the limit, as far as a checkpoint allows."""
        with contextlib.suppress(StatechartError):  # it is tried again with a later event
            await self.runtime.get(workflow).prune(before=last - self.history + 1)

    def timed(self, taken: timedelta) -> None:
        """Take note of how long an event has taken."""
        longest, total, count = self._latency
        self._latency = max(longest, taken), total + taken, count + 1

    def metrics(self) -> Metrics:
        """Return figures over all workflows."""
        states: Counter[str] = Counter()
        occupancy: dict[str, timedelta] = {}
        durations: dict[str, timedelta] = {}
        failures = begun = 0
        for one in self.metadata():
            states[one.state] += 1
            pasts = self.runtime.get(one.workflow).history()
            until = one.updated if one.status in OVER else self.now()
            for state, lasted in times(pasts, until).items():
                occupancy[state] = occupancy.get(state, timedelta()) + lasted
            seen = {state.rpartition(".")[2] for past in pasts for state in past.configuration}
            begun += "running" in seen
            failures += one.state == "failed"
            if one.status in OVER:
                durations[one.workflow] = one.updated - one.created
        longest, total, count = self._latency
        latency = (longest, total / count) if count else None
        return Metrics(dict(states), occupancy, durations, failures, begun, latency)
