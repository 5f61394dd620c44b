"""Structure: a workflow, made a chart, with each state in its parent."""

from __future__ import annotations

from typing import Any, Final

from statecharts.interop.drafts import Draft, assemble, identify
from statecharts.interop.findings import Findings
from statecharts.interop.grammar import STRING, entries, take
from statecharts.interop.swarm.content import Scope, Shared, act, contracts
from statecharts.interop.swarm.syntax import SETTINGS, SHORT, STATE, WORKFLOW
from statecharts.interop.swarm.transitions import TIMEOUT, answers, leave, raise_after, time
from statecharts.interop.syntax.located import Located, plain
from statecharts.model.chart import Chart
from statecharts.model.nodes import Default, StateKind, Transition

_POLICY: Final = ("max_retries", "retry_backoff_seconds")
_KEPT: Final = ("agents", "parallel_execution", "required_resources")
_WAYS_OUT: Final = ("handlers", "next_on_success", "next_on_failure", "timeout_seconds")


def chart_of(
    name: str, table: Located, shared: Shared, findings: Findings, *, short: bool
) -> Chart | None:
    """Return the chart of a workflow, unchecked; None when it has no states.

    Raises:
        DocumentError: States are nested too deep.
    """
    element = f"workflow {name!r}"
    workflow, other = take(table, SHORT if short else WORKFLOW, findings, element)
    settings, unknown = workflow, dict[str, Any]()
    if not short:
        given = workflow.get("metadata", Located((), table.line))
        settings, unknown = take(given, SETTINGS, findings, f"{element}, metadata")
    root = Draft(name, StateKind.COMPOUND, table.line, doc=workflow.get("description", ""))
    written = workflow.get("guards", Located())
    guards = {guard: doc for guard, doc, _ in entries(written, "guard", findings, STRING)}
    agreed = contracts(workflow.get("contracts", Located()), findings)
    states = workflow.get("states", Located((), table.line))
    drafts: dict[str, Draft] = {}
    policy = {key: settings[key] for key in _POLICY if key in settings}
    # A faulty guard has a name, too.
    scope = Scope(name, drafts, {**dict.fromkeys(written, ""), **guards}, policy, shared, findings)
    _plant(root, states, drafts, scope, short=short)
    if not drafts:
        if "states" not in workflow.lines or not states:
            remedy = f"Write [{'workflow.' + name if short else 'workflows'}.states.NAME]"
            findings.add("SC612", "it has no states", remedy, table.line, element)
        return None
    identify(root, findings.document)
    _begin(root, _initial(settings, scope, element, short=short))
    for draft in drafts.values():
        leave(draft, scope)
    for draft in drafts.values():
        time(draft, scope)
        act(draft, scope)
    _limit(root, settings, scope, element)
    kept = {key: settings[key] for key in SETTINGS.keys if key in settings}
    root.meta.update(shared.meta)
    root.meta["settings"] = plain({**kept, **unknown})
    root.meta["guards"] = guards
    root.meta["contracts"] = plain(agreed)
    if other:
        root.meta["other"] = plain(other)
    return assemble(root, findings)


def _plant(
    root: Draft, states: Located, drafts: dict[str, Draft], scope: Scope, *, short: bool
) -> None:
    """Put the states of a workflow into its chart, each into its parent.

    The shorter form has no word for a terminal state: there, a state that nothing leaves is one.
    """
    for name, table, line in entries(states, f"state of {root.name!r}", scope.findings):
        draft = drafts[name] = Draft(name, line=line)
        draft.source, other = take(table, STATE, scope.findings, scope.place(draft))
        draft.doc = draft.source.get("description", "")
        kept = {key: draft.source[key] for key in _KEPT if key in draft.source}
        draft.meta.update(plain({**kept, **other}))
    parents = _parents(drafts, scope)
    for name, draft in drafts.items():
        drafts[parents[name]].add(draft) if name in parents else root.add(draft)
    for draft in drafts.values():
        draft.kind = _kind(draft, scope, short=short)


def _parents(drafts: dict[str, Draft], scope: Scope) -> dict[str, str]:
    """Return the parent of each state that has one, without those that make a cycle."""
    parents: dict[str, str] = {}
    for name, draft in drafts.items():
        parent = draft.source.get("parent")
        if parent in drafts:
            parents[name] = parent
        elif parent is not None:
            found = f"its parent is {parent!r}, and there is no such state"
            remedy = scope.findings.suggestions.remedy(parent, drafts, "Declare it, or remove this")
            scope.note("SC613", found, remedy, draft.source.at("parent"), draft)
    for cycle in _cycles(parents):
        draft = drafts[cycle[0]]
        found = f"states are nested in a cycle: {' in '.join(map(repr, cycle))}"
        scope.note("SC616", found, "Remove one of the parents", draft.source.at("parent"), draft)
        for name in cycle[1:]:
            del parents[name]
    return parents


def _cycles(parents: dict[str, str]) -> list[list[str]]:
    """Return the cycles among states, each from its first state on and back to it."""
    cycles: list[list[str]] = []
    passed: set[str] = set()
    for start in parents:
        chain: dict[str, None] = {}
        name: str | None = start
        while name is not None and name not in passed and name not in chain:
            chain[name] = None
            name = parents.get(name)
        if name in chain:
            line = list(chain)
            cycle = line[line.index(name) :]
            cycles.append([*cycle, cycle[0]])
        passed.update(chain)
    return cycles


def _kind(draft: Draft, scope: Scope, *, short: bool) -> StateKind:
    terminal: Any = draft.source.get("terminal")
    if draft.children:
        if terminal:
            inside = ", ".join(repr(child.name) for child in draft.children[:3])
            found = f"it is terminal, and is the parent of {inside}"
            line = draft.source.at("terminal")
            scope.note("SC612", found, "Make a state in it terminal instead", line, draft)
        return StateKind.COMPOUND
    if terminal is None and short and "parent" not in draft.source:
        terminal = not any(key in draft.source.lines for key in _WAYS_OUT)
    return StateKind.FINAL if terminal else StateKind.ATOMIC


def _initial(settings: Located, scope: Scope, element: str, *, short: bool) -> Draft | None:
    """Return the state that the workflow begins in; note where there is none."""
    initial = settings.get("initial_state")
    findings = scope.findings
    if initial is not None:
        if initial in scope.states:
            return scope.states[initial]
        found = f"its initial state is {initial!r}, and there is no such state"
        remedy = findings.suggestions.remedy(initial, scope.states, "Name one of its states")
        findings.add("SC613", found, remedy, settings.at("initial_state"), element)
    elif "initial_state" not in settings.lines:
        header = f"[workflow.{scope.workflow}]" if short else "[workflows.metadata]"
        remedy = f"Write initial_state = … in {header}"
        findings.add("SC612", "it has no initial state", remedy, settings.line, element)
    return None


def _begin(root: Draft, initial: Draft | None) -> None:
    """Give the chart and each superstate its initial child.

    That is the child which is the workflow's initial state or contains it; else the first.
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


def _limit(root: Draft, settings: Located, scope: Scope, element: str) -> None:
    """Have the whole run's time raise ``timeout``, where some state handles that."""
    findings, limit = scope.findings, "completion_timeout_seconds"
    if limit in settings:
        line = settings.at(limit)
        if answers(scope.states.values(), TIMEOUT):
            at = findings.document.place(line)
            root.transitions.append(raise_after(root, settings[limit], at))
        else:
            found = f"{limit!r} is kept as documentation: no state handles 'timeout'"
            remedy = "Write a handler of 'timeout' where the time may run out"
            findings.add("SC651", found, remedy, line, element)
    retry = next(iter(scope.policy), None)
    if retry is not None and not any(s.source.get("agents") for s in scope.states.values()):
        found = f"{retry!r} is kept as documentation: no state has agents that could try again"
        findings.add("SC651", found, "Give states their agents", settings.at(retry), element)
