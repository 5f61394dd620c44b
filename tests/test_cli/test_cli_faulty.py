"""`show` and `render` of charts with faults: the charts are shown, and the faults are marked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.test_cli.conftest import Package, Run, lines

DOOR = """\
from attrs import frozen
from statecharts import Compound, State, Statechart


@frozen
class Push: ...


class Door(Statechart[Push]):
    shut = State(initial=True)
    open = State()

    class room(Compound):
        inside = State()

    shut.to("opne", on=Push)
    open.to(shut, on=Push)
    open.to(7, on=Push, when=lambda m: True)
"""
MAZE = """\
from statecharts.model.chart import *
root = StateNode("", StateKind.COMPOUND, "Maze", None, ("a",))
maze = Chart("Maze", root, (StateNode("a", StateKind.ATOMIC, "a"),))
"""
FILES = {
    "door.scxml": """\
<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0" name="door" initial="shut">
  <state id="shut"><transition event="push" target="opne"/></state>
  <state id="open"><transition event="push" target="shut"/></state>
  <state id="room" initial="open"><state id="bed"/></state>
</scxml>
""",
    "door.json": """\
{"id": "door", "initial": "shut", "states": {
  "shut": {"on": {"push": "opne"}},
  "open": {"on": {"push": "shut"}},
  "room": {"states": {"bed": {}}}
}}
""",
    "door.yaml": """\
name: door
states:
  shut: {initial: true, transitions: [{event: push, target: opne}]}
  open: {transitions: [{event: push, target: shut}]}
  room: {states: {bed: {}}}
""",
    "door.toml": """\
[[workflows]]
name = "door"
[workflows.metadata]
initial_state = "shut"
[workflows.states.shut]
handlers = [{ event = "push", target = "opne" }]
[workflows.states.open]
terminal = true
[workflows.states.room]
parent = "house"
""",
}


@pytest.fixture
def door(package: Package) -> None:
    """The current directory holds a module whose chart has faults."""
    package({"door.py": DOOR})


@pytest.mark.usefixtures("door")
def test_show_marks_states_and_lines_with_faults(run: Run) -> None:
    """A declaration that is refused is shown, each fault where it is, and told on stderr."""
    result = run("show", "door:Door")

    assert lines(result.stdout) == [
        "Door",
        "├── • shut",
        "│       Push → opne ! SC101",
        "├── open",
        "│       Push → shut",
        "│       Push [True] → open ! SC114, SC125",
        "└── room ! SC103, SC121",
        "    └── inside",
        "! 5 faults",
    ]
    note = (
        "Note: door:Door is shown with 5 faults, and the module is read no further; "
        "--strict refuses it."
    )
    told = lines(run("show", "door:Door", "--strict").stderr)[1:]
    assert lines(result.stderr) == [note, *told]
    assert told[:2] == [
        (
            "  fault [SC101] Door: shut on Push goes to 'opne', and there is no such state. "
            "Did you mean 'open'?"
        ),
        "    door.py:16",
    ]
    assert [line for line in told if line.startswith("    ")] == [
        f"    door.py:{line}" for line in (16, 13, 18, 13, 18)
    ]
    assert result.exit_code == 0


@pytest.mark.usefixtures("door")
@pytest.mark.parametrize("command", [["show"], ["show", "--json"], ["render", "-o", "."]])
def test_strict_refuses_what_has_faults(run: Run, command: list[str]) -> None:
    """With `--strict` the faults are told and nothing is shown; the status is that of `check`."""
    result = run(*command, "door", "--strict")

    assert result.exit_code == run("check", "door").exit_code == 1
    assert not list(Path().glob("*.svg"))
    if "--json" in command:
        (failure,) = json.loads(result.stdout)["failures"]
        assert [one["code"] for one in failure["faults"]][:2] == ["SC101", "SC103"]
    else:
        assert result.stdout == ""
        assert "[SC101] Door: shut on Push goes to 'opne'" in result.stderr


@pytest.mark.usefixtures("door")
def test_render_draws_what_has_faults(run: Run) -> None:
    """The picture has the marks, the path is printed, and the faults are told on stderr."""
    result = run("render", "door", "-o", ".", "-f", "svg", "-f", "mermaid")

    assert (result.exit_code, lines(result.stdout)) == (0, ["door.svg", "door.mmd"])
    assert "Note: door:Door is shown with 5 faults" in result.stderr
    assert "! 5 faults: SC101, SC103, SC114, SC121, SC125" in Path("door.svg").read_text("utf-8")
    assert "! SC114, SC125" in Path("door.mmd").read_text("utf-8")


@pytest.mark.usefixtures("door")
def test_json_gives_the_places_of_faults(run: Run) -> None:
    """A program gets each fault with the id of its state, and of its line."""
    (chart,) = json.loads(run("show", "door", "--json").stdout)["charts"]

    assert [(one["code"], one["state"], one["line"]) for one in chart["faults"]] == [
        ("SC101", "shut", "shut:push->opne"),
        ("SC103", "room", None),
        ("SC114", "open", None),
        ("SC121", "room", None),
        ("SC125", "open", "open:push->open"),
    ]


@pytest.mark.usefixtures("door")
def test_another_chart_of_a_module_with_faults_cannot_be_shown(run: Run) -> None:
    """A module stops at its first faulty class: it has no charts after that."""
    result = run("show", "door:Window")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: door cannot be imported (door.py:9): Door: 5 faults")


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", FILES)
def test_files_with_faults_are_shown(package: Package, run: Run, name: str) -> None:
    """A file of any format is shown as far as it can be read, its faults where they are."""
    package({name: FILES[name]})

    result = run("show", name)
    shown = lines(result.stdout)

    assert result.exit_code == 0
    assert f"Note: {name}:door is shown with 2 faults" in result.stderr or "yaml" in name
    assert shown[0] == "door"
    assert any("! SC" in line and ("shut" in line or "opne" in line) for line in shown)
    assert name.endswith("yaml") or any(line.startswith("└── room ! SC6") for line in shown)
    assert run("render", name, "-o", ".").exit_code == 0
    assert run("render", name, "-o", ".", "--strict").exit_code == 1


def test_chart_that_nobody_checked_is_shown_with_its_faults(package: Package, run: Run) -> None:
    """A chart that is made by hand is shown with its structural faults, and refused if strict."""
    package({"maze.py": MAZE})
    assert lines(run("show", "maze:maze").stdout) == ["Maze ! SC103", "└── a", "! 1 fault"]
    strict = run("show", "maze:maze", "--strict")
    assert (strict.exit_code, strict.stdout) == (1, "")
    assert "[SC103] Maze: the chart has no initial child" in strict.stderr


def test_sound_charts_of_a_file_are_shown_beside_those_with_faults(
    package: Package, run: Run
) -> None:
    """A file with several charts is shown whole; each fault is marked where it belongs."""
    second = """
[[workflows]]
name = "window"
[workflows.metadata]
initial_state = "up"
[workflows.states.up]
handlers = [{ event = "pull", target = "down" }]
[workflows.states.down]
terminal = true
"""
    package({"house.toml": FILES["door.toml"] + second})

    shown = lines(run("show", "house.toml").stdout)

    assert shown[0] == "door"
    assert "├── • shut ! SC613" in shown
    assert shown[shown.index("window") :] == [
        "window",
        "├── • up",
        "│       pull → down",
        "└── ◎ down",
    ]
    assert lines(run("render", "house.toml", "-o", ".").stdout) == ["door.svg", "window.svg"]
    one = run("show", "house.toml:window")
    assert (lines(one.stdout)[0], one.stderr) == ("window", "")


def test_check_finds_the_faults_of_a_chart_made_by_hand(package: Package, run: Run) -> None:
    """A chart that is made in a module is checked where it is found."""
    package({"maze.py": MAZE})
    result = run("check", "maze")
    assert result.exit_code == 1
    assert "fault [SC103] Maze: the chart has no initial child. Mark 'a' with" in result.stdout
