"""Machine: a chart that runs, with its snapshot held for you."""

from __future__ import annotations

from statecharts.machine.machine import Machine

__all__ = ["Machine"]
