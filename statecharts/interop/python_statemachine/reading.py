"""Reading: a class of python-statemachine as a chart, through its public attributes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, Final, cast, final

from statemachine import HistoryState, State, StateChart
from statemachine.transition import Transition as Line
from statemachine.utils import humanize_id

from statecharts.interop.drafts import Draft, assemble, identify
from statecharts.interop.findings import Findings
from statecharts.interop.python_statemachine.hosts import give_host
from statecharts.interop.python_statemachine.occasions import Slot, Spot
from statecharts.interop.python_statemachine.services import services
from statecharts.interop.python_statemachine.sources import Source
from statecharts.interop.python_statemachine.specs import Specs
from statecharts.interop.python_statemachine.stages import Stage
from statecharts.interop.python_statemachine.traps import Traps
from statecharts.interop.python_statemachine.writing_hooks import (
    CarriedRefusal,
    CarriedTimer,
    Origin,
    carried,
    origin_of,
)
from statecharts.interop.python_statemachine.writing_names import DONE
from statecharts.model.chart import (
    HISTORY,
    After,
    Always,
    Chart,
    Default,
    Done,
    OnEvent,
    StateKind,
    Transition,
    TransitionKind,
    Trigger,
)
from statecharts.model.hooks import Hook

_UNDERSCORED: Final = "done_state_"


def from_class(
    cls: type[StateChart[Any]],
    *,
    host: Any = None,
    listeners: tuple[object, ...] = (),
    immediate: bool = False,
    **options: Any,
) -> Chart:
    """Return the chart that a class of python-statemachine declares.

    ``attach(Machine(from_class(cls)))`` runs it. Guards and actions call the methods that the class
    names, and fill their parameters as that library does. Events are sent by name, their payload by
    field: ``machine.send(NamedEvent("pay", {"amount": 4}))``. The value of ``"*"`` in a payload
    arrives as positional arguments.

    Guards are asked inside the step. An action is an effect of its name, whose methods `attach` has
    called once the step is over; what they send is taken after that. With ``immediate=True`` they
    are called inside the step, as there: what they change is seen by the guards that follow, what
    they raise is handled in the same macrostep, and a step that fails cannot take them back.

    Args:
        cls: The class.
        host: Whose methods are called. By default an instance of the class, made without starting
            its engine; an instance of it, which `unstarted` makes; any other object is the model of
            such an instance, and its attributes are found as well. False leaves names open, for
            `Chart.bind`.
        listeners: Objects whose attributes are found as well, behind those of the class.
        immediate: Whether actions run inside the step.
        options: What the constructor of the class takes.

    Raises:
        DefinitionError: The class, or the chart in it, has faults; all of them are told.

    >>> from statecharts import Machine, NamedEvent
    >>> from statecharts.interop.python_statemachine import attach
    >>> class Door(StateChart):
    ...     shut = State(initial=True)
    ...     open = State()
    ...     push = shut.to(open, cond="unlocked", on="creak")
    ...     pull = open.to(shut)
    ...     unlocked = True
    ...     def creak(self, force=1):
    ...         print("cre", "e" * force, "k", sep="")
    >>> machine = attach(Machine(from_class(Door)))
    >>> machine.send(NamedEvent("push", {"force": 3})).handled
    creeeek
    True
    """
    source = Source.of(cls)
    findings = Findings(source.document)
    stage = Stage(cls)
    stage.immediate = immediate
    if not Traps(cls, source, findings).sound():
        raise findings.refuse(cls.__name__)
    if host is not False:
        try:
            own = give_host(stage, host, listeners, options)
        except TypeError as error:
            found = f"an instance of the class cannot be made: {error}"
            remedy = "Pass what its constructor takes: from_class(cls, name=value), or a host"
            findings.add("SC612", found, remedy, source.line, cls.__name__)
            raise findings.refuse(cls.__name__) from error
        if not own:
            found = "the host runs an engine of its own, and what it sends goes there"
            remedy = "Make it with python_statemachine.unstarted(cls, …)"
            findings.add("SC652", found, remedy, source.line, cls.__name__)
    chart = _Reading(stage, source, findings, open_=host is False).chart()
    stage.chart = chart
    return findings.settle(chart)


@final
class _Reading:
    """Makes the chart of one class."""

    def __init__(self, stage: Stage, source: Source, findings: Findings, *, open_: bool) -> None:
        cls = stage.cls
        self.stage, self.source, self.findings = stage, source, findings
        self.cls = cls
        self.origin: Origin | None = origin_of(cls)
        self.root = Draft(cls.__name__, StateKind.COMPOUND, source.line)
        self.root.doc = inspect.cleandoc(vars(cls).get("__doc__") or "")
        self._grow()
        identify(self.root, source.document)
        self.drafts = [draft for draft in self.root.walk() if draft is not self.root]
        self.ids = {draft.source.id: draft.id for draft in self.drafts}
        stage.sources = {draft.id: draft.source for draft in self.drafts}
        stage.ids = self.ids
        stage.names = {draft.id: draft.source.id for draft in self.drafts}
        self.events = frozenset(event.id for event in cls.events)
        self.specs = Specs(stage, findings, self.ids, open_=open_)

    def chart(self) -> Chart:
        """Return the chart; it is not checked yet."""
        self.stage.prepare = tuple(self.specs.prepare())
        self.root.default = self._start()
        for draft in self.drafts:
            self._fill(draft)
        self._finish()
        return assemble(self.root, self.source.document)

    # -- the tree ----------------------------------------------------------------------------------

    def _grow(self) -> None:
        waiting = [(self.root, "", list(self.cls.states))]
        while waiting:
            parent, prefix, states = waiting.pop()
            for state in self._ordered(states):
                path = f"{prefix}{state.id}"
                draft = Draft(self._name(state), _kind(state), self.source.lines.get(path))
                draft.source, draft.meta = state, _noted(state)
                parent.add(draft)
                waiting.append((draft, f"{path}.", [*state.states, *state.history]))
        if self.origin is not None:
            self.root.kind = self.origin.chart.root.kind

    def _ordered(self, states: list[State]) -> list[State]:
        """Return siblings in document order, which is that of their definition."""
        if self.origin is None:
            return states
        numbers = self.origin.numbers
        return sorted(states, key=lambda state: numbers.get(state.id, len(numbers)))

    def _name(self, state: State) -> str:
        if self.origin is not None and state.id in self.origin.ids:
            return self.origin.chart[self.origin.ids[state.id]].name
        return state.id

    def _start(self) -> Transition | None:
        """Return what enters the chart."""
        if self.root.kind is StateKind.PARALLEL:
            return None
        values = self.cls.start_configuration_values
        first = [self.cls.states_map[value] for value in values if value in self.cls.states_map]
        if not first and self.cls.initial_state is not None:
            first = [self.cls.initial_state]
        targets = tuple(self.ids[state.id] for state in first)
        return Transition("", Default(), targets) if targets else None

    # -- states ------------------------------------------------------------------------------------

    def _fill(self, draft: Draft) -> None:
        state: State = draft.source
        spot = Spot(self.stage, draft.id)
        self.specs.at(draft.line, self._element(draft))
        if draft.kind in HISTORY:
            draft.default = self._memory(draft)
            return
        draft.entry.extend(self.specs.actions(state.enter, Slot.ENTER, spot))
        leaving = list(state.exit)
        if draft.kind is StateKind.FINAL and draft.parent is self.root:
            leaving = [spec for spec in leaving if not spec.is_convention]  # it is never left
        draft.exit.extend(self.specs.actions(leaving, Slot.EXIT, spot))
        for begin, end in services(state, self.stage.owners, self._foreign(draft)):
            draft.entry.append(begin)
            draft.exit.append(end)
        if draft.kind is StateKind.COMPOUND:
            draft.default = self._initial(draft)
        for line in state.transitions:
            if not line.initial:
                self._line(draft, line)

    def _element(self, draft: Draft) -> str:
        return f"{self.cls.__name__}.{draft.id}"

    def _memory(self, draft: Draft) -> Transition | None:
        """Return the default of a history state."""
        lines = list(draft.source.transitions)
        targets = tuple(self._id(target) for line in lines for target in line.targets[:1])
        emit: list[Hook] = []
        for line in lines:
            emit += self.specs.actions(line.on, Slot.DEFAULT, Spot(self.stage, draft.id, line))
        return Transition(draft.id, Default(), targets, emit=tuple(emit)) if targets else None

    def _initial(self, draft: Draft) -> Transition | None:
        """Return what enters the initial child of a compound state."""
        lines = [line for line in draft.source.transitions if line.initial]
        if not lines:
            return None
        marked = [child.id for child in draft.children if child.source.initial]
        targets = tuple(self._id(target) for target in lines[0].targets)
        if len(marked) > 1 and targets[:1] and targets[0] in marked:
            targets = tuple(marked)  # which the checks refuse
        emit = self.specs.actions(lines[0].on, Slot.DEFAULT, Spot(self.stage, draft.id))
        if emit and len(lines) > 1:
            found = "theirs leaves out what the default transition does: it has a second one"
            self._differs(found, "Expect it to be done", draft)
        return Transition(draft.id, Default(), targets, emit=tuple(emit))

    def _id(self, state: State) -> str:
        return self.ids.get(state.id, state.id)

    # -- transitions -------------------------------------------------------------------------------

    def _line(self, draft: Draft, line: Line) -> None:
        events = [event.id for event in line.events]
        known = [event for event in events if event in self.events]
        targets = tuple(self._id(target) for target in line.targets)
        strange = [target.id for target in line.targets if target.id not in self.ids]
        if (events and not known) or strange:
            told = f"to {strange[0]!r}" if strange else f"on {events[0]!r}"
            found = f"a subclass has added a transition {told} to it, which is left out here"
            self._differs(found, "Read the subclass for the chart of the subclass", draft)
            return
        spot = Spot(self.stage, draft.id, line, not known)
        emit = [
            *self.specs.actions(line.before, Slot.BEFORE, spot),
            *self.specs.actions(line.on, Slot.ON, spot),
            *self.specs.actions(line.after, Slot.AFTER, spot),
        ]
        kind, targets = self._way(draft, line, targets)
        if emit and _is_refusal(line):
            kind, emit = TransitionKind.FORBIDDEN, emit[1:]
        found_ = Transition(
            draft.id,
            self._trigger(draft, known),
            targets,
            kind,
            guard=self.specs.guard(line, spot),
            emit=tuple(emit),
            location=None if draft.line is None else self.source.document.place(draft.line),
        )
        draft.transitions.append(found_)
        self.stage.lines.setdefault(draft.id, []).append((found_, line))

    def _way(
        self, draft: Draft, line: Line, targets: tuple[str, ...]
    ) -> tuple[TransitionKind, tuple[str, ...]]:
        """Return how a transition treats its source, and where it leads."""
        if not targets:
            return self._staying(draft), ()
        if not line.internal:
            return TransitionKind.EXTERNAL, targets
        entries = self.cls.enable_self_transition_entries
        if targets == (draft.id,) and self.origin is None:
            if entries:
                how = (
                    "leaves it as well" if draft.children else "enters it again without leaving it"
                )
                found = f"theirs {how} on an internal transition to itself"
                self._differs(found, "Expect it to stay, as is documented", draft)
            return TransitionKind.INTERNAL, ()
        if not entries:
            found = f"theirs does not enter {targets[0]!r} on an internal transition"
            self._differs(found, "Expect it to be entered", draft)
        return TransitionKind.INTERNAL, targets

    def _staying(self, draft: Draft) -> TransitionKind:
        """Return the kind of a transition without targets, which a class has no word for."""
        number = len(draft.transitions)
        if self.origin is not None and draft.id in self.origin.chart:
            lines = self.origin.chart[draft.id].transitions
            if number < len(lines) and not lines[number].targets:
                return lines[number].kind
        return TransitionKind.INTERNAL

    def _trigger(self, draft: Draft, events: list[str]) -> Trigger:
        if not events:
            return Always()
        state: State = draft.source
        own = {f"{DONE}{state.id}", f"{_UNDERSCORED}{state.id}"}
        if f"{DONE}{state.id}" in events and own >= set(events):
            return Done()
        if self.origin is None:
            return OnEvent(tuple(events))
        for spec in state.invoke:
            timer = carried(spec.func)
            if isinstance(timer, CarriedTimer) and events == [timer.trigger.timer]:
                return After(timer.trigger.delay, timer.trigger.timer)
        return OnEvent(tuple(dict.fromkeys(map(self._original, events))))

    def _original(self, event: str) -> str:
        """Return what the chart that a class was made of calls an event."""
        if self.origin is None:
            return event
        name = self.origin.names.original(event)
        state = self.origin.ids.get(name.removeprefix(DONE))
        if name.startswith(DONE) and state is not None:
            return f"{DONE}{self.origin.chart[state].name}"
        return name

    # -- the whole ---------------------------------------------------------------------------------

    def _finish(self) -> None:
        stage = self.stage
        heard = {event.id for draft in self.drafts for event in _heard(draft.source)}
        stage.catching = self.cls.catch_errors_as_events and bool(
            heard & {"error.execution", "error", "error.*", "*"}
        )
        if self.origin is None:
            Traps(self.cls, self.source, self.findings).told(self.drafts, stage, self.specs)

    def _foreign(self, draft: Draft) -> Callable[[str], None]:
        """Return what tells of a service that somebody else has to run."""

        def tell(name: str) -> None:
            found = f"theirs runs {name!r} in a thread; here the effect Invoke asks for it"
            self._differs(found, "Have whoever runs the chart start it", draft)

        return tell

    def _differs(self, found: str, remedy: str, draft: Draft) -> None:
        self.findings.add("SC652", found, remedy, draft.line, self._element(draft))


def _heard(state: State) -> Iterator[Any]:
    for line in state.transitions:
        yield from line.events


def _is_refusal(line: Line) -> bool:
    first = next(iter(line.on), None)
    return first is not None and isinstance(carried(first.func), CarriedRefusal)


def _kind(state: State) -> StateKind:
    if state.is_history:
        deep = cast("HistoryState", state).type.is_deep
        return StateKind.DEEP_HISTORY if deep else StateKind.SHALLOW_HISTORY
    if state.final:
        return StateKind.FINAL
    if state.states:
        return StateKind.PARALLEL if state.parallel else StateKind.COMPOUND
    return StateKind.PARALLEL if state.parallel else StateKind.ATOMIC


def _noted(state: State) -> dict[str, Any]:
    """Return what a class says of a state that means nothing to a run."""
    found: dict[str, Any] = {}
    if str(state.name) != humanize_id(state.id):
        found["name"] = str(state.name)
    value = state.value
    if value != state.id or not isinstance(value, str):
        found["value"] = value if isinstance(value, str | int | float | bool) else repr(value)
    return found
