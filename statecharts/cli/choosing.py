"""Choosing: the one chart that a target means, for commands that take no more."""

from __future__ import annotations

import click

from statecharts.cli.targets import Found, TargetError, survey
from statecharts.cli.terminal import print_failures


def one_chart(context: click.Context, target: str, variables: dict[str, str]) -> Found:
    """Return the only chart that a target means.

    Ends the command with status 1 when there is none because a module could not be imported.

    Raises:
        TargetError: It means several, or nothing.
    """
    found = survey(target, variables)
    if len(found.charts) == 1:
        return found.charts[0]
    if found.charts:
        listed = ", ".join(one.address for one in found.charts)
        raise TargetError(f"{target!r} has {len(found.charts)} charts. Name one of: {listed}.")
    print_failures(found.failures)
    return context.exit(1)
