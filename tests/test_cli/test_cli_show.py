"""`statecharts show` and `statecharts list`: charts as trees, as tables and as JSON."""

from __future__ import annotations

import json

import pytest

from tests.test_cli.conftest import BROKEN, Package, Run, lines

TREE = """\
DeskLamp House(name: str)
A lamp [on a desk].
├── • off
│       Flip(room) / count; notify → on
│       Reset (ignored)
├── on Burning(hours: int, room: str)
│       entry / notify
│       exit / count; notify
│       Flip(room) | fuse.* [data.hours > 3] → off
│       after 5 min → off
│       after patience → off
│       [data.hours > 9000] → broken
│       done → broken
│       more → on.high (internal)
│       Reset (stays)
│   ├── • low
│   ├── ◎ high
│   └── H* past
│           default → on.low
└── ∥ broken
    ├── bulb
    └── cable
"""

TABLE = """\
name      target              states  events  doc
─────────────────────────────────────────────────────────────────
DeskLamp  zoo.lamps:DeskLamp       8       2  A lamp [on a desk].
Torch     zoo.lamps:torch          8       2
"""


@pytest.mark.usefixtures("zoo")
def test_show_draws_states_and_transitions(run: Run) -> None:
    """The tree has each state with its mark and data, what it does, and where one goes from it."""
    result = run("show", "zoo.lamps:DeskLamp")

    assert (result.exit_code, result.stderr) == (0, "")
    assert lines(result.stdout) == TREE.splitlines()


def test_show_marks_every_state_on_the_way_to_a_deep_initial_one(
    package: Package, run: Run
) -> None:
    """If the initial state is further down, the states around it are initial as well."""
    package(
        {
            "zoo.py": """\
from statecharts.model.chart import *
default = Transition("", Default(), ("a.b",))
root = StateNode("", StateKind.COMPOUND, "Deep", None, ("a",), default)
start = Transition("a", Default(), ("a.b",))
a = StateNode("a", StateKind.COMPOUND, "a", "", ("a.b", "a.h"), start)
b = StateNode("a.b", StateKind.ATOMIC, "b", "a")
past = Transition("a.h", Default(), ("a.b",))
h = StateNode("a.h", StateKind.SHALLOW_HISTORY, "h", "a", default=past)
deep = Chart("Deep", root, (a, b, h))
"""
        }
    )

    assert lines(run("show", "zoo").stdout) == [
        "Deep",
        "└── • a",
        "    ├── • b",
        "    └── H h",
        "            default → a.b",
    ]


@pytest.mark.usefixtures("zoo")
def test_show_of_a_package_shows_each_chart(run: Run) -> None:
    """The trees of several charts follow each other, with a blank line between."""
    trees = run("show", "zoo").stdout.split("\n\n")

    assert [tree.split(maxsplit=1)[0] for tree in trees] == ["DeskLamp", "Torch"]


@pytest.mark.usefixtures("zoo")
def test_show_json_is_the_structure(run: Run) -> None:
    """With `--json` a chart is its states in order, with kind, data and transitions."""
    (chart,) = json.loads(run("show", "zoo.lamps:DeskLamp", "--json").stdout)["charts"]

    assert (chart["name"], chart["target"]) == ("DeskLamp", "zoo.lamps:DeskLamp")
    assert (chart["context"], chart["events"]) == ("House(name: str)", ["Flip(room)", "Reset"])
    assert [state["id"] for state in chart["states"] if state["initial"]] == ["off", "on.low"]
    on = chart["states"][1]
    assert (on["kind"], on["data"]) == ("compound", "Burning(hours: int, room: str)")
    assert (on["entry"], on["exit"]) == (["notify"], ["count", "notify"])
    assert on["transitions"][0] == {
        "trigger": "Flip(room) | fuse.*",
        "guard": "data.hours > 3",
        "actions": [],
        "targets": ["off"],
        "kind": "external",
    }


@pytest.mark.usefixtures("zoo")
def test_list_has_one_line_for_each_chart(run: Run) -> None:
    """The list has the name, the target, the size and the first line of the documentation."""
    result = run("list", "zoo")

    assert (result.exit_code, result.stderr) == (0, "")
    assert lines(result.stdout) == TABLE.splitlines()


@pytest.mark.usefixtures("zoo")
def test_list_json_has_the_same_columns(run: Run) -> None:
    """With `--json` the list is one object for each chart."""
    found = json.loads(run("list", "zoo", "--json").stdout)

    assert found == {
        "charts": [
            {
                "name": "DeskLamp",
                "target": "zoo.lamps:DeskLamp",
                "states": 8,
                "events": 2,
                "doc": "A lamp [on a desk].",
            },
            {
                "name": "Torch",
                "target": "zoo.lamps:torch",
                "states": 8,
                "events": 2,
                "doc": "",
            },
        ],
        "failures": [],
    }


@pytest.mark.usefixtures("zoo")
@pytest.mark.parametrize("command", ["list", "show"])
def test_faulty_module_does_not_keep_the_others_from_being_shown(
    package: Package, run: Run, command: str
) -> None:
    """Sound charts are shown, faulty ones are reported on standard error, and the status is 1."""
    package({"zoo/broken.py": BROKEN})

    result = run(command, "zoo")

    assert result.exit_code == 1
    assert "DeskLamp" in result.stdout
    assert lines(result.stderr) == [
        (
            "Error: zoo.broken cannot be imported (zoo/broken.py:4): "
            "Broken: 2 faults in the definition"
        ),
        "  fault [SC104] Broken.a on Flip: goes to 'b', which needs 'x'. Pass make=.",
        "    zoo/broken.py:7",
        "  fault [SC101] Broken.c: no state is called 'd'. Did you mean 'e'?",
    ]


@pytest.mark.usefixtures("zoo")
@pytest.mark.parametrize("command", ["list", "show"])
def test_json_keeps_failures_in_the_document(package: Package, run: Run, command: str) -> None:
    """With `--json` a faulty module is part of the document, which stays valid."""
    package({"zoo/broken.py": BROKEN})

    result = run(command, "zoo", "--json")

    found = json.loads(result.stdout)
    assert (result.exit_code, result.stderr) == (1, "")
    assert len(found["charts"]) == 2
    assert found["failures"][0]["message"] == "Broken: 2 faults in the definition"
    assert found["failures"][0]["location"] == "zoo/broken.py:4"
