"""Codes: the errors, warnings and losses between files and charts, with their meanings."""

from __future__ import annotations

from typing import Final

UNREADABLE: Final = {
    "SC601": "the file cannot be opened",
    "SC602": "the text is not in the encoding that it should be in",
    "SC603": "the text is not well-formed",
    "SC604": "the document is larger or deeper than the limits",
    "SC605": "the document declares entities or refers to other documents",
    "SC606": "the document is not a chart in the format",
    "SC607": "the library that reads the format is not installed",
}
"""Documents that cannot be read; raised as `DocumentError`."""

REFUSED: Final = {
    "SC611": "the document has something that can neither run nor become a name",
    "SC612": "something required is missing, or of another kind than the format allows",
    "SC613": "a name is used that the document does not declare",
    "SC614": "two things have the same name",
    "SC615": "a name that the other library cannot use",
    "SC616": "states are nested in a cycle",
    "SC617": "a transition leaves a state that ends the run",
    "SC618": "a variable has no value",
}
"""Errors of charts; raised together, as `DefinitionError`."""

REPORTED: Final = {
    "SC651": "something is kept as documentation, without effect on a run",
    "SC652": "the other library behaves differently",
}
"""Differences that are accepted; kept in `Chart.warnings`."""

LOST: Final = {
    "SC671": "the format has no typed data, context, or code that makes them",
    "SC672": "code is written by its name alone",
    "SC673": "a kind of transition, state or action that the format does not have",
    "SC674": "a name that the format cannot use",
    "SC675": "documentation that the format has no place for",
}
"""Parts of charts that a format lacks; raised as `LossError` unless ``allow=`` names them."""

MISUSED: Final = {"SC679": "``allow=`` names a code that is not one of a loss"}
"""Mistakes of a call; raised as `StatechartError`."""
