"""Annotations of nodes: what they take and return, and where in their code something is wrong."""

from __future__ import annotations

import collections
import dataclasses
import functools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import Enum, StrEnum
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    Protocol,
    TypedDict,
    TypeVar,
)

import pytest
from attrs import field, frozen

from machines.planner import Engine, NodeError, Plan, PlanFaultsError, Work
from machines.planner.annotations import apart, declared, misfit
from tests.test_plan.conftest import CONFIG

if TYPE_CHECKING:
    from decimal import Decimal

T = TypeVar("T")


@frozen
class Price:
    asset: str
    eur: float


@frozen
class Quote:
    asset: str
    usd: float


@frozen
class Dated(Price):
    at: datetime


@frozen
class Named:
    asset: str
    note: str = ""


@frozen
class Both(Quote):
    """A quote that can be read as a price as well."""

    eur: float = 0.0


@dataclasses.dataclass
class Order:
    number: int
    lines: list[str] = dataclasses.field(default_factory=list)


@frozen
class Box(Generic[T]):
    inside: T


class Row(TypedDict):
    number: int


class Pair(NamedTuple):
    one: int
    two: str


class Colour(StrEnum):
    RED = "red"


class Level(Enum):
    HIGH = 2


class Sized(Protocol):
    def size(self) -> int: ...


class Opaque:
    """A class that nobody can read."""


class Prices(list[Price]):
    """A list of somebody's own."""


Asset = NewType("Asset", str)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (str, int),
        (int, str),
        (bytes, str),
        (str, bytes),
        (None, int),
        (int, None),
        (float, list[float]),
        (Price, Order),
        (Order, Price),
        (Price, Quote),
        (Price, int),
        (Price, list[Price]),
        (list[Price], Price),
        (list[str], list[int]),
        (list[str], tuple[int, ...]),
        (tuple[int, str], tuple[int, int]),
        (tuple[int, str], tuple[int, str, int]),
        (dict[str, str], dict[str, int]),
        (Mapping[str, Price], dict[str, list[Price]]),
        (str | None, int),
        (int | list[int], str),
        (int | str, Price | None),
        (Literal["a", "b"], Literal["c"]),
        (Literal["a"], int),
        (Colour, int),
        (Level, str),
        (Asset, int),
        (Annotated[str, "a note"], Annotated[int, "another"]),
        (list[list[str]], list[list[int]]),
        (Row, list[int]),
        (datetime, int),
        (set[str], frozenset[int]),
    ],
)
def test_types_of_which_no_result_can_be_taken_are_apart(given: Any, taken: Any) -> None:
    """What a type checker would refuse, and JSON cannot carry over."""
    assert apart(given, taken)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (Any, int),
        (int, Any),
        (object, Price),
        (T, int),
        (int, float),
        (float, int),  # 3.0 is 3
        (bool, int),
        (int, bool),  # True is an int
        (Price, Price),
        (Dated, Price),
        (Price, Dated),  # it may be a dated one
        (Quote, Price),  # there is a class of both
        (Price, Named),  # all that it needs is there
        (Price, dict[str, Any]),
        (dict[str, Any], Price),
        (Row, Price),
        (Box[int], Box[str]),  # nobody knows what the parameter is for
        (Box[int], Box[int]),
        (int | None, int),
        (int, int | None),
        (str | int, int | list[int]),
        (list[int], list[float]),
        (list[Any], list[int]),
        (list, list[int]),
        (list[Dated], Sequence[Price]),
        (Prices, list[Price]),
        (list[int], tuple[int, ...]),
        (list[int], tuple[int, int]),
        (tuple[int, ...], set[int]),
        (tuple[()], list[int]),
        (str, Sequence[str]),
        (list[int], Iterable[int]),
        (Iterator[int], list[int]),
        (Pair, tuple[int, str]),
        (Pair, dict[str, Any]),
        (str, datetime),
        (datetime, str),
        (date, datetime),
        (str, Colour),
        (Colour, str),
        (int, Level),
        (Literal["a", "b"], Literal["b", "c"]),
        (str, Literal["a"]),
        (str, Asset),
        (Asset, str),
        (Opaque, int),
        (int, Opaque),
        (Sized, int),
        (Price, Sized),
        (Callable[[int], int], int),
        (dict[int, str], dict[str, str]),
        (collections.Counter, dict[str, int]),
        (collections.OrderedDict[str, int], dict[str, int]),
        (type[int], int),
    ],
)
def test_types_of_which_some_result_can_be_taken_are_not_apart(given: Any, taken: Any) -> None:
    """What nobody knows for certain is no fault."""
    assert not apart(given, taken)


@pytest.mark.parametrize(
    ("value", "hint", "why"),
    [
        ("x", int, "it is str, not int"),
        (1, str, "it is int, not str"),
        (1.5, int, "it is float, not int"),
        (1, bool, "it is int, not bool"),
        (None, Price, "it is None, not Price"),
        (1, None, "it is int, not None"),
        ([Price("a", 1), "x"], list[Price], "[1] is str, not Price"),
        ({"a": [1, "x"]}, dict[str, list[int]], "['a'][1] is str, not int"),
        ({"a": 1}, list[int], "it is dict, not list[int]"),
        ((1, 2), tuple[int, int, int], "it is tuple, not tuple[int, int, int]"),
        ("x", int | None, "it is str, not int | None"),
        ("c", Literal["a", "b"], "it is str, not Literal['a', 'b']"),
        ({"asset": "a"}, Price, "it is dict, not Price"),
        ("yesterday", datetime, "it is str, not datetime"),
        ("text", Sequence[int], None),
        (Price("a", 1), Quote, "it is Price, not Quote"),
        ("green", Colour, "it is str, not Colour"),
    ],
)
def test_a_value_of_another_type_is_told_with_its_place(
    value: Any, hint: Any, why: str | None
) -> None:
    """Never the value: it may be a secret."""
    assert misfit(value, hint) == why


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (1, float),
        (3.0, int),
        (True, int),
        (None, int | None),
        ("x", Any),
        ("x", T),
        ("x", object),
        ((1, 2), list[int]),
        ([1, 2], set[int]),
        ([1, 2], tuple[int, int]),
        ([], tuple[int, ...]),
        ([1], Prices),
        (Dated("a", 1, datetime(2026, 1, 1, tzinfo=UTC)), Price),
        ({"asset": "a", "eur": 1}, Price),
        (Named("a"), Named),
        ({"number": 1}, Row),
        (Pair(1, "x"), Pair),
        ("2026-01-01T00:00:00", datetime),
        ("red", Colour),
        (Colour.RED, str),
        (2, Level),
        ("x", Asset),
        ("x", Annotated[str, "a note"]),
        (5, Opaque),
        (5, Sized),
        ([1], Iterable[int]),
        ([1], Iterator[int]),
        (collections.Counter("ab"), dict[str, int]),
        (Box(1), Box[str]),
        (len, Callable[..., int]),
    ],
)
def test_a_value_that_json_can_carry_over_fits(value: Any, hint: Any) -> None:
    """So does what nobody can tell."""
    assert misfit(value, hint) is None


def price(work: Work) -> Price:
    return Price("eth", 1.0)


def sell(work: Work, quote: Quote) -> float:
    return quote.usd


def add(work: Work, quotes: list[Quote]) -> float:
    return sum(one.usd for one in quotes)


def use(work: Work, one: Price, other: int) -> int:
    return other


def test_inputs_that_cannot_fit_are_told_before_a_run_begins_with_both_places() -> None:
    """All of them at once; many nodes of one function in one sentence."""
    plan = Plan("apart")
    node: Any = plan.node
    one = node("a.b.one", price)
    node("a.b.sell", sell, one)
    node("a.b.add", add, plan.many([node(f"a.b.n_{number}", price) for number in range(9)]))
    node("a.b.alone", sell, plan.many([one]))
    node("a.b.free", lambda work, given: given, one)
    node("a.b.use", use, one, one)
    with pytest.raises(PlanFaultsError, match=r"SC852.*4 faults") as caught:
        plan.graph()
    file = "tests/test_plan/test_plan_annotations.py"
    lines = {one.__name__: one.__code__.co_firstlineno for one in (price, sell, add, use)}
    returned = f"Price ({file}:{lines['price']} in price); change one of them"
    added = f"Quote ({file}:{lines['add']} in add)"
    taken = f"Quote ({file}:{lines['sell']} in sell)"
    assert [(one.kind, one.node, one.found) for one in caught.value.faults] == [
        ("wrong_input", "a.b.sell", f"it takes {taken}, and a.b.one returns {returned}"),
        (
            "wrong_input",
            "a.b.add",
            f"it takes each as {added}, and a.b.n_0 and 8 more return {returned}",
        ),
        (
            "wrong_input",
            "a.b.alone",
            f"it takes {taken}, and is given a list of 1 results; change one of them",
        ),
        (
            "wrong_input",
            "a.b.use",
            f"it takes int ({file}:{lines['use']} in use), and a.b.one returns {returned}",
        ),
    ]


def test_a_result_of_another_type_is_the_fault_of_the_node_that_returns_it(engine: Engine) -> None:
    """What takes it does not begin, and the place is that of the function that returns it."""

    def prices(work: Work) -> list[Price]:
        wrong: Any = [Price("eth", 1.0), "text"]
        return wrong  # type: ignore[no-any-return]

    def count(work: Work, given: list[Price]) -> int:
        return len(given)

    plan = Plan("wrong")
    plan.node("a.b.count", count, plan.node("a.b.prices", prices))
    run = engine.start(plan, config=CONFIG)
    assert [*run.errors] == ["a.b.prices"]
    error = run.errors["a.b.prices"]
    assert error.code == "wrong_result"
    assert error.message == "a.b.prices is to return list[Price]: [1] is str, not Price"
    assert error.place.endswith(f"annotations.py:{prices.__code__.co_firstlineno} in prices")
    assert engine.ledger(run.run).lines.keys() == {"a.b.prices"}


def test_an_input_that_cannot_be_read_names_the_node_whose_result_it_is(engine: Engine) -> None:
    """One of many, with what is missing in it; a number is not taken for a text."""
    plan = Plan("unread")
    node: Any = plan.node
    good = node("a.b.good", lambda _: {"asset": "eth", "usd": 1})
    bad = node("a.b.bad", lambda _: {"asset": "eth"})
    number = node("a.b.number", lambda _: 5)
    node("a.b.add", add, plan.many([good, bad]))
    node("a.b.text", lambda_of(str), number)
    run = engine.start(plan, config=CONFIG)
    message = "the result of a.b.bad cannot be read as Quote: required field missing @ $.usd"
    assert run.errors["a.b.add"].message == message
    message = "the result of a.b.number cannot be read as str: it is int, not str"
    assert run.errors["a.b.text"].message == message


def lambda_of(cls: Any) -> Any:
    """Return a function that takes an instance of a class."""

    def takes(work: Work, one: Any) -> None: ...

    takes.__annotations__["one"] = cls
    return takes


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("value", "hint", "written"),
    [
        (b"\x00ab", bytes, "0AXS"),
        ([b"x"], list[bytes], ["cm"]),
        ({3, 1, 2}, set[int], [1, 2, 3]),
        (frozenset("ba"), frozenset[str], ["a", "b"]),
        ({"a": {2, 1}}, dict[str, set[int]], {"a": [1, 2]}),
        ((1, "x"), tuple[int, str], [1, "x"]),
        (Price("a", 1.5), Price, {"asset": "a", "eur": 1.5}),
        (Order(1, ["x"]), Order, {"number": 1, "lines": ["x"]}),
        (datetime(2026, 1, 2, tzinfo=UTC), datetime, "2026-01-02T00:00:00+00:00"),
        (date(2026, 1, 2), date, "2026-01-02"),
        (Path("x/y"), Path, "x/y"),
        (Level.HIGH, Level, 2),
    ],
)
def test_a_result_is_json_and_comes_back_as_the_node_that_takes_it_says(
    engine: Engine, value: Any, hint: Any, written: Any
) -> None:
    """A node without annotations gets the JSON, and so does the context."""
    seen: dict[str, Any] = {}

    def gives(work: Work) -> Any:
        return value

    def takes(work: Work, one: Any) -> None:
        seen["typed"] = one

    gives.__annotations__["return"] = takes.__annotations__["one"] = hint
    plan = Plan("results")
    given = plan.node("a.b.gives", gives)
    plan.node("a.b.takes", takes, given)
    plan.node("a.b.plain", lambda _, one: seen.update(plain=one), given)
    run = engine.start(plan, config=CONFIG)
    assert (seen["typed"], seen["plain"]) == (value, written)
    assert engine.context(run.run)["a.b.gives"] == written


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("value", "why"),
    [
        (float("nan"), "nan is not finite"),
        (2**60, "beyond 2**53"),
        ({1: "x"}, "the key 1 is not a text"),
        (bytearray(b"x"), "of the class bytearray"),
        ((one for one in [1]), "of the class generator"),
        (Opaque(), "of the class Opaque"),
    ],
)
def test_a_result_that_json_cannot_carry_is_refused(engine: Engine, value: Any, why: str) -> None:
    """It fails its node, with the reason."""
    plan = Plan("refused")
    plan.node("a.b.c", lambda _: value)
    error = engine.start(plan, config=CONFIG).errors["a.b.c"]
    assert error.code == "context_serialize_failed"
    assert why in error.message


class Reader:
    """An object that is called; its fields have the names of parameters."""

    one: int

    def __call__(self, work: Work, one: Price) -> str:
        return one.asset

    def read(self, work: Work, one: Price) -> str:
        return one.asset


def half_known(work: Work, one: Price, two: Decimal) -> str:
    return one.asset


def with_default(work: Work, one: Price, sign: str = "") -> str:
    return sign + one.asset


@functools.wraps(with_default)
def wrapped(*args: Any) -> Any:
    return [with_default(*args)]


@pytest.mark.parametrize(
    ("function", "returns"),
    [
        (Reader(), str),
        (Reader().read, str),
        (half_known, str),
        (functools.partial(with_default, sign="-"), str),
        (functools.partial(functools.partial(with_default), sign="-"), str),
        (wrapped, Any),  # a decorator may change what comes out
    ],
)
def test_the_annotations_of_whatever_can_be_called_are_known(function: Any, returns: Any) -> None:
    """Objects, methods, partial functions, and functions of which one name is for checkers only."""
    assert (declared(function).takes["one"], declared(function).returns) == (Price, returns)


def test_whatever_can_be_called_is_a_node(engine: Engine) -> None:
    """Its inputs are instances of what it is annotated with."""
    plan = Plan("callables")
    one = plan.node("a.b.price", price)
    functions: list[Any] = [Reader(), Reader().read, functools.partial(with_default, sign="-")]
    for number, function in enumerate([*functions, wrapped]):
        plan.node(f"a.b.n_{number}", function, one)
    context = engine.context(engine.start(plan, config=CONFIG).run)
    assert [context[f"a.b.n_{n}"] for n in range(4)] == ["eth", "eth", "-eth", ["eth"]]


class Later:
    async def __call__(self, work: Work) -> int:
        return 1


def yields(work: Work) -> Iterator[int]:
    yield 1


async def yields_later(work: Work) -> Any:
    yield 1


@pytest.mark.parametrize("function", [Later(), functools.partial(Later()), yields, yields_later])
def test_what_returns_no_result_of_its_own_is_refused(function: Any) -> None:
    """Coroutines would never be awaited, and generators are no JSON."""
    plan = Plan("later")
    plan.node("a.b.c", function)
    assert [one.kind for one in plan.validate()] == ["wrong_function"]


def test_a_coroutine_as_a_result_is_told_and_closed(engine: Engine) -> None:
    """What cannot be seen before: a lambda that calls a coroutine function."""
    plan = Plan("later")
    plan.node("a.b.c", lambda work: Later()(work))
    error = engine.start(plan, config=CONFIG).errors["a.b.c"]
    assert (error.code, "let it call asyncio.run" in error.message) == ("wrong_result", True)


def test_an_error_tells_the_line_of_the_nodes_own_code(engine: Engine, tmp_path: Path) -> None:
    """The innermost line that is not of a library, also in a helper; never a secret."""

    def helper() -> None:
        json.loads("{")

    def parses(work: Work) -> None:
        helper()

    def refuses(work: Work) -> None:
        raise NodeError("busy", "wait")

    def asks(work: Work) -> None:
        work.io.file("gone.txt", key="input")

    plan = Plan("places")
    for one in (parses, refuses, asks):
        plan.node(f"a.b.{one.__name__}", one)
    nobody: Any = len
    plan.node("a.b.no_code", nobody)
    errors = engine.start(plan, config=CONFIG).errors
    file = "tests/test_plan/test_plan_annotations.py"
    first = {one.__name__: one.__code__.co_firstlineno + 1 for one in (helper, refuses, asks)}
    assert errors["a.b.parses"].place == f"{file}:{first['helper']} in helper"
    assert errors["a.b.refuses"].place == f"{file}:{first['refuses']} in refuses"
    assert str(errors["a.b.refuses"]) == f"busy: wait ({errors['a.b.refuses'].place})"
    assert errors["a.b.asks"].place == f"{file}:{first['asks']} in asks"
    found = "the file 'gone.txt' cannot be read: No such file or directory (key input)"
    assert errors["a.b.asks"].message == found
    assert errors["a.b.no_code"].place == ""

    folder = tmp_path / "password=hunter2"
    folder.mkdir()
    (folder / "secret.py").write_text("def fails(work):\n    1 / 0\n")
    names: dict[str, Any] = {}
    exec(compile((folder / "secret.py").read_text(), str(folder / "secret.py"), "exec"), names)
    plan = Plan("secret")
    plan.node("a.b.c", names["fails"])
    place = engine.start(plan, config=CONFIG).errors["a.b.c"].place
    assert "hunter2" not in place
    assert "password=Secret(…)" in place


def _split(text: str) -> tuple[str, ...]:
    return tuple(text)


@frozen
class Spelt:
    parts: tuple[str, ...] = field(converter=_split)


def test_a_class_with_a_converter_is_a_result_like_any_other(engine: Engine) -> None:
    """An instance of what is annotated fits, whatever its fields are made by."""

    def spelt(work: Work) -> Spelt:
        return Spelt("abc")

    plan = Plan("spelt")
    plan.node("a.b.c", spelt)
    context = engine.context(engine.start(plan, config=CONFIG).run)
    assert context["a.b.c"] == {"parts": ["a", "b", "c"]}
