"""harel: its durable runner over the store that is a dictionary, in the calling thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from harel import DictStore, DurableRunner, Event, definition_from_dsl  # pyright: ignore[reportMissingImports]

from benchmarks.apart.pipeline import Send, turn, visits
from benchmarks.contestant import Run, version_of
from benchmarks.cycle.domain import Visit
from benchmarks.features import cases
from benchmarks.features.cases import Case, Started, Turn, builders, shown

PIPELINE: Final = """
event deps_met {}
event gates_started {}
event gates_failed { reason: string }
event qa_skipped { feature_branch: string commits_ahead: int }
event block { at: string reason: string }
event unblock {}
machine pipeline {
  context {
    feature_branch: string? commits_ahead: int?
    archived_at: string? why: string? kind: string?
  }
  initial active
  state active {
    no history
    initial backlog
    state backlog {}
    state coding {}
    state qa {}
    state merge {}
    from backlog to coding on deps_met
    from coding to qa on gates_started
    from coding to merge on qa_skipped
      set context.feature_branch = event.feature_branch,
          context.commits_ahead = event.commits_ahead
    from qa to coding on gates_failed
    from merge to coding on deps_met
  }
  state archived {}
  from active to archived on block
    set context.archived_at = event.at, context.why = event.reason, context.kind = "blocked"
  from archived to active on unblock where context.kind == "blocked"
}
"""
"""A state that nothing leaves would end its parent, so ``merge`` has a line that is never taken."""

WORK: Final = """
event go { n: int }
event back {}
event pause {}
event resume {}
machine work {
  context { n: int? }
  initial work
  state work {
    initial a
    state a {}
    state b {}
    from a to b on go set context.n = event.n
    from b to a on back
  }
  state away {}
  from work to away on pause
  from away to work on resume
}
"""

TIMED: Final = """
event begin {}
event cancel {}
event Timeout {}
machine timed {
  initial idle
  state idle {}
  state waiting { timeout 5 }
  from idle to waiting on begin
  from waiting to idle on cancel
  from waiting to idle on Timeout
}
"""

NAMED: Final = """
event go { n: int }
event back {}
machine named {
  context { n: int? }
  initial a
  state a {}
  state b {}
  from a to b on go set context.n = event.n
  from b to a on back
}
"""

GRADES: Final = """
event grade { score: int }
event reset {}
event noise {}
machine grades {
  initial idle
  state idle {}
  state a {}
  state b {}
  state c {}
  state d {}
  from idle to a on grade where score > 90
  from idle to b on grade where score > 60
  from idle to c on grade where score > 40
  from idle to d on grade where score > 30
  from a to idle on reset
  from b to idle on reset
  from c to idle on reset
  from d to idle on reset
}
"""

SOURCES: Final[dict[Case, tuple[str, str]]] = {
    cases.HISTORY: ("work", WORK),
    cases.TIMER: ("timed", TIMED),
    cases.UNHANDLED: ("grades", GRADES),
    cases.NAMED: ("named", NAMED),
    cases.GUARDS: ("grades", GRADES),
}

Machine = tuple[Send, Callable[[], Any]]


def started(name: str, source: str) -> Machine:
    """Start a machine; return a function that sends it events, and one that returns its state."""
    definition = definition_from_dsl(source, name)
    runner = DurableRunner(DictStore(), {definition.id: definition}, execution="inline")
    execution = runner.create(definition.id)

    def send(kind: str, data: dict[str, Any]) -> None:
        nonlocal execution
        execution = runner.process(execution.id, Event(kind=kind, data=data))

    return send, lambda: execution


def played(case: Case) -> Started:
    """Start the machine of a case."""
    send, look = started(*SOURCES[case])

    def where() -> str:
        found = look()
        return shown(found.active_path.rpartition(".")[2], found.context.get("n"))

    return [partial(send, name, payload) for name, payload in case.turn], where


class HarelPeer:
    """A durable runner in memory."""

    name = "harel (in memory)"
    version = version_of("harel")
    turns: Final[dict[Case, Callable[[], Turn]]] = builders(SOURCES, played)

    def prepare(self) -> Run:
        """Return one turn around the cycle."""
        send, _ = started("pipeline", PIPELINE)
        return turn(send)

    def visits(self) -> list[Visit]:
        """Collect the states of one turn."""
        send, look = started("pipeline", PIPELINE)
        return visits(send, lambda: (look().active_path, look().context))


CONTESTANT = HarelPeer()
