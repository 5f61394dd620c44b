"""True anomalies of the bases as they are: what is found in them without a plant, and why it is there.

Each was looked up in the data itself. A finding that one of these explains is no false alarm; a
plant beside it must be named first all the same. The bases that are kept out of sight have no
entry: whatever is found in them counts as an alarm.
"""

from __future__ import annotations

from datetime import date
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
        return same and cause.date is not None and self.first <= cause.date <= self.last


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
}
"""The anomalies of each base that has one."""
