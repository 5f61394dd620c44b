"""Secrets are refused in what is recorded: facts, manifests, events, contexts.

A value counts as secret if its key says so (``password``, ``apiKey``, …), if it looks like one (a
private key, a bearer token, a key of a known service), if its class says that it is never written,
or if its node has got it as a secret. Texts that are JSON are looked into. What is refused is named
by its place, never shown.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, final

import attrs

from machines.plan.identifiers import PlanError

_KEYS: Final = re.compile(
    r"pass(word|wd|phrase)s?$"
    r"|(^|[^a-z0-9])(pwd|secret([_\- ]?key)?|api[_\- ]?key|private[_\- ]?key|access[_\- ]?key"
    r"|authorization|mnemonic|seed[_\- ]?phrase|credential|set-cookie|cookie)s?$"
    r"|(?<!page)(?<!next)(?<!continuation)(^|[^a-z0-9])(access|auth|refresh|bearer|session)?"
    r"[_\- ]?token$",
    re.IGNORECASE,
)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_TEXTS: Final = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\b(Bearer|Basic) [A-Za-z0-9+/=._~-]{12,}"
    r"|\b(sk|rk|pk)-[A-Za-z0-9_-]{16,}"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}"
    r"|\b(AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\bxox[abprs]-[A-Za-z0-9-]{10,}"
    r"|\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+@"
)
_PAIRS: Final = re.compile(
    r"((?:pass(?:word|wd|phrase)|pwd|secret|(?:api|private|access)[_-]?key|authorization|mnemonic"
    r"|credential|cookie)s?[\"']?\s*[=:]\s*|token[\"']?\s*=\s*|token[\"']\s*:\s*)"
    r"(?!(?:true|false|none|null)\b|\$[.\s])(\"[^\"]*\"|'[^']*'|(?:(?:Bearer|Basic)\s+)?[^\s,;&)}\]\"']+)",
    re.IGNORECASE,
)

MASK: Final = "Secret(…)"
"""The text shown instead of a secret."""

_SHORTEST: Final = 6
"""The characters that an opened secret has at least; shorter ones are in too many words."""


def find_secret(value: Any, place: str = "$") -> str | None:
    """Return the place of the first secret in a value; None without any.

    >>> find_secret({"user": "ada", "login": [{"password": "x"}]})
    '$.login[0].password'
    >>> find_secret({"text": '{"accessToken": "x"}'})
    '$.text.accessToken'
    >>> find_secret({"token": None, "text": "a token is a word"}) is None
    True
    """
    if isinstance(value, str):
        return place if _TEXTS.search(value) else _in_json(value, place)
    if isinstance(value, bytes | bytearray):
        return find_secret(value.decode("utf-8", "replace"), place)
    if _is_never_written(value):
        return place
    fields = _fields(value)
    if fields is not None:
        for key, one in fields.items():
            if _is_never_written(key) or (isinstance(key, str) and _TEXTS.search(key)):
                return f"a key of {place}"
            said = f"{place}.{key}"
            if isinstance(key, str) and _is_named(key, one):
                return said
            if (found := find_secret(one, said)) is not None:
                return found
    elif isinstance(value, list | tuple | set | frozenset):
        for number, one in enumerate(value):
            if (found := find_secret(one, f"{place}[{number}]")) is not None:
                return found
    return None


def _is_never_written(value: Any) -> bool:
    return getattr(type(value), "__never_written__", False) is True


def _fields(value: Any) -> Mapping[Any, Any] | None:
    """Return what a value holds by names: that of a mapping, or of an instance with fields."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, type):
        return None
    names: Iterable[str] = ()
    if attrs.has(type(value)):
        names = (one.name for one in attrs.fields(type(value)))
    elif dataclasses.is_dataclass(value):
        names = (one.name for one in dataclasses.fields(value))
    else:
        return None
    return {name: getattr(value, name) for name in names if hasattr(value, name)}


def _is_named(key: str, value: Any) -> bool:
    """Tell whether a key says that its value is secret; an empty value, and a count, is none."""
    if value is None or isinstance(value, bool) or value in ("", b"", [], (), {}):
        return False
    if isinstance(value, int | float) and key.endswith(("s", "S")):
        return False
    return _KEYS.search(_CAMEL.sub("_", key)) is not None


def _in_json(text: str, place: str) -> str | None:
    """Return the place of a secret in a text that is JSON, or that has it line by line."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return find_secret(json.loads(text), place)
    except (ValueError, RecursionError):
        pass
    for line in text.splitlines():
        if line.startswith("{"):
            try:
                found = find_secret(json.loads(line), place)
            except (ValueError, RecursionError):
                continue
            if found is not None:
                return found
    return None


def refuse_secrets(
    what: str,
    value: Any,
    remedy: str = "Leave it out, and let the node ask for it when it needs it",
) -> None:
    """Refuse a value with a secret in it.

    Raises:
        PlanError: There is one (SC853).
    """
    place = find_secret(value)
    if place is not None:
        raise PlanError("SC853", what, f"{place} holds a secret, which is never recorded", remedy)


def masked(text: str) -> str:
    """Return a text with the secrets in it masked.

    >>> masked("401 for https://ada:hunter2@host/ with Bearer abcdefghijklmnop")
    '401 for https://Secret(…)host/ with Secret(…)'
    >>> masked("no login with password=hunter2, user=ada")
    'no login with password=Secret(…), user=ada'
    """
    return _PAIRS.sub(rf"\g<1>{MASK}", _TEXTS.sub(MASK, text))


@final
class Opened:
    """The secrets that a node has opened; they are refused and masked like all others.

    >>> opened = Opened()
    >>> opened.add({"session": "4f7e9a52"})
    >>> opened.mask("no session 4f7e9a52")
    'no session Secret(…)'
    """

    def __init__(self) -> None:
        self._texts: set[str] = set()

    def add(self, value: Any) -> None:
        """Remember the texts of a secret, those of six characters or more."""
        for one in _texts(value, keys=False):
            self._texts |= {text for text in (one, one.strip()) if len(text) >= _SHORTEST}

    def refuse(self, what: str, value: Any) -> None:
        """Refuse a value that has one of them in it.

        Raises:
            PlanError: It has (SC853).
        """
        if self._texts and any(text in one for one in _texts(value) for text in self._texts):
            found = "it holds a secret that the node has got, which is never recorded"
            raise PlanError("SC853", what, found, "Leave it out; a node that needs it asks for it")

    def mask(self, text: str) -> str:
        """Return a text in which they are masked."""
        for one in sorted(self._texts, key=len, reverse=True):
            text = text.replace(one, MASK)
        return text


def _texts(value: Any, *, keys: bool = True) -> Iterator[str]:
    """Yield the texts in a value."""
    if isinstance(value, str):
        yield str(value)
    elif isinstance(value, bytes | bytearray):
        yield value.decode("utf-8", "replace")
    elif (fields := _fields(value)) is not None:
        if keys:
            yield from (key for key in fields if isinstance(key, str))
        for one in fields.values():
            yield from _texts(one, keys=keys)
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from _texts(one, keys=keys)
