"""Identifiers of the domain, each with a type of its own, checked when built."""

from __future__ import annotations

import re
from string import hexdigits
from typing import Final, Self

from attrs import Attribute, field, frozen
from attrs.validators import instance_of

KEY_BYTES: Final = 32
"""Length of a node's public key."""


def _name(instance: object, attribute: Attribute[str], value: str) -> None:
    """Refuse a name that is empty, or has a space or a character that does not print."""
    kind = type(instance).__name__
    if not value:
        raise ValueError(f"{kind} must not be empty")
    for position, character in enumerate(value):
        if character.isspace() or not character.isprintable():
            raise ValueError(f"{kind} {value!r} has {character!r} at position {position}")


def _branch(instance: object, attribute: Attribute[str], value: str) -> None:
    """Refuse a branch name that git refuses (git-check-ref-format)."""
    _name(instance, attribute, value)
    refused = re.search(r"\.\.|@\{|//|[~^:?*\[\\]|/\.|\.lock(/|$)|^[-/.]|[/.]$|^(@|HEAD)$", value)
    if refused:
        raise ValueError(
            f"BranchName {value!r}: git does not allow {refused.group()!r} at position "
            f"{refused.start()}"
        )


def _sha(instance: object, attribute: Attribute[str], value: str) -> None:
    """Refuse a value that is not a commit hash, abbreviated or whole."""
    if not re.fullmatch(r"[0-9a-fA-F]{1,64}", value):
        raise ValueError(f"GitSha {value!r} is not 1 to 64 hexadecimal digits")


def _key(instance: object, attribute: Attribute[bytes], value: bytes) -> None:
    """Refuse a key of the wrong length."""
    if len(value) != KEY_BYTES:
        raise ValueError(f"NodeKey takes 32 bytes, not {len(value)}")


@frozen(order=True)
class StoryId:
    """A story on the board.

    >>> StoryId("story-520")
    StoryId('story-520')
    """

    value: str = field(validator=[instance_of(str), _name])

    def __str__(self) -> str:
        return self.value

    def __repr__(self) -> str:
        return f"StoryId({self.value!r})"


@frozen(order=True)
class BranchName:
    """A branch name that git allows.

    >>> BranchName("feature/..")
    Traceback (most recent call last):
    ValueError: BranchName 'feature/..': git does not allow '/.' at position 7
    """

    value: str = field(validator=[instance_of(str), _branch])

    def __str__(self) -> str:
        return self.value

    def __repr__(self) -> str:
        return f"BranchName({self.value!r})"


@frozen(order=True)
class GitSha:
    """A commit in git, by its hash: 1 to 64 hexadecimal digits.

    >>> GitSha("master")
    Traceback (most recent call last):
    ValueError: GitSha 'master' is not 1 to 64 hexadecimal digits
    """

    value: str = field(validator=[instance_of(str), _sha])

    def __str__(self) -> str:
        return self.value

    def __repr__(self) -> str:
        return f"GitSha({self.value!r})"


@frozen(order=True)
class AgentName:
    """An agent that works on stories.

    >>> AgentName("coder 1")
    Traceback (most recent call last):
    ValueError: AgentName 'coder 1' has ' ' at position 5
    """

    value: str = field(validator=[instance_of(str), _name])

    def __str__(self) -> str:
        return self.value

    def __repr__(self) -> str:
        return f"AgentName({self.value!r})"


@frozen(order=True)
class NodeKey:
    """A node of the platform, by its public key of 32 bytes.

    >>> NodeKey(b"short")
    Traceback (most recent call last):
    ValueError: NodeKey takes 32 bytes, not 5
    """

    value: bytes = field(validator=[instance_of(bytes), _key])

    @classmethod
    def from_hex(cls, text: str) -> Self:
        """Build a key from its 64 hexadecimal digits."""
        if len(text) != 2 * KEY_BYTES or not all(digit in hexdigits for digit in text):
            raise ValueError(f"NodeKey takes 64 hexadecimal digits, not {text!r}")
        return cls(bytes.fromhex(text))

    def __str__(self) -> str:
        return self.value.hex()

    def __repr__(self) -> str:
        return f"NodeKey({self.value.hex()[:8]}…)"
