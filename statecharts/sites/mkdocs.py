"""MkDocs: the directive ``.. statechart::`` in Markdown, with ``plugins: [statecharts]``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from mkdocs.config.base import Config
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin

from statecharts.sites.picture import Directive, DirectiveError

_OPEN: Final = re.compile(r"\.\. statechart::[ \t]*(.*?)[ \t]*$")
_OPTION: Final = re.compile(r"[ \t]+:([\w-]+):[ \t]*(.*?)[ \t]*$")
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")


class PluginConfig(Config):  # type: ignore[no-untyped-call]
    """The plugin has no options."""


class StatechartPlugin(BasePlugin[PluginConfig]):  # type: ignore[no-untyped-call]
    """Puts a picture where a page has the directive; what is in a block of code stays as it is."""

    def __init__(self) -> None:
        self._serving = False
        self._files: set[Path] = set()

    def on_startup(self, *, command: str, dirty: bool) -> None:
        """Note whether the site is built again and again."""
        del dirty
        self._serving = command == "serve"

    def on_page_markdown(self, markdown: str, /, *, page: Any, **_: Any) -> str:
        """Return the Markdown of a page with its pictures."""
        return "\n".join(self._lines(markdown.splitlines(), page.file.src_uri))

    def on_serve(self, server: Any, /, **_: Any) -> Any:
        """Build the site again when a chart changes."""
        for file in sorted(self._files):
            server.watch(str(file))
        return server

    def _lines(self, lines: list[str], where: str) -> Iterator[str]:
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
            at, options = number, dict[str, str]()
            while number < len(lines) and (given := _OPTION.match(lines[number])) is not None:
                options[given[1]] = given[2]
                number += 1
            yield from ("", self._figure(opened[1], options, f"{where}:{at}"), "")

    def _figure(self, target: str, options: dict[str, str], where: str) -> str:
        try:
            said = Directive(target, options)
            if self._serving:  # a module that was imported once would stay as it was
                with ProcessPoolExecutor(1, get_context("spawn")) as pool:
                    figure, files = pool.submit(_drawn, said).result()
            else:
                figure, files = _drawn(said)
        except DirectiveError as error:
            raise PluginError(f"{where}: statechart {target}: {error}") from error
        self._files.update(files)
        return figure


def _drawn(said: Directive) -> tuple[str, tuple[Path, ...]]:
    """Return the figure, and the files that it depends on."""
    return said.figure(), said.files
