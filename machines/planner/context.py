"""The context of a run: values by key, that nodes leave for those after them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final, TypeAlias, TypeVar, final

from machines.plan.identifiers import ContextKey, PlanError
from machines.plan.secrets import Opened, refuse_secrets
from machines.plan.vocabulary import Category, Json, NodeError
from machines.planner.annotations import CONVERTER, misfit, told, unread
from statecharts.store.artifacts import canonical
from statecharts.store.errors import StoreError

T = TypeVar("T")


_NOTHING: Final[Any] = object()

GONE: Final[Any] = object()
"""Stands for a value that was deleted."""

Seen: TypeAlias = dict[str, tuple[Any, int]]
"""The values that a node sees, by key, each with the place of the node that has written it; -1 is
that of the context which the run began with, and comes before all others."""


@final
class Context:
    """The values that a node sees, and those that it leaves for the nodes after it.

    A node sees what the nodes before it have left, and nothing of those that run beside it.

    Args:
        seen: The values that it sees, by key.
        nodes: The nodes of the plan: their ids are the keys of their results, which no node writes.
        opened: The secrets that the node has opened.
        refuse_late: Raises once the attempt of the node is over.

    >>> context = Context({"total": 3})
    >>> context.write("total", context.read("total", int) + 1)
    >>> context.read("total"), context.dump()
    (4, {'total': 4})
    """

    def __init__(
        self,
        seen: Mapping[str, Json],
        nodes: Collection[str] = (),
        opened: Opened | None = None,
        refuse_late: Callable[[], None] = lambda: None,
    ) -> None:
        self._refuse_late = refuse_late
        self._seen = seen
        self._nodes = nodes
        self._opened = opened or Opened()
        self.writes: dict[str, Json] = {}
        self.deletes: set[str] = set()

    def read(self, key: str, cls: type[T] | Any = Any, default: Any = _NOTHING) -> Any:
        """Return a value.

        Args:
            key: Its key.
            cls: Its type; plain JSON without one.
            default: What is returned without a value.

        Raises:
            NodeError: There is no value (``missing_key``), or it is not of the type
                (``context_deserialize_failed``).
        """
        name = ContextKey(key)
        if name in self.writes:
            found = self.writes[name]
        elif name in self._seen and name not in self.deletes:
            found = self._seen[name]
        elif default is not _NOTHING:
            return default
        else:
            text = f"the context has no {name}"
            raise NodeError("missing_key", text, category=Category.CONTEXT)
        return read_as(found, cls, name)

    def write(self, key: str, value: Any) -> None:
        """Leave a value for the nodes after this one.

        Raises:
            NodeError: JSON cannot carry it (``context_serialize_failed``), or the key is that of
                the result of a node (``context_key_taken``).
            PlanError: It holds a secret (SC853).
        """
        name = self._own(key)
        written = as_json(value, name)
        refuse_secrets("context", {name: written})
        self._opened.refuse(f"context {name}", value)
        self.writes[name] = written
        self.deletes.discard(name)

    def delete(self, key: str) -> None:
        """Delete a value; one that is not there is no error.

        Raises:
            NodeError: The key is that of the result of a node (``context_key_taken``).
        """
        name = self._own(key)
        self.writes.pop(name, None)
        if name in self._seen:
            self.deletes.add(name)

    def _own(self, key: str) -> str:
        self._refuse_late()
        name = ContextKey(key)
        if name in self._nodes:
            text = f"{name} is the result of the node {name}; choose another key"
            raise NodeError("context_key_taken", text, category=Category.CONTEXT)
        return name

    def dump(self) -> dict[str, Json]:
        """Return all values, in the order of their keys."""
        whole = {key: one for key, one in self._seen.items() if key not in self.deletes}
        return copy.deepcopy(dict(sorted({**whole, **self.writes}.items())))


def read_as(value: Json, cls: Any, what: str) -> Any:
    """Return JSON as an instance of a type.

    Raises:
        NodeError: It is none (``context_deserialize_failed``).
    """
    if cls is Any:
        return copy.deepcopy(value)
    found: Exception | None = None
    why = misfit(value, cls, plain=True)  # a number is no text, whatever a converter makes of it
    if why is None:
        try:
            return CONVERTER.structure(value, cls)
        except Exception as error:  # noqa: BLE001 - whatever a class of the node's own may raise
            found, why = error, unread(error)
    text = f"{what} cannot be read as {told(cls)}: {why}"
    raise NodeError("context_deserialize_failed", text, category=Category.CONTEXT) from found


def as_json(value: Any, what: str) -> Json:
    """Return a value as JSON.

    Raises:
        NodeError: JSON cannot carry it (``context_serialize_failed``).
        PlanError: It holds a secret (SC853).
    """
    try:
        refuse_secrets(what, value)
        written = CONVERTER.unstructure(value)
        canonical(written)
    except PlanError:
        raise
    except Exception as error:  # whatever a class of the node's own may raise
        why = f", {error.found}" if isinstance(error, StoreError) else ""
        text = f"{what} cannot be JSON: {type(value).__name__}{why}"
        raise NodeError("context_serialize_failed", text, category=Category.CONTEXT) from error
    if written is not value:
        refuse_secrets(what, written)
    return written


def merged(sights: Iterable[Seen], before: list[int], names: tuple[str, ...]) -> Seen:
    """Return what a node sees that comes after several nodes.

    Args:
        sights: What each of these has left.
        before: For each place the places before it, as bits.
        names: The node of each place.

    Raises:
        NodeError: Two nodes of which none comes before the other have written one key
            (``context_conflict``).
    """
    one, *others = sights
    if not others:
        return one
    whole = dict(one)
    for seen in others:
        for key, entry in seen.items():
            known = whole.get(key)
            if known is entry:
                continue
            if known is None or known[1] == entry[1] or _precedes(known[1], entry[1], before):
                whole[key] = entry
            elif not _precedes(entry[1], known[1], before):
                text = (
                    f"{key} was written by {names[known[1]]} and by {names[entry[1]]},"
                    " and neither comes after the other; let one of them, by after=, or write"
                    " keys of their own"
                )
                raise NodeError("context_conflict", text, category=Category.CONTEXT)
    return whole


def _precedes(one: int, other: int, before: list[int]) -> bool:
    """Return whether a place comes before another one."""
    return one < 0 or (other >= 0 and bool(before[other] >> one & 1))


def visible(seen: Seen) -> dict[str, Json]:
    """Return the values that a node sees, by key."""
    return {key: value for key, (value, _) in seen.items() if value is not GONE}
