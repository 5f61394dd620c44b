"""Transitions: what a target, a list of targets or an object says, and how it treats its source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, final

from attrs import define, evolve, frozen

from statecharts.interop.drafts import Draft
from statecharts.interop.syntax.located import Located
from statecharts.interop.xstate.actions import Actions
from statecharts.interop.xstate.guards import Guards
from statecharts.interop.xstate.notes import Notes, element
from statecharts.interop.xstate.targets import Targets
from statecharts.model.chart import HISTORY, StateKind, Transition, TransitionKind, Trigger
from statecharts.model.hooks import Hook
from statecharts.model.named import AllOf

_KNOWN: Final = frozenset(
    {"target", "actions", "guard", "cond", "in", "reenter", "internal", "description", "meta"}
)


@final
@frozen
class Entry:
    """One transition as the file has it.

    Attributes:
        value: A target, several, an object, or None for one that is forbidden.
        line: The line that it stands on.
        place: How messages call it.
    """

    value: Any
    line: int
    place: str


@final
@define
class Found:
    """A transition that has been read, with what the file says about it besides."""

    transition: Transition
    meta: dict[str, Any]


def entries(value: Any, line: int, place: str) -> Iterator[Entry]:
    """Yield the transitions that a key says: one, or each of a list of them."""
    if not isinstance(value, list):
        yield Entry(value, getattr(value, "line", line), place)
        return
    for i, one in enumerate(value):
        yield Entry(one, getattr(one, "line", line), f"{place}[{i}]")


@final
class Transitions:
    """Reads the transitions of one state.

    Args:
        notes: Where what is wrong is noted.
        targets: Finds the states that targets mean.
        draft: The state.
        version: 4 or 5.
    """

    def __init__(self, notes: Notes, targets: Targets, draft: Draft, version: int) -> None:
        self.notes = notes
        self.targets = targets
        self.draft = draft
        self.version = version
        self.guards = Guards(notes, targets, draft)
        self.actions = Actions(notes, self.guards, draft)

    def read(self, entry: Entry, trigger: Trigger, known: frozenset[str] = _KNOWN) -> Found | None:
        """Return a transition; None for one that is wrong, which is noted."""
        value = entry.value
        if value is None or isinstance(value, str):
            value = Located({} if value is None else {"target": value}, entry.line)
        if not isinstance(value, Located):
            wanted = "a target, or an object with target, guard and actions"
            self.notes.wrong(wanted, value, entry.line, element(self.draft, entry.place))
            return None
        named = self._targets(value, entry)
        guard = self._guard(value, entry)
        emit = tuple(self.actions.read(value.get("actions"), value.at("actions"), entry.place))
        meta = self._documentation(value, entry, known)
        if named is None:
            return None
        location = self.notes.document.place(entry.line)
        bare = Transition(self.draft.id, trigger, guard=guard, emit=emit, location=location)
        kind, targets = self._aimed(named, stays=self._stays(value), acts=bool(emit))
        return Found(evolve(bare, kind=kind, targets=targets), meta)

    def states(self, value: Any, line: int, place: str) -> list[Draft] | None:
        """Return the states that a target or a list of them means; None when one is unknown."""
        if value is None or value in ("", []):
            return []
        found: list[Draft] | None = []
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, str):
                where = element(self.draft, place)
                self.notes.wrong("a target, the name of a state", one, line, where)
                found = None
                continue
            state = self.targets.find(self.draft, one)
            if state is None:
                text = f"this goes to {one!r}, and there is no such state"
                otherwise = "Name a sibling, '.child' or '#id'"
                remedy = self.notes.suggestions.remedy(one, self._known(), otherwise)
                self.notes.add("SC101", text, remedy, line, element(self.draft, place))
                found = None
            elif found is not None and state not in found:
                found.append(state)
        return found

    def _known(self) -> list[str]:
        return self.targets.spellings(self.draft, self.notes.suggestions.left)

    def _targets(self, value: Located, entry: Entry) -> list[Draft] | None:
        return self.states(value.get("target"), value.at("target"), entry.place)

    def _stays(self, value: Located) -> bool:
        """Tell whether the source stays active where the targets lie inside it."""
        target, internal = value.get("target"), value.get("internal")
        reenter = value.get("reenter")
        if self.version != 4:  # noqa: PLR2004 - the version
            return reenter is not True
        if isinstance(internal, bool):
            return internal
        spelt = target if isinstance(target, list) else [target]
        mark = self.targets.delimiter
        return any(isinstance(one, str) and one.startswith(mark) for one in spelt)

    def _aimed(
        self, named: list[Draft], *, stays: bool, acts: bool
    ) -> tuple[TransitionKind, tuple[str, ...]]:
        """Return how a transition treats its source, and the ids of the states it enters."""
        source, root = self.draft, self.targets.root
        still = TransitionKind.INTERNAL if acts else TransitionKind.FORBIDDEN
        if not named:
            return still, ()
        inside = all(state is source or _within(state, source) for state in named)
        if stays and inside and source in named and len(named) == 1:
            if source.kind is StateKind.COMPOUND and source.default is not None:
                return TransitionKind.INTERNAL, source.default.targets
            if not source.children:
                return still, ()
        kind = TransitionKind.INTERNAL if stays and inside else TransitionKind.EXTERNAL
        if root in named:  # it has no id to go to; entering it is entering what it begins with
            return kind, _beginning(root)
        return kind, tuple(state.id for state in named)

    def _guard(self, value: Located, entry: Entry) -> Hook | None:
        said = [key for key in ("guard", "cond") if value.get(key) is not None]
        if len(said) > 1:
            found = "the transition has both a guard and a cond"
            where = element(self.draft, entry.place)
            self.notes.add("SC612", found, "Keep one of them", value.at("cond"), where)
        guard = None
        if said:
            guard = self.guards.read(value[said[0]], value.at(said[0]), entry.place)
        if value.get("in") is None:
            return guard
        active = self.guards.state_in(value["in"], value.at("in"), entry.place)
        both = [hook for hook in (active, guard) if hook is not None]
        return both[0] if len(both) == 1 else Hook(AllOf(tuple(both)))

    def _documentation(self, value: Located, entry: Entry, known: frozenset[str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, held in value.items():
            where = element(self.draft, entry.place)
            if key in ("reenter", "internal") and held not in (True, False, None):
                self.notes.wrong("true or false", held, value.at(key), where)
            if key not in known:
                remedy = self.notes.suggestions.remedy(
                    key, known, "Take it out, or put it into meta"
                )
                text = f"XState knows no {key!r} of a transition; it is kept in its meta"
                self.notes.add("SC651", text, remedy, value.at(key), where)
            elif key not in ("description", "meta"):
                continue
            if held not in (None, "", {}):  # tools write what is empty, too
                found[key] = self.notes.plain(held, value.at(key), where)
        return found


KNOWN_LISTED: Final = _KNOWN | {"event", "delay"}
"""The keys of a transition in the lists that v4 takes for ``on`` and ``after``."""


def _beginning(state: Draft) -> tuple[str, ...]:
    """Return the ids of the states inside that are entered with a state."""
    if state.default is not None:
        return state.default.targets
    regions = state.children if state.kind is StateKind.PARALLEL else []
    return tuple(region.id for region in regions if region.kind not in HISTORY)


def _within(state: Draft, ancestor: Draft) -> bool:
    at = state.parent
    while at is not None:
        if at is ancestor:
            return True
        at = at.parent
    return False
