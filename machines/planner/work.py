"""Work: what a node is given, and what it can say while it is carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, final

from attrs import evolve, frozen

from machines.plan.identifiers import ArtifactId, PlanError
from machines.plan.secrets import Opened, masked, refuse_secrets
from machines.plan.vocabulary import (
    ArtifactKind,
    ArtifactWritten,
    Category,
    Emitted,
    EngineEvent,
    ErrorInfo,
    Json,
    Meta,
    NodeError,
    RunConfig,
    kind_of,
)
from machines.planner.arguments import NAME, VALUES
from machines.planner.context import Context, as_json
from machines.planner.io import Io, Sink
from machines.planner.plan import PLAN, Plan
from statecharts.model.arguments import check
from statecharts.model.errors import ArgumentError


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

        Raises:
            ArgumentError: The name is none (SC221).
            PlanError: The artifact is none (SC851), or a secret would be recorded (SC853).
            NodeError: JSON cannot carry the payload (``context_serialize_failed``).
        """
        check("emit", name=(name, NAME))
        kept = None if artifact is None else ArtifactId(artifact)
        said = as_json(payload, f"{self.node} {name}")
        refuse_secrets(f"{self.node} event", {name: said})
        self._sink.opened.refuse(f"{self.node} event", {name: payload})
        if self._config.records(name):
            self._sink.say(Emitted(self.node, name, said, kept))

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
            ArgumentError: The name or the media type is none (SC221).
            PlanError: A secret would be recorded (SC853).
            NodeError: JSON cannot carry the value (``context_serialize_failed``), or another node
                has an output of that name (``output_taken``).
        """
        check("output", name=(name, NAME), media=(media, NAME))
        written = as_json(value, f"{self.node} {name}")
        self._sink.opened.refuse(f"{self.node} output", {name: value, media: ""})
        meta = {"name": name, "media": media}
        refuse_secrets(f"{self.node} {name}", meta)
        owner = self._named.setdefault(name, self.node)
        if owner != self.node:
            text = f"{self.node} writes the output {name}, which {owner} has; choose another name"
            raise NodeError("output_taken", text, category=Category.PARSING_INPUT)
        artifact = self._sink.keep(written)
        said = ArtifactWritten(self.node, artifact, ArtifactKind.OUTPUT, meta)
        self._sink.say(said)
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
            ArgumentError: An argument does not fit (SC221).
            PlanError: The kind is none, or one of the engine's, such as ``output`` (SC851); a
                secret would be recorded (SC853).
            NodeError: JSON cannot carry the value (``context_serialize_failed``).
        """
        check("put", kind=(kind, NAME), meta=(meta, VALUES))
        word = kind_of(kind)
        if isinstance(word, ArtifactKind):
            remedy = "Choose another word; an output is kept by output"
            raise PlanError("SC851", self.node, f"{kind!r} is a kind of the engine's", remedy)
        said = as_json(dict(meta or {}), f"{self.node} {kind}")
        written = as_json(value, f"{self.node} {kind}")
        self._sink.opened.refuse(f"{self.node} {kind}", [value, meta])
        artifact = self._sink.keep(written)
        self._sink.say(ArtifactWritten(self.node, artifact, word, said))
        return artifact

    def _tell(self, event: EngineEvent) -> None:
        """Record an event of the engine, and return once it is on disk."""
        self._sink.say(event)
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
            ArgumentError: An argument does not fit (SC221).
        """
        check("child", plan=(plan, PLAN), name=(name, NAME), parameters=(parameters, VALUES))
        self._sink.opened.refuse(f"{self.node} parameters of {name}", parameters)
        return self._child(self, plan, name, parameters)


_LONGEST: Final = 4_000
"""The characters of a message at most; more of it belongs into an artifact."""


def error_of(error: BaseException, opened: Opened, place: str = "") -> ErrorInfo:
    """Return what is recorded of an error of a node, whatever it is, and of its place.

    >>> error_of(NodeError("busy", "wait", retryable=True, details={1: 2}), Opened()).message
    'wait (without its details: busy details cannot be JSON: dict, the key 1 is not a text)'
    """

    def said(text: str) -> str:
        text = masked(opened.mask(text)).encode(errors="backslashreplace").decode()
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"

    place = said(place)
    if isinstance(error, PlanError | ArgumentError) and not isinstance(error, NodeError):
        return ErrorInfo("refused", Category.CONTEXT, False, said(str(error)), place=place)  # noqa: FBT003
    info = getattr(error, "info", None) if isinstance(error, NodeError) else None
    if not isinstance(info, ErrorInfo):
        try:
            text = f"{type(error).__name__}: {error}".removesuffix(": ")
        except BaseException:  # noqa: BLE001 - a node may raise anything, and so may what it raises
            text = type(error).__name__
        return ErrorInfo("unhandled", Category.UNKNOWN, False, said(text), place=place)  # noqa: FBT003
    message, details = info.message, None
    try:
        opened.refuse(f"{info.code} details", info.details)
        details = as_json(info.details, f"{info.code} details")
    except NodeError as why:
        message += f" (without its details: {why.info.message})"
    except PlanError as why:
        message += f" (without its details: {why.where}: {why.found})"
    return evolve(info, message=said(message), details=details, place=place)
