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
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import cattrs
import pytest

from machines.investigator.secrets import MASK, Secret
from statecharts import Machine, StatechartError
from statecharts.codec import CodecError, Protocol
from tests.test_investigator.secretive import CANARY, Client, Login, Session


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
        "[SC514] secret: a secret cannot be pickled: it would be readable in the pickle. "
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


def test_secret_that_is_no_unicode_is_compared_all_the_same() -> None:
    """An error of encoding would have the whole text in its arguments."""
    assert Secret(f"{CANARY}\ud800") == Secret(f"{CANARY}\ud800")
    assert Secret(f"{CANARY}\ud800") != Secret(f"{CANARY}\ud801")


def test_secret_is_not_shown_by_a_traceback_with_variables(secret: Secret) -> None:
    """Where frames are shown with what their names stand for, a secret is masked, too."""
    step: Any = Machine(Client).send(Login(secret))
    wrong: Any = CANARY.encode()
    for fail in (lambda: step.snapshot[secret], lambda: 1 / (secret == secret) / 0):  # noqa: PLR0124
        with pytest.raises((TypeError, StatechartError, ZeroDivisionError)) as caught:
            fail()
        shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        own = "".join(shown.format()).replace(repr(wrong), "")
        assert MASK in own
        assert CANARY not in own


def test_text_that_is_refused_as_a_secret_is_in_no_variable() -> None:
    """The frame that refuses does not have it any more."""
    with pytest.raises(TypeError) as caught:
        Secret(CANARY.encode())  # type: ignore[arg-type]
    frame = list(traceback.walk_tb(caught.value.__traceback__))[-1][0]
    assert frame.f_code.co_name == "__init__"
    assert CANARY not in repr(frame.f_locals)


@pytest.mark.parametrize("text", ["", None, CANARY.encode(), 7])
def test_secret_is_a_text_that_is_not_empty(text: object) -> None:
    """What is no secret is refused, and not shown: it may have been meant to be one."""
    with pytest.raises(TypeError, match="a secret must be a string that is not empty") as refused:
        Secret(text)  # type: ignore[arg-type]
    assert CANARY not in str(refused.value)


@pytest.mark.long
def test_canary_is_in_nothing_that_was_written(tmp_path: Path) -> None:
    """A whole program writes wherever it can; none of it holds the secret."""
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-m", "tests.test_investigator.canary", tmp_path],
        capture_output=True,
        check=False,
    )
    assert b"RuntimeError: ('failed', Secret" in done.stderr
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(written) == WRITTEN
    for name in SHOWN:
        assert b"Secret(" in written[name], name
    encoded = CANARY.encode()
    forms = (encoded, CANARY.encode("utf-16-le"), encoded.hex().encode(), b64encode(encoded)[:-2])
    for name, content in {**written, "stdout": done.stdout, "stderr": done.stderr}.items():
        for form in forms:
            assert form not in content, name


WRITTEN = {
    *("run.log", "report.md", "dump.json", "table.csv", "errors.txt", "chart.svg", "chart.dot"),
    *("chart.mermaid", "simulated.txt", "simulated.json", "schema.txt", "investigation.json"),
    *("progress.txt", *(f"{number}.bin" for number in range(9))),
}
"""What the program leaves behind."""

SHOWN = {"run.log", "report.md", "dump.json", "table.csv", "errors.txt", "simulated.txt"}
"""Where the secret would be, were it not masked."""
