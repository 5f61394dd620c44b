"""Versions: whether a document was written for XState 4 or for XState 5."""

from __future__ import annotations

from typing import Any, Final

_FOUR: Final = frozenset(
    {
        *("cond", "internal", "activities", "onEntry", "onExit", "strict", "delimiter", "parallel"),
        *("predictableActionArguments", "preserveActionOrder", "tsTypes", "schema", "autoForward"),
    }
)
_FIVE: Final = frozenset(
    {"guard", "reenter", "types", "schemas", "output", "input", "onSnapshot", "systemId", "route"}
)
_TYPES_OF_FOUR: Final = frozenset(
    {"xstate.send", "xstate.choose", "xstate.pure", "xstate.start", "xstate.stop", "xstate.guard"}
)
_TYPES_OF_FIVE: Final = frozenset(
    {
        *("xstate.and", "xstate.or", "xstate.not", "xstate.stateIn", "xstate.sendTo"),
        *("xstate.spawnChild", "xstate.stopChild", "xstate.emit", "xstate.enqueueActions"),
    }
)
_EVENTS_OF_FOUR: Final = ("done.invoke.", "done.state.", "error.platform.", "xstate.after(")
_EVENTS_OF_FIVE: Final = ("xstate.done.", "xstate.error.", "xstate.snapshot.", "xstate.after.")
_OPAQUE: Final = frozenset(
    {
        "meta",
        "context",
        "params",
        "data",
        "input",
        "output",
        "types",
        "schema",
        "schemas",
        "tsTypes",
    }
)


def version_of(machine: Any) -> int:
    """Return the version that a machine is written for: 4 where that has more marks than 5.

    Marks are keys that only one of them has (``cond`` and ``guard``, ``internal`` and
    ``reenter``), the names of built-in actions, guards and events, and the forms of ``on`` and
    ``after``. A machine without any mark is taken as one for version 5.

    >>> version_of({"states": {"a": {"on": {"GO": {"target": "b", "cond": "ready"}}}}})
    4
    """
    four = five = 0
    waiting = [machine]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        if not isinstance(value, dict):
            continue
        on, kind = value.get("on"), value.get("type")
        four += len(_FOUR & value.keys()) + (isinstance(kind, str) and kind in _TYPES_OF_FOUR)
        five += len(_FIVE & value.keys()) + (isinstance(kind, str) and kind in _TYPES_OF_FIVE)
        four += isinstance(on, list) + isinstance(value.get("after"), list)
        four += "in" in value and ("target" in value or "actions" in value)
        if isinstance(on, dict):
            four += sum(not event or event.startswith(_EVENTS_OF_FOUR) for event in on)
            five += sum(event.startswith(_EVENTS_OF_FIVE) for event in on)
        waiting.extend(inner for key, inner in value.items() if key not in _OPAQUE)
    return 4 if four > five else 5
