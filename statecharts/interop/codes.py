"""The codes of what goes wrong between a file and a chart, and what each means in general."""

from __future__ import annotations

from typing import Final

UNREADABLE: Final = {
    "SC601": "the file cannot be opened",
    "SC602": "the text is not in the encoding that it should be in",
    "SC603": "the text is not well-formed",
    "SC604": "the document is larger or deeper than is taken in",
    "SC605": "the document declares entities or refers to other documents",
    "SC606": "the document is not a chart of the format",
    "SC607": "the library that reads the format is not installed",
}
"""Why nothing can be made of a document at all; raised as `DocumentError`."""

REFUSED: Final = {
    "SC611": "the document holds something that cannot be run, nor kept as a name",
    "SC612": "something required is missing, or is not what the format takes there",
    "SC613": "a name is used that the document does not declare",
    "SC614": "two things bear the same name",
    "SC615": "a name that the other library cannot bear",
    "SC616": "states lie in each other in a circle",
    "SC617": "a state that ends the run has a way out",
    "SC618": "a variable has no value",
}
"""What makes a document no chart; all of it is told at once, as `DefinitionError`."""

REPORTED: Final = {
    "SC651": "something is kept as documentation, and means nothing to a run",
    "SC652": "the other library would have done it otherwise",
}
"""What is taken in with a difference; found in `Chart.warnings`."""

LOST: Final = {
    "SC671": "the format has no typed data, context, or code that makes them",
    "SC672": "code is written by its name alone",
    "SC673": "a kind of transition, state or action that the format does not have",
    "SC674": "a name that the format cannot bear",
    "SC675": "documentation that the format has no place for",
}
"""What a chart holds and a format does not; raised as `LossError` unless ``allow=`` names it."""
