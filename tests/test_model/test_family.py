"""What runs say to each other, as effects and events."""

from __future__ import annotations

from typing import Any

import pytest

from statecharts.model.family import Child, Each, Joined, Outcome


def test_each_refuses_what_it_cannot_carry_out() -> None:
    """A mistake is told where the call is made."""
    with pytest.raises(TypeError, match="cannot be one of the calls of Each"):
        Each([Each([])])
    with pytest.raises(ValueError, match=r"need=-1 .* Pass 'all', 'any' or a number"):
        Each([], need=-1)
    with pytest.raises(TypeError, match="12 is no chart, and not the name of one"):
        Child(12)


def test_each_makes_a_call_of_each_item() -> None:
    """The two forms are equal; half of one is refused."""
    made = Each(lambda n: Child("Oven", str(n)), "any", over=range(2))
    assert made == Each([Child("Oven", "0"), Child("Oven", "1")], need="any")
    made_half: Any = Each
    for arguments, items in (((lambda n: Child("Oven", str(n)),), {}), (([],), {"over": [1]})):
        with pytest.raises(TypeError, match=r"Each: it takes calls, or a function and over="):
            made_half(*arguments, **items)


@pytest.mark.parametrize(
    ("need", "done", "failed", "enough"),
    [
        ("all", 2, 0, False),
        ("all", 0, 1, True),
        ("any", 1, 0, True),
        (2, 1, 2, True),
        (0, 0, 0, True),
    ],
)
def test_each_has_enough_when_no_more_can_change_its_answer(
    need: object,
    done: int,
    failed: int,
    enough: bool,
) -> None:
    """It ends with what it needs, and as soon as that cannot come any more."""
    calls = Each([Child("Oven", str(n)) for n in range(3)], need)  # type: ignore[call-overload]
    assert calls.enough(done, failed) is enough


def test_each_tells_what_is_under_way_as_cancelled() -> None:
    """The outcomes stay in the order of the calls."""
    calls = Each([Child("Oven"), Child("Oven")], need="any")
    done = Outcome("done")
    assert calls.joined((None, done)) == Joined((Outcome("cancelled"), done))
    assert calls.joined((None, None)).reached is False
