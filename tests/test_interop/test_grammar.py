"""Grammar: what tables of keys refuse, keep and suggest, in the words of each format."""

from __future__ import annotations

from typing import Any

import pytest

from statecharts.interop.documents import Document
from statecharts.interop.findings import Findings
from statecharts.interop.grammar import (
    BOOLEAN,
    COUNT,
    NAME,
    OBJECT,
    STRING,
    Kind,
    Table,
    Unknown,
    either,
    entries,
    list_of,
    object_of,
    one_of,
    take,
)
from statecharts.interop.syntax.located import JSON, TOML, YAML, Located, Words

PARAM = Table({"name": NAME, "expr": STRING}, ("name",), noun="a param")
KEYS: dict[str, Kind] = {
    "name": NAME,
    "doc": STRING,
    "final": BOOLEAN,
    "tries": COUNT,
    "history": one_of("shallow", "deep"),
    "on": OBJECT,
    "params": either(object_of(PARAM), list_of(object_of(PARAM))),
    "agents": either(NAME, list_of(NAME)),
}


def findings_of(held: dict[str, Any], words: Words = JSON, **table: Any) -> list[str]:
    """Return what is noted about an object."""
    findings = Findings(Document("a", ""), words)
    take(Located(held), Table(KEYS, **table), findings, "here")
    return [str(fault).removeprefix(f"[{fault.code}] a:1 here: ") for fault in findings.faults]


@pytest.mark.parametrize(
    ("held", "words", "found"),
    [
        ({"doc": 5}, JSON, "'doc' is 5; it takes a string. Quote it."),
        ({"doc": True}, YAML, "'doc' is true; it takes a string. Quote it."),
        ({"doc": None}, YAML, "'doc' is null; it takes a string. Write a string, or remove it."),
        ({"final": "x"}, JSON, "'final' is 'x'; it takes true or false. Write true or false, or"),
        ({"tries": True}, JSON, "'tries' is true; it takes a whole number of 0 or more. Write"),
        ({"on": []}, JSON, "'on' is an array; it takes an object. Write an object, or remove it."),
        ({"on": []}, YAML, "'on' is a list; it takes a mapping. Write a mapping, or remove it."),
        ({"on": []}, TOML, "'on' is an array; it takes a table. Write a table, or remove it."),
        ({"params": 1}, YAML, "'params' is 1; it takes a mapping or a list of mappings. Write"),
        ({"agents": [2]}, TOML, "'agents' is an array with 2; it takes a string that is not empty"),
        ({"history": "depe"}, JSON, "'history' is 'depe'; it takes 'shallow' or 'deep'. Did you"),
    ],
)
def test_values_of_another_kind_are_noted(held: dict[str, Any], words: Words, found: str) -> None:
    """The key, the value, the kind and a remedy, in the words of the format."""
    (message,) = findings_of(held, words)
    assert message.startswith(found)


def test_unknown_keys_are_refused_or_kept() -> None:
    """A table says whether runs depend on it; a misspelt key is one that is near a known one."""
    held = {"finall": True, "color": "red"}
    near = "the format has no key 'finall'"
    far = "the format has no key 'color'"
    kept = "; it is kept as documentation"
    known = f"It has {', '.join(KEYS)}."
    meant = "Did you mean 'final'?"
    assert findings_of(held) == [f"{near}. {meant}", f"{far}. {known}"]
    assert findings_of(held, unknown=Unknown.KEPT) == [
        f"{near}{kept}. {meant}",
        f"{far}{kept}. {known}",
    ]
    assert findings_of(held, unknown=Unknown.KEPT_UNLESS_NEAR) == [
        f"{near}. {meant}",
        f"{far}{kept}. {known}",
    ]


def test_needed_keys_are_missed() -> None:
    """A null is a value, unless the table says that it is as good as nothing."""
    missing = ["'doc' is missing. Add doc."]
    assert findings_of({}, needs=("doc",)) == missing
    assert findings_of({"doc": None}, needs=("doc",), nulls=True) == missing
    assert findings_of({"doc": None}, nulls=True) == []
    assert len(findings_of({"doc": None}, needs=("doc",))) == 1


def test_objects_inside_are_read_by_their_own_table() -> None:
    """Known and other keys stay in them, what is of another kind is left out."""
    findings = Findings(Document("a", ""))
    params = [Located({"name": "x", "expr": 1, "odd": 2}), Located({})]
    known, other = take(Located({"params": params}), Table(KEYS), findings, "here")
    assert known == {"params": [{"name": "x", "odd": 2}, {}]}
    assert other == {}
    assert [str(fault).partition("here: ")[2] for fault in findings.faults] == [
        "'expr' is 1; it takes a string. Quote it.",
        "a param has no key 'odd'. It has name, expr.",
        "'name' is missing. Add name.",
    ]


def test_what_is_good_is_returned_apart_from_what_else_there_is() -> None:
    """The lines of the keys stay known."""
    findings = Findings(Document("a", ""))
    held = Located({"name": "x", "color": "red", "doc": 3}, 4, {"name": 5})
    known, other = take(held, Table(KEYS, unknown=Unknown.KEPT), findings, "here")
    assert (known, other) == ({"name": "x"}, {"color": "red"})
    assert (known.line, known.at("name")) == (4, 5)


def test_entries_are_the_good_ones() -> None:
    """Names and kinds are checked, and each entry has its line."""
    findings = Findings(Document("a", ""), TOML)
    held = Located({"a": Located({}, 7), " ": Located(), "b": 1})
    assert list(entries(held, "agent", findings)) == [("a", {}, 7)]
    assert [str(fault) for fault in findings.faults] == [
        "[SC612] a:1 agent ' ': an agent has no name. Give it one.",
        "[SC612] a:1 agent 'b': this is 1; an agent is a table. Write a table.",
    ]
