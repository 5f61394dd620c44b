"""Charts that go over to python-statemachine and come back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from statecharts import Chart
from statecharts.interop.python_statemachine import from_class, to_class
from statecharts.model.chart import After, Transition
from statecharts.model.effects import Action, CancelSend, Raise, Send
from statecharts.model.events import NamedEvent
from statecharts.model.hooks import Hook
from statecharts.model.named import AllOf, Branch, Choose, Give, Holds, In, Named
from tests.oracle.handmade import (
    Row,
    always,
    atomic,
    compound,
    deep,
    done,
    final_state,
    on,
    parallel,
    shallow,
)
from tests.proof import shards
from tests.test_interop.psm_charts import random_chart
from tests.test_interop.psm_rows import plain, with_hooks


def same(chart: Chart) -> None:
    """See that a chart comes back as it went; events are those that its transitions name."""
    back = from_class(to_class(chart))
    assert back.root == chart.root
    assert back.states == chart.states
    assert back.name == chart.name
    assert from_class(to_class(back)) == back


ROWS: dict[str, tuple[Row, ...]] = {
    "flat": (atomic("a", on("go", "b")), final_state("b")),
    "nested": (
        compound("a", "a.b", on("out", "c"), on("go", "a.c").internal()),
        atomic("a.b"),
        atomic("a.c"),
        atomic("c"),
    ),
    "parallel": (
        parallel("p", done("q")),
        compound("p.a", "p.a.x"),
        atomic("p.a.x", on("go", "p.a.end")),
        final_state("p.a.end"),
        compound("p.b", "p.b.x"),
        atomic("p.b.x", on("go", "p.b.end")),
        final_state("p.b.end"),
        atomic("q"),
    ),
    "history": (
        compound("a", "a.x", on("off", "out")),
        shallow("a.h", "a.x"),
        atomic("a.x"),
        deep("a.d", "a.y"),
        atomic("a.y"),
        atomic("out", on("back", "a.h"), on("deep", "a.d")),
    ),
    "twins": (compound("a", "a.x"), atomic("a.x"), compound("b", "b.x"), atomic("b.x")),
    "reserved": (compound("value", "value.to"), atomic("value.to"), atomic("model")),
    "deep": (compound("a", "a.b.d"), compound("a.b", "a.b.c"), atomic("a.b.c"), atomic("a.b.d")),
    "eventless": (atomic("a", always("b")), atomic("b", on("*", "a"), on("e.*", "a"))),
    "stays": (atomic("a", on("tick").internal(), on("tock").forbidden(), on("go", "a")),),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
def test_a_tree_comes_back(rows: tuple[Row, ...]) -> None:
    """States, kinds, defaults, histories and transitions are equal."""
    same(plain(*rows))


def coded(moment: Any) -> None:
    """Do nothing, in code."""


YES = Hook(Holds(value=True))
ACTIONS = (
    Action("note"),
    Action("note", {"text": "hi"}),
    Action("send"),
    Raise(NamedEvent("next", {"n": 1})),
    Send(NamedEvent("next")),
    Send(NamedEvent("next"), timedelta(seconds=1), "id"),
    CancelSend("id"),
)
CONTENT = (
    *(Give(action) for action in ACTIONS),
    coded,
    Choose((Branch(YES, (Hook(coded),)), Branch(None, ()))),
)
GUARDS = (
    Named("ready"),
    Named("ready", {"least": 3}),
    Named("n > 3"),
    Named("model"),
    AllOf((Hook(Named("p")), Hook(Named("q")))),
    In("a"),
    Holds(value=False),
)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("action", CONTENT, ids=lambda one: one.__name__)
def test_an_action_comes_back(action: Any) -> None:
    """Actions by name, constant effects, choices and code are equal."""
    same(with_hooks(plain(atomic("a", on("go", "b")), atomic("b")), "go", action=action))


@pytest.mark.sampled(3)
@pytest.mark.parametrize("guard", GUARDS, ids=lambda one: one.__name__)
def test_a_guard_comes_back(guard: Any) -> None:
    """Guards by name, with parameters, put together and in code are equal."""
    same(with_hooks(plain(atomic("a", on("go", "b")), atomic("b")), "go", guard=guard))


def test_a_delay_comes_back() -> None:
    """A delayed transition is one again."""
    subject = plain(atomic("a"), atomic("b"))
    line = Transition("a", After(timedelta(seconds=3), "a.after.1"), ("b",))
    states = (evolve(subject["a"], transitions=(line,)), subject["b"])
    same(evolve(subject, states=states))


@pytest.mark.parametrize("seeds", shards(2_000, 60, sample=4))
def test_random_charts_come_back(seeds: range) -> None:
    """Whatever the differential proof runs goes over and back."""
    for seed in seeds:
        same(random_chart(seed))
