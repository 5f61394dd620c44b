"""Moves: a plan written out as one function does what its operations do, mistakes included."""

from __future__ import annotations

import copy
import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import attrs
import pytest
from attrs import field, frozen
from attrs.validators import ge

from statecharts import (
    Answer,
    Call,
    CallFailed,
    Compound,
    Effect,
    History,
    Kernel,
    Moment,
    NamedEvent,
    Occurred,
    Parallel,
    Raise,
    Send,
    Snapshot,
    State,
    Statechart,
    Step,
    TimerFired,
    step,
)
from statecharts.codec import Protocol
from statecharts.kernel.moves import _compiled, plain_slots
from statecharts.model.effects import CancelSend
from statecharts.model.errors import CallbackError, StatechartError, StepError

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001 - what happens to it is tested


@frozen
class Go:
    n: int = 0
    word: str = "go"


@frozen
class Back:
    pass


@frozen
class Wild:
    n: int = 0


@frozen
class Later:
    n: int = 0


@frozen
class Plain:
    n: int
    word: str


@frozen
class Checked:
    n: int = field(validator=ge(1))
    since: Occurred


@frozen(kw_only=True)
class Turned:
    n: str = field(converter=str)
    _words: list[str] = field(factory=list, eq=False)


@frozen
class Total:
    sum: int = 0
    n: int = 7


@frozen
class Nothing:
    pass


@frozen
class Said(Effect):
    text: str


@frozen
class Ask(Call[Back]):
    n: int = 3


@frozen
class Tell(Call[Back]):
    text: str


def wild(m: Moment[Any, Wild]) -> Any:
    """Guard by the number of the event; some numbers make it go wrong."""
    match m.event.n:
        case 1:
            return 1
        case 2:
            raise ValueError("two")
        case 3:
            return m.new_id("x") == ""
        case 4:
            return m.nothing  # type: ignore[attr-defined]
        case 5:
            return m.at > NOW
    return m.event.n > 6


def made(m: Moment[Any, Wild]) -> Any:
    """Make data; some numbers make it go wrong."""
    if m.event.n == 8:
        return "no data"
    if m.event.n == 9:
        raise KeyError("nine")
    return Plain(m.event.n, m.new_id("made"))


class Life(Statechart[Go | Back | Wild | Later, Total], allow="*"):
    """All that moves are written for, and some that they are not."""

    class on(Compound, initial=True):
        before = History("on.a", deep=True)
        a = State(initial=True)
        b = State(Plain)
        c = State(Checked)
        d = State(Turned)
        e = State(Nothing)
        f = State()
        a.to(b, on=Go, when=lambda m: m.event.n == 0)
        a.to(c, on=Go, when=lambda m: m.event.n in (1, -1))
        a.to(d, on=Go, when=lambda m: m.event.n == 2)
        a.to(e, on=Go)
        b.to(c, on=Go)
        b.stay(on=Back, make=lambda m: Plain(m.data.n + 1, m.data.word))
        c.to(d, on=Go)
        d.to(e, on=Go)
        e.to(f, on=Go)
        f.always(a)
        a.to(b, on=Wild, when=wild, make=made)
        a.stay(on=Wild, when=lambda m: m.event.n == 6, update=lambda m: Total(m.context.sum + 1))

    class off(Parallel):
        class x(Compound):
            one = State(initial=True, invoke=Ask)
            two = State(invoke={Tell: lambda m: Tell(str(m.event))})
            one.to(two, on=Go)
            two.to(one, on=Go)
            one.after(timedelta(seconds=5), two)

        class y(Compound):
            one = State(initial=True)
            two = State(entry=lambda m: Said("two"), exit=lambda m: Said("left"))
            one.to(two, on=Go, when=lambda m: m.event.n > 0, emit=lambda m: Said("emitted"))
            two.to(one, on=Go)
            two.after(lambda m: timedelta(seconds=1), one)
            one.defer(on=Later)

    over = State(final=True)
    on.to(off, on=Back)
    off.to(on.before, on=Back)
    on.ignore(on=Later)
    off.to(over, on=Wild, when=lambda m: m.event.n == 0)
    on.to(over, on=Wild, when=lambda m: m.event.n == 0)
    off.after(timedelta(minutes=1), over)


class Named(Statechart, allow="*"):
    """Events that are known by their names alone."""

    a = State(initial=True)
    b = State(Plain)
    c = State(Checked)
    d = State(Turned)
    a.to(b, on="go")
    b.to(c, on="go")
    c.to(d, on="go")
    d.to(a, on="go.*")
    b.to(a, on="back")


class Chain(Statechart[Go | Back], allow="*"):
    """Eventless lines that follow for certain, with data, history and timers on the way."""

    class way(Compound, initial=True):
        past = History("way.a")
        a = State(initial=True)
        b = State(Plain)
        c = State()
        d = State(Plain)
        a.to(b, on=Go)
        b.always(c)
        c.after(timedelta(seconds=1), a)
        c.always(d, make=lambda m: Plain(1, "made"))

    end = State()
    rest = State(Plain)
    way.to(end, on=Back)
    end.always(rest, make=lambda m: Plain(int(m.event is None), "rest"))
    rest.to(way.past, on=Go)
    rest.to(way.b, on=Back)


class Round(Statechart[Go | Back], allow="*"):
    """A state that is left and taken up again from its history by one line."""

    class way(Compound, initial=True):
        past = History("way.a")
        a = State(initial=True)
        b = State(Plain)
        a.to(b, on=Go)

    way.to(way.past, on=Back)


def tell(m: Moment[Any, Any, Any]) -> Iterator[Effect]:
    """Say all that can be seen, with an id of its own."""
    names = ("s.a", "s.b", "p", "p.x", "p.y.b")
    active = [name for name in names if name in m]
    seen = [m["p.x"] if "p.x" in active else None, m.data, m.context, m.call, m.event]
    yield Said(f"{m.configuration} {active} {seen} {m.new_id('said')}")


def business(m: Moment[Any, Any, Any]) -> Any:
    """Give what the number of the event asks for, of which some is about the run itself."""
    answers: dict[int, Any] = {
        0: None,
        1: Said("one"),
        2: (Said("two"), Said(m.new_id("said"))),
        3: Raise(Back()),
        4: [Said("four"), Send(Back(), timedelta(seconds=1), id="four")],
        5: CancelSend("four"),
        6: Send(Back()),
        7: 7,
        8: [Said("eight"), 8],
    }
    number = getattr(m.event, "n", 0)
    if number == 9:
        raise ValueError(m.new_id("lost"))
    return answers.get(number)


class Busy(Statechart[Go | Back | Wild, Total], allow="*"):
    """Callbacks in all places, between data, timers and calls."""

    class s(Compound, initial=True, entry=tell, exit=business):
        past = History("s.a")
        a = State(initial=True, exit=business, entry=tell)
        b = State(Plain, entry=business, exit=tell, invoke=Ask)
        a.to(b, on=Go, emit=business)
        b.stay(on=Back, make=lambda m: Plain(m.data.n + 1, m.new_id("made")), emit=business)
        b.stay(on=Wild, update=lambda m: Total(m.context.sum + m.data.n), emit=tell)
        a.stay(on=Wild, update=lambda m: m.event if m.event.n == 1 else Total(m.event.n))

    class p(Parallel, entry=business):
        class x(Compound[Plain], invoke=Ask, entry=tell):
            a = State(initial=True, invoke={Tell: lambda m: Tell(str(m.data))})
            b = State(Checked, entry=business)
            a.to(b, on=Go)
            b.to(a, on=Go, update=lambda m: Total(m.data.n, m.context.n + 1))

        class y(Compound):
            a = State(initial=True, entry=tell)
            b = State(exit=business)
            a.to(b, on=Back, emit=tell)
            b.to(a, on=Back)
            b.after(timedelta(seconds=3), a)

    s.to(
        p,
        on=Go,
        when=lambda m: s_of(m),
        update=lambda m: Total(m.context.sum + 1, 5),
    )
    p.to(s.past, on=Wild, emit=business)


def s_of(m: Moment[Any, Any, Any]) -> bool:
    """Tell whether the inner state has been reached."""
    return "s.b" in m


EVENTS: dict[Any, list[Any]] = {
    Life: [
        *[Go(n) for n in (-1, 0, 1, 2, 3)],
        Back(),
        *[Wild(n) for n in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)],
        Later(),
        TimerFired,
        Answer,
        CallFailed,
    ],
    Named: [
        NamedEvent("go", {"n": 1, "word": "w"}),
        NamedEvent("go", {"n": 0}),
        NamedEvent("go"),
        NamedEvent("go", {"n": 3, "_words": ["x"]}),
        NamedEvent("back"),
        NamedEvent("other"),
    ],
    Chain: [Go(1), Go(2), Back()],
    Round: [Go(1), Back()],
    Busy: [*[Go(n) for n in range(10)], Back(), *[Wild(n) for n in range(10)], TimerFired, Answer],
}


def addressed(event: Any, snapshot: Snapshot[Any, Any]) -> Any:
    """Return an event that is about the first timer or call under way."""
    if event is TimerFired:
        return TimerFired(next(iter(snapshot.timers), "none#1"))
    if event is Answer:
        return Answer(next(iter(snapshot.calls), "none#1"), Back())
    if event is CallFailed:
        return CallFailed(next(iter(snapshot.calls), "none#1"))
    return event


def outcome(kernel: Kernel[Any, Any], snapshot: Any, event: Any, at: Any) -> Any:
    """Return a step, or what its error says."""
    try:
        return kernel.step(snapshot, addressed(event, snapshot), at=at)
    except StatechartError as error:
        told = (type(error), str(error), repr(error.__cause__))
        return (*told, [getattr(error, name, None) for name in ("state", "role", "event")])


def reference_of(chart: Any) -> Kernel[Any, Any]:
    """Return a kernel that carries plans out and writes no moves."""
    make: Any = Kernel
    kernel: Kernel[Any, Any] = make(chart, _moves=False)
    return kernel


def met(chart: Any, depth: int, most: int) -> list[Any]:
    """Return the snapshots that a reference kernel reaches."""
    kernel = reference_of(chart)
    found = [kernel.start(at=NOW).snapshot]
    fresh = found
    for _ in range(depth):
        steps = [outcome(kernel, one, event, NOW) for one in fresh for event in EVENTS[chart]]
        known = set(map(repr, found))
        after = {repr(step.snapshot): step.snapshot for step in steps if isinstance(step, Step)}
        fresh = [snapshot for shown, snapshot in after.items() if shown not in known][:most]
        found = (found + fresh)[:most]
    return found


@pytest.mark.parametrize("at", [NOW, NAIVE, None, "noon"], ids=["aware", "naive", "none", "wrong"])
@pytest.mark.parametrize("chart", EVENTS, ids=lambda chart: chart.__name__)
def test_moves_do_what_the_reference_does(chart: Any, at: Any) -> None:
    """Whatever is met, at first, again or for the fourth time: equal steps, or equal errors."""
    reference, kernel = reference_of(chart), Kernel(chart)
    handled = 0
    snapshots = met(chart, 5, 150 if at is NOW else 40)
    for snapshot, event in product(snapshots, EVENTS[chart]):
        expected = outcome(reference, snapshot, event, at)
        for _ in range(4):
            assert outcome(kernel, snapshot, event, at) == expected
        if isinstance(expected, Step):
            found = outcome(kernel, snapshot, event, at)
            assert tuple(found) == tuple(expected)
            assert found.snapshot.memory == expected.snapshot.memory
            handled += expected.handled
    assert handled or isinstance(at, str)


@pytest.mark.parametrize("chart", EVENTS, ids=lambda chart: chart.__name__)
def test_moves_take_the_snapshots_of_others(chart: Any) -> None:
    """Snapshots of other kernels, of pickles and of files move as the kernel's own."""
    kernel = Kernel(chart)
    protocol: Any = Protocol(chart)
    for snapshot in met(chart, 3, 12):
        own = kernel.adopt(snapshot)
        for event in EVENTS[chart]:
            expected = [outcome(kernel, own, event, NOW) for _ in range(4)][-1]
            for one in (
                pickle.loads(pickle.dumps(own)),
                protocol.loads_snapshot(protocol.dumps_snapshot(own)),
                Kernel(chart).adopt(snapshot),
                copy.copy(own),
            ):
                assert outcome(kernel, one, event, NOW) == expected


def test_moves_of_one_shape_are_compiled_once() -> None:
    """A ring of a hundred states has a hundred moves and one text."""
    lines = ["class Ring(Statechart[Back]):", "    s0 = State(initial=True)"]
    lines += [f"    s{n} = State()" for n in range(1, 100)]
    lines += [f"    s{n}.to(s{(n + 1) % 100}, on=Back)" for n in range(100)]
    namespace: dict[str, Any] = {**globals()}
    exec("\n".join(lines), namespace)
    kernel = Kernel[Any, Any](namespace["Ring"])
    snapshot = kernel.start().snapshot
    before = _compiled.cache_info().misses
    for _ in range(300):
        snapshot = kernel.step(snapshot, Back()).snapshot
    assert snapshot.configuration == ("s0",)
    assert _compiled.cache_info().misses <= before + 1


def test_a_move_is_written_when_an_event_is_met_again() -> None:
    """The first time costs no more than working the plan out."""
    kernel = Kernel(Chain)
    snapshot = kernel.start(at=NOW).snapshot
    node: Any = snapshot._place
    kernel.step(snapshot, Go(), at=NOW)
    assert node.dispatches[Go].move is None
    kernel.step(snapshot, Go(), at=NOW)
    assert node.dispatches[Go].move is not None
    assert node.dispatches[Go].plan is None  # it can be worked out again


def test_a_reference_writes_no_moves() -> None:
    """The reference carries the plan out each time."""
    kernel = reference_of(Chain)
    snapshot = kernel.start(at=NOW).snapshot
    for _ in range(4):
        kernel.step(snapshot, Go(), at=NOW)
    node: Any = snapshot._place
    assert node.dispatches[Go].move is None


def test_asking_for_a_class_of_our_own_events_changes_no_step() -> None:
    """What `can` has worked out for `TimerFired` is not taken for the answer to a timer."""

    class Wait(Statechart, allow="*"):
        idle = State(initial=True)
        late = State()
        idle.after(timedelta(seconds=1), late)

    kernel: Any = Kernel(Wait)
    begun = kernel.start(at=NOW).snapshot
    (timer,) = begun.timers
    for kind in (TimerFired, Answer, CallFailed, NamedEvent):
        assert not begun.can(kind)
    for _ in range(3):
        then = kernel.step(begun, TimerFired(timer), at=NOW)
        assert (then.snapshot.configuration, dict(then.snapshot.timers)) == (("late",), {})


def test_long_chains_of_guards_are_asked_one_by_one() -> None:
    """However many guards there are, the first that holds decides."""
    lines = ["class Long(Statechart[Go]):", "    s = State(initial=True)", "    t = State()"]
    lines += [f"    s.to(t, on=Go, when=lambda m: m.event.n == {n})" for n in range(60)]
    lines += ["    t.to(s, on=Go)"]
    namespace: dict[str, Any] = {**globals()}
    exec("\n".join(lines), namespace)
    kernel = Kernel[Any, Any](namespace["Long"])
    snapshot = kernel.start().snapshot
    for number in (*range(60), *range(60)):
        (line,) = kernel.step(snapshot, Go(number)).fired
        assert line is kernel.chart["s"].transitions[number]
    assert not kernel.step(snapshot, Go(60)).handled


def test_each_of_several_guarded_lines_gets_its_place() -> None:
    """Lines that are taken often are written after their guards; the rest are called."""
    lines = ["class Fan(Statechart[Go | Back]):", "    s = State(initial=True)"]
    lines += [f"    t{n} = State()" for n in range(9)]
    lines += [f"    s.to(t{n}, on=Go, when=lambda m: m.event.n == {n})" for n in range(9)]
    lines += [f"    t{n}.to(s, on=Back)" for n in range(9)]
    namespace: dict[str, Any] = {**globals()}
    exec("\n".join(lines), namespace)
    kernel = Kernel[Any, Any](namespace["Fan"])
    snapshot = kernel.start().snapshot
    for number in tuple(range(9)) * 4:
        assert kernel.step(snapshot, Go(number)).snapshot.configuration == (f"t{number}",)


def test_validators_are_asked_unless_they_are_switched_off() -> None:
    """Data that a move makes obeys ``attrs.validators.set_disabled`` as data made by hand does."""
    kernel: Any = Kernel(Life)
    snapshot = kernel.start(at=NOW).snapshot
    for _ in range(4):
        with pytest.raises(CallbackError, match="'n' must be >= 1: -1"):
            kernel.step(snapshot, Go(-1), at=NOW)
        kernel.step(snapshot, Go(1), at=NOW)
    with attrs.validators.disabled():
        assert kernel.step(snapshot, Go(-1), at=NOW).snapshot["on.c"].n == -1


def with_post_init(cls: Any) -> Any:
    """Return a class with a hook that runs after ``__init__``."""
    cls.__attrs_post_init__ = lambda self: None
    return frozen(cls)


@pytest.mark.parametrize(
    ("cls", "plain"),
    [
        (Plain, True),
        (Checked, True),
        (Nothing, True),
        (Turned, False),
        (attrs.make_class("Loose", {"n": field()}, slots=True), True),
        (attrs.make_class("Dict", {"n": field()}, slots=False), False),
        (attrs.make_class("Factory", {"n": field(factory=list)}, slots=True), False),
        (attrs.make_class("Hidden", {"n": field(init=False, default=1)}, slots=True), False),
        (
            attrs.make_class("Hashed", {"n": field()}, slots=True, frozen=True, cache_hash=True),
            False,
        ),
        (attrs.make_class("Same", {"n": field()}, slots=True, eq=False), False),
        (attrs.make_class("Given", {"n": field()}, slots=True, init=False), False),
        (with_post_init(type("Post", (), {"__annotations__": {"n": int}})), False),
        (type("Sub", (Plain,), {}), False),
        (type("Thin", (Plain,), {"__slots__": ()}), True),
        (type("Own", (Plain,), {"__slots__": (), "__init__": lambda self: None}), False),
        (type("New", (Plain,), {"__slots__": (), "__new__": lambda cls: None}), False),
        (type("Meta", (type,), {})("Made", (Plain,), {"__slots__": ()}), False),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_data_is_set_slot_by_slot_only_where_nothing_else_happens(cls: Any, plain: bool) -> None:
    """A class that does more than set its fields and ask its validators is called."""
    assert (plain_slots(cls) is not None) is plain


@pytest.mark.parametrize("kind", [Kernel, reference_of], ids=["moves", "reference"])
def test_unknown_attribute_of_a_moment_names_those_there_are(kind: Callable[[Any], Any]) -> None:
    """A misspelt attribute is told with all that a moment has."""
    kernel = kind(Life)
    snapshot = kernel.start(at=NOW).snapshot
    for _ in range(4):
        with pytest.raises(CallbackError, match="a moment has no 'nothing'; it has at, call"):
            kernel.step(snapshot, Wild(4), at=NOW)


def test_step_is_a_value_that_reads_as_a_tuple() -> None:
    """It unpacks, indexes, matches, compares, copies and pickles as the named tuple it was."""
    kernel = Kernel(Chain)
    snapshot = kernel.start(at=NOW).snapshot
    then: Any = [kernel.step(snapshot, Go(), at=NOW) for _ in range(3)][-1]
    after, effects, fired, handled, microsteps = then
    assert (after, effects, handled) == (then.snapshot, then.effects, then.handled)
    assert (fired, microsteps) == (then.fired, then.microsteps)
    assert [len(then), then[3], then[-1]] == [5, handled, microsteps]
    match then:
        case Step(snapshot=one, handled=True):
            assert one is after
    match then:
        case Step(one, _, _, True, _):
            assert one is after
    assert then == copy.copy(then) == Step(*then)
    assert hash(then) == hash(Step(*then))
    assert type(then).__name__ == "Step"
    assert repr(then) == repr(Step(*then))
    assert then != then._replace(handled=False)
    assert pickle.loads(pickle.dumps(then)) == then
    with pytest.raises(AttributeError):
        setattr(then, "fired", ())  # noqa: B010 - type checkers know that it is refused


@pytest.fixture
def restless_threads() -> Iterator[None]:
    """Has threads switch as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.sampled(3)
@pytest.mark.usefixtures("restless_threads")
@pytest.mark.parametrize("plans", [1, 5, 1000])
def test_threads_write_moves_together(plans: int) -> None:
    """Threads that meet the same events at the same time all get the reference's steps."""
    snapshots = met(Life, 4, 12)
    pairs = [(one, event) for one in snapshots for event in EVENTS[Life]]
    reference = reference_of(Life)
    expected = [outcome(reference, one, event, NOW) for one, event in pairs]
    kernel = Kernel(Life, plans=plans)
    gate = threading.Barrier(6)

    def work(turn: int) -> list[Any]:
        gate.wait()
        found = []
        for _ in range(3):
            order = pairs[turn:] + pairs[:turn]
            steps = [outcome(kernel, one, event, NOW) for one, event in order]
            found.append(steps[len(pairs) - turn :] + steps[: len(pairs) - turn])
        return found

    with ThreadPoolExecutor(6) as pool:
        for found in pool.map(work, (0, 0, 1, 2, 40, 41)):
            assert found == [expected] * 3
    assert kernel.remembered <= plans


def test_functions_and_kernels_agree() -> None:
    """`step` finds the kernel that is kept with the chart, whatever it is given."""
    first = Kernel(Chain).start(at=NOW).snapshot
    charts: tuple[Any, ...] = (Chain, Chain.chart)
    for chart in charts:
        assert step(chart, first, Go(), at=NOW) == Kernel(Chain).step(first, Go(), at=NOW)
    wrong: Any = object()
    with pytest.raises(StepError, match="SC213"):
        step(wrong, first, Go())


def one_more(m: Moment[Any, Any, Any]) -> Any:
    """Count from nothing."""
    return (m.context or 0) + 1


def test_context_of_an_unchecked_chart_may_be_anything() -> None:
    """A chart that says nothing of its context, and was not checked, updates it all the same."""

    class Count(Statechart[Back, Total]):
        only = State(initial=True, resting=True)
        only.stay(on=Back, update=one_more)

    declared: Any = Count.chart
    chart = attrs.evolve(declared, context=None)
    for kernel in (Kernel(chart), reference_of(chart)):
        snapshot = kernel.start().snapshot
        for _ in range(5):
            snapshot = kernel.step(snapshot, Back()).snapshot
        assert snapshot.context == 5
