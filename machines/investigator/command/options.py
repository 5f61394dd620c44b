"""Options: the command line, by itself and compared with the run that it resumes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from attrs import frozen

from machines.investigation import Investigation
from machines.investigation.scope import place
from machines.investigator.command.inputs import InputError, listed
from machines.investigator.command.state import STATE, Folder, Run, Thinking
from machines.investigator.reasoning import OpenAIReasoner, ReasonerError, RuleBasedReasoner
from machines.investigator.reasoning.reasoner import Reasoner
from machines.investigator.secrets import Secret

DEFAULT_FOLDER: Final = Path("investigations")
"""The folder of runs, each in a folder named after its database."""


@frozen(kw_only=True)
class Options:
    """The options of the command line; one that is not given is None."""

    database: Path | None = None
    question: str | None = None
    tables: tuple[str, ...] = ()
    folder: Path | None = None
    resume: bool = False
    answers: tuple[str, ...] = ()
    no_report: bool = False
    as_json: bool = False
    quiet: bool = False
    timeout_s: float | None = None
    steps: int | None = None
    reasoner: str | None = None
    endpoint: str | None = None
    model: str | None = None
    key_variable: str = "STATECHARTS_API_KEY"
    temporal: str | None = None

    @property
    def asked(self) -> str | None:
        """The question as one line of printable characters, for a report."""
        return None if self.question is None else one_line(self.question)

    def required(self) -> tuple[Path, str]:
        """Return the database and the question, which a new run needs.

        Raises:
            InputError: One of them is missing.
        """
        if self.database is None or self.asked is None:
            given = {"--db": self.database, "--question": self.asked}
            missing = " and ".join(name for name, one in given.items() if one is None)
            raise InputError(f"{missing} must be given, unless --resume is.")
        if not self.asked:
            raise InputError("--question is empty. Say what to find out.")
        return self.database, self.asked


def one_line(text: str) -> str:
    r"""Return a string on one line, with characters that no file can hold replaced.

    >>> one_line("why did\n orders  drop?"), one_line("\udcff?")
    ('why did orders drop?', '\ufffd?')
    """
    readable = text.encode("utf-8", "replace").decode() if text.isascii() else _decodable(text)
    return " ".join(
        "".join(c if c.isprintable() or c.isspace() else "\ufffd" for c in readable).split()
    )


def _decodable(text: str) -> str:
    return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)


def folder_of(options: Options) -> Folder:
    """Return the folder of the run.

    Raises:
        InputError: The options do not say which one.
    """
    if not options.resume:
        options.required()
    if options.folder is not None:
        return Folder(options.folder)
    if options.database is not None:
        # The file's own name counts, not that of a link to it.
        return Folder(DEFAULT_FOLDER / options.database.resolve().stem)
    found = sorted(path.parent for path in DEFAULT_FOLDER.glob(f"*/{STATE}"))
    if len(found) == 1:
        return Folder(found[0])
    if not found:
        raise InputError(
            f"there is nothing to resume in {str(DEFAULT_FOLDER)!r}."
            " Name the folder of a run by --output."
        )
    raise InputError(f"there are several runs. Name one by --output: {listed(map(str, found))}.")


def compare(options: Options, run: Run, investigation: Investigation, folder: Folder) -> None:
    """Compare the options with those that the run began with.

    Raises:
        InputError: They differ.
    """
    differ: list[str] = []
    if options.asked is not None and options.asked != run.question:
        differ.append(f"the question is {run.question!r}")
    if options.database is not None and str(options.database.resolve()) != run.database.path:
        differ.append(f"the database is {run.database.path!r}")
    scope = investigation.case.scope
    if options.tables and scope is not None:
        asked = {place(name, "sqlite") for name in options.tables}
        if asked != scope.places("sqlite"):
            differ.append(f"the tables are {listed(scope.tables)}")
    for name, given, kept in (
        ("reasoner", options.reasoner, run.thinking.kind),
        ("endpoint", options.endpoint, run.thinking.endpoint),
        ("model", options.model, run.thinking.model),
    ):
        if given is not None and given != kept:
            differ.append(f"the {name} is {kept!r}" if kept else f"there is no {name}")
    if differ:
        raise InputError(
            f"the run in {str(folder.path)!r} is another: {'; '.join(differ)}."
            " Leave those options out, or start a new run without --resume."
        )


def thinking_of(kind: str | None, endpoint: str | None, model: str | None) -> Thinking:
    """Return the kind of reasoner that the command line chooses.

    Raises:
        InputError: The endpoint or the model is missing, or not wanted.
    """
    given = [
        name for name, one in (("--endpoint", endpoint), ("--model", model)) if one is not None
    ]
    if kind != "openai":
        if given:
            needs = "need" if len(given) > 1 else "needs"
            raise InputError(f"{' and '.join(given)} {needs} --reasoner openai.")
        return Thinking()
    lacks = [name for name, one in (("--endpoint", endpoint), ("--model", model)) if not one]
    if lacks:
        raise InputError(f"--reasoner openai needs {' and '.join(lacks)}.")
    return Thinking("openai", endpoint, model)


def reasoner_for(thinking: Thinking, timeout_s: float, variable: str) -> Reasoner:
    """Return the reasoner; its key is in an environment variable, if there is one.

    Raises:
        InputError: The endpoint is not a usable URL.
    """
    if thinking.kind == "rules":
        return RuleBasedReasoner()
    text = os.environ.get(variable, "").strip()
    key = Secret(text) if text else None
    try:
        return OpenAIReasoner(
            thinking.endpoint or "", thinking.model or "", key, timeout_s=timeout_s
        )
    except (ReasonerError, ValueError) as error:
        found = getattr(error, "found", "the URL cannot be read")
        remedy = getattr(error, "remedy", "Name it in full, as in http://host/v1")
        raise InputError(f"--endpoint: {found}. {remedy}.") from None


def shows_the_key(thinking: Thinking, variable: str) -> bool:
    """Tell whether a key would go over the network without encryption."""
    if not thinking.endpoint or not os.environ.get(variable, "").strip():
        return False
    parts = urlsplit(thinking.endpoint)
    return parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}


def thinking_text(thinking: Thinking) -> str:
    """Name the reasoner.

    >>> thinking_text(Thinking()), thinking_text(Thinking("openai", "http://localhost/v1", "small"))
    ('rules', 'the model small at http://localhost/v1')
    """
    if thinking.kind == "rules":
        return "rules"
    return f"the model {thinking.model} at {thinking.endpoint}"
