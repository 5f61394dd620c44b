"""SCXML: what is refused, all at once, in the words that people read."""

from __future__ import annotations

from pathlib import Path

import pytest

from statecharts import DefinitionError
from statecharts.interop import scxml
from statecharts.interop.documents import DocumentError

SAMPLES = Path(__file__).parent / "samples" / "scxml"


def test_scxml_faults_are_told_all_at_once() -> None:
    """One error names every fault, with its code, line, element, and what to do about it."""
    with pytest.raises(DefinitionError) as caught:
        scxml.load(SAMPLES / "faulty.scxml")
    told = str(caught.value).replace(f"{SAMPLES}/", "")
    assert told.split("\n") == (SAMPLES / "faulty.txt").read_text().rstrip().split("\n")


def test_scxml_faults_of_structure_are_the_charts_own() -> None:
    """The faults of any chart are faults of a document as well, with lines."""
    text = (
        '<scxml name="x"><state id="a">\n<transition event="e" target="b c"/>\n</state>'
        '<state id="b"/><state id="c"/></scxml>'
    )
    told = "a on e goes to 'b' and 'c', which cannot be active together"
    with pytest.raises(DefinitionError, match=rf"\[SC101\] <text>:2 x: {told}"):
        scxml.loads(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '<scxml initial="opne"><state id="open"/></scxml>',
            (
                "[SC613] <text>:1 <scxml>: the initial state is 'opne', and there is "
                "no such state. "
                "Did you mean 'open'?"
            ),
        ),
        (
            '<scxml><state id="a" initial="a"><state id="b"/></state></scxml>',
            (
                "[SC612] <text>:1 <state id='a'>: the initial state is 'a', which it "
                "cannot begin in. "
                "Name a state inside <state id='a'> that is not a history."
            ),
        ),
        (
            (
                '<scxml><state id="a"><history id="h"><transition target="i"/></history>'
                '<history id="i"><transition target="b"/></history><state id="b"/></state></scxml>'
            ),
            (
                "[SC612] <text>:1 <history id='h'>: the default is 'i', which it cannot begin in. "
                "Name a state inside <state id='a'> that is not a history."
            ),
        ),
        (
            (
                '<scxml><state id="a"><state id="b"><transition event="e" target="a.b"/></state>'
                "</state>"
                "</scxml>"
            ),
            (
                "[SC613] <text>:1 <transition event='e'>: the target is 'a.b', and "
                "there is no such "
                "state. Did you mean 'b'?"
            ),
        ),
        (
            (
                '<scxml><state id="a"><transition xmlns:sc="urn:statecharts:scxml:1" event="e" '
                """sc:guard='{"in": "z"}'/></state></scxml>"""
            ),
            (
                "[SC612] <text>:1 <transition event='e'>: sc:guard cannot be read. "
                "Remove sc:guard; cond says the same."
            ),
        ),
        (
            (
                '<scxml><state id="a"><transition xmlns:sc="urn:statecharts:scxml:1" sc:after="t" '
                'event="t" target="a"/></state></scxml>'
            ),
            (
                "[SC612] <text>:1 <transition event='t'>: no <send> on entry starts the delayed "
                "transition 't'. Remove sc:after, or give a <send> in <onentry> a delay "
                "and the same sc:after."
            ),
        ),
    ],
)
def test_scxml_faults_name_the_element(text: str, told: str) -> None:
    """Each fault says what was found, and how to fix it."""
    with pytest.raises(DefinitionError) as caught:
        scxml.loads(text)
    assert told in str(caught.value).split("\n  ")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "",
            (
                "[SC603] <text>:1: this is not well-formed XML: no element found (column 1). "
                "Fix the syntax there."
            ),
        ),
        (
            "<scxml>\n<state></scxml>",
            (
                "[SC603] <text>:2: this is not well-formed XML: mismatched tag (column 10). "
                "Fix the syntax there."
            ),
        ),
        (
            "<scxml>&lol;</scxml>",
            (
                "[SC603] <text>:1: this is not well-formed XML: undefined entity (column 8). "
                "Fix the syntax there."
            ),
        ),
        (
            '<scxml a="1" a="2"/>',
            (
                "[SC603] <text>:1: this is not well-formed XML: duplicate attribute (column 14). "
                "Fix the syntax there."
            ),
        ),
        (
            "<html/>",
            (
                "[SC606] <text>:1: the outermost element is 'html', not <scxml>. Begin with "
                '<scxml xmlns="http://www.w3.org/2005/07/scxml">.'
            ),
        ),
        (
            '<scxml xmlns="urn:x"/>',
            (
                "[SC606] <text>:1: the outermost element is '{urn:x}scxml', not <scxml>. Begin "
                'with <scxml xmlns="http://www.w3.org/2005/07/scxml">.'
            ),
        ),
        (
            '<!DOCTYPE scxml SYSTEM "x.dtd">\n<scxml name="&x;"/>',
            (
                "[SC605] <text>:1: the document has a <!DOCTYPE>, which could declare entities. "
                "Remove the <!DOCTYPE …>; SCXML does not need it."
            ),
        ),
        (
            '<scxml>\n <i:include xmlns:i="http://www.w3.org/2001/XInclude" href="x"/></scxml>',
            (
                "[SC605] <text>:2 <include>: the document includes another one, which is never "
                "fetched. Copy its text here."
            ),
        ),
        (
            b"<scxml>\n\xff</scxml>",
            "[SC602] <text>:2: byte 8 is not UTF-8 text. Save the file as UTF-8.",
        ),
        (
            b'<?xml version="1.0" encoding="klingon"?><scxml/>',
            (
                "[SC602] <text>:1: the document declares the unknown encoding 'klingon'. "
                "Save the file as UTF-8, and declare it."
            ),
        ),
        (
            b'<?xml version="1.0" encoding="zlib"?><scxml/>',
            (
                "[SC602] <text>:1: the document declares the unknown encoding 'zlib'. "
                "Save the file as UTF-8, and declare it."
            ),
        ),
        (
            b'<?xml version="1.0" encoding="ascii"?><scxml name="\xff"/>',
            (
                "[SC602] <text>:1: byte 51 is not ascii, the encoding that the document declares. "
                "Save the file as UTF-8, and declare it."
            ),
        ),
        (
            '<scxml name="\ud800"/>',
            "[SC602] <text>:1: character 13 is half of a surrogate pair. Save the file as UTF-8.",
        ),
        (5, "[SC606] <text>: int was given, not a string. Pass a string, or load() a path."),
    ],
)
def test_scxml_documents_of_which_nothing_can_be_made(text: str, told: str) -> None:
    """A document that is not SCXML is refused with the place that shows it."""
    with pytest.raises(DocumentError) as caught:
        scxml.loads(text)
    assert str(caught.value) == told


def test_scxml_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A file that is not there is told by its path."""
    with pytest.raises(DocumentError, match=r"\[SC601\] .*/no.scxml: the file cannot be read"):
        scxml.load(tmp_path / "no.scxml")
