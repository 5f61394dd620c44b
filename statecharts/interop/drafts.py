"""Drafts: the tree of states that a reader builds, before states have ids and names are resolved.

A reader builds the tree, lets `identify` give each state its id, and then, when every state can be
named, fills in transitions and hooks. `assemble` turns the tree into a chart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from attrs import define, field

from statecharts.interop import limits
from statecharts.interop.documents import Document
from statecharts.model.chart import (
    COMPOSITE,
    ROOT,
    Chart,
    EventType,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
)
from statecharts.model.effects import Raise, Send
from statecharts.model.events import NamedEvent
from statecharts.model.hooks import Hook
from statecharts.model.named import parts


@define(eq=False)
class Draft:
    """A state of a file.

    Attributes:
        name: The name that the file gives it.
        kind: Its kind.
        line: Its first line, from 1.
        source: Whatever the reader needs later to fill the state in.
        children: The states inside it, in document order.
        id: The id of the state in the chart; given by `identify`.
        default: Enters its initial child, or a history that is still empty.
        transitions: What leaves it, in document order.
        entry: Its actions on entry.
        exit: Its actions on exit.
        resting: Whether nothing is meant to leave it, though it is not final.
        doc: Its description.
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
    resting: bool = False
    doc: str = ""
    meta: dict[str, Any] = field(factory=dict)

    def add(self, child: Draft) -> Draft:
        """Put a state inside this one, as its last child."""
        child.parent = self
        self.children.append(child)
        return child

    def walk(self) -> Iterator[Draft]:
        """Yield this state and all inside it, in document order."""
        waiting: list[Draft] = [self]
        while waiting:
            draft = waiting.pop()
            yield draft
            waiting.extend(reversed(draft.children))


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
            draft.id = _free(wanted, found, numbers)
        found[draft.id] = draft
    return found


def _free(wanted: str, taken: dict[str, Draft], numbers: dict[str, int]) -> str:
    """Return an id that no state has yet: the wanted one, or that with a number behind it."""
    found = wanted
    while found in taken:
        numbers[wanted] = numbers.get(wanted, 1) + 1
        found = f"{wanted}_{numbers[wanted]}"
    return found


def assemble(root: Draft, document: Document) -> Chart:
    """Return the chart of a tree of states that is filled in; it is not checked yet.

    The chart has the name of the root. Its events are those that transitions name and that actions
    raise and send, in document order; descriptors with a wildcard name no event.
    """
    nodes = [_node(draft, document) for draft in root.walk()]
    events = tuple(EventType(name) for name in dict.fromkeys(_events(nodes)))
    return Chart(root.name, nodes[0], tuple(nodes[1:]), events, doc=root.doc)


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
        resting=draft.resting,
        doc=draft.doc,
        meta=draft.meta,
        location=None if draft.line is None else document.place(draft.line),
    )


def _events(nodes: Iterable[StateNode]) -> Iterator[str]:
    for node in nodes:
        for transition in node.transitions:
            events = transition.trigger.events if isinstance(transition.trigger, OnEvent) else ()
            for event in events:
                if isinstance(event, str) and not event.endswith("*"):
                    yield from () if event.startswith(("done.", "error.")) else (event,)
        for hook in node.hooks:
            yield from _sent(hook)


def _sent(hook: Hook) -> Iterator[str]:
    effect = getattr(hook.function, "effect", None)
    if isinstance(effect, Raise | Send) and isinstance(effect.event, NamedEvent):
        if getattr(effect, "target", None) is None:
            yield effect.event.name
    for part in parts(hook):
        yield from _sent(part)
