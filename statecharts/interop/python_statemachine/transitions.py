"""Transitions: those of files and of classes, with their triggers and what they do on the way."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Final, final

from attrs import field, frozen
from statemachine import State
from statemachine.transition import Transition as Line

from statecharts.interop.drafts import Draft
from statecharts.interop.findings import Findings
from statecharts.interop.python_statemachine.content import ClassContent, FileContent
from statecharts.interop.python_statemachine.hosts import Slot, Spot, Stage, events_of
from statecharts.interop.python_statemachine.syntax import Source, is_set
from statecharts.interop.python_statemachine.writer import (
    DONE,
    CarriedTimer,
    Origin,
    carried,
    swallow,
)
from statecharts.interop.syntax.located import Located
from statecharts.model.chart import (
    HISTORY,
    After,
    Always,
    Default,
    Done,
    OnEvent,
    StateKind,
    Transition,
    TransitionKind,
    Trigger,
)
from statecharts.model.hooks import Hook

_UNDERSCORED: Final = "done_state_"


@final
@frozen(eq=False)
class FileTransitions:
    """Reads the transitions of a file."""

    findings: Findings
    drafts: dict[str, Draft]
    content: FileContent
    lines: list[tuple[Draft, Located, tuple[str, ...]]] = field(factory=list)

    def read(self, draft: Draft) -> None:
        """Read the transitions of a state."""
        items: list[Located] = draft.source.get("transitions") or []
        initial = [item for item in items if is_set(item.get("initial"))]
        if draft.kind in HISTORY:
            draft.default = self._default(draft, items)
            return
        if draft.kind is StateKind.COMPOUND:
            draft.default = self.initial(draft, initial)
        elif initial:
            found = "a state that is not compound has an initial transition"
            remedy = "Remove it, or put states inside"
            self.content.refuse("SC612", found, remedy, initial[0].line)
        others = (item for item in items if not is_set(item.get("initial")))
        draft.transitions += [self._line(draft, item) for item in others]

    def initial(self, draft: Draft, items: list[Located]) -> Transition:
        """Return what enters a compound state: its initial transition, marked or first child."""
        inner = [child for child in draft.children if child.kind not in HISTORY]
        marked = [child for child in inner if is_set(child.source.get("initial"))]
        targets = tuple(child.id for child in marked or inner[:1])
        found = self._default(draft, items[:1])
        if found is None:
            return Transition(draft.id, Default(), targets, location=self._place(draft.line))
        if found.emit and found.targets != targets:
            text = "that library leaves out the actions of the initial transition: "
            remedy = "Mark its target with 'initial: true'"
            self._differs(f"{text}another child is initial", remedy, items[0].line)
        return found

    def _default(self, draft: Draft, items: list[Located]) -> Transition | None:
        targets: list[str] = []
        emit: list[Hook] = []
        for item in items:
            targets += self._targets(item)
            emit += self.content.actions(item, "on")
            for key in ("event", "cond", "unless", "before", "after"):
                if item.get(key) is not None:
                    found = f"a default transition has no {key!r}"
                    remedy = "Remove it: the transition is always taken"
                    self.content.refuse("SC612", found, remedy, item.at(key))
        if not targets:
            return None
        place = self._place(items[0].line)
        return Transition(draft.id, Default(), tuple(targets), emit=tuple(emit), location=place)

    def _line(self, draft: Draft, item: Located) -> Transition:
        targets, internal = self._targets(item), is_set(item.get("internal"))
        kind = TransitionKind.INTERNAL if internal or not targets else TransitionKind.EXTERNAL
        if internal and targets == (draft.id,):
            targets = ()
            found = "that library enters the state again on an internal transition to itself"
            self._differs(found, "Expect it to stay, as documented", item.line)
        emit = [*self.content.actions(item, "before"), *self.content.actions(item, "on")]
        if emit and any(target.kind in HISTORY for target in self._ends(targets)):
            found = "that library runs the actions of a transition to history twice"
            self._differs(found, "Expect them once (SCXML 3.10)", item.line)
        emit += self.content.actions(item, "after")
        self.lines.append((draft, item, targets))
        events = tuple((item.get("event") or "").split())
        trigger: Trigger = OnEvent(events) if events else Always()
        if events == (f"{DONE}{draft.name}",):
            trigger = Done()
        guard, at = self.content.guard(item), self._place(item.line)
        return Transition(draft.id, trigger, targets, kind, guard, emit=tuple(emit), location=at)

    def tell_order(self) -> None:
        """Tell where ``before`` and ``after`` come at another time than in that library."""
        for draft, item, targets in self.lines:
            self.content.element = draft.id
            ends = self._ends(targets)
            if ends and item.get("before") is not None and any(one.exit for one in _near(draft)):
                found = "that library runs 'before' before all exits; here it comes before 'on'"
                self._differs(found, "Put it into an exit", item.at("before"))
            entered = any(one.entry for end in ends for one in _near(end))
            if item.get("after") is not None and entered:
                found = "that library runs 'after' after all entries; here it comes after 'on'"
                self._differs(found, "Put it into an enter", item.at("after"))

    def _ends(self, targets: tuple[str, ...]) -> list[Draft]:
        return [self.drafts[target] for target in targets if target in self.drafts]

    def _targets(self, item: Located) -> tuple[str, ...]:
        names = (item.get("target") or "").split()
        return tuple(self.content.ids.get(name, name) for name in names)

    def _place(self, line: int | None) -> str | None:
        return self.findings.document.location(line)

    def _differs(self, found: str, remedy: str, line: int) -> None:
        self.content.refuse("SC652", found, remedy, line)


def _near(draft: Draft) -> Iterator[Draft]:
    """Yield a state, all inside it and all around it: what is left or entered with it."""
    yield from draft.walk()
    yield from (above for above in draft.ancestors() if above.parent is not None)


@final
@frozen(eq=False)
class ClassTransitions:
    """Reads the transitions of a class; one that `to_class` has made has an origin."""

    stage: Stage
    source: Source
    content: ClassContent
    origin: Origin | None

    @cached_property
    def events(self) -> frozenset[str]:
        """The names of the events of the class."""
        return frozenset(event.id for event in events_of(self.stage.cls))

    def memory(self, draft: Draft) -> Transition | None:
        """Return the default of a history state."""
        lines = list(draft.source.transitions)
        targets = tuple(self._id(target) for line in lines for target in line.targets[:1])
        emit: list[Hook] = []
        for line in lines:
            spot = Spot(self.stage, draft.id, line)
            emit += self.content.actions(line.on, Slot.DEFAULT, spot)
        return Transition(draft.id, Default(), targets, emit=tuple(emit)) if targets else None

    def initial(self, draft: Draft) -> Transition | None:
        """Return what enters the initial child of a compound state."""
        lines = [line for line in draft.source.transitions if line.initial]
        if not lines:
            return None
        marked = [child.id for child in draft.children if child.source.initial]
        targets = tuple(self._id(target) for target in lines[0].targets)
        if len(marked) > 1 and targets[:1] and targets[0] in marked:
            targets = tuple(marked)  # which the checks refuse
        emit = self.content.actions(lines[0].on, Slot.DEFAULT, Spot(self.stage, draft.id))
        if emit and len(lines) > 1:
            found = "that library leaves out the actions of the default transition: "
            self.content.differs(f"{found}the state has a second one", "Expect them to run")
        return Transition(draft.id, Default(), targets, emit=tuple(emit))

    def read(self, draft: Draft) -> None:
        """Read the transitions of a state."""
        for line in draft.source.transitions:
            if not line.initial:
                self._line(draft, line)

    def _line(self, draft: Draft, line: Line) -> None:
        events = [event.id for event in line.events]
        known = [event for event in events if event in self.events]
        strange = [target.id for target in line.targets if target.id not in self.stage.ids]
        if (events and not known) or strange:
            told = f"to {strange[0]!r}" if strange else f"on {events[0]!r}"
            found = f"a subclass has added a transition {told} to it, which is left out here"
            self.content.differs(found, "Read the subclass for the chart of the subclass")
            return
        spot = Spot(self.stage, draft.id, line, not known)
        slots = ((line.before, Slot.BEFORE), (line.on, Slot.ON), (line.after, Slot.AFTER))
        emit = [hook for specs, slot in slots for hook in self.content.actions(specs, slot, spot)]
        kind, targets = self._way(draft, line, tuple(map(self._id, line.targets)))
        first = [behind for spec in list(line.on)[:1] if (behind := carried(spec.func))]
        if first and first[0].hook.function is swallow:
            kind, emit = TransitionKind.FORBIDDEN, emit[1:]
        trigger, guard = self._trigger(draft, known), self.content.guard(line, spot)
        at = self.source.document.location(draft.line)
        made = Transition(draft.id, trigger, targets, kind, guard, emit=tuple(emit), location=at)
        draft.transitions.append(made)
        self.stage.lines.setdefault(draft.id, []).append((made, line))

    def _way(
        self, draft: Draft, line: Line, targets: tuple[str, ...]
    ) -> tuple[TransitionKind, tuple[str, ...]]:
        if not targets:
            return self._staying(draft), ()
        if not line.internal:
            return TransitionKind.EXTERNAL, targets
        entries = self.stage.cls.enable_self_transition_entries
        if targets == (draft.id,) and self.origin is None:
            if entries:
                how = "leaves it as well" if draft.children else "enters it again"
                found = f"that library {how} on an internal transition to itself"
                self.content.differs(found, "Expect it to stay, as documented")
            return TransitionKind.INTERNAL, ()
        if not entries:
            found = f"that library does not enter {targets[0]!r} on an internal transition"
            self.content.differs(found, "Expect it to be entered")
        return TransitionKind.INTERNAL, targets

    def _staying(self, draft: Draft) -> TransitionKind:
        """Return the kind of a transition without targets, which a class does not say."""
        number = len(draft.transitions)
        if self.origin is not None and draft.id in self.origin.chart:
            lines = self.origin.chart[draft.id].transitions
            if number < len(lines) and not lines[number].targets:
                return lines[number].kind
        return TransitionKind.INTERNAL

    def _trigger(self, draft: Draft, events: list[str]) -> Trigger:
        if not events:
            return Always()
        own = {f"{DONE}{draft.source.id}", f"{_UNDERSCORED}{draft.source.id}"}
        if f"{DONE}{draft.source.id}" in events and own >= set(events):
            return Done()
        if self.origin is None:
            return OnEvent(tuple(events))
        for spec in draft.source.invoke:
            timer = carried(spec.func)
            if isinstance(timer, CarriedTimer) and events == [timer.trigger.timer]:
                return After(timer.trigger.delay, timer.trigger.timer)
        originals = (_original(event, self.origin) for event in events)
        return OnEvent(tuple(dict.fromkeys(originals)))

    def _id(self, state: State) -> str:
        name = str(state.id)
        return self.stage.ids.get(name, name)


def _original(event: str, origin: Origin) -> str:
    """Return the name of an event in the chart that a class was made of."""
    name = origin.names.original(event)
    state = origin.ids.get(name.removeprefix(DONE))
    if name.startswith(DONE) and state is not None:
        return f"{DONE}{origin.chart[state].name}"
    return name
