"""Members: what a class body declares, before a chart is made of it.

A state is written down as a `Member`; every line (``a.to(b, …)``) is noted on its source's member.
Once a chart has been built its members are sealed, as is a chart class that is a mere base: a later
line either is in the body of a subclass, to which it then belongs, or is an error.
"""

from __future__ import annotations

import itertools
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Any, Final

from attrs import define, field, frozen

from statecharts.model.chart import (
    Chart,
    Declaration,
    StateKind,
    SuperstateRef,
    Transition,
    TransitionKind,
    Trigger,
)
from statecharts.model.errors import KeywordError, StatechartError
from statecharts.model.nodes import REMOVERS, late_removal
from statecharts.model.suggestions import did_you_mean

VERBS: Final = ("to", "stay", "always", "after", "when_done", "ignore", "defer")
CREATED: Final = "__statechart_created__"
LINES: Final = "__statechart_lines__"
LATE: Final = "__statechart_late_lines__"
REMOVED: Final = "__statechart_removed_lines__"

CO_OPTIMIZED: Final = 1
"""The flag of code whose variables are fast locals, a function's (`inspect` is slow to import)."""

NOTHING: Final[Mapping[str, Any]] = {}
"""What the header of most states says: shared, for a chart may have thousands of them."""

_serial = itertools.count()


@define(eq=False, repr=False)
class Line:
    """One declared transition; each of its targets is a member, an id, or a mistake.

    A class body that binds it to a name gives it that name: ``deadline = pending.after(…)``.
    A class that inherits it has one of its own, whose source is the copy of the state.

    Attributes:
        serial: Its number among all lines, in the order in which they are written.
        written: What it is a copy of, when a class inherits it.
        at: Where in its class body it is written: the same for each round of a loop.
    """

    source: Member
    trigger: Trigger
    targets: tuple[Any, ...] = ()
    kind: TransitionKind = TransitionKind.EXTERNAL
    when: Callable[[Any], Any] | None = None
    make: Callable[[Any], Any] | None = None
    update: Callable[[Any], Any] | None = None
    emit: Callable[[Any], Any] | None = None
    location: str | None = None
    name: str = ""
    serial: int = field(factory=lambda: next(_serial))
    written: Line | None = None
    at: int = -1

    def remove(self) -> None:
        """Take the line back, in the body of the class that is being declared.

        A subclass takes back what it inherits: ``Base.cancel.remove()``. Its parent keeps the line.

        Raises:
            StatechartError: No class body is being executed.
        """
        remove(self)

    def __repr__(self) -> str:
        return f"<Line {self.name or '(unnamed)'} of {self.source.id or self.source.name}>"


def remove(line: Line | Transition) -> None:
    """Note that the class body which is being executed takes a line back."""
    frame = caller()
    namespace, place = class_body(frame), place_of(frame)
    if namespace is None:
        raise late_removal(place or "declaration")
    namespace.setdefault(REMOVED, []).append((line, place))


REMOVERS.append(remove)


@frozen(eq=False, repr=False)
class Options:
    """The declaration of a state, without its lines and children."""

    kind: StateKind
    data: type | None = None
    initial: bool = False
    final: bool = False
    resting: bool = False
    entry: Callable[[Any], Any] | None = None
    exit: Callable[[Any], Any] | None = None
    invoke: Any = None
    default: Any = None
    doc: str = ""
    name: str | None = None


class Merged(tuple[tuple[str, Any], ...]):
    """Hooks or calls that a state has from several bases, each with the name of the base."""

    __slots__ = ()


class Member:
    """A state in the making.

    Attributes:
        options: What its declaration says of it, what it inherits included.
        given: What the header of its own class says.
        declaration: The member that is declared: itself, or what it is a copy of.
        name: The name that its class body binds it to.
        id: Its dotted path, once it has a place in a chart.
        around: The member whose class body has it among its states.
        bases: The members that it is a copy of, or extends, when it is inherited; nearest first.
        members: Its children by name, in document order.
        lines: The lines written on it, in order.
        late: Lines written in its class body on states that were declared elsewhere.
        removed: Lines that its class body takes back, each with the place.
        lost: Children that their class body no longer names.
        problems: What is wrong with its own class statement: code, what was found, remedy.
        placed: Whether a class body has it among its states.
        sealed: Whether its chart has been built, or its body has ended that declares no states.
        chart: The chart that it is a state of, once that has been built.
        charts: The names of the charts that it, or a copy of it, is a state of.
        built: The transitions that its lines have become, when it is a whole chart.
        location: ``file:line`` of its declaration.
    """

    __slots__ = (
        "around",
        "bases",
        "built",
        "chart",
        "charts",
        "declaration",
        "given",
        "id",
        "late",
        "lines",
        "location",
        "lost",
        "members",
        "name",
        "options",
        "placed",
        "problems",
        "removed",
        "sealed",
    )

    def __init__(
        self,
        options: Options,
        name: str = "",
        *,
        given: Mapping[str, Any] | None = None,
        bases: tuple[Member, ...] = (),
        location: str | None = None,
    ) -> None:
        self.options = options
        self.given = given or NOTHING
        self.declaration = self
        self.name = name
        self.id: str | None = None
        self.around: Member | None = None
        self.bases = bases
        self.members: dict[str, Member] = {}
        self.lines: list[Line] = []
        self.late: Sequence[Line] = ()
        self.removed: Sequence[tuple[Line | Transition, str | None]] = ()
        self.lost: Sequence[Member] = ()
        self.problems: list[tuple[str, str, str]] = []
        self.placed = False
        self.sealed = False
        self.chart: Chart | None = None
        self.charts: tuple[str, ...] = ()
        self.built: Sequence[tuple[Transition, Line]] = ()
        self.location = location

    @property
    def origins(self) -> tuple[Member, ...]:
        """The members that its content comes from: bases first, itself last, without repeats."""
        if not self.bases:
            return (self,)
        found: dict[int, Member] = {}
        for base in self.bases:
            for origin in base.origins:
                found.setdefault(id(origin), origin)
        found[id(self)] = self
        return tuple(found.values())

    def seal(self, chart: Chart | None = None) -> None:
        """Close it, its origins and its children to further lines: their chart has been built."""
        self.chart = chart
        for origin in self.origins:
            origin.sealed = True
            if chart is not None and chart.name not in origin.charts:
                origin.charts += (chart.name,)
        for member in self.members.values():
            member.seal(chart)


WHOLE: Final = Member(Options(StateKind.COMPOUND), "the chart")
"""Stands for whichever chart is being declared: lines on `Statechart` start at it.

It is sealed, so that a line on it is noted in the class body around it.
"""
WHOLE.id, WHOLE.sealed = "the chart", True


class LateLines(list[Line]):
    """Lines on sealed states, noted in the class body around them."""

    def __set_name__(self, owner: type, name: str) -> None:
        """Refuse a body that declares no chart: its lines would be lost.

        Lines of the chart itself are for whichever chart has the class as a base.
        """
        if not issubclass(owner, (Declaration, SuperstateRef)):
            for line in self:
                if line.source is not WHOLE:
                    raise late_line(line)


def late_line(line: Line) -> StatechartError:
    """Return the error for a line that comes too late to belong to a chart."""
    shown = line.source.id or line.source.name
    found = f"a line on {shown!r} comes after the declaration of its chart"
    remedy = "Write it in the chart's class body, or in the body of a subclass"
    return StatechartError("SC120", line.location or "declaration", found, remedy)


def member_of(state: object) -> Member:
    """Return the member that a state object or a superstate class stands for.

    `Statechart` itself has none: it stands for the chart that is being declared.

    Raises:
        StatechartError: It is the class of all states, not one of them.
    """
    found = getattr(state, "__member__", None)
    if isinstance(found, Member):
        return found
    if isinstance(state, type) and issubclass(state, Declaration):
        return WHOLE
    raise StatechartError("SC120", location() or "declaration", *not_a_state(state))


def not_a_state(kind: Any) -> tuple[str, str]:
    """Say of the class of all states that it is not one of them, and what to do."""
    name = kind.__name__
    superstate = issubclass(kind, SuperstateRef)
    remedy = f"Derive a class from it: class work({name})" if superstate else f"Call it: {name}()"
    return f"{name} itself is not a state", remedy


KEYWORDS: Final = {
    **dict.fromkeys(("on_entry", "onentry", "on_enter", "enter", "onenter"), "entry"),
    **dict.fromkeys(("on_exit", "onexit", "on_leave", "leave"), "exit"),
    **dict.fromkeys(("start", "starting", "is_initial", "default"), "initial"),
    **dict.fromkeys(("end", "accepting", "is_final", "terminal"), "final"),
    **dict.fromkeys(("call", "calls", "services", "activities"), "invoke"),
    **dict.fromkeys(("description", "docs", "help"), "doc"),
    **dict.fromkeys(("label", "title", "id"), "name"),
}
"""Names that other libraries use for what states take, each with the keyword that it is here."""


def unknown_keyword(
    where: str, what: str, unknown: dict[str, Any], known: tuple[str, ...]
) -> KeywordError:
    """Return the error for a keyword that a declaration does not have."""
    name = next(iter(unknown))
    meant = KEYWORDS.get(name, "")
    remedy = did_you_mean(name, known, f"Use one of {', '.join(known)}")
    if meant in known:
        remedy = f"Did you mean {meant!r}?"
    return KeywordError("SC120", where, f"{what} has no keyword {name!r}", remedy)


def goal(target: object) -> Any:
    """Return the member that a target stands for; anything else as it is, for `build` to report."""
    found = getattr(target, "__member__", target)
    return found if isinstance(found, Member) else target


def record(line: Line) -> Line:
    """Note a line on its source, or on the class body around it when the source is sealed."""
    frame = caller()
    line.location = place_of(frame)
    body = _body(frame)
    namespace = None if body is None else _notes(body)
    line.at = -1 if body is None else body.f_lasti
    if not line.source.sealed:
        line.source.lines.append(line)
        if namespace is not None:
            namespace.setdefault(LINES, []).append(line)
        return line
    if namespace is None:
        raise late_line(line)
    namespace.setdefault(LATE, LateLines()).append(line)
    return line


def note_created(member: Member) -> None:
    """Note a new state in the class body it is written in, so that a lost one is found."""
    frame = caller()
    member.location = place_of(frame)
    namespace = class_body(frame)
    if namespace is not None:
        namespace.setdefault(CREATED, []).append(member)


class _Hidden(threading.local):
    """Notes on class bodies whose namespace cannot be written to, each with the frame of its body.

    From Python 3.12 a comprehension may be inlined into a class body; while it runs, the frame of
    the body shows a copy of the namespace. A thread has its own: it ends the bodies that it begins.
    """

    def __init__(self) -> None:
        self.notes: deque[tuple[FrameType, dict[str, Any]]] = deque(maxlen=64)


_hidden: Final = _Hidden()


def class_body(frame: FrameType | None) -> dict[str, Any] | None:
    """Return where notes on the class body that code is executed for are kept, if there is one."""
    body = _body(frame)
    return None if body is None else _notes(body)


def _body(frame: FrameType | None) -> FrameType | None:
    """Return the frame of the class body that code is executed for, if there is one."""
    while frame is not None and frame.f_code.co_flags & CO_OPTIMIZED:
        frame = frame.f_back  # a function called by the body, or a comprehension in it
    if frame is None or frame.f_code.co_name == "<module>" or frame.f_locals is frame.f_globals:
        return None
    return frame


def _notes(body: FrameType) -> dict[str, Any]:
    """Return where notes on a class body are kept: its namespace, where that can be written to."""
    namespace = body.f_locals
    if namespace is body.f_locals:
        return namespace
    for known, kept in _hidden.notes:
        if known is body:
            return kept
    notes: dict[str, Any] = {}
    _hidden.notes.append((body, notes))
    return notes


def noted(cls: type, kind: str) -> list[Any]:
    """Return the notes of one kind on the body of a class, which has ended."""
    found: list[Any] = list(vars(cls).get(kind, ()))
    for body, notes in _hidden.notes:
        if _is_body(body, cls):
            found.extend(notes.get(kind, ()))
    return found


def forget(cls: type) -> None:
    """Drop the notes on the body of a class."""
    for one in [one for one in _hidden.notes if _is_body(one[0], cls)]:
        _hidden.notes.remove(one)


def _is_body(frame: FrameType, cls: type) -> bool:
    """Tell whether a frame has executed the body of a class, to its end.

    The class has what the body has named, whatever metaclass or base has made it.
    """
    import opcode  # noqa: PLC0415 - needed for comprehensions, from Python 3.12 on

    code = frame.f_code
    if not opcode.opname[code.co_code[frame.f_lasti]].startswith("RETURN"):
        return False  # still executed, or failed
    names, known = frame.f_locals, vars(cls)
    return names.get("__qualname__") == cls.__qualname__ and all(
        known.get(name, value) is value for name, value in names.items() if name not in _CHANGED
    )


_CHANGED: Final = frozenset({"__qualname__", "__new__", "__init_subclass__", "__class_getitem__"})
"""Names in a body whose value is another in its class."""


def location() -> str | None:
    """Return ``file:line`` of the innermost code outside this package."""
    return place_of(caller())


def place_of(frame: FrameType | None) -> str | None:
    """Return ``file:line`` of what a frame executes."""
    return None if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"


def caller() -> FrameType | None:
    """Return the innermost frame outside this package."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__package__") == __package__:
        frame = frame.f_back
    return frame
