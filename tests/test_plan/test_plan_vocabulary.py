"""The words of plans: identifiers, policies, manifests, events, secrets."""

from __future__ import annotations

import json
import pickle
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machines.investigator.secrets import Secret
from machines.plan.identifiers import (
    ArtifactId,
    ContextKey,
    ErrorCode,
    FactKey,
    Identifier,
    NodeId,
    OperationId,
    OperationPath,
    PlanError,
    RunId,
    Tag,
)
from machines.plan.records import dump_event, dumped, load_event, loaded
from machines.plan.secrets import Opened, find_secret, masked, refuse_secrets
from machines.plan.vocabulary import (
    ArtifactKind,
    ArtifactWritten,
    Category,
    ChildCompleted,
    ChildSpawned,
    Emitted,
    ErrorInfo,
    FactRecorded,
    Manifest,
    NodeCompleted,
    NodeEntered,
    NodeError,
    NodeFailed,
    NodeSkipped,
    OperationBoundary,
    Provenance,
    RetryPolicy,
    RunCompleted,
    RunConfig,
    RunStarted,
    SnapshotPolicy,
    Status,
)


@pytest.mark.parametrize(
    ("cls", "good", "bad"),
    [
        (OperationId, ("a", "keystore_list", "a" * 63), ("", "A", "1a", "a-b", "a.b", "a" * 64)),
        (OperationPath, ("a.b",), ("a", "a.b.c", "a.", ".b", "a..b", "a.B")),
        (
            NodeId,
            ("portfolio.fetch.eth_2",),
            ("a.b", "a.b.c.d", "a.b.", "a.b.C", "ä.b.c"),
        ),
        (RunId, ("0" * 8 + "-0000-0000-0000-" + "0" * 12,), ("", "run-1", "0" * 32)),
        (ArtifactId, ("0af" + "0" * 61,), ("0" * 63, "A" * 64, "g" * 64)),
        (
            FactKey,
            ("prices/eth", "http:orders.2026-03-02", "a#b.1"),
            ("", "a b", "/a", "a//b"),
        ),
        (ContextKey, ("total", "totals.eur"), ("", "total.", "a" * 256)),
        (ErrorCode, ("rate_limited",), ("rate limited", "")),
        (Tag, ("fetch_data", "team:data"), ("", "Fetch", "a" * 64)),
    ],
)
def test_identifiers_keep_their_rules(
    cls: type[Identifier], good: tuple[str, ...], bad: tuple[str, ...]
) -> None:
    """Each identifier takes what its rule allows, and refuses the rest with the rule."""
    for text in good:
        assert cls(text) == text
        assert cls(cls(text)) == text
    for text in (*bad, f"{good[0]}\n"):
        with pytest.raises(PlanError, match=rf"SC851.*is not {cls.noun}\. Write it as"):
            cls(text)


@given(st.text(max_size=70))
def test_only_node_ids_of_three_parts_are_taken(text: str) -> None:
    """A node id is three operation ids with dots between them, and nothing else is."""

    def fits(cls: type[Identifier], value: str) -> bool:
        try:
            cls(value)
        except PlanError:
            return False
        return True

    parts = text.split(".")
    assert fits(NodeId, text) == (len(parts) == 3 and all(fits(OperationId, one) for one in parts))


def test_a_refused_identifier_of_any_length_gives_a_short_error() -> None:
    """The error shows the beginning of a long text alone."""
    with pytest.raises(PlanError) as caught:
        OperationId("x" * 10_000)
    assert len(str(caught.value)) < 250
    with pytest.raises(PlanError, match="SC851"):
        NodeId(7)  # type: ignore[arg-type]


def test_a_child_of_a_run_always_has_the_same_id() -> None:
    """A second attempt finds the run that the first one started."""
    run = RunId.new()
    assert run.child("a.b.c/x") == run.child("a.b.c/x") != run.child("a.b.c/y")


def test_waits_grow_as_the_policy_says() -> None:
    """Fixed waits stay, exponential ones double up to the longest."""
    second = timedelta(seconds=1)
    grown = RetryPolicy(attempts=9, delay=second, most=timedelta(seconds=5))
    assert [grown.wait(n) // second for n in (1, 2, 3, 4, 90)] == [1, 2, 4, 5, 5]
    assert RetryPolicy(delay=second, backoff="fixed").wait(7) == second


def test_profiles_say_what_is_recorded() -> None:
    """Minimal records nothing but what recovery needs; the others more; names, what they name."""
    said = {
        profile: [RunConfig(profile=profile).records(name) for name in ("note", "io_called")]
        for profile in ("minimal", "normal", "verbose", ("io_called",))
    }
    assert [*said.values()] == [[False, False], [True, False], [True, True], [False, True]]


def test_checkpoints_say_after_which_nodes_the_context_is_kept() -> None:
    """Every node, or those of a tag, or those that ask for it."""
    some = RunConfig(checkpoints=("report",))
    assert RunConfig().keeps((), SnapshotPolicy.NEVER)
    assert some.keeps(("report",), SnapshotPolicy.NEVER)
    assert some.keeps((), SnapshotPolicy.ON_SUCCESS)
    assert not some.keeps(("compute",), SnapshotPolicy.NEVER)


INFO = ErrorInfo("rate_limited", Category.RPC, True, "wait", {"seconds": 3})
EVENTS: list[Any] = [
    RunStarted("op", "0" * 64, "1" * 64),
    NodeEntered("a.b.c", 2, "1" * 64),
    NodeCompleted("a.b.c", None),
    NodeFailed("a.b.c", INFO, "2" * 64, again=True),
    NodeSkipped("a.b.c", "apply_side_effect", "1" * 64),
    RunCompleted(Status.CANCELLED),
    FactRecorded("a.b.c", "prices/eth", "3" * 64, {"request": "4" * 64}),
    ArtifactWritten("a.b.c", "3" * 64, ArtifactKind.OUTPUT, {"name": "x"}),
    OperationBoundary("a.b", "started"),
    ChildSpawned("a.b.c", RunId.new(), "3" * 64),
    ChildCompleted("a.b.c", RunId.new(), Status.COMPLETED, None),
    Emitted("a.b.c", "note", {"of": [1]}, None),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_events_come_back_from_json_as_they_were(event: Any) -> None:
    """Reading what was written gives the same event, and no secret is in any of them."""
    written = json.loads(json.dumps(dump_event(event, 17)))
    envelope = load_event(written, 3)
    assert (envelope.event, envelope.at, envelope.sequence) == (event, 17, 3)
    assert find_secret(written) is None


def test_events_that_are_none_are_refused() -> None:
    """An unknown name, a missing field or a further one is an error, never a guess."""
    for wrong in ({"event": "run_paused"}, {"event": "node_completed"}, {}):
        with pytest.raises(PlanError, match="SC857"):
            load_event(wrong, 1)
    with pytest.raises(PlanError, match="SC857"):
        load_event({**dump_event(EVENTS[2], 1), "more": 1}, 1)


def test_a_manifest_comes_back_from_json_as_it_was() -> None:
    """Equal manifests have equal JSON; a changed policy is another manifest."""
    config = RunConfig(skip_tags=("report",), profile=("note",), checkpoints=("report",))
    manifest = Manifest(OperationId("op"), "2", {"a": [1]}, config, Provenance("c" * 40), "0" * 64)
    assert loaded(json.loads(json.dumps(dumped(manifest))), Manifest) == manifest


def test_errors_of_nodes_are_pickled() -> None:
    """An error keeps all that it says on its way between processes."""
    error = NodeError("slow", "too slow", category=Category.RPC, retryable=True, details={"s": 1})
    again = pickle.loads(pickle.dumps(error))
    assert (again.info, str(again)) == (error.info, str(error))


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"password": "x"}, "$.password"),
        ({"a": [{"API-Key": "x"}]}, "$.a[0].API-Key"),
        ({"db_password": "x"}, "$.db_password"),
        ({"authToken": 1, "access_token": "x"}, "$.authToken"),
        ({"password": ["x"]}, "$.password"),
        ({"password": 1234}, "$.password"),
        ({"password": {"of": "x"}}, "$.password"),
        ({"dbPassword": "x"}, "$.dbPassword"),
        ({"dbpassword": "x"}, "$.dbpassword"),
        ({"clientSecret": "x"}, "$.clientSecret"),
        ({"APIKey": "x"}, "$.APIKey"),
        ({"passwords": ["x"]}, "$.passwords"),
        ({"pwd": "x"}, "$.pwd"),
        ({"login/api_key": "x"}, "$.login/api_key"),
        ({"a": {"Bearer abcdefghijklmnop": 1}}, "a key of $.a"),
        ({"text": '{"access_token": "abcdefghijklmnop"}'}, "$.text.access_token"),
        ({"out": '{"a": 1}\n{"password": "abcdefghijklmnop"}\n'}, "$.out.password"),
        ({"a": b"-----BEGIN PRIVATE KEY-----\nMII"}, "$.a"),
        (ErrorInfo("x", "unknown", True, "y", {"password": "x"}), "$.details.password"),
        (["-----BEGIN RSA PRIVATE KEY-----\nMII"], "$[0]"),
        ({"note": "use Bearer abcdefghijklmnop"}, "$.note"),
        ("postgresql://ada:hunter2@host/db", "$"),
        ("AKIAIOSFODNN7EXAMPLE", "$"),
        ({"x": Secret("s")}, "$.x"),
    ],
)
def test_secrets_are_found_by_key_form_and_class(value: Any, place: str) -> None:
    """A secret is told by its place, and the error never shows it."""
    assert find_secret(value) == place
    with pytest.raises(PlanError, match="SC853") as caught:
        refuse_secrets("manifest", value)
    assert "hunter2" not in str(caught.value)
    assert "abcdefghijklmnop" not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        {"password": "", "token": None, "tokens": 3, "cookie": False, "secrets": [], "pwd": {}},
        {"passwords": 3, "tokens": ["to", "be"], "nextPageToken": "x", "next_token": "x"},
        {"text": '{"user": "ada"'},
        {"text": "[1] a list of footnotes"},
        {"compass": "north", "forwarded": "pwd"},
        {"text": "the password is secret"},
        {"secretary": "Ada"},
        "https://host/a@b",
        {"key": "prices/eth"},
        7,
        None,
    ],
)
def test_what_is_no_secret_passes(value: Any) -> None:
    """Words about secrets are no secrets."""
    assert find_secret(value) is None


def test_messages_are_masked() -> None:
    """A message of a library keeps its words, and loses what is secret in them."""
    text = masked("no route to https://ada:hunter2@host with ghp_0123456789abcdefghij")
    assert "hunter2" not in text
    assert "ghp_" not in text
    assert text.startswith("no route to https://")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("password=hunter2 is wrong", "password=Secret(…) is wrong"),
        ("DB_PASSWORD = 'hunter 2', host=x", "DB_PASSWORD = Secret(…), host=x"),
        ('{"clientSecret": "hunter2"}', '{"clientSecret": Secret(…)}'),
        ("api-key: hunter2; retry", "api-key: Secret(…); retry"),
        ("Authorization: Bearer hunter2", "Authorization: Secret(…)"),
        ("?access_token=hunter2&page=2", "?access_token=Secret(…)&page=2"),
        ("unexpected token: x; the password was refused", None),
        ("a.b.c api_key: $.api_key holds a secret; secret=True seals it", None),
    ],
)
def test_values_of_secret_names_are_masked_in_messages(text: str, said: str | None) -> None:
    """What follows a name such as password is masked; words about secrets are not."""
    assert masked(text) == (said or text)


def test_what_a_node_has_got_as_a_secret_is_found_wherever_it_is() -> None:
    """Texts of six characters or more, in any text, key, or bytes; shorter ones are words."""
    opened = Opened()
    opened.add({"session": "4f7e9a52\n", "user": ["ada"], "n": 7})
    for value in (
        "x4f7e9a52x",
        {"4f7e9a52": 1},
        [{"a": b"4f7e9a52"}],
        ErrorInfo("x", "unknown", True, "4f7e9a52"),
    ):
        with pytest.raises(PlanError, match="SC853") as caught:
            opened.refuse("x", value)
        assert "4f7e9a52" not in str(caught.value)
    opened.refuse("x", {"session": ["ada", "user", 7]})
    assert opened.mask("no 4f7e9a52 for ada") == "no Secret(…) for ada"
