"""Workers: the names under which processes claim effects, and which of them have died.

A claim holds until its lease is over, whoever made it. Where a name tells for certain that its
process is gone, nobody has to wait for that: a process is known by the boot of its machine, its
PID namespace, its number and the time of its start, none of which comes again together.
"""

from __future__ import annotations

import os
import uuid
from functools import cache
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")


def worker_name(pid: int | None = None) -> str:
    """Return a new name for a worker of a process; of this one by default."""
    number = os.getpid() if pid is None else pid
    place, start = _place(), _start(number)
    process = f"{place}/{number}/{start}" if place and start else ""
    return f"{process}#{uuid.uuid4().hex}"


def has_died(worker: str) -> bool:
    """Return whether the process of a worker is gone for certain; False where nobody here knows.

    >>> has_died(worker_name())
    False
    """
    process, _, _ = worker.rpartition("#")
    place, _, rest = process.partition("/")
    number, _, start = rest.partition("/")
    if not place or place != _place():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:  # there is a process of that number, of another user
        return False
    return _start(int(number)) not in (start, None)


@cache
def _place() -> str:
    """Return the boot and the PID namespace that process numbers are valid in; empty if unknown."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}+{(_PROC / 'self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


def _start(pid: int) -> str | None:
    """Return when a process was started, in ticks since the boot.

    Returns:
        An empty text for a process that has ended; None where that cannot be known.
    """
    try:
        state, *rest = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    except OSError:
        return None
    return "" if state in ("Z", "X") else rest[18]
