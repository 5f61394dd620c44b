"""A program that has a secret, and writes wherever it can: into a folder, and to the terminal.

``python -m tests.test_investigator.canary FOLDER``; nothing that it writes may hold the secret.
"""

from __future__ import annotations

import asyncio
import csv
import json
import logging
import marshal
import pickle
import pprint
import sqlite3
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from machines.investigator.envelope import create_trace, wrap
from machines.investigator.reasoning import OpenAIReasoner
from machines.investigator.runtime import LocalInvestigator
from machines.investigator.secrets import Secret
from machines.investigator.security import Scope, SecurityViolation, ToolCall, validate_tool_call
from statecharts import Machine, StatechartError, drawing
from statecharts.cli.showing import schema
from statecharts.cli.simulating import simulate
from statecharts.codec import Protocol
from tests.test_investigator.secretive import (
    KEY,
    Client,
    Go,
    Knock,
    Login,
    Loose,
    Vault,
    echo,
    failing,
)

LOG = logging.getLogger("canary")


def told(error: BaseException) -> str:
    """Return all that can be told of an error, the variables of its frames included."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join([*shown.format(), repr(error), repr(vars(error))])


def show(folder: Path, secret: Secret) -> None:
    """Show it in texts, logs and tables."""
    LOG.debug("key=%s %r", secret, [secret])
    print(secret, [secret], f"{secret:>30}")
    print(pprint.pformat({"key": secret}))
    warnings.warn(f"key={secret}", stacklevel=1)
    (folder / "report.md").write_text(f"# Report\n\nkey: {secret}\n", encoding="utf-8")
    (folder / "dump.json").write_text(json.dumps({"key": secret}, default=repr), encoding="utf-8")
    with (folder / "table.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow(["key", secret])


def dump(folder: Path, secret: Secret) -> None:
    """Write it with all that writes; each refuses."""
    vault = Protocol(Vault)
    step = Machine(Vault, Loose()).send(Go())
    writers: tuple[Callable[[], object], ...] = (
        lambda: pickle.dumps({"key": secret}),
        lambda: json.dumps(wrap({"key": secret}, create_trace())).encode(),
        lambda: json.dumps(secret, default=vars).encode(),
        lambda: marshal.dumps(secret),  # type: ignore[arg-type]
        lambda: pickle.dumps(Machine(Client).send(Login(secret)).snapshot),
        lambda: Protocol(Client).dumps_event(Login(secret)),
        lambda: vault.dumps_snapshot(step.snapshot),
        lambda: vault.dumps_step(step),
        lambda: vault.dumps_effect(step.effects[0]),
    )
    for number, write in enumerate(writers):
        with (folder / f"{number}.bin").open("wb") as file:
            try:
                file.write(write())  # type: ignore[arg-type]
            except Exception as error:
                traceback.print_exc()
                LOG.exception("not written")
                print(told(error))
            else:
                raise AssertionError(number)


def store(secret: Secret) -> None:
    """Store it in what stores things."""
    with closing(sqlite3.connect(":memory:")) as kept:
        try:
            kept.execute("SELECT ?", (secret,))
        except sqlite3.Error as error:
            LOG.exception("not stored")
            print(told(error))


def ask(secret: Secret) -> Iterator[str]:
    """Give it to tools; yield what they say."""
    scope = Scope("u", "t", tools=["query"])
    sql = f"SELECT '{secret.reveal()}' FROM payroll"
    for arguments in ({"sql": secret}, {"sql": sql}, {"key": secret}):
        try:
            validate_tool_call(ToolCall("query", arguments), scope)
        except SecurityViolation as refused:
            LOG.exception("refused")
            yield f"{refused} {refused!r} {vars(refused)}"


def run_charts(folder: Path) -> Iterator[str]:
    """Run charts that hold it, fail in every way, and yield what is said."""
    machine = Machine(Vault, Loose())
    machine.subscribe(print)
    print(machine, machine.send(Go()), machine.snapshot)
    for kind in ("svg", "dot", "mermaid"):
        (folder / f"chart.{kind}").write_text(drawing.render(Vault, kind), encoding="utf-8")
    for role in ("when", "make", "update", "emit", "entry", "exit", "run"):
        try:
            Machine(failing(role), Loose()).send(Login(KEY))
        except Exception as error:
            LOG.exception("failed")
            yield told(error)
    machine = Machine(Vault, Loose(), on_unhandled="raise")
    machine.send(Go())
    key: Any = KEY
    wrongs: tuple[Callable[[], object], ...] = (
        lambda: machine.send(Knock(KEY)),
        lambda: machine.send(key),
        lambda: machine.snapshot[key],
    )
    for wrong in wrongs:
        try:
            wrong()
        except StatechartError as error:
            yield told(error)


def run_commands(folder: Path) -> None:
    """Run the commands over charts that hold it."""
    here = "tests.test_investigator.secretive"
    for name, command, arguments in (
        ("simulated.txt", simulate, [f"{here}:Vault", "--explain"]),
        ("simulated.json", simulate, [f"{here}:Vault", "--json"]),
        ("schema.txt", schema, [f"{here}:Client"]),
    ):
        done = CliRunner().invoke(command, arguments, input='{"type": "go"}\n')
        text = f"{done.output}\n{done.exception!r}"
        (folder / name).write_text(text, encoding="utf-8")


def investigate(folder: Path) -> Iterator[str]:
    """Investigate with a model that repeats the key in every way; yield what is said."""
    progress: list[object] = []
    with echo() as url:
        for status in (200, 302, 401, 500):
            reasoner = OpenAIReasoner(f"{url}/{status}", "small", KEY, timeout_s=5)
            run = LocalInvestigator(reasoner, observer=progress.append, sleep=_at_once)
            run.start("why?", Scope("u", "t"))
            asyncio.run(run.run(), debug=True)
            yield from (told(one.error) for one in run.errors)
            yield f"{run.errors} {run.intents} {reasoner!r} {vars(reasoner)}"
            (folder / "investigation.json").write_bytes(run.dumps())
    (folder / "progress.txt").write_text(repr(progress), encoding="utf-8")


async def _at_once(_: float) -> None:
    """Do not wait."""


def main(folder: Path) -> None:
    """Write all there is, and fail in the end."""
    logging.basicConfig(filename=folder / "run.log", level=logging.DEBUG)
    show(folder, KEY)
    dump(folder, KEY)
    store(KEY)
    said = [*ask(KEY), *run_charts(folder), *investigate(folder)]
    run_commands(folder)
    (folder / "errors.txt").write_text("\n".join(said), encoding="utf-8")
    raise RuntimeError("failed", KEY)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
