"""PNG and PDF from SVG, by a package with its own fonts that needs no other program."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any, Final

from statecharts.model.errors import StatechartError, missing

SCALE: Final = 2.0
"""Pixels for each point of a drawing: sharp on today's screens."""


_ALONE: Final = """
import json, sys
import vl_convert
form, options = sys.argv[1], json.loads(sys.argv[2])
picture = getattr(vl_convert, f"svg_to_{form}")(sys.stdin.buffer.read().decode(), **options)
sys.stdout.buffer.write(picture)
"""
"""A program that converts one picture."""


def to_png(svg: str, scale: float = SCALE) -> bytes:
    """Return an SVG document as a PNG image.

    Raises:
        StatechartError: vl-convert-python is not installed (SC705), or fails (SC709).
    """
    return _converted("png", svg, scale=scale)


def to_pdf(svg: str) -> bytes:
    """Return an SVG document as a PDF of one page, with its text as text.

    Raises:
        StatechartError: vl-convert-python is not installed (SC705), or fails (SC709).
    """
    return _converted("pdf", svg)


def _converted(form: str, svg: str, **options: float) -> bytes:
    """Return an SVG document in a format; in a process of its own if that fails in this one.

    The converter of a process in which it has failed once fails at each further picture.
    """
    convert = getattr(_converter(form), f"svg_to_{form}")
    try:
        picture: bytes = convert(svg, **options)
    except Exception:  # noqa: BLE001 - it raises what it likes
        return _converted_alone(form, svg, options)
    return picture


def _converted_alone(form: str, svg: str, options: dict[str, float]) -> bytes:
    command = [sys.executable, "-P", "-c", _ALONE, form, json.dumps(options)]
    done = subprocess.run(command, input=svg.encode(), capture_output=True, check=False)  # noqa: S603 - this very Python
    if not done.returncode:
        return done.stdout
    said = re.findall(r"panicked at .*\n(.*)|^\w*Error: (.*)", done.stderr.decode(), re.MULTILINE)
    why = f": {''.join(said[0])}" if said else ""
    found = f"vl-convert-python cannot make a {form.upper()} of this picture{why}"
    remedy = "Use format='svg', or leave rare characters out of names and labels"
    raise StatechartError("SC709", "render", found, remedy)


def _converter(wanted: str) -> Any:
    try:
        import vl_convert
    except ImportError as error:
        found, remedy = missing(wanted.upper(), "vl-convert-python")
        remedy = f"Use format='svg', or {remedy[:1].lower()}{remedy[1:]}"
        raise StatechartError("SC705", "render", found, remedy) from error
    return vl_convert
