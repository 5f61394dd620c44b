"""Secrets: refused or masked wherever a run records something, and never in the store."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from machines.investigator.secrets import Secret
from machines.planner import Engine, NodeError, Plan, PlanError, RunConfig, SnapshotPolicy, Work
from tests.test_plan.conftest import CONFIG

WORD = "hunter2-hunter2"
PEM = "-----BEGIN PRIVATE KEY-----\nhunter2-hunter2"


class Source:
    """Answers with a secret, as our own transports do."""

    def ask(self, request: Any, stop: threading.Event) -> Any:
        return {"status": 200, "text": f'{{"access_token": "{WORD}"}}', "out": "", "err": ""}


def _raise(error: BaseException) -> None:
    raise error


def _opened(work: Work) -> str:
    """Return a secret that the node gets as one."""
    text: str = work.io.record("login", {"session": WORD}, secret=True).response["session"]
    return text


RECORDS: dict[str, Callable[[Work], Any]] = {
    "a message": lambda _: _raise(NodeError("bad", f"got Bearer {WORD}")),
    "details": lambda _: _raise(NodeError("bad", "y", details={"password": WORD})),
    "details of a class": lambda _: _raise(NodeError("bad", "y", details={"k": Secret(WORD)})),
    "an exception": lambda _: _raise(ValueError(f"login with password={WORD}")),
    "a value under its key": lambda work: work.context.write("password", WORD),
    "a fact under its key": lambda work: work.io.record("api_key", WORD),
    "an answer": lambda work: work.io.call("source", 1, key="answer"),
    "a text that is JSON": lambda work: work.io.record("k", f'{{"password": "{WORD}"}}'),
    "the name of an event": lambda work: work.emit(f"Bearer {WORD}"),
    "an event under its name": lambda work: work.emit("password", WORD),
    "a key": lambda work: work.context.write("k", {f"Bearer {WORD}": 1}),
    "bytes of a result": lambda _: {"pem": PEM.encode()},
    "bytes of an output": lambda work: work.output("k", PEM.encode()),
    "an opened secret as result": _opened,
    "an opened secret as bytes": lambda work: _opened(work).encode(),
    "an opened secret in a message": lambda work: _raise(ValueError(f"no {_opened(work)}!")),
    "an opened secret in details": lambda work: _raise(
        NodeError("bad", _opened(work), details=[_opened(work)])
    ),
    "an opened secret in the context": lambda work: work.context.write("k", [_opened(work)]),
    "an opened secret in an output": lambda work: work.output("k", f"<{_opened(work)}>"),
    "an opened secret in an artifact": lambda work: work.put(_opened(work), kind="plot"),
    "an opened secret in an event": lambda work: work.emit("k", {_opened(work): 1}),
    "an opened secret as a fact": lambda work: work.io.record("k", _opened(work)),
    "an opened secret for a child": lambda work: work.child(Plan("x"), "c", {"s": _opened(work)}),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("what", RECORDS)
def test_nothing_that_a_node_records_has_a_secret_in_it(tmp_path: Path, what: str) -> None:
    """The node fails, says why, and no byte of the store has the secret."""
    pytest.importorskip("cryptography")
    plan = Plan("leaks")
    plan.node("a.b.c", RECORDS[what], snapshot=SnapshotPolicy.ALWAYS)
    config = RunConfig(retry=CONFIG.retry, profile="verbose")
    store = f"sqlite:///{tmp_path}/plans.db"
    sources = {"source": Source()}
    with Engine(store, secret_key=bytes(range(64)), transports=sources) as engine:
        run = engine.start(plan, config=config)
        error = run.errors["a.b.c"]
        assert "SC853" in error.message or "Secret(…)" in error.message or "holds" in error.message
    for file in tmp_path.iterdir():
        for trace in (b"hunter2", base64.b85encode(PEM.encode())):
            assert trace not in file.read_bytes()


def test_an_answer_with_a_secret_says_how_to_seal_it(engine: Engine) -> None:
    """The remedy names the argument, and does what it says."""
    pytest.importorskip("cryptography")
    plan = Plan("asks")
    plan.node("a.b.c", lambda work: work.io.call("source", 1, key="answer"))
    engine._transports["source"] = Source()
    message = engine.start(plan, config=CONFIG).errors["a.b.c"].message
    assert message == (
        "[SC853] a.b.c answer: $.answer.text.access_token holds a secret, which is never recorded."
        " Ask with secret=True, which seals it."
    )


def test_each_way_to_ask_can_seal_its_answer(tmp_path: Path) -> None:
    """Files, programs, rows: the node gets them, the store has ciphertext."""
    pytest.importorskip("cryptography")
    path = tmp_path / "login.json"
    path.write_text(f'{{"password": "{WORD}"}}')
    seen: list[Any] = []

    def node(work: Work) -> None:
        seen.append(work.io.file(str(path), key="file", secret=True).decode())
        seen.append(work.io.exec("cat", str(path), key="exec", secret=True).out)

    plan = Plan("seals")
    plan.node("a.b.c", node)
    (tmp_path / "store").mkdir()
    with Engine(f"sqlite:///{tmp_path}/store/plans.db", secret_key=bytes(range(64))) as engine:
        run = engine.start(plan, config=evolve(CONFIG, programs=("cat",)))
        assert str(run.status) == "completed", run.errors
        assert not engine.difference(run.run, engine.replay(run.run, plan).run)
    assert seen == [path.read_text()] * 4
    for file in (tmp_path / "store").iterdir():
        assert WORD.encode() not in file.read_bytes()


def test_what_is_said_to_the_engine_has_no_secrets(engine: Engine) -> None:
    """The place of a plan and the first context are refused, the reason of an end is masked."""
    plan = Plan("said")
    plan.node("a.b.c", lambda _: 1)
    wrong: list[Any] = [
        {"source": f"https://ada:{WORD}@host/x.py"},
        {"context": {"password": WORD}},
    ]
    for given in wrong:
        with pytest.raises(PlanError, match="SC853") as caught:
            engine.create(plan, **given)
        assert WORD not in str(caught.value)
    run = engine.create(plan)
    engine.cancel(run, f"the password={WORD} is known")
    said = [str(one.event) for one in engine._get(run).history()]
    assert not [one for one in said if WORD in one]
    assert [one for one in said if "Secret(…)" in one]
