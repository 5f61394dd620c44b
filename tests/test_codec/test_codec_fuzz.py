"""Loading what nobody has dumped: whatever comes in, only our errors come out."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from statecharts import Kernel
from statecharts.codec import CodecError, Protocol, Upcaster
from statecharts.model.events import Answer
from tests.test_codec.orders import Go as Ask
from tests.test_codec.orders import Knock, orders, run
from tests.test_codec.orders import Leave as Away
from tests.test_codec.vocabulary import (
    AT,
    Lab,
    Noted,
    Pack,
    Tree,
    containers,
    events,
    json_values,
    pack_json,
)
from tests.test_kernel.test_kernel_hashseeds import T0, Called, Go, Leave, Plant

LAB: Protocol[Any, Any] = Protocol(Lab, effects=(Noted,))
PLANT: Protocol[Any, Any] = Protocol(Plant, effects=(Called,))
ORDERS: Protocol[Any, Any] = Protocol(orders())

JUNK: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 12, 1.5, 10**400, "", "12", "x", "\ud800", "type"),
    *([], {}, [[]], {"type": "point"}, {"type": []}, {"value": 1}, [1, 2], {"": None}),
    *("2026-01-31", "2026-13-31T00:00:00Z", "9999-12-31T23:59:59-23:59", "PT1S", "P99999999999D"),
    *("work", "active", "work.mill", "Infinity", "9" * 5000, {1: 2}, {None: 1, ("a",): 2}),
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container of a JSON value with each of its keys."""
    if isinstance(value, dict | list):
        keys = list(value) if isinstance(value, dict) else range(len(value))
        for key in keys:
            yield value, key
            yield from places(value[key])


def mutated(value: Any, rng: Random) -> Any:
    """Return a JSON value with one thing in it replaced, added or taken away."""
    changed = copy.deepcopy(value)
    found = list(places(changed))
    container, key = rng.choice(found)
    choice = rng.random()
    if choice < 0.2:
        del container[key]
    elif choice < 0.3 and isinstance(container, list):
        container.append(copy.deepcopy(container[key]))
    elif choice < 0.4 and isinstance(container, dict):
        container[rng.choice(("extra", "type", "value", "type_"))] = rng.choice(JUNK)
    elif choice < 0.6:
        other, where = rng.choice(found)
        container[key] = copy.deepcopy(other[where]) if where in _keys(other) else None
    else:
        container[key] = copy.deepcopy(rng.choice(JUNK))
    return changed


def _keys(container: Any) -> Any:
    return container if isinstance(container, dict) else range(len(container))


def tried(load: Callable[..., Any], value: Any) -> Any:
    """Return what is loaded, or the error if it is one of ours; any other is raised."""
    before = copy.deepcopy(value)
    found: Any
    try:
        found = load(value)
    except CodecError as error:
        found = error
    assert value == before  # what is passed in is never changed
    if isinstance(found, CodecError):
        assert found.path.startswith("$")
        assert found.path in str(found)
        assert found.remedy or found.code == "SC402"
    return found


def plant_snapshot() -> Any:
    """Return a snapshot with data, history, timers and counters."""
    kernel: Kernel[Any] = Kernel(Plant)
    step = kernel.start(at=T0)
    for minute, event in enumerate((Go(3), Leave())):
        step = kernel.step(step.snapshot, event, at=T0 + timedelta(minutes=minute))
    return step


@given(json_values)
def test_arbitrary_json_gives_our_errors_only(value: Any) -> None:
    """No JSON makes a loader raise anything but a CodecError."""
    loads = (LAB.load_event, LAB.load_snapshot, LAB.load_step, LAB.load_effect, LAB.load_context)
    for load in loads:
        tried(load, value)
        tried(load, {"type": "fill", "scalars": value})
        tried(
            load, {**LAB.dump_snapshot(Kernel(Lab.chart).start(at=AT).snapshot), "history": value}
        )


@given(st.binary() | st.text(), st.booleans())
def test_arbitrary_text_gives_our_errors_only(text: bytes | str, wrap: bool) -> None:
    """No text makes a loader raise anything but a CodecError."""
    if wrap and isinstance(text, str):
        text = f"[{text}"
    for load in (LAB.loads_event, LAB.loads_snapshot, LAB.loads_step, LAB.loads_effect):
        found = tried(load, text)
        assert isinstance(found, CodecError)


@given(events, st.randoms(use_true_random=False))
def test_mutated_event_is_refused_or_is_a_value(event: Any, rng: Random) -> None:
    """A dump with something changed is refused by us, or loads to what dumps and loads again."""
    for lenient in (False, True):
        value = LAB.dump_event(event)
        for _ in range(5):
            value = mutated(value, rng)
            if not value:
                break
            found = tried(lambda v, lenient=lenient: LAB.load_event(v, lenient=lenient), value)
            if not isinstance(found, CodecError):
                assert LAB.load_event(LAB.dump_event(found)) == found


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({1: 2}, "1 is not a string"),
        ([{"a": {None: 1}}], "null is not a string"),
        (float("nan"), "NaN is not JSON"),
        ([float("inf")], "Infinity is not JSON"),
    ],
)
def test_what_json_never_has_is_refused_where_anything_goes(value: Any, message: str) -> None:
    """A dictionary that no text gives could not be written again, so it is not read."""
    with pytest.raises(CodecError, match=message):
        LAB.load_effect({"type": "service", "source": "mill", "data": {"free": value}})


def test_number_beyond_a_float_is_refused_where_anything_goes() -> None:
    """The parser makes infinity of it, which could not be written again."""
    with pytest.raises(CodecError, match="Infinity is not JSON"):
        LAB.loads_effect('{"type": "service", "source": "mill", "data": {"free": 1e999}}')


@given(st.randoms(use_true_random=False))
def test_mutated_step_is_refused_or_can_be_stepped(rng: Random) -> None:
    """A changed snapshot that is not refused is one that the kernel goes on from."""
    value = PLANT.dump_step(plant_snapshot())
    for _ in range(4):
        value = mutated(value, rng)
        if not value:
            break
        tried(PLANT.load_step, value)
        found = tried(PLANT.load_snapshot, value.get("snapshot"))
        if not isinstance(found, CodecError):
            kernel: Kernel[Any] = Kernel(Plant)
            kernel.step(found, Leave(), at=T0 + timedelta(days=1))
            assert PLANT.load_snapshot(PLANT.dump_snapshot(found)) == found


@given(st.randoms(use_true_random=False))
def test_mutated_snapshot_with_calls_is_refused_or_can_be_stepped(rng: Random) -> None:
    """Calls, waiting and delayed events are checked, before and after upcasters."""
    upcaster = Upcaster(
        states={"active.merge": "active.merge"},
        data={"active.merge": dict},
        events={"knock": "knock", "ring": lambda event: {**event}},
        timers={"active.merge.deadline": "active.merge.deadline"},
        calls={"active.merge.ask": lambda call: {**call}},
        start={"active.merge.deadline": lambda _: AT},
    )
    later: Protocol[Any, Any] = Protocol(orders(), upcasters={1: upcaster})
    value = ORDERS.dump_snapshot(run(Knock(2), Ask()))
    for _ in range(4):
        value = mutated(value, rng)
        if not value:
            break
        for protocol in (ORDERS, later):
            found = tried(protocol.load_snapshot, value)
            if not isinstance(found, CodecError):
                Kernel(orders()).step(found, Away(), at=AT + timedelta(days=1))
                assert protocol.load_snapshot(protocol.dump_snapshot(found)) == found


@given(st.randoms(use_true_random=False))
def test_mutated_message_is_refused_or_is_one(rng: Random) -> None:
    """An answer with something changed is refused by us, as it is or through an upcaster."""
    later: Protocol[Any, Any] = Protocol(
        orders(),
        upcasters={1: Upcaster(calls={"a": "active.merge.ask"}, events={"knock": "knock"})},
    )
    value = ORDERS.dump_message(Answer("active.merge.ask#1", Knock(2)))
    for _ in range(4):
        value = mutated(value, rng)
        if not value:
            break
        tried(lambda given: later.load_message(given, version=1), value)
        found = tried(ORDERS.load_message, value)
        if not isinstance(found, CodecError):
            assert ORDERS.load_message(ORDERS.dump_message(found)) == found


@given(containers, st.randoms(use_true_random=False))
def test_mutated_text_gives_our_errors_only(value: Any, rng: Random) -> None:
    """Bytes that were flipped, cut or doubled are refused, or are another value."""
    text = bytearray(LAB.dumps_event(Pack(value)))
    for _ in range(3):
        at = rng.randrange(len(text))
        text[at : at + rng.randint(0, 3)] = rng.randbytes(rng.randint(0, 2))
        tried(LAB.loads_event, bytes(text))


@pytest.mark.parametrize("depth", [200, 100_000])
def test_deep_nesting_is_refused_and_not_a_traceback(depth: int) -> None:
    """A value nested beyond what Python's stack holds is refused, in time, on either way in."""
    tree: dict[str, Any] = {"name": 1}
    for _ in range(min(depth, 3000)):
        tree = {"name": "x", "children": [tree]}
    event = {"type": "pack", "containers": {"tree": tree}}
    with pytest.raises(CodecError, match="SC40"):
        LAB.load_event(event)
    with pytest.raises(CodecError, match="SC40"):
        LAB.loads_event('{"type":"fill","scalars":' + "[" * depth)
    with pytest.raises(CodecError, match="SC40"):
        LAB.loads_event('{"type":"fill","scalars":' + "[" * depth + "]" * depth + "}")


def test_failure_deep_inside_costs_no_more_than_its_depth() -> None:
    """A mistake 60 levels down is found once, not again for each of the levels above it."""
    tree: dict[str, Any] = {"name": 1}
    for _ in range(30):
        tree = {"name": "x", "children": [{"name": "y", "parent": tree}]}
    event = pack_json(("a", "b"))
    event["containers"]["tree"] = tree
    with pytest.raises(CodecError, match=r"1 is not a string") as caught:
        LAB.load_event(event)
    assert caught.value.path == "$.containers.tree" + ".children[0].parent" * 30 + ".name"


def test_failure_of_dumping_deep_inside_has_its_path() -> None:
    """The error of a value that cannot be written names its place, however deep it is."""
    tree: Any = Tree(1)  # type: ignore[arg-type]
    for _ in range(30):
        tree = Tree("x", (Tree("y", (), tree),))
    event: Any = LAB.load_event(pack_json(("a", "b")))
    with pytest.raises(CodecError, match="an instance of int was found where a str") as caught:
        LAB.dump_event(Pack(evolve(event.containers, tree=tree)))
    assert caught.value.path == "$.containers.tree" + ".children[0].parent" * 30 + ".name"


def test_value_that_holds_itself_is_refused() -> None:
    """A dict that holds itself cannot be written, nor read."""
    loop: dict[str, Any] = {"type": "pack"}
    loop["containers"] = loop
    with pytest.raises(CodecError, match="SC40"):
        LAB.load_event(loop)
    with pytest.raises(ValueError, match="Circular"):
        json.dumps(loop)
