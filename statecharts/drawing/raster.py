"""PNG and PDF from SVG, by a package with its own fonts that needs no other program."""

from __future__ import annotations

from typing import Any, Final

from statecharts.model.errors import StatechartError, missing

SCALE: Final = 2.0
"""Pixels for each point of a drawing: sharp on today's screens."""


def to_png(svg: str, scale: float = SCALE) -> bytes:
    """Return an SVG document as a PNG image.

    Raises:
        StatechartError: vl-convert-python is not installed (SC705).
    """
    png: bytes = _converter("png").svg_to_png(svg, scale=scale)
    return png


def to_pdf(svg: str) -> bytes:
    """Return an SVG document as a PDF of one page, with its text as text.

    Raises:
        StatechartError: vl-convert-python is not installed (SC705).
    """
    pdf: bytes = _converter("pdf").svg_to_pdf(svg)
    return pdf


def _converter(wanted: str) -> Any:
    try:
        import vl_convert
    except ImportError as error:
        found, remedy = missing(wanted.upper(), "vl-convert-python")
        remedy = f"Use format='svg', or {remedy[:1].lower()}{remedy[1:]}"
        raise StatechartError("SC705", "render", found, remedy) from error
    return vl_convert
