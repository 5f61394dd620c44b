"""The demonstration: pictures of every machine, and runs of each through some events.

    python -m examples.demo                        # or: make demo

Nothing here is made for show: the machines are those of `machines`, `statecharts.drawing` draws
them, and the tables print the steps. The investigation is the command `statecharts investigate`, on
a database that `examples.incident` makes.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any, Final

import attrs
import click
from attrs import frozen
from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from examples import incident, killed
from machines import execution, pipeline
from machines.identifiers import AgentName, BranchName, GitSha
from machines.investigation.chart import InvestigationChart
from statecharts import (
    Answer,
    CallFailed,
    Chart,
    Machine,
    Step,
    TimerFired,
    drawing,
)
from statecharts.model.chart import Declaration
from statecharts.model.durations import duration_text

OUTPUT: Final = Path("build/diagrams")
NINE: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
WIDTH: Final = 120
"""Width without a terminal."""

TOUR: Final = "diagrams.html"
UNHANDLED: Final = "unhandled: stays"

BRANCH: Final = BranchName("feature/login")
CODER: Final = AgentName("coder-1")


@frozen
class Scenario:
    """A story of a machine, from its start: events, and time that passes."""

    name: str
    story: str
    chart: type[Declaration[Any, Any]]
    beats: tuple[object, ...]

    @property
    def title(self) -> str:
        """The chart and the story in one line."""
        return f"{self.chart.chart.name}: {self.story}"


SCENARIOS: Final = (
    Scenario(
        "pipeline-merged",
        "the gates refuse the work once, pass it, and it is merged",
        pipeline.Pipeline,
        (
            pipeline.DepsMet(),
            pipeline.GatesStarted(),
            pipeline.GatesFailed("two tests fail"),
            pipeline.GatesStarted(),
            pipeline.GatesPassed(BRANCH, commits_ahead=3),
            pipeline.MergeSucceeded(GitSha("6c8f1e2")),
            pipeline.Accepted(),
        ),
    ),
    Scenario(
        "pipeline-blocked",
        "blocked and unblocked on the way, it then cannot be merged",
        pipeline.Pipeline,
        (
            pipeline.DepsMet(),
            pipeline.Block("no access to the staging database"),
            pipeline.GatesStarted(),
            pipeline.Unblock(),
            pipeline.DepsMet(),
            pipeline.QaSkipped(BRANCH, commits_ahead=1),
            pipeline.MergeFailedFinal("conflicts with the main branch"),
            pipeline.Unblock(),
        ),
    ),
    Scenario(
        "execution-rate-limited",
        "an agent has to wait, and is requested again when the time has come",
        execution.Execution,
        (
            execution.SpawnRequested(CODER),
            execution.SpawnedSuccessfully(),
            execution.Heartbeat(),
            execution.HitRateLimit(NINE + timedelta(minutes=30)),
            timedelta(minutes=30),
            execution.SpawnedSuccessfully(),
            execution.Exited(exit_code=0),
            execution.Heartbeat(),
        ),
    ),
    Scenario(
        "execution-stopped",
        "an agent is stopped while it waits, and its timer with it",
        execution.Execution,
        (
            execution.SpawnRequested(CODER),
            execution.HitRateLimit(NINE + timedelta(minutes=15)),
            execution.Stopped(),
            timedelta(hours=1),
        ),
    ),
    Scenario(
        "execution-failed",
        "a late answer changes nothing; then the agent that is called for is lost",
        execution.Execution,
        (
            execution.SpawnRequested(CODER),
            execution.Stopped(),
            execution.SpawnRequested(CODER),
            Answer("any.pending.spawn_agent#1", execution.SpawnedSuccessfully()),
            Answer("any.pending.spawn_agent#2", execution.SpawnedSuccessfully()),
            Answer("any.running.watch_agent#3", execution.Heartbeat(), last=False),
            CallFailed("any.running.watch_agent#3", "the node is unreachable"),
        ),
    ),
)


@frozen
class Beat:
    """One row of a walk: an event or a pause, and the step that it caused, if any."""

    at: datetime
    happened: object
    step: Step[Any] | None


@frozen
class Walk:
    """A scenario that was played: the machine at its end, and the beats on the way."""

    scenario: Scenario
    machine: Machine[Any]
    beats: tuple[Beat, ...]


def walk(scenario: Scenario) -> Walk:
    """Play a scenario; events come a minute apart.

    >>> walk(SCENARIOS[0]).machine.configuration
    ('archived',)
    """
    machine = Machine(scenario.chart, at=NINE)
    beats = [Beat(NINE, "the start", machine.started)]
    for beat in scenario.beats:
        beats.extend(_played(machine, beat))
    return Walk(scenario, machine, tuple(beats))


def _played(machine: Machine[Any], beat: object) -> Iterator[Beat]:
    if not isinstance(beat, timedelta):
        step = machine.send(beat, at=machine.now + MINUTE)
        yield Beat(machine.now, beat, step)
        return
    yield Beat(machine.now, beat, None)
    timers = dict(machine.snapshot.timers)
    for step in machine.advance(beat):
        fired = min(timers, key=lambda timer: timers[timer])  # the first that is due fires first
        yield Beat(timers[fired], TimerFired(fired), step)
        timers = dict(step.snapshot.timers)


# Pictures.


def charts() -> list[Chart]:
    """Return the charts of the demonstration.

    >>> [chart.name for chart in charts()]
    ['Execution', 'Pipeline', 'InvestigationChart']
    """
    return [one.chart for one in (execution.Execution, pipeline.Pipeline, InvestigationChart)]


def draw(walks: Iterable[Walk], folder: Path) -> list[tuple[Path, str]]:
    """Draw every chart, and the end of each walk; return the files with their captions."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for chart in charts():
        drawn.append((folder / f"{chart.name.lower()}.svg", chart.name))
        drawn[-1][0].write_text(drawing.render(chart), encoding="utf-8")
    for one in walks:
        path = folder / f"{one.scenario.name}.svg"
        svg = drawing.render(one.scenario.chart, highlight=one.machine)
        path.write_text(svg, encoding="utf-8")
        drawn.append((path, f"{one.scenario.title}; where it ended"))
    tour = folder / TOUR
    tour.write_text(_tour(drawn), encoding="utf-8")
    return [*drawn, (tour, "all of them on one page")]


def _tour(drawn: Iterable[tuple[Path, str]]) -> str:
    figures = "\n".join(
        f'<figure><img src="{escape(path.name)}" alt="">'
        f"<figcaption>{escape(shows)}</figcaption></figure>"
        for path, shows in drawn
    )
    style = "body{font:16px sans-serif;margin:2rem}figure{margin:0 0 3rem}img{max-width:100%}"
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Machines</title>'
        f"<style>{style}</style>\n{figures}\n</html>\n"
    )


# The terminal.


def shown(value: object) -> str:
    """Return a value in a form for people.

    >>> shown(pipeline.GatesPassed(BRANCH, commits_ahead=3))
    'GatesPassed(feature_branch=feature/login, commits_ahead=3)'
    >>> shown(NINE), shown(timedelta(minutes=90))
    ('09:00', '1 h 30 min')
    """
    if isinstance(value, datetime):
        return f"{value:%H:%M}" if not value.second else f"{value:%H:%M:%S}"
    if isinstance(value, timedelta):
        return duration_text(value)
    cls: Any = type(value)
    if not attrs.has(cls):
        return repr(value)
    names = [field.name for field in attrs.fields(cls)]
    if names == ["value"]:
        return str(value)
    values = ", ".join(f"{name}={shown(getattr(value, name))}" for name in names)
    return f"{cls.__name__}({values})" if values else cls.__name__


def leaves(configuration: tuple[str, ...]) -> list[str]:
    """Return the innermost active states.

    >>> leaves(("active", "active.merge"))
    ['active.merge']
    """
    return [
        state
        for state in configuration
        if not any(other.startswith(f"{state}.") for other in configuration)
    ]


def table(played: Walk) -> RenderableType:
    """Return a walk as a table: time, event, states, data and effects."""
    rows = Table(
        box=box.SIMPLE_HEAD, expand=True, pad_edge=False, show_edge=False, header_style="dim"
    )
    rows.add_column("at", style="dim", width=5, overflow="fold")
    rows.add_column("event", ratio=5, overflow="fold")
    rows.add_column("state", min_width=_widest(played), overflow="fold")
    rows.add_column("data, → effects", ratio=6, overflow="fold")
    before: tuple[str, ...] = ()
    for beat in played.beats:
        if beat.step is None:
            passes = Text(f"{shown(beat.happened)} pass", "italic")
            rows.add_row(shown(beat.at), passes, Text("…", "dim"), "")
            continue
        rows.add_row(
            shown(beat.at), _happened(beat), _states(beat.step, before), _outcome(beat.step)
        )
        before = beat.step.snapshot.configuration
    title = Text.assemble("\n", (played.scenario.chart.chart.name, "bold cyan"))
    title.append(f"  {played.scenario.story}\n", "bold")
    return Group(title, rows)


def _widest(played: Walk) -> int:
    """Return the width of the states of a walk."""
    steps = (beat.step for beat in played.beats if beat.step is not None)
    states = (state for step in steps for state in leaves(step.snapshot.configuration))
    return max(len(UNHANDLED), *map(len, states))


def _happened(beat: Beat) -> Text:
    if isinstance(beat.happened, str):
        return Text(beat.happened, "italic")
    handled = beat.step is None or beat.step.handled
    return Text(shown(beat.happened), "" if handled else "yellow")


def _states(step: Step[Any], before: tuple[str, ...]) -> Text:
    if not step.handled and not step.microsteps:
        return Text(UNHANDLED, "yellow")
    now = "\n".join(leaves(step.snapshot.configuration))
    return Text(now, "bold green" if step.snapshot.configuration != before else "green")


def _outcome(step: Step[Any]) -> Text:
    if not step.handled and not step.microsteps:
        return Text()
    data = [(shown(value), "") for value in step.snapshot.data.values()]
    effects = [(f"→ {shown(effect)}", "magenta") for effect in step.effects]
    return Text("\n").join(Text(text, style) for text, style in [*data, *effects])


def _console() -> Console:
    terminal = sys.stdout.isatty()
    plain = bool(os.environ.get("NO_COLOR")) or not terminal
    return Console(
        color_system=None if plain else "auto",
        width=None if terminal else WIDTH,
        highlight=False,
        markup=False,
    )


@click.command()
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=OUTPUT,
    show_default=True,
    help="Folder for the pictures.",
)
def main(output: Path) -> None:
    """Draw the machines' charts, and run each machine through some events."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(
            errors="replace"
        )  # a pipe that cannot encode an arrow gets a question mark
    console = _console()
    walks = [walk(scenario) for scenario in SCENARIOS]
    for played in walks:
        console.print(table(played))
    with console.status("drawing"):
        drawn = draw(walks, output)
    pictures = Table(box=None, pad_edge=False, show_header=False)
    pictures.add_column(style="cyan", no_wrap=True)
    pictures.add_column(style="dim")
    for path, shows in drawn:
        pictures.add_row(str(path), shows)
    console.print(Text("\nPictures\n", "bold"))
    console.print(pictures)
    database = output / "shop.sqlite"
    incident.plant(database)
    console.print(Text(f"\nAn investigation: {incident.QUESTION}\n", "bold"))
    sys.stdout.flush()
    status = incident.investigate(database, output / "investigation")
    console.print(Text("\nA run that is killed, and goes on\n", "bold"))
    runs = output / "runs.db"
    for name in (runs, *runs.parent.glob(f"{runs.name}-*")):
        name.unlink(missing_ok=True)
    for line in killed.story(runs):
        console.print(Text(line), soft_wrap=True)
    raise SystemExit(status)


if __name__ == "__main__":
    main(prog_name="python -m examples.demo")
