"""`statecharts check`: faults, warnings, the summary and the exit status."""

from __future__ import annotations

import json

import pytest

from tests.test_cli.conftest import BROKEN, LAMPS, Package, Run, lines

REPORT = """\
Error: zoo.crash cannot be imported (zoo/crash.py:1): ZeroDivisionError: division by zero
Broken (zoo.broken)
  fault [SC104] Broken.a on Flip: goes to 'b', which needs 'x'. Pass make=.
    zoo/broken.py:7
  fault [SC101] Broken.c: no state is called 'd'. Did you mean 'e'?

Torch (zoo.lamps)
  warning [SC121] Torch.on.past: nothing leads to it. Remove it.
    zoo/lamps.py:12

chart     states  transitions  events  depth  faults  warnings  hash
────────────────────────────────────────────────────────────────────────────
Broken         -            -       -      -       2         0  -
DeskLamp       8            9       2      2       0         0  {desk}
Torch          8            9       2      2       0         1  {torch}

3 charts, 2 faults, 1 warning, 1 module not imported
"""


@pytest.fixture
def faulty(zoo: None, package: Package) -> None:
    """The package `zoo` holds two good charts, one with faults, and a module that raises."""
    package({"zoo/broken.py": BROKEN, "zoo/crash.py": "1 / 0\n"})


@pytest.mark.usefixtures("faulty")
def test_check_reports_all_faults_of_all_modules(run: Run) -> None:
    """Every fault is reported with its code, place and remedy, and good charts are summed up."""
    result = run("check", "zoo")

    summary = {row[0]: row[-1] for line in lines(result.stdout) if (row := line.split())}
    hashes = {"desk": summary["DeskLamp"], "torch": summary["Torch"]}
    assert result.exit_code == 1
    assert lines(result.stdout) == REPORT.format(**hashes).splitlines()


@pytest.mark.usefixtures("zoo")
def test_check_of_sound_charts_ends_with_zero(run: Run) -> None:
    """Charts without faults end with exit status 0, and what they accepted is a warning."""
    result = run("check", "zoo.lamps")

    assert result.exit_code == 0
    assert lines(result.stdout)[-1] == "2 charts, 0 faults, 1 warning"
    assert result.stderr == ""


@pytest.mark.usefixtures("zoo")
def test_check_strict_counts_warnings_as_faults(run: Run) -> None:
    """With `--strict` an accepted fault is a fault again."""
    result = run("check", "--strict", "zoo.lamps")

    assert result.exit_code == 1
    assert "  fault [SC121] Torch.on.past: nothing leads to it. Remove it." in lines(result.stdout)
    assert lines(result.stdout)[-1] == "2 charts, 1 fault, 0 warnings"


@pytest.mark.usefixtures("zoo")
def test_check_strict_accepts_a_chart_without_warnings(run: Run) -> None:
    """`--strict` has nothing against a chart that accepted nothing."""
    assert run("check", "--strict", "zoo.lamps:DeskLamp").exit_code == 0


@pytest.mark.usefixtures("faulty")
def test_check_json_says_the_same_to_a_program(run: Run) -> None:
    """With `--json` the output is one JSON document, and the exit status stays."""
    result = run("check", "zoo", "--json")

    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [(chart["name"], chart["depth"]) for chart in found["charts"]] == [
        ("DeskLamp", 2),
        ("Torch", 2),
    ]
    assert found["charts"][1]["warnings"] == [
        {
            "code": "SC121",
            "where": "Torch.on.past",
            "found": "nothing leads to it",
            "remedy": "Remove it",
            "location": "zoo/lamps.py:12",
            "state": None,
            "line": None,
        }
    ]
    assert [failure["module"] for failure in found["failures"]] == ["zoo.broken", "zoo.crash"]
    assert [fault["code"] for fault in found["failures"][0]["faults"]] == ["SC104", "SC101"]


def test_check_of_nothing_but_faults_needs_no_chart(package: Package, run: Run) -> None:
    """A module that holds one faulty chart is checked; it is not called empty."""
    package({"zoo.py": BROKEN})

    result = run("check", "zoo")

    assert result.exit_code == 1
    assert lines(result.stdout)[-1] == "1 chart, 2 faults, 0 warnings"


def test_check_of_nothing_but_crashes_has_no_table(package: Package, run: Run) -> None:
    """If nothing could be imported, there is no summary."""
    package({"zoo.py": "1 / 0"})

    result = run("check", "zoo")

    assert result.exit_code == 1
    assert lines(result.stdout) == [
        "Error: zoo cannot be imported (zoo.py:1): ZeroDivisionError: division by zero",
        "0 charts, 0 faults, 0 warnings, 1 module not imported",
    ]


def test_check_places_outside_the_current_directory_stay_whole(package: Package, run: Run) -> None:
    """A place that does not lie in the current directory is shown as it is."""
    package({"zoo.py": LAMPS.replace('__file__ + ":12"', '"/elsewhere/lamps.py:12"')})

    assert "    /elsewhere/lamps.py:12" in lines(run("check", "zoo").stdout)
