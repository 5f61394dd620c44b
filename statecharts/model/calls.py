"""Calls: the events that a class of calls says it is answered by."""

from __future__ import annotations

import sys
import typing

from statecharts.model.effects import Call
from statecharts.model.fields import union_members


def answers_of(call: type[Call[typing.Any]]) -> tuple[type, ...] | None:
    """Return the event classes that a call may be answered by; None when it does not say.

    >>> class Paid: ...
    >>> class Refused: ...
    >>> class Charge(Call[Paid | Refused]): ...
    >>> [answer.__name__ for answer in answers_of(Charge)]
    ['Paid', 'Refused']
    """
    for cls in call.__mro__:
        for base in vars(cls).get("__orig_bases__", ()):
            if typing.get_origin(base) is Call:
                members = union_members(_resolved(typing.get_args(base)[0], cls))
                # Any is a class, from Python 3.11 on.
                known = (one for one in members if one is not typing.Any)
                classes = tuple(one for one in known if isinstance(one, type))
                return classes if len(classes) == len(members) else None
    return None


def _resolved(argument: typing.Any, cls: type) -> typing.Any:
    """Return a type argument; one in quotes is looked up in the module of the class."""
    text = getattr(argument, "__forward_arg__", argument)
    if not isinstance(text, str):
        return argument
    module = sys.modules.get(cls.__module__)
    try:
        return eval(text, {} if module is None else vars(module))  # noqa: S307 - an annotation
    except Exception:  # noqa: BLE001 - whatever it raises, it says nothing
        return typing.Any
