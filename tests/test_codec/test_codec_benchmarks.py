"""The benchmark of the codec compares like with like; no test here reads a clock."""

from __future__ import annotations

import sys

import pytest

from benchmarks.contestant import ContestantError, Missing
from benchmarks.sections import codec
from benchmarks.sections.codec import Codec, msgspec_peer, ours, plain
from statecharts.codec import Protocol


def test_contestants_write_the_same_snapshot() -> None:
    """The timed operations give the same JSON, and read it back."""
    mine = ours()
    assert mine.dump is not None
    dumped = mine.dump()
    assert isinstance(dumped, dict)
    peer = msgspec_peer(dumped)
    assert isinstance(peer, Codec)
    assert peer.dump is not None
    assert peer.dump() == dumped
    assert plain(dumped).loads() == dumped


def test_missing_peer_gets_a_row_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without msgspec the table is made all the same."""
    monkeypatch.setitem(sys.modules, "msgspec", None)
    assert msgspec_peer({}) == Missing("msgspec (structs)", "not installed")


def test_codec_that_loses_something_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Timing a codec that loads something else would mislead."""
    monkeypatch.setattr(Protocol, "load_snapshot", lambda *_, **__: None)
    with pytest.raises(ContestantError, match="statecharts: loading"):
        codec.ours()
