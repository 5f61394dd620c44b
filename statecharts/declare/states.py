"""State and History: the states that have no children."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final, Never, TypeAlias, overload

from statecharts.declare.members import (
    Member,
    Options,
    goal,
    location,
    note_created,
    unknown_keyword,
)
from statecharts.declare.verbs import AfterTo, AlwaysTo, Defer, Ignore, Stay, To, WhenDone
from statecharts.model.chart import HISTORY, StateKind, StateRef, SuperstateRef
from statecharts.model.effects import Call, Effect
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
        default: What is entered when there is nothing to remember yet: a state inside the parent.
        deep: Whether the whole configuration inside the parent comes back, not only the child.
        initial: Whether the parent is entered through this state.
        doc: What the state is for.
        name: The name that people and files know it by, when that is no name of Python's.
    """

    __slots__ = ()

    def __init__(
        self,
        default: StateRef[Any] | type[SuperstateRef[Any]] | str | None = None,
        *,
        deep: bool = False,
        initial: bool = False,
        doc: str = "",
        name: str | None = None,
        **unknown: Never,
    ) -> None:
        _check(History, unknown)
        kind = StateKind.DEEP_HISTORY if deep else StateKind.SHALLOW_HISTORY
        options = Options(kind, initial=initial, default=goal(default), doc=doc, name=name)
        self.__member__ = Member(options)
        note_created(self.__member__)


def _check(kind: type[Leaf[Any]], unknown: dict[str, Any]) -> None:
    """Refuse keywords that a kind of state does not take."""
    if unknown:
        where, known = location() or "declaration", _KEYWORDS[kind.__name__]
        raise unknown_keyword(where, f"{kind.__name__}()", unknown, known)


_KEYWORDS: Final = {
    "State": ("data", "initial", "final", "resting", "entry", "exit", "invoke", "doc", "name"),
    "History": ("default", "deep", "initial", "doc", "name"),
}


def copy_leaf(name: str, members: list[Member], owners: list[str]) -> Leaf[Any]:
    """Return a new object for a leaf that a class inherits from one base, or from several.

    It is what the nearest declaration says. Two that say different things, when neither replaces
    the other, are a fault.

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
    copied.declaration = last[0]
    for other in last[1:]:
        if (other.options.kind, other.options.data) != (options.kind, options.data):
            places = {one.declaration: owner for one, owner in zip(members, owners, strict=True)}
            mine = f"{_said(options)} in {places[last[0]]}"
            found = f"{name!r} is {mine} and {_said(other.options)} in {places[other]}"
            copied.problems.append(("SC142", found, "Declare it in the class itself"))
    leaf.__member__ = copied
    return leaf


def _said(options: Options) -> str:
    carried = "" if options.data is None else f" with {type_text(options.data)}"
    return f"{options.kind.value}{carried}"
