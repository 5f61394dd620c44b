"""Reader: an SCXML document as a chart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, final

from attrs import evolve

from statecharts.interop import conditions
from statecharts.interop.documents import Document
from statecharts.interop.drafts import Draft, assemble, identify
from statecharts.interop.findings import Findings
from statecharts.interop.scxml.content import Content
from statecharts.interop.scxml.guards import guard_of
from statecharts.interop.scxml.structure import STATES, Outline
from statecharts.interop.syntax.xml import SCXML, Element, read
from statecharts.model.chart import (
    HISTORY,
    ROOT,
    After,
    Always,
    Chart,
    Default,
    Done,
    EventType,
    OnEvent,
    StateKind,
    Transition,
    TransitionKind,
    Trigger,
)
from statecharts.model.hooks import Hook
from statecharts.model.named import Named

_FEW: Final = 8
_PAIRS: Final = 200_000
"""How many pairs of targets are compared, whether they can be active together."""

_TRANSITION: Final = ("event", "cond", "target", "type")


def read_chart(document: Document, name: str) -> Chart:
    """Return the chart that a document holds.

    Args:
        document: The document.
        name: What the chart is called when the document does not say.

    Raises:
        DocumentError: Nothing can be made of the document.
        DefinitionError: The document, or the chart in it, has faults.
    """
    scxml = read(document)
    if scxml.tag != "scxml" or scxml.space not in (SCXML, ""):
        shown = f"{{{scxml.space}}}{scxml.tag}" if scxml.space else scxml.tag
        found = f"the outermost element is {shown!r}, not <scxml>"
        raise document.error("SC606", found, f'Begin with <scxml xmlns="{SCXML}">', scxml.line)
    findings = Findings(document)
    return findings.settle(chart_of(scxml, name, findings))


def chart_of(scxml: Element, name: str, findings: Findings) -> Chart:
    """Return the chart that an element holds; it is not checked yet."""
    outline = Outline(scxml, name, findings)
    reading = Reading(outline, findings)
    reading.fill()
    chart = assemble(outline.root, findings.document)
    if reading.resting:
        states = tuple(evolve(s, resting=s.id in reading.resting) for s in chart.states)
        root = evolve(chart.root, resting=ROOT in reading.resting)
        chart = evolve(chart, root=root, states=states)
    events = scxml.own("events")
    if events is not None:
        chart = evolve(chart, events=tuple(map(EventType, events.split())))
    return evolve(chart, closed=True) if scxml.own("closed") == "true" else chart


@final
class Reading:
    """Fills the states of an outline with their transitions and hooks."""

    def __init__(self, outline: Outline, findings: Findings) -> None:
        self.outline = outline
        self.findings = findings
        self.drafts = identify(outline.root, findings.document)
        self.content = Content(findings, self.guard, outline.hints)
        self.coded: Element | None = None
        self.pairs = 0
        self.resting: set[str] = set()

    def fill(self) -> None:
        """Fill all of them in."""
        root, scxml = self.outline.root, self.outline.scxml
        late = root.meta.get("binding") == "late"
        for draft in root.walk():
            home = draft if late else root
            home.entry.extend(self._data(draft.source))
        if self.outline.outer is not scxml:
            root.entry[:0] = self._data(scxml)
        scripts = (child for child in scxml.children if child.native and child.tag == "script")
        root.entry.extend(self.content.hooks(scripts))
        for draft in root.walk():
            self._state(draft)
        if self.coded is not None:
            found = "what it says about a data model is kept as names, and nothing evaluates it"
            remedy = "Bind functions to them: chart.bind(guards={…}, actions={…})"
            self.findings.add("SC651", found, remedy, self.coded.line, self.coded.label)

    def guard(self, element: Element) -> Hook | None:
        """Return the guard of a transition, ``<if>`` or ``<elseif>``."""
        stated = element.own("guard")
        if stated is not None:
            hook = guard_of(stated, self._own_state)
            if hook is None:
                found = "what our namespace says of the guard cannot be read"
                remedy = "Take sc:guard away; cond says it, too"
                self.findings.add("SC612", found, remedy, element.line, element.label)
            return hook
        text = element.attributes.get("cond")
        if text is None:
            return None
        if not text.strip():
            found = "the cond is empty"
            remedy = "Write a condition, or take the attribute away"
            self.findings.add("SC612", found, remedy, element.line, element.label)
            return None

        def resolve(state: str, quoted: bool) -> str | None:  # noqa: FBT001 - one way to be called
            known = self.outline.by_id.get(state)
            if known is None and quoted:
                found = f"In() asks for {state!r}, and there is no such state"
                remedy = self.outline.hints.remedy(
                    state, self.outline.by_id, "Name a state by its id"
                )
                self.findings.add("SC613", found, remedy, element.line, element.label)
            return None if known is None else known.id

        hook = conditions.guard(text, resolve)
        if isinstance(hook.function, Named) and self.coded is None:
            self.coded = element
        return hook

    def _own_state(self, name: str) -> str | None:
        known = self.outline.by_id.get(name)
        return None if known is None else known.id

    def _data(self, element: Element) -> Iterator[Hook]:
        for model in element.children:
            if not model.native or model.tag != "datamodel":
                continue
            for child in model.children:
                if not child.native or child.tag != "data":
                    self.outline.misplaced(child, model, ("data",))
                    continue
                self.coded = self.coded or child
                yield self.content.data(child)

    def _state(self, draft: Draft) -> None:
        element: Element = draft.source
        invokes: list[Element] = []
        done: list[Hook] = []
        for child in element.children:
            if not child.native or child.tag in STATES or child.own("root") is not None:
                continue
            if child.tag == "onentry":
                draft.entry.extend(self.content.hooks(child.children))
            elif child.tag == "onexit":
                draft.exit.extend(self.content.hooks(child.children))
            elif child.tag == "invoke" and element.tag != "scxml":
                invokes.append(child)
            elif child.tag == "donedata" and draft.kind is StateKind.FINAL:
                hook = self.content.donedata(child)
                done.append(hook)
                if child.content and not getattr(hook.function, "brings", ()):
                    self.coded = self.coded or child
            elif child.tag == "transition" and draft.kind not in HISTORY and element.tag != "scxml":
                transition = self._transition(draft, child)
                if transition is not None:
                    draft.transitions.append(transition)
        draft.entry.extend(done)
        for number, invoke in enumerate(invokes, 1):
            begin, end = self.content.invoke(invoke, f"{draft.name}.{number}")
            draft.entry.append(begin)
            draft.exit.append(end)
        draft.default = self._inside(draft, self._default(draft))
        if element.own("resting") == "true":
            self.resting.add(draft.id)

    def _default(self, draft: Draft) -> Transition | None:
        """Return what enters a state's initial children, or a history that is still empty."""
        element: Element = draft.source
        if draft.kind is StateKind.PARALLEL or draft.kind is StateKind.FINAL:
            return None
        lines = _named(element, "transition") if draft.kind in HISTORY else []
        initial = _named(element, "initial")
        for one in initial:
            found = _named(one, "transition")
            lines += found
            if not found:
                text = "an <initial> has no transition"
                remedy = "Put a <transition target=…> into it"
                self.findings.add("SC612", text, remedy, one.line, element.label)
        if draft.kind not in HISTORY:
            said = element.attributes.get("initial")
            if said is not None:
                return self._attribute(draft, said, initial)
        if len(lines) > 1:
            text = f"{element.label} has {len(lines)} default transitions"
            self.findings.add("SC612", text, "Keep one", lines[1].line, element.label)
        if lines:
            return self._default_line(draft, lines[0])
        regular = [child for child in draft.children if child.kind not in HISTORY]
        if draft.kind in HISTORY or not regular:
            return None
        place = None if draft.line is None else self.findings.document.place(draft.line)
        return Transition(draft.id, Default(), (regular[0].id,), location=place)

    def _inside(self, draft: Draft, default: Transition | None) -> Transition | None:
        """Return a default transition that leads into the state, or the history's parent.

        Another is noted, and made to lead to the first child, for it might go round in a circle.
        """
        home = draft.parent if draft.kind in HISTORY else draft
        if default is None or home is None:
            return default
        element: Element = draft.source
        wrong = [target for target in default.targets if not self._fits(draft, home, target)]
        for target in wrong:
            name = self.drafts[target].name if target in self.drafts else target
            what = "default" if draft.kind in HISTORY else "initial state"
            if target not in self.drafts:
                text = f"the {what} is {name!r}, and there is no such state"
                known = [child.name for child in home.children if child is not draft]
                remedy = self.outline.hints.remedy(name, known, "Name a state by its id")
                self.findings.add("SC613", text, remedy, draft.line, element.label)
            else:
                text = f"the {what} is {name!r}, which it cannot begin in"
                remedy = f"Name a state inside {home.source.label}, and no history by another"
                self.findings.add("SC612", text, remedy, draft.line, element.label)
        if not wrong:
            return default
        regular = [child.id for child in home.children if child.kind not in HISTORY]
        return evolve(default, targets=tuple(regular[:1])) if regular else None

    def _fits(self, draft: Draft, home: Draft, target: str) -> bool:
        found = self.drafts.get(target)
        if found is None or (draft.kind in HISTORY and found.kind in HISTORY):
            return False
        return home.id == ROOT or target.startswith(f"{home.id}.")

    def _attribute(self, draft: Draft, said: str, initial: list[Element]) -> Transition | None:
        element: Element = draft.source
        if initial:
            text = "the initial state is named by an attribute, and by an <initial>, too"
            self.findings.add(
                "SC612", text, "Take one of them away", initial[0].line, element.label
            )
        if not draft.children and draft.parent is not None:
            text = f"it has an initial state, {said!r}, and no states inside"
            remedy = "Take the attribute away, or put the states in"
            self.findings.add("SC612", text, remedy, draft.line, element.label)
            return None
        targets = self._targets(element, said, "initial", default=True)
        place = None if draft.line is None else self.findings.document.place(draft.line)
        return Transition(draft.id, Default(), targets, location=place)

    def _default_line(self, draft: Draft, line: Element) -> Transition:
        for name in line.attributes:
            if not name.startswith("{") and name not in ("target", "type"):
                text = f"a default transition has no {name}"
                remedy = "Take it away: it is always taken"
                self.findings.add("SC612", text, remedy, line.line, draft.source.label)
        targets: tuple[str, ...] = ()
        if self.content.needs(line, "target"):
            targets = self._targets(line, line.attributes["target"], "target", default=True)
        emit = tuple(self.content.hooks(line.children))
        if emit and draft.parent is None and self.outline.outer is self.outline.scxml:
            text = "the initial transition of the chart itself does something"
            remedy = "Put it into the <onentry> of the state: the standard never does it here"
            self.findings.add("SC611", text, remedy, line.line, "<initial>")
        return self._made(draft, line, Default(), targets, emit=emit)

    def _transition(self, draft: Draft, element: Element) -> Transition | None:
        said = element.attributes
        for name in said:
            if not name.startswith("{") and name not in _TRANSITION:
                text = f"<transition> has no attribute {name!r}"
                remedy = self.outline.hints.remedy(
                    name, _TRANSITION, f"It has {', '.join(_TRANSITION)}"
                )
                self.findings.add("SC612", text, remedy, element.line, element.label)
        kind = self._kind(element)
        trigger = self._trigger(draft, element)
        guard = self.guard(element)
        targets: tuple[str, ...] = ()
        if "target" in said and self.content.needs(element, "target"):
            targets = self._targets(element, said["target"], "target")
        if not {"event", "cond", "target"} & set(said):
            text = "a transition has no event, no cond and no target"
            self.findings.add("SC612", text, "Give it one of them", element.line, element.label)
            return None
        emit = tuple(self.content.hooks(element.children))
        return self._made(draft, element, trigger, targets, kind, guard, emit)

    def _made(
        self,
        draft: Draft,
        element: Element,
        trigger: Trigger,
        targets: tuple[str, ...],
        kind: TransitionKind = TransitionKind.EXTERNAL,
        guard: Hook | None = None,
        emit: tuple[Hook, ...] = (),
    ) -> Transition:
        place = None if element.line is None else self.findings.document.place(element.line)
        return Transition(draft.id, trigger, targets, kind, guard=guard, emit=emit, location=place)

    def _kind(self, element: Element) -> TransitionKind:
        kind = element.attributes.get("type", "external")
        if element.own("kind") == "forbidden":
            return TransitionKind.FORBIDDEN
        if kind not in ("external", "internal"):
            remedy = self.outline.hints.remedy(
                kind, ("external", "internal"), "Write 'external' or 'internal'"
            )
            text = f"the type of a transition is {kind!r}"
            self.findings.add("SC612", text, remedy, element.line, element.label)
        return TransitionKind.INTERNAL if kind == "internal" else TransitionKind.EXTERNAL

    def _trigger(self, draft: Draft, element: Element) -> Trigger:
        timer = element.own("after")
        if timer is not None:
            return self._after(draft, element, timer)
        if "event" not in element.attributes:
            return Always()
        self.content.needs(element, "event")
        events = tuple(element.attributes["event"].split())
        own = f"done.state.{draft.source.attributes.get('id', draft.name)}"
        if events == (own,) and element.own("trigger") is None:
            return Done()
        return OnEvent(events)

    def _after(self, draft: Draft, element: Element, timer: str) -> Trigger:
        """Return the trigger of a delayed transition that we have written ourselves."""
        for entry in _named(draft.source, "onentry"):
            for send in _named(entry, "send"):
                delay = self.content.delay(send, send.attributes.get("delay"))
                if send.own("after") == timer and delay is not None:
                    return After(delay, timer)
        text = f"nothing sends the event of the delayed transition {timer!r} on entry"
        remedy = "Take sc:after away, or give the <send> in <onentry> a delay and the same sc:after"
        self.findings.add("SC612", text, remedy, element.line, element.label)
        return Always()

    def _told(self, word: str) -> bool:
        """Tell whether the checks will tell of an unknown target, as they do of all charts'.

        Not where it is by chance how the chart calls another state, and not where there are so many
        that looking for the nearest name of each would take long.
        """
        return word not in self.drafts and self.outline.hints.afford(word, self.drafts)

    def _targets(
        self, element: Element, said: str, name: str, *, default: bool = False
    ) -> tuple[str, ...]:
        """Return the ids of the states that a document names; the checks tell of unknown ones."""
        found: list[str] = []
        words = said.split()
        self.pairs += len(words) ** 2
        if len(words) > _FEW and self.pairs > _PAIRS:
            text = f"the {name} is {len(words):,} states at once"
            remedy = "Go to one state, or to one in each region of a parallel state"
            self.findings.add("SC612", text, remedy, element.line, element.label)
            return ()
        for word in words:
            known = self.outline.by_id.get(word)
            if known is None and default and word not in self.drafts:
                found.append(word)
            elif known is None and not self._told(word):
                text = f"the {name} is {word!r}, and there is no such state"
                remedy = self.outline.hints.remedy(
                    word, self.outline.by_id, "Name a state by its id"
                )
                self.findings.add("SC613", text, remedy, element.line, element.label)
            else:
                found.append(word if known is None else known.id)
        if not found and not said.strip():
            text = f"the {name} is empty"
            remedy = "Name a state by its id, or take the attribute away"
            self.findings.add("SC612", text, remedy, element.line, element.label)
        return tuple(found)


def _named(element: Element, tag: str) -> list[Element]:
    return [child for child in element.children if child.native and child.tag == tag]
