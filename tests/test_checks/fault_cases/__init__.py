"""Mistaken declarations: each docstring holds, line by line, the faults that its chart has."""

from tests.test_checks.fault_cases import calls, data_and_events, quality, single, tree
from tests.test_checks.fault_cases.vocabulary import CASES, Go, Halt

__all__ = ["CASES", "Go", "Halt", "calls", "data_and_events", "quality", "single", "tree"]
