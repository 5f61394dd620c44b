"""The process that reads a database for us: started, asked, and killed when its time is up."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, final

from machines.investigator.security import reader

_HEAD: Final = """
import sys
try:
    with open(sys.argv[1], "rb") as file:
        sys.stdout.buffer.write(file.read(int(sys.argv[2])))
except OSError as error:
    sys.exit(error.errno)
"""


def head_of(path: Path, size: int) -> bytes:
    """Return the first bytes of a file, read by another process.

    Where this process has the file open as a database, its locks would be lost when it is closed a
    second time (POSIX).

    Raises:
        OSError: It cannot be read.
    """
    command = [sys.executable, "-I", "-S", "-c", _HEAD, str(path), str(size)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603 - nothing of it is from a query
    if done.returncode:
        raise OSError(done.returncode, os.strerror(done.returncode))
    return done.stdout


End: TypeAlias = Literal["time", "interrupted", "closed", "died"]
"""The reasons why there is no reply."""

_PROGRAM: Final = str(Path(reader.__file__))
_START_S: Final = 10.0  # an interpreter, and the schema of the file
_TICK_S: Final = 0.05  # between two looks at the clock


class NoReplyError(Exception):
    """A process that gives no reply, and does not run any more.

    Attributes:
        end: The reason.
    """

    def __init__(self, end: End) -> None:
        super().__init__(end)
        self.end = end


@final
class Process:
    """A process that runs `reader`, started again when it is needed after it was killed.

    One thread asks at a time; `interrupt` and `close` are for any thread.
    """

    def __init__(
        self, about: Mapping[str, Any], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Keep the settings of the reader; see `reader.Reader`.

        Args:
            about: The settings.
            clock: Returns seconds.
        """
        self._about = dict(about)
        self._clock = clock
        self._lock = threading.Lock()
        self._running: subprocess.Popen[bytes] | None = None
        self._replies: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._end: End | None = None
        self._asking = False

    def start(self) -> Mapping[str, Any]:
        """Start the process, unless it runs; return its first reply, in which it says so.

        Raises:
            NoReplyError: It could not start.
        """
        with self._lock:
            if self._end is not None:
                raise NoReplyError(self._end)
            if self._running is not None:
                return {}
            self._replies = queue.SimpleQueue()
            try:
                self._running = subprocess.Popen(  # noqa: S603 - nothing of it is from a query
                    [sys.executable, "-I", "-S", _PROGRAM],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                )
            except OSError:
                raise NoReplyError("died") from None
            threading.Thread(
                target=_listen, args=(self._running, self._replies), daemon=True
            ).start()
        first = self._exchange({**self._about, "seconds": 2 * _START_S}, _START_S)
        if "error" in first:
            self._kill(None)
        return first

    def ask(self, request: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        """Return the reply to a request; see `reader.Reader.answer`.

        Args:
            request: The request.
            seconds: Time after which the process is killed.

        Raises:
            NoReplyError: The time is up, or the process was ended.
        """
        with self._lock:
            self._asking = True
            if self._end != "closed":
                self._end = None
        try:
            first = self.start()
            if "error" in first:
                return first
            # The longer time is for a process that nobody is left to kill.
            return self._exchange({**request, "seconds": 2 * seconds + 1}, seconds)
        finally:
            self._asking = False

    def interrupt(self) -> None:
        """End the request under way, if there is one."""
        if self._asking:
            self._kill("interrupted")

    def close(self) -> None:
        """End the process for good; a second time is harmless."""
        self._kill("closed")

    def _exchange(self, request: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        running, replies = self._running, self._replies
        until = self._clock() + seconds
        try:
            if running is None or running.stdin is None:
                raise NoReplyError(self._end or "died")
            reader.send(running.stdin, request)  # type: ignore[arg-type]  # a pipe of bytes
        except (OSError, ValueError):  # it ended, or was closed
            self._kill(None)
            raise NoReplyError(self._end or "died") from None
        while True:
            with suppress(queue.Empty):
                reply = replies.get(timeout=max(0.0, min(_TICK_S, until - self._clock())))
                if reply is None:
                    self._kill(None)
                    raise NoReplyError(self._end or "died")
                return reply  # type: ignore[no-any-return]
            if self._clock() >= until:
                self._kill(None)
                raise NoReplyError(self._end or "time")

    def _kill(self, end: End | None) -> None:
        """Kill the process, and remember the reason."""
        with self._lock:
            if end is not None and self._end != "closed":
                self._end = end
            running, self._running = self._running, None
        if running is not None:
            running.kill()
            running.wait()
            assert running.stdin is not None  # noqa: S101 - it was opened
            with suppress(OSError):
                running.stdin.close()


def _listen(running: subprocess.Popen[bytes], replies: queue.SimpleQueue[Any]) -> None:
    """Pass replies on until there are no more, and then None."""
    assert running.stdout is not None  # noqa: S101 - it was opened
    with running.stdout as source:
        while True:
            try:
                replies.put(reader.receive(source))  # type: ignore[arg-type]  # a pipe of bytes
            except (EOFError, OSError, ValueError):
                break
    replies.put(None)
