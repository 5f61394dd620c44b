"""Strangers' files: charts that others have published, read, checked and drawn.

Nothing of theirs is here: ``files.tsv`` has the address of each file, its hash, its licence where
the repository tells, and what becomes of it. ``python -m tests.strangers DIR`` runs a copy of them.
"""
