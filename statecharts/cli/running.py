"""`statecharts runs`: the runs of a store, seen and moved from a terminal."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
from rich.text import Text

from statecharts.cli.targets import TargetError, all_charts, is_file, module_name
from statecharts.cli.terminal import (
    Choice,
    console,
    count_text,
    json_option,
    plain_table,
    print_json,
)
from statecharts.model.chart import as_chart
from statecharts.model.durations import duration_text
from statecharts.model.errors import StatechartError, missing, sentence
from statecharts.model.labels import innermost
from statecharts.model.suggestions import nearest

if TYPE_CHECKING:
    from statecharts.runtime import Happened, Past, Run, Runs
    from statecharts.store import Head, Owed, Store
    from statecharts.store import Run as StoredRun

F = TypeVar("F", bound=Callable[..., Any])

STATUSES: Final = ("running", "suspended", "stuck", "ended", "cancelled")
"""The statuses of runs; `statecharts.store.Status`, which takes long to import."""

POLL: Final = 0.2
"""Seconds between two looks of `watch`."""


_REMEDIES: Final = {
    "SC821": "Choose another key",
    "SC822": "See which there are: statecharts runs list",
    "SC829": "Name the module of its chart: --charts MODULE",
    "SC835": "See which calls are under way: statecharts runs show RUN",
}
"""The remedies at the terminal, where those of the errors name the functions of Python."""


_MEANT: Final = "Did you mean"
"""The beginning of a remedy that needs no other words at a terminal."""

NEAR: Final = 1_000
"""Keys that one which is misspelt is compared with."""


class RunsError(click.ClickException):
    """A store or a run refuses a command: one line on standard error, exit status 1."""


@click.group()
def runs() -> None:
    """See and move the runs of a store.

    Every command takes --db, the store: a file of SQLite, or an address such as sqlite:///runs.db
    or postgresql://user@host/database.
    A command that moves a run needs its chart, --charts. Seeing, verifying, exporting and deleting
    runs needs no chart.

    \b
    Examples:
      statecharts runs list --db runs.db --state open.paying
      statecharts runs history order-7 --db runs.db --tail 5
      statecharts runs send order-7 '{"type": "withdrawn"}' --db runs.db --charts shop
      statecharts runs serve shop --db runs.db
    """


def _db(function: F) -> F:
    return click.option(
        "--db",
        required=True,
        envvar="STATECHARTS_DB",
        metavar="STORE",
        help="The store: a file, or an address; default: $STATECHARTS_DB.",
    )(_prefix(function))


def _prefix(function: F) -> F:
    told = "What the names of its tables begin with."
    return click.option("--prefix", default="", help=told)(function)


def _charts(function: F) -> F:
    return click.option(
        "--charts",
        "targets",
        required=True,
        multiple=True,
        metavar="TARGET",
        help="Where the charts of the runs are: package, module, file or chart; can be repeated.",
    )(function)


@contextmanager
def _told(allow: str = "") -> Generator[None, None, None]:
    """Turn errors of stores and runs into one line each.

    Args:
        allow: What remedies say of allowing to make tables; nothing where there is no such option.
    """
    try:
        yield
    except StatechartError as error:
        remedy = error.remedy
        if not remedy.startswith(_MEANT):
            remedy = _REMEDIES.get(error.code, remedy)
        told = sentence(error.code, error.where, error.found, remedy)
        told = told.replace(", or allow create", allow).replace("prefix=", "--prefix=")
        raise RunsError(told) from None
    except ModuleNotFoundError as error:
        if error.name != "sqlalchemy":
            raise
        raise RunsError(". ".join(missing("a store", "SQLAlchemy"))) from None


def _address(db: str) -> str | Path:
    return db if "://" in db else Path(db)


@contextmanager
def store_at(db: str, prefix: str, *, create: bool = False) -> Generator[Store, None, None]:
    """Open a store that is there already, or with ``create``, one that may not be."""
    from statecharts.store import open_store  # noqa: PLC0415 - needs an extra

    with _told():
        if not create:
            check_there(db)
        with (
            closing(open_store(_address(db), prefix=prefix, create=create)) as store,
            _suggesting(lambda: (head.run for head in _heads(store))),
        ):
            yield store


def check_there(db: str, remedy: str = "") -> None:
    """Refuse a file that is not there; name one beside it that is called nearly so."""
    if "://" in db and not db.startswith("sqlite:///"):
        return  # a server says itself what is not there
    path = Path(db.removeprefix("sqlite:///"))
    if not path.exists():
        beside = [one.name for one in path.parent.glob("*") if one.is_file()]
        near = nearest(path.name, beside)
        if near is not None:
            remedy = f"Did you mean {str(path.with_name(near))!r}? {remedy}"
        raise RunsError(f"there is no store {str(path)!r}. {remedy}".rstrip())


@contextmanager
def _opened(db: str, prefix: str, targets: Collection[str]) -> Generator[Runs, None, None]:
    from statecharts.runtime import Runs  # noqa: PLC0415 - needs an extra

    charts = _found(targets)
    with _told():
        check_there(db)
        with (
            Runs(_address(db), *charts, prefix=prefix, create_schema=False) as opened,
            _suggesting(lambda: (one.key for one in opened.list())),
        ):
            yield opened


@contextmanager
def _suggesting(keys: Callable[[], Iterable[str]]) -> Generator[None, None, None]:
    """Suggest the nearest of the first keys for one that no run has."""
    try:
        yield
    except StatechartError as error:
        missing_run = error.found == "there is no run of that key"
        near = nearest(error.where, islice(keys(), NEAR)) if missing_run else None
        if near is not None:
            error.remedy = f"{_MEANT} {near!r}? {_REMEDIES['SC822']}"
        raise


def _found(targets: Collection[str]) -> list[Any]:
    """Return the charts that modules declare or import, or their protocols where there are some."""
    charts: dict[str, Any] = {}
    protocols: dict[str, Any] = {}
    for target in targets:
        for one in all_charts(target, imported=True):
            name = one.chart.name
            if charts.setdefault(name, one.chart) is not one.chart:
                told = (
                    f"two charts of {' '.join(targets)} are called {name}. Name one: MODULE:{name}"
                )
                raise TargetError(told)
            for place in (one.module, module_name(target)):
                module = sys.modules.get(place)
                if module is not None and name in _protocols(module):
                    protocols[name] = _protocols(module)[name]
    return list((charts | protocols).values())


def _protocols(module: ModuleType) -> dict[str, Any]:
    """Return the protocols of a module, by their charts: they know the versions of runs."""
    from statecharts.codec import Protocol  # noqa: PLC0415 - takes long to import

    found = (one for one in vars(module).values() if isinstance(one, Protocol))
    return {one.chart.name: one for one in found}


def _place(head: Head) -> str:
    """Return the innermost active states of a run, in one text."""
    return ", ".join(innermost(json.loads(head.configuration)))


def _time(at: datetime) -> str:
    """Return a time to the second."""
    return at.isoformat()[:19]


def _head_json(head: Head) -> dict[str, Any]:
    from statecharts.runtime.clock import moment  # noqa: PLC0415 - needs an extra

    return {
        "run": head.run,
        "chart": head.chart,
        "status": head.status,
        "reason": head.reason,
        "blocked": head.blocked,
        "configuration": json.loads(head.configuration),
        "sequence": head.sequence,
        "began": moment(head.began).isoformat(),
        "changed": moment(head.changed).isoformat(),
        "version": head.version,
    }


# --- To see ---------------------------------------------------------------------------------------


@runs.command("list")
@click.option("--chart", help="Only runs of the chart of this name.")
@click.option("--state", help="Only runs that are in the state of this id.")
@click.option("--status", type=Choice(STATUSES), help="Only runs of this status.")
@click.option("--stuck", is_flag=True, help="Only runs that are stuck.")
@click.option("--parent", metavar="RUN", help="Only the children that this run waits for.")
@json_option
@_db
def list_runs(
    db: str,
    prefix: str,
    chart: str | None,
    state: str | None,
    status: str | None,
    stuck: bool,
    parent: str | None,
    as_json: bool,
) -> None:
    """List the runs of the store, in the order of their keys."""
    if stuck and status not in (None, "stuck"):
        raise click.UsageError(f"--stuck is --status stuck, and not --status {status}.")
    with store_at(db, prefix) as store:
        heads = list(_heads(store, chart, state, "stuck" if stuck else status))
        if parent is not None:
            children = _children(store, parent)
            heads = [head for head in heads if head.run in children]
        if not heads:
            _check_named(store, chart, state)
    if as_json:
        print_json([_head_json(head) for head in heads])
        return
    from statecharts.runtime.clock import moment  # noqa: PLC0415 - needs an extra

    table = plain_table("run")
    for column in ("chart", "status", "states", "entries", "changed"):
        table.add_column(column, overflow="fold")
    for head in heads:
        table.add_row(
            head.run,
            head.chart,
            _status(head),
            _place(head),
            str(head.sequence + 1),
            _time(moment(head.changed)),
        )
    console().print(table)


def _children(store: Store, parent: str) -> tuple[str, ...]:
    """Return the keys of the children that a run waits for."""
    from statecharts.runtime.commit import children_of  # noqa: PLC0415 - needs an extra
    from statecharts.runtime.writer import unknown  # noqa: PLC0415

    stored = store.read(parent)
    if stored is None:
        raise unknown(parent)
    return children_of(parent, stored.owed)


def _check_named(store: Store, chart: str | None, state: str | None) -> None:
    """Tell of a chart or a state that nothing in the store has; refuse one that is misspelt."""
    if chart is None and state is None:
        return
    heads = list(_heads(store))
    charts = {head.chart for head in heads}
    states = {one for head in heads for one in json.loads(head.configuration)}
    for what, name, known in (("chart", chart, charts), ("state", state, states)):
        if name is None or name in known:
            continue
        near = nearest(name, sorted(known))
        if near is not None:
            raise RunsError(f"no run has the {what} {name!r}. Did you mean {near!r}?")
        click.echo(f"no run has the {what} {name!r}", err=True)


def _heads(
    store: Store, chart: str | None = None, state: str | None = None, status: str | None = None
) -> Iterator[Head]:
    from statecharts.store.port import heads_of  # noqa: PLC0415 - needs an extra

    for head in heads_of(store, chart, status):
        if state is None or state in json.loads(head.configuration):
            yield head


def _status(head: Head) -> Text:
    style = {"stuck": "red", "suspended": "yellow", "running": "green"}.get(head.status, "")
    return Text(head.status, style)


@runs.command()
@click.argument("run")
@json_option
@_db
def show(db: str, prefix: str, run: str, as_json: bool) -> None:
    """Show one run: its states and data, its parent and children, and what it waits for."""
    from statecharts.runtime.between import parent_of  # noqa: PLC0415 - needs an extra
    from statecharts.runtime.clock import moment  # noqa: PLC0415
    from statecharts.runtime.commit import children_of  # noqa: PLC0415
    from statecharts.runtime.writer import unknown  # noqa: PLC0415

    with store_at(db, prefix) as store:
        stored = store.read(run)
        if stored is None:
            raise unknown(run)
        children = {key: store.head(key) for key in children_of(run, stored.owed)}
    head = stored.head
    snapshot = json.loads(head.snapshot)
    parent = parent_of(stored.owed)
    told = {
        **_head_json(head),
        "effects": not head.muted,
        "parent": None if parent is None else parent[0],
        "children": list(children),
        "snapshot": snapshot,
        "timers": {one.id: moment(one.due).isoformat() for one in stored.timers},
        "owed": [_owed_json(run, one) for one in stored.owed],
        "waiting": [json.loads(one.body) for one in stored.waiting],
    }
    if as_json:
        print_json(told)
        return
    out = console()
    out.print(Text.assemble((run, "bold"), f"  {head.chart}  ", _status(head)))
    for what, text in _lines(stored, snapshot, children):
        out.print(Text(f"  {what:9} {text}"), soft_wrap=True)


def _lines(
    stored: StoredRun, snapshot: dict[str, Any], children: dict[str, Head | None]
) -> Iterator[tuple[str, str]]:
    """Yield what is told of a run: each time what it is about, and the text."""
    from statecharts.runtime.between import parent_of  # noqa: PLC0415 - needs an extra
    from statecharts.runtime.clock import moment  # noqa: PLC0415
    from statecharts.runtime.commit import PARENT  # noqa: PLC0415

    head = stored.head
    if head.reason:
        yield "reason", head.reason
    yield "states", _place(head)
    yield "entries", f"{head.sequence + 1}, since {_time(moment(head.began))}"
    for state, data in snapshot.get("data", {}).items():
        yield "data", f"{state}: {json.dumps(data, ensure_ascii=False)}"
    parent = parent_of(stored.owed)
    if parent is not None:
        yield "parent", f"{parent[0]}, by its call {parent[2]}"
    for one in stored.timers:
        yield "timer", f"{one.id}, due {_time(moment(one.due))}"
    if head.muted:
        yield "effects", "off: they are dropped, and nobody carries out calls"
        for call in snapshot.get("calls", ()):
            yield "call", f"{call['id']}: {call['call']['type']}, waits for an answer"
    for owed in stored.owed:
        if owed.name != PARENT:
            yield "effect" if owed.call is None else "call", _owed_text(head, owed, children)
    for waiting in stored.waiting:
        yield "waiting", waiting.body.decode()


def _owed_json(run: str, owed: Owed) -> dict[str, Any]:
    from statecharts.runtime.runs import outstanding  # noqa: PLC0415 - needs an extra

    told = outstanding(run, owed)
    return {
        "number": owed.number,
        "key": told.key,
        "call": told.call,
        "effect": json.loads(owed.body),
        "attempts": told.attempts,
        "due": told.due.isoformat(),
        "handed": told.handed,
        "claimed": None if told.claimed is None else told.claimed.isoformat(),
        "reason": told.reason,
    }


def _owed_text(head: Head, owed: Owed, children: dict[str, Head | None]) -> str:
    from statecharts.runtime.commit import CHILD, OUTCOME, child_key  # noqa: PLC0415 - an extra
    from statecharts.runtime.runs import outstanding  # noqa: PLC0415

    told = outstanding(head.run, owed)
    if owed.name.startswith(OUTCOME):
        return f"{told.call}: {owed.name.removeprefix(OUTCOME)}, and others are waited for"
    parts = [f"{told.call or told.key}: {_owed_name(head.run, owed)}"]
    if told.handed and owed.name == CHILD:
        child = children[child_key(head.run, owed)]
        parts.append("not there" if child is None else child.status)
    elif told.handed:
        parts.append("waits for an answer")
    else:
        parts.append(count_text(told.attempts, "failure"))
        if told.claimed is not None:
            parts.append(f"claimed until {_time(told.claimed)}")
        elif told.attempts and head.status == "running":
            parts.append(f"next at {_time(told.due)}")
    reason = f" ({told.reason})" if told.reason and told.reason != head.reason else ""
    return ", ".join(parts) + reason


def _owed_name(run: str, owed: Owed) -> str:
    """Return what is owed: an effect by its name, and what is between runs in words."""
    from statecharts.runtime.commit import CANCEL, CHILD, SPAWN, TELL, child_key  # noqa: PLC0415

    said = json.loads(owed.body)
    if owed.name == TELL:
        return f"tell {said['run']} {said['event']['type']}"
    if owed.name == SPAWN:
        return f"start {said['key']}"
    if owed.name in (CHILD, CANCEL):
        verb = "child" if owed.name == CHILD else "cancel"
        return f"{verb} {child_key(run, owed)}"
    return owed.name


@runs.command()
@click.argument("run")
@click.option("--tail", type=click.IntRange(1), metavar="N", help="Only the last N entries.")
@json_option
@_db
def history(db: str, prefix: str, run: str, tail: int | None, as_json: bool) -> None:
    """Print what has happened to a run, and how long its states lasted."""
    from statecharts.runtime.history import told  # noqa: PLC0415 - needs an extra
    from statecharts.runtime.writer import unknown  # noqa: PLC0415
    from statecharts.store.port import entries_of  # noqa: PLC0415

    with store_at(db, prefix) as store:
        if store.head(run) is None:
            raise unknown(run)
        entries = entries_of(store, run) if tail is None else store.tail(run, tail)
        pasts = list(told(entries, None))
    if as_json:
        print_json([_past_json(past) for past in pasts])
        return
    table = plain_table("entry")
    for column in ("at", "event", "states", "lasted"):
        table.add_column(column, overflow="fold")
    for past in pasts:
        lasted = "" if past.lasted is None else duration_text(past.lasted)
        table.add_row(
            str(past.sequence),
            _time(past.at),
            _event_text(past),
            ", ".join(past.configuration),
            lasted,
        )
    console().print(table)


def _past_json(past: Past) -> dict[str, Any]:
    return {
        "sequence": past.sequence,
        "at": past.at.isoformat(),
        "kind": past.kind,
        "id": past.id,
        "event": past.event,
        "configuration": list(past.configuration),
        "lasted": None if past.lasted is None else past.lasted.total_seconds(),
    }


def _event_text(past: Past) -> str:
    if past.kind != "event":
        return f"({past.kind})"
    event = dict(past.event)
    name = event.pop("type", "")
    return f"{name} {json.dumps(event, ensure_ascii=False)}" if event else str(name)


@runs.command()
@click.argument("run", required=False)
@json_option
@_db
def watch(db: str, prefix: str, run: str | None, as_json: bool) -> None:
    """Print what happens to the runs of the store, or to one, until it is over or Ctrl-C."""
    from statecharts.runtime.history import told  # noqa: PLC0415 - needs an extra
    from statecharts.runtime.writer import unknown  # noqa: PLC0415
    from statecharts.store.rows import OVER  # noqa: PLC0415

    with store_at(db, prefix) as store:
        if run is not None and store.head(run) is None:
            raise unknown(run)
        seen = {head.run: head.sequence for head in _watched(store, run)}
        token = None
        click.echo("watching", err=True)
        while True:
            found = store.token()
            if found == token:
                time.sleep(POLL)
                continue
            token = found
            for head in _watched(store, run):
                last = seen.get(head.run, -1)
                if head.sequence > last:
                    for past in told(store.entries(head.run, last), None):
                        _print_past(head.run, past, as_json)
                seen[head.run] = head.sequence
                if run == head.run and head.status in OVER:
                    return


def _watched(store: Store, run: str | None) -> Iterable[Head]:
    """Return one run, if it is there, or all runs of the store."""
    if run is None:
        return _heads(store)
    head = store.head(run)
    return () if head is None else (head,)


def _print_past(run: str, past: Past, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"run": run, **_past_json(past)}, ensure_ascii=False))
    else:
        place = ", ".join(past.configuration)
        click.echo(f"{_time(past.at)}  {run}  {_event_text(past)}  → {place}")
    sys.stdout.flush()


# --- To move --------------------------------------------------------------------------------------


def _event(run: Run[Any, Any], text: str) -> Any:
    body = sys.stdin.read() if text == "-" else text
    return run.protocol.loads_event(body)


def _moved(taken: Any, as_json: bool) -> None:
    """Print the outcome of an event; exit with status 1 when nothing handled it."""
    told = {
        "run": taken.run,
        "sequence": taken.sequence,
        "handled": taken.handled,
        "waiting": taken.waiting,
        "configuration": list(taken.configuration),
    }
    if as_json:
        print_json(told)
    elif taken.waiting:
        click.echo(f"{taken.run} is suspended; the event waits")
    elif taken.handled:
        click.echo(f"{taken.run} is in {', '.join(taken.configuration)} (entry {taken.sequence})")
    else:
        click.echo(f"{taken.run}: nothing in {', '.join(taken.configuration)} handles it", err=True)
    if not taken.handled and not taken.waiting:
        raise click.exceptions.Exit(1)


@runs.command()
@click.argument("run")
@click.argument("event")
@click.option("--id", "name", help="A name for this request: the same name is taken once.")
@json_option
@_charts
@_db
def send(
    db: str,
    prefix: str,
    targets: tuple[str, ...],
    run: str,
    event: str,
    name: str | None,
    as_json: bool,
) -> None:
    """Send an event, in JSON (- reads it from standard input), to a run."""
    with _opened(db, prefix, targets) as opened:
        one = opened.get(run)
        _moved(one.send(_event(one, event), id=name), as_json)


@runs.command()
@click.argument("run")
@click.argument("call")
@click.argument("event")
@click.option("--progress", is_flag=True, help="The answer does not end the call.")
@json_option
@_charts
@_db
def answer(
    db: str,
    prefix: str,
    targets: tuple[str, ...],
    run: str,
    call: str,
    event: str,
    progress: bool,
    as_json: bool,
) -> None:
    """Answer a call that was handed over, by its id (see show) and an event in JSON."""
    with _opened(db, prefix, targets) as opened:
        one = opened.get(run)
        _moved(one.answer(call, _event(one, event), last=not progress), as_json)


def _whole(name: str, text: str, *, reason: bool = False) -> None:
    """Add a command that moves a run as a whole."""

    def command(
        db: str, prefix: str, targets: tuple[str, ...], run: str, as_json: bool, **given: str
    ) -> None:
        with _opened(db, prefix, targets) as opened:
            one = opened.get(run)
            taken = getattr(one, name)(*given.values())
            if as_json:
                print_json(_head_json(opened.head(run)))
            else:
                click.echo(f"{run} is {one.status} in {', '.join(taken.configuration)}")

    command.__doc__ = text
    made: Any = _db(_charts(json_option(click.argument("run")(command))))
    if reason:
        made = click.option("--reason", default="", help="Why, for whoever looks at it.")(made)
    runs.command(name)(made)


_whole("cancel", "End a run: by its chart's event cancel, else where it is.", reason=True)
_whole("suspend", "Let events to a run wait, and its timers and calls pause.", reason=True)
_whole("resume", "Let a suspended run go on.")
_whole("retry", "Try again what a run is stuck on.")
_whole("skip", "Give up what a run is stuck on: a timer, an effect or an event.")


@runs.command()
@click.argument("run")
@click.option("--to", type=int, metavar="N", help="The entry to go back to; default: by one event.")
@json_option
@_charts
@_db
def rollback(
    db: str, prefix: str, targets: tuple[str, ...], run: str, to: int | None, as_json: bool
) -> None:
    """Take a run back to how it was after an entry of its history.

    Refused if an effect has been begun since then: a process that can undo it has to roll back.
    """
    with _opened(db, prefix, targets) as opened:
        _moved(opened.get(run).rollback(to=to), as_json)


@runs.command()
@click.argument("run")
@click.argument("new")
@click.option("--at", type=int, metavar="N", help="The entry to begin from; default: the last.")
@click.option("--effects", is_flag=True, help="Carry out what the new run asks for.")
@json_option
@_charts
@_db
def fork(
    db: str,
    prefix: str,
    targets: tuple[str, ...],
    run: str,
    new: str,
    at: int | None,
    effects: bool,
    as_json: bool,
) -> None:
    """Start the run NEW with the history of another one, to see what would happen.

    Its effects are dropped and its calls wait for answer, unless --effects is given.
    """
    with _opened(db, prefix, targets) as opened:
        made = opened.fork(run, to=new, at=at, effects=effects)
        if as_json:
            print_json(_head_json(opened.head(new)))
        else:
            click.echo(f"{new} is {made.status} in {', '.join(made.configuration)}")


@runs.command()
@click.option("--check", is_flag=True, help="Write nothing; only tell what would break.")
@json_option
@_charts
@_db
def migrate(db: str, prefix: str, targets: tuple[str, ...], check: bool, as_json: bool) -> None:
    """Bring the runs of the store to the present versions of their charts.

    The upcasters are those of the protocols (statecharts.codec.Protocol) that the modules of
    --charts have as variables. Exit status 1 if a run cannot go on with the charts given.
    """
    migrated: list[str] = []
    with _opened(db, prefix, targets) as opened:
        if not check:
            migrated = [run for run, error in opened.migrate() if error is None]
        found = opened.outlook()
    broken = [one for one in found if one.fault]
    old = [one for one in found if not one.fault and one.version < one.to]
    if as_json:
        print_json(
            {
                "runs": len(found),
                "migrated": migrated,
                "old": [one.run for one in old],
                "broken": {one.run: one.fault for one in broken},
                "notes": {one.run: list(one.notes) for one in found if one.notes},
            }
        )
    else:
        for one in broken:
            click.echo(f"{one.run}: {one.fault}", err=True)
        for one in found:
            for note in one.notes:
                click.echo(f"{one.run}: {note}")
        told = (
            f"{count_text(len(found), 'run')} can go on"
            if not broken
            else (f"{len(broken)} of {count_text(len(found), 'run')} cannot go on")
        )
        later = f", {len(old)} of an older version" if old else ""
        done = "" if check else f"{count_text(len(migrated), 'run')} migrated; "
        click.echo(f"{done}{told}{later}")
    if broken:
        raise click.exceptions.Exit(1)


@runs.command()
@click.argument("target")
@click.option(
    "--grace",
    type=click.FloatRange(0, 86_400),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long handlers may go on after SIGTERM.",
)
@click.option("--quiet", is_flag=True, help="Do not print each step.")
@click.option(
    "--create", is_flag=True, help="Make the store, or its tables, if they are not there."
)
@_db
def serve(db: str, prefix: str, target: str, grace: float, quiet: bool, create: bool) -> None:
    """Carry out what the runs of the charts of a module ask for, until SIGTERM or Ctrl-C.

    TARGET is a module, or module:name for one of its charts. The module declares the charts, or
    imports them, and has a variable handlers, if the charts ask for anything: a dict of classes of
    effects and functions, or a list of what statecharts.runtime.handle returns. Several processes
    may serve one store. What a killed one was at work on, another takes over: at once on the same
    machine, elsewhere in 30 seconds.
    """
    if not create:
        check_there(db, "Correct --db, or make it: --create.")
    module, charts = _served(target)
    handlers = getattr(module, "handlers", None)
    if handlers is None and any(map(_asks, charts)):
        told = f"{module.__name__} has no variable 'handlers'. Add a dict of classes and functions."
        raise TargetError(told)
    options = {"grace": timedelta(seconds=grace), "prefix": prefix, "create_schema": create}
    with _told(", or --create"):
        asyncio.run(_serve(_address(db), charts, handlers or (), quiet, options))


def _asks(declared: Any) -> bool:
    """Return whether a chart may ask for effects or calls, which handlers carry out."""
    from statecharts.model.family import FAMILY  # noqa: PLC0415 - a command starts without it

    chart = as_chart(declared, "serve")
    nodes = chart.nodes.values()
    calls = {one.call for node in nodes for one in node.invoke}
    emits = any(node.entry or node.exit for node in nodes)
    return emits or any(line.emit for line in chart.transitions) or not calls.issubset(FAMILY)


def _served(target: str) -> tuple[ModuleType, list[Any]]:
    """Import the module that is served; return it with its charts, imported ones among them."""
    if is_file(target):
        raise TargetError(
            f"{target!r} is a file, and has no handlers. Name a module that has them."
        )
    charts = _found((target,))
    return sys.modules[module_name(target)], charts


async def _serve(
    address: str | Path,
    charts: list[Any],
    handlers: Any,
    quiet: bool,
    options: dict[str, Any],
) -> None:
    from statecharts.runtime import Attempted, Runtime  # noqa: PLC0415 - needs an extra

    def tell(happened: Happened | Attempted) -> None:
        if isinstance(happened, Attempted):
            return  # those that fail are logged
        place = ", ".join(happened.step.snapshot.configuration)
        cause = "(start)" if happened.cause is None else type(happened.cause).__name__
        click.echo(f"{_time(happened.at)}  {happened.run}  {cause}  → {place}")

    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)

    def end() -> None:
        ended.set()
        for name in signals:  # whoever asks twice does not want to wait
            loop.remove_signal_handler(name)

    for name in signals:
        loop.add_signal_handler(name, end)
    observe = None if quiet else tell
    async with Runtime(address, *charts, handlers=handlers, observe=observe, **options):
        named = ", ".join(as_chart(one, "serve").name for one in charts)
        click.echo(f"serving {named}", err=True)
        await ended.wait()
        click.echo("ending", err=True)


# --- The store ------------------------------------------------------------------------------------


def _names(store: Store, keys: tuple[str, ...]) -> tuple[str, ...]:
    """Return the runs that were named, or all runs of the store."""
    return keys or tuple(head.run for head in _heads(store))


@runs.command()
@click.argument("keys", nargs=-1, metavar="[RUN]...")
@json_option
@_db
def verify(db: str, prefix: str, keys: tuple[str, ...], as_json: bool) -> None:
    """Look for damage in the store: exit status 1 if there is any."""
    from statecharts.store import verify as damages_of  # noqa: PLC0415 - needs an extra

    with store_at(db, prefix) as store:
        names = _names(store, keys)
        found = store.check()
        for key in names:
            found += damages_of(store, key)
    if as_json:
        print_json({"runs": len(names), "damages": [[one.run, one.what] for one in found]})
    else:
        for one in found:
            click.echo(f"{one.run or db}: {one.what}", err=True)
        told = count_text(len(found), "damage") if found else "no damage"
        click.echo(f"{count_text(len(names), 'run')}, {told}")
    if found:
        raise click.exceptions.Exit(1)


@runs.command()
@click.argument("keys", nargs=-1, metavar="[RUN]...")
@click.option(
    "-o",
    "--output",
    type=click.File("w", encoding="utf-8", lazy=True),
    default="-",
    metavar="FILE",
    help="Write to this file instead of standard output.",
)
@_db
def export(db: str, prefix: str, keys: tuple[str, ...], output: Any) -> None:
    """Write runs, or all of them, as lines of JSON; the same runs give the same bytes."""
    from statecharts.store.transfer import exported  # noqa: PLC0415 - needs an extra

    with store_at(db, prefix) as store:
        for line in exported(store, _names(store, keys)):
            click.echo(line, file=output)


@runs.command("import")
@click.argument("file", type=click.File("r", encoding="utf-8"), default="-")
@_db
def import_runs(db: str, prefix: str, file: Any) -> None:
    """Write runs from the lines that export printed; FILE or standard input."""
    from statecharts.store.transfer import imported  # noqa: PLC0415 - needs an extra

    with store_at(db, prefix, create=True) as store:
        try:
            count = sum(1 for _ in imported(store, file))
        except StatechartError as error:
            if error.where.startswith("line "):
                error.where = f"{file.name}, {error.where}"
            raise
    click.echo(f"{count_text(count, 'run')} imported")


@runs.command()
@click.argument("run")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_db
def delete(db: str, prefix: str, run: str, yes: bool) -> None:
    """Remove a run and its history for good."""
    from statecharts.runtime.writer import unknown  # noqa: PLC0415 - needs an extra

    with store_at(db, prefix) as store:
        while True:
            head = store.head(run)
            if head is None:
                raise unknown(run)
            if not yes:
                click.confirm(f"Remove {run}, {head.status} in {_place(head)}?", abort=True)
            if store.remove(run, head.fence):
                break
    click.echo(f"{run} is removed")


@runs.command()
@click.argument("run")
@click.option("--before", type=int, required=True, metavar="N", help="The first entry to keep.")
@_charts
@_db
def prune(db: str, prefix: str, targets: tuple[str, ...], run: str, before: int) -> None:
    """Forget the entries of a run before entry N, as far as a checkpoint before it allows.

    The ids of events that are forgotten are forgotten, too: send would take such an id again.
    """
    with _opened(db, prefix, targets) as opened:
        first = opened.get(run).prune(before=before)
    click.echo(f"the history of {run} begins at entry {first}")


@runs.command()
@click.option("--sql", is_flag=True, required=True, help="Print the statements.")
@click.option(
    "--dialect", type=Choice(["sqlite", "postgresql"]), default="sqlite", show_default=True
)
@click.option("--prefix", default="", help="What the names of the tables begin with.")
def schema(sql: bool, dialect: str, prefix: str) -> None:
    """Print how the tables of a store are made, for those who make them by their own means."""
    del sql
    with _told():
        from sqlalchemy.dialects import postgresql, sqlite  # noqa: PLC0415 - needs an extra

        from statecharts.store.tables import script  # noqa: PLC0415

        dialects: dict[str, Any] = {"sqlite": sqlite, "postgresql": postgresql}
        made = dialects[dialect].dialect()
        for statement in script(made, prefix):
            click.echo(f"{statement};")
