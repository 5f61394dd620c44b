"""Secrets: strings that are kept, passed on and used, and never shown."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any, ClassVar, Final, NoReturn, Self, final

from statecharts.model.errors import StatechartError

MASK: Final = "Secret(…)"
"""The text shown instead of a secret."""


@final
class Secret:
    """A string that nothing shows: no print, format, log, error, dump or pickle.

    `reveal` is the only way to the string, so that a search for it finds each use. A chart can have
    a secret in events, data and context, and runs; it cannot have a protocol (SC424), so that no
    snapshot, schema or recording of it is ever written.

    >>> key = Secret("sk-123")
    >>> key, f"{key:>40}", [key], {"key": str(key)}
    (Secret(…), 'Secret(…)', [Secret(…)], {'key': 'Secret(…)'})
    >>> key.reveal()
    'sk-123'
    """

    # A function holds the string: listing the attributes of the object finds the function only.
    __slots__ = ("_reveal",)

    _reveal: Callable[[], str]

    __never_written__: ClassVar = True  # the codec looks for it

    def __init__(self, text: str) -> None:
        given: object = text  # the annotation does not hold at run time
        if not (isinstance(given, str) and given):
            # It may have been meant to be one, and some tracebacks show the values of names.
            del text, given
            raise TypeError("a secret must be a string that is not empty")
        object.__setattr__(self, "_reveal", lambda: text)

    def reveal(self) -> str:
        """Return the string."""
        return self._reveal()

    def redact(self, text: str) -> str:
        """Return a string in which the secret is masked, for texts that others wrote.

        >>> Secret("sk-123").redact("401: bad key sk-123")
        '401: bad key Secret(…)'
        """
        return text.replace(self._reveal(), MASK)

    def __repr__(self) -> str:
        return MASK

    def __format__(self, format_spec: str) -> str:
        # The format is ignored: a shortened mask would be less clear.
        return MASK

    def __eq__(self, other: object) -> bool:
        # The time of the comparison does not depend on the number of equal characters.
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_bytes(self), _bytes(other))

    def __hash__(self) -> int:
        return hash((Secret, self._reveal()))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a secret does not change")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a secret does not change")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __getstate__(self) -> NoReturn:
        self.__reduce__()

    def __reduce__(self) -> NoReturn:
        found = "a secret cannot be pickled: it would be readable in the pickle"
        raise StatechartError("SC514", "secret", found, "Leave it out, and ask for it again")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        self.__reduce__()


def _bytes(secret: Secret) -> bytes:
    # A string that is not Unicode is encoded, too: an error would have it in its arguments.
    return secret.reveal().encode(errors="surrogatepass")
