"""In the caller's transaction: what the caller writes and the run are both there, or neither."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from examples import shop
from statecharts.runtime import RunExistsError, Runs, Runtime, SimulatedClock, handle
from statecharts.store.errors import StoreError
from tests.postgres import Server
from tests.test_runtime.conftest import run_async
from tests.test_runtime.orders import Charge, Mail, Order, Ordered, Paid, Polite, Tick

ROOT = Path(__file__).parent.parent.parent
notes = sa.Table("notes", sa.MetaData(), sa.Column("note", sa.String, primary_key=True))


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'shop.db'}"
    server: Server = request.getfixturevalue("postgres")
    return server.database()


@pytest.fixture
def engine(address: str) -> Iterator[sa.Engine]:
    made = sa.create_engine(shop.driver(address))
    notes.metadata.create_all(made)
    yield made
    made.dispose()


def noted(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return [row.note for row in connection.execute(notes.select().order_by(notes.c.note))]


def test_both_are_committed(address: str, engine: sa.Engine) -> None:
    with Runs(address, Polite, prefix="R_") as runs:
        with engine.begin() as connection:
            connection.execute(notes.insert().values(note="one"))
            run = runs.start(Polite, key="a", connection=connection)
            taken = run.send(Tick(), id="x", connection=connection)
            assert (taken.sequence, taken.handled) == (1, True)
            again = run.send(Tick(), id="x", connection=connection)
            assert again.sequence == 1
            run.send(Tick(), connection=connection)
            assert list(runs.list()) == []
        assert run.configuration == ("paused",)
        assert [past.id for past in run.history()] == [None, "x", None]
        assert noted(engine) == ["one"]
        run.send(Tick())
        assert runs.verify() == []


def test_neither_is_when_the_caller_rolls_back(address: str, engine: sa.Engine) -> None:
    with Runs(address, Polite) as runs:
        run: Any = runs.start(Polite, key="a")
        run.send(Tick())
        with engine.connect() as connection:
            connection.execute(notes.insert().values(note="one"))
            run.send(Tick(), connection=connection)
            runs.start(Polite, key="b", connection=connection)
            connection.rollback()
        assert run.configuration == ("work", "work.b")
        assert [one.key for one in runs.list()] == ["a"]
        assert noted(engine) == []
        run.send(Tick())
        assert run.configuration == ("paused",)
        assert runs.verify() == []


def test_run_alone_is_committed_too(address: str, engine: sa.Engine) -> None:
    """The caller need not have written anything of their own."""
    with Runs(address, Polite) as runs:
        with engine.connect() as connection:
            runs.start(Polite, key="a", connection=connection)
            connection.commit()
        assert [one.key for one in runs.list()] == ["a"]


def test_error_leaves_the_transaction_to_the_caller(address: str, engine: sa.Engine) -> None:
    """A run that is there already: the caller may go on with what else they write."""
    with Runs(address, Polite) as runs:
        runs.start(Polite, key="a")
        with engine.begin() as connection:
            connection.execute(notes.insert().values(note="one"))
            with pytest.raises(RunExistsError):
                runs.start(Polite, key="a", connection=connection)
            connection.execute(notes.insert().values(note="two"))
        assert noted(engine) == ["one", "two"]


def test_two_at_once(address: str, engine: sa.Engine) -> None:
    """Somebody else writes the run while the caller thinks: it is taken after that, or told."""
    with Runs(address, Polite) as runs:
        run = runs.start(Polite, key="a")
        with engine.begin() as connection:
            connection.execute(sa.text("SELECT 1"))
            run.send(Tick())
            run.send(Tick(), connection=connection)
        assert run.configuration == ("paused",)
        assert len(run.history()) == 3
        assert runs.verify() == []


def test_transaction_that_has_read_too_early_is_told(tmp_path: Path) -> None:
    """SQLite cannot let a transaction write that has read what is old by now."""
    address = f"sqlite:///{tmp_path / 'a.db'}"
    engine = sa.create_engine(address)
    notes.metadata.create_all(engine)
    with Runs(address, Polite) as runs:
        run = runs.start(Polite, key="a")
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            connection.execute(notes.select()).all()
            run.send(Tick())
            with pytest.raises(StoreError, match=r"\[SC806\].*since this transaction began"):
                run.send(Tick(), connection=connection)
            connection.rollback()
        assert run.configuration == ("work", "work.b")
    engine.dispose()


def test_transaction_of_ones_own_that_holds_the_file_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who forgets ``connection=`` waits for the own transaction, and is told of it."""
    monkeypatch.setattr("statecharts.store.sqlite.store.PATIENCE", 0.05)
    address = f"sqlite:///{tmp_path / 'a.db'}"
    engine = sa.create_engine(address)
    notes.metadata.create_all(engine)
    with Runs(address, Polite) as runs:
        run = runs.start(Polite, key="a")
        with engine.begin() as connection:
            connection.execute(notes.insert().values(note="mine"))
            with pytest.raises(StoreError, match=r"SC806.*this process or another") as told:
                run.send(Tick())
        assert told.value.remedy.startswith("End it; if it is your own, write through it")
        assert run.send(Tick()).handled
    engine.dispose()


def test_connection_that_does_not_fit_is_refused(
    address: str, engine: sa.Engine, tmp_path: Path
) -> None:
    other = sa.create_engine(
        "sqlite://" if address.startswith("postgres") else "sqlite:///" + str(tmp_path / "x.db")
    )
    with Runs(address, Polite) as runs, other.connect() as connection:
        run = runs.start(Polite, key="a")
        with pytest.raises(StoreError, match=r"SC810|SC801"):
            run.send(Tick(), connection=connection)
        with pytest.raises(StoreError, match=r"\[SC810\].*no connection of SQLAlchemy"):
            run.send(Tick(), connection=object())
    told = pytest.raises(StoreError, match=r"SC810.*in memory")
    with Runs("memory:", Polite) as runs, engine.connect() as connection, told:
        runs.start(Polite, key="a", connection=connection)
    other.dispose()


def test_connection_to_another_database_is_refused(
    address: str, tmp_path: Path, request: Any
) -> None:
    """Even if runs are kept there, too: the run would begin in another place than was meant."""
    other = f"sqlite:///{tmp_path / 'other.db'}"
    if address.startswith("postgres"):
        other = request.getfixturevalue("postgres").database()
    engine = sa.create_engine(shop.driver(other))
    Runs(other, Polite).close()
    with Runs(address, Polite) as runs, engine.connect() as connection:
        with pytest.raises(StoreError, match=r"\[SC810\].*connection= is to"):
            runs.start(Polite, key="a", connection=connection)
        assert list(runs.list()) == []
    engine.dispose()


def test_connection_that_commits_by_itself_is_refused(address: str) -> None:
    engine = sa.create_engine(shop.driver(address), isolation_level="AUTOCOMMIT")
    with Runs(address, Polite) as runs, engine.connect() as connection:
        with pytest.raises(StoreError, match=r"\[SC810\].*commits each statement by itself"):
            runs.start(Polite, key="a", connection=connection)
        assert list(runs.list()) == []
    engine.dispose()


@run_async
async def test_delivery_begins_after_the_commit(tmp_path: Path) -> None:
    """A handler is not called for what may still be rolled back."""
    address = f"sqlite:///{tmp_path / 'a.db'}"
    engine = sa.create_engine(address)
    charged: list[str] = []

    async def charge(call: Charge) -> Paid:
        charged.append(call.card)
        return Paid("r")

    handlers = [handle(Charge, charge), handle(Mail, lambda _: None)]
    async with Runtime(address, Order, handlers=handlers) as rt:
        run = await rt.start(Order, key="a")
        with engine.connect() as connection:
            await run.send(Ordered("lost"), connection=connection)
            await asyncio.sleep(0.15)
            connection.rollback()
            await run.send(Ordered("kept"), connection=connection)
            await asyncio.sleep(0.15)
            assert charged == []
            connection.commit()
        await run.wait(Order.settled)
        with engine.begin() as connection:
            two = await rt.start(Order, key="b", connection=connection)
        assert two.configuration[-1] == "open.basket"
    assert charged == ["kept"]
    engine.dispose()


PROGRAM = """
import itertools, sys
import sqlalchemy as sa
from examples.shop import driver
from statecharts.runtime import Runs
from tests.test_runtime.orders import Polite, Tick
from tests.test_runtime.test_connections import notes

address = sys.argv[1]
engine = sa.create_engine(driver(address))
with Runs(address, Polite) as runs:
    print("ready", flush=True)
    for number in itertools.count(int(sys.argv[2])):
        with engine.begin() as connection:
            connection.execute(notes.insert().values(note=f"n-{number:06}"))
            runs.start(Polite, key=f"n-{number:06}", connection=connection)
            runs.get(f"n-{number:06}").send(Tick(), connection=connection)
        print(number, flush=True)
"""


@pytest.mark.sampled(2)
@pytest.mark.parametrize("kills", [2, pytest.param(40, marks=pytest.mark.long(at=0.5))])
def test_both_or_neither_when_the_process_is_killed(
    address: str, engine: sa.Engine, kills: int
) -> None:
    Runs(address, Polite).close()
    for number in range(kills):
        arguments = [sys.executable, "-c", PROGRAM, address, str(number * 10_000)]
        with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            assert process.stdout.readline()
            assert process.stdout.readline()  # two are on disk
            time.sleep(0.002 * (number % 7))
            process.send_signal(signal.SIGKILL)
    with Runs(address, Polite, clock=SimulatedClock()) as runs:
        deadline = time.monotonic() + 60  # a server may still be about to roll back
        while True:
            keys = [run.key for run in runs.list()]
            if keys == noted(engine) or time.monotonic() > deadline:
                break
        assert keys == noted(engine)
        assert len(keys) >= 2 * kills
        assert {run.configuration for run in runs.list()} == {("work", "work.b")}
        assert runs.verify() == []


def test_the_shop_keeps_orders_and_runs_together(address: str) -> None:
    with TestClient(shop.app(address)) as client:
        made = client.post("/orders?key=o-7&item=tea")
        assert (made.status_code, made.json()) == (201, {"key": "o-7"})
        assert client.post("/orders?key=o-7&item=tea").status_code == 409
        client.post("/orders/o-7/pay?card=4711")
        deadline = time.monotonic() + 60
        found: Any = {}
        while found.get("states") != ["settled"] and time.monotonic() < deadline:
            found = client.get("/orders/o-7").json()
        assert found == {"key": "o-7", "item": "tea", "card": "4711", "states": ["settled"]}
        assert client.post("/orders/o-7/pay?card=1").json()["states"] == ["paying"]
        assert client.get("/orders/o-7").json()["card"] == "1"
