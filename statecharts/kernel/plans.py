"""Plans: what the kernel has worked out and remembers.

A `Dispatch` answers "this configuration meets this event": which transitions to ask, in which
order. A `Plan` answers "these transitions are taken": everything to do, flattened into operations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, final

from statecharts.kernel.operations import Operation, SetData
from statecharts.model.chart import Transition
from statecharts.semantics.configuration import Configuration
from statecharts.semantics.snapshot import Microstep
from statecharts.semantics.tree import Edge


class Entry:
    """An entry of the bounded cache: it can be dropped, and worked out again."""

    __slots__ = ("epoch",)

    epoch: int
    """When it was last used, counted in things worked out."""

    def forget(self) -> None:
        """Take it out of the place where it is looked up."""
        raise NotImplementedError


@final
class Plan(Entry):
    """A microstep worked out: the configuration that follows, and the operations in order.

    Most plans are brief: they do nothing but move on, and give one state its data at most. These
    the kernel carries out in place, without a notebook.

    Attributes:
        next: The configuration after it.
        pick: Takes the new values out of the old ones and a None behind them.
        blank: The new values when nothing is carried over; None when something is.
        leaving: What to do while the old configuration still stands.
        entering: What to do when the new one does.
        settled: Whether nothing can follow it in the same macrostep.
        brief: Whether it is settled and does nothing but what `set_data` does.
        set_data: The one operation of a brief plan; None when it has none.
        head: The new values in front of that data, when nothing is carried over.
        tail: The new values behind it.
        microsteps: The record of it, alone in a tuple.
        fired: The transitions taken.
    """

    __slots__ = (
        "blank",
        "brief",
        "entering",
        "fired",
        "head",
        "home",
        "key",
        "leaving",
        "microsteps",
        "next",
        "pick",
        "set_data",
        "settled",
        "tail",
    )

    def __init__(
        self,
        next: Node,
        carry: tuple[int, ...],
        leaving: Sequence[Operation],
        entering: Sequence[Operation],
        settled: bool,
        plain: bool,
        microstep: Microstep,
    ) -> None:
        self.epoch = 0
        self.next = next
        self.pick = _picker(carry)
        self.blank = None if any(i >= 0 for i in carry) else (None,) * len(carry)
        self.leaving = tuple(operation.perform for operation in leaving)
        self.entering = tuple(operation.perform for operation in entering)
        self.settled = settled
        operations = [*leaving, *entering]
        only = operations[0] if len(operations) == 1 else None
        self.set_data = only if isinstance(only, SetData) else None
        self.brief = settled and plain and (self.set_data is not None or not operations)
        index = 0 if self.set_data is None else self.set_data.after
        self.head: tuple[None, ...] = (None,) * index
        self.tail: tuple[None, ...] = (None,) * (len(carry) - index - 1)
        self.microsteps = (microstep,)
        self.fired: tuple[Transition, ...] = microstep.fired
        self.home: dict[Any, Plan] = {}
        self.key: Any = None

    def forget(self) -> None:
        """Take it out of the plans of its dispatch."""
        self.home.pop(self.key, None)


def _picker(carry: tuple[int, ...]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    if len(carry) == 1:  # of which itemgetter would not make a tuple
        return lambda values: (values[carry[0]],)
    return itemgetter(*carry)


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
        plans: What happens for each selection of transitions (and memory, where history matters).
    """

    __slots__ = ("chains", "defers", "key", "node", "plan", "plans")

    def __init__(self, node: Node, key: Any, chains: tuple[tuple[Candidate, ...], ...]) -> None:
        self.epoch = 0
        self.node = node
        self.key = key
        self.chains = chains
        self.defers = any(one.edge.defers for chain in chains for one in chain)
        self.plan: Plan | None = None
        self.plans: dict[Any, Plan] = {}

    def forget(self) -> None:
        """Take it out of its configuration's answers."""
        self.node.dispatches.pop(self.key, None)


class Node(Configuration):
    """A configuration that belongs to a kernel, with its answers to the events it has met.

    Attributes:
        owner: What compiled it; a kernel takes in the nodes of others.
        states: The numbers of the active states, in document order.
        dispatches: The answers, by event class, event name or internal key.
        restless: Whether an eventless transition leaves one of its states.
    """

    __slots__ = ("dispatches", "owner", "restless", "states")

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
