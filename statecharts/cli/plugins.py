"""Plugins: further commands, which other packages add, and which are imported when they are called.

A package declares its command under the entry-point group `statecharts.commands`, by its name and
the place of a `click.Command`:

    [project.entry-points."statecharts.commands"]
    investigate = "machines.investigator.command:investigate"
"""

from __future__ import annotations

import re
from importlib.metadata import Distribution, EntryPoint, entry_points
from typing import Any, Final, final

import click

from statecharts.model.suggestions import nearest

GROUP: Final = "statecharts.commands"
"""The entry points that are commands."""

_REQUIREMENT: Final = re.compile(r"\s*([A-Za-z0-9._-]+).*?extra\s*==\s*['\"]([^'\"]+)['\"]")


class PluginError(click.ClickException):
    """A command that cannot be imported: one line on standard error, exit status 1."""


class Commands(click.Group):
    """A group of commands, its own and those of plugins; its own come first.

    Which plugins there are is asked only when a command is none of its own, or for help.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in alphabetical order."""
        return sorted({*super().list_commands(ctx), *_plugins()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; one of a plugin is not imported by that."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        entry = _plugins().get(cmd_name)
        return None if entry is None else Deferred(entry)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is called; of a misspelt one, say what may be meant."""
        known = self.list_commands(ctx) if self._is_unknown(ctx, args) else []
        near = nearest(args[0], known) if known else None
        if near is not None:
            ctx.fail(f"No such command '{args[0]}'. Did you mean '{near}'?")
        return super().resolve_command(ctx, args)

    def _is_unknown(self, ctx: click.Context, args: list[str]) -> bool:
        return not args[0].startswith("-") and self.get_command(ctx, args[0]) is None


@final
class Deferred(click.Command):
    """A command of a plugin: until it is called, nothing but its name is known."""

    def __init__(self, entry: EntryPoint) -> None:
        package = entry.module.partition(".")[0]
        told = f"By {package}; see 'statecharts {entry.name} -h'."
        super().__init__(entry.name, short_help=told, add_help_option=False)
        self._entry = entry

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Import the command, and give it what it is called with."""
        return _load(self._entry).make_context(info_name, args, parent, **extra)


def _plugins() -> dict[str, EntryPoint]:
    """Return the commands of other packages by name; of two of a name, the first counts."""
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=GROUP):
        found.setdefault(entry.name, entry)
    return found


def _load(entry: EntryPoint) -> click.Command:
    """Import a command.

    Raises:
        PluginError: It cannot be imported, or is no command.
    """
    try:
        command = entry.load()
    except ModuleNotFoundError as error:
        raise PluginError(_missing(entry, error)) from error
    except Exception as error:  # whatever a plugin raises, the command line stays in one piece
        told = f"{type(error).__name__}: {error}"
        raise PluginError(f"{entry.name!r} cannot be loaded from {entry.value}: {told}") from error
    if not isinstance(command, click.Command):
        kind = type(command).__name__
        raise PluginError(f"{entry.name!r} is no command: {entry.value} is a {kind}.")
    return command


def _missing(entry: EntryPoint, error: ModuleNotFoundError) -> str:
    """Say which module a command lacks, and what installs it."""
    lacks = (error.name or str(error)).partition(".")[0]
    extra = None if entry.dist is None else _extra(entry.dist, lacks)
    if entry.dist is None or extra is None:
        remedy = f"Install {lacks!r}, or remove what provides {entry.value}."
    else:
        remedy = f"Install it: pip install '{entry.dist.name}[{extra}]'"
    return f"{entry.name!r} needs {lacks!r}, which is not installed. {remedy}"


def _extra(distribution: Distribution, module: str) -> str | None:
    """Return the extra of a distribution that brings a module, if one does."""
    for requirement in distribution.requires or ():
        found = _REQUIREMENT.match(requirement)
        if found and found[1].replace("-", "_").lower() == module.lower():
            return found[2]
    return None
