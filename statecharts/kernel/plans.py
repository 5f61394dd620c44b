"""Plans: what the kernel has worked out and remembers.

A `Dispatch` answers "this configuration meets this event": which transitions to ask, in which
order. A `Plan` answers "these transitions are taken": everything to do, flattened into operations.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias, final

from statecharts.kernel.macrostep import Macrostep
from statecharts.semantics.configuration import Configuration
from statecharts.semantics.snapshot import Outcome, Snapshot, Step
from statecharts.semantics.tree import Edge


class Entry:
    """An entry of the bounded cache: it can be dropped, and worked out again."""

    __slots__ = ("used",)

    used: bool
    """Whether it has been used since it was last passed over when room was made."""

    def withdraw(self) -> None:
        """Pass over it: what shows from now on is whether it is used again."""
        self.used = False

    def forget(self) -> None:
        """Take it out of the place where it is looked up."""
        raise NotImplementedError


Move: TypeAlias = Callable[[Snapshot[Any, Any], Any, "datetime | None"], Step[Any, Any]]
"""A configuration's answer to an event, as one function (`statecharts.kernel.moves`)."""


Perform: TypeAlias = Callable[[Macrostep], None]
"""What an operation does, as its bound method."""


@final
class Plan(Entry):
    """A microstep worked out: the configuration that follows, and the operations in order.

    Attributes:
        next: The configuration after it.
        carry: Where each value after it stood before it; -1 for one that is not carried over.
        leaving: The operations, bound, to perform while the old configuration still stands.
        entering: Those to perform when the new one does.
        settled: Whether nothing can follow it in the same macrostep.
        outcome: The transitions taken, and the record of the microstep, alone in a tuple.
        move: All of it as one function, when it has been written.
        met: Whether it has been taken.
    """

    __slots__ = (
        "carry",
        "entering",
        "home",
        "key",
        "leaving",
        "met",
        "move",
        "next",
        "outcome",
        "settled",
    )

    def __init__(
        self,
        next: Node,
        carry: tuple[int, ...],
        leaving: tuple[Perform, ...],
        entering: tuple[Perform, ...],
        settled: bool,
        outcome: Outcome,
    ) -> None:
        self.used = self.met = False
        self.next = next
        self.carry = carry
        self.leaving = leaving
        self.entering = entering
        self.settled = settled
        self.outcome = outcome
        self.move: Move | None = None
        self.home: dict[Any, Plan] | None = None
        self.key: Any = None

    @property
    def operations(self) -> list[Any]:
        """What it does, in order."""
        return [perform.__self__ for perform in (*self.leaving, *self.entering)]  # type: ignore[attr-defined]

    def forget(self) -> None:
        """Take it out of the plans of its dispatch."""
        if self.home is not None:  # pragma: no branch - what is forgotten was kept
            self.home.pop(self.key, None)


@final
class Candidate:
    """A transition that may be taken.

    Attributes:
        edge: The transition.
        alone: The selection of nothing but it.
        position: Where its source's data stands; -1 for the chart's own transitions.
        test: The function of its guard; None when nothing has to hold.
    """

    __slots__ = ("alone", "edge", "position", "test")

    def __init__(self, edge: Edge, position: int) -> None:
        self.edge = edge
        self.alone = (edge,)
        self.position = position
        guard = edge.transition.guard
        self.test = None if guard is None else guard.function


@final
class Dispatch(Entry):
    """The answer of a configuration to one kind of event.

    Attributes:
        node: The configuration.
        key: The kind of event.
        chains: For each atomic state that has any, its candidates from the inside out.
        plan: What happens when no guard has to be asked; None when one has to, or nothing happens.
        defers: Whether one of the candidates defers the event.
        move: The answer as one function; None until it is worth writing.
        plans: What happens for each selection of transitions (and memory, where history matters).
        met: Whether the event has been met before.
    """

    __slots__ = ("chains", "defers", "key", "met", "move", "node", "plan", "plans")

    def __init__(self, node: Node, key: Any, chains: tuple[tuple[Candidate, ...], ...]) -> None:
        self.used = self.met = False
        self.node = node
        self.key = key
        self.chains = chains
        self.defers = any(one.edge.defers for chain in chains for one in chain)
        self.plan: Plan | None = None
        self.plans: dict[Any, Plan] = {}
        self.move: Move | None = None

    def withdraw(self) -> None:
        """Have the next event ask for the move, so that its use is seen."""
        self.used = False
        self.node.moves.pop(self.key, None)

    def forget(self) -> None:
        """Take it out of its configuration's answers."""
        self.withdraw()
        self.node.dispatches.pop(self.key, None)


class Node(Configuration):
    """A configuration that belongs to a kernel, with its answers to the events it has met.

    Attributes:
        owner: What compiled it; a kernel takes in the nodes of others.
        states: The numbers of the active states, in document order.
        dispatches: The answers, by event class, event name or internal key.
        moves: The moves of the answers that have been asked for lately, by the same keys.
        restless: Whether an eventless transition leaves one of its states.
    """

    __slots__ = ("dispatches", "moves", "owner", "restless", "states")

    def __init__(
        self,
        chart: str,
        ids: tuple[str, ...],
        known: tuple[str, ...],
        owner: Any,
        states: tuple[int, ...],
        restless: bool,
        final: bool,
    ) -> None:
        super().__init__(chart, ids, known, final)
        self.owner = owner
        self.states = states
        self.restless = restless
        self.dispatches: dict[Any, Dispatch] = {}
        self.moves: dict[Any, Move] = {}


@lru_cache(maxsize=256)
def blank_values(count: int) -> tuple[None, ...]:
    """Return the values of so many states without data, the same tuple for all of them."""
    return (None,) * count
