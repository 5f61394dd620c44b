"""Trial: draws a corpus and scores what comes out, ours and ELK's."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from typing import Final

from attrs import frozen

from benchmarks.contestant import Missing
from benchmarks.layout import elk_peer
from benchmarks.layout.corpus import with_one_more
from benchmarks.layout.scores import Score, Sheet, score, sheet_of, turned
from statecharts.drawing.layout import draw
from statecharts.drawing.model import Drawing
from statecharts.drawing.notation import picture_of
from statecharts.model.chart import Chart

SMALL: Final = 64
"""States up to which a chart is one for a single page."""
FEW: Final = 8
"""States from which the shape of a page is judged."""


@frozen
class Drawn:
    """A chart as one engine draws it.

    Attributes:
        name: The chart.
        score: What is wrong with the drawing.
        turned: Pairs of states that turned their order round when one state was added.
        pairs: Pairs of states.
        seconds: CPU time; 0 for others.
    """

    name: str
    score: Score
    turned: int
    pairs: int
    seconds: float = 0.0


def ours(charts: Mapping[str, Chart]) -> list[tuple[Drawn, Drawing, Sheet]]:
    """Return each chart as we draw it, and with one more state."""
    found = []
    for name, chart in charts.items():
        begun = time.process_time()
        drawing = draw(picture_of(chart))
        seconds = time.process_time() - begun
        sheet = sheet_of(drawing)
        after = sheet_of(draw(picture_of(with_one_more(chart))))
        drawn = Drawn(name, score(sheet), *turned(sheet, after), seconds)
        found.append((drawn, drawing, sheet))
    return found


def elk(charts: Mapping[str, Chart], drawn: Sequence[tuple[Drawing, Sheet]]) -> list[Drawn]:
    """Return the same charts as ELK lays them out, given our drawings of them."""
    after = [draw(picture_of(with_one_more(chart))) for chart in charts.values()]
    more = [(drawing, sheet_of(drawing)) for drawing in after]
    sheets = elk_peer.lay_out([*drawn, *more])
    first, then = sheets[: len(drawn)], sheets[len(drawn) :]
    return [
        Drawn(name, score(one), *(turned(one, two) if two is not None else (0, 0)))
        for name, one, two in zip(charts, first, then, strict=True)
        if one is not None
    ]


def totals(drawn: Sequence[Drawn]) -> dict[str, float]:
    """Return the sums and means over a corpus."""
    scores = [one.score for one in drawn]
    small = [one for one in scores if one.states <= SMALL]
    pages = [one for one in small if one.states >= FEW]
    count = max(1, len(scores))
    return {
        "charts": len(scores),
        "faulty": 100 * sum(bool(one.faults) for one in small) / max(1, len(small)),
        "crossings": sum(one.crossings for one in scores),
        "merged": sum(one.merged for one in scores),
        "wiggles": sum(one.wiggles for one in scores),
        "heads": sum(one.heads for one in scores),
        "flat": sum(one.flat for one in scores),
        "touched": sum(one.touched for one in scores),
        "detour": sum(one.detour for one in scores) / count,
        "far": sum(one.far for one in scores) / count,
        "area": sum(one.area for one in scores) / count,
        "empty": 100 * sum(one.empty for one in scores) / count,
        "pages": 100 * sum(0.5 <= one.aspect <= 2 for one in pages) / max(1, len(pages)),
        "turned": 100 * sum(one.turned for one in drawn) / max(1, sum(one.pairs for one in drawn)),
    }


def tables(charts: Mapping[str, Chart]) -> tuple[list[Drawn], list[Drawn] | Missing, str]:
    """Return our drawings and ELK's, or why there are none of its, and its version."""
    with warnings.catch_warnings(action="ignore"):
        mine = ours(charts)
        version = elk_peer.version()
        if isinstance(version, Missing):
            return [one for one, *_ in mine], version, ""
        theirs = elk(charts, [(drawing, sheet) for _, drawing, sheet in mine])
    return [one for one, *_ in mine], theirs, version
