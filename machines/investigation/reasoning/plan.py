"""The plan: what is asked about a database, first to know it, then to test what may be wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

from attrs import frozen

from machines.investigation.calls import CallKind, Request
from machines.investigation.findings import Evidence, Proposal
from machines.investigation.reasoning.checks import (
    amounts,
    counts,
    duplicates,
    forms,
    hours,
    joins,
    lags,
    nulls,
)
from machines.investigation.reasoning.probes import Probe
from machines.investigation.reasoning.tables import Table, quote, read_table, words
from machines.investigation.vocabulary import Case

SAMPLE = 200
"""So many rows tell what the columns of a table hold."""
_DAY = re.compile(r"(?<!\d)(\d{4})-(\d\d)-(\d\d)(?!\d)", re.ASCII)


@frozen
class Hints:
    """What the question names: where to look first, and never more than that."""

    days: tuple[date, ...]
    tables: tuple[str, ...]

    @classmethod
    def read(cls, question: str, tables: Iterable[str]) -> Hints:
        """Read a question.

        >>> Hints.read("why did orders drop on 2026-03-02?", ["order_lines", "orders"])
        Hints(days=(datetime.date(2026, 3, 2),), tables=('orders',))
        """
        days = []
        for found in _DAY.finditer(question):
            try:
                days.append(date(*map(int, found.groups())))
            except ValueError:
                continue
        said = words(question)
        named = tuple(one for one in tables if words(one) and words(one) <= said)
        return cls(tuple(days), named)


def first_look(case: Case) -> tuple[Request, ...]:
    """Return what is asked to know the tables: what there is, and a sample of each."""
    if case.scope is None:
        return ()
    permitted = set(case.scope.tools)
    room = case.policy.calls - case.ledger.count - 2
    requests = [Request(CallKind.TOOL, "list_tables")] if "list_tables" in permitted else []
    hints = Hints.read(case.question, case.scope.tables)
    for table in sorted(case.scope.tables, key=lambda one: one not in hints.tables):
        if "query" in permitted:
            requests.append(Request(CallKind.TOOL, "query", {"sql": sample_of(table)}))
        if "describe" in permitted:
            requests.append(Request(CallKind.TOOL, "describe", {"table": table}))
    # Half of the room is for the tests.
    return tuple(requests[: max(room // 2, 0)])


def sample_of(table: str) -> str:
    """Return the query for a sample of a table, which may be named with its schema.

    >>> sample_of("main.orders")
    'SELECT * FROM "main"."orders" LIMIT 200'
    """
    return f"SELECT * FROM {'.'.join(map(quote, table.split('.')))} LIMIT {SAMPLE}"  # noqa: S608


def tables_of(case: Case, evidence: Iterable[Evidence]) -> list[Table]:
    """Return what the first look has shown of the tables."""
    if case.scope is None:
        return []
    asked = {one.call.id: one.call.request for one in case.ledger.settled}
    samples: dict[str, Evidence] = {}
    keys: dict[str, list[str]] = {}
    by_sql = {sample_of(name): name for name in case.scope.tables}
    for one in evidence:
        request = asked.get(one.call_id)
        if request is None or one.hypothesis is not None:
            continue
        if request.name == "query" and (name := by_sql.get(str(request.arguments.get("sql")))):
            samples[name] = one
        elif request.name == "describe":
            name = str(request.arguments.get("table"))
            keys[name] = [str(row[0]) for row in one.rows if len(row) > 3 and row[3]]  # noqa: PLR2004
    return [
        read_table(name, found.columns, found.rows, keys.get(name, ()))
        for name, found in sorted(samples.items())
        if found.columns
    ]


def probes_of(tables: Sequence[Table]) -> list[Probe]:
    """Return all that can be tested of some tables."""
    found: list[Probe] = []
    for table in tables:
        for check in (counts, nulls, forms, duplicates, hours, lags, amounts):
            found += check.probes(table)
        found += joins.probes(table, tables)
    return found


def proposals_of(case: Case, tables: Sequence[Table]) -> tuple[Proposal, ...]:
    """Return what may be wrong, each with the query that tells; no more than there is room for."""
    if case.scope is None or "query" not in case.scope.tools:
        return ()
    hints = Hints.read(case.question, [table.name for table in tables])
    found = sorted(probes_of(tables), key=lambda one: one.table not in hints.tables)
    room = max(case.policy.calls - case.ledger.count - 2, 0)
    return tuple(
        Proposal(one.claim, Request(CallKind.TOOL, "query", {"sql": one.sql}))
        for one in found[:room]
    )
