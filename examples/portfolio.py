"""The value of a portfolio, as a plan: prices by HTTP, balances by a program, one flaky source.

    python -m examples.portfolio --db build/plans.db

Prices come from a service whose answers for one asset fail now and then, and are asked for again;
balances come from `awk`, which sums the bookings of a file. Then the run is replayed, with both of
them gone: the report is the same to the byte.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections import Counter
from collections.abc import Generator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar, Final

import click
from attrs import frozen

from machines.plan.vocabulary import COMPUTE, FETCH_DATA, REPORT
from machines.planner import Engine, Plan, RetryPolicy, RunConfig, SideEffects, Work

PRICES: Final = {"btc": 60_000.0, "eth": 3_000.5, "sol": 150.25}
FLAKY: Final = "sol"
CONFIG: Final = RunConfig(
    programs=("awk",), retry=RetryPolicy(attempts=4, delay=timedelta(milliseconds=20))
)

_BOOKINGS: Final = """\
btc,0.5
eth,10
sol,40
eth,-2.5
btc,0.25
"""


@frozen
class Holding:
    """The amount of an asset, and its value."""

    asset: str
    amount: float
    price: float

    @property
    def worth(self) -> float:
        """The amount times the price."""
        return self.amount * self.price


def _asset(work: Work) -> str:
    return work.node.rpartition("_")[2]


def _price(work: Work) -> float:
    asset = _asset(work)
    answer = work.io.http(f"{work.parameters['service']}/price/{asset}", key=f"price/{asset}")
    price: float = answer.json()["eur"]
    return price


def _balance(work: Work) -> float:
    asset = _asset(work)
    program = f'$1 == "{asset}" {{ sum += $2 }} END {{ print sum }}'
    done = work.io.exec("awk", "-F,", program, work.parameters["bookings"], key=f"balance/{asset}")
    return float(done.out)


def _total(_: Work, amounts: list[float], prices: list[float]) -> list[Holding]:
    return [Holding(*one) for one in zip(PRICES, amounts, prices, strict=True)]


def _report(work: Work, holdings: list[Holding]) -> float:
    total = sum(one.worth for one in holdings)
    rows = [
        f"| {one.asset} | {one.amount:g} | {one.price:,} | {one.worth:,.2f} |" for one in holdings
    ]
    lines = [
        f"# Portfolio on {work.io.now():%Y-%m-%d %H:%M:%S.%f}",
        "",
        "| asset | amount | price | worth |",
        "|---|---:|---:|---:|",
        *rows,
        "",
        f"Total: {total:,.2f} EUR",
    ]
    work.output("portfolio.md", "\n".join(lines) + "\n", media="text/markdown")
    return total


def portfolio() -> Plan:
    """Return the plan.

    >>> portfolio().graph().order[-1]
    'portfolio.report.write'
    """
    plan = Plan("portfolio")
    reads = SideEffects.READ_ONLY
    prices, amounts = (
        [
            plan.node(f"portfolio.fetch.{kind}_{one}", ask, tags=[FETCH_DATA], side_effects=reads)
            for one in PRICES
        ]
        for kind, ask in (("price", _price), ("balance", _balance))
    )
    holdings = plan.node(
        "portfolio.compute.total", _total, plan.many(amounts), plan.many(prices), tags=[COMPUTE]
    )
    plan.node("portfolio.report.write", _report, holdings, tags=[REPORT])
    return plan


plan = portfolio()


class _Exchange(BaseHTTPRequestHandler):
    asked: ClassVar[Counter[str]] = Counter()

    def do_GET(self) -> None:
        """Answer with a price; two of three questions for one asset are put off."""
        asset = self.path.rpartition("/")[2]
        self.asked[asset] += 1
        busy = asset == FLAKY and self.asked[asset] % 3
        body = json.dumps({"eur": PRICES[asset]}).encode()
        self.send_response(503 if busy else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *_: object) -> None:
        """Log nothing."""


@contextlib.contextmanager
def sources(folder: Path) -> Generator[dict[str, str], None, None]:
    """Give the parameters of the plan, while its sources are there."""
    folder.mkdir(parents=True, exist_ok=True)
    bookings = folder / "bookings.csv"
    bookings.write_text(_BOOKINGS)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Exchange) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield {
                "bookings": str(bookings),
                "service": f"http://127.0.0.1:{server.server_port}",
            }
        finally:
            server.shutdown()
            bookings.unlink()


@click.command()
@click.option("--db", "store", type=click.Path(path_type=Path), required=True, metavar="FILE")
def main(store: Path) -> None:
    """Work out the value of a portfolio, and replay the run without its sources."""
    if not store.parent.is_dir():
        raise click.UsageError(f"There is no directory {str(store.parent)!r}. Make it.")
    with Engine(f"sqlite:///{store}") as engine:
        with sources(store.parent) as given:
            run = engine.start(plan, given, config=CONFIG, source=f"{__file__}:plan")
        again = engine.replay(run.run, plan)
        print(engine.output(run.run, "portfolio.md"))
        tries = len(engine.ledger(run.run).lines[f"portfolio.fetch.price_{FLAKY}"].spans)
        differs = engine.difference(run.run, again.run)
        print(f"run     {run.run} {run.status}, {FLAKY} after {tries} attempts")
        print(f"replay  {again.run} {again.status}, {differs or 'equal to the byte'}")


if __name__ == "__main__":
    main()
