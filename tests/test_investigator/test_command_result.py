"""What `statecharts investigate` finds, as JSON and in the terminal, and its exit status."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.test_investigator.command_runs import (
    ENDLESS,
    QUESTION,
    ask,
    command,
    database,
    environment,
    model,
    run,
)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.long
def test_json_is_one_object_of_the_promised_shape(tmp_path: Path) -> None:
    """Standard output holds one object: the verdict, the phase, and the causes with their rows."""
    path = database(tmp_path / "shop.sqlite")

    result = ask(path, "--json")

    told = json.loads(result.stdout)
    assert (result.exit_code, result.stderr) == (0, "")
    assert list(told)[:3] == ["verdict", "phase", "causes"]
    assert (told["verdict"], told["phase"]) == ("anomaly", "finished")
    cause = told["causes"][0]
    assert list(cause) == ["kind", "table", "column", "date", "score", "evidence"]
    assert (cause["kind"], cause["table"], cause["column"]) == ("missing_day", "orders", None)
    assert cause["date"] == "2026-03-02"
    assert 0.5 < cause["score"] <= 1
    assert list(cause["evidence"][0])[:2] == ["sql", "rows"]


@pytest.mark.long
def test_evidence_is_what_its_query_gives(tmp_path: Path) -> None:
    """Whoever runs the SQL of the evidence gets its rows."""
    path = database(tmp_path / "shop.sqlite")

    told = json.loads(ask(path, "--json").stdout)

    [evidence] = told["causes"][0]["evidence"]
    with closing(sqlite3.connect(path)) as opened:
        assert [list(row) for row in opened.execute(evidence["sql"])] == evidence["rows"]
    assert evidence["columns"] == ["day", "rows"]


def test_process_finds_a_planted_cause(tmp_path: Path) -> None:
    """The command line by itself finds the cause, and prints nothing else."""
    database(tmp_path / "shop.sqlite", missing="2026-02-20")
    given = ("--db", "shop.sqlite", "--question", "what is wrong?", "--json", "--no-report")

    done = subprocess.run(
        command(*given), cwd=tmp_path, env=environment(), capture_output=True, check=False
    )

    told = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (told["causes"][0]["kind"], told["causes"][0]["date"]) == ("missing_day", "2026-02-20")


def test_nothing_wrong_is_a_verdict(tmp_path: Path) -> None:
    """Without an anomaly, the verdict says so, there is no cause, and all is well."""
    path = database(tmp_path / "shop.sqlite", missing=None)

    result = ask(path, "--json")
    words = ask(path)

    told = json.loads(result.stdout)
    assert (told["verdict"], told["causes"], result.exit_code) == ("no_anomaly", [], 0)
    assert words.stdout.startswith("NO ANOMALY  nothing unusual in ")


@pytest.mark.long
def test_verdict_and_causes_are_printed_for_people(tmp_path: Path) -> None:
    """Without `--json`, the verdict and the ranked causes go to standard output."""
    result = ask(database(tmp_path / "shop.sqlite"))

    first, _, cause = result.stdout.splitlines()[:3]
    assert first.startswith("ANOMALY  missing day in orders: 0 rows on 2026-03-02")
    assert cause.split()[:5] == ["1", "missing", "day", "orders", "2026-03-02"]
    assert "█" in cause


@pytest.mark.long
def test_quiet_shows_the_result_alone(tmp_path: Path) -> None:
    """With ``--quiet`` nothing is said on the way; the result is the same."""
    path = database(tmp_path / "shop.sqlite")

    told, quiet = ask(path), ask(path, "--quiet")

    assert quiet.stderr == ""
    assert quiet.stdout == told.stdout


@pytest.mark.long
def test_progress_is_plain_lines_without_a_terminal(tmp_path: Path) -> None:
    """Phases are told on standard error, without an escape code, one line each."""
    result = ask(database(tmp_path / "shop.sqlite"))

    lines = result.stderr.splitlines()
    assert lines[0] == f"{QUESTION} (shop.sqlite, 1 table, by rules)"
    assert lines[1] == "  gathering context …"
    assert lines[2].startswith("  gathering context: 4 calls, 3 pieces of evidence, ")
    assert "\x1b" not in result.stderr


def test_failure_has_no_verdict_and_status_one(tmp_path: Path) -> None:
    """A run that fails says why, in the object and on standard error."""
    path = database(tmp_path / "shop.sqlite")

    result = ask(path, "--steps", "2", "--json")

    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (told["verdict"], told["phase"], told["causes"]) == (None, "failed", [])
    assert told["error"]["message"].endswith("it needs more than 2 steps")
    assert "Error: the investigation failed: " in result.stderr


@pytest.mark.long
def test_blindness_is_not_taken_for_health(tmp_path: Path) -> None:
    """Where no query can be carried out, there is no verdict: nothing was seen."""
    path = tmp_path / "shop.sqlite"
    with closing(sqlite3.connect(path)) as made:
        made.execute(ENDLESS)

    result = ask(path, "--timeout", "0.05", "--json")

    told = json.loads(result.stdout)
    assert (told["verdict"], told["error"]["kind"], result.exit_code) == (None, "nothing_seen", 1)
    assert "it took longer than 0.05 s" in told["error"]["message"]


@pytest.mark.long
def test_open_verdict_has_status_three(tmp_path: Path) -> None:
    """Tables that could not be compared from day to day are told, and are not called healthy."""
    path = tmp_path / "shop.sqlite"
    with closing(sqlite3.connect(path)) as made, made:
        made.execute("CREATE TABLE orders (day TEXT, amount REAL)")
        made.executemany("INSERT INTO orders VALUES ('soon', ?)", [(n,) for n in range(40)])

    result = ask(path, "--json")

    told = json.loads(result.stdout)
    assert (told["verdict"], told["causes"], result.exit_code) == ("inconclusive", [], 3)
    assert "orders (no dates that can be read by day)" in told["summary"]
    assert ask(path).stdout.startswith("INCONCLUSIVE  nothing could be compared")


@pytest.mark.long
def test_calls_that_fail_are_counted_in_the_warnings(tmp_path: Path) -> None:
    """A verdict that had to do without some calls says so."""
    path = database(tmp_path / "shop.sqlite", ENDLESS)

    told = json.loads(ask(path, "--timeout", "0.3", "--json").stdout)

    assert told["verdict"] == "anomaly"
    assert told["warnings"] == ["1 call could not be carried out"]


@pytest.mark.long
def test_tables_may_be_named(tmp_path: Path) -> None:
    """`--table` permits that table and no other."""
    path = database(tmp_path / "shop.sqlite", "CREATE TABLE payroll (salary REAL)")

    told = json.loads(ask(path, "--table", "ORDERS", "--json").stdout)

    assert told["tables"] == ["orders"]


@pytest.mark.long
def test_key_is_used_and_never_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key goes to the endpoint, and into no file and no output."""
    key = "sk-canary-2b9e"
    monkeypatch.setenv("STATECHARTS_API_KEY", key)
    path = database(tmp_path / "shop.sqlite")

    with model() as made:
        result = run("--db", str(path), "--question", QUESTION, *made.options)

    assert result.exit_code == 0
    assert set(made.keys) == {f"Bearer {key}"}
    written = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {"run.json", "report.md", "chart.svg"} <= {file.name for file in written}
    assert all(key.encode() not in file.read_bytes() for file in written)
    assert key not in result.output
