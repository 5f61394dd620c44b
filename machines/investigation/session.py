"""Investigation: the chart behind a small interface."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Self, cast, final

from machines.investigation.calls import Phase
from machines.investigation.chart import InvestigationChart
from machines.investigation.findings import Evidence, Hypothesis
from machines.investigation.vocabulary import (
    Call,
    Case,
    Error,
    Finish,
    Idle,
    Intent,
    InvestigationEvent,
    RequestUser,
)
from statecharts import Kernel, Snapshot, TimerFired

if TYPE_CHECKING:
    from statecharts.codec import Protocol

_KERNEL: Final = Kernel(InvestigationChart)
_FINISHED, _FAILED = InvestigationChart.finished, InvestigationChart.failed
_ASKING = InvestigationChart.active.awaiting_user
_PROBE: Final = TimerFired("")  # no timer has this id, so that no state handles it


@final
class Investigation:
    """An investigation, one event at a time.

    It holds the current snapshot and nothing else: no clock, no randomness, no input or output. It
    returns intents; the runtime carries them out, and comes back with events.

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
        self._snapshot: Snapshot[Any, Case] = _KERNEL.start(Case()).snapshot

    @classmethod
    def restore(cls, snapshot: Snapshot[Any, Case] | bytes | str | Mapping[str, Any]) -> Self:
        """Continue from a snapshot: the value, or its form by `dumps` or by the protocol.

        Raises:
            CodecError: The value is not a snapshot of an investigation, or not of a possible run.
            StepError: The snapshot is one of another chart.
        """
        if isinstance(snapshot, (bytes, str)):
            snapshot = protocol().loads_snapshot(snapshot)
        elif isinstance(snapshot, Mapping):
            snapshot = protocol().load_snapshot(dict(snapshot))
        restored = cls()
        # The kernel checks the snapshot: one of another chart is refused here, not later.
        _KERNEL.step(snapshot, _PROBE)
        restored._snapshot = snapshot
        return restored

    @property
    def snapshot(self) -> Snapshot[Any, Case]:
        """The whole investigation."""
        return self._snapshot

    def dumps(self) -> bytes:
        """Return the snapshot as JSON; equal investigations give equal bytes."""
        return protocol().dumps_snapshot(self._snapshot)

    @property
    def case(self) -> Case:
        """The question, the scope, the calls so far, and the answers of the user."""
        return self._snapshot.context

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The evidence so far, in order; a failed investigation keeps it."""
        return getattr(self._present, "evidence", ())

    @property
    def hypotheses(self) -> tuple[Hypothesis, ...]:
        """The hypotheses; empty before the phase that forms them."""
        return getattr(self._present, "hypotheses", ())

    @property
    def current_phase(self) -> Phase:
        """The phase that the investigation is in."""
        return Phase.of(self._snapshot.configuration)

    @property
    def current_step(self) -> int:
        """The logical clock: the number of events handled."""
        return self._snapshot.clock

    @property
    def is_terminal(self) -> bool:
        """Whether it has finished or failed, so that no event changes it any more."""
        return _FINISHED in self._snapshot or _FAILED in self._snapshot

    @property
    def intents(self) -> tuple[Intent, ...]:
        """Everything that has to be done now, as a restart needs it.

        The calls under way, and the open question; at the end, the result or the failure; Idle if
        there is nothing to do.
        """
        snapshot = self._snapshot
        if _FINISHED in snapshot:
            return (Finish(snapshot[_FINISHED].synthesis),)
        if _FAILED in snapshot:
            return (Error(snapshot[_FAILED].kind, snapshot[_FAILED].message),)
        if _ASKING not in snapshot:
            return tuple(map(Call.of, self.case.ledger.pending)) or (Idle(),)
        asking = snapshot[_ASKING]
        back = {one.call_id for one in asking.deferred}
        under_way = (one for one in self.case.ledger.pending if one.id not in back)
        return (*map(Call.of, under_way), RequestUser.of(asking))

    @property
    def _present(self) -> object:
        """Data of the phase that the investigation is in."""
        return self._snapshot[self._snapshot.configuration[-1]]

    def ingest(self, event: InvestigationEvent) -> tuple[Intent, ...]:
        """Take an event, and return what has to be done next, in order.

        That is Idle alone if there is nothing new to do: other calls are awaited, or the event is
        ignored (a second start, an answer to no question). After the end it is empty.

        Raises:
            StepError: The value is not an event; the investigation is unchanged.
        """
        step = _KERNEL.step(self._snapshot, event)
        self._snapshot = step.snapshot
        # A step that resumes a phase takes several events at once, each with its intents; those
        # that the last one makes pointless are left out.
        pointless = (Idle, Call, RequestUser) if self.is_terminal else Idle
        asked = tuple(effect for effect in step.effects if not isinstance(effect, pointless))
        return cast("tuple[Intent, ...]", asked) or (() if self.is_terminal else (Idle(),))

    def __repr__(self) -> str:
        return f"<Investigation at {self.current_step}: {self.current_phase}>"


@functools.cache
def protocol() -> Protocol[Any, Case]:
    """Return the protocol that carries events, intents, snapshots and steps of investigations.

    >>> from machines.investigation import Cancel, protocol
    >>> protocol().dumps_event(Cancel("enough"))
    b'{"kind":"cancelled","reason":"enough","type":"cancel"}'
    """
    # The codec takes a while to import, and a run works without it.
    from statecharts.codec import Protocol  # noqa: PLC0415

    return Protocol(InvestigationChart, effects=(Idle, Call, RequestUser, Finish, Error))
