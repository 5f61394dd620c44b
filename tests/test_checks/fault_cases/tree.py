"""Mistakes in the tree: ids, targets, kinds, defaults, delays."""

from __future__ import annotations

from datetime import timedelta

from statecharts import Compound, History, Parallel, State, Statechart
from statecharts.checks import accept
from statecharts.model.chart import Chart, Default, OnEvent, StateKind, StateNode, Transition
from tests.test_checks.fault_cases.vocabulary import Go, Halt, case, loose


@case
def unknown_target_with_a_near_name() -> object:
    """[SC101] Door: closed on Go goes to 'opne', and there is no such state. Did you mean 'open'?"""

    class Door(Statechart[Go]):
        closed = State(initial=True)
        open = State()
        closed.to(loose("opne"), on=Go)
        open.to(closed, on=Go)

    return Door


@case
def target_that_no_name_holds() -> object:
    """
    [SC101] Door: a line on 'closed' goes to a state without a name, which is not a state of this chart. Give it a name in the chart's body.
    """
    elsewhere = State()

    class Door(Statechart[Go]):
        closed = State(initial=True)
        closed.to(elsewhere, on=Go)

    return Door


@case
def target_of_another_chart() -> object:
    """
    [SC101] Door: a line on 'closed' goes to 'lit', which is not a state of this chart. Give it a name in the chart's body.
    """

    class Lamp(Statechart):
        lit = State(initial=True, resting=True)

    class Door(Statechart[Go]):
        closed = State(initial=True)
        closed.to(Lamp.lit, on=Go)

    return Door


@case
def targets_that_cannot_be_active_together() -> object:
    """
    [SC101] Door: a on Go goes to 'b' and 'c', which cannot be active together. Go to one state, or to one in each region of a parallel state.
    """
    leave = Transition("a", OnEvent((Go,)), ("b", "c"))
    back = Transition("b", OnEvent((Go,)), ("c",))
    states = (
        StateNode("a", StateKind.ATOMIC, "a", transitions=(leave,)),
        StateNode("b", StateKind.ATOMIC, "b", transitions=(back,)),
        StateNode("c", StateKind.FINAL, "c"),
    )
    start = Transition("", Default(), ("a",))
    root = StateNode("", StateKind.COMPOUND, "Door", None, ("a", "b", "c"), start)
    return accept(Chart("Door", root, states))


@case
def name_bound_twice() -> object:
    """
    [SC102] Door: a state declared in the body of Door, at line N, has no name any more. Give each state a name of its own: a name that is used twice hides the first state, and a list or a dict gives no names.
    """

    class Door(Statechart[Go]):
        closed = State(initial=True)
        open = State()
        open = State()  # noqa: PIE794
        closed.to(open, on=Go)
        open.to(closed, on=Go)

    return Door


@case
def state_of_another_chart() -> object:
    """[SC102] Door: the state of 'open' already is 'lit' of a chart. Declare a new State here."""

    class Lamp(Statechart[Go]):
        dark = State(initial=True)
        lit = State(final=True)
        dark.to(lit, on=Go)

    class Door(Statechart[Go]):
        closed = State(initial=True)
        open = Lamp.lit
        closed.to(open, on=Go)

    return Door


@case
def two_states_with_one_id() -> object:
    """[SC102] Door: two states have the id 'a'. Rename one of them."""
    node = StateNode("a", StateKind.ATOMIC, "a", resting=True)
    start = Transition("", Default(), ("a",))
    root = StateNode("", StateKind.COMPOUND, "Door", None, ("a",), start)
    return accept(Chart("Door", root, (node, node)))


@case
def no_initial_child() -> object:
    """
    [SC103] Door: the chart has no initial child. Mark one of 'closed' or 'open' with initial=True.
    [SC103] Door: 'open' has no initial child. Mark one of 'open.ajar' or 'open.wide' with initial=True.
    """

    class Door(Statechart[Go]):
        closed = State()

        class open(Compound):
            ajar = State()
            wide = State()
            ajar.to(wide, on=Go)

        closed.to(open, on=Go)
        open.wide.to(closed, on=Go)

    return Door


@case
def several_initial_children() -> object:
    """
    [SC103] Door: the chart has 2 initial children, 'closed' and 'open'. Keep initial=True on one of them.
    """

    class Door(Statechart[Go]):
        closed = State(initial=True)
        open = State(initial=True)
        closed.to(open, on=Go)
        open.to(closed, on=Go)

    return Door


@case
def initial_region() -> object:
    """
    [SC103] Door: 'both.left' is a region of a parallel state, but has initial=True. Remove initial=True: all regions are entered together.
    """

    class Door(Statechart):
        class both(Parallel, initial=True):
            left = State(initial=True, resting=True)
            right = State(resting=True)

    return Door


@case
def transition_out_of_a_final_state() -> object:
    """
    [SC107] Door: gone on Go leaves a state that is final. Remove the line, or make the state an ordinary one.
    """

    class Door(Statechart[Go]):
        closed = State(initial=True)
        gone = State(final=True)
        closed.to(gone, on=Go)
        gone.to(closed, on=Go)

    return Door


@case
def final_state_with_children() -> object:
    """
    [SC108] Door: 'gone' is final, but is declared as a superstate. Remove final=True, or declare it as State(final=True).
    """

    class Door(Statechart[Go]):
        closed = State(initial=True)

        class gone(Compound, final=True):
            far = State(initial=True, resting=True)

        closed.to(gone, on=Go)

    return Door


@case
def atomic_state_with_children() -> object:
    """[SC108] Door: 'a' is final and has 'a.b' inside. Make it compound, or move its children out."""
    states = (
        StateNode("a", StateKind.FINAL, "a", children=("a.b",)),
        StateNode("a.b", StateKind.FINAL, "b", parent="a"),
    )
    start = Transition("", Default(), ("a",))
    root = StateNode("", StateKind.COMPOUND, "Door", None, ("a",), start)
    return accept(Chart("Door", root, states))


@case
def history_without_a_default() -> object:
    """
    [SC109] Door: history 'room.past' has no default. Pass default=, the state to enter while nothing is remembered.
    [SC109] Door: the default of history 'room.before' is 'away', outside its parent. Choose a state inside 'room'.
    """

    class Door(Statechart[Go | Halt]):
        away = State()

        class room(Compound, initial=True):
            one = State(initial=True)
            past = History()
            before = History(default="away")

        room.to(away, on=Go)
        away.to(room.past, on=Go)
        away.to(room.before, on=Halt)

    return Door


@case
def circle_of_eventless_transitions() -> object:
    """
    [SC110] Door: eventless transitions without guards form a circle: closed → open → closed. Give one of them a when=.
    """

    class Door(Statechart):
        closed = State(initial=True)
        open = State()
        closed.always(open)
        open.always(closed)

    return Door


@case
def delay_that_is_not_positive() -> object:
    """
    [SC111] Door: closed after 0 s has no positive delay. Give it a positive delay; always() is taken at once.
    [SC111] Door: open after -1 s has no positive delay. Give it a positive delay; always() is taken at once.
    """

    class Door(Statechart):
        closed = State(initial=True)
        open = State()
        closed.after(timedelta(0), open)
        open.after(timedelta(seconds=-1), closed)

    return Door


@case
def reserved_names() -> object:
    """
    [SC113] Door: 'chart' is a reserved name. Choose a name other than to, stay, always, after, when_done, ignore, defer, chart.
    [SC113] Door: 'open.stay' is a reserved name. Choose a name other than to, stay, always, after, when_done, ignore, defer.
    """

    class Door(Statechart[Go]):
        chart = loose(State(initial=True))

        class open(Compound):
            stay = loose(State(initial=True))

        chart.to(open, on=Go)
        open.to(chart, on=Go)

    return Door


@case
def superstate_without_children() -> object:
    """[SC115] Door: 'open' is compound and has no states inside. Declare states in its body, or make it a State."""

    class Door(Statechart[Go]):
        closed = State(initial=True)

        class open(Compound):
            pass

        closed.to(open, on=Go)
        open.to(closed, on=Go)

    return Door


@case
def two_timers_without_names() -> object:
    """
    [SC141] Door: open has two delayed lines to 'closed', and neither has a name. Name them: deadline = state.after(…).
    """

    class Door(Statechart[Go]):
        closed = State(initial=True)
        open = State()
        closed.to(open, on=Go)
        open.after(timedelta(seconds=1), closed, when=lambda m: m.at.hour < 12)
        open.after(timedelta(seconds=2), closed)

    return Door


@case
def line_with_the_name_of_another() -> object:
    """
    [SC141] Gate: a line has the name 'open.shut', and so has another line. Give it another name, or remove the other first: Base.line.remove().
    """

    class Door(Statechart[Go]):
        closed = State(initial=True)
        open = State()
        closed.to(open, on=Go)
        shut = open.after(timedelta(seconds=1), closed)

    class Gate(Door):
        shut = Door.open.after(timedelta(seconds=2), Door.closed)

    return Gate


@case
def line_with_the_name_of_a_state() -> object:
    """
    [SC141] Door: a line has the name 'work.rest', and so has a state. Give it another name, or remove the other first: Base.line.remove().
    """

    class Door(Statechart[Go]):
        class work(Compound, initial=True):
            rest = State(initial=True)
            rest.always(rest, when=lambda m: m.at.hour < 12)

        rest = work.to(work, on=Go)

    return Door


@case
def bases_with_two_kinds_of_one_state() -> object:
    """
    [SC142] Door: 'open' is atomic in One and final in Other. Declare it in the class itself.
    """

    class One(Statechart):
        open = State(initial=True, resting=True)

    class Other(Statechart):
        open = State(initial=True, final=True)

    class Door(One, Other, allow="*"):
        pass

    return Door


@case
def delay_that_is_a_number() -> object:
    """
    [SC111] Door: a line on 'open': the delay is 5. Pass a timedelta, or a function of the moment of entry: lambda m: ….
    """

    class Door(Statechart[Go]):
        closed = State(initial=True)
        open = State()
        closed.to(open, on=Go)
        open.after(loose(5), closed)

    return Door


@case
def history_default_of_states_that_exclude_each_other() -> object:
    """
    [SC109] Door: the default of history 'room.past' is 'room.one' and 'room.two', which cannot be active together. Choose one state, or one in each region of a parallel state.
    """

    class Door(Statechart[Go | Halt]):
        away = State(initial=True)

        class room(Compound):
            one = State(initial=True)
            two = State()
            past = History(default=(one, two, one))
            one.to(two, on=Go)

        away.to(room.past, on=Go)
        room.to(away, on=Halt)

    return Door


@case
def states_in_a_list() -> object:
    """
    [SC102] Door: a state declared in the body of Door, at line N, has no name any more. Give each state a name of its own: a name that is used twice hides the first state, and a list or a dict gives no names.
    """

    class Door(Statechart):
        states = [State(initial=True)]  # noqa: RUF012

    return Door


@case
def class_in_place_of_a_state() -> object:
    """
    [SC114] Door: 'open': State itself is not a state. Call it: State().
    [SC114] Door: 'lock' is a whole chart, not a state. Derive it from Compound or Parallel: class lock(Compound).
    [SC114] Door: 'group' is a plain class with states in its body. Derive it from Compound or Parallel: class group(Compound).
    """

    class Door(Statechart):
        closed = State(initial=True)
        open = State

        class lock(Statechart):
            on = State(initial=True, resting=True)

        class group:
            inner = State(initial=True, resting=True)

        closed.to(loose(group), on=Go)

    return Door


@case
def states_that_form_no_tree() -> object:
    """
    [SC144] Door: 'room' lists the child 'shelf', and there is no such state. Remove it from the children.
    [SC144] Door: the parent of 'box' is 'cellar', and there is no such state. Name the state around it.
    """
    start = Transition("", Default(), ("room",))
    root = StateNode("", StateKind.COMPOUND, "Door", None, ("room", "box"), start)
    go = Transition("room", OnEvent((Go,)), ("box",))
    back = Transition("box", OnEvent((Go,)), ("room",))
    states = (
        StateNode("room", StateKind.ATOMIC, "room", children=("shelf",), transitions=(go,)),
        StateNode("box", StateKind.ATOMIC, "box", "cellar", transitions=(back,)),
    )
    return accept(Chart("Door", root, states))
