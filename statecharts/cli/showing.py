"""`statecharts show`: a chart as a tree, or as plain JSON."""

from __future__ import annotations

from typing import Any

import click

from statecharts.cli.files import set_option
from statecharts.cli.outline import chart_tree, is_initial
from statecharts.cli.targets import Found, survey
from statecharts.cli.terminal import console, failures_json, print_failures, print_json
from statecharts.model.chart import Chart, StateNode, Transition
from statecharts.model.labels import data_text, event_text, trigger_text


@click.command()
@click.argument("target")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@set_option
@click.pass_context
def show(context: click.Context, target: str, as_json: bool, variables: dict[str, str]) -> None:
    """Show the charts of TARGET as trees, with their transitions.

    \b
    A state is marked
      •  when it is initial       ◎  when it is final
      ∥  when it is parallel      H  or H* when it is a history, shallow or deep
    and followed by the data that it carries, by what entering and leaving it
    does, and by its transitions: event(payload) [guard] / action → target.

    \b
    Examples:
      statecharts show machines.pipeline:Pipeline
      statecharts show workflows.toml:approval
    """
    found = survey(target, variables)
    if as_json:
        charts = [_chart_json(one) for one in found.charts]
        print_json({"charts": charts, "failures": failures_json(found.failures)})
    else:
        out = console()
        for number, one in enumerate(found.charts):
            if number:
                out.print()
            out.print(chart_tree(one.chart))
        print_failures(found.failures)
    if found.failures:
        context.exit(1)


def _chart_json(one: Found) -> dict[str, Any]:
    chart = one.chart
    return {
        "name": chart.name,
        "target": one.address,
        "hash": chart.hash,
        "doc": chart.doc,
        "context": data_text(chart.context) or None,
        "events": [event_text(event.cls or event.name) for event in chart.events],
        "states": [_state_json(chart, node) for node in chart],
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
