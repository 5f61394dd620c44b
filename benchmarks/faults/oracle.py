"""The oracle: finds faults in a store, with the journal and the plain kernel.

It takes the history of each run from the store, steps through it with the kernel alone, and counts
the effects itself. What the runtime wrote is compared with that.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attrs import define, field

from benchmarks.faults.charts import Mail
from benchmarks.faults.journal import ACKNOWLEDGED, CARRIED_OUT, Line, lines
from statecharts import (
    Answer,
    CallFailed,
    CancelInvoke,
    CancelTimer,
    Invoke,
    Kernel,
    Send,
    StartTimer,
    TimerFired,
)
from statecharts.codec import Protocol
from statecharts.runtime.clock import moment
from statecharts.store import open_store, verify
from statecharts.store.port import Store
from statecharts.store.rows import Kind


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
    """

    effects: dict[int, str] = field(factory=dict)
    must: set[int] = field(factory=set)
    ids: dict[str, int] = field(factory=dict)
    wrong: list[str] = field(factory=list)
    snapshot: bytes = b""
    ended: bool = False
    events: list[str] = field(factory=list)


def told(  # noqa: C901, PLR0912, PLR0915 - one walk through a history
    store: Store, run: str, chart: Any, *, by_hand: bool = False
) -> Told:
    """Replay the history of a run."""
    found = Told()
    kernel = Kernel(chart)
    protocol = Protocol(chart, effects=(Mail,))
    snapshot: Any = None
    calls: dict[str, int] = {}
    fired: Counter[str] = Counter()
    answered: Counter[str] = Counter()
    number = 0
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
        match event:
            case TimerFired():
                fired[event.id] += 1
            case Answer(last=True) | CallFailed():
                answered[event.id] += 1
                if isinstance(event, Answer) and not by_hand:
                    if event.id in calls:
                        found.must.add(calls[event.id])
                    else:
                        found.wrong.append(f"{run}: {event.id} was answered, and never made")
            case _:
                pass
        for effect in step.effects:
            if isinstance(effect, StartTimer | CancelTimer | CancelInvoke):
                continue
            if isinstance(effect, Send) and effect.own:
                continue
            number += 1
            if isinstance(effect, Invoke):
                calls[effect.id] = number
                found.effects[number] = repr(effect.call)
            else:
                found.effects[number] = repr(effect)
                found.must.add(number)
        snapshot = step.snapshot
    for what, counts in (("timer", fired), ("call", answered)):
        twice = [name for name, count in counts.items() if count > 1]
        found.wrong += [f"{run}: {what} {name} was taken twice" for name in twice]
    if snapshot is not None:
        found.snapshot = protocol.dumps_snapshot(snapshot)
        found.ended = snapshot.ended
    return found


@define
class Verdict:
    """The oracle's findings on a store.

    Attributes:
        wrong: The faults, in sentences.
        acknowledged: The number of acknowledged sends.
        taken: The number of those found in the history.
        effects: The number of effects that the histories owe.
        again: The number of repetitions of effects, each under its key.
        runs: The replayed histories, by run.
    """

    wrong: list[str] = field(factory=list)
    acknowledged: int = 0
    taken: int = 0
    effects: int = 0
    again: int = 0
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
    store = open_store(path)
    try:
        found.wrong += [f"SQLite: {damage.what}" for damage in store.check()]
        heads = {head.run: head for head in store.heads(limit=1_000_000)}
        for run, head in heads.items():
            found.wrong += [f"{run}: {damage.what}" for damage in verify(store, run)]
            history = told(store, run, charts[head.chart], by_hand=by_hand)
            found.runs[run] = history
            found.wrong += history.wrong
            if history.snapshot != head.snapshot:
                found.wrong.append(f"{run}: the history replayed gives another snapshot")
            found.effects += len(history.effects)
            found.wrong += _compared(run, history, said.pop(run, []), found, finished=finished)
            if finished and head.status not in ("running", "ended"):
                found.wrong.append(f"{run}: it is {head.status}: {head.reason}")
        for run, more in said.items():
            found.wrong.append(f"{run}: {len(more)} lines of the journal, but no run")
    finally:
        store.close()
    return found


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
