"""Samples for the type checkers: what must check, and what must not (see `tests.test_typing`)."""
