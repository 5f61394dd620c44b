"""A package of charts in a temporary directory, and what runs the command line there."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from statecharts.cli import main

LAMPS = '''\
"""Lamps."""

from datetime import timedelta

from attrs import frozen

from statecharts.model.chart import *
from statecharts.model.errors import Fault
from statecharts.model.hooks import Hook


@frozen
class Flip:
    room: str


@frozen
class Reset:
    pass


@frozen
class Burning:
    hours: int
    room: str


@frozen
class House:
    name: str


def count(moment): ...
def notify(moment): ...
def patience(moment): ...


def external(source, target, trigger, **more):
    return Transition(source, trigger, (target,), **more)


def build(name, **more):
    off = StateNode(
        "off",
        StateKind.ATOMIC,
        "off",
        transitions=(
            external(
                *("off", "on", OnEvent((Flip,))),
                make=Hook(count),
                update=Hook(count),
                emit=(Hook(notify),),
            ),
            Transition("off", OnEvent((Reset,)), kind=TransitionKind.FORBIDDEN),
        ),
    )
    hot = Hook(lambda m: m.data.hours > 3)
    on = StateNode(
        "on",
        StateKind.COMPOUND,
        "on",
        children=("on.low", "on.high", "on.past"),
        default=external("on", "on.low", Default()),
        data=Burning,
        entry=(Hook(notify),),
        exit=(Hook(count), Hook(notify)),
        transitions=(
            external("on", "off", OnEvent((Flip, "fuse.*")), guard=hot),
            external("on", "off", After(timedelta(minutes=5), "five")),
            external("on", "off", After(Hook(patience), "patience")),
            external("on", "broken", Always(), guard=Hook(lambda m: m.data.hours > 9000)),
            external("on", "broken", Done()),
            external("on", "on.high", OnEvent(("more",)), kind=TransitionKind.INTERNAL),
            Transition("on", OnEvent((Reset,)), kind=TransitionKind.INTERNAL),
        ),
    )
    low = StateNode("on.low", StateKind.ATOMIC, "low", "on")
    high = StateNode("on.high", StateKind.FINAL, "high", "on")
    default = external("on.past", "on.low", Default())
    past = StateNode("on.past", StateKind.DEEP_HISTORY, "past", "on", default=default)
    regions = ("broken.bulb", "broken.cable")
    broken = StateNode("broken", StateKind.PARALLEL, "broken", children=regions)
    bulb = StateNode("broken.bulb", StateKind.ATOMIC, "bulb", "broken")
    cable = StateNode("broken.cable", StateKind.ATOMIC, "cable", "broken")
    first = external("", "off", Default())
    root = StateNode("", StateKind.COMPOUND, name, None, ("off", "on", "broken"), first)
    states = (off, on, low, high, past, broken, bulb, cable)
    return Chart(name, root, states, (EventType.of(Flip), EventType.of(Reset)), **more)


class Base(Declaration):
    """An abstract declaration."""


class DeskLamp(Base):
    chart = build("DeskLamp", doc="A lamp [on a desk].\\n\\nIt has a bulb.", context=House)


unused = Fault("SC121", "Torch.on.past", "nothing leads to it", "Remove it", __file__ + ":12")
torch = build("Torch", context=House, warnings=(unused,))
'''

BROKEN = """\
from statecharts.model.errors import DefinitionError, Fault

PLACE = __file__ + ":7"
raise DefinitionError("Broken", [
    Fault("SC104", "Broken.a on Flip", "goes to 'b', which needs 'x'", "Pass make=", PLACE),
    Fault("SC101", "Broken.c", "no state is called 'd'", "Did you mean 'e'?"),
])
"""

Package = Callable[[dict[str, str]], None]
Run = Callable[..., Result]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Package]:
    """Writes modules into the current directory, which is empty and temporary."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)

    def write(modules: dict[str, str]) -> None:
        for name, source in modules.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source, encoding="utf-8")

    yield write
    for name in set(sys.modules) - before:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(f"{tmp_path}{os.sep}"):
            del sys.modules[name]


@pytest.fixture
def zoo(package: Package) -> None:
    """The current directory holds a package `zoo` with two charts in `zoo.lamps`."""
    package({"zoo/__init__.py": "from zoo.lamps import DeskLamp, torch\n", "zoo/lamps.py": LAMPS})


@pytest.fixture
def run(package: Package) -> Run:
    """Runs the command line in this process, in the temporary directory."""
    return lambda *arguments: CliRunner().invoke(main, arguments, prog_name="statecharts")


def lines(text: str) -> list[str]:
    """Return the lines of a text without the spaces that end them."""
    return [line.rstrip() for line in text.splitlines()]
