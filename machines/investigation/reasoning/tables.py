"""Tables as they are found: the part that each column plays, told by what is in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from attrs import field, frozen

from machines.investigation.calls import Scalar
from machines.investigation.reasoning.formats import DateFormat, format_of, order_of

_FEW: Final = 12
"""So many different values at most make a column a list of categories."""
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
    """

    name: str
    columns: tuple[Column, ...]
    sampled: int
    days: tuple[Column, ...]

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


def literal(text: str) -> str:
    """Return a text as SQL has it."""
    return "'" + text.replace("'", "''") + "'"


def read_table(
    name: str, columns: Sequence[str], rows: Sequence[Sequence[Scalar]], keys: Iterable[str] = ()
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
    return Table(name, found, len(rows), tuple(dated))


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
