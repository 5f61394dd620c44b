"""Walking a chart and the module that declares it side by side."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from types import FunctionType, ModuleType
from typing import Any
from zlib import crc32

import attrs

from statecharts import Chart, Kernel, NamedEvent, Snapshot, Statechart, Step, TimerFired
from statecharts.model.chart import OnEvent
from statecharts.model.effects import (
    Action,
    CancelInvoke,
    CancelTimer,
    Effect,
    Invoke,
    Send,
    StartTimer,
)
from statecharts.model.errors import RunawayError
from statecharts.model.events import wire_name

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Oracle:
    """Answers for guards and delays by their names: the same to both sides.

    Guards are answered otherwise in each turn.
    """

    def __init__(self) -> None:
        self.turn = 0

    def answer(self, name: str, parameters: Mapping[str, Any] | None = None) -> bool:
        shown = sorted(map(repr, (parameters or {}).values()))
        return crc32(f"{' '.join(name.split())} {shown} {self.turn}".encode()) % 3 > 0

    def wait(self, name: str) -> timedelta:
        return timedelta(seconds=1 + crc32(name.encode()) % 5)


def imported(text: str, folder: Path, name: str) -> ModuleType:
    """Write a module to a folder and import it."""
    path = folder / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[name]
    return module


def declared(module: ModuleType) -> list[Chart]:
    """Return the charts that a module declares, in order."""
    return [
        value.chart
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Statechart) and value is not Statechart
    ]


def quoted(thing: Any) -> str:
    """Return what the docstring of a written class or function quotes, made whole."""
    text = re.sub(r" \.\.\.\s+\.\.\. ", " ", thing.__doc__ or "")
    found = re.search(r"``(.*?)``", " ".join(text.split()))
    return found[1] if found else ""


def answering(module: ModuleType, oracle: Oracle) -> None:
    """Write the guards and delays that wait to be written: they ask the oracle."""
    module.__dict__["_oracle"] = oracle
    for value in list(vars(module).values()):
        if isinstance(value, FunctionType) and value.__module__ == module.__name__:
            if "NotImplementedError" in value.__code__.co_names:
                scope: dict[str, Any] = {}
                source = f"def f(m, **given): return _oracle.answer({quoted(value)!r}, given)"
                if value.__annotations__["return"] == "timedelta":
                    source = f"def f(m): return _oracle.wait({quoted(value)!r})"
                exec(source, scope)
                value.__code__ = scope["f"].__code__


def _asked(oracle: Oracle, name: str, moment: object, **given: object) -> bool:
    return oracle.answer(name, given)


class Side:
    """A chart on its walk."""

    def __init__(self, chart: Chart, module: ModuleType | None, ids: Mapping[str, str]) -> None:
        self.kernel: Kernel[Any] = Kernel(chart, microsteps=40)
        self.ids = ids
        self.events: dict[str, type] = {}
        for value in vars(module).values() if module else ():
            if isinstance(value, type) and attrs.has(value) and not issubclass(value, Effect):
                self.events[wire_name(value)] = value

    def event(self, name: str) -> Any:
        return self.events[name]() if name in self.events else NamedEvent(name)

    def seen(self, step: Step[Any]) -> tuple[Any, ...]:
        states = tuple(self.ids.get(state, state) for state in step.snapshot.configuration)
        return states, [told(effect) for effect in step.effects], step.handled


def told(effect: Effect) -> Any:
    """Return an effect as both sides say it."""
    match effect:
        case Action(name, data):
            shown = sorted(repr(value) for value in data.values() if value is not None)
            return " ".join(name.split()), shown  # as a docstring has it
        case Send(event):
            name = event.name if isinstance(event, NamedEvent) else wire_name(type(event))
            return "send", name, effect.delay, effect.id, effect.target
        case StartTimer(_, due):
            return "start", due
        case CancelTimer():
            return "cancel"
        case Invoke() | CancelInvoke():
            return effect
        case _:
            values = attrs.asdict(effect, recurse=False).values()  # type: ignore[arg-type]
            return quoted(type(effect)), sorted(
                repr(value) for value in values if value is not None
            )


def walk(chart: Chart, module: ModuleType, ids: Mapping[str, str], seed: int, turns: int) -> int:
    """Walk a chart and its declaration through the same events; return how many were handled."""
    rng, oracle = Random(seed), Oracle()
    answering(module, oracle)
    (declaration,) = declared(module)
    bound = chart.bind(
        guards={name: partial(_asked, oracle, name) for name in chart.unbound_guards},
        delays={name: oracle.wait(name) for name in chart.unbound_delays},
    )
    back = {new: old for old, new in ids.items()}
    sides = (Side(bound, None, {}), Side(declaration, module, back))
    known = [event.name for event in chart.events] + [
        event
        for transition in chart.transitions
        if isinstance(transition.trigger, OnEvent)
        for event in transition.trigger.events
        if isinstance(event, str) and not event.endswith("*") and not event.startswith("done.state")
    ]
    return _walk(sides, known, rng, oracle, turns)


def _walk(
    sides: tuple[Side, Side], known: list[str], rng: Random, oracle: Oracle, turns: int
) -> int:
    snapshots: list[Snapshot[Any]] = []
    handled = 0
    for turn in range(turns):
        oracle.turn = turn
        running = list(snapshots[0].timers) if snapshots else []
        timer = rng.randrange(len(running)) if running and rng.random() < 0.3 else None
        name = rng.choice(known or ["nothing"])
        seen: list[Any] = []
        for number, side in enumerate(sides):
            try:
                if not snapshots or len(snapshots) <= number:
                    step = side.kernel.start(at=NOON)
                else:
                    snapshot = snapshots[number]
                    event: Any = side.event(name)
                    if timer is not None:
                        event = TimerFired(list(snapshot.timers)[timer])
                    step = side.kernel.step(snapshot, event, at=NOON)
            except RunawayError:
                seen.append("runaway")
                continue
            snapshots[number : number + 1] = [step.snapshot]
            seen.append(side.seen(step))
            handled += step.handled
        assert seen[0] == seen[1], (turn, name, timer)
        if "runaway" in seen and len(snapshots) < 2:
            break
    return handled
