"""What a kernel remembers: bounded, least recently used first out, and never seen in results."""

from __future__ import annotations

import gc
import tracemalloc
import types
import weakref
from collections import Counter
from itertools import product
from random import Random
from typing import Any

import attrs
import pytest
from attrs import frozen

from statecharts import Compound, History, Kernel, Parallel, Snapshot, State, Statechart, Step
from statecharts.kernel.planner import Planner, Work
from statecharts.kernel.plans import Plan
from statecharts.semantics.tree import Edge


class Counting(type):
    """Counts how often it is asked whether a class derives from one of its own."""

    asked = 0

    def __subclasscheck__(cls, subclass: type) -> bool:
        Counting.asked += 1
        return super().__subclasscheck__(subclass)


@frozen
class Move:
    region: int
    bits: int = 0


@frozen
class Leave:
    pass


@frozen
class Resume:
    pass


@frozen
class Visits:
    bits: int = 0


@frozen
class Base(metaclass=Counting):
    pass


class Wheels(Statechart[Move | Leave | Resume]):
    class turning(Parallel, initial=True):
        past = History("turning.r0", deep=True)

        class r0(Compound):
            a = State(Visits, initial=True)
            b = State(Visits)
            c = State(Visits)
            a.to(b, on=Move, when=lambda m: m.event.region == 0)
            b.to(c, on=Move, when=lambda m: m.event.region == 0)
            c.to(a, on=Move, when=lambda m: m.event.region == 0)

        class r1(Compound):
            a = State(Visits, initial=True)
            b = State(Visits)
            c = State(Visits)
            a.to(b, on=Move, when=lambda m: m.event.region == 1)
            b.to(c, on=Move, when=lambda m: m.event.region == 1)
            c.to(a, on=Move, when=lambda m: m.event.region == 1)

        class r2(Compound):
            a = State(Visits, initial=True)
            b = State(Visits)
            c = State(Visits)
            a.to(b, on=Move, when=lambda m: m.event.region == 2)
            b.to(c, on=Move, when=lambda m: m.event.region == 2)
            c.to(a, on=Move, when=lambda m: m.event.region == 2)

    off = State()
    turning.to(off, on=Leave)
    off.to(turning.past, on=Resume)


RING = 64


def fill(namespace: dict[str, Any]) -> None:
    """Fill the body of a ring of states."""
    states = [State(initial=number == 0) for number in range(RING)]
    for number, state in enumerate(states):
        namespace[f"s{number}"] = state
        state.to(states[(number + 1) % RING], on=Leave)
    states[0].stay(on=Resume)


Ring: Any = types.new_class("Ring", (Statechart[Leave | Resume],), {}, fill)


def journey(kernel: Kernel[Any], seed: int, length: int) -> list[Step[Any]]:
    """Return the steps of a random run."""
    rng = Random(seed)
    steps = [kernel.start()]
    for _ in range(length):
        event = rng.choice((Move(rng.randrange(3), rng.randrange(9)), Leave(), Resume()))
        steps.append(kernel.step(steps[-1].snapshot, event))
    return steps


@pytest.mark.parametrize("plans", [1, 2, 8, 64])
def test_bounded_kernel_gives_the_same_steps(plans: int) -> None:
    """However little is remembered, results are those of a kernel that remembers all."""
    ample, narrow = Kernel(Wheels), Kernel(Wheels, plans=plans)
    for seed in range(6):
        assert journey(narrow, seed, 150) == journey(ample, seed, 150)
        assert narrow.remembered <= plans
    assert ample.remembered > 64


def test_remembered_never_exceeds_the_bound() -> None:
    """After every single step no more is kept than was allowed."""
    kernel = Kernel(Wheels, plans=8)
    rng = Random(0)
    snapshot = kernel.start().snapshot
    sizes = set()
    for _ in range(400):
        snapshot = kernel.step(snapshot, Move(rng.randrange(3))).snapshot
        sizes.add(kernel.remembered)
    assert max(sizes) == kernel.bound == 8


def test_regions_share_what_is_worked_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line is worked out a few times at most, not for each of nine states of other regions."""
    counts: Counter[str] = Counter()
    work_out = Work.plan

    def counted(work: Work, edges: tuple[Edge, ...], planner: Planner) -> Plan:
        counts.update(edge.transition.id for edge in edges)
        return work_out(work, edges, planner)

    expected = journey(Kernel(Wheels), 0, 600)
    kernel = Kernel(Wheels, plans=100)
    monkeypatch.setattr(Work, "plan", counted)
    assert journey(kernel, 0, 600) == expected
    assert len({step.snapshot.configuration for step in expected}) == 28
    assert kernel.remembered == kernel.bound  # some have been let go
    inside = [line for line in counts if line.startswith("turning.r")]
    assert len(inside) == 9
    assert max(counts[line] for line in inside) <= 4


def test_a_circle_too_large_is_not_driven_out_by_itself() -> None:
    """Past the bound most of what there is room for is found again in each turn."""
    kernel = Kernel(Ring, plans=RING // 2)
    snapshot = kernel.start().snapshot
    for _ in range(6 * RING):
        snapshot = kernel.step(snapshot, Leave()).snapshot
    known = 0
    for _ in range(RING):
        node: Any = snapshot._place
        known += Leave in node.dispatches
        snapshot = kernel.step(snapshot, Leave()).snapshot
    assert RING // 3 <= known < RING // 2


def test_what_nobody_uses_any_more_goes_in_the_end() -> None:
    """Newcomers that are used get the room of what is not."""
    kernel = Kernel(Ring, plans=RING // 2)
    snapshot = kernel.start().snapshot
    nodes = []
    for _ in range(RING // 2):
        nodes.append(snapshot._place)
        snapshot = kernel.step(snapshot, Leave()).snapshot
    others = []
    for _ in range(RING // 2):
        others.append(snapshot)
        snapshot = kernel.step(snapshot, Leave()).snapshot
    for _ in range(40):
        for one in others:
            kernel.step(one, Leave())
    held: list[Any] = [*nodes, *(one._place for one in others)]
    kept = [Leave in node.dispatches for node in held]
    assert not any(kept[: RING // 2])
    assert all(kept[RING // 2 :])


def test_what_is_used_stays_while_others_come_and_go() -> None:
    """A move is withdrawn when room is made; its next use puts it back, and keeps it."""
    kernel = Kernel(Ring, plans=8)
    home = snapshot = kernel.start().snapshot
    node: Any = home._place
    for _ in range(3):
        kernel.step(home, Resume())
    kept, published = node.dispatches[Resume], []
    for _ in range(300):
        snapshot = kernel.step(snapshot, Leave()).snapshot
        published.append(Resume in node.moves)
        assert kernel.step(home, Resume()).handled
        assert node.dispatches[Resume] is kept
    assert set(published) == {True, False}
    for _ in range(300):
        snapshot = kernel.step(snapshot, Leave()).snapshot
    assert Resume not in node.dispatches
    assert Resume not in node.moves


def test_a_move_that_was_let_go_meanwhile_is_not_published() -> None:
    """Another thread may make room between the writing of a move and its first use."""
    kernel = Kernel(Wheels)
    snapshot = kernel.start().snapshot
    node: Any = snapshot._place
    for _ in range(2):
        kernel.step(snapshot, Move(1))
    dispatch = node.dispatches[Move]
    dispatch.forget()
    kernel._cache.publish(dispatch, dispatch.move)
    assert Move not in node.moves
    assert kernel.step(snapshot, Move(1)).handled


@pytest.mark.parametrize("plans", [0, -5, 1])
def test_bound_is_one_at_least(plans: int) -> None:
    """A kernel keeps what it is working on."""
    kernel = Kernel(Wheels, plans=plans)
    assert kernel.bound == 1
    assert kernel.step(kernel.start().snapshot, Move(1)).handled
    assert kernel.remembered == 1


def test_fresh_kernel_remembers_nothing() -> None:
    """Plans are worked out when they are needed."""
    kernel = Kernel(Wheels)
    assert kernel.remembered == 0
    assert kernel.bound >= 1_000
    kernel.start()
    assert kernel.remembered == 0


def test_repeating_adds_nothing() -> None:
    """What has been met before is not worked out again."""
    kernel = Kernel(Wheels)
    journey(kernel, 1, 100)
    before = kernel.remembered
    journey(kernel, 1, 100)
    assert kernel.remembered == before


@pytest.fixture
def several() -> tuple[Kernel[Any], Snapshot[Any], list[object]]:
    """A kernel of four plans, a snapshot, and six events that take a plan each."""

    class Only(Statechart[Base]):
        here = State(initial=True, resting=True)
        here.stay(on=Base)

    kernel: Kernel[Any] = Kernel(Only, plans=4)
    classes = [attrs.make_class(f"E{n}", [], bases=(Base,), frozen=True) for n in range(6)]
    return kernel, kernel.start().snapshot, [cls() for cls in classes]


def works(kernel: Kernel[Any], snapshot: Snapshot[Any], event: object) -> bool:
    """Tell whether the kernel had to work out what an event does."""
    before = Counting.asked
    assert kernel.step(snapshot, event).handled
    return Counting.asked > before


def test_plan_is_worked_out_once(several: tuple[Kernel[Any], Snapshot[Any], list[object]]) -> None:
    """The first event of a kind has its plan worked out, the next ones find it."""
    kernel, snapshot, events = several
    assert [works(kernel, snapshot, events[0]) for _ in range(3)] == [True, False, False]


def test_least_recently_used_plan_goes_first(
    several: tuple[Kernel[Any], Snapshot[Any], list[object]],
) -> None:
    """When room is needed the plan goes that has not been used for the longest time."""
    kernel, snapshot, events = several
    for event in (*events[:4], events[0]):  # 0 is old, and has been used again
        kernel.step(snapshot, event)
    assert works(kernel, snapshot, events[4])
    assert kernel.remembered == 4
    assert not works(kernel, snapshot, events[0])
    assert not works(kernel, snapshot, events[3])
    assert works(kernel, snapshot, events[1])


def many_regions(count: int) -> type[Statechart]:
    """Return a chart of regions that each answer to one bit of an event."""
    lines = ["class Many(Statechart[Move]):", "    class all(Parallel, initial=True):"]
    for n in range(count):
        lines += [
            f"        class r{n}(Compound):",
            "            x = State(initial=True, resting=True)",
            f"            x.stay(on=Move, when=lambda m: bool(m.event.bits >> {n} & 1))",
        ]
    namespace: dict[str, Any] = {**globals()}
    exec("\n".join(lines), namespace)
    chart: type[Statechart] = namespace["Many"]
    return chart


def test_selections_of_many_regions_are_bounded() -> None:
    """Of the many combinations of transitions that regions can take only so many are kept."""
    kernel = Kernel(many_regions(8), plans=16)
    snapshot = kernel.start().snapshot
    for bits in range(256):
        then = kernel.step(snapshot, Move(0, bits))
        assert [int(t.source[5:-2]) for t in then.fired] == [n for n in range(8) if bits >> n & 1]
        assert kernel.remembered <= 16


def test_forgotten_selections_leave_nothing_behind() -> None:
    """A kernel that has forgotten a plan holds no trace of it."""
    kernel = Kernel(many_regions(10), plans=8)
    snapshot = kernel.start().snapshot
    for bits in range(64):
        kernel.step(snapshot, Move(0, bits))
    gc.collect()
    tracemalloc.start()
    try:
        for bits in range(64, 1024):
            kernel.step(snapshot, Move(0, bits))
        gc.collect()
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert grown < 40_000


def test_forgotten_configurations_are_let_go() -> None:
    """Configurations that no snapshot and no plan refers to are not kept alive."""
    kernel = Kernel(Wheels, plans=2)
    places: dict[tuple[str, ...], weakref.ref[object]] = {}
    snapshot = kernel.start().snapshot
    for moves in product(range(3), repeat=4):
        for region in moves:
            snapshot = kernel.step(snapshot, Move(region)).snapshot
            places[snapshot.configuration] = weakref.ref(snapshot._place)
    assert len(places) == 27
    gc.collect()
    assert sum(place() is not None for place in places.values()) <= 8
