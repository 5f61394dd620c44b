"""Swarm: the lines of the tables and keys of a TOML document."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statecharts.interop.documents import Document, DocumentError
from statecharts.interop.syntax.located import Located
from statecharts.interop.syntax.toml import loads

AWKWARD = """\
# A comment, with [a.header] and 'a quote
top = 1
"q.x"."y" = \"\"\"
[not.a.table]
z = "1" \\\"\"\" ]
\"\"\"\"\" # two of the five closing marks belong to the text
[a.b]
c = { d = 1, e = [ { f = 1 },
    { g = 2, h = ["]", '}', \"\"\"=,\"\"\", '[['] } ] }
'[l]' = \'\'\' "
[x]
\'\'\'\'\'
[a]
k.l.m = 3
k . l . "n" = [1, [2, { z = 1 }],
[1.5],  # looks like a header, and is a list
[3, {y = [
]}]]
[[w]]
name = "x"
[w.s.A]
	[[w.s.A.h]]
event = 'a'
  [[ w . s . A . h ]]
  event = 'b'
[[w]]
"na\\u006de" = "y"
when = 1979-05-27T07:32:00.5Z
[w."s\\\\ \\"]"]
nothing = {}
none = [ ]
"""


def spots(value: Any, path: str = "") -> dict[str, int]:
    """Return the line of each key and of each table, by path."""
    found: dict[str, int] = {}
    if isinstance(value, Located):
        found[path or "."] = value.line
        for key, inner in value.items():
            found[f"{path}/{key}="] = value.at(key)
            found.update(spots(inner, f"{path}/{key}"))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            found.update(spots(inner, f"{path}/{i}"))
    return found


def test_places_are_found_among_all_that_toml_can_hold() -> None:
    """Strings, comments, inline tables and lists that look like something else fool nobody."""
    held = loads(Document.of(AWKWARD))
    assert held == tomllib.loads(AWKWARD)
    found = spots(held)
    lines = AWKWARD.split("\n")
    expected = {
        "/top=": "top",
        "/q.x/y=": '"q.x"',
        "/a/b/c=": "c = {",
        "/a/b/c/e/1/g=": "    { g",
        "/a/b/c/e/1": "    { g",
        "/a/b/[l]=": "'[l]'",
        "/a/k/l/m=": "k.l.m",
        "/a/k/l/n=": "k . l",
        "/a": "[a]",
        "/a/k/l/n/1/1": "k . l",
        "/a/k/l/n/3/1/y=": "[3, {y",
        "/w/0": "[[w]]",
        "/w/0/s/A": "[w.s.A]",
        "/w/0/s/A/h/0": "\t[[w",
        "/w/0/s/A/h/1": "  [[ w",
        "/w/0/s/A/h/1/event=": "  event",
        "/w/1/name=": '"na',
        "/w/1/when=": "when",
        '/w/1/s\\ "]/nothing=': "nothing",
        '/w/1/s\\ "]/none=': "none",
    }
    assert {path: lines[found[path] - 1][: len(start)] for path, start in expected.items()} == (
        expected
    )


KEYS = st.sampled_from(["a", "b-1", '"c d"', "'e.f'", '"\\u0067"'])
ENDS = st.sampled_from(["\n", "  # a [comment]\n", "\r\n", "\n\n\n", "\n# x = 1\n"])
VALUES = st.recursive(
    st.sampled_from(
        ["1", "1.5", "true", '"x"', "'y'", '""', '"""a\n[b]\nc = 1"""', "'''\n\n'''", "07:32:00"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]")
        | st.lists(inner, max_size=3).map(lambda items: "[\n  " + ",\n".join(items) + "\n]")
        | st.lists(inner, max_size=3).map(
            lambda items: "{" + ", ".join(f"k{i} = {v}" for i, v in enumerate(items)) + "}"
        )
    ),
    max_leaves=6,
)


@given(
    st.lists(
        st.tuples(st.booleans(), KEYS, ENDS, st.lists(st.tuples(KEYS, VALUES, ENDS), max_size=3)),
        max_size=4,
    )
)
def test_places_are_the_lines_that_were_written(blocks: Any) -> None:
    """Each header and each key is found on its line, whatever is between them."""
    text, expected = "", {}
    for number, (many, part, end, pairs) in enumerate(blocks):
        line = text.count("\n") + 1
        header = f"t{number}.{part}"
        text += f"[[{header}]]{end}" if many else f"[{header}]{end}"
        (name,) = tomllib.loads(f"{part} = 1")
        path = f"/t{number}/{name}" + ("/0" if many else "")
        expected[path] = line
        for i, (key, value, close) in enumerate(pairs):
            expected[f"{path}/k{i}/{next(iter(tomllib.loads(f'{key} = 1')))}="] = (
                text.count("\n") + 1
            )
            text += f"k{i}.{key} = {value}{close}"
    held = loads(Document.of(text))
    assert held == tomllib.loads(text)
    assert expected.items() <= spots(held).items()


@given(st.text(alphabet="[]{}=,.\"'#\n\\ a1", max_size=60))
def test_any_text_is_toml_or_is_refused(text: str) -> None:
    """Whatever the parser accepts is held as it is; anything else is an error of ours."""
    try:
        expected = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        with pytest.raises(DocumentError, match=r"^\[SC6"):
            loads(Document.of(text))
    else:
        assert loads(Document.of(text)) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[a]\nb = \n",
            "[SC603] <text>:2: this is not TOML: invalid value (column 5). Fix the syntax there.",
        ),
        (
            '[a]\nb = """\n\n',
            "[SC603] <text>:4: this is not TOML: unterminated string. Fix the syntax there.",
        ),
        (
            "[a]\n[b]\n[a]",
            (
                "[SC614] <text>:3: the document has this table or key already: "
                "Cannot declare ('a',) twice (column 3). Rename one of them, or remove it."
            ),
        ),
        (
            "a = 1\na = 2\n",
            (
                "[SC614] <text>:2: the document has this table or key already: "
                "Cannot overwrite a value (column 6). Rename one of them, or remove it."
            ),
        ),
        (
            "\n" + ".".join("a" * 17) + " = 1",
            ("[SC604] <text>:2: a key has more than 16 parts. Split it, or flatten it."),
        ),
        (
            "a = " + "[" * 17 + "]" * 17,
            (
                "[SC604] <text>:1: tables and arrays are nested more than 16 deep. "
                "Split it, or flatten it."
            ),
        ),
        (
            "= 1\n",
            (
                "[SC603] <text>:1: this is not TOML: invalid statement (column 1). "
                "Fix the syntax there."
            ),
        ),
        (
            '"a\\q" = 1',
            (
                "[SC603] <text>:1: this is not TOML: unescaped '\\' in a string (column 5). "
                "Fix the syntax there."
            ),
        ),
        (
            "a = 1 ]\n",
            (
                "[SC603] <text>:1: this is not TOML: expected newline or end of document after a "
                "statement (column 7). Fix the syntax there."
            ),
        ),
        (
            "#" * (4 * 2**20 + 1),
            (
                "[SC604] <text>: the document is longer than 4 MiB. "
                "Split it, or remove unrelated data."
            ),
        ),
    ],
)
def test_texts_that_are_not_toml_are_told_with_their_line(text: str, message: str) -> None:
    """The line and column of the parser are given, and what to do."""
    with pytest.raises(DocumentError) as caught:
        loads(Document.of(text))
    assert str(caught.value) == message


def test_numbers_too_long_to_be_read_are_told() -> None:
    """A number of more digits than Python turns into one is an error like others."""
    with pytest.raises(DocumentError, match=r"^\[SC604\] <text>: this cannot be .*digits"):
        loads(Document.of(f"a = {'1' * 5_000}"))


@pytest.mark.long
def test_documents_of_too_many_keys_are_told_before_they_are_parsed() -> None:
    """Each part of a dotted key counts; the line is that of the first key too many."""
    text = "".join(f"[a.b.c{i}]\n" for i in range(50_001))
    with pytest.raises(DocumentError, match=r"^\[SC604\] <text>:50001: .* more than 150,000 keys"):
        loads(Document.of(text))
