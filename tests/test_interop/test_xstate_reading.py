"""XState: what each thing that a machine can say becomes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from statecharts import Chart, DefinitionError, Machine, StatechartError
from statecharts.interop import python, xstate
from statecharts.model.chart import After, Always, Done, OnEvent, StateKind, TransitionKind
from statecharts.model.effects import Action, CancelSend, Raise, Send, Service
from statecharts.model.errors import StepError
from statecharts.model.events import CallFailed, NamedEvent
from statecharts.model.hooks import Hook
from statecharts.model.named import AllOf, AnyOf, Choose, Give, Holds, In, Named, Not

START = datetime(2026, 1, 1, tzinfo=UTC)
EXTERNAL, INTERNAL = TransitionKind.EXTERNAL, TransitionKind.INTERNAL
FORBIDDEN = TransitionKind.FORBIDDEN


def chart(a: Any, version: int | None = None, **more: Any) -> Chart:
    """Return a machine whose state ``a`` says something, beside ``b`` and a compound ``c``."""
    inner = {"x": {"id": "ex"}, "y": {"initial": "z", "states": {"z": {}}}}
    states = {"a": a, "b": {}, "c": {"initial": "x", "states": inner}}
    held = {"id": "m", "initial": "a", "states": states, **more}
    return xstate.loads(json.dumps(held), version=version)


def line(a: Any, version: int | None = None) -> Any:
    """Return the one transition of a state."""
    (found,) = chart(a, version)["a"].transitions
    return found


@pytest.mark.parametrize(
    ("target", "states"),
    [
        ("b", ("b",)),
        ("c.y", ("c.y",)),
        ("c.y.z", ("c.y.z",)),
        ("#m.c.x", ("c.x",)),
        ("#ex", ("c.x",)),
        ("#m.b", ("b",)),
        (["b"], ("b",)),
        ("#m", ("a",)),
    ],
)
def test_targets_mean_states(target: Any, states: tuple[str, ...]) -> None:
    """Siblings, paths from them, ids, paths from ids, and the machine itself."""
    assert line({"on": {"E": {"target": target}}}).targets == states


def test_targets_begin_with_a_dot_for_what_is_inside() -> None:
    """A target with a dot is looked for from the state itself."""
    states = {"c": {"initial": "x", "states": {"x": {}, "v1.5": {}}, "on": {"E": ".v1\\.5"}}}
    found = xstate.loads(json.dumps({"initial": "c", "states": states}))
    assert found["c"].transitions[0].targets == ("c.v1_5",)
    assert found["c.v1_5"].name == "v1.5"


INSIDE = {"initial": "p", "states": {"p": {}, "q": {}}}


@pytest.mark.parametrize(
    ("version", "said", "kind", "targets"),
    [
        (5, {"target": "a"}, INTERNAL, ("a.p",)),
        (5, {"target": "a", "reenter": True}, EXTERNAL, ("a",)),
        (5, {"target": ".q"}, INTERNAL, ("a.q",)),
        (5, {"target": ".q", "reenter": True}, EXTERNAL, ("a.q",)),
        (5, {"target": "#m.a.q"}, INTERNAL, ("a.q",)),
        (5, {"target": "b"}, EXTERNAL, ("b",)),
        (4, {"target": "a"}, EXTERNAL, ("a",)),
        (4, {"target": "a", "internal": True}, INTERNAL, ("a.p",)),
        (4, {"target": ".q"}, INTERNAL, ("a.q",)),
        (4, {"target": ".q", "internal": False}, EXTERNAL, ("a.q",)),
        (4, {"target": "#m.a.q"}, EXTERNAL, ("a.q",)),
        (5, {"actions": "x"}, INTERNAL, ()),
        (5, {}, FORBIDDEN, ()),
        (5, None, FORBIDDEN, ()),
        (4, None, FORBIDDEN, ()),
    ],
)
def test_versions_differ_in_what_is_left(
    version: int, said: Any, kind: TransitionKind, targets: tuple[str, ...]
) -> None:
    """In v5 the source stays unless it says reenter; in v4 it is left unless it says internal."""
    found = line({**INSIDE, "on": {"E": said}}, version)
    assert (found.kind, found.targets) == (kind, targets)


def test_an_atomic_state_that_goes_to_itself_stays_in_v5() -> None:
    """Nothing is left and nothing entered; in v4 it is."""
    said = {"on": {"E": {"target": "a", "actions": "x"}}}
    assert line(said, 5).targets == ()
    assert line(said, 4).targets == ("a",)
    assert line(said, 4).kind is EXTERNAL


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ({"on": {"E": {"target": "b", "cond": "x"}}}, 4),
        ({"on": {"E": {"target": "b", "guard": "x"}}}, 5),
        ({"on": [{"event": "E", "target": "b"}]}, 4),
        ({"on": {"": "b"}}, 4),
        ({"on": {"done.invoke.x": "b"}}, 4),
        ({"on": {"xstate.done.actor.x": "b"}}, 5),
        ({"entry": {"type": "xstate.send", "event": "E"}}, 4),
        ({"onEntry": "x"}, 4),
        ({"on": {"E": {"target": "b", "internal": True}}}, 4),
        ({"on": {"E": {"target": "b", "reenter": True}}}, 5),
        ({"on": {"E": "b"}}, 5),
        ({"on": {"E": "b"}, "meta": {"cond": 1}}, 5),
    ],
)
def test_versions_are_seen(said: Any, version: int) -> None:
    """Features of only one version decide; without any, it is version 5."""
    assert xstate.version_of({"states": {"a": said}}) == version


@pytest.mark.parametrize(
    ("said", "trigger"),
    [
        ({"on": {"E": "b"}}, OnEvent(("E",))),
        ({"always": "b"}, Always()),
        ({"always": {"target": "b"}}, Always()),
        ({"on": {"": "b"}}, Always()),
        ({"after": {"1500": "b"}}, After(timedelta(seconds=1.5), "a.after.1")),
        ({"after": [{"delay": 10, "target": "b"}]}, After(timedelta(milliseconds=10), "a.after.1")),
        ({**INSIDE, "onDone": "b"}, Done()),
        ({**INSIDE, "on": {"done.state.m.a": "b"}}, Done()),
        ({"on": {"xstate.done.state.m.c": "b"}}, OnEvent(("done.state.c",))),
        ({"on": {"xstate.done.actor.s": "b"}}, OnEvent(("done.invoke.s",))),
        ({"on": {"xstate.error.actor.s": "b"}}, OnEvent(("error.platform.s",))),
    ],
)
def test_triggers_are_read(said: Any, trigger: Any) -> None:
    """Events, nothing, delays, and the ends of states and services."""
    assert line(said).trigger == trigger


def test_names_are_asked_before_wildcards() -> None:
    """A wildcard comes after names, the longer before the shorter; v4's list keeps its order."""
    on = {"*": "b", "ui.*": "b", "X": "b", "ui.click.*": "b"}
    found = [t.trigger for t in chart({"on": on})["a"].transitions]
    assert found == [OnEvent((name,)) for name in ("X", "ui.click.*", "ui.*", "*")]
    listed = [{"event": "*", "target": "b"}, {"event": "X", "target": "b"}]
    lines = chart({"on": listed})["a"].transitions
    assert [t.trigger for t in lines] == [OnEvent(("*",)), OnEvent(("X",))]


@pytest.mark.parametrize(
    ("guard", "function"),
    [
        ("ready", Named("ready")),
        ({"type": "ready"}, Named("ready")),
        ({"type": "atLeast", "params": {"n": 3}}, Named("atLeast", {"n": 3})),
        ({"type": "atLeast", "n": 3}, Named("atLeast", {"n": 3})),
        ({"type": "xstate.guard", "name": "ready"}, Named("ready")),
        ({"type": "not", "guards": ["x"]}, Not(Hook(Named("x")))),
        ({"type": "xstate.not", "guard": "x"}, Not(Hook(Named("x")))),
        ({"type": "and", "guards": ["x", "y"]}, AllOf((Hook(Named("x")), Hook(Named("y"))))),
        ({"type": "or", "children": ["x"]}, AnyOf((Hook(Named("x")),))),
        ({"type": "and", "guards": []}, Holds(value=True)),
        ({"type": "xstate.stateIn", "params": {"stateValue": "#ex"}}, In("c.x")),
        ({"type": "stateIn", "stateValue": {"c": {"y": "z"}}}, In("c.y.z")),
        ({"type": "stateIn", "stateValue": "c.y"}, In("c.y")),
        ({"type": "not"}, Named("not")),
        ("({context}) => context.n > 3", Named("({context}) => context.n > 3")),
        ({"predicate": "c => c.n"}, Named("c => c.n")),
    ],
)
def test_guards_are_read(guard: Any, function: Any) -> None:
    """Names stay names; what XState makes of them is made here."""
    assert line({"on": {"E": {"target": "b", "guard": guard}}}).guard.function == function


def test_the_state_of_v4_is_asked_before_its_cond() -> None:
    """``in`` is a guard like another."""
    found = line({"on": {"E": {"target": "b", "in": {"c": "x"}, "cond": "ok"}}})
    assert found.guard.function == AllOf((Hook(In("c.x")), Hook(Named("ok"))))


@pytest.mark.parametrize(
    ("action", "effect"),
    [
        ("go", Action("go")),
        ({"type": "go", "params": {"n": 1}}, Action("go", {"n": 1})),
        ({"type": "go", "n": 1}, Action("go", {"n": 1})),
        ({"type": "xstate.raise", "event": "E"}, Raise(NamedEvent("E"))),
        (
            {"type": "xstate.raise", "params": {"event": {"type": "E", "n": 1}, "delay": 5}},
            Send(NamedEvent("E", {"n": 1}), timedelta(milliseconds=5)),
        ),
        ({"type": "xstate.send", "event": {"type": "E"}, "id": "i"}, Send(NamedEvent("E"), id="i")),
        ({"type": "xstate.send", "event": "E", "to": "#_internal"}, Raise(NamedEvent("E"))),
        ({"type": "xstate.sendTo", "to": "s", "event": "E"}, Send(NamedEvent("E"), target="s")),
        ({"type": "xstate.cancel", "sendId": "i"}, CancelSend("i")),
        (
            {"type": "xstate.spawnChild", "src": "s", "id": "i"},
            Action("spawnChild", {"src": "s", "id": "i"}),
        ),
        ({"type": "xstate.stopChild", "id": "i"}, Action("stopChild", {"id": "i"})),
        ({"type": "xstate.stop", "activity": "i"}, Action("stopChild", {"activity": "i"})),
        (
            {"type": "xstate.assign", "assignment": {"n": 1}},
            Action("xstate.assign", {"assignment": {"n": 1}}),
        ),
        ({"type": "xstate.log", "label": "x"}, Action("xstate.log", {"label": "x"})),
        (
            {"type": "xstate.raise", "event": "E", "delay": "named"},
            Action("xstate.raise", {"event": "E", "delay": "named"}),
        ),
        ({"__tsx": "() => go()"}, Action("() => go()")),
    ],
)
def test_actions_are_read(action: Any, effect: Any) -> None:
    """Names stay names; the actions that XState brings along are done where they are data."""
    (hook,) = chart({"entry": action})["a"].entry
    assert hook.function == Give(effect)


def test_choices_of_v4_are_read() -> None:
    """``choose`` decides when it is run."""
    conds = [{"cond": "ok", "actions": "x"}, {"actions": ["y", "z"]}]
    (hook,) = chart({"exit": {"type": "xstate.choose", "conds": conds}})["a"].exit
    assert isinstance(hook.function, Choose)
    assert hook.name == "if ok: x; else y, z"


@pytest.mark.parametrize(
    ("invoke", "version", "name", "service"),
    [
        ("service", 5, "service", Service("service")),
        ({"src": "service", "id": "i"}, 5, "i", Service("service")),
        ({"src": "service", "id": "0.m.a"}, 5, "service", Service("service")),
        ({"src": "service", "id": "my.own"}, 5, "my_own", Service("service")),
        ({"src": "service"}, 4, "service", Service("service")),
        ({"src": {"type": "search", "limit": 5}}, 4, "search", Service("search", {"limit": 5})),
        ({"src": "s", "id": "i", "input": {"n": 1}}, 5, "i", Service("s", {"n": 1})),
        ({"src": "s", "id": "i", "data": 7}, 4, "i", Service("s", {"data": 7})),
        ({"id": "i"}, 5, "i", Service("inline:a#invoke[0]")),
        ({"id": "i", "src": {"states": {}}}, 5, "i", Service('{"states": {}}')),
        ({"src": {"states": {}}}, 5, "invoke", Service('{"states": {}}')),
    ],
)
def test_invocations_are_read(invoke: Any, version: int, name: str, service: Service) -> None:
    """They are calls of the state, by their ids, or else by what they call."""
    node = chart({"entry": "x", "exit": "y", "invoke": invoke}, version)["a"]
    assert [(one.name, one.make) for one in node.invoke] == [(name, Hook(Give(service)))]
    assert [hook.function for hook in node.entry] == [Give(Action("x"))]
    assert [hook.function for hook in node.exit] == [Give(Action("y"))]


def test_what_follows_on_invocations_is_read() -> None:
    """Their end, their failure and their snapshots are events."""
    said = {"src": "s", "id": "i", "onDone": "b", "onError": [{"target": "b"}], "onSnapshot": {}}
    found = [t.trigger for t in chart({"invoke": [said]})["a"].transitions]
    assert found == [
        OnEvent(("done.invoke.i",)),
        OnEvent(("error.platform.i", CallFailed)),
        OnEvent(("xstate.snapshot.i",)),
    ]


def test_invocations_without_an_id_are_answered_by_either_name() -> None:
    """Lines take the id that XState makes, and the name that the call has here."""
    said = {"invoke": {"src": "s", "onError": "b"}, "on": {"xstate.done.actor.0.m.a": "b"}}
    found = chart(said)
    assert [t.trigger for t in found["a"].transitions] == [
        OnEvent(("done.invoke.0.m.a", "done.invoke.s")),
        OnEvent(("error.platform.0.m.a", "error.platform.s", CallFailed)),
    ]
    assert xstate.loads(xstate.dumps(found)) == found


def test_one_state_with_two_services_cannot_tell_their_failures_apart() -> None:
    """CallFailed says that a service has failed, and not which: that is told."""
    several = [{"src": "s", "onError": "b"}, {"src": "s", "onError": "c"}]
    found = chart({"invoke": several})
    assert [one.name for one in found["a"].invoke] == ["s", "s_2"]
    told = [fault.found for fault in found.warnings if fault.code == "SC652"]
    assert told[:1] == ["a line on the failure of 's' takes that of 's_2', too"]


@pytest.mark.parametrize(
    ("said", "kind", "default"),
    [
        ({"type": "history"}, StateKind.SHALLOW_HISTORY, ("c.x",)),
        ({"type": "history", "history": "deep"}, StateKind.DEEP_HISTORY, ("c.x",)),
        ({"history": "deep"}, StateKind.DEEP_HISTORY, ("c.x",)),
        ({"history": True}, StateKind.SHALLOW_HISTORY, ("c.x",)),
        ({"type": "history", "target": "y"}, StateKind.SHALLOW_HISTORY, ("c.y",)),
        ({"type": "history", "target": "#m.c.y.z"}, StateKind.SHALLOW_HISTORY, ("c.y.z",)),
    ],
)
def test_histories_are_read(said: Any, kind: StateKind, default: tuple[str, ...]) -> None:
    """Without a target, a history leads to its parent's initial state."""
    inner = {"x": {}, "y": {"initial": "z", "states": {"z": {}}}, "h": said}
    states = {"c": {"initial": "x", "states": inner}}
    node = xstate.loads(json.dumps({"id": "m", "initial": "c", "states": states}))["c.h"]
    assert (node.kind, node.initial) == (kind, default)


def test_the_history_of_a_parallel_state_leads_to_all_regions() -> None:
    """Without a target, that is what entering the state means."""
    inner = {"x": {}, "y": {}, "h": {"type": "history"}}
    states = {"p": {"type": "parallel", "states": inner}}
    found = xstate.loads(json.dumps({"initial": "p", "states": states}))
    assert found["p.h"].initial == ("p.x", "p.y")


def test_a_parallel_machine_enters_all_regions() -> None:
    """The machine itself may be parallel."""
    found = xstate.loads('{"type": "parallel", "states": {"x": {}, "y": {}}}')
    assert found.root.kind is StateKind.PARALLEL
    assert Machine(found, at=START).configuration == ("x", "y")


def test_a_parallel_machine_may_be_entered_anew() -> None:
    """A target that is the machine itself means all of its regions."""
    found = xstate.loads(
        json.dumps(
            {
                "id": "m",
                "type": "parallel",
                "on": {"AGAIN": {"target": "#m", "reenter": True}},
                "states": {
                    "x": {"initial": "a", "states": {"a": {"on": {"GO": "b"}}, "b": {}}},
                    "y": {},
                },
            }
        )
    )
    machine = Machine(found)

    machine.send(NamedEvent("GO"))
    moved = machine.configuration
    machine.send(NamedEvent("AGAIN"))

    assert moved == ("x", "x.b", "y")
    assert machine.configuration == ("x", "x.a", "y")


def test_what_tools_leave_empty_is_not_kept() -> None:
    """An empty ``meta`` or description of a transition says nothing, and is not kept."""
    machine = {
        "initial": "x",
        "states": {"x": {"on": {"GO": {"target": "x", "meta": {}, "description": ""}}}},
    }

    assert "transitions" not in xstate.loads(json.dumps(machine))["x"].meta


def test_the_machine_itself_has_actions_delays_and_services() -> None:
    """The machine's own entry is done at the start, and its transitions apply in all states."""
    found = chart({}, entry="x", invoke="s", after={"100": ".b"}, on={"E": ".c.y"})
    running: Machine[Any, None] = Machine(found, at=START)
    assert running.started is not None
    assert running.started.effects[0] == Action("x")
    assert running.snapshot.calls == {"s#1": Service("s")}
    running.send(NamedEvent("E"))
    assert list(running.configuration) == ["c", "c.y", "c.y.z"]
    running.advance(timedelta(milliseconds=100))
    assert list(running.configuration) == ["b"]


def test_named_delays_are_passed_when_loading() -> None:
    """A delay that nobody has said how long it is keeps its state from being entered."""
    text = '{"initial": "a", "states": {"a": {"after": {"patience": "b"}}, "b": {}}}'
    with pytest.raises(StepError, match="the delay 'patience' is not bound to a time"):
        Machine(xstate.loads(text), at=START)
    running: Machine[Any, None] = Machine(
        xstate.loads(text, delays={"patience": timedelta(seconds=2)}), at=START
    )
    running.advance(timedelta(seconds=2))
    assert running.configuration == ("b",)


PATIENT = json.dumps(
    {
        "id": "m",
        "initial": "a",
        "states": {"a": {"after": {"patience": "b"}}, "b": {"after": {"patience": "a"}}},
    }
)


@pytest.mark.parametrize("given", [timedelta(seconds=2), lambda m: timedelta(seconds=2)])
def test_named_delays_are_bound(given: Any) -> None:
    """A time, or a function that gives one, takes the place of a name."""
    found = xstate.loads(PATIENT)
    bound = found.bind(delays={"patience": given})

    assert (found.unbound_delays, bound.unbound_delays) == (("patience",), ())
    running: Machine[Any, None] = Machine(bound, at=START)
    running.advance(timedelta(seconds=2))
    assert running.configuration == ("b",)
    running.advance(timedelta(seconds=2))
    assert running.configuration == ("a",)


def test_named_delays_are_bound_to_the_attributes_of_an_object() -> None:
    """A host has times and functions by their names."""

    class Host:
        patience = timedelta(seconds=2)

    bound = xstate.loads(PATIENT).bind(Host())

    assert [t.trigger for t in bound.transitions] == [
        After(timedelta(seconds=2), "a.after.1"),
        After(timedelta(seconds=2), "b.after.1"),
    ]


@pytest.mark.parametrize(
    ("delays", "told"),
    [
        ({"patince": timedelta(1)}, "no unbound delay 'patince'. Did you mean 'patience'"),
        ({"patience": timedelta(0)}, "cannot be bound to datetime.timedelta.0.. Bind a timedelta"),
        ({"patience": 3}, "cannot be bound to 3. Bind a timedelta above 0, or a function"),
    ],
)
def test_delays_that_cannot_be_bound_are_refused(delays: Any, told: str) -> None:
    """A name that is not there, a time that is not one."""
    with pytest.raises(StatechartError, match=told):
        xstate.loads(PATIENT).bind(delays=delays)


def test_a_delay_bound_to_a_function_is_written_by_its_name() -> None:
    """As a guard is that has been bound."""
    found = xstate.loads(PATIENT)

    assert xstate.dumps(found.bind(delays={"patience": lambda m: m.data})) == xstate.dumps(found)


def test_named_delays_are_written_as_python() -> None:
    """Each name becomes one function that waits for its body, and nothing is lost."""
    module, losses = python.write([xstate.loads(PATIENT)])

    assert not losses
    assert module.count("def patience(m: Moment[Any, Any]) -> timedelta:") == 1
    assert "a.after(patience, b)" in module
    assert "b.after(patience, a)" in module


@pytest.mark.parametrize("more", [{}, {"states": {}}, {"type": "atomic"}])
def test_a_machine_without_states_has_one(more: dict[str, Any]) -> None:
    """XState takes such a machine for an atomic state; here that is a state inside it."""
    on = {"ADD": {"actions": "add"}, "AGAIN": {"target": "#tally", "actions": "again"}}
    found = xstate.loads(json.dumps({"id": "tally", "entry": "begin", "on": on, **more}))

    running: Machine[Any, None] = Machine(found, at=START)
    assert running.started is not None
    assert running.started.effects == (Action("begin"),)
    assert running.send(NamedEvent("ADD")).effects == (Action("add"),)
    assert running.send(NamedEvent("AGAIN")).effects == (Action("again"),)
    assert running.configuration == ("active",)
    assert xstate.loads(xstate.dumps(found)) == found


def test_a_machine_without_the_states_that_it_names_is_refused() -> None:
    """An initial state has to be there."""
    with pytest.raises(DefinitionError, match="has no states inside"):
        xstate.loads('{"id": "m", "initial": "a"}')


TWO = {"initial": "a", "states": {"a": {}, "b": {}}}


@pytest.mark.parametrize("target", ["b", {"target": "b"}, [{"target": "b", "cond": "x"}, "b"]])
def test_a_transition_of_the_machine_without_a_dot_is_of_v4(target: Any) -> None:
    """Version 5 takes only `.b` and `#id` there."""
    machine = {**TWO, "on": {"E": target}}

    assert xstate.version_of(machine) == 4
    found = xstate.loads(json.dumps(machine))
    assert {t.targets for t in found.transitions} == {("b",)}
    assert not [warning for warning in found.warnings if warning.code == "SC652"]


@pytest.mark.parametrize("line", ["b", {"target": "b"}])
def test_version_4_is_tried_where_version_5_refuses(line: Any) -> None:
    """Where nothing says which version it is; and that is told."""
    found = xstate.loads(json.dumps({**TWO, "after": {"10": line}}))

    assert [t.targets for t in found.transitions] == [("b",)]
    told = [warning.found for warning in found.warnings if warning.code == "SC652"]
    assert "XState 5 would refuse this machine; it is read as one for XState 4" in told


@pytest.mark.parametrize("more", [{"types": {}}, {"states": {"a": {}, "c": {}}}])
def test_a_mistake_is_told_by_the_rules_of_version_5(more: dict[str, Any]) -> None:
    """Where the machine is of version 5, or neither version takes it."""
    with pytest.raises(DefinitionError, match="this goes to 'b', and there is no such state"):
        xstate.loads(json.dumps({**TWO, "always": "b", **more}))


def test_documentation_of_all_kinds_is_kept() -> None:
    """Of states, transitions, initial transitions and services."""
    said = {
        "id": "own",
        "description": "An a.",
        "tags": ["t"],
        "meta": {"k": 1},
        "on": {"E": {"target": "b", "description": "why", "meta": {"m": 1}}},
        "invoke": {"src": "s", "id": "i", "description": "who"},
    }
    node = chart(said)["a"]
    assert node.doc == "An a."
    assert node.meta == {
        "k": 1,
        "tags": ["t"],
        "id": "own",
        "transitions": {"0": {"description": "why", "meta": {"m": 1}}},
        "invoke": {"i": {"description": "who"}},
    }


@pytest.mark.parametrize("key", ["machine", "config", "definition"])
def test_machines_are_taken_out_of_their_wrappers(key: str) -> None:
    """Tools put an object around the machine."""
    text = json.dumps({key: {"id": "m", "initial": "a", "states": {"a": {}}}})
    assert xstate.loads(text).name == "m"


def test_v4_machines_choose_their_delimiter() -> None:
    """In v4, names may have another delimiter than a dot."""
    states = {
        "a.b": {"on": {"E": {"target": "c/x.y", "cond": "g"}}},
        "c": {"initial": "x.y", "states": {"x.y": {}}},
    }
    text = json.dumps({"id": "m", "delimiter": "/", "initial": "a.b", "states": states})
    assert xstate.loads(text)["a_b"].transitions[0].targets == ("c.x_y",)
