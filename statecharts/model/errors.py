"""Errors: what was found, where, what was expected, and how to fix it.

Every message has one shape, ``[SC104] where: what was found. Remedy.``, and every error keeps the
parts of its message as attributes, so that a program can act on them and a pickle brings them back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Self, final

from attrs import field, frozen

from statecharts.model.values import Value

if TYPE_CHECKING:
    from statecharts.model.chart import Chart


class StatechartError(Exception):
    """The class of every error of this library.

    Attributes:
        code: The stable code of the kind of mistake, such as ``SC206``.
        where: The place: chart, state, transition, event, as far as they are known.
        found: What was found there, and what was expected instead.
        remedy: What to do about it.

    >>> print(StatechartError("SC206", "Door", "'open' is not active", "Ask `in` first"))
    [SC206] Door: 'open' is not active. Ask `in` first.
    """

    def __init__(self, code: str, where: str, found: str, remedy: str = "") -> None:
        super().__init__(code, where, found, remedy)
        self.code = code
        self.where = where
        self.found = found
        self.remedy = remedy

    def __str__(self) -> str:
        return sentence(self.code, self.where, self.found, self.remedy)


@final
@frozen(eq=False, repr=False)
class Fault(Value):
    """One mistake in a definition: an error that has not been raised.

    Attributes:
        code: ``SC101`` to ``SC119`` (but for ``SC117``) and ``SC141`` to ``SC149`` when the chart
            cannot mean anything (structural), ``SC117`` and ``SC121`` to ``SC139`` when it can but
            is surely not meant (quality); ``SC601`` to ``SC649`` for what a
            file says and cannot be taken in, ``SC651`` and above for what is taken in with a loss.
        where: Chart, state and event that the fault is about.
        found: What was found, and what was expected instead.
        remedy: What to do about it.
        location: ``file:line`` of the declaration, when it is known.
        state: Id of the state that it is about, when it is known; ``""`` is the chart itself.
        line: Id of the line of that state that it is about (`Chart.lines`), if it is about one.
    """

    code: str
    where: str
    found: str
    remedy: str
    location: str | None = field(default=None, eq=False)
    state: str | None = field(default=None, eq=False)
    line: str | None = field(default=None, eq=False)

    @property
    def structural(self) -> bool:
        """Whether nothing can make this fault acceptable."""
        if self.code.startswith("SC1"):
            return self.code[3] in "014" and self.code != "SC117"
        return "SC600" < self.code < "SC650"

    def __str__(self) -> str:
        return sentence(self.code, self.where, self.found, self.remedy)


class DefinitionFaultError(StatechartError):
    """One fault as an exception: a member of the group that `DefinitionError` is.

    Its text is the code and the place of the declaration: a traceback shows it below the text of
    the group, which says everything else.
    """

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code, fault.where, fault.found, fault.remedy)
        self.fault = fault

    def __str__(self) -> str:
        return f"[{self.code}] {self.fault.location or self.where}"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.fault,)


class DefinitionError(ExceptionGroup[DefinitionFaultError], StatechartError):
    """Every fault of a chart's definition, all at once.

    Attributes:
        chart: Name of the chart.
        faults: The faults, in document order.
        definition: The chart with its faults, as far as one could be made of the definition, for
            `statecharts.render`; None where none could, and in a pickle.
        definitions: Every chart of the file or class that was refused, each with its faults; some
            of a file with several may have none.
    """

    chart: str
    faults: tuple[Fault, ...]
    definition: Chart | None
    definitions: tuple[tuple[Chart, tuple[Fault, ...]], ...]

    def __new__(cls, chart: str, faults: Iterable[Fault], definition: Chart | None = None) -> Self:
        """Make the group of the faults; its message holds the text of each."""
        listed = tuple(faults)
        count = "1 fault" if len(listed) == 1 else f"{len(listed)} faults"
        lines = [f"{chart}: {count} in the definition:", *(f"  {fault}" for fault in listed)]
        errors = [DefinitionFaultError(fault) for fault in listed]
        self = super().__new__(cls, "\n".join(lines), errors)
        self.chart = chart
        self.faults = listed
        self.definition = definition
        self.definitions = () if definition is None else ((definition, listed),)
        return self

    def __init__(
        self,
        chart: str,
        faults: Iterable[Fault],  # noqa: ARG002 - see __new__
        definition: Chart | None = None,  # noqa: ARG002
    ) -> None:
        codes = ", ".join(dict.fromkeys(fault.code for fault in self.faults))
        self.code = self.faults[0].code
        self.where = chart
        self.found = f"{len(self.faults)} in the definition ({codes})"
        self.remedy = "Fix each of them as it says"

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.chart, self.faults)

    def derive(self, excs: Sequence[Any], /) -> ExceptionGroup[Any]:
        """Return the part of this error that holds only ``excs`` (see `ExceptionGroup`)."""
        faults = [exc.fault for exc in excs]
        return DefinitionError(self.chart, faults, self.definition)


class ArgumentError(StatechartError, TypeError, ValueError):
    """An argument that a function does not take (SC221); nothing has been done."""


class KeywordError(StatechartError, TypeError):
    """A keyword that a declaration does not have (SC120)."""


class NoVerbError(StatechartError, AttributeError):
    """A line that is declared on a history state (SC107)."""


class StepError(StatechartError):
    """A step that could not be taken; the snapshot that was passed in still stands (SC2xx)."""


class UnknownStateError(StepError, KeyError):
    """A state of that name does not exist in the chart."""


class UnknownLineError(StepError, KeyError):
    """A line of that id does not exist in the chart."""


class InactiveStateError(StepError, KeyError):
    """The data of a state was asked for while the state is not active."""


class TimeNeededError(StepError):
    """The chart reads the time, and the caller gave none."""


class CallbackError(StepError):
    """A guard, action or data class raised; the cause is chained.

    Attributes:
        chart: Name of the chart.
        state: Id of the state that the callback belongs to.
        event: Name of the event that was being handled, or None at the start.
        role: What the callback is: ``when``, ``make``, ``update``, ``emit``, ``entry``, ``exit`` …
    """

    def __init__(
        self,
        code: str,
        where: str,
        found: str,
        remedy: str = "",
        *,
        chart: str = "",
        state: str = "",
        event: str | None = None,
        role: str = "",
    ) -> None:
        super().__init__(code, where, found, remedy)
        self.chart = chart
        self.state = state
        self.event = event
        self.role = role


class RunawayError(StepError):
    """A macrostep that does not come to rest within its bound."""


class UnhandledEventError(StepError):
    """An event that nothing in the configuration handles, where the caller asked to be told.

    Attributes:
        event: The event itself.
        configuration: The states that were active.
    """

    def __init__(
        self,
        code: str,
        where: str,
        found: str,
        remedy: str = "",
        *,
        event: object = None,
        configuration: tuple[str, ...] = (),
    ) -> None:
        super().__init__(code, where, found, remedy)
        self.event = event
        self.configuration = configuration


class ActionError(StatechartError):
    """An action that failed when it was run; the step that asked for it stands (SC505)."""


class SubscriberError(StatechartError):
    """A subscriber of a machine that failed; the step that it was told of stands (SC504)."""


def sentence(code: str, where: str, found: str, remedy: str) -> str:
    """Join the parts of a message into the one shape that all messages have.

    >>> sentence("SC101", "Door.open", "no state is called 'closde'", "Did you mean 'closed'?")
    "[SC101] Door.open: no state is called 'closde'. Did you mean 'closed'?"
    """
    text = f"[{code}] {where}: {_closed(found)}"
    return f"{text} {_closed(remedy)}" if remedy else text


def _closed(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


def how_to_install(*packages: str, requires: Iterable[str] | None = None) -> str:
    """Return the command that installs missing packages for the Python that is running.

    It works wherever the library itself came from, a wheel or a checkout, and names the versions
    that the library takes.

    Args:
        packages: Names as the package index has them.
        requires: Requirements that give their versions; by default our own.

    >>> how_to_install("parrot", requires=["parrot<3,>=2; extra == 'birds'"]).partition(" -m ")[2]
    "pip install 'parrot<3,>=2'"
    """
    # Needed only when something is missing.
    import importlib.util  # noqa: PLC0415
    import shlex  # noqa: PLC0415
    import sys  # noqa: PLC0415

    python = sys.executable or "python"
    # Environments made by uv have no pip.
    has_pip = importlib.util.find_spec("pip") is not None
    tool = (python, "-m", "pip", "install") if has_pip else ("uv", "pip", "install", "-p", python)
    known = _requirements(_own_requirements() if requires is None else requires)
    words = [*tool, *(known.get(_normal(package), package) for package in packages)]
    if sys.platform == "win32":
        return " ".join(f'"{word}"' if set(word) & set(" <>&") else word for word in words)
    return shlex.join(words)


def missing(
    what: str, package: str, extra: str | None = None, *, requires: Iterable[str] | None = None
) -> tuple[str, str]:
    """Say that something needs a package that is not installed, and how to install it.

    Args:
        what: What needs it.
        package: Its name, as the package index has it.
        extra: The extra that brings it; by default the smallest that does.
        requires: The requirements that hold the extra; by default our own.

    Returns:
        What was found, and the remedy, which names the extra and installs all of it.

    >>> parrot = ["parrot<3,>=2; extra == 'birds'"]
    >>> found, remedy = missing("the cage", "parrot", requires=parrot)
    >>> found, remedy.partition(": ")[0]
    ('the cage needs parrot, which is not installed', "Install the extra 'birds'")
    """
    # Needed only when something is missing.
    import re  # noqa: PLC0415
    from collections import Counter  # noqa: PLC0415

    known = [*(_own_requirements() if requires is None else requires)]
    extras = [
        (marker[1], requirement_name(line))
        for line in known
        if (marker := re.search(r"""extra\s*==\s*['"]([^'"]+)""", line))
    ]
    sizes = Counter(one for one, _ in extras)
    bringing = [one for one, name in extras if _normal(name) == _normal(package)]
    extra = extra or min(bringing, key=sizes.__getitem__, default=None)
    packages = [name for one, name in extras if one == extra] or [package]
    command = how_to_install(*packages, requires=known)
    shown = "it" if extra is None else f"the extra {extra!r}"
    return f"{what} needs {package}, which is not installed", f"Install {shown}: `{command}`"


def _own_requirements() -> Sequence[str]:
    import importlib.metadata  # noqa: PLC0415

    try:
        return importlib.metadata.requires("statecharts") or ()
    except importlib.metadata.PackageNotFoundError:  # a checkout on the path, never installed
        return ()


def _requirements(lines: Iterable[str]) -> dict[str, str]:
    """Return requirements without their markers, by the normalised name of the package."""
    parts = [(line, line.partition(";")[0].replace(" ", "")) for line in lines]
    return {_normal(requirement_name(line)): bare for line, bare in reversed(parts)}


def requirement_name(requirement: str) -> str:
    """Return the name of the package that a requirement is about.

    >>> requirement_name("voice_box[loud]>=2; extra == 'speech'")
    'voice_box'
    """
    import re  # noqa: PLC0415

    return re.split(r"[^A-Za-z0-9._-]", requirement.strip(), maxsplit=1)[0]


def _normal(name: str) -> str:
    return name.replace("_", "-").replace(".", "-").lower()
