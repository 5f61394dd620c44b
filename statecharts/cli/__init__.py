"""The command line: `statecharts check`, `list`, `show`, `render`, `watch`, `import` and more.

Each command reads the charts of a package, a module, a name or a file (`statecharts.cli.targets`).
Other packages add commands, such as `investigate` (`statecharts.cli.plugins`). Exit status: 0 all
is well, 1 a chart, its module or its file is faulty, 2 the command line is wrong.
"""

from __future__ import annotations

import io
import sys
from functools import partial
from importlib import import_module
from typing import Final

import click

from statecharts.cli.plugins import Commands, Deferred

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

    Every command on charts takes a TARGET, which is one of:

    \b
      machines                      a package: the charts of all its modules
      machines.pipeline             a module: the charts declared in it
      machines.pipeline:Pipeline    one chart, by its name in the module; a class
                                    of python-statemachine counts as one
      shop/orders.py                a module, by its file; shop/orders.py:Order
                                    is one chart of it
      charts/door.scxml             a file: SCXML, YAML, XState JSON, Swarm TOML
      workflows.toml:approval       one chart of a file with several

    Modules are imported, also from the current directory, as with 'python -m'. Other files are only
    read: no code in them is run.

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
            # A pipe that cannot encode an arrow gets a question mark.
            stream.reconfigure(errors="replace")


COMMANDS: Final = {
    "check": ("checking:check", "Look for faults in the charts of TARGET."),
    "list": ("showing:list_charts", "List the charts of TARGET."),
    "show": ("showing:show", "Show the charts of TARGET as trees, with their transitions."),
    "render": ("rendering:render", "Draw the charts of TARGET into files."),
    "watch": ("watching:watch", "Show the charts of TARGET on a page, drawn anew on saving."),
    "import": ("importing:import_chart", "Write the charts of TARGET as declarations in Python."),
    "simulate": (
        "simulating:simulate",
        "Send events to the chart of TARGET, and print every step.",
    ),
    "schema": (
        "showing:schema",
        "Print the JSON Schema of the events and snapshots of TARGET.",
    ),
    "runs": ("running:runs", "See and move the runs of a store."),
}
"""The commands by name: the place of each in this package, and the first line of its help."""


def _load(place: str) -> click.Command:
    module, _, name = place.partition(":")
    found: click.Command = getattr(import_module(f"statecharts.cli.{module}"), name)
    return found


for _name, (_place, _told) in COMMANDS.items():
    main.add_command(Deferred(_name, _told, partial(_load, _place)))
