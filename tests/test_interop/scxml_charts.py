"""Random charts within what SCXML can say, the same ones for the same seed."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from statecharts.interop.documents import Document
from statecharts.interop.drafts import Draft, assemble, identify
from statecharts.interop.findings import Findings
from statecharts.model.chart import (
    HISTORY,
    After,
    Always,
    Chart,
    Default,
    Done,
    OnEvent,
    StateKind,
    Transition,
    TransitionKind,
    Trigger,
)
from statecharts.model.effects import Action, CancelSend, Effect, Raise, Send, Service
from statecharts.model.events import NamedEvent
from statecharts.model.hooks import Hook
from statecharts.model.named import AllOf, AnyOf, Branch, Choose, Give, Holds, In, Named, Not

NAMES = ("idle", "work", "done", "on hold", "1st", "a.b", "größe", "s1", "s2", "s3", "x", "y-z")
EVENTS = ("go", "stop", "a.b", "error.*", "*", "tick.", "done.state.s9", "done.invoke.job")
GUARDS = ("ready", "x > 1", "a && b", "is it so?", "not", "In('idle')", "true", "f(a, 'b)')", " ")
TEXTS = ("", "plain", "a <b> & 'c' \"d\"", "line\nline\ttab\r", "  blank  ", "ünïcode 🎈")


class Maker:
    """Makes one chart."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.draft = Draft("chart " + str(seed), StateKind.COMPOUND)
        self.used: set[str] = set()
        self.findings = Findings(Document.of(""))

    def chart(self) -> Chart:
        if self.chance(0.1):
            self.draft.kind = StateKind.PARALLEL
        self.children(self.draft, 0)
        self.drafts = identify(self.draft, Document.of(""))
        self.ids = [i for i in self.drafts if i]
        for draft in self.drafts.values():
            self.fill(draft)
        return assemble(self.draft, self.findings)

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def pick(self, choices: Any) -> Any:
        return self.random.choice(list(choices))

    def children(self, parent: Draft, depth: int) -> None:
        kinds = [StateKind.ATOMIC] * 3
        for number in range(self.random.randint(1 + (parent.kind is StateKind.PARALLEL), 4)):
            name = self.pick(NAMES) if self.chance(0.4) else f"n{len(self.used)}"
            self.used.add(f"n{len(self.used)}")
            kind = self.pick(kinds)
            if number and parent.kind is not StateKind.PARALLEL and self.chance(0.2):
                kind = StateKind.FINAL
            if number and parent.parent is not None and self.chance(0.2):
                kind = self.pick(HISTORY_KINDS)
            child = parent.add(Draft(name, kind))
            if kind is StateKind.ATOMIC and depth < 3 and self.chance(0.4):
                child.kind = StateKind.PARALLEL if self.chance(0.3) else StateKind.COMPOUND
                self.children(child, depth + 1)

    def fill(self, draft: Draft) -> None:
        kind = draft.kind
        if self.chance(0.2):
            draft.doc = self.pick(TEXTS)
        if self.chance(0.2):
            draft.meta = {self.pick(META): self.value(2) for _ in range(2)}
        regular = [child for child in draft.children if child.kind not in HISTORY]
        if kind is StateKind.COMPOUND:
            targets = self.initial(draft) if self.chance(0.4) else (self.pick(regular).id,)
            emit = self.hooks(0.3)
            draft.default = Transition(draft.id, Default(), targets, emit=emit)
        if kind in HISTORY and draft.parent is not None:
            others = [c for c in draft.parent.children if c.kind not in HISTORY]
            draft.default = Transition(
                draft.id, Default(), (self.pick(others).id,), emit=self.hooks(0.2)
            )
            return
        draft.entry = list(self.hooks(0.4))
        draft.exit = list(self.hooks(0.2))
        if kind is StateKind.FINAL:
            if self.chance(0.4):
                data, brings = self.pick(BROUGHT)
                draft.entry.append(Hook(Give(Action("donedata", data), brings)))
            return
        if self.chance(0.1):
            name = self.pick(("s1_1", "service", "job"))
            draft.call(name, Service(self.pick(SOURCES), self.data()), self.findings, None)
        for number in range(self.random.choice((0, 0, 1, 1, 2, 3))):
            draft.transitions.append(self.transition(draft, number))

    def initial(self, draft: Draft) -> tuple[str, ...]:
        """Choose initial states, one in each region where there are regions."""
        regular = [child for child in draft.children if child.kind not in HISTORY]
        chosen = self.pick(regular)
        if chosen.kind is StateKind.PARALLEL:
            regions = [child for child in chosen.children if child.kind not in HISTORY]
            return tuple(region.id for region in regions)
        return self.initial(chosen) if chosen.kind is StateKind.COMPOUND else (chosen.id,)

    def transition(self, draft: Draft, number: int) -> Transition:
        trigger = self.trigger(draft, number)
        targets = () if self.chance(0.2) else (self.pick(self.ids),)
        guard = self.guard(3) if self.chance(0.4) else None
        if isinstance(trigger, Always) and guard is None:
            guard = Hook(In(self.pick(self.ids)))
        kind = self.pick(KINDS)
        return Transition(draft.id, trigger, targets, kind, guard=guard, emit=self.hooks(0.4))

    def trigger(self, draft: Draft, number: int) -> Trigger:
        match self.random.randint(0, 5):
            case 0:
                return Always()
            case 1:
                delay = timedelta(microseconds=self.random.randint(1, 10**9))
                return After(delay, f"{draft.id}.after.{number + 1}")
            case 2:
                return Done()
            case _:
                count = self.random.randint(1, 2)
                return OnEvent(tuple(self.pick(EVENTS) for _ in range(count)))

    def guard(self, depth: int) -> Hook:
        match self.random.randint(0, 9 if depth else 6):
            case 0 | 1 | 2:
                return Hook(In(self.pick(self.ids)))
            case 3:
                return Hook(Holds(self.chance(0.5)))
            case 4 | 5 | 6:
                data = self.data() if self.chance(0.3) else {}
                return Hook(Named(self.pick(GUARDS), data, self.pick(TEXTS)))
            case 7:
                return Hook(Not(self.guard(depth - 1)))
            case other:
                guards = tuple(self.guard(depth - 1) for _ in range(self.random.randint(1, 3)))
                return Hook(AllOf(guards) if other == 8 else AnyOf(guards))

    def hooks(self, probability: float) -> tuple[Hook, ...]:
        if not self.chance(probability):
            return ()
        return tuple(self.hook(2) for _ in range(self.random.randint(1, 3)))

    def hook(self, depth: int) -> Hook:
        if depth and self.chance(0.2):
            branches = []
            for _ in range(self.random.randint(1, 3)):
                guard = self.guard(1) if self.chance(0.7) else None
                actions = tuple(self.hook(depth - 1) for _ in range(self.random.randint(0, 2)))
                branches.append(Branch(guard, actions))
            return Hook(Choose(tuple(branches)))
        return Hook(Give(self.effect()))

    def effect(self) -> Effect:
        event = NamedEvent(self.pick(("go", "a.b", "odd name")), self.data())
        match self.random.randint(0, 5):
            case 0:
                return Raise(event)
            case 1:
                delay = timedelta(milliseconds=self.random.randint(1, 5000))
                return Send(
                    event,
                    delay if self.chance(0.6) else None,
                    self.pick((None, "id1")),
                    self.pick((None, None, "#_parent", "https://example.org/?a=1&b=2")),
                    self.pick((None, "scxml")),
                )
            case 2:
                return CancelSend(self.pick(("id1", "other <id>")))
            case _:
                name = self.pick(ACTIONS)
                return Action(name, self.pick(CODED.get(name, [{}])) or self.data())

    def data(self) -> dict[str, Any]:
        count = self.random.choice((0, 0, 1, 2))
        return {self.pick(("x", "a b", "count", "expr")): self.value(2) for _ in range(count)}

    def value(self, depth: int) -> Any:
        match self.random.randint(0, 7 if depth else 5):
            case 0:
                return self.pick((None, True, False))
            case 1:
                return self.random.randint(-5, 10**12)
            case 2:
                return self.random.random() * 10 ** self.random.randint(-9, 9)
            case 6:
                return [self.value(depth - 1) for _ in range(2)]
            case 7:
                return {self.pick(("x", "expr", "location")): self.value(depth - 1)}
            case _:
                return self.pick((*TEXTS, "\x00\x07", "Var1 + 1", "12"))


KINDS = [kind for kind in TransitionKind if kind is not TransitionKind.DEFERRED]
HISTORY_KINDS = sorted(HISTORY, key=str)
SOURCES = ("", "service", "https://example.org/a", '<scxml xmlns="urn:x"><a b="c">t</a></scxml>')
META = ("note", "datamodel", "binding", "{urn:theirs}colour", "elements", "inside", "version")
ACTIONS = ("log", "assign", "script", "data", "donedata", "notify", "send", "cancel", "{urn:x}do")
CODED: dict[str, list[dict[str, Any]]] = {
    "log": [{"label": "a", "expr": "b + 1"}, {"expr": "'x'"}, {"odd": 1}],
    "assign": [{"location": "v", "expr": "1"}, {"location": "v", "content": "<a>1</a>"}],
    "script": [{"content": "x = 1;\nif (x < 2) y();"}, {"src": "file.js"}],
    "data": [{"id": "v", "expr": "1"}, {"id": "v", "content": "[1, 2]"}, {"nothing": True}],
    "donedata": [{"params": {"x": {"expr": "1"}}}, {"content": "text"}],
    "send": [{"event": "go", "delayexpr": "v"}, {"eventexpr": "v", "contentexpr": "w"}],
    "cancel": [{"sendidexpr": "v"}],
    "{urn:x}do": [{"a": "1", "content": "text"}, {"b": 2}],
}

BROUGHT: tuple[tuple[dict[str, Any], tuple[Any, ...]], ...] = (
    ({"params": {"x": {"expr": "1"}, "y": {"expr": "[true]"}}}, ({"x": 1, "y": [True]},)),
    ({"params": {"x": {"expr": "1"}, "y": {"location": "v"}}}, ()),
    ({"content": "all is done"}, ("all is done",)),
    ({"contentexpr": "'red'"}, ("red",)),
    ({}, ()),
)
"""The data of final states for the completion of their parents, and the literal part of it."""


def random_chart(seed: int) -> Chart:
    """Return the chart of a seed."""
    return Maker(seed).chart()
