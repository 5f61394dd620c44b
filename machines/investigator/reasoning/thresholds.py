"""Thresholds: the numbers by which the rules decide, each with its reason.

Strengths are in standard deviations of what is usual; shares are parts of one; days are days. They
were set on two thirds of the databases of ``tests/reality``, and hold on the others.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen


@frozen
class Scale:
    """The score of a strength: from ``floor``, by two thirds of the rest with each ``scale``.

    A finding that has only just been made stays below 0.8, one of twice the strength does not.
    """

    floor: float
    scale: float = 6.0
    most: float = 1.0


# Scores. What is seldom anything else may come nearer to one.
TRUNCATED: Final = Scale(0.6, most=0.95)  # fewer rows have many reasons
MISSING: Final = Scale(0.6, most=0.95)  # no rows have a few
MOVED: Final = Scale(0.65, most=0.95)  # rows missing here and in excess on the next day, fewer
EMPTY: Final = Scale(0.5)
FORM: Final = Scale(0.5, most=0.98)  # a key that is spelt anew is a reference that breaks
UNIT: Final = Scale(0.5, 10.0, most=0.99)  # prices and temperatures jump by nature
UNIT_IN_PART: Final = Scale(0.4, 10.0, most=0.99)  # the largest numbers alone do so more often
CLOCK: Final = Scale(0.5, 12.0, most=0.985)  # hours come in clusters, so that strengths are large
GAP_OF_CLOCK: Final = Scale(0.5, 12.0, most=0.8)  # a gap at midnight looks the same
OFFSET: Final = Scale(0.8)  # the offset is written down
LAG: Final = Scale(0.5, 8.0)
LOST: Final = Scale(0.5, most=0.985)
NOT_KEPT_UP: Final = Scale(0.5, most=0.985)
SILENT: Final = Scale(0.75, most=0.97)  # a table that was kept up as regularly as another is told
SILENT_OFTEN: Final = Scale(0.75, 10.0, most=0.96)
TWICE: Final = Scale(0.7, 5.0, most=0.995)  # rows alike in each cell are no chance
GONE_SCORE: Final = 0.7  # names alone tell that the references were ever whole
WHOLE_SCORE: Final = 0.85  # a table that is written as a whole, and was not
OPEN_SCORE: Final = 0.56  # the last day of the data is seldom whole
HOLIDAY_SCORE: Final = 0.83  # a holiday has fewer rows, too, until its last hour (times `most`)
EVENT: Final = 0.8  # factor of a change of units if more changed than that
DOUBT: Final = 0.79  # it is unusual, and has happened by itself: a single value, a holiday

# Ranking.
LEAST: Final = 0.5  # a finding that is less sure is not reported
EXPLAINED: Final = 0.6  # factor of a score where another finding is the cause
WEAKER: Final = 0.15  # a wrong clock that scores less by this explains no other finding
NAMED_KIND: Final = (
    0.25  # so much less sure may be what fits the words of the question, to go first
)
NAMED_TABLE: Final = 0.1  # or what is in the table that it names

# Days.
WEEK: Final = 7  # what happens differs by the day of the week
FORTNIGHT: Final = 14  # two weeks show a usual week

# Rows by day.
BUSY: Final = 10  # usual rows; a day of a smaller table may be empty by chance
MANY: Final = 20  # usual rows; a part of fewer may be missing by chance
ONE: Final = 0.9  # usual rows of a day that always has one
STEADY: Final = 0.25  # variation as a part of chance; less of it is no chance but a rule
LEAST_NOISE: Final = 0.04  # no level is known better than by a few per cent
NEW_LEVEL: Final = 1.5  # times the rows before: the days after show what is usual
WEAK: Final = 3.3  # strength that is enough where the question names the day, or nothing is like it
STRONG: Final = 4.4  # strength that chance has once in some hundred years of days
TOGETHER_NAMED: Final = 4.2  # the same with the improbability of a day's end added,
TOGETHER: Final = 5.5  # which is high by chance in small tables
SHORT: Final = 0.6  # of the usual rows; a day that has more is an ordinary bad one,
SHORT_NAMED: Final = 0.65  # unless the question names it,
SHORT_STEADY: Final = 0.8  # or each day has as many rows
CUT: Final = 0.75  # of the usual rows, where they stop at some hour
UNLIKELY: Final = 20.0  # negative logarithm of the chance that no row comes after the last
LIKE: Final = 0.75  # of what is missing; as much on other days makes it like those
USUAL_DAYS: Final = 0.04  # of the days may be like a short one; more of them are usual
USUAL_GAPS: Final = 0.015  # holidays of ten in a year are this many
BY_CHANCE: Final = 0.01  # gaps of a length that chance makes in the whole series
RESTS: Final = 0.1  # of the Sundays have rows, at most, in a table that rests on Sundays;
HOLIDAYS: Final = 2  # such a table may rest on so many more days, or a whole week
YEAR_ENDS: Final = (12, 24), (1, 6)  # months and days from which and until which many rest
FEW_DAYS: Final = 3  # days alike may be one incident each
FEW_GAPS: Final = 4
MADE_UP: Final = 0.5  # of the missing rows are in excess on the next day
MADE_UP_NOISE: Final = 1.5  # and more than chance puts there
ALONE: Final = (0.5, 1.6)  # of the rows of a part are missing of all: not moved, and no others
END_OF_TABLE: Final = 8  # a table that was silent for more than an eighth of its days has ended

# Rates: empty values, forms, lost references.
RISE: Final = 0.15  # of the rows; a smaller rise may be a new habit
RISE_NEW: Final = 0.04  # of the rows, where the value never was there before
RISE_NULL: Final = 0.12
RISE_FORM: Final = 0.4  # forms are of all values or of none
RISE_LOST: Final = 0.1
RATE_NOISE: Final = 0.01  # variance of a rate below which no rate is known
FULL: Final = 5.0  # rows of a day that are enough for a rate
RENAMED: Final = 0.9  # of the values are empty in a column that was renamed,
HEIR: Final = (0.95, 0.5)  # and so in its heir: before at least, and since at most

# Sizes of numbers, compared by the inverse of sinh, a logarithm but around zero.
FACTOR: Final = 1.35  # the least factor; pounds to kilograms is 2.2, miles to kilometres 1.6
FACTOR_IN_PART: Final = 5.0  # of the largest numbers alone, which vary more
BEYOND: Final = 7.0  # strength; numbers of a day swing for days
BEYOND_IN_PART: Final = 9.0  # of a part of the rows: there are many parts
ALIKE: Final = (0.6, 1.5)  # small and large numbers change by like factors,
EVEN: Final = (0.8, 1.25)  # and by the same one in another unit: goods have prices of their own
NEAR_UNIT: Final = 0.1  # logarithm; rounding and growth are less
EXACT: Final = 0.03  # the same where numbers are steady; prices that rise by half are in no miles
MIX: Final = 1.5  # times the rows: other kinds of rows have begun or ended
AT_ONCE: Final = 0.75  # of a change happens between two days, else it is a drift
RECORD: Final = 2.0  # times the largest change on other days; less of it happens by itself,
RECORD_NAMED: Final = 1.4  # of a gap on a day that the question names
LONG_GAP: Final = 4  # days; where rows come in bursts, the length of a gap tells more than its rows
RECORD_OF_MANY: Final = 3.0  # as does more on a single day, in a part, or by no factor of a unit,
FACTOR_OF_MANY: Final = 2.0  # and so does a smaller factor in a part
UNSEEN: Final = 4  # beyond all others by a part of their range: half of the strength is enough
MEASURE: Final = 31  # the days of a month: more different whole numbers are a measure

# Hours of the day.
CLOCK_STRENGTH: Final = 8.0  # there are 24 shifts, and many spans of days
CLOCK_SIGMA: Final = 0.3  # no share of hours is known better
CLOCK_ROWS: Final = (10, 16, 25)  # gain in logarithms: steady, on a named day, otherwise
CLOCK_FIT: Final = 0.7  # of the difference of hours; a new timetable changes more than it moves
EDGE_ROWS: Final = (2, 12)  # rows missing at midnight: steady, otherwise
EDGE_LIKE: Final = 0.6  # as large a gap on another day shows that gaps are usual
SAME_DAY: Final = 0.8  # of the rows have the same day in both columns

# Lags.
PLANNED: Final = 24  # hours; dates that spread by more are planned, and no times of loading

# References.
HELD: Final = 0.08  # of the references are lost in a link that holds,
HELD_NUMBERS: Final = 0.02  # fewer where only numbers make it a link
WITHIN: Final = 0.7  # of the values are keys, as far as a sample can tell
BEGAN_DAYS: Final = 0.6  # of the days since have lost references,
BEGAN_SHARE: Final = 0.6  # of at most so many rows: new keys come one by one
BEGAN_ROWS: Final = 10
BEGAN_STRENGTH: Final = 4.0  # none was lost before, in so many rows that it is no chance
GONE_ROWS: Final = 20
GONE: Final = (0.01, 0.6)  # of the references: fewer are dirt, more are no references

# Rows that are there twice.
TWICE_ROWS: Final = (3, 5)  # where no others are, and where some are
TWICE_SHARE: Final = 0.2  # of a day; half a load that came twice is a third
TWICE_MORE: Final = 0.1  # more than on four of five days

# Tables that are not kept up.
ENDED: Final = 0.6  # of the time of the facts; what was silent for longer was whole
SILENCE: Final = 3  # days, and times the longest silence before
