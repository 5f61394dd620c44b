"""SVG: real text, titles, ids, highlighting, themes, and UML's shapes."""

from __future__ import annotations

import functools
import math
import re
import xml.etree.ElementTree as ET
from itertools import combinations
from typing import Any

import pytest
from attrs import evolve

from machines.execution import Execution
from machines.pipeline import Pipeline
from statecharts import drawing
from statecharts.drawing.geometry import Rect, bounds
from statecharts.drawing.labels import text_width
from statecharts.drawing.overlay import HEATED, QUIET, Kind
from statecharts.drawing.theme import LIGHT, THEMES, Theme
from statecharts.model.chart import ROOT, StateKind
from statecharts.model.errors import ArgumentError, StatechartError
from tests.test_drawing import charts
from tests.test_drawing.pictures import lay_out_once, picture_of

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def _lay_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out_once(monkeypatch)


def parsed(svg: str) -> ET.Element:
    """Return the root of a picture."""
    return ET.fromstring(svg)


def group(svg: str, name: str) -> ET.Element:
    """Return the group of an id, given without the chart, or of a class."""
    groups = list(parsed(svg).iter(f"{SVG}g"))
    found = [g for g in groups if g.get("id", "").partition("-")[2] == name]
    return next(g for g in (*found, *groups) if g in found or g.get("class") == name)


def text_in(element: ET.Element) -> list[str]:
    """Return the lines of text in a group."""
    return ["".join(text.itertext()) for text in element.iter(f"{SVG}text")]


def classes(svg: str) -> dict[str, list[str]]:
    """Return the classes of each state's group."""
    states = group(svg, "states")
    named = {g.get("id", "").partition("-")[2]: g.get("class", "") for g in states if g.get("id")}
    return {name: found.split() for name, found in named.items()}


@functools.cache
def pictures() -> list[str]:
    """Return the pictures of charts of all kinds."""
    return [picture_of(make(), faults=()) for make in charts.CHARTS.values()]


def test_svg_shows_each_state_with_its_fields_and_types_as_text() -> None:
    """A state is a group with a stable id that holds its name and its fields as real text."""
    shown = text_in(group(picture_of(Pipeline), "state-active.merge"))
    assert shown == ["merge", "feature_branch: BranchName", "commits_ahead: int"]


def test_svg_has_one_group_for_every_state() -> None:
    """No state of a chart is left out of its picture, and none is drawn twice."""
    for chart in (Pipeline.chart, Execution.chart, charts.media_player(), charts.crossing()):
        ids = re.findall(rf'<g id="{chart.name}-(state-[^"#]*)"', picture_of(chart))
        assert sorted(ids) == sorted(f"state-{node.id}" for node in chart)


def test_svg_ids_are_unique_on_a_page_with_many_charts() -> None:
    """An id names one thing, so that a page can point at it, whatever states are called."""
    made = [charts.Builder(name).states("x", "b-state-x").chart() for name in ("a", "a-state-b")]
    drawn = [*pictures(), *(picture_of(chart) for chart in made)]
    ids = [name for picture in drawn for name in re.findall(r'\bid="([^"]*)"', picture)]
    assert len(ids) == len(set(ids))


def test_svg_ids_tell_names_apart_that_look_alike() -> None:
    """White space and signs are written as their numbers, so that no two names share an id."""
    names = ("a b", "a_b", "a_x20_b", "a  b", "a:b", "a#initial", "a")
    svg = picture_of(charts.Builder("Odd").states(*names).chart(), faults=())
    found = re.findall(r'id="Odd-state-([^"]*)"', svg)
    assert found == [
        "a_x20_b", "a_b", "a_x5f_x20_b", "a_x20__x20_b", "a_x3a_b", "a_x23_initial", "a",
    ]  # fmt: skip


def test_svg_ids_stay_when_states_and_lines_are_added() -> None:
    """A page that points at a state or an arrow still does when the chart has grown."""

    def ids(*more: str) -> set[str]:
        b = charts.Builder("Grown").states(*more, "a", "b", "c").initial("", "a")
        for state in more:
            b.move("a", state, "new").move("a", (state, "b"), "fork")
        b.move("a", "b", "go").move("a", ("b", "c"), "both").move("b", "a", "back")
        return set(re.findall(r'<g id="([^"]*)"', picture_of(b.chart(), faults=())))

    assert ids() < ids("x", "y")


def test_svg_has_its_size_without_a_style() -> None:
    """A style at the root blanks the picture in CairoSVG, Inkscape and librsvg."""
    root = parsed(picture_of(Pipeline))
    assert root.get("style") is None
    assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"
    assert float(root.get("width", "0")) > 100


def test_svg_tells_in_words_what_has_no_place_for_an_arrow() -> None:
    """An arrow from a region to itself or to its parallel state is text in the region."""
    b = charts.Builder("Words").state("p", charts.PARALLEL).states("p.a", "p.b").initial("", "p")
    b.state("p.h", charts.DEEP).initial("p.h", "p.a")
    b.move("p.a", "p.a", "again").move("p.b", "p", "restart").move(ROOT, ROOT, "reset")
    svg = picture_of(b.chart(), faults=())
    assert text_in(group(svg, "state-p.a")) == ["a", "again → p.a"]
    assert text_in(group(svg, "state-p.b")) == ["b", "restart → p"]
    assert "on reset → Words" in text_in(group(svg, "chart"))


def test_svg_shows_effects_and_internal_transitions_in_the_state() -> None:
    """Entry effects, exit effects, internal and forbidden transitions stand in a compartment."""
    svg = picture_of(charts.media_player())
    assert text_in(group(svg, "state-on"))[1:] == [
        "entry / power_up",
        "exit / save",
        "volume_key / ignored",
    ]
    assert "on tick / advance" in text_in(group(svg, "state-on.playback.playing"))


def test_svg_labels_arrows_with_the_names_of_the_code() -> None:
    """A label reads event(fields) [guard] / action; arrows between the same states share one."""
    svg = picture_of(Pipeline)
    assert text_in(group(svg, "transition-active:archived")) == [
        "Block(reason)",
        "ReviewHold(reason)",
        "Abandon",
        "Supersede(by)",
    ]
    assert text_in(group(svg, "transition-archived:active")) == [
        "Unblock [isinstance(data.reason, Blocked)]"
    ]


@pytest.mark.parametrize(
    ("transition", "label"),
    [
        ("transition-on.screen.awake:on.screen.asleep", "after 5 min"),
        ("transition-on.playback.playing:on.playback.playing", "next / skip"),
        ("transition-off:on.playback.playing:on.volume.muted", "resume_quietly [has_track]"),
    ],
)
def test_svg_labels_each_kind_of_trigger(transition: str, label: str) -> None:
    """Delays, actions and guards are told in words."""
    assert text_in(group(picture_of(charts.media_player()), transition)) == [label]


def test_svg_draws_pseudo_states_as_uml_does() -> None:
    """Initial states are dots, final ones bull's-eyes, history a circled H or H*, forks bars."""
    svg = picture_of(charts.media_player())
    assert len(list(group(svg, "on.volume#initial").iter(f"{SVG}circle"))) == 1
    assert text_in(group(svg, "state-on.playback.back")) == ["H"]
    assert text_in(group(svg, "state-on.screen.past")) == ["H*"]
    assert 'class="fork"' in svg
    bullseye = group(picture_of(charts.deep_hierarchy()), "state-level0.end")
    assert len(list(bullseye.iter(f"{SVG}circle"))) == 2


def test_svg_divides_regions_by_dashed_lines() -> None:
    """A parallel state of three regions has two dashed lines from its title to its lower border."""
    svg = picture_of(charts.media_player())
    state = group(svg, "state-on")
    dividers = [p for p in state.iter(f"{SVG}path") if p.get("class") == "divider"]
    assert len(dividers) == 2
    border = next(r for r in state.iter(f"{SVG}rect") if r.get("class") == "border")
    bottom = float(border.get("y", "0")) + float(border.get("height", "0"))
    for divider in dividers:
        assert divider.get("stroke-dasharray")
        assert float(divider.get("d", "").split()[-1]) == pytest.approx(bottom, abs=1)


def test_svg_arrow_ends_at_the_border_of_a_composite_state() -> None:
    """An arrow to or from a composite state touches its border, and does not run inside."""
    svg = picture_of(Pipeline)
    border = next(
        r for r in group(svg, "state-active").iter(f"{SVG}rect") if r.get("class") == "border"
    )
    bottom = float(border.get("y", "0")) + float(border.get("height", "0"))
    for name, end in (("transition-archived:active", -1), ("transition-active:archived", 0)):
        line = next(p for p in group(svg, name).iter(f"{SVG}path") if p.get("class") == "line")
        points = re.findall(r"-?[\d.]+ (-?[\d.]+)", line.get("d", ""))
        assert float(points[end]) == pytest.approx(bottom, abs=0.1)


def test_svg_says_what_it_shows_to_those_who_cannot_see_it() -> None:
    """The picture, every state and every arrow have a title; the picture has a description."""
    root = parsed(picture_of(Pipeline, highlight=["active.qa"]))
    assert root.get("role") == "graphics-document document"
    assert root.get("aria-labelledby") == "Pipeline-title"
    told = next(root.iter(f"{SVG}desc")).get("id") or ""
    assert re.fullmatch("Pipeline-desc-[0-9a-f]{8}", told)
    assert root.get("aria-describedby") == told
    assert root.findtext(f"{SVG}title") == "Pipeline"
    assert "Active: active, active.qa." in (root.findtext(f"{SVG}desc") or "")
    for name in ("states", "transitions"):
        parts = next(g for g in root.iter(f"{SVG}g") if g.get("class") == name)
        assert all(part.findtext(f"{SVG}title") for part in parts)


def test_svg_states_the_width_of_each_line_of_text() -> None:
    """Text keeps to its box in a font of other widths, since every line says how wide it is."""
    for text in parsed(picture_of(Execution)).iter(f"{SVG}text"):
        width = text_width(
            "".join(text.itertext()),
            float(text.get("font-size", "0")),
            bold=text.get("font-weight") == "bold",
        )
        assert float(text.get("textLength", "0")) == pytest.approx(width, abs=0.1)


def test_highlight_includes_the_states_around() -> None:
    """A highlighted state stands out together with its ancestors, and nothing else does."""
    shown = classes(picture_of(Pipeline, highlight=["active.merge"]))
    active = {name for name, found in shown.items() if "active" in found}
    assert active == {"state-active", "state-active.merge"}


def test_highlight_takes_what_has_a_configuration() -> None:
    """A snapshot is highlighted as it is: anything with a configuration will do."""

    class Snapshot:
        configuration = ("active", "active.qa")

    svg = picture_of(Pipeline, highlight=Snapshot())
    assert svg == picture_of(Pipeline, highlight=("active.qa",))
    assert "active" in classes(svg)["state-active.qa"]


def test_highlight_changes_no_place() -> None:
    """A running machine's pictures lie exactly on each other: only colours differ."""

    def places(svg: str) -> list[str]:
        return re.findall(r' (?:x|y|d|cx|cy)="[^"]*"', svg)

    plain = picture_of(Pipeline)
    assert places(plain) == places(picture_of(Pipeline, highlight=["active.merge"]))


def test_highlight_of_an_unknown_state_names_the_nearest() -> None:
    """A misspelt state is an error that suggests the right one."""
    with pytest.raises(StatechartError, match=r"no state 'active\.mrege'.*'active\.merge'"):
        drawing.render(Pipeline, highlight=["active.mrege"])


@pytest.mark.parametrize("name", THEMES)
def test_theme_changes_colours_and_nothing_else(name: str) -> None:
    """Every theme draws the same picture in its own colours."""

    def drained(svg: str) -> str:
        return re.sub(r'#[0-9a-f]{6}|data-theme="\w+"|<style>.*</style>\n', "", svg)

    svg = picture_of(Pipeline, theme=name)
    assert THEMES[name].paper in svg
    assert drained(svg) == drained(picture_of(Pipeline))


def linear(color: str) -> list[float]:
    """Return the light of a color: red, green and blue."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colors, as WCAG defines it."""
    parts = [linear(color) for color in (one, other)]
    light = [0.2126 * red + 0.7152 * green + 0.0722 * blue for red, green, blue in parts]
    return (max(light) + 0.05) / (min(light) + 0.05)


def grounds(theme: Theme) -> list[str]:
    """Return all that texts and lines of a theme may lie on: what is marked holds what is not."""
    fills = [fill for tone in theme.tones.values() for fill in (tone.state, tone.shade, tone.bar)]
    return [theme.paper, theme.state, theme.bar, *theme.shades, *fills]


def test_theme_has_text_that_can_be_read() -> None:
    """Text has a contrast of 4.5 to 1 against whatever it may lie on (WCAG AA)."""
    for theme in THEMES.values():
        for text in (theme.ink, theme.soft, theme.fault):
            assert min(contrast(text, g) for g in grounds(theme)) >= 4.5
        for kind, tone in theme.tones.items():
            fills = [tone.state, tone.shade, tone.bar]
            assert min(contrast(tone.ink, g) for g in fills) >= 4.5, kind
            assert contrast(theme.state, tone.line) >= 4.5, f"text on badges of {kind}"
            if kind not in HEATED | QUIET:  # marked texts have the colour of the line
                assert min(contrast(tone.line, g) for g in grounds(theme)) >= 4.5, kind


def test_theme_has_lines_that_can_be_seen() -> None:
    """Borders, arrows and badges have a contrast of 3 to 1 against whatever they may lie on."""
    for theme in THEMES.values():
        for line in (theme.border, theme.line, *(tone.line for tone in theme.tones.values())):
            assert min(contrast(line, g) for g in grounds(theme)) >= 3, line


# Machado, Oliveira and Fernandes 2009, severity 1: what red, green and blue light are to the eye.
CONES = {
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "no green": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    "no blue": ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
}


def lab(color: str, cones: tuple[tuple[float, ...], ...]) -> tuple[float, float, float]:
    """Return a color in CIELAB as an eye sees it."""
    seen = [sum(a * b for a, b in zip(row, linear(color), strict=True)) for row in cones]
    red, green, blue = (min(max(part, 0.0), 1.0) for part in seen)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.0888
    a, b, c = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return (116 * b - 16, 500 * (a - b), 200 * (b - c))


@pytest.mark.parametrize("eye", CONES)
def test_theme_tells_a_difference_to_every_eye(eye: str) -> None:
    """Added, removed and changed differ from each other for eyes without one kind of cones."""
    for theme in (THEMES["light"], THEMES["dark"]):
        kinds = (Kind.ADDED, Kind.REMOVED, Kind.CHANGED)
        seen = [lab(theme.tones[kind].line, CONES[eye]) for kind in kinds]
        assert min(math.dist(one, other) for one, other in combinations(seen, 2)) >= 20


def test_theme_never_leaves_it_to_colour_alone() -> None:
    """Each kind of mark differs from the others by its sign, its width or its dashes, too."""
    for theme in THEMES.values():
        looks = {kind: (t.sign, t.width, t.dashes) for kind, t in theme.tones.items()}
        telling = [Kind.ACTIVE, Kind.ADDED, Kind.REMOVED, Kind.CHANGED, Kind.UNUSED, Kind.DISABLED]
        assert len({looks[kind] for kind in telling}) == len(telling)
        widths = [theme.tones[Kind(f"heat{level}")].width for level in range(5)]
        assert widths == sorted(set(widths))


def test_theme_auto_turns_dark_by_the_preference_of_the_reader() -> None:
    """A media query gives each colour of the light theme that of the same part in the dark one."""
    svg = picture_of(Pipeline)
    pairs = list(zip(THEMES["auto"].colors(), THEMES["dark"].colors(), strict=True))
    assert len(dict(pairs)) == len(set(pairs)), (
        "a colour of the light theme has two in the dark one"
    )
    assert svg.count("@media (prefers-color-scheme:dark){") == 1
    for attribute, color in re.findall(r' (fill|stroke)="(#[0-9a-f]{6})"', svg):
        turned = f'[data-theme="auto"] [{attribute}="{color}"]{{{attribute}:{dict(pairs)[color]}}}'
        assert turned in svg
    assert "@media" not in picture_of(Pipeline, theme="light")


def head_rects(svg: str) -> list[Rect]:
    """Return the rectangles of the arrowheads."""
    found = re.findall(r'class="head" d="M(\S+) (\S+?)L(\S+) (\S+?)L(\S+) (\S+?)"', svg)
    points = [list(map(float, one)) for one in found]
    return [bounds([(p[0], p[1]), (p[2], p[3]), (p[4], p[5])]) for p in points]


def test_heads_beside_each_other_are_slim() -> None:
    """Heads that would cover each other are narrower than one that is alone."""
    b = charts.Builder("Ends").states("a", "b", "c", "d").state("end", charts.FINAL)
    b.initial("", "a").move("a", "b", "one").move("a", "c", "two").move("a", "d", "three")
    for state in "bcd":
        b.move(state, "end", "finish")
    rects = head_rects(picture_of(b.chart(), faults=(), direction="down"))
    assert len({round(rect.width, 1) for rect in rects}) == 2
    assert not any(one.overlaps(other) for one, other in combinations(rects, 2))


def test_svg_is_transparent_by_choice() -> None:
    """Without its paper, a picture takes the background of its page."""
    assert 'class="paper"' in picture_of(Pipeline)
    assert 'class="paper"' not in picture_of(Pipeline, transparent=True)
    assert 'bgcolor="transparent"' in picture_of(Pipeline, "dot", transparent=True)


def test_svg_links_to_the_source_by_choice() -> None:
    """Each state and arrow of a declaration links to its line, at the address that is asked for."""
    svg = picture_of(Pipeline, links="https://example.com/{file}#L{line}")
    file, _, line = str(Pipeline.chart["active.merge"].location).rpartition(":")
    assert file.endswith("machines/pipeline.py")
    links = [a for a in parsed(svg).iter(f"{SVG}a") if "#L" in a.get("href", "")]
    targets = {g.get("id"): a.get("href") for a in links for g in a.iter(f"{SVG}g")}
    assert targets["Pipeline-state-active.merge"] == (
        f"https://example.com/machines/pipeline.py#L{line}"
    )
    assert "Pipeline-transition-active.qa:active.merge" in targets
    assert "<a " not in picture_of(Pipeline)


def test_svg_takes_the_tabulator_key_by_choice() -> None:
    """Every state and arrow can be reached by keyboard, when a page wants that."""
    svg = picture_of(Pipeline, tabindex=True)
    assert svg.count('tabindex="0"') == svg.count('role="graphics-') - 1
    assert "tabindex" not in picture_of(Pipeline)


def test_svg_has_no_script_and_asks_for_nothing() -> None:
    """A picture is safe to show: it runs nothing, and fetches nothing from outside."""
    for svg in pictures():
        names = {element.tag.rpartition("}")[2] for element in parsed(svg).iter()}
        assert not names & {"script", "image", "foreignObject", "use", "iframe"}
        assert not re.search(r"url\(|@import|@font-face", svg)


def test_svg_tells_the_chart_in_words() -> None:
    """The description has each state with what it holds, and each transition with its label."""
    told = parsed(picture_of(Pipeline, highlight=["active.qa"])).findtext(f"{SVG}desc") or ""
    assert told.startswith("Statechart Pipeline with 7 states. ")
    assert "Active: active, active.qa." in told
    assert "active.merge: feature_branch: BranchName; commits_ahead: int." in told
    assert "Pipeline starts in active. active starts in active.backlog." in told
    assert "From active.qa to active.coding: GatesFailed(reason)." in told


def test_svg_tells_texts_as_they_were_before_they_were_broken() -> None:
    """Descriptions and tooltips have no line ends of the picture in a guard or in a long word."""
    guard = "data.balance >= event.amount and event.currency == data.currency and " + "word_" * 20
    chart = charts.Builder("Wide").states("a", "b").initial("", "a")
    chart.move("a", "b", "go", guard=charts.named(guard)).move("a", "b", "take")
    chart.stay("a", "note", guard=charts.named(guard))
    root = parsed(picture_of(chart.chart(), faults=()))
    told = root.findtext(f"{SVG}desc") or ""
    assert f"From a to b: go [{guard}]; take." in told
    assert f"a: on note [{guard}]." in told
    titles = [title.text for title in root.iter(f"{SVG}title")]
    assert f"a → b: go [{guard}]; take" in titles


def test_svg_tells_the_targets_of_a_fork_and_the_names_of_what_is_missing() -> None:
    """Whoever reads the words meets no id that the picture alone has."""
    chart = charts.Builder("Forked").states("off").state("on", StateKind.PARALLEL)
    for name in ("x", "y"):
        chart.state(f"on.{name}", StateKind.COMPOUND).states(f"on.{name}.a")
        chart.initial(f"on.{name}", f"on.{name}.a")
    chart.state("on.x.h", StateKind.SHALLOW_HISTORY).initial("on.x.h", "on.x.a")
    chart.initial("", "off").move("off", ("on.x.a", "on.y.a"), "go").move("off", "nowhere", "out")
    root = parsed(drawing.render(chart.chart()))
    told = root.findtext(f"{SVG}desc") or ""
    assert told.startswith("Statechart Forked with 6 states.")  # as an excerpt counts them
    assert "From off to on.x.a, on.y.a: go. From off to nowhere: out" in told
    titles = [title.text or "" for title in root.iter(f"{SVG}title")]
    assert "off → on.x.a, on.y.a: go" in titles
    assert "off → on.y.a" in titles
    assert not [text for text in (told, *titles) if "#" in text]


def test_theme_of_ones_own_is_taken() -> None:
    """A theme need not be one of ours."""
    own: Theme = evolve(LIGHT, name="own", paper="#123456")
    assert 'fill="#123456"' in picture_of(Pipeline, theme=own)


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ({"name": 'my "best"'}, "name=.* Pass a name of letters"),
        ({"paper": 'a"b<'}, "paper=.* Pass a colour"),
        ({"shades": ()}, r"shades=\(\).* Pass colours in a tuple"),
        ({"shades": ("#ffffff", 3)}, "shades=3.* Pass a colour"),
        ({"tones": {}}, "tones={}.* Pass a Tone for each Kind"),
        ({"dark": evolve(LIGHT, shades=("#ffffff",))}, r"as many shades \(3\)"),
    ],
)
def test_theme_refuses_what_no_picture_can_hold(part: dict[str, Any], told: str) -> None:
    """A part that cannot be written is refused when the theme is made, not in a picture."""
    with pytest.raises(ArgumentError, match=rf"\[SC221\] Theme: .*{told}"):
        evolve(LIGHT, **part)
    with pytest.raises(ArgumentError, match=r"\[SC221\] Tone: dashes='a'"):
        evolve(LIGHT.tones[Kind.ADDED], dashes="a")


def test_theme_that_is_unknown_names_the_nearest() -> None:
    """A misspelt theme is an error that suggests the right one."""
    with pytest.raises(StatechartError, match=r"\[SC702\].*'drak'.*Did you mean 'dark'"):
        drawing.render(Pipeline, theme="drak")


def test_format_that_is_unknown_names_those_that_there_are() -> None:
    """A wrong format is an error that lists the formats."""
    with pytest.raises(StatechartError, match=r"\[SC701\].*svg, png, pdf, dot, mermaid"):
        drawing.render(Pipeline, "jpeg")  # type: ignore[call-overload]


def test_svg_escapes_what_xml_gives_a_meaning_to() -> None:
    """Names with angle brackets, quotes and ampersands come out as they are."""
    svg = picture_of(charts.hostile())
    shown = text_in(parsed(svg))
    assert "<b>\"x\" & 'y'</b>" in shown
    assert "état 状態 Ж" in shown
    assert "a<b> [x < 3 & y > \"4\"] / say('</svg>')" in shown


@pytest.mark.parametrize("word", ["\x00", "\x1b", "\ud800", "\ufffe"])
def test_svg_drops_what_xml_cannot_hold(word: str) -> None:
    """A control character or half a surrogate in a name does not make the document unreadable."""
    chart = charts.Builder("Odd").state("a", name=f"x{word}y").initial("", "a").chart()
    assert parsed(picture_of(chart)) is not None
