"""`statecharts watch`: a page for this machine that follows what is saved."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from statecharts.cli.watching import Watched, files_of, serve
from tests.test_cli.conftest import Run

DOOR = (
    '<scxml name="Door"><state id="shut"><transition event="push" target="{}"/></state>{}</scxml>'
)
SOUND = DOOR.format("open", '<final id="open"/>')


@contextmanager
def page(watched: Watched) -> Generator[str]:
    """Serve the page of charts; yield its address."""
    server = serve(watched, 0)
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def get(address: str, host: str = "") -> str:
    """Return what an address answers."""
    request = urllib.request.Request(address, headers={"Host": host} if host else {})
    with urllib.request.urlopen(request, timeout=20) as answer:
        text: str = answer.read().decode()
    return text


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with a door, which Python finds the library from."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "door.scxml"
    path.write_text(SOUND, "utf-8")
    return path


def test_watch_draws_anew_what_is_saved(door: Path) -> None:
    """A saved file is on the page at once, and its faults; what is not saved draws nothing."""
    watched = Watched("door.scxml", ("--highlight", "shut"))
    with page(watched) as address:
        first = get(f"{address}/")
        assert 'id="Door-state-open"' in first
        assert "active" in first
        assert not watched.look()
        assert get(f"{address}/version?after=0") == "1"

        door.write_text(DOOR.format("ajar", ""), "utf-8")
        os.utime(door, (1, 1))
        assert watched.look()
        assert get(f"{address}/version?after=1") == "2"
        assert "<pre>" in get(f"{address}/")


@pytest.mark.parametrize(
    "options",
    [
        ("--heat", "big.json"),
        ("--heat=big.json",),
        ("--diff", "before.scxml"),
        ("--diff", "olds:Old"),
    ],
)
def test_watch_looks_at_the_files_of_its_options(
    door: Path, options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture is drawn anew when its counts or its other version are saved."""
    monkeypatch.setattr(Watched, "_drawn", lambda _: "")
    names = ("big.json", "before.scxml", "olds.py")
    for name in names:
        Path(name).touch()
    watched = Watched(door.name, options)
    for name in names:
        os.utime(name, (1, 1))
        assert watched.look() == any(name.partition(".")[0] in one for one in options)


def test_watch_answers_what_asks_for_the_head(door: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer without contents says how long these are."""
    monkeypatch.setattr(Watched, "_drawn", lambda _: "")
    with page(Watched(door.name)) as address:
        request = urllib.request.Request(f"{address}/", method="HEAD")
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert int(answer.headers["Content-Length"]) == len(get(f"{address}/"))
            assert answer.read() == b""


def test_watch_answers_this_machine_alone(door: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of somebody else that points its name here is refused."""
    monkeypatch.setattr(Watched, "_drawn", lambda _: "")
    with page(Watched("door.scxml")) as address:
        with pytest.raises(urllib.error.HTTPError, match="403"):
            get(f"{address}/", host="evil.example:80")
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get(f"{address}/etc/passwd")


def test_watch_looks_at_the_whole_package(door: Path) -> None:
    """A chart is drawn anew when any module of its package is saved."""
    Path("shop").mkdir()
    for name in ("__init__.py", "order.py", "events.py"):
        Path("shop", name).touch()
    assert [path.name for path in files_of("shop.order:Order")] == [
        "__init__.py", "events.py", "order.py",
    ]  # fmt: skip
    assert list(files_of("nothing_of_that_name")) == []
    assert [path.name for path in files_of("shop/order.py")] == [
        "__init__.py",
        "events.py",
        "order.py",
    ]
    Path("my-shop.py").touch()
    assert list(files_of("my-shop.py:Order")) == [Path("my-shop.py")]
    assert list(files_of("your-shop.py:Order")) == []


def test_watch_needs_a_port(run: Run, door: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that is taken is told in a line, with the option to choose another."""
    monkeypatch.setattr(Watched, "_drawn", lambda _: "")
    with page(Watched("door.scxml")) as address:
        port = address.rpartition(":")[2]
        result = run("watch", "door.scxml", "--port", port)
    assert result.exit_code == 2
    assert f"port {port} cannot be used" in result.stderr


@pytest.mark.parametrize("port", ["70000", "-5"])
def test_watch_refuses_a_port_that_there_is_not(run: Run, door: Path, port: str) -> None:
    """A port is a number that machines have."""
    result = run("watch", door.name, "--port", port)
    assert result.exit_code == 2
    assert f"{port} is not in the range 0<=x<=65535" in result.stderr


@pytest.mark.parametrize("options", [("-f", "png"), ("--output=x",)])
def test_watch_refuses_options_of_files(run: Run, door: Path, options: tuple[str, ...]) -> None:
    """The page shows SVG: another format, or a folder, would leave it empty."""
    result = run("watch", door.name, *options)
    assert result.exit_code == 2
    assert f"Leave {options[0]} out." in result.stderr
