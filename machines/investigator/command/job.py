"""The job: from the options of the command line to a printed result and a report."""

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
from machines.investigator.command.database import Database, Identity, Toolboxes
from machines.investigator.command.inputs import InputError, need
from machines.investigator.command.options import (
    Options,
    compare,
    folder_of,
    reasoner_for,
    shows_the_key,
    thinking_of,
    thinking_text,
)
from machines.investigator.command.progress import Alive, Plain, Silent, View
from machines.investigator.command.result import Result, failed_calls, no_result
from machines.investigator.command.running import (
    INTERRUPTED,
    Interruption,
    Recorder,
    Stepping,
    carry_on,
    save,
)
from machines.investigator.command.state import Folder, Run
from machines.investigator.runtime import Bounds, LocalInvestigator
from statecharts.cli.terminal import console, count_text, print_error, print_json
from statecharts.model.errors import StatechartError

_TIMEOUT_S: Final = 60.0
_STEPS: Final = 1_000
_POLICY: Final = Policy(calls=500)  # many wide tables have many columns to look at


@final
class Job:
    """One investigation on the command line."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._out = console()
        self._err = console(err=True)
        self._view = _view(options, self._err)
        self._stack = ExitStack()
        self._told_trouble = False
        self._told_result = False
        self._database: Database

    def do(self) -> int:
        """Run it, and return the exit status.

        Raises:
            InputError: An option cannot be used.
        """
        with Interruption(self._view.end) as interruption, self._stack:
            try:
                return self._do(interruption)
            except KeyboardInterrupt:
                # Before or after the run: files written so far are whole.
                self._view.end()
                print_error(self._err, "interrupted.")
                if self.options.as_json and not self._told_result:
                    print_json(no_result("interrupted", "it was interrupted before it began"))
                return INTERRUPTED

    def _do(self, interruption: Interruption) -> int:
        folder = folder_of(self.options)
        run, investigation = self._resumed(folder) if self.options.resume else self._new(folder)
        if not investigation.is_terminal:
            interruption.stops(lambda: None)  # the run looks for an interruption as it begins
            investigation = self._carry_on(run, investigation, folder, interruption)
            interruption.stops(None)
        return self._finish(run, investigation, folder)

    # --- Beginning --------------------------------------------------------------------------------

    def _new(self, folder: Folder) -> tuple[Run, Investigation]:
        """Begin a new run."""
        options = self.options
        path, question = options.required()
        need("sqlglot")
        thinking = thinking_of(options.reasoner, options.endpoint, options.model)
        reasoner_for(thinking, _TIMEOUT_S, options.key_variable)
        database = self._stack.enter_context(Database(path))
        scope, left_out = database.scope(options.tables)
        run = Run(question, database.identity, thinking, _TIMEOUT_S, _STEPS)
        for text in left_out:
            self._warn(run, text)
        self._claim(folder)
        for before, after in folder.clear():
            what = "an unfinished run" if before == folder.state else f"a {before.name}"
            self._say(f"{what} was in {str(folder.path)!r}: it is kept as {after.name!r}")
        investigation = Investigation()
        investigation.ingest(Start(question, scope, _POLICY))
        self._bound(run)
        save(run, investigation, folder)
        self._database = database
        return run, investigation

    def _resumed(self, folder: Folder) -> tuple[Run, Investigation]:
        """Resume the run in the folder."""
        if folder.path.is_dir():
            self._claim(folder)
        run = folder.load()
        investigation = run.investigation(repr(str(folder.state)))
        compare(self.options, run, investigation, folder)
        if not investigation.is_terminal:
            need("sqlglot")
            database = self._stack.enter_context(Database(Path(run.database.path)))
            if database.identity != run.database:
                run.database = database.identity
                self._warn(run, "the database has changed since the run began")
            self._database = database
        self._bound(run)
        return run, investigation

    def _claim(self, folder: Folder) -> None:
        """Keep other investigations out of the folder until this one is over."""
        self._stack.callback(folder.release)
        folder.claim()

    def _bound(self, run: Run) -> None:
        """Set the bounds of a run from the options."""
        run.timeout_s = self.options.timeout_s or run.timeout_s
        run.steps = self.options.steps or run.steps

    # --- Running ----------------------------------------------------------------------------------

    def _carry_on(
        self, run: Run, investigation: Investigation, folder: Folder, interruption: Interruption
    ) -> Investigation:
        """Run to the end, or until it is stopped."""
        scope = investigation.case.scope
        assert scope is not None  # noqa: S101 - it has been started
        variable = self.options.key_variable
        reasoner = reasoner_for(run.thinking, run.timeout_s, variable)
        if shows_the_key(run.thinking, variable):
            self._say(f"the key in {variable} goes to {run.thinking.endpoint} without encryption")
        tools = self._stack.enter_context(Toolboxes(self._database, scope, run.timeout_s))
        asker = Asker(
            self.options.answers,
            self._view,
            self._err,
            lambda text: self._warn(run, text),
            terminal=sys.stdin.isatty() and self._err.is_terminal,
        )
        observer = Recorder(run, investigation, self._view)
        timeout = timedelta(seconds=run.timeout_s)
        bounds = Bounds(steps=run.steps, timeout=timeout, at_once=tools.count)
        investigator: Stepping = LocalInvestigator(
            reasoner,
            tools,
            snapshot=investigation.snapshot,
            bounds=bounds,
            ask_user=asker,
            observer=observer,
        )
        if self.options.temporal is not None:
            need("temporalio")
            from machines.investigator.temporal import (  # noqa: PLC0415 - seldom wanted
                Commission,
                TemporalInvestigator,
            )

            investigator = TemporalInvestigator(
                self.options.temporal,
                Commission.of(investigation, bounds),
                reasoner,
                tools,
                ask_user=asker,
                observer=observer,
            )
        self._view.begin(investigator.investigation, run.question, _subtitle(run, scope))
        self._report_trouble(folder)
        try:
            stopped = carry_on(
                investigator,
                lambda: save(run, investigator.investigation, folder),
                interruption,
            )
        except StatechartError as error:
            if error.code != "SC517":
                raise
            raise InputError(str(error)) from None  # no server: the run is as it was
        finally:
            self._view.end()
        if asker.unused and not stopped:
            self._say(f"{count_text(len(asker.unused), 'answer')} of --answer not used")
        if Identity.of(self._database.path) != self._database.identity:
            self._warn(run, "the database changed during the run")
        if not stopped:
            if failed_calls(investigator.investigation):
                damage = self._database.damage()
                if damage is not None:
                    self._warn(run, f"the database is damaged: {damage}")
            save(run, investigator.investigation, folder)
        return investigator.investigation

    # --- Telling ----------------------------------------------------------------------------------

    def _finish(self, run: Run, investigation: Investigation, folder: Folder) -> int:
        """Print the result, and write the report."""
        result = Result.of(investigation, run.calls, run.notes)
        for text in result.warnings[len(run.notes) :]:
            self._say(text)
        self._report_trouble(folder)
        if self.options.as_json:
            print_json(result.as_json())
        else:
            result.print(self._out)
        self._told_result = True
        sys.stdout.flush()
        if result.trouble is not None:
            self._say_trouble(result, folder)
        if investigation.is_terminal and not self.options.no_report and folder.trouble is None:
            self._write_report(run, result, folder)
        return result.exit_status

    def _say_trouble(self, result: Result, folder: Folder) -> None:
        """Say on standard error why there is no verdict."""
        assert result.trouble is not None  # noqa: S101 - the caller has checked
        if result.investigation.is_terminal:
            print_error(self._err, f"the investigation failed: {result.trouble.message}")
            return
        if result.asked is not None:
            self._say(f"a question is open: {result.asked.prompt}")
        if folder.trouble is None:
            name = _shell_quoted(str(folder.path))
            more = f"statecharts investigate --resume --output {name}"
            self._say(
                f"interrupted at step {result.investigation.current_step}. Continue with: {more}"
            )
        else:
            self._say("interrupted; the run could not be saved")

    def _write_report(self, run: Run, result: Result, folder: Folder) -> None:
        """Write the report, and say where it is."""
        # Imported here, since a run without a report does without them.
        from machines.investigator.command.report import draw, report  # noqa: PLC0415

        if not (self.options.resume and folder.report.exists()):
            if not folder.write(folder.picture, draw(result.investigation)):
                self._report_trouble(folder)
                return
            text = report(run, result, time.strftime("%Y-%m-%d %H:%M %Z"))
            if not folder.write(folder.report, text.encode("utf-8", "replace")):
                self._report_trouble(folder)
                return
        if not self.options.as_json:
            self._out.print()
            self._out.print(Text(f"Report: {folder.report}"), soft_wrap=True)

    def _warn(self, run: Run, text: str) -> None:
        """Print a note, and keep it for the reader of the result."""
        run.note(text)
        self._say(text)

    def _report_trouble(self, folder: Folder) -> None:
        """Say, once, that nothing can be written."""
        if folder.trouble is not None and not self._told_trouble:
            self._told_trouble = True
            self._say(f"{folder.trouble}; the run goes on without being saved")

    def _say(self, text: str) -> None:
        with self._view.paused():
            self._err.print(Text.assemble(("Note:", "yellow"), f" {text}"), soft_wrap=True)


def _view(options: Options, err: Console) -> View:
    """Return the view of progress: alive in a terminal, else plain; silent with JSON."""
    if options.quiet:
        return Silent()
    if err.is_terminal and not err.is_dumb_terminal:
        return Alive(err)
    return Silent() if options.as_json else Plain(err)


def _subtitle(run: Run, scope: Scope) -> str:
    name = Path(run.database.path).name
    tables = count_text(len(scope.tables), "table")
    return f"{name}, {tables}, by {thinking_text(run.thinking)}"


def _shell_quoted(text: str) -> str:
    import shlex  # noqa: PLC0415 - seldom needed

    return shlex.quote(text)
