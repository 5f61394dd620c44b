"""The oracle: finds faults in a store, with the journal and the plain kernel.

It takes the history of each run from the store, steps through it with the kernel alone, and counts
the effects itself. What the runtime wrote is compared with that. What a run says to another one has
to be in the history of that one, once, and in order; a child has to be what its parent was told.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from attrs import define, field

from benchmarks.faults.charts import Mail
from benchmarks.faults.journal import ACKNOWLEDGED, CARRIED_OUT, Line, lines
from benchmarks.faults.places import address_of
from benchmarks.faults.trial import RUN
from statecharts import (
    Answer,
    CallFailed,
    CancelInvoke,
    CancelTimer,
    Effect,
    Invoke,
    Kernel,
    Send,
    StartTimer,
    TimerFired,
)
from statecharts.codec import Protocol
from statecharts.runtime import Child, ChildDone, ChildFailed, Each, Joined, Spawn, Tell
from statecharts.runtime.clock import moment
from statecharts.store import open_store, verify
from statecharts.store.port import Store
from statecharts.store.rows import OVER, Head, Kind

STARTED: Final = frozenset({"Courier", "Stay", "Diary"})
"""The charts of the runs that only other runs start."""


@define
class Told:
    """The history of a run, replayed by the kernel.

    Attributes:
        effects: The effects to carry out, as text, by number.
        must: The numbers of those that had to be carried out by now: all but calls that have not
            been answered.
        ids: The number of the entry of each id.
        wrong: Faults of the history, in sentences.
        snapshot: The snapshot at the end, as bytes.
        ended: Whether the run has come to its end.
        events: The events, as text, in order; without progress, which another attempt repeats.
        said: What it says to other runs, and its children, by the number of the effect.
        heard: What it has taken with an id, by that.
        outcomes: What the parent was told of each child: done, failed or cancelled, and the answer.
    """

    effects: dict[int, str] = field(factory=dict)
    must: set[int] = field(factory=set)
    ids: dict[str, int] = field(factory=dict)
    wrong: list[str] = field(factory=list)
    snapshot: bytes = b""
    ended: bool = False
    events: list[str] = field(factory=list)
    said: dict[int, Effect] = field(factory=dict)
    heard: dict[str, Any] = field(factory=dict)
    outcomes: dict[int, tuple[str, Any]] = field(factory=dict)


def told(  # noqa: C901, PLR0912, PLR0915 - one walk through a history
    store: Store, run: str, chart: Any, *, by_hand: bool = False, counter: int = 0
) -> Told:
    """Replay the history of a run.

    Args:
        store: Its store.
        run: Its key.
        chart: Its chart.
        by_hand: Whether its calls may have been answered without being carried out.
        counter: The number of what it owed when it was started: 1 for a child.
    """
    found = Told()
    kernel, protocol = _read_by(chart)
    snapshot: Any = None
    calls: dict[str, int] = {}
    many: dict[str, int] = {}
    fired: Counter[str] = Counter()
    answered: Counter[str] = Counter()
    number = counter
    for entry in store.entries(run):
        at = moment(entry.at)
        if entry.kind == Kind.START:
            context = protocol.loads_context(entry.body) if entry.body else None
            event: Any = None
            step = kernel.start(context, at=at)
        elif entry.kind == Kind.EVENT:
            event = protocol.loads_message(entry.body)
            step = kernel.step(snapshot, event, at=at)
            if not step.handled:
                found.wrong.append(f"{run}: entry {entry.sequence}, {event}, is not handled")
        else:
            continue
        if not (isinstance(event, Answer) and not event.last):
            found.events.append(repr(event))
        if (
            entry.id is not None
            and found.ids.setdefault(entry.id, entry.sequence) != entry.sequence
        ):
            found.wrong.append(f"{run}: {entry.id} was taken twice")
        if entry.id is not None:
            found.heard[entry.id] = event
        match event:
            case TimerFired():
                fired[event.id] += 1
            case Answer(last=True) | CallFailed():
                answered[event.id] += 1
                if isinstance(event, Answer) and not by_hand:
                    if event.id in many:
                        found.wrong += _joined(run, event, many[event.id], found)
                    elif event.id in calls:
                        _answered(found, calls[event.id], event.event)
                    else:
                        found.wrong.append(f"{run}: {event.id} was answered, and never made")
            case _:
                pass
        for effect in step.effects:
            if isinstance(effect, StartTimer | CancelTimer | CancelInvoke):
                continue
            if isinstance(effect, Send) and effect.own:
                continue
            call = effect.call if isinstance(effect, Invoke) else None
            if isinstance(call, Each) and isinstance(effect, Invoke):
                many[effect.id] = number + 1
            for one in call.calls if isinstance(call, Each) else (call or effect,):
                number += 1
                if isinstance(one, Child | Tell | Spawn):
                    found.said[number] = one
                else:
                    found.effects[number] = repr(one)
                if call is None and number in found.effects:
                    found.must.add(number)
            if isinstance(effect, Invoke):
                calls[effect.id] = number
        snapshot = step.snapshot
    for what, counts in (("timer", fired), ("call", answered)):
        twice = [name for name, count in counts.items() if count > 1]
        found.wrong += [f"{run}: {what} {name} was taken twice" for name in twice]
    if snapshot is not None:
        found.snapshot = protocol.dumps_snapshot(snapshot)
        found.ended = snapshot.ended
    return found


@cache
def _read_by(chart: Any) -> tuple[Kernel[Any, Any], Protocol[Any, Any]]:
    return Kernel(chart), Protocol(chart, effects=(Mail,))


def _answered(found: Told, number: int, answer: Any) -> None:
    """Note the answer to a call."""
    if number in found.effects:
        found.must.add(number)
    else:
        how = "failed" if isinstance(answer, ChildFailed) else "done"
        found.outcomes[number] = (how, answer)


def _joined(run: str, event: Answer, first: int, found: Told) -> Iterator[str]:
    """Note the answers to many calls, the first of which has that number."""
    joined = event.event
    if not isinstance(joined, Joined):
        yield f"{run}: {event.id} was answered by {joined}"
        return
    for number, outcome in enumerate(joined.outcomes, first):
        if outcome.status != "cancelled" and outcome.event is not None:
            _answered(found, number, outcome.event)
        elif number in found.said:
            found.outcomes[number] = (outcome.status, outcome.event)


@define
class Verdict:
    """The oracle's findings on a store.

    Attributes:
        wrong: The faults, in sentences.
        acknowledged: The number of acknowledged sends.
        taken: The number of those found in the history.
        effects: The number of effects that the histories owe.
        again: The number of repetitions of effects, each under its key.
        told: The number of messages from run to run.
        started: The number of runs that others have started.
        runs: The replayed histories, by run.
    """

    wrong: list[str] = field(factory=list)
    acknowledged: int = 0
    taken: int = 0
    effects: int = 0
    again: int = 0
    told: int = 0
    started: int = 0
    runs: dict[str, Told] = field(factory=dict)


def judge(
    path: Path,
    journal: Path,
    charts: dict[str, Any],
    *,
    finished: bool = True,
    by_hand: bool = False,
) -> Verdict:
    """Check a store; return the findings.

    Args:
        path: Its file.
        journal: The journal of those that used it.
        charts: The charts of its runs, by name.
        finished: Whether everything owed should have been carried out.
        by_hand: Whether calls may have been answered without being carried out.
    """
    found = Verdict()
    said: dict[str, list[Line]] = defaultdict(list)
    for line in lines(journal):
        said[line.run].append(line)
    store = open_store(address_of(path))
    try:
        found.wrong += [f"SQLite: {damage.what}" for damage in store.check()]
        heads = {head.run: head for head in store.heads(limit=1_000_000)}
        found.runs = _replayed(store, heads, charts, by_hand=by_hand)
        found.wrong += _between(found, heads, finished=finished)
        for run, head in heads.items():
            found.wrong += [f"{run}: {damage.what}" for damage in verify(store, run)]
            history = found.runs[run]
            found.wrong += history.wrong
            if history.snapshot != head.snapshot:
                found.wrong.append(f"{run}: the history replayed gives another snapshot")
            found.effects += len(history.effects)
            found.wrong += _compared(run, history, said.pop(run, []), found, finished=finished)
            if finished and head.status not in ("running", *OVER):
                found.wrong.append(f"{run}: it is {head.status}: {head.reason}")
        for run, more in said.items():
            found.wrong.append(f"{run}: {len(more)} lines of the journal, but no run")
    finally:
        store.close()
    return found


def _replayed(
    store: Store, heads: Mapping[str, Head], charts: Mapping[str, Any], *, by_hand: bool
) -> dict[str, Told]:
    """Replay the history of each run; a child counts what it owes from 1 on."""
    children: set[str] = set()
    while True:
        runs = {
            run: told(store, run, charts[head.chart], by_hand=by_hand, counter=run in children)
            for run, head in heads.items()
        }
        found = {
            child_of(run, number, said)
            for run, history in runs.items()
            for number, said in history.said.items()
            if isinstance(said, Child)
        }
        if found == children:
            return runs
        children = found


def child_of(run: str, number: int, said: Child) -> str:
    """Return the key of a child that a run has asked for by an effect of that number."""
    return said.key or f"{run}/{number}"


def _between(found: Verdict, heads: Mapping[str, Head], *, finished: bool) -> Iterator[str]:
    """Check what runs have said to each other."""
    keys = set()
    started = {RUN}
    for run, history in found.runs.items():
        last: dict[str, int] = {}
        for number, said in history.said.items():
            key = f"{run}/{number}"
            if isinstance(said, Tell):
                found.told += 1
                keys.add(key)
                yield from _heard(found, key, said, last, finished=finished)
            elif isinstance(said, Spawn):
                started.add(said.key)
                if finished and said.key not in heads:
                    yield f"{run}: {said} was never carried out"
            elif isinstance(said, Child):
                child = child_of(run, number, said)
                started.add(child)
                if finished:
                    outcome = history.outcomes.get(number)
                    yield from _child(found, heads, run, child, outcome)
    found.started = len(started) - 1
    for run, history in found.runs.items():
        for name in history.heard.keys() - keys:
            if "/" in name:
                yield f"{run}: it has heard {name}, which nobody has said"
        if heads[run].chart in STARTED and run not in started:
            yield f"{run}: nobody has asked for it"


def _heard(
    found: Verdict, key: str, said: Tell, last: dict[str, int], *, finished: bool
) -> Iterator[str]:
    """Check that a message was heard, after the one before it from the same run."""
    history = found.runs.get(said.run)
    if history is None or key not in history.ids:
        if finished:  # a run ends only after it has heard everything
            yield f"{key}: {said} was never heard"
        return
    if history.heard[key] != said.event:
        yield f"{key}: {said} was heard as {history.heard[key]}"
    if history.ids[key] < last.get(said.run, -1):
        yield f"{key}: {said} was heard before what was said earlier"
    last[said.run] = history.ids[key]


def _child(
    found: Verdict,
    heads: Mapping[str, Head],
    run: str,
    child: str,
    outcome: tuple[str, Any] | None,
) -> Iterator[str]:
    """Check that the answer to a parent is the end of its child, who ends when nobody waits."""
    head = heads.get(child)
    if outcome is not None and outcome[0] == "done":
        end = json.loads(found.runs[child].snapshot) if child in found.runs else {}
        data = end["data"].get(end["configuration"][0]) if end else None
        if head is None or head.status != "ended" or outcome[1] != ChildDone(data):
            yield f"{run}: it was told {outcome[1]} of {child}, which ended with {data}"
    elif head is None:
        if outcome is not None and outcome[0] == "failed":
            yield f"{run}: {child} was never started, and has failed"
    elif head.status not in OVER and (outcome is not None or heads[run].status in OVER):
        yield f"{run}: it does not wait for {child} any more, which goes on"


def _compared(
    run: str, history: Told, said: list[Line], found: Verdict, *, finished: bool
) -> Iterator[str]:
    done: Counter[int] = Counter()
    for line in said:
        if line.what == ACKNOWLEDGED:
            found.acknowledged += 1
            if line.name in history.ids:
                found.taken += 1
            if history.ids.get(line.name) != line.said:
                yield f"{run}: {line.name} was acknowledged and is lost"
        elif line.what == CARRIED_OUT:
            number = int(line.name)
            done[number] += 1
            if number not in history.effects:
                yield f"{run}: {line.said} was carried out under {number} and is not committed"
            elif history.effects[number] != line.said:
                owed = history.effects[number]
                yield f"{run}: {line.said} was carried out under the key of {owed}"
    found.again += sum(count - 1 for count in done.values())
    if finished:
        for number in sorted(history.must - set(done)):
            yield f"{run}: {history.effects[number]} was never carried out"
