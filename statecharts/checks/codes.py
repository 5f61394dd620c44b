"""The codes of definition faults, and what each of them means in general."""

from __future__ import annotations

from typing import Final

STRUCTURAL: Final = {
    "SC101": "a line goes to a state that does not exist",
    "SC102": "two states have the same id, or a state has no name",
    "SC103": "a compound state has no initial child, or several",
    "SC104": "nothing supplies a field of the data of a state that is entered",
    "SC105": "a line makes data for a state that has none",
    "SC106": "a line names an event that is not one of the chart's",
    "SC107": "a line leaves a final or a history state",
    "SC108": "a state of a kind that cannot have children has some",
    "SC109": "a history state has no default, or one outside its parent",
    "SC110": "eventless transitions without guards form a circle",
    "SC111": "a delayed transition has no positive delay",
    "SC112": "a type argument names something that cannot be found",
    "SC113": "a state has a reserved name",
    "SC114": "a declaration gets something that it does not take",
    "SC115": "a compound or parallel state has no children",
    "SC116": "two events have the same name on the wire",
    "SC118": "a line updates the context of a chart that has none",
    "SC119": "allow= names a code that cannot be allowed",
    "SC141": "the name of a line or a timer is taken, or missing",
    "SC142": "two bases contradict each other",
    "SC143": "a field that takes the time has a default or another type",
    "SC144": "the states do not form a tree",
}
"""Faults that leave a chart without a meaning; they cannot be allowed."""

QUALITY: Final = {
    "SC117": "a field is supplied with a value of the wrong type",
    "SC121": "a state that nothing reaches",
    "SC122": "a state that is not final and that no line leaves",
    "SC123": "a transition that inner states always shadow",
    "SC124": "an event of the union that no line names",
    "SC125": "a transition after one without a guard on the same event",
    "SC126": "a completion transition of a state that can never finish",
    "SC127": "a parallel state with fewer than two regions",
    "SC128": "a history state that can never remember anything",
    "SC129": "exit effects of a final state of the outermost level, which is never left",
    "SC130": "data, calls, events or a context that can be changed",
    "SC131": "a line from a region that restarts regions of its parallel state",
    "SC132": "an internal line of a parallel state, which leaves it all the same",
    "SC135": "a call that is never made, or whose answer is not an event of the chart",
    "SC136": "an answer to a call that no line of the state or its ancestors takes",
    "SC137": "a call whose failure no line of the state or its ancestors takes",
    "SC138": "an event that is deferred and that no line ever takes",
}
"""Faults of a chart whose meaning can hardly be intended; ``allow=`` accepts them."""
