"""Documents: the text of a chart, with a name for messages; read whole, within limits."""

from __future__ import annotations

import codecs
from os import PathLike
from pathlib import Path
from typing import Any, Final, final

from attrs import field, frozen

from statecharts.interop import limits
from statecharts.model.errors import StatechartError

TEXT: Final = "<text>"  # the name of a document that did not come from a file

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class DocumentError(StatechartError):
    """A document that cannot be read (SC601 to SC607).

    ``where`` gives file, line and element, as far as they are known.
    """


@final
@frozen
class Document:
    """The text of a chart: a string, or the bytes of a file, by its path or ``<text>``."""

    name: str
    content: bytes | str = field(repr=False)

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Document:
        """Read a file.

        Raises:
            DocumentError: It cannot be opened, or is too long.
        """
        name = str(path)
        try:
            with Path(path).open("rb") as file:
                content = file.read(limits.BYTES + 1)
        except OSError as error:
            found = f"the file cannot be read: {(error.strerror or str(error)).lower()}"
            raise DocumentError("SC601", name, found, "Name a readable file") from None
        return cls.of(content, name)

    @classmethod
    def of(cls, content: Any, name: str = TEXT) -> Document:
        """Take a string, or the bytes of a file.

        Raises:
            DocumentError: It is too long, or neither string nor bytes.
        """
        if not isinstance(content, str | bytes):
            found = f"{type(content).__name__} was given, not a string"
            raise DocumentError("SC606", name, found, "Pass a string, or load() a path")
        if len(content) > limits.BYTES:
            found = f"the document is longer than {limits.BYTES // 2**20} MiB"
            raise DocumentError("SC604", name, found, "Split it, or remove unrelated data")
        return cls(name, content)

    @property
    def text(self) -> str:
        """The text, in the encoding of its byte order mark, else UTF-8.

        Raises:
            DocumentError: The bytes are not text in that encoding.
        """
        if isinstance(self.content, str):
            return self.content
        encoding = next((e for mark, e in _MARKS if self.content.startswith(mark)), "utf-8")
        try:
            return self.content.decode(encoding)
        except UnicodeDecodeError as error:
            line = self.content.count(b"\n", 0, error.start) + 1
            found = f"byte {error.start} is not {encoding.removesuffix('-sig').upper()} text"
            raise self.error("SC602", found, "Save the file as UTF-8", line) from None

    def place(self, line: int | None = None, element: str = "") -> str:
        """Return the place of something, for messages.

        >>> Document("a.scxml", "").place(3, "<state id='b'>")
        "a.scxml:3 <state id='b'>"
        """
        at = self.location(line) or self.name
        return f"{at} {element}".rstrip()

    def location(self, line: int | None) -> str | None:
        """Return ``file:line``; None where the line is not known."""
        return None if line is None else f"{self.name}:{line}"

    def error(
        self, code: str, found: str, remedy: str, line: int | None = None, element: str = ""
    ) -> DocumentError:
        """Return the error of a document that cannot be read."""
        return DocumentError(code, self.place(line, element), found, remedy)


def line_of(location: str | None) -> int | None:
    """Return the line of a location; None where it has none.

    >>> line_of("a.scxml:3"), line_of("a.scxml")
    (3, None)
    """
    line = (location or "").rpartition(":")[2]
    return int(line) if line.isdigit() else None
