"""Finals: states that are final and yet are left, as XState lets them be."""

from __future__ import annotations

from statecharts.interop.drafts import Draft
from statecharts.interop.xstate.notes import Notes, element
from statecharts.model.chart import Done, StateKind


def settle_finals(root: Draft, notes: Notes) -> None:
    """Take transitions away from final states, or finality from states that have transitions.

    A chart here, as in SCXML, is done with a region once its final state is active; XState lets the
    state go on. At the top, the machine has stopped, and the lines are never taken. Further down,
    finality matters only where somebody waits for it; where nobody does, the state is an ordinary
    one. What is left is refused with the rest (SC107).
    """
    for draft in root.walk():
        if draft.kind is not StateKind.FINAL or not draft.transitions or draft.parent is None:
            continue
        parent = draft.parent
        if parent is root and root.kind is StateKind.COMPOUND:
            draft.transitions.clear()
            found = "the machine has stopped in this final state; what leaves it is left out"
            notes.add("SC651", found, "Take it out", draft.line, element(draft))
        elif not _awaited(parent):
            draft.kind = StateKind.ATOMIC
            name = parent.name
            found = f"a final state that can be left; nothing waits for {name!r} to be done, so it"
            found = f"{found} is read as an ordinary one"
            notes.add("SC651", found, 'Take "type": "final" out', draft.line, element(draft))


def _awaited(state: Draft) -> bool:
    """Tell whether anything comes of a state being done."""
    at: Draft | None = state
    while at is not None:
        if at.parent is None or any(isinstance(line.trigger, Done) for line in at.transitions):
            return True
        at = at.parent if at.parent.kind is StateKind.PARALLEL else None
    return False
