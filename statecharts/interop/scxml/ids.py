"""Ids: what the states of a chart are called in a document."""

from __future__ import annotations

import re
from collections import Counter

from statecharts.interop.scxml.notes import is_name
from statecharts.model.chart import Chart


def document_ids(chart: Chart) -> dict[str, str]:
    """Return the id in the document of each state: its name, or else its dotted id."""
    counts = Counter(node.name for node in chart.states)
    found: dict[str, str] = {}
    for node in chart.states:
        if counts[node.name] == 1 and is_name(node.name):
            found[node.id] = node.name
    taken = set(found.values())
    for node in (*chart.states, chart.root):
        if node.id in found:
            continue
        wanted = re.sub(r"[^\w.-]", "_", node.id or chart.name)
        wanted = wanted if is_name(wanted) else f"_{wanted}"
        name, number = wanted, 1
        while name in taken:
            number += 1
            name = f"{wanted}_{number}"
        taken.add(name)
        found[node.id] = name
    return found
