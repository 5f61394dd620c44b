"""Asking: questions to the user in the terminal, and the answers if nobody is there."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from typing import Final, final

from rich.console import Console
from rich.text import Text

from machines.investigation import RequestUser
from machines.investigator.command.progress import View
from machines.investigator.runtime.carrying import in_thread

_MOST: Final = 10_000  # characters of an answer that are kept


@final
class Asker:
    """Answers questions: with the given answers, by asking at the terminal, or with nothing.

    An empty answer means that the user does not know.
    """

    def __init__(
        self,
        given: Sequence[str],
        view: View,
        out: Console,
        note: Callable[[str], None],
        *,
        terminal: bool,
    ) -> None:
        """Keep the given answers.

        Args:
            given: Answers to the questions, in their order.
            view: The view that makes room in the terminal.
            out: The console for questions.
            note: Called with a note for each question that nobody could answer.
            terminal: Whether there is a terminal to ask at.
        """
        self.unused = list(given)
        self._view = view
        self._out = out
        self._note = note
        self._terminal = terminal

    async def __call__(self, request: RequestUser) -> str:
        """Return the answer to a question."""
        if self.unused:
            return self.unused.pop(0)
        if not self._terminal:
            self._note(
                f"there was nobody to ask: {request.prompt!r} got an empty answer"
                " (pass one with --answer)"
            )
            return ""
        with self._view.paused():
            self._put(request)
            said = (await _line()).strip()[:_MOST]
        return choice(said, request.choices)

    def _put(self, request: RequestUser) -> None:
        """Print a question."""
        self._out.print(Text.assemble(("? ", "bold yellow"), (request.prompt, "bold")))
        for number, text in enumerate(request.choices, 1):
            self._out.print(Text.assemble(f"  {number:>2}  ", (text, "")))
        how = "A number, or your own words" if request.choices else "Your answer"
        self._out.print(Text(f"{how} (empty if you do not know): ", "dim"), end="")
        self._out.file.flush()


def choice(said: str, choices: Sequence[str]) -> str:
    """Return the choice of that number, or else the text itself.

    >>> choice("2", ["UTC", "local"]), choice("3", ["UTC", "local"]), choice("", ["UTC"])
    ('local', '3', '')
    """
    if said.isascii() and said.isdigit() and 1 <= int(said) <= len(choices):
        return choices[int(said) - 1]
    return said


async def _line() -> str:
    """Return a typed line; empty at the end of the input.

    The loop waits for it: a thread would go on waiting when the run is stopped.
    """
    loop = asyncio.get_running_loop()
    try:
        file = sys.stdin.fileno()
        typed: asyncio.Future[bytes] = loop.create_future()

        def read() -> None:
            try:
                found = os.read(file, 65_536)
            except OSError:  # the terminal is gone
                found = b""
            if not typed.done():
                typed.set_result(found)

        loop.add_reader(file, read)
    except (
        NotImplementedError,
        OSError,
        ValueError,
    ):  # the loops of this system cannot wait for it
        return await in_thread(sys.stdin.readline)
    try:
        line = await typed
    finally:
        loop.remove_reader(file)
    return line.decode(sys.stdin.encoding or "utf-8", "replace").partition("\n")[0]
