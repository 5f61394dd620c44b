"""Drafts: the tree of states that a reader builds, before states have ids and names are resolved.

A reader builds the tree, lets `identify` give each state its id, and then, when every state can be
named, fills in transitions and hooks. `assemble` turns the tree into a chart.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any, Final

from attrs import define, evolve, field

from statecharts.checks.places import listed
from statecharts.interop import limits
from statecharts.interop.documents import Document
from statecharts.interop.findings import Findings
from statecharts.model.chart import (
    COMPOSITE,
    HISTORY,
    ROOT,
    Chart,
    Default,
    EventType,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
)
from statecharts.model.effects import Action, Raise, Send, Service
from statecharts.model.events import CallFailed, NamedEvent
from statecharts.model.hooks import Hook
from statecharts.model.named import AllOf, Give, within
from statecharts.model.nodes import Invocation

FAILED: Final = "error.platform"
"""The beginning of the name of the event by which a file reports that a service has failed."""

_ANY_FAILURE: Final = ("error", FAILED, "error.communication", "error.execution")
_ANSWERS: Final = re.compile(r"(done\.invoke\.|error\.platform\.|xstate\.snapshot\.)(.+)")
_APART: Final = re.compile(r"[\s.#]+")


@define(eq=False)
class Draft:
    """A state of a file, with its children, lines and hooks in document order.

    Attributes:
        source: Whatever the reader needs later to fill the state in.
        id: The id of the state in the chart; given by `identify`.
        default: Enters its initial child, or a history that is still empty.
        renamed: The names of calls by the ids that the file has for them, where these differ.
        numbers: How many calls wanted a name that was taken.
        resting: Whether nothing is meant to leave it, though it is not final.
        meta: Everything else that the file has about it.
    """

    name: str
    kind: StateKind = StateKind.ATOMIC
    line: int | None = None
    source: Any = None
    children: list[Draft] = field(factory=list)
    parent: Draft | None = None
    id: str = ROOT
    default: Transition | None = None
    transitions: list[Transition] = field(factory=list)
    entry: list[Hook] = field(factory=list)
    exit: list[Hook] = field(factory=list)
    invoke: dict[str, Invocation] = field(factory=dict)
    renamed: dict[str, str] = field(factory=dict)
    numbers: dict[str, int] = field(factory=dict)
    resting: bool = False
    doc: str = ""
    meta: dict[str, Any] = field(factory=dict)

    def add(self, child: Draft) -> Draft:
        """Put a state inside this one, as its last child."""
        child.parent = self
        self.children.append(child)
        return child

    def call(
        self, id: str, service: Service, findings: Findings, line: int | None, name: str = ""
    ) -> str:
        """Have the state call a service; return the id by which lines of it name the call.

        The call is named after its id in the file, or after ``name`` where that id says nothing to
        people, with underscores for dots and spaces. A second call of a name gets a number.
        """
        wanted = _APART.sub("_", name or id) or "_"
        called = free(wanted, self.invoke, self.numbers)
        place = findings.document.location(line)
        self.invoke[called] = Invocation(called, Service, Hook(Give(service)), place)
        if called != id and not name:
            found = f"the service {id!r} of {self.name!r} has the name {called!r} here"
            findings.add("SC652", found, f"Answer it with 'done.invoke.{called}'", line)
        if called == id or id in self.invoke or id in self.renamed:
            return called
        self.renamed[id] = called
        return id

    def walk(self) -> Iterator[Draft]:
        """Yield this state and all inside it, in document order."""
        waiting: list[Draft] = [self]
        while waiting:
            draft = waiting.pop()
            yield draft
            waiting.extend(reversed(draft.children))

    def ancestors(self) -> Iterator[Draft]:
        """Yield the states around this one, innermost first; the root comes last."""
        above = self.parent
        while above is not None:
            yield above
            above = above.parent


def identify(root: Draft, document: Document) -> dict[str, Draft]:
    """Give every state its id, the path of names; return the states by id, in document order.

    Dots in names become underscores, for a dot separates the parts of a path; where that makes two
    siblings alike, the later one gets a number.

    Raises:
        DocumentError: States are nested too deep.
    """
    found: dict[str, Draft] = {}
    numbers: dict[str, int] = {}
    depths = {id(root): 0}
    for draft in root.walk():
        if draft is not root and draft.parent is not None:
            depth = depths[id(draft)] = depths[id(draft.parent)] + 1
            if depth > limits.STATES_DEEP:
                text = f"states are nested more than {limits.STATES_DEEP} deep"
                remedy = "Flatten the chart"
                raise document.error("SC604", text, remedy, draft.line, repr(draft.name))
            part = draft.name.replace(".", "_") or "_"
            wanted = f"{draft.parent.id}.{part}" if draft.parent.id else part
            draft.id = free(wanted, found, numbers)
        found[draft.id] = draft
    return found


def free(wanted: str, taken: Container[str], numbers: dict[str, int] | None = None) -> str:
    """Return a name that is not taken: the wanted one, or that with a number added.

    ``numbers`` remembers the last number of each name where many are wanted.

    >>> free("go", ["go", "go_2"])
    'go_3'
    """
    found, numbers = wanted, {} if numbers is None else numbers
    while found in taken:
        numbers[wanted] = numbers.get(wanted, 1) + 1
        found = f"{wanted}_{numbers[wanted]}"
    return found


def all_of(guards: Iterable[Hook]) -> Hook | None:
    """Return one guard that asks all of several; None if there are none."""
    hooks = tuple(guards)
    return Hook(AllOf(hooks)) if len(hooks) > 1 else next(iter(hooks), None)


def assemble(root: Draft, findings: Findings) -> Chart:
    """Return the chart of a tree of states that is filled in; it is not checked yet.

    The chart has the name of the root. Its events are those that transitions name and that actions
    raise and send, in document order; descriptors with a wildcard name no event.
    """
    drafts = list(root.walk())
    for draft in drafts:
        if draft.kind in HISTORY and draft.default is None and draft.parent is not None:
            _remember(draft, draft.parent, findings)
    if any(draft.invoke for draft in drafts):
        for draft in drafts:
            _settle(draft, findings)
        for draft in drafts:
            draft.transitions[:] = _answering(draft, findings)
    nodes = [_node(draft, findings.document) for draft in drafts]
    events = tuple(EventType(name) for name in dict.fromkeys(_events(nodes)))
    return Chart(root.name, nodes[0], tuple(nodes[1:]), events, doc=root.doc)


def _remember(draft: Draft, home: Draft, findings: Findings) -> None:
    """Have a history without a default begin where its parent does."""
    ids = tuple(child.id for child in home.children if child.kind not in HISTORY)
    ids = ids if home.default is None else home.default.targets
    if ids and draft.id not in ids:
        found = (
            "the history has no default; where it has nothing to remember, its parent's is taken"
        )
        findings.add("SC652", found, "Say where to begin", draft.line, f"state {draft.name!r}")
        draft.default = Transition(draft.id, Default(), ids)


def _settle(draft: Draft, findings: Findings) -> None:
    """Have a final state give actions in place of calls: nothing takes their answers."""
    if draft.kind is StateKind.FINAL or draft.kind in HISTORY:
        for call in draft.invoke.values():
            service = getattr(call.make and call.make.function, "effect", Service(call.name))
            if draft.kind is StateKind.FINAL:
                draft.entry.append(Hook(Give(Action(service.source, service.data))))
            found = f"a state that is {draft.kind.value} calls no service"
            remedy = f"Call {service.source!r} in a state that is active for a while"
            findings.add("SC652", found, remedy, draft.line, f"state {draft.name!r}")
        draft.invoke.clear()


def _answering(draft: Draft, findings: Findings) -> Iterator[Transition]:
    """Yield the lines of a state, each taking the events of a call by both of its names.

    A line on the failure of a service takes `CallFailed`, which says only that one has failed.
    """
    heard: dict[str, str] | None = None
    for line in draft.transitions:
        if not isinstance(line.trigger, OnEvent):
            yield line
            continue
        events = tuple(e for event in line.trigger.events for e in _names(event, draft.renamed))
        about = {_failing(event) for event in events} - {None}
        if about and CallFailed not in events:
            if heard is None:
                # Only the holder, what is inside it and what is around it hear of a failure.
                near = [*draft.walk(), *draft.ancestors()]
                heard = {name: name for one in near for name in one.invoke}
                heard |= {id: name for one in near for id, name in one.renamed.items()}
            names = set(heard.values())
            failing = names if "" in about else {heard[id] for id in about if id in heard}
            if failing:
                events = (*events, CallFailed)
            if failing and names != failing:
                found = f"a line on the failure of {listed(sorted(failing))}"
                found += f" takes that of {listed(sorted(names - failing))}, too"
                remedy = "Give each service a state of its own"
                findings.add("SC652", found, remedy, draft.line, f"state {draft.name!r}")
        yield line if events == line.trigger.events else evolve(line, trigger=OnEvent(events))


def _names(event: type | str, renamed: Mapping[str, str]) -> Iterator[type | str]:
    yield event
    prefix, id = answered(event)
    if id in renamed:
        yield prefix + renamed[id]


def answered(event: type | str) -> tuple[str, str]:
    """Return the beginning of the name of an event about a service, and the id of the service.

    >>> answered("error.platform.fetch"), answered("go")
    (('error.platform.', 'fetch'), ('', ''))
    """
    found = _ANSWERS.fullmatch(event) if isinstance(event, str) else None
    return ("", "") if found is None else (found[1], found[2])


def _failing(event: type | str) -> str | None:
    """Return the call whose failure an event of a file reports; empty for that of any call."""
    if not isinstance(event, str) or not event.startswith("error"):
        return None
    name = event.removesuffix(".*").removesuffix(".")
    if name in _ANY_FAILURE:
        return ""
    return name.removeprefix(f"{FAILED}.") if name.startswith(f"{FAILED}.") else None


def _node(draft: Draft, document: Document) -> StateNode:
    kind = draft.kind
    if kind is StateKind.ATOMIC and draft.children:
        kind = StateKind.COMPOUND
    if draft.parent is None and kind not in COMPOSITE:
        kind = StateKind.COMPOUND
    return StateNode(
        draft.id,
        kind,
        draft.name,
        None if draft.parent is None else draft.parent.id,
        tuple(child.id for child in draft.children),
        draft.default,
        tuple(draft.transitions),
        entry=tuple(draft.entry),
        exit=tuple(draft.exit),
        invoke=tuple(draft.invoke.values()),
        resting=draft.resting,
        doc=draft.doc,
        meta=draft.meta,
        location=document.location(draft.line),
    )


def _events(nodes: Iterable[StateNode]) -> Iterator[str]:
    for node in nodes:
        for transition in node.transitions:
            for event in transition.events:
                if isinstance(event, str) and not event.endswith("*"):
                    yield from () if event.startswith(("done.", "error.")) else (event,)
        yield from (event.name for event in own_events(node) if isinstance(event, NamedEvent))


def own_events(node: StateNode) -> Iterator[Any]:
    """Yield the events that actions of a state raise, or send to the run itself."""
    for hook in within(*node.hooks):
        effect = getattr(hook.function, "effect", None)
        if isinstance(effect, Raise) or (isinstance(effect, Send) and effect.target is None):
            yield effect.event
