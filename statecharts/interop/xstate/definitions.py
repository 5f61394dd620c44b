"""Definitions: what a machine says of itself when it is written as JSON, made a config again.

``JSON.stringify(machine)`` writes ``machine.definition``: transitions that know their source, ids
on every state, and the actions and events with which XState carries out delays.
"""

from __future__ import annotations

from typing import Any, Final

from statecharts.interop.syntax.located import Located
from statecharts.interop.xstate.notes import Notes

_DERIVED: Final = ("key", "order", "version", "transitions")
_OF_TRANSITION: Final = ("eventType", "source", "event", "delay")
_AFTER: Final = ("xstate.after.", "xstate.after(")


def is_definition(machine: Located) -> bool:
    """Tell whether a machine is a definition."""
    return isinstance(machine.get("transitions"), list) and "key" in machine and "order" in machine


def configured(machine: Located, version: int, notes: Notes) -> Located:
    """Return the config that a definition stands for.

    Definitions leave out where history leads, and those of v5 eventless transitions and what
    built-in actions do; that is noted.
    """
    root = _state(machine, version)
    for key in ("id", "key", "version"):
        if key in machine:
            root[key] = machine[key]
    waiting = [root]
    histories = False
    while waiting:
        state = waiting.pop()
        histories = histories or state.get("type") == "history"
        states = state.get("states")
        if not isinstance(states, Located):
            continue
        fresh = Located((), states.line, states.lines)
        for name, held in states.items():
            fresh[name] = held
            if isinstance(held, Located):
                fresh[name] = _state(held, version)
                waiting.append(fresh[name])
        state["states"] = fresh
    if histories or version != 4:  # noqa: PLR2004 - the version
        lost = "eventless transitions, and " if version != 4 else ""  # noqa: PLR2004
        found = f"this is the definition of a machine, which leaves out {lost}where history leads"
        remedy = "Write its config instead: JSON.stringify(machine.config)"
        notes.add("SC652", found, remedy, machine.line, "the machine")
    return root


def _state(held: Located, version: int) -> Located:
    """Return one state as a config, what is inside it as it stands."""
    state = Located(held, held.line, held.lines)
    for key in (*_DERIVED, *(key for key in ("history", "states") if not held.get(key))):
        state.pop(key, None)
    if held.get("type") == "parallel":
        state.pop("initial", None)
    initial = state.get("initial")
    if isinstance(initial, Located):
        if not initial.get("target"):
            del state["initial"]
        else:
            kept = ("target", "actions", "meta", "description")
            state["initial"] = Located(
                {key: initial[key] for key in kept if initial.get(key)}, initial.line, initial.lines
            )
    delays = _transitions(state, held)
    for key in ("entry", "exit"):
        if isinstance(held.get(key), list):
            state[key] = _actions(held[key], delays, version)
    invoke = held.get("invoke")
    if isinstance(invoke, list):
        state["invoke"] = [_without(one, "type") for one in invoke]
    return state


def _transitions(state: Located, held: Located) -> int:
    """Sort the transitions of a state by what takes them; return how many delays it has."""
    on = held.get("on")
    if not isinstance(on, Located):
        return 0
    events, after = Located((), on.line, on.lines), Located((), on.line, {})
    for event, listed in on.items():
        if not isinstance(listed, list):
            events[event] = listed
            continue
        found = [_without(one, *_OF_TRANSITION) for one in listed]
        delays = [one.get("delay") for one in listed if isinstance(one, Located)]
        if event.startswith(_AFTER) and delays and isinstance(delays[0], str | int | float):
            after[str(delays[0])] = found
            after.lines[str(delays[0])] = on.at(event)
        elif event in (f"xstate.done.state.{held.get('id')}", f"done.state.{held.get('id')}"):
            state["onDone"] = found
        elif event == "":
            state["always"] = found
        else:
            events[event] = found
    state["on"] = events
    if after:
        state["after"] = after
    return len(after)


def _actions(actions: list[Any], delays: int, version: int) -> list[Any]:
    """Return the actions of a state without those that carry out its delays."""
    if version != 4:  # noqa: PLR2004 - the version
        return actions[: len(actions) - delays] if delays <= len(actions) else actions
    return [action for action in actions if not _is_of_delay(action)]


def _is_of_delay(action: Any) -> bool:
    if not isinstance(action, dict):
        return False
    event = action.get("event")
    name = event.get("type") if isinstance(event, dict) else event
    return any(isinstance(n, str) and n.startswith(_AFTER) for n in (name, action.get("sendId")))


def _without(held: Any, *names: str) -> Any:
    if not isinstance(held, Located):
        return held
    kept = {key: value for key, value in held.items() if key not in names}
    return Located(kept, held.line, held.lines)
