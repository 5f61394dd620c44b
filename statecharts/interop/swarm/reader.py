"""Reader: a Swarm file, made charts, one for each workflow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import evolve

from statecharts.interop.documents import Document
from statecharts.interop.findings import Findings
from statecharts.interop.grammar import entries, take
from statecharts.interop.swarm.declared import Declared
from statecharts.interop.swarm.syntax import FILE
from statecharts.interop.swarm.variables import Filling, may_hold
from statecharts.interop.swarm.workflow import chart_of
from statecharts.interop.syntax.located import TOML, Located, plain
from statecharts.interop.syntax.toml import loads
from statecharts.model.chart import Chart
from statecharts.model.errors import DefinitionError, Fault


def read(document: Document, variables: Mapping[str, str]) -> dict[str, Chart]:
    """Return the charts of a file by the names of its workflows, in document order.

    Raises:
        DocumentError: It is not TOML, or holds no workflows.
        DefinitionError: Something is wrong with it; all of it is told, over all workflows.
    """
    findings = Findings(document, TOML)
    table = loads(document)
    filling = Filling(variables, findings)
    if may_hold(document.text):
        table = filling.table(table)
    file, other = take(table, FILE, findings, "the file")
    if not any(table.get(key) for key in ("workflows", "workflow")):
        found = "this is no Swarm file: it has neither [[workflows]] nor [workflow.NAME]"
        near = next(
            (key for key in other if findings.suggestions.nearest("workflows", (key,))), None
        )
        remedy = "Write [[workflows]], with name = …"
        if near is not None:
            remedy = f"{near!r} stands on line {table.at(near)}: did you mean 'workflows'?"
        raise document.error("SC606", found, remedy, 1)
    declared = Declared.of(file, findings)
    if other:
        declared = evolve(declared, meta={**declared.meta, "file": plain(other)})
    charts: dict[str, Chart] = {}
    refused: list[Fault] = []
    parts = list(_workflows(file, findings))
    shared = findings.faults
    for name, workflow, short in parts:
        own = Findings(document, above=findings)
        chart = chart_of(name, workflow, declared, own, short=short)
        faults = own.faults
        if chart is None:
            refused.extend(fault for fault in faults if fault.structural)
            continue
        own.faults = [*(fault for fault in shared if not fault.structural), *faults]
        try:
            charts[name] = own.settle(chart)
        except DefinitionError as error:
            refused.extend(error.faults)
    # What a text without its variable says is no fault of its own.
    refused = [fault for fault in refused if not filling.lacks(fault.found)]
    refused.extend(fault for fault in shared if fault.structural)
    if refused:
        names = [name for name, _, _ in parts]
        whole = names[0] if len(names) == 1 else document.name
        raise DefinitionError(whole, sorted(refused, key=_line))
    return charts


def _workflows(file: Located, findings: Findings) -> Iterator[tuple[str, Located, bool]]:
    """Yield the workflows of both forms that have names of their own: name, table, short."""
    lines: dict[str, int] = {}
    long = ((table.get("name"), table, False) for table in file.get("workflows", ()))
    short = (
        (name, table, True)
        for name, table, _ in entries(file.get("workflow", {}), "workflow", findings)
    )
    found: list[tuple[Any, Located, bool]] = [*long, *short]
    for number, (told, table, is_short) in enumerate(sorted(found, key=_begins), start=1):
        good = isinstance(told, str) and bool(told.strip())
        name = told if good else f"workflow {number}"
        if good and name in lines:
            text = f"a workflow of the name {name!r} stands here, and on line {lines[name]}"
            findings.add("SC614", text, "Rename one of them", table.line, f"workflow {name!r}")
        lines.setdefault(name, table.line)
        yield name, table, is_short


def _begins(found: tuple[Any, Located, bool]) -> int:
    return found[1].line


def _line(fault: Fault) -> int:
    line = (fault.location or "").rpartition(":")[2]
    return int(line) if line.isdigit() else 0
