"""Upcasters: old snapshots and events made new, one version at a time."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias, final

from attrs import field, frozen

from statecharts.codec.errors import Misfit, reason, shown
from statecharts.codec.records import TAG
from statecharts.codec.shapes import wrong
from statecharts.codec.snapshots import PROTOCOL
from statecharts.codec.times import dump_datetime
from statecharts.model.chart import After, Chart

Json: TypeAlias = dict[str, Any]

Change: TypeAlias = "str | Callable[[Json], Json] | None"
"""A new name, None to drop it, or a function from what was stored to what is read now."""

_REMEDY: Final = "Correct the upcaster"


@final
@frozen(kw_only=True)
class Upcaster:
    """Makes a snapshot of one version, as JSON, one of the next version.

    It reaches everything that a snapshot holds: active and remembered states, timers, calls,
    waiting and delayed events; and events that are stored on their own.

    Attributes:
        states: For each state that was renamed or moved, its old id and its new one; the states
            inside it, its timers and its calls move along.
        data: For states, by their new ids, a function from the old data to the new.
        context: A function from the old context to the new.
        events: For events, by their old names, the new name or a function from the old event, its
            ``type`` included, to the new.
        timers: For timers, by their old names, the new name; None drops one.
        calls: For calls, by their old names, the new name, or a function from the old call, its
            ``type`` included, to the new; None drops one.
        start: For timers that the chart has got since, by their names, a function from the
            snapshot to the time at which each is due; only where their state is active.
        snapshot: A function for whatever else has changed; it is called last.

    >>> moved = Upcaster(states={"active.merge": "active.landing"})
    >>> moved({"configuration": ["active", "active.merge"], "data": {"active.merge": {"n": 1}}})
    {'configuration': ['active', 'active.landing'], 'data': {'active.landing': {'n': 1}}}
    """

    states: Mapping[str, str] = field(factory=dict)
    data: Mapping[str, Callable[[Json], Json]] = field(factory=dict)
    context: Callable[[Any], Any] | None = None
    events: Mapping[str, Change] = field(factory=dict)
    timers: Mapping[str, str | None] = field(factory=dict)
    calls: Mapping[str, Change] = field(factory=dict)
    start: Mapping[str, Callable[[Json], datetime]] = field(factory=dict)
    snapshot: Callable[[Json], Json] | None = None

    def __call__(self, value: Json) -> Json:
        """Return the snapshot of the next version."""
        found = {**value, **self._states(value)}
        for key, upcast in (
            ("history", self._history),
            ("timers", self._timers),
            ("calls", self._calls),
            ("sent", self._sent),
            ("waiting", self._waiting),
        ):
            if found.get(key):
                found[key] = upcast(found[key])
        if self.context is not None and found.get("context") is not None:
            found["context"] = self.context(found["context"])
        if self.start:
            self._start(found)
        return found if self.snapshot is None else self.snapshot(found)

    def event(self, value: Json) -> Json | None:
        """Return an event of the next version; None for one that is dropped."""
        change = self.events.get(value.get(TAG, ""), value.get(TAG))
        if change is None or isinstance(change, str):
            return None if change is None else {**value, TAG: change}
        return change(value)

    def _states(self, value: Json) -> Json:
        """Return the configuration and the data of a snapshot, or of what a history remembers."""
        found: Json = {}
        if "configuration" in value:
            found["configuration"] = [self._moved(state) for state in value["configuration"]]
        if "data" in value:
            data = {self._moved(state): held for state, held in value["data"].items()}
            for state in self.data.keys() & data.keys():
                data[state] = self.data[state](data[state])
            found["data"] = data
        return found

    def _moved(self, name: str) -> str:
        """Return the new id of a state, or the new name of something of a state."""
        for old, new in self.states.items():
            if name == old or name.startswith(f"{old}."):
                return f"{new}{name.removeprefix(old)}"
        return name

    def _history(self, value: Json) -> Json:
        return {self._moved(state): {**held, **self._states(held)} for state, held in value.items()}

    def _timers(self, value: list[Json]) -> list[Json]:
        found = []
        for timer in value:
            name, mark, number = timer["id"].rpartition("#")
            new = self.timers[name] if name in self.timers else self._moved(name)
            if new is not None:
                found.append({**timer, "id": f"{new}{mark}{number}"})
        return found

    def _calls(self, value: list[Json]) -> list[Json]:
        found = []
        for call in value:
            name, mark, number = call["id"].rpartition("#")
            change = self.calls[name] if name in self.calls else self._moved(name)
            if isinstance(change, str):
                found.append({**call, "id": f"{change}{mark}{number}"})
            elif change is not None:
                moved = f"{self._moved(name)}{mark}{number}"
                found.append({"id": moved, "call": change(call["call"])})
        return found

    def _sent(self, value: list[Json]) -> list[Json]:
        upcast = ({**sent, "event": self.event(sent["event"])} for sent in value)
        return [sent for sent in upcast if sent["event"] is not None]

    def _waiting(self, value: list[Json]) -> list[Json]:
        return [event for event in map(self.event, value) if event is not None]

    def _start(self, value: Json) -> None:
        active = value.get("configuration", ())
        timers = list(value.get("timers", ()))
        counters = dict(value.get("counters", {}))
        running = {timer["id"].rpartition("#")[0] for timer in timers}
        for name, due in self.start.items():
            if name.rpartition(".")[0] in active and name not in running:
                number = counters["timer"] = counters.get("timer", 0) + 1
                timers.append({"id": f"{name}#{number}", "due": dump_datetime(due(value))})
        value["timers"], value["counters"] = timers, counters


AnyUpcaster: TypeAlias = "Upcaster | Callable[[Json], Json]"
"""An `Upcaster`, or a plain function from the old snapshot to the new."""


@final
class Upcasters:
    """The table from version to upcaster.

    Args:
        chart: The chart of the present version.
        table: For each old version what leads to the next one.
        version: The present version; without it, the one that the table leads to.

    Raises:
        Misfit: The table leads beyond the present version, has a gap, or holds what is no version.
    """

    def __init__(self, chart: Chart, table: Mapping[int, AnyUpcaster], version: int | None) -> None:
        for one in (*table, *(() if version is None else (version,))):
            if one.__class__ is not int or one < 1:
                text = f"{one!r} is not a version"
                raise Misfit("SC423", text, "Count versions from 1", one)
        last = max(table, default=0)
        self.version = last + 1 if version is None else version
        if last >= self.version:
            found = f"an upcaster leads from version {last}, and the present one is {self.version}"
            raise Misfit("SC423", found, f"Pass version={last + 1}, or leave it out", table)
        gaps = [one for one in range(min(table, default=1), last) if one not in table]
        if gaps:
            found = f"no upcaster leads on from version {', '.join(map(str, gaps))}"
            remedy = "Give one for each version from the oldest on"
            raise Misfit("SC423", found, remedy, table)
        self._chart = chart
        self._table = dict(table)

    def upcast(self, value: Any) -> tuple[Json, bool]:
        """Return a snapshot of the present version, and whether something vouches for it.

        An upcaster does; so does the hash that release 0.2 wrote, when it is still the chart's.
        What is passed in is not changed.

        Raises:
            Misfit: The protocol or the version is one that cannot be read, or an upcaster failed.
        """
        if value.__class__ is not dict:
            raise wrong("a snapshot", value, "Give an object, as dump_snapshot writes it")
        protocol = _protocol(value)
        version = _version(value)
        if version > self.version:
            found = f"version {version} is newer than {self.version}, which this protocol has"
            raise Misfit("SC413", found, "Read it with a newer release").within("version", value)
        old = version < self.version
        if protocol < PROTOCOL:
            value = self._of_release_0_2(value, old=old)
        if not old:
            return value, protocol < PROTOCOL
        found_value = copy.deepcopy(value)
        for one in range(version, self.version):
            made = self._next(one, found_value, lambda upcaster, given: upcaster(given))
            if made.__class__ is not dict:
                found = f"the upcaster from version {one} gave {shown(made)} for a snapshot"
                raise Misfit("SC413", found, _REMEDY).within("version", value)
            found_value = {**made, "version": one + 1}
        return found_value, True

    def upcast_event(self, value: Any, version: int) -> Any:
        """Return an event that was stored when snapshots had an older version.

        Raises:
            Misfit: The version cannot be read, or an upcaster failed or drops the event.
        """
        if value.__class__ is not dict or version >= self.version:
            return value
        made: Any = copy.deepcopy(value)
        for one in range(version, self.version):
            made = self._next(one, made, _next_event)
            if made is None:
                found = f"the upcaster from version {one} drops the event {shown(value.get(TAG))}"
                raise Misfit("SC405", found, "Skip it").within(TAG, value)
        return made

    def _next(self, version: int, value: Any, function: Callable[[Any, Any], Any]) -> Any:
        upcaster = self._table.get(version)
        if upcaster is None:
            found = f"nothing leads on from version {version}; this protocol has {self.version}"
            remedy = f"Give it: Protocol(…, upcasters={{{version}: Upcaster(…)}})"
            raise Misfit("SC413", found, remedy).within("version", value)
        try:
            return function(upcaster, value)
        except RecursionError:
            raise
        except Exception as error:  # it is somebody else's code
            found = f"the upcaster from version {version} failed: {reason(error)}"
            raise Misfit("SC413", found, _REMEDY).within("version", value) from error

    def _of_release_0_2(self, value: Json, *, old: bool) -> Json:
        """Return a snapshot of protocol 1, which release 0.2 wrote, as one of this protocol.

        It has one hash of the whole chart, and names timers after their place among the delayed
        lines of a state.
        """
        if not old and value.get("hash") != self._chart.hash:
            found = "the chart has changed since release 0.2 wrote the snapshot"
            remedy = (
                "Read it with the chart that wrote it, or raise version= and give "
                f"upcasters={{{self.version}: Upcaster(…)}} for what has changed"
            )
            raise Misfit("SC414", found, remedy).within("hash", value)
        names = dict(self._old_names())
        timers = value.get("timers")
        renamed = [
            {**timer, "id": _renamed(timer["id"], names)}
            if timer.__class__ is dict and timer.get("id").__class__ is str
            else timer
            for timer in (timers if isinstance(timers, list) else ())
        ]
        sent = value.get("sent")
        delayed = [
            {**one, "timer": _renamed(one["timer"], names)}
            if one.__class__ is dict and one.get("timer").__class__ is str
            else one
            for one in (sent if isinstance(sent, list) else ())
        ]
        head = {"protocol": PROTOCOL, "parts": {}, "timers": renamed, "sent": delayed}
        return {**{key: held for key, held in value.items() if key != "hash"}, **head}

    def _old_names(self) -> Any:
        for node in self._chart.nodes.values():
            delayed = [t.trigger for t in node.transitions if isinstance(t.trigger, After)]
            for number, trigger in enumerate(delayed, 1):
                old = f"{node.id}.after" if len(delayed) == 1 else f"{node.id}.after{number}"
                yield old, trigger.timer


def _renamed(timer: str, names: Mapping[str, str]) -> str:
    name, mark, number = timer.rpartition("#")
    return f"{names.get(name, name)}{mark}{number}"


def _next_event(upcaster: AnyUpcaster, value: Json) -> Any:
    return upcaster.event(value) if isinstance(upcaster, Upcaster) else value


def _protocol(value: Json) -> int:
    protocol = value.get("protocol")
    if protocol.__class__ is int and protocol in (1, PROTOCOL):
        return protocol
    if "protocol" not in value:
        remedy = "Give a whole snapshot, as dump_snapshot writes it"
        raise Misfit("SC403", "a snapshot needs 'protocol'", remedy).within("protocol", value)
    found = f"{shown(protocol)} is not a protocol that can be read"
    remedy = f"This release reads protocols 1 and {PROTOCOL}"
    raise Misfit("SC411", found, remedy).within("protocol", value)


def _version(value: Json) -> int:
    version: Any = value.get("version")
    if version.__class__ is int and version >= 1:
        return version
    if "version" not in value:
        remedy = "Give a whole snapshot, as dump_snapshot writes it"
        raise Misfit("SC403", "a snapshot needs 'version'", remedy).within("version", value)
    raise Misfit("SC413", f"{shown(version)} is not a version", "Count from 1").within(
        "version", value
    )
