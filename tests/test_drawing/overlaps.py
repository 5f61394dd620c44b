"""Finds what lies on what in a rendered chart, from the SVG alone."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping

from attrs import frozen

from statecharts.drawing.geometry import Path, Point, Rect, flattened
from statecharts.drawing.labels import text_width

_SVG = "{http://www.w3.org/2000/svg}"
_COMPOSITE = ("composite", "parallel")
_CAPTION = 40.0
"""Distance that the name of a final state may reach around its circle, and below it."""


@frozen
class Seen:
    """A named thing in a picture, with the room that it takes."""

    name: str
    rect: Rect
    round: bool = False


@frozen
class Scene:
    """The parts of a picture."""

    leaves: tuple[Seen, ...]
    """States and pseudo-states with nothing in them."""
    frames: tuple[Seen, ...]
    """Composite states."""
    texts: tuple[Seen, ...]
    """Text in states."""
    labels: tuple[Seen, ...]
    """Lines of text at arrows, named by the arrow."""
    lines: tuple[tuple[str, tuple[Point, ...]], ...]
    """Arrows, as points close to each other."""
    rules: tuple[tuple[str, tuple[Point, ...]], ...]
    """Borders of composite states, rules and dividers, in the same way."""


def overlaps(svg: str) -> list[str]:
    """Return a sentence for each thing that lies on another and must not."""
    return list(_overlaps(scene(svg)))


def _overlaps(seen: Scene) -> Iterator[str]:
    for label in seen.labels:
        for other in (*seen.leaves, *seen.texts):
            if label.rect.overlaps(other.rect):
                yield f"label of {label.name} lies on {other.name}"
        for name, points in (*seen.lines, *seen.rules):
            if any(label.rect.contains(point) for point in points):
                yield f"label of {label.name} lies on the line of {name}"
    for a, b in itertools.combinations(seen.labels, 2):
        if a.name != b.name and a.rect.overlaps(b.rect):
            yield f"labels of {a.name} and {b.name} lie on each other"
    for a, b in itertools.combinations(seen.leaves, 2):
        if a.rect.overlaps(b.rect):
            yield f"{a.name} lies on {b.name}"
    for name, points in seen.lines:
        for other in (*seen.leaves, *seen.texts):
            # A line may reach a circle inside the square around it.
            inner = other.rect.grown(-other.rect.width * 0.2 if other.round else -1.5)
            if any(inner.contains(point) for point in points):
                yield f"line of {name} runs through {other.name}"


def strays(svg: str, parents: Mapping[str, str]) -> list[str]:
    """Return a sentence for each text of a state that lies outside the state's own shape.

    Args:
        svg: The picture.
        parents: The group of the state around each state that has one, by its group, without the
            chart. A region has no border: it lies between dividers inside the state around it.
    """
    root = ET.fromstring(svg)
    states = next(g for g in root.iter(f"{_SVG}g") if g.get("class") == "states")
    paper = _rect(next(r for r in root.iter(f"{_SVG}rect") if r.get("class") == "paper"))
    groups = {_name(group): group for group in states}

    def room(name: str) -> Rect:
        group = groups[name]
        for rect in group.iter(f"{_SVG}rect"):
            if rect.get("class") == "border":
                return _rect(rect)
        for circle in _shapes(group):
            if "final" not in group.get("class", "").split():
                return circle
            x, width = circle.centre[0] - _CAPTION, 2 * _CAPTION
            return Rect(x, circle.y, width, circle.height + _CAPTION)
        return room(parents[name]) if name in parents else paper

    return [
        f"{''.join(text.itertext())!r} of {name} lies outside"
        for name, group in groups.items()
        for text in group.iter(f"{_SVG}text")
        if not within(_text(text), room(name))
    ]


def within(inner: Rect, outer: Rect) -> bool:
    """Tell whether a rectangle lies inside another."""
    across = outer.x <= inner.x and inner.right <= outer.right
    return across and outer.y <= inner.y and inner.bottom <= outer.bottom


def scene(svg: str) -> Scene:
    """Return what a picture consists of."""
    root = ET.fromstring(svg)
    states = next(g for g in root.iter(f"{_SVG}g") if g.get("class") == "states")
    transitions = next(g for g in root.iter(f"{_SVG}g") if g.get("class") == "transitions")
    leaves: list[Seen] = []
    frames: list[Seen] = []
    texts: list[Seen] = []
    rules: list[tuple[str, tuple[Point, ...]]] = []
    for group in states:
        name, kind = _name(group), group.get("class", "").split()[0]
        border = next((r for r in group.iter(f"{_SVG}rect") if r.get("class") == "border"), None)
        if kind in _COMPOSITE:
            if border is not None:
                rect = _rect(border)
                frames.append(Seen(name, rect))
                rules.append((f"border of {name}", tuple(_outline(rect))))
        elif border is not None:
            leaves.append(Seen(name, _rect(border)))
        else:
            leaves.extend(Seen(name, shape, kind != "fork") for shape in _shapes(group))
        framed = kind in _COMPOSITE or border is None
        texts += [Seen(f"text in {name}", _text(t)) for t in group.iter(f"{_SVG}text") if framed]
        rules += [
            (f"rule in {name}", tuple(flattened(_path(p.get("d", "")), 1.0)))
            for p in group.iter(f"{_SVG}path")
            if p.get("class") in ("rule", "divider") and kind in _COMPOSITE
        ]
    labels, lines = [], []
    for group in transitions:
        name = _name(group)
        labels += [Seen(name, _text(t)) for t in group.iter(f"{_SVG}text")]
        lines += [
            (name, tuple(flattened(_path(p.get("d", "")), 1.0)))
            for p in group.iter(f"{_SVG}path")
            if p.get("class") == "line"
        ]
    texts = [t for t in texts if "history" not in t.name and not _in_circle(t, leaves)]
    return Scene(
        tuple(leaves), tuple(frames), tuple(texts), tuple(labels), tuple(lines), tuple(rules)
    )


def _name(group: ET.Element) -> str:
    """Return the id of a group, without the chart."""
    return group.get("id", "").partition("-")[2]


def _in_circle(text: Seen, leaves: list[Seen]) -> bool:
    return any(leaf.rect.contains(text.rect.centre) for leaf in leaves)


def _shapes(group: ET.Element) -> Iterator[Rect]:
    for circle in list(group.iter(f"{_SVG}circle"))[:1]:
        x, y, r = (float(circle.get(key, "0")) for key in ("cx", "cy", "r"))
        yield Rect(x - r, y - r, 2 * r, 2 * r)
    if not list(group.iter(f"{_SVG}circle")):
        yield from (_rect(rect) for rect in group.iter(f"{_SVG}rect"))


def _rect(element: ET.Element) -> Rect:
    return Rect(*(float(element.get(key, "0")) for key in ("x", "y", "width", "height")))


def _text(element: ET.Element) -> Rect:
    size = float(element.get("font-size", "0"))
    bold = element.get("font-weight") == "bold"
    width = text_width("".join(element.itertext()), size, bold=bold)
    x = float(element.get("x", "0"))
    left = x - width / 2 if element.get("text-anchor") == "middle" else x
    return Rect(left, float(element.get("y", "0")) - size * 0.78, width, size)


def _outline(rect: Rect) -> Iterator[Point]:
    for i in range(int(rect.width)):
        yield from ((rect.x + i, rect.y), (rect.x + i, rect.bottom))
    for i in range(int(rect.height)):
        yield from ((rect.x, rect.y + i), (rect.right, rect.y + i))


def _path(text: str) -> Path:
    points: list[Point] = []
    for command, numbers in re.findall(r"([MLC])([^MLC]*)", text):
        values = [float(n) for n in re.findall(r"-?[\d.]+", numbers)]
        found = list(zip(values[::2], values[1::2], strict=True))
        if command == "L":
            (x0, y0), (x1, y1) = points[-1], found[0]
            thirds = [(x0 + (x1 - x0) * k / 3, y0 + (y1 - y0) * k / 3) for k in (1, 2)]
            found = [*thirds, found[0]]
        points += found
    return tuple(points)
