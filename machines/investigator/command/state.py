"""The state of a run on disk, from which another process can continue."""

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
from statecharts.cli.terminal import json_text
from statecharts.model.errors import StatechartError

FORMAT: Final = "statecharts investigation run"
VERSION: Final = 1
STATE: Final = "run.json"
REPORT: Final = "report.md"
PICTURE: Final = "chart.svg"

ReasonerKind: TypeAlias = Literal["rules", "openai"]


@frozen
class Thinking:
    """The choice of a reasoner. A key is never part of it."""

    kind: ReasonerKind = "rules"
    endpoint: str | None = None
    model: str | None = None


@frozen
class Carried:
    """An attempt at a call: its seconds, and its failure, if it failed."""

    took_s: float
    failure: str | None = None


@define
class Run:
    """The stored state of a run.

    Attributes:
        question: The question.
        database: The database.
        thinking: The reasoner.
        timeout_s: Time limit of an attempt at a call, in seconds.
        steps: Greatest number of steps.
        snapshot: The snapshot of the investigation, by its protocol.
        calls: The attempts, by the id of the call.
        phases: Seconds spent in each phase.
        notes: Notes for the reader of the result.
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
        """Return the state as JSON."""
        told = {"format": FORMAT, "version": VERSION, **_CONVERTER.unstructure(self)}
        # Escaped are also the bytes of a file's name that is not UTF-8; they come back unchanged.
        return f"{json_text(told, indent=1)}\n".encode()

    @classmethod
    def loads(cls, text: bytes, name: str) -> Self:
        """Read a state.

        Raises:
            InputError: It was not written by this version.
        """
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            raise InputError(f"{name} cannot be read: it is not JSON. {_ANEW}") from None
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
        """Return the investigation to continue.

        Raises:
            InputError: The snapshot is of another version of the chart.
        """
        try:
            return Investigation.restore(self.snapshot)
        except StatechartError as error:
            raise InputError(f"{name} cannot be resumed: {error} {_ANEW}") from None


_ANEW: Final = "Start a new run without --resume."
_CONVERTER: Final = Converter(forbid_extra_keys=True)


class Folder:
    """The folder of a run: its state, its report, its picture.

    After the first write that fails, ``trouble`` says why, and nothing is written any more.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.trouble: str | None = None
        self._lock: int | None = None

    @property
    def state(self) -> Path:
        """Path of the state."""
        return self.path / STATE

    @property
    def report(self) -> Path:
        """Path of the report."""
        return self.path / REPORT

    @property
    def picture(self) -> Path:
        """Path of the picture."""
        return self.path / PICTURE

    def claim(self) -> None:
        """Claim the folder, which is made if there is none, until `release` or the process's end.

        Where a folder cannot be locked, as on Windows, nothing is claimed.

        Raises:
            InputError: Another investigation has claimed it.
        """
        with suppress(ImportError, OSError):
            import fcntl  # noqa: PLC0415 - Windows does not have it

            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.path, os.O_RDONLY)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InputError(
                    f"another investigation is under way in {str(self.path)!r}."
                    " Wait for it, or name another folder by --output."
                ) from None

    def release(self) -> None:
        """Let others claim the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def load(self) -> Run:
        """Return the run in the folder.

        Raises:
            InputError: There is none, or it cannot be read.
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
        """Make room for a new run; return the files that were renamed, with their new names.

        The report and picture of a run that is over are removed. Files of another run, or of other
        programs, are renamed.
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
        """Write a file of the folder, whole or not at all; return whether it was written."""
        if self.trouble is not None:
            return False
        # Always the same name, so that a leftover of a crash is overwritten.
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
        """Tell whether the run in the folder is over."""
        try:
            return self.load().investigation("it").is_terminal
        except InputError:
            return False


def _free_name(path: Path) -> Path:
    """Return a free name beside a path, such as ``run-1.json`` beside ``run.json``."""
    number = 1
    while (free := path.with_name(f"{path.stem}-{number}{path.suffix}")).exists():
        number += 1
    return free
