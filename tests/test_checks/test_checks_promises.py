"""What the checks promise, no random run contradicts.

Random charts are given data, closed events and typed calls; each state and line has a place of its
own, so that a fault tells which of them it is about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import Any, Final

import pytest
from attrs import evolve, fields, frozen

from statecharts import Answer, Call, CallFailed, Chart, Kernel, Occurred, Snapshot, Step
from statecharts.checks import faults
from statecharts.model.chart import (
    HISTORY,
    EventType,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
)
from statecharts.model.effects import Invoke
from statecharts.model.errors import CallbackError, RunawayError
from statecharts.model.hooks import Hook
from tests.oracle.random_charts import random_chart, random_events
from tests.oracle.vocabulary import (
    E0,
    E1,
    E2,
    E3,
    E4,
    E5,
    Counters,
    Log,
    Reply,
    addressed,
)
from tests.proof import shards

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
CHARTS: Final = 400
SAMPLE: Final = 25
"""What `make test` tries; the codes come up in it."""
EVENTS: Final = 30


# Events, data and calls that a random chart does not have by itself.


@frozen
class F0:
    bits: int = 0
    x: int = 0


@frozen
class F1:
    bits: int = 0
    y: str = "y"


@frozen
class F2:
    bits: int = 0
    x: str = "x"


@frozen
class F3:
    bits: int = 0
    x: int = 0
    y: str = "y"


@frozen
class F4:
    bits: int = 0
    z: int = 0


@frozen
class F5(F4):
    y: int = 0


@frozen
class Never:
    """An event of the union that no line names."""

    bits: int = 0


FOR: Final[dict[type, type]] = {E0: F0, E1: F1, E2: F2, E3: F3, E4: F4, E5: F5}


@frozen
class X:
    x: int


@frozen
class XY:
    x: int
    y: str = "?"


@frozen
class Y:
    y: str


@frozen
class Z:
    z: float
    x: int = 0


@frozen
class Text:
    x: str


@frozen
class Counted:
    p: int
    at: Occurred


@frozen
class Optional:
    x: int | None = None
    y: str | int = 0


DATA: Final[tuple[type, ...]] = (X, XY, Y, Z, Text, Counted, Optional)


@frozen
class AskF0(Call[F0 | F1]):
    """A call by its fields' defaults."""

    text: str = ""


@frozen
class AskF2(Call[F2 | F4 | F5]):
    """Another call."""

    text: str = ""


@frozen
class Making:
    """A hook that makes data."""

    cls: type

    def __call__(self, m: Any) -> Any:
        """Return data of the class, whose fields are all of the right type."""
        samples = {int: 1, str: "s", float: 1.0}
        given = {"x": "s" if self.cls is Text else 1, "y": "s", "z": 1.0, "p": 1, "at": m.at}
        return self.cls(**{f.name: given.get(f.name, samples) for f in fields(self.cls)})


@cache
def charted(seed: int) -> tuple[Chart, dict[str, set[str]]]:
    """Return a random chart with data, and the places of its faults by their codes."""
    rng = Random(f"data {seed}")
    chart = _placed(_typed(rng, random_chart(seed)))
    found = faults(chart)
    if any(one.code == "SC106" for one in found):  # it names events that are not its own
        chart = evolve(chart, closed=False)
        found = faults(chart)
    while lacking := [one.found for one in found if one.code in ("SC104", "SC117")]:
        carrying = [node.id for node in chart.states if node.data is not None]
        shown = lacking[0].rpartition(", which needs")[0] or lacking[0].rpartition(", whose")[0]
        named = [s for s in carrying if shown.endswith((f"{s!r}", f"{s.rpartition('.')[2]!r}"))]
        chart = _placed(_without(chart, rng.choice(named or carrying)))
        found = faults(chart)
    assert all(one.code == "SC110" or not one.structural for one in found), found
    places: dict[str, set[str]] = {}
    for one in found:
        places.setdefault(one.code, set()).add(one.location or one.found)
    return chart, places


def _typed(rng: Random, chart: Chart) -> Chart:
    """Give a chart events with fields, data, calls with answers, and an end to its events."""
    carriers = {
        node.id: rng.choice(DATA)
        for node in chart.states
        if node.kind not in HISTORY and rng.random() < 0.45
    }

    def node_of(node: StateNode) -> StateNode:
        lines = tuple(line_of(line) for line in node.transitions)
        calls = tuple(
            evolve(one, call=rng.choice((AskF0, AskF2)), make=None) for one in node.invoke
        )
        data = carriers.get(node.id)
        return evolve(node, transitions=lines, data=data, invoke=calls)

    def line_of(line: Transition) -> Transition:
        if isinstance(line.trigger, OnEvent):
            events = tuple(FOR.get(e, e) if isinstance(e, type) else e for e in line.trigger.events)
            line = evolve(line, trigger=OnEvent(events))
        goal = line.targets[0] if len(line.targets) == 1 else None
        if goal in carriers and rng.random() < 0.25:
            line = evolve(line, make=Hook(Making(carriers[goal])))
        return line

    events = [EventType.of(FOR[one.cls]) if one.cls in FOR else one for one in chart.events]
    states = tuple(map(node_of, chart.states))
    return evolve(
        chart,
        root=node_of(chart.root),
        states=states,
        events=(*events, EventType.of(Never)),
        closed=True,
    )


def _without(chart: Chart, state: str) -> Chart:
    """Return a chart in which one state carries no data."""

    def line_of(line: Transition) -> Transition:
        return evolve(line, make=None) if line.targets == (state,) else line

    def node_of(node: StateNode) -> StateNode:
        lines = tuple(map(line_of, node.transitions))
        return evolve(node, transitions=lines, data=None if node.id == state else node.data)

    return evolve(chart, root=node_of(chart.root), states=tuple(map(node_of, chart.states)))


def _placed(chart: Chart) -> Chart:
    """Give every state, line and call a place of its own."""

    def node_of(node: StateNode) -> StateNode:
        lines = tuple(
            evolve(line, location=f"{node.id}:{number}")
            for number, line in enumerate(node.transitions)
        )
        calls = tuple(evolve(one, location=f"{node.id}!{one.name}") for one in node.invoke)
        return evolve(node, location=node.id, transitions=lines, invoke=calls)

    return evolve(chart, root=node_of(chart.root), states=tuple(map(node_of, chart.states)))


Taken = tuple[object, Snapshot[Any, Any] | None, Step[Any, Any]]


@cache
def steps(seed: int) -> tuple[Taken, ...]:
    """Return the steps of a random run, each with what was sent and the snapshot before."""
    return tuple(_steps(seed))


def _steps(seed: int) -> Iterator[Taken]:
    chart, _ = charted(seed)
    kernel: Kernel[Any, Any] = Kernel(chart, microsteps=60)
    at = NOW
    try:
        last = kernel.start(Counters(), at=at)
        yield None, None, last
        seen = [*last.effects]
        for event in random_events(seed, chart, EVENTS):
            at += SECOND
            sent = event
            if isinstance(sent, Reply) and sent.event is not None:
                sent = _answered(sent, seen, Random(f"{seed} {at}"))
            sent = addressed(sent, seen)
            before = last.snapshot
            last = kernel.step(before, sent, at=at)
            seen += last.effects
            yield sent, before, last
    except RunawayError:
        return
    except CallbackError as error:
        # Where a line names its events by descriptors, it is filled when one is sent: that is
        # not promised.
        lines = [line.trigger for line in chart.transitions if isinstance(line.trigger, OnEvent)]
        if error.code != "SC211" or all(isinstance(e, type) for one in lines for e in one.events):
            raise


def _answered(reply: Reply, effects: list[Any], rng: Random) -> Reply:
    """Return a reply that the call it goes to may get."""
    calls = [effect.call for effect in effects if isinstance(effect, Invoke)]
    if not calls:
        return reply
    call = calls[-1 - reply.number % len(calls)]
    answers = (F0, F1) if isinstance(call, AskF0) else (F2, F4, F5)
    return evolve(reply, event=rng.choice(answers)(rng.getrandbits(3)))


BLOCKS = pytest.mark.parametrize("block", shards(CHARTS, 50, sample=SAMPLE))


def runs(block: range) -> Iterator[tuple[int, Chart, dict[str, set[str]], tuple[Taken, ...]]]:
    """Yield charts with the places of their faults, and a run of each."""
    for seed in block:
        yield seed, *charted(seed), steps(seed)


@BLOCKS
def test_data_is_always_supplied_and_fits(block: range) -> None:
    """Where neither SC104 nor SC117 is told, no run lacks a field or has one of a wrong type."""
    kinds: dict[str, Any] = {"int": int, "str": str, "float": (int, float), "datetime": datetime}
    kinds |= {"Occurred": datetime, "int | None": (int, type(None)), "str | int": (str, int)}
    for seed, _, _, taken in runs(block):  # a field that is lacking would raise
        for _, _, one in taken:
            for state, data in one.snapshot.data.items():
                for field in fields(type(data)):
                    value = getattr(data, field.name)
                    assert isinstance(value, kinds[str(field.type)]), (seed, state, data)


@BLOCKS
def test_what_nothing_reaches_is_never_active(block: range) -> None:
    """SC121: no run is ever in such a state, or passes through it."""
    for seed, _, places, taken in runs(block):
        for _, _, one in taken:
            entered = {state for microstep in one.microsteps for state in microstep.entered}
            assert not {*one.snapshot.configuration} & places.get("SC121", set()), seed
            assert not entered & places.get("SC121", set()), seed


@BLOCKS
def test_what_nothing_leaves_is_never_left(block: range) -> None:
    """SC122: once such a state is active, it stays so."""
    for seed, _, places, taken in runs(block):
        for _, _, one in taken:
            left = {state for microstep in one.microsteps for state in microstep.exited}
            assert not left & places.get("SC122", set()), seed


@BLOCKS
def test_lines_that_are_never_taken_never_are(block: range) -> None:
    """SC110: after such a line no run comes to rest. SC123, SC125, SC126: it never fires."""
    codes = ("SC110", "SC123", "SC125", "SC126")
    for seed, _, places, taken in runs(block):
        dead = {place for code in codes for place in places.get(code, ())}
        for _, _, one in taken:
            assert not {line.location for line in one.fired} & dead, seed


@BLOCKS
def test_events_that_no_line_names_do_nothing(block: range) -> None:
    """SC124: such an event is unhandled, wherever it is sent."""
    for seed, chart, places, taken in runs(block):
        shown = {
            text.rpartition(" ")[2]
            for text in places.get("SC124", ())
            if text.startswith("no line names")
        }
        classes = {one.cls for one in chart.events if one.cls and one.cls.__name__ in shown}
        kernel: Kernel[Any, Any] = Kernel(chart, microsteps=60)
        for _, _, one in taken:
            for cls in classes:
                assert not kernel.step(one.snapshot, cls(), at=NOW).handled, (seed, cls)
        for sent, _, one in taken:
            if type(sent) in classes:
                assert not one.handled, seed


@BLOCKS
def test_pointless_histories_and_exits_never_happen(block: range) -> None:
    """SC128, SC129: such a history remembers nothing; such an exit effect is never given."""
    for seed, chart, places, taken in runs(block):
        slots = [node.id for node in chart.states if node.kind in HISTORY]
        for _, _, one in taken:
            remembered = dict(zip(slots, one.snapshot.memory.history, strict=False))
            if len(slots) == len(one.snapshot.memory.history):
                for place in places.get("SC128", ()):
                    assert remembered[place] is None, seed
            said = {effect.text for effect in one.effects if isinstance(effect, Log)}
            for node in chart.states:
                if node.kind is StateKind.FINAL and not node.parent and node.exit:
                    assert not any(text.startswith(f"exit {node.id} ") for text in said), seed


@BLOCKS
def test_answers_and_failures_that_nothing_takes_take_nothing(block: range) -> None:
    """SC136, SC137: such an answer or failure ends its call, and takes no line."""
    for seed, chart, places, taken in runs(block):
        unheard, unfailed = places.get("SC136", set()), places.get("SC137", set())
        told = [one.found for one in faults(chart) if one.code == "SC136"]
        kernel: Kernel[Any, Any] = Kernel(chart, microsteps=60)
        for _, _, one in taken:
            for id, call in one.snapshot.calls.items():
                state, _, name = id.rpartition("#")[0].rpartition(".")
                place = f"{state}!{name}"
                if place in unfailed:
                    failed = kernel.step(one.snapshot, CallFailed(id), at=NOW)
                    assert failed.handled, seed
                    assert not failed.microsteps or not failed.microsteps[0].fired, seed
                if place in unheard:
                    for answer in (F0, F1) if isinstance(call, AskF0) else (F2, F4, F5):
                        shown = f"{type(call).__name__} of {state!r} may be answered by "
                        if any(text.startswith(f"{shown}{answer.__name__},") for text in told):
                            heard = kernel.step(one.snapshot, Answer(id, answer()), at=NOW)
                            assert heard.handled, seed
                            assert not heard.microsteps or not heard.microsteps[0].fired, seed


@BLOCKS
def test_deferred_events_that_nothing_takes_take_nothing(block: range) -> None:
    """SC138: such an event only ever waits, or is dropped."""
    for seed, chart, _, taken in runs(block):
        told = " ".join(one.found for one in faults(chart) if one.code == "SC138")
        classes = [c for c in (*FOR.values(), Never) if f"defers {c.__name__}," in told]
        kernel: Kernel[Any, Any] = Kernel(chart, microsteps=60)
        for _, _, one in taken:
            for cls in classes:
                if not one.snapshot.waiting:
                    deferred = kernel.step(one.snapshot, cls(), at=NOW)
                    assert not deferred.fired, (seed, cls)


@pytest.mark.long
def test_promises_are_tried() -> None:
    """Among the charts of the sample each code is told often, and so is its absence."""
    told = Counter(code for seed in range(100) for code in charted(seed)[1])
    for code in ("SC121", "SC122", "SC123", "SC125", "SC124", "SC136", "SC137"):
        assert told[code] >= 8, told
    assert told["SC126"] >= 3, told
    assert told["SC138"] >= 2, told
    carrying = sum(bool(one.snapshot.data) for s in range(50) for _, _, one in steps(s))
    assert carrying > 200
    assert any(
        line.kind is TransitionKind.DEFERRED
        for s in range(50)
        for line in charted(s)[0].transitions
    )
