"""MkDocs: the directive ``.. statechart::`` in Markdown, with ``plugins: [statecharts]``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, final
from xml.sax.saxutils import escape

from attrs import frozen
from mkdocs.config.base import Config
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin

from statecharts.drawing.svg import digest
from statecharts.sites.picture import Directive, DirectiveError, with_own_ids

_OPEN: Final = re.compile(r"([ \t]*)\.\. statechart::[ \t]*(.*?)[ \t]*$")
_OPTION: Final = re.compile(r"([ \t]+):([\w-]+):[ \t]*(.*?)[ \t]*$")
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")


@final
@frozen
class _Found:
    """A directive: its target and options, file and line, and its own text."""

    target: str
    options: Mapping[str, str]
    where: str
    text: str


class PluginConfig(Config):  # type: ignore[no-untyped-call]
    """The plugin has no options."""


class StatechartPlugin(BasePlugin[PluginConfig]):  # type: ignore[no-untyped-call]
    """Puts a picture where a page has the directive; what is in a block of code stays as it is."""

    def __init__(self) -> None:
        self._serving = False
        self._files: set[Path] = set()
        self._found: dict[str, _Found] = {}

    def on_startup(self, *, command: str, dirty: bool) -> None:
        """Note whether the site is built again and again."""
        del dirty
        self._serving = command == "serve"

    def on_page_markdown(self, markdown: str, /, *, page: Any, **_: Any) -> str:
        """Return the Markdown of a page with a word where a picture goes, whatever is around it."""
        self._found = {}
        word = f"statechart{digest(markdown)}"
        return "\n".join(self._lines(markdown.splitlines(), page.file.src_uri, word))

    def on_page_content(self, html: str, /, **_: Any) -> str:
        """Return the page with its pictures; a word in a block of code was no directive."""
        taken = set[str]()
        for word, found in self._found.items():
            paragraph = f"<p>{word}</p>"
            if paragraph in html:
                html = html.replace(paragraph, with_own_ids(self._figure(found), taken))
            else:
                text = escape(found.text).replace("\\", r"\\")
                html = re.sub(rf"\n?{word}\n?", text, html)
        return html

    def on_serve(self, server: Any, /, **_: Any) -> Any:
        """Build the site again when a chart changes."""
        for file in sorted(self._files):
            server.watch(str(file))
        return server

    def _lines(self, lines: list[str], where: str, word: str) -> Iterator[str]:
        fence = ""
        number = 0
        while number < len(lines):
            line = lines[number]
            number += 1
            found = _FENCE.match(line)
            if found is not None:
                mark = found[1]
                if not fence:
                    fence = mark
                elif mark.startswith(fence) and not line.strip().strip(mark[0]):
                    fence = ""
            opened = None if fence else _OPEN.match(line)
            if opened is None:
                yield line
                continue
            at, options, indent = number, dict[str, str](), opened[1]
            while number < len(lines) and (given := _OPTION.match(lines[number])) is not None:
                if len(given[1]) <= len(indent):
                    break
                options[given[2]] = given[3]
                number += 1
            text = "\n".join(one[len(indent) :] for one in lines[at - 1 : number])
            name = f"{word}n{len(self._found)}n"
            self._found[name] = _Found(opened[2], options, f"{where}:{at}", text)
            yield from ("", indent + name, "")

    def _figure(self, found: _Found) -> str:
        try:
            said = Directive(found.target, found.options)
            if self._serving:  # a module that was imported once would stay as it was
                with ProcessPoolExecutor(1, get_context("spawn")) as pool:
                    figure, files = pool.submit(_drawn, said).result()
            else:
                figure, files = _drawn(said)
        except DirectiveError as error:
            raise PluginError(f"{found.where}: statechart {found.target}: {error}") from error
        self._files.update(files)
        return figure


def _drawn(said: Directive) -> tuple[str, tuple[Path, ...]]:
    """Return the figure, and the files that it depends on."""
    return said.figure(), said.files
