"""The long comparison of kernel and oracle: ``python -m tests.oracle --charts 10000``."""

from __future__ import annotations

import sys
import time

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.oracle.campaign import BATCH, Findings, campaign, compare_seed
from tests.oracle.compare import forgetful_kernel_of, kernel_of, reference_of
from tests.oracle.coverage import FEATURES
from tests.oracle.shrink import shrink

SHOWN = 3
"""Mismatches that are shrunk and printed."""


@click.command()
@click.option("--charts", default=10_000, show_default=True, help="How many random charts.")
@click.option("--events", default=25, show_default=True, help="How many events each is sent.")
@click.option("--seed", default=1, show_default=True, help="Seed of the first chart.")
@click.option("--jobs", default=1, show_default=True, help="How many processes.")
@click.option("--forgetful", is_flag=True, help="Let the kernel keep a single plan.")
@click.option("--reference", is_flag=True, help="Let the kernel write no moves.")
def main(charts: int, events: int, seed: int, jobs: int, forgetful: bool, reference: bool) -> None:
    """Compare the kernel with the interpreter of SCXML's Appendix D on random charts."""
    console = Console()
    make = forgetful_kernel_of if forgetful else reference_of if reference else kernel_of
    began = time.monotonic()
    found = Findings()
    batches = campaign(range(seed, seed + charts), events, jobs, make)
    total = -(-charts // BATCH)
    for findings in track(batches, "Comparing", total, console=console):
        found += findings
    console.print(_coverage(found))
    for failed in sorted(found.failed)[:SHOWN]:
        mismatch = compare_seed(failed, events, make)
        if mismatch is not None:
            console.rule(f"--charts 1 --events {events} --seed {failed}")
            console.print(str(shrink(mismatch, make)), markup=False, highlight=False)
    console.print(_summary(found, time.monotonic() - began))
    sys.exit(1 if found.failed else 0)


def _coverage(found: Findings) -> Table:
    table = Table("feature", "times")
    table.columns[1].justify = "right"
    for feature in FEATURES:
        times = found.counts[feature]
        table.add_row(feature, f"{times:,}", style=None if times else "bold red")
    return table


def _summary(found: Findings, took_s: float) -> str:
    counts = found.counts
    seeds = ", ".join(map(str, sorted(found.failed)[:10]))
    return (
        f"{counts['charts']:,} charts, {counts['events']:,} events, "
        f"{counts['microsteps']:,} microsteps, {counts['runaways']:,} runaways, "
        f"{len(found.failed):,} mismatches{f' (seeds {seeds})' if seeds else ''}, {took_s:.0f} s"
    )


if __name__ == "__main__":
    main()
