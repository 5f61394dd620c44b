"""Progress: a run as it can be watched, alive in a terminal, and in a few lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Final, Protocol, final

from rich.console import Console, Group
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from machines.investigation import Investigation, Phase
from machines.investigator.command.tally import Tally
from machines.investigator.command.wording import DOING, WORK, seconds_text
from machines.investigator.runtime import CallDelayed, CallEnded, Ended, PhaseEntered, Progress
from statecharts.cli.terminal import count_text

_SHOWN: Final = 4  # calls under way that are shown
_PER_SECOND: Final = 10
_INDENT: Final = (0, 0, 0, 2)


class View(Protocol):
    """Who watches a run."""

    def begin(self, investigation: Investigation, title: str, subtitle: str) -> None:
        """Begin to show an investigation."""
        ...

    def __call__(self, progress: Progress) -> None:
        """Show what has happened."""
        ...

    def end(self) -> None:
        """Leave the terminal as it was found."""
        ...

    def paused(self) -> AbstractContextManager[None]:
        """Make room for somebody else who talks to the user."""
        ...


@final
class Silent:
    """Shows nothing."""

    def begin(self, investigation: Investigation, title: str, subtitle: str) -> None:
        """Show nothing."""

    def __call__(self, progress: Progress) -> None:
        """Show nothing."""

    def end(self) -> None:
        """Leave nothing."""

    @contextmanager
    def paused(self) -> Generator[None, None, None]:
        """Nothing is in the way."""
        yield


@final
class Plain:
    """Writes a short line for each phase, and for each call that fails."""

    def __init__(self, out: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._clock = clock
        self._tally: Tally | None = None

    def begin(self, investigation: Investigation, title: str, subtitle: str) -> None:
        """Say what is investigated, and where it stands."""
        self._tally = Tally(investigation, self._clock)
        self._say(f"{title} ({subtitle})")
        if investigation.current_phase in DOING and not investigation.is_terminal:
            self._say(f"  {DOING[investigation.current_phase]} …")

    def __call__(self, progress: Progress) -> None:
        """Tell of phases and of failures."""
        tally = self._tally
        if tally is None:
            return
        before = tally.phase
        tally.add(progress)
        match progress:
            case CallEnded(call, _, str(failure)):
                self._say(f"    {call.call_id} failed, attempt {call.attempt}: {failure}")
            case PhaseEntered(phase):
                if before in WORK:
                    took = seconds_text(tally.seconds[before])
                    self._say(f"  {DOING[before]}: {_done(tally, before)}, {took}")
                if not phase.is_terminal:
                    self._say(f"  {DOING[phase]} …")
            case _:
                pass

    def end(self) -> None:
        """Leave it at that."""

    @contextmanager
    def paused(self) -> Generator[None, None, None]:
        """Nothing is in the way: lines follow upon lines."""
        yield

    def _say(self, text: str) -> None:
        self._out.print(Text(text), soft_wrap=True)


@final
class Alive:
    """Shows the phases, the calls under way and how far they are; for a terminal."""

    def __init__(self, out: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._clock = clock
        self._tally: Tally | None = None
        self._live: Live | None = None
        self._title, self._subtitle = "", ""
        self._over = False
        self._delayed = 0
        self._failed = False
        self._spinner = Spinner("dots", style="cyan")

    def begin(self, investigation: Investigation, title: str, subtitle: str) -> None:
        """Begin to draw."""
        self._tally = Tally(investigation, self._clock)
        self._title, self._subtitle = title, subtitle
        self._start()

    def __call__(self, progress: Progress) -> None:
        """Take note; what is drawn next has it."""
        if self._tally is not None:
            self._tally.add(progress)
        match progress:
            case CallDelayed():
                self._delayed += 1
            case CallEnded():
                self._delayed = max(0, self._delayed - 1)
            case Ended():
                self._failed = self._tally is not None and self._tally.phase is Phase.FAILED
            case _:
                pass

    def end(self) -> None:
        """Draw the last time, and leave what was drawn."""
        self._over = True
        self._stop()

    @contextmanager
    def paused(self) -> Generator[None, None, None]:
        """Stop drawing for a while; what was drawn is taken away."""
        self._stop(leave=False)
        try:
            yield
        finally:
            if not self._over:
                self._start()

    def _start(self) -> None:
        self._live = Live(
            console=self._out,
            get_renderable=self._draw,
            refresh_per_second=_PER_SECOND,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start(refresh=True)

    def _stop(self, *, leave: bool = True) -> None:
        if self._live is not None:
            self._live.transient = not leave
            self._live.stop()
            self._live = None

    # --- Drawing ----------------------------------------------------------------------------------

    def _draw(self) -> Group:
        tally = self._tally
        if tally is None:
            return Group()
        head = Text(self._title, "bold", no_wrap=True, overflow="ellipsis")
        where = Text(self._subtitle, "dim", no_wrap=True, overflow="ellipsis")
        parts: list[Text | Padding | Table] = [
            head,
            where,
            Text(),
            Padding(self._phases(), _INDENT),
        ]
        if not self._over:
            calls = self._calls()
            if calls.row_count:
                parts += [Text(), Padding(calls, _INDENT)]
        return Group(*parts, Text())

    def _phases(self) -> Table:
        """Return a line for each phase: what it came to, or how far it is."""
        assert self._tally is not None  # noqa: S101 - whoever draws has looked
        tally, grid = self._tally, _grid(1, 22, None)
        current = tally.phase
        for phase in WORK:
            count = tally.count(phase)
            if phase is current and self._over:
                grid.add_row(Text("■", "yellow"), DOING[phase], Text("stopped", "yellow"))
            elif phase is current:
                grid.add_row(self._spinner, Text(DOING[phase], "bold"), self._far())
            elif count.calls and not self._ahead(phase):
                mark = Text("!", "yellow") if count.failed else Text("✓", "green")
                took = tally.seconds.get(phase)
                end = "" if took is None else f", {seconds_text(took)}"
                grid.add_row(mark, DOING[phase], Text(f"{_done(tally, phase)}{end}", "dim"))
            else:
                grid.add_row(Text("·", "dim"), Text(DOING[phase], "dim"), "")
        if current is Phase.AWAITING_USER:
            mark = Text("?", "bold yellow")
            grid.add_row(mark, Text(DOING[current], "bold"), "")
        if current is Phase.FAILED:
            grid.add_row(Text("✗", "bold red"), Text(DOING[current], "bold red"), "")
        return grid

    def _ahead(self, phase: Phase) -> bool:
        """Tell whether a phase is yet to come."""
        assert self._tally is not None  # noqa: S101 - whoever draws has looked
        current = self._tally.phase
        return current in WORK and WORK.index(phase) > WORK.index(current)

    def _far(self) -> Table:
        """Return how far the present phase is."""
        assert self._tally is not None  # noqa: S101 - whoever draws has looked
        tally = self._tally
        done, total = tally.count(tally.phase).calls, tally.total
        grid = Table.grid(padding=(0, 2, 0, 0))
        bar = ProgressBar(
            total=max(total, 1), completed=min(done, total), width=24, finished_style="cyan"
        )
        took = seconds_text(max(self._clock() - tally.since, 0.0))
        grid.add_row(bar, f"{done} of {count_text(total, 'call')}", Text(took, "dim"))
        return grid

    def _calls(self) -> Table:
        """Return the calls that have just ended, and those under way."""
        assert self._tally is not None  # noqa: S101 - whoever draws has looked
        tally, grid = self._tally, _grid(1, None, 8)
        for one in tuple(tally.last):
            if one.failure is None:
                grid.add_row(Text("✓", "green"), Text(one.text, "dim"), _took(one.seconds))
            else:
                failed = Text.assemble((one.text, "dim"), f": {one.failure}")
                grid.add_row(Text("✗", "red"), failed, _took(one.seconds))
        under_way = list(tally.under_way.values())
        now = self._clock()
        for text, began in under_way[:_SHOWN]:
            grid.add_row(self._spinner, Text(text), _took(max(now - began, 0.0)))
        if len(under_way) > _SHOWN:
            grid.add_row("", Text(f"and {len(under_way) - _SHOWN} more", "dim"), "")
        if self._delayed:
            told = f"{count_text(self._delayed, 'call')} to be made again, after a pause"
            grid.add_row(Text("…", "yellow"), Text(told, "yellow"), "")
        return grid


def _grid(*widths: int | None) -> Table:
    """Return a table without lines; a column without a width takes what is left."""
    grid = Table.grid(padding=(0, 2, 0, 0), expand=None in widths and widths[-1] is not None)
    for width in widths:
        ratio = 1 if width is None and grid.expand else None
        grid.add_column(width=width, ratio=ratio, no_wrap=True, overflow="ellipsis")
    return grid


def _took(seconds: float) -> Text:
    return Text(seconds_text(seconds), "dim", justify="right")


def _done(tally: Tally, phase: Phase) -> str:
    """Say what a phase came to."""
    count = tally.count(phase)
    parts = [count_text(count.calls, "call")]
    if count.failed:
        parts.append(f"{count.failed} failed")
    if phase is Phase.GENERATING_HYPOTHESES:
        known = tally.hypotheses
        parts.append("1 hypothesis" if known == 1 else f"{known} hypotheses")
    elif count.found:
        noun = "piece" if count.found == 1 else "pieces"
        parts.append(f"{count.found} {noun} of evidence")
    return ", ".join(parts)
