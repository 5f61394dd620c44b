"""Limits: how large and how deep a document may be, in one table.

A document past a limit is refused before a chart is built. No readable chart comes near any of
them; a hostile file meets them within a second.
"""

from __future__ import annotations

from typing import Final

BYTES: Final = 32 * 2**20
"""Bytes of a document."""

VALUES: Final = 500_000
"""Values of a document, counted as often as aliases repeat them."""

VALUES_DEEP: Final = 600
"""Objects and arrays (mappings and lists) nested in each other."""

TOML_LENGTH: Final = 4 * 2**20
"""Characters of a TOML document: far more than 10,000 states need."""

KEYS: Final = 150_000
"""Keys of a TOML document, each part of a dotted one counted: 10,000 states need fewer."""

TABLES_DEEP: Final = 16
"""Tables and arrays of a TOML document nested in each other, and the parts of a dotted key."""

ELEMENTS: Final = 100_000
"""Elements of an XML document."""

ELEMENTS_DEEP: Final = 300
"""Elements of an XML document nested in each other."""

ATTRIBUTES: Final = 1_000
"""Attributes of an XML element."""

STATES_DEEP: Final = 128
"""States nested in each other."""

TARGETS: Final = 100
"""States that a transition of a document enters at once, each in a region of its own."""

CONDITIONS_DEEP: Final = 48
"""Guards and conditional actions nested in each other."""

CONDITION_LENGTH: Final = 10_000
"""Characters of a condition."""

DATA_DEEP: Final = 40
"""Lists and dictionaries nested in each other in the data of an action, an event or a note."""

MESSAGE: Final = 400
"""Characters of a part of a message; longer text is cut."""
