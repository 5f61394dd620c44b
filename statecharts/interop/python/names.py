"""Names: what Python calls the states, events, effects and functions of a chart."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Final, final

from statecharts.declare.members import VERBS
from statecharts.model.events import snake_case, wire_name

IMPORTED: Final = {
    "Any": "typing",
    "CancelInvoke": "statecharts.model.effects",
    "CancelSend": "statecharts.model.effects",
    "Compound": "statecharts",
    "Effect": "statecharts",
    "History": "statecharts",
    "Invoke": "statecharts.model.effects",
    "Iterable": "collections.abc",
    "Iterator": "collections.abc",
    "Moment": "statecharts",
    "NamedEvent": "statecharts",
    "Parallel": "statecharts",
    "Raise": "statecharts.model.effects",
    "Send": "statecharts.model.effects",
    "State": "statecharts",
    "Statechart": "statecharts",
    "TypeAlias": "typing",
    "datetime": "datetime",
    "effects_of": "statecharts.model.named",
    "frozen": "attrs",
    "timedelta": "datetime",
}
"""The names that a written module may import, and the modules that they come from."""

_TAKEN: Final = frozenset({*keyword.kwlist, *dir(builtins), *IMPORTED, "annotations", "m"})
_LONGEST: Final = 48
_INLINE: Final = re.compile(
    r"inline:(?P<state>[^#]+)#(?:(?P<hook>entry|exit|actor)|(?P<line>.+?)\[-?\d+\]#(?P<part>\w+))"
    r"(?:\[\d+\])?"
)
_GAPS: Final = re.compile(r"[\W_]+")
_LINES: Final = {
    r"always": "always",
    r"(?:done\.|xstate\.done).*": "done",
    r"(?:error\.|xstate\.error).*": "error",
    r"xstate\.after\(([^)]*)\).*": r"after \1",
}


def words(text: str) -> list[str]:
    """Return the words that a name is made of, in small letters.

    >>> words("SUBMIT_FORM"), words("in-progress"), words("isValid(2)")
    (['submit', 'form'], ['in', 'progress'], ['is', 'valid', '2'])
    """
    if text.isascii() and text.islower() and text.isidentifier():  # as nearly all are
        return [word for word in text.split("_") if word]
    plain = unicodedata.normalize("NFKC", text)
    return [word for word in _GAPS.split(snake_case(plain)) if word]


def legible(name: str) -> str:
    """Return what to call a function that Stately's tools have named after its place.

    >>> legible("inline:tap.open.full#entry[0]"), legible("inline:tap.open#PULSE[-1]#guard")
    ('enter full', 'may open on PULSE')
    >>> legible("inline:tap.open#xstate.after(500)#tap.open[-1]#transition[0]"), legible("beep")
    ('open after 500', 'beep')
    """
    found = _INLINE.fullmatch(name)
    if found is None:
        return name
    state = found["state"].rpartition(".")[2]
    if found["hook"]:
        verb = {"entry": "enter", "exit": "leave", "actor": "run"}[found["hook"]]
        return f"{verb} {state}"
    line = f"on {found['line']}"
    for pattern, shown in _LINES.items():
        match = re.fullmatch(pattern, found["line"])
        if match:
            line = match.expand(shown)
            break
    return f"{'may ' if found['part'] == 'guard' else ''}{state} {line}"


def class_name(text: str, otherwise: str) -> str:
    """Return a name as classes bear it.

    >>> class_name("submit_form", "Event"), class_name("2nd try", "Event")
    ('SubmitForm', 'Event2ndTry')
    """
    name = "".join(word[:1].upper() + word[1:] for word in words(text))[:_LONGEST]
    return name if name.isidentifier() else f"{otherwise}{name}"


def function_name(text: str, otherwise: str) -> str:
    """Return a name as functions and fields bear it.

    >>> function_name("isValid", "guard"), function_name("2 > 1", "guard")
    ('is_valid', 'guard_2_1')
    """
    name = ""
    for word in words(text):
        if name and len(name) + len(word) > _LONGEST:
            break
        name = f"{name}_{word}" if name else word[:_LONGEST]
    if not name.isidentifier():
        name = f"{otherwise}_{name}".rstrip("_")
    return f"{name}_" if keyword.iskeyword(name) else name


def attribute_name(name: str, taken: Iterable[str], *, outermost: bool) -> str:
    """Return what a state is called in a class body: its own name where Python lets it.

    Args:
        name: The name that the file gave it.
        taken: The names of its elder siblings.
        outermost: Whether the body is that of the chart.

    >>> [attribute_name(name, (), outermost=True) for name in ("inProgress", "in-2", "after")]
    ['inProgress', 'in_2', 'after_']
    """
    found = unicodedata.normalize("NFKC", name)
    if not found.isidentifier() or found.startswith("__"):
        found = "_".join(words(name)) or "state"
        found = found if found.isidentifier() else f"state_{found}"
    reserved = {*VERBS, *keyword.kwlist, *IMPORTED, *(("chart",) if outermost else ())}
    return free(f"{found}_" if found in reserved else found, taken)


def free(wanted: str, taken: Iterable[str]) -> str:
    """Return a name that is not taken: the one that is wanted, or with a number behind it.

    >>> free("go", ["go", "go_2"])
    'go_3'
    """
    used = taken if isinstance(taken, AbstractSet) else set(taken)
    name, number = wanted, 1
    while name in used:
        number += 1
        name = f"{wanted}_{number}"
    return name


def bears(name: str, wire: str) -> bool:
    """Tell whether an event class of a name is known by another one on the wire.

    >>> bears("GatesPassed", "gates_passed"), bears("GatesPassed", "GATES_PASSED")
    (True, False)
    """
    return wire_name(type(name, (), {})) == wire


@final
class Names:
    """The names of one module: none is given twice.

    Args:
        attributes: The names of states; inside a class body they would hide what is outside.
    """

    def __init__(self, attributes: Iterable[str]) -> None:
        self._taken = {*_TAKEN, *attributes}

    def is_free(self, name: str) -> bool:
        """Tell whether a name is still to be had."""
        return name not in self._taken

    def take(self, wanted: str, instead: str = "") -> str:
        """Take a name: the one that is wanted, else the other, else one with a number."""
        name = wanted if self.is_free(wanted) or not instead else instead
        name = free(name, self._taken)
        self._taken.add(name)
        return name
