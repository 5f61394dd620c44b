"""Mermaid, in Chromium: the text that we write for it, as it draws it.

`npm install mermaid` in a folder; the variable ``PEERS`` names that folder, and ``CHROMIUM`` the
browser if it is not on the path.
"""

from __future__ import annotations

import html
import itertools
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any, Final

from benchmarks.contestant import Missing
from benchmarks.layout.peers import NPM, Answer, Peer, Work, npm_version
from benchmarks.layout.scores import Line, Sheet
from statecharts.drawing.geometry import Point, Rect
from statecharts.drawing.mermaid import to_mermaid
from statecharts.drawing.model import short_names
from statecharts.drawing.theme import THEMES

NAME: Final = "Mermaid"
PIXEL: Final = 0.75
"""Points of a pixel."""

BATCH: Final = 40
"""Drawings on a page."""
PATIENCE: Final = 600
"""Seconds that a page may take."""

_ROUND: Final = ("stateStart", "stateEnd", "choice")
_PAGE: Final = Path(__file__).parent / "mermaid.html"
_OPTIONS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--allow-file-access-from-files",
    "--virtual-time-budget=3600000",
    "--dump-dom",
)


def version() -> str | Missing:
    """Return the version of Mermaid, or what is missing."""
    found = npm_version(NAME, "mermaid")
    if not isinstance(found, Missing) and _browser() is None:
        return Missing(NAME, "Chromium is not installed; CHROMIUM=program names another browser")
    return found


def read(answer: Mapping[str, Any], ids: Mapping[str, str]) -> Sheet:
    """Return what the page has measured as a sheet.

    Args:
        answer: What it has measured of one drawing.
        ids: The ids of our boxes, by their names in the text.
    """
    parents = answer["parents"]

    def id_of(name: str) -> str:
        inside, _, dot = name.rpartition("_")  # Mermaid's own dots: s3_start
        return f"{ids[inside]} {dot}" if inside in ids else ids.get(name, name)

    def around(name: str) -> tuple[str, ...]:
        parent = parents.get(name, "")
        if not parent:
            return ()
        return (*([id_of(parent)] if parent in frames else []), *around(parent))

    frames = {one["id"]: _rect(one["rect"]) for one in answer["clusters"]}
    leaves = {one["id"]: _rect(one["rect"]) for one in answer["nodes"]}
    shapes = {name: answer["shapes"].get(name, "") for name in leaves}
    for name, rect in leaves.items():
        if shapes[name] == "choice":
            leaves[name] = rect.grown(-0.08 * rect.width)  # between its corners and its sides
    lines = tuple(
        Line(
            f"{id_of(one['source'])}:{id_of(one['target'])} {one['id']}",
            id_of(one["source"]),
            id_of(one["target"]),
            tuple(_point(*point) for point in one["points"]),
            one["label"] and _rect(one["label"]),
        )
        for one in answer["lines"]
    )
    return Sheet(
        answer["width"] * PIXEL,
        answer["height"] * PIXEL,
        leaves={id_of(name): rect for name, rect in leaves.items()},
        frames={id_of(name): rect for name, rect in frames.items()},
        round=frozenset(id_of(name) for name, shape in shapes.items() if shape in _ROUND),
        regions={},
        rooms={},
        texts=tuple((id_of(one["id"]), _rect(one["title"])) for one in answer["clusters"]),
        bars={},
        around={id_of(name): around(name) for name in (*leaves, *frames)},
        lines=lines,
    )


def _draw(works: Sequence[Work]) -> list[Answer | None]:
    pictures = [work.drawing.picture for work in works]
    begun = os.times()
    texts = [to_mermaid(picture, THEMES["light"]) for picture in pictures]
    pages = [_measured(texts[i : i + BATCH]) for i in range(0, len(texts), BATCH)]
    answers = list(itertools.chain.from_iterable(pages))
    ended = os.times()
    took = ended.children_user + ended.children_system
    took -= begun.children_user + begun.children_system
    each = took / max(1, len(answers))
    found: list[Answer | None] = []
    for picture, answer in zip(pictures, answers, strict=True):
        ids = {name: box for box, name in short_names(picture).items()}
        failed = "error" in answer
        found.append(None if failed else Answer(read(answer, ids), answer["size"], each))
    return found


def _measured(texts: Sequence[str]) -> list[Any]:
    """Have a page draw texts, and return what it measures."""
    library = Path(os.environ[NPM]).resolve() / "node_modules/mermaid/dist/mermaid.min.js"
    given = json.dumps(texts).replace("</", "<\\/")
    page = Template(_PAGE.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        text = page.safe_substitute(mermaid=library.as_uri(), texts=given)
        path.write_text(text, encoding="utf-8")
        done = subprocess.run(  # noqa: S603 - the page is ours
            [str(_browser()), *_OPTIONS, f"--user-data-dir={folder}/profile", path.as_uri()],
            capture_output=True,
            text=True,
            check=True,
            timeout=PATIENCE,
        )
    dumped = re.search(r'<pre id="answers">(.+)</pre>', done.stdout, re.DOTALL)
    if dumped is None:
        return [{"error": "the page gives no answer"} for _ in texts]
    answers: list[Any] = json.loads(html.unescape(dumped[1]))
    return answers


def _browser() -> str | None:
    named = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, filter(None, named))), None)


def _point(x: float, y: float) -> Point:
    return x * PIXEL, y * PIXEL


def _rect(place: Sequence[float]) -> Rect:
    x, y, width, height = place
    return Rect(x * PIXEL, y * PIXEL, width * PIXEL, height * PIXEL)


MERMAID: Final = Peer(NAME, version, _draw, is_inline=True)
