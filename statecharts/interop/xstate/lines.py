"""Lines: everything that leaves, enters and happens in one state, in the order of XState."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, final

from statecharts.interop.drafts import Draft
from statecharts.interop.syntax.located import Located
from statecharts.interop.xstate.delays import SOON, NamedDelay, duration, is_number
from statecharts.interop.xstate.events import DONE_STATE, ordered, ours
from statecharts.interop.xstate.invokes import EVENTS, Invoked, Invokes
from statecharts.interop.xstate.notes import element
from statecharts.interop.xstate.transitions import (
    KNOWN_LISTED,
    Entry,
    Found,
    Transitions,
    entries,
)
from statecharts.model.chart import (
    After,
    Always,
    Done,
    OnEvent,
    Transition,
    TransitionKind,
    Trigger,
)
from statecharts.model.effects import CancelInvoke
from statecharts.model.hooks import Hook
from statecharts.model.named import Give

Answer = tuple[str, Found]
"""A transition, and the descriptor of the events that it answers to."""


@final
class Lines:
    """Reads what happens in one state.

    Args:
        draft: The state, which is filled in.
        reader: Reads its transitions.
        delays: How long the delays are that the machine names.
    """

    def __init__(self, draft: Draft, reader: Transitions, delays: Mapping[str, timedelta]) -> None:
        self.draft = draft
        self.source: Located = draft.source
        self.reader = reader
        self.notes = reader.notes
        self.targets = reader.targets
        self.delays = delays
        self.always: list[Found] = []

    def fill(self) -> None:
        """Fill the state in."""
        draft = self.draft
        draft.entry += [*self._actions("entry"), *self._actions("onEntry")]
        draft.exit += [*self._actions("exit"), *self._actions("onExit")]
        invokes = Invokes(self.notes, draft, self.targets.root.name, self.reader.version)
        started = list(invokes.read())
        draft.entry += [Hook(Give(one.effect)) for one in started]
        draft.exit += [Hook(Give(CancelInvoke(one.effect.id))) for one in started]
        kept = {one.effect.id: one.meta for one in started if one.meta}
        if kept:
            draft.meta["invoke"] = kept
        self._transitions(started)

    def _actions(self, key: str) -> list[Hook]:
        return self.reader.actions.read(self.source.get(key), self.source.at(key), key)

    def _transitions(self, started: list[Invoked]) -> None:
        listed = list(self._listed())
        settled = [*self._done(), *(found for one in started for found in self._settling(one))]
        answers = [*listed, *settled]
        sorted_ = ordered(answers, _descriptor)
        if isinstance(self.source.get("on"), list) and ordered(listed, _descriptor) != listed:
            sorted_ = [*settled, *listed]  # v4 keeps the order of a list
        after = list(self._after())
        for one in self._entries("always"):
            self._eventless(one)
        found = [*(found for _, found in sorted_), *after, *self.always]
        self.draft.transitions += [one.transition for one in found]
        notes = {str(i): one.meta for i, one in enumerate(found) if one.meta}
        if notes:
            self.draft.meta["transitions"] = notes

    def _entries(self, key: str) -> Iterator[Entry]:
        if self.source.get(key) is not None:
            yield from entries(self.source[key], self.source.at(key), key)

    def _listed(self) -> Iterator[Answer]:
        """Yield what stands in ``on``: an object by event, or v4's list."""
        on, at = self.source.get("on"), self.source.at("on")
        if on is None:
            return
        if isinstance(on, Located):
            for event, value in on.items():
                place = f"on {event!r}"
                if value == []:
                    found = "an empty list of transitions says nothing: the event is not handled"
                    remedy = "Take it out; {} forbids an event"
                    self.notes.add("SC651", found, remedy, on.at(event), self._where(place))
                for entry in entries(value, on.at(event), place):
                    yield from self._answer(event, entry)
            return
        if not isinstance(on, list):
            self.notes.wrong("an object of transitions by event", on, at, self._where("on"))
            return
        for entry in entries(on, at, "on"):
            event = _of(entry.value, "event")
            if not isinstance(event, str):
                found = "a transition in a list does not say its event"
                remedy = 'Write {"event": "GO", "target": …}'
                self.notes.add("SC612", found, remedy, entry.line, self._where(entry.place))
                continue
            yield from self._answer(
                event, Entry(entry.value, entry.line, f"on {event!r}"), KNOWN_LISTED
            )

    def _answer(self, event: str, entry: Entry, *known: frozenset[str]) -> Iterator[Answer]:
        if not event:
            self._eventless(entry, *known)
            return
        descriptor = ours(event)
        trigger: Trigger = OnEvent((descriptor,))
        if descriptor.startswith(DONE_STATE):
            state = self.targets.by_id(descriptor.removeprefix(DONE_STATE))
            if state is self.draft:
                trigger = Done()
            elif state is not None:
                descriptor = f"{DONE_STATE}{state.name}"
                trigger = OnEvent((descriptor,))
        found = self.reader.read(entry, trigger, *known)
        if found is not None:
            yield descriptor, found

    def _eventless(self, entry: Entry, *known: frozenset[str]) -> None:
        found = self.reader.read(entry, Always(), *known)
        if found is None:
            return
        if found.transition.kind is TransitionKind.FORBIDDEN:
            text = "an eventless transition without target and actions does nothing; it is left out"
            remedy = "Give it a target"
            self.notes.add("SC651", text, remedy, entry.line, self._where(entry.place))
            return
        if self._returns(found.transition) and found.transition.guard is not None:
            text = "an eventless transition that ends where it began is taken while its guard holds"
            remedy = "Have it go elsewhere: XState takes it once"
            self.notes.add("SC652", text, remedy, entry.line, self._where(entry.place))
        self.always.append(found)

    def _returns(self, line: Transition) -> bool:
        """Tell whether a transition may leave the source active."""
        here = self.draft.id
        around = [f"{target}." for target in line.targets]
        return not line.targets or any(
            target == here or f"{target}.".startswith(f"{here}.") or f"{here}.".startswith(inner)
            for target, inner in zip(line.targets, around, strict=True)
        )

    def _done(self) -> Iterator[Answer]:
        if self.draft.parent is None:
            if self.source.get("onDone") is not None:
                at, where = self.source.at("onDone"), self._where("onDone")
                found = "nothing follows on the end of the machine itself; it is kept in its meta"
                self.notes.add("SC651", found, "Take it out", at, where)
                self.draft.meta["onDone"] = self.notes.plain(self.source["onDone"], at, where)
            return
        for entry in self._entries("onDone"):
            found_ = self.reader.read(entry, Done())
            if found_ is not None:
                yield DONE_STATE + self.draft.name, found_

    def _settling(self, invoked: Invoked) -> Iterator[Answer]:
        """Yield what follows on the end, the failure and the snapshots of a service."""
        for key, prefix in EVENTS.items():
            value = invoked.source.get(key)
            if value is None:
                continue
            descriptor = prefix + invoked.effect.id
            for entry in entries(value, invoked.source.at(key), f"{invoked.place} {key}"):
                found = self.reader.read(entry, OnEvent((descriptor,)))
                if found is not None:
                    yield descriptor, found

    def _after(self) -> Iterator[Found]:
        held, at = self.source.get("after"), self.source.at("after")
        if held is None:
            return
        listed: list[tuple[Any, list[Entry], tuple[frozenset[str], ...]]]
        if isinstance(held, Located):
            listed = [
                (key, list(entries(value, held.at(key), f"after {key}")), ())
                for key, value in held.items()
            ]
        elif isinstance(held, list):
            listed = [
                (_of(entry.value, "delay"), [entry], (KNOWN_LISTED,))
                for entry in entries(held, at, "after")
            ]
        else:
            self.notes.wrong("an object of transitions by delay", held, at, self._where("after"))
            return
        number = 0
        for key, group, known in listed:
            delay = self._delay(key, group[0].line if group else at)
            for entry in group:
                number += 1
                found = self.reader.read(
                    entry, After(delay, f"{self.draft.id}.after.{number}"), *known
                )
                if found is None:
                    continue
                if entry is not group[-1] and found.transition.kind is not TransitionKind.EXTERNAL:
                    text = "this keeps its state, so that the next line on the same delay comes too"
                    remedy = "Guard that one: XState takes the first of them only"
                    self.notes.add("SC652", text, remedy, entry.line, self._where(entry.place))
                yield found

    def _delay(self, value: Any, line: int) -> timedelta | Hook:
        """Return how long a delayed transition waits."""
        where = self._where("after")
        if is_number(value):
            time = duration(value)
            if time is None:
                self.notes.wrong("a number of milliseconds that can be waited", value, line, where)
                return SOON
            if time < SOON:
                found = f"XState takes a delay of {value} ms when the macrostep is over"
                remedy = "Here it is taken a microsecond later; write always if that is meant"
                self.notes.add("SC652", found, remedy, line, where)
            return max(time, SOON)
        if not isinstance(value, str) or not value:
            self.notes.wrong("a number of milliseconds, or the name of a delay", value, line, where)
            return SOON
        return self.delays.get(value) or Hook(NamedDelay(value))

    def _where(self, place: str) -> str:
        return element(self.draft, place)


def _descriptor(answer: Answer) -> str:
    return answer[0]


def _of(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None
