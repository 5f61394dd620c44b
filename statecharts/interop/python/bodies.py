"""Bodies: the class bodies that declare a chart and its superstates."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import takewhile
from typing import Any, Final, final

from attrs import frozen

from statecharts.interop.python.declarable import Declarable
from statecharts.interop.python.functions import Functions, Place
from statecharts.interop.python.imports import Imports
from statecharts.interop.python.layout import (
    Brackets,
    Chain,
    Labelled,
    Piece,
    comment,
    docstring,
    lay,
    literal,
    quoted,
)
from statecharts.interop.python.names import function_name, words
from statecharts.interop.python.spans import span
from statecharts.interop.python.vocabulary import Vocabulary
from statecharts.model.chart import (
    COMPOSITE,
    HISTORY,
    ROOT,
    After,
    Chart,
    Done,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
)
from statecharts.model.hooks import Hook

_STEP: Final = 4
LONGEST_NOTE: Final = 400
"""How much of one thing that a file adds is written down as a comment."""


@final
@frozen(eq=False)
class _Line:
    """A transition, and the body that declares it."""

    transition: Transition
    body: str


@final
class Bodies:
    """Writes the class of one chart.

    Args:
        of: The chart.
        cls: What its class is called.
        vocabulary: The classes of the module.
        functions: Its functions.
        imports: Its imports.
    """

    def __init__(
        self,
        of: Declarable,
        cls: str,
        vocabulary: Vocabulary,
        functions: Functions,
        imports: Imports,
    ) -> None:
        self.of = of
        self.chart: Chart = of.chart
        self.cls = cls
        self.vocabulary = vocabulary
        self.functions = functions
        self.imports = imports
        functions.known = set()
        self.before = {new: old for old, new in of.ids.items()}
        functions.states = {old: f"{cls}.{new}" for old, new in of.ids.items() if old}
        self.lines: dict[str, list[_Line]] = {}
        for line in self._placed():
            self.lines.setdefault(line.body, []).append(line)

    def declaration(self, keywords: Sequence[Piece], doc: str) -> list[str]:
        """Return the class, with the keywords that its header has."""
        base = self.imports.need("Statechart")
        context = self.chart.context
        if context is not None:
            base = f"{base}[{self.imports.reference(context)}]"
        if self.chart.root.kind is StateKind.PARALLEL:
            keywords = [*keywords, "parallel=True"]
        if self.chart.root.entry:
            place = Place("starting", None, indent=_STEP)
            entry = self.functions.action(self.chart.root.entry, place)
            keywords = [*keywords, Labelled("entry=", entry)]
        head = lay(Brackets(f"class {self.cls}(", (base, *keywords)), 0, "", ":")
        return [*head, *docstring(doc, 4), "", *self._body(self.chart.root, 4)]

    def _placed(self) -> Iterator[_Line]:
        """Yield the transitions, each with the innermost body in which it can be declared.

        That is one that sees both ends. A body is run before the one around it, so a line behind
        one that stands further out stands there as well: their order says which is asked first.
        """
        for node in (*self.chart.states, self.chart.root):
            outermost = len(self._path(node.parent or ROOT))
            for transition in node.transitions:
                common = self._path(node.parent or ROOT)
                for target in transition.targets:
                    path = self._path(self.chart[target].parent or ROOT)
                    pairs = zip(common, path, strict=False)
                    common = [a for a, _ in takewhile(lambda pair: pair[0] == pair[1], pairs)]
                outermost = min(outermost, len(common))
                yield _Line(transition, ".".join(common[:outermost]))

    def _body(self, node: StateNode, indent: int) -> list[str]:
        """Return what a class body holds: children in document order, then lines."""
        found: list[str] = []
        nested = False
        for child in map(self.chart.__getitem__, node.children):
            before, nested = nested, child.kind in COMPOSITE
            if found and (before or nested):
                found.append("")
            found += notes_of(child.meta, indent)
            found += self._superstate(child, indent) if nested else self._leaf(child, indent)
            self.functions.known.add(self.before[child.id])
        lines = self._lines_of(node.id, indent)
        return [*found, *([""] if lines else []), *lines]

    def _superstate(self, node: StateNode, indent: int) -> list[str]:
        base = self.imports.need("Parallel" if node.kind is StateKind.PARALLEL else "Compound")
        if node.data is not None:
            base = f"{base}[{self.imports.reference(node.data)}]"
        head = Brackets(f"class {attribute(node)}(", (base, *self._options(node)))
        doc = [*docstring(node.doc, indent + 4), ""] if node.doc else []
        return [*lay(head, indent, "", ":"), *doc, *self._body(node, indent + 4)]

    def _leaf(self, node: StateNode, indent: int) -> list[str]:
        if node.kind in HISTORY:
            items = [*self._default(node)]
            items += ["deep=True"] if node.kind is StateKind.DEEP_HISTORY else []
            items += self._options(node)
            call = Brackets(f"{self.imports.need('History')}(", tuple(items))
        else:
            items = [] if node.data is None else [self.imports.reference(node.data)]
            items += self._options(node)
            call = Brackets(f"{self.imports.need('State')}(", tuple(items))
        if node.doc:
            call = Brackets(call.opening, (*call.items, Labelled("doc=", literal(node.doc))))
        return lay(call, indent, f"{attribute(node)} = ")

    def _default(self, node: StateNode) -> Iterator[Piece]:
        """Yield the default of a history: the state itself, where it is known already."""
        parent = self.chart[node.parent or ROOT]
        for target in node.initial:
            inner = _relative(target, parent.id)
            siblings = list(parent.children)
            child = f"{parent.id}.{inner}".lstrip(".").split(".")[: len(self._path(parent.id)) + 1]
            before = siblings.index(".".join(child)) < siblings.index(node.id)
            text = target if inner in self.chart else inner
            yield Labelled("default=", inner if before else quoted(text))

    def _options(self, node: StateNode) -> list[Piece]:
        """Return the keywords that every kind of state takes."""
        parent = self.chart[node.parent or ROOT]
        begins = parent.kind is StateKind.COMPOUND and node.id in parent.initial
        found: list[Piece] = ["initial=True"] if begins else []
        if node.kind is StateKind.FINAL:
            found.append("final=True")
        if node.resting:
            found.append("resting=True")
        if node.name != attribute(node):
            found.append(Labelled("name=", literal(node.name)))
        short = "_".join(words(node.name)) or "state"
        for keyword, hooks, verb in (
            ("entry", node.entry, "entering"),
            ("exit", node.exit, "leaving"),
        ):
            if hooks:
                place = Place.of(node, function_name(f"{verb}_{short}", verb))
                found.append(Labelled(f"{keyword}=", self.functions.action(hooks, place)))
        return found

    def _lines_of(self, body: str, indent: int) -> list[str]:
        """Return the lines of a body, those of each source together."""
        found: list[str] = []
        groups: dict[str, list[list[str]]] = {}
        for line in self.lines.get(body, ()):
            written = self._line(line.transition, body, indent)
            groups.setdefault(line.transition.source, []).append(written)
        alone = True
        for number, group in enumerate(groups.values()):
            if number and not (alone and len(group) == 1):
                found.append("")
            alone = len(group) == 1
            found += [text for block in group for text in block]
        return found

    def _line(self, transition: Transition, body: str, indent: int) -> list[str]:
        """Return one transition as a call of a verb."""
        source, trigger = self.chart[transition.source], transition.trigger
        name = _relative(transition.source, body) or self.imports.need("Statechart")
        short = "_".join(words(source.name)) or "chart"
        targets: list[Piece] = [_relative(target, body) for target in transition.targets]
        if len(targets) > 1:
            targets = [Brackets("(", tuple(targets))]
        match trigger:
            case OnEvent(events):
                place = function_name(f"{short}_on_{_event_words(events)}", "state")
                verb = "to" if targets else "stay"
                if transition.kind is TransitionKind.FORBIDDEN and transition.guard is None:
                    verb = "ignore"
                items = [*targets, Labelled("on=", self._on(events))]
            case After(delay):
                place, verb = function_name(f"{short}_after", "state"), "after"
                items = [self._delay(delay, source, short), *targets]
            case Done():
                place, verb, items = function_name(f"{short}_done", "state"), "when_done", targets
            case _:
                place, verb, items = function_name(f"{short}_always", "state"), "always", targets
        if transition.kind is TransitionKind.INTERNAL and targets:
            items.append("internal=True")
        items += self._hooks(transition, Place.of(source, place, trigger))
        return lay(Brackets(f"{name}.{verb}(", tuple(items)), indent)

    def _hooks(self, transition: Transition, place: Place) -> Iterator[Piece]:
        functions, chart = self.functions, self.chart
        if transition.guard is not None:
            yield Labelled("when=", functions.guard(transition.guard, place))
        if transition.make is not None:
            made = chart[(transition.targets or (transition.source,))[0]]
            yield Labelled(
                "make=", functions.maker(transition.make, place.called("make"), made.data)
            )
        if transition.update is not None:
            context = functions.maker(transition.update, place.called("update"), chart.context)
            yield Labelled("update=", context)
        if transition.emit:
            yield Labelled("emit=", functions.action(transition.emit, place))

    def _delay(self, delay: timedelta | Hook, source: StateNode, short: str) -> Piece:
        if isinstance(delay, timedelta):
            self.imports.need("timedelta")
            return span(delay)
        return self.functions.delay(
            delay, Place(function_name(f"patience_of_{short}", "state"), source.data)
        )

    def _on(self, events: tuple[type | str, ...]) -> Piece:
        """Return what ``on=`` takes: a class, a union of classes, a descriptor, or a tuple."""
        named = [self.vocabulary.event(event) for event in dict.fromkeys(events)]
        names: tuple[Piece, ...] = tuple(name for name, _ in named)
        if len(names) == 1:
            return names[0]
        if all(is_class for _, is_class in named):
            return Chain("|", names)
        return Brackets("(", names)

    def _path(self, state: str) -> list[str]:
        return state.split(".") if state else []


def attribute(node: StateNode) -> str:
    """Return what a state is called in the class body that declares it."""
    return node.id.rpartition(".")[2]


def _relative(state: str, body: str) -> str:
    return state.removeprefix(f"{body}.") if body else state


def _event_words(events: tuple[type | str, ...]) -> str:
    first = events[0]
    name = first.__name__ if isinstance(first, type) else first.replace("*", "any")
    return "_".join(words(name))


def notes_of(meta: Mapping[str, Any], indent: int) -> Iterator[str]:
    """Yield what a file says besides, as comments."""
    for key, value in meta.items():
        text = json.dumps(value, ensure_ascii=False, default=str)
        text = text if len(text) <= LONGEST_NOTE else f"{text[:LONGEST_NOTE]} …"
        # The mark keeps linters from taking what goes on below for code.
        yield from comment(f"The file adds {key}: {text}", indent, "… ")
