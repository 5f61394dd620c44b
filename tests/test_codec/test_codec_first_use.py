"""A protocol prepares each class on first use, from any thread."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime
from threading import Event
from typing import Any

import pytest
from attrs import frozen

from machines.pipeline import Block, Pipeline
from statecharts import Effect, StartTimer
from statecharts.codec import Protocol, records
from statecharts.codec.fields import members


@frozen
class Ring(Effect):
    times: int


def test_functions_are_written_when_they_are_first_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A protocol is made without them, and has each of them written once."""
    written: list[str] = []
    for name in ("structure", "unstructure"):
        generator = f"make_dict_{name}_fn_from_attrs"
        make = getattr(records, generator)

        def counted(*given: Any, _make: Any = make, _name: str = name, **options: Any) -> Any:
            written.append(f"{_name} {given[1].__name__}")
            return _make(*given, **options)

        monkeypatch.setattr(records, generator, counted)
    protocol = Protocol(Pipeline)
    assert written == []
    for _ in range(2):
        assert protocol.load_event({"type": "block", "reason": "it"}) == Block("it")
    assert written == ["structure Block"]
    for _ in range(2):
        protocol.dump_effect(StartTimer("t", datetime(2026, 3, 2, tzinfo=UTC)))
    assert written[1:] == ["unstructure StartTimer"]


def test_two_threads_may_be_the_first_to_write_an_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither sees a class whose fields the other is still working out."""
    protocol = Protocol(Pipeline)
    begun, resumed = Event(), Event()

    def slowly(annotation: Any) -> Any:
        begun.set()
        assert resumed.wait(60)
        return members(annotation)

    monkeypatch.setattr(records, "members", slowly)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(protocol.dump_effect, Ring(3))
        assert begun.wait(60)
        second = pool.submit(protocol.dump_effect, Ring(4))
        wait([second], timeout=0.1)  # long enough to go wrong
        resumed.set()
        assert first.result() == {"type": "ring", "times": 3}
        assert second.result() == {"type": "ring", "times": 4}


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no forks")
def test_process_may_fork_while_another_thread_is_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The fork waits until the class is whole, so that the new process can use it."""
    protocol = Protocol(Pipeline)
    begun = Event()

    def slowly(annotation: Any) -> Any:
        begun.set()
        time.sleep(0.05)
        return members(annotation)

    monkeypatch.setattr(records, "members", slowly)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(protocol.dump_effect, Ring(3))
        assert begun.wait(60)
        child = os.fork()
        if not child:
            signal.alarm(20)
            os._exit(protocol.dump_effect(Ring(4)) != {"type": "ring", "times": 4})
        assert os.waitpid(child, 0)[1] == 0
        assert first.result() == {"type": "ring", "times": 3}
