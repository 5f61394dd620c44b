"""Records: the events of a run, and its manifest, as JSON and back."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final, TypeVar, get_args

from attrs import frozen
from cattrs import Converter

from machines.plan.identifiers import Identifier, PlanError
from machines.plan.secrets import refuse_secrets
from machines.plan.vocabulary import Checkpoints, EngineEvent, Profile
from statecharts.model.arguments import shown
from statecharts.store.artifacts import canonical
from statecharts.store.errors import StoreError

T = TypeVar("T")

_CLASSES: Final[tuple[type, ...]] = get_args(EngineEvent)
_NAMES: Final = {re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower(): cls for cls in _CLASSES}
_KINDS: Final = {cls: name for name, cls in _NAMES.items()}

_converter: Final = Converter(forbid_extra_keys=True)
_converter.register_unstructure_hook(str, str)  # an identifier is a plain text in JSON
_converter.register_unstructure_hook(timedelta, lambda value: value.total_seconds())
_converter.register_structure_hook(timedelta, lambda value, _: timedelta(seconds=value))
_converter.register_unstructure_hook_func(
    lambda cls: isinstance(cls, type) and issubclass(cls, Identifier), str
)
_converter.register_structure_hook_func(
    lambda cls: isinstance(cls, type) and issubclass(cls, Identifier), lambda value, cls: cls(value)
)


def _names_or_word(value: Any, _: Any) -> Any:
    return value if isinstance(value, str) else tuple(value)


_converter.register_structure_hook_func(lambda cls: cls in (Profile, Checkpoints), _names_or_word)


@frozen
class Envelope:
    """An event of a run, as it is recorded.

    Attributes:
        sequence: Its number in the run, from 1, without gaps.
        at: When it happened, in milliseconds since 1970; for people, nothing depends on it.
        event: The event.
        turn: How many had taken the run up before.
    """

    sequence: int
    at: int
    event: EngineEvent
    turn: int = 0


def dumped(value: Any) -> Any:
    """Return an instance of a class of the vocabulary as JSON.

    >>> from machines.plan.vocabulary import NodeCompleted
    >>> dumped(NodeCompleted("a.b.c", None))
    {'node': 'a.b.c', 'snapshot': None}
    """
    return _converter.unstructure(value)


def loaded(value: Any, cls: type[T]) -> T:
    """Return the instance of a class that JSON says.

    Raises:
        PlanError: It says none (SC857).
    """
    try:
        return _converter.structure(value, cls)
    except Exception as error:
        found = f"what is stored is no {cls.__name__}: {type(error).__name__}"
        raise PlanError("SC857", "record", found, "Run 'statecharts runs verify'") from error


def dump_event(event: EngineEvent, at: int) -> dict[str, Any]:
    """Return an event as JSON, with its name and its time in milliseconds.

    >>> from machines.plan.vocabulary import NodeCompleted
    >>> dump_event(NodeCompleted("a.b.c", None), 5)
    {'event': 'node_completed', 'at': 5, 'node': 'a.b.c', 'snapshot': None}
    """
    return {"event": _KINDS[type(event)], "at": at, **_converter.unstructure(event)}


def load_event(value: dict[str, Any], sequence: int, turn: int = 0) -> Envelope:
    """Return the event that JSON says, under its number.

    Raises:
        PlanError: It says none (SC857).
    """
    rest = dict(value)
    name, at = rest.pop("event", ""), rest.pop("at", 0)
    cls = _NAMES.get(name) if isinstance(name, str) else None
    if cls is None or type(at) is not int:
        found = f"{shown(name)} at {shown(at)} is no event of a run"
        remedy = "Read it with the version of statecharts that has written it"
        raise PlanError("SC857", "record", found, remedy)
    return Envelope(sequence, at, loaded(rest, cls), turn)


def check_event(value: dict[str, Any], sequence: int) -> None:
    """Refuse what cannot be read again as the event that it says, or has a secret in it.

    Raises:
        PlanError: It is no event (SC857), or holds a secret (SC853).
    """
    refuse_secrets(f"event {sequence}", value)
    try:
        canonical(value)
        one = load_event(value, sequence)
        written = dump_event(one.event, one.at)
        wrong = next((name for name in value if written[name] != value[name]), None)
    except (StoreError, RecursionError) as error:
        found = f"event {sequence} cannot be JSON: {type(error).__name__}"
        raise PlanError("SC857", "record", found, "Write it by dump_event") from error
    if wrong is not None:
        found = f"event {sequence} has {wrong}={shown(value[wrong])}, which it cannot have"
        raise PlanError("SC857", "record", found, "Write it by dump_event")
