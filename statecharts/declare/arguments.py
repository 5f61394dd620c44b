"""Arguments: what classes put in the brackets of their bases, ``Statechart[Events, Context]``.

They are followed through generic bases (``class Base(Statechart[E, C])``, ``class Sub(Base[Go])``),
through ``type`` statements, and through quotes: a name in quotes is looked up where the class is
declared, in the scope first, then in the module.
"""

from __future__ import annotations

import builtins
import functools
import operator
import sys
import types
import typing
from collections import ChainMap
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any, Final, TypeVar

from statecharts.declare.members import caller
from statecharts.model.fields import substituted
from statecharts.model.values import repr_of

ARGUMENTS: Final = "__statechart_arguments__"
"""The attribute of a class that holds the type arguments it passes on, open ones included."""


class UnresolvedError(Exception):
    """A type argument that cannot be resolved."""

    remedy: Final = "Define the names before the class, or import them outside TYPE_CHECKING"


def type_arguments(cls: type, family: type) -> tuple[tuple[Any, ...], ...]:
    """Return what each base of a class passes to a family of classes, and keep it for subclasses.

    A type parameter that a class leaves open stays in it: see `is_open`.

    Raises:
        UnresolvedError: An argument names something that cannot be found.
    """
    resolve = _Resolver(cls)
    found: list[tuple[Any, ...]] = []
    for base in vars(cls).get("__orig_bases__", cls.__bases__):
        origin = typing.get_origin(base) or base
        if not (isinstance(origin, type) and issubclass(origin, family)):
            continue
        given = tuple(resolve(argument) for argument in typing.get_args(base))
        passed = vars(origin).get(ARGUMENTS)
        if passed is None:  # the family itself
            found.extend([given] if given else [])
        else:
            arguments = dict(_filled(getattr(origin, "__parameters__", ()), given))
            found.extend(tuple(substituted(one, arguments) for one in row) for row in passed)
    rows = tuple(row for number, row in enumerate(found) if row not in found[:number])
    setattr(cls, ARGUMENTS, rows)
    return rows


def is_open(argument: Any) -> bool:
    """Tell whether an argument leaves open what it stands for: a type parameter, or ``Any``."""
    if argument is Any or isinstance(argument, TypeVar):
        return True
    return any(map(is_open, typing.get_args(argument)))


def _filled(parameters: tuple[Any, ...], given: tuple[Any, ...]) -> Iterator[tuple[Any, Any]]:
    """Yield what type parameters stand for: an argument, or the default where there is one."""
    for number, parameter in enumerate(parameters):
        if number < len(given):
            yield parameter, given[number]
        elif getattr(parameter, "has_default", bool)():
            yield parameter, parameter.__default__


class _Resolver:
    """Resolves quotes and ``type`` statements in the arguments of one class."""

    def __init__(self, cls: type) -> None:
        self.cls = cls

    def __call__(self, argument: Any) -> Any:
        try:
            return self._resolved(argument, {})
        except UnresolvedError:
            raise
        except Exception as error:
            raise UnresolvedError(f"{_text(argument)} raises {repr_of(error)}") from error

    def _resolved(self, argument: Any, known: Mapping[Any, Any]) -> Any:
        if isinstance(argument, (str, typing.ForwardRef)):
            return self._resolved(self._evaluated(_text(argument)), known)
        if isinstance(argument, TypeVar):
            return known.get(argument, argument)
        origin, arguments = typing.get_origin(argument), typing.get_args(argument)
        if origin is typing.Annotated:
            return self._resolved(arguments[0], known)
        if not isinstance(argument, type) and hasattr(argument, "__value__"):
            # A `type` statement's name, with arguments of its own or without.
            names = getattr(origin, "__type_params__", ())
            own = (self._resolved(one, known) for one in arguments)
            return self._resolved(argument.__value__, dict(zip(names, own, strict=False)))
        if origin in (typing.Union, types.UnionType):
            parts = tuple(self._resolved(part, known) for part in arguments)
            return functools.reduce(operator.or_, parts)  # a `typing.Union` would be kept for ever
        if known:
            return substituted(argument, known)
        return argument

    def _evaluated(self, text: str) -> Any:
        module = sys.modules.get(self.cls.__module__)
        frame = caller()
        names: list[Any] = [
            {one.__name__: one for one in getattr(self.cls, "__type_params__", ())},
            *_scopes(frame),
            {} if frame is None else frame.f_globals,
            {} if module is None else vars(module),
            {self.cls.__name__: self.cls},
            vars(builtins),
        ]
        try:
            return eval(text, {}, ChainMap(*names))  # noqa: S307 - the annotation is code of the chart's own module
        except Exception as error:
            raise UnresolvedError(f"{text!r} raises {repr_of(error)}") from error


def _scopes(frame: FrameType | None) -> Iterator[dict[str, Any]]:
    """Yield the scope that declares a class, and those around it as long as these are bodies."""
    while frame is not None:
        yield frame.f_locals
        if "__qualname__" not in frame.f_locals:
            return
        frame = frame.f_back


def _text(argument: Any) -> str:
    if isinstance(argument, typing.ForwardRef):
        return argument.__forward_arg__
    return argument if isinstance(argument, str) else repr(argument)
