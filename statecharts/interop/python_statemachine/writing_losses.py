"""Losses: what a class of python-statemachine cannot hold of a chart."""

from __future__ import annotations

from statecharts.interop.findings import Losses
from statecharts.interop.python_statemachine.writing_names import Names, unsendable
from statecharts.model.chart import (
    HISTORY,
    After,
    Chart,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
)


def note_losses(chart: Chart, names: Names, losses: Losses) -> None:
    """Note all that would be lost, in document order."""
    _root(chart, losses)
    for name, other in names.events.items():
        found = f"the event {name!r} would take the place of something that every machine has"
        losses.add("SC674", found, f"Rename it; it would be sent as {other!r}")
    for event, field in unsendable(chart):
        found = f"the field {field!r} of {event} never arrives: sending takes it for itself"
        losses.add("SC674", found, "Rename the field")
    if chart.context is not None:
        found = f"the context ({chart.context.__name__}) has no place"
        losses.add("SC671", found, "Keep what guards need in the model")
    for node in chart.states:
        _state(chart, node, losses)
    for node in chart.nodes.values():
        for transition in node.transitions:
            _transition(chart, transition, losses)


def _root(chart: Chart, losses: Losses) -> None:
    root = chart.root
    remedy = "Put a compound state around all of the others, and let it have them"
    if root.kind is StateKind.PARALLEL:
        found = "the outermost states are regions, and that library has no state around them"
        losses.add("SC673", found, "Put a parallel state around them")
    elif len(root.initial) > 1:
        count = len(root.initial)
        found = (
            f"the chart begins in {count} states at once; their regions' defaults would be entered"
        )
        losses.add("SC673", found, "Make them the defaults of their regions")
    if root.entry or root.exit:
        losses.add("SC673", "what the chart itself does at the start has no place", remedy)
    if root.transitions:
        found = "the chart's own transitions are written as transitions of each outermost state"
        losses.add("SC673", found, remedy)
    if any(isinstance(transition.trigger, After) for transition in root.transitions):
        losses.add("SC673", "the chart's own delayed transitions have no place", remedy)
    if root.default is not None and root.default.emit:
        losses.add("SC673", "the chart's own default transition has actions", "Take them away")
    if any(chart[child].kind in HISTORY for child in root.children):
        losses.add("SC673", "an outermost history state has no place", remedy)
    if root.meta:
        losses.add("SC675", "what is noted about the chart has no place")


def _state(chart: Chart, node: StateNode, losses: Losses) -> None:
    shown, at = repr(node.id), node.location
    if node.data is not None:
        found = f"the data of {shown} ({node.data.__name__}) has no place"
        losses.add("SC671", found, "Keep what guards need in the model", at)
    if node.doc or node.meta:
        losses.add("SC675", f"the documentation of {shown} has no place", "", at)
    if node.resting:
        losses.add("SC675", f"that nothing is meant to leave {shown} has no place", "", at)
    for action in node.entry:
        if getattr(action.function, "brings", ()):
            found = f"what {action.name} on entry of {shown} brings to the completion of its parent"
            losses.add("SC673", f"{found} has no place", "Have a callback return it", at)
    default = node.default
    if default is None:
        return
    for hook, role in ((default.make, "make"), (default.update, "update")):
        if hook is not None:
            found = f"{role}= of the default of {shown} has nothing to work on"
            losses.add("SC671", found, "", at)
    targets = default.targets
    child = targets[0] in node.children and chart[targets[0]].kind not in HISTORY
    deep = len(targets) == 1 and not child
    if node.kind is StateKind.COMPOUND and deep and default.emit:
        found = f"the actions of the default of {shown} are never done: it leads past its children"
        losses.add("SC673", found, "Make a child the default, or move the actions", at)


def _transition(chart: Chart, transition: Transition, losses: Losses) -> None:
    shown, at = repr(transition.source) if transition.source else "the chart", transition.location
    for hook, role in ((transition.make, "make"), (transition.update, "update")):
        if hook is not None:
            found = f"{role}={hook.name} of a transition of {shown} has nothing to work on"
            losses.add("SC671", found, "", at)
    internal = transition.kind is TransitionKind.INTERNAL and bool(transition.targets)
    if internal and transition.source and not is_internal(chart, transition):
        found = f"an internal transition of {shown} leaves its source, and is written as external"
        losses.add("SC673", found, "Declare it external: it is the same", at)


def is_internal(chart: Chart, transition: Transition) -> bool:
    """Tell whether a transition is internal in that library's sense, and acts as it does here."""
    source = chart[transition.source]
    return (
        transition.kind is TransitionKind.INTERNAL
        and bool(transition.targets)
        and source.kind is StateKind.COMPOUND
        and all(t == source.id or chart.is_descendant(t, source.id) for t in transition.targets)
    )
