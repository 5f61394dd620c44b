"""`statecharts list`, `show` and `schema`: charts as tables, trees, JSON and JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, final

import click
from attrs import frozen
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.text import Text
from rich.tree import Tree

from statecharts.cli.targets import (
    Found,
    one_chart,
    print_faulty,
    survey,
    survey_faulty,
    target_argument,
)
from statecharts.cli.terminal import (
    console,
    count_text,
    failures_json,
    fault_json,
    first_line,
    json_option,
    plain_table,
    print_error,
    print_failures,
    print_json,
)
from statecharts.model.chart import HISTORY, Chart, StateKind, StateNode, Transition, TransitionKind
from statecharts.model.errors import Fault, StatechartError
from statecharts.model.labels import (
    ARROW,
    action_text,
    call_text,
    data_text,
    event_text,
    guard_text,
    hooks_text,
    trigger_text,
)

if TYPE_CHECKING:
    from statecharts.drawing.marks import Marks

MARKS: Final = {
    StateKind.PARALLEL: "∥",
    StateKind.FINAL: "◎",
    StateKind.SHALLOW_HISTORY: "H",
    StateKind.DEEP_HISTORY: "H*",
}
"""Marks before the names of states that are neither atomic nor compound."""

INITIAL: Final = "•"
"""The mark before the name of a state that its parent enters by default."""


@click.command("list")
@json_option
@target_argument
def list_charts(target: str, as_json: bool, variables: dict[str, str]) -> None:
    """List the charts of TARGET.

    Prints the name of each chart, its target, its numbers of states and events, and the first line
    of its docstring.

    \b
    Example:
      statecharts list machines
    """
    found = survey(target, variables)
    rows = [_row(one) for one in found.charts]
    if as_json:
        print_json({"charts": rows, "failures": failures_json(found.failures)})
    else:
        _print_table(rows)
        print_failures(found.failures)
    if found.failures:
        raise click.exceptions.Exit(1)


def _row(one: Found) -> dict[str, Any]:
    chart = one.chart
    return {
        "name": chart.name,
        "target": one.address,
        "states": len(chart.states),
        "events": len(chart.events),
        "doc": first_line(chart.doc),
    }


def _print_table(rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    table = plain_table("name")
    table.add_column("target", overflow="fold", style="cyan")
    table.add_column("states", justify="right")
    table.add_column("events", justify="right")
    table.add_column("doc", overflow="fold")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    console().print(table)


@click.command()
@click.option("--strict", is_flag=True, help="Refuse charts with faults instead of marking them.")
@json_option
@target_argument
def show(target: str, strict: bool, as_json: bool, variables: dict[str, str]) -> None:
    """Show the charts of TARGET as trees, with their transitions.

    \b
    Marks of states:
      •  initial       ◎  final
      ∥  parallel      H  shallow history      H*  deep history
    After each state come its data, its entry and exit effects, and its
    transitions: event(payload) [guard] / action → target. What has a fault
    carries its code: ! SC101.

    \b
    Examples:
      statecharts show machines.pipeline:Pipeline
      statecharts show workflows.toml:approval
    """
    found = survey_faulty(target, variables, strict=strict)
    if as_json:
        charts = [_chart_json(one) for one in found.charts]
        print_json({"charts": charts, "failures": failures_json(found.failures)})
    else:
        out = console()
        for number, one in enumerate(found.charts):
            if number:
                out.print()
            out.print(chart_tree(one.chart, one.faults))
            if one.faults:
                out.print(Text(f"! {count_text(len(one.faults), 'fault')}", "bold red"))
        print_faulty(found)
        print_failures(found.failures)
    if found.failures:
        raise click.exceptions.Exit(1)


def _chart_json(one: Found) -> dict[str, Any]:
    from statecharts.checks import as_tree  # noqa: PLC0415 - other commands work without it

    chart = as_tree(one.chart)
    return {
        "name": chart.name,
        "target": one.address,
        "hash": chart.hash,
        "doc": chart.doc,
        "context": data_text(chart.context) or None,
        "events": [event_text(event.cls or event.name) for event in chart.events],
        "states": [_state_json(chart, node) for node in chart],
        "faults": [fault_json(fault) for fault in one.faults],
    }


def _state_json(chart: Chart, node: StateNode) -> dict[str, Any]:
    return {
        "id": node.id,
        "kind": node.kind.value,
        "initial": is_initial(chart, node),
        "data": data_text(node.data) or None,
        "entry": [hook.name for hook in node.entry],
        "exit": [hook.name for hook in node.exit],
        "transitions": [_transition_json(transition) for transition in node.transitions],
    }


def _transition_json(transition: Transition) -> dict[str, Any]:
    update = () if transition.update is None else (transition.update,)
    return {
        "trigger": trigger_text(transition.trigger) or None,
        "guard": None if transition.guard is None else transition.guard.name,
        "actions": [hook.name for hook in (*update, *transition.emit)],
        "targets": list(transition.targets),
        "kind": transition.kind.value,
    }


@click.command()
@target_argument
def schema(target: str, variables: dict[str, str]) -> None:
    """Print the JSON Schema of the events and snapshots of TARGET.

    TARGET must have one chart. The document, in JSON Schema 2020-12, describes an event or a
    snapshot; its '$defs' describe 'event', 'effect', 'snapshot' and 'step' one by one.

    \b
    Examples:
      statecharts schema machines.pipeline:Pipeline
      statecharts schema door.scxml > door.schema.json
    """
    from statecharts.codec import Protocol  # noqa: PLC0415 - other commands work without it

    chart = one_chart(target, variables)
    try:
        print_json(Protocol(chart).schema())
    except StatechartError as error:
        print_error(console(err=True), str(error))
        raise click.exceptions.Exit(1) from None


def chart_tree(chart: Chart, faults: tuple[Fault, ...] = ()) -> Tree:
    """Return a chart as a tree, its states in document order, with the codes of faults in it.

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
    from statecharts.checks import as_tree  # noqa: PLC0415 - other commands work without it
    from statecharts.drawing.marks import Marks  # noqa: PLC0415

    whole = as_tree(chart)
    marks = Marks(whole, faults)
    tree = Tree(_label(whole, whole.root, marks), guide_style="dim")
    branches = {whole.root.id: tree}
    for node in whole:
        branches[node.id] = branches[node.parent or ""].add(_label(whole, node, marks))
    return tree


def is_initial(chart: Chart, node: StateNode) -> bool:
    """Tell whether the default transition of its parent enters a state.

    The default may target a deeper state; the states on the way to it are entered as well.
    """
    if node.parent is None or node.kind in HISTORY:
        return False
    targets = chart[node.parent].initial
    known = [target for target in targets if target in chart]
    return any(node.id == target or chart.is_descendant(target, node.id) for target in known)


@final
@frozen
class _Hanging:
    """An indented line; if it is wrapped, the rest is indented further."""

    line: Text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = max(options.max_width - 6, 1)
        for number, line in enumerate(self.line.wrap(console, width)):
            yield Text("      " if number else "    ") + line


def _label(chart: Chart, node: StateNode, marks: Marks) -> Group:
    mark = (marks.text_of_state(node.id), "bold red")
    title = _chart_title(chart, mark) if node.parent is None else _state_title(chart, node, mark)
    return Group(*title, *(_Hanging(line) for line in _lines(node, marks)))


def _chart_title(chart: Chart, mark: tuple[str, str]) -> list[Text]:
    doc = first_line(chart.doc)
    title = _spaced((chart.name, "bold"), (data_text(chart.context), "green"), mark)
    return [title, Text(doc, "italic")] if doc else [title]


def _state_title(chart: Chart, node: StateNode, mark: tuple[str, str]) -> list[Text]:
    initial = is_initial(chart, node)
    return [
        _spaced(
            (INITIAL if initial else "", "bold yellow"),
            (MARKS.get(node.kind, ""), "yellow"),
            (node.name, "bold"),
            (data_text(node.data), "green"),
            mark,
        )
    ]


def _lines(node: StateNode, marks: Marks) -> Iterator[Text]:
    """Yield the lines below the name of a state."""
    for name, hooks in (("entry", node.entry), ("exit", node.exit)):
        if hooks:
            yield _spaced((name, "dim"), (f"/ {hooks_text(hooks)}", "magenta"))
    for call in node.invoke:
        yield _spaced(("invoke", "dim"), (f"/ {call_text(call)}", "magenta"))
    default = node.default
    if default is not None and (node.kind in HISTORY or action_text(default)):
        yield _transition("default", default)
    for transition in node.transitions:
        mark = marks.text_of_line(transition)
        yield _transition(trigger_text(transition.trigger), transition, mark)


def _transition(trigger: str, transition: Transition, mark: str = "") -> Text:
    action = action_text(transition)
    return _spaced(
        (trigger, "cyan"),
        (guard_text(transition), "yellow"),
        (f"/ {action}" if action else "", "magenta"),
        *_destination(transition),
        (mark, "bold red"),
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
    """Join the styled parts that are not empty with spaces."""
    return Text(" ").join(Text(text, style) for text, style in parts if text)
