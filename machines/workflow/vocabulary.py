"""The words of workflows: events, the data of the states, and what a workflow asks for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, TypeAlias

from attrs import field, frozen

from statecharts import Effect, Occurred
from statecharts.model.arguments import COUNT, SPAN, TEXT, Sort, instance, valid

_NAME: Final = valid(Sort("a text that is not empty", lambda value: TEXT.fits(value) and value))

VALUES: Final = instance(Mapping, "values by name, such as {'title': 'a'}")
"""The data of a workflow, by name."""

FOREVER: Final = timedelta(days=36_500)
"""The time limit of a workflow without one: a hundred years."""


# Events.


@frozen
class Start:
    """The work begins."""


@frozen
class Pause:
    """The work is interrupted; its time limit is, too."""


@frozen
class Resume:
    """The work goes on, with a new time limit."""


@frozen
class Complete:
    """The work is done."""


@frozen
class Fail:
    """The work has failed."""

    message: str = field(validator=valid(TEXT))


@frozen
class Retry:
    """The work that has failed is begun again."""


@frozen
class Timeout:
    """The time for the work is over."""


@frozen
class Cancel:
    """The workflow is given up."""


@frozen
class Rollback:
    """The workflow goes back by one event; see `machines.workflow.Stored.process`."""


@frozen
class Custom:
    """Something else has happened, with data that JSON can carry."""

    name: str = field(validator=_NAME)
    data: Any = None


@frozen
class SetContext:
    """A value of the context is set; None as a value is kept as any other."""

    key: str = field(validator=_NAME)
    value: Any


WorkflowEvent: TypeAlias = (
    Start | Pause | Resume | Complete | Fail | Retry | Timeout | Cancel | Custom | SetContext
)


# Data of the workflow and of its states.


@frozen
class Context:
    """The values of a workflow, its time limit and its attempts.

    Attributes:
        values: Values that JSON can carry, by name.
        limit: The longest time that it may run without being paused or done.
        attempts: The number of attempts in all before it has failed; 1 never tries again by itself.
        backoff: The wait before the second attempt; each further one takes twice as long.

    Raises:
        ArgumentError: A value is of the wrong kind (SC221).
    """

    values: Mapping[str, Any] = field(factory=dict, validator=valid(VALUES))
    limit: timedelta = field(default=FOREVER, validator=valid(SPAN))
    attempts: int = field(default=1, validator=valid(COUNT))
    backoff: timedelta = field(default=timedelta(seconds=1), validator=valid(SPAN))

    def wait(self, failures: int) -> timedelta:
        """Return how long to wait after some failures.

        >>> Context(backoff=timedelta(seconds=3)).wait(2)
        datetime.timedelta(seconds=6)
        """
        grown: timedelta = self.backoff * 2 ** min(failures - 1, 30)
        return min(grown, timedelta(days=1))


@frozen
class Idle:
    """Work that has not begun."""

    since: Occurred


@frozen
class Running:
    """Work under way: which attempt, and since when."""

    attempt: int
    since: Occurred


@frozen
class Paused:
    """Work that is interrupted: in which attempt, and since when."""

    attempt: int
    since: Occurred


@frozen
class Waiting:
    """Work that has failed, and is begun again by itself."""

    attempt: int
    message: str


@frozen
class Failed:
    """Work that has failed: in which attempt, why, and when."""

    attempt: int
    message: str
    at: Occurred


@frozen
class Completed:
    """Work that is done."""

    at: Occurred


@frozen
class Cancelled:
    """A workflow that was given up."""

    at: Occurred


# Effects.


@frozen
class Moved(Effect):
    """Tells whoever follows the workflow of one event.

    Attributes:
        source: The state before it; empty for the start.
        target: The state after it; equal to ``source`` when it did not change the state.
        event: The event; None for the start, and for what time has brought about.
    """

    source: str
    target: str
    event: WorkflowEvent | None
