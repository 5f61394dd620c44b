"""Scopes: lines in loops and comprehensions of every kind, on every Python that can be had."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

ROOT = Path(__file__).parents[2]
PYTHONS = {
    f"{minor}": python
    for minor in (11, 12, 13, 14)
    for python in sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python"))[-1:]
} | {"own": Path(sys.executable)}


def environment() -> dict[str, str]:
    """Return an environment in which another Python finds this package, and attrs."""
    packages = Path(attrs.__file__).parents[1]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, packages)))}


PROGRAM = """
import abc
import sys
from concurrent.futures import ThreadPoolExecutor
from attrs import frozen
from statecharts import Compound, State, Statechart, DefinitionError


@frozen
class Go: ...
@frozen
class Reset: ...


class Base(Statechart):
    a = State(initial=True); b = State(); c = State()
    a.to(b, on=Go); b.to(c, on=Go); c.to(a, on=Go)


def written(line):
    line.to(Base.a, on=Reset)


def charts():
    class plain(Base):
        for s in (Base.b, Base.c):
            s.to(Base.a, on=Reset)
    yield plain
    class listed(Base): [s.to(Base.a, on=Reset) for s in (Base.b, Base.c)]
    yield listed
    class kept(Base):
        lines = [s.to(Base.a, on=Reset) for s in (Base.b, Base.c)]
    yield kept
    class set_(Base): {s.to(Base.a, on=Reset) for s in (Base.b, Base.c)}
    yield set_
    class dict_(Base): {s.id: s.to(Base.a, on=Reset) for s in (Base.b, Base.c)}
    yield dict_
    class nested(Base): [[s.to(Base.a, on=Reset) for s in (x,)] for x in (Base.b, Base.c)]
    yield nested
    class generated(Base): list(s.to(Base.a, on=Reset) for s in (Base.b, Base.c))
    yield generated
    class mapped(Base): list(map(lambda s: s.to(Base.a, on=Reset), (Base.b, Base.c)))
    yield mapped
    class helped(Base): [written(s) for s in (Base.b, Base.c)]
    yield helped
    class whole(Base): [Statechart.to(s, on=e) for s, e in ((Base.a, Reset), (Base.b, Go))]
    yield whole
    class mixed(Base):
        [s.to(Base.a, on=Reset) for s in (Base.b,)]
        Base.c.to(Base.a, on=Reset)
    yield mixed
    class Inner(Statechart):
        class m(Compound, initial=True):
            a = State(initial=True); b = State(); c = State()
            [s.to(t, on=Go) for s, t in ((a, b), (b, c), (c, a))]
    class inside(Inner): [s.to(Inner.m.a, on=Reset) for s in (Inner.m.b, Inner.m.c)]
    yield inside
    class body(Inner):
        class m(Inner.m): [s.to(Inner.m.a, on=Reset) for s in (Inner.m.b, Inner.m.c)]
    yield body
    try:
        class failed(Base):
            [s.to(Base.a, on=Reset) for s in (Base.b, Base.c)]
            raise KeyError
    except KeyError:
        pass
    class after(Base): [s.to(Base.a, on=Reset) for s in (Base.b, Base.c)]
    yield after
    class removed(after):
        [line.remove() for line in (after.chart.lines[n] for n in ("b:reset->a", "c:reset->a"))]
        [s.to(Base.a, on=Reset) for s in (Base.b, Base.c)]
    yield removed
    class abstract(Base, abc.ABC): [s.to(Base.a, on=Reset) for s in (Base.b, Base.c)]
    yield abstract
    class Own(Base):
        def __init_subclass__(cls, **said): super().__init_subclass__(**said)
    class derived(Own): [s.to(Base.a, on=Reset) for s in (Base.b, Base.c)]
    yield derived
    class taken(derived):
        [line.remove() for line in (derived.chart.lines[n] for n in ("b:reset->a", "c:reset->a"))]
        [Statechart.to(s, on=e) for s, e in ((Base.a, Reset), (Base.b, Go))]
    yield taken
    class registered(Registered, Base): [s.to(Base.a, on=Reset) for s in (Base.b, Base.c)]
    yield registered
    class made(Base, metaclass=Meta): [s.to(Base.a, on=Reset) for s in (Base.b, Base.c)]
    yield made
    class part(Inner):
        class m(Registered, Inner.m): [s.to(Inner.m.a, on=Reset) for s in (Inner.m.b, Inner.m.c)]
    yield part


class Registered:
    def __init_subclass__(cls, **said):
        class Other(Base): [s.to(Base.a, on=Reset) for s in (Base.b,)]
        assert len(Other.chart.transitions) == 4
        super().__init_subclass__(**said)


class Meta(type):
    def __new__(meta, name, bases, names): return super().__new__(meta, name, bases, dict(names))


for chart in charts():
    assert len(chart.chart.transitions) == 5, (chart.__name__, list(chart.chart.lines))
assert len(Base.chart.transitions) == 3
try:
    class Lost(Statechart):
        a = State(initial=True, resting=True)
        [State() for _ in (1, 2)]
except DefinitionError as error:
    assert [fault.code for fault in error.faults] == ["SC102", "SC102"], error
else:
    raise AssertionError("a lost state was not told")
class Mixin:
    [State() for _ in (1, 2)]
try:
    class Lost(Mixin, Statechart, abc.ABC):
        a = State(initial=True, resting=True)
        [State() for _ in (1, 2)]
except DefinitionError as error:
    assert [fault.code for fault in error.faults] == ["SC102"] * 4, error
else:
    raise AssertionError("a lost state was not told")
for fails in (True, False):
    try:
        class again(Base):
            if fails:
                [s.to(Base.a, on=Reset) for s in (Base.b, Base.c)]
                raise KeyError
    except KeyError:
        pass
assert len(again.chart.transitions) == 3


def declare(number):
    class T(Base): [s.to(Base.a, on=Reset) for s in (Base.b, Base.c)]
    return len(T.chart.transitions)


sys.setswitchinterval(1e-6)
with ThreadPoolExecutor(4) as pool:
    assert set(pool.map(declare, range(60))) == {5}
"""


@pytest.mark.parametrize("python", PYTHONS.values(), ids=PYTHONS)
def test_lines_may_be_written_in_loops_and_comprehensions(python: Path) -> None:
    """The class body is found whatever is between it and the line, and each line counts once."""
    done = subprocess.run(
        [python, "-W", "error", "-c", PROGRAM],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
