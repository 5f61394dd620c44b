"""What it takes to write and read a snapshot, beside msgspec and plain ``json``."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from typing import Any, Final

from attrs import frozen

from benchmarks.contestant import ContestantError, Missing, Run, version_of
from benchmarks.cycle.domain import AT
from benchmarks.results import Column, Row, Section, missing_rows
from benchmarks.sections.effort import Plan
from benchmarks.timing import Subject, measure
from machines.pipeline import BranchName, DepsMet, Pipeline, QaSkipped
from statecharts import Kernel, Snapshot
from statecharts.codec import Protocol

OURS: Final = "statecharts"
MSGSPEC: Final = "msgspec (structs)"
PLAIN: Final = "json (no classes)"

COLUMNS: Final = (
    Column("dump", "µs to a dict"),
    Column("load", "µs from a dict"),
    Column("dumps", "µs to bytes"),
    Column("loads", "µs from bytes"),
)

CAPTION: Final = (
    "A snapshot of the pipeline in its state merge. Ours checks protocol, chart, parts, "
    "configuration, fields and the validators of the classes; msgspec checks the fields; json "
    "checks nothing, and makes no classes."
)


@frozen
class Codec:
    """A contestant: four ways between a snapshot and JSON; those that it lacks are None."""

    name: str
    version: str
    dump: Run | None
    load: Run | None
    dumps: Run
    loads: Run

    @property
    def ways(self) -> dict[str, Run]:
        """The ways that it has, by the key of their column."""
        found = {column.key: getattr(self, column.key) for column in COLUMNS}
        return {key: way for key, way in found.items() if way is not None}


def snapshot() -> Snapshot[Any, None]:
    """Return a pipeline whose state carries data."""
    kernel = Kernel(Pipeline)
    found = kernel.start(at=AT).snapshot
    for event in (DepsMet(), QaSkipped(BranchName("feature/benchmarks"), 3)):
        found = kernel.step(found, event, at=AT).snapshot
    return found


def ours() -> Codec:
    """Return ours.

    Raises:
        ContestantError: What is loaded is not what was dumped.
    """
    protocol: Protocol[Any, None] = Protocol(Pipeline)
    value = snapshot()
    dumped, text = protocol.dump_snapshot(value), protocol.dumps_snapshot(value)
    for found in (protocol.load_snapshot(dumped), protocol.loads_snapshot(text)):
        if found != value:
            raise ContestantError(OURS, "loading", value, found)
    return Codec(
        OURS,
        version_of("statecharts"),
        lambda: protocol.dump_snapshot(value),
        lambda: protocol.load_snapshot(dumped),
        lambda: protocol.dumps_snapshot(value),
        lambda: protocol.loads_snapshot(text),
    )


def msgspec_peer(dumped: dict[str, Any]) -> Codec | Missing:
    """Return msgspec with structs of the same fields, or say that it is missing.

    Raises:
        ContestantError: What it writes is not what we write.
    """
    try:
        import msgspec  # noqa: PLC0415 - it may not be there
    except ModuleNotFoundError:
        return Missing(MSGSPEC, "not installed")
    merge = msgspec.defstruct("Merge", [("feature_branch", str), ("commits_ahead", int)])
    fields: list[tuple[str, Any]] = [
        ("protocol", int),
        ("chart", str),
        ("version", int),
        ("parts", dict[str, str]),
        ("configuration", list[str]),
        ("data", dict[str, merge]),  # type: ignore[valid-type]
        ("context", None),
        ("history", dict[str, Any]),
        ("timers", list[Any]),
        ("calls", list[Any]),
        ("sent", list[Any]),
        ("waiting", list[Any]),
        ("clock", int),
        ("counters", dict[str, int]),
    ]
    kind = msgspec.defstruct("PipelineSnapshot", fields)
    value = msgspec.convert(dumped, kind)
    encoder, decoder = msgspec.json.Encoder(order="deterministic"), msgspec.json.Decoder(kind)
    text = encoder.encode(value)
    if json.loads(text) != dumped:
        raise ContestantError(MSGSPEC, "encoding", dumped, json.loads(text))
    return Codec(
        MSGSPEC,
        version_of("msgspec"),
        lambda: msgspec.to_builtins(value),
        lambda: msgspec.convert(dumped, kind),
        lambda: encoder.encode(value),
        lambda: decoder.decode(text),
    )


def plain(dumped: dict[str, Any]) -> Codec:
    """Return the standard library alone, which goes no further than dicts."""
    text = json.dumps(dumped, sort_keys=True).encode()
    return Codec(
        PLAIN,
        platform.python_version(),
        None,
        None,
        lambda: json.dumps(dumped, sort_keys=True).encode(),
        lambda: json.loads(text),
    )


def run(plan: Plan) -> list[Section]:
    """Check that all write the same, then time them."""
    mine = ours()
    write: Callable[[], Any] = mine.ways["dump"]
    dumped = write()
    found = [mine, msgspec_peer(dumped), plain(dumped)]
    present = [one for one in found if isinstance(one, Codec)]
    missing = [one for one in found if isinstance(one, Missing)]
    subjects = [
        Subject.ready(f"{one.name}/{key}", way) for one in present for key, way in one.ways.items()
    ]
    samples = measure(subjects, plan.creation)
    rows = [
        Row(
            one.name,
            one.version,
            {key: samples[f"{one.name}/{key}"].median_us for key in one.ways},
        )
        for one in present
    ]
    rows.extend(missing_rows(missing))
    return [Section("codec", "A snapshot as JSON", COLUMNS, tuple(rows), CAPTION)]
