"""Swarm TOML: files of workflows with their agents, resources and contracts.

Each workflow becomes a chart of its own; what becomes of each key is in ``docs/interop.md``.
Everything else is kept as ``meta``: that of a state holds what the file says of it, that of the
chart ``metadata``, ``agents``, ``resources``, ``settings``, ``guards`` and ``contracts``. It shows
the values of variables that are filled in there: name secrets, and pass none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from types import MappingProxyType
from typing import Any, Final

from attrs import evolve

from statecharts.interop.documents import Document, line_of
from statecharts.interop.findings import Findings
from statecharts.interop.grammar import entries, take
from statecharts.interop.swarm.content import Shared
from statecharts.interop.swarm.structure import chart_of
from statecharts.interop.swarm.syntax import FILE, Variables
from statecharts.interop.syntax import toml
from statecharts.interop.syntax.located import TOML, Located, plain
from statecharts.model.chart import Chart
from statecharts.model.errors import DefinitionError, Fault

__all__ = ["load", "loads"]

NONE: Final[Mapping[str, str]] = MappingProxyType({})


def load(
    path: str | PathLike[str], variables: Mapping[str, str] = NONE, *, environment: bool = False
) -> dict[str, Chart]:
    """Return the charts of a Swarm file by the names of its workflows, in document order.

    Args:
        path: The file.
        variables: The values of ``${NAME}`` in strings; ``$${`` is written for ``${`` itself.
            Without any, strings stay as they are.
        environment: Whether variables that are not passed are looked up in the environment.

    Raises:
        DocumentError: The file cannot be read, is not TOML, or holds no workflows.
        DefinitionError: Something is wrong with it; it lists all faults of all workflows.
    """
    return _read(Document.read(path), _values(variables, environment))


def loads(
    text: str | bytes, variables: Mapping[str, str] = NONE, *, environment: bool = False
) -> dict[str, Chart]:
    r"""Return the charts of a Swarm text (see `load`).

    >>> charts = loads('''
    ... [workflow.approval]
    ... initial_state = "Pending"
    ... [workflow.approval.states]
    ... Pending = { next_on_success = "${NEXT}" }
    ... Approved = {}
    ... ''', {"NEXT": "Approved"})
    >>> [state.id for state in charts["approval"]]
    ['Pending', 'Approved']
    """
    return _read(Document.of(text), _values(variables, environment))


def _values(variables: Mapping[str, str], environment: bool) -> Mapping[str, str]:  # noqa: FBT001
    if not environment:
        return variables
    import os  # noqa: PLC0415 - only for those who ask for it

    return {**os.environ, **variables}


def _read(document: Document, values: Mapping[str, str]) -> dict[str, Chart]:
    findings = Findings(document, TOML)
    variables = Variables(values, findings)
    table = variables.fill(toml.loads(document))
    file, other = take(table, FILE, findings, "the file")
    if not any(table.get(key) for key in ("workflows", "workflow")):
        raise document.error("SC606", *_not_swarm(table, other, findings), 1)
    shared = Shared.of(file, findings)
    if other:
        shared = evolve(shared, meta={**shared.meta, "file": plain(other)})
    charts: dict[str, Chart] = {}
    refused: list[Fault] = []
    faulty: list[tuple[Chart, tuple[Fault, ...]]] = []
    workflows = list(_workflows(file, findings))
    for name, workflow, short in workflows:
        own = Findings(document, above=findings)
        chart = chart_of(name, workflow, shared, own, short=short)
        if chart is None:
            refused += variables.explain(fault for fault in own.faults if fault.structural)
            continue
        own.faults[:0] = [fault for fault in findings.faults if not fault.structural]
        try:
            charts[name] = own.settle(chart)
        except DefinitionError as error:
            faulty.append((chart, tuple(variables.explain(error.faults))))
            refused += faulty[-1][1]
    refused += [fault for fault in findings.faults if fault.structural]
    if refused:
        whole = workflows[0][0] if len(workflows) == 1 else document.name
        refused.sort(key=lambda fault: line_of(fault.location) or 0)
        found = tuple(_definitions(charts, faulty, refused))
        whole_file = DefinitionError(whole, refused, found[0][0] if len(found) == 1 else None)
        whole_file.definitions = found
        raise whole_file
    return charts


def _definitions(
    charts: Mapping[str, Chart],
    faulty: Sequence[tuple[Chart, tuple[Fault, ...]]],
    refused: Sequence[Fault],
) -> Iterator[tuple[Chart, tuple[Fault, ...]]]:
    """Yield the charts of a refused file with their faults; the first gets those of no chart."""
    known = {fault for _, told in faulty for fault in told}
    rest = tuple(fault for fault in refused if fault not in known)
    for chart, told in (*faulty, *((chart, ()) for chart in charts.values())):
        yield chart, (*told, *rest)
        rest = ()


def _not_swarm(table: Located, other: Mapping[str, Any], findings: Findings) -> tuple[str, str]:
    """Return why a document without workflows is refused, and the remedy."""
    found = "this is not a Swarm file: it has neither [[workflows]] nor [workflow.NAME]"
    for key in other:
        if findings.suggestions.nearest("workflows", (key,)):
            return found, f"line {table.at(key)} has {key!r}: did you mean 'workflows'?"
    return found, "Write [[workflows]], with name = …"


def _workflows(file: Located, findings: Findings) -> Iterator[tuple[str, Located, bool]]:
    """Yield the workflows of both forms: name, table, and whether it is the shorter form."""
    lines: dict[str, int] = {}
    long = ((table.get("name"), table, False) for table in file.get("workflows", ()))
    short = entries(file.get("workflow", Located()), "workflow", findings)
    both = (*long, *((name, table, True) for name, table, _ in short))
    found = sorted(both, key=lambda workflow: workflow[1].line)
    for number, (written, table, is_short) in enumerate(found, start=1):
        good = isinstance(written, str) and bool(written.strip())
        name = written if good else f"workflow {number}"
        if good and name in lines:
            text = f"line {lines[name]} has a workflow of the name {name!r}, too"
            findings.add("SC614", text, "Rename one of them", table.line, f"workflow {name!r}")
        lines.setdefault(name, table.line)
        yield name, table, is_short
