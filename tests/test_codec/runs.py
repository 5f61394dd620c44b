"""Runs of several charts, with the protocols that carry them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from machines.pipeline import BranchName, DepsMet, GatesPassed, GatesStarted, Pipeline
from statecharts import Kernel, NamedEvent
from statecharts.codec import Protocol
from statecharts.model.chart import (
    Chart,
    Default,
    EventType,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
)
from statecharts.model.effects import Action, Invoke, Send, Service
from statecharts.model.hooks import Hook
from statecharts.model.named import Give
from tests.test_codec.vocabulary import AT, Lab, Noted
from tests.test_kernel.test_kernel_hashseeds import Called, Go, Plant
from tests.test_kernel.test_kernel_hashseeds import Leave as Quit

PIPELINE: Protocol[Any, None] = Protocol(Pipeline)
LAB: Protocol[Any, Any] = Protocol(Lab, effects=(Noted,))
PLANT: Protocol[Any, Any] = Protocol(Plant, effects=(Called,))


def in_merge() -> Any:
    """Return the snapshot of a pipeline in ``merge``."""
    kernel = Kernel(Pipeline)
    snapshot = kernel.start(at=AT).snapshot
    for event in (DepsMet(), GatesStarted(), GatesPassed(BranchName("feature/x"), 3)):
        snapshot = kernel.step(snapshot, event, at=AT).snapshot
    return snapshot


def in_plant() -> dict[str, Any]:
    """Return the dump of a plant that has been left, so that it remembers."""
    kernel: Kernel[Any] = Kernel(Plant)
    step = kernel.start(at=AT)
    for minute, event in enumerate((Go(3), Go(1), Quit())):
        step = kernel.step(step.snapshot, event, at=AT + timedelta(minutes=minute))
    return PLANT.dump_snapshot(step.snapshot)


def named_chart() -> Chart:
    """Return a chart as a file gives it: known by names, with a delayed send."""
    later = Send(NamedEvent("ring", {"times": 2, "type": "bell"}), timedelta(minutes=5), "alarm")
    now = Send(NamedEvent("tick"), type="http", target="clock")
    notify = Action("notify", {"whom": "ada"})
    idle = StateNode(
        "idle",
        StateKind.ATOMIC,
        "idle",
        transitions=(
            Transition(
                "idle",
                OnEvent(("set",)),
                ("armed",),
                emit=tuple(
                    Hook(Give(effect))
                    for effect in (later, now, notify, Invoke("s", Service("src")))
                ),
            ),
        ),
    )
    armed = StateNode(
        "armed",
        StateKind.ATOMIC,
        "armed",
        transitions=(Transition("armed", OnEvent(("ring",)), ("idle",)),),
    )
    root = StateNode(
        "",
        StateKind.COMPOUND,
        "Alarm",
        None,
        ("idle", "armed"),
        Transition("", Default(), ("idle",)),
    )
    return Chart("Alarm", root, (idle, armed), (EventType("set"), EventType("ring")))
