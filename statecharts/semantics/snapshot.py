"""Snapshot, Step and Moment: what a run is, what one event makes of it, what callbacks see.

All three are values. A snapshot is all there is to a run; a step holds the next one; a moment shows
a callback the instant it is called at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Final,
    Generic,
    NamedTuple,
    Protocol,
    TypeAlias,
    TypeVar,
    overload,
)

from attrs import frozen

from statecharts.model.chart import (
    After,
    Chart,
    StateRef,
    SuperstateRef,
    Transition,
    pictured,
)
from statecharts.model.effects import Call, Effect
from statecharts.model.errors import StepError, TimeNeededError
from statecharts.model.generics import C_co, D_co, E, E_co, defaulting
from statecharts.model.generics import K as C
from statecharts.model.values import repr_of
from statecharts.semantics.configuration import Configuration, Owner, StateName, state_id

T = TypeVar("T")


@frozen
class Remembered:
    """The memory of one history state: states, and the data that they carried."""

    ids: tuple[str, ...]
    values: tuple[object, ...]


@frozen(eq=False)
class Memory:
    """The rest of a run: all that it carries besides its configuration, data and context.

    Attributes:
        history: What each history state remembers, in document order of those states.
        timers: The timers that run, as (id, due), in order of their start.
        counters: How many ids of each prefix have been made.
        sent: The events that wait for their timers, as (timer, send id, event).
        calls: The calls under way, as (id, call), in order of their start.
        waiting: The deferred events, in the order in which they came.
    """

    history: tuple[Remembered | None, ...] = ()
    timers: tuple[tuple[str, datetime], ...] = ()
    counters: tuple[tuple[str, int], ...] = ()
    sent: tuple[tuple[str, str, Any], ...] = ()
    calls: tuple[tuple[str, Call[Any]], ...] = ()
    waiting: tuple[Any, ...] = ()

    def _parts(self) -> tuple[Any, ...]:
        return (
            self.history,
            self.timers,
            self.counters,
            self.sent,
            self.calls,
            self.waiting,
        )

    def __eq__(self, other: object) -> bool:
        return self._parts() == other._parts() if isinstance(other, Memory) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._parts())

    def __reduce__(self) -> tuple[Any, ...]:
        return Memory, self._parts()


@defaulting
class Snapshot(Generic[E, C]):
    """All there is to a run at rest: configuration, data, context, history, timers, calls, clock.

    Immutable. Equal when all of these are. Two runs of equal snapshots are equal.
    """

    __slots__ = ("_clock", "_context", "_memory", "_place", "_values")

    _place: Configuration
    _values: tuple[object, ...]
    _context: C
    _memory: Memory
    _clock: int

    def __init__(
        self,
        place: Configuration,
        values: tuple[object, ...],
        context: C,
        memory: Memory,
        clock: int,
    ) -> None:
        self._place = place
        self._values = values
        self._context = context
        self._memory = memory
        self._clock = clock

    @property
    def _hidden(self) -> frozenset[str]:
        """No states: a run at rest is not on its way anywhere."""
        return frozenset()

    @property
    def _call(self) -> Call[Any] | None:
        """No call: a run at rest is not hearing an answer."""
        return None

    _adopted: ClassVar[Callable[[Chart, Any], Any]] = staticmethod(lambda _, snapshot: snapshot)
    """Gives a snapshot to the kernel of its chart; the kernel's room puts it here."""

    @overload
    @classmethod
    def of(
        cls,
        state: StateRef[T] | type[SuperstateRef[T]],
        data: T | None = None,
        /,
        *more: tuple[StateName, object] | tuple[StateName, object, object],
        context: Any = None,
        at: datetime | None = None,
        event: object = None,
    ) -> Snapshot[Any, Any]: ...
    @overload
    @classmethod
    def of(
        cls,
        chart: Chart,
        state: str,
        data: object = None,
        /,
        *more: tuple[str, object] | tuple[str, object, object],
        context: Any = None,
        at: datetime | None = None,
        event: object = None,
    ) -> Snapshot[Any, Any]: ...
    @classmethod
    def of(
        cls,
        first: Any,
        *more: Any,
        context: Any = None,
        at: datetime | None = None,
        event: object = None,
    ) -> Snapshot[Any, Any]:
        """Return a legal snapshot to begin a test from: a run that is in some states.

        States that are not named are entered by default, without their hooks; the timers and calls
        of the active states are under way.

        Args:
            first: A state of the declaration; or a chart, followed by the id of a state.
            more: The data of that state, then further states, each as (state, data), or as
                (state, data, event) with the event that it was entered by. Superstates of a state,
                and states in other regions, can be named.
            context: The chart's context; may be left out when its class builds without arguments.
            at: When the states were entered, for timers and fields that take the time.
            event: The event that the states were entered by: it supplies, by name, fields of calls
                and of data that is not given, and is `m.event` of their callbacks.

        Raises:
            StepError: The states cannot be active together, or data is missing or of a wrong class
                (SC218); the time is needed, and was not given (SC201).

        >>> from attrs import frozen
        >>> from statecharts import Snapshot, State, Statechart
        >>> @frozen
        ... class Merge:
        ...     branch: str
        >>> class Story(Statechart):
        ...     qa = State(initial=True, resting=True)
        ...     merge = State(Merge, resting=True)
        ...     qa.always(merge, make=lambda m: Merge("main"))
        >>> Snapshot.of(Story.merge, Merge("b"))
        <Snapshot of Story at 0: configuration=['merge'], merge=Merge(branch='b')>
        """
        from statecharts.semantics.placement import place  # noqa: PLC0415 - for tests alone

        placed: Snapshot[Any, Any] = cls._adopted(*place(first, more, context, at, event))
        return placed

    @property
    def configuration(self) -> tuple[str, ...]:
        """Ids of the active states, in document order."""
        return self._place.ids

    @property
    def data(self) -> Mapping[str, Any]:
        """Data by state id, of the active states that carry any, in document order."""
        pairs = zip(self._place.ids, self._values, strict=True)
        return MappingProxyType({state: value for state, value in pairs if value is not None})

    @property
    def context(self) -> C:
        """The extended state of the chart; None when it has none."""
        return self._context

    @property
    def memory(self) -> Memory:
        """Remembered history, running timers and id counters."""
        return self._memory

    @property
    def timers(self) -> Mapping[str, datetime]:
        """When each running timer is due, by its id, in order of their start."""
        return MappingProxyType(dict(self._memory.timers))

    @property
    def calls(self) -> Mapping[str, Call[Any]]:
        """The calls under way, by their ids, in order of their start."""
        return MappingProxyType(dict(self._memory.calls))

    @property
    def waiting(self) -> tuple[Any, ...]:
        """The deferred events, in the order in which they came."""
        return self._memory.waiting

    @property
    def clock(self) -> int:
        """Logical clock: how many events have been handled since the start."""
        return self._clock

    @property
    def ended(self) -> bool:
        """Whether the run is over: nothing moves it any more."""
        return self._place.final

    def can(self, event: object, *, at: datetime | None = None) -> bool:
        """Tell whether some line would take an event now.

        Args:
            event: An event, whose guards are asked; or an event class, whose guards are not.
            at: The time that guards are told, when one reads it.

        Raises:
            StepError: The snapshot comes from a pickle and no kernel has seen it yet (SC205).
        """
        return self._owner().can(self, event, at)

    def selected(self, event: object, *, at: datetime | None = None) -> tuple[Transition, ...]:
        """Return the lines that an event selects now: its guards are asked, and nothing is done.

        Those that ignore or defer the event are among them.

        Args:
            event: An event.
            at: The time that guards are told, when one reads it.

        Raises:
            StepError: It is not an event (SC204), a guard failed, or as for `can`.
        """
        return self._owner().selected(self, event, at)

    @property
    def enabled(self) -> tuple[type | str, ...]:
        """The events that an active state has a line for, whatever its guards say.

        Event classes, or names where a file gives names, in document order from the inside out.
        """
        return self._owner().enabled(self)

    def _owner(self) -> Owner:
        owner = self._place.owner
        if owner is None:
            found = "the snapshot comes from a pickle, and no kernel has taken it yet"
            remedy = "Give it to a machine or kernel first: Machine(Chart, snapshot=…).snapshot"
            raise StepError("SC205", self._place.chart, found, remedy)
        return owner

    @overload
    def __getitem__(self, state: StateRef[T]) -> T: ...
    @overload
    def __getitem__(self, state: type[SuperstateRef[T]]) -> T: ...
    @overload
    def __getitem__(self, state: str) -> Any: ...
    def __getitem__(self, state: StateName) -> Any:
        """Return the data of an active state.

        Raises:
            UnknownStateError: The chart has no such state.
            InactiveStateError: The state is not active.
        """
        return self._place.value(state, self._values)

    def __contains__(self, state: StateName) -> bool:
        """Tell whether a state is active; raise `UnknownStateError` when there is no such state."""
        return self._place.position(state) is not None

    def _parts(self) -> tuple[Any, ...]:
        return (self._place, self._values, self._context, self._memory, self._clock)

    def __eq__(self, other: object) -> bool:
        return self._parts() == other._parts() if isinstance(other, Snapshot) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._parts())

    def __reduce__(self) -> tuple[Any, ...]:
        return Snapshot, self._parts()

    def _repr_svg_(self) -> str | None:
        """Return a picture of where the run is, for notebooks; None before a kernel has it."""
        owner = self._place.owner
        return None if owner is None else pictured(owner.chart, self)

    def __repr__(self) -> str:
        shown = [f"configuration={list(self.configuration)!r}"]
        shown += [f"{state}={repr_of(value)}" for state, value in self.data.items()]
        if self._context is not None:
            shown.append(f"context={repr_of(self._context)}")
        return f"<Snapshot of {self._place.chart} at {self._clock}: {', '.join(shown)}>"


class Microstep(NamedTuple):
    """One microstep: what was left, taken and entered, each in the order in which it happened."""

    exited: tuple[str, ...]
    fired: tuple[Transition, ...]
    entered: tuple[str, ...]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Microstep):
            return tuple.__eq__(self, other)
        left_and_entered = (self.exited, self.entered) == (other.exited, other.entered)
        return left_and_entered and _same_lines(self.fired, other.fired)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((self.exited, self.entered))


Outcome: TypeAlias = "tuple[tuple[Transition, ...], tuple[Microstep, ...]]"
"""The transitions that a step took, and its microsteps."""

NOTHING_TAKEN: Final[Outcome] = ((), ())


@defaulting
class Step(Generic[E, C]):
    """The outcome of one event: the next snapshot, the effects, the transitions taken.

    Attributes:
        snapshot: The next snapshot; the one that was passed in when nothing handled the event.
        effects: What the outside world is asked to do, in order.
        fired: The transitions that were taken, in order, over all microsteps.
        handled: Whether the configuration had an answer to the event (a forbidding one counts).
        microsteps: What happened, microstep by microstep.

    A value: it never changes, and unpacks and compares as the tuple of its attributes. Two steps
    are equal when they say the same and took the same lines. A pickle keeps all but the functions
    of lines that cannot be imported, such as lambdas; it equals the step that it was.
    """

    _outcome: Outcome
    """What happened, as the kernel keeps it: one object for all steps that take the same way."""

    __match_args__ = ("snapshot", "effects", "fired", "handled", "microsteps")
    _fields: ClassVar = __match_args__

    if TYPE_CHECKING:  # nobody but the kernel sets them

        @property
        def snapshot(self) -> Snapshot[E, C]:
            """The next snapshot."""
            ...

        @property
        def effects(self) -> tuple[Effect, ...]:
            """The effects, in order."""
            ...

        @property
        def handled(self) -> bool:
            """Whether the configuration had an answer."""
            ...

    else:
        __slots__ = ("_outcome", "effects", "handled", "snapshot")

    def __init__(
        self,
        snapshot: Snapshot[E, C],
        effects: tuple[Effect, ...],
        fired: tuple[Transition, ...],
        handled: bool,  # noqa: FBT001 - the parts stand in order
        microsteps: tuple[Microstep, ...],
    ) -> None:
        new: Any = self
        new.snapshot = snapshot
        new.effects = effects
        new.handled = handled
        new._outcome = (fired, microsteps)

    @property
    def fired(self) -> tuple[Transition, ...]:
        """The transitions that were taken, in order, over all microsteps."""
        return self._outcome[0]

    @property
    def microsteps(self) -> tuple[Microstep, ...]:
        """What happened, microstep by microstep."""
        return self._outcome[1]

    def _parts(self) -> tuple[Any, ...]:
        return (self.snapshot, self.effects, self.fired, self.handled, self.microsteps)

    def _replace(self, **changes: Any) -> Step[E, C]:
        """Return a step of which some attributes are others, as a named tuple does."""
        return Step(**{**dict(zip(self._fields, self._parts(), strict=True)), **changes})

    def __iter__(self) -> Iterator[Any]:
        return iter(self._parts())

    def __len__(self) -> int:
        return len(self._fields)

    def __getitem__(self, index: Any) -> Any:
        return self._parts()[index]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Step):
            return self._parts() == other if isinstance(other, tuple) else NotImplemented
        said = (self.snapshot, self.effects, self.handled, self.microsteps)
        same = said == (other.snapshot, other.effects, other.handled, other.microsteps)
        return same and _same_lines(self.fired, other.fired)

    def __hash__(self) -> int:
        return hash((self.snapshot, self.effects, self.handled))

    def __reduce__(self) -> tuple[Any, ...]:
        return Step, self._parts()

    def __repr__(self) -> str:
        taken = ", ".join(f"{t.source} → {', '.join(t.targets) or 'stays'}" for t in self.fired)
        outcome = taken or ("nothing taken" if self.handled else "unhandled")
        return f"<Step ({outcome}) to {self.snapshot!r}, effects={repr_of(self.effects)}>"


def _same_lines(ours: tuple[Transition, ...], theirs: tuple[Transition, ...]) -> bool:
    """Tell whether lines are the same, even where a pickle has lost or copied their functions."""
    if len(ours) != len(theirs):
        return False
    pairs = zip(ours, theirs, strict=True)
    return all(one is other or _line(one) == _line(other) for one, other in pairs)


def _line(line: Transition) -> tuple[object, ...]:
    """Return what tells a line from the others of its chart."""
    trigger: object = line.trigger.timer if isinstance(line.trigger, After) else line.trigger
    return (line.id, trigger, line.targets, line.kind, [hook.name for hook in line.hooks])


class Scene(Protocol):
    """The view that a moment gives: of a snapshot, or of a step under way.

    While states are being left and entered, those that are left already and those that are not
    entered yet are hidden.
    """

    @property
    def _hidden(self) -> frozenset[str]: ...

    @property
    def _call(self) -> Call[Any] | None: ...

    _place: Configuration
    _values: Any
    _context: Any


class Moment(Generic[D_co, E_co, C_co]):
    """The instant at which a guard or action is called, as the callback sees it.

    Attributes:
        data: Data of the state that the callback belongs to: a transition's source, or the state
            that is entered or left.
        event: The event being handled; None at the start.
    """

    __slots__ = ("_counters", "_scene", "at", "data", "event")

    data: D_co
    event: E_co
    at: datetime
    _scene: Scene
    _counters: tuple[tuple[str, int], ...] | None

    def __init__(
        self,
        data: D_co,
        event: E_co,
        at: datetime | None,
        scene: Scene,
        counters: tuple[tuple[str, int], ...] | None,
    ) -> None:
        self.data = data
        self.event = event
        if at is None:
            untimed: Any = self
            untimed.__class__ = Timeless
        else:
            self.at = at
        self._scene = scene
        self._counters = counters

    if not TYPE_CHECKING:

        def __class_getitem__(cls, parameters: object) -> type:
            """Take one to three parameters, as type checkers do: the rest have defaults."""
            return cls

    @property
    def chart(self) -> str:
        """Name of the chart."""
        return self._scene._place.chart

    @property
    def context(self) -> C_co:
        """The chart's context, with the updates made so far in this step."""
        context: C_co = self._scene._context
        return context

    @property
    def call(self) -> Call[Any] | None:
        """The call that is being answered or has failed; None when the event is not about one."""
        return self._scene._call

    @property
    def configuration(self) -> tuple[str, ...]:
        """Ids of the states that are active now, in document order: those for which `in` holds.

        While states are left and entered one after the other, this tells how far that has come.
        """
        place, hidden = self._scene._place, self._scene._hidden
        return tuple(state for state in place.ids if state not in hidden) if hidden else place.ids

    def new_id(self, prefix: str) -> str:
        """Return an id that this run has not given yet: equal runs give equal ids.

        Args:
            prefix: What the id is for; each prefix counts from 1.

        Raises:
            StepError: A guard asked; a guard that refuses must leave nothing behind.
        """
        if self._counters is None:
            found = f"a guard asked for a new id ({prefix!r})"
            remedy = "Make ids in make, update, emit, entry or exit"
            raise StepError("SC210", self.chart, found, remedy)
        number, self._counters = count(self._counters, prefix)
        return f"{prefix}-{number}"

    @overload
    def __getitem__(self, state: StateRef[T]) -> T: ...
    @overload
    def __getitem__(self, state: type[SuperstateRef[T]]) -> T: ...
    @overload
    def __getitem__(self, state: str) -> Any: ...
    def __getitem__(self, state: StateName) -> Any:
        """Return the data of any active state (see `Snapshot.__getitem__`)."""
        return self._scene._place.value(state, self._scene._values)

    def __contains__(self, state: StateName) -> bool:
        """Tell whether a state is active now: SCXML's ``In()``.

        While states are left and entered one after the other, this tells how far that has come. The
        data of a state can be read all the same, for as long as it has any in this microstep.
        """
        active = self._scene._place.position(state) is not None
        hidden = self._scene._hidden
        return active and (not hidden or state_id(state) not in hidden)

    def __repr__(self) -> str:
        shown = f"data={repr_of(self.data)}, event={repr_of(self.event)}"
        return f"<Moment of {self._scene._place.chart}: {shown}>"


class Timeless(Moment[D_co, E_co, C_co]):
    """A moment whose time nobody gave; to read it is an error, never 1970."""

    __slots__ = ()

    if not TYPE_CHECKING:

        @property
        def at(self) -> datetime:
            """Raise `TimeNeededError`."""
            raise time_needed(self._scene._place.chart)


_NO_INIT: Final[Any] = object.__init__


class Made(Snapshot[Any, Any]):
    """A snapshot as the kernel makes it: quicker by a call, its slots are set one by one.

    So are the classes below it; to everybody else they are the classes that they derive from.
    """

    __slots__ = ()
    __init__ = _NO_INIT


class Taken(Step[Any, Any]):
    """A step as the kernel makes it."""

    __slots__ = ()
    __init__ = _NO_INIT


class Timed(Moment[Any, Any, Any]):
    """A moment as the kernel makes it."""

    __slots__ = ()
    __init__ = _NO_INIT


class Untimed(Timeless[Any, Any, Any]):
    """A moment as the kernel makes it, whose time nobody gave."""

    __slots__ = ()
    __init__ = _NO_INIT


class View:
    """A scene that stands still: what a callback sees in the middle of a microstep."""

    __slots__ = ("_call", "_context", "_hidden", "_place", "_values")


class Kept(Memory):
    """A memory as the kernel makes it."""

    __slots__ = ()
    __setattr__ = object.__setattr__
    __delattr__ = object.__delattr__


for _cls, _name in (
    (Kept, "Memory"),
    (Made, "Snapshot"),
    (Taken, "Step"),
    (Timed, "Moment"),
    (Timeless, "Moment"),
    (Untimed, "Moment"),
):
    _cls.__name__ = _cls.__qualname__ = _name


MOMENT_HAS: Final = "a moment has no {!r}; it has at, call, configuration, context, data and event"
"""What is said of an attribute that a moment lacks."""


EMPTY: Final = Memory()


def count(
    counters: tuple[tuple[str, int], ...], prefix: str
) -> tuple[int, tuple[tuple[str, int], ...]]:
    """Count one more of a prefix; return its number and the counters that follow.

    >>> count((("call", 1),), "call"), count((), "call")
    ((2, (('call', 2),)), (1, (('call', 1),)))
    """
    if not counters:
        return 1, ((prefix, 1),)
    if len(counters) == 1 and counters[0][0] == prefix:  # the most common
        number = counters[0][1] + 1
        return number, ((prefix, number),)
    for place, (name, number) in enumerate(counters):
        if name == prefix:
            counted = ((prefix, number + 1),)
            return number + 1, counters[:place] + counted + counters[place + 1 :]
    return 1, tuple(sorted((*counters, (prefix, 1))))


def time_needed(chart: str, reader: str = "a callback") -> TimeNeededError:
    """Return the error for a chart that reads the time where the caller gave none."""
    found = f"{reader} reads the time, and no time was given"
    return TimeNeededError("SC201", chart, found, "Pass at=")


def check_time(chart: str, at: object) -> None:
    """Refuse a time that is not a datetime; None, no time, is one that may be given."""
    if at is not None and not isinstance(at, datetime):
        found = f"at= is {repr_of(at)}, not a datetime"
        raise StepError("SC208", chart, found, "Pass a datetime, with a time zone")


def not_bool(chart: str, answer: object) -> StepError:
    """Return the error for a guard that answers with anything but True or False."""
    found = f"a guard gave {repr_of(answer)}"
    return StepError("SC208", chart, found, "Return True or False, by bool(…) if needed")
