"""Templates: charts of workflows that many have, made from a few words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from types import new_class
from typing import Any, Final, TypeAlias

from attrs import evolve, field, frozen

from machines.workflow.vocabulary import FOREVER, VALUES, Cancel, Pause, Resume, Retry
from statecharts import Call, CallFailed, Compound, History, Moment, Parallel, State, Statechart
from statecharts.model.arguments import COUNT, SPAN, TEXT, Sort, check, optional, valid

__all__ = [
    "Approved",
    "Decide",
    "Declined",
    "Notes",
    "Work",
    "Worked",
    "approval",
    "map_reduce",
    "pipeline",
]


@frozen
class Worked:
    """A piece of work is done, with a result that JSON can carry."""

    result: Any = None


@frozen
class Work(Call[Worked]):
    """A piece of work for whoever handles it.

    Attributes:
        step: The name of the step.
        given: What the workflow was given, and the results of the steps before, by their names.
    """

    step: str
    given: Mapping[str, Any]


@frozen
class Approved:
    """Somebody has said yes."""

    by: str


@frozen
class Declined:
    """Somebody has said no, and why."""

    by: str
    reason: str = ""


@frozen
class Decide(Call[Approved | Declined]):
    """A question to one person, who may take long to answer."""

    who: str
    given: Mapping[str, Any]


@frozen
class Notes:
    """The context of workflows made from templates.

    Attributes:
        values: What it was given, and results, by name; JSON can carry all of it.
        reason: Why it has failed; empty while it has not.
    """

    values: Mapping[str, Any] = field(factory=dict, validator=valid(VALUES))
    reason: str = field(default="", validator=valid(TEXT))


NAME: Final = Sort("the name of a class", lambda value: TEXT.fits(value) and value.isidentifier())
NAMES: Final = Sort(
    "a list of names",
    lambda value: isinstance(value, list | tuple) and value and all(map(TEXT.fits, value)),
)

_Moment: TypeAlias = Moment[Any, Any, Notes]
Body: TypeAlias = Callable[[dict[str, Any]], Any]

TIMED_OUT: Final = "it took too long"
"""The reason of a workflow that has failed because of its time limit."""


def pipeline(name: str, steps: Sequence[str], *, limit: timedelta = FOREVER) -> Any:
    """Return the chart of a workflow whose steps follow one another.

    Each step is a call of `Work`, and its result is kept under the step's name for those that
    follow. A step that fails makes the workflow fail; `Retry` begins that step again.

    Args:
        name: The name of the chart.
        steps: The names of the steps, in order: identifiers.
        limit: The longest time for each step.

    >>> fetch = pipeline("Report", ["fetch", "check", "publish"])
    >>> [state.id for state in fetch.chart][:5]
    ['live', 'live.work', 'live.work.fetch', 'live.work.check', 'live.work.publish']
    """
    check("pipeline", name=(name, NAME), steps=(steps, NAMES), limit=(limit, SPAN))
    _check(name, steps, "steps")

    def work(body: dict[str, Any]) -> None:
        before: Any = None
        for step in [*steps, "done"]:
            last = step == "done"
            state = State(final=True) if last else State(invoke=_work(step), initial=before is None)
            body[step] = state
            if before is not None:
                body[before].to(state, on=Worked, update=_noted(before))
            before = step

    return _template(name, Worked, work, limit=limit)


def map_reduce(name: str, shards: int, *, limit: timedelta = FOREVER) -> Any:
    """Return the chart of a workflow that works side by side, and then puts the results together.

    Its parts are calls of `Work` named ``map-1`` to ``map-N``, its end is one named ``reduce``,
    which is given all of their results. `Retry` begins only those again that have not come out.

    Args:
        name: The name of the chart.
        shards: The number of parts.
        limit: The longest time for the parts together, and for the end.
    """
    check("map_reduce", name=(name, NAME), shards=(shards, COUNT), limit=(limit, SPAN))

    def shard(step: str, body: dict[str, Any]) -> None:
        mapping = body["mapping"] = State(invoke=_work(step), initial=True)
        mapped = body["mapped"] = State(final=True)
        mapping.to(mapped, on=Worked, update=_noted(step))

    def shares(body: dict[str, Any]) -> None:
        for number in range(1, shards + 1):
            step = f"map-{number}"
            key = f"shard_{number}"
            body[key] = new_class(key, (Compound,), {}, partial(shard, step))

    def work(body: dict[str, Any]) -> None:
        mapping: Any = new_class("map", (Parallel,), {"initial": True}, shares)
        body["map"] = mapping
        body["reduce"] = State(invoke=_work("reduce"))
        body["done"] = State(final=True)
        mapping.when_done(body["reduce"])
        body["reduce"].to(body["done"], on=Worked, update=_noted("reduce"))

    return _template(name, Worked, work, limit=limit)


def approval(
    name: str, people: Sequence[str], *, need: int | None = None, limit: timedelta = FOREVER
) -> Any:
    """Return the chart of a workflow that asks people, all at once, until the answer is clear.

    Each person is asked by a call of `Decide`. The names of those who said yes and no are kept as
    ``approved`` and ``declined``. It is completed once enough have said yes, and fails once that
    cannot be any more; `Retry` asks again whoever has not answered.

    Args:
        name: The name of the chart.
        people: Who is asked: identifiers.
        need: How many have to say yes; None for all of them.
        limit: How long they have for it.
    """
    check(
        "approval",
        name=(name, NAME),
        people=(people, NAMES),
        need=(need, optional(COUNT)),
        limit=(limit, SPAN),
    )
    _check(name, people, "people")
    wanted = len(people) if need is None else need
    if not 1 <= wanted <= len(people):
        text = f"approval({name!r}, need={need}): ask for 1 to {len(people)}"
        raise ValueError(text)

    def person(who: str, body: dict[str, Any]) -> None:
        asks: Any = {Decide: lambda m: Decide(who, m.context.values)}
        asking = body["asking"] = State(invoke=asks, initial=True)
        answered = body["answered"] = State(final=True)
        asking.to(answered, on=Approved, update=partial(_counted, "approved", who))
        asking.to(answered, on=Declined, update=partial(_counted, "declined", who))

    def everybody(body: dict[str, Any]) -> None:
        for who in people:
            body[who] = new_class(who, (Compound,), {}, partial(person, who))

    def work(body: dict[str, Any]) -> None:
        asking: Any = new_class("asking", (Parallel,), {"initial": True}, everybody)
        body["asking"] = asking
        body["done"] = State(final=True)
        asking.always(body["done"], when=lambda m: _answers(m, "approved") >= wanted)

    def ways(body: dict[str, Any]) -> None:
        body["work"].always(
            body["failed"],
            when=lambda m: _answers(m, "declined") > len(people) - wanted,
            update=lambda m: evolve(m.context, reason="declined"),
        )

    return _template(name, Approved | Declined, work, ways, limit=limit)


def _template(
    name: str, answers: Any, work: Body, ways: Body = lambda _: None, *, limit: timedelta
) -> Any:
    """Return the chart around the work: pausing, failing and giving up are the same for all."""

    def inside(body: dict[str, Any]) -> None:
        work(body)
        body["back"] = History(next(iter(body.values())), deep=True)

    def live(body: dict[str, Any]) -> None:
        working: Any = new_class("work", (Compound,), {"initial": True}, inside)
        paused, failed = State(), State()
        body |= {"work": working, "paused": paused, "failed": failed}
        ways(body)
        working.to(paused, on=Pause)
        paused.to(working.back, on=Resume)
        working.to(failed, on=CallFailed, update=_reason)
        body["limit"] = working.after(limit, failed, update=_reason)
        failed.to(working.back, on=Retry, update=lambda m: evolve(m.context, reason=""))

    def chart(body: dict[str, Any]) -> None:
        body["__doc__"] = f"{name}, a workflow made from a template."
        whole: Any = new_class("live", (Compound,), {"initial": True}, live)
        completed, cancelled = State(final=True), State(final=True)
        body |= {"live": whole, "completed": completed, "cancelled": cancelled}
        whole.work.when_done(completed)
        whole.to(cancelled, on=Cancel)

    events: Any = answers | Pause | Resume | Retry | Cancel
    return new_class(name, (Statechart[events, Notes],), {}, chart)


def _noted(step: str) -> Callable[[_Moment], Notes]:
    """Return what keeps the result of a step."""
    return lambda m: evolve(m.context, values={**m.context.values, step: m.event.result})


def _counted(key: str, who: str, moment: _Moment) -> Notes:
    """Keep who has said what."""
    values = moment.context.values
    return evolve(moment.context, values={**values, key: [*values.get(key, ()), who]})


def _answers(moment: _Moment, key: str) -> int:
    return len(moment.context.values.get(key, ()))


def _reason(moment: _Moment) -> Notes:
    reason = moment.event.reason if isinstance(moment.event, CallFailed) else TIMED_OUT
    return evolve(moment.context, reason=reason)


def _work(step: str) -> Any:
    return {Work: lambda m: Work(step, m.context.values)}


def _check(name: str, given: Sequence[str], what: str) -> None:
    """Refuse names that cannot be names of states."""
    for one in given:
        if not one.isidentifier() or one == "done":
            text = f"{name!r}: {one!r} among its {what} cannot be the name of a state"
            raise ValueError(text)
    if len(set(given)) < len(given):
        text = f"{name!r}: a name comes twice among its {what}"
        raise ValueError(text)
