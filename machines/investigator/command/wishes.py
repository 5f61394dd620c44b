"""Wishes: what the command line asks for, by itself and against what a run was begun with."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from attrs import frozen

from machines.investigation import Investigation
from machines.investigation.scope import place
from machines.investigator.command.inputs import InputError, listed
from machines.investigator.command.state import STATE, Folder, Run

DEFAULT_FOLDER: Final = Path("investigations")
"""Where runs are kept, each in a folder with the name of its database."""


@frozen(kw_only=True)
class Wishes:
    """What the command line asks for; None is what it does not say."""

    database: Path | None = None
    question: str | None = None
    tables: tuple[str, ...] = ()
    folder: Path | None = None
    resume: bool = False
    answers: tuple[str, ...] = ()
    report: bool = True
    as_json: bool = False
    quiet: bool = False
    timeout_s: float | None = None
    steps: int | None = None
    reasoner: str | None = None
    endpoint: str | None = None
    model: str | None = None
    key_variable: str = "STATECHARTS_API_KEY"

    @property
    def asked(self) -> str | None:
        """The question, as a report can show it: one line of characters that print."""
        return None if self.question is None else one_line(self.question)

    def begun(self) -> tuple[Path, str]:
        """Return the database and the question, which a new run needs.

        Raises:
            InputError: One of them is missing.
        """
        if self.database is None or self.asked is None:
            given = {"--db": self.database, "--question": self.asked}
            missing = " and ".join(name for name, one in given.items() if one is None)
            raise InputError(f"{missing} must be given, unless --resume is.")
        if not self.asked:
            raise InputError("--question is empty: say what to find out.")
        return self.database, self.asked


def one_line(text: str) -> str:
    r"""Return a text on one line, with what no file can hold replaced.

    >>> one_line("why did\n orders  drop?"), one_line("\udcff?")
    ('why did orders drop?', '\ufffd?')
    """
    readable = text.encode("utf-8", "replace").decode() if text.isascii() else _decodable(text)
    return " ".join(
        "".join(c if c.isprintable() or c.isspace() else "\ufffd" for c in readable).split()
    )


def _decodable(text: str) -> str:
    return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)


def folder_of(wishes: Wishes) -> Folder:
    """Return the folder of the run that the command line means.

    Raises:
        InputError: It says too little, or there are several.
    """
    if not wishes.resume:
        wishes.begun()
    if wishes.folder is not None:
        return Folder(wishes.folder)
    if wishes.database is not None:
        # What the file is called counts, by whatever way it is named.
        return Folder(DEFAULT_FOLDER / wishes.database.resolve().stem)
    found = sorted(path.parent for path in DEFAULT_FOLDER.glob(f"*/{STATE}"))
    if len(found) == 1:
        return Folder(found[0])
    if not found:
        raise InputError(
            f"there is nothing to resume in {str(DEFAULT_FOLDER)!r}."
            " Name the folder of a run by --output."
        )
    raise InputError(f"which run? Name its folder by --output: {listed(map(str, found))}.")


def compare(wishes: Wishes, run: Run, investigation: Investigation, folder: Folder) -> None:
    """Hold what the command line asks for against what the run was begun with.

    Raises:
        InputError: They differ.
    """
    differ: list[str] = []
    if wishes.asked is not None and wishes.asked != run.question:
        differ.append(f"the question is {run.question!r}")
    if wishes.database is not None and str(wishes.database.resolve()) != run.database.path:
        differ.append(f"the database is {run.database.path!r}")
    scope = investigation.case.scope
    if wishes.tables and scope is not None:
        asked = {place(name, "sqlite") for name in wishes.tables}
        if asked != scope.places("sqlite"):
            differ.append(f"the tables are {listed(scope.tables)}")
    for name, given, kept in (
        ("reasoner", wishes.reasoner, run.thinking.kind),
        ("endpoint", wishes.endpoint, run.thinking.endpoint),
        ("model", wishes.model, run.thinking.model),
    ):
        if given is not None and given != kept:
            differ.append(f"the {name} is {kept!r}" if kept else f"there is no {name}")
    if differ:
        raise InputError(
            f"the run in {str(folder.path)!r} is another: {'; '.join(differ)}."
            " Leave out what it was begun with, or start anew, without --resume."
        )
