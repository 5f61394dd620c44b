"""Forks: nothing that belongs to one process is used on in another.

A connection that two processes share loses what one of them writes: SQLite's locks are those of a
process, and what a server answers goes to whoever reads first. Each store therefore closes its
connections before a fork, and makes new ones in each process when it needs them.
"""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakSet


class Forking(Protocol):
    """Something that cannot be used on in a process that was forked, as it is."""

    def before_fork(self) -> None:
        """Bring it into a state that two processes may go on from, and keep it there."""
        ...

    def after_fork(self, *, child: bool) -> None:
        """Let it be used again, in the old process or in the new one."""
        ...


_open: WeakSet[Forking] = WeakSet()
_held: list[Forking] = []


def watch(one: Forking) -> None:
    """Tell something of each fork from now on, for as long as it lives."""
    _open.add(one)


def unwatch(one: Forking) -> None:
    """Tell it no more."""
    _open.discard(one)


def _before() -> None:
    for one in list(_open):
        one.before_fork()
        _held.append(one)


def _after(*, child: bool) -> None:
    while _held:
        _held.pop().after_fork(child=child)


if hasattr(os, "register_at_fork"):  # where processes are forked at all
    os.register_at_fork(
        before=_before,
        after_in_parent=lambda: _after(child=False),
        after_in_child=lambda: _after(child=True),
    )
