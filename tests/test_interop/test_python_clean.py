"""Written Python passes the checks of our own code."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from machines.pipeline import Pipeline
from statecharts.interop import files
from statecharts.interop.python import write
from statecharts.interop.python.syntax import spread
from statecharts.model.errors import StatechartError
from tests.test_interop.python_charts import random_chart

ROOT = Path(__file__).parents[2]
SAMPLES = Path(__file__).parent / "samples"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package of modules: random charts, every sample, and a chart that was declared."""
    folder = tmp_path_factory.mktemp("written")
    (folder / "__init__.py").write_text('"""Written charts."""\n', encoding="utf-8")
    texts = {f"random_{seed}": write([random_chart(seed)])[0] for seed in range(60, 90)}
    texts["pipeline"] = write([Pipeline.chart], allow="*")[0]
    for path in sorted(SAMPLES.rglob("*")):
        if path.suffix in files.FORMATS:
            try:
                charts = list(files.load(path).values())
            except StatechartError:  # faulty on purpose
                continue
            name = f"sample_{path.stem}_{path.suffix[1:]}".replace("-", "_").lower()
            texts[name] = write(charts, allow="*", source=path.name)[0]
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.long
def test_without_a_formatter_the_code_is_the_same(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without ruff, long calls have a line for each item, and the same meaning."""
    texts = {f"random_{seed}": [random_chart(seed)] for seed in range(60, 90)}
    texts["pipeline"] = [Pipeline.chart]
    monkeypatch.setattr(shutil, "which", lambda *_args, **_options: None)
    for name, charts in texts.items():
        text = write(charts, allow="*")[0]
        formatted = (written / f"{name}.py").read_text(encoding="utf-8")
        assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(formatted))
        calls = re.findall(r"^ *[\w.]+\(.*\),?$", text, re.MULTILINE)
        assert all(len(call) <= 100 for call in calls)


@pytest.mark.parametrize(
    "line",
    [
        "x = f(" + "a, " * 40 + "b)",
        "x = (" + '"a" ' * 30 + ")",
        "x = (" + '"a, (" ' * 30 + ",)",
        "x = [" + "{1: (2,), 3: [4, 5]}, " * 6 + "]",
        "def f(*, " + ", ".join(f"a{n}: int | None = None" for n in range(9)) + ") -> bool: ...",
        "if (" + "a and b and c and (d or e) and " * 6 + "f): pass",
        "f(on=g(" + ", ".join(f"h{n}(1, '(')" for n in range(20)) + "), when=lambda m: k(m, x=1))",
    ],
)
def test_long_lines_are_spread_without_a_change_of_meaning(line: str) -> None:
    """Groups stay groups, tuples stay tuples, and each line is short."""
    lines = spread(line)

    assert len(lines) > 1
    assert ast.dump(ast.parse("\n".join(lines))) == ast.dump(ast.parse(line))


def run(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.long
def test_written_modules_are_formatted(written: Path) -> None:
    """`ruff format` would change nothing."""
    code, told = run("ruff", "format", "--config", "pyproject.toml", "--diff", str(written))

    assert code == 0, told


def test_written_modules_are_free_of_lint(written: Path) -> None:
    """Every rule of `ruff` that this project follows is kept, but for names that files gave."""
    names = "--ignore=A002"
    code, told = run(
        "ruff", "check", "--config", "pyproject.toml", "--no-cache", names, str(written)
    )

    assert code == 0, told


@pytest.mark.long
def test_written_modules_are_well_typed(written: Path, tmp_path: Path) -> None:
    """`mypy --strict` finds nothing to object to."""
    cache = f"--cache-dir={tmp_path}"
    code, told = run("mypy", "--strict", "--config-file", "pyproject.toml", cache, str(written))

    assert code == 0, told


@pytest.mark.long
def test_written_modules_are_well_typed_to_pyright(written: Path) -> None:
    """`pyright` finds nothing to object to."""
    code, told = run("pyright", "--pythonpath", sys.executable, str(written))

    assert code == 0, told
