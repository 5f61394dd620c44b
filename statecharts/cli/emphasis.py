"""Emphasis: from the options of `statecharts render` to the marks of a picture."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from attrs import evolve, field, frozen

from statecharts.cli.simulating import InputError, begun, read, resumed
from statecharts.cli.targets import TargetError, one_chart
from statecharts.drawing.difference import difference
from statecharts.drawing.overlay import (
    NUMBERS,
    PLAIN,
    Counts,
    Overlay,
    active,
    counted,
    coverage,
    disabled,
    time_in_state,
)
from statecharts.model.chart import Chart
from statecharts.model.errors import StatechartError
from statecharts.model.named import event_name
from statecharts.semantics.snapshot import Step

if TYPE_CHECKING:
    from statecharts.codec import Protocol


@final
@frozen
class Asked:
    """The options that emphasise parts of a picture.

    Attributes:
        snapshots: Files with snapshots.
        disabled: Whether to fade what no event takes in the first of them.
        heat: A file with counts or steps.
        old: The target of an earlier version of the chart.
        path: A file with events.
        at: The time at which their run starts.
        run: The key of a stored run.
        db: Its store.
    """

    snapshots: tuple[Path, ...] = ()
    disabled: bool = False
    heat: Path | None = None
    old: str | None = None
    path: Path | None = None
    at: str | None = None
    run: str | None = None
    db: str | None = None

    @property
    def of_one(self) -> str:
        """The first option that is about one chart; empty if none is."""
        options = {
            "a snapshot": self.snapshots,
            "--heat": self.heat,
            "--diff": self.old,
            "--path": self.path,
            "--run": self.run,
        }
        return next((name for name, value in options.items() if value), "")


@final
@frozen
class Sight:
    """The contents of a picture.

    Attributes:
        chart: The chart; with ``--diff``, both versions in one.
        overlay: The marks.
        steps: The steps of a film, with the names of their events; none for a picture.
    """

    chart: Chart
    overlay: Overlay = PLAIN
    steps: tuple[tuple[str, Step[Any, Any]], ...] = field(default=(), repr=False)


def sight(chart: Chart, asked: Asked, variables: dict[str, str]) -> Sight:
    """Return the contents of a picture of a chart, as the options ask for it.

    Raises:
        TargetError: Options do not go together, or the earlier version is not one chart.
        InputError: A file cannot be used.
        StatechartError: A file does not fit the chart, or a step could not be taken.
    """
    if asked.disabled and not asked.snapshots:
        raise TargetError("--disabled needs a snapshot. Add --highlight FILE.")
    if asked.run is not None and asked.db is None:
        raise TargetError("--run needs the store of the run. Add --db STORE.")
    if asked.path is not None:
        other = evolve(asked, path=None).of_one
        if other:
            raise TargetError(f"--path shows what each step did. Leave {other} out.")
        return Sight(chart, steps=tuple(_steps(chart, asked.path, asked.at)))
    overlay = PLAIN
    for file in asked.snapshots:
        snapshot = resumed(chart, file)[1]
        assert snapshot is not None  # noqa: S101 - it is read from a file that is given
        overlay |= disabled(chart, snapshot) if asked.disabled else active(chart, snapshot)
    if asked.heat is not None:
        counts = _counts(chart, asked.heat)
        try:
            overlay |= coverage(chart, counts)
        except StatechartError as error:
            raise InputError(f"{asked.heat}: {error}") from None
    if asked.run is not None:
        overlay |= _run(chart, asked.run, str(asked.db))
    if asked.old is None:
        return Sight(chart, overlay)
    both, marks = difference(one_chart(asked.old, variables), chart)
    return Sight(both, overlay | marks)


def _steps(chart: Chart, file: Path, at: str | None) -> Iterable[tuple[str, Step[Any, Any]]]:
    from statecharts.cli.simulation import Simulation  # noqa: PLC0415 - needs the codec
    from statecharts.codec import Protocol  # noqa: PLC0415

    lines = read(file).splitlines()
    recorded = None if at is not None else next(_recorded(lines), None)
    begin = recorded or begun(chart, at)
    simulation = Simulation(chart, Protocol(chart), begin, None, None)
    happenings = [*simulation.begin()]
    for number, line in enumerate(lines, 1):
        with _at_line(file, number):
            happenings += simulation.feed(number, line) if line.strip() else ()
    for one in happenings:
        yield ("start" if one.event is None else event_name(one.event), one.step)


def _recorded(lines: Iterable[bytes]) -> Iterator[datetime]:
    """Yield the times that events came at; what cannot be read is refused when it is taken."""
    from statecharts.codec.errors import Misfit  # noqa: PLC0415 - needs the codec
    from statecharts.codec.times import load_datetime  # noqa: PLC0415

    for line in lines:
        with suppress(ValueError, RecursionError, Misfit):
            value = json.loads(line)
            if isinstance(value, dict) and "type" not in value and "at" in value:
                yield load_datetime(value["at"])


def _counts(chart: Chart, file: Path) -> Counts:
    """Return the counts of a file: an object of states and lines, or a step on each line."""
    from statecharts.codec import Protocol  # noqa: PLC0415 - only steps need it

    values = _values(file)
    whole = next(iter(values.values())) if len(values) == 1 else None
    if isinstance(whole, dict) and "step" not in whole:
        if whole.keys() <= {"states", "lines"} and all(map(NUMBERS.fits, whole.values())):
            return Counts(whole.get("states", {}), whole.get("lines", {}))
    elif all(isinstance(one, dict) and "step" in one for one in values.values()):
        protocol: Protocol[Any, Any] = Protocol(chart)
        steps = []
        for number, one in values.items():
            with _at_line(file, number):
                steps.append(protocol.load_step(one["step"]))
        return counted(chart, steps)
    told = 'It holds {"states": {"a": 1}, "lines": {}}, or what simulate --json prints.'
    raise InputError(f"{file} has no counts. {told}")


def _values(file: Path) -> dict[int, Any]:
    """Return the values of a file of JSON, or of one with JSON on each line, by their lines."""
    text = read(file)
    try:
        return {1: json.loads(text)}
    except (ValueError, RecursionError) as error:
        lines = {i: line for i, line in enumerate(text.splitlines(), 1) if line.strip()}
        if len(lines) < 2 or not _is_json(lines[min(lines)]):  # noqa: PLR2004 - no list of steps
            raise InputError(f"{file} is not JSON: {error}") from None
    found = {}
    for number, line in lines.items():
        try:
            found[number] = json.loads(line)
        except (ValueError, RecursionError) as error:
            told = str(error).replace("line 1 ", "")
            raise InputError(f"{file}, line {number}, is not JSON: {told}") from None
    return found


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


@contextmanager
def _at_line(file: Path, number: int) -> Generator[None, None, None]:
    """Say of an error in which line of a file it is."""
    try:
        yield
    except StatechartError as error:
        raise InputError(f"{file}, line {number}: {error}") from None


def _run(chart: Chart, key: str, db: str) -> Overlay:
    """Return the overlay of a stored run: what is active, and how long each state was."""
    from statecharts.cli.running import store_at  # noqa: PLC0415 - needs an extra
    from statecharts.codec import Protocol  # noqa: PLC0415
    from statecharts.kernel import Kernel  # noqa: PLC0415
    from statecharts.runtime.commit import Program  # noqa: PLC0415
    from statecharts.runtime.history import entered, times, told  # noqa: PLC0415
    from statecharts.runtime.writer import unknown  # noqa: PLC0415
    from statecharts.store.port import entries_of  # noqa: PLC0415
    from statecharts.store.rows import OVER  # noqa: PLC0415

    with store_at(db, "") as store:
        head = store.head(key)
        if head is None:
            raise unknown(key)
        if head.chart != chart.name:
            raise InputError(f"{key!r} is a run of {head.chart}, and not of {chart.name}.")
        program = Program(chart, Kernel(chart), Protocol(chart, version=head.version))
        snapshot = program.protocol.loads_snapshot(head.snapshot)
        pasts = list(told(entries_of(store, key), None))
        lasted = dict.fromkeys(entered(store, head, program), timedelta())
    lasted |= times(pasts, pasts[-1].at if head.status in OVER else datetime.now(UTC))
    return active(chart, snapshot) | time_in_state(chart, lasted)
