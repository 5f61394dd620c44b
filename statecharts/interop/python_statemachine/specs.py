"""Specs: what a class says of its callbacks, as guards and actions of a chart.

A callback is said by its name, as a function, or is found by its name without being said at all. In
each slot they come in the order of their priority, then of their saying, then of their owners.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, final

from statemachine import Event
from statemachine.callbacks import CallbackSpec, SpecReference
from statemachine.dispatcher import attr_method, callable_method
from statemachine.exceptions import InvalidDefinition
from statemachine.spec_parser import custom_and, operator_mapping, parse_boolean_expr
from statemachine.transition import Transition as Line

from statecharts.interop.findings import Findings
from statecharts.interop.python_statemachine import conditions
from statecharts.interop.python_statemachine.callbacks import Callback, Function
from statecharts.interop.python_statemachine.occasions import Slot, Spot
from statecharts.interop.python_statemachine.stages import Stage
from statecharts.interop.python_statemachine.writing_hooks import carried, origin_of
from statecharts.model.effects import Action
from statecharts.model.hooks import Hook, function_name, meaning
from statecharts.model.named import AllOf, Bound, Give, Named, Not
from statecharts.model.suggestions import did_you_mean

_COMPARE: Final[Any] = parse_boolean_expr
_NEVER: Final = (
    "model",
    "state_field",
    "start_value",
    "send",
    "states",
    "states_map",
    "final_states",
)
"""What that library does not look up on the machine itself."""


@final
class Specs:
    """Reads the callbacks of one class.

    Args:
        stage: The run, as the host knows it; its owners are looked through for names.
        findings: Where what is wrong is noted.
        open_: Whether names are left open.
        ids: The id in the chart of each state, by the name that the class gives it.
    """

    def __init__(
        self, stage: Stage, findings: Findings, ids: dict[str, str], *, open_: bool
    ) -> None:
        self.stage = stage
        self.findings = findings
        self.open = open_
        self.ids = ids
        self.written = origin_of(stage.cls) is not None
        self.outermost = frozenset(state.id for state in stage.cls.states)
        self.attributes = [frozenset(dir(owner)) for owner in stage.owners]
        self.line: int | None = None
        self.element = ""
        self.callbacks: list[Callback] = []

    def at(self, line: int | None, element: str) -> None:
        """Say where the callbacks that are read next stand."""
        self.line, self.element = line, element

    # -- guards ------------------------------------------------------------------------------------

    def guard(self, line: Line, spot: Spot) -> Hook | None:
        """Return the guard of a transition: its validators, then its conditions."""
        found = [self._validator(spec, spot) for spec in _sorted(line.validators)]
        found += [self._condition(spec, spot) for spec in _sorted(line.cond)]
        guards = tuple(hook for hook in found if hook is not None)
        if len(guards) < 2:  # noqa: PLR2004
            return guards[0] if guards else None
        return Hook(AllOf(guards))

    def _validator(self, spec: CallbackSpec, spot: Spot) -> Hook | None:
        return self._leaf(_spoken(spec), self._functions(spec), Slot.VALIDATOR, spot)

    def _condition(self, spec: CallbackSpec, spot: Spot) -> Hook | None:
        behind = carried(spec.func)
        if behind is not None:
            hook: Hook | None = behind.hook
        elif spec.may_contain_boolean_expression:
            hook = self._expression(spec.attr_name, spot)
        else:
            hook = self._leaf(_spoken(spec), self._functions(spec), Slot.COND, spot)
        negated = hook is not None and spec.expected_value is False
        return Hook(Not(hook)) if negated and hook is not None else hook

    def _expression(self, text: str, spot: Spot) -> Hook | None:
        def name(word: str) -> Hook:
            return self._leaf(word, self._named(word), Slot.COND, spot) or Hook(Named(word))

        def comparison(part: str) -> Hook:
            return self._compared(part, spot)

        try:
            return conditions.guard(text, name, comparison, self._state)
        except conditions.ConditionError as error:
            found = f"{text!r} is no condition: {error}"
            remedy = "Write names with not, and, or, and comparisons between them"
            self.findings.add("SC612", found, remedy, self.line, self.element)
            return None

    def _compared(self, text: str, spot: Spot) -> Hook:
        if self.open:
            return Hook(Named(text))
        codes: list[Any] = []

        def value(word: str) -> Any:
            functions = self._found(word)
            codes.extend(function.code for function in functions)
            calls = [_called(function) for function in functions]
            while len(calls) > 1:
                calls[:2] = [custom_and(*calls[:2])]
            return calls[0] if calls else _called(Function(word, word, bool))

        try:
            call = _COMPARE(text, value, operator_mapping)
        except (SyntaxError, ValueError, KeyError, InvalidDefinition) as error:
            found = f"{text!r} cannot be compared: {error}"
            remedy = "Compare names and constants with ==, !=, <, <=, > and >="
            self.findings.add("SC612", found, remedy, self.line, self.element)
            return Hook(Named(text))
        function = Function((text, *map(meaning, codes)), text, call)
        return self._leaf(text, [function], Slot.COND, spot) or Hook(Named(text))

    def _state(self, name: str) -> str:
        if name not in self.ids:
            found = f"In() asks for {name!r}, and there is no such state"
            remedy = did_you_mean(name, self.ids, "Name a state by its id")
            self.findings.add("SC613", found, remedy, self.line, self.element)
        return self.ids.get(name, name)

    def _leaf(self, name: str, functions: list[Function], slot: Slot, spot: Spot) -> Hook | None:
        if not functions:
            return Hook(Named(name))
        callback = Callback(name, slot, tuple(functions), spot=spot)
        return Hook(Bound(Named(name), callback))

    # -- actions -----------------------------------------------------------------------------------

    def actions(self, specs: Iterable[CallbackSpec], slot: Slot, spot: Spot) -> list[Hook]:
        """Return the actions of one slot of a state or a transition, in order."""
        found: list[Hook] = []
        seen: set[str] = set()
        for spec in _sorted(specs):
            behind = carried(spec.func)
            if behind is not None:
                found.append(behind.hook)
                continue
            functions = [one for one in self._functions(spec) if one.key not in seen]
            seen.update(function.key for function in functions)
            name = _spoken(spec)
            if functions:
                only = None if spec.cond is None else str(getattr(spec.cond, "__self__", ""))
                callback = Callback(name, slot, tuple(functions), only, spot=spot)
                self.callbacks.append(callback)
                found.append(Hook(Bound(Give(Action(name)), callback)))
            elif not spec.is_convention or (self.open and hasattr(self.stage.cls, name)):
                if f"{name}@" not in seen:
                    found.append(Hook(Give(Action(name))))
                seen.add(f"{name}@")
        return found

    # -- functions ---------------------------------------------------------------------------------

    def prepare(self) -> Iterator[Any]:
        """Yield what adds to the parameters of every call."""
        for spec in self.stage.cls.prepare:
            for function in self._functions(spec):
                yield function.call

    def _functions(self, spec: CallbackSpec) -> list[Function]:
        """Return what a spec stands for; note a name that nothing stands behind."""
        if self.open:
            return []
        if spec.reference is SpecReference.NAME:
            return self._found(spec.attr_name) if spec.is_convention else self._named(spec.func)
        if spec.reference is SpecReference.PROPERTY:
            return list(self._properties(spec))
        return [self._checked(self._callable(spec))]

    def _named(self, name: str) -> list[Function]:
        found = self._found(name)
        if not found and not self.open and not self.written:
            text = f"the name {name!r} stands for nothing: neither the host nor a listener has it"
            names = frozenset[str]().union(*self.attributes)
            known = sorted(each for each in names if not each.startswith("_"))
            otherwise = "Define it, pass a host or listeners that have it, or host=False"
            remedy = did_you_mean(name, known, otherwise)
            self.findings.add("SC613", text, remedy, self.line, self.element)
        return found

    def _found(self, name: str) -> list[Function]:
        """Return what the owners have under a name."""
        if self.open:
            return []
        found: list[Function] = []
        for number, owner in enumerate(self.stage.owners):
            own = owner is self.stage.host
            if own and (name in _NEVER or name in self.outermost):
                continue
            if name not in self.attributes[number]:
                continue
            value = getattr(owner, name)
            if own and self.written and value is None:
                continue
            found.append(self._checked(_function(name, number, owner, value)))
        return found

    def _properties(self, spec: CallbackSpec) -> Iterator[Function]:
        for number, owner in enumerate(self.stage.owners):
            if getattr(type(owner), spec.attr_name, None) is spec.func:
                getter = attr_method(spec.attr_name, owner)
                code = getattr(spec.func, "fget", None)
                yield Function(code, f"{spec.attr_name}@{number}", getter)
                return

    def _callable(self, spec: CallbackSpec) -> Function:
        """Return a function that a spec holds itself: a method of an owner, or a plain one."""
        if not spec.is_bounded:
            for number, owner in enumerate(self.stage.owners):
                method = getattr(owner, spec.lookup_name, None)
                if getattr(method, "__func__", None) is spec.func:
                    return _function(spec.attr_name, number, owner, method)
        key = f"{spec.attr_name}-{id(spec.func)}@"
        return Function(spec.func, key, callable_method(spec.func))

    def _checked(self, function: Function) -> Function:
        if getattr(function.call, "is_coroutine", False):
            found = (
                f"{function.key.partition('@')[0]!r} is a coroutine, and a step waits for nothing"
            )
            remedy = "Make it a plain function that starts what is to be waited for"
            self.findings.add("SC611", found, remedy, self.line, self.element)
        return function


def _function(name: str, number: int, owner: Any, value: Any) -> Function:
    key = f"{name}@{number}"
    if isinstance(value, Event):
        event = Event(id=value.id, name=value.name, delay=value.delay, internal=value.internal)
        return Function(str(value), key, bool, event)
    if callable(value):
        return Function(getattr(value, "__func__", value), key, callable_method(value))
    return Function(name, key, attr_method(name, owner))


def _called(function: Function) -> Any:
    call: Any = function.call
    if not hasattr(call, "__name__"):
        call.__name__ = function.key
    return call


def _spoken(spec: CallbackSpec) -> str:
    """Return what a callback is called: its name, or for a function without one, its text."""
    if spec.reference is SpecReference.NAME:
        return str(spec.func)
    if spec.reference is SpecReference.PROPERTY:
        return str(spec.attr_name)
    return function_name(spec.func)


def _sorted(specs: Iterable[CallbackSpec]) -> list[CallbackSpec]:
    return sorted(specs, key=lambda spec: spec.priority)
