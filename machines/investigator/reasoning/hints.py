"""Hints: days, tables and symptoms in the question, to be examined first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from attrs import frozen

from machines.investigation.findings import CauseKind
from machines.investigator.reasoning.tables import words

_MONTHS: Final = (  # noqa: SIM905
    "jan(?:uary)? feb(?:ruary)? mar(?:ch)? apr(?:il)? may june? "
    "july? aug(?:ust)? sept?(?:ember)? oct(?:ober)? nov(?:ember)? dec(?:ember)?"
).split()
_NUMBERS: Final[dict[str, int]] = {name[:3]: n for n, name in enumerate(_MONTHS, 1)}
_MONTH: Final = rf"(?:{'|'.join(_MONTHS)})\b\.?"
_PATTERNS: Final = (
    (re.compile(r"(?<!\d)(?P<y>\d{4})[-/.](?P<m>\d\d?)[-/.](?P<d>\d\d?)(?!\d)", re.ASCII)),
    (re.compile(r"(?<!\d)(?P<d>\d\d?)\.(?P<m>\d\d?)\.(?P<y>\d{4})(?!\d)", re.ASCII)),
    re.compile(
        rf"(?<!\d)(?P<d>\d\d?)(?:st|nd|rd|th)?(?: of)? (?P<m>{_MONTH}),?(?: (?P<y>\d{{4}}))?",
        re.ASCII,
    ),
    re.compile(
        rf"\b(?P<m>{_MONTH}) (?P<d>\d\d?)(?:st|nd|rd|th)?(?!\d)(?:,? (?P<y>\d{{4}}))?", re.ASCII
    ),
)
_SYMPTOMS: Final = {
    kind: re.compile(rf"\b(?:{pattern})", re.ASCII)
    for kind, pattern in {
        CauseKind.NULL_SPIKE: "null|empty|blank|incomplete|unknown|not filled|without a value",
        CauseKind.MISSING_DAY: "no (?!longer|more)|missing|gone|vanish|disappear|zero|nothing",
        CauseKind.DUPLICATE_LOAD: "doubl|twice|duplicat|two times|too many",
        CauseKind.SCHEMA_CHANGE: "schema|column|format|renamed|parse|cast|fail|type",
        CauseKind.BROKEN_JOIN: "join|orphan|match|refer|key|unassigned",
        CauseKind.LATE_DATA: "late\\b|delay|in time|not yet|arriv|behind|lag",
        CauseKind.UNIT_CHANGE: "unit|average|amount|price|too (?:high|low|large|small)|jump|cents",
        CauseKind.TRUNCATED_BATCH: "truncat|too few|fewer|cut|partial|half|part of|incomplete",
        CauseKind.TIME_ZONE: "time ?zone|clock|hour|shift|utc|night",
        CauseKind.STALE_DIMENSION: "stale|outdated|out of date|old|not updated|obsolete",
    }.items()
}
_YEARS: Final = range(1995, 2051)
"""Possible years of a day that is named without one."""


@frozen
class Hints:
    """The days, tables and symptoms in a question, which set priorities and no limits.

    Attributes:
        days: The days; a day without a year is one of many years.
        tables: The tables.
        kinds: The kinds of causes that its words suggest.
    """

    days: frozenset[date]
    tables: tuple[str, ...]
    kinds: frozenset[CauseKind] = frozenset()

    @classmethod
    def read(cls, question: str, tables: Iterable[str]) -> Hints:
        """Read a question.

        >>> hints = Hints.read("no orders on 2026-03-02?", ["order_lines", "orders"])
        >>> hints.tables, [kind.value for kind in hints.kinds]
        (('orders',), ['missing_day'])
        >>> sorted(Hints.read("what was wrong on March 2nd, 2026?", []).days)
        [datetime.date(2026, 3, 2)]
        """
        days = {
            day
            for pattern in _PATTERNS
            for found in pattern.finditer(question.lower())
            for day in _days(found)
        }
        said = words(question)
        names = list(tables)
        whole = tuple(one for one in names if words(one) and words(one) <= said)
        partly = tuple(one for one in names if words(one) & said)
        kinds = {kind for kind, words_ in _SYMPTOMS.items() if words_.search(question.lower())}
        return cls(frozenset(days), whole or partly, frozenset(kinds))

    def near(self, day: date | None, last: date | None = None) -> bool:
        """Tell whether a day is named, or the day before or after it.

        Args:
            day: The day.
            last: The last of several days, if there are several.
        """
        if day is None or not self.days:
            return False
        around = (day + timedelta(n) for n in range(-1, 2) if date.min < day < date.max)
        return any(one in self.days for one in around) or (
            last is not None and any(day <= one <= last for one in self.days)
        )


def _days(found: re.Match[str]) -> list[date]:
    month = found["m"]
    number = int(month) if month.isdigit() else _NUMBERS[month[:3]]
    years = [int(found["y"])] if found["y"] else _YEARS
    days = []
    for year in years:
        try:
            days.append(date(year, number, int(found["d"])))
        except ValueError:
            continue
    return days
