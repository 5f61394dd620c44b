"""Nodes of a plan beside the steps of a DBOS workflow: what it costs to carry one out."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.apart.environments import STORED, answer
from benchmarks.contestant import Missing
from benchmarks.results import Column, Row, Section, missing_rows
from benchmarks.sections.effort import Plan
from machines.plan.vocabulary import Status
from machines.planner import Engine, RunConfig, Work
from machines.planner import Plan as Nodes

OURS: Final = "statecharts"
SHAPES: Final = ("fan", "chain")
COLUMNS: Final = (
    Column("fan_cpu", "side by side, ms CPU"),
    Column("fan_ratio", "to DBOS", suffix=" ×"),
    Column("fan_wall", "ms"),
    Column("chain_cpu", "in a chain, ms CPU"),
    Column("chain_ratio", "to DBOS", suffix=" ×"),
    Column("chain_wall", "ms"),
    Column("replay_cpu", "replayed, ms CPU"),
)
CAPTION: Final = (
    "Milliseconds a node that does nothing but return a number, in a file of SQLite; medians of "
    "the rounds. Ours: its beginning, its facts, its context and its end are events of a run, and "
    "it can be replayed. DBOS: the output of an asynchronous step is kept; side by side by "
    "`asyncio.gather`, the quickest way that its documentation names."
)


def run(plan: Plan) -> list[Section]:
    """Time plans of both shapes, their replay, and the peer's workflows, in turn."""
    fan, chain = plan.nodes_fan, plan.nodes_chain
    (peer,) = (one for one in STORED if one.name == "dbos")
    ours: list[dict[str, float]] = []
    theirs: list[dict[str, float]] = []
    version, missing = "", None
    for _ in range(plan.nodes_rounds):
        with tempfile.TemporaryDirectory() as folder:
            ours.append(_ours(fan, chain, Path(folder)))
            found = answer(peer, "benchmarks.apart.planned", str(fan), str(chain), folder)
        if isinstance(found, Missing):
            missing = found
        else:
            version = found.pop("version")
            theirs.append(found)
    values = _medians(ours)
    rows = [Row(OURS, "", values)]
    if missing is not None:
        return [
            Section("nodes", "Nodes of plans", COLUMNS, (*rows, *missing_rows([missing])), CAPTION)
        ]
    for shape in SHAPES:
        pairs = zip(ours, theirs, strict=True)
        values[f"{shape}_ratio"] = statistics.median(
            mine[f"{shape}_cpu"] / other[f"{shape}_cpu"] for mine, other in pairs
        )
    rows.append(Row(peer.name, version, {**_medians(theirs), "fan_ratio": 1.0, "chain_ratio": 1.0}))
    return [Section("nodes", "Nodes of plans", COLUMNS, tuple(rows), CAPTION)]


def _medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}


def _number(_: Work, before: int = -1) -> int:
    return before + 1


def _ours(fan: int, chain: int, folder: Path) -> dict[str, float]:
    side = Nodes("gathered")
    for place in range(fan):
        side.node(f"nodes.fan.n{place}", _number)
    line = Nodes("followed")
    last = line.node("nodes.chain.n0", _number)
    for place in range(1, chain):
        last = line.node(f"nodes.chain.n{place}", _number, last)
    found: dict[str, float] = {}
    with Engine(f"sqlite:///{folder / 'plans.db'}") as engine:
        for shape, nodes, count in (("fan", side, fan), ("chain", line, chain)):
            wall, cpu = time.perf_counter(), time.process_time()
            result = engine.start(nodes, config=RunConfig())
            found[f"{shape}_cpu"] = (time.process_time() - cpu) * 1_000 / count
            found[f"{shape}_wall"] = (time.perf_counter() - wall) * 1_000 / count
            if result.status is not Status.COMPLETED:
                text = f"the plan ended as {result.status}"
                raise RuntimeError(text)
            if shape == "fan":
                cpu = time.process_time()
                engine.replay(result.run, nodes)
                found["replay_cpu"] = (time.process_time() - cpu) * 1_000 / count
    return found
