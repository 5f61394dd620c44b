"""The journal of a trial: acknowledgements and effects carried out, in a file beside the store.

It is written with ``O_APPEND``, one line a write: it holds all that happened before a process died,
whatever the store thinks of it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, final

from attrs import frozen

ACKNOWLEDGED: Final = "acknowledged"
CARRIED_OUT: Final = "carried out"


@frozen
class Line:
    """One line.

    Attributes:
        what: `ACKNOWLEDGED` or `CARRIED_OUT`.
        run: The key of the run.
        name: The id of the event, or the number of the effect.
        said: The number of the entry; or the effect, as text.
    """

    what: str
    run: str
    name: str
    said: Any


@final
class Journal:
    """A journal.

    Args:
        path: Its file; made when it is not there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_APPEND | os.O_WRONLY | os.O_CREAT)

    def acknowledged(self, run: str, id: str, sequence: int) -> None:
        """Note that somebody was told that an event is on disk."""
        self._write(Line(ACKNOWLEDGED, run, id, sequence))

    def carried_out(self, key: str, effect: object) -> None:
        """Note that a handler has carried an effect out."""
        run, _, number = key.rpartition("/")
        self._write(Line(CARRIED_OUT, run, number, repr(effect)))

    def _write(self, line: Line) -> None:
        text = json.dumps([line.what, line.run, line.name, line.said])
        os.write(self._file, text.encode() + b"\n")
        os.fsync(self._file)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def lines(path: Path) -> Iterator[Line]:
    """Yield the lines of a journal."""
    if path.exists():
        for text in path.read_text(encoding="utf-8").splitlines():
            yield Line(*json.loads(text))
