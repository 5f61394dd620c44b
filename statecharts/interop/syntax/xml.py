"""XML: a document as a tree of elements with their lines, read within limits.

Entities and inclusions of other documents are refused before anything is read.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Final, final
from xml.parsers import expat

from attrs import define, field

from statecharts.interop import limits
from statecharts.interop.documents import Document

# Namespaces: SCXML's, ours, that of ``xml:lang``, and that of inclusions, which are refused.
SCXML: Final = "http://www.w3.org/2005/07/scxml"
OURS: Final = "urn:statecharts:scxml:1"
XML: Final = "http://www.w3.org/XML/1998/namespace"
INCLUDE: Final = "http://www.w3.org/2001/XInclude"

_SHOWN: Final = 60
_PIECE: Final = 2**16
_DECLARED: Final = re.compile(r"""^\s*<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z][\w.-]*)["']""")
_ENTITY: Final = re.compile(rb"&(?!(?:amp|lt|gt|apos|quot|#\w+);)")
_DOC: Final = (OURS, "doc")
_ENCODINGS: Final = ("utf", "ascii", "iso8859", "cp", "koi8", "gb", "big5", "shift_jis", "euc_")


@final
@define(eq=False)
class Element:
    """One element.

    The name of an attribute in a namespace is ``{namespace}name``. The content is in document
    order, without texts that are blank; an empty namespace is that of a document without one.
    """

    tag: str
    space: str = SCXML
    attributes: dict[str, str] = field(factory=dict)
    line: int | None = None
    content: list[Element | str] = field(factory=list)

    @property
    def native(self) -> bool:
        """Whether it is one of SCXML's own: of its namespace, or of none."""
        return self.space in (SCXML, "")

    @property
    def children(self) -> Iterator[Element]:
        """The elements inside it."""
        return (part for part in self.content if isinstance(part, Element))

    @property
    def text(self) -> str:
        """The text directly inside it, without white space around it."""
        return "".join(part for part in self.content if isinstance(part, str)).strip()

    @property
    def key(self) -> str:
        """Its tag, with ``sc:`` before one of our namespace."""
        return f"sc:{self.tag}" if self.space == OURS else self.tag

    @property
    def label(self) -> str:
        """Its name in messages: its tag, with the attribute that identifies it."""
        for name in ("id", "event", "name", "sendid", "target", "label"):
            if name in self.attributes:
                value = self.attributes[name]
                shown = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
                return f"<{self.key} {name}={shown!r}>"
        return f"<{self.key}>"

    def own(self, name: str) -> str | None:
        """Return an attribute of our own namespace."""
        return self.attributes.get(f"{{{OURS}}}{name}")

    def add(self, part: Element) -> Element:
        """Append an element to the contents of this one."""
        self.content.append(part)
        return part


def read(document: Document) -> Element:
    """Return the root element of a document.

    Raises:
        DocumentError: It is not well-formed XML in its encoding, is too large or too deep, has a
            document type, or includes other documents.
    """
    data = _encoded(document)
    builder = _Builder(document, data)
    try:
        for begin in range(0, len(data), _PIECE):
            builder.parser.Parse(data[begin : begin + _PIECE])
        builder.parser.Parse(b"", True)  # noqa: FBT003 - expat takes no keywords
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        found = f"this is not well-formed XML: {reason} (column {error.offset + 1})"
        raise document.error("SC603", found, "Fix the syntax there", error.lineno) from None
    return builder.root


@final
class _Builder:
    def __init__(self, document: Document, data: bytes) -> None:
        self.document, self.data = document, data
        self.root: Element
        self.open: list[Element] = []
        self.count = 0
        self.pieces: list[str] = []
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.pieces.append

    def doctype(self, *said: object) -> None:
        """Refuse a document type that declares anything, or whose entities may be used."""
        if said[-1] or _ENTITY.search(self.data):
            found = "the document has a <!DOCTYPE>, which could declare entities"
            remedy = "Remove the <!DOCTYPE …>; SCXML does not need it"
            raise self.document.error("SC605", found, remedy, self.parser.CurrentLineNumber)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Open an element."""
        if self.open:
            self._flush()
        line = self.parser.CurrentLineNumber
        space, _, tag = name.rpartition(" ")
        if space == INCLUDE:
            found = "the document includes another one, which is never fetched"
            raise self.document.error("SC605", found, "Copy its text here", line, f"<{tag}>")
        self.count += 1
        if len(self.open) >= limits.ELEMENTS_DEEP:
            found = f"elements are nested more than {limits.ELEMENTS_DEEP} deep"
            raise self.document.error("SC604", found, "Flatten the chart", line)
        if self.count > limits.ELEMENTS:
            found = f"the document has more than {limits.ELEMENTS:,} elements"
            raise self.document.error("SC604", found, "Split it, or remove unrelated data")
        if len(attributes) > limits.ATTRIBUTES:
            found = f"the element has more than {limits.ATTRIBUTES:,} attributes"
            raise self.document.error("SC604", found, "Remove unrelated data", line, f"<{tag}>")
        said = {re.sub("^(.+) ", r"{\1}", name): value for name, value in attributes.items()}
        element = Element(tag, space, said, line)
        if self.open:
            self.open[-1].add(element)
        else:
            self.root = element
        self.open.append(element)

    def end(self, _: str) -> None:
        """Close the innermost element."""
        self._flush()
        self.open.pop()

    def _flush(self) -> None:
        if self.pieces:
            text = "".join(self.pieces)
            self.pieces.clear()
            element = self.open[-1]
            if text.strip() or (element.space, element.tag) == _DOC:
                element.content.append(text)


def _encoded(document: Document) -> bytes:
    """Return the text in UTF-8, read in the encoding that its mark or declaration names."""
    text = _decoded(document).removeprefix("\ufeff")
    if text[:1].isspace() and text.lstrip().startswith("<?xml"):
        # A string in a program often begins with a line break; the declaration has been used.
        text = re.sub(r"<\?xml\s[^>]*\?>", "", text, count=1)
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        found = f"character {error.start} is half of a surrogate pair"
        raise document.error("SC602", found, "Save the file as UTF-8", line) from None


def _decoded(document: Document) -> str:
    content = document.content
    if isinstance(content, str):
        return content
    if content[:4] == "<?".encode("utf-16-le"):
        content = codecs.BOM_UTF16_LE + content
    elif content[:4] == "<?".encode("utf-16-be"):
        content = codecs.BOM_UTF16_BE + content
    declared = _DECLARED.match(content[:400].decode("latin-1"))
    if declared is None or declared[1].lower() in ("utf-8", "utf8"):
        return Document(document.name, content).text
    try:
        codec = codecs.lookup(declared[1])
        if not codec.name.replace("-", "_").startswith(_ENCODINGS):
            raise LookupError
        return content.decode(codec.name)
    except LookupError:
        found = f"the document declares the unknown encoding {declared[1]!r}"
    except UnicodeDecodeError as error:
        found = f"byte {error.start} is not {declared[1]}, the encoding that the document declares"
    raise document.error("SC602", found, "Save the file as UTF-8, and declare it", 1)
