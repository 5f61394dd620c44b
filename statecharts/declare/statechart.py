"""Statechart: the class whose body declares a chart."""

from __future__ import annotations

from typing import Any, ClassVar

from statecharts.chart import Chart, Declaration, StateKind
from statecharts.declare.build import build
from statecharts.declare.members import Member, Options
from statecharts.declare.superstates import adopt, own_doc, type_argument
from statecharts.errors import StatechartError
from statecharts.generics import C


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
        cls, *, events: Any = None, allow: str | tuple[str, ...] | None = None
    ) -> None:
        super().__init_subclass__()
        if events is not None:
            cls.__events__ = events
        if allow is not None:
            cls.__allow__ = (allow,) if isinstance(allow, str) else tuple(allow)
        cls.__context__ = type_argument(cls, Statechart) or cls.__context__
        origin: Member | None = getattr(cls, "__member__", None)
        cls.__member__ = Member(
            Options(StateKind.COMPOUND, doc=own_doc(cls) or (origin.options.doc if origin else "")),
            cls.__name__,
            origin=origin,
        )
        adopt(cls, cls.__member__)
        if cls.__member__.members:
            cls.chart = build(cls.__member__, cls.__events__, cls.__context__, cls.__allow__)
        else:
            undeclared: Any = UndeclaredChart()
            cls.chart = undeclared
