"""Charts and runs as text that a person can read, and type in again."""

from __future__ import annotations

from collections.abc import Iterator

from statecharts.model.chart import Always, Chart, Done, OnEvent, Transition, TransitionKind
from statecharts.model.events import wire_name
from statecharts.model.hooks import Hook


def outline(chart: Chart) -> str:
    """Return a chart as an indented outline, one line for each state and transition."""
    return "\n".join([chart.name, *_lines(chart, "", 0)])


def describe(transition: Transition) -> str:
    """Return a transition as one line."""
    words = [_trigger(transition)]
    if transition.kind is not TransitionKind.EXTERNAL:
        words.append(f"({transition.kind.value})")
    if transition.guard is not None:
        words.append(f"[{_hook(transition.guard)}]")
    actions = [_hook(hook) for hook in (transition.update, *transition.emit) if hook is not None]
    if actions:
        words.append("/ " + "; ".join(actions))
    words.append("-> " + (", ".join(transition.targets) or "stay"))
    return " ".join(words)


def _lines(chart: Chart, state: str, depth: int) -> Iterator[str]:
    indent = "  " * depth
    node = chart[state]
    if node.default is not None:
        yield f"{indent}  {describe(node.default)}"
    for transition in node.transitions:
        yield f"{indent}  {describe(transition)}"
    for child in node.children:
        yield f"{indent}  {child} <{chart[child].kind.value}>{_hooks(chart, child)}"
        yield from _lines(chart, child, depth + 1)


def _hooks(chart: Chart, state: str) -> str:
    node = chart[state]
    named = (("entry", node.entry), ("exit", node.exit))
    texts = [f" {name}: {'; '.join(map(_hook, hooks))}" for name, hooks in named if hooks]
    return ",".join(texts)


def _hook(hook: Hook) -> str:
    return str(hook.function)


def _trigger(transition: Transition) -> str:
    match transition.trigger:
        case OnEvent(events):
            return "on " + " | ".join(e if isinstance(e, str) else wire_name(e) for e in events)
        case Always():
            return "always"
        case Done():
            return "done"
        case trigger:
            return type(trigger).__name__.lower()
