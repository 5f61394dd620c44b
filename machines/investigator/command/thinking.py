"""Thinking: which reasoner a run has, from the command line, from its state, and with which key."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from machines.investigator.command.inputs import InputError
from machines.investigator.command.state import Thinking
from machines.investigator.reasoning import OpenAIReasoner, ReasonerError, RuleBasedReasoner
from machines.investigator.reasoning.reasoner import Reasoner
from machines.investigator.secrets import Secret


def thinking_of(kind: str | None, endpoint: str | None, model: str | None) -> Thinking:
    """Return who is to think, by what the command line says.

    Raises:
        InputError: An endpoint is missing, or there is one too many.
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
    """Return the reasoner; the key for it is in an environment variable, if there is one.

    Raises:
        InputError: The endpoint is no URL that can be asked.
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
    """Tell whether a key would go over the network for everybody to read."""
    if not thinking.endpoint or not os.environ.get(variable, "").strip():
        return False
    parts = urlsplit(thinking.endpoint)
    return parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}


def told(thinking: Thinking) -> str:
    """Say who thinks.

    >>> told(Thinking()), told(Thinking("openai", "http://localhost/v1", "small"))
    ('rules', 'the model small at http://localhost/v1')
    """
    if thinking.kind == "rules":
        return "rules"
    return f"the model {thinking.model} at {thinking.endpoint}"
