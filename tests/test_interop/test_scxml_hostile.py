"""SCXML: documents that mean no good, and documents that have been damaged."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from statecharts import StatechartError
from statecharts.interop import scxml
from tests.proof import cases
from tests.work import counted

SAMPLES = Path(__file__).parent / "samples" / "scxml"
N = 10_000
CALLS = 10_000_000
"""Calls of functions, at most: what is large takes half of them."""


def chart(*states: str) -> str:
    return f'<scxml name="x">{"".join(states)}</scxml>'


def each(state: str) -> str:
    """Return ten thousand states, each with its number, and that of the next, in place."""
    return chart(*(state.replace("#", str(i)).replace("@", str((i + 1) % N)) for i in range(N)))


def condition(text: str) -> str:
    return chart(f'<state id="a"><transition event="e" cond="{text}"/></state>')


def sends(attributes: str, inside: str = "") -> str:
    content = f'<send event="e" {attributes}>{inside}</send>'
    return chart(f'<state id="a"><onentry>{content}</onentry></state>')


MANY = "&l{0};" * 10
LAUGHS = "".join(f"<!ENTITY l{i} '{MANY.format(i - 1)}'>" for i in range(1, 10))
NINES = "9" * 100_000
BRACKETS = "[" * 100_000
NESTED = "['x'," * 500 + "]" * 500
REGIONS = "".join(f'<state id="r{i}"/>' for i in range(2_000))
TARGETS = " ".join(f"r{i}" for i in range(2_000))

HOSTILE: dict[str, tuple[Callable[[], str], str]] = {
    "10,000 states": (
        lambda: each('<state id="s#"><transition event="e" target="s@"/></state>'),
        "taken in",
    ),
    "10,000 states without ids": (lambda: each("<state/>"), "taken in"),
    "10,000 equal ids": (lambda: each('<state id="s"/>\n'), "SC614"),
    "10,000 unknown targets": (
        lambda: each('<state id="s#"><transition event="e" target="t#"/></state>'),
        "SC101",
    ),
    "10,000 unknown states in guards": (
        lambda: each("""<state id="s#"><transition event="e" cond="In('t#')"/></state>"""),
        "taken in",
    ),
    "10,000 unknown elements": (lambda: each('<state id="s#"><stat#/></state>'), "SC611"),
    "10,000 unknown attributes": (lambda: each('<state id="s#" x#="1"/>'), "taken in"),
    "1,000 states deep": (lambda: chart("<state>" * 1000, "</state>" * 1000), "SC604"),
    "200 states deep": (lambda: chart("<state>" * 200, "</state>" * 200), "SC604"),
    "100,000 elements open": (lambda: chart("<state>" * 100_000), "SC604"),
    "100 conditions deep": (
        lambda: chart(
            "<state><onentry>", '<if cond="x">' * 100, "</if>" * 100, "</onentry></state>"
        ),
        "SC604",
    ),
    "1,000,000 elements": (lambda: chart("<a/>" * 1_000_000), "SC604"),
    "2,000 attributes": (
        lambda: "<scxml " + " ".join(f"a{i}='1'" for i in range(2_000)) + "/>",
        "SC604",
    ),
    "a long document": (lambda: chart("x" * (33 * 2**20)), "SC604"),
    "a long text": (lambda: chart("<state/>", "x" * (20 * 2**20)), "SC612"),
    "a laughing document": (
        lambda: f'<!DOCTYPE scxml [<!ENTITY l0 "ha">{LAUGHS}]><scxml name="&l9;"/>',
        "SC605",
    ),
    "an outer entity": (
        lambda: '<!DOCTYPE scxml [<!ENTITY x SYSTEM "file:///etc/passwd">]><scxml name="&x;"/>',
        "SC605",
    ),
    "a long name": (lambda: chart(f"<state id='{'a' * 10**6}'/>"), "taken in"),
    "2,000 targets": (
        lambda: chart(
            f'<parallel id="p">{REGIONS}</parallel>',
            f'<state><transition event="e" target="{TARGETS}"/></state>',
        ),
        "SC612",
    ),
    "100,000 brackets": (lambda: condition("(" * 100_000), "taken in"),
    "100,000 brackets that close": (
        lambda: condition("(" * 50_000 + "a" + ")" * 50_000),
        "taken in",
    ),
    "5,000 brackets that close": (lambda: condition("(" * 4_000 + "a" + ")" * 4_000), "taken in"),
    "3,000 negations": (lambda: condition("!" * 3_000 + "a"), "taken in"),
    "100,000 conditions": (lambda: condition("a and " * 100_000 + "b"), "taken in"),
    "a long delay": (lambda: sends(f"delay='{NINES}s'"), "SC612"),
    "a longer delay than there is": (lambda: sends('delay="999999999999999s"'), "SC612"),
    "a deep constant": (
        lambda: sends("", f"<param name='p' expr='{BRACKETS}'/>"),
        "taken in",
    ),
    "a deep constant that closes": (
        lambda: sends("", f'<param name="p" expr="{NESTED}"/>'),
        "taken in",
    ),
    "a long number": (
        lambda: sends("", f"<param name='p' expr='{NINES}'/>"),
        "taken in",
    ),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", cases(HOSTILE, long=lambda name: ",000 " in name))
def test_scxml_hostile_documents_are_dealt_with(name: str) -> None:
    """Each is taken in, or refused with a code, for little work."""
    make, expected = HOSTILE[name]
    text = make()
    told, calls = counted(lambda: outcome(text))
    assert told == expected
    assert calls < CALLS


@pytest.mark.long
def test_scxml_hostile_documents_need_no_memory() -> None:
    """Large documents take less than 200 MB, the interpreter included."""
    program = (
        "from tests.test_interop.peaks import peak_kilobytes\n"
        "from tests.test_interop.test_scxml_hostile import HOSTILE, outcome\n"
        "for name in ('10,000 states', '10,000 unknown targets', '1,000,000 elements'):\n"
        "    outcome(HOSTILE[name][0]())\n"
        "print(peak_kilobytes() // 1024)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert int(run.stdout) < 200


@pytest.mark.parametrize("sample", ["kettle.scxml", "editor.scxml"])
def test_scxml_damaged_documents_are_dealt_with(sample: str) -> None:
    """A document that was cut off, or in which bytes were changed, gives a chart or an error."""
    whole = (SAMPLES / sample).read_bytes()
    chance = random.Random(1)
    for _ in range(150):
        broken = bytearray(whole[: chance.randrange(len(whole) * 2)])
        for _ in range(chance.randrange(4)):
            if broken:
                broken[chance.randrange(len(broken))] = chance.choice(b"<>&\"'/ =aZ\x00\xff")
        assert outcome(bytes(broken)).startswith(("taken in", "SC"))


def outcome(text: str | bytes) -> str:
    """Return the code that a document is refused with; ``taken in`` for one that is not."""
    try:
        scxml.loads(text)  # type: ignore[arg-type]
    except StatechartError as error:
        return error.code
    return "taken in"
