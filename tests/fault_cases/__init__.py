"""Mistaken declarations: each docstring holds, line by line, the faults that its chart has."""

from tests.fault_cases import data_and_events, quality, tree
from tests.fault_cases.vocabulary import CASES, Go, Halt

__all__ = ["CASES", "Go", "Halt", "data_and_events", "quality", "tree"]
