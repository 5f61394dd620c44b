"""Checks: one module per kind; each makes probes of a table, and findings of their answers."""
