"""Syntax: the keys of a machine, the version it is written for, and messages about it.

`unwrapped` finds the machine in a document, `version_of` tells its version, and `configured` makes
a config of a definition, which is what ``JSON.stringify(machine)`` writes.
"""

from __future__ import annotations

from typing import Any, Final, final

from attrs import evolve, frozen

from statecharts.interop import limits
from statecharts.interop.drafts import Draft
from statecharts.interop.findings import Findings
from statecharts.interop.grammar import (
    ANY,
    BOOLEAN,
    OBJECT,
    STRING,
    Kind,
    Table,
    Unknown,
    either,
    one_of,
    several,
    take,
)
from statecharts.interop.syntax.located import Located, plain, shown

FOUR: Final = 4
FIVE: Final = 5

MACHINE: Final = "(machine)"  # the id of a machine that has no id of its own

_ID: Final = Kind("a string that is not empty", lambda value: STRING.holds(value) and value != "")
_LINES: Final = either(OBJECT, Kind("{array}", lambda value: isinstance(value, list)))
_DOCUMENTED: Final = ("description", "meta", "systemId", "key", "autoForward")

QUIET: Final = frozenset(
    {
        *("tags", "version", "types", "schema", "schemas", "tsTypes", "$schema", "order"),
        *("predictableActionArguments", "preserveActionOrder", "systemId"),
    }
)
"""The keys of a state that are documentation, as far as a run goes."""

LOUD: Final = frozenset({"output", "data", "context", "activities", "strict", "route"})
"""The keys of a state that XState acts on, and a run of ours does not."""

_HELD: Final = ("delimiter", "id", "initial", "onDone", "transitions", "invoke")
RESERVED: Final = frozenset({*QUIET, *LOUD, *_HELD})
"""The keys of ``StateNode.meta`` that mean something other than XState's ``meta``."""


def _table(noun: str, *free: str, **kinds: Kind) -> Table:
    """Return a table with keys of any value, and keys of some kinds; other keys are kept."""
    keys = {**kinds, **dict.fromkeys(free, ANY)}
    return Table(keys, unknown=Unknown.KEPT, noun=noun, nulls=True)


STATE: Final = _table(
    "a state",
    *("key", "parallel", "target", "initial", "always", "onDone", "invoke", "entry", "exit"),
    *("onEntry", "onExit", "meta", "delimiter", *sorted(QUIET | LOUD)),
    id=_ID,
    type=one_of("atomic", "compound", "parallel", "final", "history"),
    history=either(BOOLEAN, one_of("shallow", "deep")),
    states=OBJECT,
    on=_LINES,
    after=_LINES,
    description=STRING,
)
MACHINE_STATE: Final = evolve(STATE, keys={**STATE.keys, "id": STRING}, noun="a machine")
TRANSITION: Final = _table(
    "a transition",
    *("target", "actions", "guard", "cond", "in", "description", "meta"),
    reenter=BOOLEAN,
    internal=BOOLEAN,
)
LISTED: Final = evolve(TRANSITION, keys={**TRANSITION.keys, "event": ANY, "delay": ANY})
"""A transition in the lists that version 4 takes for ``on`` and ``after``."""

INVOCATION: Final = _table(
    "an invocation",
    *("src", "input", "data", "type", "onDone", "onError", "onSnapshot", *_DOCUMENTED),
    id=_ID,
)

BUILT_IN: Final = {
    "xstate.raise": {"event", "delay", "id"},
    "xstate.send": {"event", "delay", "id", "to"},
    "xstate.sendTo": {"event", "delay", "id", "to"},
    "xstate.cancel": {"sendId"},
    "xstate.spawnChild": {"src", "id", "input"},
    "xstate.stopChild": {"id", "actorRef"},
    "xstate.stop": {"activity"},
}
"""The parameters of the actions that XState has built in."""

CODE: Final = ("__tsx", "code", "expr", "predicate", "inline", "exec")
"""The keys under which tools keep the text of a function."""

_WRAPPERS: Final = ("machine", "config", "definition")
_MARKS: Final = (
    *("states", "initial", "on", "type", "id"),
    *("entry", "exit", "invoke", "after", "always", "context"),
)


@final
@frozen
class Spot:
    """A place in the file: a state, the line, and the key of the state with the way from there."""

    draft: Draft
    line: int | None
    key: str = ""

    @classmethod
    def of(cls, draft: Draft, key: str) -> Spot:
        """Return the place of a key of a state."""
        return cls(draft, draft.source.at(key), key)

    def inside(self, suffix: str, value: Any = None) -> Spot:
        """Return the place of a value inside; an object brings its own line."""
        return Spot(self.draft, getattr(value, "line", self.line), self.key + suffix)

    def at(self, line: int | None) -> Spot:
        """Return this place with another line."""
        return Spot(self.draft, line, self.key)

    def held(self, value: Located, key: str) -> tuple[Any, Spot]:
        """Return what an object at this place holds under a key, and the place of that."""
        return value.get(key), self.at(value.at(key))

    @property
    def inline(self) -> str:
        """The name of a function that JSON could not hold, as Stately's tools name it."""
        return f"inline:{self.draft.id or MACHINE}#{self.key}"

    def __str__(self) -> str:
        name = repr(self.draft.id) if self.draft.id else "the machine"
        return f"{name} {self.key}".rstrip()


@final
class Notes(Findings):
    """Findings about a machine, noted while it is read."""

    def note(self, code: str, found: str, remedy: str, spot: Spot) -> None:
        """Note a finding at a place."""
        self.add(code, found, remedy, spot.line, str(spot))

    def wrong(self, wanted: str, value: Any, spot: Spot) -> None:
        """Note a value of the wrong kind."""
        found = f"found {shown(value, self.words)}, expected {wanted}"
        self.note("SC612", found, f"Write {wanted}", spot)

    def take(self, held: Located, table: Table, spot: Spot) -> tuple[Located, dict[str, Any]]:
        """Return the keys that an object may have, and apart from them the others (see `take`)."""
        return take(held, table, self, str(spot))

    def kept(self, held: Located, other: dict[str, Any], spot: Spot) -> dict[str, Any]:
        """Return the documentation in an object: known keys of that kind, and all unknown ones."""
        said = {key: held[key] for key in _DOCUMENTED if key in held}
        return {
            key: self.plain(inner, spot.at(held.at(key)))
            for key, inner in {**said, **other}.items()
            if inner not in (None, "", {})  # tools write what is empty, too
        }

    def plain(self, value: Any, spot: Spot) -> Any:
        """Return a value as ordinary dictionaries and lists; None for one nested too deep."""
        if not _is_flat(value, limits.DATA_DEEP):
            found = f"data is nested more than {limits.DATA_DEEP} deep"
            self.note("SC612", found, "Flatten it, or remove it", spot)
            return None
        return plain(value)


def _is_flat(value: Any, depth: int) -> bool:
    """Tell whether a value is nested no deeper than a depth."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return depth >= 0 and all(_is_flat(one, depth - 1) for one in inner)


def unwrapped(held: Any, notes: Notes) -> Located:
    """Return the machine of a document, without the objects that tools put around it.

    Raises:
        DocumentError: There is no machine in it.
    """
    around: list[str] = []
    machine = held
    while isinstance(machine, Located) and not isinstance(machine.get("states"), dict):
        key = next((k for k in _WRAPPERS if isinstance(machine.get(k), Located)), None)
        if key is None:
            break
        around += [k for k in machine if k != key]
        machine = machine[key]
    if not isinstance(machine, Located) or not any(key in machine for key in _MARKS):
        given = list(machine)[:20] if isinstance(machine, dict) else []
        near = (notes.suggestions.nearest(key, (*_MARKS, "machine")) for key in given)
        name = next(filter(None, near), None)
        remedy = f"Did you mean {name!r}?" if name else 'Give it "initial" and "states"'
        found = "this is not a machine of XState: it has no states"
        raise notes.document.error("SC606", found, remedy, getattr(machine, "line", None))
    if around:
        found = f"{', '.join(map(repr, around[:10]))} beside the machine is not read"
        notes.add("SC651", found, "Move what you want to keep into its meta", held.line, "")
    return machine


_FOUR: Final = frozenset(
    {
        *("cond", "internal", "activities", "onEntry", "onExit", "strict", "delimiter", "parallel"),
        *("predictableActionArguments", "preserveActionOrder", "tsTypes", "schema", "autoForward"),
    }
)
_FIVE: Final = frozenset(
    {"guard", "reenter", "types", "schemas", "output", "input", "onSnapshot", "systemId", "route"}
)
_TYPES_OF_FOUR: Final = frozenset(
    {"xstate.send", "xstate.choose", "xstate.pure", "xstate.start", "xstate.stop", "xstate.guard"}
)
_TYPES_OF_FIVE: Final = frozenset(
    {
        *("xstate.and", "xstate.or", "xstate.not", "xstate.stateIn", "xstate.sendTo"),
        *("xstate.spawnChild", "xstate.stopChild", "xstate.emit", "xstate.enqueueActions"),
    }
)
_EVENTS_OF_FOUR: Final = ("done.invoke.", "done.state.", "error.platform.", "xstate.after(")
_EVENTS_OF_FIVE: Final = ("xstate.done.", "xstate.error.", "xstate.snapshot.", "xstate.after.")
_SCHEMAS: Final = ("types", "schema", "schemas", "tsTypes")
_OPAQUE: Final = frozenset({*_SCHEMAS, "meta", "context", "params", "data", "input", "output"})


def version_of(machine: Any) -> int:
    """Return the version that a machine is written for: 4 where that has more marks than 5.

    Marks are keys (``cond`` and ``guard``), names of built-in things, forms of ``on`` and
    ``after``, and a target of the machine itself without a dot, which only version 4 allows.

    >>> version_of({"states": {"a": {"on": {"GO": {"target": "b", "cond": "ready"}}}}})
    4
    """
    return versions_of(machine)[0]


def versions_of(machine: Any) -> tuple[int, int]:
    """Return the versions to try, the likelier one first."""
    four, five = int(_names_children(machine)), 0
    waiting = [machine]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        if not isinstance(value, dict):
            continue
        on, kind = value.get("on"), value.get("type")
        four += len(_FOUR & value.keys()) + (isinstance(kind, str) and kind in _TYPES_OF_FOUR)
        five += len(_FIVE & value.keys()) + (isinstance(kind, str) and kind in _TYPES_OF_FIVE)
        four += isinstance(on, list) + isinstance(value.get("after"), list)
        four += "in" in value and ("target" in value or "actions" in value)
        if isinstance(on, dict):
            four += sum(not event or event.startswith(_EVENTS_OF_FOUR) for event in on)
            five += sum(event.startswith(_EVENTS_OF_FIVE) for event in on)
        waiting.extend(inner for key, inner in value.items() if key not in _OPAQUE)
    return (FOUR, FIVE) if four > five else (FIVE, FOUR)


def _names_children(machine: Any) -> bool:
    """Tell whether a transition of the machine itself names one of its states without a dot."""
    held = machine if isinstance(machine, dict) else {}
    on, states = held.get("on"), held.get("states")
    if not isinstance(on, dict) or not isinstance(states, dict):
        return False
    said = [one for lines in on.values() for one in several(lines)]
    targets = [one.get("target") if isinstance(one, dict) else one for one in said]
    return any(isinstance(t, str) and t.partition(".")[0] in states for t in targets)


_DERIVED: Final = ("key", "order", "version", "transitions")
_OF_TRANSITION: Final = ("eventType", "source", "event", "delay")
_AFTER: Final = ("xstate.after.", "xstate.after(")


def is_definition(machine: Located) -> bool:
    """Tell whether a machine is a definition."""
    return isinstance(machine.get("transitions"), list) and "key" in machine and "order" in machine


def configured(machine: Located, version: int, notes: Notes) -> Located:
    """Return the config that a definition was made from.

    Definitions leave out the targets of histories, and those of version 5 eventless transitions and
    the parameters of built-in actions; that is noted.
    """
    root = _configured_state(machine, version)
    root |= {key: machine[key] for key in ("id", "key", "version") if key in machine}
    waiting = [root]
    histories = False
    while waiting:
        state = waiting.pop()
        histories = histories or state.get("type") == "history"
        states = state.get("states")
        if not isinstance(states, Located):
            continue
        fresh = state["states"] = Located(states, states.line, states.lines)
        for name, held in states.items():
            if isinstance(held, Located):
                fresh[name] = _configured_state(held, version)
                waiting.append(fresh[name])
    if histories or version == FIVE:
        lost = "eventless transitions, and " if version == FIVE else ""
        found = f"this is the definition of a machine, which leaves out {lost}targets of histories"
        remedy = "Write its config instead: JSON.stringify(machine.config)"
        notes.add("SC652", found, remedy, machine.line, "the machine")
    return root


def _configured_state(held: Located, version: int) -> Located:
    """Return one state as a config, with the states inside it unchanged."""
    state = Located(held, held.line, held.lines)
    for key in (*_DERIVED, *(key for key in ("history", "states") if not held.get(key))):
        state.pop(key, None)
    initial = state.get("initial")
    vague = isinstance(initial, Located) and not initial.get("target")
    if vague or held.get("type") == "parallel":
        state.pop("initial", None)
    elif isinstance(initial, Located):
        kept = ("target", "actions", "meta", "description")
        said = {key: initial[key] for key in kept if initial.get(key)}
        state["initial"] = Located(said, initial.line, initial.lines)
    delays = _sort_transitions(state, held)
    for key in ("entry", "exit"):
        actions = held.get(key)
        if isinstance(actions, list):  # the last ones of version 5 carry out its delays
            own = actions[: len(actions) - delays] if delays <= len(actions) else actions
            of_four = [action for action in actions if not _is_of_delay(action)]
            state[key] = own if version == FIVE else of_four
    if isinstance(held.get("invoke"), list):
        state["invoke"] = [_without(one, "type") for one in held["invoke"]]
    return state


def _sort_transitions(state: Located, held: Located) -> int:
    """Sort the transitions of a state by what takes them; return how many delays it has."""
    on = held.get("on")
    if not isinstance(on, Located):
        return 0
    events, after = Located((), on.line, on.lines), Located((), on.line, {})
    done = [f"{prefix}.{held.get('id')}" for prefix in ("xstate.done.state", "done.state")]
    for event, listed in on.items():
        lines = listed if isinstance(listed, list) else []
        found = [_without(one, *_OF_TRANSITION) for one in lines]
        delay = next((one.get("delay") for one in lines if isinstance(one, Located)), None)
        if event.startswith(_AFTER) and isinstance(delay, str | int | float):
            after[str(delay)] = found
            after.lines[str(delay)] = on.at(event)
        elif found and (event == "" or event in done):
            state["onDone" if event else "always"] = found
        else:
            events[event] = found or listed
    state["on"] = events
    if after:
        state["after"] = after
    return len(after)


def _is_of_delay(action: Any) -> bool:
    if not isinstance(action, dict):
        return False
    event = action.get("event")
    name = event.get("type") if isinstance(event, dict) else event
    return any(isinstance(n, str) and n.startswith(_AFTER) for n in (name, action.get("sendId")))


def _without(held: Any, *names: str) -> Any:
    if not isinstance(held, Located):
        return held
    kept = {key: value for key, value in held.items() if key not in names}
    return Located(kept, held.line, held.lines)
