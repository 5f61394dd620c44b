"""Effects: what a step asks the outside world to do.

The kernel never carries an effect out; it returns it. Whoever runs the chart decides what an effect
means: a runtime calls a service, a test compares it with the expected one.
"""

from __future__ import annotations

from datetime import datetime

from attrs import frozen


class Effect:
    """What every effect derives from; an effect is an attrs class of one's own.

    >>> from attrs import frozen
    >>> @frozen
    ... class SendMail(Effect):
    ...     to: str
    >>> SendMail("ada@example.org")
    SendMail(to='ada@example.org')
    """

    __slots__ = ()


@frozen
class StartTimer(Effect):
    """Asks that `TimerFired(id)` be sent back when the time has come.

    Attributes:
        id: Name of this run of the timer; never used twice in the life of a machine.
        due: When it is to fire; may lie in the past, which means at once.
    """

    id: str
    due: datetime


@frozen
class CancelTimer(Effect):
    """Says that a timer is not needed any more: its state has been left.

    Attributes:
        id: The id that `StartTimer` gave.
    """

    id: str
