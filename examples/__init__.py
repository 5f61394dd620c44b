"""Examples: ``python -m examples.demo``, and charts of everyday things."""
