"""python-statemachine: its classes, read and written; its YAML and its JSON, read.

``from_class`` makes a chart of a class; ``attach`` has a machine that runs it call the methods that
the class names. ``to_class`` makes a class of a chart. ``load`` and ``loads`` read files.

| that library says | the chart has |
|---|---|
| a state, with its id, name and value | a state of that id; the rest in ``meta`` |
| an event, or several, dotted or `*` | a descriptor for each |
| `done_state_x`, on the state `x` itself | a completion transition |
| a transition without an event | an eventless one |
| `internal=True`, or no target | an internal one; to its own source, it stays |
| `cond`, `unless`, `validators` | one guard that joins all of them, by name |
| `before`, `on`, `after`, in this order | the actions of the transition, by name |
| `enter`, `exit`, and methods found by convention | the actions of the state, by name |
| an event as a callback | an action that sends it; `Raise` where it is internal |
| `donedata`, results of final states | parameters of the callbacks on completion |
| `invoke=timeout(…)` | a delayed `Send`, and `CancelSend` |
| any other `invoke` | a call of `Service` |

Callbacks are called in that library's order: ``before`` before all exits, ``after`` after all
entries. Where that library differs from its documentation or from SCXML, the chart does not follow
it, and ``chart.warnings`` say so (SC652).
"""

from __future__ import annotations

from statecharts.interop.python_statemachine.hosts import attach, unstarted
from statecharts.interop.python_statemachine.structure import from_class, load, loads
from statecharts.interop.python_statemachine.writer import to_class

__all__ = ["attach", "from_class", "load", "loads", "to_class", "unstarted"]
