"""Conditions: the text of a ``cond``, read as a guard without being evaluated.

A guard is made of ``In('state')``, ``true``, ``false``, and combinations of them with ``not``,
``and``, ``or`` (or ``!``, ``&&``, ``||``) and parentheses. Everything else becomes a name to bind.
An expression is taken apart only where the operators between its parts bind weaker than anything in
them, in ECMAScript as in Python; where that is in doubt, all of it is one name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, final

from statecharts.interop import limits
from statecharts.interop.literals import NOTHING, literal
from statecharts.model.hooks import Hook
from statecharts.model.named import AllOf, AnyOf, Holds, In, Named, Not

_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)
      | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      | (?P<operator>&&|\|\||!(?!=)|\b(?:and|or|not)\b)
      | (?P<open>[(\[{])
      | (?P<close>[)\]}])
      | (?P<compare>[=!]==?|<=|>=|<|>)
      | (?P<odd>[?`#\\;@=,:]|//|/\*)
      | (?P<word>[\w$.]+)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_OPERATORS: Final = {"&&": "and", "||": "or", "!": "not"}
_CLOSING: Final = {"(": ")", "[": "]", "{": "}"}
_WEAK: Final = frozenset(
    {"lambda", "if", "else", "for", "function", "yield", "await", "new", "void"}
)
_OPAQUE: Final = ("`", "#", "\\", ";", "//", "/*", "'", '"')
_TRUTHS: Final = {"true": True, "True": True, "false": False, "False": False}


class _DoubtError(Exception):
    """The text cannot be taken apart with certainty."""


class _Token(NamedTuple):
    """A piece of a condition, with its position."""

    kind: str
    text: str
    start: int
    end: int


def guard(text: str, ids: Mapping[str, str]) -> tuple[Hook, list[str]]:
    """Return a condition as a guard, and the unknown states that it asks for.

    ``ids`` gives the id of each state by its name in the document. In quotes, others never hold.

    >>> guard("In('a') && !(x > 1)", {"a": "b.a"})
    (Hook(In(b.a) and not x > 1), [])
    >>> guard("a ? b : c && d", {})[0].function
    Named(name='a ? b : c && d', data={})
    """
    try:
        if len(text) > limits.CONDITION_LENGTH:
            raise _DoubtError
        reading = _Reading(text, ids)
        return reading.whole(), reading.unknown
    except _DoubtError:
        return Hook(Named(text.strip())), []


@final
class _Reading:
    """A condition being read, by recursive descent."""

    def __init__(self, text: str, ids: Mapping[str, str]) -> None:
        self.source = text
        self.ids = ids
        self.unknown: list[str] = []
        self.at = 0
        self.depth = 0
        self.tokens = [
            _Token(one.lastgroup or "", _OPERATORS.get(one[0], one[0]), *one.span())
            for one in _TOKEN.finditer(text)
            if one.lastgroup != "space"
        ]
        self.partners = self._partners()

    def whole(self) -> Hook:
        """Read all of it."""
        found = self._either()
        if self.at < len(self.tokens):
            raise _DoubtError
        return found

    def _partners(self) -> dict[int, int]:
        """Return the closing bracket of each opening one; refuse to go on where one is missing."""
        found: dict[int, int] = {}
        waiting: list[int] = []
        for i, token in enumerate(self.tokens):
            if token.kind == "open":
                waiting.append(i)
            elif token.kind == "close":
                if not waiting or _CLOSING[self.tokens[waiting[-1]].text] != token.text:
                    raise _DoubtError
                found[waiting.pop()] = i
            elif token.text in _OPAQUE:
                raise _DoubtError
        if waiting:
            raise _DoubtError
        return found

    def _next(self) -> str:
        """Return the next operator or bracket; empty for anything else."""
        if self.at >= len(self.tokens):
            return ""
        token = self.tokens[self.at]
        return token.text if token.kind in ("operator", "open", "close") else ""

    def _either(self) -> Hook:
        """Read what ``or`` joins; it binds weaker than ``and``."""
        return self._joined("or", lambda: self._joined("and", self._negated))

    def _joined(self, operator: str, operand: Callable[[], Hook]) -> Hook:
        found = [operand()]
        while self._next() == operator:
            self.at += 1
            found.append(operand())
        if len(found) == 1:
            return found[0]
        return Hook((AnyOf if operator == "or" else AllOf)(tuple(found)))

    def _negated(self) -> Hook:
        if self._next() != "not":
            return self._operand()
        self.at += 1
        first = self.at
        self.depth += 1
        if self.depth > limits.CONDITIONS_DEEP:
            raise _DoubtError
        inner = self._negated()
        self.depth -= 1
        if not self._tight(first):
            raise _DoubtError  # `not a == b` is `(not a) == b` in some languages
        return Hook(Not(inner))

    def _tight(self, first: int) -> bool:
        """Tell whether the operand that begins there has no operators of its own on the outside."""
        i = first
        while i < self.at:
            token = self.tokens[i]
            if token.kind == "open":
                i = self.partners[i]
            elif token.kind not in ("word", "string", "operator"):
                return False
            elif i > first and token.kind != "operator" and self.tokens[i - 1].kind == "word":
                return False  # words side by side: `x in y`, `x is None`, `x instanceof Y`
            i += 1
        return True

    def _operand(self) -> Hook:
        first, end = self.at, self._end()
        if first == end:
            raise _DoubtError
        tokens = self.tokens[first:end]
        if tokens[0].text == "(" and self.partners[first] == end - 1:
            self.depth += 1
            if self.depth > limits.CONDITIONS_DEEP:
                raise _DoubtError
            self.at += 1
            inner = self._either()
            self.depth -= 1
            if self.at != end - 1:
                raise _DoubtError
            self.at = end
            return inner
        self.at = end
        if tokens[0].text == "/":  # a regular expression may hold anything
            raise _DoubtError
        text = self.source[tokens[0].start : tokens[-1].end]
        if len(tokens) == 1 and text in _TRUTHS:
            return Hook(Holds(_TRUTHS[text]))
        return self._in(tokens) or Hook(Named(text))

    def _end(self) -> int:
        """Return the end of the operand that begins here."""
        i = self.at
        while i < len(self.tokens):
            token = self.tokens[i]
            if token.kind == "close":
                break
            if token.kind == "odd" or token.text in _WEAK:
                raise _DoubtError  # these bind weaker than what the text is taken apart at
            if token.kind == "operator":
                # `x not in y` and `x is not y` are one operand.
                if token.text != "not" or i == self.at:
                    break
                behind = [one.text for one in self.tokens[i + 1 : i + 2]]
                if self.tokens[i - 1].text != "is" and behind != ["in"]:
                    raise _DoubtError
            i = self.partners[i] + 1 if token.kind == "open" else i + 1
        return i

    def _in(self, tokens: list[_Token]) -> Hook | None:
        """Return the guard of ``In(…)``; None where the operand is something else."""
        shape = [token.kind for token in tokens]
        if len(tokens) != 4 or tokens[0].text != "In" or tokens[1].text != "(":  # noqa: PLR2004
            return None
        quoted = shape[2] == "string"
        name = literal(tokens[2].text) if quoted else tokens[2].text
        if name is NOTHING or shape[2] not in ("string", "word"):
            return None
        if name in self.ids:
            return Hook(In(self.ids[name]))
        self.unknown += [name] if quoted else []
        return Hook(Holds(value=False)) if quoted else None


def guard_text(hook: Hook, words: tuple[str, str, str], name: Callable[[str], str]) -> str:
    """Return a guard as a condition.

    ``words`` are those for ``not``, ``and`` and ``or``; ``name`` gives the id of a state there.
    """
    match hook.function:
        case In(state):
            return f"In('{name(state)}')"
        case Holds(value):
            return str(value).lower() if words[0] == "!" else str(value)
        case Not(inner):
            text = guard_text(inner, words, name)
            grouped = f"({text})" if isinstance(inner.function, Not) else _grouped(inner, text)
            return f"{words[0]}{grouped}" if words[0] == "!" else f"{words[0]} {grouped}"
        case AllOf(guards) | AnyOf(guards):
            word = words[1] if isinstance(hook.function, AllOf) else words[2]
            parts = [_grouped(one, guard_text(one, words, name)) for one in guards]
            return f" {word} ".join(parts)
        case Named(text):
            return text
        case _:
            return hook.name


def _grouped(hook: Hook, text: str) -> str:
    alone = isinstance(hook.function, In | Holds | Not)
    return text if alone or re.fullmatch(r"[\w$.]+", text) else f"({text})"
