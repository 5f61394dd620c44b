"""`statecharts plan`: plans, carried out, resumed, replayed and looked at.

What carries plans out is imported when it is needed, so that help is quick.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, redirect_stdout
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import click

from statecharts.cli.terminal import console, json_option, print_json
from statecharts.model.errors import StatechartError, sentence

if TYPE_CHECKING:
    from machines.planner.engine import Engine, Result
    from machines.planner.plan import Plan

__all__ = ["plan"]

F = TypeVar("F", bound=Callable[..., Any])

FAILED: Final = 1
CANCELLED: Final = 3
INTERRUPTED: Final = 130
_LONGEST_S: Final = 86_400 * 366


class PlanCommandError(click.ClickException):
    """What cannot be done: one line on standard error, exit status 2."""

    exit_code = 2


def _store(function: F) -> F:
    text = "The store: a SQLite file, or an address: postgresql://…; default: $STATECHARTS_DB."
    options: Any = {"required": True, "envvar": "STATECHARTS_DB", "metavar": "FILE", "help": text}
    return click.option("--db", "store", **options)(function)


def _quiet(function: F) -> F:
    return click.option("-q", "--quiet", is_flag=True, help="Show no progress.")(function)


def _plan_option(function: F) -> F:
    text = "The plan, if it is not where it was.  [default: where the run was started from]"
    return click.option("--plan", "target", metavar="PLAN.py[:NAME]", help=text)(function)


@contextmanager
def _opened(store: str, *, new: bool = False) -> Generator[Engine, None, None]:
    """Open the engine of a store; what it refuses is one line on standard error."""
    from machines.planner.engine import Engine  # noqa: PLC0415
    from statecharts.cli.running import RunsError, check_there  # noqa: PLC0415

    if not new:
        try:
            check_there(store, "Name the store of the run.")
        except RunsError as error:
            raise PlanCommandError(error.message) from None
    if "://" not in store:
        store = f"sqlite:///{store}"
    key = _key(os.environ.get("STATECHARTS_PLAN_KEY", "").strip())
    try:
        with Engine(store, secret_key=key) as engine:
            yield engine
    except StatechartError as error:
        remedy = _REMEDIES.get(error.code, error.remedy)
        said = sentence(error.code, error.where, error.found, remedy)
        raise PlanCommandError(said) from error


_REMEDIES: Final = {
    "SC821": "Choose another --id, or go on with it by 'statecharts plan resume'",
    "SC822": "'statecharts plan inspect' lists the runs of the store",
}
"""Remedies for people at a terminal, where those of the errors are for programs."""


def _key(text: str) -> bytes | None:
    """Return the key for secret facts; None without one."""
    try:
        return base64.b64decode(text.translate(_URL_SAFE), validate=True) or None
    except ValueError:
        raise PlanCommandError("STATECHARTS_PLAN_KEY is no base64. Give 64 random bytes.") from None


_URL_SAFE: Final = str.maketrans("-_", "+/")


@contextmanager
def _files() -> Generator[None, None, None]:
    """Tell in one line what a file or a folder does not allow."""
    try:
        yield
    except OSError as error:
        said = f"{error.filename}: {error.strerror}. Name another file."
        raise PlanCommandError(said) from error


def _set(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, Any]:
    """Return parameters: each value as JSON, or as a text where it is none."""
    found: dict[str, Any] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{text!r} is not NAME=VALUE.")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
        except RecursionError:
            raise click.BadParameter(f"the value of {name} is nested too deep.") from None
    return found


def _delay(_: click.Context, __: click.Parameter, seconds: float) -> timedelta:
    """Return a wait; a number that is none, or is longer than a year, is refused."""
    if not 0 <= seconds <= _LONGEST_S:
        raise click.BadParameter(f"{seconds} is not in the range 0 to {_LONGEST_S:,} seconds.")
    return timedelta(seconds=seconds)


def _checkpoints(_: click.Context, __: click.Parameter, tags: tuple[str, ...]) -> Any:
    return tags or "every"


@click.group()
def plan() -> None:
    """Carry out plans: recorded, resumed after a crash, replayed offline."""


@plan.command()
@click.argument("target", metavar="PLAN.py[:NAME]")
@_store
@click.option(
    "--set",
    "parameters",
    multiple=True,
    callback=_set,
    metavar="NAME=VALUE",
    help="A parameter; can be repeated.",
)
@click.option("--id", "id", metavar="UUID", help="The id of the run.  [default: a random one]")
@click.option(
    "--skip",
    "skip_tags",
    multiple=True,
    metavar="TAG",
    help="Skip nodes of this tag, such as apply_side_effect; can be repeated.",
)
@click.option(
    "--at-once",
    type=click.IntRange(min=1),
    default=16,
    show_default=True,
    metavar="N",
    help="Nodes at work at once.",
)
@click.option(
    "--attempts",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    metavar="N",
    help="Attempts of a node whose error is retryable.",
)
@click.option(
    "--delay",
    type=float,
    callback=_delay,
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="The wait after the first failed attempt.",
)
@click.option(
    "--backoff",
    type=click.Choice(["fixed", "exponential"]),
    default="exponential",
    show_default=True,
    help="Whether further waits are as long, or double, up to a minute or --delay.",
)
@click.option(
    "--allow",
    "programs",
    multiple=True,
    metavar="PROGRAM",
    help="A program that nodes may run; can be repeated.",
)
@click.option(
    "--env",
    "environment",
    multiple=True,
    metavar="NAME",
    help="An environment variable that programs get; can be repeated.",
)
@click.option(
    "--profile",
    type=click.Choice(["minimal", "normal", "verbose"]),
    default="normal",
    show_default=True,
    help="The events that are recorded.",
)
@click.option(
    "--record",
    "names",
    multiple=True,
    metavar="NAME",
    help="Record events of this name, instead of those of --profile; can be repeated.",
)
@click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    callback=_checkpoints,
    metavar="TAG",
    help="Keep the context only after nodes of this tag; can be repeated.  [default: every node]",
)
@click.option(
    "--missing-fact-retryable",
    is_flag=True,
    help="In replays of the run, a missing fact is worth another attempt.",
)
@_quiet
@json_option
@click.pass_context
def run(
    context: click.Context,
    /,
    target: str,
    store: str,
    parameters: dict[str, Any],
    id: str | None,
    delay: timedelta,
    attempts: int,
    backoff: Literal["fixed", "exponential"],
    profile: Literal["minimal", "normal", "verbose"],
    names: tuple[str, ...],
    quiet: bool,
    as_json: bool,
    **config: Any,
) -> None:
    """Carry out a plan.

    PLAN.py is a Python file with a plan in it; NAME is its name there.

    \b
    Examples:
      statecharts plan run report.py --db plans.db --set shop=shop.sqlite
      statecharts plan run report.py:nightly --db plans.db --skip apply_side_effect

    Secret facts are sealed by the key in the environment variable STATECHARTS_PLAN_KEY, 64 random
    bytes as base64; it is never stored.

    Exit status: 0 it is completed, 1 it has failed, 2 it cannot be begun, 3 it was cancelled,
    130 it was interrupted, and can be resumed.
    """
    from machines.plan.vocabulary import RetryPolicy, RunConfig  # noqa: PLC0415
    from machines.planner.command import showing  # noqa: PLC0415
    from machines.planner.command.loading import load  # noqa: PLC0415

    made, source = load(target)
    most = max(delay, timedelta(minutes=1))
    retry = RetryPolicy(attempts=attempts, delay=delay, backoff=backoff, most=most)

    with _opened(store, new=True) as engine:
        chosen = RunConfig(retry=retry, profile=names or profile, **config)
        started = engine.create(made, parameters, config=chosen, id=id, source=source)
        if not as_json and not quiet:
            click.echo(f"run {started}", err=True)
        going_on = showing.command_line("resume", started, store)
        act = partial(engine.resume, started, made)
        result = _carried_out(engine, made, act, going_on, quiet=quiet)
        _print(engine, result, as_json=as_json)
        context.exit(_status(result))


@plan.command()
@click.argument("id")
@_store
@_plan_option
@_quiet
@json_option
@click.pass_context
def resume(
    context: click.Context, /, id: str, store: str, target: str | None, quiet: bool, as_json: bool
) -> None:
    """Go on with a run that was interrupted, was killed, or has failed.

    It goes on from the last nodes that have come out; nothing of these is done again.

    Exit status: as for 'run'.
    """
    from machines.planner.command import showing  # noqa: PLC0415

    with _opened(store) as engine:
        made = _plan_of(engine, id, target)
        going_on = showing.command_line("resume", id, store, target)
        result = _carried_out(engine, made, partial(engine.resume, id, made), going_on, quiet=quiet)
        _print(engine, result, as_json=as_json)
        context.exit(_status(result))


@plan.command()
@click.argument("id")
@_store
@_plan_option
@click.option(
    "--missing-fact-retryable",
    is_flag=True,
    help="A missing fact is worth another attempt.  [default: as the run was told]",
)
@_quiet
@json_option
@click.pass_context
def replay(
    context: click.Context,
    /,
    id: str,
    store: str,
    target: str | None,
    missing_fact_retryable: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Carry a run out again from what it has recorded; nothing outside is asked.

    The replay is a run of its own, under a new id. Exit status: as for 'run'; 1 as well if it
    differs from the run.
    """
    from machines.plan.identifiers import RunId  # noqa: PLC0415
    from machines.planner.command import showing  # noqa: PLC0415

    with _opened(store) as engine:
        made = _plan_of(engine, id, target)
        retryable, again = missing_fact_retryable or None, RunId.new()
        going_on = showing.command_line("resume", again, store, target)
        act = partial(engine.replay, id, made, id=again, missing_fact_retryable=retryable)
        result = _carried_out(engine, made, act, going_on, quiet=quiet)
        found = engine.difference(id, result.run)
        if as_json:
            difference = showing.difference_json(engine, found)
            print_json({**showing.result_json(result), "difference": difference})
        else:
            _print(engine, result, as_json=False)
            showing.show_difference(console(), engine, found, _unended(engine, id, result.run))
        context.exit(FAILED if found else _status(result))


@plan.command()
@click.argument("id")
@_store
@click.option("--reason", default="", metavar="TEXT", help="Why.")
@json_option
def cancel(id: str, store: str, reason: str, as_json: bool) -> None:
    """Give a run up: what is at work is stopped, nothing more is begun."""
    with _opened(store) as engine:
        _print(engine, engine.cancel(id, reason), as_json=as_json)


def _svg(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    """Refuse a file whose name promises another format."""
    if path is not None and path.suffix.lower() not in ("", ".svg"):
        found = f"{path.name!r} would hold an SVG. Name it {path.with_suffix('.svg').name!r}."
        raise click.BadParameter(found)
    return path


@plan.command()
@click.argument("id", required=False)
@_store
@click.option(
    "--graph",
    "graph",
    type=click.Path(path_type=Path),
    callback=_svg,
    metavar="FILE.svg",
    help="Draw the nodes, coloured by state.",
)
@click.option(
    "--gantt",
    "gantt",
    type=click.Path(path_type=Path),
    callback=_svg,
    metavar="FILE.svg",
    help="Draw what was done when.",
)
@click.option(
    "--output", "output", metavar="NAME", help="Print an output of the run, and nothing else."
)
@click.option("--events", is_flag=True, help="Show all events; with --json, beside the rest.")
@json_option
def inspect(
    id: str | None,
    store: str,
    graph: Path | None,
    gantt: Path | None,
    output: str | None,
    events: bool,
    as_json: bool,
) -> None:
    """Show a run: its nodes, what was done when, facts and outputs. Without ID, list all runs."""
    from machines.planner.command import showing  # noqa: PLC0415
    from machines.planner.pictures import gantt_svg, graph_svg  # noqa: PLC0415

    with _opened(store) as engine:
        if id is None:
            if graph or gantt or output is not None or events:
                raise click.UsageError(
                    "Name the run: --graph, --gantt, --output and --events need ID."
                )
            if as_json:
                print_json(showing.runs_json(engine))
            else:
                showing.show_runs(console(), engine)
            return
        if output is not None:
            value = engine.output(id, output)
            click.echo(value if isinstance(value, str) else json.dumps(value, indent=2), nl=False)
            return
        with _files():
            if graph is not None:
                graph.write_text(graph_svg(engine.graph(id), engine.seen(id)), encoding="utf-8")
            if gantt is not None:
                gantt.write_text(gantt_svg(engine.seen(id)), encoding="utf-8")
        if as_json:
            print_json(showing.run_json(engine, id, events=events))
        elif events:
            showing.show_events(console(), engine, id)
        else:
            showing.show_run(console(), engine, id, store)


@plan.command()
@click.argument("one", metavar="ID")
@click.argument("other", metavar="ID")
@_store
@json_option
@click.pass_context
def diff(context: click.Context, /, one: str, other: str, store: str, as_json: bool) -> None:
    """Tell which facts and outputs differ between two runs.

    Exit status: 0 nothing differs, 1 something does.
    """
    from machines.planner.command import showing  # noqa: PLC0415

    with _opened(store) as engine:
        found = engine.difference(one, other)
        if as_json:
            print_json(showing.difference_json(engine, found))
        else:
            showing.show_difference(console(), engine, found, _unended(engine, one, other))
        context.exit(FAILED if found else 0)


def _unended(engine: Engine, *runs: str) -> dict[str, str]:
    """Return the runs that have no last context, with the state of each."""
    phases = {run: engine.phase(run) for run in runs}
    return {run: phase for run, phase in phases.items() if phase != "completed"}


def _plan_of(engine: Engine, id: str, target: str | None) -> Plan:
    """Return the plan of a run."""
    from machines.planner.command.loading import load  # noqa: PLC0415

    source = target or engine.source(id)
    if not source:
        raise PlanCommandError("Nobody said where the plan is. Name it: --plan PLAN.py:NAME.")
    return load(source)[0]


def _carried_out(
    engine: Engine, made: Plan, act: Callable[[], Result], going_on: str, *, quiet: bool
) -> Result:
    """Show the progress of a run while it is carried out; return how it is.

    Args:
        engine: The engine.
        made: The plan.
        act: Carries the run out.
        going_on: The command that goes on with it, if it is interrupted.
        quiet: Whether nothing is shown.
    """
    from machines.planner.command.progress import Progress  # noqa: PLC0415

    # What nodes print must not be taken for what the command prints.
    try:
        with Progress(len(made.nodes), quiet=quiet) as progress, redirect_stdout(sys.stderr):
            engine.watch = progress
            return act()
    except KeyboardInterrupt:
        click.echo(f"Interrupted. Go on: {going_on}", err=True)
        sys.stdout.flush()
        os._exit(INTERRUPTED)  # Python would wait for nodes at work, of which nothing is recorded


def _status(result: Result) -> int:
    return {"completed": 0, "cancelled": CANCELLED}.get(str(result.status), FAILED)


def _print(engine: Engine, result: Result, *, as_json: bool) -> None:
    from machines.planner.command import showing  # noqa: PLC0415

    if as_json:
        print_json(showing.result_json(result))
    else:
        phase = engine.phase(result.run)
        showing.show_result(console(), result, engine.ledger(result.run), phase)
