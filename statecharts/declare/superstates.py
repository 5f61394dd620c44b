"""Compound and Parallel: the states that have children, declared as nested classes."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from types import NoneType
from typing import Any, ClassVar, Final, Never

from attrs import evolve

from statecharts.declare.arguments import ARGUMENTS, UnresolvedError, is_open, type_arguments
from statecharts.declare.members import (
    CREATED,
    LATE,
    LINES,
    REMOVED,
    Line,
    Member,
    Merged,
    Options,
    forget,
    not_a_state,
    note_created,
    noted,
    unknown_keyword,
)
from statecharts.declare.states import ANEW, MERGED, Calls, Hooked, Leaf, copy_leaf
from statecharts.declare.verbs import AfterTo, AlwaysTo, Defer, Ignore, Stay, To, WhenDone
from statecharts.model.chart import COMPOSITE, Declaration, StateKind, SuperstateRef
from statecharts.model.fields import type_text
from statecharts.model.generics import D

COPIED: Final = "__statechart_copied__"

KEYWORDS: Final = ("initial", "final", "resting", "entry", "exit", "invoke", "name")


class Superstate(SuperstateRef[D]):
    """The base of `Compound` and `Parallel`: a class that stands for a member."""

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
        **unknown: Never,
    ) -> None:
        super().__init_subclass__()
        if "__kind__" in cls.__dict__:  # Compound and Parallel themselves
            return
        if unknown:
            raise unknown_keyword(cls.__name__, "a superstate", unknown, KEYWORDS)
        member = Member(Options(cls.__kind__), cls.__name__, bases=bases_of(cls))
        said: dict[str, Any] = {
            "data": _data(cls, member.problems),
            "initial": initial,
            "final": final or None,
            "resting": resting,
            "entry": entry,
            "exit": exit,
            "invoke": invoke,
            "doc": own_doc(cls),
            "name": name,
        }
        cls.__member__ = member
        describe(cls, member, said)
        if COPIED not in cls.__dict__:
            note_created(member)
        adopt(cls, member)

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


def bases_of(cls: type) -> tuple[Member, ...]:
    """Return the members that the bases of a class stand for, nearest first."""
    found = (vars(base).get("__member__") for base in cls.__bases__)
    return tuple(one for one in found if isinstance(one, Member))


def describe(cls: type, member: Member, said: dict[str, Any]) -> None:
    """Give the member of a class its options: those of its header, the others from its bases.

    Args:
        cls: The class; its member is in place.
        member: The member.
        said: What the header says, None for what it leaves out.
    """
    member.given = {key: value for key, value in said.items() if value is not None}
    member.options = evolve(member.options, **_inherited(cls, member))


def _inherited(cls: type, member: Member) -> dict[str, Any]:
    """Return what the declarations of a class say together: the nearest that says a thing counts.

    Of bases of which none derives from another, the hooks and calls of each count. Different data,
    or different kinds, are then a fault of the class, unless it says itself which it is.
    """
    options: dict[str, Any] = {}
    told: dict[str, list[type]] = {}
    for base in cls.__mro__:
        found = vars(base).get("__member__")
        for key, value in found.given.items() if isinstance(found, Member) else ():
            owners = told.setdefault(key, [])
            if any(issubclass(owner, base) for owner in owners):
                continue
            owners.append(base)
            if key in MERGED:
                options[key] = Merged((*options.get(key, ()), (_owner(base), value)))
            elif value != options.setdefault(key, value) and key == "data":
                given = (options[key], value)
                member.problems.append(disagreement(cls.__name__, "the data", given, owners))
    kinds = {one.options.kind: one for one in reversed(member.bases) if one.members}
    if len(kinds) > 1 and "kind" not in member.given:
        names = [one.value for one in kinds]
        member.problems.append(disagreement(cls.__name__, "the kind", names, cls.__bases__))
    return options


def disagreement(
    name: str, what: str, values: Iterable[Any], owners: Iterable[type]
) -> tuple[str, str, str]:
    """Return the fault of bases that say different things of one state or chart."""
    shown = " and ".join(one if isinstance(one, str) else type_text(one) for one in values)
    bases = " and ".join(map(_owner, owners))
    found = f"{name!r} gets {what} {shown} from {bases}"
    return "SC142", found, ANEW


def _owner(cls: type) -> str:
    return cls.__qualname__.rpartition("<locals>.")[2]


def adopt(cls: type, member: Member) -> None:
    """Give a class the children that its body declares and those that it inherits, in order."""
    namespace = vars(cls)
    bases = [_declared(base) for base in cls.__bases__]
    for owner, base in zip(cls.__bases__, bases, strict=True):
        member.problems += [] if "__member__" in vars(owner) else base.problems
    own = _own(cls, member)
    for base in bases:
        for name in base.members:
            if name in own:
                member.members[name] = own[name]
                _extend(cls, name, own[name], bases)
            elif name not in namespace and name not in member.members:
                member.members[name] = _inherit(cls, name, bases)
    member.members.update(own)
    _inherit_lines(cls, member)
    if COPIED in namespace:  # nothing but what it inherits
        return
    created = noted(cls, CREATED)
    late = [*noted(cls, LATE), *_foreign(noted(cls, LINES), {member, *created})]
    for plain in cls.__mro__:
        if plain.__module__ not in _BARREN and "__member__" not in vars(plain):
            late += noted(plain, LATE)
    member.late = sorted(late, key=lambda line: line.serial)
    member.removed = noted(cls, REMOVED)
    loose = [one for base in cls.__bases__ for one in _loose(base)]
    member.lost = [child for child in (*created, *loose) if not child.placed]
    forget(cls)


def _foreign(lines: list[Line], own: set[Member]) -> Iterator[Line]:
    """Remove from templates the lines that a body writes on their states, and yield them.

    They belong to the copies in the body, and to no other.
    """
    for line in lines:
        around: Member | None = line.source
        while around is not None and around not in own:
            around = around.around
        if around is None:
            line.source.lines.remove(line)
            yield line


def _inherit_lines(cls: type, member: Member) -> None:
    """Give a class lines of its own for those that its bases name, so that it can take them back.

    Where a source has several copies in the class, or none, the line of the base stands for all.
    """
    named: dict[str, Line] = {}
    for base in cls.__mro__:
        for name, value in vars(base).items() if base.__module__ not in _BARREN else ():
            if isinstance(value, Line):
                named.setdefault(name, value)
    inherited = {name: line for name, line in named.items() if name not in vars(cls)}
    if not inherited:
        return
    copies: dict[Member, list[Member]] = {}
    for one in _inside(member):
        for origin in one.origins:
            copies.setdefault(origin, []).append(one)
    for name, line in inherited.items():
        if inspect.getattr_static(cls, name) is line and len(copies.get(line.source, ())) == 1:
            [source] = copies[line.source]
            setattr(cls, name, evolve(line, source=source, written=line.written or line))


def _inside(member: Member) -> Iterator[Member]:
    for child in member.members.values():
        yield child
        yield from _inside(child)


def _inherit(cls: type, name: str, bases: list[Member]) -> Member:
    """Return the copy of a child that one or several bases of a class have."""
    holders = [
        (owner, base.members[name])
        for owner, base in zip(cls.__bases__, bases, strict=True)
        if name in base.members
    ]
    values = [inspect.getattr_static(owner, name) for owner, _ in holders]
    return _copy(cls, name, values, [child for _, child in holders], [one for one, _ in holders])


def _extend(cls: type, name: str, child: Member, bases: list[Member]) -> None:
    """Give a child that a class body declares the lines of those that it replaces.

    Where it is a class that extends one of them, it has what is in the others as well.
    """
    extends = bool(child.bases)
    for owner, base in zip(cls.__bases__, bases, strict=True):
        other = base.members.get(name)
        if other is None or other in child.origins:
            continue
        child.bases = (*child.bases, other)
        for inner in other.members if extends else ():
            holder, mine = inspect.getattr_static(owner, name), inspect.getattr_static(cls, name)
            if inner not in child.members and isinstance(mine, type):
                value = inspect.getattr_static(holder, inner)
                copied = _copy(mine, inner, [value], [other.members[inner]], [holder])
                child.members[inner] = copied


def _own(cls: type, member: Member) -> dict[str, Member]:
    """Return the children that a class body declares, and give lines their names."""
    _name_lines(cls)
    own: dict[str, Member] = {}
    others: dict[str, Member] = {}
    for name, value in list(vars(cls).items()):
        if name.startswith("__"):
            continue
        child = _member(value)
        if child is not None and not child.placed:
            child.placed = True
            child.name, child.around = name, member
            own[name] = child
        elif child is not None:
            others[name] = child
        elif isinstance(value, type):
            own.update(_mistaken(cls, name, value, member))
    if others:  # second names for states, unless these are of a chart that is not extended
        known = set(_tree(own.values())).union(*(_tree([_declared(b)]) for b in cls.__bases__))
        own.update((name, child) for name, child in others.items() if child not in known)
    return own


def _name_lines(cls: type) -> None:
    """Give the lines in a class body the names that it binds them to.

    A loop binds them one after the other; all of them get the name, if each has its own source.
    """
    bound = [pair for pair in vars(cls).items() if isinstance(pair[1], Line)]
    rounds: dict[int, list[Line]] = {}
    for line in (*noted(cls, LINES), *noted(cls, LATE)) if bound else ():
        rounds.setdefault(line.at, []).append(line)
    for name, value in bound:
        value.name = value.name or name
        alike = rounds.get(value.at, ())
        if value in alike and len({id(line.source) for line in alike}) == len(alike):
            for line in alike:
                line.name = line.name or name


def _tree(members: Iterable[Member]) -> Iterator[Member]:
    """Yield members, what they are made of, and all inside them."""
    waiting = list(members)
    while waiting:
        member = waiting.pop()
        yield from member.origins
        waiting.extend(member.members.values())


def _declared(base: type) -> Member:
    """Return the member of a base; of a plain class, one that holds the states in its body."""
    found = vars(base).get("__member__")
    if isinstance(found, Member):
        return found
    plain = Member(Options(StateKind.COMPOUND), base.__name__)
    for cls in reversed(base.__mro__):
        if cls.__module__ not in _BARREN and "__member__" not in vars(cls):
            plain.members.update(_plain(cls, plain))
    return plain


_BARREN: Final = frozenset(
    {
        *("builtins", "typing", __name__),
        *("statecharts.model.chart", "statecharts.declare.statechart"),
    }
)
"""Modules whose classes hold no states."""


def _plain(cls: type, member: Member) -> dict[str, Member]:
    """Return the states in the body of a plain class, each under its first name."""
    _name_lines(cls)
    found: dict[int, tuple[str, Member]] = {}
    for name, value in vars(cls).items():
        child = None if name.startswith("__") else _member(value)
        if child is not None:
            child.placed, child.name = True, child.name or name
            found.setdefault(id(child), (name, child))
        elif isinstance(value, type):
            found.update(
                (id(one), (name, one)) for name, one in _mistaken(cls, name, value, member).items()
            )
    return dict(found.values())


def _loose(base: type) -> Iterable[Member]:
    """Return the states that were created in the body of a plain class."""
    return [] if "__member__" in vars(base) else noted(base, CREATED)


def _copy(
    cls: type, name: str, values: list[Any], children: list[Member], owners: list[type]
) -> Member:
    """Return the copy of a child that a class inherits from one base, or from several."""
    classes = [value for value in values if isinstance(value, type)]
    if len(classes) == len(values):
        nearest = [one for one in dict.fromkeys(classes) if not _extended(one, classes)]
        namespace = {"__module__": cls.__module__, "__qualname__": f"{cls.__qualname__}.{name}"}
        copied: Any = type(name, tuple(nearest), {**namespace, COPIED: True})
        copied.__member__.location = children[0].location
    else:
        leaves = [
            (child, _owner(owner))
            for child, owner in zip(children, owners, strict=True)
            if child.options.kind not in COMPOSITE
        ]
        copied = copy_leaf(name, [child for child, _ in leaves], [owner for _, owner in leaves])
        if classes:
            kinds = [child.options.kind.value for child in children]
            problem = disagreement(name, "the kind", kinds, owners)
            copied.__member__.problems.append(problem)
    copied.__member__.placed = True
    setattr(cls, name, copied)
    member: Member = copied.__member__
    return member


def _extended(one: type, classes: list[type]) -> bool:
    return any(other is not one and issubclass(other, one) for other in classes)


def _member(value: object) -> Member | None:
    if isinstance(value, Leaf):
        return value.__member__
    if isinstance(value, type) and issubclass(value, Superstate):
        found = vars(value).get("__member__")
        return found if isinstance(found, Member) else None
    return None


def _mistaken(cls: type, name: str, value: type, member: Member) -> dict[str, Member]:
    """Note what is wrong with a class in the body of a chart, if it is mistaken for a state.

    Returns:
        A plain class with states in its body as the superstate that was meant, under its name, so
        that nothing else is told because it is not one; nothing for any other class.
    """
    if value in (*Leaf.__subclasses__(), *Superstate.__subclasses__()):
        if "__member__" not in vars(value) or not issubclass(value, Superstate):
            found, remedy = not_a_state(value)
            member.problems.append(("SC114", f"{name!r}: {found}", remedy))
        return {}
    remedy = f"Derive it from Compound or Parallel: class {name}(Compound)"
    if issubclass(value, Declaration):
        member.problems.append(("SC114", f"{name!r} is a whole chart, not a state", remedy))
        return {}
    inside = value.__qualname__.startswith(f"{cls.__qualname__}.")
    if not inside or CREATED not in vars(value):
        return {}  # no state, or a second name for a class that was declared elsewhere
    member.problems.append(("SC114", f"{name!r} is a plain class with states in its body", remedy))
    meant = Member(Options(StateKind.COMPOUND), name)
    meant.placed, meant.around = True, member
    meant.members = _plain(value, meant)
    children = [child.options for child in meant.members.values()]
    if all(one.kind in COMPOSITE and not one.initial for one in children):
        meant.options = Options(StateKind.PARALLEL)
    value.__member__ = meant  # type: ignore[attr-defined] # what lines go to
    return {name: meant}


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
        problems.append(("SC112", found, error.remedy))
        return None
    known = [row for base in cls.__bases__ for row in vars(base).get(ARGUMENTS, ())]
    given = (row[0] for row in rows if row not in known and not is_open(row[0]))
    return next((one for one in given if one is not NoneType), None)
