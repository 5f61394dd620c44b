"""What passes through the interpreter: internal events, moments, entry sets, outcomes."""

from __future__ import annotations

from typing import Any, final

from attrs import field, frozen

from statecharts.model.chart import Transition
from statecharts.model.effects import Effect
from tests.oracle.structure import OrderedSet


@final
@frozen
class DoneState:
    """The internal event ``done.state.<id>``.

    Attributes:
        state: The state that is done.
        data: What the ``<donedata>`` of the final state brings that was entered.
    """

    state: str
    data: Any = None


@final
@frozen
class Seen:
    """What a hook sees: the stand-in for the library's moment."""

    event: object
    context: Any
    configuration: tuple[str, ...]
    call: Any = None
    data: None = None
    at: Any = None

    def __contains__(self, state: object) -> bool:
        return state in self.configuration


@final
@frozen
class Outcome:
    """What one event, or the start, has led to.

    Attributes:
        configuration: Ids of the active states, in document order.
        context: The extended state.
        effects: What the hooks gave, in the order in which they ran.
        handled: Whether a transition was selected for the event itself, or it was deferred, or
            ended a timer or a call.
        under_way: Ids of the timers and calls under way, in order of their start.
        waiting: The deferred events.
    """

    configuration: tuple[str, ...]
    context: Any
    effects: tuple[Effect, ...]
    handled: bool
    under_way: tuple[str, ...] = ()
    waiting: tuple[Any, ...] = ()


@frozen
class EntrySet:
    """The three collections that ``computeEntrySet`` fills.

    Attributes:
        states_to_enter: The states that will be entered.
        states_for_default_entry: Those of them whose initial transition is taken.
        default_history_content: By parent of a history state, the default transition that it takes.
    """

    states_to_enter: OrderedSet[str] = field(factory=lambda: OrderedSet[str]())
    states_for_default_entry: OrderedSet[str] = field(factory=lambda: OrderedSet[str]())
    default_history_content: dict[str, Transition] = field(factory=dict)
