"""The codes of files: each is told of on its page, and tried by a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from statecharts.interop.codes import LOST, REFUSED, REPORTED, UNREADABLE

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "interop.md"
CODES = {**UNREADABLE, **REFUSED, **REPORTED, **LOST}


@pytest.mark.parametrize("code", CODES)
def test_code_is_explained_where_files_are(code: str) -> None:
    """The page on charts from elsewhere has a line for every code."""
    assert f"| {code} |" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("code", CODES)
def test_code_is_tried_by_a_test(code: str) -> None:
    """No code is without a test that meets it, in a text or a sample of faults."""
    texts = [*HERE.glob("test_*.py"), *HERE.glob("samples/*/*.txt"), HERE.parent / "test_docs.py"]
    others = [path for path in texts if path != Path(__file__)]
    assert any(code in path.read_text(encoding="utf-8") for path in others)
