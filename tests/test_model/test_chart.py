"""The chart: a value that looks things up in itself and has a stable hash."""

from __future__ import annotations

import copy
import importlib
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import attrs
import pytest
from attrs import evolve, field, frozen

from statecharts import Chart, Compound, History, Occurred, Parallel, State, Statechart
from statecharts.model import nodes
from statecharts.model.chart import (
    ROOT,
    After,
    Always,
    Default,
    Done,
    EventType,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
    as_chart,
)
from statecharts.model.errors import Fault, StatechartError, UnknownStateError
from statecharts.model.hooks import Hook


@frozen
class Push:
    force: int = 1


@frozen
class Pull:
    pass


@frozen
class Opened:
    force: int


@frozen
class House:
    name: str = "home"


def strong(m: Any) -> bool:
    return bool(m.event.force > 1)


def gentle(m: Any) -> bool:
    return bool(m.event.force < 1)


def door(guard: Callable[[Any], bool] = strong, doc: str = "A door.") -> Chart:
    """Return the chart of a door, built by hand."""
    closed = StateNode(
        "closed",
        StateKind.ATOMIC,
        "closed",
        transitions=(
            Transition("closed", OnEvent((Push, "kick.*")), ("open",), guard=Hook(guard)),
            Transition("closed", After(timedelta(seconds=5), "closed.after"), ("open",)),
        ),
    )
    opened = StateNode(
        "open",
        StateKind.COMPOUND,
        "open",
        children=("open.ajar", "open.wide"),
        default=Transition("open", Default(), ("open.ajar",)),
        transitions=(Transition("open", Done(), ("closed",)),),
        data=Opened,
    )
    ajar = StateNode(
        "open.ajar",
        StateKind.ATOMIC,
        "ajar",
        "open",
        transitions=(Transition("open.ajar", Always(), ("open.wide",), guard=Hook(guard)),),
    )
    wide = StateNode("open.wide", StateKind.FINAL, "wide", "open")
    root = StateNode(
        ROOT,
        StateKind.COMPOUND,
        "Door",
        None,
        ("closed", "open"),
        Transition(ROOT, Default(), ("closed",)),
    )
    events = (EventType.of(Push), EventType("kick.hard"))
    return Chart("Door", root, (closed, opened, ajar, wide), events, True, House, doc)


def with_state(chart: Chart, state: str, **changes: Any) -> Chart:
    """Return a chart in which one state is changed."""
    states = tuple(evolve(n, **changes) if n.id == state else n for n in chart.states)
    return evolve(chart, states=states)


def with_transition(chart: Chart, state: str, **changes: Any) -> Chart:
    """Return a chart in which the first transition of one state is changed."""
    first, *others = chart[state].transitions
    return with_state(chart, state, transitions=(evolve(first, **changes), *others))


def with_class(chart: Chart, name: str, cls: type) -> Chart:
    """Return a chart with another context, event, or data of its open state."""
    match name:
        case "context":
            return evolve(chart, context=cls)
        case "event":
            return evolve(chart, events=(EventType("push", cls), *chart.events[1:]))
        case _:
            return with_state(chart, "open", data=cls)


DOOR = door()


def test_chart_gives_its_states_by_id() -> None:
    """A state is found by its id, the chart itself by the empty one, in document order."""
    assert DOOR["open.wide"].name == "wide"
    assert DOOR[ROOT] is DOOR.root
    assert list(DOOR.nodes) == ["", "closed", "open", "open.ajar", "open.wide"]
    assert [node.id for node in DOOR] == ["closed", "open", "open.ajar", "open.wide"]


def test_chart_knows_which_ids_it_has() -> None:
    """Membership is asked by id."""
    assert "open.ajar" in DOOR
    assert "open.ajra" not in DOOR
    assert 3 not in DOOR


def test_unknown_state_is_told_with_the_nearest() -> None:
    """Looking up a misspelt id says which one was probably meant, never the chart itself."""
    with pytest.raises(
        UnknownStateError, match=r"no state 'open\.wdie'\. Did you mean 'open\.wide'"
    ):
        DOOR["open.wdie"]
    with pytest.raises(UnknownStateError, match="Name one of its states by its id"):
        DOOR["zebra"]


def test_chart_tells_family_relations() -> None:
    """Children come in document order, ancestors from the inside out with the chart last."""
    assert [node.id for node in DOOR.children("open")] == ["open.ajar", "open.wide"]
    assert [node.id for node in DOOR.ancestors("open.ajar")] == ["open", ROOT]
    assert DOOR.ancestors(ROOT) == ()


def test_descendant_is_proper() -> None:
    """A state lies inside its ancestors, not inside itself."""
    assert DOOR.is_descendant("open.ajar", "open")
    assert DOOR.is_descendant("open.ajar", ROOT)
    assert not DOOR.is_descendant("open", "open")
    assert not DOOR.is_descendant("open", "open.ajar")


def test_initial_is_what_the_default_enters() -> None:
    """A state without a default transition has no initial states."""
    assert DOOR["open"].initial == ("open.ajar",)
    assert DOOR["closed"].initial == ()


def test_transitions_are_in_document_order_without_defaults() -> None:
    """All lines of all states come in the order of their sources."""
    assert [t.source for t in DOOR.transitions] == ["closed", "closed", "open", "open.ajar"]


def test_event_type_tells_its_payload() -> None:
    """An event class brings its fields, an event known by name none."""
    push, kick = DOOR.events
    assert (push.name, [f.name for f in push.fields]) == ("push", ["force"])
    assert (kick.name, kick.fields) == ("kick.hard", ())


def test_charts_are_equal_by_value() -> None:
    """A chart built twice is the same chart."""
    assert door() == door()
    assert hash(door()) == hash(door())
    assert len({door(), door()}) == 1


@pytest.mark.parametrize(
    "other",
    [door(gentle), door(doc="Another."), with_state(DOOR, "closed", resting=True)],
    ids=["code", "documentation", "resting"],
)
def test_equality_regards_what_the_hash_does_not(other: Chart) -> None:
    """Code, documentation and remarks make another chart, yet of the same hash."""
    assert other != DOOR
    assert other.hash == DOOR.hash


@pytest.mark.parametrize(
    "other",
    [
        with_state(DOOR, "closed", location="door.py:3"),
        with_transition(DOOR, "closed", location="door.py:4"),
        evolve(DOOR, warnings=(Fault("SC124", "Door", "unused", "Use it"),)),
    ],
    ids=["state", "transition", "warnings"],
)
def test_equality_regards_neither_locations_nor_warnings(other: Chart) -> None:
    """Where a chart was declared, and what was accepted of it, is not part of what it says."""
    assert other == DOOR
    assert other.hash == DOOR.hash


@pytest.mark.parametrize(
    "other",
    [
        evolve(DOOR, name="Gate"),
        evolve(DOOR, closed=False),
        evolve(DOOR, events=DOOR.events[:1]),
        evolve(DOOR, events=DOOR.events[::-1]),
        evolve(DOOR, context=None),
        evolve(DOOR, states=DOOR.states[:-1]),
        with_state(DOOR, "closed", name="shut"),
        with_state(DOOR, "closed", kind=StateKind.FINAL),
        with_state(DOOR, "open", data=None),
        with_state(DOOR, "open", default=Transition("open", Default(), ("open.wide",))),
        with_state(DOOR, "open", transitions=()),
        with_transition(DOOR, "closed", targets=("closed",)),
        with_transition(DOOR, "closed", kind=TransitionKind.INTERNAL),
        with_transition(DOOR, "closed", guard=None),
        with_transition(DOOR, "closed", trigger=OnEvent((Push,))),
        with_transition(DOOR, "closed", trigger=OnEvent((Pull, "kick.*"))),
        with_transition(DOOR, "closed", trigger=After(timedelta(seconds=6), "t")),
        with_transition(DOOR, "closed", trigger=After(Hook(strong), "t")),
    ],
)
def test_hash_changes_with_the_structure(other: Chart) -> None:
    """Whatever changes what the chart is changes its hash."""
    assert other.hash != DOOR.hash
    assert other != DOOR


@pytest.mark.parametrize("name", ["context", "event", "data"])
def test_hash_changes_with_the_fields(name: str) -> None:
    """Name, type, default and manner of filling of each field count, of each class."""
    fields = [
        {},
        {"a": field(type=int)},
        {"b": field(type=int)},
        {"a": field(type=str)},
        {"a": field(type=int, default=1)},
        {"a": field(type=cast("Any", Occurred))},
        {"a": field(type=int), "b": field(type=int)},
    ]
    classes = [attrs.make_class("Push", one, frozen=True) for one in fields]
    hashes = [with_class(DOOR, name, cls).hash for cls in classes]
    assert len(set(hashes)) == len(fields)
    again = attrs.make_class("Push", {"a": field(type=int)}, frozen=True)
    assert with_class(DOOR, name, again).hash == hashes[1]


def test_hash_is_the_same_in_every_process() -> None:
    """Another process with another seed for its own hashes finds the same hash."""
    program = "from tests.test_model.test_chart import DOOR; print(DOOR.hash)"
    environment = {**os.environ, "PYTHONHASHSEED": "1234"}
    found = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        check=True,
        env=environment,
        text=True,
    )
    assert found.stdout.strip() == DOOR.hash
    assert len(DOOR.hash) == 64


@pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
def test_chart_pickles(protocol: int) -> None:
    """A chart comes back equal, its memo empty and working."""
    DOOR._memo["mine"] = lambda: None  # a memo may hold what no pickle takes
    again = pickle.loads(pickle.dumps(DOOR, protocol))
    del DOOR._memo["mine"]
    assert again == DOOR
    assert again._memo == {}
    assert (again.hash, again["open.ajar"]) == (DOOR.hash, DOOR["open.ajar"])


def test_unpickling_imports_the_module_that_declares_the_chart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pickle of a declared chart names its class, and finds it where nothing has imported it."""
    (tmp_path / "declared_elsewhere.py").write_text(
        "from statecharts import State, Statechart\n"
        "class Bell(Statechart):\n"
        "    silent = State(initial=True, resting=True)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    chart = importlib.import_module("declared_elsewhere").Bell.chart
    pickled = pickle.dumps(chart)
    monkeypatch.delitem(sys.modules, "declared_elsewhere")
    again = pickle.loads(pickled)
    assert again == chart
    assert again is sys.modules["declared_elsewhere"].Bell.chart


def test_line_cannot_be_removed_where_nothing_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that has not imported the declarations is in no class body, either."""
    monkeypatch.setattr(nodes, "REMOVERS", [])
    (line, *_) = DOOR["closed"].transitions
    expected = r"^\[SC120\] closed:push\|kick\.\*->open: remove\(\) is called outside the body of"
    with pytest.raises(StatechartError, match=expected):
        line.remove()


def test_changed_chart_has_a_memo_of_its_own() -> None:
    """A changed chart does not use what was worked out of the old one; a copy is the chart."""
    chart = door()
    assert "closed" in chart.nodes
    other = evolve(chart, states=chart.states[1:])
    assert "closed" not in other.nodes
    assert copy.copy(chart) is chart


def test_chart_cannot_be_changed() -> None:
    """A chart is a value."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        DOOR.name = "Gate"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def test_declared_charts_are_equal_when_declared_twice() -> None:
    """The same class body, executed twice, declares the same chart."""
    assert _declare().chart == _declare().chart
    assert _declare(2).chart != _declare().chart
    assert _declare(2).chart.hash == _declare().chart.hash


def _declare(force: int = 1) -> type[Statechart]:
    class Twice(Statechart[Push | Pull]):
        class shut(Parallel, initial=True):
            class lock(Compound):
                back = History("firm", deep=True)
                firm = State(initial=True)
                loose = State()
                firm.to(loose, on=Pull, when=lambda m: force > 1)
                loose.to(back, on=Pull)

            class bell(Compound):
                silent = State(initial=True, resting=True)

        wide = State(Opened)
        shut.to(wide, on=Push, when=lambda m: m.event.force >= force)
        wide.to(shut, on=Push)

    return Twice


@pytest.mark.parametrize(
    ("thing", "shown"),
    [(3, "3"), ("Door", "'Door'"), (int, "<class 'int'>"), ([1] * 100, "an instance of list")],
)
def test_what_has_no_chart_is_told(thing: object, shown: str) -> None:
    """Who needs a chart says what was given instead, in short."""
    expected = rf"^\[SC213\] render: {re.escape(shown)} has no chart\. Pass a Chart, or a class"
    with pytest.raises(StatechartError, match=expected):
        as_chart(thing, "render")
