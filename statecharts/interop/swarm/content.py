"""Content: the names that states use, what states do, and the contracts of a workflow."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, final

from attrs import frozen

from statecharts.interop.drafts import Draft, all_of
from statecharts.interop.findings import Findings
from statecharts.interop.grammar import entries, take
from statecharts.interop.swarm.syntax import AGENT, CONTRACT, METADATA, RESOURCES
from statecharts.interop.syntax.located import Located, plain, shown
from statecharts.model.effects import Action, Service
from statecharts.model.hooks import Hook
from statecharts.model.named import Give, Named

_SHARED: Final = ("metadata", "agents", "resources")


@final
@frozen
class Shared:
    """The tables that all workflows share: agents, resources, and the meta of every chart."""

    agents: Mapping[str, Mapping[str, Any]]
    resources: Mapping[str, Any]
    meta: Mapping[str, Any]

    @classmethod
    def of(cls, file: Located, findings: Findings) -> Shared:
        """Read the tables beside the workflows."""
        agents, resources = (file.get(key, Located()) for key in ("agents", "resources"))
        read: dict[str, Any] = {name: {} for name in agents}  # a faulty agent has a name, too
        for name, agent, _ in entries(agents, "agent", findings):
            read[name] = plain(take(agent, AGENT, findings, f"agent {name!r}")[0])
        for name, resource, _ in entries(resources, "resource", findings):
            _check(name, resource, findings)
        if "metadata" in file:
            take(file["metadata"], METADATA, findings, "[metadata]")
        return cls(read, resources, {key: plain(file[key]) for key in _SHARED if key in file})


def _check(name: str, resource: Located, findings: Findings) -> None:
    element = f"resource {name!r}"
    kinds = f"Write one of {', '.join(RESOURCES)}"
    if "type" not in resource:
        findings.add("SC612", "'type' is missing", kinds, resource.line, element)
        return
    kind = resource["type"]
    if not isinstance(kind, str) or kind not in RESOURCES:
        remedy = findings.suggestions.remedy(str(kind), tuple(RESOURCES), kinds)
        found = f"there is no type {kind!r} of resources"
        findings.add("SC612", found, remedy, resource.at("type"), element)
        return
    table = RESOURCES[kind]
    if table is not None:
        take(resource, table, findings, element)


@final
@frozen
class Scope:
    """The names that the states of a workflow can use.

    Attributes:
        states: The states by name; they have their ids.
        guards: What the guards mean, by name.
        policy: How often its agents try again, and when.
    """

    workflow: str
    states: Mapping[str, Draft]
    guards: Mapping[str, str]
    policy: Mapping[str, Any]
    shared: Shared
    findings: Findings

    def place(self, draft: Draft) -> str:
        """Return what messages call a state."""
        return f"state {draft.name!r} of {self.workflow!r}"

    def note(self, code: str, found: str, remedy: str, line: int, draft: Draft) -> None:
        """Note a finding about a state."""
        self.findings.add(code, found, remedy, line, self.place(draft))

    def has(self, name: str, noun: str, known: Mapping[str, Any], line: int, place: str) -> bool:
        """Tell whether a name is declared, or a variable for another than a state; note others."""
        if name in known:
            return True
        if "${" in name and noun != "state":
            found = f"the {noun} {name!r} is a variable without a value; it is kept as a name"
            self.findings.add("SC651", found, "Pass its value", line, place)
            return True
        otherwise = f"Declare it, or name another {noun}"
        remedy = self.findings.suggestions.remedy(name, known, otherwise)
        self.findings.add("SC613", f"there is no {noun} {name!r}", remedy, line, place)
        return False


def guard(handler: Located, scope: Scope, place: str) -> Hook | None:
    """Return the guard of a handler: all of those that it names hold."""
    line = handler.at("guards")
    names = handler.get("guards", ())
    known = [name for name in names if scope.has(name, "guard", scope.guards, line, place)]
    return all_of(Hook(Named(name, doc=scope.guards.get(name, ""))) for name in known)


def act(draft: Draft, scope: Scope) -> None:
    """Give a state what it does on entry and exit: its actions, and calls to its agents."""
    table: Located = draft.source
    draft.entry.extend(Hook(Give(Action(name))) for name in table.get("entry_actions", ()))
    draft.exit.extend(Hook(Give(Action(name))) for name in table.get("exit_actions", ()))
    line = table.at("required_resources")
    for name in table.get("required_resources", ()):
        scope.has(name, "resource", scope.shared.resources, line, scope.place(draft))
    _call(draft, scope)


def _call(draft: Draft, scope: Scope) -> None:
    """Have a state call its agents, in the order of the file."""
    table: Located = draft.source
    agents, line = table.get("agents", []), table.at("agents")
    for name, count in Counter(agents).items():
        if count > 1:
            found = f"it names the agent {name!r} more than once"
            scope.note("SC614", found, "Remove one of them", line, draft)
    side_by_side = table.get("parallel_execution", False) or len(agents) < 2  # noqa: PLR2004
    if not side_by_side:
        found = f"its {len(agents)} agents work one after the other; a chart starts them together, "
        found += "and the data of each says which one comes before"
        remedy = "Give each a state of its own, or write parallel_execution = true"
        scope.note("SC651", found, remedy, line, draft)
    before: str | None = None
    for name in dict.fromkeys(agents):
        if not scope.has(name, "agent", scope.shared.agents, line, scope.place(draft)):
            continue
        data = {**scope.shared.agents.get(name, {}), **scope.policy}
        if "required_resources" in table:
            data["required_resources"] = list(table["required_resources"])
        if not side_by_side and before is not None:
            data["after"] = before
        before = name
        draft.call(name, Service(name, data), scope.findings, line)


SIMPLE: Final = (
    *("any", "array", "boolean", "date", "datetime", "float", "integer", "null", "number"),
    *("object", "string"),
)
"""The types that one word says."""

_ITEM: Final = r"(?:'[^']*'|\"[^\"]*\")"
_ENUM: Final = re.compile(rf"enum:\s*\[\s*({_ITEM}(?:\s*,\s*{_ITEM})*+)\s*,?\s*\]")
_ITEMS: Final = re.compile(_ITEM)
_DEEPEST: Final = 16  # how deep types are nested that are taken apart


def contracts(table: Located, findings: Findings) -> dict[str, Any]:
    """Return the contracts of a workflow by name.

    A field is written as a string, and kept in the manner of JSON Schema (see `type_of`).
    """
    kept: dict[str, Any] = {}
    for name, contract, _ in entries(table, "contract", findings):
        element = f"contract {name!r}"
        known, other = take(contract, CONTRACT, findings, element)
        written = [side for side in ("input", "output") if side in known]
        sides = {side: _fields(known[side], findings, f"{element}, {side}") for side in written}
        kept[name] = {**known, **other, **sides}
    return kept


def _fields(table: Located, findings: Findings, element: str) -> dict[str, Any]:
    """Return the fields of a contract, or of an object in one."""
    fields: dict[str, Any] = {}
    for name, written in table.items():
        if isinstance(written, Located):
            inner = _fields(written, findings, f"{element}, field {name!r}")
            fields[name] = {"type": "object", "properties": inner}
        elif isinstance(written, str):
            fields[name] = type_of(written)
        else:
            found = f"a type is a string, and this is {shown(written, findings.words)}"
            remedy = f"Write {', '.join(SIMPLE)}; array<…>, optional:…, enum:['a', 'b']; or a word"
            place = f"{element}, field {name!r}"
            findings.add("SC612", found, remedy, table.at(name), place)
    return fields


def type_of(text: str, depth: int = 0) -> dict[str, Any]:
    """Return the type that a string names, as JSON Schema has it, but for ``optional``.

    Types are free text: one of which nothing is known keeps its name.

    >>> type_of("optional:array<integer>")
    {'type': 'array', 'items': {'type': 'integer'}, 'optional': True}
    >>> type_of("enum:['low', 'high']")
    {'type': 'string', 'enum': ['low', 'high']}
    >>> type_of("array<story id>")
    {'type': 'array', 'items': {'type': 'story id'}}
    """
    name = text.strip()
    if depth < _DEEPEST and name.startswith("optional:"):
        return {**type_of(name.removeprefix("optional:"), depth + 1), "optional": True}
    if depth < _DEEPEST and name.startswith("array<") and name.endswith(">"):
        return {"type": "array", "items": type_of(name[len("array<") : -1], depth + 1)}
    found = _ENUM.fullmatch(name)
    if found is None:
        return {"type": name}
    return {"type": "string", "enum": [item[1:-1] for item in _ITEMS.findall(found[1])]}
