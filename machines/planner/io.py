"""The outside, as nodes see it: each answer is a fact, recorded under a key, and replayed by it."""

from __future__ import annotations

import base64
import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol, final

from attrs import define, evolve, field, frozen

from machines.investigator.secrets import Secret
from machines.plan.identifiers import FactKey
from machines.plan.secrets import MASK, Opened, refuse_secrets
from machines.plan.vocabulary import (
    IO_CALLED,
    ArtifactKind,
    Category,
    Emitted,
    EngineEvent,
    FactRecorded,
    Json,
    NodeError,
)
from machines.planner.arguments import ARGUMENTS, HEADERS, PATH, SECONDS, TEXTS
from machines.planner.sealing import Seal
from statecharts.model.arguments import FLAG, KEY, NUMBER, TEXT, check, optional
from statecharts.store.artifacts import canonical
from statecharts.store.errors import StoreError


class Transport(Protocol):
    """Asks the outside, for one namespace."""

    def ask(self, request: Json, stop: threading.Event) -> Json:
        """Return the answer to a request, as JSON.

        Args:
            request: The request; `Secret` for what is sent, and never recorded.
            stop: Is set when the run is cancelled.

        Raises:
            NodeError: There is no answer; it says whether another attempt is worth it.
        """


@frozen
class Fact:
    """The answer to a request.

    Attributes:
        response: The answer, as JSON.
        payload: The artifact that holds it; None if it was not recorded.
    """

    response: Json
    payload: str | None = None


@frozen
class Response:
    """An answer over HTTP.

    Attributes:
        status: Its status.
        media: Its media type.
        body: Its bytes.
    """

    status: int
    media: str
    body: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """Its body as text."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Json:
        """Return its body as JSON.

        Raises:
            NodeError: It is none (``bad_json``).
        """
        import json  # noqa: PLC0415 - the method has its name

        try:
            return json.loads(self.body)
        except ValueError:
            text = f"an answer of the media type {self.media!r} is no JSON"
            raise NodeError("bad_json", text, category=Category.PARSING_INPUT) from None


@frozen
class Done:
    """The outcome of a program.

    Attributes:
        status: Its exit status.
        out: What it wrote to its standard output.
        err: The same for standard error.
    """

    status: int
    out: str
    err: str


@define
class Sink:
    """Where a node's events and artifacts go until they are written.

    Attributes:
        events: The events, in order.
        bodies: The bytes of the artifacts that they name, by name.
        commit: Writes both, and returns once they are on disk.
        opened: What the node has got as secrets.
        is_over: Whether the attempt is over; what its threads still say is refused.
    """

    commit: Callable[[], None]
    events: list[EngineEvent] = field(factory=list)
    bodies: dict[str, bytes] = field(factory=dict)
    opened: Opened = field(factory=Opened)
    is_over: bool = False

    def say(self, event: EngineEvent) -> None:
        """Record an event.

        Raises:
            NodeError: The attempt is over (``node_over``).
        """
        self.refuse_late()
        self.events.append(event)

    def refuse_late(self) -> None:
        """Refuse what a thread says that has outlived the attempt of its node."""
        if self.is_over:
            text = "the node is over, so nothing more is recorded; let it wait for its threads"
            raise NodeError("node_over", text)

    def keep(self, value: Json) -> str:
        """Keep a JSON value as an artifact; return its name."""
        self.refuse_late()
        body = canonical(value)
        name = hashlib.sha256(body).hexdigest()
        self.bodies[name] = body
        return name


@final
@frozen
class Past:
    """The facts that need not be asked for again.

    Attributes:
        facts: The facts, by key.
        known: All facts of the run, or of that which is replayed.
        load: Returns what an artifact holds.
        seal: Seals and opens what is secret.
        only: Whether nothing else may be asked: the run is a replay.
        retryable: Whether a missing fact is worth another attempt.
    """

    facts: Mapping[str, FactRecorded]
    known: Mapping[str, FactRecorded]
    load: Callable[[str], Json]
    seal: Seal
    only: bool = False
    retryable: bool = False


@final
class Io:
    """The outside, for one attempt of a node.

    Each answer is recorded under a key, which is its own in the whole run. A replay returns
    what was recorded under it, and never asks.
    """

    def __init__(
        self,
        node: str,
        transports: Mapping[str, Transport],
        past: Past,
        sink: Sink,
        taken: dict[str, str],
        stop: threading.Event,
        *,
        at_once: bool = False,
        told: bool = False,
    ) -> None:
        self._node = node
        self._transports = transports
        self._past = past
        self._sink = sink
        self._taken = taken
        self._stop = stop
        self._at_once = at_once
        self._told = told
        self._known: dict[str, tuple[str, Fact]] = {}
        self._counts: dict[str, int] = {}

    # -- what a node asks --------------------------------------------------------------------------

    def call(
        self, namespace: str, request: Json, *, key: str | None = None, secret: bool = False
    ) -> Fact:
        """Ask the outside.

        Args:
            namespace: The transport that asks: ``http``, ``exec``, ``sql``, ``file``, or one that
                the engine was given.
            request: The request, as JSON; `Secret` for what is sent, and never recorded.
            key: The key of the answer. Without one it is not recorded, and cannot be replayed.
            secret: Whether the answer is a secret: recorded as ciphertext alone, by the key that
                the engine was given.

        Raises:
            NodeError: There is no answer; in a replay, ``missing_fact_key`` without a key,
                ``missing_fact`` if nothing is recorded under it.
            PlanError: The answer holds a secret (SC853).
        """

        def ask() -> Json:
            transport = self._transports.get(namespace)
            if transport is None:
                known = ", ".join(sorted(self._transports))
                text = f"there is no transport {namespace!r}, only {known}"
                raise NodeError("unknown_transport", text, category=Category.PARSING_INPUT)
            try:
                answer = transport.ask(request, self._stop)
            except NodeError as error:
                _name_key(error, key)
                raise
            self._refuse_cancelled()
            return answer

        check("call", namespace=(namespace, KEY), key=(key, optional(KEY)))
        self._refuse_cancelled()
        if self._told:
            said = {"namespace": namespace, "key": key}
            self._sink.say(Emitted(self._node, IO_CALLED, said))
        if key is None:
            if self._past.only:
                text = f"{self._node} asks {namespace} without a key, which cannot be replayed"
                raise NodeError("missing_fact_key", text, category=Category.RPC)
            return Fact(ask())
        return self._fact(key, namespace, request, ask, secret=secret)

    def http(
        self,
        url: str,
        *,
        key: str,
        method: str = "GET",
        headers: Mapping[str, str | Secret] | None = None,
        json: Json = None,
        seconds: float = 30.0,
        secret: bool = False,
    ) -> Response:
        """Ask over HTTP.

        Args:
            url: The address.
            key: The key of the answer.
            method: The method.
            headers: The headers; `Secret` for what is never recorded.
            json: The body; `Secret` in it likewise.
            seconds: The longest time, from the question to the last byte of the answer.
            secret: Whether the answer is a secret: recorded as ciphertext alone.

        Raises:
            NodeError: No answer (``transport``), none in time (``timeout``), a status from 300 on
                (``http_status``), as redirects are not followed, or too many requests
                (``rate_limited``); all are retryable but statuses below 500.
        """
        check("http", url=(url, KEY), method=(method, KEY), headers=(headers, HEADERS))
        check("http", seconds=(seconds, SECONDS), secret=(secret, FLAG))
        request = {
            "url": url,
            "method": method,
            "headers": dict(headers or {}),
            "json": json,
            "seconds": seconds,
        }
        said = self.call("http", request, key=key, secret=secret).response
        return Response(said["status"], said["media"], _bytes_of(said))

    def exec(
        self,
        program: str,
        *arguments: str,
        key: str,
        stdin: str = "",
        seconds: float = 30.0,
        secret: bool = False,
    ) -> Done:
        """Run a program that the configuration of the run allows.

        What it has begun ends with it.

        Args:
            program: The program, as the configuration names it.
            arguments: Its arguments; no shell reads them.
            key: The key of the outcome.
            stdin: Its standard input.
            seconds: The longest time.
            secret: Whether the outcome is a secret: recorded as ciphertext alone.

        Raises:
            NodeError: It is not allowed (``program_refused``), takes too long (``timeout``), or
                writes too much (``too_much_output``).
        """
        check("exec", program=(program, PATH), arguments=(arguments, ARGUMENTS))
        check("exec", stdin=(stdin, TEXT), seconds=(seconds, SECONDS), secret=(secret, FLAG))
        request = {
            "program": program,
            "arguments": list(arguments),
            "stdin": stdin,
            "seconds": seconds,
        }
        said = self.call("exec", request, key=key, secret=secret).response
        return Done(said["status"], said["out"], said["err"])

    def sql(
        self, database: str, query: str, *, tables: Iterable[str], key: str, secret: bool = False
    ) -> list[dict[str, Any]]:
        """Return the rows of a query to a SQLite database, by the names of their columns.

        Args:
            database: The file.
            query: One SELECT.
            tables: The tables that it may read.
            key: The key of the rows.
            secret: Whether they are a secret: recorded as ciphertext alone.

        Raises:
            NodeError: It is not permitted, or cannot be answered (``sql``).
        """
        check("sql", database=(database, KEY), query=(query, KEY), tables=(tables, TEXTS))
        request = {"database": database, "query": query, "tables": sorted(tables)}
        said = self.call("sql", request, key=key, secret=secret).response
        return [dict(zip(said["columns"], row, strict=True)) for row in said["rows"]]

    def file(self, path: str, *, key: str, secret: bool = False) -> bytes:
        """Return the bytes of a file.

        Args:
            path: The file.
            key: The key of the bytes.
            secret: Whether they are a secret: recorded as ciphertext alone.

        Raises:
            NodeError: It cannot be read (``file``), or is too long (``too_much_output``).
        """
        check("file", path=(path, PATH))
        request = {"path": path}
        return _bytes_of(self.call("file", request, key=key, secret=secret).response)

    def record(self, key: str, value: Json, *, secret: bool = False) -> Fact:
        """Record a value that the node has come by itself, and return it; in a replay, the old one.

        Args:
            key: The key of the value.
            value: The value.
            secret: Whether it is a secret: recorded as ciphertext alone.

        Raises:
            NodeError: A replay has none under this key (``missing_fact``).
        """
        return self._fact(key, "value", None, lambda: value, secret=secret)

    def recorded(self, key: str) -> str | None:
        """Return the artifact of a fact of the run; None if none is recorded under the key.

        Facts of nodes before this one are there for certain; of those beside it, one may be or not.
        """
        name = FactKey(key)
        if name in self._known:
            return self._known[name][1].payload
        fact = self._past.known.get(name)
        return None if fact is None else fact.payload

    def now(self, *, key: str | None = None) -> datetime:
        """Return the time, in UTC, to the millisecond; it is recorded, too."""

        def ask() -> Json:
            return datetime.now(UTC).isoformat(timespec="milliseconds")

        said = self._fact(key or self._own_key("now"), "now", None, ask).response
        return datetime.fromisoformat(said)

    def random_bytes(self, count: int, *, key: str | None = None) -> bytes:
        """Return random bytes; they are recorded, so they must not be a secret."""
        check("random_bytes", count=(count, NUMBER))
        name = key or self._own_key("random")
        said = self._fact(name, "random", count, lambda: os.urandom(count).hex()).response
        return bytes.fromhex(said)

    # -- how it is answered ------------------------------------------------------------------------

    def _own_key(self, word: str) -> str:
        self._counts[word] = self._counts.get(word, 0) + 1
        return f"{self._node}#{word}.{self._counts[word]}"

    def _refuse_cancelled(self) -> None:
        if self._stop.is_set():
            raise NodeError("cancelled", "the run was cancelled")

    def _fact(
        self,
        key: str,
        namespace: str,
        request: Json,
        ask: Callable[[], Json],
        *,
        secret: bool = False,
    ) -> Fact:
        name = str(FactKey(key))
        self._refuse_cancelled()
        check("a question", secret=(secret, FLAG))
        said = _question(name, namespace, request)
        if name in self._known:
            if self._known[name][0] != said:
                text = f"{self._node} asks two questions under the key {name}; give each its own"
                raise NodeError("fact_key_taken", text, category=Category.PARSING_INPUT)
            return self._known[name][1]
        owner = self._taken.setdefault(name, self._node)
        if owner != self._node:
            text = f"{self._node} records under the key {name}, which {owner} has; choose another"
            raise NodeError("fact_key_taken", text, category=Category.PARSING_INPUT)
        found = self._past.facts.get(name)
        if found is None and self._past.only:
            text = f"nothing is recorded under the key {name}, which {self._node} asks for"
            retryable = self._past.retryable
            details = {"key": name, "node": self._node}
            raise NodeError(
                "missing_fact", text, category=Category.RPC, retryable=retryable, details=details
            )
        if found is not None and (found.node != self._node or found.meta.get("request") != said):
            if self._past.only:
                text = f"the key {name} was recorded by {found.node} for another question"
                raise NodeError("fact_of_another_key", text, category=Category.RPC)
            found = None
        value = ask() if found is None else self._past.load(found.payload)
        meta = {"namespace": namespace, "request": said}
        kept = value
        if secret:
            if found is None:
                kept = self._past.seal.seal(name, value)
            else:
                value = self._past.seal.open(name, kept)
            self._sink.opened.add(value)
            meta["kind"] = str(ArtifactKind.SECRET_PAYLOAD)
        else:
            what = f"{self._node} {name}"
            refuse_secrets(what, {name: value}, "Ask with secret=True, which seals it")
            self._sink.opened.refuse(what, value)
        try:
            payload = self._sink.keep(kept)
        except StoreError as error:
            text = f"{self._node} {name} cannot be JSON: {error.found}"
            raise NodeError("context_serialize_failed", text, category=Category.CONTEXT) from error
        self._sink.say(FactRecorded(self._node, name, payload, meta))
        fact = Fact(value, payload)
        self._known[name] = (said, fact)
        if self._at_once:
            self._sink.commit()
        return fact


def _name_key(error: NodeError, key: str | None) -> None:
    """Let an error of a transport tell under which key was asked: one line may ask for many."""
    said = f" (key {key})"
    if key is not None and error.info.code != "cancelled" and said not in error.info.message:
        error.info = evolve(error.info, message=error.info.message + said)


def _question(name: str, namespace: str, request: Json) -> str:
    try:
        return digest_of(namespace, request)
    except (StoreError, ValueError, TypeError, RecursionError) as error:
        why = error.found if isinstance(error, StoreError) else type(error).__name__
        text = f"what {name} asks cannot be JSON: {why}"
        raise NodeError("bad_request", text, category=Category.PARSING_INPUT) from error


def digest_of(namespace: str, request: Json) -> str:
    """Return the SHA-256 of a request, in which secrets are masked.

    >>> digest_of("http", {"k": Secret("a")}) == digest_of("http", {"k": Secret("b")})
    True
    """
    return hashlib.sha256(canonical([namespace, _shown(request)])).hexdigest()


def _shown(value: Any) -> Json:
    if isinstance(value, Secret):
        return MASK
    if isinstance(value, dict):
        return {key: _shown(one) for key, one in value.items()}
    return [_shown(one) for one in value] if isinstance(value, list | tuple) else value


_TEXT: Final = "text"


def body_of(body: bytes) -> dict[str, str]:
    """Return bytes as JSON: as text where they are UTF-8.

    >>> body_of("ä".encode()), body_of(bytes([255]))
    ({'text': 'ä'}, {'base64': '/w=='})
    """
    try:
        return {_TEXT: body.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}


def _bytes_of(said: Mapping[str, Any]) -> bytes:
    if _TEXT in said:
        return str(said[_TEXT]).encode()
    return base64.b64decode(said["base64"])
