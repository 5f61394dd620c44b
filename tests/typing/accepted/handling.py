"""Handlers of calls and effects that fit what they are for."""

from __future__ import annotations

from typing import assert_type

from attrs import frozen

from statecharts import Call, Effect
from statecharts.runtime import Handler, Task, handle


@frozen
class Paid:
    """An answer."""

    receipt: str


@frozen
class Refused:
    """Another answer."""


@frozen
class Charge(Call[Paid | Refused]):
    """A call that either of the two answers."""

    card: str


@frozen
class Mail(Effect):
    """An effect that nobody answers."""

    text: str


async def charge(call: Charge, task: Task[Paid | Refused]) -> Paid | Refused:
    """Answer with either."""
    await task.progress(Paid(call.card))
    return Refused()


async def hand_over(call: Charge) -> None:
    """Leave the answer to somebody else."""
    del call


def paid(call: Charge) -> Paid | None:
    """Answer from a thread, or hand over."""
    return Paid(call.card) if call.card else None


def mail(effect: Mail) -> None:
    """Carry out an effect."""
    del effect


async def mail_later(effect: Mail, task: Task[object]) -> None:
    """Carry out an effect."""
    del effect, task


assert_type(handle(Charge, charge), Handler)
assert_type(handle(Charge, hand_over), Handler)
assert_type(handle(Charge, paid), Handler)
assert_type(handle(Mail, mail), Handler)
assert_type(handle(Mail, mail_later), Handler)
assert_type(handle(Charge, lambda _: Paid("r")), Handler)
