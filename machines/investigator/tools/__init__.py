"""Tools: queries that an investigation can make of a database, each with its SQL in the result.

Each tool is a function of its signature, which `machines.investigator.security` declares, and of a
source of rows; it returns its result with the SQL. `Toolbox` checks calls and calls tools by name.
"""

from machines.investigator.tools.cells import Source, scalar
from machines.investigator.tools.columns import distinct_drift, join_coverage, null_rates
from machines.investigator.tools.days import day_of, row_counts_by_day
from machines.investigator.tools.toolbox import (
    FUNCTIONS,
    Toolbox,
    describe,
    list_tables,
    query,
    run,
)

__all__ = [
    "FUNCTIONS",
    "Source",
    "Toolbox",
    "day_of",
    "describe",
    "distinct_drift",
    "join_coverage",
    "list_tables",
    "null_rates",
    "query",
    "row_counts_by_day",
    "run",
    "scalar",
]
