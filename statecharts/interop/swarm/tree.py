"""Tree: the states of a workflow, put into their superstates."""

from __future__ import annotations

from typing import Any, Final

from statecharts.interop.drafts import Draft
from statecharts.interop.findings import Findings
from statecharts.interop.grammar import entries, take
from statecharts.interop.swarm.syntax import STATE
from statecharts.interop.syntax.located import Located, plain
from statecharts.model.nodes import Default, StateKind, Transition

WAYS_OUT: Final = ("handlers", "next_on_success", "next_on_failure", "timeout_seconds")
"""The keys that lead out of a state."""

_KEPT: Final = ("agents", "parallel_execution", "required_resources")


def place_of(draft: Draft, workflow: str) -> str:
    """Return what messages call a state."""
    return f"state {draft.name!r} of {workflow!r}"


def plant(root: Draft, states: Located, findings: Findings, *, short: bool) -> dict[str, Draft]:
    """Put the states of a workflow into its chart, each into its parent; return them by name.

    Args:
        root: The chart.
        states: The tables of the states, by name.
        findings: Takes what is wrong.
        short: Whether the shorter form is read, which has no word for a terminal state: there it is
            one that nothing leads out of.
    """
    drafts: dict[str, Draft] = {}
    for name, table, line in entries(states, f"state of {root.name!r}", findings):
        draft = drafts[name] = Draft(name, line=line)
        draft.source, other = take(table, STATE, findings, place_of(draft, root.name))
        draft.doc = draft.source.get("description", "")
        kept = {key: draft.source[key] for key in _KEPT if key in draft.source}
        draft.meta.update(plain({**kept, **other}))
    parents = _parents(drafts, root.name, findings)
    for name, draft in drafts.items():
        drafts[parents[name]].add(draft) if name in parents else root.add(draft)
    for draft in drafts.values():
        draft.kind = _kind(draft, root.name, findings, short=short)
    return drafts


def _parents(drafts: dict[str, Draft], workflow: str, findings: Findings) -> dict[str, str]:
    """Return the parent of each state that has one, without those that make a circle."""
    parents: dict[str, str] = {}
    for name, draft in drafts.items():
        parent = draft.source.get("parent")
        if parent in drafts:
            parents[name] = parent
        elif parent is not None:
            found = f"its parent is {parent!r}, and there is no such state"
            remedy = findings.suggestions.remedy(
                parent, drafts, "Declare it, or take the parent away"
            )
            element = place_of(draft, workflow)
            findings.add("SC613", found, remedy, draft.source.at("parent"), element)
    for circle in _circles(parents):
        draft = drafts[circle[0]]
        found = f"states lie in each other in a circle: {' in '.join(map(repr, circle))}"
        line, element = draft.source.at("parent"), place_of(draft, workflow)
        findings.add("SC616", found, "Take one of the parents away", line, element)
        for name in circle[1:]:
            del parents[name]
    return parents


def _circles(parents: dict[str, str]) -> list[list[str]]:
    """Return the circles among states, each from its first state on and back to it."""
    circles: list[list[str]] = []
    passed: set[str] = set()
    for start in parents:
        chain: dict[str, None] = {}
        name: str | None = start
        while name is not None and name not in passed and name not in chain:
            chain[name] = None
            name = parents.get(name)
        if name in chain:
            line = list(chain)
            circle = line[line.index(name) :]
            circles.append([*circle, circle[0]])
        passed.update(chain)
    return circles


def _kind(draft: Draft, workflow: str, findings: Findings, *, short: bool) -> StateKind:
    terminal: Any = draft.source.get("terminal")
    if draft.children:
        if terminal:
            inside = ", ".join(repr(child.name) for child in draft.children[:3])
            found = f"it is terminal, and is the parent of {inside}"
            remedy = "Make a state in it terminal instead"
            line = draft.source.at("terminal")
            findings.add("SC612", found, remedy, line, place_of(draft, workflow))
        return StateKind.COMPOUND
    if terminal is None and short and "parent" not in draft.source:
        terminal = not any(key in draft.source.lines for key in WAYS_OUT)
    return StateKind.FINAL if terminal else StateKind.ATOMIC


def begin(root: Draft, initial: Draft | None) -> None:
    """Give the chart and each superstate its initial child.

    It is the one that the workflow's initial state is, or lies in; else the first. The states have
    their ids.
    """
    on_the_way: set[int] = set()
    while initial is not None and initial is not root:
        on_the_way.add(id(initial))
        initial = initial.parent
    for draft in root.walk():
        if draft.children:
            chosen = (child for child in draft.children if id(child) in on_the_way)
            first = next(chosen, draft.children[0])
            draft.default = Transition(draft.id, Default(), (first.id,))
