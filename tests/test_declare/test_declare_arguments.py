"""Arguments: what a chart's brackets say is read through generic bases, aliases and quotes."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Annotated, Any, Generic, Never, Optional, TypeVar, Union

import pytest
from attrs import frozen

from statecharts import Compound, DefinitionError, State, Statechart, StatechartError, start
from tests.test_declare.test_declare_scopes import PYTHONS, environment


@frozen
class Go:
    pass


@frozen
class Stop:
    pass


@frozen
class Tally:
    n: int = 0


@frozen
class Larger(Tally):
    m: int = 0


Either = Go | Stop
E = TypeVar("E")
F = TypeVar("F")
C = TypeVar("C")
B = TypeVar("B", bound=Tally)


def events(chart: Any) -> list[type] | None:
    """Return the classes of a chart's events; None when these are open."""
    return [event.cls for event in chart.chart.events] if chart.chart.closed else None


class Base(Statechart[E, C], Generic[E, C]):
    """A base that leaves both open."""

    a = State(initial=True)
    b = State()
    a.to(b, on=Go)
    b.to(a, on=Go)


class Counting(Statechart[E, B], Generic[E, B]):
    """A base whose context is one of several classes."""

    a = State(initial=True, resting=True)
    a.stay(on=Go, update=lambda m: m.context)


class Turned(Base[F, Tally], Generic[F]):
    """A base that closes one of the two."""


def test_generic_base_is_closed_by_its_subclass() -> None:
    """What a subclass passes goes through as many bases as there are."""

    class Sub(Base[Go | Stop, Tally]):
        Base.b.to(Base.a, on=Stop)

    class Last(Turned[Go]):
        pass

    class Same(Last):
        pass

    assert (events(Sub), Sub.chart.context) == ([Go, Stop], Tally)
    assert (events(Last), Last.chart.context) == ([Go], Tally)
    assert (events(Same), Same.chart.context) == ([Go], Tally)
    assert (events(Base), Base.chart.context) == (None, None)
    assert (events(Turned), Turned.chart.context) == (None, Tally)


def test_base_that_updates_an_open_context_is_built_by_its_subclass() -> None:
    """Until its context is known, only the bound says what it is; without one there is no chart."""

    class Bare(Statechart[E, C], Generic[E, C]):
        a = State(initial=True, resting=True)
        a.stay(on=Go, update=lambda m: m.context)

    class Sub(Bare[Go, Tally]):
        pass

    assert Counting.chart.context is Tally
    assert Sub.chart.context is Tally
    with pytest.raises(StatechartError, match=r"SC120.*leaves its context open.*Bare\[Events"):
        _ = Bare.chart


def test_part_of_a_union_may_be_left_open() -> None:
    """A type parameter in a union is replaced; until then the events are open."""

    class Part(Statechart[E | Go], Generic[E]):  # type: ignore[type-var, unused-ignore]
        a = State(initial=True, resting=True)
        a.stay(on=Go)

    class Sub(Part[Stop], allow="SC124"):
        pass

    assert events(Part) is None
    assert events(Sub) == [Stop, Go]


@pytest.mark.parametrize(
    "given",
    [
        Go | Stop,
        Either,
        Union[Go, Stop],  # noqa: UP007
        Annotated[Go | Stop, "what happens"],
        "Go | Stop",
        "Either",
        Union["Go", "Stop"],  # noqa: UP007, RUF100
        Annotated["Either", 1],
    ],
)
def test_events_are_found_however_they_are_written(given: Any) -> None:
    """Unions, aliases, annotations and quotes of each mean the same."""

    class Door(Statechart[given, "Tally"], allow="*"):
        a = State(initial=True)

    assert events(Door) == [Go, Stop]
    assert Door.chart.context is Tally


def test_quotes_are_read_where_the_class_is_declared() -> None:
    """Names of the scope around the class come first, then those of its module."""

    @frozen
    class Local:
        pass

    @frozen
    class Stop:
        """Hides the module's."""

    class Door(Statechart["Go | Local | Stop"], allow="*"):
        a = State(initial=True)

    class Outer:
        @frozen
        class Inner:
            pass

        class Door(Statechart["Inner | Local"], allow="*"):
            a = State(initial=True)

    class Nested(Statechart["Nested.Push"], allow="*"):  # pyright: ignore[reportGeneralTypeIssues]
        @frozen
        class Push:
            pass

        a = State(initial=True)

    assert events(Door) == [Go, Local, Stop]
    assert events(Outer.Door) == [Outer.Inner, Local]
    assert events(Nested) == [Nested.Push]


def test_data_of_a_superstate_may_be_in_quotes() -> None:
    """The brackets of a superstate are read by the same rule."""

    class Door(Statechart, allow="*"):
        class open(Compound["Tally"], initial=True):
            a = State(initial=True)

    assert Door.chart["open"].data is Tally
    with pytest.raises(DefinitionError, match=r"SC112.*data of 'open' cannot be resolved.*Tlaly"):

        class Window(Statechart, allow="*"):
            class open(Compound["Tlaly"], initial=True):  # type: ignore[name-defined]
                a = State(initial=True)


@pytest.mark.parametrize("given", ["Gone", "Go | Gone", "Go.gone", "1 / 0", Annotated["1 / 0", 1]])
def test_argument_that_cannot_be_found_is_a_fault(given: Any) -> None:
    """With states in its body or without, the class is refused, and the fault says what it is."""
    with pytest.raises(DefinitionError, match=r"SC112.*cannot be resolved"):

        class Door(Statechart[given]):
            a = State(initial=True, resting=True)

    with pytest.raises(DefinitionError, match=r"SC112.*cannot be resolved"):

        class Bare(Statechart[given]):
            pass


def test_any_leaves_events_open_and_never_says_there_are_none() -> None:
    """``Any`` is what a chart without brackets has; ``Never`` closes a chart without events."""

    class Loose(Statechart[Any, Tally], allow="*"):
        a = State(initial=True)
        a.stay(on=Go)

    class Deaf(Statechart[Never], allow="*"):
        a = State(initial=True)

    assert events(Loose) is None
    assert events(Deaf) == []
    assert start(Loose, Tally(1)).snapshot.context == Tally(1)


def test_context_that_derives_from_the_others_is_the_context() -> None:
    """Of several contexts the one that is all of them counts, in any order of the bases."""

    class One(Statechart[Go, Tally]):
        pass

    class Two(Statechart[Go, Larger]):
        pass

    class Left(One, Two, allow="*"):  # pyright: ignore[reportGeneralTypeIssues]
        a = State(initial=True)

    class Right(Two, One, allow="*"):  # pyright: ignore[reportGeneralTypeIssues]
        a = State(initial=True)

    assert Left.chart.context is Right.chart.context is Larger


def test_optional_events_are_told() -> None:
    """None is no event."""
    with pytest.raises(
        DefinitionError, match=r"SC114.*an event is None, which.*Pass an event class"
    ):

        class Door(Statechart[Optional[Go]]):  # noqa: UP045
            a = State(initial=True, resting=True)
            a.stay(on=Go)


PROGRAM = """
from attrs import frozen
from statecharts import State, Statechart


@frozen
class Go: ...
@frozen
class Stop: ...
@frozen
class Tally: n: int = 0


type Events = Go | Stop
type Twice = Events
type With[T] = Go | T


class Base[E, C](Statechart[E, C]):
    a = State(initial=True, resting=True)
    a.stay(on=Go)


def closed(chart):
    return [event.cls for event in chart.chart.events], chart.chart.context


class One(Base[Events, Tally]):
    Base.a.stay(on=Stop)
class Two(Statechart[Twice]):
    a = State(initial=True, resting=True)
    a.stay(on=(Go, Stop))
class Three(Statechart[With[Stop], "Tally"]):
    a = State(initial=True, resting=True)
    a.stay(on=(Go, Stop))
class Quoted[E](Statechart["E | Go"]):
    a = State(initial=True, resting=True)
    a.stay(on=(Go, Stop))
class Four(Quoted[Stop]): ...
class Six(Statechart):
    a = State(initial=True, resting=True)
    a.stay(on=With[Stop])
class Seven(Statechart):
    a = State(initial=True, resting=True)
    a.stay(on=(Twice,))
def local():
    @frozen
    class Here: ...
    type Both = Go | Here
    class Five(Statechart[Both]):
        a = State(initial=True, resting=True)
        a.stay(on=(Go, Here))
    return closed(Five) == ([Go, Here], None)


assert closed(One) == ([Go, Stop], Tally), closed(One)
assert closed(Two) == ([Go, Stop], None), closed(Two)
assert closed(Three) == ([Go, Stop], Tally), closed(Three)
assert closed(Four) == ([Stop, Go], None), closed(Four)
assert [event.cls for chart in (Six, Seven) for event in chart.chart.events] == [Go, Stop] * 2
assert local()
"""


@pytest.mark.parametrize("python", PYTHONS.values(), ids=PYTHONS)
def test_syntax_of_python_3_12_is_read(python: Path) -> None:
    """Type parameters in brackets and ``type`` statements, where Python has them."""
    told = subprocess.run(
        [python, "-c", "import sys; print(sys.version_info[1])"],
        capture_output=True,
        text=True,
        check=True,
    )
    if int(told.stdout) < 12:
        pytest.skip("it is newer than this Python")
    done = subprocess.run(
        [python, "-W", "error", "-c", PROGRAM],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
