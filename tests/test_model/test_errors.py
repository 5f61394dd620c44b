"""Errors: messages of one shape, kept as parts, that survive a pickle."""

from __future__ import annotations

import copy
import importlib.metadata
import importlib.util
import pickle
import sys
import traceback
from typing import NoReturn

import pytest

from statecharts.model.errors import (
    CallbackError,
    DefinitionError,
    DefinitionFaultError,
    Fault,
    InactiveStateError,
    RunawayError,
    StatechartError,
    StepError,
    SubscriberError,
    TimeNeededError,
    UnhandledEventError,
    UnknownStateError,
    how_to_install,
    missing,
    sentence,
)
from statecharts.model.suggestions import did_you_mean, nearest

MISSING = Fault("SC104", "Shop", "'paid' needs 'sum'", "Give it a default", "shop.py:7")
UNUSED = Fault("SC124", "Shop", "no line names the event Lost", "Use it")
PLAIN = (
    StatechartError,
    StepError,
    UnknownStateError,
    InactiveStateError,
    TimeNeededError,
    RunawayError,
    SubscriberError,
)


@pytest.mark.parametrize("kind", PLAIN, ids=lambda kind: kind.__name__)
def test_error_keeps_its_parts_through_a_pickle(kind: type[StatechartError]) -> None:
    """Every error comes back from a pickle and a copy with its message and its parts."""
    error = kind("SC299", "Door", "it is stuck", "Push")
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is kind
        assert (again.code, again.where, again.found, again.remedy) == error.args
        assert str(again) == "[SC299] Door: it is stuck. Push."


def test_error_without_remedy_ends_after_what_was_found() -> None:
    """A message whose remedy is empty has no trailing blank."""
    assert str(StatechartError("SC299", "Door", "it is stuck")) == "[SC299] Door: it is stuck."


@pytest.mark.parametrize("end", ["?", "!", "."])
def test_sentence_does_not_double_its_end(end: str) -> None:
    """A part that ends a sentence by itself gets no full stop."""
    assert sentence("SC1", "A", f"odd{end}", f"mend{end}") == f"[SC1] A: odd{end} mend{end}"


@pytest.mark.parametrize("kind", [UnknownStateError, InactiveStateError])
def test_look_up_errors_are_key_errors(kind: type[StepError]) -> None:
    """Code that catches the KeyError of a mapping catches ours, and reads our message."""
    with pytest.raises(KeyError, match=r"^\[SC207\] Door: no such state\.$"):
        raise kind("SC207", "Door", "no such state")


def test_callback_error_keeps_the_place_through_a_pickle() -> None:
    """State, event and role of a failed callback come back with the error."""
    error = CallbackError(
        "SC202", "Door", "boom", "mend", chart="Door", state="open", event="Push", role="make"
    )
    again = pickle.loads(pickle.dumps(error))
    assert vars(again) == vars(error)
    assert (again.chart, again.state, again.event, again.role) == ("Door", "open", "Push", "make")
    assert str(again) == "[SC202] Door: boom. mend."


def test_callback_error_of_the_start_has_no_event() -> None:
    """Where nothing was being handled the event is None."""
    assert CallbackError("SC202", "Door", "boom").event is None


def test_unhandled_event_error_keeps_the_event_through_a_pickle() -> None:
    """The event and the configuration come back with the error."""
    error = UnhandledEventError("SC209", "Door", "no", event=("push", 1), configuration=("open",))
    again = pickle.loads(pickle.dumps(error))
    assert (again.event, again.configuration) == (("push", 1), ("open",))
    assert str(again) == str(error)


def test_fault_reads_like_an_error() -> None:
    """A fault that has not been raised has the same one-line shape."""
    assert str(MISSING) == "[SC104] Shop: 'paid' needs 'sum'. Give it a default."


def test_fault_is_structural_below_sc120() -> None:
    """The code alone tells whether a fault can be allowed."""
    assert MISSING.structural
    assert not UNUSED.structural


def test_fault_equality_does_not_regard_the_location() -> None:
    """The same mistake on another line is the same fault."""
    assert Fault("SC104", "A", "b", "c", "x.py:1") == Fault("SC104", "A", "b", "c", "x.py:2")


def test_fault_error_tells_its_code_and_place() -> None:
    """In a traceback the text of each fault comes once, with the group; here is its place."""
    error = DefinitionFaultError(MISSING)
    again = pickle.loads(pickle.dumps(error))
    assert str(error) == str(again) == "[SC104] shop.py:7"
    assert again.fault == MISSING
    assert again.fault.location == "shop.py:7"


def test_fault_error_without_location_tells_the_chart() -> None:
    """Where the location is not known the chart is named."""
    assert str(DefinitionFaultError(UNUSED)) == f"[{UNUSED.code}] Shop"


def test_definition_error_tells_each_fault_once_in_a_traceback() -> None:
    """The text of a fault comes once, its place as well."""
    try:
        raise DefinitionError("Shop", [MISSING, UNUSED])
    except DefinitionError as error:
        shown = "".join(traceback.format_exception(error))
    assert [shown.count(MISSING.found), shown.count(UNUSED.found)] == [1, 1]
    assert shown.count("shop.py:7") == 1


def test_definition_error_lists_all_faults() -> None:
    """The message has one line for each fault under a headline that counts them."""
    assert str(DefinitionError("Shop", [MISSING, UNUSED])).splitlines() == [
        "Shop: 2 faults in the definition:",
        f"  {MISSING}",
        f"  {UNUSED}",
    ]


def test_definition_error_counts_one_fault_as_one() -> None:
    """The headline of a single fault is in the singular."""
    assert str(DefinitionError("Shop", [UNUSED])).startswith("Shop: 1 fault in the definition:")


def test_definition_error_has_the_parts_of_an_error() -> None:
    """A definition error is also a `StatechartError`, told by its first fault's code."""
    error = DefinitionError("Shop", [MISSING, UNUSED, MISSING])
    assert isinstance(error, StatechartError)
    assert (error.code, error.where) == ("SC104", "Shop")
    assert error.found == "3 in the definition (SC104, SC124)"
    assert error.remedy


def test_definition_error_pickles_with_its_faults() -> None:
    """Chart and faults come back from a pickle, locations included."""
    error = pickle.loads(pickle.dumps(DefinitionError("Shop", [MISSING, UNUSED])))
    assert (error.chart, error.faults) == ("Shop", (MISSING, UNUSED))
    assert error.faults[0].location == "shop.py:7"
    assert [one.fault for one in error.exceptions] == [MISSING, UNUSED]
    assert error.definition is None


def test_definition_error_splits_into_definition_errors() -> None:
    """Catching a part of the group with ``except*`` leaves definition errors on both sides."""
    caught, rest = DefinitionError("Shop", [MISSING, UNUSED]).split(
        lambda error: isinstance(error, DefinitionFaultError) and error.code == "SC104"
    )
    assert isinstance(caught, DefinitionError)
    assert isinstance(rest, DefinitionError)
    assert (caught.faults, rest.faults) == ((MISSING,), (UNUSED,))


def test_nearest_prefers_the_whole_name() -> None:
    """A known word that is close as a whole wins over one that is close in its last part."""
    assert nearest("opne", ["far.opne_", "open"]) == "open"


def test_nearest_finds_a_dotted_name_by_its_last_part() -> None:
    """A misspelt last part is enough, and the first of several such names is taken."""
    assert nearest("mrege", ["active.very.deep.merge", "other.very.deep.merge"]) == (
        "active.very.deep.merge"
    )


def test_did_you_mean_falls_back() -> None:
    """Where no name is near the other remedy stands."""
    assert did_you_mean("zebra", ["open", "closed"], "Name a state") == "Name a state"
    assert did_you_mean("opn", ["open", "closed"], "Name a state") == "Did you mean 'open'?"


def test_long_words_get_no_suggestion() -> None:
    """To compare them would take time, and whoever sent a text by mistake has misspelt no name."""
    assert nearest("open" * 25, ["open" * 25]) == "open" * 25
    assert nearest("open" * 26, ["open" * 26]) is None


def test_command_that_installs_is_for_the_python_that_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several packages, each with the versions that we take, and a path with a space in it."""
    monkeypatch.setattr(sys, "executable", "/opt/my python")
    assert how_to_install("vl_convert.python", "python-statemachine", "unheard-of") == (
        "'/opt/my python' -m pip install 'vl-convert-python>=1.7' 'python-statemachine<4,>=3.2' "
        "unheard-of"
    )


EXTRAS = [
    'apple>=1; extra == "all"',
    "pear[juice]>=2; extra == 'all'",
    "pear[juice]>=2; python_version >= '3' and extra == 'fruit'",
    "apple>=1; extra=='fruit'",
    "apple>=1; extra == 'pies'",
    "cake; extra == 'all'",
    "bread",
]


@pytest.mark.parametrize(
    ("package", "extra", "remedy"),
    [
        ("Apple", None, "Install the extra 'pies': `python -m pip install 'apple>=1'`"),
        (
            "pear",
            None,
            "Install the extra 'fruit': `python -m pip install 'pear[juice]>=2' 'apple>=1'`",
        ),
        (
            "apple",
            "fruit",
            "Install the extra 'fruit': `python -m pip install 'pear[juice]>=2' 'apple>=1'`",
        ),
        ("bread", None, "Install it: `python -m pip install bread`"),
        ("cheese", "fridge", "Install the extra 'fridge': `python -m pip install cheese`"),
    ],
)
def test_what_is_missing_is_told_by_its_extra(
    package: str, extra: str | None, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The smallest extra that brings it, or the one that is meant; all of it is installed."""
    monkeypatch.setattr(sys, "executable", "")
    told = missing("lunch", package, extra, requires=EXTRAS)
    assert told == (f"lunch needs {package}, which is not installed", remedy)


@pytest.mark.parametrize(
    ("package", "extra"),
    [
        ("PyYAML", "yaml"),
        ("SQLAlchemy", "durable"),
        ("opentelemetry-api", "otel"),
        ("psycopg", "postgres"),
        ("sqlglot", "investigate"),
        ("temporalio", "temporal"),
        ("vl-convert-python", "pictures"),
    ],
)
def test_extras_of_our_own_are_found_by_what_they_bring(package: str, extra: str) -> None:
    """What the library says is missing is in an extra of that name."""
    assert missing("it", package)[1].startswith(f"Install the extra {extra!r}: ")


def test_command_that_installs_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shells of Windows know double quotes alone."""
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(sys, "executable", r"C:\Program Files\python.exe")
    assert how_to_install("sqlglot") == (
        r'"C:\Program Files\python.exe" -m pip install "sqlglot>=27"'
    )


def test_command_that_installs_without_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """In an environment that uv made, pip is not there."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(sys, "executable", "/venv/bin/python")
    assert how_to_install("sqlglot") == "uv pip install -p /venv/bin/python 'sqlglot>=27'"


def test_command_that_installs_without_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout on the path, never installed, knows no versions."""

    def requires(name: str) -> NoReturn:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "requires", requires)
    monkeypatch.setattr(sys, "executable", "")
    assert how_to_install("sqlglot") == "python -m pip install sqlglot"
