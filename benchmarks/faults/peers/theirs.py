"""Other libraries in the same situations: run by a Python that has them, one process a trial.

``python theirs.py LIBRARY SITUATION ROLE DIRECTORY`` plays one role of one trial, and prints its
answer as JSON. It imports nothing of ours, so that an environment of its own is enough.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(sys.argv[4]) if len(sys.argv) == 5 else Path()
STORE = HERE / "store.db"
ACTED = HERE / "acted"
KILL = os.environ.get("KILL")


def die() -> None:
    """End as if by kill -9."""
    os.kill(os.getpid(), signal.SIGKILL)


def act() -> None:
    """Act on the outside world; then die, if this trial says so."""
    with ACTED.open("a") as file:
        file.write(f"{os.getpid()}\n")
        file.flush()
    if KILL == "act":
        die()
    time.sleep(0.01)


def meet() -> None:
    """Wait until the other racer is there, too."""
    (HERE / f"ready-{os.getpid()}").touch()
    deadline = time.monotonic() + 30
    while len(list(HERE.glob("ready-*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.0005)


class Dying(sqlite3.Connection):
    """Dies before a commit."""

    passed = 0

    def commit(self) -> None:
        """Commit, or die."""
        if KILL is not None and KILL.isdigit() and Dying.passed == int(KILL):
            die()
        Dying.passed += 1
        super().commit()


def dying() -> None:
    """Let connections die at a commit."""
    connect = sqlite3.connect
    sqlite3.connect = lambda *a, **k: connect(*a, factory=Dying, **k)  # type: ignore[assignment]


# -- harel -----------------------------------------------------------------------------------------

ORDER = """
event Pay {}
event Close {}
machine order {
  initial Cart
  state Cart {}
  state Paid { on enter act }
  final Closed success
  from Cart to Paid on Pay
  from Paid to Closed on Close
}
"""

REGIONS = """
event Go {}
event Ping {}
machine NAME {
  initial Idle
  state Idle {}
  orthogonal Both {
    state Left {
      initial A
      state A {}
      state B {}
      final Z success
      from A to B on Ping
      from B to Z on Go
    }
    state Right {
      initial C
      state C {}
      state D {}
      final Y success
      from C to D on Ping
      from D to Y on Go
    }
  }
  final Over success
  from Idle to Both on Go
  from Both to Over
}
"""


class Harel:
    """harel on its SQLite store, in the caller's thread."""

    def __init__(self) -> None:
        self.harel: Any = importlib.import_module("harel")

    def runner(self, source: str, name: str) -> tuple[Any, Any]:
        """Return a runner of a machine, and its definition."""
        definition = self.harel.definition_from_dsl(
            source.replace("NAME", name),
            name,
            **({"actions": {"act": lambda *_: act()}} if "act" in source else {}),
        )
        runner = self.harel.DurableRunner(
            self.harel.SqliteStore(STORE), {definition.id: definition}, execution="inline"
        )
        return runner, definition

    def event(self, kind: str, id: str = "") -> Any:
        """Return an event."""
        return self.harel.Event(kind=kind, **({"id": id} if id else {}))

    def dies(self, role: str) -> Any:
        """Killed between acting and saving."""
        runner, definition = self.runner(ORDER, "order")
        if role == "begin":
            runner.create(definition.id, execution_id="r")
            runner.process("r", self.event("Pay"))
        runner.recover(definition.id)
        return runner.store.load("r").active_path

    def races(self, role: str) -> Any:
        """Two processes send at once."""
        runner, definition = self.runner(ORDER, "order")
        if role == "begin":
            runner.create(definition.id, execution_id="r")
        elif role == "race":
            meet()
            try:
                runner.process("r", self.event("Pay"))
            except self.harel.StoreConflict:
                return "lost"
        return runner.store.load("r").active_path

    def regions(self, role: str) -> Any:
        """Killed while an event is taken by two regions."""
        if role == "kill":
            dying()
        runner, definition = self.runner(REGIONS, "m")
        if role == "begin":
            runner.create(definition.id, execution_id="r")
            runner.process("r", self.event("Go"))
        elif role == "kill":
            Dying.passed = 0
            runner.process("r", self.event("Ping"))
        runner.recover(definition.id)
        return sorted(str(one.active_path) for one in self.all(runner) if one.id != "r")

    def charts(self, role: str) -> Any:
        """Killed between the state and its regions; another chart uses the store first."""
        if role == "kill":
            dying()
        runner, definition = self.runner(REGIONS, "other" if role == "other" else "m")
        if role == "begin":
            runner.create(definition.id, execution_id="r")
        elif role == "kill":
            Dying.passed = 0
            runner.process("r", self.event("Go"))
        elif role == "other":
            runner.create(definition.id, execution_id="s")
        children = (one for one in self.all(runner) if one.parent_id is not None)
        return sorted((one.parent_id, one.definition_id) for one in children)

    def all(self, runner: Any) -> list[Any]:
        """Return all executions that are stored."""
        page = runner.store.list_executions(limit=50)
        return [runner.store.load(one.id) for one in page.items]


# -- xstate-statemachine ---------------------------------------------------------------------------


class XState:
    """xstate-statemachine on its SQLite store, with its default lock."""

    def __init__(self) -> None:
        self.library: Any = importlib.import_module("xstate_statemachine")
        self.persistence: Any = importlib.import_module("xstate_statemachine.persistence")
        config = {
            "id": "order",
            "initial": "Cart",
            "states": {
                "Cart": {"on": {"PAY": {"target": "Paid", "actions": ["act"]}}},
                "Paid": {"on": {"CLOSE": "Closed"}},
                "Closed": {"type": "final"},
            },
        }
        logic = self.library.MachineLogic(actions={"act": lambda *_: act()})
        self.machine = self.library.create_machine(config, logic=logic)
        self.store = self.persistence.SQLiteStore(str(STORE))

    def using(self) -> Any:
        """Return the run, persisted."""
        return self.persistence.persisted(self.store, "r", self.machine)

    def state(self) -> Any:
        """Return the states that are stored."""
        with self.using() as run:
            return sorted(str(one) for one in run.current_state_ids)

    def dies(self, role: str) -> Any:
        """Killed between acting and saving."""
        if role == "begin":
            with self.using():
                pass
            with self.using() as run:
                run.send("PAY")
        return self.state()

    def races(self, role: str) -> Any:
        """Two processes send at once."""
        if role == "begin":
            with self.using():
                pass
        elif role == "race":
            meet()
            try:
                with self.using() as run:
                    run.send("PAY")
            except self.persistence.ConflictError:
                return "lost"
        return self.state()


# -- DBOS ------------------------------------------------------------------------------------------


class DBOS:
    """DBOS on SQLite."""

    def upgrades(self, role: str) -> Any:
        """Killed in the middle; another version of the program goes on."""
        library: Any = importlib.import_module("dbos")
        dbos = library.DBOS
        dbos(config={"name": "faults", "system_database_url": f"sqlite:///{STORE}"})
        act_step = dbos.step()(_first)

        def order() -> str:
            act_step()
            if role == "begin":
                die()
            return "done"

        def changed() -> str:
            act_step()
            act_step()  # the additional step of the new version
            return "done"

        changed.__name__ = changed.__qualname__ = order.__qualname__
        program: Any = dbos.workflow(name="order")(order if role == "begin" else changed)
        dbos.launch()
        if role == "begin":
            with library.SetWorkflowID("r"):
                program()
        deadline = time.monotonic() + 6
        status = ""
        while time.monotonic() < deadline and status != "SUCCESS":
            time.sleep(0.2)
            status = dbos.get_workflow_status("r").status
        return status


def _first() -> None:
    """Do the first step."""


LIBRARIES = {"harel": Harel, "xstate": XState, "dbos": DBOS}

if __name__ == "__main__":
    try:
        chosen: Any = LIBRARIES[sys.argv[1]]()
        print(json.dumps(getattr(chosen, sys.argv[2])(sys.argv[3])))  # noqa: T201 - its answer
        sys.stdout.flush()
        os._exit(0)
    except ImportError as error:
        print(json.dumps({"missing": str(error)}))  # noqa: T201 - its answer
