"""Markdown: cells, tables and fences in which data is never read as markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from machines.investigation.calls import Scalar

MOST: Final = 60
"""Greatest length of a cell."""

_MARKS: Final = re.compile(r"([\\`*_{}\[\]()#+!|~^$-])")
_HTML: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_LINK: Final = re.compile(r"(?i)(:)(?=//)|(?<=\bwww)(\.)|(@)(?=\w)")
_CLAUSES: Final = ("FROM", "WHERE", "GROUP BY", "HAVING", "ORDER BY", "LIMIT", "UNION")


def plain(text: str) -> str:
    r"""Return a string escaped for Markdown, on one line.

    >>> print(plain("a|b *c*\n<img> `d`"))
    a\|b \*c\* &lt;img&gt; \`d\`
    >>> print(plain("http://x.y"))
    http&#58;//x.y
    """
    shown = "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in text)
    # A dash is markup only if it begins a line or underlines one: not here.
    escaped = _MARKS.sub(_escape, shown.translate(_HTML))
    return _LINK.sub(lambda found: f"&#{ord(found[0])};", " ".join(escaped.split()))


def _escape(found: re.Match[str]) -> str:
    return found[0] if found[0] in "()-+!{}#" else f"\\{found[0]}"


def cut(text: str, most: int = MOST) -> str:
    """Return a string, or its beginning if it is long.

    >>> cut("abcdef", 4), cut("abcd", 4)
    ('abc…', 'abcd')
    """
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def cell(value: Scalar) -> str:
    r"""Return the value of a cell of a database.

    >>> cell(None), cell(0.1 + 0.2), cell("a|b"), cell(""), cell(1500)
    ('*null*', '0.3', 'a\\|b', '*empty*', '1500')
    """
    if value is None:
        return "*null*"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, str):
        return plain(cut(value)) or "*empty*"
    return str(value)


def code(text: str) -> str:
    """Return a string as code within a line, even if it has backticks.

    >>> print(code("orders"), code("a`b"))
    `orders` ``a`b``
    """
    shown = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if not shown:
        return "*empty*"
    ticks = "`" * (_longest_run(shown) + 1)
    room = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{ticks}{room}{shown}{room}{ticks}"


def cell_code(text: str) -> str:
    r"""Return a string as code in a cell of a table, with bars escaped.

    >>> print(cell_code("a|b"))
    `a\|b`
    """
    return code(text).replace("|", "\\|")


def fence(text: str, language: str = "") -> str:
    """Return a fenced block whose fence no line of the text can close."""
    ticks = "`" * max(3, _longest_run(text) + 1)
    lines = "\n".join(
        "".join(c if c.isprintable() else " " for c in one) for one in text.split("\n")
    )
    return f"{ticks}{language}\n{lines}\n{ticks}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[bool] = ()) -> str:
    """Return a table of cells that are Markdown already; ``numbers`` are aligned right.

    >>> print(table(["day", "rows"], [["2026-03-01", "80"]], [False, True]))
    | day | rows |
    | --- | ---: |
    | 2026-03-01 | 80 |
    """
    right = [*numbers, *[False] * (len(head) - len(numbers))]
    rule = ["---:" if one else "---" for one in right]
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, rule, *rows))


def laid_out(sql: str) -> str:
    """Return a query with each clause on a line; only white space changes.

    >>> print(laid_out('SELECT day, count(*) AS n FROM "a from b" AS t WHERE x IN (1, 2) LIMIT 3'))
    SELECT
      day,
      count(*) AS n
    FROM "a from b" AS t
    WHERE x IN (1, 2)
    LIMIT 3
    >>> print(laid_out("SELECT 1"))
    SELECT 1
    """
    if "\n" in sql or "--" in sql or "/*" in sql or len(sql) <= MOST:
        return sql
    pieces, depth, quote, at, begin = list[str](), 0, "", 0, 0
    upper = sql.upper() if len(sql.upper()) == len(sql) else sql
    listing = upper.startswith("SELECT ")
    while at < len(sql):
        char = sql[at]
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"`[":
            quote = "]" if char == "[" else char
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif depth == 0 and char == "," and listing:
            pieces.append("  " + sql[begin : at + 1].strip())
            begin = at + 1
        elif depth == 0 and char == " " and upper.startswith(_CLAUSES, at + 1):
            pieces.append(("  " if listing else "") + sql[begin:at].strip())
            listing, begin = False, at + 1
        at += 1
    pieces.append(sql[begin:].strip())
    if pieces[0].startswith("  SELECT "):
        pieces[0] = f"SELECT\n  {pieces[0][9:].lstrip()}"
    return "\n".join(pieces)


def _longest_run(text: str) -> int:
    return max((len(one) for one in re.findall("`+", text)), default=0)
