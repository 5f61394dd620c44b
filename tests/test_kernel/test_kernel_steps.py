"""Steps: what one event makes of a configuration."""

from __future__ import annotations

from typing import Any, cast

import pytest
from attrs import frozen

from statecharts import (
    Compound,
    Effect,
    Kernel,
    Parallel,
    State,
    Statechart,
    Step,
    TimerFired,
    start,
    step,
)
from statecharts.model.chart import (
    ROOT,
    Chart,
    Default,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
)
from statecharts.model.errors import StepError
from statecharts.model.hooks import Hook


@frozen
class Go:
    n: int = 0


@frozen
class Back:
    pass


@frozen
class Stop:
    pass


@frozen
class Tally:
    count: int = 0


@frozen
class Said(Effect):
    text: str


class Trip(Statechart[Go | Back | Stop]):
    class out(Compound, initial=True):
        first = State(initial=True)
        second = State(Tally)
        first.to(second, on=Go)
        second.stay(on=Go, make=lambda m: Tally(m.data.count + 1))
        second.ignore(on=Stop)

    home = State(resting=True)
    out.to(out.first, on=Back, internal=True)
    out.to(home, on=Stop)


class Loop(Statechart[Go | Back | Stop]):
    class inside(Compound, initial=True):
        one = State(initial=True)
        two = State()
        one.to(two, on=Go)
        two.to(one, on=Go)

    inside.to(inside.two, on=Back)
    inside.to(inside.two, on=Stop, internal=True)


def run(chart: type[Statechart], *events: object) -> Step[Any]:
    """Return the last step of a run."""
    then = start(chart)
    for event in events:
        then = step(chart, then.snapshot, event)
    return then


def moves(then: Step[Any]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return what each microstep has left and entered."""
    return [(microstep.exited, microstep.entered) for microstep in then.microsteps]


def test_start_enters_the_initial_states() -> None:
    """The start is a step: handled, at clock 0, nothing fired."""
    first = start(Trip)
    assert first.snapshot.configuration == ("out", "out.first")
    assert (first.handled, first.fired, first.effects) == (True, (), ())
    assert first.snapshot.clock == 0
    assert moves(first) == [((), ("out", "out.first"))]


def test_external_transition_leaves_and_enters() -> None:
    """A step tells what was left, what fired and what was entered."""
    then = run(Trip, Go())
    assert moves(then) == [(("out.first",), ("out.second",))]
    assert then.fired == Trip.chart["out.first"].transitions
    assert then.snapshot.clock == 1


def test_transition_of_an_ancestor_is_taken_from_inside() -> None:
    """What no inner state handles the outer one does, leaving inside out."""
    then = run(Trip, Stop())
    assert moves(then) == [(("out.first", "out"), ("home",))]


def test_unhandled_event_gives_the_same_snapshot() -> None:
    """What nothing answers to changes nothing: the very same snapshot comes back."""
    before = run(Trip, Stop())
    then = step(Trip, before.snapshot, Go())
    assert then.snapshot is before.snapshot
    assert then[1:] == ((), (), False, ())


def test_ignored_event_is_handled_and_fires_nothing() -> None:
    """A swallowed event reaches no superstate, and counts as handled."""
    before = run(Trip, Go())
    then = step(Trip, before.snapshot, Stop())
    assert then.snapshot.configuration == before.snapshot.configuration
    assert (then.handled, then.fired, then.effects) == (True, (), ())
    assert then.snapshot.clock == before.snapshot.clock + 1
    assert then.snapshot.data == before.snapshot.data


def test_stay_makes_new_data_without_leaving() -> None:
    """An internal transition without a target changes its source's data alone."""
    then = run(Trip, Go(), Go(), Go())
    assert then.snapshot[Trip.out.second] == Tally(2)
    assert moves(then) == [((), ())]
    assert len(then.fired) == 1


def test_internal_transition_keeps_its_source() -> None:
    """A target inside an internal transition's source is entered without leaving that."""
    assert moves(run(Loop, Stop())) == [(("inside.one",), ("inside.two",))]


def test_external_transition_leaves_its_source() -> None:
    """A target inside an external transition's source is entered after leaving that."""
    assert moves(run(Loop, Back())) == [(("inside.one", "inside"), ("inside", "inside.two"))]


def test_internal_self_transition_leaves_its_source() -> None:
    """A state does not lie inside itself, so internal makes no difference there."""

    class Again(Statechart[Go]):
        one = State(Tally, initial=True)
        one.to(one, on=Go, internal=True)

    assert moves(run(Again, Go())) == [(("one",), ("one",))]


def test_internal_transition_of_a_parallel_state_leaves_it() -> None:
    """Only a compound state can stay active around an internal transition."""

    class Pair(Statechart[Go], allow="SC132"):
        class both(Parallel, initial=True):
            class a(Compound):
                x = State(initial=True)

            class b(Compound):
                y = State(initial=True)

        both.to(both.a, on=Go, internal=True)

    (move,) = moves(run(Pair, Go()))
    assert move[0][-1] == move[1][0] == "both"


def test_first_guard_that_holds_decides() -> None:
    """Guards are asked from the inside out and in document order, each at most once."""
    asked: list[str] = []

    def ask(name: str, below: int) -> Any:
        def guard(m: Any) -> bool:
            asked.append(name)
            return bool(m.event.n < below)

        return guard

    class Choice(Statechart[Go]):
        class box(Compound, initial=True):
            here = State(initial=True)
            a = State(resting=True)
            b = State(resting=True)
            here.to(a, on=Go, when=ask("a", 1))
            here.to(b, on=Go, when=ask("b", 2))

        c = State(resting=True)
        box.to(c, on=Go, when=ask("c", 3))

    ends = []
    for n in range(4):
        then = run(Choice, Go(n))
        ends.append((then.snapshot.configuration[-1], "".join(asked)))
        asked.clear()
    assert ends == [("box.a", "a"), ("box.b", "ab"), ("c", "abc"), ("box.here", "abc")]


def test_refused_event_gives_the_same_snapshot() -> None:
    """When every guard says no the event is unhandled."""

    class Strict(Statechart[Go]):
        here = State(initial=True)
        there = State(resting=True)
        here.to(there, on=Go, when=lambda m: m.event.n > 0)

    before = start(Strict)
    then = step(Strict, before.snapshot, Go())
    assert (then.snapshot is before.snapshot, then.handled) == (True, False)


def test_refused_are_the_lines_whose_guards_say_no() -> None:
    """They are told where nothing takes the event, and only then."""

    class Picky(Statechart[Go | Back], allow="*"):
        a = State(initial=True)
        b = State(resting=True)
        a.to(b, on=Go, when=lambda m: m.event == Go())
        shy = a.to(b, on=Back, when=lambda m: False)
        coy = a.stay(on=Back, when=lambda m: False)

    kernel = Kernel(Picky)
    first = kernel.start().snapshot
    assert [line.id for line in kernel.refused(first, Back())] == ["a.shy", "a.coy"]
    assert kernel.refused(first, Go()) == ()
    assert kernel.refused(first, Stop()) == ()
    assert kernel.refused(first, TimerFired("none#1")) == ()


def test_guard_of_one_transition_is_asked_once_for_all_regions() -> None:
    """A transition of a parallel state is asked once, though each of its regions leads to it."""
    asked: list[object] = []

    def ask(m: Any) -> bool:
        asked.append(m.data)
        return bool(m.event.n)

    class Pair(Statechart[Go]):
        class both(Parallel, initial=True):
            class a(Compound):
                x = State(initial=True)

            class b(Compound):
                y = State(initial=True)

        off = State(resting=True)
        both.to(off, on=Go, when=ask)

    assert not run(Pair, Go(0)).handled
    assert len(asked) == 1
    assert run(Pair, Go(1)).snapshot.configuration == ("off",)


@pytest.mark.parametrize("answer", [[], ["yes"], "no", 0, 1, None, NotImplemented])
def test_guard_answers_with_a_bool(answer: Any) -> None:
    """Anything but True and False is an error that names the guard; the snapshot stands."""

    class Truthy(Statechart[Go]):
        here = State(initial=True)
        there = State(resting=True)
        here.to(there, on=Go, when=lambda m: cast("bool", answer))

    with pytest.raises(StepError, match=r"SC208\] Truthy: when of 'here' .* a guard gave"):
        run(Truthy, Go(2))


def test_always_follows_in_the_same_step() -> None:
    """Eventless transitions are taken until no guard holds, each a microstep of its own."""

    class Chain(Statechart[Go]):
        a = State(initial=True)
        b = State()
        c = State()
        d = State(resting=True)
        a.to(b, on=Go)
        b.always(c, when=lambda m: m.event.n > 0)
        c.always(d, when=lambda m: m.event.n > 1)

    assert run(Chain, Go(0)).snapshot.configuration == ("b",)
    assert run(Chain, Go(1)).snapshot.configuration == ("c",)
    then = run(Chain, Go(2))
    assert [entered for _, entered in moves(then)] == [("b",), ("c",), ("d",)]
    assert [t.source for t in then.fired] == ["a", "b", "c"]
    assert then.snapshot.clock == 1


def test_always_is_taken_at_the_start() -> None:
    """The start comes to rest like every step; the transitions on the way have fired."""

    class Eager(Statechart):
        a = State(initial=True)
        b = State(resting=True)
        a.always(b)

    first = start(Eager)
    assert first.snapshot.configuration == ("b",)
    assert [t.source for t in first.fired] == ["a"]
    assert first.snapshot.clock == 0


def test_refused_always_is_asked_again_after_the_next_event() -> None:
    """A guard that refused is asked anew after each microstep, also after one that only stays."""

    class Patient(Statechart[Go]):
        wait = State(Tally, initial=True)
        gone = State(resting=True)
        wait.stay(on=Go, make=lambda m: Tally(m.data.count + 1))
        wait.always(gone, when=lambda m: m.data.count > 1)

    assert run(Patient, Go()).snapshot.configuration == ("wait",)
    assert run(Patient, Go(), Go()).snapshot.configuration == ("gone",)


def test_chart_that_has_ended_handles_nothing() -> None:
    """A final state of the outermost level is the end, also of eventless transitions."""

    class Short(Statechart[Go]):
        a = State(initial=True)
        end = State(final=True)
        a.to(end, on=Go)

    then = run(Short, Go())
    assert then.snapshot.configuration == ("end",)
    assert not step(Short, then.snapshot, Go()).handled


def test_kernel_takes_a_chart_and_a_class() -> None:
    """The chart and the class that declares it give the same steps, as do the functions."""
    by_class, by_chart = Kernel(Trip), Kernel(Trip.chart)
    first = start(Trip)
    assert by_class.start() == by_chart.start() == first == start(Trip.chart)
    then = step(Trip, first.snapshot, Go())
    assert by_class.step(first.snapshot, Go()) == by_chart.step(first.snapshot, Go()) == then
    assert step(Trip.chart, first.snapshot, Go()) == then
    assert by_class.chart is Trip.chart


@pytest.mark.parametrize("wrong", [None, "Trip", int])
def test_what_has_no_chart_is_refused(wrong: Any) -> None:
    """Something that declares no chart cannot be run."""
    with pytest.raises(StepError, match=r"\[SC213\] Kernel: .* has no chart\. Pass a Chart"):
        Kernel(wrong)
    with pytest.raises(StepError, match="SC213"):
        start(wrong)


def test_class_without_states_cannot_be_run() -> None:
    """A mere base says that it declares nothing."""

    class Base(Statechart):
        pass

    with pytest.raises(Exception, match=r"\[SC120\] Base: the class has no states"):
        start(Base)


def test_built_chart_with_several_targets_and_a_guarded_prohibition() -> None:
    """What only files can say is run as well: several targets, forbidding under a condition."""

    def node(state: str, kind: StateKind, *children: str, **more: Any) -> StateNode:
        parent, _, name = state.rpartition(".")
        return StateNode(state, kind, name, parent, children, **more)

    on_go = OnEvent((Go,))
    refuse = Hook(lambda m: m.event.n > 1)
    jump = Transition("off", on_go, ("p.a.y", "p.b.y"), emit=(Hook(lambda m: Said("jump")),))
    hold = Transition("off", on_go, (), TransitionKind.FORBIDDEN, refuse)
    regions = [
        part
        for r in "ab"
        for part in (
            node(f"p.{r}", StateKind.COMPOUND, f"p.{r}.x", f"p.{r}.y",
                 default=Transition(f"p.{r}", Default(), (f"p.{r}.x",))),
            node(f"p.{r}.x", StateKind.ATOMIC),
            node(f"p.{r}.y", StateKind.ATOMIC),
        )
    ]  # fmt: skip
    states = (
        node("off", StateKind.ATOMIC, transitions=(hold, jump)),
        node("p", StateKind.PARALLEL, "p.a", "p.b"),
        *regions,
    )
    initial = Transition(ROOT, Default(), ("off",))
    root = StateNode(ROOT, StateKind.COMPOUND, "Built", None, ("off", "p"), initial)
    kernel = Kernel(Chart("Built", root, states))
    first = kernel.start().snapshot
    held = kernel.step(first, Go(2))
    assert (held.handled, held.fired, held.snapshot.configuration) == (True, (), ("off",))
    then = kernel.step(first, Go(1))
    assert then.snapshot.configuration == ("p", "p.a", "p.a.y", "p.b", "p.b.y")
    assert then.effects == (Said("jump"),)
