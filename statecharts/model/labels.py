"""Labels: what a chart says, as text for people.

The terminal and the pictures show the same transition with the same words. This is where the words
are made: the code's own names, as plain text, without markup and on one line. How they are wrapped,
coloured or escaped is the business of whoever shows them.

    GatesPassed(feature_branch, commits_ahead) [data.commits_ahead > 3] / notify
    └─────────────── trigger ────────────────┘ └─────── guard ────────┘ └action┘
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from statecharts.model.chart import After, Done, Invocation, OnEvent, Transition, Trigger
from statecharts.model.durations import duration_text
from statecharts.model.effects import Service
from statecharts.model.fields import fields_of
from statecharts.model.hooks import Hook
from statecharts.model.named import effect_text

ARROW: Final = "→"
"""Stands between a transition's label and its targets."""


def transition_label(transition: Transition) -> str:
    """Return the label of a transition: ``trigger [guard] / action``, without what it lacks.

    Empty for a transition that says nothing, as a default transition does.

    >>> guard = Hook(lambda m: m.data.tries > 3)
    >>> transition_label(Transition("qa", OnEvent(("failed",)), ("coding",), guard=guard))
    'failed [data.tries > 3]'
    """
    action = action_text(transition)
    parts = (
        trigger_text(transition.trigger),
        guard_text(transition),
        f"/ {action}" if action else "",
    )
    return " ".join(part for part in parts if part)


def trigger_text(trigger: Trigger) -> str:
    """Return what takes a transition; empty for an eventless and for a default one.

    >>> from statecharts.model.chart import Always
    >>> trigger_text(OnEvent(("block", "hold"))), trigger_text(Done()), trigger_text(Always())
    ('block | hold', 'done', '')
    >>> from datetime import timedelta
    >>> trigger_text(After(timedelta(minutes=5), "patience"))
    'after 5 min'
    """
    if isinstance(trigger, OnEvent):
        return " | ".join(event_text(event) for event in trigger.events)
    if isinstance(trigger, After):
        delay = trigger.delay
        return f"after {delay.name if isinstance(delay, Hook) else duration_text(delay)}"
    return "done" if isinstance(trigger, Done) else ""


def event_text(event: type | str) -> str:
    """Return an event class by its name and the names of its payload; a descriptor as it stands.

    >>> from statecharts.model.events import TimerFired
    >>> event_text(TimerFired), event_text("error.*")
    ('TimerFired(id)', 'error.*')
    """
    if isinstance(event, str):
        return event
    names = ", ".join(f.name for f in fields_of(event))
    return f"{event.__name__}({names})" if names else event.__name__


def guard_text(transition: Transition) -> str:
    """Return the guard of a transition in brackets; empty when it has none.

    >>> guard_text(Transition("qa", OnEvent(("failed",)), guard=Hook(lambda m: m.data.urgent)))
    '[data.urgent]'
    """
    return "" if transition.guard is None else f"[{transition.guard.name}]"


def action_text(transition: Transition) -> str:
    """Return what taking a transition does: the names of its update and of its effects.

    >>> def count(moment): ...
    >>> def notify(moment): ...
    >>> action_text(Transition("qa", OnEvent(("x",)), update=Hook(count), emit=(Hook(notify),)))
    'count; notify'
    """
    update = () if transition.update is None else (transition.update,)
    return hooks_text((*update, *transition.emit))


def hooks_text(hooks: Iterable[Hook]) -> str:
    """Return the names of hooks in the order in which they are called.

    >>> hooks_text([Hook(print), Hook(len, given="measure")])
    'print; measure'
    """
    return "; ".join(hook.name for hook in hooks)


def call_text(call: Invocation) -> str:
    """Return a call of a state: the class with its fields, or the service that a file names.

    >>> from statecharts.model.effects import Call, Service
    >>> from statecharts.model.named import Give
    >>> call_text(Invocation("fetch", Service, Hook(Give(Service("fetchUser", {"id": 7})))))
    'fetchUser(id=7)'
    >>> call_text(Invocation("call", Call))
    'Call'
    """
    effect = getattr(None if call.make is None else call.make.function, "effect", None)
    if isinstance(effect, Service):
        return effect_text(effect)
    return event_text(call.call)


def innermost(states: Iterable[str]) -> list[str]:
    """Return the innermost of some active states, which tell the states around them.

    >>> innermost(["active", "active.qa", "watched"])
    ['active.qa', 'watched']
    """
    ids = list(states)
    return [state for state in ids if not any(other.startswith(f"{state}.") for other in ids)]


def data_text(cls: type | None) -> str:
    """Return an attrs class with its fields and their types; empty for None.

    >>> from statecharts.model.events import TimerFired
    >>> data_text(TimerFired), data_text(None)
    ('TimerFired(id: str)', '')
    """
    if cls is None:
        return ""
    fields = ", ".join(f"{f.name}: {f.type}" for f in fields_of(cls))
    return f"{cls.__name__}({fields})" if fields else cls.__name__
