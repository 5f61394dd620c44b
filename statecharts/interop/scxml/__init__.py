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
    """Return the chart of an SCXML text.

    Raises:
        DocumentError: Nothing can be made of the text (SC602 to SC606).
        DefinitionError: The document has faults, or the chart in it, each with its line.

    >>> lamp = loads('''
    ...     <scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0" name="lamp">
    ...       <state id="dark"><transition event="flip" target="lit"/></state>
    ...       <state id="lit"><transition event="flip" target="dark"/></state>
    ...     </scxml>''')
    >>> lamp["dark"].transitions[0].targets
    ('lit',)
    """
    return read_chart(Document.of(text), "chart")
