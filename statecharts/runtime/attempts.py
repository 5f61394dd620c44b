"""Attempts: one call of a handler, and what its end means for the run.

Whoever carries effects out, a `Runtime` or a worker of Temporal, goes by these rules.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final

from statecharts.model.effects import Invoke
from statecharts.model.events import Answer, CallFailed
from statecharts.model.values import repr_of
from statecharts.runtime.clock import microseconds
from statecharts.runtime.commit import Draft, Program, effect_of, reason_of
from statecharts.runtime.handlers import NEVER, Handler, Retry, Task, check_outcome
from statecharts.store.rows import PAUSED, Owed, Status

_RAISED: Final = (Exception, asyncio.CancelledError, type(None))
"""The errors that a task may end with; any other, such as SystemExit, would stop the event loop."""


LOSSES: Final = 10
"""Processes that may die one after the other while they carry an effect out; then it has failed."""

DIED: Final = "the process that carried it out has died"
"""The reason of an attempt from its begin on, if one before it has ended with its process."""


# --- What a handler is given, and how it is called ------------------------------------------------


def given_of(program: Program, row: Owed) -> tuple[Any, int]:
    """Return the effect or call of a row, as a handler gets it, and the number of its key."""
    effect, number = effect_of(program, row)
    return (effect.call if isinstance(effect, Invoke) else effect), number


def retry_of(handler: Handler, given: Any) -> Retry:
    """Return the attempts and waits for an effect.

    Raises:
        TypeError: The handler's ``retry=`` returns something else.
    """
    if isinstance(handler.retry, Retry):
        return handler.retry
    found: object = handler.retry(given)
    if not isinstance(found, Retry):
        text = f"it returned {repr_of(found)}"
        raise TypeError(text)
    return found


async def attempt_once(handler: Handler, given: Any, task: Task[Any]) -> Any:
    """Call a handler, within its limits, and return its outcome.

    A plain function gets a thread of its own, that nobody waits for at the end: one that never ends
    keeps neither other handlers waiting nor the process.

    Raises:
        TimeoutError: It took too long, or gave no heartbeat.
        TypeError: Its outcome is no answer to its call.
        RuntimeError: It has raised what would end the loop, such as SystemExit.
    """
    arguments = (given, task) if handler.takes_task else (given,)
    call = _awaited if handler.is_async else _in_a_thread
    work = call(handler.function, arguments)
    seconds = None if handler.timeout is None else handler.timeout.total_seconds()
    try:
        async with asyncio.timeout(seconds):
            if handler.heartbeat is None:
                outcome, error = await work
            else:
                outcome, error = await _listened(work, task, handler.heartbeat.total_seconds())
    except TimeoutError as late:
        task.cancel()
        if late.args:
            raise
        text = f"it took longer than {seconds:g} s"
        raise TimeoutError(text) from None
    if isinstance(error, StopIteration) or not isinstance(error, _RAISED):
        text = f"it raised {text_of(error)}"
        raise RuntimeError(text) from error  # noqa: TRY004 - it is not about a type
    if error is not None:
        raise error
    check_outcome(handler.effect, outcome)
    return outcome


Ended = tuple[Any, BaseException | None]
"""The result of a function, and the error it raised, if any."""


async def _awaited(function: Callable[..., Awaitable[Any]], arguments: tuple[Any, ...]) -> Ended:
    """Await a function; what it raises does not reach the loop, unless it is to end."""
    try:
        return await function(*arguments), None
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise
    except BaseException as error:
        return None, error


def _in_a_thread(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Awaitable[Ended]:
    """Call a plain function in a thread."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[Ended] = loop.create_future()

    def tell(how: Ended) -> None:
        if not ended.done():
            ended.set_result(how)

    def work() -> None:
        how: Ended
        try:
            how = function(*arguments), None
        except BaseException as error:
            how = None, error
        with contextlib.suppress(RuntimeError):  # the loop is over
            loop.call_soon_threadsafe(tell, how)

    threading.Thread(target=work, name="statecharts-handler", daemon=True).start()
    return ended


async def _listened(work: Awaitable[Ended], task: Task[Any], seconds: float) -> Ended:
    """Await a handler for as long as it gives heartbeats."""
    running = asyncio.ensure_future(work)
    try:
        while True:
            done, _ = await asyncio.wait({running}, timeout=max(seconds - task.silent, 0.001))
            if done:
                return running.result()
            if task.silent >= seconds:
                text = f"it gave no heartbeat for {seconds:g} s"
                raise TimeoutError(text)
    finally:
        running.cancel()


def text_of(error: BaseException) -> str:
    """Return an error in one text, whatever its class makes of that."""
    name = type(error).__name__
    try:
        said = str(error)
    except Exception:
        return name
    return f"{name}: {said}" if said else name


def is_stopped(error: BaseException) -> bool:
    """Tell whether an attempt was stopped from here; a handler may cancel itself, and fails."""
    working = asyncio.current_task()
    return (
        isinstance(error, asyncio.CancelledError)
        and working is not None
        and (working.cancelling() > 0)
    )


def judge(
    error: BaseException,
    handler: Handler,
    given: Callable[[], Any],
    attempt: tuple[str, str, int],
    clean: Callable[[str], str],
    log: logging.Logger,
) -> tuple[str, timedelta | None]:
    """Log a failed attempt; return its text, and the wait until the next one, if there is one.

    Args:
        error: Why it has failed.
        handler: The handler.
        given: Returns the effect or call that it was given.
        attempt: The key and the name of the effect, and the number of the attempt.
        clean: Makes a text one that can be kept.
        log: The log.
    """
    text = text_of(error)
    try:
        retry = retry_of(handler, given())
    except Exception as broken:
        retry, text = NEVER, f"{text}; and its retry= failed: {text_of(broken)}"
    text = clean(text)  # a log is written in UTF-8, too
    key, _, number = attempt
    said = (*attempt, retry.attempts, text)
    if number < retry.attempts and not isinstance(error, retry.give_up_on):
        wait = retry.wait(key, number)
        log.warning("%s %s: attempt %d of %d failed: %s; the next in %s", *said, wait)
        return text, wait
    log.error("%s %s: attempt %d of %d failed: %s; given up", *said)
    return text, None


def tell(observer: Callable[[Any], object], seen: object, log: logging.Logger) -> None:
    """Call an observer; whatever it raises is logged, and does not end the loop."""
    try:
        observer(seen)
    except KeyboardInterrupt:
        raise
    except BaseException:
        log.exception("the observer %s raised", repr_of(observer))


def judge_death(
    handler: Handler, given: Callable[[], Any], key: str, row: Owed, log: logging.Logger
) -> tuple[str, timedelta | None]:
    """Log that a process has died of an effect, perhaps; return what `judge` does.

    Args:
        handler: The handler.
        given: Returns the effect or call that it was given.
        key: The key of the effect.
        row: The effect; its attempts count those that have ended so.
        log: The log.
    """
    try:
        retry = retry_of(handler, given())
    except Exception:  # it is told when an attempt fails
        retry = Retry()
    most = max(retry.attempts, LOSSES)
    if row.attempts < most:
        wait = retry.wait(key, row.attempts)
        said = (key, row.name, DIED, row.attempts, most, wait)
        log.warning("%s %s: %s (%d of %d times at most); the next attempt in %s", *said)
        return DIED, wait
    reason = f"{row.attempts} processes have died, one after the other, while it was tried"
    log.error("%s %s: %s; given up", key, row.name, reason)
    return reason, None


# --- What comes of it -----------------------------------------------------------------------------


def done(draft: Draft, row: Owed, outcome: Any, at: datetime) -> None:
    """Write what came of an effect."""
    if row.number not in draft.owed:
        return  # taken back, or answered by somebody else
    if row.call is None:
        draft.settle(row.number)
    elif outcome is None:
        draft.note(row.number, handed=True, worker=None, until=0)
    else:
        _answer(draft, row, Answer(row.call, outcome), at)


def _answer(draft: Draft, row: Owed, event: Answer | CallFailed, at: datetime) -> None:
    """Take an answer; one that cannot be taken makes the run stuck on its effect."""
    if draft.head.status in PAUSED:
        draft.note(row.number, worker=None, until=0)  # to be done again when the run goes on
        return
    try:
        draft.take(event, at)
    except Exception as error:  # whatever it is, the handler is not asked again and again
        if isinstance(event, Answer):
            refused(draft, row, reason_of(error))
        else:
            _stick(draft, row, reason_of(error))


def refused(draft: Draft, row: Owed, reason: str) -> None:
    """Write that an answer cannot be taken, whatever the reason: the run is stuck on its effect."""
    _stick(draft, row, f"the answer of the handler of {row.name} cannot be taken: {reason}")


def _stick(draft: Draft, row: Owed, reason: str) -> None:
    if row.number in draft.owed and draft.head.status == Status.RUNNING:
        draft.note(row.number, worker=None, until=0)
        draft.stick(reason, f"effect {row.number}")


def failed(
    draft: Draft, row: Owed, failures: int, reason: str, wait: timedelta | None, at: datetime
) -> None:
    """Write that an attempt has failed: when the next is due, or that there is none."""
    if row.number not in draft.owed:
        return
    if wait is None and row.call is not None:
        _answer(draft, row, CallFailed(row.call, reason), at)
        return
    draft.note(row.number, attempts=failures, reason=reason, worker=None, until=0)
    if wait is not None:
        draft.note(row.number, due=microseconds(at + wait))
    elif draft.head.status not in PAUSED:
        draft.stick(reason, f"effect {row.number}")
