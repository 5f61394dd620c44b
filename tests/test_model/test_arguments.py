"""Arguments: values that are not of their sort are refused, and shown in short."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from attrs import field, frozen

from statecharts.model.arguments import (
    COUNT,
    DURATION,
    ENTRY,
    FLAG,
    FUNCTION,
    NUMBER,
    SPAN,
    TEXT,
    TIME,
    WAIT,
    Sort,
    check,
    classes,
    instance,
    optional,
    shown,
    valid,
)
from statecharts.model.errors import ArgumentError, StatechartError

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("sort", "good", "bad"),
    [
        (TEXT, ["", "a"], [None, 3, b"a", str]),
        (FLAG, [True, False], [0, 1, None, "no"]),
        (ENTRY, [-1, 0, 9], [True, 1.0, "1", None]),
        (NUMBER, [0, 9], [-1, True, 1.0, "1", None]),
        (COUNT, [1, 9], [0, True, "1"]),
        (FUNCTION, [print, str, lambda: 0], [None, "print"]),
        (DURATION, [SECOND, -SECOND], [1, "1", timedelta]),
        (SPAN, [SECOND], [timedelta(), -SECOND, 1, None]),
        (WAIT, [SECOND, timedelta()], [-SECOND, 1, None]),
        (
            TIME,
            [
                datetime(2026, 1, 31, tzinfo=UTC),
                datetime(2026, 1, 31, tzinfo=timezone(SECOND * 60)),
            ],
            [datetime(2026, 1, 31), "2026-01-31", datetime, None],  # noqa: DTZ001
        ),
        (optional(TEXT), [None, "a"], [3]),
        (instance(int, "a number"), [3], [int, "3"]),
        (
            classes(Exception, "classes"),
            [(), [ValueError], {OSError}],
            [ValueError, "ab", {ValueError: 1}, 3, (3,), (int,), None],
        ),
    ],
)
def test_sort_takes_what_is_of_it_alone(sort: Sort, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        check("here", given=(value, sort))
    for value in bad:
        with pytest.raises(ArgumentError, match="SC221"):
            check("here", given=(value, sort))


def test_argument_error_says_what_where_and_how_to_fix_it() -> None:
    """It can be caught as an error of ours, or as Python's own, and survives pickling."""
    with pytest.raises(ArgumentError) as told:
        check("suspend", other=("a", TEXT), reason=(3, TEXT))
    text = "[SC221] suspend: reason=3 does not fit. Pass a text."
    assert str(told.value) == text
    assert str(pickle.loads(pickle.dumps(told.value))) == text
    assert isinstance(told.value, StatechartError | TypeError)
    assert isinstance(told.value, ValueError)


def test_field_takes_what_is_of_its_sort_alone() -> None:
    @frozen
    class Limits:
        most: int = field(validator=valid(COUNT))

    assert Limits(1).most == 1
    with pytest.raises(ArgumentError, match=r"\[SC221\] Limits: most=0 does not fit"):
        Limits(0)


def test_value_is_shown_in_short() -> None:
    """A long text, and one that cannot be had, are the name of the class."""

    class Odd:
        def __repr__(self) -> str:
            raise ValueError

    def numbers() -> Iterator[int]:
        yield 1

    assert shown(3) == "3"
    assert shown("a" * 100) == "an instance of str"
    assert shown(Odd()) == "an instance of Odd"
    assert shown(numbers).startswith("an instance of function")
