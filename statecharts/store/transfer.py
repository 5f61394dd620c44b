"""Transfer: runs as lines of JSON, to be kept elsewhere or taken to another store.

The same runs give the same lines, in the order of their keys: nothing in them tells when or where
they were written.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from attrs import asdict

from statecharts.store.chain import seal, verify
from statecharts.store.errors import DamageError, StoreError
from statecharts.store.memory import MemoryStore
from statecharts.store.port import Store, entries_of
from statecharts.store.rows import Change, Checkpoint, Entry, Head, Owed, Timer, Waiting

FORMAT: Final = 1
"""The version of the lines."""

_SOMEBODY: Final = "somebody"
"""The worker of an effect that was begun, wherever that was."""


def exported(store: Store, runs: Iterable[str]) -> Iterator[str]:
    """Yield runs as lines of JSON: each a head, and then its rows.

    Raises:
        StoreError: A run is not there (SC808).
    """
    for run in runs:
        stored = store.read(run)
        if stored is None:
            raise StoreError("SC808", run, "there is no run of that key", "List the runs")
        yield _line("run", stored.head, format=FORMAT)
        for name in store.artifacts(run):
            yield _dumped({"artifact": name.hex(), "body": _text(store.artifact(name))})
        for entry in entries_of(store, run):
            yield _line("entry", entry)
        for kind, rows in (
            ("owed", stored.owed),
            ("timer", stored.timers),
            ("waiting", stored.waiting),
            ("checkpoint", store.checkpoints(run)),
        ):
            for row in rows:
                yield _line(kind, row)


def _line(kind: str, row: Any, **more: Any) -> str:
    values = {
        name: _text(value) if isinstance(value, bytes) else value
        for name, value in asdict(row).items()
        if name != "until"
    }
    if values.pop("worker", None) is not None:
        more["worker"] = _SOMEBODY
    return _dumped({**values, **more, "row": kind})


def _dumped(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"))


def _text(body: bytes | None) -> str | None:
    return None if body is None else base64.b64encode(body).decode("ascii")


def imported(store: Store, lines: Iterable[str]) -> Iterator[str]:
    """Write runs from lines of JSON, and yield their keys; each is written whole, or not at all.

    Raises:
        DamageError: The lines of a run are not those that were exported (SC804).
        StoreError: A line cannot be read, or a run of that key is there already (SC808).
    """
    parts: list[tuple[int, dict[str, Any]]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        value = _parsed(number, line)
        if value.get("row") == "run" and parts:
            yield _written(store, parts)
            parts = []
        parts.append((number, value))
    if parts:
        yield _written(store, parts)


def _parsed(number: int, line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise _bad(number, f"it is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise _bad(number, "it is not an object")
    return value


def _bad(number: int, found: str) -> StoreError:
    remedy = "Give the lines that statecharts runs export has written"
    return StoreError("SC808", f"line {number}", found, remedy)


_ROWS: Final[dict[str, type]] = {
    "run": Head,
    "entry": Entry,
    "owed": Owed,
    "timer": Timer,
    "waiting": Waiting,
    "checkpoint": Checkpoint,
}
_BYTES: Final = frozenset({"snapshot", "cut_link", "link", "total", "seal", "body"})


def _written(store: Store, parts: list[tuple[int, dict[str, Any]]]) -> str:
    rows: dict[type, list[Any]] = {cls: [] for cls in _ROWS.values()}
    artifacts: dict[bytes, bytes] = {}
    for number, value in parts:
        try:
            if "artifact" in value:
                artifacts[bytes.fromhex(value["artifact"])] = base64.b64decode(value["body"])
                continue
            cls = _ROWS[value.pop("row")]
            if cls is Head and value.pop("format", None) != FORMAT:
                raise _bad(number, f"its format is not {FORMAT}")
            given: dict[str, Any] = {
                name: base64.b64decode(one, validate=True) if name in _BYTES else one
                for name, one in value.items()
            }
            rows[cls].append(cls(**given))
        except (KeyError, TypeError, ValueError) as error:
            raise _bad(number, f"it is no row of a run ({type(error).__name__}: {error})") from None
    if len(rows[Head]) != 1:
        raise _bad(parts[0][0], "it comes before the line of its run")
    head: Head = rows[Head][0]
    change = Change(
        head,
        None,
        tuple(rows[Entry]),
        tuple(rows[Owed]),
        timers=tuple(rows[Timer]),
        waiting=tuple(rows[Waiting]),
        checkpoints=tuple(rows[Checkpoint]),
        artifacts=tuple(artifacts),
    )
    _check(change, artifacts)
    for body in artifacts.values():
        store.put(body)
    if store.write([change]) != [True]:
        found = "a run of that key is there already"
        raise StoreError("SC808", head.run, found, "Delete it, or import into another store")
    return head.run


def _check(change: Change, artifacts: dict[bytes, bytes]) -> None:
    """Refuse a run that is not what was exported."""
    trial = MemoryStore()
    for body in artifacts.values():
        trial.put(body)
    trial.write([change])
    damages = [damage.what for damage in verify(trial, change.head.run)]
    if damages or seal(change.head) != change.head.seal:
        found = f"the lines are damaged: {damages[0]}"
        raise DamageError("SC804", change.head.run, found, "Export it again")
