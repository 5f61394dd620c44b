"""Worst: draws the pictures with the worst scores onto a page, ``python -m benchmarks.layout``."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import Final

from benchmarks.layout.corpus import corpus
from benchmarks.layout.scores import Score, score, sheet_of
from statecharts.drawing import render
from statecharts.drawing.layout import draw
from statecharts.drawing.notation import picture_of
from statecharts.model.chart import Chart

COUNT: Final = 20
"""Pictures on the page."""
DOCS: Final = Path(__file__).parents[2] / "docs"
FOLDER: Final = "pictures/worst"

INTRODUCTION: Final = """# The worst pictures

Of {charts} charts (our own, those of the tests, and realistic ones made from templates), these
are drawn worst, by a score that counts what is wrong: hard faults, crossings, lines in one place,
wiggles, heads on heads, flat arrivals, labels at other lines, and pages that are towers or ribbons.
Look here first for what to improve.

`python -m benchmarks.layout` makes this page; `python -m benchmarks layout` counts all of them
beside ELK ([how](benchmarks.md)).

ELK is not an engine of this library. In all, its lines cross more often: on the charts that are not
random three times as often, on random ones a fifth less often. More could be tried there, but a
drawing ends its search after a few seconds. And ELK bends lines by a few points where ours are
straight.
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


def main() -> None:
    """Score the corpus, and write the page and its pictures."""
    warnings.simplefilter("ignore")
    charts = corpus()
    found = {name: score(sheet_of(draw(picture_of(chart)))) for name, chart in charts.items()}
    worst = sorted(found, key=lambda name: -found[name].badness)[:COUNT]
    shutil.rmtree(DOCS / FOLDER, ignore_errors=True)
    (DOCS / FOLDER).mkdir(parents=True)
    text = INTRODUCTION.format(charts=len(charts))
    for name in worst:
        _write(name, charts[name])
        text += told(name, len(charts[name].states), found[name])
    (DOCS / "worst-pictures.md").write_text(text, encoding="utf-8")


def _write(name: str, chart: Chart) -> None:
    path = DOCS / FOLDER / f"{name}.svg"
    path.write_text(render(chart, theme="light", faults=()), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
