"""Runs survive whatever is done to them: `python -m benchmarks.faults`, in part."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.faults.__main__ import ROWS, tried
from benchmarks.faults.rows import Effort

ROOT = Path(__file__).parents[2]

QUICK = ("boundaries", "family", "random", "log", "bits", "writers")
"""The rows that `make test` has a sample of; the others start many processes for each trial."""

SHARES = [
    pytest.param(name, share, id=f"{name}-{share}", marks=pytest.mark.long(at=at))
    for share, at in ((0.02, 0.0), (0.1, 0.05), (1.0, 0.1))
    for name in ROWS
]
"""The share of each row that is tried, by the fraction of the proofs that is to be run."""


@pytest.mark.parametrize("name", QUICK)
def test_faults_break_no_run_of_a_sample(name: str) -> None:
    """In a sample of each row that is quick, nothing is lost, taken twice, or under another key."""
    (row,) = tried((name,), Effort(0.002, 1))
    assert row.wrong == ()
    assert all(count > 0 for name, count in row.figures.items() if "again" not in name)


@pytest.mark.parametrize(("name", "share"), SHARES)
def test_faults_break_no_run(name: str, share: float, tmp_path: Path) -> None:
    """In each row, nothing is lost, taken twice, or carried out under another key."""
    figures = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks.faults", "--only", name, "--jobs", "1"]
    options = ["--share", str(share), "--json", str(figures)]
    done = subprocess.run(
        [*command, *options], check=False, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(figures.read_text()).values()
    assert row["wrong"] == []
    assert all(count > 0 for name, count in row["figures"].items() if "again" not in name)


SABOTAGE = """
import sys
from pathlib import Path
from benchmarks.faults import kills, trial
from benchmarks.faults.rows import Effort
{sabotage}
trial.PATIENCE = 5
row = kills.{row}(Effort({share}, 1), Path(sys.argv[1]))
print(len(row.wrong))
"""

SABOTAGES = {
    "a commit is many": """
from contextlib import nullcontext
from statecharts.store.sqlite import SQLiteStore
SQLiteStore._transaction = lambda self: nullcontext()
""",
    "an effect is forgotten before it is carried out": """
from statecharts.runtime.delivery import Delivery
carry_out = Delivery._carry_out
async def forgetting(self, run, row, **how):
    from statecharts.runtime.writer import Job
    if row.call is None:
        await self._submit(Job(run, lambda draft: draft.settle(row.number)))
    await carry_out(self, run, row, **how)
Delivery._carry_out = forgetting
""",
    "the number of an effect is not kept": """
from statecharts.runtime import commit
from attrs import evolve
row = commit.Draft._row
def wrong(self, effect, number):
    return evolve(row(self, effect, number), number=number + 1)
commit.Draft._row = wrong
""",
}

FAMILY = {
    "a message is said again without asking whether it was heard": """
from statecharts.runtime.between import Between
from statecharts.store.sqlite import SQLiteStore
SQLiteStore.joint = False
telling = Between._telling
Between._telling = lambda self, said, key, again: telling(self, said, key, again=False)
""",
    "a child goes on that nobody waits for": """
from statecharts.runtime import commit
end_call = commit.Draft._end_call
def forgetting(self, call):
    number = self.calls.get(call)
    if number in self.owed and self.owed[number].name == commit.CHILD:
        self._drop(self.calls.pop(call))
    else:
        end_call(self, call)
commit.Draft._end_call = forgetting
""",
}


@pytest.mark.long(at=0.0)
@pytest.mark.parametrize("what", [*SABOTAGES, *FAMILY])
def test_faults_are_found_in_a_runtime_that_has_them(what: str, tmp_path: Path) -> None:
    """A runtime that breaks its promise is found out: the proof can fail."""
    row, share = ("family", 0.05) if what in FAMILY else ("boundaries", 0.2)
    program = SABOTAGE.format(sabotage={**SABOTAGES, **FAMILY}[what], row=row, share=share)
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:  # it fails even without a kill
        assert "fails without a kill" in done.stderr
    else:
        assert int(done.stdout.split()[-1]) > 0
