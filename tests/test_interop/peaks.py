"""How much memory this process has held at most.

What the standard library tells (``ru_maxrss``) begins, on Linux, at what the parent process held
when it made this one; the kernel's own figure begins anew with each program.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path


def peak_kilobytes() -> int:
    """Return the most that this process has held so far, in kilobytes."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // 1024 if sys.platform == "darwin" else most
