"""The names of a chart as python-statemachine can bear them.

Its states, events, guards and actions all are attributes of one object, and its states are
attributes of their parents as well: a name that two of them bear, or that the object has already,
silently becomes something else. Every name is looked at here before it is used.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from keyword import iskeyword
from typing import Any, Final, final

from attrs import frozen
from statemachine import HistoryState, State, StateChart

from statecharts.model.chart import Chart, OnEvent, StateNode
from statecharts.model.effects import Raise, Send
from statecharts.model.events import NamedEvent, wire_name
from statecharts.model.fields import fields_of
from statecharts.model.hooks import Hook
from statecharts.model.named import event_name, parts

EFFECT: Final = "on_effect"
"""The method that gets the effects that python-statemachine has no word for."""

DONE: Final = "done.state."

_OPERATORS: Final = frozenset({"v", "In"})
"""Words that mean something in its boolean expressions."""

_PARAMETERS: Final = frozenset(
    {"self", "event", "delay", "send_id", "internal", "event_data", "machine", "model"}
    | {"transition", "state", "source", "target"}
)
"""Fields of a payload that never arrive: ``send`` takes them for itself, or replaces them."""


class _Probe(StateChart[Any]):
    """The smallest class, to see what all of them have."""

    _only = State(initial=True, final=True)


@cache
def machine_names() -> frozenset[str]:
    """Return the names that every machine has, and the event and the method that are not free."""
    machine = _Probe()
    return frozenset({*dir(machine), *vars(machine), *dir(_Probe), "__initial__", "effect", EFFECT})


@cache
def reserved() -> frozenset[str]:
    """Return the names that no state can bear: those of machines, and those of states."""
    state, history = State(), HistoryState()
    return machine_names() | {*dir(state), *vars(state), *dir(history), *vars(history)}


@final
@frozen
class Names:
    """What the states and events of a chart are called there.

    Attributes:
        states: The name of each state, by its id in the chart; in document order.
        events: The name of each event that cannot keep its own.
        taken: The names that guards and actions cannot be found by.
        renamed: The other names there, by the name of a state here.
    """

    states: dict[str, str]
    events: dict[str, str]
    taken: frozenset[str]
    renamed: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, chart: Chart) -> Names:
        """Find names for the states and events of a chart."""
        states = _states(chart)
        known = dict.fromkeys((*_waited(chart), *(e.name for e in chart.events), *_sent(chart)))
        events = _events(known)
        ids = tuple(states.values())
        taken = {*machine_names(), *known, *events.values(), *ids, *_conventions(ids, known)}
        renamed: dict[str, tuple[str, ...]] = {}
        for node in chart.states:
            if states[node.id] != node.name:
                renamed[node.name] = (*renamed.get(node.name, ()), states[node.id])
        return cls(states, events, frozenset(taken), renamed)

    def event(self, event: type | str) -> str:
        """Return the name of an event, or of a descriptor of events."""
        name = event if isinstance(event, str) else wire_name(event)
        return self.events.get(name, name)

    def original(self, name: str) -> str:
        """Return the name in the chart of an event that has arrived."""
        return next((ours for ours, theirs in self.events.items() if theirs == name), name)

    def descriptors(self, event: type | str) -> tuple[str, ...]:
        """Return the descriptors that match there what a descriptor of the chart matches here."""
        name = self.event(event)
        renamed = self.renamed.get(name.removeprefix(DONE), ()) if name.startswith(DONE) else ()
        return tuple(f"{DONE}{state}" for state in renamed) or (name,)

    def done(self, state: str) -> str:
        """Return the name of the completion event of a state."""
        return f"{DONE}{self.states[state]}"

    def free(self, name: str) -> bool:
        """Tell whether a guard or an action can be found by a name."""
        plain = name.isidentifier() and not name.startswith("_")
        return plain and not iskeyword(name) and name not in self.taken and name not in _OPERATORS


def payload(event: Any) -> dict[str, Any]:
    """Return the fields of an event as ``send`` takes them, without those that it cannot take."""
    if isinstance(event, NamedEvent):
        given = dict(event.data)
    else:
        cls: type = type(event)
        given = {field.name: getattr(event, field.name) for field in fields_of(cls)}
    return {name: value for name, value in given.items() if name not in _PARAMETERS}


def unsendable(chart: Chart) -> list[tuple[str, str]]:
    """Return the fields of events that ``send`` takes for itself, each with its event."""
    found = [(event.name, field.name) for event in chart.events for field in event.fields]
    for hook in _hooks(chart):
        event = _given(hook)
        if isinstance(event, NamedEvent):
            found.extend((event.name, name) for name in event.data)
    return [pair for pair in dict.fromkeys(found) if pair[1] in _PARAMETERS]


def _states(chart: Chart) -> dict[str, str]:
    """Keep the names that are valid and borne by one state only; give the others their paths."""
    counted = Counter(node.name for node in chart.states)
    kept = {n.id: n.name for n in chart.states if counted[n.name] == 1 and _bearable(n.name)}
    used = set(kept.values())
    found: dict[str, str] = {}
    for node in chart.states:
        if node.id not in kept:
            kept[node.id] = _free(_path(node), used)
            used.add(kept[node.id])
        found[node.id] = kept[node.id]
    return found


def _path(node: StateNode) -> str:
    text = re.sub(r"\W", "_", node.id.replace(".", "_")).strip("_")
    return text if text.isidentifier() else f"state_{text}".rstrip("_")


def _free(wanted: str, used: set[str]) -> str:
    number, name = 1, wanted
    while name in used or not _bearable(name):
        number += 1
        name = f"{wanted}_{number}"
    return name


def _bearable(name: str) -> bool:
    return (
        name.isidentifier()
        and not iskeyword(name)
        and not name.startswith("_")
        and name not in reserved()
    )


def _events(known: Iterable[str]) -> dict[str, str]:
    """Give other names to the events that would take the place of something."""
    names = tuple(known)
    found: dict[str, str] = {}
    for name in names:
        if name in machine_names() or not name or re.search(r"\s", name):
            plain = re.sub(r"[^\w.]", "_", name).strip("_")
            wanted = f"{plain}_event".lstrip("_")
            used = {*names, *found.values(), *machine_names()}
            found[name] = wanted if wanted not in used else _free(wanted, used)
    return found


def _conventions(states: Iterable[str], events: Iterable[str]) -> set[str]:
    """Return the names of methods that it calls without being asked to."""
    moments = ("before", "on", "after")
    found = {f"{moment}_{event}" for moment in moments for event in (*events, "transition")}
    for verb in ("enter", "exit", "invoke"):
        found.update(f"on_{verb}_{state}" for state in (*states, "state"))
    return found | {"prepare_event"}


def _waited(chart: Chart) -> Iterable[str]:
    for transition in chart.transitions:
        if isinstance(transition.trigger, OnEvent):
            for event in transition.trigger.events:
                yield event if isinstance(event, str) else wire_name(event)


def _sent(chart: Chart) -> Iterable[str]:
    for hook in _hooks(chart):
        event = _given(hook)
        if event is not None:
            yield event_name(event)


def _given(hook: Hook) -> Any:
    """Return the event that an action raises or sends to the run itself."""
    effect = getattr(hook.function, "effect", None)
    own = isinstance(effect, Raise) or (isinstance(effect, Send) and effect.target is None)
    return effect.event if own and isinstance(effect, Raise | Send) else None


def _hooks(chart: Chart) -> Iterable[Hook]:
    for node in chart.nodes.values():
        waiting = list(node.hooks)
        while waiting:
            hook = waiting.pop(0)
            yield hook
            waiting = [*parts(hook), *waiting]
