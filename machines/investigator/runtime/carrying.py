"""Carrying out a call: by the reasoner or a tool, within a time limit."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, Protocol, TypeVar

from attrs import frozen

from machines.investigation.calls import CallKind, Phase
from machines.investigation.findings import Evidence, Synthesis
from machines.investigation.scope import Place, Scope, place
from machines.investigation.session import protocol
from machines.investigation.vocabulary import (
    Call,
    CallFailed,
    CallResult,
    Case,
    Concluded,
    Outcome,
)
from machines.investigator.reasoning.reasoner import Reasoner
from machines.investigator.reasoning.replies import ReasonerError
from machines.investigator.security.statements import read_query
from machines.investigator.security.tools import Call as ToolCall
from machines.investigator.security.tools import validate_tool_call
from machines.investigator.security.violation import QueryFailedError, SecurityViolation
from statecharts.model.errors import StatechartError
from statecharts.model.hooks import is_awaited

T = TypeVar("T")

_PASSING: Final = (
    "interrupted",
    "the database cannot answer it",
    "the process that reads the database broke off",
    "database is locked",
    "it was stopped",
)
"""Failures of a database that another attempt may not have."""


class Tools(Protocol):
    """Carries out the calls of tools, as a `Toolbox` does."""

    @property
    def scope(self) -> Scope:
        """The permitted tools and tables."""
        ...

    def call(self, call: ToolCall) -> Outcome:
        """Call a tool; blocks until it is done."""
        ...

    def stop(self, call: ToolCall) -> None:
        """Stop a call if it runs in another thread."""
        ...


@frozen
class Return:
    """The outcome of an attempt.

    Attributes:
        event: The event for the investigation.
        error: The exception, if there was one; it may hold data, and is not shown.
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
    """Carry out a call, and return its outcome; raises nothing, unless it is cancelled.

    A call that exceeds its time is told to stop, and is not waited for.
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
    outcome = attempt.result()
    if isinstance(outcome, Concluded) and call.phase is Phase.SYNTHESIZING:
        found = groundless(outcome.synthesis, case, evidence)
        if found is not None:
            fault = ReasonerError("SC525", "reasoner", found, "Ask again, or ask another model")
            return Return(CallFailed(call.call_id, told(fault)), fault)
    return _result(call, outcome)


def groundless(synthesis: Synthesis, case: Case, evidence: tuple[Evidence, ...]) -> str | None:
    """Say which cause of a conclusion nothing supports; None if each has evidence.

    A cause needs a table of the scope, and evidence of a call that read this table. The description
    of a table that does not exist is none.
    """
    read = {one.id: _read(one, case) for one in evidence}
    permitted = case.scope.places("sqlite") if case.scope is not None else frozenset()
    for number, cause in enumerate(synthesis.causes, 1):
        table = place(cause.table, "sqlite")
        if table not in permitted:
            return f"cause {number} is in a table that the scope does not have"
        if not cause.evidence:
            return f"cause {number} has no evidence"
        if not all(one in read for one in cause.evidence):
            return f"cause {number} has evidence that does not exist"
        if not any(table in read[one] for one in cause.evidence):
            return f"cause {number} has no evidence about its table"
    return None


def _read(evidence: Evidence, case: Case) -> frozenset[Place]:
    """Return the tables that a call read for its evidence."""
    made = (one.call.request for one in case.ledger.settled if one.call.id == evidence.call_id)
    request = next(made, None)
    if request is None or case.scope is None or request.kind is not CallKind.TOOL:
        return frozenset()
    if request.name == "describe" and not evidence.rows:
        return frozenset()
    sql = request.arguments.get("sql")
    if isinstance(sql, str):
        return read_query(sql, case.scope).tables
    names = (request.arguments.get(name) for name in ("table", "other_table"))
    return frozenset(place(name, "sqlite") for name in names if isinstance(name, str))


def _use(call: Call, scope: Scope | None, tools: Tools | None) -> Outcome:
    """Call a tool that the scope of the investigation permits; the tools then check their own."""
    if scope is None or tools is None:
        raise SecurityViolation("tool", call.tool)
    validate_tool_call(call, scope)
    return tools.call(call)


def _result(call: Call, outcome: object) -> Return:
    """Return a result, once it has passed through JSON, as a snapshot needs it."""
    try:
        event = CallResult(call.call_id, outcome)  # type: ignore[arg-type]  # checked by the class
    except TypeError as error:
        gave = f"it gave a {type(outcome).__name__}, which is not an outcome of a call"
        return Return(CallFailed(call.call_id, gave), error)
    try:
        read = protocol().loads_event(protocol().dumps_event(event))
    except Exception as error:  # noqa: BLE001 - whatever is raised, the outcome is at fault
        gave = f"it gave a {type(outcome).__name__} that JSON cannot carry: {told(error)}"
        return Return(CallFailed(call.call_id, gave), error)
    assert isinstance(read, CallResult)  # noqa: S101 - its tag says so
    return Return(read)


def _leave(attempt: asyncio.Future[Any], call: Call, tools: Tools | None) -> None:
    """Give up on an attempt."""
    if attempt.done():
        return
    attempt.cancel()
    # Its late result, or exception, is ignored.
    attempt.add_done_callback(lambda late: late.cancelled() or late.exception())
    if call.kind is CallKind.TOOL and tools is not None:
        tools.stop(call)


def told(error: BaseException) -> str:
    """Describe an exception in words that may be shown.

    Errors of ours keep data out of their texts; of others, only the class is named.

    >>> told(ValueError("no such customer: Ada")), told(SecurityViolation("tool", "shell"))[:7]
    ('ValueError was raised', '[SC511]')
    """
    if isinstance(error, StatechartError):
        return str(error)
    return f"{type(error).__name__} was raised"


def _is_permanent(error: BaseException) -> bool:
    """Tell whether another attempt is useless."""
    if isinstance(error, SecurityViolation):
        return error.rule != "time"
    return isinstance(error, QueryFailedError) and error.found not in _PASSING


async def in_thread(function: Callable[[], T]) -> T:
    """Run a function that blocks, in a thread of its own.

    The thread does not keep the process alive, even if it waits for somebody to type.

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
            future.set_result(value)  # type: ignore[arg-type]  # it is a T if nothing was raised

    def work() -> None:
        value, error = None, None
        try:
            value = context.run(function)
        except BaseException as raised:  # noqa: BLE001 - raised again by the await
            error = raised
        if isinstance(error, StopIteration):
            # A future refuses it, since it would end the coroutine that awaits it.
            error = RuntimeError("StopIteration was raised")
        with suppress(RuntimeError):  # the loop is closed, and nobody listens
            loop.call_soon_threadsafe(settle, value, error)

    threading.Thread(target=work, daemon=True, name="investigation-call").start()
    return await future


async def awaited(function: Callable[..., Awaitable[T] | T], *values: object) -> T:
    """Return the result of a function that is awaited, or that blocks.

    >>> asyncio.run(awaited(max, 1, 2))
    2
    """
    if is_awaited(function):
        given = function(*values)
    else:
        given = await in_thread(lambda: function(*values))
    if isinstance(given, Awaitable):
        return await given
    return given
