"""Handlers: the functions that carry effects out, and what is to be done when they fail."""

from __future__ import annotations

import asyncio
import collections.abc
import hashlib
import inspect
import types
import typing
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Generic, Literal, TypeVar, final, overload

from attrs import field, frozen

from statecharts.model.arguments import COUNT, SPAN, WAIT, Sort, check, classes, optional, valid
from statecharts.model.calls import answers_of
from statecharts.model.effects import Call, Effect
from statecharts.model.events import wire_name
from statecharts.model.fields import fits, type_text, union_members
from statecharts.model.hooks import is_awaited, underlying
from statecharts.model.values import repr_of
from statecharts.runtime.errors import HandlerError

A = TypeVar("A")
F = TypeVar("F", bound=Effect)


_LONGEST: Final = timedelta(days=36_525)
"""The longest wait: a century, so that its end is a time that can be told."""

Backoff = Literal["fixed", "exponential"]
"""The growth of the waits between attempts."""

_BACKOFF: Final = Sort("'fixed' or 'exponential'", lambda value: value in ("fixed", "exponential"))
_JITTER: Final = Sort(
    "a number from 0 on, such as 0.1", lambda value: isinstance(value, int | float) and value >= 0
)
_HANDLERS: Final = Sort(
    "a dict of classes and functions, or handle(Class, function) for each in a list",
    lambda value: isinstance(value, Iterable) and not isinstance(value, type | str),
)
_ERRORS: Final = Sort(
    "a tuple of classes of exceptions, such as (ValueError,)",
    lambda value: isinstance(value, tuple) and classes(BaseException, "").fits(value),
)


@final
@frozen
class Retry:
    """Retries a handler that fails: the number of attempts, and the waits between them.

    The waits are recorded with the effect: a process that dies between two attempts loses none.

    Attributes:
        attempts: The number of attempts in all; 1 never tries again.
        delay: The wait after the first failure.
        backoff: Whether each wait is as long as the first (``fixed``), or twice the one before
            (``exponential``).
        most: The longest wait.
        jitter: The part of a wait, from 0 to 1, that varies from effect to effect.
        give_up_on: Classes of exceptions that are not worth another attempt.

    Raises:
        ArgumentError: A value is of the wrong kind (SC221).

    >>> Retry(attempts=4, delay=timedelta(seconds=1), jitter=0).wait("order-7/1", 3)
    datetime.timedelta(seconds=4)
    """

    attempts: int = field(default=5, validator=valid(COUNT))
    delay: timedelta = field(default=timedelta(seconds=1), validator=valid(WAIT))
    backoff: Backoff = field(default="exponential", validator=valid(_BACKOFF))
    most: timedelta = field(default=timedelta(hours=1), validator=valid(WAIT))
    jitter: float = field(default=0.1, validator=valid(_JITTER))
    give_up_on: tuple[type[BaseException], ...] = field(default=(), validator=valid(_ERRORS))

    def wait(self, key: str, failures: int) -> timedelta:
        """Return how long to wait after some failures of the effect of a key."""
        grown = self.delay
        if self.backoff == "exponential":
            factor = 1 << min(failures - 1, 60)
            longest = factor * self.delay.total_seconds() >= self.most.total_seconds()
            grown = self.most if longest else self.delay * factor
        text = hashlib.sha256(f"{key}#{failures}".encode()).digest()
        part = int.from_bytes(text[:4], "big") / 2**32
        try:
            return min(min(grown, self.most) * (1 + self.jitter * part), _LONGEST)
        except OverflowError:  # beyond what can be told
            return _LONGEST


NEVER: Final = Retry(attempts=1)
"""One attempt."""


@final
@frozen
class Handler:
    """A handler, and how it is called. Make one with `handle`.

    Attributes:
        effect: The class of effects or calls that it carries out.
        function: Carries one out: takes the effect, and the `Task` if it has a second parameter. A
            plain function runs in a thread.
        retry: The attempts and waits after it raises, or a function from the effect to these.
        timeout: The longest time for one attempt; None for no limit.
        heartbeat: The longest time between two heartbeats; None for no limit.
        at_once: The most that run at once in this process.
        undo: Undoes what `function` did when its run is rolled back; None if nothing can.
    """

    effect: type[Effect]
    function: Callable[..., Any]
    retry: Retry | Callable[[Any], Retry] = Retry()
    timeout: timedelta | None = None
    heartbeat: timedelta | None = None
    at_once: int = 100
    takes_task: bool = True
    undo: Handler | None = None

    @property
    def is_async(self) -> bool:
        """Whether its function is a coroutine function."""
        return is_awaited(self.function)


@overload
def handle(
    effect: type[Call[A]],
    function: Callable[[Any, Task[Any]], Awaitable[A | None]]
    | Callable[[Any], Awaitable[A | None]],
    *,
    retry: Retry | Callable[[Any], Retry] = ...,
    timeout: timedelta | None = ...,
    heartbeat: timedelta | None = ...,
    at_once: int = ...,
    undo: Callable[..., Any] | None = ...,
) -> Handler: ...
@overload
def handle(
    effect: type[Call[A]],
    function: Callable[[Any, Task[Any]], A | None] | Callable[[Any], A | None],
    *,
    retry: Retry | Callable[[Any], Retry] = ...,
    timeout: timedelta | None = ...,
    heartbeat: timedelta | None = ...,
    at_once: int = ...,
    undo: Callable[..., Any] | None = ...,
) -> Handler: ...
@overload
def handle(
    effect: type[F],
    function: Callable[[F, Task[Any]], Awaitable[None] | None]
    | Callable[[F], Awaitable[None] | None],
    *,
    retry: Retry | Callable[[Any], Retry] = ...,
    timeout: timedelta | None = ...,
    heartbeat: timedelta | None = ...,
    at_once: int = ...,
    undo: Callable[..., Any] | None = ...,
) -> Handler: ...
def handle(
    effect: type[Any],
    function: Callable[..., Any],
    *,
    retry: Retry | Callable[[Any], Retry] = Retry(),
    timeout: timedelta | None = None,
    heartbeat: timedelta | None = None,
    at_once: int = 100,
    undo: Callable[..., Any] | None = None,
) -> Handler:
    """Return a handler of an effect, with how it is to be called.

    Args:
        effect: The class of effects or calls.
        function: ``async def charge(call: Charge, task: Task) -> Paid | None``, or with the call
            alone, or a plain function, which runs in a thread. What it returns is the last answer
            to the call; None hands the call over: somebody answers it later.
        retry: The attempts and waits after it raises, or a function from the effect to these.
        timeout: The longest time for one attempt.
        heartbeat: The longest time without ``task.heartbeat()``.
        at_once: The most that run at once in this process.
        undo: ``async def refund(call: Charge, task: Task) -> None``, or with the call alone, or a
            plain function: undoes what the first function did, or may have done, when the run is
            rolled back to before the effect. It gets the same effect under the same key, and is
            tried again as the first function is.

    Raises:
        HandlerError: A function does not fit (SC828).
    """
    given: object = effect
    if not (isinstance(given, type) and issubclass(given, Effect)):
        remedy = "Give a class that derives from Effect or Call"
        raise HandlerError(
            "SC828", "handlers", f"{repr_of(effect)} is not a class of effects", remedy
        )
    name = effect.__name__
    called: object = function
    if not callable(called):
        found = f"the handler of {name} is {repr_of(function)}, which cannot be called"
        raise HandlerError("SC828", "handlers", found, "Give a function")
    _check_policy(name, retry, timeout, heartbeat, at_once)
    given_undo: object = undo
    if undo is not None and not callable(given_undo):
        found = f"undo= of {name} is {repr_of(undo)}, which cannot be called"
        raise HandlerError("SC828", "handlers", found, "Give a function")

    def made(what: str, called: Callable[..., Any], undone: Handler | None) -> Handler:
        takes = _takes_task(what, called)
        _check_annotations(what, effect, called, answered=called is function)
        return Handler(effect, called, retry, timeout, heartbeat, at_once, takes, undone)

    return made(name, function, None if undo is None else made(f"undo= of {name}", undo, None))


def _check_policy(name: str, retry: Any, timeout: Any, heartbeat: Any, at_once: Any) -> None:
    """Refuse what does not say how a handler is called."""
    second, time = timedelta(seconds=1), optional(SPAN)
    for key, value, right, remedy in (
        ("retry", retry, isinstance(retry, Retry) or callable(retry), "a Retry, or a function"),
        ("timeout", timeout, time.fits(timeout), f"a time, such as {second!r}, or None"),
        ("heartbeat", heartbeat, time.fits(heartbeat), f"a time, such as {second!r}, or None"),
        ("at_once", at_once, type(at_once) is int and at_once > 0, "a number from 1 on"),
    ):
        if not right:
            found = f"{key}= of the handler of {name} is {repr_of(value)}"
            raise HandlerError("SC828", "handlers", found, f"Give {remedy}")


def _takes_task(name: str, function: Callable[..., Any]) -> bool:
    """Return whether a function takes the task as well as the effect."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return False
    for takes_task, given in ((True, (None, None)), (False, (None,))):
        try:
            signature.bind(*given)
        except TypeError:
            continue
        return takes_task
    found = f"the handler of {name} takes {signature}"
    remedy = "Let it take the effect, or the effect and the task"
    raise HandlerError("SC828", "handlers", found, remedy)


def _check_annotations(
    what: str, effect: type[Effect], function: Callable[..., Any], *, answered: bool
) -> None:
    """Refuse a function that is annotated with what it is not given, or may not answer.

    Args:
        what: What is handled, as errors name it.
        effect: The class of effects or calls that it gets.
        function: The function.
        answered: Whether what it returns is an answer.
    """
    parameters, told = _annotations(function)
    answers = answers_of(effect) if issubclass(effect, Call) else ()
    handed: tuple[type, ...] = (effect, Task)
    for (name, annotation), given in zip(parameters, handed, strict=False):
        reported = typing.get_args(annotation) if typing.get_origin(annotation) is Task else ()
        wrong = _no_answers(answers, reported)
        if fits(given, annotation) and not wrong:
            continue
        found = f"the handler of {what} takes {type_text(annotation)} as {name!r}"
        remedy = f"It is given a {given.__name__}: annotate {name!r} with that"
        if wrong:
            remedy = _answered_by(answers, f"Annotate {name!r} with Task[None]")
        raise HandlerError("SC828", "handlers", found, remedy)
    returned = _no_answers(answers, (told,)) if answered else []
    if returned:
        found = f"the handler of {what} returns {_names(returned)}"
        raise HandlerError("SC828", "handlers", found, _answered_by(answers, "Return None"))


def _answered_by(answers: tuple[type, ...] | None, otherwise: str) -> str:
    if answers:
        return f"The call is answered by {_names(answers)}"
    return f"{otherwise}, or derive the effect from Call: only calls are answered"


def _no_answers(answers: tuple[type, ...] | None, told: Iterable[Any]) -> list[Any]:
    """Return those of some annotated answers that a call plainly does not have."""
    members = [member for one in told for member in union_members(_awaited(one))]
    open_ = (typing.Any, typing.Never, typing.NoReturn, None, types.NoneType, object)
    plain = [one for one in members if one not in open_ and not isinstance(one, str | TypeVar)]
    if answers is None:
        return []
    if not answers:
        return plain
    return [one for one in plain if isinstance(one, type) and not issubclass(one, answers)]


def _awaited(annotation: Any) -> Any:
    """Return what a value of an annotation gives when it is awaited, if it can be."""
    if typing.get_origin(annotation) in (collections.abc.Awaitable, collections.abc.Coroutine):
        return typing.get_args(annotation)[-1]
    return annotation


def _annotations(function: Callable[..., Any]) -> tuple[list[tuple[str, Any]], Any]:
    """Return the parameters that a function takes by position, and what it returns, as annotated.

    What has no annotation, or one that cannot be resolved here, is `Any`.
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return [], typing.Any
    scope = getattr(inspect.unwrap(underlying(function)), "__globals__", {})

    def resolved(annotation: Any) -> Any:
        if annotation is inspect.Signature.empty:
            return typing.Any
        if not isinstance(annotation, str):
            return annotation
        try:
            return eval(annotation, scope)  # noqa: S307 - it is code of the program
        except Exception:
            return typing.Any

    by_position = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    taken = [
        (one.name, resolved(one.annotation))
        for one in signature.parameters.values()
        if one.kind in by_position
    ]
    return taken, resolved(signature.return_annotation)


def check_outcome(effect: type[Effect], outcome: Any) -> None:
    """Refuse what a handler returned, if it is no answer to its call.

    Raises:
        TypeError: It is not.
    """
    answers = answers_of(effect) if issubclass(effect, Call) else ()
    if outcome is None or answers is None or isinstance(outcome, answers):
        return
    text = f"the handler of {effect.__name__} returned {repr_of(outcome)}"
    if answers:
        text += f", and the call is answered by {_names(answers)}"
    raise TypeError(text)


def _names(classes: Iterable[Any]) -> str:
    return ", ".join(getattr(one, "__name__", str(one)) for one in classes)


Handlers = Mapping[Any, Any] | Iterable[Handler]
"""Handlers by class of effects, or made with `handle`."""


def table(handlers: Handlers) -> dict[type[Effect], Handler]:
    """Return handlers by the class of what they carry out.

    Raises:
        HandlerError: One does not fit, or two are for the same class (SC828).
    """
    if isinstance(handlers, Mapping):
        given: Mapping[Any, Any] = handlers
        listed: list[Any] = []
        for effect, value in given.items():
            made = value if isinstance(value, Handler) else handle(effect, value)
            if made.effect is not effect:
                key = effect.__name__ if isinstance(effect, type) else repr(effect)
                text = f"the handler under {key} was made for {made.effect.__name__}"
                raise HandlerError("SC828", "handlers", text, "Give it under its own class")
            listed.append(made)
    else:
        check("runtime", handlers=(handlers, _HANDLERS))
        listed = [*handlers]
    found: dict[type[Effect], Handler] = {}
    for item in listed:
        one: object = item
        if not isinstance(one, Handler):
            remedy = "Pass a dict of classes and functions, or handle(Class, function) for each"
            raise HandlerError("SC828", "handlers", f"{repr_of(one)} is not a handler", remedy)
        name = one.effect.__name__
        if one.effect in found:
            text = f"{name} has two handlers"
            raise HandlerError("SC828", "handlers", text, "Keep one of them")
        if wire_name(one.effect) in map(wire_name, found):
            text = f"two classes of effects are called {name}"
            raise HandlerError("SC828", "handlers", text, "Rename one of them")
        found[one.effect] = one
    return found


@final
@frozen
class Attempted:
    """One attempt to carry out one effect, when it is over, as observers see it.

    Attributes:
        run: The key of the run.
        chart: The name of its chart.
        key: ``run/number``.
        name: The name of the class of the effect or call.
        attempt: Which attempt it was; the first is 1.
        began: When it began.
        took: How long it took.
        error: The error that the handler raised; None if it raised none.
        again: The wait until the next attempt; None if there is none.
    """

    run: str
    chart: str
    key: str
    name: str
    attempt: int
    began: datetime
    took: timedelta
    error: BaseException | None
    again: timedelta | None


class _Reporter(typing.Protocol):
    """Takes the answers that a task reports."""

    def report(self, task: Task[Any], event: Any) -> None: ...


@final
class Task(Generic[A]):
    """One attempt to carry out one effect.

    Attributes:
        key: ``run/number``: the same at each attempt, so that whoever is asked can tell a second
            attempt from a second request.
        run: The key of the run.
        call: The id of the call, which `run.answer` takes; None for an effect that is not a call.
        attempt: Which attempt this is; the first is 1.
    """

    def __init__(
        self,
        key: str,
        run: str,
        call: str | None,
        attempt: int,
        reporter: _Reporter,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.key = key
        self.run = run
        self.call = call
        self.attempt = attempt
        self._reporter = reporter
        self._loop = loop
        self._beaten = loop.time()
        self._cancelled = False

    async def progress(self, event: A) -> None:
        """Answer the call without ending it; returns once the answer is on disk.

        Raises:
            StatechartError: The run cannot take the event.
        """
        self.heartbeat()
        await asyncio.to_thread(self._reporter.report, self, event)

    def progress_from_thread(self, event: A) -> None:
        """Answer the call without ending it, from a plain function."""
        self.heartbeat()
        self._reporter.report(self, event)

    def heartbeat(self) -> None:
        """Say that the attempt is still at work.

        Raises:
            asyncio.CancelledError: In a plain function whose call has been taken back.
        """
        if self._cancelled:
            raise asyncio.CancelledError
        self._beaten = self._loop.time()

    @property
    def cancelled(self) -> bool:
        """Whether the call has been taken back; a plain function has to ask."""
        return self._cancelled

    @property
    def silent(self) -> float:
        """Seconds since the last heartbeat."""
        return self._loop.time() - self._beaten

    def cancel(self) -> None:
        """Tell the attempt that its call has been taken back."""
        self._cancelled = True
