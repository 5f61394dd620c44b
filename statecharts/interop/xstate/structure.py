"""Structure: the tree of states, their kinds and ids, and the states that a spelling means.

XState resolves ``b`` and ``b.c`` from the parent, ``.c`` from the state itself, and ``#id`` and
``#id.c`` from the state of that id. The id of a state that has no id of its own is the path of keys
from the machine's.
"""

from __future__ import annotations

import re
from typing import Any, Final, final

from statecharts.interop import limits
from statecharts.interop.drafts import Draft, identify
from statecharts.interop.syntax.located import Located
from statecharts.interop.xstate import syntax
from statecharts.model.chart import HISTORY, Done, StateKind

_KEY: Final = re.compile(r"(?:^|\.)((?:\\.?|[^\\.])*)", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.?)", re.DOTALL)
_KINDS: Final = {
    "atomic": StateKind.ATOMIC,
    "compound": StateKind.COMPOUND,
    "parallel": StateKind.PARALLEL,
    "final": StateKind.FINAL,
    "history": StateKind.SHALLOW_HISTORY,
}

ALONE: Final = "active"  # the one state of a machine without states, an atomic one to XState


def planted(machine: Located, name: str, notes: syntax.Notes) -> dict[str, Draft]:
    """Return the states of a machine by id, the machine itself first, with their documentation.

    ``name`` is that of the chart when the machine has no id.
    """
    called = machine.get("id", machine.get("key"))
    kind = machine.get("type")
    alone = kind in (None, "atomic", "parallel", "final")
    if not machine.get("states") and not machine.get("initial") and alone:
        only = Located({"type": kind} if kind == "final" else (), machine.line)
        states = Located({ALONE: only}, machine.line)
        inside = {"type": None, "initial": ALONE, "states": states}
        machine = Located({**machine, **inside}, machine.line, machine.lines)
    root = Draft(called if isinstance(called, str) else name, line=machine.line, source=machine)
    waiting = [root]
    while waiting:
        draft = waiting.pop()
        held = draft.source if isinstance(draft.source, Located) else Located()
        inner = held.get("states")
        leaf = draft is not root and held.get("type") in ("final", "atomic")
        if isinstance(inner, Located) and not leaf:
            for key, state in inner.items():
                waiting.append(draft.add(Draft(key, line=inner.at(key), source=state)))
    drafts = identify(root, notes.document)
    for draft in drafts.values():
        spot = syntax.Spot(draft, draft.line)
        if not isinstance(draft.source, Located):
            notes.wrong("an object for a state", draft.source, spot)
            draft.source = Located((), draft.line or 1)
        table = syntax.MACHINE_STATE if draft is root else syntax.STATE
        draft.source, other = notes.take(draft.source, table, spot)
        draft.kind = _kind(draft, notes)
        _document(draft, other, notes)
    return drafts


def _kind(draft: Draft, notes: syntax.Notes) -> StateKind:
    said, history = draft.source.get("type"), draft.source.get("history")
    spot = syntax.Spot.of(draft, "type")
    kind = _KINDS.get(said, StateKind.ATOMIC)
    if said is None and draft.source.get("parallel") is True:
        kind = StateKind.PARALLEL
    elif said is None and history and not draft.children:
        kind = StateKind.SHALLOW_HISTORY
    if draft.source.get("states") and not draft.children:
        found = f"XState enters nothing inside a state that is {said}; that is left out"
        notes.note("SC651", found, "Make it compound, or remove them", spot)
    if kind is StateKind.PARALLEL and not draft.children:
        found = "a parallel state without regions is read as an ordinary one"
        notes.note("SC651", found, "Give it regions", spot)
        return StateKind.ATOMIC
    if kind is StateKind.ATOMIC and draft.children:
        kind = StateKind.COMPOUND
    if draft.parent is None and kind in (StateKind.FINAL, *HISTORY):
        found = f"the machine itself is {said or 'history'}"
        notes.note("SC612", found, "Make it compound, or parallel", spot)
        return StateKind.COMPOUND
    deep = kind in HISTORY and history == "deep"
    return StateKind.DEEP_HISTORY if deep else kind


def _document(draft: Draft, other: dict[str, Any], notes: syntax.Notes) -> None:
    """Keep what a machine says about a state and a run ignores."""
    source: Located = draft.source
    draft.doc = source.get("description", "")
    kept = {key: source[key] for key in source if key in syntax.QUIET or key in syntax.LOUD}
    own: dict[str, Any] = {}
    for key, value in {**kept, **other}.items():
        spot = syntax.Spot.of(draft, key)
        if value in (None, [], {}):
            continue
        if key in syntax.LOUD and value is not False:
            found = f"a run of this chart ignores {key!r}; it is kept in its meta"
            notes.note("SC651", found, "Have functions do it, with chart.bind(…)", spot)
        own[key] = notes.plain(value, spot)
    if "id" in source and draft.parent is not None and source["id"] != _default_id(draft):
        own["id"] = source["id"]
    meta = notes.plain(source.get("meta"), syntax.Spot.of(draft, "meta"))
    if isinstance(meta, dict) and not ({*syntax.RESERVED, *own, "meta"} & meta.keys()):
        draft.meta = {**meta, **own}
    else:
        draft.meta = own if meta is None else {"meta": meta, **own}


def _default_id(draft: Draft) -> str:
    *_, root = draft.ancestors()
    return ".".join([str(root.source.get("id", syntax.MACHINE)), *path_of(draft)])


def settle_finals(root: Draft, notes: syntax.Notes) -> None:
    """Remove transitions from final states, or make states with transitions ordinary ones.

    XState lets a final state go on. At the top, the machine has stopped. Further down, a state that
    nothing waits for is an ordinary one, and nothing leaves the others, as in SCXML.
    """
    for draft in root.walk():
        parent = draft.parent
        if draft.kind is not StateKind.FINAL or not draft.transitions or parent is None:
            continue
        code, remedy = "SC651", "Remove them"
        if parent is root and root.kind is StateKind.COMPOUND:
            draft.transitions.clear()
            found = "the machine has stopped in this final state; its transitions are left out"
        elif not _awaited(parent):
            draft.kind = StateKind.ATOMIC
            found = f"a final state that can be left; nothing waits for {parent.name!r} to be done"
            found, remedy = f"{found}, so it is read as an ordinary one", 'Remove "type": "final"'
        else:
            draft.transitions.clear()
            found = "XState can leave this final state; here its transitions are left out, for"
            found = f"{found} something waits for {parent.name!r} to be done"
            code, remedy = "SC652", "Make it an ordinary state, with a transition to a final one"
        notes.note(code, found, remedy, syntax.Spot(draft, draft.line))


def _awaited(state: Draft) -> bool:
    """Tell whether anything follows when a state is done."""
    at: Draft | None = state
    while at is not None:
        if at.parent is None or any(isinstance(line.trigger, Done) for line in at.transitions):
            return True
        at = at.parent if at.parent.kind is StateKind.PARALLEL else None
    return False


@final
class Targets:
    """Resolves the names of states; notes two states with one id.

    In version 4, the machine's own targets may leave out the dot.
    """

    def __init__(self, root: Draft, notes: syntax.Notes, version: int) -> None:
        self.root = root
        own: dict[str, Draft] = {}
        for draft in root.walk():
            name = None if draft is root else draft.source.get("id")
            if name in own:
                text = f"two states have the id {name!r}; the other is {own[name].id!r}"
                notes.note("SC614", text, "Rename one of them", syntax.Spot.of(draft, "id"))
            elif name is not None:
                own[name] = draft
        self.ids = {syntax.MACHINE: root, root.name: root, **own}
        self.version = version
        said = root.source.get("delimiter")
        chosen = isinstance(said, str) and said and version == syntax.FOUR
        self.delimiter: str = said if chosen else "."
        drafts = root.walk()
        self._children = {id(d): {child.name: child for child in d.children} for d in drafts}

    def find(self, source: Draft, text: str) -> Draft | None:
        """Return the state that a target of a state means; None when there is no such state."""
        if not text or len(text) > limits.CONDITION_LENGTH:
            return None
        if text[0] == "#" and (found := self.by_id(text)) is not None:
            return found
        if text.startswith(self.delimiter):
            return self.down(source, keys(text[len(self.delimiter) :], self.delimiter))
        if source.parent is None:
            path = keys(text, self.delimiter)
            return self.down(source, path) if self.version == syntax.FOUR else None
        return self.down(source.parent, keys(text, self.delimiter))

    def by_id(self, text: str) -> Draft | None:
        """Return the state that ``#id`` or ``#id.child`` means."""
        name = text.removeprefix("#")
        if name in self.ids:
            return self.ids[name]
        path = keys(name, self.delimiter)
        for count in range(min(len(path), 64), 0, -1):
            start = self.ids.get(self.delimiter.join(path[:count]))
            found = None if start is None else self.down(start, path[count:])
            if found is not None:
                return found
        return None

    def down(self, draft: Draft, path: list[str]) -> Draft | None:
        """Return the state at the end of a path of keys."""
        found: Draft | None = draft
        for key in path:
            found = None if found is None else self.children(found).get(key)
        return found

    def active(self, value: Any) -> list[Draft] | None:
        """Return the states that a state value names, the innermost of each; None for no such.

        A state value is ``#id``, a path of keys from the machine, or an object of objects.
        """
        found = None
        if isinstance(value, str) and value.startswith("#"):
            found = self.by_id(value)
        return self._within(self.root, value) if found is None else [found]

    def _within(self, draft: Draft, value: Any) -> list[Draft] | None:
        if isinstance(value, str):
            found = self.down(draft, keys(value, self.delimiter)) if value else draft
            return None if found is None else [found]
        if not isinstance(value, dict):
            return None
        states: list[Draft] = []
        for key, inner in value.items():
            child = self.children(draft).get(key)
            deeper = None if child is None else self._within(child, inner)
            if deeper is None:
                return None
            states += deeper
        return states or [draft]

    def children(self, draft: Draft) -> dict[str, Draft]:
        """Return the children of a state by their keys."""
        return self._children[id(draft)]

    def spellings(self, source: Draft, most: int) -> list[str]:
        """Return the spellings of all states as targets of a state, the likely ones first.

        The list is empty where it would be longer than ``most``.
        """
        if len(self._children) * 2 > most:
            return []
        siblings = [] if source.parent is None else [c.name for c in source.parent.children]
        inside = [f".{child.name}" for child in source.children]
        paths = [absolute(self.root.name, path_of(draft)) for draft in self.root.walk()]
        return [*siblings, *inside, *(f"#{i}" for i in self.ids), *paths[1:]]


def path_of(draft: Draft) -> list[str]:
    """Return the keys from the machine to a state."""
    line = [draft, *draft.ancestors()]
    return [one.name for one in reversed(line) if one.parent is not None]


def absolute(machine: str, path: list[str]) -> str:
    r"""Return the target that means the state at the end of a path, wherever it is used.

    >>> absolute("door", ["open", "v1.5"])
    '#door.open.v1\\.5'
    """
    return "#" + ".".join(map(escaped, [machine, *path]))


def escaped(key: str) -> str:
    """Return a key as a path has it."""
    return key.replace("\\", "\\\\").replace(".", "\\.")


def keys(text: str, delimiter: str = ".") -> list[str]:
    r"""Return the keys of a path; a backslash escapes the next character.

    >>> keys(r"open.v1\.5"), keys("open/shut", "/")
    (['open', 'v1.5'], ['open', 'shut'])
    """
    if "\\" not in text or delimiter != ".":
        return text.split(delimiter)
    return [_ESCAPED.sub(r"\1", key) for key in _KEY.findall(text)]
