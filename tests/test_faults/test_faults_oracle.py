"""The oracle of the proof finds what should not be, and nothing else."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.faults.charts import Book, Done, Ledger, Mail, Sum, Work
from benchmarks.faults.journal import Journal
from benchmarks.faults.oracle import judge
from benchmarks.faults.page import page
from benchmarks.faults.peers.situations import Outcome, Situation
from benchmarks.faults.places import journal_of
from benchmarks.faults.rows import Row
from benchmarks.faults.trial import ALL_CHARTS, RELATED, child, forked
from statecharts.runtime import Runs, SimulatedClock

CHARTS = {"Ledger": Ledger}

ORPHANS = " ".join(
    f"DELETE FROM {table} WHERE run NOT IN (SELECT number FROM runs);"
    for table in ("entries", "owed", "timers", "waiting", "checkpoints")
)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with one run, whose effects are all carried out but for the books'."""
    path = tmp_path / "runs.db"
    clock = SimulatedClock(datetime(2026, 1, 1, tzinfo=UTC))
    with Runs(path, Ledger, effects=(Mail,), clock=clock) as runs:
        run = runs.start(Ledger, key="r", context=Sum())
        for amount in range(3):
            run.send(Book(amount), id=f"id-{amount}")
        for call in list(run.calls):
            run.answer(call, Done("it"))
    return path


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Its journal: three sends, three mails, one call."""
    kept = Journal(tmp_path / "runs.journal")
    for amount in range(3):
        kept.acknowledged("r", f"id-{amount}", amount + 1)
    for amount in range(3):
        kept.carried_out(f"r/{amount + 1}", Mail(f"booked {amount}"))
    kept.carried_out("r/4", Work("check 3"))
    yield kept
    kept.close()


def wrong(store: Path, journal: Journal) -> list[str]:
    return judge(store, journal.path, CHARTS).wrong


def carried_out(journal: Journal, key: str, text: str) -> None:
    """Note an effect that is given as text."""

    class Said:
        def __repr__(self) -> str:
            return text

    journal.carried_out(key, Said())


def test_oracle_has_nothing_against_a_good_store(store: Path, journal: Journal) -> None:
    """A store that kept its promises is found to have kept them, effects done twice included."""
    carried_out(journal, "r/4", "Work(what='check 3')")
    carried_out(journal, "r/1", "Mail(text='booked 0')")
    verdict = judge(store, journal.path, CHARTS)
    assert verdict.wrong == []
    assert (verdict.acknowledged, verdict.taken, verdict.effects, verdict.again) == (3, 3, 4, 2)


@pytest.mark.parametrize(
    ("key", "said", "told"),
    [
        ("r/9", "Mail(text='x')", "is not committed"),
        ("r/1", "Mail(text='booked 1')", "under the key of"),
        ("other/1", "Mail(text='x')", "but no run"),
    ],
)
def test_oracle_finds_what_was_not_owed(
    store: Path, journal: Journal, key: str, said: str, told: str
) -> None:
    """An effect that nobody owes, or under another key, is found."""
    carried_out(journal, key, said)
    assert any(told in text for text in wrong(store, journal))


@pytest.mark.parametrize(("id", "sequence"), [("id-7", 1), ("id-1", 3)])
def test_oracle_finds_what_was_lost(store: Path, journal: Journal, id: str, sequence: int) -> None:
    """A send that was acknowledged and is not in the history, or elsewhere, is found."""
    journal.acknowledged("r", id, sequence)
    assert any("was acknowledged and is lost" in text for text in wrong(store, journal))


def test_oracle_finds_what_was_never_done(store: Path, tmp_path: Path) -> None:
    """An effect that was never carried out is found."""
    empty = Journal(tmp_path / "empty.journal")
    assert sum("was never carried out" in text for text in wrong(store, empty)) == 4
    empty.close()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            "UPDATE entries SET body = replace(body, '1', '2') WHERE sequence = 2",
            "another snapshot",
        ),
        ("UPDATE entries SET id = 'id-0' WHERE sequence = 2", "was taken twice"),
        ("DELETE FROM entries WHERE sequence = 2", "entry 2 is missing"),
        ("INSERT INTO timers VALUES (1, 'x', 1)", "are not those sealed"),
    ],
)
def test_oracle_finds_what_was_changed(
    store: Path, journal: Journal, change: str, told: str
) -> None:
    """A history that says something else is found by the kernel, the links and the seal."""
    with sqlite3.connect(store) as db:
        db.execute(change)
    db.close()
    assert any(told in text for text in wrong(store, journal))


# --- Runs that tell each other --------------------------------------------------------------------


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of a run with children that has come to its end, and its journal."""
    path = tmp_path_factory.mktemp("tour") / "tour.db"
    assert forked(child(path, RELATED["Tour"], 0), path.parent).error == ""
    return path


@pytest.fixture
def tour(ended: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    path = tmp_path / ended.name
    for one in (ended, journal_of(ended)):
        shutil.copy(one, tmp_path)
    return path


def wrong_of(path: Path) -> list[str]:
    return judge(path, journal_of(path), ALL_CHARTS).wrong


def test_oracle_has_nothing_against_a_good_family(tour: Path) -> None:
    """Children, messages and their answers are as they have to be."""
    verdict = judge(tour, journal_of(tour), ALL_CHARTS)
    assert verdict.wrong == []
    assert (verdict.started, verdict.told) == (10, 7)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (f"DELETE FROM runs WHERE run = 'diary'; {ORPHANS}", "was never carried out"),
        (f"DELETE FROM runs WHERE run = 'leg-2'; {ORPHANS}", "which ended with None"),
        ("UPDATE runs SET status = 'running' WHERE run = 'left'", "any more, which goes on"),
        ("UPDATE runs SET run = 'leg-5' WHERE run = 'leg-4'", "leg-5: nobody has asked for it"),
        ("UPDATE entries SET id = 'r/99' WHERE id LIKE 'r/%'", "which nobody has said"),
        ("UPDATE entries SET id = NULL WHERE id LIKE 'diary/%'", "was never heard"),
        (
            "UPDATE entries SET id = 'r/' || (substr(id, 3) - 1) WHERE id LIKE 'r/%'",
            "was heard as",
        ),
    ],
)
def test_oracle_finds_what_runs_have_not_said_or_heard(tour: Path, change: str, told: str) -> None:
    """A message, a child or an answer that is lost, invented or another one is found."""
    with sqlite3.connect(tour) as db:
        db.executescript(change)
    db.close()
    found = wrong_of(tour)
    assert any(told in text for text in found), found


# --- The page -------------------------------------------------------------------------------------


def test_page_is_the_same_for_the_same_figures() -> None:
    """What is published follows from the figures alone."""
    rows = [Row("A row", "How it is done.", {"trials": 1_200, "kills": 3}, ("bad",))]
    outcomes = (Outcome("ours", 0, 9, "fine"), Outcome("theirs", missing="not installed"))
    situations = [Situation("Somewhere", "How.", outcomes)]
    text = page(rows, situations)
    assert text == page(rows, situations)
    assert "| A row | 1,200 trials | 1 |" in text
    assert "- kills: 3\n- **violations: 1**" in text
    assert "| theirs | – | – | not installed |" in text
