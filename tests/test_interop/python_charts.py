"""Random charts of all that a declaration in Python can hold, and one that has it all by hand."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from statecharts.interop.documents import Document
from statecharts.interop.drafts import Draft, assemble, identify
from statecharts.interop.findings import Findings
from statecharts.model.chart import (
    After,
    Always,
    Chart,
    Default,
    Done,
    OnEvent,
    StateKind,
    Transition,
    TransitionKind,
)
from statecharts.model.effects import (
    Action,
    CancelSend,
    Effect,
    Raise,
    Send,
    Service,
)
from statecharts.model.events import NamedEvent
from statecharts.model.hooks import Hook
from statecharts.model.named import AllOf, AnyOf, Branch, Choose, Give, Holds, In, Named, Not

EVENTS = (
    "go",
    "stop",
    "gates_passed",
    "http_error404",
    "error.timeout",
    "user.left",
    "error.*",
    "*",
)
GUARDS = ("isValid", "has_stock", "count > 3 && ready", "class")
ACTIONS = ("notifyRequester", "save", "go", "log it")
CALM = ("go", "stop")
"""Events that actions raise and send; nothing raised answers to itself for ever."""


def random_chart(seed: int) -> Chart:
    """Return a chart that the DSL can declare whole."""
    return _Maker(Random(f"python {seed}")).chart(f"random_{seed}")


class _Maker:
    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.timers = 0

    def chart(self, name: str) -> Chart:
        document = Document.of("")
        findings = Findings(document)
        root = Draft(name, StateKind.COMPOUND)
        self._fill(root, 1)
        identify(root, document)
        real = [draft for draft in root.walk() if draft is not root]
        for draft in root.walk():
            self._default(draft)
            if draft is not root and draft.name != "past":
                draft.entry, draft.exit = self._actions(0.3), self._actions(0.2)
                self._lines(draft, real)
                if draft.kind is not StateKind.FINAL and self.rng.random() < 0.2:
                    data = {"id": self.rng.randint(1, 3), "deep": {"k": [1, "two"]}}
                    for source in ("fetchUser", "log in")[: self.rng.randint(1, 2)]:
                        draft.call(source, Service(source, data), findings, None)
        return findings.settle(assemble(root, findings))

    def _fill(self, parent: Draft, depth: int) -> None:
        rng = self.rng
        count = rng.randint(2, 4)
        for number in range(count):
            kinds = [StateKind.ATOMIC] * 3
            if depth < 3:
                kinds += [StateKind.COMPOUND, StateKind.PARALLEL]
            if parent.kind is StateKind.PARALLEL:
                kinds = [StateKind.COMPOUND] if depth < 4 else [StateKind.ATOMIC]
            elif number:
                kinds += [StateKind.FINAL]
            child = parent.add(Draft(rng.choice("abcdef") + str(number), rng.choice(kinds)))
            child.doc = rng.choice(("", "", "what it is for"))
            if child.kind in (StateKind.COMPOUND, StateKind.PARALLEL):
                self._fill(child, depth + 1)
        if depth > 1 and rng.random() < 0.4:
            kind = rng.choice((StateKind.SHALLOW_HISTORY, StateKind.DEEP_HISTORY))
            history = Draft("past", kind)
            history.parent = parent
            parent.children.insert(rng.randint(0, len(parent.children)), history)

    def _default(self, draft: Draft) -> None:
        if draft.kind in (StateKind.SHALLOW_HISTORY, StateKind.DEEP_HISTORY):
            assert draft.parent is not None
            inside = [d for d in draft.parent.walk() if d is not draft.parent]
            if draft.kind is StateKind.SHALLOW_HISTORY:
                inside = [d for d in inside if d.parent is draft.parent]
            aim = self.rng.choice([d for d in inside if d.name != "past"])
            draft.default = Transition(draft.id, Default(), (aim.id,))
        elif draft.kind is StateKind.COMPOUND:
            aim = self.rng.choice([d for d in draft.children if d.kind is not StateKind.FINAL][:2])
            if aim.name == "past":
                aim = next(d for d in draft.children if d.name != "past")
            draft.default = Transition(draft.id, Default(), (aim.id,))

    def _lines(self, draft: Draft, real: list[Draft]) -> None:
        rng = self.rng
        if draft.kind in (StateKind.FINAL, StateKind.SHALLOW_HISTORY, StateKind.DEEP_HISTORY):
            return
        for _ in range(rng.randint(0, 3)):
            target = rng.choice(real).id
            kind = rng.choice((TransitionKind.EXTERNAL,) * 3 + (TransitionKind.INTERNAL,))
            guard = self._guard(real) if rng.random() < 0.5 else None
            emit = tuple(self._actions(0.4))
            trigger: Any = OnEvent(tuple(rng.sample(EVENTS, rng.choice((1, 1, 1, 2)))))
            chance = rng.random()
            targets: tuple[str, ...] = (target,)
            if chance < 0.1:
                kind = rng.choice((TransitionKind.FORBIDDEN, TransitionKind.DEFERRED))
                draft.transitions.append(Transition(draft.id, trigger, kind=kind))
                continue
            if chance < 0.25:
                targets, kind = (), TransitionKind.INTERNAL
            elif chance < 0.35:
                self.timers += 1
                delay = timedelta(seconds=rng.choice((0.25, 30, 90, 3600, 86400)))
                trigger = After(delay, f"{draft.id}.after.{self.timers}")
            elif chance < 0.42:
                trigger, guard = Always(), Hook(Named(rng.choice(GUARDS)))
            elif chance < 0.5 and draft.children:
                trigger, kind = Done(), TransitionKind.EXTERNAL
            draft.transitions.append(Transition(draft.id, trigger, targets, kind, guard, emit=emit))

    def _guard(self, real: list[Draft], depth: int = 0) -> Hook:
        rng = self.rng
        choice = rng.randrange(4 if depth > 1 else 8)
        if choice < 2:
            name = rng.choice(GUARDS)
            return Hook(Named(name, {"least": rng.randint(1, 3)} if name == "has_stock" else {}))
        if choice == 2:
            return Hook(In(rng.choice([d for d in real if d.name != "past"]).id))
        if choice == 3:
            return Hook(Holds(rng.random() < 0.8))
        if choice == 4:
            return Hook(Not(self._guard(real, depth + 1)))
        several = tuple(self._guard(real, depth + 1) for _ in range(rng.randint(1, 3)))
        return Hook(AllOf(several) if choice < 7 else AnyOf(several))

    def _actions(self, chance: float) -> list[Hook]:
        rng = self.rng
        if rng.random() > chance:
            return []
        found = [self._action() for _ in range(rng.randint(1, 2))]
        if rng.random() < 0.2:
            first = Branch(Hook(Named(rng.choice(GUARDS), {"least": 2})), (self._action(),))
            rest = (Branch(None, (self._action(), self._action())),) if rng.random() < 0.5 else ()
            found.append(Hook(Choose((first, *rest))))
        return found

    def _action(self) -> Hook:
        rng = self.rng
        effects: tuple[Effect, ...] = (
            Action(rng.choice(ACTIONS)),
            Action("pay", {"amount": rng.randint(1, 9), "for": rng.choice(("rent", "food"))}),
            Action("assign", {"location": "x", "expr": "x + 1; " * rng.choice((1, 30))}),
            Raise(NamedEvent(rng.choice(CALM))),
            Send(NamedEvent(rng.choice(CALM), {"count": 3}), timedelta(minutes=5), "later"),
            Send(NamedEvent("order"), target="#_parent", type="scxml"),
            CancelSend("later"),
        )
        return Hook(Give(rng.choice(effects)))
