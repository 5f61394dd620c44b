"""Limits: how large and how deep a document may be, in one table.

A document past a limit is refused before a chart is built. No readable chart comes near any of
them; a hostile file meets them within a second.
"""

from __future__ import annotations

from typing import Final

BYTES: Final = 32 * 2**20  # of a document
VALUES: Final = 500_000  # of a document, counted as often as aliases repeat them
VALUES_DEEP: Final = 600  # objects and arrays (mappings and lists) nested in each other
TOML_LENGTH: Final = 4 * 2**20  # characters of a TOML document: far more than 10,000 states need
KEYS: Final = 150_000  # of a TOML document, each part of a dotted one counted
TABLES_DEEP: Final = 16  # tables and arrays of TOML nested in each other; parts of a dotted key
ELEMENTS: Final = 100_000  # of an XML document
ELEMENTS_DEEP: Final = 300  # elements of an XML document nested in each other
ATTRIBUTES: Final = 1_000  # of an XML element
STATES_DEEP: Final = 128  # states nested in each other
TARGETS: Final = 100  # states that a transition enters at once, each in a region of its own
CONDITIONS_DEEP: Final = 48  # guards and conditional actions nested in each other
CONDITION_LENGTH: Final = 10_000  # characters of a condition
DATA_DEEP: Final = 40  # lists and dictionaries nested in the data of an action, an event or a note
MESSAGE: Final = 400  # characters of a part of a message; longer text is cut
