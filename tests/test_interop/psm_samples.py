"""Classes as python-statemachine's documentation shows them, written anew, run there and here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from statemachine import Event, HistoryState, State, StateChart, StateMachine
from statemachine.states import States

from statecharts import Machine, NamedEvent
from statecharts.interop.python_statemachine import attach, from_class, unstarted

Sent = tuple[str, dict[str, Any]]
Turn = tuple[tuple[str, ...], tuple[str, ...]]
"""The active states, by name and in order of name, and all that has been told."""


class Telling(StateChart[Any]):
    """A class whose callbacks tell what they do."""

    validate_disconnected_states = False
    validate_trap_states = False
    validate_final_reachability = False

    def __init__(self, **options: Any) -> None:
        self.told: list[str] = []
        super().__init__(**options)

    def tell(self, *what: object) -> None:
        """Note something."""
        self.told.append(" ".join(map(str, what)))


class Orders(Telling):
    """Order control: guards look at what has been paid."""

    allow_event_without_transition = False
    enable_self_transition_entries = False

    waiting = State("Waiting for payment", initial=True)
    processing = State()
    shipping = State()
    completed = State(final=True)

    add = waiting.to(waiting)
    pay = waiting.to(processing, cond="enough") | waiting.to(waiting, unless="enough")
    process = processing.to(shipping, cond="paid")
    ship = shipping.to(completed)

    def __init__(self) -> None:
        self.total = 0
        self.payments: list[int] = []
        self.paid = False
        super().__init__()

    def enough(self, amount: int) -> bool:
        """Tell whether a payment makes up what is owed."""
        return sum(self.payments) + amount >= self.total

    def before_add(self, amount: int) -> None:
        """Add to the order."""
        self.total += amount
        self.tell("total", self.total)

    def before_pay(self, amount: int) -> None:
        """Take a payment."""
        self.payments.append(amount)
        self.tell("payments", self.payments)

    def after_pay(self) -> None:
        """Note that there was one."""
        self.paid = True
        self.tell("paid")

    def on_enter_waiting(self) -> None:
        """Wait for the next payment."""
        self.paid = False
        self.tell("waiting")

    def on_exit_waiting(self) -> None:
        """Stop waiting."""
        self.tell("not waiting")


class Lights(Telling):
    """Traffic light: one event of three transitions, and generic callbacks."""

    green = State(initial=True)
    yellow = State()
    red = State()
    cycle = Event(green.to(yellow) | yellow.to(red) | red.to(green), name="Loop")

    def before_cycle(self, event: str, source: State, target: State) -> None:
        """Tell what is about to happen."""
        self.tell("before", event, source.id, target.id)

    def on_enter_state(self, event: str, source: State, target: State, state: State) -> None:
        """Tell what is entered."""
        self.tell("enter", event, source.id or "-", target.id, state.id)

    def on_exit_state(self, event: str, source: State, target: State, state: State) -> None:
        """Tell what is left."""
        self.tell("exit", event, source.id, target.id, state.id)

    def after_transition(self, event: str, source: State, target: State, state: State) -> None:
        """Tell what has happened."""
        self.tell("after", event, source.id, target.id, state.id)


class Guess(Telling):
    """Guess the number: several guarded transitions, declared from their targets."""

    start = State(initial=True)
    low = State()
    high = State()
    won = State(final=True)
    lose = State(final=True)
    guess = (
        lose.from_(low, high, cond="worn_out")
        | won.from_(low, high, start, cond="equal")
        | low.from_(low, high, start, cond="lower")
        | high.from_(low, high, start, cond="higher and not equal")
    )

    def __init__(self, number: int = 4, attempts: int = 3) -> None:
        self.number = number
        self.attempts = attempts
        self.guesses = 0
        super().__init__()

    def worn_out(self) -> bool:
        """Tell whether there have been too many guesses."""
        return self.guesses >= self.attempts

    def before_guess(self, number: int) -> None:
        """Count."""
        self.guesses += 1
        self.tell("guess", number)

    def lower(self, number: int) -> bool:
        """Tell whether a number is too low."""
        return number < self.number

    def higher(self, number: int) -> bool:
        """Tell whether a number is too high."""
        return number > self.number

    def equal(self, number: int) -> bool:
        """Tell whether a number is right."""
        return self.number == number

    def on_enter_low(self) -> None:
        """Say so."""
        self.tell("too low")

    def on_enter_high(self) -> None:
        """Say so."""
        self.tell("too high")

    def on_enter_won(self) -> None:
        """Say so."""
        self.tell("won in", self.guesses)

    def on_enter_lose(self) -> None:
        """Say so."""
        self.tell("lost")


class Quest(Telling):
    """A quest: compound, parallel, completion, ``In()``, data of final states."""

    camp = State(initial=True)

    class war(State.Parallel):
        """Two roads at once."""

        class road(State.Compound):
            """To the mountain."""

            marching = State(initial=True)
            arrived = State(final=True, donedata="deed")
            march = marching.to(arrived)

            def deed(self) -> dict[str, str]:
                """Say what has been done."""
                return {"hero": "frodo"}

        class battle(State.Compound):
            """At the gate."""

            fighting = State(initial=True)
            over = State(final=True)
            fight = fighting.to(over)

    peace = State(final=True)
    depart = camp.to(war)
    retreat = war.to(camp, cond="In('fighting')")
    done_state_war = war.to(peace, on="crown")

    def crown(self, hero: str = "nobody", **kwargs: Any) -> None:
        """Tell who is honoured."""
        self.tell("crown", hero)

    def on_enter_state(self, state: State) -> None:
        """Tell what is entered."""
        self.tell("enter", state.id)

    def on_exit_state(self, state: State) -> None:
        """Tell what is left."""
        self.tell("exit", state.id)


class Personality(Telling):
    """Two minds, remembered by a shallow and a deep history."""

    class realm(State.Compound):
        """Inside."""

        class hall(State.Compound):
            """Further inside."""

            entrance = State(initial=True)
            chamber = State()
            explore = entrance.to(chamber)

        bridge = State()
        cross = hall.to(bridge)
        back = bridge.to(hall)
        shallow = HistoryState()
        deep = HistoryState(type="deep")
        shallow.to(hall)
        deep.to(hall)

    outside = State()
    leave = realm.to(outside)
    again = outside.to(realm.shallow)
    resume = outside.to(realm.deep)

    def on_enter_state(self, target: State, source: State) -> None:
        """Tell what is entered."""
        self.tell("enter", target.id, source.id)

    def on_exit_state(self, source: State, target: State) -> None:
        """Tell what is left."""
        self.tell("exit", source.id, target.id)

    def after_resume(self) -> None:
        """Tell that it is over."""
        self.tell("resumed")


class Everything(Telling):
    """Every way to bind a callback, as the documentation's example of all actions."""

    begin = State(initial=True)
    end = State(final=True)
    go = begin.to(
        end,
        validators=["validate_1", "validate_2"],
        cond=["asked_1", "asked_2"],
        unless=["denied_1", "denied_2"],
        before=["before_1", "before_2"],
        on=["on_1", "on_2"],
        after=["after_1", "after_2"],
    )

    @go.before  # type: ignore[untyped-decorator]
    def before_decorated(self) -> None:
        """Tell."""
        self.tell("before_decorated")

    @go.on  # type: ignore[untyped-decorator]
    def on_decorated(self) -> None:
        """Tell."""
        self.tell("on_decorated")

    @go.after  # type: ignore[untyped-decorator]
    def after_decorated(self) -> None:
        """Tell."""
        self.tell("after_decorated")

    @begin.exit  # type: ignore[untyped-decorator]  # pyright: ignore[reportUntypedFunctionDecorator]
    def exit_decorated(self) -> None:
        """Tell."""
        self.tell("exit_decorated")

    @end.enter  # type: ignore[untyped-decorator]  # pyright: ignore[reportUntypedFunctionDecorator]
    def enter_decorated(self) -> None:
        """Tell."""
        self.tell("enter_decorated")


def _telling(name: str, *, answer: bool | None = None) -> Any:
    def callback(self: Any) -> bool | None:
        self.tell(name)
        return answer

    callback.__qualname__ = callback.__name__ = name
    return callback


for _name in (
    *("before_1", "before_2", "on_1", "on_2", "after_1", "after_2", "validate_1", "validate_2"),
    *("before_transition", "on_transition", "after_transition", "before_go", "on_go", "after_go"),
    *("on_enter_state", "on_exit_state", "on_enter_begin", "on_exit_begin", "on_enter_end"),
):
    setattr(Everything, _name, _telling(_name))
for _name in ("asked_1", "asked_2"):
    setattr(Everything, _name, _telling(_name, answer=True))
for _name in ("denied_1", "denied_2"):
    setattr(Everything, _name, _telling(_name, answer=False))


class Strict(StateMachine):
    """A class of the old kind."""

    idle = State(initial=True)
    busy = State(final=True)
    start = idle.to(busy)


__all__ = [
    "Everything",
    "Guess",
    "Lights",
    "Orders",
    "Personality",
    "Quest",
    "States",
    "Strict",
    "Telling",
    "Turn",
    "compare",
    "here",
    "there",
]


def there(cls: Any, sent: Iterable[Sent], **options: Any) -> list[Turn]:
    """Return what their machine does: at the start, and for each event."""
    machine = cls(**options)

    def turn() -> Turn:
        told = tuple(machine.told)
        machine.told.clear()
        return tuple(sorted(state.id for state in machine.configuration)), told

    found = [turn()]
    for name, data in sent:
        machine.send(name, **data)
        found.append(turn())
    return found


def here(cls: Any, sent: Iterable[Sent], *, immediate: bool = False, **options: Any) -> list[Turn]:
    """Return what our machine does with the chart that the class becomes."""
    host = unstarted(cls, **options)
    machine = attach(Machine(from_class(cls, host=host, immediate=immediate)))

    def turn() -> Turn:
        told = tuple(host.told)
        host.told.clear()
        return tuple(sorted(machine.chart[state].name for state in machine.configuration)), told

    found = [turn()]
    for name, data in sent:
        machine.send(NamedEvent(name, data))
        found.append(turn())
    return found


def compare(
    cls: Any, *sent: str | Sent, in_order: bool = True, immediate: bool = True, **options: Any
) -> list[Turn]:
    """Run a class there, and here both ways; return what they do there.

    Inside the step, callbacks are not told all that they are told there, nor in the same order; the
    configurations and the number of calls agree.

    Args:
        cls: The class.
        sent: Events, by name, or with their payload.
        in_order: Whether callbacks have to be called in the same order.
        immediate: Whether it is run with actions inside the step, too.
        options: What the constructor of the class takes.
    """
    pairs = [(one, {}) if isinstance(one, str) else one for one in sent]
    theirs = there(cls, pairs, **options)
    ours = here(cls, pairs, **options)
    if in_order:
        assert ours == theirs
    else:
        assert [(active, sorted(told)) for active, told in ours] == [
            (active, sorted(told)) for active, told in theirs
        ]
    if immediate:
        inside = here(cls, pairs, immediate=True, **options)
        assert [(active, len(told)) for active, told in inside] == [
            (active, len(told)) for active, told in theirs
        ]
    return theirs
