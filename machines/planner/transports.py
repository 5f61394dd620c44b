"""Transports: HTTP, programs, SQL and files, each with its limits."""

from __future__ import annotations

import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, final

from machines.investigation.scope import Scope
from machines.investigator.secrets import Secret
from machines.plan.vocabulary import Category, Json, NodeError, RunConfig
from machines.planner.io import Transport, body_of
from statecharts.model.arguments import shown
from statecharts.model.errors import StatechartError, missing

LARGEST: Final = 10_000_000
"""The bytes of an answer at most."""

_TOO_MUCH: Final = ("too_much_output", f"the program wrote more than {LARGEST:,} bytes")
_TICK_S: Final = 0.02
_TOO_MANY: Final = 429
_ELSEWHERE: Final = 300
_REFUSED: Final = 400
_BROKEN: Final = 500


@final
class Http:
    """Asks over HTTP, without redirects and without what the environment says of proxies."""

    def __init__(self) -> None:
        self._client: Any = None
        self._lock = threading.Lock()

    def ask(self, request: Json, stop: threading.Event) -> Json:
        """Return the status, the media type and the body of an answer."""
        answers: queue.SimpleQueue[Json | Exception] = queue.SimpleQueue()
        over = threading.Event()

        def asked() -> None:
            try:
                answers.put(self._answer(request, over))
            except Exception as error:  # noqa: BLE001 - raised again below
                answers.put(error)

        # The time of the client counts from each byte to the next, and it does not look at `stop`.
        threading.Thread(target=asked, daemon=True).start()
        end = time.monotonic() + request["seconds"]
        while True:
            with suppress(queue.Empty):
                found = answers.get(timeout=_TICK_S)
                if isinstance(found, Exception):
                    raise found
                return found
            if stop.is_set() or time.monotonic() >= end:
                over.set()
                if stop.is_set():
                    raise NodeError("cancelled", "the run was cancelled")
                raise _too_late(request)

    def _answer(self, request: Json, over: threading.Event) -> Json:
        try:
            import httpx  # noqa: PLC0415 - an extra
        except ImportError:
            text = ". ".join(missing("'http'", "httpx", "plan"))
            raise NodeError("not_installed", text) from None
        with self._lock:
            if self._client is None:
                self._client = httpx.Client(trust_env=False, limits=httpx.Limits())
        body = {} if request["json"] is None else {"json": _revealed(request["json"])}
        headers = _revealed(request["headers"])
        given = {"headers": headers, "timeout": request["seconds"], **body}
        try:
            with self._client.stream(request["method"], request["url"], **given) as answer:
                content = bytearray()
                for part in answer.iter_bytes():
                    content += part
                    if len(content) > LARGEST:
                        text = f"the answer has more than {LARGEST:,} bytes"
                        raise NodeError("too_much_output", text, category=Category.OFF_CHAIN)
                    if over.is_set():
                        raise _too_late(request)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            text = "the address is no URL of http or https"
            raise NodeError("bad_url", text, category=Category.PARSING_INPUT) from None
        except httpx.TimeoutException:
            raise _too_late(request) from None
        except httpx.HTTPError as error:  # its text may have the address, and what is in it
            text = f"no answer: {type(error).__name__}"
            code, category = "transport", Category.OFF_CHAIN
            raise NodeError(code, text, category=category, retryable=True) from None
        status = answer.status_code
        if status >= _ELSEWHERE:
            code = "rate_limited" if status == _TOO_MANY else "http_status"
            more = ": it is elsewhere; ask that address" if status < _REFUSED else ""
            raise NodeError(
                code,
                f"the answer has the status {status}{more}",
                category=Category.OFF_CHAIN,
                retryable=status == _TOO_MANY or status >= _BROKEN,
                details={"status": status},
            )
        media = answer.headers.get("content-type", "").partition(";")[0].strip()
        return {"status": status, "media": media, **body_of(bytes(content))}

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()


def _too_late(request: Json) -> NodeError:
    text = f"no answer within {request['seconds']:g} s"
    return NodeError("timeout", text, category=Category.OFF_CHAIN, retryable=True)


def _revealed(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, dict):
        return {key: _revealed(one) for key, one in value.items()}
    return [*map(_revealed, value)] if isinstance(value, list | tuple) else value


# Sets the limits in the process that then becomes the program: a function that runs between fork
# and exec may deadlock where there are threads.
_LIMITED: Final = """
import os, resource, sys
seconds, memory, size = map(int, sys.argv[1:4])
resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
os.execv(sys.argv[4], sys.argv[4:])
"""


@final
class Exec:
    """Runs programs from a list: no shell, a scrubbed environment, limits of time, memory and size.

    Args:
        programs: The programs: names, which are looked for on the path, or absolute paths.
        environment: The names of the environment variables that they get.
        memory: The bytes of memory that one may use.
    """

    def __init__(
        self,
        programs: tuple[str, ...],
        environment: tuple[str, ...] = (),
        memory: int = 2_000_000_000,
    ) -> None:
        self._programs = programs
        self._memory = memory
        kept = {name: os.environ[name] for name in environment if name in os.environ}
        self._environment = {"PATH": os.defpath, "LANG": "C.UTF-8", **kept}

    def ask(self, request: Json, stop: threading.Event) -> Json:
        """Return the exit status and the output of a program."""
        program = request["program"]
        path = shutil.which(program) if program in self._programs else None
        if path is None:
            known = ", ".join(self._programs) or "none"
            why = "was not found" if program in self._programs else "is not allowed"
            text = f"the program {program!r} {why}; the configuration allows {known}"
            raise NodeError("program_refused", text, category=Category.PARSING_INPUT)
        seconds, stdin = request["seconds"], request["stdin"].encode()
        limits = (str(max(1, int(seconds) + 1)), str(self._memory), str(LARGEST))
        # The path as it is: the Python of an environment is a link, and knows it by its name.
        command = [sys.executable, "-I", "-S", "-c", _LIMITED, *limits, str(Path(path).absolute())]
        running = subprocess.Popen(  # noqa: S603 - from the list, and no shell
            [*command, *request["arguments"]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._environment,
            start_new_session=True,
        )
        outs: list[bytearray] = [bytearray(), bytearray()]
        readers = [
            threading.Thread(target=_read, args=(running.stdout, outs[0]), daemon=True),
            threading.Thread(target=_read, args=(running.stderr, outs[1]), daemon=True),
            threading.Thread(target=_write, args=(running.stdin, stdin), daemon=True),
        ]
        for reader in readers:
            reader.start()
        why_ended = self._wait(running, seconds, outs, stop)
        for reader in readers:
            reader.join(timeout=1)
        if why_ended is None and sum(map(len, outs)) > LARGEST:
            why_ended = _TOO_MUCH
        if why_ended is not None:
            code, text = why_ended
            category = Category.OFF_CHAIN
            raise NodeError(code, text, category=category, retryable=code == "timeout")
        out, err = (one.decode("utf-8", "replace") for one in outs)
        return {"status": running.returncode, "out": out, "err": err}

    @staticmethod
    def _wait(
        running: subprocess.Popen[bytes],
        seconds: float,
        outs: list[bytearray],
        stop: threading.Event,
    ) -> tuple[str, str] | None:
        """Wait for the end of a program, or end it, with all that it has begun; return why."""
        end = time.monotonic() + seconds
        why = None
        while why is None:
            with suppress(subprocess.TimeoutExpired):
                running.wait(timeout=_TICK_S)
                break
            if stop.is_set():
                why = ("cancelled", "the run was cancelled")
            elif sum(map(len, outs)) > LARGEST:
                why = _TOO_MUCH
            elif time.monotonic() >= end:
                why = ("timeout", f"the program took longer than {seconds:g} s")
        with suppress(OSError):  # it has begun nothing, or all of it is over
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        return why


def _read(source: Any, into: bytearray) -> None:
    with source:
        while len(into) <= LARGEST:
            part = source.read1(65_536)
            if not part:
                break
            into += part


def _write(target: Any, body: bytes) -> None:
    with suppress(OSError, ValueError), target:
        target.write(body)


@final
class Sql:
    """Asks SQLite databases, by the guarded connection of investigations."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, tuple[str, ...]], Any] = {}
        self._lock = threading.Lock()

    def ask(self, request: Json, stop: threading.Event) -> Json:
        """Return the columns and rows of a query."""
        del stop  # the time limit ends it
        try:
            from machines.investigator.security import GuardedConnection  # noqa: PLC0415 - an extra
        except ImportError:
            text = ". ".join(missing("'sql'", "sqlglot", "plan"))
            raise NodeError("not_installed", text) from None
        database, tables = request["database"], tuple(request["tables"])
        try:
            with self._lock:
                connection = self._open.get((database, tables))
                if connection is None:
                    scope = Scope("plan", "plan", tables=tables)
                    connection = GuardedConnection(database, scope)
                    self._open[database, tables] = connection
            rows = connection.query(request["query"])
        except StatechartError as error:
            text = f"{shown(database)}: {error}"
            raise NodeError("sql", text, category=Category.STORAGE) from error
        if rows.truncated:
            text = "the query has more rows than the limit; ask for less at once"
            raise NodeError("too_much_output", text, category=Category.STORAGE)
        return {"columns": list(rows.columns), "rows": [list(map(_cell, row)) for row in rows.rows]}

    def close(self) -> None:
        """Close the connections."""
        for connection in self._open.values():
            connection.close()


def _cell(value: Any) -> Json:
    return value.hex() if isinstance(value, bytes) else value


@final
class File:
    """Reads files."""

    def ask(self, request: Json, stop: threading.Event) -> Json:
        """Return the bytes of a file."""
        del stop
        try:
            with Path(request["path"]).open("rb") as file:
                body = file.read(LARGEST + 1)
        except OSError as error:
            text = f"the file {shown(request['path'])} cannot be read: {error.strerror}"
            raise NodeError("file", text, category=Category.STORAGE) from None
        if len(body) > LARGEST:
            text = f"the file {shown(request['path'])} has more than {LARGEST:,} bytes"
            raise NodeError("too_much_output", text, category=Category.STORAGE)
        return body_of(body)


def standard(config: RunConfig, more: Mapping[str, Transport]) -> dict[str, Transport]:
    """Return the transports of a run: ours, and those that the engine was given."""
    own: dict[str, Transport] = {
        "http": Http(),
        "exec": Exec(config.programs, config.environment),
        "sql": Sql(),
        "file": File(),
    }
    return {**own, **more}
