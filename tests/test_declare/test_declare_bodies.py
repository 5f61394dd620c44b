"""Class bodies: where a chart may be written down, and how its states may be called."""

from __future__ import annotations

import types
from typing import Any

import pytest
from attrs import frozen

from statecharts import Compound, Parallel, State, Statechart, StatechartError, start, step
from statecharts.model.chart import OnEvent


@frozen
class Go:
    pass


@frozen
class Halt:
    pass


@frozen
class Cargo:
    weight: int = 0


class Door(Statechart):
    """A chart that is complete."""

    class open(Compound, initial=True):
        wide = State(initial=True)
        ajar = State()
        wide.to(ajar, on=Go)

    shut = State()
    open.to(shut, on=Halt)
    shut.to(open, on=Go)


CHART = Door.chart


Line = tuple[str, tuple[type | str, ...], tuple[str, ...]]


def lines(chart: type[Statechart[Any, Any]]) -> list[Line]:
    """Return a chart's lines as source, events and targets."""
    return [
        (line.source, line.trigger.events, line.targets)
        for line in chart.chart.transitions
        if isinstance(line.trigger, OnEvent)
    ]


# When a line comes too late


def test_line_after_the_class_body_raises_where_it_stands() -> None:
    """A chart that is built takes no more lines, and says so at the line itself."""
    with pytest.raises(StatechartError) as late:
        Door.shut.to(Door.open.ajar, on=Halt)

    where, _, line = late.value.where.rpartition(":")
    assert (late.value.code, where, line.isdigit()) == ("SC120", __file__, True)
    assert late.value.found == "a line on 'shut' comes after the declaration of its chart"
    assert late.value.remedy == "Write it in the chart's class body, or in the body of a subclass"
    assert Door.chart is CHART
    assert len(Door.chart.transitions) == 3


@pytest.mark.parametrize("verb", ["to", "stay", "always", "after", "when_done", "ignore"])
@pytest.mark.parametrize("state", [Door.open, Door.open.ajar], ids=["superstate", "state"])
def test_late_line_raises_with_every_verb(state: Any, verb: str) -> None:
    """No verb adds to a chart that is built, on a state or on a superstate."""
    arguments: dict[str, tuple[Any, ...]] = {
        "to": (Door.shut,),
        "always": (Door.shut,),
        "after": (lambda m: m.at, Door.shut),
        "when_done": (Door.shut,),
    }
    keywords = {"on": Go} if verb in ("to", "stay", "ignore") else {}
    with pytest.raises(StatechartError, match=r"^\[SC120\] .*Write it in the chart's class body"):
        getattr(state, verb)(*arguments.get(verb, ()), **keywords)


def test_late_line_raises_in_a_function_called_later() -> None:
    """A function that declares lines is of use in a class body, and nowhere else."""

    def add(source: State, target: State) -> None:
        source.to(target, on=Go)

    class Chart(Statechart):
        one = State(initial=True)
        two = State(resting=True)
        add(one, two)

    assert lines(Chart) == [("one", (Go,), ("two",))]
    with pytest.raises(StatechartError, match="SC120"):
        add(Chart.two, Chart.one)


# Where a chart may be written


def test_chart_may_be_declared_in_a_function() -> None:
    """Each call of the function declares a chart of its own, of what the call was given."""

    def declare(count: int) -> type[Statechart]:
        class Counted(Statechart):
            first = State(initial=True)
            last = State(resting=True)
            for _ in range(count):
                first.to(last, on=Go, when=lambda m: False)
            first.to(last, on=Halt)

        return Counted

    assert [len(declare(count).chart.transitions) for count in (0, 1, 3)] == [1, 2, 4]


def test_chart_may_be_made_with_new_class() -> None:
    """A class that is built at run time is a chart like any other."""

    def body(namespace: dict[str, Any]) -> None:
        one, two = State(initial=True), State(Cargo)
        one.to(two, on=Go)
        two.to(one, on=Go)
        namespace.update(one=one, two=two, __doc__="Made at run time.")

    made: Any = types.new_class("Made", (Statechart[Go],), {}, body)

    assert made.chart.name == "Made"
    assert made.chart.doc == "Made at run time."
    assert lines(made) == [("one", (Go,), ("two",)), ("two", (Go,), ("one",))]
    assert step(made, start(made).snapshot, Go()).snapshot[made.two] == Cargo()


def test_superstates_may_be_made_with_new_class() -> None:
    """Nested classes may be built at run time too, with data and class keywords."""

    def body(namespace: dict[str, Any]) -> None:
        inner = {f"s{n}": State(initial=n == 0, resting=True) for n in range(3)}
        bases = (Compound[Cargo],)
        namespace["work"] = types.new_class("work", bases, {"initial": True}, inner_body(inner))

    def inner_body(states: dict[str, State]) -> Any:
        return lambda namespace: namespace.update(states)

    made: Any = types.new_class("Made", (Statechart,), {"allow": "*"}, body)

    assert [node.id for node in made.chart] == ["work", "work.s0", "work.s1", "work.s2"]
    assert made.chart["work"].data is Cargo


def test_class_body_may_hold_loops() -> None:
    """States and lines may be declared in loops; what no name is bound to is no state."""

    class Ring(Statechart):
        for _ in range(4):
            locals()[f"s{_}"] = State(initial=_ == 0)
        for _ in range(4):
            locals()[f"s{_}"].to(locals()[f"s{(_ + 1) % 4}"], on=Go)

    assert [node.id for node in Ring.chart] == ["s0", "s1", "s2", "s3"]
    assert [targets for _, _, targets in lines(Ring)] == [("s1",), ("s2",), ("s3",), ("s0",)]


def test_class_body_may_hold_comprehensions() -> None:
    """A line in a comprehension is a line of the body that it stands in."""

    class Star(Statechart):
        middle = State(initial=True)
        left = State()
        right = State()
        middle.to(left, on=Go)
        middle.to(right, on=Halt)
        [source.to(target, on=Go) for source, target in ((left, middle), (right, middle))]

    assert [(source, targets) for source, _, targets in lines(Star)] == [
        ("middle", ("left",)),
        ("middle", ("right",)),
        ("left", ("middle",)),
        ("right", ("middle",)),
    ]


def test_class_body_may_hold_other_things() -> None:
    """Constants, functions and other classes in a body are no states, and stay what they are."""

    class Mixed(Statechart):
        LIMIT = 3

        @frozen
        class Data:
            weight: int = 1

        @staticmethod
        def heavy(moment: Any) -> bool:
            return bool(moment.data.weight > 3)

        one = State(Data, initial=True)
        two = State(resting=True)
        one.to(two, on=Go, when=heavy)

    assert [node.id for node in Mixed.chart] == ["one", "two"]
    assert Mixed.LIMIT == 3
    assert start(Mixed).snapshot[Mixed.one].weight == 1


# How a state may be called


class Names(Statechart, allow="*"):
    """States that are called like attributes of classes, of states, and of this library's parts."""

    name = State(Cargo, initial=True)
    value = State()
    final = State()
    data = State()
    id = State()
    initial = State()
    mro = State()
    register = State()
    entry = State()
    configuration = State()
    snapshot = State()

    class kind(Compound):
        class parent(Parallel):
            class children(Compound):
                events = State(initial=True)

            class context(Compound):
                chart = State(initial=True)

        name = State(initial=True)
        value = State(final=True)
        data = State(Cargo)
        id = State()
        mro = State()
        exit = State()
        when = State()
        _private = State()

        name.to(value, on=Go)
        value_of = State()

    name.to(value, on=Go)
    value.to(mro, on=Go)
    mro.to(kind, on=Go)
    kind.when_done(kind.data)
    kind.data.to(kind.parent, on=Go)


def test_state_may_bear_any_name_but_a_verb() -> None:
    """Names that mean something to Python or to other libraries are names like others here."""
    outer = [node.id for node in Names.chart.children("")]
    inner = [node.name for node in Names.chart.children("kind")]

    assert outer == [
        "name",
        "value",
        "final",
        "data",
        "id",
        "initial",
        "mro",
        "register",
        "entry",
        "configuration",
        "snapshot",
        "kind",
    ]
    assert inner == [
        "parent",
        "name",
        "value",
        "data",
        "id",
        "mro",
        "exit",
        "when",
        "_private",
        "value_of",
    ]
    assert Names.kind.parent.context.chart.id == "kind.parent.context.chart"


def test_chart_with_such_names_runs() -> None:
    """A name takes nothing away from what the state, the chart and the snapshot can do."""
    snapshot = start(Names).snapshot
    assert snapshot[Names.name] == Cargo()

    for state in ("value", "mro", "kind.name", "kind.data"):
        snapshot = step(Names, snapshot, Go()).snapshot
        assert snapshot.configuration[-1] == state
    snapshot = step(Names, snapshot, Go()).snapshot

    assert snapshot.configuration == (
        "kind",
        "kind.parent",
        "kind.parent.children",
        "kind.parent.children.events",
        "kind.parent.context",
        "kind.parent.context.chart",
    )


def test_subclass_with_such_names_is_a_copy() -> None:
    """Names survive copying too."""

    class Copied(Names, allow="*"):
        class kind(Names.kind):
            lock = State()

    assert [node.id for node in Copied.chart] == [*(n.id for n in Names.chart), "kind.lock"]
