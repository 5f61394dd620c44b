"""Lines: what leads from state to state, and what states do when they are entered and left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any, Final, final

from statecharts.interop.drafts import Draft
from statecharts.interop.findings import Findings
from statecharts.interop.grammar import take
from statecharts.interop.swarm.declared import Declared
from statecharts.interop.swarm.syntax import HANDLER
from statecharts.interop.swarm.tree import place_of
from statecharts.interop.syntax.located import Located, plain
from statecharts.model.effects import Action, CancelInvoke, Invoke, Raise
from statecharts.model.events import NamedEvent, matches
from statecharts.model.hooks import Hook
from statecharts.model.named import AllOf, Give, Named
from statecharts.model.nodes import ROOT, After, OnEvent, StateKind, Transition, TransitionKind

TIMEOUT: Final = "timeout"
"""The event of a time that has run out where no target is named."""

_NEXT: Final = {"next_on_success": "success", "next_on_failure": "failure"}


@final
class Lines:
    """Fills in the states of one workflow; they have their ids.

    Args:
        workflow: Name of the workflow.
        states: The states by name.
        guards: What the guards mean, by name.
        policy: What the workflow says about trying again, for whoever runs its agents.
        declared: The agents and resources of the file.
        findings: Takes what is wrong.
    """

    def __init__(
        self,
        workflow: str,
        states: dict[str, Draft],
        guards: dict[str, str],
        policy: dict[str, Any],
        declared: Declared,
        findings: Findings,
    ) -> None:
        self.workflow = workflow
        self.states = states
        self.guards = guards
        self.policy = policy
        self.declared = declared
        self.findings = findings

    def fill(self) -> None:
        """Fill in what all states do, and where they lead."""
        for draft in self.states.values():
            self._leave(draft)
        for draft in self.states.values():
            self._time(draft)
            self._act(draft)

    # --- Ways out

    def _leave(self, draft: Draft) -> None:
        table: Located = draft.source
        ways: list[tuple[str, int, Transition | None]] = [
            *(self._handler(draft, handler) for handler in table.get("handlers", ())),
            *(self._next(draft, key) for key in _NEXT if key in table),
        ]
        if "timeout_target" in table:
            ways.extend(self._timeout(draft))
        elif draft.kind is StateKind.FINAL and "timeout_seconds" in table:
            ways.append(("'timeout_seconds'", table.at("timeout_seconds"), None))
        if ways and draft.kind is StateKind.FINAL:
            out, line, _ = ways[0]
            found = f"it is terminal, and {out} leads out of it"
            remedy = "Take that away, or terminal = true"
            self._note("SC617", found, remedy, line, draft)
            return
        draft.transitions.extend(way for _, _, way in ways if way is not None)

    def _handler(self, draft: Draft, table: Located) -> tuple[str, int, Transition | None]:
        told = table.get("event")
        shown = f"the handler of {told!r}" if isinstance(told, str) else "a handler"
        place = f"{place_of(draft, self.workflow)}, {shown}"
        handler, other = take(table, HANDLER, self.findings, place)
        if other:
            draft.meta.setdefault("handlers", []).append(plain({**handler, **other}))
        guards = [
            Hook(Named(name, doc=self.guards[name]))
            for name in handler.get("guards", ())
            if self._known(name, "guard", self.guards, handler.at("guards"), place)
        ]
        target = self._target(handler, "target", place)
        way = None
        if target is not None and "event" in handler:
            guard = Hook(AllOf(tuple(guards))) if len(guards) > 1 else next(iter(guards), None)
            trigger = OnEvent((handler["event"],))
            at = self.findings.document.place(table.line)
            way = Transition(draft.id, trigger, (target.id,), guard=guard, location=at)
        return shown, table.line, way

    def _next(self, draft: Draft, key: str) -> tuple[str, int, Transition | None]:
        line = draft.source.at(key)
        target = self._target(draft.source, key, place_of(draft, self.workflow))
        way = None
        if target is not None:
            at = self.findings.document.place(line)
            way = Transition(draft.id, OnEvent((_NEXT[key],)), (target.id,), location=at)
        return repr(key), line, way

    def _timeout(self, draft: Draft) -> Iterator[tuple[str, int, Transition | None]]:
        table: Located = draft.source
        line = table.at("timeout_target")
        target = self._target(table, "timeout_target", place_of(draft, self.workflow))
        if "timeout_seconds" in table:
            way = None
            if target is not None:
                way = _after(draft, table["timeout_seconds"], (target.id,), self._at(line))
            yield "'timeout_target'", line, way
        elif "timeout_seconds" not in table.lines:
            draft.meta["timeout_target"] = table["timeout_target"]
            found = "'timeout_target' without 'timeout_seconds' is never gone to"
            self._note("SC651", found, "Write timeout_seconds = …", line, draft)

    def _time(self, draft: Draft) -> None:
        """Have a time without a target raise ``timeout``, where something handles that."""
        table: Located = draft.source
        if "timeout_seconds" not in table or "timeout_target" in table.lines:
            return
        if draft.kind is StateKind.FINAL:  # told already
            return
        seconds, line = table["timeout_seconds"], table.at("timeout_seconds")
        if answers((*_above(draft), *draft.walk()), TIMEOUT):
            draft.transitions.append(raise_after(draft, seconds, self._at(line)))
            return
        draft.meta["timeout_seconds"] = seconds
        found = "'timeout_seconds' has no 'timeout_target', and nothing here handles 'timeout'"
        remedy = "Write timeout_target = …, or a handler of 'timeout'"
        self._note("SC651", found, remedy, line, draft)

    def _target(self, table: Located, key: str, place: str) -> Draft | None:
        name = table.get(key)
        if name is None or not self._known(name, "state", self.states, table.at(key), place):
            return None
        return self.states[name]

    # --- Entering and leaving

    def _act(self, draft: Draft) -> None:
        table: Located = draft.source
        draft.entry.extend(Hook(Give(Action(name))) for name in table.get("entry_actions", ()))
        draft.exit.extend(Hook(Give(Action(name))) for name in table.get("exit_actions", ()))
        place = place_of(draft, self.workflow)
        at = table.at("required_resources")
        for name in table.get("required_resources", ()):
            self._known(name, "resource", self.declared.resources, at, place)
        invoked = list(self._invoked(draft))
        draft.entry.extend(Hook(Give(invoke)) for invoke in invoked)
        ends = draft.kind is StateKind.FINAL and draft.parent is not None and not draft.parent.id
        if not ends:  # what ends the run is never left
            draft.exit.extend(Hook(Give(CancelInvoke(invoke.id))) for invoke in invoked)

    def _invoked(self, draft: Draft) -> Iterator[Invoke]:
        """Yield what starts the agents of a state, in the order of the file."""
        table: Located = draft.source
        place = place_of(draft, self.workflow)
        agents, line = table.get("agents", []), table.at("agents")
        for name, count in Counter(agents).items():
            if count > 1:
                found = f"it names the agent {name!r} more than once"
                self._note("SC614", found, "Take one of them away", line, draft)
        side_by_side = table.get("parallel_execution", False) or len(agents) < 2  # noqa: PLR2004
        if not side_by_side:
            found = (
                f"its {len(agents)} agents work one after the other; a chart starts them together, "
                f"and says in the data of each which one comes before"
            )
            remedy = "Give each a state of its own, or write parallel_execution = true"
            self._note("SC651", found, remedy, line, draft)
        outside = {name for above in _above(draft) for name in above.source.get("agents", ())}
        before: str | None = None
        for name in dict.fromkeys(agents):
            if not self._known(name, "agent", self.declared.agents, line, place):
                continue
            # Two that run at a time need two ids, for one of them is stopped before the other.
            called = f"{draft.id}.{name}" if name in outside else name
            data = {**self.declared.agents[name], **self.policy}
            if "required_resources" in table:
                data["required_resources"] = list(table["required_resources"])
            if not side_by_side and before is not None:
                data["after"] = before
            before = called
            yield Invoke(called, name, data)

    # --- Findings

    def _known(self, name: str, noun: str, known: Mapping[str, Any], line: int, place: str) -> bool:
        if name in known:
            return True
        found = f"there is no {noun} {name!r}"
        remedy = self.findings.suggestions.remedy(
            name, known, f"Declare it, or name another {noun}"
        )
        self.findings.add("SC613", found, remedy, line, place)
        return False

    def _note(self, code: str, found: str, remedy: str, line: int, draft: Draft) -> None:
        self.findings.add(code, found, remedy, line, place_of(draft, self.workflow))

    def _at(self, line: int) -> str:
        return self.findings.document.place(line)


def answers(drafts: Iterable[Draft], event: str) -> bool:
    """Tell whether one of some states handles an event."""
    return any(
        matches(descriptor, event)
        for draft in drafts
        for way in draft.transitions
        if isinstance(way.trigger, OnEvent)
        for descriptor in way.trigger.events
        if isinstance(descriptor, str)
    )


def raise_after(draft: Draft, seconds: float, location: str) -> Transition:
    """Return the transition that raises ``timeout`` when a state has been active for a time."""
    way = _after(draft, seconds, (), location)
    emit = (Hook(Give(Raise(NamedEvent(TIMEOUT)))),)
    kind = TransitionKind.INTERNAL
    return Transition(way.source, way.trigger, kind=kind, emit=emit, location=location)


def _after(draft: Draft, seconds: float, targets: tuple[str, ...], location: str) -> Transition:
    trigger = After(timedelta(seconds=seconds), f"{draft.id}.after.1")
    return Transition(draft.id, trigger, targets, location=location)


def _above(draft: Draft) -> Iterator[Draft]:
    """Yield the superstates of a state, innermost first, without the chart itself."""
    above = draft.parent
    while above is not None and above.id != ROOT:
        yield above
        above = above.parent
