"""Drawings: what is wrong with them, beside other tools, and how long they take."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Final

from benchmarks.layout.corpus import corpus, large
from benchmarks.layout.elk_peer import ELK
from benchmarks.layout.trial import Trial, columns, totals, trials
from benchmarks.results import Column, Row, Section
from benchmarks.sections.effort import Plan
from statecharts.drawing import render
from statecharts.drawing.layout import draw
from statecharts.drawing.notation import picture_of
from tests.test_drawing.charts import flat

COLUMNS: Final = (Column("ours", "statecharts"), Column("over", "ours over ELK's"))
WORDS: Final = {
    "charts": "charts",
    "lines": "lines",
    "faulty": "with hard faults, % of those up to 64 states",
    "faults": "hard faults",
    "crossings": "crossings",
    "merged": "pairs of lines in one place",
    "wiggles": "wiggles",
    "heads": "heads on heads",
    "flat": "flat arrivals",
    "touched": "labels at other lines",
    "detour": "detour of lines, ×",
    "far": "from labels to the middles of their lines, pt",
    "area": "area of a state, 1,000 pt²",
    "empty": "paper without states and labels, %",
    "pages": "between 1:2 and 2:1, % of those from 8 states",
    "turned": "pairs turned round by one more state, %",
    "kb": "kB of SVG, the mean",
    "seconds": "CPU time of a drawing, s, the mean",
    "at60": "60 states, s",
    "at500": "500 states, s",
    "kb60": "60 states, kB of SVG",
}
CAPTION: Final = (
    "Hard faults: label on label, line or state; line through state or title; cut label; end off "
    "the border."
)
FAULTS: Final = (
    Column("charts", "charts", digits=0),
    Column("lines", "lines", digits=0),
    Column("faulty", "faulty,\nto 64\nstates", digits=0, suffix=" %"),
    Column("faults", "hard\nfaults", digits=0),
    Column("crossings", "cross-\nings", digits=0),
    Column("merged", "in one\nplace", digits=0),
    Column("wiggles", "wig-\ngles", digits=0),
    Column("heads", "heads\non\nheads", digits=0),
)
LOOKS: Final = (
    Column("flat", "flat", digits=0),
    Column("touched", "labels\nat lines", digits=0),
    Column("detour", "detour", suffix=" ×"),
    Column("far", "label to\nmiddle", digits=1, suffix=" pt"),
    Column("empty", "empty", digits=0, suffix=" %"),
    Column("pages", "1:2 to\n2:1", digits=0, suffix=" %"),
    Column("turned", "turned", digits=1, suffix=" %"),
    Column("kb", "kB", digits=0),
    Column("seconds", "CPU s", digits=3),
)
BESIDE: Final = (
    "Each tool draws the same charts, in the nearest form that it has. ELK gets our boxes and "
    "labels in our sizes; its drawings have no text."
)


def run(plan: Plan) -> list[Section]:
    """Score the corpus, or a part of it."""
    found = trials(dict(list(corpus().items())[:: plan.layout_every]))
    values = totals(found[0].drawn) | _times(*plan.layout_sizes)
    elk = next((totals(one.drawn) for one in found if one.name == ELK.name and one.drawn), {})
    rows = []
    for key, words in WORDS.items():
        over = {"over": values[key] - elk[key]} if key in elk else {}
        rows.append(Row(words, values={"ours": values[key]} | over))
    return [
        Section("layout", "Drawings", COLUMNS, tuple(rows), CAPTION),
        _beside("layout_faults", "Drawings, beside other tools: faults", FAULTS, found),
        _beside("layout_looks", "Drawings, beside other tools: looks", LOOKS, found),
    ]


def _beside(key: str, title: str, shown: Iterable[Column], found: Sequence[Trial]) -> Section:
    shown = tuple(shown)
    keys = [column.key for column in shown]
    rows = [
        Row(name, version, {one: values[one] for one in keys if one in values})
        for name, version, values in columns(found)
    ]
    rows += [Row(one.name, note=one.missing) for one in found if one.missing]
    return Section(key, title, shown, tuple(rows), BESIDE)


def _times(one: int, other: int) -> dict[str, float]:
    """Return the CPU seconds of drawings of two sizes, and the size of the first in SVG."""
    found = {"kb60": len(render(flat(one)).encode()) / 1_000}
    for key, chart in (("at60", flat(one)), ("at500", large(other))):
        begun = time.process_time()
        draw(picture_of(chart))
        found[key] = time.process_time() - begun
    return found
