"""Commands that are imported when they are called: our own, and those that other packages add.

Help is shown without them, because importing them takes longer than anything else here.

A package declares its command under the entry-point group `statecharts.commands`, by its name and
the location of a `click.Command`:

    [project.entry-points."statecharts.commands"]
    investigate = "machines.investigator.command:investigate"
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, final

import click

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP: Final = "statecharts.commands"
"""The entry points that are commands."""


class PluginError(click.ClickException):
    """A command that cannot be imported: one line on standard error, exit status 1."""


class Commands(click.Group):
    """A group of commands, its own and those of plugins; its own come first.

    It looks for plugins only to show help and when a command is not its own.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in alphabetical order."""
        return sorted({*super().list_commands(ctx), *_plugins()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, without importing a plugin for it."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        entry = _plugins().get(cmd_name)
        if entry is None:
            return None
        told = f"A command of {_package(entry)}; see 'statecharts {entry.name} -h'."
        return Deferred(entry.name, told, lambda: _load(entry))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is called; suggest the nearest one when it is misspelt."""
        if self._is_unknown(ctx, args):
            from statecharts.model.suggestions import nearest  # noqa: PLC0415 - for mistakes

            near = nearest(args[0], self.list_commands(ctx))
            if near is not None:
                ctx.fail(f"No such command '{args[0]}'. Did you mean '{near}'?")
        return super().resolve_command(ctx, args)

    def _is_unknown(self, ctx: click.Context, args: list[str]) -> bool:
        return not args[0].startswith("-") and self.get_command(ctx, args[0]) is None


@final
class Deferred(click.Command):
    """A command that has only its name and one line of help until it is called.

    Args:
        name: Its name.
        told: The line of help.
        load: Imports the command.
    """

    def __init__(self, name: str, told: str, load: Callable[[], click.Command]) -> None:
        super().__init__(name, short_help=told, add_help_option=False)
        self.load: Final = load

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Import the command, and pass it its arguments."""
        return self.load().make_context(info_name, args, parent, **extra)


def _plugins() -> dict[str, EntryPoint]:
    """Return the commands of other packages by name; the first of two with one name counts."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - our own commands do without

    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=GROUP):
        found.setdefault(entry.name, entry)
    return found


def _load(entry: EntryPoint) -> click.Command:
    """Import a command.

    Raises:
        PluginError: It cannot be imported, or is not a command.
    """
    try:
        command = entry.load()
    except ModuleNotFoundError as error:
        raise PluginError(_missing(entry, error.name or str(error))) from error
    except Exception as error:  # whatever a plugin raises, the command line stays in one piece
        told = f"{type(error).__name__}: {error}"
        raise PluginError(f"{entry.name!r} cannot be loaded from {entry.value}: {told}") from error
    if not isinstance(command, click.Command):
        kind = type(command).__name__
        raise PluginError(f"{entry.name!r} is not a command: {entry.value} is a {kind}.")
    return command


def _missing(entry: EntryPoint, module: str) -> str:
    """Return the message for a module that a command needs and does not find, with a remedy."""
    from statecharts.model.errors import missing, requirement_name  # noqa: PLC0415 - for errors

    package = module.partition(".")[0]
    hiding = _location(package) if package == _package(entry) else None
    if hiding is not None:
        owner = "its own package" if entry.dist is None else entry.dist.name
        return (
            f"{entry.name!r} needs {module!r} of {owner}, which {hiding} hides."
            f" Rename that {package!r}, or run the command where Python does not find it."
        )
    requires = () if entry.dist is None else entry.dist.requires or ()
    for name in map(requirement_name, requires):
        if name.replace("-", "_").lower() == package.lower():
            return ". ".join(missing(repr(entry.name), name, requires=requires))
    lacks = f"{entry.name!r} needs {package}, which is not installed."
    return f"{lacks} Install it, or remove what provides {entry.value}."


def _package(entry: EntryPoint) -> str:
    """Return the package that a command comes from."""
    return entry.module.partition(".")[0]


def _location(package: str) -> str | None:
    """Return the file or folder that a package is imported from, if there is one."""
    spec = importlib.util.find_spec(package)
    if spec is None:
        return None
    folders = list(spec.submodule_search_locations or ())
    return spec.origin if spec.has_location or not folders else folders[0]
