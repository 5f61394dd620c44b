"""What random charts are made of besides states: events, a context, effects, and small hooks.

Hooks are values that print themselves, so that a failing chart can be read and compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import attrs
from attrs import frozen

from statecharts.model.effects import Call, Effect, Invoke, Raise, StartTimer
from statecharts.model.events import Answer, CallFailed, NamedEvent, TimerFired
from statecharts.model.hooks import Hook
from statecharts.model.named import Give


@frozen
class E0:
    """An event of a random chart; its payload is a handful of bits."""

    bits: int = 0


@frozen
class E1:
    """An event of a random chart."""

    bits: int = 0


@frozen
class E2:
    """An event of a random chart."""

    bits: int = 0


@frozen
class E3:
    """An event of a random chart."""

    bits: int = 0


@frozen
class E4:
    """An event of a random chart."""

    bits: int = 0


@frozen
class E5(E4):
    """An event that is also an `E4`: whatever waits for that takes this as well."""


@frozen
class Unheard:
    """An event that no random chart waits for by name."""

    bits: int = 0


EVENT_CLASSES: Final[tuple[type, ...]] = (E0, E1, E2, E3, E4, E5)
EVENT_NAMES: Final = ("a", "a.b", "a.b.c", "b", "b.a", "ab")
DESCRIPTORS: Final = ("a", "a.b", "a.*", "a.b.*", "b", "b.*", "b.", "ab", "*")


def payload(event: object) -> int:
    """Return the bits of an event of either kind."""
    data = getattr(event, "data", None)  # of an event by name, or of a completion
    bits = data.get("bits", 0) if isinstance(data, dict) else getattr(event, "bits", 0)
    return int(bits)


@frozen
class Counters:
    """The context of a random chart."""

    p: int = 0
    q: int = 0

    def __str__(self) -> str:
        return f"p={self.p} q={self.q}"


@frozen
class Log(Effect):
    """The effect of every hook: what ran, and what it saw of the context."""

    text: str

    def __str__(self) -> str:
        return self.text


@frozen
class Ask(Call[Any]):
    """The call of every state of a random chart that makes one."""

    text: str

    def __str__(self) -> str:
        return f"ask {self.text}"


@frozen
class Asking:
    """A hook that gives a call, which tells what was the case when it was made."""

    text: str

    def __call__(self, m: Any) -> Ask:
        """Return the call."""
        return Ask(f"{self.text} [{m.context}] bits={payload(m.event)}")

    def __str__(self) -> str:
        return f"asking {self.text!r}"


@frozen
class Fire:
    """The firing of a timer that the run has started, running or not.

    Attributes:
        number: Which of all, counted from the latest.
    """

    number: int


@frozen
class Reply:
    """An answer to a call that the run has made, under way or not.

    Attributes:
        number: Which of all, counted from the latest.
        event: What is answered; None says that the call has failed.
        last: Whether the call ends with it.
    """

    number: int
    event: Any
    last: bool = True


def addressed(event: object, effects: Iterable[Effect]) -> object:
    """Return an event as it is sent: to one of the timers and calls that a run has started."""
    if isinstance(event, Fire):
        timers = [effect.id for effect in effects if isinstance(effect, StartTimer)]
        return TimerFired(_latest(timers, event.number))
    if isinstance(event, Reply):
        call = _latest(
            [effect.id for effect in effects if isinstance(effect, Invoke)], event.number
        )
        if event.event is None:
            return CallFailed(call, "no answer")
        return Answer(call, event.event, event.last)
    return event


def _latest(ids: list[str], number: int) -> str:
    return ids[-1 - number % len(ids)] if ids else "none.of.these#1"


@frozen
class Say:
    """A hook that tells its name and the counters, once or several times.

    Attributes:
        text: What it says.
        times: How many effects it gives; one is given bare, more as a list, none as None.
    """

    text: str
    times: int = 1

    def __call__(self, m: Any) -> Log | list[Log] | None:
        """Return the effects."""
        if self.times == 0:
            return None
        said = Log(f"{self.text} [{m.context}]")
        return said if self.times == 1 else [said] * self.times

    def __str__(self) -> str:
        return f"say {self.text!r}" + ("" if self.times == 1 else f" x{self.times}")


@frozen
class Quote:
    """A hook that tells the payload of the event."""

    text: str

    def __call__(self, m: Any) -> Log:
        """Return the effect."""
        about = "" if m.call is None else f" {m.call}"
        return Log(f"{self.text} bits={payload(m.event)}{about}")

    def __str__(self) -> str:
        return f"quote {self.text!r}"


@frozen
class Look:
    """A hook that tells whether a state is active while others are left and entered."""

    text: str
    state: str

    def __call__(self, m: Any) -> Log:
        """Return the effect."""
        return Log(f"{self.text} {self.state} {'in' if self.state in m else 'out'}")

    def __str__(self) -> str:
        return f"look {self.text!r}"


@frozen
class Toss:
    """A hook that raises an event with half the bits of the present one, until none are left.

    Attributes:
        text: What it says first.
        event: The class of the event, or its name.
    """

    text: str
    event: type | str

    def __call__(self, m: Any) -> list[Effect]:
        """Return the effects."""
        bits = payload(m.event) >> 1
        said: list[Effect] = [Log(f"{self.text} bits={bits}")]
        if not bits:
            return said
        if isinstance(self.event, str):
            return [*said, Raise(NamedEvent(self.event, {"bits": bits}))]
        return [*said, Raise(self.event(bits))]

    def __str__(self) -> str:
        return f"toss {self.text!r}"


def bringing(state: str) -> Hook:
    """Return a hook of a final state that brings some bits to the completion of its parent."""
    bits = len(state) % 8
    return Hook(Give(Log(f"{state} brings {bits}"), ({"bits": bits},)))


def donedata(entry: Iterable[Hook]) -> Any:
    """Return what the last of some hooks brings that brings something: SCXML's donedata."""
    brought = [hook.function.brings for hook in entry if isinstance(hook.function, Give)]
    return next((value for one in reversed(brought) for value in one), None)


@frozen
class Increment:
    """A hook that gives the context with one counter raised."""

    counter: str

    def __call__(self, m: Any) -> Counters:
        """Return the next context."""
        context: Counters = m.context
        return attrs.evolve(context, **{self.counter: getattr(context, self.counter) + 1})

    def __str__(self) -> str:
        return f"{self.counter} += 1"


@frozen
class Bit:
    """A guard: one bit of the event's payload is set."""

    bit: int

    def __call__(self, m: Any) -> bool:
        """Evaluate the guard."""
        return bool(payload(m.event) >> self.bit & 1)

    def __str__(self) -> str:
        return f"bit {self.bit}"


@frozen
class Below:
    """A guard: a counter is still below a limit."""

    counter: str
    limit: int

    def __call__(self, m: Any) -> bool:
        """Evaluate the guard."""
        return bool(getattr(m.context, self.counter) < self.limit)

    def __str__(self) -> str:
        return f"{self.counter} < {self.limit}"


@frozen
class Divides:
    """A guard: a counter is a multiple of a number."""

    counter: str
    divisor: int

    def __call__(self, m: Any) -> bool:
        """Evaluate the guard."""
        return bool(getattr(m.context, self.counter) % self.divisor == 0)

    def __str__(self) -> str:
        return f"{self.counter} % {self.divisor} == 0"


@frozen
class In:
    """A guard: a state is active (the predicate ``In()`` of SCXML)."""

    state: str

    def __call__(self, m: Any) -> bool:
        """Evaluate the guard."""
        return self.state in m

    def __str__(self) -> str:
        return f"In({self.state})"


@frozen
class Not:
    """A guard: another does not hold."""

    guard: Bit | Below | Divides | In

    def __call__(self, m: Any) -> bool:
        """Evaluate the guard."""
        return not self.guard(m)

    def __str__(self) -> str:
        return f"not {self.guard}"


Guard = Bit | Below | Divides | In | Not
