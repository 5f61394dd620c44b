"""Functions: what a declaration may call, and how to tell that something is not."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from statecharts.model.hooks import applied, function_name
from statecharts.model.values import repr_of


def mistaken(function: Any) -> str | None:
    """Say why something cannot be called with one moment and answer at once; None if it can.

    >>> mistaken(lambda m: True), mistaken(lambda m, more=1: True), mistaken(print)
    (None, None, None)
    >>> mistaken(lambda: True)
    'a function that takes no argument; it must take one, the moment'
    >>> mistaken("locked"), mistaken(3)
    ("'locked', not a function", '3, not a function')
    """
    if isinstance(function, type):
        return f"the class {function.__name__}, not a function"
    if not callable(function):
        return f"{repr_of(function)}, not a function"
    if _is_async(function):
        return f"the coroutine function {function_name(function)}, and a chart never awaits"
    return _arity(function)


def _is_async(function: Callable[..., Any]) -> bool:
    function = applied(function)
    called = getattr(type(function), "__call__", None)  # noqa: B004 - the method, to look inside it
    return any(
        tell(one)
        for one in (function, called)
        for tell in (inspect.iscoroutinefunction, inspect.isasyncgenfunction)
    )


def _arity(function: Callable[..., Any]) -> str | None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some functions written in C do not tell
        return None
    try:
        signature.bind(object())
    except TypeError:
        needed = [
            one
            for one in signature.parameters.values()
            if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
        ]
        count = {0: "no argument", 1: "an argument by name alone"}.get(
            len(needed), f"{len(needed)} arguments"
        )
        return f"a function that takes {count}; it must take one, the moment"
    return None
