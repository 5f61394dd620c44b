"""Structural faults of the tree: ids, kinds, targets, initial children, history, delays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cache
from itertools import pairwise

from attrs import evolve

from statecharts.checks.places import fault, line_ids, listed, place, shown_state
from statecharts.model.calls import answers_of
from statecharts.model.chart import (
    COMPOSITE,
    HISTORY,
    ROOT,
    After,
    Chart,
    Default,
    EventType,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
)
from statecharts.model.errors import Fault
from statecharts.model.events import OWN, StateDone, matches
from statecharts.model.fields import type_text
from statecharts.model.suggestions import Suggestions, nearest


def structural_faults(chart: Chart) -> Iterator[Fault]:
    """Yield the faults of a chart, whose states form a tree, that show in it as it is written."""
    for event in chart.events:
        if event.cls is not None and issubclass(event.cls, OWN):
            found = f"{event.cls.__name__} is among the chart's events"
            remedy = "Remove it: a run always accepts what its own timers and calls say"
            yield fault(chart, "SC106", found, remedy, None)
    ids = [node.id for node in chart.states]
    hints = Suggestions()
    for node in (chart.root, *chart.states):
        yield from _children(chart, node)
        yield from _defaults(chart, node, ids, hints)
        yield from _calls(chart, node)
        for transition in node.transitions:
            yield from _transition(chart, node, transition, ids, hints)


def repaired(chart: Chart) -> Chart:
    """Return the nearest chart without structural faults, so that the other checks can go on.

    A misspelt target becomes the one it is most likely meant to be; what has no likely meaning is
    left out. What such lines were to do is kept for `meant`.
    """
    known = chart.nodes
    ids = [node.id for node in chart.states]
    hints = Suggestions()
    names = line_ids(chart)
    kept: dict[int, str] = {}
    others: dict[str, list[Transition]] = {}
    misspelt: dict[type | str, EventType | None] = chart._memo.get("misspelt", {})

    def aim(transition: Transition) -> Transition | None:
        """Return a transition with its unknown targets corrected; None when one cannot be."""
        aimed = [t if t in known and t else hints.nearest(t, ids) for t in transition.targets]
        if None in aimed and not isinstance(transition.trigger, Default):
            others.setdefault(transition.source, []).append(transition)
        if None in aimed:
            return None
        near = [misspelt[event] for event in transition.events if event in misspelt]
        events = tuple(event.cls or event.name for event in near if event is not None)
        if events:
            line = evolve(transition, trigger=OnEvent(events), targets=())
            others.setdefault(transition.source, []).append(line)
        targets = tuple(target for target in aimed if target is not None)
        found = evolve(transition, targets=targets) if targets != transition.targets else transition
        if id(transition) in names:
            kept[id(found)] = names[id(transition)]
        return found

    @cache
    def entered() -> set[str]:
        """Return the states that lines from outside go to, or into."""
        found = set[str]()
        for node in known.values():
            holding = {node.id, *(around.id for around in chart.ancestors(node.id))}
            for target in [t for line in node.transitions for t in line.targets if t in known]:
                around = [one.id for one in chart.ancestors(target)]
                found.update({target, *around} - holding)
        return found

    def first(states: list[str]) -> str:
        """Return the state that was most likely meant to be the first: one without a way in."""
        return next((state for state in states if state not in entered()), states[0])

    nodes = [_repaired(chart, node, aim, first) for node in known.values()]
    found = evolve(chart, root=nodes[0], states=tuple(nodes[1:]))
    found._memo["line_ids"] = kept
    found._memo["meant"] = others
    return found


def meant(chart: Chart) -> Mapping[str, Sequence[Transition]]:
    """Return what lines with a fault may have been meant to be, by the ids of their sources.

    These are lines of a repaired chart that go to unknown states, and were left out, and the
    nearest events of those that name unknown ones. Nobody has to be told what they may provide.
    """
    found: Mapping[str, Sequence[Transition]] = chart._memo.get("meant", {})
    return found


def knows(chart: Chart, event: type | str) -> bool:
    """Tell whether an event class or a descriptor covers one of a chart's events."""
    if isinstance(event, str):
        return any(matches(event, one.name) for one in chart.events)
    return any(one.cls is not None and issubclass(one.cls, event) for one in chart.events)


def _children(chart: Chart, node: StateNode) -> Iterator[Fault]:
    shown = shown_state(node)
    if node.children and node.kind not in COMPOSITE:
        found = f"{shown} is {node.kind.value} and has {listed(node.children)} inside"
        remedy = "Make it compound, or move its children out"
        yield fault(chart, "SC108", found, remedy, node)
    regions = [c for c in node.children if c in chart and chart[c].kind not in HISTORY]
    if node.kind in COMPOSITE and not regions:
        found = f"{shown} is {node.kind.value} and has no states inside"
        remedy = "Declare states in its body, or make it a State"
        yield fault(chart, "SC115", found, remedy, node)
    elif node.kind is StateKind.PARALLEL and len(regions) == 1:
        found = f"{shown} is parallel and has one region only, {regions[0]!r}"
        yield fault(chart, "SC127", found, "Make it compound, or add a region", node)


def _defaults(chart: Chart, node: StateNode, ids: list[str], hints: Suggestions) -> Iterator[Fault]:
    shown = shown_state(node)
    targets = node.initial
    for target in targets:
        if target not in chart:
            what = "default of history" if node.kind in HISTORY else "initial state of"
            found = f"the {what} {shown} is {target!r}, and there is no such state"
            remedy = hints.remedy(target, ids, "Declare it in the chart")
            yield fault(chart, "SC101", found, remedy, node)
    if node.kind in HISTORY:
        yield from _history_default(chart, node)
        return
    if node.kind is not StateKind.COMPOUND:
        return
    inside = [t for t in targets if t not in chart or _inside(chart, t, node.id)]
    for target in targets:
        if target not in inside:
            found = f"the initial state of {shown} is {target!r}, which is not inside it"
            yield fault(chart, "SC103", found, "Choose one of its children", node)
    choices = [c for c in node.children if c not in chart or chart[c].kind not in HISTORY]
    if choices and not inside:
        found = f"{shown} has no initial child"
        some = "one of " if len(choices) > 1 else ""
        remedy = f"Mark {some}{listed(choices, 'or')} with initial=True"
        yield fault(chart, "SC103", found, remedy, node)
    if len(inside) > 1 and not _together(chart, inside):
        found = f"{shown} has {len(inside)} initial children, {listed(inside)}"
        yield fault(chart, "SC103", found, "Keep initial=True on one of them", node)


def _history_default(chart: Chart, node: StateNode) -> Iterator[Fault]:
    shown, targets = repr(node.id), node.initial
    if not targets:
        found = f"history {shown} has no default"
        remedy = "Pass default=, the state to enter while nothing is remembered"
        yield fault(chart, "SC109", found, remedy, node)
    for target in targets:
        if target in chart and not _inside(chart, target, node.parent or ROOT):
            found = f"the default of history {shown} is {target!r}, outside its parent"
            remedy = f"Choose a state inside {node.parent or 'the chart'!r}"
            yield fault(chart, "SC109", found, remedy, node)
    inside = [t for t in targets if t in chart and _inside(chart, t, node.parent or ROOT)]
    if len(inside) > 1 and not _together(chart, inside):
        found = (
            f"the default of history {shown} is {listed(inside)}, which cannot be active together"
        )
        remedy = "Choose one state, or one in each region of a parallel state"
        yield fault(chart, "SC109", found, remedy, node)
    if _circular(chart, node.id):
        found = f"the default of history {shown} comes back to it through history states"
        yield fault(chart, "SC109", found, "Give one of them another default", node)


def _circular(chart: Chart, history: str) -> bool:
    """Tell whether the defaults of history states lead round in a circle."""
    seen: set[str] = set()
    waiting = [history]
    while waiting:
        targets = chart[waiting.pop()].initial
        if history in targets:
            return True
        fresh = [t for t in targets if t in chart and chart[t].kind in HISTORY and t not in seen]
        seen.update(fresh)
        waiting.extend(fresh)
    return False


def _transition(
    chart: Chart, node: StateNode, transition: Transition, ids: list[str], hints: Suggestions
) -> Iterator[Fault]:
    at = place(transition)
    if node.kind is StateKind.FINAL or node.kind in HISTORY:
        kind = "final" if node.kind is StateKind.FINAL else "a history state"
        found = f"{at} leaves a state that is {kind}"
        remedy = "Remove the line, or make the state an ordinary one"
        yield fault(chart, "SC107", found, remedy, transition)
    for target in transition.targets:
        if target not in chart or target == ROOT:
            remedy = hints.remedy(target, ids, "Declare it in the chart")
            found = f"{at} goes to {target!r}, and there is no such state"
            yield fault(chart, "SC101", found, remedy, transition)
    known = [target for target in transition.targets if target in chart]
    if len(known) > 1 and not _together(chart, known):
        found = f"{at} goes to {listed(known)}, which cannot be active together"
        remedy = "Go to one state, or to one in each region of a parallel state"
        yield fault(chart, "SC101", found, remedy, transition)
    yield from _made(chart, node, transition)
    trigger = transition.trigger
    if isinstance(trigger, OnEvent):
        yield from _events(chart, transition, trigger)
    elif isinstance(trigger, After) and isinstance(trigger.delay, timedelta):
        if trigger.delay <= timedelta(0):
            found = f"{at} has no positive delay"
            remedy = "Give it a positive delay; always() is taken at once"
            yield fault(chart, "SC111", found, remedy, transition)
    if transition.update is not None and chart.context is None:
        found = f"{at} updates the context, and the chart has none"
        remedy = f"Declare it: class {chart.name}(Statechart[Events, Context])"
        yield fault(chart, "SC118", found, remedy, transition)


def _calls(chart: Chart, node: StateNode) -> Iterator[Fault]:
    """Yield the calls that nobody can answer as they say."""
    if node.invoke and (node.kind is StateKind.FINAL or node.kind in HISTORY):
        found = f"{node.id!r} is {node.kind.value} and makes a call"
        remedy = "Make the call in a state that stays active"
        yield fault(chart, "SC135", found, remedy, node)
    if not chart.closed:
        return
    for call in node.invoke:
        for answer in answers_of(call.call) or ():
            if not knows(chart, answer):
                found = (
                    f"{call.call.__name__} of {node.id or 'the chart'!r} is answered by "
                    f"{answer.__name__}, which is not one of the chart's events"
                )
                remedy = f"Add {answer.__name__} to the chart's events, or correct the Call"
                yield fault(chart, "SC135", found, remedy, node, call.location)


def _made(chart: Chart, node: StateNode, transition: Transition) -> Iterator[Fault]:
    if transition.make is None:
        return
    at = place(transition)
    targets = [chart[target] for target in transition.targets if target in chart]
    if not transition.targets:
        targets = [node]
    carriers = [target.id for target in targets if target.data is not None]
    if len(carriers) > 1:
        found = f"{at} has one make=, and goes to {listed(carriers)}, which all have data"
        remedy = "Remove make=, so that each is filled by name"
        yield fault(chart, "SC105", found, remedy, transition)
        return
    for target in targets:
        if target.kind in HISTORY:
            found = (
                f"{at} goes to history {target.id!r}, which restores its data, but make= is given"
            )
            remedy = "Remove make="
            around = chart[target.parent or ROOT]
            if around.data is not None:
                remedy += f": the data of {around.id!r} comes from the event, or has defaults"
            yield fault(chart, "SC105", found, remedy, transition)
        elif target.data is None:
            goes = (
                f"goes to {target.id!r}"
                if transition.targets
                else f"stays in {shown_state(target)}"
            )
            found = f"{at} {goes}, which has no data, but make= is given"
            remedy = "Remove make=, or declare data for the state"
            yield fault(chart, "SC105", found, remedy, transition)


def _events(chart: Chart, transition: Transition, trigger: OnEvent) -> Iterator[Fault]:
    at = place(transition)
    for event in trigger.events:
        if isinstance(event, type) and issubclass(event, StateDone):
            found = f"{at}: {event.__name__} cannot trigger a line"
            yield fault(chart, "SC106", found, "Use when_done()", transition)
    if not chart.closed:
        return
    # What is known is looked up by equality first: lines by the thousand name few events.
    known: set[type | str] | None = chart._memo.get("event_keys")
    if known is None:
        keys = [key for event in chart.events for key in (event.cls, event.name)]
        known = chart._memo["event_keys"] = {key for key in keys if key is not None}
    for event in trigger.events:
        if event in known or (isinstance(event, str) and event.startswith("done.")):
            continue
        if knows(chart, event):
            known.add(event)
            continue
        if isinstance(event, str):
            near = _nearest(chart, event)
            found = f"{at}: no event of the chart is called {event!r}"
            remedy = "Add it to the events" if near is None else f"Did you mean {near.name!r}?"
            yield fault(chart, "SC106", found, remedy, transition)
        elif not issubclass(event, (*OWN, StateDone)):
            near = _nearest(chart, event)
            found = f"{at}: {event.__name__} is not one of the chart's events"
            hint = "Add"
            if near is not None and near.cls is not None:
                hint = f"Did you mean {near.cls.__name__}? If not, add"
            yield fault(chart, "SC106", found, f"{hint} {event.__name__} to the events", transition)


def _nearest(chart: Chart, event: type | str) -> EventType | None:
    """Return the event of a chart that an unknown one is most likely meant to be."""
    found: dict[type | str, EventType | None] = chart._memo.setdefault("misspelt", {})
    if event not in found:
        if isinstance(event, str):
            name, known = event, {one.name: one for one in chart.events}
        else:
            classes = [one for one in chart.events if one.cls is not None]
            name, known = event.__name__, {type_text(one.cls): one for one in classes}
        near = nearest(name, known)
        found[event] = None if near is None else known[near]
    return found[event]


def _inside(chart: Chart, state: str, ancestor: str) -> bool:
    return state in chart and chart.is_descendant(state, ancestor)


def _together(chart: Chart, states: list[str]) -> bool:
    """Tell whether states can be entered by one transition: in different regions, pair by pair.

    In document order it is enough to look at neighbours: where two states that are further apart
    part, two neighbours between them part as well.
    """
    order: dict[str, int] | None = chart._memo.get("order")
    if order is None:
        order = chart._memo["order"] = {state: i for i, state in enumerate(chart.nodes)}
    lines = [
        [state, *(node.id for node in chart.ancestors(state))]
        for state in sorted(dict.fromkeys(s for s in states if s in chart), key=order.__getitem__)
    ]
    for one, other in pairwise(lines):
        around = set(other)
        common = next((state for state in one if state in around), ROOT)
        if common in (one[0], other[0]) or chart[common].kind is not StateKind.PARALLEL:
            return False
    return True


def _repaired(
    chart: Chart,
    node: StateNode,
    aim: Callable[[Transition], Transition | None],
    first: Callable[[list[str]], str],
) -> StateNode:
    kind = node.kind
    real = [child for child in node.children if chart[child].kind not in HISTORY]
    if node.children and kind not in COMPOSITE:
        kind = StateKind.COMPOUND
    if not real and kind in COMPOSITE:
        kind = StateKind.ATOMIC if node.id else kind
    around = node.parent if kind in HISTORY else node.id
    default = None if node.default is None else aim(node.default)
    if default is not None and around is not None:
        # A default must be inside, so that no way in comes back to itself.
        inside = [t for t in default.targets if _inside(chart, t, around)]
        if kind in HISTORY:
            inside = [t for t in inside if chart[t].kind not in HISTORY]
        if not _together(chart, inside):
            inside = [first(inside)]
        default = evolve(default, targets=tuple(inside)) if inside else None
    if kind in HISTORY and around is not None:
        real = [child for child in chart[around].children if chart[child].kind not in HISTORY]
    if default is None and real and (kind is StateKind.COMPOUND or kind in HISTORY):
        default = Transition(node.id, Default(), (first(real),))
    aimed = list(map(aim, node.transitions))
    transitions = tuple(transition for transition in aimed if transition is not None)
    # A state whose line went nowhere, or that should have states, is not told for being a dead end.
    resting = node.resting or len(transitions) < len(aimed) or node.kind in COMPOSITE
    return evolve(node, kind=kind, default=default, transitions=transitions, resting=resting)
