"""The tests' own settings: what runs when, and how many examples a property is tried with."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from _pytest.doctest import DoctestModule
from hypothesis import is_hypothesis_test, settings

from tests import proof

if TYPE_CHECKING:
    from tests.postgres import Server
    from tests.temporal import Server as TemporalServer

EXAMPLES = 3_000
"""How often a whole proof tries each property."""

settings.register_profile("dev", max_examples=10, deadline=None, derandomize=True)
settings.load_profile("dev")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--prove",
        type=float,
        metavar="FRACTION",
        help="run the long tests alone: this fraction of their seeds, and of the examples that "
        "properties try; 1 is the whole proof",
    )
    parser.addoption(
        "--temporal", action="store_true", help="run the tests alone that need a server of Temporal"
    )


def pytest_configure(config: pytest.Config) -> None:
    fraction = config.getoption("--prove")
    if fraction is not None:
        if not 0 < fraction <= 1:
            raise pytest.UsageError(f"--prove={fraction} is not a fraction: above 0, at most 1")
        proof.fraction = fraction
        settings.register_profile(
            "prove", max_examples=max(round(EXAMPLES * fraction), 1), deadline=None, print_blob=True
        )
        settings.load_profile("prove")


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(
    file_path: Path,
) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Look for doctests in the modules that have any: it takes long in the others."""
    found = yield
    return [one for one in found if not isinstance(one, DoctestModule) or _has_prompt(file_path)]


def _has_prompt(path: Path) -> bool:
    return not path.name.startswith("test_") and b">>> " in path.read_bytes()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long tests to ``--prove``, and those of a server of Temporal to ``--temporal``."""
    fraction = config.getoption("--prove")
    served = config.getoption("--temporal")
    wanted: dict[bool, list[pytest.Item]] = {True: [], False: []}
    cases = Counter[str]()
    for item in items:
        needs = item.get_closest_marker("temporal") is not None
        case = cases[test := item.nodeid.partition("[")[0]]
        cases[test] += 1
        wanted[needs if served else not needs and _is_wanted(item, case, fraction)].append(item)
    config.hook.pytest_deselected(items=wanted[False])
    items[:] = wanted[True]


def pytest_collection() -> None:
    """Spare the garbage collector what lives as long as the process: tests, and what they import.

    Each full collection would take half a second of the tests among which it happens to come.
    """
    gc.disable()


def pytest_collection_finish() -> None:
    """Have the garbage collector look at what comes now."""
    gc.collect()
    gc.freeze()
    gc.enable()


def _is_wanted(item: pytest.Item, case: int, fraction: float | None) -> bool:
    long, sampled = item.get_closest_marker("long"), item.get_closest_marker("sampled")
    if long is None and sampled is not None and case % sampled.args[0]:
        long = sampled
    if fraction is None:
        return long is None
    if long is None:
        return is_hypothesis_test(getattr(item, "obj", None))
    return float(long.kwargs.get("at", 0)) < fraction


@pytest.fixture(scope="session", autouse=True)
def _patience() -> Iterator[None]:
    """Let the engine's instructions decide what it has time for: a busy machine is no failure."""
    from statecharts.drawing import engine

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(engine, "PATIENCE", 60.0)
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One server of Postgres for all tests of a process."""
    from tests.postgres import Server

    server = Server()
    yield server
    server.close()


@pytest.fixture(scope="session")
def temporal() -> Iterator[TemporalServer]:
    """One server of Temporal for all tests of a process."""
    from tests.temporal import Server

    server = Server()
    yield server
    server.close()
