"""`statecharts investigate`: the cause of a fault in a SQLite database, found and reported.

The modules that run an investigation are imported when one is run, so that help is quick.
"""

from __future__ import annotations

import sys
from math import isnan
from pathlib import Path
from typing import Any

import click

__all__ = ["investigate"]


def _number(_: click.Context, __: click.Parameter, value: float | None) -> float | None:
    """Refuse NaN, which every range lets pass."""
    if value is not None and isnan(value):
        raise click.BadParameter("'nan' is not a number of seconds.")
    return value


@click.command()
@click.option(
    "--db",
    "database",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The SQLite database. It is only read, and nothing is written beside it.",
)
@click.option("--question", metavar="TEXT", help="What to find out, in your own words.")
@click.option(
    "--table",
    "tables",
    metavar="NAME",
    multiple=True,
    help="A table or view that may be read; can be repeated.  [default: all]",
)
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder for run.json, report.md and chart.svg.  [default: investigations/<database>]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
@click.option("--resume", is_flag=True, help="Continue the run in the folder.")
@click.option(
    "--answer",
    "answers",
    metavar="TEXT",
    multiple=True,
    help="Answer to a question that you would be asked; can be repeated, in their order.",
)
@click.option("--no-report", is_flag=True, help="Write no report and no picture.")
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0, max=86_400, min_open=True),
    callback=_number,
    metavar="SECONDS",
    help="Time limit of one call.  [default: 60]",
)
@click.option(
    "--steps",
    type=click.IntRange(min=1, max=1_000_000),
    metavar="N",
    help="Number of steps after which the run ends.  [default: 1000]",
)
@click.option(
    "--reasoner",
    type=click.Choice(["rules", "openai"]),
    help="Built-in rules, or a model behind --endpoint.  [default: rules]",
)
@click.option(
    "--endpoint", metavar="URL", help="URL of the model, such as http://localhost:8000/v1."
)
@click.option("--model", metavar="NAME", help="Name of the model.")
@click.option(
    "--temporal",
    metavar="ADDRESS",
    help="Run it as a workflow on this server of Temporal, such as localhost:7233.",
)
@click.pass_context
def investigate(context: click.Context, /, **given: Any) -> None:
    """Find out what went wrong in the data of a SQLite database.

    Looks at the tables day by day, forms hypotheses, and tests them by queries. Prints the likely
    causes, the best supported first, each with the queries that show it. Reads only the permitted
    tables, and writes nothing into the database.

    Progress goes to standard error, the result to standard output. A report for people goes into
    the folder of the run, and so does the state of the run, after every round: Ctrl-C stops
    cleanly, and --resume continues to the same result, even after a crash. You may be asked a
    question in the terminal; without a terminal, the answer is empty, and the report says so.

    With --reasoner openai, the model is sent the question, names and evidence, and returns what to
    look at; each of its requests is checked. Its key is read from the environment variable
    STATECHARTS_API_KEY alone; it is never shown or written.

    With --temporal, the investigation is a workflow on a server of Temporal, and its calls are
    activities of a worker in this process; the result is the same.

    \b
    Examples:
      statecharts investigate --db shop.sqlite --question "why did orders drop on 2026-03-02?"
      statecharts investigate --db shop.sqlite --question "what is wrong?" --table orders --json
      statecharts investigate --resume --output investigations/shop
      statecharts investigate --db shop.sqlite --question "why?" --reasoner openai \\
          --endpoint http://localhost:8000/v1 --model small

    Exit status: 0 there is a verdict, 1 the investigation failed, 2 the command line is wrong,
    3 the verdict is open, 130 it was interrupted.
    """
    from machines.investigator.command.inputs import InputError  # noqa: PLC0415
    from machines.investigator.command.job import Job  # noqa: PLC0415
    from machines.investigator.command.options import Options  # noqa: PLC0415

    options = Options(**given)
    try:
        status = Job(options).do()
    except InputError as error:
        if options.as_json:
            from machines.investigator.command.result import no_result  # noqa: PLC0415
            from statecharts.cli.terminal import print_json  # noqa: PLC0415

            print_json(no_result("input", error.message))
        raise
    sys.stdout.flush()
    context.exit(status)
