"""How wide text is, in Helvetica: the one thing a layout must know before anything is drawn.

Box sizes come from this table and never from the fonts of a machine, so a chart has the same layout
everywhere. Helvetica, Arial, Liberation Sans, Nimbus Sans and Arimo share these widths (Adobe's
font metrics), so that one of them is at hand almost anywhere; the SVG also states the width of each
line, which keeps it inside its box in any other font.
"""

from __future__ import annotations

import functools
import unicodedata
from typing import Final

ASCENT: Final = 0.76
"""Height of capitals and ascenders over the base line, in ems."""

_REGULAR: Final = {
    167: "⁄",
    191: "'",
    222: "ijlł‘’‚",
    260: "|¦",
    278: " !,./:;I[\\]ft·ÌÍÎÏìíîïı",
    333: "()-`r¡¨¯²³´¸¹ˆˇ˘˙˚˛˜˝“”„‹›",
    334: "{}",
    350: "•",
    355: '"',
    365: "º",
    370: "ª",
    389: "*",
    400: "°",
    469: "^",
    500: "Jcksvxyzçýÿšž",
    537: "¶",
    556: "#$0123456789?L_abdeghnopqu¢£¤¥§«µ»àáâãäåèéêëðñòóôõöùúûüþƒ–†‡€",
    584: "+<=>~¬±×÷−",
    611: "FTZ¿ßøŽŁ",
    667: "&ABEKPSVXYÀÁÂÃÄÅÈÉÊËÝÞŠŸ",
    722: "CDHNRUwÇÐÑÙÚÛÜ",
    737: "©®",
    778: "GOQÒÓÔÕÖØ",
    833: "Mm",
    834: "¼½¾",
    889: "%æ",
    944: "Wœ",
    1000: "ÆŒ—…‰™→←↑↓",
    1015: "@",
}
_BOLD: Final = {
    167: "⁄",
    238: "'",
    278: " ,./I\\ijl·ÌÍÎÏìíîïıł‘’‚",
    280: "|¦",
    333: "!()-:;[]`ft¡¨¯²³´¸¹ˆˇ˘˙˚˛˜˝‹›",
    350: "•",
    365: "º",
    370: "ª",
    389: "*r{}",
    400: "°",
    474: '"',
    500: "zž“”„",
    556: "#$0123456789J_aceksvxy¢£¤¥§«¶»àáâãäåçèéêëýÿšƒ–†‡€",
    584: "+<=>^~¬±×÷−",
    611: "?FLTZbdghnopquµ¿ßðñòóôõöøùúûüþŁŽ",
    667: "EPSVXYÈÉÊËÝÞŠŸ",
    722: "&ABCDHKNRUÀÁÂÃÄÅÇÐÑÙÚÛÜ",
    737: "©®",
    778: "GOQwÒÓÔÕÖØ",
    833: "M",
    834: "¼½¾",
    889: "%mæ",
    944: "Wœ",
    975: "@",
    1000: "ÆŒ—…‰™→←↑↓",
}
_WIDTHS: Final = {
    bold: {character: width for width, group in table.items() for character in group}
    for bold, table in ((False, _REGULAR), (True, _BOLD))
}
_LETTER: Final = 640
"""Guess for a letter that the table lacks: the mean of Greek and Cyrillic in fonts of that kind."""


@functools.lru_cache(maxsize=4096)
def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a line of text is, in the unit of ``size``.

    >>> text_width("Hi", 10.0), text_width("Hi", 10.0, bold=True)
    (9.44, 10.0)
    """
    table = _WIDTHS[bold]
    units = sum(table.get(character) or _guess(character) for character in text)
    return round(units * size / 1000, 3)


def is_measured(text: str) -> bool:
    """Tell whether every character of a text stands in the table, so that its width is no guess."""
    return all(character in _WIDTHS[False] for character in text)


def _guess(character: str) -> int:
    if unicodedata.east_asian_width(character) in "WF":
        return 1000
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return _LETTER
