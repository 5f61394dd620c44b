"""The six events as names with keyword arguments, for libraries that take them so."""

from __future__ import annotations

from typing import Any, Final

from benchmarks.cycle.domain import AT, BRANCH, COMMITS, FAILURE, OBSTACLE

SENDS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("deps_met", {}),
    ("gates_started", {}),
    ("gates_failed", {"reason": FAILURE}),
    ("qa_skipped", {"feature_branch": BRANCH, "commits_ahead": COMMITS}),
    ("block", {"at": AT, "reason": OBSTACLE}),
    ("unblock", {}),
)
