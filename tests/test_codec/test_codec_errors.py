"""Errors of the codec: one golden text for each code, with the path and what to do."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from attrs import frozen

from machines.investigator.secrets import Secret
from machines.pipeline import (
    Block,
    BranchName,
    DepsMet,
    Done,
    GatesPassed,
    GatesStarted,
    Merge,
    Pipeline,
)
from statecharts import Kernel, State, Statechart, StatechartError
from statecharts.codec import (
    CODES,
    CodecError,
    ForeignError,
    ImpossibleError,
    MalformedError,
    MismatchError,
    Protocol,
    UnwritableError,
    Upcaster,
)
from statecharts.codec.errors import path_text, shown
from statecharts.model.digest import part
from tests.test_codec.vocabulary import AT

PIPELINE: Protocol[Any, None] = Protocol(Pipeline)
DONE = {"state:done": str(part(Done))}


@frozen
class Open:
    pass


@frozen
class Bound:
    run: Callable[[], None]


class Holder(Statechart[Open]):
    """A chart whose data nobody can write."""

    shut = State(initial=True)
    held = State(Bound)
    shut.to(held, on=Open, make=lambda _: Bound(print))
    held.to(shut, on=Open)


def in_merge() -> dict[str, Any]:
    """Return the dump of a pipeline in ``merge``."""
    kernel = Kernel(Pipeline)
    snapshot = kernel.start(at=AT).snapshot
    for event in (DepsMet(), GatesStarted(), GatesPassed(BranchName("feature/x"), 3)):
        snapshot = kernel.step(snapshot, event, at=AT).snapshot
    return PIPELINE.dump_snapshot(snapshot)


def changed(*path: str, to: Any) -> Callable[[], object]:
    """Return what loads a snapshot with one value changed."""

    def load() -> object:
        value = in_merge()
        inner = value
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = to
        return PIPELINE.load_snapshot(value)

    return load


DROPPING = Protocol(Pipeline, upcasters={1: Upcaster(events={"block": None})})

GOLDEN: list[tuple[type[CodecError], str, Callable[[], object]]] = [
    (
        MalformedError,
        (
            "[SC401] Pipeline at $: the text is not JSON: "
            "Expecting value: line 1 column 9 (char 8). Give one value of JSON, in UTF-8."
        ),
        lambda: PIPELINE.loads_event(b'{"type":}'),
    ),
    (
        MismatchError,
        (
            "[SC402] Pipeline at $.data['active.merge'].commits_ahead: \"12\" is not an integer. "
            "Give an integer."
        ),
        changed("data", "active.merge", "commits_ahead", to="12"),
    ),
    (
        MismatchError,
        (
            "[SC402] Pipeline at $.data['active.merge'].commits_ahead: "
            "Merge refuses it: 'commits_ahead' must be >= 1: 0. Give what the class takes."
        ),
        changed("data", "active.merge", "commits_ahead", to=0),
    ),
    (
        MismatchError,
        (
            "[SC402] Pipeline at $.data['active.merge'].feature_branch: BranchName refuses it: "
            "BranchName 'a..b': git does not allow '..' at position 1. Give what the class takes."
        ),
        changed("data", "active.merge", "feature_branch", to="a..b"),
    ),
    (
        MismatchError,
        "[SC403] Pipeline at $.reason: Block needs 'reason'. Give it, or give its field a default.",
        lambda: PIPELINE.load_event({"type": "block"}),
    ),
    (
        MismatchError,
        (
            "[SC404] Pipeline at $.data['active.merge'].commits_ahed: "
            "Merge has no field 'commits_ahed'. Did you mean 'commits_ahead'?"
        ),
        changed("data", "active.merge", "commits_ahed", to=1),
    ),
    (
        MismatchError,
        (
            '[SC405] Pipeline at $.type: "gates_past" is not a type here. '
            "Did you mean 'gates_passed'?"
        ),
        lambda: PIPELINE.load_event({"type": "gates_past"}),
    ),
    (
        MismatchError,
        '[SC406] Pipeline at $.type: the upcaster from version 1 drops "block". Skip it.',
        lambda: DROPPING.load_event({"type": "block", "reason": "x"}, version=1),
    ),
    (
        ForeignError,
        (
            "[SC411] Pipeline at $.protocol: 3 is not a protocol that can be read. "
            "This release reads protocols 1 and 2."
        ),
        changed("protocol", to=3),
    ),
    (
        ForeignError,
        (
            '[SC412] Pipeline at $.chart: the snapshot is one of "Execution". '
            "Read it with the protocol of that chart; this is Pipeline."
        ),
        changed("chart", to="Execution"),
    ),
    (
        ForeignError,
        (
            "[SC413] Pipeline at $.version: version 2 is newer than 1, which this protocol has. "
            "Read it with a newer release."
        ),
        changed("version", to=2),
    ),
    (
        ForeignError,
        (
            "[SC414] Pipeline at $.parts['state:active.merge']: the state 'active.merge' has "
            "changed since the snapshot was written: it is Merge(feature_branch: BranchName, "
            "commits_ahead: int) now. Read it with the chart that wrote it, or raise version= and "
            "give upcasters={1: Upcaster(…)} for what has changed."
        ),
        changed("parts", "state:active.merge", to="00000000"),
    ),
    (
        ImpossibleError,
        (
            "[SC415] Pipeline at $.configuration: (active, done) cannot be active together. "
            "Give a whole one, in document order, as a run has written it."
        ),
        lambda: PIPELINE.load_snapshot(
            {**in_merge(), "configuration": ["active", "done"], "parts": DONE}
        ),
    ),
    (
        ImpossibleError,
        "[SC416] Pipeline at $.data.done: 'done' is not active, so it has no data. Remove it.",
        changed("data", "done", to={}),
    ),
    (
        ImpossibleError,
        (
            "[SC416] Pipeline at $.data['active.mrge']: there is no state \"active.mrge\", so it "
            "has no data. Did you mean 'active.merge'?"
        ),
        changed("data", "active.mrge", to={}),
    ),
    (
        ImpossibleError,
        (
            "[SC416] Pipeline at $.data['active.merge']: 'active.merge' is active, and its data is "
            "missing. Give the fields of Merge."
        ),
        changed("data", to={}),
    ),
    (
        UnwritableError,
        (
            "[SC421] Pipeline at $.feature_branch: an instance of int was found where a BranchName "
            "is declared. Put a BranchName there, or correct the annotation."
        ),
        lambda: PIPELINE.dump_event(_forged()),
    ),
    (
        UnwritableError,
        (
            "[SC422] Holder at $.data.held.run: Callable[[], None] cannot be carried by JSON. "
            "Use an attrs class, or say how with carriers=."
        ),
        lambda: Protocol(Holder),
    ),
    (
        UnwritableError,
        (
            "[SC423] Pipeline at $: there is an upcaster for version 2, and the present one is 2. "
            "Pass version=3, or leave it out."
        ),
        lambda: Protocol(Pipeline, version=2, upcasters={2: dict}),
    ),
    (
        UnwritableError,
        (
            "[SC424] Pipeline at $.reason: a Secret is never written. "
            "Remove it, and hand it over in another way."
        ),
        lambda: PIPELINE.dump_event(Block(_secret())),
    ),
]


def _secret() -> Any:
    return Secret("sk-123")


def _forged() -> GatesPassed:
    event = object.__new__(GatesPassed)
    object.__setattr__(event, "feature_branch", 7)
    object.__setattr__(event, "commits_ahead", 1)
    return event


@pytest.mark.parametrize(
    ("kind", "text", "cause"),
    GOLDEN,
    ids=[text[1:6] + str(n) for n, (_, text, _) in enumerate(GOLDEN)],
)
def test_error_text(kind: type[CodecError], text: str, cause: Callable[[], object]) -> None:
    """Each mistake has its code, its place, and what to do about it, word for word."""
    with pytest.raises(CodecError) as caught:
        cause()
    error = caught.value
    assert str(error) == text
    assert type(error) is kind
    assert error.where == f"{text[8:].partition(' at ')[0]} at {error.path}"
    assert isinstance(error, StatechartError)


def test_every_code_has_a_golden_text() -> None:
    """No code is raised that this page does not show."""
    assert {text[1:6] for _, text, _ in GOLDEN} == set(CODES)


def test_error_survives_a_pickle_and_a_copy() -> None:
    """Code, path and message come back with the error."""
    with pytest.raises(CodecError) as caught:
        PIPELINE.load_event({"type": "block"})
    for again in (pickle.loads(pickle.dumps(caught.value)), copy.copy(caught.value)):
        assert type(again) is MismatchError
        assert (again.path, str(again)) == (caught.value.path, str(caught.value))


def test_path_is_written_as_jsonpath() -> None:
    """Names that are no identifiers are quoted, and quotes in them escaped."""
    keys: list[str | int] = ["data", "active.merge", 3, "it's", "a\\b", "é", "new\nline", ""]
    expected = "$.data['active.merge'][3]['it\\'s']['a\\\\b'].é[\"new\\nline\"]['']"
    assert path_text(keys) == expected


def test_cause_of_a_failing_validator_is_not_shown_as_a_traceback_of_ours() -> None:
    """A caller sees one error, without the path through the codec."""
    with pytest.raises(MismatchError) as caught:
        changed("data", "active.merge", "commits_ahead", to=-1)()
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_message_does_not_repeat_a_value_at_length() -> None:
    """However large a wrong value is, the message stays short."""
    with pytest.raises(MismatchError) as caught:
        PIPELINE.load_event({"type": "merge_succeeded", "merge_commit": ["x" * 10_000]})
    assert len(str(caught.value)) < 200
    with pytest.raises(MismatchError) as caught:
        PIPELINE.load_event(
            {"type": "gates_passed", "feature_branch": "a", "commits_ahead": "9" * 9999}
        )
    assert len(str(caught.value)) < 200


def test_value_is_shown_short() -> None:
    """Forty characters tell enough of a string, and a large integer is not spelled out."""
    assert shown("x" * 39) == f'"{"x" * 39}…'
    assert shown("x" * 38) == f'"{"x" * 38}"'
    assert shown(10**30) == f"1{'0' * 30}"
    assert shown(10**400) == "a large integer"
    assert shown(object()) == "an instance of object"


def test_protocol_takes_a_chart_only() -> None:
    """An object without a chart is refused with a remedy."""
    with pytest.raises(StatechartError, match=r"\[SC213\] Protocol: .* has no chart"):
        Protocol(Merge)  # type: ignore[arg-type]
