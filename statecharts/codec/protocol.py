"""Protocol: a chart's events, effects, snapshots and steps as JSON, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar, final, overload

from statecharts.codec.errors import CodecError, Misfit
from statecharts.codec.events import Effects, Events
from statecharts.codec.places import Places
from statecharts.codec.scalars import NULL
from statecharts.codec.schema import schema_of
from statecharts.codec.shapes import JsonSchema
from statecharts.codec.shaping import Carrier, Shaper
from statecharts.codec.snapshots import Snapshots
from statecharts.codec.steps import Steps
from statecharts.codec.texts import encode, parse
from statecharts.codec.upcasters import AnyUpcaster, Json, Upcasters
from statecharts.model.chart import Chart, Declaration, as_chart
from statecharts.model.effects import Effect
from statecharts.model.errors import StatechartError
from statecharts.model.generics import E, defaulting
from statecharts.model.generics import K as C
from statecharts.semantics.snapshot import Snapshot, Step

T = TypeVar("T")


@final
@defaulting
class Protocol(Generic[E, C]):
    """The versioned JSON protocol of a chart.

    ``dump_…`` gives plain dicts and ``load_…`` takes them; ``dumps_…`` gives bytes and ``loads_…``
    takes them, or text. What is loaded equals what was dumped, or an error says why not. Equal
    values give equal bytes: keys are sorted, states in document order, times in UTC.

    Everything is worked out when the protocol is made, so make it once, and share it: it does not
    change, and threads may use it side by side.

    Args:
        chart: The chart, or the class that declares it.
        version: The version of the snapshots; without it, the one after the last of ``upcasters``.
        upcasters: For each old version an `Upcaster`, or a function, that upgrades a snapshot, as
            a dict, by one version.
        effects: Classes of effects to read; any can be written.
        carriers: For classes that are not attrs classes, a function that writes their values
            and one that reads them.
        lenient: Whether unknown fields are dropped instead of refused.

    Raises:
        CodecError: A class of the chart cannot be carried by JSON (SC422), or the table of
            upcasters is wrong (SC423).

    >>> from machines.pipeline import Block, Pipeline
    >>> protocol = Protocol(Pipeline)
    >>> protocol.dumps_event(Block("no keys"))
    b'{"reason":"no keys","type":"block"}'
    >>> protocol.load_event({"type": "block", "reason": "no keys"})
    Block(reason='no keys')
    >>> protocol.load_event({"type": "block", "reason": 12})
    Traceback (most recent call last):
    statecharts.codec.errors.MismatchError: [SC402] Pipeline at $.reason: 12 is not a string. ...
    """

    @overload
    def __init__(
        self: Protocol[Any, Any],
        chart: Chart,
        *,
        version: int | None = None,
        upcasters: Mapping[int, AnyUpcaster] | None = None,
        effects: Iterable[type[Effect]] = (),
        carriers: Mapping[type, Carrier] | None = None,
        lenient: bool = False,
    ) -> None: ...
    @overload
    def __init__(
        self,
        chart: type[Declaration[E, C]],
        *,
        version: int | None = None,
        upcasters: Mapping[int, AnyUpcaster] | None = None,
        effects: Iterable[type[Effect]] = (),
        carriers: Mapping[type, Carrier] | None = None,
        lenient: bool = False,
    ) -> None: ...
    def __init__(
        self,
        chart: Any,
        *,
        version: int | None = None,
        upcasters: Mapping[int, AnyUpcaster] | None = None,
        effects: Iterable[type[Effect]] = (),
        carriers: Mapping[type, Carrier] | None = None,
        lenient: bool = False,
    ) -> None:
        found = self.chart = as_chart(chart, "Protocol")
        self.lenient = lenient
        self._effects = tuple(effects)
        self._carriers = dict(carriers or {})
        self._upcasters = self._run(lambda _: Upcasters(found, upcasters or {}, version), None)
        self._places = Places(found)
        self._made: dict[bool, _Wire] = {}
        self._own = self._wire(lenient)

    @property
    def version(self) -> int:
        """The version of the snapshots that are written."""
        version: int = self._upcasters.version
        return version

    # -- plain dicts -------------------------------------------------------------------------------

    def dump_event(self, event: object) -> Json:
        """Return an event as a dict.

        Raises:
            UnwritableError: It is not an event of the chart, or holds what JSON cannot carry.
        """
        return self._run(self._own.events.dump, event)

    def load_event(
        self, value: Json, *, lenient: bool | None = None, version: int | None = None
    ) -> Any:
        """Read an event from a dict.

        Args:
            value: The dict.
            lenient: Whether unknown fields are dropped; as the protocol was made, unless given.
            version: The version of the snapshots when it was stored; an old event is upgraded.

        Raises:
            MismatchError: It is not an event of the chart, or one that only the run itself may
                say: see `load_message`.
        """
        if version not in (None, self.version):
            value = self._run(lambda given: self._upcasters.upcast_event(given, version), value)
        return self._run(self._wire(lenient).events.load, value)

    def dump_message(self, message: object) -> Json:
        """Return an event, or what answers a run's own timers and calls, as a dict.

        Raises:
            UnwritableError: It is neither, or holds what JSON cannot carry.
        """
        return self._run(self._own.events.dump_message, message)

    def load_message(
        self, value: Json, *, lenient: bool | None = None, version: int | None = None
    ) -> Any:
        """Return the event, answer, failed call or fired timer that a dict says; for runtimes.

        Never give it what comes from outside; that belongs in `load_event`. Whoever can send a
        `TimerFired` or an `Answer` speaks for the run itself.
        """
        if version not in (None, self.version):
            value = self._run(lambda given: self._upcasters.upcast_message(given, version), value)
        return self._run(self._wire(lenient).events.load_message, value)

    def dump_effect(self, effect: Effect) -> Json:
        """Return an effect as a dict.

        Raises:
            UnwritableError: It is not an effect, or holds what JSON cannot carry.
        """
        return self._run(self._own.effects.dump, effect)

    def load_effect(self, value: Json, *, lenient: bool | None = None) -> Any:
        """Return the effect that a dict says (see `load_event`)."""
        return self._run(self._wire(lenient).effects.load, value)

    def dump_context(self, context: C) -> Any:
        """Return the extended state of the chart as a dict; None for a chart that has none.

        Raises:
            UnwritableError: It holds what JSON cannot carry.
        """
        return self._run(self._own.context.dump, context)

    def load_context(
        self, value: Any, *, lenient: bool | None = None, version: int | None = None
    ) -> Any:
        """Return the extended state that a dict says (see `load_event`)."""
        if version not in (None, self.version):
            value = self._run(lambda given: self._upcasters.upcast_context(given, version), value)
        return self._run(self._wire(lenient).context.load, value)

    def dump_snapshot(self, snapshot: Snapshot[E, C]) -> Json:
        """Return a snapshot as a dict.

        Raises:
            UnwritableError: Its data or context holds what JSON cannot carry.
            ForeignError: It is a snapshot of another chart.
        """
        return self._run(self._own.snapshots.dump, snapshot)

    def load_snapshot(self, value: Json, *, lenient: bool | None = None) -> Snapshot[E, C]:
        """Return the snapshot that a dict says; an old one is upgraded first.

        A kernel or a machine of the chart goes on from it at once.

        Args:
            value: The dict; it is not changed.
            lenient: Whether unknown fields are dropped; as the protocol was made, unless given.

        Raises:
            ForeignError: It is of another protocol, chart or version, or a part has changed.
            ImpossibleError: No run of the chart can be in it.
            MismatchError: A value does not fit its class.
        """
        return self._run(self._wire(lenient).read, value)

    def dump_step(self, step: Step[E, C]) -> Json:
        """Return a step as a dict: snapshot, effects, handled, fired and microsteps.

        Raises:
            UnwritableError: It holds what JSON cannot carry.
            ForeignError: It is a step of another chart.
        """
        return self._run(self._own.steps.dump, step)

    def load_step(self, value: Json, *, lenient: bool | None = None) -> Step[E, C]:
        """Return the step that a dict says (see `load_snapshot`); its effects must be known."""
        return self._run(self._wire(lenient).steps.load, value)

    def idle(self, snapshot: Snapshot[C]) -> tuple[str, ...]:
        """Return the timers of active states that do not run, by the names of their lines.

        Those whose guard refused when they fired are among them, and those of lines that were added
        to the chart after the snapshot had been written: an `Upcaster` can start these.
        """
        return self._own.snapshots.idle(snapshot)

    # -- bytes -------------------------------------------------------------------------------------

    def dumps_event(self, event: object) -> bytes:
        """Return an event as JSON (see `dump_event`)."""
        try:
            return self._own.events.writes[event.__class__](event).encode("utf-8")
        except Exception:  # noqa: BLE001 - it is no plain event, or `dump_event` says what is wrong
            return self._run(encode, self.dump_event(event))

    def loads_event(
        self, text: str | bytes, *, lenient: bool | None = None, version: int | None = None
    ) -> Any:
        """Return the event that JSON says (see `load_event`)."""
        return self.load_event(self._parsed(text), lenient=lenient, version=version)

    def dumps_message(self, message: object) -> bytes:
        """Return an event, or what answers timers and calls, as JSON (see `dump_message`)."""
        return self._run(encode, self.dump_message(message))

    def loads_message(
        self, text: str | bytes, *, lenient: bool | None = None, version: int | None = None
    ) -> Any:
        """Return what JSON says to a run (see `load_message`)."""
        return self.load_message(self._parsed(text), lenient=lenient, version=version)

    def dumps_effect(self, effect: Effect) -> bytes:
        """Return an effect as JSON (see `dump_effect`)."""
        return self._run(encode, self.dump_effect(effect))

    def loads_effect(self, text: str | bytes, *, lenient: bool | None = None) -> Any:
        """Return the effect that JSON says (see `load_effect`)."""
        return self.load_effect(self._parsed(text), lenient=lenient)

    def dumps_context(self, context: C) -> bytes:
        """Return the extended state as JSON (see `dump_context`)."""
        return self._run(encode, self.dump_context(context))

    def loads_context(
        self, text: str | bytes, *, lenient: bool | None = None, version: int | None = None
    ) -> Any:
        """Return the extended state that JSON says (see `load_context`)."""
        return self.load_context(self._parsed(text), lenient=lenient, version=version)

    def dumps_snapshot(self, snapshot: Snapshot[E, C]) -> bytes:
        """Return a snapshot as JSON (see `dump_snapshot`)."""
        try:
            return self._own.snapshots.write(snapshot).encode("utf-8")
        except Exception:  # noqa: BLE001 - `dump_snapshot` says what is wrong
            return self._run(encode, self.dump_snapshot(snapshot))

    def loads_snapshot(self, text: str | bytes, *, lenient: bool | None = None) -> Snapshot[E, C]:
        """Return the snapshot that JSON says (see `load_snapshot`)."""
        return self.load_snapshot(self._parsed(text), lenient=lenient)

    def dumps_step(self, step: Step[E, C]) -> bytes:
        """Return a step as JSON (see `dump_step`)."""
        return self._run(encode, self.dump_step(step))

    def loads_step(self, text: str | bytes, *, lenient: bool | None = None) -> Step[E, C]:
        """Return the step that JSON says (see `load_step`)."""
        return self.load_step(self._parsed(text), lenient=lenient)

    # -- the schema --------------------------------------------------------------------------------

    def schema(self) -> JsonSchema:
        """Return the JSON Schema (2020-12) of the chart's events and snapshots.

        >>> from machines.pipeline import Pipeline
        >>> sorted(Protocol(Pipeline).schema()["$defs"])[:3]
        ['Archived', 'Done', 'Merge']
        """
        wire = self._own
        return schema_of(
            self.chart, self.version, self._places, wire.events, wire.effects, wire.snapshots
        )

    # -- inside ------------------------------------------------------------------------------------

    def _wire(self, lenient: bool | None) -> _Wire:  # noqa: FBT001
        """Return what reads strictly or leniently; it is made when it is first asked for."""
        if lenient is None:
            return self._own
        found = self._made.get(lenient)
        if found is None:
            found = self._made[lenient] = self._run(lambda one: _Wire(self, lenient=one), lenient)
        return found

    def __repr__(self) -> str:
        return f"<Protocol of {self.chart.name}, version {self.version}>"

    def __copy__(self) -> Protocol[E, C]:
        """Return itself: it never changes."""
        return self

    def __reduce__(self) -> Any:
        remedy = "Make it again where it is needed: Protocol(Chart)"
        raise StatechartError("SC216", self.chart.name, "a protocol cannot be pickled", remedy)

    def __deepcopy__(self, memo: object) -> Protocol[E, C]:
        """Return itself: it never changes."""
        return self

    def _parsed(self, text: str | bytes) -> Any:
        return self._run(parse, text)

    def _run(self, function: Callable[[Any], T], value: Any) -> T:
        """Call a function; a mistake becomes the error that a caller sees."""
        try:
            return function(value)
        except Misfit as misfit:
            error = misfit.error(self.chart.name)
            raise error from misfit.__cause__
        except RecursionError:
            raise _too_deep(self.chart.name) from None


class _Wire:
    """All that reads and writes, either strictly or leniently."""

    def __init__(self, protocol: Protocol[Any, Any], *, lenient: bool) -> None:
        chart = protocol.chart
        shaper = Shaper(protocol._carriers, lenient=lenient)  # noqa: SLF001
        self.events = Events(chart, shaper)
        calls = (call.call for node in chart.nodes.values() for call in node.invoke)
        known = dict.fromkeys((*calls, *protocol._effects))  # noqa: SLF001
        self.effects = Effects(known, self.events, shaper)
        self.snapshots = Snapshots(
            chart,
            protocol.version,
            protocol._places,  # noqa: SLF001
            self.events,
            self.effects,
            shaper,
            lenient=lenient,
        )
        self.steps = Steps(chart, self.snapshots.dump, self.read, self.effects, lenient=lenient)
        self.context = self.snapshots.context or NULL
        self._upcast = protocol._upcasters.upcast  # noqa: SLF001

    def read(self, value: Any) -> Snapshot[Any, Any]:
        """Read a snapshot of any version."""
        present, old = self._upcast(value)
        return self.snapshots.load(present, vouched=old)


def _too_deep(chart: str) -> CodecError:
    found = "the value is nested too deeply, or holds itself"
    return Misfit("SC402", found, "Give one that ends").error(chart)
