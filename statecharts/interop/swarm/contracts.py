"""Contracts: what a workflow takes and gives, told field by field in texts that name types.

    input = { title = "string", labels = "array<string>", risk = "enum:['low', 'high']" }

is kept as

    {"title": {"type": "string"},
     "labels": {"type": "array", "items": {"type": "string"}},
     "risk": {"type": "string", "enum": ["low", "high"]}}

which is how JSON Schema says it, but for ``"optional": True``.
"""

from __future__ import annotations

import re
from typing import Any, Final

from statecharts.interop.findings import Findings
from statecharts.interop.grammar import entries, take
from statecharts.interop.swarm.syntax import CONTRACT
from statecharts.interop.syntax.located import Located, shown

SIMPLE: Final = (
    "any",
    "array",
    "boolean",
    "date",
    "datetime",
    "float",
    "integer",
    "null",
    "number",
    "object",
    "string",
)
"""The types that one word says."""

_ITEM: Final = r"(?:'[^']*'|\"[^\"]*\")"
_ENUM: Final = re.compile(rf"enum:\s*\[\s*({_ITEM}(?:\s*,\s*{_ITEM})*+)\s*,?\s*\]")
_ITEMS: Final = re.compile(_ITEM)
_DEEPEST: Final = 16
"""How many types may lie one inside the other."""

_REMEDY: Final = f"Write one of {', '.join(SIMPLE)}; or array<…>, optional:…, or enum:['a', 'b']"


def contracts(table: Located, findings: Findings) -> dict[str, Any]:
    """Return the contracts of a workflow by name, as JSON would hold them."""
    kept: dict[str, Any] = {}
    for name, contract, _ in entries(table, "contract", findings):
        element = f"contract {name!r}"
        known, other = take(contract, CONTRACT, findings, element)
        sides = {
            side: _fields(known[side], findings, f"{element}, {side}")
            for side in ("input", "output")
            if side in known
        }
        kept[name] = {**known, **other, **sides}
    return kept


def _fields(table: Located, findings: Findings, element: str) -> dict[str, Any]:
    """Return the fields of a contract, or of an object in one."""
    fields: dict[str, Any] = {}
    for name, said in table.items():
        line = table.at(name)
        where = f"{element}, field {name!r}"
        if isinstance(said, Located):
            fields[name] = {"type": "object", "properties": _fields(said, findings, where)}
        elif not isinstance(said, str):
            found = f"a type is told in a text, and this is {shown(said, findings.words)}"
            findings.add("SC612", found, _REMEDY, line, where)
        else:
            parsed, strange = parse(said)
            fields[name] = parsed
            if strange is not None:
                found = f"{said!r} is no type" if strange == said else f"{strange!r} is no type"
                remedy = findings.suggestions.remedy(strange, SIMPLE, _REMEDY)
                findings.add("SC612", found, remedy, line, where)
    return fields


def parse(text: str) -> tuple[dict[str, Any], str | None]:
    """Return the type that a text tells, and the part of it that tells none, if there is one.

    >>> parse("optional:array<integer>")
    ({'type': 'array', 'items': {'type': 'integer'}, 'optional': True}, None)
    >>> parse("enum:['low', 'high']")
    ({'type': 'string', 'enum': ['low', 'high']}, None)
    >>> parse("array<strnig>")
    ({'type': 'array', 'items': {'type': 'any'}}, 'strnig')
    """
    return _parse(text, 0)


def _parse(text: str, depth: int) -> tuple[dict[str, Any], str | None]:
    told = text.strip()
    if told in SIMPLE:
        return {"type": told}, None
    inner: str | None = None
    if told.startswith("optional:"):
        inner = told.removeprefix("optional:")
    elif told.startswith("array<") and told.endswith(">"):
        inner = told[len("array<") : -1]
    if inner is not None and depth < _DEEPEST:
        parsed, strange = _parse(inner, depth + 1)
        if told.startswith("array<"):
            return {"type": "array", "items": parsed}, strange
        return {**parsed, "optional": True}, strange
    found = _ENUM.fullmatch(told)
    if found is not None:
        values = [item[1:-1] for item in _ITEMS.findall(found[1])]
        return {"type": "string", "enum": values}, None
    return {"type": "any"}, told
