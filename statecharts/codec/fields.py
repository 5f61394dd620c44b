"""Fields of the classes of a chart, with their annotations resolved."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import attrs
from attrs import frozen

from statecharts.codec.errors import Misfit
from statecharts.model.events import wire_name
from statecharts.model.fields import annotations_of, substituted


@frozen
class Member:
    """One field of a class.

    Attributes:
        name: Its name in an instance.
        key: Its name in ``__init__``, which is its name in JSON.
        annotation: Its type.
        given: Whether ``__init__`` takes it.
        required: Whether ``__init__`` takes it and has no default for it.
    """

    name: str
    key: str
    annotation: Any
    given: bool
    required: bool


def is_record(cls: Any) -> bool:
    """Tell whether a class is made of fields: an attrs class, or a data class."""
    return isinstance(cls, type) and (attrs.has(cls) or dataclasses.is_dataclass(cls))


def members(annotation: Any) -> tuple[Member, ...]:
    """Return the fields of a class, or of a generic class with its arguments.

    Raises:
        Misfit: An annotation names something that cannot be found.
    """
    cls = typing.get_origin(annotation) or annotation
    hints = annotations_of(cls)  # what a class passes to its bases is in them already
    own = getattr(cls, "__parameters__", ())
    arguments = dict(zip(own, typing.get_args(annotation), strict=False))
    found = []
    for name, key, declared, given, required in _declared(cls):
        hint = hints[name]
        if isinstance(hint, str):
            text = f"the annotation {declared!r} cannot be resolved"
            remedy = "Declare what it names at the top level of its module"
            raise Misfit("SC422", text, remedy, cls).within(key, cls)
        found.append(Member(name, key, substituted(hint, arguments), given, given and required))
    return tuple(found)


def _declared(cls: Any) -> Iterator[tuple[str, str, Any, bool, bool]]:
    if attrs.has(cls):
        for one in attrs.fields(cls):
            bare = one.default is attrs.NOTHING
            yield one.name, one.alias or one.name, one.type, one.init, bare
    else:
        for other in dataclasses.fields(cls):
            missing = dataclasses.MISSING
            bare = other.default is missing and other.default_factory is missing
            yield other.name, other.name, other.type, other.init, bare


def keeps_what_it_is_given(cls: type) -> bool:
    """Tell whether ``__init__`` puts each value that it is given into its field, and no more.

    It does not if a field has a converter or is not an argument, if the class has written its own
    ``__init__``, or if it runs code at the end.

    Raises:
        Misfit: It does not, and no instance can be made without it.
    """
    known: Any = attrs.fields(cls) if attrs.has(cls) else dataclasses.fields(cls)
    for one in getattr(cls, "__dataclass_fields__", {}).values():
        if "InitVar" in str(one.type):
            text = f"{cls.__name__}.{one.name} is an argument of __init__ that no field keeps"
            raise Misfit("SC422", text, "Make a field of it, or say how with carriers=", cls)
    plain = all(one.init and getattr(one, "converter", None) is None for one in known)
    if plain and _is_generated(cls) and finishing(cls) is None:
        return True
    for name in ("__new__", "__attrs_pre_init__"):
        if getattr(cls, name, object.__new__) is not object.__new__:
            text = f"{cls.__name__} has a {name}, and its __init__ does not keep what it is given"
            raise Misfit("SC422", text, f"Remove {name}, or say how with carriers=", cls)
    return False


def _is_generated(cls: type) -> bool:
    """Tell whether attrs or dataclasses have written the ``__init__`` of a class."""
    owner = next(one for one in cls.__mro__ if "__init__" in vars(one))
    if attrs.has(cls):
        return "__attrs_attrs__" in vars(owner) and "__attrs_init__" not in vars(owner)
    code = getattr(vars(owner)["__init__"], "__code__", None)
    return code is not None and code.co_qualname.startswith("__create_fn__")


def finishing(cls: type) -> Callable[[Any], None] | None:
    """Return the method that a class runs at the end of ``__init__``; None if it has none."""
    name = "__attrs_post_init__" if attrs.has(cls) else "__post_init__"
    return getattr(cls, name, None)


def _subclasses(classes: Iterable[type]) -> Iterable[type]:
    """Return all subclasses of some classes that are imported, nearest first.

    A decorator that makes a class anew leaves the old one in memory: of several with one name, the
    last counts.
    """
    found: dict[tuple[str, str], type] = {}
    waiting = list(classes)
    while waiting:
        below: list[type] = type.__subclasses__(waiting.pop(0))
        for cls in below:
            found[cls.__module__, cls.__qualname__] = cls
            waiting.append(cls)
    return found.values()


def named_subclasses(classes: Iterable[type]) -> dict[str, type]:
    """Return all subclasses of some classes that their names on the wire tell apart."""
    found: dict[str, list[type]] = {}
    for cls in _subclasses(classes):
        found.setdefault(wire_name(cls), []).append(cls)
    return {name: same[0] for name, same in found.items() if len(same) == 1}


def subclass_named(name: str, classes: Iterable[type]) -> type | None:
    """Return the only subclass of some classes with a name on the wire; None if it is not one."""
    return named_subclasses(classes).get(name)
