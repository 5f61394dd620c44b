"""Declaring lines: every verb makes the transition that it stands for."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import frozen

from statecharts import Chart, Compound, Effect, History, Parallel, State, Statechart
from statecharts.model.chart import (
    After,
    Always,
    Done,
    OnEvent,
    Transition,
    TransitionKind,
    Trigger,
)
from statecharts.model.hooks import Hook


@frozen
class Go:
    pass


@frozen
class Halt:
    pass


@frozen
class Wait:
    pass


@frozen
class Cargo:
    weight: int = 0


@frozen
class Tally:
    count: int = 0


@frozen
class Told(Effect):
    text: str = ""


def is_light(moment: Any) -> bool:
    return bool(moment.data.weight < 1)


def load(moment: Any) -> Cargo:
    return Cargo(1)


def count(moment: Any) -> Tally:
    return Tally(moment.context.count + 1)


def tell(moment: Any) -> Told:
    return Told()


class Lines(Statechart[Any, Tally], allow="*"):
    class work(Compound, initial=True):
        one = State(Cargo, initial=True)
        two = State(Cargo)
        end = State(final=True)
        back = History(one)

        one.to(two, on=Go)
        one.to(two, on=Halt, when=is_light, make=load, update=count, emit=tell)
        one.stay(on=Wait, when=is_light, make=load, update=count, emit=tell)
        one.ignore(on=Wait)
        one.always(two, when=is_light, make=load, update=count, emit=tell)
        one.after(timedelta(seconds=3), two, when=is_light, make=load, update=count, emit=tell)
        two.to(end, on=Go)

    class pair(Parallel):
        class left(Compound):
            end = State(initial=True, final=True)

        class right(Compound):
            end = State(initial=True, final=True)

    rest = State(Cargo)

    work.to(work.one, on=Go)
    work.to(work.two, on=Halt, internal=True)
    work.always(work.two, when=is_light, internal=True)
    work.after(timedelta(seconds=1), work.two, internal=True)
    work.when_done(rest, when=is_light, make=load, update=count, emit=tell)
    pair.when_done(rest)
    rest.to(pair.left.end, on=Go)
    rest.to(work.back, on=Halt)
    rest.to(rest, on=Wait)


def lines_of(state: str, chart: Chart = Lines.chart) -> list[Transition]:
    """Return the transitions that leave a state."""
    return list(chart[state].transitions)


def hooked(state: str, trigger: Trigger, *targets: str, **options: Any) -> Transition:
    """Return a transition that has all four hooks."""
    hooks = Hook(is_light), Hook(load), Hook(count), (Hook(tell),)
    guard, make, update, emit = hooks
    return Transition(
        state, trigger, targets, guard=guard, make=make, update=update, emit=emit, **options
    )


def test_to_is_an_external_transition() -> None:
    """A bare line has its source, its event and its target, and is external."""
    assert lines_of("work.one")[0] == Transition("work.one", OnEvent((Go,)), ("work.two",))
    assert lines_of("work.one")[0].kind is TransitionKind.EXTERNAL


def test_to_keeps_its_hooks() -> None:
    """What is passed as when=, make=, update= and emit= is what the transition calls."""
    assert lines_of("work.one")[1] == hooked("work.one", OnEvent((Halt,)), "work.two")


def test_stay_is_an_internal_transition_without_a_target() -> None:
    """Staying names no target and leaves nothing; it takes the same hooks."""
    expected = hooked("work.one", OnEvent((Wait,)), kind=TransitionKind.INTERNAL)
    assert lines_of("work.one")[2] == expected


def test_ignore_is_a_forbidden_transition() -> None:
    """Ignoring names no target and does nothing."""
    expected = Transition("work.one", OnEvent((Wait,)), kind=TransitionKind.FORBIDDEN)
    assert lines_of("work.one")[3] == expected


def test_always_is_an_eventless_transition() -> None:
    """An eventless line has a target and hooks, and no event."""
    assert lines_of("work.one")[4] == hooked("work.one", Always(), "work.two")


def test_after_is_a_delayed_transition() -> None:
    """A delayed line keeps its delay, and has a timer that bears its state's name."""
    trigger = After(timedelta(seconds=3), "work.one.after.two")
    assert lines_of("work.one")[5] == hooked("work.one", trigger, "work.two")


def test_when_done_is_a_completion_transition() -> None:
    """A completion line belongs to the superstate, compound or parallel."""
    assert lines_of("work")[4] == hooked("work", Done(), "rest")
    assert lines_of("pair") == [Transition("pair", Done(), ("rest",))]


@pytest.mark.parametrize("index", [1, 2, 3])
def test_internal_line_may_lead_into_its_source(index: int) -> None:
    """A transition is internal where internal= asks for it, and only there."""
    assert lines_of("work")[0].kind is TransitionKind.EXTERNAL
    assert lines_of("work")[index].kind is TransitionKind.INTERNAL
    assert lines_of("work")[index].targets == ("work.two",)


def test_line_may_lead_anywhere() -> None:
    """A target may be deep inside, a history, a region's state, or the source itself."""
    assert [line.targets for line in lines_of("rest")] == [
        ("pair.left.end",),
        ("work.back",),
        ("rest",),
    ]


def test_lines_stand_in_the_order_in_which_they_are_written() -> None:
    """A state's lines keep their order; the chart's are those of its states in document order."""
    named = [
        line.trigger.events if isinstance(line.trigger, OnEvent) else type(line.trigger)
        for line in lines_of("work.one")
    ]
    assert named == [(Go,), (Halt,), (Wait,), (Wait,), Always, After]
    sources = [line.source for line in Lines.chart.transitions]
    order = list(Lines.chart.nodes)
    assert sources == sorted(sources, key=order.index)


def test_line_knows_where_it_is_written() -> None:
    """Each transition tells the file and the line of its declaration."""
    lines, first = inspect.getsourcelines(Lines)
    for transition in Lines.chart.transitions:
        file, _, number = (transition.location or "").rpartition(":")
        text = lines[int(number) - first].strip()
        assert file == __file__
        assert text.startswith(f"{transition.source.rpartition('.')[2]}.")


def events_of(on: Any) -> tuple[type | str, ...]:
    """Return the events that a line with this on= is taken by."""

    class Chosen(Statechart):
        only = State(initial=True, resting=True)
        only.stay(on=on)

    (line,) = Chosen.chart.transitions
    assert isinstance(line.trigger, OnEvent)
    return line.trigger.events


@pytest.mark.parametrize(
    ("on", "events"),
    [
        (Go, (Go,)),
        ((Go,), (Go,)),
        ((Go, Halt), (Go, Halt)),
        (Go | Halt, (Go, Halt)),
        (Halt | Go | Wait, (Halt, Go, Wait)),
        ((Go | Halt, Wait), (Go, Halt, Wait)),
        ("gates.passed", ("gates.passed",)),
        ("*", ("*",)),
        ((Go, "error.*"), (Go, "error.*")),
    ],
)
def test_on_takes_one_event_or_several(on: Any, events: tuple[type | str, ...]) -> None:
    """A class, a tuple, a union, a descriptor, or a tuple of those: their events, in order."""
    assert events_of(on) == events


def test_line_of_several_events_is_one_transition() -> None:
    """Several events in one line make one transition, not several."""
    assert len(events_of(Go | Halt)) == len(events_of((Go, Halt))) == 2


@pytest.mark.parametrize("verb", ["to", "stay", "ignore"])
def test_events_of_every_verb_are_known_to_the_chart(verb: str) -> None:
    """Whatever verb names an event, an open chart knows it."""

    class Chosen(Statechart, allow="*"):
        one = State(initial=True)
        line: Callable[..., None] = getattr(one, verb)
        line(*([one] if verb == "to" else []), on=Go | Halt)

    assert [known.cls for known in Chosen.chart.events] == [Go, Halt]


def test_timers_of_one_state_are_told_apart() -> None:
    """A delayed line without a name of its own has a timer named after its target."""

    class Delayed(Statechart):
        one = State(initial=True)
        two = State()
        one.after(timedelta(seconds=1), two)
        one.to(two, on=Go)
        one.after(timedelta(seconds=2), one)
        two.after(timedelta(seconds=3), one)

    timers = [t.trigger.timer for t in Delayed.chart.transitions if isinstance(t.trigger, After)]
    assert timers == ["one.after.two", "one.after.one", "two.after.one"]


def test_delay_may_be_computed() -> None:
    """A function for a delay is kept as a hook, with a name for people."""

    class Delayed(Statechart):
        one = State(Cargo, initial=True)
        one.after(lambda m: timedelta(seconds=m.data.weight), one)

    (line,) = Delayed.chart.transitions
    assert isinstance(line.trigger, After)
    assert isinstance(line.trigger.delay, Hook)
    assert line.trigger.delay.name == "timedelta(seconds=data.weight)"


def test_target_may_be_named_by_its_id() -> None:
    """Text for a target names a sibling, or any state by its whole id."""

    class Written(Statechart):
        class work(Compound, initial=True):
            one = State(initial=True)
            two = State()
            one.to("two", on=Go)  # type: ignore[arg-type]
            two.to("rest", on=Go)  # type: ignore[arg-type]

        rest = State()
        rest.to("work.two", on=Go)  # type: ignore[arg-type]

    targets = [line.targets for line in Written.chart.transitions]
    assert targets == [("work.two",), ("rest",), ("work.two",)]
