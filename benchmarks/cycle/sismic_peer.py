"""sismic: an ``Interpreter`` over one shared statechart, contracts not checked.

Guards and actions are Python source in the statechart, as sismic has them; the data lie in the
interpreter's context. One event makes one macrostep, so ``execute_once`` suffices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sismic.interpreter import Interpreter
from sismic.io import import_from_yaml
from sismic.model import Event

from benchmarks.contestant import Run, version_of
from benchmarks.cycle.domain import Archived, Blocked, Merge, Visit
from benchmarks.cycle.payloads import SENDS

STATECHART: Final = import_from_yaml(
    """
statechart:
  name: pipeline
  root state:
    name: root
    initial: active
    states:
      - name: active
        initial: backlog
        transitions:
          - target: archived
            event: block
            action: archived = Archived(event.at, Blocked(event.reason))
        states:
          - name: backlog
            transitions:
              - target: coding
                event: deps_met
          - name: coding
            transitions:
              - target: qa
                event: gates_started
              - target: merge
                event: qa_skipped
                action: merge = Merge(event.feature_branch, event.commits_ahead)
          - name: qa
            transitions:
              - target: coding
                event: gates_failed
          - name: merge
      - name: archived
        transitions:
          - target: active
            event: unblock
            guard: isinstance(archived.reason, Blocked)
"""
)

CONTEXT: Final = {
    "Archived": Archived,
    "Blocked": Blocked,
    "Merge": Merge,
    "archived": None,
    "merge": None,
}

NAMES: Final = {
    "backlog": "active.backlog",
    "coding": "active.coding",
    "qa": "active.qa",
    "merge": "active.merge",
    "archived": "archived",
}


def started() -> Interpreter:
    """Return an interpreter in its initial configuration."""
    interpreter = Interpreter(STATECHART, initial_context=CONTEXT, ignore_contract=True)
    interpreter.execute_once()
    return interpreter


def visit(interpreter: Interpreter) -> Visit:
    """Say where an interpreter is in the words that all contestants share."""
    leaf = interpreter.configuration[-1]
    return Visit(NAMES[leaf], interpreter.context.get(leaf))


class SismicPeer:
    """A sismic interpreter."""

    name = "sismic"
    version = version_of("sismic")

    def prepare(self) -> Run:
        """Return one turn around the cycle."""
        interpreter = started()
        queue, execute_once = interpreter.queue, interpreter.execute_once
        events = [Event(name, **payload) for name, payload in SENDS]

        def run() -> None:
            for event in events:
                queue(event)
                execute_once()

        return run

    def visits(self) -> list[Visit]:
        """Collect the states of one turn."""
        interpreter = started()
        found = []
        for name, payload in SENDS:
            interpreter.queue(Event(name, **payload))
            interpreter.execute_once()
            found.append(visit(interpreter))
        return found

    def creator(self) -> Callable[[], object]:
        """Return what makes and starts an interpreter."""
        return started


CONTESTANT = SismicPeer()
