"""JavaScript: the machines of XState in a source file that are nothing but data.

A machine whose config calls, spreads or names anything is passed over: only running the file could
tell what it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final, NoReturn, final

_CALL: Final = re.compile(r"\b(?:createMachine|Machine)\s*(?:<[^(]*>)?\(\s*(?=\{|/[*/])")
_SPACE: Final = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_STRING: Final = re.compile(r"'((?:[^'\\\n]|\\.)*)'|\"((?:[^\"\\\n]|\\.)*)\"|`((?:[^`\\$]|\\.)*)`")
_NUMBER: Final = re.compile(r"-?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w$])")
_WORD: Final = re.compile(r"[A-Za-z_$][\w$]*")
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "\n": ""}
_CONSTANTS: Final = {"true": True, "false": False, "null": None}
_UNDEFINED: Final = object()


class _CodeError(Exception):
    """The value is not data."""


def machines(text: str) -> Iterator[str]:
    """Yield the configs of the machines in a source file as JSON, in order.

    >>> list(machines("createMachine({id: 'm', initial: 'a', states: {a: {}, 'b': {}}})"))
    ['{"id": "m", "initial": "a", "states": {"a": {}, "b": {}}}']
    >>> list(machines("Machine({entry: () => go()})"))
    []
    """
    for call in _CALL.finditer(text):
        try:
            value = _Reading(text, call.end()).value()
        except _CodeError:
            continue
        if isinstance(value, dict) and {"states", "on"} & value.keys():
            yield json.dumps(value)


@final
class _Reading:
    def __init__(self, text: str, at: int) -> None:
        self.text = text
        self.at = at

    def value(self) -> Any:
        """Read a value, and a type assertion after it, which means nothing at run time."""
        self._skip()
        found = self._value()
        if self._match(re.compile(r"as\s+(?:const|any)\b")):
            self._skip()
        return found

    def _value(self) -> Any:
        match self.text[self.at : self.at + 1]:
            case "{":
                return self._object()
            case "[":
                return self._array()
            case "'" | '"' | "`":
                return self._string()
        number = self._match(_NUMBER)
        if number is not None:
            return json.loads(
                re.sub(r"^(-?)\.", r"\g<1>0.", number[0].replace("_", "")).rstrip(".")
            )
        word = self._match(_WORD)
        if word is not None and word[0] == "undefined":
            return _UNDEFINED
        if word is None or word[0] not in _CONSTANTS:
            self._refuse()
        return _CONSTANTS[word[0]]

    def _object(self) -> dict[str, Any]:
        self._take("{")
        found: dict[str, Any] = {}
        while not self._sees("}"):
            word = self._match(_WORD) or self._match(_NUMBER)
            key = self._string() if word is None else word[0]
            self._take(":")
            value = self.value()
            if value is not _UNDEFINED:
                found[key] = value
            if not self._sees("}"):
                self._take(",")
        self._take("}")
        return found

    def _array(self) -> list[Any]:
        self._take("[")
        found: list[Any] = []
        while not self._sees("]"):
            value = self.value()
            found.append(None if value is _UNDEFINED else value)
            if not self._sees("]"):
                self._take(",")
        self._take("]")
        return found

    def _string(self) -> str:
        found = self._match(_STRING)
        if found is None:
            self._refuse()
        return _ESCAPE.sub(_unescaped, next(one for one in found.groups() if one is not None))

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
            self._skip()
        return found

    def _sees(self, mark: str) -> bool:
        return self.text.startswith(mark, self.at)

    def _take(self, mark: str) -> None:
        if not self._sees(mark):
            self._refuse()
        self.at += 1
        self._skip()

    def _skip(self) -> None:
        space = _SPACE.match(self.text, self.at)
        self.at = self.at if space is None else space.end()

    def _refuse(self) -> NoReturn:
        raise _CodeError


def _unescaped(match: re.Match[str]) -> str:
    mark = match[1]
    return chr(int(mark[1:], 16)) if len(mark) > 1 else _ESCAPES.get(mark, mark)
