"""Peers whose dependencies may conflict with ours: measured in an environment of their own.

Each process measures its peer and the hand-written ``match`` in the same rounds, so that the ratios
compare with those of everybody else. Nothing of this package imports statecharts.
"""
