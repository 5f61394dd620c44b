"""XState: final states that can be left."""

from __future__ import annotations

import json

from statecharts import Machine, NamedEvent
from statecharts.interop import xstate
from statecharts.model.chart import StateKind

LEFT = {"on": {"AGAIN": "a"}, "type": "final"}


def nested(**more: object) -> str:
    """Return a machine whose state ``p`` has a final state that can be left."""
    inner = {"initial": "a", "states": {"a": {"on": {"GO": "z"}}, "z": LEFT}}
    return json.dumps({"initial": "p", "states": {"p": {**inner, **more}, "q": {}}})


def test_a_final_state_that_nobody_waits_for_can_be_left() -> None:
    """If nothing depends on finality, the state is an ordinary one, with a warning."""
    found = xstate.loads(nested())

    machine = Machine(found)
    machine.send(NamedEvent("GO"))
    machine.send(NamedEvent("AGAIN"))

    assert machine.configuration == ("p", "p.a")
    assert found["p.z"].kind is StateKind.ATOMIC
    (said,) = [fault.found for fault in found.warnings if fault.code == "SC651"]
    assert said.startswith("a final state that can be left; nothing waits for 'p' to be done")


def test_a_final_state_that_is_waited_for_is_never_left() -> None:
    """If ``onDone`` waits, the state stays final, and its lines are left out with a warning."""
    found = xstate.loads(nested(onDone="q"))

    assert found["p.z"].kind is StateKind.FINAL
    assert found["p.z"].transitions == ()
    (said,) = [fault.found for fault in found.warnings if fault.code == "SC652"]
    assert said.endswith("transitions are left out, for something waits for 'p' to be done")


def test_nothing_leaves_a_machine_that_has_stopped() -> None:
    """A line that leaves a final state of the machine itself is left out, and that is said."""
    found = xstate.loads(
        json.dumps({"initial": "a", "states": {"a": {"on": {"GO": "z"}}, "z": LEFT}})
    )

    assert found["z"].kind is StateKind.FINAL
    assert found["z"].transitions == ()
    assert any("the machine has stopped" in fault.found for fault in found.warnings)
