"""What is shown of runs: tables for people, JSON for programs."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any, Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from machines.plan.ledger import Ledger
from machines.plan.records import dump_event, dumped
from machines.plan.secrets import masked
from machines.plan.vocabulary import Json
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
_LEAST: Final = 3
"""The columns of a table at least; where they do not fit, a row has lines of its own."""
_APART: Final = 2
_BARS: Final = 40
_FEWEST_BARS: Final = 8
_BESIDE_BARS: Final = len("✓ completed  attempts  59 min 59 s  facts") + 2 * _APART
"""What a row of a run takes beside the name of the node and its bars."""


def command_line(verb: str, run: str, store: str, target: str | None = None) -> str:
    """Return the command that does something with a run; secrets in the address are masked."""
    words = ["statecharts", "plan", verb, run, "--db", masked(store)]
    return shlex.join([*words, "--plan", target] if target else words)


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
            found.append({**result_json(engine.result(run)), "phase": engine.phase(run)})
        except StatechartError as error:
            found.append({"run": str(run), "status": engine.phase(run), "unreadable": str(error)})
    return found


def show_result(out: Console, result: Result, ledger: Ledger, phase: str) -> None:
    """Print how a run is, and what to look at."""
    status = Text(phase, style=_STYLES.get(phase, ""))
    spent = duration(ledger.last - ledger.began)
    nodes = count_text(len(ledger.lines), "node")
    facts = count_text(len(ledger.facts), "fact")
    line = Text.assemble(f"{result.run}  ", status, f"  {nodes}, {facts}, {spent}")
    out.print(line, soft_wrap=True)
    for node, error in result.errors.items():
        line = Text.assemble(("✗ ", "red"), f"{node}: {error}")
        out.print(line, soft_wrap=True)
    if ledger.outputs:
        out.print(f"outputs: {', '.join(ledger.outputs)}", soft_wrap=True)


def show_runs(out: Console, engine: Engine) -> None:
    """Print the runs of a store."""
    rows: list[list[Text]] = []
    for run in engine.runs():
        phase = engine.phase(run)
        said = Text(phase, style=_STYLES.get(phase, ""))
        try:
            ledger, manifest = engine.ledger(run), engine.manifest(run)
            nodes = len(engine.graph(run)["nodes"])
        except StatechartError as error:  # the others are shown all the same
            rows.append([Text(run), Text(error.code, "red"), said, *(Text("–"),) * 3])
            continue
        plan = manifest.operation + (" (replay)" if manifest.replay_of else "")
        began = _time(ledger.began) if ledger.began else "–"
        states = [line.state for line in ledger.lines.values()]
        done = states.count("completed") + states.count("skipped")
        counts = f"{done} of {nodes}", str(len(ledger.facts))
        rows.append([Text(run), Text(plan), said, *map(Text, (*counts, began))])
    _show_rows(out, ["run", "plan", "state", "nodes", "facts", "began"], rows)


def _show_rows(out: Console, columns: list[str], rows: list[list[Text]]) -> None:
    """Print rows as a table without the last columns that do not fit, or each in lines of its own.

    Words and bars are never broken.
    """
    widths = [
        max(cell_len(name), *(row[place].cell_len for row in rows), 0)
        for place, name in enumerate(columns)
    ]
    shown = len(columns)
    while shown > _LEAST and _width(widths[:shown]) > out.width:
        shown -= 1
    if _width(widths[:shown]) > out.width:
        for first, *others in rows:
            out.print(first, soft_wrap=True)
            said = [
                Text(f"{one} {name}") if one.plain.isdigit() else one
                for name, one in zip(columns[1:_LEAST], others, strict=False)
            ]
            out.print(Text("  ") + Text("  ").join(said), soft_wrap=True)
        return
    table = plain_table(columns[0])
    for name in columns[1:shown]:
        table.add_column(name)
    for column in table.columns:
        column.no_wrap = True
    for row in rows:
        table.add_row(*row[:shown])
    out.print(table)


def _width(widths: list[int]) -> int:
    return sum(widths) + _APART * (len(widths) - 1)


def _time(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M:%S}"


def show_run(out: Console, engine: Engine, run: str, store: str) -> None:
    """Print a run: its nodes with what was done when, its facts and outputs."""
    ledger, manifest, phase = engine.seen(run), engine.manifest(run), engine.phase(run)
    show_result(out, engine.result(run), ledger, phase)
    if phase in ("stopped", "waiting"):
        first = run
        while parent := engine.parent(first):
            first = parent
        how = command_line("resume", first, store)
        out.print(f"Nobody carries it out. Go on: {how}", soft_wrap=True)
    mode = manifest.config.mode
    out.print(f"plan {manifest.operation}, version {manifest.version}, {mode}", soft_wrap=True)
    waiting = [one["id"] for one in engine.graph(run)["nodes"] if one["id"] not in ledger.lines]
    names = [cell_len(node) for node in (*ledger.lines, *waiting)]
    room = out.width - max(names, default=0) - _BESIDE_BARS
    drawn = gantt_text(ledger, max(min(room, _BARS), 1))
    rows: list[list[Text]] = []
    for state, node, bars, spent in drawn[:_ROWS]:
        line = ledger.lines[node]
        said = Text(f"{SIGNS[state]} {line.state}", style=_STYLES.get(line.state, ""))
        more = str(len(line.spans)), spent, str(len(line.facts)), bars
        rows.append([Text(node), said, *map(Text, more)])
    for node in waiting[: max(_ROWS - len(drawn), 0)]:
        rows.append([Text(node), Text("· waiting", "dim"), *map(Text, ("0", "", "0", ""))])
    columns = ["node", "state", "attempts", "time", "facts", "when"]
    if room < _FEWEST_BARS:
        columns.pop()
    _show_rows(out, columns, [row[: len(columns)] for row in rows])
    left = len(drawn) + len(waiting) - _ROWS
    if left > 0:
        out.print(f"and {left} more; see all with --json", soft_wrap=True)


def show_events(out: Console, engine: Engine, run: str) -> None:
    """Print the events of a run, one a line: number, time, name, and what it says as JSON."""
    for one in engine.events(run):
        said = dump_event(one.event, one.at)
        name, at = said.pop("event"), _time(said.pop("at"))
        out.print(f"{one.sequence}  {at}  {name}  {json.dumps(said)}", soft_wrap=True)


def run_json(engine: Engine, run: str, *, events: bool) -> dict[str, Any]:
    """Return a run as JSON: its manifest, nodes, facts, outputs, and its events if wished."""
    ledger = engine.seen(run)
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


_SHOWN: Final = 40
_BEFORE: Final = 8


def changes(engine: Engine, found: Difference) -> list[dict[str, str | None]]:
    """Return each value that differs between two runs, with its place, shortened.

    A text is shown from where it differs. What is sealed is not opened.
    """
    said: list[dict[str, str | None]] = []
    for kind, name, one, other in found.artifacts:
        was, now = (_NOT_THERE if id is None else engine.artifact(id) for id in (one, other))
        if kind == "context":
            was, now = (_NOT_THERE if it is _NOT_THERE else it["writes"] for it in (was, now))
        place, was, now = _apart(was, now)
        shown = _short(was, now)
        if place == "$.sealed":
            place, shown = "$", ("sealed", "sealed")
        said.append({"kind": kind, "name": name, "place": place, "was": shown[0], "now": shown[1]})
    return said


_NOT_THERE: Final[Any] = object()


def _apart(was: Json, now: Json, place: str = "$") -> tuple[str, Json, Json]:
    """Return the first place at which two values differ, and what is there."""
    if isinstance(was, dict) and isinstance(now, dict):
        for key in (*was, *now):
            pair = was.get(key, _NOT_THERE), now.get(key, _NOT_THERE)
            if pair[0] != pair[1]:
                return _apart(*pair, f"{place}[{key!r}]" if "." in key else f"{place}.{key}")
    if isinstance(was, list) and isinstance(now, list):
        for number, pair in enumerate(zip_longest(was, now, fillvalue=_NOT_THERE)):
            if pair[0] != pair[1]:
                return _apart(*pair, f"{place}[{number}]")
    return place, was, now


def _short(was: Json, now: Json) -> tuple[str | None, str | None]:
    """Return two values that differ as short texts; None for one that is not there."""
    first = 0
    if isinstance(was, str) and isinstance(now, str):
        pairs = enumerate(zip(was, now, strict=False))
        first = next((place for place, (a, b) in pairs if a != b), min(len(was), len(now)))
        first = first - _BEFORE if first > _SHOWN - _BEFORE else 0

    def shown(value: Json) -> str | None:
        if value is _NOT_THERE:
            return None
        text = masked(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        cut = ("…" if first else "") + text[first : first + _SHOWN]
        cut += "…" if len(text) > first + _SHOWN else ""
        return json.dumps(cut, ensure_ascii=False) if isinstance(value, str) else cut

    return shown(was), shown(now)


def show_difference(
    out: Console, engine: Engine, found: Difference, unended: dict[str, str]
) -> None:
    """Print what differs between two runs.

    Args:
        out: Where to.
        engine: The engine of the runs.
        found: What differs.
        unended: The runs that have no last context, and how each of them is.
    """
    for run, phase in unended.items():
        line = f"The run {run} is {phase}: it is compared as far as it went."
        out.print(line, soft_wrap=True)
    if not found:
        what = "Facts and outputs" if unended else "Facts, outputs and the last context"
        out.print(f"{what} are equal to the byte.")
        return
    changed = changes(engine, found)
    for noun, names in (("fact", found.facts), ("output", found.outputs)):
        if names:
            verb = "differs" if len(names) == 1 else "differ"
            line = f"{count_text(len(names), noun)} {verb}: {', '.join(names)}"
            out.print(line, soft_wrap=True)
            _show_changes(out, [one for one in changed if one["kind"] == noun])
    if found.final:
        out.print("They end with another context.")
        _show_changes(out, [one for one in changed if one["kind"] == "context"])


def _show_changes(out: Console, changed: list[dict[str, str | None]]) -> None:
    """Print values that differ, one a line."""
    for one in changed[:_ROWS]:
        was, now = (one[word] or "nothing" for word in ("was", "now"))
        name = " ".join(filter(None, (one["name"], one["place"])))
        out.print(Text(f"  {name}: {was} → {now}"), soft_wrap=True)
    if len(changed) > _ROWS:
        out.print(f"  and {len(changed) - _ROWS} more; see all with --json")


def difference_json(engine: Engine, found: Difference) -> dict[str, Any]:
    """Return what differs between two runs, as JSON."""
    return {
        "facts": list(found.facts),
        "outputs": list(found.outputs),
        "final": found.final,
        "changes": changes(engine, found),
    }
