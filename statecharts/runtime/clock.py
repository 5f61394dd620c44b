"""Clocks: what time it is for a runtime, and how it waits."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol, final

from statecharts.model.arguments import DURATION, TIME, check

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)


class Clock(Protocol):
    """Tells a runtime the time, and sleeps for it."""

    def now(self) -> datetime:
        """Return the time, with its time zone."""
        ...

    async def sleep(self, until: datetime, woken: asyncio.Event) -> None:
        """Return when the time has come, or when the event is set."""
        ...


@final
class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return datetime.now(UTC)

    async def sleep(self, until: datetime, woken: asyncio.Event) -> None:
        """Return when the time has come, or when the event is set."""
        # Somebody may set the clock of the machine meanwhile: look at it now and then.
        seconds = min((until - self.now()).total_seconds(), 60)
        if seconds > 0:
            try:
                await asyncio.wait_for(woken.wait(), seconds)
            except TimeoutError:
                return


@final
class SimulatedClock:
    """A clock that stands still until it is advanced, so that tests run a year in a second.

    Args:
        at: Its first time; with a time zone.

    >>> clock = SimulatedClock(datetime(2026, 1, 1, tzinfo=UTC))
    >>> clock.advance(timedelta(days=1))
    >>> clock.now().day
    2
    """

    def __init__(self, at: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        check("SimulatedClock", at=(at, TIME))
        self._at = at.astimezone(UTC)
        self._lock = threading.Lock()
        self._sleepers: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return self._at

    def advance(self, by: timedelta) -> None:
        """Let time pass, and wake who sleeps; what falls due is then carried out.

        ``await runtime.settle()`` returns when it has been.
        """
        check("advance", by=(by, DURATION))
        with self._lock:
            self._at += by
            sleepers = list(self._sleepers.items())
        for event, loop in sleepers:
            loop.call_soon_threadsafe(event.set)

    async def sleep(self, until: datetime, woken: asyncio.Event) -> None:
        """Return when the event is set, or at once when the time has come."""
        with self._lock:
            if self._at >= until:
                return
            self._sleepers[woken] = asyncio.get_running_loop()
        try:
            await woken.wait()
        finally:
            self._sleepers.pop(woken, None)


def microseconds(at: datetime) -> int:
    """Return a time as microseconds since 1970.

    >>> microseconds(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000
    """
    return (at - EPOCH) // MICROSECOND


def moment(at: int) -> datetime:
    """Return the time of some microseconds since 1970, in UTC.

    >>> moment(1_000_000)
    datetime.datetime(1970, 1, 1, 0, 0, 1, tzinfo=datetime.timezone.utc)
    """
    return EPOCH + timedelta(microseconds=at)
