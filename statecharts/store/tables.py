"""The tables of a store in a database, for every dialect of SQL."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from statecharts.store.rows import SCHEMA

NAMES: Final = (
    "meta",
    "configurations",
    "runs",
    "entries",
    "owed",
    "timers",
    "waiting",
    "checkpoints",
    "artifacts",
    "attached",
)
"""The names of the tables, without their prefix."""


def tables(prefix: str = "") -> MetaData:
    """Return the tables.

    Args:
        prefix: The prefix of their names.
    """
    found = MetaData()

    def table(name: str, *columns: Any) -> None:
        Table(f"{prefix}{name}", found, *columns, sqlite_with_rowid=name in _WITH_ROWID)

    def number(name: str, *, key: bool = False, default: str | None = None) -> Any:
        kind = BigInteger().with_variant(Integer, "sqlite")
        return Column(
            name, kind, primary_key=key, nullable=False, server_default=default, autoincrement=False
        )

    # Keys are ordered by their bytes everywhere.
    plain = Text().with_variant(Text(collation="C"), "postgresql")

    def text(name: str, *, key: bool = False, null: bool = False) -> Any:
        return Column(name, plain, primary_key=key, nullable=null)

    def blob(name: str) -> Any:
        return Column(name, LargeBinary, nullable=False)

    def serial(name: str) -> Any:
        kind = BigInteger().with_variant(Integer, "sqlite")
        return Column(name, kind, primary_key=True, autoincrement=True)

    table("meta", text("name", key=True), text("value"))
    table(
        "configurations",
        serial("number"),
        text("states"),
        # Not the states themselves, which may be too long for an index.
        Column("digest", LargeBinary, nullable=False, unique=True),
    )
    table(
        "runs",
        serial("number"),
        Column("run", plain, nullable=False, unique=True),
        text("chart"),
        number("version"),
        text("status"),
        text("reason"),
        text("blocked"),
        number("sequence"),
        number("epoch"),
        number("counter"),
        number("began"),
        number("changed"),
        number("configuration"),
        blob("snapshot"),
        number("muted"),
        text("before"),
        number("cut"),
        blob("cut_link"),
        blob("link"),
        blob("total"),
        blob("seal"),
    )
    table(
        "entries",
        number("run", key=True),
        number("sequence", key=True),
        number("at"),
        text("kind"),
        text("id", null=True),
        number("configuration"),
        blob("body"),
        blob("link"),
    )
    table(
        "owed",
        number("run", key=True),
        number("number", key=True),
        text("name"),
        text("call", null=True),
        blob("body"),
        number("attempts"),
        number("due"),
        number("handed"),
        text("worker", null=True),
        number("until"),
        text("reason"),
    )
    table("timers", number("run", key=True), text("id", key=True), number("due"))
    table(
        "waiting",
        number("run", key=True),
        number("number", key=True),
        number("at"),
        text("id", null=True),
        blob("body"),
    )
    table("checkpoints", number("run", key=True), number("sequence", key=True), blob("snapshot"))
    table("artifacts", Column("name", LargeBinary, primary_key=True), blob("body"))
    table("attached", number("run", key=True), Column("name", LargeBinary, primary_key=True))

    entries, owed = found.tables[f"{prefix}entries"], found.tables[f"{prefix}owed"]
    timers = found.tables[f"{prefix}timers"]
    given = entries.c.id.is_not(None)
    Index(
        f"{prefix}entries_id",
        entries.c.run,
        entries.c.id,
        sqlite_where=given,
        postgresql_where=given,
    )
    open_ = owed.c.handed == 0
    Index(f"{prefix}owed_due", owed.c.due, sqlite_where=open_, postgresql_where=open_)
    Index(f"{prefix}timers_due", timers.c.due)
    return found


_WITH_ROWID: Final = frozenset({"configurations", "runs", "artifacts", "checkpoints"})


def script(dialect: Dialect, prefix: str = "") -> list[str]:
    """Return the statements that make the tables, in the words of a dialect."""
    statements: list[CreateTable | CreateIndex] = []
    for table in tables(prefix).sorted_tables:
        statements.append(CreateTable(table, if_not_exists=True))
        statements += [
            CreateIndex(index, if_not_exists=True)
            for index in sorted(table.indexes, key=lambda index: str(index.name))
        ]
    made = [str(one.compile(dialect=dialect)).strip() for one in statements]
    return [*made, f"INSERT INTO {prefix}meta (name, value) VALUES ('schema', '{SCHEMA}')"]
