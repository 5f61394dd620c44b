"""The W3C's own SCXML tests: all are read, and those that need no data model run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from statecharts import Chart
from statecharts.interop import scxml
from tests.test_interop.fetched import w3c_documents
from tests.test_interop.scxml_runs import at_rest, loaded, self_contained

# What a run cannot know by itself: whoever carries effects out sends these errors back (SCXML 6.2).
ERRORS = "an error.* event tells of it, and the runtime that delivers events sends that"
EXCLUDED = {
    "test194": f"a <send> to a target that there cannot be; {ERRORS}",
    "test199": f"a <send> of a type that there is not; {ERRORS}",
    "test496": f"a <send> to a session that there is not; {ERRORS}",
    "test521": f"a <send> to a target that cannot be reached; {ERRORS}",
    "test577": f"a <send> by HTTP without a target; {ERRORS}",
}
FEWEST = 32


@pytest.fixture(scope="module")
def documents() -> list[Path]:
    """All documents of the suite."""
    folder = os.environ.get("STATECHARTS_W3C")
    found = sorted((Path(folder) if folder else w3c_documents()).rglob("*.scxml"))
    assert found, "the folder holds no SCXML documents"
    return found


@pytest.fixture(scope="module")
def charts(documents: list[Path]) -> dict[str, Chart]:
    """The charts of all that are read, by the names of their files."""
    read = {path.stem: loaded(path) for path in documents}
    return {name: chart for name, chart in read.items() if chart is not None}


def runnable(charts: dict[str, Chart]) -> dict[str, Chart]:
    """Choose the charts that need no data model; a ``sub`` is only a part of another test."""
    return {
        name: chart
        for name, chart in charts.items()
        if "sub" not in name and "pass" in chart and self_contained(chart)
    }


@pytest.mark.long
def test_w3c_documents_that_need_no_data_model_pass(charts: dict[str, Chart]) -> None:
    """Every test that needs nothing but the chart ends where the standard says."""
    chosen = {name: c for name, c in runnable(charts).items() if name not in EXCLUDED}
    ends = {name: at_rest(chart).configuration for name, chart in chosen.items()}
    assert {name: end for name, end in ends.items() if end != ("pass",)} == {}
    assert "STATECHARTS_W3C" in os.environ or len(ends) >= FEWEST


@pytest.mark.long
def test_w3c_exclusions_are_needed(charts: dict[str, Chart]) -> None:
    """No test is left out that would pass."""
    chosen = {name: chart for name, chart in runnable(charts).items() if name in EXCLUDED}
    assert {
        name for name, chart in chosen.items() if at_rest(chart).configuration == ("pass",)
    } == set()


def test_w3c_documents_are_all_read(documents: list[Path], charts: dict[str, Chart]) -> None:
    """No document of the standard is refused, whatever it does with a data model."""
    assert [path.name for path in documents if path.stem not in charts] == []


@pytest.mark.long
def test_w3c_charts_are_written_and_read_again(charts: dict[str, Chart]) -> None:
    """Charts of the standard's own documents can be written, and are the same when read."""
    assert [n for n, chart in charts.items() if scxml.loads(scxml.dumps(chart)) != chart] == []
