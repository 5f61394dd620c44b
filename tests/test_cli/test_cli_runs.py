"""`statecharts runs`: the runs of a store, from a terminal."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from statecharts import CallFailed, State, Statechart
from statecharts.cli import main, running
from statecharts.runtime import (
    Child,
    ChildFailed,
    Each,
    Joined,
    Runs,
    Runtime,
    SimulatedClock,
    handle,
)
from tests.test_runtime.orders import Asked, Charge, Daily, Mail, Order, Ordered, Paid
from tests.test_runtime.test_family import Astray, Bakery, Cancel, Go, Oven, Ring

ROOT = Path(__file__).parent.parent.parent
ORDERS = "tests.test_runtime.orders"


@pytest.fixture
def store(tmp_path: Path) -> str:
    """A store with an order that pays, one that is open, and a daily run."""
    path = tmp_path / "runs.db"
    clock = SimulatedClock(datetime.now(UTC) - timedelta(hours=2))  # commands go by the real one
    with Runs(path, Order, Daily, clock=clock) as runs:
        runs.start(Daily, key="day")
        runs.start(Order, key="order-1")
        run = runs.start(Order, key="order-2")
        clock.advance(timedelta(hours=2))
        run.send(Ordered("4111"), id="click")
    return str(path)


def call(*arguments: str, status: int = 0, text: str = "") -> Result:
    found = CliRunner().invoke(main, ["runs", *arguments], input=text)
    assert found.exit_code == status, found.output
    return found


def said(*arguments: str) -> Any:
    return json.loads(call(*arguments, "--json").output)


def test_runs_are_listed(store: str) -> None:
    lines = call("list", "--db", store).output.splitlines()
    assert [line.split()[:4] for line in lines[2:]] == [
        ["day", "Daily", "running", "on.wait"],
        ["order-1", "Order", "running", "open.basket"],
        ["order-2", "Order", "running", "open.paying"],
    ]
    for options, keys in (
        (["--chart", "Order"], ["order-1", "order-2"]),
        (["--state", "open.paying"], ["order-2"]),
        (["--state", "open"], ["order-1", "order-2"]),
        (["--status", "ended"], []),
        (["--stuck"], []),
    ):
        assert [one["run"] for one in said("list", "--db", store, *options)] == keys


def test_filters_that_name_nothing_are_refused(store: str) -> None:
    assert (
        "'runing' is not one of 'running'"
        in call("list", "--db", store, "--status", "runing", status=2).output
    )
    assert (
        "Did you mean 'open.paying'?"
        in call("list", "--db", store, "--state", "open.payin", status=1).output
    )
    assert (
        "Did you mean 'Order'?" in call("list", "--db", store, "--chart", "Ordr", status=1).output
    )
    assert (
        "--stuck is --status stuck"
        in call("list", "--db", store, "--stuck", "--status", "running", status=2).output
    )
    assert (
        "0 is not in the range"
        in call("history", "day", "--db", store, "--tail", "0", status=2).output
    )


def test_a_filter_that_no_run_has_is_told(store: str) -> None:
    """The table is empty, and standard error says why."""
    assert "no run has the state 'zzz'" in call("list", "--db", store, "--state", "zzz").output


def test_charts_of_one_name_are_refused(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two charts of one name none is taken by chance."""
    monkeypatch.chdir(tmp_path)
    twin = tmp_path / "twin.py"
    twin.write_text(
        "from statecharts import State, Statechart\n\n\n"
        "class Order(Statechart):\n    other = State(initial=True, resting=True)\n"
    )
    where = ("--db", store, "--charts", ORDERS, "--charts", "twin")
    told = call("suspend", "order-1", *where, status=2).output
    assert "are called Order. Name one: MODULE:Order" in told
    call("suspend", "order-1", "--db", store, "--charts", ORDERS, "--charts", ORDERS)


def test_the_store_may_be_named_by_the_environment(store: str) -> None:
    found = CliRunner().invoke(main, ["runs", "list"], env={"STATECHARTS_DB": store})
    assert "order-1" in found.output
    assert "Missing option '--db'" in call("list", status=2).output


def test_a_run_is_shown(store: str) -> None:
    output = call("show", "order-2", "--db", store).output
    assert output.splitlines()[0].split() == ["order-2", "Order", "running"]
    assert "call      open.paying.charge#1: charge, 0 failures" in output
    assert "timer     open.expired#1, due 20" in output
    shown = said("show", "order-2", "--db", store)
    assert shown["owed"][0]["call"] == "open.paying.charge#1"
    assert shown["owed"][0]["claimed"] is None
    assert shown["snapshot"]["data"]["open.paying"]["card"] == "4111"
    assert "SC822" in call("show", "order-9", "--db", store, status=1).output


def test_failed_attempts_are_shown(store: str) -> None:
    """Of an effect that fails: how often, why, and when it is tried again."""

    async def charge(_: Charge) -> Paid:
        text = "the bank does not answer"
        raise OSError(text)

    async def main() -> None:
        async with Runtime(Path(store), Order, handlers=[handle(Charge, charge)]) as runtime:
            run = runtime.get("order-2")
            while not run.owed[0].attempts:  # noqa: ASYNC110 - a handler sets no event
                await asyncio.sleep(0.001)

    asyncio.run(main())
    output = call("show", "order-2", "--db", store).output
    assert "call      open.paying.charge#1: charge, 1 failure, next at 20" in output
    assert "(OSError: the bank does not answer)" in output
    (owed,) = said("show", "order-2", "--db", store)["owed"]
    assert (owed["attempts"], owed["reason"]) == (1, "OSError: the bank does not answer")


def test_history_is_told_without_the_chart(store: str) -> None:
    lines = call("history", "order-2", "--db", store).output.splitlines()
    assert "2 h" in lines[2]
    assert 'ordered {"card": "4111"}' in lines[3]
    (last,) = said("history", "order-2", "--db", store, "--tail", "1")
    assert (last["sequence"], last["id"], last["event"]["type"]) == (1, "click", "ordered")
    assert said("history", "order-2", "--db", store)[0]["lasted"] == 7200.0


def test_events_are_sent_once_under_an_id(store: str) -> None:
    event = '{"type": "asked"}'
    where = ("--db", store, "--charts", ORDERS)
    for _ in range(2):
        output = call("send", "order-1", event, "--id", "x", *where).output
        assert output == "order-1 is in open, open.basket (entry 1)\n"
    assert "entry 3" in call("send", "order-1", "-", *where, text=event).output
    with Runs(store_path(store), Order) as runs:
        assert runs.get("order-1").snapshot[Order.open.basket].reminders == 2
        assert runs.get("order-1").history()[1].event == Asked()
    assert "nothing in open, open.paying" in call("send", "order-2", event, *where, status=1).output
    wrong = call("send", "order-1", '{"type": "askd"}', *where, status=1).output
    assert "Did you mean 'asked'?" in wrong
    assert "SC822" in call("send", "order-9", event, *where, status=1).output
    assert (
        "no module" in call("send", "x", event, "--db", store, "--charts", "nope", status=2).output
    )


def store_path(store: str) -> Path:
    return Path(store)


def test_calls_are_answered(store: str) -> None:
    where = ("--db", store, "--charts", ORDERS)
    name = "open.paying.charge#1"
    call("answer", "order-2", name, '{"type": "queued", "place": 3}', "--progress", *where)
    output = call("answer", "order-2", name, '{"type": "paid", "receipt": "r"}', *where).output
    assert output == "order-2 is in settled (entry 3)\n"
    late = call("answer", "order-2", name, '{"type": "paid", "receipt": "r"}', *where, status=1)
    assert "nothing in settled handles it" in late.output
    with Runs(store_path(store), Order) as runs:
        assert runs.get("order-2").history()[-1].event.event == Paid("r")


def test_runs_are_moved_as_a_whole(store: str) -> None:
    where = ("order-1", "--db", store, "--charts", ORDERS)
    assert call("suspend", *where, "--reason", "a test").output.startswith("order-1 is suspended")
    waits = call("send", "order-1", '{"type": "asked"}', *where[1:]).output
    assert waits == "order-1 is suspended; the event waits\n"
    assert "waiting" in call("show", "order-1", "--db", store).output
    assert call("resume", *where).output == "order-1 is running in open, open.basket\n"
    assert said("cancel", *where, "--reason", "over")["reason"] == "over"
    assert "was cancelled" in call("suspend", *where, status=1).output


def test_what_a_run_is_stuck_on_is_skipped(tmp_path: Path) -> None:
    store, clock = tmp_path / "runs.db", SimulatedClock()
    from tests.test_runtime.faulty import Faulty

    with Runs(store, Faulty, clock=clock) as runs:
        run = runs.start(Faulty, key="a")
        clock.advance(timedelta(days=1))
        runs._operations.writer.do(runs._operations.fire("a"))
        assert run.status == "stuck"
    where = ("a", "--db", str(store), "--charts", "tests.test_runtime.faulty")
    assert [one["run"] for one in said("list", "--db", str(store), "--stuck")] == ["a"]
    assert "broken" in call("show", "a", "--db", str(store)).output
    assert call("retry", *where).output == "a is stuck in waiting\n"
    assert call("skip", *where).output == "a is running in waiting\n"


def test_runs_are_taken_to_another_store(store: str, tmp_path: Path) -> None:
    lines, other = tmp_path / "runs.jsonl", str(tmp_path / "other.db")
    call("export", "--db", store, "-o", str(lines))
    assert call("import", str(lines), "--db", other).output == "3 runs imported\n"
    assert call("export", "--db", other).output == lines.read_text()
    assert call("verify", "--db", other).output == "3 runs, no damage\n"
    assert "there already" in call("import", str(lines), "--db", other, status=1).output
    one = call("export", "order-1", "--db", store).output
    assert call("import", "--db", str(tmp_path / "one.db"), text=one).output == "1 run imported\n"
    assert "SC808" in call("export", "nope", "--db", store, status=1).output


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda text: text.replace('"card\\":', '"cart\\":'), "SC804"),
        (lambda text: "\n".join(text.splitlines()[:-1]), "SC804"),
        (lambda text: text.replace('"counter":1', '"counter":2'), "SC804"),
        (lambda text: text.replace('"row":"entry"', '"row":"entri"'), "SC808"),
        (lambda text: text.replace('"format":1', '"format":2'), "SC808"),
        (lambda text: "\n".join(text.splitlines()[1:]), "SC808"),
        (lambda text: "{" + text, "SC808"),
        (lambda text: "[1]\n" + text, "SC808"),
    ],
)
def test_lines_that_are_not_those_that_were_exported_are_refused(
    store: str, tmp_path: Path, change: Any, code: str
) -> None:
    text = call("export", "order-2", "--db", store).output
    changed = change(text)
    if changed == text:  # bodies are in base64
        changed = text.replace('"attempts":0', '"attempts":1')
    output = call("import", "--db", str(tmp_path / "new.db"), text=changed, status=1).output
    assert code in output
    assert call("list", "--db", str(tmp_path / "new.db")).output.count("order-2") == 0


def test_damage_is_found(store: str) -> None:
    assert call("verify", "--db", store).output == "3 runs, no damage\n"
    db = sqlite3.connect(store)
    db.execute("UPDATE entries SET at = at + 1 WHERE sequence = 1")
    db.commit()
    db.close()
    output = call("verify", "--db", store, status=1).output
    assert "order-2: entry 1 does not match its link" in output
    assert "no damage" in call("verify", "order-1", "--db", store).output


def test_runs_are_deleted_and_histories_pruned(store: str) -> None:
    where = ("--db", store, "--charts", ORDERS)
    with Runs(store_path(store), Order) as runs:
        run = runs.get("order-1")
        run.send(Asked())
        run.checkpoint()
        first = run.history()[-1].sequence
    output = call("prune", "order-1", "--before", str(first), *where).output
    assert output == f"the history of order-1 begins at entry {first}\n"
    assert call("verify", "--db", store).output == "3 runs, no damage\n"
    asked = call("delete", "order-1", "--db", store, status=1, text="n\n").output
    assert "Remove order-1" in asked
    assert call("delete", "order-1", "--db", store, "--yes").output == "order-1 is removed\n"
    assert [one["run"] for one in said("list", "--db", store)] == ["day", "order-2"]
    assert "SC822" in call("delete", "order-1", "--db", store, "--yes", status=1).output


def test_the_schema_is_printed_and_used(tmp_path: Path) -> None:
    path = tmp_path / "mine.db"
    script = call("schema", "--sql", "--prefix", "my_").output
    db = sqlite3.connect(path)
    db.executescript(script)
    db.close()
    with Runs(path, Order, prefix="my_", create_schema=False) as runs:
        runs.start(Order, key="a")
    assert [one["run"] for one in said("list", "--db", str(path), "--prefix", "my_")] == ["a"]
    assert "SC805" in call("list", "--db", str(path), status=1).output
    assert "BYTEA" in call("schema", "--sql", "--dialect", "postgresql").output


def test_a_store_that_is_not_there_is_told_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "nope.db"
    output = call("list", "--db", str(path), status=1).output
    assert "there is no store" in output
    assert not path.exists()


def test_serve_carries_out_what_is_owed_until_it_is_told_to_end(store: str, tmp_path: Path) -> None:
    module = tmp_path / "shop.py"
    module.write_text(
        "from tests.test_runtime.orders import Charge, Mail, Order, Paid\n"
        "async def charge(call: Charge) -> Paid:\n"
        "    return Paid('r-' + call.card)\n"
        "handlers = {Charge: charge, Mail: lambda mail: print('MAIL', mail.text, flush=True)}\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
    command = [sys.executable, "-m", "statecharts", "runs", "serve", "shop", "--db", store]
    with subprocess.Popen(
        command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        process.send_signal(signal.SIGTERM)
        lines += process.stdout.readlines()
        assert process.wait(20) == 0
    assert any("order-2  Answer  → settled" in line for line in lines)
    assert "MAIL r-4111\n" in lines
    assert said("show", "order-2", "--db", store)["status"] == "ended"
    assert said("show", "day", "--db", store)["status"] == "running"  # no chart of that module


def test_second_signal_ends_serve_at_once(tmp_path: Path) -> None:
    """Whoever has sent one waits for the handlers; a second one is not caught any more."""

    async def told() -> None:
        begun, end = asyncio.Event(), asyncio.Event()

        async def charge(_: Charge) -> Paid:
            begun.set()
            await end.wait()
            return Paid("r")

        options = {"grace": timedelta(seconds=20)}
        handlers = {Charge: charge, Mail: lambda _: None}
        serving = asyncio.create_task(
            running._serve(path, [Order], handlers, quiet=True, options=options)
        )
        await begun.wait()
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        signal.raise_signal(signal.SIGTERM)
        while signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        assert not serving.done()
        end.set()
        await serving

    path = tmp_path / "runs.db"
    with Runs(path, Order, effects=(Mail,)) as runs:
        run = runs.start(Order, key="a")
        run.send(Ordered("1"))
        before = signal.getsignal(signal.SIGINT)
        asyncio.run(asyncio.wait_for(told(), 20))
        signal.signal(signal.SIGINT, before)
        assert run.ended


def test_runs_are_rolled_back_and_forked(store: str) -> None:
    where = ("--db", store, "--charts", ORDERS)
    assert call("fork", "order-2", "trial", "--at", "1", *where).output == (
        "trial is running in open, open.paying\n"
    )
    assert said("show", "trial", "--db", store)["owed"] == []
    assert (
        call("rollback", "order-2", *where).output == "order-2 is in open, open.basket (entry 2)\n"
    )
    assert said("rollback", "trial", "--to", "0", *where)["sequence"] == 3
    assert "SC830" in call("rollback", "order-1", *where, status=1).output
    assert "SC821" in call("fork", "order-1", "order-2", *where, status=1).output
    lines = call("history", "order-2", "--db", store).output
    assert "(rollback)" in lines


@pytest.mark.long
def test_migration_is_checked_and_done(store: str, tmp_path: Path) -> None:
    """The protocols of a module know the versions; what they cannot read is told beforehand."""
    (tmp_path / "renamed.py").write_text(
        "from datetime import timedelta\n"
        "from statecharts import State, Statechart\n"
        "from statecharts.codec import Protocol, Upcaster\n"
        "from tests.test_runtime.orders import Order, Tick\n"
        "class Daily(Statechart[Tick]):\n"
        "    waiting = State(initial=True)\n"
        "    off = State(final=True)\n"
        "    waiting.to(off, on=Tick)\n"
        "    waiting.after(timedelta(days=1), waiting)\n"
        "    waiting.after(timedelta(days=9), off)\n"
        "def place(value):\n"
        "    return {**value, 'configuration': ['waiting'], 'data': {}}\n"
        "new = Upcaster(place=place, timers={'on.wait.after.wait': 'waiting.after.waiting'})\n"
        "days = Protocol(Daily, upcasters={1: new})\n"
    )
    (tmp_path / "broken.py").write_text(
        (tmp_path / "renamed.py")
        .read_text()
        .replace("days = Protocol", "_ = Upcaster")
        .replace("(Daily, upcasters={1: new})", "()")
    )
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}

    def migrate(module: str, *options: str) -> subprocess.CompletedProcess[str]:
        where = ("--db", store, "--charts", module, "--charts", ORDERS + ":Order")
        command = [sys.executable, "-m", "statecharts", "runs", "migrate", *where, *options]
        return subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )

    before = Path(store).read_bytes()
    found = migrate("broken", "--check")
    assert found.returncode == 1
    assert "day: [SC41" in found.stderr
    assert found.stdout == "1 of 3 runs cannot go on\n"
    found = migrate("renamed", "--check")
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.splitlines() == [
        "day: the timer waiting.after.off does not run; Upcaster(start=…) can start it",
        "3 runs can go on, 1 of an older version",
    ]
    assert Path(store).read_bytes() == before
    assert json.loads(migrate("renamed", "--json").stdout) == {
        "runs": 3,
        "migrated": ["day"],
        "old": [],
        "broken": {},
        "notes": {
            "day": ["the timer waiting.after.off does not run; Upcaster(start=…) can start it"]
        },
    }
    assert migrate("renamed").stdout.splitlines()[-1] == "0 runs migrated; 3 runs can go on"
    assert said("show", "day", "--db", store)["version"] == 2
    assert call("verify", "--db", store).output == "3 runs, no damage\n"


def test_serve_needs_charts_and_handlers(store: str) -> None:
    assert "handlers" in call("serve", ORDERS, "--db", store, status=2).output
    assert "there are no charts" in call("serve", "json", "--db", store, status=2).output
    assert "no module 'nope'" in call("serve", "nope", "--db", store, status=2).output


def test_charts_that_ask_for_nothing_need_no_handlers() -> None:
    """Timers, and what runs say to each other, the runtime carries out itself."""

    class Alarm(Statechart):
        quiet = State(initial=True)
        loud = State(final=True)
        quiet.after(timedelta(hours=8), loud)

    class Round(Statechart[Joined]):
        asking = State(initial=True, invoke={Each: lambda m: Each([Child(Alarm)])})
        over = State(final=True)
        asking.to(over, on=(Joined, CallFailed))

    assert [running._asks(one) for one in (Order, Daily, Alarm, Round)] == [
        True,
        True,
        False,
        False,
    ]


def test_serve_makes_no_store_that_was_not_asked_for(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A misspelt store is named with the one beside it; --create makes one."""
    typo = tmp_path / "rums.db"
    told = call("serve", ORDERS, "--db", str(typo), status=1).output
    assert told == (
        f"Error: there is no store {str(typo)!r}. Did you mean {store!r}? "
        "Correct --db, or make it: --create.\n"
    )
    assert not typo.exists()
    (tmp_path / "shop_handlers.py").write_text(f"from {ORDERS} import Order\nhandlers = []\n")
    monkeypatch.chdir(tmp_path)
    where = ("serve", "shop_handlers", "--db", store, "--prefix", "my_")
    told = call(*where, status=1).output
    assert told.startswith("Error: [SC805]")
    assert told.endswith("prints how), or --create.\n")
    assert "handlers" in call("serve", ORDERS, "--db", str(typo), "--create", status=2).output


def test_watch_refuses_a_run_that_is_not_there(store: str) -> None:
    told = call("watch", "order-3", "--db", store, status=1).output
    assert told == (
        "Error: [SC822] order-3: there is no run of that key. "
        "Did you mean 'order-2'? See which there are: statecharts runs list.\n"
    )
    far = call("watch", "zebra", "--db", store, status=1).output
    assert far.endswith("of that key. See which there are: statecharts runs list.\n")


def test_charts_that_a_module_imports_are_its_charts(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``--charts`` and ``serve`` find the charts of a module by one rule."""
    monkeypatch.chdir(tmp_path)
    text = f"from {ORDERS} import Charge, Order\nhandlers = {{}}\n"
    (tmp_path / "imports_orders.py").write_text(text)
    where = ("order-1", "--db", store, "--charts", "imports_orders")
    assert call("suspend", *where).output.startswith("order-1 is suspended")
    assert running._served("imports_orders")[1] == [Order.chart]
    assert running._served("imports_orders.py") == running._served("imports_orders")
    told = call("suspend", "day", *where[1:], status=1).output
    assert told == (
        "Error: [SC829] day: its chart Daily is not one of the charts here: Order. "
        "Name the module of its chart: --charts MODULE.\n"
    )
    (tmp_path / "flow.toml").write_text("")
    assert "has no handlers" in call("serve", "./flow.toml", "--db", store, status=2).output


def test_errors_name_the_options_of_the_terminal(store: str, tmp_path: Path) -> None:
    """What is an argument in Python is an option here."""
    told = call("list", "--db", store, "--prefix", "my_", status=1).output
    assert "SC805" in told
    assert "allow create" not in told
    told = call("list", "--db", store, "--prefix", "a b", status=1).output
    assert "--prefix='a b' has other characters" in told
    where = ("--db", store, "--charts", ORDERS)
    told = call("fork", "order-1", "order-2", *where, status=1).output
    assert told.endswith("Choose another key.\n")
    paid = '{"type": "paid", "receipt": ""}'
    told = call("answer", "order-2", "zebra", paid, *where, status=1).output
    assert told.endswith("See which calls are under way: statecharts runs show RUN.\n")
    told = call("answer", "order-2", "charge", paid, *where, status=1).output
    assert told.endswith("Did you mean 'open.paying.charge#1'?\n")
    file = tmp_path / "rows.jsonl"
    file.write_text("{}\n", "utf-8")
    told = call("import", str(file), "--db", store, status=1).output
    assert f"{file}, line 1: " in told


def test_file_that_is_no_store_is_not_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("key,card\na,1\n")
    told = call("list", "--db", str(path), status=1).output
    assert "[SC805]" in told
    assert "it is no store" in told
    assert "damaged" not in told


def test_calls_of_a_run_without_effects_are_shown(store: str) -> None:
    call("fork", "order-2", "trial", "--db", store, "--charts", ORDERS)
    lines = call("show", "trial", "--db", store).output.splitlines()
    assert "  effects   off: they are dropped, and nobody carries out calls" in lines
    assert "  call      open.paying.charge#1: charge, waits for an answer" in lines
    assert said("show", "trial", "--db", store)["effects"] is False
    assert said("show", "order-2", "--db", store)["effects"] is True


def test_parents_and_children_are_shown_and_listed(tmp_path: Path) -> None:
    """Each tells of the other, as long as the parent waits."""
    where = ("--db", str(tmp_path / "runs.db"))
    with Runs(tmp_path / "runs.db", Bakery, Oven, Astray) as runs:
        runs.start(Bakery, key="bakery").send(Go(3))
        runs.get("oven-1").send(Cancel())
        runs.get("oven-2").suspend()
        astray = runs.start(Astray, key="astray")
        astray.send(Go())
        astray.send(Ring())
        astray.answer("misspelt.child#1", ChildFailed())
        astray.send(Ring())
    lines = call("show", "bakery", *where).output.splitlines()
    assert "  call      busy.each#1[0]: child oven-0, running" in lines
    assert "  call      busy.each#1[1]: done, and others are waited for" in lines
    assert "  call      busy.each#1[2]: child oven-2, suspended" in lines
    assert said("show", "bakery", *where)["children"] == ["oven-0", "oven-2"]
    assert said("show", "bakery", *where)["parent"] is None
    lines = call("show", "oven-2", *where).output.splitlines()
    assert "  parent    bakery, by its call busy.each#1[2]" in lines
    assert said("show", "oven-2", *where)["parent"] == "bakery"
    listed = [one["run"] for one in said("list", "--parent", "bakery", *where)]
    assert listed == ["oven-0", "oven-2"]
    listed = said("list", "--parent", "bakery", "--status", "suspended", *where)
    assert [one["run"] for one in listed] == ["oven-2"]
    assert "SC822" in call("list", "--parent", "nobody", *where, status=1).output
    owed = "  effect    astray/2: tell nobody ring, 1 failure, next at "
    assert owed in call("show", "astray", *where).output


@pytest.mark.long
def test_watch_prints_what_happens_until_the_run_is_over(store: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "statecharts", "runs", "watch", "order-1", "--db", store]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stderr.readline() == "watching\n"
        with Runs(store_path(store), Order, Daily) as runs:
            runs.get("order-2").send(Ordered("x"))
            runs.get("order-1").send(Asked())
            runs.get("order-1").cancel()
        output = process.stdout.read()
        assert process.wait(20) == 0
    assert "order-2" not in output
    assert "order-1  asked  → open, open.basket" in output
    assert "(cancel)" in output
