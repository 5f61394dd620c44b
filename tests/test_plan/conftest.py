"""Engines for the tests of plans, and sockets that are denied."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest

from machines.planner import Engine, RetryPolicy, RunConfig

QUICK = RetryPolicy(attempts=3, delay=timedelta(milliseconds=1), backoff="fixed")
CONFIG = RunConfig(retry=QUICK, at_once=4)


class KilledError(BaseException):
    """Stands for the end of a process."""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine(f"sqlite:///{tmp_path}/plans.db") as opened:
        yield opened


@pytest.fixture
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deny every connection."""

    def denied(*_: Any, **__: Any) -> NoReturn:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", denied)
    monkeypatch.setattr(socket, "create_connection", denied)


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a process that is killed in a test leave nothing behind, and count as dead."""

    def silent(*_: object) -> NoReturn:
        raise KilledError

    monkeypatch.setattr("statecharts.runtime.Run.fail", silent)
    monkeypatch.setattr("machines.planner.engine.has_died", lambda _: True)
