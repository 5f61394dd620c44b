"""The page on Temporal: what it shows holds on a server."""

from __future__ import annotations

import ast
import asyncio
import inspect
import sys
import types

import pytest

from tests.temporal import Server
from tests.test_docs import ROOT, SERVED, blocks

PAGE = ROOT / "docs" / "temporal.md"


@pytest.mark.temporal
def test_page_runs_on_a_server(temporal: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """Every block of the page runs, and the run of its program comes to its end."""
    module = types.ModuleType("page_temporal")
    shown = [block for block in blocks(PAGE) if block.language == "python"]

    async def run() -> None:
        await temporal.connect()  # once it answers
        for block in shown:
            text = block.text.replace("localhost:7233", temporal.address)
            code = compile(text, f"{PAGE}:{block.line}", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            waits = eval(code, vars(module))
            if inspect.isawaitable(waits):
                await waits

    sys.modules[module.__name__] = module
    try:
        asyncio.run(run())
    finally:
        del sys.modules[module.__name__]
    said = capsys.readouterr().out
    assert sum(block.mark == SERVED for block in shown) == 3
    assert "shipped" in said
    assert "receipt for 4111" in said
    assert said.splitlines()[-1] in ("['paying']", "['shipped']")
