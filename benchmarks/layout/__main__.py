"""Pages: the pictures with the worst scores, and the table of other tools in docs/drawing.md.

``python -m benchmarks.layout`` makes both; the table stays as it is where a tool is missing.
"""

from __future__ import annotations

import shutil
import sys
import warnings
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from attrs import evolve

from benchmarks.layout.corpus import corpus
from benchmarks.layout.scores import Score
from benchmarks.layout.trial import Drawn, Trial, columns, compared, ours
from benchmarks.readme import around, table
from benchmarks.results import Column
from benchmarks.sections.layout import FAULTS, LOOKS, WORDS
from statecharts.drawing import render
from statecharts.model.chart import Chart

COUNT: Final = 20
"""Pictures on the page."""
DOCS: Final = Path(__file__).parents[2] / "docs"
FOLDER: Final = "pictures/worst"
BEGIN: Final = "<!-- drawn -->\n"
END: Final = "<!-- /drawn -->"

INTRODUCTION: Final = """# The worst pictures

Of {charts} charts (our own, those of the tests, and realistic ones made from templates), these
are drawn worst, by a score that counts what is wrong: hard faults, crossings, lines in one place,
wiggles, heads on heads, flat arrivals, labels at other lines, and pages that are towers or ribbons.
Look here first for what to improve.

`python -m benchmarks.layout` makes this page; `python -m benchmarks layout` counts all of them.
[Other tools](drawing.md#beside-other-tools) draw them, too.

ELK is not an engine of this library. Its lines cross more often, except on charts at random, and
bend by a few points where ours are straight. More could be tried there, but a drawing ends its
search after a few seconds.
"""


def told(name: str, states: int, found: Score) -> str:
    """Return what the page says of a picture."""
    counts = {
        "hard faults": len(found.faults),
        "crossings": found.crossings,
        "pairs of lines in one place": found.merged,
        "wiggles": found.wiggles,
        "heads on heads": found.heads,
        "flat arrivals": found.flat,
        "labels at other lines": found.touched,
    }
    listed = "".join(f", {count} {what}" for what, count in counts.items() if count)
    text = f"{states} states{listed}; {found.aspect:.1f} times as wide as high."
    return f"\n## {name}\n\n{text}\n\n![{name}]({FOLDER}/{name}.svg)\n"


def beside(found: Sequence[Trial], day: date) -> str:
    """Return the tables of our drawings and those of other tools."""
    versions = ", ".join(f"{one.name} {one.version}" for one in found)
    usual, odd = (
        [evolve(one, drawn=tuple(d for d in one.drawn if _is_random(d) == random)) for one in found]
        for random in (False, True)
    )
    lines = [f"On {day}: {versions}.", "", *_table(usual, (*FAULTS, *LOOKS)), ""]
    lines += ["And of the charts at random, whose lines go anywhere:", "", *_table(odd, FAULTS), ""]
    return "\n".join(lines)


def _is_random(drawn: Drawn) -> bool:
    return drawn.name.startswith("random_")


def _table(found: Sequence[Trial], shown: Iterable[Column]) -> list[str]:
    told = columns(found)
    rows = [
        [
            WORDS[column.key].partition(",")[0],
            *(column.show(v[column.key]) if column.key in v else "–" for _, _, v in told),
        ]
        for column in shown
    ]
    return table(["", *(name for name, _, _ in told)], rows)


def main() -> None:
    """Score the corpus, and write the page, its pictures and the table."""
    warnings.simplefilter("ignore")
    charts = corpus()
    mine = ours(charts)
    drawn = {one.name: one.drawn for one in mine}
    worst = sorted(drawn, key=lambda name: -drawn[name].score.badness)[:COUNT]
    shutil.rmtree(DOCS / FOLDER, ignore_errors=True)
    (DOCS / FOLDER).mkdir(parents=True)
    text = INTRODUCTION.format(charts=len(charts))
    for name in worst:
        _write(name, charts[name])
        text += told(name, drawn[name].states, drawn[name].score)
    (DOCS / "worst-pictures.md").write_text(text, encoding="utf-8")
    found = compared(mine)
    missing = [f"{one.name}: {one.missing}" for one in found if one.missing]
    if missing:
        sys.exit("\n".join(["docs/drawing.md keeps its table:", *missing]))
    page = DOCS / "drawing.md"
    before, after = around(page.read_text("utf-8"), (BEGIN, END), page.name)
    page.write_text(f"{before}{beside(found, datetime.now(UTC).date())}{after}", "utf-8")


def _write(name: str, chart: Chart) -> None:
    path = DOCS / FOLDER / f"{name}.svg"
    path.write_text(render(chart, theme="light", faults=()), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
