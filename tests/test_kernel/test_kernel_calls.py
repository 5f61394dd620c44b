"""Calls: made when a state is entered, taken back when it is left, answered in between."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from attrs import frozen

from statecharts import (
    Answer,
    Call,
    CallFailed,
    CancelInvoke,
    Compound,
    DefinitionError,
    History,
    Invoke,
    Kernel,
    Machine,
    NamedEvent,
    Occurred,
    Parallel,
    Service,
    Snapshot,
    State,
    Statechart,
    StatechartError,
    start,
    step,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@frozen
class Go:
    url: str = "a"


@frozen
class Halt: ...


@frozen
class Got:
    body: str


@frozen
class Part:
    number: int


Events = Go | Halt | Got | Part


@frozen
class Fetch(Call[Part | Got]):
    url: str


@frozen
class Fetching:
    url: str = "u"
    parts: int = 0


@frozen
class Have:
    body: str


class Page(Statechart[Events]):
    class open(Compound, initial=True):
        idle = State(initial=True)
        fetching = State(Fetching, invoke=Fetch)
        have = State(Have)

        idle.to(fetching, on=Go)
        fetching.stay(on=Part, make=lambda m: Fetching(m.data.url, m.event.number))
        fetching.to(have, on=Got)
        have.to(fetching, on=Go)

    failed = State(resting=True)
    halted = State(final=True)

    open.fetching.to(failed, on=CallFailed)
    open.to(halted, on=Halt)


def fetching() -> Snapshot[Events, None]:
    return step(Page, start(Page).snapshot, Go("a")).snapshot


ID = "open.fetching.fetch#1"


def test_entering_makes_the_call() -> None:
    """The step asks for it under an id of state, name and number; the snapshot holds it."""
    made = step(Page, start(Page).snapshot, Go("a"))
    assert made.effects == (Invoke(ID, Fetch("a")),)
    assert dict(made.snapshot.calls) == {ID: Fetch("a")}


def test_last_answer_ends_the_call() -> None:
    """The line takes the event that it carries; nothing is taken back, for nothing is under way."""
    got = step(Page, fetching(), Answer(ID, Got("text")))
    assert got.snapshot[Page.open.have] == Have("text")
    assert got.effects == ()
    assert dict(got.snapshot.calls) == {}


def test_progress_leaves_the_call_under_way() -> None:
    """An answer that is not the last is taken by a line, and the call goes on."""
    part = step(Page, fetching(), Answer(ID, Part(3), last=False))
    assert part.snapshot[Page.open.fetching].parts == 3
    assert dict(part.snapshot.calls) == {ID: Fetch("a")}


@frozen
class Anything(Call[Any]): ...


class Page2(Statechart[Go]):
    fetching = State(initial=True, invoke=Anything)
    failed = State(resting=True)
    fetching.to(failed, on=Go | CallFailed)


@frozen
class Halt2: ...


def test_progress_that_no_line_takes_is_unhandled() -> None:
    """The same snapshot comes back."""
    before = start(Page2).snapshot
    took = step(Page2, before, Answer("fetching.anything#1", Halt2(), last=False))
    assert not took.handled
    assert took.snapshot is before


def test_last_answer_that_no_line_takes_is_handled() -> None:
    """The call has ended all the same; nothing fires, and nothing is left under way."""
    ended = step(Page2, start(Page2).snapshot, Answer("fetching.anything#1", Halt2()))
    assert ended.handled
    assert (ended.fired, ended.effects) == ((), ())
    assert dict(ended.snapshot.calls) == {}
    assert Page2.fetching in ended.snapshot


def test_failure_ends_the_call() -> None:
    """A line on CallFailed takes it."""
    failed = step(Page, fetching(), CallFailed(ID, "no route"))
    assert Page.failed in failed.snapshot
    assert failed.effects == ()


@pytest.mark.parametrize("event", [Answer(ID, Got("late")), CallFailed(ID, "late")])
def test_late_answer_is_unhandled_and_harmless(event: object) -> None:
    """An answer to a call of another time never counts, not even where it is asked to raise."""
    machine = Machine(Page, on_unhandled="raise")
    for one in (Go("a"), Answer(ID, Got("x")), Go("b")):
        machine.send(one)
    before = machine.snapshot
    assert dict(before.calls) == {"open.fetching.fetch#2": Fetch("b")}
    late = machine.send(event)  # type: ignore[arg-type]
    assert not late.handled
    assert machine.snapshot is before


@pytest.mark.parametrize("id", ["", "#", "open.fetching.fetch", "open.fetching.fetch#9", "none#1"])
def test_answer_to_nothing_is_unhandled(id: str) -> None:
    """Whatever the id looks like."""
    before = fetching()
    assert step(Page, before, Answer(id, Got("x"))).snapshot is before
    assert step(Page, before, CallFailed(id)).snapshot is before


def test_leaving_by_a_superstate_takes_the_call_back() -> None:
    """However the state is left, the work that it began is stopped."""
    assert step(Page, fetching(), Halt()).effects == (CancelInvoke(ID),)


def test_message_in_place_of_an_event_is_refused() -> None:
    """An answer carries an event of the chart's own, never another answer."""
    with pytest.raises(StatechartError, match="SC204"):
        step(Page, fetching(), Answer(ID, Answer(ID, Got("x"))))
    with pytest.raises(StatechartError, match=r"SC204.*Got is a class"):
        step(Page, fetching(), Answer(ID, Got))


@frozen
class Fetched(Call[Got]): ...


def again(cls: type) -> Any:
    """Return a class of the same name that was declared again."""
    return frozen(type(cls.__name__, (), {"__annotations__": {"body": str}}))


class Narrow(Statechart[Go | Halt | Got]):
    on = State(initial=True, invoke=Fetched)
    off = State()
    on.to(off, on=Go | Got | CallFailed)
    off.to(on, on=Halt)


@pytest.mark.parametrize(
    ("event", "remedy"),
    [
        (Go(), "Answer with Got$"),
        (Part(1), "Answer with Got$"),
        (NamedEvent("got"), "Answer with Got$"),
        (again(Got)("x"), "Answer with Got: the class that the call was declared with"),
    ],
)
@pytest.mark.parametrize("last", [True, False])
def test_answer_that_the_call_does_not_declare_is_refused(
    event: Any, remedy: str, *, last: bool
) -> None:
    """A line on the event may be there for somebody else; the call goes on, and says so."""
    machine = Machine(Narrow, at=NOW)
    answer = Answer("on.fetched#1", event, last=last)
    for use in (machine.send, machine.snapshot.can):
        with pytest.raises(StatechartError, match=r"\[SC204\].*does not declare") as caught:
            use(answer)
        assert re.search(remedy, caught.value.remedy)
    assert list(machine.snapshot.calls) == ["on.fetched#1"]
    assert machine.send(Answer("on.fetched#1", Got("x"), last=last)).snapshot.configuration == (
        "off",
    )


def test_moment_tells_the_call() -> None:
    """A line sees the event and the call that it answers; otherwise there is no call."""
    seen: list[Any] = []

    def look(m: Any) -> bool:
        seen.append((m.event, m.call))
        return False

    class Looking(Statechart[Events]):
        a = State(Fetching, initial=True, invoke=Fetch)
        a.to(a, on=(Go, Got, Part, CallFailed), when=look)
        a.to(a, on=Halt, when=look)

    snapshot = Snapshot.of(Looking.a, Fetching("u"))
    (call,) = snapshot.calls
    for event in (Answer(call, Got("b")), CallFailed(call, "r"), Go()):
        step(Looking, snapshot, event)
    assert seen == [(Got("b"), Fetch("u")), (CallFailed(call, "r"), Fetch("u")), (Go(), None)]


def test_state_that_is_passed_through_makes_no_call() -> None:
    """Calls are made when the macrostep has come to rest, as in SCXML."""

    class Through(Statechart[Go | Got | Part], allow="*"):
        a = State(initial=True)
        b = State(Fetching, invoke=Fetch)
        c = State(resting=True)
        a.to(b, on=Go)
        b.always(c)

    through = step(Through, start(Through).snapshot, Go())
    assert through.effects == ()
    assert dict(through.snapshot.calls) == {}


def test_line_on_answer_takes_whatever_answers() -> None:
    """It takes each answer and no failure; its callbacks see the event inside."""

    def carried(cls: type) -> Any:
        """Return a guard that asks for the class of the event."""
        return lambda m: isinstance(m.event, cls)

    class Asking(Statechart[Go | Got | Part], allow="*"):
        asking = State(Fetching, initial=True, invoke=Fetch)
        part = State(Part, resting=True)
        rest = State(resting=True)
        asking.to(part, on=Answer, when=carried(Part), make=lambda m: cast("Part", m.event))
        asking.to(rest, on=Answer)

    snapshot = start(Asking).snapshot
    (call,) = snapshot.calls
    assert step(Asking, snapshot, Answer(call, Part(3))).snapshot[Asking.part] == Part(3)
    assert Asking.rest in step(Asking, snapshot, Answer(call, Got("text"))).snapshot
    assert step(Asking, snapshot, CallFailed(call)).fired == ()
    assert snapshot.can(Answer(call, Got("text")))
    assert not snapshot.can(CallFailed(call))


def test_entering_again_makes_a_new_call() -> None:
    """A self transition takes the call back and makes another, under another id."""

    class Again(Statechart[Go | Got | Part]):
        a = State(Fetching, initial=True, invoke=Fetch)
        a.to(a, on=Go, make=lambda m: Fetching(m.event.url))
        a.stay(on=(Got, Part, CallFailed))

    snapshot = Snapshot.of(Again.a, Fetching("u"))
    again = step(Again, snapshot, Go("v"))
    assert again.effects == (CancelInvoke("a.fetch#1"), Invoke("a.fetch#2", Fetch("v")))


def test_staying_leaves_the_call_alone() -> None:
    """Neither stay nor an internal line from a superstate touches it."""

    class Staying(Statechart[Go | Got | Part | Halt], allow="*"):
        class a(Compound, initial=True, invoke={Fetch: lambda _: Fetch("outer")}):
            b = State(Fetching, initial=True, invoke=Fetch)
            c = State(resting=True)
            b.stay(on=Go, make=lambda m: Fetching(m.event.url))

        a.to(a.c, on=Halt, internal=True)

    snapshot = Snapshot.of(Staying.a.b, Fetching("u"))
    assert step(Staying, snapshot, Go("v")).effects == ()
    inner = step(Staying, snapshot, Halt())
    assert inner.effects == (CancelInvoke("a.b.fetch#2"),)
    assert list(inner.snapshot.calls) == ["a.fetch#1"]


def test_history_restores_the_state_and_makes_a_new_call() -> None:
    """The data comes back; the call is made anew."""

    class Paused(Statechart[Go | Halt | Got | Part], allow="*"):
        class work(Compound, initial=True):
            begin = State(initial=True)
            fetching = State(Fetching, invoke=Fetch)
            back = History(begin)
            begin.to(fetching, on=Go)

        paused = State()
        work.to(paused, on=Halt)
        paused.to(work.back, on=Go)

    machine = Machine(Paused)
    machine.send(Go("deep"))
    assert machine.send(Halt()).effects == (CancelInvoke("work.fetching.fetch#1"),)
    assert machine.send(Go("other")).effects == (Invoke("work.fetching.fetch#2", Fetch("deep")),)


def test_end_of_the_run_takes_back_all() -> None:
    """Timers and calls of the chart itself end with it."""

    class Whole(Statechart[Go | Got | Part], invoke={Fetch: lambda _: Fetch("all")}, allow="*"):
        a = State(initial=True)
        done = State(final=True)
        a.to(done, on=Go)
        limit = Statechart.after(timedelta(hours=1), done)

    first = start(Whole, at=NOW)
    assert list(first.snapshot.calls) == ["fetch#1"]
    last = step(Whole, first.snapshot, Go(), at=NOW)
    assert [type(effect).__name__ for effect in last.effects] == ["CancelTimer", "CancelInvoke"]
    assert (dict(last.snapshot.timers), dict(last.snapshot.calls)) == ({}, {})
    assert last.snapshot.ended


class Twins(Statechart[Events], allow="*"):
    """Two regions that make the same call."""

    class both(Parallel, initial=True):
        class left(Compound):
            asking = State(Fetching, initial=True, invoke=Fetch)
            have = State(Have, resting=True)
            asking.to(have, on=Got)

        class right(Compound):
            asking = State(Fetching, initial=True, invoke=Fetch)
            have = State(Have, resting=True)
            asking.to(have, on=Got)

    over = State(final=True)
    both.to(over, on=CallFailed)


def twins() -> Snapshot[Events, None]:
    return Snapshot.of(
        Twins.both.left.asking, Fetching("l"), (Twins.both.right.asking, Fetching("r"))
    )


def test_only_the_holder_hears_an_answer() -> None:
    """The other region does not, though it waits for the same event."""
    snapshot = twins()
    left, right = snapshot.calls
    answered = step(Twins, snapshot, Answer(right, Got("x"))).snapshot
    assert Twins.both.right.have in answered
    assert Twins.both.left.asking in answered
    assert list(answered.calls) == [left]


def test_superstates_hear_answers_as_well() -> None:
    """A failure is taken by the line of the parallel state around, which takes back the rest."""
    snapshot = twins()
    left, right = snapshot.calls
    over = step(Twins, snapshot, CallFailed(left, "gone"))
    assert Twins.over in over.snapshot
    assert over.effects == (CancelInvoke(right),)


@frozen
class Wait(Call[Got]):
    """A call whose fields come from all over."""

    url: str
    extra: str
    budget: int
    since: Occurred
    note: str = "none"


@frozen
class Carried:
    url: str


@frozen
class Context:
    budget: int = 7
    extra: str = "from the context"


@frozen
class Begin:
    url: str
    extra: str


def test_fields_are_filled_by_name() -> None:
    """From the state's data, the event, the context, the default; the time is the step's."""

    class Waiting(Statechart[Begin | Got, Context], allow="*"):
        idle = State(initial=True)
        waiting = State(Carried, invoke=Wait)
        idle.to(waiting, on=Begin, make=lambda _: Carried("of the data"))

    begun = step(Waiting, start(Waiting, Context()).snapshot, Begin("of the event", "e"), at=NOW)
    (invoke,) = begun.effects
    assert isinstance(invoke, Invoke)
    assert invoke.call == Wait("of the data", "e", 7, NOW)


def test_field_that_nothing_supplies_is_a_fault() -> None:
    """The definition names the call and the field."""
    with pytest.raises(DefinitionError, match=r"SC104\].* 'waiting' invokes Wait.*'url', 'extra'"):

        class Lacking(Statechart[Got], allow="*"):
            waiting = State(initial=True, invoke=Wait)
            waiting.stay(on=Got)


def _undeclared(invoke: Any, **more: Any) -> Callable[[], object]:
    def declare() -> object:
        class Chart(Statechart[Got | Part], **more):
            a = State(Fetching, initial=True, invoke=invoke)
            a.always(a, when=lambda _: False, make=lambda m: m.data)

        return Chart

    return declare


@pytest.mark.parametrize(
    ("invoke", "said"),
    [
        (Go, r"SC114\].*'a': invoke is Go, which is not an attrs class of calls"),
        (Call, r"SC114\].*invoke is Call"),
        ("fetch", r"SC114\].*|SC1\d\d"),
        (Fetch("u"), r"SC114\].*invoke is Fetch\(url='u'\)"),
        ((Fetch, Fetch), r"SC114\].*makes the call Fetch twice"),
        ({Fetch: "fetch"}, r"SC114\].*invoke is 'fetch', not a function"),
        (Fetch, r"SC136\] Chart: Fetch of 'a' may be answered by Part"),
        (Fetch, r"SC137\] Chart: no line takes the failure of Fetch of 'a'"),
    ],
)
def test_wrong_call_is_a_fault(invoke: Any, said: str) -> None:
    """What is no call, what is made twice, and what nobody hears are told at definition."""
    with pytest.raises(DefinitionError, match=said):
        _undeclared(invoke)()


def test_answer_that_is_no_event_of_the_chart_is_a_fault() -> None:
    """The union of events has to name what a call may be answered by."""
    with pytest.raises(DefinitionError, match=r"SC135\].*Fetch of 'a' is answered by Part, which"):

        class Chart(Statechart[Got]):
            a = State(Fetching, initial=True, invoke=Fetch)
            a.to(a, on=(Got, CallFailed), make=lambda m: m.data)


def test_call_of_the_wrong_class_is_an_error() -> None:
    """The function of invoke= gives an instance of the class that it stands for."""

    class Chart(Statechart[Got | Part], allow="*"):
        a = State(initial=True, invoke={Fetch: cast("Any", lambda _: "fetch")})

    with pytest.raises(StatechartError, match=r"SC208\] Chart: invoke of 'a' .*'fetch'"):
        start(Chart)


def test_services_have_names() -> None:
    """One state may call several services; each is named after what it is for."""

    class Chart(Statechart, allow="*"):
        a = State(
            initial=True,
            invoke={
                "user": lambda _: Service("fetchUser", {"id": 7}),
                "posts": lambda _: Service("fetchPosts"),
            },
        )
        b = State(resting=True)
        a.to(b, on="done.*")

    snapshot = start(Chart).snapshot
    assert list(snapshot.calls) == ["a.user#1", "a.posts#2"]
    done = step(Chart, snapshot, Answer("a.posts#2", NamedEvent("done.posts")))
    assert done.effects == (CancelInvoke("a.user#1"),)


def test_kernel_shares_what_it_knows_of_calls() -> None:
    """A snapshot that was made by another kernel of the chart, or pickled, goes on."""
    other = Kernel(Page)
    got = other.step(fetching(), Answer(ID, Got("text")))
    assert got.snapshot[Page.open.have] == Have("text")
