"""A chart with everything that a snapshot can mention, which may be changed in any of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from attrs import frozen

from statecharts import Kernel
from statecharts.model.chart import (
    After,
    Chart,
    Default,
    EventType,
    Invocation,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
)
from statecharts.model.effects import Call, Send
from statecharts.model.hooks import Hook
from tests.test_codec.vocabulary import AT


@frozen
class Merge:
    branch: str = "main"


@frozen
class Totals:
    count: int = 0


@frozen
class Ask(Call[Any]):
    question: str = "why"


@frozen
class AskTwice(Ask):
    times: int = 2


@frozen
class Knock:
    force: int = 1


@frozen
class Ring:
    times: int = 1


@frozen
class Go:
    pass


@frozen
class Leave:
    pass


@frozen
class Back:
    pass


@frozen
class End:
    pass


EVENTS = (Knock, Ring, Go, Leave, Back, End)
DELAY = timedelta(minutes=5)


def _send(ring: type) -> Any:
    return lambda _: Send(ring(), DELAY, "bell")


def orders(
    *,
    merge: str = "merge",
    data: type | None = Merge,
    context: type | None = Totals,
    timer: str | None = "deadline",
    more: tuple[str, ...] = (),
    delay: timedelta = DELAY,
    guard: bool = False,
    call: str | None = "ask",
    asks: type[Call[Any]] = Ask,
    gives: type[Call[Any]] | None = None,
    events: Mapping[type, type] | None = None,
    extra: bool = False,
) -> Chart:
    """Return the chart; without arguments, as it was when its snapshots were written."""
    known: dict[type, type] = {cls: (events or {}).get(cls, cls) for cls in EVENTS}
    state = f"active.{merge}"

    def line(source: str, event: type, *targets: str, **more: Any) -> Transition:
        return Transition(source, OnEvent((known[event],)), targets, **more)

    timers = [f"{state}.{one}" for one in (*([] if timer is None else [timer]), *more)]
    held = Hook(lambda _: True) if guard else None
    delayed = (Transition(state, After(delay, one), ("away",), guard=held) for one in timers)
    ring = (Hook(_send(known[Ring])),)
    make = Hook(lambda _: (gives or asks)())
    nodes = [
        StateNode(
            "active",
            StateKind.COMPOUND,
            "active",
            "",
            ("active.past", state, *(["active.extra"] if extra else [])),
            Transition("active", Default(), (state,)),
            (line("active", Leave, "away"), line("active", End, "over")),
        ),
        StateNode(
            "active.past",
            StateKind.SHALLOW_HISTORY,
            "past",
            "active",
            default=Transition("active.past", Default(), (state,)),
        ),
        StateNode(
            state,
            StateKind.ATOMIC,
            merge,
            "active",
            transitions=(
                *([line(state, Go, "active.extra")] if extra else []),
                *delayed,
                line(state, Knock, kind=TransitionKind.DEFERRED),
                line(state, Go, kind=TransitionKind.INTERNAL, emit=ring),
            ),
            data=data,
            invoke=() if call is None else (Invocation(call, asks, make),),
        ),
        *([StateNode("active.extra", StateKind.ATOMIC, "extra", "active")] if extra else []),
        StateNode(
            "away", StateKind.ATOMIC, "away", "", (), None, (line("away", Back, "active.past"),)
        ),
        StateNode("over", StateKind.FINAL, "over", ""),
    ]
    root = StateNode(
        "",
        StateKind.COMPOUND,
        "Orders",
        None,
        ("active", "away", "over"),
        Transition("", Default(), ("active",)),
    )
    return Chart(
        "Orders", root, tuple(nodes), tuple(map(EventType.of, known.values())), True, context
    )


@cache
def run(*events: Any, chart: Chart | None = None) -> Any:
    """Return the snapshot that events lead to from the start."""
    kernel: Kernel[Any] = Kernel(orders() if chart is None else chart)
    snapshot = kernel.start(at=AT).snapshot
    for event in events:
        snapshot = kernel.step(snapshot, event, at=AT).snapshot
    return snapshot
