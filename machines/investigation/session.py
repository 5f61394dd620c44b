"""Investigation: the chart behind a small surface, for those who want no more than that."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Self, cast, final

from machines.investigation.calls import Phase
from machines.investigation.chart import InvestigationChart
from machines.investigation.findings import Evidence, Hypothesis
from machines.investigation.rules import PLACES
from machines.investigation.vocabulary import (
    AwaitingUser,
    Call,
    Case,
    Error,
    Failed,
    Finish,
    Finished,
    Idle,
    Intent,
    InvestigationEvent,
    RequestUser,
)
from statecharts import Kernel, Snapshot, TimerFired

if TYPE_CHECKING:
    from statecharts.codec import Protocol

_KERNEL: Final = Kernel(InvestigationChart)
_PHASES: Final = {state: phase for phase, state in PLACES.items()}
_PROBE: Final = TimerFired("")  # no timer has this id, so that nothing answers to it


@final
class Investigation:
    """An investigation, one event at a time.

    It holds the present snapshot, and nothing else: no clock, no randomness, no input or output.
    What it asks for it returns; whoever runs it carries that out, and comes back with an event.

    >>> from machines.investigation import Investigation, Scope, Start
    >>> investigation = Investigation()
    >>> investigation.current_phase.value, investigation.current_step
    ('init', 0)
    >>> scope = Scope("ada", "acme", tools=["query"], tables=["orders"])
    >>> [call] = investigation.ingest(Start("why did orders drop?", scope))
    >>> call.call_id, call.kind.value, call.name
    ('call-1', 'llm', 'gather_context')
    >>> again = Investigation.restore(investigation.dumps())
    >>> again.snapshot == investigation.snapshot, again.intents == (call,)
    (True, True)
    """

    __slots__ = ("_snapshot",)

    def __init__(self) -> None:
        self._snapshot: Snapshot[Case] = _KERNEL.start(Case()).snapshot

    @classmethod
    def restore(cls, snapshot: Snapshot[Case] | bytes | str | Mapping[str, Any]) -> Self:
        """Go on from a snapshot: the value, or what `dumps` or the protocol have made of it.

        Raises:
            CodecError: What is given is no snapshot of an investigation, or not one that a run can
                be in.
            StepError: The snapshot is one of another chart.
        """
        if isinstance(snapshot, (bytes, str)):
            snapshot = protocol().loads_snapshot(snapshot)
        elif isinstance(snapshot, Mapping):
            snapshot = protocol().load_snapshot(dict(snapshot))
        restored = cls()
        # Asking the kernel makes it look at the snapshot: a foreign one is refused here, not later.
        _KERNEL.step(snapshot, _PROBE)
        restored._snapshot = snapshot
        return restored

    @property
    def snapshot(self) -> Snapshot[Case]:
        """All there is to the investigation."""
        return self._snapshot

    def dumps(self) -> bytes:
        """Return the snapshot as JSON; equal investigations give equal bytes."""
        return protocol().dumps_snapshot(self._snapshot)

    @property
    def case(self) -> Case:
        """What is asked, for whom, the calls so far, and what the user has said."""
        return self._snapshot.context

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What has been found so far, in order; a failed investigation has it, too."""
        return getattr(self._present, "evidence", ())

    @property
    def hypotheses(self) -> tuple[Hypothesis, ...]:
        """What is, or was, supposed; none before the phase that supposes."""
        return getattr(self._present, "hypotheses", ())

    @property
    def current_phase(self) -> Phase:
        """Where the investigation is."""
        return _PHASES[self._snapshot.configuration[-1]]

    @property
    def current_step(self) -> int:
        """The logical clock: how many events have been handled."""
        return self._snapshot.clock

    @property
    def is_terminal(self) -> bool:
        """Whether it has finished or failed: then no event changes anything any more."""
        return self.current_phase.is_terminal

    @property
    def intents(self) -> tuple[Intent, ...]:
        """All that has to be done now, whatever has been asked for before: what a restart needs.

        The calls under way, and the question that stands; at the end, the result or the failure;
        where there is none of these, Idle.
        """
        data = self._present
        match data:
            case Finished(synthesis):
                return (Finish(synthesis),)
            case Failed(kind, message):
                return (Error(kind, message),)
            case _:
                under_way = self._under_way(data)
                question = (RequestUser.of(data),) if isinstance(data, AwaitingUser) else ()
                return (*under_way, *question) or (Idle(),)

    @property
    def _present(self) -> object:
        """Data of the phase that the investigation is in."""
        return self._snapshot.data.get(self._snapshot.configuration[-1])

    def _under_way(self, data: object) -> tuple[Call, ...]:
        """Return the calls that have not come back, deferred results left out."""
        back = {one.call_id for one in data.deferred} if isinstance(data, AwaitingUser) else set()
        return tuple(Call.of(one) for one in self.case.ledger.pending if one.id not in back)

    def ingest(self, event: InvestigationEvent) -> tuple[Intent, ...]:
        """Take an event, and return what has to be done next, in order.

        That is Idle alone when there is nothing new to do: other calls are awaited, or the event
        is ignored (a second start, an answer to no question). After the end it is nothing at all.

        Raises:
            StepError: What is given is not an event; the investigation is where it was.
        """
        step = _KERNEL.step(self._snapshot, event)
        self._snapshot = step.snapshot
        # A step that resumes a phase takes several events at once, each with what it asks for; what
        # the last one makes pointless is left out.
        pointless = (Idle, Call, RequestUser) if self.is_terminal else Idle
        asked = tuple(effect for effect in step.effects if not isinstance(effect, pointless))
        return cast("tuple[Intent, ...]", asked) or (() if self.is_terminal else (Idle(),))

    def __repr__(self) -> str:
        return f"<Investigation at {self.current_step}: {self.current_phase}>"


@functools.cache
def protocol() -> Protocol[Case]:
    """Return the protocol that carries events, intents, snapshots and steps of investigations.

    >>> from machines.investigation import Cancel, protocol
    >>> protocol().dumps_event(Cancel("enough"))
    b'{"kind":"cancelled","reason":"enough","type":"cancel"}'
    """
    # What the codec stands on takes a while to import, and a run does without it.
    from statecharts.codec import Protocol  # noqa: PLC0415

    return Protocol(InvestigationChart, effects=(Idle, Call, RequestUser, Finish, Error))
