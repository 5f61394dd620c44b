"""Plans: nodes made of plain functions, and what they depend on.

A node is a function that takes a `Work` and the results of other nodes, and returns its own result.
Type checkers see that the results fit; the annotations say how they are read back from JSON.
"""

from __future__ import annotations

import heapq
import inspect
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeAlias, TypeVar, final, overload

from attrs import frozen

from machines.plan.identifiers import NodeId, OperationId, PlanError
from machines.plan.vocabulary import Json, Meta, SideEffects, SnapshotPolicy, Strategy
from machines.planner.annotations import Declared, apart, declared, elements, told
from machines.planner.arguments import several
from machines.planner.places import place_of
from statecharts.model.arguments import FUNCTION, KEY, check, instance
from statecharts.model.hooks import underlying

if TYPE_CHECKING:
    from machines.planner.work import Work

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")

FaultKind: TypeAlias = Literal[
    "empty_plan",
    "duplicate_node",
    "missing_node",
    "circular_dependency",
    "dangling_tag",
    "wrong_function",
    "wrong_input",
]


@final
@frozen
class PlanFault:
    """One fault of a plan.

    Attributes:
        kind: Its kind.
        node: The node that it is about; empty for the plan as a whole.
        found: What was found, and what to do.
        cycle: The nodes of a cycle, in their order.
    """

    kind: FaultKind
    node: str
    found: str
    cycle: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.node or 'plan'}: {self.found}"


class PlanFaultsError(PlanError):
    """A plan cannot be carried out; all its faults at once.

    Attributes:
        faults: The faults.
    """

    def __init__(self, plan: str, faults: tuple[PlanFault, ...]) -> None:
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        found = "; ".join(map(str, faults))
        super().__init__("SC852", plan, f"{count}: {found}", "Fix the plan")
        self.faults = faults

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.where, self.faults)


class Source(Generic[R_co]):
    """What a node can take as an input: another node, or many of them."""

    @property
    def nodes(self) -> tuple[str, ...]:
        """The ids of the nodes whose results it is."""
        raise NotImplementedError


@final
class Node(Source[R_co]):
    """A node of a plan. `Plan.node` makes one.

    Attributes:
        id: Its id.
        function: Carries it out.
        inputs: What it takes, after the work.
        after: The nodes that come before it without giving it anything.
        meta: What the plan says of it.
    """

    def __init__(
        self,
        id: NodeId,
        function: Callable[..., Any],
        inputs: tuple[Source[Any], ...],
        after: tuple[str, ...],
        meta: Meta,
        first: Node[Any] | None = None,
    ) -> None:
        self.id = id
        self.function = function
        self.inputs = inputs
        self.after = after
        self.meta = meta
        self._first = first  # the first node of the function, which knows its annotations

    def __repr__(self) -> str:
        return f"<Node {self.id}>"

    @property
    def nodes(self) -> tuple[str, ...]:
        """Its id."""
        return (self.id,)

    @cached_property
    def declared(self) -> Declared:
        """The annotations of its function."""
        return declared(self.function) if self._first is None else self._first.declared

    @cached_property
    def signature(self) -> inspect.Signature:
        """The parameters of its function; raises TypeError or ValueError if nobody knows them."""
        return inspect.signature(self.function) if self._first is None else self._first.signature

    @cached_property
    def hints(self) -> tuple[Any, ...]:
        """The types of its inputs, as its function is annotated."""
        known = self.declared.takes
        names: list[str] = []
        for one in self.signature.parameters.values():
            many = one.kind is inspect.Parameter.VAR_POSITIONAL
            names += [one.name] * (len(self.inputs) + 1 if many else 1)
        given = names[1 : len(self.inputs) + 1]  # others have defaults
        return tuple(known.get(name, Any) for name in given)


@final
class Many(Source[list[R]]):
    """The results of many nodes, as one input: a list in their order."""

    def __init__(self, nodes: Iterable[Node[R]]) -> None:
        check("many", nodes=(nodes, _NODES))
        self._nodes = tuple(nodes)
        check("many", nodes=(self._nodes, _NODES))

    @property
    def nodes(self) -> tuple[str, ...]:
        """The ids of the nodes."""
        return tuple(one.id for one in self._nodes)


_NODES: Final = several("several nodes, as plan.node returns them", Node)
_INPUTS: Final = several("nodes, as plan.node returns them; ids go to after=", Source)
_BEFORE: Final = several("several nodes or ids, such as ['a.b.c']", (Node, str))

_identity: Final = id  # parameters have this name
Before: TypeAlias = str | Node[Any]


@final
class Plan:
    """What is to be done: nodes, and what they depend on.

    Args:
        operation: Its name.
        version: Its version; a run is resumed with the version that it was begun with.

    >>> plan = Plan("sums")
    >>> one = plan.node("sums.read.one", lambda work: 1)
    >>> two = plan.node("sums.read.two", lambda work, one: one + 1, one)
    >>> plan.graph().order
    ('sums.read.one', 'sums.read.two')
    """

    def __init__(self, operation: str, version: str = "1") -> None:
        check("Plan", version=(version, KEY))
        self.operation: Final = OperationId(operation)
        self.version: Final = version
        self.nodes: list[Node[Any]] = []
        self._firsts: dict[int, Node[Any]] = {}

    def __repr__(self) -> str:
        return f"<Plan {self.operation} of {len(self.nodes)} nodes>"

    @overload
    def node(
        self,
        id: str,
        function: Callable[[Work], R],
        *,
        after: Iterable[Before] = ...,
        tags: Iterable[str] = ...,
        depends_on: Iterable[str] = ...,
        strategy: Strategy = ...,
        side_effects: SideEffects = ...,
        idempotency: str | None = ...,
        snapshot: SnapshotPolicy = ...,
    ) -> Node[R]: ...
    @overload
    def node(
        self,
        id: str,
        function: Callable[[Work, A], R],
        first: Source[A],
        /,
        *,
        after: Iterable[Before] = ...,
        tags: Iterable[str] = ...,
        depends_on: Iterable[str] = ...,
        strategy: Strategy = ...,
        side_effects: SideEffects = ...,
        idempotency: str | None = ...,
        snapshot: SnapshotPolicy = ...,
    ) -> Node[R]: ...
    @overload
    def node(
        self,
        id: str,
        function: Callable[[Work, A, B], R],
        first: Source[A],
        second: Source[B],
        /,
        *,
        after: Iterable[Before] = ...,
        tags: Iterable[str] = ...,
        depends_on: Iterable[str] = ...,
        strategy: Strategy = ...,
        side_effects: SideEffects = ...,
        idempotency: str | None = ...,
        snapshot: SnapshotPolicy = ...,
    ) -> Node[R]: ...
    @overload
    def node(
        self,
        id: str,
        function: Callable[[Work, A, B, C], R],
        first: Source[A],
        second: Source[B],
        third: Source[C],
        /,
        *,
        after: Iterable[Before] = ...,
        tags: Iterable[str] = ...,
        depends_on: Iterable[str] = ...,
        strategy: Strategy = ...,
        side_effects: SideEffects = ...,
        idempotency: str | None = ...,
        snapshot: SnapshotPolicy = ...,
    ) -> Node[R]: ...
    def node(
        self,
        id: str,
        function: Callable[..., Any],
        *inputs: Source[Any],
        after: Iterable[Before] = (),
        tags: Iterable[str] = (),
        depends_on: Iterable[str] = (),
        strategy: Strategy = Strategy.LATEST,
        side_effects: SideEffects = SideEffects.PURE,
        idempotency: str | None = None,
        snapshot: SnapshotPolicy = SnapshotPolicy.NEVER,
    ) -> Node[Any]:
        """Add a node.

        Args:
            id: Its id, ``machine.step.node``.
            function: Carries it out: takes the work, and what the inputs give. It runs in a thread.
            inputs: Nodes whose results it takes, in this order; `many` for a list of results.
            after: Nodes, or their ids, that come before it without giving it anything.
            tags: Its tags.
            depends_on: Tags of nodes declared before it that it depends on.
            strategy: Which of the nodes of such a tag it depends on.
            side_effects: Its dealings with the outside. What a node has learnt that applies side
                effects is on disk before it goes on, and is not asked again.
            idempotency: A stable key under which the outside recognises a second attempt.
            snapshot: The snapshots that it asks for, beside those of the run's policy.

        Raises:
            PlanError: The id, or a tag, breaks its rule (SC851).
            ArgumentError: Another argument does not fit (SC221).
        """
        check("node", function=(function, FUNCTION), inputs=(inputs, _INPUTS))
        check("node", after=(after, _BEFORE))
        meta = Meta(tags, depends_on, strategy, side_effects, idempotency, snapshot)
        before = tuple(one.id if isinstance(one, Node) else NodeId(one) for one in after)
        first = self._firsts.get(_identity(function))
        made: Node[Any] = Node(NodeId(id), function, inputs, before, meta, first)
        self._firsts.setdefault(_identity(function), made)
        self.nodes.append(made)
        return made

    def many(self, nodes: Iterable[Node[R]]) -> Many[R]:
        """Return the results of many nodes as one input."""
        return Many(nodes)

    def validate(self) -> tuple[PlanFault, ...]:
        """Return all faults of the plan, in the order of its nodes."""
        return _faults(self)

    def graph(self) -> Graph:
        """Return the graph of the plan.

        Raises:
            PlanFaultsError: It has faults, all of which are told (SC852).
        """
        faults = _faults(self)
        if faults:
            raise PlanFaultsError(self.operation, faults)
        return _graph(self)


PLAN: Final = instance(Plan, "a Plan")


@final
@frozen(eq=False)
class Graph:
    """The nodes of a plan in an order in which they can be carried out.

    Attributes:
        plan: The plan.
        order: The ids of the nodes.
        needs: The ids of the nodes that must have succeeded before each.
        awaits: The ids of the nodes of which one must have succeeded before each, all being over.
    """

    plan: Plan
    order: tuple[str, ...]
    needs: dict[str, tuple[str, ...]]
    awaits: dict[str, tuple[str, ...]]
    nodes: dict[str, Node[Any]]

    def described(self) -> Json:
        """Return the graph as JSON: what a run is resumed by, and drawn from."""
        return {"nodes": [self._described(self.nodes[one]) for one in self.order]}

    def _described(self, node: Node[Any]) -> Json:
        meta = node.meta
        return {
            "id": str(node.id),
            "inputs": [
                [*map(str, one.nodes)] if isinstance(one, Many) else str(one.nodes[0])
                for one in node.inputs
            ],
            "tags": [str(tag) for tag in meta.tags],
            "depends_on": [str(tag) for tag in meta.depends_on],
            "strategy": str(meta.strategy),
            "side_effects": str(meta.side_effects),
            "idempotency": meta.idempotency,
            "snapshot": str(meta.snapshot),
            "needs": [str(other) for other in self.needs[node.id]],
            "awaits": [str(other) for other in self.awaits[node.id]],
        }


def changes(before: Json, after: Json) -> list[str]:
    """Return in words what differs between the graphs of a plan, as `Graph.described` gives them.

    >>> was, now = ({"nodes": [{"id": "a.b.c", "tags": tags}]} for tags in ([], ["x"]))
    >>> changes(was, now)
    ['a.b.c is another: tags']
    """
    was = {one["id"]: one for one in before["nodes"]}
    now = {one["id"]: one for one in after["nodes"]}
    found = [f"{id} is gone" for id in was if id not in now]
    found += [f"{id} is new" for id in now if id not in was]
    for id, one in now.items():
        parts = [part for part in one if id in was and was[id].get(part) != one[part]]
        if parts:
            found.append(f"{id} is another: {', '.join(parts)}")
    return found


# -- what a plan depends on ------------------------------------------------------------------------


def _needs(node: Node[Any]) -> tuple[str, ...]:
    """Return the ids that a node names, each once, in order."""
    given = [id for source in node.inputs for id in source.nodes]
    return tuple(dict.fromkeys([*given, *node.after]))


def _by_tags(plan: Plan, place: int) -> tuple[list[str], list[str], list[str]]:
    """Return the ids that a node needs and awaits by tags, and the tags that nobody has."""
    node = plan.nodes[place]
    needs: list[str] = []
    awaits: list[str] = []
    dangling: list[str] = []
    for tag in node.meta.depends_on:
        found = [one.id for one in plan.nodes[:place] if tag in one.meta.tags and one.id != node.id]
        if not found:
            dangling.append(tag)
        elif node.meta.strategy == Strategy.LATEST_SUCCESSFUL:
            awaits += found
        else:
            needs.append(found[-1 if node.meta.strategy == Strategy.LATEST else 0])
    return needs, awaits, dangling


def _faults(plan: Plan) -> tuple[PlanFault, ...]:
    found: list[PlanFault] = []
    if not plan.nodes:
        found.append(PlanFault("empty_plan", "", "it has no nodes; add one by plan.node(…)"))
    known: set[str] = set()
    nodes = {str(node.id): node for node in plan.nodes}
    for node in plan.nodes:
        if node.id in known:
            text = "two nodes have this id; rename one of them"
            found.append(PlanFault("duplicate_node", node.id, text))
        known.add(node.id)
    for place, node in enumerate(plan.nodes):
        for id in _needs(node):
            if id not in known:
                text = f"it depends on {id}, which the plan does not have; add it, or leave it out"
                found.append(PlanFault("missing_node", node.id, text))
        for tag in _by_tags(plan, place)[2]:
            text = f"no node before it has the tag {tag}, which it depends on; give it to one"
            found.append(PlanFault("dangling_tag", node.id, text))
        wrong = _misfit(node)
        if wrong:
            found.append(PlanFault("wrong_function", node.id, wrong))
        else:
            texts = dict.fromkeys(_wrong_inputs(node, nodes))
            found += [PlanFault("wrong_input", node.id, text) for text in texts]
    found += _cycles(plan, known)
    return tuple(found)


def _wrong_inputs(node: Node[Any], nodes: dict[str, Node[Any]]) -> Iterator[str]:
    """Yield what nodes return that a node takes otherwise, each in a sentence."""
    for source, hint in zip(node.inputs, node.hints, strict=True):
        count = len(source.nodes)
        if isinstance(source, Many) and apart(tuple[(Any,) * count], hint):  # type: ignore[misc]
            text = f"and is given a list of {count} results; change one of them"
            yield f"it takes {told(hint)}{_placed(node)}, {text}"
            continue
        takes = elements(hint, count) if isinstance(source, Many) else [hint]
        wrong: dict[tuple[str, str], list[str]] = {}
        for id, one in zip(source.nodes, takes, strict=True):
            other = nodes.get(id)
            if other is not None and apart(other.declared.returns, one):
                said = f"{told(other.declared.returns)}{_placed(other)}"
                wrong.setdefault((told(one), said), []).append(id)
        for (one, said), ids in wrong.items():
            which = "each as " if isinstance(source, Many) else ""
            more = f" and {len(ids) - 1} more return" if len(ids) > 1 else " returns"
            text = f"and {ids[0]}{more} {said}; change one of them"
            yield f"it takes {which}{one}{_placed(node)}, {text}"


def _placed(node: Node[Any]) -> str:
    place = place_of(node.function)
    return f" ({place})" if place else ""


def _misfit(node: Node[Any]) -> str | None:
    """Return why the function of a node cannot take its inputs."""
    try:
        node.signature.bind(None, *node.inputs)
    except (TypeError, ValueError):
        count = len(node.inputs)
        given = {0: "the work alone", 1: "the work and 1 input"}.get(
            count, f"the work and {count} inputs"
        )
        return f"its function does not take {given}; change the function, or the inputs"
    function = underlying(node.function)
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return "its function is a coroutine function; nodes run in threads, so leave out async"
    if inspect.isgeneratorfunction(function):
        return "its function yields; results are kept as JSON, so return a list"
    return None


def _cycles(plan: Plan, known: set[str]) -> list[PlanFault]:
    """Return a fault for each cycle of nodes that wait for each other."""
    edges: dict[str, list[str]] = {}
    for place, node in enumerate(plan.nodes):
        needs, awaits, _ = _by_tags(plan, place)
        before = [id for id in (*_needs(node), *needs, *awaits) if id in known]
        edges.setdefault(node.id, []).extend(before)
    found: list[PlanFault] = []
    done: set[str] = set()
    for first in edges:
        path: list[str] = []
        stack: list[tuple[str, int]] = [(first, 0)]
        while stack:
            id, place = stack.pop()
            if place == 0:
                if id in path:
                    cycle = (*path[path.index(id) :], id)[::-1]
                    text = f"{' → '.join(cycle)}: each waits for the one before; remove an edge"
                    found.append(PlanFault("circular_dependency", id, text, cycle[:-1]))
                    continue
                if id in done:
                    continue
                path.append(id)
            if place < len(edges[id]):
                stack += [(id, place + 1), (edges[id][place], 0)]
            else:
                path.pop()
                done.add(id)
    return found


def _graph(plan: Plan) -> Graph:
    """Return the graph of a plan without faults, as near to its own order as can be."""
    needs: dict[str, tuple[str, ...]] = {}
    awaits: dict[str, tuple[str, ...]] = {}
    places: dict[str, int] = {}
    for place, node in enumerate(plan.nodes):
        by_tags, awaited, _ = _by_tags(plan, place)
        id = str(node.id)
        places[id] = place
        needs[id] = tuple(dict.fromkeys(map(str, [*_needs(node), *by_tags])))
        awaits[id] = tuple(dict.fromkeys(map(str, awaited)))
    left: dict[str, int] = {}
    after: dict[str, list[str]] = {id: [] for id in places}
    for id in places:
        before = {*needs[id], *awaits[id]}
        left[id] = len(before)
        for other in before:
            after[other].append(id)
    ready = [places[id] for id, count in left.items() if not count]
    heapq.heapify(ready)
    order: list[str] = []
    while ready:
        first = str(plan.nodes[heapq.heappop(ready)].id)
        order.append(first)
        for id in after[first]:
            left[id] -= 1
            if not left[id]:
                heapq.heappush(ready, places[id])
    return Graph(plan, tuple(order), needs, awaits, {str(node.id): node for node in plan.nodes})
