"""XState and Stately: machines as JSON, read in the forms of version 4 and 5, written as of 5.

What is read is a machine's config, as Stately's tools and ``JSON.stringify(machine.config)`` write
it; ``JSON.stringify(machine)``, the definition, too, as far as it goes. The machine may stand in an
object under ``machine``, ``config`` or ``definition``.

| the machine says | the chart has |
|---|---|
| ``on``, ``always``, ``after``, ``onDone`` | transitions; a longer wildcard behind the names |
| ``"EVENT": null``, ``{}`` | a transition that is forbidden |
| ``guard``, ``cond``, ``in`` | names to bind, `Not`, `AllOf`, `AnyOf`, `In` |
| ``actions``, ``entry``, ``exit`` | `Action`; ``xstate.raise``, ``.send``, ``.cancel`` are done |
| ``invoke`` | `Invoke` on entry, `CancelInvoke` on exit |
| ``onDone``, ``onError``, ``onSnapshot`` of it | transitions on ``done.invoke.ID``, \
``error.platform.ID``, ``xstate.snapshot.ID`` |
| ``after`` with the name of a delay | a delay to pass: ``load(path, delays={…})`` |
| ``description`` | ``doc`` |
| ``meta`` and all else | ``meta`` |

Version 4 and 5 differ in what a transition does with its own state: in 5 it stays active unless
``reenter`` is true, in 4 it is left unless ``internal`` is true or a target begins with a dot. The
version is seen from the document (see `version_of`) or passed.

Where XState would do something else than the algorithm of SCXML, by which charts run here, a
warning says so (SC652).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Final

from statecharts.interop.documents import Document
from statecharts.interop.xstate.reader import read
from statecharts.interop.xstate.versions import version_of
from statecharts.interop.xstate.writer import dumps
from statecharts.model.chart import Chart

__all__ = ["dumps", "load", "loads", "version_of"]

_NONE: Final[Mapping[str, timedelta]] = MappingProxyType({})


def load(
    path: str | PathLike[str],
    *,
    version: int | None = None,
    delays: Mapping[str, timedelta] = _NONE,
) -> Chart:
    """Return the chart of a file.

    Where the machine has no id, the chart is called like the file.

    Args:
        path: The file.
        version: The version of XState that it is written for, 4 or 5; None to see it from the file.
        delays: How long the delays are that the machine names.

    Raises:
        DocumentError: Nothing can be made of the file (SC601 to SC606).
        DefinitionError: Something is wrong with the machine; all of it is told, with its line.
    """
    return read(Document.read(path), Path(path).stem, version, delays)


def loads(
    text: str | bytes,
    *,
    version: int | None = None,
    delays: Mapping[str, timedelta] = _NONE,
) -> Chart:
    """Return the chart of a text (see `load`).

    >>> lamp = loads('''{
    ...   "id": "lamp",
    ...   "initial": "dark",
    ...   "states": {
    ...     "dark": {"on": {"FLIP": "lit"}},
    ...     "lit": {"on": {"FLIP": "dark"}, "after": {"1000": "dark"}}
    ...   }
    ... }''')
    >>> [transition.targets for transition in lamp.transitions]
    [('lit',), ('dark',), ('dark',)]
    """
    return read(Document.of(text), "machine", version, delays)
