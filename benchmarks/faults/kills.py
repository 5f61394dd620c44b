"""Kills: at every boundary, at pairs of boundaries, and at random instants."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from attrs import define, field, frozen

from benchmarks.faults.oracle import Verdict, judge
from benchmarks.faults.rows import Effort, Row
from benchmarks.faults.trial import (
    CHARTS,
    RUN,
    SCRIPTS,
    child,
    clear,
    forked,
    journal_of,
    spread,
)

PAIRS: Final = 150
"""Pairs of boundaries that are tried with each chart."""


@frozen
class Plan:
    """One trial: a chart, and the boundaries at which one process after the other dies."""

    chart: str
    kills: tuple[int, ...]


@define
class Tally:
    """What some trials found."""

    trials: int = 0
    kills: int = 0
    acknowledged: int = 0
    effects: int = 0
    again: int = 0
    wrong: list[str] = field(factory=list)

    def add(self, verdict: Verdict, where: str) -> None:
        """Count what the oracle says of a store."""
        self.acknowledged += verdict.acknowledged
        self.effects += verdict.effects
        self.again += verdict.again
        self.wrong += [f"{where}: {text}" for text in verdict.wrong]

    def join(self, other: Tally) -> None:
        """Add what others found."""
        self.trials += other.trials
        self.kills += other.kills
        self.acknowledged += other.acknowledged
        self.effects += other.effects
        self.again += other.again
        self.wrong += other.wrong

    def figures(self) -> dict[str, int]:
        """Return the counts."""
        return {
            "trials": self.trials,
            "kills": self.kills,
            "acknowledged sends": self.acknowledged,
            "effects owed": self.effects,
            "effects carried out again under their key": self.again,
        }


def undisturbed(directory: Path) -> dict[str, tuple[int, list[str]]]:
    """Return for each chart how many boundaries a run passes, and the events that it takes."""
    found = {}
    for name, script in SCRIPTS.items():
        path = directory / f"{name}.db"
        end = forked(child(path, script, 0), directory)
        verdict = judge(path, journal_of(path), CHARTS)
        if end.error or verdict.wrong:
            text = f"{name} fails without a kill: {end.error or verdict.wrong}"
            raise RuntimeError(text)
        found[name] = (end.result, sorted(verdict.runs[RUN].events))
        clear([path])
    return found


def singles(passed: dict[str, tuple[int, list[str]]], effort: Effort) -> list[Plan]:
    """Return a plan for each boundary of each chart, or every so many of them."""
    every = max(round(1 / effort.share), 1)
    return [
        Plan(name, (kill,))
        for name, (count, _) in passed.items()
        for kill in range(0, count, every)
    ]


def pairs(passed: dict[str, tuple[int, list[str]]], effort: Effort) -> list[Plan]:
    """Return plans with two kills, spread evenly over all pairs."""
    found = []
    for name, (count, _) in passed.items():
        wanted = effort.of(PAIRS)
        step = count * count / wanted
        found += [Plan(name, divmod(round(place * step), count)) for place in range(wanted)]
    return found


def tried(
    plans: Sequence[Plan], directory: Path, expected: dict[str, tuple[int, list[str]]]
) -> Tally:
    """Carry plans out, and judge what is left."""
    tally = Tally()
    for plan in plans:
        script = SCRIPTS[plan.chart]
        where = f"{plan.chart}, killed at {', '.join(map(str, plan.kills))}"
        path = directory / f"{plan.chart}-{'-'.join(map(str, plan.kills))}.db"
        tally.trials += 1
        error = ""
        for incarnation, kill in enumerate((*plan.kills, None)):
            end = forked(child(path, script, incarnation, kill), directory)
            tally.kills += end.killed
            error = end.error
            if error or not end.killed:
                break
        if error:
            tally.wrong.append(f"{where}: {error}")
        else:
            verdict = judge(path, journal_of(path), CHARTS)
            tally.add(verdict, where)
            history = verdict.runs.get(RUN)
            if history is None or not history.ended:
                tally.wrong.append(f"{where}: the run has not come to its end")
            elif sorted(history.events) != expected[plan.chart][1]:
                tally.wrong.append(f"{where}: other events than without a kill: {history.events}")
        clear([path])
    return tally


def _row(name: str, how: str, plans: list[Plan], effort: Effort, directory: Path, expected: dict[str, tuple[int, list[str]]]) -> Row:
    tally = Tally()
    for part in spread(lambda share: tried(share, directory, expected), plans, effort.jobs, directory):
        tally.join(part)
    return Row(name, how, tally.figures(), tuple(tally.wrong))


def boundaries(effort: Effort, directory: Path) -> Row:
    """Kill at every boundary."""
    passed = undisturbed(directory)
    how = (
        "The process dies by SIGKILL before or after each statement with which it writes, the making "
        "of the tables included; another one goes on. Five charts with calls, retries and timers."
    )
    return _row("Killed at every boundary", how, singles(passed, effort), effort, directory, passed)


def doubles(effort: Effort, directory: Path) -> Row:
    """Kill at pairs of boundaries."""
    passed = undisturbed(directory)
    how = "The process that goes on is killed at a boundary of its own; a third one goes on."
    return _row("Killed twice", how, pairs(passed, effort), effort, directory, passed)
