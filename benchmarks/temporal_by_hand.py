"""A workflow of Temporal by hand: what the chart of `benchmarks.temporal` does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity, workflow


@dataclass
class Reply:
    """The answer to an event."""

    handled: bool
    state: str


@workflow.defn
class HandWritten:
    """The same by hand: a match over the state, ids that are taken once, one activity."""

    def __init__(self) -> None:
        self.state = "idle"
        self.pokes = 0
        self.seen: dict[str, Reply] = {}

    @workflow.run
    async def run(self) -> int:
        """Wait for the work, do it, and end."""
        await workflow.wait_condition(lambda: self.state == "working")
        await workflow.execute_activity(do_work, 1, start_to_close_timeout=timedelta(seconds=30))
        self.state = "done"
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.pokes

    @workflow.update
    def send(self, id: str, event: str) -> Reply:
        """Take an event."""
        if id in self.seen:
            return self.seen[id]
        match self.state, event:
            case "idle" | "working", "poke":
                self.pokes += 1
                reply = Reply(handled=True, state=self.state)
            case "idle", "begin":
                self.state = "working"
                reply = Reply(handled=True, state=self.state)
            case _:
                reply = Reply(handled=False, state=self.state)
        self.seen[id] = reply
        return reply

    @send.validator
    def check(self, id: str, event: str) -> None:  # noqa: ARG002 - as `send`
        """Refuse what is no event."""
        if event not in ("poke", "begin"):
            raise ValueError(event)


@activity.defn
async def do_work(number: int) -> int:
    """Do a piece of work, which takes no time."""
    return number
