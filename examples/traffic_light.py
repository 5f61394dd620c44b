"""A traffic light: delays drive its cycle, a fault makes it blink, a repair restarts it.

python -m examples.traffic_light
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from attrs import frozen

from statecharts import Compound, Machine, State, Statechart


@frozen
class FaultFound: ...


@frozen
class Repaired: ...


class TrafficLight(Statechart[FaultFound | Repaired]):
    """The light for one lane, as in Germany: amber comes with red before green, and alone after it.

    >>> light = Machine(TrafficLight, at=datetime(2026, 1, 1, tzinfo=UTC))
    >>> light.configuration
    ('working', 'working.red')
    >>> [step.snapshot.configuration[-1] for step in light.advance(timedelta(seconds=60))]
    ['working.red_amber', 'working.green', 'working.amber', 'working.red']
    """

    class working(Compound, initial=True):
        """The controller is well."""

        red = State(initial=True)
        red_amber = State()
        green = State()
        amber = State()

        red.after(timedelta(seconds=30), red_amber)
        red_amber.after(timedelta(seconds=1), green)
        green.after(timedelta(seconds=25), amber)
        amber.after(timedelta(seconds=3), red)

    class blinking(Compound):
        """Something is broken: who comes from the right goes first."""

        lit = State(initial=True)
        dark = State()

        lit.after(timedelta(seconds=1), dark)
        dark.after(timedelta(seconds=1), lit)

    working.to(blinking, on=FaultFound)
    blinking.to(working, on=Repaired)


LAMPS: Final = {
    "working.red": "●○○",
    "working.red_amber": "●●○",
    "working.green": "○○●",
    "working.amber": "○●○",
    "blinking.lit": "○●○",
    "blinking.dark": "○○○",
}
"""The lamps of each state: red, amber, green."""


def lamps(light: Machine) -> str:
    """Return the lamps that are on.

    >>> lamps(Machine(TrafficLight))
    '●○○'
    """
    return LAMPS[light.configuration[-1]]


def main() -> None:
    """Let two minutes pass, with a fault on the way."""
    light = Machine(TrafficLight, at=datetime(2026, 1, 1, 12, tzinfo=UTC))

    def show(_step: object) -> None:
        print(f"{light.now:%H:%M:%S}  {lamps(light)}  {light.configuration[-1]}")

    show(light.started)
    light.subscribe(show)
    light.advance(timedelta(seconds=70))
    light.send(FaultFound())
    light.advance(timedelta(seconds=3))
    light.send(Repaired())
    light.advance(timedelta(seconds=35))


if __name__ == "__main__":
    main()
