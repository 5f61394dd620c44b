"""A media player: playback and sound are regions of one state, which history restores.

python -m examples.media_player
"""

from __future__ import annotations

from attrs import evolve, field, frozen
from attrs.validators import ge, le

from statecharts import Compound, History, Machine, Parallel, State, Statechart


@frozen
class PowerPressed: ...


@frozen
class Played:
    title: str


@frozen
class Paused: ...


@frozen
class Resumed: ...


@frozen
class Muted: ...


@frozen
class Unmuted: ...


@frozen
class VolumeSet:
    volume: int = field(validator=[ge(0), le(10)])


@frozen
class Track:
    """What is on: there is no playing without a title."""

    title: str


@frozen
class Volume:
    """How loud it is; kept while the sound is off."""

    volume: int = 5


PlayerEvent = PowerPressed | Played | Paused | Resumed | Muted | Unmuted | VolumeSet


class MediaPlayer(Statechart[PlayerEvent]):
    """A player whose power button loses nothing.

    >>> player = Machine(MediaPlayer)
    >>> for event in (PowerPressed(), Played("So What"), Muted(), PowerPressed()):
    ...     _ = player.send(event)
    >>> player.configuration
    ('off',)
    >>> _ = player.send(PowerPressed())
    >>> player.snapshot[MediaPlayer.on.playback.loaded].title
    'So What'
    >>> MediaPlayer.on.sound.muted in player.snapshot
    True
    """

    off = State(initial=True)

    class on(Parallel):
        """Playback and sound, each on its own."""

        class playback(Compound):
            """What is heard."""

            stopped = State(initial=True)

            class loaded(Compound[Track]):
                """A track is loaded; another one may take its place."""

                playing = State(initial=True)
                paused = State()

                playing.to(paused, on=Paused)
                paused.to(playing, on=Resumed)

            stopped.to(loaded, on=Played)
            loaded.to(loaded, on=Played)

        class sound(Compound[Volume]):
            """How loud it is."""

            audible = State(initial=True)
            muted = State()

            audible.to(muted, on=Muted)
            muted.to(audible, on=Unmuted)

        sound.stay(on=VolumeSet, make=lambda m: evolve(m.data, volume=m.event.volume))

        before = History(default=playback, deep=True)

    off.to(on.before, on=PowerPressed)
    on.to(off, on=PowerPressed)


def main() -> None:
    """Switch off in the middle of a track, and on again."""
    player = Machine(MediaPlayer)
    events: tuple[PlayerEvent, ...] = (
        PowerPressed(),
        Played("So What"),
        VolumeSet(7),
        Muted(),
        Paused(),
        PowerPressed(),
        PowerPressed(),
        Resumed(),
        Unmuted(),
    )
    for event in events:
        player.send(event)
        data = ", ".join(str(value) for value in player.snapshot.data.values())
        active = " ".join(state for state in player.configuration if state.count(".") != 1)
        print(f"{event!s:24} {active}  {data}")


if __name__ == "__main__":
    main()
