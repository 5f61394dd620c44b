"""`statecharts simulate` with much data: a terminal shows how it begins, everything else all."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from machines.investigation import protocol
from statecharts.cli import simulating
from statecharts.cli.simulating import PAGE, SHORTEST, _pieces, simulate
from tests.golden.investigations import RUNS

TARGET = "machines.investigation:InvestigationChart"
LINES = "".join(json.dumps(protocol().dump_event(one)) + "\n" for one in RUNS["investigation-1"])
DEEP = "Evidence(id='evidence-4'"
"""Text from deep in the data of the last step."""


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """Give a terminal of 120 columns, to which the command prints."""
    made = Screen()
    shown = Console(file=made, width=120, color_system=None, highlight=False, markup=False)
    monkeypatch.setattr(simulating, "console", lambda **_: shown)
    return made


def simulated(*options: str) -> str:
    """Return what the command prints where nobody looks."""
    done = CliRunner().invoke(simulate, [TARGET, *options], input=LINES)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_simulate_cuts_long_data_at_a_terminal(screen: Screen) -> None:
    """A row of an investigation is a few lines high, and each says where it is and what it took."""
    simulated()
    text = screen.getvalue()
    rows = text.splitlines()[2:]
    assert max(map(len, rows)) <= 120
    assert len(rows) <= 5 * (len(RUNS["investigation-1"]) + 1)
    assert text.count("…") >= 5
    assert "evidence-1" not in text
    assert "call_result" in text
    assert "finished" in text


def test_simulate_cuts_nothing_when_it_is_to_be_wide(screen: Screen) -> None:
    """With ``--wide`` the terminal shows all of it, folded."""
    simulated("--wide")
    together = "".join(screen.getvalue().split())
    assert "…" not in together
    assert len(screen.getvalue().splitlines()) > 100


def test_simulate_cuts_nothing_in_a_pipe() -> None:
    """Whatever reads the output gets all of it: folded to a page, or each step on one line."""
    text, wide = simulated(), simulated("--wide")
    assert "…" not in text + wide
    assert max(map(len, text.splitlines())) == PAGE
    assert DEEP in wide
    assert len(wide.splitlines()) == 2 + len(RUNS["investigation-1"]) + 1
    assert sorted("".join(text.split()).replace("─", "")) == sorted(
        "".join(wide.split()).replace("─", "")
    )


def test_simulate_cuts_nothing_in_json(screen: Screen) -> None:
    """JSON is for programs."""
    lines = simulated("--json").splitlines()
    assert screen.getvalue() == ""
    last: Any = json.loads(lines[-1])
    assert len(last["step"]["snapshot"]["data"]["finished"]["evidence"]) == 5


@pytest.mark.parametrize(
    ("pieces", "room", "shown"),
    [
        ([], 40, ""),
        (["a: 1", "b: 2"], 40, "a: 1; b: 2"),
        (["a: " + "x" * 90], 20, "a: " + "x" * 16 + "…"),
        (["a: 1", "b: " + "x" * 90], 24, "a: 1; b: " + "x" * 16 + "…"),
        (["a: " + "x" * 90, "b: " + "y" * 90], 40, "a: xxxxxxxxxxxxxxxx…; b: yyyyyyyyyyyyyyyy…"),
        (["Call"] * 9, 20, "Call; Call; Call; … 6 more"),
        (["a: " + "x" * 90], 3, "a: xxxxxxxx…"),
        (["a: " + "x" * 90] * 3, None, "; ".join(["a: " + "x" * 90] * 3)),
    ],
)
def test_pieces_share_the_room(pieces: list[str], room: int | None, shown: str) -> None:
    """Short pieces stay whole, long ones are cut to what is left, and the rest is counted."""
    assert _pieces(pieces, room).plain == shown


def test_piece_says_at_least_how_it_begins() -> None:
    """However narrow the terminal, a piece is cut to no less than a few letters."""
    assert len(_pieces(["x" * 90], 1).plain) == SHORTEST


def test_simulate_refuses_a_wide_table_in_json() -> None:
    """``--wide`` is about a table, and JSON has none."""
    done = CliRunner().invoke(simulate, [TARGET, "--wide", "--json"], input=LINES)
    assert done.exit_code == 2
    assert "--wide is for the table" in done.stderr
