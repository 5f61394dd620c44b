"""Strangers' files: the list of them, the command that runs it, machines in JavaScript."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from statecharts.checks.codes import STRUCTURAL
from statecharts.interop.codes import REFUSED, UNREADABLE
from tests.strangers import __main__ as command
from tests.strangers.javascript import machines

DARK = '<scxml name="lamp"><state id="dark"/></scxml>'
OPEN = '<scxml name="lamp"><state id="dark">'


def test_the_list_says_where_each_file_is_and_what_becomes_of_it() -> None:
    """Each file is there once, by repository, commit and hash; each refusal has its reason."""
    listed = command.listed()

    assert len(listed) > 600
    assert len({(one.repo, one.path) for one in listed}) == len(listed)
    assert len({one.sha256 for one in listed}) == len(listed)
    assert {one.format for one in listed} == {
        *("python", "python-statemachine", "scxml", "swarm", "xstate", "xstate-js")
    }
    for one in listed:
        assert re.fullmatch("[0-9a-f]{40}", one.commit)
        assert re.fullmatch("[0-9a-f]{64}", one.sha256)
        if one.expected == command.READ:
            assert not one.why
        else:
            assert set(one.expected.split()) <= {*UNREADABLE, *REFUSED, *STRUCTURAL}
            assert one.why


def test_the_command_tells_what_became_of_each_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file is read, or refused as expected; all else is told, and is a failure."""
    files = {
        "good.scxml": (DARK, "scxml", "read"),
        "machine.ts": (
            'createMachine({id: "m", initial: "a", states: {a: {}}})',
            "xstate-js",
            "read",
        ),
        "open.scxml": (OPEN, "scxml", "SC603"),
        "refused.scxml": (OPEN, "scxml", "read"),
        "read.scxml": (DARK, "scxml", "SC603"),
        "gone.scxml": (None, "scxml", "read"),
        "changed.scxml": (DARK, "scxml", "read"),
        "code.py": ("raise SystemExit", "python", "read"),
    }
    folder = tmp_path / "somebody" / "charts"
    folder.mkdir(parents=True)
    rows = ["repo\tcommit\tpath\tformat\tsha256\tlicence\texpected\twhy"]
    for name, (text, format, expected) in files.items():
        content = (text or "").encode()
        if text is not None:
            (folder / name).write_bytes(content)
        digest = hashlib.sha256(content if name != "changed.scxml" else b"").hexdigest()
        rows.append(
            "\t".join(("somebody/charts", "0" * 40, name, format, digest, "", expected, "-"))
        )
    list_ = tmp_path / "files.tsv"
    list_.write_text("\n".join(rows) + "\n", encoding="utf-8")
    monkeypatch.setattr(command, "LIST", list_)

    assert command.main([str(tmp_path)]) == 1
    told = capsys.readouterr().out.splitlines()
    assert [line.partition(": ")[0] for line in told[:3]] == [
        *("refused wrongly", "read wrongly", "another file")
    ]
    assert told[3:] == [
        (
            "| format | read and drawn | refused rightly | refused wrongly | read wrongly "
            "| another file | not run | not there |"
        ),
        "|---|---|---|---|---|---|---|---|",
        "| python | 0 | 0 | 0 | 0 | 0 | 1 | 0 |",
        "| scxml | 1 | 1 | 1 | 1 | 1 | 0 | 1 |",
        "| xstate-js | 1 | 0 | 0 | 0 | 0 | 0 | 0 |",
        "| all | 2 | 1 | 1 | 1 | 1 | 1 | 1 |",
    ]

    assert command.main(["--addresses"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "git clone --quiet https://github.com/somebody/charts somebody/charts",
        f"git -C somebody/charts checkout --quiet {'0' * 40}",
    ]


@pytest.mark.parametrize(
    ("text", "config"),
    [
        ("Machine({on: {A: undefined, 'b-c': `d`,},})", {"on": {"b-c": "d"}}),
        (
            "createMachine<X, Y>({ // note\n states: { 1: {after: {1: 1_000}} } })",
            {"states": {"1": {"after": {"1": 1000}}}},
        ),
        (
            'createMachine({"states": {a: {meta: [1, -.5, null, true,]}}} as const)',
            {"states": {"a": {"meta": [1, -0.5, None, True]}}},
        ),
        (
            r"createMachine({states: {a: {tags: ['\u0041\n\'']}}}, {actions})",
            {"states": {"a": {"tags": ["A\n'"]}}},
        ),
    ],
)
def test_machines_that_are_data_are_found_in_javascript(text: str, config: object) -> None:
    """What is nothing but data is JSON."""
    assert list(map(json.loads, machines(text))) == [config]


@pytest.mark.parametrize(
    "text",
    [
        "createMachine({states: {a}})",
        "createMachine({...base, states: {}})",
        "createMachine({states: {a: {entry: () => 1}}})",
        "createMachine({states: {a: {entry: `${x}`}}})",
        "createMachine({states: {[a]: {}}})",
        "createMachine({context: {}})",
    ],
)
def test_machines_that_have_to_be_run_are_passed_over(text: str) -> None:
    """Code is never run."""
    assert list(machines(text)) == []
