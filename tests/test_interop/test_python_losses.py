"""Losses of a declaration in Python, word for word."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from machines.pipeline import Pipeline
from statecharts import Moment, State, Statechart
from statecharts.interop.documents import Document
from statecharts.interop.drafts import Draft, assemble, identify
from statecharts.interop.findings import Findings, LossError, Losses
from statecharts.interop.python import dumps, write
from statecharts.interop.python.structure import Declarable
from statecharts.model.chart import (
    After,
    Always,
    Chart,
    Default,
    OnEvent,
    StateKind,
    Transition,
    TransitionKind,
)
from statecharts.model.effects import Action, Raise
from statecharts.model.events import NamedEvent
from statecharts.model.hooks import Hook
from statecharts.model.named import Give, Named
from tests.test_interop.python_walks import declared, imported, walk

Change = Callable[[dict[str, Draft]], None]


def chart(change: Change, kind: StateKind = StateKind.PARALLEL) -> Chart:
    """Return a chart of two regions `both.a` and `both.b`, with something about it changed."""
    document = Document.of("")
    root = Draft("works", StateKind.COMPOUND)
    idle, both = root.add(Draft("idle")), root.add(Draft("both", kind))
    for region in ("a", "b"):
        inner = both.add(Draft(region, StateKind.COMPOUND))
        inner.add(Draft("x"))
        inner.add(Draft("y"))
    found = identify(root, document)
    for name in ("", "both.a", "both.b"):
        child = found[name].children[0].id
        found[name].default = Transition(name, Default(), (child,))
    if kind is StateKind.COMPOUND:
        both.default = Transition("both", Default(), ("both.a",))
    both.transitions = [Transition("both", OnEvent(("stop",)), ("idle",))]
    idle.transitions = [Transition("idle", OnEvent(("go",)), ("both",))]
    change(found)
    return (findings := Findings(document)).settle(assemble(root, findings))


def several(found: dict[str, Draft]) -> None:
    targets = ("both.a.y", "both.b.y")
    found["idle"].transitions.append(Transition("idle", OnEvent(("jump",)), targets))


def waiting(found: dict[str, Draft]) -> None:
    trigger, emit = After(timedelta(minutes=5), "t"), (Hook(Give(Raise(NamedEvent("go")))),)
    kind = TransitionKind.INTERNAL
    found["idle"].transitions.append(Transition("idle", trigger, (), kind, emit=emit))


def staying(found: dict[str, Draft]) -> None:
    emit, guard = (Hook(Give(Raise(NamedEvent("stop")))),), Hook(Named("late"))
    kind = TransitionKind.INTERNAL
    line = Transition("idle", Always(), (), kind, guard=guard, emit=emit)
    found["idle"].transitions.append(line)


def parallel(found: dict[str, Draft]) -> None:
    found[""].kind, found[""].default = StateKind.PARALLEL, None
    found["idle"].transitions = [Transition("idle", OnEvent(("go",)), ("idle",))]


def beginning(found: dict[str, Draft]) -> None:
    found[""].entry = [Hook(Give(Action("wake up")))]


def late(found: dict[str, Draft]) -> None:
    found[""].transitions = [Transition("", After(timedelta(minutes=5), "t"), ("idle",))]


def deep(found: dict[str, Draft]) -> None:
    found[""].default = Transition("", Default(), ("both.a.y",))


def prepared(found: dict[str, Draft]) -> None:
    emit = (Hook(Give(Action("lay the table"))),)
    found["both.a"].default = Transition("both.a", Default(), ("both.a.x",), emit=emit)


def noted(found: dict[str, Draft]) -> None:
    found["idle"].meta = {"tags": ["calm"], "colour": "blue"}


def spelt(found: dict[str, Draft]) -> None:
    found["idle"].name = "not-busy"


LOSSES: dict[Change, str] = {
    deep: """\
[SC673] works: the chart is entered through 'both.a.y'. \
Let it be entered through 'both', and that through the rest.""",
    prepared: """\
[SC673] works: 'lay the table' is done on entering 'both.a' by default.""",
    noted: """\
[SC675] works: what the file adds to 'idle' becomes a comment: tags, colour. Read the comment.""",
}


@pytest.mark.parametrize("change", LOSSES, ids=lambda change: change.__name__)
def test_loss_is_told_and_can_be_allowed(change: Change, tmp_path: Path) -> None:
    """A loss refuses the chart until it is allowed; the rest can be imported."""
    works = chart(change)

    with pytest.raises(LossError) as caught:
        dumps(works)
    text, losses = write([works], allow=(losses_code(caught.value),))

    assert [str(one) for one in caught.value.losses] == [LOSSES[change]]
    assert losses == caught.value.losses
    assert declared(imported(text, tmp_path, "works"))


def losses_code(error: LossError) -> str:
    return error.losses[0].code


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (several, "    idle.to((both.a.y, both.b.y), on=Jump)\n"),
        (waiting, "    idle.after(timedelta(minutes=5), emit=lambda _: Raise(Go()))\n"),
        (staying, "    idle.always(when=late, emit=lambda _: Raise(Stop()))\n"),
        (parallel, "parallel=True"),
        (beginning, "entry=lambda _: WakeUp()"),
        (late, "    Statechart.after(timedelta(minutes=5), idle)\n"),
        (spelt, '    not_busy = State(initial=True, name="not-busy")\n'),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_files_often_say_is_no_loss(change: Change, line: str, tmp_path: Path) -> None:
    """Several targets, timers that stay, what the chart itself does, and any name are declared."""
    works = chart(change)

    text = dumps(works)
    module = imported(text, tmp_path, "works")
    ids = Declarable(works, Losses(works, "Python")).ids
    assert line in text
    walk(works, module, ids, seed=1, turns=60)


def test_notes_of_a_file_become_comments() -> None:
    """Other keys of a file become a comment above their state."""
    text = dumps(chart(noted), allow=("SC675",))

    assert (
        '    # The file adds tags: ["calm"]\n'
        '    # The file adds colour: "blue"\n'
        "    idle = State(initial=True)\n"
    ) in text


def test_transitions_of_the_chart_are_lines_of_the_chart(tmp_path: Path) -> None:
    """The chart's own transitions come last, as lines of `Statechart`."""

    def change(found: dict[str, Draft]) -> None:
        found[""].transitions = [
            Transition("", OnEvent(("stop",)), ("both.b.y",)),
            Transition("", OnEvent(("reset",)), ("idle",)),
        ]

    works = chart(change)
    text = dumps(works)

    assert text.endswith("""
    idle.to(both, on=Go)
    both.to(idle, on=Stop)

    Statechart.to(both.b.y, on=Stop)
    Statechart.to(idle, on=Reset)
""")
    walk(works, imported(text, tmp_path, "works"), {}, seed=2, turns=60)


def test_eventless_transition_of_the_chart_is_one_in_the_declaration(tmp_path: Path) -> None:
    """An eventless transition of the chart itself behaves the same once it is declared."""

    def change(found: dict[str, Draft]) -> None:
        guard = Hook(Named("late"))
        found[""].transitions = [Transition("", Always(), ("both.a.y",), guard=guard)]

    works = chart(change)

    walk(works, imported(dumps(works), tmp_path, "works"), {}, seed=3, turns=60)


def test_code_that_cannot_be_imported_is_told() -> None:
    """A lambda is written as a function that waits to be written, and the loss says so."""
    with pytest.raises(LossError) as caught:
        dumps(Pipeline.chart)

    assert str(caught.value.losses[-1]) == (
        "[SC672] Pipeline: the code of 'isinstance(data.reason, Blocked)' is not written, for it "
        "cannot be imported. Make it a function of a module."
    )


@frozen
class Ping:
    """An event that can be imported."""


def is_ready(moment: Moment[Any, Any]) -> bool:
    """A guard that can be imported."""
    return moment.event is not None


def test_code_and_classes_that_can_be_imported_are() -> None:
    """Functions and classes of modules are imported, and nothing is lost."""

    class Pong(Statechart[Ping]):
        a = State(initial=True)
        a.to(a, on=Ping, when=is_ready)

    text = dumps(Pong.chart)

    assert f"from {__name__} import Ping, is_ready\n" in text
    assert "    a.to(a, on=Ping, when=is_ready)\n" in text


def test_classes_that_cannot_be_imported_are_told() -> None:
    """Data of a class that only a function knows is lost; an event gets a class of its own."""

    @frozen
    class Cargo:
        weight: int = 0

    @frozen
    class Loaded:
        pass

    class Ship(Statechart[Loaded]):
        empty = State(initial=True)
        full = State(Cargo)
        empty.to(full, on=Loaded)
        full.to(empty, on=Loaded)

    with pytest.raises(LossError) as caught:
        dumps(Ship.chart)

    assert [str(one) for one in caught.value.losses] == [
        "[SC671] Ship: 'full' carries Cargo, which cannot be imported. Declare it in a module.",
        "[SC671] Ship: the event Loaded cannot be imported. Declare it in a module.",
    ]
