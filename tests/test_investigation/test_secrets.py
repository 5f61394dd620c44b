"""Secrets: held, handed on, used, and never shown."""

from __future__ import annotations

import copy
import io
import json
import logging
import pickle
import pprint
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import attrs
import cattrs
import pytest
from attrs import frozen

from machines.investigation.secrets import MASK, Secret
from statecharts import Effect, Machine, State, Statechart, StatechartError
from statecharts.codec import CodecError, Protocol

CANARY = "c4n4ry-in-the-mine"


@frozen
class Login:
    """An event that brings a secret along."""

    key: Secret


@frozen
class Session:
    """A state's data that holds it."""

    key: Secret


@frozen
class Connect(Effect):
    """An effect that hands it on."""

    key: Secret


class Client(Statechart, events=Login, allow="*"):
    """A chart through which a secret passes."""

    out = State(initial=True)
    inside = State(Session)
    out.to(inside, on=Login, emit=lambda m: Connect(m.event.key))


@pytest.fixture
def secret() -> Secret:
    return Secret(CANARY)


SHOWS: dict[str, Callable[[Secret], object]] = {
    "repr": repr,
    "str": str,
    "ascii": ascii,
    "format": format,
    "f-string": lambda s: f"{s} {s!r} {s!s} {s!a} {s:>60} {s:.3}",
    "percent": lambda s: "%s %r %a %.4s" % (s, s, s, s),  # noqa: UP031 - one of the ways
    "str.format": lambda s: "{} {!r} {:<30}".format(s, s, s),  # noqa: UP032 - another
    "list": lambda s: str([s, (s,), {s: s}, {s}]),
    "pprint": lambda s: pprint.pformat({"key": [s]}, width=10),
    "json": lambda s: json.dumps({"key": s}, default=str),
    "attrs.asdict": lambda s: attrs.asdict(Session(s)),
    "attrs": lambda s: Session(s),
    "cattrs": lambda s: cattrs.unstructure(Session(s)),
    "copy": lambda s: [copy.copy(s), copy.deepcopy([s])],
    "dir": lambda s: [(name, repr(getattr(s, name, None))) for name in dir(s)],
    "exception": lambda s: traceback.format_exception(ValueError("bad key", s)),
    "chart": lambda s: [Machine(Client).send(Login(s))],
    "snapshot": lambda s: Machine(Client).send(Login(s)).snapshot,
    "effects": lambda s: Machine(Client).send(Login(s)).effects,
}


@pytest.mark.parametrize("show", SHOWS.values(), ids=SHOWS)
def test_secret_is_not_shown(show: Callable[[Secret], object], secret: Secret) -> None:
    """Whichever way a thing is turned into text, a secret in it stays one."""
    shown = show(secret)
    text = f"{shown}{shown!r}"
    assert CANARY not in text
    assert CANARY[:6] not in text


DUMPS: dict[str, Callable[[Secret], object]] = {
    "json": json.dumps,
    "json by vars": lambda s: json.dumps(s, default=vars),
    "vars": vars,
    "pickle": pickle.dumps,
    "pickle 0": lambda s: pickle.dumps(s, 0),
    "pickle 1": lambda s: pickle.dumps([s], 1),
    "pickle 2": lambda s: pickle.dumps(Session(s), 2),
    "reduce": lambda s: s.__reduce__(),
    "getstate": lambda s: s.__getstate__(),
    "event": lambda s: Protocol(Client).dumps_event(Login(s)),
    "snapshot": lambda s: Protocol(Client).dumps_snapshot(Machine(Client).send(Login(s)).snapshot),
    "step": lambda s: Protocol(Client).dump_step(Machine(Client).send(Login(s))),
    "len": lambda s: len(s),  # type: ignore[arg-type]
    "iter": lambda s: list(s),  # type: ignore[call-overload]
    "index": lambda s: s[0],  # type: ignore[index]
    "add": lambda s: "Bearer " + s,  # type: ignore[operator]
    "join": lambda s: "".join([s]),  # type: ignore[list-item]  # noqa: FLY002 - that is the way
    "bytes": lambda s: bytes(s),  # type: ignore[call-overload]
    "write": lambda s: io.StringIO().write(s),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("dump", DUMPS.values(), ids=DUMPS)
def test_secret_is_not_dumped(dump: Callable[[Secret], object], secret: Secret) -> None:
    """What would write it down refuses instead, and does not show it in doing so."""
    with pytest.raises((TypeError, AttributeError, StatechartError, CodecError)) as refused:
        dump(secret)
    assert CANARY not in "".join(traceback.format_exception(refused.value))


def test_pickle_says_what_to_do(secret: Secret) -> None:
    """The refusal is one of ours, with a remedy."""
    with pytest.raises(StatechartError, match=r"\[SC514\]") as refused:
        pickle.dumps({"key": secret})
    assert str(refused.value) == (
        "[SC514] secret: a secret was to be pickled, and would be readable in the pickle. "
        "Leave it out, and ask for it again."
    )


def test_secret_is_not_logged(secret: Secret, caplog: pytest.LogCaptureFixture) -> None:
    """Logs get the mask, however the secret is passed to them."""
    caplog.set_level(logging.DEBUG)
    log = logging.getLogger("client")
    log.info("key %s in %r", secret, {"key": secret})
    log.info(secret)
    log.info("key", extra={"key": secret})
    try:
        raise KeyError(secret)
    except KeyError:
        log.exception("failed")
    written = caplog.text + "".join(repr(vars(record)) for record in caplog.records)
    assert CANARY not in written
    assert written.count(MASK) > 3


def test_reveal_is_the_one_way(secret: Secret) -> None:
    """The text is there for whoever asks for it by that word."""
    assert secret.reveal() == CANARY
    assert copy.deepcopy(secret).reveal() == CANARY
    assert [name for name in dir(secret) if not name.startswith("_")] == ["redact", "reveal"]


def test_words_of_others_are_redacted(secret: Secret) -> None:
    """An error that somebody else wrote can be made fit to be shown."""
    assert secret.redact(f"401: {CANARY} is unknown; {CANARY}") == f"401: {MASK} is unknown; {MASK}"
    assert secret.redact("nothing here") == "nothing here"


def test_secrets_are_compared_by_their_text(secret: Secret) -> None:
    """Equal texts make equal secrets; a text is not a secret."""
    assert secret == Secret(CANARY)
    assert hash(secret) == hash(Secret(CANARY))
    assert secret != Secret("other")
    assert secret != CANARY
    assert Secret("ü") != Secret("u")


def test_secret_does_not_change(secret: Secret) -> None:
    """What was handed on stays what it was."""
    with pytest.raises(AttributeError, match="a secret does not change"):
        secret._reveal = str
    with pytest.raises(AttributeError, match="a secret does not change"):
        del secret._reveal
    with pytest.raises(AttributeError):
        secret.note = CANARY


@pytest.mark.parametrize("text", ["", None, CANARY.encode(), 7])
def test_secret_is_a_text_that_is_not_empty(text: object) -> None:
    """What is no secret is refused, and not shown: it may have been meant to be one."""
    with pytest.raises(TypeError, match="a secret is a text that is not empty") as refused:
        Secret(text)  # type: ignore[arg-type]
    assert CANARY not in str(refused.value)


PROGRAM = """
import json, logging, pathlib, pickle, pprint, sys, traceback
from machines.investigation.secrets import Secret
from machines.investigation.envelope import create_trace, wrap
from machines.investigation.security import Scope, SecurityViolation, ToolCall, validate_tool_call

folder = pathlib.Path(sys.argv[1])
secret = Secret("-".join(["c4n4ry", "in", "the", "mine"]))
logging.basicConfig(filename=folder / "run.log", level=logging.DEBUG)
logging.debug("key=%s %r", secret, [secret])
print(secret, [secret], f"{secret:>30}")
pprint.pprint({"key": secret})
(folder / "report.md").write_text(f"# Report\\n\\nkey: {secret}\\n")
(folder / "dump.json").write_text(json.dumps({"key": secret}, default=repr))
for number, write in enumerate((
    lambda file: pickle.dump({"key": secret}, file),
    lambda file: file.write(json.dumps(wrap({"key": secret}, create_trace())).encode()),
    lambda file: file.write(json.dumps(secret, default=vars).encode()),
)):
    with (folder / f"{number}.bin").open("wb") as file:
        try:
            write(file)
        except Exception:
            traceback.print_exc()
            logging.exception("not written")
scope = Scope("u", "t", tools=["query"])
told = f"SELECT '{secret.reveal()}' FROM payroll"
for arguments in ({"sql": secret}, {"sql": told}, {"key": secret}):
    try:
        validate_tool_call(ToolCall("query", arguments), scope)
    except SecurityViolation as refused:
        logging.exception("refused")
        print(refused, repr(refused), vars(refused))
def fail(key):
    raise RuntimeError("failed", key)
fail(secret)
"""


def test_canary_is_in_nothing_that_was_written(tmp_path: Path) -> None:
    """A whole program writes wherever it can; none of it holds the secret."""
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", PROGRAM, str(tmp_path)],
        capture_output=True,
        check=False,
    )
    assert b"RuntimeError: ('failed', Secret" in done.stderr
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(written) == {"run.log", "report.md", "dump.json", "0.bin", "1.bin", "2.bin"}
    assert MASK.encode() in written["run.log"]
    for name, content in {**written, "stdout": done.stdout, "stderr": done.stderr}.items():
        for form in (CANARY.encode(), CANARY.encode("utf-16-le"), CANARY.encode().hex().encode()):
            assert form not in content, name
