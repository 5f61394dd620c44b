"""Secrets: texts that are held, handed on and used, and never shown."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any, ClassVar, Final, NoReturn, Self, final

from statecharts.model.errors import StatechartError

MASK: Final = "Secret(…)"
"""What is shown in a secret's place."""


@final
class Secret:
    """A text that nothing shows: no print, format, log, error, dump or pickle.

    `reveal` is the one way to the text, so that a search for it finds each place that has one.
    A chart may have it in events, data and context, and runs; no protocol of that chart can be made
    (SC424), so that neither a snapshot nor a schema nor a recording of it is ever written.

    >>> key = Secret("sk-123")
    >>> key, f"{key:>40}", [key], {"key": str(key)}
    (Secret(…), 'Secret(…)', [Secret(…)], {'key': 'Secret(…)'})
    >>> key.reveal()
    'sk-123'
    """

    # Held by a function: what lists the attributes of an object comes upon that, not the text.
    __slots__ = ("_reveal",)

    _reveal: Callable[[], str]

    __never_written__: ClassVar = True  # what the codec goes by

    def __init__(self, text: str) -> None:
        given: object = text  # an annotation binds nobody at run time
        if not (isinstance(given, str) and given):
            # It may have been meant to be one, and some tracebacks show what names stand for.
            del text, given
            raise TypeError("a secret is a text that is not empty")
        object.__setattr__(self, "_reveal", lambda: text)

    def reveal(self) -> str:
        """Return the text."""
        return self._reveal()

    def redact(self, text: str) -> str:
        """Return a text with the secret masked wherever it occurs: for words that others wrote.

        >>> Secret("sk-123").redact("401: bad key sk-123")
        '401: bad key Secret(…)'
        """
        return text.replace(self._reveal(), MASK)

    def __repr__(self) -> str:
        return MASK

    def __format__(self, format_spec: str) -> str:
        # Whatever the width asked for: a mask cut short is still a mask, but says so less clearly.
        return MASK

    def __eq__(self, other: object) -> bool:
        # How long a comparison takes does not tell how much was right.
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
        found = "a secret was to be pickled, and would be readable in the pickle"
        raise StatechartError("SC514", "secret", found, "Leave it out, and ask for it again")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        self.__reduce__()


def _bytes(secret: Secret) -> bytes:
    # A text that is no Unicode is encoded all the same: the error would have it in its arguments.
    return secret.reveal().encode(errors="surrogatepass")
