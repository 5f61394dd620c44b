"""The numbered tree, and the set algebra over it."""

from __future__ import annotations

from itertools import chain, combinations
from typing import Any

import pytest
from attrs import frozen

from statecharts import Compound, History, Parallel, State, Statechart
from statecharts.kernel import Kernel
from statecharts.model.chart import Chart, Default, StateKind, StateNode, Transition
from statecharts.semantics.transitions import (
    EntrySet,
    domain,
    effective_targets,
    exit_set,
    is_done,
    nothing_remembered,
    recalled,
    remove_conflicting,
    to_record,
)
from statecharts.semantics.tree import Edge, Tree


@frozen
class Go:
    pass


@frozen
class Note:
    text: str = ""


class Desk(Statechart[Go], allow="*"):
    class work(Parallel, initial=True):
        class left(Compound):
            one = State(Note, initial=True)
            end = State(final=True)
            one.to(end, on=Go)

        class right(Compound[Note]):
            back = History("two", deep=True)
            two = State(initial=True)

            class three(Compound):
                past = History("four")
                four = State(initial=True)
                five = State()
                four.to(five, on=Go)
                five.to(four, on=Go)

            two.to(three, on=Go)

        left.to(right, on=Go)

    rest = State()
    work.to(rest, on=Go)
    work.to(work.left, on=Go, internal=True)
    work.stay(on=Go)
    rest.to(work.right.back, on=Go)


TREE = Tree.of(Desk.chart)


def n(state: str) -> int:
    return TREE.index[state]


def ids(states: Any) -> list[str]:
    return [TREE.nodes[state].id for state in states]


def edge(source: str, number: int = 0) -> Edge:
    return TREE.outgoing[n(source)][number]


FIRST = ("work", "work.left", "work.left.one", "work.right", "work.right.two")
ACTIVE = tuple(map(n, FIRST))


def test_states_are_numbered_in_document_order() -> None:
    """The chart is 0, and every parent comes before its children."""
    assert TREE.nodes[0] is Desk.chart.root
    assert [TREE.nodes[i].id for i in range(1, 4)] == ["work", "work.left", "work.left.one"]
    assert all(TREE.parent[i] < i for i in range(len(TREE.nodes)))


def test_descendants_are_a_range() -> None:
    """The descendants of a state are the numbers behind it, up to its last."""
    for a, b in combinations(range(len(TREE.nodes)), 2):
        inside = TREE.chart.is_descendant(TREE.nodes[b].id, TREE.nodes[a].id)
        assert TREE.is_descendant(b, a) is inside
        assert not TREE.is_descendant(a, b)
        assert not TREE.is_descendant(a, a)


def test_children_and_histories_are_kept_apart() -> None:
    """History states are no children, and each has a slot of its own."""
    assert ids(TREE.children[n("work.right")]) == ["work.right.two", "work.right.three"]
    assert ids(TREE.histories[n("work.right")]) == ["work.right.back"]
    assert {TREE.nodes[h].id: slot for h, slot in TREE.slots.items()} == {
        "work.right.back": 0,
        "work.right.three.past": 1,
    }


def test_ancestors_stop_below() -> None:
    """Ancestors come from the inside out, neither the chart nor the bound among them."""
    assert ids(TREE.ancestors(n("work.left.one"))) == ["work.left", "work", ""]
    assert ids(TREE.ancestors(n("work.left.one"), n("work"))) == ["work.left"]
    assert (TREE.depth(0), TREE.depth(n("work.left.one"))) == (0, 3)


def test_look_ups_are_those_of_the_nodes() -> None:
    """Kind, data and leaves are read off the chart."""
    assert TREE.kind(n("work")) is StateKind.PARALLEL
    assert (TREE.data(n("work.left.one")), TREE.data(n("rest"))) == (Note, None)
    assert [TREE.is_leaf(n(s)) for s in ("work.left.one", "work.left.end", "work.left")] == [
        True,
        True,
        False,
    ]


def test_edges_are_numbered_once() -> None:
    """Every transition, default ones included, has a number of its own in document order."""
    edges = [e for outgoing in TREE.outgoing for e in outgoing]
    assert [e.index for e in edges] == sorted(e.index for e in edges)
    every = [*edges, *(d for d in TREE.defaults if d is not None)]
    assert len({e.index for e in every}) == len(every)
    assert edge("work", 1).internal
    assert not edge("work").internal


def legal(chart: Chart, states: set[str]) -> bool:
    """Say by the letter of SCXML 3.11 whether states are a legal configuration."""

    def inside(state: str) -> bool:
        node = chart[state]
        active = [c for c in node.children if c in states]
        real = [c for c in node.children if "history" not in chart[c].kind.value]
        match node.kind:
            case StateKind.COMPOUND:
                return len(active) == 1 and all(map(inside, active))
            case StateKind.PARALLEL:
                return active == real and all(map(inside, active))
            case StateKind.SHALLOW_HISTORY | StateKind.DEEP_HISTORY:
                return False
            case _:
                return True

    return inside("") and all(chart[s].parent in ("", *states) for s in states)


def test_legality_is_that_of_the_standard() -> None:
    """Of all sets of states exactly those are legal that SCXML 3.11 says are."""
    found = 0
    every = list(range(1, len(TREE.nodes)))
    subsets = chain.from_iterable(combinations(every, size) for size in range(len(every) + 1))
    for states in subsets:
        expected = legal(Desk.chart, set(ids(states)))
        assert TREE.is_legal(states) is expected, ids(states)
        found += expected
    assert found == 7  # two states on the left times three on the right, and rest


def test_legal_configurations_are_in_document_order_without_repetition() -> None:
    """The right states in another order, or one of them twice, or the chart too, are not legal."""
    assert TREE.is_legal(ACTIVE)
    assert not TREE.is_legal(ACTIVE[::-1])
    assert not TREE.is_legal((ACTIVE[0], *ACTIVE))
    assert not TREE.is_legal((0, *ACTIVE))
    assert not TREE.is_legal(())


def test_effective_targets_follow_history() -> None:
    """A history target stands for what it remembers, or for its default."""
    back = edge("rest")
    assert ids(effective_targets(TREE, back, nothing_remembered)) == ["work.right.two"]
    five = n("work.right.three.five")
    assert ids(effective_targets(TREE, back, lambda _: (five,))) == ["work.right.three.five"]


@pytest.mark.parametrize(
    ("source", "number", "inside"),
    [
        ("work.left.one", 0, "work.left"),
        ("work.left", 0, ""),  # a parallel state is never the domain
        ("work", 0, ""),
        ("work", 1, ""),  # an internal transition of a parallel state acts as external
        ("work", 2, None),
        ("work.right.three.four", 0, "work.right.three"),
    ],
)
def test_domain_is_the_innermost_compound_around_all(
    source: str, number: int, inside: str | None
) -> None:
    """What is left and entered lies inside the least common compound ancestor."""
    found = domain(TREE, edge(source, number), nothing_remembered)
    assert (None if found is None else TREE.nodes[found].id) == inside


def test_domain_of_the_start_is_the_chart() -> None:
    """The chart's own default transition enters inside the chart."""
    start = TREE.defaults[0]
    assert start is not None
    assert domain(TREE, start, nothing_remembered) == 0


def test_exit_set_is_what_is_active_inside_the_domain() -> None:
    """A targetless transition leaves nothing, another all that is active inside its domain."""
    assert exit_set(TREE, edge("work", 2), ACTIVE, nothing_remembered) == []
    left = exit_set(TREE, edge("work.left.one"), ACTIVE, nothing_remembered)
    assert ids(left) == ["work.left.one"]
    assert exit_set(TREE, edge("work"), ACTIVE, nothing_remembered) == list(ACTIVE)


def test_inner_transition_wins_whatever_the_order() -> None:
    """Of two that leave a common state the inner one stays, whether it comes first or second."""
    inner, outer = edge("work.left.one"), edge("work")
    for enabled in ((inner, outer), (outer, inner)):
        assert remove_conflicting(TREE, enabled, ACTIVE, nothing_remembered) == (inner,)


def test_earlier_transition_wins_between_regions() -> None:
    """Of two in different regions that leave a common state the earlier stays."""
    across, beside = edge("work.left"), edge("work.right.two")
    assert remove_conflicting(TREE, (across, beside), ACTIVE, nothing_remembered) == (across,)
    apart = (edge("work.left.one"), beside)
    assert remove_conflicting(TREE, apart, ACTIVE, nothing_remembered) == apart


def test_recording_is_deep_or_shallow() -> None:
    """A shallow history records the child, a deep one all inside, and leads to the leaves."""
    states = ("work.right", "work.right.three", "work.right.three.five")
    active = (n("work"), n("work.left"), n("work.left.one"), *map(n, states))
    recorded = to_record(TREE, active, [n("work.right"), n("work.right.three")])
    back, past = n("work.right.back"), n("work.right.three.past")
    assert {TREE.nodes[h].id: ids(found) for h, found in recorded.items()} == {
        "work.right.back": ["work.right.three", "work.right.three.five"],
        "work.right.three.past": ["work.right.three.five"],
    }
    assert ids(recalled(TREE, back, recorded[back])) == ["work.right.three.five"]
    assert ids(recalled(TREE, past, recorded[past])) == ["work.right.three.five"]


def test_entry_set_tells_causes_defaults_and_restored() -> None:
    """Entering through a memory enters the regions beside by default and marks what comes back."""
    five = n("work.right.three.five")
    entry = EntrySet(TREE, lambda _: (five,))
    entry.add(edge("rest"))
    assert ids(entry.states) == [
        "work",
        "work.left",
        "work.left.one",
        "work.right",
        "work.right.three",
        "work.right.three.five",
    ]
    assert set(entry.causes.values()) == {edge("rest")}
    assert ids(entry.restored) == ["work.right.three.five", "work.right.three"]
    assert ids(entry.defaults) == ["work.left"]


def test_entry_set_takes_each_default_once() -> None:
    """Two transitions that enter the same states by default run their content once."""
    start = TREE.defaults[0]
    assert start is not None
    for recall in (lambda _: None, lambda _: (n("work.right.two"),)):
        entry = EntrySet(TREE, recall)
        for again in (start, edge("rest"), edge("rest"), edge("work", 1), edge("work", 1)):
            entry.add(again)
        assert all(len(taken) == len(set(taken)) for taken in entry.defaults.values())
        assert ids(entry.states) == list(FIRST)


def test_compound_without_a_default_is_entered_alone() -> None:
    """The checks look at charts that say too little, before they are refused."""
    state = StateNode("a", StateKind.COMPOUND, "a", "", ("a.b",))
    child = StateNode("a.b", StateKind.ATOMIC, "b", "a")
    to_a = Transition("", Default(), ("a",))
    root = StateNode("", StateKind.COMPOUND, "Bare", None, ("a",), to_a)
    tree = Tree.of(Chart("Bare", root, (state, child)))
    entry = EntrySet(tree, lambda _: None)
    start = tree.defaults[0]
    assert start is not None
    entry.add(start)
    assert [tree.nodes[number].id for number in entry.states] == ["a"]


def test_done_regards_kinds() -> None:
    """A compound is done with a final child, a parallel with all of its regions, a leaf never."""
    left = frozenset({n("work"), n("work.left"), n("work.left.end"), n("work.right")})
    assert is_done(TREE, n("work.left"), left)
    assert not is_done(TREE, n("work.left"), frozenset(ACTIVE))
    assert not is_done(TREE, n("work"), left)
    assert not is_done(TREE, n("work.left.end"), left)


def test_default_targets_that_nest_are_entered_once() -> None:
    """The tree of a chart serves its kernel: the start is the entry set of the default."""
    assert Kernel(Desk).start().snapshot.configuration == FIRST
