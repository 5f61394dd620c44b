"""Laws that hold on random charts, with timers, calls and deferred events, in every run."""

from __future__ import annotations

import copy
import pickle
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import pytest

from statecharts import Answer, CallFailed, Chart, Kernel, Snapshot, Step, TimerFired
from statecharts.model.chart import After
from statecharts.model.effects import CancelInvoke, CancelTimer, Invoke, StartTimer
from statecharts.model.errors import RunawayError
from tests.oracle.random_charts import random_chart, random_events
from tests.oracle.vocabulary import Counters, addressed
from tests.proof import shards

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
EVENTS = 20

Taken = tuple[object, Snapshot[Any, Any] | None, Step[Any, Any]]
"""What was sent, the snapshot before, and the step."""


CHARTS = pytest.mark.parametrize("seeds", shards(3_000, 100, sample=40))


@lru_cache(300)
def run(seed: int) -> tuple[Chart, Kernel[Any, Any], list[Taken]]:
    """Return a random chart, its kernel and the steps of a run; it stops where one never ends."""
    chart = random_chart(seed)
    kernel: Kernel[Any, Any] = Kernel(chart, microsteps=60)
    return chart, kernel, list(_steps(seed, chart, kernel))


def _steps(seed: int, chart: Chart, kernel: Kernel[Any, Any]) -> Iterator[Taken]:
    at = NOW
    try:
        last = kernel.start(Counters(), at=at)
        yield None, None, last
        seen = [*last.effects]
        for event in random_events(seed, chart, EVENTS):
            at += SECOND
            sent = addressed(event, seen)
            before = last.snapshot
            last = kernel.step(before, sent, at=at)
            seen += last.effects
            yield sent, before, last
    except RunawayError:
        return


def name_of(id: str) -> str:
    """Return what a timer or call is named after."""
    return id.rpartition("#")[0]


@CHARTS
def test_what_is_under_way_is_what_active_states_declare(seeds: range) -> None:
    """Timers and calls are those of the active states that declare them, but for those over.

    A timer is over when it has fired, a call when it has been answered for good or has failed,
    since its state was last entered.
    """
    for seed in seeds:
        chart, _, steps = run(seed)
        over: set[str] = set()
        for sent, before, taken in steps:
            snapshot = taken.snapshot
            if taken.handled and before is not None:
                over |= _ends(sent, before)
            for one in taken.microsteps:
                entered = {*one.entered}
                over -= {name for name in over if _holder(chart, name) in entered}
            active = ("", *snapshot.configuration)
            declared = Counter(name for state in active for name in _declared(chart, state))
            expected = Counter() if snapshot.ended else declared - Counter(over)
            sent_ids = {timer for timer, _, _ in snapshot.memory.sent}
            under_way = [name_of(one) for one in snapshot.timers if one not in sent_ids]
            under_way += [f"call {name_of(one)}" for one in snapshot.calls]
            assert Counter(under_way) == expected, (seed, sent, taken)


def _ends(sent: object, before: Snapshot[Any, Any]) -> set[str]:
    """Return what is over by an event."""
    if isinstance(sent, TimerFired) and sent.id in before.timers:
        return {name_of(sent.id)}
    last = isinstance(sent, CallFailed) or (isinstance(sent, Answer) and sent.last)
    if last and isinstance(sent, Answer | CallFailed) and sent.id in before.calls:
        return {f"call {name_of(sent.id)}"}
    return set()


def _declared(chart: Chart, state: str) -> Iterator[str]:
    node = chart[state]
    for line in node.transitions:
        if isinstance(line.trigger, After):
            yield line.trigger.timer
    for one in node.invoke:
        yield f"call {state}.{one.name}" if state else f"call {one.name}"


def _holder(chart: Chart, name: str) -> str | None:
    return next((node.id for node in chart if name in _declared(chart, node.id)), None)


@CHARTS
def test_effects_say_how_what_is_under_way_changes(seeds: range) -> None:
    """Each timer and call starts once and stops once, and no id is ever used twice."""
    for seed in seeds:
        _, _, steps = run(seed)
        begun: set[str] = set()
        for sent, before, taken in steps:
            started = [e.id for e in taken.effects if isinstance(e, StartTimer | Invoke)]
            stopped = [e.id for e in taken.effects if isinstance(e, CancelTimer | CancelInvoke)]
            assert len(set(started)) == len(started)
            assert len(set(stopped)) == len(stopped)
            assert not begun & {*started}
            begun |= {*started}
            then = {*taken.snapshot.timers, *taken.snapshot.calls}
            if before is None:
                assert then == {*started} - {*stopped}
                continue
            now = {*before.timers, *before.calls}
            spent = {sent.id} if isinstance(sent, TimerFired) and taken.handled else set()
            final = isinstance(sent, CallFailed) or (isinstance(sent, Answer) and sent.last)
            if final and isinstance(sent, Answer | CallFailed) and taken.handled:
                spent = {sent.id}
            assert then == (now | {*started}) - {*stopped} - spent, (seed, sent)


@CHARTS
def test_can_says_what_a_step_does(seeds: range) -> None:
    """`can` is true exactly where the first microstep takes a line."""
    for seed in seeds:
        _, _, steps = run(seed)
        for sent, before, taken in steps:
            if before is None or taken.snapshot.memory.waiting != before.memory.waiting:
                continue
            number = next(n for n, one in enumerate(steps) if one[2] is taken)
            possible = before.can(sent, at=NOW + number * SECOND)
            first = taken.microsteps[0].fired if taken.microsteps else ()
            assert possible is bool(first), (seed, sent, taken)


@CHARTS
def test_late_and_unknown_messages_change_nothing(seeds: range) -> None:
    """A timer or answer that is not under way is unhandled, and gives back the same snapshot."""
    for seed in seeds:
        _, kernel, steps = run(seed)
        for _, _, taken in steps[-3:]:
            snapshot = taken.snapshot
            for late in (TimerFired("a#99"), Answer("b#99", Counters()), CallFailed("c#99")):
                again = kernel.step(snapshot, late, at=NOW)
                assert again.snapshot is snapshot
                assert not again.handled


@CHARTS
def test_steps_pickle_and_copy(seeds: range) -> None:
    """Steps of random charts come back equal from a pickle and from a copy, and go on equally."""
    for seed in seeds[:20]:
        _, kernel, steps = run(seed)
        for sent, before, taken in steps:
            again = pickle.loads(pickle.dumps(taken))
            assert again == taken
            assert copy.deepcopy(taken) == taken
            if before is not None:
                stored = pickle.loads(pickle.dumps(before))
                number = next(n for n, one in enumerate(steps) if one[2] is taken)
                assert kernel.step(stored, sent, at=NOW + number * SECOND) == taken


@CHARTS
def test_ended_runs_stay_as_they_are(seeds: range) -> None:
    """Whatever is sent to a run of a random chart that has ended, nothing happens."""
    ends = 0
    for seed in seeds:
        chart, kernel, steps = run(seed)
        last = steps[-1][2].snapshot if steps else None
        if last is None or not last.ended:
            continue
        ends += 1
        assert not last.timers
        assert not last.calls
        assert not last.waiting
        assert last.enabled == ()
        for event in random_events(seed + 1, chart, 10):
            again = kernel.step(last, addressed(event, ()), at=NOW)
            assert again == Step(last, (), (), handled=False, microsteps=())
    assert ends >= 3 or seeds.start  # the sample has enough of them
