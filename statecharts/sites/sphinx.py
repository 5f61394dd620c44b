"""Sphinx: the directive ``statechart``, with ``extensions = ["statecharts.sites.sphinx"]``.

Pages of HTML hold the picture itself, so that it follows the colours of the reader; LaTeX gets it
as PDF (which needs the extra ``pictures``), and text its caption.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, ClassVar, Final

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata, OptionSpec

from statecharts.sites.picture import FLAGS, OPTIONS, Directive, DirectiveError, with_own_ids

LOG: Final = logging.getLogger(__name__)


class statechart(nodes.General, nodes.Element):  # noqa: N801 - its name is that of the tag
    """A picture of a chart in a document."""


class StatechartDirective(SphinxDirective):
    """``.. statechart:: package.module:Name``."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[OptionSpec | None] = {
        name: directives.flag if name in FLAGS else directives.unchanged for name in OPTIONS
    }

    def run(self) -> list[nodes.Node]:
        """Return the picture; a mistake is told with its line."""
        try:
            said = Directive(
                self.arguments[0], {name: one or "" for name, one in self.options.items()}
            )
            figure = said.figure()
        except DirectiveError as error:
            raise self.error(f"statechart {self.arguments[0]}: {error}") from error
        for file in said.files:
            self.env.note_dependency(str(file))
        found = statechart(figure=figure, said=said)
        self.set_source_info(found)
        return [found]


def _html(translator: Any, node: Any) -> None:
    taken = vars(translator).setdefault("statechart_ids", set())
    translator.body.append(f"{with_own_ids(node['figure'], taken)}\n")
    raise nodes.SkipNode


def _latex(translator: Any, node: Any) -> None:
    said: Directive = node["said"]
    try:
        body = said.picture("pdf")
    except DirectiveError as error:
        LOG.warning("statechart %s: %s", said.target, error, location=node)
        raise nodes.SkipNode from error
    name = f"statechart-{hashlib.sha256(body).hexdigest()[:16]}"
    (Path(translator.builder.outdir) / f"{name}.pdf").write_bytes(body)
    caption = translator.encode(said.options.get("caption", ""))
    told = rf"\par\noindent {caption}" if caption else ""
    drawn = rf"\noindent\sphinxincludegraphics{{{{{name}}}.pdf}}"
    translator.body.append(f"\n{drawn}{told}\n\n")
    raise nodes.SkipNode


def _text(translator: Any, node: Any) -> None:
    said: Directive = node["said"]
    translator.add_text(f"[{said.options.get('caption') or said.target}]")
    raise nodes.SkipNode


def _nothing(_: Any, __: Any) -> None:
    raise nodes.SkipNode


_VISITORS: Final[dict[str, Any]] = {
    "html": (_html, None),
    "latex": (_latex, None),
    "text": (_text, None),
    "man": (_nothing, None),
    "texinfo": (_nothing, None),
}


def setup(app: Sphinx) -> ExtensionMetadata:
    """Add the directive."""
    app.add_node(statechart, **_VISITORS)
    app.add_directive("statechart", StatechartDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
