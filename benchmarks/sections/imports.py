"""The time it takes to import what one needs to run a chart, by fresh interpreters."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from attrs import frozen

from benchmarks.contestant import version_of
from benchmarks.results import Column, Row, Section
from benchmarks.sections.effort import Plan
from benchmarks.timing import Subject, measure

BARE: Final = "bare Python"
ROOT: Final = Path(__file__).resolve().parents[2]


@frozen
class Import:
    """What one writes at the top of a module to declare and run a chart."""

    name: str
    source: str
    distribution: str

    @property
    def installed(self) -> bool:
        """Whether the package can be found."""
        package = self.source.split()[1].partition(".")[0]
        return find_spec(package) is not None


IMPORTS: Final = (
    Import(
        "statecharts", "from statecharts import Kernel, Machine, State, Statechart", "statecharts"
    ),
    Import("statecharts, the package alone", "import statecharts", "statecharts"),
    Import("Automat (flat)", "from automat import TypeMachineBuilder", "automat"),
    Import(
        "xstate-statemachine",
        "from xstate_statemachine import SyncInterpreter, create_machine",
        "xstate-statemachine",
    ),
    Import("transitions", "from transitions.extensions import HierarchicalMachine", "transitions"),
    Import(
        "sismic",
        "from sismic.interpreter import Interpreter; from sismic.io import import_from_yaml",
        "sismic",
    ),
    Import(
        "python-statemachine", "from statemachine import State, StateChart", "python-statemachine"
    ),
)

COLUMNS: Final = (
    Column("ms", "ms in all", digits=1),
    Column("over", "ms over bare Python", digits=1),
    Column("spread", "spread", digits=0, suffix=" %"),
)

CAPTION: Final = (
    "A whole fresh interpreter each time, bytecode compiled; imported by name, so that nothing "
    "lazy is left out."
)


def interpret(source: str) -> None:
    """Run source in a fresh interpreter.

    Raises:
        subprocess.CalledProcessError: When the interpreter fails.
    """
    subprocess.run([sys.executable, "-c", source], check=True, cwd=ROOT, capture_output=True)  # noqa: S603


def subject(name: str, source: str) -> Subject:
    """Return what times one interpreter from its start to its end."""
    return Subject(name, lambda: lambda: interpret(source), most_calls=1)


def run(plan: Plan) -> list[Section]:
    """Time bare Python and every import, interleaved."""
    present = [each for each in IMPORTS if each.installed]
    for each in present:
        interpret(each.source)  # leaves the bytecode compiled
    subjects = [subject(BARE, "pass"), *(subject(each.name, each.source) for each in present)]
    samples = measure(subjects, plan.imports)
    bare = samples[BARE].median_us
    rows = [Row(BARE, values={"ms": bare / 1_000, "spread": samples[BARE].spread * 100})]
    for each in IMPORTS:
        if each.name not in samples:
            rows.append(Row(each.name, note="not installed"))
            continue
        sample = samples[each.name]
        values = {
            "ms": sample.median_us / 1_000,
            "over": (sample.median_us - bare) / 1_000,
            "spread": sample.spread * 100,
        }
        rows.append(Row(each.name, version_of(each.distribution), values))
    return [Section("imports", "Import time", COLUMNS, tuple(rows), CAPTION)]
