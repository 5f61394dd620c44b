"""Pictures of runs of plans: the nodes, coloured by their state, and what was done when.

A state is told by a sign as well as by its colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Final

from attrs import frozen

from machines.plan.ledger import Ledger
from machines.plan.vocabulary import Json
from statecharts.drawing.engine import Engine
from statecharts.drawing.labels import text_width
from statecharts.drawing.theme import DARK, FONT_STACK, LIGHT, Theme

SIGNS: Final = {
    "waiting": "·",
    "running": "▶",
    "completed": "✓",
    "failed": "✗",
    "skipped": "↷",
    "stopped": "‖",
}
"""The sign of each state of a node."""

_LIGHT: Final = {
    "waiting": ("#6b7684", "#f6f8fa"),
    "running": ("#0065a8", "#e1f0fc"),
    "completed": ("#2e7d4f", "#e4f4ea"),
    "failed": ("#b3261e", "#fce8e6"),
    "skipped": ("#6b7684", "#ffffff"),
    "stopped": ("#7a5c00", "#fff4cc"),
}
_DARK: Final = {
    "waiting": ("#8590a0", "#1b2330"),
    "running": ("#5ab4f5", "#0c3350"),
    "completed": ("#62c48c", "#12351f"),
    "failed": ("#ff8a80", "#4a1713"),
    "skipped": ("#8590a0", "#0f141b"),
    "stopped": ("#e3b928", "#3d3208"),
}
"""Line and fill of each state of a node, on light and on dark paper."""


def _coloured(theme: Theme, states: dict[str, tuple[str, str]]) -> str:
    boxes = "".join(
        f"rect.{state}{{stroke:{line};fill:{fill}}}text.{state}{{fill:{line}}}"
        for state, (line, fill) in states.items()
    )
    return (
        f".paper{{fill:{theme.paper}}}text{{fill:{theme.ink}}}.edge{{stroke:{theme.line}}}"
        f".rule{{stroke:{theme.rule}}}{boxes}"
    )


_STYLE: Final = (
    f"{_coloured(LIGHT, _LIGHT)}.edge{{fill:none}}.soft,rect.skipped{{stroke-dasharray:4 3}}"
    f"@media (prefers-color-scheme:dark){{{_coloured(DARK, _DARK)}}}"
)
_SIZE: Final = 12.0
_SMALL: Final = 10.0
_SIGN: Final = 16.0
"""The room for the sign of a state: a text of its own, as few fonts have it."""

MANY: Final = 60
"""The nodes from which on those of one step, at one depth, are drawn as one."""

_SECONDS: Final = 20.0
_PER_INCH: Final = 72.0
_STRAIGHT: Final = 4


@frozen
class Box:
    """One box of the picture of a graph.

    Attributes:
        name: Its text.
        state: The state that it shows.
        detail: More of it: attempts, or how many nodes it stands for.
    """

    name: str
    state: str
    detail: str


def _state(ledger: Ledger, node: str) -> str:
    line = ledger.lines.get(node)
    return "waiting" if line is None else line.state


def _depths(nodes: list[Json]) -> dict[str, int]:
    depths: dict[str, int] = {}
    for node in nodes:
        before = [depths[one] + 1 for one in (*node["needs"], *node["awaits"])]
        depths[node["id"]] = max(before, default=0)
    return depths


def boxes(graph: Json, ledger: Ledger) -> tuple[dict[str, Box], dict[tuple[str, str], bool]]:
    """Return the boxes of a graph and its edges; the nodes of a large one in groups.

    Args:
        graph: The graph, as `machines.planner.plan.Graph.described` gives it.
        ledger: What is recorded of the run.

    Returns:
        The boxes by key; and for each edge whether it is one that waits for one of many.
    """
    nodes: list[Json] = graph["nodes"]
    depths = _depths(nodes)
    many = len(nodes) > MANY
    members: dict[str, list[str]] = {}
    group: dict[str, str] = {}
    for node in nodes:
        id = node["id"]
        key = f"{id.rpartition('.')[0]}.* {depths[id]}" if many else id
        members.setdefault(key, []).append(id)
        group[id] = key
    found: dict[str, Box] = {}
    for key, ids in members.items():
        states = [_state(ledger, id) for id in ids]
        if len(ids) == 1:
            line = ledger.lines.get(ids[0])
            tries = 0 if line is None else len(line.spans)
            found[key] = Box(ids[0], states[0], f"{tries} attempts" if tries > 1 else "")
            continue
        worst = next(one for one in ("failed", "running", "stopped", *SIGNS) if one in states)
        counted = ", ".join(f"{states.count(one)} {one}" for one in SIGNS if one in states)
        found[key] = Box(f"{ids[0].rpartition('.')[0]}.* × {len(ids)}", worst, counted)
    edges: dict[tuple[str, str], bool] = {}
    for node in nodes:
        for kind in ("needs", "awaits"):
            for other in node[kind]:
                edge = (group[other], group[node["id"]])
                if edge[0] != edge[1]:
                    edges[edge] = edges.get(edge, True) and kind == "awaits"
    return found, edges


def graph_svg(graph: Json, ledger: Ledger) -> str:
    """Return the graph of a run as SVG, its nodes coloured by their state.

    Raises:
        EngineError: There is no layout engine, or it does not finish.
    """
    found, edges = boxes(graph, ledger)
    keys = list(found)
    lines = ["digraph { rankdir=LR nodesep=0.15 ranksep=0.5 node [shape=box fixedsize=true]"]
    for number, key in enumerate(keys):
        box = found[key]
        texts = _SIGN + text_width(box.name, _SIZE), text_width(box.detail, _SMALL)
        width = (max(texts) + 16) / _PER_INCH
        lines.append(f"n{number} [width={width:.2f} height={0.55 if box.detail else 0.36}]")
    lines += [f"n{keys.index(one)} -> n{keys.index(other)}" for one, other in edges]
    layout = Engine(_SECONDS).lay_out("\n".join([*lines, "}"]))
    _, _, wide, high = (float(one) for one in layout["bb"].split(","))
    parts: list[str] = []
    for edge in layout.get("edges", []):
        ends = tuple(
            keys[int(layout["objects"][edge[end]]["name"][1:])] for end in ("tail", "head")
        )
        soft = " soft" if edges[ends[0], ends[1]] else ""
        parts.append(f'<path class="edge{soft}" d="{_curve(edge["pos"], high)}"/>')
    for drawn in layout["objects"]:
        box = found[keys[int(drawn["name"][1:])]]
        x, y = (float(one) for one in drawn["pos"].split(","))
        w, h = (float(drawn[one]) * _PER_INCH for one in ("width", "height"))
        parts.append(_drawn(box, x - w / 2, high - y - h / 2, w, h))
    title = f"{ledger.started.operation if ledger.started else 'plan'}: {ledger.status}"
    more = {"waits for one of them": "soft"} if any(edges.values()) else {}
    return _svg(title, wide, high, parts, [box.state for box in found.values()], more)


def _drawn(box: Box, x: float, y: float, w: float, h: float) -> str:
    second = ""
    if box.detail:
        place = f'x="{x + 8:.1f}" y="{y + h - 8:.1f}"'
        second = f'<text font-size="{_SMALL:.0f}" {place}>{escape(box.detail)}</text>'
    return (
        f"<g><title>{escape(box.name)}: {box.state}</title>"
        f'<rect class="{box.state}" x="{x:.1f}" y="{y:.1f}" width="{w:.1f}"'
        f' height="{h:.1f}" rx="4"/>'
        f"{_named(box.state, box.name, x + 8, y + 17)}{second}</g>"
    )


def _named(state: str, name: str, x: float, y: float) -> str:
    """Return the sign of a state and a name beside it."""
    return (
        f'<text class="{state}" x="{x:.1f}" y="{y:.1f}">{SIGNS[state]}</text>'
        f'<text x="{x + _SIGN:.1f}" y="{y:.1f}">{escape(name)}</text>'
    )


def _curve(position: str, high: float) -> str:
    """Return the path of an edge, as Graphviz gives it, with an arrow at its end."""
    points = [one.split(",") for one in position.split()]
    end = next((one[1:] for one in points if one[0] == "e"), None)
    run = [(float(x), high - float(y)) for x, y in (one for one in points if len(one) == 2)]  # noqa: PLR2004
    said = [f"M{run[0][0]:.1f} {run[0][1]:.1f}C", *(f"{x:.1f} {y:.1f} " for x, y in run[1:])]
    if end is not None:
        x, y = float(end[0]), high - float(end[1])
        said.append(f"L{x:.1f} {y:.1f}m-7 -{_STRAIGHT}l7 {_STRAIGHT}l-7 {_STRAIGHT}")
    return "".join(said).replace(" L", "L")


def _svg(
    title: str,
    wide: float,
    high: float,
    parts: list[str],
    states: Iterable[str],
    more: Mapping[str, str],
) -> str:
    """Return a picture with its legend: the states in it, and more by the class of its line."""
    shown = [(one, one) for one in SIGNS if one in states]
    legend: list[str] = []
    x, y = 0.0, high + 26
    for text, kind in [*shown, *more.items()]:
        if kind in SIGNS:
            legend.append(
                f'<rect class="{kind}" x="{x:.1f}" y="{y - 9:.1f}" width="16" height="10" rx="3"/>'
                f'<text class="{kind}" x="{x + 20:.1f}" y="{y:.1f}">{SIGNS[kind]}</text>'
            )
        else:
            line = f"M{x:.1f} {y - 4:.1f}h32"
            legend.append(f'<path class="edge {kind}" d="{line}"/>')
        x += 36
        legend.append(f'<text font-size="{_SMALL:.0f}" x="{x:.1f}" y="{y:.1f}">{text}</text>')
        x += text_width(text, _SMALL) + 16
    edge = 8
    wide, high = max(wide, x) + 2 * edge, y + 2 * edge
    box = f"{-edge} {-edge} {wide:.0f} {high:.0f}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{wide:.0f}"'
        f' height="{high:.0f}" font-family="{FONT_STACK}" font-size="{_SIZE:.0f}">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
        f'<rect class="paper" x="{-edge}" y="{-edge}" width="{wide:.0f}" height="{high:.0f}"/>'
        f'{"".join(parts)}<g class="legend">{"".join(legend)}</g></svg>\n'
    )


@frozen
class Bar:
    """One attempt in a Gantt chart.

    Attributes:
        node: The node.
        state: How the attempt ended.
        begin: Its begin, as a part of the whole time.
        end: The same for its end.
        milliseconds: How long it took.
    """

    node: str
    state: str
    begin: float
    end: float
    milliseconds: int


def bars(ledger: Ledger) -> list[list[Bar]]:
    """Return the attempts of each node, in the order in which the nodes began."""
    whole = max(ledger.last - ledger.began, 1)
    found: list[list[Bar]] = []
    for line in ledger.lines.values():
        row: list[Bar] = []
        for number, (begin, end) in enumerate(line.spans):
            last = number == len(line.spans) - 1
            until = ledger.last if end is None else end
            before = "stopped" if number in line.stopped else "failed"
            state: Any = line.state if last and line.state != "waiting" else before
            place = (begin - ledger.began) / whole, (until - ledger.began) / whole
            row.append(Bar(line.node, state, *place, until - begin))
        found.append(row or [Bar(line.node, line.state, 0.0, 0.0, 0)])
    return found


def gantt_svg(ledger: Ledger) -> str:
    """Return what was done when, as SVG: a row for each node, a bar for each attempt."""
    rows = bars(ledger)
    wide, high = 900.0, 18.0 * len(rows) + 24
    names = (text_width(row[0].node, _SIZE) for row in rows)
    left = _SIGN + max(names, default=70.0) + 16
    parts = [f'<line class="rule" x1="{left}" x2="{wide}" y1="18" y2="18"/>']
    whole = max(ledger.last - ledger.began, 1)
    for number in range(5):
        x = left + (wide - left) * number / 4
        anchor = "start" if number == 0 else "end"
        text = duration(whole * number // 4)
        place = f'text-anchor="{anchor}" x="{x:.1f}" y="12"'
        parts.append(f'<text font-size="{_SMALL:.0f}" {place}>{text}</text>')
    for number, row in enumerate(rows):
        y = 24 + 18 * number
        parts.append(_named(row[-1].state, row[0].node, 0, y + 12))
        for bar in row:
            x, w = left + (wide - left) * bar.begin, (wide - left) * (bar.end - bar.begin)
            parts.append(
                f"<g><title>{escape(bar.node)}: {bar.state}, {duration(bar.milliseconds)}</title>"
                f'<rect class="{bar.state}" x="{x:.1f}" y="{y + 2}" width="{max(w, 2):.1f}"'
                f' height="12"/></g>'
            )
    states = [bar.state for row in rows for bar in row]
    return _svg("what was done when", wide, high, parts, states, {})


def gantt_text(ledger: Ledger, width: int = 40) -> list[tuple[str, str, str, str]]:
    """Return what was done when, for a terminal.

    Returns:
        For each node its state, its id, its bars, and the time of its attempts.
    """
    found = []
    for row in bars(ledger):
        cells = [" "] * width
        for bar in row:
            first = min(int(bar.begin * width), width - 1)
            last = max(min(int(bar.end * width), width), first + 1)
            cells[first:last] = ["█" if bar.state != "failed" else "▒"] * (last - first)
        shown = "".join(cells) if row[0].milliseconds or row[0].state != "skipped" else ""
        total = sum(bar.milliseconds for bar in row)
        found.append((row[-1].state, row[0].node, shown, duration(total)))
    return found


def duration(milliseconds: int) -> str:
    """Return a time as people say it.

    >>> duration(40), duration(4_200), duration(184_000)
    ('40 ms', '4.2 s', '3 min 4 s')
    """
    if milliseconds < 1000:  # noqa: PLR2004 - a second
        return f"{milliseconds} ms"
    seconds = milliseconds / 1000
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"
