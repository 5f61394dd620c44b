"""Imports: what a written module has from elsewhere."""

from __future__ import annotations

import sys
from typing import Any, final

from statecharts.interop.python.layout import WIDTH
from statecharts.interop.python.names import IMPORTED, Names


@final
class Imports:
    """The imports of one module.

    Args:
        names: The names of the module.
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self._modules: dict[str, dict[str, str]] = {}

    def need(self, name: str) -> str:
        """Import one of the names that every module may import; return it."""
        self._modules.setdefault(IMPORTED[name], {})[name] = name
        return name

    def reference(self, thing: Any) -> str:
        """Import a class or a function; return what it is called here."""
        outer, dot, inner = thing.__qualname__.partition(".")
        known = self._modules.setdefault(thing.__module__, {})
        if outer not in known:
            known[outer] = self._names.take(outer)
        return f"{known[outer]}{dot}{inner}"

    def lines(self) -> list[str]:
        """Return the import statements, sorted as isort sorts them."""
        groups: dict[int, list[str]] = {}
        for module in sorted(self._modules):
            pairs = sorted(self._modules[module].items(), key=lambda pair: _order(pair[0]))
            items = [name if name == here else f"{name} as {here}" for name, here in pairs]
            lines = [f"from {module} import {', '.join(items)}"]
            if len(lines[0]) > WIDTH:
                lines = [f"from {module} import (", *(f"    {item}," for item in items), ")"]
            groups.setdefault(_section(module), []).extend(lines)
        found = ["from __future__ import annotations"]
        for _, lines in sorted(groups.items()):
            found += ["", *lines]
        return found


def _section(module: str) -> int:
    top = module.partition(".")[0]
    return 0 if top in sys.stdlib_module_names else 1 if top == "attrs" else 2


def _order(name: str) -> tuple[int, str]:
    """Rank a name as isort does: constants, classes, the rest."""
    constant = name.isupper() and len(name) > 1
    return (0 if constant else 1 if name[:1].isupper() else 2, name)
