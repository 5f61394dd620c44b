"""Plans that are named on the command line: ``FILE.py`` or ``FILE.py:name``."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import click

from machines.planner.plan import Plan
from statecharts.cli.modules import Importer
from statecharts.model.suggestions import did_you_mean


class PlanFileError(click.ClickException):
    """A plan that cannot be loaded: one line on standard error, exit status 2."""

    exit_code = 2


def load(target: str) -> tuple[Plan, str]:
    """Return a plan, and where it was found, for another process.

    Args:
        target: ``FILE.py:name``; without a name, the only plan of the file, or the one that is
            called ``plan``.

    Raises:
        PlanFileError: There is no such file or plan, or the file raises.
    """
    file, _, name = target.rpartition(":") if ".py:" in target else (target, "", "")
    path = Path(file)
    if path.suffix != ".py" or not path.is_file():
        raise PlanFileError(
            f"There is no file {file!r}. Name a Python file: FILE.py or FILE.py:name."
        )
    found = {key: one for key, one in vars(_module(path)).items() if isinstance(one, Plan)}
    if not name and len(set(map(id, found.values()))) == 1:
        name = next(iter(found))
    name = name or "plan"
    if name not in found:
        known = f"It has {', '.join(found)}." if found else "It has none."
        hint = did_you_mean(name, list(found), known)
        raise PlanFileError(f"{file} has no plan {name!r}. {hint}")
    return found[name], f"{path.resolve()}:{name}"


def _module(path: Path) -> ModuleType:
    """Import a file, so that what it imports from its own folder is found."""
    with Importer() as importer:
        module = importer.load_file(path)
    if module is None:
        raise PlanFileError(str(importer.failures[0]))
    return module
