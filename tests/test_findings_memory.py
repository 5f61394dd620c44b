"""Charts made at run time are freed with all that they were made of."""

from __future__ import annotations

import gc
import weakref
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import frozen, make_class

from statecharts import (
    Call,
    Compound,
    DefinitionError,
    Effect,
    Kernel,
    Machine,
    Occurred,
    State,
    Statechart,
    render,
    start,
    step,
)
from statecharts.codec import Protocol
from statecharts.interop import python, scxml, xstate
from statecharts.model.hooks import function_name

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module", autouse=True)
def _little_to_collect() -> None:
    """Spare the collections of these tests what others have left."""
    gc.collect()
    gc.freeze()


def made() -> Any:
    """Return a chart whose event, data, context, effect and call are classes of its own."""

    @frozen
    class Go:
        n: int = 0

    @frozen
    class Stop:
        pass

    @frozen
    class Data:
        since: Occurred
        n: int = 0

    @frozen
    class Context:
        n: int = 0

    @frozen
    class Log(Effect):
        n: int = 0

    @frozen
    class Work(Call[Go]):
        n: int = 0

    class Chart(Statechart[Go | Stop, Context], allow="*"):
        class on(Compound, initial=True):
            a = State(Data, initial=True, invoke=Work)
            b = State(final=True)
            a.to(b, on=Go, when=lambda m: m.event.n == 0, emit=lambda m: Log(m.data.n))
            a.stay(on=Go, update=lambda m: Context(m.event.n))
            a.after(timedelta(minutes=1), b)

        off = State(final=True)
        on.to(off, on=Stop)
        on.when_done(off)

    return Chart


def events(chart: Any) -> list[type]:
    """Return the event classes of a chart."""
    return [one.cls for one in chart.chart.events]


def classes(chart: Any) -> list[weakref.ref[Any]]:
    """Return weak references to all classes that a chart is made of."""
    found = [chart, chart.chart.context, *events(chart)]
    for node in chart.chart.states:
        found += [node.data] if node.data else []
        found += [one.call for one in node.invoke]
    return [weakref.ref(one) for one in found]


def declare(chart: Any) -> None:
    """Do nothing but declare it."""


def run(chart: Any) -> None:
    """Run it, by functions, a kernel and a machine."""
    go = events(chart)[0]
    begun = start(chart, at=NOW)
    taken = step(chart, begun.snapshot, go(), at=NOW)
    assert taken.snapshot.ended
    machine: Any = Machine(chart, at=NOW)
    machine.subscribe(lambda step: None)
    machine.send(go(1))
    machine.advance(timedelta(minutes=2))
    Kernel(chart).start(at=NOW)
    assert begun.snapshot.can(go())
    assert begun.snapshot.enabled


def show(chart: Any) -> None:
    """Read what readers show of it."""
    repr(chart.chart)
    assert chart.chart.hash
    assert [function_name(hook.function) for node in chart.chart for hook in node.hooks]


def write(chart: Any) -> None:
    """Write and read it as JSON."""
    protocol: Any = Protocol(chart)
    snapshot = start(chart, at=NOW).snapshot
    assert protocol.loads_snapshot(protocol.dumps_snapshot(snapshot)) == snapshot


def draw(chart: Any) -> None:
    """Draw it as text, which needs no engine."""
    assert render(chart, "mermaid")


def export(chart: Any) -> None:
    """Write it in other formats."""
    assert xstate.dumps(chart.chart, allow=("SC671", "SC672"))


def fail(chart: Any) -> None:
    """Go wrong in a callback, and in what is sent."""
    for event in (chart, "x", 7):
        with pytest.raises(Exception, match="SC"):
            step(chart, start(chart, at=NOW).snapshot, event, at=NOW)


@pytest.mark.parametrize("use", [declare, run, show, write, draw, export, fail])
def test_charts_made_at_run_time_are_freed(use: Any) -> None:
    """Once nobody holds the chart, its class and every class that it names are gone."""
    chart = made()
    use(chart)
    found = classes(chart)
    del chart
    for _ in range(3):
        gc.collect()
    assert [one() for one in found if one() is not None] == []


def test_refused_charts_are_freed() -> None:
    """A definition that has faults leaves nothing behind, either."""
    event = make_class("Go", {}, frozen=True)
    seen = weakref.ref(event)

    def declare(on: Any) -> str:
        try:

            class Bad(Statechart[on]):
                a = State(initial=True)
                a.to(anywhere("b"), on=on)

        except DefinitionError as error:
            return str(error)
        return ""

    assert "SC101" in declare(event)
    del event
    for _ in range(3):
        gc.collect()
    assert seen() is None


def anywhere(target: Any) -> Any:
    """Return a target that type checkers know nothing about."""
    return target


def test_subclasses_are_freed_without_their_base() -> None:
    """A base does not hold the charts that were made of it."""
    base = made()
    go = events(base)[0]
    sub: Any = type("Sub", (base,), {"__module__": __name__})
    run(sub)
    seen = weakref.ref(sub)
    del sub
    for _ in range(3):
        gc.collect()
    assert seen() is None
    assert step(base, start(base, at=NOW).snapshot, go(), at=NOW).handled


def test_classes_that_were_only_sent_are_freed() -> None:
    """An event that no line names leaves no plan behind that holds its class."""

    class Open(Statechart, allow="*"):
        a = State(initial=True, resting=True)

    kernel: Any = Kernel(Open, plans=4)
    snapshot = kernel.start().snapshot
    seen, event = [], None
    for number in range(40):
        event = make_class(f"E{number}", {}, frozen=True)
        seen.append(weakref.ref(event))
        kernel.step(snapshot, event())
    del event
    for _ in range(3):
        gc.collect()
    assert sum(one() is not None for one in seen) <= 5


def test_charts_of_files_are_freed() -> None:
    """Reading, binding and writing many files keeps none of their charts."""
    seen, door = [], None
    for number in range(5):
        door = scxml.loads(
            f'<scxml name="d{number}"><state id="a"><transition event="e" cond="c" target="b"/>'
            '</state><final id="b"/></scxml>'
        ).bind(guards={"c": lambda m: True})
        start(door)
        assert python.dumps(door)
        assert scxml.dumps(door)
        seen.append(weakref.ref(door.root))
    del door
    for _ in range(3):
        gc.collect()
    assert [one for one in seen if one() is not None] == []
