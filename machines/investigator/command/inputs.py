"""Inputs: errors of the command line, with the nearest file that exists."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from pathlib import Path

import click

from statecharts.cli.terminal import visible
from statecharts.model.errors import missing
from statecharts.model.suggestions import nearest


class InputError(click.ClickException):
    """An option that cannot be used: one line on standard error, exit status 2."""

    exit_code = 2

    def __init__(self, message: str) -> None:
        """Keep the message; what it repeats of a database or a file cannot control a terminal."""
        super().__init__(visible(message))


class LackError(InputError):
    """A package that is not installed: one line on standard error, exit status 1."""

    exit_code = 1


def need(module: str) -> None:
    """Check, before anything begins, that a module is installed.

    Raises:
        LackError: It is not.
    """
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise LackError(". ".join(missing("'investigate'", error.name or module))) from error


def no_such_file(path: Path) -> str:
    """Return the message for a missing file, with the nearest one in its folder."""
    folder = path.parent
    if not folder.is_dir():
        return f"there is no file {str(path)!r}: the folder {str(folder)!r} does not exist."
    names = _names(folder)
    near = nearest(path.name, [name for name in names if looks_like_sqlite(Path(name))])
    near = near or nearest(path.name, names)
    if near is not None:
        return f"there is no file {str(path)!r}. Did you mean {str(folder / near)!r}?"
    return f"there is no file {str(path)!r}. Name a SQLite database that exists."


def is_a_folder(path: Path) -> str:
    """Return the message for a folder in place of a file, with databases in it."""
    found = [str(path / name) for name in _names(path) if looks_like_sqlite(Path(name))]
    remedy = f"In it: {listed(found)}." if found else "Name a SQLite database."
    return f"{str(path)!r} is a folder. {remedy}"


def looks_like_sqlite(path: Path) -> bool:
    """Tell whether a file has the extension of a SQLite database.

    >>> looks_like_sqlite(Path("shop.DB")), looks_like_sqlite(Path("shop.csv"))
    (True, False)
    """
    return path.suffix.lower() in {".sqlite", ".sqlite3", ".db", ".db3", ".s3db", ".sl3"}


def listed(names: Iterable[str], most: int = 8) -> str:
    """Return the first few names, quoted, and the number of the rest.

    >>> listed(["orders", "refunds"]), listed("abcdef", most=2)
    ("'orders', 'refunds'", "'a', 'b' and 4 more")
    """
    known = [repr(name) for name in names]
    rest = len(known) - most
    return ", ".join(known) if rest <= 0 else f"{', '.join(known[:most])} and {rest} more"


def _names(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    except OSError:
        return []
