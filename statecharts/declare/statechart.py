"""Statechart: the class whose body declares a chart."""

from __future__ import annotations

from typing import Any, ClassVar

from statecharts.declare.build import build
from statecharts.declare.members import Member, Options
from statecharts.declare.states import Hooked
from statecharts.declare.superstates import adopt, own_doc, type_argument
from statecharts.declare.verbs import AfterTo, AlwaysTo, Ignore, Stay, To
from statecharts.model.chart import Chart, Declaration, StateKind
from statecharts.model.errors import StatechartError
from statecharts.model.generics import C


class UndeclaredChart:
    """Stands where the chart of a class without states would be, and says so when it is read."""

    def __get__(self, instance: object, owner: type) -> Chart:
        remedy = "Declare states in its body, or use a subclass that does"
        raise StatechartError("SC120", owner.__name__, "the class has no states", remedy)


class Statechart(Declaration[C]):
    """A chart, declared by subclassing: states are attributes, superstates nested classes.

    ``Statechart[Context]`` gives the chart an extended state. A subclass without states is a mere
    base; a subclass of a chart is a copy of it, to which its body adds.

    Class keywords:
        events: The closed union of event classes; without it, those that the lines name.
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
    >>> class Door(Statechart, events=Push):
    ...     closed = State(initial=True)
    ...     open = State()
    ...     closed.to(open, on=Push)
    ...     open.to(closed, on=Push)
    >>> Door.chart.name, [state.id for state in Door.chart.states]
    ('Door', ['closed', 'open'])
    """

    __member__: ClassVar[Member]
    __events__: ClassVar[Any] = None
    __context__: ClassVar[type | None] = None
    __allow__: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(
        cls,
        *,
        events: Any = None,
        allow: str | tuple[str, ...] | None = None,
        entry: Hooked[None] | None = None,
        parallel: bool | None = None,
    ) -> None:
        super().__init_subclass__()
        if events is not None:
            cls.__events__ = events
        if allow is not None:
            cls.__allow__ = (allow,) if isinstance(allow, str) else tuple(allow)
        cls.__context__ = type_argument(cls, Statechart) or cls.__context__
        origin: Member | None = getattr(cls, "__member__", None)
        cls.__member__ = Member(
            Options(
                _kind(origin, parallel=parallel),
                entry=entry or (origin.options.entry if origin else None),
                doc=own_doc(cls) or (origin.options.doc if origin else ""),
            ),
            cls.__name__,
            origin=origin,
        )
        adopt(cls, cls.__member__)
        if cls.__member__.members:
            cls.chart = build(cls.__member__, cls.__events__, cls.__context__, cls.__allow__)
        else:
            undeclared: Any = UndeclaredChart()
            cls.chart = undeclared
            # A line on it can only stand behind its body: it belongs to the one that it stands in.
            cls.__member__.seal()

    to: ClassVar[To[None]] = To()
    stay: ClassVar[Stay[None]] = Stay()
    always: ClassVar[AlwaysTo[None]] = AlwaysTo()
    after: ClassVar[AfterTo[None]] = AfterTo()
    ignore: ClassVar[Ignore[None]] = Ignore()


def _kind(origin: Member | None, *, parallel: bool | None) -> StateKind:
    """Return what a chart is made of: what it says itself, else what its base is made of."""
    if parallel is None:
        return StateKind.COMPOUND if origin is None else origin.options.kind
    return StateKind.PARALLEL if parallel else StateKind.COMPOUND
