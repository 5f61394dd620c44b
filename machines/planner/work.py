"""Work: what a node is given, and what it can say while it is carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, final

from attrs import frozen

from machines.plan.identifiers import PlanError
from machines.plan.secrets import refuse_secrets
from machines.plan.vocabulary import (
    ArtifactKind,
    ArtifactWritten,
    Category,
    Emitted,
    EngineEvent,
    Json,
    Meta,
    NodeError,
    RunConfig,
    kind_of,
)
from machines.planner.context import Context, as_json
from machines.planner.io import Io, Sink

if TYPE_CHECKING:
    from machines.planner.plan import Plan


@final
@frozen(eq=False)
class Work:
    """One attempt of a node.

    Attributes:
        run: The run; in a replay, the run that is replayed.
        node: The node.
        attempt: The number of the attempt, from 0; in a replay, that with which the node came out.
        parameters: The input of the plan.
        meta: What the plan says of the node.
        context: What the nodes before it have left.
        io: The outside.
    """

    run: str
    node: str
    attempt: int
    parameters: Mapping[str, Json]
    meta: Meta
    context: Context
    io: Io
    _config: RunConfig
    _sink: Sink
    _child: Callable[[Work, Plan, str, Json], dict[str, Json]]
    _named: dict[str, str]

    def emit(self, name: str, payload: Any = None, *, artifact: str | None = None) -> None:
        """Tell something of the node's own; it is recorded if the profile of the run says so.

        Args:
            name: The name of what it tells.
            payload: What it tells, which JSON can carry; never a secret.
            artifact: The artifact that holds more of it, as `put` names it.
        """
        said = as_json(payload, f"{self.node} {name}")
        if self._config.records(name):
            self._sink.events.append(Emitted(self.node, name, said, artifact))

    def emit_many(self, events: Iterable[tuple[str, Any]]) -> None:
        """Tell several things, in order."""
        for name, payload in events:
            self.emit(name, payload)

    def output(self, name: str, value: Any, *, media: str = "application/json") -> str:
        """Keep an output for people.

        Args:
            name: Its name, such as ``report.md``.
            value: A text, or a value that JSON can carry.
            media: Its media type.

        Returns:
            The artifact: equal outputs have equal names.

        Raises:
            NodeError: Another node has an output of that name (``output_taken``).
        """
        written = as_json(value, f"{self.node} {name}")
        meta = {"name": name, "media": media}
        refuse_secrets(f"{self.node} {name}", meta)
        owner = self._named.setdefault(name, self.node)
        if owner != self.node:
            text = f"{self.node} writes the output {name}, which {owner} has; choose another name"
            raise NodeError("output_taken", text, category=Category.PARSING_INPUT)
        artifact = self._sink.keep(written)
        said = ArtifactWritten(self.node, artifact, ArtifactKind.OUTPUT, meta)
        self._sink.events.append(said)
        return artifact

    def put(self, value: Any, *, kind: str, meta: Mapping[str, Any] | None = None) -> str:
        """Keep an artifact, for `emit` or a result to name.

        Args:
            value: A text, or a value that JSON can carry; never a secret.
            kind: What it is for, in a word of its own, such as ``plot``.
            meta: More of it, by name, which JSON can carry.

        Returns:
            Its name: equal values have equal names.

        Raises:
            PlanError: The kind is none, or one of the engine's, such as ``output`` (SC851).
        """
        word = kind_of(kind)
        if isinstance(word, ArtifactKind):
            remedy = "Choose another word; an output is kept by output"
            raise PlanError("SC851", self.node, f"{kind!r} is a kind of the engine's", remedy)
        said = as_json(dict(meta or {}), f"{self.node} {kind}")
        artifact = self._sink.keep(as_json(value, f"{self.node} {kind}"))
        self._sink.events.append(ArtifactWritten(self.node, artifact, word, said))
        return artifact

    def tell(self, event: EngineEvent) -> None:
        """Record an event of the engine, and return once it is on disk."""
        self._sink.events.append(event)
        self._sink.commit()

    def child(self, plan: Plan, name: str, parameters: Json = None) -> dict[str, Json]:
        """Carry out another plan as a run of its own, and return the context that it ends with.

        A second attempt goes on with the run that the first one started, unless that was cancelled.

        Args:
            plan: The plan.
            name: A name for the run, once in this node.
            parameters: Its input.

        Raises:
            NodeError: The run has failed (``child_failed``), or was begun with another input
                (``child_taken``); a replay has none of that name (``missing_fact``).
            PlanError: The plan is another one than the run was begun with (SC854).
        """
        return self._child(self, plan, name, parameters)
