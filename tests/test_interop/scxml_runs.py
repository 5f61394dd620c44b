"""Runs of SCXML documents that need nothing but the chart: which they are, and where they end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from statecharts import Chart, Machine
from statecharts.interop import scxml
from statecharts.interop.documents import DocumentError
from statecharts.model.errors import DefinitionError

START = datetime(2026, 1, 1, tzinfo=UTC)


def loaded(path: Path) -> Chart | None:
    """Return the chart of a document; None for one that is refused with a code of ours."""
    try:
        return scxml.load(path)
    except (DefinitionError, DocumentError) as error:
        if "[SC6" not in str(error):
            raise
        return None


def self_contained(chart: Chart) -> bool:
    """Tell whether a chart names nothing that somebody else would have to do, but to log."""
    return (
        not chart.unbound_guards
        and set(chart.unbound_actions) <= {"log"}
        and not any(node.invoke for node in chart.nodes.values())
    )


def at_rest(chart: Chart) -> Machine[Any, None]:
    """Run a chart until no timer is left."""
    machine: Machine[Any, None] = Machine(chart, at=START)
    for _ in range(100):
        if not machine.snapshot.timers:
            return machine
        machine.advance(timedelta(seconds=1))
    message = f"{chart.name} does not come to rest"
    raise AssertionError(message)


def atomic(machine: Machine[Any, None]) -> list[str]:
    """Return the names of the active states that have none inside, sorted."""
    active = [machine.chart[state] for state in machine.configuration]
    return sorted(node.name for node in active if not node.children)
