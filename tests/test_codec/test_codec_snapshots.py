"""Snapshots: what they say, what is refused, and that a run goes on from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from machines.pipeline import BranchName, DepsMet, Merge, Pipeline
from statecharts import Kernel, Machine, NamedEvent, TimerFired
from statecharts.codec import (
    CodecError,
    ForeignError,
    ImpossibleError,
    MismatchError,
    Protocol,
    places,
)
from statecharts.model.chart import Chart
from statecharts.model.digest import part
from tests.test_codec.runs import LAB, PIPELINE, PLANT, in_merge, in_plant, named_chart
from tests.test_codec.vocabulary import AT, Back, Lab, Leave
from tests.test_kernel.test_kernel_hashseeds import Plant


def parts_of(chart: Chart) -> dict[str, str]:
    """Return all parts of a chart: what its snapshots may mention."""
    classes = {f"state:{node.id}": node.data for node in chart.states}
    classes |= {f"event:{event.name}": event.cls for event in chart.events}
    hashes = {key: part(cls) for key, cls in (classes | {"context": chart.context}).items()}
    return {key: found for key, found in hashes.items() if found is not None}


def test_snapshot_says_all_there_is_to_a_run() -> None:
    """The dump of a snapshot has its fields, each where the protocol says."""
    assert PIPELINE.dump_snapshot(in_merge()) == {
        "protocol": 2,
        "chart": "Pipeline",
        "version": 1,
        "parts": {"state:active.merge": part(Merge)},
        "configuration": ["active", "active.merge"],
        "data": {"active.merge": {"feature_branch": "feature/x", "commits_ahead": 3}},
        "context": None,
        "history": {},
        "timers": [],
        "calls": [],
        "sent": [],
        "waiting": [],
        "clock": 3,
        "counters": {},
    }


def test_snapshot_has_memory_timers_and_counters() -> None:
    """Remembered states have their data; timers are in order of their start."""
    kernel: Kernel[Any] = Kernel(Plant)
    dumped = PLANT.dump_snapshot(kernel.start(at=AT).snapshot)
    assert dumped["timers"] == [
        {"id": timer, "due": due.isoformat().replace("+00:00", "Z")}
        for timer, due in kernel.start(at=AT).snapshot.timers.items()
    ]
    remembered = in_plant()["history"]
    assert set(remembered) == {"work.past", "work.kiln.last"}
    inner = remembered["work.past"]
    assert "work.mill" in inner["configuration"]
    assert set(inner["data"]) <= set(inner["configuration"])


def test_events_that_wait_are_kept_with_their_timers() -> None:
    """A delayed event is part of the snapshot, and is delivered after the journey."""
    chart = named_chart()
    protocol: Protocol[Any, Any] = Protocol(chart)
    kernel: Kernel[Any] = Kernel(chart)
    step = kernel.step(kernel.start(at=AT).snapshot, NamedEvent("set"), at=AT)
    dumped = protocol.dump_snapshot(step.snapshot)
    assert dumped["sent"] == [
        {
            "timer": "send:alarm#1",
            "id": "alarm",
            "event": {"type": "ring", "times": 2, "type_": "bell"},
        }
    ]
    loaded = protocol.load_snapshot(dumped)
    assert loaded == step.snapshot
    assert loaded.memory.sent[0][2].data == {"times": 2, "type": "bell"}
    fired = Kernel(chart).step(loaded, TimerFired("send:alarm#1"), at=AT)
    assert fired.snapshot.configuration == ("idle",)


def test_machine_and_kernel_go_on_from_a_loaded_snapshot() -> None:
    """A loaded snapshot can be used at once, typed data included."""
    text = PIPELINE.dumps_snapshot(in_merge())
    assert type(text) is bytes
    loaded = PIPELINE.loads_snapshot(text)
    assert loaded[Pipeline.active.merge] == Merge(BranchName("feature/x"), 3)
    assert Pipeline.active in loaded
    machine = Machine(Pipeline, snapshot=loaded, at=AT)
    machine.send(DepsMet())
    assert machine.snapshot == loaded


def test_missing_parts_have_defaults() -> None:
    """A snapshot written by hand says no more than it must."""
    value = LAB.dump_snapshot(Kernel(Lab.chart).start(at=AT).snapshot)
    short = {k: value[k] for k in ("protocol", "chart", "version", "parts", "configuration")}
    assert LAB.load_snapshot(short) == LAB.load_snapshot({**value, "clock": 0})


Change = Callable[[dict[str, Any]], object]

REFUSED: list[tuple[Change, type[CodecError], str, str]] = [
    (lambda v: v.pop("parts"), MismatchError, "$.parts", "a snapshot needs 'parts'"),
    (lambda v: v.pop("chart"), MismatchError, "$.chart", "a snapshot needs 'chart'"),
    (lambda v: v.pop("protocol"), MismatchError, "$.protocol", "a snapshot needs 'protocol'"),
    (lambda v: v.pop("version"), MismatchError, "$.version", "a snapshot needs 'version'"),
    (lambda v: v.update(protocol=True), ForeignError, "$.protocol", "true is not a protocol"),
    (lambda v: v.update(protocol="1"), ForeignError, "$.protocol", '"1" is not a protocol'),
    (lambda v: v.update(version=0), ForeignError, "$.version", "0 is not a version"),
    (lambda v: v.update(version="1"), ForeignError, "$.version", '"1" is not a version'),
    (lambda v: v.update(parts=None), MismatchError, "$.parts", "null is not an object"),
    (lambda v: v["parts"].update(context=1), MismatchError, "$.parts.context", "not a string"),
    (lambda v: v["parts"].update(context="0"), ForeignError, "$.parts.context", "has changed"),
    (lambda v: v.update(chart=1), ForeignError, "$.chart", "one of 1"),
    (lambda v: v.update(extra=1), MismatchError, "$.extra", "has no field 'extra'"),
    (lambda v: v.update(configuration=[]), ImpossibleError, "$.configuration", "no state"),
    (lambda v: v.update(configuration={}), MismatchError, "$.configuration", "an array"),
    (lambda v: v.update(configuration=[1]), MismatchError, "$.configuration[0]", "1 is not the id"),
    (lambda v: v.update(configuration=[""]), ImpossibleError, "$.configuration[0]", "no state"),
    (lambda v: v["configuration"].append("work"), ImpossibleError, "$.configuration", "together"),
    (lambda v: v["configuration"].append("off"), ImpossibleError, "$.configuration[1]", "no state"),
    (lambda v: v.update(data=[]), MismatchError, "$.data", "an array is not an object"),
    (lambda v: v["data"].update(away={}), ImpossibleError, "$.data.away", "carries no data"),
    (lambda v: v["data"].update(x={}), ImpossibleError, "$.data.x", "there is no state"),
    (lambda v: v.update(context=None), MismatchError, "$.context", "null is not an object (Total)"),
    (lambda v: v["context"].update(count="1"), MismatchError, "$.context.count", "not an integer"),
    (lambda v: v.update(history=[]), MismatchError, "$.history", "an array is not an object"),
    (
        lambda v: v["history"].update(away={}),
        ImpossibleError,
        "$.history.away",
        "not a history state",
    ),
    (lambda v: v["history"].update({"work.past": 1}), MismatchError, "$.history['work.past']", "1"),
    (
        lambda v: v["history"]["work.past"].pop("configuration"),
        MismatchError,
        "$.history['work.past'].configuration",
        "what history remembers needs 'configuration'",
    ),
    (
        lambda v: v["history"]["work.past"].update(configuration=[]),
        ImpossibleError,
        "$.history['work.past'].configuration",
        "is not what 'work.past' can remember",
    ),
    (
        lambda v: v["history"]["work.past"].update(configuration=["away"]),
        ImpossibleError,
        "$.history['work.past'].configuration",
        "is not what 'work.past' can remember",
    ),
    (
        lambda v: v["history"]["work.past"].update(configuration=["work.past"]),
        ImpossibleError,
        "$.history['work.past'].configuration",
        "is not what 'work.past' can remember",
    ),
    (
        lambda v: v["history"]["work.past"].update(configuration=["work.filled"]),
        ImpossibleError,
        "$.history['work.past'].data['work.filled']",
        "its data is missing",
    ),
    (
        lambda v: v["history"]["work.past"].update(more=1),
        MismatchError,
        "$.history['work.past'].more",
        "has no field 'more'",
    ),
    (lambda v: v.update(timers={}), MismatchError, "$.timers", "an object is not an array"),
    (lambda v: v.update(timers=[1]), MismatchError, "$.timers[0]", "1 is not an object"),
    (lambda v: v.update(timers=[{"id": "a"}]), MismatchError, "$.timers[0].due", "needs 'due'"),
    (
        lambda v: v.update(timers=[{"id": "a", "due": "x"}]),
        MismatchError,
        "$.timers[0].due",
        "not a point in time",
    ),
    (
        lambda v: v.update(timers=[{"id": "a", "due": "2026-01-31T12:00:00Z"}] * 2),
        ImpossibleError,
        "$.timers[1].id",
        'the timer "a" runs twice',
    ),
    (
        lambda v: v.update(timers=[{"id": "a#1", "due": "2026-01-31T12:00:00Z"}]),
        ImpossibleError,
        "$.timers[0].id",
        'no line of the chart has the timer "a#1"',
    ),
    (lambda v: v.update(calls={}), MismatchError, "$.calls", "an object is not an array"),
    (lambda v: v.update(calls=[{"id": "a"}]), MismatchError, "$.calls[0].call", "needs 'call'"),
    (
        lambda v: v.update(calls=[{"id": "a#1", "call": {"type": "service", "source": "x"}}]),
        ImpossibleError,
        "$.calls[0].id",
        'no state of the chart has the call "a#1"',
    ),
    (lambda v: v.update(waiting={}), MismatchError, "$.waiting", "an object is not an array"),
    (lambda v: v.update(waiting=[1]), MismatchError, "$.waiting[0]", "1 is not an event"),
    (
        lambda v: v.update(waiting=[{"type": "back"}, {"type": "backx"}]),
        MismatchError,
        "$.waiting[1].type",
        "Did you mean 'back'",
    ),
    (
        lambda v: v.update(waiting=[{"type": "timer_fired", "id": "a#1"}]),
        MismatchError,
        "$.waiting[0].type",
        "'timer_fired' never waits",
    ),
    (
        lambda v: v.update(waiting=[{"type": "call_failed", "id": "a#1", "reason": ""}]),
        MismatchError,
        "$.waiting[0].type",
        "'call_failed' never waits",
    ),
    (
        lambda v: v.update(
            timers=[{"id": "a", "due": "2026-01-31T12:00:00Z"}],
            sent=[
                {
                    "timer": "a",
                    "id": "",
                    "event": {"type": "answer", "id": "a#1", "event": {"type": "back"}},
                }
            ],
        ),
        MismatchError,
        "$.sent[0].event.type",
        "'answer' never waits",
    ),
    (
        lambda v: v.update(sent=[{"timer": "a", "id": "", "event": {"type": "back"}}]),
        ImpossibleError,
        "$.sent[0].timer",
        "no such timer runs",
    ),
    (
        lambda v: v.update(
            timers=[{"id": "a", "due": "2026-01-31T12:00:00Z"}],
            sent=[{"timer": "a", "id": "", "event": {"type": "backx"}}],
        ),
        MismatchError,
        "$.sent[0].event.type",
        "Did you mean 'back'",
    ),
    (lambda v: v.update(clock=-1), MismatchError, "$.clock", "-1 is not an integer of 0 or more"),
    (lambda v: v.update(clock=True), MismatchError, "$.clock", "true is not an integer"),
    (lambda v: v.update(counters=[]), MismatchError, "$.counters", "an array is not an object"),
    (lambda v: v.update(counters={"a": "1"}), MismatchError, "$.counters.a", "not an integer"),
    (lambda v: v.update(counters={"a": -1}), MismatchError, "$.counters.a", "-1 is not"),
]


@pytest.mark.parametrize(
    ("change", "kind", "path", "text"),
    REFUSED,
    ids=[f"{n}{row[2]}" for n, row in enumerate(REFUSED)],
)
def test_snapshot_that_no_run_has_made_is_refused(
    change: Change, kind: type[CodecError], path: str, text: str
) -> None:
    """Each part is checked, alone and against the others."""
    kernel = Kernel(Lab.chart)
    left = kernel.step(kernel.start(at=AT).snapshot, Leave(), at=AT).snapshot
    value = {**LAB.dump_snapshot(left), "parts": parts_of(Lab.chart)}
    assert value["history"] == {"work.past": {"configuration": ["work.idle"], "data": {}}}
    change(value)
    with pytest.raises(CodecError) as caught:
        LAB.load_snapshot(value)
    assert type(caught.value) is kind
    assert caught.value.path == path
    assert text in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize(
    "configuration",
    [
        ["work.mill"],
        ["work.mill", "work.mill.idle", "work.mill.busy"],
        ["work.mill.idle"],
    ],
)
def test_deep_memory_must_be_whole(configuration: list[str]) -> None:
    """A deep history remembers a legal part of a configuration, all regions included."""
    value = {**in_plant(), "parts": parts_of(Plant.chart)}
    value["history"]["work.past"] = {"configuration": configuration}
    with pytest.raises(ImpossibleError, match="can remember"):
        PLANT.load_snapshot(value)


def test_deep_memory_must_be_in_document_order() -> None:
    """Remembered states are in document order, each once."""
    value = {**in_plant(), "parts": parts_of(Plant.chart)}
    states = value["history"]["work.past"]["configuration"]
    assert len(states) > 1
    for wrong in (states[::-1], [*states, states[-1]]):
        value["history"]["work.past"]["configuration"] = wrong
        with pytest.raises(ImpossibleError, match="can remember"):
            PLANT.load_snapshot(value)


def test_configurations_that_are_kept_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A protocol that meets many configurations forgets some, and takes them again."""
    monkeypatch.setattr(places, "KEPT", 2)
    found = places.Places(Plant.chart)
    for state in ("idle", "busy", "end"):
        for other in ("cold", "end"):
            ids = ["work", "work.mill", f"work.mill.{state}", "work.kiln", f"work.kiln.{other}"]
            assert found.place(ids).ids == tuple(ids)
            assert found.place(ids) is found.place(ids)
            assert len(found._kept) <= 2


def test_memory_leads_back_after_the_journey() -> None:
    """A history that was loaded brings its states back."""
    kernel = Kernel(Lab.chart)
    left = kernel.step(kernel.start(at=AT).snapshot, Leave(), at=AT).snapshot
    text = LAB.dumps_snapshot(left)
    assert type(text) is bytes
    again = LAB.loads_snapshot(text)
    assert kernel.step(again, Back(), at=AT) == kernel.step(left, Back(), at=AT)


def test_lenient_drops_what_is_not_known_everywhere() -> None:
    """With ``lenient=True`` fields of newer writers are dropped; without, they are refused."""
    value = in_plant()
    expected = PLANT.load_snapshot(value)
    value["new"] = 1
    value["history"]["work.past"]["new"] = 1
    for one in value["timers"]:
        one["new"] = 1
    value["context"]["new"] = 1
    with pytest.raises(MismatchError, match="has no field 'new'"):
        PLANT.load_snapshot(value)
    assert PLANT.load_snapshot(value, lenient=True) == expected
    assert Protocol(Plant, lenient=True).load_snapshot(value) == expected
    with pytest.raises(MismatchError, match="has no field 'new'"):
        Protocol(Plant, lenient=True).load_snapshot(value, lenient=False)


def test_snapshot_of_another_chart_is_not_written() -> None:
    """A protocol writes the snapshots and steps of its own chart only."""
    step = Kernel(Lab.chart).start(at=AT)
    with pytest.raises(ForeignError, match="the snapshot is one of Lab"):
        PIPELINE.dump_snapshot(step.snapshot)
    with pytest.raises(ForeignError, match=r"\$\.snapshot: the snapshot is one of Lab"):
        PIPELINE.dump_step(step)
