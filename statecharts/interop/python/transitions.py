"""Transitions: the lines of class bodies, each a call of a verb."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import takewhile

from statecharts.interop.python.content import Functions, Place
from statecharts.interop.python.syntax import function_name, quoted, span, words
from statecharts.model.chart import (
    ROOT,
    After,
    Chart,
    Done,
    OnEvent,
    StateNode,
    Transition,
    TransitionKind,
)


def placed(chart: Chart) -> dict[str, list[Transition]]:
    """Return the transitions of a chart by the innermost body in which each can be declared.

    That is one that sees both ends. A body runs before the one around it, so a line that follows
    one further out is declared there as well: their order decides which is asked first.
    """
    found: dict[str, list[Transition]] = {}
    for node in (*chart.states, chart.root):
        outermost = len(_path(node.parent or ROOT))
        for transition in node.transitions:
            common = _path(node.parent or ROOT)
            for target in transition.targets:
                pairs = zip(common, _path(chart[target].parent or ROOT), strict=False)
                common = [a for a, _ in takewhile(lambda pair: pair[0] == pair[1], pairs)]
            outermost = min(outermost, len(common))
            found.setdefault(".".join(common[:outermost]), []).append(transition)
    return found


def lines(
    transitions: list[Transition], chart: Chart, body: str, functions: Functions
) -> Iterator[str]:
    """Yield the lines of a body, those of each source together."""
    groups: dict[str, list[str]] = {}
    for transition in transitions:
        line = _line(transition, chart, body, functions)
        groups.setdefault(transition.source, []).append(line)
    alone = True
    for number, group in enumerate(groups.values()):
        if number and not (alone and len(group) == 1):
            yield ""
        alone = len(group) == 1
        yield from group


def _line(transition: Transition, chart: Chart, body: str, functions: Functions) -> str:
    source, trigger = chart[transition.source], transition.trigger
    short = "_".join(words(source.name)) or "chart"
    own, targets = "", [relative(target, body) for target in transition.targets]
    if len(targets) > 1:
        targets = [f"({', '.join(targets)})"]
    match trigger:
        case OnEvent(events):
            role, verb = f"on_{_event_words(events)}", "to" if targets else "stay"
            if transition.kind is TransitionKind.FORBIDDEN and transition.guard is None:
                verb = "ignore"
            elif transition.kind is TransitionKind.DEFERRED:
                verb = "defer"
            items = [*targets, f"on={_on(events, functions)}"]
        case After(delay):
            role, verb = "after", "after"
            timers = (one for one in source.transitions if isinstance(one.trigger, After))
            if transition is not next(one for one in timers if one.targets == transition.targets):
                own = f"{functions.names.take(function_name(f'{short}_after', 'line'))} = "
            if isinstance(delay, timedelta):
                functions.imports.need("timedelta")
                items = [span(delay), *targets]
            else:
                place = Place(function_name(f"patience_of_{short}", "state"), source.data)
                items = [functions.delay(delay, place), *targets]
        case Done():
            role, verb, items = "done", "when_done", targets
        case _:
            role, verb, items = "always", "always", targets
    if transition.kind is TransitionKind.INTERNAL and targets:
        items.append("internal=True")
    place = Place.of(source, function_name(f"{short}_{role}", "state"), trigger)
    items += _hooks(transition, chart, place, functions)
    name = relative(transition.source, body) or functions.imports.need("Statechart")
    return f"{own}{name}.{verb}({', '.join(items)})"


def _hooks(
    transition: Transition, chart: Chart, place: Place, functions: Functions
) -> Iterator[str]:
    if transition.guard is not None:
        yield f"when={functions.guard(transition.guard, place)}"
    if transition.make is not None:
        data = chart[(transition.targets or (transition.source,))[0]].data
        yield f"make={functions.maker(transition.make, place, 'make', data)}"
    if transition.update is not None:
        yield f"update={functions.maker(transition.update, place, 'update', chart.context)}"
    if transition.emit:
        yield f"emit={functions.action(transition.emit, place)}"


def _on(events: tuple[type | str, ...], functions: Functions) -> str:
    """Return what ``on=`` takes: a class, a union of classes, a descriptor, or a tuple."""
    named = [functions.vocabulary.event(event) for event in dict.fromkeys(events)]
    names = [name for name, _ in named]
    if len(names) == 1 or all(is_class for _, is_class in named):
        return " | ".join(names)
    return f"({', '.join(names)})"


def default(node: StateNode, chart: Chart) -> Iterator[str]:
    """Yield the default of a history: the states themselves where they come before, else ids."""
    parent = chart[node.parent or ROOT]
    texts: list[str] = []
    for target in node.initial:
        inner = relative(target, parent.id)
        child = ".".join(_path(target)[: len(_path(parent.id)) + 1])
        before = parent.children.index(child) < parent.children.index(node.id)
        texts.append(inner if before else quoted(target if inner in chart else inner))
    if texts:
        several = f"({', '.join(texts)})"
        yield f"default={several if len(texts) > 1 else texts[0]}"


def relative(state: str, body: str) -> str:
    """Return a state as code in the body of another one."""
    return state.removeprefix(f"{body}.") if body else state


def _path(state: str) -> list[str]:
    return state.split(".") if state else []


def _event_words(events: tuple[type | str, ...]) -> str:
    first = events[0]
    return "_".join(words(first.__name__ if isinstance(first, type) else first.replace("*", "any")))
