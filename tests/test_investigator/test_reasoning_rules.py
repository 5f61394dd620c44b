"""What the rules tell from each other: small tables, with one thing that is unusual, or none."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

import pytest

import tests.test_investigator.test_reasoning_incidents as incidents
from machines.investigation import Call, CauseKind, Observed, Scope, Synthesis, Verdict
from machines.investigator.reasoning import thresholds
from machines.investigator.reasoning.checks.hours import LABELS, unlikely
from machines.investigator.reasoning.probes import Probe, Reading
from machines.investigator.reasoning.series import Daily
from machines.investigator.security.connection import GuardedConnection
from machines.investigator.security.violation import SecurityViolation
from tests.test_investigator.incidents import Planted
from tests.test_investigator.test_reasoning_incidents import investigate

FIRST = date(2025, 1, 6)
DAYS = [FIRST + timedelta(n) for n in range(84)]


def _ask(
    path: Path, question: str, tables: dict[str, tuple[str, Iterable[tuple[object, ...]]]]
) -> Synthesis:
    with closing(sqlite3.connect(path)) as database, database:
        for name, (columns, rows) in tables.items():
            given = list(rows)
            database.execute(f"CREATE TABLE {name} ({columns})")
            marks = ", ".join("?" for _ in given[0])
            database.executemany(f"INSERT INTO {name} VALUES ({marks})", given)
    synthesis, _ = investigate(Planted(path, tuple(tables), question), checked=True)
    return synthesis


def _rows(seed: int, days: Iterable[date] = DAYS, least: int = 18) -> list[tuple[str, str, float]]:
    rng = Random(seed)
    return [
        (str(day), rng.choice(["north", "south"]), round(rng.lognormvariate(3, 0.4), 2))
        for day in days
        for _ in range(rng.randrange(least, least + 8))
    ]


def _first(synthesis: Synthesis) -> tuple[CauseKind, str, date | None]:
    assert synthesis.verdict is Verdict.ANOMALY, synthesis
    best = synthesis.causes[0]
    return best.kind, best.table, best.date


def test_rules_find_days_that_are_missing_again_and_again(tmp_path: Path) -> None:
    """Five days without rows are five incidents, not a habit."""
    gone = {DAYS[n] for n in (15, 27, 40, 52, 66)}
    rows = [row for row in _rows(1) if date.fromisoformat(row[0]) not in gone]
    kind, table, day = _first(
        _ask(tmp_path / "a", "anything wrong?", {"sales": ("day, region, amount", rows)})
    )
    assert (kind, table) == (CauseKind.MISSING_DAY, "sales")
    assert day in gone


def test_rules_find_one_part_that_stops(tmp_path: Path) -> None:
    """One of two regions that sells nothing for four days is missing, on its first day."""
    rows = [
        row for row in _rows(2) if not (row[1] == "north" and "2025-02-20" <= row[0] < "2025-02-24")
    ]
    synthesis = _ask(tmp_path / "a", "anything wrong?", {"sales": ("day, region, amount", rows)})
    assert _first(synthesis) == (CauseKind.MISSING_DAY, "sales", date(2025, 2, 20))
    assert "region is north" in synthesis.summary


def test_rules_take_a_new_level_as_usual(tmp_path: Path) -> None:
    """A shop that sells a third from one day on has a new level, and no short days."""
    rows = [*_rows(3, DAYS[:42], 60), *_rows(3, DAYS[42:])]
    synthesis = _ask(tmp_path / "a", "anything wrong?", {"sales": ("day, region, amount", rows)})
    assert not any(one.score > 0.8 for one in synthesis.causes), synthesis


def test_rules_take_few_rows_of_a_holiday_for_no_sure_finding(tmp_path: Path) -> None:
    """A day with half of its rows may be a holiday: it is told, and not as sure."""
    rows = [*_rows(4, [*DAYS[:50], *DAYS[51:]], 60), *_rows(4, [DAYS[50]], 28)]
    synthesis = _ask(tmp_path / "a", "anything wrong?", {"sales": ("day, region, amount", rows)})
    assert _first(synthesis) == (CauseKind.TRUNCATED_BATCH, "sales", DAYS[50])
    assert synthesis.causes[0].score <= 0.8


def test_rules_take_empty_strings_for_missing_values(tmp_path: Path) -> None:
    """A region that is an empty string is missing; that is no other spelling of it."""
    rows = [
        (day, "" if "2025-02-20" <= day < "2025-02-23" else name, n) for day, name, n in _rows(5)
    ]
    synthesis = _ask(tmp_path / "a", "anything wrong?", {"sales": ("day, region, amount", rows)})
    assert _first(synthesis) == (CauseKind.NULL_SPIKE, "sales", date(2025, 2, 20))


def test_rules_find_a_table_that_lacks_what_is_new(tmp_path: Path) -> None:
    """Few references are lost, but none was before: since then, customers are not kept up."""
    rng, known, rows = Random(6), list(range(1, 200)), []
    for at, day in enumerate(DAYS):
        known += [1000 + at] if at >= 60 else []
        new = [n for n in known if n >= 1000]
        rows += [(str(day), rng.choice(known[:199])) for _ in range(25)]
        rows += [(str(day), rng.choice(new)) for _ in range(2) if new]
    customers = [(n, f"customer {n}") for n in range(1, 200)]
    synthesis = _ask(
        tmp_path / "a",
        "anything wrong?",
        {
            "orders": ("day, customer_id", rows),
            "customers": ("customer_id INTEGER PRIMARY KEY, name", customers),
        },
    )
    assert _first(synthesis) == (CauseKind.STALE_DIMENSION, "customers", DAYS[60])


def test_rules_take_a_table_that_ended_long_ago_as_whole(tmp_path: Path) -> None:
    """Customers who joined in the first weeks, and still buy, are no table that is not kept up."""
    rng = Random(7)
    customers = [(n, str(DAYS[n // 12])) for n in range(180)]
    rows = [(str(day), rng.randrange(180)) for day in DAYS for _ in range(20)]
    synthesis = _ask(
        tmp_path / "a",
        "anything wrong?",
        {
            "orders": ("day, customer_id", rows),
            "customers": ("customer_id INTEGER PRIMARY KEY, joined", customers),
        },
    )
    assert synthesis.verdict is Verdict.NO_ANOMALY, synthesis


def test_rules_find_another_unit_of_numbers_around_zero(tmp_path: Path) -> None:
    """Temperatures in Celsius where Fahrenheit is usual fall below zero, where logarithms end."""
    rng, rows = Random(8), []
    for at, day in enumerate(DAYS):
        for _ in range(20):
            heat = rng.gauss(25, 4)
            rows.append((str(day), round((heat - 32) / 1.8 if 50 <= at < 57 else heat, 2)))
    synthesis = _ask(tmp_path / "a", "anything wrong?", {"weather": ("day, temp", rows)})
    assert _first(synthesis) == (CauseKind.UNIT_CHANGE, "weather", DAYS[50])


def test_rules_take_a_drift_for_no_other_unit(tmp_path: Path) -> None:
    """Prices that triple within a month have the unit that they had."""
    rng, rows = Random(9), []
    for at, day in enumerate(DAYS):
        price = 20 * 3 ** (min(max(at - 30, 0), 30) / 30)
        rows += [(str(day), round(price * rng.uniform(0.97, 1.03), 2)) for _ in range(15)]
    synthesis = _ask(tmp_path / "a", "anything wrong?", {"prices": ("day, price", rows)})
    assert synthesis.verdict is Verdict.NO_ANOMALY, synthesis


@pytest.mark.long
def test_rules_read_the_days_around_the_one_that_is_named(tmp_path: Path) -> None:
    """Of four years, those around the day of the question are read, and the rest is told."""
    days = [date(2021, 1, 4) + timedelta(n) for n in range(1460)]
    rows = [(str(day), n) for day in days for n in range(12) if day != date(2021, 5, 20)]
    synthesis = _ask(tmp_path / "a", "no sales on 2021-05-20?", {"sales": ("day, till", rows)})
    assert _first(synthesis) == (CauseKind.MISSING_DAY, "sales", date(2021, 5, 20))
    assert "not looked at: sales after 2022-08-13" in synthesis.summary


@pytest.mark.long
def test_rules_read_columns_whatever_the_length_of_their_names(tmp_path: Path) -> None:
    """No query is too long, and a column that no query can name is told."""
    names = [f'"{letter * 126} {n}"' for n, letter in enumerate("abcdefghi")]
    rows = [(day, name, *[n + at for at in range(9)], 1) for day, name, n in _rows(10)]
    rows = [row for row in rows if row[0] != "2025-02-20"]
    columns = f'day, region, {", ".join(names)}, "{"z" * 129}"'
    synthesis = _ask(tmp_path / "a", "anything wrong?", {"sales": (columns, rows)})
    assert _first(synthesis) == (CauseKind.MISSING_DAY, "sales", date(2025, 2, 20))
    assert synthesis.summary.endswith("not looked at: 1 columns of sales, which no query can name")


def test_rules_tell_how_many_queries_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A query that takes too long leaves a gap in what was looked at, and the rest is told."""

    def look(call: Call, scope: Scope, connection: GuardedConnection, *, checked: bool) -> Observed:
        if '"r0"' in str(call.arguments):
            raise SecurityViolation("time", "query")
        return usual(call, scope, connection, checked=checked)

    usual = incidents.look
    monkeypatch.setattr(incidents, "look", look)
    rows = [row for row in _rows(11) if row[0] != "2025-02-20"]
    synthesis = _ask(tmp_path / "a", "anything wrong?", {"sales": ("day, region, amount", rows)})
    assert _first(synthesis) == (CauseKind.MISSING_DAY, "sales", date(2025, 2, 20))
    assert "queries ask, which failed or took too long" in synthesis.summary


def _surest(synthesis: Synthesis, kind: CauseKind) -> float:
    return max((one.score for one in synthesis.causes if one.kind is kind), default=0.0)


def test_rules_take_a_day_of_rest_for_no_sure_finding(tmp_path: Path) -> None:
    """A Monday without rows may be a holiday, where weekends have none; three days are too many."""
    weekdays = [day for day in DAYS if day.weekday() < 5]
    found = []
    for gone in (weekdays[30:31], weekdays[30:33]):
        rows = [(str(day), n, n * 2.5) for day in weekdays if day not in gone for n in range(6)]
        synthesis = _ask(tmp_path / str(len(gone)), "anything?", {"s": ("day, till, sum", rows)})
        assert _first(synthesis) == (CauseKind.MISSING_DAY, "s", gone[0])
        found.append(_surest(synthesis, CauseKind.MISSING_DAY))
    assert found[0] <= 0.8 < found[1]


def test_rules_compare_a_change_of_size_with_others_of_the_series(tmp_path: Path) -> None:
    """A price that doubles and halves by itself is no sure other unit; one that never did is."""
    levels = [1, 2.2, 1, 0.45, 1, 2.1, 1, 1, 1, 1, 1, 1]
    for name, calm, sure in (("a", levels, False), ("b", [1.0] * 6 + [2.2] * 6, True)):
        rng = Random(12)
        rows = [
            (str(day), round(50 * calm[at // 7] * rng.uniform(0.95, 1.05), 2))
            for at, day in enumerate(DAYS)
        ]
        synthesis = _ask(tmp_path / name, "anything wrong?", {"prices": ("day, price", rows)})
        assert (_surest(synthesis, CauseKind.UNIT_CHANGE) > 0.8) is sure, synthesis


@pytest.mark.long
def test_rules_take_one_value_that_is_rare_for_no_sure_finding(tmp_path: Path) -> None:
    """Snow on one day of a year is no other spelling of the weather."""
    days = [FIRST + timedelta(n) for n in range(500)]
    rows = [
        (str(day), "snow" if n == 233 else ["sun", "rain"][n % 3 > 1], n * 37 % 101)
        for n, day in enumerate(days)
    ]
    synthesis = _ask(tmp_path / "a", "anything wrong?", {"days": ("day, weather, wind", rows)})
    assert _surest(synthesis, CauseKind.SCHEMA_CHANGE) <= 0.8


@pytest.mark.long
def test_rules_take_other_hours_for_no_sure_wrong_clock(tmp_path: Path) -> None:
    """Trains that run at night have a new timetable; a clock moves them all alike."""
    usual = [8, 8, 9, 10, 11, 12, 12, 13, 14, 15, 16, 16, 17, 17, 17, 18]
    for name, hours, sure in (
        ("a", [8, 8, 9, 9, 20, 20, 20, 21, 21, 21, 22, 22, 22, 23, 23, 23], False),
        ("b", [4 + hour for hour in usual], True),
    ):
        rows = [
            (f"{day} {hour:02}:{n * 7 % 60:02}:00", n)
            for at, day in enumerate(DAYS)
            for n, hour in enumerate(hours if at >= 70 else usual)
        ]
        synthesis = _ask(tmp_path / name, "anything wrong?", {"trains": ("leaves, track", rows)})
        assert (_surest(synthesis, CauseKind.TIME_ZONE) > 0.8) is sure, synthesis


def test_rules_take_one_number_that_comes_again_for_no_sure_second_load(tmp_path: Path) -> None:
    """Two days of a year that have the same sum are two days."""
    sums = [1000 + n * 7919 % 104_729 for n in range(500)]
    sums[233] = sums[120]
    rows = [(str(FIRST + timedelta(n)), one) for n, one in enumerate(sums)]
    synthesis = _ask(tmp_path / "a", "anything wrong?", {"days": ("day, total", rows)})
    assert _surest(synthesis, CauseKind.DUPLICATE_LOAD) <= 0.8


@pytest.mark.sampled(2)
@pytest.mark.parametrize("way", ["to the end", "for two days", "every other row"])
def test_rules_find_dates_that_are_written_in_another_way(tmp_path: Path, way: str) -> None:
    """Days that cannot be read like the others are a finding, and not missing rows."""

    def written(n: int, day: str) -> str:
        late = day >= "2025-03-10" and (way != "for two days" or day <= "2025-03-11")
        return f"{day[8:]}.{day[5:7]}.{day[:4]}" if late and (way[0] != "e" or n % 2) else day

    rows = [(written(n, day), *rest) for n, (day, *rest) in enumerate(_rows(13))]
    synthesis = _ask(tmp_path / "a", "no sales?", {"sales": ("day, region, amount", rows)})
    assert _first(synthesis) == (CauseKind.SCHEMA_CHANGE, "sales", date(2025, 3, 10))
    assert synthesis.causes[0].column == "day"


def test_rules_tell_rows_whose_date_cannot_be_read(tmp_path: Path) -> None:
    """A few rows that never have a date are nothing new; they are told as not looked at."""
    rows = [("n/a" if n % 40 == 7 else day, *rest) for n, (day, *rest) in enumerate(_rows(14))]
    lost = sum(row[0] == "n/a" for row in rows)
    synthesis = _ask(tmp_path / "a", "anything?", {"sales": ("day, region, amount", rows)})
    assert synthesis.verdict is Verdict.NO_ANOMALY
    assert f"{lost} rows of sales, whose day cannot be read like the others" in synthesis.summary


@pytest.mark.long
def test_rules_measure_a_gap_in_bursts_by_its_length(tmp_path: Path) -> None:
    """Where rows come in bursts, with days between, two weeks without any are missing."""
    rng, at = Random(3), 0
    rows: list[tuple[str, int]] = []
    while at < 300:
        rows += [(str(FIRST + timedelta(at)), n) for n in range(round(rng.paretovariate(0.5)) % 60)]
        at += rng.choice([1, 1, 1, 2, 3])
    for name, gone in (("a", range(0)), ("b", range(150, 164))):
        kept = [row for row in rows if (date.fromisoformat(row[0]) - FIRST).days not in gone]
        synthesis = _ask(tmp_path / name, "anything wrong?", {"commits": ("day, lines", kept)})
        found = [one.date for one in synthesis.causes if one.kind is CauseKind.MISSING_DAY]
        near = [one for one in found if one and 148 <= (one - FIRST).days <= 154]
        assert len(near) == len(found) == bool(gone), synthesis


@pytest.mark.long
def test_rules_take_a_part_that_has_its_season_for_no_sure_finding(tmp_path: Path) -> None:
    """One of two regions that is quiet for weeks may be closed; for four days, it is missing."""
    found = []
    for name, days in (("a", DAYS[64:]), ("b", DAYS[40:44])):
        gone = [str(day) for day in days]
        rows = [row for row in _rows(15, least=40) if row[1] == "south" or row[0] not in gone]
        synthesis = _ask(tmp_path / name, "anything?", {"sales": ("day, region, amount", rows)})
        found.append(_surest(synthesis, CauseKind.MISSING_DAY))
    assert found[0] <= 0.8 < found[1]


@pytest.mark.long
def test_rules_take_the_turn_of_the_year_for_no_sure_finding(tmp_path: Path) -> None:
    """Days without rows are a holiday between the years, and missing in spring."""
    found = []
    for first in (date(2025, 12, 24), date(2025, 4, 2)):
        days = [first + timedelta(n - 50) for n in range(90) if n not in range(50, 58)]
        rows = _rows(16, [day for day in days if day.weekday() < 5])
        synthesis = _ask(tmp_path / str(first), "anything?", {"calls": ("day, desk, took", rows)})
        found.append(_surest(synthesis, CauseKind.MISSING_DAY))
    assert found[0] <= 0.8 < found[1]


@pytest.mark.long
def test_rules_take_other_goods_for_no_sure_change_of_unit(tmp_path: Path) -> None:
    """Once boats are no longer sold the usual price falls, while each thing costs what it did."""
    rng, prices = Random(17), {"boat": 900.0, "skis": 700.0, "bread": 4.0}
    for name, factor, sure in (("a", 1.0, False), ("b", 0.01, True)):
        rows = []
        for at, day in enumerate(DAYS):
            goods = ["bread"] if at >= 50 and not sure else list(prices) + ["boat"] * 3
            for what in [rng.choice(goods) for _ in range(30)]:
                price = prices[what] * rng.uniform(0.9, 1.1) * (factor if at >= 50 else 1)
                rows.append((str(day), what, round(price, 3)))
        synthesis = _ask(tmp_path / name, "anything?", {"sales": ("day, goods, price", rows)})
        assert (_surest(synthesis, CauseKind.UNIT_CHANGE) > 0.8) is sure, synthesis


def test_rules_take_prices_that_rise_by_several_parts_for_no_sure_unit(tmp_path: Path) -> None:
    """The dearer half of a list that rises by more than the other is a list of new prices."""
    for name, most, sure in (("a", 2.0, False), ("b", 1.609, True)):
        rows = [
            (str(day), round((5 + n) * ((most if n > 9 else 1.609) if at >= 50 else 1), 3))
            for at, day in enumerate(DAYS)
            for n in range(20)
        ]
        synthesis = _ask(tmp_path / name, "anything wrong?", {"list": ("day, price", rows)})
        assert (_surest(synthesis, CauseKind.UNIT_CHANGE) > 0.8) is sure, synthesis


@pytest.mark.long
def test_rules_find_a_table_that_stops_while_another_goes_on(tmp_path: Path) -> None:
    """Two days without rows at the end are missing; a trial that ended weeks ago is over."""
    for last, sure in ((81, True), (50, False)):
        synthesis = _ask(
            tmp_path / str(last),
            f"no trial on {DAYS[83]}?",
            {
                "orders": ("day, region, amount", _rows(18)),
                "trial": ("day, region, amount", _rows(19, DAYS[: last + 1])),
            },
        )
        assert (_surest(synthesis, CauseKind.MISSING_DAY) > 0.8) is sure, synthesis


@pytest.mark.long
def test_rules_take_stays_that_are_booked_earlier_for_no_sure_late_data(tmp_path: Path) -> None:
    """Lead times of weeks become months by themselves; a time of loading does not."""
    for name, days, sure in (("a", 9.0, False), ("b", 0.02, True)):
        rng = Random(20)
        rows = []
        for at, day in enumerate(DAYS):
            for _ in range(20):
                ahead = days * rng.expovariate(1) * (9 if at >= 60 else 1) + (at >= 60 and sure)
                booked = datetime.combine(day, time(rng.randrange(9, 14)))
                rows.append((str(booked), str(booked + timedelta(ahead))[:19]))
        synthesis = _ask(tmp_path / name, "anything?", {"stays": ("booked_at, other_at", rows)})
        assert (_surest(synthesis, CauseKind.LATE_DATA) > 0.8) is sure, synthesis


def _unsure(path: Path, kind: CauseKind, columns: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Ask about a table: what is found first is of a kind, and not sure."""
    synthesis = _ask(path, "anything wrong?", {"t": (columns, rows)})
    assert synthesis.causes[0].kind is kind, synthesis
    assert synthesis.causes[0].score <= 0.8, synthesis


@pytest.mark.parametrize(
    ("kind", "after"), [(CauseKind.MISSING_DAY, 25), (CauseKind.LATE_DATA, 190)]
)
def test_rules_take_a_week_without_rows_for_a_holiday(
    tmp_path: Path, kind: CauseKind, after: int
) -> None:
    """A table without rows at weekends may skip a whole week, even if many rows follow."""
    open_ = [day for n, day in enumerate(DAYS) if day.weekday() < 5 and not 42 <= n < 52]
    rows = [(str(day), n % 25) for day in open_ for n in range(after if day == DAYS[52] else 25)]
    _unsure(tmp_path / "a", kind, "day, till", rows)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("factor", "days"), [(1.5, range(50, 84)), (2.0, range(50, 71)), (0.35, range(50, 84))]
)
def test_rules_take_small_factors_of_no_unit_for_no_sure_finding(
    tmp_path: Path, factor: float, days: range
) -> None:
    """Prices that rise by half, or sales that double for weeks, are in no other unit."""
    rows = [
        (str(day), round((20 + n) * (factor if at in days else 1), 2))
        for at, day in enumerate(DAYS)
        for n in range(12)
    ]
    _unsure(tmp_path / "a", CauseKind.UNIT_CHANGE, "day, price", rows)


def test_rules_take_numbers_that_change_together_for_an_event(tmp_path: Path) -> None:
    """Two numbers that change on one day by different factors are no change of unit."""
    rng, rows = Random(11), []
    for at, day in enumerate(DAYS):
        for _ in range(15):
            used = rng.uniform(95, 105) * (0.55 if at == 50 else 1)
            rows.append((str(day), round(used, 1), round(used**1.55, 1)))
    _unsure(tmp_path / "a", CauseKind.UNIT_CHANGE, "day, used, price", rows)


def test_rules_take_values_that_are_missing_now_and_then_for_no_sure_finding(
    tmp_path: Path,
) -> None:
    """A gauge that fails for a part of each storm does so by itself."""
    storms = {20: 8, 41: 14, 60: 10}
    rows = [
        (str(day), None if n < storms.get(at, 0) else 1000 + n)
        for at, day in enumerate(DAYS)
        for n in range(24)
    ]
    _unsure(tmp_path / "a", CauseKind.NULL_SPIKE, "day, pressure", rows)


def test_rules_take_a_lag_like_others_for_no_sure_finding(tmp_path: Path) -> None:
    """A day on which payments come hours later, as on another day, is an ordinary bad one."""
    late, rows = {30: 4.2, 55: 6.3}, []
    for at, day in enumerate(DAYS):
        for n in range(12):
            begun = datetime.combine(day, time(8 + n))
            paid = begun + timedelta(minutes=20 + n, hours=late.get(at, 0))
            rows.append((str(begun), str(paid), n))
    synthesis = _ask(tmp_path / "a", "anything wrong?", {"t": ("begun_at, paid_at, n", rows)})
    assert all(one.score <= 0.8 for one in synthesis.causes), synthesis


def test_rules_compare_the_end_of_a_day_with_that_day_of_other_weeks() -> None:
    """A job each night has nearly all rows of a Sunday: one without others does not end early."""
    rows = {label: [0.0] * 84 for label in LABELS}
    rows["h02"] = [20.0] * 84
    rows["h12"] = [0.0 if n == 48 else 5.0 if n % 7 > 4 else 50.0 for n in range(84)]
    daily = Daily(tuple(DAYS), {label: tuple(found) for label, found in rows.items()})
    ends = unlikely(Reading(Probe("hours", "t", "at", "", "", LABELS), daily))
    assert ends[DAYS[48]] < thresholds.UNLIKELY


def test_rules_take_a_table_with_rows_once_a_month_for_kept_up(tmp_path: Path) -> None:
    """People join on the first of a month: two months without any are no end of the list."""
    days = [date(2025, 1, 1) + timedelta(n) for n in range(300)]
    joined = [day for day in days[:230] if day.day == 1 for _ in range(5)]
    people = [(n, str(day)) for n, day in enumerate(joined, 1)]
    rows = [(str(day), 1 + (at + 7 * n) % 5) for at, day in enumerate(days) for n in range(10)]
    synthesis = _ask(
        tmp_path / "a",
        "anything wrong?",
        {
            "shifts": ("day, person_id", rows),
            "persons": ("person_id INTEGER PRIMARY KEY, joined", people),
        },
    )
    assert all(one.score <= 0.8 for one in synthesis.causes), synthesis


@pytest.mark.parametrize(("since", "sure"), [(50, False), (20, True)])
def test_rules_take_values_that_other_rows_lack_for_no_sure_finding(
    tmp_path: Path, since: int, sure: bool
) -> None:
    """Rows of a system that begins on the day on which a number is given up may have none."""
    rows = [
        (str(day), "new" if at >= since else "old", None if at >= 50 else f"A{at:03}{n:03}")
        for at, day in enumerate(DAYS)
        for n in range(15)
    ]
    synthesis = _ask(tmp_path / "a", "anything wrong?", {"t": ("day, source, old_no", rows)})
    assert _first(synthesis) == (CauseKind.NULL_SPIKE, "t", DAYS[50])
    assert (synthesis.causes[0].score > 0.8) is sure


def test_rules_take_a_part_that_is_quiet_at_the_end_for_no_sure_finding(tmp_path: Path) -> None:
    """Boats that are not sold on the last days may have had their season."""
    rows = [
        (str(day), "bread" if n < 50 else "boats", n % 7)
        for at, day in enumerate(DAYS)
        for n in range(60 if at < 80 else 50)
    ]
    _unsure(tmp_path / "a", CauseKind.MISSING_DAY, "day, goods, pieces", rows)
