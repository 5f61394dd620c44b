"""The reasoner that asks a model, against an endpoint of our own."""

from __future__ import annotations

import asyncio
import json
import threading
import traceback
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from attrs import define, field

from machines.investigation import (
    Call,
    CallKind,
    CauseKind,
    Concluded,
    Evidence,
    Investigation,
    Planned,
    Proposed,
    Question,
    Scope,
    Start,
    Verdict,
)
from machines.investigation.calls import CallId, EvidenceId
from machines.investigator.reasoning import OpenAIReasoner, ReasonerError
from machines.investigator.secrets import Secret

KEY = "sk-canary-7f3a"


@define
class Endpoint:
    """An endpoint that answers as it is told, and keeps what it was asked."""

    url: str = ""
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(factory=dict)
    silent: threading.Event | None = None
    asked: list[tuple[str, dict[str, str], dict[str, Any]]] = field(factory=list)

    def says(self, content: object) -> None:
        text = content if isinstance(content, str) else json.dumps(content)
        self.body = json.dumps({"choices": [{"message": {"content": text}}]}).encode()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    told = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            told.asked.append((self.path, dict(self.headers), json.loads(self.rfile.read(length))))
            if told.silent is not None:
                told.silent.wait(60)
                return
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}/v1"
    yield told
    if told.silent is not None:
        told.silent.set()
    server.shutdown()
    server.server_close()
    thread.join()


EVIDENCE = (Evidence(EvidenceId("evidence-1"), CallId("call-2"), None, "10 rows", "SELECT 1"),)


def ask(endpoint: Endpoint, name: str = "gather_context", timeout_s: float = 60.0) -> Any:
    investigation = Investigation()
    scope = Scope("ada", "acme", tools=["query"], tables=["orders"])
    [call] = investigation.ingest(Start("why did orders drop?", scope))
    assert isinstance(call, Call)
    given = Call(call.call_id, CallKind.LLM, name, call.arguments, call.phase)
    reasoner = OpenAIReasoner(endpoint.url, "small", Secret(KEY), timeout_s=timeout_s)
    return asyncio.run(reasoner.answer(given, investigation.case, EVIDENCE))


def test_openai_asks_with_question_scope_and_evidence(endpoint: Endpoint) -> None:
    """The model is told the question, tools and tables, and the evidence; the key goes along."""
    request = {"tool": "query", "arguments": {"sql": "SELECT 1"}}
    endpoint.says({"type": "planned", "requests": [request]})
    planned = ask(endpoint)
    assert isinstance(planned, Planned)
    assert planned.requests[0].name == "query"
    path, headers, asked = endpoint.asked[0]
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert asked["model"] == "small"
    told = json.loads(asked["messages"][1]["content"])
    assert told["question"] == "why did orders drop?"
    assert told["tables"] == ["orders"]
    assert told["tools"] == {"query": ["sql"]}
    assert told["evidence"][0]["id"] == "evidence-1"


def test_openai_reads_hypotheses_conclusions_and_questions(endpoint: Endpoint) -> None:
    """Each task has its answer, and any may be a question to the user."""
    test = {"tool": "describe", "arguments": {"table": "orders"}}
    endpoint.says({"type": "proposed", "hypotheses": [{"claim": "a gap", "test": test}]})
    proposed = ask(endpoint, "generate_hypotheses")
    assert isinstance(proposed, Proposed)
    cause = {
        "kind": "missing_day", "table": "orders", "date": "2026-03-02",
        "score": 0.9, "evidence": ["evidence-1"],
    }  # fmt: skip
    endpoint.says(
        {"type": "concluded", "verdict": "anomaly", "summary": "a gap", "causes": [cause]}
    )
    concluded = ask(endpoint, "synthesize")
    assert isinstance(concluded, Concluded)
    assert concluded.synthesis.verdict is Verdict.ANOMALY
    assert concluded.synthesis.causes[0].kind is CauseKind.MISSING_DAY
    endpoint.says({"type": "question", "prompt": "Which?", "choices": ["a", "b"]})
    assert ask(endpoint) == Question("Which?", ("a", "b"))


def _text(content: object) -> Callable[[Endpoint], None]:
    return lambda endpoint: endpoint.says(content)


def _body(body: bytes) -> Callable[[Endpoint], None]:
    def tell(endpoint: Endpoint) -> None:
        endpoint.body = body

    return tell


def _status(status: int, **headers: str) -> Callable[[Endpoint], None]:
    def tell(endpoint: Endpoint) -> None:
        endpoint.status, endpoint.headers = status, headers
        endpoint.body = f"we do not take {KEY}".encode()

    return tell


REFUSED = [
    (_body(b"<html>"), "the body of the reply is not JSON"),
    (_body(b"[" * 100_000), "the body of the reply is not JSON"),
    (_body(b"\xff\xfe\x00"), "the body of the reply is not JSON"),
    (_body(b"{}"), "no text at $.choices[0].message.content"),
    (_body(b"x" * 1_100_000), "the reply is too long"),
    (_text(f"the key is {KEY}"), "the text of the reply is not JSON"),
    (_text('{"type": "planned", "type": "planned"}'), "the text of the reply is not JSON"),
    (_text('{"type": NaN}'), "the text of the reply is not JSON"),
    (_text([1]), "$ is not an object"),
    (_text({"type": "concluded"}), "$.type is not one of planned, observed, question"),
    (_text({"type": ["planned"]}), "$.type is not one of planned, observed, question"),
    (_text({"type": "planned", "requests": [], KEY: 1}), "$ has fields beside requests, type"),
    (_text({"type": "planned", "requests": {}}), "$.requests is not a list"),
    (_text({"type": "planned", "requests": [{"tool": 3}]}), "$.requests[0].tool is not a string"),
    (
        _text({"type": "planned", "requests": [{"tool": "query", "arguments": {"sql": [1]}}]}),
        "$.requests[0].arguments has a value that no tool takes",
    ),
    (_status(302, Location="http://elsewhere.invalid/"), "the endpoint redirects (302)"),
    (_status(401), "the endpoint refuses the key (401)"),
    (_status(500), "the endpoint answers with status 500"),
]


@pytest.mark.parametrize(("tell", "found"), REFUSED)
def test_openai_refuses_what_it_cannot_take(
    endpoint: Endpoint, tell: Callable[[Endpoint], None], found: str
) -> None:
    """Whatever comes back that is no answer is one clear error, without the reply and the key."""
    tell(endpoint)
    with pytest.raises(ReasonerError) as caught:
        ask(endpoint)
    assert caught.value.code == "SC525"
    assert found in str(caught.value)
    assert len(endpoint.asked) == 1, "a redirect was followed"
    error: BaseException | None = caught.value
    while error is not None:
        assert KEY not in repr(error) + str(error)
        error = error.__cause__ or error.__context__


CONCLUSIONS = [
    ({"verdict": "maybe"}, "$.verdict is not one of anomaly, no_anomaly, inconclusive"),
    ({"verdict": []}, "$.verdict is not one of anomaly, no_anomaly, inconclusive"),
    ({"verdict": "anomaly", "causes": []}, "$.verdict contradicts $.causes"),
    ({"causes": [{"kind": "gremlins"}]}, "$.causes[0].kind is not one of null_spike"),
    ({"causes": [{"kind": "late_data", "score": 2}]}, "$.causes[0].score is not a number"),
    (
        {"causes": [{"kind": "late_data", "score": 1, "table": "t", "date": "yesterday"}]},
        "$.causes[0].date is not a day",
    ),
    (
        {"causes": [{"kind": "late_data", "score": 1, "table": "t", "evidence": ["evidence-9"]}]},
        "$.causes[0].evidence names unknown evidence",
    ),
]


@pytest.mark.parametrize(("reply", "found"), CONCLUSIONS)
def test_openai_refuses_a_conclusion_that_does_not_hold(
    endpoint: Endpoint, reply: dict[str, object], found: str
) -> None:
    """A conclusion names known kinds, real days and evidence that was found, or is refused."""
    endpoint.says({"type": "concluded", "verdict": "anomaly", "summary": "so", **reply})
    with pytest.raises(ReasonerError) as caught:
        ask(endpoint, "synthesize")
    assert found in str(caught.value)


def test_openai_gives_up_on_a_silent_endpoint(endpoint: Endpoint) -> None:
    """An endpoint that does not answer in time is an error that says how long was waited."""
    endpoint.silent = threading.Event()
    with pytest.raises(ReasonerError, match=r"has not answered within 0\.1 s"):
        ask(endpoint, timeout_s=0.1)


def test_openai_says_that_nobody_is_there() -> None:
    """Where nobody listens, the error says so."""
    with pytest.raises(ReasonerError, match="cannot be reached"):
        ask(Endpoint("http://127.0.0.1:9/v1"))


@pytest.mark.parametrize(
    "url",
    ["ftp://host/v1", "host/v1", "http://", "http://u:p@host/v1", "http://h:x/", "http://h?k=1"],
)
def test_openai_refuses_a_url_that_is_none(url: str) -> None:
    """Only http and https will do, and no password in the URL."""
    with pytest.raises(ReasonerError, match="the URL"):
        OpenAIReasoner(url, "small")


def test_openai_never_shows_its_key() -> None:
    """Neither the reasoner's text nor its attributes have the key."""
    reasoner = OpenAIReasoner("http://host/v1", "small", Secret(KEY))
    assert KEY not in repr(reasoner) + str(vars(reasoner))


ESCAPED = "".join(f"\\u{ord(letter):04x}" for letter in KEY)


@pytest.mark.parametrize("key", [KEY, ESCAPED, ESCAPED.replace("\\", "\\u005c")])
def test_openai_keeps_no_key_that_an_endpoint_repeats(endpoint: Endpoint, key: str) -> None:
    """An endpoint that says the key, however it spells it, is heard without it."""
    endpoint.says(f'{{"type": "question", "prompt": "Is {key} yours?"}}')

    assert KEY not in repr(ask(endpoint))


def test_openai_refuses_without_the_key_in_any_variable(endpoint: Endpoint) -> None:
    """The traceback of a refused answer that repeats the key does not show it."""
    endpoint.says({"type": KEY, KEY: [KEY, {"x": KEY}]})

    with pytest.raises(ReasonerError) as refused:
        ask(endpoint)

    shown = traceback.TracebackException.from_exception(refused.value, capture_locals=True)
    inside = [line for line in shown.format() if "test_reasoning_openai.py" not in line]
    assert KEY not in "".join(inside)
