"""The words of plans: tags, policies, configurations, manifests, errors."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, Literal, NoReturn, TypeAlias

from attrs import field, frozen

from machines.plan.identifiers import (
    ErrorCode,
    OperationId,
    PlanError,
    Tag,
    tags_of,
    texts_of,
)
from statecharts.model.arguments import (
    COUNT,
    FLAG,
    KEY,
    TEXT,
    Sort,
    check,
    instance,
    optional,
    shown,
)

Json: TypeAlias = Any
"""A value that JSON can carry."""


class Word(StrEnum):
    """A text of a list; another one is refused (SC851)."""

    @classmethod
    def _missing_(cls, value: object) -> NoReturn:
        found = f"{shown(value)} is not known"
        raise PlanError("SC851", cls.__name__, found, f"Use one of {', '.join(cls)}")


def _is(sort: Sort) -> Any:
    """Return the validator of a field that takes only what is of a sort (SC851)."""

    def validate(owner: Any, attribute: Any, value: Any) -> None:
        if not sort.fits(value):
            found = f"{attribute.name}={shown(value)} does not fit"
            raise PlanError("SC851", type(owner).__name__, found, f"Pass {sort.told}")

    return validate


def _one_of(*words: str) -> Any:
    told = f"one of {', '.join(words)}"
    return _is(Sort(told, lambda value: isinstance(value, str) and value in words))


CONFIG: Final = Tag("config")
"""Checks or makes a configuration."""
FETCH_DATA: Final = Tag("fetch_data")
"""Gets data from outside."""
COMPUTE: Final = Tag("compute")
"""Computes, and does nothing else."""
EXECUTE: Final = Tag("execute")
"""Does, or prepares, what is executed."""
REPORT: Final = Tag("report")
"""Makes output for people."""
APPLY_SIDE_EFFECT: Final = Tag("apply_side_effect")
"""Changes something outside; skip it for a dry run."""
IMPURE: Final = Tag("impure")
"""Is not deterministic throughout."""


class SideEffects(Word):
    """The kinds of a node's dealings with the outside."""

    PURE = "pure"
    READ_ONLY = "read_only_io"
    APPLY = "apply_side_effect"


class Strategy(Word):
    """The candidates that a dependency by tag means, of those that come before the node."""

    LATEST = "latest"
    """The last of them."""
    EARLIEST = "earliest"
    """The first of them."""
    LATEST_SUCCESSFUL = "latest_successful"
    """All of them: the node waits until all are over, and goes on from the last that succeeded."""


class SnapshotPolicy(Word):
    """The snapshots of its context that a node asks for, beside those of the run's policy."""

    NEVER = "never"
    ON_SUCCESS = "on_success"
    ALWAYS = "always"
    """After a failure, too: for diagnosis, never to go on from."""


class ArtifactKind(Word):
    """The purpose of an artifact."""

    MANIFEST = "manifest"
    CONTEXT_SNAPSHOT = "context_snapshot"
    FACT_PAYLOAD = "fact_payload"
    SECRET_PAYLOAD = "secret_payload"  # noqa: S105 - the kind of an encrypted payload
    OUTPUT = "output"
    GRAPH = "graph"


def kind_of(text: str) -> str:
    """Return the kind of an artifact: one of ours, or a word of others.

    >>> kind_of("output"), kind_of("plot")
    (<ArtifactKind.OUTPUT: 'output'>, 'plot')
    """
    return ArtifactKind(text) if text in frozenset(ArtifactKind) else Tag(text)


class Category(Word):
    """The source of an error."""

    PARSING_INPUT = "parsing_input"
    ON_CHAIN = "on_chain"
    OFF_CHAIN = "off_chain"
    RPC = "rpc"
    STORAGE = "storage"
    CONTEXT = "context"
    UNKNOWN = "unknown"


class Status(Word):
    """The phases of a run; the last three end it."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@frozen
class ErrorInfo:
    """An error as it is recorded; it never holds a secret.

    Attributes:
        code: What went wrong, for programs.
        category: Where it comes from.
        retryable: Whether another attempt may succeed.
        message: What went wrong, for people.
        details: More of it, as JSON.
        place: Where in the code of the node, ``FILE:LINE in function``; empty where nobody knows.
    """

    code: str = field(converter=ErrorCode)
    category: Category = field(converter=Category)
    retryable: bool = field(validator=_is(FLAG))
    message: str = field(validator=_is(TEXT))
    details: Json = None
    place: str = field(default="", validator=_is(TEXT))

    def __str__(self) -> str:
        """Return it in a line, for people."""
        return f"{self.code}: {self.message}{f' ({self.place})' if self.place else ''}"


class NodeError(PlanError):
    """Raised by a node: it has failed, and may say that another attempt is worth it.

    Args:
        code: What went wrong, for programs.
        message: What went wrong, for people; never a secret.
        category: Where it comes from.
        retryable: Whether another attempt may succeed.
        details: More of it, as JSON.

    Raises:
        PlanError: The code or the category breaks its rule (SC851).
        ArgumentError: Another argument is none (SC221).

    >>> NodeError("rate_limited", "the exchange asks us to wait", retryable=True).info.category
    <Category.UNKNOWN: 'unknown'>
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        category: Category = Category.UNKNOWN,
        retryable: bool = False,
        details: Json = None,
    ) -> None:
        check("NodeError", message=(message, TEXT), retryable=(retryable, FLAG))
        super().__init__("SC856", "node", f"{code}: {message}", "See what the node has recorded")
        self.info = ErrorInfo(code, category, retryable, message, details)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self.info)


def _again(cls: type[NodeError], info: ErrorInfo) -> NodeError:
    made = cls.__new__(cls)
    NodeError.__init__(
        made,
        info.code,
        info.message,
        category=info.category,
        retryable=info.retryable,
        details=info.details,
    )
    return made


# Configurations.

_LONGEST: Final = timedelta(days=366)
_WAIT: Final = Sort(
    "a time from 0 to 366 days, such as timedelta(seconds=30)",
    lambda value: isinstance(value, timedelta) and timedelta() <= value <= _LONGEST,
)


@frozen
class RetryPolicy:
    """How often a node is attempted whose error is retryable, and the waits between.

    Attributes:
        attempts: Attempts in all, the first included.
        delay: The wait after the first failure, 366 days at most.
        backoff: Whether each wait is as long as the first, or twice the one before.
        most: The longest wait, if they double.

    Raises:
        PlanError: A value does not fit (SC851).

    >>> RetryPolicy(attempts=5, backoff="exponential", most=timedelta(seconds=3)).wait(4)
    datetime.timedelta(seconds=3)
    """

    attempts: int = field(default=3, validator=_is(COUNT))
    delay: timedelta = field(default=timedelta(seconds=1), validator=_is(_WAIT))
    backoff: Literal["fixed", "exponential"] = field(
        default="exponential", validator=_one_of("fixed", "exponential")
    )
    most: timedelta = field(default=timedelta(minutes=1), validator=_is(_WAIT))

    def __attrs_post_init__(self) -> None:
        """Refuse a first wait that the longest would silently shorten."""
        if self.backoff == "exponential" and self.delay > self.most:
            found = f"delay={self.delay} is longer than most={self.most}"
            raise PlanError("SC851", "RetryPolicy", found, "Give a longer most as well")

    def wait(self, failures: int) -> timedelta:
        """Return how long to wait after some failures."""
        if self.backoff == "fixed":
            return self.delay
        factor = 1 << min(failures - 1, 60)
        longest = factor * self.delay.total_seconds() >= self.most.total_seconds()
        return self.most if longest else self.delay * factor


Profile: TypeAlias = Literal["minimal", "normal", "verbose"] | tuple[str, ...]
"""The events that are recorded beside those that recovery needs; see `RunConfig`."""

Checkpoints: TypeAlias = Literal["every"] | tuple[str, ...]
"""The nodes after which the context is kept; see `RunConfig`."""


def _profile_of(value: Profile) -> Profile:
    found: Profile = _word_or_names("profile", value, ("minimal", "normal", "verbose"))
    return found


def _checkpoints_of(value: Checkpoints) -> Checkpoints:
    found: Checkpoints = _word_or_names("checkpoints", value, ("every",))
    return found if isinstance(found, str) else tags_of(found, "checkpoints")


def _word_or_names(name: str, value: Any, words: tuple[str, ...]) -> Any:
    if isinstance(value, list | tuple):
        return texts_of(value, name)
    if isinstance(value, str) and value in words:
        return value
    remedy = f"Use one of {', '.join(words)}, or a tuple of names"
    raise PlanError("SC851", "RunConfig", f"{name}={shown(value)} is not known", remedy)


def _skip_tags_of(texts: Iterable[str]) -> tuple[Tag, ...]:
    return tags_of(texts, "skip_tags")


def _tags_of(texts: Iterable[str]) -> tuple[Tag, ...]:
    return tags_of(texts)


def _depends_on_of(texts: Iterable[str]) -> tuple[Tag, ...]:
    return tags_of(texts, "depends_on")


def _programs_of(texts: Iterable[str]) -> tuple[str, ...]:
    return texts_of(texts, "programs")


def _environment_of(texts: Iterable[str]) -> tuple[str, ...]:
    return texts_of(texts, "environment")


@frozen
class RunConfig:
    """How a run is carried out.

    Attributes:
        mode: ``live`` asks the outside, and records; ``replay`` takes what was recorded.
        retry: The attempts of each node.
        profile: The events that are recorded beside those that recovery needs: ``minimal`` none,
            ``normal`` boundaries of steps and what nodes emit, ``verbose`` each question to the
            outside as well; or the names of those to record.
        at_once: The nodes that run at once at most; 1 is one after the other.
        checkpoints: Whether the context is kept after ``every`` node; or the tags of the nodes
            after which it is kept.
        missing_fact_retryable: Whether a missing fact counts as retryable in a replay.
        skip_tags: Nodes with one of these tags are skipped.
        programs: The programs that ``exec`` may run.
        environment: The environment variables that programs get, and that a manifest names.

    Raises:
        PlanError: A value does not fit (SC851).
    """

    mode: Literal["live", "replay"] = field(default="live", validator=_one_of("live", "replay"))
    retry: RetryPolicy = field(
        default=RetryPolicy(),
        validator=_is(instance(RetryPolicy, "a RetryPolicy, such as RetryPolicy(attempts=5)")),
    )
    profile: Profile = field(default="normal", converter=_profile_of)
    at_once: int = field(default=16, validator=_is(COUNT))
    checkpoints: Checkpoints = field(default="every", converter=_checkpoints_of)
    missing_fact_retryable: bool = field(default=False, validator=_is(FLAG))
    skip_tags: tuple[Tag, ...] = field(default=(), converter=_skip_tags_of)
    programs: tuple[str, ...] = field(default=(), converter=_programs_of)
    environment: tuple[str, ...] = field(default=(), converter=_environment_of)

    def records(self, name: str) -> bool:
        """Return whether a run records the events of a name, beside those recovery needs.

        >>> [RunConfig(profile=one).records("note") for one in ("minimal", "normal", ("note",))]
        [False, True, True]
        """
        if isinstance(self.profile, tuple):
            return name in self.profile
        return self.profile == "verbose" or (self.profile == "normal" and name != IO_CALLED)

    def keeps(self, tags: tuple[str, ...], policy: SnapshotPolicy) -> bool:
        """Return whether the context is kept after a node that has succeeded."""
        if self.checkpoints == "every" or policy != SnapshotPolicy.NEVER:
            return True
        return any(tag in self.checkpoints for tag in tags)


IO_CALLED: Final = "io_called"
"""The name of the event that tells of a question to the outside."""


@frozen
class Provenance:
    """Where a run was started: what makes it reproducible.

    Attributes:
        commit: The commit of the working tree; None outside of one.
        locks: The SHA-256 of each lock file there, by its name.
        python: The version of Python.
        platform: The operating system and the machine.
        environment: The names of the environment variables that the run may see; never values.
    """

    commit: str | None = None
    locks: dict[str, str] = field(factory=dict)
    python: str = ""
    platform: str = ""
    environment: tuple[str, ...] = ()


@frozen
class Manifest:
    """What a run was started with. Its id is the SHA-256 of its canonical JSON.

    Attributes:
        operation: The name of the plan.
        version: The version of the plan.
        input: The input of the plan, as JSON; never a secret.
        config: The configuration.
        build: Where it was started.
        graph: The artifact that describes the nodes and edges of the plan.
        replay_of: The run whose facts are replayed.
    """

    operation: OperationId
    version: str
    input: Json
    config: RunConfig
    build: Provenance
    graph: str
    replay_of: str | None = None


@frozen
class Meta:
    """What a plan says of a node.

    Attributes:
        tags: Its tags.
        depends_on: Tags of nodes before it that it depends on; `Strategy` tells which of them.
        strategy: The strategy for these.
        side_effects: Its dealings with the outside.
        idempotency: A stable key under which the outside recognises a second attempt.
        snapshot: The snapshots that it asks for.
    """

    tags: tuple[Tag, ...] = field(default=(), converter=_tags_of)
    depends_on: tuple[Tag, ...] = field(default=(), converter=_depends_on_of)
    strategy: Strategy = field(default=Strategy.LATEST, converter=Strategy)
    side_effects: SideEffects = field(default=SideEffects.PURE, converter=SideEffects)
    idempotency: str | None = field(default=None, validator=_is(optional(KEY)))
    snapshot: SnapshotPolicy = field(default=SnapshotPolicy.NEVER, converter=SnapshotPolicy)


# Events of the engine, as they are recorded.

_META: Final = instance(dict, "a dict")


@frozen
class RunStarted:
    """A run begins.

    Attributes:
        operation: The plan.
        manifest: The artifact of its manifest.
        initial: The snapshot of the context that it begins with.
    """

    operation: str
    manifest: str
    initial: str


@frozen
class NodeEntered:
    """An attempt of a node begins.

    Attributes:
        node: The node.
        attempt: The number of the attempt, from 0.
        base: The snapshot that it starts from.
    """

    node: str
    attempt: int
    base: str


@frozen
class NodeCompleted:
    """A node has succeeded.

    Attributes:
        node: The node.
        snapshot: The context after it; None where the run keeps none here.
    """

    node: str
    snapshot: str | None


@frozen
class NodeFailed:
    """An attempt of a node has failed.

    Attributes:
        node: The node.
        error: The error.
        snapshot: The context at the failure, for diagnosis; nothing goes on from it.
        again: Whether another attempt follows.
    """

    node: str
    error: ErrorInfo
    snapshot: str | None = None
    again: bool = False


@frozen
class NodeSkipped:
    """A node is not carried out.

    Attributes:
        node: The node.
        tag: The tag that the run skips.
        snapshot: The context, as if the node had changed nothing.
    """

    node: str
    tag: str
    snapshot: str


@frozen
class RunCompleted:
    """A run is over.

    Attributes:
        status: How it ended.
        final: The last snapshot of the context; None if it did not succeed.
        error: Why it failed, if all its nodes came out.
    """

    status: Status
    final: str | None = None
    error: ErrorInfo | None = None


@frozen
class FactRecorded:
    """Something was learnt from outside.

    Attributes:
        node: The node that asked.
        key: The key of the fact.
        payload: The artifact that holds it.
        meta: How it was asked for; ``request`` is the SHA-256 of the question.
    """

    node: str
    key: str
    payload: str
    meta: Json = field(validator=_is(_META))


@frozen
class ArtifactWritten:
    """A node has written an artifact.

    Attributes:
        node: The node.
        artifact: The artifact.
        kind: What it is for: an `ArtifactKind`, or another word.
        meta: More of it; ``name`` and ``media`` of an output.
    """

    node: str
    artifact: str
    kind: str = field(converter=kind_of)
    meta: Json = field(validator=_is(_META))

    def __attrs_post_init__(self) -> None:
        """Refuse an output without a name."""
        if self.kind == ArtifactKind.OUTPUT:
            name = self.meta.get("name")
            if not KEY.fits(name):
                found = f"an output has the name {shown(name)}"
                raise PlanError("SC851", "ArtifactWritten", found, "Give it a text as its name")


@frozen
class OperationBoundary:
    """A step begins or is over.

    Attributes:
        path: The step.
        phase: Which of the two.
    """

    path: str
    phase: Literal["started", "completed"]


@frozen
class ChildSpawned:
    """A node has started a run of another plan.

    Attributes:
        node: The node.
        child: The other run.
        manifest: The artifact of its manifest.
        name: The name that the node has for it.
    """

    node: str
    child: str
    manifest: str
    name: str = ""


@frozen
class ChildCompleted:
    """A run that a node has started is over.

    Attributes:
        node: The node.
        child: The other run.
        status: How it ended.
        final: Its last snapshot.
    """

    node: str
    child: str
    status: Status
    final: str | None = None


@frozen
class Emitted:
    """A node tells something of its own.

    Attributes:
        node: The node.
        name: The name of what it tells.
        payload: What it tells, as JSON.
        artifact: The artifact that holds more of it.
    """

    node: str
    name: str
    payload: Json = None
    artifact: str | None = None


EngineEvent: TypeAlias = (
    RunStarted
    | NodeEntered
    | NodeCompleted
    | NodeFailed
    | NodeSkipped
    | RunCompleted
    | FactRecorded
    | ArtifactWritten
    | OperationBoundary
    | ChildSpawned
    | ChildCompleted
    | Emitted
)
"""What a run records."""
