"""Effects: what a step asks the outside world to do.

The kernel never carries an effect out; it returns it. Whoever runs the chart decides what an effect
means: a runtime calls a service, a test compares it with the expected one.

Three are about the run itself. The kernel keeps `Raise`, a delayed `Send` and `CancelSend` to
itself, for they say what the run goes on with; it returns the timers that these start and stop.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar

from attrs import field, frozen

from statecharts.model.generics import defaulting
from statecharts.model.values import Value

_OWN_WAYS: Final = frozenset({None, "scxml", "http://www.w3.org/TR/scxml/#SCXMLEventProcessor"})
"""The types of a `Send` that the run itself takes (SCXML 6.2.5)."""


class Effect:
    """The base class of effects; derive an attrs class from it for each effect.

    >>> from attrs import frozen
    >>> @frozen
    ... class SendMail(Effect):
    ...     to: str
    >>> SendMail("ada@example.org")
    SendMail(to='ada@example.org')
    """

    __slots__ = ()


@frozen(eq=False, repr=False)
class StartTimer(Value, Effect):
    """Asks that `TimerFired(id)` be sent back when the time has come.

    Attributes:
        id: Name of this run of the timer; never used twice in the life of a machine.
        due: When it is to fire; may lie in the past, which means at once.
    """

    id: str
    due: datetime


@frozen(eq=False, repr=False)
class CancelTimer(Value, Effect):
    """Says that a timer is not needed any more: its state has been left.

    Attributes:
        id: The id that `StartTimer` gave.
    """

    id: str


@frozen(eq=False, repr=False)
class Raise(Value, Effect):
    """Puts an event on the run's own queue: it is handled in the same macrostep (SCXML 4.2).

    Attributes:
        event: An instance of an event class, or a `NamedEvent`.
    """

    event: Any


@frozen(eq=False, repr=False)
class Send(Value, Effect):
    """Sends an event when the macrostep is over, to the run itself or to somebody else (SCXML 6.2).

    Without a delay it is returned, and `Machine` puts the event in line. With one, and no target,
    the run keeps the event and starts a timer; `TimerFired` of that timer delivers it.

    Attributes:
        event: An instance of an event class, or a `NamedEvent`.
        delay: How long to wait; None sends at once.
        id: The name that `CancelSend` takes it back by; need not be unique.
        target: Whom it is for; None is the run itself. What else there is, the runtime knows.
        type: How it is to be carried there, as a file says; None leaves that to the runtime.
    """

    event: Any
    delay: timedelta | None = None
    id: str | None = None
    target: str | None = None
    type: str | None = None

    @property
    def own(self) -> bool:
        """Whether the run sends it to itself: to nobody else, and by no special way."""
        return self.target is None and self.type in _OWN_WAYS


@frozen(eq=False, repr=False)
class CancelSend(Value, Effect):
    """Takes back every delayed `Send` of that id that has not been delivered (SCXML 6.3).

    Attributes:
        id: The id that `Send` gave.
    """

    id: str


@frozen(eq=False, repr=False)
class Action(Value, Effect):
    """Asks that something be done that a file knows by name.

    Attributes:
        name: The name.
        data: The parameters that the file gives with it.
    """

    name: str
    data: Mapping[str, Any] = field(factory=dict, hash=False)


A = TypeVar("A")
"""The events that may answer a call: a class, or a union of classes."""


@defaulting
class Call(Effect, Generic[A]):
    """An effect that is answered: what a state asks to be done for as long as it is active.

    ``class SpawnAgent(Call[Spawned | Exited])`` is answered by events of these classes. A state
    makes the call when it is entered (``State(Pending, invoke=SpawnAgent)``) and takes it back when
    it is left. The step returns `Invoke` and `CancelInvoke`; whoever carries the call out sends
    `Answer` or `CallFailed` back.

    >>> from attrs import frozen
    >>> @frozen
    ... class Paid:
    ...     receipt: str
    >>> @frozen
    ... class Charge(Call[Paid]):
    ...     card: str
    >>> Charge("4111")
    Charge(card='4111')
    """

    __slots__ = ()


@frozen(eq=False, repr=False)
class Service(Value, Call[Any]):
    """A call that a file knows by name.

    Attributes:
        source: What to call: a name, an address, or the text of a chart.
        data: What to call it with.
    """

    source: str
    data: Mapping[str, Any] = field(factory=dict, hash=False)


@frozen(eq=False, repr=False)
class Invoke(Value, Effect):
    """Asks that a call be carried out, for as long as its state is active (SCXML 6.4).

    Whoever carries it out sends `Answer(id, event)`, or `CallFailed(id, reason)`.

    Attributes:
        id: Name of this call, ``any.pending.spawn_agent#3``; never used twice in a run.
        call: What is to be done.
    """

    id: str
    call: Call[Any]


@frozen(eq=False, repr=False)
class CancelInvoke(Value, Effect):
    """Takes a call back: its state has been left. An answer that comes later is dropped.

    Attributes:
        id: The id that `Invoke` gave.
    """

    id: str
