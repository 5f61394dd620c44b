"""What `statecharts investigate` says when it is given something that it cannot use."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.test_investigator.command_runs import ask, database, run


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current directory holds a shop, and files that are none."""
    monkeypatch.chdir(tmp_path)
    database(tmp_path / "shop.sqlite")
    Path("empty.sqlite").touch()
    Path("orders.csv").write_text("id,day\n1,2026-03-02\n", encoding="utf-8")
    Path("folder").mkdir()
    with closing(sqlite3.connect("bare.sqlite")) as made:
        made.executescript("CREATE TABLE t (a); DROP TABLE t")


DB = ("--db", "shop.sqlite", "--question", "why?")

REFUSED = [
    (
        ("--db", "shop.sqlit", "--question", "why?"),
        "there is no file 'shop.sqlit'. Did you mean 'shop.sqlite'?",
    ),
    (
        ("--db", "here/shop.sqlite", "--question", "why?"),
        "there is no file 'here/shop.sqlite': the folder 'here' does not exist.",
    ),
    (
        ("--db", "folder", "--question", "why?"),
        "'folder' is a folder. Name a SQLite database.",
    ),
    (
        ("--db", ".", "--question", "why?"),
        "'.' is a folder. In it: 'bare.sqlite', 'empty.sqlite', 'shop.sqlite'.",
    ),
    (
        ("--db", "empty.sqlite", "--question", "why?"),
        "'empty.sqlite' is empty. Name a SQLite database.",
    ),
    (
        ("--db", "orders.csv", "--question", "why?"),
        (
            "'orders.csv' is not a SQLite database: it does not begin like one."
            " Decrypt an encrypted one first."
        ),
    ),
    (
        ("--db", "bare.sqlite", "--question", "why?"),
        "'bare.sqlite' has no tables.",
    ),
    (
        ("--db", "bare.sqlite", "--question", "why?", "--table", "orders"),
        "'bare.sqlite' has no tables, and no 'orders'.",
    ),
    ((), "--db and --question must be given, unless --resume is."),
    (("--db", "shop.sqlite"), "--question must be given, unless --resume is."),
    (
        ("--db", "shop.sqlite", "--question", " \n"),
        "--question is empty. Say what to find out.",
    ),
    ((*DB, "--table", "ordres"), "'shop.sqlite' has no table 'ordres'. Did you mean 'orders'?"),
    ((*DB, "--table", "zebra"), "'shop.sqlite' has no table 'zebra'. Known: 'orders'."),
    ((*DB, "--model", "small"), "--model needs --reasoner openai."),
    ((*DB, "--reasoner", "openai"), "--reasoner openai needs --endpoint and --model."),
    (
        (*DB, "--reasoner", "openai", "--endpoint", "ftp://host", "--model", "small"),
        "--endpoint: the URL is not one of http or https. Name it in full, as in http://host/v1.",
    ),
    (
        (*DB, "--reasoner", "openai", "--endpoint", "http://me:key@host", "--model", "small"),
        "--endpoint: the URL has a password, a query or a fragment. Pass the key as a Secret.",
    ),
    (
        ("--resume",),
        "there is nothing to resume in 'investigations'. Name the folder of a run by --output.",
    ),
    (
        ("--resume", "--output", "folder"),
        (
            "there is nothing to resume in 'folder': no run.json."
            " Name the folder of a run by --output, or leave --resume out."
        ),
    ),
]


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("arguments", "message"), REFUSED, ids=[text for _, text in REFUSED])
def test_input_that_cannot_be_used_is_refused(arguments: tuple[str, ...], message: str) -> None:
    """One line says what is wrong and how to mend it; the status is 2, and nothing is left."""
    before = sorted(Path().rglob("*"))

    result = run(*arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"Error: {message}\n"
    assert sorted(Path().rglob("*")) == before


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--timeout", "0", "0.0 is not in the range 0<x<=86400."),
        ("--timeout", "nan", "'nan' is not a number of seconds."),
        ("--steps", "0", "0 is not in the range 1<=x<=1000000."),
        ("--output", "orders.csv", "Directory 'orders.csv' is a file."),
        ("--reasoner", "magic", "'magic' is not one of 'rules', 'openai'."),
    ],
)
def test_value_that_cannot_be_used_is_refused(option: str, value: str, message: str) -> None:
    """A value out of range is a usage error that names the option."""
    result = run(*DB, option, value)

    assert result.exit_code == 2
    assert option in result.stderr
    assert message in result.stderr


def test_refusal_is_an_object_too_where_json_is_asked_for() -> None:
    """With `--json`, a program finds the reason where it looks for the result."""
    result = run("--db", "empty.sqlite", "--question", "why?", "--json")

    assert result.exit_code == 2
    assert json.loads(result.stdout) == {
        "verdict": None,
        "phase": "init",
        "causes": [],
        "error": {
            "kind": "input",
            "message": "'empty.sqlite' is empty. Name a SQLite database.",
        },
    }


def test_file_that_is_cut_off_is_called_damaged(tmp_path: Path) -> None:
    """A database that lacks its end is refused as damaged, without a traceback."""
    whole = (tmp_path / "shop.sqlite").read_bytes()
    Path("cut.sqlite").write_bytes(whole[:6000])

    result = ask(Path("cut.sqlite"))

    assert result.exit_code == 2
    assert result.stderr.startswith("Error: 'cut.sqlite' is damaged: ")


def test_damage_within_is_told(tmp_path: Path) -> None:
    """Pages that cannot be read fail the queries, and the reason is found and told."""
    whole = bytearray((tmp_path / "shop.sqlite").read_bytes())
    whole[4096 * 4 :] = b"Z" * (len(whole) - 4096 * 4)
    Path("torn.sqlite").write_bytes(whole)

    result = ask(Path("torn.sqlite"), "--json")

    told = json.loads(result.stdout)
    assert (told["verdict"], result.exit_code) == (None, 1)
    assert any(one.startswith("the database is damaged: ") for one in told["warnings"])


@pytest.mark.long
def test_question_is_kept_on_one_line() -> None:
    """What a shell or a script gives as a question is made fit to be shown."""
    question = "why\n did \x1b[31m it\tdrop?"

    result = run("--db", "shop.sqlite", "--question", question, "--json", "--no-report")

    assert json.loads(result.stdout)["question"] == "why did \ufffd[31m it drop?"
