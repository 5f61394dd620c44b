"""Golden histories: recorded runs as JSON Lines, replayed, and never edited.

``python -m tests.golden.recorder NAME`` records a new one; an old one stays as it is.
"""
