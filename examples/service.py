"""A service: orders behind HTTP, each a run that is kept as a row of SQLite.

    uvicorn examples.service:app

A request loads the snapshot of its order, takes one step, and writes the next snapshot with the
effects that are owed, all in one transaction. Two requests for one order at once: the row's version
decides, and the loser steps again from what is there now.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from attrs import frozen
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from statecharts import Call, CallFailed, Kernel, Occurred, Snapshot, State, Statechart, Step
from statecharts.codec import CodecError, Protocol

# --- The chart ------------------------------------------------------------------------------------


@frozen
class Ordered:
    """The customer has ordered."""

    card: str


@frozen
class Paid:
    """The bank has been paid."""

    receipt: str


@frozen
class Withdrawn:
    """The customer has changed their mind."""


@frozen
class Charge(Call[Paid]):
    """Charge a card."""

    card: str


@frozen
class Paying:
    """An order that waits for the bank."""

    card: str
    since: Occurred


@frozen
class Settled:
    """An order that has been paid."""

    receipt: str


class Order(Statechart[Ordered | Paid | Withdrawn]):
    """An order, from the basket to the receipt."""

    basket = State(initial=True)
    paying = State(Paying, invoke=Charge)
    settled = State(Settled, final=True)
    given_up = State(final=True)

    basket.to(paying, on=Ordered)
    paying.to(settled, on=Paid)
    paying.to(basket, on=CallFailed)
    paying.to(given_up, on=Withdrawn)
    patience = paying.after(timedelta(minutes=15), basket)


KERNEL: Final = Kernel(Order)
"""One kernel for all requests and threads: it is immutable, and remembers what it works out."""

PROTOCOL: Final = Protocol(Order)

# --- The rows -------------------------------------------------------------------------------------


class Orders:
    """The orders of a database, each one row; what is owed to the outside is another table.

    Args:
        path: The file.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = path
        with self._connection() as db:
            db.executescript(
                """
                PRAGMA journal_mode=WAL;
                CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, version INTEGER, run BLOB);
                CREATE TABLE IF NOT EXISTS owed (id INTEGER PRIMARY KEY, run TEXT, effect BLOB);
                """
            )

    def _connection(self) -> closing[sqlite3.Connection]:
        return closing(sqlite3.connect(self.path, timeout=10, isolation_level=None))

    def load(self, order: str) -> tuple[Snapshot[Any, None], int]:
        """Return the snapshot of an order, and its version: 0 for one that is not stored yet."""
        with self._connection() as db:
            row = db.execute("SELECT run, version FROM orders WHERE id = ?", (order,)).fetchone()
        if row is None:
            return KERNEL.start(at=datetime.now(UTC)).snapshot, 0
        return PROTOCOL.loads_snapshot(row[0]), row[1]

    def save(self, order: str, step: Step[Any, None], version: int) -> bool:
        """Write a step, its snapshot and its effects together; False when another was quicker."""
        run = PROTOCOL.dumps_snapshot(step.snapshot)
        with self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            if version == 0:
                sql = "INSERT INTO orders VALUES (:id, 1, :run) ON CONFLICT DO NOTHING"
            else:
                sql = (
                    "UPDATE orders SET version = version + 1, run = :run "
                    "WHERE id = :id AND version = :version"
                )
            done = db.execute(sql, {"id": order, "run": run, "version": version})
            if done.rowcount != 1:
                db.execute("ROLLBACK")
                return False
            owed = [(order, PROTOCOL.dumps_effect(effect)) for effect in step.effects]
            db.executemany("INSERT INTO owed (run, effect) VALUES (?, ?)", owed)
            db.execute("COMMIT")
            return True

    def send(self, order: str, event: Any) -> Step[Any, None]:
        """Take an event to an order; step again when another request was quicker."""
        while True:
            snapshot, version = self.load(order)
            if version == 0:  # what the start asks for is owed as well
                self.save(order, KERNEL.start(at=datetime.now(UTC)), 0)
                continue
            step = KERNEL.step(snapshot, event, at=datetime.now(UTC))
            if not step.handled or self.save(order, step, version):
                return step

    def owed(self) -> list[tuple[str, Any]]:
        """Return what is owed to the outside, the oldest first; a worker carries it out."""
        with self._connection() as db:
            rows = db.execute("SELECT run, effect FROM owed ORDER BY id").fetchall()
        return [(run, PROTOCOL.loads_effect(effect)) for run, effect in rows]


# --- The door -------------------------------------------------------------------------------------


def make_app(path: Path | str) -> Starlette:
    """Return the application for the orders of a file."""
    orders = Orders(path)

    def post(request: Request) -> Response:
        order = request.path_params["order"]
        try:
            # load_event, never load_message: a client must not speak for timers and calls.
            event = PROTOCOL.load_event(request.state.body)
        except CodecError as error:
            return JSONResponse({"error": str(error), "path": error.path}, status_code=422)
        step = orders.send(order, event)
        shown = {"configuration": step.snapshot.configuration, "handled": step.handled}
        return JSONResponse(shown, status_code=200 if step.handled else 409)

    async def take(request: Request) -> Response:
        try:
            request.state.body = await request.json()
        except (ValueError, RecursionError):  # not UTF-8, not JSON, or nested too deep
            return JSONResponse({"error": "the body is not JSON"}, status_code=400)
        from starlette.concurrency import run_in_threadpool  # noqa: PLC0415 - for requests alone

        return await run_in_threadpool(post, request)

    def get(request: Request) -> Response:
        snapshot, _ = orders.load(request.path_params["order"])
        return JSONResponse(PROTOCOL.dump_snapshot(snapshot))

    return Starlette(
        routes=[
            Route("/orders/{order}/events", take, methods=["POST"]),
            Route("/orders/{order}", get),
        ]
    )


def __getattr__(name: str) -> Any:
    """Make `app` when it is first asked for: importing this module opens no file."""
    if name == "app":
        return make_app("orders.sqlite")
    raise AttributeError(name)
