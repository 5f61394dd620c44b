"""The command ``python -m benchmarks.faults``."""

from __future__ import annotations

import json
import logging
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import click

from benchmarks.faults import answers, equal, files, kills, processes, servers
from benchmarks.faults.page import page
from benchmarks.faults.peers.situations import Situation, compared
from benchmarks.faults.places import workplace
from benchmarks.faults.rows import SHOWN, Effort, Row, Work

ROWS: Final[Mapping[str, Work]] = {
    "boundaries": kills.boundaries,
    "pairs": kills.doubles,
    "family": kills.family,
    "random": kills.at_random,
    "talks": kills.talks,
    "postgres": kills.on_postgres,
    "postgres-random": kills.at_random_on_postgres,
    "restarts": servers.restarts,
    "callers": servers.callers,
    "log": files.log,
    "bits": files.flips,
    "disk": files.disk,
    "writers": processes.writers,
    "stopped": processes.stopped,
    "answers": answers.answers,
    "clocks": answers.clocks,
    "crowds": processes.crowds,
    "hashes": equal.hashes,
    "stores": equal.stores,
}

PAGE: Final = Path(__file__).parents[2] / "docs" / "reliability.md"


def tried(
    names: Sequence[str], effort: Effort, tell: Callable[[str, Row], None] = lambda *_: None
) -> list[Row]:
    """Work out rows, each in a directory of its own, and tell of each; return them."""
    rows = []
    for name in names:
        directory = workplace()
        began = time.monotonic()
        try:
            row = ROWS[name](effort, directory)
        finally:
            shutil.rmtree(directory)
        rows.append(row)
        tell(name, row)
        figures = ", ".join(f"{what} {count:,}" for what, count in row.figures.items())
        click.echo(f"{name}: {figures}; {len(row.wrong)} wrong; {time.monotonic() - began:.0f} s")
        for text in row.wrong[:SHOWN]:
            click.echo(f"  {text}", err=True)
    return rows


def _read(file: Path) -> dict[str, Row]:
    """Return rows that were written as JSON."""
    found = json.loads(file.read_text(encoding="utf-8"))
    return {name: Row(**{**row, "wrong": tuple(row["wrong"])}) for name, row in found.items()}


@click.command()
@click.option("--share", type=click.FloatRange(0, 1, min_open=True), default=1.0, show_default=True)
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True)
@click.option("--only", "names", multiple=True, type=click.Choice([*ROWS, "peers"]))
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the rows there, after each of them.",
)
@click.option(
    "--peers",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A Python that has harel, xstate-statemachine and dbos, instead of one for each.",
)
@click.option(
    "--before",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What --json wrote before: rows that are not tried now are published from it.",
)
@click.option("--resume", is_flag=True, help="Go on after the rows that --json holds already.")
@click.option("--publish", is_flag=True, help="Write docs/reliability.md.")
def main(
    share: float,
    jobs: int,
    names: tuple[str, ...],
    json_file: Path | None,
    peers: Path | None,
    before: Path | None,
    *,
    resume: bool,
    publish: bool,
) -> None:
    """Try to break runs, and report the findings; exits with 1 when anything is wrong."""
    # Handlers fail here on purpose, many times.
    logging.getLogger("statecharts.runtime").setLevel(logging.CRITICAL)
    effort = Effort(share, jobs)
    chosen = names or (*ROWS, "peers")
    known = _read(json_file) if resume and json_file is not None and json_file.exists() else {}
    found = (_read(before) if before is not None else {}) | known

    def tell(name: str, row: Row) -> None:
        found[name] = row
        if json_file is not None:
            text = json.dumps({name: one.to_json() for name, one in found.items()}, indent=2)
            json_file.write_text(text + "\n", encoding="utf-8")

    tried([name for name in chosen if name in ROWS and name not in known], effort, tell)
    rows = [found[name] for name in ROWS if name in found]
    situations: list[Situation] = []
    if "peers" in chosen:
        situations = compared(effort, peers)
        for situation in situations:
            for one in situation.outcomes:
                told = one.missing or f"{one.wrong} of {one.trials} {one.said}"
                click.echo(f"{situation.name}: {one.library}: {told}")
    if publish:
        PAGE.write_text(page(rows, situations), encoding="utf-8")
    if any(row.wrong for row in rows) or any(one.ours_wrong for one in situations):
        sys.exit(1)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.faults")
