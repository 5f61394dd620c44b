"""A chart whose data, context and events have fields of every kind, and values for all of them."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Annotated, Any, Generic, Literal, NewType, TypeVar
from uuid import UUID

from attrs import field, frozen
from hypothesis import strategies as st

from statecharts import Compound, Effect, History, State, Statechart

UserId = NewType("UserId", str)
T = TypeVar("T")
AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Colour(enum.Enum):
    RED = "red"
    BLUE = 2


class Odd(enum.Enum):
    PAIR = (1, 2)
    NONE = None


class Right(enum.IntFlag):
    READ = 1
    WRITE = 2


def _not_empty(_: object, __: object, value: str) -> None:
    if not value:
        raise ValueError("a name must not be empty")


@frozen
class Name:
    """A wrapper: one value with a type of its own."""

    value: str = field(validator=_not_empty)


@frozen
class Point:
    x: int
    y: float = 0.0


@frozen
class Label:
    type: str
    type_: int = 0


@frozen
class Tree:
    name: str
    children: tuple[Tree, ...] = ()
    parent: Tree | None = None


@frozen
class Box(Generic[T]):
    content: T
    spare: list[T] = field(factory=list)


@dataclasses.dataclass(frozen=True)
class Plain:
    count: int
    note: str = ""


Shape = Point | Label


@frozen
class Scalars:
    flag: bool
    count: int
    ratio: float
    text: str
    raw: bytes
    when: datetime
    day: date
    hour: time
    span: timedelta
    key: UUID
    price: Decimal
    path: PurePosixPath
    colour: Colour
    odd: Odd
    right: Right
    user: UserId
    name: Name
    level: Literal["low", "high", 3]
    nothing: None
    free: Any
    note: Annotated[str, "said"] = ""
    maybe: int | None = None


@frozen
class Containers:
    items: list[int]
    pair: tuple[int, str]
    many: tuple[Name, ...]
    row: Sequence[date]
    tags: frozenset[str]
    marks: set[Colour]
    table: dict[str, Point]
    counts: Mapping[int, float]
    users: dict[UserId, Name]
    grid: dict[tuple[int, int], str]
    days: dict[date, bool]
    tree: Tree
    box: Box[int]
    boxes: tuple[Box[str], ...]
    plain: Plain


@frozen
class Unions:
    shape: Shape
    wrapped: Name | Point
    several: int | float | str | bool | None
    times: datetime | date | str
    listed: list[int] | str | None
    either: dict[str, int] | Point | int
    choice: Colour | str
    literal: Literal["a"] | Point
    number: float | str
    deep: tuple[Shape | None, ...]


@frozen
class Total:
    count: int = 0
    last: Shape | None = None


@frozen
class Fill:
    scalars: Scalars


@frozen
class Pack:
    containers: Containers


@frozen
class Pick:
    unions: Unions


@frozen
class Leave:
    pass


@frozen
class Back:
    pass


@frozen
class Noted(Effect):
    shape: Shape
    at: datetime
    note: str | None = None


@frozen
class Filled:
    scalars: Scalars


@frozen
class Packed:
    containers: Containers


@frozen
class Picked:
    unions: Unions


class Lab(Statechart[Fill | Pack | Pick | Leave | Back, Total]):
    """A chart that does nothing but carry data."""

    class work(Compound, initial=True):
        past = History("work.idle")

        idle = State(initial=True)
        filled = State(Filled, entry=lambda m: Noted(Point(1), AT))
        packed = State(Packed)
        picked = State(Picked)

        idle.to(filled, on=Fill, update=lambda m: Total(m.context.count + 1, Label("x")))
        idle.to(packed, on=Pack)
        idle.to(picked, on=Pick)
        filled.to(packed, on=Pack)
        packed.to(picked, on=Pick)
        picked.to(filled, on=Fill)

    away = State()
    work.to(away, on=Leave)
    away.to(work.past, on=Back)


# -- values ----------------------------------------------------------------------------------------

moments = st.datetimes(timezones=st.just(UTC))
names = st.builds(Name, st.text(min_size=1))
points = st.builds(Point, st.integers(), st.floats(allow_nan=False))
labels = st.builds(Label, st.text(), st.integers())
shapes = points | labels
trees = st.recursive(
    st.builds(Tree, st.text()),
    lambda inner: st.builds(
        Tree, st.text(), st.lists(inner, max_size=3).map(tuple), st.none() | inner
    ),
    max_leaves=6,
)
numbers = st.floats(allow_nan=False)
finite = st.floats(allow_nan=False, allow_infinity=False)
decimals = st.decimals(allow_nan=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | finite | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
paths = st.lists(st.text(alphabet="abc", min_size=1), max_size=3).map(
    lambda parts: PurePosixPath(*parts)
)

scalars = st.builds(
    Scalars,
    flag=st.booleans(),
    count=st.integers(),
    ratio=numbers,
    text=st.text(alphabet=st.characters()),
    raw=st.binary(),
    when=moments,
    day=st.dates(),
    hour=st.times(),
    span=st.timedeltas(),
    key=st.uuids(),
    price=decimals,
    path=paths,
    colour=st.sampled_from(Colour),
    odd=st.sampled_from(Odd),
    right=st.integers(0, 3).map(Right),
    user=st.text(),
    name=names,
    level=st.sampled_from(["low", "high", 3]),
    nothing=st.none(),
    free=json_values,
    note=st.text(),
    maybe=st.none() | st.integers(),
)
containers = st.builds(
    Containers,
    items=st.lists(st.integers()),
    pair=st.tuples(st.integers(), st.text()),
    many=st.lists(names).map(tuple),
    row=st.lists(st.dates()).map(tuple),
    tags=st.frozensets(st.text()),
    marks=st.sets(st.sampled_from(Colour)),
    table=st.dictionaries(st.text(), points),
    counts=st.dictionaries(st.integers(), numbers),
    users=st.dictionaries(st.text(), names),
    grid=st.dictionaries(st.tuples(st.integers(), st.integers()), st.text(), max_size=4),
    days=st.dictionaries(st.dates(), st.booleans(), max_size=4),
    tree=trees,
    box=st.builds(Box, st.integers(), st.lists(st.integers())),
    boxes=st.lists(st.builds(Box, st.text()), max_size=3).map(tuple),
    plain=st.builds(Plain, st.integers(), st.text()),
)
unions = st.builds(
    Unions,
    shape=shapes,
    wrapped=names | points,
    several=st.none() | st.integers() | finite | st.text() | st.booleans(),
    times=moments | st.dates() | st.text(),
    listed=st.none() | st.lists(st.integers()) | st.text(),
    either=st.dictionaries(st.text(), st.integers()) | points | st.integers(),
    choice=st.sampled_from(Colour) | st.text(),
    literal=st.just("a") | points,
    number=finite | st.text(),
    deep=st.lists(st.none() | shapes, max_size=3).map(tuple),
)
events = (
    st.builds(Fill, scalars)
    | st.builds(Pack, containers)
    | st.builds(Pick, unions)
    | st.just(Leave())
    | st.just(Back())
)


def pack_json(order: tuple[str, str]) -> dict[str, Any]:
    """Return a `Pack` as JSON, its tags and marks in some order."""
    return {
        "type": "pack",
        "containers": {
            "items": [],
            "pair": [1, "x"],
            "many": [],
            "row": [],
            "tags": list(order),
            "marks": ["red", 2] if order[0] == "a" else [2, "red"],
            "table": {name: {"x": 1} for name in order},
            "counts": {},
            "users": {},
            "grid": [],
            "days": {},
            "tree": {"name": "root"},
            "box": {"content": 1},
            "boxes": [],
            "plain": {"count": 1},
        },
    }
