"""Variables: what ``${NAME}`` in the texts of a document stands for.

They are filled in when the document has been parsed, so that no value can change its structure, and
once only: what a value holds is never looked into.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, final

from statecharts.interop.findings import Findings
from statecharts.interop.syntax.located import Located

_VARIABLE: Final = re.compile(r"\$(?P<escaped>\$(?=\{))|\$\{(?P<name>[^{}\n]*)\}")


def may_hold(text: str) -> bool:
    """Tell whether a document may hold variables; one may be written with escapes.

    >>> may_hold('model = "${MODEL}"'), may_hold('model = "small"')
    (True, False)
    """
    return "${" in text or "\\" in text


@final
class Filling:
    """Fills variables in, and findings those that have no value.

    Args:
        variables: The values, by name.
        findings: Takes what is missing.
    """

    def __init__(self, variables: Mapping[str, str], findings: Findings) -> None:
        self.variables = variables
        self.findings = findings
        self.missing: set[str] = set()

    def table(self, table: Located) -> Located:
        """Return a table with the variables in all its texts filled in; keys stay as they are."""
        held = ((key, self._value(value, table.at(key))) for key, value in table.items())
        return Located(held, table.line, table.lines)

    def lacks(self, text: str) -> bool:
        """Tell whether a variable without a value stands in a text."""
        return any(found["name"] in self.missing for found in _VARIABLE.finditer(text))

    def _value(self, value: Any, line: int) -> Any:
        match value:
            case str() if "${" in value:
                return _VARIABLE.sub(lambda found: self._filled(found, line), value)
            case Located():
                return self.table(value)
            case list():
                return [self._value(inner, line) for inner in value]
            case _:
                return value

    def _filled(self, found: re.Match[str], line: int) -> str:
        name = found["name"]
        if name is None:
            return "$"
        value: Any = self.variables.get(name)
        if isinstance(value, str):
            return value
        if name not in self.missing:
            self.missing.add(name)
            self._tell(name, value, line)
        return found[0]

    def _tell(self, name: str, value: object, line: int) -> None:
        if value is None:
            text = f"the variable {name!r} has no value"
            known = tuple(self.variables)
            remedy = self.findings.suggestions.remedy(
                name, known, f"Pass variables={{{name!r}: …}}"
            )
        else:
            text = f"the variable {name!r} stands for {value!r}, which is not a text"
            remedy = "Pass it as a text"
        self.findings.add("SC618", text, remedy, line, f"${{{name}}}")
