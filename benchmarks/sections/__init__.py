"""The tables, one module each: every module has a ``run`` that measures and returns sections."""
