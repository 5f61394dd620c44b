"""Writable: a chart without the parts that no file format has a place for.

A chart can have more than it uses: a default where there is nothing to choose, a name for people
beside another name. Writers first remove these, and note each as a loss. Of a name with a function
bound to it they write the name, which is not a loss.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from itertools import pairwise
from typing import Final, final

from attrs import evolve, frozen

from statecharts.interop.drafts import FAILED, answered
from statecharts.interop.findings import Losses, state_text
from statecharts.model.chart import (
    HISTORY,
    After,
    Chart,
    Default,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
)
from statecharts.model.effects import Service
from statecharts.model.events import CallFailed, wire_name
from statecharts.model.hooks import Hook
from statecharts.model.named import (
    AllOf,
    AnyOf,
    Bound,
    Branch,
    Choose,
    Give,
    Holds,
    In,
    Named,
    NamedDelay,
    Not,
)
from statecharts.model.nodes import Invocation

SAID: Final = (AllOf, AnyOf, Bound, Choose, Give, Holds, In, Named, NamedDelay, Not)
"""Hooks that describe themselves; a function is known by its name alone."""


def writable(chart: Chart, losses: Losses, word: Callable[[str], str]) -> Chart:
    """Return the part of a chart that files can hold, as far as all formats agree.

    ``word`` returns the name of an event in the form that transitions of the format allow.
    """
    typed = [event.name for event in chart.events if event.cls is not None]
    if typed:
        found = f"the classes of the events {', '.join(typed)} are left out"
        losses.add("SC671", found, "Name events by their names alone")
    note_types(chart, losses)
    return _Writable({event.cls for event in chart.events}, losses, word).of(chart)


def note_types(chart: Chart, losses: Losses) -> None:
    """Note the loss of the context and the data of a chart, and of what builds them."""
    if chart.context is not None:
        found = f"the context {chart.context.__name__} is left out"
        losses.add("SC671", found, "Keep it where the chart is run")
    for node in chart.nodes.values():
        shown = state_text(node.id)
        with losses.about(node.id):
            if node.data is not None:
                found = f"the data {node.data.__name__} of {shown} is left out"
                losses.add("SC671", found, "Keep it where the chart is run", node.location)
            for line in node.transitions:
                for role, hook in (("make", line.make), ("update", line.update)):
                    if hook is not None:
                        found = f"{role}={hook.name} of a transition of {shown} is left out"
                        losses.add("SC671", found, "Make it a named action", line.location)


def stays_inside(chart: Chart, line: Transition) -> bool:
    """Tell whether all targets of a line are its source, or inside it."""
    source = line.source
    return all(t == source or chart.is_descendant(t, source) for t in line.targets)


def service_of(call: Invocation) -> Service:
    """Return the service that a call is to a file; that of a class of calls has its name."""
    effect = getattr(call.make and call.make.function, "effect", None)
    name = call.name if call.call is Service else wire_name(call.call)
    return effect if isinstance(effect, Service) else Service(name)


def as_service(call: Invocation, losses: Losses) -> Invocation:
    """Return a call as that of a service; note the loss of what only Python can say."""
    service = service_of(call)
    make = Hook(Give(service))
    if call.make != make:
        code = "SC672" if call.call is Service else "SC671"
        found = f"the call {call.name!r} is written as the service {service.source!r}, by its name"
        losses.add(code, found, f"Give Service({service.source!r}, …) instead", call.location)
    return evolve(call, call=Service, make=make)


def file_ids(node: StateNode) -> dict[str, str]:
    """Return the ids in a file of the calls of a state, by name.

    Lines that take answers by two names come from a file that has an id of its own for the call.
    """
    ids = {call.name: call.name for call in node.invoke}
    for line in node.transitions:
        for (before, id), (prefix, name) in pairwise(map(answered, line.events)):
            if name in ids and prefix == before:
                ids[name] = id
    return ids


def descriptors(line: OnEvent, ids: Mapping[str, str]) -> Iterator[str]:
    """Yield the events of a line as a file with these ids of calls names them, each once."""
    for event in line.events:
        prefix, name = answered(event)
        twice = ids.get(name, name) != name and prefix + ids[name] in line.events
        if isinstance(event, str) and not twice:
            yield event


@final
@frozen(eq=False)
class _Writable:
    classes: Container[type | None]
    losses: Losses
    word: Callable[[str], str]

    def of(self, chart: Chart) -> Chart:
        """Return what is left of the chart."""
        root = self._node(chart.root)
        if root.name != chart.name:
            with self.losses.about(root.id):
                found = f"the name {root.name!r} of the chart as a state is left out"
                self.losses.add("SC674", found, "Give it the name of the chart")
        states = tuple(map(self._node, chart.states))
        return evolve(chart, root=root, states=states)

    def _events(self, events: tuple[type | str, ...]) -> tuple[type | str, ...]:
        """Return the events of a line; a line on the failure of a service takes `CallFailed`."""
        names = [self._descriptor(event) for event in events if event is not CallFailed]
        if CallFailed not in events:
            return tuple(names)
        if not any(name.startswith("error") for name in names):
            names.append(f"{FAILED}.*")
            found = f"CallFailed is written as {names[-1]!r}"
            self.losses.add("SC671", found, f"Name {names[-1]!r} beside it")
        return (*names, CallFailed)

    def _descriptor(self, event: type | str) -> str:
        """Return the name of an event; note the loss of a class that the chart does not declare."""
        if isinstance(event, type) and event not in self.classes:
            found = f"the event class {event.__name__} is written by its name"
            self.losses.add("SC671", found, "Send NamedEvents of that name to the chart")
        name = event if isinstance(event, str) else wire_name(event)
        word = self.word(name)
        if word != name:
            found = f"a transition cannot use the event name {name!r}; it is written {word!r}"
            self.losses.add("SC674", found, "Rename the event")
        return word

    def _node(self, node: StateNode) -> StateNode:
        with self.losses.about(node.id):
            default = None if node.default is None else self._default(node, node.default)
            entry, exit_ = self._hooks(node.entry), self._hooks(node.exit)
            lines = tuple(map(self._line, self._taken(node)))
            calls = tuple(as_service(call, self.losses) for call in self._active(node))
        return evolve(
            node, default=default, transitions=lines, entry=entry, exit=exit_, invoke=calls
        )

    def _taken(self, node: StateNode) -> Iterator[Transition]:
        """Yield the lines of a state without those that defer their events."""
        for line in node.transitions:
            if line.kind is TransitionKind.DEFERRED:
                found = f"a line of {state_text(node.id)} defers its event, and is left out"
                self.losses.add("SC673", found, "Take the event, or ignore it", line.location)
            else:
                yield line

    def _active(self, node: StateNode) -> tuple[Invocation, ...]:
        """Return the calls of a state, if it is one that is active for a while."""
        if node.invoke and node.kind in (StateKind.FINAL, *HISTORY):
            found = f"{node.id!r} is {node.kind.value}, and its calls are left out"
            self.losses.add("SC673", found, "Make them in another state", node.location)
            return ()
        return node.invoke

    def _default(self, node: StateNode, default: Transition) -> Transition | None:
        shown = state_text(node.id)
        if node.kind not in (StateKind.COMPOUND, *HISTORY):
            found = f"the default of {shown}, which is {node.kind.value}, is left out"
            self.losses.add("SC673", found, "Remove it: nothing takes it", node.location)
            return None
        emit, at = self._hooks(default.emit), default.location
        plain = Transition(default.source, Default(), default.targets, emit=emit, location=at)
        if evolve(default, emit=plain.emit) != plain:
            found = f"the default of {shown} is written with its targets and effects only"
            self.losses.add("SC673", found, "Use only targets and emit= there", node.location)
        return plain

    def _line(self, line: Transition) -> Transition:
        trigger = line.trigger
        if isinstance(trigger, OnEvent):
            trigger = OnEvent(self._events(trigger.events))
        elif isinstance(trigger, After) and isinstance(trigger.delay, Hook):
            trigger = evolve(trigger, delay=self._hook(trigger.delay))
        guard = None if line.guard is None else self._hook(line.guard)
        return evolve(line, trigger=trigger, guard=guard, emit=self._hooks(line.emit))

    def _hooks(self, hooks: tuple[Hook, ...]) -> tuple[Hook, ...]:
        return tuple(map(self._hook, hooks))

    def _hook(self, hook: Hook) -> Hook:
        """Return a hook without a second name, and without functions bound to names."""
        function = hook.function
        match function:
            case Bound(reference):
                function = reference
            case Not(guard):
                function = Not(self._hook(guard))
            case AllOf(guards) | AnyOf(guards):
                function = type(function)(self._hooks(guards))
            case Choose(branches):
                function = Choose(tuple(map(self._branch, branches)))
            case _:
                pass
        if not isinstance(function, SAID):
            return hook
        plain = Hook(function)
        if hook.given is not None:
            found = f"the name {hook.given!r} for {plain.name!r} is left out"
            self.losses.add("SC675", found, "Give the function itself that name")
        return plain

    def _branch(self, branch: Branch) -> Branch:
        guard = None if branch.guard is None else self._hook(branch.guard)
        return Branch(guard, self._hooks(branch.actions))
