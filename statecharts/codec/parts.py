"""Parts: short hashes of all that a snapshot mentions; only a change of these refuses it.

A snapshot carries a hash for the data of each active and each remembered state, for its context,
and for the classes of its calls and waiting events. Loading compares those with the chart as it is
now: a guard, a delay, or a state that is added elsewhere refuses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, final

from statecharts.codec.errors import Misfit, shown
from statecharts.codec.records import TAG
from statecharts.codec.shapes import wrong
from statecharts.model.chart import Chart
from statecharts.model.digest import former_part, part
from statecharts.model.labels import data_text

STATE, CALL, EVENT, CONTEXT = "state:", "call:", "event:", "context"


@final
class Parts:
    """The parts of a chart.

    Args:
        chart: The chart.
    """

    def __init__(self, chart: Chart) -> None:
        self._chart = chart
        self._classes: dict[str, type | None] = {CONTEXT: chart.context}
        for node in chart.states:
            self._classes[f"{STATE}{node.id}"] = node.data
        for node in chart.nodes.values():
            for call in node.invoke:
                self._classes[f"{CALL}{node.call_name(call)}"] = call.call
        for event in chart.events:
            self._classes[f"{EVENT}{event.name}"] = event.cls
        self._hashes: dict[str, str | None] = {}

    def _hash(self, key: str) -> str | None:
        if key not in self._hashes:
            self._hashes[key] = part(self._classes.get(key))
        return self._hashes[key]

    def of(self, keys: Iterable[str]) -> dict[str, str]:
        """Return the hashes of some parts, of those that have one."""
        found = ((key, self._hash(key)) for key in keys)
        return {key: hashed for key, hashed in found if hashed is not None}

    def check(self, value: dict[str, Any], version: int) -> None:
        """Refuse a snapshot, as JSON, a part of which has changed.

        Raises:
            Misfit: One has (SC414); it says which.
        """
        given = value["parts"]
        if given.__class__ is not dict:
            raise wrong("an object", given).within("parts", value)
        for key, hashed in given.items():
            if hashed.__class__ is not str:
                raise wrong("a string", hashed).within(key, given).within("parts", value)
        for key in (*given, *_mentioned(value)):
            hashed = given.get(key)
            if hashed != self._hash(key) and hashed != former_part(self._classes.get(key)):
                raise self._changed(key, given, version).within(key, given).within("parts", value)

    def _changed(self, key: str, given: dict[str, Any], version: int) -> Misfit:
        kind, _, name = key.partition(":")
        what = "the context" if kind == CONTEXT else f"the {kind} {name!r}"
        if key not in self._classes:
            found = f"{what} has gone from the chart since the snapshot was written"
        elif key not in given:
            now = data_text(self._classes[key])
            found = f"{what} had no fields when the snapshot was written, and is {now} now"
        elif self._classes[key] is None:
            found = f"{what} had fields when the snapshot was written, and has no class now"
        else:
            now = data_text(self._classes[key])
            found = f"{what} has changed since the snapshot was written: it is {now} now"
        remedy = (
            "Read it with the chart that wrote it, or raise version= and give "
            f"upcasters={{{version}: Upcaster(…)}} for what has changed"
        )
        return Misfit("SC414", found, remedy, shown(given.get(key)))


def name_of(identity: str) -> str:
    """Return the name of a timer or a call out of the id of one run of it.

    >>> name_of("active.ask#2")
    'active.ask'
    """
    return identity.rpartition("#")[0]


def _mentioned(value: dict[str, Any]) -> Iterator[str]:
    """Yield the parts that a snapshot mentions, out of JSON of any shape."""
    for place in (value, *_inside(value.get("history"))):
        if isinstance(place, dict):
            yield from (f"{STATE}{state}" for state in _inside(place.get("configuration")))
    if "context" in value:
        yield CONTEXT
    for call in _inside(value.get("calls")):
        if isinstance(call, dict):
            yield f"{CALL}{name_of(str(call.get('id')))}"
    sent = (one.get("event") for one in _inside(value.get("sent")) if isinstance(one, dict))
    for event in (*_inside(value.get("waiting")), *sent):
        if isinstance(event, dict):
            yield f"{EVENT}{event.get(TAG)}"


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
