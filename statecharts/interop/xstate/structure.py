"""Structure: the tree of states, their kinds, their ids, and what is said about them."""

from __future__ import annotations

from typing import Any, Final

from statecharts.interop import limits
from statecharts.interop.documents import Document
from statecharts.interop.drafts import Draft
from statecharts.interop.syntax.located import Located
from statecharts.interop.xstate.notes import Notes, element
from statecharts.interop.xstate.targets import MACHINE, path_of
from statecharts.model.chart import HISTORY, StateKind
from statecharts.model.suggestions import did_you_mean

RUN: Final = frozenset(
    {
        *("id", "key", "type", "parallel", "history", "target", "initial", "states", "on"),
        *("always", "after", "onDone", "invoke", "entry", "exit", "onEntry", "onExit"),
        *("description", "meta"),
    }
)
"""The keys of a state that readers make something of."""

QUIET: Final = frozenset(
    {
        *("tags", "version", "types", "schema", "schemas", "tsTypes", "$schema", "order"),
        *("predictableActionArguments", "preserveActionOrder", "delimiter", "systemId"),
    }
)
"""The keys of a state that are documentation, as far as a run goes."""

LOUD: Final = frozenset({"output", "data", "context", "activities", "strict", "route"})
"""The keys of a state that XState acts on, and a run of ours does not."""

RESERVED: Final = frozenset({*QUIET, *LOUD, "id", "initial", "onDone", "transitions", "invoke"})
"""The keys of ``StateNode.meta`` that stand for something beside XState's ``meta``."""

_WRAPPERS: Final = ("machine", "config", "definition")
_MARKS: Final = ("states", "initial", "on", "type", "id")
_KINDS: Final = {
    "atomic": StateKind.ATOMIC,
    "compound": StateKind.COMPOUND,
    "parallel": StateKind.PARALLEL,
    "final": StateKind.FINAL,
    "history": StateKind.SHALLOW_HISTORY,
}


def unwrapped(held: Any, notes: Notes) -> Located:
    """Return the machine of a document, taken out of the objects that tools put around it.

    Raises:
        DocumentError: There is none.
    """
    document = notes.document
    around: list[str] = []
    machine = held
    while isinstance(machine, Located) and not isinstance(machine.get("states"), dict):
        key = next((k for k in _WRAPPERS if isinstance(machine.get(k), Located)), None)
        if key is None:
            break
        around += [k for k in machine if k != key]
        machine = machine[key]
    if not isinstance(machine, Located) or not any(key in machine for key in _MARKS):
        known = [*_MARKS, "machine"]
        given = list(machine)[:20] if isinstance(machine, dict) else []
        near = next((k for k in given if did_you_mean(k, known, "")), None)
        remedy = 'Give it "initial" and "states"'
        if near is not None:
            remedy = did_you_mean(near, known, remedy)
        found = "this is no machine of XState: it has no states"
        raise document.error("SC606", found, remedy, getattr(machine, "line", None))
    if around:
        found = f"beside the machine stands {', '.join(map(repr, around[:10]))}, which is not read"
        notes.add("SC651", found, "What is to be kept belongs into its meta", held.line, "")
    return machine


def planted(machine: Located, name: str, notes: Notes) -> Draft:
    """Return the tree of states of a machine, without what happens in it.

    Args:
        machine: The machine.
        name: What the chart is called when the machine has no id.
        notes: Where what is wrong is noted.
    """
    called = machine.get("id", machine.get("key"))
    if called is not None and not isinstance(called, str):
        notes.wrong("the name of the machine", called, machine.at("id"), "the machine id")
    root = Draft(called if isinstance(called, str) and called else name, source=machine)
    root.line = machine.line
    waiting = [(root, 0)]
    while waiting:
        draft, depth = waiting.pop()
        inner = _children(draft, notes)
        if inner and depth >= limits.STATES_DEEP:
            _too_deep(notes.document, inner[0])
        draft.kind = _kind(draft, notes)
        waiting.extend((child, depth + 1) for child in reversed(inner))
    return root


def _too_deep(document: Document, draft: Draft) -> None:
    found = f"states lie more than {limits.STATES_DEEP} deep one in the other"
    remedy = "Flatten the chart: nobody can read it"
    raise document.error("SC604", found, remedy, draft.line, repr(draft.name))


def _children(draft: Draft, notes: Notes) -> list[Draft]:
    source: Located = draft.source
    states = source.get("states")
    if states is None:
        return []
    at = source.at("states")
    if not isinstance(states, Located):
        notes.wrong("an object of states", states, at, f"{draft.name!r} states")
        return []
    found: list[Draft] = []
    for name, held in states.items():
        if not isinstance(held, Located):
            notes.wrong("a state, an object", held, states.at(name), repr(name))
            held = Located((), states.at(name))  # noqa: PLW2901 - so that others may name it
        found.append(draft.add(Draft(name, line=states.at(name), source=held)))
    return found


def _kind(draft: Draft, notes: Notes) -> StateKind:
    source: Located = draft.source
    said = source.get("type")
    history = source.get("history")
    at, where = source.at("type"), f"{draft.name!r} type"
    kind = StateKind.ATOMIC
    if said is None:
        if source.get("parallel") is True:
            kind = StateKind.PARALLEL
        elif history and not draft.children:
            kind = StateKind.SHALLOW_HISTORY
    elif isinstance(said, str) and said in _KINDS:
        kind = _KINDS[said]
    else:
        remedy = "Write atomic, compound, parallel, final or history"
        if isinstance(said, str):
            remedy = did_you_mean(said[:100], _KINDS, remedy)
        found = f"{said!r} is no type of state" if isinstance(said, str) else "the type is no text"
        notes.add("SC612", found, remedy, at, where)
    if kind is StateKind.ATOMIC and draft.children:
        kind = StateKind.COMPOUND
        if said == "atomic":
            found = f"the state is atomic and has {draft.children[0].name!r} inside"
            notes.add("SC612", found, "Make it compound, or parallel", at, where)
    if draft.parent is None and kind in (StateKind.FINAL, *HISTORY):
        found = f"the machine itself is {said or 'history'}"
        notes.add("SC612", found, "Make it compound, or parallel", at, where)
        return StateKind.COMPOUND
    if kind in HISTORY:
        if history not in (None, True, False, "shallow", "deep"):
            at = source.at("history")
            notes.wrong("deep, shallow or true", history, at, f"{draft.name!r} history")
        return StateKind.DEEP_HISTORY if history == "deep" else kind
    return kind


def named(root: Draft, notes: Notes) -> dict[str, Draft]:
    """Return the states that have an id of their own, by it; note ids that two of them bear."""
    found: dict[str, Draft] = {}
    for draft in root.walk():
        own = draft.source.get("id")
        if own is None or draft is root:
            continue
        at = draft.source.at("id")
        if not isinstance(own, str) or not own:
            notes.wrong("an id, a text", own, at, element(draft, "id"))
        elif own in found:
            text = f"two states have the id {own!r}; the other is {found[own].id!r}"
            notes.add("SC614", text, "Rename one of them", at, element(draft, "id"))
        else:
            found[own] = draft
    return found


def documented(draft: Draft, notes: Notes) -> None:
    """Fill in what a machine says about a state, and that a run makes nothing of."""
    source: Located = draft.source
    said = source.get("description")
    if isinstance(said, str):
        draft.doc = said
    elif said is not None:
        at = source.at("description")
        notes.wrong("a description, a text", said, at, element(draft, "description"))
    own: dict[str, Any] = {}
    for key, value in source.items():
        where = element(draft, key)
        if key in RUN:
            continue
        if key in LOUD and value not in (None, {}, [], False):
            found = f"{key!r} means nothing to a run of this chart; it is kept in its meta"
            notes.add(
                "SC651", found, "Have functions do it, with chart.bind(…)", source.at(key), where
            )
        elif key not in QUIET and key not in LOUD:
            remedy = notes.suggestions.remedy(
                key, [*RUN, *QUIET, *LOUD], "Take it out, or put it into meta"
            )
            found = f"XState knows no {key!r} of a state; it is kept in its meta"
            notes.add("SC651", found, remedy, source.at(key), where)
        if value not in (None, [], {}):
            own[key] = notes.plain(value, source.at(key), where)
    if "id" in source and draft.parent is not None and source["id"] != _default_id(draft):
        own["id"] = source["id"]
    meta = notes.plain(source.get("meta"), source.at("meta"), element(draft, "meta"))
    if isinstance(meta, dict) and not ({*RESERVED, *own, "meta"} & meta.keys()):
        draft.meta = {**meta, **own}
    else:
        draft.meta = own if meta is None else {"meta": meta, **own}


def _default_id(draft: Draft) -> str:
    root = draft
    while root.parent is not None:
        root = root.parent
    machine = root.source.get("id", MACHINE)
    return ".".join([str(machine), *path_of(draft)])
