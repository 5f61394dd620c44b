"""Imports of modules by name, in which a failing module does not hide the others."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import pkgutil
import sys
import traceback
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Self, final

from attrs import field, frozen

from statecharts.model.chart import Chart
from statecharts.model.errors import DefinitionError, Fault, StatechartError


class NoModuleError(LookupError):
    """There is no module of that name; one that fails when it is imported is a `Failure`.

    Attributes:
        name: The module that was asked for.
        missing: The first part of its dotted name that does not exist.
    """

    def __init__(self, name: str, missing: str) -> None:
        super().__init__(name, missing)
        self.name = name
        self.missing = missing


@final
@frozen
class Failure:
    """A module that raised while it was imported, or a file that could not be read.

    Attributes:
        module: The module with the mistake, or the file; another module may have imported it.
        chart: Name of the chart whose definition is at fault; None for any other mistake.
        faults: The faults of that chart; empty for any other mistake.
        message: The mistake in one line.
        location: ``file:line`` of the mistake, when it is known.
        definitions: The charts there as far as they could be made, each with its faults.
    """

    module: str
    chart: str | None
    faults: tuple[Fault, ...]
    message: str
    location: str | None
    definitions: tuple[tuple[Chart, tuple[Fault, ...]], ...] = field(
        default=(), eq=False, repr=False
    )

    def __str__(self) -> str:
        place = "" if self.location is None else f" ({self.location})"
        return f"{self.module} cannot be imported{place}: {self.message}"


def failure_of(module: str, error: BaseException, location: str | None = None) -> Failure:
    """Return the failure of a module, or of a file, that an error reports."""
    if isinstance(error, DefinitionError):
        headline = error.message.splitlines()[0].rstrip(":")
        said = (module, error.chart, error.faults, headline, location)
        return Failure(*said, definitions=error.definitions)
    if isinstance(error, StatechartError):
        return Failure(module, None, (), str(error), location)
    words = (type(error).__name__, *str(error).strip().splitlines()[:1])
    return Failure(module, None, (), ": ".join(words), location)


class Importer:
    """Imports modules one by one and collects failures.

    A package that fails is replaced by an empty one until the importer is closed, so that the
    modules inside it can still be imported. Output of a module goes to standard error.
    """

    def __init__(self) -> None:
        self._failures: dict[object, Failure] = {}
        self._substitutes: dict[str, ModuleType] = {}

    def __enter__(self) -> Self:
        here = str(Path.cwd())
        if here not in sys.path:
            sys.path.insert(0, here)
        return self

    def __exit__(self, *_: object) -> None:
        for name, module in self._substitutes.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The failures so far, each mistake once."""
        return tuple(self._failures.values())

    def load(self, name: str) -> ModuleType | None:
        """Import a module and the packages around it.

        Returns:
            The module, or None if importing it raised; the failure is then in `failures`.

        Raises:
            NoModuleError: There is no module of that name.
        """
        module: ModuleType | None = None
        prefix = ""
        for part in name.split("."):
            prefix = f"{prefix}.{part}" if prefix else part
            module = sys.modules.get(prefix)
            if module is None:
                spec = _find(prefix)
                if spec is None:
                    raise NoModuleError(name, prefix)
                module = self._import(spec)
        return module

    def load_file(self, path: Path) -> ModuleType | None:
        """Import a file of Python under the name that it has where it belongs.

        That is its name in the outermost package around it, whose folder is made importable. A file
        whose name cannot be imported, or is that of another module, gets a name of its own.

        Returns:
            The module, or None if importing it raised; the failure is then in `failures`.
        """
        folder, name = home_of(path)
        if str(folder) != sys.path[0]:
            sys.path.insert(0, str(folder))
        known = sys.modules.get(name)
        if known is None and is_importable(name):
            known = self.load(name)
            if known is None:
                return None
        if known is not None and is_same_file(known, path):
            return known
        own = own_name(path)
        known = sys.modules.get(own)
        spec = importlib.util.spec_from_file_location(own, path)
        return self._import(spec) if known is None and spec is not None else known

    def is_whole(self, module: ModuleType) -> bool:
        """Tell whether a module was imported, and is not a substitute for one that failed."""
        return self._substitutes.get(module.__name__) is not module

    def report(self, module: str, error: StatechartError) -> None:
        """Keep the failure of a chart in a module that was imported."""
        failure = failure_of(module, error)
        self._failures.setdefault(failure, failure)

    def inside(self, module: ModuleType) -> Iterator[ModuleType]:
        """Yield a module and its submodules of every depth, by name, without those that fail.

        A ``__main__`` is a program and is not imported.
        """
        yield module
        for name in submodule_names(module):
            submodule = self.load(name)
            if submodule is not None:
                yield from self.inside(submodule)

    def _import(self, spec: ModuleSpec) -> ModuleType | None:
        try:
            with contextlib.redirect_stdout(sys.stderr):
                return _executed(spec)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - anything can go wrong in there
            if not (isinstance(error, ImportError) and error.name in self._substitutes):
                module, location = _blamed(spec.name, error)
                failure = failure_of(module, error, location)
                self._failures.setdefault(failure.location or failure, failure)
        if spec.submodule_search_locations is None:
            return None
        substitute = importlib.util.module_from_spec(spec)
        self._substitutes[spec.name] = sys.modules[spec.name] = substitute
        return substitute


def submodule_names(module: ModuleType) -> list[str]:
    """Return the full names of the modules directly inside a package, without ``__main__``."""
    found = pkgutil.iter_modules(getattr(module, "__path__", ()), f"{module.__name__}.")
    return sorted(entry.name for entry in found if not entry.name.endswith(".__main__"))


def short_location(location: str | None) -> str | None:
    """Return a ``file:line`` relative to the current directory if it is inside it."""
    if location is None or not Path(location).is_relative_to(Path.cwd()):
        return location
    return str(Path(location).relative_to(Path.cwd()))


def home_of(path: Path) -> tuple[Path, str]:
    """Return the folder that a file of Python is imported from, and the name that it has there."""
    whole = path.resolve()
    folder = whole.parent
    parts = [] if whole.stem == "__init__" else [whole.stem]
    while (folder / "__init__.py").is_file() and folder.parent != folder:
        parts.insert(0, folder.name)
        folder = folder.parent
    return folder, ".".join(parts or [whole.stem])


def is_importable(name: str) -> bool:
    """Tell whether a text can be the name of a module."""
    return all(part.isidentifier() for part in name.split("."))


def own_name(path: Path) -> str:
    """Return the name of a module for a file that cannot be imported under its own."""
    digest = hashlib.sha256(str(path.resolve()).encode()).hexdigest()
    return f"{path.stem}_{digest[:8]}"


def is_same_file(module: ModuleType, path: Path) -> bool:
    """Tell whether a module is that of a file."""
    file = getattr(module, "__file__", None)
    return file is not None and Path(file).resolve() == path.resolve()


def _executed(spec: ModuleSpec) -> ModuleType:
    """Import what a finder has found, or a file under a name that no finder knows."""
    if spec.submodule_search_locations is not None or _find(spec.name) is not None:
        return importlib.import_module(spec.name)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    assert spec.loader is not None  # noqa: S101 - it is the path of a Python file
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[spec.name]
        raise
    return module


def _find(name: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(name)
    except ModuleNotFoundError:  # the parent is no package
        return None


def _blamed(name: str, error: BaseException) -> tuple[str, str | None]:
    """Return the module and the ``file:line`` of a mistake.

    That is the innermost call in the target's own code, or else the innermost of all.
    """
    if isinstance(error, SyntaxError) and error.filename:
        return name, short_location(f"{error.filename}:{error.lineno or 1}")
    root = name.partition(".")[0]
    calls = [
        (str(frame.f_globals.get("__name__")), f"{frame.f_code.co_filename}:{line}")
        for frame, line in traceback.walk_tb(error.__traceback__)
        if not frame.f_code.co_filename.startswith("<")
    ]
    own = [call for call in calls if call[0].partition(".")[0] == root]
    module, location = own[-1] if own else (name, calls[-1][1])
    return module, short_location(location)
