"""Chart files as targets: which targets are files, and what can be said when one is not there."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from statecharts.cli.modules import Failure
from statecharts.model.chart import Chart
from statecharts.model.errors import DefinitionError, StatechartError
from statecharts.model.suggestions import nearest

F = TypeVar("F", bound=Callable[..., Any])


class TargetError(click.ClickException):
    """A target that does not exist: one line on standard error, exit status 2."""

    exit_code = 2


def is_file(target: str) -> bool:
    """Tell whether a target means a chart file rather than something to import.

    It does when it ends as a chart file does, or is a path to a file; what can be imported under
    the same name comes behind a file that exists, and before one that does not.
    """
    path = Path(split(target)[0])
    if path.is_file():
        return path.suffix != ".py" and (_is_known(path) or _has_folder(target))
    return _is_known(path) and (_has_folder(target) or not _is_importable(path.name))


def split(target: str) -> tuple[str, str]:
    """Return the path of a target, and the name of the chart that is meant, if one is.

    >>> split("flows.toml:approval"), split("flows.toml")
    (('flows.toml', 'approval'), ('flows.toml', ''))
    """
    path, colon, name = target.rpartition(":")
    if colon and not Path(target).exists() and _is_known(Path(path)):
        return path, name
    return target, ""


def load(file: str, variables: dict[str, str]) -> tuple[dict[str, Chart], tuple[Failure, ...]]:
    """Return the charts of a file by name, or why there are none.

    Raises:
        TargetError: There is no such file.
    """
    from statecharts.interop import files  # noqa: PLC0415 - who checks modules does without

    path = Path(file)
    if not path.is_file():
        raise TargetError(_no_file(path))
    try:
        return files.load(file, variables), ()
    except DefinitionError as error:
        headline = error.message.splitlines()[0].rstrip(":")
        return {}, (Failure(file, error.chart, error.faults, headline, None),)
    except StatechartError as error:
        return {}, (Failure(file, None, (), str(error), None),)


def set_option(function: F) -> F:
    """Give a command the option `--set`, whose values it takes as ``variables``."""
    option = click.option(
        "--set",
        "variables",
        metavar="NAME=VALUE",
        multiple=True,
        callback=_variables,
        help="Value of ${NAME} in a Swarm file; may be given several times.",
    )
    return option(function)


def _variables(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    found: dict[str, str] = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not name or not equals:
            raise click.BadParameter(f"{value!r} is not NAME=VALUE.", context, parameter)
        found[name] = text
    return found


def _no_file(path: Path) -> str:
    """Return the message for a missing file, with the nearest one in its folder."""
    folder = path.parent
    if not folder.is_dir():
        return f"there is no file {str(path)!r}: the folder {str(folder)!r} does not exist."
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    charts = [name for name in names if _is_known(Path(name))]
    near = nearest(path.name, charts) or nearest(path.name, names)
    if near is not None:
        return f"there is no file {str(path)!r}. Did you mean {str(folder / near)!r}?"
    known = f"Its chart files: {', '.join(charts)}." if charts else "It holds no chart files."
    return f"there is no file {path.name!r} in {str(folder)!r}. {known}"


def _is_known(path: Path) -> bool:
    from statecharts.interop.files import FORMATS  # noqa: PLC0415 - see `load`

    return path.suffix.lower() in FORMATS


def _has_folder(target: str) -> bool:
    return any(mark in target for mark in {"/", os.sep, os.altsep or os.sep})


def _is_importable(name: str) -> bool:
    top = name.partition(".")[0]
    if Path(top).is_dir() or Path(f"{top}.py").is_file():
        return top.isidentifier()
    try:
        return top.isidentifier() and importlib.util.find_spec(top) is not None
    except (ImportError, ValueError):
        return False
