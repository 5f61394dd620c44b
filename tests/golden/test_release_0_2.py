"""Snapshots that release 0.2 wrote: they load, for every chart that is still the same."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any, Final

import pytest
from attrs import evolve

from statecharts import Kernel, TimerFired
from statecharts.codec import ForeignError, MismatchError, Protocol, Upcaster
from statecharts.model.chart import After, Chart, StateNode
from statecharts.model.digest import digest
from tests.golden.recorder import HERE, HISTORIES, History, lines
from tests.test_codec.vocabulary import AT
from tests.test_kernel.test_kernel_hashseeds import Called, Plant

OLD: Final = HERE / "release-0.2"


def written(name: str) -> list[dict[str, Any]]:
    """Return the snapshots of an old recording."""
    text = (OLD / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(one)["step"]["snapshot"] for one in text.splitlines()]


def is_same(history: History, snapshot: dict[str, Any]) -> bool:
    """Tell whether the chart is the one that wrote a snapshot, but for what takes the time now."""
    chart = history.chart.chart
    plain = digest(
        chart.name,
        chart.nodes.values(),
        chart.events,
        chart.context,
        closed=chart.closed,
        times=False,
    )
    return snapshot["hash"] in (chart.hash, plain)


def renamed(chart: Chart) -> Chart:
    """Return a chart whose timers have names that tell what they are for."""
    return evolve(chart, states=tuple(map(_renamed, chart.states)))


def _renamed(node: StateNode) -> StateNode:
    lines = tuple(
        evolve(line, trigger=evolve(line.trigger, timer=f"{node.id}.patience{number}"))
        if isinstance(line.trigger, After)
        else line
        for number, line in enumerate(node.transitions)
    )
    return evolve(node, transitions=lines)


def test_old_recordings_are_what_that_release_wrote() -> None:
    """The files are those of that day."""
    for line in (OLD / "SHA256SUMS").read_text(encoding="ascii").splitlines():
        digest, name = line.split()
        assert hashlib.sha256((OLD / name).read_bytes()).hexdigest() == digest
    assert {path.stem for path in OLD.glob("*.jsonl")} <= set(HISTORIES)
    assert any(is_same(HISTORIES[path.stem], written(path.stem)[0]) for path in OLD.glob("*.jsonl"))


@pytest.mark.parametrize("name", [path.stem for path in sorted(OLD.glob("*.jsonl"))])
def test_old_snapshot_loads_and_is_what_the_run_comes_to_now(name: str) -> None:
    """If the chart is the same, each old snapshot equals that of the present run; else SC414."""
    history = HISTORIES[name]
    for old, present in zip(written(name), lines(history), strict=True):
        if is_same(history, old):
            loaded = history.protocol.load_snapshot(old)
            assert history.protocol.dump_snapshot(loaded) == present["step"]["snapshot"]
        else:
            with pytest.raises(ForeignError, match=r"\[SC414\].*release 0\.2"):
                history.protocol.load_snapshot(old)


def test_old_timers_have_their_new_names() -> None:
    """A timer that release 0.2 named after the place of its line is found by that place."""
    chart = renamed(Plant.chart)
    protocol: Protocol[Any, Any] = Protocol(chart, effects=(Called,))
    old = written("plant-1")[1]
    assert [timer["id"] for timer in old["timers"]] == [
        "work.mill.busy.after#1",
        "work.kiln.hot.after#2",
    ]
    loaded = protocol.load_snapshot(old)
    assert list(loaded.timers) == ["work.mill.busy.patience2#1", "work.kiln.hot.patience1#2"]
    fired = Kernel(chart).step(loaded, TimerFired("work.mill.busy.patience2#1"), at=AT)
    assert fired.handled
    assert "work.mill.idle" in fired.snapshot.configuration


def test_old_timers_have_their_new_names_after_an_upcaster_moved_their_states() -> None:
    """An upcaster sees an old snapshot as it was written; the names are changed after it."""
    chart = renamed(Plant.chart)
    moved = Protocol(
        chart, upcasters={1: Upcaster(states={"work.oven": "work.kiln"})}, effects=(Called,)
    )
    text = json.dumps(written("plant-1")[1]).replace("work.kiln", "work.oven")
    loaded: Any = moved.load_snapshot({**json.loads(text), "hash": "0" * 64})
    assert list(loaded.timers) == ["work.mill.busy.patience2#1", "work.kiln.hot.patience1#2"]
    assert loaded.timers["work.kiln.hot.patience1#2"] == AT + timedelta(minutes=5)


def test_old_delayed_event_keeps_its_timer() -> None:
    """Timers of delayed events were named by their events, and still are."""
    old = {
        **written("pipeline-1")[0],
        "timers": [{"id": "send:x#1", "due": "2026-01-31T12:00:00Z"}],
        "sent": [{"timer": "send:x#1", "id": "x", "event": {"type": "deps_met"}}],
        "counters": {"timer": 1},
    }
    assert list(HISTORIES["pipeline-1"].protocol.load_snapshot(old).timers) == ["send:x#1"]


@pytest.mark.parametrize(
    ("change", "kind", "path"),
    [
        ({"hash": "0" * 64}, ForeignError, "$.hash"),
        ({"hash": None}, ForeignError, "$.hash"),
        ({"timers": [1]}, MismatchError, "$.timers[0]"),
        ({"timers": 1}, MismatchError, "$.timers"),
        ({"timers": [{"id": 1, "due": "2026-01-31T12:00:00Z"}]}, MismatchError, "$.timers[0].id"),
        ({"sent": {}}, MismatchError, "$.sent"),
    ],
)
def test_old_snapshot_is_checked_like_any_other(
    change: dict[str, Any], kind: type[Exception], path: str
) -> None:
    """A misfit is refused, with its place."""
    protocol = HISTORIES["pipeline-1"].protocol
    with pytest.raises(kind) as caught:
        protocol.load_snapshot({**written("pipeline-1")[0], **change})
    assert caught.value.path == path  # type: ignore[attr-defined]
    without = {key: held for key, held in written("pipeline-1")[0].items() if key != "hash"}
    with pytest.raises(MismatchError, match=r"\[SC403\].*a snapshot needs 'hash'"):
        protocol.load_snapshot(without)
