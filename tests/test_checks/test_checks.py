"""Definition checks: each fault has its code, its place, its remedy; all are told at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from attrs import field, frozen

from statecharts import (
    Compound,
    DefinitionError,
    History,
    Occurred,
    Parallel,
    State,
    Statechart,
)
from statecharts.checks import QUALITY, STRUCTURAL, accept, faults
from statecharts.model.errors import Fault
from tests.test_checks.fault_cases import CASES, Go, Halt


@frozen
class Branch:
    """Data that needs a branch."""

    branch: str


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_fault_reads_as_its_golden_text(case: Callable[[], object]) -> None:
    """Each mistake is refused with exactly the text that its case gives."""
    with pytest.raises(DefinitionError) as caught:
        case()
    expected = [line.strip() for line in (case.__doc__ or "").strip().splitlines()]
    told = [re.sub(r"at line \d+", "at line N", str(fault)) for fault in caught.value.faults]
    assert told == expected


def test_fault_codes_are_all_exercised() -> None:
    """The tables hold the codes that the cases raise, and no other."""
    told = "\n".join(case.__doc__ or "" for case in CASES)
    assert set(re.findall(r"^ *\[(SC\d+)\]", told, re.MULTILINE)) == {*STRUCTURAL, *QUALITY}


def test_faults_come_all_at_once() -> None:
    """One declaration with several mistakes names every one of them."""
    with pytest.raises(DefinitionError) as caught:

        class Door(Statechart[Go | Halt]):
            closed = State(initial=True)
            open = State(Branch)
            attic = State(resting=True)

            closed.to(open, on=Go)
            open.to("closde", on=Go)  # type: ignore[arg-type]

    codes = [fault.code for fault in caught.value.faults]
    assert codes == ["SC101", "SC104", "SC121", "SC124"]
    assert caught.value.chart == "Door"
    assert len(caught.value.exceptions) == 4


def test_fault_knows_where_it_was_declared() -> None:
    """A fault carries the file and line of the declaration that it is about."""
    with pytest.raises(DefinitionError) as caught:

        class Door(Statechart[Go]):
            closed = State(initial=True)
            closed.to("nowhere", on=Go)  # type: ignore[arg-type]

    (fault,) = [fault for fault in caught.value.faults if fault.code == "SC101"]
    location = fault.location or ""
    assert "test_checks.py:" in location
    assert str(caught.value.exceptions[0]) == f"[SC101] {location}"
    assert (fault.state, fault.line) == ("closed", "closed:go->nowhere")


def test_allow_accepts_a_quality_fault_and_keeps_it_as_a_warning() -> None:
    """A quality fault that is allowed by its code is a warning of the chart, and no more."""

    class Door(Statechart[Go], allow=("SC122",)):
        closed = State(initial=True)
        open = State()
        closed.to(open, on=Go)

    assert [fault.code for fault in Door.chart.warnings] == ["SC122"]


def test_allow_star_accepts_every_quality_fault_but_no_structural_one() -> None:
    """``allow="*"`` lets quality faults pass, and structural ones still refuse the chart."""

    class Door(Statechart[Go | Halt], allow="*"):
        closed = State(initial=True)
        open = State()
        attic = State()
        closed.to(open, on=Go)

    assert {fault.code for fault in Door.chart.warnings} == {"SC121", "SC122", "SC124"}
    with pytest.raises(DefinitionError, match="SC103"):

        class Window(Statechart, allow="*"):
            closed = State()


def test_allow_passes_on_to_subclasses_unless_they_say_otherwise() -> None:
    """A subclass inherits what its parent allows, and may take it back."""

    class Door(Statechart[Go], allow="SC122"):
        closed = State(initial=True)
        open = State()
        closed.to(open, on=Go)

    class Gate(Door):
        pass

    assert [fault.code for fault in Gate.chart.warnings] == ["SC122"]
    with pytest.raises(DefinitionError, match="SC122"):

        class Hatch(Door, allow=()):
            pass


def test_sound_chart_has_no_faults() -> None:
    """A chart that uses every construct soundly passes without a word."""

    @frozen
    class Since:
        since: Occurred
        branch: str = "main"

    @frozen
    class Tick:
        branch: str = field(default="x")

    class Sound(Statechart[Go | Halt | Tick]):
        class work(Compound[Since], initial=True):
            one = State(initial=True)
            two = State(Branch)
            last = State(final=True)
            past = History(default=one, deep=True)
            one.to(two, on=Tick)
            two.to(last, on=Go)
            two.stay(on=Tick, make=lambda m: Branch(m.event.branch))

        class both(Parallel):
            class left(Compound):
                a = State(initial=True)
                b = State(final=True)
                a.to(b, on=Go)

            class right(Compound):
                c = State(initial=True)
                d = State(final=True)
                c.to(d, on=Halt)

        end = State(final=True)
        work.when_done(both)
        both.when_done(end)
        both.to(work.past, on=Tick)
        work.after(timedelta(seconds=1), end)
        work.one.always(both, when=lambda m: False)

    assert faults(Sound.chart) == ()
    assert Sound.chart.warnings == ()


def test_accept_returns_the_same_chart_when_there_is_nothing_to_say() -> None:
    """Checking a sound chart again changes nothing, not even its identity."""

    class Door(Statechart[Go]):
        closed = State(initial=True)
        open = State(final=True)
        closed.to(open, on=Go)

    assert accept(Door.chart) is Door.chart


def test_accept_takes_faults_found_before() -> None:
    """What a declaration or a file has found wrong is told together with what the checks find."""

    class Door(Statechart[Go]):
        closed = State(initial=True)
        open = State(final=True)
        closed.to(open, on=Go)

    earlier = Fault("SC114", "Door", "the lock is made of chocolate", "Use steel")
    with pytest.raises(DefinitionError, match="chocolate"):
        accept(Door.chart, (), [earlier])
