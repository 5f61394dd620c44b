"""``python -m benchmarks.apart MODULE ROUNDS BATCH_NS``: one peer, its numbers as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from benchmarks.contestant import Run
from benchmarks.cycle import handwritten
from benchmarks.cycle.contestants import check as check_cycle
from benchmarks.cycle.domain import EVENTS
from benchmarks.features import cases
from benchmarks.features import handwritten as features
from benchmarks.features.cases import check
from benchmarks.timing import Effort, Sample, Subject, measure


def compare(peer: Run, match: Run, operations: int, effort: Effort) -> dict[str, float]:
    """Time a peer beside the hand-written match."""
    subjects = [Subject.ready("match", match, operations), Subject.ready("peer", peer, operations)]
    samples: Mapping[str, Sample] = measure(subjects, effort)
    sample = samples["peer"]
    ratio = sample.ratio_to(samples["match"])
    return {"us": sample.median_us, "spread": sample.spread * 100, "ratio": ratio}


def main(module: str, effort: Effort) -> dict[str, Any]:
    """Check a peer, time it, and return its numbers: the cycle, then each case."""
    peer = import_module(module).CONTESTANT
    check_cycle(peer)
    cycle = compare(peer.prepare(), handwritten.CONTESTANT.prepare(), len(EVENTS), effort)
    found = {}
    for case in cases.CASES:
        if case not in peer.turns:
            continue
        turn = peer.turns[case]()
        check(peer.name, case, turn)
        match = features.CONTESTANT.turns[case]()
        found[case.key] = compare(turn.run, match.run, len(case.turn), effort)
    return {"name": peer.name, "version": peer.version, "cycle": cycle, "features": found}


if __name__ == "__main__":
    _, given, rounds, batch_ns = sys.argv
    print(json.dumps(main(given, Effort(int(rounds), int(batch_ns)))))  # noqa: T201
