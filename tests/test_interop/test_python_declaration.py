"""Charts from files as declarations."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from statecharts.interop.documents import Document
from statecharts.interop.drafts import Draft, assemble, identify
from statecharts.interop.findings import Findings
from statecharts.interop.python import dumps
from statecharts.model.chart import (
    After,
    Chart,
    Default,
    Done,
    OnEvent,
    StateKind,
    Transition,
)
from statecharts.model.effects import Action, Effect, Raise, Send, Service
from statecharts.model.events import NamedEvent
from statecharts.model.hooks import Hook
from statecharts.model.named import AllOf, Branch, Choose, Give, In, Named, Not
from tests.test_interop.python_walks import declared, imported

DOOR = '''\
"""Door, from door.json."""

# ruff: noqa: N801

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from attrs import frozen

from statecharts import (
    CallFailed,
    Compound,
    Effect,
    History,
    Moment,
    Raise,
    Send,
    Service,
    State,
    Statechart,
)

# Events


@frozen
class Push:
    """``push``."""


@frozen
class Lock:
    """``lock``."""


@frozen
class Slam:
    """``slam``."""

    force: int | None = None


# Effects


@frozen
class LogIt(Effect):
    """``logIt``."""

    level: int
    text: str | None = None


# Guards


def has_key(m: Moment[Any, Push], *, least: int) -> bool:
    """Tell whether ``hasKey`` holds.

    The visitor has the key.
    """
    raise NotImplementedError("write this guard")


def is_loud(m: Moment[Any, Any]) -> bool:
    """Tell whether ``isLoud`` holds."""
    raise NotImplementedError("write this guard")


# Actions


def leaving_open(m: Moment[Any, Any]) -> Iterator[Effect]:
    """Do ``if isLoud: raise slam; else logIt(level=1)``."""
    if is_loud(m):
        yield Raise(Slam(force=9))
    else:
        yield LogIt(level=1)


# SC122 is accepted: a state that is not final and that no line leaves.
class Door(Statechart, allow=("SC122",)):
    """A door with a lock."""

    class shut(Compound, initial=True):
        """Nobody gets in."""

        free = State(initial=True)
        locked = State(final=True)
        past = History(default=free)

        free.to(locked, on=Lock)

    open = State(
        entry=lambda _: (LogIt(level=2, text='say "hi"'), Raise(Slam())),
        exit=leaving_open,
        invoke={"closer": lambda _: Service("spring", {"force": 3})},
        doc="Anybody does.",
    )
    broken = State(entry=lambda _: Send(Push(), delay=timedelta(milliseconds=1500), id="again"))

    shut.to(open, on=Push, when=lambda m: has_key(m, least=2) and Door.broken not in m)
    shut.when_done(open)

    open.to(shut.past, on=Push)
    open.after(timedelta(minutes=90), shut)
    open.to(broken, on=("error.platform.closer", CallFailed))
'''


def named(name: str, **data: object) -> Hook:
    return Hook(Named(name, data, "The visitor has the key." if name == "hasKey" else ""))


def give(effect: Effect) -> Hook:
    return Hook(Give(effect))


def door() -> Chart:
    """Return a chart of most things that a file can say."""
    document = Document.of("")
    root = Draft("door", StateKind.COMPOUND, doc="A door with a lock")
    shut = root.add(Draft("shut", StateKind.COMPOUND, doc="Nobody gets in."))
    free = shut.add(Draft("free"))
    shut.add(Draft("locked", StateKind.FINAL))
    past = shut.add(Draft("past", StateKind.SHALLOW_HISTORY))
    opened = root.add(Draft("open", doc="Anybody does."))
    broken = root.add(Draft("broken"))
    identify(root, document)
    for parent, child in ((root, shut), (shut, free), (past, free)):
        parent.default = Transition(parent.id, Default(), (child.id,))
    may = AllOf((named("hasKey", least=2), Hook(Not(Hook(In("broken"))))))
    free.transitions = [Transition("shut.free", OnEvent(("lock",)), ("shut.locked",))]
    shut.transitions = [
        Transition("shut", OnEvent(("push",)), ("open",), guard=Hook(may)),
        Transition("shut", Done(), ("open",)),
    ]
    opened.transitions = [
        Transition("open", OnEvent(("push",)), ("shut.past",)),
        Transition("open", After(timedelta(minutes=90), "t"), ("shut",)),
        Transition("open", OnEvent(("error.platform.closer",)), ("broken",)),
    ]
    opened.entry = [
        give(Action("logIt", {"level": 2, "text": 'say "hi"'})),
        give(Raise(NamedEvent("slam"))),
    ]
    findings = Findings(document)
    opened.call("closer", Service("spring", {"force": 3}), findings, None)
    loud = Branch(named("isLoud"), (give(Raise(NamedEvent("slam", {"force": 9}))),))
    calm = Branch(None, (give(Action("logIt", {"level": 1})),))
    opened.exit = [Hook(Choose((loud, calm)))]
    broken.entry = [give(Send(NamedEvent("push"), timedelta(seconds=1.5), "again"))]
    return findings.settle(assemble(root, findings))


def test_declaration_reads_as_if_a_person_had_written_it() -> None:
    """Classes, guards, actions and bodies come in the order in which a reader wants them."""
    assert dumps(door(), source="door.json") == DOOR


def test_declaration_can_be_imported(tmp_path: Path) -> None:
    """The module declares one chart, of the name that its class has."""
    (chart,) = declared(imported(dumps(door()), tmp_path, "door"))

    assert [state.id for state in chart] == [state.id for state in door()]
    assert chart.name == "Door"
    assert chart.doc == "A door with a lock."
