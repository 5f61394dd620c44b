"""The cost of writing and reading a snapshot and an event, beside orjson with cattrs and others."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from typing import Any, Final

from attrs import frozen

from benchmarks.contestant import ContestantError, Missing, Run, version_of
from benchmarks.cycle.domain import AT, BRANCH, COMMITS, DepsMet, Event, Merge, QaSkipped
from benchmarks.cycle.ours import KERNEL, Pipeline
from benchmarks.results import Column, Row, Section, missing_rows
from benchmarks.sections.effort import Plan
from benchmarks.timing import Subject, measure
from statecharts import Snapshot
from statecharts.codec import Protocol
from statecharts.model.events import wire_name

OURS: Final = "statecharts"
CATTRS: Final = "orjson + cattrs"
MSGSPEC: Final = "msgspec (structs)"
PLAIN: Final = "json (no classes)"

COLUMNS: Final = (
    Column("dump", "to a dict"),
    Column("load", "from a dict"),
    Column("dumps", "to bytes"),
    Column("loads", "from bytes"),
    Column("event_dumps", "event\nto bytes"),
    Column("event_loads", "event\nfrom bytes"),
)

CAPTION: Final = (
    "A snapshot of the pipeline in its state merge, and the event that leads there: the same "
    "classes for cattrs as for us. Ours checks protocol, chart, parts, configuration, types and "
    "the validators of the classes; cattrs checks the validators alone, msgspec the types of the "
    "fields; json makes no classes."
)

TIMES_CAPTION: Final = "Medians of the ratios within each round; at most 2 is the target."


@frozen
class Codec:
    """A contestant: the ways between a snapshot, an event and JSON; None for those it lacks."""

    name: str
    version: str
    dump: Run | None
    load: Run | None
    dumps: Run
    loads: Run
    event_dumps: Run | None = None
    event_loads: Run | None = None

    @property
    def ways(self) -> dict[str, Run]:
        """The ways that it has, by the key of their column."""
        found = {column.key: getattr(self, column.key) for column in COLUMNS}
        return {key: way for key, way in found.items() if way is not None}


def snapshot() -> Snapshot[Any, None]:
    """Return a pipeline whose state carries data."""
    found: Snapshot[Any, None] = KERNEL.start(at=AT).snapshot
    events: tuple[Event, ...] = (DepsMet(), QaSkipped(BRANCH, COMMITS))
    for event in events:
        found = KERNEL.step(found, event, at=AT).snapshot
    return found


def ours() -> Codec:
    """Return ours.

    Raises:
        ContestantError: What is loaded is not what was dumped.
    """
    protocol: Protocol[Any, None] = Protocol(Pipeline)
    value = snapshot()
    dumped, text = protocol.dump_snapshot(value), protocol.dumps_snapshot(value)
    event = QaSkipped(BRANCH, COMMITS)
    event_text = protocol.dumps_event(event)
    for found in (protocol.load_snapshot(dumped), protocol.loads_snapshot(text)):
        if found != value:
            raise ContestantError(OURS, "loading", value, found)
    if protocol.loads_event(event_text) != event:
        raise ContestantError(OURS, "loading", event, protocol.loads_event(event_text))
    return Codec(
        OURS,
        version_of("statecharts"),
        lambda: protocol.dump_snapshot(value),
        lambda: protocol.load_snapshot(dumped),
        lambda: protocol.dumps_snapshot(value),
        lambda: protocol.loads_snapshot(text),
        lambda: protocol.dumps_event(event),
        lambda: protocol.loads_event(event_text),
    )


@frozen
class Stored:
    """The fields of a snapshot as they are written."""

    calls: list[Any]
    chart: str
    clock: int
    configuration: list[str]
    context: Any
    counters: dict[str, int]
    data: dict[str, Merge]
    history: dict[str, Any]
    parts: dict[str, str]
    protocol: int
    sent: list[Any]
    timers: list[Any]
    version: int
    waiting: list[Any]


def cattrs_peer(dumped: dict[str, Any]) -> Codec | Missing:
    """Return orjson with cattrs and attrs classes of the same fields, or say that it is missing.

    Raises:
        ContestantError: What it writes is not what we write.
    """
    try:
        from cattrs.preconf.orjson import make_converter  # noqa: PLC0415 - it may not be there
        from cattrs.strategies import configure_tagged_union  # noqa: PLC0415
    except ModuleNotFoundError:
        return Missing(CATTRS, "not installed")
    converter = make_converter()
    union: Any = Event
    configure_tagged_union(union, converter, tag_name="type", tag_generator=wire_name)
    value, event = converter.structure(dumped, Stored), QaSkipped(BRANCH, COMMITS)
    text, event_text = converter.dumps(value), converter.dumps(event, unstructure_as=union)
    if json.loads(text) != dumped or converter.loads(text, Stored) != value:
        raise ContestantError(CATTRS, "encoding", dumped, json.loads(text))
    if converter.loads(event_text, union) != event:
        raise ContestantError(CATTRS, "loading", event, converter.loads(event_text, union))
    return Codec(
        CATTRS,
        f"{version_of('orjson')}, {version_of('cattrs')}",
        lambda: converter.unstructure(value),
        lambda: converter.structure(dumped, Stored),
        lambda: converter.dumps(value),
        lambda: converter.loads(text, Stored),
        lambda: converter.dumps(event, unstructure_as=union),
        lambda: converter.loads(event_text, union),
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
    found = [mine, cattrs_peer(dumped), msgspec_peer(dumped), plain(dumped)]
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
    sections = [Section("codec", "JSON: µs each way", COLUMNS, tuple(rows), CAPTION)]
    if any(one.name == CATTRS for one in present):
        ratios = {
            key: samples[f"{OURS}/{key}"].ratio_to(samples[f"{CATTRS}/{key}"]) for key in mine.ways
        }
        ours_alone = (Row(OURS, mine.version, ratios),)
        title = f"JSON: times that of {CATTRS}"
        sections.append(Section("codec_ratio", title, COLUMNS, ours_alone, TIMES_CAPTION))
    return sections
