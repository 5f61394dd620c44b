"""Errors between JSON and a chart: their codes, their kinds, and the place of each."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from statecharts.model.errors import StatechartError

CODES: Final = {
    "SC401": "the text is not JSON",
    "SC402": "a value does not fit its annotation, or its class refuses it",
    "SC403": "something required is missing",
    "SC404": "a field is not known",
    "SC405": "a type is not known: an event, an effect, or a member of a union",
    "SC406": "an upcaster drops what was stored",
    "SC411": "the protocol cannot be read",
    "SC412": "the snapshot or the step is of another chart",
    "SC413": "the version of the snapshot cannot be read",
    "SC414": "the chart has changed since the snapshot was written",
    "SC415": "the states of a snapshot cannot be active, or be remembered, together",
    "SC416": "the parts of a snapshot contradict each other",
    "SC421": "a value cannot be written in a form that could be read again",
    "SC422": "a class of the chart cannot be carried by JSON",
    "SC423": "the table of versions has a gap, goes too far, or holds something else",
    "SC424": "a class says that it is never written",
}
"""The codes of the codec, and what each means in general."""

T = TypeVar("T")

SHORT: Final = 40
"""The number of characters of a wrong value that a message shows."""


class CodecError(StatechartError):
    """Any error between JSON and a chart (SC4xx).

    Attributes:
        path: The place in the JSON, such as ``$.data['active.merge'].commits_ahead``.
    """

    def __init__(
        self, code: str, where: str, found: str, remedy: str = "", *, path: str = "$"
    ) -> None:
        super().__init__(code, where, found, remedy)
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.code, self.where, self.found, self.remedy), self.__dict__


class MalformedError(CodecError):
    """A text that is not JSON (SC401)."""


class MismatchError(CodecError):
    """JSON that does not fit the classes of the chart (SC402 to SC406)."""


class ForeignError(CodecError):
    """A snapshot that another protocol, chart or version wrote (SC411 to SC414)."""


class ImpossibleError(CodecError):
    """A snapshot that no run of the chart can be in (SC415, SC416)."""


class UnwritableError(CodecError):
    """A value or a class that JSON cannot carry (SC421 to SC424)."""


_KINDS: Final = {"0": MismatchError, "1": ForeignError, "2": UnwritableError}
_SINGLE: Final = {"SC401": MalformedError, "SC415": ImpossibleError, "SC416": ImpossibleError}


class Misfit(Exception):  # noqa: N818 - never seen outside the codec
    """A mistake on its way out: each level that it passes adds its part of the path.

    Attributes:
        code: Which of `CODES`.
        found: What was found, and what was expected instead.
        remedy: What to do about it.
        value: The value at fault, as the level that it has reached sees it.
        keys: The path from there to the mistake, innermost first.
    """

    def __init__(self, code: str, found: str, remedy: str = "", value: Any = None) -> None:
        super().__init__(code, found, remedy)
        self.code = code
        self.found = found
        self.remedy = remedy
        self.value = value
        self.keys: list[str | int] = []

    def within(self, key: str | int | None, value: Any) -> Misfit:
        """Note that the mistake is under a key of a value; None for the value itself."""
        if key is not None:
            self.keys.append(key)
        self.value = value
        return self

    def error(self, chart: str) -> CodecError:
        """Return it as the error that a caller sees, who gets the name of the chart as well."""
        path = path_text(reversed(self.keys))
        kind = _SINGLE.get(self.code) or _KINDS[self.code[3]]
        return kind(self.code, f"{chart} at {path}", self.found, self.remedy, path=path)


def too_long(value: int | None = None) -> Misfit:
    """Return the mistake of an integer that has more digits than Python writes, or else reads."""
    code, how = ("SC401", "read") if value is None else ("SC421", "write")
    found = f"an integer has more than {sys.get_int_max_str_digits():,} digits"
    remedy = "Keep it as text, or raise the limit: sys.set_int_max_str_digits()"
    return Misfit(code, f"{found}, which Python does not {how}", remedy, value)


def at(key: str | int, function: Callable[..., T], *arguments: Any) -> T:
    """Call a function; a mistake in it is under a key."""
    try:
        return function(*arguments)
    except Misfit as misfit:
        misfit.within(key, None)
        raise


def path_text(keys: Iterable[str | int]) -> str:
    """Return a path as it is written in JSONPath.

    >>> path_text(["data", "active.merge", "gates", 0])
    "$.data['active.merge'].gates[0]"
    """
    parts = ["$"]
    for one in keys:
        if isinstance(one, int):
            parts.append(f"[{one}]")
            continue
        key = str(one)  # only JSON that was parsed has nothing but strings as keys
        if key.isidentifier():
            parts.append(f".{key}")
        else:
            quoted = key.replace("\\", "\\\\").replace("'", "\\'")
            parts.append(f"['{quoted}']" if quoted.isprintable() else f"[{json.dumps(key)}]")
    return "".join(parts)


def shown(value: Any) -> str:
    """Return a JSON value as a message shows it: short, and without what is inside.

    >>> shown("12"), shown({"a": 1}), shown([]), shown("x" * 50)[-8:]
    ('"12"', 'an object', 'an array', 'xxxxxxx…')
    """
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "an array"
    if value is None or isinstance(value, bool | float | str):
        text = json.dumps(value[: SHORT + 1] if isinstance(value, str) else value)
    elif isinstance(value, int):
        text = str(value) if value.bit_length() < 4 * SHORT else "a large integer"
    else:
        text = f"an instance of {type(value).__name__}"
    return text if len(text) <= SHORT else f"{text[:SHORT]}…"


def reason(error: BaseException) -> str:
    """Return the message of an exception that other code raised, on one line."""
    first = error.args[0] if error.args and isinstance(error.args[0], str) else str(error)
    text = " ".join(first.split()) or type(error).__name__
    return text if len(text) <= 5 * SHORT else f"{text[: 5 * SHORT]}…"
