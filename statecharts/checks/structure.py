"""Structural faults of the tree: ids, kinds, targets, initial children, history, delays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise

from attrs import evolve

from statecharts.checks.places import fault, listed, place, shown_state
from statecharts.model.calls import answers_of
from statecharts.model.chart import (
    COMPOSITE,
    HISTORY,
    ROOT,
    After,
    Chart,
    Default,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
)
from statecharts.model.errors import Fault
from statecharts.model.events import OWN, StateDone, matches
from statecharts.model.suggestions import Suggestions, did_you_mean, nearest


def structural_faults(chart: Chart) -> Iterator[Fault]:
    """Yield the faults that show without following any transition."""
    yield from _ids(chart)
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

    A misspelt target becomes the one it is most likely meant to be; what cannot be mended is left
    out.
    """
    known = chart.nodes
    ids = [node.id for node in chart.states]
    hints = Suggestions()

    def aim(transition: Transition) -> Transition | None:
        """Return a transition with its unknown targets corrected; None when one cannot be."""
        aimed = [t if t in known else hints.nearest(t, ids) for t in transition.targets]
        targets = tuple(target for target in aimed if target is not None)
        return evolve(transition, targets=targets) if len(targets) == len(aimed) else None

    nodes = [_repaired(node, known, aim) for node in known.values()]
    return Chart(
        chart.name, nodes[0], tuple(nodes[1:]), chart.events, chart.closed, chart.context, chart.doc
    )


def knows(chart: Chart, event: type | str) -> bool:
    """Tell whether an event class or a descriptor covers one of a chart's events."""
    if isinstance(event, str):
        return any(matches(event, one.name) for one in chart.events)
    return any(one.cls is not None and issubclass(one.cls, event) for one in chart.events)


def _ids(chart: Chart) -> Iterator[Fault]:
    seen: set[str] = {ROOT}
    for node in chart.states:
        if node.id in seen:
            found = f"two states have the id {node.id!r}"
            yield fault(chart, "SC102", found, "Rename one of them", node.location)
        seen.add(node.id)


def _children(chart: Chart, node: StateNode) -> Iterator[Fault]:
    shown = shown_state(node)
    if node.children and node.kind not in COMPOSITE:
        found = f"{shown} is {node.kind.value} and has {listed(node.children)} inside"
        remedy = "Make it compound, or move its children out"
        yield fault(chart, "SC108", found, remedy, node.location)
    regions = [c for c in node.children if c in chart and chart[c].kind not in HISTORY]
    if node.kind in COMPOSITE and not regions:
        found = f"{shown} is {node.kind.value} and has no states inside"
        remedy = "Declare states in its body, or make it a State"
        yield fault(chart, "SC115", found, remedy, node.location)
    elif node.kind is StateKind.PARALLEL and len(regions) == 1:
        found = f"{shown} is parallel and has one region only, {regions[0]!r}"
        yield fault(chart, "SC127", found, "Make it compound, or add a region", node.location)


def _defaults(chart: Chart, node: StateNode, ids: list[str], hints: Suggestions) -> Iterator[Fault]:
    shown = shown_state(node)
    targets = node.initial
    for target in targets:
        if target not in chart:
            what = "default of history" if node.kind in HISTORY else "initial state of"
            found = f"the {what} {shown} is {target!r}, and there is no such state"
            remedy = hints.remedy(target, ids, "Declare it in the chart")
            yield fault(chart, "SC101", found, remedy, node.location)
    if node.kind in HISTORY:
        yield from _history_default(chart, node)
        return
    if node.kind is not StateKind.COMPOUND:
        return
    inside = [t for t in targets if t not in chart or _inside(chart, t, node.id)]
    for target in targets:
        if target not in inside:
            found = f"the initial state of {shown} is {target!r}, which is not inside it"
            yield fault(chart, "SC103", found, "Choose one of its children", node.location)
    choices = [c for c in node.children if c not in chart or chart[c].kind not in HISTORY]
    if choices and not inside:
        found = f"{shown} has no initial child"
        remedy = f"Mark one of {listed(choices, 'or')} with initial=True"
        yield fault(chart, "SC103", found, remedy, node.location)
    if len(inside) > 1 and not _together(chart, inside):
        found = f"{shown} has {len(inside)} initial children, {listed(inside)}"
        yield fault(chart, "SC103", found, "Keep initial=True on one of them", node.location)


def _history_default(chart: Chart, node: StateNode) -> Iterator[Fault]:
    shown, targets = repr(node.id), node.initial
    if not targets:
        found = f"history {shown} has no default"
        remedy = "Pass default=: the state to enter when there is nothing to remember yet"
        yield fault(chart, "SC109", found, remedy, node.location)
    for target in targets:
        if target in chart and not _inside(chart, target, node.parent or ROOT):
            found = f"the default of history {shown} is {target!r}, outside its parent"
            remedy = f"Choose a state inside {node.parent or 'the chart'!r}"
            yield fault(chart, "SC109", found, remedy, node.location)
    if _circular(chart, node.id):
        found = f"the default of history {shown} leads back to it, from history to history"
        yield fault(chart, "SC109", found, "Lead one of them to a state", node.location)


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
    at, where = place(transition), transition.location
    if node.kind is StateKind.FINAL or node.kind in HISTORY:
        kind = "final" if node.kind is StateKind.FINAL else "a history state"
        found = f"{at} leaves a state that is {kind}"
        remedy = "Take the line away, or make the state an ordinary one"
        yield fault(chart, "SC107", found, remedy, where)
    for target in transition.targets:
        if target not in chart or target == ROOT:
            remedy = hints.remedy(target, ids, "Declare it in the chart")
            found = f"{at} goes to {target!r}, and there is no such state"
            yield fault(chart, "SC101", found, remedy, where)
    known = [target for target in transition.targets if target in chart]
    if len(known) > 1 and not _together(chart, known):
        found = f"{at} goes to {listed(known)}, which cannot be active together"
        remedy = "Go to one state, or to one in each region of a parallel state"
        yield fault(chart, "SC101", found, remedy, where)
    yield from _made(chart, node, transition)
    trigger = transition.trigger
    if isinstance(trigger, OnEvent):
        yield from _events(chart, trigger, at, where)
    elif isinstance(trigger, After) and isinstance(trigger.delay, timedelta):
        if trigger.delay <= timedelta(0):
            found = f"{at} has no positive delay"
            remedy = "Give it a positive delay; always() is taken at once"
            yield fault(chart, "SC111", found, remedy, where)
    if transition.update is not None and chart.context is None:
        found = f"{at} updates the context, and the chart has none"
        remedy = f"Declare it: class {chart.name}(Statechart[Events, Context])"
        yield fault(chart, "SC118", found, remedy, where)


def _calls(chart: Chart, node: StateNode) -> Iterator[Fault]:
    """Yield the calls that nobody can answer as they say."""
    if node.invoke and (node.kind is StateKind.FINAL or node.kind in HISTORY):
        found = f"{node.id!r} is {node.kind.value} and makes a call"
        remedy = "Make the call in a state that is active for a while"
        yield fault(chart, "SC135", found, remedy, node.location)
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
                yield fault(chart, "SC135", found, remedy, call.location or node.location)


def _made(chart: Chart, node: StateNode, transition: Transition) -> Iterator[Fault]:
    if transition.make is None:
        return
    at = place(transition)
    targets = [chart[target] for target in transition.targets if target in chart]
    if not transition.targets:
        targets = [node]
    carriers = [target.id for target in targets if target.data is not None]
    if len(carriers) > 1:
        found = f"{at} has one make=, and goes to {listed(carriers)}, which all carry data"
        remedy = "Remove make=, so that each is filled by name"
        yield fault(chart, "SC105", found, remedy, transition.location)
        return
    for target in targets:
        if target.kind in HISTORY:
            found = f"{at} goes to history {target.id!r}, which brings its data back, yet has make="
            remedy = "Take make= away"
            yield fault(chart, "SC105", found, remedy, transition.location)
        elif target.data is None:
            goes = f"goes to {target.id!r}" if transition.targets else f"stays in {target.id!r}"
            found = f"{at} {goes}, which carries no data, yet has make="
            remedy = "Take make= away, or declare the data of the state"
            yield fault(chart, "SC105", found, remedy, transition.location)


def _events(chart: Chart, trigger: OnEvent, at: str, where: str | None) -> Iterator[Fault]:
    for event in trigger.events:
        if isinstance(event, type) and issubclass(event, StateDone):
            found = f"{at}: {event.__name__} never takes a line on an event"
            yield fault(chart, "SC106", found, "Declare it with when_done()", where)
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
            found = f"{at}: no event of the chart is called {event!r}"
            remedy = did_you_mean(event, [one.name for one in chart.events], "Add it to the events")
            yield fault(chart, "SC106", found, remedy, where)
        elif not issubclass(event, (*OWN, StateDone)):
            found = f"{at}: {event.__name__} is not one of the chart's events"
            classes = (one.cls for one in chart.events if one.cls is not None)
            near = nearest(event.__name__, [cls.__name__ for cls in classes])
            hint = f"Did you mean {near}? If not, add" if near else "Add"
            yield fault(chart, "SC106", found, f"{hint} {event.__name__} to the events", where)


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
    node: StateNode,
    known: dict[str, StateNode],
    aim: Callable[[Transition], Transition | None],
) -> StateNode:
    kind, children = node.kind, tuple(child for child in node.children if child in known)
    real = [child for child in children if known[child].kind not in HISTORY]
    if children and kind not in COMPOSITE:
        kind = StateKind.COMPOUND
    if not real and kind in COMPOSITE:
        kind = StateKind.ATOMIC if node.id else kind
    default = None if node.default is None else aim(node.default)
    if default is not None and kind is StateKind.COMPOUND and default.targets:
        inside = tuple(t for t in default.targets if _lies_in(known, t, node.id))
        default = evolve(default, targets=inside) if inside else None
    elif default is not None and any(known[t].kind in HISTORY for t in default.targets):
        default = None
    if default is None and kind is StateKind.COMPOUND and real:
        default = Transition(node.id, Default(), (real[0],))
    if default is not None and kind is StateKind.COMPOUND:
        default = evolve(default, targets=default.targets[:1])
    aimed = list(map(aim, node.transitions))
    transitions = tuple(transition for transition in aimed if transition is not None)
    return evolve(node, kind=kind, children=children, default=default, transitions=transitions)


def _lies_in(known: dict[str, StateNode], state: str, ancestor: str) -> bool:
    seen: set[str] = set()
    parent = known[state].parent
    while parent is not None and parent in known and parent not in seen:
        if parent == ancestor:
            return True
        seen.add(parent)
        parent = known[parent].parent
    return False
