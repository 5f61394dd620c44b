"""Random charts of everything that a chart can hold, wherever it can hold it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from enum import Enum
from typing import Any

from attrs import evolve, frozen

from statecharts import Chart, Effect, NamedEvent
from statecharts.checks import faults
from statecharts.model.chart import (
    HISTORY,
    After,
    Default,
    EventType,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
    Trigger,
)
from statecharts.model.effects import Action, Call, CancelTimer, Raise, Send, Service
from statecharts.model.events import CallFailed
from statecharts.model.hooks import Hook
from statecharts.model.named import Choose, Give, Named, NamedDelay
from statecharts.model.nodes import Invocation
from tests.test_interop import scxml_charts

ODD = (
    *("", " ", "a b", "\x00", "#x", ".y", "__proto__", "1", "é", "a\nb", "*", "type", "x.*"),
    *("]]>", "<b a='c'>", "<![CDATA[x]]>", "&lt;", '"it\'s"', "\ud800", "\x1b[0m", "\r\n\t"),
    *("\u2028", "\ufffe", "{x}", "${x}", "\\", "a\\.b", "-->", "${", "\U0001f6aa"),
)
"""Names that some format or other cannot hold."""

METAS = ("id", "meta", "type", "on", "states", "initial", "invoke", "transitions", "description")


class Colour(Enum):
    """Something that is not plain data."""

    RED = "red"


@frozen
class Fact:
    """Data, and an event, and a context."""

    count: int = 0


@frozen
class Bang(Effect):
    """An effect of one's own."""

    loud: bool = True


@frozen
class Ask(Call[Fact]):
    """A call of one's own."""

    count: int = 3


def code(m: Any) -> Any:
    """Stand for any function."""
    return m.data


class Maker(scxml_charts.Maker):
    """Makes one chart.

    Args:
        seed: Which one.
        odd: How probable it is that a thing is one that few formats can hold.
    """

    def __init__(self, seed: int, odd: float) -> None:
        super().__init__(seed)
        self.odd = odd

    def strange(self) -> bool:
        return self.chance(self.odd)

    def chart(self) -> Chart:
        chart = super().chart()
        states = tuple(map(self.node, chart.states))
        events = chart.events
        if self.strange():
            events = (*events, EventType(self.pick(ODD)), EventType.of(Fact))
        return evolve(
            chart,
            name=self.pick(ODD) if self.strange() else chart.name,
            root=self.node(chart.root),
            states=states,
            events=events,
            closed=self.strange(),
            context=Fact if self.strange() else None,
            doc=self.pick(scxml_charts.TEXTS) if self.strange() else chart.doc,
        )

    def node(self, node: StateNode) -> StateNode:
        """Return a state with what its kind does not ask for, but allows."""
        changes: dict[str, Any] = {}
        if node.kind in HISTORY or self.strange():
            if self.strange():
                changes |= {"entry": self.hooks(0.7), "exit": self.hooks(0.7)}
        if self.strange():
            changes["resting"] = True
        if self.strange():
            changes["data"] = Fact
        if node.id and self.strange():
            changes["name"] = self.pick(ODD)
        if self.strange():
            changes["meta"] = {**node.meta, self.pick((*METAS, *ODD)): self.value(2)}
        if self.strange():
            changes["default"] = self.default(node)
        if self.strange():
            changes["doc"] = self.pick((*ODD, *scxml_charts.TEXTS))
        if node.kind not in (StateKind.FINAL, *HISTORY) and self.strange():
            changes["invoke"] = (*node.invoke, self.call())
        lines = tuple(map(self.line, node.transitions))
        return evolve(node, transitions=lines, **changes)

    def default(self, node: StateNode) -> Transition | None:
        """Return a default transition with more than one needs, or where none is needed."""
        found = node.default or Transition(node.id, Default(), (self.pick(self.ids),))
        if self.chance(0.3):
            found = evolve(found, targets=(self.pick(self.ids),))
        match self.random.randint(0, 5):
            case 0:
                return evolve(found, guard=self.guard(1))
            case 1:
                return evolve(found, update=Hook(code), make=Hook(code))
            case 2:
                return evolve(found, kind=self.pick(TransitionKind))
            case 3:
                return evolve(found, emit=self.hooks(1))
            case 4:
                return evolve(found, targets=(*found.targets, self.pick(self.ids)))
            case _:
                return None

    def call(self) -> Invocation:
        """Return a call that few formats can hold: of a class, by code, or with an odd name."""
        match self.random.randint(0, 2):
            case 0:
                return Invocation("ask", Ask)
            case 1:
                return Invocation(self.pick(("by_code", *ODD)), Service, Hook(code))
            case _:
                name, data = self.pick(ODD), {self.pick(ODD): self.value(1), "@content": 1}
                return Invocation(name, Service, Hook(Give(Service(self.pick(ODD), data))))

    def line(self, line: Transition) -> Transition:
        if self.strange():
            line = evolve(line, make=Hook(code))
        if self.strange():
            line = evolve(line, update=Hook(code, "given"))
        if self.strange():
            kind = self.pick((TransitionKind.EXTERNAL, TransitionKind.DEFERRED))
            line = evolve(line, targets=(), kind=kind)
        return line

    def trigger(self, draft: Any, number: int) -> Trigger:
        if not self.strange():
            return super().trigger(draft, number)
        match self.random.randint(0, 4):
            case 0:
                return OnEvent((self.pick((Fact, CallFailed)), self.pick(ODD)))
            case 1:
                return OnEvent(())
            case 2:
                return After(timedelta(microseconds=self.pick((1, 7, 10**15))), self.pick(ODD))
            case 3:
                delay = self.pick((code, NamedDelay("patience"), NamedDelay(self.pick(ODD))))
                return After(Hook(delay), f"{draft.id}.after")
            case _:
                return OnEvent((self.pick(ODD),))

    def guard(self, depth: int) -> Hook:
        if not self.strange():
            return super().guard(depth)
        match self.random.randint(0, 3):
            case 0:
                return Hook(code)
            case 1:
                return Hook(lambda m: m.data.count > 3)
            case 2:
                return evolve(super().guard(depth), given=self.pick(("given", *ODD)))
            case _:
                return Hook(Named(self.pick(("not", "guard", "stateIn", *ODD)), self.data()))

    def hook(self, depth: int) -> Hook:
        if not self.strange():
            return super().hook(depth)
        match self.random.randint(0, 3):
            case 0:
                return Hook(code)
            case 1:
                return evolve(super().hook(depth), given=self.pick(("given", *ODD)))
            case 2:
                given = Give(self.effect(), (self.value(1),)) if self.chance(0.5) else Choose(())
                return Hook(given)
            case _:
                return Hook(Give(self.effect()))

    def effect(self) -> Effect:
        if not self.strange():
            return super().effect()
        name = self.pick(ODD)
        match self.random.randint(0, 7):
            case 0:
                return Bang()
            case 1:
                return Raise(Fact(2))
            case 2:
                return Raise(NamedEvent(name, self.data()))
            case 3:
                delay = timedelta(microseconds=self.pick((-1, 0, 1, 10**15)))
                return Send(NamedEvent("go"), delay, name, None, name)
            case 4:
                return Send(self.pick((Fact(), NamedEvent(name))), None, None, name)
            case 5:
                return CancelTimer(name)
            case 6:
                return Action("notify", self.data())
            case _:
                data = {self.pick(("@x", "guard", "conds", *ODD)): self.value(2)}
                return Action(self.pick((*ODD, "xstate.raise", "xstate.choose", "raise")), data)

    def value(self, depth: int) -> Any:
        if not self.strange():
            return super().value(depth)
        return self.pick((Colour.RED, b"", (1, 2), {1: 2}, float("inf"), 10**200, {"a": {"b"}}))


def sound(chart: Chart) -> bool:
    """Tell whether a chart means something."""
    return not any(fault.structural for fault in faults(chart))


def whole_charts(seeds: Iterable[int], odd: float) -> Iterable[tuple[int, Chart]]:
    """Yield the charts of some seeds that mean something."""
    for seed in seeds:
        chart = Maker(seed, odd).chart()
        if sound(chart):
            yield seed, chart
