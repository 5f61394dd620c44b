"""The kernel: compile on demand, then step; pure."""

from statecharts.kernel.functions import kernel_of, start, step
from statecharts.kernel.kernel import Kernel

__all__ = ["Kernel", "kernel_of", "start", "step"]
