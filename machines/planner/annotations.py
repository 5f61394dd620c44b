"""Annotations: what the functions of nodes say they take and return, and what does not fit.

Results are JSON between nodes, so what fits is what JSON carries from one type to the other: a
tuple is a list, an instance of attrs is a dict. Whatever is not known for certain fits.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
import typing
from collections import abc, deque
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, Final, Literal, NewType, Union, get_args, get_origin

import attrs
from attrs import frozen
from cattrs import StructureHandlerNotFoundError, transform_error
from cattrs.preconf.json import make_converter

from machines.plan.vocabulary import Json
from statecharts.model.hooks import underlying
from statecharts.store.artifacts import canonical


def _in_order(items: Iterable[Json]) -> list[Json]:
    return sorted(items, key=canonical)


CONVERTER: Final = make_converter(unstruct_collection_overrides={AbstractSet: _in_order})
"""Writes results as JSON, and reads them by their types; sets in an order that is always the same.
"""

_DEEPEST: Final = 20
_ALIAS: Final[Any] = getattr(typing, "TypeAliasType", None)  # from Python 3.12 on
_UNKNOWN: Final = (Any, object, typing.NoReturn, typing.Never, typing.Self)
_TEXTS: Final = (str, bytes, datetime, date)
_LISTS: Final = (list, tuple, set, frozenset, deque)
_ABSTRACT: Final = (
    abc.Iterable,
    abc.Collection,
    abc.Sequence,
    abc.MutableSequence,
    abc.Set,
    abc.MutableSet,
)
_MAPPINGS: Final = (abc.Mapping, abc.MutableMapping)


# -- what a function says --------------------------------------------------------------------------


@frozen
class Declared:
    """The annotations of a function, as far as they are known.

    Attributes:
        takes: The types of its parameters, by name.
        returns: The type of its result; Any where nobody says, or a decorator may have changed it.
    """

    takes: Mapping[str, Any]
    returns: Any


def declared(function: Callable[..., Any]) -> Declared:
    """Return the annotations of a function, a method, a partial one, or an object that is called.

    One that cannot be read, such as a name for type checkers alone, leaves the others.

    >>> def add(work, one: "int", two: "Missing") -> float: ...
    >>> declared(add)
    Declared(takes={'one': <class 'int'>}, returns=<class 'float'>)
    """
    made = underlying(function)
    if isinstance(made, type):
        return Declared(_hints(made.__init__), made)  # type: ignore[misc]
    found = _hints(made)
    returns = found.pop("return", Any)
    return Declared(found, Any if hasattr(made, "__wrapped__") else returns)


def _hints(function: Any) -> dict[str, Any]:
    """Return the annotations that can be read, each by itself."""
    try:
        return typing.get_type_hints(function)
    except Exception:  # noqa: BLE001 - an annotation may hold anything
        said = getattr(function, "__annotations__", {})
        inner = inspect.unwrap(function)
        names = getattr(inner, "__globals__", {})
    found: dict[str, Any] = {}
    for name, hint in said.items():
        alone = types.SimpleNamespace(__annotations__={name: hint})
        try:
            found |= typing.get_type_hints(alone, names)
        except Exception:  # noqa: BLE001, S112 - the others are read all the same
            continue
    return found


def told(hint: Any) -> str:
    """Return a type as people write it.

    >>> told(list[datetime]), told(int | None), told(dict[str, typing.Any])
    ('list[datetime]', 'int | None', 'dict[str, Any]')
    """
    if isinstance(hint, type) and not get_args(hint):
        return "None" if hint is types.NoneType else hint.__name__
    return re.sub(r"(?:\w+\.|<locals>\.)+(?=\w)", "", repr(hint))


# -- whether a value fits --------------------------------------------------------------------------


def misfit(value: Any, hint: Any, *, plain: bool = False, place: str = "") -> str | None:
    """Return why a value is not what a type says; None if it is, or if nobody can tell.

    Args:
        value: The value.
        hint: The type.
        plain: Whether the value is JSON that `CONVERTER` will read, which looks at classes itself.
        place: Where the value is.

    >>> misfit([1, "x"], list[int]), misfit((1, 2), list[float]), misfit("x", int | None)
    ('[1] is str, not int', None, 'it is str, not int | None')
    """
    hint = _bare(hint)
    if not _fits(value, hint, plain=plain):
        return f"{place or 'it'} is {told(type(value))}, not {told(hint)}"
    for where, one, of in _inside(value, hint):
        why = misfit(one, of, plain=plain, place=f"{place}[{where!r}]")
        if why is not None:
            return why
    return None


def _fits(value: Any, hint: Any, *, plain: bool) -> bool:
    """Return whether a value may be what a type says, whatever is inside."""
    kind = get_origin(hint) or hint
    if _is_union(hint):
        return any(misfit(value, one, plain=plain) is None for one in get_args(hint))
    if kind is Literal:
        said = [one.value if isinstance(one, Enum) else one for one in get_args(hint)]
        return value in [*get_args(hint), *said]
    if not isinstance(kind, type) or kind in _UNKNOWN or _is_protocol(kind):
        return True
    if kind is types.NoneType:
        return value is None
    if kind in (str, int, float, bool):
        return _is_primitive(value, kind)
    if kind in (*_LISTS, *_ABSTRACT):
        there = isinstance(value, _LISTS) or (kind in _ABSTRACT and isinstance(value, kind))
        return there and _count(hint) in (None, len(value))
    if kind in (dict, *_MAPPINGS):
        return isinstance(value, Mapping)
    is_instance = not typing.is_typeddict(kind) and isinstance(value, kind)
    return plain or is_instance or _is_readable(value, hint)


def _inside(value: Any, hint: Any) -> Iterable[tuple[Any, Any, Any]]:
    """Return what is in a list or a dict, with its places and types; nothing if no type is said."""
    kind, given = get_origin(hint), get_args(hint)
    if kind in (dict, *_MAPPINGS) and len(given) == _PAIR:
        return [(key, one, given[1]) for key, one in value.items()]
    if kind in (*_LISTS, *_ABSTRACT) and isinstance(value, _LISTS):
        found = elements(hint, len(value))
        return [(*one, of) for one, of in zip(enumerate(value), found, strict=True)]
    return []


_PAIR: Final = 2


def unread(error: Exception) -> str:
    """Return why JSON could not be read as a type, with the place; never the value.

    >>> @frozen
    ... class Price:
    ...     eur: float
    >>> try:
    ...     CONVERTER.structure([{"euro": 5}], list[Price])
    ... except Exception as error:
    ...     unread(error)
    'required field missing @ $[0].eur'
    """
    first = transform_error(error)[0]
    return type(error).__name__ if first.startswith("unknown error") else first


def _is_primitive(value: Any, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float)
    if kind is int and isinstance(value, float):  # 3.0 is 3 in JSON
        return value.is_integer()
    return isinstance(value, kind)


def _is_readable(value: Any, hint: Any) -> bool:
    """Return whether a value that is no instance can be read as one; True where nobody can tell."""
    try:
        CONVERTER.structure(CONVERTER.unstructure(value), hint)
    except Exception as error:  # noqa: BLE001 - whatever a class of the node's own may raise
        return _is_unsupported(error)
    return True


def _is_unsupported(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return any(map(_is_unsupported, error.exceptions))
    return isinstance(error, StructureHandlerNotFoundError)


# -- whether types fit -----------------------------------------------------------------------------


def elements(hint: Any, count: int) -> list[Any]:
    """Return the types of the elements of a list of some length; Any where it does not say.

    >>> elements(list[int], 2), elements(tuple[int, str], 2), elements(list, 1)
    ([<class 'int'>, <class 'int'>], [<class 'int'>, <class 'str'>], [typing.Any])
    """
    hint = _bare(hint)
    kind, given = get_origin(hint) or hint, get_args(hint)
    if kind is tuple and given and given[-1] is not Ellipsis:
        return list(given) if len(given) == count else [Any] * count
    is_list = isinstance(kind, type) and kind in (*_LISTS, *_ABSTRACT)
    return [given[0] if is_list and given else Any] * count


def apart(given: Any, taken: Any, depth: int = 0) -> bool:
    """Return whether no result of a type can be what another one takes.

    >>> apart(str, int), apart(int, float), apart(list[str], list[int]), apart(str, int | str)
    (True, False, True, False)
    """
    given, taken = _bare(given), _bare(taken)
    if depth > _DEEPEST or given == taken:
        return False
    if _is_union(given):
        return all(apart(one, taken, depth + 1) for one in get_args(given))
    if _is_union(taken):
        return all(apart(given, one, depth + 1) for one in get_args(taken))
    if get_origin(given) is Literal:
        return all(misfit(one, taken) is not None for one in get_args(given))
    written, read = _kinds(given), _kinds(taken)
    if written is None or read is None:
        return False
    if written.isdisjoint(read):
        return True
    kinds = [get_origin(one) or one for one in (given, taken)]
    if written == read == {"list"}:
        return _are_apart(given, taken, kinds, depth)
    if written == read == {"dict"}:
        if all(_has_fields(one) for one in kinds):
            return _lacks(*kinds)
        values = [get_args(one) for one in (given, taken)]
        both = all(one in (dict, *_MAPPINGS) for one in kinds) and all(map(len, values))
        return both and apart(values[0][-1], values[1][-1], depth + 1)
    return {str, bytes} == set(kinds)


def _are_apart(given: Any, taken: Any, kinds: list[Any], depth: int) -> bool:
    """Return whether the elements of two lists are apart, or their lengths."""
    counts = [_count(one) for one in (given, taken)]
    if None not in counts and counts[0] != counts[1]:
        return True
    if not all(kind in _LISTS or kind in _ABSTRACT for kind in kinds):
        return False  # a class of somebody's own
    length = next((one for one in counts if one is not None), 1)
    pairs = zip(elements(given, length), elements(taken, length), strict=True)
    return any(apart(one, other, depth + 1) for one, other in pairs)


def _count(hint: Any) -> int | None:
    """Return how many elements a tuple has; None where that is open."""
    given = get_args(hint)
    if get_origin(hint) is not tuple or (given and given[-1] is Ellipsis):
        return None
    return len(given)


def _lacks(given: type, taken: type) -> bool:
    """Return whether a class has fields that instances of another one can never give it."""
    below: list[type] = [given]
    left = [*below]
    while left:
        found: list[type] = type.__subclasses__(left.pop())
        more = [one for one in found if one not in below]
        below += more
        left += more
    needed = _needed(taken)
    return not any(issubclass(one, taken) or needed <= _fields(one) for one in below)


def _fields(cls: Any) -> set[str]:
    fields: Any = attrs.fields(cls) if attrs.has(cls) else dataclasses.fields(cls)
    return {one.name for one in fields}


def _needed(cls: Any) -> set[str]:
    """Return the fields without which a class cannot be made."""
    if attrs.has(cls):
        return {one.name for one in attrs.fields(cls) if one.init and one.default is attrs.NOTHING}
    missing = dataclasses.MISSING
    return {
        one.name
        for one in dataclasses.fields(cls)
        if one.init and one.default is missing and one.default_factory is missing
    }


def _has_fields(kind: Any) -> bool:
    return isinstance(kind, type) and (attrs.has(kind) or dataclasses.is_dataclass(kind))


def _kinds(hint: Any) -> frozenset[str] | None:
    """Return the kinds of JSON that a type is written as; None where that is not known."""
    kind = get_origin(hint) or hint
    if kind is Literal:
        return _kinds_of(get_args(hint))
    if kind is types.NoneType:
        return frozenset({"null"})
    if not isinstance(kind, type) or kind in _UNKNOWN or _is_protocol(kind):
        return None
    if issubclass(kind, Enum):
        members: Iterable[Any] = kind
        return _kinds_of([one.value for one in members])
    found: set[str] = set()
    if _has_fields(kind) or typing.is_typeddict(kind) or kind in _MAPPINGS:
        found.add("dict")
    elif hasattr(kind, "_fields") or kind is abc.Iterable:
        return None  # a named tuple, or anything that can be gone through
    for name, classes in (
        ("number", (int, float)),
        ("text", _TEXTS),
        ("list", (*_LISTS, *(one for one in _ABSTRACT if kind is one))),
        ("dict", (dict,)),
    ):
        if issubclass(kind, classes):
            found.add(name)
    if kind in (abc.Sequence, abc.Collection):
        found |= {"text", "list", "dict"}
    return frozenset(found) or None


def _kinds_of(values: Iterable[Any]) -> frozenset[str] | None:
    found: set[str] = set()
    for one in values:
        known = _kinds(type(one.value if isinstance(one, Enum) else one))
        if known is None:
            return None
        found |= known
    return frozenset(found) or None


def _bare(hint: Any) -> Any:
    """Return a type without the names and notes around it."""
    while True:
        if hint is None:
            return types.NoneType
        if get_origin(hint) is Annotated:
            hint = get_args(hint)[0]
        elif isinstance(hint, NewType):
            hint = hint.__supertype__
        elif _ALIAS is not None and isinstance(hint, _ALIAS):
            hint = hint.__value__
        else:
            return hint


def _is_union(hint: Any) -> bool:
    return get_origin(hint) in (Union, types.UnionType)


def _is_protocol(kind: Any) -> bool:
    return bool(getattr(kind, "_is_protocol", False))
