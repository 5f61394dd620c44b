"""Labels: the words that the terminal and the pictures share."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import field, frozen
from hypothesis import given
from hypothesis import strategies as st

from statecharts.model.chart import (
    After,
    Always,
    Default,
    Done,
    OnEvent,
    Transition,
    TransitionKind,
    Trigger,
)
from statecharts.model.durations import duration_text
from statecharts.model.hooks import Hook
from statecharts.model.labels import (
    action_text,
    data_text,
    event_text,
    hooks_text,
    transition_label,
    trigger_text,
)


@frozen
class Passed:
    branch: str
    _ahead: int = 1
    made: bool = field(default=True, init=False)


@frozen
class Ready:
    pass


class Bare:
    pass


def count(moment: object) -> None: ...


def notify(moment: object) -> None: ...


@pytest.mark.parametrize(
    ("trigger", "text"),
    [
        (OnEvent((Passed,)), "Passed(branch, _ahead)"),
        (OnEvent((Ready, "fuse.*", Bare)), "Ready | fuse.* | Bare"),
        (After(timedelta(minutes=5), "t"), "after 5 min"),
        (After(Hook(count), "t"), "after count"),
        (After(Hook(lambda m: m.data.resume_at), "t"), "after data.resume_at"),
        (Done(), "done"),
        (Always(), ""),
        (Default(), ""),
    ],
)
def test_trigger_is_told_in_the_names_of_the_code(trigger: Trigger, text: str) -> None:
    """Each kind of trigger has its text, made of the names that the code has."""
    assert trigger_text(trigger) == text


def test_label_has_trigger_guard_and_action() -> None:
    """A label is trigger, guard and action, in the notation that UML has made usual."""
    transition = Transition(
        "a",
        OnEvent((Passed,)),
        ("b",),
        guard=Hook(lambda m: m.event.branch),
        update=Hook(count),
        emit=(Hook(notify), Hook(print, given="tell")),
    )

    assert transition_label(transition) == (
        "Passed(branch, _ahead) [event.branch] / count; notify; tell"
    )


@pytest.mark.parametrize(
    ("transition", "label"),
    [
        (Transition("a", Always(), ("b",), guard=Hook(count)), "[count]"),
        (Transition("a", Done(), ("b",), emit=(Hook(notify),)), "done / notify"),
        (Transition("a", Default(), ("b",)), ""),
        (Transition("a", OnEvent((Ready,)), kind=TransitionKind.FORBIDDEN), "Ready"),
        (Transition("a", OnEvent((Ready,)), ("b",), make=Hook(count)), "Ready"),
    ],
)
def test_label_leaves_out_what_a_transition_lacks(transition: Transition, label: str) -> None:
    """What a transition lacks leaves no space, and how data is made is not told."""
    assert transition_label(transition) == label


def test_actions_stand_in_the_order_of_their_calls() -> None:
    """The update comes before the effects, and these in their order."""
    transition = Transition("a", Done(), update=Hook(count), emit=(Hook(notify), Hook(count)))

    assert action_text(transition) == "count; notify; count"
    assert hooks_text(()) == ""


def test_data_has_the_fields_that_are_passed() -> None:
    """Data is told with the fields that its constructor takes, each with its type."""
    assert data_text(Passed) == "Passed(branch: str, _ahead: int)"
    assert (data_text(Ready), data_text(Bare), data_text(None)) == ("Ready", "Bare", "")
    assert event_text(Ready) == "Ready"


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(0), "0 s"),
        (timedelta(seconds=30), "30 s"),
        (timedelta(seconds=1.5), "1.5 s"),
        (timedelta(minutes=5), "5 min"),
        (timedelta(minutes=90), "1 h 30 min"),
        (timedelta(days=14), "14 d"),
        (timedelta(days=1, microseconds=20), "1 d 0.00002 s"),
        (timedelta(milliseconds=250), "250 ms"),
        (timedelta(microseconds=1500), "1.5 ms"),
        (timedelta(microseconds=7), "7 µs"),
        (timedelta(seconds=-90), "-1 min 30 s"),
    ],
)
def test_duration_is_told_in_usual_units(duration: timedelta, text: str) -> None:
    """A duration is told in days, hours, minutes and seconds, or in parts of a second."""
    assert duration_text(duration) == text


SECONDS = {"d": 86_400, "h": 3_600, "min": 60, "s": 1, "ms": 1e-3, "µs": 1e-6}


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=1_000)))
def test_duration_loses_nothing(duration: timedelta) -> None:
    """Adding up what is told gives the duration back."""
    words = duration_text(duration).split()

    parts = zip(words[::2], words[1::2], strict=True)
    told = sum((timedelta(seconds=float(n) * SECONDS[unit]) for n, unit in parts), timedelta(0))
    assert told == duration
