"""Samples without a mistake: mypy and pyright have nothing to say, and each chart can be built."""
