"""Members: what a class body declares, before a chart is made of it.

A state is written down as a `Member`; every line (``a.to(b, …)``) is noted on its source's member.
Once a chart has been built its members are sealed, as is a chart class that is a mere base: a later
line either stands in the body of a subclass, to which it then belongs, or is an error where it
stands.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from datetime import timedelta
from types import FrameType
from typing import Any, Final

from attrs import evolve, frozen

from statecharts.model.chart import Declaration, StateKind, SuperstateRef, TransitionKind, Trigger
from statecharts.model.errors import StatechartError

VERBS: Final = ("to", "stay", "always", "after", "when_done", "ignore")
CREATED: Final = "__statechart_created__"
LATE: Final = "__statechart_late_lines__"

Delay = timedelta | Callable[[Any], Any]


@frozen(eq=False, repr=False)
class Line:
    """One declared transition; each of its targets is a member, an id, or a mistake."""

    source: Member
    trigger: Trigger
    targets: tuple[Any, ...] = ()
    kind: TransitionKind = TransitionKind.EXTERNAL
    when: Callable[[Any], Any] | None = None
    make: Callable[[Any], Any] | None = None
    update: Callable[[Any], Any] | None = None
    emit: Callable[[Any], Any] | None = None
    location: str | None = None


@frozen(eq=False, repr=False)
class Options:
    """What a declaration says of a state beside its lines and children."""

    kind: StateKind
    data: type | None = None
    initial: bool = False
    final: bool = False
    resting: bool = False
    entry: Callable[[Any], Any] | None = None
    exit: Callable[[Any], Any] | None = None
    default: Any = None
    doc: str = ""
    name: str | None = None


class Member:
    """A state in the making.

    Attributes:
        options: What its declaration says of it.
        name: The name that its class body binds it to.
        id: Its dotted path, once it has a place in a chart.
        origin: The member that it is a copy of, when it is inherited.
        members: Its children by name, in document order.
        lines: The lines written on it, in order.
        late: Lines written in its class body on states that were sealed already.
        lost: Children that their class body no longer names.
        aliases: Further names that were bound to it.
        problems: What is wrong with its own class statement: code, what was found, remedy.
        sealed: Whether its chart has been built, or its body has ended that declares no states.
        location: ``file:line`` of its declaration.
    """

    def __init__(
        self,
        options: Options,
        name: str = "",
        *,
        origin: Member | None = None,
        location: str | None = None,
    ) -> None:
        self.options = options
        self.name = name
        self.id: str | None = None
        self.origin = origin
        self.members: dict[str, Member] = {}
        self.lines: list[Line] = []
        self.late: list[Line] = []
        self.lost: list[Member] = []
        self.aliases: list[str] = []
        self.problems: list[tuple[str, str, str]] = []
        self.sealed = False
        self.location = location

    @property
    def origins(self) -> tuple[Member, ...]:
        """What it is a copy of, the oldest first, itself last."""
        return (self,) if self.origin is None else (*self.origin.origins, self)

    def seal(self) -> None:
        """Close it, its origins and its children to further lines."""
        for origin in self.origins:
            origin.sealed = True
        for member in self.members.values():
            member.seal()


WHOLE: Final = Member(Options(StateKind.COMPOUND), "the chart")
"""Stands for whichever chart is being declared: lines on `Statechart` start at it.

It is sealed, so that a line on it is noted in the class body that it stands in.
"""
WHOLE.id, WHOLE.sealed = "the chart", True


class LateLines(list[Line]):
    """Lines on sealed states, noted in the class body that they stand in."""

    def __set_name__(self, owner: type, name: str) -> None:
        """Refuse a body that declares no chart: its lines would be lost."""
        if not issubclass(owner, (Declaration, SuperstateRef)):
            raise late_line(self[0])


def late_line(line: Line) -> StatechartError:
    """Return the error for a line that comes too late to belong to a chart."""
    shown = line.source.id or line.source.name
    found = f"a line on {shown!r} stands after its chart was declared"
    remedy = "Write it in the chart's class body, or in the body of a subclass"
    return StatechartError("SC120", line.location or "declaration", found, remedy)


def member_of(state: object) -> Member:
    """Return the member that a state object or a superstate class stands for.

    `Statechart` itself has none: it stands for the chart that is being declared.
    """
    found: Member = getattr(state, "__member__", WHOLE)
    return found


def goal(target: object) -> Any:
    """Return the member that a target stands for; anything else as it is, for `build` to report."""
    return getattr(target, "__member__", target)


def record(line: Line) -> Line:
    """Note a line on its source, or on the class body it stands in when the source is sealed."""
    line = evolve(line, location=location())
    if not line.source.sealed:
        line.source.lines.append(line)
        return line
    namespace = class_body()
    if namespace is None:
        raise late_line(line)
    namespace.setdefault(LATE, LateLines()).append(line)
    return line


def note_created(member: Member) -> None:
    """Note a new state in the class body it is written in, so that a lost one is found."""
    member.location = location()
    namespace = class_body()
    if namespace is not None:
        namespace.setdefault(CREATED, []).append(member)


def class_body() -> dict[str, Any] | None:
    """Return the namespace of the class body that is being executed, if one is."""
    frame = caller()
    while frame is not None and frame.f_code.co_flags & inspect.CO_OPTIMIZED:
        frame = frame.f_back  # a function called by the body, or a comprehension in it
    if frame is None or "__qualname__" not in frame.f_locals:
        return None
    return frame.f_locals


def location() -> str | None:
    """Return ``file:line`` of the innermost code outside this package."""
    frame = caller()
    return None if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"


def caller() -> FrameType | None:
    """Return the innermost frame outside this package."""
    package = __name__.rpartition(".")[0]
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and str(frame.f_globals.get("__name__", "")).startswith(package):
        frame = frame.f_back
    return frame
