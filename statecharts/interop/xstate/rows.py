"""Rows: the transitions of a state, by the keys that they stand under."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, final

from statecharts.interop.findings import Losses
from statecharts.interop.xstate.delays import NamedDelay, milliseconds
from statecharts.interop.xstate.events import DONE_STATE, ordered, theirs
from statecharts.interop.xstate.invokes import EVENTS
from statecharts.interop.xstate.spelling import Spelling, is_plain
from statecharts.model.chart import (
    After,
    Always,
    Chart,
    Done,
    OnEvent,
    StateNode,
    Transition,
    TransitionKind,
)
from statecharts.model.effects import Effect, Raise, Send
from statecharts.model.events import matches, wire_name
from statecharts.model.hooks import Hook
from statecharts.model.named import Bound, Give, event_name, parts


@final
class Rows:
    """Writes the transitions of states.

    Args:
        chart: The chart.
        spelling: Spells what is in it.
        losses: Where what cannot be said is noted.
    """

    def __init__(self, chart: Chart, spelling: Spelling, losses: Losses) -> None:
        self.chart = chart
        self.spelling = spelling
        self.losses = losses
        self.named: dict[str, list[str]] = {}
        for node in chart:
            self.named.setdefault(node.name, []).append(node.id)

    def of(self, node: StateNode, invoke: dict[str, dict[str, Any]]) -> dict[str, Any]:
        """Return the transitions of a state by the keys that they stand under."""
        rows: dict[str, Any] = {"on": {}, "always": [], "after": {}, "onDone": []}
        notes = node.meta.get("transitions")
        notes = notes if isinstance(notes, dict) else {}
        answers: list[tuple[str, int, dict[str, Any], bool]] = []
        for i, line in enumerate(node.transitions):
            more = notes.get(str(i))
            said = self._line(node, line, more if isinstance(more, dict) else {})
            match line.trigger:
                case OnEvent(events):
                    answers += [(_descriptor(e), i, said, False) for e in events]
                case Done():
                    answers.append((DONE_STATE + node.name, i, said, True))
                case Always():
                    rows["always"].append(said)
                case After(delay):
                    self._after(rows["after"], delay, said, node)
                case _:  # pragma: no cover - default transitions do not stand among these
                    pass
        self._check_order(node, answers)
        for descriptor, _, said, done in ordered(answers, lambda answer: answer[0]):
            key = next((k for k, p in EVENTS.items() if descriptor.startswith(p)), "")
            service = invoke.get(descriptor.removeprefix(EVENTS[key])) if key else None
            if done:
                rows["onDone"].append(said)
            elif service is not None:
                service.setdefault(key, []).append(said)
            else:
                name = self._foreign(descriptor, node)
                rows["on"].setdefault(name, []).append(said)
        rows["on"] = {name: _brief(said) for name, said in rows["on"].items()}
        rows["after"] = {name: _brief(said) for name, said in rows["after"].items()}
        for service in invoke.values():
            service |= {key: _brief(service[key]) for key in EVENTS if key in service}
        if rows["onDone"]:
            rows["onDone"] = [_brief(rows["onDone"])]
        found = {key: held for key, held in rows.items() if held}
        return found | ({"onDone": rows["onDone"][0]} if rows["onDone"] else {})

    def _line(self, node: StateNode, line: Transition, notes: Mapping[str, Any]) -> dict[str, Any]:
        said: dict[str, Any] = {}
        targets = [self.spelling.target(node, target) for target in line.targets]
        if targets:
            said["target"] = targets[0] if len(targets) == 1 else targets
        if line.guard is not None:
            said["guard"] = self.spelling.guard(line.guard)
        if line.emit:
            said["actions"] = self.spelling.actions(line.emit)
        if self.spelling.reenters(node, line):
            said["reenter"] = True
        for role, hook in (("make", line.make), ("update", line.update)):
            if hook is not None:
                found = f"{role}= of a transition of {node.id or 'the chart'!r} is not written"
                self.losses.add("SC671", found, "Make it a named action", line.location)
        if line.kind is TransitionKind.FORBIDDEN and (line.targets or line.emit):
            found = f"a forbidden transition of {node.id or 'the chart'!r} goes somewhere"
            self.losses.add("SC673", found, "Take its targets and actions away", line.location)
        if notes and is_plain(notes):
            said |= {key: value for key, value in notes.items() if key not in said}
        return said

    def _after(self, rows: dict[str, Any], delay: Any, said: Any, node: StateNode) -> None:
        if not isinstance(delay, Hook):
            name = str(milliseconds(delay))
            if "e" in name:
                name = f"{milliseconds(delay):.3f}"
        else:
            name = delay.name or "_"
            if not isinstance(delay.function, NamedDelay):
                found = f"the delay {name!r} of {node.id or 'the chart'!r} is code"
                self.losses.add("SC672", found, "Say it as a time", node.location)
        rows.setdefault(name, []).append(said)

    def _foreign(self, descriptor: str, node: StateNode) -> str:
        """Return what XState calls the events of a descriptor."""
        if not descriptor:
            self.losses.add("SC674", "an event has no name", "Name it", node.location)
        name = descriptor.removeprefix(DONE_STATE)
        if descriptor.startswith(DONE_STATE) and not name.endswith("*"):
            states = self.named.get(name, [])
            if len(states) == 1:
                return theirs(DONE_STATE) + self.spelling.state(states[0]).removeprefix("#")
            found = f"{descriptor!r} is of {len(states)} states, and XState names one by its id"
            self.losses.add("SC673", found, "Give the states different names", node.location)
        return theirs(descriptor)

    def _check_order(
        self, node: StateNode, answers: list[tuple[str, int, dict[str, Any], bool]]
    ) -> None:
        """Note transitions that XState asks in another order, where that makes a difference."""
        after = ordered(answers, lambda answer: answer[0])
        if after == answers:
            return
        place = {id(answer): i for i, answer in enumerate(after)}
        for i, one in enumerate(answers):
            for other in answers[i + 1 :]:
                turned = place[id(one)] > place[id(other)]
                if turned and matches(one[0], other[0].removesuffix(".*")):
                    found = (
                        f"{one[0]!r} stands before {other[0]!r} in {node.id or 'the chart'!r}, "
                        "and XState asks it later"
                    )
                    self.losses.add("SC673", found, "Put it last", node.location)
                    return


def mentioned(chart: Chart) -> Iterator[str]:
    """Yield the names of events that transitions wait for, and that actions raise and send."""
    for node in chart.nodes.values():
        for line in node.transitions:
            if isinstance(line.trigger, OnEvent):
                yield from map(_descriptor, line.trigger.events)
        waiting = list(node.hooks)
        while waiting:
            hook = waiting.pop()
            effect = effect_of(hook)
            if isinstance(effect, Raise | Send):
                yield event_name(effect.event)
            waiting.extend(parts(hook))


def _descriptor(event: type | str) -> str:
    return event if isinstance(event, str) else wire_name(event)


def _brief(said: list[Any]) -> Any:
    """Return transitions as briefly as XState takes them."""
    if len(said) > 1:
        return said
    only = said[0]
    return only["target"] if set(only) == {"target"} and isinstance(only["target"], str) else only


def effect_of(hook: Hook) -> Effect | None:
    """Return the effect that an action always gives; None for another."""
    function = hook.function
    if isinstance(function, Bound):
        function = function.reference
    return function.effect if isinstance(function, Give) else None
