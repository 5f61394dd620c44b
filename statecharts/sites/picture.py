"""Picture: from the words of a directive to what a page shows."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, final
from xml.sax.saxutils import escape

import click
from attrs import frozen

from statecharts.cli.rendering import directions_of
from statecharts.cli.targets import Found, survey
from statecharts.cli.watching import files_of
from statecharts.drawing import LayoutWarning, render
from statecharts.model.errors import StatechartError
from statecharts.model.suggestions import did_you_mean

FLAGS: Final = frozenset({"compact", "transparent", "tabindex", "strict"})
"""The options without a value."""
OPTIONS: Final = (
    "caption",
    "theme",
    "highlight",
    "depth",
    "focus",
    "direction",
    "links",
    *sorted(FLAGS),
)
"""The options of the directive; all but the caption are those of `render`."""


_ID: Final = re.compile(r'(<(?:g|title|desc) id="|" aria-(?:labelled|described)by=")([^"]+)')


def with_own_ids(figure: str, taken: set[str]) -> str:
    """Return a figure without an id of those that its page has, and add its own to these.

    The first picture of a chart on a page keeps its ids; those of the next one end in ``-2``.
    """
    ids = {found[2] for found in _ID.finditer(figure)}
    ends = ("", *(f"-{number}" for number in range(2, len(taken) + 3)))
    end = next(end for end in ends if taken.isdisjoint(one + end for one in ids))
    taken.update(one + end for one in ids)
    return _ID.sub(rf"\g<0>{end}", figure)


class DirectiveError(Exception):
    """A directive that cannot be shown: what is wrong with it, in one text."""


@final
@frozen
class Directive:
    """A directive as a page has it.

    Attributes:
        target: The chart: ``package.module:Name``, or a file, as for ``statecharts render``.
        options: What was given, by the names of `OPTIONS`.
    """

    target: str
    options: Mapping[str, str]

    def __attrs_post_init__(self) -> None:
        for name, value in self.options.items():
            if name not in OPTIONS:
                remedy = did_you_mean(name, OPTIONS, f"Known: {', '.join(OPTIONS)}.")
                raise DirectiveError(f"there is no option :{name}:. {remedy}")
            if name in FLAGS and value:
                raise DirectiveError(f":{name}: takes no value, and has {value!r}. Leave it out.")
            if name not in FLAGS and not value:
                raise DirectiveError(f":{name}: needs a value.")

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that the picture depends on, once it has been drawn."""
        return tuple(files_of(self.target))

    def figure(self) -> str:
        """Return the picture as a figure of HTML, without an empty line in it.

        Raises:
            DirectiveError: There is no such chart, it cannot be read, or an option is wrong.
        """
        svg = "\n".join(line for line in self.picture("svg").splitlines() if line.strip())
        caption = self.options.get("caption")
        told = f"\n<figcaption>{escape(caption)}</figcaption>" if caption else ""
        return f'<figure class="statechart">\n{svg}{told}\n</figure>'

    def picture(self, format: Any) -> Any:
        """Return the picture in a format of `render`.

        Raises:
            DirectiveError: There is no such chart, it cannot be read, or an option is wrong.
        """
        given: dict[str, Any] = {
            name: name in FLAGS or self.options[name]
            for name in ("theme", "focus", "links", *FLAGS)
            if name in self.options
        }
        depth = self.options.get("depth")
        if depth is not None:
            given["depth"] = int(depth) if depth.isdecimal() else depth
        names = self._words("highlight")
        try:
            given["direction"] = directions_of(self._words("direction")) or "auto"
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", LayoutWarning)  # the picture says so itself
                return render(self._found().chart, format, highlight=names or None, **given)
        except click.BadParameter as error:
            raise DirectiveError(error.message) from error
        except (StatechartError, ValueError) as error:  # an address of links that is none
            raise DirectiveError(str(error)) from error

    def _words(self, option: str) -> list[str]:
        """Return the values of an option that takes several."""
        return self.options.get(option, "").replace(",", " ").split()

    def _found(self) -> Found:
        try:
            found = survey(self.target)
        except click.ClickException as error:
            raise DirectiveError(error.format_message()) from error
        if found.failures:
            raise DirectiveError("\n".join(map(str, found.failures)))
        if len(found.charts) != 1:
            listed = ", ".join(one.address for one in found.charts)
            text = f"{self.target!r} has {len(found.charts)} charts. Name one of: {listed}."
            raise DirectiveError(text)
        (one,) = found.charts
        return one
