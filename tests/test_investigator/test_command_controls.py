"""Control sequences: what a model or a database says controls no terminal, and no reader."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from machines.investigator.command.database import Database
from machines.investigator.command.inputs import InputError
from tests.test_investigator.command_runs import QUESTION, database, model, run
from tests.test_investigator.test_command_asking import PROMPT, Terminal

MARKS = ("\x1b]", "\x1b[2J", "\x9b", "\x07", "\x08", "\x7f", "\u202e", "\u2066", "\u200f", "\x0c")
NASTY = (
    "".join(f"{mark}{number};x" for number, mark in enumerate(MARKS)) + "\x1b\\\r\n\x00\U000e0001"
)
COLUMN = NASTY.replace("\x00", "")


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory holds a shop with hostile names and cells."""
    monkeypatch.chdir(tmp_path)
    return database(
        tmp_path / "shop.sqlite",
        f"ALTER TABLE orders ADD COLUMN \"{COLUMN}\" TEXT DEFAULT '{COLUMN}'",
        f'CREATE TABLE "t{COLUMN}" (x)',
        f'CREATE VIEW v AS SELECT "{COLUMN}" FROM gone',
        f"CREATE TABLE u (day TEXT, x TEXT DEFAULT '{COLUMN}')",
    )


def controls(text: str) -> set[str]:
    """Return the characters of a text, other than line feeds, that do not print."""
    return {one for one in text if not one.isprintable() and one != "\n"}


@pytest.mark.long
def test_files_and_pipes_hold_no_controls(shop: Path) -> None:
    """Neither the output nor the report nor the state has any; and the JSON has the very text."""
    with model(ask=True, word=NASTY) as made:
        done = run("--db", str(shop), "--question", f"why?{NASTY}", *made.options)
        told = run("--resume", "--json", "--output", "investigations/shop")

    assert done.exit_code == 0
    assert controls(done.stdout + done.stderr + told.stdout + told.stderr) == set()
    assert done.stdout.count("\n") == 5  # the verdict, its cause, the report, and two empty lines
    for file in Path("investigations", "shop").iterdir():
        assert controls(file.read_text(encoding="utf-8")) == set()
    assert json.loads(told.stdout)["summary"].endswith(NASTY)
    state = json.loads(Path("investigations", "shop", "run.json").read_bytes())
    assert json.dumps(NASTY)[1:-1] in json.dumps(state)


@pytest.mark.long
def test_rules_show_no_controls_of_the_data(shop: Path) -> None:
    """The rules read names and cells that are hostile, and what they say is not."""
    done = run("--db", str(shop), "--question", QUESTION)

    assert done.exit_code == 0
    assert "was left out: a scope cannot have such a name" in done.stderr
    assert controls(done.stdout + done.stderr) == set()
    for file in Path("investigations", "shop").iterdir():
        assert controls(file.read_text(encoding="utf-8")) == set()


@pytest.mark.long
def test_terminal_gets_its_own_sequences_alone(shop: Path, tmp_path: Path) -> None:
    """The question, the progress and the result show none of the model's."""
    with model(ask=True, word=NASTY) as made:
        terminal = Terminal("--db", str(shop), "--question", QUESTION, *made.options, cwd=tmp_path)
        terminal.until(PROMPT)
        terminal.type(b"1\n")
        status = terminal.rest()

    seen = terminal.seen.decode()
    assert status == 0
    assert "Which time zone?" in seen
    assert "A day is missing." in seen
    assert [mark for mark in (*MARKS, "\x00", "\U000e0001") if mark in seen] == []


def test_errors_show_no_controls(shop: Path) -> None:
    """A table of a hostile name is told in an error, and a damaged schema as well."""
    done = run("--db", str(shop), "--question", "why?", "--table", f"t{COLUMN}")
    assert done.exit_code == 2
    assert controls(done.stderr) == set()
    begin = shop.read_bytes()
    shop.write_bytes(begin.replace(b"CREATE TABLE u (day", b"CREATE \x1b[2Ju  (day "))
    with pytest.raises(InputError, match="is damaged: malformed database schema") as refused:
        Database(shop)
    assert controls(refused.value.message) == set()
