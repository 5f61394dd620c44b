"""The ledger of a run: what its events come to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias, final

from attrs import define, field

from machines.plan.records import Envelope
from machines.plan.vocabulary import (
    ArtifactWritten,
    ChildCompleted,
    ChildSpawned,
    Emitted,
    ErrorInfo,
    FactRecorded,
    NodeCompleted,
    NodeEntered,
    NodeFailed,
    NodeSkipped,
    OperationBoundary,
    RunCompleted,
    RunStarted,
    Status,
)

NodeState: TypeAlias = Literal["waiting", "running", "completed", "failed", "skipped", "stopped"]


@final
@define
class Line:
    """The record of one node.

    Attributes:
        node: The node.
        state: How it is; ``stopped`` if nobody carries it out any more.
        attempt: The number of its last attempt, from 0.
        base: The snapshot that this started from.
        snapshot: The context after it, where the run keeps it.
        spans: Begin and end of each attempt, in milliseconds since 1970; the end is None while one
            is under way.
        stopped: The numbers of the spans whose process has died.
        error: The error of the last attempt that failed.
        facts: The keys of its facts, in order.
        learnt: The keys of those that its last attempt has recorded, or taken again.
        artifacts: The artifacts that it has written, in order.
    """

    node: str
    state: NodeState = "waiting"
    attempt: int = -1
    base: str = ""
    snapshot: str | None = None
    spans: list[tuple[int, int | None]] = field(factory=list)
    stopped: set[int] = field(factory=set)
    error: ErrorInfo | None = None
    facts: list[str] = field(factory=list)
    learnt: set[str] = field(factory=set)
    artifacts: list[ArtifactWritten] = field(factory=list)

    @property
    def milliseconds(self) -> int:
        """The time of all its attempts that are over."""
        return sum(end - begin for begin, end in self.spans if end is not None)


@final
@define
class Ledger:
    """The state of a run that follows from its events.

    Attributes:
        count: The number of its events.
        started: Its first event; None before that.
        status: How it is.
        final: Its last snapshot of the context.
        error: Why it failed, if all its nodes came out.
        lines: What is recorded of each node, in the order in which they began.
        facts: The facts, by their keys; of two of one key the later counts.
        steps: The steps that have begun, and the phase of each.
        children: The runs of other plans that nodes have started, and how they ended.
        places: The node and the name of each of those runs, as ``node/name``.
        emitted: What nodes told of their own.
        last: The time of the last event, in milliseconds since 1970.
        turn: How many had taken the run up before that event.
    """

    count: int = 0
    started: RunStarted | None = None
    status: Status = Status.RUNNING
    final: str | None = None
    error: ErrorInfo | None = None
    lines: dict[str, Line] = field(factory=dict)
    facts: dict[str, FactRecorded] = field(factory=dict)
    steps: dict[str, str] = field(factory=dict)
    children: dict[str, ChildSpawned | ChildCompleted] = field(factory=dict)
    places: dict[str, str] = field(factory=dict)
    emitted: list[Emitted] = field(factory=list)
    began: int = 0
    last: int = 0
    turn: int = 0

    @classmethod
    def of(cls, envelopes: Iterable[Envelope]) -> Ledger:
        """Return the ledger of events."""
        ledger = cls()
        for one in envelopes:
            ledger.take(one)
        return ledger

    def line(self, node: str) -> Line:
        """Return what is recorded of a node."""
        found = self.lines.get(node)
        if found is None:
            found = self.lines[node] = Line(node)
        return found

    def take(self, envelope: Envelope) -> None:  # noqa: C901, PLR0912 - one case for each event
        """Enter an event."""
        if envelope.turn != self.turn:
            self.stop()
        self.turn = envelope.turn
        at = self.last = envelope.at
        self.count = envelope.sequence
        match envelope.event:
            case RunStarted() as event:
                self.started, self.began = event, at
            case NodeEntered(node, attempt, base):
                line = self.line(node)
                line.state, line.attempt, line.base = "running", attempt, base
                line.artifacts.clear()  # those of an attempt that came to nothing
                line.learnt.clear()
                line.spans.append((at, None))
                self.status = Status.RUNNING
            case NodeCompleted(node, snapshot):
                line = self._ended(node, at)
                line.state, line.snapshot, line.error = "completed", snapshot, None
            case NodeFailed(node, error, _, again):
                line = self._ended(node, at)
                line.state, line.error = ("waiting" if again else "failed"), error
            case NodeSkipped(node, _, snapshot):
                line = self.line(node)
                line.state, line.snapshot = "skipped", snapshot
            case FactRecorded() as fact:
                self.facts[fact.key] = fact
                self.line(fact.node).learnt.add(fact.key)
                keys = self.line(fact.node).facts
                if fact.key not in keys:
                    keys.append(fact.key)
            case ArtifactWritten() as written:
                self.line(written.node).artifacts.append(written)
            case OperationBoundary(path, phase):
                self.steps[path] = phase
            case ChildSpawned(node, run, _, name) as child:
                self.children[run], self.places[run] = child, f"{node}/{name}"
            case ChildCompleted() as child:
                self.children[child.child] = child
            case Emitted() as emitted:
                self.emitted.append(emitted)
            case RunCompleted(status, final, error):
                self.status, self.final, self.error = status, final, error

    def stop(self) -> None:
        """Take all nodes at work as stopped: their process has died, after the last event."""
        for line in self.lines.values():
            if line.state == "running":
                line.stopped.add(len(line.spans) - 1)
                self._ended(line.node, self.last).state = "stopped"

    def _ended(self, node: str, at: int) -> Line:
        line = self.line(node)
        if line.spans and line.spans[-1][1] is None:
            line.spans[-1] = (line.spans[-1][0], at)
        return line

    @property
    def outputs(self) -> dict[str, ArtifactWritten]:
        """The outputs of its nodes, by name; of two of one node and name the later counts."""
        return {
            one.meta["name"]: one
            for line in self.lines.values()
            for one in line.artifacts
            if one.kind == "output"
        }
