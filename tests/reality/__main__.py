"""Count how many incidents in real data are named: ``python -m tests.reality --seeds 1``.

The seeds above 100, and a third of the bases, are kept out of sight while the rules are worked on:
``--part unseen`` tells their sums alone. ``--check`` fails where a target is missed. ``--calm 600``
counts false alarms in as many shapes of clean data that is in sight, ``--made 600`` in tables that
are made up.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache, partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

from attrs import frozen

from machines.investigation import CauseKind, Synthesis
from tests.reality.anomalies import ANOMALIES
from tests.reality.bases import BASES, UNSEEN, Base
from tests.reality.calm import SOURCES, cut
from tests.reality.plants import PLANTS, Plant, Unfit, question
from tests.reality.shapes import UNSEEN as UNSEEN_SHAPES
from tests.reality.shapes import made
from tests.test_investigator.incidents import Planted
from tests.test_investigator.test_reasoning_incidents import investigate

PACKAGES: Final = Path("build/reality")
CLEAN: Final = "clean"
CALM: Final = "calm"
SURE: Final = 0.8
"""Score above which a finding in a base as it is counts as a false alarm, unless it is explained."""


@frozen
class Outcome:
    """The outcome of one investigation.

    Attributes:
        base: The base.
        kind: The kind of the incident, or ``clean``.
        seed: The seed.
        named: Whether kind and table came first; of a clean base, that there is no false alarm.
        dated: Whether the day is right as well.
        told: The question and the answer, in one line.
    """

    base: str
    kind: str
    seed: int
    named: bool
    dated: bool
    told: str


def try_one(folder: Path, name: str, kind: str, seed: int) -> Outcome | None:
    """Build a base, plant an incident in it, ask, and compare; None if it cannot happen there."""
    rng = Random(f"{name}/{kind}/{seed}")
    base = _built(folder, name)
    try:
        plant = None if kind == CLEAN else PLANTS[CauseKind(kind)](base, rng)
    except Unfit:
        return None
    asked = question(base, plant, rng)
    return _judged(base, kind, seed, plant, asked, _asked(base, asked))


def _asked(base: Base, asked: str) -> Synthesis:
    with TemporaryDirectory() as place:
        path = Path(place, f"{base.name}.sqlite")
        base.write(path)
        return investigate(Planted(path, tuple(base.tables), asked))[0]


@cache
def _loaded(folder: Path, name: str) -> Base:
    return {**BASES, **SOURCES}[name](folder)


def _built(folder: Path, name: str) -> Base:
    """Return a base of its own: its rows may be changed."""
    return deepcopy(_loaded(folder, name))


def _judged(
    base: Base, kind: str, seed: int, plant: Plant | None, asked: str, synthesis: Synthesis
) -> Outcome:
    causes = synthesis.causes
    said = "; ".join(
        f"{one.kind} {one.table}.{one.column} {one.date} {one.score:.2f}" for one in causes[:3]
    )
    said = said or f"{synthesis.verdict}: {synthesis.summary}"
    if plant is None:
        own = ANOMALIES.get(base.name, ())
        calm = all(one.score <= SURE or any(each.explains(one) for each in own) for one in causes)
        return Outcome(base.name, kind, seed, calm, not causes, f"{asked} -> {said}")
    best = causes[0] if causes else None
    named = best is not None and (best.kind, best.table) == (plant.kind, plant.table)
    slack = 7 if base.thin else 1
    dated = named and (
        plant.first is None
        or (
            best is not None
            and best.date is not None
            and abs((best.date - plant.first).days) <= slack
        )
    )
    told = f"[{plant.way} {plant.first}..{plant.last}] {asked} -> {said}"
    return Outcome(base.name, kind, seed, named, dated, told)


def try_calm(base: Base, done: str, seed: int) -> Outcome:
    """Ask about clean data of many shapes; of a false alarm it is told what it is."""
    asked = question(base, None, Random(seed))
    synthesis = _asked(base, asked)
    own = ANOMALIES.get(base.name, ())
    alarms = [
        one
        for one in synthesis.causes
        if one.score > SURE and not any(each.explains_day(one, 7) for each in own)
    ]
    said = "; ".join(f"{one.kind} .{one.column} {one.date} {one.score:.2f}" for one in alarms)
    told = f"[{done}] {asked} -> {said} ({synthesis.summary})"
    return Outcome(base.name, CALM, seed, not alarms, not synthesis.causes, told)


def tries(
    part: str, seeds: range, bases: list[str], kinds: list[str]
) -> Iterator[tuple[str, str, int]]:
    """Return all there is to try."""
    for name in bases:
        if part == "all" or (name in UNSEEN) == (part == "unseen"):
            for kind in kinds:
                for seed in seeds if kind != CLEAN else seeds[:1]:
                    yield name, kind, seed


def report(found: list[Outcome]) -> tuple[float, float, int]:
    """Print the sums by kind; return the shares named and dated, and the false alarms."""
    print(f"{'kind':16} {'tried':>5} {'named':>6} {'dated':>6}")
    for kind in (*(one.value for one in CauseKind), CLEAN):
        mine = [one for one in found if one.kind == kind]
        if mine:
            print(
                f"{kind:16} {len(mine):5} {sum(o.named for o in mine):6} {sum(o.dated for o in mine):6}"
            )
    planted = [one for one in found if one.kind != CLEAN]
    named, dated = (sum(o.named for o in planted), sum(o.dated for o in planted))
    alarms = sum(not one.named for one in found if one.kind == CLEAN)
    total = max(len(planted), 1)
    print(f"{'all':16} {len(planted):5} {named:6} {dated:6}", end="   ")
    print(f"{named / total:.0%} named, {dated / total:.0%} dated, {alarms} false alarms")
    return named / total, dated / total, alarms


def count_alarms(shape: Callable[[int], tuple[Base, str]], seeds: range) -> None:
    """Ask about clean data of many shapes, and tell each false alarm that is in sight."""
    began, parts = time.process_time(), dict[bool, list[Outcome]]()
    for seed in seeds:
        base, done = shape(seed)
        parts.setdefault(done in UNSEEN_SHAPES, []).append(one := try_calm(base, done, seed))
        if not one.named and done not in UNSEEN_SHAPES:
            print(f"{seed:5} {one.base} {one.told}", flush=True)
    for unseen, found in sorted(parts.items()):
        alarms, where = sum(not one.named for one in found), ", out of sight" * unseen
        print(f"{alarms} false alarms in {len(found)} shapes of clean data{where}")
    print(f"{time.process_time() - began:.0f} s of CPU")


def main() -> None:
    """Try many, and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=Path, default=PACKAGES)
    parser.add_argument("--part", choices=("seen", "unseen", "all"), default="all")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--base", action="append")
    parser.add_argument("--kind", action="append")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--calm", type=int, default=0, help="ask about so many cuts of clean data")
    parser.add_argument("--made", type=int, default=0, help="and so many made-up clean tables")
    given = parser.parse_args()
    if given.calm or given.made:
        load = partial(_loaded, given.packages)
        for shape, tried in ((partial(cut, load), given.calm), (made, given.made)):
            if tried:
                count_alarms(shape, range(given.first, given.first + tried))
        return
    seeds = range(given.first, given.first + given.seeds)
    kinds = given.kind or [*(one.value for one in CauseKind), CLEAN]
    began, found = time.process_time(), []
    for name, kind, seed in tries(given.part, seeds, given.base or list(BASES), kinds):
        one = try_one(given.packages, name, kind, seed)
        if one is None:
            continue
        found.append(one)
        if given.part == "seen" and not (one.named and one.dated):
            flaw = "wrong" if not one.named else "day" if kind != CLEAN else "low"
            print(f"{flaw:5} {name} {kind} {seed} {one.told}", flush=True)
    named, dated, alarms = report(found)
    print(f"{time.process_time() - began:.0f} s of CPU")
    if given.check and (named < 0.9 or dated < 0.85 or alarms):
        sys.exit(1)


if __name__ == "__main__":
    main()
