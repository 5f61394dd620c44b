"""The command line on the charts that come with the library."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.test_cli.conftest import Run, lines


def test_machines_are_without_faults(run: Run) -> None:
    """The charts of the domain have no faults, and accept none."""
    result = run("check", "machines", "--strict")

    assert (result.exit_code, result.stderr) == (0, "")
    assert lines(result.stdout)[-1].endswith(", 0 faults, 0 warnings")


def test_machines_are_listed_where_they_are_declared(run: Run) -> None:
    """Each chart of the domain is listed once, with the module that declares it and its purpose."""
    charts = json.loads(run("list", "machines", "--json").stdout)["charts"]

    targets = [chart["target"] for chart in charts]
    assert {"machines.pipeline:Pipeline", "machines.execution:Execution"} <= set(targets)
    assert len(targets) == len(set(targets))
    assert all(chart["doc"].endswith(".") for chart in charts)


@pytest.mark.parametrize(
    "line",
    [
        "├── • active",
        "│   ├── • backlog",
        "│   │       DepsMet → active.coding",
        "│   └── merge Merge(feature_branch: BranchName, commits_ahead: int)",
        "│   │       GatesPassed(feature_branch, commits_ahead) → active.merge",
        "        Unblock [isinstance(data.reason, Blocked)] → active",
    ],
)
def test_pipeline_is_shown_as_it_reads(run: Run, line: str) -> None:
    """The tree of the pipeline has its states, their data, and its transitions with guards."""
    result = run("show", "machines.pipeline:Pipeline")

    assert result.exit_code == 0
    assert line in lines(result.stdout)


def test_execution_shows_timers_and_effects(run: Run) -> None:
    """The tree of the execution has its computed delay and its call."""
    shown = lines(run("show", "machines.execution:Execution").stdout)

    assert any(line.endswith("after data.resume_at → any.pending") for line in shown)
    assert any(line.endswith("invoke / SpawnAgent(agent)") for line in shown)


def test_misspelt_machine_is_corrected(run: Run) -> None:
    """A slip in the name of a package, a module or a chart is told what was meant."""
    for target, meant in {
        "machine": "machines",
        "machines.pipelines": "machines.pipeline",
        "machines.pipeline:Pipelines": "Pipeline",
    }.items():
        result = run("check", target)

        assert result.exit_code == 2
        assert result.stderr.endswith(f" Did you mean {meant!r}?\n")


def test_machines_become_pictures(run: Run, tmp_path: Path) -> None:
    """The charts of the domain are drawn as text formats without anything installed."""
    formats = ["-f", "mermaid", "-f", "dot"]
    result = run("render", "machines", "-o", str(tmp_path / "gallery"), *formats)

    assert (result.exit_code, result.stderr) == (0, "")
    assert "stateDiagram" in (tmp_path / "gallery" / "pipeline.mmd").read_text("utf-8")
    assert "digraph" in (tmp_path / "gallery" / "execution.dot").read_text("utf-8")
