"""Identifiers: names that cannot be mixed up, and that only exist when they are sound."""

from __future__ import annotations

import pickle
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machines.identifiers import AgentName, BranchName, GitSha, NodeKey, StoryId

REFUSED_BY_GIT = (
    "-draft",
    ".hidden",
    "/absolute",
    "@",
    "a b",
    "a..b",
    "a.lock",
    "a.lock/b",
    "a/.b",
    "a//b",
    "a/",
    "a:b",
    "a?b",
    "a@{b",
    "a[b",
    "a\\b",
    "a\tb",
    "a\x7fb",
    "a^b",
    "a~b",
    "a*b",
    "dot.",
)
"""One name at least for each rule of git-check-ref-format."""

ALLOWED_BY_GIT = ("main", "feature/story-1", "a.b", "x@y", "a.locked", "v1./x", "é", "a{b", "a/-b")


def refused_by_the_rules(name: str) -> bool:
    """Tell by the manual of git-check-ref-format whether it refuses a branch of this name."""
    parts = name.split("/")
    return (
        any(part.startswith(".") or part.endswith(".lock") for part in parts)
        or ".." in name
        or any(ord(c) < 0x20 or ord(c) == 0x7F or c in " ~^:?*[\\" for c in name)
        or "" in parts
        or name.endswith(".")
        or "@{" in name
        or name == "@"
        or name.startswith("-")
    )


def is_branch(name: str) -> bool:
    """Tell whether a branch of this name can be built."""
    try:
        BranchName(name)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("name", REFUSED_BY_GIT)
def test_branch_name_refuses_what_git_refuses(name: str) -> None:
    """A name that git does not allow for a branch cannot be built."""
    assert refused_by_the_rules(name)
    with pytest.raises(ValueError, match="BranchName"):
        BranchName(name)


@pytest.mark.parametrize("name", ALLOWED_BY_GIT)
def test_branch_name_takes_what_git_takes(name: str) -> None:
    """A name that git allows is kept as it is."""
    assert not refused_by_the_rules(name)
    assert str(BranchName(name)) == BranchName(name).value == name


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_branch_name_agrees_with_git_itself() -> None:
    """The names of this file are judged by git as they are judged here."""

    def allowed(name: str) -> bool:
        command = ["git", "check-ref-format", "--branch", name]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    git = {name for name in (*REFUSED_BY_GIT, *ALLOWED_BY_GIT) if allowed(name)}
    assert git - {"@"} == set(ALLOWED_BY_GIT)  # git reads a lone @ as HEAD; the rules refuse it


@given(st.text(alphabet="ab.-/@{lock~^:?*[\\ \t\x7f}é", max_size=12))
def test_branch_name_never_passes_what_the_rules_refuse(name: str) -> None:
    """No text that the rules refuse passes, and none that they allow is lost."""
    assert is_branch(name) == (bool(name) and not refused_by_the_rules(name))


@given(st.text(max_size=20))
def test_branch_name_passes_no_strange_text(name: str) -> None:
    """Whatever passes, of any text at all, is sound by the rules of git."""
    assert not (is_branch(name) and refused_by_the_rules(name))


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (StoryId, "", "StoryId must not be empty"),
        (StoryId, "story\n1", r"StoryId 'story\n1' has '\n' at position 5"),
        (AgentName, "coder 1", "AgentName 'coder 1' has ' ' at position 5"),
        (AgentName, "co\x00der", r"AgentName 'co\x00der' has '\x00' at position 2"),
        (AgentName, "a\u200bb", r"AgentName 'a\u200bb' has '\u200b' at position 1"),
        (BranchName, "", "BranchName must not be empty"),
        (BranchName, "a..b", "BranchName 'a..b': git does not allow '..' at position 1"),
        (BranchName, "a/.b", "BranchName 'a/.b': git does not allow '/.' at position 1"),
        (BranchName, "a.lock", "BranchName 'a.lock': git does not allow '.lock' at position 1"),
        (BranchName, "-a", "BranchName '-a': git does not allow '-' at position 0"),
        (BranchName, "@", "BranchName '@': git does not allow '@' at position 0"),
        (GitSha, "", "GitSha '' is not 1 to 64 hexadecimal digits"),
        (GitSha, "abcg", "GitSha 'abcg' is not 1 to 64 hexadecimal digits"),
        (GitSha, "abc\n", r"GitSha 'abc\n' is not 1 to 64 hexadecimal digits"),
        (GitSha, "٣", "GitSha '٣' is not 1 to 64 hexadecimal digits"),
    ],
)
def test_identifier_says_what_it_refuses(
    kind: type[StoryId | AgentName | BranchName | GitSha], text: str, message: str
) -> None:
    """A refused text is told with the kind of identifier, the text, and the place."""
    with pytest.raises(ValueError, match=r"position|empty|digits") as refused:
        kind(text)
    assert str(refused.value) == message


@pytest.mark.parametrize("kind", [StoryId, AgentName, BranchName, GitSha, NodeKey])
@pytest.mark.parametrize("value", [None, 7, 1.5, ["x"]])
def test_identifier_refuses_what_is_no_text(kind: type, value: object) -> None:
    """An identifier is never built of a value of another class, whatever that value is."""
    with pytest.raises(TypeError):
        kind(value)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_node_key_takes_exactly_32_bytes(length: int) -> None:
    """A key of any other length is refused, and told with its length."""
    with pytest.raises(ValueError, match=rf"^NodeKey takes 32 bytes, not {length}$"):
        NodeKey(bytes(length))


def test_nodepubkey_type_is_constructible() -> None:
    """The key of a node is 32 bytes, and is told by its first ones."""
    assert NodeKey(bytes(32)).value == bytes(32)
    assert repr(NodeKey(b"\xab\xcd\xef\x01" + bytes(28))) == "NodeKey(abcdef01…)"


@given(st.binary(min_size=32, max_size=32))
def test_node_key_is_told_in_hexadecimal(value: bytes) -> None:
    """What a key is told as leads back to it."""
    assert NodeKey.from_hex(str(NodeKey(value))) == NodeKey(value)


@pytest.mark.parametrize(
    "value",
    [StoryId("s"), AgentName("s"), BranchName("s"), GitSha("abc123"), NodeKey(bytes(32))],
)
def test_identifier_is_a_value(value: object) -> None:
    """An identifier is hashable, cannot be changed, and comes back out of a pickle."""
    assert pickle.loads(pickle.dumps(value)) == value
    assert len({value, pickle.loads(pickle.dumps(value))}) == 1
    with pytest.raises(AttributeError):
        value.value = "other"  # type: ignore[attr-defined]


def test_identifiers_of_different_kinds_are_different() -> None:
    """The same text is not the same identifier: a story is no agent."""
    same: list[object] = [StoryId("x"), AgentName("x"), BranchName("x")]
    assert len(set(same)) == len(same)
    assert sorted([StoryId("b"), StoryId("a")]) == [StoryId("a"), StoryId("b")]
