"""Declarable: a chart turned into the nearest one that our DSL can declare.

States get the ids that Python attributes give them, and what differs in wording alone is worded as
the DSL does. Whatever is left out or changed in meaning is noted as a loss; all the rest runs as it
did.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from attrs import evolve, frozen

from statecharts.checks.places import listed
from statecharts.interop.findings import Losses
from statecharts.interop.python.classes import is_importable
from statecharts.interop.python.names import attribute_name
from statecharts.model.chart import (
    HISTORY,
    ROOT,
    Chart,
    Default,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
)
from statecharts.semantics.transitions import EntrySet, nothing_remembered
from statecharts.semantics.tree import Edge, Tree


@final
@frozen(eq=False)
class Declarable:
    """A chart that the DSL can declare.

    Attributes:
        chart: The chart; its states have the ids that their attributes give them.
        ids: The id of each state, by the id that it had.
    """

    chart: Chart
    ids: Mapping[str, str]


def declarable(chart: Chart, losses: Losses) -> Declarable:
    """Return the nearest chart that the DSL can declare; note what that loses."""
    return _Adaptation(chart, losses).result()


class _Adaptation:
    def __init__(self, chart: Chart, losses: Losses) -> None:
        self.chart = chart
        self.losses = losses
        self.tree = Tree.of(chart)
        self.ids = self._identified()

    def result(self) -> Declarable:
        states = [self._state(node) for node in self.chart.states]
        chart = evolve(self.chart, root=self._root(), states=tuple(states), warnings=())
        return Declarable(chart, self.ids)

    def _identified(self) -> dict[str, str]:
        ids, taken = {ROOT: ROOT}, dict[str, set[str]]()
        for node in self.chart.states:
            above = ids[node.parent or ROOT]
            siblings = taken.setdefault(above, set())
            name = attribute_name(node.name, siblings, outermost=above == ROOT)
            siblings.add(name)
            ids[node.id] = f"{above}.{name}" if above else name
        return ids

    def _root(self) -> StateNode:
        root = self.chart.root
        self._note_meta(root)
        if root.exit:
            names = listed(hook.name for hook in root.exit)
            self._lost(f"{names} is done on leaving the chart itself", "A run never does that")
        return evolve(
            root,
            children=tuple(self.ids[child] for child in root.children),
            default=self._default(root),
            transitions=tuple(map(self._line, root.transitions)),
            exit=(),
        )

    def _state(self, node: StateNode) -> StateNode:
        identity = self.ids[node.id]
        data = node.data
        if data is not None and not is_importable(data):
            found = f"{node.id!r} carries {data.__name__}, which cannot be imported"
            self.losses.add("SC671", found, "Declare it in a module", node.location)
            data = None
        self._note_meta(node)
        return evolve(
            node,
            id=identity,
            parent=self.ids[node.parent or ROOT],
            children=tuple(self.ids[child] for child in node.children),
            default=self._default(node),
            transitions=tuple(map(self._line, node.transitions)),
            data=data,
        )

    def _note_meta(self, node: StateNode) -> None:
        if node.meta:
            shown = repr(node.id) if node.id else "the chart"
            found = f"what the file adds to {shown} becomes a comment: {', '.join(node.meta)}"
            self.losses.add("SC675", found, "Read the comment", node.location)

    def _default(self, node: StateNode) -> Transition | None:
        default = node.default
        if default is None:
            return None
        at = repr(node.id) if node.id else "the chart"
        if default.emit:
            names = listed(hook.name for hook in default.emit)
            self._lost(f"{names} is done on entering {at} by default", "", node.location)
        targets = default.targets
        if node.kind is StateKind.PARALLEL:
            regions = {c for c in node.children if self.chart[c].kind not in HISTORY}
            if set(targets) != regions:
                found = f"{at} is entered through {listed(targets)}"
                remedy = "Let each region say where it begins"
                self._lost(found, remedy, node.location)
            return None
        if node.kind is StateKind.COMPOUND:
            targets = self._initial(node, default)
        elif len(targets) > 1:
            found = f"history {at} leads to {listed(targets)} by default"
            self._lost(found, "Let it lead to one state", node.location)
            targets = targets[:1]
        return Transition(
            self.ids[node.id],
            Default(),
            tuple(self.ids[t] for t in targets),
            location=default.location,
        )

    def _initial(self, node: StateNode, default: Transition) -> tuple[str, ...]:
        """Return the child that a default transition enters, if that comes to the same."""
        first = default.targets[0]
        child = next(c for c in node.children if c == first or self.chart.is_descendant(first, c))
        if default.targets != (child,) and not self._same(default, (child,)):
            at = repr(node.id) if node.id else "the chart"
            found = f"{at} is entered through {listed(default.targets)}"
            remedy = f"Let it be entered through {child!r}, and that through the rest"
            self._lost(found, remedy, node.location)
        return (child,)

    def _line(self, transition: Transition) -> Transition:
        kind, targets = transition.kind, transition.targets
        if kind is not TransitionKind.FORBIDDEN:
            inside = bool(targets) and all(
                self.chart.is_descendant(target, transition.source) for target in targets
            )
            compound = self.chart[transition.source].kind is StateKind.COMPOUND
            keeps = kind is TransitionKind.INTERNAL and inside and compound
            kind = TransitionKind.INTERNAL if keeps or not targets else TransitionKind.EXTERNAL
        make = transition.make
        if make is not None and not self._takes_data(transition):
            make = None
        source, targets = self.ids[transition.source], tuple(self.ids[one] for one in targets)
        said = (transition.source, transition.targets, transition.kind, transition.make)
        if (source, targets, kind, make) == said:
            return transition
        return evolve(transition, source=source, targets=targets, kind=kind, make=make)

    def _takes_data(self, transition: Transition) -> bool:
        for target in transition.targets or (transition.source,):
            data = self.chart[target].data
            if data is not None and is_importable(data):
                return True
        return False

    def _same(self, transition: Transition, targets: tuple[str, ...]) -> bool:
        """Tell whether a transition enters the same states by other targets."""
        entered = []
        for each in (transition, evolve(transition, targets=targets)):
            numbers = tuple(self.tree.index[target] for target in each.targets)
            edge = Edge(0, each, self.tree.index[each.source], numbers)
            entry = EntrySet(self.tree, nothing_remembered)
            entry.add(edge)
            content = [
                hook
                for edges in entry.defaults.values()
                for default in edges
                for hook in default.transition.emit
            ]
            entered.append((entry.states, content))
        return entered[0] == entered[1]

    def _lost(self, found: str, remedy: str, location: str | None = None) -> None:
        self.losses.add("SC673", found, remedy, location)
