"""A web shop whose orders and runs are one: both are there, or neither.

The shop has a table of orders of its own, in the same database as its runs. An order and the run
that pays for it are written in one transaction; so are the click that pays and the row that says
so. `statecharts runs serve examples.shop` would carry out the payments in another process; here a
`Runtime` in the same one does.

Run it: ``uvicorn --factory examples.shop:app`` (an ASGI server of your choice).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.exc import IntegrityError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from statecharts import Call, CallFailed, State, Statechart
from statecharts.runtime import RunExistsError, Runs, Runtime

orders = sa.Table(
    "orders",
    sa.MetaData(),
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("item", sa.String, nullable=False),
    sa.Column("card", sa.String),
)


@frozen
class Pay:
    card: str


@frozen
class Paid:
    receipt: str


@frozen
class Charge(Call[Paid]):
    card: str


@frozen
class Paying:
    card: str


@frozen
class Settled:
    receipt: str


class Order(Statechart[Pay | Paid]):
    """An order, from the basket to the receipt."""

    basket = State(initial=True)
    paying = State(Paying, invoke=Charge)
    settled = State(Settled, final=True)

    basket.to(paying, on=Pay)
    paying.to(settled, on=Paid)
    paying.to(basket, on=CallFailed)


async def charge(call: Charge) -> Paid:
    """Ask the bank; here it always says yes."""
    return Paid(f"receipt for {call.card}")


handlers = {Charge: charge}


def app(address: str = "sqlite:///shop.db") -> Starlette:
    """Return the shop, with its orders and its runs in one database."""
    engine = sa.create_engine(driver(address))
    orders.metadata.create_all(engine)

    # Plain functions: Starlette runs them in threads, where they may wait for the database.
    def order(request: Request) -> JSONResponse:
        runs: Runs = request.app.state.runs
        key, item = request.query_params["key"], request.query_params["item"]
        try:
            with engine.begin() as connection:
                connection.execute(orders.insert().values(key=key, item=item))
                runs.start(Order, key=key, connection=connection)
        except (RunExistsError, IntegrityError):
            return JSONResponse({"error": f"there is an order {key}"}, 409)
        return JSONResponse({"key": key}, 201)

    def pay(request: Request) -> JSONResponse:
        runs: Runs = request.app.state.runs
        key, card = request.path_params["key"], request.query_params["card"]
        with engine.begin() as connection:
            taken = runs.get(key, Order).send(Pay(card), id="pay", connection=connection)
            if not taken.handled:
                return JSONResponse({"error": f"the order {key} is not to be paid"}, 409)
            connection.execute(orders.update().where(orders.c.key == key).values(card=card))
        return JSONResponse({"states": taken.configuration})

    def show(request: Request) -> JSONResponse:
        runs: Runs = request.app.state.runs
        key = request.path_params["key"]
        with engine.connect() as connection:
            found = connection.execute(orders.select().where(orders.c.key == key)).mappings().one()
        return JSONResponse({**found, "states": runs.get(key).configuration})

    @asynccontextmanager
    async def lifespan(shop: Starlette) -> AsyncGenerator[None]:
        async with Runtime(address, Order, handlers=handlers):
            with Runs(address, Order) as shop.state.runs:
                yield
        engine.dispose()

    routes = [
        Route("/orders", order, methods=["POST"]),
        Route("/orders/{key}/pay", pay, methods=["POST"]),
        Route("/orders/{key}", show),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


def driver(address: str) -> Any:
    """Return the address as SQLAlchemy takes it: Postgres by the driver of the store."""
    return address.replace("postgresql://", "postgresql+psycopg://")
