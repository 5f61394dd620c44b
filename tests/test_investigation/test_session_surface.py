"""Investigation: the small surface over the chart, and what goes through it as JSON."""

from __future__ import annotations

import importlib
import json
import os
import pickle
import subprocess
import sys
from typing import Any

import pytest

from machines.investigation import (
    Call,
    CallFailed,
    CallId,
    CallKind,
    CallResult,
    Cancel,
    Case,
    Cause,
    CauseKind,
    Error,
    FailureKind,
    Finish,
    Idle,
    Intent,
    Investigation,
    InvestigationEvent,
    Observed,
    Phase,
    Planned,
    Policy,
    Proposal,
    Request,
    RequestUser,
    Scope,
    Start,
    Synthesis,
    UserResponse,
    Verdict,
    protocol,
)
from machines.investigator.security import SecurityViolation, validate_tool_call
from machines.pipeline import Pipeline
from statecharts import start
from statecharts.codec import CodecError, ForeignError, MalformedError, MismatchError
from statecharts.model.errors import StepError
from tests.test_investigation.runs import (
    ASKED,
    HYPOTHESES,
    PLAN,
    RESULT,
    START,
    SYNTHESIS,
    WORKING,
    begun,
    calls,
    failure,
    pending,
    response,
    result,
    send,
    within,
)

CYCLE: tuple[InvestigationEvent, ...] = (
    START,
    result("call-1", PLAN),
    result("call-2"),
    failure("call-3"),
    result("call-4"),
    result("call-5", ASKED),
    response("request-1"),
    result("call-6", HYPOTHESES),
    result("call-9"),
    result("call-8", ASKED),
    result("call-7"),
    response("request-2", "local"),
    result("call-10"),
    result("call-11", RESULT),
)
"""A whole investigation, with a failure, two questions, and results out of order."""

WRONG: Any = 7
BLOB: Any = b"blob"
"""Values that no field takes."""


def test_investigation_is_born_idle() -> None:
    """A new one is in its first phase, has taken no step, and waits."""
    investigation = Investigation()
    assert investigation.current_phase is Phase.INIT
    assert investigation.current_step == 0
    assert not investigation.is_terminal
    assert investigation.intents == (Idle(),)
    assert investigation.case == Case()
    assert repr(investigation) == "<Investigation at 0: init>"


def test_investigation_full_cycle() -> None:
    """From the start to the result each event asks for what comes next."""
    investigation = Investigation()
    intents = [investigation.ingest(event) for event in CYCLE]
    assert [
        "+".join(getattr(one, "call_id", type(one).__name__) for one in some) for some in intents
    ] == [
        "call-1",
        "call-2+call-3",
        "Idle",
        "call-4",
        "call-5",
        "RequestUser",
        "call-6",
        "call-7+call-8+call-9",
        "Idle",
        "RequestUser",
        "Idle",
        "call-10",
        "call-11",
        "Finish",
    ]
    assert investigation.current_phase is Phase.FINISHED
    assert investigation.current_step == len(CYCLE)
    assert investigation.is_terminal
    assert investigation.ingest(Cancel()) == ()


def test_current_step_counts_what_was_handled() -> None:
    """The logical clock moves by one for each event that counted, and for no other."""
    investigation = begun()
    assert investigation.current_step == 1
    assert investigation.ingest(START) == (Idle(),)
    assert investigation.ingest(response("request-7")) == (Idle(),)
    assert investigation.current_step == 1
    investigation.ingest(result("call-1"))
    assert investigation.current_step == 2


def test_replay_is_deterministic() -> None:
    """Equal events give equal ids, equal intents and equal bytes, in this process."""
    first, second = Investigation(), Investigation()
    for event in CYCLE:
        assert first.ingest(event) == second.ingest(event)
        assert first.dumps() == second.dumps()
    assert first.snapshot == second.snapshot


@pytest.mark.long
def test_replay_is_deterministic_in_another_process() -> None:
    """So they do in one whose hashes are salted otherwise."""
    script = (
        "from machines.investigation import Investigation\n"
        "from tests.test_investigation.test_session_surface import CYCLE\n"
        "one = Investigation()\n"
        "print([one.ingest(event) for event in CYCLE], one.dumps())"
    )

    def told(seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", script]
        ran = subprocess.run(command, capture_output=True, check=True, text=True, env=environment)
        return ran.stdout

    assert told("1") == told("2")


def test_ingest_leaves_the_snapshot_that_was_taken_before() -> None:
    """A snapshot is a value: what is ingested later does not change it."""
    investigation = begun()
    before, text = investigation.snapshot, investigation.dumps()
    investigation.ingest(result("call-1"))
    assert protocol().dumps_snapshot(before) == text
    assert Investigation.restore(before).ingest(result("call-1")) == investigation.intents


@pytest.mark.parametrize("cut", range(len(CYCLE) + 1))
def test_restored_investigations_go_on_alike(cut: int) -> None:
    """Cut anywhere, written to JSON and read again, a run comes to the same end by the same way."""
    whole = Investigation()
    send(whole, *CYCLE[:cut])
    for written in (whole.dumps(), whole.dumps().decode(), json.loads(whole.dumps())):
        restored = Investigation.restore(written)
        assert restored.snapshot == whole.snapshot
        assert restored.current_step == cut
        assert restored.intents == whole.intents
    for event in CYCLE[cut:]:
        assert restored.ingest(event) == whole.ingest(event)
    assert restored.dumps() == whole.dumps()
    assert pickle.loads(pickle.dumps(whole.snapshot)) == whole.snapshot


def test_intents_are_all_that_is_asked_for() -> None:
    """After a restart one sees the calls under way, the question, or the end."""
    assert calls(within(Phase.EVALUATING_HYPOTHESES).intents) == ("call-3", "call-4", "call-5")
    asking = within(Phase.EVALUATING_HYPOTHESES)
    send(asking, result("call-3", ASKED), result("call-5"))
    [call, question] = asking.intents
    assert isinstance(call, Call)
    assert call.call_id == "call-4"
    assert question == RequestUser("request-1", ASKED.prompt, ASKED.choices)  # type: ignore[arg-type]
    assert pending(asking) == ("call-4", "call-5")
    done = within(Phase.SYNTHESIZING)
    assert done.ingest(result("call-6", RESULT)) == done.intents == (Finish(SYNTHESIS),)
    gone = begun()
    assert gone.ingest(Cancel()) == gone.intents
    assert gone.intents == (Error(FailureKind.CANCELLED, "called off"),)


@pytest.mark.parametrize("phase", WORKING)
def test_what_a_step_asks_for_is_among_the_intents(phase: Phase) -> None:
    """What has just been asked for is asked for still."""
    investigation = within(phase)
    assert all(isinstance(one, Call) and one.phase is phase for one in investigation.intents)


@pytest.mark.parametrize("event", CYCLE)
def test_events_come_back_from_json(event: InvestigationEvent) -> None:
    """Every event is carried by the protocol."""
    assert protocol().loads_event(protocol().dumps_event(event)) == event


@pytest.mark.parametrize(
    "intent",
    [
        Idle(),
        *begun().intents,
        RequestUser("request-1", "Which day?", ("Monday",)),  # type: ignore[arg-type]
        Finish(SYNTHESIS),
        Error(FailureKind.CANCELLED, "called off"),
    ],
)
def test_intents_come_back_from_json(intent: Intent) -> None:
    """Every intent is carried by the protocol."""
    assert protocol().loads_effect(protocol().dumps_effect(intent)) == intent


def test_events_are_tagged_by_their_names() -> None:
    """On the wire an event says its name, and so does what came of a call."""
    found: dict[str, Any] = {"type": "observed", "summary": "nothing", "rows": [["a", 1, None]]}
    event = protocol().load_event({"type": "call_result", "call_id": "call-1", "outcome": found})
    assert event == result("call-1", Observed("nothing", rows=(("a", 1, None),)))
    dumped = protocol().dump_event(CallFailed(CallId("call-1"), "no connection"))
    assert dumped == {
        "type": "call_failed",
        "call_id": "call-1",
        "reason": "no connection",
        "permanent": False,
    }


def test_what_is_written_satisfies_the_schema() -> None:
    """The JSON Schema of the chart describes every event and every snapshot of a whole run."""
    jsonschema: Any = importlib.import_module("jsonschema")  # it comes without types
    validator = jsonschema.Draft202012Validator(protocol().schema())
    investigation = Investigation()
    for event in CYCLE:
        validator.validate(json.loads(protocol().dumps_event(event)))
        validator.validate(json.loads(investigation.dumps()))
        investigation.ingest(event)
    validator.validate(json.loads(investigation.dumps()))
    assert not validator.is_valid({"type": "call_result", "call_id": "call-1"})


def test_optional_fields_may_be_missing_on_the_wire() -> None:
    """What has a default need not be said."""
    scope = {"user_id": "ada", "tenant_id": "acme"}
    event = protocol().load_event({"type": "start", "question": "why?", "scope": scope})
    assert event == Start("why?", Scope("ada", "acme"), Policy())


@pytest.mark.parametrize(
    ("text", "kind", "path"),
    [
        (b"{", MalformedError, "$"),
        (b'{"type": "begin"}', MismatchError, "$.type"),
        (b'{"type": "call_result", "call_id": 1, "outcome": {}}', MismatchError, "$.call_id"),
        (b'{"type": "user_response", "request_id": "", "text": ""}', MismatchError, "$.request_id"),
        (b'{"type": "cancel", "why": "enough"}', MismatchError, "$.why"),
    ],
)
def test_events_that_are_none_are_refused(text: bytes, kind: type[CodecError], path: str) -> None:
    """Bad JSON, an unknown event or a wrong field is an error that says where."""
    with pytest.raises(kind) as caught:
        protocol().loads_event(text)
    assert caught.value.path == path


def test_restore_refuses_what_is_no_snapshot_of_an_investigation() -> None:
    """Text that is not JSON, another chart's snapshot, and impossible ones do not come in."""
    with pytest.raises(MalformedError, match="not JSON"):
        Investigation.restore(b"nothing")
    with pytest.raises(CodecError):
        Investigation.restore({})
    foreign: Any = start(Pipeline).snapshot
    with pytest.raises(StepError, match="it is a snapshot of Pipeline"):
        Investigation.restore(foreign)
    other = {**json.loads(begun().dumps()), "chart": "Pipeline"}
    with pytest.raises(ForeignError):
        Investigation.restore(other)
    impossible = json.loads(begun().dumps())
    impossible["configuration"] = ["active", "active.init"]
    with pytest.raises(CodecError):
        Investigation.restore(impossible)


@pytest.mark.parametrize("event", ["start", 7, None, Cancel])
def test_ingest_refuses_what_is_no_event(event: Any) -> None:
    """A value that is no event raises, and the investigation is where it was."""
    investigation = begun()
    before = investigation.snapshot
    with pytest.raises(StepError, match=r"\[SC204\]"):
        investigation.ingest(event)
    assert investigation.snapshot is before


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Start("", START.scope), "question of a Start must not be empty"),
        (
            lambda: UserResponse(WRONG, "yes"),
            "request_id of a UserResponse must be a string, not 7",
        ),
        (lambda: CallResult(CallId("call-1"), WRONG), "'outcome' must be"),
        (lambda: Request(WRONG, "query"), "'kind' must be"),
        (lambda: Policy(attempts=0), "'attempts' must be >= 1"),
        (lambda: Policy(calls=501), "'calls' must be <= 500"),
        (
            lambda: Synthesis(Verdict.ANOMALY, ""),
            "is 'anomaly', and there are 0 causes",
        ),
        (lambda: Cause(CauseKind.LATE_DATA, "orders", score=1.5), "'score' must be <= 1"),
        (
            lambda: Request(CallKind.TOOL, "query", {"sql": WRONG, "n": {}}),
            "'n' must be a scalar or a",
        ),
        (lambda: Observed("all", rows=((1,), (BLOB,))), "row 1 holds a bytes that JSON does"),
        (lambda: Observed("all", rows=((float("inf"),),)), "row 0 holds a float that JSON does"),
        (lambda: Proposal("", Request(CallKind.TOOL, "query")), "claim of a Proposal must not be"),
    ],
)
def test_values_that_make_no_sense_cannot_be_built(build: Any, message: str) -> None:
    """What is wrong is refused where it is said, before it comes to any phase."""
    with pytest.raises((TypeError, ValueError), match=message):
        build()


def test_arguments_are_copied_and_sorted() -> None:
    """What the caller does to its own dict later does not change the request."""
    given: dict[str, Any] = {"table": "orders", "day": "2026-03-02"}
    request = Request(CallKind.TOOL, "describe", given)
    given["table"] = "payroll"
    assert list(request.arguments.items()) == [("day", "2026-03-02"), ("table", "orders")]
    assert hash(request) == hash(Request(CallKind.TOOL, "describe"))


def test_a_call_is_what_security_judges() -> None:
    """A tool call has the tool and arguments that are validated; no other call passes as one."""
    tool = Request(CallKind.TOOL, "null_rates", {"table": "orders", "columns": ["note", "day"]})
    assert tool.arguments["columns"] == ("note", "day")
    [call] = begun().ingest(result("call-1", Planned((tool,))))
    assert isinstance(call, Call)
    allowed = Scope("ada", "acme", tools=["null_rates", "gather_context"], tables=["orders"])
    validate_tool_call(call, allowed)
    with pytest.raises(SecurityViolation, match="null_rates is not a tool of the scope"):
        validate_tool_call(call, START.scope)
    [reasoner] = begun().intents
    assert isinstance(reasoner, Call)
    with pytest.raises(SecurityViolation, match="is not a tool of the scope"):
        validate_tool_call(reasoner, allowed)
    assert protocol().loads_effect(protocol().dumps_effect(call)) == call


def test_snapshots_of_investigations_can_be_hashed() -> None:
    """A snapshot is a value in every way, and may be the key of a dict."""
    first, second = within(Phase.SYNTHESIZING), within(Phase.SYNTHESIZING)
    assert {first.snapshot: 1}[second.snapshot] == 1


def test_import_leaves_the_codec_alone() -> None:
    """Whoever runs an investigation without JSON does not pay for it."""
    script = (
        "import sys, machines.investigation as i\n"
        "i.Investigation().ingest(i.Cancel())\n"
        "print(sorted(m for m in sys.modules if m in ('cattrs', 'sqlglot', 'statecharts.codec')))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    assert ran.stdout.strip() == "[]"
