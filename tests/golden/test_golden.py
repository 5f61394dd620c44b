"""Golden histories: what was recorded once is replayed, byte for byte, for ever."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

import pytest

from statecharts import Kernel
from statecharts.codec import Protocol
from tests.golden.recorder import HERE, HISTORIES, SUMS, line, record


def sums() -> dict[str, str]:
    """Return the digest of each recording, by the name of its file."""
    pairs = (one.split() for one in SUMS.read_text(encoding="ascii").splitlines())
    return {name: digest for digest, name in pairs}


def recorded(name: str) -> list[dict[str, Any]]:
    """Return the lines of a recording."""
    text = (HERE / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(one) for one in text.splitlines()]


def behaviour(value: dict[str, Any]) -> dict[str, Any]:
    """Return a line without what says how the chart was declared: hashes, and numbers of lines.

    A chart may gain a line without behaving otherwise.
    """
    step = value["step"]
    snapshot = {key: inner for key, inner in step["snapshot"].items() if key != "parts"}
    fired = [{k: v for k, v in one.items() if k != "line"} for one in step["fired"]]
    microsteps = [{**one, "fired": len(one["fired"])} for one in step["microsteps"]]
    return {
        **value,
        "step": {**step, "snapshot": snapshot, "fired": fired, "microsteps": microsteps},
    }


def test_every_recording_is_replayed() -> None:
    """Each recording is read by some test, and each run has one."""
    files = {path.name for path in HERE.glob("*.jsonl")}
    assert files == {f"{name}.jsonl" for name in HISTORIES} == set(sums())


@pytest.mark.parametrize("name", HISTORIES)
def test_recording_has_not_been_edited(name: str) -> None:
    """A recording stays what it was on the day it was made."""
    text = (HERE / f"{name}.jsonl").read_bytes()
    assert hashlib.sha256(text).hexdigest() == sums()[f"{name}.jsonl"]


@pytest.mark.parametrize("name", HISTORIES)
def test_recording_replays_to_the_same_steps(name: str) -> None:
    """The recorded events, read from the file, lead to the recorded steps, effects included."""
    history = HISTORIES[name]
    protocol, kernel = history.protocol, Kernel(history.chart)
    step: Any = None
    for one in recorded(name):
        at = datetime.fromisoformat(one["at"])
        if one["event"] is None:
            event, step = None, kernel.start(at=at)
        else:
            event = protocol.load_message(one["event"])
            step = kernel.step(step.snapshot, event, at=at)
        assert behaviour(line(protocol, at, event, step)) == behaviour(one)


@pytest.mark.parametrize("name", HISTORIES)
def test_run_goes_on_from_any_recorded_snapshot(name: str) -> None:
    """Each recorded snapshot is read, and the next recorded event leads on from it."""
    history = HISTORIES[name]
    protocol: Protocol[Any, Any] = history.protocol
    before: Any = None
    for one in recorded(name):
        if before is not None:
            snapshot = protocol.load_snapshot(before["step"]["snapshot"])
            event = protocol.load_message(one["event"])
            at = datetime.fromisoformat(one["at"])
            step = Kernel(history.chart).step(snapshot, event, at=at)
            assert behaviour(line(protocol, at, event, step)) == behaviour(one)
        before = one


def test_recording_twice_is_refused() -> None:
    """Recordings are never written again."""
    with pytest.raises(FileExistsError):
        record("pipeline-1")


def test_recordings_hold_what_there_is_to_hold() -> None:
    """Between them they have timers, memory, data, effects, and events that nothing handles."""
    steps = [one["step"] for name in HISTORIES for one in recorded(name)]
    assert any(step["snapshot"]["timers"] for step in steps)
    assert any(step["snapshot"]["history"] for step in steps)
    assert any(step["snapshot"]["context"] for step in steps)
    assert any(step["effects"] for step in steps)
    assert not all(step["handled"] for step in steps)
