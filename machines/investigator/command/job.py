"""The job: from what the command line asks for to a result, with everything that belongs to it."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Final, final

from rich.console import Console
from rich.text import Text

from machines.investigation import Investigation, Policy, Scope, Start
from machines.investigator.command.asking import Asker
from machines.investigator.command.database import Database, Identity
from machines.investigator.command.inputs import need
from machines.investigator.command.progress import Alive, Plain, Silent, View
from machines.investigator.command.result import Result, failed_calls, no_result
from machines.investigator.command.running import (
    INTERRUPTED,
    Interruption,
    Recorder,
    carry_on,
    save,
)
from machines.investigator.command.state import Folder, Run
from machines.investigator.command.thinking import (
    reasoner_for,
    shows_the_key,
    thinking_of,
    told,
)
from machines.investigator.command.toolboxes import Toolboxes
from machines.investigator.command.wishes import Wishes, compare, folder_of
from machines.investigator.runtime import Bounds, LocalInvestigator
from statecharts.cli.terminal import console, count_text, print_error, print_json

_TIMEOUT_S: Final = 60.0
_STEPS: Final = 1_000
_POLICY: Final = Policy(calls=500)  # many tables, and wide ones, have many columns to look at


@final
class Job:
    """One investigation on the command line."""

    def __init__(self, wishes: Wishes) -> None:
        self.wishes = wishes
        self._out = console()
        self._err = console(err=True)
        self._view = _view(wishes, self._err)
        self._stack = ExitStack()
        self._told_trouble = False
        self._told_result = False
        self._database: Database

    def do(self) -> int:
        """Do all of it, and return the exit status.

        Raises:
            InputError: The command line names something that cannot be used.
        """
        with Interruption(self._view.end) as interruption, self._stack:
            try:
                return self._do(interruption)
            except KeyboardInterrupt:
                # Before there was a run, or after it: what was written by then is whole.
                self._view.end()
                print_error(self._err, "interrupted.")
                if self.wishes.as_json and not self._told_result:
                    print_json(no_result("interrupted", "it was interrupted before it began"))
                return INTERRUPTED

    def _do(self, interruption: Interruption) -> int:
        folder = folder_of(self.wishes)
        run, investigation = self._resumed(folder) if self.wishes.resume else self._new(folder)
        if not investigation.is_terminal:
            interruption.stops(lambda: None)  # once it runs, it will see that it is to stop
            investigation = self._carry_on(run, investigation, folder, interruption)
            interruption.stops(None)
        return self._finish(run, investigation, folder)

    # --- Beginning --------------------------------------------------------------------------------

    def _new(self, folder: Folder) -> tuple[Run, Investigation]:
        """Begin anew."""
        wishes = self.wishes
        path, question = wishes.begun()
        need("sqlglot")
        thinking = thinking_of(wishes.reasoner, wishes.endpoint, wishes.model)
        reasoner_for(thinking, _TIMEOUT_S, wishes.key_variable)
        database = self._stack.enter_context(Database(path))
        scope, left_out = database.scope(wishes.tables)
        run = Run(question, database.identity, thinking, _TIMEOUT_S, _STEPS)
        for text in left_out:
            self._warn(run, text)
        for before, after in folder.clear():
            what = "an unfinished run" if before == folder.state else f"a {before.name}"
            self._say(f"{what} lies in {str(folder.path)!r}: it is kept as {after.name!r}")
        investigation = Investigation()
        investigation.ingest(Start(question, scope, _POLICY))
        self._bound(run)
        save(run, investigation, folder)
        self._database = database
        return run, investigation

    def _resumed(self, folder: Folder) -> tuple[Run, Investigation]:
        """Go on with what is there."""
        run = folder.load()
        investigation = run.investigation(repr(str(folder.state)))
        compare(self.wishes, run, investigation, folder)
        if not investigation.is_terminal:
            need("sqlglot")
            database = self._stack.enter_context(Database(Path(run.database.path)))
            if database.identity != run.database:
                run.database = database.identity
                self._warn(run, "the database was changed since the run was begun")
            self._database = database
        self._bound(run)
        return run, investigation

    def _bound(self, run: Run) -> None:
        """Give a run the bounds that the command line sets."""
        run.timeout_s = self.wishes.timeout_s or run.timeout_s
        run.steps = self.wishes.steps or run.steps

    # --- Running ----------------------------------------------------------------------------------

    def _carry_on(
        self, run: Run, investigation: Investigation, folder: Folder, interruption: Interruption
    ) -> Investigation:
        """Run to the end, or as far as it is let."""
        scope = investigation.case.scope
        assert scope is not None  # noqa: S101 - it has been started
        variable = self.wishes.key_variable
        reasoner = reasoner_for(run.thinking, run.timeout_s, variable)
        if shows_the_key(run.thinking, variable):
            self._say(f"the key in {variable} goes to {run.thinking.endpoint} without encryption")
        tools = self._stack.enter_context(Toolboxes(self._database, scope, run.timeout_s))
        asker = Asker(
            self.wishes.answers,
            self._view,
            self._err,
            lambda text: self._warn(run, text),
            terminal=sys.stdin.isatty() and self._err.is_terminal,
        )
        investigator = LocalInvestigator(
            reasoner,
            tools,
            snapshot=investigation.snapshot,
            bounds=Bounds(
                steps=run.steps, timeout=timedelta(seconds=run.timeout_s), at_once=tools.count
            ),
            ask_user=asker,
            observer=Recorder(run, investigation, self._view),
        )
        self._view.begin(investigator.investigation, run.question, _subtitle(run, scope))
        self._report_trouble(folder)
        try:
            stopped = carry_on(
                investigator,
                lambda: save(run, investigator.investigation, folder),
                interruption,
            )
        finally:
            self._view.end()
        if asker.unused and not stopped:
            self._say(f"{count_text(len(asker.unused), 'answer')} not asked for: --answer unused")
        if Identity.of(self._database.path) != self._database.identity:
            self._warn(run, "the database was changed while it was looked at")
        if not stopped:
            if failed_calls(investigator.investigation):
                damage = self._database.damage()
                if damage is not None:
                    self._warn(run, f"the database is damaged: {damage}")
            save(run, investigator.investigation, folder)
        return investigator.investigation

    # --- Telling ----------------------------------------------------------------------------------

    def _finish(self, run: Run, investigation: Investigation, folder: Folder) -> int:
        """Tell what it came to, and write the report."""
        result = Result.of(investigation, run.calls, run.notes)
        for text in result.warnings[len(run.notes) :]:
            self._say(text)
        self._report_trouble(folder)
        if self.wishes.as_json:
            print_json(result.as_json())
        else:
            result.print(self._out)
        self._told_result = True
        sys.stdout.flush()
        if result.trouble is not None:
            self._say_trouble(result, folder)
        if investigation.is_terminal and self.wishes.report and folder.trouble is None:
            self._write_report(run, result, folder)
        return result.exit_status

    def _say_trouble(self, result: Result, folder: Folder) -> None:
        """Say on standard error why there is no verdict."""
        assert result.trouble is not None  # noqa: S101 - whoever calls has looked
        if result.investigation.is_terminal:
            print_error(self._err, f"the investigation has failed: {result.trouble.message}")
            return
        if result.asked is not None:
            self._say(f"a question stands: {result.asked.prompt}")
        if folder.trouble is None:
            name = _shell_quoted(str(folder.path))
            more = f"statecharts investigate --resume --output {name}"
            self._say(
                f"interrupted at step {result.investigation.current_step}. Go on with: {more}"
            )
        else:
            self._say("interrupted; nothing could be kept of it")

    def _write_report(self, run: Run, result: Result, folder: Folder) -> None:
        """Write the report, and say where it is."""
        # Who wants no report need not wait for what draws.
        from machines.investigator.command.picture import draw  # noqa: PLC0415
        from machines.investigator.command.report import report  # noqa: PLC0415

        if not (self.wishes.resume and folder.report.exists()):
            picture = draw(result.investigation)
            if picture.svg is not None and not folder.write(folder.picture, picture.svg):
                self._report_trouble(folder)
                return
            text = report(run, result, picture, time.strftime("%Y-%m-%d %H:%M %Z"))
            if not folder.write(folder.report, text.encode("utf-8", "replace")):
                self._report_trouble(folder)
                return
        if not self.wishes.as_json:
            self._out.print()
            self._out.print(Text(f"Report: {folder.report}"), soft_wrap=True)

    def _warn(self, run: Run, text: str) -> None:
        """Say something that the reader of the result should know as well."""
        run.note(text)
        self._say(text)

    def _report_trouble(self, folder: Folder) -> None:
        """Say, once, that nothing can be written."""
        if folder.trouble is not None and not self._told_trouble:
            self._told_trouble = True
            self._say(f"{folder.trouble}; the run goes on, and nothing of it is kept")

    def _say(self, text: str) -> None:
        with self._view.paused():
            self._err.print(Text.assemble(("Note:", "yellow"), f" {text}"), soft_wrap=True)


def _view(wishes: Wishes, err: Console) -> View:
    """Return what shows progress: alive in a terminal, else plain; with JSON, nothing."""
    if wishes.quiet:
        return Silent()
    if err.is_terminal and not err.is_dumb_terminal:
        return Alive(err)
    return Silent() if wishes.as_json else Plain(err)


def _subtitle(run: Run, scope: Scope) -> str:
    name = Path(run.database.path).name
    tables = count_text(len(scope.tables), "table")
    return f"{name}, {tables}, by {told(run.thinking)}"


def _shell_quoted(text: str) -> str:
    import shlex  # noqa: PLC0415 - seldom needed

    return shlex.quote(text)
