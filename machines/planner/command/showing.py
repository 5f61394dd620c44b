"""What is shown of runs: tables for people, JSON for programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from machines.plan.ledger import Ledger
from machines.plan.records import dump_event, dumped
from machines.planner.engine import Difference, Engine, Result
from machines.planner.pictures import SIGNS, duration, gantt_text
from statecharts.cli.terminal import count_text, plain_table
from statecharts.model.errors import StatechartError

_STYLES: Final = {
    "completed": "green",
    "running": "cyan",
    "failed": "red",
    "stopped": "yellow",
    "cancelled": "dim",
    "skipped": "dim",
    "waiting": "dim",
}

_ROWS: Final = 60


def result_json(result: Result) -> dict[str, Any]:
    """Return how a run is, as JSON."""
    errors = {node: dumped(error) for node, error in result.errors.items()}
    return {
        "run": str(result.run),
        "status": str(result.status),
        "final": result.final,
        "errors": errors,
    }


def runs_json(engine: Engine) -> list[dict[str, Any]]:
    """Return the runs of a store as JSON; ``unreadable`` says why one cannot be read."""
    found: list[dict[str, Any]] = []
    for run in engine.runs():
        try:
            found.append(result_json(engine.result(run)))
        except StatechartError as error:
            found.append({"run": str(run), "status": engine.phase(run), "unreadable": str(error)})
    return found


def show_result(out: Console, result: Result, ledger: Ledger) -> None:
    """Print how a run has ended, and what to look at."""
    status = Text(str(result.status), style=_STYLES.get(str(result.status), ""))
    spent = duration(ledger.last - ledger.began)
    nodes = count_text(len(ledger.lines), "node")
    facts = count_text(len(ledger.facts), "fact")
    out.print(Text.assemble(f"{result.run}  ", status, f"  {nodes}, {facts}, {spent}"))
    for node, error in result.errors.items():
        out.print(Text.assemble(("✗ ", "red"), f"{node}: {error.code}: {error.message}"))
    if ledger.outputs:
        out.print(f"outputs: {', '.join(ledger.outputs)}")


def show_runs(out: Console, engine: Engine) -> None:
    """Print the runs of a store."""
    table = plain_table("run")
    for column in ("plan", "state", "nodes", "facts", "began"):
        table.add_column(column)
    for run in engine.runs():
        phase = engine.phase(run)
        said = Text(phase, style=_STYLES.get(phase, ""))
        try:
            ledger, manifest = engine.ledger(run), engine.manifest(run)
        except StatechartError as error:  # the others are shown all the same
            table.add_row(run, Text(error.code, style="red"), said, "–", "–", "–")
            continue
        plan = manifest.operation + (" (replay)" if manifest.replay_of else "")
        began = _time(ledger.began) if ledger.began else "–"
        counts = str(len(ledger.lines)), str(len(ledger.facts))
        table.add_row(run, plan, said, *counts, began)
    out.print(table)


def _time(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M:%S}"


def show_run(out: Console, engine: Engine, run: str) -> None:
    """Print a run: its nodes with what was done when, its facts and outputs."""
    ledger, manifest = engine.ledger(run), engine.manifest(run)
    show_result(out, engine.result(run), ledger)
    out.print(f"plan {manifest.operation}, version {manifest.version}, {manifest.config.mode}")
    table = plain_table("node")
    for column in ("state", "attempts", "when", "time", "facts"):
        table.add_column(column)
    rows = gantt_text(ledger)
    for state, node, bars, spent in rows[:_ROWS]:
        line = ledger.lines[node]
        said = Text(f"{SIGNS[state]} {line.state}", style=_STYLES.get(line.state, ""))
        table.add_row(node, said, str(len(line.spans)), bars, spent, str(len(line.facts)))
    waiting = [one["id"] for one in engine.graph(run)["nodes"] if one["id"] not in ledger.lines]
    for node in waiting[: max(_ROWS - len(rows), 0)]:
        table.add_row(node, Text("· waiting", style="dim"), "0", "", "", "0")
    out.print(table)
    left = len(rows) + len(waiting) - _ROWS
    if left > 0:
        out.print(f"and {left} more; see all with --json")


def run_json(engine: Engine, run: str, *, events: bool) -> dict[str, Any]:
    """Return a run as JSON: its manifest, nodes, facts, outputs, and its events if wished."""
    ledger = engine.ledger(run)
    nodes = []
    for one in engine.graph(run)["nodes"]:
        line = ledger.lines.get(one["id"])
        said: dict[str, Any] = {**one, "state": "waiting", "attempts": 0}
        if line is not None:
            said |= {
                "state": line.state,
                "attempts": len(line.spans),
                "spans_ms": [list(span) for span in line.spans],
                "snapshot": line.snapshot,
                "error": None if line.error is None else dumped(line.error),
                "facts": line.facts,
            }
        nodes.append(said)
    whole = {
        **result_json(engine.result(run)),
        "phase": engine.phase(run),
        "source": engine.source(run),
        "manifest": dumped(engine.manifest(run)),
        "nodes": nodes,
        "facts": {key: dumped(fact) for key, fact in ledger.facts.items()},
        "outputs": {name: one.artifact for name, one in ledger.outputs.items()},
    }
    if events:
        whole["events"] = [
            {"sequence": one.sequence, **dump_event(one.event, one.at)}
            for one in engine.events(run)
        ]
    return whole


def show_difference(out: Console, found: Difference) -> None:
    """Print what differs between two runs."""
    if not found:
        out.print("Facts, outputs and the last context are equal to the byte.")
        return
    for noun, names in (("fact", found.facts), ("output", found.outputs)):
        if names:
            out.print(f"{count_text(len(names), noun)} differ: {', '.join(names)}")
    if found.final:
        out.print("They end with another context.")


def difference_json(found: Difference) -> dict[str, Any]:
    """Return what differs between two runs, as JSON."""
    return {"facts": list(found.facts), "outputs": list(found.outputs), "final": found.final}
