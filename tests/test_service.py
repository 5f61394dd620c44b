"""The example of a service: its answers to clients that send anything but JSON events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from statecharts import Call, CallFailed, Invoke, Kernel, State, Statechart
from statecharts.codec import Protocol
from statecharts.model.effects import Action

testclient = pytest.importorskip("starlette.testclient")


@frozen
class Begin(Call[Any]):
    pass


ODD = {
    "empty": b"",
    "not JSON": b"{",
    "not UTF-8": b"\xff",
    "nested too deep": b"[" * 100_000,
    "a number too long": b"1" * 5_000,
}


@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
def test_service_answers_400_to_what_is_not_json(tmp_path: Path, body: bytes) -> None:
    """Bytes that are not JSON are answered with 400, and the order stays as it is."""
    from examples.service import make_app

    client = testclient.TestClient(make_app(tmp_path / "orders.sqlite"))
    answer = client.post("/orders/7/events", content=body)

    assert (answer.status_code, answer.json()) == (400, {"error": "the body is not JSON"})
    assert client.get("/orders/7").json()["configuration"] == ["basket"]


def test_service_answers_422_to_json_that_is_no_event(tmp_path: Path) -> None:
    """JSON that is not an event of the chart is refused with its path."""
    from examples.service import make_app

    client = testclient.TestClient(make_app(tmp_path / "orders.sqlite"))
    answer = client.post("/orders/7/events", json={"type": "orderd", "card": "1"})

    assert (answer.status_code, answer.json()["path"]) == (422, "$.type")


def test_what_the_start_asks_for_is_owed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The call of an initial state is stored with the first event, before what the event asks."""
    from examples import service

    class Eager(Statechart[service.Ordered]):
        on = State(initial=True, resting=True, invoke=Begin)
        on.ignore(on=CallFailed)
        on.stay(on=service.Ordered, emit=lambda m: Action("pack"))

    monkeypatch.setattr(service, "KERNEL", Kernel(Eager))
    monkeypatch.setattr(service, "PROTOCOL", Protocol(Eager))
    orders = service.Orders(tmp_path / "orders.sqlite")
    for _ in range(2):
        assert orders.send("7", service.Ordered("4111")).handled
    owed = [effect for _, effect in orders.owed()]
    assert owed == [Invoke("on.begin#1", Begin()), Action("pack"), Action("pack")]
    assert list(orders.load("7")[0].calls) == ["on.begin#1"]
