"""Spelling: the tokens of a query, in the part of SQL that every reader reads alike.

Another parser than the database's own may read a comment as a string, or a string as a name. So a
query is first cut into tokens by rules that follow the database's own to the letter, for the part
of its syntax that leaves no doubt; everything else is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, Literal, TypeAlias

from attrs import field, frozen

from machines.investigation.scope import Dialect, ascii_lower
from machines.investigator.security.violation import SecurityViolation

Kind: TypeAlias = Literal["word", "quoted", "string", "number", "operator", "point"]

MAX_LENGTH: Final = 10_000
"""Greatest length of a query, in characters."""
MAX_TOKENS: Final = 2_000
"""Greatest number of tokens of a query."""
MAX_DEPTH: Final = 24
"""Greatest number of parentheses open at a time."""
MAX_NAME: Final[dict[Dialect, int]] = {"sqlite": 128, "postgres": 63}
"""Greatest length of a name, in bytes; PostgreSQL cuts longer ones, and finds another table."""


@frozen
class Token:
    """A token of a query, with its position.

    Attributes:
        kind: Its kind.
        text: Its text.
        start: Position of its first character.
        end: Position after its last character.
    """

    kind: Kind
    text: str = field(repr=False)
    start: int
    end: int

    @property
    def word(self) -> str:
        """The word in lower case; nothing for any other token."""
        return ascii_lower(self.text) if self.kind == "word" else ""


_NUMBER = r"(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.$]))"
_WORD = r"(?P<word>[A-Za-z_][A-Za-z0-9_]*)"
_SPACE = r"(?P<space>(?:[ \t\n]|\r\n)+)"
_STRING = r"(?P<string>'(?:[^']|'')*')"
# A comment may not contain the beginning or end of another: PostgreSQL nests them, SQLite does not.
# It may not begin like a hint either, which some readers execute.
_COMMENT = r"(?P<comment>--[^\r\n]*(?=\r?\n|\Z)|/\*(?![+!])(?:(?!/\*|\*/)[\s\S])*\*/)"
_ESCAPED = r"(?P<escaped>[uU]&['\"])"

_COMMONS = (_SPACE, _COMMENT, _ESCAPED, _STRING, _NUMBER, _WORD)
_SQLITE = (
    r"(?P<quoted>\"(?:[^\"]|\"\")+\"|`(?:[^`]|``)+`|\[[^\[\]]+\])",
    r"(?P<operator>(?!--|/\*)(?:->>|->|\|\||<=|>=|<>|!=|==|<<|>>|[-+*/%=<>&|~]))",
    r"(?P<point>[(),.;])",
)
_POSTGRES = (
    r"(?P<quoted>\"(?:[^\"]|\"\")+\")",
    # As long as possible, up to the beginning of a comment; see `_operator`.
    r"(?P<operator>(?:(?!--|/\*)[-+*/<>=~!@#%^&|`?])+)",
    r"(?P<point>::|[(),.;\[\]])",
)
_SHAPES: Final[dict[Dialect, re.Pattern[str]]] = {
    "sqlite": re.compile("|".join(_COMMONS + _SQLITE)),
    "postgres": re.compile("|".join(_COMMONS + _POSTGRES)),
}

_OPERATORS: Final = frozenset(
    "+ - * / % ^ || < > <= >= = <> != -> ->> ~ ~* !~ !~*".split()  # noqa: SIM905 - easier to read
)
_ANY_OF: Final = frozenset("~!@#%^&|`?")
_PLACEHOLDERS: Final = frozenset("?:@$#{}")


def spell(sql: str, dialect: Dialect) -> tuple[Token, ...]:
    """Return the tokens of a query, without comments and without a semicolon at the end.

    Raises:
        SecurityViolation: It is too long or too deep, or can be read in two ways.

    >>> [token.text for token in spell("SELECT n -- all\\nFROM orders;", "sqlite")]
    ['SELECT', 'n', 'FROM', 'orders']
    >>> spell("SELECT $$;$$", "postgres")
    Traceback (most recent call last):
    machines.investigator.security.violation.SecurityViolation: [SC511] security.placeholder: …
    """
    if not isinstance(sql, str):
        raise SecurityViolation("syntax", "query")
    if len(sql) > MAX_LENGTH:
        raise SecurityViolation("length", "query")
    # A NUL ends a string in C, and a lone surrogate cannot be encoded.
    if re.search(r"[\x00\ud800-\udfff]", sql):
        raise SecurityViolation("character", "character")
    tokens = list(_cut(sql, dialect))
    _hold_apart(tokens)
    if tokens and tokens[-1].text == ";":
        tokens.pop()
    if len(tokens) > MAX_TOKENS:
        raise SecurityViolation("length", "query")
    _check_points(tokens)
    return tuple(tokens)


def _cut(sql: str, dialect: Dialect) -> Iterator[Token]:
    """Cut a query into tokens, from left to right."""
    shapes = _SHAPES[dialect]
    position = 0
    while position < len(sql):
        found = shapes.match(sql, position)
        if found is None:
            raise _unreadable(sql, position)
        kind, text, start = found.lastgroup, found.group(), position
        position = found.end()
        if kind in ("space", "comment"):
            continue
        if kind == "escaped":
            raise SecurityViolation("name", "escapes")
        # With standard_conforming_strings off, this quote is part of the string.
        if kind == "string" and dialect == "postgres" and "\\'" in text:
            raise SecurityViolation("literal", "backslash")
        if kind in ("word", "quoted"):
            _check_name(text, dialect)
        if kind == "operator" and dialect == "postgres":
            text = _operator(text)
            position = start + len(text)
        yield Token(kind, text, start, position)  # type: ignore[arg-type]


def _check_points(tokens: list[Token]) -> None:
    """Refuse a second statement, and parentheses that are too deep or do not match."""
    depth = 0
    for token in tokens:
        if token.kind != "point":
            continue
        if token.text == ";":
            raise SecurityViolation("stacked", "semicolon")
        depth += (token.text in "([") - (token.text in ")]")
        if depth > MAX_DEPTH:
            raise SecurityViolation("depth", "query")
        if depth < 0:
            break
    if depth != 0:
        raise SecurityViolation("syntax", "parentheses")


def check_values(tokens: Sequence[Token]) -> None:
    """Refuse VALUES outside parentheses: there PostgreSQL reads it as the name of a table."""
    for index, token in enumerate(tokens):
        around = [each.text for each in tokens[max(index - 1, 0) : index + 2 : 2]]
        if token.word == "values" and around != ["(", "("]:
            raise SecurityViolation("name", "values")


def _operator(run: str) -> str:
    """Return the operator at the beginning of a run of signs (PostgreSQL, section 4.1.3)."""
    # Several signs end in a plus or minus only with a sign that standard SQL does not have.
    text = run
    if not _ANY_OF.intersection(run):
        text = run.rstrip("+-") or run[0]
    if text not in _OPERATORS:
        raise SecurityViolation("construct", "operator")
    return text


def _check_name(text: str, dialect: Dialect) -> None:
    """Refuse a name that the database would cut, or that does not print."""
    name = text[1:-1] if text[0] in '"`[' else text
    if len(name.encode()) > MAX_NAME[dialect] or not name.isprintable():
        raise SecurityViolation("name", "name")


def _hold_apart(tokens: list[Token]) -> None:
    """Refuse values that touch: a letter before a quote gives it another meaning."""
    values = ("word", "quoted", "string", "number")
    for before, after in pairwise(tokens):
        if before.end == after.start and before.kind in values and after.kind in values:
            raise SecurityViolation("literal", "prefix")
        if before.kind == after.kind == "string":
            # On two lines, PostgreSQL joins them.
            raise SecurityViolation("literal", "strings")


def _unreadable(sql: str, position: int) -> SecurityViolation:
    """Return the error for a position at which no token begins."""
    character = sql[position]
    if character in "'\"`[":
        return SecurityViolation("syntax", "quotes")
    if sql.startswith(("/*", "--"), position):
        return SecurityViolation("comment", "comment")
    if character.isdigit():
        return SecurityViolation("literal", "number")
    if character in _PLACEHOLDERS:
        return SecurityViolation("placeholder", "placeholder")
    return SecurityViolation("character", "character")
