"""Targets: from a package, a module, a name in a module, or a file to the charts that it holds.

A file is a chart file, or one of Python, which is imported.
"""

from __future__ import annotations

import importlib.util
import os
import pkgutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final, TypeVar, final

import click
from attrs import evolve, frozen

from statecharts.cli.modules import (
    Failure,
    Importer,
    NoModuleError,
    failure_of,
    home_of,
    is_importable,
    is_same_file,
    own_name,
    submodule_names,
)
from statecharts.cli.terminal import (
    Choice,
    console,
    count_text,
    print_failures,
    print_faults,
    print_note,
)
from statecharts.model.chart import Chart, Declaration
from statecharts.model.errors import DefinitionError, Fault, StatechartError
from statecharts.model.suggestions import did_you_mean, nearest

F = TypeVar("F", bound=Callable[..., Any])

_VERSION: Final = "statecharts.xstate_version"
_TARGET: Final = "statecharts.target"
"""The key of a context's meta for the version of XState."""

_NOT_HERE: Final = "Run the command in the directory that it can be imported from."


class TargetError(click.ClickException):
    """A target that does not exist: one line on standard error, exit status 2."""

    exit_code = 2


@final
@frozen
class Found:
    """A chart and where it was found.

    Attributes:
        module: The module that declares it, or the file that holds it.
        name: Its name in there.
        chart: The chart.
        faults: Its faults, if it was not accepted.
        file: The file of Python that was named and declares it; empty if a module was.
    """

    module: str
    name: str
    chart: Chart
    faults: tuple[Fault, ...] = ()
    file: str = ""

    @property
    def address(self) -> str:
        """The target that means this chart alone."""
        return f"{self.file or self.module}:{self.name}"


@final
@frozen
class Survey:
    """The charts of a target, and the modules that could not be imported.

    Attributes:
        charts: The charts, in the order of their modules' names and then of declaration.
        failures: The modules that raised while they were imported, or the file that was refused.
        of: ``module`` or ``file``.
        cut: Modules of which only what comes before a chart with faults was read.
    """

    charts: tuple[Found, ...]
    failures: tuple[Failure, ...]
    of: str = "module"
    cut: frozenset[str] = frozenset()


def target_argument(function: F) -> F:
    """Give a command the argument TARGET, and the options of files.

    The command takes them as ``target`` and ``variables``.
    """
    return click.argument("target")(file_options(function))


def file_options(function: F) -> F:
    """Give a command `--set`, which it takes as ``variables``, and `--xstate-version`.

    The version stays in the context of the command, where `load` finds it.
    """
    version = click.option(
        "--xstate-version",
        type=Choice(["4", "5"]),
        expose_value=False,
        callback=_keep_version,
        help="Version of XState that a JSON file is for, if it does not show.",
    )
    variables = click.option(
        "--set",
        "variables",
        metavar="NAME=VALUE",
        multiple=True,
        callback=_variables,
        help="Value of ${NAME} in a Swarm file; can be repeated.",
    )
    return variables(version(function))


def survey(
    target: str, variables: dict[str, str] | None = None, *, imported: bool = False
) -> Survey:
    """Import the module of a target, or read its file, and return the charts there.

    Each chart comes once, from the module that declares it. Classes of python-statemachine count as
    charts; no instance of them is made. The current directory is made importable.

    Args:
        target: A package, a module or a file of Python, a chart in one, a chart file, or a chart in
            that.
        variables: Values of ``${NAME}`` in a file.
        imported: Whether charts that the module of the target imports count as well.

    Raises:
        TargetError: There is no such module or file, no such name in it, or no chart.
    """
    _check_file_options(target, variables)
    if is_file(target):
        return _survey_file(target, variables or {})
    path = python_file(target)
    place, name = parted(target)
    if path is None and not is_importable(place):
        raise TargetError(_not_a_name(place))
    with Importer() as importer:
        try:
            module = importer.load(place) if path is None else importer.load_file(path)
        except NoModuleError as error:
            raise TargetError(_no_module(error, importer)) from None
        if module is None:
            charts: tuple[Found, ...] = ()
        elif target.removeprefix(place):
            charts = _named(module, name, importer, path)
        else:
            found = list(_all_inside(module, importer))
            charts = _once(
                (*found, *_declared(module, importer, imported=True)) if imported else found
            )
        if not charts and not importer.failures:
            raise TargetError(f"there are no charts in {target!r}.")
        if path is not None and module is not None:
            named = module.__name__
            charts = tuple(
                evolve(one, file=place) if one.module == named else one for one in charts
            )
        return Survey(charts, importer.failures)


def survey_faulty(
    target: str, variables: dict[str, str] | None = None, *, strict: bool = False
) -> Survey:
    """Return the charts of a target, and those that have faults among them.

    A chart with faults counts as found as far as it could be made; with ``strict`` it is a failure,
    as it is for `survey`.

    Raises:
        TargetError: There is no such module or file, no such name in it, or no chart.
    """
    from statecharts.checks import shown_faults  # noqa: PLC0415 - other commands work without it

    found = survey(target, variables)
    charts = [evolve(one, faults=shown_faults(one.chart)) for one in found.charts]
    failures = list(found.failures)
    if strict:
        failures += [_refused(one) for one in charts if one.faults]
        charts = [one for one in charts if not one.faults]
        return evolve(found, charts=tuple(charts), failures=tuple(failures))
    place, name = parted(target)
    python = python_file(target) is not None
    for failure in found.failures:
        named = [pair for pair in failure.definitions if name in ("", pair[0].name)]
        if named:
            failures.remove(failure)
        file = place if python and failure.module == module_name(target) else ""
        charts += [Found(failure.module, chart.name, chart, told, file) for chart, told in named]
    cut = {one.module for one in found.failures} if found.of == "module" else set[str]()
    return evolve(found, charts=tuple(charts), failures=tuple(failures), cut=frozenset(cut))


def print_faulty(found: Survey) -> None:
    """Print to standard error the faults of the charts that are shown."""
    err = console(err=True)
    for one in found.charts:
        if one.faults:
            text = f"{one.address} is shown with {count_text(len(one.faults), 'fault')}"
            text += ", and the module is read no further" if one.module in found.cut else ""
            print_note(err, f"{text}; --strict refuses it.")
            print_faults(err, one.faults)


def _refused(one: Found) -> Failure:
    return failure_of(one.module, DefinitionError(one.chart.name, one.faults, one.chart))


def all_charts(
    target: str, variables: dict[str, str] | None = None, *, imported: bool = False
) -> tuple[Found, ...]:
    """Return the charts of a target, for commands that need them all (see `survey`).

    Ends the command with status 1 if a module could not be imported, or the file not be read.

    Raises:
        TargetError: There is no such module or file, no such name in it, or no chart.
    """
    found = survey(target, variables, imported=imported)
    if found.failures:
        print_failures(found.failures)
        raise click.exceptions.Exit(1)
    return found.charts


def one_chart(target: str, variables: dict[str, str]) -> Chart:
    """Return the only chart of a target, for commands that take one.

    Ends the command with status 1 if a module could not be imported.

    Raises:
        TargetError: The target has several charts, or none.
    """
    found = survey(target, variables)
    if len(found.charts) == 1:
        return found.charts[0].chart
    if found.charts:
        listed = ", ".join(one.address for one in found.charts)
        raise TargetError(f"{target!r} has {len(found.charts)} charts. Name one of: {listed}.")
    print_failures(found.failures)
    raise click.exceptions.Exit(1)


def _survey_file(target: str, variables: dict[str, str]) -> Survey:
    path, name = split(target)
    charts, failures = load(path, variables)
    if name and not failures:
        charts = {name: chart_named(name, charts, path)}
    found = tuple(Found(path, name, chart) for name, chart in charts.items())
    return Survey(found, failures, "file")


def chart_named(name: str, charts: Mapping[str, Chart], file: str) -> Chart:
    """Return the chart of a file with a name.

    Raises:
        TargetError: The file has none of that name.
    """
    if name not in charts:
        remedy = did_you_mean(name, charts, f"Known: {', '.join(charts)}.")
        raise TargetError(f"there is no chart {name!r} in {file!r}. {remedy}")
    return charts[name]


def _all_inside(module: ModuleType, importer: Importer) -> Iterator[Found]:
    for inner in importer.inside(module):
        yield from _declared(inner, importer)


def _declared(module: ModuleType, importer: Importer, *, imported: bool = False) -> Iterator[Found]:
    """Yield the charts of a module in order; the classes that it imported only where asked for."""
    for name, value in vars(module).items():
        elsewhere = isinstance(value, type) and value.__module__ != module.__name__
        chart = None if elsewhere and not imported else _chart_of(value, importer)
        if chart is not None:
            yield Found(module.__name__, name, chart)


def _chart_of(value: Any, importer: Importer) -> Chart | None:
    if isinstance(value, type) and issubclass(value, Declaration):
        value = getattr(value, "chart", None)  # an abstract declaration has none
    elif _is_state_machine(value):
        from statecharts.interop.python_statemachine import from_class  # noqa: PLC0415

        try:
            value = from_class(value, host=False)
        except StatechartError as error:
            importer.report(value.__module__, error)
    return value if isinstance(value, Chart) else None


def _is_state_machine(value: Any) -> bool:
    """Tell whether a value is a class of python-statemachine with states, without importing it."""
    library = sys.modules.get("statemachine")
    parent = getattr(library, "StateChart", ())
    return (
        isinstance(value, type) and issubclass(value, parent) and bool(getattr(value, "states", ()))
    )


def _once(found: Iterable[Found]) -> tuple[Found, ...]:
    """Keep each chart once: in the innermost of the modules that hold it, else in the first."""
    kept: dict[int, Found] = {}
    for one in found:
        other = kept.get(id(one.chart))
        if other is None or other.module.count(".") < one.module.count("."):
            kept.pop(id(one.chart), None)  # so that it keeps the order of its own module
            kept[id(one.chart)] = one
    return tuple(kept.values())


def _named(
    module: ModuleType, name: str, importer: Importer, path: Path | None = None
) -> tuple[Found, ...]:
    value: object = module
    for part in name.split("."):
        value = getattr(value, part, None)
    chart = _chart_of(value, importer)
    if chart is not None:
        return (Found(module.__name__, name, chart),)
    if not importer.is_whole(module) or _is_state_machine(value):
        return ()  # it, or the part of the module that may hold it, was not read: a failure says so
    known = {found.name: found.address for found in _all_inside(module, importer)}
    known |= {found.name: found.name for found in _declared(module, importer)}
    where = repr(module.__name__ if path is None else str(path))
    found = f"there is no chart {name!r} in {where}"
    if value is not None:
        found = f"{name!r} in {where} is not a chart"
    raise TargetError(f"{found}. {_remedy(name, known, f'{where} has no charts.')}")


def _no_module(error: NoModuleError, importer: Importer) -> str:
    """Return the message for a missing module, with the nearest existing one."""
    parent_name = error.missing.rpartition(".")[0]
    parent = importer.load(parent_name) if parent_name else None
    if parent is not None:
        known = {name: name for name in submodule_names(parent)}
        known |= {f"{parent_name}.{one.name}": one.address for one in _declared(parent, importer)}
        remedy = _remedy(error.name, known, f"{parent_name!r} has no modules in it.")
    else:
        near = nearest(error.name, _importable_here()) or nearest(error.name, _importable())
        remedy = _NOT_HERE if near is None else f"Did you mean {near!r}?"
    return f"there is no module {error.missing!r}. {remedy}"


def _not_a_name(text: str) -> str:
    """Return the message for an impossible module name; a folder is answered with its module."""
    path = Path(text)
    if path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    remedy = "Write it as an import would: 'package.module'."
    if path.parts and all(part.isidentifier() for part in path.parts):
        remedy = f"Did you mean {'.'.join(path.parts)!r}?"
    return f"{text!r} is not the name of a module. {remedy}"


def _remedy(word: str, known: dict[str, str], otherwise: str) -> str:
    """Suggest the target of the nearest known name, or list all if none is near."""
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


def is_file(target: str) -> bool:
    """Tell whether a target names a chart file, not something to import.

    It does if it ends like a chart file or is a path to a file. A module of the same name comes
    after a chart file that exists, and before any other.
    """
    path = Path(split(target)[0])
    if path.is_file():
        plain = _has_folder(target) or not _is_importable(target)
        return path.suffix != ".py" and (_is_known(path) or plain)
    return _is_known(path) and (_has_folder(target) or not _is_importable(path.name))


def python_file(target: str) -> Path | None:
    """Return the file of Python that a target names; None where it names anything else.

    Raises:
        TargetError: It names a file that is not there.
    """
    place = _before_name(target)
    if not place.endswith(".py"):
        return None
    path = Path(place)
    if path.is_file():
        return path
    if not _has_folder(place) and _is_importable(path.stem):
        return None  # a module that is called "py"
    raise TargetError(_no_file(path))


def _before_name(target: str) -> str:
    path, colon, _ = target.rpartition(":")
    return path if colon and path.endswith(".py") else target


def parted(target: str) -> tuple[str, str]:
    """Return the file or module of a target, and the name of the chart in it, if there is one."""
    if is_file(target):
        return split(target)
    place = _before_name(target)
    if place.endswith(".py"):
        return place, target.removeprefix(place).removeprefix(":")
    module, _, name = target.partition(":")
    return module, name


def module_name(target: str) -> str:
    """Return the name that the module of a target has once it has been imported."""
    path = python_file(target)
    if path is None:
        return parted(target)[0]
    name = home_of(path)[1]
    module = sys.modules.get(name)
    its = is_importable(name) and (module is None or is_same_file(module, path))
    return name if its else own_name(path)


def split(target: str) -> tuple[str, str]:
    """Return the path of a target, and the name of the chart in it, if there is one.

    >>> split("flows.toml:approval"), split("flows.toml")
    (('flows.toml', 'approval'), ('flows.toml', ''))
    """
    path, colon, name = target.rpartition(":")
    if colon and not Path(target).exists() and _is_known(Path(path)):
        return path, name
    return target, ""


def load(file: str, variables: dict[str, str]) -> tuple[dict[str, Chart], tuple[Failure, ...]]:
    """Return the charts of a file by name, or the failure to read it.

    Raises:
        TargetError: There is no such file.
    """
    from statecharts.interop import files  # noqa: PLC0415 - modules are checked without it

    path = Path(file)
    if not path.is_file():
        raise TargetError(_no_file(path))
    try:
        context = click.get_current_context(silent=True)
        version = None if context is None else context.meta.get(_VERSION)
        return files.load(file, variables, version), ()
    except StatechartError as error:
        return {}, (failure_of(file, error),)


def _check_file_options(target: str, variables: dict[str, str] | None) -> None:
    """Refuse options that say nothing about the target of a command, a file of another kind.

    A second target of a command is read with the same options, whatever it is.
    """
    context = click.get_current_context(silent=True)
    if context is None or context.meta.setdefault(_TARGET, target) != target:
        return
    ending = Path(split(target)[0]).suffix.lower() if is_file(target) else ""
    version = context.meta.get(_VERSION)
    for option, value, wanted in (
        ("--set", variables, ".toml"),
        ("--xstate-version", version, ".json"),
    ):
        if value and ending != wanted:
            raise TargetError(f"{option} is for {wanted} files, not for {target!r}. Leave it out.")


def _keep_version(context: click.Context, _: click.Parameter, value: str | None) -> None:
    context.meta[_VERSION] = None if value is None else int(value)


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
    python = path.suffix == ".py"
    charts = [one for one in names if (one.endswith(".py") if python else _is_known(Path(one)))]
    if python:  # the ending that all of them have makes none of them near
        stems = [Path(one).stem for one in charts if not one.startswith("__")]
        stem = nearest(path.stem, stems)
        near = None if stem is None else f"{stem}.py"
    else:
        near = nearest(path.name, charts) or nearest(path.name, names)
    if near is not None:
        return f"there is no file {str(path)!r}. Did you mean {str(folder / near)!r}?"
    kind = "files of Python" if python else "chart files"
    known = f"Its {kind}: {', '.join(charts)}." if charts else f"It has no {kind}."
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
