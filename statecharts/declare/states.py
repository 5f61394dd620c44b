"""State and History: the states that have no children."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final, Never, TypeAlias, overload

from attrs import evolve

from statecharts.declare.members import (
    VERBS,
    Member,
    Merged,
    Options,
    goal,
    location,
    note_created,
    unknown_keyword,
)
from statecharts.declare.verbs import AfterTo, AlwaysTo, Defer, Ignore, Stay, To, WhenDone
from statecharts.model.chart import HISTORY, StateKind, StateRef, SuperstateRef
from statecharts.model.effects import Call, Effect
from statecharts.model.errors import NoVerbError
from statecharts.model.fields import type_text
from statecharts.model.generics import D
from statecharts.semantics.configuration import state_id
from statecharts.semantics.snapshot import Moment

Hooked: TypeAlias = Callable[[Moment[D, Any]], Effect | Iterable[Effect] | None]
Calls: TypeAlias = (
    type[Call[Any]]
    | tuple[type[Call[Any]], ...]
    | Mapping[Any, Callable[[Moment[D, Any]], Call[Any]]]
)
"""The calls of a state: classes, or for each class (for a service, each name) a function."""


Default: TypeAlias = StateRef[Any] | type[SuperstateRef[Any]] | str
"""The state that a history state enters when it has nothing to restore: a state, or its id."""


class Leaf(StateRef[D]):
    """The base of `State` and `History`: an object that stands for a member."""

    __slots__ = ("__member__",)

    __member__: Member

    @property
    def id(self) -> str:
        """The dotted path of the state; raises `UnknownStateError` before its chart is built."""
        return state_id(self)

    def __repr__(self) -> str:
        name = self.__member__.id or self.__member__.name or "(unnamed)"
        return f"<{type(self).__name__} {name}>"


class State(Leaf[D]):
    """An atomic or final state, declared as an attribute of a chart or of a superstate.

    Args:
        data: The attrs class that the state carries while it is active; none by default.
        initial: Whether the parent is entered through this state.
        final: Whether the parent is done when this state is reached.
        resting: Says that it is meant that nothing leaves this state, though it is not final.
        entry: Gives the effects of entering it.
        exit: Gives the effects of leaving it.
        invoke: The calls that it makes when it is entered, and takes back when it is left: a class
            of calls, several, or a mapping from the class to a function that makes the call.
            Without a function, the fields are filled by name: from the state's data, the event, the
            context.
        doc: What the state is for.
        name: The name that people and files know it by, when that is no name of Python's.
    """

    __slots__ = ()

    @overload
    def __init__(
        self: State[None],
        data: None = None,
        *,
        initial: bool = False,
        final: bool = False,
        resting: bool = False,
        entry: Hooked[None] | None = None,
        exit: Hooked[None] | None = None,
        invoke: Calls[None] | None = None,
        doc: str = "",
        name: str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        data: type[D],
        *,
        initial: bool = False,
        final: bool = False,
        resting: bool = False,
        entry: Hooked[D] | None = None,
        exit: Hooked[D] | None = None,
        invoke: Calls[D] | None = None,
        doc: str = "",
        name: str | None = None,
    ) -> None: ...
    def __init__(
        self,
        data: type[Any] | None = None,
        *,
        initial: bool = False,
        final: bool = False,
        resting: bool = False,
        entry: Any = None,
        exit: Any = None,
        invoke: Any = None,
        doc: str = "",
        name: str | None = None,
        **unknown: Never,
    ) -> None:
        _check(State, unknown)
        kind = StateKind.FINAL if final else StateKind.ATOMIC
        options = Options(
            kind, data, initial, final, resting, entry, exit, invoke=invoke, doc=doc, name=name
        )
        self.__member__ = Member(options)
        note_created(self.__member__)

    to: ClassVar[To[Any]] = To()
    stay: ClassVar[Stay[Any]] = Stay()
    always: ClassVar[AlwaysTo[Any]] = AlwaysTo()
    after: ClassVar[AfterTo[Any]] = AfterTo()
    when_done: ClassVar[WhenDone[Any]] = WhenDone()
    ignore: ClassVar[Ignore[Any]] = Ignore()
    defer: ClassVar[Defer[Any]] = Defer()


class History(Leaf[Any]):
    """A history state: entering it enters what its parent was last in, data included.

    Args:
        default: What is entered when there is nothing to remember yet: a state inside the parent,
            or a tuple of states in different regions of it.
        deep: Whether the whole configuration inside the parent comes back, not only the child.
        initial: Whether the parent is entered through this state.
        doc: What the state is for.
        name: The name that people and files know it by, when that is no name of Python's.
    """

    __slots__ = ()

    def __init__(
        self,
        default: Default | tuple[Default, ...] | None = None,
        *,
        deep: bool = False,
        initial: bool = False,
        doc: str = "",
        name: str | None = None,
        **unknown: Never,
    ) -> None:
        _check(History, unknown)
        kind = StateKind.DEEP_HISTORY if deep else StateKind.SHALLOW_HISTORY
        goals = tuple(map(goal, default)) if isinstance(default, tuple) else goal(default)
        options = Options(kind, initial=initial, default=goals, doc=doc, name=name)
        self.__member__ = Member(options)
        note_created(self.__member__)


class NoVerb:
    """In place of the verbs of a history state, which is never active."""

    def __init__(self, verb: str) -> None:
        self.verb = verb

    def __get__(self, instance: object, owner: type) -> Any:
        found = f"{self.verb}() is called on a history state, which nothing leaves"
        remedy = "Call it on the state around it, or on one that the history brings back"
        raise NoVerbError("SC107", location() or "declaration", found, remedy)


for _verb in VERBS:  # unknown to type checkers, which refuse them by themselves
    setattr(History, _verb, NoVerb(_verb))


def _check(kind: type[Leaf[Any]], unknown: dict[str, Any]) -> None:
    """Refuse keywords that a kind of state does not take."""
    if unknown:
        where, known = location() or "declaration", _KEYWORDS[kind.__name__]
        raise unknown_keyword(where, f"{kind.__name__}()", unknown, known)


_KEYWORDS: Final = {
    "State": ("data", "initial", "final", "resting", "entry", "exit", "invoke", "doc", "name"),
    "History": ("default", "deep", "initial", "doc", "name"),
}


MERGED: Final = ("entry", "exit", "invoke")
"""What a state has from each of several bases."""

ANEW: Final = "Declare it in the class itself"


def copy_leaf(name: str, members: list[Member], owners: list[str]) -> Leaf[Any]:
    """Return a new object for a leaf that a class inherits from one base, or from several.

    It is what the nearest declaration says. Of two, when neither replaces the other, it has the
    hooks and calls of both; what they say differently besides is a fault.

    Args:
        name: Its name.
        members: What it is a copy of, nearest first.
        owners: The names of the bases that have these.
    """
    declared = list(dict.fromkeys(member.declaration for member in members))
    last = [
        one
        for one in declared
        if not any(one is not other and one in other.origins for other in declared)
    ]
    options = last[0].options
    cls: type[Leaf[Any]] = History if options.kind in HISTORY else State
    leaf = cls.__new__(cls)
    copied = Member(options, name, bases=tuple(members), location=members[0].location)
    if len(last) == 1:
        copied.declaration = last[0]
    else:
        places = {one.declaration: owner for one, owner in zip(members, owners, strict=True)}
        copied.options = evolve(
            options, **{key: _merged(key, last, places) for key in (*MERGED, "default")}
        )
        for other in last[1:]:
            mine, others = _said(options), _said(other.options)
            if mine != others:
                found = f"{name!r} is {mine} in {places[last[0]]} and {others} in {places[other]}"
                copied.problems.append(("SC142", found, ANEW))
    leaf.__member__ = copied
    return leaf


def _merged(key: str, declared: list[Member], places: dict[Member, str]) -> Any:
    """Return what several declarations of a leaf say of one thing."""
    given = [(places[one], getattr(one.options, key)) for one in declared]
    said = [(owner, value) for owner, value in given if value is not None]
    if key in MERGED:
        flat = [v if isinstance(v, Merged) else ((owner, v),) for owner, v in said]
        return Merged(pair for pairs in flat for pair in pairs) if flat else None
    return said[0][1] if said else None


def _said(options: Options) -> str:
    """Describe what a leaf is; a default goes by the name of the state."""
    carried = "" if options.data is None else f" with {type_text(options.data)}"
    if options.default is not None:
        several = options.default if isinstance(options.default, tuple) else (options.default,)
        names = (str(getattr(one, "name", one)).rpartition(".")[2] for one in several)
        carried = f" of {' and '.join(map(repr, names))}"
    return f"{options.kind.value}{carried}"
