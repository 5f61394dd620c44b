"""Sorts of arguments of plans, for `statecharts.model.arguments.check`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

from machines.investigator.secrets import Secret
from machines.plan.identifiers import is_written
from machines.plan.vocabulary import RunConfig
from statecharts.model.arguments import KEY, Sort, instance, optional

_LONGEST_S: Final = 86_400 * 366


def several(told: str, kind: type | tuple[type, ...]) -> Sort:
    """Return the sort of several values of some classes; one text is not several.

    >>> several("texts", str).fits("awk"), several("texts", str).fits(["awk"])
    (False, True)
    """

    def fits(value: Any) -> bool:
        if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
            return False
        # What can be gone through but once is looked at where it is.
        return not isinstance(value, list | tuple) or all(isinstance(one, kind) for one in value)

    return Sort(told, fits)


def _is_seconds(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and 0 < value <= _LONGEST_S


def _are_headers(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(name, str) and isinstance(one, str | Secret) for name, one in value.items()
    )


NAME: Final = Sort(
    "a text that is not empty, and that UTF-8 can write",
    lambda value: KEY.fits(value) and is_written(value),
)
PATH: Final = Sort(
    "a text that is not empty, without NUL",
    lambda value: KEY.fits(value) and "\0" not in value and is_written(value),
)
ARGUMENTS: Final = Sort(
    "texts without NUL",
    lambda value: all(
        isinstance(one, str) and "\0" not in one and is_written(one) for one in value
    ),
)
TEXTS: Final = several("several texts, such as ['one', 'two']", str)
VALUES: Final = optional(instance(Mapping, "a dict of values by name"))
CONFIG: Final = optional(instance(RunConfig, "a RunConfig"))
SECONDS: Final = Sort("a number of seconds above 0", _is_seconds)
HEADERS: Final = optional(Sort("a dict of texts, or Secrets, by name", _are_headers))
TRANSPORTS: Final = optional(
    Sort(
        "a dict of transports by namespace, each with a method ask(request, stop)",
        lambda value: (
            isinstance(value, Mapping)
            and all(KEY.fits(name) and hasattr(one, "ask") for name, one in value.items())
        ),
    )
)
EVENTS: Final = Sort(
    "a list of events, as dump_event writes them",
    lambda value: isinstance(value, list) and all(isinstance(one, dict) for one in value),
)
ARTIFACTS: Final = optional(
    Sort(
        "a list of artifacts, each as canonical JSON in bytes",
        lambda value: isinstance(value, list) and all(isinstance(one, bytes) for one in value),
    )
)
