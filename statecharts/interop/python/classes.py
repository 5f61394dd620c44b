"""Classes and functions that a module can import, and how it names them."""

from __future__ import annotations

import sys
from typing import Any


def is_importable(thing: Any) -> bool:
    """Tell whether a class or a function can be had by importing its module.

    >>> import fractions
    >>> is_importable(fractions.Fraction), is_importable(lambda m: m)
    (True, False)
    """
    module = getattr(thing, "__module__", None)
    path = getattr(thing, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(path, str) or module == "__main__":
        return False
    found: Any = sys.modules.get(module)
    for part in path.split("."):
        found = getattr(found, part, None)
    return found is thing
