"""Identifiers: the names of plans, nodes, runs, facts and artifacts, each with its rule.

They are texts that have been checked, so that they can be keys of JSON, parts of paths and of
pictures. A text that breaks its rule is refused when it is made (SC851).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from typing import ClassVar, Final, Self

from statecharts.model.arguments import shown
from statecharts.model.errors import StatechartError

_PART: Final = r"[a-z][a-z0-9_]{0,62}"
_KEY: Final = r"[a-z][a-z0-9_]*([.:/#-][a-z0-9_]+)*"


class PlanError(StatechartError):
    """A plan, or the run of one, cannot do what was asked; nothing has changed."""


class Identifier(str):
    """A text that keeps a rule.

    Raises:
        PlanError: It breaks the rule (SC851).
    """

    __slots__ = ()

    noun: ClassVar[str] = "identifier"
    rule: ClassVar[re.Pattern[str]]
    shape: ClassVar[str]
    most: ClassVar[int] = 255

    def __new__(cls, text: str) -> Self:
        """Check a text."""
        given: object = text
        if type(given) is cls:
            return given
        if not isinstance(given, str) or len(given) > cls.most or not cls.rule.fullmatch(given):
            shown = repr(given) if len(repr(given)) <= cls.most + 2 else f"{given!r:.40}…"
            found = f"{shown} is not {cls.noun}"
            raise PlanError("SC851", cls.noun.partition(" ")[2], found, f"Write it as {cls.shape}")
        return super().__new__(cls, given)


_ONE: Final = "a small letter, then small letters, digits and _, 63 characters at most"


class OperationId(Identifier):
    """The name of a plan, such as ``portfolio_snapshot``.

    >>> OperationId("Portfolio")
    Traceback (most recent call last):
    machines.plan.identifiers.PlanError: [SC851] operation: 'Portfolio' is not an operation
    """

    __slots__ = ()
    noun = "an operation"
    rule = re.compile(_PART)
    shape = _ONE


class OperationPath(Identifier):
    """A step of a plan: ``machine.step``."""

    __slots__ = ()
    noun = "an operation path"
    rule = re.compile(rf"{_PART}\.{_PART}")
    shape = f"machine.step, each of them {_ONE}"


class NodeId(Identifier):
    """A node of a plan: ``machine.step.node``.

    >>> NodeId("portfolio.fetch.read_eth").path
    'portfolio.fetch'
    """

    __slots__ = ()
    noun = "a node"
    rule = re.compile(rf"{_PART}\.{_PART}\.{_PART}")
    shape = f"machine.step.node, each of them {_ONE}"

    @property
    def path(self) -> OperationPath:
        """The step that it belongs to."""
        return OperationPath(self.rpartition(".")[0])


class RunId(Identifier):
    """A run: a UUID, which may be random."""

    __slots__ = ()
    noun = "a run"
    rule = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
    shape = "a UUID in small letters, such as 'statecharts plan run' prints"

    @classmethod
    def new(cls) -> Self:
        """Return a random one."""
        return cls(str(uuid.uuid4()))

    def child(self, name: str) -> RunId:
        """Return the run that a node of this run starts under a name; always the same one."""
        return RunId(str(uuid.uuid5(uuid.UUID(self), name)))


class ArtifactId(Identifier):
    """An artifact: the SHA-256 of its canonical JSON."""

    __slots__ = ()
    noun = "an artifact"
    rule = re.compile(r"[0-9a-f]{64}")
    shape = "64 hexadecimal digits in small letters"


class FactKey(Identifier):
    """The key of a fact, such as ``prices/eth`` or ``http:orders.2026-03-02``."""

    __slots__ = ()
    noun = "a fact key"
    rule = re.compile(_KEY)
    shape = "words of small letters, digits and _ with . : / # - between them, a letter first"


class ContextKey(Identifier):
    """The key of a value in the context, such as ``totals.eur``."""

    __slots__ = ()
    noun = "a context key"
    rule = re.compile(_KEY)
    shape = "words of small letters, digits and _ with . : / # - between them, a letter first"


class ErrorCode(Identifier):
    """The code of an error, such as ``rate_limited``."""

    __slots__ = ()
    noun = "an error code"
    rule = re.compile(_PART)
    shape = _ONE


class Tag(Identifier):
    """A tag of nodes, such as ``fetch_data``."""

    __slots__ = ()
    noun = "a tag"
    rule = re.compile(_KEY)
    most = 63
    shape = "words of small letters, digits and _ with . : / # - between them, a letter first"


def tags_of(texts: Iterable[str], what: str = "tags") -> tuple[Tag, ...]:
    """Return texts as tags.

    Raises:
        PlanError: One is no tag, or it is one text, whose letters cannot be meant (SC851).
    """
    return tuple(map(Tag, texts_of(texts, what)))


def texts_of(texts: Iterable[str], what: str) -> tuple[str, ...]:
    """Return several texts; ``what`` names them in the error.

    Raises:
        PlanError: It is one text, or something else (SC851).

    >>> texts_of("awk", "programs")
    Traceback (most recent call last):
    machines.plan.identifiers.PlanError: [SC851] programs: 'awk' is not several texts. Write …
    """
    given: object = texts
    found = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else None
    if found is None or not all(isinstance(one, str) and is_written(one) for one in found):
        said = f"{shown(texts)} is not several texts"
        raise PlanError("SC851", what, said, "Write a tuple, such as ('one', 'two')")
    return found


def is_written(text: str) -> bool:
    """Return whether a text can be written: it has no half of a surrogate pair.

    >>> is_written("ä"), is_written("\\ud800")
    (True, False)
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
