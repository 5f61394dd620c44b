"""Odd nodes: threads that outlive them, processes that they fork, what they print and raise."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

import pytest
from click.testing import CliRunner

from machines.planner import Engine, NodeError, Plan, Work
from machines.planner.command import plan as command
from tests.test_plan.conftest import CONFIG


def alone(function: Any) -> Plan:
    plan = Plan("odd")
    plan.node("a.b.c", function)
    return plan


def test_a_thread_that_outlives_its_node_records_nothing(engine: Engine) -> None:
    """What it says is refused in that thread; the run goes on, and its replay is equal."""
    over = threading.Event()
    codes: list[str] = []

    def node(work: Work) -> None:
        def late() -> None:
            over.wait(10)
            for act in (
                lambda: work.io.record("late/fact", 1),
                lambda: work.emit("late"),
                lambda: work.output("late.txt", "text"),
                lambda: work.put(1, kind="plot"),
                lambda: work.context.write("late", 1),
                lambda: work.context.delete("late"),
            ):
                with pytest.raises(NodeError) as caught:
                    act()
                codes.append(caught.value.info.code)

        thread.append(threading.Thread(target=late))
        thread[0].start()

    def waits(_: Work) -> None:
        over.set()
        thread[0].join()

    thread: list[threading.Thread] = []
    plan = alone(node)
    plan.node("a.b.waits", waits, after=["a.b.c"])
    run = engine.start(plan, config=CONFIG)
    assert codes == ["node_over"] * 6
    ledger = engine.ledger(run.run)
    assert (str(run.status), ledger.facts, ledger.outputs) == ("completed", {}, {})


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.parametrize(("fails", "status"), [(False, 0), (True, 1)])
def test_a_process_that_a_node_forks_does_not_become_a_second_run(
    engine: Engine, fails: bool, status: int
) -> None:
    """It ends where it would come back to the engine, whatever it has raised."""

    def node(_: Work) -> int:
        child = os.fork()
        if child == 0:
            if fails:
                raise RuntimeError("the child")
            return -1
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    run = engine.start(alone(node), config=CONFIG)
    assert engine.context(run.run)["a.b.c"] == status


class _RudeError(Exception):
    def __str__(self) -> NoReturn:
        raise KeyboardInterrupt


class _BoundError(Exception):
    def __reduce__(self) -> NoReturn:
        raise TypeError("cannot be pickled")


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("error", "message"),
    [
        (_RudeError(), "_RudeError"),
        (_BoundError("x"), "_BoundError: x"),
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (GeneratorExit(), "GeneratorExit"),
        (ExceptionGroup("two", [ValueError("password=hunter2")]), "ExceptionGroup: two"),
        (ValueError("x" * 10_000), f"ValueError: {'x' * 3_988}…"),
    ],
)
def test_whatever_a_node_raises_is_its_failure_alone(
    engine: Engine, error: BaseException, message: str
) -> None:
    """Also what ends a process elsewhere, and what cannot even say what it is."""

    def node(_: Work) -> None:
        raise error

    found = engine.start(alone(node), config=CONFIG).errors["a.b.c"]
    assert found.message.startswith(message)
    assert len(found.message) <= 4_001
    assert found.place.endswith("in node")


def test_what_a_failed_attempt_has_learnt_is_no_difference(engine: Engine) -> None:
    """A replay carries out the attempt that has come out; the first one's facts are not its."""

    def node(work: Work) -> int:
        work.io.record(f"try/{work.attempt}", 1)
        if not work.attempt:
            raise NodeError("busy", "wait", retryable=True)
        return work.attempt

    plan = alone(node)
    run = engine.start(plan, config=CONFIG).run
    assert engine.ledger(run).facts.keys() == {"try/0", "try/1"}
    assert not engine.difference(run, engine.replay(run, plan).run)


def test_what_nodes_print_is_not_what_the_command_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes to standard error, so that the JSON is whole."""
    monkeypatch.chdir(tmp_path)
    text = "from machines.planner import Plan\nplan = Plan('p')\nplan.node('a.b.c', print)\n"
    (tmp_path / "prints.py").write_text(text.replace("print)", "lambda work: print('hello'))"))
    done = CliRunner().invoke(command, ["run", "prints.py", "--db", "p.db", "--json"])
    assert json.loads(done.stdout)["status"] == "completed"
    assert "hello" in done.stderr
    assert "hello" not in done.stdout


class Made:
    """A class as a node: what it makes is no JSON."""

    def __init__(self, work: Work) -> None:
        self.node = work.node


def test_a_class_can_be_a_node_and_has_a_place(engine: Engine) -> None:
    """Its result is what it makes; the error is told where that begins."""
    error = engine.start(alone(Made), config=CONFIG).errors["a.b.c"]
    assert error.code == "context_serialize_failed"
    assert error.place.endswith(f":{Made.__init__.__code__.co_firstlineno} in Made.__init__")


def test_a_node_that_records_values_of_its_own_is_told_that_the_run_was_cancelled(
    engine: Engine,
) -> None:
    """Not only one that asks the outside: it ends at once."""
    recorded: list[int] = []

    def node(work: Work) -> None:
        engine.cancel(work.run)
        for number in range(5_000):
            work.io.record(f"number/{number}", number)
            recorded.append(number)
            threading.Event().wait(0.01)

    run = engine.start(alone(node), config=CONFIG)
    assert str(run.status) == "cancelled"
    assert len(recorded) < 1_000


def test_why_the_run_of_another_plan_has_failed_is_told(engine: Engine) -> None:
    """The first of its errors, with its place."""
    inner = alone(lambda _: 1 // 0)
    run = engine.start(alone(lambda work: work.child(inner, "x")), config=CONFIG)
    error = run.errors["a.b.c"]
    assert error.code == "child_failed"
    assert "is failed: a.b.c: unhandled: ZeroDivisionError" in error.message
    assert f"{Path(__file__).name}:{sys._getframe().f_lineno - 5} in <lambda>" in error.message
