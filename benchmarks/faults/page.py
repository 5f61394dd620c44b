"""The page that is published: docs/reliability.md, the same bytes for the same figures."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Final

from benchmarks.faults.peers.situations import Outcome, Situation
from benchmarks.faults.rows import Row

_HEAD: Final = """\
# Reliability

> A transition happens once. Its effects are carried out at least once, each under a key that never
> changes. Nothing that was acknowledged is lost, at whatever instant the process dies.

`python -m benchmarks.faults` tries to break this, and writes this page. What is left in a store is
checked with the plain kernel, and with a journal that clients and handlers keep outside of it:

- each event that was acknowledged is in the history, once, at the place that its sender was told;
- the history, stepped through by the kernel alone, gives the stored snapshot, to the last byte;
- each effect that the history owes was carried out, under its number in the run and under no other;
- none was carried out that the history does not owe;
- each timer fired once, each call was answered once;
- each message from run to run was heard once, in order; each child ended as its parent was told,
  and none goes on that nobody waits for;
- links, seals and SQLite's own check find no damage.

A cut log, a flipped bit and a store in memory are checked for what their rows say.

`make test` tries a sample of the quick rows, `make prove` a tenth of all.
"""

_SITUATIONS: Final = (
    "Situations in which other durable libraries lose or invent something, each carried out with "
    "them and with ours in the same run. The figures count in how many trials something went wrong."
)

_PROCESS: Final = """\
## What this does not show

Processes die here; the machine does not. That a commit survives a loss of power rests on SQLite
(`synchronous=FULL`) and on a disk that does not lie about what it has written. The row on the cut
log shows what comes of it when the disk does. The server of Postgres runs without `fsync` here: it
is killed, its machine is not. The chain finds damage, not forgery: it has no key.
"""


def page(rows: Sequence[Row], situations: Sequence[Situation]) -> str:
    """Return the text of the page."""
    parts = [_HEAD, "## What was tried\n", _table(rows), *(_told(row) for row in rows)]
    parts += [_beside(situations), _PROCESS]
    return "\n".join(parts)


def _table(rows: Iterable[Row]) -> str:
    lines = ["| row | tried | violations |", "|---|---|--:|"]
    for row in rows:
        name, count = next(iter(row.figures.items()))
        lines.append(f"| {row.name} | {count:,} {name} | {len(row.wrong):,} |")
    return "\n".join(lines) + "\n"


def _told(row: Row) -> str:
    figures = "\n".join(f"- {name}: {count:,}" for name, count in row.figures.items())
    wrong = f"- **violations: {len(row.wrong):,}**"
    return f"### {row.name}\n\n{_wrapped(row.how)}\n\n{figures}\n{wrong}\n"


def _beside(situations: Sequence[Situation]) -> str:
    lines = [
        "## Beside others\n",
        _wrapped(_SITUATIONS) + "\n",
    ]
    for situation in situations:
        lines += [f"### {situation.name}\n", _wrapped(situation.how) + "\n"]
        lines += ["| library | went wrong | trials | |", "|---|--:|--:|---|"]
        lines += [_outcome(outcome) for outcome in situation.outcomes]
        lines.append("")
    return "\n".join(lines)


def _outcome(outcome: Outcome) -> str:
    if outcome.missing:
        return f"| {outcome.library} | – | – | {outcome.missing} |"
    return f"| {outcome.library} | {outcome.wrong:,} | {outcome.trials:,} | {outcome.said} |"


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)
