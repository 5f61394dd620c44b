"""The declaration: a typed DSL whose class bodies become charts."""

from statecharts.declare.members import Line
from statecharts.declare.statechart import Statechart
from statecharts.declare.states import History, State
from statecharts.declare.superstates import Compound, Parallel

__all__ = ["Compound", "History", "Line", "Parallel", "State", "Statechart"]
