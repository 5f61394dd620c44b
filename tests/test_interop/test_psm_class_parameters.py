"""The parameters of callbacks are filled as python-statemachine documents it."""

from __future__ import annotations

from typing import Any

import pytest
from statemachine import Event, State

from statecharts import Machine, NamedEvent
from statecharts.interop.python_statemachine import attach, from_class, unstarted
from statecharts.model.errors import SubscriberError
from tests.test_interop.psm_samples import Telling, compare, here, there

SLOTS = ("before_go", "on_go", "after_go", "on_exit_a", "on_enter_b", "ready", "checked")


def shown(value: Any) -> str:
    """Return a parameter as text that is the same there and here."""
    if isinstance(value, State):
        return f"state {value.id} {value.name}"
    if isinstance(value, Event):
        return f"event {value.id} {value.name}"
    if hasattr(value, "trigger_data"):
        ends = (value.state, value.source, value.target, value.event, value.args)
        return f"data {' '.join(shown(end) for end in ends)}"
    if hasattr(value, "is_eventless"):
        return f"transition {value.source.id} {value.target and value.target.id} {value.event}"
    if isinstance(value, Telling):
        return f"machine {[state.id for state in value.configuration]}"
    if hasattr(value, "state"):
        return "model"
    if hasattr(value, "__iter__") and not isinstance(value, str):
        return str([shown(one) for one in value])
    return repr(value)


def _asking(name: str) -> Any:
    def callback(
        self: Any,
        event_data: Any,
        event: Any,
        source: Any,
        target: Any,
        state: Any,
        model: Any,
        machine: Any,
        transition: Any,
        amount: int,
        *args: Any,
        missing: str = "default",
        **kwargs: Any,
    ) -> bool:
        told = {
            **locals(),
            "seen": [state.id for state in self.configuration],
            "values": list(self.configuration_values),
        }
        del told["self"]
        known = {"event_data", "event", "source", "target", "state", "model", "machine"}
        told["kwargs"] = {k: v for k, v in kwargs.items() if k not in known | {"transition"}}
        for key, value in sorted(told.items()):
            text = value if key in ("seen", "values") else shown(value)
            if key == "kwargs":
                text = {k: shown(v) for k, v in value.items()}
            self.tell(name, key, text)
        return True

    callback.__qualname__ = f"asking_{name}"
    callback.__name__ = name
    return callback


class Asking(Telling):
    """Every callback asks for everything there is."""

    a = State("First", initial=True)
    b = State("Second", final=True)
    go = Event(a.to(b, cond="ready", validators="checked"), name="Go on")


for _name in SLOTS:
    setattr(Asking, _name, _asking(_name))


@pytest.mark.sampled(2)
@pytest.mark.parametrize("slot", SLOTS)
def test_every_documented_parameter_is_filled(slot: str) -> None:
    """Each callback is told in each slot what theirs tells it, configurations included."""
    payload = {"amount": 3, "other": [1]}
    theirs, ours = there(Asking, [("go", payload)]), here(Asking, [("go", payload)])
    assert [x for x in ours[1][1] if x.startswith(slot)] == [
        x for x in theirs[1][1] if x.startswith(slot)
    ]
    assert len(theirs[1][1]) > len(SLOTS) * 12
    compare(Asking, ("go", payload))


class Greeter(Telling):
    """Takes positional parameters."""

    idle = State(initial=True)
    greet = idle.to(idle)
    spread = idle.to(idle)

    def on_greet(self, name: str, greeting: str = "Hello") -> None:
        """Greet."""
        self.tell(f"{greeting}, {name}!")

    def on_spread(self, *args: Any, **kwargs: Any) -> None:
        """Take what comes."""
        self.tell(args, kwargs.get("by"))


def test_positional_parameters_stand_under_a_star() -> None:
    """Values under ``*`` in a payload arrive in order; a name beats a place."""
    machine = Greeter()
    machine.send("greet", "Alice")
    machine.send("greet", "Bob", greeting="Hi")
    machine.send("spread", 1, 2, by="us")
    host = unstarted(Greeter)
    ours = attach(Machine(from_class(Greeter, host=host)))
    ours.send(NamedEvent("greet", {"*": ("Alice",)}))
    ours.send(NamedEvent("greet", {"*": ("Bob",), "greeting": "Hi"}))
    ours.send(NamedEvent("spread", {"*": (1, 2), "by": "us"}))
    assert host.told == machine.told == ["Hello, Alice!", "Hi, Bob!", "(1, 2) us"]


class Prepared(Telling):
    """Adds to the parameters of all callbacks."""

    a = State(initial=True)
    b = State(final=True)
    go = a.to(b, cond="ready")
    count = 0

    def prepare_event(self, n: int = 0) -> dict[str, Any]:
        """Add."""
        self.count += 1
        return {"twice": n * 2, "n": n + 1}

    def ready(self, twice: int) -> bool:
        """Ask for what was added."""
        self.tell("ready", twice)
        return True

    def on_go(self, twice: int, n: int) -> None:
        """Tell what was added."""
        self.tell("on", twice, n)

    def on_enter_b(self, twice: int) -> None:
        """Tell what was added."""
        self.tell("enter", twice)


def test_prepared_parameters_reach_every_callback() -> None:
    """The result of ``prepare_event`` is added; it is called once for a guard and its action."""
    turns = compare(Prepared, ("go", {"n": 4}))
    assert turns[1][1] == ("ready 8", "on 8 5", "enter 8")


class Configured(Telling):
    """Looks at the configuration while it changes."""

    class p(State.Parallel):
        """Two regions."""

        class left(State.Compound):
            """One."""

            l1 = State(initial=True)
            l2 = State()
            step = l1.to(l2)

        class right(State.Compound):
            """The other."""

            r1 = State(initial=True)
            r2 = State()
            step = r1.to(r2)

    def on_step(self, previous_configuration: Any, new_configuration: Any) -> None:
        """Tell."""
        for states in (previous_configuration, self.configuration, new_configuration):
            self.tell("on", sorted(state.id for state in states))

    def on_enter_l2(self) -> None:
        """Tell."""
        self.tell(
            "enter", sorted(state.id for state in self.configuration), vars(self)["l2"].is_active
        )


class Atomic(Configured):
    """The same, with the configuration changing all at once."""

    atomic_configuration_update = True


@pytest.mark.parametrize("cls", [Configured, Atomic])
def test_configurations_are_seen_as_there(cls: Any) -> None:
    """Before, during and after a microstep of two transitions, callbacks see the same states."""
    turns = compare(cls, "step", immediate=False)
    during = [told for told in turns[1][1] if told.startswith("on")][1]
    assert ("l1" in during) == (cls is Atomic)


class Watching(Telling):
    """Tells what its callbacks are told, and in which order."""

    a = State(initial=True)
    b = State(final=True)
    go = a.to(b)

    def before_go(self) -> None:
        """Tell."""
        self.tell("before")

    def on_exit_a(self, event: Event, source: State, target: State) -> None:
        """Tell."""
        self.tell("exit", event, source.id, target.id)

    def on_go(self, **told: Any) -> None:
        """Tell."""
        self.tell("on", "new_configuration" in told)


def test_immediate_callbacks_are_told_less() -> None:
    """Inside the step, ``before`` comes beside ``on``, which is not told the configurations."""
    sent: list[Any] = [("go", {})]
    theirs = there(Watching, sent)[1][1]
    assert here(Watching, sent)[1][1] == theirs == ("before", "exit go a b", "on True")
    inside = here(Watching, sent, immediate=True)[1][1]
    assert inside == ("exit go a b", "before", "on False")


class Failing(Telling):
    """Has an action that fails, and waits for it."""

    a = State(initial=True)
    b = State()
    broken = State(final=True)
    go = a.to(b, on="fail")
    error_execution = a.to(broken) | b.to(broken, on="note")

    def fail(self) -> None:
        """Fail."""
        raise ValueError("no ink")

    def note(self, error: Exception) -> None:
        """Tell what went wrong."""
        self.tell("error", error)


class Careless(Failing):
    """Has the mistake raised."""

    catch_errors_as_events = False


def test_mistakes_become_the_event_that_waits_for_them() -> None:
    """The exception arrives as ``error`` of ``error.execution``, where the class says so."""
    turns = compare(Failing, "go")
    assert turns[1] == (("broken",), ("error no ink",))
    warnings = [str(warning) for warning in from_class(Failing).warnings]
    assert any("that library handles error.execution inside the step" in text for text in warnings)


def test_mistakes_are_raised_where_nothing_catches_them() -> None:
    """Without ``catch_errors_as_events`` the machine tells of the failed action, and goes on."""
    machine = attach(Machine(from_class(Careless)))
    with pytest.raises(SubscriberError, match="action 'fail' failed: ValueError: no ink"):
        machine.send(NamedEvent("go"))
    assert machine.configuration == ("b",)
