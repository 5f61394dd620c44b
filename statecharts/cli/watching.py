"""`statecharts watch`: a page on this machine that shows the charts of a target as they are saved.

Each drawing is a process of its own, so that it sees the modules as they are on disk.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import click

from statecharts.cli.modules import home_of
from statecharts.cli.targets import TargetError, is_file, parted, python_file, split

HOST: Final = "127.0.0.1"
"""The page is for this machine alone."""

POLL: Final = 0.3
"""Seconds between two looks at the files."""

WAIT: Final = 20.0
"""Seconds that the page waits for news before it asks again."""

_PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>body{{font-family:sans-serif;margin:1.5rem}}svg{{max-width:100%;height:auto}}
pre{{white-space:pre-wrap;border-left:.3rem solid #c8102e;padding-left:1rem}}</style>
<main>{main}</main>
<script>
let version = {version};
async function look() {{
  try {{
    const answer = await fetch("/version?after=" + version);
    if (Number(await answer.text()) !== version) return location.reload();
  }} catch {{ await new Promise(done => setTimeout(done, 1000)); }}
  look();
}}
look();
</script></html>
"""


@click.command(context_settings={"ignore_unknown_options": True})
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8123,
    show_default=True,
    help="Port; 0 takes a free one.",
)
@click.argument("target")
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def watch(target: str, port: int, options: tuple[str, ...]) -> None:
    """Show the charts of TARGET on a page, drawn anew on saving.

    The page is for this machine alone. Faults are shown above the picture. OPTIONS are those of
    'statecharts render'. Ctrl-C ends it.

    \b
    Examples:
      statecharts watch machines.pipeline:Pipeline
      statecharts watch door.scxml --highlight open
    """
    for one in options:
        if one.startswith(("-f", "--format", "-o", "--output")):
            raise TargetError(f"the page shows SVG, and writes no files. Leave {one} out.")
    watched = Watched(target, options)
    try:
        server = serve(watched, port)
    except OSError as error:
        told = f"port {port} cannot be used: {error.strerror}. Choose another with --port."
        raise TargetError(told) from None
    click.echo(f"http://{HOST}:{server.server_port}/")
    try:
        while True:
            time.sleep(POLL)
            watched.look()
    except KeyboardInterrupt:
        server.shutdown()


class Watched:
    """The charts of a target, as they were last saved.

    Attributes:
        target: The target.
        options: The options for `render`.
        version: Number of times that they were drawn.
        main: The contents of the page, in HTML.
    """

    def __init__(self, target: str, options: tuple[str, ...] = ()) -> None:
        self.target = target
        self.options = options
        self.version = 0
        self.main = ""
        self._changed = threading.Condition()
        self._seen: dict[Path, int] = {}
        self.look()

    def look(self) -> bool:
        """Draw the charts anew if a file has changed; tell whether one has."""
        seen = {}
        for path in (*files_of(self.target), *_files_in(self.options)):
            try:
                seen[path] = path.stat().st_mtime_ns
            except OSError:  # it is being saved
                continue
        if seen == self._seen and self.version:
            return False
        self._seen = seen
        main = self._drawn()
        with self._changed:
            self.main, self.version = main, self.version + 1
            self._changed.notify_all()
        return True

    def news(self, after: int, seconds: float = WAIT) -> int:
        """Return the version once it is not ``after``, or when the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: self.version != after, seconds)
            return self.version

    def page(self) -> str:
        """Return the page."""
        with self._changed:
            title = escape(self.target)
            return _PAGE.format(title=title, main=self.main, version=self.version)

    def _drawn(self) -> str:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "statecharts", "render", self.target, "-o", folder]
            done = subprocess.run(  # noqa: S603 - this very program
                [*command, *self.options], capture_output=True, text=True, check=False
            )
            pictures = [path.read_text("utf-8") for path in sorted(Path(folder).glob("*.svg"))]
        told = f"<pre>{escape(done.stderr.strip())}</pre>" if done.stderr.strip() else ""
        return told + "".join(pictures)


def _files_in(options: Iterable[str]) -> Iterator[Path]:
    """Yield the files that the options of `render` name, and those of the target of ``--diff``."""
    before = ""
    for one in options:
        name, equals, value = one.partition("=") if one.startswith("-") else (before, "=", one)
        if equals and Path(value).is_file():
            yield Path(value)
        elif equals and name == "--diff":
            yield from files_of(value)
        before = one


def files_of(target: str) -> Iterator[Path]:
    """Yield the files that a target may depend on: its file, or its module or whole package.

    Nothing while its file is not there.
    """
    if is_file(target):
        yield Path(split(target)[0])
        return
    try:
        file = python_file(target)
    except TargetError:  # it is being saved, or gone
        return
    folder, name = (Path.cwd(), parted(target)[0]) if file is None else home_of(file)
    name = name.partition(".")[0]
    if file is not None and (folder / f"{name}.py").is_file():
        yield file
        return
    sys.path.insert(0, str(folder))
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        spec = None
    finally:
        sys.path.remove(str(folder))
    if spec is None:
        return
    for inside in spec.submodule_search_locations or ():
        yield from sorted(Path(inside).rglob("*.py"))
    if spec.origin is not None and spec.submodule_search_locations is None:
        yield Path(spec.origin)


def serve(watched: Watched, port: int) -> ThreadingHTTPServer:
    """Return a server of a page, at work in threads of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer with the page, or with the version once there is another."""
            path, _, query = self.path.partition("?after=")
            host = (self.headers.get("Host") or "").rpartition(":")[0]
            if host not in (HOST, "localhost"):  # a name of somebody else's leads here
                self._say(403, "text/plain", "only for this machine")
            elif path == "/":
                self._say(200, "text/html", watched.page())
            elif path == "/version":
                after = int(query) if query.isdecimal() else 0
                self._say(200, "text/plain", str(watched.news(after)))
            else:
                self._say(404, "text/plain", "there is only /")

        def do_HEAD(self) -> None:
            """Answer as to GET, without the contents."""
            self.do_GET()

        def _say(self, status: int, kind: str, text: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the terminal quiet."""

    server = ThreadingHTTPServer((HOST, port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
