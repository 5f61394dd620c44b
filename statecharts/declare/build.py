"""From a declaration to a chart: ids, targets, triggers, and the declaration's own faults."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import takewhile
from typing import Any, Final, Never

import attrs
from attrs import evolve

from statecharts.declare.functions import mistaken
from statecharts.declare.members import VERBS, WHOLE, Line, Member, Merged, not_a_state
from statecharts.declare.states import ANEW
from statecharts.declare.verbs import HOOKS
from statecharts.model.chart import (
    HISTORY,
    ROOT,
    After,
    Chart,
    Default,
    EventType,
    Invocation,
    OnEvent,
    StateKind,
    StateNode,
    StateRef,
    SuperstateRef,
    Transition,
    TransitionKind,
)
from statecharts.model.effects import Call, Service
from statecharts.model.errors import Fault
from statecharts.model.events import OWN, wire_name
from statecharts.model.fields import misused_time, type_text, union_members
from statecharts.model.hooks import Hook
from statecharts.model.values import repr_of

_MEANT: Final = Hook(lambda m: m, "…")
"""In place of what is given for a function and is not one: no other fault follows from it."""

_ALTERNATIVES: Final = re.compile(r"\w+(\s*\|\s*\w+)+")


def build(
    root: Member, events: tuple[Any, ...] | None, context: type | None, allow: tuple[str, ...]
) -> Chart:
    """Make the chart that a class body declares, check it, and seal its members.

    Raises:
        DefinitionError: The chart has structural faults, or quality faults that are not allowed.
    """
    from statecharts.checks import accept  # noqa: PLC0415 - needed once a chart is declared

    builder = Builder(root)
    chart = builder.chart(events, context)
    checked = accept(chart, allow, builder.faults, builder.follows)
    root.seal(checked)
    return checked


def problems(member: Member, chart: str, state: str = ROOT) -> list[Fault]:
    """Return what is wrong with the class statement of a member, as faults of a chart."""
    return [
        Fault(code, chart, found, remedy, member.location, state)
        for code, found, remedy in member.problems
    ]


class Builder:
    """Collects what a chart is made of, and the faults found on the way."""

    def __init__(self, root: Member) -> None:
        self.root = root
        self.built: list[tuple[Transition, Line]] = []
        root.built = self.built
        self.faults: list[Fault] = []
        self.reading = ROOT
        """Id of the state that is being read."""
        self.paths: dict[int, list[str]] = {id(WHOLE): [ROOT]}
        """Ids that each member stands for, by identity; an origin stands for all of its copies."""
        self.lines: dict[str, list[Line]] = {}
        self.used: dict[type, None] = {}
        self.texts: list[tuple[str, str, str | None]] = []
        """The events that lines give as text, each with its place."""
        self.follows: set[tuple[str, str]] = set()
        """The faults of the chart that follow from those here: codes and states."""
        self.named: set[str] = set()
        self.plain: set[type] = set()
        """The classes that are told for not being attrs classes."""
        self.timers: dict[str, Line] = {}

    def chart(self, events: tuple[Any, ...] | None, context: type | None) -> Chart:
        """Return the chart, with whatever of it can be made in spite of faults."""
        self._place(self.root, ROOT)
        self._collect_lines()
        states = tuple(self._nodes(self.root, ROOT))
        whole = self._node(self.root, ROOT, None)
        known = self._events(events)  # when these are open, what the lines name
        if events is None:
            self._spelt(known)
        if context is not None and self._is_attrs(context, "the context", None):
            for name, _ in misused_time(context):
                found = f"the context: {name!r} asks for the time, and nothing fills a context"
                remedy = f"Declare it as {name}: datetime, or give it another type"
                self.fault("SC143", found, remedy, None)
        return Chart(
            self.root.name,
            whole,
            states,
            known,
            events is not None,
            context,
            self.root.options.doc,
        )

    def fault(self, code: str, found: str, remedy: str, location: str | None) -> None:
        """Add a fault of this chart, about the state that is being read."""
        where = location or self.root.location
        self.faults.append(Fault(code, self.root.name, found, remedy, where, self.reading))

    def _place(self, member: Member, path: str) -> None:
        self.reading = path
        self.faults.extend(problems(member, self.root.name, path))
        if member.sealed:
            found = f"the state of {path!r} already is {member.id!r} of a chart"
            self.fault("SC102", found, "Declare a new State here", member.location)
        else:
            member.id = path
        for origin in reversed(member.origins):
            self.paths.setdefault(id(origin), []).append(path)
        for lost in member.lost:
            line = (lost.location or "").rpartition(":")[2]
            body = path or self.root.name
            found = f"a state declared in the body of {body}, at line {line}, has no name any more"
            remedy = (
                "Give each state a name of its own: a name that is used twice hides the first "
                "state, and a list or a dict gives no names"
            )
            self.fault("SC102", found, remedy, lost.location)
            self.follows.add(("SC115", path))
            self.follows.update([("SC103", path)] if lost.options.initial else [])
            if any(one.lines for _, one in self._walk(lost, path)):
                self.follows.add(("SC124", ROOT))
        reserved = (*VERBS, "chart") if path == ROOT else VERBS
        for name, child in member.members.items():
            if name in reserved:
                found = f"{_join(path, name)!r} is a reserved name"
                remedy = f"Choose a name other than {', '.join(reserved)}"
                self.fault("SC113", found, remedy, child.location)
        for name, child in member.members.items():
            self._place(child, _join(path, name))

    def _collect_lines(self) -> None:
        """Bring the lines of all members and their origins together under their source's id."""
        late: dict[Line, list[str]] = {}
        removals: list[tuple[Line | Transition, str | None, str]] = []
        for path, member in self._walk(self.root, ROOT):
            mine = self.lines.setdefault(path, [])
            for origin in member.origins:
                mine.extend(origin.lines)
                for line in origin.late:
                    late.setdefault(line, []).append(path)
                removals.extend((*removal, path) for removal in origin.removed)
        removed = self._removed(removals)
        for path, mine in self.lines.items():
            self.lines[path] = [line for line in mine if (line, path) not in removed]
        for line, bodies in late.items():
            self.reading = ROOT
            sources = dict.fromkeys(path for body in bodies for path in self._meant(line, body))
            for source in sources:
                if (line, source) not in removed:
                    self.lines[source].append(line)
            if not sources:
                found = (
                    f"a line starts at {_shown(line.source)}, which is not a state of this chart"
                )
                self.fault("SC101", found, "Start it at a state of this chart", line.location)

    def _removed(
        self, removals: list[tuple[Line | Transition, str | None, str]]
    ) -> set[tuple[Line, str]]:
        """Return the lines that class bodies take back, each with the id of its source."""
        built = [pair for origin in self.root.origins for pair in origin.built]
        found: set[tuple[Line, str]] = set()
        for given, location, body in removals:
            if isinstance(given, Line):
                taken = [(given.written or given, path) for path in self._meant(given, body)]
            else:
                taken = [(line, given.source) for one, line in built if one is given]
            found.update(taken)
            if not taken:
                text = "remove() is called for a line that this chart does not have"
                self.fault("SC101", text, "Remove a line of one of its bases", location)
        return found

    def _meant(self, line: Line, body: str) -> list[str]:
        """Return the ids of the states that a line starts at, when a body speaks of it.

        Of several copies of its source, these are the ones inside the body, if any are.
        """
        paths = self.paths.get(id(line.source), [])
        around = f"{body}." if body else ""
        return [path for path in paths if path == body or path.startswith(around)] or paths

    def _walk(self, member: Member, path: str) -> Iterator[tuple[str, Member]]:
        yield path, member
        for name, child in member.members.items():
            yield from self._walk(child, _join(path, name))

    def _nodes(self, member: Member, path: str) -> Iterator[StateNode]:
        for name, child in member.members.items():
            child_path = _join(path, name)
            yield self._node(child, child_path, path)
            yield from self._nodes(child, child_path)

    def _node(self, member: Member, path: str, parent: str | None) -> StateNode:
        options, self.reading = member.options, path
        if options.data is not None:
            self._data(options.data, path, member.location)
        kind = options.kind
        if options.final and kind is not StateKind.FINAL:
            found = f"{path!r} is final, but is declared as a superstate"
            remedy = "Remove final=True, or declare it as State(final=True)"
            self.fault("SC108", found, remedy, member.location)
        data = typing.get_origin(options.data) or options.data
        if data is not None and not isinstance(data, type):
            data = type(data)  # the class that was meant, as far as checks go on
        return StateNode(
            path,
            kind,
            path.rpartition(".")[2] or member.name if options.name is None else options.name,
            parent,
            tuple(_join(path, name) for name in member.members),
            self._default(member, path),
            tuple(self._transitions(path)),
            data,
            self._hooks(options.entry, f"{_where(path)}: entry", member.location),
            self._hooks(options.exit, f"{_where(path)}: exit", member.location),
            options.resting,
            options.doc,
            invoke=tuple(self._calls(options.invoke, path, member.location)),
            location=member.location,
        )

    def _calls(self, invoke: Any, path: str, location: str | None) -> Iterator[Invocation]:
        """Yield the calls of a state."""
        if invoke is None:
            return
        place = f"{_where(path)}: invoke"
        given: dict[Any, Any] = {}
        owners: dict[Any, tuple[int, str]] = {}
        said: Any
        for number, (base, value) in enumerate(
            invoke if isinstance(invoke, Merged) else (("", invoke),)
        ):
            if isinstance(value, Mapping):
                said = list(value.items())
            else:
                said = [(one, None) for one in (value if isinstance(value, tuple) else (value,))]
            for one, function in said:
                if not isinstance(one, (str, type)):
                    self._no_call(one, place, location)
                    continue
                first = owners.setdefault(one, (number, base))
                if one not in given:
                    given[one] = function
                elif first[0] == number:
                    found = f"{place} makes the call {_called(one)} twice"
                    remedy = "Make it once, or give each call a class of its own"
                    self.fault("SC114", found, remedy, location)
                elif given[one] is not function:
                    found = (
                        f"{place}: {first[1]} and {base} make the call {_called(one)} differently"
                    )
                    self.fault("SC142", found, ANEW, location)
        for key, function in given.items():
            cls: Any = Service if isinstance(key, str) else key
            if not self._is_call(cls):
                self._no_call(cls, place, location)
                continue
            self._timed(cls, f"{place}, {_called(cls)}", location)
            hook = self._hooks(function, place, location)
            name = key if isinstance(key, str) else wire_name(cls)
            yield Invocation(name, cls, hook[0] if hook else None, location)

    def _no_call(self, given: Any, place: str, location: str | None) -> None:
        found = f"{place} is {_called(given)}, which is not an attrs class of calls"
        remedy = "Declare one with @attrs.frozen that derives from Call[Answers]"
        if isinstance(given, (list, set, frozenset)):
            remedy = "Pass several as a tuple: (One, Other)"
        elif self._is_call(type(given)):
            remedy = f"Pass the class itself: {type(given).__name__}"
        self.fault("SC114", found, remedy, location)

    def _is_call(self, cls: Any) -> bool:
        return isinstance(cls, type) and issubclass(cls, Call) and attrs.has(cls)

    def _data(self, data: Any, path: str, location: str | None) -> None:
        what = f"the data of {path!r}"
        if self._is_attrs(data, what, location):
            self._timed(data, what, location)

    def _timed(self, cls: type, what: str, location: str | None) -> None:
        """Tell the fields that take the time, and have a default or another type."""
        for name, reason in misused_time(cls):
            found = f"{what}: {name!r} always takes the time, but {reason}"
            remedy = f"Declare it as {name}: Occurred, or give it another type"
            self.fault("SC143", found, remedy, location)

    def _default(self, member: Member, path: str) -> Transition | None:
        if member.options.kind in HISTORY:
            goal = member.options.default
            if goal is None:
                return None
            parent = path.rpartition(".")[0]
            other = next(one for one in self.lines if one.rpartition(".")[0] == parent)
            place = f"the default of {path!r}"
            targets = tuple(
                self._target(one, path, place, member.location, other)
                for one in (goal if isinstance(goal, tuple) else (goal,))
            )
            return Transition(
                path, Default(), tuple(dict.fromkeys(targets)), location=member.location
            )
        initial = [name for name, child in member.members.items() if child.options.initial]
        if member.options.kind is StateKind.PARALLEL:
            for name in initial:
                found = (
                    f"{_join(path, name)!r} is a region of a parallel state, but has initial=True"
                )
                remedy = "Remove initial=True: all regions are entered together"
                self.fault("SC103", found, remedy, member.members[name].location)
            return None
        if not initial:
            return None
        targets = tuple(_join(path, name) for name in initial)
        return Transition(path, Default(), targets, location=member.location)

    def _transitions(self, path: str) -> Iterator[Transition]:
        for line in self.lines.get(path, ()):
            trigger = line.trigger
            place = f"a line on {_where(path)}"
            if isinstance(trigger, OnEvent):
                trigger = OnEvent(tuple(self._on(trigger.events, place, line.location)))
            targets: tuple[str, ...] = ()
            astray, further = False, list[str]()
            if line.targets or line.kind is TransitionKind.EXTERNAL:
                goals = line.targets or ((),)
                harmless = path or next(iter(self.root.members))
                told = len(self.faults)
                targets = tuple(
                    self._target(goal, path, place, line.location, harmless) for goal in goals
                )
                astray = len(self.faults) > told
                further = self._listed(goals)[1:] if astray else []
                for number, goal in enumerate(goals):
                    if isinstance(goal, Member) and goal in goals[:number]:
                        text = f"{place} goes to {targets[number]!r} twice"
                        self.fault("SC114", text, "Name it once", line.location)
                targets = tuple(dict.fromkeys(targets))
            if isinstance(trigger, After):
                trigger = self._after(trigger, line, path, targets)
            hooks: dict[str, Any] = {
                field: found if name == "emit" else found[0]
                for name, field in HOOKS.items()
                if getattr(line, name) is not None
                and (found := self._hooks(getattr(line, name), f"{place}: {name}", line.location))
                and (name != "update" or _MEANT not in found)
            }
            if hooks.get("make") is _MEANT and not any(
                one.options.data
                for one in line.targets or (line.source,)
                if isinstance(one, Member)
            ):
                del hooks["make"]
            if astray:  # it stays a way out, and nothing else is told of where it does not go
                hooks = {"guard": _MEANT, **hooks, "make": None}
            transition = Transition(
                path,
                trigger,
                targets,
                line.kind,
                name=line.name,
                location=line.location,
                **hooks,
            )
            if line.name:
                self._unique(transition.id, "a line", line.location)
            self.built.append((transition, line))
            yield transition
            for target in further:
                yield evolve(transition, targets=(target,), name="")

    def _after(self, trigger: After, line: Line, path: str, targets: tuple[str, ...]) -> After:
        """Return the trigger of a delayed line, with its timer named after the line or its target.

        A name of its own is that of the line; else it is ``.after``, which no state may be called,
        and the way to the target.
        """
        delay: Any = trigger.delay.function if isinstance(trigger.delay, Hook) else trigger.delay
        place = f"a line on {_where(path)}"
        if isinstance(trigger.delay, Hook) and not callable(delay):
            found = f"{place}: the delay is {repr_of(delay)}"
            remedy = "Pass a timedelta, or a function of the moment of entry: lambda m: …"
            self.fault("SC111", found, remedy, line.location)
            trigger = evolve(trigger, delay=timedelta(seconds=1))
        elif isinstance(trigger.delay, Hook):
            self._hooks(delay, f"{place}: the delay", line.location)
        names = [self._way(target, path.rpartition(".")[0]) for target in targets]
        if line.name:
            timer = _join(path, line.name)
        else:
            timer = ".".join([_join(path, "after"), *(["+".join(names)] if targets else [])])
        other = self.timers.setdefault(timer, line)
        if bool(other.name) != bool(line.name):
            found = f"{path or 'the chart'} has two timers {timer!r}: a line is called 'after'"
            self.fault("SC141", found, "Give the line another name", line.location)
        elif other is not line and not line.name:
            where = f"to {'+'.join(names)!r}" if targets else "without a target"
            found = f"{path or 'the chart'} has two delayed lines {where}, and neither has a name"
            remedy = "Name them: deadline = state.after(…)"
            self.fault("SC141", found, remedy, line.location)
        return evolve(trigger, timer=timer)

    def _way(self, target: str, around: str) -> str:
        """Return the way from inside a state to a target; a dot marks an outer one."""
        if not around or target.startswith(f"{around}."):
            return target.removeprefix(f"{around}.") if around else target
        return f".{target}" if _join(around, target) in self.lines else target

    def _unique(self, name: str, what: str, location: str | None) -> None:
        """Tell where a name is taken: by a state, or by another line."""
        taken = "a state" if name in self.lines else "another line" if name in self.named else ""
        if taken:
            found = f"{what} has the name {name!r}, and so has {taken}"
            remedy = "Give it another name, or remove the other first: Base.line.remove()"
            self.fault("SC141", found, remedy, location)
        self.named.add(name)

    def _on(
        self, events: tuple[Any, ...], place: str, location: str | None
    ) -> Iterator[type | str]:
        if not events:
            self.fault("SC114", f"{place}: on= is empty", "Pass an event class", location)
        for event in events:
            if isinstance(event, str) and (not event.strip() or _ALTERNATIVES.fullmatch(event)):
                found = f"{place}: on={event!r} is not the name of an event"
                names = tuple(event.replace(" ", "").split("|"))
                remedy = f"Pass several as a tuple: on={names!r}" if event.strip() else "Name one"
                self.fault("SC114", found, remedy, location)
            elif isinstance(event, str):
                self.texts.append((event, place, location))
                yield event
            elif self._is_attrs(event, f"{place}: on", location):
                self.used.setdefault(event)
                yield event
            elif isinstance(typing.get_origin(event), type):
                yield typing.get_origin(event)
            else:  # the classes that were meant, as far as checks go on
                several = event if isinstance(event, (list, set, frozenset)) else (type(event),)
                meant = [one for one in several if isinstance(one, type) and attrs.has(one)]
                self.used.update(dict.fromkeys(meant))
                yield from meant

    def _target(
        self, goal: Any, source: str, place: str, location: str | None, otherwise: str
    ) -> str:
        """Return the id that a target stands for; a harmless other one when it stands for none."""
        if isinstance(goal, str):
            sibling = _join(source.rpartition(".")[0], goal)
            return goal if goal in self.lines or sibling not in self.lines else sibling
        if isinstance(goal, type) and "__member__" in vars(goal):
            goal = vars(goal)["__member__"]  # a plain class, which is told where it is declared
        if not isinstance(goal, Member):
            shown = goal.__name__ if isinstance(goal, type) else repr_of(goal)
            remedy = "Pass a State, a History, or a class derived from Compound or Parallel"
            if isinstance(goal, type) and issubclass(goal, (StateRef, SuperstateRef)):
                remedy = not_a_state(goal)[1]
            elif isinstance(goal, SuperstateRef):
                shown, remedy = f"{type(goal).__name__}()", not_a_state(type(goal))[1]
            elif isinstance(goal, (list, set, frozenset)):
                remedy = "Pass several as a tuple: (one, other)"
            elif goal == ():
                remedy = "Pass a state, or use stay(), which leads nowhere"
            found = f"{place} goes to {shown}, which is not a state"
            self.fault("SC114", found, remedy, location)
            return next(iter(self._listed((goal,))), otherwise)
        paths = self.paths.get(id(goal))
        if paths and len(paths) == 1:
            return paths[0]
        if paths:  # of several copies, the one that shares most with the source
            here = source.split(".")
            return max(paths, key=lambda path: _kinship(path.split("."), here))
        found = f"{place} goes to {_shown(goal)}, which is not a state of this chart"
        self.fault("SC101", found, "Give it a name in the chart's body", location)
        return otherwise

    def _listed(self, goals: tuple[Any, ...]) -> list[str]:
        """Return the ids of states that a list gives, where a tuple is meant."""
        several = [
            one for goal in goals if isinstance(goal, (list, set, frozenset)) for one in goal
        ]
        members = [getattr(one, "__member__", None) for one in several]
        return [path for one in members for path in self.paths.get(id(one), ())]

    def _hooks(self, hook: Any, place: str, location: str | None) -> tuple[Hook, ...]:
        if hook is None:
            return ()
        if isinstance(hook, Merged):
            several = {id(one): self._hooks(one, place, location) for _, one in hook}
            return tuple(one for hooks in several.values() for one in hooks)
        found = mistaken(hook)
        if found is not None:
            remedy = "Pass a function of one moment: lambda m: …"
            self.fault("SC114", f"{place} is {found}", remedy, location)
            return (_MEANT,)
        return (Hook(hook),)

    def _events(self, events: tuple[Any, ...] | None) -> tuple[EventType, ...]:
        if events is None:
            return self._named([event for event in self.used if not issubclass(event, OWN)])
        members = dict.fromkeys(m for one in events for m in union_members(one))
        members.pop(Never, None)
        classes = [event for event in members if self._is_attrs(event, "an event", None)]
        return self._named(classes)

    def _spelt(self, known: tuple[EventType, ...]) -> None:
        """Tell where a line gives the name of a class for its name on the wire."""
        names = {event.cls.__name__: event.name for event in known if event.cls is not None}
        for text, place, location in self.texts:
            if text in names and text not in names.values():
                found = f"{place}: on={text!r} is the name of a class, not of an event"
                self.fault("SC106", found, f"Did you mean {names[text]!r}?", location)

    def _named(self, classes: Iterable[type]) -> tuple[EventType, ...]:
        names: dict[str, type] = {}
        known = tuple(classes)
        for event in known:
            first = names.setdefault(wire_name(event), event)
            if first is not event:
                found = f"two events have the name {wire_name(event)!r} on the wire"
                self.fault("SC116", found, "Rename one of the two classes", None)
        return tuple(map(EventType.of, known))

    def _is_attrs(self, cls: Any, place: str, location: str | None) -> bool:
        if isinstance(cls, type) and attrs.has(cls):
            return True
        shown = _called(cls)
        generic: Any = typing.get_origin(cls)
        event = place.endswith(": on") or place == "an event"
        remedy = "Pass an event class" if event else "Pass an attrs class"
        if isinstance(cls, type) and cls.__module__ != "builtins":
            if cls in self.plain:
                return False  # told already, where it was first found
            self.plain.add(cls)
            remedy = f"Declare {shown} with @attrs.frozen"
        elif isinstance(cls, (list, set, frozenset)) and place.endswith(": on"):
            remedy = "Pass several as a tuple, or as a union: on=(Go, Stop), on=Go | Stop"
        elif isinstance(generic, type) and attrs.has(generic):
            shown, name = type_text(cls), generic.__name__
            found = f"{place} is {shown}, and a run cannot tell it from any other {name}"
            remedy = f"Derive a class from it: class Own{name}({shown}), with @attrs.frozen"
            self.fault("SC114", found, remedy, location)
            return False
        elif attrs.has(type(cls)):
            remedy = f"Pass the class itself: {type(cls).__name__}"
        found = f"{place} is {shown}, which is not an attrs class"
        self.fault("SC114", found, remedy, location)
        return False


def _called(cls: Any) -> str:
    """Return a class by its name, and several in their brackets; anything else as it is."""
    if isinstance(cls, (list, set, frozenset)):
        inside = ", ".join(map(_called, cls))
        return f"[{inside}]" if isinstance(cls, list) else f"{{{inside}}}"
    return type_text(cls) if isinstance(cls, type) else repr_of(cls)


def _where(path: str) -> str:
    return repr(path) if path else "the chart"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _kinship(path: list[str], source: list[str]) -> tuple[int, int]:
    """Rank how near one state is to another: by common ancestors, then by depth."""
    common = sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(path, source, strict=False))
    )
    return common, -len(path)


def _shown(member: Member) -> str:
    return repr(member.id or member.name) if member.id or member.name else "a state without a name"
