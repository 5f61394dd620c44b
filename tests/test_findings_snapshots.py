"""Snapshots belong to their chart, tell what is possible, and can be made to begin a test from."""

from __future__ import annotations

import pickle
import typing
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve, frozen

from machines.execution import Execution, Running, SpawnAgent
from machines.identifiers import AgentName
from machines.pipeline import Archived, Block, Blocked, Pipeline, Unblock
from statecharts import (
    Answer,
    Call,
    CallFailed,
    Compound,
    Effect,
    History,
    Kernel,
    Machine,
    NamedEvent,
    Occurred,
    Parallel,
    Snapshot,
    State,
    Statechart,
    StatechartError,
    TimerFired,
    start,
    step,
)
from statecharts.interop import scxml

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@frozen
class Go:
    by: int = 1


@frozen
class Stop:
    pass


@frozen
class A:
    n: int = 1


@frozen
class Wider(A):
    more: int = 2


@frozen
class Log(Effect):
    line: str


@frozen
class Work(Call[Go]):
    n: int = 0


class Order(Statechart, allow="*"):
    draft = State(A, initial=True)
    done = State(final=True)
    draft.to(done, on=Go)


class Invoice(Statechart, allow="*"):
    draft = State(A, initial=True)
    done = State(final=True)
    draft.to(done, on=Go)


class Later(Order, allow="*"):
    """A subclass without anything new: still another chart."""

    extra = State()


def again(data: type | None = A, **options: Any) -> type[Statechart[Any, Any]]:
    """Return another chart of the name Order."""

    class Order(Statechart, allow="*"):
        draft = State(data, initial=True) if data is not None else State(initial=True)
        done = State(final=True)
        draft.to(done, on=Go, **options)

    return Order


def renamed() -> type[Statechart[Any, Any]]:
    """Return a chart of the name Order with other states."""

    class Order(Statechart, allow="*"):
        sketch = State(A, initial=True)
        done = State(final=True)
        sketch.to(done, on=Go)

    return Order


def nested() -> type[Statechart[Any, Any]]:
    """Return a chart of the name Order, in which the state is a superstate."""

    class Order(Statechart, allow="*"):
        class draft(Compound[A], initial=True):
            inner = State(initial=True)

        done = State(final=True)
        draft.to(done, on=Go)

    return Order


def contextual() -> type[Statechart[Any, Any]]:
    """Return a chart of the name Order with a context."""

    class Order(Statechart[Any, Wider], allow="*"):
        draft = State(A, initial=True)
        done = State(final=True)
        draft.to(done, on=Go)

    return Order


def same_name_of_data() -> type[Statechart[Any, Any]]:
    """Return a chart of the name Order with another class of data of the same name."""

    @frozen
    class A:
        n: int = 1

    return again(A)


FOREIGN: dict[str, Callable[[], Any]] = {
    "another chart of the same shape": lambda: Invoice,
    "a subclass": lambda: Later,
    "other states": renamed,
    "another kind of state": nested,
    "no data": lambda: again(None),
    "other data": lambda: again(Go),
    "data of the same name": same_name_of_data,
    "narrower data": lambda: again(Wider),
    "a context": contextual,
    "a file": lambda: scxml.loads(
        '<scxml name="Order"><state id="draft"><transition event="go" target="done"/></state>'
        '<final id="done"/></scxml>'
    ),
}


@pytest.mark.parametrize("pickled", [False, True], ids=["as it is", "pickled"])
@pytest.mark.parametrize("foreign", FOREIGN)
def test_foreign_snapshot_is_refused(foreign: str, *, pickled: bool) -> None:
    """A step, a kernel and a machine refuse a snapshot that is not one of their chart."""
    chart = FOREIGN[foreign]()
    snapshot = start(Order).snapshot
    if pickled:
        snapshot = pickle.loads(pickle.dumps(snapshot))
    uses: tuple[Callable[[], Any], ...] = (
        lambda: step(chart, snapshot, Go()),
        lambda: step(chart, snapshot, TimerFired("draft.after#1")),
        lambda: Kernel(chart).step(snapshot, Go()),
        lambda: Kernel(chart).adopt(snapshot),
        lambda: Machine(chart, snapshot=snapshot),
    )
    for use in uses:
        with pytest.raises(StatechartError) as refused:
            use()
        assert refused.value.code == "SC205"
        assert refused.value.remedy


@pytest.mark.parametrize("other", [Invoice, Later])
def test_snapshot_does_not_know_states_of_other_charts(other: Any) -> None:
    """`in` and `[]` refuse a state object of another chart, though the ids are equal."""
    snapshot = start(Order).snapshot
    for ask in (lambda: other.draft in snapshot, lambda: snapshot[other.draft]):
        with pytest.raises(StatechartError, match=r"\[SC205\] Order: 'draft' is a state of"):
            ask()


def test_inherited_states_are_states_of_the_subclass() -> None:
    """A subclass asks with the states that it inherits, by its own name."""
    snapshot = start(Later).snapshot
    assert Later.draft in snapshot
    assert snapshot[Later.draft] == A()
    assert "draft" in snapshot


@pytest.mark.parametrize("wrong", [{"x": 1}, None, "draft", 7, Order, ("draft",)])
def test_what_is_no_snapshot_is_refused_everywhere(wrong: Any) -> None:
    """Anything but a snapshot is the error SC205, and never an AttributeError."""
    uses: list[Callable[[], Any]] = [
        lambda: step(Order, wrong, Go()),
        lambda: Kernel(Order).adopt(wrong),
    ]
    if wrong is not None:
        uses.append(lambda: Machine(Order, snapshot=wrong))
    for use in uses:
        with pytest.raises(StatechartError, match=r"\[SC205\] .* is not a snapshot"):
            use()


@pytest.mark.parametrize("other", [again(), again(when=lambda m: True), again(make=None)])
def test_chart_declared_again_goes_on(other: Any) -> None:
    """A chart of the same name with the same states and data takes the snapshot, guards or not."""
    snapshot = start(Order).snapshot
    assert step(other, snapshot, Go()).snapshot.configuration == ("done",)
    assert Machine(other, snapshot=snapshot).snapshot.can(Go())


class Waiting(Statechart[Go | Stop], allow="*"):
    class on(Compound, initial=True):
        a = State(A, initial=True, invoke=Work)
        b = State()
        last = History(default=a)
        a.to(b, on=Go)
        a.after(timedelta(minutes=1), b)

    off = State()
    on.to(off, on=Stop)
    off.to(on.last, on=Go)


def waiting(*, call: Any = Work, remembers: type = A, delayed: bool = True) -> Any:
    """Return a chart of the name Waiting that differs in one thing."""

    class Waiting(Statechart[Go | Stop], allow="*"):
        class on(Compound, initial=True):
            a = State(remembers, initial=True, invoke=call)
            b = State()
            last = History(default=a)
            a.to(b, on=Go)
            if delayed:
                a.after(timedelta(minutes=1), b)

        off = State()
        on.to(off, on=Stop)
        off.to(on.last, on=Go)

    return Waiting


@frozen
class Labour(Call[Go]):
    n: int = 0


@pytest.mark.parametrize("events", [(), (Stop(),)])
@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"call": Labour}, {"call"}),
        ({"delayed": False}, {"timer"}),
        ({"remembers": Wider}, {"data", "history"}),
        ({"call": None}, {"call"}),
    ],
)
def test_what_is_under_way_belongs_to_the_chart(
    events: tuple[Any, ...], options: dict[str, Any], parts: set[str]
) -> None:
    """Timers, calls and remembered data are looked at as well, and only where there are any."""
    snapshot = start(Waiting, at=NOW).snapshot
    for event in events:
        snapshot = step(Waiting, snapshot, event, at=NOW).snapshot
    counts = bool(parts & ({"history"} if events else {"data", "call", "timer"}))
    chart = waiting(**options)
    if counts:
        with pytest.raises(StatechartError, match=r"\[SC205\]"):
            step(chart, snapshot, Go(), at=NOW)
    else:
        assert step(chart, snapshot, Go(), at=NOW).handled
    assert step(waiting(), snapshot, Go(), at=NOW).handled


def keeping(*, events: Any = Go | Stop, ends: bool = False, histories: int = 0) -> Any:
    """Return a chart of the name Keeping that keeps Stop for later."""

    class Keeping(Statechart[events], allow="*"):
        class on(Compound, initial=True):
            a = State(initial=True)
            if histories:
                last = History(default=a)
            if Stop in typing.get_args(events):
                a.defer(on=Stop)

        off = State(final=ends)
        on.to(off, on=Go)
        if not ends:
            off.to(on, on=Go)
            if Stop in typing.get_args(events):
                off.defer(on=Stop)

    return Keeping


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"events": Go | A}, "Stop() waits, which is not one of its events"),
        ({"ends": True}, "the run has ended in (off) here"),
        ({"histories": 1}, "its chart has 0 history states, and this one 1"),
    ],
)
def test_what_waits_or_is_remembered_belongs_to_the_chart(
    options: dict[str, Any], said: str
) -> None:
    """A chart of the same name that lacks it refuses the snapshot, and says why."""
    chart = keeping()
    snapshot = step(chart, start(chart).snapshot, Stop()).snapshot
    if "ends" in options:
        snapshot = pickle.loads(pickle.dumps(step(chart, snapshot, Go()).snapshot))
    assert snapshot.waiting == (Stop(),)
    with pytest.raises(StatechartError, match=r"\[SC205\]") as caught:
        Kernel(keeping(**options)).adopt(snapshot)
    assert said in caught.value.found
    assert Kernel(keeping()).adopt(snapshot) == snapshot
    memory = evolve(snapshot.memory, waiting=(NamedEvent("stop"), NamedEvent("halt")))
    place, values, context, *_ = snapshot._parts()
    other: Snapshot[Any, Any] = Snapshot(place, values, context, memory, snapshot.clock)
    with pytest.raises(StatechartError, match=r"name='halt'.* waits"):
        Kernel(keeping()).adopt(other)


# What a snapshot tells.


class Door(Statechart[Go | Stop], allow="*"):
    class shut(Compound, initial=True):
        free = State(initial=True)
        held = State()
        free.to(held, on=Stop)
        held.ignore(on=Go)
        held.to(free, on=Stop, when=lambda m: False)

    open = State(final=True)
    shut.to(open, on=Go, when=lambda m: m.event.by > 1)


def test_can_asks_guards_of_an_event_and_not_of_a_class() -> None:
    """An instance is shown to the guards, a class only looks for lines."""
    free = start(Door).snapshot
    assert [free.can(Go(1)), free.can(Go(2)), free.can(Go), free.can(Stop())] == [
        False,
        True,
        True,
        True,
    ]
    held = step(Door, free, Stop()).snapshot
    assert [held.can(Go(2)), held.can(Go), held.can(Stop()), held.can(Stop)] == [
        False,
        False,
        False,
        True,
    ]
    assert free.enabled == (Stop, Go)
    assert held.enabled == (Stop,)


@pytest.mark.parametrize("state", ["free", "held", "open"])
@pytest.mark.parametrize("event", [Go(1), Go(2), Stop(), NamedEvent("stop"), NamedEvent("x")])
def test_can_says_what_a_step_does(state: str, event: Any) -> None:
    """`can` is true exactly where a step would take a line."""
    place = {"free": Door.shut.free, "held": Door.shut.held, "open": Door.open}[state]
    snapshot = Snapshot.of(place)
    assert snapshot.can(event) is bool(step(Door, snapshot, event).fired)


def test_can_knows_timers_calls_and_failures() -> None:
    """What is under way can fire, be answered, and fail; what is not cannot."""
    snapshot = start(Waiting, at=NOW).snapshot
    (timer,), (call,) = snapshot.timers, snapshot.calls
    assert snapshot.can(TimerFired(timer))
    assert snapshot.can(Answer(call, Go()))
    with pytest.raises(StatechartError, match="SC204"):
        snapshot.can(Answer(call, Stop()))
    assert not snapshot.can(CallFailed(call))  # the call would end, but no line takes it
    for late in (TimerFired("on.a.x#9"), Answer("on.a.work#9", Go()), CallFailed("x#1")):
        assert not snapshot.can(late)


def test_can_changes_nothing() -> None:
    """Asking is pure: the snapshot and later steps are the same."""
    snapshot = start(Waiting, at=NOW).snapshot
    before = pickle.dumps(snapshot)
    for event in (Go(), Go, Stop(), Answer(next(iter(snapshot.calls)), Go())):
        snapshot.can(event)
    assert pickle.dumps(snapshot) == before


def test_names_are_enabled_where_files_give_names() -> None:
    """A chart of a file tells its events by name."""
    door = scxml.loads(
        '<scxml name="d"><state id="a"><transition event="push pull" target="b"/></state>'
        '<state id="b"/></scxml>'
    )
    snapshot = start(door).snapshot
    assert snapshot.enabled == ("push", "pull")
    assert snapshot.can(NamedEvent("push"))
    assert snapshot.can("push")
    assert not snapshot.can("shove")


def test_class_declared_again_is_another_event() -> None:
    """A machine says so, whether the chart is open or closed, and names it when one is near."""

    class Go: ...

    other: Any = frozen(Go)
    for chart in (Order, Door):
        machine = Machine(chart, on_unhandled="raise")
        with pytest.raises(StatechartError, match="another class of the name Go"):
            machine.send(other())
    with pytest.raises(StatechartError, match=r"Go\(…\)"):
        step(Order, start(Order).snapshot, "Go")


# Snapshots to begin from.


def test_placed_snapshot_is_legal_and_goes_on() -> None:
    """Superstates are entered, data is given or made by name, timers and calls are under way."""
    snapshot = Snapshot.of(Waiting.on.a, A(7), at=NOW)
    assert snapshot.configuration == ("on", "on.a")
    assert snapshot[Waiting.on.a] == A(7)
    assert list(snapshot.timers.values()) == [NOW + timedelta(minutes=1)]
    assert list(snapshot.calls.values()) == [Work(7)]
    assert snapshot.can(Go())
    assert step(Waiting, snapshot, Stop(), at=NOW).snapshot.configuration == ("off",)


def test_placed_snapshot_equals_one_that_was_reached() -> None:
    """Where nothing counts but the place, both are the same snapshot, up to the clock."""
    placed = Snapshot.of(Pipeline.archived, Archived(NOW, Blocked("x")))
    reached = step(Pipeline, start(Pipeline).snapshot, Block("x"), at=NOW).snapshot
    assert placed.configuration == reached.configuration
    assert placed.data == reached.data
    assert step(Pipeline, placed, Unblock()).snapshot.configuration == (
        "active",
        "active.backlog",
    )


def test_placed_execution_has_its_call() -> None:
    """The machines of the house can be placed as well."""
    agent = AgentName("coder-1")
    running = Snapshot.of(Execution.any.running, Running(agent, NOW, NOW), at=NOW)
    assert [type(call).__name__ for call in running.calls.values()] == ["WatchAgent"]
    assert SpawnAgent(agent) not in running.calls.values()


class Regions(Statechart[Go], allow="*"):
    start = State(initial=True)

    class both(Parallel):
        class left(Compound):
            a = State(initial=True)
            b = State(A)

        class right(Compound):
            c = State(initial=True)
            d = State()

    start.to(both, on=Go)


def test_placed_regions_take_what_is_not_named_by_default() -> None:
    """Further states are pairs; a region that nobody names begins at its beginning."""
    one = Snapshot.of(Regions.both.left.b, A(3))
    assert one.configuration == ("both", "both.left", "both.left.b", "both.right", "both.right.c")
    two = Snapshot.of(Regions.both.left.b, A(3), (Regions.both.right.d, None))
    assert two.configuration[-1] == "both.right.d"
    assert Snapshot.of(Regions.both).configuration[2] == "both.left.a"
    assert Snapshot.of(Regions.chart, "both.left.b", A(3)) == one


def anything(value: Any) -> Any:
    """Return a value that type checkers know nothing about."""
    return value


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Snapshot.of(Regions.both.left.b), None),
        (lambda: Snapshot.of(anything(Regions.both.left.b), Go()), "carries a A, and Go"),
        (lambda: Snapshot.of(anything(Regions.start), A()), "carries no data"),
        (lambda: Snapshot.of(Regions.start, None, (Regions.both, None)), "cannot be active"),
        (
            lambda: Snapshot.of(Regions.both.left.a, None, (Regions.both.left.b, A())),
            "cannot be active",
        ),
        (lambda: Snapshot.of(Regions.chart, "both.lft"), "there is no state"),
        (lambda: Snapshot.of(anything(Regions.start), None, anything(Regions.both)), "not a pair"),
        (lambda: Snapshot.of(Regions.start, context=A()), "context="),
        (lambda: Snapshot.of(State()), "SC218"),
    ],
)
def test_snapshot_that_cannot_be_is_refused(make: Any, said: str | None) -> None:
    """States that exclude each other and data of wrong classes are errors of their own."""
    if said is None:  # all of its fields have defaults
        assert make()[Regions.both.left.b] == A()
        return
    with pytest.raises(StatechartError) as refused:
        make()
    assert refused.value.code == "SC218"
    assert said in str(refused.value)


@frozen
class Timed:
    since: Occurred
    n: int = 0


class Counting(Statechart[Go, A], allow="*"):
    only = State(Timed, initial=True)
    only.stay(on=Go, update=lambda m: evolve(m.context, n=m.context.n + 1))


def test_placed_snapshot_takes_context_and_time() -> None:
    """The context is given, or built without arguments; fields that take the time take `at`."""
    assert Snapshot.of(Counting.only, at=NOW).context == A()
    placed = Snapshot.of(Counting.only, context=A(5), at=NOW)
    assert placed[Counting.only].since == NOW
    assert step(Counting, placed, Go()).snapshot.context == A(6)
    with pytest.raises(StatechartError, match=r"\[SC201\]"):
        Snapshot.of(Counting.only)


def test_chart_and_machine_read_well() -> None:
    """Both say what they are in one line."""
    assert repr(Order.chart) == "<Chart Order: 2 states, 1 line, 1 event>"
    assert repr(Door.chart) == "<Chart Door: 4 states, 4 lines, 2 events>"
    assert repr(Machine(Order)) == "<Machine of Order in (draft) at 0>"
