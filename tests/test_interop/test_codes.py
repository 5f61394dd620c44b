"""The codes of files: those that are raised have a meaning, a line of their page, and a test."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from statecharts.interop.codes import LOST, MISUSED, REFUSED, REPORTED, UNREADABLE

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CODES = {*UNREADABLE, *REFUSED, *REPORTED, *LOST, *MISUSED}


def named(paths: Iterable[Path], pattern: str) -> set[str]:
    return set(re.findall(pattern, "\n".join(path.read_text(encoding="utf-8") for path in paths)))


def test_codes_are_those_that_are_raised() -> None:
    """No reader and no writer gives a code that the tables lack, and no code has gone stale."""
    rooms = (ROOT / "statecharts" / "interop").rglob("*.py")
    assert named((path for path in rooms if path.name != "codes.py"), r'"(SC6\d\d)"') == CODES


def test_codes_are_explained_where_files_are() -> None:
    """The page on charts from elsewhere has a line for every code."""
    assert named([ROOT / "docs" / "interop.md"], r"\| (SC6\d\d) \|") == CODES


def test_codes_are_tried_by_tests() -> None:
    """No code is without a test that meets it, in a text or a sample of faults."""
    texts = [*HERE.glob("test_*.py"), *HERE.glob("samples/*/*.txt"), HERE.parent / "test_docs.py"]
    assert named(texts, r"SC6\d\d") >= CODES
