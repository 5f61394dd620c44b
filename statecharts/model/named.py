"""Content: guards and actions that a chart says as data, as charts from files do.

Each is a callable of one moment, so that the kernel runs it like any other hook, and a value, so
that writers can say it again. A name that a file gives stays a name until `Chart.bind` puts a
function behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any, final

from attrs import field, frozen

from statecharts.model.durations import duration_text
from statecharts.model.effects import (
    Action,
    CancelInvoke,
    CancelSend,
    Effect,
    Invoke,
    Raise,
    Send,
    Service,
)
from statecharts.model.errors import StepError
from statecharts.model.events import NamedEvent, wire_name
from statecharts.model.hooks import Hook, meaning
from statecharts.model.values import repr_of


@final
@frozen
class Named:
    """A guard that is known by its name.

    Attributes:
        name: The name; for an expression that we do not run, its text.
        data: The parameters that the file gives with it.
        doc: What the file says that it means.
    """

    name: str
    data: Mapping[str, Any] = field(factory=dict, hash=False)
    doc: str = field(default="", repr=False)

    def __call__(self, moment: Any) -> bool:
        """Refuse: nobody has said what it means."""
        found = f"the guard {self.name!r} is not bound to a function"
        remedy = f"Bind it: chart.bind(guards={{{self.name!r}: function}})"
        raise StepError("SC214", moment.chart, found, remedy)

    @property
    def __name__(self) -> str:
        return called(self.name, self.data)


@final
@frozen
class NamedDelay:
    """A delay that is known by its name.

    Attributes:
        name: The name.
    """

    name: str

    def __call__(self, moment: Any) -> timedelta:
        """Refuse: nobody has said how long it is."""
        found = f"the delay {self.name!r} is not bound to a time"
        remedy = f"Bind it: chart.bind(delays={{{self.name!r}: timedelta(…)}})"
        raise StepError("SC214", moment.chart, found, remedy)

    @property
    def __name__(self) -> str:
        return self.name


@final
@frozen
class In:
    """A guard that holds while a state is active: SCXML's ``In()``.

    Attributes:
        state: Id of the state.
    """

    state: str

    def __call__(self, moment: Any) -> bool:
        """Tell whether the state is active."""
        return self.state in moment

    @property
    def __name__(self) -> str:
        return f"In({self.state})"


@final
@frozen
class Holds:
    """A guard that always answers the same.

    Attributes:
        value: The answer.
    """

    value: bool

    def __call__(self, moment: Any, **parameters: Any) -> bool:  # noqa: ARG002 - like every guard
        """Give the answer."""
        return self.value

    @property
    def __name__(self) -> str:
        return str(self.value).lower()


@final
@frozen
class Not:
    """A guard that holds when another does not."""

    guard: Hook

    def __call__(self, moment: Any) -> bool:
        """Ask the guard, and answer the opposite."""
        return not self.guard.function(moment)

    @property
    def __name__(self) -> str:
        return f"not {_grouped(self.guard)}"


@final
@frozen
class AllOf:
    """A guard that holds when each of several does; they are asked in order."""

    guards: tuple[Hook, ...]

    def __call__(self, moment: Any) -> bool:
        """Ask the guards until one does not hold."""
        return all(guard.function(moment) for guard in self.guards)

    @property
    def __name__(self) -> str:
        return " and ".join(map(_grouped, self.guards))


@final
@frozen
class AnyOf:
    """A guard that holds when one of several does; they are asked in order."""

    guards: tuple[Hook, ...]

    def __call__(self, moment: Any) -> bool:
        """Ask the guards until one holds."""
        return any(guard.function(moment) for guard in self.guards)

    @property
    def __name__(self) -> str:
        return " or ".join(map(_grouped, self.guards))


@final
@frozen
class Give:
    """An action that gives one effect, always the same.

    Attributes:
        effect: The effect.
        brings: On entry of a final state: the data of the completion event that follows, alone in a
            tuple; empty when it says nothing of that. SCXML's ``<donedata>`` does (SCXML 5.5).
    """

    effect: Effect
    brings: tuple[Any, ...] = field(default=(), hash=False, repr=False)

    def __call__(self, moment: Any) -> Effect:  # noqa: ARG002 - called like every action
        """Give the effect."""
        return self.effect

    @property
    def __name__(self) -> str:
        return effect_text(self.effect)


@final
@frozen
class Branch:
    """One way of a `Choose`.

    Attributes:
        guard: What has to hold; None always does.
        actions: What is done then, in order.
    """

    guard: Hook | None
    actions: tuple[Hook, ...]


@final
@frozen
class Choose:
    """An action that does what the first branch says whose guard holds: SCXML's ``<if>``."""

    branches: tuple[Branch, ...]

    def __call__(self, moment: Any) -> Iterator[Effect]:
        """Give the effects of the first branch that holds."""
        for branch in self.branches:
            if branch.guard is None or branch.guard.function(moment):
                for action in branch.actions:
                    yield from effects_of(action.function(moment))
                return

    @property
    def __name__(self) -> str:
        return "; ".join(map(_branch_text, self.branches))


@final
@frozen
class Bound:
    """A name with a function behind it.

    Attributes:
        reference: What the file says.
        function: What is called for it, with a moment and the parameters of the reference.
    """

    reference: Named | Give | NamedDelay
    function: Callable[..., Any] = field(eq=meaning, hash=False)

    @property
    def brings(self) -> tuple[Any, ...]:
        """The data that the name brings without the function (see `Give`)."""
        return self.reference.brings if isinstance(self.reference, Give) else ()

    def __call__(self, moment: Any) -> Any:
        """Call the function."""
        return self.function(moment, **parameters(self.reference))

    @property
    def __name__(self) -> str:
        return self.reference.__name__


def effects_of(given: Any) -> Iterator[Effect]:
    """Yield the effects that a callback has given: one, several, or None for none."""
    if given is None:
        return
    if isinstance(given, Effect):
        yield given
    else:
        yield from given


def parameters(reference: Named | Give | NamedDelay) -> Mapping[str, Any]:
    """Return the parameters that a file gives with a name."""
    match reference:
        case Named(_, data) | Give(Action(_, data)):
            return data
        case _:
            return {}


def parts(hook: Hook) -> tuple[Hook, ...]:
    """Return the hooks that a composite guard or action is made of."""
    match hook.function:
        case Not(guard):
            return (guard,)
        case AllOf(guards) | AnyOf(guards):
            return guards
        case Choose(branches):
            guards = tuple(b.guard for b in branches if b.guard is not None)
            return (*guards, *(action for b in branches for action in b.actions))
        case _:
            return ()


def within(*hooks: Hook) -> Iterator[Hook]:
    """Yield hooks, each before all that it is made of."""
    waiting = [*reversed(hooks)]
    while waiting:
        hook = waiting.pop()
        yield hook
        waiting += reversed(parts(hook))


def open_names(hook: Hook) -> Iterator[tuple[str, str]]:
    """Yield the names in a hook that no function stands behind, each as (role, name).

    >>> list(open_names(Hook(Not(Hook(Named("ready"))))))
    [('guard', 'ready')]
    """
    match hook.function:
        case Named(name):
            yield ("guard", name)
        case NamedDelay(name):
            yield ("delay", name)
        case Give(Action(name)):
            yield ("action", name)
        case _:
            for part in parts(hook):
                yield from open_names(part)


def called(name: str, data: Mapping[str, Any]) -> str:
    """Return a name with its parameters, as a call is written.

    >>> called("atLeast", {"count": 3}), called("isValid", {})
    ('atLeast(count=3)', 'isValid')
    """
    shown = ", ".join(f"{key}={repr_of(value)}" for key, value in data.items())
    return f"{name}({shown})" if shown else name


def effect_text(effect: Effect) -> str:
    """Return an effect as pictures and tables show it.

    >>> effect_text(Raise(NamedEvent("go"))), effect_text(Action("notify"))
    ('raise go', 'notify')
    """
    match effect:
        case Action(name, data):
            return called(name, data)
        case Raise(event):
            return f"raise {event_name(event)}"
        case Send(event, delay, _, target):
            to = "" if target is None else f" to {target}"
            when = "" if delay is None else f" in {duration_text(delay)}"
            return f"send {event_name(event)}{to}{when}"
        case CancelSend(name):
            return f"cancel {name}"
        case Service(source, data):
            return called(source, data)
        case Invoke(name, call):
            return f"invoke {effect_text(call)} as {name}"
        case CancelInvoke(name):
            return f"stop {name}"
        case _:
            return type(effect).__name__


def event_name(event: object) -> str:
    """Return the name of an event on the wire.

    >>> event_name(NamedEvent("error.timeout"))
    'error.timeout'
    """
    return event.name if isinstance(event, NamedEvent) else wire_name(type(event))


def _grouped(guard: Hook) -> str:
    joined = isinstance(guard.function, AllOf | AnyOf) and len(parts(guard)) > 1
    return f"({guard.name})" if joined else guard.name


def _branch_text(branch: Branch) -> str:
    done = ", ".join(action.name for action in branch.actions) or "nothing"
    return f"else {done}" if branch.guard is None else f"if {branch.guard.name}: {done}"
