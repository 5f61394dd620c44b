"""Conditions: the boolean expressions of python-statemachine as guards, without evaluating them.

Names, ``not``/``!``, ``and``/``^``, ``or``/``v``, parentheses, ``In('state')`` and constants are
taken apart. A comparison is one name, its text, and is bound to what that library makes of it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Final

from statemachine.spec_parser import replace_operators

from statecharts.model.hooks import Hook
from statecharts.model.named import AllOf, AnyOf, Holds, In, Not

LONGEST: Final = 10_000
"""How many characters a condition may have."""

DEEPEST: Final = 60
"""How deep its parts may lie one in the other."""


class ConditionError(Exception):
    """A text that is no condition; says why."""


Leaf = Callable[[str], Hook]
"""Gives the guard of a name, or of a comparison."""


def guard(text: str, name: Leaf, comparison: Leaf, state: Callable[[str], str]) -> Hook:
    """Return the guard that a condition stands for.

    Args:
        text: The condition.
        name: Gives the guard of a name.
        comparison: Gives the guard of anything else that has a value.
        state: Gives the id of a state that ``In`` names.

    Raises:
        ConditionError: It is no condition.

    >>> from statecharts.model.named import Named
    >>> named = lambda text: Hook(Named(text))
    >>> guard("a ^ !(b v c > 1)", named, named, str).name
    'a and not (b or c > 1)'
    """
    if text.isidentifier():
        return name(text)
    if len(text) > LONGEST:
        raise ConditionError("it is too long")
    try:
        tree = ast.parse(replace_operators(text).strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else "it lies too deep"
        raise ConditionError(str(reason)) from None
    return _guard(tree.body, _Leaves(name, comparison, state), DEEPEST)


class _Leaves:
    """What the parts of a condition become that are not taken apart."""

    def __init__(self, name: Leaf, comparison: Leaf, state: Callable[[str], str]) -> None:
        self.name = name
        self.comparison = comparison
        self.state = state


def _guard(node: ast.expr, leaves: _Leaves, depth: int) -> Hook:
    if depth == 0:
        raise ConditionError("it lies too deep")
    match node:
        case ast.BoolOp(op=operator, values=values):
            parts = tuple(_guard(value, leaves, depth - 1) for value in values)
            return Hook(AllOf(parts) if isinstance(operator, ast.And) else AnyOf(parts))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return Hook(Not(_guard(operand, leaves, depth - 1)))
        case ast.Name(id=name):
            return leaves.name(name)
        case ast.Constant(value=value):
            return Hook(Holds(bool(value)))
        case ast.Call(func=ast.Name(id=function), args=args, keywords=[]) if (
            function.lower() == "in"
        ):
            return _active(args, leaves)
        case ast.Compare():
            return leaves.comparison(ast.unparse(node))
        case _:
            raise ConditionError(f"it has {ast.unparse(node)!r} in it, which has no truth value")


def _active(args: list[Any], leaves: _Leaves) -> Hook:
    values = [arg.value for arg in args if isinstance(arg, ast.Constant)]
    names = [value for value in values if isinstance(value, str)]
    if not names or len(names) < len(args):
        raise ConditionError("In() takes the ids of states, in quotes")
    states = tuple(Hook(In(leaves.state(name))) for name in names)
    return states[0] if len(states) == 1 else Hook(AllOf(states))
