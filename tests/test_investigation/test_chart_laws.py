"""Laws of the investigation, tried on random events: it never raises, and never loses a call."""

from __future__ import annotations

from typing import Any

from attrs import frozen
from hypothesis import event as note
from hypothesis import given
from hypothesis import strategies as st

from machines.investigation import (
    Call,
    CallFailed,
    CallId,
    CallResult,
    Cancel,
    Case,
    Error,
    Finish,
    Idle,
    Investigation,
    InvestigationChart,
    InvestigationEvent,
    Outcome,
    Phase,
    Policy,
    RequestId,
    RequestUser,
    Start,
    UserResponse,
    protocol,
)
from statecharts import Kernel, Snapshot, Step
from statecharts.semantics.tree import Tree
from tests.test_investigation.runs import (
    ASKED,
    FITTING,
    FOUND,
    HYPOTHESES,
    PLAN,
    RESULT,
    SCOPE,
    START,
)

KERNEL = Kernel(InvestigationChart)
TREE = Tree.of(InvestigationChart.chart)


@frozen
class Choice:
    """What is to happen, as far as it can be said without knowing where the run is.

    Attributes:
        kind: What comes: a fitting result, a question, any result, a failure, an answer, …
        number: Which of the calls; what is left over says which outcome.
    """

    kind: str
    number: int
    stray: bool = False


KINDS = (
    *("fitting",) * 24,
    *("asking",) * 4,
    *("answer",) * 2,
    *("failure",) * 4,
    *("any", "start", "cancel"),  # rarely, for two of them end most runs
)
choices = st.lists(
    st.builds(
        Choice,
        st.sampled_from(KINDS),
        st.integers(0, 11),
        st.sampled_from([False] * 40 + [True]),
    ),
    min_size=6,
    max_size=40,
)
policies = st.builds(
    Policy, st.integers(1, 3), st.sampled_from([6, 12, 200]), st.booleans(), st.booleans()
)


def chosen(choice: Choice, snapshot: Snapshot[Any, Case]) -> InvestigationEvent:
    """Return the event that a choice comes to where a run is."""
    ledger, kind, number = snapshot.context.ledger, choice.kind, choice.number
    asking = InvestigationChart.active.awaiting_user
    if asking in snapshot and not choice.stray:
        back = {one.call_id for one in snapshot[asking].deferred}
        known = [one for one in ledger.pending if one.id not in back]
        kind = kind if known else "answer"
    else:
        known = [one.call for one in ledger.settled] if choice.stray else [*ledger.pending]
    if kind == "start":
        return START
    if kind == "cancel":
        return Cancel("enough")
    if kind == "answer":
        stands = asking in snapshot and not choice.stray
        return UserResponse(snapshot[asking].request_id if stands else RequestId("request-0"), "so")
    call = known[number % len(known)] if known else None
    call_id = CallId("call-0") if call is None else call.id
    if kind == "failure":
        return CallFailed(call_id, "no connection", number % 4 == 0)
    outcome: Outcome = ASKED
    if kind == "fitting" and call is not None:
        outcome = FITTING[call.phase]
        outcome = PLAN if outcome is FOUND and number % 5 == 0 else outcome
    elif kind == "any":
        outcome = (FOUND, PLAN, HYPOTHESES, RESULT, ASKED)[number % 5]
    return CallResult(call_id, outcome)


def run(picked: list[Choice], policy: Policy) -> list[tuple[InvestigationEvent, Step[Any, Case]]]:
    """Return the steps of a random run, each with its event."""
    snapshot = KERNEL.start(Case()).snapshot
    steps: list[tuple[InvestigationEvent, Step[Any, Case]]] = []
    events: list[InvestigationEvent | Choice] = [Start(START.question, SCOPE, policy), *picked]
    for one in events:
        event = chosen(one, snapshot) if isinstance(one, Choice) else one
        step = KERNEL.step(snapshot, event)
        steps.append((event, step))
        snapshot = step.snapshot
    return steps


def phase_of(snapshot: Snapshot[Any]) -> Phase:
    """Return the phase that a run is in."""
    return Phase.of(snapshot.configuration)


def check_legal(snapshot: Snapshot[Any, Case]) -> None:
    """Check that a configuration is legal, and that exactly its states have their data."""
    chart = InvestigationChart.chart
    assert TREE.is_legal(tuple(TREE.index[state] for state in snapshot.configuration))
    classes = {s: chart[s].data for s in snapshot.configuration if chart[s].data is not None}
    assert {state: type(value) for state, value in snapshot.data.items()} == classes


def check_ledger(snapshot: Snapshot[Any, Case]) -> None:
    """Check that no call is lost or counted twice, and that some phase waits for each."""
    ledger, phase = snapshot.context.ledger, phase_of(snapshot)
    ids = [*(one.id for one in ledger.pending), *(one.call.id for one in ledger.settled)]
    assert len(set(ids)) == len(ids) == ledger.count
    assert sorted(ids) == sorted(f"call-{number + 1}" for number in range(len(ids)))
    assert 0 <= ledger.latest <= len(ledger.pending)
    if phase in FITTING:
        assert {one.phase for one in ledger.pending} == {phase}
    if phase in (Phase.INIT, Phase.FINISHED):
        assert not ledger.pending


@given(choices, policies)
def test_every_run_is_legal_and_keeps_its_books(picked: list[Choice], policy: Policy) -> None:
    """Whatever comes, nothing raises, every state has its data, and every call is accounted for."""
    steps = [step for _, step in run(picked, policy)]
    for step in steps:
        check_legal(step.snapshot)
        check_ledger(step.snapshot)
    note(phase_of(steps[-1].snapshot).value)


@given(choices, policies)
def test_terminal_stays_terminal(picked: list[Choice], policy: Policy) -> None:
    """Once it has finished or failed, an investigation handles nothing and asks for nothing."""
    ended = None
    for _, step in run(picked, policy):
        if ended is not None:
            assert step == (ended, (), (), False, ())
        elif phase_of(step.snapshot).is_terminal:
            ended = step.snapshot
            assert isinstance(step.effects[-1], Finish | Error)
        else:
            assert not any(isinstance(effect, Finish | Error) for effect in step.effects)


@given(choices, policies)
def test_every_call_is_asked_for_once_and_under_a_new_id(
    picked: list[Choice], policy: Policy
) -> None:
    """What is asked for is what gets under way, in the order of its ids."""
    asked: list[str] = []
    questions: list[str] = []
    steps = [step for _, step in run(picked, policy)]
    for step in steps:
        asked += [effect.call_id for effect in step.effects if isinstance(effect, Call)]
        questions += [one.request_id for one in step.effects if isinstance(one, RequestUser)]
    ledger = steps[-1].snapshot.context.ledger
    assert asked == [f"call-{number + 1}" for number in range(len(asked))]
    assert len(asked) == ledger.count
    assert questions == [f"request-{number + 1}" for number in range(len(questions))]


@given(choices, policies)
def test_only_calls_under_way_are_taken(picked: list[Choice], policy: Policy) -> None:
    """A result or failure under any other id fails an open investigation, whatever the phase."""
    before = KERNEL.start(Case()).snapshot
    for event, step in run(picked, policy):
        if isinstance(event, CallResult | CallFailed) and not phase_of(before).is_terminal:
            pending = before.context.ledger.get(event.call_id)
            assert pending is not None or phase_of(step.snapshot) is Phase.FAILED
            assert step.handled
        before = step.snapshot


@given(choices, policies)
def test_an_answer_leads_back_to_the_phase_that_asked(picked: list[Choice], policy: Policy) -> None:
    """The first state entered after an answer is the one that the question left."""
    asker: str | None = None
    for event, step in run(picked, policy):
        for microstep in step.microsteps:
            if "active.awaiting_user" in microstep.exited and isinstance(event, UserResponse):
                if "active.working" in microstep.entered:
                    assert microstep.entered == ("active.working", asker)
            if "active.awaiting_user" in microstep.entered:
                asker = microstep.exited[0]


@given(choices, policies)
def test_equal_runs_are_equal_and_survive_json_after_every_event(
    picked: list[Choice], policy: Policy
) -> None:
    """A run that is written and read after each event is the same run, intents and bytes."""
    whole, resumed = Investigation(), Investigation()
    steps = run(picked, policy)
    for event, step in steps:
        was_over = whole.is_terminal
        intents = whole.ingest(event)
        assert resumed.ingest(event) == intents
        assert whole.snapshot == resumed.snapshot == step.snapshot
        assert bool(intents) is not was_over
        assert Idle() not in intents or len(intents) == 1
        assert set(intents) <= {*whole.intents, Idle()}
        text = resumed.dumps()
        resumed = Investigation.restore(text)
        assert resumed.dumps() == text
        assert protocol().loads_step(protocol().dumps_step(step)) == step
    assert run(picked, policy) == steps


@given(choices, policies)
def test_what_was_found_is_never_lost(picked: list[Choice], policy: Policy) -> None:
    """Evidence and hypotheses only ever grow, whatever the phase, the end included."""
    investigation = Investigation()
    evidence: tuple[object, ...] = ()
    hypotheses: tuple[object, ...] = ()
    for event, _ in run(picked, policy):
        investigation.ingest(event)
        assert investigation.evidence[: len(evidence)] == evidence
        assert investigation.hypotheses[: len(hypotheses)] == hypotheses
        evidence, hypotheses = investigation.evidence, investigation.hypotheses
    ids = [f"evidence-{number + 1}" for number in range(len(evidence))]
    assert [one.id for one in investigation.evidence] == ids
