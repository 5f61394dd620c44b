"""A chart with a timer that fails."""

from __future__ import annotations

from datetime import timedelta

from attrs import frozen

from statecharts import State, Statechart

mended: list[bool] = []
"""The timer works while this holds something."""


@frozen
class Go:
    pass


def works(_: object) -> bool:
    if not mended:
        text = "broken"
        raise ValueError(text)
    return True


class Faulty(Statechart[Go]):
    waiting = State(initial=True)
    over = State(final=True)
    deadline = waiting.after(timedelta(minutes=30), over, when=works)
    waiting.stay(on=Go)
