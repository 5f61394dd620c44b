"""Plans: what the kernel has worked out and remembers.

A `Dispatch` answers "this configuration meets this event": which transitions to ask, in which order.
A `Plan` answers "these transitions are taken": everything to do, flattened into operations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any, final

from statecharts.chart import Transition
from statecharts.hooks import Hook
from statecharts.kernel.run import Operation
from statecharts.snapshot import Microstep, Place
from statecharts.tree import Edge


class Entry:
    """What the bounded memory holds: something worked out, which can be worked out again."""

    __slots__ = ("epoch",)

    epoch: int
    """When it was last used, counted in things worked out."""

    def forget(self) -> None:
        """Take it out of the place where it is looked up."""
        raise NotImplementedError


@final
class Plan(Entry):
    """A microstep worked out: the configuration that follows, and the operations in order.

    Attributes:
        next: The configuration after it.
        pick: Takes the new values out of the old ones and a None behind them.
        blank: The new values when nothing is carried over and nothing made; else None.
        leaving: What to do while the old configuration still stands.
        entering: What to do when the new one does.
        bare: Whether there is nothing to do at all but to move on.
        settled: Whether nothing can follow it in the same macrostep.
        microsteps: The record of it, alone in a tuple.
        fired: The transitions taken.
    """

    __slots__ = (
        "bare",
        "blank",
        "entering",
        "fired",
        "home",
        "key",
        "leaving",
        "microsteps",
        "next",
        "pick",
        "settled",
    )

    def __init__(
        self,
        next: Node,
        carry: tuple[int, ...],
        leaving: Iterable[Operation],
        entering: Iterable[Operation],
        settled: bool,
        microstep: Microstep,
    ) -> None:
        self.epoch = 0
        self.next = next
        self.pick = _picker(carry)
        self.leaving = tuple(operation.perform for operation in leaving)
        self.entering = tuple(operation.perform for operation in entering)
        self.bare = not self.leaving and not self.entering
        empty = not any(i >= 0 for i in carry)
        self.blank = (None,) * len(carry) if empty and self.bare else None
        self.settled = settled
        self.microsteps = (microstep,)
        self.fired: tuple[Transition, ...] = microstep.fired
        self.home: dict[Any, Plan] | None = None
        self.key: Any = None

    def forget(self) -> None:
        """Take it out of the plans of its dispatch."""
        if self.home is not None:
            self.home.pop(self.key, None)


def _picker(carry: tuple[int, ...]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    if len(carry) > 1:
        return itemgetter(*carry)
    if carry:
        return lambda values: (values[carry[0]],)
    return lambda values: ()


@final
class Candidate:
    """A transition that may be taken, with the guard to ask and where its source's data stands."""

    __slots__ = ("edge", "guard", "position", "test")

    def __init__(self, edge: Edge, position: int) -> None:
        self.edge = edge
        self.position = position
        self.guard: Hook | None = edge.transition.guard
        self.test = None if self.guard is None else self.guard.function


@final
class Dispatch(Entry):
    """What a configuration does with one kind of event.

    Attributes:
        node: The configuration.
        key: The kind of event.
        chains: For each atomic state that has any, its candidates from the inside out.
        plan: What happens when no guard has to be asked; None when one has to, or nothing happens.
        plans: What happens for each selection of transitions (and memory, where history matters).
        silent: Whether no candidate exists at all.
    """

    __slots__ = ("chains", "key", "node", "plan", "plans", "recalls", "silent")

    def __init__(self, node: Node, key: Any, chains: tuple[tuple[Candidate, ...], ...]) -> None:
        self.epoch = 0
        self.node = node
        self.key = key
        self.chains = chains
        self.silent = not chains
        self.plan: Plan | None = None
        self.plans: dict[Any, Plan] = {}
        self.recalls: dict[tuple[Edge, ...], bool] = {}
        """Whether what a selection does depends on remembered history."""

    def forget(self) -> None:
        """Take it out of its configuration's answers."""
        self.node.dispatches.pop(self.key, None)


class Node(Place):
    """A configuration that belongs to a kernel, with its answers to the events it has met.

    Attributes:
        owner: What compiled it; a kernel takes in the nodes of others.
        states: The numbers of the active states, in document order.
        dispatches: The answers, by event class, event name or internal key.
        restless: Whether an eventless transition leaves one of its states.
        final: Whether it is the end of the chart: a final state of the outermost level.
    """

    __slots__ = ("dispatches", "final", "owner", "restless", "states")

    def __init__(
        self,
        chart: str,
        ids: tuple[str, ...],
        known: tuple[str, ...],
        owner: object,
        states: tuple[int, ...],
        restless: bool,
        final: bool,
    ) -> None:
        super().__init__(chart, ids, known)
        self.owner = owner
        self.states = states
        self.restless = restless
        self.final = final
        self.dispatches: dict[Any, Dispatch] = {}
