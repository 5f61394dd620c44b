"""Snapshot, step and moment: values that can be asked, compared and stored."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from attrs import frozen

from statecharts import (
    Compound,
    History,
    Kernel,
    Moment,
    Snapshot,
    State,
    Statechart,
    StatechartError,
    Step,
    start,
    step,
)
from statecharts.model.errors import (
    InactiveStateError,
    StepError,
    TimeNeededError,
    UnknownStateError,
)
from statecharts.semantics.snapshot import EMPTY, Memory, Remembered, count

T0 = datetime(2026, 1, 1, tzinfo=UTC)


@frozen
class Push:
    weight: int = 1


@frozen
class Pause:
    pass


@frozen
class Load:
    weight: int


@frozen
class Shift:
    worker: str = "ada"


@frozen
class Total:
    pushes: int = 0


class Cart(Statechart[Push | Pause, Total]):
    class moving(Compound[Shift], initial=True):
        back = History("empty")
        empty = State(initial=True)
        loaded = State(Load)
        empty.to(loaded, on=Push, update=lambda m: Total(m.context.pushes + 1))
        loaded.after(timedelta(minutes=1), empty)

    parked = State()
    moving.to(parked, on=Pause)
    parked.to(moving.back, on=Pause)


class Other(Statechart[Pause]):
    on = State(initial=True)
    off = State()
    on.to(off, on=Pause)
    off.to(on, on=Pause)


def pushed(kernel: Kernel[Push | Pause, Total] | None = None) -> Step[Push | Pause, Total]:
    """Return the step into the loaded cart."""
    kernel = Kernel(Cart) if kernel is None else kernel
    return kernel.step(kernel.start(Total(), at=T0).snapshot, Push(7), at=T0)


def moment_of(event: Any = None, *, at: datetime | None = T0) -> Moment[Any, Any, Any]:
    """Return a moment that an effect hook has seen on entering the loaded cart."""
    seen: list[Moment[Any, Any, Any]] = []

    class Spy(Statechart[Push, Total]):
        class moving(Compound[Shift], initial=True):
            empty = State(initial=True)
            loaded = State(Load, resting=True, entry=seen.append)
            empty.to(loaded, on=Push)

    step(Spy, start(Spy, Total(4)).snapshot, event or Push(7), at=at)
    return seen[0]


def test_snapshot_tells_which_lines_an_event_selects() -> None:
    """Guards are asked, from the inside out, and nothing is done."""

    class Choice(Statechart[Push]):
        class held(Compound, initial=True):
            one = State(initial=True)
            one.stay(on=Push, when=lambda m: m.event.weight > 5)

        gone = State(final=True)
        held.to(gone, on=Push, when=lambda m: m.event.weight > 1)

    snapshot = start(Choice).snapshot
    for weight, ids in ((9, ["held.one:push"]), (3, ["held:push->gone"]), (1, [])):
        assert [line.id for line in snapshot.selected(Push(weight))] == ids
    assert snapshot.selected(Pause()) == ()
    with pytest.raises(StepError, match="SC204"):
        snapshot.selected(Push)


def test_snapshot_shows_configuration_and_data() -> None:
    """Active states come in document order, data only of those that carry any."""
    snapshot = pushed().snapshot
    assert snapshot.configuration == ("moving", "moving.loaded")
    assert dict(snapshot.data) == {"moving": Shift(), "moving.loaded": Load(7)}
    assert list(start(Cart, Total()).snapshot.data) == ["moving"]


def test_snapshot_gives_data_by_state_object_and_by_id() -> None:
    """The data of an active state is asked for by its object or its id; None when it has none."""
    snapshot = pushed().snapshot
    assert snapshot[Cart.moving.loaded].weight == 7
    assert snapshot["moving.loaded"] == Load(7)
    assert snapshot["moving"] == Shift()
    assert start(Cart, Total()).snapshot[Cart.moving.empty] is None


def test_snapshot_answers_to_superstate_classes() -> None:
    """A superstate is named by its class, like a state by its object."""
    snapshot = pushed().snapshot
    assert Cart.moving in snapshot
    assert snapshot[Cart.moving].worker == "ada"


def test_moment_answers_to_superstate_classes() -> None:
    """In a callback too a superstate is named by its class."""

    def inside(m: Moment[Any, Any, Any]) -> bool:
        return Cart.moving in m

    class Guarded(Cart):
        Cart.moving.loaded.stay(on=Push, when=inside)

    first = start(Guarded, Total()).snapshot
    loaded = step(Guarded, first, Push(), at=T0).snapshot
    assert step(Guarded, loaded, Push(), at=T0).handled


def test_snapshot_knows_what_is_active() -> None:
    """Membership is asked by object or by id."""
    snapshot = pushed().snapshot
    assert Cart.moving.loaded in snapshot
    assert Cart.moving.empty not in snapshot
    assert "moving" in snapshot
    assert "parked" not in snapshot


def test_data_of_an_inactive_state_is_an_error() -> None:
    """The error names the state and what is active instead."""
    expected = r"\[SC206\] Cart: 'parked' is not active.*active: moving, moving\.loaded\. Ask with"
    with pytest.raises(InactiveStateError, match=expected):
        pushed().snapshot[Cart.parked]


def test_unknown_state_is_an_error_also_for_membership() -> None:
    """A misspelt id is never merely inactive."""
    snapshot = pushed().snapshot
    with pytest.raises(UnknownStateError, match=r"\[SC207\] Cart: .*Did you mean 'moving\.loaded'"):
        snapshot["moving.laoded"]
    with pytest.raises(UnknownStateError, match=r"no state 'zebra'\. Name one of its states"):
        assert "zebra" in snapshot


def test_what_is_no_state_is_an_error() -> None:
    """Something that names no state of any chart is told so."""
    with pytest.raises(UnknownStateError, match=r"3 is not a state of a chart"):
        pushed().snapshot[cast("str", 3)]
    with pytest.raises(UnknownStateError, match=r"is not a state of a chart"):
        pushed().snapshot[State()]


def test_snapshot_shows_timers_clock_and_context() -> None:
    """Running timers come by id, the clock counts handled events, the context is typed."""
    then = pushed()
    assert dict(then.snapshot.timers) == {"moving.loaded.after.empty#1": T0 + timedelta(minutes=1)}
    assert (start(Cart, Total()).snapshot.clock, then.snapshot.clock) == (0, 1)
    assert then.snapshot.context.pushes == 1


def test_snapshot_mappings_are_read_only() -> None:
    """What a snapshot shows cannot be written to."""
    snapshot: Any = pushed().snapshot
    for shown in (snapshot.data, snapshot.timers):
        with pytest.raises(TypeError, match="item assignment"):
            shown["moving"] = 1


@pytest.mark.parametrize("name", ["configuration", "data", "context", "memory", "clock", "new"])
def test_snapshot_attributes_cannot_be_set(name: str) -> None:
    """A snapshot is a value, and takes no attributes."""
    with pytest.raises(AttributeError):
        setattr(pushed().snapshot, name, None)


def test_snapshots_of_different_kernels_are_equal() -> None:
    """Equality is by value, whoever has made a snapshot."""
    one, other = pushed().snapshot, pushed().snapshot
    assert one == other
    assert hash(one) == hash(other)
    assert len({one, other}) == 1


@pytest.mark.parametrize(
    "other",
    [
        start(Cart, Total()).snapshot,
        step(Cart, start(Cart, Total(), at=T0).snapshot, Push(8), at=T0).snapshot,
        step(Cart, start(Cart, Total(1), at=T0).snapshot, Push(7), at=T0).snapshot,
        step(Cart, start(Cart, Total(), at=T0).snapshot, Push(7), at=T0 + timedelta(1)).snapshot,
    ],
    ids=["configuration", "data", "context", "timers"],
)
def test_snapshots_differ_in_any_part(other: Snapshot[Any, Total]) -> None:
    """One part that differs makes another snapshot."""
    assert other != pushed().snapshot


def test_snapshots_differ_in_clock_and_chart() -> None:
    """The same states of another chart, or after other events, are another snapshot."""

    class Another(Other):
        pass

    first = start(Other).snapshot
    assert start(Another).snapshot.configuration == first.configuration
    assert start(Another).snapshot != first
    round_trip = step(Other, step(Other, first, Pause()).snapshot, Pause()).snapshot
    assert round_trip.configuration == first.configuration
    assert round_trip != first


def test_snapshot_differs_from_anything_else() -> None:
    """Neither a snapshot nor its parts equal a value of another type."""
    snapshot = pushed().snapshot
    assert snapshot != "moving"
    assert snapshot._place != "moving"


def test_snapshot_pickles() -> None:
    """A snapshot comes back equal, and goes on the same with a kernel that never saw it."""
    kernel = Kernel(Cart)
    there = kernel.step(pushed(kernel).snapshot, Pause(), at=T0).snapshot
    again = pickle.loads(pickle.dumps(there))
    assert again == there
    assert hash(again) == hash(there)
    assert Kernel(Cart).step(again, Pause(), at=T0) == kernel.step(there, Pause(), at=T0)
    assert copy.deepcopy(there) == there


def test_unpickled_snapshot_answers_like_the_first() -> None:
    """Data, membership and errors do not need a kernel."""
    again: Snapshot[Any, Total] = pickle.loads(pickle.dumps(pushed().snapshot))
    assert again[Cart.moving.loaded] == Load(7)
    assert Cart.parked not in again
    with pytest.raises(UnknownStateError, match="Did you mean 'parked'"):
        again["praked"]


def test_unpickled_snapshot_knows_what_is_possible_once_a_kernel_has_it() -> None:
    """What an event would do is in the chart, which a pickle does not hold."""
    again: Snapshot[Any, Total] = pickle.loads(pickle.dumps(pushed().snapshot))
    expected = r"\[SC205\] Cart: the snapshot comes from a pickle, and no kernel has taken it yet\."
    with pytest.raises(StepError, match=expected):
        again.can(Pause())
    with pytest.raises(StepError, match=expected):
        print(again.enabled)
    assert Kernel(Cart).adopt(again).can(Pause())


def test_snapshot_reads_well() -> None:
    """The representation shows chart, clock, configuration, data and context."""
    assert repr(pushed().snapshot) == (
        "<Snapshot of Cart at 1: configuration=['moving', 'moving.loaded'], "
        "moving=Shift(worker='ada'), moving.loaded=Load(weight=7), context=Total(pushes=1)>"
    )
    assert repr(start(Other).snapshot) == "<Snapshot of Other at 0: configuration=['on']>"


def test_memory_remembers_states_with_their_data() -> None:
    """What a history remembers is part of the snapshot."""
    kernel = Kernel(Cart)
    there = kernel.step(pushed(kernel).snapshot, Pause(), at=T0).snapshot
    assert there.memory.history == (Remembered(("moving.loaded",), (Load(7),)),)
    assert there.memory.counters == (("timer", 1),)
    assert start(Other).snapshot.memory == EMPTY == Memory()


def test_step_is_a_tuple_of_what_happened() -> None:
    """A step can be taken apart, and tells each microstep in the order of what happened."""
    snapshot, effects, fired, handled, microsteps = pushed()
    assert snapshot.configuration == ("moving", "moving.loaded")
    assert [type(effect).__name__ for effect in effects] == ["StartTimer"]
    assert (handled, [t.targets for t in fired]) == (True, [("moving.loaded",)])
    assert microsteps == ((("moving.empty",), fired, ("moving.loaded",)),)
    assert microsteps[0].entered == ("moving.loaded",)


class Heavier:
    """A guard that is an object: a pickle brings another one."""

    def __init__(self, than: int) -> None:
        self.than = than

    def __call__(self, m: Moment[None, Push]) -> bool:
        return m.event.weight > self.than


class Lift(Statechart[Push]):
    down = State(initial=True)
    up = State(Load, resting=True)
    down.to(up, on=Push, when=Heavier(3))


@pytest.mark.parametrize(
    "part",
    [lambda there: there, lambda there: there.microsteps[0]],
    ids=["step", "microstep"],
)
def test_steps_and_microsteps_are_equal_when_they_say_the_same(part: Callable[[Any], Any]) -> None:
    """Their lines may be copies; other lines, or none, make another step."""
    there = part(step(Lift, start(Lift).snapshot, Push(7)))
    again = pickle.loads(pickle.dumps(there))
    assert again.fired != there.fired
    assert again == there
    assert not again != there  # noqa: SIM202 - this asks `!=`, not `==`
    assert hash(again) == hash(there)
    for other in (there._replace(fired=()), part(pushed())):
        assert other != there
        assert not other == there  # noqa: SIM201 - this asks `==`, not `!=`


def test_step_equals_the_tuple_of_its_parts() -> None:
    """A step reads as a tuple, and compares with one as tuples do."""
    there = pushed()
    assert there == tuple(there)
    assert there != tuple(there)[:-1]
    assert there != "loaded"


def test_moment_shows_the_instant() -> None:
    """Data, event, time and context are those of the callback's state and step."""
    moment = moment_of()
    assert (moment.data, moment.event) == (Load(7), Push(7))
    assert (moment.at, moment.context) == (T0, Total(4))
    assert moment["moving"] == Shift()
    assert "moving.empty" not in moment
    assert repr(moment) == "<Moment of Spy: data=Load(weight=7), event=Push(weight=7)>"


def test_moment_without_time_refuses_to_tell_it() -> None:
    """A time that nobody gave is an error, never 1970."""
    with pytest.raises(TimeNeededError, match=r"\[SC201\] Spy: .*Pass at="):
        print(moment_of(at=None).at)


def test_moment_asks_like_a_snapshot() -> None:
    """Inactive and unknown states are errors in a callback too."""
    moment = moment_of()
    with pytest.raises(InactiveStateError, match="SC206"):
        moment["moving.empty"]
    with pytest.raises(UnknownStateError, match="SC207"):
        assert "moving.epmty" in moment


def test_moment_counts_each_prefix_by_itself() -> None:
    """Ids are numbered from 1 for each prefix."""
    moment = moment_of()
    made = [moment.new_id(prefix) for prefix in ("call", "call", "mail", "call")]
    assert made == ["call-1", "call-2", "mail-1", "call-3"]


def test_counters_are_sorted_whatever_the_order() -> None:
    """The same counts make the same counters, so that equal runs are equal."""
    _, one = count(count((), "b")[1], "a")
    _, other = count(count((), "a")[1], "b")
    assert one == other == (("a", 1), ("b", 1))


@pytest.mark.parametrize("wrong", [None, "moving", pushed()], ids=["none", "text", "step"])
def test_what_is_no_snapshot_is_refused(wrong: Any) -> None:
    """A step, the easiest thing to pass by mistake, is told from its snapshot."""
    with pytest.raises(StepError, match=r"\[SC205\] Cart: .* is not a snapshot\. Pass step"):
        step(Cart, wrong, Push(), at=T0)


@pytest.mark.parametrize("where", [("gone",), ("moving",), ("moving.empty", "moving"), ()])
def test_what_is_no_configuration_is_refused(where: tuple[str, ...]) -> None:
    """A snapshot whose states the chart cannot be in is not stepped."""
    snapshot: Any = pickle.loads(pickle.dumps(pushed().snapshot))
    snapshot._place.ids = where
    with pytest.raises(StepError, match=r"\[SC205\] Cart: .* is not a configuration of this chart"):
        step(Cart, snapshot, Push(), at=T0)


def test_snapshot_of_another_chart_is_refused() -> None:
    """The error names the chart that the snapshot belongs to."""
    with pytest.raises(
        StepError, match=r"it is a snapshot of Other\. Step it with the Other that made it"
    ):
        step(Cart, cast("Any", start(Other).snapshot), Push(), at=T0)


def test_snapshot_of_a_chart_with_other_histories_is_refused() -> None:
    """The same states without the memory that the chart has are not enough."""

    class Bare(Statechart):
        class moving(Compound, initial=True):
            empty = State(initial=True)
            loaded = State()
            empty.to(loaded, on="a")
            loaded.to(empty, on="a")

    with pytest.raises(StatechartError, match="SC205"):
        step(Cart, cast("Any", start(Bare).snapshot), Push(), at=T0)


def test_snapshot_without_the_data_of_its_states_is_refused() -> None:
    """A chart with the same states is another chart when its states carry other data."""

    class Laden(Statechart[Pause]):
        on = State(initial=True)
        off = State(Shift)
        on.to(off, on=Pause)
        off.to(on, on=Pause)

    there = step(Other, start(Other).snapshot, Pause()).snapshot
    with pytest.raises(StepError, match="SC205"):
        step(Laden, there, Pause())


def test_step_reads_as_what_was_taken_and_where_it_led() -> None:
    """Printed, as an observer may print it, a step says what happened without all the details."""
    first = start(Other)
    after = step(Other, first.snapshot, Pause())
    idle = step(Other.chart, first.snapshot, Push())
    assert repr(first).startswith("<Step (nothing taken) to <Snapshot of Other at 0: ")
    assert repr(after).startswith("<Step (on → off) to <Snapshot of Other at 1: ")
    assert repr(after).endswith(", effects=()>")
    assert repr(idle).startswith("<Step (unhandled) to <Snapshot of Other at 0: ")
