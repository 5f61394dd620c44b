"""Recording: runs of charts as JSON Lines, a step on each, for good.

The first line is the start, with no event. What is recorded already is never written again: a chart
that has come to behave otherwise gets a new recording, beside the old one and the reason why that
one no longer holds. ``release-0.2`` keeps what that release wrote, in its protocol.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from machines.execution import (
    AgentName,
    Execution,
    Exited,
    Heartbeat,
    HitRateLimit,
    Reset,
    SpawnAgent,
    SpawnedSuccessfully,
    SpawnRequested,
)
from machines.investigation import InvestigationChart
from machines.investigation import protocol as investigation_protocol
from machines.pipeline import (
    Accepted,
    Block,
    BranchName,
    DepsMet,
    GatesFailed,
    GatesPassed,
    GatesStarted,
    GitSha,
    MergeSucceeded,
    Pipeline,
    ReviewHold,
    StoryId,
    Supersede,
    Unblock,
)
from statecharts import Kernel, TimerFired
from statecharts.codec import Protocol
from statecharts.codec.texts import encode
from tests.golden.investigations import RUNS
from tests.test_codec.vocabulary import AT
from tests.test_kernel.test_kernel_hashseeds import Back, Called, Go, Leave, Plant

HERE: Final = Path(__file__).parent
SUMS: Final = HERE / "SHA256SUMS"


@frozen
class History:
    """A run to record.

    Attributes:
        chart: What runs.
        protocol: What writes it.
        events: The events, a minute apart; a number fires that one of the running timers.
    """

    chart: Any
    protocol: Protocol[Any, Any]
    events: tuple[Any, ...]


HISTORIES: Final = {
    "pipeline-1": History(
        Pipeline,
        Protocol(Pipeline),
        (
            *(DepsMet(), GatesStarted(), GatesFailed("two tests failed"), GatesStarted()),
            *(Block("no keys"), Block("twice"), Unblock(), DepsMet(), GatesStarted()),
            *(GatesPassed(BranchName("feature/x"), 3), MergeSucceeded(GitSha("c0ffee"))),
            *(Supersede(StoryId("story-2")), Unblock(), Accepted()),
        ),
    ),
    "pipeline-2": History(Pipeline, Protocol(Pipeline), (ReviewHold("ünïcode \N{SNOWMAN}"),)),
    "execution-1": History(
        Execution,
        Protocol(Execution, effects=(SpawnAgent,)),
        (
            *(SpawnRequested(AgentName("coder-1")), SpawnedSuccessfully(), Heartbeat()),
            *(HitRateLimit(AT + timedelta(hours=1)), 0, SpawnedSuccessfully(), Exited(0), Reset()),
        ),
    ),
    "plant-1": History(
        Plant,
        Protocol(Plant, effects=(Called,)),
        (*(Go(3), Go(1), 0, Leave(), Go(2), Back(), Go(4), Go(5), 0, 0, Leave(), Back()),),
    ),
    **{
        name: History(InvestigationChart, investigation_protocol(), events)
        for name, events in RUNS.items()
    },
}


def lines(history: History) -> Iterator[dict[str, Any]]:
    """Yield the lines of a run: time, event and step."""
    kernel: Kernel[Any] = Kernel(history.chart)
    step = kernel.start(at=AT)
    yield line(history.protocol, AT, None, step)
    for minute, event in enumerate(history.events, 1):
        at = AT + timedelta(minutes=minute)
        if isinstance(event, int):
            timers = list(step.snapshot.timers) or ["none#1"]
            event = TimerFired(timers[event % len(timers)])  # noqa: PLW2901
        step = kernel.step(step.snapshot, event, at=at)
        yield line(history.protocol, at, event, step)


def line(protocol: Protocol[Any, Any], at: datetime, event: Any, step: Any) -> dict[str, Any]:
    """Return a line of a recording."""
    return {
        "at": at.isoformat().replace("+00:00", "Z"),
        "event": None if event is None else protocol.dump_message(event),
        "step": protocol.dump_step(step),
    }


def record(name: str) -> None:
    """Record a run that has not been recorded yet."""
    text = b"".join(encode(one) + b"\n" for one in lines(HISTORIES[name]))
    path = HERE / f"{name}.jsonl"
    with path.open("xb") as file:  # an old recording is never overwritten
        file.write(text)
    with SUMS.open("a", encoding="ascii") as sums:
        sums.write(f"{hashlib.sha256(text).hexdigest()}  {path.name}\n")


def main(names: Iterable[str]) -> None:
    """Record the named runs."""
    for name in names:
        record(name)


if __name__ == "__main__":
    main(sys.argv[1:])
