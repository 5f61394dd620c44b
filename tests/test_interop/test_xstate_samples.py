"""XState: exports as Stately's tools write them, each run over a script of events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from statecharts import Machine, NamedEvent
from statecharts.interop import xstate
from statecharts.model.effects import Action, CancelInvoke, Invoke, Raise, Service
from statecharts.model.events import Answer, CallFailed

SAMPLES = Path(__file__).parent / "samples" / "xstate"
START = datetime(2026, 1, 1, tzinfo=UTC)
DELAYS = {"doorTime": timedelta(seconds=3)}

Script = list[tuple[str | int | None, str]]
"""Events, or seconds to wait, with the innermost states that are active afterwards."""

SCRIPTS: dict[str, tuple[dict[str, bool], Script]] = {
    "toggle": (
        {},
        [
            (None, "inactive"),
            ("TOGGLE", "active"),
            ("TOGGLE", "inactive"),
            ("TOGGLE", "active"),
            (4, "active"),
            (1, "inactive"),
            ("OTHER", "inactive"),
        ],
    ),
    "traffic_light": (
        {},
        [
            (None, "green"),
            (30, "yellow"),
            (3, "red.walk"),
            ("PED_COUNTDOWN", "red.wait"),
            ("PED_COUNTDOWN", "green"),
            ("POWER_OUTAGE", "blinking"),
            (60, "blinking"),
            ("POWER_RESTORED", "red.walk"),
        ],
    ),
    "fetch": (
        {"canRetry": True},
        [
            (None, "idle"),
            ("FETCH", "loading"),
            ("error.platform.fetchUser", "retrying"),
            (1, "loading"),
            ("CANCEL", "idle"),
            ("FETCH", "loading"),
            ("done.invoke.fetchUser", "success"),
        ],
    ),
    "media_player": (
        {},
        [
            (None, "off"),
            ("POWER", "on.playback.paused on.volume.normal"),
            ("PLAY", "on.playback.playing.normal on.volume.normal"),
            ("FASTER", "on.playback.playing.fast on.volume.normal"),
            ("MUTE", "on.playback.playing.fast on.volume.muted"),
            ("POWER", "off"),
            ("POWER", "on.playback.playing.fast on.volume.muted"),
        ],
    ),
    "checkout": (
        {"isSignedIn": True, "hasVoucher": True},
        [
            (None, "cart"),
            ("CHECKOUT", "shipping"),
            ("NEXT", "payment"),
            ("BACK", "shipping"),
            ("NEXT", "payment"),
            ("PAY", "done"),
        ],
    ),
    "auth": (
        {"isKnown": True},
        [
            (None, "signedOut.form"),
            ("FORGOT", "signedOut.reset"),
            ("DONE", "signedOut.form"),
            ("SUBMIT", "signedIn.home"),
            ("OPEN", "signedIn.settings.profile"),
            ("NEXT", "signedIn.settings.security"),
            ("LOCK", "locked"),
            ("UNLOCK", "signedIn.settings.security"),
            ("NEXT", "signedIn.home"),
            ("SIGN_OUT", "signedOut.form"),
        ],
    ),
    "elevator": (
        {},
        [
            (None, "door.closed cabin.idle"),
            ("OPEN", "door.open cabin.idle"),
            ("CALL", "door.open cabin.idle"),
            (2, "door.open cabin.idle"),
            ("OPEN", "door.open cabin.idle"),
            (2, "door.open cabin.idle"),
            (1, "door.closed cabin.idle"),
            ("CALL", "door.closed cabin.moving"),
            ("OPEN", "door.closed cabin.moving"),
            ("ARRIVED", "door.open cabin.idle"),
        ],
    ),
    "form": (
        {"isNameValid": True, "isOnline": True},
        [
            (None, "editing.name"),
            ("NEXT", "editing.email"),
            ("HELP", "editing.email"),
            ("RESET", "editing.name"),
            ("REVIEW", "editing.review"),
            ("SUBMIT", "submitting"),
            ("error.platform.0.form.submitting", "editing.review"),
            ("SUBMIT", "submitting"),
            ("done.invoke.0.form.submitting", "sent"),
        ],
    ),
    "upload": (
        {},
        [
            (None, "working.file.sending working.thumbnail.making"),
            ("THUMBNAIL_MADE", "working.file.sending working.thumbnail.made"),
            ("ABORT", "failed"),
            (59, "failed"),
            ("RETRY", "working.file.sending working.thumbnail.making"),
            (60, "working.file.sending working.thumbnail.making"),
            ("RESUME", "working.file.sent working.thumbnail.making"),
            ("THUMBNAIL_MADE", "complete"),
        ],
    ),
    "atm_v4": (
        {"enough": True, "isPinRight": True},
        [
            (None, "idle"),
            ("OTHER", "idle"),
            ("CARD", "pin"),
            (19, "pin"),
            ("CLEAR", "pin"),
            (19, "pin"),
            (1, "idle"),
            ("CARD", "pin"),
            ("DIGITS", "menu.choosing"),
            ("CASH", "menu.cash"),
            ("error.platform.dispense", "menu.choosing"),
            ("BALANCE", "menu.balance"),
            ("RESTART", "menu.choosing"),
            ("CASH", "menu.cash"),
            ("done.invoke.dispense", "idle"),
        ],
    ),
    "microwave_v4": (
        {"hasTime": True},
        [
            (None, "door.shut oven.off"),
            ("OPEN_DOOR", "door.open oven.off"),
            ("START", "door.open oven.off"),
            ("SHUT_DOOR", "door.shut oven.off"),
            ("START", "door.shut oven.cooking"),
            (5, "door.shut oven.cooking"),
            ("OPEN_DOOR", "door.open oven.off"),
        ],
    ),
    "editor_v4": (
        {"isDirty": True},
        [
            (None, "viewing"),
            ("EDIT", "editing.text"),
            ("TO_IMAGE", "editing.image.crop"),
            ("NEXT", "editing.image.colour"),
            ("SAVE", "viewing"),
            ("EDIT", "editing.image.colour"),
            ("NEXT", "editing.text"),
            ("CLOSE", "viewing"),
        ],
    ),
}


def machine(name: str, guards: dict[str, bool]) -> Machine[Any, None]:
    chart = xstate.load(SAMPLES / f"{name}.json", delays=DELAYS)
    answers = {guard: _answer(guards.get(guard, False)) for guard in chart.unbound_guards}
    return Machine(chart.bind(guards=answers), at=START)


def _answer(value: bool) -> Any:
    return lambda moment, **parameters: value


def leaves(running: Machine[Any, None]) -> str:
    return " ".join(s for s in running.configuration if not running.chart[s].children)


@pytest.mark.parametrize("name", SCRIPTS)
def test_samples_go_where_their_script_says(name: str) -> None:
    """After each event, the states are active that the machine's author would expect."""
    guards, script = SCRIPTS[name]
    running = machine(name, guards)
    told: Script = []
    for event, _ in script:
        if isinstance(event, int):
            running.advance(timedelta(seconds=event))
        elif event is not None:
            running.send(NamedEvent(event))
        told.append((event, leaves(running)))
    assert told == script


def test_there_is_a_script_for_every_sample() -> None:
    """Every sample is used."""
    assert {path.stem for path in SAMPLES.glob("*.json")} == set(SCRIPTS)


@pytest.mark.parametrize("name", SCRIPTS)
def test_samples_come_back_equal(name: str) -> None:
    """In, out and in again gives an equal chart."""
    chart = xstate.load(SAMPLES / f"{name}.json")
    assert xstate.loads(xstate.dumps(chart)) == chart


@pytest.mark.parametrize("name", SCRIPTS)
def test_samples_show_their_version(name: str) -> None:
    """The version of a machine is seen from the features that it uses."""
    text = (SAMPLES / f"{name}.json").read_text(encoding="utf-8")
    chart = xstate.loads(text)
    assert xstate.loads(text, version=4 if name.endswith("_v4") else 5) == chart


def test_invocations_are_started_and_stopped() -> None:
    """A state that invokes makes a call; only the last answer, or leaving the state, ends it."""
    running = machine("fetch", {})
    effects = running.send(NamedEvent("FETCH")).effects
    call = "loading.fetchUser#1"
    assert effects == (Invoke(call, Service("fetchUser", {"userId": 42})),)
    running.send(Answer(call, NamedEvent("xstate.snapshot.fetchUser"), last=False))
    assert list(running.snapshot.calls) == [call]
    effects = running.send(Answer(call, NamedEvent("done.invoke.fetchUser"))).effects
    assert effects == (Action("assignData", {"to": "data"}),)
    assert running.configuration == ("success",)


def test_failures_of_services_take_on_error() -> None:
    """The lines of ``onError`` take CallFailed, their guards asked in order."""
    running = machine("fetch", {"canRetry": False})
    running.send(NamedEvent("FETCH"))
    assert running.send(CallFailed("loading.fetchUser#1", "404")).handled
    assert running.configuration == ("failure",)


def test_superstates_take_invocations_back() -> None:
    """However the state is left, its call is taken back; a late answer is dropped."""
    running = machine("atm_v4", {"enough": True, "isPinRight": True})
    for event in ("CARD", "DIGITS", "CASH"):
        running.send(NamedEvent(event))
    (call,) = running.snapshot.calls
    assert call.startswith("menu.cash.dispense#")
    assert CancelInvoke(call) in running.send(NamedEvent("EJECT")).effects
    assert not running.send(Answer(call, NamedEvent("done.invoke.dispense"))).handled
    assert running.configuration == ("idle",)


def test_guards_get_the_parameters_that_the_file_gives() -> None:
    """Params arrive by name."""
    asked: list[dict[str, Any]] = []

    def can_retry(_moment: Any, **given: Any) -> bool:
        asked.append(given)
        return False

    chart = xstate.load(SAMPLES / "fetch.json").bind(guards={"canRetry": can_retry})
    running: Machine[Any, None] = Machine(chart, at=START)
    running.send(NamedEvent("FETCH"))
    running.send(NamedEvent("error.platform.fetchUser"))
    assert asked == [{"max": 3}]
    assert running.configuration == ("failure",)


def test_descriptions_and_meta_are_documentation() -> None:
    """A description is the doc; meta is meta."""
    light = xstate.load(SAMPLES / "traffic_light.json")
    assert light.doc == "A light at a crossing, with a light for those who walk."
    assert light["red.walk"].doc == "Those who walk may go."
    assert light["blinking"].meta == {"tags": ["broken"]}
    checkout = xstate.load(SAMPLES / "checkout.json")
    assert checkout["shipping"].meta == {"view": "ShippingForm", "step": 1}


def test_built_in_actions_become_effects() -> None:
    """A raise that the file writes out is done, not named."""
    (hook,) = xstate.load(SAMPLES / "auth.json")["signedOut.checking"].entry
    assert hook.function(None) == Raise(NamedEvent("CHECK"))
