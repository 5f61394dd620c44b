"""Incidents in databases that the reasoner's author did not have in mind; and how it fares there.

``python -m tests.test_investigator.strangers --seeds 20`` counts, by kind and by style.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing import Pool
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

from attrs import frozen

from machines.investigation import CauseKind, Synthesis, Verdict
from tests.test_investigator.strangers_faults import FAULTS, Planted, fits
from tests.test_investigator.strangers_styles import STYLES
from tests.test_investigator.strangers_traps import stir, surround
from tests.test_investigator.strangers_worlds import World

CLEAN: Final = "clean"


@frozen
class Stranger:
    """A database, a question about it, and what was done to it, if anything."""

    path: Path
    question: str
    tables: tuple[str, ...]
    planted: Planted | None


def build(path: Path, style: str, kind: CauseKind | None, seed: int) -> Stranger | None:
    """Make a database; None where such a thing cannot happen in it."""
    rng = Random(f"{style}/{kind}/{seed}")
    world = STYLES[style](rng)
    if kind is not None and not fits(world, kind):
        return None
    if kind is None:
        stir(world, rng)
    planted = FAULTS[kind](world, rng) if kind is not None else None
    surround(world, rng)
    world.write(path)
    return Stranger(path, _ask(world, planted, rng), tuple(world.tables), planted)


_SYMPTOMS: Final = {
    CauseKind.NULL_SPIKE: "why are so many {word} incomplete",
    CauseKind.MISSING_DAY: "why are there no {word}",
    CauseKind.DUPLICATE_LOAD: "why did {word} double",
    CauseKind.SCHEMA_CHANGE: "why does the report on {word} fail",
    CauseKind.BROKEN_JOIN: "why do {word} not show up in the joined report",
    CauseKind.LATE_DATA: "why were the {word} not there in time",
    CauseKind.UNIT_CHANGE: "why did the average of the {word} jump",
    CauseKind.TRUNCATED_BATCH: "why are there too few {word}",
    CauseKind.TIME_ZONE: "why do {word} come at odd hours",
    CauseKind.STALE_DIMENSION: "why are figures for {word} outdated",
}


def _ask(world: World, planted: Planted | None, rng: Random) -> str:
    word = rng.choice(world.words)
    days = sorted(planted.dates) if planted else []
    day = days[len(days) // 2] if days else rng.choice(world.days[len(world.days) // 2 : -2])
    on = rng.choice([f" on {day}", f" on {day}", f" since {day}", f" around {day:%d %B %Y}", ""])
    asked = ["why did {word} drop", "what happened to {word}", "is something wrong with {word}"]
    if planted:
        asked += [_SYMPTOMS[planted.kind]] * 3
    vague = ["what is wrong with the data?", "is there an anomaly?", "anything odd lately?"]
    if rng.random() < 0.1:
        return rng.choice(vague)
    return rng.choice(asked).format(word=word) + on + "?"


@frozen
class Outcome:
    """What came of an investigation."""

    style: str
    kind: str
    way: str
    seed: int
    mark: str
    table: bool
    column: bool
    date: bool
    said: str
    took: float
    calls: int
    asked: bool


def try_one(job: tuple[str, str, int]) -> Outcome | None:
    """Build a database, investigate it, and compare."""
    from tests.test_investigator.test_reasoning_incidents import investigate

    style, name, seed = job
    kind = None if name == CLEAN else CauseKind(name)
    with TemporaryDirectory() as folder:
        stranger = build(Path(folder, "data.sqlite"), style, kind, seed)
        if stranger is None:
            return None
        began = time.perf_counter()
        synthesis, investigation = investigate(stranger)  # type: ignore[arg-type]
        took = time.perf_counter() - began
    calls = investigation.case.ledger.count
    asked = bool(investigation.case.answers)
    return _judged(job, stranger, synthesis, took, calls, asked)


def _judged(
    job: tuple[str, str, int],
    stranger: Stranger,
    synthesis: Synthesis,
    took: float,
    calls: int,
    asked: bool,
) -> Outcome:
    causes, planted = synthesis.causes, stranger.planted
    said = "; ".join(
        f"{one.kind.value} {one.table}.{one.column} {one.date} {one.score:.2f}"
        for one in causes[:3]
    )
    said = f"{stranger.question} -> {said}"
    if planted is None:
        mark = "right" if synthesis.verdict is Verdict.NO_ANOMALY else "wrong"
        return Outcome(*job[:2], "", job[2], mark, True, True, True, said, took, calls, asked)
    at = next((n for n, one in enumerate(causes) if one.kind is planted.kind), None)
    mark = "missed" if at is None else "best" if at == 0 else "listed"
    best = causes[at] if at is not None else None
    table = best is not None and best.table == planted.table
    if best is not None and at == 0 and not table:
        mark = "table"
    column = best is not None and best.column in planted.columns
    dated = best is not None and (not planted.dates or best.date in planted.dates)
    said = f"[{planted.table}.{set(planted.columns)} {sorted(map(str, planted.dates))}] {said}"
    return Outcome(
        *job[:2], planted.way, job[2], mark, table, column, dated, said, took, calls, asked
    )


def jobs(seeds: range, styles: list[str], kinds: list[str]) -> Iterator[tuple[str, str, int]]:
    """Return all there is to try."""
    for kind in kinds:
        for style in styles:
            for seed in seeds:
                yield style, kind, seed


def _report(found: list[Outcome], *, verbose: bool) -> None:
    kinds = [*(one.value for one in CauseKind), CLEAN]
    print(f"{'kind':16} {'n':>4} {'best':>6} {'column':>6} {'date':>6} table listed missed")
    for kind in kinds:
        mine = [one for one in found if one.kind == kind]
        if not mine:
            continue
        marks = Counter(one.mark for one in mine)
        good = [one for one in mine if one.mark in ("best", "right")]
        column, dated = sum(one.column for one in good), sum(one.date for one in good)
        n, g = len(mine), len(good)
        rest = f"{marks['table']:5} {marks['listed']:6} {marks['missed'] + marks['wrong']:6}"
        parts = f"{column / max(g, 1):6.1%} {dated / max(g, 1):6.1%}"
        print(f"{kind:16} {n:4} {g / n:6.1%} {parts} {rest}")
    styles = sorted({one.style for one in found})
    print("\nbest by style:", " ".join(f"{style[:9]:>9}" for style in styles))
    for kind in kinds:
        cells = []
        for style in styles:
            mine = [one for one in found if one.kind == kind and one.style == style]
            right = sum(one.mark in ("best", "right") for one in mine)
            cells.append(f"{right}/{len(mine)}" if mine else "-")
        print(f"{kind:14}", " ".join(f"{cell:>9}" for cell in cells))
    times = sorted(one.took for one in found)
    print(f"\nseconds: median {times[len(times) // 2]:.2f}, most {times[-1]:.2f};", end=" ")
    print(
        "calls: most", max(one.calls for one in found), "- asked:", sum(one.asked for one in found)
    )
    if verbose:
        for one in found:
            fine = one.mark in ("best", "right")
            if not (fine and one.column and one.date):
                flaws = "" if fine else one.mark
                flaws += "" if one.column else " column"
                flaws += "" if one.date else " date"
                print(f"{flaws:8} {one.kind} {one.style} {one.seed} ({one.way}): {one.said}")


def main() -> None:
    """Try many, and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--style", action="append")
    parser.add_argument("--kind", action="append")
    parser.add_argument("--verbose", action="store_true")
    given = parser.parse_args()
    kinds = given.kind or [*(one.value for one in CauseKind), CLEAN]
    todo = jobs(range(given.first, given.first + given.seeds), given.style or list(STYLES), kinds)
    with Pool(2) as pool:
        found = [one for one in pool.imap_unordered(try_one, list(todo), 4) if one is not None]
    _report(sorted(found, key=lambda one: (one.kind, one.style, one.seed)), verbose=given.verbose)


if __name__ == "__main__":
    main()
