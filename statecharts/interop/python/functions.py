"""Functions: the code of a written module that is not a declaration: guards, actions, delays.

What a chart says as data becomes code that does the same. What it knows by name alone, or has as
code that cannot be imported, becomes a function that nobody has written yet, and that says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, final

from attrs import evolve, frozen

from statecharts.interop.findings import Losses
from statecharts.interop.python.classes import is_importable
from statecharts.interop.python.fields import Parameters
from statecharts.interop.python.imports import Imports
from statecharts.interop.python.layout import (
    Brackets,
    Chain,
    Grouped,
    Labelled,
    Piece,
    docstring,
    fits,
    flat,
    lay,
    quoted,
)
from statecharts.interop.python.names import Names, function_name, legible
from statecharts.interop.python.vocabulary import Vocabulary
from statecharts.model.chart import OnEvent, StateNode, Trigger
from statecharts.model.hooks import Hook
from statecharts.model.named import AllOf, AnyOf, Bound, Branch, Choose, Give, Holds, In, Named, Not

_STEP: Final = 4
_CONSTANTS: Final = ("True", "False")


@final
@frozen
class Place:
    """Where a hook stands.

    Attributes:
        name: What a function of its own is called, when the hook needs one.
        data: The class of the data that the moment has.
        events: The events that it may be called on; None when that is not known.
        indent: How far in it may come to stand; a lambda has to fit on a line there.
    """

    name: str
    data: type | None
    events: tuple[type | str, ...] | None = None
    indent: int = 0

    @classmethod
    def of(cls, node: StateNode, role: str, trigger: Trigger | None = None) -> Place:
        """Return the place of a hook of a state, or of one of its transitions."""
        events = trigger.events if isinstance(trigger, OnEvent) else None
        return cls(role, node.data, events, _STEP * (node.id.count(".") + 2))

    def called(self, verb: str) -> Place:
        """Return this place with a verb before its name."""
        return evolve(self, name=f"{verb}_{self.name}")


@final
class Functions:
    """The functions of one module, in the order in which they are first needed.

    Args:
        vocabulary: The classes of the module.
        names: The names of the module.
        imports: Its imports.
        losses: Where losses go.
    """

    def __init__(
        self, vocabulary: Vocabulary, names: Names, imports: Imports, losses: Losses
    ) -> None:
        self.vocabulary = vocabulary
        self.names = names
        self.imports = imports
        self.losses = losses
        self.guards: list[list[str]] = []
        self.actions: list[list[str]] = []
        self.states: Mapping[str, str] = {}
        """How the states of the present chart are written, by the ids that hooks name."""
        self.known: set[str] = set()
        """The states whose declarations are written already; type checkers know only them."""
        self._early = False
        self._named: dict[str, tuple[str, Parameters]] = {}
        self._stubs: dict[int, str] = {}

    def expect(self, uses: Iterable[tuple[Named, Place]]) -> None:
        """Declare the guards that are known by name, each with all that is known of its uses."""
        known: dict[str, list[tuple[Named, Place]]] = {}
        for use in uses:
            known.setdefault(use[0].name, []).append(use)
        for name, several in known.items():
            parameters = Parameters.of([guard.data for guard, _ in several])
            called = self.names.take(function_name(legible(name), "guard"))
            self._named[name] = (called, parameters)
            docs = dict.fromkeys(guard.doc for guard, _ in several if guard.doc)
            self.guards.append(self._unwritten_guard(name, called, parameters, several, docs))

    def guard(self, hook: Hook, place: Place) -> Piece:
        """Return what ``when=`` takes for a guard."""
        self._early = False
        expression = self._condition(hook, place)
        bare = flat(expression).removesuffix("(m)")
        if bare.isidentifier() and flat(expression) == f"{bare}(m)":
            return bare
        text = flat(expression)
        used = "_" if text in _CONSTANTS else "m"
        written = f"lambda {used}: {text}"
        if fits(f"when={written},", place.indent) and not self._early:
            return written
        return self._tested(expression, place, hook.name)

    def _tested(self, expression: Piece, place: Place, said: str) -> str:
        """Return the name of a function of its own for an expression."""
        name = self.names.take(f"may_{place.name}")
        used = "_m" if flat(expression) in _CONSTANTS else "m"
        lines = [f"def {name}({self._moment(place, used)}) -> bool:"]
        lines += docstring(f"Tell whether {_said(said)} holds", _STEP)
        self.guards.append([*lines, *_returned(expression)])
        return name

    def action(self, hooks: tuple[Hook, ...], place: Place) -> Piece:
        """Return what ``entry=``, ``exit=`` and ``emit=`` take for some actions."""
        given = [_reference(hook.function) for hook in hooks]
        effects = [one.effect for one in given if isinstance(one, Give)]
        if len(effects) == len(hooks):
            made = tuple(map(self.vocabulary.effect, effects))
            piece = made[0] if len(made) == 1 else Brackets("(", made)
            written = f"lambda _: {flat(piece)}"
            if fits(f"entry={written},", place.indent):
                return written
        elif len(hooks) == 1 and not isinstance(given[0], Choose):
            return self._code(hooks[0], place, "Effect | Iterable[Effect] | None")
        body = [line for hook in hooks for line in self._statements(hook, place, 4)]
        used = "m" if any(_uses_moment(line) for line in body) else "_m"
        name = self.names.take(place.name)
        result = f"{self.imports.need('Iterator')}[{self.imports.need('Effect')}]"
        head = f"def {name}({self._moment(place, used)}) -> {result}:"
        done = "; ".join(hook.name for hook in hooks)
        self.actions.append([head, *docstring(f"Do {_said(done)}", 4), *body])
        return name

    def maker(self, hook: Hook, place: Place, result: type | None) -> Piece:
        """Return what ``make=`` and ``update=`` take."""
        shown = self.imports.need("Any") if result is None else self.imports.reference(result)
        return self._code(hook, place, shown)

    def delay(self, hook: Hook, place: Place) -> Piece:
        """Return what ``after`` takes for a delay that is worked out."""
        return self._code(hook, place, self.imports.need("timedelta"))

    def _condition(self, hook: Hook, place: Place) -> Piece:
        """Return a guard as an expression over the moment ``m``."""
        match _reference(hook.function):
            case Named(name, data):
                called, parameters = self._named[name]
                return Brackets(f"{called}(", ("m", *parameters.arguments(data)))
            case In(state):
                self._early = self._early or state not in self.known
                return f"{self.states.get(state, quoted(state))} in m"
            case Holds(value):
                return str(value)
            case Not(guard):
                return _negated(self._condition(guard, place))
            case AllOf(guards):
                return self._joined("and", guards, place, neutral=True)
            case AnyOf(guards):
                return self._joined("or", guards, place, neutral=False)
            case _:
                return f"{flat(self._code(hook, place, 'bool'))}(m)"

    def _joined(
        self, operator: str, guards: tuple[Hook, ...], place: Place, *, neutral: bool
    ) -> Piece:
        """Join guards; those that change nothing are left out."""
        operands: list[Piece] = []
        for guard in guards:
            operand = self._condition(guard, place)
            if flat(operand) == str(not neutral):
                return operand
            if isinstance(operand, Chain) and operand.operator == operator:
                operands += operand.operands
            elif flat(operand) != str(neutral):
                operands.append(_grouped(operand))
        if not operands:
            return str(neutral)
        (first, *others) = operands
        return Chain(operator, tuple(operands)) if others else _bare(first)

    def _statements(self, hook: Hook, place: Place, indent: int) -> list[str]:
        match _reference(hook.function):
            case Give(effect):
                return lay(self.vocabulary.effect(effect), indent, "yield ")
            case Choose(branches):
                return self._branches(branches, place, indent)
            case _:
                name = flat(self._code(hook, place, "Effect | Iterable[Effect] | None"))
                return [f"{' ' * indent}yield from {self.imports.need('effects_of')}({name}(m))"]

    def _branches(self, branches: tuple[Branch, ...], place: Place, indent: int) -> list[str]:
        space = " " * indent
        lines: list[str] = []
        live = _live(branches)
        if not live:
            return [f"{space}yield from ()"]
        for number, branch in enumerate(live):
            body = [s for hook in branch.actions for s in self._statements(hook, place, indent + 4)]
            if branch.guard is None and number:
                lines.append(f"{space}else:")
            else:
                test: Piece = "True"
                if branch.guard is not None:
                    test = self._condition(branch.guard, place)
                    if not fits(f"elif {flat(test)}:", indent):
                        test = f"{self._tested(test, place, branch.guard.name)}(m)"
                lines += lay(test, indent, "elif " if number else "if ", ":")
            lines += body or [f"{space}    pass"]
            if branch.guard is None:
                break
        return lines

    def _code(self, hook: Hook, place: Place, result: str) -> Piece:
        """Return the name of a function: an imported one, or one that is still to be written."""
        function = hook.function
        if is_importable(function):
            return self.imports.reference(function)
        key = id(function)
        if key not in self._stubs:
            found = f"the code of {hook.name!r} is not written, for it cannot be imported"
            if not isinstance(function, Named):
                self.losses.add("SC672", found, "Make it a function of a module")
            for word in ("Effect", "Iterable"):
                if word in result:
                    self.imports.need(word)
            own = hook.name if hook.name.isidentifier() and hook.name != "lambda" else place.name
            name = self._stubs[key] = self.names.take(function_name(own, "code"))
            said = _said(hook.name)
            doc = f"Tell whether {said} holds" if result == "bool" else f"Give {said}"
            block = [
                f"def {name}({self._moment(place, 'm')}) -> {result}:",
                *docstring(doc, 4),
                '    raise NotImplementedError("write here what was code elsewhere")',
            ]
            (self.guards if result == "bool" else self.actions).append(block)
        return self._stubs[key]

    def _unwritten_guard(
        self,
        name: str,
        called: str,
        parameters: Parameters,
        several: list[tuple[Named, Place]],
        docs: Iterable[str],
    ) -> list[str]:
        uses = [place.events for _, place in several]
        events: tuple[type | str, ...] | None = None
        if None not in uses:
            events = tuple(dict.fromkeys(event for use in uses for event in use or ()))
        data = several[0][1].data
        same = all(place.data is data for _, place in several)
        place = Place(called, data if same else None, events)
        items: list[Piece] = [self._moment(place, "m")]
        if parameters.fields:
            items += ["*", *(parameter.text for parameter in parameters.fields)]
            if parameters.wants_any:
                self.imports.need("Any")
        said = "\n\n".join([f"Tell whether {_said(name)} holds.", *docs])
        return [
            *lay(Brackets(f"def {called}(", tuple(items)), 0, "", " -> bool:"),
            *docstring(said, 4),
            '    raise NotImplementedError("nobody has said yet when this holds")',
        ]

    def _moment(self, place: Place, name: str) -> str:
        """Return the parameter that a function takes its moment by."""
        moment, known = self.imports.need("Moment"), self.imports.need("Any")
        data = known if place.data is None else self.imports.reference(place.data)
        event = known if place.events is None else self.vocabulary.annotation(place.events)
        return f"{name}: {moment}[{data}, {event}]"


def _reference(function: Any) -> Any:
    return function.reference if isinstance(function, Bound) else function


def _grouped(piece: Piece) -> Piece:
    return Grouped(piece) if isinstance(piece, Chain) else piece


def _bare(piece: Piece) -> Piece:
    return piece.chain if isinstance(piece, Grouped) else piece


def _negated(piece: Piece) -> Piece:
    """Return the opposite of an expression."""
    if isinstance(piece, Labelled):
        return _bare(piece.piece)
    text = flat(piece)
    if text in _CONSTANTS:
        return str(text != "True")
    if isinstance(piece, str) and text.endswith(" not in m"):
        return f"{text.removesuffix(' not in m')} in m"
    if isinstance(piece, str) and text.endswith(" in m"):
        return f"{text.removesuffix(' in m')} not in m"
    return Labelled("not ", _grouped(piece))


def _returned(expression: Piece) -> list[str]:
    """Return the statements that give the value of an expression.

    Two operands that do not fit on one line become two statements: that reads better than any way
    of breaking them.
    """
    text = f"return {flat(expression)}"
    if isinstance(expression, Chain) and not fits(text, _STEP) and len(expression.operands) == 2:  # noqa: PLR2004 - what else is two
        first, second = map(_bare, expression.operands)
        every = expression.operator == "and"
        test = _negated(first) if every else first
        lines = lay(test, _STEP, "if ", ":")
        return [*lines, f"{' ' * 2 * _STEP}return {not every}", *_returned(second)]
    return lay(expression, _STEP, "return ")


def _uses_moment(line: str) -> bool:
    return any(use in line for use in ("(m)", "(m, ", " in m"))


def _said(text: str) -> str:
    """Quote what the file says, on one line."""
    shown = " ".join(text.split())
    return f"``{shown}``"


def _live(branches: Iterable[Branch]) -> list[Branch]:
    """Return the branches that can be taken; one that always is stands without a guard."""
    found: list[Branch] = []
    for branch in branches:
        always = None if branch.guard is None else branch.guard.function
        if always == Holds(value=False):
            continue
        found.append(evolve(branch, guard=None) if always == Holds(value=True) else branch)
    return found
