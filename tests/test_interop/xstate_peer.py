"""XState itself: fetched once, and run in Node, to be compared with."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from statecharts import Chart, Machine, NamedEvent
from statecharts.model.effects import Action
from tests.test_interop.fetched import DATA, node, node_package

VERSIONS = {4: "4.38.3", 5: "5.33.3"}
START = datetime(2026, 1, 1, tzinfo=UTC)
RUNNER = Path(__file__).parent / "xstate_runner.cjs"

Told = list[tuple[set[str], list[str]]]
"""After the start and each event: the active states, and the actions that were carried out."""


def fetch() -> None:
    """Fetch each version of XState; skip the test where it or Node is not to be had."""
    node()
    for version in VERSIONS.values():
        node_package("xstate", version)


def job(
    config: Any,
    events: list[str | int],
    guards: dict[str, bool] | None = None,
    version: int = 5,
    **more: Any,
) -> dict[str, Any]:
    """Return a job for the runner."""
    names = {"guards": guards or {}, "delays": {}, **more}
    return {"config": config, "events": events, "version": VERSIONS[version], **names}


def answers(jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what XState made of some jobs; skip the test where it is not to be had."""
    fetch()
    command = [node(), str(RUNNER), str(DATA)]
    done = subprocess.run(
        command, input=json.dumps(jobs), capture_output=True, text=True, timeout=300, check=True
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    for one, answer in zip(jobs, found, strict=True):
        said = f"XState {one['version']}: {answer.get('error')}, of {json.dumps(one['config'])}"
        assert "told" in answer, said
    return found


def theirs(answer: dict[str, Any]) -> Told:
    """Return what XState told."""
    return [(set(one["states"]), one["actions"]) for one in answer["told"]]


def ours(chart: Chart, events: list[str | int], guards: dict[str, bool] | None = None) -> Told:
    """Return what our kernel makes of the same."""
    answers = guards or {}
    functions = {name: _answer(answers.get(name, False)) for name in chart.unbound_guards}
    machine: Machine[Any, None] = Machine(chart.bind(guards=functions), at=START)
    said: list[str] = []
    machine.subscribe(lambda step: said.extend(_names(step.effects)))
    assert machine.started is not None
    said.extend(_names(machine.started.effects))
    told: Told = []
    for event in [None, *events]:
        if isinstance(event, int):
            machine.advance(timedelta(milliseconds=event))
        elif event is not None:
            machine.send(NamedEvent(event))
        told.append((set(machine.configuration), list(said)))
        said.clear()
    return told


def _answer(value: bool) -> Any:
    return lambda moment, **parameters: value


def _names(effects: Any) -> list[str]:
    return [effect.name for effect in effects if isinstance(effect, Action)]
