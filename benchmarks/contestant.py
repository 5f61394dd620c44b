"""What every contestant of a benchmark offers, and how the ones at hand are found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module, metadata
from typing import Protocol, TypeVar, cast, runtime_checkable

from attrs import frozen

Run = Callable[[], object]
"""Something to time: called without arguments, its result thrown away."""


@runtime_checkable
class Named(Protocol):
    """A contestant as a table shows it."""

    @property
    def name(self) -> str:
        """The name in the first column of a table."""
        ...

    @property
    def version(self) -> str:
        """The version of the library measured, or of Python for code without one."""
        ...


N = TypeVar("N", bound=Named)


@frozen
class Entry:
    """Where a contestant lives, and which distribution it cannot do without."""

    name: str
    module: str
    requires: str | None = None
    """The import package whose absence means "not installed"; None for plain Python."""


@frozen
class Missing:
    """A contestant that cannot be measured here, with the reason that its row shows."""

    name: str
    reason: str


class ContestantError(Exception):
    """A contestant did not do what the benchmark asks of it, so timing it would mislead."""

    def __init__(self, contestant: str, where: str, expected: object, found: object) -> None:
        """Keep the fields apart, so that a caller can read them."""
        super().__init__(contestant, where, expected, found)
        self.contestant = contestant
        self.where = where
        self.expected = expected
        self.found = found

    def __str__(self) -> str:
        """Say who went wrong where, and how."""
        return f"{self.contestant}: {self.where}: expected {self.expected!r}, found {self.found!r}"


def version_of(distribution: str) -> str:
    """Return the installed version of a distribution, or "?" when it carries no metadata."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "?"


def load(entry: Entry, kind: type[N]) -> N | Missing:
    """Import one contestant, or say why it is missing.

    Args:
        entry: Names a module that binds its contestant to ``CONTESTANT``.
        kind: The protocol that the caller expects; it only guides the type checker.

    Raises:
        ImportError: For any failed import other than the absence of the required package:
            a contestant that is broken must be seen, not skipped.
    """
    del kind
    try:
        module = import_module(entry.module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == entry.requires:
            return Missing(entry.name, "not installed")
        raise
    return cast("N", module.CONTESTANT)


def load_all(entries: Iterable[Entry], kind: type[N]) -> tuple[list[N], list[Missing]]:
    """Import every contestant, the ones that can be measured apart from the missing ones."""
    loaded = [load(entry, kind) for entry in entries]
    present = [each for each in loaded if not isinstance(each, Missing)]
    return present, [each for each in loaded if isinstance(each, Missing)]
