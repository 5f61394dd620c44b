"""Writer: a chart as the config of a machine of XState 5."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final, final

from attrs import evolve

from statecharts.interop.documents import Document, DocumentError
from statecharts.interop.findings import Losses
from statecharts.interop.writable import remainder
from statecharts.interop.xstate.differences import javascript_order
from statecharts.interop.xstate.reader import read_again
from statecharts.interop.xstate.rows import Rows, effect_of, mentioned
from statecharts.interop.xstate.spelling import Spelling, is_plain
from statecharts.interop.xstate.structure import LOUD, QUIET, RESERVED
from statecharts.model.chart import HISTORY, ROOT, Chart, StateKind, StateNode
from statecharts.model.effects import CancelInvoke, Invoke
from statecharts.model.hooks import Hook

FORMAT: Final = "XState JSON"

_KINDS: Final = {
    StateKind.PARALLEL: {"type": "parallel"},
    StateKind.FINAL: {"type": "final"},
    StateKind.SHALLOW_HISTORY: {"type": "history", "history": "shallow"},
    StateKind.DEEP_HISTORY: {"type": "history", "history": "deep"},
}
_OF_META: Final = (QUIET | LOUD) - {"order", "delimiter"}


def dumps(chart: Chart, *, allow: Iterable[str] = ()) -> str:
    r"""Return a chart as JSON of XState 5, which Stately's tools and ``createMachine`` open.

    What XState builds with functions is written by name, and `loads` reads it again: the actions
    ``xstate.raise``, ``xstate.send``, ``xstate.sendTo``, ``xstate.cancel``, ``xstate.choose``,
    ``xstate.spawnChild`` and ``xstate.stopChild``, and the guards ``xstate.and``, ``xstate.or``,
    ``xstate.not`` and ``xstate.stateIn``, each with its arguments as ``params``.

    Args:
        chart: The chart.
        allow: Codes of losses that are accepted knowingly (SC671 to SC675), or ``*`` for all.

    Raises:
        LossError: The format cannot hold all of the chart.

    >>> from statecharts.interop import xstate
    >>> text = '{"id": "lamp", "initial": "dark", "states": {"dark": {"on": {"FLIP": "lit"}}, '
    >>> chart = xstate.loads(text + '"lit": {}}}')
    >>> xstate.loads(xstate.dumps(chart)) == chart
    True
    """
    losses = Losses(chart, FORMAT)
    written = renamed(remainder(chart, losses, _named), losses)
    held = _Writing(written, losses).machine()
    text = json.dumps(held, indent=2, ensure_ascii=False) + "\n"
    try:
        Document.of(text)  # which is bounded
        again = read_again(held)
    except DocumentError as error:
        raise losses.refuse(error) from None
    losses.compare(written, again)
    losses.settle(allow)
    return text


def renamed(chart: Chart, losses: Losses) -> Chart:
    """Return a chart whose states bear names that XState can tell apart; note the others."""
    taken: set[tuple[str | None, str]] = set()
    states: list[StateNode] = []
    for node in chart:
        name, number = node.name, 1
        while (node.parent, name) in taken or name in ("", "__proto__"):
            number += 1
            name = f"{node.name}_{number}"
        taken.add((node.parent, name))
        if name != node.name:
            with losses.about(node.id):
                found = f"XState cannot have a state called {node.name!r} where {node.id!r} is"
                losses.add("SC674", found, "Rename it", node.location)
        states.append(node if name == node.name else evolve(node, name=name))
    if not chart.name:
        losses.add("SC674", "the chart has no name, and ids begin with it", "Name it")
    return evolve(chart, name=chart.name or "_", states=tuple(states))


def _named(event: str) -> str:
    return event or "_"


@final
class _Writing:
    """A chart being written."""

    def __init__(self, chart: Chart, losses: Losses) -> None:
        self.chart = chart
        self.losses = losses
        self.spelling = Spelling(chart, self._ids(), losses)
        self.rows = Rows(chart, self.spelling, losses)

    def machine(self) -> dict[str, Any]:
        """Return the machine."""
        chart = self.chart
        if chart.context is not None:
            found = f"the context {chart.context.__name__} is not written"
            self.losses.add("SC671", found, "Keep it where the chart is run")
        self._events()
        with self.losses.about(ROOT):
            held = {"id": chart.name, **self._state(chart.root)}
        made = {ROOT: held}
        for node in chart:
            with self.losses.about(node.id):
                state = made[node.id] = self._state(node)
            made[node.parent or ROOT].setdefault("states", {})[node.name] = state
        return held

    def _events(self) -> None:
        """Note what a chart says of its events, and a machine does not."""
        typed = [event.name for event in self.chart.events if event.cls is not None]
        if typed:
            found = f"the data of the events {', '.join(typed)} is not written"
            self.losses.add("SC671", found, "Name events by their names alone")
        heard = {*mentioned(self.chart)}
        unheard = [event.name for event in self.chart.events if event.name not in heard]
        if unheard:
            found = f"the events {', '.join(unheard)} are not written: nothing names them"
            self.losses.add("SC671", found, "Use them, or take them out")
        if self.chart.closed:
            found = "that the events are all there are is not written"
            self.losses.add("SC671", found, "Leave the events open")

    def _ids(self) -> dict[str, str]:
        found: dict[str, str] = {self.chart.name: ROOT}
        for node in self.chart:
            own = node.meta.get("id")
            if isinstance(own, str) and own:
                found.setdefault(own, node.id)
        return {state: own for own, state in found.items() if state}

    # -- states ------------------------------------------------------------------------------------

    def _state(self, node: StateNode) -> dict[str, Any]:
        """Return a state without those inside it."""
        held: dict[str, Any] = {}
        if node.id in self.spelling.ids:
            held["id"] = self.spelling.ids[node.id]
        held |= _KINDS.get(node.kind, {})
        if node.doc or (not node.id and self.chart.doc):
            held["description"] = node.doc or self.chart.doc
        self._default(node, held)
        entry, exit_, invoke = self._invocations(node)
        rows = self.rows.of(node, invoke)
        for key, value in (
            ("entry", self.spelling.actions(entry)),
            ("exit", self.spelling.actions(exit_)),
            ("invoke", list(invoke.values())),
        ):
            if value:
                held[key] = value
        held |= rows
        self._meta(node, held)
        self._unsaid(node)
        return held

    def _unsaid(self, node: StateNode) -> None:
        shown = repr(node.id) if node.id else "the chart"
        if node.data is not None:
            found = f"the data {node.data.__name__} of {shown} is not written"
            self.losses.add("SC671", found, "Keep it where the chart is run", node.location)
        if node.resting:
            found = f"that nothing leaves {shown} on purpose is not written"
            self.losses.add("SC675", found, "Make it a final state", node.location)
        if node.kind is StateKind.PARALLEL:
            names = [c.name for c in self.chart.children(node.id) if c.kind not in HISTORY]
            if names != javascript_order(names):
                found = f"JavaScript puts the regions of {shown} into another order"
                remedy = "Begin their names with a letter"
                self.losses.add("SC674", found, remedy, node.location)

    def _default(self, node: StateNode, held: dict[str, Any]) -> None:
        default = node.default
        if default is None or (node.kind is StateKind.PARALLEL):
            return
        if node.kind in HISTORY:
            parent = self.chart[node.parent or ROOT]
            base = parent.default
            if parent.kind is StateKind.PARALLEL:
                regions = [c.id for c in self.chart.children(parent.id) if c.kind not in HISTORY]
                if list(default.targets) == regions and not default.emit:
                    return
            elif base is not None and (base.targets, base.emit) == (default.targets, default.emit):
                return
            if default.emit:
                found = f"the actions of the default of history {node.id!r} are not written"
                self.losses.add("SC673", found, "Make them entry actions", node.location)
            targets = [self.spelling.target(node, target) for target in default.targets]
            held["target"] = targets[0] if len(targets) == 1 else targets
            return
        children = {child: self.chart[child].name for child in node.children}
        if len(default.targets) != 1 or default.targets[0] not in children:
            shown = repr(node.id) if node.id else "the chart"
            found = f"{shown} begins in {', '.join(default.targets)}, and XState begins in a child"
            remedy = "Begin in one of its children; have that begin further inside"
            self.losses.add("SC673", found, remedy, node.location)
        target = next((t for t in (*default.targets, *children) if t in children), None)
        name = "" if target is None else children[target]
        notes = node.meta.get("initial")
        notes = notes if isinstance(notes, dict) else {}
        said = {"target": name, **notes}
        if default.emit:
            said["actions"] = self.spelling.actions(default.emit)
        held["initial"] = name if set(said) == {"target"} else said

    def _meta(self, node: StateNode, held: dict[str, Any]) -> None:
        """Write what a file said of a state besides."""
        taken = {"transitions", "invoke", "initial"} & node.meta.keys()
        if "id" in held and node.id:
            taken.add("id")
        rest: dict[str, Any] = {}
        for key, value in node.meta.items():
            shown = f"the meta {key!r} of {node.id or 'the chart'!r}"
            if not is_plain({key: value}):
                found = f"{shown} is no plain data, and is left out"
                self.losses.add("SC675", found, "Use plain data", node.location)
            elif key in taken:
                if key == "initial" and node.kind is not StateKind.COMPOUND:
                    held["initial"] = value
            elif key in _OF_META or (key == "onDone" and not node.id):
                held[key] = value
            elif key == "meta":
                held["meta"] = value
            else:
                rest[key] = value
        if not rest:
            return
        if "meta" in held or RESERVED & rest.keys():
            names = ", ".join(map(repr, rest))
            found = f"the meta {names} of {node.id or 'the chart'!r} would be taken for another"
            self.losses.add("SC675", found, "Rename it", node.location)
        held["meta"] = rest

    def _invocations(
        self, node: StateNode
    ) -> tuple[tuple[Hook, ...], tuple[Hook, ...], dict[str, dict[str, Any]]]:
        """Take apart what a state does on entry and exit, and what it starts and stops."""
        count = 0
        while count < min(len(node.entry), len(node.exit)):
            started = effect_of(node.entry[-count - 1])
            stopped = effect_of(node.exit[-count - 1])
            if not isinstance(started, Invoke) or not isinstance(stopped, CancelInvoke):
                break
            if started.id != stopped.id or not started.id or not started.source:
                break
            count += 1
        if not count:
            return node.entry, node.exit, {}
        notes = node.meta.get("invoke")
        notes = notes if isinstance(notes, dict) else {}
        found: dict[str, dict[str, Any]] = {}
        for hook in node.entry[-count:]:
            effect = effect_of(hook)
            assert isinstance(effect, Invoke)  # noqa: S101 - for the type checker
            given = self.spelling.plain(effect.data, f"the input of {effect.id!r}")
            one: dict[str, Any] = {"src": effect.source, "id": effect.id}
            if given:
                one["input"] = given
            more = notes.get(effect.id)
            if isinstance(more, dict) and is_plain(more):
                one |= {key: value for key, value in more.items() if key not in one}
            if effect.id in found:
                text = f"{node.id or 'the chart'!r} invokes two services as {effect.id!r}"
                self.losses.add("SC674", text, "Give each an id of its own", node.location)
            found[effect.id] = one
        return node.entry[:-count], node.exit[:-count], found
