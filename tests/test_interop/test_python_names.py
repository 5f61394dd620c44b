"""Names that Python cannot take as they are, and names that would hide one another."""

from __future__ import annotations

from pathlib import Path

import pytest

from statecharts.interop.documents import Document
from statecharts.interop.drafts import Draft, assemble, identify
from statecharts.interop.findings import Findings, Losses
from statecharts.interop.python import write
from statecharts.interop.python.structure import Declarable
from statecharts.interop.python.syntax import attribute_name, docstring, formatted, literal
from statecharts.model.chart import Chart, Default, OnEvent, StateKind, Transition
from statecharts.model.effects import Action
from statecharts.model.hooks import Hook
from statecharts.model.named import Give, Named
from tests.test_interop.python_walks import declared, imported, walk


def ring(names: list[str], event: str = "go", chart: str = "ring") -> Chart:
    """Return a chart that goes round through states of these names."""
    document = Document.of("")
    root = Draft(chart, StateKind.COMPOUND)
    drafts = [root.add(Draft(name)) for name in names]
    identify(root, document)
    root.default = Transition("", Default(), (drafts[0].id,))
    for draft, following in zip(drafts, [*drafts[1:], drafts[0]], strict=True):
        guard = Hook(Named(draft.name))
        draft.entry = [Hook(Give(Action(draft.name)))]
        draft.transitions = [Transition(draft.id, OnEvent((event,)), (following.id,), guard=guard)]
    return (findings := Findings(document)).settle(assemble(root, findings))


NASTY = [
    "to", "after", "chart", "class", "State", "timedelta", "Go", "go", "Ring", "m", "None",
    "__init__", "in-progress", "In progress", "1st", "", "été", "Effect", "list", "print", "λ",
    "💥", "a" * 70, "x.y", "x_y", 'say "hi"', "back\\slash",
]  # fmt: skip


def test_names_of_all_kinds_are_borne(tmp_path: Path) -> None:
    """States, guards and actions of any name are declared, and run as they did."""
    chart = ring(NASTY)

    text, losses = write([chart])
    module = imported(text, tmp_path, "ring")

    ids = Declarable(chart, Losses(chart, "Python")).ids
    assert len(set(ids.values())) == len(NASTY) + 1
    assert walk(chart, module, ids, seed=1, turns=80) > 60
    assert losses == ()
    (made,) = declared(module)
    assert [state.name for state in made] == [state.name for state in chart]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("event", ["GO", "user.left", "a_1", "*", "class", "go!", "été"])
def test_event_of_any_name_is_borne(event: str, tmp_path: Path) -> None:
    """A class says the name on the wire that its own does not give; nothing is lost."""
    chart = ring(["a", "b"], event)

    text, losses = write([chart])

    assert losses == ()
    walk(chart, imported(text, tmp_path, "ring"), {}, seed=2, turns=20)


def test_event_that_others_begin_with_stays_a_name(tmp_path: Path) -> None:
    """A descriptor that means longer names as well means them in the declaration, too."""
    document = Document.of("")
    root = Draft("mail", StateKind.COMPOUND)
    idle, busy = root.add(Draft("idle")), root.add(Draft("busy"))
    identify(root, document)
    root.default = Transition("", Default(), ("idle",))
    idle.transitions = [Transition("idle", OnEvent(("user",)), ("busy",))]
    busy.transitions = [Transition("busy", OnEvent(("user.left", "error")), ("idle",))]
    chart = (findings := Findings(document)).settle(assemble(root, findings))

    text, _ = write([chart])

    assert 'idle.to(busy, on="user")' in text
    assert 'busy.to(idle, on=(UserLeft, "error"))' in text
    assert walk(chart, imported(text, tmp_path, "mail"), {}, seed=1, turns=20) > 20


@pytest.mark.parametrize(
    ("name", "attribute"),
    [
        ("inProgress", "inProgress"),
        ("in-progress", "in_progress"),
        ("Ready to go!", "ready_to_go"),
        ("1st", "state_1st"),
        ("to", "to_"),
        ("chart", "chart_"),
        ("__init__", "init"),
        ("", "state"),
    ],
)
def test_attribute_keeps_the_name_where_python_lets_it(name: str, attribute: str) -> None:
    """A state is called what the file calls it, or what comes nearest."""
    assert attribute_name(name, (), outermost=True) == attribute


def test_chart_inside_another_may_be_called_chart() -> None:
    """The name `chart` is kept free on the outermost level only."""
    assert attribute_name("chart", (), outermost=False) == "chart"


@pytest.mark.long
def test_chart_of_ten_thousand_states_is_written_in_its_time() -> None:
    """The work grows with the chart, not with its square."""
    chart = ring([f"s{number}" for number in range(10_000)])

    text, losses = write([chart])

    assert losses == ()
    assert text.count("\n    s") >= 20_000


def test_names_that_become_alike_are_told_apart(tmp_path: Path) -> None:
    """Two states whose names differ in marks only get different attributes."""
    chart = ring(["in-progress", "in progress", "in_progress"])

    text, _ = write([chart], allow="*")
    (made,) = declared(imported(text, tmp_path, "ring"))

    assert [state.id for state in made] == ["in_progress", "in_progress_2", "in_progress_3"]


@pytest.mark.parametrize(
    "value",
    [
        "",
        "it's",
        'say "hi"',
        "a\nb\\c",
        "x" * 300,
        "word " * 60,
        "\x00\u2028\U0001f4a5",
        "'\"" * 60,
    ],
)
def test_text_of_any_kind_comes_back_whole(value: str) -> None:
    """A literal, on one line or on many, evaluates to its text."""
    one, many = literal(value), formatted(f"x = {literal(value)}\n")

    scope: dict[str, str] = {}
    exec(many, scope)
    assert eval(one) == scope["x"] == value
    assert all(len(line) <= 100 for line in many.splitlines())


@pytest.mark.parametrize(
    "text",
    ["a lamp", "It's\n\nlong.\n" + "word " * 90, 'ends in "quotes"', '"""', "a\\b", "w" * 200],
)
def test_docstring_of_any_kind_is_one(text: str) -> None:
    """Quotes, backslashes and long lines do not break a docstring."""
    lines = docstring(text, 4)

    scope: dict[str, type] = {}
    exec("\n".join(["class A:", *lines]), scope)
    assert scope["A"].__doc__
    assert not lines[1:2] or lines[1] == ""
