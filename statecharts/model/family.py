"""Family: what runs say to each other, start, and wait for.

They are effects, calls and events like those of a chart's own. The kernel only returns them; a
runtime carries them out between the runs of its store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, TypeVar, overload

from attrs import field, frozen

from statecharts.model.arguments import EVENT, KEY, NUMBER, TEXT, Sort, check, shown, valid
from statecharts.model.effects import Call, Effect
from statecharts.model.errors import ArgumentError
from statecharts.model.values import Value

T = TypeVar("T")


def chart_name(chart: object) -> str:
    """Return the name of a chart, of the class that declares one, or the name itself.

    >>> from machines.pipeline import Pipeline
    >>> chart_name(Pipeline), chart_name(Pipeline.chart), chart_name("Pipeline")
    ('Pipeline', 'Pipeline', 'Pipeline')
    """
    name = getattr(getattr(chart, "chart", chart), "name", chart)
    if isinstance(name, str) and name:
        return name
    found = f"chart={shown(chart)} is no chart, and not the name of one"
    raise ArgumentError("SC221", "run", found, "Pass a class derived from Statechart, or its name")


@frozen(eq=False, repr=False)
class Tell(Value, Effect):
    """Sends an event to another run of the store.

    Attributes:
        run: The key of the other run.
        event: The event.
    """

    run: str = field(validator=valid(KEY))
    event: Any = field(validator=valid(EVENT))


@frozen(eq=False, repr=False)
class Spawn(Value, Effect):
    """Starts a run that goes its own way.

    Attributes:
        chart: Its chart, which is kept by its name.
        key: Its key; a run that has it already stays as it is.
        context: Its context: an attrs instance, or its JSON, which it is once it has been stored.
    """

    chart: str = field(converter=chart_name)
    key: str = field(validator=valid(KEY))
    context: Any = field(default=None, hash=False)


@frozen(eq=False, repr=False)
class ChildDone(Value):
    """Answers `Child`: the child has ended.

    Attributes:
        data: The data of its final state, as JSON; None without data.
    """

    data: Any = field(default=None, hash=False)


@frozen(eq=False, repr=False)
class ChildFailed(Value):
    """Answers `Child`: the child was cancelled, or could not be started.

    Attributes:
        reason: Why.
    """

    reason: str = ""


@frozen(eq=False, repr=False)
class Child(Value, Call[ChildDone | ChildFailed]):
    """A call that is another run: started with its state, and cancelled when that is left.

    Attributes:
        chart: The chart of the child, which is kept by its name.
        key: Its key; an empty one stands for the key of the call, ``order-7/3``.
        context: Its context: an attrs instance, or its JSON, which it is once it has been stored.
    """

    chart: str = field(converter=chart_name)
    key: str = field(default="", validator=valid(TEXT))
    context: Any = field(default=None, hash=False)


@frozen(eq=False, repr=False)
class Outcome(Value):
    """The outcome of one of the calls of `Each`.

    Attributes:
        status: ``done``, ``failed``, or ``cancelled`` because the others were enough.
        event: What it was answered with; None without an answer. An event that is not among those
            of the chart is a `NamedEvent` once it has been stored.
        reason: Why it failed, where it has no answer.
    """

    status: Literal["done", "failed", "cancelled"]
    event: Any = None
    reason: str = ""


@frozen(eq=False, repr=False)
class Joined(Value):
    """Answers `Each`.

    Attributes:
        outcomes: The outcome of each call, in the order of the calls.
        reached: Whether as many were done as were needed.
    """

    outcomes: tuple[Outcome, ...]
    reached: bool = True


_NEED: Final = Sort(
    "'all', 'any' or a number of calls", lambda need: need in ("all", "any") or NUMBER.fits(need)
)


def _are_many(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes)


_CALLS: Final = Sort("calls, such as (Child(Part), Child(Part))", _are_many)
_ITEMS: Final = Sort("items, such as a list of keys", _are_many)


def _calls(calls: Iterable[Call[Any]]) -> tuple[Call[Any], ...]:
    check("Each", calls=(calls, _CALLS))
    found = tuple(calls)
    for one in found:
        given: object = one
        if isinstance(given, Each) or not isinstance(given, Call):
            text = f"{shown(given)} cannot be one of the calls of Each"
            raise ArgumentError("SC221", "Each", text, "Pass calls, such as Child(Part)")
    return found


@frozen(eq=False, repr=False, init=False)
class Each(Value, Call[Joined]):
    """Many calls as one: ``Each(lambda key: Child(Line, key), over=m.data.keys)``.

    It is answered once enough of them are done, or cannot be any more; the rest is cancelled.

    Args:
        calls: The calls; or, with ``over=``, a function that makes one of an item.
        need: How many must be done: ``all``, ``any`` (one), or a number.
        over: The items, each of which gets a call.

    Attributes:
        calls: The calls; none of them may be an `Each`.
        need: How many must be done: ``all``, ``any`` (one), or a number.
    """

    calls: tuple[Call[Any], ...] = field(converter=_calls)
    need: Literal["all", "any"] | int = field(default="all", validator=valid(_NEED))

    @overload
    def __init__(
        self, calls: Iterable[Call[Any]], need: Literal["all", "any"] | int = "all"
    ) -> None: ...
    @overload
    def __init__(
        self,
        calls: Callable[[T], Call[Any]],
        need: Literal["all", "any"] | int = "all",
        *,
        over: Iterable[T],
    ) -> None: ...
    def __init__(
        self, calls: Any, need: Literal["all", "any"] | int = "all", *, over: Any = None
    ) -> None:
        if callable(calls) is not (over is not None):
            text = "it takes calls, or a function and over=, the items of which it makes them"
            remedy = "Pass Each(calls), or Each(function, over=items)"
            raise ArgumentError("SC221", "Each", text, remedy)
        if over is not None:
            check("Each", over=(over, _ITEMS))
        attrs_init: Any = self.__attrs_init__  # pyright: ignore[reportAttributeAccessIssue]
        attrs_init(calls if over is None else map(calls, over), need)

    def enough(self, done: int, failed: int) -> bool:
        """Return whether as many calls are done as are needed, or cannot be any more.

        >>> one = Each((Child("Line"), Child("Line")), need="any")
        >>> one.enough(0, 1), one.enough(1, 0), one.enough(0, 2)
        (False, True, True)
        """
        return done >= self._needed or len(self.calls) - failed < self._needed

    @property
    def _needed(self) -> int:
        if isinstance(self.need, int):
            return self.need
        return 1 if self.need == "any" else len(self.calls)

    def joined(self, outcomes: tuple[Outcome | None, ...]) -> Joined:
        """Return the answer that outcomes make.

        Args:
            outcomes: The outcome of each call; None for one that is under way, and cancelled now.

        >>> one = Each((Child("Line"), Child("Line")), need="any").joined((None, Outcome("done")))
        >>> [outcome.status for outcome in one.outcomes], one.reached
        (['cancelled', 'done'], True)
        """
        whole = tuple(Outcome("cancelled") if one is None else one for one in outcomes)
        return Joined(whole, sum(one.status == "done" for one in whole) >= self._needed)


FAMILY: Final = (Tell, Spawn, Child, Each)
"""The effects between runs."""
