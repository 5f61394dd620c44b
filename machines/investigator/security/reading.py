"""The tree of a query by sqlglot, if sqlglot reads it like the database."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any, Final

from sqlglot import TokenType
from sqlglot.dialects.dialect import Dialect as Reader
from sqlglot.errors import ErrorLevel, SqlglotError

from machines.investigation.scope import Dialect
from machines.investigator.security.spelling import Token
from machines.investigator.security.violation import SecurityViolation

_QUIET: Final[ContextVar[bool]] = ContextVar("quiet", default=False)

_KINDS: Final = {
    TokenType.STRING: "string",
    TokenType.IDENTIFIER: "quoted",
    TokenType.NUMBER: "number",
}


class _Discretion(logging.Filter):
    """Keeps messages of sqlglot about our queries out of the logs: they repeat the query."""

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 - whatever it says
        return not _QUIET.get()


logging.getLogger("sqlglot").addFilter(_Discretion())


def read(tokens: Sequence[Token], dialect: Dialect) -> Any:
    """Return the tree of a query by sqlglot.

    sqlglot sees the tokens without the text between them, and must cut the same tokens: a string to
    us is a string to sqlglot.

    Raises:
        SecurityViolation: It cannot be read, is more than one statement, or is read in two ways.

    >>> from machines.investigator.security.spelling import spell
    >>> read(spell("SELECT 1 /* one */;", "sqlite"), "sqlite").sql()
    'SELECT 1'
    """
    text = _spread(tokens)
    mark = _QUIET.set(True)
    try:
        trees, cause = _parse(text, tokens, dialect), "query"
    except RecursionError:
        trees, cause = None, "nesting"
    except Exception:  # noqa: BLE001 - whatever fails, the query is refused
        trees, cause = None, "query"
    finally:
        _QUIET.reset(mark)
    # Raised out here, so that sqlglot's error, which repeats the query, is not its context.
    if trees is None:
        raise SecurityViolation("depth" if cause == "nesting" else "syntax", "query")
    if len(trees) != 1 or trees[0] is None:
        raise SecurityViolation("statement", "query")
    return trees[0]


def _spread(tokens: Sequence[Token]) -> str:
    """Return the tokens at their positions, with spaces between them."""
    parts: list[str] = []
    position = 0
    for token in tokens:
        parts.append(" " * (token.start - position))
        parts.append(token.text)
        position = token.end
    return "".join(parts)


def _parse(text: str, tokens: Sequence[Token], dialect: Dialect) -> list[Any]:
    reader = Reader.get_or_raise(dialect)
    theirs = reader.tokenize(text)
    if not agree(tokens, [(token.token_type, token.start, token.end + 1) for token in theirs]):
        raise SqlglotError("the tokens differ")
    return list(reader.parser(error_level=ErrorLevel.IMMEDIATE).parse(theirs, text))


def agree(ours: Sequence[Token], theirs: Sequence[tuple[Any, int, int]]) -> bool:
    """Tell whether two readers cut a query into the same pieces.

    sqlglot may join words (``GROUP BY``), and split an operator (``!~``).
    """
    place = 0
    for kind, start, end in theirs:
        if place == len(ours) or ours[place].start != start:
            # The rest of an operator, or a piece that we do not know.
            if place and ours[place - 1].kind == "operator" and end <= ours[place - 1].end:
                continue
            return False
        after = place
        while after < len(ours) and ours[after].end <= end:
            after += 1
        if after == place:
            if ours[place].kind != "operator":
                return False
            place += 1
            continue
        if ours[after - 1].end != end:
            return False
        covered = ours[place:after]
        if len(covered) > 1:
            if not all(token.kind == "word" for token in covered):
                return False
        elif _KINDS.get(kind) != (covered[0].kind if covered[0].kind in _KINDS.values() else None):
            return False
        place = after
    return place == len(ours)
