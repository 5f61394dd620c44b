"""Workflows are deterministic: what was recorded is replayed, in the sandbox, on any hash seed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from temporalio.worker import UnsandboxedWorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from statecharts.model.errors import StatechartError
from statecharts.temporal import ChartPlugin
from statecharts.temporal.plugin import modules_of
from statecharts.temporal.registry import Charts
from tests.proof import shards
from tests.test_runtime.orders import Charge, Mail, Order
from tests.test_temporal.recorded import histories, replay
from tests.test_temporal.scripts import CHARTS


def plugin() -> ChartPlugin:
    return ChartPlugin(*CHARTS, effects=(Charge, Mail))


def test_recorded_histories_are_replayed_in_the_sandbox() -> None:
    """Every command that was recorded follows again from what was recorded."""
    recorded = histories()
    commands = {event.event_type for one in recorded for event in one.events}
    assert {1, 2, 10, 17, 18, 20, 26, 28, 37, 41, 43} <= commands  # all that the workflow asks for
    asyncio.run(replay(recorded, plugin()))


@pytest.mark.long
def test_history_that_does_not_follow_and_a_chart_that_is_not_there_are_told() -> None:
    """Charts that answer otherwise are found out, and whoever forgets one is told of it."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.test_temporal.recorded", "refuse"]
    environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    other, unknown = [one for one in done.stdout.splitlines() if one.startswith("told:")]
    assert "TMPRL1100" in other
    assert "[SC829] charts: 'Order' is not one of the charts here: Polite" in unknown


@pytest.mark.long
@pytest.mark.parametrize("seeds", shards(32, 8, 1))
def test_replay_does_not_depend_on_the_hash_seed(seeds: range) -> None:
    """Histories are replayed by processes whose sets and dicts are in another order."""
    command = [sys.executable, "-m", "tests.test_temporal.recorded", "replay"]
    for seed in seeds:
        environment = os.environ | {"PYTHONHASHSEED": str(seed), "PYTHONPATH": str(Path.cwd())}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert (done.returncode, done.stdout) == (0, f"{len(histories())}\n"), done.stderr


def test_sandbox_takes_the_modules_of_charts_events_and_data_as_they_are() -> None:
    """Kernel, protocol and the classes of a chart are the same inside of the sandbox."""
    charts = Charts.of(CHARTS, (Charge, Mail))
    assert {"tests.test_runtime.orders", "tests.test_temporal.scripts"} <= modules_of(charts)
    runner = plugin().workflow_runner
    assert callable(runner)
    given = runner(None)
    assert isinstance(given, SandboxedWorkflowRunner)
    passed = given.restrictions.passthrough_modules
    assert {"statecharts", "attrs", "cattrs", "tests.test_runtime.orders"} <= passed
    plain = UnsandboxedWorkflowRunner()
    assert runner(plain) is plain


def test_two_charts_of_one_name_are_refused() -> None:
    """A worker knows its charts by their names."""
    with pytest.raises(StatechartError, match=r"SC829.*two charts are called Order"):
        ChartPlugin(Order, Order)
