"""Charts through which a secret passes, and an endpoint that repeats whatever it is sent."""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from attrs import frozen

from machines.investigator.secrets import Secret
from statecharts import Effect, Moment, State, Statechart

CANARY = "-".join(["c4n4ry", "in", "the", "mine"])  # noqa: FLY002 - in no line of any source


@frozen
class Login:
    """An event that brings a secret along."""

    key: Secret


@frozen
class Session:
    """A state's data that holds it."""

    key: Secret


@frozen
class Connect(Effect):
    """An effect that hands it on."""

    key: Secret


class Client(Statechart[Login], allow="*"):
    """A chart through which a secret passes."""

    out = State(initial=True)
    inside = State(Session)
    out.to(inside, on=Login, emit=lambda m: Connect(m.event.key))


KEY = Secret(CANARY)


@frozen
class Go:
    """An event that says nothing."""


@frozen
class Knock:
    """An event that may say anything."""

    key: Any = None


@frozen
class Loose:
    """A context, and data, that say nothing of what they hold."""

    key: Any = KEY


def matches(m: Moment[Any, Knock, Any], key: Secret) -> bool:
    """Tell whether it is the right one."""
    return bool(m.event.key == key)


def connect(_: Moment[Any, Any, Any], key: Secret) -> Connect:
    """Hand on a secret."""
    return Connect(key)


class Vault(Statechart[Go | Knock, Loose], allow="*"):
    """A chart that has a secret from the beginning, and shows it wherever it can."""

    shut = State(Loose, initial=True, entry=lambda m: Connect(m.data.key))
    open = State(Loose, entry=functools.partial(connect, key=KEY))
    shut.to(open, on=Go, make=lambda _: Loose(KEY), update=lambda _: Loose([KEY]))
    shut.to(open, on=Knock, when=functools.partial(matches, key=KEY), emit=lambda _: Connect(KEY))


def fail(m: Moment[Any, Any, Any]) -> Any:
    """Fail, with a secret in the message and in the variables."""
    key = KEY
    raise ValueError("cannot", key, m.event)


def failing(role: str) -> Any:
    """Return a chart that fails in one of its callbacks."""
    options: Any = {role: fail} if role in ("when", "make", "update", "emit") else {}

    class Failing(Statechart[Login, Loose], allow="*"):
        a = State(Loose, initial=True, exit=fail if role == "exit" else None)
        b = State(Loose, entry=fail if role == "entry" else None)
        a.to(b, on=Login, **options)

    return Failing


def fail_with(key: Secret) -> None:
    """Fail while a secret is used."""
    raise OSError(key)


@contextmanager
def echo() -> Generator[str, None, None]:
    """Run an endpoint that answers with what it was sent, key included; yield its URL.

    The first part of the path is the status that it answers with.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            heard = {"headers": dict(self.headers), "body": said}
            self.send_response(int(self.path.split("/")[1]), str(self.headers["Authorization"]))
            self.send_header("Location", f"/v1?key={self.headers['Authorization']}")
            self.end_headers()
            content = json.dumps({"type": "wrong", "heard": heard})
            self.wfile.write(json.dumps({"choices": [{"message": {"content": content}}]}).encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
