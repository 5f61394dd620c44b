"""Compound and Parallel: the states that have children, declared as nested classes."""

from __future__ import annotations

import inspect
from types import NoneType
from typing import Any, ClassVar, Final

from attrs import evolve

from statecharts.declare.arguments import UnresolvedError, is_open, type_arguments
from statecharts.declare.members import CREATED, LATE, Member, Options, note_created
from statecharts.declare.states import Calls, Hooked, Leaf, copy_leaf
from statecharts.declare.verbs import AfterTo, AlwaysTo, Defer, Ignore, Stay, To, WhenDone
from statecharts.model.chart import StateKind, SuperstateRef
from statecharts.model.generics import D

COPIED: Final = "__statechart_copied__"


class Superstate(SuperstateRef[D]):
    """What `Compound` and `Parallel` share: a class that stands for a member."""

    __member__: ClassVar[Member]
    __kind__: ClassVar[StateKind]

    def __init_subclass__(
        cls,
        *,
        initial: bool | None = None,
        final: bool = False,
        resting: bool | None = None,
        entry: Hooked[Any] | None = None,
        exit: Hooked[Any] | None = None,
        invoke: Calls[Any] | None = None,
        name: str | None = None,
    ) -> None:
        super().__init_subclass__()
        if "__kind__" in cls.__dict__:  # Compound and Parallel themselves
            return
        origin: Member | None = getattr(cls, "__member__", None)
        options = Options(cls.__kind__) if origin is None else origin.options
        problems: list[tuple[str, str, str]] = []
        given: dict[str, Any] = {
            "data": _data(cls, problems),
            "initial": initial,
            "final": final or None,
            "resting": resting,
            "entry": entry,
            "exit": exit,
            "invoke": invoke,
            "doc": own_doc(cls),
            "name": name,
        }
        options = evolve(options, **{k: v for k, v in given.items() if v is not None})
        cls.__member__ = Member(options, cls.__name__, origin=origin)
        cls.__member__.problems = problems
        if COPIED not in cls.__dict__:
            note_created(cls.__member__)
        adopt(cls, cls.__member__)

    to: ClassVar[To[Any]] = To()
    stay: ClassVar[Stay[Any]] = Stay()
    always: ClassVar[AlwaysTo[Any]] = AlwaysTo()
    after: ClassVar[AfterTo[Any]] = AfterTo()
    when_done: ClassVar[WhenDone[Any]] = WhenDone()
    ignore: ClassVar[Ignore[Any]] = Ignore()
    defer: ClassVar[Defer[Any]] = Defer()


class Compound(Superstate[D]):
    """A state that is in exactly one of its children.

    Declare it as a nested class: its attributes are the children, ``Compound[Data]`` carries data.
    Class keywords are those of `State`: ``initial final resting entry exit invoke name``.
    """

    __kind__ = StateKind.COMPOUND


class Parallel(Superstate[D]):
    """A state that is in all of its children, its regions, at once.

    Declare it as a nested class, its regions as classes nested in that one. Class keywords are
    those of `State`: ``initial final resting entry exit invoke name``.
    """

    __kind__ = StateKind.PARALLEL


def adopt(cls: type, member: Member) -> None:
    """Give a class the children that its body declares and those that it inherits, in order."""
    namespace = vars(cls)
    own: dict[str, Member] = {}
    seen: set[int] = set()
    for name, value in list(namespace.items()):
        child = _member(value)
        if child is None or name.startswith("__"):
            continue
        if id(child) in seen:
            child.aliases.append(name)
            continue
        seen.add(id(child))
        own[name] = child
        if not child.sealed:
            child.name = name
    for base in cls.__bases__:
        inherited: Member | None = vars(base).get("__member__")
        for name, child in () if inherited is None else inherited.members.items():
            if name in own:
                replaced = member.members[name] = own.pop(name)
                replaced.origin = replaced.origin or child
            elif name not in namespace and name not in member.members:
                member.members[name] = _copy(cls, name, getattr(base, name), child)
    member.members.update(own)
    member.late = list(namespace.get(LATE, ()))
    placed = set(map(id, member.members.values()))
    member.lost = [child for child in namespace.get(CREATED, ()) if id(child) not in placed]


def _copy(cls: type, name: str, value: Any, child: Member) -> Member:
    if isinstance(value, type):
        namespace = {"__module__": cls.__module__, "__qualname__": f"{cls.__qualname__}.{name}"}
        copied: Any = type(name, (value,), {**namespace, COPIED: True})
        copied.__member__.location = child.location
    else:
        copied = copy_leaf(child)
        copied.__member__.name = name
    setattr(cls, name, copied)
    member: Member = copied.__member__
    return member


def _member(value: object) -> Member | None:
    if isinstance(value, Leaf) or (isinstance(value, type) and issubclass(value, Superstate)):
        found: Member = value.__member__
        return found
    return None


def own_doc(cls: type) -> str | None:
    """Return the docstring of a class itself, not one that it inherits."""
    doc = vars(cls).get("__doc__")
    return inspect.cleandoc(doc) if isinstance(doc, str) else None


def _data(cls: type, problems: list[tuple[str, str, str]]) -> Any:
    """Return the class of the data that a superstate declares in its brackets, if it does."""
    try:
        rows = type_arguments(cls, Superstate)
    except UnresolvedError as error:
        found = f"the data of {cls.__name__!r} cannot be resolved: {error}"
        remedy = "Define the names before the class, or import them outside TYPE_CHECKING"
        problems.append(("SC112", found, remedy))
        return None
    given = (one for (one,) in rows if not is_open(one) and one is not NoneType)
    return next(given, None)
