"""Losses of a class of python-statemachine, in words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve, frozen

from statecharts import (
    Call,
    CallFailed,
    Chart,
    Compound,
    Parallel,
    Service,
    State,
    Statechart,
    StatechartError,
)
from statecharts.interop.findings import LossError
from statecharts.interop.python_statemachine import from_class, to_class
from statecharts.model.chart import After, Always, OnEvent, StateKind, Transition, TransitionKind
from statecharts.model.effects import Action, Raise
from statecharts.model.events import NamedEvent
from statecharts.model.hooks import Hook
from statecharts.model.named import Give
from statecharts.model.nodes import Invocation
from tests.oracle.handmade import atomic, compound, on, shallow
from tests.test_interop.psm_rows import plain, with_hooks
from tests.test_interop.test_psm_to_class import active


@frozen
class Count:
    """A number of times."""

    times: int = 0


@frozen
class Weigh:
    """Somebody weighs something; that library takes `state` for itself."""

    state: str
    weight: int


@frozen
class Send:
    """Something is sent; that library's machines have a method of that name."""


class Scales(Statechart[Weigh | Send, Count], allow="*"):
    """Scales."""

    class idle(Compound[Count], initial=True):
        """Nobody is there."""

        ready = State(initial=True, resting=True)

    used = State(Count)

    idle.to(used, on=Weigh, make=lambda m: Count(m.event.weight))
    used.stay(on=Send, update=lambda m: Count(m.context.times + 1))


def default(chart: Chart, state: str = "") -> Transition:
    """Return the default of a state."""
    found = chart[state].default
    assert found is not None
    return found


def lost(chart: Any) -> list[str]:
    """Return the losses of a chart, in words and in order."""
    with pytest.raises(LossError) as caught:
        to_class(chart)
    head = "A class of python-statemachine cannot hold all of this chart. Pass allow="
    assert head in str(caught.value)
    where = f"{getattr(chart, 'chart', chart).name}: "
    return [str(loss).replace(where, "", 1) for loss in caught.value.losses]


@frozen
class Measure(Call[Weigh]):
    """Somebody is asked to weigh something."""


class Waiting(Statechart, allow="*"):
    """A chart with calls and deferred events."""

    asking = State(initial=True, invoke=Measure)
    asking.defer(on="late")
    asking.stay(on=CallFailed)


def test_classes_of_calls_and_deferred_events_are_lost() -> None:
    """A call is written as the service of its name; a line that defers is left out."""
    assert lost(Waiting) == [
        (
            "[SC671] the call 'measure' is written as the service 'measure', by its name. "
            "Give Service('measure', …) instead."
        ),
        (
            "[SC673] a line of 'asking' defers its event, and is left out. "
            "Take the event, or ignore it."
        ),
        (
            "[SC671] CallFailed of a transition of 'asking' is written as 'error.platform'. "
            "Name 'error.platform' beside it."
        ),
    ]
    back = from_class(to_class(Waiting, allow="*"))
    assert back["asking"].invoke == (
        Invocation("measure", Service, Hook(Give(Service("measure")))),
    )
    (line,) = back["asking"].transitions
    assert line.trigger == OnEvent(("error.platform", CallFailed))


def test_typed_data_is_lost() -> None:
    """Data, context, what makes them, names that are taken and documentation have no place."""
    assert lost(Scales) == [
        (
            "[SC674] the event 'send' would replace an attribute of every machine. "
            "Rename it, or send 'send_event'."
        ),
        (
            "[SC674] the field 'state' of weigh never arrives: "
            "send() has a parameter of that name. Rename the field."
        ),
        "[SC671] the context Count is left out. Keep it where the chart is run.",
        "[SC671] the data Count of 'idle' is left out. Keep it where the chart is run.",
        (
            "[SC671] make=Count(event.weight) of a transition of 'idle' is left out. "
            "Make it a named action."
        ),
        "[SC671] the data Count of 'used' is left out. Keep it where the chart is run.",
        (
            "[SC671] update=Count(context.times + 1) of a transition of 'used' is left out. "
            "Make it a named action."
        ),
        "[SC675] the documentation of 'idle' has no place.",
        "[SC675] the mark that 'idle.ready' is a resting place has no place.",
    ]


def test_what_is_allowed_to_be_lost_is_written_without() -> None:
    """The rest goes over; an event whose name is taken goes by another one."""
    machine: Any = to_class(Scales, allow="*")()
    machine.send("weigh", weight=3)
    assert active(machine) == "used"
    assert [event.id for event in machine.events] == ["weigh", "send_event"]


def test_only_what_is_named_is_allowed() -> None:
    """Each kind of loss is allowed by its code; a code that there is not is refused."""
    with pytest.raises(LossError) as caught:
        to_class(Scales, allow=("SC671", "SC674"))
    assert {loss.code for loss in caught.value.losses} == {"SC675"}
    with pytest.raises(StatechartError, match=r"\[SC679\] .*allow= names SC999"):
        to_class(Scales, allow=("SC999",))


def rooted(**changes: Any) -> Chart:
    """Return a chart with something of its own."""
    subject = plain(atomic("a", on("go", "b")), compound("b", "b.c"), atomic("b.c"), atomic("b.d"))
    return evolve(subject, root=evolve(subject.root, **changes))


AROUND = "Put them into a compound state around all of the others."
SHOWN = Hook(Give(Action("show")))
HOME = Transition("", OnEvent(("home",)), ("a",))
LATE = Transition("", After(timedelta(1), "late"), ("a",))

ROOTED = {
    "entry": (
        rooted(entry=(SHOWN,)),
        f"[SC673] the entry and exit actions of the chart itself have no place. {AROUND}",
    ),
    "lines": (
        rooted(transitions=(HOME,)),
        (
            "[SC673] the chart's own transitions are written as transitions of each outermost "
            f"state. {AROUND}"
        ),
    ),
    "regions": (
        rooted(kind=StateKind.PARALLEL, default=None),
        (
            "[SC673] the outermost states are regions, and that library has no state around them. "
            "Put a parallel state around them."
        ),
    ),
    "default": (
        rooted(default=evolve(default(plain(atomic("a"))), emit=(SHOWN,))),
        "[SC673] the chart's own default transition has actions. Remove them.",
    ),
    "meta": (rooted(meta={"by": "ada"}), "[SC675] the notes about the chart have no place."),
}


@pytest.mark.parametrize(("chart", "text"), ROOTED.values(), ids=ROOTED)
def test_what_the_chart_itself_has_is_lost(chart: Chart, text: str) -> None:
    """That library has no state around the outermost ones."""
    assert lost(chart) == [text]
    to_class(chart, allow=(text[1:6],))()


def test_a_delay_of_the_chart_is_lost() -> None:
    """A delayed transition of the chart itself would begin anew with each outermost state."""
    assert lost(rooted(transitions=(LATE,)))[1:] == [
        f"[SC673] the chart's own delayed transitions have no place. {AROUND}"
    ]
    assert active(to_class(rooted(transitions=(LATE,)), allow="*")()) == "a"


def test_transitions_of_the_chart_are_taken_last() -> None:
    """Written out, the chart's own transitions yield to those of every state."""
    own = Transition("", OnEvent(("go",)), ("b.d",))
    machine = to_class(rooted(transitions=(own, HOME)), allow="*")()
    for event, states in (("go", "b c"), ("go", "b d"), ("home", "a"), ("home", "a")):
        machine.send(event)
        assert active(machine) == states


def test_regions_outermost_begin_together() -> None:
    """Written without a state around them, the outermost regions are all entered."""
    subject = rooted(kind=StateKind.PARALLEL, default=None)
    assert active(to_class(subject, allow="*")()) == "a b c"


def test_several_beginnings_are_lost() -> None:
    """That library enters each state that it begins in by itself, with defaults beside it."""
    rows = (
        compound("p", "p.a.b"),
        compound("p.a", "p.a.b"),
        atomic("p.a.b"),
        atomic("p.c"),
    )
    subject = plain(*rows)
    first = evolve(default(subject), targets=("p.a.b", "p.c"))
    assert lost(evolve(subject, root=evolve(subject.root, default=first))) == [
        (
            "[SC673] the chart begins in 2 states at once; their regions' defaults would be "
            "entered. Make them the defaults of their regions."
        )
    ]


def test_an_outermost_history_state_is_lost() -> None:
    """History remembers what was inside its parent, and the outermost states have none."""
    subject = plain(atomic("a", on("go", "h")), atomic("b"), shallow("h", "b"))
    assert lost(subject) == [f"[SC673] an outermost history state has no place. {AROUND}"]
    machine = to_class(subject, allow="*")()
    machine.send("go")
    assert active(machine) == "b"


def test_actions_of_a_default_that_leads_deep_are_lost() -> None:
    """That library does the actions of an initial transition to a child only."""
    rows = (compound("a", "a.b.c"), compound("a.b", "a.b.c"), atomic("a.b.c"))
    subject = plain(*rows)
    acting = evolve(default(subject, "a"), emit=(SHOWN,))
    states = (evolve(subject["a"], default=acting), *subject.states[1:])
    assert lost(evolve(subject, states=states)) == [
        (
            "[SC673] the actions of the default of 'a' are never done: its target is not a child. "
            "Make a child the default, or move the actions."
        )
    ]


def test_an_internal_transition_that_is_none_is_lost() -> None:
    """An internal transition that leaves its source is external, and is written as that."""
    line = Transition("a", OnEvent(("go",)), ("a",), TransitionKind.INTERNAL)
    subject = plain(atomic("a"))
    internal = evolve(subject, states=(evolve(subject["a"], transitions=(line,)),))
    assert lost(internal) == [
        (
            "[SC673] an internal transition of 'a' leaves its source, and is written as external. "
            "Declare it external, which does the same."
        )
    ]


def test_a_field_of_a_raised_event_that_never_arrives_is_lost() -> None:
    """Fields of constant events are looked at as well."""
    raised = with_hooks(
        plain(atomic("a", on("go"))), "go", action=Give(Raise(NamedEvent("x", {"model": 1})))
    )
    assert lost(raised) == [
        (
            "[SC674] the field 'model' of x never arrives: send() has a parameter of that name. "
            "Rename the field."
        )
    ]


def test_a_declared_parallel_chart_has_no_losses_of_structure() -> None:
    """Regions inside a state, defaults, completions and eventless lines all have their place."""

    class Whole(Statechart, allow="*"):
        class both(Parallel, initial=True):
            class one(Compound):
                a = State(initial=True)
                end = State(final=True)
                a.always(end)

            class two(Compound):
                b = State(initial=True)
                end = State(final=True)
                b.to(end, on="go")

        over = State()
        both.when_done(over)

    machine = to_class(Whole)()
    assert active(machine) == "both one one_end two b".replace("one_end", "both_one_end")
    machine.send("go")
    assert active(machine) == "over"
    assert any(isinstance(line.trigger, Always) for line in Whole.chart.transitions)
