"""Type variables with defaults, so that a bare ``State()`` or ``Statechart`` means "no data".

Only type checkers know what a default is before Python 3.13; at run time plain variables do, and
importing what would make them known costs more than all the rest of this package's typing. The
classes that have several of them fill in what a subscription leaves out (`defaulting`).

A subscription is not kept: `typing` remembers those of its own generic classes, and with them the
classes of charts that are long gone.
"""

from __future__ import annotations

from types import GenericAlias
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    E = TypeVar("E", default=Any)
    C = TypeVar("C", default=None)
    D = TypeVar("D", default=None)
    K = TypeVar("K", default=Any)
    C_co = TypeVar("C_co", covariant=True, default=Any)
    D_co = TypeVar("D_co", covariant=True, default=Any)
    E_co = TypeVar("E_co", covariant=True, default=Any)
else:
    from typing import TypeVar

    E, C, D, K = TypeVar("E"), TypeVar("C"), TypeVar("D"), TypeVar("K")
    C_co = TypeVar("C_co", covariant=True)
    D_co = TypeVar("D_co", covariant=True)
    E_co = TypeVar("E_co", covariant=True)

__all__ = ["C", "C_co", "D", "D_co", "E", "E_co", "K", "defaulting"]

T = TypeVar("T")

DEFAULTS: Final[dict[Any, Any]] = {E: Any, C: None, K: Any}
"""The type arguments of variables that a subscription leaves out."""


def defaulting(cls: T) -> T:
    """Let a subscription of a class leave out its last type arguments at run time as well.

    >>> from statecharts import Statechart
    >>> Statechart[int].__args__
    (<class 'int'>, None)
    """
    generic: Any = cls

    def class_getitem(cls: Any, arguments: Any) -> Any:
        given = arguments if isinstance(arguments, tuple) else (arguments,)
        missing = cls.__parameters__[len(given) :]
        if all(variable in DEFAULTS for variable in missing):
            given = (*given, *(DEFAULTS[variable] for variable in missing))
        if len(given) != len(cls.__parameters__):
            msg = f"{cls.__name__} takes {len(cls.__parameters__)} type arguments, not {len(given)}"
            raise TypeError(msg)
        return GenericAlias(cls, given)

    generic.__class_getitem__ = classmethod(class_getitem)
    return cast("T", generic)
