"""Sealed payloads: facts that are secret, in the store as ciphertext alone.

AES-SIV (RFC 5297) gives equal bytes for equal values under one key, so that a replay has the same
artifacts; what it tells of two payloads is whether they are equal. The key is never stored.
"""

from __future__ import annotations

import base64
import json
from typing import Any, Final, final

from machines.plan.identifiers import PlanError
from machines.plan.vocabulary import Category, Json, NodeError
from statecharts.model.errors import missing
from statecharts.store.artifacts import canonical

_SIZES: Final = (32, 48, 64)
_SEALED: Final = "sealed"


@final
class Seal:
    """Seals values by a key, and opens them.

    Args:
        key: 32, 48 or 64 random bytes; None refuses what is to be sealed.

    Raises:
        PlanError: The key has another length (SC851).
    """

    def __init__(self, key: bytes | None) -> None:
        given: object = key
        if key is not None and not (isinstance(given, bytes) and len(given) in _SIZES):
            remedy = "Give 64 random bytes, such as secrets.token_bytes(64), and keep them"
            raise PlanError("SC851", "secret_key", "the key is not 32, 48 or 64 bytes long", remedy)
        self._key = key

    def __repr__(self) -> str:
        return "Seal(…)"

    def seal(self, name: str, value: Json) -> Json:
        """Return a value as ciphertext, which opens under the same name alone.

        Raises:
            NodeError: There is no key (``no_secret_key``).
        """
        sealed = self._cipher().encrypt(canonical(value), [name.encode()])
        return {_SEALED: base64.b64encode(sealed).decode()}

    def open(self, name: str, sealed: Json) -> Json:
        """Return the value of a ciphertext.

        Raises:
            NodeError: There is no key (``no_secret_key``), or it is another one, or the bytes were
                changed (``wrong_secret_key``).
        """
        cipher = self._cipher()
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - an extra

        try:
            body = cipher.decrypt(base64.b64decode(sealed[_SEALED]), [name.encode()])
        except (InvalidTag, KeyError, TypeError, ValueError):
            text = f"the payload of {name} does not open: it was sealed by another key, or changed"
            raise NodeError("wrong_secret_key", text, category=Category.STORAGE) from None
        return json.loads(body)

    def _cipher(self) -> Any:
        if self._key is None:
            text = "secret payloads need a key: Engine(…, secret_key=…), or STATECHARTS_PLAN_KEY"
            raise NodeError("no_secret_key", text, category=Category.STORAGE)
        try:
            from cryptography.hazmat.primitives.ciphers.aead import AESSIV  # noqa: PLC0415
        except ImportError:
            text = ". ".join(missing("a secret payload", "cryptography", "plan"))
            raise NodeError("not_installed", text) from None
        return AESSIV(self._key)
