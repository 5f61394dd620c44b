"""Security: refuses everything that a scope does not permit, before it runs and while it runs.

A query is refused unless it is one SELECT, spelt so that every reader reads it alike, made of
constructs and functions from a list, over tables of the scope. A call of a tool is refused unless
the scope lists the tool and the arguments satisfy its signature. `GuardedConnection` then enforces
the same once more, independently of the first check.
"""

from machines.investigation.scope import Dialect, Scope
from machines.investigator.security.connection import (
    Column,
    GuardedConnection,
    Limits,
    Rows,
)
from machines.investigator.security.statements import Query, read_query, validate_query
from machines.investigator.security.tools import (
    TOOLS,
    Call,
    Describe,
    DistinctDrift,
    JoinCoverage,
    ListTables,
    NullRates,
    RowCountsByDay,
    RunQuery,
    Tool,
    ToolCall,
    read_tool_call,
    validate_tool_call,
)
from machines.investigator.security.violation import QueryFailedError, SecurityViolation

__all__ = [
    "TOOLS",
    "Call",
    "Column",
    "Describe",
    "Dialect",
    "DistinctDrift",
    "GuardedConnection",
    "JoinCoverage",
    "Limits",
    "ListTables",
    "NullRates",
    "Query",
    "QueryFailedError",
    "RowCountsByDay",
    "Rows",
    "RunQuery",
    "Scope",
    "SecurityViolation",
    "Tool",
    "ToolCall",
    "read_query",
    "read_tool_call",
    "validate_query",
    "validate_tool_call",
]
