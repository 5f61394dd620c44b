"""DOT and Mermaid: structure, escaping, and that other programs can read them."""

from __future__ import annotations

import re

import pytest

from machines.pipeline import Pipeline
from statecharts import drawing
from statecharts.drawing.labels import COMPARTMENT_WIDTH, LABEL_SIZE, LABEL_WIDTH, line_width, wrap
from statecharts.drawing.mermaid import escaped
from statecharts.drawing.model import Role, Run, line_text
from statecharts.drawing.notation import picture_of as picture_model
from statecharts.drawing.plantuml import escaped as plantuml_escaped
from tests.test_drawing import charts
from tests.test_drawing.pictures import picture_of


def test_dot_bears_the_hash_of_the_chart() -> None:
    """The first line of the DOT text names the chart that it shows."""
    assert picture_of(Pipeline, "dot").startswith(f"// chart {Pipeline.chart.hash}\n")


def test_dot_nests_states_as_the_chart_does() -> None:
    """Composite states are clusters, and arrows end at their borders."""
    dot = picture_of(Pipeline, "dot")
    inside = re.search(r'subgraph "cluster_active" \{(.*?)\n  \}', dot, re.DOTALL)
    assert inside is not None
    assert '"active.merge" [' in inside[1]
    assert '"done" [' not in inside[1]
    assert 'lhead="cluster_active"' in dot


def test_dot_highlights_the_active_states() -> None:
    """An active state differs from one that is not."""
    plain, shown = (picture_of(Pipeline, "dot", highlight=h) for h in (None, ["active.qa"]))
    assert plain.count("penwidth=2") == 0
    assert shown.count("penwidth=2") == 2


def test_mermaid_shows_the_pipeline() -> None:
    """A chart becomes a state diagram with nested states, fields and labels."""
    assert picture_of(Pipeline, "mermaid").splitlines()[:10] == [
        "stateDiagram-v2",
        '    state "active" as s2',
        "    state s2 {",
        '        state "backlog" as s4',
        '        state "coding" as s5',
        '        state "qa" as s6',
        '        state "merge" as s7',
        "        s7 : feature_branch#58; BranchName",
        "        s7 : commits_ahead#58; int",
        "        [*] --> s4",
    ]


@pytest.mark.parametrize("name", charts.CHARTS)
def test_mermaid_declares_every_state_and_closes_every_brace(name: str) -> None:
    """Each state is declared once, each arrow runs between declared states, braces match."""
    text = picture_of(charts.CHARTS[name](), "mermaid")
    declared = re.findall(r'^ *state (?:"[^"]*" as )?(s\d+)(?: <<fork>>)?$', text, re.MULTILINE)
    assert len(declared) == len(set(declared))
    used = re.findall(r"^ *(s\d+|\[\*\]) --> (s\d+|\[\*\])", text, re.MULTILINE)
    assert {end for ends in used for end in ends} <= {*declared, "[*]"}
    assert text.count("{\n") == len(re.findall(r"^ *\}$", text, re.MULTILINE))


def test_mermaid_divides_regions() -> None:
    """Regions of a parallel state are divided by two dashes."""
    text = picture_of(charts.media_player(), "mermaid")
    assert len(re.findall(r"^ +--$", text, re.MULTILINE)) == 2


def test_mermaid_highlights_the_active_states() -> None:
    """Active states get a class of their own."""
    text = picture_of(Pipeline, "mermaid", highlight=["active.merge"])
    assert text.endswith("    class s2,s7 active\n")
    assert "classDef active fill:" in text


def test_mermaid_escapes_what_it_gives_a_meaning_to() -> None:
    """Colons, semicolons, quotes, braces and dashes reach the reader as they are."""
    assert escaped('a: "b"; {c} -- #') == "a#58; #34;b#34;#59; #123;c#125; #45;#45; #35;"


def test_labels_are_wrapped_at_words() -> None:
    """A long label takes several lines, none wider than the limit, and loses no letter."""
    text = "data.balance >= event.amount and event.currency == context.currency and not frozen"
    for long in (text, "x" * 300, "a_very_long_name_" * 12):
        lines = wrap(
            (Run(Role.TRIGGER, "submit"), Run(Role.GUARD, f" [{long}]")), LABEL_SIZE, 236.0
        )
        assert len(lines) > 1
        assert (
            max(line_width(line, LABEL_SIZE) for line in lines) <= LABEL_WIDTH < COMPARTMENT_WIDTH
        )
        joined = "".join(line_text(line) for line in lines)
        assert joined.replace(" ", "") == f"submit[{long}]".replace(" ", "")


def test_plantuml_reads_as_a_state_diagram() -> None:
    """States nest in braces with their fields, arrows have labels, and what is active a colour."""
    text = drawing.render(Pipeline, "plantuml", highlight=["active.merge"])
    assert text.startswith("@startuml\nhide empty description\ntitle Pipeline\n")
    assert text.endswith("@enduml\n")
    name = dict(re.findall(r'state "(\w+)" as (s\d+)', text))
    merge = name["merge"]
    assert f'  state "merge" as {merge} #ffedd5;line:ad380a;line.bold;text:7c2d12\n' in text
    assert f"  {merge} : commits_ahead: int\n" in text
    assert f"{name['qa']} --> {merge} : GatesPassed(feature_branch, commits_ahead)\n" in text
    arrow = f"{name['active']} --> {name['archived']}"
    assert rf"{arrow} : Block(reason)\nReviewHold(reason)\nAbandon\nSupersede(by)" in text


def test_plantuml_has_no_arrow_over_the_border_of_a_region() -> None:
    """PlantUML refuses those, so they are text in the states that they leave; none is lost."""
    chart = charts.crossing()
    text = drawing.render(chart, "plantuml", faults=())
    arrows = [a for a in picture_model(chart).arrows if a.label]
    assert arrows
    for arrow in arrows:
        assert plantuml_escaped("".join(run.text for run in arrow.label[0])) in text, arrow.id


def test_plantuml_escapes_what_it_gives_a_meaning_to() -> None:
    """Markup in names comes out as numbers."""
    text = drawing.render(charts.hostile(), "plantuml", faults=())
    assert "<b>" not in text
    assert "<U+003C>b<U+003E><U+0022>x<U+0022>" in text
