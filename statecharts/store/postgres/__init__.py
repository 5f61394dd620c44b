"""A store in a database of Postgres."""

from statecharts.store.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
