"""The six-event cycle for peers that keep the data of all states together, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from benchmarks.contestant import Run
from benchmarks.cycle.domain import Archived, Blocked, Merge, Visit
from benchmarks.cycle.payloads import SENDS

Send = Callable[[str, dict[str, Any]], object]
"""Sends an event, given by name and payload, to a machine."""


def plain(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return a payload with its times as text."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in payload.items()
    }


EVENTS: Final = tuple((name, plain(payload)) for name, payload in SENDS)


def turn(send: Send) -> Run:
    """Return one turn around the cycle."""

    def run() -> None:
        for name, payload in EVENTS:
            send(name, payload)

    return run


def visits(send: Send, look: Callable[[], tuple[str, Mapping[str, Any]]]) -> list[Visit]:
    """Collect the states of one turn; `look` returns the innermost state and the data held."""
    found = []
    for name, payload in EVENTS:
        send(name, payload)
        state, held = look()
        data: Merge | Archived | None = None
        if state == "active.merge":
            data = Merge(held["feature_branch"], held["commits_ahead"])
        elif state == "archived":
            at = datetime.fromisoformat(held["archived_at"])
            data = Archived(at, Blocked(held["why"]))
        found.append(Visit(state, data))
    return found
