"""The command line: `statecharts check`, `list`, `show`, `render`, `import`, `simulate`, `schema`.

Each command finds the charts of a package, a module, a name or a file (`statecharts.cli.targets`)
and is one more reader of them. Other packages add commands of their own, as `investigate` is one
(`statecharts.cli.plugins`). Exit status: 0 when all is well, 1 when something is wrong with a
chart, its module or its file, 2 when the command line names something that does not exist.
"""

from __future__ import annotations

import io
import sys

import click

from statecharts.cli.checking import check
from statecharts.cli.importing import import_chart
from statecharts.cli.listing import list_charts
from statecharts.cli.plugins import Commands
from statecharts.cli.rendering import render
from statecharts.cli.schemas import schema
from statecharts.cli.showing import show
from statecharts.cli.simulating import simulate

__all__ = ["main"]


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(
    package_name="statecharts",
    message="statecharts %(version)s",
    help="Show the version and exit.",
)
def main() -> None:
    """Check, list, show, draw and run statecharts of your Python code or of files.

    Every command on charts takes a TARGET, which is one of

    \b
      machines                      a package: the charts of all its modules
      machines.pipeline             a module: the charts declared in it
      machines.pipeline:Pipeline    one chart, by its name in the module
      charts/door.scxml             a file: SCXML, YAML, XState JSON, Swarm TOML
      workflows.toml:approval       one chart of a file that holds several

    Modules are imported, and the current directory can be imported from, as with 'python -m'.
    Files are read, and nothing in them is run.

    \b
    Examples:
      statecharts check machines
      statecharts show machines.pipeline:Pipeline
      statecharts render machines -o gallery --format svg
      statecharts import door.scxml -o door.py
      statecharts simulate machines.pipeline:Pipeline < events.jsonl
      statecharts investigate --db shop.sqlite --question "why did orders drop?"

    Exit status: 0 all is well, 1 faults were found, 2 the command line is wrong.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A pipe that cannot spell an arrow gets a question mark.
            stream.reconfigure(errors="replace")


for _command in (check, list_charts, show, render, import_chart, simulate, schema):
    main.add_command(_command)
