"""Machines as Stately exports them: each is read, runs, and comes back equal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from statecharts import Machine, NamedEvent
from statecharts.interop import xstate

SAMPLES = Path(__file__).parent / "samples" / "xstate"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def leaves(machine: Machine[object]) -> list[str]:
    """Return the active states that have no active state inside."""
    active = machine.configuration
    return [state for state in active if not any(o.startswith(f"{state}.") for o in active)]


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_sample_comes_back_equal(path: Path) -> None:
    """What is read can be written, and what is written reads as the same chart."""
    chart = xstate.load(path)
    assert xstate.loads(xstate.dumps(chart)) == chart


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_sample_names_every_state_as_its_file_does(path: Path) -> None:
    """The name of a state is its key, and its place is given by file and line."""
    chart = xstate.load(path)
    text = path.read_text(encoding="utf-8")
    for node in chart:
        assert f'"{node.name}"' in text
        assert node.location is not None
        assert node.location.startswith(f"{path}:")


def test_toggle_toggles() -> None:
    """Two states, one event, there and back."""
    machine = Machine(xstate.load(SAMPLES / "toggle.json"))
    seen = [leaves(machine)]
    for _ in range(2):
        machine.send(NamedEvent("TOGGLE"))
        seen.append(leaves(machine))
    assert seen == [["inactive"], ["active"], ["inactive"]]


def test_player_comes_back_to_where_it_was() -> None:
    """Deep history in a parallel state brings every region back."""
    machine = Machine(xstate.load(SAMPLES / "media_player.json"))
    for name in ("POWER", "PLAY", "FASTER", "MUTE"):
        machine.send(NamedEvent(name))
    before = leaves(machine)
    assert before == ["on.playback.playing.fast", "on.volume.muted"]
    machine.send(NamedEvent("POWER"))
    assert leaves(machine) == ["off"]
    machine.send(NamedEvent("POWER"))
    assert leaves(machine) == before


def test_traffic_light_changes_as_time_passes() -> None:
    """Delays are timers: the light goes on without an event, and blinks when power fails."""
    machine = Machine(xstate.load(SAMPLES / "traffic_light.json"), at=NOON)
    seen = [leaves(machine)]
    for _ in range(40):
        machine.advance(timedelta(seconds=1))
        if leaves(machine) != seen[-1]:
            seen.append(leaves(machine))
    assert len(seen) > 2
    assert seen[0] == ["green"]
