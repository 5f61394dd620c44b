"""Transitions: the lines that leave a state, and those that enter it by default."""

from __future__ import annotations

from typing import Final, final

from attrs import frozen

from statecharts.interop import limits
from statecharts.interop.css_times import css_time
from statecharts.interop.drafts import Draft
from statecharts.interop.findings import Findings
from statecharts.interop.scxml.content import Content
from statecharts.interop.scxml.syntax import named
from statecharts.interop.syntax.xml import Element
from statecharts.model.chart import (
    HISTORY,
    ROOT,
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

_KINDS: Final = {"internal": TransitionKind.INTERNAL, "forbidden": TransitionKind.FORBIDDEN}


@final
@frozen(eq=False)
class Lines:
    """Reads the transitions of states.

    Attributes:
        states: The states by their ids in the document.
        drafts: The states by their ids in the chart.
    """

    findings: Findings
    content: Content
    states: dict[str, Draft]
    drafts: dict[str, Draft]

    def transition(self, draft: Draft, element: Element) -> Transition | None:
        """Return the transition of an element; None if it says nothing."""
        said = element.attributes
        if not {"event", "cond", "target"} & set(said):
            found = "a transition has no event, no cond and no target"
            self._add("SC612", found, "Give it one of them", element)
            return None
        kind = _KINDS.get(element.own("kind") or said.get("type", ""), TransitionKind.EXTERNAL)
        trigger, guard = self._trigger(draft, element), self.content.guard(element)
        targets = self._targets(element, said.get("target", ""))
        emit = tuple(self.content.hooks(element.children))
        at = self._place(element)
        return Transition(draft.id, trigger, targets, kind, guard=guard, emit=emit, location=at)

    def default(self, draft: Draft) -> Transition | None:
        """Return the transition to a state's initial children, or out of an empty history."""
        element: Element = draft.source
        if draft.kind in (StateKind.PARALLEL, StateKind.FINAL):
            return None
        initial = named(element, "initial")
        for one in initial:
            if not named(one, "transition"):
                found = "an <initial> has no transition"
                remedy = "Put a <transition target=…> into it"
                self.findings.add("SC612", found, remedy, one.line, element.label)
        homes = [element] if draft.kind in HISTORY else initial
        lines = [line for home in homes for line in named(home, "transition")]
        said = None if draft.kind in HISTORY else element.attributes.get("initial")
        if said is not None and initial:
            found = "the initial state is given twice, by an attribute and by an <initial>"
            self.findings.add("SC612", found, "Keep one of them", initial[0].line, element.label)
        elif len(lines) > 1:
            found = f"{element.label} has {len(lines)} default transitions"
            self.findings.add("SC612", found, "Keep one of them", lines[1].line, element.label)
        if said is not None:
            if not draft.children and draft.parent is not None:
                found = f"it has an initial state, {said!r}, and no states inside"
                self._add("SC612", found, "Remove initial, or add the states", element)
                return None
            return self._entering(draft, element, said)
        if lines:
            return self._default_line(draft, lines[0])
        regular = _regular(draft)
        if draft.kind in HISTORY or not regular:
            return None
        return Transition(draft.id, Default(), (regular[0].id,), location=self._place(element))

    def _default_line(self, draft: Draft, line: Element) -> Transition | None:
        element: Element = draft.source
        for name in (name for name in ("event", "cond") if name in line.attributes):
            found = f"a default transition has no {name}"
            remedy = f"Remove {name}: a default is always taken"
            self.findings.add("SC612", found, remedy, line.line, element.label)
        if "target" not in line.attributes:
            self.content.missing(line, "target")
        emit = tuple(self.content.hooks(line.children))
        if emit and element.tag == "scxml":
            found = "the initial transition of the chart itself does something, once"
            remedy = "Do it in the <onentry> of the state: the standard ignores it here"
            self.findings.add("SC652", found, remedy, line.line, "<initial>")
        return self._entering(draft, line, line.attributes.get("target", ""), emit)

    def _entering(
        self, draft: Draft, element: Element, said: str, emit: tuple[Hook, ...] = ()
    ) -> Transition | None:
        """Return a default transition to states inside the state, or inside a history's parent.

        Other targets are reported and left out: they might form a circle.
        """
        home = draft.parent if draft.kind in HISTORY and draft.parent else draft
        what = "default" if draft.kind in HISTORY else "initial state"
        targets: list[str] = []
        for word in said.split()[: limits.TARGETS]:
            known = self.states.get(word)
            if known is None:
                found = f"the {what} is {word!r}, and there is no such state"
                near = [child.name for child in home.children if child is not draft]
                remedy = self.findings.suggestions.remedy(word, near, "Name a state by its id")
                self._add("SC613", found, remedy, draft.source)
            elif not _begins(draft, home, known):
                found = f"the {what} is {word!r}, which it cannot begin in"
                remedy = f"Name a state inside {home.source.label} that is not a history"
                self._add("SC612", found, remedy, draft.source)
            else:
                targets.append(known.id)
        targets = targets or [child.id for child in _regular(home)[:1]]
        if not targets:
            return None
        at = self._place(element)
        return Transition(draft.id, Default(), tuple(targets), emit=emit, location=at)

    def _place(self, element: Element) -> str | None:
        return self.findings.document.location(element.line)

    def _trigger(self, draft: Draft, element: Element) -> Trigger:
        timer = element.own("after")
        if timer is not None:
            return self._after(draft, element, timer)
        if "event" not in element.attributes:
            return Always()
        events = tuple(element.attributes["event"].split())
        done = f"done.state.{draft.source.attributes.get('id', draft.name)}"
        if events == (done,) and element.own("trigger") is None:
            return Done()
        return OnEvent(events)

    def _after(self, draft: Draft, element: Element, timer: str) -> Trigger:
        """Return the trigger of a delayed transition that our writer has marked."""
        for entry in named(draft.source, "onentry"):
            for send in named(entry, "send"):
                delay = css_time(send.attributes.get("delay", ""))
                if send.own("after") == timer and delay is not None:
                    return After(delay, timer)
        found = f"no <send> on entry starts the delayed transition {timer!r}"
        remedy = "Remove sc:after, or give a <send> in <onentry> a delay and the same sc:after"
        self._add("SC612", found, remedy, element)
        return Always()

    def _targets(self, element: Element, said: str) -> tuple[str, ...]:
        """Return the ids of target states; the checks report unknown ones."""
        targets: list[str] = []
        for word in said.split()[: limits.TARGETS]:
            known = self.states.get(word)
            if known is None and word in self.drafts:  # the chart's id, not the document's
                found = f"the target is {word!r}, and there is no such state"
                advise = self.findings.suggestions.remedy
                remedy = advise(word, self.states, "Name a state by its id")
                self._add("SC613", found, remedy, element)
            else:
                targets.append(word if known is None else known.id)
        return tuple(targets)

    def _add(self, code: str, found: str, remedy: str, element: Element) -> None:
        self.findings.add(code, found, remedy, element.line, element.label)


def _regular(draft: Draft) -> list[Draft]:
    return [child for child in draft.children if child.kind not in HISTORY]


def _begins(draft: Draft, home: Draft, target: Draft) -> bool:
    """Tell whether a state, or a history in it, may begin in a target."""
    if draft.kind in HISTORY and target.kind in HISTORY:
        return False
    return target.id != ROOT and (home.id == ROOT or target.id.startswith(f"{home.id}."))
