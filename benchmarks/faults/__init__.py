"""Faults: the proof that runs survive, `python -m benchmarks.faults`."""
