"""Targets: what can be named, what is found there, and what a wrong name is told."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from statecharts.cli.targets import module_name, survey
from tests.test_cli.conftest import BROKEN, LAMPS, Package, Run


def addresses(target: str) -> list[str]:
    """Return the targets of the charts that a target means."""
    return [found.address for found in survey(target).charts]


@pytest.mark.usefixtures("zoo")
@pytest.mark.parametrize("target", ["zoo", "zoo.lamps"])
def test_chart_is_found_once_where_it_is_declared(target: str) -> None:
    """A package that hands on the charts of its modules does not hold them a second time."""
    assert addresses(target) == ["zoo.lamps:DeskLamp", "zoo.lamps:torch"]


@pytest.mark.usefixtures("zoo")
@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("zoo.lamps:DeskLamp", "zoo.lamps:DeskLamp"),
        ("zoo.lamps:torch", "zoo.lamps:torch"),
        ("zoo.lamps:DeskLamp.chart", "zoo.lamps:DeskLamp.chart"),
        ("zoo:DeskLamp", "zoo:DeskLamp"),
    ],
)
def test_name_means_one_chart(target: str, address: str) -> None:
    """A name may be a declaration, a chart, an attribute of one, or handed on by a package."""
    assert addresses(target) == [address]


def test_modules_of_every_depth_are_looked_at_in_order(package: Package) -> None:
    """A package stands for all the modules inside it, in the order of their names."""
    package(
        {
            "zoo/__init__.py": "",
            "zoo/b/__init__.py": "",
            "zoo/b/lamps.py": LAMPS,
            "zoo/a.py": "from zoo.b.lamps import DeskLamp, build, torch\nbed = build('Bed')\n",
            "zoo/__main__.py": "raise SystemExit('a program is not to be run')",
        }
    )

    assert addresses("zoo") == ["zoo.a:bed", "zoo.b.lamps:DeskLamp", "zoo.b.lamps:torch"]
    assert survey("zoo").failures == ()


WRONG = {
    "zo": "there is no module 'zo'. Did you mean 'zoo'?",
    "zo.lamps": "there is no module 'zo'. Did you mean 'zoo.lamps'?",
    "lamps": "there is no module 'lamps'. Did you mean 'zoo.lamps'?",
    "jsn": "there is no module 'jsn'. Did you mean 'json'?",
    "qqqq": "there is no module 'qqqq'. Run the command in the directory that it can be imported"
    " from.",
    "zoo.lamp": "there is no module 'zoo.lamp'. Did you mean 'zoo.lamps'?",
    "zoo.qqqq": "there is no module 'zoo.qqqq'. Known: zoo.lamps, zoo:torch.",
    "zoo.lamps.DeskLamp": "there is no module 'zoo.lamps.DeskLamp'. Did you mean"
    " 'zoo.lamps:DeskLamp'?",
    "json.qqqq.x": "there is no module 'json.qqqq'. Known: json.decoder, json.encoder,"
    " json.scanner, json.tool.",
    "abc.x": "there is no module 'abc.x'. 'abc' has no modules in it.",
    "zoo/lamp.py": "there is no file 'zoo/lamp.py'. Did you mean 'zoo/lamps.py'?",
    "zoo/qqqq.py": "there is no file 'qqqq.py' in 'zoo'. Its files of Python: __init__.py,"
    " lamps.py.",
    "file.py": "there is no file 'file.py' in '.'. It has no files of Python.",
    "zoo.py": "there is no module 'zoo.py'. Did you mean 'zoo.lamps'?",
    "nowhere/lamps.py": "there is no file 'nowhere/lamps.py': the folder 'nowhere' does not exist.",
    "zoo/lamps.py:torhc": "there is no chart 'torhc' in 'zoo/lamps.py'. Did you mean 'torch'?",
    "./zoo": "'./zoo' is not the name of a module. Did you mean 'zoo'?",
    "..": "'..' is not the name of a module. Write it as an import would: 'package.module'.",
    "a b": "'a b' is not the name of a module. Write it as an import would: 'package.module'.",
    "": "'' is not the name of a module. Write it as an import would: 'package.module'.",
    "zoo.lamps:DeskLmp": "there is no chart 'DeskLmp' in 'zoo.lamps'. Did you mean 'DeskLamp'?",
    "zoo.lamps:Kettle": "there is no chart 'Kettle' in 'zoo.lamps'. Known: DeskLamp, torch.",
    "zoo.lamps:": "there is no chart '' in 'zoo.lamps'. Known: DeskLamp, torch.",
    "zoo.lamps:Base": "'Base' in 'zoo.lamps' is not a chart. Known: DeskLamp, torch.",
    "json:Lamp": "there is no chart 'Lamp' in 'json'. 'json' has no charts.",
    "abc": "there are no charts in 'abc'.",
}


@pytest.mark.sampled(3)
@pytest.mark.usefixtures("zoo")
@pytest.mark.parametrize(("target", "message"), WRONG.items(), ids=repr)
def test_wrong_target_gets_one_line(run: Run, target: str, message: str) -> None:
    """A target that does not exist gets one line that names the nearest one, and exit status 2."""
    result = run("check", target)

    assert result.exit_code == 2
    assert result.stderr == f"Error: {message}\n"
    assert result.stdout == ""


@pytest.mark.usefixtures("zoo")
@pytest.mark.parametrize("full", [False, True], ids=["relative", "absolute"])
def test_file_of_python_is_its_module(tmp_path: Path, full: bool) -> None:
    """A path means the module of the package around it; its charts are called by the path."""
    folder = f"{tmp_path}/zoo" if full else "zoo"
    assert addresses(f"{folder}/lamps.py:torch") == [f"{folder}/lamps.py:torch"]
    both = [f"{folder}/lamps.py:DeskLamp", f"{folder}/lamps.py:torch"]
    assert addresses(f"{folder}/lamps.py") == both
    assert addresses(f"{folder}/__init__.py") == ["zoo.lamps:DeskLamp", "zoo.lamps:torch"]
    assert "zoo.lamps" in sys.modules
    assert module_name(f"{folder}/lamps.py:torch") == module_name("zoo.lamps:torch") == "zoo.lamps"


LONE = """\
import beside
from statecharts import State, Statechart

class Lone(Statechart):
    only = State(initial=True, resting=True)
"""


@pytest.mark.parametrize("name", ["lone.py", "lone-one.py", "2.py", "json.py"])
def test_file_of_python_may_have_any_name(name: str, package: Package) -> None:
    """Names that cannot be imported, and those of other modules, are imported from their files."""
    package({f"a folder/{name}": LONE, "a folder/beside.py": "", "lone.py": "raise ValueError"})
    target = f"a folder/{name}"
    for _ in range(2):  # the second time it is there already
        assert addresses(target) == [f"{target}:Lone"]
    assert vars(sys.modules[module_name(target)])["Lone"].chart.name == "Lone"
    assert sys.modules["json"] is json


def test_file_of_python_that_cannot_be_imported_is_told(package: Package, run: Run) -> None:
    """The mistake has its line; a chart with faults is called by the path."""
    package(
        {"a/my-bad.py": "1 / 0", "a/door.py": LONE.replace("initial=True, ", ""), "a/beside.py": ""}
    )

    result = run("list", "a/my-bad.py")
    assert result.exit_code == 1
    assert "cannot be imported (a/my-bad.py:1): ZeroDivisionError" in result.stderr
    result = run("show", "a/door.py:Lone")
    assert result.exit_code == 0
    assert result.stderr.startswith("Note: a/door.py:Lone is shown with 1 fault")


def test_wrong_name_in_a_package_is_looked_for_in_its_modules(package: Package, run: Run) -> None:
    """A chart that stands in a module of the package is suggested with its module."""
    package({"zoo/__init__.py": "", "zoo/lamps.py": LAMPS})

    result = run("check", "zoo:DeskLamp")

    assert result.stderr == (
        "Error: there is no chart 'DeskLamp' in 'zoo'. Did you mean 'zoo.lamps:DeskLamp'?\n"
    )


def test_missing_import_inside_a_module_is_not_a_missing_target(package: Package, run: Run) -> None:
    """A module that imports what does not exist is at fault itself; the target was right."""
    package({"zoo.py": "'''Zoo.'''\n\nimport zooo\n"})

    result = run("list", "zoo")

    assert result.exit_code == 1
    assert result.stderr == (
        "Error: zoo cannot be imported (zoo.py:3): ModuleNotFoundError: No module named 'zooo'\n"
    )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def (", "(zoo.py:1): SyntaxError: invalid syntax (zoo.py, line 1)"),
        ("\n1 / 0", "(zoo.py:2): ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit(3)", "(zoo.py:2): SystemExit: 3"),
        ("raise ValueError", "(zoo.py:1): ValueError"),
        ("raise ValueError('one\\ntwo')", "(zoo.py:1): ValueError: one"),
        (
            (
                "from statecharts.model.errors import StatechartError\n"
                "raise StatechartError('SC101', 'Door', '3 is not a state', 'Pass a State')"
            ),
            "(zoo.py:2): [SC101] Door: 3 is not a state. Pass a State.",
        ),
        ("import json\njson.loads('')", "(zoo.py:2): JSONDecodeError: Expecting value: line 1"),
    ],
)
def test_module_that_raises_gets_one_line(
    package: Package, run: Run, source: str, message: str
) -> None:
    """Whatever a module raises is one line with module, place and exception, and exit status 1."""
    package({"zoo.py": source})

    result = run("show", "zoo")

    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: zoo cannot be imported {message}")
    assert result.stderr.count("\n") == 1


def test_mistake_is_reported_once_and_where_it_stands(package: Package) -> None:
    """A module that fails because of another one is not blamed for it."""
    package(
        {
            "zoo/__init__.py": "",
            "zoo/a.py": "import zoo.c\n",
            "zoo/b.py": "import zoo.d\n",
            "zoo/c.py": "def fail():\n    1 / 0\n\n\nfail()\n",
            "zoo/d.py": BROKEN,
        }
    )

    failures = survey("zoo").failures

    assert [(failure.module, failure.chart) for failure in failures] == [
        ("zoo.c", None),
        ("zoo.d", "Broken"),
    ]
    assert failures[0].location == "zoo/c.py:2"


def test_package_that_fails_does_not_hide_its_modules(package: Package) -> None:
    """A package that imports a faulty chart still has its other charts found."""
    package(
        {
            "zoo/__init__.py": "from zoo.broken import Broken\nSIZE = 3\n",
            "zoo/broken.py": BROKEN,
            "zoo/lamps.py": LAMPS,
            "zoo/sized.py": "from zoo import SIZE\n",
        }
    )

    found = survey("zoo")

    assert [one.address for one in found.charts] == ["zoo.lamps:DeskLamp", "zoo.lamps:torch"]
    assert [failure.module for failure in found.failures] == ["zoo.broken"]
    assert addresses("zoo.lamps:torch") == ["zoo.lamps:torch"]


def test_name_in_a_module_that_fails_is_not_called_wrong(package: Package, run: Run) -> None:
    """A chart asked for by name in a faulty module gets the module's faults."""
    package({"zoo/__init__.py": "from zoo.broken import Broken\n", "zoo/broken.py": BROKEN})

    for target in ("zoo:Broken", "zoo.broken:Broken"):
        result = run("show", target)

        assert result.exit_code == 1
        assert "zoo.broken cannot be imported (zoo/broken.py:4): Broken: 2 faults" in result.stderr


DOOR = '''\
from statemachine import State, StateMachine


class Bare(StateMachine):
    """An abstract class: it has no states."""


class Door(Bare):
    shut = State(initial=True)
    open = State()
    push = shut.to(open, cond="unlocked")
    pull = open.to(shut)

    def __init__(self, key):
        raise AssertionError("no instance is made")

    def unlocked(self):
        return True
'''


def test_class_of_python_statemachine_is_a_target(package: Package, run: Run) -> None:
    """A class of python-statemachine is shown and checked without an instance of it."""
    package({"doors.py": DOOR})

    assert addresses("doors") == addresses("doors:Door") == ["doors:Door"]
    assert "push [unlocked] → open" in run("show", "doors:Door").stdout
    assert run("check", "doors:Door").exit_code == 0
    assert "'Bare' in 'doors' is not a chart." in run("show", "doors:Bare").stderr


def test_faulty_class_of_python_statemachine_is_reported(package: Package, run: Run) -> None:
    """A class of python-statemachine that is not a chart gets its faults."""
    package({"doors.py": DOOR.replace("open", "send")})

    for target in ("doors", "doors:Door"):
        result = run("check", target)

        assert result.exit_code == 1
        assert "[SC6" in result.stdout


def test_what_a_module_prints_stays_out_of_the_output(package: Package, run: Run) -> None:
    """A module that prints while it is imported does not spoil the output."""
    package({"zoo.py": f"print('noise')\n{LAMPS}"})

    result = run("list", "zoo")

    assert "noise" not in result.stdout
    assert "noise" in result.stderr
