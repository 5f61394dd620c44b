"""Laws of the step, tried on random charts and on random runs of a chart with everything."""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from statecharts import CancelTimer, Kernel, Snapshot, StartTimer, Step, TimerFired
from statecharts.model.chart import After, Chart
from statecharts.model.errors import RunawayError
from statecharts.semantics.tree import Tree
from tests.oracle.random_charts import random_chart, random_events
from tests.oracle.vocabulary import Counters, addressed
from tests.test_kernel.test_kernel_hashseeds import T0, Back, Go, Leave, Plant, described

SEEDS = st.integers(min_value=0, max_value=2**32)

plant_events = st.lists(
    st.one_of(
        st.builds(Go, st.integers(0, 9)),
        st.just(Leave()),
        st.just(Back()),
        st.integers(0, 3),  # fires one of the timers that run, if there are so many
    ),
    max_size=40,
)


def random_steps(seed: int, *, plans: int = 1000) -> tuple[Chart, list[Step[Any]]]:
    """Return a random chart and the steps of a random run of it."""
    chart = random_chart(seed)
    kernel = Kernel(chart, plans=plans, microsteps=60)
    try:
        steps = [kernel.start(Counters(), at=T0)]
        for second, event in enumerate(random_events(seed, chart, 15), 1):
            seen = [effect for step in steps for effect in step.effects]
            at = T0 + timedelta(seconds=second)
            steps.append(kernel.step(steps[-1].snapshot, addressed(event, seen), at=at))
    except RunawayError:
        assume(False)
    return chart, steps


def plant_steps(kernel: Kernel[Any], events: Iterable[object]) -> list[Step[Any]]:
    """Return the steps of a run of the plant, a minute each."""
    steps = [kernel.start(at=T0)]
    for minute, event in enumerate(events):
        before = steps[-1].snapshot
        timers = [TimerFired(timer) for timer in before.timers]
        chosen = timers[event % len(timers)] if isinstance(event, int) and timers else event
        if isinstance(chosen, int):
            chosen = TimerFired("none#1")
        steps.append(kernel.step(before, chosen, at=T0 + timedelta(minutes=minute)))
    return steps


def check_legal(chart: Chart, snapshot: Snapshot[Any]) -> None:
    """Check that a configuration is legal, and that exactly its states have their data."""
    tree = Tree.of(chart)
    assert tree.is_legal(tuple(tree.index[state] for state in snapshot.configuration))
    classes = {s: chart[s].data for s in snapshot.configuration if chart[s].data is not None}
    assert {state: type(value) for state, value in snapshot.data.items()} == classes


def check_microsteps(before: tuple[str, ...], step: Step[Any]) -> None:
    """Check that the microsteps of a step lead from one configuration to the next."""
    active = set(before)
    for microstep in step.microsteps:
        assert active.issuperset(microstep.exited)
        active = (active - set(microstep.exited)) | set(microstep.entered)
    assert active == set(step.snapshot.configuration)
    assert step.fired == tuple(t for microstep in step.microsteps for t in microstep.fired)


def check_timers(steps: list[Step[Any]]) -> None:
    """Check that timers are started once, and run until they are cancelled or have fired."""
    running: dict[str, object] = {}
    ever: set[str] = set()
    for step in steps:
        for effect in step.effects:
            if isinstance(effect, StartTimer):
                assert effect.id not in ever
                ever.add(effect.id)
                running[effect.id] = effect.due
            elif isinstance(effect, CancelTimer):
                del running[effect.id]
        gone = set(running) - set(step.snapshot.timers)
        assert len(gone) <= 1  # the one that has fired
        running = {timer: due for timer, due in running.items() if timer not in gone}
        assert running == dict(step.snapshot.timers)


@given(SEEDS)
def test_every_reached_configuration_of_a_random_chart_is_legal(seed: int) -> None:
    """No event leads out of what SCXML 3.11 calls a legal configuration."""
    chart, steps = random_steps(seed)
    for step in steps:
        check_legal(chart, step.snapshot)


@given(SEEDS)
def test_what_is_under_way_belongs_to_an_active_state(seed: int) -> None:
    """Timers and calls end with the state that declares them; an ended run has none left."""
    chart, steps = random_steps(seed)
    holders = {
        line.trigger.timer: line.source
        for line in chart.transitions
        if isinstance(line.trigger, After)
    }
    holders |= {
        f"{node.id}.{call.name}".removeprefix("."): node.id
        for node in chart.nodes.values()
        for call in node.invoke
    }
    for step in steps:
        snapshot = step.snapshot
        delayed = {timer for timer, _, _ in snapshot.memory.sent}
        running = [one for one in (*snapshot.timers, *snapshot.calls) if one not in delayed]
        sources = {holders[one.rpartition("#")[0]] for one in running}
        assert sources <= {"", *snapshot.configuration}
        assert not (snapshot.ended and (running or delayed or snapshot.waiting))


@given(plant_events)
def test_every_reached_configuration_of_the_plant_is_legal(events: list[object]) -> None:
    """Configuration and data fit together after every event, timers and memory included."""
    steps = plant_steps(Kernel(Plant), events)
    for step in steps:
        check_legal(Plant.chart, step.snapshot)
    check_timers(steps)


@given(SEEDS)
def test_microsteps_of_a_random_chart_tell_all_that_happened(seed: int) -> None:
    """What was exited and entered leads from the old configuration to the new one."""
    _, steps = random_steps(seed)
    before: tuple[str, ...] = ()
    for step in steps:
        check_microsteps(before, step)
        before = step.snapshot.configuration


@given(SEEDS, st.integers(1, 9))
def test_equal_inputs_give_equal_steps(seed: int, plans: int) -> None:
    """A run is a function of chart and events, whatever the kernel has met or forgotten."""
    _, steps = random_steps(seed)
    _, again = random_steps(seed, plans=plans)
    assert steps == again


@given(plant_events, plant_events)
def test_what_a_kernel_has_met_does_not_matter(events: list[object], others: list[object]) -> None:
    """A kernel that has run something else gives the same steps as a fresh one."""
    used = Kernel(Plant, plans=5)
    plant_steps(used, others)
    expected = [described(step) for step in plant_steps(Kernel(Plant), events)]
    assert [described(step) for step in plant_steps(used, events)] == expected


@given(plant_events)
def test_snapshot_that_is_passed_in_never_changes(events: list[object]) -> None:
    """A step leaves its input as it was, to the byte."""
    kernel: Kernel[Any] = Kernel(Plant)
    images = []
    snapshots = [step.snapshot for step in plant_steps(kernel, events)]
    for snapshot in snapshots:
        images.append((pickle.dumps(snapshot), repr(snapshot), hash(snapshot)))
    for snapshot, image in zip(snapshots, images, strict=True):
        for event in (Go(3), Leave(), Back(), *map(TimerFired, snapshot.timers)):
            kernel.step(snapshot, event, at=T0)
        assert (pickle.dumps(snapshot), repr(snapshot), hash(snapshot)) == image


@given(plant_events, plant_events)
def test_run_goes_on_from_a_pickle(events: list[Any], more: list[Any]) -> None:
    """A snapshot is all there is to a run: stored and read again it leads to the same steps."""
    there = plant_steps(Kernel(Plant), events)[-1].snapshot
    again: Snapshot[Any] = pickle.loads(pickle.dumps(there))
    assert again == there
    assert hash(again) == hash(there)
    for event in more:
        chosen = Go(event) if isinstance(event, int) else event
        there = Kernel(Plant).step(there, chosen, at=T0).snapshot
        again = pickle.loads(pickle.dumps(Kernel(Plant).step(again, chosen, at=T0).snapshot))
        assert again == there


@given(plant_events)
def test_clock_counts_what_was_handled(events: list[object]) -> None:
    """The clock goes up by one with each event that is handled, and stands still otherwise."""
    steps = plant_steps(Kernel(Plant), events)
    for before, after in pairwise(steps):
        assert after.snapshot.clock == before.snapshot.clock + after.handled
        assert after.handled or after.snapshot is before.snapshot
