"""The verbs that declare transitions: ``to stay always after when_done ignore defer``.

They read the same on a state (an object) and on a superstate (a class), so each is written once, as
a descriptor that binds to either. Calling one notes a line on its source; nothing runs.

Callbacks take one `Moment`. ``when`` decides whether the transition may be taken; ``make`` builds
the data of the target; ``update`` gives the chart's next context; ``emit`` gives effects.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from types import UnionType
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Final,
    Generic,
    Never,
    Protocol,
    Self,
    TypeAlias,
    TypedDict,
    TypeVar,
    Unpack,
    overload,
)

from statecharts.declare.members import Line, goal, location, member_of, record
from statecharts.model.chart import (
    After,
    Always,
    Declaration,
    Done,
    OnEvent,
    StateRef,
    SuperstateRef,
    TransitionKind,
    Trigger,
)
from statecharts.model.effects import Effect
from statecharts.model.errors import KeywordError
from statecharts.model.events import StateDone, TimerFired
from statecharts.model.fields import union_members
from statecharts.model.generics import D
from statecharts.model.hooks import Hook
from statecharts.model.suggestions import did_you_mean
from statecharts.semantics.snapshot import Moment

MYPY = False
"""True for mypy alone, which cannot infer a union from a tuple; other checkers can."""

if TYPE_CHECKING:
    if MYPY:
        from attrs import AttrsInstance as Record  # pyright: ignore[reportAssignmentType]
    else:

        class Record(Protocol):
            """An instance of an attrs class, as checkers know one."""

            __dataclass_fields__: ClassVar[dict[str, Any]]

    if MYPY:
        from typing_extensions import TypeVar as VarWithDefault

        E1 = VarWithDefault("E1", default=Any)
        E2 = VarWithDefault("E2", default=Never)
        E3 = VarWithDefault("E3", default=Never)
        E4 = VarWithDefault("E4", default=Never)
        E5 = VarWithDefault("E5", default=Never)
        E6 = VarWithDefault("E6", default=Never)

        On: TypeAlias = (
            type[E1]
            | tuple[type[E1] | str]
            | tuple[type[E1] | str, type[E2] | str]
            | tuple[type[E1] | str, type[E2] | str, type[E3] | str]
            | tuple[type[E1] | str, type[E2] | str, type[E3] | str, type[E4] | str]
            | tuple[type[E1] | str, type[E2] | str, type[E3] | str, type[E4] | str, type[E5] | str]
            | tuple[
                type[E1] | str,
                type[E2] | str,
                type[E3] | str,
                type[E4] | str,
                type[E5] | str,
                type[E6] | str,
                *tuple[type | str, ...],
            ]
            | UnionType
            | str
        )

S = TypeVar("S")
E = TypeVar("E")
T = TypeVar("T")

Delay: TypeAlias = timedelta | Callable[[Moment[S, Any]], timedelta | datetime]
Target: TypeAlias = StateRef[T] | type[SuperstateRef[T]]
Targets: TypeAlias = tuple[Target[Any], ...]
Events: TypeAlias = UnionType | str | tuple[type | str, ...]

MISSING: Final = object()
"""In place of an argument that is not given."""

HOOKS: Final = {"when": "guard", "make": "make", "update": "update", "emit": "emit"}
"""The callbacks of a line, and what a `Transition` calls them."""

SYNONYMS: Final = {
    **dict.fromkeys(("guard", "cond", "condition", "unless", "if_", "conditions"), "when"),
    **dict.fromkeys(("data", "build", "factory", "create"), "make"),
    **dict.fromkeys(("assign", "context", "set", "reduce"), "update"),
    **dict.fromkeys(("action", "actions", "effect", "effects", "do", "send"), "emit"),
    **dict.fromkeys(("event", "events", "trigger"), "on"),
}
"""Names that other libraries use, each with the keyword that means the same here."""


class Hooks(TypedDict, Generic[S, E, T], total=False):
    """The callbacks of a line."""

    when: Callable[[Moment[S, E]], bool] | None
    make: Callable[[Moment[S, E]], T] | None
    update: Callable[[Moment[S, E]], Record] | None
    emit: Callable[[Moment[S, E]], Effect | Iterable[Effect]] | None


class Verb(Generic[D]):
    """A verb, bound to the member that it declares a line for."""

    __slots__ = ("_source",)

    verb: ClassVar[str] = "to"
    takes: ClassVar[tuple[str, ...]] = ("internal",)
    """The keywords that it has besides callbacks."""

    def __init__(self, source: object = None) -> None:
        self._source = source

    def _bind(self, source: object, owner: type) -> Self:
        return type(self)(owner if source is None else source)

    def _record(
        self,
        trigger: Trigger,
        target: object,
        kind: TransitionKind,
        hooks: Any,
        known: Collection[str] = HOOKS,
    ) -> Line:
        member = member_of(self._source)
        for name in hooks:
            if name not in known:
                raise self._unknown(name, known)
        aims = target if isinstance(target, tuple) else (target,)
        return record(Line(member, trigger, tuple(map(goal, aims)), kind, **hooks))

    def _event(self, given: tuple[Any, ...], on: Any, hooks: Any) -> OnEvent:
        """Return the trigger of a line on an event, which has to be given by its keyword."""
        if on is not MISSING and not given:
            return on_event(on)
        for name in () if given else hooks:
            if name not in HOOKS:
                raise self._unknown(name, HOOKS)
        shown = given[0].__name__ if given and isinstance(given[0], type) else "Event"
        found = f"{self.verb}() takes its event as on=" if given else f"{self.verb}() has no event"
        remedy = f"Write on={shown}" if given else "Pass on=; always() needs no event"
        raise KeywordError("SC120", location() or "declaration", found, remedy)

    def _unknown(self, name: str, known: Collection[str]) -> KeywordError:
        """Return the error for a keyword that the verb does not have."""
        names = (*self.takes, *known)
        meant = SYNONYMS.get(name, "")
        listed = f"It takes {', '.join(names)}"
        remedy = f"Did you mean '{meant}'?" if meant in names else did_you_mean(name, names, listed)
        found = f"{self.verb}() has no keyword {name!r}"
        return KeywordError("SC120", location() or "declaration", found, remedy)


class To(Verb[D]):
    """``source.to(target, on=Event)``: an external transition."""

    __slots__ = ()
    takes = ("on", "internal")

    @overload
    def __get__(self, source: StateRef[T], owner: Any) -> To[T]: ...
    @overload
    def __get__(self, source: None, owner: type[SuperstateRef[T]]) -> To[T]: ...
    @overload
    def __get__(self, source: None, owner: type[Declaration[Any, Any]]) -> To[None]: ...
    def __get__(self, source: Any, owner: Any) -> To[Any]:
        return self._bind(source, owner)

    if MYPY:  # one signature, so that mypy's answer to a mistake is one line

        def __call__(  # noqa: D102 # pyright: ignore[reportRedeclaration]
            self,
            target: Target[T] | Targets,
            *,
            on: On[E1, E2, E3, E4, E5, E6],
            internal: bool = False,
            **hooks: Unpack[Hooks[D, E1 | E2 | E3 | E4 | E5 | E6, T]],
        ) -> Line:
            raise NotImplementedError

    else:

        @overload
        def __call__(
            self,
            target: Target[T] | Targets,
            *,
            on: type[E] | tuple[type[E] | str, ...],
            internal: bool = False,
            **hooks: Unpack[Hooks[D, E, T]],
        ) -> Line: ...
        @overload
        def __call__(
            self,
            target: Target[T] | Targets,
            *,
            on: UnionType | str,
            internal: bool = False,
            **hooks: Unpack[Hooks[D, Any, T]],
        ) -> Line: ...
        def __call__(
            self, target: Any, *given: Any, on: Any = MISSING, internal: bool = False, **hooks: Any
        ) -> Line:
            """Declare that an event leads from this state to another.

            Args:
                target: Where it leads; without ``make`` its data is filled by name. A tuple of
                    states in different regions of a parallel state leads to all of them at once.
                on: The event class, or several as a tuple. They may be a union as well; type
                    checkers then know nothing of ``m.event``.
                internal: Whether this state stays active when the target lies inside it.
                when: Whether it may be taken now.
                make: The target's data.
                update: The chart's next context.
                emit: What the outside world is to do.
            """
            kind = TransitionKind.INTERNAL if internal else TransitionKind.EXTERNAL
            return self._record(self._event(given, on, hooks), target, kind, hooks)


class Stay(Verb[D]):
    """``source.stay(on=Event)``: an internal transition without a target."""

    __slots__ = ()
    verb = "stay"
    takes = ("on",)

    @overload
    def __get__(self, source: StateRef[T], owner: Any) -> Stay[T]: ...
    @overload
    def __get__(self, source: None, owner: type[SuperstateRef[T]]) -> Stay[T]: ...
    @overload
    def __get__(self, source: None, owner: type[Declaration[Any, Any]]) -> Stay[None]: ...
    def __get__(self, source: Any, owner: Any) -> Stay[Any]:
        return self._bind(source, owner)

    if MYPY:

        def __call__(  # noqa: D102 # pyright: ignore[reportRedeclaration]
            self,
            *,
            on: On[E1, E2, E3, E4, E5, E6],
            **hooks: Unpack[Hooks[D, E1 | E2 | E3 | E4 | E5 | E6, D]],
        ) -> Line:
            raise NotImplementedError

    else:

        @overload
        def __call__(
            self, *, on: type[E] | tuple[type[E] | str, ...], **hooks: Unpack[Hooks[D, E, D]]
        ) -> Line: ...
        @overload
        def __call__(self, *, on: UnionType | str, **hooks: Unpack[Hooks[D, Any, D]]) -> Line: ...
        def __call__(self, *given: Any, on: Any = MISSING, **hooks: Any) -> Line:
            """Declare that an event is handled here without leaving the state.

            Args:
                on: As for ``to``.
                when: Whether it may be taken now.
                make: This state's new data; it keeps the old without.
                update: The chart's next context.
                emit: What the outside world is to do.
            """
            return self._record(self._event(given, on, hooks), (), TransitionKind.INTERNAL, hooks)


class AlwaysTo(Verb[D]):
    """``source.always(target, when=…)``: an eventless transition."""

    __slots__ = ()
    verb = "always"

    @overload
    def __get__(self, source: StateRef[T], owner: Any) -> AlwaysTo[T]: ...
    @overload
    def __get__(self, source: None, owner: type[SuperstateRef[T]]) -> AlwaysTo[T]: ...
    @overload
    def __get__(self, source: None, owner: type[Declaration[Any, Any]]) -> AlwaysTo[None]: ...
    def __get__(self, source: Any, owner: Any) -> AlwaysTo[Any]:
        return self._bind(source, owner)

    @overload
    def __call__(
        self,
        target: Target[T] | Targets,
        *,
        internal: bool = False,
        **hooks: Unpack[Hooks[D, Any, T]],
    ) -> Line: ...
    @overload
    def __call__(
        self,
        target: Targets = (),
        *,
        internal: bool = False,
        when: Callable[[Moment[D, Any]], bool] | None = None,
        update: Callable[[Moment[D, Any]], Record] | None = None,
        emit: Callable[[Moment[D, Any]], Effect | Iterable[Effect]],
    ) -> Line: ...
    def __call__(self, target: Any = (), *, internal: bool = False, **hooks: Any) -> Line:
        """Declare a transition that is taken as soon as its guard holds, without an event.

        Takes what ``to`` takes, but for the event; without a target the state stays active.
        The moment's event is the one that led here.
        """
        return self._record(Always(), target, _kind(target, internal=internal), hooks)


class AfterTo(Verb[D]):
    """``source.after(delay, target)``: a delayed transition; without a target, nothing is left."""

    __slots__ = ()
    verb = "after"

    @overload
    def __get__(self, source: StateRef[T], owner: Any) -> AfterTo[T]: ...
    @overload
    def __get__(self, source: None, owner: type[SuperstateRef[T]]) -> AfterTo[T]: ...
    @overload
    def __get__(self, source: None, owner: type[Declaration[Any, Any]]) -> AfterTo[None]: ...
    def __get__(self, source: Any, owner: Any) -> AfterTo[Any]:
        return self._bind(source, owner)

    @overload
    def __call__(
        self,
        delay: Delay[D],
        target: Target[T] | Targets,
        *,
        internal: bool = False,
        **hooks: Unpack[Hooks[D, TimerFired, T]],
    ) -> Line: ...
    @overload
    def __call__(
        self,
        delay: Delay[D],
        **hooks: Unpack[Hooks[D, TimerFired, D]],
    ) -> Line: ...
    def __call__(
        self, delay: Any, target: Any = (), *, internal: bool = False, **hooks: Any
    ) -> Line:
        """Declare a transition that is taken when this state has been active for a while.

        Args:
            delay: How long, or a function of the moment of entry that gives a timedelta or the
                datetime at which it is due.
            target: Where it leads; without one this state is not left, as with ``stay``.
            internal: As for ``to``, like all that follow.
            when: Whether it may be taken then.
            make: The target's data, or the next data of this state.
            update: The chart's next context.
            emit: What the outside world is to do.
        """
        trigger = After(delay if isinstance(delay, timedelta) else Hook(delay), "")
        return self._record(trigger, target, _kind(target, internal=internal), hooks)


class WhenDone(Verb[D]):
    """``source.when_done(target)``: a completion transition."""

    __slots__ = ()
    verb = "when_done"

    @overload
    def __get__(self, source: StateRef[T], owner: Any) -> WhenDone[T]: ...
    @overload
    def __get__(self, source: None, owner: type[SuperstateRef[T]]) -> WhenDone[T]: ...
    def __get__(self, source: Any, owner: Any) -> WhenDone[Any]:
        return self._bind(source, owner)

    @overload
    def __call__(
        self,
        target: Target[T] | Targets,
        *,
        internal: bool = False,
        **hooks: Unpack[Hooks[D, StateDone, T]],
    ) -> Line: ...
    @overload
    def __call__(
        self,
        target: Targets = (),
        *,
        internal: bool = False,
        when: Callable[[Moment[D, StateDone]], bool] | None = None,
        update: Callable[[Moment[D, StateDone]], Record] | None = None,
        emit: Callable[[Moment[D, StateDone]], Effect | Iterable[Effect]],
    ) -> Line: ...
    def __call__(self, target: Any = (), *, internal: bool = False, **hooks: Any) -> Line:
        """Declare a transition that is taken when this superstate has reached its final states.

        Args: as for ``to``, but that the target may be left out where something is emitted;
        ``m.event.data`` is the data of the final child that was reached.
        """
        return self._record(Done(), target, _kind(target, internal=internal), hooks)


class Ignore(Verb[D]):
    """``source.ignore(on=Event)``: a forbidden transition."""

    __slots__ = ()
    verb = "ignore"
    takes = ("on",)

    @overload
    def __get__(self, source: StateRef[T], owner: Any) -> Ignore[T]: ...
    @overload
    def __get__(self, source: None, owner: type[SuperstateRef[T]]) -> Ignore[T]: ...
    @overload
    def __get__(self, source: None, owner: type[Declaration[Any, Any]]) -> Ignore[None]: ...
    def __get__(self, source: Any, owner: Any) -> Ignore[Any]:
        return self._bind(source, owner)

    def __call__(self, *, on: type | Events, **unknown: Never) -> Line:
        """Declare that an event is swallowed here, so that no superstate handles it.

        Args:
            on: The event class, or several as a tuple or a union.
        """
        return self._record(on_event(on), (), TransitionKind.FORBIDDEN, unknown, ())


class Defer(Verb[D]):
    """``source.defer(on=Event)``: the event waits (UML)."""

    __slots__ = ()
    verb = "defer"
    takes = ("on",)

    @overload
    def __get__(self, source: StateRef[T], owner: Any) -> Defer[T]: ...
    @overload
    def __get__(self, source: None, owner: type[SuperstateRef[T]]) -> Defer[T]: ...
    @overload
    def __get__(self, source: None, owner: type[Declaration[Any, Any]]) -> Defer[None]: ...
    def __get__(self, source: Any, owner: Any) -> Defer[Any]:
        return self._bind(source, owner)

    def __call__(self, *, on: type | Events, **unknown: Never) -> Line:
        """Declare that an event is kept for later.

        It waits in the snapshot, in order, until a configuration is reached in which nothing defers
        it, and is then taken before anything new.

        Args:
            on: The event class, or several as a tuple or a union.

        Returns:
            The line.
        """
        return self._record(on_event(on), (), TransitionKind.DEFERRED, unknown, ())


def _kind(target: object, *, internal: bool) -> TransitionKind:
    """Return the kind of a line that may have no target: its source then stays active."""
    stays = internal or target == ()
    return TransitionKind.INTERNAL if stays else TransitionKind.EXTERNAL


def on_event(on: Any) -> OnEvent:
    """Return the trigger that ``on=`` stands for; what is not an event class is found by `build`.

    >>> on_event(int | str).events, on_event("error.*").events
    ((<class 'int'>, <class 'str'>), ('error.*',))
    """
    several = on if isinstance(on, tuple) else (on,)
    return OnEvent(tuple(event for one in several for event in union_members(one)))
