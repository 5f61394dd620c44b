"""Violations: the error of a refusal, with the rule and the object, never the data."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Any, Final

from statecharts.model.errors import StatechartError

RULES: Final = MappingProxyType(
    {
        # What is asked for.
        "tool": ("{} is not a tool of the scope", "Call a tool that the scope lists"),
        "argument": (
            "{} does not satisfy the tool's signature",
            "Pass each argument of the signature, and no other",
        ),
        "table": ("{} is not a table of the scope", "Read tables that the scope lists"),
        "catalogue": (
            "{} belongs to the database itself",
            "Use the tools that list and describe tables",
        ),
        "function": ("{} is not a permitted function", "Use functions that the allow-list has"),
        "type": ("{} is not a permitted type", "Cast to a plain type, such as text or numeric"),
        # How it is written.
        "statement": ("{} is not a SELECT", "Ask with one SELECT"),
        "stacked": ("{} comes after the end of the statement", "Ask with one SELECT"),
        "construct": ("{} is not part of a permitted SELECT", "Ask with a plain SELECT"),
        "clause": ("{} is not a permitted clause", "Ask with a plain SELECT"),
        "name": ("{} does not name one thing beyond doubt", "Use plain names"),
        "character": ("{} is not a permitted character here", "Write plain SQL"),
        "literal": ("{} can be read in more than one way", "Write plain literals"),
        "comment": ("{} can be read in more than one way", "Remove the comment"),
        "placeholder": ("{} has no value", "Write the value out"),
        "syntax": ("{} cannot be read beyond doubt", "Write it in the simplest way"),
        "length": ("{} is too long", "Ask for less at once"),
        "depth": ("{} is nested too deeply", "Ask for less at once"),
        # What it does when it runs.
        "action": ("{} is not a permitted action", "Read, and do nothing else"),
        "time": ("{} takes too long", "Ask for less at once"),
        "size": ("{} is too large", "Ask for less at once"),
    }
)
"""Message and remedy of each rule."""

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,62}(\.[A-Za-z_][A-Za-z0-9_$]{0,62}){0,3}")


class SecurityViolation(StatechartError):  # noqa: N818 - the word of the field
    """A query or a call was refused (SC511).

    The message repeats the name of one object, and that only if it is a plain name. Values, names
    that might hold some, and other errors stay out of it.

    Attributes:
        rule: The broken rule; one of `RULES`.
        object: The object that broke it: the name of a table, a function, a tool, a clause.

    >>> print(SecurityViolation("table", "payroll"))
    [SC511] security.table: payroll is not a table of the scope. Read tables that the scope lists.
    >>> SecurityViolation("table", "drop 'that'").object
    '(unprintable)'
    """

    def __init__(self, rule: str, object: str) -> None:  # noqa: A002 - the name that was promised
        told = plain(object)
        found, remedy = RULES.get(rule, ("{} is refused", ""))
        super().__init__("SC511", f"security.{rule}", found.format(told), remedy)
        self.rule = rule
        self.object = told

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.rule, self.object)


class QueryFailedError(StatechartError):
    """A permitted query that the database could not answer (SC512).

    It leaves out the database's own words, which repeat parts of the query and of the data.
    """


def plain(name: object) -> str:
    """Return a name that is safe to print, or ``(unprintable)``.

    >>> plain("main.orders"), plain("o'brien"), plain("two words")
    ('main.orders', '(unprintable)', '(unprintable)')
    """
    return name if isinstance(name, str) and _PLAIN.fullmatch(name) else "(unprintable)"
