"""The outside: facts by HTTP, programs, SQL and files, recorded live and replayed offline."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from click.testing import CliRunner

from examples import portfolio, quality_report
from machines.investigator.secrets import Secret
from machines.plan.vocabulary import FactRecorded, NodeError
from machines.planner import Engine, Plan, PlanError, RunConfig, Status, Work
from machines.planner.io import digest_of
from machines.planner.transports import Exec, File, Http, Sql
from tests.proof import cases
from tests.test_plan.conftest import CONFIG, KilledError

STOP = threading.Event()


def ask(engine: Engine, act: Any, config: RunConfig = CONFIG) -> Any:
    """Return what a node gets that asks the outside once."""
    plan = Plan("asking")
    plan.node("a.b.c", act)
    run = engine.start(plan, config=config)
    if run.errors:
        raise AssertionError(run.errors["a.b.c"])
    return engine.context(run.run)["a.b.c"]


class Server(BaseHTTPRequestHandler):
    seen: list[dict[str, Any]] = []  # noqa: RUF012
    statuses: list[int] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        self.seen.append({"path": self.path, "headers": dict(self.headers), "body": body})
        status = self.statuses.pop(0) if self.statuses else 200
        answer = b"\xff\x00" if self.path == "/raw" else json.dumps({"path": self.path}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Server.seen.clear()
    Server.statuses.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as serving:
        threading.Thread(target=serving.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()


def test_http_answers_are_facts_and_secrets_of_the_request_are_not(
    engine: Engine, server: str, tmp_path: Path
) -> None:
    """The header is sent as it is; nothing of it is in the store."""

    def node(work: Work) -> Any:
        headers = {"Authorization": Secret("Bearer sk-live-123")}
        answer = work.io.http(
            f"{server}/prices", key="prices", method="POST", headers=headers, json={"a": 1}
        )
        raw = work.io.http(f"{server}/raw", key="raw")
        return [answer.status, answer.media, answer.json(), raw.body.hex()]

    assert ask(engine, node) == [200, "application/json", {"path": "/prices"}, "ff00"]
    sent = Server.seen[0]
    assert sent["headers"]["Authorization"] == "Bearer sk-live-123"
    assert json.loads(sent["body"]) == {"a": 1}
    engine.close()
    for file in tmp_path.iterdir():
        assert b"sk-live" not in file.read_bytes()


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("statuses", "code", "calls"),
    [([429, 503, 200], None, 3), ([404], "http_status", 1), ([429] * 3, "rate_limited", 3)],
)
def test_http_errors_say_whether_another_attempt_is_worth_it(
    engine: Engine, server: str, statuses: list[int], code: str | None, calls: int
) -> None:
    """Too many requests and a broken server are tried again, a refusal is not."""
    Server.statuses.extend(statuses)
    plan = Plan("flaky")
    plan.node("a.b.c", lambda work: work.io.http(f"{server}/x", key="x").status)
    run = engine.start(plan, config=CONFIG)
    assert len(Server.seen) == calls
    assert [one.code for one in run.errors.values()] == ([code] if code else [])


def test_http_without_anybody_there_is_retryable_and_a_wrong_address_is_not() -> None:
    """The error has nothing of the address in it."""
    request: Any = {"method": "GET", "headers": {}, "json": None, "seconds": 1.0}
    http = Http()
    for url, code, retryable in (
        ("http://127.0.0.1:1/hunter2", "transport", True),
        ("ftp://hunter2", "bad_url", False),
    ):
        with pytest.raises(NodeError) as caught:
            http.ask({**request, "url": url}, STOP)
        assert (caught.value.info.code, caught.value.info.retryable) == (code, retryable)
        assert "hunter2" not in str(caught.value)
    http.close()


@pytest.fixture
def dripping() -> Iterator[str]:
    """A server whose answer never ends."""
    over = threading.Event()

    class Drip(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            with suppress(OSError):
                while not over.wait(0.01):
                    self.wfile.write(b".")

        def log_message(self, format: str, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Drip) as serving:
        threading.Thread(target=serving.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}"
        over.set()
        serving.shutdown()


@pytest.mark.parametrize(("stopped", "code"), [(False, "timeout"), (True, "cancelled")])
def test_http_ends_in_time_and_when_its_run_is_cancelled(
    dripping: str, stopped: bool, code: str
) -> None:
    """The time is that of the whole answer, however often a byte of it comes."""
    stop = threading.Event()
    if stopped:
        threading.Timer(0.1, stop.set).start()
    seconds = 30.0 if stopped else 0.1
    request: Any = {
        "method": "GET",
        "url": dripping,
        "headers": {},
        "json": None,
        "seconds": seconds,
    }
    http = Http()
    began = time.monotonic()
    with pytest.raises(NodeError) as caught:
        http.ask(request, stop)
    assert (caught.value.info.code, caught.value.info.retryable) == (code, not stopped)
    assert time.monotonic() - began < 5
    http.close()


def test_a_redirect_is_no_answer(engine: Engine, server: str) -> None:
    """It is not followed, and its body is not taken for what was asked."""
    Server.statuses.append(302)
    plan = Plan("moved")
    plan.node("a.b.c", lambda work: work.io.http(f"{server}/x", key="x").status)
    error = engine.start(plan, config=CONFIG).errors["a.b.c"]
    assert (error.code, error.retryable, error.details) == ("http_status", False, {"status": 302})
    assert "elsewhere" in error.message


def test_a_secret_in_a_body_is_sent_and_not_recorded(engine: Engine, server: str) -> None:
    """It is revealed on the way out alone, however deep it is."""

    def node(work: Work) -> int:
        body = {"login": [{"key": Secret("hunter2")}]}
        return work.io.http(f"{server}/x", key="x", method="POST", json=body).status

    assert ask(engine, node) == 200
    assert json.loads(Server.seen[0]["body"]) == {"login": [{"key": "hunter2"}]}


def test_a_program_is_run_by_the_path_it_is_known_by(tmp_path: Path) -> None:
    """A link, such as the Python of an environment, is not followed."""
    link = tmp_path / "called"
    link.symlink_to("/bin/sh")
    request = {"program": str(link), "arguments": ["-c", "echo $0"], "stdin": "", "seconds": 5}
    assert Exec((str(link),)).ask(request, STOP)["out"].strip() == str(link)


def test_what_a_program_has_begun_ends_with_it(tmp_path: Path) -> None:
    """Nothing of it goes on in the background."""
    script = f"sleep 60 & echo $! > {tmp_path}/pid; echo done"
    request = {"program": "sh", "arguments": ["-c", script], "stdin": "", "seconds": 20}
    began = time.monotonic()
    assert Exec(("sh",)).ask(request, STOP)["out"] == "done\n"
    assert time.monotonic() - began < 10
    stat = Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}/stat")
    for _ in range(100):
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
            break
        time.sleep(0.01)
    else:
        raise AssertionError("it goes on")


def test_programs_run_without_a_shell_and_without_our_environment(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program gets its arguments as they are, and the variables that are allowed."""
    monkeypatch.setenv("HUNTER", "2")
    monkeypatch.setenv("PLAN_TOLD", "yes")
    config = evolve(CONFIG, programs=("env", "printf", "cat"), environment=("PLAN_TOLD",))

    def node(work: Work) -> list[Any]:
        env = work.io.exec("env", key="env").out.split()
        said = work.io.exec("printf", "%s|", "$HOME; ls", "`x`", key="printf")
        piped = work.io.exec("cat", stdin="grüße", key="cat")
        return [sorted(one.partition("=")[0] for one in env), said.out, piped.out, piped.status]

    names, said, piped, status = ask(engine, node, config)
    assert set(names) <= {"LANG", "LC_CTYPE", "PATH", "PLAN_TOLD"}
    assert "PLAN_TOLD" in names
    assert (said, piped, status) == ("$HOME; ls|`x`|", "grüße", 0)


@pytest.mark.parametrize(
    ("program", "arguments", "seconds", "code"),
    [
        ("ls", [], 5, "program_refused"),
        ("gone-program", [], 5, "program_refused"),
        ("sleep", ["60"], 0.1, "timeout"),
        ("yes", [], 20, "too_much_output"),
    ],
)
def test_programs_have_limits(
    program: str, arguments: list[str], seconds: float, code: str
) -> None:
    """A program that is not allowed, takes too long, or writes too much is refused or ended."""
    transport = Exec(("sleep", "yes", "gone-program"))
    request = {"program": program, "arguments": arguments, "stdin": "", "seconds": seconds}
    began = time.monotonic()
    with pytest.raises(NodeError) as caught:
        transport.ask(request, STOP)
    assert caught.value.info.code == code
    assert time.monotonic() - began < 15


def test_a_cancelled_run_ends_its_programs() -> None:
    """The program is killed with what it has started."""
    stop = threading.Event()
    stop.set()
    request = {"program": "sleep", "arguments": ["60"], "stdin": "", "seconds": 60}
    with pytest.raises(NodeError, match="cancelled"):
        Exec(("sleep",)).ask(request, stop)


def test_sql_reads_what_it_may_and_nothing_else(tmp_path: Path) -> None:
    """The tables are those that the node names; writing is refused."""
    shop = tmp_path / "shop.sqlite"
    with closing(sqlite3.connect(shop)) as db:
        db.executescript("CREATE TABLE a (x, y); INSERT INTO a VALUES (1, x'ff')")
        db.execute("CREATE TABLE b (z)")
    sql = Sql()

    def rows(query: str) -> Any:
        return sql.ask({"database": str(shop), "query": query, "tables": ["a"]}, STOP)

    assert rows("SELECT x, y FROM a") == {"columns": ["x", "y"], "rows": [[1, "ff"]]}
    for query in ("SELECT z FROM b", "DELETE FROM a", "SELECT"):
        with pytest.raises(NodeError) as caught:
            rows(query)
        assert caught.value.info.code == "sql"
    sql.close()


def test_files_are_read_whole_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is not there, or too long, is an error that does not name its folder."""
    monkeypatch.setattr("machines.planner.transports.LARGEST", 3)
    (tmp_path / "ok").write_bytes(b"abc")
    (tmp_path / "long").write_bytes(b"abcd")
    assert File().ask({"path": str(tmp_path / "ok")}, STOP) == {"text": "abc"}
    for name, code in (("gone", "file"), ("long", "too_much_output")):
        with pytest.raises(NodeError) as caught:
            File().ask({"path": str(tmp_path / name)}, STOP)
        assert caught.value.info.code == code


@pytest.mark.usefixtures("no_sockets")
def test_a_replay_asks_nobody_and_is_equal_to_the_byte(engine: Engine, tmp_path: Path) -> None:
    """Time, random bytes, values and files come from what was recorded."""
    file = tmp_path / "x"
    file.write_text("one")
    plan = Plan("replayed")

    def node(work: Work) -> str:
        said = [
            work.io.now().isoformat(),
            work.io.now(key="again").isoformat(),
            work.io.random_bytes(8).hex(),
            work.io.file(str(file), key="x").decode(),
            work.io.record("load", os.getloadavg()[0] + time.monotonic()).response,
        ]
        work.output("said.md", "\n".join(map(str, said)), media="text/markdown")
        return str(said)

    plan.node("a.b.c", node)
    run = engine.start(plan, config=CONFIG)
    file.write_text("two")
    again = engine.replay(run.run, plan)
    assert again.status == Status.COMPLETED
    assert not engine.difference(run.run, again.run)
    assert engine.output(run.run, "said.md") == engine.output(again.run, "said.md")
    assert [*engine.ledger(again.run).facts] == [*engine.ledger(run.run).facts]
    other = engine.start(plan, config=CONFIG)
    differs = engine.difference(run.run, other.run)
    assert differs.final
    assert differs.outputs == ("said.md",)
    assert {"x", "load", "again"} <= set(differs.facts)
    third = engine.replay(again.run, plan)  # what a replay has recorded is whole
    assert not engine.difference(run.run, third.run)


@pytest.mark.parametrize(("retryable", "attempts"), [(False, 1), (True, 3)])
def test_a_missing_fact_names_its_key_and_its_node(
    engine: Engine, retryable: bool, attempts: int
) -> None:
    """A replay that asks what nobody has asked fails, and is tried again only if that is wished."""
    more: list[str] = []
    plan = Plan("missing")
    plan.node("a.b.c", lambda work: [work.io.record(key, 1).response for key in ("a", *more)])
    run = engine.start(plan, config=CONFIG)
    more.append("b")
    again = engine.replay(run.run, plan, missing_fact_retryable=retryable)
    error = again.errors["a.b.c"]
    assert (again.status, error.code, error.retryable) == (Status.FAILED, "missing_fact", retryable)
    assert "under the key b, which a.b.c asks for" in error.message
    assert engine.ledger(again.run).lines["a.b.c"].attempt == attempts - 1


def test_a_fact_of_another_question_is_refused(engine: Engine, tmp_path: Path) -> None:
    """A key whose question has changed gives an error, not the old answer."""
    (tmp_path / "a").write_text("a")
    path = [str(tmp_path / "a")]
    plan = Plan("another")
    plan.node("a.b.c", lambda work: work.io.file(path[0], key="file").decode())
    run = engine.start(plan, config=CONFIG)
    path[0] = "elsewhere"
    error = engine.replay(run.run, plan).errors["a.b.c"]
    assert error.code == "fact_of_another_key"
    assert "the key file was recorded by a.b.c for another question" in error.message


def test_a_call_without_a_key_cannot_be_replayed(engine: Engine, tmp_path: Path) -> None:
    """Live it is asked, and not recorded; a replay says what is missing."""
    (tmp_path / "a").write_text("a")
    plan = Plan("keyless")
    path = str(tmp_path / "a")
    plan.node("a.b.c", lambda work: work.io.call("file", {"path": path}).response)
    run = engine.start(plan, config=CONFIG)
    assert run.status == Status.COMPLETED
    assert engine.ledger(run.run).facts == {}
    assert engine.replay(run.run, plan).errors["a.b.c"].code == "missing_fact_key"


def test_a_key_belongs_to_one_node_and_one_question(engine: Engine) -> None:
    """Two nodes, or two questions, under one key are refused; asking twice is asking once."""
    plan = Plan("keys")
    plan.node("a.b.one", lambda work: work.io.record("k", 1).response)
    plan.node("a.b.two", lambda work: work.io.record("k", 2).response, after=["a.b.one"])
    run = engine.start(plan, config=CONFIG)
    assert run.errors["a.b.two"].code == "fact_key_taken"
    assert "which a.b.one has" in run.errors["a.b.two"].message

    def twice(work: Work) -> list[int]:
        first = work.io.record("k", 1)
        assert work.io.recorded("k") == first.payload
        assert work.io.recorded("other") is None
        return [first.response, work.io.record("k", 2).response]

    assert ask(engine, twice) == [1, 1]

    plan = Plan("questions")
    plan.node("a.b.c", lambda work: [work.io.record("k", 1).response, str(work.io.now(key="k"))])
    assert engine.start(plan, config=CONFIG).errors["a.b.c"].code == "fact_key_taken"


def test_further_transports_are_registered_by_namespace(engine: Engine) -> None:
    """A transport of one's own is asked like ours; an unknown one is told with those there are."""

    class Chain:
        def ask(self, request: Any, stop: threading.Event) -> Any:
            return {"block": request["number"] + 1}

    engine._transports["chain"] = Chain()
    node = lambda work: work.io.call("chain", {"number": 1}, key="block").response  # noqa: E731
    assert ask(engine, node) == {"block": 2}
    plan = Plan("unknown")
    plan.node("a.b.c", lambda work: work.io.call("ftp", {}, key="x").response)
    message = engine.start(plan, config=CONFIG).errors["a.b.c"].message
    assert message == "there is no transport 'ftp', only chain, exec, file, http, sql"


def test_the_digest_of_a_question_does_not_depend_on_its_secrets() -> None:
    """A key that was renewed asks the same question."""
    assert digest_of("http", {"h": [Secret("a")]}) == digest_of("http", {"h": [Secret("b")]})
    assert digest_of("http", {"h": "a"}) != digest_of("http", {"h": "b"})


def test_a_secret_fact_is_in_the_store_as_ciphertext_alone(tmp_path: Path) -> None:
    """It is replayed by the same key, to the byte; another key, or none, is an error."""
    pytest.importorskip("cryptography")
    store = f"sqlite:///{tmp_path}/plans.db"
    given = ["hunter2"]
    seen: list[Any] = []
    plan = Plan("sealed")

    def node(work: Work) -> None:
        fact = work.io.record("login", {"password": given[0]}, secret=True)
        seen.append(fact.response)

    plan.node("a.b.c", node)
    with Engine(store, secret_key=bytes(range(64))) as engine:
        run = engine.start(plan, config=CONFIG)
        fact = engine.ledger(run.run).facts["login"]
        assert fact.meta["kind"] == "secret_payload"
        assert set(engine.artifact(fact.payload)) == {"sealed"}
        given[0] = "another"
        again = engine.replay(run.run, plan)
        assert seen == [{"password": "hunter2"}] * 2
        assert not engine.difference(run.run, again.run)
    for file in tmp_path.iterdir():
        assert b"hunter2" not in file.read_bytes()
        assert bytes(range(64)) not in file.read_bytes()
    for key, code in ((bytes(64), "wrong_secret_key"), (None, "no_secret_key")):
        with Engine(store, secret_key=key) as engine:
            assert engine.replay(run.run, plan).errors["a.b.c"].code == code
    with Engine(store) as engine:
        assert engine.start(plan, config=CONFIG).errors["a.b.c"].code == "no_secret_key"
    with pytest.raises(PlanError, match=r"SC851.*the key is not 32, 48 or 64 bytes long"):
        Engine(store, secret_key=b"short")


# -- two jobs --------------------------------------------------------------------------------------

QUALITY = (
    quality_report,
    RunConfig(),
    {"report.md": "| never_shipped | 60 | 600 | 10.0% |", "report.svg": "never_shipped"},
)
PORTFOLIO = (
    portfolio,
    portfolio.CONFIG,
    {"portfolio.md": "| eth | 7.5 | 3,000.5 | 22,503.75 |"},
)
KILLS: list[Any] = [
    *((QUALITY, commit, 14) for commit in range(1, 15)),
    *((PORTFOLIO, commit, 13) for commit in range(1, 14)),
]
"""Each job with each of its commits and their number, its nodes one after the other."""


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "kill",
    cases(KILLS, lambda one: one not in (KILLS[8], KILLS[17], KILLS[-1])),
    ids=lambda one: f"{one[0][0].plan.operation}-{one[1]}",
)
def test_a_job_killed_at_any_event_ends_as_if_it_had_not_been_and_is_replayed_to_the_byte(
    tmp_path: Path, killed: None, no_sockets_after: Any, kill: Any
) -> None:
    """Killed, resumed by another process, replayed without its sources: the same outputs."""
    (module, config, outputs), commit, commits = kill
    store = f"sqlite:///{tmp_path}/plans.db"
    left = [commit]

    def watch(_: Any) -> None:
        left[0] -= 1
        if not left[0]:
            raise KilledError

    portfolio._Exchange.asked.clear()
    with module.sources(tmp_path) as given:
        with Engine(store, watch=watch) as engine:
            run = engine.create(module.plan, given, config=evolve(config, at_once=1))
            with suppress(KilledError):
                engine.resume(run, module.plan)
        with Engine(store) as engine:
            if left[0] > 0:  # a wait was over along with an answer, so one commit held both
                assert (commit, engine.status(run)) == (commits, Status.COMPLETED)
            facts = dict(engine.ledger(run).facts)
            if engine.status(run) != Status.COMPLETED:
                assert engine.resume(run, module.plan).status == Status.COMPLETED
            assert facts.items() <= engine.ledger(run).facts.items()
    no_sockets_after()
    with Engine(store) as engine:
        again = engine.replay(run, module.plan)
        assert again.status == Status.COMPLETED
        assert not engine.difference(run, again.run)
        for name, words in outputs.items():
            assert engine.output(run, name) == engine.output(again.run, name)
            assert words in engine.output(run, name)


@pytest.fixture
def no_sockets_after(request: pytest.FixtureRequest) -> Any:
    """Give a function that denies sockets from then on."""
    return lambda: request.getfixturevalue("no_sockets")


def test_facts_of_a_report_are_recorded_with_their_questions(tmp_path: Path) -> None:
    """Each of the twelve questions is a fact under its key."""
    with quality_report.sources(tmp_path) as given, Engine("memory:") as engine:
        run = engine.start(quality_report.plan, given)
        assert run.status == Status.COMPLETED
        facts = [e.event for e in engine.events(run.run) if isinstance(e.event, FactRecorded)]
        assert sorted(one.meta["namespace"] for one in facts) == ["http", "now", *["sql"] * 10]
        assert len({one.key for one in facts}) == 12


def test_a_flaky_source_is_asked_again_and_its_answer_is_one_fact(tmp_path: Path) -> None:
    """Two answers are put off; the third is recorded, and the replay needs one attempt."""
    portfolio._Exchange.asked.clear()
    with portfolio.sources(tmp_path) as given, Engine("memory:") as engine:
        run = engine.start(portfolio.plan, given, config=portfolio.CONFIG)
        assert run.status == Status.COMPLETED
        again = engine.replay(run.run, portfolio.plan)
        node = f"portfolio.fetch.price_{portfolio.FLAKY}"
        spans = [len(engine.ledger(one).lines[node].spans) for one in (run.run, again.run)]
        assert spans == [3, 1]
        assert not engine.difference(run.run, again.run)


@pytest.mark.parametrize("example", [quality_report, portfolio])
def test_an_example_makes_no_folder_for_its_store(example: Any, tmp_path: Path) -> None:
    """A name that was mistyped makes nothing, as for every command that takes --db."""
    done = CliRunner().invoke(example.main, ["--db", str(tmp_path / "nodir" / "plans.db")])
    assert done.exit_code == 2
    assert f"There is no directory '{tmp_path}/nodir'. Make it." in done.stderr
    assert list(tmp_path.iterdir()) == []
