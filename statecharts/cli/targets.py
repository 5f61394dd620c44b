"""Targets: from ``package``, ``package.module``, ``module:Name`` or a file to the charts meant."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Final, final

from attrs import frozen

from statecharts.cli.files import TargetError, is_file, load, split
from statecharts.cli.modules import Failure, Importer, NoModuleError, submodule_names
from statecharts.model.chart import Chart, Declaration
from statecharts.model.suggestions import did_you_mean, nearest

__all__ = ["Found", "Survey", "TargetError", "survey"]

_NOT_HERE: Final = "Run the command in the directory that it can be imported from."


@final
@frozen
class Found:
    """A chart and where it was found.

    Attributes:
        module: The module that declares it, or the file that holds it.
        name: Its name in there.
        chart: The chart.
    """

    module: str
    name: str
    chart: Chart

    @property
    def address(self) -> str:
        """The target that means this chart alone."""
        return f"{self.module}:{self.name}"


@final
@frozen
class Survey:
    """What a target means: charts, and modules that could not be looked at.

    Attributes:
        charts: The charts, in the order of their modules' names and then of declaration.
        failures: The modules that raised while they were imported, or the file that was refused.
        of: What it is a survey of: ``module`` or ``file``.
    """

    charts: tuple[Found, ...]
    failures: tuple[Failure, ...]
    of: str = "module"


def survey(target: str, variables: dict[str, str] | None = None) -> Survey:
    """Import what a target names, or read the file that it is, and return the charts there.

    Each chart comes once, from the module that declares it. The current directory is made
    importable.

    Args:
        target: A package, a module, a chart in a module, a chart file, or a chart in a file.
        variables: What ``${NAME}`` stands for in a file.

    Raises:
        TargetError: There is no such module or file, no such name in it, or no chart.
    """
    if is_file(target):
        return _survey_file(target, variables or {})
    module_name, colon, name = target.partition(":")
    if not all(part.isidentifier() for part in module_name.split(".")):
        raise TargetError(_not_a_name(module_name))
    with Importer() as importer:
        try:
            module = importer.load(module_name)
        except NoModuleError as error:
            raise TargetError(_no_module(error, importer)) from None
        if module is None:
            charts: tuple[Found, ...] = ()
        elif colon:
            charts = _named(module, name, importer)
        else:
            charts = _once(_all_inside(module, importer))
        if not charts and not importer.failures:
            raise TargetError(f"there are no charts in {target!r}.")
        return Survey(charts, importer.failures)


def _survey_file(target: str, variables: dict[str, str]) -> Survey:
    path, name = split(target)
    charts, failures = load(path, variables)
    if name and not failures:
        if name not in charts:
            remedy = did_you_mean(name, charts, f"Known: {', '.join(charts)}.")
            raise TargetError(f"there is no chart {name!r} in {path!r}. {remedy}")
        charts = {name: charts[name]}
    found = tuple(Found(path, name, chart) for name, chart in charts.items())
    return Survey(found, failures, "file")


def _all_inside(module: ModuleType, importer: Importer) -> Iterator[Found]:
    for inner in importer.inside(module):
        yield from _declared(inner)


def _declared(module: ModuleType) -> Iterator[Found]:
    """Yield the charts that a module holds, in order, but for classes that it imported."""
    for name, value in vars(module).items():
        imported = isinstance(value, type) and value.__module__ != module.__name__
        chart = None if imported else _chart_of(value)
        if chart is not None:
            yield Found(module.__name__, name, chart)


def _chart_of(value: object) -> Chart | None:
    if isinstance(value, type) and issubclass(value, Declaration):
        value = getattr(value, "chart", None)  # an abstract declaration has none
    return value if isinstance(value, Chart) else None


def _once(found: Iterable[Found]) -> tuple[Found, ...]:
    """Keep each chart once: in the innermost of the modules that hold it, else in the first."""
    kept: dict[int, Found] = {}
    for one in found:
        other = kept.get(id(one.chart))
        if other is None or other.module.count(".") < one.module.count("."):
            kept.pop(id(one.chart), None)  # so that it comes where it stands
            kept[id(one.chart)] = one
    return tuple(kept.values())


def _named(module: ModuleType, name: str, importer: Importer) -> tuple[Found, ...]:
    value: object = module
    for part in name.split("."):
        value = getattr(value, part, None)
    chart = _chart_of(value)
    if chart is not None:
        return (Found(module.__name__, name, chart),)
    if not importer.is_whole(module):
        return ()  # it may well be in the part that could not be imported, and that is reported
    known = {found.name: found.address for found in _all_inside(module, importer)}
    known |= {found.name: found.name for found in _declared(module)}
    where = repr(module.__name__)
    found = f"there is no chart {name!r} in {where}"
    if value is not None:
        found = f"{name!r} in {where} is not a chart"
    raise TargetError(f"{found}. {_remedy(name, known, f'{where} has no charts.')}")


def _no_module(error: NoModuleError, importer: Importer) -> str:
    """Return the message for a missing module, with the nearest one that there is."""
    parent_name = error.missing.rpartition(".")[0]
    parent = importer.load(parent_name) if parent_name else None
    if parent is not None:
        known = {name: name for name in submodule_names(parent)}
        known |= {f"{parent_name}.{one.name}": one.address for one in _declared(parent)}
        remedy = _remedy(error.name, known, f"{parent_name!r} has no modules in it.")
    else:
        near = nearest(error.name, _importable_here()) or nearest(error.name, _importable())
        remedy = _NOT_HERE if near is None else f"Did you mean {near!r}?"
    return f"there is no module {error.missing!r}. {remedy}"


def _not_a_name(text: str) -> str:
    """Return the message for what no import could name, with the module that a path stands for."""
    path = Path(text.removesuffix(".py").removesuffix("__init__"))
    if path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    remedy = "Write it as an import would: 'package.module'."
    if path.parts and all(part.isidentifier() for part in path.parts):
        remedy = f"Did you mean {'.'.join(path.parts)!r}?"
    return f"{text!r} is not the name of a module. {remedy}"


def _remedy(word: str, known: dict[str, str], otherwise: str) -> str:
    """Suggest what the nearest of the known names stands for, or list all when none is near."""
    if not known:
        return otherwise
    near = nearest(word, known)
    if near is None:
        return f"Known: {', '.join(known.values())}."
    return f"Did you mean {known[near]!r}?"


def _importable_here() -> list[str]:
    """Return the modules of the current directory, and those of its packages."""
    found: list[str] = []
    for entry in pkgutil.iter_modules([str(Path.cwd())]):
        found.append(entry.name)
        if entry.ispkg:
            inner = pkgutil.iter_modules([str(Path.cwd() / entry.name)], f"{entry.name}.")
            found.extend(module.name for module in inner)
    return found


def _importable() -> list[str]:
    """Return every module that can be imported without naming a package."""
    return [entry.name for entry in pkgutil.iter_modules()]
