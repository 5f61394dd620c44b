"""Upcasters: old snapshots and events made new, one version at a time."""

from __future__ import annotations

import copy
from collections.abc import Callable, Container, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Final, TypeAlias, final

from attrs import field, frozen

from statecharts.codec.errors import Misfit, reason, shown
from statecharts.codec.events import RUN
from statecharts.codec.parts import name_of
from statecharts.codec.records import TAG
from statecharts.codec.shapes import wrong
from statecharts.codec.snapshots import PROTOCOL, incomplete, timer_sources
from statecharts.codec.times import dump_datetime
from statecharts.kernel.macrostep import TIMERS
from statecharts.model.chart import After, Chart
from statecharts.model.digest import digest
from statecharts.model.suggestions import did_you_mean
from statecharts.model.values import repr_of
from statecharts.semantics.transitions import ends
from statecharts.semantics.tree import Tree

Json: TypeAlias = dict[str, Any]
"""A JSON object, as the parser of JSON gives it and the writer takes it."""

Change: TypeAlias = "str | Callable[[Json], Json] | None"
"""A new name, None to drop it, or a function from what was stored to what is read now."""

_REMEDY: Final = "Correct the upcaster"
_TIMER, _CALLS = "timer_fired", ("answer", "call_failed")


@final
@frozen(kw_only=True)
class Upcaster:
    """Makes a snapshot of one version, as JSON, one of the next version.

    It reaches all that a snapshot holds: active and remembered states, timers, calls, waiting and
    delayed events; and events and messages that are stored on their own.

    Attributes:
        states: For each state that was renamed or moved, its old id and its new one; the states
            inside it, its timers and its calls move along.
        data: For states, by their new ids, a function from the old data to the new.
        place: A function from the old configuration and data, as an object of both, to the new; it
            is called for the active states and for the states that each history remembers.
        context: A function from the old context to the new.
        events: For events, by their old names, the new name or a function from the old event, its
            ``type`` included, to the new; None drops it.
        timers: For timers, by their old names, the new name; None drops it.
        calls: For calls, by their old names, the new name, or a function from the old call, its
            ``type`` included, to the new; None drops it.
        start: For timers that the chart has gained, by their names, a function from the snapshot to
            the time at which each is due; only where their state is active.
        snapshot: A function for whatever else has changed; it is called last.

    >>> moved = Upcaster(states={"active.merge": "active.landing"})
    >>> moved({"configuration": ["active", "active.merge"], "data": {"active.merge": {"n": 1}}})
    {'configuration': ['active', 'active.landing'], 'data': {'active.landing': {'n': 1}}}
    """

    states: Mapping[str, str] = field(factory=dict)
    data: Mapping[str, Callable[[Json], Json]] = field(factory=dict)
    place: Callable[[Json], Json] | None = None
    context: Callable[[Any], Any] | None = None
    events: Mapping[str, Change] = field(factory=dict)
    timers: Mapping[str, str | None] = field(factory=dict)
    calls: Mapping[str, Change] = field(factory=dict)
    start: Mapping[str, Callable[[Json], datetime]] = field(factory=dict)
    snapshot: Callable[[Json], Json] | None = None

    def __call__(self, value: Json, sources: Mapping[str, str] | None = None) -> Json:
        """Return the snapshot of the next version.

        Args:
            value: The snapshot.
            sources: The states of timers whose names do not begin with them, by those names.
        """
        found = {**value, **self._place(value)}
        for key, upcast in (
            ("history", self._history),
            ("timers", self._timers),
            ("calls", self._calls),
            ("waiting", self._waiting),
        ):
            if found.get(key):
                found[key] = upcast(found[key])
        if found.get("sent"):
            found |= self._sent(found["sent"], found.get("timers", []))
        if self.context is not None and found.get("context") is not None:
            found["context"] = self.context(found["context"])
        if self.start:
            found |= self._start(found, sources or {})
        return found if self.snapshot is None else self.snapshot(found)

    def event(self, value: Json) -> Json | None:
        """Return an event of the next version; None for one that is dropped."""
        tag = value.get(TAG)
        if not isinstance(tag, str) or tag not in self.events:
            return value
        change = self.events[tag]
        if change is None or isinstance(change, str):
            return None if change is None else {**value, TAG: change}
        return change(value)

    def message(self, value: Json, known: Container[str] = ()) -> Json | None:
        """Return an event, answer, failed call or fired timer of the next version.

        None for one that is dropped, or whose timer or call is. A function that changes a call is
        asked for its new ``type`` with the old one alone.

        Args:
            value: The message.
            known: The names of the calls that the chart has now.
        """
        tag = value.get(TAG)
        name = tag.removeprefix(RUN) if isinstance(tag, str) else ""
        if name not in (_TIMER, *_CALLS) or tag in self.events or "id" not in value:
            return self.event(value)
        if name == _TIMER:
            return next(iter(self._timers([value])), None)
        new = self._call_id(value["id"])
        if new is None:
            return None
        name = name_of(value["id"])
        change = self.calls.get(name)
        if callable(change) and name_of(new) not in known:
            new = _retyped(new, _last(name), _new_type(change, _last(name)))
        answered = {**value, "id": new}
        if "event" not in value:
            return answered
        event = self.event(value["event"])
        return None if event is None else {**answered, "event": event}

    def _place(self, value: Json) -> Json:
        """Return the configuration and the data of a snapshot, or of what a history remembers."""
        found: Json = {}
        if "configuration" in value:
            found["configuration"] = [self._moved(state) for state in value["configuration"]]
        if "data" in value:
            data = {self._moved(state): held for state, held in value["data"].items()}
            for state in self.data.keys() & data.keys():
                data[state] = self.data[state](data[state])
            found["data"] = data
        return found if self.place is None else self.place(found)

    def _moved(self, name: str) -> str:
        """Return the new id of a state, or the new name of something of a state."""
        around = [old for old in self.states if name == old or name.startswith(f"{old}.")]
        if not around:
            return name
        old = max(around, key=len)
        return f"{self.states[old]}{name.removeprefix(old)}"

    def _moved_timer(self, name: str) -> str:
        """Return the new name of a timer: it holds its state, and may hold the targets of its line.

        Targets are told from the state around; where that gives no renamed state, from the chart.
        """
        source, mark, targets = f".{name}".partition(".after.")
        if not mark or targets.isdecimal():
            return self._moved(name)
        source = source.removeprefix(".")
        new = self._moved(source)
        around, inside = source.rpartition(".")[0], new.rpartition(".")[0]
        found = []
        for target in targets.split("+"):
            full = f"{around}.{target}" if around else target
            beside = self._moved(full) != f"{self._moved(around)}.{target}"
            if around and not beside and self._moved(target) != target:
                full = target
            moved = self._moved(full)
            found.append(moved.removeprefix(f"{inside}.") if inside else moved)
        return f"{new}.after.{'+'.join(found)}".removeprefix(".")

    def _history(self, value: Json) -> Json:
        return {self._moved(state): {**held, **self._place(held)} for state, held in value.items()}

    def _timers(self, value: list[Json]) -> list[Json]:
        found = []
        for timer in value:
            name, mark, number = timer["id"].rpartition("#")
            new = self.timers[name] if name in self.timers else self._moved_timer(name)
            if new is not None:
                found.append({**timer, "id": f"{new}{mark}{number}"})
        return found

    def _calls(self, value: list[Json]) -> list[Json]:
        found = []
        for one in value:
            new = self._call_id(one["id"])
            if new is not None:
                name, call = name_of(one["id"]), one["call"]
                change = self.calls.get(name)
                if callable(change):
                    made = change(call)
                    new = _retyped(new, call.get(TAG), made.get(TAG))
                else:
                    old, named = _last(name), _last(name_of(new))
                    made = {**call, TAG: named} if call.get(TAG) == old else call
                found.append({**one, "id": new, "call": made})
        return found

    def _call_id(self, old: str) -> str | None:
        """Return the new id of a call; None when it is dropped."""
        name, mark, number = old.rpartition("#")
        change = self.calls.get(name, self._moved(name))
        if change is None:
            return None
        new = change if isinstance(change, str) else self._moved(name)
        return f"{new}{mark}{number}"

    def _sent(self, value: list[Json], timers: list[Json]) -> Json:
        """Return the delayed events and the timers; the timer of an event goes with it."""
        upcast = [{**sent, "event": self.event(sent["event"])} for sent in value]
        gone = {sent["timer"] for sent in upcast if sent["event"] is None}
        return {
            "sent": [sent for sent in upcast if sent["event"] is not None],
            "timers": [timer for timer in timers if timer["id"] not in gone],
        }

    def _waiting(self, value: list[Json]) -> list[Json]:
        return [event for event in map(self.event, value) if event is not None]

    def _start(self, value: Json, sources: Mapping[str, str]) -> Json:
        """Return the timers with those that are started, and the counters."""
        active = ("", *value.get("configuration", ()))
        timers = list(value.get("timers", ()))
        counters = dict(value.get("counters", {}))
        running = {name_of(timer["id"]) for timer in timers}
        for name, due in self.start.items():
            source = sources.get(name, name.rpartition(".")[0])
            if source in active and name not in running:
                number = counters[TIMERS] = counters.get(TIMERS, 0) + 1
                timers.append({"id": f"{name}#{number}", "due": dump_datetime(due(value))})
        return {"timers": timers, "counters": counters}


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _retyped(identity: str, old: Any, new: Any) -> str:
    """Return the id of a call whose class has another name now: the id ends in that name."""
    name, mark, number = identity.rpartition("#")
    if old == new or not isinstance(new, str) or _last(name) != old:
        return identity
    return f"{name.removesuffix(old)}{new}{mark}{number}"


def _new_type(change: Callable[[Json], Json], old: str) -> Any:
    """Return the type that a function gives to a call; the old one if it needs all of the call."""
    try:
        return change({TAG: old}).get(TAG)
    except Exception:  # noqa: BLE001 - it is the caller's code, and reads what an answer has not
        return old


AnyUpcaster: TypeAlias = "Upcaster | Callable[[Json], Json]"
"""An `Upcaster`, or a plain function from the old snapshot to the new; events pass it unchanged."""


@final
class Upcasters:
    """The table from version to upcaster.

    Args:
        chart: The chart of the present version.
        table: For each old version, what makes its snapshots ones of the next version.
        version: The present version; without it, the one after the last in the table.

    Raises:
        Misfit: The table goes beyond the present version, has a gap, or holds what is not a version
            or not an upcaster.
    """

    def __init__(self, chart: Chart, table: Mapping[int, Any], version: int | None) -> None:
        for one in (*table, *(() if version is None else (version,))):
            if one.__class__ is not int or one < 1:
                raise Misfit(
                    "SC423", f"{repr_of(one)} is not a version", "Count versions from 1", one
                )
        for one, upcaster in table.items():
            if not callable(upcaster) or upcaster is Upcaster:
                found = f"{repr_of(upcaster)} for version {one} is not an upcaster"
                raise Misfit("SC423", found, "Give an Upcaster or a function", upcaster)
        last = max(table, default=0)
        self.version = last + 1 if version is None else version
        if last >= self.version:
            found = (
                f"there is an upcaster for version {last}, and the present one is {self.version}"
            )
            raise Misfit("SC423", found, f"Pass version={last + 1}, or leave it out", table)
        oldest = min(table, default=self.version)
        gaps = [one for one in range(oldest, self.version) if one not in table]
        if gaps:
            found = f"there is no upcaster for version {', '.join(map(str, gaps))}"
            remedy = "Give one for each version from the oldest to the last before the present one"
            raise Misfit("SC423", found, remedy, table)
        self._chart = chart
        self._table: dict[int, AnyUpcaster] = dict(table)
        self._sources = timer_sources(chart)
        self._calls = [node.call_name(one) for node in chart.nodes.values() for one in node.invoke]
        self._events = [event.name for event in chart.events]
        self._answers = [f"{RUN}{name}" if name in self._events else name for name in _CALLS]
        if isinstance(upcaster := table.get(self.version - 1), Upcaster):
            self._check_names(upcaster, self.version - 1)

    def _check_names(self, upcaster: Upcaster, version: int) -> None:
        """Refuse an upcaster to the present version that names what the chart does not have.

        What a function may still rename is left alone.
        """
        open_ = upcaster.snapshot is not None
        moves = open_ or upcaster.place is not None
        chart, timers = self._chart, list(self._sources)
        states = [node.id for node in chart.states]
        new: list[tuple[str, str, Iterable[Any], list[str]]] = []
        if not moves:
            new += [("states", "state", upcaster.states.values(), states)]
            new += [("data", "state", upcaster.data, states)]
        if not open_:
            new += [("timers", "timer", upcaster.timers.values(), timers)]
            new += [("calls", "call", upcaster.calls.values(), self._calls)]
            new += [("start", "timer", upcaster.start, timers)]
            if chart.closed:
                new += [("events", "event", upcaster.events.values(), self._events)]
        for key, kind, names, known in new:
            for name in names:
                if not isinstance(name, str) or name in known:
                    continue
                found = f"{key}= of the upcaster for version {version} names {name!r}"
                listed = f"The {kind}s: {', '.join(known) or 'there are none'}"
                remedy = did_you_mean(name, known, listed)
                if key == "data" and name in upcaster.states:
                    remedy = f"Name it by its new id: {upcaster.states[name]!r}"
                found = f"{found}, and the chart has no such {kind}"
                raise Misfit("SC423", found, remedy, upcaster)
        classes = {one.cls.__name__: one.name for one in chart.events if one.cls is not None}
        for name in upcaster.events:
            if name in classes and name != classes[name]:
                found = f"events= of the upcaster for version {version} names the class {name}"
                raise Misfit("SC423", found, f"Say its name in JSON: {classes[name]!r}", upcaster)

    def upcast(self, value: Any) -> tuple[Json, bool]:
        """Return a snapshot of the present version, and whether something vouches for it.

        An upcaster does; so does the hash that release 0.2 wrote, when it is still the chart's.
        The value that is passed in stays unchanged.

        Raises:
            Misfit: The protocol or the version is one that cannot be read, or an upcaster failed.
        """
        if value.__class__ is not dict:
            raise wrong("a snapshot", value, "Give an object, as dump_snapshot writes it")
        protocol, version = _protocol(value), _version(value)
        if version > self.version:
            raise _newer(version, self.version).within("version", value)
        if version == self.version:
            if protocol == PROTOCOL:
                return value, False
            self._check_hash(value)
            return self._of_release_0_2(value), True
        made = copy.deepcopy(value)
        for one in range(version, self.version):
            try:
                made = self._next(one, made, self._snapshot)
                if made.__class__ is not dict:
                    found = f"the upcaster from version {one} gave {shown(made)} for a snapshot"
                    raise Misfit("SC413", found, _REMEDY)
            except Misfit as misfit:
                misfit.within("version", value)
                raise
            made = {**made, "version": one + 1}
        made = {**made, "parts": {}}
        return (made if protocol == PROTOCOL else self._of_release_0_2(made)), True

    def _snapshot(self, upcaster: AnyUpcaster, value: Json) -> Json:
        if isinstance(upcaster, Upcaster):
            return upcaster(value, self._sources)
        return upcaster(value)

    def upcast_event(self, value: Any, version: int) -> Any:
        """Return an event that was stored when snapshots had an older version.

        Raises:
            Misfit: The version cannot be read, or an upcaster failed or drops the event.
        """
        return self._upcast_stored(value, version, Upcaster.event)

    def upcast_context(self, value: Any, version: int) -> Any:
        """Return a context that was stored when snapshots had an older version.

        Raises:
            Misfit: The version cannot be read, or an upcaster failed.
        """

        def context(upcaster: Upcaster, given: Json) -> Json:
            return given if upcaster.context is None else upcaster.context(given)

        return self._upcast_stored(value, version, context)

    def upcast_message(self, value: Any, version: int) -> Any:
        """Return a message that was stored when snapshots had an older version.

        Raises:
            Misfit: The version cannot be read, or an upcaster failed or drops the message.
        """

        def message(upcaster: Upcaster, given: Json) -> Json | None:
            return upcaster.message(given, self._calls)

        made = self._upcast_stored(value, version, message)
        old = made.__class__ is dict and version < self.version
        if old and made.get(TAG) in self._answers:
            name = name_of(str(made.get("id")))
            if name not in self._calls:
                found = f"no state of the chart makes the call {shown(made.get('id'))}"
                listed = f"The calls: {', '.join(self._calls) or 'there are none'}"
                near = did_you_mean(name, self._calls, f"{listed}.")
                remedy = (
                    f"{near} Rename it with Upcaster(calls={{{name!r}: …}}); "
                    'a function gives the new type to {"type": …} alone, too'
                )
                raise Misfit("SC416", found, remedy).within("id", made)
        return made

    def _upcast_stored(
        self, value: Any, version: int, function: Callable[[Upcaster, Json], Json | None]
    ) -> Any:
        if version.__class__ is not int or version < 1:
            raise Misfit("SC413", f"{version!r} is not a version", "Count versions from 1")
        if version > self.version:
            raise _newer(version, self.version)
        if value.__class__ is not dict or version == self.version:
            return value

        def stored(upcaster: AnyUpcaster, given: Json) -> Json | None:
            return function(upcaster, given) if isinstance(upcaster, Upcaster) else given

        made: Any = copy.deepcopy(value)
        for one in range(version, self.version):
            made = self._next(one, made, stored)
            if made is None:
                found = f"the upcaster from version {one} drops {shown(value.get(TAG))}"
                raise Misfit("SC406", found, "Skip it").within(TAG, value)
        return made

    def _next(self, version: int, value: Any, function: Callable[[Any, Any], Any]) -> Any:
        upcaster = self._table.get(version)
        if upcaster is None:
            found = f"there is no upcaster for version {version}; this protocol has {self.version}"
            remedy = f"Give it: Protocol(…, upcasters={{{version}: Upcaster(…)}})"
            raise Misfit("SC413", found, remedy)
        try:
            return function(upcaster, value)
        except RecursionError:
            raise
        except Exception as error:  # it is the caller's code
            said = error.found if isinstance(error, Misfit) else reason(error)
            found = f"the upcaster from version {version} failed: {said}"
            raise Misfit("SC413", found, _REMEDY) from error

    def _check_hash(self, value: Json) -> None:
        """Refuse a snapshot of release 0.2 unless the chart is exactly the one that wrote it."""
        if "hash" not in value:
            raise incomplete("hash", value)
        if value["hash"] in self._hashes:
            return
        found = "the chart has changed since release 0.2 wrote the snapshot"
        remedy = (
            "Read it with the chart that wrote it, or raise version= and give "
            f"upcasters={{{self.version}: Upcaster(…)}} for what has changed"
        )
        raise Misfit("SC414", found, remedy).within("hash", value)

    @cached_property
    def _hashes(self) -> tuple[str, str]:
        """The hashes that release 0.2 may have written for this chart.

        A field that takes the time now may have been a plain datetime: what is stored is the same.
        """
        chart = self._chart
        nodes, said = chart.nodes.values(), (chart.events, chart.context)
        return chart.hash, digest(chart.name, nodes, *said, closed=chart.closed, times=False)

    def _of_release_0_2(self, value: Json) -> Json:
        """Return a snapshot of protocol 1, which release 0.2 wrote, as one of this protocol.

        It has one hash of the whole chart, names a timer after the place of its line among the
        delayed lines of a state, and has left timers running when a run ended.
        """
        names = self._old_names
        timers, sent = value.get("timers", []), value.get("sent", [])
        if self._has_ended(value.get("configuration")):
            timers, sent = [], []
        found = {key: held for key, held in value.items() if key != "hash"}
        return {
            **found,
            "protocol": PROTOCOL,
            "parts": {},
            "timers": _renamed_all(timers, "id", names),
            "sent": _renamed_all(sent, "timer", names),
        }

    def _has_ended(self, configuration: Any) -> bool:
        tree = Tree.of(self._chart)
        given = configuration if isinstance(configuration, list) else []
        known = (tree.index.get(state) for state in given if isinstance(state, str))
        return ends(tree, [state for state in known if state is not None])

    @cached_property
    def _old_names(self) -> dict[str, str]:
        """The name of each timer now, by its name in release 0.2."""
        found: dict[str, str] = {}
        for node in self._chart.nodes.values():
            delayed = [t.trigger for t in node.transitions if isinstance(t.trigger, After)]
            for number, trigger in enumerate(delayed, 1):
                old = f"{node.id}.after" if len(delayed) == 1 else f"{node.id}.after{number}"
                found[old] = trigger.timer
        return found


def _renamed_all(value: Any, key: str, names: Mapping[str, str]) -> Any:
    """Return an array of objects with new names of timers; what does not fit stays as it is."""
    return [_renamed(one, key, names) for one in value] if isinstance(value, list) else value


def _renamed(value: Any, key: str, names: Mapping[str, str]) -> Any:
    timer = value.get(key) if isinstance(value, dict) else None
    if not isinstance(timer, str):
        return value
    name, mark, number = timer.rpartition("#")
    return {**value, key: f"{names.get(name, name)}{mark}{number}"}


def _newer(version: int, present: int) -> Misfit:
    found = f"version {version} is newer than {present}, which this protocol has"
    return Misfit("SC413", found, "Read it with a newer release")


def _protocol(value: Json) -> int:
    protocol = value.get("protocol")
    if protocol.__class__ is int and protocol in (1, PROTOCOL):
        return protocol
    if "protocol" not in value:
        raise incomplete("protocol", value)
    found = f"{shown(protocol)} is not a protocol that can be read"
    remedy = f"This release reads protocols 1 and {PROTOCOL}"
    raise Misfit("SC411", found, remedy).within("protocol", value)


def _version(value: Json) -> int:
    version: Any = value.get("version")
    if version.__class__ is int and version >= 1:
        return version
    if "version" not in value:
        raise incomplete("version", value)
    raise Misfit("SC413", f"{shown(version)} is not a version", "Count from 1").within(
        "version", value
    )
