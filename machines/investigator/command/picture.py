"""The picture of a run: the chart of investigations, with the way that this one has taken."""

from __future__ import annotations

from attrs import frozen

from machines.investigation import Investigation, InvestigationChart, Phase
from statecharts import drawing
from statecharts.model.errors import StatechartError


@frozen
class Picture:
    """A picture as SVG; or, where nothing draws, as Mermaid."""

    svg: bytes | None
    mermaid: str = ""


def way(investigation: Investigation) -> tuple[str, ...]:
    """Return the ids of the states that an investigation has been in, in the chart's order."""
    ledger = investigation.case.ledger
    been = {Phase.INIT, investigation.current_phase}
    been.update(one.call.phase for one in ledger.settled)
    been.update(one.phase for one in ledger.pending)
    if investigation.case.answers:
        been.add(Phase.AWAITING_USER)
    return tuple(node.id for node in InvestigationChart.chart if node.name in been)


def draw(investigation: Investigation) -> Picture:
    """Draw the chart, with the way highlighted."""
    been = way(investigation)
    try:
        svg = drawing.render(InvestigationChart, "svg", highlight=been)
    except StatechartError:
        # There is no layout engine here, or it gave up.
        return Picture(None, drawing.render(InvestigationChart, "mermaid", highlight=been))
    return Picture(svg.encode())
