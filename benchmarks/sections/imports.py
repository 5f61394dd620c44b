"""The CPU time of fresh interpreters: importing what one needs to run a chart, and our commands."""

from __future__ import annotations

import os
import resource
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


ATTRS: Final = "attrs alone"
HELP: Final = "from statecharts.cli import main; main([{}], prog_name='statecharts')"

IMPORTS: Final = (
    Import(ATTRS, "import attrs", "attrs"),
    Import("statecharts", "from statecharts import State, Statechart, start, step", "statecharts"),
    Import(
        "statecharts with Machine", "from statecharts import Machine, Statechart", "statecharts"
    ),
    Import("statecharts, the package alone", "import statecharts", "statecharts"),
    Import("statecharts --help", HELP.format("'--help'"), "statecharts"),
    Import("statecharts investigate --help", HELP.format("'investigate', '--help'"), "statecharts"),
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
    Column("over_attrs", "ms over attrs", digits=1),
    Column("spread", "spread", digits=0, suffix=" %"),
)

CAPTION: Final = (
    "CPU of a whole fresh interpreter each time, bytecode compiled; imported by name, so that "
    "nothing lazy is left out."
)

ENVIRONMENT: Final = {
    **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
    "PYTHONPYCACHEPREFIX": str(ROOT / "build" / "bytecode"),
}
"""The environment of the interpreters: they find bytecode, whatever this process is told."""


def children_ns() -> int:
    """Return the CPU time of the processes that have ended which this one has started."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return int((used.ru_utime + used.ru_stime) * 1e9)


def interpret(source: str) -> None:
    """Run source in a fresh interpreter.

    Raises:
        subprocess.CalledProcessError: When the interpreter fails.
    """
    line = [sys.executable, "-c", source]
    subprocess.run(line, check=True, cwd=ROOT, capture_output=True, env=ENVIRONMENT)  # noqa: S603


def subject(name: str, source: str) -> Subject:
    """Return what times one interpreter from its start to its end."""
    return Subject(name, lambda: lambda: interpret(source), most_calls=1, clock=children_ns)


def run(plan: Plan) -> list[Section]:
    """Time bare Python and every import, interleaved."""
    present = [each for each in IMPORTS if each.installed]
    for each in present:
        interpret(each.source)  # leaves the bytecode compiled
    subjects = [subject(BARE, "pass"), *(subject(each.name, each.source) for each in present)]
    samples = measure(subjects, plan.imports)
    bare = samples[BARE].median_us
    attrs = samples[ATTRS].median_us if ATTRS in samples else None
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
        if attrs is not None and each.distribution == "statecharts":
            values["over_attrs"] = (sample.median_us - attrs) / 1_000
        rows.append(Row(each.name, version_of(each.distribution), values))
    return [Section("imports", "Start-up", COLUMNS, tuple(rows), CAPTION)]
