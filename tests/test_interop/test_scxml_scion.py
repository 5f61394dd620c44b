"""SCION's SCXML tests: scripts of events, and the configurations that they lead to."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from statecharts import Chart, Machine, NamedEvent
from tests.test_interop.fetched import scion_documents
from tests.test_interop.scxml_runs import START, atomic, loaded, self_contained

# Those of the W3C among them wait for errors that a runtime sends; tests/test_interop/test_w3c.py.
EXCLUDED = {"test194.txml", "test199.txml", "test496.txml", "test521.txml", "test577.txml"}
FEWEST = 90

W3C = "w3c-ecma"
"""The folder whose scripts look between a macrostep and the events it sent to the run itself.

`Machine` takes such events before it returns (SCXML D, mainEventLoop): only the end is compared.
"""


@pytest.mark.long
def test_scion_scripts_lead_to_the_configurations_they_name() -> None:
    """After each event of each script, the atomic states are the ones that SCION expects."""
    folder = scion_documents()
    wrong: dict[str, Any] = {}
    own = others = 0
    for path, chart, script in _cases(folder):
        last = path.parent.name == W3C
        own, others = own + (not last), others + last
        found, wanted = _played(chart, script)
        if (found[-1:] if last else found) != (wanted[-1:] if last else wanted):
            wrong[f"{path.parent.name}/{path.stem}"] = (found, wanted)
    assert wrong == {}
    assert own >= FEWEST
    assert others > 0


def _cases(folder: Path) -> list[tuple[Path, Chart, dict[str, Any]]]:
    found = []
    for path in sorted(folder.rglob("*.scxml")):
        script = path.with_suffix(".json")
        if path.stem in EXCLUDED or not script.is_file():
            continue
        chart = loaded(path)
        if chart is not None and self_contained(chart):
            found.append((path, chart, json.loads(script.read_text())))
    return found


def _played(chart: Chart, script: dict[str, Any]) -> tuple[list[list[str]], list[list[str]]]:
    machine: Machine[Any, None] = Machine(chart, at=START)
    found, wanted = [atomic(machine)], [sorted(script["initialConfiguration"])]
    for line in script["events"]:
        machine.advance(timedelta(milliseconds=line.get("after", 0)))
        machine.send(NamedEvent(line["event"]["name"], line["event"].get("data") or {}))
        found.append(atomic(machine))
        wanted.append(sorted(line["nextConfiguration"]))
    return found, wanted


@pytest.mark.long
def test_scion_documents_load_or_are_refused_with_a_code() -> None:
    """Not one of the documents brings the reader down."""
    read = [loaded(path) for path in sorted(scion_documents().rglob("*.scxml"))]
    if not read:
        pytest.fail("the package holds no documents")
    assert sum(chart is not None for chart in read) > len(read) * 0.9
