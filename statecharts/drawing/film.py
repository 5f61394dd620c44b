"""Films: a run as a strip of pictures, or as one animated picture.

Both are SVG without a script. All frames share one layout, and what is the same in several frames
is written once: a film is hardly larger than its pictures are different.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, final

from attrs import frozen

from statecharts.drawing.model import Drawing
from statecharts.drawing.overlay import STEP, Overlay, last_step
from statecharts.drawing.svg import Options, Writer, digest
from statecharts.drawing.theme import Theme
from statecharts.model.arguments import Sort, check
from statecharts.model.chart import Chart
from statecharts.model.labels import ARROW, innermost, trigger_text
from statecharts.semantics.snapshot import Microstep, Step

_FRAME: Final = Sort(
    "steps, each alone or with the name of its event, such as [machine.send(event)]",
    lambda value: STEP.fits(value) or _is_named(value),
)


def _is_named(value: Any) -> bool:
    pair = isinstance(value, tuple) and len(value) == len(("name", "step"))
    return pair and isinstance(value[0], str) and bool(STEP.fits(value[1]))


SECONDS_A_FRAME: Final = 1.6
"""Time for which an animation shows a frame."""


@final
@frozen
class Frame:
    """One picture of a film.

    Attributes:
        caption: A line below it.
        overlay: Its marks.
    """

    caption: str
    overlay: Overlay


def frames(
    chart: Chart, steps: Iterable[Step[Any, Any] | tuple[str, Step[Any, Any]]]
) -> Iterator[Frame]:
    """Yield a frame for each step: what it took, and where it arrived.

    Args:
        chart: The chart.
        steps: The steps in their order, each alone or with the name of its event.
    """
    for number, one in enumerate(steps, 1):
        check("render_film", steps=(one, _FRAME))
        name, step = ("", one) if isinstance(one, Step) else one
        yield Frame(f"{number}. {_caption(name, step)}", last_step(chart, step))


def _caption(name: str, step: Step[Any, Any]) -> str:
    """Return what a step took, each place on its way, and whether the run has ended there."""
    way = list(filter(None, map(_reached, step.microsteps)))
    first = step.microsteps[0].fired if step.microsteps else ()
    name = name or (trigger_text(first[0].trigger) if first else "start" if way else "")
    if not step.fired and not way:
        told = f"{name} {'nothing taken' if step.handled else 'unhandled'}".lstrip()
    else:
        told = f" {ARROW} ".join((name, *(way or ["stays"])))
    return f"{told} (ended)" if step.snapshot.ended else told


def _reached(microstep: Microstep) -> str:
    """Return the targets of a microstep, or what a start enters; empty where all stays."""
    targets = [state for line in microstep.fired for state in line.targets]
    return ", ".join(targets if microstep.fired else innermost(microstep.entered))


def to_strip(drawing: Drawing, theme: Theme, shown: Sequence[Frame], options: Options) -> str:
    """Return frames beside and below each other, on a page that is rather square."""
    writers = _writers(drawing, theme, shown, options)
    width = max(writer.size[0] for writer in writers)
    height = max(writer.size[1] for writer in writers)
    across = min(max(1, round((len(shown) * height / width) ** 0.5)), len(shown))
    rows = -(-len(shown) // across)
    each = [list(writer.parts()) for writer in writers]
    scope, written = _scope(each), dict[str, str]()
    lines = [*writers[-1].opening(across * width, rows * height, _told(writers, shown))]
    for number, parts in enumerate(each):
        x, y = number % across * width, number // across * height
        lines.append(f'<g class="frame" transform="translate({x:g} {y:g})">')
        for part in parts:
            if part in written:
                lines.append(f'<use href="#{written[part]}"/>')
            elif "<g id=" in part:
                name = written[part] = f"{scope}-{len(written)}"
                lines.append(f'<g id="{name}">{_anonymous(part)}</g>')
            else:
                lines.append(part)
        lines.append("</g>")
    return "\n".join((*lines, "</svg>")) + "\n"


def to_animation(drawing: Drawing, theme: Theme, shown: Sequence[Frame], options: Options) -> str:
    """Return frames as one picture, animated by CSS.

    Readers who prefer reduced motion, programs without CSS, and paper get the last frame.
    """
    writers = _writers(drawing, theme, shown, options)
    width = max(writer.size[0] for writer in writers)
    height = max(writer.size[1] for writer in writers)
    each = [list(writer.parts()) for writer in writers]
    scope, body, seen = _scope(each), list[str](), dict[tuple[int, ...], str]()
    for position in range(len(each[0])):
        variants: dict[str, list[int]] = {}
        for number, parts in enumerate(each):
            variants.setdefault(parts[position], []).append(number)
        for text, numbers in variants.items():
            if len(variants) == 1 or not text:
                body.append(text)
                continue
            name = seen.setdefault(tuple(numbers), f"{scope}-f{len(seen)}")
            last = len(shown) - 1 in numbers
            hidden = "" if last else ' visibility="hidden"'
            shown_text = text if last else _anonymous(text)
            body.append(f'<g class="{name}"{hidden}>{shown_text}</g>')
    opening = list(writers[-1].opening(width, height, _told(writers, shown)))
    css = "".join(_rules(name, numbers, len(shown)) for numbers, name in seen.items())
    still = "@media (prefers-reduced-motion:no-preference){" + css + "}"
    return "\n".join((*opening, f"<style>{still}</style>", *body, "</svg>")) + "\n"


def _rules(name: str, numbers: Sequence[int], count: int) -> str:
    """Return the rules that show a group in some of the frames."""
    steps = []
    for number in range(count):
        state = "visible" if number in numbers else "hidden"
        steps.append(f"{100 * number / count:.3f}%{{visibility:{state}}}")
    seconds = SECONDS_A_FRAME * count
    return (
        f".{name}{{animation:{name} {seconds:g}s step-end infinite}}"
        f"@keyframes {name}{{{''.join(steps)}}}"
    )


def _writers(
    drawing: Drawing, theme: Theme, shown: Sequence[Frame], options: Options
) -> list[Writer]:
    return [Writer(drawing, theme, one.overlay, options, one.caption) for one in shown]


def _told(writers: Sequence[Writer], shown: Sequence[Frame]) -> str:
    ways = []
    for frame in shown:
        ways.append(f"{frame.caption}: {', '.join(innermost(frame.overlay.active))}.")
    return " ".join((f"A film of {len(shown)} frames.", *ways, writers[-1].description))


def _scope(each: Iterable[Iterable[str]]) -> str:
    """Return a name that no other film on a page has, given the parts of each frame."""
    return f"film-{digest(''.join(itertools.chain(*each)))}"


def _anonymous(part: str) -> str:
    """Return a part without its id, which another frame has."""
    before, found, rest = part.partition("<g id=")
    if not found:
        return part
    return f"{before}<g{rest[rest.index(rest[0], 1) + 1 :]}"
