"""What the rule-based reasoner makes of databases that were not built with it in mind."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from machines.investigation import CauseKind, Investigation, Synthesis, Verdict
from tests.proof import cases
from tests.test_investigator.incidents import Planted
from tests.test_investigator.strangers import build
from tests.test_investigator.strangers_styles import STYLES
from tests.test_investigator.test_reasoning_incidents import investigate

DAYS = [f"2026-{month:02}-{day:02}" for month in (1, 2) for day in range(1, 29 + 3 * (month == 1))]
STYLE_OF = dict(
    zip(
        CauseKind,
        "plain rides grown events sensors plain shop warehouse rides sensors".split(),  # noqa: SIM905
        strict=True,
    )
)


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    "kind", cases(CauseKind, long=lambda kind: list(CauseKind).index(kind) % 2)
)
def test_reasoning_finds_what_a_stranger_planted(tmp_path: Path, kind: CauseKind) -> None:
    """The cause comes first, with its table, in databases of many styles."""
    stranger = build(tmp_path / "data.sqlite", STYLE_OF[kind], kind, 7)
    assert stranger is not None
    assert stranger.planted is not None
    asked = Planted(stranger.path, stranger.tables, stranger.question)
    synthesis, _ = investigate(asked)
    assert synthesis.verdict is Verdict.ANOMALY
    best = synthesis.causes[0]
    assert (best.kind, best.table) == (kind, stranger.planted.table), synthesis


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "style",
    cases(
        sorted(set(STYLES) - {"shipments", "warehouse", "payments"}),
        long=lambda style: style > "m",
    ),
)
def test_reasoning_finds_nothing_in_a_strangers_clean_data(tmp_path: Path, style: str) -> None:
    """Closed Sundays, growth, archives and small tables beside the facts are no anomalies."""
    stranger = build(tmp_path / "data.sqlite", style, None, 3)
    assert stranger is not None
    synthesis, _ = investigate(Planted(stranger.path, stranger.tables, stranger.question))
    assert synthesis.verdict is Verdict.NO_ANOMALY, synthesis


def _ask(path: Path, question: str, answer: str = "") -> tuple[Synthesis, Investigation]:
    with closing(sqlite3.connect(path)) as database:
        found = database.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")
        tables = tuple(name for (name,) in found)
    return investigate(Planted(path, tables, question), checked=True, answer=answer)


def _empty(database: sqlite3.Connection) -> None:
    database.execute("CREATE TABLE orders (id INTEGER, day TEXT)")


def _views(database: sqlite3.Connection) -> None:
    database.execute("CREATE TABLE base (day TEXT, v REAL)")
    database.executemany("INSERT INTO base VALUES (?, 1)", [(day,) for day in DAYS] * 9)
    database.execute("CREATE VIEW orders AS SELECT * FROM base")


def _without_rowid(database: sqlite3.Connection) -> None:
    database.execute("CREATE TABLE orders (k TEXT PRIMARY KEY, day TEXT) WITHOUT ROWID")
    rows = [(f"{day}-{n}", day) for day in DAYS for n in range(12)]
    database.executemany("INSERT INTO orders VALUES (?, ?)", rows)


def _dirty(database: sqlite3.Connection) -> None:
    database.execute("CREATE TABLE orders (day, v, until TEXT)")
    odd = [None, b"\xff\x00", 5, float("inf"), "9999-12-31", "2026-99-99", "", "soon"]
    rows = [
        (odd[n % 8] if n % 23 == 0 else day, odd[n % 8], "9999-12-31")
        for day in DAYS
        for n in range(30)
    ]
    database.executemany("INSERT INTO orders VALUES (?, ?, ?)", rows)


def _generated(database: sqlite3.Connection) -> None:
    day = "day TEXT GENERATED ALWAYS AS (substr(at, 1, 10)) VIRTUAL"
    database.execute(f"CREATE TABLE orders (at TEXT, v INTEGER, {day})")
    rows = [(f"{day} 10:00:00", n) for day in DAYS for n in range(12)]
    database.executemany("INSERT INTO orders (at, v) VALUES (?, ?)", rows)


def _named_oddly(database: sqlite3.Connection) -> None:
    for table in ('sel"ect', "order items", "o'brien", "größe", "group", "[b]"):
        name = '"' + table.replace('"', '""') + '"'
        day, number = '"the ""day"""', '"o\'clock {}"'
        columns = f'"from" INTEGER PRIMARY KEY, {day} TEXT, {number} REAL'
        database.execute(f"CREATE TABLE {name} ({columns})")
        rows = [(day, float(n)) for day in DAYS for n in range(12)]
        database.executemany(f"INSERT INTO {name} VALUES (NULL, ?, ?)", rows)


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    "fill",
    [_empty, _views, _without_rowid, _dirty, _generated, _named_oddly],
    ids=lambda fill: fill.__name__.strip("_"),
)
def test_reasoning_comes_to_an_end_on_any_database(
    tmp_path: Path, fill: Callable[[sqlite3.Connection], None]
) -> None:
    """Whatever tables there are and whatever they hold, there is a verdict."""
    path = tmp_path / "data.sqlite"
    with closing(sqlite3.connect(path)) as database, database:
        fill(database)
    synthesis, _ = _ask(path, "why did orders drop on 2026-01-20?")
    nothing = Verdict.INCONCLUSIVE if fill is _empty else Verdict.NO_ANOMALY
    assert synthesis.verdict is nothing, synthesis


@pytest.mark.long
def test_reasoning_looks_first_where_the_question_points(tmp_path: Path) -> None:
    """Of more tables than there are calls, the one that is named is looked at."""
    path = tmp_path / "data.sqlite"
    with closing(sqlite3.connect(path)) as database, database:
        for n in range(150):
            database.execute(f"CREATE TABLE t{n} (day TEXT, v REAL)")
        database.execute("CREATE TABLE orders (day TEXT, v REAL)")
        rows = [(day, float(n)) for day in DAYS if day != "2026-01-20" for n in range(20)]
        database.executemany("INSERT INTO orders VALUES (?, ?)", rows)
    synthesis, investigation = _ask(path, "why are there no orders on 2026-01-20?")
    assert (synthesis.causes[0].kind, synthesis.causes[0].table) == ("missing_day", "orders")
    assert investigation.case.ledger.count <= 200


def _two_incidents(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        for table, gone in (("orders", "2026-01-20"), ("visits", "2026-02-10")):
            database.execute(f"CREATE TABLE {table} (day TEXT, v REAL)")
            rows = [(day, float(n)) for day in DAYS if day != gone for n in range(20)]
            database.executemany(f"INSERT INTO {table} VALUES (?, ?)", rows)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("answer", "best"),
    [("missing day in visits on 2026-02-10", "visits"), ("2", "visits"), ("", "orders")],
)
def test_reasoning_asks_which_of_two_incidents_is_meant(
    tmp_path: Path, answer: str, best: str
) -> None:
    """Two that are equally sure, and neither named: the user says; no answer keeps the order."""
    _two_incidents(tmp_path / "data.sqlite")
    synthesis, investigation = _ask(tmp_path / "data.sqlite", "is anything wrong?", answer)
    [asked] = investigation.case.answers
    assert asked.prompt.startswith("There are two anomalies")
    assert synthesis.causes[0].table == best
    assert len(synthesis.causes) == 2


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("question", "best"),
    [("what happened on 2026-02-10?", "visits"), ("what happened to the orders?", "orders")],
)
def test_reasoning_does_not_ask_what_the_question_says(
    tmp_path: Path, question: str, best: str
) -> None:
    """A table or a day in the question is answer enough."""
    _two_incidents(tmp_path / "data.sqlite")
    synthesis, investigation = _ask(tmp_path / "data.sqlite", question)
    assert investigation.case.answers == ()
    assert synthesis.causes[0].table == best
