"""Secrets and our own writers: what writes charts, runs and recordings never writes a secret."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from machines.investigation import Call, Case, Evidence, Outcome, Scope
from machines.investigator.reasoning import OpenAIReasoner
from machines.investigator.runtime import LocalInvestigator
from machines.investigator.secrets import MASK, Secret
from statecharts import Kernel, Machine, NamedEvent, StatechartError, drawing
from statecharts.cli.showing import schema
from statecharts.cli.simulating import simulate
from statecharts.codec import Protocol, UnwritableError
from statecharts.interop import python, python_statemachine, scxml, xstate
from statecharts.model.chart import Chart, Default, OnEvent, StateKind, StateNode, Transition
from statecharts.model.effects import Action, Send
from statecharts.model.hooks import Hook
from statecharts.model.named import Give, Named
from tests.golden.recorder import History, lines
from tests.test_investigation.scripted import Bench, Naps
from tests.test_investigator.secretive import (
    CANARY,
    KEY,
    Client,
    Connect,
    Go,
    Knock,
    Login,
    Loose,
    Session,
    Vault,
    echo,
    failing,
)

HERE = "tests.test_investigator.secretive"
NEVER = "a Secret is never written. Remove it, and hand it over in another way."


def test_no_protocol_carries_a_secret() -> None:
    """A chart that declares one anywhere has no protocol, and is told where it stands."""
    with pytest.raises(UnwritableError, match=r"^\[SC424\] Client at \$\.key: a Secret is never"):
        Protocol(Client)
    carriers: Any = {Secret: (Secret.reveal, Secret)}
    with pytest.raises(UnwritableError, match=r"\[SC424\] Client at \$\.key"):
        Protocol(Client, carriers=carriers)


DUMPS: dict[str, tuple[str, Callable[[Protocol[Any, Any]], object]]] = {
    "event": ("$.key", lambda p: p.dumps_event(Knock(KEY))),
    "event, deep": ("$.key.a[1]", lambda p: p.dump_event(Knock({"a": [0, KEY]}))),
    "effect": ("$.key", lambda p: p.dumps_effect(Connect(KEY))),
    "context": ("$.key", lambda p: p.dump_context(Loose())),
    "snapshot": ("$.data.open.key", lambda p: p.dumps_snapshot(_opened().snapshot)),
    "step": ("$.snapshot.data.open.key", lambda p: p.dumps_step(_opened())),
}


def _opened() -> Any:
    return Machine(Vault, Loose()).send(Go())


@pytest.mark.parametrize(("path", "dump"), DUMPS.values(), ids=DUMPS)
def test_secret_in_an_open_field_is_refused(
    path: str, dump: Callable[[Protocol[Any, Any]], object]
) -> None:
    """Where a class says nothing of what it holds, the value is refused when it is dumped."""
    with pytest.raises(UnwritableError) as refused:
        dump(Protocol(Vault))
    assert str(refused.value) == f"[SC424] Vault at {path}: {NEVER}"


def test_commands_refuse_what_has_a_secret(tmp_path: Path) -> None:
    """Neither schema, nor JSON, nor a saved snapshot comes out, and the message says where."""
    saved = tmp_path / "snapshot.json"
    for command, arguments, place in (
        (schema, ["Client"], "Client at $.key"),
        (simulate, ["Client"], "Client at $.key"),
        (simulate, ["Vault", "--json"], "Vault at $.snapshot.data.shut.key"),
        (simulate, ["Vault", "--save", str(saved)], "Vault at $.data.open.key"),
    ):
        target = f"{HERE}:{arguments[0]}"
        done = CliRunner().invoke(command, [target, *arguments[1:]], input='{"type": "go"}\n')
        assert done.exit_code == 1
        assert isinstance(done.exception, SystemExit)
        assert done.stderr.replace("\n", "") == f"Error: [SC424] {place}: {NEVER}"
        assert CANARY not in done.output
    assert not saved.exists()


@pytest.mark.parametrize("options", [(), ("--explain",), ("--wide",)])
def test_table_of_a_simulation_masks_a_secret(options: tuple[str, ...]) -> None:
    """People see that there is one, and not which."""
    command = [f"{HERE}:Vault", *options]
    done = CliRunner().invoke(simulate, command, input='{"type": "go"}\n')
    assert done.exit_code == 0
    assert f"Loose(key={MASK})" in done.output
    assert CANARY not in done.output


def test_golden_recorder_refuses_a_secret() -> None:
    """A recording is for good, so that nothing may get into it that has to be taken out again."""
    history = History(Kernel(Vault).chart, Protocol(Vault), (Go(),))
    with pytest.raises(UnwritableError, match="SC424"):
        list(lines(history))


# Charts that say their guards and actions as data.


def _chart() -> Chart:
    """Return a chart in whose content there are secrets."""
    given = {"key": KEY, "keys": [KEY]}
    emit = (
        Hook(Give(Send(NamedEvent("ping", given), target="elsewhere"))),
        Hook(Give(Action("login", given))),
    )
    guard = Hook(Named("ready", given))
    go = Transition("a", OnEvent(("go",)), ("b",), emit=emit, guard=guard)
    back = Transition("b", OnEvent(("go",)), ("a",))
    states = (
        StateNode("a", StateKind.ATOMIC, "a", transitions=(go,)),
        StateNode("b", StateKind.ATOMIC, "b", transitions=(back,)),
    )
    first = Transition("", Default(), ("a",))
    return Chart("C", StateNode("", StateKind.COMPOUND, "C", None, ("a", "b"), first), states)


WRITERS: dict[str, Callable[[Any], object]] = {
    "repr": repr,
    "svg": drawing.render,
    "dot": lambda chart: drawing.render(chart, "dot"),
    "mermaid": lambda chart: drawing.render(chart, "mermaid"),
    "python": lambda chart: python.dumps(chart, allow=("SC671", "SC672", "SC673")),
    "scxml": lambda chart: scxml.dumps(chart, allow=("SC671", "SC672", "SC673")),
    "xstate": lambda chart: xstate.dumps(chart, allow=("SC671", "SC672", "SC673")),
    "python-statemachine": lambda chart: python_statemachine.to_class(
        chart, allow=("SC671", "SC672", "SC673")
    ),
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("chart", [_chart(), Client.chart, Vault.chart], ids=lambda c: c.name)
def test_writers_of_charts_never_write_a_secret(
    chart: Chart, write: Callable[[Any], object]
) -> None:
    """Pictures and files of a chart have a mask at most, and so have their refusals."""
    try:
        written = write(chart)
    except StatechartError as refused:
        written = "".join(traceback.format_exception(refused)) + repr(vars(refused))
    assert CANARY not in f"{written}{written!r}"


def test_hash_of_a_chart_does_not_depend_on_a_secret() -> None:
    """What identifies a chart tells nothing of the secrets in it."""
    again = failing("emit").chart
    assert again.hash == failing("emit").chart.hash
    assert CANARY not in repr(again)


# Errors.


@pytest.mark.parametrize("role", ["when", "make", "update", "emit", "entry", "exit"])
def test_error_of_a_callback_does_not_show_a_secret(role: str) -> None:
    """Whichever callback fails on an event with a secret, no part of the error shows it."""
    machine = Machine(failing(role), Loose())
    with pytest.raises(StatechartError) as failed:
        machine.send(Login(KEY))
    shown = traceback.TracebackException.from_exception(failed.value, capture_locals=True)
    text = "".join(shown.format()) + repr(vars(failed.value)) + repr(failed.value.__cause__)
    assert MASK in text
    assert CANARY not in text


# The runtime.


class Leaky:
    """A reasoner that fails with the secret in its message."""

    async def answer(self, call: Call, case: Case, evidence: tuple[Evidence, ...]) -> Outcome:
        raise RuntimeError(f"401: bad key {KEY.reveal()}")


def test_runtime_tells_no_more_of_an_error_than_its_kind(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Words of others, which may hold a secret, get into no intent, snapshot, progress or log."""
    caplog.set_level(0)
    progress: list[object] = []
    run = LocalInvestigator(Leaky(), Bench(), observer=progress.append, sleep=Naps())
    run.start("why?")
    investigation = asyncio.run(run.run(), debug=True)
    [end] = run.intents
    assert "RuntimeError was raised" in repr(end)
    shown = (end, progress, investigation, investigation.snapshot, caplog.text, run.dumps())
    assert CANARY not in repr(shown)


@pytest.mark.parametrize("status", [200, 302, 401, 403, 500])
def test_endpoint_that_repeats_the_key_does_not_get_it_shown(status: int) -> None:
    """Status line, headers and body repeat it; errors, their chains, and the run do not."""
    progress: list[object] = []
    with echo() as url:
        reasoner = OpenAIReasoner(f"{url}/{status}", "small", KEY, timeout_s=5)
        run = LocalInvestigator(reasoner, observer=progress.append, sleep=Naps())
        run.start("why?", Scope("u", "t"))
        asyncio.run(run.run())
    assert len(run.errors) == 6
    shown = ["".join(traceback.format_exception(one.error)) for one in run.errors]
    assert CANARY not in repr((shown, run.errors, progress, run.intents, vars(reasoner)))
    assert CANARY.encode() not in run.dumps()


@pytest.mark.parametrize("text", [f"{CANARY}\r\nX: y", f"{CANARY}\N{SNOWMAN}", f"{CANARY}\ud800"])
def test_key_that_no_header_can_hold_is_not_shown(text: str) -> None:
    """What refuses the header repeats it; the adapter does not."""
    with echo() as url:
        reasoner = OpenAIReasoner(f"{url}/200", "small", Secret(text), timeout_s=5)
        run = LocalInvestigator(reasoner, sleep=Naps())
        run.start("why?", Scope("u", "t"))
        asyncio.run(run.run())
    shown = ["".join(traceback.format_exception(one.error)) for one in run.errors]
    assert len(shown) == 6
    assert CANARY not in repr((shown, [vars(one.error) for one in run.errors], run.intents))


def test_run_with_a_secret_goes_on_as_any_other() -> None:
    """Never written does not mean never used: the kernel hands it on, and the effect has it."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    kernel = Kernel(Client)
    step = kernel.step(kernel.start(at=at).snapshot, Login(Secret(CANARY)), at=at)
    assert step.effects == (Connect(Secret(CANARY)),)
    assert step.snapshot.data == {"inside": Session(Secret(CANARY))}
    assert hash(step.snapshot) == hash(step.snapshot)
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps(dict(step.snapshot.data))
