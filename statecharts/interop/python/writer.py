"""Writer: the text of a module that declares charts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import final

from attrs import evolve

from statecharts.checks import QUALITY, faults
from statecharts.interop.findings import Losses
from statecharts.interop.python.content import Functions, Place, Vocabulary, prefixes
from statecharts.interop.python.structure import (
    Bodies,
    Declarable,
    attribute,
    declarable,
    notes_of,
)
from statecharts.interop.python.syntax import (
    Imports,
    Names,
    class_name,
    comment,
    docstring,
    formatted,
    literal,
)
from statecharts.model.chart import COMPOSITE, Chart, OnEvent, StateNode
from statecharts.model.hooks import Hook
from statecharts.model.named import Bound, Named, parts


@final
class Module:
    """A module that declares some charts.

    Args:
        charts: The charts, with the losses of each.
        source: Where they come from, for the docstring.
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
        sections = [
            *_section("Events", list(self.vocabulary.event_classes())),
            *_section("Effects", list(self.vocabulary.effect_classes())),
            *_section("Guards", self.functions.guards),
            *_section("Actions", self.functions.actions),
            *(block for blocks in declarations for block in blocks),
        ]
        head = [*docstring(self._title()), "", *self._waivers(), *self.imports.lines()]
        blocks = ["\n".join(block) for block in sections]
        gap = "\n\n" if len(sections[0]) == 1 else "\n\n\n"  # before a comment, as isort has it
        return formatted("\n".join(head) + gap + "\n\n\n".join(blocks) + "\n")

    def _class(self, chart: Chart) -> str:
        name = class_name(chart.name, "Chart")
        return self.names.take(name, f"{name}Chart")

    def _title(self) -> str:
        shown, many = " and ".join(one.chart.name for one in self.of), len(self.of) > 1
        if self.source is None:
            return f"The chart{'s' if many else ''} {shown}."
        return f"The charts of {self.source}: {shown}." if many else f"{shown}, from {self.source}."

    def _declaration(self, one: Declarable, cls: str) -> list[list[str]]:
        """Return the declaration of a chart, with the union of its events before it."""
        union = self._union(one.chart)
        keywords: list[str] = []
        before: list[list[str]] = []
        # A union that is made here holds just what the lines name: it adds no faults.
        chart = one.chart if union else evolve(one.chart, closed=False)
        if len(union) == 1:
            keywords.append(f"events={union[0]}")
        elif union:
            alias = self.names.take(f"{cls}Event")
            before.append([f"{alias}: {self.imports.need('TypeAlias')} = {' | '.join(union)}"])
            keywords.append(f"events={alias}")
        codes = tuple(dict.fromkeys(found.code for found in faults(chart) if found.code in QUALITY))
        notes = list(notes_of(one.chart.root.meta, 0))
        if codes:
            keywords.append(f"allow={literal(codes)}")
            for code in codes:
                notes += comment(f"{code} is accepted: {QUALITY[code]}.")
        doc = one.chart.doc or f"The chart ``{one.chart.name}``."
        bodies = Bodies(one, cls, self.functions)
        return [*before, [*notes, *bodies.declaration(keywords, doc)]]

    def _union(self, chart: Chart) -> list[str]:
        """Return the classes of ``events=``; an empty list where some line has no class for it."""
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
                found = self.vocabulary.class_of(event.name)
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
        """Yield the comment by which linters accept names of the file."""
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
    """Yield every guard that is known by name, with its place."""
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
    """Return a descriptor without the wildcard at its end, which it does not need."""
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
