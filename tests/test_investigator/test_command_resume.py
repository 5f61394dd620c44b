"""Runs of `statecharts investigate` that are stopped, and go on to the same result."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from machines.investigator.command import job
from machines.investigator.command.running import Interruption
from machines.investigator.runtime import LocalInvestigator
from tests.proof import cases
from tests.test_investigator.command_runs import (
    ENDLESS,
    QUESTION,
    Change,
    ask,
    database,
    model,
    process,
    rewrite,
    run,
)

STATE = Path("investigations", "shop", "run.json")


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory holds a shop."""
    monkeypatch.chdir(tmp_path)
    return database(tmp_path / "shop.sqlite")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that has finished."""
    folder = tmp_path_factory.mktemp("finished")
    ask(database(folder / "shop.sqlite"), "--output", str(folder / "run"))
    return folder / "run"


@pytest.fixture
def finished(shop: Path, written: Path) -> None:
    """The current directory holds a run that has finished, too."""
    shutil.copytree(written, STATE.parent)


def stopping_after(rounds: int) -> Callable[..., bool]:
    """Return what runs no more than some rounds, and then is stopped."""

    def carry_on(
        investigator: LocalInvestigator, kept: Callable[[], None], interruption: Interruption
    ) -> bool:
        async def go() -> None:
            for _ in range(rounds):
                await investigator.step()
                kept()

        asyncio.run(go())
        return not investigator.investigation.is_terminal

    return carry_on


@pytest.mark.sampled(3)
@pytest.mark.parametrize("rounds", cases(range(6), long=lambda rounds: rounds % 2))
def test_run_that_is_stopped_comes_to_the_same_result(
    rounds: int, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After any number of rounds, another run goes on, and its result is the same to the byte."""
    undisturbed = ask(shop, "--json", "--output", "other").stdout
    with monkeypatch.context() as patched:
        patched.setattr(job, "carry_on", stopping_after(rounds))
        stopped = ask(shop, "--json")

    resumed = run("--resume", "--json", "--no-report")

    assert stopped.exit_code == (130 if rounds < 5 else 0)
    assert json.loads(stopped.stdout)["verdict"] == (None if rounds < 5 else "anomaly")
    assert (resumed.exit_code, resumed.stdout) == (0, undisturbed)


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A database with a view that has no end, and what an undisturbed run finds in it."""
    folder = tmp_path_factory.mktemp("endless")
    path = database(folder / "endless.sqlite", ENDLESS)
    found = ask(path, "--json", "--timeout", "0.4", "--output", str(folder / "run"))
    return path, found.stdout


@pytest.mark.long
@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), pytest.param(signal.SIGKILL, -9, marks=pytest.mark.long)],
)
def test_signal_stops_a_query_and_loses_nothing(
    number: signal.Signals, status: int, endless: tuple[Path, str], tmp_path: Path
) -> None:
    """A query that never ends is stopped; what was kept goes on to the undisturbed result."""
    path, undisturbed = endless
    given = ("--db", str(path), "--question", QUESTION, "--no-report", "--output", "run")

    started = process(*given, cwd=tmp_path)
    assert started.stderr is not None
    while "gathering context …" not in started.stderr.readline():
        pass
    started.send_signal(number)
    out, err = started.communicate(timeout=60)

    assert (started.returncode, out) == (status, "")
    if number is not signal.SIGKILL:
        assert "Continue with: statecharts investigate --resume --output run" in err
    resumed = run("--resume", "--output", "run", "--json", "--no-report", "--timeout", "0.4")
    assert resumed.stdout == undisturbed


@pytest.mark.long
@pytest.mark.parametrize(
    ("request_", "number"),
    [
        pytest.param(1, "TERM", marks=pytest.mark.long),
        (2, "KILL"),
        pytest.param(3, "INT", marks=pytest.mark.long),
    ],
)
def test_model_that_keeps_silent_does_not_hold_up_a_stop(
    request_: int, number: str, shop: Path, tmp_path: Path
) -> None:
    """Killed in any round that waits for a model, a run goes on to the undisturbed result."""
    with model() as made:
        undisturbed = ask(shop, "--json", "--output", "other", *made.options).stdout
    with model(hold=request_) as made:
        given = ("--db", str(shop), "--question", QUESTION, "--no-report", "--json")
        started = process(*given, *made.options, cwd=tmp_path)
        assert made.held.wait(60)
        os.kill(started.pid, getattr(signal, f"SIG{number}"))
        out, _ = started.communicate(timeout=60)

        resumed = run("--resume", "--json", "--no-report")

    if number == "KILL":
        assert (started.returncode, out) == (-9, "")
    else:
        assert (started.returncode, json.loads(out)["error"]["kind"]) == (130, "interrupted")
    assert resumed.stdout == undisturbed


def test_second_signal_ends_it_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks twice does not wait: the terminal is left clean, and the process is gone."""
    log: list[object] = []
    monkeypatch.setattr(os, "_exit", log.append)
    before = signal.getsignal(signal.SIGINT)

    with Interruption(lambda: log.append("left")) as interruption:
        interruption.stops(lambda: log.append("stopped"))
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)

    assert log[:3] == ["stopped", "left", 130]
    assert signal.getsignal(signal.SIGINT) is before


def test_signal_before_the_run_is_an_interrupt() -> None:
    """Where there is no run to stop yet, a signal is what it always is."""
    with pytest.raises(KeyboardInterrupt), Interruption(lambda: None):
        signal.raise_signal(signal.SIGTERM)


@pytest.mark.long
def test_finished_run_is_told_again_without_its_database(shop: Path) -> None:
    """Resuming what has come to its end prints the result; nothing is looked at any more."""
    first = ask(shop, "--json")
    shop.unlink()

    again = run("--resume", "--json", "--no-report")

    assert (again.exit_code, again.stdout) == (0, first.stdout)


@pytest.mark.long
def test_unfinished_run_is_moved_aside(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Starting anew does not lose a run that may still be gone on with."""
    with monkeypatch.context() as patched:
        patched.setattr(job, "carry_on", stopping_after(2))
        ask(shop)
        second = ask(shop)
    kept = STATE.read_bytes()

    third = ask(shop)

    assert "an unfinished run was in 'investigations/shop': it is kept as" in second.stderr
    assert "'run-2.json'" in third.stderr
    assert STATE.with_name("run-2.json").read_bytes() == kept
    assert STATE.with_name("run-1.json").is_file()
    assert "kept as" not in ask(shop).stderr  # one that has finished makes way


@pytest.mark.long
def test_file_of_another_kind_is_moved_aside(shop: Path) -> None:
    """What is called like a run and is none is not overwritten."""
    STATE.parent.mkdir(parents=True)
    STATE.write_text('{"mine": true}', encoding="utf-8")
    STATE.with_name("report.md").write_text("my own report", encoding="utf-8")

    ask(shop)

    assert STATE.with_name("run-1.json").read_text(encoding="utf-8") == '{"mine": true}'
    assert STATE.with_name("report-1.md").read_text(encoding="utf-8") == "my own report"


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("given", "found"),
    [
        (("--question", "another?"), f"the question is {QUESTION!r}"),
        (("--db", "other.sqlite"), "the database is "),
        (("--table", "refunds"), "the tables are 'orders'"),
        (("--reasoner", "openai"), "the reasoner is 'rules'"),
        (("--model", "small"), "there is no model"),
    ],
)
@pytest.mark.usefixtures("finished")
def test_resume_refuses_what_the_run_was_not_begun_with(given: tuple[str, ...], found: str) -> None:
    """What is given along with `--resume` has to be what the run has."""
    result = run("--resume", "--output", "investigations/shop", *given)

    assert result.exit_code == 2
    assert f"the run in 'investigations/shop' is another: {found}" in result.stderr
    assert "Leave those options out, or start a new run without --resume." in result.stderr


@pytest.mark.long
def test_resume_takes_what_the_run_was_begun_with(shop: Path) -> None:
    """The same words as before, with `--resume` added, go on."""
    ask(shop)

    assert run("--resume", "--db", "./shop.sqlite", "--question", f" {QUESTION}").exit_code == 0


@pytest.mark.long
def test_resume_without_a_folder_needs_a_single_run(shop: Path, tmp_path: Path) -> None:
    """With several runs there, their folders are named to choose from."""
    ask(shop)
    ask(database(tmp_path / "stall.sqlite"))

    result = run("--resume")

    assert result.exit_code == 2
    assert result.stderr == (
        "Error: there are several runs. Name one by --output:"
        " 'investigations/shop', 'investigations/stall'.\n"
    )


def _snapshot(state: dict[str, Any]) -> None:
    state["snapshot"]["hash"] = "0"


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda state: state.update(version=99), "is of version 99; this is version 1"),
        (lambda state: state.update(format="x"), "is not the state of an investigation"),
        (lambda state: state.pop("question"), "cannot be read: required field missing @ $.quest"),
        (lambda state: state.update(steps="many"), "cannot be read: invalid value for type"),
        (lambda state: state.update(more=1), "cannot be read: extra fields found (more)"),
        (_snapshot, "cannot be resumed: [SC4"),
    ],
)
@pytest.mark.usefixtures("finished")
def test_state_that_cannot_be_read_is_refused(change: Change, found: str) -> None:
    """A state of another version, or one that was tampered with, is refused with its place."""
    rewrite(STATE, change)

    result = run("--resume")

    assert result.exit_code == 2
    assert found in result.stderr
    assert "Start a new run without --resume." in result.stderr


@pytest.mark.long
def test_database_that_has_changed_is_told(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that goes on over another state of the database says so in its result."""
    with monkeypatch.context() as patched:
        patched.setattr(job, "carry_on", stopping_after(1))
        ask(shop)
    os.utime(shop, ns=(0, 0))

    told = json.loads(run("--resume", "--json", "--no-report").stdout)

    assert told["warnings"] == ["the database has changed since the run began"]


@pytest.mark.long
def test_folder_that_cannot_be_written_does_not_stop_a_run(shop: Path) -> None:
    """Where nothing can be kept, that is said once, and the result comes all the same."""
    Path("file").touch()

    result = ask(shop, "--output", "file/run", "--json")

    assert (json.loads(result.stdout)["verdict"], result.exit_code) == ("anomaly", 0)
    assert result.stderr == (
        "Note: 'file/run' cannot be written: Not a directory; the run goes on without being saved\n"
    )
