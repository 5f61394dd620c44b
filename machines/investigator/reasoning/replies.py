"""Replies of a model: one JSON object, read strictly, or refused with the reason."""

from __future__ import annotations

import contextlib
import datetime
import json
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn, TypeAlias

from machines.investigation.calls import Argument, CallKind, EvidenceId, Request
from machines.investigation.findings import Cause, CauseKind, Proposal, Synthesis, Verdict
from machines.investigation.vocabulary import (
    Concluded,
    Observed,
    Outcome,
    Planned,
    Proposed,
    Question,
)
from statecharts.model.errors import StatechartError

MOST_BYTES: Final = 1_000_000
"""Greatest length of a reply in bytes."""

Hide: TypeAlias = Callable[[str], str]
"""A function that masks secrets in a string."""


class ReasonerError(StatechartError):
    """A model that could not be asked, or whose reply does not fit (SC525).

    What the model said stays out of the message: it may repeat data, or the key.
    """


def refuse(found: str, remedy: str = "Ask again, or ask another model") -> NoReturn:
    """Raise the error for a model or its reply.

    >>> refuse("the reply is empty")
    Traceback (most recent call last):
    machines.investigator.reasoning.replies.ReasonerError: [SC525] reasoner: the reply is empty.
    """
    raise ReasonerError("SC525", "reasoner", found, remedy)


def content_of(body: bytes, hide: Hide = str) -> str:
    """Return the message of the model in the body of a chat completion.

    Args:
        body: The body.
        hide: Masks secrets in each string.

    >>> content_of(b'{"choices": [{"message": {"role": "assistant", "content": "{}"}}]}')
    '{}'
    """
    reply = _json(body, "the body of the reply", hide)
    try:
        content = reply["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        content = None
    if not isinstance(content, str):
        refuse("the reply has no text at $.choices[0].message.content")
    return content


def outcome_of(content: str, task: str, known: frozenset[EvidenceId], hide: Hide = str) -> Outcome:
    """Return the outcome that a model gives for a task.

    Args:
        content: Its message: one JSON object.
        task: The name of the task.
        known: Ids of evidence that a cause may name.
        hide: Masks secrets in each string.

    >>> outcome_of('{"type": "question", "prompt": "Which shop?"}', "gather_context", frozenset())
    Question(prompt='Which shop?', choices=())
    """
    reply = _object(_json(content.encode(), "the text of the reply", hide), "$")
    kind = reply.get("type")
    allowed = {
        "generate_hypotheses": ("proposed", "question"),
        "synthesize": ("concluded", "question"),
    }.get(task, ("planned", "observed", "question"))
    if kind not in allowed:
        refuse(f"$.type is not one of {', '.join(allowed)}")
    match kind:
        case "question":
            _only(reply, "$", {"type", "prompt", "choices"})
            choices = _texts(reply.get("choices", []), "$.choices")
            return Question(_text(reply, "$", "prompt"), choices)
        case "observed":
            _only(reply, "$", {"type", "summary"})
            return Observed(_text(reply, "$", "summary"))
        case "planned":
            _only(reply, "$", {"type", "requests"})
            found = _list(reply.get("requests"), "$.requests")
            return Planned(tuple(_request(one, f"$.requests[{n}]") for n, one in enumerate(found)))
        case "proposed":
            _only(reply, "$", {"type", "hypotheses"})
            found = _list(reply.get("hypotheses"), "$.hypotheses")
            return Proposed(
                tuple(_proposal(one, f"$.hypotheses[{n}]") for n, one in enumerate(found))
            )
        case _:
            return Concluded(_synthesis(reply, known))


def _json(text: bytes, what: str, hide: Hide) -> Any:
    wrong: str | None = None
    value: object = None
    try:
        # An escape may have hidden something.
        value = _hidden(
            json.loads(text, object_pairs_hook=_pairs, parse_constant=_no_constant), hide
        )
    except (ValueError, RecursionError):
        wrong = f"{what} is not JSON"
    # Raised out here, so that the parser's error, which repeats the reply, is not its context.
    if wrong is not None:
        refuse(wrong)
    return value


def _hidden(value: object, hide: Hide) -> object:
    match value:
        case str():
            return hide(value)
        case list():
            return [_hidden(one, hide) for one in value]
        case dict():
            return {hide(key): _hidden(one, hide) for key, one in value.items()}
        case _:
            return value


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _object(value: object, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        refuse(f"{path} is not an object")
    return value


def _list(value: object, path: str) -> list[Any]:
    if not isinstance(value, list):
        refuse(f"{path} is not a list")
    return value


def _only(value: Mapping[str, Any], path: str, names: set[str]) -> None:
    if not set(value) <= names:
        refuse(f"{path} has fields beside {', '.join(sorted(names))}")


def _text(value: Mapping[str, Any], path: str, name: str) -> str:
    found = value.get(name)
    if not isinstance(found, str) or not found:
        refuse(f"{path}.{name} is not a string")
    return found


def _texts(value: object, path: str) -> tuple[str, ...]:
    found = _list(value, path)
    if not all(isinstance(one, str) for one in found):
        refuse(f"{path} is not a list of strings")
    return tuple(found)


def _request(value: object, path: str) -> Request:
    found = _object(value, path)
    _only(found, path, {"tool", "arguments"})
    arguments = _object(found.get("arguments", {}), f"{path}.arguments")
    tool = _text(found, path, "tool")
    request: Request | None = None
    with contextlib.suppress(TypeError, ValueError):
        request = Request(CallKind.TOOL, tool, _arguments(arguments))
    if request is None:
        refuse(f"{path}.arguments has a value that no tool takes")
    return request


def _arguments(given: Mapping[str, Any]) -> dict[str, Argument]:
    return {name: tuple(one) if isinstance(one, list) else one for name, one in given.items()}


def _proposal(value: object, path: str) -> Proposal:
    found = _object(value, path)
    _only(found, path, {"claim", "test"})
    return Proposal(_text(found, path, "claim"), _request(found.get("test"), f"{path}.test"))


def _synthesis(reply: Mapping[str, Any], known: frozenset[EvidenceId]) -> Synthesis:
    _only(reply, "$", {"type", "verdict", "summary", "causes"})
    if reply.get("verdict") not in list(Verdict):
        refuse(f"$.verdict is not one of {', '.join(Verdict)}")
    verdict = Verdict(reply["verdict"])
    found = _list(reply.get("causes", []), "$.causes")
    causes = [_cause(one, f"$.causes[{n}]", known) for n, one in enumerate(found)]
    if (verdict is Verdict.ANOMALY) != bool(causes):
        refuse("$.verdict contradicts $.causes")
    causes.sort(key=lambda cause: -cause.score)
    return Synthesis(verdict, _text(reply, "$", "summary"), tuple(causes))


def _cause(value: object, path: str, known: frozenset[EvidenceId]) -> Cause:
    found = _object(value, path)
    _only(found, path, {"kind", "table", "column", "date", "score", "evidence"})
    if found.get("kind") not in list(CauseKind):
        refuse(f"{path}.kind is not one of {', '.join(CauseKind)}")
    column = found.get("column")
    if column is not None and not isinstance(column, str):
        refuse(f"{path}.column is not a string")
    score = found.get("score")
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        refuse(f"{path}.score is not a number from 0 to 1")
    evidence = tuple(map(EvidenceId, _texts(found.get("evidence", []), f"{path}.evidence")))
    if not known.issuperset(evidence):
        refuse(f"{path}.evidence names unknown evidence")
    return Cause(
        CauseKind(found["kind"]),
        _text(found, path, "table"),
        column,
        _date(found.get("date"), path),
        float(score),
        evidence,
    )


def _date(value: object, path: str) -> datetime.date | None:
    if value is None:
        return None
    day: datetime.date | None = None
    with contextlib.suppress(ValueError):
        day = datetime.date.fromisoformat(value) if isinstance(value, str) else None
    if day is None:
        refuse(f"{path}.date is not a day, as in 2026-03-02")
    return day
