"""Quality faults: what a chart says and cannot have been meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import accumulate, pairwise
from typing import TypeAlias

from statecharts.checks.answered import ALWAYS, Answered, Covered
from statecharts.checks.places import fault, listed, place, shown_event, shown_state
from statecharts.checks.regions import Regions, beginning
from statecharts.checks.structure import knows, meant
from statecharts.model.calls import answers_of
from statecharts.model.chart import (
    COMPOSITE,
    HISTORY,
    Always,
    Done,
    OnEvent,
    StateKind,
    Transition,
    TransitionKind,
)
from statecharts.model.effects import Service
from statecharts.model.errors import Fault
from statecharts.model.events import Answer, CallFailed
from statecharts.model.fields import is_mutable, mutable_part
from statecharts.semantics.transitions import (
    EntrySet,
    domain,
    nothing_remembered,
    remove_conflicting,
)
from statecharts.semantics.tree import Edge, Tree

Following: TypeAlias = tuple[tuple[Edge, ...], frozenset[int]]
"""A situation in which eventless transitions are followed: those that must be taken, the states."""


def quality_faults(tree: Tree) -> Iterator[Fault]:
    """Yield the faults that show when transitions are followed."""
    reached = Regions(tree).reached(set(), beginning(tree))
    yield from _circles(tree)
    yield from _unreachable(tree, reached)
    yield from _dead_ends(tree, reached)
    yield from _shadowed(tree, reached)
    yield from _unused(tree)
    yield from _behind(tree)
    yield from _never_done(tree)
    yield from _pointless(tree)
    yield from _unheard(tree)
    yield from _deferred(tree)
    yield from _mutable(tree)
    yield from _regions(tree)


def _unreachable(tree: Tree, reached: set[int]) -> Iterator[Fault]:
    if any(line.targets for lines in meant(tree.chart).values() for line in lines):
        return  # a line that goes to no known state may have been meant to go there
    for state in _beginnings(tree, reached):
        node = tree.nodes[state]
        found = f"nothing reaches {node.id!r}"
        remedy = "Add a line that goes to it, make it initial, or remove it"
        yield fault(tree.chart, "SC121", found, remedy, node)


def _beginnings(tree: Tree, reached: set[int]) -> list[int]:
    """Return the states without which those that nothing reaches would all be reached.

    Of a circle that is the one of its states which the second round, backwards, comes to first.
    """
    parents = reached | {0}
    found = [s for s in range(1, len(tree.nodes)) if s not in reached and tree.parent[s] in parents]
    for _ in range(2):
        seen, regions, begun = set(reached), Regions(tree), list[int]()
        alone = True
        for state in found:
            if state in seen:
                continue
            begun.append(state)
            inside = range(state, tree.last[state] + 1)
            seen.update(inside)
            edges = [edge for one in inside for edge in tree.outgoing[one]]
            if edges:
                regions.reached(seen, edges)
                alone = False
        if alone:  # none of them leads anywhere
            return begun
        found = begun[::-1]
    return found


def _dead_ends(tree: Tree, reached: set[int]) -> Iterator[Fault]:
    left = _left(tree)
    for state in sorted(reached):
        node = tree.nodes[state]
        if node.kind is StateKind.ATOMIC and not node.resting and not left[state]:
            found = f"{node.id!r} is not final, and nothing leaves it"
            remedy = "Add a line that leaves it, or declare it with final=True or resting=True"
            yield fault(tree.chart, "SC122", found, remedy, node)


def _left(tree: Tree) -> list[bool]:
    """Tell of each state whether a transition may leave it: its own, or of one active with it.

    What a transition leaves are runs of numbers, so their ends are noted, and added up once.
    """
    ends = [0] * (len(tree.nodes) + 1)

    def note(first: int, last: int) -> None:
        ends[first] += 1
        ends[last + 1] -= 1

    for outgoing in tree.outgoing:
        for edge in outgoing:
            inside = domain(tree, edge, nothing_remembered)
            if inside is None:
                continue
            source = edge.source
            note(source + (source == inside), tree.last[source])
            for child, above in pairwise((source, *tree.ancestors(source))):
                if child == inside:
                    break
                if tree.kind(above) is StateKind.PARALLEL:
                    note(above + 1, child - 1)
                    note(tree.last[child] + 1, tree.last[above])
    return [bool(depth) for depth in accumulate(ends)]


def _shadowed(tree: Tree, reached: set[int]) -> Iterator[Fault]:
    covers = _coverage(tree, reached)
    for state in sorted(reached):
        if tree.kind(state) not in COMPOSITE:
            continue
        inner = [child for child in tree.children[state] if child in reached]
        for edge in tree.outgoing[state]:
            answers = _answers(edge.transition)
            covered = all(all(covers(child, answer) for child in inner) for answer in answers)
            if answers and inner and covered:
                found = f"{place(edge.transition)} is never taken: every state inside answers first"
                remedy = "Remove the line, or give those inside a when="
                yield fault(tree.chart, "SC123", found, remedy, edge.transition)


def _coverage(tree: Tree, reached: set[int]) -> Callable[[int, Covered], bool]:
    """Return what tells whether a state, or each state inside it, always answers to something."""

    @cache
    def unguarded(state: int) -> Answered:
        lines = (edge.transition for edge in tree.outgoing[state])
        return _answered(line for line in lines if line.guard is None)

    @cache
    def covers(state: int, answer: Covered) -> bool:
        if unguarded(state).includes(answer):
            return True
        inner = [child for child in tree.children[state] if child in reached]
        return bool(inner) and all(covers(child, answer) for child in inner)

    return covers


def _behind(tree: Tree) -> Iterator[Fault]:
    for outgoing in tree.outgoing:
        answered = Answered()
        for edge in outgoing:
            answers = _answers(edge.transition)
            if answers and all(map(answered.includes, answers)):
                found = (
                    f"{place(edge.transition)} is never taken: an earlier line on it has no guard"
                )
                remedy = "Give the earlier line a when=, put it last, or remove one of them"
                yield fault(tree.chart, "SC125", found, remedy, edge.transition)
            if edge.transition.guard is None:
                for answer in answers:
                    answered.add(answer)


def _answers(transition: Transition) -> tuple[Covered, ...]:
    match transition.trigger:
        case OnEvent(events):
            return events
        case Always():
            return (ALWAYS,)
        case Done():
            return (f"done.state.{transition.source}",)
        case _:
            return ()


def _answered(lines: Iterable[Transition]) -> Answered:
    """Return what several transitions answer to together."""
    found = Answered()
    for line in lines:
        for answer in _answers(line):
            found.add(answer)
    return found


def _unused(tree: Tree) -> Iterator[Fault]:
    chart = tree.chart
    if not chart.closed:
        return
    others = (line for lines in meant(chart).values() for line in lines)
    named = _answered(line for line in (*chart.transitions, *others) if line.events)
    for event in chart.events:
        answer: Covered = event.name if event.cls is None else event.cls
        if not named.includes(answer):
            found = f"no line names the event {shown_event(answer)}"
            yield fault(chart, "SC124", found, "Use it, or remove it from the events", chart.root)


def _never_done(tree: Tree) -> Iterator[Fault]:
    for state, outgoing in enumerate(tree.outgoing):
        for edge in outgoing:
            if isinstance(edge.transition.trigger, Done) and not _can_finish(tree, state):
                found = f"{place(edge.transition)} is never taken: {_why(tree, state)}"
                remedy = "Declare a State(final=True) inside, or use another trigger"
                yield fault(tree.chart, "SC126", found, remedy, edge.transition)


def _can_finish(tree: Tree, state: int) -> bool:
    if tree.kind(state) is StateKind.PARALLEL:
        return all(_can_finish(tree, region) for region in tree.children[state])
    return any(tree.kind(child) is StateKind.FINAL for child in tree.children[state])


def _why(tree: Tree, state: int) -> str:
    if tree.kind(state) is not StateKind.PARALLEL:
        return f"{tree.nodes[state].id!r} has no final child"
    endless = next(r for r in tree.children[state] if not _can_finish(tree, r))
    return f"region {tree.nodes[endless].id!r} cannot finish"


def _pointless(tree: Tree) -> Iterator[Fault]:
    for history in tree.histories[0]:
        node = tree.nodes[history]
        found = f"history {node.id!r} never remembers anything: the chart itself is never left"
        remedy = "Declare it inside the superstate that is left and entered again"
        yield fault(tree.chart, "SC128", found, remedy, node)
    for state in tree.children[0]:
        node = tree.nodes[state]
        if node.kind is StateKind.FINAL and node.exit:
            found = f"the exit effects of {node.id!r} never happen: the chart ends in it"
            yield fault(tree.chart, "SC129", found, "Make them entry effects", node)


def _unheard(tree: Tree) -> Iterator[Fault]:
    """Find calls whose answers or failure no line takes that may hear them."""
    chart, others = tree.chart, meant(tree.chart)

    @cache
    def heard(state: int) -> tuple[Answered, bool]:
        """Return what the lines of a state take, and whether one takes every answer."""
        lines = [edge.transition for edge in tree.outgoing[state] if not edge.defers]
        meant_here = others.get(tree.nodes[state].id, ())
        lines += [line for line in meant_here if line.kind is not TransitionKind.DEFERRED]
        return _answered(lines), any(Answer in line.events for line in lines)

    for state, node in enumerate(tree.nodes):
        if not node.invoke or node.kind is StateKind.FINAL or node.kind in HISTORY:
            continue  # or what is a fault of its own
        around = (state, *range(state + 1, tree.last[state] + 1), *tree.ancestors(state))
        lines = [heard(one) for one in around if tree.outgoing[one] or others]
        for call in node.invoke:
            called = repr(call.name) if call.call is Service else call.call.__name__
            shown = f"{called} of {shown_state(node)}"
            for answer in answers_of(call.call) or ():
                if chart.closed and not knows(chart, answer):
                    continue  # which is a fault of its own
                if not any(every or one.includes(answer) for one, every in lines):
                    found = (
                        f"{shown} may be answered by {answer.__name__}, which no line there takes"
                    )
                    remedy = "Add a line to the state or a superstate, or correct the Call"
                    yield fault(chart, "SC136", found, remedy, node, call.location)
            if not any(one.includes(CallFailed) for one, _ in lines):
                found = f"no line takes the failure of {shown}"
                line = "on=CallFailed"
                if call.call is Service:
                    line = f"on 'error.platform.{call.name}' or CallFailed"
                remedy = f"Add a line {line} to the state or a superstate"
                yield fault(chart, "SC137", found, remedy, node, call.location)


def _deferred(tree: Tree) -> Iterator[Fault]:
    """Find deferred events that nothing takes, wherever the run gets to."""
    edges = [edge for outgoing in tree.outgoing for edge in outgoing]
    taking = [edge.transition for edge in edges if not edge.defers]
    others = (line for lines in meant(tree.chart).values() for line in lines)
    taking += [line for line in others if line.kind is not TransitionKind.DEFERRED]
    taken = _answered(taking)
    kinds = dict.fromkeys(own for line in taking for own in _answers(line))

    @cache
    def is_taken(event: Covered) -> bool:
        if taken.includes(event):
            return True
        deferred = Answered()
        deferred.add(event)
        return any(map(deferred.includes, kinds))

    for edge in edges:
        for event in _answers(edge.transition) if edge.defers else ():
            if not is_taken(event):
                shown = shown_event(event)
                found = f"{place(edge.transition)} defers {shown}, which no line ever takes"
                remedy = "Add a line that takes it, or ignore it"
                yield fault(tree.chart, "SC138", found, remedy, edge.transition)


def _mutable(tree: Tree) -> Iterator[Fault]:
    """Find classes whose instances a callback could change behind the run's back."""
    chart = tree.chart
    used = [(node.data, f"the data of {node.id!r}", node, node.location) for node in tree.nodes]
    used += [
        (call.call, f"a call of {shown_state(node)}", node, call.location)
        for node in tree.nodes
        for call in node.invoke
    ]
    used += [(event.cls, "an event", chart.root, None) for event in chart.events]
    used.append((chart.context, "the context", chart.root, None))
    holds = cache(mutable_part)
    for cls, what, about, location in used:
        if not isinstance(cls, type):
            continue  # nothing, or what is a fault of its own
        if is_mutable(cls):
            found = f"{what} is {cls.__name__}, whose instances can be changed"
            yield fault(chart, "SC130", found, "Declare it with @attrs.frozen", about, location)
        elif (part := holds(cls)) is not None:
            name, held = part
            found = (
                f"{what} is {cls.__name__}, and its {name!r} holds {held.__name__}, "
                "whose instances can be changed"
            )
            remedy = f"Declare {held.__name__} with @attrs.frozen"
            yield fault(chart, "SC130", found, remedy, about, location)


def _regions(tree: Tree) -> Iterator[Fault]:
    """Find lines that leave a whole parallel state only to enter it again."""
    for state, outgoing in enumerate(tree.outgoing):
        around = [one for one in tree.ancestors(state) if tree.kind(one) is StateKind.PARALLEL]
        parallel = tree.kind(state) is StateKind.PARALLEL
        for edge in outgoing if around or parallel else ():
            line, targets = edge.transition, edge.targets
            if not targets:
                continue
            if parallel and line.kind is TransitionKind.INTERNAL:
                found = f"{place(line)} is internal, but leaves the parallel state anyway"
                remedy = "Write one line in each region, or remove internal=True"
                yield fault(tree.chart, "SC132", found, remedy, line)
                continue
            inner = next((one for one in around if _holds(tree, one, targets)), None)
            inside = domain(tree, edge, nothing_remembered)
            if inner is not None and inside is not None and inside <= inner:
                yield from _restarted(tree, edge, inner)


def _holds(tree: Tree, state: int, inside: Iterable[int]) -> bool:
    """Tell whether states are all properly inside another."""
    return all(state < one <= tree.last[state] for one in inside)


def _restarted(tree: Tree, edge: Edge, parallel: int) -> Iterator[Fault]:
    """Yield the fault of a line that leaves a parallel state, if it restarts any of its regions."""
    line, source, targets = edge.transition, edge.source, edge.targets
    regions = {
        region: [one for one in targets if region <= one <= tree.last[region]]
        for region in tree.children[parallel]
    }
    restarted = [region for region, aimed in regions.items() if not aimed]
    if not restarted or any(target in tree.histories[parallel] for target in targets):
        return  # it says of each region where that goes on
    own = next((region for region in regions if region <= source <= tree.last[region]), None)
    if own is None:
        return  # a history state, which nothing leaves
    if len(regions[own]) < len(targets):
        where = "several regions" if len(targets) > 1 else "another region"
        ids = listed(tree.nodes[region].id for region in restarted)
        found = f"{place(line)} goes to {where}, and so restarts {ids}"
        remedy = "Raise an event that a line there takes: emit=lambda m: Raise(…)"
    else:
        found = f"{place(line)} leaves and re-enters the other regions, too"
        internal = source == own and tree.kind(own) is StateKind.COMPOUND
        if tree.kind(own) not in COMPOSITE:
            remedy = "Use stay(), or make the region a Compound"
        elif own in targets:
            also = ", and pass internal=True" if internal else ""
            remedy = f"Let it go to a state inside the region{also}"
        else:
            also = ", or pass internal=True" if internal else ""
            remedy = f"Write it on the states inside the region{also}"
    yield fault(tree.chart, "SC131", found, remedy, line)


def _circles(tree: Tree) -> Iterator[Fault]:
    """Find eventless transitions without guards that lead back to themselves, whatever happens."""
    told: set[frozenset[str]] = set()
    known: set[Following] = set()
    for outgoing in tree.outgoing:
        for edge in outgoing:
            if not isinstance(edge.transition.trigger, Always) or edge.transition.guard is not None:
                continue
            circle = _circle(tree, edge, known)
            if circle and frozenset(circle) not in told:
                told.add(frozenset(circle))
                found = f"eventless transitions without guards form a circle: {' → '.join(circle)}"
                remedy = "Give one of them a when="
                yield fault(tree.chart, "SC110", found, remedy, edge.transition)


def _circle(tree: Tree, edge: Edge, known: set[Following]) -> list[str]:
    """Follow what must happen after a transition; return the sources passed, if they come round.

    One that leads to a known situation returns nothing: if that comes round, it has been told.

    Args:
        tree: The chart's tree.
        edge: The transition that is taken first.
        known: The situations whose end is known; those passed are added.
    """
    selected: tuple[Edge, ...] = (edge,)
    active = frozenset({edge.source, *tree.ancestors(edge.source)} - {0})
    passed: dict[Following, None] = {}
    while selected:
        following = selected, active
        if following in passed:
            known.update(passed)
            order = [edges for edges, _ in passed]
            circle = order[list(passed).index(following) :]
            first = circle.index(next(edges for edges in order if edges in circle))
            circle = [*circle[first:], *circle[:first], circle[first]]
            return [tree.nodes[edges[0].source].id for edges in circle]
        if following in known:
            break
        passed[following] = None
        entry = EntrySet(tree, nothing_remembered)
        for one in selected:
            inside = domain(tree, one, nothing_remembered)
            if inside is not None:
                active = frozenset(s for s in active if not tree.is_descendant(s, inside))
            entry.add(one)
        active = active.union(entry.causes)
        if any(tree.parent[s] == 0 and tree.kind(s) is StateKind.FINAL for s in active):
            break
        selected = _must_follow(tree, sorted(active))
    known.update(passed)
    return []


def _must_follow(tree: Tree, active: list[int]) -> tuple[Edge, ...]:
    """Return the eventless transitions that are certainly taken next; none when guards decide."""
    chosen: dict[Edge, None] = {}
    for leaf in filter(tree.is_leaf, active):
        for state in (leaf, *tree.ancestors(leaf)):
            always = [e for e in tree.outgoing[state] if isinstance(e.transition.trigger, Always)]
            if always and always[0].transition.guard is not None:
                return ()
            if always:
                chosen[always[0]] = None
                break
    return remove_conflicting(tree, chosen, active, nothing_remembered)
