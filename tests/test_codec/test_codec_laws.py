"""The law of the codec: what is loaded equals what was dumped, and equal values give equal text."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from typing import Any

import pytest
from attrs import frozen
from hypothesis import example, given
from hypothesis import strategies as st

from statecharts import Chart, Kernel, Machine, NamedEvent, Snapshot, State, Statechart, TimerFired
from statecharts.codec import Protocol, UnwritableError
from statecharts.codec.texts import encode
from statecharts.model.events import OWN, StateDone
from tests.oracle.random_charts import random_events
from tests.oracle.vocabulary import Log, addressed
from tests.test_codec.vocabulary import AT, Lab, Name, Noted, events, pack_json
from tests.test_kernel.test_kernel_hashseeds import Called, Plant
from tests.test_properties import SEEDS, plant_events, plant_steps, random_steps

LAB: Protocol[Any, Any] = Protocol(Lab, effects=(Noted,))
PLANT: Protocol[Any, Any] = Protocol(Plant, effects=(Called,))


def check_snapshot(protocol: Protocol[Any, Any], snapshot: Snapshot[Any]) -> None:
    """Check the law for one snapshot, as a dict and as bytes."""
    dumped = protocol.dump_snapshot(snapshot)
    text = protocol.dumps_snapshot(snapshot)
    assert text == encode(dumped)
    assert json.loads(text) == dumped
    for again in (protocol.load_snapshot(dumped), protocol.loads_snapshot(text)):
        assert again == snapshot
        assert type(again) is Snapshot
        assert protocol.dumps_snapshot(again) == text
        assert pickle.loads(pickle.dumps(again)) == snapshot


@given(events)
def test_event_comes_back_as_it_was(event: Any) -> None:
    """An event with fields of every kind equals itself after the journey."""
    dumped, text = LAB.dump_event(event), LAB.dumps_event(event)
    assert (type(dumped), type(text)) == (dict, bytes)
    assert text == encode(dumped)
    assert json.loads(text) == dumped
    assert LAB.load_event(dumped) == event
    again = LAB.loads_event(text)
    assert again == event
    assert type(again) is type(event)


@frozen
class Odd:
    """An event whose fields may be taken for a tag, or for a place in a text."""

    __wire_name__ = '100 % "%s"'

    type: str
    type_: int | None = None
    zone: Name = Name("%d")  # noqa: RUF009 - it is frozen


@frozen
class Odder(Odd):
    """A subclass, which is written under its own name."""

    __wire_name__ = "odder"

    more: str = ""


class Oddity(Statechart[Odd, Odd], allow="*"):
    """A chart that holds such an event in all places."""

    s = State(initial=True)
    past = State(Odd)
    s.to(past, on=Odd, make=lambda m: m.event)


@given(st.text(st.characters()), st.none() | st.integers(), st.text(min_size=1))
def test_text_that_is_written_at_once_is_the_text_of_the_dict(
    text: str, number: int | None, name: str
) -> None:
    """Whatever names and values look like, ``dumps`` gives what encoding ``dump`` gives."""
    protocol: Protocol[Any, Any] = Protocol(Oddity)
    odd = Odd(text, number, Name(name))
    check_snapshot(protocol, Snapshot.of(Oddity.past, odd, context=odd))
    for event in (odd, Odder(text, number, Name(name), text)):
        assert protocol.dumps_event(event) == encode(protocol.dump_event(event))
        assert protocol.loads_event(protocol.dumps_event(event)) == event


@given(st.lists(events, max_size=8))
def test_snapshots_and_steps_of_typed_runs_come_back(sent: list[Any]) -> None:
    """Data, context, remembered data and effects of a run come back, step for step."""
    kernel = Kernel(Lab.chart)
    steps = [kernel.start(at=AT)]
    for event in sent:
        steps.append(kernel.step(steps[-1].snapshot, event, at=AT))
    for step in steps:
        check_snapshot(LAB, step.snapshot)
        assert LAB.loads_step(LAB.dumps_step(step)) == step


def is_known(chart: Chart, event: object) -> bool:
    """Tell whether an event is one of a chart: of its classes, or a name where it has names."""
    if isinstance(event, NamedEvent):
        named = (one for line in chart.transitions for one in line.events)
        by_name = any(known.cls is None for known in chart.events)
        return by_name or any(isinstance(one, str) for one in named)
    classes = (one.cls for one in chart.events if one.cls is not None)
    return isinstance(event, (*OWN, StateDone, *classes))


@given(SEEDS)
@example(1323)
def test_snapshots_and_steps_of_random_charts_come_back(seed: int) -> None:
    """Whatever a random run of a random chart leads to comes back, history and effects included.

    Only a run that keeps an event of another chart, as one that defers ``*`` does, is refused.
    """
    chart, steps = random_steps(seed)
    protocol: Protocol[Any, Any] = Protocol(chart, effects=(Log,))
    for step in steps:
        kept = (*step.snapshot.waiting, *(event for _, _, event in step.snapshot.memory.sent))
        if all(is_known(chart, event) for event in kept):
            check_snapshot(protocol, step.snapshot)
            assert protocol.loads_step(protocol.dumps_step(step)) == step
        else:
            with pytest.raises(UnwritableError, match=r"SC421.*\.(waiting|sent)\["):
                protocol.dump_snapshot(step.snapshot)
            with pytest.raises(UnwritableError, match=r"SC421.*\.snapshot\.(waiting|sent)\["):
                protocol.dump_step(step)
    effects = [effect for step in steps for effect in step.effects]
    for event in random_events(seed, chart, 15):
        message = addressed(event, effects)
        inner = getattr(message, "event", message)
        if inner is not None and not is_known(chart, inner):
            continue
        again = protocol.loads_message(protocol.dumps_message(message))
        assert again == message
        assert type(again) is type(message)
        if message is event:
            assert protocol.loads_event(protocol.dumps_event(event)) == event


@frozen
class Ring:
    """An event of the chart below."""


@frozen
class Stray:
    """An event that belongs to no chart."""


class Porter(Statechart[Ring], allow="*"):
    """A closed chart that defers every event."""

    asleep = State(initial=True)
    asleep.defer(on="*")


def test_waiting_event_of_no_chart_is_not_written() -> None:
    """A line on ``*`` takes any event, in a closed chart too; a foreign one cannot be written."""
    protocol, kernel = Protocol(Porter), Kernel(Porter)
    own = kernel.step(kernel.start().snapshot, Ring()).snapshot
    check_snapshot(protocol, own)
    both = kernel.step(own, Stray()).snapshot  # type: ignore[arg-type]
    assert both.waiting == (Ring(), Stray())
    with pytest.raises(UnwritableError, match="an instance of Stray was found") as caught:
        protocol.dump_snapshot(both)
    assert caught.value.path == "$.waiting[1]"


@given(plant_events)
def test_timers_counters_and_regions_come_back(sent: list[object]) -> None:
    """A run with timers, ids, deep history and parallel regions comes back at every step."""
    for step in plant_steps(Kernel(Plant), sent):
        check_snapshot(PLANT, step.snapshot)
        assert PLANT.loads_step(PLANT.dumps_step(step)) == step


@given(plant_events, plant_events)
def test_run_goes_on_from_what_was_loaded(sent: list[object], more: list[object]) -> None:
    """A kernel goes on from a loaded snapshot as from the live one: the same steps follow."""
    there = plant_steps(Kernel(Plant), sent)[-1].snapshot
    text = PLANT.dumps_snapshot(there)
    assert type(text) is bytes
    again = PLANT.loads_snapshot(text)
    kernel: Kernel[Any] = Kernel(Plant)
    for event in [*(e for e in more if not isinstance(e, int)), *map(TimerFired, there.timers)]:
        live, replayed = kernel.step(there, event, at=AT), kernel.step(again, event, at=AT)
        assert replayed == live
        there = live.snapshot
        again = PLANT.loads_snapshot(PLANT.dumps_snapshot(replayed.snapshot))


def test_machine_goes_on_from_what_was_loaded() -> None:
    """A machine takes a loaded snapshot as it takes any other."""
    machine = Machine(Plant.chart, at=AT)
    text = PLANT.dumps_snapshot(machine.snapshot)
    assert type(text) is bytes
    loaded = PLANT.loads_snapshot(text)
    other = Machine(Plant, at=AT, snapshot=loaded)
    assert other.snapshot == machine.snapshot
    assert other.configuration == machine.configuration


def test_equal_values_give_equal_bytes() -> None:
    """The order in which mappings and sets were filled does not show."""
    texts = {
        LAB.dumps_event(LAB.load_event(pack_json(order))) for order in (("a", "b"), ("b", "a"))
    }
    assert len(texts) == 1
    assert b'"marks":["red",2]' in texts.pop()


@pytest.mark.parametrize("seed", ["0", "1"])
def test_bytes_are_the_same_in_every_process(seed: str) -> None:
    """The seed of Python's hashes is not seen, though sets are iterated by it."""
    code = (
        "from tests.test_codec.test_codec_laws import LAB, pack_json;"
        "import sys; event = LAB.load_event(pack_json(('a', 'b')));"
        "sys.stdout.buffer.write(LAB.dumps_event(event))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": seed},
        check=True,
        capture_output=True,
    )
    assert run.stdout == LAB.dumps_event(LAB.load_event(pack_json(("a", "b"))))
