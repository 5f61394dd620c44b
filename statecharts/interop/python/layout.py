"""Layout: Python code on lines of a hundred columns, broken as `ruff format` breaks it.

A piece of code is flat text, or something in brackets that can be spread over several lines. What
fits on one line stays there; else what is between the outermost brackets goes on a line of its own;
else each part of it does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, TypeAlias, final

from attrs import frozen
from rich.cells import cell_len

WIDTH: Final = 100
"""How many columns a line may have."""

STEP: Final = 4
"""How many columns a block is set off by."""


@final
@frozen
class Quoted:
    """A string literal; a long one is written as several, one below the other."""

    value: str


@final
@frozen
class Brackets:
    """Something in brackets: a call, a tuple, a list, a dictionary.

    Attributes:
        opening: What stands before the first item, bracket included.
        items: What stands between the brackets.
        closing: The bracket that closes.
        comma: Whether a comma stands behind the last item even on one line, as in a tuple of one.
    """

    opening: str
    items: tuple[Piece, ...]
    closing: str = ")"
    comma: bool = False


@final
@frozen
class Labelled:
    """An item with its name before it: ``on=Go``, or ``"key": 3``."""

    label: str
    piece: Piece


@final
@frozen
class Chain:
    """Operands joined by one operator: ``A | B``, ``a(m) and b(m)``."""

    operator: str
    operands: tuple[Piece, ...]


@final
@frozen
class Grouped:
    """A chain in parentheses, inside another one."""

    chain: Chain


Piece: TypeAlias = str | Quoted | Brackets | Labelled | Chain | Grouped


def flat(piece: Piece) -> str:
    """Return a piece on one line.

    >>> flat(Brackets("go(", ("here", Labelled("when=", "dark"))))
    'go(here, when=dark)'
    """
    match piece:
        case Quoted(value):
            return quoted(value)
        case Brackets(opening, items, closing, comma):
            return f"{opening}{', '.join(map(flat, items))}{',' if comma else ''}{closing}"
        case Labelled(label, inner):
            return f"{label}{flat(inner)}"
        case Chain(operator, operands):
            return f" {operator} ".join(map(flat, operands))
        case Grouped(chain):
            return f"({flat(chain)})"
        case _:
            return piece


def fits(text: str, indent: int) -> bool:
    """Tell whether a text fits on a line that is set off by so many columns."""
    return indent + (len(text) if text.isascii() else cell_len(text)) <= WIDTH


def lay(piece: Piece, indent: int = 0, prefix: str = "", suffix: str = "") -> list[str]:
    """Return a piece as lines, with something before the first and behind the last.

    >>> print(*lay(Brackets("f(", ("x" * 50, "y" * 50))), sep="\\n")
    f(
        xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx,
        yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy,
    )
    """
    space = " " * indent
    line = f"{prefix}{flat(piece)}{suffix}"
    if fits(line, indent):
        return [space + line]
    match piece:
        case Labelled(label, inner):
            return lay(inner, indent, prefix + label, suffix)
        case Brackets(opening, items, closing, comma) if items:
            alone = opening.startswith("def ") and len(items) == 1  # there, it has a comma
            inner = ", ".join(map(flat, items)) + ("," if comma or alone else "")
            if fits(inner, indent + STEP):
                body = [" " * (indent + STEP) + inner]
            else:
                body = [text for item in items for text in lay(item, indent + STEP, "", ",")]
            return [f"{space}{prefix}{opening}", *body, f"{space}{closing}{suffix}"]
        case Chain(operator, (first, *others)):
            inner = flat(piece)
            if fits(inner, indent + STEP):
                body = [" " * (indent + STEP) + inner]
            else:
                body = lay(first, indent + STEP)
                for other in others:
                    body += lay(other, indent + STEP, f"{operator} ")
            return [f"{space}{prefix}(", *body, f"{space}){suffix}"]
        case Grouped(chain):
            return lay(chain, indent, prefix, suffix)
        case Quoted(value):
            parts = [" " * (indent + STEP) + quoted(part) for part in _chunks(value, indent)]
            return [f"{space}{prefix}(", *parts, f"{space}){suffix}"]
        case _:
            return [space + line]


def quoted(value: str) -> str:
    r"""Return a string literal, in the quotes that spare the most escapes.

    >>> print(quoted("it's"), quoted('say "hi"'), quoted("a\nb"))
    "it's" 'say "hi"' "a\nb"
    """
    mark = "'" if value.count('"') > value.count("'") else '"'
    return f"{mark}{''.join(_escaped(letter, mark) for letter in value)}{mark}"


def literal(value: Any) -> Piece:
    """Return a plain value as Python writes it.

    >>> flat(literal({"tries": 3, "who": ["ada", None], "late": True}))
    '{"tries": 3, "who": ["ada", None], "late": True}'
    """
    if isinstance(value, str):
        return Quoted(value)
    if isinstance(value, dict):
        pairs = value.items()
        items = tuple(Labelled(f"{flat(literal(key))}: ", literal(inner)) for key, inner in pairs)
        return Brackets("{", items, "}")
    if isinstance(value, list | tuple):
        brackets = ("(", ")") if isinstance(value, tuple) else ("[", "]")
        single = isinstance(value, tuple) and len(value) == 1
        return Brackets(brackets[0], tuple(map(literal, value)), brackets[1], single)
    if value is not None and not isinstance(value, bool | int | float):
        return Quoted(str(value))
    text = repr(value)
    return f'float("{text}")' if text in ("inf", "-inf", "nan") else text


def docstring(text: str, indent: int = 0) -> list[str]:
    """Return a docstring as lines: a sentence on the first, then the rest, long lines wrapped.

    >>> [line.strip('"') for line in docstring("a lamp")]
    ['A lamp.']
    """
    space, mark = " " * indent, '"""'
    head, rest = _summary(text.strip(), WIDTH - indent - 2 * len(mark))
    body: list[str] = []
    for line in rest.splitlines():
        body += list(_wrapped(line.rstrip(), WIDTH - indent)) or [""]
    lines = [head, *body]
    raw = any("\\" in line for line in lines) and all(
        _escaped_doc(line) == line.replace("\\", "\\\\") for line in lines
    )
    if not raw:
        lines = list(map(_escaped_doc, lines))
    first = f"{space}{'r' if raw else ''}{mark}{lines[0]}"
    if not body:
        return [first + mark]
    shown = [f"{space}{line}" if line else "" for line in lines[1:]]
    return [first, "", *shown, f"{space}{mark}"]


def comment(text: str, indent: int = 0, mark: str = "") -> Iterator[str]:
    """Yield a text as lines of comment.

    Args:
        text: The text.
        indent: How far in it stands.
        mark: What lines begin with that go on from the one before.

    >>> list(comment("It may wait.", 4))
    ['    # It may wait.']
    """
    for paragraph in text.splitlines():
        lines = _wrapped(paragraph.strip(), WIDTH - indent - 2 - len(mark))
        for number, line in enumerate(lines):
            yield f"{' ' * indent}# {mark if number else ''}{line}"


def _escaped(letter: str, mark: str) -> str:
    if letter in (mark, "\\"):
        return f"\\{letter}"
    return letter if letter.isprintable() else repr(letter)[1:-1]


def _escaped_doc(line: str) -> str:
    text = line.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return "".join(c if c.isprintable() or c == " " else repr(c)[1:-1] for c in text)


def _chunks(value: str, indent: int) -> Iterator[str]:
    """Cut a long text at its line ends and spaces, into parts that fit on lines."""
    room = max(WIDTH - indent - STEP - 2, 20)
    part = ""
    for word in re.findall(r"[^\s]*\s|[^\s]+", value):
        if part and (len(quoted(part + word)) > room + 2 or part.endswith("\n")):
            yield part
            part = ""
        part += word
        while len(quoted(part)) > room + 2:
            cut = room
            while len(quoted(part[:cut])) > room + 2:  # escapes take more than one column
                cut = cut * 3 // 4
            yield part[:cut]
            part = part[cut:]
    if part:
        yield part


def _summary(text: str, room: int) -> tuple[str, str]:
    """Split a text into a sentence that fits on a line, and what is left.

    The sentence begins with a capital and ends with a full stop, as docstrings do.
    """
    line, _, rest = text.partition("\n")
    line, rest = line.strip(), rest.strip("\n")
    word = line.partition(" ")[0].rstrip(".,:;")
    if word.isalpha() and word.islower():
        line = line[0].upper() + line[1:]
    line = line if line.endswith((".", "?", "!")) else f"{line}."
    if len(line) <= room:
        return line, rest
    end = max(line.rfind(mark, 0, room) for mark in (". ", "? ", "! ")) + 1
    if end > 1:
        return line[:end], f"{line[end + 1 :]}\n{rest}".strip("\n")
    cut = line.rfind(" ", 0, room - 3)
    cut = cut if cut > 0 else room - 4
    return f"{line[:cut]} ...", f"... {line[cut:].strip()}\n{rest}".strip("\n")


def _wrapped(text: str, width: int) -> Iterator[str]:
    words, line = text.split(" "), ""
    for word in words:
        if line.strip() and cell_len(f"{line} {word}") > width:
            yield line.rstrip()
            line = word
        else:
            line = f"{line} {word}" if line else word
    if line.strip():
        yield line.rstrip()
