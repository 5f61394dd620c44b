"""Workflow: one workflow of a file, made a chart."""

from __future__ import annotations

from typing import Any, Final

from statecharts.interop.drafts import Draft, assemble, identify
from statecharts.interop.findings import Findings
from statecharts.interop.grammar import STRING, entries, take
from statecharts.interop.swarm.contracts import contracts
from statecharts.interop.swarm.declared import Declared
from statecharts.interop.swarm.lines import TIMEOUT, Lines, answers, raise_after
from statecharts.interop.swarm.syntax import SETTINGS, SHORT, WORKFLOW
from statecharts.interop.swarm.tree import begin, plant
from statecharts.interop.syntax.located import Located, plain
from statecharts.model.chart import Chart
from statecharts.model.nodes import StateKind

_POLICY: Final = ("max_retries", "retry_backoff_seconds")


def chart_of(
    name: str, table: Located, declared: Declared, findings: Findings, *, short: bool
) -> Chart | None:
    """Return the chart of a workflow, unchecked; None when there are no states to make it of.

    Args:
        name: The name of the workflow.
        table: Its table.
        declared: What the workflows of the file share.
        findings: Takes what is wrong.
        short: Whether it is in the shorter form.

    Raises:
        DocumentError: States lie too deep one in the other.
    """
    element = f"workflow {name!r}"
    workflow, other = take(table, SHORT if short else WORKFLOW, findings, element)
    settings, unknown = workflow, dict[str, Any]()
    if not short:
        given = workflow.get("metadata", Located((), table.line))
        settings, unknown = take(given, SETTINGS, findings, f"{element}, metadata")
    root = Draft(name, StateKind.COMPOUND, table.line, doc=workflow.get("description", ""))
    guards = {
        guard: meaning
        for guard, meaning, _ in entries(workflow.get("guards", {}), "guard", findings, STRING)
    }
    agreed = contracts(workflow.get("contracts", Located()), findings)
    states = workflow.get("states", Located((), table.line))
    drafts = plant(root, states, findings, short=short)
    if not drafts:
        if "states" not in workflow.lines or not states:
            remedy = f"Write [{'workflow.' + name if short else 'workflows'}.states.NAME]"
            findings.add("SC612", "it has no states", remedy, table.line, element)
        return None
    identify(root, findings.document)
    begin(root, _initial(name, settings, drafts, findings, element, short=short))
    policy = {key: settings[key] for key in _POLICY if key in settings}
    guard_names = {**dict.fromkeys(workflow.get("guards", {}), ""), **guards}
    Lines(name, drafts, guard_names, policy, declared, findings).fill()
    _limit(root, drafts, settings, findings, element)
    kept = {key: settings[key] for key in SETTINGS.keys if key in settings}
    root.meta.update(declared.meta)
    root.meta["settings"] = plain({**kept, **unknown})
    root.meta["guards"] = guards
    root.meta["contracts"] = plain(agreed)
    if other:
        root.meta["other"] = plain(other)
    return assemble(root, findings.document)


def _initial(
    name: str,
    settings: Located,
    drafts: dict[str, Draft],
    findings: Findings,
    element: str,
    *,
    short: bool,
) -> Draft | None:
    """Return the state that the workflow begins in, when it says so rightly."""
    initial = settings.get("initial_state")
    if initial in drafts:
        return drafts[initial]
    if initial is not None:
        found = f"its initial state is {initial!r}, and there is no such state"
        remedy = findings.suggestions.remedy(initial, drafts, "Name one of its states")
        findings.add("SC613", found, remedy, settings.at("initial_state"), element)
    elif "initial_state" not in settings.lines:
        header = f"[workflow.{name}]" if short else "[workflows.metadata]"
        remedy = f"Write initial_state = … in {header}"
        findings.add("SC612", "it has no initial state", remedy, settings.line, element)
    return None


def _limit(
    root: Draft, drafts: dict[str, Draft], settings: Located, findings: Findings, element: str
) -> None:
    """Have the whole run's time raise ``timeout``, where some state handles that."""
    limit = "completion_timeout_seconds"
    if limit in settings:
        line = settings.at(limit)
        if answers(drafts.values(), TIMEOUT):
            at = findings.document.place(line)
            root.transitions.append(raise_after(root, settings[limit], at))
        else:
            found = f"{limit!r} is kept as documentation: no state handles 'timeout'"
            remedy = "Write a handler of 'timeout' where the time may run out"
            findings.add("SC651", found, remedy, line, element)
    tried = next((key for key in _POLICY if key in settings), None)
    if tried is not None and not any(draft.source.get("agents") for draft in drafts.values()):
        found = f"{tried!r} is kept as documentation: no state has agents to be tried again"
        findings.add("SC651", found, "Give states their agents", settings.at(tried), element)
