"""Syntax: the keys of python-statemachine's YAML and JSON, and the names that it allows a state.

In that library states, events, guards and actions are attributes of one object, and states are
attributes of their parents as well: a state silently replaces whatever has its name already.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final, final

from attrs import field, frozen
from statemachine import HistoryState, State, StateChart

from statecharts.interop import limits
from statecharts.interop.css_times import css_time
from statecharts.interop.documents import Document
from statecharts.interop.findings import Findings
from statecharts.interop.grammar import (
    ANY,
    OBJECT,
    STRING,
    Kind,
    Table,
    either,
    list_of,
    object_of,
    one_of,
    several,
    take,
    wrong,
)
from statecharts.interop.syntax.located import Located

EFFECT: Final = "on_effect"  # the method that gets the effects that that library has no word for
_FREE: Final = frozenset({"effect", EFFECT})  # reserved in classes that we write, free in others


_ONE_TABLE: Final = "Rename one of them: that library has one table of all ids"


class _Probe(StateChart[Any]):
    """The smallest class: it has just the attributes that all of them have."""

    _only = State(initial=True, final=True)


@cache
def machine_names() -> frozenset[str]:
    """Return the names that every machine has, and the event and the method that are not free."""
    machine = _Probe()
    return frozenset({*dir(machine), *vars(machine), *dir(_Probe), "__initial__", *_FREE})


@cache
def reserved() -> frozenset[str]:
    """Return the names that no state can have: those of machines, and those of states."""
    state, history = State(), HistoryState()
    return machine_names() | {*dir(state), *vars(state), *dir(history), *vars(history)}


# --- Files ----------------------------------------------------------------------------------------

_FLAGS: Final = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0", ""), False),
}


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, str) and value.strip().lower() in _FLAGS)


def is_set(value: Any) -> bool:
    """Tell whether a flag is set, spelled in one of that library's ways.

    >>> is_set(True), is_set("Yes"), is_set("off"), is_set(None)
    (True, True, False, False)
    """
    return _FLAGS[value.strip().lower()] if isinstance(value, str) else bool(value)


def _table(noun: str, keys: dict[str, Kind], *needs: str) -> Table:
    return Table(keys, needs, noun=noun, nulls=True)


def _one_or_more(kind: Kind) -> Kind:
    return either(kind, list_of(kind))


def _strings(*keys: str) -> dict[str, Kind]:
    return dict.fromkeys(keys, STRING)


_FLAG: Final = Kind("true or false", _is_flag)
_PARAM: Final = _table("a param", _strings("name", "expr", "location"), "name")
_PARAMS: Final = {"params": _one_or_more(object_of(_PARAM))}
_INVOKE: Final = _table(
    "an invoke",
    {
        **_strings("type", "typeexpr", "src", "srcexpr", "id", "idlocation", "namelist"),
        "autoforward": _FLAG,
        "content": ANY,
        "finalize": ANY,
        **_PARAMS,
    },
)
_TRANSITION: Final = _table(
    "a transition",
    {
        "event": STRING,
        "target": STRING,
        "internal": _FLAG,
        "initial": _FLAG,
        **dict.fromkeys(("cond", "unless"), _one_or_more(STRING)),
        **dict.fromkeys(("on", "before", "after"), ANY),
    },
)
_ITEM: Final = Kind("{object} for each item", OBJECT.holds)
_TRANSITIONS: Final = {"transitions": Kind(list_of(OBJECT).name, list_of(ANY).holds)}
_STATE: Final = _table(
    "a state",
    {
        **dict.fromkeys(("initial", "final", "parallel"), _FLAG),
        **dict.fromkeys(("enter", "exit"), ANY),
        "states": OBJECT,
        "history": OBJECT,
        **_TRANSITIONS,
        "invoke": _one_or_more(object_of(_INVOKE)),
        "donedata": object_of(_table("donedata", {"content": STRING, **_PARAMS})),
    },
)
_HISTORY: Final = _table("a history", {"type": one_of("shallow", "deep"), **_TRANSITIONS})
_DATA: Final = _table("a variable", _strings("id", "src", "expr", "content"), "id")
DOCUMENT: Final = {**_strings("name", "description"), "states": OBJECT, "datamodel": ANY}
_BRANCH: Final = _table("elif", {"cond": STRING, "then": ANY}, "cond")
_TIME: Final = Kind(
    "a time such as '1.5s' or '200ms'",
    lambda value: any(css_time(f"{value}{unit}") is not None for unit in ("", "ms")),
)
_SENT: Final = ("event", "eventexpr", "target", "type", "id", "idlocation", "delay", "delayexpr")
ACTIONS: Final = {
    "assign": _table("assign", _strings("location", "expr"), "location"),
    "raise": _table("raise", _strings("event"), "event"),
    "log": _table("log", _strings("label", "expr")),
    "if": _table("if", {**_BRANCH.keys, "elif": _one_or_more(OBJECT), "else": ANY}, "cond"),
    "foreach": _table("foreach", {**_strings("array", "item", "index"), "do": ANY}),
    "send": _table("send", {**_strings(*_SENT, "namelist", "content"), "delay": _TIME, **_PARAMS}),
    "cancel": _table("cancel", _strings("sendid", "sendidexpr")),
    "script": _table("script", {}),
}
"""The actions of a file, each with what it says."""

_STEP: Final = Kind("an action", OBJECT.holds, "actions")
_CALL: Final = either(Kind("the name of a method", STRING.holds), _STEP)


def check(held: Located, findings: Findings) -> None:
    """Note all that is wrong with the shape of a document, before anything is made of it."""
    _Check(findings).document(held)


@final
class _Check:
    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.seen: dict[str, int] = {}

    def document(self, held: Located) -> None:
        """Note what is wrong with it."""
        kind = either(OBJECT, list_of(object_of(_DATA)))
        data = held.get("datamodel")
        if isinstance(data, Located):  # the value of each variable, by its name
            kind = object_of(_table("the data model", _strings(*data)))
        take(held, _table("the document", {**DOCUMENT, "datamodel": kind}), self.findings, "")
        waiting = [*self._inner(held, "", 1)]
        while waiting:
            name, path, state, line, depth = waiting.pop()
            if depth > limits.STATES_DEEP:
                found = f"states are nested more than {limits.STATES_DEEP} deep"
                raise self.findings.document.error("SC604", found, "Flatten the chart", line, path)
            self._name(name, path, line, outermost=depth == 1)
            if isinstance(state, Located):
                self._state(state, path)
                waiting += self._inner(state, path, depth + 1)
            elif state is not None:
                wrong(name, state, OBJECT, self.findings, line, path)

    def _inner(
        self, owner: Located, path: str, depth: int
    ) -> Iterator[tuple[str, str, Any, int, int]]:
        inner = owner.get("states")
        if isinstance(inner, Located):
            prefix = f"{path}." if path else ""
            for name in reversed(inner):
                yield name, f"{prefix}{name}", inner[name], inner.at(name), depth

    def _name(self, name: str, path: str, line: int, *, outermost: bool) -> None:
        if name in self.seen:
            found = f"two states have the id {name!r}, this one and that on line {self.seen[name]}"
            self.findings.add("SC614", found, _ONE_TABLE, line, path)
        self.seen.setdefault(name, line)
        taken = (machine_names() if outermost else reserved()) - _FREE
        if name in taken or name != name.strip() or not name or " " in name:
            found = f"that library allows no state named {name!r}"
            remedy = "Rename it: that library would confuse it with something of its own"
            self.findings.add("SC615", found, remedy, line, path)

    def _state(self, state: Located, path: str) -> None:
        take(state, _STATE, self.findings, path)
        for slot in ("enter", "exit"):
            self._actions(state, slot, path)
        self._transitions(state, path)
        histories = state.get("history")
        if not isinstance(histories, Located):
            return
        for name, history in histories.items():
            line, inner = histories.at(name), f"{path}.{name}"
            self._name(name, inner, line, outermost=False)
            if isinstance(history, Located):
                take(history, _HISTORY, self.findings, inner)
                self._transitions(history, inner)
            elif history is not None:
                wrong(name, history, OBJECT, self.findings, line, inner)

    def _transitions(self, owner: Located, path: str) -> None:
        items = owner.get("transitions")
        for item in items if isinstance(items, list) else ():
            if isinstance(item, Located):
                take(item, _TRANSITION, self.findings, path)
                for slot in ("on", "before", "after"):
                    self._actions(item, slot, path)
            else:
                wrong("transitions", item, _ITEM, self.findings, owner.at("transitions"), path)

    def _actions(self, owner: Located, slot: str, path: str, depth: int = 0) -> None:
        value = owner.get(slot)
        for item in several(value):
            if isinstance(item, Located):
                self._action(item, path, depth)
            elif depth or not isinstance(item, str):
                kind = _STEP if depth else _CALL
                wrong(slot, item, kind, self.findings, owner.at(slot), path)

    def _action(self, action: Located, path: str, depth: int) -> None:
        kind = next(iter(action), "")
        if len(action) != 1 or kind not in ACTIONS:
            found = f"an action has one key that says what it does; this has {sorted(action)}"
            strange = next((key for key in action if key not in ACTIONS), "")
            otherwise = f"Write one of {', '.join(ACTIONS)}"
            remedy = self.findings.suggestions.remedy(strange, ACTIONS, otherwise)
            self.findings.add("SC611", found, remedy, action.line, path)
            return
        body = action[kind]
        if isinstance(body, str) and kind in ("raise", "log", "script"):
            return
        if kind == "script" or not isinstance(body, Located):
            wanted = STRING if kind == "script" else OBJECT
            wrong(kind, body, wanted, self.findings, action.at(kind), path)
            return
        take(body, ACTIONS[kind], self.findings, path)
        if kind == "if":
            self._if(body, path, depth + 1)

    def _if(self, body: Located, path: str, depth: int) -> None:
        if depth > limits.CONDITIONS_DEEP:
            found = f"conditions are nested more than {limits.CONDITIONS_DEEP} deep"
            raise self.findings.document.error("SC604", found, "Flatten them", body.line)
        self._actions(body, "then", path, depth)
        self._actions(body, "else", path, depth)
        for branch in several(body.get("elif")):
            if isinstance(branch, Located):
                take(branch, _BRANCH, self.findings, path)
                self._actions(branch, "then", path, depth)


# --- Classes --------------------------------------------------------------------------------------


@final
@frozen
class Source:
    """The text of a class, as far as it can be found.

    The document is the file, or the name of the class where there is none. The line of each state
    is found by its path of names.
    """

    document: Document
    line: int | None
    lines: dict[str, int] = field(factory=dict)

    @classmethod
    def of(cls, declared: type) -> Source:
        """Find the source of a class."""
        name = f"{declared.__module__}.{declared.__qualname__}"
        lines: dict[str, int] = {}
        for base in reversed(declared.__mro__):
            if base.__module__.partition(".")[0] not in ("statemachine", "builtins", "typing"):
                lines |= _lines(base)
        try:
            file = inspect.getsourcefile(declared)
            line = inspect.getsourcelines(declared)[1]
        except (OSError, TypeError):
            return cls(Document(name, ""), None, {})
        return cls(Document(file or name, ""), line, lines)


def _lines(declared: type) -> dict[str, int]:
    try:
        text, first = inspect.getsourcelines(declared)
        tree = ast.parse(inspect.cleandoc("\n" + "".join(text)))
    except (OSError, TypeError, SyntaxError):
        return {}
    found: dict[str, int] = {}
    waiting: list[tuple[str, Any]] = [("", node) for node in tree.body[:1]]
    while waiting:
        prefix, body = waiting.pop()
        for one in body.body:
            names = [one.name] if isinstance(one, ast.ClassDef) else _assigned(one)
            found |= {f"{prefix}{name}": first + one.lineno - 1 for name in names}
            if isinstance(one, ast.ClassDef):
                waiting.append((f"{prefix}{one.name}.", one))
    return found


def _assigned(node: ast.stmt) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def sound(cls: Any, source: Source, findings: Findings, *, written: bool) -> bool:
    """Tell whether the states of a class can be read; note why not.

    ``written`` says that `to_class` has made it, and has chosen the names.
    """
    name, states = cls.__name__, getattr(cls, "states", None)

    def refuse(code: str, found: str, remedy: str, path: str) -> None:
        findings.add(code, found, remedy, source.lines.get(path, source.line), f"{name}.{path}")

    for path in [attribute for attribute, value in vars(cls).items() if _is_lost(value)]:
        refuse(*_shadowing("parent", "state"), f"{path}.parent")
    if findings.refused:
        return False
    if isinstance(states, State):
        findings.add(*_shadowing("states", "machine"), source.line, name)
    elif states is None or not len(states):
        findings.add("SC612", "the class has no states", "Declare states", source.line, name)
    elif not written:
        for state in states:
            if state.id in machine_names() - _FREE:
                refuse(*_shadowing(state.id, "machine"), state.id)
        _check_ids(states, refuse)
    return not findings.refused


def _check_ids(states: Iterable[State], refuse: Any) -> None:
    """Refuse states that have the id or the value of another, or the name of an attribute."""
    seen: dict[str, str] = {}
    values: dict[Any, str] = {}
    waiting = [(state.id, state) for state in reversed(list(states))]
    while waiting:
        path, state = waiting.pop()
        if state.id in seen:
            found = f"two states have the id {state.id!r}, this one and {seen[state.id]!r}"
            refuse("SC614", found, _ONE_TABLE, path)
        seen.setdefault(state.id, path)
        shadowed = _shadowed(state)
        for name in sorted(shadowed):
            refuse(*_shadowing(name, "state"), f"{path}.{name}")
        if not shadowed & {"states", "history", "value", "id"}:
            inner = reversed([*state.states, *state.history])
            waiting += [(f"{path}.{child.id}", child) for child in inner]
        if "value" not in shadowed and state.value != state.id:
            known = values.setdefault(_hashed(state.value), path)
            if known != path:
                found = f"it has the value {state.value!r}, and so has {known!r}"
                refuse("SC614", found, "Give each state a value of its own", path)


def _shadowing(name: str, owner: str) -> tuple[str, str, str]:
    found = f"a state is named {name!r}, like an attribute of every {owner} there"
    return "SC615", found, "Rename it: that library would confuse the two"


def _shadowed(state: State) -> set[str]:
    """Return the names of children that hide an attribute of the state."""
    found = {child.id for child in _children(state)}
    found |= {name for name, value in vars(state).items() if _is_child(value, state)}
    return {name for name in found if name in reserved() - _FREE}


def _is_lost(value: Any) -> bool:
    """Tell whether a child has taken the place of its state's parent."""
    return isinstance(value, State) and _is_child(vars(value).get("parent"), value)


def _is_child(one: Any, state: State) -> bool:
    return isinstance(one, State) and vars(one).get("parent") is state


def _children(state: State) -> Iterator[State]:
    for name in ("states", "history"):
        found = vars(state).get(name)
        if isinstance(found, list):
            yield from found


def _hashed(value: Any) -> Any:
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value
