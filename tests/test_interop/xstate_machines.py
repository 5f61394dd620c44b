"""Random machines in the JSON of XState, the same ones for the same seed."""

from __future__ import annotations

import random
from typing import Any

GUARDS = {"yes": True, "no": False, "sure": True, "never": False}
EVENTS = ("A", "B", "C", "D", "ui.X", "ui.Y")


class Maker:
    """Makes one machine.

    Args:
        seed: Which.
        version: 4 or 5.
        parallel: Whether it has parallel states.
    """

    def __init__(self, seed: int, version: int = 5, parallel: bool = True) -> None:
        self.random = random.Random(f"machine {seed}")
        self.version = version
        self.parallel = parallel
        self.paths: list[tuple[str, ...]] = []
        self.states: dict[tuple[str, ...], dict[str, Any]] = {}
        self.count = 0
        self.machine = {"id": "m", **self._state((), 0)}
        for path, state in self.states.items():
            self._fill(path, state)

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def pick(self, choices: Any) -> Any:
        return self.random.choice(list(choices))

    def events(self, count: int) -> list[str | int]:
        return [
            self.pick(EVENTS) if self.chance(0.85) else self.pick((10, 30, 100))
            for _ in range(count)
        ]

    def _state(self, path: tuple[str, ...], depth: int) -> dict[str, Any]:
        state: dict[str, Any] = {}
        self.states[path] = state
        if path and (depth > 3 or self.chance(0.55)):
            return state
        wide = self.parallel and path != () and self.chance(0.35)
        names = list("abcd"[: self.random.randint(2, 4 if not wide else 3)])
        children: dict[str, Any] = {}
        for name in names:
            inner = (*path, name)
            children[name] = self._state(inner, depth + 1)
            if wide and not children[name]:
                children[name].update(
                    {"initial": "x", "states": {"x": {}, "y": {}}},
                )
                for leaf in "xy":
                    self.states[(*inner, leaf)] = children[name]["states"][leaf]
        if wide:
            state["type"] = "parallel"
        else:
            state["initial"] = self.pick(names)
            if path and self.chance(0.4):
                children["f"] = {"type": "final"}
                self.states[(*path, "f")] = children["f"]
        if path and self.chance(0.3):
            children["h"] = {"type": "history", "history": self.pick(("shallow", "deep"))}
            if not wide and self.chance(0.5):
                children["h"]["target"] = self.pick(names)
            self.states[(*path, "h")] = children["h"]
        state["states"] = children
        return state

    def _fill(self, path: tuple[str, ...], state: dict[str, Any]) -> None:
        kind = state.get("type")
        if kind == "history":
            return
        if self.chance(0.4):
            state["entry"] = [self._action()]
        if path and self.chance(0.3):
            state["exit"] = [self._action()]
        if kind == "final":
            return
        on: dict[str, Any] = {}
        for _ in range(self.random.randint(0, 3)):
            event = self.pick(EVENTS)
            on[event] = self._lines(path, event)
        if self.chance(0.1):
            on[self.pick(("*", "ui.*") if self.version == 5 else ("*",))] = self._lines(path, "*")
        if on:
            state["on"] = on
        if path and self.chance(0.1):
            state["after"] = {self.pick(("10", "20", "50")): self._lines(path, "after")}
        if path and self.chance(0.1):
            line = self._line(path, "always")
            line["cond" if self.version == 4 else "guard"] = self.pick(("yes", "no", "never"))
            if line.get("target"):
                state["always"] = [line]
        if path and "states" in state and self.chance(0.5):
            state["onDone"] = self._lines(path, "done")

    def _action(self) -> Any:
        self.count += 1
        return f"do{self.count}"

    def _lines(self, path: tuple[str, ...], event: str) -> Any:
        if self.chance(0.7):
            return self._line(path, event)
        return [self._line(path, event) for _ in range(2)]

    def _line(self, path: tuple[str, ...], event: str) -> dict[str, Any]:
        line: dict[str, Any] = {}
        if event != "always" and self.chance(0.08):
            return line
        if not self.chance(0.1):
            line["target"] = self._target(path)
        if self.chance(0.3):
            line["cond" if self.version == 4 else "guard"] = self._guard(2)
        if self.chance(0.4) or "target" not in line:
            line["actions"] = [self._action()]
        if self.version == 5 and self.chance(0.2):
            line["reenter"] = True
        if self.version == 4 and self.chance(0.1):
            line["internal"] = self.chance(0.5)
        return line

    def _guard(self, depth: int) -> Any:
        if self.version == 4 or depth == 0 or self.chance(0.6):
            return self.pick(GUARDS)
        match self.random.randint(0, 3):
            case 0:
                return {"type": "xstate.not", "params": {"guard": self._guard(depth - 1)}}
            case 1:
                state = ".".join(self._real())
                return {"type": "xstate.stateIn", "params": {"stateValue": f"#m.{state}"}}
            case other:
                guards = [self._guard(depth - 1) for _ in range(2)]
                kind = "xstate.and" if other == 2 else "xstate.or"
                return {"type": kind, "params": {"guards": guards}}

    def _real(self) -> tuple[str, ...]:
        real = [p for p, s in self.states.items() if p and s.get("type") != "history"]
        return self.random.choice(real)

    def _target(self, path: tuple[str, ...]) -> str:
        """Choose a target, and one of the ways of spelling it."""
        target = self.pick([p for p in self.states if p])
        if self.chance(0.6) and path:
            near = [
                p for p in self.states if len(p) > len(path) - 1 and p[: len(path) - 1] == path[:-1]
            ]
            target = self.pick([p for p in near if p] or [target])
        if len(target) > len(path) and target[: len(path)] == path and self.chance(0.7):
            return "." + ".".join(target[len(path) :])
        if path and len(target) >= len(path) and target[: len(path) - 1] == path[:-1]:
            if self.chance(0.7):
                return ".".join(target[len(path) - 1 :])
        return "#m." + ".".join(target)
