"""Guards: names, names with parameters, and what ``not``, ``and`` and ``or`` make of them."""

from __future__ import annotations

from typing import Any, Final, final

from statecharts.interop.drafts import Draft
from statecharts.interop.xstate.notes import Notes, element
from statecharts.interop.xstate.targets import Targets
from statecharts.model.hooks import Hook
from statecharts.model.named import AllOf, AnyOf, Holds, In, Named, Not

DEEPEST: Final = 32
"""How deep guards may lie one in the other."""

CODE: Final = ("__tsx", "code", "expr", "predicate", "inline", "exec")
"""The keys under which tools keep the text of a function."""

_NOTHING: Final = object()


@final
class Guards:
    """Reads the guards of one state.

    Args:
        notes: Where what is wrong is noted.
        targets: Finds the states that ``stateIn`` names.
        draft: The state.
    """

    def __init__(self, notes: Notes, targets: Targets, draft: Draft) -> None:
        self.notes = notes
        self.targets = targets
        self.draft = draft

    def read(self, value: Any, line: int | None, place: str, depth: int = 0) -> Hook | None:
        """Return the guard that a value says; None for none, which is noted where it is wrong."""
        where = element(self.draft, place)
        if depth > DEEPEST:
            found = f"guards lie more than {DEEPEST} deep one in the other"
            self.notes.add("SC612", found, "Give a part of them a name", line, where)
            return None
        if isinstance(value, str) and value:
            return Hook(Named(value))
        if not isinstance(value, dict):
            self.notes.wrong("the name of a guard, or an object with a type", value, line, where)
            return None
        line = getattr(value, "line", line)
        kind = value.get("type")
        if not isinstance(kind, str) or not kind:
            return self._code(value, line, place)
        if kind == "xstate.guard":
            return self._of_four(value, line, place)
        return self._composite(kind, value, line, place, depth) or self._named(kind, value, line)

    def state_in(self, value: Any, line: int | None, place: str) -> Hook | None:
        """Return the guard that holds while the states of a state value are active."""
        states = self.targets.active(value)
        if states is None or any(state.parent is None for state in states):
            found = f"the guard asks for the state {value!r}, and there is no such state"
            remedy = "Name it by its id, '#id', or by its path from the machine"
            if isinstance(value, str):
                remedy = self.notes.suggestions.remedy(value, self._known(), remedy)
            self.notes.add("SC613", found, remedy, line, element(self.draft, place))
            return None
        hooks = tuple(Hook(In(state.id)) for state in states)
        return hooks[0] if len(hooks) == 1 else Hook(AllOf(hooks))

    def _known(self) -> list[str]:
        return self.targets.spellings(self.draft, self.notes.suggestions.left)

    def _composite(
        self, kind: str, value: dict[str, Any], line: int | None, place: str, depth: int
    ) -> Hook | None:
        """Return what a built-in guard says; None for a guard of somebody else's."""
        built_in, name = kind.startswith("xstate."), kind.removeprefix("xstate.")
        if name in ("and", "or"):
            guards = _field(value, "guards", "children")
            if isinstance(guards, list):
                hooks = [self._inner(one, line, place, depth, i) for i, one in enumerate(guards)]
                known = tuple(hook for hook in hooks if hook is not None)
                if not hooks:
                    return Hook(Holds(name == "and"))
                return Hook(AllOf(known) if name == "and" else AnyOf(known))
        elif name == "not":
            guard = _field(value, "guard", "guards")
            if isinstance(guard, list) and len(guard) == 1:
                guard = guard[0]
            if isinstance(guard, str | dict):
                inner = self.read(guard, line, place, depth + 1)
                return Hook(Not(inner or Hook(Holds(value=False))))
        elif name == "stateIn":
            state = _field(value, "stateValue", "state")
            if state is not _NOTHING:
                return self.state_in(state, line, place) or Hook(Holds(value=False))
        if built_in and name in ("and", "or", "not", "stateIn"):
            found = f"the guard {kind!r} does not say what it is made of"
            remedy = 'Write its "guards", its "guard" or its "stateValue"'
            self.notes.add("SC612", found, remedy, line, element(self.draft, place))
        return None

    def _inner(self, value: Any, line: int | None, place: str, depth: int, i: int) -> Hook | None:
        if value is None:
            return Hook(Named(inline(self.draft, f"{place}/guard[{i}]")))
        return self.read(value, line, place, depth + 1)

    def _named(self, kind: str, value: dict[str, Any], line: int | None) -> Hook:
        data = parameters(value)
        return Hook(Named(kind, self.notes.plain(data, line, element(self.draft)) or {}))

    def _of_four(self, value: dict[str, Any], line: int | None, place: str) -> Hook | None:
        """Return the guard that a machine of v4 says of itself, without its function."""
        name = value.get("name")
        if isinstance(name, str) and name:
            rest = {k: v for k, v in value.items() if k not in ("name", "predicate")}
            return self._named(name, rest, line)
        return self._code(value, line, place)

    def _code(self, value: dict[str, Any], line: int | None, place: str) -> Hook | None:
        text = code(value)
        if text is None:
            found = "the guard is an object without a type"
            remedy = 'Give it a name: {"type": "isReady"}'
            self.notes.add("SC611", found, remedy, line, element(self.draft, place))
            return None
        return Hook(Named(text))


def parameters(value: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of a guard or an action: its ``params``, and what stands beside them.

    An ``exec`` that is null is none: it is where v4 keeps the function of a name, if it has one.

    >>> parameters({"type": "atLeast", "params": {"count": 3}})
    {'count': 3}
    >>> parameters({"type": "beep", "exec": None})
    {}
    """
    rest = {key: inner for key, inner in value.items() if key not in ("type", "params")}
    if rest.get("exec", "") is None:
        del rest["exec"]
    params = value.get("params")
    if isinstance(params, dict):
        return {**rest, **params}
    return rest if params is None else {**rest, "params": params}


def code(value: dict[str, Any]) -> str | None:
    """Return the text of a function that a tool keeps in an object; None when it has none."""
    texts = [value[key] for key in CODE if isinstance(value.get(key), str) and value[key].strip()]
    return texts[0] if len(texts) == 1 else None


def inline(draft: Draft, place: str) -> str:
    """Return the name of a function that JSON could not hold, as Stately's tools call such."""
    return f"inline:{draft.id or '(machine)'}#{place}"


def _field(value: dict[str, Any], *names: str) -> Any:
    params = value.get("params")
    held = {**value, **params} if isinstance(params, dict) else value
    return next((held[name] for name in names if name in held), _NOTHING)
