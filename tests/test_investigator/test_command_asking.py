"""How `statecharts investigate` asks its user: in a terminal, by `--answer`, or not at all."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
from pathlib import Path

import pytest

from machines.investigator.command.asking import choice
from tests.test_investigator.command_runs import (
    QUESTION,
    Model,
    ask,
    command,
    database,
    environment,
    model,
    run,
)

PROMPT = b"(empty if you do not know): "
SHOW, HIDE = b"\x1b[?25h", b"\x1b[?25l"


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory holds a shop."""
    monkeypatch.chdir(tmp_path)
    return database(tmp_path / "shop.sqlite")


class Terminal:
    """A process at a terminal of its own."""

    def __init__(self, *arguments: str, cwd: Path) -> None:
        self._end, other = pty.openpty()
        self.seen = b""
        self.process = subprocess.Popen(
            command(*arguments),
            cwd=cwd,
            env=environment(TERM="xterm-256color", COLUMNS="100", LINES="40"),
            stdin=other,
            stdout=other,
            stderr=other,
            start_new_session=True,
        )
        os.close(other)

    def until(self, text: bytes) -> None:
        """Read until something has been shown, or there is no more."""
        while text not in self.seen and self._more():
            pass
        assert text in self.seen, self.seen

    def type(self, text: bytes) -> None:
        """Type something."""
        os.write(self._end, text)

    def rest(self) -> int:
        """Read to the end, and return the exit status."""
        while self._more():
            pass
        os.close(self._end)
        return self.process.wait(30)

    def _more(self) -> bool:
        assert select.select([self._end], [], [], 30)[0], self.seen
        try:
            found = os.read(self._end, 65_536)
        except OSError:  # nobody is at the other end any more
            return False
        self.seen += found
        return bool(found)


def given(shop: Path, made: Model) -> tuple[str, ...]:
    return ("--db", str(shop), "--question", QUESTION, "--no-report", *made.options)


@pytest.mark.long
def test_user_is_asked_at_the_terminal(shop: Path, tmp_path: Path) -> None:
    """The question is put with its numbered choices, and the chosen one is what counts."""
    with model(ask=True) as made:
        terminal = Terminal(*given(shop, made), cwd=tmp_path)
        terminal.until(PROMPT)
        assert b"Which time zone?" in terminal.seen
        assert b" 1  UTC" in terminal.seen
        terminal.type(b"2\n")
        status = terminal.rest()

    assert status == 0
    assert b"A day is missing.local" in terminal.seen


@pytest.mark.long
def test_terminal_shows_progress_and_is_left_clean(shop: Path, tmp_path: Path) -> None:
    """The phases are drawn while they run, and the cursor is there again in the end."""
    terminal = Terminal(
        "--db", str(shop), "--question", QUESTION, "--no-report", "--json", cwd=tmp_path
    )
    status = terminal.rest()

    text = terminal.seen.decode()
    assert status == 0
    assert "testing hypotheses" in text
    assert "✓" in text
    assert terminal.seen.rfind(SHOW) > terminal.seen.rfind(HIDE) >= 0


@pytest.mark.long
def test_interrupt_at_the_question_leaves_it_standing(shop: Path, tmp_path: Path) -> None:
    """Ctrl-C while the user is asked stops the run; the question stands, and can be answered."""
    with model(ask=True) as made:
        terminal = Terminal(*given(shop, made), "--output", "run", cwd=tmp_path)
        terminal.until(PROMPT)
        os.killpg(terminal.process.pid, signal.SIGINT)
        status = terminal.rest()
        answered = run("--resume", "--output", "run", "--answer", "UTC", "--json", "--no-report")

    assert status == 130
    assert b"a question is open: Which time zone?" in terminal.seen
    assert terminal.seen.rfind(SHOW) > terminal.seen.rfind(HIDE)
    told = json.loads(answered.stdout)
    assert (told["summary"], told["warnings"]) == ("A day is missing.UTC", [])


def test_answer_may_be_given_beforehand(shop: Path) -> None:
    """`--answer` answers the questions that come, in their order."""
    with model(ask=True) as made:
        result = ask(shop, "--answer", "somewhere else", "--json", *made.options)

    assert json.loads(result.stdout)["summary"] == "A day is missing.somewhere else"


def test_nobody_there_means_an_empty_answer(shop: Path) -> None:
    """Without a terminal and an answer, nothing waits, and the result says what happened."""
    with model(ask=True) as made:
        result = ask(shop, "--json", *made.options)

    told = json.loads(result.stdout)
    assert (told["summary"], result.exit_code) == ("A day is missing.", 0)
    assert told["warnings"] == [
        "there was nobody to ask: 'Which time zone?' got an empty answer (pass one with --answer)"
    ]


@pytest.mark.long
def test_answer_that_nobody_asked_for_is_told(shop: Path) -> None:
    """An answer too many is no mistake, and not passed over in silence."""
    result = ask(shop, "--answer", "UTC")

    assert result.exit_code == 0
    assert "Note: 1 answer of --answer not used" in result.stderr


@pytest.mark.parametrize(
    ("said", "meant"), [("1", "UTC"), ("2", "local"), ("3", "3"), ("0", "0"), ("", ""), ("²", "²")]
)
def test_choice_is_a_number_of_those_offered(said: str, meant: str) -> None:
    """A number that is offered chooses; everything else is an answer in one's own words."""
    assert choice(said, ("UTC", "local")) == meant
