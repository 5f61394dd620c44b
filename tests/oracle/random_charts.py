"""Random valid charts, and events to send them: the same seed always gives the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random

from attrs import define, evolve, field

from statecharts.model.chart import (
    HISTORY,
    ROOT,
    After,
    Always,
    Chart,
    Default,
    Done,
    EventType,
    Invocation,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
    Trigger,
)
from statecharts.model.events import CallFailed, NamedEvent
from statecharts.model.hooks import Hook
from tests.oracle.structure import Document
from tests.oracle.validity import is_legal_specification
from tests.oracle.vocabulary import (
    DESCRIPTORS,
    EVENT_CLASSES,
    EVENT_NAMES,
    Ask,
    Asking,
    Below,
    Bit,
    Counters,
    Divides,
    Fire,
    Guard,
    In,
    Increment,
    Look,
    Not,
    Quote,
    Reply,
    Say,
    Toss,
    Unheard,
    bringing,
)

DEPTH = 5
"""How deep states may lie."""


@define
class _Draft:
    """A state that is still being drawn up."""

    id: str
    kind: StateKind
    children: list[_Draft] = field(factory=list)

    def walk(self) -> Iterator[_Draft]:
        """Yield the state and all inside it, in document order."""
        yield self
        for child in self.children:
            yield from child.walk()


def random_chart(seed: int) -> Chart:
    """Return a chart of 3 to some 25 states that uses whatever a chart can have."""
    rng = Random(f"chart {seed}")
    root = _Draft(ROOT, StateKind.COMPOUND)
    _fill(rng, root, 1, rng.randint(3, 18))
    _add_pseudo_states(rng, root)
    return _Wiring(rng, f"Random{seed}", root).chart()


def random_events(seed: int, chart: Chart, count: int) -> list[object]:
    """Return events for a chart: mostly those that it waits for."""
    rng = Random(f"events {seed}")
    return [_random_event(rng, chart) for _ in range(count)]


def _random_event(rng: Random, chart: Chart) -> object:
    bits = rng.getrandbits(3)
    choice = rng.random()
    if choice < 0.1:
        return Fire(rng.choice((0, 0, 0, 1, 1, 2, 5)))
    if choice < 0.3:
        event = None if rng.random() < 0.15 else _payload_event(rng, chart, bits)
        return Reply(rng.choice((0, 0, 0, 1, 1, 2, 5)), event, rng.random() < 0.6)
    return _payload_event(rng, chart, bits)


def _payload_event(rng: Random, chart: Chart, bits: int) -> object:
    if rng.random() < 0.03:
        return Unheard(bits) if rng.random() < 0.5 else NamedEvent("unheard.of", {"bits": bits})
    chosen = rng.choice(chart.events)
    return NamedEvent(chosen.name, {"bits": bits}) if chosen.cls is None else chosen.cls(bits)


# -- the tree --------------------------------------------------------------------------------------


def _fill(rng: Random, parent: _Draft, depth: int, budget: int) -> None:
    """Give a composite state children, and share the rest of the budget among them."""
    parallel = parent.kind is StateKind.PARALLEL
    wanted = rng.randint(2, 4) if parallel or rng.random() < 0.9 else 1
    count = max(2 if parallel else 1, min(wanted, budget))
    shares = [0] * count
    for _ in range(budget - count):
        shares[rng.randrange(count)] += 1
    for n, share in enumerate(shares):
        child = _Draft(f"{parent.id}.{'abcd'[n]}".lstrip("."), StateKind.ATOMIC)
        parent.children.append(child)
        inner = share or (parallel and rng.random() < 0.6)
        if inner and depth < DEPTH:
            wide = share > 1 and rng.random() < (0.1 if parallel else 0.5)
            child.kind = StateKind.PARALLEL if wide else StateKind.COMPOUND
            _fill(rng, child, depth + 1, max(share, 1))


def _add_pseudo_states(rng: Random, root: _Draft) -> None:
    """Add final and history states here and there."""
    regions = {c.id for d in root.walk() if d.kind is StateKind.PARALLEL for c in d.children}
    for draft in list(root.walk()):
        chance = 0.8 if draft.id in regions else 0.5 if draft.id else 0.3
        prefix = f"{draft.id}.".lstrip(".")
        if draft.kind is StateKind.COMPOUND and rng.random() < chance:
            final = _Draft(f"{prefix}f", StateKind.FINAL)
            draft.children.insert(rng.randint(0, len(draft.children)), final)
        if draft.id and draft.children:
            for kind, name in ((StateKind.SHALLOW_HISTORY, "h"), (StateKind.DEEP_HISTORY, "H")):
                if rng.random() < 0.3:
                    history = _Draft(f"{prefix}{name}", kind)
                    draft.children.insert(rng.randint(0, len(draft.children)), history)


# -- transitions and hooks -------------------------------------------------------------------------


class _Wiring:
    """Draws up what leaves, enters and happens in the states of one tree."""

    def __init__(self, rng: Random, name: str, root: _Draft) -> None:
        self.rng, self.name = rng, name
        self.drafts = {draft.id: draft for draft in root.walk()}
        self.parents = {c.id: draft.id for draft in self.drafts.values() for c in draft.children}
        self.states = [d.id for d in self.drafts.values() if d.id and d.kind not in HISTORY]
        self.histories = [d.id for d in self.drafts.values() if d.kind in HISTORY]
        self.taken = 0
        nodes = [self._bare(draft) for draft in self.drafts.values()]
        self.document = Document(Chart(name, nodes[0], tuple(nodes[1:])))
        named = rng.random()
        size = rng.randint(2, 4)
        self.classes = () if named < 0.25 else tuple(rng.sample(EVENT_CLASSES, size))
        self.names = () if named > 0.4 else tuple(rng.sample(EVENT_NAMES, size))

    def chart(self) -> Chart:
        """Return the finished chart."""
        root, *states = [self._node(draft) for draft in self.drafts.values()]
        events = (*map(EventType.of, self.classes), *map(EventType, self.names))
        return Chart(self.name, root, tuple(states), events, context=Counters)

    def _bare(self, draft: _Draft) -> StateNode:
        return StateNode(
            draft.id,
            draft.kind,
            draft.id.rpartition(".")[2] if draft.id else self.name,
            self.parents.get(draft.id),
            tuple(child.id for child in draft.children),
        )

    def _node(self, draft: _Draft) -> StateNode:
        bare = self._bare(draft)
        real = draft.kind not in HISTORY and bool(draft.id)
        return StateNode(
            bare.id,
            bare.kind,
            bare.name,
            bare.parent,
            bare.children,
            self._default(draft),
            tuple(self._transitions(draft)) if real and draft.kind is not StateKind.FINAL else (),
            invoke=self._calls(draft),
            entry=(
                *(self._hooks(f"enter {draft.id}") if real or self._begins(draft) else ()),
                *([bringing(draft.id)] if draft.kind is StateKind.FINAL else ()),
            ),
            exit=self._hooks(f"exit {draft.id}") if real else (),
        )

    def _calls(self, draft: _Draft) -> tuple[Invocation, ...]:
        """Return the calls of a state; the chart itself may make one, too."""
        if draft.kind in (*HISTORY, StateKind.FINAL):
            return ()
        names = [n for n in ("ask", "beg") if self.rng.random() < (0.12 if draft.id else 0.05)]
        return tuple(Invocation(n, Ask, _hook(Asking(f"{draft.id} {n}"))) for n in names)

    def _begins(self, draft: _Draft) -> bool:
        """Tell whether the chart itself does something at the start."""
        return not draft.id and self.rng.random() < 0.3

    def _hooks(self, text: str) -> tuple[Hook, ...]:
        count = self.rng.choices((0, 1, 2), (1, 10, 1))[0]
        return tuple(_hook(self._said(text)) for _ in range(count))

    def _said(self, text: str) -> Say | Toss | Look:
        """Return a hook that says something, and may raise an event or look around besides."""
        if self.rng.random() < 0.1:
            return Look(text, self.rng.choice(self.states))
        if self.rng.random() < 0.07:
            events: tuple[type | str, ...] = (*self.classes, *self.names)
            return Toss(text, self.rng.choice(events))
        return Say(text, self._times())

    def _times(self) -> int:
        return self.rng.choices((0, 1, 2), (1, 20, 2))[0]

    def _default(self, draft: _Draft) -> Transition | None:
        if draft.kind in HISTORY:
            scope = self.parents[draft.id]
            targets = self._history_default(draft, self.drafts[scope])
        elif draft.kind is StateKind.COMPOUND:
            targets = self._initial(draft)
        else:
            return None
        emit = self._emit("default") if draft.id and self.rng.random() < 0.6 else ()
        return Transition(draft.id, Default(), targets, emit=emit)

    def _initial(self, draft: _Draft) -> tuple[str, ...]:
        choice = self.rng.random()
        histories = [child.id for child in draft.children if child.kind in HISTORY]
        if choice < 0.08 and histories:
            return (self.rng.choice(histories),)
        if choice < 0.25:
            return self._together(self._inside(draft.id), 0.5)
        children = self._children(draft)
        plain = [c for c in children if self.drafts[c].kind is not StateKind.FINAL] or children
        return (plain[0] if choice < 0.8 else self.rng.choice(children),)

    def _history_default(self, draft: _Draft, parent: _Draft) -> tuple[str, ...]:
        if draft.kind is StateKind.SHALLOW_HISTORY:
            return self._together(self._children(parent), 0.3)
        inside = self._inside(parent.id)
        if self.rng.random() < 0.15:
            inside += [
                h
                for h in self._inside(parent.id, self.histories)
                if h not in {child.id for child in parent.children}
            ]
        return self._together(inside, 0.4)

    def _children(self, draft: _Draft) -> list[str]:
        return [child.id for child in draft.children if child.kind not in HISTORY]

    def _inside(self, scope: str, among: list[str] | None = None) -> list[str]:
        among = self.states if among is None else among
        return [s for s in among if self.document.is_descendant(s, scope)]

    def _together(self, candidates: list[str], chance: float) -> tuple[str, ...]:
        """Choose a target, and with some chance more that can be entered together with it."""
        targets: tuple[str, ...] = (self.rng.choice(candidates),)
        while self.rng.random() < chance:
            fitting = [
                s for s in candidates if is_legal_specification(self.document, (*targets, s))
            ]
            if not fitting:
                break
            targets = (*targets, self.rng.choice(fitting))
        return targets

    def _transitions(self, draft: _Draft) -> Iterator[Transition]:
        composite = bool(draft.children)
        for _ in range(self.rng.choice((0, 0, 1, 1, 2) if composite else (0, 1, 2, 2, 3, 3))):
            if self.rng.random() < 0.1:
                yield self._eventless(draft.id)
            else:
                yield self._on_event(draft.id)
        completes = any(child.kind is StateKind.FINAL for child in draft.children)
        for n in range(self.rng.choices((0, 1, 2), (8, 2, 1))[0]):
            trigger = After(timedelta(seconds=n + 1), f"{draft.id}.after{n}")
            guard = self._any_guard(0.3)
            yield self._transition(draft.id, trigger, guard)
        if self.rng.random() < 0.05:
            failed = OnEvent((CallFailed,))
            yield self._transition(draft.id, failed, self._any_guard(0.2))
        if composite and self.rng.random() < (0.7 if completes or _regions_end(draft) else 0.05):
            yield self._completion(draft.id)

    def _on_event(self, source: str) -> Transition:
        trigger = OnEvent(self._events())
        guard = self._event_guard() if self.rng.random() < 0.35 else None
        choice = self.rng.random()
        if choice < 0.06:
            return Transition(source, trigger, (), TransitionKind.FORBIDDEN, guard)
        if choice < 0.12:
            return Transition(source, trigger, (), TransitionKind.DEFERRED, guard)
        transition = self._transition(source, trigger, guard)
        if self.rng.random() < 0.7:
            return transition
        quoting = _hook(Quote(f"take {self.taken}"))
        return evolve(transition, emit=(*transition.emit, quoting))

    def _events(self) -> tuple[type | str, ...]:
        pool: list[type | str] = [*self.classes]
        if self.names:
            pool += [*self.rng.sample(DESCRIPTORS, 3), *self.names]
            if self.rng.random() < 0.1:
                done = self.rng.choice(self.states).rpartition(".")[2]
                pool += [f"done.state.{done}", self.rng.choice(("done", "done.state.*"))]
        elif self.rng.random() < 0.03:
            pool = ["*", "e1"]
        return tuple(self.rng.sample(pool, self.rng.choices((1, 2), (5, 1))[0]))

    def _completion(self, source: str) -> Transition:
        if self.rng.random() < 0.6:
            transition = self._bounded(source, Done())
        else:
            transition = self._transition(source, Done(), self._any_guard(0.4), onward=True)
        return evolve(transition, emit=(*transition.emit, _hook(Quote(f"done {source}"))))

    def _eventless(self, source: str) -> Transition:
        if self.rng.random() < 0.7:
            return self._bounded(source, Always())
        return self._transition(source, Always(), self._any_guard(0.9), onward=True)

    def _bounded(self, source: str, trigger: Trigger) -> Transition:
        """Return a transition that can only be taken so many times in a run."""
        counter, limit = self.rng.choice("pq"), self.rng.randint(1, 25)
        return self._transition(source, trigger, _hook(Below(counter, limit)), Increment(counter))

    def _transition(
        self,
        source: str,
        trigger: Trigger,
        guard: Hook | None,
        update: Increment | None = None,
        *,
        onward: bool = False,
    ) -> Transition:
        kind, targets = TransitionKind.EXTERNAL, self._targets(source, onward=onward)
        choice = 1.0 if onward and self.rng.random() < 0.9 else self.rng.random()
        inside = self._inside(source, self.states + self.histories)
        if choice < 0.1:
            kind, targets = TransitionKind.INTERNAL, ()
        elif choice < 0.3 and inside:
            kind, targets = TransitionKind.INTERNAL, self._together(inside, 0.15)
        elif choice < 0.35:
            kind = TransitionKind.INTERNAL
        if update is None and self.rng.random() < 0.4:
            update = Increment(self.rng.choice("pq"))
        return Transition(
            source,
            trigger,
            targets,
            kind,
            guard,
            update=None if update is None else _hook(update),
            emit=self._emit("take"),
        )

    def _targets(self, source: str, *, onward: bool = False) -> tuple[str, ...]:
        choice = self.rng.random()
        pool = self.states + self.histories
        if onward:
            pool = [s for s in self.states if not self._related(s, source)] or pool
        elif choice < 0.06:
            return (source,)
        elif choice < 0.18 and self.histories:
            around = [h for h in self.histories if self._related(source, self.parents[h])]
            pool = around if around and self.rng.random() < 0.5 else self.histories
        elif choice < 0.58:
            pool = [s for s in pool if self.parents[s] == self.parents[source]]
        elif choice < 0.66:
            pool = [s for s in pool if self.document.is_descendant(source, s)] or pool
        elif choice < 0.74:
            pool = [s for s in self.states if self._finishes_beside(s, source)] or pool
        if self.rng.random() < 0.85:
            lasting = [s for s in pool if not self._ends(s)]
            pool = lasting or pool
        return self._together(pool, 0.12)

    def _finishes_beside(self, state: str, source: str) -> bool:
        beside = self.parents[state] == self.parents[source]
        return beside and self.drafts[state].kind is StateKind.FINAL

    def _related(self, a: str, b: str) -> bool:
        return a == b or self.document.is_descendant(a, b) or self.document.is_descendant(b, a)

    def _ends(self, state: str) -> bool:
        return self.drafts[state].kind is StateKind.FINAL and self.parents[state] == ROOT

    def _emit(self, text: str) -> tuple[Hook, ...]:
        self.taken += 1
        count = self.rng.choices((0, 1, 2), (1, 12, 1))[0]
        return tuple(_hook(self._said(f"{text} {self.taken}")) for _ in range(count))

    def _event_guard(self) -> Hook:
        guard = Bit(self.rng.randrange(3)) if self.rng.random() < 0.5 else self._plain_guard()
        return _hook(Not(guard) if self.rng.random() < 0.2 else guard)

    def _any_guard(self, chance: float) -> Hook | None:
        if self.rng.random() >= chance:
            return None
        guard = self._plain_guard()
        return _hook(Not(guard) if self.rng.random() < 0.2 else guard)

    def _plain_guard(self) -> Below | Divides | In:
        choice = self.rng.random()
        if choice < 0.6:
            return In(self.rng.choice(self.states))
        if choice < 0.8:
            return Divides(self.rng.choice("pq"), self.rng.randint(2, 3))
        return Below(self.rng.choice("pq"), self.rng.randint(1, 8))


def _regions_end(draft: _Draft) -> bool:
    """Tell whether a parallel state can complete: every region has a final child."""
    return draft.kind is StateKind.PARALLEL and all(
        any(child.kind is StateKind.FINAL for child in region.children)
        for region in draft.children
        if region.kind not in HISTORY
    )


def _hook(function: Guard | Say | Quote | Toss | Look | Increment | Asking) -> Hook:
    return Hook(function, str(function))
