"""Progress: views of a run, alive in a terminal, and in a few lines elsewhere."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Final, Protocol, final

from attrs import define, frozen
from rich.console import Console, Group
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from machines.investigation import Call, CallEnd, CallId, Investigation, Phase, Request
from machines.investigator.command.wording import DOING, WORK, request_text, seconds_text
from machines.investigator.runtime import (
    CallDelayed,
    CallEnded,
    CallStarted,
    Ended,
    EvidenceFound,
    PhaseEntered,
    Progress,
)
from statecharts.cli.terminal import count_text

_SHOWN: Final = 4  # calls under way that are shown
_KEPT: Final = 4  # ended calls that are shown
_PER_SECOND: Final = 10
_INDENT: Final = (0, 0, 0, 2)


@define
class Count:
    """The counts of a phase: ended calls, failed ones, and pieces of evidence."""

    calls: int = 0
    failed: int = 0
    found: int = 0


@frozen
class EndedCall:
    """An ended call: its purpose, its time, and its failure, if it failed."""

    text: str
    seconds: float
    failure: str | None


@final
class Tally:
    """Counts the calls and times of a run, phase by phase."""

    def __init__(self, investigation: Investigation, clock: Callable[[], float]) -> None:
        """Begin with the counts of an investigation so far."""
        self.phase = investigation.current_phase
        self.under_way: dict[CallId, tuple[str, float]] = {}
        self.last: deque[EndedCall] = deque(maxlen=_KEPT)
        self.since = self.began = clock()
        self.seconds: dict[Phase, float] = {}
        self._clock = clock
        self._investigation = investigation
        self._counts: dict[Phase, Count] = {}
        phases: dict[CallId, Phase] = {}
        for one in investigation.case.ledger.settled:
            phases[one.call.id] = one.call.phase
            count = self.count(one.call.phase)
            count.calls += 1
            count.failed += one.end is CallEnd.FAILED
        for found in investigation.evidence:
            self.count(phases[found.call_id]).found += 1

    def count(self, phase: Phase) -> Count:
        """Return the counts of a phase."""
        return self._counts.setdefault(phase, Count())

    @property
    def total(self) -> int:
        """Number of calls of the current phase, as far as it is known."""
        ledger = self._investigation.case.ledger
        settled = sum(one.call.phase is self.phase for one in ledger.settled)
        return settled + len(ledger.pending)

    @property
    def hypotheses(self) -> int:
        """Number of hypotheses."""
        return len(self._investigation.hypotheses)

    def text(self, call: Call) -> str:
        """Return the purpose of a call: the hypothesis that it tests, or its request."""
        for one in self._investigation.hypotheses:
            if one.id == call.hypothesis:
                return one.claim
        return request_text(Request(call.kind, call.name, call.arguments))

    def add(self, progress: Progress) -> None:
        """Count a piece of progress."""
        match progress:
            case CallStarted(call):
                self.under_way[call.call_id] = (self.text(call), self._clock())
            case CallEnded(call, took, failure):
                self.under_way.pop(call.call_id, None)
                self.last.append(EndedCall(self.text(call), took.total_seconds(), failure))
                count = self.count(call.phase)
                count.calls += 1
                count.failed += failure is not None
            case EvidenceFound():
                self.count(self.phase).found += 1
            case PhaseEntered(phase):
                now = self._clock()
                self.seconds[self.phase] = self.seconds.get(self.phase, 0.0) + now - self.since
                self.phase, self.since = phase, now
                self.last.clear()
            case _:
                pass


class View(Protocol):
    """A view of a run."""

    def begin(self, investigation: Investigation, title: str, subtitle: str) -> None:
        """Begin to show an investigation."""
        ...

    def __call__(self, progress: Progress) -> None:
        """Show a piece of progress."""
        ...

    def end(self) -> None:
        """Restore the terminal."""
        ...

    def paused(self) -> AbstractContextManager[None]:
        """Make room for other output."""
        ...


@final
class Silent:
    """Shows nothing."""

    def begin(self, investigation: Investigation, title: str, subtitle: str) -> None:
        """Show nothing."""

    def __call__(self, progress: Progress) -> None:
        """Show nothing."""

    def end(self) -> None:
        """Do nothing."""

    @contextmanager
    def paused(self) -> Generator[None, None, None]:
        """Do nothing."""
        yield


@final
class Plain:
    """Writes a short line for each phase, and for each call that fails."""

    def __init__(self, out: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._clock = clock
        self._tally: Tally | None = None

    def begin(self, investigation: Investigation, title: str, subtitle: str) -> None:
        """Print the title, and the current phase."""
        self._tally = Tally(investigation, self._clock)
        self._say(f"{title} ({subtitle})")
        if investigation.current_phase in DOING and not investigation.is_terminal:
            self._say(f"  {DOING[investigation.current_phase]} …")

    def __call__(self, progress: Progress) -> None:
        """Print phases and failures."""
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
        """Do nothing."""

    @contextmanager
    def paused(self) -> Generator[None, None, None]:
        """Do nothing: lines follow each other."""
        yield

    def _say(self, text: str) -> None:
        self._out.print(Text(text), soft_wrap=True)


@final
class Alive:
    """Shows the phases and the calls under way in a terminal."""

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
        """Count it for the next drawing."""
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
        """Draw for the last time, and leave the drawing."""
        self._over = True
        self._stop()

    @contextmanager
    def paused(self) -> Generator[None, None, None]:
        """Stop drawing for a while, and remove the drawing."""
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
        """Return a line for each phase, with its counts or its progress."""
        assert self._tally is not None  # noqa: S101 - `_draw` has checked
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
        """Tell whether a phase comes later."""
        assert self._tally is not None  # noqa: S101 - `_draw` has checked
        current = self._tally.phase
        return current in WORK and WORK.index(phase) > WORK.index(current)

    def _far(self) -> Table:
        """Return the progress of the current phase."""
        assert self._tally is not None  # noqa: S101 - `_draw` has checked
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
        """Return the calls that ended last, and those under way."""
        assert self._tally is not None  # noqa: S101 - `_draw` has checked
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
            told = f"{count_text(self._delayed, 'call')} to repeat after a pause"
            grid.add_row(Text("…", "yellow"), Text(told, "yellow"), "")
        return grid


def _grid(*widths: int | None) -> Table:
    """Return a table without lines; a column without a width takes the rest."""
    grid = Table.grid(padding=(0, 2, 0, 0), expand=None in widths and widths[-1] is not None)
    for width in widths:
        ratio = 1 if width is None and grid.expand else None
        grid.add_column(width=width, ratio=ratio, no_wrap=True, overflow="ellipsis")
    return grid


def _took(seconds: float) -> Text:
    return Text(seconds_text(seconds), "dim", justify="right")


def _done(tally: Tally, phase: Phase) -> str:
    """Return the counts of a phase."""
    count = tally.count(phase)
    parts = [count_text(count.calls, "call")]
    if count.failed:
        parts.append(f"{count.failed} failed")
    if phase is Phase.GENERATING_HYPOTHESES:
        parts.append(count_text(tally.hypotheses, "hypothesis", "hypotheses"))
    elif count.found:
        parts.append(count_text(count.found, "piece of evidence", "pieces of evidence"))
    return ", ".join(parts)
