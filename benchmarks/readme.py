"""``python -m benchmarks.readme RUN.json …``: puts the numbers of runs into README.md.

Each run is of another Python, made by ``python -m benchmarks --json RUN.json``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from attrs import frozen

README: Final = Path(__file__).resolve().parents[1] / "README.md"
BEGIN: Final = "<!-- measured -->\n"
END: Final = "<!-- /measured -->"

OURS: Final = {
    "statecharts": "statecharts, `Kernel`",
    "statecharts Machine": "statecharts, `Machine`, time given",
    "… by the clock": "statecharts, `Machine`, by the clock",
}
"""Our rows, as README names them."""


@frozen
class Run:
    """The numbers of one Python."""

    report: Mapping[str, Any]

    @property
    def python(self) -> str:
        """The Python, such as ``CPython 3.11.7``."""
        return str(self.report["environment"]["python"])

    def section(self, key: str) -> Mapping[str, Any]:
        """Return a table; an empty one where it was not measured."""
        found = (one for one in self.report["sections"] if one["key"] == key)
        return next(found, {"rows": (), "columns": ()})

    def rows(self, section: str) -> dict[str, dict[str, Any]]:
        """Return the rows of a table by name; none where it was not measured."""
        return {row["name"]: row for row in self.section(section)["rows"]}

    def number(self, section: str, row: str, key: str) -> float | None:
        """Return a number, or None where there is none."""
        found = self.rows(section).get(row, {}).get("values", {}).get(key)
        return None if found is None else float(found)

    def headings(self, section: str) -> dict[str, str]:
        """Return the headings of a table's columns, on one line each."""
        columns = self.section(section)["columns"]
        return {one["key"]: one["heading"].replace("-\n", "").replace("\n", " ") for one in columns}


def shown(value: float | None, unit: str = "") -> str:
    """Return a number as README has it, or a dash.

    >>> shown(0.876, " ×"), shown(150.3, " ×"), shown(17419.2), shown(None)
    ('0.88 ×', '150 ×', '17,419', '–')
    """
    if value is None:
        return "–"
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:,.{digits}f}{unit}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table, numbers to the right."""
    lines = [f"| {' | '.join(head)} |", f"|---|{'---:|' * (len(head) - 1)}"]
    return lines + [f"| {' | '.join(row)} |" for row in rows]


def cycle(runs: Sequence[Run]) -> list[str]:
    """Return the table of the six-event cycle."""
    head = ["six-event cycle, to a hand-written `match`", *(run.python for run in runs)]
    rows = []
    for name, row in runs[0].rows("cycle").items():
        if row["note"]:
            continue
        called = OURS.get(name, name)
        peer = name not in OURS and not row["version"].startswith(("3.11", "3.12", "3.13", "3.14"))
        ratios = [shown(run.number("cycle", name, "ratio"), " ×") for run in runs]
        weight = runs[0].number("instances", name, "bytes")
        held = "–" if weight is None else f"{weight:,.0f}"
        rows.append([f"{called} {row['version']}" if peer else called, *ratios, held])
    return table([*head, "bytes held"], rows)


def features(runs: Sequence[Run]) -> list[str]:
    """Return the table of single features."""
    head = ["single features, to a hand-written `match`"]
    head += [f"{what}, {run.python}" for what in ("`Kernel`", "`Machine`") for run in runs]
    rows = []
    for key, heading in runs[0].headings("features").items():
        numbers = [
            shown(run.number("features", name, key), " ×")
            for name in ("statecharts", "statecharts Machine")
            for run in runs
        ]
        rows.append([heading, *numbers])
    return table(head, rows)


IMPORT: Final = "`from statecharts import State, Statechart, start, step`, over attrs"

OTHERS: Final = (
    ("the first step of a snapshot just loaded, to a warm one", "plans", 0, "ratio", " ×"),
    ("50,000 pairs of configuration and event met in turn, to few", "plans", 1, "ratio", " ×"),
    ("declaring 10,000 states, checks included", "definition", 0, "s", " s"),
    (IMPORT, "imports", "statecharts", "over_attrs", " ms"),
    ("`statecharts --help`", "imports", "statecharts --help", "ms", " ms"),
    ("JSON of a small snapshot, written, to orjson with cattrs", "codec_ratio", 0, "dumps", " ×"),
    ("… read", "codec_ratio", 0, "loads", " ×"),
    ("JSON of an event, written", "codec_ratio", 0, "event_dumps", " ×"),
    ("… read", "codec_ratio", 0, "event_loads", " ×"),
)
"""Further figures: the words, the table, its row by number or name, the column, the unit."""


def others(runs: Sequence[Run]) -> list[str]:
    """Return the table of all else."""
    rows = []
    for words, section, row, key, unit in OTHERS:
        numbers = []
        for run in runs:
            names = list(run.rows(section))
            name = row if isinstance(row, str) else names[row] if row < len(names) else ""
            numbers.append(shown(run.number(section, name, key), unit))
        rows.append([words, *numbers])
    return table(["besides", *(run.python for run in runs)], rows)


def block(runs: Sequence[Run]) -> str:
    """Return the text between the marks."""
    where = runs[0].report["environment"]
    place = f"{where['date'][:10]}, {where['cpu']}, {where['cores']} cores"
    first = f"On {place}; CPU time of the process, medians of the ratios within each round."
    lines = [first, "", *cycle(runs), "", *features(runs), "", *others(runs)]
    return "\n".join(lines) + "\n"


def replaced(text: str, runs: Sequence[Run]) -> str:
    """Return README with the numbers of some runs."""
    before, after = around(text, (BEGIN, END), README.name)
    return f"{before}{block(runs)}{after}"


def around(text: str, marks: tuple[str, str], page: str) -> tuple[str, str]:
    """Return the text of a page up to the first of two marks, and that from the second one on."""
    begin, end = marks
    before, _, rest = text.partition(begin)
    _, mark, after = rest.partition(end)
    if not mark:
        msg = f"{page} lacks the marks {begin.strip()} and {end}"
        raise SystemExit(msg)
    return f"{before}{begin}", f"{end}{after}"


def main(files: Sequence[str]) -> None:
    """Write README anew."""
    if not files:
        raise SystemExit(__doc__)
    runs = [Run(json.loads(Path(file).read_text(encoding="utf-8"))) for file in files]
    text = README.read_text(encoding="utf-8")
    README.write_text(replaced(text, runs), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
