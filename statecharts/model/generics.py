"""Type variables with defaults, so that a bare ``State()`` or ``Statechart`` means "no data".

Only type checkers know what a default is before Python 3.13; at run time plain variables do, and
importing what would make them known costs more than all the rest of this package's typing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    C = TypeVar("C", default=None)
    D = TypeVar("D", default=None)
    K = TypeVar("K", default=Any)
    C_co = TypeVar("C_co", covariant=True, default=Any)
    D_co = TypeVar("D_co", covariant=True, default=Any)
    E_co = TypeVar("E_co", covariant=True, default=Any)
else:
    from typing import TypeVar

    C, D, K = TypeVar("C"), TypeVar("D"), TypeVar("K")
    C_co = TypeVar("C_co", covariant=True)
    D_co = TypeVar("D_co", covariant=True)
    E_co = TypeVar("E_co", covariant=True)

__all__ = ["C", "C_co", "D", "D_co", "E_co", "K"]
