"""Codec: what a chart is made of, as versioned JSON, and back.

`Protocol` is the one thing to know; `CodecError` and its kinds say what was wrong, and where.
"""

from __future__ import annotations

from statecharts.codec.errors import (
    CODES,
    CodecError,
    ForeignError,
    ImpossibleError,
    MalformedError,
    MismatchError,
    UnwritableError,
)
from statecharts.codec.protocol import Protocol
from statecharts.codec.upcasters import Upcaster

__all__ = [
    "CODES",
    "CodecError",
    "ForeignError",
    "ImpossibleError",
    "MalformedError",
    "MismatchError",
    "Protocol",
    "UnwritableError",
    "Upcaster",
]
