"""Scalars: what is written, and how strictly it is read."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import IntEnum, StrEnum
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statecharts.codec.errors import Misfit
from statecharts.codec.shaping import Shaper

SHAPER = Shaper({}, lenient=False)
CET = timezone(timedelta(hours=1))


class Level(IntEnum):
    HIGH = 3


class Word(StrEnum):
    YES = "yes"


def _all(cls: type, *values: Any) -> list[tuple[type, Any]]:
    return [(cls, value) for value in values]


WRITTEN: list[tuple[type, Any, Any]] = [
    (bool, True, True),
    (int, -3, -3),
    (int, Level.HIGH, 3),
    (str, "é", "é"),
    (str, Word.YES, "yes"),
    (float, 1.5, 1.5),
    (float, 2, 2.0),
    (float, math.inf, "Infinity"),
    (float, -math.inf, "-Infinity"),
    (datetime, datetime(2026, 1, 31, 13, tzinfo=CET), "2026-01-31T12:00:00Z"),
    (datetime, datetime(1, 1, 1, microsecond=5, tzinfo=UTC), "0001-01-01T00:00:00.000005Z"),
    (date, date(2026, 1, 31), "2026-01-31"),
    (time, time(12, 30), "12:30:00"),
    (time, time(12, 30, tzinfo=CET), "12:30:00+01:00"),
    (timedelta, timedelta(minutes=5), "PT5M"),
    (timedelta, timedelta(days=1, hours=2, seconds=3.25), "P1DT2H3.25S"),
    (timedelta, timedelta(0), "PT0S"),
    (timedelta, timedelta(days=2), "P2D"),
    (timedelta, timedelta(seconds=-1.5), "-PT1.5S"),
    (timedelta, timedelta(microseconds=1), "PT0.000001S"),
    (timedelta, timedelta.min, "-P999999999D"),
    (timedelta, timedelta.max, "P999999999DT23H59M59.999999S"),
    (bytes, b"\xfb\xff\x00", "-_8A"),
    (bytes, b"a", "YQ"),
    (UUID, UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (Decimal, Decimal("1.50"), "1.50"),
    (Decimal, Decimal("1E+3"), "1E+3"),
    (Decimal, Decimal("-Infinity"), "-Infinity"),
    (PurePosixPath, PurePosixPath("a/b"), "a/b"),
    (Path, Path("a"), "a"),
]

READ_AS_WELL: list[tuple[type, Any, Any]] = [
    (float, 3, 3.0),
    (datetime, "2026-01-31T13:00:00+01:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
    (
        datetime,
        "2026-01-31T12:00:00.5Z",
        datetime(2026, 1, 31, 12, microsecond=500_000, tzinfo=UTC),
    ),
    (timedelta, "P1W", timedelta(weeks=1)),
    (timedelta, "PT90M", timedelta(minutes=90)),
    (timedelta, "P1W2DT0.5S", timedelta(days=9, seconds=0.5)),
]

REFUSED: list[tuple[type, Any]] = [
    *_all(bool, 0, 1, "true", None, 1.0),
    *_all(int, "12", 1.0, True, None, [], ""),
    *_all(float, "1.5", True, None, "inf", "nan", 10**400),
    *_all(str, 1, None, True, ["a"], {}),
    *_all(type(None), 0, False, "", []),
    (datetime, "2026-01-31T12:00:00"),
    (datetime, "2026-01-31 12:00:00Z"),
    (datetime, "20260131T120000Z"),
    (datetime, "2026-02-30T12:00:00Z"),
    (datetime, "2026-01-31T12:00:60Z"),
    (datetime, "2026-01-31T24:00:01Z"),
    (datetime, "2026-01-31T12:00:00.1234567Z"),
    (datetime, "0001-01-01T00:00:00+01:00"),
    (datetime, "2026-01-31T12:00:00Z\n"),
    (datetime, "٢٠٢٦-01-31T12:00:00Z"),
    (datetime, "2026-01-31T12:00:00+25:00"),
    (datetime, 1769860800),
    (date, "2026-1-31"),
    (date, "2026-01-31T00:00:00Z"),
    (date, "20260131"),
    (time, "12:30"),
    (time, "25:00:00"),
    *_all(timedelta, "P", "PT", "5M", "P1Y", "P1M", "PT1.S", "P1DT", "PT1S2M", 5, ""),
    (timedelta, "P1000000000D"),
    (timedelta, "P" + "9" * 5000 + "D"),
    *_all(bytes, "YQ==", "Y", "YR", "+/8A", "Y Q", "é", 1, None),
    (UUID, "{00000000-0000-0000-0000-000000000001}"),
    (UUID, "0" * 32),
    *_all(Decimal, 1.5, 1, "1_0", " 1", "1.", "", "٣", "sNaN", "1e5"),
    (Decimal, "1E99999999999999999999999"),
    (Path, 1),
]

UNWRITABLE: list[tuple[type, Any]] = [
    (bool, 1),
    (int, True),
    (int, 1.0),
    (int, "1"),
    (float, True),
    (float, "1.5"),
    (float, 2**53 + 1),
    (float, 10**400),
    (str, b"x"),
    (str, None),
    (type(None), 0),
    (datetime, datetime(2026, 1, 31)),  # noqa: DTZ001
    (datetime, date(2026, 1, 31)),
    (datetime, datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))),
    (date, datetime(2026, 1, 31, tzinfo=UTC)),
    (time, time(12, tzinfo=timezone(timedelta(seconds=30)))),
    (timedelta, 5),
    (bytes, "x"),
    (bytes, bytearray(b"x")),
    (UUID, "x"),
    (Decimal, 1),
    (Decimal, Decimal("sNaN")),
    (Path, "x"),
    (Path, PurePosixPath("x")),
]


@pytest.mark.parametrize(("cls", "value", "text"), WRITTEN)
def test_scalar_is_written_in_one_way_and_read_back(cls: type, value: Any, text: Any) -> None:
    """A value has one text, of one class, which reads as the value."""
    shape = SHAPER.of(cls)
    dumped = shape.dump(value)
    assert dumped == text
    assert type(dumped) is type(text)
    assert shape.load(text) == value


@pytest.mark.parametrize(("cls", "text", "value"), READ_AS_WELL)
def test_scalar_is_read_as_others_write_it(cls: type, text: Any, value: Any) -> None:
    """Other forms that a standard allows are read, if they mean the same value to everybody."""
    found = SHAPER.of(cls).load(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(("cls", "value"), REFUSED)
def test_scalar_is_not_guessed(cls: type, value: Any) -> None:
    """Lookalikes of a value are refused: nothing is converted."""
    with pytest.raises(Misfit) as caught:
        SHAPER.of(cls).load(value)
    assert caught.value.code == "SC402"
    assert caught.value.value is value


@pytest.mark.parametrize(("cls", "value"), UNWRITABLE)
def test_scalar_of_another_class_is_not_written(cls: type, value: Any) -> None:
    """A value that could not be read again is refused when it is written."""
    with pytest.raises(Misfit) as caught:
        SHAPER.of(cls).dump(value)
    assert caught.value.code == "SC421"


def test_not_a_number_comes_back_as_one() -> None:
    """NaN, which equals nothing, is written by name and read as NaN."""
    shape = SHAPER.of(float)
    assert shape.dump(math.nan) == "NaN"
    assert math.isnan(shape.load("NaN"))


def test_naive_time_is_refused_with_the_remedy() -> None:
    """A time without a zone says what to do."""
    with pytest.raises(Misfit, match=r"no time zone.*datetime\.now\(UTC\)"):
        SHAPER.of(datetime).dump(datetime(2026, 1, 31))  # noqa: DTZ001


@given(st.timedeltas())
def test_every_duration_comes_back_exactly(value: timedelta) -> None:
    """No microsecond is lost, of either sign."""
    shape = SHAPER.of(timedelta)
    assert shape.load(shape.dump(value)) == value


@given(st.binary())
def test_bytes_have_one_text(value: bytes) -> None:
    """Bytes come back, and their text has no padding and no character that a URL escapes."""
    shape = SHAPER.of(bytes)
    text = shape.dump(value)
    assert shape.load(text) == value
    assert not set(text) & set("+/=")
