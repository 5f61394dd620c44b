"""Diagrams: the generator of `diagrams/gallery`.

``python -m diagrams``, run from the repository, renders every chart of `machines` and the rooms of
`statecharts` whose pictures are stale; ``--all`` renders every picture. A picture is stale when its
chart or its text has changed. Positions do not count, since layout engines differ.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import machines
from diagrams.rooms import chart_of_rooms
from statecharts import render
from statecharts.model.chart import Chart, Declaration

if TYPE_CHECKING:
    from types import ModuleType

FOLDER: Final = Path(__file__).parent / "gallery"
"""The folder of the pictures."""

PAGE: Final = "README.md"
"""The page that shows the pictures."""

REMEDY: Final = "Run `python -m diagrams`."

MACHINES: Final = FOLDER.parents[1] / "machines"
"""The package that the pictures show."""


def stale(
    charts: Iterable[Chart | type[Declaration[Any, Any]]], folder: Path = FOLDER
) -> list[str]:
    """Return one sentence for each stale picture in a folder, and for each stale part of its page.

    >>> stale([])
    []
    """
    page = folder / PAGE
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    found = []
    for chart in map(_chart, charts):
        faults = list(_faults(chart, folder))
        if not faults and _section(chart) not in text:
            faults.append(f"{PAGE} does not show {chart.name} as it is now. {REMEDY}")
        found += faults
    return found


def write(
    charts: Iterable[Chart | type[Declaration[Any, Any]]],
    folder: Path = FOLDER,
    *,
    anew: bool = False,
) -> list[Path]:
    """Render charts into a folder, as SVG and DOT, with a page; return the files that were written.

    Only stale pictures are rendered, so that another layout engine changes nothing; with ``anew``,
    all of them are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    shown = [*map(_chart, charts)]
    for chart in shown:
        if not anew and not list(_faults(chart, folder)):
            continue
        for kind, text in (
            ("svg", render(chart, faults=())),
            ("dot", render(chart, "dot", faults=())),
        ):
            path = folder / f"{chart.name}.{kind}"
            path.write_text(text, encoding="utf-8", newline="\n")
            written.append(path)
    page, text = folder / PAGE, index(shown)
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8", newline="\n")
        written.append(page)
    return written


def index(charts: Iterable[Chart]) -> str:
    """Return the page that shows the pictures of charts, each with what it is for.

    >>> print(index([]), end="")
    # Gallery
    <BLANKLINE>
    `python -m diagrams` draws these pictures from the code.
    """
    head = "# Gallery\n\n`python -m diagrams` draws these pictures from the code.\n"
    return "".join((head, *map(_section, charts)))


def _section(chart: Chart) -> str:
    """Return what the page says of one chart."""
    doc = chart.doc.partition("\n\n")[0].replace("\n", " ")
    return f"\n## {chart.name}\n\n{doc}\n\n![{chart.name}]({chart.name}.svg)\n"


def charts_of(module: ModuleType) -> tuple[Chart, ...]:
    """Return the charts that a module itself declares, in order."""
    found: Mapping[str, object] = vars(module)
    return tuple(
        value.chart
        for value in found.values()
        if isinstance(value, type)
        and issubclass(value, Declaration)
        and value.__module__ == module.__name__
        and "chart" in vars(value)
    )


def _chart(chart: Chart | type[Declaration[Any, Any]]) -> Chart:
    return chart if isinstance(chart, Chart) else chart.chart


def _faults(chart: Chart, folder: Path) -> Iterator[str]:
    svg, dot = folder / f"{chart.name}.svg", folder / f"{chart.name}.dot"
    if not svg.exists() or not dot.exists():
        yield f"{chart.name} has no picture in {folder.name}. {REMEDY}"
        return
    if f'data-chart-hash="{chart.hash}"' not in svg.read_text(encoding="utf-8"):
        yield f"{chart.name} has changed, and {svg.name} has not. {REMEDY}"
    elif dot.read_text(encoding="utf-8") != render(chart, "dot", faults=()):
        yield f"{chart.name} would look different from {dot.name}. {REMEDY}"


def machine_charts() -> list[Chart]:
    """Return every chart that a module of `machines` declares."""
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(machines.__path__, "machines.")
    ]
    return [chart for module in modules for chart in charts_of(module)]


def main(arguments: Sequence[str] = (), folder: Path = FOLDER) -> int:
    """Render every stale picture; with ``--all``, every picture."""
    found = getattr(machines, "__file__", None) or next(iter(machines.__path__))
    if Path(found).resolve().parent != MACHINES.resolve():
        print(
            f"python -m diagrams needs the 'machines' of this repository, which {found} hides."
            f" Rename that 'machines', or run the command in {MACHINES.parent}.",
            file=sys.stderr,
        )
        return 1
    charts = [*machine_charts(), chart_of_rooms()]
    for path in write(charts, folder, anew="--all" in arguments):
        print(path)
    return 0
