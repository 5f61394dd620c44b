"""Progress of a run: a row for each node at work, totals, and the time that is left."""

from __future__ import annotations

import time
from typing import Final, Self, final

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from machines.plan.ledger import Ledger
from machines.planner.pictures import duration
from statecharts.cli.terminal import console

_ROWS: Final = 12
_PER_SECOND: Final = 10


@final
class Progress:
    """Shows a run while it is carried out, on standard error; nothing without a terminal.

    Args:
        total: The number of its nodes.
        quiet: Whether nothing is shown.
    """

    def __init__(self, total: int, *, quiet: bool = False) -> None:
        self._total = total
        self._console = console(err=True)
        self._began = time.monotonic()
        self._done_before: int | None = None
        shown = not quiet and self._console.is_terminal
        options = {"console": self._console, "transient": True}
        self._live = Live(refresh_per_second=_PER_SECOND, **options) if shown else None  # type: ignore[arg-type]
        self._next = 0.0

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, ledger: Ledger) -> None:
        """Show what has become of the run."""
        now = time.monotonic()
        if self._live is None or now < self._next:
            return
        self._next = now + 1 / _PER_SECOND
        self._live.update(self.drawn(ledger))

    def drawn(self, ledger: Ledger) -> RenderableType:
        """Return what is shown of a run."""
        states = [line.state for line in ledger.lines.values()]
        done = states.count("completed") + states.count("skipped")
        if self._done_before is None:
            self._done_before = done
        spent = round((time.monotonic() - self._began) * 1000)
        fresh = done - self._done_before
        left = f", {duration(spent * (self._total - done) // fresh)} left" if fresh else ""
        words = [f"{done} of {self._total} nodes"]
        words += [
            f"{states.count(one)} {one}"
            for one in ("running", "skipped", "failed")
            if one in states
        ]
        head = Table.grid(padding=(0, 1))
        bar = ProgressBar(self._total, done, width=30)
        head.add_row(bar, Text(f"{', '.join(words)}, {duration(spent)}{left}"))
        rows = Table.grid(padding=(0, 2))
        working = [line for line in ledger.lines.values() if line.state == "running"]
        for line in working[:_ROWS]:
            since = duration(max(round(time.time() * 1000) - line.spans[-1][0], 0))
            tries = f"attempt {line.attempt + 1}" if line.attempt else ""
            rows.add_row(Text(f"  ▶ {line.node}"), Text(since), Text(tries))
        if len(working) > _ROWS:
            rows.add_row(Text(f"    and {len(working) - _ROWS} more"))
        return Group(head, rows)
