"""PNG and PDF from SVG, by a wheel with its own fonts that needs nothing from the machine."""

from __future__ import annotations

from typing import Any, Final

from statecharts.model.errors import StatechartError

SCALE: Final = 2.0
"""Pixels for each point of a drawing: sharp on today's screens."""


def to_png(svg: str, scale: float = SCALE) -> bytes:
    """Return an SVG document as a PNG image.

    Raises:
        StatechartError: The wheel is not installed (SC705).
    """
    png: bytes = _converter("png").svg_to_png(svg, scale=scale)
    return png


def to_pdf(svg: str) -> bytes:
    """Return an SVG document as a PDF of one page, with its text as text.

    Raises:
        StatechartError: The wheel is not installed (SC705).
    """
    pdf: bytes = _converter("pdf").svg_to_pdf(svg)
    return pdf


def _converter(wanted: str) -> Any:
    try:
        import vl_convert
    except ImportError as error:
        raise StatechartError(
            "SC705",
            "render",
            f"there is nothing installed that makes {wanted.upper()} out of SVG",
            "Install it with `pip install 'statecharts[layout]'`, or take format='svg'",
        ) from error
    return vl_convert
