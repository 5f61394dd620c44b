"""How the days of a column are read, whatever the form in which they are written."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from machines.investigation import Verdict
from machines.investigator.reasoning.formats import format_of, order_of
from machines.investigator.reasoning.hints import Hints
from machines.investigator.reasoning.plan import sample_of
from machines.investigator.reasoning.series import risen
from machines.investigator.reasoning.tables import read_table
from tests.test_investigator.incidents import Planted
from tests.test_investigator.test_reasoning_incidents import investigate

MOMENTS: Final = [
    datetime.fromisoformat("1997-01-03T05:07") + timedelta(days=n * 3.37) for n in range(400)
]
SHAPES: Final = """\
%Y-%m-%d|%Y/%m/%d %H:%M|%m/%d/%Y|%d.%m.%Y|%d.%m.%Y %H:%M|%d/%m/%y|%m/%d/%y %H:%M|%d-%b-%Y
%b %d %Y|%B %d, %Y|%A, %B %d, %Y
%a, %d %b %Y %H:%M:%S +0000|%m/%d/%Y %I:%M:%S %p|%Y%m%d|%Y%m%d%H%M%S
%Y%m%dT%H%M%SZ|%Y-%m-%dT%H:%M:%S.%fZ|%d %B %Y %H:%M|%-m/%-d/%Y %-I:%M %p|%-d.%-m.%Y|%Y.%m.%d
%Y-%-m-%-d %H:%M|%d-%m-%Y %H:%M:%S|%Y-%j|%G-W%V-%u|%GW%V%u|%d/%b/%Y:%H:%M:%S +0000|  %Y-%m-%d %H:%M
%m/%d/%y, %I:%M %p|%d%b%Y|%d%b%Y:%H:%M:%S|%y-%m-%d|%y/%m/%d %H:%M""".replace("\n", "|").split("|")


def _days(values: Sequence[object], name: str = "") -> list[tuple[str, int | None]]:
    dates = format_of(values, name)  # type: ignore[arg-type]
    assert dates is not None
    hour = dates.hour or "NULL"
    sql = f"SELECT {dates.day}, {hour} FROM (SELECT ? AS v) AS t".replace("{}", "t.v")
    with closing(sqlite3.connect(":memory:")) as database:
        return [database.execute(sql, (one,)).fetchone() for one in values]


@pytest.mark.sampled(6)
@pytest.mark.parametrize("shape", SHAPES)
def test_formats_read_the_day_that_was_written(shape: str) -> None:
    """The SQL of a format gives the day, and the hour if there is one, that was written."""
    found = _days([one.strftime(shape) for one in MOMENTS])
    assert [day for day, _ in found] == [str(one.date()) for one in MOMENTS]
    if any(code in shape for code in ("%H", "%I", "%-I")):
        assert [hour for _, hour in found] == [one.hour for one in MOMENTS]


@pytest.mark.parametrize("shape", ["%b %Y", "%B-%Y", "%Y%m", "%Y-Q{}", "%YQ{}", "Q{} %Y", "q{}/%Y"])
def test_formats_read_the_first_day_of_months_and_quarters(shape: str) -> None:
    """Months and quarters are read as their first days; a number is a month if its name says so."""
    first = [
        one.replace(day=1, month=(one.month - 1) // 3 * 3 + 1 if "{}" in shape else one.month)
        for one in MOMENTS
    ]
    written = [one.strftime(shape).format((one.month + 2) // 3) for one in first]
    assert [day for day, _ in _days(written, "month")] == [str(one.date()) for one in first]
    if shape == "%Y%m":
        assert format_of(written) is format_of([int(one) for one in written]) is None


@pytest.mark.parametrize("unit", [1, 10**3, 10**6, 10**9])
@pytest.mark.parametrize("kind", [int, str])
def test_formats_read_seconds_since_1970(unit: int, kind: type) -> None:
    """Seconds, and their thousandths, are times, be they numbers or text."""
    seconds = [int((one - datetime.fromisoformat("1970-01-01")).total_seconds()) for one in MOMENTS]
    found = _days([kind(one * unit) for one in seconds])
    assert found == [(str(one.date()), one.hour) for one in MOMENTS]


@pytest.mark.parametrize("zero", ["1899-12-30", "1858-11-17", "1970-01-01", "0001-01-01"])
def test_formats_read_numbers_of_days_where_a_name_says_so(zero: str) -> None:
    """Days of a spreadsheet, of astronomers, since 1970, or since year 1, are dates."""
    first = datetime.fromisoformat(zero)
    one = timedelta(days=zero == "0001-01-01")  # the first day of year 1 is its day 1
    days = [(moment - first + one).days for moment in MOMENTS]
    assert format_of(days) is None
    assert format_of(days, "amount") is None
    assert [day for day, _ in _days(days, "sold_on")] == [str(one.date()) for one in MOMENTS]
    exact = [(moment - first + one) / timedelta(days=1) for moment in MOMENTS]
    found = [(str(moment.date()), moment.hour) for moment in MOMENTS]
    assert _days(exact, "date") == found


def test_formats_read_seconds_before_1970_where_a_name_says_so() -> None:
    """Numbers below zero are times of the years before 1970 in a column of that name alone."""
    moments = [one.replace(year=one.year - 60) for one in MOMENTS if one.day < 29]
    seconds = [
        (one - datetime.fromisoformat("1970-01-01")) // timedelta(seconds=1) for one in moments
    ]
    assert format_of(seconds) is None
    assert [day for day, _ in _days(seconds, "born_at")] == [str(one.date()) for one in moments]


def test_formats_decide_day_and_month_by_the_whole_column() -> None:
    """Of days that may be either, one day after the twelfth decides."""
    dates = format_of(["03/02/2026"] * 299 + ["03/13/2026"])
    assert dates is not None
    assert order_of("03/02/2026", dates) == order_of(
        "03/02/2026", format_of(["03/13/2026"]) or dates
    )
    assert _days(["03/02/2026", "03/13/2026"])[0][0] == "2026-03-02"


@pytest.mark.parametrize(
    ("shape", "names"),
    [
        ("{}. {} {}", "Januar Februar März April Mai Juni Juli August Oktober Dezember"),
        ("{} {} {}", "janvier février mars avril mai juin juillet août octobre décembre"),
        ("{} {}. {}", "janv févr mars avr mai juin juil août oct déc"),
        ("{} de {} de {}", "enero febrero marzo abril mayo junio julio agosto octubre diciembre"),
        ("{}-{}-{}", "gen feb mar apr mag giu lug ago ott dic"),
        (
            "{} de {} de {}",
            "janeiro fevereiro março abril maio junho julho agosto outubro dezembro",
        ),
        ("{} {} {}", "januari februari maart april mei juni juli augustus oktober december"),
    ],
)
def test_formats_read_months_of_other_languages(shape: str, names: str) -> None:
    """The names of months may be German, French, Spanish, Italian, Portuguese or Dutch."""
    months = dict(zip([1, 2, 3, 4, 5, 6, 7, 8, 10, 12], names.split(), strict=True))
    days = [one for one in MOMENTS if one.month in months]
    found = _days([shape.format(one.day, months[one.month], one.year) for one in days])
    assert [day for day, _ in found] == [str(one.date()) for one in days]
    assert _days([*["3 May 2026"] * 9, "3 Foo 2026"])[-1][0] == "2026-00-03"  # on no day


@pytest.mark.parametrize(
    "name",
    [
        *("Marathon {y}", "Juniper {y}", "Decker-{y}", "Marketing {d} {y}", "{d} Sepia {y}"),
        *("Aprilia {d}, {y}", "Mayer {d}.3.{y}", "Version {d}.2.10", "Ma {y}", "Setup {y}"),
        *("Genova {y}", "Jung {d} {y}", "Märklin {y}"),
    ],
)
def test_formats_take_no_word_that_begins_like_a_month_for_one(name: str) -> None:
    """The name of a month, or of a day of the week, may be cut short, and is no part of a word."""
    assert format_of([name.format(d=n % 28 + 1, y=2000 + n % 20) for n in range(90)]) is None


def test_formats_put_other_words_than_months_on_no_day() -> None:
    """A race among months is on no day, and the months stay where they are."""
    found = _days([*["Mar 2026", "Sept. 2026", "März 2026", "JUIL. 2026"] * 9, "Marathon 2026"])
    assert [day for day, _ in found[-5:]] == [
        *("2026-03-01", "2026-09-01", "2026-03-01", "2026-07-01"),
        "2026-00-01",
    ]


@pytest.mark.parametrize(("said", "day"), [("march 5, 2026", 5), ("marathon 5, 2026", None)])
def test_hints_read_whole_names_of_months(said: str, day: int | None) -> None:
    """A question names a day by the name of a month, and not by a word that begins like one."""
    assert {one.day for one in Hints.read(f"what of {said}?", []).days} == ({day} if day else set())


def test_formats_prefer_days_to_months() -> None:
    """A table with the day and the month of its rows is read by the day."""
    rows = [[f"2026-{n // 28 + 1:02}", f"2026-{n // 28 + 1:02}-{n % 28 + 1:02}"] for n in range(90)]
    day = read_table("sales", ["month", "day"], rows).day
    assert day is not None
    assert day.name == "day"


@pytest.mark.parametrize(
    ("name", "cell", "why"),
    [
        ("fiscal_year", "{}", "has years alone"),
        ("sold_on", "{} de março", "has dates in a form that is not read"),
    ],
)
def test_reasoning_tells_why_dates_are_left_out(
    tmp_path: Path, name: str, cell: str, why: str
) -> None:
    """A column that seems to have dates is told as not looked at, with the reason."""
    path = tmp_path / "s.sqlite"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"CREATE TABLE sales ({name} TEXT, amount REAL)")
        rows = [(cell.format(2000 + n % 20), n) for n in range(50)]
        database.executemany("INSERT INTO sales VALUES (?, ?)", rows)
    synthesis, _ = investigate(Planted(path, ("sales",), "why did sales fall?"))
    assert f"sales.{name}, which {why}" in synthesis.summary


def test_sample_reaches_from_the_first_row_to_the_last() -> None:
    """A sample is spread over the table, and no period of its rows is left out."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE t (n)")
        database.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(30_000)])
        rows = [row[2] for row in database.execute(sample_of("t"))]
    assert 250 < len(rows) <= 300
    assert rows[0] < 300
    assert rows[-1] > 29_500
    assert {n % 7 for n in rows} == set(range(7))


@pytest.mark.parametrize("hot", [[40], [40, 60, 80, 100], list(range(15, 100))])
def test_risen_compares_with_the_days_before(hot: list[int]) -> None:
    """Four odd days are as odd as one, and a change may be older than most of the days."""
    run = risen([30.0 * (n in hot) for n in range(120)], [30.0] * 120)
    assert run is not None
    assert run.first == hot[0]


def test_risen_takes_what_comes_each_week_for_usual() -> None:
    """What is so on each Sunday is no anomaly."""
    assert risen([30.0 * (n % 7 == 6) for n in range(120)], [30.0] * 120) is None


def _two_incidents(path: Path) -> None:
    days = [
        str((datetime.fromisoformat("2024-01-01") + timedelta(days=n)).date()) for n in range(120)
    ]
    rows = [
        (day, (20.0 + n % 7) * (100 if at >= 60 else 1))
        for at, day in enumerate(days)
        for n in range(40)
        if at != 90
    ]
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE sales (day TEXT, amount REAL)")
        database.executemany("INSERT INTO sales VALUES (?, ?)", rows)


@pytest.mark.long
def test_reasoning_answers_for_the_day_of_the_question(tmp_path: Path) -> None:
    """An older, larger anomaly does not go before one on the day that was named."""
    _two_incidents(tmp_path / "s.sqlite")
    asked = Planted(tmp_path / "s.sqlite", ("sales",), "why did sales fall on 2024-03-31?")
    synthesis, _ = investigate(asked)
    assert [one.kind for one in synthesis.causes][:2] == ["missing_day", "unit_change"]
    other = Planted(tmp_path / "s.sqlite", ("sales",), "why did sales fall on 2024-01-20?")
    synthesis, _ = investigate(other)
    assert synthesis.summary.startswith("nothing on the day that the question names")
    assert Hints.read(other.question, ["sales"]).days


def test_reasoning_tells_that_it_could_not_look(tmp_path: Path) -> None:
    """A table without dates is never called free of anomalies."""
    path = tmp_path / "s.sqlite"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE sales (day TEXT, amount REAL)")
        database.executemany("INSERT INTO sales VALUES (?, ?)", [("soon", n) for n in range(50)])
    synthesis, _ = investigate(Planted(path, ("sales",), "why did sales fall?"))
    assert synthesis.verdict is Verdict.INCONCLUSIVE
    assert "sales (no dates that can be read by day)" in synthesis.summary
    assert not synthesis.causes
