"""Transitions: the names of events, and everything that happens in a state, in XState's order.

| XState 5 | XState 4 | here |
|---|---|---|
| ``xstate.done.actor.ID`` | ``done.invoke.ID`` | ``done.invoke.ID`` |
| ``xstate.error.actor.ID`` | ``error.platform.ID`` | ``error.platform.ID`` |
| ``xstate.done.state.ID`` | ``done.state.ID`` | ``done.state.NAME`` |
| ``xstate.snapshot.ID`` | | ``xstate.snapshot.ID`` |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from operator import attrgetter, itemgetter
from typing import Any, Final, TypeVar, final

from attrs import evolve, frozen

from statecharts.interop.drafts import Draft, all_of, assemble
from statecharts.interop.grammar import Table, several
from statecharts.interop.syntax.located import Located, shown
from statecharts.interop.xstate.content import SOON, Content, Invoked, duration, is_number
from statecharts.interop.xstate.structure import Targets, planted, settle_finals
from statecharts.interop.xstate.syntax import FIVE, FOUR, LISTED, TRANSITION, Notes, Spot
from statecharts.model.chart import (
    HISTORY,
    ROOT,
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
from statecharts.model.hooks import Hook
from statecharts.model.named import NamedDelay

T = TypeVar("T")
Delays = Mapping[str, timedelta]

DONE_STATE: Final = "done.state."  # the beginning of the names of completion events
SETTLED: Final = {
    "onDone": "done.invoke.",
    "onError": "error.platform.",
    "onSnapshot": "xstate.snapshot.",
}
"""The beginnings of the events of an invocation, by the key of the transitions that take them."""

OURS: Final = {
    "xstate.done.actor.": "done.invoke.",
    "xstate.error.actor.": "error.platform.",
    "xstate.done.state.": "done.state.",
    "xstate.done.*": "done.*",
    "xstate.error.*": "error.*",
}
LINE: Final = "statecharts.line"  # the key of meta that marks parts of one line, see `_joined`
THEIRS: Final = {own: theirs for theirs, own in OURS.items()}
_LONGEST: Final = 1_000


def renamed(descriptor: str, names: Mapping[str, str]) -> str:
    """Return a descriptor with its beginning translated by a table, `OURS` or `THEIRS`.

    >>> renamed("xstate.done.actor.loader", OURS), renamed("GO", OURS), renamed("done.*", THEIRS)
    ('done.invoke.loader', 'GO', 'xstate.done.*')
    """
    known = next((name for name in names if descriptor.startswith(name)), None)
    return descriptor if known is None else names[known] + descriptor.removeprefix(known)


def is_wild(descriptor: str) -> bool:
    """Tell whether a descriptor names several events to XState 5."""
    return descriptor == "*" or descriptor.endswith(".*")


def ordered(found: Iterable[T], descriptor: Callable[[T], str]) -> list[T]:
    """Return what answers to events in the order in which XState 5 asks.

    A name comes before a wildcard, and a longer one before what it begins with, for here ``a``
    answers to ``a.b`` as well. All else keeps its order.
    """
    items = list(found)
    names = {descriptor(item) for item in items if not is_wild(descriptor(item))}
    nested = any(prefix in names for name in names for prefix in prefixes(name))

    def rank(item: T) -> tuple[bool, int]:
        name = descriptor(item)
        if is_wild(name):
            return True, -len(name)
        return False, -name.count(".") if nested else 0

    return sorted(items, key=rank)


def prefixes(name: str) -> Iterator[str]:
    """Yield the names that a name begins with, each up to a dot, the longest first.

    >>> list(prefixes("a.b.c"))
    ['a.b', 'a']
    """
    while "." in name and len(name) <= _LONGEST:
        name = name.rpartition(".")[0]
        yield name


@final
@frozen
class Found:
    """A transition, the events that it answers to, and the rest of what the file says of it.

    The descriptor of one with another trigger is empty.
    """

    transition: Transition
    descriptor: str
    meta: dict[str, Any]


@final
class Reading:
    """A machine that is being read, by its own name or else by the one that is given."""

    def __init__(
        self, machine: Located, name: str, version: int, delays: Delays, notes: Notes
    ) -> None:
        self.notes = notes
        self.version = version
        self.delays = delays
        self.drafts = planted(machine, name, notes)
        self.root = self.drafts[ROOT]
        self.targets = Targets(self.root, notes, version)
        self.content = Content(notes, self.targets)

    def chart(self) -> Chart:
        """Fill in what happens, and return the chart; it is not checked yet."""
        for draft in self.drafts.values():
            if draft.kind not in HISTORY:
                self._initial(draft)
        for draft in self.drafts.values():
            if draft.kind in HISTORY:
                self._history(draft)
        for draft in self.drafts.values():
            self._fill(draft)
        settle_finals(self.root, self.notes)
        return assemble(self.root, self.notes)

    def _initial(self, draft: Draft) -> None:
        said, spot = draft.source.get("initial"), Spot.of(draft, "initial")
        if draft.kind is not StateKind.COMPOUND:
            if said is not None:
                found = f"a state that is {draft.kind.value} has no initial state"
                self.notes.note("SC651", found, "Remove it", spot)
                draft.meta["initial"] = self.notes.plain(said, spot)
            return
        if not draft.children:
            return
        value = said if isinstance(said, Located) else Located({"target": said}, spot.line or 1)
        child = self._initial_child(*spot.held(value, "target"))
        emit = self.content.actions(*spot.held(value, "actions"))
        notes = {k: v for k, v in value.items() if k not in ("target", "actions")}
        if notes:
            draft.meta["initial"] = self.notes.plain(notes, spot)
        self._default(draft, (child.id,), emit, spot)

    def _initial_child(self, target: Any, spot: Spot) -> Draft:
        """Return the initial child of a state; another where it is wrong, which is noted."""
        draft = spot.draft
        names = [child.name for child in draft.children]
        if isinstance(target, list) and len(target) == 1:
            target = target[0]
        child = None
        if isinstance(target, str):
            child = self.targets.children(draft).get(target)
            if child is None and target[:1] in ("#", self.targets.delimiter[:1]):
                child = self.targets.find(draft, target)
        if child is not None and child.parent is draft:
            return child
        if target is None:
            code, found = "SC612", "it does not say which of the states inside it is initial"
            if self.version == FOUR:
                code, found = "SC652", f"{found}; XState 4 enters none, and here it is the first"
            remedy = f'Write "initial": "{names[0]}", or another of them'
            self.notes.note(code, found, remedy, Spot(draft, spot.line))
        else:
            found = f"the initial state is {shown(target, self.notes.words)}, not one inside"
            remedy = f"Name one of the states inside, such as {names[0]!r}"
            remedy = self.notes.suggestions.remedy(str(target)[:200], names, remedy)
            self.notes.note("SC101", found, remedy, spot)
        return draft.children[0]

    def _history(self, draft: Draft) -> None:
        parent = draft.parent
        if parent is None:
            return
        spot = Spot.of(draft, "target")
        states = self._states(draft.source.get("target"), spot)
        if states:
            self._default(draft, [state.id for state in states], (), spot)
        elif parent.kind is StateKind.PARALLEL:
            self._default(draft, _regions(parent), (), spot)
        elif parent.default is not None:
            self._default(draft, parent.default.targets, parent.default.emit, spot)

    def _default(self, draft: Draft, ids: Iterable[str], emit: Iterable[Hook], spot: Spot) -> None:
        place = self.notes.document.place(spot.line)
        entered, acts = tuple(ids), tuple(emit)
        draft.default = Transition(draft.id, Default(), entered, emit=acts, location=place)

    def _fill(self, draft: Draft) -> None:
        for key in ("entry", "onEntry", "exit", "onExit"):
            actions = self.content.actions(draft.source.get(key), Spot.of(draft, key))
            (draft.exit if key in ("exit", "onExit") else draft.entry).extend(actions)
        started = list(self.content.invocations(draft))
        always: list[Found] = []
        listed = list(self._listed(draft, always))
        settled = [*self._done(draft), *self._settled(started)]
        by_event = attrgetter("descriptor")
        answers = ordered([*listed, *settled], by_event)
        if isinstance(draft.source.get("on"), list) and ordered(listed, by_event) != listed:
            answers = [*settled, *listed]  # version 4 keeps the order of a list
        after = list(self._after(draft))
        for value, spot in _entries(draft.source.get("always"), Spot.of(draft, "always")):
            always += self._eventless(value, spot)
        found = [*_joined(answers), *after, *always]
        draft.transitions += [one.transition for one in found]
        notes = {str(i): one.meta for i, one in enumerate(found) if one.meta}
        if notes:
            draft.meta["transitions"] = notes

    def _listed(self, draft: Draft, always: list[Found]) -> Iterator[Found]:
        """Yield the transitions of ``on``, an object by event or version 4's list.

        Those without an event are put into ``always``.
        """
        on, spot = draft.source.get("on"), Spot.of(draft, "on")
        if on is None:
            return
        table = TRANSITION
        entries: list[tuple[Any, Any, Spot]] = []
        if isinstance(on, Located):
            for event, value in on.items():
                at = Spot(draft, on.at(event), f"on {event!r}")
                if value == []:
                    found = "an empty list of transitions: the event is not handled"
                    self.notes.note("SC651", found, "Remove it; {} forbids an event", at)
                entries += [(event, one, inner) for one, inner in _entries(value, at, null=True)]
        else:
            table = LISTED
            for one, at in _entries(on, spot):
                event = _of(one, "event")
                if isinstance(event, str):
                    entries.append((event, one, Spot(draft, at.line, f"on {event!r}")))
                else:
                    remedy = 'Write {"event": "GO", "target": …}'
                    self.notes.note("SC612", "the transition has no event", remedy, at)
        for event, one, at in entries:
            if event:
                yield from self._answer(event, one, at, table)
            else:
                always += self._eventless(one, at, table)

    def _answer(self, event: str, value: Any, spot: Spot, table: Table) -> Iterator[Found]:
        descriptor = renamed(event, OURS)
        if descriptor.startswith(DONE_STATE):
            state = self.targets.by_id(descriptor.removeprefix(DONE_STATE))
            if state is spot.draft:
                yield from self._read(value, spot, Done(), descriptor, table)
                return
            if state is not None:
                descriptor = f"{DONE_STATE}{state.name}"
        yield from self._read(value, spot, OnEvent((descriptor,)), descriptor, table)

    def _eventless(self, value: Any, spot: Spot, table: Table = TRANSITION) -> Iterator[Found]:
        for found in self._read(value, spot, Always(), table=table):
            line = found.transition
            if line.kind is TransitionKind.FORBIDDEN:
                text = "an eventless transition without target and actions is left out"
                self.notes.note("SC651", text, "Give it a target", spot)
                continue
            if line.guard is not None and _returns(line):
                text = "an eventless transition back to its source repeats while its guard holds"
                self.notes.note("SC652", text, "Choose another target: XState takes it once", spot)
            yield found

    def _done(self, draft: Draft) -> Iterator[Found]:
        value, spot = draft.source.get("onDone"), Spot.of(draft, "onDone")
        if draft.parent is not None:
            for one, at in _entries(value, spot):
                yield from self._read(one, at, Done(), DONE_STATE + draft.name)
        elif value is not None:
            found = "nothing follows the end of the machine itself; it is kept in its meta"
            self.notes.note("SC651", found, "Remove it", spot)
            draft.meta["onDone"] = self.notes.plain(value, spot)

    def _settled(self, started: list[Invoked]) -> Iterator[Found]:
        """Yield what follows the end, the failure and the snapshots of services."""
        for invoked in started:
            for key, prefix in SETTLED.items():
                descriptor = prefix + invoked.id
                value, spot = invoked.spot.held(invoked.source, key)
                for one, at in _entries(value, spot.inside(f" {key}")):
                    yield from self._read(one, at, OnEvent((descriptor,)), descriptor)

    def _after(self, draft: Draft) -> Iterator[Found]:
        """Yield the transitions of ``after``, an object by delay or version 4's list."""
        held, spot = draft.source.get("after"), Spot.of(draft, "after")
        if held is None:
            return
        table = TRANSITION
        groups: list[tuple[Any, list[tuple[Any, Spot]]]] = []
        if isinstance(held, Located):
            for key, value in held.items():
                at = Spot(draft, held.at(key), f"after {key}")
                groups.append((key, list(_entries(value, at, null=True))))
        else:
            table = LISTED
            groups = [(_of(one, "delay"), [(one, at)]) for one, at in _entries(held, spot)]
        number = 0
        for key, group in groups:
            delay = self._delay(key, spot.at(group[0][1].line if group else spot.line))
            for i, (one, at) in enumerate(group, 1):
                number += 1
                trigger = After(delay, f"{draft.id}.after.{number}")
                for found in self._read(one, at, trigger, table=table):
                    if i < len(group) and found.transition.kind is not TransitionKind.EXTERNAL:
                        text = "the state stays active here, so that the next line is taken as well"
                        remedy = "Guard that one: XState takes the first of them only"
                        self.notes.note("SC652", text, remedy, at)
                    yield found

    def _delay(self, value: Any, spot: Spot) -> timedelta | Hook:
        if is_number(value):
            time = duration(value)
            if time is not None and time < SOON:
                found = f"XState takes a delay of {value} ms when the macrostep is over"
                remedy = "Here it is taken a microsecond later; write always if that is meant"
                self.notes.note("SC652", found, remedy, spot)
            return self.content.delay(value, spot)
        if not isinstance(value, str) or not value:
            self.notes.wrong("a number of milliseconds, or the name of a delay", value, spot)
            return SOON
        return self.delays.get(value) or Hook(NamedDelay(value))

    def _read(
        self,
        value: Any,
        spot: Spot,
        trigger: Trigger,
        descriptor: str = "",
        table: Table = TRANSITION,
    ) -> Iterator[Found]:
        """Yield a transition; one that is wrong is noted instead."""
        if value is None or isinstance(value, str):
            value = Located({} if value is None else {"target": value}, spot.line or 1)
        if not isinstance(value, Located):
            self.notes.wrong("a target, or an object with target, guard and actions", value, spot)
            return
        said, other = self.notes.take(value, table, spot)
        states = self._states(*spot.held(said, "target"))
        guard = self._guard(said, spot)
        emit = tuple(self.content.actions(*spot.held(said, "actions")))
        meta = self.notes.kept(said, other, spot)
        if states is None:
            return
        kind, targets = self._aimed(spot.draft, states, stays=self._stays(said), acts=bool(emit))
        location = self.notes.document.place(spot.line)
        source = spot.draft.id
        line = Transition(source, trigger, targets, kind, guard, emit=emit, location=location)
        yield Found(line, descriptor, meta)

    def _states(self, value: Any, spot: Spot) -> list[Draft] | None:
        """Return the states that a target or a list of them means; None when one is unknown."""
        if value is None or value in ("", []):
            return []
        found: dict[str, Draft] = {}
        right = True
        for one in several(value):
            state = self.targets.find(spot.draft, one) if isinstance(one, str) else None
            if state is not None:
                found.setdefault(state.id, state)
                continue
            right = False
            if not isinstance(one, str):
                self.notes.wrong("the name of a state", one, spot)
                continue
            suggestions = self.notes.suggestions
            known = self.targets.spellings(spot.draft, suggestions.left)
            remedy = suggestions.remedy(one, known, "Name a sibling, '.child' or '#id'")
            text = f"this goes to {one!r}, and there is no such state"
            self.notes.note("SC101", text, remedy, spot)
        return list(found.values()) if right else None

    def _stays(self, value: Located) -> bool:
        """Tell whether the source stays active where the targets are inside it."""
        target, internal = value.get("target"), value.get("internal")
        if self.version == FIVE:
            return value.get("reenter") is not True
        if isinstance(internal, bool):
            return internal
        mark = self.targets.delimiter
        return any(isinstance(one, str) and one.startswith(mark) for one in several(target))

    def _aimed(
        self, source: Draft, states: list[Draft], *, stays: bool, acts: bool
    ) -> tuple[TransitionKind, tuple[str, ...]]:
        """Return how a transition treats its source, and the ids of the states it enters."""
        still = TransitionKind.INTERNAL if acts else TransitionKind.FORBIDDEN
        if not states:
            return still, ()
        within = f"{source.id}." if source.id else ""
        inside = all(f"{state.id}.".startswith(within) for state in states)
        if stays and states == [source]:
            if source.kind is StateKind.COMPOUND and source.default is not None:
                return TransitionKind.INTERNAL, source.default.targets
            if not source.children:
                return still, ()
        kind = TransitionKind.INTERNAL if stays and inside else TransitionKind.EXTERNAL
        root = self.targets.root
        if root in states:  # it has no id to go to; entering it is entering what it begins with
            return kind, _regions(root) if root.default is None else root.default.targets
        return kind, tuple(state.id for state in states)

    def _guard(self, value: Located, spot: Spot) -> Hook | None:
        if "guard" in value and "cond" in value:
            found = "the transition has both a guard and a cond"
            self.notes.note("SC612", found, "Keep one of them", spot.at(value.at("cond")))
        key = "guard" if "guard" in value else "cond"
        asked = [self.content.state_in(*spot.held(value, "in"))] if "in" in value else []
        own = self.content.guard(*spot.held(value, key)) if key in value else None
        return all_of(asked if own is None else [*asked, own])


def _entries(value: Any, spot: Spot, *, null: bool = False) -> Iterator[tuple[Any, Spot]]:
    """Yield the transitions of a key, one or each of a list; null counts where it forbids."""
    if isinstance(value, list):
        for i, one in enumerate(value):
            yield one, spot.inside(f"[{i}]", one)
    elif value is not None or null:
        yield value, spot.inside("", value)


def _joined(found: Iterable[Found]) -> Iterator[Found]:
    """Yield transitions, those put together that our writer has marked as one and are alike."""
    whole: list[list[tuple[int, Found]]] = []
    marked: dict[int, tuple[Found, list[tuple[int, Found]]]] = {}
    for each in found:
        one, parts, part = each, list[tuple[int, Found]](), 0
        match each.meta, each.transition.trigger:
            case {"meta": {"statecharts.line": [int(line), int(part)], **rest}, **more}, OnEvent():
                one = evolve(each, meta={**more, "meta": rest} if rest else more)
                bare = evolve(one.transition, trigger=Always(), location=None)
                alike = evolve(one, transition=bare, descriptor="")
                known, parts = marked.setdefault(line, (alike, parts))
                parts = parts if known == alike else []
        if not parts:
            whole.append(parts)
        parts.append((part, one))
    for parts in whole:
        first = parts[0][1]
        events = [e for _, one in sorted(parts, key=itemgetter(0)) for e in one.transition.events]
        joined = evolve(first.transition, trigger=OnEvent(tuple(events)))
        yield evolve(first, transition=joined) if len(parts) > 1 else first


def _of(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _returns(line: Transition) -> bool:
    """Tell whether a transition may end where it began."""
    here, ends = f"{line.source}.", [f"{target}." for target in line.targets]
    return not ends or any(end.startswith(here) or here.startswith(end) for end in ends)


def _regions(state: Draft) -> tuple[str, ...]:
    regions = state.children if state.kind is StateKind.PARALLEL else []
    return tuple(region.id for region in regions if region.kind not in HISTORY)
