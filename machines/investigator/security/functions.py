"""The functions that a query may call, for each dialect: those of one row, one group, one window.

They are few on purpose. No function of the list reads a file, a setting or a catalogue, writes,
waits or sends, makes a large value of small ones (``randomblob``, ``zeroblob``, ``printf``,
``repeat``, ``lpad``, ``generate_series``), or returns a table.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Any, Final

from machines.investigation.scope import Dialect
from machines.investigator.security.spelling import Token
from machines.investigator.security.violation import SecurityViolation


def listed(words: str) -> frozenset[str]:
    """Return the words of a list that is written as a string.

    >>> sorted(listed("count sum avg"))
    ['avg', 'count', 'sum']
    """
    return frozenset(words.split())


_COMMON: Final = """
    abs avg cast ceil ceiling coalesce count cume_dist dense_rank exp first_value floor lag
    last_value lead length ln log log10 lower ltrim max min mod nth_value ntile nullif percent_rank
    power rank replace round row_number rtrim sign sqrt substr substring sum trim trunc upper
"""
_SQLITE: Final = """
    date datetime glob group_concat ifnull iif instr json_array_length json_extract json_type
    json_valid julianday like likely log2 pow strftime time total typeof unixepoch unlikely
"""
_POSTGRES: Final = """
    age array_agg array_length bool_and bool_or btrim cardinality char_length character_length
    concat concat_ws corr covar_pop covar_samp date_bin date_part date_trunc every extract greatest
    initcap json_array_length jsonb_array_length json_typeof jsonb_typeof least left make_date mode
    now octet_length percentile_cont percentile_disc position regr_intercept regr_r2 regr_slope
    right split_part starts_with stddev stddev_pop stddev_samp string_agg strpos to_char to_date
    to_timestamp var_pop var_samp variance width_bucket
"""

FUNCTIONS: Final[dict[Dialect, frozenset[str]]] = {
    "sqlite": listed(_COMMON + _SQLITE),
    "postgres": listed(_COMMON + _POSTGRES),
}
"""The functions that may be called by name."""

RUNNING: Final = FUNCTIONS["sqlite"] | listed("-> ->> current_date current_time current_timestamp")
"""The functions that SQLite may run, including operators and words without parentheses."""

_BEFORE_PARENTHESES: Final = listed(
    """
    all and any as between by case cube distinct else except exists filter from group having
    ilike in intersect is join lateral like limit materialized not offset on or over rollup
    select sets some then union using values when where
    """
)
"""Words of the grammar that an opening parenthesis may follow."""

MOST_READ: Final = 30_000
"""Greatest number of tokens that sqlglot may read, those counted again that it reads again."""

_MEASURED_TYPES: Final = listed(
    "bit char character decimal float numeric time timestamp timestamptz varchar varying"
)
"""Types that take a length or a precision."""

NODES: Final = listed(
    """
    Abs AnyValue ArrayAgg ArrayLength ArraySize Avg Cast Ceil Coalesce Concat ConcatWs Corr
    Count CovarPop CovarSamp CumeDist CurrentDate CurrentTime CurrentTimestamp Date DateBin
    DatePart DateTrunc DenseRank Exp Extract FirstValue Floor Glob Greatest GroupConcat If
    Initcap JSONArrayLength JSONBTypeof JSONExtract JSONExtractScalar JSONType JSONTypeof
    JSONValid Lag LastValue Lead Least Left Length Like Ln Log Log10 Log2 LogicalAnd LogicalOr
    Lower Ltrim Max Min Mod Mode NthValue Ntile Nullif PercentRank PercentileCont PercentileDisc
    Pow Rank RegrIntercept RegrR2 RegrSlope Replace Right Round RowNumber Rtrim Sign SplitPart
    Sqrt StartsWith Stddev StddevPop StddevSamp StrPosition StrToDate StrToTime StrToUnix
    Substring Sum TimeToStr TimestampTrunc ToChar Trim Trunc TsOrDsToDate TsOrDsToTimestamp
    Typeof UnixToTime Upper Variance VariancePop WidthBucket
    """
)
"""The classes of sqlglot for permitted functions."""


def check_nesting(tokens: Sequence[Token]) -> None:
    """Refuse a query for which sqlglot would take too long.

    sqlglot reads the parentheses of some calls twice: first those of a type, then those of a
    function; and so what follows LIMIT, up to the end of its query. Each level may double the work
    within it; 24 of them would take minutes.

    >>> from machines.investigator.security.spelling import spell
    >>> check_nesting(spell("SELECT " + "date(" * 10 + "day" + ")" * 10, "sqlite"))
    >>> check_nesting(spell("SELECT " + "date(" * 20 + "day" + ")" * 20, "sqlite"))
    Traceback (most recent call last):
    machines.investigator.security.violation.SecurityViolation: [SC511] security.depth: query is …
    """
    factors = [1]
    times, read = 1, 0
    for index, token in enumerate(tokens):
        if token.word == "limit":
            factors[-1] *= 2
            times *= 2
        elif token.kind == "point" and token.text in ("(", "["):
            before = tokens[max(index - 1, 0)]
            called = before.kind in ("word", "quoted") and before.word not in _BEFORE_PARENTHESES
            factors.append(2 if called or token.text == "[" else 1)
            times *= factors[-1]
        elif token.kind == "point" and token.text in (")", "]"):
            times //= factors.pop()
        read += times
        if read > MOST_READ:
            raise SecurityViolation("depth", "query")


def check_calls(
    tokens: Sequence[Token], named: Collection[int], dialect: Dialect
) -> frozenset[str]:
    """Return the functions that a query calls, in lower case; refuse forbidden ones.

    A name with an opening parenthesis is a call, however a parser reads it, unless the name is a
    word of the grammar, or is given to a table together with its columns.

    Args:
        tokens: The query.
        named: Positions of names that are given to tables.
        dialect: The query's dialect.
    """
    permitted = FUNCTIONS[dialect]
    called = set[str]()
    for index, (name, after) in enumerate(pairwise(tokens)):
        if after.text != "(" or name.kind not in ("word", "quoted"):
            continue
        word = name.word
        qualified = index > 0 and tokens[index - 1].text == "."
        if word in permitted and not qualified:
            called.add(word)
        elif qualified or not (
            word in _BEFORE_PARENTHESES or word in _MEASURED_TYPES or name.start in named
        ):
            raise SecurityViolation("function", name.text.strip('"`[]'))
    return frozenset(called)


def check_call(node: Any, dialect: Dialect) -> None:
    """Refuse a node that calls a forbidden function."""
    kind = type(node).__name__
    if kind in ("Anonymous", "AnonymousAggFunc"):
        name = node.this
        if not isinstance(name, str) or name.lower() not in FUNCTIONS[dialect]:
            raise SecurityViolation("function", getattr(name, "name", name))
    elif kind not in NODES:
        raise SecurityViolation("function", node.sql_name().lower())
