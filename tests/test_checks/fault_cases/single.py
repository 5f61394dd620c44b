"""Single mistakes: each is one fault, and nothing else is told because of it."""

from __future__ import annotations

from attrs import frozen

from statecharts import Call, CallFailed, Compound, History, Parallel, State, Statechart
from tests.test_checks.fault_cases.vocabulary import Go, Halt, Hurt, Kick, Named, Plain, case, loose


@frozen
class Push(Call[Go]):
    force: int


@case
def plain_class_that_lines_lead_to() -> object:
    """
    [SC114] Door: 'moving' is a plain class with states in its body. Derive it from Compound or Parallel: class moving(Compound).
    """

    class Door(Statechart[Go | Halt]):
        closed = State(initial=True)

        class moving:
            slow = State(initial=True)
            fast = State()
            slow.to(fast, on=Go)
            fast.to(slow, on=Halt)

        closed.always(loose(moving))

    return Door


@case
def plain_class_of_regions() -> object:
    """
    [SC114] Door: 'moving' is a plain class with states in its body. Derive it from Compound or Parallel: class moving(Compound).
    """

    class Door(Statechart[Go]):
        closed = State(initial=True)

        class moving:
            class left(Compound):
                only = State(initial=True, resting=True)

            class right(Compound):
                only = State(initial=True, resting=True)

        closed.to(loose(moving), on=Go)

    return Door


@case
def plain_class_for_a_region() -> object:
    """
    [SC114] Door: 'left' is a plain class with states in its body. Derive it from Compound or Parallel: class left(Compound).
    """

    class Door(Statechart[Go]):
        class moving(Parallel, initial=True):
            class left:
                only = State(initial=True, resting=True)

            class right(Compound):
                only = State(initial=True, resting=True)

        moving.to(moving, on=Go)

    return Door


@case
def plain_class_in_a_plain_base() -> object:
    """
    [SC114] Door: 'moving' is a plain class with states in its body. Derive it from Compound or Parallel: class moving(Compound).
    """

    class Base:
        closed = State(initial=True)

        class moving:
            only = State(initial=True, resting=True)

        closed.to(loose(moving), on=Go)

    class Door(Base, Statechart[Go]):
        pass

    return Door


@case
def make_that_is_an_instance() -> object:
    """
    [SC114] Door: a line on 'closed': make is Named(name='a', colour='b'), not a function. Pass a function of one moment: lambda m: ….
    """

    class Door(Statechart[Go]):
        closed = State(initial=True)
        open = State(Named, resting=True)
        closed.to(open, on=Go, make=loose(Named("a", "b")))

    return Door


@case
def make_for_a_history_in_a_state_with_data() -> object:
    """
    [SC105] Door: closed on Go goes to history 'room.past', which restores its data, but make= is given. Remove make=: the data of 'room' comes from the event, or has defaults.
    """

    class Door(Statechart[Go | Halt]):
        closed = State(initial=True)

        class room(Compound[Named]):
            only = State(initial=True)
            past = History(default=only)

        closed.to(room.past, on=Go, make=loose(lambda m: Named("a", "b")))
        room.to(closed, on=Halt)

    return Door


@case
def update_that_is_a_value() -> object:
    """
    [SC114] Door: a line on 'closed': update is 3, not a function. Pass a function of one moment: lambda m: ….
    """

    class Door(Statechart[Go]):
        closed = State(initial=True, resting=True)
        closed.stay(on=Go, update=loose(3))

    return Door


@case
def guard_that_is_a_value() -> object:
    """
    [SC114] Door: a line on 'closed': when is True, not a function. Pass a function of one moment: lambda m: ….
    """

    class Door(Statechart[Go]):
        closed = State(initial=True)
        open = State(resting=True)
        closed.to(open, on=Go, when=loose(True))
        closed.stay(on=Go)

    return Door


@case
def call_that_is_made_already() -> object:
    """
    [SC114] Door: 'open': invoke is Push(force=1), not a function. Pass a function of one moment: lambda m: ….
    """

    class Door(Statechart[Go]):
        open = State(initial=True, resting=True, invoke={Push: loose(Push(1))})
        open.stay(on=(Go, CallFailed))

    return Door


@case
def targets_in_a_list() -> object:
    """
    [SC114] Door: a line on 'closed' goes to [<State open>, <State ajar>], which is not a state. Pass several as a tuple: (one, other).
    """

    class Door(Statechart[Go]):
        closed = State(initial=True)
        open = State(resting=True)
        ajar = State(resting=True)
        closed.to(loose([open, ajar]), on=Go)

    return Door


@case
def target_that_would_carry_data() -> object:
    """
    [SC114] Door: a line on 'closed' goes to 7, which is not a state. Pass a State, a History, or a class derived from Compound or Parallel.
    """

    class Door(Statechart[Go]):
        closed = State(initial=True)
        closed.to(loose(7), on=Go, make=lambda m: Hurt(3))
        closed.stay(on=Go)

    return Door


@case
def event_that_is_an_instance() -> object:
    """
    [SC114] Door: a line on 'closed': on is Kick(force=1), which is not an attrs class. Pass the class itself: Kick.
    """

    class Door(Statechart[Kick]):
        closed = State(initial=True, resting=True)
        closed.stay(on=loose(Kick(1)))

    return Door


@case
def events_in_a_list() -> object:
    """
    [SC114] Door: a line on 'closed': on is [Go, Halt], which is not an attrs class. Pass several as a tuple, or as a union: on=(Go, Stop), on=Go | Stop.
    """

    class Door(Statechart[Go | Halt]):
        closed = State(initial=True, resting=True)
        closed.stay(on=loose([Go, Halt]))

    return Door


@case
def class_without_its_decorator() -> object:
    """
    [SC114] Door: a line on 'closed': on is Plain, which is not an attrs class. Declare Plain with @attrs.frozen.
    """

    class Door(Statechart[Go | Plain]):
        closed = State(initial=True)
        open = State(resting=True)
        closed.to(open, on=loose(Plain))
        closed.stay(on=Go)

    return Door


@case
def name_that_hides_the_initial_state() -> object:
    """
    [SC102] Door: a state declared in the body of Door, at line N, has no name any more. Give each state a name of its own: a name that is used twice hides the first state, and a list or a dict gives no names.
    """

    class Door(Statechart[Go]):
        closed = State(initial=True)
        closed.stay(on=Go)
        closed = State(resting=True)  # noqa: PIE794

    return Door


@case
def line_to_nowhere() -> object:
    """
    [SC101] Door: open on Go goes to 'zzz', and there is no such state. Declare it in the chart.
    [SC101] Door: open on CallFailed goes to 'zzz', and there is no such state. Declare it in the chart.
    [SC101] Door: attic on Halt goes to 'zzz', and there is no such state. Declare it in the chart.
    """

    class Door(Statechart[Go | Halt]):
        closed = State(initial=True)
        open = State(invoke={Push: lambda _: Push(1)}, resting=True)
        attic = State()
        closed.to(open, on=Go)
        closed.defer(on=Halt)
        open.to(loose("zzz"), on=Go)
        open.to(loose("zzz"), on=CallFailed)
        attic.to(loose("zzz"), on=Halt)

    return Door


@case
def event_that_is_misspelt() -> object:
    """
    [SC106] Door: open on hlat: no event of the chart is called 'hlat'. Did you mean 'halt'?
    """

    class Door(Statechart[Go | Halt]):
        closed = State(initial=True)
        open = State()
        closed.to(open, on=Go)
        open.to(closed, on=loose("hlat"))

    return Door


@frozen
class Halted:
    """Not one of the events."""


@case
def class_that_is_misspelt() -> object:
    """
    [SC106] Door: open on Halted: Halted is not one of the chart's events. Did you mean Halt? If not, add Halted to the events.
    """

    class Door(Statechart[Go | Halt]):
        closed = State(initial=True)
        open = State()
        closed.to(open, on=Go)
        open.to(closed, on=loose(Halted))

    return Door


@case
def initial_state_that_is_not_said() -> object:
    """
    [SC103] Door: the chart has no initial child. Mark one of 'open' or 'closed' with initial=True.
    """

    class Door(Statechart[Go]):
        open = State(resting=True)
        closed = State()
        closed.to(open, on=Go)

    return Door


@case
def superstate_that_is_empty() -> object:
    """
    [SC115] Door: 'open' is compound and has no states inside. Declare states in its body, or make it a State.
    """

    class Door(Statechart[Go]):
        closed = State(initial=True)

        class open(Compound): ...

        closed.to(open, on=Go)

    return Door


@case
def call_that_a_final_state_makes() -> object:
    """
    [SC135] Door: 'open' is final and makes a call. Make the call in a state that stays active.
    """

    class Door(Statechart[Go]):
        closed = State(initial=True)
        open = State(final=True, invoke=Push)
        closed.to(open, on=Go)

    return Door


@case
def chain_that_nothing_reaches() -> object:
    """
    [SC121] Door: nothing reaches 'attic'. Add a line that goes to it, make it initial, or remove it.
    """

    class Door(Statechart[Go]):
        closed = State(initial=True, resting=True)
        roof = State()
        attic = State()
        attic.to(roof, on=Go)
        roof.to(closed, on=Go)

    return Door
