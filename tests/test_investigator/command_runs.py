"""The command `statecharts investigate` to test with: small databases, and ways to call it."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from attrs import define, field
from click.testing import CliRunner, Result

from statecharts.cli import main

QUESTION: Final = "why did orders drop on 2026-03-02?"
MISSING: Final = "2026-03-02"
ENDLESS: Final = (
    "CREATE VIEW endless AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    " SELECT max(i) AS m FROM n"
)


def database(path: Path, *more: str, missing: str | None = MISSING, log: bool = False) -> Path:
    """Write a database of forty days of orders, one of them missing."""
    with closing(sqlite3.connect(path)) as made:
        if log:
            made.execute("PRAGMA journal_mode = WAL")
        made.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, day TEXT, amount REAL)")
        for number in range(40):
            day = (date(2026, 2, 1) + timedelta(days=number)).isoformat()
            rows = [(day, 10 + (number * 7 + each * 3) % 50) for each in range(50)]
            if day != missing:
                made.executemany("INSERT INTO orders (day, amount) VALUES (?, ?)", rows)
        for statement in more:
            made.execute(statement)
        made.commit()
    return path


def run(*arguments: str, **options: Any) -> Result:
    """Call the command in this process."""
    return CliRunner().invoke(main, ["investigate", *arguments], prog_name="statecharts", **options)


def ask(path: Path, *arguments: str) -> Result:
    """Ask the usual question of a database, without a report."""
    return run("--db", str(path), "--question", QUESTION, "--no-report", *arguments)


def command(*arguments: str) -> list[str]:
    """Return the command line of the command, for a process of its own."""
    return [sys.executable, "-m", "statecharts.cli", "investigate", *arguments]


def environment(**more: str) -> dict[str, str]:
    """Return the environment for a process of its own."""
    here = str(Path(__file__).parents[2])
    return {**os.environ, "PYTHONPATH": here, "PYTHONIOENCODING": "utf-8", **more}


def process(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    """Start the command in a process of its own."""
    return subprocess.Popen(
        command(*arguments),
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


@define
class Model:
    """An endpoint that follows a script; it may hold its breath at one of the requests.

    Attributes:
        url: Where it is.
        ask: Whether it asks the user before it says what to look at.
        hold: At which request it does not answer, counted from 1.
        held: Is set when that request has come.
        keys: What the requests were authorised with.
        said: What the user has answered.
        word: What each of its texts ends with.
    """

    url: str = ""
    ask: bool = False
    hold: int = 0
    held: threading.Event = field(factory=threading.Event)
    keys: list[str | None] = field(factory=list)
    said: list[str] = field(factory=list)
    word: str = ""

    @property
    def options(self) -> tuple[str, ...]:
        """What to call the command with."""
        return ("--reasoner", "openai", "--endpoint", self.url, "--model", "small")

    def answer(self, task: str, told: dict[str, Any]) -> dict[str, Any]:
        """Return what the model says."""
        self.said += [one["answer"] for one in told["answers"]]
        if "planned" in task:
            if self.ask and not told["answers"]:
                choices = ["UTC", f"local{self.word}"]
                prompt = f"Which time zone?{self.word}"
                return {"type": "question", "prompt": prompt, "choices": choices}
            sql = "SELECT day, count(*) AS n FROM orders GROUP BY day"
            return {"type": "planned", "requests": [{"tool": "query", "arguments": {"sql": sql}}]}
        if "proposed" in task:
            given = {"table": "orders", "column": "day"}
            test = {"tool": "row_counts_by_day", "arguments": given}
            return {
                "type": "proposed",
                "hypotheses": [{"claim": f"a day is lost{self.word}", "test": test}],
            }
        cause = {
            "kind": "missing_day",
            "table": "orders",
            "column": self.word or None,
            "date": MISSING,
            "score": 0.9,
            "evidence": [told["evidence"][-1]["id"]],
        }
        summary = "A day is missing." + "; ".join(self.said) + self.word
        return {"type": "concluded", "verdict": "anomaly", "summary": summary, "causes": [cause]}


@contextmanager
def model(**options: Any) -> Generator[Model, None, None]:
    """Run a model."""
    made, over = Model(**options), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            made.keys.append(self.headers["Authorization"])
            if len(made.keys) == made.hold:
                made.held.set()
                over.wait(60)
                return
            task, told = (one["content"] for one in body["messages"])
            content = json.dumps(made.answer(task, json.loads(told)))
            reply = json.dumps({"choices": [{"message": {"content": content}}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    made.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield made
    finally:
        over.set()
        server.shutdown()
        server.server_close()


Change = Callable[[dict[str, Any]], object]


def rewrite(path: Path, change: Change) -> None:
    """Change the state of a run."""
    state = json.loads(path.read_bytes())
    change(state)
    path.write_text(json.dumps(state), encoding="utf-8")
