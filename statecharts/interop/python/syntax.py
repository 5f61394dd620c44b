"""Syntax: the names, literals, docstrings and imports of a written module, and its formatting."""

from __future__ import annotations

import builtins
import keyword
import os
import re
import shutil
import subprocess
import sys
import textwrap
import unicodedata
from collections.abc import Container, Iterable, Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, final

from statecharts.declare.members import VERBS
from statecharts.interop.drafts import free
from statecharts.model.events import snake_case

WIDTH: Final = 100  # how many columns a line has
STEP: Final = 4  # how many columns a block is indented by

_MODULES: Final = {
    "attrs": ("frozen",),
    "collections.abc": ("Iterable", "Iterator"),
    "datetime": ("datetime", "timedelta"),
    "statecharts": (
        *("Answer", "CallFailed", "Compound", "Effect", "History", "Moment", "NamedEvent"),
        *("Parallel", "Raise", "Send", "Service", "State", "Statechart"),
    ),
    "statecharts.model.effects": ("CancelSend",),
    "statecharts.model.named": ("effects_of",),
    "typing": ("Any", "TypeAlias"),
}
IMPORTED: Final = {name: module for module, names in _MODULES.items() for name in names}
"""The names that any written module may import, with their modules."""

_TAKEN: Final = frozenset({*keyword.kwlist, *dir(builtins), *IMPORTED, "annotations", "m"})
_LONGEST: Final = 48
_INLINE: Final = re.compile(
    r"inline:(?P<state>[^#]+)#(?:(?P<hook>entry|exit|actor)|(?P<line>.+?)\[-?\d+\]#(?P<part>\w+))"
    r"(?:\[\d+\])?"
)
_GAPS: Final = re.compile(r"[\W_]+")
_LINES: Final = {
    r"always": "always",
    r"(?:done\.|xstate\.done).*": "done",
    r"(?:error\.|xstate\.error).*": "error",
    r"xstate\.after\(([^)]*)\).*": r"after \1",
}


def words(text: str) -> list[str]:
    """Return the words of a name, in small letters.

    >>> words("SUBMIT_FORM"), words("in-progress"), words("isValid(2)")
    (['submit', 'form'], ['in', 'progress'], ['is', 'valid', '2'])
    """
    if text.isascii() and text.islower() and text.isidentifier():  # as nearly all are
        return [word for word in text.split("_") if word]
    plain = unicodedata.normalize("NFKC", text)
    return [word for word in _GAPS.split(snake_case(plain)) if word]


def legible(name: str) -> str:
    """Return a name for a function that Stately's tools have named after its place.

    >>> legible("inline:tap.open.full#entry[0]"), legible("inline:tap.open#PULSE[-1]#guard")
    ('enter full', 'may open on PULSE')
    """
    found = _INLINE.fullmatch(name)
    if found is None:
        return name
    state = found["state"].rpartition(".")[2]
    if found["hook"]:
        verb = {"entry": "enter", "exit": "leave", "actor": "run"}[found["hook"]]
        return f"{verb} {state}"
    line = f"on {found['line']}"
    for pattern, shown in _LINES.items():
        match = re.fullmatch(pattern, found["line"])
        if match:
            line = match.expand(shown)
            break
    return f"{'may ' if found['part'] == 'guard' else ''}{state} {line}"


def class_name(text: str, otherwise: str) -> str:
    """Return a name in the style of classes.

    >>> class_name("submit_form", "Event"), class_name("2nd try", "Event")
    ('SubmitForm', 'Event2ndTry')
    """
    name = "".join(word[:1].upper() + word[1:] for word in words(text))[:_LONGEST]
    return name if name.isidentifier() else f"{otherwise}{name}"


def function_name(text: str, otherwise: str) -> str:
    """Return a name in the style of functions and fields.

    >>> function_name("isValid", "guard"), function_name("2 > 1", "guard")
    ('is_valid', 'guard_2_1')
    """
    name = ""
    for word in words(text):
        if name and len(name) + len(word) > _LONGEST:
            break
        name = f"{name}_{word}" if name else word[:_LONGEST]
    if not name.isidentifier():
        name = f"{otherwise}_{name}".rstrip("_")
    return f"{name}_" if keyword.iskeyword(name) else name


def attribute_name(name: str, taken: Container[str], *, outermost: bool) -> str:
    """Return the name of a state in a class body: its own where Python allows it.

    ``taken`` are the names of its siblings; the body of the chart is the ``outermost`` one.

    >>> [attribute_name(name, (), outermost=True) for name in ("inProgress", "in-2", "after")]
    ['inProgress', 'in_2', 'after_']
    """
    found = unicodedata.normalize("NFKC", name)
    if not found.isidentifier() or found.startswith("__"):
        found = "_".join(words(name)) or "state"
        found = found if found.isidentifier() else f"state_{found}"
    reserved = {*VERBS, *keyword.kwlist, *IMPORTED, *(("chart",) if outermost else ())}
    return free(f"{found}_" if found in reserved else found, taken)


@final
class Names:
    """The names of one module, each given once.

    The names of states, its ``attributes``, hide outer names inside a class body.
    """

    def __init__(self, attributes: Iterable[str]) -> None:
        self._taken = {*_TAKEN, *attributes}
        self._numbers: dict[str, int] = {}

    def take(self, wanted: str, instead: str = "") -> str:
        """Take a name: the wanted one, else the other, else one with a number."""
        name = wanted if wanted not in self._taken or not instead else instead
        name = free(name, self._taken, self._numbers)
        self._taken.add(name)
        return name


def is_importable(thing: Any) -> bool:
    """Tell whether a class or a function can be imported from its module.

    >>> import fractions
    >>> is_importable(fractions.Fraction), is_importable(lambda m: m)
    (True, False)
    """
    module = getattr(thing, "__module__", None)
    path = getattr(thing, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(path, str) or module == "__main__":
        return False
    found: Any = sys.modules.get(module)
    for part in path.split("."):
        found = getattr(found, part, None)
    return found is thing


@final
class Imports:
    """The imports of one module."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._modules: dict[str, dict[str, str]] = {}

    def need(self, name: str) -> str:
        """Import one of the names that any module may import; return it."""
        self._modules.setdefault(IMPORTED[name], {})[name] = name
        return name

    def reference(self, thing: Any) -> str:
        """Import a class or a function; return its name here."""
        home = IMPORTED.get(thing.__name__, "-")
        if home.partition(".")[0] == thing.__module__.partition(".")[0]:
            return self.need(thing.__name__)
        outer, dot, inner = thing.__qualname__.partition(".")
        known = self._modules.setdefault(thing.__module__, {})
        if outer not in known:
            known[outer] = self._names.take(outer)
        return f"{known[outer]}{dot}{inner}"

    def lines(self) -> list[str]:
        """Return the import statements, sorted as isort sorts them."""
        groups: dict[int, list[str]] = {}
        for module in sorted(self._modules):
            pairs = sorted(self._modules[module].items(), key=lambda pair: _order(pair[0]))
            items = [name if name == here else f"{name} as {here}" for name, here in pairs]
            top = module.partition(".")[0]
            section = 0 if top in sys.stdlib_module_names else 1 if top == "attrs" else 2
            line = f"from {module} import {', '.join(items)}"
            groups.setdefault(section, []).append(line)
        found = ["from __future__ import annotations"]
        for _, lines in sorted(groups.items()):
            found += ["", *lines]
        return found


def _order(name: str) -> tuple[int, str]:
    """Rank a name as isort does: constants, classes, the rest."""
    constant = name.isupper() and len(name) > 1
    return (0 if constant else 1 if name[:1].isupper() else 2, name)


_PART: Final = 60
_UNITS: Final = ("days", "hours", "minutes", "seconds", "milliseconds", "microseconds")


def quoted(value: str) -> str:
    r"""Return a string literal on one line, in double quotes where that needs no escapes.

    >>> print(quoted("it's"), quoted('say "hi"'), quoted("a\nb"))
    "it's" 'say "hi"' "a\nb"
    """
    text = repr(value)
    return text if '"' in text else f'"{text[1:-1]}"'


def literal(value: Any) -> str:
    """Return a plain value as Python writes it; a long string in parts that fit on lines.

    >>> literal({"tries": 3, "who": ["ada", None], "late": True})
    '{"tries": 3, "who": ["ada", None], "late": True}'
    """
    match value:
        case str() if len(value) > _PART:
            parts = re.findall(rf"(?s)[^\n]{{1,{_PART - 1}}}(?:\s|$)|.{{1,{_PART}}}", value)
            return f"({' '.join(map(quoted, parts))})"
        case str():
            return quoted(value)
        case dict():
            pairs = (f"{quoted(str(key))}: {literal(inner)}" for key, inner in value.items())
            return f"{{{', '.join(pairs)}}}"
        case list():
            return f"[{', '.join(map(literal, value))}]"
        case tuple():
            return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
        case None | bool() | int() | float():
            text = repr(value)
            return f'float("{text}")' if text in ("inf", "-inf", "nan") else text
        case _:
            return literal(str(value))


def span(duration: timedelta) -> str:
    """Return a duration as code, in the largest unit of which it is a whole number.

    >>> span(timedelta(minutes=90)), span(timedelta(milliseconds=1500))
    ('timedelta(minutes=90)', 'timedelta(milliseconds=1500)')
    """
    if not duration:
        return "timedelta(0)"
    unit = next(name for name in _UNITS if not duration % timedelta(**{name: 1}))
    return f"timedelta({unit}={duration // timedelta(**{unit: 1})})"


def docstring(text: str, indent: int = 0) -> list[str]:
    """Return a docstring as lines: a sentence on the first, then the rest, long lines wrapped.

    >>> [line.strip('"') for line in docstring("a lamp")]
    ['A lamp.']
    """
    space, mark = " " * indent, '"""'
    text = text.strip().encode("utf-8", "backslashreplace").decode()  # Python encodes it
    head, rest = _summary(text, WIDTH - indent - 2 * len(mark))
    lines = [head]
    for line in rest.splitlines():
        lines += _filled(line.rstrip(), WIDTH - indent) or [""]
    slashes = any("\\" in line for line in lines)
    raw = slashes and all(_escaped(line) == line.replace("\\", "\\\\") for line in lines)
    if not raw:
        lines = list(map(_escaped, lines))
    first = f"{space}{'r' if raw else ''}{mark}{lines[0]}"
    if len(lines) == 1:
        return [first + mark]
    shown = [f"{space}{line}" if line else "" for line in lines[1:]]
    return [first, "", *shown, f"{space}{mark}"]


def comment(text: str, indent: int = 0, mark: str = "") -> Iterator[str]:
    """Yield a text as lines of comment; ``mark`` begins lines that go on from the one before.

    >>> list(comment("It may wait.", 4))
    ['    # It may wait.']
    """
    for paragraph in text.splitlines():
        lines = _filled(paragraph.strip(), WIDTH - indent - 2 - len(mark))
        for number, line in enumerate(lines):
            yield f"{' ' * indent}# {mark if number else ''}{_printable(line)}"


def _escaped(line: str) -> str:
    return _printable(line.replace("\\", "\\\\").replace('"""', '\\"\\"\\"'))


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() or c == " " else repr(c)[1:-1] for c in text)


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
    cut = end or max(line.rfind(" ", 0, room - 3), 0) or room - 4
    dots = "" if end else "..."
    first, more = f"{line[:cut]} {dots}".rstrip(), f"{dots} {line[cut:].strip()}".lstrip()
    return first, f"{more}\n{rest}".strip("\n")


def _filled(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


_TOKEN: Final = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[(\[{]|[)\]}]|,""")


def formatted(code: str) -> str:
    """Return the code of a module, formatted by ruff where that is installed.

    Elsewhere, calls and literals that are too long for a line get a line for each item.
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    ruff = shutil.which("ruff", path=path)
    if ruff is not None:
        done = subprocess.run(  # noqa: S603 - a formatter, on code that we wrote
            [ruff, "format", "--isolated", f"--line-length={WIDTH}", "-"],
            input=code.encode("utf-8", "surrogatepass"),
            capture_output=True,
            check=False,
        )
        if done.returncode == 0:
            return done.stdout.decode()
    lines: list[str] = []
    quoting = False
    for line in code.split("\n"):
        begins = line.lstrip().startswith(('"""', 'r"""'))
        lines += [line] if quoting or begins or line.lstrip().startswith("#") else spread(line)
        quoting = not line.endswith('"""') if quoting else begins and line.count('"""') == 1
    return "\n".join(lines)


def spread(line: str) -> list[str]:
    """Return a line of code; the items of its outermost brackets on their own when it is long.

    >>> spread("f(" + "x" * 50 + ", " + "y" * 50 + ")")[::3]
    ['f(', ')']
    """
    if len(line) <= WIDTH:
        return [line]
    space = " " * (len(line) - len(line.lstrip()))
    depth, cuts = 0, list[int]()
    for token in _TOKEN.finditer(line):
        mark = token[0]
        depth += (mark in "([{") - (mark in ")]}")
        if (mark in "([{" and depth == 1) or (mark == "," and depth == 1):
            cuts.append(token.end())
        elif mark in ")]}" and depth == 0:
            cuts.append(token.start())
            break
    if depth or len(cuts) < 2:  # noqa: PLR2004 - an opening and a closing bracket
        return [line]
    items = [line[a:b].strip().rstrip(",") for a, b in pairwise(cuts)]
    # A comma behind the only item of a group in parentheses would make a tuple of it.
    before = line[: cuts[0] - 1]
    called = before[-1:].isidentifier() and line[cuts[0] - 1] == "("
    comma = "," if len(items) > 1 or called else ""
    inner = [text for item in items if item for text in spread(f"{space}    {item}{comma}")]
    return [line[: cuts[0]], *inner, f"{space}{line[cuts[-1] :]}"]
