"""Module: the text of a module that declares charts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, final

from attrs import evolve

from statecharts.checks import QUALITY, faults
from statecharts.interop.findings import Losses
from statecharts.interop.python.bodies import Bodies, attribute, notes_of
from statecharts.interop.python.declarable import Declarable, declarable
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
)
from statecharts.interop.python.names import Names, class_name
from statecharts.interop.python.vocabulary import Vocabulary, prefixes
from statecharts.model.chart import COMPOSITE, Chart, OnEvent, StateNode
from statecharts.model.hooks import Hook
from statecharts.model.named import Bound, Named, parts

_WAIVED: Final = {
    "D106": "a superstate that the file says nothing about",
    "N801": "a superstate is a class with the name of a state",
    "N815": "a state has the name that the file gives it",
}
"""What linters object to in a declaration, and why it is so."""


@final
class Module:
    """A module that declares some charts.

    Args:
        charts: The charts, with the losses of each.
        source: Where they come from, as people are told.
    """

    def __init__(self, charts: Sequence[tuple[Chart, Losses]], source: str | None) -> None:
        self.source = source
        self.of = [declarable(chart, losses) for chart, losses in charts]
        losses = charts[0][1]
        self.names = Names(attribute(node) for one in self.of for node in one.chart.states)
        self.classes = [self._class(one.chart) for one in self.of]
        self.imports = Imports(self.names)
        plain = [one.chart for one in self.of]
        self.vocabulary = Vocabulary(plain, self.names, self.imports, losses)
        self.functions = Functions(self.vocabulary, self.names, self.imports, losses)
        self.functions.expect(use for chart in plain for use in _named_guards(chart))

    def text(self) -> str:
        """Return the module."""
        declarations = [
            self._declaration(one, cls) for one, cls in zip(self.of, self.classes, strict=True)
        ]
        events = list(self.vocabulary.event_classes())
        sections = [
            *_section("What happens.", events),
            *_section("What is asked of the outside.", list(self.vocabulary.effect_classes())),
            *_section("What decides.", self.functions.guards),
            *_section("What is done.", self.functions.actions),
            *(block for blocks in declarations for block in blocks),
        ]
        head = [*docstring(self._title()), "", *self._waivers(), *self.imports.lines()]
        blocks = ["\n".join(block) for block in sections]
        gap = "\n\n" if len(sections[0]) == 1 else "\n\n\n"  # before a comment, as isort has it
        return "\n".join(head) + gap + "\n\n\n".join(blocks) + "\n"

    def _class(self, chart: Chart) -> str:
        name = class_name(chart.name, "Chart")
        return self.names.take(name, f"{name}Chart")

    def _title(self) -> str:
        shown = " and ".join(one.chart.name for one in self.of)
        if self.source is None:
            return f"The chart {shown}." if len(self.of) == 1 else f"The charts {shown}."
        return (
            f"{shown}, as {self.source} declares it."
            if len(self.of) == 1
            else (f"The charts of {self.source}: {shown}.")
        )

    def _declaration(self, one: Declarable, cls: str) -> list[list[str]]:
        """Return the declaration of a chart, with the union of its events before it."""
        union = self._union(one.chart)
        keywords: list[Piece] = []
        before: list[list[str]] = []
        # A union that is made here holds just what the lines name: it adds no faults.
        chart = one.chart if union else evolve(one.chart, closed=False)
        if len(union) == 1:
            keywords.append(Labelled("events=", union[0]))
        elif union:
            alias = self.names.take(f"{cls}Event")
            known = f"{alias}: {self.imports.need('TypeAlias')} = "
            before.append(lay(Chain("|", tuple(union)), 0, known))
            keywords.append(Labelled("events=", alias))
        codes = tuple(dict.fromkeys(found.code for found in faults(chart) if found.code in QUALITY))
        meta = one.chart.root.meta
        notes = list(notes_of(meta, 0))
        if codes:
            quoted = tuple(f'"{code}"' for code in codes)
            keywords.append(Labelled("allow=", Brackets("(", quoted, comma=len(codes) == 1)))
            for code in codes:
                notes += comment(f"{code} is accepted as the chart stands: {QUALITY[code]}.")
        bodies = Bodies(one, cls, self.vocabulary, self.functions, self.imports)
        doc = one.chart.doc or f"The chart ``{one.chart.name}``."
        return [*before, [*notes, *bodies.declaration(keywords, doc)]]

    def _union(self, chart: Chart) -> list[str]:
        """Return the classes of ``events=``; none when there are lines that no class answers to."""
        if chart.closed:
            names = [event.name for event in chart.events]
        elif any(event.cls is not None for event in chart.events):
            return []  # declared so, and left open on purpose
        else:
            names = self._answered(chart)
            known = {prefix for name in names for prefix in prefixes(name)}
            for descriptor in _descriptors(chart):
                if isinstance(descriptor, str) and not (
                    _bare(descriptor) in known or descriptor == "*"
                ):
                    return []
        union: list[str] = []
        wanted = set(names)
        for event in chart.events:
            if event.name in wanted:
                found = self.vocabulary.class_of(event)
                if found is None:
                    return []
                union.append(found)
        return union

    def _answered(self, chart: Chart) -> list[str]:
        """Return the names of the events that have a class, and that some line answers to."""
        heard = {_bare(one) if isinstance(one, str) else one for one in _descriptors(chart)}
        return [
            event.name
            for event in chart.events
            if self.vocabulary.has_class(event.name)
            and not heard.isdisjoint((event.cls, "*", *prefixes(event.name)))
        ]

    def _waivers(self) -> Iterator[str]:
        """Yield what tells linters to leave alone what is meant."""
        states = [node for one in self.of for node in one.chart.states]
        nested = [node for node in states if node.kind in COMPOSITE]
        found = {
            "D106": any(not node.doc for node in nested),
            "N801": any(not _is_class_name(attribute(node)) for node in nested),
            "N815": any(_is_mixed(node) for node in states if node.kind not in COMPOSITE),
        }
        codes = [code for code, needed in found.items() if needed]
        if codes:
            yield f"# ruff: noqa: {', '.join(codes)}"
            yield ""


def _named_guards(chart: Chart) -> Iterator[tuple[Named, Place]]:
    """Yield every guard that is known by name, and where it is asked."""
    for node in chart.nodes.values():
        here = Place(node.name, node.data)
        for hook in (*node.entry, *node.exit):
            yield from ((guard, here) for guard in _guards(hook))
        for transition in node.transitions:
            place = Place.of(node, node.name, transition.trigger)
            for hook in transition.hooks:
                if hook is not transition.make and hook is not transition.update:
                    yield from ((guard, place) for guard in _guards(hook))


def _guards(hook: Hook) -> Iterator[Named]:
    function = hook.function
    if isinstance(function, Bound):
        function = function.reference
    if isinstance(function, Named):
        yield function
    for part in parts(hook):
        yield from _guards(part)


def _descriptors(chart: Chart) -> list[type | str]:
    return [
        event
        for transition in chart.transitions
        if isinstance(transition.trigger, OnEvent)
        for event in transition.trigger.events
    ]


def _bare(descriptor: str) -> str:
    """Return a descriptor without the wildcard that it may end with, and does not need."""
    return descriptor.removesuffix(".*").removesuffix(".")


def _section(title: str, blocks: list[list[str]]) -> Iterator[list[str]]:
    if blocks:
        yield [f"# {title}"]
        yield from blocks


def _is_class_name(name: str) -> bool:
    bare = name.strip("_")
    return bare[:1].isupper() and "_" not in bare


def _is_mixed(node: StateNode) -> bool:
    bare = attribute(node).strip("_")
    return bare[:1].islower() and bare != bare.lower() and "_" not in bare
