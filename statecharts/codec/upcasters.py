"""Upcasters: old snapshots made new, one version at a time."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, Final, final

from statecharts.codec.errors import Misfit, reason, shown
from statecharts.codec.shapes import wrong
from statecharts.codec.snapshots import PROTOCOL

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
"""Makes a snapshot of one version, as JSON, one of the next version."""

_MEND: Final = "Mend the upcaster"


@final
class Upcasters:
    """The table from version to function.

    Args:
        table: For each old version the function that leads to the next one.
        version: The present version; without it, the one that the table leads to.

    Raises:
        Misfit: The table leads beyond the present version, or holds what is no version.
    """

    def __init__(self, table: Mapping[int, Upcaster], version: int | None) -> None:
        for one in (*table, *(() if version is None else (version,))):
            if one.__class__ is not int or one < 1:
                text = f"{one!r} is not a version"
                raise Misfit("SC423", text, "Count versions from 1", one)
        last = max(table, default=0)
        self.version = last + 1 if version is None else version
        if last >= self.version:
            found = f"an upcaster leads from version {last}, and the present one is {self.version}"
            raise Misfit("SC423", found, f"Pass version={last + 1}, or leave it out", table)
        self._table = dict(table)

    def upcast(self, value: Any) -> tuple[dict[str, Any], bool]:
        """Return a snapshot of the present version, and whether it was an old one.

        What is passed in is not changed.

        Raises:
            Misfit: The protocol or the version is one that cannot be read, or an upcaster failed.
        """
        if value.__class__ is not dict:
            raise wrong("a snapshot", value, "Give an object, as dump_snapshot writes it")
        _check_protocol(value)
        version = _version(value)
        if version == self.version:
            return value, False
        if version > self.version:
            found = f"version {version} is newer than {self.version}, which this protocol has"
            raise Misfit("SC413", found, "Read it with a newer release").within("version", value)
        found_value = copy.deepcopy(value)
        for one in range(version, self.version):
            found_value = self._next(one, found_value)
        return found_value, True

    def _next(self, version: int, value: dict[str, Any]) -> dict[str, Any]:
        function = self._table.get(version)
        if function is None:
            found = f"nothing leads on from version {version}; this protocol has {self.version}"
            remedy = f"Give it: Protocol(…, upcasters={{{version}: function}})"
            raise Misfit("SC413", found, remedy).within("version", value)
        try:
            made = function(value)
        except RecursionError:
            raise
        except Exception as error:  # it is somebody else's code
            found = f"the upcaster from version {version} failed: {reason(error)}"
            raise Misfit("SC413", found, _MEND).within("version", value) from error
        if made.__class__ is not dict:
            found = f"the upcaster from version {version} gave {shown(made)} for a snapshot"
            raise Misfit("SC413", found, _MEND).within("version", value)
        return {**made, "version": version + 1}


def _check_protocol(value: dict[str, Any]) -> None:
    protocol = value.get("protocol")
    if protocol.__class__ is int and protocol == PROTOCOL:
        return
    if "protocol" not in value:
        remedy = "Give a whole snapshot, as dump_snapshot writes it"
        raise Misfit("SC403", "a snapshot needs 'protocol'", remedy).within("protocol", value)
    found = f"{shown(protocol)} is not a protocol that can be read"
    remedy = f"This release reads protocol {PROTOCOL}"
    raise Misfit("SC411", found, remedy).within("protocol", value)


def _version(value: dict[str, Any]) -> int:
    version: Any = value.get("version")
    if version.__class__ is int and version >= 1:
        return version
    if "version" not in value:
        remedy = "Give a whole snapshot, as dump_snapshot writes it"
        raise Misfit("SC403", "a snapshot needs 'version'", remedy).within("version", value)
    raise Misfit("SC413", f"{shown(version)} is not a version", "Count from 1").within(
        "version", value
    )
