"""``python -m benchmarks.apart.stored LIBRARY EVENTS FOLDER``: a peer's stored events a second.

A ring of two states with data, as ours; the file is SQLite at ``synchronous=FULL``. The answer is
JSON: the rates of one sender, and of `SENDERS` threads with a run each.
"""

from __future__ import annotations

import importlib
import json
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

SENDERS: Final = 64

Sender = Callable[[int], object]
"""Sends some events to its run, one after the other."""


class _Full(sqlite3.Connection):
    """A connection at ``synchronous=FULL``, whatever its library asks for."""

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        """Execute a statement."""
        return super().execute(sql.replace("synchronous = NORMAL", "synchronous = FULL"), *values)


def _connect_fully() -> None:
    connect = sqlite3.connect
    sqlite3.connect = lambda *a, **k: connect(*a, **{"factory": _Full, **k})


HAREL: Final = """
event go { n: int }
machine ring {
  context { n: int? }
  initial begun
  state begun {}
  state left {}
  state right {}
  from begun to left on go set context.n = event.n
  from left to right on go set context.n = event.n
  from right to left on go set context.n = event.n
}
"""


def harel(folder: Path) -> Callable[[str], Sender]:
    """Return what starts a run of harel: its durable runner, in the caller's thread."""
    library: Any = importlib.import_module("harel")
    ring = library.definition_from_dsl(HAREL, "ring")
    path = folder / "harel.db"

    def begin(key: str) -> Sender:
        store = library.SqliteStore(path)
        runner = library.DurableRunner(store, {ring.id: ring}, execution="inline")
        runner.create(ring.id, execution_id=key)

        def send(count: int) -> None:
            for number in range(count):
                runner.process(key, library.Event(kind="go", data={"n": number}))
            _check(count, str(store.load(key).active_path))

        return send

    return begin


def xstate(folder: Path) -> Callable[[str], Sender]:
    """Return what starts a run of xstate-statemachine: `persisted` around each event."""
    library: Any = importlib.import_module("xstate_statemachine")
    persistence: Any = importlib.import_module("xstate_statemachine.persistence")

    def keep(_machine: Any, context: dict[str, Any], event: Any, _action: Any) -> None:
        context["n"] = event.payload["n"]

    def to(target: str) -> dict[str, Any]:
        return {"on": {"GO": {"target": target, "actions": ["keep"]}}}

    config = {
        "id": "ring",
        "initial": "begun",
        "context": {"n": 0},
        "states": {"begun": to("left"), "left": to("right"), "right": to("left")},
    }
    machine = library.create_machine(config, logic=library.MachineLogic(actions={"keep": keep}))
    store = persistence.SQLiteStore(str(folder / "xstate.db"))

    def begin(key: str) -> Sender:
        def send(count: int) -> None:
            for number in range(count):
                with persistence.persisted(store, key, machine) as run:
                    run.send("GO", n=number)
            with persistence.persisted(store, key, machine) as run:
                _check(count, str(run.current_state_ids))

        return send

    return begin


def dbos(folder: Path) -> Callable[[str], Sender]:
    """Return what starts a workflow of DBOS, with a step for each event."""
    library: Any = importlib.import_module("dbos")
    program = library.DBOS
    address = f"sqlite:///{folder / 'dbos.db'}"
    program(config={"name": "stored", "system_database_url": address, "log_level": "ERROR"})
    take = program.step(name="take")(_take)

    def events(count: int) -> str:
        place = "begun"
        for number in range(count):
            place, _ = take(place, number)
        return place

    run: Any = program.workflow(name="events")(events)
    program.launch()

    def begin(key: str) -> Sender:
        def send(count: int) -> None:
            with library.SetWorkflowID(key):
                _check(count, run(count))

        return send

    return begin


def _take(place: str, number: int) -> tuple[str, int]:
    return ("right" if place == "left" else "left"), number


PEERS: Final = {"harel": harel, "xstate-statemachine": xstate, "dbos": dbos}


def _check(count: int, place: str) -> None:
    """Refuse a run that has not taken all its events."""
    if ("left" if count % 2 else "right") not in place:
        text = f"after {count} events the run is in {place}"
        raise RuntimeError(text)


def rates(library: str, events: int, folder: Path) -> dict[str, float]:
    """Return the events a second of one sender, and of many."""
    _connect_fully()
    begin = PEERS[library](folder)
    alone = begin("alone")
    started = time.perf_counter()
    alone(events)
    one = events / (time.perf_counter() - started)
    each = max(events // SENDERS, 1)
    threads = [
        threading.Thread(target=begin(f"run-{number}"), args=(each,)) for number in range(SENDERS)
    ]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"one": one, "many": each * SENDERS / (time.perf_counter() - started)}


if __name__ == "__main__":
    _, chosen, given, where = sys.argv
    failed: list[BaseException] = []
    threading.excepthook = lambda args: failed.append(args.exc_value or RuntimeError())
    told: dict[str, Any] = {**rates(chosen, int(given), Path(where)), "version": version(chosen)}
    if failed:  # the rate of what did not happen is no rate
        told |= {"many": None, "failed": f"{len(failed)} of {SENDERS}: {failed[0]}"}
    print(json.dumps(told))  # noqa: T201 - its answer
    sys.stdout.flush()
    os._exit(0)  # DBOS has threads that would go on
