"""Moves: a configuration's answer to a kind of event, written out as one straight function.

The plan says what happens as a list of operations, and `Kernel` carries such a list out: that is
the reference, and all that a kernel does at first. An event that is met a second time is worth a
*move*. This module writes the plan down as the source of a function, ``move(snapshot, event, at)``,
with the values of the next configuration worked out as expressions; `compile` does the rest. For
``coding.to(merge, on=QaSkipped)`` it looks like this (``k0``, ``k1`` … are bound once, when the
move is made)::

    def move(snapshot, event, at):
        memory = snapshot._memory
        if memory.waiting:
            return k0(snapshot, event, at)  # deferred events may follow: by the operations
        try:
            made0 = k1(event.feature_branch, event.commits_ahead)
        except Exception as error:
            raise failure(k2, k3, event, error) from error
        after = new(Snapshot)
        after._place = k4
        after._values = (None, made0)
        ...

Moves of the same shape have the same text, which is compiled once. A move never does anything that
its operations do not. Where one cannot be written (completion, guarded eventless lines, delays that
a callback gives), the move calls the operations. Where a rare thing is met it hands over to them:
before anything has been called when an event waits or a run ends with timers under way, and from
the operation that it has come to when a callback gives an effect that is about the run itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from types import CodeType, MemberDescriptorType
from typing import TYPE_CHECKING, Any, Final, final

import attrs
from attr import _config

from statecharts.kernel.failures import failure
from statecharts.kernel.macrostep import CALLS, NONE, TIMERS, Macrostep
from statecharts.kernel.operations import (
    Emit,
    Enter,
    Exit,
    Fill,
    Leave,
    Make,
    Operation,
    Prepare,
    Record,
    Restore,
    StartTimers,
    Update,
)
from statecharts.kernel.plans import Candidate, Dispatch, Move, Node, Plan, blank_values
from statecharts.model.effects import (
    CancelInvoke,
    CancelSend,
    CancelTimer,
    Effect,
    Invoke,
    Raise,
    Send,
    StartTimer,
)
from statecharts.semantics.filling import Recipe, named_value
from statecharts.semantics.snapshot import (
    NOTHING_TAKEN,
    Kept,
    Made,
    Memory,
    Remembered,
    Step,
    Taken,
    Timed,
    Untimed,
    View,
    count,
    not_bool,
    time_needed,
)

if TYPE_CHECKING:
    from statecharts.kernel.kernel import Kernel

_NEW: Final[Any] = object.__new__

LONGEST: Final = 24
"""How many guards, or microsteps, are written into one function at most."""

COMPARING: Final[Any] = type(attrs.validators.ge(0))
"""The class of the validators ``lt``, ``le``, ``ge`` and ``gt``."""

INLINED: Final = 4
"""How many plans are written behind the guards that choose among them; others are called."""

HOOKED: Final = frozenset({Emit, Enter, Leave, Update})
"""The operations that are callbacks in the middle of a microstep."""

WRITTEN: Final = HOOKED | {Exit, Fill, Make, Prepare, Record, Restore, StartTimers}
"""The operations that can be written out; see `_writable` for those of them that cannot."""

ABOUT_THE_RUN: Final = (CancelSend, Raise, Send)
"""The effects that moves leave to the operations: the run goes on with some of them itself."""


def _without(
    under_way: tuple[tuple[str, Any], ...], sources: frozenset[str]
) -> tuple[tuple[tuple[str, Any], ...], tuple[str, ...]]:
    """Return what goes on of some timers or calls, and the names of those of some sources."""
    gone = tuple(name for name, _ in under_way if name.rpartition("#")[0] in sources)
    return tuple(pair for pair in under_way if pair[0] not in gone) if gone else under_way, gone


def _setters(cls: Any) -> list[Any]:
    """Return what sets each field of a frozen class: its ``__init__`` without the detours."""
    return [getattr(cls, one.name).__set__ for one in attrs.fields(cls)]


def _unhandled(snapshot: Any, _event: object, _at: datetime | None) -> Step[Any, Any]:
    """Answer an event that no line takes."""
    return Step(snapshot, (), (), False, ())


NAMES: Final[dict[str, Any]] = {
    "ABOUT_THE_RUN": ABOUT_THE_RUN,
    "CALLS": CALLS,
    "CancelInvoke": CancelInvoke,
    "CancelTimer": CancelTimer,
    "Effect": Effect,
    "Invoke": Invoke,
    "Macrostep": Macrostep,
    "Memory": Kept,
    "Moment": Timed,
    "NOTHING_TAKEN": NOTHING_TAKEN,
    "Remembered": Remembered,
    "Snapshot": Made,
    "StartTimer": StartTimer,
    "Step": Taken,
    "TIMERS": TIMERS,
    "Timeless": Untimed,
    "View": View,
    "count": count,
    "failure": failure,
    "new": _NEW,
    "not_bool": not_bool,
    "time_needed": time_needed,
    "checking": _config,  # whose one flag is what the ``__init__`` that attrs writes asks, too
    "without": _without,
}
"""The globals of every move; what belongs to one chart is bound to each move by itself."""

MEMORY: Final = tuple(one.name for one in attrs.fields(Memory))

for _cls, _prefix in (
    (Remembered, "remembered"),
    (StartTimer, "started"),
    (CancelTimer, "cancelled"),
    (Invoke, "invoked"),
    (CancelInvoke, "revoked"),
):
    NAMES.update({f"{_prefix}{number}": setter for number, setter in enumerate(_setters(_cls))})


@lru_cache(maxsize=2048)
def _compiled(source: str) -> Callable[..., Move]:
    """Compile what makes the moves of one shape. Its text mentions nothing of any chart."""
    code: CodeType = compile(source, "<a move>", "exec")
    scope: dict[str, Any] = {}
    exec(code, NAMES, scope)  # noqa: S102 - written here, of names that are identifiers
    make: Callable[..., Move] = scope["make"]
    return make


@final
class Text:
    """The text of one move, and the objects that it is bound to."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.margin = "        "
        self.bound: dict[int, tuple[str, Any]] = {}

    def bind(self, value: object) -> str:
        """Return the name of an object that the text mentions."""
        known = self.bound.get(id(value))
        if known is None:
            known = self.bound[id(value)] = (f"k{len(self.bound)}", value)
        return known[0]

    def add(self, text: str, indent: int = 0) -> None:
        """Add lines."""
        margin = self.margin + "    " * indent
        self.lines += [margin + line for line in text.splitlines()]

    def guarded(self, lines: Iterable[str], culprit: object, chart: object) -> None:
        """Add lines that call what is not ours: an error of theirs is told with its place."""
        self.add("try:")
        for line in lines:
            self.add(line, 1)
        self.add("except Exception as error:")
        told = f"failure({self.bind(chart)}, {self.bind(culprit)}, event, error)"
        self.add(f"raise {told} from error", 1)

    def move(self) -> Move:
        """Return the function."""
        names = ", ".join(name for name, _ in self.bound.values())
        # As defaults they are the function's own locals: quicker than a closure, and smaller.
        bound = "".join(f", {name}={name}" for name, _ in self.bound.values())
        head = [f"def make({names}):", f"    def move(snapshot, event, at{bound}):"]
        source = "\n".join((*head, *self.lines, "    return move"))
        return _compiled(source)(*(value for _, value in self.bound.values()))


def moment(data: str, counters: str, scene: str = "snapshot") -> list[str]:
    """Return the lines that make a moment."""
    return [
        "if at is None:",
        "    moment = Timeless()",
        "else:",
        "    moment = Moment()",
        "    moment.at = at",
        f"moment.data = {data}",
        "moment.event = event",
        f"moment._scene = {scene}",
        f"moment._counters = {counters}",
    ]


def step_of(after: str, effects: str, handled: str, outcome: str) -> str:
    """Return the lines that end a move."""
    return (
        "step = Step()\n"
        f"step.snapshot = {after}\n"
        f"step.effects = {effects}\n"
        f"step.handled = {handled}\n"
        f"step._outcome = {outcome}\n"
        "return step"
    )


def answer(kernel: Kernel[Any, Any], dispatch: Dispatch) -> Move:
    """Return the move of a configuration and a kind of event."""
    if not dispatch.chains:
        return _unhandled
    plan = dispatch.plan  # which another thread may take out
    if plan is not None:
        return taken(kernel, dispatch.node, plan, dispatch)
    (chain, *others) = dispatch.chains
    if others or len(chain) > LONGEST:
        return kernel._chosen(dispatch)
    return _choice(kernel, dispatch, chain)


def taken(
    kernel: Kernel[Any, Any], node: Node, plan: Plan, dispatch: Dispatch | None = None
) -> Move:
    """Return the move of a plan and of what follows it for certain.

    Args:
        kernel: The kernel.
        node: The configuration.
        plan: The plan.
        dispatch: What it is the only plan of; it can then be worked out again, and is not kept.
    """
    text = Text()
    if _course(kernel, node, plan, text, dispatch):
        return text.move()
    return kernel._carried_out(node, plan)


def _course(
    kernel: Kernel[Any, Any], node: Node, plan: Plan, text: Text, dispatch: Dispatch | None = None
) -> bool:
    """Write what a plan does, to the end of the step; tell whether that could be done."""
    plans = _fused(kernel, plan)
    if not plans or not all(map(_writable, plans)):
        return False
    lines, names = len(text.lines), len(text.bound)
    rare: tuple[object, ...] = (kernel._rarely, dispatch)
    if dispatch is None:
        rare = (kernel._carried_out(node, plan),)
    if Course(kernel, node, plans, rare, text).write():
        return True
    del text.lines[lines:]
    text.bound = dict(list(text.bound.items())[:names])
    return False


def _fused(kernel: Kernel[Any, Any], plan: Plan) -> list[Plan]:
    """Return a plan and the eventless ones that follow it whatever holds; none if that is open."""
    plans = [plan]
    while not plans[-1].settled:
        node = plans[-1].next
        if not node.restless or len(plans) >= min(kernel.microsteps, LONGEST):
            return []
        follow = kernel._eventless(node)
        if follow is None or not _writable(plans[-1]):
            return []
        plans.append(follow)
    return plans


def _writable(plan: Plan) -> bool:
    """Tell whether all that a plan does can be written out."""
    for one in plan.operations:
        if type(one) not in WRITTEN:
            return False
        if isinstance(one, StartTimers):
            if not all(isinstance(trigger.delay, timedelta) for trigger in one.triggers):
                return False
        if isinstance(one, Prepare) and None in one.recipes:
            return False
    return True


def _choice(kernel: Kernel[Any, Any], dispatch: Dispatch, chain: Sequence[Candidate]) -> Move:
    """Return the move that asks the guards of one chain, in order, at one moment.

    The plans that have been needed follow in place; the others are worked out when they are.
    """
    text = Text()
    text.add(f"edge = {text.bind(chain[0].edge)}")
    if chain[0].test is not None:
        _ask(kernel, chain, text)
    inlined = 0
    for one in chain:
        plan = dispatch.plans.get(one.alone)
        if plan is not None and plan.met and inlined < INLINED:
            begin = len(text.lines)
            text.add(f"if edge is {text.bind(one.edge)}:")
            text.margin += "    "
            written = _course(kernel, dispatch.node, plan, text)
            text.margin = text.margin[4:]
            if written:
                inlined += 1
            else:
                del text.lines[begin:]
    if any(isinstance(key[0], tuple) for key in list(dispatch.plans)):
        slots = range(len(kernel._blank.history))
        ids = "".join(f"None if history[{i}] is None else history[{i}].ids, " for i in slots)
        text.add(
            "history = snapshot._memory.history\n"
            f"plan = {text.bind(dispatch.plans)}.get(((edge,), ({ids})))\n"
            "if plan is not None and plan.move is not None:\n"
            "    plan.used = True\n"
            "    return plan.move(snapshot, event, at)"
        )
    take = f"{text.bind(kernel._take)}({text.bind(dispatch)}, (edge,), snapshot, event, at)"
    text.add(f"return {take}")
    return text.move()


def _ask(kernel: Kernel[Any, Any], chain: Sequence[Candidate], text: Text) -> None:
    """Write the guards, up to the first that holds; if none does, the event is unhandled."""
    text.add("old = snapshot._values\ntry:\n    while True:")
    position: int | None = None
    for number, one in enumerate(chain):
        if number:
            text.add(f"edge = {text.bind(one.edge)}", 2)
        if one.test is None:
            text.add("break", 2)
            break
        if one.position != position:
            position = one.position
            for line in moment(f"old[{position}]" if position >= 0 else "None", "None"):
                text.add(line, 2)
        text.add(
            f"holds = {text.bind(one.test)}(moment)\n"
            "if holds is True:\n"
            "    break\n"
            "if holds is not False:\n"
            f"    raise not_bool({text.bind(kernel.chart.name)}, holds)",
            2,
        )
    else:
        text.add("edge = None\nbreak", 2)
    text.add("except Exception as error:")
    text.add(f"raise failure({text.bind(kernel.chart)}, edge, event, error) from error", 1)
    if chain[-1].test is not None:
        text.add("if edge is None:")
        text.add(step_of("snapshot", "()", "False", "NOTHING_TAKEN"), 1)


@final
class Course:
    """The course of some microsteps being written down.

    Attributes:
        values: The text of each value of the present configuration.
        changed: The parts of the memory that have their own names by now.
        surely: Whether one of them has changed in any case.
    """

    def __init__(
        self,
        kernel: Kernel[Any, Any],
        node: Node,
        plans: list[Plan],
        rare: tuple[object, ...],
        text: Text,
    ) -> None:
        self.kernel = kernel
        self.chart = kernel.chart
        self.node = node
        self.rare = rare
        self.plans = plans
        self.text = text
        self.values: list[str] = []
        self.changed: dict[str, None] = {}
        self.surely = False
        self.effects = False
        self.records: dict[int, tuple[tuple[str, ...], str]] = {}
        self.entered: dict[str, Prepare] = {}
        self.number = 0
        self.context = "snapshot._context"
        self.before: list[str] = []

    def write(self) -> bool:
        """Write it; tell whether it is common enough to be written."""
        text, first, last = self.text, self.plans[0], self.plans[-1].next
        kinds = {type(one) for plan in self.plans for one in plan.operations}
        if last.final and kinds & {Exit, StartTimers, Prepare}:
            return False
        if kinds & HOOKED and (last.final or len(self.plans) > 1):
            return False
        text.add("memory = snapshot._memory")
        rare = "memory.waiting"
        if last.final:
            rare += " or memory.timers or memory.calls or memory.sent"
        general, *given = map(text.bind, self.rare)
        text.add(f"if {rare}:\n    return {general}({', '.join((*given, 'snapshot, event, at'))})")
        begin = len(text.lines)
        self.values = [f"old[{i}]" for i in range(max((*first.carry, -1)) + 1)]
        for plan in self.plans:
            if not self._microstep(plan):
                return False
        if self.entered:
            self._calls(last.positions)
        self._end(last)
        if any("old[" in line for line in text.lines[begin:]):
            text.lines.insert(begin, text.margin + "old = snapshot._values")
        return True

    def _end(self, last: Any) -> None:
        text = self.text
        memory = "memory"
        if self.changed:
            parts = "\n".join(
                f"later.{name} = {name if name in self.changed else f'memory.{name}'}"
                for name in MEMORY
            )
            if self.surely:
                text.add("later = new(Memory)\n" + parts)
            else:
                same = " and ".join(f"{name} is memory.{name}" for name in self.changed)
                text.add(f"if {same}:\n    later = memory\nelse:\n    later = new(Memory)")
                text.add(parts, 1)
            memory = "later"
        values = f"({', '.join(self.values)},)"
        if all(value == "None" for value in self.values):
            values = text.bind(blank_values(len(self.values)))
        text.add(
            "after = Snapshot()\n"
            f"after._place = {text.bind(last)}\n"
            f"after._values = {values}\n"
            f"after._context = {self.context}\n"
            f"after._memory = {memory}\n"
            "after._clock = snapshot._clock + 1"
        )
        fired = tuple(line for plan in self.plans for line in plan.outcome[0])
        outcome = (fired, tuple(one for plan in self.plans for one in plan.outcome[1]))
        if len(self.plans) == 1:
            outcome = self.plans[0].outcome
        effects = "effects" if self.effects else "()"
        text.add(step_of("after", effects, "True", text.bind(outcome)))

    def _microstep(self, plan: Plan) -> bool:
        """Write one microstep; tell whether that could be done."""
        before = self.before = self.values
        needed = max((*plan.carry, *(self._position(one) for one in plan.operations), -1)) + 1
        before += [f"old[{i}]" for i in range(len(before), needed)] if plan is self.plans[0] else []
        values = [before[i] if i >= 0 else "None" for i in plan.carry]
        self.values = values
        for number, one in enumerate(plan.operations):
            match one:
                case Emit() | Enter() | Leave():
                    self._hook(one, plan, number)
                case Update():
                    self._update(one, plan)
                case Record():
                    self._record(one, before)
                case Restore():
                    values[one.after] = self._restored(one, plan)
                case Fill():
                    values[one.after] = self._filled(one, before)
                case Make():
                    if plan is not self.plans[0]:
                        return False
                    values[one.after] = self._made(one, before)
                case Exit():
                    self._exit(one)
                case StartTimers():
                    self._start(one)
                case _:
                    self.entered[one.state] = one
        return True

    def _position(self, one: Operation) -> int:
        match one:
            case Record():
                return max(one.positions)
            case Make():
                return one.before
            case Emit(seen=False) | Leave() | Update():
                return one.position
            case Fill():
                return max(one.recipe.positions, default=-1)
        return -1

    def _fresh(self, name: str) -> str:
        self.number += 1
        return f"{name}{self.number}"

    def _part(self, name: str) -> None:
        """Give a part of the memory its own name."""
        if name not in self.changed:
            self.changed[name] = None
            self.text.add(f"{name} = memory.{name}")

    def _give(self, effects: str) -> None:
        """Add effects: the text of a tuple."""
        self.text.add(f"effects {'+=' if self.effects else '='} {effects}")
        self.effects = True

    def _record(self, one: Record, before: list[str]) -> None:
        self._part("history")
        self.surely = True
        kept = self._fresh("kept")
        inside = "".join(f"{before[i]}, " for i in one.positions)
        self.text.add(f"{kept} = new(Remembered)")
        self.text.add(f"remembered0({kept}, {self.text.bind(one.ids)})")
        self.text.add(f"remembered1({kept}, ({inside}))")
        slots = range(len(self.kernel._blank.history))
        around = [kept if i == one.slot else f"history[{i}]" for i in slots]
        self.text.add(f"history = ({', '.join(around)},)")
        self.records[one.slot] = (one.ids, kept)

    def _restored(self, one: Restore, plan: Plan) -> str:
        if one.slot in self.records:
            ids, kept = self.records[one.slot]
        else:
            ids, kept = plan.key[1][one.slot], f"memory.history[{one.slot}]"
        made = self._fresh("made")
        self.text.add(f"{made} = {kept}.values[{ids.index(one.state)}]")
        return made

    def _filled(self, one: Fill, before: list[str]) -> str:
        made = self._fresh("made")
        lines = list(built(made, one.recipe, before, self.context, self.text))
        self.text.guarded(lines, one, self.chart)
        return made

    def _made(self, one: Make, before: list[str]) -> str:
        made, text = self._fresh("made"), self.text
        cls, name = text.bind(one.cls), text.bind(self.chart.name)
        data = before[one.before] if one.before >= 0 else "None"
        scene = self._scene(self.node, before, NONE)
        lines = [
            *moment(data, self.counters, scene),
            f"{made} = {text.bind(one.make)}(moment)",
            f"if {made}.__class__ is not {cls} and not isinstance({made}, {cls}):",
            f"    raise {text.bind(one)}.wrong({name}, {made})",
        ]
        self._counted(lines, one)
        return made

    @property
    def counters(self) -> str:
        """The text of the present counters."""
        return "counters" if "counters" in self.changed else "memory.counters"

    def _counted(self, lines: list[str], one: Operation) -> None:
        """Write the call of a callback, and keep the ids that it made."""
        self.text.guarded(lines, one, self.chart)
        self.changed["counters"] = None
        self.text.add("counters = moment._counters")

    def _scene(self, place: Node, values: list[str], hidden: frozenset[str]) -> str:
        """Write what a callback sees, where that is not the snapshot; return its name."""
        if place is self.node and not hidden and self.context == "snapshot._context":
            return "snapshot"
        self.text.add(
            "scene = View()\n"
            f"scene._place = {self.text.bind(place)}\n"
            f"scene._values = ({', '.join(values)},)\n"
            f"scene._context = {self.context}\n"
            f"scene._hidden = {self.text.bind(hidden)}\n"
            "scene._call = None"
        )
        return "scene"

    def _view(self, plan: Plan, one: Any, *, entering: bool) -> tuple[str, str]:
        """Write what a callback sees; return the text of its data, and of the scene."""
        values, place = (self.values, plan.next) if entering else (self.before, self.node)
        data = values[one.position] if one.position >= 0 else "None"
        return data, self._scene(place, values, one.hidden)

    def _update(self, one: Update, plan: Plan) -> None:
        text = self.text
        data, scene = self._view(plan, one, entering=False)
        lines = [
            *moment(data, self.counters, scene),
            f"context = {text.bind(one.function)}(moment)",
        ]
        if one.kind is not None:
            wrong = f"{text.bind(one)}.wrong({text.bind(self.chart.name)}, context)"
            lines.append(f"if not isinstance(context, {text.bind(one.kind)}):\n    raise {wrong}")
        self._counted("\n".join(lines).splitlines(), one)
        self.context = "context"

    def _hook(self, one: Emit | Enter | Leave, plan: Plan, number: int) -> None:
        """Write a callback that gives effects; those about the run itself go by operations."""
        text = self.text
        data, scene = self._view(plan, one, entering=number >= len(plan.leaving))
        lines = [
            *moment(data, self.counters, scene),
            f"result = {text.bind(one.hook.function)}(moment)",
        ]
        text.guarded(lines, one, self.chart)
        if not self.effects:
            self._give("()")
        parts = "\n".join(
            f"    present.{name} = {name}"
            for name in ("history", "timers", "calls")
            if name in self.changed
        )
        resume = text.bind(self.kernel._resume)
        given = f"{text.bind(plan)}, {text.bind(number)}, result, moment, snapshot, present"
        text.add(
            "if isinstance(result, Effect) and not isinstance(result, ABOUT_THE_RUN):\n"
            "    effects += (result,)\n"
            "elif result is not None:\n"
            f"    present = Macrostep(event, at, {self.context}, {text.bind(self.node)}, "
            f"snapshot._values, memory)\n"
            f"    present.fresh = [{', '.join(self.values)}]\n"
            "    present.effects = list(effects)\n"
            + (parts + "\n" if parts else "")
            + f"    return {resume}({given})"
        )
        self.changed["counters"] = None
        text.add("counters = moment._counters")

    def _exit(self, one: Exit) -> None:
        text = self.text
        for name, sources, cancel, setter in (
            ("timers", one.timers, CancelTimer, "cancelled0"),
            ("calls", one.calls, CancelInvoke, "revoked0"),
        ):
            if sources:
                self._part(name)
                if not self.effects:
                    self._give("()")
                one_only = f"{name}[0][0].rpartition('#')[0] == {text.bind(sources[0])}"
                text.add(
                    f"if len({name}) == 1 and {one_only}:\n"
                    f"    effect = new({cancel.__name__})\n"
                    f"    {setter}(effect, {name}[0][0])\n"
                    f"    effects += (effect,)\n"
                    f"    {name} = ()\n"
                    f"elif {name}:\n"
                    f"    {name}, gone = without({name}, {text.bind(frozenset(sources))})\n"
                    f"    effects += tuple(map({cancel.__name__}, gone))"
                )
        self.entered.pop(one.state, None)

    def _start(self, one: StartTimers) -> None:
        text = self.text
        self._part("timers")
        self._part("counters")
        self.surely = True
        for trigger in one.triggers:
            reader = f"the delayed transition of {one.state!r}"
            lines = [
                "if at is None:",
                f"    raise time_needed({text.bind(self.chart.name)}, {text.bind(reader)})",
                f"due = at + {text.bind(trigger.delay)}",
            ]
            text.guarded(lines, one, self.chart)
            effect = self._fresh("effect")
            text.add(
                "if len(counters) == 1 and counters[0][0] == TIMERS:\n"
                "    number = counters[0][1] + 1\n"
                "    counters = ((TIMERS, number),)\n"
                "else:\n"
                "    number, counters = count(counters, TIMERS)"
            )
            text.add(f"name = f'{{{text.bind(trigger.timer)}}}#{{number}}'")
            text.add("timers = (*timers, (name, due))")
            text.add(f"{effect} = new(StartTimer)")
            text.add(f"started0({effect}, name)\nstarted1({effect}, due)")
            self._give(f"({effect},)")

    def _calls(self, positions: dict[str, int]) -> None:
        """Write the calls of the states that were entered and are active at the end."""
        text = self.text
        order = sorted(self.entered.items(), key=lambda pair: positions[pair[0]])
        for state, one in order:
            data = [self.values[positions[state]]]
            for cls, source, recipe in zip(one.classes, one.names, one.recipes, strict=True):
                assert recipe is not None  # noqa: S101 - see `_writable`
                call, effect = self._fresh("call"), self._fresh("effect")
                lines = [*built(call, recipe, data, self.context, text)]
                lines += [
                    f"if not isinstance({call}, {text.bind(cls)}):",
                    f"    raise {text.bind(one)}.wrong({text.bind(self.chart.name)}, {call})",
                ]
                text.guarded(lines, one, self.chart)
                self._part("calls")
                self._part("counters")
                self.surely = True
                text.add("number, counters = count(counters, CALLS)")
                text.add(f"name = f'{{{text.bind(source)}}}#{{number}}'")
                text.add(f"calls = (*calls, (name, {call}))")
                text.add(f"{effect} = new(Invoke)")
                text.add(f"invoked0({effect}, name)\ninvoked1({effect}, {call})")
                self._give(f"({effect},)")


def built(made: str, recipe: Recipe, before: list[str], context: str, text: Text) -> Iterable[str]:
    """Yield the lines that build data or a call by name."""

    def left(position: int) -> str:
        return before[position]

    slots = plain_slots(recipe.cls)
    if slots is None:
        yield f"{made} = {recipe.call(left, context, text.bind)}"
        return
    if not slots:  # instances without fields are equal, and cannot be changed
        yield f"{made} = {text.bind(recipe.cls())}"
        return
    yield f"{made} = new({text.bind(recipe.cls)})"
    supplied = recipe.values(left, context, text.bind)
    checks: list[str] = []
    for (field, value), (setter, one) in zip(supplied, slots, strict=True):
        otherwise = value or text.bind(one.default)
        if recipe.named and not field.occurred:
            otherwise = named_value(field, otherwise)
        yield f"{text.bind(setter)}({made}, {otherwise})"
        if one.validator is not None:
            checked = f"({made}, {text.bind(one)}, {made}.{field.name})"
            validator: Any = one.validator
            check = f"{text.bind(validator)}{checked}"
            if type(validator) is COMPARING:  # one call in C where nothing is wrong
                compare, bound = map(text.bind, (validator.compare_func, validator.bound))
                check = f"if not {compare}({made}.{field.name}, {bound}): {check}"
            checks.append(f"    {check}")
    if checks:
        yield "if checking._run_validators:"
        yield from checks


def plain_slots(cls: Any) -> list[tuple[Any, Any]] | None:
    """Return what sets each field of a class, with the field, where ``__init__`` does little more.

    None for a class with converters, factories, hooks or an ``__init__`` of its own. Validators are
    asked when all fields are set, as there.
    """
    plain: bool = type(cls) is type and cls.__new__ is _NEW and not cls.__dictoffset__
    if not plain:
        return None
    code = getattr(cls.__init__, "__code__", None)
    if code is None or not code.co_filename.startswith("<attrs generated"):
        return None
    ways = ("__attrs_pre_init__", "__attrs_post_init__", "_attrs_cached_hash")
    if any(hasattr(cls, way) for way in ways) or cls.__eq__ is object.__eq__:
        return None
    found: list[tuple[Any, Any]] = []
    for one in attrs.fields(cls):
        slot = getattr(cls, one.name, None)
        if not one.init or one.converter is not None or not isinstance(slot, MemberDescriptorType):
            return None
        if isinstance(one.default, attrs.Factory):  # type: ignore[arg-type]
            return None
        found.append((slot.__set__, one))
    return found
