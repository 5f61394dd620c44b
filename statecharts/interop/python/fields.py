"""Fields: typed names for the parameters that a file gives with an action, a guard or an event."""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, final

from attrs import field, frozen

from statecharts.interop.python.layout import Labelled, literal
from statecharts.interop.python.names import free, function_name


@final
@frozen
class Parameter:
    """One field.

    Attributes:
        key: What the file calls it.
        name: What Python calls it.
        type: Its type, as text.
        optional: Whether it may be left out.
    """

    key: str
    name: str
    type: str
    optional: bool

    @property
    def text(self) -> str:
        """The field as classes and functions declare it."""
        return f"{self.name}: {self.type}{' = None' if self.optional else ''}"


@final
@frozen
class Parameters:
    """The fields that several uses of one name have between them, those that all have first."""

    fields: tuple[Parameter, ...] = field(factory=tuple)

    @classmethod
    def of(cls, uses: Sequence[Mapping[str, Any]], *, optional: bool = False) -> Parameters:
        """Work out the fields of some uses.

        Args:
            uses: The parameters of each use.
            optional: Whether there may be further uses, of which nothing is known.

        >>> [p.text for p in Parameters.of([{"maxTries": 3, "to": "a"}, {"maxTries": 4}]).fields]
        ['max_tries: int', 'to: str | None = None']
        """
        found: list[Parameter] = []
        for key in dict.fromkeys(key for use in uses for key in use):
            values = [use[key] for use in uses if key in use]
            missing = optional or len(values) < len(uses)
            name = _name(key, [parameter.name for parameter in found])
            found.append(Parameter(key, name, _type([*values, *([None] * missing)]), missing))
        return cls(tuple(sorted(found, key=lambda parameter: parameter.optional)))

    def arguments(self, data: Mapping[str, Any]) -> tuple[Labelled, ...]:
        """Return the keyword arguments that give one use's parameters."""
        return tuple(
            Labelled(f"{field.name}=", literal(data[field.key]))
            for field in self.fields
            if field.key in data
        )

    @property
    def wants_any(self) -> bool:
        """Whether some type is `Any`, or has it inside."""
        return any("Any" in parameter.type for parameter in self.fields)


def _name(key: str, taken: list[str]) -> str:
    name = function_name(str(key), "field")
    return free(f"{name}_" if name == "m" or keyword.iskeyword(name) else name, taken)


def _type(values: Iterable[Any]) -> str:
    """Return the type that holds all of some values.

    >>> _type([1, 2.5]), _type(["a", None]), _type([["a"], ["b", 2]])
    ('float', 'str | None', 'list[Any]')
    """
    values = list(values)
    kinds = dict.fromkeys(map(_kind, values))
    if "float" in kinds:
        kinds.pop("int", None)
    lists = [kind for kind in kinds if kind.startswith("list[")]
    if len(lists) > 1:
        members = [_type(value) for value in values if isinstance(value, list) and value]
        inner = members[0] if len(set(members)) == 1 else "Any"
        kinds = {k: v for k, v in kinds.items() if not k.startswith("list[")}
        kinds[f"list[{inner}]"] = None
    if "None" in kinds:  # stands last
        kinds["None"] = kinds.pop("None")
    return " | ".join(kinds) if kinds else "Any"


def _kind(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, bool | int | float | str):
        return type(value).__name__
    if isinstance(value, dict):
        return "dict[str, Any]"
    if isinstance(value, list | tuple):
        return f"list[{_type(value)}]"
    return "str"
