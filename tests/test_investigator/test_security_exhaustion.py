"""Bounds of a query: it ends in time and within its memory, whatever it says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from machines.investigator.security import (
    GuardedConnection,
    Limits,
    QueryFailedError,
    Scope,
    SecurityViolation,
    validate_query,
)
from tests.proof import shards
from tests.test_investigator import exhausting
from tests.test_investigator.command_runs import environment
from tests.test_investigator.exhausting import LIMITS, SCOPE, statements

ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small file whose views are exhausting."""
    return exhausting.build(tmp_path_factory.mktemp("exhausting") / "small.sqlite")


@pytest.fixture
def connection(file: Path) -> Iterator[GuardedConnection]:
    """A connection to it."""
    with GuardedConnection(file, SCOPE, LIMITS) as connection:
        yield connection


def test_statements_are_many_and_different() -> None:
    """There are more than three hundred, no two alike."""
    texts = list(statements().values())
    assert len(set(texts)) == len(texts) > 300


@pytest.mark.parametrize("numbers", shards(len(statements()), 24, sample=5))
def test_statement_ends_within_twice_its_limits(numbers: range, file: Path) -> None:
    """Prepared, run or refused, with the static check or without, none takes more than that."""
    names = list(statements())[numbers.start : numbers.stop]
    program = [sys.executable, "-m", exhausting.__name__, str(file), json.dumps(names)]
    done = subprocess.run(program, env=environment(), capture_output=True, text=True, check=True)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["name"] for one in told] == [name for name in names for _ in range(2)]
    slow = [one for one in told if one["took"] > 2 * LIMITS.seconds]
    assert slow == []
    large = [one for one in told if one["most"] > 2 * LIMITS.memory]
    assert large == []


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("SELECT x FROM both_30", "size|time"),
        ("SELECT instr(t, substr(t, 1, 200000) || 'b') FROM texts", "time"),
        (
            "WITH m AS MATERIALIZED (SELECT t || id AS s FROM texts, orders) SELECT max(s) FROM m",
            "size",
        ),
    ],
)
def test_bound_holds_where_no_clock_is_looked_at(
    sql: str, rule: str, connection: GuardedConnection
) -> None:
    """Preparing, one call of a function, and the heap are bounded; the next query is answered."""
    with pytest.raises(SecurityViolation, match=rf"security\.({rule}): "):
        connection.query(sql)
    assert connection.query("SELECT count(*) FROM orders").rows == ((exhausting.ROWS,),)


@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
@pytest.mark.parametrize(
    "wrap", ["date(@)", "char(@)", "(SELECT 1 LIMIT @)", "(SELECT 1 LIMIT date(@))", "a[@]"]
)
def test_reading_is_bounded(wrap: str, dialect: str) -> None:
    """What sqlglot reads twice at each level is refused where it is nested deeply."""
    core = "1"
    for _ in range(23 // wrap.count("(") if "(" in wrap else 23):
        core = wrap.replace("@", core)
    began = time.process_time()
    with pytest.raises(SecurityViolation):
        validate_query(f"SELECT {core}", SCOPE, dialect)  # type: ignore[arg-type]
    assert time.process_time() - began < 2


def test_calls_may_be_nested_as_people_do() -> None:
    """Eight levels of calls are no trouble."""
    validate_query("SELECT " + "date(" * 8 + "day" + ")" * 8 + " FROM orders", SCOPE)


def test_process_that_breaks_off_is_replaced(connection: GuardedConnection) -> None:
    """If the process is killed from without, the query fails, and the next is answered."""
    running = connection._process._running
    assert running is not None
    running.kill()
    with pytest.raises(QueryFailedError, match="the process that reads the database broke off"):
        connection.query("SELECT 1")
    assert connection.query("SELECT 1").rows == ((1,),)


def in_thread(connection: GuardedConnection, end: Callable[[], object]) -> str:
    """Run an endless query in a thread, end it, and return its failure."""
    failures: list[str] = []

    def ask() -> None:
        with pytest.raises(QueryFailedError) as failed:
            connection.query(ENDLESS)
        failures.append(failed.value.found)

    thread = threading.Thread(target=ask)
    thread.start()
    while thread.is_alive():
        end()
        thread.join(0.01)
    return failures[0]


def test_connection_that_is_closed_ends_its_query(file: Path) -> None:
    """Closing does not wait."""
    connection = GuardedConnection(file, SCOPE, Limits(seconds=60))
    assert in_thread(connection, connection.interrupt) == "interrupted"
    assert in_thread(connection, connection.close) == "the connection is closed"


@pytest.mark.long
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="Windows has no alarms")
def test_process_does_not_outlive_its_application(file: Path) -> None:
    """If the application is killed, an endless query ends as well."""
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from machines.investigator.security import GuardedConnection, Limits, Scope\n"
        "def clock():\n"
        "    print(made and made._process._running.pid, flush=True)\n"
        "    return 0.0\n"
        "made, scope = None, Scope('u', 't', tables=['orders'])\n"
        "made = GuardedConnection(Path(sys.argv[1]), scope, Limits(seconds=0.1), clock)\n"
        f"made.query({ENDLESS!r})\n"
    )
    application = subprocess.Popen(
        [sys.executable, "-c", program, str(file)], env=environment(), stdout=subprocess.PIPE
    )
    assert application.stdout is not None
    with application.stdout as out:
        # The clock is looked at again and again while the query runs.
        looks: list[int] = []
        while len(looks) < 8:
            looks += [int(line) for line in [out.readline()] if line.strip().isdigit()]
    reader = looks[-1]
    assert _runs(reader)
    application.kill()
    application.wait()
    until = time.monotonic() + 60
    while _runs(reader):
        assert time.monotonic() < until
        time.sleep(0.02)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # Nobody may be there to take leave of it.
    state = Path(f"/proc/{process}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def test_scope_may_be_large(tmp_path: Path) -> None:
    """The names of a scope do not fit into a pipe at once, and are passed on all the same."""
    scope = Scope("u", "t", tables=["orders", *(f"table_{number}" * 5 for number in range(5_000))])
    with GuardedConnection(exhausting.build(tmp_path / "small.sqlite"), scope) as connection:
        assert connection.query("SELECT count(*) FROM orders").rows == ((exhausting.ROWS,),)
