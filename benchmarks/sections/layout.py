"""Drawings: what is wrong with them, beside ELK, and how long they take."""

from __future__ import annotations

import time
from typing import Final

from benchmarks.contestant import Missing
from benchmarks.layout.corpus import corpus, large
from benchmarks.layout.elk_peer import NAME
from benchmarks.layout.trial import tables, totals
from benchmarks.results import Column, Row, Section
from benchmarks.sections.effort import Plan
from statecharts.drawing import render
from statecharts.drawing.layout import draw
from statecharts.drawing.notation import picture_of
from tests.test_drawing.charts import flat

COLUMNS: Final = (
    Column("ours", "statecharts"),
    Column("elk", "ELK"),
    Column("over", "ours over ELK's"),
)
WORDS: Final = {
    "charts": "charts",
    "faulty": "with hard faults, % of those up to 64 states",
    "crossings": "crossings",
    "merged": "pairs of lines in one place",
    "wiggles": "wiggles",
    "heads": "heads on heads",
    "flat": "flat arrivals",
    "touched": "labels at other lines",
    "detour": "detour of lines, ×",
    "far": "from labels to the middles of their lines, pt",
    "area": "area of a state, 1,000 pt²",
    "empty": "empty paper, %",
    "pages": "between 1:2 and 2:1, % of those from 8 states",
    "turned": "pairs turned round by one more state, %",
    "at60": "60 states, s",
    "at500": "500 states, s",
    "kb60": "60 states, kB of SVG",
}
CAPTION: Final = (
    "Hard faults: label on label, line or state; line through state or title; cut label; end off "
    "the border. ELK gets the same boxes and labels in the same sizes."
)


def run(plan: Plan) -> list[Section]:
    """Score the corpus, or a part of it."""
    charts = dict(list(corpus().items())[:: plan.layout_every])
    mine, theirs, version = tables(charts)
    values = totals(mine) | _times(*plan.layout_sizes)
    others = {} if isinstance(theirs, Missing) else totals(theirs)
    rows = []
    for key, words in WORDS.items():
        known = {"ours": values[key]}
        if key in others:
            known |= {"elk": others[key], "over": values[key] - others[key]}
        rows.append(Row(words, values=known))
    if isinstance(theirs, Missing):
        rows.append(Row(NAME, note=theirs.reason))
    title = f"Drawings, beside ELK {version}".rstrip()
    return [Section("layout", title, COLUMNS, tuple(rows), CAPTION)]


def _times(one: int, other: int) -> dict[str, float]:
    """Return the CPU seconds of drawings of two sizes, and the size of the first in SVG."""
    found = {"kb60": len(render(flat(one)).encode()) / 1_000}
    for key, chart in (("at60", flat(one)), ("at500", large(other))):
        begun = time.process_time()
        draw(picture_of(chart))
        found[key] = time.process_time() - begun
    return found
