"""The chart of an investigation: from a question to a result, by way of evidence.

Each working phase makes calls, and goes on when all of them have come back.

- *A result* counts only under the id of a call that is under way. A foreign result, a duplicate, a
  late one (its call has failed) and one that its phase does not take fail the investigation. The
  intent `Error` says why.
- *A failure* repeats the call, under a new id, up to `Policy.attempts`. Then gathering and
  evaluating go on without it, unless the policy says otherwise; generating and synthesizing, which
  consist of one call each, fail.
- *A question* to the user is a result, too. Other calls go on; their results are kept, and passed
  to the phase that asked when history resumes it. The call that asked is repeated with the answer.
  An answer to no question is ignored.
- *Idle* is the intent when there is nothing new to do and something is still awaited.
"""

from __future__ import annotations

from machines.investigation.refusals import cancelled, given_up, refused
from machines.investigation.rules import (
    all_in,
    answered,
    ask_again,
    asks,
    begin,
    calls,
    can_wait,
    concluded,
    deferred,
    dispensable,
    do_without,
    evaluated,
    fits,
    gathered,
    generate,
    leave_open,
    may_retry,
    proposed,
    record,
    resume,
    retry,
    standing,
    synthesize,
)
from machines.investigation.vocabulary import (
    AwaitingUser,
    CallFailed,
    CallResult,
    Cancel,
    Case,
    Error,
    Evaluating,
    Failed,
    Finish,
    Finished,
    Gathering,
    Generating,
    Idle,
    InvestigationEvent,
    RequestUser,
    Start,
    Synthesizing,
    UserResponse,
)
from statecharts import Compound, History, State, Statechart


class InvestigationChart(Statechart[InvestigationEvent, Case]):
    """From a question to a result: gather, suppose, test, conclude; ask the user where need be."""

    class active(Compound, initial=True):
        """Not decided yet. Cancelling, and every call that is not under way, is handled here."""

        init = State(initial=True, entry=lambda _: Idle())

        class working(Compound):
            """Calls are under way. Failed calls and questions are handled here, once."""

            gathering_context = State(Gathering, initial=True)
            generating_hypotheses = State(Generating)
            evaluating_hypotheses = State(Evaluating)
            synthesizing = State(Synthesizing)
            resumed = History(gathering_context)

            gathering_context.stay(
                on=CallResult, when=fits, update=record, emit=calls, make=gathered
            )
            gathering_context.always(
                generating_hypotheses, when=all_in, update=generate, emit=calls
            )

            generating_hypotheses.to(
                evaluating_hypotheses,
                on=CallResult,
                when=fits,
                update=record,
                emit=calls,
                make=proposed,
            )

            evaluating_hypotheses.stay(
                on=CallResult, when=fits, update=record, emit=calls, make=evaluated
            )
            evaluating_hypotheses.always(synthesizing, when=all_in, update=synthesize, emit=calls)

        awaiting_user = State(AwaitingUser, entry=lambda m: RequestUser.of(m.data))

        init.to(working, on=Start, update=begin, emit=calls)

        working.stay(on=CallFailed, when=may_retry, update=retry, emit=calls)
        working.stay(on=CallFailed, when=dispensable, update=do_without, emit=calls)
        working.to(awaiting_user, on=CallResult, when=asks, update=leave_open, make=standing)

        awaiting_user.stay(
            on=CallResult | CallFailed, when=can_wait, emit=lambda _: Idle(), make=deferred
        )
        awaiting_user.to(
            working.resumed, on=UserResponse, when=answered, update=ask_again, emit=resume
        )

    finished = State(Finished, final=True, entry=lambda m: Finish(m.data.synthesis))
    failed = State(Failed, final=True, entry=lambda m: Error(m.data.kind, m.data.message))

    active.working.synthesizing.to(
        finished, on=CallResult, when=fits, update=record, make=concluded
    )

    active.to(failed, on=CallResult, make=refused)
    active.to(failed, on=CallFailed, make=given_up)
    active.to(failed, on=Cancel, make=cancelled)
