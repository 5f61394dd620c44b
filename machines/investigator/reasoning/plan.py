"""The plan: queries that describe a database, and queries that test hypotheses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from machines.investigation.calls import CallKind, Request
from machines.investigation.findings import Evidence, Proposal
from machines.investigation.vocabulary import Case
from machines.investigator.reasoning.checks import (
    amounts,
    counts,
    dates,
    duplicates,
    forms,
    hours,
    joins,
    lags,
    nulls,
)
from machines.investigator.reasoning.hints import Hints
from machines.investigator.reasoning.probes import MOST_DAYS, Probe
from machines.investigator.reasoning.tables import Table, read_table
from machines.investigator.tools.naming import table_name

SAMPLE = 300
"""Number of rows in a sample of a table."""


def first_look(case: Case) -> tuple[Request, ...]:
    """Return the requests that describe the tables: their list, and a sample of each."""
    if case.scope is None:
        return ()
    permitted = set(case.scope.tools)
    room = case.policy.calls - case.ledger.count - 2
    requests = [Request(CallKind.TOOL, "list_tables")] if "list_tables" in permitted else []
    hints = Hints.read(case.question, case.scope.tables)
    tables = sorted(case.scope.tables, key=lambda one: one not in hints.tables)
    # Keys of many tables are found by values alone, so that more tables fit.
    described = tables[: max(room // 8, 0)]
    for table in tables:
        if "query" in permitted:
            requests.append(Request(CallKind.TOOL, "query", {"sql": sample_of(table)}))
        if "describe" in permitted and table in described:
            requests.append(Request(CallKind.TOOL, "describe", {"table": table}))
    # Half of the calls are for the tests.
    return tuple(requests[: max(room // 2, 0)])


def sample_of(table: str) -> str:
    """Return the query for a sample of a table, from its first rows to its last.

    Multiples of the golden ratio choose the rows: every tenth row may be of one kind.

    >>> print(sample_of("main.s").replace(" FROM", chr(10) + "FROM"))  # doctest: +ELLIPSIS
    SELECT s.*
    FROM (SELECT (SELECT count(*)
    FROM "main"."s") AS "all rows", row_number() OVER () AS "row's place", t.*
    FROM "main"."s" AS t) AS s WHERE ...
    """
    source = table_name(table)
    rows = f'(SELECT count(*) FROM {source}) AS "all rows"'  # noqa: S608
    inner = f'SELECT {rows}, row_number() OVER () AS "row\'s place", t.* FROM {source} AS t'  # noqa: S608
    chosen = f's."row\'s place" * 40503 % 65536 * (s."all rows" / {SAMPLE} + 1) < 65536'
    return f"SELECT s.* FROM ({inner}) AS s WHERE {chosen} LIMIT {SAMPLE}"  # noqa: S608


def tables_of(case: Case, evidence: Iterable[Evidence]) -> list[Table]:
    """Return the tables as the first requests have shown them."""
    if case.scope is None:
        return []
    asked = {one.call.id: one.call.request for one in case.ledger.settled}
    samples: dict[str, Evidence] = {}
    keys: dict[str, list[str]] = {}
    until = _until(case.question)
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
        read_table(
            name,
            found.columns[2:],
            [row[2:] for row in found.rows],
            keys.get(name, ()),
            next((n for n, *_ in found.rows if isinstance(n, int)), 0),  # in each row
            until,
        )
        for name, found in sorted(samples.items())
        if len(found.columns) > 2  # noqa: PLR2004 - those of the query, and one of the table
    ]


def _until(question: str) -> date | None:
    """Return the last day to read, where a question names days: so many follow as precede."""
    days = Hints.read(question, ()).days
    if not days or max(days) - min(days) > timedelta(MOST_DAYS / 2):
        return None  # a day without a year is one of many years
    return max(days) + timedelta(MOST_DAYS // 2)


def probes_of(tables: Sequence[Table]) -> list[Probe]:
    """Return all probes of some tables."""
    found: list[Probe] = []
    for table in tables:
        for check in (counts, dates, nulls, forms, duplicates, hours, lags, amounts):
            found += check.probes(table)
        found += joins.probes(table, tables)
    return found


def _in_turn(probes: Sequence[Probe], hints: Hints) -> list[Probe]:
    """Order probes: first those of named tables, then the others in turns.

    So each table has its first ones looked at, however little room there is; what splits the rows
    comes last.
    """
    place: Counter[str] = Counter()
    keys = []
    for one in probes:
        place[one.table] += 1
        later = one.split is not None
        keys.append((later, one.table not in hints.tables, place[one.table], one.table))
    order = sorted(range(len(probes)), key=lambda n: keys[n])
    return [probes[n] for n in order]


def proposals_of(case: Case, tables: Sequence[Table]) -> tuple[Proposal, ...]:
    """Return hypotheses, each with the query that tests it, within the limit of calls."""
    if case.scope is None or "query" not in case.scope.tools:
        return ()
    hints = Hints.read(case.question, [table.name for table in tables])
    found = _in_turn(probes_of(tables), hints)
    room = max(case.policy.calls - case.ledger.count - 2, 0)
    return tuple(
        Proposal(one.claim, Request(CallKind.TOOL, "query", {"sql": one.sql}))
        for one in found[:room]
    )
