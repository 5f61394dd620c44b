"""Statements that would exhaust a machine, by what they exhaust; and a program that runs them.

Run as a program, it prints a line of JSON for each statement: what came of it, the seconds that it
took, and the greatest number of bytes that the process that reads the database had in memory.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from machines.investigator.security import GuardedConnection, Limits, Scope
from statecharts.model.errors import StatechartError

LIMITS: Final = Limits(seconds=0.5, memory=48_000_000)
LEVELS: Final = 30
"""Number of views that read the one before them twice."""
ROWS: Final = 2_000

_TABLES: Final = ("orders", "texts", "endless", "wide", "chain_900", "void")
SCOPE: Final = Scope(
    "u-1",
    "t-1",
    tools=["query"],
    tables=[
        *_TABLES,
        *(f"{kind}_{level}" for kind in ("twice", "both", "inner") for level in range(LEVELS + 1)),
        *(f"chain_{level}" for level in range(900)),
    ],
)

_WITH: Final = ("m", "n", *(f"a{level}" for level in range(300)))
_N: Final = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
_K: Final = f"{_N} WHERE i < 1000)"
_A: Final = "'aaaaaaaaaa'"
_LONG: Final = f"replace(replace(replace(replace({_A}" + f", 'a', {_A})" * 4
"""An expression for 100,000 letters."""


def build(path: Path) -> Path:
    """Write a small file whose views are exhausting."""
    with closing(sqlite3.connect(path)) as made:
        made.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, day TEXT, note TEXT)")
        made.executemany(
            "INSERT INTO orders (day, note) VALUES (?, ?)",
            ((f"2026-03-{n % 28 + 1:02}", "a" * 50) for n in range(ROWS)),
        )
        made.execute("CREATE TABLE texts (t TEXT, deep TEXT)")
        made.execute("INSERT INTO texts VALUES (?, ?)", ("a" * 400_000, "[" * 500 + "]" * 500))
        made.execute("CREATE TABLE void (x)")
        made.execute(f"CREATE VIEW endless AS {_N}) SELECT max(i) AS m FROM n")
        columns = ", ".join(f"id + {n} AS c{n}" for n in range(1_500))
        made.execute(f"CREATE VIEW wide AS SELECT {columns} FROM orders")
        for kind, twice in (
            ("twice", "SELECT a.x FROM {0} AS a, {0} AS b"),
            ("both", "SELECT x FROM {0} UNION ALL SELECT x FROM {0}"),
            ("inner", "SELECT x FROM {0} WHERE x IN (SELECT x FROM {0})"),
        ):
            made.execute(f"CREATE VIEW {kind}_0 AS SELECT x FROM void")
            for level in range(LEVELS):
                select = twice.format(f"{kind}_{level}")
                made.execute(f"CREATE VIEW {kind}_{level + 1} AS {select}")
        made.execute("CREATE VIEW chain_0 AS SELECT x FROM void")
        for level in range(900):
            made.execute(f"CREATE VIEW chain_{level + 1} AS SELECT x FROM chain_{level} LIMIT 9")
        made.commit()
    return path


def statements() -> dict[str, str]:
    """Return the statements by their names, those of each kind spread evenly."""
    kinds = [
        list(kind())
        for kind in (
            _views, _withs, _recursions, _joins, _functions, _patterns, _growth, _sorting, _windows,
            _parsing, _nesting, _lists, _words, _others,
        )
    ]  # fmt: skip
    placed = sorted(
        ((place + 0.5) / len(kind), number, name, sql)
        for number, kind in enumerate(kinds)
        for place, (name, sql) in enumerate(kind)
    )
    found = {name: sql for _, _, name, sql in placed}
    assert len(found) == len(placed)
    return found


Named = Iterator[tuple[str, str]]


def _views() -> Named:
    for level in (10, 16, 20, 25, 30):
        for kind in ("twice", "both", "inner"):
            yield f"view {kind} {level}", f"SELECT x FROM {kind}_{level}"
    yield "views counted", "SELECT count(*) FROM twice_28"
    yield "views joined", "SELECT 1 FROM twice_12 AS a, both_12 AS b, inner_12 AS c"
    yield "view within IN", "SELECT 1 WHERE 1 IN (SELECT x FROM both_24)"
    yield "view limited to nothing", "SELECT x FROM both_22 LIMIT 0"
    yield "view chain 300", "SELECT x FROM chain_300"
    yield "view chain 900", "SELECT x FROM chain_900"
    yield "view endless", "SELECT m FROM endless"
    yield "views endless", "SELECT a.m FROM endless AS a, endless AS b"
    yield "view wide", "SELECT * FROM wide AS a, wide AS b, wide AS c"
    yield "view wide sorted", "SELECT * FROM wide ORDER BY c1, c2 DESC, c3"
    yield "view wide distinct", "SELECT DISTINCT * FROM wide"


def _withs() -> Named:
    forms = {
        "join": "SELECT p.x FROM {0} AS p, {0} AS q",
        "union": "SELECT x FROM {0} UNION ALL SELECT x FROM {0}",
        "in": "SELECT x FROM {0} WHERE x IN (SELECT x FROM {0})",
        "scalar": "SELECT (SELECT max(x) FROM {0}) AS x FROM {0}",
        "exists": "SELECT x FROM {0} WHERE EXISTS (SELECT 1 FROM {0})",
        "except": "SELECT x FROM {0} EXCEPT SELECT x FROM {0}",
    }
    for form, twice in forms.items():
        for levels in (14, 18, 24, 40):
            parts = ["a0 AS (SELECT id AS x FROM orders)"]
            parts += [f"a{n + 1} AS ({twice.format(f'a{n}')})" for n in range(levels)]
            yield f"with {form} {levels}", f"WITH {', '.join(parts)} SELECT count(x) FROM a{levels}"


def _recursions() -> Named:
    yield "recursion", f"{_N}) SELECT count(i) FROM n"
    yield "recursion listed", f"{_N}) SELECT i FROM n"
    yield "recursion limited", f"{_N} LIMIT 9000000000) SELECT sum(i) FROM n"
    yield "recursion of pairs", f"{_N} WHERE i < 100000) SELECT count(*) FROM n AS a, n AS b"
    yield "recursion distinct", f"{_N.replace('ALL ', '')}) SELECT count(i) FROM n"
    yield "recursion in order", f"{_N} ORDER BY 1 DESC) SELECT max(i) FROM n"
    yield "recursion over a table", f"{_N}, orders) SELECT count(i) FROM n"
    yield "recursion twofold", f"{_N} UNION ALL SELECT i + 2 FROM n) SELECT count(i) FROM n"
    yield "recursion in IN", f"SELECT 1 WHERE 0 IN ({_N}) SELECT i FROM n)"
    yield "recursion in EXISTS", f"SELECT EXISTS ({_N}) SELECT i FROM n WHERE i < 0)"
    yield "recursion per row", f"SELECT ({_N} LIMIT 1000000) SELECT max(i) FROM n) FROM orders"
    yield "recursion grouped", f"{_N} LIMIT 9000000) SELECT i, count(*) FROM n GROUP BY i"
    for step in ("i || i", "i || ' '", "replace(i, 'a', 'aa')", "upper(i) || lower(i)"):
        start = "WITH RECURSIVE n (i) AS (SELECT 'aaaa' UNION ALL SELECT "
        yield f"recursion of {step}", f"{start}{step} FROM n) SELECT max(length(i)) FROM n"
        yield f"recursion kept of {step}", f"{start}{step} FROM n) SELECT DISTINCT i FROM n"


def _joins() -> Named:
    for count in (3, 5, 8, 16, 40, 64):
        tables = ", ".join(f"orders AS t{n}" for n in range(count))
        yield f"join {count}", f"SELECT count(t0.id) FROM {tables}"
        yield f"join and filter {count}", f"SELECT t0.id FROM {tables} WHERE t1.note = 'b'"
        yield (
            f"join left {count}",
            "SELECT count(*) FROM orders AS t0 "
            + " ".join(
                f"LEFT JOIN orders AS t{n} ON t{n}.note = t{n - 1}.note" for n in range(1, count)
            ),
        )
    yield (
        "join natural",
        "SELECT count(*) FROM "
        + " NATURAL JOIN ".join(f"(SELECT note FROM orders) AS t{n}" for n in range(5)),
    )
    yield (
        "join on any of",
        "SELECT count(*) FROM orders AS a JOIN orders AS b ON "
        + " OR ".join(f"a.id + {n} = b.id * {n}" for n in range(60))
        + " JOIN orders AS c",
    )
    yield (
        "join per row",
        (
            "SELECT (SELECT count(*) FROM orders AS b, orders AS c WHERE b.id + c.id = a.id)"
            " FROM orders AS a"
        ),
    )


def _functions() -> Named:
    long = _LONG
    for name, call in {
        "ltrim": "ltrim({0}, substr({0}, 1, 50000) || 'b')",
        "rtrim": "rtrim({0}, replace({0}, 'a', 'b'))",
        "trim": "trim({0}, replace({0}, 'a', 'b') || 'a')",
        "instr": "instr({0}, substr({0}, 1, 50000) || 'b')",
        "replace": "replace({0}, substr({0}, 1, 50000) || 'b', 'c')",
        "replace by one": "length(replace({0}, 'a', 'aaaaaaaaa'))",
        "upper": "length(upper(lower(upper({0}))))",
        "substr": "substr({0}, 50000, 1)",
        "like": "{0} LIKE '%a%a%a%a%a%a%a%b'",
        "glob": "{0} GLOB '*a*a*a*a*a*a*a*b'",
        "json": "json_valid('[' || replace({0}, 'a', '[],') || '1]')",
        "cast": "CAST(replace({0}, 'a', '9') AS NUMERIC) + CAST(replace({0}, 'a', '9') AS REAL)",
    }.items():
        yield f"function {name}", f"SELECT {call.format(long)}"
        yield f"function {name} per row", f"SELECT max({call.format(long)}) FROM orders"
    for name, call in {
        "ltrim": "ltrim(t, replace(t, 'a', 'b'))",
        "instr": "instr(t, substr(t, 1, 200000) || 'b')",
        "replace": "length(replace(t, substr(t, 1, 200000) || 'b', 'c'))",
        "like": "t LIKE '%a_a%a_a%a_a%b'",
        "glob": "t GLOB '*[a-b]*[a-b]*[a-b]*c'",
    }.items():
        yield f"function {name} of a cell", f"SELECT {call} FROM texts"
        yield f"function {name} of cells", f"SELECT max({call}) FROM texts, orders, orders AS o"
    yield "function of long sums", "SELECT " + " + ".join(["length(note)"] * 150) + " FROM orders"


def _patterns() -> Named:
    for name, one in {"any": "%a", "one": "%_", "two": "%a_", "many": "%%a%"}.items():
        yield f"pattern LIKE {name}", f"SELECT count(*) FROM texts WHERE t LIKE '{one * 40}b'"
    for name, one in {"any": "*a", "one": "*?", "set": "*[ab]", "not": "*[^b]"}.items():
        yield f"pattern GLOB {name}", f"SELECT count(*) FROM texts WHERE t GLOB '{one * 30}c'"
    yield "pattern too long", f"SELECT 1 FROM texts WHERE t LIKE '{'%a' * 4_000}'"
    yield "pattern computed", "SELECT 1 FROM texts WHERE t LIKE substr(t, 1, 199) || '%b'"
    yield "pattern unicode", f"SELECT 1 FROM texts WHERE t LIKE '{'%ä' * 60}'"
    yield (
        "pattern per row",
        (
            "SELECT count(*) FROM orders AS a, orders AS b, orders AS c"
            " WHERE a.note || b.note LIKE '%a%a%a%a%a%a%a%a%b' || c.id"
        ),
    )
    yield "pattern escaped", f"SELECT t LIKE '{'%!%' * 50}' ESCAPE '!' FROM texts"
    yield "pattern regexp", "SELECT t REGEXP '(a+)+b' FROM texts"
    yield "pattern match", "SELECT t MATCH '(a+)+b' FROM texts"


def _growth() -> Named:
    for call in (
        "zeroblob(1000000000)", "randomblob(1000000000)", "hex(zeroblob(400000000))",
        "printf('%1000000000d', 1)", "format('%.*c', 1000000000, 'a')",
        "quote(zeroblob(300000000))", "char(" + ", ".join(["120000"] * 100) + ")",
        "load_extension('x')", "readfile('/dev/zero')",
    ):  # fmt: skip
        yield f"growth {call[:30]}", f"SELECT {call}"
    yield "growth replace", "SELECT " + "replace(" * 9 + _A + f", 'a', {_A})" * 9
    yield "growth concat", f"SELECT {' || '.join([_LONG] * 12)}"
    yield "growth group_concat", f"{_K} SELECT group_concat(a.i) FROM n AS a, n AS b"
    yield "growth long separator", f"SELECT length(group_concat(id, {_LONG})) FROM orders"
    yield "growth json_group_array", "SELECT json_group_array(note) FROM orders, orders AS b"
    yield "growth rows of cells", "SELECT t, t, t, t FROM texts, orders"
    yield "growth max of cells", "SELECT max(t || a.id) FROM texts, orders AS a, orders AS b"
    yield "growth json", f"SELECT json_extract('[' || replace({_LONG}, 'a', '1,') || '1]', '$[9]')"
    yield "growth json deep", "SELECT json_type(deep, '$" + "[0]" * 400 + "') FROM texts"
    yield "growth json per row", "SELECT count(json_extract(deep, '$[0]')) FROM texts, orders"
    yield "growth cells in a window", "SELECT group_concat(t) OVER () FROM texts, orders"
    yield "growth dates", "SELECT " + "date(" * 8 + "'now'" + ", '+1 day')" * 8 + " FROM orders"
    yield (
        "growth strftime",
        f"SELECT strftime({_LONG.replace('aaaaaaaaaa', '%Y%Y%Y%Y%Y', 1)}, 'now')",
    )


def _sorting() -> Named:
    pairs = "orders AS a, orders AS b"
    for name, select in {
        "distinct": f"SELECT DISTINCT a.id, b.id FROM {pairs}",
        "counted": f"SELECT count(DISTINCT a.id * 5000 + b.id) FROM {pairs}",
        "sorted": f"SELECT a.note || b.id FROM {pairs} ORDER BY a.note || b.id",
        "grouped": f"SELECT a.id, b.id, count(*) FROM {pairs} GROUP BY a.id, b.id",
        "union": f"SELECT a.id + b.id * 5000 FROM {pairs} UNION SELECT 1",
        "intersect": (
            f"SELECT a.id * 5000 + b.id FROM {pairs} INTERSECT"
            f" SELECT a.id + b.id * 5000 FROM {pairs}"
        ),
        "except": f"SELECT a.id, b.id, a.note FROM {pairs} EXCEPT SELECT 1, 2, 3",
        "indexed": (
            f"SELECT count(*) FROM (SELECT a.id * b.id AS k FROM {pairs}) AS x"
            f" JOIN (SELECT a.id + b.id AS k FROM {pairs}) AS y ON x.k = y.k"
        ),
        "materialized": (
            f"WITH m AS MATERIALIZED (SELECT a.note || b.note AS s FROM {pairs})"
            " SELECT count(*) FROM m AS p, m AS q"
        ),
        "in": f"SELECT 1 WHERE 7 IN (SELECT a.id * 5000 + b.id FROM {pairs})",
        "kept": f"SELECT max(s) FROM (SELECT a.note || b.id AS s FROM {pairs} LIMIT 3000000) AS m",
    }.items():
        yield f"sorting {name}", select


def _windows() -> Named:
    wide = "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"
    for name, over in {
        "all": f"max(a.note) OVER (ORDER BY a.id {wide})",
        "text": f"group_concat(a.note) OVER (ORDER BY a.id {wide})",
        "range": "count(*) OVER (ORDER BY a.id RANGE BETWEEN 900 PRECEDING AND 900 FOLLOWING)",
        "sliding": "min(a.note || b.id) OVER (ORDER BY b.id ROWS BETWEEN 900 PRECEDING AND 1"
        " PRECEDING)",
        "rank": "rank() OVER (PARTITION BY a.note ORDER BY b.note, a.id, b.id)",
        "lag": "lag(a.note, 1000000) OVER (ORDER BY a.id, b.id)",
        "ntile": "ntile(1000000) OVER (ORDER BY b.id, a.id)",
        "nth": f"nth_value(a.id, 1000000) OVER (ORDER BY b.id {wide})",
    }.items():
        yield f"window {name}", f"SELECT {over} FROM orders AS a, orders AS b"
    many = ", ".join(f"sum(a.id) OVER (ORDER BY a.id + {n})" for n in range(60))
    yield "windows many", f"SELECT {many} FROM orders AS a, orders AS b"


def _nested(text: str, core: str, times: int) -> str:
    for _ in range(times):
        core = text.replace("@", core)
    return core


def _nesting() -> Named:
    for wrap in (
        "(@)", "abs(@)", "date(@)", "time(@)", "datetime(@)", "char(@)", "decimal(@)", "struct(@)",
        "(SELECT @)", "(SELECT 1 LIMIT @)", "(SELECT 1 LIMIT date(@))", "CASE WHEN (@) THEN 1 END",
        "EXISTS (SELECT @)", "1 IN (@)", "(1, @)", "coalesce(@, 1)", "CAST(@ AS int)", "- (@)",
        "NOT (@)", "(@) IS NULL", "(@) || 'a'", "1 BETWEEN (@) AND 2", "max(1, @)", "array(@)",
        "(WITH a AS (SELECT @) SELECT 1)", "sum(1) OVER (PARTITION BY @)", "x(@)", "ifnull(@, @)",
    ):  # fmt: skip
        for times in (8, 23, 200):
            if wrap.count("@") == 1 or times == 8:
                yield f"nesting {wrap} {times}", f"SELECT {_nested(wrap, '1', times)}"
    yield "nesting FROM", f"SELECT * FROM {_nested('(SELECT * FROM @) AS x', 'orders', 22)}"
    yield "nesting joins", f"SELECT 1 FROM {_nested('(orders JOIN @)', 'orders', 22)}"


def _lists() -> Named:
    def upto(make: Callable[[int], str], count: int) -> str:
        return next(text for text in (make(n) for n in range(count, 0, -5)) if len(text) < 9_900)

    def of(part: str, by: str, most: int = 990) -> str:
        return upto(lambda count: by.join([part] * count), most)

    where = "SELECT id FROM orders WHERE "
    yield "list IN", f"{where}id IN ({of('7', ', ')})"
    yield "list IN of texts", f"{where}note IN ({of(repr('a'), ', ')})"
    yield "list OR", where + of("id = 7", " OR ", 490)
    yield "list AND", where + of("id < 7", " AND ", 490)
    yield "list OR LIKE", where + of("note LIKE '%a%b'", " OR ", 390)
    yield "list columns", f"SELECT {of('a.note', ', ', 490)} FROM orders AS a, orders AS b"
    yield "list sums", f"SELECT {of('id', ' + ')} FROM orders"
    yield "list joined texts", f"SELECT {of('note', ' || ')} FROM orders"
    yield "list aliases", f"SELECT {of('id AS x', ', ', 490)} FROM orders"
    yield "list ORDER BY", f"SELECT id FROM orders ORDER BY {of('note', ', ')}"
    yield "list GROUP BY", f"SELECT 1 FROM orders GROUP BY {of('note', ', ')}"
    yield "list UNION", of("SELECT 1", " UNION ", 390)
    yield "list UNION ALL", of("SELECT id FROM orders", " UNION ALL ", 390)
    yield "list VALUES", f"SELECT * FROM (VALUES {of('(1)', ', ', 480)}) AS v"
    yield "list WHEN", f"SELECT CASE {of('WHEN id = 7 THEN 1', ' ', 300)} END FROM orders"
    yield "list arguments", f"SELECT coalesce({of('note', ', ')}) FROM orders"
    yield "list JSON", f"SELECT deep {of('-> 0', ' ')} FROM texts"
    yield "list WITH", "WITH " + ", ".join(f"a{n} AS (SELECT 1)" for n in range(250)) + " SELECT 1"
    yield (
        "list tables",
        upto(
            lambda count: "SELECT 1 FROM " + ", ".join(f"orders AS t{n}" for n in range(count)), 400
        ),
    )


def _parsing() -> Named:
    for word in ("NOT ", "- ", "+ ", "~ ", "1 + ", "1 = ", "1 < ", "CASE WHEN 1 THEN "):
        yield f"parsing {word}", f"SELECT {word * 450}1"
        yield f"parsing {word} at length", f"SELECT {word * 200_000}1"
    for word in (" IS NULL", " NOT NULL", " COLLATE nocase", " BETWEEN 1 AND 2", " || 'a'"):
        yield f"parsing {word} after", f"SELECT 1{word * 450}"
    yield "parsing open", "SELECT " + "(" * 5_000
    yield "parsing closed", "SELECT " + ")" * 5_000
    yield "parsing deep", "SELECT " + "(" * 3_000 + "1" + ")" * 3_000
    yield "parsing dots", "SELECT a" + ".a" * 2_000
    yield "parsing text", f"SELECT '{'a' * 3_000_000}'"
    yield "parsing quotes", f"SELECT '{chr(39) * 9_000}'"
    yield "parsing comments", "SELECT 1 " + "/* a */ " * 1_200
    yield "parsing lines", "SELECT 1 " + "-- a\n" * 1_900
    yield "parsing space", "SELECT 1" + " " * 9_000
    yield "parsing digits", f"SELECT {'9' * 9_000}"
    yield "parsing exponent", "SELECT 1e999999999, 9e-999999999"


def _words() -> Named:
    yield "unicode text", f"SELECT '{'𒐫' * 9_900}'"
    yield "unicode growth", f"SELECT length(replace({_LONG}, 'a', '𒐫'))"
    yield "unicode name", f'SELECT 1 AS "{"ä" * 60}"'
    yield "unicode long name", f'SELECT 1 AS "{"ﷺ" * 9_000}"'
    yield "unicode case", f"SELECT upper('{'ŉß' * 4_900}')"
    yield "unicode marks", f"SELECT 'a{chr(0x301) * 9_000}'"
    yield "words keyword", "SELECT " + "SELECT " * 1_300
    yield "words names", "SELECT " + ", ".join(f"a{n}b" for n in range(900)) + " FROM orders"
    yield "words intervals", "SELECT " + "INTERVAL " * 1_000 + "'1'"


def _others() -> Named:
    yield "other EXPLAIN", "EXPLAIN SELECT x FROM both_24"
    yield "other plan", "EXPLAIN QUERY PLAN SELECT x FROM twice_24"
    yield "other PRAGMA", "PRAGMA hard_heap_limit = 0"
    yield "other PRAGMA of a table", "PRAGMA table_info(twice_26)"
    yield "other list of tables", "SELECT * FROM pragma_table_list"
    yield "other VACUUM", "VACUUM INTO '/dev/null'"
    yield "other ATTACH", "ATTACH ':memory:' AS m"
    yield "other TEMP", f"CREATE TEMP TABLE m AS {_N}) SELECT i FROM n"
    yield "other DELETE", "DELETE FROM orders WHERE id IN (SELECT m FROM endless)"
    yield "other BEGIN", "BEGIN EXCLUSIVE"


def outcome(ask: Callable[[str], object], sql: str) -> str:
    """Return the rule that a statement breaks, or what else came of it."""
    try:
        ask(sql)
    except StatechartError as error:
        return getattr(error, "rule", "") or error.found
    return "answered"


class Watch:
    """Looks, all the time, for the greatest number of bytes that the reading process ever had.

    The system's own account of ended processes counts the memory of their parent, too.
    """

    def __init__(self, connection: GuardedConnection) -> None:
        self.most = 0
        self._connection = connection
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop looking."""
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.002):
            running = self._connection._process._running
            try:
                told = Path(f"/proc/{running.pid}/status").read_text() if running else ""
            except OSError:  # it has ended, or this is another system
                continue
            found = re.search(r"VmHWM:\s+(\d+) kB", told)
            self.most = max(self.most, int(found[1]) * 1024 if found else 0)


def run(path: Path, names: list[str]) -> Iterator[dict[str, object]]:
    """Run statements, each with the static check before it and without, and tell what came."""
    known = statements()
    with GuardedConnection(path, SCOPE, LIMITS) as connection:
        watch = Watch(connection)
        for name in names:
            for ask in (connection.query, lambda sql: connection.execute(sql, _WITH)):
                came, took = "", LIMITS.seconds * 3
                for _ in range(3):  # a machine that is busy is slow once, a statement always
                    if took <= 2 * LIMITS.seconds:
                        break
                    connection.tables()  # starts the process, if the last statement ended it
                    watch.most = 0
                    began = time.monotonic()
                    came = outcome(ask, known[name])
                    took = time.monotonic() - began
                yield {"name": name, "came": came, "took": round(took, 3), "most": watch.most}
        watch.end()


if __name__ == "__main__":
    for told in run(Path(sys.argv[1]), json.loads(sys.argv[2])):
        print(json.dumps(told), flush=True)
