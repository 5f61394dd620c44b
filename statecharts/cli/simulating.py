"""`statecharts simulate`: a chart that takes the events on standard input, step by step."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import click
from rich.text import Text

from statecharts.cli.targets import TargetError, one_chart, target_argument
from statecharts.cli.terminal import Choice, console, file_option, plain_table, print_error
from statecharts.model.errors import StatechartError, sentence
from statecharts.model.labels import ARROW, innermost
from statecharts.model.named import effect_text, event_name
from statecharts.model.values import repr_of

if TYPE_CHECKING:
    from statecharts.cli.simulation import Happening, Simulation
    from statecharts.codec import Protocol
    from statecharts.model.chart import Chart
    from statecharts.semantics.snapshot import Snapshot, Step

Row: TypeAlias = Callable[["Happening"], None]

Explain: TypeAlias = Callable[["Happening"], str]

Cell: TypeAlias = Text | list[str]
"""A cell of the table: a text, or pieces that may be cut."""

SHORTEST: Final = 12
"""Length to which a piece may be cut."""

PAGE: Final = 100
"""Width of the table where there is no terminal: files are read on screens, too."""


class InputError(click.ClickException):
    """A file or a time that cannot be used: one line on standard error, exit status 1."""


@click.command()
@file_option("--from", "resume", "Continue from this snapshot, or from a line that --json printed.")
@file_option("--context", "context_file", "Start with this context, in JSON.")
@click.option("--at", "moment", metavar="TIME", help="Time of the start; default: now.")
@click.option(
    "--guards",
    type=Choice(["true", "false"]),
    help="Answer of every guard that a file only names.",
)
@click.option("--explain", is_flag=True, help="Say which state handled an event, or why none did.")
@click.option(
    "--save",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the last snapshot to this file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each step.")
@click.option(
    "--wide", is_flag=True, help="Cut no cell of the table; without a terminal, fold none."
)
@target_argument
def simulate(
    target: str,
    resume: Path | None,
    context_file: Path | None,
    moment: str | None,
    guards: str | None,
    explain: bool,
    save: Path | None,
    as_json: bool,
    wide: bool,
    variables: dict[str, str],
) -> None:
    """Send events to the chart of TARGET, and print every step.

    Effects are printed and not carried out. Each line of standard input is an event in JSON, or an
    event with its time; a line with a time alone lets time pass, so that timers fire:

    \b
      {"type": "gates_started"}
      {"event": {"type": "block", "reason": "no keys"}, "at": "2026-01-31T12:00:00Z"}
      {"after": "PT5M"}

    The first line that is wrong ends the simulation with its number, the path to the mistake, and
    exit status 1; the steps before it are still printed.

    \b
    Examples:
      statecharts simulate machines.pipeline:Pipeline < events.jsonl
      statecharts simulate machines.pipeline --from snapshot.json --explain < more.jsonl
    """
    from statecharts.cli.simulation import Simulation, explanation  # noqa: PLC0415 - only needed here

    if wide and as_json:
        raise TargetError("--wide is for the table, not for --json. Leave one of them out.")
    chart = one_chart(target, variables)
    if guards is not None:
        chart = chart.bind(default=guards == "true")
    try:
        protocol, snapshot = resumed(chart, resume)
        given = None if context_file is None else _context(protocol, context_file)
        begin = begun(chart, moment)
        if snapshot is not None and given is not None:
            raise InputError("the snapshot of --from has a context. Leave --context out.")
        simulation = Simulation(chart, protocol, begin, snapshot, given)
    except StatechartError as error:
        raise InputError(str(error)) from None
    told = partial(explanation, chart) if explain else None
    printer = _Lines(protocol, told) if as_json else _Rows(told, wide)
    failure = _run(simulation, printer.add)
    printer.end()
    if save is not None and simulation.snapshot is not None:
        try:
            save.write_bytes(protocol.dumps_snapshot(simulation.snapshot) + b"\n")
        except StatechartError as error:
            failure = failure or str(error)
        except OSError as error:
            failure = failure or f"{save} cannot be written: {error.strerror}."
    if failure is not None:
        print_error(console(err=True), failure)
        raise click.exceptions.Exit(1)


def _run(simulation: Simulation, row: Row) -> str | None:
    """Feed the lines of standard input; return the error that ended it early, or None."""
    number = 0
    try:
        for happening in simulation.begin():
            row(happening)
        for number, text in enumerate(sys.stdin.buffer, 1):
            if text.strip():
                for happening in simulation.feed(number, text):
                    row(happening)
    except StatechartError as error:
        return f"line {number}: {error}" if number else _start_error(error, simulation.chart)
    return None


def _start_error(error: StatechartError, chart: Chart) -> str:
    """Return the message of a start that failed; its remedy is an option of this command."""
    remedy = error.remedy
    if error.code == "SC212" and chart.context is not None:
        remedy = "Pass it in a file of JSON: --context FILE"
    elif error.code == "SC214" and chart.unbound_guards:
        remedy = "Answer for them: --guards true or --guards false"
    return sentence(error.code, error.where, error.found, remedy)


def resumed(chart: Chart, resume: Path | None) -> tuple[Protocol[Any, Any], Snapshot[Any] | None]:
    """Return the protocol, and the snapshot of a file, of whatever version it is."""
    from statecharts.codec import Protocol  # noqa: PLC0415 - see `simulate`

    if resume is None:
        return Protocol(chart), None
    try:
        value = json.loads(read(resume))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{resume} is not JSON: {error}") from None
    for key in ("step", "snapshot"):
        if isinstance(value, dict) and "protocol" not in value and key in value:
            value = value[key]
    version: Any = value.get("version") if isinstance(value, dict) else None
    known = version if version.__class__ is int and version >= 1 else None
    protocol: Protocol[Any, Any] = Protocol(chart, version=known)
    try:
        return protocol, protocol.load_snapshot(value)
    except StatechartError as error:
        raise InputError(f"{resume}: {error}") from None


def _context(protocol: Protocol[Any, Any], file: Path) -> Any:
    """Return the context of a file."""
    try:
        return protocol.loads_context(read(file))
    except StatechartError as error:
        raise InputError(f"{file}: {error}") from None


def read(path: Path) -> bytes:
    """Return the contents of a file.

    Raises:
        InputError: It cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None


def begun(chart: Chart, moment: str | None) -> datetime:
    """Return the time of the start that ``--at`` gives; without it, the present one.

    Raises:
        InputError: It is no time.
    """
    from statecharts.codec.errors import Misfit  # noqa: PLC0415 - see `simulate`
    from statecharts.codec.times import load_datetime  # noqa: PLC0415

    if moment is None:
        return datetime.now(UTC)
    try:
        return load_datetime(moment)
    except Misfit as misfit:
        error = misfit.error(chart.name)
        raise InputError(f"--at: {error.found}. {error.remedy}.") from None


class _Lines:
    """Prints each step as a line of JSON, as soon as it is taken."""

    def __init__(self, protocol: Protocol[Any, Any], explain: Explain | None) -> None:
        self._protocol = protocol
        self._explain = explain

    def add(self, happening: Happening) -> None:
        from statecharts.codec.errors import Misfit  # noqa: PLC0415 - see `simulate`
        from statecharts.codec.texts import encode  # noqa: PLC0415
        from statecharts.codec.times import dump_datetime  # noqa: PLC0415

        event = happening.event
        found: dict[str, Any] = {
            "line": happening.line,
            "at": dump_datetime(happening.at),
            "event": None if event is None else self._protocol.dump_message(event),
            "step": self._protocol.dump_step(happening.step),
        }
        if self._explain is not None:
            found["explanation"] = self._explain(happening)
        try:
            text = encode(found).decode("utf-8")
        except Misfit as misfit:
            raise misfit.error(self._protocol.chart.name) from None
        click.echo(text)

    def end(self) -> None:
        """Every line is printed already."""


class _Rows:
    """Gathers the steps for a table."""

    def __init__(self, explain: Explain | None, wide: bool) -> None:
        self._explain = explain
        self._wide = wide
        self._rows: list[tuple[Cell, ...]] = []

    def add(self, happening: Happening) -> None:
        step = happening.step
        event = "(start)" if happening.event is None else event_name(happening.event)
        cells: tuple[Cell, ...] = (
            Text(str(happening.line)),
            Text(event, "cyan"),
            _taken(happening, step),
            Text(", ".join(innermost(step.snapshot.configuration))),
            [f"{state}: {repr_of(value)}" for state, value in step.snapshot.data.items()],
            list(map(effect_text, step.effects)),
        )
        if self._explain is not None:
            cells = (*cells, Text(self._explain(happening)))
        self._rows.append(cells)

    def end(self) -> None:
        """Print the table; long cells are cut on a terminal and folded elsewhere, unless wide."""
        if not self._rows:
            return
        out = console()
        room = None
        if out.file.isatty() and not self._wide:
            room = max(out.width // 2, SHORTEST)
        elif not self._wide:
            out.width = PAGE  # whatever reads it wants everything
        table = plain_table("line")
        names = ("event", "taken", "configuration", "data", "effects", "explanation")
        for name in names if self._explain is not None else names[:-1]:
            table.add_column(name, overflow="fold")
        for row in self._rows:
            table.add_row(*(one if isinstance(one, Text) else _pieces(one, room) for one in row))
        out.print(table)


def _pieces(pieces: list[str], room: int | None) -> Text:
    """Return pieces in a row; if there is little room, each is cut to its share of it.

    Short pieces leave their share to longer ones, and each shows at least its beginning. If there
    is no room even for that, the last pieces are only counted.
    """
    if room is None:
        return Text("; ".join(pieces))
    least = accumulate(min(len(piece), SHORTEST) + 2 for piece in pieces)
    kept = pieces[: max(1, sum(one <= room for one in least))]
    shares: dict[int, int] = {}
    left = room
    for index in sorted(range(len(kept)), key=lambda one: len(kept[one])):
        share = max(left // (len(kept) - len(shares)), SHORTEST)
        shares[index] = min(len(kept[index]), share)
        left -= shares[index]
    shown = [_cut(piece, shares[index]) for index, piece in enumerate(kept)]
    more = len(pieces) - len(kept)
    return Text("; ".join([*shown, *([f"… {more} more"] if more else [])]))


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _taken(happening: Happening, step: Step[Any]) -> Text:
    if step.fired and happening.before is not None:
        shown = [
            f"{t.source or 'chart'} {ARROW} {', '.join(t.targets) or 'stays'}" for t in step.fired
        ]
        return Text("; ".join(shown), "bold blue")
    if happening.before is None:
        return Text("")
    return Text("nothing") if step.handled else Text("unhandled", "yellow")
