"""What a run of the benchmarks found, free of how it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import asdict, field, frozen

from benchmarks.contestant import Missing


@frozen
class Column:
    """A column of numbers.

    Attributes:
        key: Where a row keeps the number.
        heading: What stands above it, unit included.
        digits: Decimal places shown.
        suffix: What stands behind each number.
    """

    key: str
    heading: str
    digits: int = 2
    suffix: str = ""

    def show(self, value: float) -> str:
        """Write a number as the column has it.

        >>> Column("ratio", "ratio", digits=1, suffix=" ×").show(1234.56)
        '1,234.6 ×'
        """
        return f"{value:,.{self.digits}f}{self.suffix}"


@frozen
class Row:
    """The numbers of one contestant, or the note that says why there are none."""

    name: str
    version: str = ""
    values: Mapping[str, float] = field(factory=dict)
    note: str = ""


@frozen
class Section:
    """One table."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    caption: str = ""

    def value(self, name: str, key: str) -> float | None:
        """Return a contestant's number, or None where there is none."""
        for row in self.rows:
            if row.name == name:
                return row.values.get(key)
        return None


@frozen
class Verdict:
    """A target beside what was measured; ``met`` is None when nothing was."""

    what: str
    target: str
    measured: str
    met: bool | None


@frozen
class Environment:
    """Where and when the numbers were taken."""

    date: str
    python: str
    cpu: str
    cores: int
    quick: bool


@frozen
class Report:
    """All that one run found."""

    environment: Environment
    sections: tuple[Section, ...]
    verdicts: tuple[Verdict, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain data for a JSON file."""
        return asdict(self)


def missing_rows(missing: list[Missing]) -> list[Row]:
    """Return a row for each contestant that cannot be measured here."""
    return [Row(each.name, note=each.reason) for each in missing]
