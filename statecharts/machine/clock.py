"""Clock: what time it is for a machine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Time:
    """What time it is for a machine: it stands still where it was set, or follows a clock."""

    def __init__(self, at: datetime | None, clock: Callable[[], datetime] | None) -> None:
        self._at = at
        self._clock = clock or _utc_now
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        """Return the machine's time."""
        return self._clock() + self._ahead if self._at is None else self._at

    def set(self, at: datetime) -> None:
        """Move to a time; a time that follows a clock goes on following it."""
        if self._at is not None:
            self._at = at

    def advance(self, by: timedelta) -> None:
        """Move ahead, of the clock where there is one."""
        if self._at is None:
            self._ahead += by
        else:
            self._at += by


def _utc_now() -> datetime:
    return datetime.now(UTC)
