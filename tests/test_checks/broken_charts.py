"""Random charts that were sound, more or less, and then had some of their parts broken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any, Final

from attrs import evolve

from statecharts import Chart
from statecharts.model.chart import (
    After,
    Always,
    Default,
    Done,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
)
from statecharts.model.hooks import Hook
from tests.test_interop.whole_charts import Fact, Maker, code

Break = Callable[[Random, StateNode, list[str]], StateNode]
"""Breaks a state; it gets the ids that there are, and some that there are not."""


def broken_chart(seed: int, *, tree: bool = False) -> Chart:
    """Return a chart with up to eight faults or more.

    Args:
        seed: Which one.
        tree: Whether its states may form no tree.
    """
    random = Random(seed)
    chart = Maker(seed, random.choice((0.0, 0.1, 0.3))).chart()
    nodes = list(chart.nodes.values())
    ids = [*chart.nodes, "nowhere", f"{nodes[-1].id}x", "nowhere.at all"]
    breaks = (*BREAKS, *TREE_BREAKS) if tree else BREAKS
    for _ in range(random.randint(1, 8)):
        at = random.randrange(len(nodes))
        nodes[at] = random.choice(breaks)(random, nodes[at], ids)
    if tree:
        states = nodes[1:]
        for _ in range(random.choice((0, 0, 1, 2))):
            if states:
                one, other = random.randrange(len(states)), random.randrange(len(states))
                states[one], states[other] = states[other], states[one]
        if random.random() < 0.1:
            states = states[: random.randint(0, len(states))]
        nodes[1:] = states
    return evolve(chart, root=nodes[0], states=tuple(nodes[1:]))


def _line(random: Random, source: str, ids: list[str]) -> Transition:
    trigger: Any = random.choice(
        (OnEvent(("go",)), Always(), Done(), After(timedelta(seconds=random.randint(-1, 1)), "t"))
    )
    targets = tuple(random.choice(ids) for _ in range(random.choice((0, 1, 1, 1, 2, 3))))
    hook = Hook(code) if random.random() < 0.2 else None
    kind = random.choice(list(TransitionKind))
    return Transition(source, trigger, targets, kind, make=hook, update=hook)


def _kind(random: Random, node: StateNode, _: list[str]) -> StateNode:
    return evolve(node, kind=random.choice(list(StateKind)))


def _default(random: Random, node: StateNode, ids: list[str]) -> StateNode:
    targets = tuple(random.choice(ids) for _ in range(random.randint(0, 3)))
    return evolve(node, default=Transition(node.id, Default(), targets))


def _no_default(_: Random, node: StateNode, __: list[str]) -> StateNode:
    return evolve(node, default=None)


def _more(random: Random, node: StateNode, ids: list[str]) -> StateNode:
    return evolve(node, transitions=(*node.transitions, _line(random, node.id, ids)))


def _aimed(random: Random, node: StateNode, ids: list[str]) -> StateNode:
    lines = tuple(evolve(line, targets=(random.choice(ids),)) for line in node.transitions)
    return evolve(node, transitions=lines)


def _no_lines(_: Random, node: StateNode, __: list[str]) -> StateNode:
    return evolve(node, transitions=())


def _data(random: Random, node: StateNode, _: list[str]) -> StateNode:
    return evolve(node, data=random.choice((None, Fact)))


def _parent(random: Random, node: StateNode, ids: list[str]) -> StateNode:
    return evolve(node, parent=random.choice((None, *ids)))


def _children(random: Random, node: StateNode, ids: list[str]) -> StateNode:
    children = [*node.children, random.choice(ids)]
    return evolve(node, children=tuple(random.sample(children, random.randint(0, len(children)))))


def _id(random: Random, node: StateNode, ids: list[str]) -> StateNode:
    return evolve(node, id=random.choice(ids))


def _source(random: Random, node: StateNode, ids: list[str]) -> StateNode:
    source = random.choice(ids)
    lines = tuple(evolve(line, source=source) for line in node.transitions)
    return evolve(node, transitions=lines)


BREAKS: Final[tuple[Break, ...]] = (
    _kind,
    _default,
    _default,
    _no_default,
    _more,
    _more,
    _aimed,
    _no_lines,
    _data,
)
TREE_BREAKS: Final[tuple[Break, ...]] = (_parent, _children, _id, _source)
