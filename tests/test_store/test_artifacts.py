"""Canonical JSON: the same bytes as the reference library, for any value."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from statecharts.store import StoreError
from statecharts.store.artifacts import canonical, number_text

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
SAFE = st.integers(-(2**53) + 1, 2**53 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | SAFE | FLOATS | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
)


def _as_javascript(digits: str) -> float:
    return int(digits) if abs(int(digits)) < 2**53 else float(digits)


@given(VALUES)
def test_any_value_is_written_as_the_reference_writes_it(value: Any) -> None:
    written = canonical(value)
    assert written == rfc8785.dumps(value)
    assert canonical(json.loads(written, parse_int=_as_javascript)) == written


@given(st.integers(0, 2**64 - 1))
def test_any_float_is_written_as_the_reference_writes_it(bits: int) -> None:
    (value,) = struct.unpack(">d", bits.to_bytes(8, "big"))
    if math.isfinite(value):
        assert number_text(value) == rfc8785.dumps(value).decode()
        assert float(number_text(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (333333333.33333329, "333333333.3333333"),
        (1e30, "1e+30"),
        (4.5, "4.5"),
        (2e-3, "0.002"),
        (1e-27, "1e-27"),
        (9007199254740992.0, "9007199254740992"),
        (1e20, "100000000000000000000"),
        (999999999999999900000.0, "999999999999999900000"),
        (5e-324, "5e-324"),
    ],
)
def test_numbers_of_the_specification(value: float, text: str) -> None:
    assert number_text(value) == text


def test_keys_are_sorted_as_in_the_specification() -> None:
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    written = canonical(dict.fromkeys(keys, 0))
    assert list(json.loads(written)) == [
        "\r",
        "1",
        "\u0080",
        "\u00f6",
        "\u20ac",
        "\U0001f600",
        "\ufb33",
    ]


HOLDS_ITSELF: list[Any] = []
HOLDS_ITSELF.append(HOLDS_ITSELF)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (2**53, "beyond 2"),
        ([1.5, 2**60], "beyond 2"),
        (float("nan"), "nan is not finite"),
        ({"a": float("inf")}, "inf is not finite"),
        ({1: 2}, "the key 1 is not a text"),
        ("\ud800", "half of a surrogate pair"),
        ({"\udfff": 1.5}, "half of a surrogate pair"),
        ({"a": {1, 2}}, "a value is of the class set"),
        (b"x", "a value is of the class bytes"),
        ([10**5000], "beyond 2"),
        (HOLDS_ITSELF, "nested too deeply, or holds itself"),
        ([1.5, HOLDS_ITSELF], "nested too deeply, or holds itself"),
    ],
)
def test_what_has_no_canonical_form_is_refused(value: Any, said: str) -> None:
    with pytest.raises(StoreError, match=rf"SC809.*{said}"):
        canonical(value)
