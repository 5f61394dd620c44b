"""Hooks: functions with names for people, compared by what they do."""

from __future__ import annotations

import functools
import linecache
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from statecharts.model.hooks import Hook, function_name

Function = Callable[[Any], Any]
InFile = Callable[[str], Function]


def patient(m: Any) -> bool:
    return bool(m.data.patience > 0)


def above(limit: int, m: Any) -> bool:
    return bool(m.data.count > limit)


class Over:
    def __init__(self, limit: int) -> None:
        self.limit = limit

    def __call__(self, m: Any) -> bool:
        return bool(m.data.count > self.limit)

    def check(self, m: Any) -> bool:
        return self(m)


def over(limit: int) -> Function:
    return lambda m: m.data.count > limit


def with_default(limit: int) -> Function:
    def test(m: Any, bound: int = limit) -> bool:
        return bool(m.data.count > bound)

    return test


def with_keyword(limit: int) -> Function:
    def test(m: Any, *, bound: int = limit) -> bool:
        return bool(m.data.count > bound)

    return test


def unbound() -> Function:
    later: Any

    def test(m: Any) -> Any:
        return later

    if test is len:  # never: the cell of `later` stays empty
        later = 1
    return test


def compiled(source: str, filename: str) -> Function:
    namespace: dict[str, Any] = {}
    exec(compile(source, filename, "exec"), namespace)
    function: Function = namespace["f"]
    return function


@pytest.fixture
def in_file(request: pytest.FixtureRequest) -> Iterator[InFile]:
    """Compiles a text that defines ``f`` as though it stood in a file of its own."""
    filename = f"<{request.node.name}>"

    def compile_(source: str) -> Function:
        linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
        return compiled(source, filename)

    yield compile_
    linecache.cache.pop(filename, None)


@pytest.mark.parametrize("make", [over, with_default, with_keyword])
def test_hooks_of_the_same_code_and_values_are_equal(make: Callable[[int], Function]) -> None:
    """Functions made twice are the same hook, unless a value that they hold differs."""
    assert Hook(make(3)) == Hook(make(3))
    assert Hook(make(3)) != Hook(make(4))


@pytest.mark.parametrize("make", [over, with_default, with_keyword])
def test_equal_hooks_have_equal_hashes(make: Callable[[int], Function]) -> None:
    """Hooks can be members of a set, whatever their defaults are passed by."""
    assert hash(Hook(make(3))) == hash(Hook(make(3)))


def test_hooks_of_different_functions_differ() -> None:
    """Another function is another hook, though it has the same text."""
    assert Hook(lambda m: m.a) != Hook(lambda m: m.b)
    assert Hook(patient) != Hook(Over(1))


def test_partials_are_compared_by_what_they_bind() -> None:
    """The function and the arguments of a partial decide; the order of keywords does not."""
    assert Hook(functools.partial(above, 3)) == Hook(functools.partial(above, 3))
    assert Hook(functools.partial(above, 3)) != Hook(functools.partial(above, 4))
    one = functools.partial(dict[str, int], a=1, b=2)
    other = functools.partial(dict[str, int], b=2, a=1)
    assert Hook(one) == Hook(other)


def test_callable_objects_are_compared_as_they_compare() -> None:
    """An object that is called, or whose method is, stands for itself."""
    limit = Over(3)
    assert Hook(limit) == Hook(limit)
    assert Hook(limit) != Hook(Over(3))
    assert Hook(limit.check) == Hook(limit.check)


def test_unbound_cells_compare() -> None:
    """A function whose closed-over name is not bound yet can be compared all the same."""
    assert Hook(unbound()) == Hook(unbound())


def test_given_name_wins_and_distinguishes() -> None:
    """A name from a file is shown, and is part of what the hook is."""
    assert Hook(patient, "is patient").name == "is patient"
    assert Hook(patient, "is patient") != Hook(patient)
    assert repr(Hook(patient, "is patient")) == "Hook(is patient)"


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (patient, "patient"),
        (functools.partial(above, 3), "above"),
        (functools.partial(functools.partial(above, 3)), "above"),
        (Over(3), "Over"),
        (Over(3).check, "check"),
        (len, "len"),
    ],
)
def test_function_has_its_own_name(function: Function, name: str) -> None:
    """Functions, partials, methods, builtins and objects are shown by a name."""
    assert function_name(function) == name


def test_lambda_is_named_by_its_text() -> None:
    """A lambda reads as its body, the moment left out of attribute look-ups."""
    assert Hook(lambda m: m.data.count > 3).name == "data.count > 3"
    assert Hook(lambda moment: moment.context.limit).name == "context.limit"


def test_lambda_without_attributes_keeps_its_text() -> None:
    """Only the parameter's own attributes are shortened."""
    assert Hook(lambda m: len(Over(1).check.__name__) + m.at.year).name == (
        "len(Over(1).check.__name__) + at.year"
    )
    assert function_name(lambda: True) == "True"


def test_lambdas_on_one_line_are_told_apart() -> None:
    """The place within the line decides which of several lambdas is meant."""
    one, other = (lambda m: m.data.left), (lambda m: m.data.right)
    assert (Hook(one).name, Hook(other).name) == ("data.left", "data.right")


def test_nested_lambdas_are_told_apart(in_file: InFile) -> None:
    """The innermost lambda around the code is the one that is shown."""
    outer = in_file("f = lambda m: (lambda n: n.inner)\n")
    assert Hook(outer(None)).name == "inner"


def test_lambda_that_holds_a_lambda_shows_both(in_file: InFile) -> None:
    """Only the moment's own attributes are shortened, not those of an inner parameter."""
    outer = in_file("f = lambda m: any(map(lambda s: s.ok, m.data.stories))\n")
    assert Hook(outer).name == "any(map(lambda s: s.ok, data.stories))"


def test_naming_a_lambda_leaves_the_others_alone(in_file: InFile) -> None:
    """However many lambdas of a file are named, in whatever order, each keeps its own text."""
    outer = in_file("f = lambda m: m.at and (lambda n: n.inner.most)\n")
    assert Hook(outer).name == "at and (lambda n: n.inner.most)"
    moment = SimpleNamespace(at=1)
    assert Hook(outer(moment)).name == "inner.most"


def test_lambda_over_several_lines_is_shown_whole() -> None:
    """A body over several lines becomes one line."""
    hook = Hook(
        lambda m: (
            m.data.count > 3
            and m.data.ready
        )
    )  # fmt: skip
    assert hook.name == "data.count > 3 and data.ready"


@pytest.mark.parametrize(
    ("field", "source"),
    [("a", ""), ("b", "f = (((\n"), ("c", "x = 1\n"), ("d", "f = lambda m: m.d\0\n")],
)
def test_lambda_without_its_source_is_called_lambda(
    field: str, source: str, in_file: InFile
) -> None:
    """Where the text is missing, broken or another, the name says that much."""
    function = in_file(f"f = lambda m: m.{field}")
    linecache.cache[function.__code__.co_filename] = (1, None, [source], "")
    assert Hook(function).name == "lambda"


def test_lambda_without_positions_is_found_when_it_is_alone_in_its_line() -> None:
    """Code without columns is still known by its line; of two in it, neither is guessed."""
    alone = (lambda m: m.data.count).__code__
    of_two = ((lambda m: m.data.left), (lambda m: m.data.right))[0].__code__
    names = []
    for code in (alone, of_two):
        function = eval("lambda m: 0")
        function.__code__ = code.replace(co_linetable=b"")
        names.append(Hook(function).name)
    assert names == ["data.count", "lambda"]
