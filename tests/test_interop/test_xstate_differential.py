"""XState: the same machines in XState itself, and here; events one by one, states and actions."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from statecharts.interop import xstate
from statecharts.model.errors import RunawayError
from tests.proof import shards
from tests.test_interop import xstate_peer as peer
from tests.test_interop.test_xstate_samples import DELAYS, SAMPLES, SCRIPTS
from tests.test_interop.xstate_machines import GUARDS, Maker

FIVE = {"done.invoke.": "xstate.done.actor.", "error.platform.": "xstate.error.actor."}


def differs(chart: Any) -> bool:
    """Tell whether a warning says that XState would do otherwise."""
    return any(warning.code == "SC652" for warning in chart.warnings)


def steps(events: list[str | int], at_once: int = 10) -> list[str | int]:
    """Return events with waits cut up: XState's simulated clock leaps over timers of timers."""
    found: list[str | int] = []
    for event in events:
        found += [at_once] * (event // at_once) if isinstance(event, int) else [event]
    return found


@pytest.mark.parametrize(
    ("version", "parallel", "least"),
    [(5, False, 0.4), (5, True, 0.15), (4, False, 0.15), (4, True, 0.05)],
)
@pytest.mark.parametrize("seeds", shards(2_000, 180, sample=8))
def test_random_machines_do_the_same_in_xstate(
    version: int, parallel: bool, least: float, seeds: range
) -> None:
    """Read from v4 and v5, and written as v5: the same states and actions after every event.

    Machines with a warning that XState does otherwise are left out, and those that never come to
    rest in either.
    """
    peer.fetch()
    jobs, rows, refused = [], [], 0
    for seed in seeds:
        maker = Maker(seed, version, parallel)
        events = steps(maker.events(20))
        chart = xstate.loads(json.dumps(maker.machine), version=version)
        text = xstate.dumps(chart)
        assert xstate.loads(text) == chart, seed
        if differs(chart):
            continue
        try:
            ours = peer.ours(chart, events, GUARDS)
        except RunawayError:
            refused += 1
            continue
        jobs.append(peer.job(maker.machine, events, GUARDS, version))
        rows.append((seed, "read", ours))
        if version == 5:
            jobs.append(peer.job(json.loads(text), events, GUARDS, 5))
            rows.append((seed, "written", ours))
    assert len(rows) >= least * len(seeds)
    assert refused < len(seeds) / 10
    for (seed, way, ours), answer in zip(rows, peer.answers(jobs), strict=True):
        assert "told" in answer, (seed, way, answer)
        assert peer.theirs(answer) == ours, (seed, way)


@pytest.mark.sampled(6)
@pytest.mark.parametrize("name", SCRIPTS)
def test_samples_do_the_same_in_xstate(name: str) -> None:
    """Each sample goes the same way in the version that it is written for."""
    guards, script = SCRIPTS[name]
    version = 4 if name.endswith("_v4") else 5
    chart = xstate.load(SAMPLES / f"{name}.json", delays=DELAYS)
    held = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    config = held.get("machine", held)
    config.pop("strict", None)
    delays = {key: int(value.total_seconds() * 1000) for key, value in DELAYS.items()}
    events = [event * 1000 if isinstance(event, int) else event for event, _ in script[1:] if event]
    named = [event if isinstance(event, int) else _theirs(event, version) for event in events]
    job = peer.job(
        _fives(config) if version == 5 else config, named, guards, version, delays=delays
    )
    (answer,) = peer.answers([job])
    assert "told" in answer, answer
    theirs = peer.theirs(answer)
    ours = peer.ours(chart, events, guards)
    assert [states for states, _ in theirs] == [states for states, _ in ours]


def _theirs(event: str, version: int) -> str:
    for ours, five in FIVE.items():
        if version == 5 and event.startswith(ours):
            return five + event.removeprefix(ours)
    return event


def _fives(value: Any) -> Any:
    """Return a machine with its short guards written as the runner knows them."""
    if isinstance(value, list):
        return [_fives(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if value.get("type") in ("and", "or") and "guards" in value:
        return {"type": f"xstate.{value['type']}", "params": {"guards": _fives(value["guards"])}}
    if value.get("type") == "not" and "guards" in value:
        return {"type": "xstate.not", "params": {"guard": _fives(value["guards"][0])}}
    if value.get("type") == "xstate.raise" and "event" in value:
        return {"type": "xstate.raise", "params": {"event": {"type": value["event"]}}}
    return {key: _fives(inner) for key, inner in value.items()}


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("seeds", shards(2_000, 160, sample=16))
def test_definitions_are_read_like_configs(version: int, seeds: range) -> None:
    """``JSON.stringify(machine)`` gives the chart of the config, as far as it goes."""
    rows: Counter[bool] = Counter()
    makers = [Maker(seed, version) for seed in seeds]
    jobs = [peer.job(maker.machine, [], {}, version, shape=True) for maker in makers]
    for maker, answer in zip(makers, peer.answers(jobs), strict=True):
        assert "told" in answer, answer
        said = json.dumps(maker.machine)
        if '"history"' in said or (version == 5 and ('"always"' in said or "xstate." in said)):
            continue
        config = xstate.loads(said, version=version)
        definition = xstate.loads(json.dumps(answer["told"]), version=version)
        same = [(n.id, n.kind, n.default) for n in config] == [
            (n.id, n.kind, n.default) for n in definition
        ]
        lines = [
            {(t.trigger, t.targets, t.kind, t.guard, t.emit) for t in chart.transitions}
            for chart in (config, definition)
        ]
        rows[same and lines[0] == lines[1]] += 1
    assert rows[True] >= len(seeds) / 20
    assert not rows[False]


KNOWN: dict[str, tuple[dict[str, Any], list[str | int], list[str], list[str]]] = {
    "a region's line keeps XState from asking the parallel state": (
        {
            "initial": "p",
            "states": {
                "p": {
                    "type": "parallel",
                    "states": {"a": {"on": {"E": {"actions": "n"}}}, "b": {}},
                    "on": {"E": "q"},
                },
                "q": {},
            },
        },
        ["E"],
        ["p", "p.a", "p.b"],
        ["q"],
    ),
    "a name answers to names that begin with it": (
        {"initial": "a", "states": {"a": {"on": {"ui": "b"}}, "b": {"on": {"ui.X": "a"}}}},
        ["ui.X"],
        ["a"],
        ["b"],
    ),
    "regions beside the two that a transition goes between": (
        {
            "initial": "q",
            "states": {
                "q": {
                    "type": "parallel",
                    "states": {
                        "p": {
                            "type": "parallel",
                            "states": {
                                "a": {"on": {"GO": "#m.q.p.b.y"}},
                                "b": {"initial": "x", "states": {"x": {}, "y": {}}},
                            },
                        },
                        "s": {"initial": "x", "states": {"x": {"on": {"N": "y"}}, "y": {}}},
                    },
                },
            },
        },
        ["N", "GO"],
        ["q", "q.p", "q.p.a", "q.p.b", "q.p.b.y", "q.s", "q.s.y"],
        ["q", "q.p", "q.p.a", "q.p.b", "q.p.b.y", "q.s", "q.s.x"],
    ),
    "a wildcard answers to the delay of a state around": (
        {
            "initial": "a",
            "states": {
                "a": {
                    "initial": "x",
                    "states": {"x": {"on": {"*": "y"}}, "y": {}},
                    "after": {"10": "b"},
                },
                "b": {},
            },
        },
        [10],
        ["a", "a.y"],
        ["b"],
    ),
    "of two lines on one delay, the second comes as well when the first stays": (
        {
            "initial": "a",
            "states": {"a": {"after": {"10": [{"actions": "n"}, {"target": "b"}]}}, "b": {}},
        },
        [10],
        ["a"],
        ["b"],
    ),
}


def test_a_parallel_region_that_is_parallel_ends_the_outer_state() -> None:
    """Completion goes on outwards, as in XState."""
    ends = {"initial": "x", "states": {"x": {"type": "final"}}}
    inner = {"type": "parallel", "states": {"s": ends, "t": ends}}
    outer = {"type": "parallel", "onDone": "q", "states": {"u": ends, "r": inner}}
    config = {"id": "m", "initial": "p", "states": {"p": outer, "q": {}}}
    chart = xstate.loads(json.dumps(config))
    assert not differs(chart)
    assert peer.ours(chart, [])[-1][0] == {"q"}
    (answer,) = peer.answers([peer.job(config, [])])
    assert peer.theirs(answer)[-1][0] == {"q"}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", KNOWN)
def test_known_differences_are_warned_of(name: str) -> None:
    """XState differs from the algorithm of SCXML, and a warning says so."""
    held, events, theirs, ours = KNOWN[name]
    config = {"id": "m", **held}
    chart = xstate.loads(json.dumps(config))
    assert peer.ours(chart, events)[-1][0] == set(ours)
    assert differs(chart)
    (answer,) = peer.answers([peer.job(config, events)])
    assert peer.theirs(answer)[-1][0] == set(theirs)


def test_an_error_of_the_runner_is_shown() -> None:
    """An error of XState fails the test in its own words."""
    job = peer.job({"id": "m", "initial": "nowhere", "states": {"a": {}}}, [])
    with pytest.raises(AssertionError, match=r"XState 5\.33\.3: Initial state node"):
        peer.answers([job])
