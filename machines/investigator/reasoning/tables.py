"""Tables as they are found: the part that each column plays, told by what is in it."""

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

_FEW: Final = 12
"""So many different values at most make a column a list of categories."""
_PLENTY: Final = 60_000
"""So many rows of a table are enough to tell rates and sizes by."""
_PARTS: Final = 8
"""Into so many parts at most a column splits the rows."""
_ENOUGH: Final = 40
"""So many rows tell whether a column has few values, or only ever new ones."""


@frozen
class Column:
    """A column, and what its values are like in a sample.

    Attributes:
        name: Its name.
        values: The values of the sample, nulls left out.
        key: Whether it is the declared key.
        dates: How it writes dates; None when it holds none.
        unique: Whether no value occurs twice.
        numbers: Whether all values are numbers.
        whole: Whether all values are whole numbers.
        texts: Whether all values are texts.
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
        """The few values that a column of categories has; none when it is no such column."""
        if self.dates is not None:
            return ()
        found = sorted({one for one in self.values if isinstance(one, str)})
        plain = all(one.isascii() and one.isprintable() and "'" not in one for one in found)
        many = len(self.values) >= _ENOUGH
        return tuple(found) if self.texts and many and plain and len(found) <= _FEW else ()

    @property
    def identifies(self) -> bool:
        """Whether a row may be told by it."""
        return self.dates is None and (self.key or (self.unique and (self.whole or self.texts)))

    def sql(self, alias: str = "t") -> str:
        """Return its name as SQL."""
        return f"{alias}.{quote(self.name)}"

    def fill(self, template: str, alias: str = "t") -> str:
        """Return a template of a date format, filled with the name."""
        return template.replace("{}", self.sql(alias))


@frozen
class Table:
    """A table, its columns, and how many rows the sample of it has.

    Attributes:
        name: Its name.
        columns: Its columns, in order.
        sampled: How many rows have been looked at.
        days: The columns that hold dates, that by which rows come in first.
        rows: How many rows there are in all, if that is known.
    """

    name: str
    columns: tuple[Column, ...]
    sampled: int
    days: tuple[Column, ...]
    rows: int | None = None

    @property
    def source(self) -> str:
        """Return its name as SQL has it; what stands before a dot is its schema."""
        return source_of(self.name)

    @property
    def some(self) -> str:
        """Return the SQL condition that leaves some of very many rows: enough to tell rates by."""
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
        """The column that says on which day a row came about."""
        return self.days[0] if self.days else None

    def column(self, name: str) -> Column | None:
        """Return a column; None when there is none of that name."""
        return next((one for one in self.columns if one.name == name), None)


def quote(name: str) -> str:
    """Return a name as SQL has it.

    >>> quote('the "real" sales')
    '"the ""real"" sales"'
    """
    return '"' + name.replace('"', '""') + '"'


def source_of(table: str) -> str:
    """Return the name of a table as SQL has it; what stands before a dot is its schema.

    >>> source_of("order items"), source_of("main.orders")
    ('"order items"', '"main"."orders"')
    """
    return ".".join(map(quote, table.split(".", 1)))


def literal(text: str) -> str:
    """Return a text as SQL has it."""
    return "'" + text.replace("'", "''") + "'"


def read_table(
    name: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Scalar]],
    keys: Iterable[str] = (),
    size: int | None = None,
) -> Table:
    """Tell what a table is like from a sample of its rows.

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
