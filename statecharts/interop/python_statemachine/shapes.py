"""Shapes: what may stand where in python-statemachine's YAML and JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, final

from statemachine import HistoryState, State

from statecharts.interop import limits
from statecharts.interop.findings import Findings
from statecharts.interop.python_statemachine.writing_names import machine_names
from statecharts.interop.syntax.located import Located
from statecharts.model.suggestions import did_you_mean

DOCUMENT: Final = ("name", "description", "datamodel", "states")
STATE: Final = (
    *("initial", "final", "parallel", "enter", "exit", "transitions", "invoke", "states"),
    *("history", "donedata"),
)
HISTORY: Final = ("type", "transitions")
TRANSITION: Final = (
    *("event", "target", "cond", "unless", "internal", "initial", "on", "before", "after"),
)
INVOKE: Final = (
    *("type", "typeexpr", "src", "srcexpr", "id", "idlocation", "autoforward", "namelist"),
    *("params", "content", "finalize"),
)
ACTIONS: Final = {
    "assign": ("location", "expr"),
    "raise": ("event",),
    "log": ("label", "expr"),
    "if": ("cond", "then", "elif", "else"),
    "foreach": ("array", "item", "index", "do"),
    "send": (
        *("event", "eventexpr", "target", "type", "id", "idlocation", "delay", "delayexpr"),
        *("namelist", "params", "content"),
    ),
    "cancel": ("sendid", "sendidexpr"),
    "script": (),
}
DATA: Final = ("id", "src", "expr", "content")
PARAM: Final = ("name", "expr", "location")
SLOTS: Final = ("enter", "exit", "on", "before", "after")

_FLAGS: Final = ("true", "yes", "on", "1", "false", "no", "off", "0", "")
_FREE: Final = frozenset({"effect", "on_effect"})
_STATE: Final = frozenset({*dir(State()), *vars(State()), *dir(HistoryState())})


@final
class Shapes:
    """Looks at the shape of a document, all of it, before anything is made of it.

    Args:
        findings: Where what is wrong is noted.
    """

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.seen: dict[str, int] = {}

    def check(self, doc: Located) -> None:
        """Note what is wrong with the shape of a document."""
        self._keys(doc, DOCUMENT, "the document", doc.line, "")
        self._texts(doc, ("name", "description"), "")
        self._states(doc)
        data = doc.get("datamodel")
        if isinstance(data, list):
            for item in self._mappings(data, "datamodel", doc.at("datamodel"), ""):
                self._keys(item, DATA, "a variable", item.line, "datamodel")
                self._texts(item, ("id", "src", "expr", "content"), "datamodel")
                self._needs(item, ("id",), "a variable", "datamodel")
        elif isinstance(data, Located):
            self._texts(data, tuple(data), "datamodel")
        elif data is not None:
            self._wrong("datamodel", data, "a list or a mapping", doc.at("datamodel"), "")

    def _states(self, doc: Located) -> None:
        waiting: list[tuple[str, str, Any, int, int]] = []

        def push(owner: Located, path: str, depth: int) -> None:
            inner = owner.get("states")
            if inner is None:
                return
            if not isinstance(inner, Located):
                self._wrong("states", inner, "a mapping of states", owner.at("states"), path)
                return
            prefix = f"{path}." if path else ""
            waiting.extend(
                (name, f"{prefix}{name}", inner[name], inner.at(name), depth)
                for name in reversed(inner)
            )

        push(doc, "", 1)
        while waiting:
            name, path, state, line, depth = waiting.pop()
            if depth > limits.STATES_DEEP:
                found = f"states lie more than {limits.STATES_DEEP} deep one in the other"
                remedy = "Flatten the chart: nobody can read it"
                raise self.findings.document.error("SC604", found, remedy, line, path)
            self._name(name, path, line, outermost=depth == 1)
            if state is None:
                continue
            if not isinstance(state, Located):
                self._wrong(name, state, "a mapping", line, path)
                continue
            self._state(state, path)
            push(state, path, depth + 1)

    def _name(self, name: str, path: str, line: int, *, outermost: bool) -> None:
        if name in self.seen:
            found = f"two states have the id {name!r}, this one and that on line {self.seen[name]}"
            remedy = "Rename one of them: that library has one table of all ids"
            self.findings.add("SC614", found, remedy, line, path)
        self.seen.setdefault(name, line)
        taken = name in machine_names() - _FREE or (not outermost and name in _STATE)
        if taken or name != name.strip() or not name or " " in name:
            found = f"a state cannot be called {name!r} there"
            remedy = "Rename it: that library would mix it up with something of its own"
            self.findings.add("SC615", found, remedy, line, path)

    def _state(self, state: Located, path: str) -> None:
        self._keys(state, STATE, "a state", state.line, path)
        self._flags(state, ("initial", "final", "parallel"), path)
        for slot in ("enter", "exit"):
            self._actions(state, slot, path)
        self._transitions(state, path)
        for item in self._several(state, "invoke", path):
            self._keys(item, INVOKE, "an invoke", item.line, path)
            texts = tuple(key for key in INVOKE if key not in ("params", "content", "finalize"))
            self._texts(item, tuple(key for key in texts if key != "autoforward"), path)
            self._flags(item, ("autoforward",), path)
            self._params(item, path)
        histories = state.get("history")
        if isinstance(histories, Located):
            for name, history in histories.items():
                self._history(name, history, histories.at(name), f"{path}.{name}")
        elif histories is not None:
            self._wrong("history", histories, "a mapping", state.at("history"), path)
        done = state.get("donedata")
        if isinstance(done, Located):
            self._keys(done, ("params", "content"), "donedata", done.line, path)
            self._texts(done, ("content",), path)
            self._params(done, path)
        elif done is not None:
            self._wrong("donedata", done, "a mapping", state.at("donedata"), path)

    def _history(self, name: str, history: Any, line: int, path: str) -> None:
        self._name(name, path, line, outermost=False)
        if isinstance(history, Located):
            self._keys(history, HISTORY, "a history", history.line, path)
            kind = history.get("type", "shallow")
            if kind not in ("shallow", "deep"):
                remedy = did_you_mean(str(kind), ("shallow", "deep"), "Write 'shallow' or 'deep'")
                found = f"the type of a history is {kind!r}"
                self.findings.add("SC612", found, remedy, history.at("type"), path)
            self._transitions(history, path)
        elif history is not None:
            self._wrong(name, history, "a mapping", line, path)

    def _transitions(self, owner: Located, path: str) -> None:
        items = owner.get("transitions")
        if items is None:
            return
        if not isinstance(items, list):
            self._wrong("transitions", items, "a list", owner.at("transitions"), path)
            return
        for item in self._mappings(items, "transitions", owner.at("transitions"), path):
            self._keys(item, TRANSITION, "a transition", item.line, path)
            self._texts(item, ("event", "target"), path)
            self._flags(item, ("internal", "initial"), path)
            for key in ("cond", "unless"):
                conditions = item.get(key)
                for one in conditions if isinstance(conditions, list) else (conditions,):
                    if one is not None and not isinstance(one, str):
                        self._wrong(key, one, "a text, or a list of texts", item.at(key), path)
            for slot in ("on", "before", "after"):
                self._actions(item, slot, path)

    def _actions(self, owner: Located, slot: str, path: str, *, named: bool = True) -> None:
        value = owner.get(slot)
        for item in value if isinstance(value, list) else (value,):
            if item is None and value is None:
                continue
            if isinstance(item, str) and named:
                continue
            if isinstance(item, Located):
                self._action(item, path)
                continue
            wanted = "the name of a method, or an action" if named else "an action, not a name"
            self._wrong(slot, item, wanted, owner.at(slot), path)

    def _action(self, action: Located, path: str) -> None:
        kinds = [key for key in action if key in ACTIONS]
        if len(action) != 1 or len(kinds) != 1:
            found = f"an action has one key that says what it does, and this has {sorted(action)}"
            wrong = next((key for key in action if key not in ACTIONS), "")
            remedy = did_you_mean(wrong, ACTIONS, f"There are {', '.join(ACTIONS)}")
            self.findings.add("SC611", found, remedy, action.line, path)
            return
        kind = kinds[0]
        body, line = action[kind], action.at(kind)
        if isinstance(body, str) and kind in ("raise", "log", "script"):
            return
        if not isinstance(body, Located) or kind == "script":
            wanted = "a text" if kind == "script" else "a mapping"
            self._wrong(kind, body, wanted, line, path)
            return
        self._keys(body, ACTIONS[kind], kind, body.line, path)
        inner = ("params", "then", "elif", "else", "do")
        self._texts(body, tuple(key for key in ACTIONS[kind] if key not in inner), path)
        needed = {"assign": ("location",), "raise": ("event",), "if": ("cond",)}
        self._needs(body, needed.get(kind, ()), kind, path)
        if kind == "send":
            self._params(body, path)
        if kind == "if":
            for slot in ("then", "else"):
                self._actions(body, slot, path, named=False)
            for branch in self._several(body, "elif", path):
                self._keys(branch, ("cond", "then"), "elif", branch.line, path)
                self._texts(branch, ("cond",), path)
                self._needs(branch, ("cond",), "elif", path)
                self._actions(branch, "then", path, named=False)

    # -- single values -----------------------------------------------------------------------------

    def _keys(self, node: Located, known: tuple[str, ...], kind: str, line: int, path: str) -> None:
        for key in node:
            if key not in known:
                found = f"{kind} has no key {key!r}"
                remedy = did_you_mean(key, known, f"It has {', '.join(known) or 'none'}")
                self.findings.add("SC612", found, remedy, node.lines.get(key, line), path)

    def _needs(self, node: Located, keys: tuple[str, ...], kind: str, path: str) -> None:
        for key in keys:
            if node.get(key) is None:
                found = f"{kind} has no {key}"
                self.findings.add("SC612", found, f"Give it a {key}", node.line, path)

    def _texts(self, node: Located, keys: tuple[str, ...], path: str) -> None:
        for key in keys:
            if not isinstance(node.get(key), str | None):
                self._wrong(key, node[key], "a text", node.at(key), path)

    def _flags(self, node: Located, keys: tuple[str, ...], path: str) -> None:
        for key in keys:
            value = node.get(key)
            text = isinstance(value, str) and value.strip().lower() in _FLAGS
            if value is not None and not isinstance(value, bool) and not text:
                self._wrong(key, value, "true or false", node.at(key), path)

    def _params(self, node: Located, path: str) -> None:
        for param in self._several(node, "params", path):
            self._keys(param, PARAM, "a param", param.line, path)
            self._texts(param, PARAM, path)
            self._needs(param, ("name",), "a param", path)

    def _several(self, node: Located, key: str, path: str) -> Iterator[Located]:
        value = node.get(key)
        if value is None:
            return
        items = value if isinstance(value, list) else [value]
        yield from self._mappings(items, key, node.at(key), path)

    def _mappings(self, items: list[Any], key: str, line: int, path: str) -> Iterator[Located]:
        for item in items:
            if isinstance(item, Located):
                yield item
            else:
                self._wrong(key, item, "a mapping for each", line, path)

    def _wrong(self, key: str, value: Any, wanted: str, line: int, path: str) -> None:
        shown = (
            repr(value) if isinstance(value, str | int | float | bool | None) else "something else"
        )
        if isinstance(value, dict | list):
            shown = "a mapping" if isinstance(value, dict) else "a list"
        found = f"{key!r} is {shown}, and takes {wanted}"
        quotes = wanted == "a text" and isinstance(value, int | float | bool)
        remedy = "Put it in quotes" if quotes else f"Write {wanted}"
        self.findings.add("SC612", found, remedy, line, path)
