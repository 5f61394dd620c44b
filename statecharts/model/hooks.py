"""Hooks: the functions that a chart calls, with the names that readers show.

A function is compared by what it does (its code, defaults and closed-over values), not by identity,
so that a chart declared twice is the same chart.
"""

from __future__ import annotations

import ast
import copy
import functools
import inspect
import linecache
import sys
import types
from collections.abc import Callable
from typing import Any

from attrs import frozen

from statecharts.model.errors import StatechartError
from statecharts.model.values import Value


@frozen(eq=False, repr=False)
class Detached(Value):
    """Stands in for a function that a pickle could not keep, such as a lambda.

    Attributes:
        module: The module of the function.
        qualname: Its qualified name there.
        name: The name that readers show.
    """

    module: str
    qualname: str
    name: str

    def __call__(self, moment: Any) -> Any:  # noqa: ARG002 - like every hook
        """Refuse: there is no function any more."""
        found = f"the function {self.name!r} was lost when its line was pickled"
        remedy = "Take the line from the chart, where its functions are"
        raise StatechartError("SC220", self.module, found, remedy)

    @property
    def __name__(self) -> str:
        return self.name


@frozen(repr=False, eq=False)
class Hook:
    """A function of one moment, with a name for people.

    A pickle keeps functions that can be imported. In place of any other it keeps a `Detached`,
    which still equals the function that it was.

    Attributes:
        function: What is called.
        given: The name that a file gave it; None takes the name from the function.

    >>> Hook(lambda m: m.data.count > 3).name
    'data.count > 3'
    """

    function: Callable[[Any], Any]
    given: str | None = None

    @property
    def name(self) -> str:
        """The given name, the function's name, or for a lambda its source without the parameter."""
        return self.given if self.given is not None else function_name(self.function)

    @property
    def portable(self) -> bool:
        """Whether a pickle keeps the function."""
        return not isinstance(self.function, Detached) and _pickles(self.function)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Hook):
            return NotImplemented
        one, two = self.function, other.function
        if self.given != other.given:
            return False
        if isinstance(one, Detached) or isinstance(two, Detached):
            return _detached(one) == _detached(two)
        return one is two or meaning(one) == meaning(two)

    def __hash__(self) -> int:
        return hash((Hook, self.given))

    def __repr__(self) -> str:
        return f"Hook({self.name})"

    def __copy__(self) -> Hook:
        """Return itself: it never changes."""
        return self

    def __deepcopy__(self, memo: object) -> Hook:
        """Return itself: it never changes."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Hook, (self.function if self.portable else _detached(self.function), self.given)


def _detached(function: Any) -> Detached:
    """Return what stands in for a function in a pickle."""
    if isinstance(function, Detached):
        return function
    name = function_name(function)
    function = applied(function)
    named = function if hasattr(function, "__qualname__") else type(function)
    return Detached(str(named.__module__), named.__qualname__, name)


def _pickles(function: Any) -> bool:
    """Tell whether a pickle keeps a function."""
    if isinstance(function, types.FunctionType):  # by its name, which is quick to look up
        found: Any = sys.modules.get(function.__module__)
        for name in function.__qualname__.split("."):
            found = getattr(found, name, None)
        return found is function
    import pickle  # noqa: PLC0415 - only what is pickled needs it

    try:
        pickle.dumps(function)
    except Exception:  # noqa: BLE001 - a class may raise anything when it is pickled
        return False
    return True


def applied(function: Any) -> Any:
    """Return the function that a partial one applies, or that one of those applies, and so on."""
    while isinstance(function, functools.partial):
        function = function.func
    return function


def underlying(function: Any) -> Any:
    """Return the function that is carried out by a partial one, or by an object that is called.

    >>> underlying(functools.partial(len, "text")) is len
    True
    """
    made = applied(function)
    is_object = not isinstance(made, type) and not inspect.isroutine(made)
    return type(made).__call__ if is_object else made


def is_awaited(function: Any) -> bool:
    """Tell whether a function is a coroutine function, be it partial or an object's method.

    >>> is_awaited(len)
    False
    """
    return any(map(inspect.iscoroutinefunction, (applied(function), underlying(function))))


def function_name(function: Callable[..., Any]) -> str:
    """Return a function's own name; for a lambda, the source text of its body."""
    inner = applied(function)
    code = getattr(inner, "__code__", None)
    if isinstance(code, types.CodeType) and code.co_name == "<lambda>":
        return _lambda_text(code, code.co_filename) or "lambda"
    name = getattr(inner, "__name__", None)
    return name if isinstance(name, str) else type(inner).__name__


def meaning(function: Any) -> object:
    """Return what a function is compared by."""
    if isinstance(function, functools.partial):
        keywords = tuple(sorted(function.keywords.items()))
        return (meaning(function.func), function.args, keywords)
    if isinstance(function, types.FunctionType):
        cells = tuple(_cell(cell) for cell in function.__closure__ or ())
        defaults = (function.__defaults__, function.__kwdefaults__)
        return (function.__module__, function.__qualname__, function.__code__, defaults, cells)
    return function


def _cell(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # not bound yet
        return None


@functools.lru_cache(maxsize=4096)
def _lambda_text(code: types.CodeType, filename: str) -> str | None:
    """Find the lambda that a code object was compiled from, and return the text of its body.

    The file is part of the question: equal code may stand in two files, one of them out of reach.
    """
    places = [
        (line, column)
        for line, _, column, _ in code.co_positions()
        if line is not None and column is not None and (line, column) != (code.co_firstlineno, 0)
    ]
    first, last = min(places, default=(0, 0)), max(places, default=(0, 0))
    found = [
        node
        for node in _lambdas(filename)
        if _start(node.body) <= first and last <= _end(node.body)
    ]
    if not found:  # the code of a constant has no place of its own
        found = [node for node in _lambdas(filename) if node.lineno == code.co_firstlineno]
        found = found if len(found) == 1 else []
    if not found:
        return None
    innermost = max(found, key=lambda node: _start(node.body))
    names = {argument.arg for argument in innermost.args.args[:1]}
    return ast.unparse(_Shorten(names).visit(copy.deepcopy(innermost.body)))


def _start(node: ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _end(node: ast.expr) -> tuple[int, int]:
    return node.end_lineno or node.lineno, node.end_col_offset or node.col_offset


@functools.lru_cache(maxsize=64)
def _lambdas(filename: str) -> tuple[ast.Lambda, ...]:
    try:
        tree = ast.parse("".join(linecache.getlines(filename)))
    except (SyntaxError, ValueError):
        return ()
    return tuple(node for node in ast.walk(tree) if isinstance(node, ast.Lambda))


class _Shorten(ast.NodeTransformer):
    """Writes ``m.data.branch`` as ``data.branch``."""

    def __init__(self, names: set[str]) -> None:
        self.names = names

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if isinstance(node.value, ast.Name) and node.value.id in self.names:
            return ast.Name(node.attr, ast.Load())
        return ast.Attribute(self.visit(node.value), node.attr, ast.Load())
