"""Themes: the colours of a picture. The layout decides sizes, so a theme moves nothing."""

from __future__ import annotations

from typing import Final, final

from attrs import frozen

from statecharts.model.errors import StatechartError
from statecharts.model.suggestions import did_you_mean

FONT_STACK: Final = "Helvetica, Arial, 'Liberation Sans', 'Nimbus Sans', Arimo, sans-serif"


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
        active: Border of an active state.
        active_state: Fill of an active state.
        active_shade: Fill of an active composite state.
        active_bar: Fill of the title bar of an active composite state.
        active_ink: Name of an active state.
        active_width: Width of the border of an active state.
        fault: Border, arrow and code of what has a fault.
    """

    name: str
    paper: str
    ink: str
    soft: str
    line: str
    border: str
    rule: str
    state: str
    shades: tuple[str, ...]
    bar: str
    active: str
    active_state: str
    active_shade: str
    active_bar: str
    active_ink: str
    active_width: float = 2.0
    fault: str = "#c8102e"


LIGHT: Final = Theme(
    name="light",
    paper="#ffffff",
    ink="#1b2430",
    soft="#55606e",
    line="#3f4a59",
    border="#5b6776",
    rule="#c3cad3",
    state="#ffffff",
    shades=("#f6f8fa", "#eef1f5", "#e6eaf0"),
    bar="#e9edf2",
    active="#c2410c",
    active_state="#ffedd5",
    active_shade="#fffaf3",
    active_bar="#fde6cc",
    active_ink="#7c2d12",
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
    active="#fb923c",
    active_state="#47260f",
    active_shade="#1f1912",
    active_bar="#3b2413",
    active_ink="#ffedd5",
    fault="#ff6b7d",
)
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
    active="#000000",
    active_state="#dddddd",
    active_shade="#ffffff",
    active_bar="#dddddd",
    active_ink="#000000",
    active_width=2.6,
    fault="#000000",
)
THEMES: Final = {theme.name: theme for theme in (LIGHT, DARK, PRINT)}


def theme_named(theme: str | Theme) -> Theme:
    """Return a theme by its name, or the theme itself.

    Raises:
        StatechartError: There is no theme of that name (SC702).

    >>> theme_named("dark").name
    'dark'
    """
    if isinstance(theme, Theme):
        return theme
    if theme not in THEMES:
        names = ", ".join(THEMES)
        remedy = did_you_mean(theme, THEMES, f"Use one of {names}, or a Theme of your own")
        raise StatechartError("SC702", "render", f"there is no theme {theme!r}", remedy)
    return THEMES[theme]
