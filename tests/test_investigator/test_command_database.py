"""The databases that `statecharts investigate` reads, whatever they are like: and only reads."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from machines.investigator.command.database import Database, Identity, Way
from machines.investigator.command.inputs import InputError
from tests.test_investigator.command_runs import ask, database


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()


def contents(folder: Path) -> dict[str, str]:
    """Return what is in a folder, to the byte."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}


def abandoned(path: Path) -> Path:
    """Write a database whose writer died: what it wrote is in the log beside the file."""
    program = (
        "import os, sqlite3, sys\n"
        "made = sqlite3.connect(sys.argv[1])\n"
        "made.execute('UPDATE orders SET amount = amount')\n"
        "made.execute('CREATE TABLE late (day TEXT)')\n"
        "made.commit()\n"
        "os._exit(0)\n"
    )
    database(path, log=True)
    subprocess.run([sys.executable, "-c", program, str(path)], check=True)
    return path


@pytest.mark.sampled(2)
@pytest.mark.parametrize("kind", ["plain", "log at rest", "log left behind", "log alone"])
def test_reading_leaves_no_trace(kind: str, tmp_path: Path) -> None:
    """Whatever journal a database keeps, nothing is written in it or beside it."""
    path = tmp_path / "data" / "shop.sqlite"
    if kind in ("plain", "log at rest"):
        database(path, log=kind == "log at rest")
    else:
        abandoned(path)
        if kind == "log alone":
            Path(f"{path}-shm").unlink()
    before = contents(path.parent)

    result = ask(path, "--json")

    told = json.loads(result.stdout)
    assert told["causes"][0]["kind"] == "missing_day"
    # What is in the log counts as well as what is in the file.
    assert ("late" in told["tables"]) is (kind in ("log left behind", "log alone"))
    after = contents(path.parent)
    if kind == "log left behind":
        after.pop("shop.sqlite-shm")  # an index in memory, as good as any other
        before.pop("shop.sqlite-shm")
    assert after == before


@pytest.mark.long
def test_database_may_be_written_meanwhile(tmp_path: Path) -> None:
    """One that another program has open, with a log, is read as it was last committed."""
    path = database(tmp_path / "data" / "shop.sqlite", log=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM orders")

        told = json.loads(ask(path, "--json").stdout)

        writer.execute("ROLLBACK")
    assert told["causes"][0]["kind"] == "missing_day"
    assert [file.name for file in path.parent.iterdir()] == ["shop.sqlite"]


def test_locked_database_is_said_to_be_locked(tmp_path: Path) -> None:
    """One that another program does not let go of is refused with that reason."""
    path = database(tmp_path / "data" / "shop.sqlite")
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")

        with pytest.raises(InputError, match=r"is locked by another program\. Try again once"):
            Database(path)


@pytest.mark.long
def test_names_may_be_anything(tmp_path: Path) -> None:
    """Quotes, spaces, bars and any script in the names of files and tables do no harm."""
    path = database(
        tmp_path / "data" / 'it\'s "my" Geschäft|表.sqlite',
        'CREATE TABLE "order | items; \'x\' `y` ""z""" ("the day" TEXT)',
        'CREATE TABLE "表" ("день" TEXT)',
        'CREATE TABLE "a.b" (x)',
    )

    result = ask(path, "--json")

    told = json.loads(result.stdout)
    assert (told["warnings"], result.exit_code) == ([], 0)
    assert told["tables"] == ["main.a.b", "order | items; 'x' `y` \"z\"", "orders", "表"]
    assert Path("investigations", path.stem, "run.json").is_file()


@pytest.mark.long
def test_tables_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    """Views of what is gone or forbidden, and names that no scope holds, are left out and told."""
    path = database(
        tmp_path / "data" / "shop.sqlite",
        "CREATE VIEW broken AS SELECT * FROM gone",
        "CREATE VIEW schema_of AS SELECT name FROM sqlite_schema",
        'CREATE TABLE "every*" (x)',
        "CREATE VIRTUAL TABLE notes USING fts5(text)",
    )

    told = json.loads(ask(path, "--json").stdout)

    assert told["tables"] == ["orders"]
    assert [one.split(": ")[0] for one in told["warnings"]] == [
        "the table 'every*' was left out",
        "the view 'broken' was left out",
        "the table 'notes' was left out",
        "the view 'schema_of' was left out",
    ]


@pytest.mark.long
def test_view_needs_the_tables_that_it_reads(tmp_path: Path) -> None:
    """A view that is named without its table is refused, and the table is named."""
    path = database(tmp_path / "data" / "shop.sqlite", "CREATE VIEW sales AS SELECT * FROM orders")

    result = ask(path, "--table", "sales")
    both = ask(path, "--table", "sales", "--table", "orders")

    assert result.exit_code == 2
    assert "it reads the table 'orders', which must be named as well" in result.stderr
    assert both.exit_code == 0


def test_copy_of_a_log_is_removed(tmp_path: Path) -> None:
    """A database is copied only where it must be, and the copy does not outlive its use."""
    path = abandoned(tmp_path / "data" / "shop.sqlite")
    Path(f"{path}-shm").unlink()

    with Database(path) as opened:
        assert opened.way is Way.COPIED
        assert opened._copy is not None
        copy = Path(opened._copy.name)
        assert copy.is_dir()

    assert not copy.exists()


def test_identity_changes_with_the_file(tmp_path: Path) -> None:
    """A file is known again by its place, its size and the time of its last change."""
    path = database(tmp_path / "data" / "shop.sqlite")
    before = Identity.of(path)

    os.utime(path, ns=(0, 0))

    assert Identity.of(path) != before
    assert Identity.of(path) == Identity.of(path)
