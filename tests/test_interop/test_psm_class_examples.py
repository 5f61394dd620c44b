"""Classes from python-statemachine's documentation do here what they do there."""

from __future__ import annotations

from tests.test_interop.psm_samples import (
    Everything,
    Guess,
    Lights,
    Orders,
    Personality,
    Quest,
    Sent,
    compare,
)


def test_order_control_does_the_same() -> None:
    """Guards see what earlier actions have changed; ``before`` and ``after`` keep their places."""
    turns = compare(
        Orders,
        ("add", {"amount": 3}),
        ("add", {"amount": 7}),
        ("pay", {"amount": 4}),
        ("pay", {"amount": 6}),
        "process",
        "ship",
    )
    assert turns[3] == (("waiting",), ("payments [4]", "not waiting", "waiting", "paid"))
    assert turns[-1][0] == ("completed",)


def test_traffic_light_does_the_same() -> None:
    """Callbacks are told the event, and where it leads from and to."""
    turns = compare(Lights, "cycle", "cycle", "cycle", "unknown", "cycle")
    assert turns[0] == (("green",), ("enter __initial__ - green green",))
    assert turns[1][1] == (
        "before cycle green yellow",
        "exit cycle green yellow green",
        "enter cycle green yellow yellow",
        "after cycle green yellow yellow",
    )
    assert turns[4] == (("green",), ())


def test_guess_the_number_does_the_same() -> None:
    """Of several guarded transitions the first whose guard holds is taken."""

    def guess(number: int) -> Sent:
        return "guess", {"number": number}

    won = compare(Guess, guess(2), guess(5), guess(4))
    assert won[-1] == (("won",), ("guess 4", "won in 3"))
    lost = compare(Guess, *[guess(1)] * 4, attempts=2)
    assert [told[-1:] for _, told in lost[1:]] == [("too low",), ("too low",), ("lost",), ()]


def test_quest_does_the_same() -> None:
    """Regions, completion of both, ``In()`` and the data of a final state agree.

    Only the order in which regions are left differs: theirs is not document order (SCXML 3.13).
    """
    events = ("depart", "retreat", "depart", "fight", "retreat", "march")
    turns = compare(Quest, *events, in_order=False)
    assert turns[2][0] == ("camp",)
    assert turns[5][0] == turns[4][0]
    assert turns[-1][0] == ("peace",)
    assert "crown frodo" in turns[-1][1]


def test_history_does_the_same() -> None:
    """Shallow and deep history bring back the same states, by default and remembered."""
    turns = compare(
        Personality,
        *("leave", "again", "explore", "leave", "resume", "leave", "again"),
        *("cross", "leave", "again", "leave", "resume", "back"),
    )
    assert turns[5] == (
        ("chamber", "hall", "realm"),
        (
            "exit outside deep",
            "enter realm outside",
            "enter hall outside",
            "enter chamber outside",
            "resumed",
        ),
    )


def test_all_ways_to_bind_do_the_same() -> None:
    """Inline, decorated, by convention and generic: one order, before and after as well."""
    turns = compare(Everything, "go")
    assert turns[1][1] == (
        *("validate_1", "validate_2", "asked_1", "asked_2", "denied_1", "denied_2"),
        *("before_transition", "before_1", "before_2", "before_decorated", "before_go"),
        *("on_exit_state", "exit_decorated", "on_exit_begin"),
        *("on_transition", "on_1", "on_2", "on_decorated", "on_go"),
        *("on_enter_state", "enter_decorated", "on_enter_end"),
        *("after_1", "after_2", "after_decorated", "after_go", "after_transition"),
    )
