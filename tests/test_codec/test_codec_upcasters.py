"""Upcasters: snapshots of yesterday's chart, read by today's."""

from __future__ import annotations

import copy
import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from attrs import frozen

from statecharts import Kernel, State, Statechart, TimerFired
from statecharts.codec import (
    ForeignError,
    ImpossibleError,
    MismatchError,
    Protocol,
    UnwritableError,
    Upcaster,
)
from statecharts.model.chart import Chart
from statecharts.model.events import Answer, CallFailed
from tests.test_codec.orders import Ask, AskTwice, Back, Go, Knock, Leave, Merge, Ring, orders, run
from tests.test_codec.vocabulary import AT


@frozen
class Open:
    by: str


@frozen
class Opened:
    by: str
    times: int


@frozen
class Landing:
    branch: str
    commits: int


@frozen
class Tap:
    force: int = 1


class Door(Statechart[Open]):
    """Today's door: whoever opens it is counted."""

    shut = State(initial=True)
    opened = State(Opened, resting=True)
    shut.to(opened, on=Open, make=lambda m: Opened(m.event.by, 1))
    opened.stay(on=Open, make=lambda m: Opened(m.event.by, m.data.times + 1))


FIRST: dict[str, Any] = {
    "protocol": 1,
    "chart": "Gate",
    "version": 1,
    "hash": "0" * 64,
    "configuration": ["open"],
    "data": {"open": {"who": "ada"}},
}
"""A snapshot of the first release, when the door was a gate and did not count."""


def name_door(value: dict[str, Any]) -> dict[str, Any]:
    """Make a snapshot of version 1 one of version 2: new names."""
    who = value["data"]["open"]["who"]
    return {**value, "chart": "Door", "configuration": ["opened"], "data": {"opened": {"by": who}}}


def count_once(value: dict[str, Any]) -> dict[str, Any]:
    """Make a snapshot of version 2 one of version 3: it counts. Changes what it is given."""
    value["data"]["opened"]["times"] = 1
    return value


def test_old_snapshot_passes_all_versions() -> None:
    """Each function upgrades by one version; the hash of an old chart is not asked for."""
    protocol = Protocol(Door, upcasters={1: name_door, 2: count_once})
    before = copy.deepcopy(FIRST)
    loaded = protocol.load_snapshot(FIRST)
    assert protocol.version == 3
    assert loaded[Door.opened] == Opened("ada", 1)
    assert before == FIRST
    assert protocol.dump_snapshot(loaded)["version"] == 3
    assert protocol.load_snapshot(protocol.dump_snapshot(loaded)) == loaded
    stepped = Kernel(Door).step(loaded, Open("bob")).snapshot
    assert stepped[Door.opened] == Opened("bob", 2)


def test_upcaster_must_make_a_whole_snapshot() -> None:
    """The result of an upcaster is checked like any snapshot."""
    protocol = Protocol(Door, upcasters={1: name_door})
    with pytest.raises(Exception, match=r"\$\.data\.opened\.times: Opened needs 'times'"):
        protocol.load_snapshot(FIRST)
    with pytest.raises(ImpossibleError, match="its data is missing"):
        Protocol(Door, upcasters={1: lambda v: {**name_door(v), "data": {}}}).load_snapshot(FIRST)
    with pytest.raises(ForeignError, match='the snapshot is one of "Gate"'):
        Protocol(Door, upcasters={1: dict}).load_snapshot(FIRST)


def test_version_without_an_upcaster_is_refused() -> None:
    """A gap in the table is said, with the entry that would close it."""
    expected = (
        r"\[SC413\] Door at \$\.version: there is no upcaster for version 1; this protocol has 3\. "
        r"Give it: Protocol\(…, upcasters=\{1: Upcaster\(…\)\}\)\."
    )
    with pytest.raises(ForeignError, match=expected):
        Protocol(Door, upcasters={2: count_once}).load_snapshot(FIRST)


def test_upcaster_that_fails_is_named_and_its_cause_chained() -> None:
    """The error says which upcaster failed; what it raised hangs on it."""
    protocol = Protocol(Door, upcasters={1: lambda v: v["no key"]})
    with pytest.raises(ForeignError, match="the upcaster from version 1 failed: no key") as caught:
        protocol.load_snapshot(FIRST)
    assert isinstance(caught.value.__cause__, KeyError)


def test_upcaster_that_gives_no_snapshot_is_refused() -> None:
    """An upcaster that forgets to return is told so."""
    protocol = Protocol(Door, upcasters={1: lambda _: None})  # type: ignore[dict-item,return-value]
    with pytest.raises(ForeignError, match="the upcaster from version 1 gave null for a snapshot"):
        protocol.load_snapshot(FIRST)


def test_upcaster_sets_no_parts_of_present_snapshots_aside() -> None:
    """A snapshot of the present version is checked by its parts, upcasters or not."""
    protocol = Protocol(Door, upcasters={1: name_door})
    value = protocol.dump_snapshot(Kernel(Door).start().snapshot)
    with pytest.raises(ForeignError, match=r"\[SC414\].*upcasters=\{2: Upcaster\(…\)\}"):
        protocol.load_snapshot({**value, "parts": {"state:opened": "00000000"}})


@pytest.mark.parametrize(
    ("table", "version", "text"),
    [
        ({0: dict}, None, "0 is not a version"),
        ({"1": dict}, None, "'1' is not a version"),
        ({True: dict}, None, "True is not a version"),
        ({}, 0, "0 is not a version"),
        ({3: dict}, 2, "upcaster for version 3, and the present one is 2"),
        ({2: dict}, 2, "upcaster for version 2, and the present one is 2"),
        ({1: dict, 3: dict}, None, "there is no upcaster for version 2"),
        ({1: dict, 4: dict}, 7, "there is no upcaster for version 2, 3, 5, 6"),
        ({1: dict}, 3, "there is no upcaster for version 2"),
        ({1: {}}, None, "{} for version 1 is not an upcaster"),
    ],
)
def test_table_that_makes_no_sense_is_refused(table: Any, version: int | None, text: str) -> None:
    """Versions count from 1, and no upcaster goes beyond the present one."""
    with pytest.raises(UnwritableError, match=text):
        Protocol(Door, version=version, upcasters=table)


def test_version_may_be_ahead_of_the_table() -> None:
    """A version that says nothing new about old ones is allowed."""
    assert Protocol(Door, version=5).version == 5
    assert Protocol(Door).version == 1
    assert Protocol(Door, upcasters={3: dict}).version == 4


# -- what an Upcaster reaches ----------------------------------------------------------------------

ACTIVE = Protocol(orders()).dump_snapshot(run(Knock(2), Go()))
LEFT = Protocol(orders()).dump_snapshot(run(Knock(2), Go(), Leave()))


def upcast(chart: Chart, value: dict[str, Any], **changes: Any) -> Any:
    """Return the snapshot that a chart reads with one upcaster; it is written and read again."""
    before = copy.deepcopy(value)
    protocol: Protocol[Any, Any] = Protocol(chart, upcasters={1: Upcaster(**changes)})
    loaded = protocol.load_snapshot(value)
    assert value == before
    assert protocol.load_snapshot(protocol.dump_snapshot(loaded)) == loaded
    return loaded


def test_renamed_state_takes_its_data_timers_and_calls_along() -> None:
    """Active or remembered, a state is found under its new name, and the run goes on."""
    chart = orders(merge="landing")
    moved = {"active.merge": "active.landing"}
    loaded = upcast(chart, ACTIVE, states=moved)
    assert loaded.configuration == ("active", "active.landing")
    assert loaded["active.landing"] == Merge("main")
    assert list(loaded.timers) == ["active.landing.deadline#1", "send:bell#2"]
    assert list(loaded.calls) == ["active.landing.ask#1"]
    assert Kernel(chart).step(loaded, TimerFired("active.landing.deadline#1"), at=AT).handled
    left = upcast(chart, LEFT, states=moved)
    back = Kernel(chart).step(left, Back(), at=AT).snapshot
    assert back["active.landing"] == Merge("main")


@pytest.mark.parametrize(
    ("states", "old", "new"),
    [
        ({"b": "c"}, "a.after.b", "a.after.c"),
        ({"a": "c"}, "a.after.b", "c.after.b"),
        ({"b": "c"}, "after.b", "after.c"),
        ({"x.b": "x.c"}, "x.a.after.b", "x.a.after.c"),
        ({"x": "y"}, "x.a.after.b", "y.a.after.b"),
        ({"off": "away"}, "x.a.after.off", "x.a.after.away"),
        ({"x": "y", "off": "away"}, "x.a.after.off", "y.a.after.away"),
        ({"x.b": "z.b"}, "x.a.after.b", "x.a.after.z.b"),
        ({"b": "c", "e": "f"}, "a.after.b+d+e", "a.after.c+d+f"),
        ({"b": "c"}, "a.after", "a.after"),
        ({"b": "c"}, "a.b", "a.b"),
        ({"x": "y"}, "x.a.after.2", "y.a.after.2"),
    ],
)
def test_timer_is_renamed_with_the_target_that_it_is_named_after(
    states: dict[str, str], old: str, new: str
) -> None:
    """A timer without a name of its own holds its state and the targets of its line."""
    made = Upcaster(states=states)({"timers": [{"id": f"{old}#7", "due": "x"}]})
    assert made["timers"] == [{"id": f"{new}#7", "due": "x"}]
    message = Upcaster(states=states).message({"type": "timer_fired", "id": f"{old}#7"})
    assert message == {"type": "timer_fired", "id": f"{new}#7"}


@pytest.mark.parametrize(
    ("changes", "found", "remedy"),
    [
        ({"states": {"away": "awa"}}, "states= .* 'awa', .* no such state", "Did you mean 'away'"),
        (
            {"states": {"active.old": "active.merge"}, "data": {"active.old": lambda d: d}},
            "data= .* names 'active.old'",
            "Name it by its new id: 'active.merge'",
        ),
        ({"data": {"activ": lambda d: d}}, "data= .* names 'activ'", "Did you mean 'active'"),
        ({"timers": {"x": "y"}}, "timers= .* names 'y'", "The timers: active.merge.deadline"),
        ({"calls": {"x": "active.merge.as"}}, "calls= ", "Did you mean 'active.merge.ask'"),
        ({"start": {"x": lambda v: AT}}, "start= .* names 'x'", "The timers: "),
        ({"events": {"tap": "knok"}}, "events= .* names 'knok'", "Did you mean 'knock'"),
        ({"events": {"Knock": None}}, "names the class Knock", "Say its name in JSON: 'knock'"),
    ],
)
def test_names_that_the_chart_lacks_are_refused(
    changes: dict[str, Any], found: str, remedy: str
) -> None:
    """A misspelt name would silently change nothing; a function may still rename it."""
    with pytest.raises(UnwritableError, match=r"\[SC423\]") as caught:
        Protocol(orders(), upcasters={1: Upcaster(**changes)})
    assert re.search(found, caught.value.found)
    assert remedy in caught.value.remedy
    if "Knock" not in changes.get("events", {}):
        Protocol(orders(), upcasters={1: Upcaster(**changes, snapshot=lambda v: v)})
        Protocol(orders(), upcasters={1: Upcaster(**changes), 2: Upcaster()})


def test_class_upcaster_in_place_of_one_is_refused() -> None:
    """The class itself can be called, but is not an upcaster."""
    wrong: Any = Upcaster
    with pytest.raises(UnwritableError, match=r"\[SC423\].*for version 1 is not an upcaster"):
        Protocol(orders(), upcasters={1: wrong})


def test_nearest_renaming_counts() -> None:
    """A state inside a renamed one may be renamed as well, in any order of the table."""
    for states in ({"a": "x", "a.b": "y.c"}, {"a.b": "y.c", "a": "x"}):
        made = Upcaster(states=states)({"configuration": ["a", "a.b", "a.b.d", "a.e", "ab"]})
        assert made == {"configuration": ["x", "y.c", "y.c.d", "x.e", "ab"]}
    swapped = Upcaster(states={"a": "b", "b": "a"})({"configuration": ["a", "b"]})
    assert swapped == {"configuration": ["b", "a"]}


def test_data_is_changed_wherever_it_is() -> None:
    """A field is added to active and to remembered data by one function, under the new name."""
    chart = orders(merge="landing", data=Landing)
    changes = {
        "states": {"active.merge": "active.landing"},
        "data": {"active.landing": lambda d: {**d, "commits": 3}},
    }
    assert upcast(chart, ACTIVE, **changes)["active.landing"] == Landing("main", 3)
    left = upcast(chart, LEFT, **changes)
    assert left.memory.history[0].values == (Landing("main", 3),)


def test_context_is_changed() -> None:
    """The context has its function, which is not called if there is no context."""
    loaded = upcast(
        orders(context=Landing), ACTIVE, context=lambda _: {"branch": "x", "commits": 1}
    )
    assert loaded.context == Landing("x", 1)
    assert Upcaster(context=lambda c: c["no"])({"context": None}) == {"context": None}


def test_place_changes_configurations_wherever_they_are() -> None:
    """A state that was split has its child in the configuration and in what history remembers."""

    def split(place: dict[str, Any]) -> dict[str, Any]:
        states = [inner for state in place["configuration"] for inner in (state, f"{state}.x")]
        return {**place, "configuration": states}

    value = {"configuration": ["a"], "history": {"h": {"configuration": ["b"], "data": {}}}}
    assert Upcaster(place=split)(value) == {
        "configuration": ["a", "a.x"],
        "history": {"h": {"configuration": ["b", "b.x"], "data": {}}},
    }


def test_events_are_changed_where_they_wait() -> None:
    """Deferred and delayed events are renamed, changed or dropped; a dropped one's timer goes."""
    renamed = orders(events={Knock: Tap})
    loaded = upcast(renamed, ACTIVE, events={"knock": "tap"})
    assert loaded.waiting == (Tap(2),)
    changed = upcast(
        renamed, ACTIVE, events={"knock": lambda e: {"type": "tap", "force": e["force"] * 10}}
    )
    assert changed.waiting == (Tap(20),)
    dropped = upcast(orders(), ACTIVE, events={"knock": None, "ring": None})
    assert dropped.waiting == dropped.memory.sent == ()
    assert list(dropped.timers) == ["active.merge.deadline#1"]
    kept = upcast(orders(), ACTIVE, events={"ring": lambda e: {**e, "times": 7}})
    assert kept.memory.sent[0][2] == Ring(7)
    assert list(kept.timers) == ["active.merge.deadline#1", "send:bell#2"]


def test_timers_are_renamed_or_dropped() -> None:
    """A timer has a new name, or runs no more; it keeps its number and its time."""
    loaded = upcast(
        orders(timer="patience"), ACTIVE, timers={"active.merge.deadline": "active.merge.patience"}
    )
    assert next(iter(loaded.timers.items())) == (
        "active.merge.patience#1",
        AT + timedelta(minutes=5),
    )
    dropped = upcast(orders(timer=None), ACTIVE, timers={"active.merge.deadline": None})
    assert list(dropped.timers) == ["send:bell#2"]


MERGE_ASK = "active.merge.ask"

CALLS: list[tuple[Chart, Any, dict[str, Any]]] = [
    (orders(call="beg"), "active.merge.beg", {"active.merge.beg#1": Ask("why")}),
    (orders(call=None), None, {}),
    (
        orders(asks=AskTwice, call="ask_twice"),
        "active.merge.ask_twice",
        {"active.merge.ask_twice#1": AskTwice("why", 2)},
    ),
    (
        orders(asks=AskTwice, call="ask_twice"),
        lambda c: {"type": "ask_twice", "question": c["question"] * 2, "times": 4},
        {"active.merge.ask_twice#1": AskTwice("whywhy", 4)},
    ),
    (
        orders(),
        lambda c: {**c, "question": "who"},
        {"active.merge.ask#1": Ask("who")},
    ),
]


@pytest.mark.parametrize(("chart", "change", "calls"), CALLS)
def test_calls_are_renamed_changed_or_dropped(
    chart: Chart, change: Any, calls: dict[str, Any]
) -> None:
    """A call keeps its number; the name of its class in the id moves with the class."""
    value = ACTIVE
    if chart["active.merge"].invoke and chart["active.merge"].invoke[0].name == "beg":
        value = copy.deepcopy(ACTIVE)
        value["calls"][0]["id"] = "active.merge.plead#1"
        assert dict(upcast(chart, value, calls={"active.merge.plead": change}).calls) == calls
        return
    assert dict(upcast(chart, value, calls={"active.merge.ask": change}).calls) == calls


def test_call_that_is_changed_by_a_function_moves_with_its_state() -> None:
    """A function for the call and a new name for its state go together."""
    loaded = upcast(
        orders(merge="landing"),
        ACTIVE,
        states={"active.merge": "active.landing"},
        calls={"active.merge.ask": lambda c: {**c, "question": "who"}},
    )
    assert dict(loaded.calls) == {"active.landing.ask#1": Ask("who")}


def test_timer_is_started_where_its_state_is_active_and_it_does_not_run() -> None:
    """A line that was added gets its timer, under a number that the run has not used."""
    chart = orders(more=("patience",))
    start = {
        "active.merge.patience": lambda _: AT + timedelta(hours=1),
        "active.merge.deadline": lambda _: AT,
    }
    loaded = upcast(chart, ACTIVE, start=start)
    assert dict(loaded.timers) == {
        "active.merge.deadline#1": AT + timedelta(minutes=5),
        "send:bell#2": AT + timedelta(minutes=5),
        "active.merge.patience#3": AT + timedelta(hours=1),
    }
    assert dict(loaded.memory.counters)["timer"] == 3
    assert list(upcast(chart, LEFT, start=start).timers) == ["send:bell#2"]
    fired = Kernel(chart).step(loaded, TimerFired("active.merge.patience#3"), at=AT)
    assert fired.snapshot.configuration == ("away",)
    first = Upcaster(start=start)({"configuration": ["active.merge"]})
    assert first["counters"] == {"timer": 2}


def test_timer_whose_name_does_not_begin_with_its_state_is_started() -> None:
    """Timers of charts from files have names of more parts than a state and one word."""
    chart = orders(more=("after.2",))
    start = {"active.merge.after.2": lambda _: AT}
    assert "active.merge.after.2#3" in upcast(chart, ACTIVE, start=start).timers
    assert "active.merge.after.2#3" not in upcast(chart, LEFT, start=start).timers


def test_snapshot_function_comes_last_and_sees_what_was_changed() -> None:
    """Whatever the tables cannot say is left to a function of the whole."""

    def last(value: dict[str, Any]) -> dict[str, Any]:
        assert value["configuration"] == ["active", "active.landing"]
        return {**value, "clock": 7}

    changes = {"states": {"active.merge": "active.landing"}, "snapshot": last}
    assert upcast(orders(merge="landing"), ACTIVE, **changes).clock == 7


def test_versions_are_passed_one_by_one() -> None:
    """A chain: each upcaster sees what the one before it has made."""
    chart = orders(merge="landed", data=Landing)
    protocol: Protocol[Any, Any] = Protocol(
        chart,
        upcasters={
            1: Upcaster(states={"active.merge": "active.landing"}),
            2: Upcaster(data={"active.landing": lambda d: {**d, "commits": 1}}),
            3: lambda value: {**value, "clock": value["clock"] + value["version"]},
            4: Upcaster(
                states={"active.landing": "active.landed"},
                data={"active.landed": lambda d: {**d, "commits": d["commits"] + 1}},
            ),
        },
    )
    loaded = protocol.load_snapshot(ACTIVE)
    assert loaded["active.landed"] == Landing("main", 2)
    assert loaded.clock == 2 + 3
    middle = protocol.load_snapshot({**protocol.dump_snapshot(loaded), "version": 5})
    assert middle == loaded


# -- events and messages ---------------------------------------------------------------------------

STORED: Protocol[Any, Any] = Protocol(
    orders(merge="landing", events={Knock: Tap}),
    upcasters={
        1: Upcaster(events={"knock": "thump", "back": None}, timers={"gone": None}),
        2: Upcaster(
            events={"thump": lambda e: {**e, "type": "tap"}},
            states={"active.merge": "active.landing"},
            calls={"active.merge.beg": "active.landing.ask", "active.merge.plead": None},
        ),
    },
)


def test_stored_event_passes_the_versions() -> None:
    """An event is read as of the version in which it was stored, as a dict and as bytes."""
    old = {"type": "knock", "force": 5}
    assert STORED.load_event(old, version=1) == Tap(5)
    assert STORED.loads_event(json.dumps(old), version=1) == Tap(5)
    assert STORED.load_event({"type": "thump", "force": 5}, version=2) == Tap(5)
    assert STORED.load_event({"type": "tap", "force": 5}, version=3) == Tap(5)
    assert old == {"type": "knock", "force": 5}
    with pytest.raises(MismatchError, match="SC405"):
        STORED.load_event(old)


MESSAGES: list[tuple[dict[str, Any], Any]] = [
    ({"type": "knock", "force": 5}, Tap(5)),
    (
        {"type": "timer_fired", "id": "active.merge.deadline#1"},
        TimerFired("active.landing.deadline#1"),
    ),
    (
        {"type": "call_failed", "id": "active.merge.ask#1"},
        CallFailed("active.landing.ask#1"),
    ),
    (
        {"type": "answer", "id": "active.merge.beg#1", "event": {"type": "knock"}},
        Answer("active.landing.ask#1", Tap()),
    ),
]


@pytest.mark.parametrize(("old", "new"), MESSAGES)
def test_stored_message_passes_the_versions(old: dict[str, Any], new: Any) -> None:
    """Timers and calls that a message names are renamed as in snapshots; so is what it holds."""
    before = copy.deepcopy(old)
    assert STORED.load_message(old, version=1) == new
    assert STORED.loads_message(json.dumps(old), version=1) == new
    assert old == before


def _retyped(call: dict[str, Any]) -> dict[str, Any]:
    return {**call, "type": "ask_twice"}


def _rewritten(call: dict[str, Any]) -> dict[str, Any]:
    return {"type": "ask_twice", "question": call["question"], "times": 1}


@pytest.mark.parametrize(
    ("chart", "upcasters"),
    [
        (orders(asks=AskTwice, call="ask_twice"), [Upcaster(calls={MERGE_ASK: _retyped})]),
        (
            orders(merge="landing", asks=AskTwice, call="ask_twice"),
            [
                Upcaster(calls={MERGE_ASK: _retyped}),
                Upcaster(states={"active.merge": "active.landing"}),
            ],
        ),
        (orders(asks=AskTwice), [Upcaster(calls={MERGE_ASK: _retyped})]),
        (orders(), [Upcaster(calls={MERGE_ASK: lambda c: {**c, "question": c["question"] * 2}})]),
    ],
)
def test_answer_follows_a_call_that_a_function_changes(
    chart: Chart, upcasters: list[Upcaster]
) -> None:
    """A stored answer still finds its call when a function changes the type of the call."""
    protocol: Protocol[Any, Any] = Protocol(chart, upcasters=dict(enumerate(upcasters, 1)))
    name = chart[chart["active"].children[1]]
    now = f"{name.call_name(name.invoke[0])}#1"
    answer = {"type": "answer", "id": f"{MERGE_ASK}#1", "event": {"type": "go"}}
    assert protocol.load_message(answer, version=1) == Answer(now, Go())
    failed = {"type": "call_failed", "id": f"{MERGE_ASK}#1"}
    assert protocol.load_message(failed, version=1) == CallFailed(now)


def test_answer_to_a_call_that_the_chart_lacks_is_refused() -> None:
    """It would be dropped as late, and the run would wait forever."""
    chart = orders(asks=AskTwice, call="ask_twice")
    protocol: Protocol[Any, Any] = Protocol(
        chart, upcasters={1: Upcaster(calls={MERGE_ASK: _rewritten})}
    )
    for kind in ({"type": "answer", "event": {"type": "go"}}, {"type": "call_failed"}):
        with pytest.raises(ImpossibleError, match="no state of the chart makes the call") as caught:
            protocol.load_message({**kind, "id": f"{MERGE_ASK}#1"}, version=1)
        assert caught.value.path == "$.id"
        assert "Did you mean 'active.merge.ask_twice'?" in caught.value.remedy


@pytest.mark.parametrize(
    "old",
    [
        {"type": "back"},
        {"type": "timer_fired", "id": "gone#1"},
        {"type": "answer", "id": "active.merge.plead#1", "event": {"type": "go"}},
        {"type": "answer", "id": "active.merge.ask#1", "event": {"type": "back"}},
    ],
)
def test_message_that_was_dropped_is_told(old: dict[str, Any]) -> None:
    """A runtime knows then to skip it."""
    with pytest.raises(MismatchError, match=r"\[SC406\].*drops .*Skip it") as caught:
        STORED.load_message(old, version=1)
    assert caught.value.path == "$.type"


def test_event_named_like_a_message_is_changed_as_an_event() -> None:
    """An event is upcast as an event, even if a message of the run has the same name."""
    changed = Upcaster(events={"answer": "reply"}, calls={"a": None})
    assert changed.message({"type": "answer", "id": "a#1"}) == {"type": "reply", "id": "a#1"}
    assert changed.message({"type": "run:answer", "id": "a#1"}) is None


def test_upcaster_that_changes_what_it_is_given_changes_a_copy() -> None:
    """The argument stays unchanged, even deep inside."""

    def change(value: dict[str, Any]) -> dict[str, Any]:
        value["data"]["active.merge"]["branch"] = "changed"
        return value

    def empty(event: dict[str, Any]) -> dict[str, Any]:
        event["deep"].clear()
        return {"type": "go"}

    assert upcast(orders(), ACTIVE, snapshot=change)["active.merge"] == Merge("changed")
    assert ACTIVE["data"]["active.merge"] == {"branch": "main"}
    protocol: Protocol[Any, Any] = Protocol(
        orders(), upcasters={1: Upcaster(events={"went": empty})}
    )
    event = {"type": "went", "deep": {"a": 1}}
    assert protocol.load_event(event, version=1) == Go()
    assert protocol.load_message(event, version=1) == Go()
    assert event == {"type": "went", "deep": {"a": 1}}


def test_function_leaves_events_alone() -> None:
    """A plain function upgrades snapshots; events pass it unchanged."""
    protocol: Protocol[Any, Any] = Protocol(orders(), upcasters={1: lambda v: v["no"]})
    assert protocol.load_event({"type": "go"}, version=1) == Go()
    assert protocol.load_message({"type": "go"}, version=1) == Go()


@pytest.mark.parametrize("version", [0, 4, True, "1"])
def test_version_of_an_event_must_be_one(version: Any) -> None:
    """An event of a version that there is not, or not yet, is refused."""
    with pytest.raises(ForeignError, match=r"\[SC413\] Orders at \$: .*version"):
        STORED.load_event({"type": "go"}, version=version)


def test_event_that_is_no_object_or_that_an_upcaster_chokes_on_is_refused() -> None:
    """A stored value may be anything; it becomes our error."""
    with pytest.raises(MismatchError, match="1 is not an event"):
        STORED.load_event(1, version=1)  # type: ignore[arg-type]
    protocol: Protocol[Any, Any] = Protocol(
        orders(), upcasters={1: Upcaster(events={"go": lambda e: e["no"]})}
    )
    with pytest.raises(ForeignError, match="the upcaster from version 1 failed: no") as caught:
        protocol.load_event({"type": "go"}, version=1)
    assert isinstance(caught.value.__cause__, KeyError)
    with pytest.raises(ForeignError, match="there is no upcaster for version 1"):
        Protocol(orders(), version=2).load_event({"type": "go"}, version=1)
    with pytest.raises(MismatchError, match="1 is not the name of a type"):
        STORED.load_message({"type": 1}, version=1)


def test_time_without_a_zone_is_the_upcaster_s_mistake() -> None:
    """A timer is due at a point in time."""
    naive = datetime(2026, 1, 1)  # noqa: DTZ001
    with pytest.raises(ForeignError, match=r"version 1 failed: a datetime has no time zone"):
        upcast(orders(more=("patience",)), ACTIVE, start={"active.merge.patience": lambda _: naive})
