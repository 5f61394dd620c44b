"""Content: guards, actions and services, of files and of classes.

In a file, what needs no data model becomes an effect of its kind; the rest becomes the action of
its name, with what the file says as parameters, as in SCXML. Nothing is evaluated. A class names
its callbacks, holds them as functions, or has them found by convention; in each slot they come in
the order of their priority, then of their declaration, then of their owners.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Final, final

from statemachine import Event, State
from statemachine.callbacks import CallbackSpec, SpecReference
from statemachine.dispatcher import attr_method, callable_method
from statemachine.exceptions import InvalidDefinition
from statemachine.spec_parser import (
    custom_and,
    operator_mapping,
    parse_boolean_expr,
    replace_operators,
)
from statemachine.transition import Transition as Line

from statecharts.interop import conditions, limits
from statecharts.interop.drafts import Draft, all_of
from statecharts.interop.findings import Findings
from statecharts.interop.grammar import several
from statecharts.interop.literals import NOTHING, cancelled, param_value, payload_value, sent
from statecharts.interop.python_statemachine.hosts import Callback, Function, Slot, Spot, Stage
from statecharts.interop.python_statemachine.writer import CarriedCall, carried, origin_of
from statecharts.interop.syntax.located import Located, plain
from statecharts.model import named
from statecharts.model.effects import Action, CancelSend, Effect, Raise, Send, Service
from statecharts.model.events import NamedEvent
from statecharts.model.hooks import Hook, function_name, meaning

_INTERNAL: Final = ("#_internal", "_internal", "internal")
"""The targets that name the run's own queue of internal events."""


@final
class FileContent:
    """Reads the actions and guards of a file; an action named after an event sends that.

    Attributes:
        ids: The ids in the chart of the states, by their names in the file.
        element: The state that is being read.
        coded: The line and state of the first content that needs a data model.
    """

    def __init__(self, findings: Findings, ids: dict[str, str], events: frozenset[str]) -> None:
        self.findings = findings
        self.ids = ids
        self.events = events
        self.element = ""
        self.coded: tuple[int, str] | None = None

    def refuse(self, code: str, found: str, remedy: str, line: int) -> None:
        """Note what is wrong with the state that is being read."""
        self.findings.add(code, found, remedy, line, self.element)

    def guard(self, item: Located) -> Hook | None:
        """Return the guard of a transition: all of ``cond``, and nothing of ``unless``."""
        found = [self._condition(text, item.at("cond")) for text in several(item.get("cond"))]
        for text in several(item.get("unless")):
            found.append(Hook(named.Not(self._condition(text, item.at("unless")))))
        return all_of(found)

    def _condition(self, text: str, line: int) -> Hook:
        if not text.strip():
            self.refuse("SC612", "the condition is empty", "Write one, or remove the key", line)

        hook, unknown = conditions.guard(text, self.ids)
        for state in unknown:
            found = f"In({state!r}) never holds: there is no such state"
            remedy = self.findings.suggestions.remedy(state, self.ids, "Name a state by its id")
            self.refuse("SC651", found, remedy, line)
        guards = (one.function for one in named.within(hook))
        if any(isinstance(one, named.Named) and not one.name.isidentifier() for one in guards):
            self._note(line)
        return hook

    def _note(self, line: int) -> None:
        self.coded = self.coded or (line, self.element)

    def actions(self, owner: Located, slot: str) -> list[Hook]:
        """Return the actions of one slot, in the order of the file."""
        items = several(owner.get(slot))
        first = next((i for i, item in enumerate(items) if isinstance(item, str)), len(items))
        if any(not isinstance(item, str) for item in items[first:]):
            found = f"that library calls the methods that {slot!r} names last"
            self.refuse("SC652", found, "Expect the order of the file (SCXML 4)", owner.at(slot))
        return self._inside(owner, slot)

    def donedata(self, done: Located) -> Hook:
        """Return the action that gives the data of a final state."""
        params = self._params(done)
        data: dict[str, Any] = {"params": params} if params else {}
        if done.get("content") is not None:
            data["contentexpr"] = done["content"]
        value = payload_value(data)
        if value is NOTHING:
            self._note(done.line)
        brings = () if value is NOTHING or not data else (value,)
        return Hook(named.Give(Action("donedata", data), brings))

    def data(self, item: dict[str, Any], line: int) -> Hook:
        """Return the action that gives a variable its first value."""
        self._note(line)
        return Hook(named.Give(Action("data", _said(item))))

    def service(self, item: Located) -> Service:
        """Return the service of an invoke."""
        said = {key: value for key, value in item.items() if value is not None}
        said.pop("id", None)
        source = said.pop("src", "")
        content, params = said.pop("content", None), said.pop("params", None)
        if said.get("finalize"):
            found = "'finalize' works on a data model; it is kept in the data of the service"
            remedy = "Do its work on the transitions that take the events of the service"
            self.refuse("SC651", found, remedy, item.at("finalize"))
        data: dict[str, Any] = {f"@{key}": plain(value) for key, value in said.items()}
        if isinstance(content, dict) and not source:
            source = json.dumps(plain(content), ensure_ascii=False)
        elif content is not None:
            data["@content"] = plain(content)
        if params:
            data |= {param: param_value(value) for param, value in self._params(item).items()}
        return Service(source, data)

    def _inside(self, owner: Located, slot: str) -> list[Hook]:
        found = map(self._action, several(owner.get(slot)))
        return [hook for hook in found if hook is not None]

    def _action(self, item: Any) -> Hook | None:
        if isinstance(item, str):
            return Hook(named.Give(Send(NamedEvent(item)) if item in self.events else Action(item)))
        ((kind, body),) = item.items()
        if kind == "if":
            return self._if(body)
        effect = self._effect(kind, body, item.at(kind))
        return None if effect is None else Hook(named.Give(effect))

    def _effect(self, kind: str, body: Any, line: int) -> Effect | None:
        match kind:
            case "raise":
                return Raise(NamedEvent(body if isinstance(body, str) else body["event"]))
            case "cancel":
                effect = cancelled(_said(body))
                if effect is None:
                    self.refuse("SC612", "cancel has no sendid", "Add sendid", line)
                return effect
            case "send":
                return self._send(body, line)
        self._note(line)
        if isinstance(body, str):
            return Action(kind, {"content" if kind == "script" else "expr": body})
        return Action(kind, _said(body))

    def _if(self, body: Located) -> Hook:
        branches: list[named.Branch] = []
        for one in (body, *several(body.get("elif"))):
            asked = self._condition(one["cond"], one.at("cond"))
            branches.append(named.Branch(asked, tuple(self._inside(one, "then"))))
        if "else" in body:
            branches.append(named.Branch(None, tuple(self._inside(body, "else"))))
        return Hook(named.Choose(tuple(branches)))

    def _send(self, body: Located, line: int) -> Effect | None:
        said, params = _said(body), self._params(body)
        said.pop("params", None)
        effect = sent(said, {"params": params} if params else {}, "ms")
        if isinstance(effect, Action):
            if not said.get("event") and "eventexpr" not in said:
                self.refuse("SC612", "send has no event", "Add event", line)
            self._note(line)
            return effect
        if effect.target not in _INTERNAL:
            return effect
        if effect.delay:
            found = "an internal event cannot be delayed"
            self.refuse("SC612", found, "Remove the target, or the delay", line)
        return Raise(effect.event)

    def _params(self, owner: Located) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for param in several(owner.get("params")):
            said = _said(param)
            name = said.pop("name")
            if not said:
                text = f"the param {name!r} has no value"
                self.refuse("SC612", text, "Add expr, or location", param.line)
            found[name] = [*several(found[name]), said] if name in found else said
        return found


def _said(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in plain(body).items() if value is not None}


class ConditionError(Exception):
    """A text that is not a condition; says why."""


Leaf = Callable[[str], Hook]
"""Gives the guard of a name, or of a comparison."""


def condition(text: str, name: Leaf, comparison: Leaf, state: Callable[[str], str]) -> Hook:
    """Return a condition of a class as a guard, without evaluating it.

    Names, ``not``/``!``, ``and``/``^``, ``or``/``v``, parentheses, ``In('state')`` and constants
    are taken apart; a comparison is a name of its own. ``state`` gives the id of a state.

    Raises:
        ConditionError: It is not a condition.

    >>> leaf = lambda text: Hook(named.Named(text))
    >>> condition("a ^ !(b v c > 1)", leaf, leaf, str).name
    'a and not (b or c > 1)'
    """
    if text.isidentifier():
        return name(text)
    if len(text) > limits.CONDITION_LENGTH:
        raise ConditionError("it is too long")
    try:
        tree = ast.parse(replace_operators(text).strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else "it is nested too deep"
        raise ConditionError(str(reason)) from None

    def guard(node: ast.expr, depth: int) -> Hook:
        if depth == 0:
            raise ConditionError("it is nested too deep")
        match node:
            case ast.BoolOp(op=operator, values=values):
                inner = tuple(guard(value, depth - 1) for value in values)
                joined = named.AllOf(inner) if isinstance(operator, ast.And) else named.AnyOf(inner)
                return Hook(joined)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Hook(named.Not(guard(operand, depth - 1)))
            case ast.Name(id=word):
                return name(word)
            case ast.Constant(value=value):
                return Hook(named.Holds(bool(value)))
            case ast.Call(func=ast.Name(id="In" | "in" | "IN"), args=args, keywords=[]):
                return _active(args, state)
            case ast.Compare():
                return comparison(ast.unparse(node))
            case _:
                raise ConditionError(f"{ast.unparse(node)!r} is neither true nor false")

    return guard(tree.body, limits.CONDITIONS_DEEP)


def _active(args: list[ast.expr], state: Callable[[str], str]) -> Hook:
    values = [arg.value for arg in args if isinstance(arg, ast.Constant)]
    names = [value for value in values if isinstance(value, str)]
    if not names or len(names) < len(args):
        raise ConditionError("In() takes the ids of states, in quotes")
    states = [Hook(named.In(state(name))) for name in names]
    return states[0] if len(states) == 1 else Hook(named.AllOf(tuple(states)))


_COMPARE: Final[Any] = parse_boolean_expr
_NEVER: Final = frozenset(
    {"model", "state_field", "start_value", "send", "states", "states_map", "final_states"}
)
"""The attributes of the machine itself that that library does not look up."""


@final
class ClassContent:
    """Reads the callbacks of a class: their names are looked up on the owners, or left open."""

    def __init__(self, stage: Stage, findings: Findings, *, open_: bool) -> None:
        self.stage = stage
        self.findings = findings
        self.open = open_
        self.written = origin_of(stage.cls) is not None
        self.outermost = frozenset(state.id for state in stage.cls.states)
        self.attributes = [frozenset(dir(owner)) for owner in stage.owners]
        self.line: int | None = None
        self.element = ""
        self.callbacks: list[Callback] = []

    def at(self, line: int | None, element: str) -> None:
        """Set the place of the callbacks that are read next."""
        self.line, self.element = line, element

    def refuse(self, code: str, found: str, remedy: str) -> None:
        """Note what is wrong at that place."""
        self.findings.add(code, found, remedy, self.line, self.element)

    def differs(self, found: str, remedy: str) -> None:
        """Note what that library does differently at that place."""
        self.refuse("SC652", found, remedy)

    def guard(self, line: Line, spot: Spot) -> Hook | None:
        """Return the guard of a transition: its validators, then its conditions."""
        slot, validators = Slot.VALIDATOR, _sorted(line.validators)
        found = [self._leaf(_name(one), self._functions(one), slot, spot) for one in validators]
        asked = (self._condition(spec, spot) for spec in _sorted(line.cond))
        return all_of([*found, *(hook for hook in asked if hook is not None)])

    def _condition(self, spec: CallbackSpec, spot: Spot) -> Hook | None:
        behind = carried(spec.func)
        if behind is not None:
            hook: Hook | None = behind.hook
        elif spec.may_contain_boolean_expression:
            hook = self._expression(spec.attr_name, spot)
        else:
            hook = self._leaf(_name(spec), self._functions(spec), Slot.COND, spot)
        return Hook(named.Not(hook)) if hook is not None and spec.expected_value is False else hook

    def _expression(self, text: str, spot: Spot) -> Hook | None:
        def leaf(word: str) -> Hook:
            return self._leaf(word, self._named(word), Slot.COND, spot)

        try:
            return condition(text, leaf, lambda part: self._compared(part, spot), self._state)
        except ConditionError as error:
            remedy = "Write names with not, and, or, and comparisons between them"
            self.refuse("SC612", f"{text!r} is not a condition: {error}", remedy)
            return None

    def _compared(self, text: str, spot: Spot) -> Hook:
        if self.open:
            return Hook(named.Named(text))
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
            remedy = "Compare names and constants with ==, !=, <, <=, > and >="
            self.refuse("SC612", f"{text!r} cannot be compared: {error}", remedy)
            return Hook(named.Named(text))
        function = Function((text, *map(meaning, codes)), text, call)
        return self._leaf(text, [function], Slot.COND, spot)

    def _state(self, name: str) -> str:
        ids = self.stage.ids
        if name not in ids:
            found = f"In() asks for {name!r}, and there is no such state"
            remedy = self.findings.suggestions.remedy(name, ids, "Name a state by its id")
            self.refuse("SC613", found, remedy)
        return ids.get(name, name)

    def _leaf(self, name: str, functions: list[Function], slot: Slot, spot: Spot) -> Hook:
        if not functions:
            return Hook(named.Named(name))
        callback = Callback(name, slot, tuple(functions), spot=spot)
        return Hook(named.Bound(named.Named(name), callback))

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
            name = _name(spec)
            if functions:
                only = None if spec.cond is None else str(getattr(spec.cond, "__self__", ""))
                callback = Callback(name, slot, tuple(functions), only, spot=spot)
                self.callbacks.append(callback)
                found.append(Hook(named.Bound(named.Give(Action(name)), callback)))
            elif not spec.is_convention or (self.open and hasattr(self.stage.cls, name)):
                if f"{name}@" not in seen:
                    found.append(Hook(named.Give(Action(name))))
                seen.add(f"{name}@")
        return found

    def prepare(self) -> tuple[Callable[..., Any], ...]:
        """Return the functions that add to the parameters of every call."""
        specs = self.stage.cls.prepare
        return tuple(function.call for spec in specs for function in self._functions(spec))

    def _functions(self, spec: CallbackSpec) -> list[Function]:
        """Return the functions behind a spec; note a name without any."""
        if self.open:
            return []
        if spec.reference is SpecReference.NAME:
            return self._found(spec.attr_name) if spec.is_convention else self._named(spec.func)
        if spec.reference is SpecReference.PROPERTY:
            return self._property(spec)
        return [self._checked(self._callable(spec))]

    def _named(self, name: str) -> list[Function]:
        found = self._found(name)
        if not found and not self.open and not self.written:
            known = frozenset[str]().union(*self.attributes)
            public = tuple(sorted(each for each in known if not each.startswith("_")))
            otherwise = "Define it, pass a host or listeners that have it, or host=False"
            remedy = self.findings.suggestions.remedy(name, public, otherwise)
            self.refuse("SC613", f"neither the host nor a listener has {name!r}", remedy)
        return found

    def _found(self, name: str) -> list[Function]:
        """Return what the owners have under a name."""
        found: list[Function] = []
        for number, owner in enumerate(() if self.open else self.stage.owners):
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

    def _property(self, spec: CallbackSpec) -> list[Function]:
        for number, owner in enumerate(self.stage.owners):
            if getattr(type(owner), spec.attr_name, None) is spec.func:
                getter = attr_method(spec.attr_name, owner)
                code = getattr(spec.func, "fget", None)
                return [Function(code, f"{spec.attr_name}@{number}", getter)]
        return []

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
            name = function.key.partition("@")[0]
            remedy = "Make it a plain function that starts what has to be awaited"
            self.refuse("SC611", f"{name!r} is a coroutine, and a step never waits", remedy)
        return function

    def services(self, draft: Draft, state: State) -> None:
        """Have a state call its services.

        A timeout is an event that is sent later, unless the state is left. Everything else is a
        service for somebody else to run; the first has the name of the state, and
        ``done.invoke.<state>`` says that it is done.
        """
        number = 0
        for spec in state.invoke:
            missing = not any(hasattr(owner, spec.attr_name) for owner in self.stage.owners)
            ours = carried(spec.func)
            if isinstance(ours, CarriedCall):
                draft.invoke[ours.invocation.name] = ours.invocation
            if ours is not None or (spec.is_convention and missing):
                continue
            number += 1
            name = state.id if number == 1 else f"{state.id}.{number}"
            wrapped = type(spec.func).__name__ == "_InvokeCallableWrapper"
            handler: Any = spec.func() if wrapped else spec.func
            delay, event = getattr(handler, "duration", None), getattr(handler, "on", None)
            if isinstance(delay, int | float) and isinstance(event, str | None):
                timer, sent = f"timeout.{name}", NamedEvent(event or f"done.invoke.{name}")
                later = Send(sent, timedelta(seconds=delay), timer)
                draft.entry.append(Hook(named.Give(later)))
                draft.exit.append(Hook(named.Give(CancelSend(timer))))
                continue
            called = handler if isinstance(handler, str) else function_name(handler)
            found = f"that library runs {called!r} in a thread; here the effect Invoke asks for it"
            self.differs(found, "Have whoever runs the chart start it")
            draft.call(name, Service(called), self.findings, draft.line, name)


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


def _name(spec: CallbackSpec) -> str:
    """Return the name of a callback; for a function without one, its text."""
    if spec.reference is SpecReference.NAME:
        return str(spec.func)
    if spec.reference is SpecReference.PROPERTY:
        return str(spec.attr_name)
    return function_name(spec.func)


def _sorted(specs: Iterable[CallbackSpec]) -> list[CallbackSpec]:
    return sorted(specs, key=lambda spec: spec.priority)
