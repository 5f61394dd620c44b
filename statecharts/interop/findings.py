"""Findings: what is wrong with a document, gathered until all of it can be told at once."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Final, final

from attrs import evolve

from statecharts.checks import accept
from statecharts.interop import limits
from statecharts.interop.codes import LOST
from statecharts.interop.documents import Document
from statecharts.interop.syntax.located import JSON, Words
from statecharts.model.chart import After, Always, Chart, Done, OnEvent, Transition
from statecharts.model.errors import DefinitionError, Fault, StatechartError, sentence
from statecharts.model.suggestions import Suggestions

_TRIGGERS: Final = (Always, Done, After, OnEvent)


class Findings:
    """What has been found in a document so far.

    Codes below SC650 refuse the document when it is settled; those above become warnings of the
    chart.

    Args:
        document: What is being read.
        words: What its format calls objects and arrays, for messages.
        above: The findings about what this is a part of, with which it shares its words and one
            budget of suggestions.

    Attributes:
        suggestions: Finds the known name that a misspelt one was meant to be.
    """

    def __init__(
        self, document: Document, words: Words = JSON, above: Findings | None = None
    ) -> None:
        self.document = document
        self.words: Words = words if above is None else above.words
        self.suggestions: Suggestions = Suggestions() if above is None else above.suggestions
        self.faults: list[Fault] = []
        self._known: set[Fault] = set()

    def add(
        self, code: str, found: str, remedy: str, line: int | None = None, element: str = ""
    ) -> None:
        """Note a finding, once; text that is too long to be read is cut.

        Args:
            code: Its code, one of `statecharts.interop.codes`.
            found: What was found.
            remedy: How to fix it.
            line: Its line, from 1.
            element: The element, key or state that it is about.
        """
        where = self.document.place(line, _cut(element))
        location = None if line is None else self.document.place(line)
        fault = Fault(code, where, _cut(found), _cut(remedy), location)
        if fault not in self._known:
            self._known.add(fault)
            self.faults.append(fault)

    @property
    def refused(self) -> bool:
        """Whether something has been found that makes the document no chart."""
        return any(fault.structural for fault in self.faults)

    def settle(self, chart: Chart) -> Chart:
        """Return a chart with its warnings: what was found, and what the checks find.

        Raises:
            DefinitionError: The document was refused, or the chart has structural faults.
        """
        try:
            accepted = accept(chart, "*", self.faults)
        except DefinitionError as error:
            raise DefinitionError(chart.name, map(placed, error.faults)) from None
        return evolve(accepted, warnings=tuple(map(placed, accepted.warnings)))

    def refuse(self, chart: str) -> DefinitionError:
        """Return the error of a document that there is no chart of."""
        return DefinitionError(chart, [fault for fault in self.faults if fault.structural])


def _cut(text: str) -> str:
    return text if len(text) <= limits.MESSAGE else f"{text[: limits.MESSAGE]}…"


def placed(fault: Fault) -> Fault:
    """Return a fault that says in its text in which file and line it is, when that is known."""
    if fault.location is None or fault.where.startswith(fault.location):
        return fault
    return evolve(fault, where=f"{fault.location} {fault.where}")


_OF_CHART: Final = ("name", "events", "closed", "context", "doc")
_OF_STATE: Final = (
    *("kind", "name", "data", "entry", "exit", "resting", "doc", "meta"),
    *("default", "transitions"),  # which name other states
)


class LossError(StatechartError):
    """A chart that a format cannot hold whole (SC671 to SC675).

    Attributes:
        losses: What would be lost, in document order.
    """

    losses: tuple[Fault, ...]

    def __init__(self, code: str, where: str, found: str, remedy: str = "") -> None:
        super().__init__(code, where, found, remedy)
        self.losses = ()

    def __str__(self) -> str:
        head = sentence(self.code, self.where, self.found, self.remedy)
        return "\n".join([head, *(f"  {loss}" for loss in self.losses)])

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.code, self.where, self.found, self.remedy), self.__dict__


@final
class Losses:
    """What a format cannot say of a chart, gathered while it is written.

    Args:
        chart: What is being written.
        format: What the format is called.
    """

    def __init__(self, chart: Chart, format: str) -> None:
        self.chart = chart
        self.format = format
        self._faults: dict[Fault, None] = {}
        self._place: str | None = None
        self._told: set[str | None] = set()

    @property
    def faults(self) -> list[Fault]:
        """What has been noted so far, in order."""
        return list(self._faults)

    def add(self, code: str, found: str, remedy: str = "", location: str | None = None) -> None:
        """Note something that would be lost."""
        self._told.add(self._place)
        self._faults.setdefault(Fault(code, self.chart.name, found, remedy, location))

    @contextmanager
    def about(self, state: str) -> Generator[None, None, None]:
        """Have what is noted be about a state, by its id; all else is about the chart."""
        before, self._place = self._place, state
        try:
            yield
        finally:
            self._place = before

    def refuse(self, error: StatechartError) -> LossError:
        """Return the error of a chart that cannot be written at all, whatever is allowed."""
        found = f"{self.format} cannot hold this chart: {error.found}"
        return LossError("SC673", self.chart.name, found, error.remedy)

    def compare(self, written: Chart, again: Chart) -> None:
        """Note what would be lost without a word: what is read otherwise than it is.

        Args:
            written: What has been written of the chart.
            again: What reading gives for it.
        """
        nodes = list(zip(written.nodes.values(), again.nodes.values(), strict=False))
        if None not in self._told:
            self._differing("the chart", _OF_CHART, written, again)
        renamed = [(node.id, read.id) for node, read in nodes if node.id != read.id]
        for state, read_id in renamed:
            found = f"the state {state!r} will be called {read_id!r}"
            self.add("SC674", found, "Give each state the last part of its id as name")
        for node, read in nodes:
            if node.id not in self._told:
                shown = repr(node.id) if node.id else "the chart as a state"
                self._differing(shown, _OF_STATE[: -2 if renamed else None], node, read)

    def _differing(self, shown: str, names: Iterable[str], one: object, other: object) -> None:
        differ = [name for name in names if _said(one, name) != _said(other, name)]
        if differ:
            found = f"{shown} will be read with another {', '.join(differ)}"
            self.add("SC673", found, f"Say it in a way that {self.format} has")

    def settle(self, allow: Iterable[str]) -> tuple[Fault, ...]:
        """Return the losses when all of them are allowed.

        Args:
            allow: Codes of losses that are accepted knowingly, or ``*`` for all of them.

        Raises:
            LossError: Some are not.
        """
        codes = set(allow)
        refused = [loss for loss in self.faults if not {"*", loss.code} & codes]
        unknown = sorted(codes - {"*"} - set(LOST))
        if unknown:
            found = f"allow= names {', '.join(unknown)}, and there is no such loss"
            raise StatechartError("SC679", self.chart.name, found, f"The losses: {', '.join(LOST)}")
        if refused:
            kinds = tuple(dict.fromkeys(loss.code for loss in refused))
            found = f"{self.format} cannot hold all of this chart"
            remedy = f"Pass allow={kinds!r} to write it without"
            error = LossError(refused[0].code, self.chart.name, found, remedy)
            error.losses = tuple(refused)
            raise error
        return tuple(self.faults)


def _said(thing: object, name: str) -> object:
    """Return what a chart or a state says under a name; of transitions, what they mean.

    What a timer is called, whether a line on two events is one or two, and in which order lines of
    different triggers stand: none of that makes a difference to any run.
    """
    found = getattr(thing, name)
    if name != "transitions":
        return found
    lines = [alone for line in found for alone in _apart(line)]
    return sorted(lines, key=lambda line: _TRIGGERS.index(type(line.trigger)))


def _apart(line: Transition) -> Iterator[Transition]:
    match line.trigger:
        case OnEvent(events) if events:
            for event in events:
                yield evolve(line, trigger=OnEvent((event,)))
        case After(delay):
            yield evolve(line, trigger=After(delay, ""))
        case _:
            yield line
