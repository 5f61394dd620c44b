"""Scripts that are played on any engine: the same charts, handlers and lines."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from attrs import define, field, frozen

from statecharts import CallFailed, Compound, State, Statechart, StatechartError
from statecharts.runtime import (
    NEVER,
    ChildDone,
    Joined,
    Retry,
    RunError,
    RunExistsError,
    Task,
    UnknownRunError,
    WaitError,
    handle,
)
from tests.test_runtime.orders import (
    Asked,
    Cancel,
    Charge,
    Mail,
    Order,
    Ordered,
    Paid,
    Polite,
    Queued,
    Reminded,
    Tick,
    Withdrawn,
)
from tests.test_runtime.test_family import Asked as Passed
from tests.test_runtime.test_family import (
    Bakery,
    Go,
    Kitchen,
    Leave,
    Oven,
    Player,
    Ring,
    Starter,
)

SECONDS: Final = timedelta(seconds=20)


@frozen
class Put:
    minutes: float


@frozen
class Cooking:
    minutes: float


class Egg(Statechart[Put | Tick]):
    """A chart whose timers are short enough to be waited for."""

    class kitchen(Compound, initial=True):
        cold = State(initial=True)
        hot = State(Cooking)
        cold.to(hot, on=Put)
        hot.to(cold, on=Tick)

    done = State(final=True)
    burnt = State(final=True)
    kitchen.hot.after(lambda m: timedelta(milliseconds=30 * m.data.minutes), done)
    kitchen.after(timedelta(hours=1), burnt)


RETRY: Final = Retry(attempts=3, delay=timedelta(milliseconds=20), give_up_on=(KeyError,))

CHARTS: Final = (Order, Polite, Egg, Bakery, Oven, Kitchen, Player, Starter)


@define
class World:
    """What a script sees: a runtime, whatever its engine, and what its handlers are to do.

    Attributes:
        runtime: The runtime.
        prefix: What keys begin with, so that tests share a server.
        outcomes: What charging a card comes to, attempt by attempt; the last one stays.
        asked: The key and the number of the attempt of each charge.
        mails: The texts of the mails that were sent.
        fails: Texts of mails that cannot be sent.
        cancelled: The charges that were taken back.
    """

    runtime: Any = None
    prefix: str = ""
    outcomes: list[Any] = field(factory=list)
    asked: list[tuple[str, int]] = field(factory=list)
    mails: list[str] = field(factory=list)
    fails: set[str] = field(factory=set)
    cancelled: int = 0
    keys: list[str] = field(factory=list)

    @property
    def handlers(self) -> list[Any]:
        return [
            handle(Charge, self.charge, retry=RETRY),
            handle(Mail, self.mail, retry=NEVER),
        ]

    async def charge(self, call: Charge, task: Task[Any]) -> Any:
        self.asked.append((task.key.removeprefix(self.prefix), task.attempt))
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if outcome == "wait":
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        if isinstance(outcome, Exception):
            raise outcome
        if isinstance(outcome, Queued):
            await task.progress(outcome)
            return Paid(f"r-{call.card}")
        return outcome

    def mail(self, mail: Mail) -> None:
        if mail.text in self.fails:
            raise OSError(mail.text)
        self.mails.append(mail.text)

    async def start(self, chart: Any, name: str, **more: Any) -> Any:
        run = await self.runtime.start(chart, key=self.prefix + name, **more)
        if name not in self.keys:
            self.keys.append(name)
        return run

    def get(self, name: str) -> Any:
        if name not in self.keys:
            self.keys.append(name)
        return self.runtime.get(self.prefix + name)

    @property
    def rests(self) -> bool:
        """Whether nothing is under way any more."""
        return all(one.handed for name in self.keys for one in self.get(name).owed)

    def digest(self) -> str:
        """Return the hash of all that the runs have come to: but for times, and for the prefix."""
        said = [self.told(name) for name in sorted(self.keys)]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def told(self, name: str) -> Any:
        """Return what a run has come to."""
        run = self.get(name)
        head, protocol = self.runtime.head(run.key), run.protocol
        past = [
            [
                one.sequence,
                one.kind,
                one.id,
                protocol.dump_message(one.event) if one.kind == "event" else None,
                one.configuration,
            ]
            for one in run.history()
        ]
        said = [
            *(protocol.dump_snapshot(run.snapshot), past, head.status, head.reason),
            *(head.counter, head.sequence, run.parent, run.children),
            [[one.key, one.name, one.call] for one in run.owed],
        ]
        text = json.dumps(said, default=str).replace(self.prefix, "")
        return json.loads(_TIME.sub("TIME", text))


_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+00:00)")

Script = Callable[[World], Awaitable[None]]
SCRIPTS: Final[list[Script]] = []


def script(function: Script) -> Script:
    SCRIPTS.append(function)
    return function


async def until(condition: Callable[[], Any]) -> None:
    """Return once something holds, however long its engine takes."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - no engine sets an event
            await asyncio.sleep(0.02)


async def ordered(world: World, name: str = "a", card: str = "1") -> Any:
    run = await world.start(Order, name)
    await run.send(Ordered(card))
    return run


# --- Events ---------------------------------------------------------------------------------------


@script
async def a_call_is_carried_out_and_its_answer_moves_the_run(world: World) -> None:
    world.outcomes = [Paid("r-1")]
    run = await world.start(Order, "order-7")
    taken = await run.send(Ordered("4111"))
    assert (taken.sequence, taken.handled) == (1, True)
    assert taken.configuration == ("open", "open.paying")
    snapshot = await run.wait(Order.settled, timeout=SECONDS)
    assert snapshot[Order.settled].receipt == "r-1"
    await until(lambda: world.mails == ["r-1"])
    await until(lambda: not run.owed)
    assert run.status == "ended"
    assert world.asked == [("order-7/1", 1)]
    assert [past.sequence for past in run.history(tail=2)] == [1, 2]
    assert run.at(1).configuration == ("open", "open.paying")


@script
async def an_event_that_nothing_handles_leaves_no_trace(world: World) -> None:
    world.outcomes = ["wait"]
    run = await ordered(world)
    taken = await run.send(Asked(), id="q")
    assert (taken.handled, taken.sequence) == (False, 1)
    await run.send(Withdrawn())


@script
async def an_id_is_taken_once_and_gets_the_same_answer(world: World) -> None:
    world.outcomes = ["wait"]
    run = await world.start(Order, "a")
    first = await run.send(Asked(), id="click")
    assert await run.send(Asked(), id="click") == first
    await run.send(Withdrawn(), id="stop")
    again = await run.send(Withdrawn(), id="stop")
    assert again.configuration == ("given_up",)
    assert await run.send(Asked(), id="click") == first
    assert len(run.history()) == 4
    with pytest.raises(RunError, match=r"SC825.*the run has ended in \(given_up\)"):
        await run.send(Asked(), id="new")


@script
async def what_cannot_be_taken_changes_nothing(world: World) -> None:
    run = await world.start(Order, "a")
    with pytest.raises(StatechartError, match="SC4"):
        await run.send(Ordered(card=12))  # type: ignore[arg-type]
    with pytest.raises(RunError, match="SC831"):
        await run.send(CallFailed("open.paying.charge#1"))
    assert len(run.history()) == 1


@script
async def keys_are_taken_once(world: World) -> None:
    await world.start(Order, "a")
    with pytest.raises(RunExistsError, match="SC821"):
        await world.runtime.start(Order, key=world.prefix + "a")
    with pytest.raises(RunExistsError, match="SC821"):
        await world.runtime.start(Polite, key=world.prefix + "a", exist_ok=True)
    again = await world.start(Order, "a", exist_ok=True)
    assert again.configuration == ("open", "open.basket")
    with pytest.raises(UnknownRunError, match="SC822"):
        _ = world.runtime.get(world.prefix + "nobody").snapshot
    with pytest.raises(UnknownRunError, match="SC822"):
        await world.runtime.get(world.prefix + "nobody").send(Asked())


# --- Calls ----------------------------------------------------------------------------------------


@script
async def leaving_the_state_cancels_the_handler(world: World) -> None:
    world.outcomes = ["wait"]
    run = await ordered(world)
    await until(lambda: world.asked)
    [call] = run.calls
    await run.send(Withdrawn())
    await until(lambda: world.cancelled == 1)
    late = await run.answer(call, Paid("late"))
    assert not late.handled
    assert run.configuration == ("given_up",)


@script
async def progress_is_an_answer_that_does_not_end_the_call(world: World) -> None:
    world.outcomes = [Queued(3)]
    run = await ordered(world)
    await run.wait(Order.settled, timeout=SECONDS)
    assert run.at(2)[Order.open.paying].place == 3
    await until(lambda: not run.owed)


@script
async def a_call_that_is_handed_over_waits_for_somebody(world: World) -> None:
    world.outcomes = [None]
    run = await ordered(world)
    await until(lambda: run.owed and run.owed[0].handed)
    [call] = run.calls
    assert (await run.answer(call, Queued(2), last=False)).handled
    assert (await run.fail(call, "no bank")).configuration == ("open", "open.basket")
    await until(lambda: world.mails == ["no bank"])
    await until(lambda: not run.owed)


@script
async def a_failure_is_tried_again_and_then_the_call_has_failed(world: World) -> None:
    world.outcomes = [OSError("1"), OSError("2"), OSError("3"), "wait"]
    run = await ordered(world)
    await until(lambda: world.mails)
    await until(lambda: not run.owed)
    assert world.mails == ["OSError: 3"]
    assert world.asked == [("a/1", 1), ("a/1", 2), ("a/1", 3)]
    assert run.configuration == ("open", "open.basket")


@script
async def some_failures_are_not_worth_another_attempt(world: World) -> None:
    world.outcomes = [KeyError("card"), "wait"]
    run = await ordered(world)
    await until(lambda: world.mails)
    await until(lambda: not run.owed)
    assert world.asked == [("a/1", 1)]


@script
async def an_outcome_that_is_no_answer_is_a_failure(world: World) -> None:
    world.outcomes = [Reminded()]
    run = await ordered(world)
    await until(lambda: world.mails)
    await until(lambda: not run.owed)
    assert "returned Reminded()" in world.mails[0]
    assert len(world.asked) == 3


@script
async def an_answer_that_cannot_be_written_is_asked_for_once(world: World) -> None:
    world.outcomes = [Paid(7)]  # type: ignore[arg-type]
    run = await ordered(world)
    await until(lambda: run.status == "stuck")
    assert run.reason.startswith("the answer of the handler of charge cannot be taken: [SC4")
    assert world.asked == [("a/1", 1)]
    await run.skip()


class Mute(Exception):  # noqa: N818 - it says nothing
    def __str__(self) -> str:
        raise OSError


@script
async def failures_are_counted_whatever_their_text(world: World) -> None:
    world.outcomes = [Mute(), ValueError("file \udcff\0"), OSError("3"), "wait"]
    run = await ordered(world)
    await until(lambda: world.mails)
    await until(lambda: not run.owed)
    assert world.mails == ["OSError: 3"]
    assert len(world.asked) == 3


# --- Timers ---------------------------------------------------------------------------------------


@script
async def a_timer_fires_when_it_is_due_and_not_once_its_state_is_left(world: World) -> None:
    run = await world.start(Egg, "egg")
    await run.send(Put(100_000))
    await run.send(Tick())
    await run.send(Put(1))
    await run.wait(Egg.done, timeout=SECONDS)
    assert len(run.history()) == 5


# --- The run as a whole ---------------------------------------------------------------------------


@script
async def an_effect_that_fails_for_ever_makes_its_run_stuck_and_no_other(world: World) -> None:
    world.outcomes = [Paid("bad"), Paid("good")]
    world.fails = {"bad"}
    run = await ordered(world)
    await until(lambda: run.status == "stuck")
    assert run.reason == "OSError: bad"
    with pytest.raises(WaitError, match="SC824"):
        await run.wait()
    with pytest.raises(RunError, match="SC824"):
        await run.send(Asked())
    other = await ordered(world, "b")
    await until(lambda: world.mails == ["good"])
    await until(lambda: not other.owed)
    world.fails = set()
    await run.retry()
    await until(lambda: world.mails == ["good", "bad"])
    await until(lambda: not run.owed)
    assert run.status == "ended"


@script
async def what_a_run_is_stuck_on_can_be_skipped(world: World) -> None:
    world.outcomes = [Paid("bad")]
    world.fails = {"bad"}
    run = await ordered(world)
    await until(lambda: run.status == "stuck")
    await run.skip()
    await until(lambda: run.status == "ended")
    assert run.owed == ()


@script
async def a_suspended_run_lets_events_wait_and_its_calls_pause(world: World) -> None:
    world.outcomes = ["wait", "wait", Paid("r-1")]
    run = await ordered(world)
    await until(lambda: world.asked)
    await run.suspend("incident 7")
    assert run.reason == "incident 7"
    await until(lambda: world.cancelled == 1)
    waits = await run.send(Queued(9), id="w")
    assert (waits.handled, waits.waiting) == (False, True)
    assert (await run.send(Queued(9), id="w")).waiting
    await run.resume()
    await until(lambda: len(world.asked) == 2)
    assert run.snapshot[Order.open.paying].place == 9
    await run.send(Withdrawn())
    await until(lambda: world.cancelled == 2)


@script
async def an_id_that_had_to_wait_is_taken_once(world: World) -> None:
    run = await world.start(Order, "a")
    await run.suspend()
    assert (await run.send(Asked(), id="w")).waiting
    assert (await run.send(Asked(), id="w")).waiting
    await run.resume()
    again = await run.send(Asked(), id="w")
    assert (again.handled, again.sequence) == (True, 3)
    await run.checkpoint()
    assert await run.send(Asked(), id="w") == again
    assert [past.kind for past in run.history()] == ["start", "suspend", "resume", "event", "event"]
    assert run.snapshot[Order.open.basket].reminders == 1


@script
async def a_run_is_cancelled_where_it_is_or_by_its_own_event(world: World) -> None:
    polite = await world.start(Polite, "polite")
    await polite.cancel()
    assert (polite.status, polite.configuration) == ("ended", ("cancelled",))
    order = await world.start(Order, "order")
    taken = await order.cancel("gone")
    assert (order.status, order.reason) == ("cancelled", "gone")
    assert taken.configuration == ("open", "open.basket")
    with pytest.raises(RunError, match=r"SC825.*was cancelled"):
        await order.send(Asked())
    with pytest.raises(WaitError, match=r"SC827.*will never be in settled"):
        await order.wait(Order.settled)


@script
async def history_and_snapshots_of_the_past_are_told(world: World) -> None:
    run = await world.start(Polite, "a")
    for _ in range(3):
        await run.send(Tick())
    assert [past.kind for past in run.history()] == ["start", "event", "event", "event"]
    assert [run.at(n).configuration[-1] for n in range(4)] == [
        *("work.a", "work.b", "paused", "work.b")
    ]
    assert run.times().keys() == {"work", "work.a", "work.b", "paused"}
    await run.checkpoint()
    assert (await run.send(Cancel())).configuration == ("cancelled",)


# --- Other runs -----------------------------------------------------------------------------------


@script
async def a_child_answers_with_its_final_data(world: World) -> None:
    run = await world.start(Kitchen, "k")
    await run.send(Go())
    child = world.get("k/1")
    await until(lambda: run.owed and run.owed[0].handed)
    assert run.children == (child.key,)
    assert child.parent == run.key
    await child.send(Ring())
    await run.wait(Kitchen.fed, timeout=SECONDS)
    assert run.history()[-1].event.event == ChildDone({"name": "loaf 7"})
    await until(lambda: not child.owed)


@script
async def leaving_the_state_cancels_the_child(world: World) -> None:
    run = await world.start(Kitchen, "k")
    await run.send(Go())
    await until(lambda: run.owed and run.owed[0].handed)
    await run.send(Leave())
    child = world.get("k/1")
    await child.wait(Oven.off, timeout=SECONDS)
    await until(lambda: not run.owed)
    await until(lambda: not child.owed)


@script
async def a_cancelled_child_has_failed(world: World) -> None:
    run = await world.start(Kitchen, "k")
    await run.send(Go())
    await until(lambda: run.owed and run.owed[0].handed)
    await world.get("k/1").cancel()
    await run.wait(timeout=SECONDS)
    assert run.configuration == ("fed",)  # it has ended by its own event
    await until(lambda: not world.get("k/1").owed)


@script
async def a_key_that_another_run_has_fails_the_child_and_spares_that_run(world: World) -> None:
    other = await world.start(Polite, "k/1")
    run = await world.start(Kitchen, "k")
    await run.send(Go())
    await run.wait(Kitchen.hungry, timeout=SECONDS)
    await until(lambda: not run.owed)
    assert other.configuration == ("work", "work.a")


@script
async def each_cancels_the_rest_once_enough_are_done(world: World) -> None:
    run = await world.start(Bakery, "bakery")
    await run.send(Go(3, 2))
    ovens = [world.runtime.get(f"oven-{n}") for n in range(3)]
    await until(lambda: len(run.owed) == 3 and all(one.handed for one in run.owed))
    await ovens[2].send(Ring())
    await until(lambda: "run:outcome:done" in [one.name for one in run.owed])
    await ovens[0].send(Ring())
    await run.wait(Bakery.sold, timeout=SECONDS)
    event = run.history()[-1].event.event
    assert isinstance(event, Joined)
    assert [one.status for one in event.outcomes] == ["done", "cancelled", "done"]
    await ovens[1].wait(Oven.off, timeout=SECONDS)
    await until(lambda: not run.owed)
    for oven in ovens:
        await oven.wait(timeout=SECONDS)


@script
async def a_told_event_is_taken_once_and_a_spawned_run_goes_its_own_way(world: World) -> None:
    from tests.test_runtime.test_family import Seen

    ada = await world.start(Player, "ada", context=Seen())
    bob = await world.start(Player, "bob", context=Seen())
    await ada.send(Passed(bob.key, 4))
    await until(lambda: bob.snapshot.context.taken == (4,))
    await until(lambda: not ada.owed)
    starter = await world.start(Starter, "starter")
    await starter.send(Go(5))
    await until(lambda: not starter.owed)
    spawned = world.runtime.get("spawned")
    assert spawned.snapshot.context.number == 5
    assert spawned.parent is None
    await spawned.cancel()
