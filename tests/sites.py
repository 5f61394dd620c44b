"""Sites: small ones are built by Sphinx and by MkDocs, with pictures in their pages.

`make docs` runs this; what reads the directive is not installed for the other tests.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from statecharts.sites.picture import OPTIONS, Directive, DirectiveError

ROOT = Path(__file__).parent.parent

HALL = '''
from statecharts import State, Statechart

class Hall(Statechart):
    """A hall."""
    dark, lit = State(initial=True), State()
    dark.to(lit, on="switch")
    lit.to(dark, on="switch")

class Cellar(Statechart):
    dark = State(initial=True, resting=True)
'''

DIRECTIVE = """\
.. statechart:: {target}
   :caption: Light & <dark>
   :highlight: lit
   :theme: print
   :transparent:
"""


@pytest.fixture
def hall(tmp_path: Path) -> str:
    """Return the name of a module that holds two charts."""
    (tmp_path / "lights.py").write_text(HALL)
    return "lights"


def run(*arguments: str, folder: Path) -> str:
    """Run a module of Python in a folder; return what it said on standard error."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{folder}:{ROOT}", "NO_COLOR": "1"},
    )
    return done.stderr


def by_sphinx(folder: Path, text: str, builder: str = "html") -> tuple[Path, str]:
    """Build a site of one page; return where it is, and what was warned of."""
    source = folder / "source"
    source.mkdir(exist_ok=True)
    (source / "conf.py").write_text('extensions = ["statecharts.sites.sphinx"]\nproject = "Site"\n')
    (source / "index.rst").write_text(f"Site\n====\n\n{text}\n")
    out = folder / builder
    warned = run("sphinx", "-q", "-b", builder, "-d", "trees", "source", builder, folder=folder)
    return out, warned


def by_mkdocs(folder: Path, text: str) -> tuple[str, str]:
    """Build a site of one page; return that, and what was warned of."""
    (folder / "docs").mkdir(exist_ok=True)
    (folder / "docs" / "index.md").write_text(text)
    (folder / "mkdocs.yml").write_text("site_name: Site\nplugins: [statecharts]\n")
    warned = run("mkdocs", "build", "-q", folder=folder)
    page = folder / "site" / "index.html"
    return page.read_text() if page.exists() else "", warned


def assert_shows_hall(page: str) -> None:
    """The picture is a part of the page, with the options that were given."""
    (figure,) = re.findall(r'<figure class="statechart">.*?</figure>', page, re.DOTALL)
    assert 'id="Hall-state-lit"' in figure
    assert "<title" in figure
    assert "<figcaption>Light &amp; &lt;dark&gt;</figcaption>" in figure
    assert "prefers-color-scheme" not in figure  # the theme print has one look
    assert 'class="state active"' in figure or "active" in figure
    assert "Cellar" not in figure


def test_sphinx_shows_a_chart(hall: str, tmp_path: Path) -> None:
    """The picture is in the page, and drawn anew when its module changes."""
    text = DIRECTIVE.format(target=f"{hall}:Hall")
    out, warned = by_sphinx(tmp_path, text)
    assert warned == ""
    assert_shows_hall((out / "index.html").read_text())
    module = tmp_path / "lights.py"
    module.write_text(
        HALL.replace("dark, lit", "dim, lit")
        .replace("dark.to", "dim.to")
        .replace("lit.to(dark", "lit.to(dim")
    )
    os.utime(module, (2e9, 2e9))
    by_sphinx(tmp_path, text)
    assert 'id="Hall-state-dim"' in (out / "index.html").read_text()


def test_sphinx_writes_latex_and_text(hall: str, tmp_path: Path) -> None:
    """A page that holds no SVG gets a PDF, or words."""
    text = DIRECTIVE.format(target=f"{hall}:Hall")
    out, warned = by_sphinx(tmp_path, text, "latex")
    assert warned == ""
    (pdf,) = out.glob("statechart-*.pdf")
    assert pdf.read_bytes().startswith(b"%PDF")
    assert f"{{{pdf.stem}}}.pdf" in (out / "site.tex").read_text()
    out, _ = by_sphinx(tmp_path, text, "text")
    assert "[Light & <dark>]" in (out / "index.txt").read_text()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("lights:Hal", "there is no chart 'Hal' in 'lights'. Did you mean 'Hall'?"),
        ("lights", "'lights' has 2 charts. Name one of: lights:Hall, lights:Cellar."),
        ("nolights:Hall", "there is no module 'nolights'."),
        ("lights:Hall\n   :theme: drak", "Did you mean 'dark'?"),
        ("lights:Hall\n   :highlight: lid", "lid"),
        ("lights:Hall\n   :links: https://x/{lin}", "Pass an address, such as https:"),
        ("lights:Hall\n   :depth: one", "depth='one' does not fit. Pass a whole number from 1 on"),
    ],
)
def test_mistakes_are_told_with_their_place(
    hall: str, tmp_path: Path, said: str, told: str
) -> None:
    """Sphinx warns with file and line, and shows the rest of the page; MkDocs stops."""
    out, warned = by_sphinx(tmp_path, f".. statechart:: {said}\n\nAfterwards.")
    assert told in warned
    assert "index.rst:4: ERROR: statechart" in warned
    assert "Afterwards." in (out / "index.html").read_text()
    page, warned = by_mkdocs(tmp_path, f"# Site\n\n.. statechart:: {said}\n")
    assert told in warned
    assert "index.md:3: statechart" in warned
    assert page == ""


def test_mkdocs_shows_a_chart_and_leaves_code_alone(hall: str, tmp_path: Path) -> None:
    """A directive in a block of code stays text."""
    directive = DIRECTIVE.format(target=f"{hall}:Hall")
    text = f"# Site\n\nBefore.\n{directive}\nAfter *it*.\n\n```rst\n{directive}```\n\n~~~~\n```\n"
    page, warned = by_mkdocs(tmp_path, f"{text}{directive}~~~~\n")
    assert warned == ""
    assert_shows_hall(page)
    assert page.count(".. statechart:: lights:Hall") == 2
    assert "After <em>it</em>." in page
    assert "<p>Before.</p>" in page


def test_pictures_of_one_chart_on_a_page_have_ids_of_their_own(hall: str, tmp_path: Path) -> None:
    """The first keeps those that pages link to; each is described by its own words."""
    text = f".. statechart:: {hall}:Hall\n\n.. statechart:: {hall}:Hall\n   :highlight: lit\n"
    out, _ = by_sphinx(tmp_path, text)
    for page in ((out / "index.html").read_text(), by_mkdocs(tmp_path, text)[0]):
        figures = re.findall(r'<figure class="statechart">.*?</figure>', page, re.DOTALL)
        ids = [re.findall(r' id="([^"]*)"', figure) for figure in figures]
        assert "Hall-state-lit" in ids[0]
        assert "Hall-state-lit-2" in ids[1]
        assert len({*ids[0], *ids[1]}) == 2 * len(ids[0])
        for figure, own in zip(figures, ids, strict=True):
            assert set(re.findall(r' aria-\w+by="([^"]*)"', figure)) <= set(own)


def test_mkdocs_takes_a_directive_within_other_things(hall: str, tmp_path: Path) -> None:
    """A directive in an item of a list is shown there; one in a block of code stays as it is."""
    directive = f".. statechart:: {hall}:Hall\n    :caption: *Light*"
    inner = directive.replace("\n", "\n    ")
    text = f"- One.\n    {inner}\n\n    Two.\n\n {directive}\n\n#\n\n    a\n    {inner}\n    b\n"
    page, warned = by_mkdocs(tmp_path, text)
    assert warned == ""
    assert page.count("<figcaption>*Light*</figcaption>") == 2
    assert re.search(r'<li>\s*<p>One.</p>\s*<figure class="statechart">', page)
    assert f"a\n{directive}\nb" in page


def test_mkdocs_draws_anew_while_it_serves(hall: str, tmp_path: Path) -> None:
    """Each picture is drawn by a fresh process then."""
    text = f"""
from tests.sites import serving

if __name__ == "__main__":
    serving({str(tmp_path)!r}, {hall!r})
"""
    (tmp_path / "program.py").write_text(text)
    assert run("program", folder=tmp_path) == ""


def serving(folder: str, module: str) -> None:
    """Show a chart twice, which changes in between."""
    from statecharts.sites.mkdocs import StatechartPlugin

    plugin = StatechartPlugin()
    plugin.on_startup(command="serve", dirty=False)

    class Page:
        class file:
            src_uri = "index.md"

    def shown() -> str:
        word = plugin.on_page_markdown(f".. statechart:: {module}:Hall", page=Page).strip()
        return plugin.on_page_content(f"<p>{word}</p>")

    assert 'id="Hall-state-lit"' in shown()
    file = Path(folder, f"{module}.py")
    file.write_text(HALL.replace("lit", "bright"))
    assert 'id="Hall-state-bright"' in shown()
    watched: list[str] = []

    class Server:
        watch = staticmethod(watched.append)

    plugin.on_serve(Server())
    assert watched == [str(file)]


def test_directions_are_those_of_the_terminal(
    hall: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One for the chart, and further ones for states."""
    monkeypatch.chdir(tmp_path)

    def drawn(**options: str) -> str:
        return Directive("lights.py:Hall", options).figure()

    assert drawn(direction="right") != drawn(direction="down") == drawn()
    for given, told in (
        ("down, dark=right", "'dark' has no states in it"),
        ("down drk=right", "there is no state 'drk'"),
        ("left", "there is no direction 'left'"),
    ):
        with pytest.raises(DirectiveError, match=told):
            drawn(direction=given)


def test_wrong_options_are_told() -> None:
    """Each of them, with what is known."""
    for options, told in (
        ({"captoin": "x"}, r"no option :captoin:\. Did you mean 'caption'\?"),
        ({"transparent": "yes"}, ":transparent: takes no value"),
        ({"theme": ""}, ":theme: needs a value"),
    ):
        with pytest.raises(DirectiveError, match=told):
            Directive("lights:Hall", options)
    assert OPTIONS[0] == "caption"
