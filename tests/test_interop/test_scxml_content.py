"""SCXML: executable content, as effects where no data model is needed, else as named actions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from statecharts import Chart, Machine, NamedEvent
from statecharts.interop import scxml
from statecharts.model.effects import Action, CancelInvoke, CancelSend, Effect, Raise, Send, Service
from statecharts.model.events import Answer, CallFailed
from statecharts.model.named import Give
from statecharts.model.nodes import OnEvent, StateNode

START = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def read(inside: str) -> Chart:
    """Return the chart of the content of an ``<scxml>``."""
    return scxml.loads(
        f'<scxml xmlns:my="urn:my" xmlns:sc="urn:statecharts:scxml:1">{inside}</scxml>'
    )


def effects(content: str) -> list[Effect]:
    """Return the effects that content of an ``<onentry>`` gives."""
    return given(read(f'<state id="a"><onentry>{content}</onentry></state>')["a"].entry)


def given(hooks: Any) -> list[Effect]:
    return [hook.function.effect for hook in hooks if isinstance(hook.function, Give)]


def services(node: StateNode) -> dict[str, Effect]:
    """Return the services that a state calls, by name."""
    effects = given([one.make for one in node.invoke])
    return {one.name: effect for one, effect in zip(node.invoke, effects, strict=True)}


@pytest.mark.parametrize(
    ("content", "effect"),
    [
        ('<raise event="go"/>', Raise(NamedEvent("go"))),
        ('<send event="go"/>', Send(NamedEvent("go"))),
        ('<send event="go" delay="0s"/>', Send(NamedEvent("go"))),
        ('<send event="go" delay="1.5s" id="x"/>', Send(NamedEvent("go"), 1.5 * SECOND, "x")),
        ('<send event="go" delay=".5s"/>', Send(NamedEvent("go"), 0.5 * SECOND)),
        ('<send event="go" delay="20MS"/>', Send(NamedEvent("go"), 0.02 * SECOND)),
        ("""<send eventexpr="'go'" delayexpr="'1s'"/>""", Send(NamedEvent("go"), SECOND)),
        ('<send event="go" target="#_internal"/>', Raise(NamedEvent("go"))),
        (
            '<send event="go" target="#_parent" type="scxml"/>',
            Send(NamedEvent("go"), target="#_parent", type="scxml"),
        ),
        (
            '<send event="go"><param name="n" expr="1"/><param name="s" expr="\'x\'"/></send>',
            Send(NamedEvent("go", {"n": 1, "s": "x"})),
        ),
        (
            '<send event="go"><content>{"n": [true, null]}</content></send>',
            Send(NamedEvent("go", {"n": [True, None]})),
        ),
        (
            '<send event="go"><content>some text</content></send>',
            Send(NamedEvent("go", {"content": "some text"})),
        ),
        ('<cancel sendid="x"/>', CancelSend("x")),
        ("<cancel sendidexpr=\"'x'\"/>", CancelSend("x")),
        ('<cancel sendidexpr="x"/>', Action("cancel", {"sendidexpr": "x"})),
        ('<log label="a" expr="b + 1"/>', Action("log", {"label": "a", "expr": "b + 1"})),
        ('<assign location="v" expr="1"/>', Action("assign", {"location": "v", "expr": "1"})),
        (
            '<assign location="v"><a b="1">c</a></assign>',
            Action("assign", {"location": "v", "content": '<a b="1">c</a>'}),
        ),
        ("<script> x = 1; </script>", Action("script", {"content": "x = 1;"})),
        ('<script src="file.js"/>', Action("script", {"src": "file.js"})),
        (
            '<send event="go" delayexpr="v"/>',
            Action("send", {"event": "go", "delayexpr": "v"}),
        ),
        (
            '<send event="go"><param name="n" expr="v"/><param name="m" location="w"/></send>',
            Action("send", {"event": "go", "params": {"n": {"expr": "v"}, "m": {"location": "w"}}}),
        ),
        ('<send event="go" namelist="v"/>', Action("send", {"event": "go", "namelist": "v"})),
        (
            '<send event="go"><content expr="v"/></send>',
            Action("send", {"event": "go", "contentexpr": "v"}),
        ),
        ('<send type="http" target="u"/>', Action("send", {"type": "http", "target": "u"})),
        (
            '<send typeexpr="v"><content>all</content></send>',
            Action("send", {"typeexpr": "v", "content": "all"}),
        ),
        (
            '<foreach array="all" item="one"><if cond="one"><raise event="go"/></if></foreach>',
            Action(
                "foreach",
                {
                    "array": "all",
                    "item": "one",
                    "content": '<if cond="one"><raise event="go"/></if>',
                },
            ),
        ),
        ('<my:save mode="soon"/>', Action("{urn:my}save", {"mode": "soon"})),
        (
            '<sc:action name="notify"><param name="to" expr="&quot;ada&quot;"/></sc:action>',
            Action("notify", {"to": "ada"}),
        ),
    ],
)
def test_content_is_read_as_the_effect_it_stands_for(content: str, effect: Effect) -> None:
    """Each element becomes one effect; expressions that are no constants stay text."""
    assert effects(content) == [effect]


def test_content_blocks_follow_one_another() -> None:
    """Several blocks of the same kind are executed in document order."""
    chart = read(
        '<state id="a"><onentry><raise event="x"/></onentry><onexit><raise event="q"/>'
        '</onexit><onentry><raise event="y"/></onentry></state>'
    )
    assert given(chart["a"].entry) == [Raise(NamedEvent("x")), Raise(NamedEvent("y"))]


def test_content_of_data_models_is_done_at_the_start() -> None:
    """Data, wherever it is declared, and scripts become actions of the chart's own entry."""
    chart = read(
        '<datamodel><data id="v" expr="1"/></datamodel><script>f()</script>'
        '<state id="a"><datamodel><data id="w"> [1] </data></datamodel></state>'
    )
    assert given(chart.root.entry) == [
        Action("data", {"id": "v", "expr": "1"}),
        Action("data", {"id": "w", "content": "[1]"}),
        Action("script", {"content": "f()"}),
    ]
    started = Machine(chart, at=START).started
    assert started is not None
    assert started.effects == tuple(given(chart.root.entry))


def test_content_of_late_data_models_is_done_on_entry() -> None:
    """With late binding, data of a state is an action of that state's entry."""
    chart = scxml.loads(
        '<scxml binding="late"><state id="a"><datamodel><data id="w"/></datamodel></state></scxml>'
    )
    assert given(chart["a"].entry) == [Action("data", {"id": "w"})]


def test_content_of_final_states_comes_last() -> None:
    """The data of a final state's completion is an action after its entry."""
    chart = read(
        '<final id="z"><donedata><param name="n" expr="v"/></donedata>'
        '<onentry><log label="end"/></onentry></final>'
    )
    assert given(chart["z"].entry) == [
        Action("log", {"label": "end"}),
        Action("donedata", {"params": {"n": {"expr": "v"}}}),
    ]


def test_content_invokes_services_while_a_state_is_active() -> None:
    """The calls of a state have the ids of the file; an unnamed one gets a name."""
    chart = read(
        '<state id="a"><invoke src="x.scxml" type="scxml" autoforward="true"/>'
        '<invoke id="i"><param name="n" expr="1"/><param name="v" expr="w"/>'
        '<content><scxml xmlns="http://www.w3.org/2005/07/scxml"><state/></scxml></content>'
        '</invoke><onentry><log label="in"/></onentry><onexit><log label="out"/></onexit>'
        '<transition event="done.invoke.i" target="a"/></state>'
    )
    inner = '<scxml xmlns="http://www.w3.org/2005/07/scxml"><state/></scxml>'
    assert services(chart["a"]) == {
        "invoke": Service("x.scxml", {"@type": "scxml", "@autoforward": "true"}),
        "i": Service(inner, {"n": 1, "v": {"expr": "w"}}),
    }
    assert given(chart["a"].entry) == [Action("log", {"label": "in"})]
    assert given(chart["a"].exit) == [Action("log", {"label": "out"})]


def test_content_of_invokes_is_answered_for_as_long_as_the_state_is_active() -> None:
    """Only the holder hears an answer; a superstate takes it back; late answers do nothing."""
    chart = read(
        '<state id="on" initial="two"><parallel id="two">'
        '<state id="l" initial="l1"><state id="l1"><invoke id="job" src="j"/>'
        '<transition event="done.invoke.job" target="l2"/></state><state id="l2"/></state>'
        '<state id="r" initial="r1"><state id="r1">'
        '<transition event="done.invoke.job" target="r2"/></state><state id="r2"/></state>'
        "</parallel>"
        '<transition event="error.platform.job" target="bad"/>'
        '<transition event="stop" target="off"/></state><state id="off"/><state id="bad"/>'
    )
    machine = Machine(chart, at=START)
    assert machine.snapshot.calls == {"on.two.l.l1.job#1": Service("j")}
    machine.send(Answer("on.two.l.l1.job#1", NamedEvent("done.invoke.job", {"n": 1})))
    assert machine.configuration[2:] == ("on.two.l", "on.two.l.l2", "on.two.r", "on.two.r.r1")

    machine = Machine(chart, at=START)
    assert machine.send(CallFailed("on.two.l.l1.job#1", "no")).snapshot.configuration == ("bad",)

    machine = Machine(chart, at=START, on_unhandled="raise")
    assert machine.send(NamedEvent("stop")).effects == (CancelInvoke("on.two.l.l1.job#1"),)
    late = machine.send(Answer("on.two.l.l1.job#1", NamedEvent("done.invoke.job")))
    assert not late.handled
    assert machine.configuration == ("off",)


def test_content_of_invokes_with_odd_or_equal_ids_gets_other_names() -> None:
    """Dots separate states from their calls; a renamed call is answered by either name."""
    chart = read(
        '<state id="a"><invoke id="my.job"/><invoke id="x"/><invoke id="x"/>'
        '<transition event="done.invoke.my.job" target="a"/></state>'
    )
    assert list(services(chart["a"])) == ["my_job", "x", "x_2"]
    answers = OnEvent(("done.invoke.my.job", "done.invoke.my_job"))
    assert chart["a"].transitions[0].trigger == answers
    assert scxml.loads(scxml.dumps(chart)) == chart
    told = [fault.found for fault in chart.warnings if fault.code == "SC652"]
    assert told == [
        "the service 'my.job' of 'a' has the name 'my_job' here",
        "the service 'x' of 'a' has the name 'x_2' here",
    ]


def test_content_of_several_invokes_shares_a_line_on_failure() -> None:
    """CallFailed does not say which service failed, and that is told."""
    chart = read(
        '<state id="a"><invoke id="i"/><invoke id="j"/>'
        '<transition event="error.platform.i" target="b"/></state><state id="b"/>'
    )
    assert chart["a"].transitions[0].trigger == OnEvent(("error.platform.i", CallFailed))
    (told,) = [fault.found for fault in chart.warnings if fault.code == "SC652"]
    assert told == "a line on the failure of 'i' takes that of 'j', too"


def test_content_of_conditions_is_the_first_branch_that_holds() -> None:
    """An ``<if>`` does what the first of its branches says whose condition holds."""
    chart = read(
        '<state id="a"><onentry><if cond="false"><raise event="one"/><elseif cond="In(\'a\')"/>'
        '<raise event="two"/><raise event="three"/><else/><raise event="four"/></if></onentry>'
        '<transition event="two" target="b"/><transition event="*" target="c"/></state>'
        '<state id="b"><transition event="three" target="d"/></state>'
        '<state id="c"/><state id="d"/>'
    )
    assert Machine(chart, at=START).configuration == ("d",)


def test_content_actions_are_bound_by_their_elements() -> None:
    """A bound action is called with what the element says."""
    seen: list[dict[str, Any]] = []
    chart = read('<state id="a"><onentry><log label="x" expr="y"/></onentry></state>')
    Machine(chart.bind(actions={"log": lambda m, **said: seen.append(said)}), at=START)
    assert seen == [{"label": "x", "expr": "y"}]


def test_content_of_finalize_is_data_of_the_service() -> None:
    """A ``<finalize>`` is kept as text, with a warning; an empty one is there, too."""
    chart = read(
        '<state id="a"><invoke id="i"><finalize><log label="x"/></finalize></invoke>'
        '<invoke id="j"><finalize/></invoke></state>'
    )
    assert services(chart["a"]) == {
        "i": Service("", {"@finalize": '<log label="x"/>'}),
        "j": Service("", {"@finalize": ""}),
    }
    told = [str(fault) for fault in chart.warnings if fault.code == "SC651"]
    assert told == [
        (
            "[SC651] <text>:1 <finalize>: a <finalize> works on a data model; it is kept in the "
            "data of the service. "
            "Do its work on the transitions that take the events of the service."
        )
    ]
