"""Places in the code of nodes: ``FILE:LINE in function``."""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import CodeType
from typing import Any, Final

import statecharts
from statecharts.model.hooks import underlying

_OURS: Final = tuple(
    f"{one}/"
    for one in (
        Path(__file__).parent,
        Path(__file__).parent.parent / "plan",
        Path(statecharts.__file__).parent,
    )
)
_INSTALLED: Final = tuple(
    f"{sysconfig.get_path(one)}/" for one in ("stdlib", "platstdlib", "purelib", "platlib")
)


def place_of(function: Callable[..., Any]) -> str:
    """Return where a function is; empty where that is not known.

    >>> place_of(len)
    ''
    """
    made = underlying(function)
    if isinstance(made, type):
        made = vars(made).get("__init__")
    code = getattr(made, "__code__", None)
    return _said(code, code.co_firstlineno) if isinstance(code, CodeType) else ""


def place_in(error: BaseException, function: Callable[..., Any] | None = None) -> str:
    """Return where a node has failed: the innermost line of its own code, or where its function is.

    Lines of the planner, of the standard library and of installed packages are not its own, but
    where there are no others.
    """
    steps = [
        (frame.f_code, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if not frame.f_code.co_filename.startswith((*_OURS, "<frozen "))
    ]
    own = [step for step in steps if not _is_foreign(step[0].co_filename)]
    found = own[-1:] or steps[:1]
    if found:
        return _said(*found[0])
    return "" if function is None else place_of(function)


def _is_foreign(file: str) -> bool:
    return (file.startswith("<") and "generated" in file) or file.startswith(_INSTALLED)


def _said(code: CodeType, line: int) -> str:
    file = code.co_filename
    with suppress(OSError, ValueError):  # nowhere, or below another folder
        file = str(Path(file).relative_to(Path.cwd()))
    return f"{file}:{line} in {code.co_qualname.rpartition('<locals>.')[2]}"
