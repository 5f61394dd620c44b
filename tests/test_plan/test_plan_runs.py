"""Runs of plans: recorded, retried, skipped, cancelled, resumed."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections import Counter
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, frozen

from machines.investigator.secrets import Secret
from machines.plan.records import dump_event
from machines.plan.vocabulary import (
    Category,
    Emitted,
    NodeCompleted,
    NodeEntered,
    NodeError,
    NodeFailed,
    NodeSkipped,
    OperationBoundary,
    RunCompleted,
    RunStarted,
)
from machines.planner import (
    Engine,
    Plan,
    PlanError,
    PlanFaultsError,
    RetryPolicy,
    SideEffects,
    SnapshotPolicy,
    Status,
    Strategy,
    Work,
)
from statecharts.runtime import RunExistsError, UnknownRunError
from statecharts.store.artifacts import canonical
from tests.test_plan.conftest import CONFIG, KilledError

ONE_BY_ONE = evolve(CONFIG, at_once=1)


@frozen
class Price:
    asset: str
    at: datetime
    value: float


def names(engine: Engine, run: str) -> list[str]:
    return [type(one.event).__name__ for one in engine.events(run)]


def test_results_are_read_back_as_the_annotations_say(engine: Engine) -> None:
    """A node gets its inputs as instances of their types, whether or not they were on disk."""
    plan = Plan("prices")

    def price(work: Work) -> Price:
        return Price("eth", work.io.now(), 3.5)

    def check(work: Work, one: Price, all_: list[Price]) -> list[str]:
        assert isinstance(one, Price)
        assert isinstance(one.at, datetime)
        return [one.asset for one in (one, *all_)]

    prices = [plan.node(f"a.b.price_{n}", price) for n in range(2)]
    plan.node("a.b.check", check, prices[0], plan.many(prices))
    run = engine.start(plan, config=CONFIG)
    assert run.status == Status.COMPLETED
    assert engine.context(run.run)["a.b.check"] == ["eth", "eth", "eth"]


def test_functions_may_have_defaults_and_take_any_number_of_inputs(engine: Engine) -> None:
    """A default is not an input, and each of many inputs is read by the one annotation."""

    def shares(work: Work, *prices: Price) -> float:
        return sum(one.value for one in prices)

    plan = Plan("shapes")

    def price(work: Work, value: float = 1.5) -> Price:
        return Price("eth", work.io.now(), value)

    two = [plan.node(f"a.b.n_{n}", price) for n in (1, 2)]
    spread: Any = shares
    plan.node("a.b.sum", spread, *two)
    assert engine.context(engine.start(plan, config=CONFIG).run)["a.b.sum"] == 3


def test_each_event_is_recorded_in_its_place(engine: Engine) -> None:
    """Started with manifest and snapshot, entered with attempt and base, completed, over."""
    plan = Plan("two")
    one = plan.node("a.b.one", lambda _: 1)
    plan.node("a.c.two", lambda _, given: given + 1, one)
    run = engine.start(plan, {"x": 1}, config=ONE_BY_ONE, context={"known": True}).run
    events = [one.event for one in engine.events(run)]
    assert [type(one) for one in events] == [
        RunStarted,
        OperationBoundary,
        NodeEntered,
        NodeCompleted,
        OperationBoundary,
        OperationBoundary,
        NodeEntered,
        NodeCompleted,
        OperationBoundary,
        RunCompleted,
    ]
    started, entered, completed, second = (events[n] for n in (0, 2, 3, 6))
    assert isinstance(started, RunStarted)
    assert isinstance(entered, NodeEntered)
    assert isinstance(completed, NodeCompleted)
    assert isinstance(second, NodeEntered)
    manifest = engine.artifact(started.manifest)
    assert (manifest["operation"], manifest["input"]) == ("two", {"x": 1})
    assert started.manifest == hashlib.sha256(canonical(manifest)).hexdigest()
    assert engine.artifact(started.initial)["writes"] == {"known": True}
    assert (entered.attempt, entered.base) == (0, started.initial)
    assert second.base == completed.snapshot
    assert engine.context(run) == {"a.b.one": 1, "a.c.two": 2, "known": True}
    assert [one.sequence for one in engine.events(run)] == [*range(1, 11)]
    assert [type(one.event) for one in engine.events(run, 3, 4)] == [NodeEntered, NodeCompleted]


def test_snapshots_do_not_depend_on_the_order_in_which_nodes_come_out(engine: Engine) -> None:
    """The same plan leaves the same snapshots, one after the other or side by side."""
    plan = Plan("wide")
    root = plan.node("a.b.root", lambda _: 1)
    leaves = [plan.node(f"a.b.leaf_{n}", lambda _, given: given, root) for n in range(20)]
    plan.node("a.b.join", lambda _, given: sum(given), plan.many(leaves))
    runs = [engine.start(plan, config=evolve(CONFIG, at_once=n)).run for n in (1, 8)]
    first, second = (
        {line.node: line.snapshot for line in engine.ledger(run).lines.values()} for run in runs
    )
    assert first == second
    assert not engine.difference(*runs)


def test_no_more_nodes_are_at_work_than_the_limit(engine: Engine) -> None:
    """A fan-out keeps to its limit, and uses it."""
    lock, seen = threading.Lock(), Counter[str]()
    full = threading.Event()

    def leaf(_: Work) -> None:
        with lock:
            seen["now"] += 1
            seen["most"] = max(seen["most"], seen["now"])
            if seen["now"] == 3:
                full.set()
        full.wait(5)
        with lock:
            seen["now"] -= 1

    plan = Plan("limited")
    for number in range(12):
        plan.node(f"a.b.n_{number}", leaf)
    engine.start(plan, config=evolve(CONFIG, at_once=3))
    assert seen["most"] == 3


def test_a_node_does_not_see_what_runs_beside_it(engine: Engine) -> None:
    """Only nodes before a node leave it anything; a deleted value is gone for those after."""
    plan = Plan("apart")

    def writes(work: Work) -> None:
        work.context.write("shared", 1)
        work.context.write("passing", 1)

    def deletes(work: Work) -> bool:
        work.context.delete("passing")
        return "passing" in work.context.dump()

    def looks(work: Work) -> list[str]:
        return [*work.context.dump()]

    one = plan.node("a.b.one", writes)
    two = plan.node("a.b.two", deletes, after=[one])
    plan.node("a.b.three", looks, after=[one])
    plan.node("a.b.four", looks, after=[two])
    plan.node("a.b.five", looks)
    context = engine.context(engine.start(plan, config=CONFIG).run)
    assert context["a.b.two"] is False
    assert context["a.b.three"] == ["passing", "shared"]
    assert context["a.b.four"] == ["a.b.two", "shared"]
    assert context["a.b.five"] == []
    assert "passing" not in context


def test_two_nodes_that_write_one_key_side_by_side_are_refused_at_the_join(engine: Engine) -> None:
    """Nobody can tell which of them is right; one after the other, the later is."""

    def writes(work: Work) -> None:
        work.context.write("total", work.node)

    plan = Plan("conflict")
    one = plan.node("a.b.one", writes)
    two = plan.node("a.b.two", writes)
    plan.node("a.b.join", lambda work: work.context.read("total"), after=[one, two])
    run = engine.start(plan, config=CONFIG)
    assert run.status == Status.FAILED
    error = run.errors["a.b.join"]
    assert (error.code, error.category) == ("context_conflict", Category.CONTEXT)
    assert "a.b.one and by a.b.two" in error.message
    assert "let one of them, by after=, or write keys of their own" in error.message

    plan = Plan("order")
    one = plan.node("a.b.one", writes)
    two = plan.node("a.b.two", writes, after=[one])
    plan.node("a.b.join", lambda work: work.context.read("total"), after=[one, two])
    run = engine.start(plan, config=CONFIG)
    assert engine.context(run.run)["a.b.join"] == "a.b.two"


def test_the_context_says_what_is_missing_or_of_another_type(engine: Engine) -> None:
    """A missing key, a wrong type and what is no JSON are errors with stable codes."""
    plan = Plan("context")

    def wrong_type(work: Work) -> None:
        work.context.write("n", "seven")
        assert work.context.read("none", int, 3) == 3
        work.context.read("n", Price)

    plan.node("a.b.missing", lambda work: work.context.read("nothing"))
    plan.node("a.b.wrong_type", wrong_type)
    plan.node("a.b.no_json", lambda _: object())
    run = engine.start(plan, config=CONFIG)
    assert {node: error.code for node, error in run.errors.items()} == {
        "a.b.missing": "missing_key",
        "a.b.wrong_type": "context_deserialize_failed",
        "a.b.no_json": "context_serialize_failed",
    }


class Flaky:
    """Fails some times, then succeeds."""

    def __init__(self, times: int, *, retryable: bool = True) -> None:
        self.left, self.calls, self.retryable = times, 0, retryable

    def __call__(self, work: Work) -> int:
        self.calls += 1
        work.context.write("mark", self.calls)
        if self.left:
            self.left -= 1
            raise NodeError("busy", "try later", category=Category.RPC, retryable=self.retryable)
        return work.attempt


def test_a_retryable_error_is_tried_again_and_starts_from_the_same_snapshot(engine: Engine) -> None:
    """Attempts are numbered from 0, and a failed one leaves nothing."""
    plan = Plan("flaky")
    flaky = Flaky(2)
    plan.node("a.b.c", flaky)
    run = engine.start(plan, config=CONFIG)
    events = [one.event for one in engine.events(run.run)]
    entered = [one for one in events if isinstance(one, NodeEntered)]
    failed = [one for one in events if isinstance(one, NodeFailed)]
    assert [one.attempt for one in entered] == [0, 1, 2]
    assert len({one.base for one in entered}) == 1
    assert [(one.again, one.snapshot, one.error.code) for one in failed] == [
        (True, None, "busy")
    ] * 2
    assert engine.context(run.run) == {"a.b.c": 2, "mark": 3}
    assert len(engine.ledger(run.run).lines["a.b.c"].spans) == 3


@pytest.mark.parametrize(("retryable", "calls"), [(True, 3), (False, 1)])
def test_a_run_fails_once_no_attempt_is_left(engine: Engine, retryable: bool, calls: int) -> None:
    """After the last attempt, or an error that is final, the run has failed."""
    plan = Plan("broken")
    flaky = Flaky(9, retryable=retryable)
    one = plan.node("a.b.c", flaky)
    plan.node("a.b.d", lambda _: 1, after=[one])
    run = engine.start(plan, config=CONFIG)
    assert (run.status, run.final, flaky.calls) == (Status.FAILED, None, calls)
    assert run.errors["a.b.c"].code == "busy"
    assert "a.b.d" not in engine.ledger(run.run).lines
    with pytest.raises(PlanError, match=r"SC855.*the run is failed"):
        engine.context(run.run)


def test_waits_between_attempts_are_those_of_the_policy(engine: Engine) -> None:
    """The second attempt begins once the wait is over, not before."""
    plan = Plan("slow")
    plan.node("a.b.c", Flaky(1))
    retry = RetryPolicy(attempts=2, delay=timedelta(milliseconds=60))
    run = engine.start(plan, config=evolve(CONFIG, retry=retry)).run
    first, second = engine.ledger(run).lines["a.b.c"].spans
    assert first[1] is not None
    assert second[0] - first[1] >= 59


def test_a_failed_run_goes_on_from_the_last_nodes_that_came_out(engine: Engine) -> None:
    """Resumed, it repeats nothing that has succeeded, and starts from no failed snapshot."""
    done = Counter[str]()

    def counted(work: Work) -> int:
        done[work.node] += 1
        return 1

    plan = Plan("resumed")
    flaky = Flaky(1, retryable=False)
    one = plan.node("a.b.one", counted)
    two = plan.node("a.b.two", flaky, after=[one], snapshot=SnapshotPolicy.ALWAYS)
    plan.node("a.b.three", counted, after=[two])
    first = engine.start(plan, config=CONFIG)
    assert first.status == Status.FAILED
    failed = next(e.event for e in engine.events(first.run) if isinstance(e.event, NodeFailed))
    assert failed.snapshot is not None
    assert engine.artifact(failed.snapshot)["writes"] == {"mark": 1}
    again = engine.resume(first.run, plan)
    assert again.status == Status.COMPLETED
    assert done == {"a.b.one": 1, "a.b.three": 1}
    entered = [e.event for e in engine.events(first.run) if isinstance(e.event, NodeEntered)]
    bases = [one.base for one in entered if one.node == "a.b.two"]
    assert len(bases) == 2
    assert bases[0] == bases[1] != failed.snapshot
    with pytest.raises(PlanError, match=r"SC855.*the run is completed"):
        engine.resume(first.run, plan)


def test_an_exception_of_a_node_is_its_failure_and_its_secrets_are_masked(engine: Engine) -> None:
    """Whatever a node raises is recorded, without what looks like a secret."""
    plan = Plan("raising")

    def raises(_: Work) -> None:
        raise RuntimeError("cannot reach https://ada:hunter2@host/")

    plan.node("a.b.c", raises)
    run = engine.start(plan, config=CONFIG)
    error = run.errors["a.b.c"]
    assert (error.code, error.retryable) == ("unhandled", False)
    assert "hunter2" not in json.dumps([dump_event(e.event, 0) for e in engine.events(run.run)])
    assert "RuntimeError: cannot reach" in error.message


def test_skipped_nodes_leave_their_trace_and_what_comes_after_goes_on(engine: Engine) -> None:
    """A dry run skips what applies side effects; the context is as if it had done nothing."""
    applied: list[str] = []
    plan = Plan("dry")
    one = plan.node("a.b.one", lambda _: 1)
    two = plan.node(
        "a.b.two", lambda work: applied.append(work.node), tags=["apply_side_effect"], after=[one]
    )
    plan.node("a.b.three", lambda work: [*work.context.dump()], after=[two])
    config = evolve(CONFIG, skip_tags=("apply_side_effect",))
    run = engine.start(plan, config=config)
    (skipped,) = [e.event for e in engine.events(run.run) if isinstance(e.event, NodeSkipped)]
    line = engine.ledger(run.run).lines["a.b.one"]
    assert (skipped.node, skipped.tag) == ("a.b.two", "apply_side_effect")
    assert skipped.snapshot == line.snapshot
    assert applied == []
    assert engine.context(run.run)["a.b.three"] == ["a.b.one"]


def test_the_latest_that_succeeded_is_gone_on_from(engine: Engine) -> None:
    """Candidates of a tag may fail, as long as one of them succeeds."""

    def source(broken: bool) -> Any:
        def read(work: Work) -> None:
            if broken:
                raise NodeError("down", "no answer")
            work.context.write("source", work.node)

        return read

    def plan(*broken: bool) -> Plan:
        made = Plan("sources")
        for number, one in enumerate(broken):
            made.node(f"a.b.source_{number}", source(one), tags=["fetch_data"])
        made.node(
            "a.b.use",
            lambda work: work.context.read("source"),
            depends_on=["fetch_data"],
            strategy=Strategy.LATEST_SUCCESSFUL,
        )
        return made

    for broken, used in (((False, False), 1), ((False, True), 0), ((True, False), 1)):
        run = engine.start(plan(*broken), config=CONFIG)
        assert run.status == Status.COMPLETED
        assert engine.context(run.run)["a.b.use"] == f"a.b.source_{used}"
    assert engine.start(plan(True, True), config=CONFIG).status == Status.FAILED


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("profile", "seen"),
    [
        ("minimal", set()),
        ("normal", {"OperationBoundary", "note"}),
        ("verbose", {"OperationBoundary", "note", "io_called"}),
        (("note",), {"note"}),
    ],
)
def test_the_profile_says_which_further_events_are_recorded(
    engine: Engine, tmp_path: Path, profile: Any, seen: set[str]
) -> None:
    """What recovery and replay need is recorded under every profile."""
    (tmp_path / "x.txt").write_text("hello")
    plan = Plan("profile")

    def node(work: Work) -> None:
        work.io.file(str(tmp_path / "x.txt"), key="x")
        work.emit_many([("note", {"a": 1}), ("note", None)])
        work.output("out.txt", "text", media="text/plain")

    plan.node("a.b.c", node)
    run = engine.start(plan, config=evolve(CONFIG, profile=profile)).run
    said = {
        one.event.name if isinstance(one.event, Emitted) else type(one.event).__name__
        for one in engine.events(run)
    }
    always = {"RunStarted", "NodeEntered", "FactRecorded", "ArtifactWritten", "NodeCompleted"}
    assert said == {*always, "RunCompleted", *seen}
    assert not engine.difference(run, engine.replay(run, plan).run)


def test_secrets_get_nowhere(engine: Engine, tmp_path: Path) -> None:
    """Parameters, context, facts, events and outputs with a secret in them are refused."""
    plan = Plan("secretive")
    plan.node("a.b.fact", lambda work: work.io.record("f", {"password": "hunter2"}).response)
    plan.node("a.b.event", lambda work: work.emit("e", {"token": "hunter2"}))
    plan.node("a.b.output", lambda work: work.output("o", {"api_key": "hunter2"}))
    plan.node("a.b.result", lambda _: {"secret": "hunter2"})
    plan.node("a.b.context", lambda work: work.context.write("c", {"cookie": "hunter2"}))
    run = engine.start(plan, config=evolve(CONFIG, at_once=5))
    assert len(run.errors) == 5
    assert all("SC853" in one.message for one in run.errors.values())
    wrong: Any
    for wrong in ({"parameters": {"password": "hunter2"}}, {"context": {"c": Secret("hunter2")}}):
        with pytest.raises(PlanError, match="SC853"):
            engine.start(plan, **wrong)
    engine.close()
    for file in tmp_path.iterdir():
        assert b"hunter2" not in file.read_bytes()


def test_events_are_appended_only_where_they_are_expected(engine: Engine) -> None:
    """An append that does not follow on the head is refused, and changes nothing."""
    plan = Plan("journal")
    plan.node("a.b.c", lambda _: 1)
    run = engine.create(plan, config=CONFIG)
    journal = engine.journal(run)
    note = dump_event(Emitted("a.b.c", "note", 1), 0)
    assert journal.head == 0
    assert journal.append(0, [note, note]) == 2
    for expected in (0, 1, 3):
        with pytest.raises(PlanError, match=r"SC855.*cannot follow"):
            journal.append(expected, [note])
        with pytest.raises(PlanError, match=r"SC855.*cannot follow"):
            journal.append(expected, [note], finished=True)
    assert (journal.head, len(journal.read())) == (2, 2)
    assert engine.phase(run) == "running"
    assert [one.sequence for one in journal.read(2)] == [2]
    assert engine.resume(run, plan).status == Status.COMPLETED
    with pytest.raises(PlanError, match=r"SC855.*the run is completed"):
        journal.append(journal.head, [note])


def test_a_pruned_history_is_told_and_not_taken_for_the_whole(engine: Engine) -> None:
    """Events that were forgotten are missed, not guessed."""
    plan = Plan("pruned")
    for number in range(3):
        plan.node(f"a.b.n_{number}", lambda _: 1)
    run = engine.start(plan, config=ONE_BY_ONE).run
    stored = engine._runs.get(run)
    stored.checkpoint()
    stored.prune(before=len(stored.history()))
    with pytest.raises(PlanError, match=r"SC857.*the history was pruned"):
        engine.ledger(run)


def test_an_id_is_used_once_and_unknown_runs_are_told(engine: Engine) -> None:
    """A second start of one id, an unknown id and a wrong one are three different errors."""
    plan = Plan("ids")
    plan.node("a.b.c", lambda _: 1)
    run = engine.start(plan).run
    with pytest.raises(RunExistsError, match="SC821"):
        engine.start(plan, id=run)
    with pytest.raises(UnknownRunError, match="SC822"):
        engine.result(f"{run[:-4]}0000" if not run.endswith("0000") else f"{run[:-4]}1111")
    with pytest.raises(PlanError, match="SC851"):
        engine.result("run-1")
    assert engine.runs() == [run]


def test_a_plan_with_faults_starts_nothing(engine: Engine) -> None:
    """Faults are told before anything is stored."""
    with pytest.raises(PlanFaultsError, match="SC852"):
        engine.start(Plan("empty"))
    assert engine.runs() == []


def test_a_plan_that_has_changed_does_not_go_on(engine: Engine) -> None:
    """A run is resumed and replayed by its own plan; what differs is told."""
    plan = Plan("changing")
    plan.node("a.b.one", Flaky(1, retryable=False))
    run = engine.start(plan, config=CONFIG).run
    before = engine.journal(run).head
    other = Plan("changing", version="2")
    other.node("a.b.two", lambda _: 1)
    for act in (engine.resume, engine.replay):
        with pytest.raises(PlanError, match="SC854") as caught:
            act(run, other)
        for words in ("the version is 2, and was 1", "a.b.one is gone", "a.b.two is new"):
            assert words in str(caught.value)
    assert engine.journal(run).head == before
    assert engine.resume(run, plan).status == Status.COMPLETED


def test_a_run_that_is_cancelled_stops_what_is_at_work(engine: Engine) -> None:
    """A node at work is told, nothing more begins, and all of it is recorded."""
    begun, stopped = threading.Event(), threading.Event()

    def waits(work: Work) -> None:
        begun.set()
        while True:
            try:
                work.io.call("wait", {})
            except NodeError:
                stopped.set()
                raise

    class Wait:
        def ask(self, request: Any, stop: threading.Event) -> Any:
            return stop.wait(0.01)

    plan = Plan("cancelled")
    one = plan.node("a.b.one", waits)
    plan.node("a.b.two", lambda _: 1, after=[one])
    run = engine.create(plan, config=CONFIG)
    engine._transports["wait"] = Wait()
    results: list[Any] = []
    work = threading.Thread(target=lambda: results.append(engine.resume(run, plan)))
    work.start()
    assert begun.wait(5)
    engine.cancel(run, "not needed")
    work.join(5)
    assert stopped.is_set()
    assert results[0].status == engine.status(run) == Status.CANCELLED
    last = [one.event for one in engine.events(run)][-2:]
    assert isinstance(last[0], NodeFailed)
    assert last[0].error.code == "cancelled"
    assert last[1] == RunCompleted(Status.CANCELLED)
    with pytest.raises(PlanError, match=r"SC855.*the run is cancelled"):
        engine.cancel(run)
    with pytest.raises(PlanError, match=r"SC855.*the run is cancelled"):
        engine.resume(run, plan)


@pytest.mark.usefixtures("killed")
def test_who_was_replaced_records_nothing_more(engine: Engine, tmp_path: Path) -> None:
    """Of two that carry a run out, the later one does; the other stops at its next commit."""
    held, go = threading.Event(), threading.Event()
    calls: list[str] = []

    def node(work: Work) -> str:
        calls.append(work.run)
        if len(calls) == 1:
            held.set()
            go.wait(5)
        return work.run

    plan = Plan("twice")
    one = plan.node("a.b.one", node)
    plan.node("a.b.two", lambda _, given: given, one)
    run = engine.create(plan, config=CONFIG)
    errors: list[BaseException] = []

    def first() -> None:
        try:
            engine.resume(run, plan)
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    work = threading.Thread(target=first)
    work.start()
    assert held.wait(5)
    with Engine(f"sqlite:///{tmp_path}/plans.db") as other:
        assert other.resume(run, plan).status == Status.COMPLETED
    go.set()
    work.join(5)
    assert "SC855" in str(errors[0])
    completed = [e.event for e in engine.events(run) if isinstance(e.event, NodeCompleted)]
    assert [one.node for one in completed] == ["a.b.one", "a.b.two"]


def side_effects(done: Counter[str]) -> Plan:
    """Return a plan whose second node applies two side effects, under keys of their own."""
    plan = Plan("transfer")

    def apply(work: Work) -> str:
        said = [work.io.call("bank", {"pay": n}, key=f"pay/{n}").response for n in (1, 2)]
        done["apply"] += 1
        return "".join(said)

    def read(work: Work) -> int:
        done["read"] += 1
        return 1

    one = plan.node("a.b.read", read)
    two = plan.node(
        "a.b.apply", apply, after=[one], side_effects=SideEffects.APPLY, idempotency="transfer-7"
    )
    plan.node("a.b.report", lambda work, said: work.output("said", said), two)
    return plan


class Bank:
    def __init__(self) -> None:
        self.paid: list[int] = []

    def ask(self, request: Any, stop: threading.Event) -> Any:
        self.paid.append(request["pay"])
        return f"paid {request['pay']};"


@pytest.mark.usefixtures("killed")
def test_a_run_killed_at_any_commit_goes_on_and_applies_nothing_twice(tmp_path: Path) -> None:
    """After a kill at each commit: what was recorded is not done again, and the end is the same."""
    ends = set()
    commit = 0
    while True:
        commit += 1
        store = f"sqlite:///{tmp_path}/killed-{commit}.db"
        bank, done = Bank(), Counter[str]()
        plan = side_effects(done)
        left = [commit]

        def watch(_: Any, left: list[int] = left) -> None:
            left[0] -= 1
            if not left[0]:
                raise KilledError

        engine = Engine(store, transports={"bank": bank}, watch=watch)
        run = engine.create(plan, config=ONE_BY_ONE)
        with suppress(KilledError):
            engine.resume(run, plan)
        engine.close()
        with Engine(store, transports={"bank": bank}) as later:
            recorded = {line.node for line in later.ledger(run).lines.values() if line.snapshot}
            facts = [*later.ledger(run).facts]
            before, paid = dict(done), [*bank.paid]
            if later.status(run) != Status.COMPLETED:
                assert later.resume(run, plan).status == Status.COMPLETED
            assert bank.paid[len(paid) :] == [n for n in (1, 2) if f"pay/{n}" not in facts]
            for node in ("read", "apply"):
                if f"a.b.{node}" in recorded:
                    assert done[node] == before[node]
            assert not later.difference(run, later.replay(run, plan).run)
            ends.add(later.ledger(run).final)
        if left[0] > 0:
            break
    assert commit == 7
    assert len(ends) == 1


def test_what_applies_side_effects_is_on_disk_before_the_node_goes_on(tmp_path: Path) -> None:
    """Each fact of such a node is a commit of its own, so that a kill loses none."""
    store = f"sqlite:///{tmp_path}/plans.db"
    plan, seen = Plan("durable"), []

    def apply(work: Work) -> None:
        work.io.call("bank", {"pay": 1}, key="pay/1")
        with Engine(store) as other:
            seen.append([*other.ledger(work.run).facts])

    plan.node("a.b.c", apply, side_effects=SideEffects.APPLY)
    with Engine(store, transports={"bank": Bank()}) as engine:
        engine.start(plan, config=CONFIG)
    assert seen == [["pay/1"]]


def test_without_a_checkpoint_a_node_is_carried_out_again_with_what_it_has_learnt(
    engine: Engine,
) -> None:
    """Where the context is kept after some nodes alone, the outside is still asked once."""
    asked, done = Bank(), Counter[str]()
    engine._transports["bank"] = asked
    plan = Plan("sparse")

    def read(work: Work) -> str:
        done["read"] += 1
        said: str = work.io.call("bank", {"pay": 1}, key="pay/1").response
        return said

    one = plan.node("a.b.read", read)
    flaky = Flaky(1, retryable=False)
    two = plan.node("a.b.flaky", flaky, after=[one])
    plan.node("a.b.end", lambda _, said: said, one, after=[two])
    run = engine.start(plan, config=evolve(CONFIG, checkpoints=("report",)))
    assert run.status == Status.FAILED
    assert engine.ledger(run.run).lines["a.b.read"].snapshot is None
    assert engine.resume(run.run, plan).status == Status.COMPLETED
    assert (asked.paid, done["read"]) == ([1], 2)
    assert engine.context(run.run)["a.b.end"] == "paid 1;"


def test_a_plan_can_carry_out_another_one(engine: Engine) -> None:
    """A child run is a run of its own, told by the parent, resumed and replayed with it."""
    inner = Plan("inner")
    done = Counter[str]()

    def count(work: Work) -> int:
        done["inner"] += 1
        return int(work.parameters["n"]) + work.io.now().year * 0

    inner.node("a.b.count", count)
    outer = Plan("outer")
    left = [1]

    def spawn(work: Work) -> int:
        total: int = sum(work.child(inner, f"n_{n}", {"n": n})["a.b.count"] for n in (1, 2))
        if left[0]:
            left[0] = 0
            raise NodeError("busy", "try later", retryable=True)
        return total

    outer.node("a.b.spawn", spawn)
    run = engine.start(outer, config=CONFIG)
    assert run.status == Status.COMPLETED
    assert engine.context(run.run)["a.b.spawn"] == 3
    assert done["inner"] == 2  # the second attempt has found what the first one left
    children = engine.ledger(run.run).children
    assert [child.status for child in children.values()] == [Status.COMPLETED] * 2  # type: ignore[union-attr]
    assert "ChildSpawned" in names(engine, run.run)
    again = engine.replay(run.run, outer)
    assert again.status == Status.COMPLETED
    assert not engine.difference(run.run, again.run)


def test_a_missing_or_changed_artifact_is_told_and_nothing_is_lost(
    engine: Engine, tmp_path: Path
) -> None:
    """A run does not go on from what is not what its name says."""
    plan = Plan("damaged")
    one = plan.node("a.b.one", lambda _: 1)
    flaky = Flaky(1, retryable=False)
    plan.node("a.b.two", flaky, after=[one])
    run = engine.start(plan, config=CONFIG).run
    name = engine.ledger(run).lines["a.b.one"].snapshot
    assert name is not None
    head = engine.journal(run).head
    for statement, words in (
        (
            "UPDATE artifacts SET body = CAST('{}' AS BLOB) WHERE name = ?",
            "has other bytes than its name says",
        ),
        ("DELETE FROM artifacts WHERE name = ?", "is missing"),
    ):
        with closing(sqlite3.connect(tmp_path / "plans.db")) as db, db:
            db.execute(statement, (bytes.fromhex(name),))
        with pytest.raises(PlanError, match=rf"SC857.*{name} {words}"):
            engine.resume(run, plan)
        assert engine.phase(run) == "stopped"
        assert engine.journal(run).head == head


def test_a_full_disk_stops_a_run_and_loses_nothing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once there is room again, it goes on from what is recorded."""
    plan = Plan("full")
    one = plan.node("a.b.one", lambda _: 1)
    plan.node("a.b.two", lambda _, given: given, one)
    run = engine.create(plan, config=ONE_BY_ONE)
    store = engine._runs.store
    write, left = store.write, [3]

    def full(*given: Any, **more: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise sqlite3.OperationalError("database or disk is full")
        return write(*given, **more)

    monkeypatch.setattr(store, "write", full)
    with pytest.raises(sqlite3.OperationalError, match="disk is full"):
        engine.resume(run, plan)
    monkeypatch.undo()
    assert engine.ledger(run).lines["a.b.one"].state in ("completed", "running")
    assert engine.resume(run, plan).status == Status.COMPLETED


def test_what_could_not_be_written_is_not_taken_for_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that applies side effects stops at the fact that did not come to the disk."""
    bank, done = Bank(), Counter[str]()
    plan = side_effects(done)
    with Engine(f"sqlite:///{tmp_path}/plans.db", transports={"bank": bank}) as engine:
        run = engine.create(plan, config=ONE_BY_ONE)
        store = engine._runs.store
        write = store.write

        def full(*given: Any, **more: Any) -> Any:
            if bank.paid:
                raise sqlite3.OperationalError("database or disk is full")
            return write(*given, **more)

        monkeypatch.setattr(store, "write", full)
        with pytest.raises(sqlite3.OperationalError, match="disk is full"):
            engine.resume(run, plan)
        monkeypatch.undo()
        assert (bank.paid, done["apply"]) == ([1], 0)
        assert engine.resume(run, plan).status == Status.COMPLETED
        assert bank.paid == [1, 1, 2]  # the bank knows it by its idempotency key


@pytest.mark.long
def test_a_thousand_nodes_in_fan_out_need_few_commits(engine: Engine) -> None:
    """What many nodes have to say is written together: work is counted, not time."""
    plan = Plan("many")
    root = plan.node("a.b.root", lambda _: 1)

    def leaf(work: Work, given: int) -> int:
        return given + work.io.now().year * 0

    leaves = [plan.node(f"a.b.leaf_{n}", leaf, root) for n in range(998)]
    plan.node("a.b.join", lambda _, given: sum(given), plan.many(leaves))
    run = engine.start(plan)
    assert engine.context(run.run)["a.b.join"] == 998
    assert len(engine._runs.get(run.run).history()) < 600
    again = engine.replay(run.run, plan)
    assert not engine.difference(run.run, again.run)
    assert len(engine._runs.get(again.run).history()) < 20
