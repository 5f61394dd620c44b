"""Checks: one module per kind; each makes probes of a table, and findings from answers."""
