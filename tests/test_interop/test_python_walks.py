"""The law of the way out to Python: the declaration runs as the chart did."""

from __future__ import annotations

from pathlib import Path

import pytest

from machines.execution import Execution
from machines.pipeline import Pipeline
from statecharts.interop import files
from statecharts.interop.findings import Losses
from statecharts.interop.python import write
from statecharts.interop.python.structure import Declarable
from statecharts.model.chart import Chart
from statecharts.model.errors import StatechartError
from tests.proof import cases
from tests.test_interop.python_charts import random_chart
from tests.test_interop.python_walks import declared, imported, walk

SAMPLES = Path(__file__).parent / "samples"


def charts_of(path: Path) -> list[Chart]:
    """Return the charts of a sample; none for one that is faulty on purpose."""
    try:
        return list(files.load(path).values())
    except StatechartError:
        return []


@pytest.mark.sampled(5)
@pytest.mark.parametrize("seed", cases(range(40), long=lambda seed: seed >= 15))
def test_declaration_of_a_random_chart_runs_as_the_chart_does(seed: int, tmp_path: Path) -> None:
    """Nothing is lost, and the same events lead both through the same configurations."""
    chart = random_chart(seed)

    text, losses = write([chart])

    assert losses == ()
    walk(chart, imported(text, tmp_path, f"random_{seed}"), {}, seed, 25)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("seed", cases(range(40, 60), long=lambda seed: seed >= 48))
def test_declaration_has_the_structure_of_the_chart(seed: int, tmp_path: Path) -> None:
    """The declared chart has the same states, of the same kinds, with as many transitions."""
    chart = random_chart(seed)

    (made,) = declared(imported(write([chart])[0], tmp_path, f"random_{seed}"))

    assert [outline(made, node.id) for node in made] == [outline(chart, node.id) for node in chart]


def outline(chart: Chart, state: str) -> object:
    """Return what a declaration keeps of a state, whatever the events are classes of."""
    node = chart[state]
    lines = [(type(line.trigger), line.targets, line.guard is None) for line in node.transitions]
    calls = [(call.name, call.call) for call in node.invoke]
    return node.id, node.name, node.kind, node.initial, lines, calls


@pytest.mark.sampled(7)
@pytest.mark.parametrize(
    "path",
    [path for path in sorted(SAMPLES.rglob("*")) if path.suffix in files.FORMATS],
    ids=lambda path: path.name,
)
def test_declaration_of_every_sample_runs_as_the_sample_does(path: Path, tmp_path: Path) -> None:
    """Each chart of each format is declared; where no meaning is lost, it runs as it did."""
    for number, chart in enumerate(charts_of(path)):
        text, losses = write([chart], allow="*")
        module = imported(text, tmp_path, f"sample_{number}")
        if {loss.code for loss in losses} <= {"SC674", "SC675"}:
            ids = Declarable(chart, Losses(chart, "Python")).ids
            walk(chart, module, ids, seed=number, turns=40)


@pytest.mark.parametrize("chart", [Pipeline.chart, Execution.chart], ids=lambda c: c.name)
def test_declared_chart_is_declared_again_with_its_classes(chart: Chart, tmp_path: Path) -> None:
    """A typed chart comes back with the same hash: its classes are imported, its code is stubs."""
    text, losses = write([chart], allow=("SC672",))

    (made,) = declared(imported(text, tmp_path, "again"))

    assert made.hash == chart.hash
    assert {loss.code for loss in losses} == {"SC672"}
