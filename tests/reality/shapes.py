"""Clean tables that are made up: what happens in any business, and is no fault.

Growth in steps, seasons, holidays, lists of prices, loads of the past in one go, logs of which the
old part is thinned out, lists that grow, contracts, terms, currencies. A seed chooses a shape and
its numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Final

from attrs import frozen

from tests.reality.bases import Base, Cell, Link, Row, Table, written

_FIRST: Final = date(2024, 1, 1)
_DAY, _TIME = written("%Y-%m-%d"), written("%Y-%m-%d %H:%M:%S")


@frozen
class _Days:
    """The days of a table, and a rate for each."""

    days: Sequence[date]
    rates: Sequence[float]

    def moments(self, rng: Random, opens: int = 8, closes: int = 20) -> list[datetime]:
        """Return moments at which rows come in: on each day as many as chance has it."""
        found = []
        for day, rate in zip(self.days, self.rates, strict=True):
            rows = max(round(rng.gauss(rate, rate**0.5)), 0) if rate else 0
            hours = sorted(rng.triangular(opens, closes) for _ in range(rows))
            found += [datetime.combine(day, time()) + timedelta(hours=hour) for hour in hours]
        return found


def _days(rng: Random, rate: Callable[[int, date], float], longest: int = 500) -> _Days:
    count = rng.choice([100, 200, 365, longest])
    first = _FIRST + timedelta(rng.randrange(365))
    days = [first + timedelta(n) for n in range(count)]
    return _Days(days, [rate(n, day) for n, day in enumerate(days)])


def _weekly(day: date, sunday: float = 0.5) -> float:
    return (1, 1, 1, 1.1, 1.3, 1.2, sunday)[day.weekday()]


def _base(
    name: str,
    rows: list[Row],
    others: dict[str, Table] | None = None,
    links: Sequence[Link] = (),
    form: Callable[[datetime], Cell] = _TIME,
) -> Base:
    table = Table(list(rows[0]), rows, "id" if "id" in rows[0] else None)
    return Base(name, name, "at", form, {name: table, **(others or {})}, name, list(links))


def _orders(rng: Random, moments: Sequence[datetime], level: float = 20) -> list[Row]:
    return [
        {
            "id": n,
            "at": at,
            "shop": rng.choice(["north", "south", "web"]),
            "pieces": 1 + min(int(rng.expovariate(0.8)), 8),
            "amount": round(level * rng.lognormvariate(0, 0.6), 2),
        }
        for n, at in enumerate(moments, 1)
    ]


def steps(rng: Random) -> Base:
    """Growth in steps: each new shop brings as many rows again."""
    starts = sorted(rng.sample(range(20, 300), 3))
    rate = rng.choice([15, 40])
    days = _days(rng, lambda n, day: rate * (1 + sum(n >= at for at in starts)) * _weekly(day))
    rows = _orders(rng, days.moments(rng))
    for row in rows:
        opened = sum((row["at"].date() - days.days[0]).days >= at for at in starts)
        row["shop"] = f"shop {rng.randint(0, opened)}"
    return _base("orders", rows)


def seasons(rng: Random) -> Base:
    """Goods of the season: some are sold for three months of the year."""
    rate = rng.choice([20, 50])
    days = _days(rng, lambda n, day: rate * (1 + 0.5 * (day.month in (6, 7, 8, 12))) * _weekly(day))
    rows = _orders(rng, days.moments(rng))
    costs = {"coal": 6.0, "ice": 3.0, "bread": 4.0, "skis": 300.0, "boats": 900.0}
    for row in rows:
        sold = ["bread", *(["ice", "boats"] if row["at"].month in (5, 6, 7, 8) else [])]
        sold += ["coal", "skis"] if row["at"].month in (11, 12, 1, 2) else []
        row["goods"] = rng.choice(sold)
        row["amount"] = round(costs[row["goods"]] * row["pieces"] * rng.uniform(0.9, 1.1), 2)
    return _base("sales", rows)


def import_of_the_past(rng: Random) -> Base:
    """The rows of the first months were loaded in one night; since then, they come each hour."""
    days = _days(rng, lambda n, day: 30 * _weekly(day))
    rows = _orders(rng, days.moments(rng))
    move = datetime.combine(days.days[len(days.days) // rng.choice([3, 4, 2])], time(3))
    for n, row in enumerate(rows):
        at = row["at"]
        row["loaded_at"] = max(at, move) + timedelta(minutes=5 + n % 50)
    return _base("orders", rows)


def begun_midway(rng: Random) -> Base:
    """Beside orders there are returns, since a day, and a trial that ended on a day."""
    days = _days(rng, lambda n, day: 40 * _weekly(day))
    rows = _orders(rng, days.moments(rng))
    first, last = rows[len(rows) // 2]["at"], rows[2 * len(rows) // 3]["at"]
    returns = [
        {"order_id": row["id"], "at": row["at"] + timedelta(days=rng.uniform(1, 9))}
        for row in rows
        if row["at"] > first and rng.random() < 0.3
    ]
    end = rows[-1]["at"]
    returns = sorted((row for row in returns if row["at"] <= end), key=lambda row: row["at"])
    trial = [
        {"n": n, "tried_at": row["at"], "liked": rng.choice(["yes", "no"])}
        for n, row in enumerate(rows)
        if row["at"] < last and rng.random() < 0.2
    ]
    tables = {
        "returns": Table(["order_id", "at"], returns),
        "trial": Table(["n", "tried_at", "liked"], trial),
    }
    return _base("orders", rows, tables)


def rare_values(rng: Random) -> Base:
    """Columns in which a value is rare: a remark, a discount, a state that hardly ever is."""
    days = _days(rng, lambda n, day: rng.choice([6, 12, 12]) * _weekly(day))
    rows = _orders(rng, days.moments(rng))
    for row in rows:
        odd = rng.random()
        row["state"] = "void" if odd < 0.004 else "open" if odd < 0.05 else "paid"
        row["remark"] = rng.choice(["call", "ring twice"]) if rng.random() < 0.02 else None
        row["discount"] = rng.choice([5, 10]) if rng.random() < 0.05 else None
        row["code"] = f"X{rng.randrange(999)}" if rng.random() < 0.01 else "none"
    return _base("orders", rows)


def price_list(rng: Random) -> Base:
    """Prices of a list, all of which change on one day, each by another part."""
    goods = {n: round(rng.lognormvariate(2, 0.7), 2) for n in range(1, rng.choice([6, 15, 40]))}
    days = _days(rng, lambda n, day: 40 * _weekly(day))
    rows = _orders(rng, days.moments(rng))
    change = rows[rng.randrange(len(rows) // 3, len(rows))]["at"].date()
    raised = {n: round(one * rng.uniform(0.97, 1.35), 2) for n, one in goods.items()}
    for row in rows:
        row["item_id"] = rng.choice(list(goods))
        listed = raised if row["at"].date() >= change else goods
        row["price"] = listed[row["item_id"]]
        row["amount"] = round(row["price"] * row["pieces"], 2)
    items: list[Row] = [{"item_id": n, "price": one} for n, one in raised.items()]
    table = Table(["item_id", "price"], items, "item_id")
    return _base("lines", rows, {"items": table}, [Link("item_id", "items", "item_id")])


def batches(rng: Random) -> Base:
    """Files that come every other day or each week, numbered on, each with many rows."""
    every = rng.choice([2, 3, 7])
    days = _days(rng, lambda n, day: 120.0 if n % every == 0 else 0.0)
    rows = _orders(rng, days.moments(rng, 5, 6))
    for row in rows:
        row["batch"] = (row["at"].date() - days.days[0]).days // every + 1
    return _base("lines", rows)


def retention(rng: Random) -> Base:
    """A log of which what is older than a month is kept in part: the errors alone."""
    days = _days(rng, lambda n, day: 200.0 if n % 7 < 5 else 120.0, 150)
    kept = days.moments(rng, 0, 24)
    limit = kept[-1] - timedelta(days=30)
    rows: list[Row] = []
    for at in kept:
        level = rng.choices(["info", "warning", "error"], [8, 2, 1])[0]
        if at >= limit.replace(hour=0, minute=0) or level == "error":
            took = round(rng.lognormvariate(3, 1) * (4 if level == "error" else 1), 1)
            rows.append({"id": len(rows) + 1, "at": at, "level": level, "ms": took})
    return _base("log", rows)


def drifts(rng: Random) -> Base:
    """Shares that drift: telephones replace the web, and prices rise by a third in a year."""
    days = _days(rng, lambda n, day: 35 * 1.002**n * _weekly(day))
    rows = _orders(rng, days.moments(rng))
    for n, row in enumerate(rows):
        part = n / len(rows)
        row["device"] = "telephone" if rng.random() < 0.1 + 0.8 * part else "web"
        row["amount"] = round(row["amount"] * (1 + 0.4 * part), 2)
        row["coupon"] = f"C{rng.randrange(9)}" if rng.random() < part / 2 else None
    return _base("orders", rows)


def holidays(rng: Random) -> Base:
    """An office that is closed at weekends, on holidays, and between the years."""
    closed = {(1, 1), (5, 1), (12, 25), (12, 26), (10, 3), (8, 15)}

    def rate(n: int, day: date) -> float:
        away = (day.month, day.day) in closed or (day.month == 12 and day.day > 23)
        return 0.0 if away or day.weekday() > 4 else 12.0 if day.month == 8 else 25.0

    days = _days(rng, rate, 700)
    return _base("calls", _orders(rng, days.moments(rng, 9, 17)))


def lists_that_grow(rng: Random) -> Base:
    """A new way to pay is soon that of most, a column is used since a day, codes become longer."""
    days = _days(rng, lambda n, day: 30 * _weekly(day))
    rows = _orders(rng, days.moments(rng))
    since = rows[rng.randrange(len(rows) // 3, 3 * len(rows) // 4)]["at"]
    share = rng.choice([0.1, 0.3, 0.55])
    for row in rows:
        new = row["at"] > since and rng.random() < share
        row["paid_by"] = "wallet" if new else rng.choice(["card", "cash"])
        row["campaign"] = rng.choice(["spring", "app"]) if row["at"] > since else None
        row["version"] = f"2.{rng.randrange(4)}" if new else f"1.{rng.randrange(9)}"
    return _base("payments", rows)


def great_days(rng: Random) -> Base:
    """Days of sale with three times the rows, of dearer things, and the month's bills on the first."""
    great = {rng.randrange(20, 400) for _ in range(4)}
    days = _days(rng, lambda n, day: 25 * _weekly(day) * (3 if n in great else 1))
    rows = _orders(rng, days.moments(rng))
    for row in rows:
        if (row["at"].date() - days.days[0]).days in great:
            row["amount"] = round(row["amount"] * 1.6, 2)
        if row["at"].day == 1:
            row["amount"] = round(row["amount"] * 8 + 100, 2)
            row["shop"] = "subscription"
    return _base("orders", rows)


def sensor(rng: Random) -> Base:
    """A sensor each half hour: seasons, cold spells, rain on some days, light by the sun."""
    days = _days(rng, lambda n, day: 1, 365).days
    heat, rows = 0.0, list[Row]()
    for day in days:
        heat = 0.8 * heat + rng.gauss(0, 2.5)
        season = -9 * (1 - abs(day.timetuple().tm_yday - 200) / 100)
        wet = rng.expovariate(0.3) if rng.random() < 0.15 else 0.0
        for half in range(48):
            at = datetime.combine(day, time(half // 2, 30 * (half % 2)))
            sun = max(0.0, 6 - abs(half / 2 - 13)) * rng.uniform(0.8, 1)
            degrees = round(10 - season + heat + sun + rng.gauss(0, 0.4), 1)
            row: Row = {"at": at, "degrees": degrees, "light": round(90 * sun, 1)}
            rows.append(row | {"rain": round(wet * rng.random(), 1)})
    return _base("readings", rows)


def seldom_kept(rng: Random) -> Base:
    """Customers who come in now and then, goods that come four times a year, both referred to."""
    days = _days(rng, lambda n, day: 30 * _weekly(day))
    rows = _orders(rng, days.moments(rng))
    first = rows[0]["at"]
    goods: list[Row] = [
        {"item": n, "listed": first + timedelta(days=91 * (n // 8) - 300)} for n in range(160)
    ]
    people: list[Row] = []
    for row in rows:
        if not people or rng.random() < 0.01:
            people.append({"customer": len(people) + 1, "joined": row["at"]})
        row["customer"] = rng.choice(people)["customer"]
        row["item"] = rng.choice([one["item"] for one in goods if one["listed"] <= row["at"]])
    tables = {
        "items": Table(["item", "listed"], [one for one in goods if one["listed"] < rows[-1]["at"]], "item"),
        "customers": Table(["customer", "joined"], people, "customer"),
    }  # fmt: skip
    links = [Link("customer", "customers", "customer"), Link("item", "items", "item")]
    return _base("orders", rows, tables, links)


def by_the_day(rng: Random) -> Base:
    """One row a day: a stock that is filled up, a balance that jumps, a rate that is set now and then."""
    days = _days(rng, lambda n, day: 1).days
    stock, balance, rate, rows = 900.0, 5000.0, 3.0, list[Row]()
    for day in days:
        stock = 1000.0 if stock < 80 else stock - rng.uniform(20, 60)
        balance = max(
            balance + rng.gauss(0, 200) + 3000 * (day.day == 27) - 2900 * (day.day == 1), 10
        )
        rate = rate + rng.choice([-0.25, 0.25, 0.5]) if rng.random() < 0.01 else rate
        row: Row = {"at": datetime.combine(day, time()), "stock": round(stock)}
        rows.append(
            row
            | {
                "balance": round(balance, 2),
                "rate": rate,
                "visits": round(rng.gauss(400, 40) * _weekly(day)),
            }
        )
    return _base("daily", rows, form=_DAY)  # fmt: skip


def load(rng: Random) -> Base:
    """A load each half hour, with nights, weekends, and holidays on which half of it is used."""
    days = _days(rng, lambda n, day: 0.6 if rng.random() < 0.02 else _weekly(day, 0.7), 365)
    rows: list[Row] = []
    for day, rate in zip(days.days, days.rates, strict=True):
        for half in range(48):
            at = datetime.combine(day, time(half // 2, 30 * (half % 2)))
            used = 900 * rate * (1 + 0.4 * (16 < half < 44)) * rng.uniform(0.95, 1.05)
            rows.append({"at": at, "used": round(used), "price": round(used**1.5 / 500, 2)})
    return _base("meter", rows)


def bursts(rng: Random) -> Base:
    """Orders of some dealers, none on many days, each of several lines; a large one now and then."""
    days = _days(rng, lambda n, day: rng.choice([0, 0, 1, 1, 2]) * (day.weekday() < 6), 500)
    rows: list[Row] = []
    for number, at in enumerate(days.moments(rng), 1):
        dealer = f"dealer {min(int(rng.expovariate(0.2)), 25)}"
        for line in range(1, rng.choice([2, 3, 6, 20])):
            pieces = rng.choice([1, 1, 1, 2, 10])
            row: Row = {"id": len(rows) + 1, "order_no": number, "line": line, "at": at}
            price = rng.choice([415, 815, 1250, 2880, 5330, 12_790])
            row |= {"dealer": dealer, "pieces": pieces, "price": price, "total": price * pieces}
            rows.append(row)
    return _base("lines", rows, form=_DAY)


def station(rng: Random) -> Base:
    """Weather by the hour: sight that is mostly the best, rain that is mostly none, fog, storms."""
    days = _days(rng, lambda n, day: 1, 365).days
    rows: list[Row] = []
    heat, pressure, storm = 50.0, 1015.0, 0.0
    for day in days:
        storm = rng.choice([0.0, 0.0, 0.0, 0.3, 1.0]) if rng.random() < 0.4 else storm / 2
        fog, heat = rng.random() < 0.08, 50 + 0.85 * (heat - 50) + rng.gauss(0, 7)
        for hour in range(24):
            pressure += 0.1 * (1015 - 12 * storm - pressure) + rng.gauss(0, 0.7)
            wind = round(max(0, rng.gauss(6 + 14 * storm, 4)))
            row: Row = {
                "at": datetime.combine(day, time(hour)),
                "degrees": round(heat - abs(hour - 14) + rng.gauss(0, 1), 1),
            }
            row |= {"wind": wind, "wind_from": rng.randrange(0, 360, 10) if wind > 2 else None}
            row |= {"rain": round(rng.expovariate(3), 2) if rng.random() < storm else 0.0}
            row |= {"sight": round(rng.uniform(0.1, 3), 1) if fog else 10.0 - 4 * (storm > 0.5)}
            row["pressure"] = None if storm > 0.5 and rng.random() < 0.5 else round(pressure, 1)
            rows.append(row)
    for row in rows:
        row["loaded"] = row["at"] + timedelta(minutes=rng.uniform(10, 50))
    return _base("weather", rows)


def bookings(rng: Random) -> Base:
    """Stays that are booked ahead: by weeks in spring, by days in autumn, by months for holidays."""
    days = _days(rng, lambda n, day: 18 * _weekly(day, 0.8))
    rows = _orders(rng, days.moments(rng, 0, 24))
    for row in rows:
        month = row["at"].month
        ahead = rng.expovariate(1 / (60 if month < 4 else 25 if month < 8 else 9))
        row["stays_on"] = row["at"] + timedelta(days=round(ahead))
        row["nights"] = rng.choice([1, 2, 7, 14] if month < 8 else [1, 1, 2])
        row["paid_at"] = (
            row["at"] + timedelta(hours=rng.expovariate(1)) if rng.random() < 0.7 else None
        )
    return _base("bookings", rows)


def subscriptions(rng: Random) -> Base:
    """Contracts that are billed each month on their own day, and of which some are given up."""
    days = _days(rng, lambda n, day: 2.5 * _weekly(day, 0.8) * (2 if day.month in (1, 9) else 1))
    plans = {"basic": 9.9, "plus": 19.9, "team": 89.0}
    contracts: list[Row] = []
    bills: list[Row] = []
    end = datetime.combine(days.days[-1], time(23))
    for number, at in enumerate(days.moments(rng, 0, 24), 1):
        plan = rng.choices(list(plans), [6, 3, 1])[0]
        months = int(rng.expovariate(0.12)) + 1
        gone = at + timedelta(days=30.4 * months)
        row: Row = {"contract_id": number, "plan": plan, "began_at": at}
        row["ended_at"] = gone if gone < end else None
        row["reason"] = rng.choice(["price", "moved", "unused"]) if gone < end else None
        contracts.append(row)
        for month in range(months + 1):
            billed = at + timedelta(days=30.4 * month)
            if billed < min(gone, end):
                bills.append({"contract_id": number, "at": billed.replace(hour=4), "plan": plan})
                bills[-1]["total"] = round(plans[plan] * rng.choice([1, 1, 1, 1, 0.8]), 2)
    bills.sort(key=lambda row: row["at"])
    for number, row in enumerate(bills, 1):
        paid = row["at"] + timedelta(hours=rng.expovariate(0.2))
        failed = paid > end or rng.random() < 0.04
        row["id"], row["state"] = number, "failed" if failed else "paid"
        row["paid_at"] = None if failed else paid
    others = {"contracts": Table(list(contracts[0]), contracts, "contract_id")}
    return _base("bills", bills, others, [Link("contract_id", "contracts", "contract_id")])


def terms(rng: Random) -> Base:
    """Lessons of a school: on weekdays in terms, with exams before the longer holidays."""
    free = [(2, 10, 16), (4, 1, 14), (6, 25, 31), (7, 1, 31), (8, 1, 31), (10, 20, 31)]
    free += [(12, 21, 31), (1, 1, 6), (5, 1, 1)]

    def rate(n: int, day: date) -> float:
        off = any(day.month == month and first <= day.day <= last for month, first, last in free)
        return 0.0 if off or day.weekday() > 4 else 30.0 if day.weekday() == 4 else 45.0

    days = _days(rng, rate, 700)
    rows: list[Row] = []
    for number, at in enumerate(days.moments(rng, 8, 16), 1):
        exam = (at.month, at.day > 10) in ((12, True), (6, True), (3, True)) and rng.random() < 0.5
        row: Row = {"id": number, "at": at.replace(minute=0, second=0, microsecond=0)}
        row |= {
            "room": f"R{rng.randrange(1, 25):02}",
            "subject": rng.choice(["maths", "art", "music"]),
        }
        row |= {"present": rng.randint(14, 30) - 6 * (at.month in (1, 2) and rng.random() < 0.5)}
        row |= {"mark": round(rng.triangular(1, 6, 2.5), 1) if exam else None}
        rows.append(row | {"note": "exam" if exam else "trip" if rng.random() < 0.03 else None})
    return _base("lessons", rows)


def currencies(rng: Random) -> Base:
    """Rates of each working day, and payments in currencies, of which one is used since a day."""
    days = _days(rng, lambda n, day: 40 * _weekly(day, 0.3))
    level = {"EUR": 1.0, "USD": 1.08, "GBP": 0.85, "JPY": 161.0, "HUF": 392.0, "CHF": 0.95}
    rates: list[Row] = []
    for day in days.days:
        if day.weekday() < 5:
            at = datetime.combine(day, time(16))
            for name, one in level.items():
                level[name] = one * (1 if name == "EUR" else rng.lognormvariate(0, 0.006))
                rates.append({"quoted_at": at, "currency": name, "rate": round(level[name], 4)})
    rows = _orders(rng, days.moments(rng, 0, 24), 50)
    since = rows[rng.randrange(len(rows) // 4, 3 * len(rows) // 4)]["at"]
    for row in rows:
        names = [
            *["EUR"] * 6,
            "USD",
            "USD",
            "GBP",
            "CHF",
            *(["HUF", "JPY"] if row["at"] > since else []),
        ]
        row["currency"] = rng.choice(names)
        row["local"] = round(row["amount"] * level[row["currency"]], 2)
        row["fee"] = round(0.3 + row["amount"] * 0.015, 2) if row["currency"] != "EUR" else 0.0
    others = {"rates": Table(list(rates[0]), rates)}
    return _base("payments", rows, others)


def new_ids(rng: Random) -> Base:
    """A new system: its customers and orders have larger numbers, and no clerk; the old are kept."""
    days = _days(rng, lambda n, day: 35 * _weekly(day))
    rows = _orders(rng, days.moments(rng))
    move = rows[rng.randrange(len(rows) // 4, 3 * len(rows) // 4)]["at"].date()
    people: list[Row] = []
    for row in rows:
        new = row["at"].date() >= move
        if len(people) < 30 or rng.random() < 0.15:
            number = (5_000_000 if new else 1000) + len(people)
            people.append(
                {"customer_id": number, "joined": row["at"], "mail": f"{number}@mail.example"}
            )
        row["customer_id"] = rng.choice(people[-400:])["customer_id"]
        row["id"] += 10_000_000 * new
        row["old_no"] = None if new else f"A{row['id']:06}"
        row["source"] = "portal" if new else "desk"
    others = {"customers": Table(list(people[0]), people, "customer_id")}
    return _base("orders", rows, others, [Link("customer_id", "customers", "customer_id")])


def staff(rng: Random) -> Base:
    """Shifts of the people of a list: most join on the first of a month, pay rises in January."""
    days = _days(rng, lambda n, day: 1, 700).days
    people: list[Row] = []
    for number in range(1, 41 + len(days) // 12):
        at = days[0] if number <= 40 else days[rng.randrange(len(days))].replace(day=1)
        people.append({"staff_id": number, "joined": datetime.combine(at, time())})
        people[-1] |= {
            "team": rng.choice(["desk", "store", "van"]),
            "wage": round(rng.gauss(17, 3), 2),
        }
        people[-1]["left_on"] = None
    people.sort(key=lambda row: row["joined"])
    rows: list[Row] = []
    for day in days:
        here = [one for one in people if one["joined"].date() <= day and one["left_on"] is None]
        if len(here) > 35 and rng.random() < 0.05:
            rng.choice(here)["left_on"] = datetime.combine(day, time())
        for one in here:
            if rng.random() < (0.75 if day.weekday() < 5 else 0.25) * (
                0.8 if day.month == 8 else 1
            ):
                begin = datetime.combine(day, time({"desk": 8, "store": 6, "van": 14}[one["team"]]))
                begin += timedelta(minutes=rng.gauss(0, 6))
                row: Row = {
                    "at": begin,
                    "staff_id": one["staff_id"],
                    "hours": rng.choice([4, 8, 8, 8, 9.5]),
                }
                row["pay"] = round(row["hours"] * one["wage"] * 1.04 ** (day.year - 2024), 2)
                rows.append(
                    row
                    | {"ill": 1 if rng.random() < (0.09 if day.month in (1, 2) else 0.03) else 0}
                )
    others = {"people": Table(list(people[0]), people, "staff_id")}
    return _base(
        "shifts",
        sorted(rows, key=lambda row: row["at"]),
        others,
        [Link("staff_id", "people", "staff_id")],
    )


def audit(rng: Random) -> Base:
    """A log of who changed what: a job each night, closings of the month, and a release now and then."""
    days = _days(rng, lambda n, day: 50 * (day.weekday() < 5) + 4 + 90 * (day.day in (1, 2)))
    rows: list[Row] = []
    for at in days.moments(rng, 7, 19):
        what = rng.choices(["update", "insert", "delete", "login"], [6, 3, 0.3, 4])[0]
        row: Row = {"at": at, "actor": f"user{min(int(rng.expovariate(0.1)), 40)}", "what": what}
        row["old"] = f"{rng.randrange(9999)}" if what in ("update", "delete") else None
        row["new"] = f"{rng.randrange(9999)}" if what in ("update", "insert") else None
        rows.append(
            row
            | {
                "release": f"{1 + (at.date() - days.days[0]).days // 45}.0",
                "ms": round(rng.lognormvariate(3, 0.8)),
            }
        )
    for n, day in enumerate(days.days):
        for second in range(20):
            row = {
                "at": datetime.combine(day, time(2, 10)) + timedelta(seconds=second),
                "actor": "nightly",
            }
            row |= {
                "what": "update",
                "old": f"{n}",
                "new": f"{n + 1}",
                "release": f"{1 + n // 45}.0",
            }
            rows.append(row | {"ms": round(rng.lognormvariate(5, 0.3))})
    return _base("changes", sorted(rows, key=lambda row: row["at"]))


SHAPES: Final = (
    steps, seasons, import_of_the_past, begun_midway, rare_values, price_list, batches, retention,
    drifts, holidays, lists_that_grow, great_days, sensor, seldom_kept, by_the_day,
    load, bursts, station, bookings, subscriptions, terms, currencies, new_ids, staff, audit,
)  # fmt: skip
"""The shapes."""

UNSEEN: Final = frozenset(("new_ids", "staff", "audit"))
"""Those of which only the sums are told."""


def made(seed: int) -> tuple[Base, str]:
    """Return a clean database, and its shape: each seed of a row has another one."""
    shape = SHAPES[seed % len(SHAPES)]
    return shape(Random(f"made/{seed}")), shape.__name__
