"""Lines of text: the words of `statecharts.model.labels` in roles, measured and wrapped.

Text is measured in Helvetica, by a table and never by the fonts of a machine, so a chart has the
same layout everywhere. Helvetica, Arial, Liberation Sans, Nimbus Sans and Arimo share these widths
(Adobe's font metrics), so that one of them is at hand almost anywhere; the SVG also states the
width of each line, which keeps it inside its box in any other font.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

from attrs import evolve

from statecharts.drawing.model import INDENT, Line, Role, Run
from statecharts.model.chart import Invocation, Transition, TransitionKind
from statecharts.model.fields import fields_of
from statecharts.model.hooks import Hook
from statecharts.model.labels import action_text, call_text, guard_text, hooks_text, trigger_text

LABEL_SIZE: Final = 11.0
"""Size of the text on arrows."""
LABEL_WIDTH: Final = 236.0
"""Width at which a label is wrapped."""
SMALL_SIZE: Final = 10.5
"""Size of data, entry and exit effects and internal transitions."""
COMPARTMENT_WIDTH: Final = 260.0
"""Width at which a line in a compartment is wrapped."""

_BREAK: Final = re.compile(r"(?<=[ ,;|(])(?=\S)")

ASCENT: Final = 0.76
"""Height of capitals and ascenders over the base line, in ems."""

_REGULAR: Final = {
    167: "⁄",
    191: "'",
    222: "ijlł‘’‚",
    260: "|¦",
    278: " !,./:;I[\\]ft·ÌÍÎÏìíîïı",
    333: "()-`r¡¨¯²³´¸¹ˆˇ˘˙˚˛˜˝“”„‹›",
    334: "{}",
    350: "•",
    355: '"',
    365: "º",
    370: "ª",
    389: "*",
    400: "°",
    469: "^",
    500: "Jcksvxyzçýÿšž",
    537: "¶",
    556: "#$0123456789?L_abdeghnopqu¢£¤¥§«µ»àáâãäåèéêëðñòóôõöùúûüþƒ–†‡€",
    584: "+<=>~¬±×÷−",
    611: "FTZ¿ßøŽŁ",
    667: "&ABEKPSVXYÀÁÂÃÄÅÈÉÊËÝÞŠŸ",
    722: "CDHNRUwÇÐÑÙÚÛÜ",
    737: "©®",
    778: "GOQÒÓÔÕÖØ",
    833: "Mm",
    834: "¼½¾",
    889: "%æ",
    944: "Wœ",
    1000: "ÆŒ—…‰™→←↑↓",
    1015: "@",
}
_BOLD: Final = {
    167: "⁄",
    238: "'",
    278: " ,./I\\ijl·ÌÍÎÏìíîïıł‘’‚",
    280: "|¦",
    333: "!()-:;[]`ft¡¨¯²³´¸¹ˆˇ˘˙˚˛˜˝‹›",
    350: "•",
    365: "º",
    370: "ª",
    389: "*r{}",
    400: "°",
    474: '"',
    500: "zž“”„",
    556: "#$0123456789J_aceksvxy¢£¤¥§«¶»àáâãäåçèéêëýÿšƒ–†‡€",
    584: "+<=>^~¬±×÷−",
    611: "?FLTZbdghnopquµ¿ßðñòóôõöøùúûüþŁŽ",
    667: "EPSVXYÈÉÊËÝÞŠŸ",
    722: "&ABCDHKNRUÀÁÂÃÄÅÇÐÑÙÚÛÜ",
    737: "©®",
    778: "GOQwÒÓÔÕÖØ",
    833: "M",
    834: "¼½¾",
    889: "%mæ",
    944: "Wœ",
    975: "@",
    1000: "ÆŒ—…‰™→←↑↓",
}
_WIDTHS: Final = {
    bold: {character: width for width, group in table.items() for character in group}
    for bold, table in ((False, _REGULAR), (True, _BOLD))
}
_LETTER: Final = 640
"""Guess for a letter that is not in the table: the mean of Greek and Cyrillic in such fonts."""


def transition_lines(transition: Transition) -> tuple[Line, ...]:
    """Return the label of a transition, wrapped; no line when it is empty."""
    return wrap(_transition_runs(transition), LABEL_SIZE, LABEL_WIDTH)


def internal_lines(transition: Transition, suffix: str = "") -> tuple[Line, ...]:
    """Return a transition without an arrow, as the compartment of its source shows it."""
    runs = list(_transition_runs(transition))
    if transition.kind is TransitionKind.FORBIDDEN:
        runs.append(Run(Role.ACTION, " / ignored"))
    elif transition.kind is TransitionKind.DEFERRED:
        runs.append(Run(Role.ACTION, " / defer"))
    elif runs and runs[0].role is Role.TRIGGER and not runs[0].text.startswith("after "):
        runs.insert(0, Run(Role.INTERNAL, "on "))
    if suffix:
        runs.append(Run(Role.ACTION, suffix))
    return compartment_lines(runs)


def call_lines(call: Invocation) -> tuple[Line, ...]:
    """Return a call of a state, ``invoke / SpawnAgent(agent)``."""
    return _behaviour_lines(Role.INVOKE, one_line(call_text(call)))


def effect_lines(role: Role, hooks: Iterable[Hook]) -> tuple[Line, ...]:
    """Return entry or exit effects, ``entry / notify``; no line when there are none.

    >>> from statecharts.drawing.model import line_text
    >>> [line_text(line) for line in effect_lines(Role.ENTRY, [Hook(print)])]
    ['entry / print']
    """
    text = one_line(hooks_text(hooks))
    return _behaviour_lines(role, text) if text else ()


def compartment_lines(runs: Iterable[Run]) -> tuple[Line, ...]:
    """Return runs as lines of a compartment."""
    return wrap(runs, SMALL_SIZE, COMPARTMENT_WIDTH)


def _behaviour_lines(role: Role, text: str) -> tuple[Line, ...]:
    return compartment_lines((Run(role, role.value), Run(Role.ACTION, f" / {text}")))


def data_lines(cls: type | None) -> tuple[Line, ...]:
    """Return the fields of a data class with their types, each wrapped on its own."""
    fields = () if cls is None else fields_of(cls)
    return tuple(
        line
        for f in fields
        for line in compartment_lines((Run(Role.DATA, one_line(f"{f.name}: {f.type}")),))
    )


def one_line(text: str) -> str:
    """Return a string with each stretch of white space and control characters as one space.

    >>> one_line("a\\n\\tb")
    'a b'
    """
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", text).strip()


def line_width(line: Line, size: float) -> float:
    """Return the width of a line set in one size."""
    return sum(text_width(run.text, size) for run in line)


def wrap(runs: Iterable[Run], size: float, width: float) -> tuple[Line, ...]:
    """Break runs into lines no wider than ``width``, where the text allows it.

    Lines after the first are indented. A line breaks before a guard or an action rather than inside
    it; a word that is too long for a line is cut.

    >>> from statecharts.drawing.model import line_text
    >>> runs = [Run(Role.TRIGGER, "Passed(branch, ahead)"), Run(Role.GUARD, " [is_urgent]")]
    >>> [line_text(line) for line in wrap(runs, 10.0, 110.0)]
    ['Passed(branch, ahead)', '   [is_urgent]']
    """
    lines: list[Line] = []
    current: list[Run] = []
    room = width
    for run in runs:
        text = run.text
        if current and text_width(text, size) > room:
            indented = width - text_width(INDENT, size)
            if text_width(text.strip(), size) <= indented or room < width / 3:
                lines.append(tuple(current))
                current, room, text = [_indent(current, text)], indented, text.lstrip()
        for word in _words(text, size, width * 0.9):
            needed = text_width(word.rstrip(), size)
            full = needed > room and any(r.text.strip() for r in current)
            if full:
                lines.append(tuple(current))
                current = [_indent(current, word)]
                room = width - text_width(INDENT, size)
            current.append(evolve(run, text=word.lstrip() if full else word))
            room -= text_width(current[-1].text, size)
    if current:
        lines.append(tuple(current))
    return tuple(_joined(_stripped(list(line))) for line in lines)


def _indent(before: list[Run], text: str) -> Run:
    """Return the beginning of a line that goes on with a text."""
    broken = before[-1].text[-1:].isspace() or text[:1].isspace()
    return Run(Role.ACTION, INDENT, joint=" " if broken else "")


def _transition_runs(transition: Transition) -> Iterator[Run]:
    trigger = one_line(trigger_text(transition.trigger))
    guard = one_line(guard_text(transition))
    action = one_line(action_text(transition))
    if trigger:
        yield Run(Role.TRIGGER, trigger)
    if guard:
        yield Run(Role.GUARD, f" {guard}" if trigger else guard)
    if action:
        yield Run(Role.ACTION, f" / {action}" if trigger or guard else f"/ {action}")


def _words(text: str, size: float, width: float) -> Iterator[str]:
    for word in _BREAK.split(text):
        rest = word
        while text_width(rest, size) > width:
            most = max(1, int(len(rest) * width / text_width(rest, size)))
            # Cut after an underscore or before a dot if there is one.
            cut = max(rest.rfind("_", 0, most) + 1, rest.rfind(".", 0, most))
            cut = cut if cut > most / 3 else most
            yield rest[:cut]
            rest = rest[cut:]
        yield rest


def _stripped(line: list[Run]) -> list[Run]:
    last = line[-1]
    return [*line[:-1], evolve(last, text=last.text.rstrip())] if last.text.strip() else line


def _joined(line: list[Run]) -> Line:
    """Merge runs of one role that follow each other."""
    joined: list[Run] = []
    for run in line:
        if joined and joined[-1].role is run.role:
            joined[-1] = evolve(joined[-1], text=joined[-1].text + run.text)
        else:
            joined.append(run)
    return tuple(joined)


@functools.lru_cache(maxsize=4096)
def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a line of text in Helvetica, in the unit of ``size``.

    >>> text_width("Hi", 10.0), text_width("Hi", 10.0, bold=True)
    (9.44, 10.0)
    """
    table = _WIDTHS[bold]
    units = sum(table.get(character) or _guess(character) for character in text)
    return round(units * size / 1000, 3)


def is_measured(text: str) -> bool:
    """Tell whether the table has every character of a string, so that its width is not a guess."""
    return all(character in _WIDTHS[False] for character in text)


def _guess(character: str) -> int:
    if unicodedata.east_asian_width(character) in "WF":
        return 1000
    if character == "\ufe0f":  # it makes an emoji of the character before
        return 1000 - _LETTER
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return _LETTER
