"""Guards as JSON: how our namespace says a guard that a ``cond`` cannot say exactly."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from statecharts.interop.literals import plain
from statecharts.model.hooks import Hook
from statecharts.model.named import AllOf, AnyOf, Holds, In, Named, Not

DEEPEST: Final = 100
"""How deep guards may lie one in the other."""


def guard_json(hook: Hook, name: Callable[[str], str]) -> str | None:
    """Return a guard as JSON; None for one that is code, or whose parameters are no plain data.

    >>> guard_json(Hook(Named("atLeast", {"count": 3})), str)
    '{"named": "atLeast", "data": {"count": 3}}'
    """
    said = _said(hook, name, DEEPEST)
    return json.dumps(said) if plain(said, 2 * DEEPEST) else None


def guard_of(text: str, resolve: Callable[[str], str | None]) -> Hook | None:
    """Return the guard that JSON says; None where it says none.

    >>> guard_of('{"not": {"in": "a"}}', str).name
    'not In(a)'
    """
    try:
        return _guard(json.loads(text), resolve, DEEPEST)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _said(hook: Hook, name: Callable[[str], str], depth: int) -> Any:
    if depth == 0:
        return NotImplemented  # which is not plain
    match hook.function:
        case In(state):
            return {"in": name(state)}
        case Holds(value):
            return {"holds": value}
        case Not(inner):
            return {"not": _said(inner, name, depth - 1)}
        case AllOf(guards):
            return {"all": [_said(one, name, depth - 1) for one in guards]}
        case AnyOf(guards):
            return {"any": [_said(one, name, depth - 1) for one in guards]}
        case Named(called, data, doc):
            found: dict[str, Any] = {"named": called}
            if data:
                found["data"] = dict(data)
            if doc:
                found["doc"] = doc
            return found
        case _:
            return NotImplemented


def _guard(said: Any, resolve: Callable[[str], str | None], depth: int) -> Hook:
    if depth == 0 or not isinstance(said, dict):
        raise ValueError(said)
    kind, value = next(iter(said.items()))
    match kind, value:
        case "in", str():
            state = resolve(value)
            if state is None:
                raise KeyError(value)
            return Hook(In(state))
        case "holds", bool():
            return Hook(Holds(value))
        case "not", dict():
            return Hook(Not(_guard(value, resolve, depth - 1)))
        case "all" | "any", list():
            guards = tuple(_guard(one, resolve, depth - 1) for one in value)
            return Hook(AllOf(guards) if kind == "all" else AnyOf(guards))
        case "named", str():
            data, doc = said.get("data", {}), said.get("doc", "")
            if not isinstance(data, dict) or not isinstance(doc, str):
                raise TypeError(said)
            return Hook(Named(value, data, doc))
        case _:
            raise ValueError(said)
