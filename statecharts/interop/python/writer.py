"""Writer: the text of a module that declares charts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import final

from attrs import evolve

from statecharts.checks import QUALITY, faults
from statecharts.interop.findings import Losses
from statecharts.interop.python import syntax
from statecharts.interop.python.content import Functions, Place, Vocabulary, prefixes, reference
from statecharts.interop.python.structure import Bodies, Declarable, attribute, notes_of
from statecharts.model.chart import COMPOSITE, Chart
from statecharts.model.effects import Service
from statecharts.model.events import CallFailed
from statecharts.model.named import Named, within


@final
class Module:
    """A module that declares some charts, given with the losses of each."""

    def __init__(self, charts: Sequence[tuple[Chart, Losses]], source: str | None) -> None:
        self.source = source
        self.of = [Declarable(chart, losses) for chart, losses in charts]
        losses = charts[0][1]
        self.names = syntax.Names(attribute(node) for one in self.of for node in one.chart.states)
        wanted = (syntax.class_name(one.chart.name, "Chart") for one in self.of)
        self.classes = [self.names.take(name, f"{name}Chart") for name in wanted]
        self.imports = syntax.Imports(self.names)
        plain = [one.chart for one in self.of]
        self.vocabulary = Vocabulary(plain, self.names, self.imports, losses)
        self.functions = Functions(self.vocabulary, self.names, self.imports, losses)
        self.functions.expect(use for chart in plain for use in _named_guards(chart))

    def text(self) -> str:
        """Return the module."""
        declarations = list(map(self._declaration, self.of, self.classes))
        sections: list[list[str]] = []
        for title, blocks in (
            ("Events", list(self.vocabulary.event_classes())),
            ("Effects", list(self.vocabulary.effect_classes())),
            ("Guards", self.functions.guards),
            ("Actions", self.functions.actions),
        ):
            sections += [[f"# {title}"], *blocks] if blocks else []
        for several in declarations:
            sections += several
        head = [*syntax.docstring(self._title()), "", *self._waivers(), *self.imports.lines()]
        body = "\n\n\n".join("\n".join(section) for section in sections)
        gap = "\n\n" if len(sections[0]) == 1 else "\n\n\n"  # before a comment, as isort has it
        return syntax.formatted("\n".join(head) + gap + body + "\n")

    def _title(self) -> str:
        shown, many = " and ".join(one.chart.name for one in self.of), len(self.of) > 1
        if self.source is None:
            return f"The chart{'s' if many else ''} {shown}."
        return f"The charts of {self.source}: {shown}." if many else f"{shown}, from {self.source}."

    def _declaration(self, one: Declarable, cls: str) -> list[list[str]]:
        """Return the declaration of a chart, with the union of its events before it."""
        union = self._union(one.chart)
        events: str | None = None
        keywords: list[str] = []
        before: list[list[str]] = []
        # A union that is made here holds just what the lines name: it adds no faults.
        chart = one.chart if union else evolve(one.chart, closed=False)
        if len(union) == 1:
            events = union[0]
        elif union:
            alias = self.names.take(f"{cls}Event")
            before.append([f"{alias}: {self.imports.need('TypeAlias')} = {' | '.join(union)}"])
            events = alias
        codes = tuple(dict.fromkeys(found.code for found in faults(chart) if found.code in QUALITY))
        notes = list(notes_of(one.chart.root.meta, 0))
        if codes:
            keywords.append(f"allow={syntax.literal(codes)}")
            for code in codes:
                notes += syntax.comment(f"{code} is accepted: {QUALITY[code]}.")
        doc = one.chart.doc or f"The chart ``{one.chart.name}``."
        bodies = Bodies(one, cls, self.functions)
        return [*before, [*notes, *bodies.declaration(events, keywords, doc)]]

    def _union(self, chart: Chart) -> list[str]:
        """Return the classes of the events; an empty list where some line has no class for it."""
        used = [event for line in chart.transitions for event in line.events]
        used += [call.call for node in chart.nodes.values() for call in node.invoke]
        typed = {one for one in used if isinstance(one, type)} - {Service, CallFailed}
        if not chart.closed and (typed or any(event.cls is not None for event in chart.events)):
            return []  # declared so, and left open on purpose
        has_class = self.vocabulary.has_class
        names = [event.name for event in chart.events]
        if not chart.closed:
            heard = {
                one.removesuffix(".*").removesuffix(".") if isinstance(one, str) else one
                for transition in chart.transitions
                for one in transition.events
            }
            names = [n for n in names if has_class(n) and heard & {"*", *prefixes(n)}]
            known = {"*", *(prefix for name in names for prefix in prefixes(name))}
            if not known.issuperset(one for one in heard if isinstance(one, str)):
                return []
        if not all(map(has_class, names)):
            return []
        return [self.vocabulary.event_class(name) for name in names]

    def _waivers(self) -> Iterator[str]:
        """Yield the comment by which linters accept names of the file."""
        states = [node for one in self.of for node in one.chart.states]
        nested = [node for node in states if node.kind in COMPOSITE]
        classes = [attribute(node).strip("_") for node in nested]
        names = [attribute(node).strip("_") for node in states if node.kind not in COMPOSITE]
        found = {
            "D106": any(not node.doc for node in nested),
            "N801": any(not one[:1].isupper() or "_" in one for one in classes),
            "N815": any(
                one[:1].islower() and one != one.lower() and "_" not in one for one in names
            ),
        }
        codes = [code for code, needed in found.items() if needed]
        if codes:
            yield f"# ruff: noqa: {', '.join(codes)}"
            yield ""


def _named_guards(chart: Chart) -> Iterator[tuple[Named, Place]]:
    """Yield every guard that is known by name, with its place."""
    for node in chart.nodes.values():
        uses = [(Place(node.name, node.data), (*node.entry, *node.exit))]
        for line in node.transitions:
            guards = () if line.guard is None else (line.guard,)
            uses.append((Place.of(node, node.name, line.trigger), (*guards, *line.emit)))
        for place, hooks in uses:
            named = map(reference, within(*hooks))
            yield from ((guard, place) for guard in named if isinstance(guard, Named))
