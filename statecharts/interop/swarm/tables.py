"""Tables: TOML whose tables know the lines that they and their keys stand on."""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final

from statecharts.interop.documents import Document, DocumentError
from statecharts.interop.located import Located
from statecharts.interop.swarm.places import Place, places

LONGEST: Final = 4 * 2**20
"""How many characters a document may have: far more than 10,000 states need."""

_AT: Final = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")
_TWICE: Final = re.compile(r"^Cannot (?:overwrite|declare|mutate|extend)|^Duplicate")


def loads(document: Document) -> Located:
    """Return what a TOML document holds; its tables are `Located`.

    Raises:
        DocumentError: It is not TOML, is too long or nested too deeply, or says something twice.
    """
    text = document.text.removeprefix("\ufeff")
    if len(text) > LONGEST:
        found = f"the document is longer than {LONGEST // 2**20} MiB"
        raise document.error("SC604", found, "Split it, or take out what is no workflow")
    found_places = places(text, document)
    try:
        held = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(str(error), text, document) from None
    except ValueError as error:  # a number of too many digits
        found = f"this cannot be taken in: {error}"
        raise document.error("SC604", found, "Take out what is no workflow") from None
    located: Located = _located(held, found_places)
    return located


def _not_toml(message: str, text: str, document: Document) -> DocumentError:
    at = _AT.search(message)
    line, column = text.count("\n") + 1, ""
    if at is not None and at["line"] is not None:
        line, column = int(at["line"]), f" (column {at['column']})"
    said = message if at is None else message[: at.start()]
    if _TWICE.match(said):
        found = f"a table or key stands here that the document has already: {said}{column}"
        return document.error("SC614", found, "Rename one of them, or take it away", line)
    found = f"this is not TOML: {said[:1].lower()}{said[1:]}{column}"
    return document.error("SC603", found, "Mend the text there", line)


def _located(value: Any, place: Place) -> Any:
    """Return a value with its places; neither is deep, for the places have been found."""
    if isinstance(value, dict):
        keys = place.keys
        held = {
            key: _located(inner, keys.get(key, place)) if isinstance(inner, dict | list) else inner
            for key, inner in value.items()
        }
        return Located(held, place.line, place.lines)
    items = iter(place.items)
    return [
        _located(inner, next(items, place)) if isinstance(inner, dict | list) else inner
        for inner in value
    ]
