"""Reads, checks, draws and writes strangers' files: ``python -m tests.strangers DIR``.

DIR holds them as OWNER/NAME/PATH; ``--addresses`` prints the commands that make it. Each file is
read, drawn and written within a time. The table says what became of them; status 1 means that
something is wrong.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import re
import signal
import sys
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib.util import module_from_spec, spec_from_file_location
from io import StringIO
from itertools import combinations
from pathlib import Path
from typing import Any, Final, final
from xml.etree import ElementTree

from attrs import frozen

from statecharts import Chart, DefinitionError, StatechartError, render
from statecharts.interop import python, python_statemachine, scxml, swarm, xstate
from tests.strangers.javascript import machines

LIST: Final = Path(__file__).with_name("files.tsv")
READ: Final = "read"
_SVG: Final = "{http://www.w3.org/2000/svg}"


@final
@frozen
class Stranger:
    """A line of the list; ``expected`` is ``read``, or the codes with which it is refused."""

    repo: str
    commit: str
    path: str
    format: str
    sha256: str
    licence: str
    expected: str
    why: str

    def place(self, folder: Path) -> Path:
        """Return where the file is, in a folder that holds all of them."""
        return folder / self.repo / self.path


class OverTimeError(Exception):
    """Something has taken longer than it may."""


def listed() -> list[Stranger]:
    """Return the files of the list."""
    with LIST.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        next(rows)
        return [Stranger(*row) for row in rows]


def charts(path: Path, format: str) -> list[Chart]:
    """Return the charts of a file."""
    match format:
        case "scxml":
            return [scxml.load(path)]
        case "xstate":
            return [xstate.load(path)]
        case "xstate-js":
            text = path.read_text(encoding="utf-8", errors="replace")
            return [xstate.loads(machine) for machine in machines(text)]
        case "swarm":
            return list(swarm.load(path).values())
        case "python":
            return list(_classes(path))
        case _:
            return [python_statemachine.load(path)]


def _classes(path: Path) -> Iterator[Chart]:
    """Run a module of python-statemachine, and yield the charts of its classes."""
    from statemachine import StateChart

    spec = spec_from_file_location(f"stranger_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = sys.modules[spec.name] = module_from_spec(spec)
    with redirect_stdout(StringIO()):
        spec.loader.exec_module(module)
    for value in vars(module).values():
        own = isinstance(value, type) and value.__module__ == spec.name
        if own and issubclass(value, StateChart) and value.states:
            yield python_statemachine.from_class(value, host=False)


def drawn_badly(chart: Chart) -> str:
    """Return what is wrong with the picture of a chart; empty for a good one."""
    svg = ElementTree.fromstring(render(chart))
    shown = [title.text or "" for title in svg.iter(f"{_SVG}title")]
    known = {text for one in shown for text in (one, one.partition(": ")[0], one.split("\n")[0])}
    missing = [node.id for node in chart.states if node.id not in known]
    if missing:
        return f"it lacks {missing[:3]}"
    groups = (one for one in svg.iter(f"{_SVG}g") if one.get("class") == "state")
    found = [(one.get("id"), one.find(f"{_SVG}rect")) for one in groups]
    boxes = [(name, _box(rect)) for name, rect in found if rect is not None]
    for (name, box), (other, second) in combinations(boxes, 2):
        if all(box[i] < second[i + 2] and second[i] < box[i + 2] for i in (0, 1)):
            return f"{name} and {other} overlap"
    return ""


def _box(rect: ElementTree.Element) -> list[float]:
    x, y, width, height = (float(rect.get(key, 0)) for key in ("x", "y", "width", "height"))
    return [x, y, x + width, y + height]


def written_badly(chart: Chart) -> str:
    """Write a chart in each format, and read it; failures are raised, so the result is empty."""
    for version in (4, 5):
        xstate.loads(xstate.dumps(chart, version=version, allow="*"))
    scxml.loads(scxml.dumps(chart, allow="*"))
    compile(python.dumps(chart, allow="*"), chart.name, "exec")
    return ""


def codes(error: StatechartError) -> str:
    """Return the codes of an error in order, each once."""
    if isinstance(error, DefinitionError):
        return " ".join(sorted({fault.code for fault in error.faults}))
    return error.code


@contextmanager
def within(seconds: float) -> Generator[None]:
    """End what takes longer than this many seconds, where the system has such alarms."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def over(*_: object) -> None:
        raise OverTimeError(f"more than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def outcome(stranger: Stranger, folder: Path, seconds: float, *, run: bool) -> tuple[str, str]:
    """Return what becomes of a file, a heading of the table, and more about it."""
    path = stranger.place(folder)
    if not path.is_file():
        return "not there", ""
    if hashlib.sha256(path.read_bytes()).hexdigest() != stranger.sha256:
        return "another file", "its hash is not that of the list"
    if stranger.format == "python" and not run:
        return "not run", ""
    try:
        with within(seconds):
            found = charts(path, stranger.format)
    except StatechartError as error:
        said = codes(error)
        first = re.sub(r"\s+", " ", str(error)).replace(f"{folder}/", "")[:300]
        rightly = said == stranger.expected
        return "refused rightly" if rightly else "refused wrongly", "" if rightly else first
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        return "refused wrongly", f"{type(error).__name__}: {error}"
    if stranger.expected != READ or not found:
        return "read wrongly", f"expected {stranger.expected}: {stranger.why}"
    for heading, look in (("drawn badly", drawn_badly), ("written badly", written_badly)):
        try:
            with within(seconds):
                wrong = next(filter(None, map(look, found)), "")
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            wrong = f"{type(error).__name__}: {error}"
        if wrong:
            return heading, wrong[:300]
    return "read and drawn", ""


HEADINGS: Final = (
    *("read and drawn", "refused rightly", "refused wrongly", "read wrongly", "drawn badly"),
    *("written badly", "another file", "not run", "not there"),
)
_WRONG: Final = frozenset(HEADINGS) - {"read and drawn", "refused rightly", "not run", "not there"}


def table(counts: Counter[tuple[str, str]]) -> str:
    """Return the counts by format and outcome as a table in Markdown."""
    formats = sorted({format for format, _ in counts})
    shown = [one for one in HEADINGS if any(counts[format, one] for format in formats)]
    lines = [["format", *shown]]
    lines += [[one, *(str(counts[one, heading]) for heading in shown)] for one in formats]
    lines.append(["all", *(str(sum(counts[f, one] for f in formats)) for one in shown)])
    rows = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([rows[0], "|---" * (len(shown) + 1) + "|", *rows[1:]])


def addresses(strangers: Sequence[Stranger]) -> Iterator[str]:
    """Yield the commands that fetch the repositories of the list into the present directory."""
    for repo, commit in dict.fromkeys((one.repo, one.commit) for one in strangers):
        yield f"git clone --quiet https://github.com/{repo} {repo}"
        yield f"git -C {repo} checkout --quiet {commit}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the files of a folder; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.strangers", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="where the files are")
    parser.add_argument("--addresses", action="store_true", help="print how to fetch them")
    parser.add_argument(
        "--seconds", type=float, default=30, help="for reading, for drawing, for writing"
    )
    parser.add_argument(
        "--run-python", action="store_true", help="run the Python of strangers, which may do harm"
    )
    said: Any = parser.parse_args(arguments)
    strangers = listed()
    if said.addresses or said.folder is None:
        print(*addresses(strangers), sep="\n")
        return 0
    counts: Counter[tuple[str, str]] = Counter()
    for one in strangers:
        heading, more = outcome(one, said.folder, said.seconds, run=said.run_python)
        counts[one.format, heading] += 1
        if heading in _WRONG:
            print(f"{heading}: {one.repo}/{one.path}: {more}", flush=True)
    print(table(counts))
    return int(any(count and heading in _WRONG for (_, heading), count in counts.items()))


if __name__ == "__main__":
    sys.exit(main())
