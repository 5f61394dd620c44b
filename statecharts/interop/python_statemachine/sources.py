"""Sources: where in its file a class declares its states."""

from __future__ import annotations

import ast
import inspect
from typing import Any, final

from attrs import field, frozen

from statecharts.interop.documents import Document


@final
@frozen
class Source:
    """The text of a class, as far as it can be found.

    Attributes:
        document: What messages call its file; the name of the class where there is none.
        line: The line that the class begins at.
        lines: The line of each state, by its path of names.
    """

    document: Document
    line: int | None
    lines: dict[str, int] = field(factory=dict)

    @classmethod
    def of(cls, declared: type) -> Source:
        """Find the source of a class."""
        name = f"{declared.__module__}.{declared.__qualname__}"
        lines: dict[str, int] = {}
        for base in reversed(declared.__mro__):
            if base.__module__.partition(".")[0] not in ("statemachine", "builtins", "typing"):
                lines |= _lines(base)
        try:
            file = inspect.getsourcefile(declared)
            line = inspect.getsourcelines(declared)[1]
        except (OSError, TypeError):
            return cls(Document(name, ""), None, {})
        return cls(Document(file or name, ""), line, lines)


def _lines(declared: type) -> dict[str, int]:
    try:
        text, first = inspect.getsourcelines(declared)
        tree = ast.parse(inspect.cleandoc("\n" + "".join(text)))
    except (OSError, TypeError, SyntaxError):
        return {}
    found: dict[str, int] = {}
    for node in tree.body[:1]:
        waiting: list[tuple[str, Any]] = [("", node)]
        while waiting:
            prefix, body = waiting.pop()
            for one in body.body:
                names = [one.name] if isinstance(one, ast.ClassDef) else _assigned(one)
                for name in names:
                    found[f"{prefix}{name}"] = first + one.lineno - 1
                if isinstance(one, ast.ClassDef):
                    waiting.append((f"{prefix}{one.name}.", one))
    return found


def _assigned(node: ast.stmt) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]
