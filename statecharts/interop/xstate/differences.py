"""Differences: where XState would take a chart to mean something else, told as SC652.

The rules of XState are those of the version that was compared, 5.33; see ``docs/from-xstate.md``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from statecharts.interop.xstate.events import DONE_STATE, is_wild, prefixes
from statecharts.interop.xstate.notes import Notes
from statecharts.model.chart import (
    HISTORY,
    After,
    Chart,
    Done,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
)
from statecharts.model.events import matches

_COMPARISONS: Final = 100_000
"""How many pairs of transitions are compared, at most."""

Difference = tuple[StateNode, str, str]
"""Where it is, what it is, and what to do about it."""


def differences(chart: Chart, notes: Notes, version: int) -> None:
    """Note where a chart means something else here than to XState."""
    found: tuple[Difference, ...] = (
        *_domains(chart),
        *_memories(chart),
        *_prefixes(chart),
        *_timers(chart),
        *_regions(chart),
        *_completion(chart),
        *_numbered(chart),
    )
    if version == 4:  # noqa: PLR2004 - the version
        found = (*found, *_of_four(chart))
    for node, text, remedy in found:
        line = node.location.rpartition(":")[2] if node.location else ""
        where = repr(node.id) if node.id else "the machine"
        notes.add("SC652", text, remedy, int(line) if line.isdigit() else None, where)


def _of_four(chart: Chart) -> Iterator[Difference]:
    """Find what XState 4 does in ways of its own."""
    for node in chart.nodes.values():
        for name in _descriptors(node):
            if name.endswith(".*"):
                text = f"XState 4 takes {name!r} for the name of one event, not for a wildcard"
                yield node, text, "Name the events"
        if node.kind in HISTORY:
            text = "XState 4 remembers where each event led, not only where its parent was left"
            yield node, text, "Mind where it leads after transitions inside its parent"
        if any(t.kind is TransitionKind.INTERNAL and t.targets for t in node.transitions):
            text = "XState 4 does not leave and enter states again that are active before and after"
            yield node, text, "Mind their entry and exit actions, and their delays"


def _memories(chart: Chart) -> Iterator[Difference]:
    """Find transitions to what their own source may be remembered by."""
    for node in chart.nodes.values():
        above = {one.id for one in chart.ancestors(node.id)}
        for line in node.transitions:
            found = [
                t for t in line.targets if chart[t].kind in HISTORY and chart[t].parent in above
            ]
            if found:
                text = (
                    f"where {found[0]!r} leads back to this state, it is left and entered here; "
                    "XState does not leave it"
                )
                yield node, text, "Mind its entry and exit actions, and its delays"
                break


def _domains(chart: Chart) -> Iterator[Difference]:
    """Find transitions that leave a parallel state here, which XState keeps active."""
    for node in chart.nodes.values():
        for line in node.transitions:
            kept = _kept(chart, node, line) if line.targets else None
            if kept is not None:
                text = (
                    f"a transition to {', '.join(map(repr, line.targets))} leaves and enters the "
                    f"parallel state {kept!r} here; XState keeps it active"
                )
                yield node, text, "Mind its entry and exit actions, and its delays"


def _kept(chart: Chart, node: StateNode, line: Transition) -> str | None:
    """Return the parallel state that XState keeps active, and the algorithm of SCXML leaves."""
    inside = all(t == node.id or chart.is_descendant(t, node.id) for t in line.targets)
    if line.kind is TransitionKind.INTERNAL and inside:
        return node.id if node.kind is StateKind.PARALLEL and node.id else None
    above = [{one.id for one in chart.ancestors(target)} for target in line.targets]
    common = set.intersection(*above)
    nearest = next((one for one in chart.ancestors(node.id) if one.id in common), None)
    if nearest is None or nearest.kind is not StateKind.PARALLEL:
        return None
    return nearest.id or None


def _prefixes(chart: Chart) -> Iterator[Difference]:
    """Find names of events that answer here to events whose names begin with them."""
    first: dict[str, StateNode] = {}
    for node in chart.nodes.values():
        for name in _descriptors(node):
            if not is_wild(name):
                first.setdefault(name, node)
    known = {*first, *(event.name for event in chart.events)}
    told: set[str] = set()
    for name in sorted(known):
        for prefix in prefixes(name):
            if prefix in first and prefix not in told:
                told.add(prefix)
                text = f"{prefix!r} answers to {name!r} here as well; to XState it is one event"
                yield first[prefix], text, "Rename one of them, without a dot"


def _timers(chart: Chart) -> Iterator[Difference]:
    """Find wildcards that would swallow the delays of other states in XState."""
    delayed = {node.id for node in chart.nodes.values() if _has(node, After)}
    if not delayed:
        return
    around = {node.id for state in delayed for node in chart.ancestors(state)}
    for node in chart.nodes.values():
        if "*" not in _descriptors(node):
            continue
        above = chart.ancestors(node.id)
        beside = any(one.id in around and one.kind is StateKind.PARALLEL for one in above)
        if beside or node.id in delayed or any(one.id in delayed for one in above):
            text = "'*' does not answer to delays here; in XState it answers to those of others too"
            yield node, text, "Name the events"


def _regions(chart: Chart) -> Iterator[Difference]:
    """Find transitions of which XState takes the inner one only, where both are taken here."""
    left = _COMPARISONS
    for node in chart.nodes.values():
        if node.kind is not StateKind.PARALLEL:
            continue
        outer = [
            line
            for above in (node, *chart.ancestors(node.id))
            for line in above.transitions
            if isinstance(line.trigger, OnEvent)
        ]
        if not outer:
            continue
        for inner in _inside(chart, node):
            for line in inner.transitions:
                left -= len(outer)
                if left < 0:
                    return
                rival = next((o for o in outer if _both(line, o)), None)
                if rival is not None:
                    name = _names(line)[0]
                    shown = repr(rival.source) if rival.source else "the machine"
                    text = (
                        f"on {name!r} the line of {shown} is taken as well, for another region of "
                        f"{node.id or 'the machine'!r}; XState takes only that of {inner.id!r}"
                    )
                    yield inner, text, "Guard one of them"
                    break


def _completion(chart: Chart) -> Iterator[Difference]:
    """Find states that XState holds to be done, and the algorithm of SCXML does not."""
    names = Counter(node.name for node in chart)
    for node in chart.nodes.values():
        for name in _descriptors(node):
            said = name.removeprefix(DONE_STATE)
            if name.startswith(DONE_STATE) and names[said] > 1:
                text = f"{name!r} answers to each of the {names[said]} states called {said!r}"
                yield node, text, "Write onDone in the state itself"
        if node.kind is not StateKind.PARALLEL:
            continue
        kinds = [child.kind for child in chart.children(node.id)]
        if StateKind.FINAL in kinds:
            text = "a region that is itself final never counts as done here, as it does in XState"
            yield node, text, "Put the final state inside a region"
        if StateKind.PARALLEL in kinds and _has(node, Done):
            text = "the end of a parallel region does not end this state here, as it does in XState"
            yield node, text, "Put the inner parallel state inside a compound one"


def _numbered(chart: Chart) -> Iterator[Difference]:
    """Find regions that JavaScript puts into another order."""
    for node in chart.nodes.values():
        if node.kind is not StateKind.PARALLEL:
            continue
        names = [child.name for child in chart.children(node.id) if child.kind not in HISTORY]
        if names != javascript_order(names):
            text = (
                "JavaScript puts keys that are whole numbers first, and so reorders these regions"
            )
            yield node, text, "Begin their names with a letter"


def javascript_order(names: list[str]) -> list[str]:
    """Return keys in the order in which JavaScript holds them.

    >>> javascript_order(["b", "10", "9", "a"])
    ['9', '10', 'b', 'a']
    """
    index = [n for n in names if n.isascii() and n.isdigit() and (n == "0" or n[0] != "0")]
    index = [n for n in index if len(n) <= len(str(2**32))]
    return [*sorted(index, key=int), *(name for name in names if name not in set(index))]


def _inside(chart: Chart, node: StateNode) -> Iterator[StateNode]:
    for child in chart.children(node.id):
        yield child
        yield from _inside(chart, child)


def _both(inner: Transition, outer: Transition) -> bool:
    """Tell whether two transitions can be taken on one event: one of them leaves nothing."""
    if inner.targets and outer.targets:
        return False
    if outer.kind is TransitionKind.FORBIDDEN:
        return False
    return any(
        matches(a, b.removesuffix(".*")) or matches(b, a.removesuffix(".*"))
        for a in _names(inner)
        for b in _names(outer)
    )


def _names(line: Transition) -> list[str]:
    if not isinstance(line.trigger, OnEvent):
        return []
    return [event for event in line.trigger.events if isinstance(event, str)]


def _descriptors(node: StateNode) -> list[str]:
    return [name for line in node.transitions for name in _names(line)]


def _has(node: StateNode, kind: type) -> bool:
    return any(isinstance(line.trigger, kind) for line in node.transitions)
