"""The state of a run: what is kept of it on disk, so that another process can go on."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Literal, Self, TypeAlias

from attrs import Factory, define, frozen
from cattrs import Converter, transform_error

from machines.investigation import Investigation
from machines.investigator.command.database import Identity
from machines.investigator.command.inputs import InputError
from statecharts.model.errors import StatechartError

FORMAT: Final = "statecharts investigation run"
VERSION: Final = 1
STATE: Final = "run.json"
REPORT: Final = "report.md"
PICTURE: Final = "chart.svg"

ReasonerKind: TypeAlias = Literal["rules", "openai"]


@frozen
class Thinking:
    """Who thinks in a run. A key is never part of it."""

    kind: ReasonerKind = "rules"
    endpoint: str | None = None
    model: str | None = None


@frozen
class Carried:
    """How an attempt at a call went: how many seconds it took, and why it failed, if it did."""

    took_s: float
    failure: str | None = None


@define
class Run:
    """All that is kept of a run.

    Attributes:
        question: What is asked.
        database: What it is asked of.
        thinking: Who thinks.
        timeout_s: How many seconds an attempt at a call may take.
        steps: How many steps there may be.
        snapshot: The investigation, as its protocol has it.
        calls: How the attempts went, by the id of the call.
        phases: How many seconds were spent in each phase.
        notes: What whoever reads the result should know.
    """

    question: str
    database: Identity
    thinking: Thinking
    timeout_s: float
    steps: int
    snapshot: dict[str, Any] = Factory(dict)
    calls: dict[str, Carried] = Factory(dict)
    phases: dict[str, float] = Factory(dict)
    notes: list[str] = Factory(list)

    def note(self, text: str) -> None:
        """Keep a note, once."""
        if text not in self.notes:
            self.notes.append(text)

    def dumps(self) -> bytes:
        """Return it as JSON."""
        told = {"format": FORMAT, "version": VERSION, **_CONVERTER.unstructure(self)}
        text = json.dumps(told, ensure_ascii=False, indent=1) + "\n"
        # The name of a file may be no UTF-8, and is to come back as it was.
        return text.encode("utf-8", "surrogatepass")

    @classmethod
    def loads(cls, text: bytes, name: str) -> Self:
        """Read it.

        Raises:
            InputError: It is nothing that this version has written.
        """
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            raise InputError(f"{name} cannot be read: it is no JSON. {_ANEW}") from None
        if not isinstance(found, dict) or found.pop("format", None) != FORMAT:
            raise InputError(f"{name} is not the state of an investigation. {_ANEW}")
        version = found.pop("version", None)
        if version != VERSION:
            raise InputError(
                f"{name} is of version {version!r}; this is version {VERSION}. {_ANEW}"
            )
        try:
            return _CONVERTER.structure(found, cls)
        except Exception as error:  # noqa: BLE001 - whatever cattrs raises, the file is at fault
            [first, *_] = transform_error(error)
            raise InputError(f"{name} cannot be read: {first}. {_ANEW}") from None

    def investigation(self, name: str) -> Investigation:
        """Return the investigation that it goes on with.

        Raises:
            InputError: The snapshot is not one of this version of the chart.
        """
        try:
            return Investigation.restore(self.snapshot)
        except StatechartError as error:
            raise InputError(f"{name} cannot be gone on with: {error} {_ANEW}") from None


_ANEW: Final = "Start anew, without --resume."
_CONVERTER: Final = Converter(forbid_extra_keys=True)


class Folder:
    """The folder of a run: its state, its report, its picture.

    Where it cannot be written, that is said once, by the error that the first write raises; then
    nothing is written any more.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.trouble: str | None = None

    @property
    def state(self) -> Path:
        """Where the state is."""
        return self.path / STATE

    @property
    def report(self) -> Path:
        """Where the report is."""
        return self.path / REPORT

    @property
    def picture(self) -> Path:
        """Where the picture of the run is."""
        return self.path / PICTURE

    def load(self) -> Run:
        """Return the run that is there.

        Raises:
            InputError: There is none, or none that can be read.
        """
        try:
            text = self.state.read_bytes()
        except FileNotFoundError:
            raise InputError(
                f"there is nothing to resume in {str(self.path)!r}: no {STATE}."
                " Name the folder of a run by --output, or leave --resume out."
            ) from None
        except OSError as error:
            raise InputError(f"{str(self.state)!r} cannot be read: {error.strerror}.") from None
        return Run.loads(text, repr(str(self.state)))

    def clear(self) -> list[tuple[Path, Path]]:
        """Make way for a new run; return what was moved aside, and where.

        A run that has come to its end makes way with its report. What has not, or is nothing of
        ours, is moved aside.
        """
        moved: list[tuple[Path, Path]] = []
        with suppress(OSError):
            ours = self._is_over()
            if ours:
                self.report.unlink(missing_ok=True)
                self.picture.unlink(missing_ok=True)
                return moved
            for path in (self.state, self.report, self.picture):
                if path.exists():
                    aside = _free_name(path)
                    path.rename(aside)
                    moved.append((path, aside))
        return moved

    def write(self, path: Path, text: bytes) -> bool:
        """Write a file of the folder, whole or not at all; say whether that was done."""
        if self.trouble is not None:
            return False
        # Always of the same name: what a crash leaves behind is used again.
        part = path.with_name(f".{path.name}.part")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            self.trouble = f"{str(self.path)!r} cannot be written: {error.strerror or error}"
            with suppress(OSError):
                part.unlink(missing_ok=True)
            return False
        return True

    def _is_over(self) -> bool:
        """Tell whether the run that is there has come to its end."""
        try:
            return self.load().investigation("it").is_terminal
        except InputError:
            return False


def _free_name(path: Path) -> Path:
    """Return a name beside a path that nothing has, as ``run-1.json`` beside ``run.json``."""
    number = 1
    while (free := path.with_name(f"{path.stem}-{number}{path.suffix}")).exists():
        number += 1
    return free
