"""Tables: the role of each column, found by its values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from typing import Final

from attrs import evolve, field, frozen

from machines.investigation.calls import Scalar
from machines.investigator.reasoning.formats import (
    VALID_DAY,
    DateFormat,
    clock_like,
    format_of,
    of_parts,
    order_of,
    timed_by,
    unread,
)
from machines.investigator.security.spelling import MAX_NAME
from machines.investigator.tools.naming import quoted, table_name

_FEW: Final = 12
"""Greatest number of different values in a column of categories."""
_PLENTY: Final = 60_000
"""Number of rows that are enough for rates and sizes."""
_PARTS: Final = 8
"""Greatest number of parts into which a column splits the rows."""
_ENOUGH: Final = 40
"""Number of rows that show whether a column has few values, or only new ones."""
_LONG: Final = 120
"""Number of characters of a day as SQL from which on a query writes it once."""
_RANGES: Final = {"year": (1700, 2200), "month": (1, 12), "day": (1, 31)}
"""The numbers in columns of the parts of a date."""


@frozen
class Column:
    """A column, and the properties of its values in a sample.

    Attributes:
        name: Its name.
        values: The values of the sample, nulls left out.
        key: Whether it is the declared key.
        dates: The format of its dates; None if it has none.
        unique: Whether no value occurs twice.
        numbers: Whether all values are numbers.
        whole: Whether all values are whole numbers.
        texts: Whether all values are strings.
    """

    name: str
    values: tuple[Scalar, ...] = field(repr=False)
    key: bool
    dates: DateFormat | None
    unique: bool
    numbers: bool
    whole: bool
    texts: bool

    @property
    def categories(self) -> tuple[str, ...]:
        """The values of a column of categories; empty if it is another column."""
        if self.dates is not None:
            return ()
        found = sorted({one for one in self.values if isinstance(one, str)})
        plain = all(one.isascii() and one.isprintable() and "'" not in one for one in found)
        many = len(self.values) >= _ENOUGH
        return tuple(found) if self.texts and many and plain and len(found) <= _FEW else ()

    @property
    def identifies(self) -> bool:
        """Whether it may identify a row."""
        return self.dates is None and (self.key or (self.unique and (self.whole or self.texts)))

    @property
    def day(self) -> str:
        """The SQL for the day of its dates."""
        return self.fill(self.dates.day) if self.dates else "NULL"

    @property
    def moment(self) -> str:
        """The SQL for the Julian day of its dates, with its fraction."""
        return self.fill(self.dates.moment) if self.dates else "NULL"

    def sql(self, alias: str = "t") -> str:
        """Return its name as SQL."""
        return f"{alias}.{quoted(self.name)}"

    def fill(self, template: str, alias: str = "t") -> str:
        """Return a template of a date format: ``{}`` is its name, ``@`` the table."""
        return template.replace("@.", f"{alias}.").replace("{}", self.sql(alias))


@frozen
class Table:
    """A table, its columns, and the size of its sample.

    Attributes:
        name: Its name.
        columns: Its columns, in order.
        sampled: Number of rows in the sample.
        days: The columns of dates, first the one by which rows come in.
        rows: Number of all rows, if it is known.
        computed: Columns that a query has to compute first, as SQL, by their names.
        until: The last day that is read; None if it is that of the table.
        left: Columns that no query can name.
    """

    name: str
    columns: tuple[Column, ...]
    sampled: int
    days: tuple[Column, ...]
    rows: int | None = None
    computed: tuple[tuple[str, str], ...] = ()
    until: date | None = None
    left: tuple[str, ...] = ()

    def has(self, day: str) -> str:
        """Return the SQL condition that a day, given as SQL, is one that is read."""
        end = f" AND {day} <= '{self.until}'" if self.until else ""
        return f"{day} GLOB '{VALID_DAY}'{end}"

    @property
    def source(self) -> str:
        """The source of its rows in SQL: its name, or a query that adds the computed columns."""
        name = table_name(self.name)
        if not self.computed:
            return name
        cells = ", ".join(f"{sql} AS {quoted(label)}" for label, sql in self.computed)
        return f"(SELECT t.*, {cells} FROM {name} AS t)"  # noqa: S608

    @property
    def some(self) -> str:
        """The SQL condition that selects some of very many rows, enough for rates."""
        every = (self.rows or 0) // _PLENTY
        if every < 2:  # noqa: PLR2004 - all of them, then
            return ""
        number = next((one for one in self.columns if one.identifies and one.whole), None)
        if number is None and self.computed:
            return ""  # a query has no numbers of rows
        name = number.sql() if number is not None else "t.rowid"
        return f" AND {name} % {every} = 0"

    @property
    def parts(self) -> tuple[Column, ...]:
        """The columns that split its rows into a few parts of some size, the evenest first."""
        found = []
        for one in self.columns:
            shares = [n / len(one.values) for n in Counter(one.values).values()]
            if one.key or one.dates is not None or not (one.texts or one.whole):
                continue
            if len(one.values) >= _ENOUGH and 2 <= len(shares) <= _PARTS and min(shares) > 0.02:  # noqa: PLR2004
                found.append((sum(share**2 for share in shares), one))
        return tuple(one for _, one in sorted(found, key=lambda pair: pair[0])[:2])

    @property
    def day(self) -> Column | None:
        """The column of the day of a row."""
        return self.days[0] if self.days else None

    @property
    def unread(self) -> tuple[str, ...]:
        """The columns that seem to have dates, and are not read, each with its reason."""
        why = ((one, unread(one.values, one.name)) for one in self.columns if one.dates is None)
        years = not self.days  # a year beside a day is a part of it
        return tuple(
            f"{self.name}.{one.name}, which {said}"
            for one, said in why
            if said is not None and (years or not one.numbers) and not clock_like(one.values)
        )

    def column(self, name: str) -> Column | None:
        """Return a column; None if there is no column of that name."""
        return next((one for one in self.columns if one.name == name), None)


def read_table(
    name: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Scalar]],
    keys: Iterable[str] = (),
    size: int | None = None,
    until: date | None = None,
) -> Table:
    """Describe a table by a sample of its rows.

    >>> table = read_table("orders", ["n", "at"], [[1, "2026-03-01"], [2, "2026-03-02"]])
    >>> table.day.name, [column.identifies for column in table.columns]
    ('at', [True, False])
    """
    declared = set(keys)
    found = [
        _read_column(each, [row[place] for row in rows], declared == {each})
        for place, each in enumerate(columns)
        if _can_be_named(each)
    ]
    left = tuple(one for one in columns if not _can_be_named(one))
    if not any(one.dates for one in found):
        found = _of_parts(found)
    dated = sorted(
        (one for one in found if one.dates is not None), key=lambda one: _lateness(one, len(rows))
    )
    clock = next((one for one in found if clock_like(one.values)), None)
    if dated and clock is not None and (dates := dated[0].dates) and dates.hour is None:
        # The day is in one column, and the time of day in another.
        day = evolve(dated[0], dates=timed_by(dates, clock.sql("@")))
        found[found.index(dated[0])] = dated[0] = day
    computed: list[tuple[str, str]] = []
    for place, one in enumerate(dated[:3]):
        dated[place] = _computed(one, computed)
        found[found.index(one)] = dated[place]
    return Table(name, tuple(found), len(rows), tuple(dated), size, tuple(computed), until, left)


def _can_be_named(column: str) -> bool:
    return len(column.encode()) <= MAX_NAME["sqlite"] and column.isprintable()


def _computed(column: Column, computed: list[tuple[str, str]]) -> Column:
    """Return a column of dates whose long SQL is computed once, under a name."""
    dates = column.dates
    if dates is None or len(dates.day) < _LONG:
        return column
    names = {}
    for what, sql in (("day", dates.day), ("moment", dates.moment), ("hour", dates.hour)):
        if sql is not None:
            label = f"{what} {len(computed)} of a row"
            computed.append((label, column.fill(sql)))
            names[what] = f"@.{quoted(label)}"
    return evolve(column, dates=evolve(dates, **names))


def _of_parts(columns: list[Column]) -> list[Column]:
    """Return columns of which that of the year has the dates of three: year, month and day."""
    parts = []
    for part, (least, most) in _RANGES.items():
        fit = (
            one
            for one in columns
            if one.whole
            and part in one.name.lower()
            and all(isinstance(n, int) and least <= n <= most for n in one.values)
        )
        parts.append(next(fit, None))
    year, month, day = parts
    if year is None or month is None or day is None:
        return columns
    dates = of_parts(year.sql("@"), month.sql("@"), day.sql("@"))
    return [evolve(one, dates=dates) if one is year else one for one in columns]


def _read_column(name: str, cells: Sequence[Scalar], key: bool) -> Column:  # noqa: FBT001
    values = tuple(one for one in cells if one is not None and one != "")
    numbers = bool(values) and all(isinstance(one, int | float) for one in values)
    return Column(
        name,
        values,
        key,
        format_of(values, name),
        len(values) > 1 and len(values) == len(cells) and len(set(values)) == len(values),
        numbers,
        numbers and all(isinstance(one, int) for one in values),
        bool(values) and all(isinstance(one, str) for one in values),
    )


def _lateness(column: Column, rows: int) -> tuple[float, float, float]:
    """Order date columns: filled ones that grow with the rows first, then the earlier ones.

    The day on which something happened is always there, and rows come in by it; what is said of
    it later, as when it was shipped or loaded, follows.
    """
    assert column.dates is not None  # noqa: S101 - only such columns are put in order
    if column.dates.name == "parts":
        return (0.0, 0.0, 0.0)
    orders = [order_of(one, column.dates) for one in column.values]
    known = [one for one in orders if one is not None]
    steps = list(pairwise(known))
    falls = sum(later < earlier - 1.5 for earlier, later in steps) / max(len(steps), 1)
    empty = 1 - len(column.values) / max(rows, 1)
    mean = sum(known) / max(len(known), 1)
    coarse = 10.0 * column.dates.coarse  # a day tells more than its month
    return (round(empty + falls, 1) + coarse, round(mean * 24), 0.0 if column.dates.hour else 1.0)


def words(name: str) -> frozenset[str]:
    """Return the words of a name, singular, without those that every key has.

    >>> sorted(words("ShippedOrder_IDs")), sorted(words("categories"))
    (['order', 'shipped'], ['category'])
    """
    plural = re.sub(r"([A-Z]{2,})s(?![a-z])", r"\1", name)
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", plural)
    many = re.compile(r"ies$"), re.compile(r"(?<!s)s$")
    singular = {many[1].sub("", many[0].sub("y", one.lower())) for one in parts}
    return frozenset(singular - {"id", "key", "no", "code", "ref", "fk", "num", "number", "dim"})
