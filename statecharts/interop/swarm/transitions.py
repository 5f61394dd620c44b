"""Transitions: the handlers and timeouts of a state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

from statecharts.interop.drafts import Draft
from statecharts.interop.grammar import take
from statecharts.interop.swarm.content import Scope, guard
from statecharts.interop.swarm.syntax import HANDLER
from statecharts.interop.syntax.located import Located, plain
from statecharts.model.effects import Raise
from statecharts.model.events import CallFailed, NamedEvent, matches
from statecharts.model.hooks import Hook
from statecharts.model.named import Give
from statecharts.model.nodes import After, OnEvent, StateKind, Transition, TransitionKind

TIMEOUT: Final = "timeout"  # the event of a time that is over where no target is named
_NEXT: Final = {"next_on_success": "success", "next_on_failure": "failure"}

_Way = tuple[str, int, Transition | None]
"""A way out of a state: its name in messages, its line, and the transition."""


def leave(draft: Draft, scope: Scope) -> None:
    """Give a state the transitions that leave it; a final state has none."""
    table: Located = draft.source
    ways: list[_Way] = [
        *(_handler(draft, handler, scope) for handler in table.get("handlers", ())),
        *(_next(draft, key, scope) for key in _NEXT if key in table),
    ]
    if "timeout_target" in table:
        ways.extend(_timeout(draft, scope))
    elif draft.kind is StateKind.FINAL and "timeout_seconds" in table:
        ways.append(("'timeout_seconds'", table.at("timeout_seconds"), None))
    if ways and draft.kind is StateKind.FINAL:
        out, line, _ = ways[0]
        found = f"it is terminal, and {out} leaves it"
        scope.note("SC617", found, "Remove that, or terminal = true", line, draft)
        return
    draft.transitions.extend(way for _, _, way in ways if way is not None)


def _handler(draft: Draft, table: Located, scope: Scope) -> _Way:
    event = table.get("event")
    shown = f"the handler of {event!r}" if isinstance(event, str) else "a handler"
    place = f"{scope.place(draft)}, {shown}"
    handler, other = take(table, HANDLER, scope.findings, place)
    if other:
        draft.meta.setdefault("handlers", []).append(plain({**handler, **other}))
    hook = guard(handler, scope, place)
    target = _target(handler, "target", scope, place)
    way = None
    if target is not None and "event" in handler:
        at = scope.findings.document.place(table.line)
        trigger = OnEvent((handler["event"],))
        way = Transition(draft.id, trigger, (target.id,), guard=hook, location=at)
    return shown, table.line, way


def _next(draft: Draft, key: str, scope: Scope) -> _Way:
    line = draft.source.at(key)
    target = _target(draft.source, key, scope, scope.place(draft))
    way = None
    if target is not None:
        at = scope.findings.document.place(line)
        fails = key == "next_on_failure" and draft.source.get("agents")
        events = (_NEXT[key], CallFailed) if fails else (_NEXT[key],)
        way = Transition(draft.id, OnEvent(events), (target.id,), location=at)
    return repr(key), line, way


def _timeout(draft: Draft, scope: Scope) -> Iterator[_Way]:
    table: Located = draft.source
    line = table.at("timeout_target")
    target = _target(table, "timeout_target", scope, scope.place(draft))
    if "timeout_seconds" in table:
        way = None
        if target is not None:
            at = scope.findings.document.place(line)
            way = _after(draft, table["timeout_seconds"], (target.id,), at)
        yield "'timeout_target'", line, way
    elif "timeout_seconds" not in table.lines:
        draft.meta["timeout_target"] = table["timeout_target"]
        found = "'timeout_target' has no effect without 'timeout_seconds'"
        scope.note("SC651", found, "Write timeout_seconds = …", line, draft)


def _target(table: Located, key: str, scope: Scope, place: str) -> Draft | None:
    name = table.get(key)
    if name is None or not scope.has(name, "state", scope.states, table.at(key), place):
        return None
    return scope.states[name]


def time(draft: Draft, scope: Scope) -> None:
    """Have a time without a target raise ``timeout``, where something handles that."""
    table: Located = draft.source
    if "timeout_seconds" not in table or "timeout_target" in table.lines:
        return
    if draft.kind is StateKind.FINAL:  # noted already
        return
    seconds, line = table["timeout_seconds"], table.at("timeout_seconds")
    if answers((*draft.ancestors(), *draft.walk()), TIMEOUT):
        draft.transitions.append(raise_after(draft, seconds, scope.findings.document.place(line)))
        return
    draft.meta["timeout_seconds"] = seconds
    found = "'timeout_seconds' has no 'timeout_target', and nothing here handles 'timeout'"
    remedy = "Write timeout_target = …, or a handler of 'timeout'"
    scope.note("SC651", found, remedy, line, draft)


def answers(drafts: Iterable[Draft], event: str) -> bool:
    """Tell whether one of some states handles an event."""
    ways = (way for draft in drafts for way in draft.transitions)
    names = (name for way in ways for name in way.events if isinstance(name, str))
    return any(matches(name, event) for name in names)


def raise_after(draft: Draft, seconds: float, location: str) -> Transition:
    """Return the transition that raises ``timeout`` when a state has been active for a time."""
    way = _after(draft, seconds, (), location)
    emit = (Hook(Give(Raise(NamedEvent(TIMEOUT)))),)
    kind = TransitionKind.INTERNAL
    return Transition(way.source, way.trigger, kind=kind, emit=emit, location=location)


def _after(draft: Draft, seconds: float, targets: tuple[str, ...], location: str) -> Transition:
    trigger = After(timedelta(seconds=seconds), f"{draft.id}.after.1")
    return Transition(draft.id, trigger, targets, location=location)
