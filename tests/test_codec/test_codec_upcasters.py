"""Upcasters: snapshots of yesterday's chart, read by today's."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from attrs import frozen

from statecharts import Kernel, State, Statechart
from statecharts.codec import ForeignError, ImpossibleError, Protocol, UnwritableError


@frozen
class Open:
    by: str


@frozen
class Opened:
    by: str
    times: int


class Door(Statechart, events=Open):
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
"""What the first release wrote, when the door was a gate and did not count."""


def name_door(value: dict[str, Any]) -> dict[str, Any]:
    """Make a snapshot of version 1 one of version 2: new names."""
    who = value["data"]["open"]["who"]
    return {**value, "chart": "Door", "configuration": ["opened"], "data": {"opened": {"by": who}}}


def count_once(value: dict[str, Any]) -> dict[str, Any]:
    """Make a snapshot of version 2 one of version 3: it counts. Changes what it is given."""
    value["data"]["opened"]["times"] = 1
    return value


def test_old_snapshot_is_led_through_all_versions() -> None:
    """Each function leads one version on; the hash of an old chart is not asked for."""
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
    """What an upcaster makes is checked like any snapshot."""
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
    ],
)
def test_table_that_makes_no_sense_is_refused(table: Any, version: int | None, text: str) -> None:
    """Versions count from 1, and no upcaster leads beyond the present one."""
    with pytest.raises(UnwritableError, match=text):
        Protocol(Door, version=version, upcasters=table)


def test_version_may_be_ahead_of_the_table() -> None:
    """A version that says nothing new about old ones is allowed."""
    assert Protocol(Door, version=5).version == 5
    assert Protocol(Door).version == 1
