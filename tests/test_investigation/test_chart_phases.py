"""The phases of an investigation: what each asks for, what it takes, and where it leads."""

from __future__ import annotations

import pytest

from machines.investigation import (
    Call,
    CallKind,
    CallResult,
    Cancel,
    Case,
    Concluded,
    Error,
    Evidence,
    FailureKind,
    Finish,
    Hypothesis,
    Idle,
    InvestigationChart,
    Observed,
    Outcome,
    Phase,
    Planned,
    Policy,
    Proposal,
    Proposed,
    Synthesis,
    Verdict,
)
from machines.investigation.rules import TAKEN
from statecharts import start, step
from statecharts.model.chart import StateKind
from tests.test_investigation.runs import (
    ASKED,
    DESCRIBE,
    FOUND,
    HYPOTHESES,
    PLAN,
    QUERY,
    RESULT,
    SCOPE,
    START,
    SYNTHESIS,
    WORKING,
    begun,
    calls,
    fails,
    failure,
    pending,
    response,
    result,
    send,
    within,
)

working = pytest.mark.parametrize("phase", WORKING)
Active = InvestigationChart.active.working


def test_every_phase_is_a_state_of_the_chart() -> None:
    """Each phase has one state of its name, and each atomic or final state is a phase."""
    kinds = (StateKind.ATOMIC, StateKind.FINAL)
    leaves = [node for node in InvestigationChart.chart.states if node.kind in kinds]
    assert sorted(node.name for node in leaves) == sorted(Phase)
    assert {Phase.of((node.id,)) for node in leaves} == set(Phase)


def test_start_takes_up_the_question_and_asks_what_to_look_at() -> None:
    """An investigation idles until it is started; then it makes its first call."""
    before = start(InvestigationChart, Case())
    assert before.effects == (Idle(),)
    assert before.snapshot.context == Case()
    then = step(InvestigationChart, before.snapshot, START)
    arguments = {"question": START.question}
    phase = Phase.GATHERING_CONTEXT
    assert then.effects == (Call("call-1", CallKind.LLM, "gather_context", arguments, phase),)  # type: ignore[arg-type]
    assert then.snapshot.context.scope == SCOPE
    assert then.snapshot[Active.gathering_context].evidence == ()


def test_gathering_makes_the_calls_that_a_result_plans() -> None:
    """Planned calls are made side by side, and gathering goes on when all of them are in."""
    investigation = begun()
    planned = investigation.ingest(result("call-1", PLAN))
    assert calls(planned) == ("call-2", "call-3")
    assert [one.name for one in planned if isinstance(one, Call)] == ["describe", "query"]
    assert investigation.ingest(result("call-3")) == (Idle(),)
    [generate] = investigation.ingest(result("call-2"))
    assert isinstance(generate, Call)
    assert (generate.call_id, generate.name) == ("call-4", "generate_hypotheses")
    evidence = investigation.snapshot[Active.generating_hypotheses].evidence
    assert [(one.id, one.call_id) for one in evidence] == [
        ("evidence-1", "call-3"),
        ("evidence-2", "call-2"),
    ]
    rows = FOUND.rows
    assert evidence[0] == Evidence(
        "evidence-1",  # type: ignore[arg-type]
        "call-3",  # type: ignore[arg-type]
        None,
        FOUND.summary,
        FOUND.sql,
        FOUND.columns,
        rows,
    )


def test_gathering_goes_on_when_nothing_is_planned() -> None:
    """A plan without calls ends the gathering, if nothing else is under way."""
    investigation = begun()
    assert calls(investigation.ingest(result("call-1", Planned(())))) == ("call-2",)
    assert investigation.current_phase is Phase.GENERATING_HYPOTHESES


def test_evaluation_runs_one_call_per_hypothesis_side_by_side() -> None:
    """Every hypothesis is tested by a call of its own, all of them at once."""
    investigation = within(Phase.GENERATING_HYPOTHESES)
    made = investigation.ingest(result("call-2", HYPOTHESES))
    assert calls(made) == ("call-3", "call-4", "call-5")
    told = [(one.hypothesis, one.name) for one in made if isinstance(one, Call)]
    assert told == [
        ("hypothesis-1", "query"),
        ("hypothesis-2", "describe"),
        ("hypothesis-3", "query"),
    ]
    data = investigation.snapshot[Active.evaluating_hypotheses]
    first = HYPOTHESES.hypotheses[0]
    assert data.hypotheses[0] == Hypothesis("hypothesis-1", first.claim, QUERY)  # type: ignore[arg-type]
    assert len(data.hypotheses) == 3
    assert len(data.evidence) == 1


@pytest.mark.parametrize("order", [(3, 4, 5), (5, 4, 3), (4, 5, 3)])
def test_evaluation_goes_on_when_all_are_in_whatever_their_order(order: tuple[int, ...]) -> None:
    """Results may come in any order; the last one, and no other, leads to the synthesis."""
    investigation = within(Phase.EVALUATING_HYPOTHESES)
    *others, last = order
    for number in others:
        assert investigation.ingest(result(f"call-{number}")) == (Idle(),)
        assert investigation.current_phase is Phase.EVALUATING_HYPOTHESES
    assert calls(investigation.ingest(result(f"call-{last}"))) == ("call-6",)
    data = investigation.snapshot[Active.synthesizing]
    tests = [one.hypothesis for one in data.evidence[1:]]
    assert tests == [f"hypothesis-{number - 2}" for number in order]
    assert [one.id for one in data.hypotheses] == ["hypothesis-1", "hypothesis-2", "hypothesis-3"]


def test_evaluation_makes_the_calls_that_a_test_plans() -> None:
    """A test may need further calls; what they find speaks to the same hypothesis."""
    investigation = within(Phase.EVALUATING_HYPOTHESES)
    planned = investigation.ingest(result("call-4", Planned((QUERY,))))
    assert [one.hypothesis for one in planned if isinstance(one, Call)] == ["hypothesis-2"]
    send(investigation, result("call-3"), result("call-5"), result("call-6"))
    evidence = investigation.snapshot[Active.synthesizing].evidence
    assert [one.hypothesis for one in evidence[1:]] == [
        "hypothesis-1",
        "hypothesis-3",
        "hypothesis-2",
    ]


def test_idle_is_given_only_while_something_is_awaited() -> None:
    """A step that leads on asks for what comes next, and does not say that there is nothing."""
    before = within(Phase.EVALUATING_HYPOTHESES).snapshot
    effects = []
    for number in (3, 4, 5):
        then = step(InvestigationChart, before, result(f"call-{number}"))
        effects.append([type(one) for one in then.effects])
        before = then.snapshot
    assert effects == [[Idle], [Idle], [Call]]
    generating = within(Phase.GENERATING_HYPOTHESES).snapshot
    none = step(InvestigationChart, generating, result("call-2", Proposed(())))
    assert [type(one) for one in none.effects] == [Call]


def test_no_hypotheses_leave_nothing_to_evaluate() -> None:
    """Without hypotheses the synthesis follows at once, in the same step."""
    investigation = within(Phase.GENERATING_HYPOTHESES)
    assert calls(investigation.ingest(result("call-2", Proposed(())))) == ("call-3",)
    assert investigation.current_phase is Phase.SYNTHESIZING
    assert investigation.current_step == 3


def test_the_result_finishes_the_investigation() -> None:
    """The last call brings the result, which is kept with all that it rests on."""
    investigation = within(Phase.SYNTHESIZING)
    assert investigation.ingest(result("call-6", RESULT)) == (Finish(SYNTHESIS),)
    assert investigation.current_phase is Phase.FINISHED
    data = investigation.snapshot[InvestigationChart.finished]
    assert data.synthesis == SYNTHESIS
    assert (len(data.evidence), len(data.hypotheses)) == (4, 3)
    assert pending(investigation) == ()


def test_a_result_may_be_that_nothing_is_wrong() -> None:
    """An investigation without a cause finishes as any other."""
    nothing = Synthesis(Verdict.NO_ANOMALY, "All is as it was.")
    investigation = within(Phase.SYNTHESIZING)
    assert investigation.ingest(result("call-6", Concluded(nothing))) == (Finish(nothing),)


@pytest.mark.parametrize(
    ("phase", "outcome", "takes"),
    [
        (phase, outcome, " or ".join((*(cls.__name__ for cls in TAKEN[phase]), "Question")))
        for phase in WORKING
        for outcome in (FOUND, PLAN, HYPOTHESES, RESULT)
        if not isinstance(outcome, TAKEN[phase])
    ],
)
def test_a_result_that_does_not_fit_its_phase_fails(
    phase: Phase, outcome: Outcome, takes: str
) -> None:
    """A call that brings what its phase has no use for is an error, and it is told which."""
    investigation = within(phase)
    call = investigation.case.ledger.pending[0]
    gave = type(outcome).__name__
    message = f"{call.id} ({call.request.name}) gave {gave}; {phase} takes {takes}"
    fails(investigation, CallResult(call.id, outcome), FailureKind.UNFIT_RESULT, message)


def test_a_result_may_not_ask_for_more_calls_than_the_policy_bears() -> None:
    """Up to the bound the calls are made; one more fails the investigation."""
    plan = Planned((DESCRIBE,) * 4)
    assert len(send(begun(Policy(calls=5)), result("call-1", plan))) == 4
    message = "call-1 asks for 4 more calls, after 1; 4 are allowed in all"
    fails(begun(Policy(calls=4)), result("call-1", plan), FailureKind.TOO_MANY_CALLS, message)
    proposed = Proposed((Proposal("something else", QUERY),) * 3)
    message = "call-2 asks for 3 more calls, after 2; 4 are allowed in all"
    investigation = within(Phase.GENERATING_HYPOTHESES, Policy(calls=4))
    fails(investigation, result("call-2", proposed), FailureKind.TOO_MANY_CALLS, message)


@pytest.mark.parametrize("reason", ["", "no longer needed"])
def test_cancelling_fails_an_investigation_in_every_phase(reason: str) -> None:
    """Calling off is heard in each phase that is not the end, by one line of the superstate."""
    phases = [Phase.INIT, *WORKING, Phase.AWAITING_USER]
    message = f"called off: {reason}" if reason else "called off"
    for phase in phases:
        before = start(InvestigationChart, Case()).snapshot
        if phase is Phase.AWAITING_USER:
            before = begun().snapshot
            before = step(InvestigationChart, before, result("call-1", ASKED)).snapshot
        elif phase is not Phase.INIT:
            before = within(phase).snapshot
        then = step(InvestigationChart, before, Cancel(reason))
        assert then.effects == (Error(FailureKind.CANCELLED, message),)
        assert then.snapshot[InvestigationChart.failed].phase is phase
        assert [line.source for line in then.fired] == ["active"]


@pytest.mark.parametrize("phase", [Phase.FINISHED, Phase.FAILED])
def test_nothing_follows_the_end(phase: Phase) -> None:
    """Where an investigation has ended every event leaves the snapshot as it is."""
    investigation = within(Phase.SYNTHESIZING)
    send(investigation, result("call-6", RESULT) if phase is Phase.FINISHED else Cancel())
    end = investigation.snapshot
    events = (START, result("call-6", RESULT), failure("call-6"), response("request-1"), Cancel())
    for event in events:
        then = step(InvestigationChart, end, event)
        assert not then.handled
        assert then.snapshot is end


@working
def test_a_second_start_is_ignored(phase: Phase) -> None:
    """What has been started goes on with its own question."""
    then = step(InvestigationChart, within(phase).snapshot, START)
    assert not then.handled


def test_evidence_without_a_query_is_evidence() -> None:
    """An observation in words alone is taken as well."""
    investigation = begun()
    investigation.ingest(result("call-1", Observed("there are two tables")))
    [evidence] = investigation.snapshot[Active.generating_hypotheses].evidence
    assert (evidence.summary, evidence.sql, evidence.rows) == ("there are two tables", None, ())
