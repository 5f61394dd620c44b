"""Charts change while snapshots wait: what refuses them, what does not, and what is said."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Literal, NewType

import pytest
from attrs import evolve, frozen

from machines.pipeline import DepsMet, Pipeline
from statecharts import Kernel, State, Statechart, TimerFired
from statecharts.codec import CodecError, ForeignError, ImpossibleError, MismatchError, Protocol
from statecharts.model.chart import After, Chart, Transition
from statecharts.model.digest import former_part
from statecharts.model.digest import part as part_of
from statecharts.model.effects import Call
from statecharts.model.events import Answer, StateDone
from tests.test_codec.orders import (
    Ask,
    AskTwice,
    Back,
    End,
    Go,
    Knock,
    Leave,
    Merge,
    Ring,
    Totals,
    orders,
    run,
)
from tests.test_codec.vocabulary import AT

ACTIVE = run(Knock(2), Go())
LEFT = run(Knock(2), Go(), Leave())
OLD: Protocol[Any, Any] = Protocol(orders())


def wider(cls: type, **fields: type) -> type:
    """Return a class of the same name with fields of another type, or more of them."""
    kinds = {**cls.__annotations__, **{name: kind.__name__ for name, kind in fields.items()}}
    space = {"__annotations__": kinds, "__module__": cls.__module__}
    bases = (Call,) if issubclass(cls, Call) else ()
    made: type = frozen(type(cls.__name__, bases, {**space, **dict.fromkeys(kinds, None)}))
    return made


def renamed(cls: type, name: str) -> type:
    """Return the same class under another name."""
    space = {"__annotations__": cls.__annotations__, "__module__": cls.__module__}
    made: type = frozen(type(name, (), {**space, **dict.fromkeys(cls.__annotations__)}))
    return made


def test_snapshot_has_a_part_for_each_class_that_it_mentions() -> None:
    """Active and remembered states, context, calls, waiting and delayed events; nothing else."""
    parts = OLD.dump_snapshot(ACTIVE)["parts"]
    assert list(parts) == [
        "state:active.merge",
        "context",
        "call:active.merge.ask",
        "event:knock",
        "event:ring",
    ]
    assert all(len(one) == 8 and int(one, 16) >= 0 for one in parts.values())
    left = OLD.dump_snapshot(LEFT)["parts"]
    assert left == {key: parts[key] for key in ("state:active.merge", "context", "event:ring")}


HARMLESS: dict[str, Chart] = {
    "a guard": orders(guard=True),
    "a delay": orders(delay=timedelta(hours=1)),
    "a state elsewhere": orders(extra=True),
    "a class of another name": orders(data=renamed(Merge, "Landing")),
    "a timer": orders(more=("patience",)),
    "an event that is not mentioned": orders(events={End: wider(End, more=int)}),
}


@pytest.mark.parametrize("chart", HARMLESS.values(), ids=HARMLESS)
@pytest.mark.parametrize("snapshot", [ACTIVE, LEFT], ids=["active", "left"])
def test_change_that_a_snapshot_does_not_depend_on_refuses_nothing(
    chart: Chart, snapshot: Any
) -> None:
    """The run goes on: its timer fires, and its call is answered."""
    assert chart.hash != orders().hash or chart == HARMLESS["a class of another name"]
    dumped = OLD.dump_snapshot(snapshot)
    assert dumped["configuration"] == list(snapshot.configuration)
    loaded = Protocol(chart).load_snapshot(dumped)
    assert loaded.configuration == snapshot.configuration
    assert loaded.memory.timers == snapshot.memory.timers
    kernel: Kernel[Any] = Kernel(chart)
    if loaded.calls:
        assert kernel.step(loaded, Answer("active.merge.ask#1", Go()), at=AT).handled
        fired = kernel.step(loaded, TimerFired("active.merge.deadline#1"), at=AT)
        assert fired.snapshot.configuration == ("away",)
    else:
        assert "active.merge" in kernel.step(loaded, Back(), at=AT).snapshot.configuration


CHANGED: list[tuple[Any, Chart, str, str]] = [
    (
        ACTIVE,
        orders(data=wider(Merge, commits=int)),
        "state:active.merge",
        (
            "the state 'active.merge' has changed since the snapshot was written: "
            "it is Merge(branch: str, commits: int) now"
        ),
    ),
    (
        LEFT,
        orders(data=wider(Merge, branch=int)),
        "state:active.merge",
        (
            "the state 'active.merge' has changed since the snapshot was written: "
            "it is Merge(branch: int) now"
        ),
    ),
    (
        ACTIVE,
        orders(data=None),
        "state:active.merge",
        "the state 'active.merge' had fields when the snapshot was written, and has no class now",
    ),
    (
        ACTIVE,
        orders(context=wider(Totals, more=str)),
        "context",
        "the context has changed since the snapshot was written: it is Totals(count",
    ),
    (
        ACTIVE,
        orders(context=None),
        "context",
        "the context had fields when the snapshot was written, and has no class now",
    ),
    (
        ACTIVE,
        orders(asks=wider(Ask, times=int)),
        "call:active.merge.ask",
        (
            "the call 'active.merge.ask' has changed since the snapshot was written: "
            "it is Ask(question: str, times: int) now"
        ),
    ),
    (
        ACTIVE,
        orders(call=None),
        "call:active.merge.ask",
        "the call 'active.merge.ask' has gone from the chart since the snapshot was written",
    ),
    (
        ACTIVE,
        orders(events={Knock: wider(Knock, force=str)}),
        "event:knock",
        "the event 'knock' has changed since the snapshot was written: it is Knock(force: str) now",
    ),
    (
        LEFT,
        orders(events={Ring: wider(Ring, tone=str)}),
        "event:ring",
        (
            "the event 'ring' has changed since the snapshot was written: "
            "it is Ring(times: int, tone: str) now"
        ),
    ),
    (
        ACTIVE,
        orders(merge="landing"),
        "state:active.merge",
        "the state 'active.merge' has gone from the chart since the snapshot was written",
    ),
]


def held(**fields: Any) -> type:
    """Return a class with some fields."""
    space = {"__annotations__": fields, **dict.fromkeys(fields)}
    made: type = frozen(type("Held", (), space))
    return made


def color(**members: Any) -> Any:
    """Return an enum of one name."""
    return enum.Enum("Color", members, module=__name__)


def plain(**fields: Any) -> type:
    """Return a data class of one name."""
    made: type = dataclasses.make_dataclass("Plain", list(fields.items()))
    return made


DIFFER: list[tuple[Any, Any]] = [
    (color(red=1, blue=2), color(red=2, blue=1)),
    (color(red=1, blue=2), color(red=2, blue=3)),
    (color(red="r"), color(red="b")),
    (list[color(red=1)], list[color(red=2)]),  # type: ignore[misc]
    (enum.Flag("Kind", {"a": 1, "b": 2}), enum.Flag("Kind", {"b": 1, "a": 2})),
    (NewType("Name", str), NewType("Name", int)),
    (plain(x=int), plain(x=str)),
    (plain(x=int) | None, plain(x=int, y=int) | None),
    (dict[str, plain(x=color(red=1))], dict[str, plain(x=color(red=2))]),  # type: ignore[misc]
    (held(x=int), held(x=str)),
    (int | str, int | str | None),
]

SAME: list[tuple[Any, Any]] = [
    (int | None, None | int),
    (list[int | str], list[str | int]),
    (Literal["a", "b"], Literal["b", "a"]),
    (color(red=1, blue=2), color(blue=2, red=1)),
    (color(red=1.5, blue=()), color(red=2.5, blue=[])),
    (plain(x=int, y=int), plain(y=int, x=int)),
    (held(x=int, y=str), held(y=str, x=int)),
]


@pytest.mark.parametrize(("one", "other"), DIFFER)
def test_class_whose_json_means_something_else_has_another_hash(one: Any, other: Any) -> None:
    """Enums, flags, data classes and NewTypes are looked into, at any depth."""
    assert part_of(held(it=one)) != part_of(held(it=other))
    assert part_of(held(it=held(it=one))) != part_of(held(it=held(it=other)))


@pytest.mark.parametrize(("one", "other"), SAME)
def test_class_whose_json_stays_the_same_keeps_its_hash(one: Any, other: Any) -> None:
    """The order of fields, of unions and of members says nothing about JSON."""
    assert part_of(held(it=one)) == part_of(held(it=other))
    assert part_of(held(a=int, it=one)) == part_of(held(it=other, a=int))


def test_snapshot_with_hashes_of_yesterday_is_read() -> None:
    """Snapshots written before hashes covered enums are read unchanged."""
    wide = held(b=color(red=1), a=int)
    chart = orders(data=wide, merge="merge", asks=Ask)
    dumped = OLD.dump_snapshot(ACTIVE)
    dumped["data"] = {"active.merge": {"a": 3, "b": 1}}
    dumped["parts"]["state:active.merge"] = former_part(wide)
    loaded = Protocol(chart).load_snapshot(dumped)
    assert loaded.data["active.merge"] == wide(b=wide.__annotations__["b"].red, a=3)
    dumped["parts"]["state:active.merge"] = former_part(held(a=int))
    with pytest.raises(ForeignError, match="has changed since"):
        Protocol(chart).load_snapshot(dumped)
    assert part_of(wide) != former_part(wide)


@pytest.mark.parametrize(
    ("snapshot", "chart", "part", "text"),
    CHANGED,
    ids=[f"{n}-{r[2]}" for n, r in enumerate(CHANGED)],
)
def test_change_of_what_a_snapshot_mentions_is_told_by_its_name(
    snapshot: Any, chart: Chart, part: str, text: str
) -> None:
    """SC414 says which part it is, what it is now, and what to do."""
    with pytest.raises(ForeignError) as caught:
        Protocol(chart).load_snapshot(OLD.dump_snapshot(snapshot))
    error = caught.value
    assert error.code == "SC414"
    assert error.path in (f"$.parts['{part}']", f"$.parts.{part}")
    assert text in error.found
    assert error.remedy == (
        "Read it with the chart that wrote it, or raise version= and give "
        "upcasters={1: Upcaster(…)} for what has changed"
    )


BARE: list[tuple[Any, Chart, str]] = [
    (ACTIVE, orders(data=None), "state:active.merge"),
    (LEFT, orders(data=None), "state:active.merge"),
    (ACTIVE, orders(context=None), "context"),
]


@pytest.mark.parametrize(("snapshot", "chart", "part"), BARE)
def test_class_where_there_was_none_is_told_by_its_name(
    snapshot: Any, chart: Chart, part: str
) -> None:
    """A state that has got data, remembered or active, and a context that is new, are named."""
    written = Protocol(chart).dump_snapshot(_of(chart, snapshot))
    with pytest.raises(ForeignError, match="had no fields when the snapshot was written") as caught:
        OLD.load_snapshot(written)
    assert part in caught.value.path


def _of(chart: Chart, snapshot: Any) -> Any:
    return run(Knock(2), Go(), *([Leave()] if snapshot is LEFT else []), chart=chart)


def test_parts_that_are_missing_are_asked_for() -> None:
    """Every part that a snapshot mentions needs its hash."""
    whole = OLD.dump_snapshot(ACTIVE)
    for part in whole["parts"]:
        parts = {key: held for key, held in whole["parts"].items() if key != part}
        with pytest.raises(ForeignError, match="had no fields when") as caught:
            OLD.load_snapshot({**whole, "parts": parts})
        assert part in caught.value.path


def timed() -> Chart:
    """Return a chart with a timer of its own."""

    class Timed(Statechart):
        on = State(initial=True)
        over = State(final=True)
        on.to(over, on=Go)
        Statechart.after(timedelta(minutes=1), over)

    return Timed.chart


Change = Callable[[dict[str, Any]], object]

UNHELD: list[tuple[Change, str, str, str]] = [
    (
        lambda v: v["timers"][0].update(id="active.merge.deadlin#1"),
        "$.timers[0].id",
        'no line of the chart has the timer "active.merge.deadlin#1"',
        (
            "Did you mean 'active.merge.deadline'? "
            "Rename it with Upcaster(timers={'active.merge.deadlin': …}), or drop it with None"
        ),
    ),
    (
        lambda v: v["timers"][0].update(id="nonsense#1"),
        "$.timers[0].id",
        'no line of the chart has the timer "nonsense#1"',
        (
            "The timers: active.merge.deadline. "
            "Rename it with Upcaster(timers={'nonsense': …}), or drop it with None"
        ),
    ),
    (
        lambda v: v["timers"][0].update(id="active.merge.deadline"),
        "$.timers[0].id",
        "no line of the chart has the timer",
        "Rename it",
    ),
    (
        lambda v: v["timers"].append({"id": "send:bell#9", "due": "2026-01-31T12:05:00Z"}),
        "$.timers[2].id",
        'no line of the chart has the timer "send:bell#9"',
        "The timers: active.merge.deadline",
    ),
    (
        lambda v: v.update(configuration=["away"], data={}),
        "$.timers[0].id",
        "the timer \"active.merge.deadline#1\" is one of 'active.merge', which is not active",
        "Drop it with Upcaster(timers={'active.merge.deadline': None})",
    ),
    (
        lambda v: v.update(configuration=["away"], data={}, timers=v["timers"][1:]),
        "$.calls[0].id",
        "the call \"active.merge.ask#1\" is one of 'active.merge', which is not active",
        "Drop it with Upcaster(calls={'active.merge.ask': None})",
    ),
    (
        lambda v: v["calls"][0].update(id="active.merge.asks#1"),
        "$.calls[0].id",
        'no state of the chart has the call "active.merge.asks#1"',
        "Did you mean 'active.merge.ask'?",
    ),
    (
        lambda v: v["sent"].append(v["sent"][0]),
        "$.sent[1].timer",
        'the event waits for "send:bell#2", and no such timer runs',
        "each event its own",
    ),
    (
        lambda v: v["calls"].append(v["calls"][0]),
        "$.calls[1].id",
        'the call "active.merge.ask#1" is under way twice',
        "Give each call once",
    ),
    (
        lambda v: v["calls"].append({**v["calls"][0], "id": "active.merge.ask#2"}),
        "$.calls[1].id",
        "the call 'active.merge.ask' is under way twice",
        "Give each call once",
    ),
    (
        lambda v: v["timers"].insert(1, {**v["timers"][0], "id": "active.merge.deadline#2"}),
        "$.timers[1].id",
        "the timer 'active.merge.deadline' runs twice",
        "Give each timer once",
    ),
    *(
        (
            lambda v, wrong=wrong: v["timers"][0].update(id=f"active.merge.deadline{wrong}"),
            "$.timers[0].id",
            f'"active.merge.deadline{wrong}" does not end in the number of its timer',
            "active.merge.deadline#1",
        )
        for wrong in ("#x", "#", "#0", "#01", "#-1", "# 1", "#1.0")
    ),
    *(
        (
            lambda v, wrong=wrong: v["calls"][0].update(id=f"active.merge.ask#{wrong}"),
            "$.calls[0].id",
            "is beyond the 1 calls that have been started",
            "Give the counters",
        )
        for wrong in ("2", "1" * 5000)
    ),
    (
        lambda v: v["timers"][0].update(id="active.merge.deadline#3"),
        "$.timers[0].id",
        "is beyond the 2 timers that have been started",
        "Give the counters",
    ),
    (
        lambda v: v.pop("counters"),
        "$.timers[0].id",
        "is beyond the 0 timers that have been started",
        "Give the counters",
    ),
    (
        lambda v: v["counters"].update(call=0),
        "$.calls[0].id",
        "is beyond the 0 calls that have been started",
        "Give the counters",
    ),
    (
        lambda v: v["timers"][0].update(id="active.merge.deadline#2"),
        "$.timers[1].id",
        'another timer than "send:bell#2" has the number 2',
        "Give each timer a number of its own",
    ),
    (
        lambda v: v.update(configuration=["over"], data={}, sent=[], timers=v["timers"][:1]),
        "$.timers[0].id",
        'the run has ended in (over), and has the timer "active.merge.deadline#1"',
        "Drop it with Upcaster(timers={'active.merge.deadline': None})",
    ),
    (
        lambda v: v.update(configuration=["over"], data={}, sent=[], timers=[]),
        "$.calls[0].id",
        'the run has ended in (over), and has the call "active.merge.ask#1"',
        "Drop it with Upcaster(calls={'active.merge.ask': None})",
    ),
    (
        lambda v: v.update(configuration=["over"], data={}),
        "$.sent[0].event",
        'the run has ended in (over), and "ring" waits',
        "Drop it with Upcaster(events={'ring': None})",
    ),
    (
        lambda v: v.update(configuration=["over"], data={}, timers=[], sent=[], calls=[]),
        "$.waiting[0]",
        'the run has ended in (over), and "knock" waits',
        "Drop it with Upcaster(events={'knock': None})",
    ),
]


@pytest.mark.parametrize(
    ("change", "path", "text", "remedy"), UNHELD, ids=[f"{n}{r[1]}" for n, r in enumerate(UNHELD)]
)
def test_timer_or_call_that_nothing_would_take_is_refused(
    change: Change, path: str, text: str, remedy: str
) -> None:
    """Timers and calls that would stay forever are refused on load, with the nearest name."""
    value = OLD.dump_snapshot(ACTIVE)
    change(value)
    with pytest.raises(ImpossibleError) as caught:
        OLD.load_snapshot(value)
    assert caught.value.code == "SC416"
    assert caught.value.path == path
    assert text in caught.value.found
    assert remedy in caught.value.remedy


def test_ended_run_of_release_0_2_leaves_its_timers_behind() -> None:
    """That release cancelled no timers when a run ended; they are dropped."""
    chart = timed()
    hashed = {"protocol": 1, "hash": chart.hash, "configuration": ["over"]}
    value = {**Protocol(chart).dump_snapshot(Kernel[Any](chart).start(at=AT).snapshot), **hashed}
    assert value["timers"]
    value["timers"][0]["id"] = ".after#1"
    del value["parts"]
    loaded = Protocol(chart).load_snapshot(value)
    assert loaded.ended
    assert not loaded.timers


def test_call_of_another_class_is_refused() -> None:
    """A call under way is one of the class that its state declares."""
    value = OLD.dump_snapshot(ACTIVE)
    value["calls"][0]["call"] = {"type": "service", "source": "x"}
    with pytest.raises(MismatchError, match="an object is not an instance of Ask") as caught:
        OLD.load_snapshot(value)
    assert caught.value.path == "$.calls[0].call.type"
    value["calls"][0]["call"] = {"type": "ask", "question": 1}
    with pytest.raises(MismatchError, match="1 is not a string") as caught:
        OLD.load_snapshot(value)
    assert caught.value.path == "$.calls[0].call.question"


def test_call_of_a_subclass_comes_back() -> None:
    """A call may be of a subclass, even for a protocol that has never written it."""
    chart = orders(gives=AskTwice)
    snapshot = run(chart=chart)
    dumped = Protocol(chart).dump_snapshot(snapshot)
    assert dumped["calls"][0]["call"] == {"type": "ask_twice", "question": "why", "times": 2}
    again = Protocol(chart).load_snapshot(dumped)
    assert again == snapshot
    assert type(again.calls["active.merge.ask#1"]) is AskTwice


def test_chart_itself_may_make_a_call_and_hold_a_timer() -> None:
    """A timer or call of the chart itself needs no active state."""
    whole = orders()
    inner = whole["active.merge"]
    trigger = After(timedelta(minutes=5), "patience")
    root = evolve(
        whole.root,
        invoke=inner.invoke,
        transitions=(Transition("", trigger, ("away",)),),
    )
    chart = evolve(whole, root=root)
    protocol: Protocol[Any, Any] = Protocol(chart)
    snapshot = run(Leave(), chart=chart)
    dumped = protocol.dump_snapshot(snapshot)
    assert [one["id"] for one in dumped["calls"]] == ["ask#1"]
    assert "call:ask" in dumped["parts"]
    assert any(one["id"].startswith("patience#") for one in dumped["timers"])
    assert protocol.load_snapshot(dumped) == snapshot
    assert protocol.idle(evolved(snapshot, timers=())) == ("patience",)
    ended = run(End(), chart=chart)
    assert ended.ended
    assert protocol.idle(ended) == ()


def evolved(snapshot: Any, **memory: Any) -> Any:
    """Return a snapshot with another memory."""
    changed = evolve(snapshot.memory, **memory)
    return type(snapshot)(snapshot._place, snapshot._values, snapshot.context, changed, 0)


def test_timer_that_does_not_run_is_told_and_refuses_nothing() -> None:
    """A line that was added later, or whose guard had refused, is listed by its timer."""
    protocol: Protocol[Any, Any] = Protocol(orders(more=("patience", "hurry")))
    dumped = OLD.dump_snapshot(ACTIVE)
    assert type(dumped) is dict
    loaded = protocol.load_snapshot(dumped)
    assert protocol.idle(loaded) == ("active.merge.patience", "active.merge.hurry")
    assert OLD.idle(ACTIVE) == ()
    assert protocol.idle(protocol.load_snapshot(OLD.dump_snapshot(LEFT))) == ()
    assert OLD.idle(run(End())) == ()


def test_completion_may_wait() -> None:
    """A deferred event may be a completion of the run itself, with its data."""
    waiting = (StateDone("active", None), StateDone("active", {"bits": 3}), Knock(1))
    snapshot = evolved(ACTIVE, waiting=waiting)
    dumped = OLD.dump_snapshot(snapshot)
    assert dumped["waiting"][1] == {"type": "state_done", "state": "active", "data": {"bits": 3}}
    again = OLD.load_snapshot(dumped)
    assert again == snapshot
    assert type(again.waiting[0]) is StateDone


# -- steps -----------------------------------------------------------------------------------------


def test_step_finds_its_lines_again_when_lines_were_added() -> None:
    """A line that was taken is found by its description, not by its number alone."""
    kernel: Kernel[Any] = Kernel(orders())
    step = kernel.step(ACTIVE, Leave(), at=AT)
    chart = orders(extra=True)
    dumped = OLD.dump_step(step)
    loaded = Protocol(chart).load_step(dumped)
    assert [(line.source, line.targets) for line in loaded.fired] == [("active", ("away",))]
    assert loaded.fired[0] in chart["active"].transitions
    back = OLD.dump_step(kernel.step(step.snapshot, Back(), at=AT))
    assert (
        back["fired"][0]["line"]
        != Protocol(chart).dump_step(Protocol(chart).load_step(back))["fired"][0]["line"]
    )


def test_step_whose_line_has_gone_is_refused() -> None:
    """A line that the chart no longer has cannot have been taken."""
    step = Kernel(Pipeline).step(Kernel(Pipeline).start(at=AT).snapshot, DepsMet(), at=AT)
    protocol = Protocol(Pipeline)
    dumped = protocol.dump_step(step)
    assert protocol.load_step(dumped) == step
    dumped["fired"][0]["targets"] = ["done"]
    with pytest.raises(ForeignError, match=r"\[SC414\].*no such line any more") as caught:
        protocol.load_step(dumped)
    assert caught.value.path == "$.fired[0]"


def test_step_whose_delay_has_changed_is_read() -> None:
    """The text of a trigger may change; where it starts and ends may not."""
    step = Kernel(orders()).step(ACTIVE, TimerFired("active.merge.deadline#1"), at=AT)
    dumped = OLD.dump_step(step)
    assert dumped["fired"][0]["trigger"] == "after 5 min"
    chart = orders(delay=timedelta(hours=1))
    assert Protocol(chart).load_step(dumped).fired[0].source == "active.merge"


STEPS: list[tuple[Change, str]] = [
    (lambda v: v["fired"].append(1), "$.fired[1]"),
    (lambda v: v["fired"].append({"line": "1"}), "$.fired[1].line"),
    (lambda v: v["fired"].append({"line": -1}), "$.fired[1].line"),
    (lambda v: v["fired"].append({"line": 99}), "$.fired[1]"),
    (lambda v: v.update(fired=[]), "$.microsteps[0].fired[0]"),
    (lambda v: v["microsteps"].append(1), "$.microsteps[1]"),
    (lambda v: v["microsteps"][0].update(more=1), "$.microsteps[0].more"),
    (lambda v: v["microsteps"][0].update(entered=[1]), "$.microsteps[0].entered[0]"),
    (lambda v: v.pop("effects"), "$.effects"),
    (lambda v: v.pop("snapshot"), "$.snapshot"),
    (lambda v: v.update(effects=[{"type": "x"}]), "$.effects[0].type"),
]


@pytest.mark.parametrize(("change", "path"), STEPS, ids=[f"{n}{r[1]}" for n, r in enumerate(STEPS)])
def test_step_that_does_not_fit_is_refused(change: Change, path: str) -> None:
    """Each part of a step has its place."""
    step = Kernel(Pipeline).step(Kernel(Pipeline).start(at=AT).snapshot, DepsMet(), at=AT)
    dumped = Protocol(Pipeline).dump_step(step)
    change(dumped)
    with pytest.raises(CodecError) as caught:
        Protocol(Pipeline).load_step(dumped)
    assert caught.value.path == path


def test_step_may_leave_descriptions_out() -> None:
    """Written by hand, numbers are enough."""
    step = Kernel(Pipeline).step(Kernel(Pipeline).start(at=AT).snapshot, DepsMet(), at=AT)
    dumped = Protocol(Pipeline).dump_step(step)
    short = {key: held for key, held in dumped.items() if key != "fired"}
    assert Protocol(Pipeline).load_step(short) == step
    bare = {**dumped, "fired": [{"line": one["line"]} for one in dumped["fired"]]}
    assert Protocol(Pipeline).load_step(bare) == step
