"""Events: what XState calls the events of its own, what we call them, and in which order they go.

| XState 5 | XState 4 | here |
|---|---|---|
| ``xstate.done.actor.ID`` | ``done.invoke.ID`` | ``done.invoke.ID`` |
| ``xstate.error.actor.ID`` | ``error.platform.ID`` | ``error.platform.ID`` |
| ``xstate.done.state.ID`` | ``done.state.ID`` | ``done.state.NAME`` |
| ``xstate.snapshot.ID`` | | ``xstate.snapshot.ID`` |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

T = TypeVar("T")

_LONGEST: Final = 1_000

_OURS: Final = {
    "xstate.done.actor.": "done.invoke.",
    "xstate.error.actor.": "error.platform.",
    "xstate.done.state.": "done.state.",
}
_WHOLE: Final = {"xstate.done.*": "done.*", "xstate.error.*": "error.*"}

DONE_STATE: Final = "done.state."
"""What the name of a completion event begins with."""


def ours(descriptor: str) -> str:
    """Return what we call the events that a key of ``on`` names.

    >>> ours("xstate.done.actor.loader"), ours("GO")
    ('done.invoke.loader', 'GO')
    """
    for theirs, own in _OURS.items():
        if descriptor.startswith(theirs):
            return own + descriptor.removeprefix(theirs)
    return _WHOLE.get(descriptor, descriptor)


def theirs(descriptor: str) -> str:
    """Return what XState 5 calls the events that a descriptor of ours names.

    >>> theirs("done.invoke.loader"), theirs("done.*")
    ('xstate.done.actor.loader', 'xstate.done.*')
    """
    for name, own in _OURS.items():
        if descriptor.startswith(own):
            return name + descriptor.removeprefix(own)
    return {own: name for name, own in _WHOLE.items()}.get(descriptor, descriptor)


def is_wild(descriptor: str) -> bool:
    """Tell whether a descriptor names more events than one for XState 5."""
    return descriptor == "*" or descriptor.endswith(".*")


def ordered(found: Iterable[T], descriptor: Callable[[T], str]) -> list[T]:
    """Return what answers to events in the order in which XState 5 asks.

    A name comes before a wildcard, a longer wildcard before a shorter one; where a name is the
    beginning of another, ``a`` of ``a.b``, the longer one comes first, for here ``a`` answers to
    ``a.b`` as well. What is alike in this stays in its order.
    """
    items = list(found)
    names = {descriptor(item) for item in items if not is_wild(descriptor(item))}
    nested = any(prefix in names for name in names for prefix in prefixes(name))

    def rank(item: T) -> tuple[bool, int]:
        name = descriptor(item)
        if is_wild(name):
            return True, -len(name)
        return False, -name.count(".") if nested else 0

    return sorted(items, key=rank)


def prefixes(name: str) -> Iterable[str]:
    """Yield the names that a name begins with, up to a dot each, the longest first.

    >>> list(prefixes("a.b.c"))
    ['a.b', 'a']
    """
    while "." in name and len(name) <= _LONGEST:
        name = name.rpartition(".")[0]
        yield name
