"""Calls: what a class of calls says that it is answered by."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import pytest

from statecharts import Call
from statecharts.model.calls import answers_of

T = TypeVar("T")


class Got: ...


class Refused: ...


class Fetch(Call[Got | Refused]): ...


class FetchAgain(Fetch): ...


class Labelled(Generic[T]): ...


class Mixed(Labelled[int], Call[Got]): ...


class Quoted(Call["Got | Refused"]): ...


class Silent(Call): ...  # type: ignore[type-arg]


class Anything(Call[Any]): ...


class Misspelt(Call["Gto"]): ...  # type: ignore[name-defined]


class Half(Call["Got | Gto"]): ...  # type: ignore[name-defined]


class Homeless(Call["Got"]):
    __module__ = "no.such.module"


@pytest.mark.parametrize(
    ("call", "answers"),
    [
        (Fetch, (Got, Refused)),
        (FetchAgain, (Got, Refused)),
        (Mixed, (Got,)),
        (Quoted, (Got, Refused)),
        (Silent, None),
        (Call, None),
        (Anything, None),
        (Misspelt, None),
        (Half, None),
        (Homeless, None),
    ],
)
def test_answers_are_what_the_brackets_say(
    call: type[Call[Any]], answers: tuple[type, ...] | None
) -> None:
    """A subclass says what its base says, quotes say what is in them; the rest is unknown."""
    assert answers_of(call) == answers
