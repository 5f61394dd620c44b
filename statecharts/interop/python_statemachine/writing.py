"""Writing: a chart as a class of python-statemachine.

The class is made as a person would make it, out of that library's states and transitions, and can
be used as any class of that library: with a model, with listeners, with its Django mixin, as the
base of a class that adds methods. What the chart says as a name stays a name, looked up on the
machine, its model and its listeners; everything else goes over as a callback (`writing_hooks`).
"""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Final, final

from attrs import evolve
from statemachine import HistoryState, State, StateChart
from statemachine.transition import Transition as Line

from statecharts.interop.findings import Losses
from statecharts.interop.python_statemachine.writing_hooks import (
    CarriedAction,
    CarriedGuard,
    CarriedRefusal,
    CarriedTimer,
    Origin,
    swallow,
)
from statecharts.interop.python_statemachine.writing_losses import is_internal, note_losses
from statecharts.interop.python_statemachine.writing_names import Names
from statecharts.model.chart import (
    HISTORY,
    ROOT,
    After,
    Chart,
    Declaration,
    Done,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
)
from statecharts.model.effects import Action
from statecharts.model.errors import StatechartError
from statecharts.model.hooks import Hook
from statecharts.model.named import AllOf, AnyOf, Give, Named, Not

_DOCSTRING_COMMAND: Final = re.compile(r"\{statechart:\w+\}")


class WrittenChart(StateChart[Any]):
    """What every class that `to_class` makes derives from."""

    validate_disconnected_states = False
    validate_trap_states = False
    validate_final_reachability = False

    _origin: ClassVar[Origin]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # That library numbers states anew for every subclass, and wrongly once siblings nest; the
        # states belong to all of the classes.
        _number(type(self))
        super().__init__(*args, **kwargs)


def to_class(
    chart: Chart | type[Declaration[Any]], *, allow: Iterable[str] = ()
) -> type[StateChart[Any]]:
    """Return a class of python-statemachine that does what a chart says.

    Its states bear the names that they have in the chart; a name that two of them have, or that is
    taken in that library, is replaced by the path of the state with underscores. An event is sent
    by its name on the wire, its fields as keyword arguments. Guards and actions that the chart
    knows by name are looked up on the machine, its model and its listeners; a guard has to be
    found there, an action may be missing. Effects that are no more than data are handed to
    ``on_effect(effect)`` of the machine, its model and its listeners, where there is one.

    That library swallows what callbacks raise, and makes it the event ``error.execution``; derive
    a class with ``catch_errors_as_events = False`` to have it raised.

    Args:
        chart: The chart, or the class that declares it.
        allow: Codes of the losses that are accepted knowingly, or ``*`` for all of them.

    Raises:
        LossError: The chart has something that such a class cannot hold.

    >>> from attrs import frozen
    >>> from statecharts import State, Statechart
    >>> @frozen
    ... class Push: ...
    >>> class Door(Statechart, events=Push):
    ...     shut = State(initial=True)
    ...     open = State()
    ...     shut.to(open, on=Push)
    ...     open.to(shut, on=Push)
    >>> machine = to_class(Door)()
    >>> machine.send("push")
    >>> [state.id for state in machine.configuration]
    ['open']
    """
    declared = chart if isinstance(chart, Chart) else getattr(chart, "chart", None)
    if not isinstance(declared, Chart):
        remedy = "Pass a Chart, or a class derived from Statechart"
        raise StatechartError("SC213", "to_class", f"{chart!r} has no chart", remedy)
    losses = Losses(declared, "A class of python-statemachine")
    names = Names.of(declared)
    note_losses(declared, names, losses)
    losses.settle(allow)
    return _Writer(declared, names).write(_module())


@final
class _Writer:
    """Makes the class of one chart."""

    def __init__(self, chart: Chart, names: Names) -> None:
        self.chart = chart
        self.names = names
        self.origin = Origin(chart, names)
        self.states: dict[str, State] = {}
        self.open: dict[str, None] = {}
        self.begins = frozenset(_beginnings(chart))

    def write(self, module: str) -> type[StateChart[Any]]:
        """Return the class."""
        chart = self.chart
        for node in reversed(chart.states):
            self.states[node.id] = self._state(node)
        for node in chart.states:
            self._default(node)
            for transition in node.transitions:
                self._line(transition, node.id)
            if node.parent == ROOT and node.kind is not StateKind.FINAL:
                for transition in chart.root.transitions:
                    if not isinstance(transition.trigger, After):
                        self._line(evolve(transition, kind=_outer(transition)), node.id)
        body: dict[str, Any] = {"__module__": module, "_origin": self.origin}
        if chart.doc and not _DOCSTRING_COMMAND.search(chart.doc):
            body["__doc__"] = chart.doc
        body |= dict.fromkeys(self.open)
        body |= {self.names.states[child]: self.states[child] for child in self._outermost()}
        starts = self._starts()
        if starts:
            body["start_configuration_values"] = starts
        made: type[StateChart[Any]] = types.new_class(
            chart.name or "Chart", (WrittenChart,), exec_body=lambda space: space.update(body)
        )
        _number(made)
        return made

    def _outermost(self) -> tuple[str, ...]:
        chart = self.chart
        return tuple(c for c in chart.root.children if chart[c].kind not in HISTORY)

    def _starts(self) -> list[str]:
        """Return where it begins, where that is not one of the outermost states."""
        root = self.chart.root
        if root.kind is StateKind.PARALLEL:
            return [self.names.states[child] for child in self._outermost()]
        first = root.initial[:1]
        deep = first and first[0] not in self._outermost()
        return [self.names.states[first[0]]] if deep and len(root.initial) == 1 else []

    # -- states ------------------------------------------------------------------------------------

    def _state(self, node: StateNode) -> State:
        if node.kind in HISTORY:
            depth = "deep" if node.kind is StateKind.DEEP_HISTORY else "shallow"
            return HistoryState(type=depth)
        timers = tuple(
            CarriedTimer(_delay(t.trigger), self.origin, t.trigger).callback
            for t in node.transitions
            if isinstance(t.trigger, After)
        )
        options: dict[str, Any] = {
            "initial": node.id in self.begins,
            "final": node.kind is StateKind.FINAL,
            "enter": self._actions(node.entry),
            "exit": self._actions(node.exit),
            "invoke": timers or None,
        }
        children = {self.names.states[child]: self.states[child] for child in node.children}
        if not children:
            return State(**options)
        base: Any = State.Parallel if node.kind is StateKind.PARALLEL else State.Compound
        made: Any = types.new_class(
            self.names.states[node.id], (base,), options, lambda space: space.update(children)
        )
        return made  # type: ignore[no-any-return]

    # -- transitions -------------------------------------------------------------------------------

    def _default(self, node: StateNode) -> None:
        """Write a default, where the mark of the initial child does not say it all."""
        default = node.default
        if default is None:
            return
        source, targets = self.states[node.id], self._targets(default)
        content = self._actions(default.emit)
        if node.kind in HISTORY:
            # That library enters the first target of each transition, and all of them together.
            for number, target in enumerate(targets):
                source.to(target, on=None if number else content)
            return
        plain = default.targets == (default.targets[0],) and default.targets[0] in node.children
        if plain and not content and self.chart[default.targets[0]].kind not in HISTORY:
            return
        _add(source, targets, initial=True, on=content)

    def _line(self, transition: Transition, source: str) -> None:
        targets = self._targets(transition)
        into_history = any(self.chart[target].kind in HISTORY for target in transition.targets)
        content = self._actions(transition.emit, once=into_history)
        if transition.kind is TransitionKind.FORBIDDEN:
            refusal = CarriedRefusal(Hook(swallow), self.origin).callback
            targets, content = [], (refusal, *(content or ()))
        _add(
            self.states[source],
            targets,
            event=self._events(transition),
            internal=is_internal(self.chart, transition),
            cond=None if transition.guard is None else self._guard(transition.guard),
            on=content,
        )

    def _targets(self, transition: Transition) -> list[State]:
        found: list[State] = []
        for target in transition.targets:
            node = self.chart[target]
            if node.kind in HISTORY and node.parent == ROOT:  # of which there is none
                found += [] if node.default is None else self._targets(node.default)
            else:
                found.append(self.states[target])
        return found

    def _events(self, transition: Transition) -> str | None:
        match transition.trigger:
            case OnEvent(events):
                found = [one for event in events for one in self.names.descriptors(event)]
                return " ".join(dict.fromkeys(found))
            case Done():
                return self.names.done(transition.source)
            case After(timer=timer):
                return timer
            case _:
                return None

    # -- guards and actions ------------------------------------------------------------------------

    def _guard(self, guard: Hook) -> Any:
        text = self._expression(guard)
        return CarriedGuard(guard, self.origin).callback if text is None else text

    def _expression(self, guard: Hook) -> str | None:
        """Return a guard as a boolean expression of that library, when it is made of names."""
        if guard.given is not None:
            return None
        match guard.function:
            case Named(name, data, doc) if not data and not doc and self.names.free(name):
                return name
            case Not(inner):
                text = self._expression(inner)
                return None if text is None else f"not {_grouped(inner, text)}"
            case AllOf(guards) if len(guards) > 1:
                return self._joined(guards, " and ")
            case AnyOf(guards) if len(guards) > 1:
                return self._joined(guards, " or ")
            case _:
                return None

    def _joined(self, guards: tuple[Hook, ...], word: str) -> str | None:
        texts = [self._expression(guard) for guard in guards]
        known = [text for text in texts if text is not None]
        if len(known) < len(guards):
            return None
        return word.join(map(_grouped, guards, known))

    def _actions(self, hooks: tuple[Hook, ...], *, once: bool = False) -> tuple[Any, ...] | None:
        """Return the callbacks of actions; None when there are none."""
        found: list[Any] = []
        for hook in hooks:
            match hook.function:
                case Give(Action(name, data)) if (
                    hook.given is None
                    and not data
                    and not once
                    and self.names.free(name)
                    and name not in found  # that library calls a name once
                ):
                    found.append(name)
                    self.open[name] = None
                case _:
                    found.append(CarriedAction(hook, self.origin, once).callback)
        return tuple(found) or None


def _add(source: State, targets: list[State], **options: Any) -> None:
    target: Any = targets if len(targets) > 1 else targets[0] if targets else None
    source.transitions.add_transitions(Line(source, target, **options))


def _outer(transition: Transition) -> TransitionKind:
    internal = transition.kind is TransitionKind.INTERNAL
    return TransitionKind.EXTERNAL if internal else transition.kind


def _beginnings(chart: Chart) -> Iterator[str]:
    """Yield the children that defaults lead to, or into."""
    for node in chart.nodes.values():
        if node.kind is StateKind.PARALLEL:
            yield from node.children if node.id else node.children[:1]
        elif node.kind is StateKind.COMPOUND:
            for target in node.initial[:1]:
                child = chart[target]
                while child.parent not in (node.id, None):
                    child = chart[child.parent or ROOT]
                yield child.id


def _grouped(guard: Hook, text: str) -> str:
    return f"({text})" if isinstance(guard.function, AllOf | AnyOf) else text


def _delay(trigger: After) -> Hook:
    if isinstance(trigger.delay, Hook):
        return trigger.delay
    return Hook(swallow, f"after {trigger.delay}")


def _number(cls: Any) -> None:
    """Number the states of a class in document order, wherever they lie."""
    numbers = cls._origin.numbers
    for state in _states(cls.states):
        state.document_order = numbers.get(state.id, len(numbers) + state.document_order)


def _states(states: Iterable[State]) -> Iterator[State]:
    waiting = list(states)
    while waiting:
        state = waiting.pop()
        yield state
        waiting += [*state.states, *state.history]


def _module() -> str:
    """Return the module that asks for a class: the class is found there by that library."""
    frame: types.FrameType | None = inspect.currentframe()
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if not name.startswith("statecharts.interop.python_statemachine"):
            return name
        frame = frame.f_back
    return __name__
