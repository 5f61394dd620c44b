"""Investigations of real data, which packages of the index bring: `make reality`."""
