"""Fields of the attrs classes that data, events and contexts are declared as.

Read once for each class: the names that fields are filled by, their types as text and as objects,
and which of them do without a value.
"""

from __future__ import annotations

import contextlib
import sys
import types
import typing
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Final, TypeAlias, TypeVar, final

import attrs
from attrs import field, frozen

from statecharts.model.values import Value


@final
class TakesTheTime:
    """The marker that makes an annotation `Occurred`."""

    def __repr__(self) -> str:
        return "Occurred"


OCCURRED: Final = TakesTheTime()

Occurred: TypeAlias = Annotated[datetime, OCCURRED]
"""Annotates a field that takes the time of the moment at which its state is entered.

The kernel fills it, always; code that builds the class by hand passes the time itself. The field
has no default, so it may stand anywhere.

>>> from attrs import frozen
>>> from statecharts import Occurred
>>> @frozen
... class Running:
...     started_at: Occurred
>>> fields_of(Running)[0].occurred
True
"""

FIELDS: Final = "__statechart_fields__"
"""The attribute of a class that caches its fields, so that they are freed with the class."""


@frozen(eq=False, repr=False)
class Field(Value):
    """One field of an attrs class, as filling by name and pictures need it.

    Attributes:
        name: Name of the attribute.
        argument: Name under which ``__init__`` takes it (attrs strips leading underscores).
        type: The annotation as text, in its shortest form.
        optional: Whether it has a default.
        occurred: Whether it takes the time of the moment.
        keyword: Whether ``__init__`` takes it by keyword only.
        annotation: The annotation as an object, or Any when it cannot be resolved.
        converted: Whether a converter turns the value it is given into the value it holds.
    """

    name: str
    argument: str
    type: str
    optional: bool
    occurred: bool
    keyword: bool
    annotation: Any = field(default=Any, eq=False, repr=False)
    converted: bool = field(default=False, eq=False, repr=False)


def fields_of(cls: type) -> tuple[Field, ...]:
    """Return the fields of an attrs class that ``__init__`` takes, in order.

    Returns an empty tuple for a class that is not an attrs class.

    >>> fields_of(int)
    ()
    """
    if not attrs.has(cls):
        return ()
    found: tuple[Field, ...] | None = vars(cls).get(FIELDS)
    if found is not None:
        return found
    hints = annotations_of(cls)
    found = tuple(_field(one, hints[one.name]) for one in attrs.fields(cls) if one.init)
    if not any(isinstance(annotation, str) for annotation in hints.values()):
        # What cannot be resolved yet is asked for again: its name may be defined by then.
        with contextlib.suppress(Exception):  # a metaclass may refuse; then it is read each time
            setattr(cls, FIELDS, found)
    return found


def _field(attribute: Any, annotation: Any) -> Field:
    plain = bare(annotation)
    return Field(
        attribute.name,
        attribute.alias,
        type_text(plain),
        attribute.default is not attrs.NOTHING,
        _mentions_time(annotation),  # one that may be something else is a fault (`misused_time`)
        attribute.kw_only,
        Any if isinstance(plain, str) else plain,
        attribute.converter is not None,
    )


def names_of(cls: type | None) -> frozenset[str]:
    """Return the names of the fields of an attrs class; of anything else, an empty set."""
    if cls is None or not attrs.has(cls):
        return frozenset()
    return frozenset(f.name for f in attrs.fields(cls))


def is_mutable(cls: type) -> bool:
    """Tell whether instances of an attrs class can be changed.

    >>> from attrs import define, frozen
    >>> is_mutable(frozen(type("Fixed", (), {"__annotations__": {"n": int}})))
    False
    >>> is_mutable(define(type("Loose", (), {"__annotations__": {"n": int}})))
    True
    """
    fixed = getattr(cls.__setattr__, "__name__", "") == "_frozen_setattrs"
    return attrs.has(cls) and not fixed and bool(attrs.fields(cls))


def mutable_part(cls: type) -> tuple[str, type] | None:
    """Return the first field that may hold an instance that can be changed, and its class.

    It may be in a collection, or in an instance that cannot be changed itself.

    >>> from attrs import define, frozen
    >>> Loose = define(type("Loose", (), {"__annotations__": {"n": int}}))
    >>> Held = frozen(type("Held", (), {"__annotations__": {"all": tuple[Loose, ...]}}))
    >>> mutable_part(Held)
    ('all', <class 'statecharts.model.fields.Loose'>)
    """
    waiting = [(one.name, one.annotation) for one in reversed(fields_of(cls))]
    seen: set[int] = {id(cls)}
    while waiting:
        name, annotation = waiting.pop()
        annotation = _unaliased(annotation)
        parts = [*typing.get_args(annotation), typing.get_origin(annotation) or annotation]
        for part in parts[:-1]:
            waiting.append((name, part))
        held = parts[-1]
        if isinstance(held, type) and id(held) not in seen:
            seen.add(id(held))
            if is_mutable(held):
                return name, held
            waiting.extend((name, one.annotation) for one in fields_of(held))
    return None


def field_type(cls: type, name: str) -> Any:
    """Return the resolved annotation of one field, or Any when it cannot be told."""
    if not attrs.has(cls):
        return Any
    found = bare(annotations_of(cls).get(name, Any))
    return Any if isinstance(found, str) else found


def misused_time(cls: type) -> tuple[tuple[str, str], ...]:
    """Return the fields that say `Occurred` and cannot mean it, each with the reason."""
    found: list[tuple[str, str]] = []
    hints = annotations_of(cls) if attrs.has(cls) else {}
    for one in attrs.fields(cls) if attrs.has(cls) else ():
        annotation = hints[one.name]
        if takes_the_time(annotation):
            if one.default is not attrs.NOTHING:
                found.append((one.name, "has a default"))
            elif not one.init:
                found.append((one.name, "is not an argument of __init__"))
        elif _mentions_time(annotation):
            found.append((one.name, f"is declared as {_time_text(annotation)}"))
    return tuple(found)


def takes_the_time(annotation: Any) -> bool:
    """Tell whether an annotation is `Occurred`, by that name or another."""
    if isinstance(annotation, str):
        return annotation.rpartition(".")[2] == "Occurred"
    annotation = _unaliased(annotation)
    return any(one is OCCURRED for one in getattr(annotation, "__metadata__", ()))


def _mentions_time(annotation: Any) -> bool:
    if isinstance(annotation, str):
        return "Occurred" in annotation.replace("[", " ").replace("]", " ").split()
    annotation = _unaliased(annotation)
    return takes_the_time(annotation) or any(map(_mentions_time, typing.get_args(annotation)))


def _time_text(annotation: Any) -> str:
    if takes_the_time(annotation):
        return "Occurred"
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return " | ".join(map(_time_text, typing.get_args(annotation)))
    return type_text(annotation)


def annotations_of(cls: type) -> dict[str, Any]:
    """Return the annotation of each field of an attrs class or dataclass, resolved one by one.

    Type parameters are replaced by what a subclass passes for them. An annotation that cannot be
    resolved stays the text that it is; it changes nothing for the others.
    """
    names: dict[str, Any] = {}
    if attrs.has(cls):
        declared = {one.name: one.type for one in attrs.fields(cls)}
    else:
        declared = {
            name: one.type for name, one in getattr(cls, "__dataclass_fields__", {}).items()
        }
    for name, annotation in declared.items():
        owner = _owner(cls, name)
        said = annotation is not None or name in vars(owner).get("__annotations__", {})
        resolved = _resolved(annotation, owner) if said else Any
        names[name] = substituted(resolved, parameters(cls, owner))
    return names


def _owner(cls: type, name: str) -> type:
    """Return the class whose body declares a field."""
    for base in cls.__mro__:
        own = vars(base).get("__attrs_attrs__")
        if own is not None:
            if any(one.name == name and not one.inherited for one in own):
                return base
        elif name in vars(base).get("__annotations__", {}):
            return base
    return cls


def _resolved(annotation: Any, owner: type) -> Any:
    if annotation is None:
        return types.NoneType
    if isinstance(annotation, type):
        return annotation
    module = sys.modules.get(owner.__module__)
    scope: dict[str, Any] = {one.__name__: one for one in getattr(owner, "__type_params__", ())}
    shim = types.SimpleNamespace(__annotations__={"it": annotation})
    try:
        # As for a class: names of the module come before those of the class's own body.
        return typing.get_type_hints(
            shim, {**vars(owner), **scope}, vars(module) if module else {}, include_extras=True
        )["it"]
    except Exception:  # noqa: BLE001 - an annotation is code, and may raise anything
        return annotation if isinstance(annotation, str) else type_text(annotation)


def parameters(cls: type, owner: type) -> dict[Any, Any]:
    """Return what the type parameters of a base stand for in a class."""
    if cls is owner:
        return {}
    for base in vars(cls).get("__orig_bases__", cls.__bases__):
        origin = typing.get_origin(base) or base
        if isinstance(origin, type) and owner in origin.__mro__:
            given = dict(
                zip(getattr(origin, "__parameters__", ()), typing.get_args(base), strict=False)
            )
            if origin is owner:
                return given
            return {k: substituted(v, given) for k, v in parameters(origin, owner).items()}
    return {}


def substituted(annotation: Any, arguments: Mapping[Any, Any]) -> Any:
    """Return an annotation with type parameters replaced by what they stand for.

    >>> T = typing.TypeVar("T")
    >>> substituted(dict[str, T], {T: int})
    dict[str, int]
    """
    if not arguments:
        return annotation
    if isinstance(annotation, TypeVar):
        return arguments.get(annotation, annotation)
    inside = getattr(annotation, "__parameters__", ())
    if not inside or isinstance(annotation, type):
        return annotation
    if isinstance(annotation, types.UnionType):
        parts = tuple(substituted(part, arguments) for part in typing.get_args(annotation))
        return typing.Union[parts]  # noqa: UP007 - of parts that are known at run time
    generic: Any = annotation
    return generic[tuple(arguments.get(one, one) for one in inside)]


def _unaliased(annotation: Any) -> Any:
    """Return what a ``type`` statement's name stands for; anything else as it is."""
    try:
        while hasattr(annotation, "__value__") and not isinstance(annotation, type):
            annotation = annotation.__value__
    except Exception:  # noqa: BLE001 - it is worked out when it is first read, and may raise
        return Any
    return annotation


def bare(annotation: Any) -> Any:
    """Return an annotation without what `Annotated` adds to it, at any depth."""
    if isinstance(annotation, (str, type)):
        return annotation
    try:
        return typing.get_type_hints(types.SimpleNamespace(__annotations__={"it": annotation}))[
            "it"
        ]
    except Exception:  # noqa: BLE001 - some of what an annotation may hold cannot be taken apart
        return annotation


def type_text(annotation: object) -> str:
    """Return an annotation as short text, without the modules of its names.

    >>> type_text(dict[str, int] | None), type_text(datetime), type_text("list[Story]")
    ('dict[str, int] | None', 'datetime', 'list[Story]')
    """
    if annotation is None or annotation is types.NoneType:
        return "None"
    if isinstance(annotation, str):
        return annotation
    if annotation is ...:
        return "..."
    if isinstance(annotation, list):
        return f"[{', '.join(map(type_text, annotation))}]"
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return type_text(arguments[0])
    if origin in (typing.Union, types.UnionType):
        return " | ".join(map(type_text, arguments))
    if origin is typing.Literal:
        return f"Literal[{', '.join(map(repr, arguments))}]"
    if origin is not None and arguments:
        return f"{type_text(origin)}[{', '.join(map(type_text, arguments))}]"
    name = getattr(annotation, "__name__", None)
    return name if isinstance(name, str) else str(annotation).removeprefix("typing.")


def fits(given: Any, wanted: Any) -> bool:
    """Tell whether a value of one annotation may fill a field of another.

    Errs on the side of yes: only two annotations that plainly exclude each other do not fit.

    >>> fits(bool, int), fits(str, int), fits(str, str | None), fits(str | None, str)
    (True, False, True, False)
    """
    try:
        return _fits(given, wanted)
    except Exception:  # noqa: BLE001 - a metaclass may raise anything; such a pair is not judged
        return True


def _fits(given: Any, wanted: Any) -> bool:
    given_members, wanted_members = _members(given), _members(wanted)
    if given_members is None or wanted_members is None:
        return True
    numbers = {float: (int,), complex: (int, float)}
    accepted = tuple(cls for wide in wanted_members for cls in (wide, *numbers.get(wide, ())))
    return all(issubclass(member, accepted) for member in given_members)


def _members(annotation: Any) -> tuple[type, ...] | None:
    """Return the plain classes that an annotation stands for, or None when it is not that plain."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _members(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        parts = [_members(argument) for argument in typing.get_args(annotation)]
        return None if None in parts else tuple(c for part in parts if part for c in part)
    if annotation is None:
        return (types.NoneType,)
    if annotation is Any:
        return None
    plain = isinstance(annotation, type) and origin is None and annotation is not object
    structural = getattr(annotation, "_is_protocol", False) or typing.is_typeddict(annotation)
    return (annotation,) if plain and not structural else None


def union_members(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union, flattened; of anything else, that thing alone.

    >>> union_members(int | str | None)
    (<class 'int'>, <class 'str'>, <class 'NoneType'>)
    """
    if hasattr(annotation, "__value__"):  # the name in a ``type`` statement, or that with arguments
        names = getattr(typing.get_origin(annotation), "__type_params__", ())
        given = dict(zip(names, typing.get_args(annotation), strict=False))
        return union_members(substituted(annotation.__value__, given))
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return tuple(m for part in typing.get_args(annotation) for m in union_members(part))
    return (annotation,)


def build_default(cls: type) -> Callable[[], Any] | None:
    """Return what builds an instance without arguments, or None when a field needs a value."""
    needs = any(not f.optional for f in fields_of(cls))
    return None if needs else cls
