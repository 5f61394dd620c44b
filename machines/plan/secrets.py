"""Secrets are refused in what is recorded: facts, manifests, events, contexts.

A value counts as secret if its key says so (``password``, ``api_key``, …), if it looks like one (a
private key, a bearer token, a key of a known service), or if its class says that it is never
written. What is refused is named by its place, never shown.
"""

from __future__ import annotations

import re
from typing import Any, Final

from machines.plan.identifiers import PlanError

_KEYS: Final = re.compile(
    r"(^|[_.\- ])(pass(word|wd|phrase)|secret|api[_\- ]?key|private[_\- ]?key|access[_\- ]?key"
    r"|(access|auth|refresh|bearer|session)?[_\- ]?token|authorization|mnemonic|seed[_\- ]?phrase"
    r"|credentials?|set-cookie|cookie)$",
    re.IGNORECASE,
)
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

MASK: Final = "Secret(…)"
"""The text shown instead of a secret."""


def find_secret(value: Any, place: str = "$") -> str | None:
    """Return the place of the first secret in a JSON value; None without any.

    >>> find_secret({"user": "ada", "login": [{"password": "x"}]})
    '$.login[0].password'
    >>> find_secret({"token": None, "text": "a token is a word"}) is None
    True
    """
    if isinstance(value, str):
        return place if _TEXTS.search(value) else None
    if isinstance(value, dict):
        for key, one in value.items():
            said = f"{place}.{key}"
            if isinstance(key, str) and isinstance(one, str) and one and _KEYS.search(key):
                return said
            if (found := find_secret(one, said)) is not None:
                return found
        return None
    if isinstance(value, list | tuple):
        for number, one in enumerate(value):
            if (found := find_secret(one, f"{place}[{number}]")) is not None:
                return found
        return None
    return place if getattr(type(value), "__never_written__", False) else None


def refuse_secrets(what: str, value: Any) -> None:
    """Refuse a JSON value with a secret in it.

    Raises:
        PlanError: There is one (SC853).
    """
    place = find_secret(value)
    if place is not None:
        remedy = "Leave it out, and let the node ask for it when it needs it"
        raise PlanError("SC853", what, f"{place} holds a secret, which is never recorded", remedy)


def masked(text: str) -> str:
    """Return a text with the secrets in it masked.

    >>> masked("401 for https://ada:hunter2@host/ with Bearer abcdefghijklmnop")
    '401 for https://Secret(…)host/ with Secret(…)'
    """
    return _TEXTS.sub(MASK, text)
