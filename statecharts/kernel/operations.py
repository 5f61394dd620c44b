"""Operations: the things to do that plans are made of, each with the place that errors name."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, final

from statecharts.kernel.macrostep import Macrostep, checked_delay
from statecharts.model.chart import After, StateNode, Transition
from statecharts.model.errors import StepError
from statecharts.model.events import StateDone
from statecharts.model.hooks import Hook
from statecharts.model.values import repr_of
from statecharts.semantics.filling import Builder, Recipe
from statecharts.semantics.snapshot import Remembered


class Operation:
    """One thing to do in a microstep.

    Attributes:
        role: What its callback is, for errors: ``entry``, ``make``, ``emit`` …
        state: Id of the state that the callback belongs to.
        transition: The transition that it belongs to, if it belongs to one.
        hidden: The states that its callbacks do not see: left already, or not entered yet.
    """

    __slots__ = ("hidden", "role", "state", "transition")

    hidden: frozenset[str]
    role: str
    state: str
    transition: Transition | None

    def perform(self, run: Macrostep) -> None:
        """Do it."""
        raise NotImplementedError


@final
class Record(Operation):
    """Notes what a history state will remember, data included."""

    __slots__ = ("ids", "positions", "slot")

    def __init__(
        self, state: str, slot: int, ids: tuple[str, ...], positions: tuple[int, ...]
    ) -> None:
        self.role, self.state, self.transition = "history", state, None
        self.slot = slot
        self.ids = ids
        self.positions = positions

    def perform(self, run: Macrostep) -> None:
        """Do it."""
        remembered = Remembered(self.ids, tuple(run.old[i] for i in self.positions))
        slot = self.slot
        run.history = (*run.history[:slot], remembered, *run.history[slot + 1 :])


@final
class Leave(Operation):
    """Adds the effects of leaving a state."""

    __slots__ = ("hook", "position")

    def __init__(self, node: StateNode, hook: Hook, position: int, hidden: frozenset[str]) -> None:
        self.role, self.state, self.transition = "exit", node.id, None
        self.hidden = hidden
        self.hook = hook
        self.position = position

    def perform(self, run: Macrostep) -> None:
        """Do it."""
        run.hide(self.hidden)
        run.emit(self.hook, run.old[self.position])


@final
class Exit(Operation):
    """Takes back the timers and calls of a state that is left."""

    __slots__ = ("calls", "timers")

    def __init__(self, node: StateNode, timers: tuple[str, ...]) -> None:
        self.role, self.state, self.transition = "exit", node.id, None
        self.timers = timers
        self.calls = tuple(map(node.call_name, node.invoke))

    def perform(self, run: Macrostep) -> None:
        """Do it."""
        if self.timers and run.timers:
            mine = [timer for timer, _ in run.timers if timer.rpartition("#")[0] in self.timers]
            run.stop_timers(mine)
        if self.calls:
            run.entered.pop(self.state, None)
            run.stop_calls([call for call, _ in run.calls if call.rpartition("#")[0] in self.calls])


@final
class Update(Operation):
    """Gives the chart its next context."""

    __slots__ = ("function", "kind", "position")

    def __init__(
        self,
        transition: Transition,
        hook: Hook,
        position: int,
        kind: type | None,
        hidden: frozenset[str],
    ) -> None:
        self.role, self.state, self.transition = "update", transition.source, transition
        self.hidden = hidden
        self.function = hook.function
        self.position = position
        self.kind = kind

    def perform(self, run: Macrostep) -> None:
        """Do it."""
        run.hide(self.hidden)
        data = run.old[self.position] if self.position >= 0 else None
        context = run.call(self.function, data)
        if self.kind is not None and not isinstance(context, self.kind):
            raise self.wrong(run.chart, context)
        run.update(context)

    def wrong(self, chart: str, context: object) -> StepError:
        """Return the error for a context of the wrong class."""
        assert self.kind is not None  # noqa: S101 - else any context is right
        return _wrong(chart, context, self.kind, self.role)


@final
class Emit(Operation):
    """Adds the effects of taking a transition."""

    __slots__ = ("hook", "position", "seen")

    def __init__(
        self,
        transition: Transition,
        hook: Hook,
        position: int,
        hidden: frozenset[str],
        entering: bool,
    ) -> None:
        self.role, self.state, self.transition = "emit", transition.source, transition
        self.hidden = hidden
        self.hook = hook
        self.position = position
        self.seen = entering

    def perform(self, run: Macrostep) -> None:
        """Do it."""
        run.hide(self.hidden)
        values = run.fresh if self.seen else run.old
        run.emit(self.hook, values[self.position] if self.position >= 0 else None)


@final
class Make(Operation):
    """Gives a state the data that a transition makes: its target, or its source when it stays.

    Attributes:
        after: Where the data stands after the microstep.
        before: Where the data of the transition's source stands before it; -1 when it has none.
        make: The callback that makes the data.
        cls: The class that the data must be of.
    """

    __slots__ = ("after", "before", "cls", "make")

    def __init__(
        self, transition: Transition, hook: Hook, cls: type, before: int, after: int
    ) -> None:
        self.role, self.state, self.transition = "make", transition.source, transition
        self.make = hook.function
        self.cls = cls
        self.before = before
        self.after = after

    def perform(self, run: Macrostep) -> None:
        """Do it."""
        data = run.old[self.before] if self.before >= 0 else None
        place, values, hidden = run._place, run._values, run._hidden
        run.see(run.before, run.old)
        made = run.call(self.make, data)
        run.see(place, values, hidden)
        if not isinstance(made, self.cls):
            raise self.wrong(run.chart, made)
        run.fresh[self.after] = made

    def wrong(self, chart: str, made: object) -> StepError:
        """Return the error for data of the wrong class."""
        return _wrong(chart, made, self.cls, self.role)


@final
class Fill(Operation):
    """Gives an entered state its data, field by field.

    Attributes:
        after: Where the data stands after the microstep.
        recipe: What supplies each field.
    """

    __slots__ = ("_build", "after", "recipe")

    def __init__(self, node: StateNode, transition: Transition, recipe: Recipe, after: int) -> None:
        self.role, self.state, self.transition = "data", node.id, transition
        self.recipe = recipe
        self.after = after
        self._build: Builder | None = None

    def perform(self, run: Macrostep) -> None:
        """Do it."""
        build = self._build
        if build is None:
            build = self._build = self.recipe.builder()
        run.fresh[self.after] = build(run.event, run.old, run.context, run.at)


@final
class Restore(Operation):
    """Gives a state that comes back through history the data that it had."""

    __slots__ = ("after", "slot")

    def __init__(self, node: StateNode, slot: int, after: int) -> None:
        self.role, self.state, self.transition = "history", node.id, None
        self.slot = slot
        self.after = after

    def perform(self, run: Macrostep) -> None:
        """Do it."""
        remembered: Any = run.history[self.slot]  # which it has, or it would not be the plan
        run.fresh[self.after] = remembered.values[remembered.ids.index(self.state)]


@final
class Enter(Operation):
    """Adds the effects of entering a state."""

    __slots__ = ("hook", "position")

    def __init__(self, node: StateNode, hook: Hook, position: int, hidden: frozenset[str]) -> None:
        self.role, self.state, self.transition = "entry", node.id, None
        self.hidden = hidden
        self.hook = hook
        self.position = position

    def perform(self, run: Macrostep) -> None:
        """Do it."""
        run.hide(self.hidden)
        run.emit(self.hook, run.fresh[self.position] if self.position >= 0 else None)


@final
class StartTimers(Operation):
    """Starts the timers of an entered state's delayed transitions."""

    __slots__ = ("position", "triggers")

    def __init__(
        self, node: StateNode, position: int, triggers: tuple[After, ...], hidden: frozenset[str]
    ) -> None:
        self.role, self.state, self.transition = "after", node.id, None
        self.hidden = hidden
        self.position = position
        self.triggers = triggers

    def perform(self, run: Macrostep) -> None:
        """Do it."""
        run.hide(self.hidden)
        for trigger in self.triggers:
            run.start_timer(trigger.timer, self._due(trigger, run))

    def _due(self, trigger: After, run: Macrostep) -> datetime:
        now = run.time(f"the delayed transition of {self.state!r}")
        delay: Any = trigger.delay
        if isinstance(delay, Hook):
            data = run.fresh[self.position] if self.position >= 0 else None
            delay = run.call(delay.function, data)
        if isinstance(delay, timedelta):
            return now + checked_delay(run.chart, delay)
        if not isinstance(delay, datetime):
            raise _wrong(run.chart, delay, timedelta, "after")
        if (delay.tzinfo is None) != (now.tzinfo is None):
            found = f"{self.state!r} is to be left at {delay}, but the time given is {now}"
            remedy = "Give both a time zone, or neither"
            raise StepError("SC208", run.chart, found, remedy)
        return delay


@final
class Prepare(Operation):
    """Notes the calls of an entered state, to be made when the run has come to rest."""

    __slots__ = ("calls", "classes", "names", "recipes")

    def __init__(
        self, node: StateNode, recipes: tuple[Recipe | None, ...], hidden: frozenset[str]
    ) -> None:
        self.role, self.state, self.transition = "invoke", node.id, None
        self.hidden = hidden
        self.calls = node.invoke
        self.classes = tuple(one.call for one in node.invoke)
        self.names = tuple(map(node.call_name, node.invoke))
        self.recipes = recipes

    def perform(self, run: Macrostep) -> None:
        """Do it."""
        run.entered[self.state] = (self, run.event)

    def make(self, run: Macrostep, event: Any, data: Any) -> None:
        """Make the calls: the run is at rest, and the state is still active.

        Args:
            run: The macrostep.
            event: The event that the state was entered by.
            data: The data of the state.
        """
        for one, name, recipe in zip(self.calls, self.names, self.recipes, strict=True):
            run.event = event
            if one.make is not None:
                call = run.call(one.make.function, data)
            else:
                assert recipe is not None  # noqa: S101 - one of the two makes it
                call = recipe.builder()(event, (data,), run.context, run.at)
            if not isinstance(call, one.call):
                raise self.wrong(run.chart, call, one.call)
            run.start_call(name, call)

    def wrong(self, chart: str, made: object, wanted: type) -> StepError:
        """Return the error for a call of the wrong class."""
        return _wrong(chart, made, wanted, self.role)


@final
class Finish(Operation):
    """Queues the completion event of a superstate.

    Its data is what the final child that is entered brings, else the data that this carries.
    """

    __slots__ = ("brings", "number", "position")

    def __init__(self, node: StateNode, number: int, position: int, entry: Iterable[Hook]) -> None:
        self.role, self.state, self.transition = "done", node.id, None
        self.number = number
        self.position = position
        found = (getattr(hook.function, "brings", ()) for hook in entry)
        self.brings: tuple[Any, ...] = tuple(value for brought in found for value in brought)

    def perform(self, run: Macrostep) -> None:
        """Do it."""
        data = run.fresh[self.position] if self.position >= 0 else None
        if self.brings:
            data = self.brings[-1]
        run.queue.append((self.number, StateDone(self.state, data)))


def _wrong(chart: str, found: object, wanted: type, role: str) -> StepError:
    text = f"{role} gave {repr_of(found)}; an instance of {wanted.__name__} is expected"
    return StepError("SC208", chart, text, again(found, wanted) or f"Return a {wanted.__name__}")


def again(found: object, wanted: type) -> str:
    """Return what to do about an instance of another class of the same name; "" for any other."""
    if type(found).__name__ != wanted.__name__:
        return ""
    return f"Use the {wanted.__name__} that the chart was declared with, not one declared again"
