"""Configurations, and the names of states that people ask them about."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol, TypeAlias

from statecharts.model.chart import StateRef, SuperstateRef
from statecharts.model.errors import InactiveStateError, UnknownStateError
from statecharts.model.suggestions import did_you_mean
from statecharts.model.values import repr_of

StateName: TypeAlias = "StateRef[Any] | type[SuperstateRef[Any]] | str"
"""Whatever names a state: its object in the declaration, or its id."""


class Owner(Protocol):
    """The kernel that a configuration belongs to, as far as snapshots ask it."""

    chart: Any

    def can(self, snapshot: Any, event: Any, at: datetime | None) -> bool:
        """Tell whether a line would take an event."""
        ...

    def selected(self, snapshot: Any, event: Any, at: datetime | None) -> tuple[Any, ...]:
        """Return the lines that an event selects."""
        ...

    def enabled(self, snapshot: Any) -> tuple[type | str, ...]:
        """Return the events that an active state has a line for."""
        ...


class Configuration:
    """A configuration, kept once for all snapshots that are in it.

    Attributes:
        chart: Name of the chart.
        ids: The active states, in document order.
        known: Every state id of the chart, in document order.
        final: Whether the run has ended in it.
    """

    __slots__ = ("__weakref__", "_positions", "chart", "final", "ids", "known")

    states: tuple[int, ...]
    """The numbers of the active states, where a kernel owns it."""

    owner: Owner | None = None
    """The kernel that it belongs to; None when it comes from a pickle or a file."""

    def __init__(
        self,
        chart: str,
        ids: tuple[str, ...],
        known: tuple[str, ...],
        final: bool = False,  # noqa: FBT001, FBT002 - built in few places, by position
    ) -> None:
        self.chart = chart
        self.ids = ids
        self.known = known
        self.final = final
        self._positions: dict[str, int] | None = None

    @property
    def positions(self) -> dict[str, int]:
        """The position of each active state in `ids`."""
        if self._positions is None:
            self._positions = {state: i for i, state in enumerate(self.ids)}
        return self._positions

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Configuration):
            return NotImplemented
        return self.ids == other.ids and self.chart == other.chart

    def __hash__(self) -> int:
        return hash((self.chart, self.ids))

    def __deepcopy__(self, memo: object) -> Configuration:
        """Return itself: it never changes."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Configuration, (self.chart, self.ids, self.known, self.final)

    def position(self, state: StateName) -> int | None:
        """Return the position of a state, or None when it is not active.

        Raises:
            UnknownStateError: The chart has no such state.
        """
        name = self._id(state)
        found = self.positions.get(name)
        if found is None and name not in self.known:
            remedy = did_you_mean(name, self.known, "Name one of its states by its id")
            raise UnknownStateError("SC207", self.chart, f"there is no state {name!r}", remedy)
        return found

    def _id(self, state: StateName) -> str:
        """Return the id of a state; refuse a state of another chart."""
        if isinstance(state, str):
            return state
        member: Any = getattr(state, "__member__", None)
        charts = getattr(member, "charts", None)
        if charts and self.chart not in charts:
            found = f"{state_id(state)!r} is a state of {' and '.join(sorted(charts))}"
            remedy = f"Name a state of {self.chart}"
            raise UnknownStateError("SC205", self.chart, found, remedy)
        return state_id(state)

    def value(self, state: StateName, values: tuple[object, ...]) -> Any:
        """Return the data of an active state out of the values that are aligned with `ids`.

        Raises:
            UnknownStateError: The chart has no such state.
            InactiveStateError: The state is not active.
        """
        position = self.position(state)
        if position is None:
            name, active = state_id(state), ", ".join(self.ids) or "none"
            found = f"{name!r} is not active, so it has no data; active: {active}"
            raise InactiveStateError("SC206", self.chart, found, "Ask with `in` first")
        return values[position]


def state_id(state: StateName) -> str:
    """Return the id that a name of a state stands for.

    Raises:
        UnknownStateError: The state is not part of any chart (yet).

    >>> state_id("active.merge")
    'active.merge'
    """
    if isinstance(state, str):
        return state
    found = getattr(getattr(state, "__member__", None), "id", None)
    if not isinstance(found, str) or not found:
        found = f"{repr_of(state)} is not a state of a chart"
        raise UnknownStateError("SC207", "state", found, "Name a state of a declared chart")
    return found
