"""Themes: the colours of a picture. The layout decides sizes, so a theme moves nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, final

from attrs import evolve, field, frozen

from statecharts.drawing.overlay import Kind, Mark, first_kind
from statecharts.model.arguments import AMOUNT, TEXT, Sort, check, valid
from statecharts.model.errors import StatechartError
from statecharts.model.suggestions import did_you_mean
from statecharts.model.values import repr_of

FONT_STACK: Final = "Helvetica, Arial, 'Liberation Sans', 'Nimbus Sans', Arimo, sans-serif"


def _written(told: str, pattern: str) -> Any:
    """Return the validator of a text that a picture holds as it is."""
    fits = re.compile(pattern).fullmatch
    return valid(Sort(told, lambda value: isinstance(value, str) and fits(value)))


_COLOR: Final = _written(
    "a colour, such as '#1b2430' or 'white'",
    "#([0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})|[a-zA-Z]+",
)


@final
@frozen
class Tone:
    """The look of what has a mark of one kind.

    Attributes:
        line: Borders, arrows and the badge; text on the badge has the colour of a state's fill.
        state: Fill of a state.
        shade: Fill of a composite state.
        bar: Fill of its title bar.
        ink: Names on these fills.
        width: Width of borders and arrows.
        dashes: Lengths of dashes and gaps; empty for a line without gaps.
        sign: A character that says the same as the colour.
    """

    line: str = field(validator=_COLOR)
    state: str = field(validator=_COLOR)
    shade: str = field(validator=_COLOR)
    bar: str = field(validator=_COLOR)
    ink: str = field(validator=_COLOR)
    width: float = field(default=2.0, validator=valid(AMOUNT))
    dashes: str = field(
        default="", validator=_written("lengths, such as '7 4'", r"([0-9.]+( [0-9.]+)*)?")
    )
    sign: str = field(default="", validator=valid(TEXT))


_SHADES: Final = Sort(
    "colours in a tuple, such as ('#f6f8fa',)", lambda value: isinstance(value, tuple) and value
)
_TONES: Final = Sort(
    "a Tone for each Kind, such as LIGHT.tones | {Kind.ACTIVE: Tone(…)}",
    lambda value: (
        isinstance(value, Mapping) and all(isinstance(value.get(kind), Tone) for kind in Kind)
    ),
)


def _shaded(owner: Any, attribute: Any, value: Any) -> None:
    valid(_SHADES)(owner, attribute, value)
    for shade in value:
        _COLOR(owner, attribute, shade)


def _like(owner: Theme, attribute: Any, value: Any) -> None:
    count = len(owner.shades)
    sort = Sort(
        f"None, or a Theme with as many shades ({count})",
        lambda dark: dark is None or (isinstance(dark, Theme) and len(dark.shades) == count),
    )
    check("Theme", **{attribute.name: (value, sort)})


@final
@frozen
class Theme:
    """The colours and strokes of a picture.

    Attributes:
        name: Its name for `render`.
        paper: The background.
        ink: Names of states and triggers of transitions.
        soft: Data, entry and exit effects, guards and actions.
        line: Arrows and pseudo-states.
        border: Borders of states.
        rule: Thin rules under a name, and region dividers.
        state: Fill of a state.
        shades: Fills of composite states, outermost first; the last repeats.
        bar: Fill of a composite state's title bar.
        fault: Border, arrow and code of what has a fault.
        tones: The look of each kind of mark. What is disabled is faded besides.
        dark: The theme for readers who prefer dark pages, in SVG; each colour of this theme becomes
            the colour of the same part there, so two parts that differ there must differ here.

    Raises:
        ArgumentError: A part is not what it should be (SC221).
    """

    name: str = field(validator=_written("a name of letters, digits, - and _", r"[\w-]+"))
    paper: str = field(validator=_COLOR)
    ink: str = field(validator=_COLOR)
    soft: str = field(validator=_COLOR)
    line: str = field(validator=_COLOR)
    border: str = field(validator=_COLOR)
    rule: str = field(validator=_COLOR)
    state: str = field(validator=_COLOR)
    shades: tuple[str, ...] = field(validator=_shaded)
    bar: str = field(validator=_COLOR)
    fault: str = field(validator=_COLOR)
    tones: Mapping[Kind, Tone] = field(validator=valid(_TONES))
    dark: Theme | None = field(default=None, validator=_like)

    def tone(self, marks: Iterable[Mark]) -> Tone | None:
        """Return the look of what has some marks; None without marks."""
        kind = first_kind(marks)
        return None if kind is None else self.tones[kind]

    def colors(self) -> Iterator[str]:
        """Yield every colour, the same parts in the same order in each theme."""
        yield from (self.paper, self.ink, self.soft, self.line, self.border, self.rule)
        yield from (self.state, *self.shades, self.bar, self.fault)
        for kind in Kind:
            tone = self.tones[kind]
            yield from (tone.line, tone.state, tone.shade, tone.bar, tone.ink)


def _tones(
    active: Tone,
    fired: Tone,
    added: Tone,
    removed: Tone,
    changed: Tone,
    unused: Tone,
    heats: Iterable[Tone],
) -> dict[Kind, Tone]:
    """Return the looks of all kinds; a state that is not active is not filled as if it were."""
    hot = {Kind(f"heat{number}"): tone for number, tone in enumerate(heats)}
    waits = evolve(active, width=1.5)
    return {
        Kind.ACTIVE: active,
        Kind.FIRED: fired,
        Kind.PENDING: waits,
        Kind.ADDED: added,
        Kind.REMOVED: removed,
        Kind.CHANGED: changed,
        **hot,
        Kind.UNUSED: unused,
        Kind.DISABLED: evolve(unused, dashes="1.5 3"),
    }


_WIDTHS: Final = (1.25, 1.75, 2.25, 3.0, 4.0)
"""Widths of borders and arrows, from cold to hot."""


def _ramp(lines: str, fills: str, ink: str) -> Iterator[Tone]:
    for line, fill, width in zip(lines.split(), fills.split(), _WIDTHS, strict=True):
        yield Tone(line, fill, fill, fill, ink, width)


LIGHT: Final = Theme(
    name="light",
    paper="#ffffff",
    ink="#1b2430",
    soft="#515c6a",
    line="#3f4a59",
    border="#5b6776",
    rule="#c3cad3",
    state="#fefefe",
    shades=("#f6f8fa", "#eef1f5", "#e6eaf0"),
    bar="#e9edf2",
    fault="#bb0d29",
    tones=_tones(
        active=Tone("#ad380a", "#ffedd5", "#fffaf3", "#fde6cc", "#7c2d12"),
        fired=Tone("#ad380a", "#fefefe", "#f6f8fa", "#e9edf2", "#1b2430", 2.75),
        added=Tone("#0065a8", "#e1f0fc", "#f2f8fe", "#d3e8fa", "#063a5e", 2.5, sign="+"),
        removed=Tone(
            "#a3123d", "#fde8ee", "#fef5f8", "#fadbe4", "#6a0b28", 2, "7 4", "\N{MINUS SIGN}"
        ),
        changed=Tone("#7a5c00", "#fff4cc", "#fffbea", "#fbecb4", "#4a3800", 2, "2 3", "≠"),
        unused=Tone("#6b7684", "#fdfdfd", "#fcfcfc", "#fbfbfb", "#56616f", 1.25, "4 4"),
        heats=_ramp(
            "#52749b #3d6a9e #2b639f #124f8f #063a6e",
            "#f4f8fd #ebf3fb #e1edf9 #d8e7f7 #cfe1f5",
            "#10253d",
        ),
    ),
)
DARK: Final = Theme(
    name="dark",
    paper="#0f141b",
    ink="#e8edf3",
    soft="#a7b2c0",
    line="#b4bfcc",
    border="#7d8a9a",
    rule="#3a4553",
    state="#1c2430",
    shades=("#141b24", "#19212c", "#1f2834"),
    bar="#212b38",
    fault="#ff7a8a",
    tones=_tones(
        active=Tone("#fb923c", "#47260f", "#1f1912", "#3b2413", "#ffedd5"),
        fired=Tone("#fb923c", "#1c2430", "#141b24", "#212b38", "#e8edf3", 2.75),
        added=Tone("#5ab4f5", "#0c3350", "#0f2231", "#0e2f49", "#d9eefc", 2.5, sign="+"),
        removed=Tone(
            "#ff7fa3", "#4a1426", "#24141c", "#3d1523", "#ffdde7", 2, "7 4", "\N{MINUS SIGN}"
        ),
        changed=Tone("#e3b928", "#3d3208", "#201d10", "#352c0c", "#fbf0c4", 2, "2 3", "≠"),
        unused=Tone("#8590a0", "#1b2330", "#131a23", "#202a37", "#a7b2c0", 1.25, "4 4"),
        heats=_ramp(
            "#6a92bd #76a5d4 #8abced #a6cff6 #cfe6fd",
            "#18222f #182a3d #17304a #163654 #163c5f",
            "#eef6fe",
        ),
    ),
)
AUTO: Final = evolve(LIGHT, name="auto", dark=DARK)
PRINT: Final = Theme(
    name="print",
    paper="#ffffff",
    ink="#000000",
    soft="#000000",
    line="#000000",
    border="#000000",
    rule="#000000",
    state="#ffffff",
    shades=("#ffffff",),
    bar="#ffffff",
    fault="#000000",
    tones=_tones(
        active=Tone("#000000", "#dddddd", "#ffffff", "#dddddd", "#000000", 2.6),
        fired=Tone("#000000", "#ffffff", "#ffffff", "#ffffff", "#000000", 2.75),
        added=Tone("#000000", "#ffffff", "#ffffff", "#ffffff", "#000000", 2.6, sign="+"),
        removed=Tone(
            "#000000", "#ffffff", "#ffffff", "#ffffff", "#000000", 1.5, "7 4", "\N{MINUS SIGN}"
        ),
        changed=Tone("#000000", "#ffffff", "#ffffff", "#ffffff", "#000000", 2, "2 3", "≠"),
        unused=Tone("#000000", "#ffffff", "#ffffff", "#ffffff", "#000000", 1, "4 4"),
        heats=_ramp(
            " ".join(["#000000"] * 5), "#ffffff #f2f2f2 #e6e6e6 #d9d9d9 #cccccc", "#000000"
        ),
    ),
)
THEMES: Final = {theme.name: theme for theme in (AUTO, LIGHT, DARK, PRINT)}


def theme_named(theme: str | Theme) -> Theme:
    """Return a theme by its name, or the theme itself.

    Raises:
        StatechartError: There is no theme of that name (SC702).

    >>> theme_named("dark").name
    'dark'
    """
    if isinstance(theme, Theme):
        return theme
    if theme not in list(THEMES):  # a list: what is given may have no hash
        names = ", ".join(THEMES)
        remedy = did_you_mean(theme, THEMES, f"Use one of {names}, or a Theme of your own")
        raise StatechartError("SC702", "render", f"there is no theme {repr_of(theme)}", remedy)
    return THEMES[theme]
