"""True anomalies of the data as it is: what is found in it without a plant, and why it is there.

Each was looked up in the data itself. A finding that one of these explains is no false alarm; a
plant beside it must be named first all the same. The bases that are kept out of sight have no
entry: whatever is found in them counts as an alarm.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from attrs import frozen

from machines.investigation import Cause, CauseKind


@frozen
class Anomaly:
    """An anomaly that a base has by nature.

    Attributes:
        kind: What the rules take it for.
        table: The table.
        first: Its first day.
        last: Its last day.
        why: What happened, and what the data shows of it.
    """

    kind: CauseKind
    table: str
    first: date
    last: date
    why: str

    def explains(self, cause: Cause) -> bool:
        """Tell whether a finding is this anomaly."""
        same = (cause.kind, cause.table) == (self.kind, self.table)
        return same and self.explains_day(cause)

    def explains_day(self, cause: Cause, slack: int = 0) -> bool:
        """Tell whether a finding begins on one of its days, or so many days beside them."""
        more = timedelta(slack)
        return cause.date is not None and self.first - more <= cause.date <= self.last + more


ANOMALIES: Final[dict[str, tuple[Anomaly, ...]]] = {
    "flights": (
        Anomaly(
            CauseKind.NULL_SPIKE,
            "flights",
            date(2013, 2, 8),
            date(2013, 2, 9),
            "The blizzard of 8 and 9 February 2013 closed the airport: 46 % of the flights were "
            "cancelled, and have no delay, no time in the air, on other days 1 %.",
        ),
    ),
    "glucose": (
        Anomaly(
            CauseKind.TRUNCATED_BATCH,
            "cgm",
            date(2010, 4, 25),
            date(2010, 4, 25),
            "The sensor gave 73 readings of 288, fewer than on any other day.",
        ),
    ),
    "sea": (
        Anomaly(
            CauseKind.TRUNCATED_BATCH,
            "buoy",
            date(2016, 7, 7),
            date(2016, 7, 8),
            "The buoy gave 25 readings of 48 on 8 July 2016; only one other day of the five months "
            "lacks a reading, and that a single one.",
        ),
    ),
    "water": (
        Anomaly(
            CauseKind.TRUNCATED_BATCH,
            "water",
            date(2022, 5, 11),
            date(2022, 5, 13),
            "The gauge gave one reading on 11 May 2022, and nine on 13 May, of 24.",
        ),
    ),
    "stocks": (
        Anomaly(
            CauseKind.UNIT_CHANGE,
            "prices",
            date(2022, 4, 20),
            date(2022, 4, 20),
            "Netflix fell by 35 % in one day, after it had lost subscribers for the first time.",
        ),
    ),
    "rentals": (
        Anomaly(
            CauseKind.UNIT_CHANGE,
            "daily",
            date(2012, 8, 17),
            date(2012, 8, 17),
            "A sensor stood still: it felt like 0.24 on a day of 0.72, and on no other day do the two "
            "differ so.",
        ),
        Anomaly(
            CauseKind.UNIT_CHANGE,
            "daily",
            date(2012, 10, 29),
            date(2012, 10, 29),
            "A hurricane: 22 bicycles were rented, where thousands are.",
        ),
    ),
    "shares": (
        Anomaly(
            CauseKind.UNIT_CHANGE,
            "shares",
            date(2005, 2, 28),
            date(2005, 2, 28),
            "Each share of Apple became two.",
        ),
        Anomaly(
            CauseKind.MISSING_DAY,
            "shares",
            date(2001, 9, 11),
            date(2001, 9, 14),
            "The exchanges were closed after the attacks of 11 September 2001.",
        ),
        Anomaly(
            CauseKind.UNIT_CHANGE,
            "shares",
            date(2012, 5, 18),
            date(2012, 5, 18),
            "Facebook, which is cheaper than the others, is traded from this day on.",
        ),
        Anomaly(
            CauseKind.MISSING_DAY,
            "shares",
            date(2012, 10, 29),
            date(2012, 10, 30),
            "A hurricane closed the exchanges for two days.",
        ),
    ),
}
"""The anomalies of each base that has one, and of other tables that `calm` cuts."""
