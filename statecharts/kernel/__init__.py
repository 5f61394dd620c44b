"""The kernel: compile on demand, then step; pure."""

from statecharts.kernel.functions import kernel_of, start, step
from statecharts.kernel.kernel import Kernel
from statecharts.semantics.snapshot import Snapshot

__all__ = ["Kernel", "Snapshot", "kernel_of", "start", "step"]
