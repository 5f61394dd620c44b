"""Swarm: what is refused, all at once, in the words that people read."""

from __future__ import annotations

from pathlib import Path

import pytest

from statecharts import DefinitionError
from statecharts.interop import swarm
from statecharts.interop.documents import DocumentError

FAULTY = """\
[metadata]
name = 7

[agents.reviewer]
models = "large"

[agents.writer]
model = "large"
max_tokens = "many"
tags = ["a", 1]

[resources.forge]
type = "htpp"

[resources.store]
type = "database"

[resources]
odd = true

[[workflows]]
name = "first"
[workflows.metadata]
max_retries = -1
retry_backoff_seconds = true
[workflows.guards]
ready = 1
[workflows.states.Draft]
parent = "Works"
agents = ["writer", "revieweer", "writer"]
required_resources = ["forge", "storre"]
timeout_seconds = 0
timeout_target = "Nowhere"
handler = []
[[workflows.states.Draft.handlers]]
event = "submit"
target = "Revieww"
guards = ["ready", "readdy"]
[[workflows.states.Draft.handlers]]
event = ""
guards = "ready"
[workflows.states.Work]
terminal = true
handlers = [{ event = "reopen", target = "Draft" }]
[workflows.states.Review]
parent = "Work"
handlers = [{ target = "Draft" }]
[workflows.states.Odd]
parent = "Even"
[workflows.states.Even]
parent = "Odd"
[workflows.states.Self]
parent = "Self"

[[workflows]]
name = "second"
description = ["a", "b"]
[workflows.metadata]
initial_state = "Startt"
[workflows.states.Start]
terminal = true
timeout_seconds = 3
[workflows.states.Done]
terminal = true
timeout_target = "Start"
timeout_seconds = 3
[workflows.contracts.made.input]
what = "strnig"
many = "array<int>"
kind = "enum:[]"
size = 3

[[workflows]]
name = "second"
[[workflows]]
[workflows.metadata]
initial_state = "x"

[workflow.short]
next_on_success = "y"
[workflow.short.states]
"""

TOLD = """\
faulty.toml: 37 faults in the definition:
  [SC612] faulty.toml:2 [metadata]: 'name' is 7; it takes a string. Quote it.
  [SC612] faulty.toml:4 agent 'reviewer': 'model' is missing. Add model.
  [SC612] faulty.toml:9 agent 'writer': 'max_tokens' is 'many'; it takes a whole number of 0 or \
more. Write a whole number of 0 or more, or remove it.
  [SC612] faulty.toml:10 agent 'writer': 'tags' is an array with 1; it takes an array of strings. \
Write an array of strings, or remove it.
  [SC612] faulty.toml:13 resource 'forge': there is no type 'htpp' of resources. Did you mean \
'http'?
  [SC612] faulty.toml:15 resource 'store': 'connection_string' is missing. Add connection_string.
  [SC612] faulty.toml:19 resource 'odd': this is true; a resource is a table. Write a table.
  [SC612] faulty.toml:23 workflow 'first': it has no initial state. Write initial_state = … in \
[workflows.metadata].
  [SC612] faulty.toml:24 workflow 'first', metadata: 'max_retries' is -1; it takes a whole number \
of 0 or more. Write a whole number of 0 or more, or remove it.
  [SC612] faulty.toml:25 workflow 'first', metadata: 'retry_backoff_seconds' is true; it takes a \
number of seconds, 0 or more. Write a number of seconds, 0 or more, or remove it.
  [SC612] faulty.toml:27 guard 'ready': this is 1; a guard is a string. Write a string.
  [SC613] faulty.toml:29 state 'Draft' of 'first': its parent is 'Works', and there is no such \
state. Did you mean 'Work'?
  [SC613] faulty.toml:30 state 'Draft' of 'first': there is no agent 'revieweer'. Did you mean \
'reviewer'?
  [SC614] faulty.toml:30 state 'Draft' of 'first': it names the agent 'writer' more than once. \
Remove one of them.
  [SC613] faulty.toml:31 state 'Draft' of 'first': there is no resource 'storre'. Did you mean \
'store'?
  [SC612] faulty.toml:32 state 'Draft' of 'first': 'timeout_seconds' is 0; it takes a number of \
seconds above 0. Write a number of seconds above 0, or remove it.
  [SC613] faulty.toml:33 state 'Draft' of 'first': there is no state 'Nowhere'. Declare it, or \
name another state.
  [SC612] faulty.toml:34 state 'Draft' of 'first': the format has no key 'handler'. Did you mean \
'handlers'?
  [SC613] faulty.toml:37 state 'Draft' of 'first', the handler of 'submit': there is no state \
'Revieww'. Did you mean 'Review'?
  [SC613] faulty.toml:38 state 'Draft' of 'first', the handler of 'submit': there is no guard \
'readdy'. Did you mean 'ready'?
  [SC612] faulty.toml:39 state 'Draft' of 'first', the handler of '': 'target' is missing. Add \
target.
  [SC612] faulty.toml:40 state 'Draft' of 'first', the handler of '': 'event' is ''; it takes a \
string that is not empty. Write a string that is not empty, or remove it.
  [SC612] faulty.toml:41 state 'Draft' of 'first', the handler of '': 'guards' is 'ready'; it \
takes an array of names. Write an array of names, or remove it.
  [SC612] faulty.toml:43 state 'Work' of 'first': it is terminal, and is the parent of 'Review'. \
Make a state in it terminal instead.
  [SC612] faulty.toml:47 state 'Review' of 'first', a handler: 'event' is missing. Add event.
  [SC616] faulty.toml:49 state 'Odd' of 'first': states are nested in a cycle: 'Odd' in 'Even' in \
'Odd'. Remove one of the parents.
  [SC616] faulty.toml:53 state 'Self' of 'first': states are nested in a cycle: 'Self' in 'Self'. \
Remove one of the parents.
  [SC612] faulty.toml:57 workflow 'second': 'description' is an array; it takes a string. Write a \
string, or remove it.
  [SC613] faulty.toml:59 workflow 'second': its initial state is 'Startt', and there is no such \
state. Did you mean 'Start'?
  [SC617] faulty.toml:62 state 'Start' of 'second': it is terminal, and 'timeout_seconds' leaves \
it. Remove that, or terminal = true.
  [SC617] faulty.toml:65 state 'Done' of 'second': it is terminal, and 'timeout_target' leaves it. \
Remove that, or terminal = true.
  [SC612] faulty.toml:71 contract 'made', input, field 'size': a type is a string, and this is 3. \
Write any, array, boolean, date, datetime, float, integer, null, number, object, string; array<…>, \
optional:…, enum:['a', 'b']; or a word.
  [SC612] faulty.toml:73 workflow 'second': it has no states. Write [workflows.states.NAME].
  [SC614] faulty.toml:73 workflow 'second': line 55 has a workflow of the name 'second', too. \
Rename one of them.
  [SC612] faulty.toml:75 workflow 'workflow 4': 'name' is missing. Add name.
  [SC612] faulty.toml:75 workflow 'workflow 4': it has no states. Write [workflows.states.NAME].
  [SC612] faulty.toml:79 workflow 'short': it has no states. Write [workflow.short.states.NAME].
"""


def test_faults_are_told_all_at_once_with_their_places(tmp_path: Path) -> None:
    """Every mistake of a file, over all its workflows, with its line, and how to fix it."""
    path = tmp_path / "faulty.toml"
    path.write_text(FAULTY, encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        swarm.load(path)
    assert str(caught.value).replace(str(path), "faulty.toml") == TOLD.rstrip("\n")


FLOW = """\
[[workflows]]
name = "flow"
[workflows.metadata]
initial_state = "A"
"""


@pytest.mark.parametrize(
    ("states", "message"),
    [
        (
            "[workflows.states.A]\nterminal = true\nhandlers = [\n{event = 'x', target = 'A'}]",
            (
                "[SC617] <text>:8 state 'A' of 'flow': it is terminal, and the handler "
                "of 'x' leaves it. Remove that, or terminal = true."
            ),
        ),
        (
            "[workflows.states.A]\nterminal = true\nnext_on_failure = 'A'",
            (
                "[SC617] <text>:7 state 'A' of 'flow': it is terminal, and "
                "'next_on_failure' leaves it. Remove that, or terminal = true."
            ),
        ),
        (
            "[workflows.states]\nA = 'x'",
            (
                "[SC612] <text>:6 state of 'flow' 'A': this is 'x'; a state of 'flow' "
                "is a table. Write a table."
            ),
        ),
        (
            "[workflows.states.A]\nterminal = true\n[workflows.states.' ']",
            "[SC612] <text>:7 state of 'flow' ' ': a state of 'flow' has no name. Give it one.",
        ),
        (
            "[workflows.states.A]\ntimeout_seconds = nan\nhandlers = [{event='x', target='A'}]",
            (
                "[SC612] <text>:6 state 'A' of 'flow': 'timeout_seconds' is nan; it "
                "takes a number of seconds above 0. "
                "Write a number of seconds above 0, or remove it."
            ),
        ),
        (
            "[workflows.states.A]\ntimeout_seconds = 1e20\nhandlers = [{event='x', target='A'}]",
            (
                "[SC612] <text>:6 state 'A' of 'flow': 'timeout_seconds' is 1e+20; it "
                "takes a number of seconds above 0. "
                "Write a number of seconds above 0, or remove it."
            ),
        ),
        (
            "[workflows.states.A]\nhandlers = {event='x', target='A'}",
            (
                "[SC612] <text>:6 state 'A' of 'flow': 'handlers' is a table; it takes "
                "an array of tables. Write an array of tables, or remove it."
            ),
        ),
        (
            "[workflows.states.A]\nterminal = 2020-01-02",
            (
                "[SC612] <text>:6 state 'A' of 'flow': 'terminal' is 2020-01-02; it "
                "takes true or false. Write true or false, or remove it."
            ),
        ),
        (
            f"[workflows.states.A]\nterminal = '{'x' * 99}'",
            (
                f"[SC612] <text>:6 state 'A' of 'flow': 'terminal' is '{'x' * 40}'…; it "
                "takes true or false. Write true or false, or remove it."
            ),
        ),
        (
            "[workflows.states.A]\nterminal = true\n[workflows.guards]\n[agent.x]",
            "[SC612] <text>:8 the file: the format has no key 'agent'. Did you mean 'agents'?",
        ),
        (
            "[workflows.states.A]\nterminal = true\n[resources.r]\nurl = 'x'",
            (
                "[SC612] <text>:7 resource 'r': 'type' is missing. "
                "Write one of http, webhook, database, custom."
            ),
        ),
    ],
)
def test_a_fault_is_told_in_full(states: str, message: str) -> None:
    """A single mistake is the only one that is told."""
    with pytest.raises(DefinitionError) as caught:
        swarm.loads(FLOW + states)
    assert [str(fault) for fault in caught.value.faults] == [message]
    assert caught.value.where == "flow"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "",
            (
                "[SC606] <text>:1: this is not a Swarm file: it has neither [[workflows]] nor "
                "[workflow.NAME]. Write [[workflows]], with name = …."
            ),
        ),
        (
            "[project]\nname = 'x'\n[workflow]\n",
            (
                "[SC606] <text>:1: this is not a Swarm file: it has neither [[workflows]] nor "
                "[workflow.NAME]. Write [[workflows]], with name = …."
            ),
        ),
        (
            "\n[[workflowz]]\nname = 'x'",
            (
                "[SC606] <text>:1: this is not a Swarm file: it has neither [[workflows]] nor "
                "[workflow.NAME]. line 2 has 'workflowz': did you mean 'workflows'?"
            ),
        ),
    ],
)
def test_files_without_workflows_are_no_swarm_files(text: str, message: str) -> None:
    """Other TOML is told from a Swarm file that has mistakes."""
    with pytest.raises(DocumentError) as caught:
        swarm.loads(text)
    assert str(caught.value) == message


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    """A missing file and a wrong encoding are errors of their own; a byte order mark is none."""
    with pytest.raises(DocumentError, match=r"^\[SC601\] .*none.toml: the file cannot be read"):
        swarm.load(tmp_path / "none.toml")
    path = tmp_path / "flow.toml"
    text = FLOW + "description = 'é'\n[workflows.states.A]\nterminal = true"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(DocumentError, match=r"^\[SC602\] .*flow.toml:5: byte \d+ is not UTF-8"):
        swarm.load(path)
    for encoding in ("utf-8-sig", "utf-16"):
        path.write_text(text.replace("\n", "\r\n"), encoding=encoding)
        assert list(swarm.load(path)) == ["flow"]


def test_warnings_stay_with_their_workflow() -> None:
    """A workflow has the warnings about itself and about the file, not those about others."""
    text = (
        FLOW
        + "colour = 1\n[workflows.states.A]\nterminal = true\n"
        + FLOW.replace('"flow"', '"other"')
        + "[workflows.states.A]\nterminal = true\n[zoo]"
    )
    charts = swarm.loads(text)
    told = {name: [w.where for w in chart.warnings] for name, chart in charts.items()}
    assert told == {
        "flow": ["<text>:14 the file", "<text>:5 workflow 'flow', metadata"],
        "other": ["<text>:14 the file"],
    }
