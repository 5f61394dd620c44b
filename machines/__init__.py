"""The charts that the agent platform runs on; each is declared when it is first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from machines.execution import Execution
    from machines.pipeline import Pipeline

__all__ = ["Execution", "Pipeline"]


def __getattr__(name: str) -> Any:
    """Import a chart from its module (PEP 562)."""
    if name not in __all__:
        msg = f"module 'machines' has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module  # noqa: PLC0415 - only this function needs it

    found = globals()[name] = getattr(import_module(f"machines.{name.lower()}"), name)
    return found


def __dir__() -> list[str]:
    """List the charts, whether they are imported yet or not."""
    return sorted({*globals(), *__all__})
