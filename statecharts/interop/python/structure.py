"""Structure: a chart made declarable, and the class bodies that declare its states."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, final

from attrs import evolve

from statecharts.checks.places import listed
from statecharts.interop.findings import Losses, state_text
from statecharts.interop.python import syntax
from statecharts.interop.python.content import Functions, Place
from statecharts.interop.python.transitions import default, lines, placed
from statecharts.model.chart import (
    COMPOSITE,
    HISTORY,
    ROOT,
    Chart,
    Default,
    Done,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
)
from statecharts.model.effects import Service
from statecharts.model.events import wire_name
from statecharts.model.nodes import Invocation
from statecharts.semantics.transitions import EntrySet, nothing_remembered
from statecharts.semantics.tree import Edge, Tree


@final
class Declarable:
    """The nearest chart that the DSL can declare; what that loses is noted.

    Attributes:
        ids: The new id of each state, a path of attributes, by its old id.
    """

    def __init__(self, chart: Chart, losses: Losses) -> None:
        self._old = chart
        self._losses = losses
        self._tree = Tree.of(chart)
        self.ids = self._identified()
        states = tuple(map(self._node, chart.states))
        self.chart = evolve(chart, root=self._node(chart.root), states=states, warnings=())

    def _identified(self) -> dict[str, str]:
        ids, taken = {ROOT: ROOT}, dict[str, set[str]]()
        for node in self._old.states:
            above = ids[node.parent or ROOT]
            siblings = taken.setdefault(above, set())
            name = syntax.attribute_name(node.name, siblings, outermost=above == ROOT)
            siblings.add(name)
            ids[node.id] = f"{above}.{name}" if above else name
        return ids

    def _node(self, node: StateNode) -> StateNode:
        data, exit_ = node.data, node.exit
        if data is not None and not syntax.is_importable(data):
            found = f"{node.id!r} carries {data.__name__}, which cannot be imported"
            self._losses.add("SC671", found, "Declare it in a module", node.location)
            data = None
        if node.meta:
            added = ", ".join(node.meta)
            found = f"what the file adds to {state_text(node.id)} becomes a comment: {added}"
            self._losses.add("SC675", found, "Read the comment", node.location)
        if exit_ and node.parent is None:
            names = listed(hook.name for hook in exit_)
            self._lost(f"{names} is done on leaving the chart itself", "A run never does that")
            exit_ = ()
        if node.kind in HISTORY and (node.entry or exit_ or node.resting):
            self._lost(f"what history {node.id!r} does is left out", "It is never active")
            node, exit_ = evolve(node, entry=(), resting=False), ()
        return evolve(
            node,
            id=self.ids[node.id],
            parent=None if node.parent is None else self.ids[node.parent],
            children=tuple(self.ids[child] for child in node.children),
            default=self._default(node),
            transitions=tuple(self._lines(node)),
            data=data,
            exit=exit_,
            invoke=tuple(self._calls(node)),
        )

    def _calls(self, node: StateNode) -> Iterator[Invocation]:
        for call in node.invoke:
            if not syntax.is_importable(call.call):
                found = f"{state_text(node.id)} makes the call {call.call.__name__}"
                found += ", which cannot be imported"
                self._losses.add("SC671", found, "Declare it in a module", call.location)
                continue
            if call.call is not Service and call.name != wire_name(call.call):
                found = f"the name {call.name!r} of a call of {state_text(node.id)} is left out"
                self._losses.add("SC674", found, "Name the call after its class", call.location)
            yield call

    def _default(self, node: StateNode) -> Transition | None:
        default = node.default
        if default is None:
            return None
        at = state_text(node.id)
        if default.emit:
            names = listed(hook.name for hook in default.emit)
            self._lost(f"{names} is done on entering {at} by default", "", node.location)
        targets = default.targets
        if node.kind is StateKind.PARALLEL:
            regions = {c for c in node.children if self._old[c].kind not in HISTORY}
            if set(targets) != regions:
                found = f"{at} is entered through {listed(targets)}"
                self._lost(found, "Let each region say where it begins", node.location)
            return None
        if node.kind is StateKind.COMPOUND:
            targets = self._initial(node, default)
        entered = tuple(self.ids[target] for target in targets)
        return Transition(self.ids[node.id], Default(), entered, location=default.location)

    def _initial(self, node: StateNode, default: Transition) -> tuple[str, ...]:
        """Return the child that is or holds the first target of a default; note a difference."""
        first = default.targets[0]
        child = next(c for c in node.children if c == first or self._old.is_descendant(first, c))
        if default.targets != (child,) and not self._same(default, (child,)):
            found = f"{state_text(node.id)} is entered through {listed(default.targets)}"
            remedy = f"Let it be entered through {child!r}, and that through the rest"
            self._lost(found, remedy, node.location)
        return (child,)

    def _lines(self, node: StateNode) -> Iterator[Transition]:
        """Yield the lines of a state that can be declared."""
        for line in node.transitions:
            waits = isinstance(line.trigger, OnEvent) or line.kind is TransitionKind.DEFERRED
            nothing = waits and not line.events
            if nothing or (node.parent is None and isinstance(line.trigger, Done)):
                why = "waits for no event" if nothing else "follows the end of the run"
                found = f"a line of {state_text(node.id)} {why}, and is left out"
                self._lost(found, "Remove it", line.location)
            else:
                yield self._line(line)

    def _line(self, transition: Transition) -> Transition:
        kind, targets = transition.kind, transition.targets
        if kind in (TransitionKind.DEFERRED, TransitionKind.FORBIDDEN):
            guard = transition.guard if kind is TransitionKind.FORBIDDEN else None
            plain = evolve(transition, targets=(), guard=guard, make=None, update=None, emit=())
            if plain != transition:
                verb = "forbids" if kind is TransitionKind.FORBIDDEN else "defers"
                found = f"a line of {state_text(transition.source)} that {verb} does more"
                self._lost(f"{found}; that is left out", f"It {verb} only", transition.location)
            return evolve(plain, source=self.ids[transition.source])
        below = (self._old.is_descendant(target, transition.source) for target in targets)
        inside = bool(targets) and all(below)
        compound = self._old[transition.source].kind is StateKind.COMPOUND
        keeps = kind is TransitionKind.INTERNAL and inside and compound
        kind = TransitionKind.INTERNAL if keeps or not targets else TransitionKind.EXTERNAL
        make = transition.make
        filled = (self._old[one].data for one in targets or (transition.source,) if one)
        if not any(data is not None and syntax.is_importable(data) for data in filled):
            make = None
        source, targets = self.ids[transition.source], tuple(self.ids[one] for one in targets)
        said = (transition.source, transition.targets, transition.kind, transition.make)
        if (source, targets, kind, make) == said:
            return transition
        return evolve(transition, source=source, targets=targets, kind=kind, make=make)

    def _same(self, transition: Transition, targets: tuple[str, ...]) -> bool:
        """Tell whether a transition enters the same states by other targets."""
        entered = []
        for each in (transition, evolve(transition, targets=targets)):
            numbers = tuple(self._tree.index[target] for target in each.targets)
            entry = EntrySet(self._tree, nothing_remembered)
            entry.add(Edge(0, each, self._tree.index[each.source], numbers))
            defaults = (edge for edges in entry.defaults.values() for edge in edges)
            content = [hook for edge in defaults for hook in edge.transition.emit]
            entered.append((entry.states, content))
        return entered[0] == entered[1]

    def _lost(self, found: str, remedy: str, location: str | None = None) -> None:
        self._losses.add("SC673", found, remedy, location)


_LONGEST_NOTE: Final = 400  # how much of one thing that a file adds is written as a comment


@final
class Bodies:
    """Writes the class of one chart, by its name, with the functions of the module."""

    def __init__(self, of: Declarable, cls: str, functions: Functions) -> None:
        self.chart = of.chart
        self.cls = cls
        self.functions = functions
        self.need, self.reference = functions.imports.need, functions.imports.reference
        functions.known = set()
        functions.states = {old: f"{cls}.{new}" for old, new in of.ids.items() if old}
        self.before = {new: old for old, new in of.ids.items()}
        self.lines = placed(of.chart)

    def declaration(self, events: str | None, keywords: Iterable[str], doc: str) -> list[str]:
        """Return the class: its events, when they are closed, and the keywords of its header."""
        root, items = self.chart.root, [self.need("Statechart"), *keywords]
        if self.chart.context is not None:
            items[0] += f"[{events or self.need('Any')}, {self.reference(self.chart.context)}]"
        elif events is not None:
            items[0] += f"[{events}]"
        if root.kind is StateKind.PARALLEL:
            items.append("parallel=True")
        if root.entry:
            place = Place("starting", None, indent=syntax.STEP)
            items.append(f"entry={self.functions.action(root.entry, place)}")
        if root.invoke:
            items.append(f"invoke={self._invoke(root)}")
        head = f"class {self.cls}({', '.join(items)}):"
        return [head, *syntax.docstring(doc, syntax.STEP), "", *self._body(root, syntax.STEP)]

    def _body(self, node: StateNode, indent: int) -> list[str]:
        """Return a class body: children in document order, then lines."""
        found: list[str] = []
        space = " " * indent
        nested = False
        for child in map(self.chart.__getitem__, node.children):
            before, nested = nested, child.kind in COMPOSITE
            if found and (before or nested):
                found.append("")
            found += notes_of(child.meta, indent)
            found += self._superstate(child, indent) if nested else [space + self._leaf(child)]
            self.functions.known.add(self.before[child.id])
        written = lines(self.lines.get(node.id, []), self.chart, node.id, self.functions)
        own = [line and space + line for line in written]
        return [*found, *([""] if own else []), *own]

    def _superstate(self, node: StateNode, indent: int) -> list[str]:
        base = self.need("Parallel" if node.kind is StateKind.PARALLEL else "Compound")
        if node.data is not None:
            base = f"{base}[{self.reference(node.data)}]"
        head = f"class {attribute(node)}({', '.join([base, *self._options(node)])}):"
        doc = [*syntax.docstring(node.doc, indent + syntax.STEP), ""] if node.doc else []
        return [" " * indent + head, *doc, *self._body(node, indent + syntax.STEP)]

    def _leaf(self, node: StateNode) -> str:
        items: list[str] = []
        if node.kind in HISTORY:
            name = self.need("History")
            items += default(node, self.chart)
            items += ["deep=True"] if node.kind is StateKind.DEEP_HISTORY else []
        else:
            name = self.need("State")
            items += [] if node.data is None else [self.reference(node.data)]
        items += self._options(node)
        items += [f"doc={syntax.literal(node.doc)}"] if node.doc else []
        return f"{attribute(node)} = {name}({', '.join(items)})"

    def _options(self, node: StateNode) -> Iterator[str]:
        """Yield the keywords that every kind of state takes."""
        parent = self.chart[node.parent or ROOT]
        if parent.kind is StateKind.COMPOUND and node.id in parent.initial:
            yield "initial=True"
        if node.kind is StateKind.FINAL:
            yield "final=True"
        if node.resting:
            yield "resting=True"
        if node.name != attribute(node):
            yield f"name={syntax.literal(node.name)}"
        short = "_".join(syntax.words(node.name)) or "state"
        for key, hooks, verb in (("entry", node.entry, "entering"), ("exit", node.exit, "leaving")):
            if hooks:
                place = Place.of(node, syntax.function_name(f"{verb}_{short}", verb))
                yield f"{key}={self.functions.action(hooks, place)}"
        if node.invoke:
            yield f"invoke={self._invoke(node)}"

    def _invoke(self, node: StateNode) -> str:
        """Return the calls of a state: classes, or what makes each call by its class or name."""
        if all(call.make is None for call in node.invoke):
            names = [self.reference(call.call) for call in node.invoke]
            return names[0] if len(names) == 1 else f"({', '.join(names)})"
        items: list[str] = []
        for call in node.invoke:
            key = syntax.quoted(call.name) if call.call is Service else self.reference(call.call)
            place = Place.of(node, syntax.function_name(f"call_{call.name}", "call"))
            items.append(f"{key}: {self.functions.call(call, place)}")
        return f"{{{', '.join(items)}}}"


def attribute(node: StateNode) -> str:
    """Return the name of a state in the class body that declares it."""
    return node.id.rpartition(".")[2]


def notes_of(meta: Mapping[str, Any], indent: int) -> Iterator[str]:
    """Yield what a file adds to a state, as comments."""
    for key, value in meta.items():
        text = json.dumps(value, ensure_ascii=False, default=str)
        text = text if len(text) <= _LONGEST_NOTE else f"{text[:_LONGEST_NOTE]} …"
        # The mark keeps linters from taking further lines for code.
        yield from syntax.comment(f"The file adds {key}: {text}", indent, "… ")
