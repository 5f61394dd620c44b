"""The README and the pages under docs/: what they show is run, and says what they say it says.

Each page is run from top to bottom in one namespace, in a folder of its own. What a block prints
must be what the ``text`` block behind it shows. A comment in front of a block says more of it:

    <!-- file: lights.py -->           it is also written to that file, for the blocks behind it;
                                       in another language, that is all
    <!-- raises: DefinitionError -->   it raises, and the ``text`` block shows the message
    <!-- mypy: story.py -->            the ``text`` block shows what mypy --strict says of it
    <!-- not run: why -->              it is not run

``python -m tests.test_docs`` writes what was really said into the pages.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from attrs import frozen

from statecharts.checks import QUALITY, STRUCTURAL
from statecharts.codec import CODES

ROOT: Final = Path(__file__).parent.parent
README: Final = ROOT / "README.md"
PAGES: Final = (README, *sorted((ROOT / "docs").glob("*.md")))
# The mark of a block that `tests/test_temporal/test_page.py` runs.
SERVED: Final = "not run: it needs a server"

_FENCE: Final = re.compile(
    r"(?:^<!-- (?P<mark>[^>\n]*) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_LINK: Final = re.compile(r"!?\[[^\]]*\]\((?P<goal>[^)\s]+)\)|<img[^>]*src=\"(?P<image>[^\"]+)\"")


@frozen
class Block:
    """One fenced block of a page."""

    language: str
    text: str
    mark: str
    line: int
    span: tuple[int, int]
    """Begin and end of its text in the page."""


@frozen
class Difference:
    """A block that shows something else than what was said."""

    shown: Block
    said: str


@frozen
class Ran:
    """The outcome of running a page."""

    differences: list[Difference]
    folder: Path


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            found["language"],
            found["text"],
            found["mark"] or "",
            text.count("\n", 0, found.start("text")) + 1,
            found.span("text"),
        )
        for found in _FENCE.finditer(text)
    ]


def run(page: Path, folder: Path) -> list[Difference]:
    """Run the blocks of a page in a folder; return where it shows something else than was said."""
    name = f"page_{page.stem.replace('-', '_').lower()}"
    module = types.ModuleType(name)
    sys.modules[name] = module
    found: list[Difference] = []
    listed = blocks(page)
    try:
        for number, block in enumerate(listed):
            after = listed[number + 1] if number + 1 < len(listed) else None
            if block.mark.startswith("not run"):
                continue
            if block.mark.startswith("file: ") and block.language != "python":
                name_of_file = block.mark.partition(": ")[2]
                (folder / name_of_file).write_text(block.text, encoding="utf-8")
            elif block.language == "console":
                said = _typed(block.text, folder)
                if said != block.text:
                    found.append(Difference(block, said))
            elif block.language == "python":
                said = _said(page, block, module, folder)
                shows = after is not None and after.language == "text"
                if after is not None and shows and said != after.text:
                    found.append(Difference(after, said))
                assert shows or not said, f"{page.name}:{block.line} says unseen:\n{said}"
    finally:
        del sys.modules[name]
    return found


def _said(page: Path, block: Block, module: types.ModuleType, folder: Path) -> str:
    """Return what a block of Python prints, raises, or makes mypy say."""
    kind, _, value = block.mark.partition(": ")
    if kind == "mypy":
        return _mypy(folder / value, block.text)
    # A real file with the block on its own lines: then the sources of lambdas can be read.
    source = folder / (value if kind == "file" else f"{page.stem}_{block.line}.py")
    source.write_text(block.text, encoding="utf-8")
    code = compile(block.text, str(source), "exec", dont_inherit=True)
    printed = io.StringIO()
    raised: Exception | None = None
    with contextlib.redirect_stdout(printed), contextlib.chdir(folder):
        try:
            exec(code, vars(module))
        except Exception as error:
            if kind != "raises" or type(error).__name__ != value:
                raise AssertionError(f"{page.name}:{block.line} raised {error!r}") from error
            raised = error
    if kind == "raises":
        assert raised is not None, f"{page.name}:{block.line} raised nothing"
        return f"{printed.getvalue()}{raised}\n"
    return printed.getvalue()


def _typed(text: str, folder: Path) -> str:
    """Return a session at the terminal, its commands run anew."""
    commands = [line for line in text.splitlines() if line.startswith("$ ")]
    return "".join(f"{line}\n{_command(line.removeprefix('$ '), folder)}" for line in commands)


def _command(line: str, folder: Path) -> str:
    program, *arguments = shlex.split(line)
    modules = {"statecharts": "statecharts.cli", "python": None}
    assert program in modules, f"{line!r} cannot be run here"
    module = modules[program]
    given = ""
    if "<" in arguments:
        at = arguments.index("<")
        given = (folder / arguments[at + 1]).read_text(encoding="utf-8")
        arguments = arguments[:at]
    command = [sys.executable, *(["-m", module] if module else []), *arguments]
    return _trimmed(_process(command, folder, given))


def _mypy(path: Path, text: str) -> str:
    pytest.importorskip("mypy")
    path.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-pretty", "--no-error-summary"]
    return _process([*command, "--cache-dir", str(ROOT / ".mypy_cache"), path.name], path.parent)


def _process(command: list[str], folder: Path, given: str = "") -> str:
    environment = {**os.environ, "NO_COLOR": "1", "MYPYPATH": str(ROOT), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return done.stdout


def _trimmed(text: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as they are made on the web."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links(page: Path) -> Iterator[str]:
    """Yield what the links and pictures of a page point to, but for the web."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for found in _LINK.finditer(text):
        goal = found["goal"] or found["image"]
        if not re.match(r"\w+:", goal):
            yield goal


def codes_in_use() -> set[str]:
    """Return every code that definition checks, kernel, machine, investigations and pictures raise.

    SC703 to SC705 and SC710 are warnings, or about what is not installed, SC709 is about another's
    failure.
    """
    places = [*(ROOT / "statecharts").rglob("*.py"), *(ROOT / "machines").rglob("*.py")]
    text = "".join(path.read_text(encoding="utf-8") for path in places if path.parent.name != "cli")
    return set(re.findall(r'"(SC(?:[125]\d\d|70[12678]))"', text)) | {*STRUCTURAL, *QUALITY}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Ran]:
    """Give what running a page came to; each is run once."""

    @functools.cache
    def run_once(page: Path) -> Ran:
        folder = tmp_path_factory.mktemp(page.stem)
        return Ran(run(page, folder), folder)

    return run_once


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_shows_what_is_said(page: Path, ran: Callable[[Path], Ran]) -> None:
    """Every block of every page runs, and says what the page shows."""
    for difference in ran(page).differences:
        assert difference.shown.text == difference.said, f"{page.name}:{difference.shown.line}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_links_exist(page: Path) -> None:
    """No link and no picture of a page leads nowhere."""
    for goal in links(page):
        path, _, anchor = goal.partition("#")
        there = page if not path else (page.parent / path).resolve()
        assert there.exists(), f"{page.name} points to {goal}"
        assert not anchor or anchor in anchors(there), f"{page.name} points to {goal}"


def test_pages_hold_no_other_blocks() -> None:
    """Every block is run, is what a block before it says, or says why it is not run; few do.

    `tests/test_temporal/test_page.py` runs those that need a server.
    """
    idle = []
    for page in PAGES:
        before: Block | None = None
        for block in blocks(page):
            spoken = block.language == "text" and before is not None and before.language == "python"
            runs = block.language in ("python", "console") or spoken
            runs = runs or block.mark.startswith("file: ")
            assert runs or block.mark.startswith("not run: "), f"{page.name}:{block.line}"
            if block.mark.startswith("not run") and block.mark != SERVED:
                idle.append(f"{page.name}:{block.line}")
            before = block
    assert len(idle) <= 4, idle


def test_readme_opens_with_picture_example_promises_and_commands() -> None:
    """The first 30 lines hold a picture, an example of at most 15 lines, and the two commands."""
    head = README.read_text(encoding="utf-8").splitlines()[:30]
    example = blocks(README)[0]
    assert any("diagrams/gallery/Pipeline.svg" in line for line in head)
    assert example.language == "python"
    assert example.text.count("\n") <= 15
    assert example.line + example.text.count("\n") <= 30
    assert sum(line.startswith("- **") for line in head) == 3
    assert "make demo" in "\n".join(head)
    assert "make test" in "\n".join(head)


def test_faults_page_has_every_code() -> None:
    """Every code that can be met has a heading on the page of faults, and no other has."""
    text = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    headed = re.findall(r"^### (SC\d+)", text, re.MULTILINE)
    assert headed == sorted(set(headed))
    assert set(headed) == codes_in_use()


def test_faults_page_shows_what_is_wrong_and_what_is_right() -> None:
    """Each section has a program that raises, the message with the code, and the right program."""
    page = ROOT / "docs" / "faults.md"
    text = page.read_text(encoding="utf-8")
    heads = [(head.start(), head[1]) for head in re.finditer(r"^###? (.*)$", text, re.MULTILINE)]
    bounds = zip(heads, [*(at for at, _ in heads[1:]), len(text)], strict=True)
    sections = {
        name: [block for block in blocks(page) if begin < block.span[0] < end]
        for (begin, name), end in bounds
    }
    for name, shown in sections.items():
        if not re.fullmatch(r"SC\d+", name):
            continue
        kinds = [(block.language, block.mark.partition(":")[0]) for block in shown]
        assert kinds[:3] == [("python", "raises"), ("text", ""), ("python", "")], name
        assert f"[{name}]" in shown[1].text, name
        assert kinds.count(("python", "raises")) == 1, name


def test_protocol_page_has_every_code() -> None:
    """Every code of the codec stands in the table of the page on the protocol, in its own words."""
    text = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| (SC4\d\d) \| (.*) \|$", text, re.MULTILINE)
    assert [code for code, _ in listed] == list(CODES)
    assert all(said.startswith(CODES[code]) for code, said in listed)


def test_operating_page_has_every_code() -> None:
    """Every code of stores and runs is in the table of the page on operating."""
    text = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| (SC8\d\d) \| .+ \|$", text, re.MULTILINE)
    folders = [ROOT / "statecharts" / name for name in ("store", "runtime", "temporal", "testing")]
    code = "".join(one.read_text() for folder in folders for one in folder.rglob("*.py"))
    assert listed == sorted(set(re.findall(r'"(SC8\d\d)"', code)))


@pytest.mark.parametrize("picture", ["crossing", "pipeline", "traffic_light"])
def test_picture_of_tutorial_is_fresh(picture: str, ran: Callable[[Path], Ran]) -> None:
    """The pictures of the tutorial show the charts that the tutorial declares."""
    kept = (ROOT / "docs" / "pictures" / f"{picture}.svg").read_text(encoding="utf-8")
    folder = ran(ROOT / "docs" / "tutorial.md").folder
    drawn = (folder / "pictures" / f"{picture}.svg").read_text(encoding="utf-8")
    assert _told(kept) == _told(drawn), "python -m tests.test_docs draws it anew"


def _told(picture: str) -> list[str]:
    """Return what a picture says, wherever an engine places it."""
    marks = re.findall(r'data-chart-hash="(\w+)"', picture)
    return [*marks, *sorted(re.findall(r">([^<>\n]+)<", picture))]


def test_page_that_shows_something_else_is_found(tmp_path: Path) -> None:
    """A wrong output, a silent block and an error that is not shown are all noticed."""
    page = tmp_path / "page.md"
    page.write_text("```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n", encoding="utf-8")
    assert [difference.said for difference in run(page, tmp_path)] == ["2\n"]
    page.write_text("```python\nprint(1 + 1)\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="says unseen"):
        run(page, tmp_path)
    page.write_text("```python\n1 / 0\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="raised ZeroDivisionError"):
        run(page, tmp_path)
    page.write_text("<!-- raises: StatechartError -->\n```python\npass\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="raised nothing"):
        run(page, tmp_path)


def refresh() -> None:
    """Write what was really said into the pages, and draw the pictures of the tutorial anew."""
    for page in PAGES:
        with tempfile.TemporaryDirectory() as name:
            differences = run(page, Path(name))
            text = page.read_text(encoding="utf-8")
            for difference in sorted(differences, key=lambda d: d.shown.span, reverse=True):
                begin, end = difference.shown.span
                text = text[:begin] + difference.said + text[end:]
            page.write_text(text, encoding="utf-8", newline="\n")
            shown = {Path(goal).name for goals in _LINK.findall(text) for goal in goals}
            for picture in Path(name).glob("pictures/*.svg"):
                if picture.name not in shown:
                    continue
                kept = ROOT / "docs" / "pictures" / picture.name
                drawn = picture.read_text(encoding="utf-8")
                if not kept.exists() or _told(kept.read_text(encoding="utf-8")) != _told(drawn):
                    kept.write_text(drawn, encoding="utf-8", newline="\n")
        print(f"{page.relative_to(ROOT)}: {len(differences)} changed")


if __name__ == "__main__":
    refresh()
