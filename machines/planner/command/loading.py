"""Plans that are named on the command line: ``FILE.py`` or ``FILE.py:name``."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import click

from machines.planner.places import place_in
from machines.planner.plan import Plan
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
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    name = f"plan_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None  # noqa: S101 - it is the path of a Python file
    assert spec.loader is not None  # noqa: S101 - so it has one
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # annotations are resolved in it
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        place = place_in(error)
        said = f"{type(error).__name__}: {error}" + (f" ({place})" if place else "")
        raise PlanFileError(f"{path} cannot be imported: {said}") from error
    return module
