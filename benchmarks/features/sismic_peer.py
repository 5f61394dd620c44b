"""sismic: an ``Interpreter`` for each case, contracts not checked; events are known by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from sismic.interpreter import Interpreter
from sismic.io import import_from_yaml
from sismic.model import Event

from benchmarks.contestant import version_of
from benchmarks.features import cases
from benchmarks.features.cases import Case, Started, Turn, builders, shown
from benchmarks.features.contestants import of_regions
from benchmarks.shapes.sismic_peer import CONTESTANT as SHAPES

HISTORY: Final = """
statechart:
  name: work
  root state:
    name: root
    initial: work
    states:
      - name: work
        initial: a
        transitions: [{target: away, event: pause}]
        states:
          - name: a
            transitions: [{target: b, event: go, action: n = event.n}]
          - name: b
            transitions: [{target: a, event: back}]
          - {name: before, type: shallow history, memory: a}
      - name: away
        transitions: [{target: before, event: resume}]
"""

ALWAYS: Final = """
statechart:
  name: chain
  root state:
    name: root
    initial: idle
    states:
      - {name: idle, transitions: [{target: s0, event: go}]}
      - {name: s0, transitions: [{target: s1}]}
      - {name: s1, transitions: [{target: s2}]}
      - {name: s2, transitions: [{target: s3}]}
      - {name: s3, transitions: [{target: s4}]}
      - {name: s4, transitions: [{target: idle, event: reset}]}
"""

TIMER: Final = """
statechart:
  name: timed
  root state:
    name: root
    initial: idle
    states:
      - {name: idle, transitions: [{target: waiting, event: begin}]}
      - name: waiting
        transitions:
          - {target: idle, event: cancel}
          - {target: idle, guard: after(5)}
"""

NAMED: Final = """
statechart:
  name: named
  root state:
    name: root
    initial: a
    states:
      - {name: a, transitions: [{target: b, event: go, action: n = event.n}]}
      - {name: b, transitions: [{target: a, event: back}]}
"""

GUARDS: Final = """
statechart:
  name: grades
  root state:
    name: root
    initial: idle
    states:
      - name: idle
        transitions:
          - {target: a, event: grade, guard: event.score > 90}
          - {target: b, event: grade, guard: 60 < event.score <= 90}
          - {target: c, event: grade, guard: 40 < event.score <= 60}
          - {target: d, event: grade, guard: 30 < event.score <= 40}
      - {name: a, transitions: [{target: idle, event: reset}]}
      - {name: b, transitions: [{target: idle, event: reset}]}
      - {name: c, transitions: [{target: idle, event: reset}]}
      - {name: d, transitions: [{target: idle, event: reset}]}
"""
"""sismic refuses two lines that could both be taken, so each guard excludes the others."""

CHARTS: Final[dict[Case, Any]] = {
    cases.HISTORY: import_from_yaml(HISTORY),
    cases.ALWAYS: import_from_yaml(ALWAYS),
    cases.TIMER: import_from_yaml(TIMER),
    cases.UNHANDLED: import_from_yaml(GUARDS),
    cases.NAMED: import_from_yaml(NAMED),
    cases.GUARDS: import_from_yaml(GUARDS),
}


def started(case: Case) -> Started:
    """Start an interpreter."""
    interpreter = Interpreter(CHARTS[case], initial_context={"n": None}, ignore_contract=True)
    interpreter.execute()

    def send(event: Event) -> None:
        interpreter.queue(event)
        interpreter.execute()

    def where() -> str:
        return shown(interpreter.configuration[-1], interpreter.context["n"])

    return [partial(send, Event(name, **payload)) for name, payload in case.turn], where


class SismicFeatures:
    """An interpreter for each case."""

    name = "sismic"
    version = version_of("sismic")
    turns: Final[dict[Case, Callable[[], Turn]]] = {
        **builders(CHARTS, started),
        cases.REGIONS: of_regions(SHAPES),
    }


CONTESTANT = SismicFeatures()
