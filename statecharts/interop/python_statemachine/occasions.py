"""Occasions: when a callback is called, and the parameters that it is called with.

What is known inside the step is noted there; the parameters are filled when the callback is called,
which for an action is once the step is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any, Final

from attrs import evolve, frozen
from statemachine import State
from statemachine.event_data import EventData, TriggerData
from statemachine.transition import Transition as Line

from statecharts.interop.python_statemachine.stages import POSITIONAL, Stage
from statecharts.model.chart import HISTORY, Always, StateKind, Transition
from statecharts.model.events import NamedEvent, StateDone, TimerFired
from statecharts.model.fields import fields_of
from statecharts.model.named import event_name
from statecharts.semantics.snapshot import Microstep

INITIAL: Final = "__initial__"
"""What that library calls the event of the start."""


class Slot(Enum):
    """Where in a step a callback is called."""

    VALIDATOR = "validator"
    COND = "cond"
    BEFORE = "before"
    EXIT = "exit"
    ON = "on"
    ENTER = "enter"
    DEFAULT = "default"
    AFTER = "after"


_LEAVING: Final = (Slot.BEFORE, Slot.EXIT, Slot.ON)
_ENTERING: Final = (Slot.ENTER, Slot.DEFAULT)


@frozen(eq=False)
class Spot:
    """Where a callback belongs.

    Attributes:
        stage: The run, as its host knows it.
        state: Id in the chart of the state that it belongs to, or that its transition leaves.
        line: Their transition; None for a callback of a state.
        eventless: Whether the transition waits for no event.
    """

    stage: Stage
    state: str
    line: Line | None = None
    eventless: bool = False


@frozen(eq=False)
class Occasion:
    """One call of a callback.

    Attributes:
        name: Name of the event; None for an eventless transition.
        event: The event, as the chart knows it.
        line: Their transition.
        state: What the callback is told as ``state``.
        source: What it is told as ``source``.
        target: What it is told as ``target``.
        shown: The states that it sees to be active.
        extra: The parameters that only some callbacks have.
    """

    name: str | None
    event: Any
    line: Line
    state: State
    source: State
    target: State | None
    shown: tuple[str, ...]
    extra: dict[str, Any]


def occasion(
    slot: Slot, spot: Spot, event: Any, shown: tuple[str, ...], step: Microstep | None = None
) -> Occasion:
    """Return the occasion on which a callback is called.

    Args:
        slot: Where in a step it is called.
        spot: Where it belongs.
        event: The event that is being handled.
        shown: The active states.
        step: The microstep, once it is over; None while it is under way.
    """
    stage = spot.stage
    own = stage.state(spot.state)
    eventless = spot.eventless if step is None else _eventless(step, spot)
    name = None if eventless else _name(event, stage)
    line = spot.line
    if line is None:
        entering = slot in _ENTERING
        if step is None:
            line = None if event is None else _guess(spot, str(name), entering=entering)
        else:
            line = (_default(spot, step) if entering else None) or _line(spot, step)
        line = line or Line(State(), own, event=INITIAL)
    event = None if eventless else event
    source, target = stage.live(line.source), line.target and stage.live(line.target)
    found = Occasion(name, event, line, source, source, target, shown, {})
    if slot is Slot.EXIT:
        found = evolve(found, state=own, source=own)
    elif slot in _ENTERING and spot.line is None:
        found = evolve(found, state=own, target=own)
    elif slot is Slot.AFTER and target is not None:
        found = evolve(found, state=target)
    if step is not None:
        found = _with_configurations(found, slot, stage, step)
    return found


def _with_configurations(found: Occasion, slot: Slot, stage: Stage, step: Microstep) -> Occasion:
    """Add the configurations before and after, and show the one that stands there."""
    exited, entered = {*step.exited}, {*step.entered}
    whole = ({*found.shown} - (entered - exited)) | exited
    before, after = stage.ordered(whole), stage.ordered((whole - exited) | entered)
    if slot is Slot.ON:
        extra = {
            "previous_configuration": stage.states(before),
            "new_configuration": stage.states(after),
        }
        found = evolve(found, extra=extra)
    if slot is Slot.AFTER:
        return evolve(found, shown=after)
    if slot is Slot.BEFORE or (slot in _LEAVING and stage.atomic):
        return evolve(found, shown=before)
    if slot in _ENTERING and stage.atomic:
        return evolve(found, shown=after)
    return found


def parameters(found: Occasion, stage: Stage) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the positional and the named parameters of a call, as that library fills them."""
    event = None if found.name is None else stage.event(found.name)
    args, payload = _payload(found.event, stage)
    trigger = TriggerData(machine=stage.host, event=event, args=args, kwargs=payload)
    data = EventData(trigger_data=trigger, transition=found.line)
    data.state, data.source, data.target = found.state, found.source, found.target
    named = data.extended_kwargs
    named |= _prepared(found, args, named, stage)
    return args, named | found.extra


def _prepared(
    found: Occasion, args: tuple[Any, ...], named: dict[str, Any], stage: Stage
) -> dict[str, Any]:
    """Return what `prepare_event` adds; it is asked once for the same event and states."""
    if not stage.prepare:
        return {}
    ends = (found.source.id, None if found.target is None else found.target.id)
    key = (id(found.event), found.name, id(found.line), found.state.id, *ends)
    if key in stage.prepared:
        return stage.prepared[key][1]
    given: dict[str, Any] = {}
    for function in stage.prepare:
        given |= function(*args, **named)
    return stage.keep(key, found.event, given)


def _payload(event: Any, stage: Stage) -> tuple[tuple[Any, ...], dict[str, Any]]:
    match event:
        case None | TimerFired():
            return (), {}
        case StateDone(state):
            args, named = stage.done.get(stage.names.get(state, state), ((), {}))
            return args, dict(named)
        case NamedEvent(data=data):
            named = dict(data)
            return tuple(named.pop(POSITIONAL, ())), named
        case _:
            cls: type = type(event)
            return (), {field.name: getattr(event, field.name) for field in fields_of(cls)}


def _name(event: Any, stage: Stage) -> str:
    if event is None:
        return INITIAL
    if isinstance(event, StateDone):
        return f"done.state.{stage.names.get(event.state, event.state)}"
    return event_name(event)


def event_named(event: Any, spot: Spot) -> str | None:
    """Return what that library calls the event that a callback is called for."""
    return None if spot.eventless else _name(event, spot.stage)


def _eventless(step: Microstep, spot: Spot) -> bool:
    if spot.line is not None:
        return spot.eventless
    return bool(step.fired) and isinstance(step.fired[0].trigger, Always)


def _guess(spot: Spot, event: str, *, entering: bool) -> Line | None:
    """Return their transition that most likely leaves or enters a state while a step is under way.

    It is the one last heard of, or the first there that waits for the event.
    """
    stage, state = spot.stage, spot.state
    for line in (stage.taken, *(line for known in stage.lines.values() for _, line in known)):
        if line is not None and (line is stage.taken or line.match(event)):
            ends = line.targets if entering else [line.source]
            if any(_related(state, stage.ids.get(end.id, end.id)) for end in ends):
                return line
    return None


def _line(spot: Spot, step: Microstep) -> Line | None:
    """Return their transition that leaves or enters a state; None at the start."""
    if not step.fired:
        return None
    state = spot.state
    mine = (t for t in step.fired if any(_related(state, end) for end in (t.source, *t.targets)))
    taken: Transition = next(mine, step.fired[0])
    return spot.stage.line(taken)


def _default(spot: Spot, step: Microstep) -> Line | None:
    """Return the default transition there that a state is entered by; None for any other."""
    stage, state = spot.stage, spot.state
    aims = tuple(_aims(stage, step))
    while not any(aim == state or aim.startswith(f"{state}.") for aim in aims):
        parent = stage.chart[state].parent
        if not parent or parent not in step.entered:
            return None
        if stage.chart[parent].kind is StateKind.COMPOUND:
            lines = stage.state(parent).transitions
            found: list[Line] = [line for line in lines if line.initial]
            return found[0] if found else None
        state = parent
    return None


def _aims(stage: Stage, step: Microstep) -> Iterator[str]:
    """Yield the states that a microstep enters for their own sake."""
    targets = [target for transition in step.fired for target in transition.targets]
    for target in targets or stage.chart.root.initial:
        node = stage.chart[target]
        if node.kind not in HISTORY or not node.parent:
            yield target
        elif node.kind is StateKind.DEEP_HISTORY:
            yield from (s for s in step.entered if s.startswith(f"{node.parent}."))
        else:
            yield from (s for s in step.entered if stage.chart[s].parent == node.parent)


def _related(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")
