"""What the description of the beginning names as tested, and which test of ours stands for it.

There a Rust core spoke JSON to Python, and Temporal ran it. What was a signal there is an event
here, a query is a property, a brain step is `step`, and continuing as new is a snapshot restored.
"""

from __future__ import annotations

from typing import Final

_HERE: Final = "test_seed_twins"
_ASKED: Final = "test_chart_questions"
_RUNS: Final = "test_seed_runs"

TWINS: Final[dict[str, dict[str, str]]] = {
    "Rust: types": {
        "Scope": f"{_HERE}.test_scope_round_trip",
        "CallKind": f"{_HERE}.test_call_kind_round_trip",
        "CallMeta": f"{_HERE}.test_call_meta_round_trip",
        "deterministic order": "test_session_surface.test_arguments_are_copied_and_sorted",
        "serde(default)": "test_session_surface.test_optional_fields_may_be_missing_on_the_wire",
    },
    "Rust: tagged enums": {
        "Event: Start, CallResult, UserResponse, Cancel": f"{_HERE}.test_event_round_trip",
        "Intent: Idle, Call, RequestUser, Finish, Error": f"{_HERE}.test_intent_round_trip",
        "tags": "test_session_surface.test_events_are_tagged_by_their_names",
        "PROTOCOL_VERSION": f"{_HERE}.test_protocol_version_is_written_and_another_is_refused",
    },
    "Rust: state": {
        "Phase": f"{_HERE}.test_phases_are_those_of_the_protocol",
        "generate_id": f"{_HERE}.test_ids_have_a_prefix_and_are_never_given_twice",
        "step counter": "test_session_surface.test_current_step_counts_what_was_handled",
        "ordered storage": f"{_HERE}.test_evidence_and_calls_are_stored_in_order",
        "defaults": f"{_HERE}.test_snapshot_may_lack_what_has_a_default",
    },
    "Rust: machine": {
        "new": "test_session_surface.test_investigation_is_born_idle",
        "restore, snapshot": "test_session_surface.test_restored_investigations_go_on_alike",
        "ingest": "test_session_surface.test_what_a_step_asks_for_is_among_the_intents",
        "Start": "test_chart_phases.test_start_takes_up_the_question_and_asks_what_to_look_at",
        "CallResult": "test_chart_phases.test_gathering_makes_the_calls_that_a_result_plans",
        "UserResponse": f"{_ASKED}.test_every_working_phase_asks_and_comes_back_with_its_data",
        "Cancel": "test_chart_phases.test_cancelling_fails_an_investigation_in_every_phase",
        "decide, by phase": "test_session_surface.test_intents_are_all_that_is_asked_for",
        "unexpected call id": f"{_RUNS}.test_call_result_of_an_unexpected_id_fails",
        "logical clock": "test_session_surface.test_current_step_counts_what_was_handled",
        "call_index": f"{_RUNS}.test_call_metadata_is_recorded",
        "full workflow": "test_session_surface.test_investigation_full_cycle",
        "terminal": "test_chart_phases.test_nothing_follows_the_end",
        "panic-free": "test_chart_laws.test_every_run_is_legal_and_keeps_its_books",
    },
    "test_investigator.py": {
        "basics": "test_session_surface.test_investigation_is_born_idle",
        "events": "test_session_surface.test_events_come_back_from_json",
        "serialization": "test_session_surface.test_intents_come_back_from_json",
        "StateError": f"{_HERE}.test_state_error",
        "SerializationError": f"{_HERE}.test_serialization_error",
        "InvalidTransitionError": f"{_HERE}.test_invalid_transition_error",
        "full cycle": "test_session_surface.test_investigation_full_cycle",
    },
    "test_envelope.py": {
        "wrap, unwrap": "test_envelope.test_what_is_wrapped_is_unwrapped",
        "trace ids": "test_envelope.test_trace_takes_its_ids_from_the_caller_or_the_source",
        "create_trace": "test_envelope.test_traces_differ_when_nobody_says_otherwise",
        "child envelopes": "test_envelope.test_child_keeps_the_trace_and_changes_the_span",
        "bad envelopes": "test_envelope.test_bad_envelope_is_refused",
    },
    "test_security.py": {
        "tool validation": "test_security_tools.test_permitted_call_passes",
        "deny by default": "test_security_tools.test_tool_that_is_not_listed_is_refused",
        "table permissions": "test_security_tools.test_other_call_is_refused",
        "forbidden SQL patterns": f"{_HERE}.test_forbidden_sql_pattern",
        "scopes": "test_security_scope.test_scope_lists_names_in_one_order",
    },
    "test_runtime.py": {
        "run_local": "test_runtime_run.test_run_local_goes_from_question_to_result",
        "LocalInvestigator": "test_runtime_run.test_step_carries_out_one_round",
        "checks before a call": "test_runtime_failures.test_tool_call_is_checked_before_it_runs",
        "error intents": f"{_RUNS}.test_error_intent_ends_a_run",
        "snapshot, restore": "test_runtime_stops.test_restored_run_comes_to_the_same_result",
        "max steps": "test_runtime_failures.test_steps_are_bounded",
    },
    "end to end": {
        "full investigation lifecycle": f"{_RUNS}.test_full_investigation_lifecycle",
        "query status": f"{_RUNS}.test_query_status",
        "cancel signal": f"{_RUNS}.test_cancel_signal",
        "deterministic replay": f"{_RUNS}.test_deterministic_replay",
        "brain step: start": f"{_RUNS}.test_brain_step_starts",
        "brain step: pure": f"{_RUNS}.test_brain_step_is_pure",
        "brain step: errors": f"{_RUNS}.test_brain_step_refuses_a_bad_event",
        "brain step: cycle": f"{_RUNS}.test_brain_steps_make_a_whole_investigation",
        "signal deduplication": f"{_RUNS}.test_signal_deduplication",
        "continue-as-new": f"{_RUNS}.test_continue_as_new_at_a_step_threshold",
    },
}
"""By the group of tests there, what is named, and the test here: module and function."""
