"""Places: how faults name where they are."""

from __future__ import annotations

from collections.abc import Iterable

from statecharts.model.chart import (
    ROOT,
    Always,
    Chart,
    Default,
    Done,
    OnEvent,
    StateNode,
    Transition,
)
from statecharts.model.errors import Fault
from statecharts.model.labels import trigger_text


def fault(
    chart: Chart,
    code: str,
    found: str,
    remedy: str,
    about: StateNode | Transition | None = None,
    location: str | None = None,
) -> Fault:
    """Return a fault of a chart that is about a state, a line or the whole.

    Args:
        chart: The chart.
        code: The code.
        found: What was found.
        remedy: What to do about it.
        about: What it is about.
        location: Where that is declared, if not where ``about`` is.
    """
    if about is None:
        return Fault(code, chart.name, found, remedy, location)
    where = location or about.location
    if isinstance(about, StateNode):
        state = ROOT if about is chart.root else about.id
        return Fault(code, chart.name, found, remedy, where, state)
    line = line_ids(chart).get(id(about))
    return Fault(code, chart.name, found, remedy, where, about.source, line)


def line_ids(chart: Chart) -> dict[int, str]:
    """Return the ids of a chart's lines by the identity of these.

    A repaired chart has those of the chart that it was made from.
    """
    found: dict[int, str] | None = chart._memo.get("line_ids")
    if found is None:
        found = {id(line): name for name, line in chart.lines.items()}
        chart._memo["line_ids"] = found
    return found


def place(transition: Transition, event: type | str | None = None) -> str:
    """Return where a transition is: its source and what takes it.

    >>> place(Transition("active.qa", OnEvent(("failed", "lost"))))
    'active.qa on failed | lost'
    """
    source = transition.source or "the chart"
    if event is not None:
        return f"{source} on {shown_event(event)}"
    match transition.trigger:
        case OnEvent(events):
            return f"{source} on {' | '.join(map(shown_event, events))}"
        case Always():
            return f"{source} always"
        case Done():
            return f"{source} when done"
        case Default():
            return f"{source} by default"
        case trigger:
            return f"{source} {trigger_text(trigger)}"


def listed(names: Iterable[str], word: str = "and") -> str:
    """Return names as people list them.

    >>> listed(["a", "b", "c"]), listed(["a"])
    ("'a', 'b' and 'c'", "'a'")
    """
    shown = [repr(name) for name in names]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} {word} {shown[-1]}"


def shown_event(event: type | str) -> str:
    """Return an event class by its name; a descriptor as it is."""
    return event if isinstance(event, str) else event.__name__


def shown_state(node: StateNode) -> str:
    """Return a state by its id in quotes; the chart itself as ``the chart``.

    >>> from statecharts.model.chart import StateKind
    >>> shown_state(StateNode("active.qa", StateKind.ATOMIC, "qa"))
    "'active.qa'"
    """
    return repr(node.id) if node.id else "the chart"
