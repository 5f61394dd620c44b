"""Keeps pytest from importing samples that are wrong on purpose."""

from __future__ import annotations

collect_ignore = ["rejected"]
