"""Statechart: the class whose body declares a chart."""

from __future__ import annotations

from types import NoneType
from typing import Any, ClassVar, Never, cast

from statecharts.declare.arguments import UnresolvedError, is_open, type_arguments
from statecharts.declare.build import build, problems
from statecharts.declare.members import Member, Options, location, unknown_keyword
from statecharts.declare.states import Calls, Hooked
from statecharts.declare.superstates import (
    adopt,
    bases_of,
    describe,
    own_doc,
)
from statecharts.declare.verbs import AfterTo, AlwaysTo, Defer, Ignore, Stay, To
from statecharts.model.chart import Chart, Declaration, StateKind
from statecharts.model.errors import DefinitionError, KeywordError, StatechartError
from statecharts.model.fields import type_text, union_members
from statecharts.model.generics import C, E
from statecharts.model.values import repr_of


class UndeclaredChart:
    """In place of the chart of a class without states; says so when it is read."""

    def __get__(self, instance: object, owner: type) -> Chart:
        remedy = "Declare states in its body, or use a subclass that does"
        raise StatechartError("SC120", owner.__name__, "the class has no states", remedy)


class OpenChart:
    """In place of the chart of a class whose context is left open, where that is needed."""

    def __get__(self, instance: object, owner: type) -> Chart:
        found = "the class leaves its context open"
        remedy = f"Close it in a subclass: class Sub({owner.__name__}[Events, Context])"
        raise StatechartError("SC120", owner.__name__, found, remedy)


class Statechart(Declaration[E, C]):
    """A chart, declared by subclassing: states are attributes, superstates nested classes.

    ``Statechart[Events, Context]`` says which events there are, a class or a union of classes, and
    gives the chart an extended state. Both may be left out: without events (or with ``Any``) the
    chart is open, and knows those that its lines name. A subclass without states is a mere base; a
    subclass of a chart is a copy of it, to which its body adds. A base that is to be extended with
    more events is generic: ``class Base(Statechart[E, C])``, then ``class Sub(Base[Go | Stop])``.

    Class keywords:
        allow: Codes of quality faults that are accepted knowingly, or ``"*"`` for all of them.
        entry: Gives the effects of starting the chart, before any state is entered.
        parallel: Whether its outermost states are regions, all of them active at once.

    In a body, lines on `Statechart` are the chart's own: ``Statechart.to(idle, on=Reset)`` holds in
    every state that does not answer first.

    Raises:
        DefinitionError: The declaration has faults; it lists them all.

    >>> from attrs import frozen
    >>> from statecharts import State, Statechart
    >>> @frozen
    ... class Push: ...
    >>> class Door(Statechart[Push]):
    ...     closed = State(initial=True)
    ...     open = State()
    ...     closed.to(open, on=Push)
    ...     open.to(closed, on=Push)
    >>> Door.chart.name, [state.id for state in Door.chart.states]
    ('Door', ['closed', 'open'])
    """

    __member__: ClassVar[Member]
    __allow__: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(
        cls,
        *,
        allow: str | tuple[str, ...] | None = None,
        entry: Hooked[None] | None = None,
        invoke: Calls[None] | None = None,
        parallel: bool | None = None,
        **unknown: Never,
    ) -> None:
        super().__init_subclass__()
        if unknown:
            raise _unknown(cls, unknown)
        member = Member(
            Options(StateKind.COMPOUND), cls.__name__, bases=bases_of(cls), location=location()
        )
        cls.__allow__ = _allowed(cls, allow, member)
        kind = StateKind.PARALLEL if parallel else StateKind.COMPOUND
        said = {
            "kind": None if parallel is None else kind,
            "entry": entry,
            "invoke": invoke,
            "doc": own_doc(cls),
        }
        cls.__member__ = member
        describe(cls, member, said)
        events, context = _read(cls, member)
        adopt(cls, member)
        if member.members or member.lost:
            cls.chart = _built(cls, events, context)
            if isinstance(vars(cls)["chart"], Chart):
                cls.chart.declared_by(cls)
        else:
            if member.problems:
                raise DefinitionError(cls.__name__, problems(member, cls.__name__))
            undeclared: Any = UndeclaredChart()
            cls.chart = undeclared
            # A later line on it belongs to the body that it is written in.
            member.seal()

    to: ClassVar[To[None]] = To()
    stay: ClassVar[Stay[None]] = Stay()
    always: ClassVar[AlwaysTo[None]] = AlwaysTo()
    after: ClassVar[AfterTo[None]] = AfterTo()
    ignore: ClassVar[Ignore[None]] = Ignore()
    defer: ClassVar[Defer[None]] = Defer()


def _allowed(cls: type, allow: Any, member: Member) -> tuple[str, ...]:
    """Return the codes that a class allows: those it names, else those of its bases."""
    codes: Any = (allow,) if isinstance(allow, str) else allow
    if codes is None:
        codes = (code for base in cls.__bases__ for code in getattr(base, "__allow__", ()))
    elif not isinstance(codes, (tuple, list, set, frozenset)) or not all(
        isinstance(code, str) for code in codes
    ):
        remedy = "Name the code of a quality fault, or several as a tuple"
        member.problems.append(
            ("SC119", f"allow= is {repr_of(allow)}, which is not a code", remedy)
        )
        return ()
    return tuple(dict.fromkeys(codes))


def _read(cls: type, member: Member) -> tuple[tuple[Any, ...] | None, Any]:
    """Return the events and the context that a class declares, those of its bases included.

    The events are None when they are open; the context is a type parameter where a class that is
    to be extended leaves it open.
    """
    try:
        rows = type_arguments(cls, Statechart)
    except UnresolvedError as error:
        found = f"a type argument cannot be resolved: {error}"
        member.problems.append(("SC112", found, error.remedy))
        return None, None
    for one in (argument for row in rows for argument in row):
        if isinstance(one, (list, set, dict)):
            inside = ", ".join(map(type_text, one))
            found = f"its brackets hold a {type(one).__name__} of {inside}"
            remedy = (
                "Write several events as a union, and the context after them: [Go | Stop, Count]"
            )
            member.problems.append(("SC114", found, remedy))
            return None, None
    closed = tuple(events for events, _ in rows if not is_open(events))
    if closed:  # what the lines of open bases name is then part of the union
        charts = (vars(base).get("chart") for base in cls.__bases__)
        opened = (one for one in charts if isinstance(one, Chart) and not one.closed)
        closed += tuple(event.cls for one in opened for event in one.events if event.cls)
    contexts = [one for _, one in rows if one not in (None, NoneType, Any)]
    known = list(dict.fromkeys(one for one in contexts if not is_open(one)))
    for one in known:
        if all(_derives(one, other) for other in known):
            return closed or None, one
    if known:
        shown = " and ".join(type_text(one) for one in known)
        remedy = "Give it one context, which derives from those of its bases"
        member.problems.append(("SC142", f"its bases have the contexts {shown}", remedy))
        return closed or None, known[0]
    return closed or None, contexts[0] if contexts else None


def _derives(one: Any, other: Any) -> bool:
    return one is other or other in getattr(one, "__mro__", ())


def _built(cls: type[Statechart[Any, Any]], events: Any, context: Any) -> Chart:
    """Build a chart; one whose context is left open may be what only a subclass can build."""
    known = None if is_open(context) else context
    if known is None and context is not None:
        known = getattr(context, "__bound__", None)
    try:
        return build(cls.__member__, events, known, cls.__allow__)
    except RecursionError:
        found = "its states are nested too deep for this Python"
        remedy = "Nest them less, or raise sys.setrecursionlimit"
        raise StatechartError("SC120", cls.__name__, found, remedy) from None
    except DefinitionError:
        if known is not None or context is None:
            raise
        cls.__member__.seal()
        undeclared: Any = OpenChart()
        return cast("Chart", undeclared)


def _unknown(cls: type, unknown: dict[str, Any]) -> StatechartError:
    name, value = next(iter(unknown.items()))
    if name not in ("events", "event"):
        known = ("allow", "entry", "invoke", "parallel")
        return unknown_keyword(cls.__name__, "a chart", unknown, known)
    several = value if isinstance(value, tuple) else union_members(value)
    text = " | ".join(map(type_text, several))
    found = f"{name}= is not a class keyword: the events are a type argument"
    remedy = f"Write class {cls.__name__}(Statechart[{text}])"
    return KeywordError("SC120", cls.__name__, found, remedy)
