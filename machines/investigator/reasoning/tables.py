"""Tables: the role of each column, found by its values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from attrs import evolve, field, frozen

from machines.investigation.calls import Scalar
from machines.investigator.reasoning.formats import (
    DateFormat,
    clock_like,
    format_of,
    order_of,
    timed_by,
)
from machines.investigator.tools.naming import quoted, table_name

_FEW: Final = 12
"""Greatest number of different values in a column of categories."""
_PLENTY: Final = 60_000
"""Number of rows that are enough for rates and sizes."""
_PARTS: Final = 8
"""Greatest number of parts into which a column splits the rows."""
_ENOUGH: Final = 40
"""Number of rows that show whether a column has few values, or only new ones."""


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

    def sql(self, alias: str = "t") -> str:
        """Return its name as SQL."""
        return f"{alias}.{quoted(self.name)}"

    def fill(self, template: str, alias: str = "t") -> str:
        """Return a template of a date format, filled with the name."""
        return template.replace("{}", self.sql(alias))


@frozen
class Table:
    """A table, its columns, and the size of its sample.

    Attributes:
        name: Its name.
        columns: Its columns, in order.
        sampled: Number of rows in the sample.
        days: The columns of dates, first the one by which rows come in.
        rows: Number of all rows, if it is known.
    """

    name: str
    columns: tuple[Column, ...]
    sampled: int
    days: tuple[Column, ...]
    rows: int | None = None

    @property
    def source(self) -> str:
        """Its name, quoted for SQL; the part before a dot is its schema."""
        return table_name(self.name)

    @property
    def some(self) -> str:
        """The SQL condition that selects some of very many rows, enough for rates."""
        every = (self.rows or 0) // _PLENTY
        if every < 2:  # noqa: PLR2004 - all of them, then
            return ""
        number = next((one for one in self.columns if one.identifies and one.whole), None)
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

    def column(self, name: str) -> Column | None:
        """Return a column; None if there is no column of that name."""
        return next((one for one in self.columns if one.name == name), None)


def read_table(
    name: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Scalar]],
    keys: Iterable[str] = (),
    size: int | None = None,
) -> Table:
    """Describe a table by a sample of its rows.

    >>> table = read_table("orders", ["n", "at"], [[1, "2026-03-01"], [2, "2026-03-02"]])
    >>> table.day.name, [column.identifies for column in table.columns]
    ('at', [True, False])
    """
    declared = set(keys)
    found = tuple(
        _read_column(each, [row[place] for row in rows], declared == {each})
        for place, each in enumerate(columns)
    )
    dated = sorted(
        (one for one in found if one.dates is not None), key=lambda one: _lateness(one, len(rows))
    )
    clock = next((one for one in found if clock_like(one.values)), None)
    if dated and clock is not None and (dates := dated[0].dates) and dates.hour is None:
        # The day is in one column, and the time of day in another.
        day = evolve(dated[0], dates=timed_by(dates, clock.sql()))
        found = tuple(day if one is dated[0] else one for one in found)
        dated[0] = day
    return Table(name, found, len(rows), tuple(dated), size)


def _read_column(name: str, cells: Sequence[Scalar], key: bool) -> Column:  # noqa: FBT001
    values = tuple(one for one in cells if one is not None and one != "")
    numbers = bool(values) and all(isinstance(one, int | float) for one in values)
    return Column(
        name,
        values,
        key,
        format_of(values),
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
    orders = [order_of(one, column.dates) for one in column.values]
    known = [one for one in orders if one is not None]
    steps = list(pairwise(known))
    falls = sum(later < earlier - 1.5 for earlier, later in steps) / max(len(steps), 1)
    empty = 1 - len(column.values) / max(rows, 1)
    mean = sum(known) / max(len(known), 1)
    return (round(empty + falls, 1), round(mean * 24), 0.0 if column.dates.hour else 1.0)


def words(name: str) -> frozenset[str]:
    """Return the words of a name, singular, without those that every key has.

    >>> sorted(words("ShippedOrder_IDs")), sorted(words("categories"))
    (['order', 'shipped'], ['category'])
    """
    plural = re.sub(r"([A-Z]{2,})s(?![a-z])", r"\1", name)
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", plural)
    singular = {_singular(one.lower()) for one in parts}
    return frozenset(singular - {"id", "key", "no", "code", "ref", "fk", "num", "number", "dim"})


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word
