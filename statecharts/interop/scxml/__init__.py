"""SCXML, the State Chart XML of the W3C: charts read from it, and written in it.

Structure, ``In()`` guards, ``<raise>``, ``<send>`` with delays, ``<cancel>`` and ``<if>`` are run.
Expressions of a data model are never evaluated: conditions become named guards, and the elements
that need the data model become named actions, for `Chart.bind`.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from statecharts.interop.documents import Document
from statecharts.interop.scxml.structure import read_chart
from statecharts.interop.scxml.writer import dumps
from statecharts.model.chart import Chart

__all__ = ["dumps", "load", "loads"]


def load(path: str | PathLike[str]) -> Chart:
    """Return the chart of an SCXML file.

    A document without a name is named after the file.

    Raises:
        DocumentError: Nothing can be made of the file (SC601 to SC606).
        DefinitionError: The document has faults, or the chart in it, each with its line.
    """
    return read_chart(Document.read(path), Path(path).stem)


def loads(text: str) -> Chart:
    """Return the chart of an SCXML text (see `load`).

    >>> flip = '<transition event="flip" target="lit"/>'
    >>> loads(f'<scxml><state id="dark">{flip}</state><state id="lit"/></scxml>')
    <Chart chart: 2 states, 1 line, 1 event>
    """
    return read_chart(Document.of(text), "chart")
