"""Declared: what the workflows of a file share, its agents, resources and metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, final

from attrs import frozen

from statecharts.interop.findings import Findings
from statecharts.interop.grammar import entries, take
from statecharts.interop.swarm.syntax import AGENT, METADATA, RESOURCES
from statecharts.interop.syntax.located import Located, plain

_SHARED: Final = ("metadata", "agents", "resources")


@final
@frozen
class Declared:
    """What the workflows of a file share.

    Attributes:
        agents: What the format says of each agent, by name.
        resources: The tables of the resources, by name.
        meta: All of it, as documentation of every chart.
    """

    agents: Mapping[str, Mapping[str, Any]]
    resources: Mapping[str, Any]
    meta: Mapping[str, Any]

    @classmethod
    def of(cls, file: Located, findings: Findings) -> Declared:
        """Read the tables beside the workflows."""
        agents, resources = (file.get(key, Located()) for key in ("agents", "resources"))
        # One that is told wrongly has a name all the same.
        read: dict[str, Any] = {name: {} for name in agents}
        for name, agent, _ in entries(agents, "agent", findings):
            read[name] = plain(take(agent, AGENT, findings, f"agent {name!r}")[0])
        for name, resource, _ in entries(resources, "resource", findings):
            _check(name, resource, findings)
        if "metadata" in file:
            take(file["metadata"], METADATA, findings, "[metadata]")
        meta = {key: plain(file[key]) for key in _SHARED if key in file}
        return cls(read, resources, meta)


def _check(name: str, resource: Located, findings: Findings) -> None:
    """Note what is wrong with a resource."""
    element = f"resource {name!r}"
    kinds = ", ".join(RESOURCES)
    if "type" not in resource:
        findings.add("SC612", "'type' is missing", f"Write one of {kinds}", resource.line, element)
        return
    kind = resource["type"]
    if not isinstance(kind, str) or kind not in RESOURCES:
        remedy = findings.suggestions.remedy(str(kind), tuple(RESOURCES), f"Write one of {kinds}")
        line = resource.at("type")
        findings.add("SC612", f"there is no type {kind!r} of resources", remedy, line, element)
        return
    shape = RESOURCES[kind]
    if shape is not None:
        take(resource, shape, findings, element)
