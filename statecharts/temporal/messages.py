"""Messages: what crosses the border between a workflow, its activities and its callers.

All of them are attrs classes that JSON can carry; `statecharts.temporal.converter` writes them.
"""

from __future__ import annotations

from typing import Any, Final

from attrs import evolve, field, frozen

from statecharts.runtime.commit import Taken, storable

CARRY_OUT: Final = "statecharts:carry_out"
"""The name of the activity that carries an effect out."""

LOOK_UP: Final = "statecharts:look_up"
"""The name of the activity that looks whether a run is there."""

LONGEST_TEXT: Final = 2_000
"""The most characters of the text of a failure: a server cuts, or refuses, what is longer."""

WORKFLOW: Final = "Statechart"
"""The name of the workflow, whatever its chart; a search attribute says which."""


@frozen
class Facts:
    """What a workflow goes by beside its chart.

    They come with the input of the run, and never from the worker: a replay finds them as they
    were.

    Attributes:
        cap: The entries after which a run continues as new; None leaves it to the server.
        ids: The number of ids that `send` remembers.
        tail: The number of last entries of the history that are kept.
        lease_s: The seconds after which an effect is carried out again whose worker has died.
        searched: Whether the run says in search attributes where it is, which the namespace must
            know: a `TemporalRuntime` registers them.
    """

    cap: int | None = None
    ids: int = 1_000
    tail: int = 100
    lease_s: float = 30.0
    searched: bool = False


@frozen
class Kept:
    """A run on its way into the next one of its workflow.

    Attributes:
        rows: Its `statecharts.store.rows.Run`, as JSON.
        entries: The last entries of its history, as JSON.
        seen: The requests that were taken: id, sequence, time, configuration.
        answers: What children have said that could not be heard yet, by the number of their call.
    """

    rows: dict[str, Any]
    entries: list[dict[str, Any]]
    seen: list[tuple[str, int, int, str]]
    answers: dict[str, str]


@frozen
class Beginning:
    """The input of a workflow.

    Attributes:
        chart: The name of its chart.
        context: The context to begin with, as JSON.
        parent: The key of the parent, and the number and id of the call that the run answers.
        facts: What it goes by.
        kept: What it continues; None for a new run.
    """

    chart: str
    context: Any = None
    parent: tuple[str, int, str] | None = None
    facts: Facts = field(factory=Facts)
    kept: Kept | None = None

    def child(
        self, chart: str, context: Any, parent: tuple[str, int, str] | None = None
    ) -> Beginning:
        """Return the input of a run that this one starts."""
        return evolve(self, chart=chart, context=context, parent=parent, kept=None)


@frozen
class Ended:
    """The result of a workflow: how its run has ended.

    Attributes:
        status: ``ended`` or ``cancelled``.
        configuration: The active states.
        snapshot: The last snapshot, as the protocol writes it.
    """

    status: str
    configuration: tuple[str, ...]
    snapshot: dict[str, Any]


@frozen
class Sent:
    """An event for a run.

    Attributes:
        event: The event, as the protocol writes it; an event itself is written on the way.
        id: The name of the request; the same name is taken once.
    """

    event: Any
    id: str | None = None


@frozen
class Answered:
    """An answer to a call.

    Attributes:
        call: The id of the call.
        event: The event that answers it, as the protocol writes it; None says that it failed.
        last: Whether this is the last answer.
        reason: The reason why it failed.
    """

    call: str
    event: Any = None
    last: bool = True
    reason: str = ""


@frozen
class Order:
    """Something that is done with a run as a whole.

    Attributes:
        verb: ``cancel``, ``suspend``, ``resume``, ``retry``, ``skip`` or ``renew``.
        reason: Why.
    """

    verb: str
    reason: str = ""


@frozen
class Heard:
    """What one run says to another.

    Attributes:
        word: ``tell``, ``leave`` (the parent does not wait any more) or ``answer`` (of a child).
        sender: The key of the run that says it.
        number: The number of the effect, or of the call that it is about.
        body: The event, or the answer, as JSON.
    """

    word: str
    sender: str
    number: int
    body: str = ""


@frozen
class Errand:
    """An effect that is to be carried out.

    Attributes:
        run: The key of the run.
        chart: The name of its chart.
        number: The number of the effect: ``run/number`` is its key.
        name: The name of its class, or of the class of its call.
        call: The id of the call; None for an effect that nobody answers.
        body: The effect, as the protocol writes it.
        lease_s: The seconds within which the worker has to be heard of.
        attempts: The attempts of its handler that have failed.
    """

    run: str
    chart: str
    number: int
    name: str
    call: str | None
    body: str
    lease_s: float
    attempts: int = 0


@frozen
class Carried:
    """What came of an effect.

    Attributes:
        event: The answer to the call, as the protocol writes it; None hands the call over.
        refused: Why the answer cannot be written; empty if it can.
    """

    event: Any = None
    refused: str = ""


@frozen
class Known:
    """What is known of a run.

    Attributes:
        exists: Whether there is one, or was.
        over: Whether its workflow has ended.
        parent: The key of its parent, and the number of its call.
    """

    exists: bool
    over: bool = False
    parent: tuple[str, int] | None = None


def clipped(text: str) -> str:
    """Return a text that any server takes."""
    text = storable(text)
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"


MESSAGES: Final = (
    Answered,
    Beginning,
    Carried,
    Ended,
    Errand,
    Facts,
    Heard,
    Kept,
    Known,
    Order,
    Sent,
    Taken,
)
"""The classes that the converter writes."""
