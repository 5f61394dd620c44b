"""The kernel: compile on demand, then step; pure."""

from statecharts.kernel.kernel import Kernel, start, step

__all__ = ["Kernel", "start", "step"]
