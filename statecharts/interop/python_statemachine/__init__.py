"""python-statemachine: its classes, read and written; its YAML and its JSON, read.

``from_class`` makes a chart of a class; ``attach`` has a machine that runs it call the methods that
the class names. ``to_class`` makes a class of a chart. ``load`` and ``loads`` read files. What
becomes of each part is in ``docs/from-python-statemachine.md``.
Callbacks are called in that library's order: ``before`` before all exits, ``after`` after all
entries. Where that library differs from its documentation or from SCXML, the chart does not follow
it, and ``chart.warnings`` say so (SC652).
"""

from __future__ import annotations

from statecharts.interop.python_statemachine.hosts import attach, unstarted
from statecharts.interop.python_statemachine.structure import from_class, load, loads
from statecharts.interop.python_statemachine.writer import to_class

__all__ = ["attach", "from_class", "load", "loads", "to_class", "unstarted"]
