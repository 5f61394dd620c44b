"""Twins of what the description of the beginning tests of types, protocol, state and security.

`tests.test_investigation.seed` says which test of ours stands for which of those named there.
"""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from machines.investigation import (
    Call,
    CallFailed,
    CallId,
    CallKind,
    CallMeta,
    Cancel,
    Case,
    Error,
    FailureKind,
    Finish,
    Idle,
    Intent,
    Investigation,
    InvestigationEvent,
    Phase,
    Request,
    RequestUser,
    Scope,
    Start,
    protocol,
)
from machines.investigation.calls import Answer, HypothesisId, Ledger, RequestId
from machines.investigator.security import SecurityViolation, validate_query
from statecharts.codec import CodecError, ForeignError, MalformedError
from statecharts.model.errors import StepError
from tests.test_investigation.runs import (
    ASKED,
    FOUND,
    HYPOTHESES,
    PLAN,
    RESULT,
    SCOPE,
    START,
    SYNTHESIS,
    begun,
    response,
    result,
    within,
)
from tests.test_investigation.seed import TWINS
from tests.test_investigation.test_session_surface import CYCLE

# Types.


def test_scope_round_trip() -> None:
    """User, tenant and permissions come back, in one order whatever the order they came in."""
    scope = Scope("ada", "acme", tools=["query", "describe"], tables=["refunds", "orders"])
    written = protocol().dump_event(Start("why?", scope))["scope"]
    assert written["tools"] == ["describe", "query"]
    assert written["tables"] == ["orders", "refunds"]
    read = protocol().load_event({"type": "start", "question": "why?", "scope": written})
    assert read.scope == scope


def test_call_kind_round_trip() -> None:
    """A call goes to the model, or to a tool."""
    assert [kind.value for kind in CallKind] == ["llm", "tool"]
    for kind in CallKind:
        call = Call(CallId("call-1"), kind, "query", {}, Phase.GATHERING_CONTEXT)
        assert protocol().loads_effect(protocol().dumps_effect(call)).kind is kind


def test_call_meta_round_trip() -> None:
    """What is kept of a call comes back with the context, and has defaults where it may."""
    answer = Answer(RequestId("request-1"), "Which?", "UTC")
    request = Request(CallKind.TOOL, "describe", {"table": "orders"})
    full = CallMeta(
        CallId("call-7"), request, Phase.INIT, 2, HypothesisId("hypothesis-1"), (answer,)
    )
    bare = CallMeta(CallId("call-8"), request, Phase.INIT)
    case = Case(ledger=Ledger((full, bare)))
    written = protocol().dump_context(case)
    assert protocol().load_context(written) == case
    for name in ("attempt", "hypothesis", "answers"):
        del written["ledger"]["pending"][1][name]
    assert protocol().load_context(written) == case


# The protocol.

EVENTS: dict[str, InvestigationEvent] = {
    "start": START,
    "call_result_observed": result("call-1", FOUND),
    "call_result_planned": result("call-1", PLAN),
    "call_result_proposed": result("call-1", HYPOTHESES),
    "call_result_concluded": result("call-1", RESULT),
    "call_result_question": result("call-1", ASKED),
    "call_failed": CallFailed(CallId("call-1"), "no connection", permanent=True),
    "user_response": response("request-1"),
    "cancel": Cancel("enough", FailureKind.TOO_MANY_STEPS),
}

INTENTS: dict[str, Intent] = {
    "idle": Idle(),
    "call": Call(CallId("call-1"), CallKind.TOOL, "query", {"sql": "SELECT 1"}, Phase.INIT),
    "request_user": RequestUser(RequestId("request-1"), "Which?", ("a", "b")),
    "finish": Finish(SYNTHESIS),
    "error": Error(FailureKind.CALL_FAILED, "no connection"),
}


@pytest.mark.parametrize("name", EVENTS)
def test_event_round_trip(name: str) -> None:
    """Each event is a tagged object, and comes back as it was."""
    text = protocol().dumps_event(EVENTS[name])
    assert name.startswith(json.loads(text)["type"])
    assert protocol().loads_event(text) == EVENTS[name]


@pytest.mark.parametrize("name", INTENTS)
def test_intent_round_trip(name: str) -> None:
    """Each intent is a tagged object, and comes back as it was."""
    text = protocol().dumps_effect(INTENTS[name])
    assert json.loads(text)["type"] == name
    assert protocol().loads_effect(text) == INTENTS[name]


def test_protocol_version_is_written_and_another_is_refused() -> None:
    """A snapshot says which protocol it is of."""
    written = json.loads(begun().dumps())
    assert written["protocol"] == 2
    with pytest.raises(ForeignError, match=r"\[SC411\]"):
        Investigation.restore({**written, "protocol": 3})


# The state.


def test_phases_are_those_of_the_protocol() -> None:
    """Eight phases, by their names on the wire; two of them are the end."""
    assert [phase.value for phase in Phase] == [
        *("init", "gathering_context", "generating_hypotheses", "evaluating_hypotheses"),
        *("awaiting_user", "synthesizing", "finished", "failed"),
    ]
    assert [phase.value for phase in Phase if phase.is_terminal] == ["finished", "failed"]


def test_ids_have_a_prefix_and_are_never_given_twice() -> None:
    """They count from 1 for each prefix, and come from the snapshot, also after a restart."""
    investigation = Investigation()
    seen: list[str] = []
    for event in CYCLE:
        investigation = Investigation.restore(investigation.dumps())
        seen += [one.call_id for one in investigation.ingest(event) if isinstance(one, Call)]
    assert seen == [f"call-{number}" for number in range(1, len(seen) + 1)]
    assert dict(investigation.snapshot.memory.counters) == {
        "call": 11,
        "evidence": len(investigation.evidence),
        "hypothesis": 3,
        "request": 2,
    }


def test_evidence_and_calls_are_stored_in_order() -> None:
    """They are written in the order in which they came, whatever their ids."""
    investigation = within(Phase.EVALUATING_HYPOTHESES)
    for call in ("call-5", "call-3"):
        investigation.ingest(result(call))
    written = json.loads(investigation.dumps())
    data = written["data"]["active.working.evaluating_hypotheses"]
    assert [one["call_id"] for one in data["evidence"]] == ["call-1", "call-5", "call-3"]
    settled = written["context"]["ledger"]["settled"]
    assert [one["call"]["id"] for one in settled] == ["call-1", "call-2", "call-5", "call-3"]


def test_snapshot_may_lack_what_has_a_default() -> None:
    """A snapshot of somebody who knew of fewer fields is read."""
    written = json.loads(begun().dumps())
    for name in ("answers", "policy"):
        del written["context"][name]
    del written["context"]["ledger"]["settled"]
    assert Investigation.restore(written).snapshot == begun().snapshot


# Errors: a wrong state, a wrong text, a wrong moment.


def test_state_error() -> None:
    """What is no state of an investigation is refused when it is restored."""
    with pytest.raises(CodecError, match=r"\[SC4\d\d\] InvestigationChart"):
        Investigation.restore({**json.loads(begun().dumps()), "configuration": ["nowhere"]})


def test_serialization_error() -> None:
    """A text that is no JSON, or no event, is refused with its place."""
    with pytest.raises(MalformedError, match=r"\[SC401\]"):
        protocol().loads_event(b"{")
    with pytest.raises(CodecError, match=r"\$\.type"):
        protocol().loads_event(b'{"type": "nothing"}')


def test_invalid_transition_error() -> None:
    """An event at a wrong moment is ignored, or fails it with a reason; what is none raises."""
    investigation = begun()
    assert investigation.ingest(START) == (Idle(),)
    assert investigation.current_step == 1
    wrong: Any = "start"
    with pytest.raises(StepError, match=r"\[SC204\]"):
        investigation.ingest(wrong)
    [error] = investigation.ingest(result("call-99"))
    assert isinstance(error, Error)


# Security.


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE orders",
        "DELETE FROM orders",
        "UPDATE orders SET status = 'paid'",
        "INSERT INTO orders VALUES (1)",
        "ALTER TABLE orders ADD COLUMN x",
        "TRUNCATE TABLE orders",
        "CREATE TABLE x (a INT)",
        "GRANT ALL ON orders TO ada",
        "REVOKE ALL ON orders FROM ada",
        "EXEC sp_who",
        "SELECT 1; DROP TABLE orders",
        "SELECT 1 -- comment\n; DELETE FROM orders",
    ],
)
@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
def test_forbidden_sql_pattern(sql: str, dialect: Any) -> None:
    """What the description forbids by pattern is refused here because it is no SELECT."""
    with pytest.raises(SecurityViolation, match=r"\[SC511\]"):
        validate_query(sql, SCOPE, dialect)


# Which test stands for which.


@pytest.mark.parametrize(
    "twin", [one for group in TWINS.values() for one in group.values()], ids=lambda one: one
)
def test_twin_exists(twin: str) -> None:
    """What stands for a test of the description is there, and promises something."""
    module, _, name = twin.partition(".")
    inside = (
        "investigation" if (Path(__file__).parent / f"{module}.py").exists() else "investigator"
    )
    found: Callable[..., object] = getattr(
        importlib.import_module(f"tests.test_{inside}.{module}"), name
    )
    assert name.startswith("test_")
    assert inspect.getdoc(found)
