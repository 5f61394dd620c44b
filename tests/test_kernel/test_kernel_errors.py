"""Failures: what a callback raises is told with its place, and the old snapshot stands."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import frozen

from statecharts import Compound, Kernel, NamedEvent, Parallel, State, Statechart, start, step
from statecharts.model.errors import CallbackError, RunawayError, StepError, TimeNeededError

T0 = datetime(2026, 1, 1, tzinfo=UTC)


@frozen
class Go:
    pass


@frozen
class Stop:
    pass


@frozen
class Value:
    n: int = 0


@frozen
class Sum:
    total: int = 0


class BoomError(Exception):
    pass


def boom(m: Any) -> Any:
    raise BoomError("no luck")


def failing(role: str) -> type[Statechart[Go, Sum]]:
    """Return a chart in which one callback of the line from ``in.a`` to ``b`` fails."""
    hooks: dict[str, Any] = {role: boom} if role in ("when", "make", "update", "emit") else {}
    entry = boom if role == "entry" else None
    exit_ = boom if role == "exit" else None

    class Failing(Statechart[Go, Sum]):
        class box(Compound, initial=True):
            a = State(initial=True, exit=exit_)

        b = State(Value, entry=entry)
        box.a.to(b, on=Go, **hooks)
        b.after(boom, box) if role == "after" else b.to(box, on=Go)

    return Failing


@pytest.mark.parametrize(
    ("role", "state", "place"),
    [
        ("when", "box.a", "when of 'box.a' on the way to 'b' on Go"),
        ("exit", "box.a", "exit of 'box.a' on Go"),
        ("update", "box.a", "update of 'box.a' on the way to 'b' on Go"),
        ("emit", "box.a", "emit of 'box.a' on the way to 'b' on Go"),
        ("make", "box.a", "make of 'box.a' on the way to 'b' on Go"),
        ("entry", "b", "entry of 'b' on Go"),
        ("after", "b", "after of 'b' on Go"),
    ],
)
def test_callback_error_names_its_place(role: str, state: str, place: str) -> None:
    """Chart, state, transition, event and role are told, and the cause is chained."""
    chart = failing(role)
    first = start(chart, Sum()).snapshot
    with pytest.raises(CallbackError) as caught:
        step(chart, first, Go(), at=T0)
    error = caught.value
    assert str(error) == (
        f"[SC202] Failing: {place}: BoomError: no luck. The old snapshot is still good."
    )
    assert (error.chart, error.state, error.event, error.role) == ("Failing", state, "Go", role)
    assert isinstance(error.__cause__, BoomError)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), vars(again)) == (str(error), vars(error))


@pytest.mark.parametrize("role", ["when", "exit", "update", "emit", "make", "entry", "after"])
def test_failed_step_leaves_the_old_snapshot(role: str) -> None:
    """Nothing of a step that failed remains: the snapshot is what it was, and may be stepped."""
    chart = failing(role)
    first = start(chart, Sum()).snapshot
    image = pickle.dumps(first)
    for _ in range(2):
        with pytest.raises(CallbackError):
            step(chart, first, Go(), at=T0)
    assert pickle.dumps(first) == image
    assert first == start(chart, Sum()).snapshot


def test_callback_error_at_the_start_names_no_event() -> None:
    """A callback that fails while the chart is entered is told as that."""

    class Failing(Statechart):
        a = State(initial=True, entry=boom, resting=True)

    with pytest.raises(CallbackError, match="entry of 'a' at the start: BoomError") as caught:
        start(Failing)
    assert caught.value.event is None


def test_callback_error_names_a_named_event() -> None:
    """An event that is known by name is called by its name."""

    class Named(Statechart):
        a = State(initial=True, resting=True)
        a.stay(on="a.*", emit=boom)

    with pytest.raises(CallbackError, match=r"emit of 'a' on a\.b: BoomError"):
        step(Named, start(Named).snapshot, NamedEvent("a.b"))


def test_callback_error_in_a_later_microstep_names_it() -> None:
    """A failure further on in the macrostep is told with its own state."""

    class Later(Statechart[Go]):
        a = State(initial=True)
        b = State()
        c = State(resting=True)
        a.to(b, on=Go)
        b.always(c, emit=boom)

    first = start(Later).snapshot
    with pytest.raises(CallbackError, match="emit of 'b' on the way to 'c' on Go"):
        step(Later, first, Go())
    assert first.configuration == ("a",)


@pytest.mark.parametrize("guard", ["zebra", "b"])
def test_mistake_found_by_the_library_keeps_its_code(guard: str) -> None:
    """A callback that asks for what is not there gets the code of that, and its place."""

    class Asking(Statechart[Go]):
        a = State(initial=True)
        b = State(resting=True)
        a.to(b, on=Go, when=lambda m: bool(m[guard]))

    code = "SC207" if guard == "zebra" else "SC206"
    with pytest.raises(CallbackError, match=rf"\[{code}\] Asking: when of 'a' on the way to 'b'"):
        step(Asking, start(Asking).snapshot, Go())


def test_error_of_another_chart_is_a_failure_like_any_other() -> None:
    """A callback that steps another chart wrongly fails; that chart's error is the cause."""

    class Other(Statechart[Go]):
        a = State(initial=True, resting=True)
        a.stay(on=Go, emit=boom)

    class Outer(Statechart[Go]):
        a = State(initial=True, resting=True)
        a.stay(on=Go, emit=lambda m: step(Other, start(Other).snapshot, Go()).effects)

    with pytest.raises(CallbackError, match=r"\[SC202\] Outer: .*CallbackError: \[SC202\] Other"):
        step(Outer, start(Outer).snapshot, Go())


def test_interrupt_is_not_a_failure_of_the_callback() -> None:
    """What is no `Exception` passes through as it is."""

    def interrupt(m: Any) -> Any:
        raise KeyboardInterrupt

    class Stopped(Statechart[Go]):
        a = State(initial=True, resting=True)
        a.stay(on=Go, emit=interrupt)

    with pytest.raises(KeyboardInterrupt):
        step(Stopped, start(Stopped).snapshot, Go())


@pytest.mark.parametrize("role", ["when", "emit", "make"])
def test_time_that_is_read_and_not_given_is_an_error(role: str) -> None:
    """A callback that reads the time gets an error with its place, never 1970."""
    reads: dict[str, Callable[[Any], Any]] = {
        "when": lambda m: m.at.year > 1970,
        "emit": lambda m: [][: m.at.year],
        "make": lambda m: Value(m.at.year),
    }

    hooks: dict[str, Any] = {role: reads[role]}

    class Reading(Statechart[Go]):
        a = State(Value, initial=True)
        a.to(a, on=Go, **hooks)

    first = start(Reading).snapshot
    expected = (
        rf"\[SC201\] Reading: {role} of 'a' on the way to 'a' on Go: a callback reads the time"
    )
    with pytest.raises(TimeNeededError, match=expected):
        step(Reading, first, Go())
    assert step(Reading, first, Go(), at=T0).handled


def test_moment_has_no_other_attributes() -> None:
    """A misspelt attribute of the moment is told with those that there are."""

    class Misspelt(Statechart[Go]):
        a = State(Value, initial=True, resting=True)
        a.stay(on=Go, when=lambda m: m.dta.n)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]

    with pytest.raises(CallbackError, match=r"AttributeError: .*dta"):
        step(Misspelt, start(Misspelt).snapshot, Go())


class Endless(Statechart[Go | Stop, Sum]):
    rest = State(initial=True)
    ping = State()
    pong = State()
    rest.to(ping, on=Go)
    ping.always(pong, when=lambda m: m.context.total >= 0)
    pong.always(ping, when=lambda m: m.context.total >= 0)
    rest.stay(on=Stop)


@pytest.mark.parametrize("bound", [1, 2, 50, 1000])
def test_macrostep_is_bounded(bound: int) -> None:
    """A macrostep that does not come to rest is an error that shows the circle."""
    kernel = Kernel(Endless, microsteps=bound)
    first = kernel.start(Sum()).snapshot
    expected = (
        rf"\[SC203\] Endless: .* not come to rest after {bound} microsteps: .*ping.* Guard one"
    )
    with pytest.raises(RunawayError, match=expected):
        kernel.step(first, Go())
    assert kernel.step(first, Stop()).handled
    assert first.configuration == ("rest",)


def test_bound_allows_what_comes_to_rest_within_it() -> None:
    """As many microsteps as the bound are taken, one more is not."""

    class Chain(Statechart[Go, Sum]):
        a = State(initial=True)
        a.to(a, on=Go, update=lambda m: Sum(1))
        a.always(
            a,
            when=lambda m: 0 < m.context.total < 7,
            update=lambda m: Sum(m.context.total + 1),
        )

    exact = Kernel(Chain, microsteps=7)
    assert len(exact.step(exact.start(Sum()).snapshot, Go()).microsteps) == 7
    short = Kernel(Chain, microsteps=6)
    with pytest.raises(RunawayError, match="after 6 microsteps"):
        short.step(short.start(Sum()).snapshot, Go())


def test_start_is_bounded_as_well() -> None:
    """A chart that circles from the start is not entered."""

    class Dizzy(Statechart):
        a = State(initial=True)
        a.always(a, when=lambda m: True)

    with pytest.raises(RunawayError, match=r"\[SC203\] Dizzy"):
        start(Dizzy)


def test_circle_of_completions_is_bounded() -> None:
    """Completion transitions that go round are bounded like eventless ones."""

    class Round(Statechart):
        class a(Compound, initial=True):
            end = State(final=True, initial=True)

        a.when_done(a, when=lambda m: True)

    with pytest.raises(StepError, match="SC203"):
        start(Round)


def test_region_that_fails_fails_the_whole_step() -> None:
    """Regions step together or not at all."""

    class Both(Statechart[Go]):
        class both(Parallel, initial=True):
            class a(Compound):
                x = State(Value, initial=True, resting=True)
                x.stay(on=Go, make=lambda m: Value(m.data.n + 1))

            class b(Compound):
                x = State(initial=True, resting=True)
                x.stay(on=Go, emit=boom)

    first = start(Both).snapshot
    with pytest.raises(CallbackError, match=r"emit of 'both\.b\.x' on Go"):
        step(Both, first, Go())
    assert first["both.a.x"] == Value(0)
