"""A chart as a tree of text: its states, what they carry, and where one goes from each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, final

from attrs import frozen
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.text import Text
from rich.tree import Tree

from statecharts.cli.terminal import first_line
from statecharts.model.chart import HISTORY, Chart, StateKind, StateNode, Transition, TransitionKind
from statecharts.model.labels import (
    ARROW,
    action_text,
    call_text,
    data_text,
    guard_text,
    hooks_text,
    trigger_text,
)

MARKS: Final = {
    StateKind.PARALLEL: "∥",
    StateKind.FINAL: "◎",
    StateKind.SHALLOW_HISTORY: "H",
    StateKind.DEEP_HISTORY: "H*",
}
"""What stands before the name of a state that is neither atomic nor compound."""

INITIAL: Final = "•"
"""What stands before the name of a state that its parent enters by default."""


def chart_tree(chart: Chart) -> Tree:
    """Return a chart as a tree, its states in document order.

    >>> from rich.console import Console
    >>> from statecharts.model.chart import Default, OnEvent
    >>> flip = Transition("on", OnEvent(("flip",)), ("off",))
    >>> on = StateNode("on", StateKind.ATOMIC, "on", transitions=(flip,))
    >>> off = StateNode("off", StateKind.FINAL, "off")
    >>> root = StateNode("", StateKind.COMPOUND, "Lamp", None, ("on", "off"),
    ...                  Transition("", Default(), ("on",)))
    >>> Console().print(chart_tree(Chart("Lamp", root, (on, off))))
    Lamp
    ├── • on
    │       flip → off
    └── ◎ off
    """
    tree = Tree(_label(chart, chart.root), guide_style="dim")
    branches = {chart.root.id: tree}
    for node in chart:
        branches[node.id] = branches[node.parent or ""].add(_label(chart, node))
    return tree


def is_initial(chart: Chart, node: StateNode) -> bool:
    """Tell whether the default transition of its parent enters a state.

    The default may name a state further down; those on the way to it are entered as well.
    """
    if node.parent is None or node.kind in HISTORY:
        return False
    targets = chart[node.parent].initial
    return any(node.id == target or chart.is_descendant(target, node.id) for target in targets)


@final
@frozen
class _Hanging:
    """A line set off to the right; where it has to be wrapped, its rest still further."""

    line: Text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = max(options.max_width - 6, 1)
        for number, line in enumerate(self.line.wrap(console, width)):
            yield Text("      " if number else "    ") + line


def _label(chart: Chart, node: StateNode) -> Group:
    title = _chart_title(chart) if node.parent is None else _state_title(chart, node)
    return Group(*title, *(_Hanging(line) for line in _lines(node)))


def _chart_title(chart: Chart) -> list[Text]:
    doc = first_line(chart.doc)
    title = _spaced((chart.name, "bold"), (data_text(chart.context), "green"))
    return [title, Text(doc, "italic")] if doc else [title]


def _state_title(chart: Chart, node: StateNode) -> list[Text]:
    initial = is_initial(chart, node)
    return [
        _spaced(
            (INITIAL if initial else "", "bold yellow"),
            (MARKS.get(node.kind, ""), "yellow"),
            (node.name, "bold"),
            (data_text(node.data), "green"),
        )
    ]


def _lines(node: StateNode) -> Iterator[Text]:
    """Yield what is to be said of a state, beneath its name."""
    for name, hooks in (("entry", node.entry), ("exit", node.exit)):
        if hooks:
            yield _spaced((name, "dim"), (f"/ {hooks_text(hooks)}", "magenta"))
    for call in node.invoke:
        yield _spaced(("invoke", "dim"), (f"/ {call_text(call)}", "magenta"))
    default = node.default
    if default is not None and (node.kind in HISTORY or action_text(default)):
        yield _transition("default", default)
    for transition in node.transitions:
        yield _transition(trigger_text(transition.trigger), transition)


def _transition(trigger: str, transition: Transition) -> Text:
    action = action_text(transition)
    return _spaced(
        (trigger, "cyan"),
        (guard_text(transition), "yellow"),
        (f"/ {action}" if action else "", "magenta"),
        *_destination(transition),
    )


def _destination(transition: Transition) -> list[tuple[str, str]]:
    if transition.kind is TransitionKind.FORBIDDEN:
        return [("(ignored)", "dim")]
    if transition.kind is TransitionKind.DEFERRED:
        return [("(deferred)", "dim")]
    if not transition.targets:
        return [("(stays)", "dim")]
    note = "(internal)" if transition.kind is TransitionKind.INTERNAL else ""
    return [(ARROW, "dim"), (", ".join(transition.targets), "bold blue"), (note, "dim")]


def _spaced(*parts: tuple[str, str]) -> Text:
    """Join styled parts with spaces, without those that are empty."""
    return Text(" ").join(Text(text, style) for text, style in parts if text)
