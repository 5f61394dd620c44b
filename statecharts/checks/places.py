"""Places: how faults name where they are."""

from __future__ import annotations

from collections.abc import Iterable

from statecharts.model.chart import Always, Chart, Default, Done, OnEvent, Transition
from statecharts.model.errors import Fault
from statecharts.model.labels import trigger_text


def fault(chart: Chart, code: str, found: str, remedy: str, location: str | None) -> Fault:
    """Return a fault of a chart."""
    return Fault(code, chart.name, found, remedy, location)


def place(transition: Transition, event: type | str | None = None) -> str:
    """Return where a transition is: its source and what takes it.

    >>> place(Transition("active.qa", OnEvent(("failed", "lost"))))
    'active.qa on failed | lost'
    """
    source = transition.source or "the chart"
    if event is not None:
        return f"{source} on {_name(event)}"
    match transition.trigger:
        case OnEvent(events):
            return f"{source} on {' | '.join(map(_name, events))}"
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


def _name(event: type | str) -> str:
    return event if isinstance(event, str) else event.__name__
