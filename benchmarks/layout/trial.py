"""Trial: draws a corpus and scores what comes out, ours and that of other tools."""

from __future__ import annotations

import subprocess
import time
import warnings
from collections.abc import Mapping, Sequence
from typing import Final

from attrs import evolve, frozen

from benchmarks.contestant import Missing, version_of
from benchmarks.layout.corpus import with_one_more
from benchmarks.layout.elk_peer import ELK
from benchmarks.layout.graphviz_peers import PYTHON_STATEMACHINE, STATE_MACHINE_CAT, TRANSITIONS
from benchmarks.layout.mermaid_peer import MERMAID
from benchmarks.layout.peers import Answer, Peer, Work
from benchmarks.layout.scores import Score, Sheet, score, sheet_of, turned
from statecharts.drawing.layout import draw
from statecharts.drawing.notation import picture_of
from statecharts.drawing.svg import to_svg
from statecharts.drawing.theme import THEMES
from statecharts.model.chart import Chart

OURS: Final = "statecharts"
PEERS: Final = (ELK, STATE_MACHINE_CAT, PYTHON_STATEMACHINE, TRANSITIONS, MERMAID)
SMALL: Final = 64
"""States up to which a chart is one for a single page."""
FEW: Final = 8
"""States from which the shape of a page is judged."""


@frozen
class Drawn:
    """A chart as one tool draws it.

    Attributes:
        name: The chart.
        states: Number of its states.
        lines: Number of the lines that the tool draws.
        score: What is wrong with the drawing.
        blank: Share of the area without states, apart from those around others, and without labels.
        turned: Pairs of states that turned their order round when one state was added.
        pairs: Pairs of states.
        size: Bytes of SVG; 0 where the tool makes none.
        seconds: CPU time; 0 where it is not known.
    """

    name: str
    states: int
    lines: int
    score: Score
    blank: float
    turned: int
    pairs: int
    size: int
    seconds: float


@frozen
class Trial:
    """The drawings of a tool, or why there are none, and its version."""

    name: str
    version: str
    drawn: tuple[Drawn, ...] = ()
    missing: str = ""


@frozen
class Ours:
    """Our drawing of a chart, and of the chart with one more state."""

    name: str
    work: Work
    after: Work
    seconds: float

    @property
    def drawn(self) -> Drawn:
        """Its score."""
        svg = to_svg(self.work.drawing, THEMES["light"])
        answer = Answer(self.work.sheet, len(svg.encode()), self.seconds)
        return judged(self.name, self.work.chart, answer, Answer(self.after.sheet))


def ours(charts: Mapping[str, Chart]) -> list[Ours]:
    """Return each chart as we draw it, and with one more state."""
    found = []
    for name, chart in charts.items():
        begun = time.process_time()
        work = _work(chart)
        seconds = time.process_time() - begun
        found.append(Ours(name, work, _work(with_one_more(chart)), seconds))
    return found


def _work(chart: Chart) -> Work:
    drawing = draw(picture_of(chart))
    return Work(chart, drawing, sheet_of(drawing))


def theirs(peer: Peer, mine: Sequence[Ours]) -> Trial:
    """Return the same charts as another tool draws them."""
    version = peer.version()
    if isinstance(version, Missing):
        return Trial(peer.name, "", missing=version.reason)
    try:
        answers = peer.draw([*(one.work for one in mine), *(one.after for one in mine)])
    except subprocess.SubprocessError as error:
        said = str(getattr(error, "stderr", None) or error).strip().splitlines()[-1]
        return Trial(peer.name, version, missing=f"failed: {said}")
    drawn = tuple(
        judged(one.name, one.work.chart, first, then, inline=peer.is_inline)
        for one, first, then in zip(mine, answers[: len(mine)], answers[len(mine) :], strict=True)
        if first is not None
    )
    return Trial(peer.name, version, drawn)


def judged(
    name: str, chart: Chart, answer: Answer, after: Answer | None, *, inline: bool = False
) -> Drawn:
    """Return the score of a drawing."""
    sheet = answer.sheet
    found = score(sheet)
    if inline:
        own = {f"the label of {one.name} is on the line of {one.name}" for one in sheet.lines}
        found = evolve(found, faults=tuple(one for one in found.faults if one not in own))
    order = turned(sheet, after.sheet) if after is not None else (0, 0)
    sizes = len(chart.states), len(sheet.lines)
    return Drawn(name, *sizes, found, _blank(sheet), *order, answer.size, answer.seconds)


def _blank(sheet: Sheet) -> float:
    labels = [line.label for line in sheet.lines if line.label is not None]
    shown = sum(rect.width * rect.height for rect in (*sheet.leaves.values(), *labels))
    return 1 - min(1.0, shown / max(1.0, sheet.width * sheet.height))


def totals(drawn: Sequence[Drawn]) -> dict[str, float]:
    """Return the sums and means over a corpus."""
    scores = [one.score for one in drawn]
    small = [one for one in drawn if one.states <= SMALL]
    pages = [one.score for one in small if one.states >= FEW]
    count = max(1, len(scores))
    return {
        "charts": len(scores),
        "lines": sum(one.lines for one in drawn),
        "faulty": 100 * sum(bool(one.score.faults) for one in small) / max(1, len(small)),
        "faults": sum(len(one.faults) for one in scores),
        "crossings": sum(one.crossings for one in scores),
        "merged": sum(one.merged for one in scores),
        "wiggles": sum(one.wiggles for one in scores),
        "heads": sum(one.heads for one in scores),
        "flat": sum(one.flat for one in scores),
        "touched": sum(one.touched for one in scores),
        "detour": sum(one.detour for one in scores) / count,
        "far": sum(one.far for one in scores) / count,
        "area": sum(one.area for one in scores) / count,
        "empty": 100 * sum(one.blank for one in drawn) / count,
        "pages": 100 * sum(0.5 <= one.aspect <= 2 for one in pages) / max(1, len(pages)),
        "turned": 100 * sum(one.turned / max(1, one.pairs) for one in drawn) / count,
        "kb": sum(one.size for one in drawn) / 1000 / count,
        "seconds": sum(one.seconds for one in drawn) / count,
    }


def trials(charts: Mapping[str, Chart]) -> list[Trial]:
    """Return our drawings of charts, then those of the other tools."""
    with warnings.catch_warnings(action="ignore"):
        return compared(ours(charts))


def compared(mine: Sequence[Ours]) -> list[Trial]:
    """Return our drawings, then those of the other tools."""
    own = Trial(OURS, version_of(OURS), tuple(one.drawn for one in mine))
    return [own, *(theirs(peer, mine) for peer in PEERS)]


def columns(found: Sequence[Trial]) -> list[tuple[str, str, dict[str, float]]]:
    """Return a name, a version and the numbers of each tool that is there.

    A tool that cannot draw all charts comes after our drawings of those that it can.
    """
    own, *others = found
    told = [(own.name, own.version, totals(own.drawn))]
    for one in others:
        names = {drawing.name for drawing in one.drawn}
        if one.missing:
            continue
        if len(names) < len(own.drawn):
            same = [drawing for drawing in own.drawn if drawing.name in names]
            told.append((f"{own.name}, {len(names)}", own.version, totals(same)))
        values = totals(one.drawn)
        unknown = {key for key in ("kb", "seconds") if not values[key]}
        known = {key: value for key, value in values.items() if key not in unknown}
        told.append((one.name, one.version, known))
    return told
