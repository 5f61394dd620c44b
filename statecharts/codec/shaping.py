"""Shaping: from an annotation to the shape of its values."""

from __future__ import annotations

import collections.abc
import enum
import os
import threading
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar, final

from statecharts.codec.containers import (
    ANY,
    array_shape,
    mapping_shape,
    set_shape,
    tuple_shape,
)
from statecharts.codec.errors import Misfit, reason
from statecharts.codec.fields import is_record
from statecharts.codec.records import Record, wrapper_field, wrapper_shape
from statecharts.codec.scalars import NULL, SCALARS
from statecharts.codec.shapes import Shape, is_never_written, never_written
from statecharts.codec.unions import enum_shape, literal_shape, optional_shape, union_shape
from statecharts.model.events import snake_case
from statecharts.model.fields import type_text

_LISTS: Final = (list, collections.abc.MutableSequence)
_TUPLES: Final = (collections.abc.Sequence, collections.abc.Collection, collections.abc.Iterable)
_SETS: Final = (set, collections.abc.MutableSet)
_FROZEN_SETS: Final = (frozenset, collections.abc.Set)
_MAPPINGS: Final = (dict, collections.abc.MutableMapping, collections.abc.Mapping)
_THROUGH: Final = (typing.Annotated, typing.Final, typing.ClassVar)
_SIMPLE: Final = frozenset({"string", "integer", "number", "boolean"})

_MAKING: Final = threading.RLock()
"""Is held while a class is worked out: no other thread, and no forked process, sees half of it."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_MAKING.acquire, after_in_parent=_MAKING.release, after_in_child=_MAKING.release
    )

Carrier = tuple[Callable[[Any], Any], Callable[[Any], Any]]
"""Carries a class: a function that makes JSON of a value, and one that makes a value of JSON."""


@final
class Shaper:
    """Gives the shape of every annotation, each worked out once.

    Args:
        carriers: Functions that write and read the values of a class, by class.
        lenient: Whether fields that are not known are dropped instead of refused.
    """

    def __init__(self, carriers: Mapping[type, Carrier], *, lenient: bool) -> None:
        self._lenient = lenient
        self._own = {cls: _carried(cls, *pair) for cls, pair in carriers.items()}
        self._shapes: dict[Any, Shape] = {}
        self._records: dict[Any, Record] = {}
        self._making: dict[Any, Record] = {}
        self._wrapping: list[Any] = []
        self.special: Callable[[Any], Mapping[str, Shape]] = lambda _: {}
        """Gives the shapes of a class's fields whose annotations do not say all."""

    def of(self, annotation: Any) -> Shape:
        """Return the shape of an annotation.

        Raises:
            Misfit: It cannot be carried.
        """
        try:
            found = self._shapes.get(annotation)
        except TypeError:  # an Annotated with something in it that has no hash
            return self._new(annotation)
        if found is None:
            found = self._shapes[annotation] = self._new(annotation)
        return found

    def record(self, annotation: Any, special: Mapping[str, Shape] | None = None) -> Record:
        """Return the shape of a class as an object, be it a wrapper of one value or not.

        Raises:
            Misfit: One of its fields cannot be carried.
        """
        found = self._records.get(annotation)
        if found is None:
            with _MAKING:
                found = self._made(annotation, special)
        return found

    def _made(self, annotation: Any, special: Mapping[str, Shape] | None) -> Record:
        found = self._records.get(annotation) or self._making.get(annotation)
        if found is not None:
            return found
        _refuse_never_written(annotation)
        outermost = not self._making
        found = self._making[annotation] = Record(annotation, lenient=self._lenient)
        try:
            found.compile(self.of, self.special(annotation) if special is None else special)
        except BaseException:
            del self._making[annotation]
            raise
        finally:
            if outermost:  # the others may hold it: none is shown to other threads before
                self._records |= self._making
                self._making.clear()
        return found

    def _new(self, annotation: Any) -> Shape:
        origin = typing.get_origin(annotation)
        arguments = typing.get_args(annotation)
        if annotation is None:
            return NULL
        if annotation in (Any, object):
            return ANY
        if isinstance(annotation, TypeVar):
            return self._variable(annotation)
        if origin in _THROUGH:
            return self.of(arguments[0])
        if hasattr(annotation, "__supertype__"):  # a NewType
            return self.of(annotation.__supertype__)
        if origin in (typing.Union, types.UnionType):
            return self._union(arguments)
        if origin is typing.Literal:
            return literal_shape(arguments)
        if hasattr(annotation, "__value__") and not isinstance(annotation, type):
            # What a ``type`` statement names.
            return self.of(annotation.__value__)
        return self._class(annotation, origin or annotation, arguments)

    def _variable(self, variable: TypeVar) -> Shape:
        if variable.__constraints__:
            return self._union(variable.__constraints__)
        return ANY if variable.__bound__ is None else self.of(variable.__bound__)

    def _class(self, annotation: Any, cls: Any, arguments: tuple[Any, ...]) -> Shape:
        _refuse_never_written(cls)
        if cls in self._own:
            return self._own[cls]
        if cls in SCALARS:
            return SCALARS[cls]
        if is_record(cls):
            return self._record_or_wrapper(annotation, cls)
        if isinstance(cls, type) and issubclass(cls, enum.Enum):
            return enum_shape(cls)
        found = self._container(annotation, cls, arguments)
        if found is None:
            text = f"{type_text(annotation)} cannot be carried by JSON"
            remedy = "Use an attrs class, or say how with carriers="
            raise Misfit("SC422", text, remedy, annotation)
        return found

    def _record_or_wrapper(self, annotation: Any, cls: type) -> Shape:
        field = wrapper_field(cls) if annotation is cls else None
        if field is None or cls in self._wrapping or cls in self._making or cls in self._records:
            return self.record(annotation)
        self._wrapping.append(cls)
        try:
            inner = self.of(field.annotation)
        finally:
            self._wrapping.remove(cls)
        return wrapper_shape(cls, inner) if inner.kinds <= _SIMPLE else self.record(cls)

    def _container(self, annotation: Any, cls: Any, arguments: tuple[Any, ...]) -> Shape | None:
        text = type_text(annotation)
        if cls in _LISTS:
            return array_shape(self._argument(arguments, 0), list, text)
        if cls in _TUPLES:
            return array_shape(self._argument(arguments, 0), tuple, text)
        if cls is tuple:
            if annotation is tuple or arguments[1:] == (...,):
                return array_shape(self._argument(arguments, 0), tuple, text)
            return tuple_shape([self.of(argument) for argument in arguments], text)
        if cls in _SETS:
            return set_shape(self._argument(arguments, 0), set, text)
        if cls in _FROZEN_SETS:
            return set_shape(self._argument(arguments, 0), frozenset, text)
        if cls in _MAPPINGS:
            key = self._argument(arguments, 0) if arguments else SCALARS[str]
            return mapping_shape(key, self._argument(arguments, 1), cls is not dict, text)
        return None

    def _argument(self, arguments: tuple[Any, ...], index: int) -> Shape:
        return self.of(arguments[index]) if arguments else ANY

    def _union(self, annotations: tuple[Any, ...]) -> Shape:
        flat = list(self._flattened(annotations))
        nullable = any(one in (None, type(None)) for one in flat)
        flat = [one for one in flat if one not in (None, type(None))]
        if any(one in (Any, object) for one in flat):
            return ANY
        if len(flat) > 1:
            found = self._one_of(flat)
        else:
            found = self.of(flat[0]) if flat else NULL
        return optional_shape(found) if nullable else found

    def _one_of(self, annotations: list[Any]) -> Shape:
        literals = [v for a in annotations for v in _literals(a)]
        shapes: dict[int, Shape] = {}
        for annotation in annotations:
            if not _literals(annotation):
                cls = typing.get_origin(annotation) or annotation
                plain = not is_record(cls) or cls in self._own
                shape = self.of(annotation) if plain else self.record(annotation)
                shapes[id(shape)] = shape
        classes = {cls for shape in shapes.values() for cls in shape.classes}
        if literals and not {value.__class__ for value in literals} <= classes:
            shape = literal_shape(literals)
            shapes[id(shape)] = shape
        members = list(shapes.values())
        return members[0] if len(members) == 1 else union_shape(members)

    def _flattened(self, annotations: tuple[Any, ...]) -> Any:
        for annotation in annotations:
            inner = annotation
            while True:
                if typing.get_origin(inner) in _THROUGH:
                    inner = typing.get_args(inner)[0]
                elif hasattr(inner, "__supertype__"):
                    inner = inner.__supertype__
                elif hasattr(inner, "__value__") and not isinstance(inner, type):
                    inner = inner.__value__
                else:
                    break
            if typing.get_origin(inner) in (typing.Union, types.UnionType):
                yield from self._flattened(typing.get_args(inner))
            else:
                yield inner


def _refuse_never_written(annotation: Any) -> None:
    cls = typing.get_origin(annotation) or annotation
    if is_never_written(cls):
        raise never_written(cls, annotation)


def _literals(annotation: Any) -> tuple[Any, ...]:
    return typing.get_args(annotation) if typing.get_origin(annotation) is typing.Literal else ()


def _carried(cls: type, dump_own: Callable[[Any], Any], load_own: Callable[[Any], Any]) -> Shape:
    name = cls.__name__

    def load(value: Any, _: Any = None) -> Any:
        try:
            return load_own(value)
        except RecursionError:
            raise
        except Exception as error:
            found = f"{name} refuses it: {reason(error)}"
            raise Misfit("SC402", found, f"Give what reads as a {name}", value) from error

    def dump(value: Any) -> Any:
        try:
            return ANY.dump(dump_own(value))
        except RecursionError:
            raise
        except Misfit as misfit:
            misfit.within(None, value)
            raise
        except Exception as error:
            found = f"{name} cannot be written: {reason(error)}"
            raise Misfit("SC421", found, "Fix the function that writes it", value) from error

    return Shape(
        f"a {name}", load, dump, lambda _definitions: {}, ANY.kinds, (cls,), snake_case(name)
    )
