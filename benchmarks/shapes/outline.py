"""A neutral outline of a chart whose every move is made by the one event ``tick``.

Names are unique in the whole outline, because some libraries need that.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen


@frozen
class Node:
    """A state: its first child is the initial one, ``to`` names the sibling that a tick leads to.

    >>> toggle().children[0]
    Node(name='a', to='b', children=(), parallel=False)
    """

    name: str
    to: str | None = None
    children: tuple[Node, ...] = ()
    parallel: bool = False

    @property
    def flat(self) -> bool:
        """Whether no child has children of its own."""
        return not any(child.children for child in self.children)


def pair(prefix: str = "") -> tuple[Node, Node]:
    """Return two states that a tick leads there and back between."""
    a, b = f"{prefix}a", f"{prefix}b"
    return Node(a, to=b), Node(b, to=a)


def toggle() -> Node:
    """Outline the smallest chart that moves: two states."""
    return Node("toggle", children=pair())


def regions(names: str = "xyz") -> Node:
    """Outline a parallel state with a region for each letter, all of which move on a tick.

    >>> leaves(regions(), ticks=1)
    ['xb', 'yb', 'zb']
    """
    each = tuple(Node(name, children=pair(name)) for name in names)
    return Node("regions", children=(Node("all", children=each, parallel=True),))


def ring(size: int) -> Node:
    """Outline so many states in a ring.

    >>> leaves(ring(10), ticks=13)
    ['s3']
    """
    states = (Node(f"s{i}", to=f"s{(i + 1) % size}") for i in range(size))
    return Node("ring", children=tuple(states))


def nested(depth: int) -> Node:
    """Outline a pair of states inside so many compound states.

    >>> leaves(nested(4), ticks=1)
    ['b']
    """
    children = pair()
    for level in reversed(range(depth)):
        children = (Node(f"level{level}", children=children),)  # type: ignore[assignment]
    return Node("nested", children=children)


def initial_leaves(node: Node) -> Iterator[Node]:
    """Yield the innermost states that a start leads to, in document order."""
    if not node.children:
        yield node
    for child in node.children if node.parallel else node.children[:1]:
        yield from initial_leaves(child)


def every(node: Node) -> Iterator[Node]:
    """Yield the node and all below it, in document order."""
    yield node
    for child in node.children:
        yield from every(child)


def leaves(outline: Node, ticks: int) -> list[str]:
    """Return the names of the innermost states active after so many ticks, sorted."""
    moves = {node.name: node.to or node.name for node in every(outline)}
    active = [node.name for node in initial_leaves(outline)]
    for _ in range(ticks):
        active = [moves[name] for name in active]
    return sorted(active)
