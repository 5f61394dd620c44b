"""``python -m benchmarks.apart.planned FAN CHAIN FOLDER``: what a step of a DBOS workflow costs.

The steps do nothing but return their number. The answer is JSON: milliseconds a step, of CPU and by
the wall, side by side and one after the other; the file is SQLite.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any


def costs(fan: int, chain: int, folder: Path) -> dict[str, float]:
    """Time a workflow whose steps are gathered, and one whose steps follow each other."""
    library: Any = importlib.import_module("dbos")
    program = library.DBOS
    address = f"sqlite:///{folder / 'dbos.db'}"
    program(config={"name": "planned", "system_database_url": address, "log_level": "ERROR"})
    number = program.step(name="number")(_number)

    async def gathered(count: int) -> int:
        return sum(await asyncio.gather(*(number(place) for place in range(count))))

    async def followed(count: int) -> int:
        last = -1
        for _ in range(count):
            last = await number(last + 1)
        return last

    workflows = {
        one.__name__: program.workflow(name=one.__name__)(one) for one in (gathered, followed)
    }
    program.launch()

    async def run() -> dict[str, float]:
        await workflows["gathered"](10)  # what is made once
        fanned = await _timed(lambda: workflows["gathered"](fan), fan, sum(range(fan)))
        chained = await _timed(lambda: workflows["followed"](chain), chain, chain - 1)
        return {
            **{f"fan_{key}": value for key, value in fanned.items()},
            **{f"chain_{key}": value for key, value in chained.items()},
        }

    return asyncio.run(run())


async def _number(place: int) -> int:
    return place


async def _timed(work: Callable[[], Awaitable[int]], count: int, expected: int) -> dict[str, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    found = await work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    if found != expected:
        text = f"the workflow came to {found}, not to {expected}"
        raise RuntimeError(text)
    return {"cpu": cpu * 1_000 / count, "wall": wall * 1_000 / count}


if __name__ == "__main__":
    _, fanned, chained, where = sys.argv
    told: dict[str, Any] = costs(int(fanned), int(chained), Path(where))
    print(json.dumps({**told, "version": version("dbos")}))  # noqa: T201 - its answer
    sys.stdout.flush()
    os._exit(0)  # it has threads that would go on
