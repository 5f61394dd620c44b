"""Writer: a chart as the config of a machine of XState 5 or 4, and where XState would differ.

The rules of XState 5 are those of version 5.33, which was compared; see ``docs/from-xstate.md``.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations, product
from typing import Any, Final, final

from attrs import evolve

from statecharts.interop import limits
from statecharts.interop.documents import Document, DocumentError, line_of
from statecharts.interop.drafts import free
from statecharts.interop.findings import Losses, state_text
from statecharts.interop.literals import is_plain
from statecharts.interop.syntax.located import unplaced
from statecharts.interop.writable import descriptors, file_ids, service_of, stays_inside, writable
from statecharts.interop.xstate.content import milliseconds
from statecharts.interop.xstate.structure import absolute, escaped
from statecharts.interop.xstate.syntax import (
    BUILT_IN,
    FIVE,
    FOUR,
    LOUD,
    QUIET,
    RESERVED,
    Notes,
    unwrapped,
)
from statecharts.interop.xstate.transitions import (
    DONE_STATE,
    LINE,
    SETTLED,
    THEIRS,
    Reading,
    is_wild,
    ordered,
    prefixes,
    renamed,
)
from statecharts.model import named
from statecharts.model.chart import (
    HISTORY,
    ROOT,
    After,
    Always,
    Chart,
    Declaration,
    Done,
    OnEvent,
    StateKind,
    StateNode,
    Transition,
    TransitionKind,
    as_chart,
)
from statecharts.model.effects import Action, CancelSend, Effect, Raise, Send
from statecharts.model.errors import StatechartError
from statecharts.model.events import NamedEvent, matches
from statecharts.model.hooks import Hook

_Answer = tuple[str, dict[str, Any], bool]
"""The events of a transition, its text, and whether it follows the end of its own state."""

_KINDS: Final = {
    StateKind.PARALLEL: {"type": "parallel"},
    StateKind.FINAL: {"type": "final"},
    StateKind.SHALLOW_HISTORY: {"type": "history", "history": "shallow"},
    StateKind.DEEP_HISTORY: {"type": "history", "history": "deep"},
}
_OF_META: Final = (QUIET | LOUD) - {"order"}
_GUARDS: Final = frozenset({"and", "or", "not", "stateIn", "guard"})
_ACTIONS: Final = frozenset(
    {"raise", "send", "sendTo", "cancel", "choose", "spawnChild", "stopChild", "stop"}
)


def dumps(
    chart: Chart | type[Declaration[Any, Any]],
    *,
    allow: Iterable[str] = (),
    version: int = FIVE,
) -> str:
    r"""Return a chart as JSON of XState 5, which Stately's tools and ``createMachine`` open; or 4.

    Actions and guards that XState makes by functions are written as ``xstate.raise``,
    ``xstate.and`` and so on, with their arguments as ``params``, as `loads` reads them. A line on
    several events becomes one for each, with a mark in its ``meta`` by which `loads` puts them
    together. ``allow`` names the codes of losses that are accepted, or is ``*`` for all of them.

    Raises:
        LossError: The format cannot hold all of the chart.

    >>> from statecharts.interop import xstate
    >>> text = '{"id": "lamp", "initial": "dark", "states": {"dark": {"on": {"FLIP": "lit"}}, '
    >>> chart = xstate.loads(text + '"lit": {}}}')
    >>> xstate.loads(xstate.dumps(chart)) == chart
    True
    """
    chart = as_chart(chart, "xstate.dumps")
    losses = Losses(chart, "XState JSON")
    if version not in (FOUR, FIVE):
        raise StatechartError("SC606", chart.name, f"version is {version!r}", "Pass 4 or 5")
    written = _renamed(writable(chart, losses, lambda event: event or "_"), losses)
    held = _Writing(written, losses, version).machine()
    text = json.dumps(held, indent=2, ensure_ascii=False) + "\n"
    text = text.encode("utf-8", "backslashreplace").decode()  # half a surrogate pair
    try:
        notes = Notes(Document.of(text))  # which is bounded
        machine = unwrapped(unplaced(held), notes)
        again = Reading(machine, "machine", version, {}, notes).chart()
    except DocumentError as error:
        raise losses.refuse(error) from None
    heard = {event.name for event in again.events}
    unheard = [event.name for event in written.events if event.name not in heard]
    if unheard:
        found = f"the events {', '.join(unheard)} are not written: nothing names them"
        losses.add("SC671", found, "Use them, or remove them")
    losses.compare(written, again)
    losses.settle(allow)
    return text


def _renamed(chart: Chart, losses: Losses) -> Chart:
    """Return a chart whose states have names that XState can tell apart; note the others."""
    taken: dict[str | None, set[str]] = {}
    states: list[StateNode] = []
    for node in chart:
        siblings = taken.setdefault(node.parent, {"", "__proto__"})
        name = free(node.name, siblings)
        siblings.add(name)
        if name != node.name:
            with losses.about(node.id):
                found = f"XState cannot have a state named {node.name!r} where {node.id!r} is"
                losses.add("SC674", found, "Rename it", node.location)
        states.append(node if name == node.name else evolve(node, name=name))
    if not chart.name:
        losses.add("SC674", "the chart has no name, and ids begin with it", "Name it")
    return evolve(chart, name=chart.name or "_", states=tuple(states))


@final
class _Writing:
    def __init__(self, chart: Chart, losses: Losses, version: int) -> None:
        self.chart = chart
        self.losses = losses
        self.four = version == FOUR
        own = {chart.name: ROOT}
        self.named: dict[str, list[str]] = {}
        for node in chart:
            self.named.setdefault(node.name, []).append(node.id)
            if isinstance(node.meta.get("id"), str) and node.meta["id"]:
                own.setdefault(node.meta["id"], node.id)
        self.ids = {state: name for name, state in own.items() if state}
        """The ids that states have of their own, by their ids in the chart."""

    def machine(self) -> dict[str, Any]:
        """Return the machine."""
        chart = self.chart
        if chart.closed:
            found = "that the chart has no other events is not written"
            self.losses.add("SC671", found, "Leave the events open")
        with self.losses.about(ROOT):
            marks = ("schema", "tsTypes") if self.four else ()  # see `version_of`
            held = {"id": chart.name, **{key: {} for key in marks}, **self._state(chart.root)}
        made = {ROOT: held}
        for node in chart:
            with self.losses.about(node.id):
                state = made[node.id] = self._state(node)
            made[node.parent or ROOT].setdefault("states", {})[node.name] = state
        return held

    def _state(self, node: StateNode) -> dict[str, Any]:
        """Return a state without those inside it."""
        held: dict[str, Any] = {}
        if node.id in self.ids:
            held["id"] = self.ids[node.id]
        held |= _KINDS.get(node.kind, {})
        if node.doc or (not node.id and self.chart.doc):
            held["description"] = node.doc or self.chart.doc
        self._default(node, held)
        invoke = self._invocations(node)
        rows = self._rows(node, invoke)
        acts = {"entry": self._actions(node.entry), "exit": self._actions(node.exit)}
        content = {**acts, "invoke": list(invoke.values())}
        held |= {key: value for key, value in content.items() if value} | rows
        self._meta(node, held)
        self._unsaid(node)
        return held

    def _unsaid(self, node: StateNode) -> None:
        shown = state_text(node.id)
        if node.resting:
            found = f"that nothing leaves {shown} on purpose is not written"
            self.losses.add("SC675", found, "Make it a final state", node.location)
        if _reordered(self.chart, node):
            found = f"JavaScript puts the regions of {shown} into another order"
            remedy = "Begin their names with a letter"
            self.losses.add("SC674", found, remedy, node.location)

    def _default(self, node: StateNode, held: dict[str, Any]) -> None:
        default = node.default
        if default is None or node.kind is StateKind.PARALLEL:
            return
        if node.kind in HISTORY:
            self._history(node, default, held)
            return
        children = {child: self.chart[child].name for child in node.children}
        if len(default.targets) != 1 or default.targets[0] not in children:
            begun = ", ".join(default.targets)
            found = f"{state_text(node.id)} begins in {begun}, and XState begins in a child"
            remedy = "Begin in one of its children; have that begin further inside"
            self.losses.add("SC673", found, remedy, node.location)
        target = next((t for t in (*default.targets, *children) if t in children), None)
        name = "" if target is None else children[target]
        said = {"target": name, **_notes(node, "initial")}
        if default.emit:
            said["actions"] = self._actions(default.emit)
        held["initial"] = name if set(said) == {"target"} else said

    def _history(self, node: StateNode, default: Transition, held: dict[str, Any]) -> None:
        parent = self.chart[node.parent or ROOT]
        usual = parent.default and (parent.default.targets, parent.default.emit)
        if parent.kind is StateKind.PARALLEL:
            usual = _regions(self.chart, parent), ()
        if usual == (default.targets, default.emit):
            return
        if default.emit:
            found = f"the actions of the default of history {node.id!r} are not written"
            self.losses.add("SC673", found, "Make them entry actions", node.location)
        held["target"] = _one_or_all([self._target(node, target) for target in default.targets])

    def _meta(self, node: StateNode, held: dict[str, Any]) -> None:
        shown, taken = state_text(node.id), {"transitions", "invoke", "initial"} & node.meta.keys()
        if "id" in held and node.id:
            taken.add("id")
        rest: dict[str, Any] = {}
        for key, value in node.meta.items():
            if not _is_plain({key: value}, 3 if key in taken else 0):
                found = f"the meta {key!r} of {shown} is not plain data, and is left out"
                self.losses.add("SC675", found, "Use plain data", node.location)
            elif key in taken:
                if key == "initial" and node.kind is not StateKind.COMPOUND:
                    held["initial"] = value
            elif key in _OF_META or key == "meta" or (key == "onDone" and not node.id):
                held[key] = value
            else:
                rest[key] = value
        if not rest:
            return
        if "meta" in held or RESERVED & rest.keys():
            names = ", ".join(map(repr, rest))
            found = f"the meta {names} of {shown} would be taken for something else"
            self.losses.add("SC675", found, "Rename it", node.location)
        held["meta"] = rest

    def _invocations(self, node: StateNode) -> dict[str, dict[str, Any]]:
        """Return the services that a state invokes, by id."""
        ids, found = file_ids(node), dict[str, dict[str, Any]]()
        for call in node.invoke:
            id, service = ids[call.name] or "_", service_of(call)
            if not service.source or id in found or not call.name:
                text = f"{state_text(node.id)} invokes {service.source!r} as {call.name!r}"
                self.losses.add("SC674", text, "Give it a source, and a name of its own")
            one: dict[str, Any] = {"src": service.source or "_", "id": id}
            given = self._plain(service.data, f"the input of {id!r}")
            if given:
                one["data" if self.four else "input"] = given
            more = _notes(node, "invoke").get(call.name)
            if isinstance(more, dict) and _is_plain(more, 1):
                one |= {key: value for key, value in more.items() if key not in one}
            found[id] = one
        return found

    def _rows(self, node: StateNode, invoke: dict[str, dict[str, Any]]) -> dict[str, Any]:
        """Return the transitions of a state by their keys; those on services go to ``invoke``."""
        rows: dict[str, Any] = {"on": {}, "always": [], "after": {}}
        notes, ids = _notes(node, "transitions"), file_ids(node)
        answers: list[_Answer] = []
        for i, line in enumerate(node.transitions):
            more = notes.get(str(i))
            said = self._line(node, line, more if isinstance(more, dict) else {})
            match line.trigger:
                case OnEvent() as on:
                    names = list(descriptors(on, ids))
                    parts = _parts(said, i, len(names))
                    answers += [
                        (name, part, False) for name, part in zip(names, parts, strict=True)
                    ]
                case Done():
                    answers.append((DONE_STATE + node.name, said, True))
                case Always():
                    rows["always"].append(said)
                case After(delay):
                    rows["after"].setdefault(self._delay(delay, node), []).append(said)
                case _:  # pragma: no cover - default transitions are not among these
                    pass
        after = ordered(answers, lambda answer: answer[0])
        self._check_order(node, answers, after)
        for descriptor, said, is_done in after:
            key = next((k for k, p in SETTLED.items() if descriptor.startswith(p)), "")
            service = invoke.get(descriptor.removeprefix(SETTLED[key])) if key else None
            if is_done:
                rows.setdefault("onDone", []).append(said)
            elif service is not None:
                service.setdefault(key, []).append(said)
            else:
                rows["on"].setdefault(self._foreign(descriptor, node), []).append(said)
        for held in (rows["on"], rows["after"]):
            held |= {key: _brief(said) for key, said in held.items()}
        for holder in (rows, *invoke.values()):
            holder |= {key: _brief(holder[key]) for key in SETTLED if key in holder}
        return {key: held for key, held in rows.items() if held or key == "onDone"}

    def _line(self, node: StateNode, line: Transition, notes: Mapping[str, Any]) -> dict[str, Any]:
        said: dict[str, Any] = {}
        targets = [self._target(node, target) for target in line.targets]
        if targets:
            said["target"] = _one_or_all(targets)
        if line.guard is not None:
            said |= self._asked(line.guard)
        if line.emit:
            said["actions"] = self._actions(line.emit)
        stays = line.kind is TransitionKind.INTERNAL
        if self.four and targets and (stays or any(one.startswith(".") for one in targets)):
            said["internal"] = stays
        elif not self.four and line.targets and line.kind is TransitionKind.EXTERNAL:
            said |= {"reenter": True} if stays_inside(self.chart, line) else {}
        if line.kind is TransitionKind.FORBIDDEN and (line.targets or line.emit):
            found = f"a forbidden transition of {state_text(node.id)} has targets or actions"
            self.losses.add("SC673", found, "Remove its targets and actions", line.location)
        if notes and _is_plain(notes, 1):
            said |= {key: value for key, value in notes.items() if key not in said}
        return said

    def _delay(self, delay: Any, node: StateNode) -> str:
        if not isinstance(delay, Hook):
            name = str(milliseconds(delay))
            return f"{milliseconds(delay):.3f}" if "e" in name else name
        name = delay.name or "_"
        if not isinstance(delay.function, named.NamedDelay):
            found = f"the delay {name!r} of {state_text(node.id)} is code"
            self.losses.add("SC672", found, "Give it as a time", node.location)
        return name

    def _foreign(self, descriptor: str, node: StateNode) -> str:
        """Return XState's name for the events of a descriptor."""
        if not descriptor:
            self.losses.add("SC674", "an event has no name", "Name it", node.location)
        name = descriptor.removeprefix(DONE_STATE)
        names = {} if self.four else THEIRS
        if descriptor.startswith(DONE_STATE) and not name.endswith("*"):
            states = self.named.get(name, [])
            if len(states) == 1:
                return renamed(DONE_STATE, names) + self._spelt(states[0]).removeprefix("#")
            found = f"{descriptor!r} is of {len(states)} states, and XState names one by its id"
            self.losses.add("SC673", found, "Give the states different names", node.location)
        return renamed(descriptor, names)

    def _check_order(self, node: StateNode, answers: list[_Answer], after: list[_Answer]) -> None:
        """Note transitions that XState asks in another order, where that makes a difference."""
        place = {id(answer): i for i, answer in enumerate(after)}
        for one, other in combinations(answers, 2) if after != answers else ():
            turned = place[id(one)] > place[id(other)]
            if turned and matches(one[0], other[0].removesuffix(".*")):
                found = f"{one[0]!r} comes before {other[0]!r} in {state_text(node.id)}"
                found += ", and XState asks it later"
                self.losses.add("SC673", found, "Put it last", node.location)
                return

    def _spelt(self, state: str) -> str:
        """Return the spelling of a state that means the same everywhere."""
        if state in self.ids:
            return f"#{escaped(self.ids[state])}"
        return absolute(self.chart.name, self._path(state))

    def _target(self, source: StateNode, target: str) -> str:
        """Return a state as a target of another: a sibling, a descendant, or from the machine."""
        node = self.chart[target]
        if source.id and node.parent == source.parent and not node.name.startswith("#"):
            return escaped(node.name)
        if self.chart.is_descendant(target, source.id):
            below = self._path(target)[len(self._path(source.id)) :]
            return "." + ".".join(map(escaped, below))
        return self._spelt(target)

    def _path(self, state: str) -> list[str]:
        line = [self.chart[state], *self.chart.ancestors(state)] if state else []
        return [node.name for node in reversed(line) if node.id]

    def _asked(self, hook: Hook) -> dict[str, Any]:
        """Return the keys by which a transition asks for a guard; version 4 joins only one kind."""
        if not self.four:
            return {"guard": self._guard(hook)}
        match hook.function:
            case named.In(state):
                return {"in": self._spelt(state)}
            case named.AllOf((Hook(named.In(state)), Hook(named.Named()) as other)):
                return {"in": self._spelt(state), "cond": self._guard(other)}
            case named.Named():
                return {"cond": self._guard(hook)}
            case _:
                found = f"XState 4 has no guard such as {hook.name!r}; it is written by that name"
                self.losses.add("SC673", found, "Make it a guard with a name")
                return {"cond": hook.name or "_"}

    def _guard(self, hook: Hook, level: int = 0) -> Any:
        if level >= limits.CONDITIONS_DEEP:
            return self._too_deep("guards", hook)
        match hook.function:
            case named.Named(name, data):
                composite = name.removeprefix("xstate.") in _GUARDS and data
                return self._called("guard", name, data, clash=bool(composite))
            case named.Holds(value):
                return self._built_in("and" if value else "or", guards=[])
            case named.In(state):
                return self._built_in("stateIn", stateValue=self._spelt(state))
            case named.Not(inner):
                return self._built_in("not", guard=self._guard(inner, level + 1))
            case named.AllOf(inner) | named.AnyOf(inner):
                kind = "and" if isinstance(hook.function, named.AllOf) else "or"
                return self._built_in(kind, guards=[self._guard(one, level + 1) for one in inner])
            case _:
                return self._code("guard", hook)

    def _actions(self, hooks: tuple[Hook, ...], level: int = 0) -> list[Any]:
        return [self._action(hook, level) for hook in hooks]

    def _action(self, hook: Hook, level: int) -> Any:
        if level >= limits.CONDITIONS_DEEP:
            return self._too_deep("choices", hook)
        match hook.function:
            case named.Give(effect):
                return self._effect(effect, hook)
            case named.Choose(branches):
                conds = []
                for branch in branches:
                    cond = {} if branch.guard is None else self._asked(branch.guard)
                    conds.append({**cond, "actions": self._actions(branch.actions, level + 1)})
                return self._built_in("choose", conds=conds)
            case _:
                return self._code("action", hook)

    def _effect(self, effect: Effect, hook: Hook) -> Any:
        match effect:
            case Action("spawnChild" | "stopChild" as name, data) if (
                data and set(data) <= BUILT_IN[f"xstate.{name}"] and not self.four
            ):
                return self._built_in(name, **self._plain(data, f"what is given to {name!r}", -1))
            case Action(name, data):
                short = name.removeprefix("xstate.")
                clash = name.startswith("xstate.") and short in _ACTIONS and data
                return self._called("action", name, data, clash=bool(clash))
            case Raise(event):
                return self._built_in("raise", event=self._event(event))
            case Send(event, delay, name, target, type_):
                if type_ is not None:
                    found = f"{hook.name} goes by the transport {type_!r}"
                    self.losses.add("SC673", found, "Leave out the transport")
                kind = "sendTo" if target is not None else "send" if delay is None else "raise"
                kind = "send" if self.four else kind
                wait = None if delay is None else milliseconds(delay)
                return self._built_in(
                    kind, to=target, event=self._event(event), delay=wait, id=name
                )
            case CancelSend(name):
                return self._built_in("cancel", sendId=name)
            case _:
                return self._code("action", hook)

    def _built_in(self, kind: str, **params: Any) -> dict[str, Any]:
        said = {key: value for key, value in params.items() if value is not None}
        return {"type": f"xstate.{kind}", **(said if self.four else {"params": said})}

    def _event(self, event: Any) -> dict[str, Any]:
        if not isinstance(event, NamedEvent):
            found = f"{event!r} is an event with typed data; its name is written"
            self.losses.add("SC671", found, "Write it as a NamedEvent")
            return {"type": named.event_name(event)}
        data = self._plain(event.data, f"the data of {event.name!r}", -1)
        if "type" in data:
            found = f"the event {event.name!r} has a field 'type', and that is its name in XState"
            self.losses.add("SC674", found, "Rename the field")
        return {**data, "type": event.name}

    def _called(self, role: str, name: str, data: Mapping[str, Any], *, clash: bool) -> Any:
        if not name or clash:
            found = f"XState would take the {role} {name!r} for a built-in one, or ignore it"
            self.losses.add("SC674", found, "Rename it")
            name = f"{name}_"
        given = self._plain(data, f"what is given to {name!r}")
        return {"type": name, "params": given} if given else name

    def _code(self, role: str, hook: Hook) -> str:
        found = f"the {role} {hook.name!r} is code, and is written by its name"
        self.losses.add("SC672", found, "Name it, and bind the function to the name")
        return hook.name

    def _too_deep(self, what: str, hook: Hook) -> str:
        found = f"{what} are nested more than {limits.CONDITIONS_DEEP} deep"
        self.losses.add("SC673", found, "Give a part of them a name")
        return hook.name

    def _plain(self, data: Mapping[str, Any], what: str, around: int = 0) -> dict[str, Any]:
        if _is_plain(data, around):
            return dict(data)
        self.losses.add("SC671", f"{what} is not plain data, and is left out", "Use plain data")
        return {}


def _is_plain(data: Mapping[str, Any], around: int) -> bool:
    """Tell whether reading gives back the same data.

    ``around`` counts the objects around it beyond those that readers allow for.
    """
    return is_plain(dict(data), limits.DATA_DEEP + 1 + around)


def _parts(said: dict[str, Any], line: int, many: int) -> list[dict[str, Any]]:
    """Return a transition once for each of its events, with a mark by which they are one."""
    meta = said.get("meta", {})
    if many == 1 or not isinstance(meta, dict):  # `dumps` finds what such a meta loses
        return [said] * many
    return [{**said, "meta": {**meta, LINE: [line, part]}} for part in range(many)]


def _notes(node: StateNode, key: str) -> dict[str, Any]:
    """Return what the meta of a state keeps for a part of it."""
    notes = node.meta.get(key)
    return notes if isinstance(notes, dict) else {}


def _one_or_all(targets: list[str]) -> Any:
    return targets[0] if len(targets) == 1 else targets


def _brief(said: list[Any]) -> Any:
    """Return transitions as briefly as XState takes them."""
    if len(said) > 1:
        return said
    only = said[0]
    return only["target"] if set(only) == {"target"} and isinstance(only["target"], str) else only


def _regions(chart: Chart, node: StateNode) -> tuple[str, ...]:
    return tuple(child.id for child in chart.children(node.id) if child.kind not in HISTORY)


# -- differences -----------------------------------------------------------------------------------

_COMPARISONS: Final = 100_000  # the most pairs of transitions that are compared

_INDEX: Final = re.compile("0|[1-9][0-9]{0,9}")
"""A key that JavaScript takes for an index, and puts before the others."""

Difference = tuple[StateNode, str, str]
"""A state, what is different there, and what to do about it."""


def differences(chart: Chart, notes: Notes, version: int) -> None:
    """Note where a chart means something else here than to XState (SC652)."""
    found = [*_prefixed(chart), *_wild(chart), *_rivals(chart)]
    names = Counter(node.name for node in chart)
    for node in chart.nodes.values():
        own = [*_completed(node, names), *_kept_active(chart, node), *_of_regions(chart, node)]
        own += _of_four(node) if version == FOUR else ()
        found += [(node, text, remedy) for text, remedy in own]
    for node, text, remedy in found:
        where = repr(node.id) if node.id else "the machine"
        notes.add("SC652", text, remedy, line_of(node.location), where)


def _of_four(node: StateNode) -> Iterator[tuple[str, str]]:
    """Find what XState 4 does differently from version 5."""
    for name in _descriptors(node):
        if name.endswith(".*"):
            text = f"XState 4 takes {name!r} for the name of one event, not for a wildcard"
            yield text, "Name the events"
    if node.kind in HISTORY:
        text = "XState 4 remembers the state after each event, not only when its parent is left"
        yield text, "Check the state it goes to after transitions inside its parent"
    if any(t.kind is TransitionKind.INTERNAL and t.targets for t in node.transitions):
        text = "XState 4 does not leave and enter states again that are active before and after"
        yield text, "Check their entry and exit actions, and their delays"


def _completed(node: StateNode, names: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    for name in _descriptors(node):
        said = name.removeprefix(DONE_STATE)
        if name.startswith(DONE_STATE) and names[said] > 1:
            text = f"{name!r} answers to each of the {names[said]} states named {said!r}"
            yield text, "Write onDone in the state itself"


def _kept_active(chart: Chart, node: StateNode) -> Iterator[tuple[str, str]]:
    """Find transitions that leave states here, which XState keeps active."""
    remedy = "Check its entry and exit actions, and its delays"
    above = {one.id for one in chart.ancestors(node.id)}
    for line in node.transitions:
        for target in line.targets:
            if chart[target].kind in HISTORY and chart[target].parent in above:
                text = f"where {target!r} remembers this state, it is left and entered here"
                yield f"{text}; XState does not leave it", remedy
        kept = _kept(chart, node, line) if line.targets else None
        if kept is not None:
            text = f"a transition to {', '.join(map(repr, line.targets))} leaves and enters the"
            yield f"{text} parallel state {kept!r} here; XState keeps it active", remedy


def _kept(chart: Chart, node: StateNode, line: Transition) -> str | None:
    """Return the parallel state that XState keeps active, and the algorithm of SCXML leaves."""
    if line.kind is TransitionKind.INTERNAL and stays_inside(chart, line):
        return node.id if node.kind is StateKind.PARALLEL and node.id else None
    above = [{one.id for one in chart.ancestors(target)} for target in line.targets]
    common = set.intersection(*above)
    nearest = next((one for one in chart.ancestors(node.id) if one.id in common), None)
    if nearest is None or nearest.kind is not StateKind.PARALLEL:
        return None
    return nearest.id or None


def _of_regions(chart: Chart, node: StateNode) -> Iterator[tuple[str, str]]:
    """Find differences in the completion and the order of regions."""
    kinds = [child.kind for child in chart.children(node.id)]
    if node.kind is StateKind.PARALLEL and StateKind.FINAL in kinds:
        text = "a region that is itself final never counts as done here, as it does in XState"
        yield text, "Put the final state inside a region"
    if _reordered(chart, node):
        text = "JavaScript puts keys that are whole numbers first, and so reorders these regions"
        yield text, "Begin their names with a letter"


def _reordered(chart: Chart, node: StateNode) -> bool:
    """Tell whether JavaScript puts the regions of a state into another order."""
    if node.kind is not StateKind.PARALLEL:
        return False
    names = [chart[region].name for region in _regions(chart, node)]
    index = {name for name in names if _INDEX.fullmatch(name)}
    return names != [*sorted(index, key=int), *(name for name in names if name not in index)]


def _prefixed(chart: Chart) -> Iterator[Difference]:
    """Find names of events that answer here to events whose names begin with them."""
    first: dict[str, StateNode] = {}
    for node in chart.nodes.values():
        for name in _descriptors(node):
            if not is_wild(name):
                first.setdefault(name, node)
    told: set[str] = set()
    for name in sorted({*first, *(event.name for event in chart.events)}):
        for prefix in prefixes(name):
            if prefix in first and prefix not in told:
                told.add(prefix)
                text = f"{prefix!r} answers to {name!r} here as well; to XState it is one event"
                yield first[prefix], text, "Rename one of them, without a dot"


def _wild(chart: Chart) -> Iterator[Difference]:
    """Find wildcards that would swallow the delays of other states in XState."""
    delayed = {node.id for node in chart.nodes.values() if _has(node, After)}
    around = {node.id for state in delayed for node in chart.ancestors(state)}
    for node in chart.nodes.values() if delayed else ():
        if "*" not in _descriptors(node):
            continue
        above = chart.ancestors(node.id)
        beside = any(one.id in around and one.kind is StateKind.PARALLEL for one in above)
        if beside or node.id in delayed or any(one.id in delayed for one in above):
            text = "'*' does not answer to delays here; in XState it answers to those of others too"
            yield node, text, "Name the events"


def _rivals(chart: Chart) -> Iterator[Difference]:
    """Find transitions of which XState takes only the inner one, where both are taken here."""
    left = _COMPARISONS
    for node in chart.nodes.values():
        if node.kind is not StateKind.PARALLEL:
            continue
        above = (node, *chart.ancestors(node.id))
        outer = [line for one in above for line in one.transitions if line.events]
        for inner in _below(chart, node) if outer else ():
            for line in inner.transitions:
                left -= len(outer)
                if left < 0:
                    return
                rival = next((o for o in outer if _both(line, o)), None)
                if rival is not None:
                    name = _names(line)[0]
                    other = repr(rival.source) if rival.source else "the machine"
                    text = f"on {name!r} the line of {other} is taken as well, for another region"
                    text += f" of {node.id or 'the machine'!r}"
                    text += f"; XState takes only that of {inner.id!r}"
                    yield inner, text, "Guard one of them"
                    break


def _below(chart: Chart, node: StateNode) -> Iterator[StateNode]:
    for child in chart.children(node.id):
        yield child
        yield from _below(chart, child)


def _both(inner: Transition, outer: Transition) -> bool:
    """Tell whether two transitions can be taken on one event: one of them leaves nothing."""
    if (inner.targets and outer.targets) or TransitionKind.FORBIDDEN in (inner.kind, outer.kind):
        return False
    pairs = list(product(_names(inner), _names(outer)))
    pairs += [(b, a) for a, b in pairs]
    return any(matches(one, other.removesuffix(".*")) for one, other in pairs)


def _names(line: Transition) -> list[str]:
    return [event for event in line.events if isinstance(event, str)]


def _descriptors(node: StateNode) -> list[str]:
    return [name for line in node.transitions for name in _names(line)]


def _has(node: StateNode, kind: type) -> bool:
    return any(isinstance(line.trigger, kind) for line in node.transitions)
