"""The benchmarks compare like with like, and show what they found; no test here reads a clock."""

from __future__ import annotations

import io
import itertools
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from click.testing import CliRunner
from rich.console import Console

from benchmarks import readme, timing
from benchmarks.__main__ import SECTIONS, main
from benchmarks.apart import environments
from benchmarks.apart.environments import APART, STORED, Apart
from benchmarks.contestant import ContestantError, Entry, Missing, Named, load
from benchmarks.cycle import contestants as cycle
from benchmarks.cycle import handwritten, table
from benchmarks.cycle import nested as nested_match
from benchmarks.cycle.domain import AT, EVENTS, EXPECTED, Abandoned, Unblock, Visit
from benchmarks.features import cases
from benchmarks.features import contestants as features
from benchmarks.report import show
from benchmarks.results import Column, Environment, Report, Row, Section
from benchmarks.sections import apart, durable, imports, nodes
from benchmarks.sections.effort import QUICK, Plan
from benchmarks.sections.instances import bytes_held
from benchmarks.shapes import contestants as shapes
from benchmarks.shapes import outline
from benchmarks.shapes.outline import nested, regions, ring, toggle
from benchmarks.targets import TARGETS, Target, judge
from benchmarks.timing import Effort, Sample, Subject, measure
from tests import proof

if TYPE_CHECKING:
    from collections.abc import Callable

CYCLE, _ = cycle.contestants()
SHAPES, _ = shapes.contestants()
FEATURES, _ = features.contestants()
PLAYED = [(each, case) for each in FEATURES for case in cases.CASES if case in each.turns]

ONCE = Effort(rounds=1, batch_ns=1)
TRIAL = Plan(
    steps=ONCE,
    creation=ONCE,
    growth=ONCE,
    imports=ONCE,
    walks=ONCE,
    held=10,
    ring_sizes=(3, 10),
    depths=(1, 4),
    peers_ring=3,
    peers_depth=1,
    pairs=100,
    ring=20,
    regions=(2, 3),
    layout_every=40,
    layout_sizes=(10, 20),
    durable_events=20,
    durable_sized=20,
    durable_runs=5,
    nodes_fan=4,
    nodes_chain=3,
    nodes_rounds=1,
)
OUTLINES = (toggle(), regions(), ring(3), ring(10), nested(1), nested(4))

COLUMNS = (Column("us", "µs per event"), Column("ratio", "to match", suffix=" ×"))
FAST = Section(
    "cycle",
    "Six-event cycle",
    COLUMNS,
    (
        Row("hand-written match", "3.11", {"us": 1.0, "ratio": 1.0}),
        Row("statecharts", "0.1.0", {"us": 0.7, "ratio": 0.7, "faster": 91.0}),
        Row("absent", note="not installed"),
    ),
    "Made up.",
)


def named(each: Any) -> str:
    """Name a contestant or an outline in a test's id."""
    return str(each.name)


@pytest.mark.parametrize("contestant", CYCLE, ids=named)
def test_cycle_contestant_visits_expected_states(contestant: cycle.CycleContestant) -> None:
    """Every installed contestant goes where the cycle goes, with the data the cycle has."""
    assert contestant.visits() == list(EXPECTED)


@pytest.mark.parametrize("contestant", CYCLE, ids=named)
def test_cycle_contestant_returns_to_its_start(contestant: cycle.CycleContestant) -> None:
    """What is timed can be called again and again on the same instance."""
    run = contestant.prepare()
    run()
    run()


@pytest.mark.parametrize("contestant", CYCLE, ids=named)
def test_cycle_contestant_creates_separate_instances(contestant: cycle.CycleContestant) -> None:
    """Instances weighed together are not one and the same object."""
    create = contestant.creator()
    assert create() is not create()


@pytest.mark.parametrize("shape", OUTLINES, ids=lambda shape: f"{shape.name}{len(shape.children)}")
@pytest.mark.parametrize("contestant", SHAPES, ids=named)
def test_shape_contestant_follows_outline(
    contestant: shapes.ShapeContestant, shape: outline.Node
) -> None:
    """Every installed contestant moves through an outline as the outline says."""
    if not contestant.supports(shape):
        pytest.skip("the library has no such charts")
    shapes.check(contestant, shape)


@pytest.mark.parametrize("contestant", SHAPES, ids=named)
def test_shape_contestant_goes_on_from_where_it_ended(contestant: shapes.ShapeContestant) -> None:
    """What is timed can be called again and again on the same instance."""
    run = contestant.prepare(ring(3), ticks=2)
    run()
    run()


@pytest.mark.parametrize(
    ("contestant", "case"), PLAYED, ids=[f"{each.name}-{case.key}" for each, case in PLAYED]
)
def test_feature_contestant_visits_expected_states(
    contestant: features.FeatureContestant, case: cases.Case
) -> None:
    """Every installed contestant goes where the case goes, whenever it is timed."""
    cases.check(contestant.name, case, contestant.turns[case]())


def test_every_case_is_played_by_ours_and_by_hand() -> None:
    """No case lacks what it is compared with."""
    for case in cases.CASES:
        names = {each.name for each, played in PLAYED if played is case}
        assert {"hand-written match", "dict table", "statecharts", "statecharts Machine"} < names


def test_feature_check_refuses_a_contestant_that_goes_astray() -> None:
    """A turn that ends in the wrong state is an error that says where it went."""
    astray = cases.Turn(lambda: None, lambda: ["idle"])
    with pytest.raises(ContestantError, match=r"astray: always: expected \('s4', 'idle'\), found"):
        cases.check("astray", cases.ALWAYS, astray)


def test_feature_check_sees_what_a_turn_leaves_behind() -> None:
    """A machine that does not come back to its start is found by the second walk."""
    visits = [["s4", "idle"], ["s4", "s4"]]
    turn = cases.Turn(lambda: None, lambda: visits.pop(0))
    with pytest.raises(ContestantError, match=r"found \('s4', 's4'\)"):
        cases.check("astray", cases.ALWAYS, turn)


@pytest.mark.parametrize(
    "name", proof.cases(SECTIONS, long=lambda name: name not in {"codec", "parallel"})
)
def test_section_runs_and_has_a_number_for_ours(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every table can be made, in a run that is as short as it can be."""
    monkeypatch.setattr(apart, "measured", lambda peer, _effort: Missing(peer.name, "left out"))
    for stored in (durable, nodes):
        monkeypatch.setattr(stored, "answer", lambda peer, *_: Missing(peer.name, "left out"))
    apart.apart.cache_clear()
    sections = SECTIONS[name](TRIAL)
    apart.apart.cache_clear()
    for section in sections:
        keys = {column.key for column in section.columns}
        assert any(row.values for row in section.rows)
        assert all(set(row.values) <= keys for row in section.rows)
        assert all(row.values or row.note for row in section.rows)
        asked = {target.key for target in TARGETS if target.section == section.key}
        assert asked <= keys


@pytest.mark.long
@pytest.mark.parametrize("peer", APART, ids=named)
def test_peer_apart_goes_where_the_cases_go(peer: Apart) -> None:
    """A peer in an environment of its own is checked there, before it is timed there."""
    found = environments.measured(peer, ONCE)
    assert not isinstance(found, Missing), found
    assert found["cycle"]["ratio"] > 0
    assert set(found["features"]) >= {"history", "unhandled", "named", "guards"}


@pytest.mark.long
@pytest.mark.parametrize("peer", STORED, ids=named)
def test_peer_that_stores_takes_all_its_events(peer: Apart, tmp_path: Path) -> None:
    """A peer's rates are of events that it has taken: its run is where they lead."""
    found = environments.answer(peer, peer.module, peer.name, "5", str(tmp_path))
    assert not isinstance(found, Missing), found
    assert found["one"] > 0
    assert found["many"] > 0


def test_peer_that_cannot_be_installed_gets_a_row_that_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a network or without the package, the run goes on, and names the reason."""
    monkeypatch.setattr(environments, "PEERS", tmp_path)
    monkeypatch.setattr(environments, "FRESH", (sys.executable, "-c", "raise SystemExit('no')"))
    peer = Apart("absent", "no.module", "absent==1")
    assert environments.measured(peer, ONCE) == Missing(
        "absent", "absent==1 cannot be installed: no"
    )


def test_cycle_check_refuses_a_contestant_that_goes_astray() -> None:
    """A contestant that ends in the wrong state is an error that says where it went."""

    class Astray:
        name = "astray"
        version = "1"

        def prepare(self) -> Callable[[], None]:
            return lambda: None

        def visits(self) -> list[Visit]:
            return [*EXPECTED[:-1], Visit("archived")]

        def creator(self) -> Callable[[], object]:
            return object

    with pytest.raises(ContestantError, match=r"astray: Unblock: expected .*backlog.*archived"):
        cycle.check(Astray())


def test_cycle_check_refuses_a_contestant_that_skips_events() -> None:
    """A contestant that answers fewer events than there are is an error."""

    class Short:
        name = "short"
        version = "1"

        def prepare(self) -> Callable[[], None]:
            return lambda: None

        def visits(self) -> list[Visit]:
            return []

        def creator(self) -> Callable[[], object]:
            return object

    with pytest.raises(ContestantError, match="short: number of visits: expected 6, found 0"):
        cycle.check(Short())


def test_shape_check_refuses_a_contestant_that_stands_still() -> None:
    """A contestant that does not move is an error that names the outline and the ticks."""

    class Still:
        name = "still"
        version = "1"

        def supports(self, shape: outline.Node) -> bool:
            del shape
            return True

        def prepare(self, shape: outline.Node, ticks: int) -> Callable[[], None]:
            del shape, ticks
            return lambda: None

        def leaves(self, shape: outline.Node, ticks: int) -> list[str]:
            del shape, ticks
            return ["a"]

    with pytest.raises(ContestantError, match="still: toggle after 1 ticks"):
        shapes.check(Still(), toggle())


@pytest.mark.parametrize("step", [handwritten.step, nested_match.step, table.step])
def test_baseline_guard_holds_what_was_abandoned(step: Callable[..., handwritten.State]) -> None:
    """The baselines evaluate the guard rather than assume it."""
    archived = handwritten.Archived(AT, Abandoned())
    assert step(archived, Unblock(), AT) is archived


@pytest.mark.parametrize("step", [handwritten.step, nested_match.step, table.step])
def test_baseline_ignores_what_it_does_not_handle(step: Callable[..., handwritten.State]) -> None:
    """An unhandled event leaves the baselines where they are."""
    state = handwritten.Backlog()
    assert step(state, EVENTS[1], AT) is state


def test_baseline_refuses_a_branch_without_commits() -> None:
    """The baseline checks its data as ours does."""
    with pytest.raises(ValueError, match="at least 1, not 0"):
        handwritten.Merge("feature", 0)


def test_load_says_which_peer_is_not_installed() -> None:
    """A peer that is absent gets a row that says so."""
    entry = Entry("absent", "no_such_package_at_all.module", requires="no_such_package_at_all")
    assert load(entry, Named) == Missing("absent", "not installed")  # type: ignore[type-abstract]


def test_load_does_not_hide_a_broken_contestant() -> None:
    """An import that fails for another reason than an absent peer is an error."""
    entry = Entry("broken", "benchmarks.no_such_module", requires="sismic")
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        load(entry, Named)  # type: ignore[type-abstract]


def test_sample_median_of_odd_and_even_rounds() -> None:
    """The median is the middle value, or the mean of the middle two."""
    assert Sample((3.0, 1.0, 200.0)).median_ns == 3.0
    assert Sample((4_000.0, 1_000.0, 2_000.0, 90_000.0)).median_us == 3.0


def test_sample_spread_is_the_interquartile_range_over_the_median() -> None:
    """An outlier does not make the spread, and a single round has none."""
    assert Sample((8.0, 9.0, 10.0, 11.0, 1_000.0)).spread == pytest.approx(0.2)
    assert Sample((5.0,)).spread == 0.0


def test_measure_interleaves_rounds_and_divides_by_operations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each round times every subject once, beginning with another one each time."""
    order: list[str] = []
    durations = {"a": 600, "b": 1_200}

    def batch(run: Callable[[], object], calls: int, _clock: object) -> int:
        name = str(run())
        order.append(name)
        return durations[name] * calls

    monkeypatch.setattr(timing, "time_batch", batch)
    subjects = [Subject.ready("a", lambda: "a", 6), Subject.ready("b", lambda: "b")]
    samples = measure(subjects, Effort(rounds=3, batch_ns=1))
    assert order == ["a", "b", *"ab", *"ba", *"ab"]
    assert samples == {"a": Sample((100.0,) * 3), "b": Sample((1_200.0,) * 3)}


def test_calibrate_fills_the_batch_and_respects_the_most_calls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A batch has calls enough to last, but never more than its subject allows."""
    monkeypatch.setattr(timing, "time_batch", lambda _run, calls, _clock: calls * 100)
    endless = Subject.ready("endless", lambda: None)
    assert timing.calibrate(endless, 1_000_000) >= 10_000
    assert timing.calibrate(evolve(endless, most_calls=50), 1_000_000) == 50


def test_measure_refuses_equal_names() -> None:
    """Two subjects of one name would overwrite each other's sample."""
    twice = [Subject.ready("same", lambda: None)] * 2
    with pytest.raises(ValueError, match="different names"):
        measure(twice, Effort(rounds=1, batch_ns=1))


def test_bytes_held_counts_what_each_instance_keeps() -> None:
    """What every instance holds for itself is counted, what they share is not."""
    shared = bytes(100_000)
    sizes = itertools.repeat(1_000)
    assert 1_000 <= bytes_held(lambda: (shared, bytes(next(sizes))), 200) <= 1_200


def test_report_shows_numbers_notes_and_verdicts() -> None:
    """Everything found is in the text: numbers in full, missing contestants, targets."""
    place = Environment("2026-01-01 12:00 UTC", "CPython 3.11", "Abacus [II]", 2, quick=True)
    output = io.StringIO()
    show(Report(place, (FAST,), judge([FAST])), Console(file=output, width=100))
    text = output.getvalue()
    for expected in (
        "2026-01-01 12:00 UTC · CPython 3.11 · Abacus [II] · 2 cores · quick run",
        "Six-event cycle",
        "0.70 ×",
        "not installed",
        "Made up.",
        f"≤ {TARGETS[0].limit:.2f} ×",
        "not measured",
    ):
        assert expected in text


def test_readme_gets_a_column_for_each_run() -> None:
    """The numbers stand between the marks, and the text around them stays."""
    place = Environment("2026-01-01 12:00 UTC", "CPython 3.11", "Abacus", 2, quick=False)
    report = Report(place, (FAST,), judge([FAST])).to_json()
    newer = json.loads(json.dumps(report))
    newer["environment"]["python"] = "CPython 3.13"
    newer["sections"][0]["rows"][1]["values"]["ratio"] = 0.95
    runs = [readme.Run(report), readme.Run(newer)]
    text = readme.replaced(f"before\n{readme.BEGIN}old\n{readme.END}\nafter\n", runs)
    assert text.startswith("before\n<!-- measured -->\nOn 2026-01-01, Abacus, 2 cores; CPU time")
    assert text.endswith("<!-- /measured -->\nafter\n")
    assert "| CPython 3.11 | CPython 3.13 | bytes held |" in text
    assert "| statecharts, `Kernel` | 0.70 × | 0.95 × | – |" in text
    assert "absent" not in text
    assert "old" not in text


def test_readme_without_marks_is_left_alone() -> None:
    """What cannot be placed is an error, not a lost README."""
    with pytest.raises(SystemExit, match="lacks the marks"):
        readme.replaced("no marks\n", [])


def test_report_becomes_plain_json() -> None:
    """The JSON file holds the same numbers under the same names."""
    place = Environment("today", "CPython", "Abacus", 1, quick=False)
    data = json.loads(json.dumps(Report(place, (FAST,), judge([FAST])).to_json()))
    assert data["sections"][0]["rows"][1]["values"]["us"] == 0.7
    assert data["environment"]["cores"] == 1
    assert data["verdicts"][0]["met"] is True


@pytest.mark.parametrize(
    ("at_least", "value", "met"),
    [(False, 4.0, True), (False, 4.01, False), (True, 4.0, True), (True, 3.99, False)],
)
def test_target_bound_is_inclusive(at_least: bool, value: float, met: bool) -> None:
    """A number on the bound meets the target, one beyond it does not."""
    target = Target("what", "cycle", "us", 4.0, COLUMNS[0], at_least=at_least)
    section = Section("cycle", "", COLUMNS, (Row("statecharts", values={"us": value}),))
    assert target.judge([section]).met is met


def test_target_without_number_is_neither_met_nor_missed() -> None:
    """What was not measured is said to be so."""
    assert {verdict.met for verdict in judge([])} == {None}


def test_targets_name_tables_that_exist() -> None:
    """No target waits for a table that no run makes."""
    assert {target.section.removesuffix("_ratio") for target in TARGETS} <= set(SECTIONS)


def test_sample_ratio_is_taken_within_each_round() -> None:
    """A round in which the machine was slow for both leaves the ratio as it was."""
    base, sample = Sample((1.0, 10.0, 2.0)), Sample((3.0, 30.0, 5.0))
    assert sample.ratio_to(base) == 3.0


def test_growth_of_peers_is_among_the_sizes_measured() -> None:
    """The greatest size asked of the peers is one of the sizes."""
    assert QUICK.peers_ring in QUICK.ring_sizes
    assert QUICK.peers_depth in QUICK.depths


def test_imports_skip_what_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """An absent package gets a row that says so, and is not timed."""
    entries = (
        imports.Import("absent", "from no_such_package_at_all import x", "absent"),
        imports.Import("fine", "from json import loads", "no-such-distribution"),
    )
    monkeypatch.setattr(imports, "IMPORTS", entries)
    (section,) = imports.run(evolve(QUICK, imports=Effort(rounds=1, batch_ns=1)))
    notes = {row.name: row.note for row in section.rows}
    assert notes == {"bare Python": "", "absent": "not installed", "fine": ""}
    assert section.value("fine", "ms") is not None
    assert section.value("absent", "ms") is None


def test_imports_do_not_time_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """An import that fails ends the run rather than look quick."""
    failing = imports.Import("failing", "from json import no_such_name", "failing")
    monkeypatch.setattr(imports, "IMPORTS", (failing,))
    with pytest.raises(subprocess.CalledProcessError):
        imports.run(evolve(QUICK, imports=Effort(rounds=1, batch_ns=1)))


def test_command_runs_the_named_table_and_writes_json(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """``--only`` picks a table and ``--json`` keeps its numbers."""
    monkeypatch.setitem(SECTIONS, "cycle", lambda _plan: [FAST])
    target = tmp_path / "numbers.json"
    arguments = ["--quick", "--only", "cycle", "--json", str(target)]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert "0.70 ×" in result.output
    sections = json.loads(target.read_text(encoding="utf-8"))["sections"]
    assert [section["key"] for section in sections] == ["cycle"]


def test_command_fails_on_a_contestant_that_goes_astray(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong contestant ends the run with a message, not with a table."""
    wrong = ("astray", "Block", "archived", "active.qa")

    def astray(_plan: object) -> list[Section]:
        raise ContestantError(*wrong)

    monkeypatch.setitem(SECTIONS, "cycle", astray)
    result = CliRunner().invoke(main, ["--only", "cycle"])
    assert result.exit_code == 1
    assert "astray: Block: expected 'archived', found 'active.qa'" in result.output
