"""Mistakes in what handlers take, and in what they answer."""

from __future__ import annotations

from statecharts.runtime import Task, handle
from tests.typing.accepted.handling import Charge, Mail, Paid, Refused


async def mailed(call: Charge) -> Mail:
    """Answer with what is no answer."""
    return Mail(call.card)


def receipt(call: Charge) -> str:
    """Answer with what is no event."""
    return call.card


async def either(call: Charge) -> Paid | Mail:
    """Answer with an event that the call may give, or with another."""
    return Paid(call.card)


def answered(effect: Mail) -> Paid:
    """Answer what nobody asks."""
    return Paid(effect.text)


async def progress(task: Task[Paid]) -> None:
    """Report what the task does not take."""
    await task.progress(Paid("r"))
    await task.progress(Refused())  # mistake: another answer than the task takes


handle(Charge, mailed)  # mistake: an answer that the call does not have
handle(Charge, receipt)  # mistake: a text for an answer
handle(Charge, either)  # mistake: one of two answers is wrong
handle(Charge, lambda _: Mail("text"))  # mistake: an answer that the call does not have
handle(Mail, answered)  # mistake: an answer to an effect
handle(Paid, receipt)  # mistake: an event for an effect
handle(Charge, Paid("r"))  # mistake: an event for a function
handle(Charge, lambda _: Paid("r"), retry=3)  # mistake: a number for retries
