"""Findings: the faults of a document, gathered to be reported together, and a writer's losses."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Final, final

from attrs import evolve

from statecharts.checks import accept
from statecharts.interop import limits
from statecharts.interop.codes import LOST
from statecharts.interop.documents import Document
from statecharts.interop.syntax.located import JSON, Words
from statecharts.model.chart import After, Always, Chart, Done, OnEvent
from statecharts.model.errors import DefinitionError, Fault, StatechartError, sentence
from statecharts.model.suggestions import Suggestions

_TRIGGERS: Final = (Always, Done, After, OnEvent)


class Findings:
    """The faults that a reader has found in a document so far.

    `settle` refuses a document with codes below SC650; those above become warnings of the chart.
    Findings about a part share the words and the budget of suggestions of those ``above`` them.
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
        """Note a finding about an element, key or state, once; text that is too long is cut."""
        where = self.document.place(line, _cut(element))
        fault = Fault(code, where, _cut(found), _cut(remedy), self.document.location(line))
        if fault not in self._known:
            self._known.add(fault)
            self.faults.append(fault)

    @property
    def refused(self) -> bool:
        """Whether something has been found that refuses the document."""
        return any(fault.structural for fault in self.faults)

    def settle(self, chart: Chart) -> Chart:
        """Return a chart with its warnings: these findings, and those of the checks.

        Raises:
            DefinitionError: The document was refused, or the chart has structural faults.
        """
        try:
            accepted = accept(chart, "*", self.faults)
        except DefinitionError as error:
            raise DefinitionError(chart.name, map(placed, error.faults), chart) from None
        return evolve(accepted, warnings=tuple(map(placed, accepted.warnings)))

    def refuse(self, chart: str) -> DefinitionError:
        """Return the error of a document without a chart."""
        return DefinitionError(chart, [fault for fault in self.faults if fault.structural])


def _cut(text: str) -> str:
    return text if len(text) <= limits.MESSAGE else f"{text[: limits.MESSAGE]}…"


def placed(fault: Fault) -> Fault:
    """Return a fault whose text has its file and line, where they are known."""
    if fault.location is None or fault.where.startswith(fault.location):
        return fault
    return evolve(fault, where=f"{fault.location} {fault.where}")


_OF_CHART: Final = ("name", "events", "closed", "context", "doc")
_OF_STATE: Final = (
    *("kind", "name", "data", "entry", "exit", "invoke", "resting", "doc", "meta"),
    *("default", "transitions"),  # which name other states
)


class LossError(StatechartError):
    """A chart that a format cannot hold completely: its losses, in order (SC671 to SC675)."""

    losses: tuple[Fault, ...] = ()

    def __str__(self) -> str:
        head = sentence(self.code, self.where, self.found, self.remedy)
        return "\n".join([head, *(f"  {loss}" for loss in self.losses)])

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.code, self.where, self.found, self.remedy), self.__dict__


@final
class Losses:
    """The parts of a chart that a format cannot hold, gathered while it is written."""

    def __init__(self, chart: Chart, format: str) -> None:
        self.chart = chart
        self.format = format
        self._faults: dict[Fault, None] = {}
        self._place: str | None = None
        self._told: set[str | None] = set()

    def add(self, code: str, found: str, remedy: str = "", location: str | None = None) -> None:
        """Note a loss."""
        self._told.add(self._place)
        self._faults.setdefault(Fault(code, self.chart.name, found, remedy, location))

    @contextmanager
    def about(self, state: str) -> Generator[None, None, None]:
        """Note losses of a state, by its id; all others are of the chart."""
        before, self._place = self._place, state
        try:
            yield
        finally:
            self._place = before

    def refuse(self, error: StatechartError) -> LossError:
        """Return the error of a chart that cannot be written, whatever is allowed."""
        found = f"{self.format} cannot hold this chart: {error.found}"
        return LossError("SC673", self.chart.name, found, error.remedy)

    def compare(self, written: Chart, again: Chart) -> None:
        """Note silent losses: the parts of what was written that are read back differently."""
        nodes = list(zip(written.nodes.values(), again.nodes.values(), strict=False))
        if None not in self._told:
            self._differing("the chart", _OF_CHART, written, again)
        renamed = [(node.id, read.id) for node, read in nodes if node.id != read.id]
        for state, read_id in renamed:
            found = f"the state {state!r} gets the id {read_id!r}"
            self.add("SC674", found, "Name each state after the last part of its id")
        for node, read in nodes:
            if node.id not in self._told:
                shown = repr(node.id) if node.id else "the chart as a state"
                self._differing(shown, _OF_STATE[: -2 if renamed else None], node, read)

    def _differing(self, shown: str, names: Iterable[str], one: object, other: object) -> None:
        differ = [name for name in names if _said(one, name) != _said(other, name)]
        if differ:
            found = f"{shown} is read back with another {', '.join(differ)}"
            self.add("SC673", found, f"Write it in a form that {self.format} has")

    def settle(self, allow: Iterable[str]) -> tuple[Fault, ...]:
        """Return the losses if ``allow`` has the codes of all of them, or ``*``.

        Raises:
            LossError: Some are not allowed.
        """
        codes = set(allow)
        refused = [loss for loss in self._faults if not {"*", loss.code} & codes]
        unknown = sorted(codes - {"*"} - set(LOST))
        if unknown:
            found = f"allow= names {', '.join(unknown)}, and no loss has such a code"
            raise StatechartError("SC679", self.chart.name, found, f"The losses: {', '.join(LOST)}")
        if refused:
            kinds = tuple(dict.fromkeys(loss.code for loss in refused))
            found = f"{self.format} cannot hold all of this chart"
            remedy = f"Pass allow={kinds!r} to write it without"
            error = LossError(refused[0].code, self.chart.name, found, remedy)
            error.losses = tuple(refused)
            raise error
        return tuple(self._faults)


def state_text(state: str) -> str:
    """Return a state, by its id, as messages name it."""
    return repr(state) if state else "the chart"


def _said(thing: object, name: str) -> object:
    """Return an attribute of a chart or a state; of transitions, their meaning.

    The names of timers and the order of lines with different triggers make no difference to a run.
    """
    found = getattr(thing, name)
    if name != "transitions":
        return found
    lines = [
        evolve(line, trigger=After(line.trigger.delay, ""))
        if isinstance(line.trigger, After)
        else line
        for line in found
    ]
    return sorted(lines, key=lambda line: _TRIGGERS.index(type(line.trigger)))
