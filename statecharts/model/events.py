"""Events that the library itself knows; all others are attrs classes of the chart's own."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final, TypeAlias

from attrs import field, frozen

from statecharts.model.values import Value


@frozen(eq=False, repr=False)
class TimerFired(Value):
    """The event that takes a delayed transition.

    One whose timer is no longer running is unhandled.

    Attributes:
        id: The id that `StartTimer` gave.
    """

    id: str


@frozen(eq=False, repr=False)
class Answer(Value):
    """An answer to a call that is under way.

    The state that made the call, its active descendants and its ancestors hear the event that it
    carries; no other state does. One for a call that is no longer under way is late: it is
    unhandled, and harmless.

    Attributes:
        id: The id that `Invoke` gave.
        event: What is answered: an instance of an event class, or a `NamedEvent`.
        last: Whether the call ends with it; False is progress.
    """

    id: str
    event: Any
    last: bool = True


@frozen(eq=False, repr=False)
class CallFailed(Value):
    """Says that a call was given up; it ends the call.

    Attributes:
        id: The id that `Invoke` gave.
        reason: What went wrong.
    """

    id: str
    reason: str = ""


@frozen(eq=False, repr=False)
class StateDone(Value):
    """The internal event that takes a `when_done` transition.

    Attributes:
        state: Id of the compound or parallel state that has finished.
        data: Data of the final child that finished it, or what a file says that it brings; None for
            a parallel state.
    """

    state: str
    data: Any = None


@frozen(eq=False, repr=False)
class NamedEvent(Value):
    """An event that is known by its name alone, as charts that come from files use.

    Attributes:
        name: Name on the wire, such as ``gates_passed`` or ``error.timeout``.
        data: Payload by field name.

    >>> NamedEvent("gates_passed", {"commits_ahead": 2}).data["commits_ahead"]
    2
    """

    name: str
    data: dict[str, Any] = field(factory=dict)


Own: TypeAlias = TimerFired | Answer | CallFailed
"""The events of a run's own timers and calls: every chart accepts them, none lists them."""

OWN: Final = (TimerFired, Answer, CallFailed)
"""The classes of `Own`."""


def wire_name(event: type) -> str:
    """Return the name of an event class on the wire: the class name in snake case.

    A class that says ``__wire_name__`` in its own body has that name instead.

    >>> wire_name(TimerFired), wire_name(type("HTTPError404", (), {}))
    ('timer_fired', 'http_error404')
    >>> wire_name(type("Toggle", (), {"__wire_name__": "TOGGLE"}))
    'TOGGLE'
    """
    given = vars(event).get("__wire_name__")
    return given if isinstance(given, str) else snake_case(event.__name__)


@lru_cache(maxsize=1024)
def snake_case(name: str) -> str:
    """Return the name of a class in snake case.

    >>> snake_case("HTTPError404"), snake_case("MediaPlayer")
    ('http_error404', 'media_player')
    """
    apart = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", apart).lower()


def matches(descriptor: str, name: str) -> bool:
    """Tell whether an SCXML event descriptor matches the name of an event (SCXML 3.12.1).

    A descriptor matches when its dotted tokens are a prefix of the name's; ``*`` matches every
    name.

    >>> matches("error", "error.timeout"), matches("error.*", "error"), matches("err", "error")
    (True, True, False)
    """
    if descriptor in ("*", name):
        return True
    prefix = descriptor.removesuffix(".*").removesuffix(".")
    return name == prefix or name.startswith(prefix + ".")


def matches_kind(named: type | str, kind: type | str) -> bool:
    """Tell whether what a line names covers a kind of event.

    Args:
        named: An event class, which covers its subclasses, or an SCXML event descriptor.
        kind: An event class, or the name of an event that has no class.

    >>> matches_kind(Exception, KeyError), matches_kind("timer_fired", TimerFired)
    (True, True)
    >>> matches_kind("error", "error.timeout"), matches_kind(TimerFired, "timer_fired")
    (True, False)
    """
    if isinstance(named, str):
        return matches(named, kind if isinstance(kind, str) else wire_name(kind))
    return isinstance(kind, type) and issubclass(kind, named)


def hears(named: tuple[type | str, ...], kind: type | str) -> bool:
    """Tell whether a line on some events takes a kind of event that comes from a call.

    A line on `Answer` takes every answer, but no failure.

    >>> hears((Answer,), TimerFired), hears((Answer,), CallFailed), hears((CallFailed,), CallFailed)
    (True, False, True)
    """
    if kind is not CallFailed and Answer in named:
        return True
    return any(matches_kind(one, kind) for one in named)


def shown_name(event: object) -> str:
    """Return what errors call an event: its class's name; of a `NamedEvent`, its own name.

    >>> shown_name(NamedEvent("error.timeout")), shown_name(CallFailed("call#1"))
    ('error.timeout', 'CallFailed')
    """
    return event.name if isinstance(event, NamedEvent) else type(event).__name__
