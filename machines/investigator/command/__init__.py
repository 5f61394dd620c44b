"""`statecharts investigate`: what went wrong in a SQLite database, found and reported."""

from __future__ import annotations

import sys
from math import isnan
from pathlib import Path

import click

from machines.investigator.command.inputs import InputError
from machines.investigator.command.job import Job
from machines.investigator.command.result import no_result
from machines.investigator.command.wishes import Wishes
from statecharts.cli.terminal import print_json

__all__ = ["KEY", "investigate"]

KEY = "STATECHARTS_API_KEY"
"""The environment variable that has the key for an endpoint."""


def _number(_: click.Context, __: click.Parameter, value: float | None) -> float | None:
    """Refuse what is no number, which is in no range and out of none."""
    if value is not None and isnan(value):
        raise click.BadParameter("'nan' is not a number of seconds.")
    return value


@click.command()
@click.option(
    "--db",
    "database",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The SQLite database; it is only read, and nothing is written beside it.",
)
@click.option("--question", metavar="TEXT", help="What to find out, in your own words.")
@click.option(
    "--table",
    "tables",
    metavar="NAME",
    multiple=True,
    help="A table or view that may be read; may be given several times. Without it, all may be.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder for run.json, report.md and chart.svg.  [default: investigations/<database>]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
@click.option("--resume", is_flag=True, help="Go on with the run that the folder holds.")
@click.option(
    "--answer",
    "answers",
    metavar="TEXT",
    multiple=True,
    help="Answer to a question that you are asked; may be given several times, in their order.",
)
@click.option("--no-report", is_flag=True, help="Write no report and no picture.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, max=86_400, min_open=True),
    callback=_number,
    metavar="SECONDS",
    help="How long one call may take.  [default: 60]",
)
@click.option(
    "--steps",
    type=click.IntRange(min=1, max=1_000_000),
    metavar="N",
    help="How many steps there may be before the run is ended.  [default: 1000]",
)
@click.option(
    "--reasoner",
    type=click.Choice(["rules", "openai"]),
    help="Who thinks: built-in rules, or a model behind --endpoint.  [default: rules]",
)
@click.option(
    "--endpoint", metavar="URL", help="Where the model is, as in http://localhost:8000/v1."
)
@click.option("--model", metavar="NAME", help="Which model to ask there.")
@click.pass_context
def investigate(
    context: click.Context,
    database: Path | None,
    question: str | None,
    tables: tuple[str, ...],
    output: Path | None,
    as_json: bool,  # noqa: FBT001 - click passes options by name
    quiet: bool,  # noqa: FBT001
    resume: bool,  # noqa: FBT001
    answers: tuple[str, ...],
    no_report: bool,  # noqa: FBT001
    timeout: float | None,
    steps: int | None,
    reasoner: str | None,
    endpoint: str | None,
    model: str | None,
) -> None:
    """Find out what went wrong in the data of a SQLite database.

    The tables are looked at day by day, hypotheses are formed and tested by queries, and what is
    left is told: the likely causes, the best supported first, each with the queries that show it.
    All that is done is reading, of the tables that are permitted and no others.

    Progress goes to standard error, the result to standard output. A report for people is written
    into the folder of the run, and so is the state of the run, after every round: Ctrl-C stops
    cleanly, and --resume goes on to the same result, even after a crash. You may be asked something
    in the terminal; where there is none, the answer is empty, and the report says so.

    With --reasoner openai, the model is shown the question, names and evidence, and sends back what
    to look at; whatever it asks for is checked. The key for it is taken from the environment
    variable STATECHARTS_API_KEY and from nowhere else; it is never shown or written.

    \b
    Examples:
      statecharts investigate --db shop.sqlite --question "why did orders drop on 2026-03-02?"
      statecharts investigate --db shop.sqlite --question "what is wrong?" --table orders --json
      statecharts investigate --resume --output investigations/shop
      statecharts investigate --db shop.sqlite --question "why?" --reasoner openai \\
          --endpoint http://localhost:8000/v1 --model small

    Exit status: 0 it has come to a verdict, 1 it has failed, 2 the command line is wrong,
    130 it was interrupted.
    """
    wishes = Wishes(
        database=database,
        question=question,
        tables=tables,
        folder=output,
        resume=resume,
        answers=answers,
        report=not no_report,
        as_json=as_json,
        quiet=quiet,
        timeout_s=timeout,
        steps=steps,
        reasoner=reasoner,
        endpoint=endpoint,
        model=model,
        key_variable=KEY,
    )
    try:
        status = Job(wishes).do()
    except InputError as error:
        if as_json:
            print_json(no_result("input", error.message))
        raise
    sys.stdout.flush()
    context.exit(status)
