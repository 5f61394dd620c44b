"""The SQL statements of stores, in words that every dialect knows; ``{p}`` is the prefix of tables.

``?`` is the next value, ``?N`` the value at place N.
"""

from __future__ import annotations

from typing import Final

from statecharts.store.rows import LONGEST_CLAIM, LOST

_HEAD: Final = """runs.run, chart, version, status, reason, blocked, sequence, epoch, counter,
 began, changed, states, snapshot, muted, before, cut, cut_link, link, total,
 seal"""
_HEADS: Final = (
    f"SELECT {_HEAD} FROM {{p}}runs AS runs"
    " JOIN {p}configurations AS places ON places.number = runs.configuration"
)
_OF_RUN: Final = "(SELECT number FROM {p}runs WHERE run = ?)"
_ENTRY: Final = (
    "SELECT sequence, at, kind, id, states, body, link FROM {p}entries AS entries"
    " JOIN {p}configurations AS places ON places.number = entries.configuration"
    f" WHERE run = {_OF_RUN}"
)
_OWED: Final = "number, name, call, body, attempts, due, handed, worker, until, reason"
_SAID: Final = _OWED.replace("worker, ", "")

PAIRS: Final = "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?2)"
NUMBERS: Final = "SELECT value FROM json_each(?3)"


def free(pairs: str = PAIRS, numbers: str = NUMBERS) -> str:
    """Return the statement that finds effects which are free, the longest due first.

    Args:
        pairs: Returns the pairs of chart and name that are wanted, out of JSON.
        numbers: Returns the numbers of the runs that are not.
    """
    return (
        f"SELECT owed.run, runs.run, {', '.join(f'owed.{one}' for one in _OWED.split(', '))}"
        " FROM {p}owed AS owed JOIN {p}runs AS runs ON runs.number = owed.run"
        " WHERE owed.handed = 0 AND (owed.due <= ?1 OR attempts = 0)"
        f" AND (worker IS NULL OR until <= ?1 OR until > ?1 + {LONGEST_CLAIM})"
        f" AND status NOT IN ('suspended', 'stuck') AND (chart, name) IN ({pairs})"
        f" AND owed.run NOT IN ({numbers}) ORDER BY owed.due, owed.run, owed.number LIMIT ?4"
    )


_HELD: Final = f"run = {_OF_RUN} AND number = ? AND worker = ? AND until > {LOST}"
_LATER: Final = "CASE WHEN owed.due > owed.until THEN owed.due ELSE owed.until END"


def _replaced(columns: str) -> str:
    """Return what gives columns their new values."""
    return ", ".join(f"{one} = excluded.{one}" for one in columns.split(", "))


STATEMENTS: Final[dict[str, str]] = {
    "head": f"{_HEADS} WHERE runs.run = ?",
    "heads": f"{_HEADS} WHERE runs.run > ?1 AND (CAST(?2 AS TEXT) IS NULL OR chart = ?2)"
    " AND (CAST(?3 AS TEXT) IS NULL OR status = ?3) ORDER BY runs.run LIMIT ?4",
    "begin": "INSERT INTO {p}runs (run, chart, version, status, reason, blocked, sequence, epoch,"
    " counter, began, changed, configuration, snapshot, muted, before, cut, cut_link, link, total,"
    " seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT DO NOTHING RETURNING number",
    "go_on": "UPDATE {p}runs SET chart = ?2, version = ?3, status = ?4, reason = ?5, blocked = ?6,"
    " sequence = ?7, epoch = ?8, counter = ?9, began = ?10, changed = ?11, configuration = ?12,"
    " snapshot = ?13, muted = ?14, before = ?15, cut = ?16, cut_link = ?17, link = ?18,"
    " total = ?19, seal = ?20"
    " WHERE run = ?1 AND sequence = ?21 AND epoch = ?22 RETURNING number",
    "add_place": "INSERT INTO {p}configurations (states, digest) VALUES (?, ?)"
    " ON CONFLICT DO NOTHING",
    "place": "SELECT number FROM {p}configurations WHERE digest = ?",
    "enter": "INSERT INTO {p}entries (run, sequence, at, kind, id, configuration, body, link)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    "owe": f"INSERT INTO {{p}}owed AS owed (run, {_OWED}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    f" ON CONFLICT (run, number) DO UPDATE SET {_replaced(_SAID)},"
    " worker = coalesce(excluded.worker, owed.worker)",
    "settle": "DELETE FROM {p}owed WHERE run = ? AND number = ?",
    "start": "INSERT INTO {p}timers (run, id, due) VALUES (?, ?, ?)"
    f" ON CONFLICT (run, id) DO UPDATE SET {_replaced('due')}",
    "stop": "DELETE FROM {p}timers WHERE run = ? AND id = ?",
    "wait": "INSERT INTO {p}waiting (run, number, at, id, body) VALUES (?, ?, ?, ?, ?)"
    f" ON CONFLICT (run, number) DO UPDATE SET {_replaced('at, id, body')}",
    "take": "DELETE FROM {p}waiting WHERE run = ? AND number = ?",
    "check": "INSERT INTO {p}checkpoints (run, sequence, snapshot) VALUES (?, ?, ?)"
    f" ON CONFLICT (run, sequence) DO UPDATE SET {_replaced('snapshot')}",
    "attach": "INSERT INTO {p}attached (run, name) VALUES (?, ?) ON CONFLICT DO NOTHING",
    "owed": f"SELECT {_OWED} FROM {{p}}owed WHERE run = {_OF_RUN} ORDER BY number",
    "timers": f"SELECT id, due FROM {{p}}timers WHERE run = {_OF_RUN} ORDER BY due, id",
    "waiting": "SELECT number, at, id, body FROM {p}waiting"
    f" WHERE run = {_OF_RUN} ORDER BY number",
    "checkpoints": "SELECT sequence, snapshot FROM {p}checkpoints"
    f" WHERE run = {_OF_RUN} ORDER BY sequence",
    "checkpoint": "SELECT sequence, snapshot FROM {p}checkpoints"
    f" WHERE run = {_OF_RUN} AND sequence <= ? ORDER BY sequence DESC LIMIT 1",
    "entries": f"{_ENTRY} AND sequence > ? ORDER BY sequence LIMIT ?",
    "tail": f"{_ENTRY} ORDER BY sequence DESC LIMIT ?",
    "taken": f"{_ENTRY} AND id = ? AND sequence >= ? ORDER BY sequence DESC LIMIT 1",
    "look": free(),
    "free": free(),
    "claim": "UPDATE {p}owed SET worker = ?, until = ? WHERE run = ? AND number = ?",
    "unbegun": f"SELECT 1 FROM {{p}}owed WHERE run = {_OF_RUN} AND number = ? AND worker IS NULL",
    "held": "SELECT 1 FROM {p}owed AS owed JOIN {p}runs AS runs ON runs.number = owed.run"
    " WHERE runs.run = ? AND owed.number = ? AND worker = ?"
    f" AND until > {LOST} AND status NOT IN ('suspended', 'stuck')",
    "renew": f"UPDATE {{p}}owed SET until = ? WHERE {_HELD}",
    "release": f"UPDATE {{p}}owed SET worker = NULL, until = 0 WHERE {_HELD}",
    "leave": f"UPDATE {{p}}owed SET until = 0 WHERE {_HELD}",
    "workers": f"SELECT DISTINCT worker FROM {{p}}owed WHERE worker IS NOT NULL AND until > {LOST}",
    "forsake": f"UPDATE {{p}}owed SET until = {LOST} WHERE worker = ? AND until > {LOST}",
    "due": "SELECT runs.run, chart, timers.id, timers.due FROM {p}timers AS timers"
    " JOIN {p}runs AS runs ON runs.number = timers.run"
    " WHERE timers.due <= ? AND status = 'running' ORDER BY timers.due, runs.run",
    "next_timer": "SELECT chart, timers.due FROM {p}timers AS timers"
    " JOIN {p}runs AS runs ON runs.number = timers.run"
    " WHERE timers.due > ? AND status = 'running' ORDER BY timers.due",
    "next_owed": f"SELECT chart, {_LATER} FROM {{p}}owed AS owed"
    " JOIN {p}runs AS runs ON runs.number = owed.run"
    f" WHERE handed = 0 AND {_LATER} > ?"
    " AND status NOT IN ('suspended', 'stuck') ORDER BY 2",
    "put": "INSERT INTO {p}artifacts (name, body) VALUES (?, ?) ON CONFLICT DO NOTHING",
    "artifact": "SELECT body FROM {p}artifacts WHERE name = ?",
    "artifacts": f"SELECT name FROM {{p}}attached WHERE run = {_OF_RUN} ORDER BY name",
    "remove": "DELETE FROM {p}runs WHERE run = ? AND sequence = ? AND epoch = ? RETURNING number",
    "prune_entries": "DELETE FROM {p}entries WHERE run = ? AND sequence < ?",
    "prune_checkpoints": "DELETE FROM {p}checkpoints WHERE run = ? AND sequence < ?",
    "get_version": "SELECT value FROM {p}meta WHERE name = 'schema'",
}
"""Each statement by what it does."""

OF_A_RUN: Final = ("entries", "owed", "timers", "waiting", "checkpoints", "attached")
"""The tables whose rows belong to a run."""

STATEMENTS.update({f"remove_{one}": f"DELETE FROM {{p}}{one} WHERE run = ?" for one in OF_A_RUN})
