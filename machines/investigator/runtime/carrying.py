"""Carrying out a call: asking the reasoner or a tool, in time, and saying what came of it."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, Protocol, TypeVar

from attrs import frozen

from machines.investigation.calls import CallKind
from machines.investigation.findings import Evidence
from machines.investigation.scope import Scope
from machines.investigation.session import protocol
from machines.investigation.vocabulary import Call, CallFailed, CallResult, Case, Outcome
from machines.investigator.reasoning.reasoner import Reasoner
from machines.investigator.security.tools import Call as ToolCall
from machines.investigator.security.tools import validate_tool_call
from machines.investigator.security.violation import QueryFailedError, SecurityViolation
from statecharts.model.errors import StatechartError

T = TypeVar("T")

_PASSING: Final = ("interrupted", "the database cannot answer it", "it was stopped")
"""What a database says when it may well answer the next time."""


class Tools(Protocol):
    """What carries out the calls of tools; a `Toolbox` does."""

    @property
    def scope(self) -> Scope:
        """What may be called, and with what."""
        ...

    def call(self, call: ToolCall) -> Outcome:
        """Call a tool; blocks until it is done."""
        ...

    def stop(self, call: ToolCall) -> None:
        """Stop a call that runs in another thread, if it does."""
        ...


@frozen
class Return:
    """What came of an attempt.

    Attributes:
        event: What the investigation is told.
        error: What was raised, if something was; it may hold data, and is not shown by itself.
    """

    event: CallResult | CallFailed
    error: BaseException | None = None


async def carry_out(
    call: Call,
    case: Case,
    evidence: tuple[Evidence, ...],
    reasoner: Reasoner,
    tools: Tools | None,
    seconds: float,
) -> Return:
    """Carry out a call, and return what came of it; raises nothing, unless it is cancelled.

    A call whose time is up is told to stop and then left alone, whether it listens or not.
    """
    if call.kind is CallKind.TOOL:
        attempt = asyncio.ensure_future(in_thread(lambda: _use(call, case.scope, tools)))
    else:
        attempt = asyncio.ensure_future(reasoner.answer(call, case, evidence))
    try:
        done, _ = await asyncio.wait({attempt}, timeout=seconds)
    except asyncio.CancelledError:
        _leave(attempt, call, tools)
        raise
    if not done:
        _leave(attempt, call, tools)
        return Return(CallFailed(call.call_id, f"it took longer than {seconds:g} s"))
    if attempt.cancelled():
        return Return(CallFailed(call.call_id, "it was cancelled from within"))
    error = attempt.exception()
    if error is not None:
        return Return(CallFailed(call.call_id, told(error), _is_permanent(error)), error)
    return _result(call, attempt.result())


def _use(call: Call, scope: Scope | None, tools: Tools | None) -> Outcome:
    """Call a tool that the scope of the investigation permits; the tools then ask their own."""
    if scope is None or tools is None:
        raise SecurityViolation("tool", call.tool)
    validate_tool_call(call, scope)
    return tools.call(call)


def _result(call: Call, outcome: object) -> Return:
    """Return a result, once it is sure that a snapshot can carry it."""
    try:
        event = CallResult(call.call_id, outcome)  # type: ignore[arg-type]  # the reasoner's word
    except TypeError as error:
        gave = f"it gave a {type(outcome).__name__}, which is no outcome of a call"
        return Return(CallFailed(call.call_id, gave), error)
    try:
        read = protocol().loads_event(protocol().dumps_event(event))
    except Exception as error:  # noqa: BLE001 - whatever does not fit, the outcome is at fault
        gave = f"it gave a {type(outcome).__name__} that JSON cannot carry: {told(error)}"
        return Return(CallFailed(call.call_id, gave), error)
    assert isinstance(read, CallResult)  # noqa: S101 - its tag says so
    return Return(read)


def _leave(attempt: asyncio.Future[Any], call: Call, tools: Tools | None) -> None:
    """Give up on an attempt."""
    if attempt.done():
        return
    attempt.cancel()
    # Whatever it still comes to is of no interest, and of no harm.
    attempt.add_done_callback(lambda late: late.cancelled() or late.exception())
    if call.kind is CallKind.TOOL and tools is not None:
        tools.stop(call)


def told(error: BaseException) -> str:
    """Say what was raised, in words that may be shown.

    Errors of ours keep data out of their texts; of others, no more than the kind is told.

    >>> told(ValueError("no such customer: Ada")), told(SecurityViolation("tool", "shell"))[:7]
    ('ValueError was raised', '[SC511]')
    """
    if isinstance(error, StatechartError):
        return str(error)
    return f"{type(error).__name__} was raised"


def _is_permanent(error: BaseException) -> bool:
    """Tell whether it is of no use to try again."""
    if isinstance(error, SecurityViolation):
        return error.rule != "time"
    return isinstance(error, QueryFailedError) and error.found not in _PASSING


async def in_thread(function: Callable[[], T]) -> T:
    """Run a function that blocks, in a thread of its own.

    The thread keeps no process alive: whoever waits for somebody to type can be left waiting.

    >>> asyncio.run(in_thread(lambda: 6 * 7))
    42
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    context = contextvars.copy_context()

    def settle(value: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(value)  # type: ignore[arg-type]  # it is a T when nothing was raised

    def work() -> None:
        value, error = None, None
        try:
            value = context.run(function)
        except BaseException as raised:  # noqa: BLE001 - it is raised where the function is awaited
            error = raised
        if isinstance(error, StopIteration):
            # A future refuses it, for it would end whatever awaits it.
            error = RuntimeError("StopIteration was raised")
        with suppress(RuntimeError):  # the loop is gone, and with it whoever would listen
            loop.call_soon_threadsafe(settle, value, error)

    threading.Thread(target=work, daemon=True, name="investigation-call").start()
    return await future


async def awaited(function: Callable[..., Awaitable[T] | T], *values: object) -> T:
    """Return what a function gives, be it one to await or one that blocks.

    >>> asyncio.run(awaited(max, 1, 2))
    2
    """
    called = getattr(function, "__call__", None)  # noqa: B004 - the method of an object, if any
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called):
        given = function(*values)
    else:
        given = await in_thread(lambda: function(*values))
    if isinstance(given, Awaitable):
        return await given
    return given
