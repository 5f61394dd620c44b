"""Effects: what a step asks for, in the order in which things happen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from attrs import frozen

from statecharts import (
    Compound,
    Effect,
    History,
    Moment,
    Parallel,
    State,
    Statechart,
    Step,
    start,
    step,
)
from statecharts.model.errors import CallbackError, StepError

AnyMoment = Moment[Any, Any, Any]


@frozen
class Go:
    n: int = 0


@frozen
class Back:
    pass


@frozen
class Value:
    n: int = 0


@frozen
class Log:
    lines: int = 0


@frozen
class Said(Effect):
    text: str


def say(text: str) -> Callable[[AnyMoment], Said]:
    """Return a hook that says something."""
    return lambda m: Said(text)


def run(chart: type[Statechart[Any, Any]], *events: object) -> Step[Any]:
    """Return the last step of a run."""
    then = start(chart)
    for event in events:
        then = step(chart, then.snapshot, event)
    return then


def texts(effects: Iterable[Effect]) -> list[str]:
    """Return what effects say."""
    return [effect.text for effect in effects if isinstance(effect, Said)]


class Ordered(Statechart[Go | Back]):
    class both(Parallel, initial=True, entry=say("+both"), exit=say("-both")):
        class a(Compound, entry=say("+a"), exit=say("-a")):
            x = State(initial=True, entry=say("+a.x"), exit=say("-a.x"))
            y = State(entry=say("+a.y"), exit=say("-a.y"))
            x.to(y, on=Go, emit=say("a"))

        class b(Compound, entry=say("+b"), exit=say("-b")):
            x = State(initial=True, entry=say("+b.x"), exit=say("-b.x"))
            y = State(entry=say("+b.y"), exit=say("-b.y"))
            x.to(y, on=Go, emit=say("b"))

    off = State(entry=say("+off"), exit=say("-off"))
    both.to(off, on=Back, emit=say("back"))
    off.to(both.b.y, on=Go, emit=say("go"))


def test_start_enters_in_document_order() -> None:
    """Entry effects come from the outside in, region by region."""
    assert texts(start(Ordered).effects) == ["+both", "+a", "+a.x", "+b", "+b.x"]


def test_exits_come_first_then_transitions_then_entries() -> None:
    """In one microstep all regions leave, then all transitions emit, then all regions enter."""
    then = run(Ordered, Go())
    assert texts(then.effects) == ["-b.x", "-a.x", "a", "b", "+a.y", "+b.y"]
    assert [t.source for t in then.fired] == ["both.a.x", "both.b.x"]


def test_exits_are_in_reverse_document_order() -> None:
    """Leaving runs from the inside out, and from the last region to the first."""
    assert texts(run(Ordered, Go(), Back()).effects) == [
        *("-b.y", "-b", "-a.y", "-a", "-both"),
        "back",
        "+off",
    ]


def test_target_deep_inside_enters_its_ancestors_first() -> None:
    """Ancestors, and the regions beside the target, are entered in document order."""
    assert texts(run(Ordered, Back(), Go()).effects) == [
        *("-off", "go", "+both", "+a", "+a.x", "+b", "+b.y")
    ]


def test_effects_of_all_microsteps_come_in_order() -> None:
    """A macrostep gives the effects of its microsteps one after the other."""

    class Chain(Statechart[Go]):
        a = State(initial=True, exit=say("-a"))
        b = State(entry=say("+b"), exit=say("-b"))
        c = State(entry=say("+c"), resting=True)
        a.to(b, on=Go, emit=say("a to b"))
        b.always(c, emit=say("b to c"))

    assert texts(run(Chain, Go()).effects) == ["-a", "a to b", "+b", "-b", "b to c", "+c"]


def test_hooks_see_the_data_of_their_state() -> None:
    """Exit and emit see what the state had, entry what it has."""

    def tell(word: str) -> Callable[[AnyMoment], Said]:
        return lambda m: Said(f"{word} {m.data.n} {type(m.event).__name__}")

    class Seen(Statechart[Go]):
        a = State(Value, initial=True, entry=tell("entry"), exit=tell("exit"))
        a.to(a, on=Go, emit=tell("emit"))

    assert texts(start(Seen).effects) == ["entry 0 NoneType"]
    assert texts(run(Seen, Go(1), Go(2)).effects) == ["exit 1 Go", "emit 1 Go", "entry 2 Go"]


def test_stay_emits_with_the_data_that_was() -> None:
    """The effects of a stay see the data before the make, which sees it too."""

    class Stays(Statechart[Go]):
        a = State(Value, initial=True, resting=True)
        a.stay(on=Go, make=lambda m: Value(m.data.n + 1), emit=lambda m: Said(str(m.data.n)))

    then = run(Stays, Go(), Go())
    assert (texts(then.effects), then.snapshot["a"]) == (["1"], Value(2))


def test_update_comes_before_emit_and_make() -> None:
    """A transition's effects and data see the context that its update has made."""

    class Updated(Statechart[Go, Log]):
        a = State(Value, initial=True, exit=lambda m: Said(f"exit {m.context.lines}"))
        b = State(Value, entry=lambda m: Said(f"entry {m.context.lines}"), resting=True)
        a.to(
            b,
            on=Go,
            update=lambda m: Log(m.context.lines + 1),
            emit=lambda m: Said(f"emit {m.context.lines}"),
            make=lambda m: Value(10 * m.context.lines),
        )

    then = run(Updated, Go())
    assert texts(then.effects) == ["exit 0", "emit 1", "entry 1"]
    assert then.snapshot["b"] == Value(10)


def test_configuration_that_callbacks_see() -> None:
    """States go one after the other and come one after the other, as in Appendix D.

    A state is still active in its own exit effects, and active already in its own entry effects.
    """

    def active(m: AnyMoment) -> Said:
        return Said(" ".join(state for state in ("a", "b", "b.x") if state in m))

    class Seen(Statechart[Go]):
        a = State(initial=True, exit=active)

        class b(Compound, entry=active):
            x = State(initial=True, entry=active, resting=True)

        a.to(b, on=Go, emit=active)

    assert texts(run(Seen, Go()).effects) == ["a", "", "b", "b b.x"]


def test_configuration_of_a_moment_is_what_is_in_it() -> None:
    """A callback is given the active states in document order, those for which ``in`` holds."""

    def active(m: AnyMoment) -> Said:
        assert [state in m for state in m.configuration] == [True] * len(m.configuration)
        return Said(" ".join(m.configuration))

    def asked(m: AnyMoment) -> bool:
        return m.configuration in {("a",), ("b", "b.y", "b.x", "b.x.z")}

    class Seen(Statechart[Go, Log]):
        a = State(initial=True, exit=active)

        class b(Parallel, entry=active):
            y = State(entry=active, resting=True)

            class x(Compound, entry=active):
                z = State(initial=True, entry=active, resting=True)

        a.to(b, on=Go, emit=active, when=asked)
        b.always(b, when=lambda m: asked(m) and not m.context.lines, update=lambda m: Log(1))

    came = ["b", "b b.y", "b b.y b.x", "b b.y b.x b.x.z"]
    assert texts(run(Seen, Go()).effects) == ["a", "", *came, *came]


def test_configuration_of_a_moment_is_that_before_where_data_is_made() -> None:
    """What builds the data of a target sees the states that are being left, as `m[state]` does."""

    def before(m: AnyMoment) -> Value:
        return Value(len(m.configuration) if m.configuration == ("a",) else -1)

    class Made(Statechart[Go]):
        a = State(initial=True)
        b = State(Value, resting=True)
        a.to(b, on=Go, emit=lambda m: Said(str(m.configuration)), make=before)

    then = run(Made, Go())
    assert (texts(then.effects), then.snapshot["b"]) == (["()"], Value(1))


def test_data_of_a_state_that_is_left_can_still_be_read() -> None:
    """What the transition's effects say may come from a state that is no longer active."""

    class Read(Statechart[Go]):
        a = State(Value, initial=True)
        b = State(resting=True)
        a.to(b, on=Go, emit=lambda m: Said(f"{m['a'].n} {'a' in m}"))

    assert texts(run(Read, Go()).effects) == ["0 False"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, []),
        ([], []),
        (Said("one"), ["one"]),
        ([Said("one"), Said("two")], ["one", "two"]),
        ((Said("one"),), ["one"]),
        (iter([Said("one"), Said("two")]), ["one", "two"]),
    ],
)
def test_hook_gives_one_effect_several_or_none(given: Any, said: list[str]) -> None:
    """An effect, an iterable of effects, or None."""

    class Gives(Statechart[Go]):
        a = State(initial=True, resting=True)
        a.stay(on=Go, emit=lambda m: given)

    assert texts(run(Gives, Go()).effects) == said


@pytest.mark.parametrize("wrong", [3, "text", [Said("good"), "bad"], Said, Go()])
def test_what_is_no_effect_is_an_error(wrong: Any) -> None:
    """Every value that a hook gives has to be an effect, in an iterable too."""

    class Wrong(Statechart[Go]):
        a = State(initial=True)
        b = State(resting=True, entry=lambda m: wrong)
        a.to(b, on=Go)

    expected = r"\[SC208\] Wrong: entry of 'b' on Go: .* is not an effect\. Give an instance of a"
    with pytest.raises(CallbackError, match=expected):
        run(Wrong, Go())


def test_ids_are_those_of_the_run() -> None:
    """Ids go on counting from step to step, over all kinds of callbacks, in order."""

    def fresh(m: AnyMoment) -> Said:
        return Said(m.new_id("call"))

    class Calls(Statechart[Go, Log]):
        a = State(Value, initial=True, entry=fresh, exit=fresh)
        a.to(
            a,
            on=Go,
            emit=fresh,
            update=lambda m: Log(int(m.new_id("call")[5:])),
            make=lambda m: Value(int(m.new_id("call")[5:])),
        )

    assert texts(start(Calls, Log()).effects) == ["call-1"]
    then = run(Calls, Go())
    assert texts(then.effects) == ["call-2", "call-4", "call-6"]
    assert (then.snapshot.context, then.snapshot["a"]) == (Log(3), Value(5))
    assert texts(run(Calls, Go(), Go()).effects) == ["call-7", "call-9", "call-11"]
    assert run(Calls, Go(), Go()) == run(Calls, Go(), Go())


def test_ids_of_a_brief_make_count_as_well() -> None:
    """A transition that does nothing but make data keeps count of the ids that it made."""

    class Makes(Statechart[Go]):
        a = State(Value, initial=True)
        a.to(a, on=Go, make=lambda m: Value(int(m.new_id("v")[2:])))

    assert [run(Makes, *[Go()] * n).snapshot["a"].n for n in range(4)] == [0, 1, 2, 3]
    assert run(Makes, Go(), Go()).snapshot.memory.counters == (("v", 2),)


def test_ids_made_by_a_generator_count_as_well() -> None:
    """A hook that yields its effects makes ids that are never given again."""

    def fresh(m: AnyMoment) -> Iterator[Said]:
        yield Said(m.new_id("call"))
        yield Said(m.new_id("call"))

    class Calls(Statechart[Go]):
        a = State(initial=True, resting=True)
        a.stay(on=Go, emit=fresh)

    assert texts(run(Calls, Go()).effects) == ["call-1", "call-2"]
    assert texts(run(Calls, Go(), Go()).effects) == ["call-3", "call-4"]


def test_guard_may_not_make_ids() -> None:
    """A guard that asks for an id is refused: it may have to leave nothing behind."""

    class Guarded(Statechart[Go]):
        a = State(initial=True, resting=True)
        a.stay(on=Go, when=lambda m: bool(m.new_id("call")))

    expected = r"\[SC210\] Guarded: when of 'a' on Go: a guard asked for a new id \('call'\)\. Make"
    with pytest.raises(StepError, match=expected):
        run(Guarded, Go())


def test_default_content_runs_after_the_entry_of_its_state() -> None:
    """What a history's default does comes after its parent's entry effects (SCXML enterStates)."""

    class Past(Statechart[Go]):
        a = State(initial=True)

        class b(Compound, entry=say("+b")):
            back = History("c")
            c = State(initial=True, entry=say("+c"), resting=True)

        a.to(b.back, on=Go, emit=say("go"))

    assert texts(run(Past, Go()).effects) == ["go", "+b", "+c"]
