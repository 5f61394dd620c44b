"""Golden investigations: the small surface leads where the recorded runs led."""

from __future__ import annotations

import json
from typing import Any

import pytest

from machines.investigation import Investigation, Phase, protocol
from statecharts.codec.texts import encode
from tests.golden.investigations import RUNS
from tests.golden.test_golden import recorded


def written(line: dict[str, Any]) -> dict[str, Any]:
    """Return the snapshot of a line."""
    snapshot: dict[str, Any] = line["step"]["snapshot"]
    return snapshot


def as_recorded(line: dict[str, Any], investigation: Investigation) -> bool:
    """Tell whether an investigation is written like a line, apart from hashes of its classes."""
    text = investigation.dumps()
    return text == encode({**written(line), "parts": json.loads(text)["parts"]})


@pytest.mark.parametrize("name", RUNS)
def test_recorded_investigation_replays_to_the_same_bytes(name: str) -> None:
    """The recorded events, taken one by one, ask for the same and come to the same snapshots."""
    investigation = Investigation()
    first, *rest = recorded(name)
    assert as_recorded(first, investigation)
    for line in rest:
        over = investigation.is_terminal
        intents = investigation.ingest(protocol().load_message(line["event"]))
        assert as_recorded(line, investigation)
        asked = [one for one in line["step"]["effects"] if one["type"] != "idle"]
        expected = asked or ([] if over else [{"type": "idle"}])
        assert [protocol().dump_effect(one) for one in intents] == expected


@pytest.mark.parametrize("name", RUNS)
def test_recorded_investigation_goes_on_from_every_snapshot(name: str) -> None:
    """Restored anywhere on its way, a recorded run comes to its recorded end."""
    lines = recorded(name)
    for number, line in enumerate(lines):
        investigation = Investigation.restore(written(line))
        for later in lines[number + 1 :]:
            investigation.ingest(protocol().load_message(later["event"]))
        assert as_recorded(lines[-1], investigation)


def test_recorded_investigations_have_been_everywhere() -> None:
    """Between them they pass through every phase, and ask for everything that can be asked for."""
    steps = [line["step"] for name in RUNS for line in recorded(name)]
    assert {Phase.of(step["snapshot"]["configuration"]) for step in steps} == set(Phase)
    kinds = {effect["type"] for step in steps for effect in step["effects"]}
    assert kinds == {"idle", "call", "request_user", "finish", "error"}
    failures = {one["kind"] for step in steps for one in step["effects"] if one["type"] == "error"}
    assert failures == {"unexpected_call", "call_failed", "cancelled", "no_answer"}
