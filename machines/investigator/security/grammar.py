"""The grammar of a permitted SELECT: kinds of nodes, and the parts that each may have.

Everything else is refused: a statement that writes, a lock, a sample, a pivot, a hint, and syntax
that a later sqlglot learns to read.
"""

from __future__ import annotations

from typing import Any, Final

from machines.investigation.scope import Dialect, ascii_lower
from machines.investigator.security.functions import check_call, listed
from machines.investigator.security.violation import SecurityViolation

QUERIES: Final = frozenset({"Except", "Intersect", "Select", "Union"})
"""The permitted statements."""

_EXPECTED: Final = {
    "CTE": QUERIES | {"Values"},
    "From": frozenset({"Lateral", "Subquery", "Table", "Values"}),
    "Join": frozenset({"Lateral", "Subquery", "Table", "Values"}),
    "Lateral": frozenset({"Subquery"}),
    "Table": frozenset({"Identifier"}),
}
"""The parts of each kind of source; a function that returns a table is not among them."""

_BINARY: Final = """
    Add And BitwiseAnd BitwiseLeftShift BitwiseOr BitwiseRightShift Collate DPipe Div EQ Escape GT
    GTE Glob ILike Is LT LTE Like Mod Mul NEQ NullSafeEQ NullSafeNEQ Or Pow RegexpILike RegexpLike
    Sub
"""

_PARTS: Final[dict[str, str]] = {
    **dict.fromkeys(_BINARY.split(), "this expression negate safe typed"),
    **dict.fromkeys(
        ("Except", "Intersect", "Union"), "this expression distinct with order limit offset"
    ),
    "Alias": "this alias",
    "All": "this",
    "Any": "this",
    "Array": "expressions value_constructor bracket_notation",
    "AtTimeZone": "this zone",
    "Between": "this low high symmetric",
    "BitwiseNot": "this",
    "Boolean": "this",
    "CTE": "this alias materialized",
    "Case": "this ifs default",
    "Cast": "this to",
    "Column": "this table db",
    "Cube": "expressions",
    "DataType": "this expressions nested",
    "DataTypeParam": "this",
    "Distinct": "expressions on",
    "Exists": "this",
    "Fetch": "direction count limit_options",
    "Filter": "this expression",
    "From": "this",
    "Group": "expressions rollup cube grouping_sets",
    "GroupingSets": "expressions",
    "Having": "this",
    "Identifier": "this quoted",
    "If": "this true false",
    "In": "this expressions query",
    "Interval": "this unit",
    "JSONPath": "expressions",
    "JSONPathKey": "this",
    "JSONPathRoot": "",
    "JSONPathSubscript": "this",
    "Join": "this on using side kind method",
    "Lateral": "this alias view outer ordinality",
    "Limit": "expression offset",
    "LimitOptions": "rows with_ties",
    "Literal": "this is_string",
    "Neg": "this",
    "Not": "this",
    "Null": "",
    "NullSafeEQ": "this expression",
    "Offset": "expression",
    "Order": "this expressions",
    "Ordered": "this desc nulls_first",
    "Paren": "this",
    "Rollup": "expressions",
    "Select": "expressions from joins where group having windows distinct order limit offset with",
    "Star": "",
    "Subquery": "this alias with",
    "Table": "this db alias joins",
    "TableAlias": "this columns",
    "Tuple": "expressions",
    "Values": "expressions alias",
    "Var": "this",
    "Where": "this",
    "Window": "this alias over partition_by order spec",
    "WindowSpec": "kind start start_side end end_side",
    "With": "expressions recursive",
    "WithinGroup": "this expression",
}

_ONLY: Final[dict[Dialect, frozenset[str]]] = {
    "sqlite": frozenset({"BitwiseAnd", "BitwiseLeftShift", "BitwiseNot", "BitwiseOr"})
    | {"BitwiseRightShift", "Glob"},
    "postgres": frozenset({"All", "Any", "Array", "AtTimeZone", "Cube", "Fetch", "GroupingSets"})
    | {"ILike", "Interval", "Lateral", "LimitOptions", "RegexpILike", "RegexpLike", "Rollup"}
    | {"WithinGroup"},
}
"""Kinds of nodes that only one of the databases has."""

PARTS: Final = {kind: frozenset(parts.split()) for kind, parts in _PARTS.items()}
"""Kinds of nodes other than calls, and the parts that each may have."""

_TYPES: Final = listed(
    """
    ARRAY BIGINT BOOLEAN CHAR DATE DECIMAL DOUBLE FLOAT INT INTERVAL JSON JSONB SMALLINT TEXT
    TIME TIMESTAMP TIMESTAMPTZ UUID VARCHAR
    """
)

_JOINS: Final = {
    "side": frozenset({"LEFT", "RIGHT", "FULL"}),
    "kind": frozenset({"CROSS", "INNER", "OUTER"}),
    "method": frozenset({"NATURAL"}),
}

_VARS: Final = listed(
    """
    binary century day decade dow doy epoch hour isodow isoyear julian microsecond microseconds
    millennium millisecond milliseconds minute month nocase quarter rtrim second timezone
    timezone_hour timezone_minute week year
    """
)
"""Units of time, and the collations of SQLite."""

_RESERVED: Final[dict[Dialect, frozenset[str]]] = {
    "sqlite": listed(
        """
    add all alter and as autoincrement between case check collate commit constraint create
    default deferrable delete distinct drop else escape except exists foreign from group having
    in index insert intersect into is isnull join limit not nothing notnull null on or order
    primary references returning select set table then to transaction union unique update using
    values when where
    """
    ),
    "postgres": listed(
        """
    all analyse analyze and any array as asc asymmetric authorization binary both case cast
    check collate collation column concurrently constraint create cross current_catalog
    current_date current_role current_schema current_time current_timestamp current_user default
    deferrable desc distinct do else end except false fetch for foreign freeze from full grant
    group having ilike in initially inner intersect into is isnull join lateral leading left
    like limit localtime localtimestamp natural not notnull null offset on only or order outer
    overlaps placing primary references returning right select session_user similar some
    symmetric system_user table tablesample then to trailing true union unique user using
    variadic verbose when where window with
    """
    ),
}
"""Words that are names only in quotes; sqlglot reads many of them as names."""


def check_node(node: Any, dialect: Dialect) -> None:
    """Refuse a node that is not part of a permitted SELECT."""
    kind = type(node).__name__
    parts = PARTS.get(kind)
    if any(kind in kinds for other, kinds in _ONLY.items() if other != dialect):
        raise SecurityViolation("construct", kind)
    if kind in ("DataType", "ObjectIdentifier", "PseudoType"):
        name = getattr(node.this, "name", str(node.this))
        if name not in _TYPES or (name == "ARRAY" and dialect == "sqlite"):
            made_up = node.args.get("kind")
            raise SecurityViolation(
                "type", ascii_lower(str(getattr(made_up, "name", made_up) or name))
            )
    if parts is None:
        if not _is_call(node):
            raise SecurityViolation("construct", kind)
        check_call(node, dialect)
        return
    for part, value in node.args.items():
        if value is None or value is False or value == []:
            continue
        if part.rstrip("_") not in parts:
            raise SecurityViolation("clause", part.rstrip("_"))
    _check_shape(kind, node, dialect)


def _is_call(node: Any) -> bool:
    return any(base.__name__ == "Func" for base in type(node).__mro__)


def _check_shape(kind: str, node: Any, dialect: Dialect) -> None:
    """Refuse parts of a kind that do not belong there."""
    below = type(node.args.get("this")).__name__
    if kind in ("CTE", "From", "Join", "Lateral", "Table"):
        _check_source(kind, node, below)
    elif kind == "Identifier":
        if not node.args.get("quoted") and ascii_lower(node.name) in _RESERVED[dialect]:
            raise SecurityViolation("name", node.name)
    elif kind == "Column":
        around = {type(node.args.get(part)).__name__ for part in ("table", "db")}
        if below not in ("Identifier", "Star") or not around <= {"Identifier", "NoneType"}:
            raise SecurityViolation("name", "column")
    elif kind == "Var" and ascii_lower(node.name) not in _VARS:
        raise SecurityViolation("construct", "word")


def _check_source(kind: str, node: Any, below: str) -> None:
    """Refuse a source that is neither a table nor a query."""
    expected = _EXPECTED[kind]
    if below not in expected:
        rule = {"CTE": "statement", "Table": "function", "Lateral": "function"}.get(kind)
        named = getattr(node.this, "name", None) if rule == "function" else below
        raise SecurityViolation(rule or "construct", named or ascii_lower(kind))
    for part, words in _JOINS.items() if kind == "Join" else ():
        word = node.args.get(part)
        if word and str(word).upper() not in words:
            raise SecurityViolation("clause", part)
