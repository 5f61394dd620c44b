"""Postgres: many processes, servers that go away, and the same rows as everywhere."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import psycopg.conninfo
import pytest
import sqlalchemy as sa
from attrs import evolve
from sqlalchemy.dialects import postgresql

from examples.shop import driver
from statecharts.runtime import LiveRun, Runs, Runtime, SimulatedClock, Task, handle
from statecharts.runtime.clock import SystemClock
from statecharts.store import Store, open_store
from statecharts.store.errors import StoreError, UnstorableError
from statecharts.store.memory import MemoryStore
from statecharts.store.postgres import PostgresStore
from statecharts.store.rows import SCHEMA
from statecharts.store.sqlite import SQLiteStore
from statecharts.store.tables import script
from statecharts.testing.store_contract import begun, further
from tests.postgres import NAMED, Server
from tests.test_runtime.orders import (
    Asked,
    Charge,
    Daily,
    Mail,
    Order,
    Ordered,
    Paid,
    Polite,
    Queued,
    Tick,
    Withdrawn,
)

DIALECT: Any = postgresql


@pytest.fixture
def address(postgres: Server) -> str:
    return postgres.database()


# --- Many processes -------------------------------------------------------------------------------


def test_writers_of_one_run_lose_nothing(address: str) -> None:
    """Eight writers, each with connections of its own: every event is taken, each once."""
    with Runs(address, Order, effects=(Mail,)) as runs:
        runs.start(Order, key="a")
    errors: list[BaseException] = []

    def write(name: int) -> None:
        try:
            with Runs(address, Order, effects=(Mail,)) as runs:
                for number in range(10):
                    runs.get("a").send(Asked(), id=f"{name}-{number}")
        except BaseException as error:  # noqa: BLE001 - it is told below
            errors.append(error)

    threads = [threading.Thread(target=write, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with Runs(address, Order, effects=(Mail,)) as runs:
        ids = [past.id for past in runs.get("a").history() if past.id is not None]
        assert sorted(ids) == sorted(
            f"{name}-{number}" for name in range(8) for number in range(10)
        )
        assert runs.get("a").snapshot[Order.open.basket].reminders == 80
        assert runs.verify() == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_process_that_was_forked_connects_for_itself(address: str) -> None:
    """Both write at once through what was opened before: every event is taken, each once."""

    def write(name: str) -> None:
        for number in range(20):
            run.send(Asked(), id=f"{name}-{number}")

    with Runs(address, Order, effects=(Mail,)) as runs:
        run = runs.start(Order, key="a")
        child = os.fork()
        if child == 0:
            try:
                write("new")
                os._exit(0)
            finally:
                os._exit(1)
        write("old")
        assert os.waitpid(child, 0)[1] == 0
        ids = [past.id for past in run.history() if past.id is not None]
        assert sorted(ids) == sorted(f"{name}-{n}" for name in ("new", "old") for n in range(20))
        assert runs.verify() == []


def test_writers_of_many_runs_never_wait_for_each_other(address: str) -> None:
    """Batches with the same runs in other orders: no deadlock, and one of two is left out."""
    stores = [PostgresStore(address) for _ in range(2)]
    first = [begun(name) for name in "abcdefgh"]
    assert stores[0].write(first) == [True] * 8
    done: list[list[bool]] = [[], []]

    def write(place: int) -> None:
        last = dict(zip("abcdefgh", first, strict=True))
        for number in range(30):
            names = "abcdefgh" if place else "hgfedcba"
            batch = [further(last[name], at=1_000 + number) for name in names]
            written = stores[place].write(batch)
            done[place] += written
            for name, change, won in zip(names, batch, written, strict=True):
                last[name] = change if won else _again(stores[place], name, change)

    threads = [threading.Thread(target=write, args=(place,)) for place in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    for name in "abcdefgh":
        head = stores[0].head(name)
        assert head is not None
        assert len(stores[0].entries(name)) == head.sequence + 1
    for store in stores:
        store.close()


def _again(store: Store, name: str, missed: Any) -> Any:
    """Return a change to go on from: the one that somebody else has written."""
    head = store.head(name)
    assert head is not None
    return evolve(missed, head=head)


def test_workers_share_what_is_owed(address: str) -> None:
    """Three workers on one store: each call is carried out once, and all of them have some."""
    done: list[tuple[int, str]] = []

    def handlers(worker: int) -> list[Any]:
        async def charge(call: Charge, task: Task[Any]) -> Paid:
            await asyncio.sleep(0.01)
            done.append((worker, task.key))
            return Paid("r")

        return [handle(Charge, charge, at_once=4), handle(Mail, lambda _: None)]

    async def main() -> None:
        with Runs(address, Order, effects=(Mail,)) as runs:
            for number in range(40):
                runs.start(Order, key=f"o-{number}").send(Ordered("1"))
        workers = [Runtime(address, Order, handlers=handlers(number)) for number in range(3)]
        async with workers[0], workers[1], workers[2], asyncio.timeout(60):
            for number in range(40):
                await workers[0].get(f"o-{number}").wait(Order.settled)

    asyncio.run(main())
    assert sorted(key for _, key in done) == sorted(f"o-{number}/1" for number in range(40))


def test_others_are_heard(address: str) -> None:
    """A store knows that somebody else has written, and reads it."""
    ours, theirs = Runs(address, Polite), Runs(address, Polite)
    run = ours.start(Polite, key="a")
    assert run.snapshot.configuration == ("work", "work.a")
    before = ours.store.token()
    theirs.get("a").send(Tick())
    deadline = time.monotonic() + 60
    while ours.store.token() == before:
        assert time.monotonic() < deadline
    assert run.snapshot.configuration == ("work", "work.b")
    ours.close()
    theirs.close()


# --- The same rows --------------------------------------------------------------------------------


def _script(store: Store) -> list[bytes]:
    """Live through much, by a clock that is the same everywhere; return the seals."""
    clock = SimulatedClock()
    runs = Runs(store, Order, Daily, Polite, effects=(Mail,), clock=clock)
    order = runs.start(Order, key="ördér")
    order.send(Asked(), id="x")
    order.send(Ordered("4111"))
    order.answer("open.paying.charge#1", Queued(3), last=False)
    order.fail("open.paying.charge#1", "\u2028 no")
    order.suspend("wait")
    order.send(Withdrawn())
    daily = runs.start(Daily, key="daily")
    clock.advance(timedelta(days=40))
    daily.send(Tick())
    order.resume()
    polite = runs.start(Polite, key="polite")
    for _ in range(5):
        polite.send(Tick())
    polite.rollback(to=2)
    polite.checkpoint()
    runs.fork("polite", to="trial", at=1).send(Tick())
    polite.attach({"a": [1, 2.5]})
    polite.cancel("enough")
    assert runs.verify() == []
    heads = [store.head(key) for key in ("daily", "polite", "trial", "ördér")]
    return [head.seal for head in heads if head is not None]


def test_rows_are_the_same_everywhere(address: str, tmp_path: Path) -> None:
    stores: list[Any] = [MemoryStore(), SQLiteStore(tmp_path / "a.db"), PostgresStore(address)]
    seals = [_script(store) for store in stores]
    assert seals[0] == seals[1] == seals[2]
    assert len(set(seals[0])) == 4
    for store in stores:
        store.close()


# --- Connections that are lost --------------------------------------------------------------------


def test_write_whose_answer_was_lost_is_not_done_twice(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server has committed, and the connection is gone: the store finds out."""
    store = PostgresStore(address)
    written = PostgresStore._written
    lost: list[int] = []

    def losing(self: PostgresStore, changes: Any) -> list[bool]:
        done = written(self, changes)
        if not lost:
            lost.append(1)
            self._db.connection.close()
            raise psycopg.OperationalError("the connection is lost")
        return done

    monkeypatch.setattr(PostgresStore, "_written", losing)
    first = begun("a")
    assert store.write([first]) == [True]
    assert store.write([begun("a")]) == [False]
    assert store.write([further(first)]) == [True]
    assert len(store.entries("a")) == 2
    store.close()


def test_write_whose_answer_was_lost_is_known_though_others_wrote(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, other = PostgresStore(address), PostgresStore(address)
    written = PostgresStore._written
    first = begun("a")
    store.write([first])
    second = further(first)

    def losing(self: PostgresStore, changes: Any) -> list[bool]:
        done = written(self, changes)
        if self is store:
            other.write([further(second)])
            self._db.connection.close()
            raise psycopg.OperationalError("the connection is lost")
        return done

    monkeypatch.setattr(PostgresStore, "_written", losing)
    assert store.write([second]) == [True]
    assert len(other.entries("a")) == 3
    store.close()
    other.close()


@pytest.mark.parametrize("back", [True, False])
def test_write_whose_server_went_away_waits_for_it(
    restarted: Server, monkeypatch: pytest.MonkeyPatch, *, back: bool
) -> None:
    """A server that restarts while it commits is asked what has come to be, or it is in doubt."""
    store = PostgresStore(restarted.database())
    written = PostgresStore._written
    starting: list[threading.Thread] = []

    def losing(self: PostgresStore, changes: Any) -> list[bool]:
        done = written(self, changes)
        if not starting:
            restarted.stop(kill=True)
            starting.append(threading.Thread(target=restarted.start))
            if back:
                starting[0].start()
            for _ in range(1000):  # the process behind the connection is told a moment later
                self._do("ask")
                time.sleep(0.01)
        return done

    monkeypatch.setattr(PostgresStore, "_written", losing)
    if back:
        monkeypatch.setattr("statecharts.store.postgres.store.RETURN", 60.0)
        assert store.write([begun("a")]) == [True]
        starting[0].join()
    else:
        monkeypatch.setattr("statecharts.store.postgres.store.RETURN", 0.2)
        with pytest.raises(StoreError, match="whether this was written is not known"):
            store.write([begun("a")])
        restarted.start()
    assert [one.sequence for one in store.entries("a")] == [0]
    store.close()


def test_reading_goes_on_after_an_outage(restarted: Server) -> None:
    """Whatever is asked first: the connection is made anew once the server is there again."""
    store = PostgresStore(restarted.database())
    store.write([begun("a")])
    restarted.stop()
    for _ in range(2):
        with pytest.raises(StoreError, match="SC801"):
            store.heads()
    restarted.start()
    assert [head.run for head in store.heads()] == ["a"]
    assert store.claim("w", 1, 2, [("Order", "x")], 5) == []
    store.close()


def test_connection_that_was_cut_is_made_anew(postgres: Server, address: str) -> None:
    store = PostgresStore(address)
    first = begun("a")
    store.write([first])
    for _ in range(3):
        token = store.token()
        with postgres.connect() as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = (SELECT datname FROM"
                " pg_stat_activity WHERE pid = %s)",
                (store._db.connection.info.backend_pid,),
            )
        first = further(first)
        assert store.write([first]) == [True]
        assert store.token() > token
    assert len(store.entries("a")) == 4
    store.close()


@pytest.fixture
def restarted() -> Iterator[Server]:
    """A server of one's own, to be stopped and started."""
    if NAMED:
        pytest.skip("the server that was named is not ours to restart")
    server = Server()
    yield server
    server.close()


@pytest.mark.long
@pytest.mark.parametrize("times", [1, pytest.param(20, marks=pytest.mark.long(at=0.5))])
def test_server_is_restarted_under_load(restarted: Server, times: int) -> None:
    """Senders and a worker go on; what was acknowledged is there, once, and nothing is damaged."""
    address = restarted.database()
    acknowledged: list[str] = []
    keys: list[str] = []
    over = threading.Event()

    async def charge(call: Charge, task: Task[Any]) -> Paid:
        keys.append(task.key)
        return Paid("r")

    async def send(rt: Runtime, name: int) -> None:
        number = 0
        while not over.is_set():
            key = f"o-{name}-{number}"
            try:
                run = await rt.start(Order, key=key, exist_ok=True)
                await run.send(Ordered("1"), id="once")
            except StoreError:
                await asyncio.sleep(0.02)
                continue
            acknowledged.append(key)
            number += 1
            await asyncio.sleep(0.005)

    async def main() -> None:
        handlers = [handle(Charge, charge), handle(Mail, lambda _: None)]
        lease = timedelta(seconds=1)
        async with Runtime(address, Order, handlers=handlers, lease=lease) as rt:
            senders = [asyncio.create_task(send(rt, name)) for name in range(4)]
            for number in range(times):
                await asyncio.sleep(0.3)
                await asyncio.to_thread(restarted.stop, kill=number % 2 == 0)
                await asyncio.sleep(0.05)
                await asyncio.to_thread(restarted.start)
            await asyncio.sleep(0.3)
            over.set()
            await asyncio.gather(*senders)
            async with asyncio.timeout(60):
                for key in acknowledged:
                    await rt.get(key).wait(Order.settled)
            assert await rt.verify() == []

    asyncio.run(main())
    assert len(acknowledged) > 4
    assert len(set(acknowledged)) == len(acknowledged)
    assert set(keys) >= {f"{key}/1" for key in acknowledged}
    with Runs(address, Order, effects=(Mail,), clock=SystemClock()) as runs:
        for key in acknowledged:
            ids = [past.id for past in runs.get(key).history()]
            assert ids.count("once") == 1


# --- Values that Postgres refuses, and transactions in the way ------------------------------------


def test_value_that_cannot_be_kept_spoils_no_other(address: str) -> None:
    """One key with a zero byte among many runs that are started at once: the others are there."""

    async def main() -> list[Any]:
        async with Runtime(address, Polite) as rt:
            keys = [*(f"k-{number}" for number in range(18)), "bad\0"]
            with rt._operations.writer._pen:
                started = [asyncio.ensure_future(rt.start(Polite, key=key)) for key in keys]
                await asyncio.sleep(0.01)
            return await asyncio.gather(*started, return_exceptions=True)

    ends = asyncio.run(main())
    assert [type(end) for end in ends[:-1]] == [LiveRun] * 18
    assert isinstance(ends[-1], UnstorableError)
    with Runs(address, Polite) as runs:
        assert len(list(runs.list())) == 18


def test_long_configuration_is_kept(address: str) -> None:
    """The states of hundreds of regions are longer than an index of Postgres may hold."""
    place = json.dumps([f"whole.region_{number * 7919}.{number**5}" for number in range(900)])
    store = PostgresStore(address)
    assert store.write([begun("a", configuration=place)]) == [True]
    head = store.head("a")
    assert head is not None
    assert head.configuration == place
    store.close()


def test_levels_of_isolation_of_the_server_lose_no_event(address: str) -> None:
    """Where transactions are serializable by default, those that collide are tried again."""
    address += "%20-cdefault_transaction_isolation%3Dserializable"
    with Runs(address, Polite) as one, Runs(address, Polite) as two:
        one.start(Polite, key="a")
        one.start(Polite, key="b")

        def send(runs: Runs) -> None:
            for number in range(20):
                runs.get("ab"[number % 2]).send(Tick())

        threads = [threading.Thread(target=send, args=(runs,)) for runs in (one, two)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert [len(one.get(key).history()) for key in "ab"] == [21, 21]


def test_open_transaction_of_a_caller_keeps_only_its_run(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others start runs meanwhile, with the same states; who wants that run is told, and when."""
    monkeypatch.setattr("statecharts.store.postgres.store._PATIENCE", "200ms")
    engine = sa.create_engine(driver(address))
    with Runs(address, Polite) as runs, Runs(address, Polite) as others:
        run = runs.start(Polite, key="a")
        with engine.begin() as connection:
            run.send(Tick(), connection=connection)
            others.start(Polite, key="b").send(Tick())
            with pytest.raises(StoreError, match=r"\[SC806\].*has held"):
                others.get("a").send(Tick())
            with engine.connect() as second, pytest.raises(StoreError, match="SC806"):
                others.get("a").send(Tick(), connection=second)
        assert run.configuration == ("work", "work.b")
        assert others.get("b").configuration == ("work", "work.b")
    engine.dispose()


# --- Addresses and errors -------------------------------------------------------------------------


def test_addresses(address: str) -> None:
    opened = open_store(address, prefix="P_")
    assert isinstance(opened, PostgresStore)
    assert opened.prefix == "P_"
    opened.close()


def test_what_cannot_be_opened_is_told(postgres: Server, address: str) -> None:
    with pytest.raises(StoreError, match=r"\[SC801\] postgresql:///nowhere: the server cannot be"):
        PostgresStore(f"postgresql://ann:secret@/nowhere?host={postgres.folder}")
    with pytest.raises(StoreError, match=r"\[SC805\].*no table mine_meta.*--dialect postgresql"):
        PostgresStore(address, prefix="mine_", create=False)
    with pytest.raises(StoreError, match=r"\[SC801\].*Choose another prefix"):
        PostgresStore(address, prefix="a-b")
    store = PostgresStore(address)
    store._db.execute("UPDATE meta SET value = $1", (str(SCHEMA + 1),))
    with pytest.raises(StoreError, match=r"\[SC802\].*newer release"):
        PostgresStore(address)
    store._db.execute("UPDATE meta SET value = 'x'")
    with pytest.raises(StoreError, match=r"\[SC805\]"):
        PostgresStore(address)
    store.close()
    store.close()
    with pytest.raises(StoreError, match=r"\[SC807\].*closed"):
        store.head("a")
    with pytest.raises(StoreError, match=r"\[SC807\].*closed"):
        store.token()


def test_secrets_of_an_address_are_not_told(postgres: Server) -> None:
    with pytest.raises(StoreError) as caught:
        PostgresStore(f"postgresql://ann:secret@/nowhere?host={postgres.folder}")
    assert "secret" not in str(caught.value)


def test_what_text_cannot_hold_is_refused_and_the_rest_written(address: str) -> None:
    """Postgres has no text with a zero byte: the run with it is refused, the others are kept."""
    with Runs(address, Polite) as runs:
        runs.start(Polite, key="a")
        with pytest.raises(StoreError, match="SC801"):
            runs.start(Polite, key="b\0")
        assert [run.key for run in runs.list()] == ["a"]


def test_tables_made_by_hand(address: str) -> None:
    """What ``schema --sql`` prints is all that a store needs."""
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in script(DIALECT.dialect(), "by_hand_"):
            connection.execute(statement.encode())
    with Runs(address, Polite, prefix="by_hand_", create_schema=False) as runs:
        runs.start(Polite, key="a").send(Tick())
        assert runs.verify() == []
