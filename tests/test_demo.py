"""The demonstration and the examples: what a newcomer runs first."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from attrs import evolve, frozen
from click.testing import CliRunner, Result
from rich.console import Console

from examples import demo, incident, media_player, traffic_light
from machines import execution, pipeline
from machines.investigation.chart import InvestigationChart
from statecharts import Answer, Invoke, Machine, TimerFired, drawing
from statecharts.drawing import LayoutWarning
from tests.test_drawing.pictures import lose_engine


@frozen
class Shown:
    """The output and the files of one run of the demonstration."""

    result: Result
    folder: Path

    def pictures(self) -> list[Path]:
        """Return the pictures that it has drawn."""
        return sorted(self.folder.glob("*.svg"))


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """One run, in which nothing is replaced."""
    folder = tmp_path_factory.mktemp("demo") / "new" / "folder"
    result = CliRunner().invoke(demo.main, ["--output", str(folder)], catch_exceptions=False)
    return Shown(result, folder)


def _printed(played: demo.Walk, width: int = demo.WIDTH) -> str:
    output = io.StringIO()
    Console(file=output, width=width).print(demo.table(played))
    return output.getvalue()


def _scenario(name: str) -> demo.Scenario:
    return next(scenario for scenario in demo.SCENARIOS if scenario.name == name)


@pytest.mark.long
def test_demo_draws_every_machine_and_every_end(shown: Shown) -> None:
    """There is a well-formed picture of each machine, and one of where each scenario ended."""
    assert shown.result.exit_code == 0
    machines = {chart.name.lower() for chart in demo.charts()}
    ends = {scenario.name for scenario in demo.SCENARIOS}
    assert {path.stem for path in shown.pictures()} == machines | ends
    for path in shown.pictures():
        assert ElementTree.parse(path).getroot().tag.endswith("svg")


@pytest.mark.long
def test_demo_prints_the_path_of_every_picture(shown: Shown) -> None:
    """Every file that was written is named in full, also the page that shows them all."""
    for path in (*shown.pictures(), shown.folder / demo.TOUR):
        assert str(path) in shown.result.output.replace("\n", "")


@pytest.mark.long
def test_page_shows_every_picture(shown: Shown) -> None:
    """The page refers to pictures that lie beside it, and leaves none out."""
    page = (shown.folder / demo.TOUR).read_text(encoding="utf-8")
    for path in shown.pictures():
        assert f'src="{path.name}"' in page


@pytest.mark.long
def test_demo_investigates_an_incident(shown: Shown) -> None:
    """The cause that was planted is what the investigation finds first; the report tells it."""
    lines = shown.result.output.splitlines()
    (verdict,) = [line for line in lines if line.startswith("ANOMALY")]
    assert "truncated batch in orders" in verdict
    assert str(incident.BROKEN) in verdict
    report = (shown.folder / "investigation" / "report.md").read_text(encoding="utf-8")
    assert report.startswith(f"# {incident.QUESTION}")
    assert (shown.folder / "investigation" / "chart.svg").exists()


@pytest.mark.long
def test_demo_kills_a_run_that_goes_on(shown: Shown) -> None:
    """A call that a dead process had begun is carried out by another, under the same key."""
    output = shown.result.output
    assert "carries out call story-7/1\n" in output
    assert "any.pending.spawn_agent#1 under way" in output
    assert "carries out story-7/1 and story-7/2\n" in output
    assert "3  Answer Exited                    → any.completed" in output
    assert "no damage in the store" in output


@pytest.mark.long
def test_picture_of_an_end_highlights_it(shown: Shown) -> None:
    """The picture of an end is that of the machine in its last configuration."""
    played = demo.walk(_scenario("pipeline-blocked"))
    path = shown.folder / "pipeline-blocked.svg"
    assert path.read_text(encoding="utf-8") == drawing.render(
        pipeline.Pipeline, highlight=played.machine
    )
    assert path.read_text(encoding="utf-8") != drawing.render(pipeline.Pipeline)


def test_every_machine_has_a_scenario() -> None:
    """No machine is left out of the walk, and no two scenarios share a picture."""
    walked = {scenario.chart.chart.name for scenario in demo.SCENARIOS}
    walked.add(InvestigationChart.chart.name)  # by the investigation, which is a run of it
    assert walked == {chart.name for chart in demo.charts()}
    names = [scenario.name for scenario in demo.SCENARIOS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("scenario", demo.SCENARIOS, ids=lambda scenario: scenario.name)
def test_scenario_is_the_same_each_time(scenario: demo.Scenario) -> None:
    """A walk depends on nothing but its scenario."""
    assert demo.walk(scenario).beats == demo.walk(scenario).beats


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("pipeline-merged", ("archived",)),
        ("pipeline-blocked", ("archived",)),
        ("execution-rate-limited", ("any", "any.completed")),
        ("execution-stopped", ("any", "any.idle")),
        ("execution-failed", ("any", "any.failed")),
    ],
)
def test_scenario_ends_where_its_story_says(name: str, end: tuple[str, ...]) -> None:
    """Each story is what really happens to the machine."""
    assert demo.walk(_scenario(name)).machine.configuration == end


def test_walk_shows_what_nothing_handled() -> None:
    """An event without an answer is shown as such: once for lack of a line, once for the guard."""
    played = demo.walk(_scenario("pipeline-blocked"))
    unhandled = [b.happened for b in played.beats if b.step is not None and not b.step.handled]
    assert unhandled == [pipeline.GatesStarted(), pipeline.Unblock()]
    assert _printed(played).count(demo.UNHANDLED) == 2


def test_walk_fires_the_timer_when_it_is_due() -> None:
    """Waiting out the rate limit asks for the agent again, at the time that the limit named."""
    played = demo.walk(_scenario("execution-rate-limited"))
    (fired,) = [beat for beat in played.beats if isinstance(beat.happened, TimerFired)]
    assert fired.at == datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
    assert fired.step is not None
    spawn = execution.SpawnAgent(demo.CODER)
    assert fired.step.effects == (Invoke("any.pending.spawn_agent#3", spawn),)
    assert played.machine.now == datetime(2026, 1, 5, 9, 37, tzinfo=UTC)


def test_walk_shows_that_a_late_answer_is_unhandled() -> None:
    """The answer to the request that was stopped does nothing; the others count."""
    played = demo.walk(_scenario("execution-failed"))
    answers = [beat for beat in played.beats if isinstance(beat.happened, Answer)]
    assert [beat.step is not None and beat.step.handled for beat in answers] == [False, True, True]
    assert _printed(played).count(demo.UNHANDLED) == 1


def test_walk_of_a_cancelled_timer_fires_nothing() -> None:
    """An agent that is stopped while it waits is not asked for again."""
    played = demo.walk(_scenario("execution-stopped"))
    assert [beat for beat in played.beats if isinstance(beat.happened, TimerFired)] == []


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_table_keeps_states_whole_and_within_the_width(width: int) -> None:
    """A narrow terminal wraps texts, never the name of a state."""
    text = _printed(demo.walk(_scenario("execution-rate-limited")), width)
    assert "any.rate_limited" in text
    assert "any.completed" in text
    assert max(map(len, text.splitlines())) <= width


def test_several_regions_are_all_shown() -> None:
    """Each state of a machine that is in several at once has a line."""
    power, played = media_player.PowerPressed(), media_player.Played("So What")
    scenario = demo.Scenario("x", "x", media_player.MediaPlayer, (power, played))
    states = demo.leaves(demo.walk(scenario).machine.configuration)
    assert states == ["on.playback.loaded.playing", "on.sound.audible"]


def test_demo_is_drawn_without_an_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every picture is there all the same, and the warning says what to install."""
    lose_engine(monkeypatch)

    with pytest.warns(LayoutWarning, match=r"\[SC703\].* pip install "):
        drawn = demo.draw([], tmp_path)

    assert [path.suffix for path, _ in drawn] == [".svg"] * len(demo.charts()) + [".html"]
    assert all(path.read_text(encoding="utf-8") for path, _ in drawn)


@pytest.mark.long
def test_demo_survives_a_pipe_that_knows_ascii_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An arrow that cannot be spelt does not end the run."""
    monkeypatch.setattr(drawing, "render", lambda *_arguments, **_options: "<svg/>")
    result = CliRunner(charset="ascii").invoke(demo.main, ["--output", str(tmp_path)])
    assert result.exit_code == 0
    assert "? Invoke(id='any.pending.spawn_agent#1'" in result.output


def test_seconds_are_shown_where_there_are_any() -> None:
    """A time on the minute is short; any other is exact to the second."""
    assert demo.shown(demo.NINE) == "09:00"
    assert demo.shown(demo.NINE + timedelta(seconds=5)) == "09:00:05"
    assert demo.shown("text") == "'text'"


def test_passing_of_time_is_shown_before_what_it_brings() -> None:
    """Time that passes stands in the table before the timers that fire on the way."""
    scenario = evolve(_scenario("execution-rate-limited"), beats=(timedelta(hours=1),))
    started, passed = demo.walk(scenario).beats
    assert (started.at, passed.at) == (demo.NINE, demo.NINE)
    assert passed.step is None
    assert "1 h pass" in _printed(demo.walk(scenario))


def test_traffic_light_goes_round(capsys: pytest.CaptureFixture[str]) -> None:
    """Two minutes of the light, with a fault in between."""
    traffic_light.main()
    assert [line.split("  ")[1:] for line in capsys.readouterr().out.splitlines()] == [
        ["●○○", "working.red"],
        ["●●○", "working.red_amber"],
        ["○○●", "working.green"],
        ["○●○", "working.amber"],
        ["●○○", "working.red"],
        ["○●○", "blinking.lit"],
        ["○○○", "blinking.dark"],
        ["○●○", "blinking.lit"],
        ["○○○", "blinking.dark"],
        ["●○○", "working.red"],
        ["●●○", "working.red_amber"],
        ["○○●", "working.green"],
    ]


def test_every_state_of_the_traffic_light_has_lamps() -> None:
    """No light is ever without a look."""
    atomic = [state.id for state in traffic_light.TrafficLight.chart if not state.children]
    assert list(traffic_light.LAMPS) == atomic


def test_media_player_comes_back_as_it_was_left(capsys: pytest.CaptureFixture[str]) -> None:
    """Off and on again: paused, muted, the same track, the same volume."""
    media_player.main()
    lines = capsys.readouterr().out.splitlines()
    before, off, after = lines[4:7]
    assert "on.playback.loaded.paused on.sound.muted" in before
    assert before.removeprefix(f"{media_player.Paused()!s:24}") == after.removeprefix(
        f"{media_player.PowerPressed()!s:24}"
    )
    assert off.split() == ["PowerPressed()", "off"]


def test_media_player_has_no_volume_beyond_its_scale() -> None:
    """An event that makes no sense cannot be built."""
    with pytest.raises(ValueError, match="'volume' must be <= 10"):
        media_player.VolumeSet(11)


def test_media_player_forgets_nothing_of_a_new_track() -> None:
    """Another track takes the place of the one that is playing."""
    player = Machine(media_player.MediaPlayer)
    for event in (
        media_player.PowerPressed(),
        media_player.Played("So What"),
        media_player.Paused(),
        media_player.Played("Blue in Green"),
    ):
        assert player.send(event).handled
    assert player.snapshot["on.playback.loaded"] == media_player.Track("Blue in Green")
    assert "on.playback.loaded.playing" in player.snapshot
